/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated Table API: shapes, types, refusals, rights, paging.
 */
#include "tests/unit/sn_fixture.h"

#include <stdio.h>
#include <string.h>

#define T "/api/now/table/"

static void test_create_read_update_delete(void **state)
{
	const char *id = make("core_company", "{\"name\":\"Contoso\"}");

	assert_string_equal(at("result.name"), "Contoso");
	assert_string_equal(at("result.manufacturer"), "false");
	assert_string_equal(at("result.sys_mod_count"), "0");
	assert_string_equal(at("result.sys_created_by"), "muster.integration");
	assert_non_null(strstr(answer_header("Location"), id));
	sn_clock += 1000000;
	assert_int_equal(askf("PATCH", "{\"website\":\"https://contoso.com\"}",
			      T "core_company/%s", id),
			 200);
	assert_string_equal(at("result.name"), "Contoso");
	assert_string_equal(at("result.sys_mod_count"), "1");
	/* the same again changes nothing */
	askf("PUT", "{\"website\":\"https://contoso.com\"}",
	     T "core_company/%s", id);
	assert_string_equal(at("result.sys_mod_count"), "1");
	/* an empty text clears */
	askf("PATCH", "{\"website\":\"\"}", T "core_company/%s", id);
	assert_string_equal(at("result.website"), "");
	assert_int_equal(askf("DELETE", NULL, T "core_company/%s", id), 204);
	assert_int_equal(sn_text.n, 0);
	assert_int_equal(askf("GET", NULL, T "core_company/%s", id), 404);
	assert_string_equal(at("error.message"), "No Record found");
	assert_int_equal(askf("PATCH", "{}", T "core_company/%s", id), 404);
	(void)state;
}

static void test_bodies(void **state)
{
	/* of an array the first only; numbers and booleans become texts */
	assert_int_equal(ask("POST", T "cmdb_ci_computer",
			     "[{\"name\":\"a\",\"ram\":2048,\"virtual\":true},"
			     "{\"name\":\"b\"}]"),
			 201);
	assert_string_equal(at("result.ram"), "2048");
	assert_string_equal(at("result.virtual"), "true");
	assert_string_equal(at("result.sys_class_name"), "cmdb_ci_computer");
	ask("GET", T "cmdb_ci_computer", NULL);
	assert_int_equal(count_at("result"), 1);
	assert_int_equal(ask("POST", T "cmdb_ci_computer", "{\"name\""), 400);
	assert_int_equal(ask("POST", T "cmdb_ci_computer", "7"), 400);
	sn_no_body = "true";
	assert_int_equal(ask("POST", T "cmdb_ci_computer", "{\"name\":\"c\"}"),
			 201);
	assert_int_equal(sn_text.n, 0);
	(void)state;
}

static void test_reference_shapes(void **state)
{
	char id[40], body[200];

	snprintf(id, sizeof(id), "%s",
		 make("core_company", "{\"name\":\"Contoso\"}"));
	snprintf(body, sizeof(body), "{\"name\":\"p\",\"manufacturer\":\"%s\"}",
		 id);
	make("cmdb_ci_computer", body);
	ask("GET", T "cmdb_ci_computer", NULL);
	assert_string_equal(at("result.0.manufacturer.value"), id);
	assert_non_null(strstr(at("result.0.manufacturer.link"),
			       "http://sn.test/api/now/table/core_company/"));
	assert_string_equal(at("result.0.vendor"), "");
	ask("GET", T "cmdb_ci_computer?sysparm_display_value=true", NULL);
	assert_string_equal(at("result.0.manufacturer.display_value"),
			    "Contoso");
	assert_string_equal(at("result.0.install_status"), "Installed");
	ask("GET",
	    T "cmdb_ci_computer?sysparm_display_value=all&sysparm_fields="
	      "manufacturer,install_status,nonsense,manufacturer.name",
	    NULL);
	assert_int_equal(count_at("result.0"), 3);
	assert_string_equal(at("result.0.manufacturer.value"), id);
	assert_string_equal(at("result.0.install_status.value"), "1");
	assert_string_equal(at("result.0.install_status.display_value"),
			    "Installed");
	ask("GET",
	    T "cmdb_ci_computer?sysparm_exclude_reference_link=true"
	      "&sysparm_fields=manufacturer",
	    NULL);
	assert_string_equal(at("result.0.manufacturer"), id);
	/* a class above shows its own columns only, of all classes below */
	ask("GET", T "cmdb_ci?sysparm_limit=1", NULL);
	assert_string_equal(at("result.0.name"), "p");
	assert_int_equal(mst_json_type(json_at("result.0.os_domain")),
			 MST_JSON_NULL);
	(void)state;
}

static void test_types(void **state)
{
	char longer[400] = "{\"mac_address\":\"";
	const char *id;

	for (int i = 0; i < 30; i++)
		strcat(longer, "\xc3\xa4");
	strcat(longer, "\"}");
	id = make("cmdb_ci_computer", longer);
	/* cut at 24 characters, not bytes */
	assert_int_equal(strlen(at("result.mac_address")), 48);
	askf("PATCH",
	     "{\"ram\":\"many\",\"last_discovered\":\"2026-11-20T10:00:00Z\","
	     "\"install_status\":\"99\",\"discovery_source\":\"Intune\","
	     "\"sys_created_by\":\"me\",\"no_such_field\":\"x\"}",
	     T "cmdb_ci_computer/%s", id);
	assert_int_equal(sn_status, 200);
	assert_string_equal(at("result.ram"), "");
	assert_string_equal(at("result.last_discovered"), "");
	assert_string_equal(at("result.install_status"), "1");
	assert_string_equal(at("result.discovery_source"), "");
	assert_string_equal(at("result.sys_created_by"), "muster.integration");
	assert_string_equal(at("result.sys_mod_count"), "0");
	askf("PATCH",
	     "{\"last_discovered\":\"2026-11-20 10:00:00\","
	     "\"install_status\":7,\"discovery_source\":\"muster\"}",
	     T "cmdb_ci_computer/%s", id);
	assert_string_equal(at("result.install_status"), "7");
	assert_string_equal(at("result.last_discovered"),
			    "2026-11-20 10:00:00");
	/* a choice cannot be cleared by an empty text */
	askf("PATCH", "{\"install_status\":\"\"}", T "cmdb_ci_computer/%s", id);
	assert_string_equal(at("result.install_status"), "7");
	/* unless the property allows anything */
	control("POST", "/_sim/sn/options",
		"{\"glide.rest.choice.allow_non_existing_value\":true}");
	askf("PATCH", "{\"install_status\":\"99\"}", T "cmdb_ci_computer/%s",
	     id);
	assert_string_equal(at("result.install_status"), "99");
	askf("PATCH", "{\"install_status\":\"In Stock\"}",
	     T "cmdb_ci_computer/%s?sysparm_input_display_value=true", id);
	assert_string_equal(at("result.install_status"), "6");
	(void)state;
}

static void test_refusals(void **state)
{
	const char *cve = make("u_muster_cve", "{\"u_cve_id\":\"CVE-2024-1\"}");
	char body[200];

	assert_int_equal(
	    ask("POST", T "u_muster_cve", "{\"u_cve_id\":\"CVE-2024-1\"}"),
	    403);
	assert_non_null(strstr(at("error.detail"),
			       "Unique Key violation detected by database"));
	assert_int_equal(ask("POST", T "u_muster_cve", "{\"u_name\":\"x\"}"),
			 403);
	assert_non_null(strstr(at("error.detail"), "mandatory: CVE ID"));
	snprintf(body, sizeof(body),
		 "{\"u_key\":\"k\",\"u_cve\":\"%s\",\"u_cmdb_ci\":\"nobody\"}",
		 cve);
	assert_int_equal(ask("POST", T "u_muster_cve_instance", body), 403);
	assert_non_null(
	    strstr(at("error.detail"), "Invalid reference in field u_cmdb_ci"));
	(void)state;
}

static void test_cascade(void **state)
{
	char cve[40], ci[40], body[300];
	const char *id;

	snprintf(cve, sizeof(cve), "%s",
		 make("u_muster_cve", "{\"u_cve_id\":\"CVE-2024-1\"}"));
	snprintf(ci, sizeof(ci), "%s",
		 make("cmdb_ci_computer", "{\"name\":\"pc\"}"));
	snprintf(body, sizeof(body),
		 "{\"u_key\":\"k\",\"u_cve\":\"%s\",\"u_cmdb_ci\":\"%s\","
		 "\"u_work_notes\":\"seen\"}",
		 cve, ci);
	id = make("u_muster_cve_instance", body);
	assert_string_equal(at("result.u_status"), "unresolved");
	assert_string_equal(at("result.u_reopened_count"), "0");
	assert_string_equal(at("result.u_work_notes"), "");
	ask("GET", T "sys_journal_field", NULL);
	assert_string_equal(at("result.0.value"), "seen");
	assert_string_equal(at("result.0.element_id"), id);
	assert_int_equal(askf("DELETE", NULL, T "u_muster_cve/%s", cve), 403);
	assert_non_null(strstr(at("error.detail"), "Cannot delete"));
	assert_int_equal(askf("DELETE", NULL, T "cmdb_ci_computer/%s", ci),
			 204);
	assert_int_equal(askf("GET", NULL, T "u_muster_cve_instance/%s", id),
			 404);
	assert_int_equal(askf("DELETE", NULL, T "u_muster_cve/%s", cve), 204);
	(void)state;
}

static void test_rights(void **state)
{
	const char *id = make("core_company", "{\"name\":\"Contoso\"}");

	assert_int_equal(ask("POST", T "sys_choice", "{\"name\":\"cmdb_ci\"}"),
			 403);
	assert_non_null(strstr(at("error.detail"), "ACL Exception Insert"));
	control("POST", "/_sim/sn/roles",
		"{\"user\":\"muster.integration\",\"roles\":[\"itil\"]}");
	assert_int_equal(
	    askf("PATCH", "{\"name\":\"x\"}", T "core_company/%s", id), 403);
	assert_int_equal(ask("GET", T "core_company", NULL), 200);
	assert_int_equal(ask("GET", T "u_muster_cve", NULL), 403);
	assert_string_equal(at("error.detail"),
			    "Failed API level ACL Validation");
	sn_auth_header = BASIC_ADMIN;
	assert_int_equal(ask("GET", T "u_muster_cve", NULL), 200);
	sn_auth_header = "Basic eDp5";
	assert_int_equal(ask("GET", T "u_muster_cve", NULL), 401);
	assert_string_equal(at("error.message"), "User Not Authenticated");
	(void)state;
}

static void test_paging(void **state)
{
	char body[64], hide[128];

	for (int i = 0; i < 25; i++) {
		snprintf(body, sizeof(body), "{\"name\":\"ci%02d\"}", i);
		make("cmdb_ci_printer", body);
	}
	ask("GET", T "cmdb_ci_printer?sysparm_limit=10&sysparm_offset=10",
	    NULL);
	assert_int_equal(count_at("result"), 10);
	assert_string_equal(at("result.0.name"), "ci10");
	assert_string_equal(answer_header("X-Total-Count"), "25");
	assert_non_null(
	    strstr(answer_header("Link"), "sysparm_offset=20>;rel=\"next\""));
	assert_non_null(
	    strstr(answer_header("Link"), "sysparm_offset=0>;rel=\"prev\""));
	assert_non_null(
	    strstr(answer_header("Link"), "sysparm_offset=20>;rel=\"last\""));
	/* rows that the user may not see make the page short */
	snprintf(hide, sizeof(hide), "{\"sys_id\":\"%s\"}",
		 at("result.3.sys_id"));
	control("POST", "/_sim/sn/hide", hide);
	ask("GET", T "cmdb_ci_printer?sysparm_limit=10&sysparm_offset=10",
	    NULL);
	assert_int_equal(count_at("result"), 9);
	assert_int_equal(ask("GET", T "core_company?sysparm_offset=-1", NULL),
			 400);
	assert_string_equal(at("error.message"), "offset is -1");
	/* no hit: by the API's version */
	ask("GET", T "cmdb_ci_comm", NULL);
	assert_int_equal(sn_status, 200);
	assert_int_equal(count_at("result"), 0);
	assert_int_equal(ask("GET", "/api/now/v1/table/cmdb_ci_comm", NULL),
			 404);
	assert_int_equal(ask("GET", "/api/now/v2/table/cmdb_ci_comm", NULL),
			 200);
	(void)state;
}

static void test_keyset(void **state)
{
	char body[64], last[40] = "0";
	size_t seen = 0;

	for (int i = 0; i < 57; i++) {
		snprintf(body, sizeof(body), "{\"name\":\"ci%02d\"}", i);
		make("cmdb_ci_printer", body);
	}
	for (;;) {
		size_t n;
		char path[64];

		askf("GET", NULL,
		     T "cmdb_ci_printer?sysparm_limit=10&sysparm_query="
		       "sys_id%%3E%s%%5EORDERBYsys_id",
		     last);
		n = count_at("result");
		if (!n)
			break;
		for (size_t i = 0; i < n; i++) {
			snprintf(path, sizeof(path), "result.%zu.sys_id", i);
			assert_true(strcmp(at(path), last) > 0);
			snprintf(last, sizeof(last), "%s", at(path));
		}
		seen += n;
		/* a row that comes or goes meanwhile does no harm */
		if (seen == 20)
			make("cmdb_ci_printer", "{\"name\":\"new\"}");
	}
	assert_true(seen == 57 || seen == 58);
	(void)state;
}

static void test_http(void **state)
{
	assert_int_equal(ask("GET", T "no_such_table", NULL), 400);
	assert_non_null(strstr(at("error.message"), "Invalid table"));
	assert_int_equal(ask("GET", "/api/now/nothing", NULL), 400);
	assert_string_equal(at("error.message"),
			    "Requested URI does not represent any resource");
	assert_int_equal(ask("DELETE", T "core_company", NULL), 405);
	sn_accept = "application/xml";
	assert_int_equal(ask("GET", T "core_company", NULL), 406);
	sn_accept = NULL;
	assert_int_equal(ask("GET", T "core_company", NULL), 400);
	sn_accept = "*/*";
	sn_content_type = "text/plain";
	assert_int_equal(ask("POST", T "core_company", "{}"), 415);
	sn_content_type = NULL;
	assert_int_equal(ask("POST", T "core_company", "{}"), 400);
	sn_content_type = "application/json";
	assert_int_equal(ask("HEAD", T "core_company", NULL), 200);
	assert_int_equal(sn_text.n, 0);
	(void)state;
}

static void test_meta(void **state)
{
	assert_int_equal(
	    ask("GET", "/api/now/cmdb/meta/cmdb_ci_win_server", NULL), 200);
	assert_string_equal(at("result.parent"), "cmdb_ci_server");
	assert_string_equal(at("result.identification_rules.name"),
			    "Hardware Rule");
	assert_int_equal(count_at("result.identification_rules.identifiers"),
			 4);
	assert_int_equal(
	    ask("GET", "/api/now/cmdb/meta/cmdb_ci_handheld_computing", NULL),
	    200);
	control("POST", "/_sim/sn/classes",
		"{\"cmdb_ci_handheld_computing\":false}");
	assert_int_equal(
	    ask("GET", "/api/now/cmdb/meta/cmdb_ci_handheld_computing", NULL),
	    404);
	assert_int_equal(ask("GET", T "cmdb_ci_handheld_computing", NULL), 400);
	assert_int_equal(ask("GET", "/api/now/cmdb/meta/core_company", NULL),
			 404);
	(void)state;
}

static void test_people(void **state)
{
	char cve[40], ci[40], body[400];
	size_t n;

	snprintf(cve, sizeof(cve), "%s",
		 make("u_muster_cve", "{\"u_cve_id\":\"CVE-2024-1\"}"));
	snprintf(ci, sizeof(ci), "%s",
		 make("cmdb_ci_computer",
		      "{\"name\":\"pc\",\"correlation_id\":\"7\"}"));
	for (int i = 0; i < 500; i++) {
		snprintf(body, sizeof(body),
			 "{\"u_key\":\"k%d\",\"u_cve\":\"%s\","
			 "\"u_cmdb_ci\":\"%s\"}",
			 i, cve, ci);
		make("u_muster_cve_instance", body);
	}
	assert_int_equal(control("POST", "/_sim/sn/users", "{\"seed\":5}"),
			 200);
	n = count_at("instances");
	assert_in_range(n, 3, 20);
	askf("GET", NULL,
	     T "u_muster_cve_instance?sysparm_query=u_status=resolved_pending");
	assert_int_equal(count_at("result"), n);
	assert_string_equal(at("result.0.sys_updated_by"), "kim.example");
	(void)state;
}

static void test_web(void **state)
{
	char url[100];
	const char *id =
	    make("core_company", "{\"name\":\"<b>Con\\\"toso</b>\"}");

	assert_int_equal(ask("GET", "/", NULL), 200);
	assert_non_null(strstr(sn_text.p, "CVE Instance"));
	assert_int_equal(ask("GET", "/table/core_company?q=name%3DDell", NULL),
			 200);
	assert_non_null(strstr(sn_text.p, "1 records"));
	ask("GET", "/table/core_company", NULL);
	assert_null(strstr(sn_text.p, "<b>Con"));
	assert_non_null(strstr(sn_text.p, "&lt;b&gt;Con&quot;toso"));
	snprintf(url, sizeof(url), "/record/%s", id);
	assert_int_equal(ask("GET", url, NULL), 200);
	assert_null(strstr(sn_text.p, "<b>Con"));
	assert_int_equal(ask("GET", "/record/<script>", NULL), 404);
	assert_null(strstr(sn_text.p, "<script>"));
	assert_int_equal(ask("POST", "/", NULL), 405);
	(void)state;
}

/* Menu, list and form are those that the update set brought. */
static void test_web_layouts(void **state)
{
	char ci[40], cve[40], body[300], url[100];
	const char *form;

	ask("GET", "/", NULL);
	assert_non_null(strstr(sn_text.p, "<h2>Defender CVEs</h2>"));
	assert_non_null(strstr(sn_text.p,
			       "/table/u_muster_cve_instance?q=u_status%3D"
			       "unresolved%5EGROUPBYu_severity"));
	snprintf(ci, sizeof(ci), "%s",
		 make("cmdb_ci_computer", "{\"name\":\"pc\"}"));
	snprintf(cve, sizeof(cve), "%s",
		 make("u_muster_cve", "{\"u_cve_id\":\"CVE-2024-1\"}"));
	snprintf(body, sizeof(body),
		 "{\"u_key\":\"k\",\"u_cmdb_ci\":\"%s\",\"u_cve\":\"%s\","
		 "\"u_work_notes\":\"<b>seen</b>\"}",
		 ci, cve);
	snprintf(url, sizeof(url), "/record/%s",
		 make("u_muster_cve_instance", body));
	ask("GET", "/table/u_muster_cve_instance?q=u_status%3Dunresolved",
	    NULL);
	assert_non_null(strstr(sn_text.p, "<th></th><th>Number</th><th>CVE"));
	assert_non_null(strstr(sn_text.p, "CVI0001001"));
	ask("GET", url, NULL);
	form = strstr(sn_text.p, "Number</th>");
	assert_non_null(form);
	form = strstr(form, "Assigned to</th>");
	assert_non_null(form);
	form = strstr(form, "<h2>Software</h2>");
	assert_non_null(form);
	form = strstr(form, "<h2>Notes</h2>");
	assert_non_null(form);
	assert_non_null(strstr(form, "&lt;b&gt;seen&lt;/b&gt;"));
	(void)state;
}

static void test_state(void **state)
{
	struct mst_buf saved = MST_BUF_INIT(64u << 20);
	struct mst_buf again = MST_BUF_INIT(64u << 20);
	struct mst_err err = MST_ERR_INIT;
	char id[40], url[100];

	snprintf(id, sizeof(id), "%s",
		 make("u_muster_cve",
		      "{\"u_cve_id\":\"CVE-2024-1\",\"u_name\":\"a\\nb\"}"));
	assert_true(sim_sn_save(sn, &saved));
	make("u_muster_cve", "{\"u_cve_id\":\"CVE-2024-2\"}");
	t_ok(sim_sn_load(sn, mst_buf_slice(&saved), &err), &err);
	assert_true(sim_sn_save(sn, &again));
	assert_true(mst_slice_eq(mst_buf_slice(&saved), mst_buf_slice(&again)));
	snprintf(url, sizeof(url), T "u_muster_cve/%s", id);
	assert_int_equal(ask("GET", url, NULL), 200);
	assert_string_equal(at("result.u_name"), "a\nb");
	ask("GET", T "u_muster_cve", NULL);
	assert_int_equal(count_at("result"), 1);
	t_failed(sim_sn_load(sn, MST_SLICE_LIT("{\"version\":9}"), &err), &err,
		 MST_E_INVALID, "version 9");
	sim_sn_reset(sn);
	ask("GET", T "u_muster_cve", NULL);
	assert_int_equal(count_at("result"), 0);
	mst_buf_fini(&saved);
	mst_buf_fini(&again);
	(void)state;
}

static void test_rate_limit(void **state)
{
	sn_auth_header = BASIC_ADMIN;
	make("sys_rate_limit_rules",
	     "{\"name\":\"all\",\"request_limit\":\"2\"}");
	assert_int_equal(ask("GET", T "core_company", NULL), 200);
	assert_string_equal(answer_header("X-RateLimit-Limit"), "2");
	assert_int_equal(ask("GET", T "core_company", NULL), 200);
	assert_int_equal(ask("GET", T "core_company", NULL), 429);
	assert_string_equal(at("error.message"), "Rate limit exceeded");
	assert_non_null(answer_header("Retry-After"));
	sn_clock += (int64_t)3600 * 1000000;
	assert_int_equal(ask("GET", T "core_company", NULL), 200);
	(void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, sn_up, sn_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_create_read_update_delete),
	    TEST(test_bodies),
	    TEST(test_reference_shapes),
	    TEST(test_types),
	    TEST(test_refusals),
	    TEST(test_cascade),
	    TEST(test_rights),
	    TEST(test_paging),
	    TEST(test_keyset),
	    TEST(test_http),
	    TEST(test_meta),
	    TEST(test_people),
	    TEST(test_web),
	    TEST(test_web_layouts),
	    TEST(test_state),
	    TEST(test_rate_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
