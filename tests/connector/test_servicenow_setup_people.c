/* SPDX-License-Identifier: Apache-2.0
 *
 * The set-up checks of people and of what they are to applications, and the
 * record that is made when its type is missing.
 */
#include "setup_fake.h"

#include <stdio.h>
#include <string.h>

#include "sn_apps.h"

#define ROWS(rows) "{\"result\":[" rows "]}"
#define ID1	   "0123456789abcdef0123456789abcde1"
#define ID2	   "0123456789abcdef0123456789abcde2"
#define OWNS	   "{\"sys_id\":\"" ID1 "\",\"name\":\"Owns\"}"
#define BY_NAME	   "/table/cmdb_rel_user_type?sysparm_query=name"
#define ANY	   "/table/cmdb_rel_user_type?sysparm_query=ORDER"
#define PEOPLE	   "/table/sys_user?sysparm_query=ORDER"
#define FORBIDDEN                                                              \
	"{\"error\":{\"message\":\"User Not Authorized\",\"detail\":\"Failed " \
	"API level ACL Validation\"},\"status\":\"failure\"}"

static int setup_apps(void **state)
{
	int rc = setup(state);

	run.f->catalog = &t_apps_catalog;
	return rc;
}

/* Everything that a source of applications needs, and no more. */
static void test_all_is_well(void **state)
{
	static const char *const names[] = {
	    "instance",		"clock",	 "login",   "api.table",
	    "api.batch",	"api.ire",	 "release", "tables",
	    "discovery_source", "user_relation", "users",   "classes",
	    "identification",	"batch_quota",	 "writing", "rate_limits"};

	(void)state;
	begin(NULL, 0);
	assert_int_equal(run.found_n, MST_LEN(names));
	for (size_t i = 0; i < MST_LEN(names); i++) {
		assert_string_equal(run.found[i].name, names[i]);
		if (run.found[i].c.level != MST_CHECK_OK)
			fail_msg("%s: %s", names[i], run.found[i].c.text);
	}
	shows("user_relation", MST_CHECK_OK, "\"Uses\" is there", "");
	shows("users", MST_CHECK_OK, "looked up in sys_user", "");
	shows("classes", MST_CHECK_OK, "cmdb_ci_business_app", "");
	shows("tables", MST_CHECK_OK, "cmdb_rel_person", "");
	shows("writing", MST_CHECK_OK, "cmdb_rel_person", "");
	assert_null(strstr(run.log.p, "cmdb_ci_spkg"));
	assert_int_equal(run.checks->ops->fixes(run.checks, NULL, 0), 0);
	finish();
}

static const struct one {
	struct say say[2];
	const char *name;
	enum mst_check_level level;
	const char *text, *remedy;
	enum mst_code code;
	size_t fixes;
} all[] = {
    {{{"GET", BY_NAME, 200, ROWS("")}, {"GET", ANY, 200, ROWS(OWNS)}},
     "user_relation",
     MST_CHECK_FAILED,
     "no user relationship type \"Uses\"",
     "`muster connection setup cmdb` adds it",
     MST_E_UNSUPPORTED,
     1},
    {{{"GET", BY_NAME, 200, ROWS("")}, {"GET", ANY, 200, ROWS("")}},
     "user_relation",
     MST_CHECK_FAILED,
     "is not shown to the user",
     "let the user read cmdb_rel_user_type",
     MST_E_FORBIDDEN,
     0},
    {{{"GET", "cmdb_rel_user_type", 403, FORBIDDEN}},
     "user_relation",
     MST_CHECK_FAILED,
     "is not shown to the user: User Not Authorized",
     "let the user read cmdb_rel_user_type",
     MST_E_FORBIDDEN,
     0},
    {{{"GET", "cmdb_rel_user_type", 500, "{}"}},
     "user_relation",
     MST_CHECK_FAILED,
     "status 500",
     "later",
     MST_E_TRANSIENT,
     0},
    /* a dropped clause */
    {{{"GET", BY_NAME, 200, ROWS(OWNS)}},
     "user_relation",
     MST_CHECK_FAILED,
     "is not shown",
     "its column name",
     MST_E_FORBIDDEN,
     0},
    {{{"GET", BY_NAME, 200,
       ROWS("{\"sys_id\":\"" ID2 "\",\"name\":\"Uses\","
	    "\"sys_created_on\":\"2026-01-02 00:00:00\"},"
	    "{\"sys_id\":\"" ID1 "\",\"name\":\"Uses\","
	    "\"sys_created_on\":\"2026-01-01 00:00:00\"}")}},
     "user_relation",
     MST_CHECK_WARNING,
     "2 records of cmdb_rel_user_type are called \"Uses\"; " ID1 " is taken",
     "delete the others",
     0,
     0},
    {{{"GET", PEOPLE, 403, FORBIDDEN}},
     "users",
     MST_CHECK_FAILED,
     "sys_user cannot be read: User Not Authorized",
     "let the user read sys_user",
     MST_E_FORBIDDEN,
     0},
    {{{"GET", PEOPLE, 500, "{}"}},
     "users",
     MST_CHECK_FAILED,
     "sys_user cannot be read",
     "later",
     MST_E_TRANSIENT,
     0},
    {{{"GET", PEOPLE, 200,
       ROWS("{\"sys_id\":\"" ID1 "\",\"user_name\":\"a\"}")}},
     "users",
     MST_CHECK_FAILED,
     "not shown to the user: sys_user.active, sys_user.email; nobody",
     "let the user read these columns",
     MST_E_FORBIDDEN,
     0},
    {{{"GET", PEOPLE, 200, ROWS("")}},
     "users",
     MST_CHECK_WARNING,
     "no record of sys_user is shown",
     "let the user read sys_user",
     0,
     0},
};

static void test_each_level(void **state)
{
	(void)state;
	for (size_t i = 0; i < MST_LEN(all); i++) {
		const struct one *o = &all[i];
		const struct mst_check *c;

		begin(o->say, o->say[1].method ? 2 : 1);
		shows(o->name, o->level, o->text, o->remedy);
		c = check_of(o->name);
		if (o->code)
			assert_int_equal(c->code, o->code);
		assert_int_equal(run.checks->ops->fixes(run.checks, NULL, 0),
				 o->fixes);
		finish();
	}
}

/* Who only delivers applications needs neither. */
static void test_nobody_is_related(void **state)
{
	struct mst_catalog apps = t_apps_catalog;

	(void)state;
	apps.sets_n = apps.mappings_n = 1;
	run.f->catalog = &apps;
	begin(NULL, 0);
	assert_null(check_of("user_relation"));
	assert_null(check_of("users"));
	shows("classes", MST_CHECK_OK, "cmdb_ci_business_app", "");
	finish();
}

#define MISSING                                                                \
	{"GET", BY_NAME, 200, ROWS(""), .times = 1},                           \
	{                                                                      \
		"GET", ANY, 200, ROWS(OWNS)                                    \
	}

static void test_the_type_is_made(void **state)
{
	static const struct say says[] = {MISSING};
	struct mst_check_fix f[2];
	size_t before;

	(void)state;
	begin(says, MST_LEN(says));
	assert_int_equal(run.checks->ops->fixes(run.checks, f, 2), 1);
	assert_string_equal(f[0].check, "user_relation");
	assert_string_equal(f[0].table, "cmdb_rel_user_type");
	before = run.found_n;
	t_ok(run.checks->ops->fix(run.checks, 0, &run.f->err), &run.f->err);
	pump();
	assert_string_equal(run.fixed,
			    "{\"name\":\"Uses\",\"parent_descriptor\":"
			    "\"Used by\",\"child_descriptor\":\"Uses\"}");
	assert_false(run.choice_added);
	assert_int_equal(run.found_n, before + 1);
	shows("user_relation", MST_CHECK_OK, "\"Uses\" is there", "");
	assert_int_equal(run.checks->ops->fixes(run.checks, NULL, 0), 0);
	finish();
}

/* One after the other, by the numbers that were shown. */
static void test_two_records_are_made(void **state)
{
	static const struct say says[] = {
	    MISSING,
	    {"GET", "name=cmdb_ci^", 200,
	     ROWS("{\"element\":\"discovery_source\",\"value\":\"other\","
		  "\"inactive\":\"false\"}"),
	     .times = 1},
	    {"POST", "queryEnhanced", 200,
	     "{\"result\":{\"items\":[{\"sysId\":\"Unknown\",\"inputIndices\":"
	     "[0],\"errors\":[{\"error\":\"INVALID_INPUT_DATA\",\"message\":"
	     "\"In payload invalid data source [muster] exist.\"}]}]}}",
	     .times = 1},
	};
	struct mst_check_fix f[2];

	(void)state;
	begin(says, MST_LEN(says));
	assert_int_equal(run.checks->ops->fixes(run.checks, f, 2), 2);
	assert_string_equal(f[0].check, "discovery_source");
	assert_string_equal(f[1].check, "user_relation");
	t_ok(run.checks->ops->fix(run.checks, 0, &run.f->err), &run.f->err);
	pump();
	assert_true(run.choice_added);
	shows("discovery_source", MST_CHECK_OK, "is taken by IRE", "");
	shows("user_relation", MST_CHECK_FAILED, "no user relationship", "");
	t_ok(run.checks->ops->fix(run.checks, 1, &run.f->err), &run.f->err);
	pump();
	assert_non_null(strstr(run.fixed, "parent_descriptor"));
	shows("user_relation", MST_CHECK_OK, "is there", "");
	t_failed(run.checks->ops->fix(run.checks, 1, &run.f->err), &run.f->err,
		 MST_E_NOTFOUND, "no such fix");
	finish();
}

static void test_the_type_cannot_be_made(void **state)
{
	static const struct say says[] = {
	    {"GET", BY_NAME, 200, ROWS("")},
	    {"GET", ANY, 200, ROWS(OWNS)},
	    {"POST", "cmdb_rel_user_type", 403,
	     "{\"error\":{\"message\":\"Operation Failed\",\"detail\":\"ACL "
	     "Exception Insert Failed due to security constraints\"}}"},
	};

	(void)state;
	fake_setting(run.f, "user_relation_type", "Is a user of");
	begin(says, MST_LEN(says));
	t_ok(run.checks->ops->fix(run.checks, 0, &run.f->err), &run.f->err);
	pump();
	assert_string_equal(run.fixed, "{\"name\":\"Is a user of\",\"parent_"
				       "descriptor\":\"Is a user of\",\"child_"
				       "descriptor\":\"Is a user of\"}");
	shows("user_relation", MST_CHECK_FAILED,
	      "\"Is a user of\" could not be added: Operation Failed",
	      "--admin USER --admin-password");
	assert_int_equal(run.checks->ops->fixes(run.checks, NULL, 0), 1);
	finish();
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup_apps, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_all_is_well),	  T(test_each_level),
	    T(test_nobody_is_related),	  T(test_the_type_is_made),
	    T(test_two_records_are_made), T(test_the_type_cannot_be_made),
	};

	return cmocka_run_group_tests_name("servicenow setup of people", tests,
					   NULL, NULL);
}
