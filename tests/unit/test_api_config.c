/* SPDX-License-Identifier: Apache-2.0
 *
 * The API of the configuration, asked without a socket: forms, items and what
 * is wrong with them, conditions, settings and mappings with their preview,
 * what becomes a task.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "base/file.h"
#include "base/secret.h"
#include "state/task.h"

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

static void has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("%s is in %s", part, text);
}

#define ENDPOINT                                                               \
	"{\"type\":\"endpoint\",\"values\":{\"tenant_id\":"                    \
	"\"11111111-2222-3333-4444-555555555555\",\"client_id\":"              \
	"\"66666666-7777-8888-9999-aaaaaaaaaaaa\",\"client_secret\":"          \
	"\"env:NO_SECRET\"%s}}"

static const char *endpoint(const char *more)
{
	static char body[1024];

	(void)snprintf(body, sizeof(body), ENDPOINT, more);
	return body;
}

static void make_both(void)
{
	(void)ask("PUT", "/connections/defender", NULL, endpoint(""), 201);
	(void)ask("PUT", "/connections/cmdb", NULL,
		  "{\"type\":\"servicenow\",\"values\":{\"url\":"
		  "\"https://example.service-now.com\",\"username\":\"muster\","
		  "\"password\":\"env:NO_PASSWORD\",\"environment\":\"prod\"}}",
		  201);
}

static void make_job(void)
{
	make_both();
	(void)ask("PUT", "/jobs/main", NULL,
		  "{\"values\":{\"source\":\"defender\",\"destination\":"
		  "\"cmdb\",\"guard\":{\"share\":\"20%\"}}}",
		  201);
}

/* ---- forms --------------------------------------------------------------- */

static void forms(void **state)
{
	const char *text = ask("GET", "/connection-types", NULL, NULL, 200);

	(void)state;
	has(text, "{\"type\":\"endpoint\",\"role\":\"source\"");
	has(text, "{\"key\":\"url\",\"kind\":\"url\",\"required\":true");
	has(text, "{\"key\":\"client_secret\",\"kind\":\"secret\"");
	has(text, "\"key\":\"recver.type\",\"kind\":\"text\"");
	text = ask("GET", "/forward/forms", NULL, NULL, 200);
	has(text, "{\"type\":\"incident\"");
	text = ask("GET", "/service", NULL, NULL, 200);
	has(text, "\"values\":{}");
}

/* ---- items --------------------------------------------------------------- */

static void connections(void **state)
{
	const char *text;
	char first[80];

	(void)state;
	make_job();
	text = ask("GET", "/connections/defender", NULL, NULL, 200);
	has(text, "\"client_secret\":{\"set\":true,\"ref\":\"env:NO_SECRET\"}");
	has(text, "\"jobs\":[\"main\"]");
	has(text, "\"environments\":[\"test\",\"prod\"]");
	has(text, "\"last_test\":null");
	(void)snprintf(first, sizeof(first), "%s", tag);
	text = ask("PUT", "/connections/defender", first,
		   endpoint(",\"alias\":\"Ours\",\"enrich\":false"), 200);
	has(text, "\"alias\":\"Ours\"");
	/* what was looked at is there no more */
	text = ask("PUT", "/connections/defender", first, endpoint(""), 412);
	has(text, "urn:muster:error:changed");
	(void)ask("PUT", "/connections/defender", "If-None-Match: *",
		  endpoint(""), 412);
	text = ask("GET", "/connections", NULL, NULL, 200);
	has(text, "\"name\":\"cmdb\"");
	text = ask("DELETE", "/connections/defender", NULL, NULL, 409);
	has(text, "is used by job main");
	(void)ask("DELETE", "/jobs/main", NULL, NULL, 204);
	(void)ask("DELETE", "/connections/defender", NULL, NULL, 204);
	text = ask("GET", "/connections/defendr", NULL, NULL, 404);
	(void)ask("GET", "/connections/defender", NULL, NULL, 404);
}

static void wrong_items(void **state)
{
	const char *text;

	(void)state;
	/* all of it at once */
	text = ask("PUT", "/connections/x", NULL,
		   "{\"type\":\"endpoint\",\"values\":{\"tenant_i\":\"a\","
		   "\"enrich\":\"perhaps\",\"client_id\":{\"a\":1}}}",
		   422);
	has(text, "\"pointer\":\"/values/tenant_i\"");
	has(text, "did you mean \\\"tenant_id\\\"?");
	has(text, "\"pointer\":\"/values/enrich\"");
	has(text, "\"pointer\":\"/values/client_id/a\"");
	has_not(text, "request:");
	text = ask("PUT", "/connections/x", NULL,
		   "{\"type\":\"servicenow\",\"values\":{}}", 422);
	has(text, "\"pointer\":\"/values/url\"");
	text =
	    ask("PUT", "/connections/x", NULL, "{\"type\":\"nothing\"}", 422);
	has(text, "\"pointer\":\"/type\"");
	(void)ask("PUT", "/connections/-x", NULL, endpoint(""), 422);
	(void)ask("PUT", "/connections/x", NULL, "[]", 400);
	(void)ask("PUT", "/connections/x", NULL, "{", 400);
	/* what only shows when it is looked at as a whole */
	text = ask("PUT", "/jobs/main", NULL,
		   "{\"values\":{\"source\":\"defender\",\"destination\":"
		   "\"cmdb\"}}",
		   422);
	has(text, "\"pointer\":\"/values/destination\"");
	has_not(text, "request:");
	/* a program of the server's */
	text = ask("PUT", "/connections/x", NULL,
		   "{\"type\":\"endpoint\",\"values\":{\"tenant_id\":"
		   "\"11111111-2222-3333-4444-555555555555\",\"client_id\":"
		   "\"66666666-7777-8888-9999-aaaaaaaaaaaa\","
		   "\"client_secret\":\"exec:/bin/false\"}}",
		   403);
	has(text, "would have the server run a program");
}

static void sealed(void **state)
{
	const char *text;

	(void)state;
	text = ask("PUT", "/connections/defender", NULL,
		   "{\"type\":\"endpoint\",\"values\":{\"tenant_id\":"
		   "\"11111111-2222-3333-4444-555555555555\",\"client_id\":"
		   "\"66666666-7777-8888-9999-aaaaaaaaaaaa\","
		   "\"client_secret\":{\"value\":\"fake-secret-fake\"}}}",
		   201);
	has(text, "\"ref\":\"sealed:defender.client_secret\"");
	has_not(text, "fake-secret");
	text = ask("PUT", "/connections/defender", NULL,
		   "{\"values\":{\"tenant_id\":"
		   "\"11111111-2222-3333-4444-555555555555\",\"client_id\":"
		   "\"66666666-7777-8888-9999-aaaaaaaaaaaa\","
		   "\"client_secret\":{\"keep\":true}}}",
		   200);
	has(text, "\"ref\":\"sealed:defender.client_secret\"");
	text = ask("GET", "/secrets", NULL, NULL, 200);
	has(text, "\"name\":\"defender.client_secret\"");
	has(text, "\"used_by\":[\"defender\"]");
	(void)ask("PUT", "/secrets/other", NULL, "{\"value\":\"fake-too\"}",
		  204);
	(void)ask("PUT", "/secrets/other", NULL, "{\"value\":\"\"}", 422);
	(void)ask("DELETE", "/secrets/other", NULL, NULL, 204);
	text = ask("GET", "/export", NULL, NULL, 200);
	has(text, "connections:\n  - name: defender\n");
	has_not(text, "fake");
}

static void forwarding(void **state)
{
	const char *text;

	(void)state;
	(void)ask("PUT", "/forward/actions/siem", NULL,
		  "{\"type\":\"syslog\",\"values\":{\"address\":"
		  "\"127.0.0.1:6514\"}}",
		  201);
	(void)ask("PUT", "/connections/plant", NULL,
		  "{\"type\":\"iot\",\"values\":{\"url\":\"https://127.0.0.1\","
		  "\"token\":\"env:NO_TOKEN\"}}",
		  201);
	text = ask("PUT", "/forward/rules/all", NULL,
		   "{\"values\":{\"source\":\"plant\",\"actions\":[\"siem\"],"
		   "\"enabled\":false}}",
		   201);
	has(text, "\"enabled\":false");
	text = ask("DELETE", "/forward/actions/siem", NULL, NULL, 409);
	has(text, "forwarding rule all");
	(void)ask("GET", "/forward/rules", NULL, NULL, 200);
	(void)ask("DELETE", "/forward/rules/all", NULL, NULL, 204);
	(void)ask("DELETE", "/forward/actions/siem", NULL, NULL, 204);
	(void)ask("GET", "/forward/outbox", NULL, NULL, 200);
	(void)ask("GET", "/forward/windows", NULL, NULL, 200);
	(void)ask("GET", "/forward/receivers", NULL, NULL, 200);
}

/* ---- settings ------------------------------------------------------------ */

static void settings(void **state)
{
	const char *const path = "/connections/defender/settings/test";
	const char *text;
	char shown[80];

	(void)state;
	make_job();
	text = ask("GET", "/connections/defender/settings", NULL, NULL, 200);
	has(text, "\"key\":\"min_cvss\",\"kind\":\"decimal\",\"control\":"
		  "\"number\"");
	text = ask("PUT", "/connections/defender/settings/test?preview=1", NULL,
		   "{\"values\":{\"min_cvss\":{\"override\":true,\"value\":"
		   "\"7\"}}}",
		   200);
	has(text, "\"before\":\"0\",\"after\":\"7\"");
	has(text, "\"saved\":false");
	(void)snprintf(shown, sizeof(shown), "%s", tag);
	text = ask("PUT", path, NULL, "{\"values\":{}}", 422);
	has(text, "\"pointer\":\"/consent\"");
	text = ask("PUT", path, shown,
		   "{\"consent\":true,\"values\":{\"min_cvss\":{\"override\":"
		   "true,\"value\":\"7\"}}}",
		   200);
	has(text, "\"saved\":true");
	(void)ask("PUT", path, shown, "{\"consent\":true,\"values\":{}}", 412);
	text = ask("PUT", path, NULL,
		   "{\"consent\":true,\"values\":{\"min_cvs\":{\"override\":"
		   "true,\"value\":\"7\"},\"min_cvss\":{\"override\":true,"
		   "\"value\":\"70\"},\"tenant_id\":{\"override\":true,"
		   "\"value\":\"7\"}}}",
		   422);
	has(text, "did you mean 'min_cvss'?");
	has(text, "must be from 0 to 10");
	has(text, "not a setting");
	/* TEST to PROD */
	text = ask("POST", "/connections/defender/settings/promote?preview=1",
		   NULL, "{}", 200);
	has(text, "\"jobs\":[\"main\"]");
	text = ask("POST", "/connections/defender/settings/promote", NULL,
		   "{\"consent\":true}", 200);
	has(text, "\"saved\":true");
	text = ask("GET", "/connections/defender/settings", NULL, NULL, 200);
	has(text, "\"prod\":{\"override\":true,\"value\":\"7\"");
	/* and back; whoever asks sees who did what */
	text = ask("GET", "/connections/defender/settings/log?limit=1", NULL,
		   NULL, 200);
	has(text, "\"what\":\"promote\",\"environment\":\"prod\",\"changes\":"
		  "[{\"key\":\"min_cvss\",\"before\":null,\"after\":\"7\"");
	has(text, "\"next\":\"");
	text = ask("POST", "/connections/defender/settings/undo?preview=1",
		   NULL, "{}", 200);
	has(text, "\"before\":\"7\",\"after\":\"0\"");
	has(text, "\"saved\":false");
	(void)ask("POST", "/connections/defender/settings/undo", NULL, "{}",
		  422);
	text = ask("POST", "/connections/defender/settings/undo", NULL,
		   "{\"consent\":true}", 200);
	has(text, "\"saved\":true");
	text = ask("POST", "/connections/defender/settings/undo", NULL,
		   "{\"consent\":true}", 404);
	has(text, "no promotion of 'defender'");
	(void)ask("GET", "/connections/nobody/settings/log", NULL, NULL, 404);
	(void)ask("PUT", "/connections/defender/settings/other", NULL,
		  "{\"values\":{}}", 404);
	text = ask("GET", "/connections/defender/rules", NULL, NULL, 200);
	has(text, "\"settings\":[{\"key\":");
}

static void mappings(void **state)
{
	const char *const path = "/connections/defender/mappings/test";
	const char *text;

	(void)state;
	make_job();
	(void)ask("PUT", "/connections/defender/settings/test", NULL,
		  "{\"consent\":true,\"values\":{\"min_cvss\":{\"override\":"
		  "true,\"value\":\"7\"}}}",
		  200);
	text = ask("GET", path, NULL, NULL, 200);
	has(text, "\"yaml\":\"\"");
	has(text, "\"record_sets\":[\"devices\"");
	text = ask("PUT", "/connections/defender/mappings/test?preview=1", NULL,
		   "{\"yaml\":\"mappings:\\n  devices.os_version:\\n    dropp: "
		   "true\\n\"}",
		   200);
	has(text, "\"line\":3");
	text = ask("PUT", path, NULL,
		   "{\"consent\":true,\"yaml\":\"mappings:\\n  "
		   "devices.os_version:\\n    drop: true\\n\"}",
		   200);
	has(text, "\"key\":\"mappings.devices.os_version.drop\"");
	text = ask("GET", path, NULL, NULL, 200);
	has(text, "\"yaml\":\"mappings:\\n  devices:\\n");
	/* the settings are still there */
	text = ask("GET", "/connections/defender/settings", NULL, NULL, 200);
	has(text, "\"test\":{\"override\":true,\"value\":\"7\"");
	(void)ask("PUT", path, NULL, "{\"consent\":true,\"yaml\":\": x\"}",
		  422);
	(void)ask("PUT", path, NULL, "{\"consent\":true,\"yaml\":\"\"}", 200);
}

/* ---- tasks --------------------------------------------------------------- */

static void tasks(void **state)
{
	const char *text;

	(void)state;
	make_job();
	text = ask("POST", "/connections/defender/tests", NULL, NULL, 202);
	has(text, "[\"connection\",\"test\",\"--json\",\"--\",\"defender\"]");
	(void)ask("POST", "/connections/nobody/tests", NULL, NULL, 404);
	text = ask("POST", "/connections/cmdb/setups", NULL,
		   "{\"write\":true,\"admin\":\"--x\",\"admin_password\":"
		   "\"env:NO_PASSWORD\"}",
		   202);
	has(text, "\"--admin=--x\"");
	text = ask("POST", "/connections/cmdb/setups", NULL, NULL, 202);
	has(text, "\"--yes\"");
	text = ask("POST", "/connections/cmdb/setups", NULL,
		   "{\"write\":false}", 202);
	has_not(text, "\"--yes\"");
	text = ask("POST", "/connections/cmdb/setups", NULL,
		   "{\"admin\":\"a\",\"admin_password\":\"plain\"}", 422);
	has_not(text, "plain\"");
	text = ask("POST", "/jobs/main/reports", NULL,
		   "{\"report\":\"cve\",\"days\":30}", 202);
	has(text,
	    "[\"report\",\"--days=30\",\"--json\",\"--\",\"cve\",\"main\"]");
	(void)ask("POST", "/jobs/main/reports", NULL, "{\"report\":\"x\"}",
		  422);
	text = ask("POST", "/jobs/main/explanations", NULL,
		   "{\"key\":\"--yes\"}", 202);
	has(text, "[\"explain\",\"--json\",\"--\",\"main\",\"--yes\"]");
	text = ask("POST", "/recver/defender/reset", NULL,
		   "{\"consent\":\"cmdb\"}", 422);
	has(text, "\"pointer\":\"/consent\"");
	(void)ask("POST", "/recver/defender/reset", NULL,
		  "{\"consent\":\"defender\"}", 202);
	text = ask("POST", "/jobs/main/tries", NULL,
		   "{\"environment\":\"prod\",\"values\":{\"min_cvss\":"
		   "{\"override\":true,\"value\":\"7\"}},\"sample\":2}",
		   202);
	has(text,
	    "\"--env=prod\",\"--sample=2\",\"--json\",\"--\",\"defender\","
	    "\"@settings.yaml\"]");
	(void)ask("POST", "/jobs/main/tries", NULL,
		  "{\"values\":{\"min_cvs\":{\"override\":true,\"value\":"
		  "\"7\"}}}",
		  422);
	text = ask("POST", "/forward/alerts/12/retry", NULL, NULL, 202);
	has(text, "[\"forward\",\"retry\",\"--json\",\"--\",\"12\"]");
	(void)ask("POST", "/forward/alerts/x/retry", NULL, NULL, 404);
}

static void trial(void **state)
{
	const char *text;

	(void)state;
	text = ask("POST", "/connections/trial", NULL,
		   "{\"name\":\"new\",\"type\":\"servicenow\",\"values\":{}}",
		   422);
	has(text, "\"pointer\":\"/values/url\"");
	text = ask("POST", "/connections/trial?test=1", NULL,
		   "{\"name\":\"new\",\"type\":\"endpoint\",\"values\":"
		   "{\"tenant_id\":\"11111111-2222-3333-4444-555555555555\","
		   "\"client_id\":\"66666666-7777-8888-9999-aaaaaaaaaaaa\","
		   "\"client_secret\":{\"value\":\"fake-secret-fake\"}}}",
		   202);
	has(text,
	    "[\"connection\",\"test\",\"--file\",\"@connection.yaml\",\"--"
	    "json\",\"--\","
	    "\"new\"]");
	has_not(text, "fake-secret");
	(void)ask("GET", "/connections/new", NULL, NULL, 404);
	has(ask("GET", "/secrets", NULL, NULL, 200),
	    "\"trial.new.client_secret\"");
	(void)ask("PUT", "/connections/new", NULL, endpoint(""), 201);
	has_not(ask("GET", "/secrets", NULL, NULL, 200), "trial.new");
}

static void commands(void **state)
{
	const char *text;

	(void)state;
	make_job();
	text = ask("POST", "/commands", NULL,
		   "{\"argv\":[\"settings\",\"set\",\"--env\",\"test\","
		   "\"--consent\",\"defender\",\"min_cvss\",\"7\"]}",
		   202);
	has(text, "[\"settings\",\"set\",\"--env=test\",\"--consent\",\"--\","
		  "\"defender\",\"min_cvss\",\"7\"]");
	text = ask("POST", "/commands", NULL,
		   "{\"argv\":[\"apply\",\"-f\",\"@a\"],\"files\":{\"a\":"
		   "\"x\"}}",
		   202);
	has(text, "[\"apply\",\"--file\",\"@a\"]");
	/* a file of the server's */
	(void)ask("POST", "/commands", NULL,
		  "{\"argv\":[\"apply\",\"-f\",\"/etc/passwd\"]}", 422);
	(void)ask("POST", "/commands", NULL,
		  "{\"argv\":[\"rules\",\"test\",\"defender\",\"/x\"]}", 422);
	(void)ask("POST", "/commands", NULL,
		  "{\"argv\":[\"report\",\"--out=/x\",\"cve\",\"main\"]}", 422);
	(void)ask("POST", "/commands", NULL,
		  "{\"argv\":[\"runs\",\"--state=/x\"]}", 422);
	text = ask("POST", "/commands", NULL, "{\"argv\":[\"serve\"]}", 422);
	has(text, "is not done at a server");
	(void)ask("POST", "/commands", NULL,
		  "{\"argv\":[\"recver\",\"copy\",\"a\",\"b\"]}", 422);
	(void)ask("POST", "/commands", NULL, "{\"argv\":[]}", 422);
	(void)ask("POST", "/commands", NULL, "{\"argv\":\"run\"}", 422);
	(void)ask("POST", "/commands", NULL,
		  "{\"argv\":[\"connection\",\"setup\",\"--admin-password="
		  "exec:/bin/true\",\"cmdb\"]}",
		  422);
}

static void looking(void **state)
{
	const char *text;

	(void)state;
	make_job();
	text = ask("GET", "/job-choices?source=defender&destination=cmdb", NULL,
		   NULL, 200);
	has(text, "\"environment\":\"prod\"");
	has(text, "{\"name\":\"devices\",\"title\":\"Devices\"");
	has(text, "\"with\":[\"software_packages\"]");
	has(text, "{\"key\":\"guard.share\",\"kind\":\"percent\"");
	(void)ask("GET", "/job-choices?source=cmdb&destination=defender", NULL,
		  NULL, 409);
	(void)ask("GET", "/job-choices", NULL, NULL, 400);
	text = ask("GET", "/recver", NULL, NULL, 200);
	has(text, "\"connection\":\"defender\",\"type\":\"sqlite\"");
	has(text, "\"targets\":[],\"counted_at\":null,\"error\":null");
	(void)ask("GET", "/recver/cmdb", NULL, NULL, 404);
	text = ask("GET", "/reports", NULL, NULL, 200);
	has(text, "{\"name\":\"cve\"");
	has(text, "{\"key\":\"days\",\"kind\":\"int\",\"default\":\"90\"");
	(void)ask("GET", "/tasks/99/report", NULL, NULL, 404);
	text = ask("GET", "/forward/status", NULL, NULL, 200);
	has(text, "\"running\":false");
	text = ask("GET", "/forward/alerts?state=aside", NULL, NULL, 200);
	has(text, "\"items\":[],\"next\":null");
	(void)ask("GET", "/forward/alerts/7", NULL, NULL, 404);
	text = ask("GET", "/certificates", NULL, NULL, 200);
	has(text, "\"items\":[");
}

/* Whatever comes, the answer is the caller's fault or a right one. */
static void hostile(void **state)
{
	static const struct {
		const char *method, *path;
	} routes[] = {
	    {"PUT", "/connections/x"},
	    {"PUT", "/connections/a%00b"},
	    {"PUT", "/connections/%2e%2e%2fx"},
	    {"PUT", "/connections/defender"},
	    {"POST", "/connections/trial"},
	    {"POST", "/connections/trial?test=1"},
	    {"POST", "/connections/defender/tests"},
	    {"POST", "/connections/defender/setups"},
	    {"PUT", "/connections/defender/settings/test"},
	    {"PUT", "/connections/defender/settings/prod?preview=1"},
	    {"POST", "/connections/defender/settings/promote"},
	    {"PUT", "/connections/defender/mappings/test?preview=1"},
	    {"PUT", "/connections/defender/mappings/test"},
	    {"PUT", "/jobs/main"},
	    {"POST", "/jobs/main/tries"},
	    {"POST", "/jobs/main/explanations"},
	    {"POST", "/jobs/main/reports"},
	    {"POST", "/recver/defender/verify"},
	    {"POST", "/recver/defender/stats"},
	    {"POST", "/recver/defender/reset"},
	    {"PUT", "/forward/rules/r"},
	    {"PUT", "/forward/actions/a"},
	    {"PUT", "/forward/receivers/r"},
	    {"PUT", "/forward/windows/w"},
	    {"PUT", "/forward/outbox"},
	    {"PUT", "/proxy"},
	    {"PUT", "/service"},
	    {"POST", "/forward/tests"},
	    {"PUT", "/secrets/s"},
	    {"PUT", "/secrets/%0a"},
	    {"POST", "/commands"},
	    {"POST", "/apply"},
	};
	static const char *const bodies[] = {
	    "",
	    "[]",
	    "null",
	    "{}",
	    "{\"values\":null}",
	    "{\"values\":[1]}",
	    "{\"type\":7,\"values\":{\"\":1}}",
	    "{\"type\":\"endpoint\",\"values\":{\"a.b\":{\"c\":{\"d\":{}}}}}",
	    "{\"type\":\"iot\",\"values\":{\"token\":{\"value\":7}}}",
	    "{\"type\":\"iot\",\"values\":{\"token\":{\"keep\":true}}}",
	    "{\"type\":\"iot\",\"values\":{\"url\":\"a\\u0000b\"}}",
	    "{\"type\":\"iot\",\"values\":{\"url\":[[1]]}}",
	    "{\"values\":{\"source\":\"defender\",\"destination\":\"cmdb\"}}",
	    "{\"values\":{\"min_cvss\":{\"override\":1,\"value\":{}}}}",
	    "{\"values\":{\"min_cvss\":{\"override\":true,\"value\":[]}}}",
	    "{\"yaml\":\"a: [\",\"consent\":true}",
	    "{\"yaml\":\"mappings: x\\n- y\",\"consent\":true}",
	    "{\"yaml\":\"connection: other\\nenvironment: prod\"}",
	    "{\"yaml\":\"x: 1\\n- connection: b\\n  environment: test\"}",
	    "{\"mappings\":\"- a\",\"environment\":\"x\"}",
	    "{\"key\":[],\"report\":{},\"rule\":1,\"consent\":{}}",
	    "{\"argv\":[\"\"],\"files\":[]}",
	    "{\"argv\":[\"run\",\"--plan\"],\"files\":{\"a\":1}}",
	    "{\"argv\":[\"run\",\"--plan=@a\",\"x\"],\"files\":{\"a\":1}}",
	    "{\"argv\":[\"settings\",\"set\",\"--\",\"-\",\"--state\"]}",
	    "{\"name\":\"..\",\"type\":\"endpoint\",\"values\":{}}",
	    "connections:\n  - name: y\n    type: nothing\n",
	    "\xff\xfe",
	};

	(void)state;
	make_job();
	for (size_t i = 0; i < MST_LEN(routes); i++) {
		for (size_t k = 0; k < MST_LEN(bodies); k++) {
			(void)ask(routes[i].method, routes[i].path, NULL,
				  bodies[k], 0);
			if (said.status >= 500)
				fail_msg("%s %s with %s: %d: %s",
					 routes[i].method, routes[i].path,
					 bodies[k], said.status, said.body.p);
		}
	}
}

static void viewer(void **state)
{
	(void)state;
	(void)ask("POST", "/commands", NULL, "{\"argv\":[\"audit\",\"list\"]}",
		  202);
	(void)ask("POST", "/commands", NULL, "{\"argv\":[\"runs\"]}", 202);
	who.may = MST_MAY_READ;
	(void)ask("GET", "/connections", NULL, NULL, 200);
	has(ask("GET", "/tasks/1/output", NULL, NULL, 403), "more rights");
	(void)ask("GET", "/tasks/1/log", NULL, NULL, 403);
	(void)ask("GET", "/tasks/1/events", NULL, NULL, 403);
	(void)ask("GET", "/tasks/1", NULL, NULL, 200);
	(void)ask("GET", "/tasks/2/output", NULL, NULL, 200);
	(void)ask("PUT", "/connections/defender", NULL, endpoint(""), 403);
	(void)ask("POST", "/commands", NULL, "{\"argv\":[\"runs\"]}", 202);
	(void)ask("POST", "/commands", NULL, "{\"argv\":[\"run\",\"main\"]}",
		  403);
	(void)ask("GET", "/export", NULL, NULL, 403);
	who.may |= MST_MAY_OPERATE;
	(void)ask("POST", "/commands", NULL,
		  "{\"argv\":[\"connection\",\"test\",\"--file=@a\",\"x\"],"
		  "\"files\":{\"a\":\"\"}}",
		  403);
	(void)ask("POST", "/commands", NULL,
		  "{\"argv\":[\"rules\",\"test\",\"x\",\"@a\"],"
		  "\"files\":{\"a\":\"\"}}",
		  403);
	who.may |= MST_MAY_CONFIGURE | MST_MAY_ADMINISTER | MST_MAY_AUDIT;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_api, close_api)
	const struct CMUnitTest tests[] = {
	    T(forms),	   T(connections), T(wrong_items), T(sealed),
	    T(forwarding), T(settings),	   T(mappings),	   T(tasks),
	    T(trial),	   T(commands),	   T(looking),	   T(hostile),
	    T(viewer),
	};

	return cmocka_run_group_tests_name("api_config", tests, NULL, NULL);
}
