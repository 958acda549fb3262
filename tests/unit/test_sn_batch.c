/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated Batch API.
 */
#include "tests/unit/sn_fixture.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/b64.h"

#define T "/api/now/table/"

static struct mst_buf batch;

static void begin(void)
{
	mst_buf_init(&batch, 64u << 20);
	mst_buf_adds(&batch,
		     "{\"batch_request_id\":\"b1\",\"rest_requests\":[");
}

static void add(const char *id, const char *method, const char *url,
		const char *body, const char *more)
{
	if (batch.p[batch.n - 1] != '[')
		mst_buf_addc(&batch, ',');
	mst_buf_addf(&batch,
		     "{\"id\":\"%s\",\"method\":\"%s\",\"url\":\"%s\","
		     "\"headers\":[{\"name\":\"Accept\",\"value\":"
		     "\"application/json\"},{\"name\":\"Content-Type\","
		     "\"value\":\"application/json\"}%s]",
		     id, method, url, more);
	if (body) {
		mst_buf_adds(&batch, ",\"body\":\"");
		mst_b64_add(&batch, mst_slice_str(body));
		mst_buf_adds(&batch, "\"");
	}
	mst_buf_addc(&batch, '}');
}

static int send_batch(void)
{
	mst_buf_adds(&batch, "]}");
	ask("POST", "/api/now/v1/batch", batch.p);
	mst_buf_fini(&batch);
	return sn_status;
}

/* The decoded body of the i-th answer. */
static const char *body_of(int i)
{
	static char text[20000];
	struct mst_buf b = MST_BUF_INIT(1u << 20);
	char path[64];

	snprintf(path, sizeof(path), "serviced_requests.%d.body", i);
	assert_true(mst_b64_decode(&b, mst_json_str(json_at(path))));
	snprintf(text, sizeof(text), "%s", b.n ? b.p : "");
	mst_buf_fini(&b);
	return text;
}

static int64_t status_of(int i)
{
	char path[64];
	int64_t v = 0;

	snprintf(path, sizeof(path), "serviced_requests.%d.status_code", i);
	assert_true(mst_json_i64(json_at(path), &v));
	return v;
}

static void test_mixed(void **state)
{
	begin();
	add("1", "POST", T "core_company", "{\"name\":\"Contoso\"}", "");
	add("2", "GET", T "core_company?sysparm_query=name%3DContoso", NULL,
	    "");
	add("3", "GET", T "no_table", NULL, "");
	add("4", "PATCH", T "core_company/0123", "{}", "");
	add("5", "POST", T "core_company", "{\"name\":\"Fabrikam\"}",
	    ",{\"name\":\"X-no-response-body\",\"value\":\"true\"}");
	add("6", "POST", "/api/now/v1/batch", "{}", "");
	add("7", "POST", T "core_company", "{\"name\":", "");
	add("8", "POST",
	    "/api/now/identifyreconcile/enhanced?sysparm_data_source=muster",
	    "{\"items\":[{\"className\":\"cmdb_ci_computer\",\"values\":{"
	    "\"name\":\"pc\"}}]}",
	    "");
	assert_int_equal(send_batch(), 200);
	assert_string_equal(at("batch_request_id"), "b1");
	assert_int_equal(count_at("serviced_requests"), 8);
	assert_int_equal(count_at("unserviced_requests"), 0);
	assert_string_equal(at("serviced_requests.0.id"), "1");
	assert_int_equal(status_of(0), 201);
	assert_string_equal(at("serviced_requests.0.status_text"), "Created");
	assert_non_null(strstr(body_of(0), "\"name\":\"Contoso\""));
	assert_non_null(strstr(body_of(1), "\"name\":\"Contoso\""));
	assert_int_equal(status_of(2), 400);
	assert_int_equal(status_of(3), 404);
	assert_int_equal(status_of(4), 201);
	assert_string_equal(body_of(4), "");
	assert_int_equal(status_of(5), 400);
	assert_int_equal(status_of(6), 400);
	assert_int_equal(status_of(7), 200);
	assert_non_null(strstr(body_of(7), "\"operation\":\"INSERT\""));
	(void)state;
}

static void test_quota(void **state)
{
	control("POST", "/_sim/sn/batch",
		"{\"quota_ms\":1000,\"cost_ms\":{\"POST\":300}}");
	begin();
	for (int i = 0; i < 10; i++) {
		char id[16], body[64];

		snprintf(id, sizeof(id), "%d", i);
		snprintf(body, sizeof(body), "{\"name\":\"c%d\"}", i);
		add(id, "POST", T "core_company", body, "");
	}
	send_batch();
	/* the one that was under way ends; the others do not start */
	assert_int_equal(count_at("serviced_requests"), 4);
	assert_int_equal(count_at("unserviced_requests"), 6);
	assert_string_equal(at("unserviced_requests.0"), "4");
	ask("GET", T "core_company?sysparm_query=nameSTARTSWITHc", NULL);
	assert_int_equal(count_at("result"), 4);
	(void)state;
}

/* Without a word from a test, the record that an administrator keeps counts. */
static void test_quota_of_the_record(void **state)
{
	char url[128], body[64];

	control("POST", "/_sim/sn/batch", "{\"cost_ms\":{\"POST\":9000}}");
	for (int round = 0; round < 2; round++) {
		begin();
		for (int i = 0; i < 8; i++) {
			char id[16];

			snprintf(id, sizeof(id), "%d", i);
			snprintf(body, sizeof(body), "{\"name\":\"r%d-%d\"}",
				 round, i);
			add(id, "POST", T "core_company", body, "");
		}
		send_batch();
		/* 30 s, then 60 s: the one under way ends */
		assert_int_equal(count_at("serviced_requests"), round ? 7 : 4);
		ask("GET",
		    T "sysrule_quota?sysparm_query="
		      "name=REST%20Batch%20API%20request%20timeout",
		    NULL);
		assert_string_equal(at("result.0.maximum_duration"),
				    round ? "60" : "30");
		snprintf(url, sizeof(url), "/_sim/sn/rows/%s",
			 at("result.0.sys_id"));
		control("PATCH", url, "{\"maximum_duration\":\"60\"}");
	}
	(void)state;
}

static void test_outer(void **state)
{
	assert_int_equal(ask("POST", "/api/now/batch", "{}"), 400);
	assert_int_equal(ask("GET", "/api/now/v1/batch", NULL), 405);
	assert_int_equal(ask("POST", "/api/now/v1/batch", "{}"), 400);
	assert_int_equal(ask("POST", "/api/now/v1/batch", "{"), 400);
	(void)state;
}

static void test_speed(void **state)
{
	char cve[40], ci[40], body[2000], id[16];
	clock_t spent = 0;
	int n = 20000;

	snprintf(cve, sizeof(cve), "%s",
		 make("u_muster_cve", "{\"u_cve_id\":\"CVE-2024-1\"}"));
	snprintf(ci, sizeof(ci), "%s",
		 make("cmdb_ci_computer", "{\"name\":\"pc\"}"));
	control("POST", "/_sim/sn/batch", "{\"cost_ms\":{\"POST\":0}}");
	for (int i = 0; i < n;) {
		clock_t t;

		begin();
		for (int k = 0; k < 500; k++, i++) {
			snprintf(body, sizeof(body),
				 "{\"u_key\":\"%032x\",\"u_cve\":\"%s\","
				 "\"u_cmdb_ci\":\"%s\",\"u_status\":"
				 "\"unresolved\",\"u_severity\":\"high\","
				 "\"u_cvss_score\":\"7.5\","
				 "\"u_software_name\":\"windows_11\","
				 "\"u_software_vendor\":\"microsoft\","
				 "\"u_software_version\":\"10.0.22631.4317\","
				 "\"u_first_seen\":\"2026-10-01 10:00:00\","
				 "\"u_last_seen\":\"2026-11-01 10:00:00\"}",
				 i, cve, ci);
			snprintf(id, sizeof(id), "%d", i);
			add(id, "POST", T "u_muster_cve_instance", body,
			    ",{\"name\":\"X-no-response-body\",\"value\":"
			    "\"true\"}");
		}
		t = clock();
		assert_int_equal(send_batch(), 200);
		spent += clock() - t;
		assert_int_equal(count_at("serviced_requests"), 500);
		assert_int_equal(status_of(499), 201);
	}
	print_message("%.0f table writes a second\n",
		      n / ((double)spent / CLOCKS_PER_SEC));
	ask("GET", T "u_muster_cve_instance?sysparm_limit=1", NULL);
	assert_string_equal(answer_header("X-Total-Count"), "20000");
	(void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, sn_up, sn_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_mixed), TEST(test_quota), TEST(test_quota_of_the_record),
	    TEST(test_outer), TEST(test_speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
