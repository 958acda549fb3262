/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration by the API of a running daemon, against the simulators: a
 * connection is tried, saved and tested, a setting looked at before it is
 * saved and promoted, a job made, planned and run, its results read; and what
 * is refused.
 */
#include "tests/lib/serve_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rig rig;
static struct serve sv;

static int start(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	serve_start(&sv, &rig);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	serve_stop(&sv);
	rig_stop(&rig);
	return 0;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in %s", part, text);
}

static char *source_body(const char *more)
{
	return mst_asprintf(
	    "{%s\"type\":\"endpoint\",\"values\":{\"tenant_id\":\"%s\","
	    "\"client_id\":\"%s\",\"client_secret\":\"env:MUSTER_SIM_SECRET\","
	    "\"login_url\":\"%s\",\"graph_url\":\"%s\",\"api_url\":\"%s\","
	    "\"hardware\":true}}",
	    more, MST_SIM_TENANT, MST_SIM_CLIENT, RIG_HOST(&rig, MST_SIM_LOGIN),
	    RIG_HOST(&rig, MST_SIM_GRAPH), RIG_HOST(&rig, MST_SIM_API));
}

static void make_connections(void)
{
	char *source = source_body("");
	char *dest =
	    mst_asprintf("{\"type\":\"servicenow\",\"values\":{\"url\":\"%s\","
			 "\"auth\":\"basic\",\"username\":\"%s\",\"password\":"
			 "\"env:MUSTER_SIM_PASSWORD\","
			 "\"environment\":\"prod\"}}",
			 RIG_HOST(&rig, MST_SIM_SERVICENOW), MST_SIM_USER);

	(void)serve_ask(&sv, "PUT", "/connections/defender", NULL, source, 201);
	(void)serve_ask(&sv, "PUT", "/connections/cmdb", NULL, dest, 201);
	free(source);
	free(dest);
}

/* ---- the whole way ------------------------------------------------------- */

static void connect(void **state)
{
	char *trial = source_body("\"name\":\"defender\",");

	(void)state;
	/* before it is saved */
	assert_int_equal(serve_task(&sv, "/connections/trial?test=1", trial),
			 0);
	has(sv.body.p, "\"level\":\"Ok\"");
	free(trial);
	(void)serve_ask(&sv, "GET", "/connections/defender", NULL, NULL, 404);
	make_connections();
	assert_int_equal(serve_task(&sv, "/connections/defender/tests", NULL),
			 0);
	has(sv.body.p, "\"checks\":[");
	assert_int_equal(serve_task(&sv, "/connections/cmdb/tests", NULL), 0);
	has(serve_ask(&sv, "GET", "/connections/defender", NULL, NULL, 200),
	    "\"last_test\":{\"at\":\"20");
}

static void configure(void **state)
{
	static const char set[] =
	    "{\"consent\":true,\"values\":{\"min_cvss\":{\"override\":true,"
	    "\"value\":\"7\"}}}";
	char shown[80];

	(void)state;
	has(serve_ask(&sv, "PUT",
		      "/connections/defender/settings/test?preview=1", NULL,
		      set, 200),
	    "\"before\":\"0\",\"after\":\"7\"");
	(void)snprintf(shown, sizeof(shown), "%s", sv.tag);
	has(serve_ask(&sv, "PUT", "/connections/defender/settings/test", shown,
		      set, 200),
	    "\"saved\":true");
	(void)serve_ask(&sv, "PUT", "/connections/defender/settings/test",
			shown, set, 412);
	has(serve_ask(&sv, "POST", "/connections/defender/settings/promote",
		      NULL, "{\"consent\":true}", 200),
	    "\"saved\":true");
	has(serve_ask(&sv, "GET", "/connections/defender/settings", NULL, NULL,
		      200),
	    "\"prod\":{\"override\":true,\"value\":\"7\"");
}

static struct mst_json first(struct mst_json list)
{
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json one;

	if (!mst_json_next(&it, NULL, &one))
		fail_msg("an empty list");
	return one;
}

/* The name of one that was delivered. */
static const char *device(void)
{
	static char name[200];
	struct mst_json rows = rig_rows(&rig, "cmdb_ci_computer", "", "name"),
			row;
	struct mst_json_iter it = mst_json_iter(rows);

	if (!mst_json_next(&it, NULL, &row))
		fail_msg("no computer was delivered");
	(void)snprintf(name, sizeof(name), "%.*s",
		       MST_SLICE_ARG(mst_json_str(mst_json_get(row, "name"))));
	return name;
}

static void work(void **state)
{
	const char *text;
	char *body, path[64];
	int64_t id;

	(void)state;
	(void)serve_ask(&sv, "PUT", "/jobs/main", NULL,
			"{\"values\":{\"source\":\"defender\",\"destination\":"
			"\"cmdb\",\"retry_base\":\"4ms\",\"retry_total\":"
			"\"1s\",\"source_limits\":false,\"guard.share\":"
			"\"90%\",\"guard.count\":1000}}",
			201);
	/* what the settings would be without the threshold */
	assert_int_equal(
	    serve_task(&sv, "/jobs/main/tries", "{\"values\":{},\"sample\":1}"),
	    0);
	has(sv.body.p, "\"min_cvss\"");
	/* a plan has differences */
	assert_int_equal(serve_task(&sv, "/jobs/main/plans", "{}"), 7);
	assert_int_equal(serve_task(&sv, "/jobs/main/runs", "{}"), 0);
	text = serve_ask(&sv, "GET", "/runs?job=main", NULL, NULL, 200);
	has(text, "\"status\":\"ok\"");
	has(text, "\"asked_by\":\"administrator (token test)\"");
	body = mst_asprintf("{\"key\":\"%s\",\"count\":2}", device());
	assert_int_equal(serve_task(&sv, "/jobs/main/explanations", body), 0);
	free(body);
	assert_int_equal(
	    serve_task(&sv, "/jobs/main/reports", "{\"report\":\"noise\"}"), 0);
	has(sv.body.p, "\"report\":\"noise\"");
	(void)serve_ask(&sv, "GET", "/tasks?kind=report", NULL, NULL, 200);
	id = rig_num(first(mst_json_get(serve_json(&sv), "items")), "id");
	(void)snprintf(path, sizeof(path), "/tasks/%lld/report?format=csv",
		       (long long)id);
	has(serve_ask(&sv, "GET", path, NULL, NULL, 200), "record_set,");
	(void)snprintf(path, sizeof(path), "/tasks/%lld/report", (long long)id);
	text = serve_ask(&sv, "GET", path,
			 "Accept: application/vnd.openxmlformats-officedocument"
			 ".spreadsheetml.sheet",
			 NULL, 200);
	assert_memory_equal(text, "PK\3\4", 4);
	assert_int_equal(serve_task(&sv, "/recver/defender/verify", NULL), 0);
	has(serve_ask(&sv, "GET", "/recver/defender", NULL, NULL, 200),
	    "{\"name\":\"devices\",\"groups\":");
	assert_int_equal(serve_task(&sv, "/recver/defender/stats", NULL), 0);
	has(sv.body.p, "{\"name\":\"devices\",\"groups\":");
	has(serve_ask(&sv, "DELETE", "/connections/defender", NULL, NULL, 409),
	    "job main");
}

/* ---- what is refused ----------------------------------------------------- */

static void refused(void **state)
{
	const char *text;

	(void)state;
	(void)serve_ask(&sv, "PUT", "/connections/x", NULL, "{", 400);
	text = serve_ask(&sv, "PUT", "/connections/x", NULL,
			 "{\"type\":\"endpoint\",\"values\":{\"tenant_i\":"
			 "\"a\"}}",
			 422);
	has(text, "did you mean \\\"tenant_id\\\"?");
	has(text, "\"pointer\":\"/values/tenant_i\"");
	sv.as = MST_ROLE_VIEWER;
	text = serve_ask(&sv, "PUT", "/connections/x", NULL, "{}", 403);
	has(text, "urn:muster:error:forbidden");
	(void)serve_ask(&sv, "GET", "/connections", NULL, NULL, 200);
	(void)serve_ask(&sv, "POST", "/jobs/main/runs", NULL, "{}", 403);
	sv.as = MST_ROLE_OPERATOR;
	(void)serve_ask(&sv, "PUT", "/jobs/main", NULL, "{\"values\":{}}", 403);
	sv.as = MST_ROLE_ADMINISTRATOR;
}

/* What PROD has waits for somebody else, and is done in the name of both. */
static void two_people(void **state)
{
	static const char set[] =
	    "{\"consent\":true,\"values\":{\"min_cvss\":{\"override\":true,"
	    "\"value\":\"8\"}}}";
	char path[64];
	int64_t id;

	(void)state;
	(void)serve_ask(&sv, "PUT", "/service", NULL,
			"{\"values\":{\"approval\":\"prod_changes\"}}", 201);
	(void)serve_ask(&sv, "PUT", "/connections/defender/settings/test", NULL,
			set, 200);
	(void)serve_ask(&sv, "PUT", "/connections/defender/settings/prod", NULL,
			set, 202);
	id = rig_num(serve_json(&sv), "id");
	has(serve_ask(&sv, "GET", "/connections/defender/settings", NULL, NULL,
		      200),
	    "\"prod\":{\"override\":true,\"value\":\"7\"");
	(void)snprintf(path, sizeof(path), "/approvals/%lld/approve",
		       (long long)id);
	(void)serve_ask(&sv, "POST", path, NULL, "{}", 409);
	sv.as = SERVE_SECOND;
	(void)serve_ask(&sv, "POST", path, NULL, "{}", 200);
	sv.as = MST_ROLE_ADMINISTRATOR;
	has(serve_ask(&sv, "GET", "/connections/defender/settings", NULL, NULL,
		      200),
	    "\"prod\":{\"override\":true,\"value\":\"8\"");
	/* a secret may not wait */
	(void)serve_ask(&sv, "PUT", "/connections/cmdb", NULL,
			"{\"values\":{\"url\":\"https://example.com\","
			"\"password\":{\"value\":\"fake\"}}}",
			422);
	assert_null(strstr(sv.body.p, "fake"));
	(void)serve_ask(&sv, "DELETE", "/jobs/main", NULL, NULL, 202);
	(void)serve_ask(&sv, "GET", "/jobs/main", NULL, NULL, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(connect),	  cmocka_unit_test(configure),
	    cmocka_unit_test(work),	  cmocka_unit_test(refused),
	    cmocka_unit_test(two_people),
	};

	return cmocka_run_group_tests_name("api_config", tests, start, stop);
}
