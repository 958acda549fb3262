/* SPDX-License-Identifier: Apache-2.0
 *
 * Every kind of fault, as a client sees it; which requests a fault hits.
 */
#include "sim_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/gunzip.h"
#include "base/time.h"

static struct fx fx;

#define LIST  "/api/machines?$top=10"
#define TABLE "/api/now/table/core_company"

static void fault(const char *json)
{
	fx_control(&fx, "DELETE", "/_sim/faults", NULL);
	fx_control(&fx, "POST", "/_sim/faults", json);
}

static size_t values(void)
{
	return mst_json_len(mst_json_get(fx_json(&fx), "value"));
}

static void statuses(void **state)
{
	(void)state;
	fault("{\"host\":\"api\",\"kind\":\"429\",\"retry_after\":7}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 429);
	assert_string_equal(fx_header(&fx, "Retry-After"), "7");
	fault("{\"kind\":\"429_bare\"}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 429);
	assert_string_equal(fx_header(&fx, "Retry-After"), "");
	for (int s = 500; s <= 504; s += s == 500 ? 2 : 1) {
		char json[80];

		snprintf(json, sizeof(json),
			 "{\"kind\":\"status_before\",\"status\":%d}", s);
		fault(json);
		assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), s);
	}
	fault("{\"kind\":\"expired_token\"}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 401);
	fault("{\"kind\":\"revoked\"}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 403);
	assert_non_null(strstr(fx.body.p, "\"Forbidden\""));
	fault("{\"kind\":\"false_404\"}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 404);
	fault("{\"kind\":\"expired_sas\"}");
	assert_int_equal(fx_get(&fx, MST_SIM_BLOB, "/x"), 403);
	assert_non_null(strstr(fx.body.p, "AuthenticationFailed"));
	fault("{\"kind\":\"skiptoken_death\",\"status\":404}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 200);
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST "&$skiptoken=x"), 404);
}

static void bodies(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;

	(void)state;
	fault("{\"kind\":\"truncated\"}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 200);
	assert_true(
	    mst_json_parse(fx.json, mst_buf_slice(&fx.body), &root, &err) < 0);
	assert_non_null(strstr(fx.body.p, "maximum execution time exceeded"));
	fault("{\"kind\":\"html\"}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 200);
	assert_non_null(strstr(fx.body.p, "<html>"));
	fault("{\"kind\":\"empty_body\"}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 200);
	assert_int_equal(fx.body.n, 0);
	fault("{\"kind\":\"odd_json\"}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 200);
	assert_int_equal(mst_json_type(fx_json(&fx)), MST_JSON_OBJECT);
	assert_int_equal(mst_json_type(mst_json_get(fx_json(&fx), "value")),
			 MST_JSON_NULL);
	fault("{\"kind\":\"empty_page\"}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 200);
	assert_int_equal(values(), 0);
	fault("{\"kind\":\"short_page\"}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 200);
	assert_int_equal(values(), 9);
	fault("{\"kind\":\"202\"}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 202);
}

static void repeats(void **state)
{
	char first[65];
	struct mst_json v;
	struct mst_json_iter it;

	(void)state;
	fault("{\"kind\":\"repeat_page\",\"nth\":2,\"count\":1}");
	fx_get(&fx, MST_SIM_API, LIST);
	it = mst_json_iter(mst_json_get(fx_json(&fx), "value"));
	assert_true(mst_json_next(&it, NULL, &v));
	snprintf(first, sizeof(first), "%.*s",
		 MST_SLICE_ARG(mst_json_str(mst_json_get(v, "id"))));
	fx_get(&fx, MST_SIM_API, LIST "&$skip=10");
	it = mst_json_iter(mst_json_get(fx_json(&fx), "value"));
	assert_true(mst_json_next(&it, NULL, &v));
	assert_true(mst_json_is_str(mst_json_get(v, "id"), first));
	fx_get(&fx, MST_SIM_API, LIST "&$skip=10");
	it = mst_json_iter(mst_json_get(fx_json(&fx), "value"));
	assert_true(mst_json_next(&it, NULL, &v));
	assert_false(mst_json_is_str(mst_json_get(v, "id"), first));
}

static void broken_connections(void **state)
{
	static const char *const kinds[] = {"drop_before", "drop_after",
					    "reset", "wrong_length"};

	(void)state;
	for (size_t i = 0; i < MST_LEN(kinds); i++) {
		char json[80];

		snprintf(json, sizeof(json), "{\"kind\":\"%s\",\"count\":1}",
			 kinds[i]);
		fault(json);
		assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 0);
		assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 200);
	}
	fault("{\"kind\":\"slow\",\"delay_ms\":1}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 200);
	assert_int_equal(values(), 10);
}

static uint64_t companies(void)
{
	fx_control(&fx, "DELETE", "/_sim/faults", NULL);
	fx_get(&fx, MST_SIM_SERVICENOW, TABLE "?sysparm_fields=sys_id");
	return mst_json_len(mst_json_get(fx_json(&fx), "result"));
}

/* Before the commit nothing is stored, after it it is. */
static void commits(void **state)
{
	char token[sizeof(fx.token)];
	uint64_t n;

	(void)state;
	memcpy(token, fx.token, sizeof(token));
	fx.token[0] = '\0';
	fx.basic = true;
	n = companies();
	assert_true(n > 0);
	fault("{\"host\":\"servicenow\",\"method\":\"POST\",\"kind\":"
	      "\"status_before\"}");
	fx_send(&fx, MST_SIM_SERVICENOW, "POST", TABLE, "{\"name\":\"A\"}",
		NULL);
	assert_int_equal(fx.status, 503);
	assert_int_equal(companies(), n);
	fault("{\"host\":\"servicenow\",\"kind\":\"202\"}");
	fx_send(&fx, MST_SIM_SERVICENOW, "POST", TABLE, "{\"name\":\"B\"}",
		NULL);
	assert_int_equal(fx.status, 202);
	assert_int_equal(companies(), n);
	fault("{\"host\":\"servicenow\",\"kind\":\"status_after\"}");
	fx_send(&fx, MST_SIM_SERVICENOW, "POST", TABLE, "{\"name\":\"C\"}",
		NULL);
	assert_int_equal(fx.status, 500);
	assert_int_equal(companies(), n + 1);
	fault("{\"host\":\"servicenow\",\"kind\":\"drop_after\"}");
	fx_send(&fx, MST_SIM_SERVICENOW, "POST", TABLE, "{\"name\":\"D\"}",
		NULL);
	assert_int_equal(fx.status, 0);
	assert_int_equal(companies(), n + 2);
	fx.basic = false;
	memcpy(fx.token, token, sizeof(token));
}

static int inflate_ok(void)
{
	struct mst_gunzip *g = mst_gunzip_new();
	struct mst_slice in = mst_buf_slice(&fx.body);
	struct mst_err err = MST_ERR_INIT;
	static char chunk[65536];
	size_t n = 0;
	int ok = 1;

	do {
		if (mst_gunzip_step(g, &in, chunk, sizeof(chunk), &n, &err) < 0)
			ok = 0;
	} while (ok && (in.n || n == sizeof(chunk)));
	ok = ok && mst_gunzip_whole(g);
	mst_gunzip_free(&g);
	return ok;
}

static void archives(void **state)
{
	static const char *const kinds[] = {"bad_gzip", "short_gzip"};
	char token[sizeof(fx.token)], url[1024];
	struct mst_json_iter it;
	struct mst_json v = {0};

	(void)state;
	fx_control(&fx, "DELETE", "/_sim/faults", NULL);
	fx_get(&fx, MST_SIM_API, "/api/machines/SoftwareInventoryExport");
	it = mst_json_iter(mst_json_get(fx_json(&fx), "exportFiles"));
	assert_true(mst_json_next(&it, NULL, &v));
	snprintf(url, sizeof(url), "%.*s", MST_SLICE_ARG(mst_json_str(v)));
	memcpy(token, fx.token, sizeof(token));
	fx.token[0] = '\0';
	fx_get(&fx, MST_SIM_BLOB, url);
	assert_true(inflate_ok());
	for (size_t i = 0; i < MST_LEN(kinds); i++) {
		char json[80];

		snprintf(json, sizeof(json), "{\"kind\":\"%s\"}", kinds[i]);
		fault(json);
		assert_int_equal(fx_get(&fx, MST_SIM_BLOB, url), 200);
		assert_false(inflate_ok());
	}
	fx_control(&fx, "DELETE", "/_sim/faults", NULL);
	fx_get(&fx, MST_SIM_BLOB, url);
	assert_true(inflate_ok()); /* the file itself is as it was */
	memcpy(fx.token, token, sizeof(token));
}

static void skew(void **state)
{
	int64_t off;

	(void)state;
	fault("{\"kind\":\"clock_skew\",\"skew_s\":7200}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 200);
	off = mst_time_retry_after(mst_slice_str(fx_header(&fx, "Date")),
				   mst_now_us());
	assert_in_range(off, 7100 * 1000, 7300 * 1000);
	fault("{\"kind\":\"202\",\"count\":1}");
	fx_get(&fx, MST_SIM_API, LIST);
}

/* nth, count, probability, host, method, path. */
static void aim(void **state)
{
	unsigned hits[2] = {0, 0};

	(void)state;
	fault("{\"kind\":\"false_404\",\"path\":\"/API/machines\",\"nth\":2,"
	      "\"count\":2,\"method\":\"GET\",\"host\":\"api\"}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, "/api/vulnerabilities"), 200);
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 200);
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 404);
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 404);
	assert_int_equal(fx_get(&fx, MST_SIM_API, LIST), 200);
	for (int round = 0; round < 2; round++) {
		fault("{\"kind\":\"429\",\"probability\":0.3,\"seed\":11}");
		for (int i = 0; i < 60; i++)
			hits[round] += fx_get(&fx, MST_SIM_API, LIST) == 429;
	}
	assert_int_equal(hits[0], hits[1]);
	assert_in_range(hits[0], 5, 35);
	mst_buf_reset(&fx.body);
	assert_int_equal(mst_sim_control(fx.sim, "POST", "/_sim/faults",
					 MST_SLICE_LIT("{\"kind\":\"?\"}"),
					 &fx.body),
			 400);
	fx_control(&fx, "DELETE", "/_sim/faults", NULL);
}

static int setup(void **state)
{
	struct mst_sim_conf conf = {.devices = 30, .cve_rows = 300};

	(void)state;
	fx_start(&fx, &conf);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fx_stop(&fx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(statuses), cmocka_unit_test(bodies),
	    cmocka_unit_test(repeats),	cmocka_unit_test(broken_connections),
	    cmocka_unit_test(commits),	cmocka_unit_test(archives),
	    cmocka_unit_test(skew),	cmocka_unit_test(aim),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
