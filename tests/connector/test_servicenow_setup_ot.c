/* SPDX-License-Identifier: Apache-2.0
 *
 * The set-up checks of a source of sensors and devices: tables that an instance
 * may lack, classes with more general ones behind them, types of relations
 * between CIs and the records that are made when they are missing.
 */
#include "setup_fake.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/ot_catalog.h"

#define ROWS(rows) "{\"result\":[" rows "]}"
#define ID1	   "0123456789abcdef0123456789abcde1"
#define RUNS	   "{\"sys_id\":\"" ID1 "\",\"name\":\"Runs on::Runs\"}"
#define OWNS	   "{\"sys_id\":\"" ID1 "\",\"name\":\"Owns::Owned by\"}"
#define BY_NAME	   "/table/cmdb_rel_type?sysparm_query=nameINOwns"
#define DETECTS	   "/table/cmdb_rel_type?sysparm_query=nameINDetects"
#define ANY	   "/table/cmdb_rel_type?sysparm_query=ORDER"
#define INVALID(t)                                                             \
	"{\"error\":{\"message\":\"Invalid table " t                           \
	"\",\"detail\":null},\"status\":\"failure\"}"

static int setup_ot(void **state)
{
	int rc = setup(state);

	run.f->catalog = &t_ot_catalog;
	return rc;
}

static void test_all_is_well(void **state)
{
	static const char *const names[] = {
	    "instance",	   "clock",	 "login",	   "api.table",
	    "api.batch",   "api.ire",	 "release",	   "tables",
	    "columns",	   "update_set", "choices",	   "discovery_source",
	    "ci_relation", "classes",	 "identification", "batch_quota",
	    "writing",	   "rate_limits"};

	(void)state;
	begin(NULL, 0);
	assert_int_equal(run.found_n, MST_LEN(names));
	for (size_t i = 0; i < MST_LEN(names); i++) {
		assert_string_equal(run.found[i].name, names[i]);
		/* the test's catalogue writes few of the columns */
		if (run.found[i].c.level != MST_CHECK_OK)
			fail_msg("%s: %s", names[i], run.found[i].c.text);
	}
	shows("ci_relation", MST_CHECK_OK,
	      "\"Owns::Owned by\", \"Detects::Detected by\" are there", "");
	/* no set of another source is asked for */
	assert_null(strstr(run.log.p, "u_muster_cve"));
	assert_int_equal(run.checks->ops->fixes(run.checks, NULL, 0), 0);
	finish();
}

static const struct one {
	struct say say[2];
	const char *name;
	enum mst_check_level level;
	const char *text, *remedy;
	size_t fixes;
} all[] = {
    {{{"GET", "/table/u_muster_ot_device?", 400,
       INVALID("u_muster_ot_device")}},
     "tables",
     MST_CHECK_FAILED,
     "the instance lacks u_muster_ot_device (device_rows of job nightly)",
     "`muster update-set muster-ot --out FILE`, then",
     0},
    {{{"GET", "/table/cmdb_ot_entity?", 400, INVALID("cmdb_ot_entity")}},
     "tables",
     MST_CHECK_WARNING,
     "the instance lacks cmdb_ot_entity (entities of job nightly): such "
     "records are left out",
     "activate the plug-in",
     0},
    {{{"GET", "/cmdb/meta/cmdb_ci_ot", 404, "{}"}},
     "classes",
     MST_CHECK_WARNING,
     "the instance lacks cmdb_ci_ot_plc, cmdb_ci_ot: such devices get a more "
     "general class",
     "CMDB CI Class Models",
     0},
    {{{"GET", "/cmdb/meta/cmdb_ci_nids", 404, "{}"}},
     "classes",
     MST_CHECK_WARNING,
     "the instance lacks cmdb_ci_nids: such devices get a more general class",
     "CMDB CI Class Models",
     0},
    {{{"GET", BY_NAME, 200, ROWS("")}, {"GET", ANY, 200, ROWS(RUNS)}},
     "ci_relation",
     MST_CHECK_FAILED,
     "no relation type \"Owns::Owned by\"",
     "`muster connection setup cmdb` adds it",
     1},
    {{{"GET", DETECTS, 200, ROWS("")}, {"GET", ANY, 200, ROWS(RUNS)}},
     "ci_relation",
     MST_CHECK_FAILED,
     "no relation type \"Detects::Detected by\"",
     "adds it",
     1},
    {{{"GET", BY_NAME, 200, ROWS("")}, {"GET", ANY, 200, ROWS("")}},
     "ci_relation",
     MST_CHECK_FAILED,
     "cmdb_rel_type is not shown to the user",
     "let the user read cmdb_rel_type",
     0},
    {{{"GET", BY_NAME, 200, ROWS(OWNS "," OWNS)}},
     "ci_relation",
     MST_CHECK_WARNING,
     "2 records of cmdb_rel_type are called \"Owns::Owned by\"",
     "delete the others",
     0},
};

static void test_each_level(void **state)
{
	(void)state;
	for (size_t i = 0; i < MST_LEN(all); i++) {
		begin(all[i].say, all[i].say[1].part ? 2 : 1);
		shows(all[i].name, all[i].level, all[i].text, all[i].remedy);
		assert_int_equal(run.checks->ops->fixes(run.checks, NULL, 0),
				 all[i].fixes);
		finish();
		run.f->catalog = &t_ot_catalog;
	}
}

static void test_the_type_is_made(void **state)
{
	static const struct say says[] = {
	    {"GET", BY_NAME, 200, ROWS(""), .times = 1},
	    {"GET", ANY, 200, ROWS(RUNS)},
	};
	struct mst_check_fix fix;

	(void)state;
	begin(says, MST_LEN(says));
	assert_int_equal(run.checks->ops->fixes(run.checks, &fix, 1), 1);
	assert_string_equal(fix.table, "cmdb_rel_type");
	assert_string_equal(fix.check, "ci_relation");
	t_ok(run.checks->ops->fix(run.checks, 0, &run.f->err), &run.f->err);
	pump();
	assert_string_equal(run.fixed, "{\"name\":\"Owns::Owned by\","
				       "\"parent_descriptor\":\"Owns\","
				       "\"child_descriptor\":\"Owned by\"}");
	shows("ci_relation", MST_CHECK_OK, "are there", "");
	finish();
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup_ot, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_all_is_well),
	    T(test_each_level),
	    T(test_the_type_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
