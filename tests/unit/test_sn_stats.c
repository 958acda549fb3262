/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated Aggregate API: counts, groups, who may count.
 */
#include "sn_fixture.h"

#include <stdio.h>

#define S "/api/now/stats/"

static const char *some(const char *name, const char *os)
{
	char body[200];

	(void)snprintf(body, sizeof(body), "{\"name\":\"%s\",\"os\":\"%s\"}",
		       name, os);
	return make("cmdb_ci_computer", body);
}

static void test_counts(void **state MST_UNUSED)
{
	assert_int_equal(
	    ask("GET", S "cmdb_ci_computer?sysparm_count=true", NULL), 200);
	assert_string_equal(at("result.stats.count"), "0");
	some("a", "x");
	some("b", "y");
	some("c", "y");
	ask("GET", S "cmdb_ci_computer?sysparm_count=true", NULL);
	assert_string_equal(at("result.stats.count"), "3");
	/* a class above counts those below, also by the version's address */
	ask("GET", "/api/now/v1/stats/cmdb_ci?sysparm_count=true", NULL);
	assert_string_equal(at("result.stats.count"), "3");
	ask("GET", S "cmdb_ci_computer?sysparm_count=true&sysparm_query=os=y",
	    NULL);
	assert_string_equal(at("result.stats.count"), "2");
	/* an invalid clause is dropped here too */
	ask("GET", S "cmdb_ci_computer?sysparm_count=true&sysparm_query=oss=y",
	    NULL);
	assert_string_equal(at("result.stats.count"), "3");
	ask("GET", S "cmdb_ci_computer", NULL); /* nothing was asked for */
	assert_int_equal(mst_json_type(json_at("result")), MST_JSON_NULL);
}

static void test_groups(void **state MST_UNUSED)
{
	char body[200];

	some("a", "x");
	some("b", "y");
	some("c", "y");
	(void)snprintf(body, sizeof(body),
		       "{\"name\":\"d\",\"os\":\"y\",\"manufacturer\":\"%s\"}",
		       make("core_company", "{\"name\":\"Contoso\"}"));
	make("cmdb_ci_computer", body);
	ask("GET", S "cmdb_ci_computer?sysparm_count=true&sysparm_group_by=os",
	    NULL);
	assert_int_equal(count_at("result"), 2);
	assert_string_equal(at("result.0.groupby_fields.0.field"), "os");
	assert_string_equal(at("result.0.groupby_fields.0.value"), "x");
	assert_string_equal(at("result.0.stats.count"), "1");
	assert_string_equal(at("result.1.stats.count"), "3");
	ask("GET",
	    S "cmdb_ci_computer?sysparm_count=true&sysparm_group_by=os,"
	      "manufacturer.name,nonsense",
	    NULL);
	assert_int_equal(count_at("result"), 3);
	assert_int_equal(count_at("result.2.groupby_fields"), 2);
	assert_string_equal(at("result.2.groupby_fields.1.value"), "Contoso");
	ask("GET",
	    S "cmdb_ci_computer?sysparm_count=true&sysparm_group_by=os&"
	      "sysparm_query=os=z",
	    NULL);
	assert_int_equal(count_at("result"), 0);
}

static void test_rights(void **state MST_UNUSED)
{
	char body[100];

	assert_int_equal(ask("GET", S "no_table?sysparm_count=true", NULL),
			 400);
	assert_int_equal(ask("POST", S "cmdb_ci?sysparm_count=true", "{}"),
			 400);
	control("POST", "/_sim/sn/roles",
		"{\"user\":\"muster.integration\",\"roles\":[\"itil\"]}");
	assert_int_equal(ask("GET", S "u_muster_cve?sysparm_count=true", NULL),
			 403);
	control("POST", "/_sim/sn/roles",
		"{\"user\":\"muster.integration\",\"roles\":[\"itil\","
		"\"asset\"]}");
	/* rules of rows do not take part, unless the release goes by them */
	some("a", "x");
	(void)snprintf(body, sizeof(body),
		       "{\"sys_id\":\"%s\",\"hidden\":true}", some("b", "x"));
	control("POST", "/_sim/sn/hide", body);
	ask("GET", S "cmdb_ci_computer?sysparm_count=true", NULL);
	assert_string_equal(at("result.stats.count"), "2");
	control("POST", "/_sim/sn/options", "{\"stats_row_rules\":true}");
	assert_int_equal(
	    ask("GET", S "cmdb_ci_computer?sysparm_count=true", NULL), 403);
	sn_auth_header = BASIC_ADMIN;
	assert_int_equal(
	    ask("GET", S "cmdb_ci_computer?sysparm_count=true", NULL), 200);
	sn_auth_header = BASIC_MUSTER;
	control("POST", "/_sim/sn/options",
		"{\"stats_row_rules\":false,\"stats\":false}");
	assert_int_equal(
	    ask("GET", S "cmdb_ci_computer?sysparm_count=true", NULL), 403);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, sn_up, sn_down)
	const struct CMUnitTest tests[] = {
	    T(test_counts),
	    T(test_groups),
	    T(test_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
