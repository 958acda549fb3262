/* SPDX-License-Identifier: Apache-2.0
 *
 * Custom mappings from end to end: what they send again, what names them, and
 * expressions that mean harm.
 */
#include "tests/e2e/sn_story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tell(const char *devices)
{
	rig_control(&rig, "POST", "/_sim/devices", "{\"devices\":[%s]}",
		    devices);
}

/* Applies mappings, lines below "mappings:". Returns the exit status. */
static int map(const char *lines)
{
	char *path = mst_asprintf("%s/map.yaml", rig.dir);
	char *yaml = mst_asprintf("settings:\n"
				  "  - connection: defender\n"
				  "    environment: test\n"
				  "    lookup:\n"
				  "      none: []\n"
				  "      sites: [\"PC=Paris\"]\n"
				  "    mappings:\n"
				  "%s",
				  lines);

	t_write(path, mst_slice_str(yaml));
	rig_muster(&rig, "apply", "-f", path, "--consent");
	free(yaml);
	free(path);
	return rig.status;
}

static void mapped(const char *lines)
{
	if (map(lines) != 0)
		fail_msg("%s: %s", lines, rig.err.p);
}

static void is(const char *query, size_t n)
{
	size_t have = rig_count(&rig, PC, query);

	if (have != n)
		fail_msg("%zu rows with %s, not %zu", have, query, n);
}

/* What a set would get by the plan, and gets. */
static void writes(const char *set, int64_t n)
{
	struct mst_json v;
	char key[80];

	rig_muster(&rig, "plan", "main", "--json");
	rig_status(&rig, n ? 7 : 0);
	v = rig_json(&rig);
	(void)snprintf(key, sizeof(key), "counts.%s.update", set);
	if (rig_num(v, key) != n)
		fail_msg("%s are %lld by the plan, not %lld", key,
			 (long long)rig_num(v, key), (long long)n);
	assert_int_equal(rig_sync(&rig, 0), n);
	rig_quiet(&rig);
}

/* ---- what is sent again -------------------------------------------------- */

static void exactly_what_changes(void **state MST_UNUSED)
{
	static const char *const modes[] = {"    write_mode: ire\n",
					    "    write_mode: table\n"};

	for (size_t i = 0; i < MST_LEN(modes); i++) {
		rig_fresh(&rig);
		rig_apply(&rig, NULL, modes[i], NULL);
		tell(D("a1", "PC-1", V("1") SOFT("tool", "1")));
		tell(D("a2", "PC-2", V("2") SOFT("tool", "2")));
		tell(D("a3", "PC-3", V("3")));
		(void)rig_sync(&rig, 0);
		mapped("      devices.os_version: if(eq(version, 2), 'two', "
		       "version)\n");
		writes("devices", 1);
		is("os_version=two", 1);
		mapped("      devices.os_version: if(ge(version, 2), 'old', "
		       "version)\n");
		writes("devices", 2);
		/* A column that is not written any more keeps what it has. */
		mapped("      devices.os_version:\n        drop: yes\n");
		(void)rig_sync(&rig, 0);
		rig_quiet(&rig);
		is("os_version=old", 2);
		mapped("      software_packages.version: concat('v', "
		       "softwareVersion)\n");
		(void)rig_sync(&rig, 0);
		is("os_version=2", 1);
		assert_int_equal(rig_count(&rig, PKG, "versionSTARTSWITHv"), 2);
		rig_quiet(&rig);
		rig_muster(&rig, "check", "main");
		rig_status(&rig, 0);
	}
}

static void plan_and_explain_name_it(void **state MST_UNUSED)
{
	rig_fresh(&rig);
	tell(D("a1", "PC-1", V("1")));
	(void)rig_sync(&rig, 0);
	mapped("      devices.os_version: concat('v', version)\n");
	rig_muster(&rig, "plan", "main");
	rig_status(&rig, 7);
	assert_non_null(strstr(rig.out.p, "1 -> v1"));
	rig_muster(&rig, "explain", "main", "pc-1");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "custom.devices.os_version"));
	rig_muster(&rig, "rules", "defender", "--env", "test");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "concat('v', version)"));
}

/* ---- columns that other rules look at ------------------------------------ */

/* Two devices that a mapping gives one name are one CI, like any two. */
static void one_name(void **state MST_UNUSED)
{
	rig_fresh(&rig);
	tell(D("a1", "PC-1", ""));
	tell(D("a2", "PC-2", ""));
	mapped("      devices.name: \"'SAME'\"\n");
	(void)rig_sync(&rig, 0);
	is("name=SAME", 1);
	is("", 1);
	rig_quiet(&rig);
	assert_int_equal(rig_num(rig.root, "record_sets.devices.skipped"), 1);
}

/* A device that goes is retired, whatever a mapping makes of its status. */
static void status_of_a_mapping(void **state MST_UNUSED)
{
	rig_fresh(&rig);
	tell(D("a1", "PC-1", ""));
	tell(D("a2", "PC-2", ""));
	mapped("      devices.install_status: \"'6'\"\n");
	(void)rig_sync(&rig, 0);
	is("install_status=6", 2);
	rig_control(&rig, "DELETE", "/_sim/devices", "{\"ids\":[\"a1\"]}");
	(void)rig_sync(&rig, 0);
	is("name=PC-1" RETIRED, 1);
	rig_quiet(&rig);
}

static void site_column(void)
{
	rig_control(&rig, "POST", "/_sim/sn/columns",
		    "{\"table\":\"cmdb_ci\",\"column\":\"u_site\"}");
}

/* Longer than the column, cut at a character; a list; nothing to say. */
static void values(void **state MST_UNUSED)
{
	rig_fresh(&rig);
	site_column();
	tell(D("a1", "PC-1", ",\"tags\":[\"b\",\"a\"]"));
	tell(D("a2", "NB-2", ""));
	mapped("      devices.u_site:\n"
	       "        value: lookup(sites, capture(computerDnsName, "
	       "'^(..)'))\n"
	       "        max: 4\n"
	       "      devices.short_description: join(',', machineTags)\n");
	(void)rig_sync(&rig, 0);
	is("name=PC-1^u_site=Pari^short_description=a,b", 1);
	is("name=NB-2^u_siteISEMPTY^short_descriptionISEMPTY", 1);
	rig_quiet(&rig);
	rig_muster(&rig, "check", "main");
	rig_status(&rig, 0);
}

/* ---- harm ---------------------------------------------------------------- */

static char *repeat(const char *part, size_t n, const char *end, size_t ends)
{
	struct mst_buf out = MST_BUF_INIT(4u << 20);

	(void)mst_buf_adds(&out, "      devices.os_version: ");
	while (n--)
		(void)mst_buf_adds(&out, part);
	(void)mst_buf_adds(&out, "'x'");
	while (ends--)
		(void)mst_buf_adds(&out, end);
	(void)mst_buf_adds(&out, "\n");
	(void)mst_buf_addc(&out, '\0');
	return mst_buf_steal(&out);
}

static void refused(const char *lines)
{
	if (map(lines) != 1)
		fail_msg("not refused: %.200s", lines);
	rig_one_error(&rig);
}

static void refused_free(char *lines)
{
	refused(lines);
	free(lines);
}

static void never_taken(void **state MST_UNUSED)
{
	static const char *const bad[] = {
	    "      devices.os_version: matches(version, '(')\n",
	    "      devices.os_version: capture(version, version)\n",
	    "      devices.os_version: lookup(nowhere, version)\n",
	    "      devices.os_version: \"'a\\0b'\"\n",
	    "      devices.os_version: '\xff\xfe'\n",
	    "      devices.os_version: number(version, 99)\n",
	    "      devices.os_version: date(lastSeen, '%Q')\n",
	    "      devices.os_version: substr(version)\n",
	    "      devices.os_version: \"\"\n",
	    "      devices.name:\n        drop: yes\n",
	    "      devices.sys_id: \"'x'\"\n",
	    "      devices.Nonsense: \"'x'\"\n",
	    "      device_vulnerabilities.u_key: \"'x'\"\n",
	    "      device_vulnerabilities.u_cmdb_ci: \"'x'\"\n",
	    "      device_vulnerabilities.u_cve:\n        drop: yes\n",
	    "      nothing.os: \"'x'\"\n",
	};

	rig_fresh(&rig);
	for (size_t i = 0; i < MST_LEN(bad); i++)
		refused(bad[i]);
	refused_free(repeat("lower(", 2000, ")", 2000));
	refused_free(repeat("concat(version, ", 100, ")", 100));
	refused_free(repeat("yyyyyyyyyyyyyyyy", 65536, "", 0));
	tell(D("a1", "PC-1", V("1")));
	(void)rig_sync(&rig, 0);
	is("os_version=1", 1);
}

/* They end, the run goes on, and a person hears of it. */
static void taken_and_bounded(void **state MST_UNUSED)
{
	char *long_name = mst_asprintf(D("a2", "%0200d", "") "", 0);

	for (char *p = strstr(long_name, "00"); p && *p == '0'; p++)
		*p = 'a';
	rig_fresh(&rig);
	tell(D("a1", "PC-1", V("1")));
	tell(long_name);
	free(long_name);
	mapped("      devices.os_version: if(matches(computerDnsName, "
	       "'^(a|aa)+$|^(a+)+b'), 'a', version)\n"
	       "      devices.short_description: replace(replace(replace("
	       "replace(computerDnsName, 'a', 'aaaaaaaaaaaaaaaa'), 'a', "
	       "'aaaaaaaaaaaaaaaa'), 'a', 'aaaaaaaaaaaaaaaa'), 'a', "
	       "'aaaaaaaaaaaaaaaa')\n"
	       "      devices.asset_tag: lookup(none, computerDnsName)\n");
	(void)rig_sync(&rig, 0);
	is("name=PC-1^os_version=1^short_description=PC-1^asset_tagISEMPTY", 1);
	is("", 2);
	rig_quiet(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(exactly_what_changes),
	    cmocka_unit_test(plan_and_explain_name_it),
	    cmocka_unit_test(one_name),
	    cmocka_unit_test(status_of_a_mapping),
	    cmocka_unit_test(values),
	    cmocka_unit_test(never_taken),
	    cmocka_unit_test(taken_and_bounded),
	};

	return cmocka_run_group_tests_name("mappings", tests, story_set_up,
					   story_tear_down);
}
