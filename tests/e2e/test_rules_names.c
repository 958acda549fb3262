/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of software from end to end: what is one product in ServiceNow, with
 * the built-in table and with entries of a connection, from one source and from
 * two; and `muster rules names`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tests/lib/sync_rig.h"

static struct rig rig;

#define PKG  "cmdb_ci_spkg"
#define INST "cmdb_software_instance"
#define CVE  "u_muster_cve_instance"
#define LIVE "^install_status=1"

#define D(id, software)                                                        \
	"{\"id\":\"" id "\",\"name\":\"PC-" id "\",\"software\":[" software "]}"
#define TOOL(vendor, name, version, more)                                      \
	"{\"vendor\":\"" vendor "\",\"name\":\"" name "\",\"version\":"        \
	"\"" version "\"" more "}"
#define NO_CPE	 ",\"cpe\":false"
#define OPEN(id) ",\"cves\":[{\"id\":\"" id "\",\"cvss\":5}]"

/* Three names of one product, with a product code and without; and others. */
#define MACHINES                                                               \
	D("a1", TOOL("microsoft", "teams", "1.6", OPEN("CVE-2026-1001")))      \
	"," D("a2",                                                            \
	      TOOL("Microsoft Corporation", "Microsoft Teams", "1.6",          \
		   NO_CPE)) "," D("a3",                                        \
				  TOOL("", "MSTeams", "1.6", NO_CPE) "," TOOL( \
				      "Acme, Inc.", "Big Tool", "2",           \
				      OPEN("CVE-2026-1002")) "," TOOL("v",     \
								      "plain", \
								      "1",     \
								      NO_CPE))

static void out_has(const char *part)
{
	if (!strstr(rig.out.p, part))
		fail_msg("\"%s\" is not in: %s; stderr: %s", part, rig.out.p,
			 rig.err.p);
}

static void out_lacks(const char *part)
{
	if (strstr(rig.out.p, part))
		fail_msg("\"%s\" is in: %s", part, rig.out.p);
}

static void has(const char *table, const char *query, size_t want)
{
	size_t n = rig_count(&rig, table, query);

	if (n != want)
		fail_msg("%s has %zu rows with %s, not %zu", table, n, query,
			 want);
}

/* Delivered as the source connection with these lines has it. */
static void begin(const char *source)
{
	rig_fresh(&rig);
	rig_control(&rig, "POST", "/_sim/devices", "{\"devices\":[%s]}",
		    MACHINES);
	rig_apply(&rig, source, NULL, NULL);
	(void)rig_sync(&rig, 0);
}

/* What the last run did to a record set. */
static void did(const char *set, int64_t inserts, int64_t changed, int64_t gone)
{
	static const char *const ways[] = {"new", "changed", "retired",
					   "deleted", "closed"};
	int64_t n[MST_LEN(ways)];

	for (size_t i = 0; i < MST_LEN(ways); i++) {
		char *path = mst_asprintf("record_sets.%s.%s", set, ways[i]);

		n[i] = rig_num(rig.root, path);
		free(path);
	}
	if (n[0] != inserts || n[1] != changed || n[2] + n[3] + n[4] != gone)
		fail_msg("%s: not %d, %d, %d: %s", set, (int)inserts,
			 (int)changed, (int)gone, rig.out.p);
}

static void set_names(const char *first, const char *second)
{
	rig_muster(&rig, "settings", "set", "defender", "software_names",
		   "--env", "test", "--consent", first, second);
	rig_status(&rig, 0);
}

/* ---- one product --------------------------------------------------------- */

static void one_package(void **state MST_UNUSED)
{
	begin(NULL);
	has(PKG, "key=microsoft|teams|1.6" LIVE, 1);
	has(PKG, "nameINteams,Microsoft Teams,MSTeams", 1);
	has(PKG, "", 3);
	has(INST, "name=teams 1.6", 3);
	has(INST, "name=teams 1.6^softwareISEMPTY", 0);
	/* what the table does not know is as it was */
	has(PKG, "key=acme, inc.|big tool|2^name=Big Tool", 1);
	has(PKG, "key=v|plain|1", 1);
	rig_quiet(&rig);
}

static void without_the_builtin_table(void **state MST_UNUSED)
{
	begin("    software_names_builtin: no\n");
	has(PKG, "", 5);
	has(PKG, "key=microsoft|teams|1.6", 1);
	has(PKG, "key=microsoft corporation|microsoft teams|1.6", 1);
	has(PKG, "key=|msteams|1.6", 1);
	/* put to use later: one package is left of the three */
	rig_apply(&rig, NULL, NULL, NULL);
	(void)rig_sync(&rig, 0);
	has(PKG, "install_status=1", 3);
	has(PKG, "install_status=7", 2);
	has(INST, "name=teams 1.6", 3);
	rig_quiet(&rig);
}

static void in_the_other_table(void **state MST_UNUSED)
{
	begin("    software_table: cmdb_sam_sw_install\n");
	/* the row without a vendor gets the product's */
	has("cmdb_sam_sw_install",
	    "display_name=teams^publisher=microsoft^prod_id=microsoft|teams|"
	    "1.6",
	    3);
	has("cmdb_sam_sw_install", "", 5);
}

/* ---- entries of the connection ------------------------------------------- */

/* Nothing but what the entry changes is sent. */
static void a_change_sends_what_changes(void **state MST_UNUSED)
{
	char *path = mst_asprintf("%s/names.yaml", rig.dir);

	begin(NULL);
	has(CVE, "u_software_name=Big Tool", 1);
	t_write(path, mst_slice_str("settings:\n"
				    "  - connection: defender\n"
				    "    environment: test\n"
				    "    software_names:\n"
				    "      override: yes\n"
				    "      value: [\"Acme|Big Tool=acme|"
				    "big_tool\"]\n"));
	rig_muster(&rig, "rules", "test", "defender", path);
	rig_status(&rig, 0);
	out_has("software_packages: 1 of 3 records differ");
	out_has("acme, inc.|big tool|2 -> acme|big_tool|2");
	out_has("software_installs: 1 of 5 records differ");
	out_has("device_vulnerabilities: 1 of 2 records differ");
	rig_muster(&rig, "apply", "-f", path, "--consent");
	rig_status(&rig, 0);
	(void)rig_sync(&rig, 0);
	did("devices", 0, 0, 0);
	did("software_packages", 1, 0, 1);
	did("software_installs", 1, 0, 1);
	did("vulnerabilities", 0, 0, 0);
	/* the same instance, which nobody closed */
	did("device_vulnerabilities", 0, 1, 0);
	has(PKG, "key=acme|big_tool|2^name=big_tool" LIVE, 1);
	has(PKG, "key=acme, inc.|big tool|2^install_status=7", 1);
	has(CVE,
	    "u_software_name=big_tool^u_software_vendor=acme^u_status="
	    "unresolved",
	    1);
	has(CVE, "u_software_package.key=acme|big_tool|2", 1);
	has(CVE, "", 2);
	rig_quiet(&rig);
	free(path);
}

/* Put in the place of built-in ones, and switched off. */
static void own_before_builtin(void **state MST_UNUSED)
{
	begin(NULL);
	set_names("microsoft|teams=Microsoft|Microsoft Teams", "MSTeams=");
	(void)rig_sync(&rig, 0);
	has(PKG, "key=microsoft|microsoft teams|1.6^name=Microsoft Teams" LIVE,
	    1);
	has(PKG, "key=|msteams|1.6" LIVE, 1);
	has(INST, "name=Microsoft Teams 1.6", 2);
	has(INST, "name=MSTeams 1.6", 1);
	has(CVE, "u_software_name=Microsoft Teams", 1);
	rig_quiet(&rig);
	/* and back */
	rig_muster(&rig, "settings", "unset", "defender", "software_names",
		   "--env", "test", "--consent");
	rig_status(&rig, 0);
	(void)rig_sync(&rig, 0);
	has(PKG, "key=microsoft|teams|1.6^name=teams" LIVE, 1);
	has(INST, "name=teams 1.6", 3);
	has(CVE, "u_software_name=teams", 1);
	rig_quiet(&rig);
}

static void explain_names_the_rule(void **state MST_UNUSED)
{
	begin(NULL);
	rig_muster(&rig, "explain", "main", "microsoft|teams|1.6",
		   "--record-set", "software_packages");
	rig_status(&rig, 0);
	out_has("[endpoint.software_names]");
	set_names("Acme|Big Tool=acme|big_tool", NULL);
	rig_muster(&rig, "explain", "main", "acme|big_tool|2", "--record-set",
		   "software_packages");
	rig_status(&rig, 0);
	out_has("[endpoint.software_names, software_names Acme|Big "
		"Tool=acme|big_tool (test)]");
	rig_muster(&rig, "rules", "defender");
	rig_status(&rig, 0);
	out_has("endpoint.software_names  Names of software");
	out_has("TEST  Acme|Big Tool=acme|big_tool (test)");
}

/* ---- two sources --------------------------------------------------------- */

/* Another estate, as a folder: another spelling of the same product. */
static void second_source(void)
{
	static const char machines[] =
	    "{\"value\":[{\"id\":\"b1\",\"computerDnsName\":\"PC-b1\","
	    "\"osPlatform\":\"Windows11\",\"healthStatus\":\"Active\","
	    "\"lastSeen\":\"2026-01-01T00:00:00Z\"}]}";
	static const char software[] =
	    "{\"value\":[{\"deviceId\":\"b1\",\"deviceName\":\"PC-b1\","
	    "\"softwareVendor\":\"\",\"softwareName\":\"MSTeams\","
	    "\"softwareVersion\":\"1.6\"}]}";
	struct mst_err err = MST_ERR_INIT;
	char *dir = mst_asprintf("%s/second-%u", rig.dir, rig.states_n);
	char *one = mst_asprintf("%s/machines.json", dir);
	char *two = mst_asprintf("%s/SoftwareInventoryByMachine.json", dir);
	char *yaml =
	    mst_asprintf("connections:\n"
			 "  - name: other\n"
			 "    type: endpoint\n"
			 "    tenant_id: 22222222-2222-4222-8222-222222222222\n"
			 "    read_from: %s\n"
			 "jobs:\n"
			 "  - name: second\n"
			 "    source: other\n"
			 "    destination: cmdb\n"
			 "    record_sets: [devices, software_installs]\n",
			 dir);

	t_ok(mst_dir_make(dir, &err), &err);
	t_write(one, mst_slice_str(machines));
	t_write(two, mst_slice_str(software));
	rig_apply_text(&rig, yaml);
	free(one);
	free(two);
	free(dir);
	free(yaml);
}

static void two_sources_give_one_package(void **state MST_UNUSED)
{
	begin(NULL);
	second_source();
	rig_muster(&rig, "run", "second", "--json");
	rig_status(&rig, 0);
	has(PKG, "key=microsoft|teams|1.6" LIVE, 1);
	has(PKG, "", 3);
	has(INST, "name=teams 1.6", 4);
	rig_quiet(&rig);
	/* without the table they are two */
	begin("    software_names_builtin: no\n");
	second_source();
	rig_muster(&rig, "settings", "set", "other", "software_names_builtin",
		   "no", "--env", "test", "--consent");
	rig_status(&rig, 0);
	rig_muster(&rig, "run", "second", "--json");
	rig_status(&rig, 0);
	has(PKG, "nameINteams,Microsoft Teams,MSTeams", 3);
}

/* ---- the command --------------------------------------------------------- */

static void the_table_is_shown(void **state MST_UNUSED)
{
	struct mst_json_iter it;
	struct mst_json table;

	begin(NULL);
	rig_muster(&rig, "rules", "names");
	rig_status(&rig, 0);
	out_has("names of software, built in:\n");
	out_has("  built in    MSTeams=microsoft|teams\n");
	out_lacks("not in force");
	set_names("Acme|Big Tool=acme|big_tool", "VLC=");
	rig_muster(&rig, "rules", "names", "defender");
	rig_status(&rig, 0);
	out_has("names of software, defender, TEST:\n"
		"  test        Acme|Big Tool=acme|big_tool\n");
	out_has("  built in    VLC=videolan|vlc_media_player   not in force: "
		"VLC=\n");
	out_has("names of software, defender, PROD:\n  built in    ");
	rig_muster(&rig, "rules", "names", "defender", "--env", "prod");
	out_lacks("TEST");
	rig_muster(&rig, "rules", "names", "defender", "--json");
	rig_status(&rig, 0);
	it = mst_json_iter(rig_json(&rig));
	assert_true(mst_json_next(&it, NULL, &table));
	assert_true(
	    mst_json_is_str(mst_json_get(table, "environment"), "test"));
	out_has("{\"entry\":\"VLC=videolan|vlc_media_player\",\"from\":"
		"\"built in\",\"in_force\":false,\"off_by\":\"VLC=\"}");
	/* of the connection itself */
	rig_apply(&rig, "    software_names: [\"a=b\"]\n", NULL, NULL);
	rig_muster(&rig, "rules", "names", "defender", "--env", "prod");
	out_has("  connection  a=b\n");
}

static void a_name_is_tried(void **state MST_UNUSED)
{
	begin(NULL);
	rig_muster(&rig, "rules", "names", "--try", "MSTeams");
	rig_status(&rig, 0);
	out_has("  MSTeams -> microsoft|teams\n"
		"    by MSTeams=microsoft|teams [built in]\n");
	rig_muster(&rig, "rules", "names", "--try", "Contoso|Teams");
	rig_status(&rig, 0);
	out_has("  Contoso|Teams stays as it is\n");
	set_names("microsoft|teams=Microsoft|Microsoft Teams", NULL);
	rig_muster(&rig, "rules", "names", "defender", "--try", "MSTeams");
	rig_status(&rig, 0);
	out_has("TEST:\n  MSTeams -> microsoft|Microsoft Teams\n"
		"    by MSTeams=microsoft|teams [built in]\n"
		"    by microsoft|teams=Microsoft|Microsoft Teams [test]\n");
	out_has("PROD:\n  MSTeams -> microsoft|teams\n");
	rig_muster(&rig, "rules", "names", "--try", "MSTeams", "--json");
	out_has("\"becomes\":{\"vendor\":\"microsoft\",\"name\":\"teams\"},"
		"\"by\":[{\"entry\":\"MSTeams=microsoft|teams\",\"from\":"
		"\"built in\"}]");
	/* slips */
	rig_muster(&rig, "rules", "names", "cmdb");
	rig_status(&rig, 1);
	rig_says(&rig, "'cmdb' is a destination");
	rig_muster(&rig, "rules", "names", "nobody");
	rig_status(&rig, 1);
	rig_muster(&rig, "rules", "defender", "--try", "x");
	rig_status(&rig, 2);
	rig_muster(&rig, "rules", "names", "--job", "x");
	rig_status(&rig, 2);
}

static void wrong_entries_are_refused(void **state MST_UNUSED)
{
	static const char *const rows[][2] = {
	    {"MSTeams", "setting software_names: 'MSTeams' has no '='"},
	    {"nowhere=", "switches off no built-in entry"},
	    {"a=b=c|d|e", "must lead to NAME"},
	};

	char *path = mst_asprintf("%s/wrong.yaml", rig.dir);

	begin(NULL);
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		rig_muster(&rig, "settings", "set", "defender",
			   "software_names", "--env", "test", "--consent",
			   rows[i][0]);
		rig_status(&rig, 1);
		rig_one_error(&rig);
		rig_says(&rig, rows[i][1]);
	}
	t_write(path,
		mst_slice_str("settings:\n"
			      "  - connection: defender\n"
			      "    environment: test\n"
			      "    software_names: {override: yes, value: "
			      "[\"a=b\", \"b=a\"]}\n"));
	rig_muster(&rig, "apply", "-f", path, "--consent");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "wrong.yaml:4:");
	rig_says(&rig, "'a=b' leads round in a circle with other entries");
	rig_muster(&rig, "export", "settings");
	assert_string_equal(rig.out.p, "");
	free(path);
}

static int set_up(void **state MST_UNUSED)
{
	static const struct mst_sim_conf none = {.empty = true};

	rig_start(&rig, &none);
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	rig_stop(&rig);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_package),
	    cmocka_unit_test(without_the_builtin_table),
	    cmocka_unit_test(in_the_other_table),
	    cmocka_unit_test(a_change_sends_what_changes),
	    cmocka_unit_test(own_before_builtin),
	    cmocka_unit_test(explain_names_the_rule),
	    cmocka_unit_test(two_sources_give_one_package),
	    cmocka_unit_test(the_table_is_shown),
	    cmocka_unit_test(a_name_is_tried),
	    cmocka_unit_test(wrong_entries_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
