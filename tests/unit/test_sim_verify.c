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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
