/* SPDX-License-Identifier: Apache-2.0
 *
 * The API of the audit, asked without a socket; and sections that were never
 * put, whose change is what it shows.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/file.h"
#include "base/secret.h"

#define HOUR_US (3600 * (int64_t)1000000)
#define NINE	1764061200000000 /* 2025-11-25T09:00:00Z */

static struct mst_api *api;
static struct mst_who who = {
    .user = "ann",
    .actor = "ann",
    .role = MST_ROLE_ADMINISTRATOR,
    .may = MST_MAY_READ | MST_MAY_OPERATE | MST_MAY_CONFIGURE |
	   MST_MAY_ADMINISTER | MST_MAY_AUDIT,
};
static struct mst_http_said said;
static char tag[80];

static int open_api(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_api_conf conf = {
	    .state_dir = t_path("state"), .node = "n1", .anybody = &who};

	(void)t_log_watch(state);
	t_ok(mst_dir_remove(t_path("state"), &err), &err);
	t_ok(mst_secret_setup(&err), &err);
	t_ok(mst_api_open_none(&conf, &api, &err), &err);
	return 0;
}

static int close_api(void **state)
{
	mst_http_said_fini(&said);
	mst_api_close(&api, 0);
	return t_log_check(state);
}

/* header: "If-Match: …", or NULL. status 0: any. Keeps the answer's entity
 * tag. */
static const char *ask(const char *method, const char *path, const char *header,
		       const char *body, int status)
{
	const char *headers[] = {"Content-Type: application/json", header,
				 NULL};
	char *uri = mst_asprintf("/api/v1%s", path);
	struct mst_http_direct q = {.method = method,
				    .uri = uri,
				    .headers = body ? headers : headers + 1};
	const char *at;

	if (body)
		q.body = mst_slice_str(body);
	mst_http_said_fini(&said);
	mst_http_ask(mst_api_http(api), &q, &said);
	free(uri);
	at = said.head.p ? strstr(said.head.p, "ETag: ") : NULL;
	tag[0] = 0;
	if (at)
		(void)snprintf(tag, sizeof(tag), "If-Match: %.*s",
			       (int)strcspn(at + 6, "\r\n"), at + 6);
	if (status && said.status != status)
		fail_msg("%s %s: %d: %s", method, path, said.status,
			 said.body.p ? said.body.p : "");
	return said.body.p ? said.body.p : "";
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in %s", part, text);
}

/* A section has the entity tag of nothing before it was ever put. */
static void test_section(void **state MST_UNUSED)
{
	has(ask("GET", "/service", NULL, NULL, 200), "\"values\":{}");
	has(ask("PUT", "/service", tag, "{\"values\":{\"approval\":\"none\"}}",
		201),
	    "\"approval\":\"none\"");
	has(ask("PUT", "/service", "If-Match: \"of-before\"",
		"{\"values\":{\"approval\":\"prod\"}}", 412),
	    "urn:muster:error:changed");
}

static void change_at(int64_t at_us, const char *approval)
{
	char body[80];

	t_clock_set(at_us);
	(void)snprintf(body, sizeof(body), "{\"values\":{\"approval\":\"%s\"}}",
		       approval);
	(void)ask("GET", "/service", NULL, NULL, 200);
	(void)ask("PUT", "/service", tag, body, said.status);
}

static void test_list(void **state MST_UNUSED)
{
	const char *text;

	t_clock_set(NINE);
	(void)ask("GET", "/service", NULL, NULL, 200);
	(void)ask("PUT", "/service", tag,
		  "{\"values\":{\"approval\":\"none\"}}", 201);
	change_at(NINE + HOUR_US, "prod_runs");
	change_at(NINE + 2 * HOUR_US, "prod");
	text = ask("GET", "/audit?kind=service&limit=2", NULL, NULL, 200);
	has(text, "{\"items\":[{\"id\":3,"
		  "\"at\":\"2025-11-25T11:00:00.000Z\",");
	has(text, "\"next\":\"2\"");
	has(text, "approval: prod\\n");
	text = ask("GET", "/audit?after=2", NULL, NULL, 200);
	has(text, "{\"items\":[{\"id\":1,");
	has(text, "\"next\":null");
	/* From the first moment on, up to the second. */
	text = ask("GET",
		   "/audit?since=2025-11-25T10:00:00Z&until="
		   "2025-11-25T11:00:00Z",
		   NULL, NULL, 200);
	has(text, "{\"items\":[{\"id\":2,");
	has(text, "}],\"next\":null}");
	has(ask("GET", "/audit?user=bob", NULL, NULL, 200), "\"items\":[]");
	has(ask("GET", "/audit?since=yesterday", NULL, NULL, 400),
	    "'yesterday' of 'since' is no time");
}

static void test_verify(void **state MST_UNUSED)
{
	char head[80] = "", body[120];
	const char *at;

	(void)ask("GET", "/service", NULL, NULL, 200);
	(void)ask("PUT", "/service", tag,
		  "{\"values\":{\"approval\":\"none\"}}", 201);
	at = strstr(ask("POST", "/audit/verify", NULL, "{}", 200),
		    "\"head\":\"");
	has(said.body.p, "{\"ok\":true,\"entries\":1,");
	assert_non_null(at);
	(void)snprintf(head, sizeof(head), "%.64s", at + 8);
	change_at(NINE, "prod");
	/* What was the newest once is in the chain still. */
	(void)snprintf(body, sizeof(body), "{\"head\":\"%s\"}", head);
	has(ask("POST", "/audit/verify", NULL, body, 200), "\"problem\":null");
	head[0] = head[0] == '0' ? '1' : '0';
	(void)snprintf(body, sizeof(body), "{\"head\":\"%s\"}", head);
	has(ask("POST", "/audit/verify", NULL, body, 200), "{\"ok\":false,");
	has(ask("POST", "/audit/verify", NULL, "{\"head\":\"abc\"}", 400),
	    "is 64 hexadecimal digits");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_section, open_api, close_api),
	    cmocka_unit_test_setup_teardown(test_list, open_api, close_api),
	    cmocka_unit_test_setup_teardown(test_verify, open_api, close_api),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
