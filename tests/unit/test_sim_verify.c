/* SPDX-License-Identifier: Apache-2.0
 *
 * The comparison finds what is missing, wrong, doubled and extra in the
 * simulated ServiceNow, and nothing where all is right.
 */
#include "sim_fixture.h"

#include <stdio.h>

#include "sim/verify.h"

static struct fx fx;

static uint64_t verify(struct mst_buf *report)
{
	struct mst_err err = MST_ERR_INIT;
	uint64_t n = UINT64_MAX;

	mst_buf_reset(report);
	t_ok(sim_verify(fx.sim, report, &n, &err), &err);
	return n;
}

static void post(const char *table, const char *json)
{
	char path[128];

	snprintf(path, sizeof(path), "/api/now/table/%s", table);
	fx_send(&fx, MST_SIM_SERVICENOW, "POST", path, json, NULL);
	assert_int_equal(fx.status, 201);
}

static void finds(void **state)
{
	static const char cve[] =
	    "{\"u_cve_id\":\"CVE-2020-1111\",\"u_name\":\"CVE-2020-1111\","
	    "\"u_severity\":\"high\",\"u_cvss_score\":\"%s\"}";
	struct mst_sim_conf conf = {.empty = true};
	struct mst_buf report;
	char body[256];
	uint64_t all;

	(void)state;
	mst_buf_init(&report, 1u << 20);
	fx_start(&fx, &conf);
	fx.token[0] = '\0';
	fx.basic = true;
	assert_int_equal(verify(&report), 0);
	fx_control(&fx, "POST", "/_sim/devices",
		   "{\"devices\":[{\"id\":\"d1\",\"name\":\"pc\","
		   "\"software\":[{\"vendor\":\"acme\",\"name\":\"tool\","
		   "\"version\":\"1\",\"cves\":[{\"id\":\"CVE-2020-1111\","
		   "\"cvss\":7,\"severity\":\"High\"}]}]}]}");
	fx_control(&fx, "POST", "/_sim/synced", NULL);
	/* company, CI, package, CVE, instance, installation */
	all = verify(&report);
	assert_int_equal(all, 6);
	assert_non_null(strstr(report.p, "missing: u_muster_cve \"CVE-2020-"));
	snprintf(body, sizeof(body), cve, "7.0");
	post("u_muster_cve", body);
	assert_int_equal(verify(&report), all - 1);
	post("core_company", "{\"name\":\"ACME Inc.\"}");
	assert_int_equal(verify(&report), all - 2);
	post("core_company", "{\"name\":\"acme\"}");
	assert_int_equal(verify(&report), all - 1);
	assert_non_null(strstr(report.p, "double: core_company"));
	post("u_muster_cve", "{\"u_cve_id\":\"CVE-1\"}");
	assert_int_equal(verify(&report), all);
	assert_non_null(strstr(report.p, "extra: u_muster_cve \"CVE-1\""));
	post("cmdb_ci_computer",
	     "{\"name\":\"PC\",\"os\":\"Windows 10\",\"last_discovered\":"
	     "\"2026-11-09 00:00:00\"}");
	assert_true(verify(&report) > all);
	assert_non_null(strstr(report.p, "os is \"Windows 10\", should be "
					 "\"Windows 11\""));
	fx_stop(&fx);
	mst_buf_fini(&report);
}

/* sys_id of the record that a request has answered with. */
static const char *made(void)
{
	static char id[40];
	struct mst_json r = mst_json_get(fx_json(&fx), "result");

	(void)snprintf(id, sizeof(id), "%.*s",
		       MST_SLICE_ARG(mst_json_str(mst_json_get(r, "sys_id"))));
	return id;
}

static const char *first(const char *table, const char *query)
{
	static char id[40];
	char path[256];
	struct mst_json_iter it;
	struct mst_json row;

	(void)snprintf(path, sizeof(path),
		       "/api/now/table/%s?sysparm_query=%s&sysparm_limit=1",
		       table, query);
	assert_int_equal(fx_get(&fx, MST_SIM_SERVICENOW, path), 200);
	it = mst_json_iter(mst_json_get(fx_json(&fx), "result"));
	assert_true(mst_json_next(&it, NULL, &row));
	(void)snprintf(
	    id, sizeof(id), "%.*s",
	    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "sys_id"))));
	return id;
}

static void relate(const char *app, const char *user, const char *type)
{
	char body[256];

	(void)snprintf(body, sizeof(body),
		       "{\"ci\":\"%s\",\"user\":\"%s\",\"type\":\"%s\"}", app,
		       user, type);
	post("cmdb_rel_person", body);
}

/* Business applications and who uses them. */
static void finds_apps(void **state)
{
	struct mst_sim_conf conf = {.empty = true};
	char app[40], user[40], uses[40], owns[40];
	struct mst_buf report;

	(void)state;
	mst_buf_init(&report, 1u << 20);
	fx_start(&fx, &conf);
	fx.token[0] = '\0';
	fx.basic = true;
	fx_control(&fx, "POST", "/_sim/truth",
		   "{\"cloudapps\":{\"allow_user_synchronization\":true}}");
	fx_control(
	    &fx, "POST", "/_sim/apps",
	    "{\"apps\":[{\"id\":\"1\",\"name\":\"Box\",\"score\":3,"
	    "\"users\":[\"KIM.example@example.com\",\"no@x.example\"]}]}");
	/* the other source's sync says nothing of apps */
	fx_control(&fx, "POST", "/_sim/synced", NULL);
	assert_int_equal(verify(&report), 0);
	fx_control(&fx, "POST", "/_sim/synced", "{\"source\":\"cloudapps\"}");
	assert_int_equal(verify(&report), 2);
	assert_non_null(
	    strstr(report.p, "missing: cmdb_ci_business_app \"box\""));
	post("cmdb_ci_business_app",
	     "{\"name\":\"Box\",\"active_user_count\":2,\"attributes\":"
	     "\"riskScore: 3\",\"correlation_id\":\"1\",\"discovery_source\":"
	     "\"muster\",\"last_discovered\":\"2026-11-09 00:00:00\"}");
	(void)snprintf(app, sizeof(app), "%s", made());
	assert_int_equal(verify(&report), 1);
	(void)snprintf(user, sizeof(user), "%s",
		       first("sys_user", "user_name=kim.example"));
	(void)snprintf(uses, sizeof(uses), "%s",
		       first("cmdb_rel_user_type", "name=Uses"));
	(void)snprintf(owns, sizeof(owns), "%s",
		       first("cmdb_rel_user_type", "name=Owns"));
	relate(app, user, uses);
	if (verify(&report) != 0)
		fail_msg("%s", report.p);
	relate(app, user, uses);
	assert_int_equal(verify(&report), 1);
	assert_non_null(strstr(report.p, "double: cmdb_rel_person"));
	relate(app, user, owns);
	assert_int_equal(verify(&report), 2);
	assert_non_null(strstr(report.p, "extra: cmdb_rel_person"));
	mst_buf_reset(&report);
	assert_int_equal(mst_sim_control(fx.sim, "GET", "/_sim/expected",
					 mst_slice(NULL, 0), &report),
			 200);
	assert_non_null(strstr(report.p, "\"type.name\":\"Uses\""));
	fx_stop(&fx);
	mst_buf_fini(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds),
	    cmocka_unit_test(finds_apps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
