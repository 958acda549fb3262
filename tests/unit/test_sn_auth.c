/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated token end point.
 */
#include "tests/unit/sn_fixture.h"

#include <stdio.h>
#include <string.h>

#define CLIENT                                                                 \
	"client_id=" MST_SIM_SN_CLIENT "&client_secret=" MST_SIM_SN_SECRET
#define PASSWORD                                                               \
	CLIENT "&grant_type=password&username=" MST_SIM_USER                   \
	       "&password=" MST_SIM_PASSWORD

static int token(const char *form)
{
	sn_content_type = "application/x-www-form-urlencoded";
	ask("POST", "/oauth_token.do", form);
	sn_content_type = "application/json";
	return sn_status;
}

static int with(const char *access)
{
	static char header[100];

	snprintf(header, sizeof(header), "Bearer %s", access);
	sn_auth_header = header;
	return ask("GET", "/api/now/table/core_company?sysparm_limit=1", NULL);
}

static void test_password(void **state)
{
	char access[64], refresh[64];
	int64_t left;

	assert_int_equal(token(PASSWORD), 200);
	snprintf(access, sizeof(access), "%s", at("access_token"));
	snprintf(refresh, sizeof(refresh), "%s", at("refresh_token"));
	assert_string_equal(at("token_type"), "Bearer");
	assert_true(mst_json_i64(json_at("expires_in"), &left));
	assert_int_equal(left, 1799);
	assert_int_equal(with(access), 200);
	/* the same within its life, with less of it left */
	sn_clock += (int64_t)600 * 1000000;
	assert_int_equal(token(PASSWORD), 200);
	assert_string_equal(at("access_token"), access);
	assert_true(mst_json_i64(json_at("expires_in"), &left));
	assert_int_equal(left, 1199);
	sn_clock += (int64_t)1300 * 1000000;
	assert_int_equal(with(access), 401);
	snprintf(access, sizeof(access), "%s", refresh);
	assert_int_equal(token(CLIENT "&grant_type=refresh_token&"
				      "refresh_token=nonsense"),
			 401);
	assert_string_equal(at("error"), "invalid_grant");
	{
		char form[300];

		snprintf(form, sizeof(form),
			 CLIENT "&grant_type=refresh_token&refresh_token=%s",
			 refresh);
		assert_int_equal(token(form), 200);
	}
	assert_string_equal(at("refresh_token"), refresh);
	assert_int_equal(with(at("access_token")), 200);
	control("POST", "/_sim/sn/tokens", "{\"expire\":true}");
	assert_int_equal(
	    ask("GET", "/api/now/table/core_company?sysparm_limit=1", NULL),
	    401);
	(void)state;
}

static void test_client_credentials(void **state)
{
	assert_int_equal(token(CLIENT "&grant_type=client_credentials"), 200);
	assert_int_equal(mst_json_type(json_at("refresh_token")),
			 MST_JSON_NULL);
	assert_int_equal(with(at("access_token")), 200);
	control("POST", "/_sim/sn/options", "{\"client_credentials\":false}");
	assert_int_equal(token(CLIENT "&grant_type=client_credentials"), 401);
	assert_string_equal(at("error"), "server_error");
	assert_string_equal(at("error_description"), "access_denied");
	(void)state;
}

static void test_errors(void **state)
{
	assert_int_equal(token("client_id=x&client_secret=y&"
			       "grant_type=client_credentials"),
			 401);
	assert_string_equal(at("error"), "invalid_client");
	assert_int_equal(token(CLIENT "&grant_type=password&username=admin&"
				      "password=wrong"),
			 401);
	assert_string_equal(at("error"), "server_error");
	assert_int_equal(token(CLIENT "&grant_type=magic"), 401);
	/* JSON is not read */
	ask("POST", "/oauth_token.do", "{\"grant_type\":\"password\"}");
	assert_int_equal(sn_status, 401);
	assert_int_equal(ask("GET", "/oauth_token.do", NULL), 405);
	sn_auth_header = NULL;
	assert_int_equal(ask("GET", "/api/now/table/core_company", NULL), 401);
	(void)state;
}

static void test_cookies(void **state)
{
	int64_t n;

	ask("GET", "/api/now/table/core_company?sysparm_limit=1", NULL);
	assert_non_null(strstr(answer_header("Set-Cookie"), "JSESSIONID="));
	control("GET", "/_sim/sn/stats", NULL);
	assert_true(mst_json_i64(json_at("jsessionid"), &n));
	assert_int_equal(n, 0);
	sn_cookie = "a=b; JSESSIONID=17";
	ask("GET", "/api/now/table/core_company?sysparm_limit=1", NULL);
	control("GET", "/_sim/sn/stats", NULL);
	assert_true(mst_json_i64(json_at("jsessionid"), &n));
	assert_int_equal(n, 1);
	(void)state;
}

/* Scopes limit tokens, by API and method; they do not touch Basic. */
static void test_scopes(void **state)
{
	static const char get[] = "/api/now/table/core_company?sysparm_limit=1";
	const char *basic = sn_auth_header;

	control("POST", "/_sim/sn/scopes",
		"{\"scopes\":{\"table\":[\"GET\",\"PUT\"]}}");
	assert_int_equal(token(PASSWORD), 200);
	assert_int_equal(with(at("access_token")), 200);
	assert_int_equal(
	    ask("POST", "/api/now/table/core_company", "{\"name\":\"x\"}"),
	    403);
	assert_string_equal(at("error.detail"),
			    "Access to unscoped api is not allowed");
	assert_int_equal(ask("GET", "/api/now/cmdb/meta/cmdb_ci", NULL), 403);
	assert_int_equal(
	    ask("POST", "/api/now/v1/batch", "{\"rest_requests\":[]}"), 403);
	sn_auth_header = basic;
	assert_int_equal(ask("GET", get, NULL), 200);
	assert_int_equal(ask("GET", "/api/now/cmdb/meta/cmdb_ci", NULL), 200);
	assert_int_equal(control("POST", "/_sim/sn/scopes",
				 "{\"scopes\":{\"soap\":[\"GET\"]}}"),
			 400);
	assert_int_equal(
	    control("POST", "/_sim/sn/scopes", "{\"scopes\":null}"), 200);
	assert_int_equal(token(PASSWORD), 200);
	with(at("access_token"));
	assert_int_equal(ask("GET", "/api/now/cmdb/meta/cmdb_ci", NULL), 200);
	(void)state;
}

/* Who may do what with a table, and a record that nobody checked. */
static void test_access(void **state)
{
	static const char choices[] =
	    "/api/now/table/sys_choice?sysparm_limit=1";

	assert_int_equal(ask("GET", choices, NULL), 200);
	assert_int_equal(
	    control("POST", "/_sim/sn/access",
		    "{\"table\":\"sys_choice\",\"access\":{"
		    "\"read\":[\"admin\"],\"create\":[\"asset\"]}}"),
	    200);
	assert_int_equal(ask("GET", choices, NULL), 403);
	assert_int_equal(control("POST", "/_sim/sn/access",
				 "{\"table\":\"sys_choice\",\"access\":{"
				 "\"read\":[\"asset\"]}}"),
			 200);
	assert_int_equal(ask("GET", choices, NULL), 200);
	assert_int_equal(control("POST", "/_sim/sn/access",
				 "{\"table\":\"sys_choice\",\"access\":{"
				 "\"eat\":[]}}"),
			 400);
	assert_int_equal(
	    control("POST", "/_sim/sn/access", "{\"table\":\"no_such\"}"), 404);
	assert_int_equal(control("POST", "/_sim/sn/insert",
				 "{\"table\":\"sys_rate_limit_rules\","
				 "\"values\":{\"name\":\"r\","
				 "\"request_limit\":\"700\"}}"),
			 200);
	ask("GET", choices, NULL);
	assert_string_equal(answer_header("X-RateLimit-Limit"), "700");
	(void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, sn_up, sn_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_password), TEST(test_client_credentials),
	    TEST(test_errors),	 TEST(test_cookies),
	    TEST(test_scopes),	 TEST(test_access),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
