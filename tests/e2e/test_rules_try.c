/* SPDX-License-Identifier: Apache-2.0
 *
 * `muster rules test` from end to end: devices given by hand, delivered, and
 * rules that are tried on them before anybody saves them. What it foretells is
 * what the run writes when they are saved.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/lib/sync_rig.h"

static struct rig rig;

#define D(id, name, more) "{\"id\":\"" id "\",\"name\":\"" name "\"" more "}"
#define TOOL(vendor, name, version, cpe, cves)                                 \
	"{\"vendor\":\"" vendor "\",\"name\":\"" name "\",\"version\":"        \
	"\"" version "\",\"cpe\":" cpe ",\"cves\":[" cves "]}"
#define CVE(id, score) "{\"id\":\"" id "\",\"cvss\":" score "}"

#define MACHINES                                                               \
	D("a1", "ams-1.corp.example.com",                                      \
	  ",\"tags\":[\"lab\"],\"software\":[" TOOL(                           \
	      "v", "tool", "1", "true",                                        \
	      CVE("CVE-2026-1001", "5") "," CVE(                               \
		  "CVE-2026-1002", "9")) "," TOOL("v", "plain", "2", "false",  \
						  "") "]")                     \
	"," D("a2", "ber-2.corp.example.com",                                  \
	      ",\"os_platform\":\"macOS\",\"aad_id\":"                         \
	      "\"11111111-1111-4111-8111-111111111111\",\"manufacturer\":"     \
	      "\"Maker\",\"model\":\"One\",\"software\":[" TOOL(               \
		  "v", "tool", "1", "true",                                    \
		  CVE("CVE-2026-1001",                                         \
		      "5")) "]") "," D("a3", "rom-3.corp.example.com",         \
				       ",\"health\":\"Inactive\"")

/* Settings of a connection. */
#define FOR(connection, env, lines)                                            \
	"settings:\n  - connection: " connection "\n    environment: " env     \
	"\n" lines
#define TEST(lines) FOR("defender", "test", lines)

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

static char *file(const char *name, const char *text)
{
	char *path = mst_asprintf("%s/%s", rig.dir, name);

	t_write(path, mst_slice_str(text));
	return path;
}

/* Delivered as the connections with these further lines have it. */
static void begin_with(const char *source, const char *dest)
{
	rig_fresh(&rig);
	rig_control(&rig, "POST", "/_sim/sn/columns",
		    "{\"table\":\"cmdb_ci\",\"column\":\"u_site\"}");
	rig_control(&rig, "POST", "/_sim/devices", "{\"devices\":[%s]}",
		    MACHINES);
	rig_apply(&rig, source, dest, NULL);
	(void)rig_sync(&rig, 0);
}

static void begin(void)
{
	begin_with(NULL, NULL);
}

/* "rules test defender FILE" with words behind it. */
static void try_it(const char *yaml, const char *word, const char *arg)
{
	char *path = file("try.yaml", yaml);

	rig_muster(&rig, "rules", "test", "defender", path, word, arg);
	free(path);
}

static void try_json(const char *yaml)
{
	try_it(yaml, "--json", NULL);
	rig_status(&rig, 0);
	(void)rig_json(&rig);
}

/* One record set of the last child's JSON. */
static struct mst_json set_of(const char *name)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(rig.root, "record_sets"));
	struct mst_json set;

	while (mst_json_next(&it, NULL, &set)) {
		if (mst_json_is_str(mst_json_get(set, "record_set"), name))
			return set;
	}
	fail_msg("no record set %s in %s", name, rig.out.p);
	return set;
}

static void counts(const char *set, int64_t differ, int64_t gained,
		   int64_t lost)
{
	struct mst_json s = set_of(set);

	if (rig_num(s, "differ") != differ || rig_num(s, "gained") != gained ||
	    rig_num(s, "lost") != lost)
		fail_msg("%s: not %d, %d, %d: %s", set, (int)differ,
			 (int)gained, (int)lost, rig.out.p);
}

/* ---- what it leaves alone ------------------------------------------------ */

static char *stored(void)
{
	rig_muster(&rig, "export");
	rig_status(&rig, 0);
	return mst_strndup(rig.out.p, rig.out.n);
}

static void nothing_is_saved_or_written(void **state MST_UNUSED)
{
	char *before, *after, *recver, *recver_after;
	int64_t writes;

	begin();
	before = stored();
	recver = rig_recver(&rig);
	writes = rig_sn_writes(&rig);
	try_it(TEST("    min_cvss: {override: true, value: 7}\n"
		    "    mappings.devices.short_description.value: \"'x'\"\n"),
	       NULL, NULL);
	rig_status(&rig, 0);
	out_has("settings of defender for TEST:");
	assert_int_equal(rig_sn_writes(&rig), writes);
	after = stored();
	recver_after = rig_recver(&rig);
	assert_string_equal(after, before);
	assert_string_equal(recver_after, recver);
	rig_quiet(&rig);
	free(before);
	free(after);
	free(recver);
	free(recver_after);
}

/* ---- what the next run writes -------------------------------------------- */

/* What is foretold, set by set, as the run then counts it. */
struct foretold {
	char name[64];
	int64_t insert, update, missing, unchanged;
};

static size_t foretell(struct foretold *f, size_t max)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(rig.root, "record_sets"));
	struct mst_json set;
	size_t n = 0;

	for (; n < max && mst_json_next(&it, NULL, &set); n++) {
		struct mst_slice name =
		    mst_json_str(mst_json_get(set, "record_set"));

		(void)snprintf(f[n].name, sizeof(f[n].name), "%.*s",
			       MST_SLICE_ARG(name));
		f[n].insert = rig_num(set, "then.insert");
		f[n].update = rig_num(set, "then.update");
		f[n].missing = rig_num(set, "then.missing");
		f[n].unchanged = rig_num(set, "then.unchanged");
	}
	return n;
}

/* Of the run that the last child was. */
static int64_t ran(const struct foretold *f, const char *what)
{
	char *path = mst_asprintf("record_sets.%s.%s", f->name, what);
	int64_t n = rig_num(rig.root, path);

	free(path);
	return n < 0 ? 0 : n;
}

/* ServiceNow says of an update that only leaves a column out that it changes
 * nothing. */
static void as_foretold(const struct foretold *f)
{
	int64_t same = ran(f, "unchanged") - f->unchanged;

	if (ran(f, "new") + ran(f, "reopened") != f->insert || same < 0 ||
	    ran(f, "changed") + same != f->update ||
	    ran(f, "retired") + ran(f, "deleted") + ran(f, "closed") !=
		f->missing)
		fail_msg("%s: foretold %d, %d, %d: %s", f->name, (int)f->insert,
			 (int)f->update, (int)f->missing, rig.out.p);
}

/* Tried, saved, run. want: records that differ in all sets together. */
static void comes_true(const char *source, const char *yaml, int64_t want)
{
	struct foretold f[8];
	char *path = file("try.yaml", yaml);
	struct mst_json_iter it;
	struct mst_json set;
	int64_t differ = 0;
	size_t n;

	begin_with(source, NULL);
	try_json(yaml);
	it = mst_json_iter(mst_json_get(rig.root, "record_sets"));
	while (mst_json_next(&it, NULL, &set))
		differ += rig_num(set, "differ");
	if (differ != want)
		fail_msg("%d records differ, not %d, with\n%s%s", (int)differ,
			 (int)want, yaml, rig.out.p);
	n = foretell(f, MST_LEN(f));
	assert_int_equal(n, 5);
	rig_muster(&rig, "apply", "-f", path, "--consent");
	rig_status(&rig, 0);
	(void)rig_sync(&rig, 0);
	for (size_t i = 0; i < n; i++)
		as_foretold(&f[i]);
	rig_quiet(&rig);
	free(path);
}

static void the_run_does_what_was_foretold(void **state MST_UNUSED)
{
	static const struct {
		const char *yaml;
		int64_t differ;
		const char *source;
	} rows[] = {
	    /* set, drop, compute, a column of the customer, a choice */
	    {TEST("    mappings.devices.short_description.value: \"'x'\"\n"),
	     3},
	    {TEST("    mappings.devices.os_version.drop: yes\n"
		  "    mappings.devices.fqdn.drop: yes\n"),
	     3},
	    {TEST("    mappings.devices.u_site.value: "
		  "upper(capture(computerDnsName, '^([a-z]+)-', 1))\n"),
	     3},
	    {TEST("    lookup.states: [\"Active=1\", \"Inactive=2\"]\n"
		  "    mappings.devices.operational_status.value: "
		  "lookup(states, healthStatus)\n"),
	     1},
	    /* a reason to write for new records only */
	    {TEST("    mappings.devices.short_description:\n"
		  "      value: \"'x'\"\n"
		  "      when: insert\n"),
	     3},
	    /* what is left out, and comes back */
	    {TEST("    min_cvss: {override: true, value: 7}\n"), 2},
	    {TEST("    filter_os: {override: true, value: [\"mac*\"]}\n"), 7},
	    {TEST("    software_non_cpe: {override: true, value: no}\n"), 2},
	    {TEST("    software_non_cpe: {override: true, value: yes}\n"), 2,
	     "    software_non_cpe: no\n"},
	    /* what is read */
	    {TEST("    enrich: {override: true, value: no}\n"), 1},
	    {TEST("    enrich: {override: true, value: yes}\n"), 1,
	     "    enrich: no\n"},
	    /* nothing else than before */
	    {TEST("    min_cvss: {override: true, value: 0}\n"), 0},
	    {TEST("    min_cvss: {override: no, value: 7}\n"), 0},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		comes_true(rows[i].source, rows[i].yaml, rows[i].differ);
	}
}

/* ---- what is shown ------------------------------------------------------- */

static void records_by_field(void **state MST_UNUSED)
{
	begin();
	try_it(TEST("    mappings.devices.os.drop: yes\n"
		    "    mappings.devices.u_site.value: "
		    "upper(capture(computerDnsName, '^([a-z]+)-', 1))\n"
		    "    mappings.devices.short_description:\n"
		    "      value: \"'new'\"\n"
		    "      when: insert\n"),
	       NULL, NULL);
	rig_status(&rig, 0);
	out_has("devices: 3 of 3 records differ\n");
	out_has("u_site                             3   "
		"[custom.devices.u_site]\n");
	out_has("-> AMS   [custom.devices.u_site]\n");
	out_has("    os                         Windows 11 -> (none)   "
		"[was endpoint.attributes]\n");
	out_has("(none) -> new   [custom.devices.short_description, on inserts "
		"only]\n");
	out_has("software_installs: 0 of 3 records differ\n");
	/* a package once, however many devices have it */
	out_has("software_packages: 0 of 2 records differ\n");
}

static void gained_and_lost(void **state MST_UNUSED)
{
	static const char mac[] =
	    TEST("    filter_os: {override: true, value: [\"mac*\"]}\n");

	begin();
	try_it(mac, NULL, NULL);
	rig_status(&rig, 0);
	out_has("devices: 2 of 3 records differ, 2 are not delivered any more");
	out_has("  a1: not delivered any more: filter_os\n");
	out_has("  v|tool|1 of a1: not delivered any more: its parent is not "
		"delivered\n");
	try_json(mac);
	counts("devices", 2, 0, 2);
	counts("software_packages", 1, 0, 1);
	counts("software_installs", 2, 0, 2);
	counts("device_vulnerabilities", 2, 0, 2);
	/* they stay */
	try_it(TEST("    filter_os: {override: true, value: [\"mac*\"]}\n"
		    "    filter_missing: {override: true, value: keep}\n"),
	       NULL, NULL);
	rig_status(&rig, 0);
	out_has("devices: 2 of 3 records differ, 2 stay as they are");
	out_has("  a1: stays as it is from now on: filter_os\n");
	out_has("  v|tool|1 of a1: stays as it is from now on");
	/* the other way round */
	begin_with("    filter_os: [\"mac*\"]\n", NULL);
	try_it(TEST("    filter_os: {override: true, value: []}\n"), NULL,
	       NULL);
	rig_status(&rig, 0);
	out_has("devices: 2 of 3 records differ, 2 are delivered from now on");
	out_has("  a1: delivered from now on; so far not: filter_os\n");
	/* of the destination's settings, too */
	begin();
	try_json(TEST("    min_cvss: {override: true, value: 7}\n"));
	counts("device_vulnerabilities", 2, 0, 2);
	assert_int_equal(
	    rig_num(set_of("device_vulnerabilities"), "then.missing"), 2);
	assert_int_equal(
	    rig_num(set_of("device_vulnerabilities"), "now.missing"), 0);
}

static void a_misspelt_field_is_named(void **state MST_UNUSED)
{
	begin();
	try_it(TEST("    mappings.devices.short_description.value: "
		    "field('computerDnsNam')\n"),
	       NULL, NULL);
	rig_status(&rig, 0);
	out_has("has a field 'computerDnsNam': is it spelled right?");
	try_it(
	    TEST("    mappings.devices.short_description.value: rbacGroupName"
		 "\n"
		 "    enrich_attributes: {override: true, value: "
		 "[os_version]}\n"),
	    NULL, NULL);
	rig_status(&rig, 0);
	out_lacks("is it spelled right?");
}

static void how_many_samples(void **state MST_UNUSED)
{
	static const char yaml[] =
	    TEST("    mappings.devices.short_description.value: "
		 "computerDnsName\n");
	struct mst_json s;

	begin();
	try_it(yaml, "--sample", "0");
	rig_status(&rig, 0);
	out_has("devices: 3 of 3 records differ");
	out_lacks("(none) ->");
	try_json(yaml);
	s = set_of("devices");
	assert_int_equal(mst_json_len(mst_json_get(s, "samples")), 3);
	try_it(yaml, "--sample", "1");
	out_has("(none) ->");
	try_it(yaml, "--sample", "5000");
	rig_status(&rig, 2);
	try_it(yaml, "--sample", "x");
	rig_status(&rig, 2);
	/* words that only go with it */
	rig_muster(&rig, "rules", "defender", "--sample", "1");
	rig_status(&rig, 2);
	rig_muster(&rig, "rules", "test", "defender");
	rig_status(&rig, 2);
}

static void as_json(void **state MST_UNUSED)
{
	begin();
	try_json(TEST("    mappings.devices.u_site.value: "
		      "upper(computerDnsName)\n"));
	out_has(
	    "{\"connection\":\"defender\",\"environment\":\"test\",\"job\":"
	    "\"main\",\"record_sets\":[{\"record_set\":\"devices\","
	    "\"records\":3,\"differ\":3,\"gained\":0,\"lost\":0,\"left\":0,"
	    "\"now\":{\"insert\":0,\"update\":0,\"missing\":0,"
	    "\"unchanged\":3,\"skipped\":0},\"then\":{\"insert\":0,"
	    "\"update\":3,\"missing\":0,\"unchanged\":0,\"skipped\":0},"
	    "\"proven\":true,\"why_not\":\"\",\"guard\":false,"
	    "\"columns\":[{\"column\":\"u_site\",\"rule\":"
	    "\"custom.devices.u_site\",\"records\":3}],\"samples\":[{"
	    "\"key\":\"a1\",\"group\":\"a1\",\"table\":\"cmdb_ci_computer\","
	    "\"before\":true,\"after\":true,\"left\":false,\"why\":\"\","
	    "\"fields\":[{\"column\":\"u_site\",\"before\":null,"
	    "\"rule_before\":null,\"after\":\"AMS-1.CORP.EXAMPLE.COM\","
	    "\"rule_after\":\"custom.devices.u_site\"}]}");
	out_has("\"fields\":[],\"limited\":[]}\n");
}

/* What the next run would not do, and what an expression could not. */
static void doubts_and_the_guard(void **state MST_UNUSED)
{
	static const char mac[] =
	    TEST("    filter_os: {override: true, value: [\"mac*\"]}\n");
	char *dir, *manifest;

	begin();
	dir = mst_asprintf("%s/saved-%u", rig.dir, rig.states_n);
	manifest = mst_asprintf("%s/manifest.json", dir);
	rig_apply(&rig, NULL, NULL, "    guard:\n      count: 1\n");
	try_it(mac, NULL, NULL);
	rig_status(&rig, 0);
	out_has("Devices: the guard would hold the 2 missing records back");
	out_lacks("not proven");
	rig_muster(&rig, "fetch", "defender", "--to", dir);
	rig_status(&rig, 0);
	assert_int_equal(unlink(manifest), 0);
	try_it(mac, "--from", dir);
	rig_status(&rig, 0);
	out_has("Devices: nothing would be marked missing, because the read is "
		"not proven complete: ");
	out_lacks("the guard");
	/* a name that the pattern goes over and over */
	rig_control(&rig, "POST", "/_sim/devices", "{\"devices\":[%s]}",
		    D("a4", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1", ""));
	try_it(TEST("    mappings.devices.short_description.value: "
		    "capture(computerDnsName, '^(a+)+$')\n"),
	       NULL, NULL);
	rig_status(&rig, 0);
	out_has("Some values of devices.short_description took more steps");
	free(dir);
	free(manifest);
}

/* ---- which files, which job ---------------------------------------------- */

/* "rules test defender -" */
static void with_input(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int keep = dup(STDIN_FILENO);

	assert_true(fd >= 0 && dup2(fd, STDIN_FILENO) >= 0);
	rig_muster(&rig, "rules", "test", "defender", "-");
	(void)close(fd);
	if (keep >= 0) {
		(void)dup2(keep, STDIN_FILENO);
		(void)close(keep);
	}
}

static void files(void **state MST_UNUSED)
{
	static const char words[] =
	    TEST("    mappings.devices.u_site.value: \"'x'\"\n");
	char *one, *two;

	begin();
	one = file("one.yaml", words);
	two = file("two.yaml", FOR("cmdb", "test",
				   "    create_models: {override: true, "
				   "value: no}\n"));
	rig_muster(&rig, "rules", "test", "defender", one, two);
	rig_status(&rig, 0);
	out_has("devices: 3 of 3 records differ");
	/* the same settings in both */
	rig_muster(&rig, "rules", "test", "defender", one, one);
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "stand in");
	/* none of this connection */
	rig_muster(&rig, "rules", "test", "cmdb", one);
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "holds no settings of 'cmdb'");
	with_input(one);
	rig_status(&rig, 0);
	out_has("devices: 3 of 3 records differ");
	free(one);
	free(two);
}

static void one_clear_error(void **state MST_UNUSED)
{
	static const struct {
		const char *yaml, *says;
	} rows[] = {
	    {TEST("    mappings.devices.u_site.value: uper(name)\n"),
	     "try.yaml:4:"},
	    {TEST("    mappings.devices.u_site.value: lower(\n"),
	     "try.yaml:4:"},
	    {TEST("    min_cvs: {override: true, value: 7}\n"),
	     "try.yaml:4:15: unknown setting \"min_cvs\" of \"defender\"; did "
	     "you mean \"min_cvss\"?"},
	    {TEST("    mappings.devices.u_nowhere.value: id\n"),
	     "the instance lacks column cmdb_ci_computer.u_nowhere"},
	    {FOR("defender", "prod",
		 "    min_cvss: {override: true, value: 7}\n"),
	     "no prod job has 'defender' as one of its ends"},
	    {"settings: [\n", "try.yaml:"},
	    {"", "try.yaml:1:1: the file is empty"},
	    {FOR("cmdb", "test",
		 "    create_models: {override: true, value: no}\n"),
	     "holds no settings of 'defender'"},
	};

	begin();
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		try_it(rows[i].yaml, NULL, NULL);
		rig_status(&rig, 1);
		rig_one_error(&rig);
		rig_says(&rig, rows[i].says);
		assert_string_equal(rig.out.p, "");
	}
	/* a connection of no job */
	rig_new_state(&rig);
	rig_apply_text(&rig, "connections:\n"
			     "  - name: defender\n"
			     "    type: endpoint\n"
			     "    read_from: /nowhere\n");
	try_it(TEST("    min_cvss: {override: true, value: 7}\n"), NULL, NULL);
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "no test job has 'defender' as one of its ends");
}

/* A second destination, for PROD, and a second job to the first. */
static void apply_more(void)
{
	char *yaml =
	    mst_asprintf("connections:\n"
			 "  - name: cmdb-prod\n"
			 "    type: servicenow\n"
			 "    environment: prod\n"
			 "    url: %s\n"
			 "    auth: basic\n"
			 "    username: %s\n"
			 "    password: env:MUSTER_SIM_PASSWORD\n"
			 "jobs:\n"
			 "  - name: few\n"
			 "    source: defender\n"
			 "    destination: cmdb\n"
			 "    record_sets: [devices]\n"
			 "  - name: live\n"
			 "    source: defender\n"
			 "    destination: cmdb-prod\n"
			 "    record_sets: [devices]\n",
			 RIG_HOST(&rig, MST_SIM_SERVICENOW), MST_SIM_USER);

	rig_apply_text(&rig, yaml);
	free(yaml);
}

static void jobs_and_environments(void **state MST_UNUSED)
{
	static const char both[] = TEST("    mappings.devices.u_site.value: "
					"\"'t'\"\n") "  - connection: "
						     "defender\n"
						     "    environment: prod\n"
						     "    "
						     "mappings.devices.u_site."
						     "value: \"'p'\"\n";
	static const char test[] =
	    TEST("    mappings.devices.u_site.value: \"'t'\"\n");

	begin();
	apply_more();
	try_it(both, "--job", "main");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "say --env test or --env prod");
	try_it(both, "--env", "prod");
	rig_status(&rig, 0);
	out_has("settings of defender for PROD:");
	out_has("-> p   [");
	out_has("the next run of job live would write");
	try_it(test, NULL, NULL);
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "say --job NAME");
	try_it(test, "--job", "few");
	rig_status(&rig, 0);
	out_has("-> t   [");
	out_lacks("software_installs");
	try_it(test, "--job", "main");
	rig_status(&rig, 0);
	out_has("software_installs");
	try_it(test, "--job", "live");
	rig_status(&rig, 1);
	rig_says(&rig, "no test job 'live' has 'defender'");
	try_it(test, "--env", "both");
	rig_status(&rig, 1);
}

/* ---- yesterday's estate -------------------------------------------------- */

static void a_saved_folder(void **state MST_UNUSED)
{
	static const char yaml[] =
	    TEST("    filter_tags_not: {override: true, value: [lab]}\n");
	char *dir;

	begin();
	dir = mst_asprintf("%s/saved-%u", rig.dir, rig.states_n);
	rig_muster(&rig, "fetch", "defender", "--to", dir);
	rig_status(&rig, 0);
	/* and then the source moves on: its tag is gone */
	rig_control(&rig, "POST", "/_sim/devices", "{\"devices\":[%s]}",
		    D("a1", "ams-1.corp.example.com", ""));
	try_json(yaml);
	counts("devices", 0, 0, 0);
	try_it(yaml, "--from", dir);
	rig_status(&rig, 0);
	out_has("  a1: not delivered any more: filter_tags\n");
	try_it(yaml, "--from", "/nowhere");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "/nowhere");
	/* without the source */
	rig_control(&rig, "POST", "/_sim/faults",
		    "{\"kind\":\"status_before\",\"host\":\"api\","
		    "\"status\":403}");
	try_it(yaml, "--from", dir);
	rig_status(&rig, 0);
	free(dir);
}

static int set_up(void **state MST_UNUSED)
{
	static const struct mst_sim_conf empty = {.empty = true};

	rig_start(&rig, &empty);
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
	    cmocka_unit_test(nothing_is_saved_or_written),
	    cmocka_unit_test(the_run_does_what_was_foretold),
	    cmocka_unit_test(records_by_field),
	    cmocka_unit_test(gained_and_lost),
	    cmocka_unit_test(a_misspelt_field_is_named),
	    cmocka_unit_test(how_many_samples),
	    cmocka_unit_test(as_json),
	    cmocka_unit_test(doubts_and_the_guard),
	    cmocka_unit_test(files),
	    cmocka_unit_test(one_clear_error),
	    cmocka_unit_test(jobs_and_environments),
	    cmocka_unit_test(a_saved_folder),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
