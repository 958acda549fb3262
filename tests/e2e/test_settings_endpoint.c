/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of the source from end to end: stories of devices given by
 * hand, each with the defaults and with settings, and what the simulated
 * ServiceNow then holds. After every step a further run writes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/sync_rig.h"

static struct rig rig;

/* So many rows of a table. */
struct look {
	const char *table, *query;
	size_t n;
};

/* What is told to Defender (NULL: nothing), under which settings the next run
 * is, and what is there then. */
struct step {
	const char *devices, *gone;
	const char *settings;
	struct look looks[8];
};

#define PC		  "cmdb_ci_computer"
#define PKG		  "cmdb_ci_spkg"
#define INST		  "cmdb_software_instance"
#define CVE		  "u_muster_cve_instance"
#define ACTIVE		  "^install_status=1^operational_status=1"
#define RETIRED		  "^install_status=7^operational_status=6^hardware_status=retired"
#define D(id, name, more) "{\"id\":\"" id "\",\"name\":\"" name "\"" more "}"

static void look(const struct step *s, size_t step)
{
	for (size_t i = 0; i < MST_LEN(s->looks) && s->looks[i].table; i++) {
		const struct look *l = &s->looks[i];
		size_t n = rig_count(&rig, l->table, l->query);

		if (n != l->n)
			fail_msg("step %zu: %s has %zu rows with %s, not %zu",
				 step, l->table, n, l->query, l->n);
	}
}

static void tell(const struct step *s)
{
	if (s->devices)
		rig_control(&rig, "POST", "/_sim/devices", "{\"devices\":[%s]}",
			    s->devices);
	if (s->gone)
		rig_control(&rig, "DELETE", "/_sim/devices", "{\"ids\":[%s]}",
			    s->gone);
}

static void story(const struct step *steps, size_t n)
{
	rig_fresh(&rig);
	for (size_t i = 0; i < n; i++) {
		tell(&steps[i]);
		rig_apply(&rig, steps[i].settings, NULL, NULL);
		(void)rig_sync(&rig, 0);
		look(&steps[i], i);
		rig_quiet(&rig);
	}
}

#define STORY(steps) story(steps, MST_LEN(steps))

/* ---- which devices ------------------------------------------------------- */

#define MAC_OS ",\"os_platform\":\"macOS\""
#define SOFT                                                                   \
	",\"software\":[{\"vendor\":\"v\",\"name\":\"tool\",\"version\":"      \
	"\"1\",\"cves\":[{\"id\":\"CVE-2026-1001\",\"cvss\":5}]}]"

#define OTHER_SOFT                                                             \
	",\"software\":[{\"vendor\":\"v\",\"name\":\"other\",\"version\":"     \
	"\"1\",\"cves\":[{\"id\":\"CVE-2026-1002\",\"cvss\":5}]}]"

static void asset_types(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", SOFT) "," D("a2", "MAC-2", MAC_OS), .settings = "",
	     .looks = {{PC, "nameINPC-1,MAC-2" ACTIVE, 2},
		       {CVE, "u_status=unresolved", 1}}},
	    {.settings = "    asset_types: [mac]\n",
	     .looks = {{PC, "name=PC-1" RETIRED, 1},
		       {PC, "name=MAC-2" ACTIVE, 1},
		       {CVE, "u_status=resolved_confirmed", 1},
		       {INST, "", 0},
		       {PKG, "install_status=7", 1}}},
	    {.settings = "",
	     .looks = {{PC, "nameINPC-1,MAC-2" ACTIVE, 2},
		       {CVE, "u_status=unresolved^u_reopened_count=1", 1},
		       {INST, "", 1},
		       {PKG, "install_status=1", 1}}},
	};

	STORY(steps);
}

/* What a filter leaves out stays, with all that hangs on it, until Defender
 * itself no longer shows it. */
static void filter_missing(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", SOFT) "," D("a2", "MAC-2", MAC_OS OTHER_SOFT),
	     .settings = ""},
	    {D("a1", "PC-1", ",\"health\":\"Inactive\"" SOFT),
	     .settings = "    filter_os: [macOS]\n"
			 "    filter_missing: keep\n",
	     .looks = {{PC, "nameINPC-1,MAC-2" ACTIVE, 2},
		       {CVE, "u_status=unresolved", 2},
		       {INST, "", 2},
		       {PKG, "install_status=1", 2}}},
	    {.gone = "\"a1\"",
	     .settings = "    filter_os: [macOS]\n"
			 "    filter_missing: keep\n",
	     .looks = {{PC, "name=PC-1" RETIRED, 1},
		       {CVE, "u_status=resolved_confirmed", 1},
		       {INST, "", 1},
		       {PKG, "install_status=7", 1}}},
	};

	STORY(steps);
}

/* Of the two jobs each leaves alone what the other delivers. */
static void types_of_a_job(void **state MST_UNUSED)
{
	static const struct step first = {
	    D("a1", "PC-1", SOFT) "," D("a2", "MAC-2", MAC_OS)};
	static const struct step looks[] = {
	    {.looks = {{PC, "name=PC-1" ACTIVE, 1}, {PC, "name=MAC-2", 0}}},
	    {.looks = {{PC, "nameINPC-1,MAC-2" ACTIVE, 2},
		       {CVE, "u_status=unresolved", 1},
		       {INST, "", 1},
		       {PKG, "install_status=1", 1}}}};

	rig_fresh(&rig);
	tell(&first);
	rig_apply(&rig, NULL, NULL, "    asset_types: [windows_pc]\n");
	(void)rig_sync(&rig, 0);
	look(&looks[0], 0);
	rig_apply(&rig, NULL, NULL, "    asset_types: [mac, handheld]\n");
	(void)rig_sync(&rig, 0);
	look(&looks[1], 1);
	rig_quiet(&rig);
	rig_apply(&rig, NULL, NULL, "    asset_types: [windows_pc]\n");
	rig_quiet(&rig);
}

/* What is there keeps its class, or gets one below it. */
static void classes(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", "") "," D(
		 "a3", "SW-3",
		 ",\"os_platform\":\"IOS-XE\"") "," D("a5", "LX-5",
						      ",\"os_platform\":"
						      "\"Ubuntu\""),
	     .settings = "",
	     .looks = {{PC, "name=PC-1^sys_class_name=cmdb_ci_computer", 1},
		       {"cmdb_ci_linux_server", "name=LX-5", 1},
		       {"cmdb_ci", "name=SW-3", 0}}},
	    {D("a2", "PC-2", "") "," D("a4", "BOX-4",
				       ",\"os_platform\":\"BoxOS 4\""),
	     .settings = "    class_windows_pc: [cmdb_ci_pc_hardware]\n"
			 "    class_linux_server: [cmdb_ci_unix_server]\n"
			 "    class_network_device: [cmdb_ci_netgear]\n"
			 "    platforms: [\"BoxOS*=linux_server\"]\n",
	     .looks = {{"cmdb_ci_pc_hardware", "nameINPC-1,PC-2", 2},
		       {"cmdb_ci_netgear", "name=SW-3", 1},
		       {"cmdb_ci_linux_server", "name=LX-5", 1},
		       {"cmdb_ci_unix_server", "name=BOX-4", 1},
		       {"cmdb_ci", "name=LX-5", 1}}},
	};

	STORY(steps);
}

/* Each filter alone: PC-1 passes, PC-2 does not. */
static void filters(void **state MST_UNUSED)
{
	static const char passes[] =
	    D("a1", "PC-1",
	      ",\"os_platform\":\"Windows11\",\"onboarding\":\"Onboarded\","
	      "\"health\":\"Active\",\"tags\":[\"Prod\"],\"group\":\"EU-1\","
	      "\"risk\":\"High\",\"exposure\":\"High\","
	      "\"last_seen\":\"2999-01-01T00:00:00Z\"");
	static const char fails[] =
	    D("a2", "PC-2",
	      ",\"os_platform\":\"Windows10\",\"onboarding\":"
	      "\"CanBeOnboarded\",\"health\":\"Inactive\",\"tags\":[\"Lab\"],"
	      "\"group\":\"US-1\",\"risk\":\"Low\",\"exposure\":\"Low\","
	      "\"last_seen\":\"2001-01-01T00:00:00Z\"");
	static const char *const settings[] = {
	    "    filter_os: [windows11]\n",
	    "    filter_os_not: [\"*10\"]\n",
	    "    filter_onboarding: [onboarded]\n",
	    "    filter_health: [active]\n",
	    "    filter_tags: [prod]\n",
	    "    filter_tags_not: [lab]\n",
	    "    filter_groups: [\"EU-*\"]\n",
	    "    filter_groups_not: [\"US-*\"]\n",
	    "    filter_not_seen_days: 3650\n",
	    "    filter_exposure: medium\n",
	    "    filter_risk: medium\n",
	};
	struct step steps[2 * MST_LEN(settings) + 1];

	for (size_t i = 0; i < MST_LEN(settings); i++) {
		steps[2 * i] = (struct step){
		    .settings = "",
		    .looks = {{PC, "nameINPC-1,PC-2^install_status!=7", 2}}};
		steps[2 * i + 1] =
		    (struct step){.settings = settings[i],
				  .looks = {{PC, "name=PC-1" ACTIVE, 1},
					    {PC, "name=PC-2" RETIRED, 1}}};
	}
	steps[2 * MST_LEN(settings)] = steps[0];
	rig_fresh(&rig);
	rig_control(&rig, "POST", "/_sim/devices", "{\"devices\":[%s,%s]}",
		    passes, fails);
	/* an inactive device comes back as ready: what it was stays */
	steps[0].looks[0].query = "nameINPC-1,PC-2";
	for (size_t i = 0; i < MST_LEN(steps); i++) {
		if (i > 0 && steps[i].settings[0] == '\0')
			continue;
		rig_apply(&rig, steps[i].settings, NULL, NULL);
		(void)rig_sync(&rig, 0);
		look(&steps[i], i);
		rig_quiet(&rig);
	}
}

/* ---- what is said of them ------------------------------------------------ */

static void names(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "Pc-1.corp.example.com", ""), .settings = "",
	     .looks = {{PC, "name=Pc-1", 1}, {PC, "correlation_id=a1", 1}}},
	    {.settings = "    name_form: fqdn\n    name_case: upper\n",
	     .looks = {{PC, "name=PC-1.CORP.EXAMPLE.COM", 1},
		       {PC, "fqdn=pc-1.corp.example.com", 1}}},
	    {.settings = "    name_case: lower\n",
	     .looks = {{PC, "name=pc-1", 1}, {PC, "", 1}}},
	    /* on insert only */
	    {D("a2", "PC-2", ""), .settings = "    correlation_prefix: T1-\n",
	     .looks = {{PC, "correlation_id=a1", 1},
		       {PC, "correlation_id=T1-a2", 1}}},
	};

	STORY(steps);
}

#define ONBOARDING(word) ",\"onboarding\":\"" word "\""

static void status(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", ONBOARDING("CanBeOnboarded")) "," D(
		 "a2", "PC-2",
		 ONBOARDING("Unsupported")) "," D("a3", "PC-3",
						  ",\"last_seen\":\"2001-01-"
						  "01T00:00:00Z\""),
	     .settings = "", .looks = {{PC, "nameINPC-1,PC-2,PC-3" ACTIVE, 3}}},
	    {.settings = "    status_by_onboarding: yes\n"
			 "    status_can_be_onboarded: retired\n",
	     .looks = {{PC, "name=PC-1" RETIRED, 1},
		       {PC, "name=PC-2^operational_status=5", 1},
		       {PC, "name=PC-3" ACTIVE, 1}}},
	    {.settings = "    retire_after_days: 3650\n",
	     .looks = {{PC, "nameINPC-1,PC-2" ACTIVE, 2},
		       {PC, "name=PC-3" RETIRED, 1}}},
	    {.settings = "    status_by_onboarding: yes\n"
			 "    status_unsupported: unchanged\n"
			 "    status_onboarded: ready\n"
			 "    status_insufficient_info: ready\n",
	     .looks = {{PC, "name=PC-2" ACTIVE, 1},
		       {PC, "name=PC-3^operational_status=5", 1}}},
	};

	STORY(steps);
}

static void insert_inactive(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", "") "," D("a2", "PC-2",
				       ",\"health\":\"Inactive\""),
	     .settings = "    insert_inactive: no\n",
	     .looks = {{PC, "name=PC-1" ACTIVE, 1}, {PC, "name=PC-2", 0}}},
	    {D("a1", "PC-1", ",\"health\":\"Inactive\""),
	     .settings = "    insert_inactive: no\n",
	     .looks = {{PC, "name=PC-1^operational_status=5", 1},
		       {PC, "name=PC-2", 0}}},
	    {.settings = "",
	     .looks = {{PC, "name=PC-2^operational_status=5", 1}}},
	};

	STORY(steps);
}

static void identity(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1",
	       ",\"mac\":\"00090F123456\",\"serial\":\"LAB-0001\","
	       "\"hw_manufacturer\":\"x\"") "," D("a2", "PC-2",
						  ",\"serial\":\"Default "
						  "string\""),
	     .settings = "",
	     .looks = {{PC, "name=PC-1^mac_addressISEMPTY", 1},
		       {PC, "name=PC-1^serial_number=LAB-0001", 1},
		       {PC, "name=PC-2^serial_numberISEMPTY", 1}}},
	    {.settings = "    mac_unique_only: no\n    serial_check: no\n",
	     .looks = {{PC, "name=PC-1^mac_address=00:09:0f:12:34:56", 1},
		       {PC, "name=PC-2^serial_number=Default string", 1}}},
	    {D("a3", "PC-3",
	       ",\"mac\":\"00155D123456\",\"serial\":\"LAB-3\","
	       "\"hw_manufacturer\":\"x\""),
	     .settings = "    mac_ignore: [\"00:15:5d:*\"]\n"
			 "    serial_ignore: [\"lab-?\"]\n",
	     .looks = {{PC, "name=PC-3^mac_addressISEMPTY", 1},
		       {PC, "name=PC-3^serial_numberISEMPTY", 1},
		       {PC, "name=PC-1^mac_address=00:09:0f:12:34:56", 1}}},
	};

	STORY(steps);
}

static void enrichment(void **state MST_UNUSED)
{
	static const char device[] =
	    D("a1", "PC-1",
	      ",\"aad_id\":\"00000000-0000-4000-8000-000000000001\","
	      "\"manufacturer\":\"Contoso\",\"model\":\"Book 1\","
	      "\"hw_manufacturer\":\"fabrikam\",\"hw_model\":\"book_x\","
	      "\"serial\":\"5CG1\",\"version\":\"\","
	      "\"entra_version\":\"10.0.1\"");
	static const struct step steps[] = {
	    {device, .settings = "",
	     .looks = {{PC, "manufacturer.name=Contoso^model_id.name=Book 1",
			1},
		       {PC, "serial_number=5CG1^os_versionISEMPTY", 1}}},
	    {.settings = "    enrich_prefer: hardware\n",
	     .looks = {{PC, "manufacturer.name=fabrikam^model_id.name=book_x",
			1}}},
	    {.settings = "    enrich_attributes: [os_version]\n",
	     .looks = {{PC, "os_version=10.0.1", 1}}},
	};
	static const struct step bare[] = {
	    {device, .settings = "    enrich_attributes: [manufacturer]\n",
	     .looks = {{PC,
			"manufacturer.name=Contoso^model_idISEMPTY^"
			"serial_numberISEMPTY",
			1}}},
	    {.settings = "    enrich: no\n    enrich_attributes: [model]\n"},
	};

	STORY(steps);
	STORY(bare);
}

/* ---- software and CVEs --------------------------------------------------- */

static void software(void **state MST_UNUSED)
{
	static const char device[] =
	    D("a1", "PC-1",
	      ",\"software\":[{\"vendor\":\"v\",\"name\":\"one\",\"version\":"
	      "\"1\"},{\"vendor\":\"\",\"name\":\"two\",\"version\":\"2\"},"
	      "{\"vendor\":\"v\",\"name\":\"three\",\"version\":\"3\","
	      "\"cpe\":false}]");
	static const struct step steps[] = {
	    {device, .settings = "",
	     .looks = {{INST, "", 3}, {PKG, "install_status=1", 3}}},
	    {.settings = "    software_non_cpe: no\n",
	     .looks = {{INST, "", 2}, {PKG, "name=three^install_status=7", 1}}},
	    {.settings = "    software_require: [vendor]\n",
	     .looks = {{INST, "", 2},
		       {PKG, "name=two^install_status=7", 1},
		       {PKG, "name=three^install_status=1", 1}}},
	    /* a package that an instance refers to stays */
	    {.settings = "    software_packages: no\n",
	     .looks = {{INST, "", 3}, {PKG, "install_status=1", 2}}},
	};
	static const struct step bare[] = {
	    {device, .settings = "    software_packages: no\n",
	     .looks = {{PKG, "", 0},
		       {INST, "softwareISEMPTY", 3},
		       {INST, "name=three 3", 1}}},
	    {/* an inventory that is empty all at once is not believed */
	     D("a2", "MAC-2",
	       MAC_OS ",\"software\":[{\"vendor\":\"v\",\"name\":\"other\","
		      "\"version\":\"1\"},{\"name\":\"more\",\"version\":"
		      "\"1\",\"cpe\":false}]"),
	     "\"a1\"", .settings = "    software_packages: no\n",
	     .looks = {{PKG, "", 0}, {INST, "", 2}, {INST, "name=other 1", 1}}},
	};

	STORY(steps);
	STORY(bare);
}

#define CVES(list)                                                             \
	",\"software\":[{\"vendor\":\"v\",\"name\":\"tool\",\"version\":"      \
	"\"1\",\"cves\":[" list "]}]"
#define LOW                                                                    \
	"{\"id\":\"CVE-2026-2001\",\"cvss\":3,\"severity\":\"Low\","           \
	"\"exploit\":0}"
#define HIGH                                                                   \
	"{\"id\":\"CVE-2026-2002\",\"cvss\":8,\"severity\":\"High\","          \
	"\"exploit\":1}"
#define UNKNOWN                                                                \
	"{\"id\":\"CVE-2026-2003\",\"no_score\":true,\"severity\":\"?\","      \
	"\"exploit\":2}"
#define OPEN(cve)   "u_status=unresolved^u_cve.u_cve_id=" cve
#define CLOSED(cve) "u_status=resolved_confirmed^u_cve.u_cve_id=" cve

static void thresholds(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", CVES(LOW "," HIGH "," UNKNOWN)), .settings = "",
	     .looks = {{CVE, "u_status=unresolved", 3}}},
	    {.settings = "    min_cvss: 7\n",
	     .looks = {{CVE, CLOSED("CVE-2026-2001"), 1},
		       {CVE, "u_status=unresolved", 2}}},
	    {.settings = "    min_cvss: 7\n    no_score: drop\n",
	     .looks = {{CVE, CLOSED("CVE-2026-2003"), 1},
		       {CVE, "u_status=unresolved", 1}}},
	    {.settings = "    min_severity: high\n",
	     .looks = {{CVE, CLOSED("CVE-2026-2001"), 1},
		       {CVE, "u_status=unresolved", 2}}},
	    {.settings = "    only_exploitable: yes\n",
	     .looks = {{CVE, CLOSED("CVE-2026-2001"), 1},
		       {CVE, "u_status=unresolved", 2}}},
	    {.settings = "",
	     .looks = {{CVE, "u_status=unresolved", 3},
		       {CVE, OPEN("CVE-2026-2001") "^u_reopened_count=1", 1}}},
	};

	STORY(steps);
}

/* What falls below the threshold later stays open until Defender drops it. */
static void below_threshold(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", CVES(LOW "," HIGH)), .settings = "",
	     .looks = {{CVE, "u_status=unresolved", 2}}},
	    {D("a2", "PC-2", CVES(LOW)),
	     .settings = "    min_cvss: 7\n    below_threshold: keep\n",
	     .looks = {{CVE, "", 2}, {CVE, OPEN("CVE-2026-2001"), 1}}},
	    {D("a1", "PC-1", CVES(HIGH)),
	     .settings = "    min_cvss: 7\n    below_threshold: keep\n",
	     .looks = {{CVE, CLOSED("CVE-2026-2001"), 1},
		       {CVE, OPEN("CVE-2026-2002"), 1}}},
	};

	STORY(steps);
}

/* A person sets the status of the CVE instance on a device. */
static void set_status(const char *device, const char *status)
{
	char query[128], path[80];
	struct mst_json_iter it;
	struct mst_json row;

	(void)snprintf(query, sizeof(query), "u_cmdb_ci.name=%s", device);
	it = mst_json_iter(rig_rows(&rig, CVE, query, "sys_id"));
	assert_true(mst_json_next(&it, NULL, &row));
	(void)snprintf(
	    path, sizeof(path), "/_sim/sn/rows/%.*s",
	    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "sys_id"))));
	rig_control(&rig, "PATCH", path, "{\"u_status\":\"%s\"}", status);
}

#define ROWS_SEEN(year) ",\"rows_seen\":\"" year "-01-01T00:00:00Z\""

/* Old ones grow stale and come to life again; what a person has set stays, and
 * what is closed and comes back is as old as it is. */
static void stale(void **state MST_UNUSED)
{
	static const char on[] = "    stale_after_days: 3650\n";
	static const struct step steps[] = {
	    {D("a1", "PC-1", ROWS_SEEN("2001") CVES(LOW)) "," D(
		 "a2", "PC-2",
		 ROWS_SEEN("2999") CVES(
		     LOW)) "," D("a3", "PC-3", ROWS_SEEN("2001") CVES(HIGH)),
	     .settings = "", .looks = {{CVE, "u_status=unresolved", 3}}},
	    {.settings = on,
	     .looks = {{CVE, "u_status=stale^u_cmdb_ci.name=PC-1", 1},
		       {CVE, "u_status=unresolved^u_cmdb_ci.name=PC-2", 1},
		       {CVE, "u_status=resolved_pending", 1}}},
	    /* made when it is old */
	    {D("a4", "PC-4", ROWS_SEEN("2001") CVES(LOW)), .settings = on,
	     .looks = {{CVE, "u_status=stale^u_cmdb_ci.name=PC-4", 1}}},
	    {D("a1", "PC-1", ROWS_SEEN("2999") CVES(LOW)) "," D(
		 "a3", "PC-3", ROWS_SEEN("2999") CVES(HIGH)),
	     .settings = on,
	     .looks = {{CVE, "u_status=unresolved^u_cmdb_ci.name=PC-1", 1},
		       {CVE, "u_status=resolved_pending", 1}}},
	    {D("a4", "PC-4", ""), .settings = on,
	     .looks = {{CVE, "u_status=resolved_confirmed", 1}}},
	    {D("a4", "PC-4", ROWS_SEEN("2001") CVES(LOW)), .settings = on,
	     .looks = {{CVE, "u_status=stale^u_reopened_count=1", 1}}},
	};

	rig_fresh(&rig);
	for (size_t i = 0; i < MST_LEN(steps); i++) {
		tell(&steps[i]);
		rig_apply(&rig, steps[i].settings, NULL, NULL);
		if (i == 1)
			set_status("PC-3", "resolved_pending");
		(void)rig_sync(&rig, 0);
		look(&steps[i], i);
		rig_quiet(&rig);
	}
	rig_muster(&rig, "check", "main");
	rig_status(&rig, 0);
}

/* ---- said beforehand ----------------------------------------------------- */

static void plan_says_so(void **state MST_UNUSED)
{
	static const struct step first = {D("a1", "PC-1", CVES(LOW "," HIGH))};

	rig_fresh(&rig);
	tell(&first);
	rig_apply(&rig, NULL, NULL, NULL);
	(void)rig_sync(&rig, 0);
	rig_apply(&rig, "    min_cvss: 7\n    name_case: lower\n", NULL, NULL);
	rig_muster(&rig, "plan", "main", "--json");
	rig_status(&rig, 7);
	assert_non_null(strstr(rig.out.p, "pc-1"));
}

static void refused(const char *yaml, const char *part)
{
	char *path = mst_asprintf("%s/bad.yaml", rig.dir);

	t_write(path, mst_slice_str(yaml));
	rig_muster(&rig, "apply", "-f", path);
	rig_status(&rig, 1);
	rig_says(&rig, part);
	rig_one_error(&rig);
	free(path);
}

static void bad_settings(void **state MST_UNUSED)
{
	static const char *const bad[][2] = {
	    {"    class_mac: [\"no class\"]\n", "setting class_mac"},
	    {"    mac_ignore: [hello]\n", "setting mac_ignore"},
	    {"    platforms: [Windows]\n", "setting platforms"},
	    {"    filter_health: [fine]\n", "filter_health"},
	    {"    retire_after_days: -1\n", "retire_after_days"},
	};

	rig_fresh(&rig);
	for (size_t i = 0; i < MST_LEN(bad); i++) {
		char *yaml = mst_asprintf("connections:\n"
					  "  - name: defender\n"
					  "    type: endpoint\n"
					  "    read_from: /nowhere\n%s",
					  bad[i][0]);

		refused(yaml, bad[i][1]);
		free(yaml);
	}
	refused("jobs:\n"
		"  - name: main\n"
		"    source: defender\n"
		"    destination: cmdb\n"
		"    asset_types: [windowspc]\n",
		"has no asset type 'windowspc'; did you mean 'windows_pc'?");
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
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(asset_types),
	    cmocka_unit_test(filter_missing),
	    cmocka_unit_test(types_of_a_job),
	    cmocka_unit_test(classes),
	    cmocka_unit_test(filters),
	    cmocka_unit_test(names),
	    cmocka_unit_test(status),
	    cmocka_unit_test(insert_inactive),
	    cmocka_unit_test(identity),
	    cmocka_unit_test(enrichment),
	    cmocka_unit_test(software),
	    cmocka_unit_test(thresholds),
	    cmocka_unit_test(below_threshold),
	    cmocka_unit_test(stale),
	    cmocka_unit_test(plan_says_so),
	    cmocka_unit_test(bad_settings),
	};

	return cmocka_run_group_tests_name("settings_endpoint", tests, set_up,
					   tear_down);
}
