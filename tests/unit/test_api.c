/* SPDX-License-Identifier: Apache-2.0
 *
 * The API asked without a socket: every resource that needs the state store
 * alone.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "api/api.h"
#include "base/time.h"
#include "state/task.h"

static struct mst_api *api;
static const struct mst_who *who;

static const struct mst_who administrator = {
    .user = "ann",
    .actor = "ann",
    .role = MST_ROLE_ADMINISTRATOR,
    .may = MST_MAY_READ | MST_MAY_OPERATE | MST_MAY_CONFIGURE |
	   MST_MAY_ADMINISTER | MST_MAY_AUDIT,
};

static const struct mst_who viewer = {
    .user = "vic",
    .actor = "vic",
    .role = MST_ROLE_VIEWER,
    .may = MST_MAY_READ,
};

static int open_api(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_api_conf conf = {
	    .state_dir = t_path("state"), .node = "n1", .anybody = who};

	(void)t_log_watch(state);
	t_ok(mst_api_open_none(&conf, &api, &err), &err);
	return 0;
}

static int close_api(void **state)
{
	mst_api_close(&api, 0);
	return t_log_check(state);
}

static void get(const char *uri, int status, struct mst_http_said *s)
{
	struct mst_http_direct q = {.method = "GET", .uri = uri};

	mst_http_ask(mst_api_http(api), &q, s);
	if (s->status != status)
		fail_msg("%s: %d: %s", uri, s->status,
			 s->body.p ? s->body.p : "");
}

static void has(const char *uri, int status, const char *part)
{
	struct mst_http_said s;

	get(uri, status, &s);
	if (!strstr(s.body.p ? s.body.p : "", part))
		fail_msg("%s: no %s in %s", uri, part, s.body.p);
	mst_http_said_fini(&s);
}

static void post(const char *uri, const char *body, const char *key, int status,
		 const char *part)
{
	const char *headers[] = {"Content-Type: application/json", NULL, NULL};
	char line[80];
	struct mst_http_direct q = {.method = "POST",
				    .uri = uri,
				    .headers = headers,
				    .body = mst_slice_str(body)};
	struct mst_http_said s;

	if (key) {
		(void)snprintf(line, sizeof(line), "Idempotency-Key: %s", key);
		headers[1] = line;
	}
	mst_http_ask(mst_api_http(api), &q, &s);
	if (s.status != status || !strstr(s.body.p ? s.body.p : "", part))
		fail_msg("%s %s: %d: %s", uri, body, s.status,
			 s.body.p ? s.body.p : "");
	mst_http_said_fini(&s);
}

/* Two connections that nobody asks anything, and a job between them. */
static void put_job(struct mst_state *s)
{
	const struct mst_state_item items[] = {
	    {.kind = "connection",
	     .name = "defender",
	     .type = "endpoint",
	     .yaml = "- name: defender\n  type: endpoint\n"
		     "  tenant_id: 11111111-2222-3333-4444-555555555555\n"
		     "  client_id: 66666666-7777-8888-9999-aaaaaaaaaaaa\n"
		     "  client_secret: env:FAKE\n"},
	    {.kind = "connection",
	     .name = "cmdb",
	     .type = "servicenow",
	     .yaml = "- name: cmdb\n  type: servicenow\n"
		     "  url: https://example.invalid\n  username: u\n"
		     "  password: env:FAKE\n  environment: test\n"},
	    {.kind = "job",
	     .name = "main",
	     .type = "",
	     .yaml = "- name: main\n  source: defender\n  destination: "
		     "cmdb\n"},
	};
	struct mst_err err = MST_ERR_INIT;
	size_t added, changed;

	t_ok(mst_state_put_items(s, items, MST_LEN(items), &added, &changed,
				 &err),
	     &err);
}

static struct mst_state *open_state(void)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *s = NULL;

	t_ok(mst_state_open(t_path("state"), &s, &err), &err);
	return s;
}

static void runs(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *s = open_state();
	const struct mst_run_counts c = {.read = 7, .new_ = 2, .refused = 1};
	const struct mst_run_item items[] = {
	    {.set = "devices", .key = "a", .what = "refused", .reason = "r"},
	    {.set = "devices", .key = "b", .what = "skipped", .reason = "s"},
	};
	int64_t id, first = 0;

	(void)state;
	put_job(s);
	for (int i = 0; i < 3; i++) {
		t_ok(mst_state_run_begin(s, "main", &id, &err), &err);
		t_ok(mst_state_run_counts(s, id, "devices", &c, &err), &err);
		t_ok(mst_state_item_log(s, id, items, 2, &err), &err);
		t_ok(
		    mst_state_run_end(
			s,
			&(struct mst_run){
			    .id = id,
			    .status = MST_RUN_GUARD,
			    .error = "",
			    .ended_us = MST_TIME_NONE,
			    .proof = "{\"(held)\":[{\"record_set\":\"devices\","
				     "\"n\":4,\"of\":5,\"limit\":3}],"
				     "\"machines\":{\"complete\":true,"
				     "\"why\":\"\",\"pages\":1}}"},
			&err),
		    &err);
		first = first ? first : id;
	}
	has("/api/v1/runs?limit=2", 200, "\"next\":\"2\"");
	has("/api/v1/runs?limit=2&after=2", 200, "\"next\":null");
	has("/api/v1/runs?status=ok", 200, "{\"items\":[],\"next\":null}");
	has("/api/v1/runs?job=other", 200, "{\"items\":[]");
	has("/api/v1/runs?status=odd", 400, "?status");
	has("/api/v1/runs?nonsense=1", 400, "?nonsense");
	has("/api/v1/runs?limit=0", 400, "from 1 to 500");
	has("/api/v1/runs/1", 200, "\"name\":\"devices\",\"read\":7,\"new\":2");
	has("/api/v1/runs/1", 200,
	    "\"held\":[{\"record_set\":\"devices\",\"n\":4,\"of\":5,"
	    "\"limit\":3}]");
	has("/api/v1/runs/1", 200, "{\"feed\":\"machines\",\"complete\":true");
	has("/api/v1/runs/1/items?what=skipped", 200, "\"key\":\"b\"");
	has("/api/v1/runs/1/items?limit=1", 200, "\"next\":\"1\"");
	has("/api/v1/runs/99", 404, "not_found");
	has("/api/v1/runs/x", 404, "not_found");
	post("/api/v1/runs/1/cancel", "", NULL, 409, "is over");
	post("/api/v1/runs/1/undo", "{\"write\":true}", NULL, 202,
	     "[\"undo\",\"--all\",\"--yes\",\"--json\",\"--\",\"1\"]");
	mst_state_close(&s);
}

static void tasks(void **state)
{
	(void)state;
	post("/api/v1/jobs/main/runs", "{}", "k1", 202,
	     "[\"run\",\"--json\",\"--\",\"main\"]");
	post("/api/v1/jobs/main/runs", "{}", "k1", 202, "\"id\":2,");
	post("/api/v1/jobs/main/runs", "{\"full\":true}", "k1", 422,
	     "unprocessable");
	post("/api/v1/jobs/main/runs",
	     "{\"full\":true,\"devices\":[\"--approve\"],\"limit\":5,"
	     "\"record_sets\":[\"devices\",\"vulnerabilities\"]}",
	     NULL, 202,
	     "[\"run\",\"--record-set=devices,vulnerabilities\","
	     "\"--device=--approve\",\"--full\",\"--limit=5\",\"--json\","
	     "\"--\",\"main\"]");
	post("/api/v1/jobs/main/runs", "{\"odd\":1}", NULL, 422, "/odd");
	post("/api/v1/jobs/main/runs", "{\"limit\":-1}", NULL, 422, "/limit");
	post("/api/v1/jobs/main/runs", "[]", NULL, 400, "no JSON object");
	post("/api/v1/jobs/gone/runs", "{}", NULL, 404, "not_found");
	post("/api/v1/jobs/main/plans", "", NULL, 202, "\"--all\"");
	has("/api/v1/tasks?limit=1", 200, "\"next\":\"4\"");
	has("/api/v1/tasks?kind=plan", 200, "\"id\":4");
	has("/api/v1/tasks?state=live", 200, "\"queued\"");
	has("/api/v1/tasks/2", 200, "\"asked_by\":\"ann\"");
	has("/api/v1/tasks/77", 404, "not_found");
	has("/api/v1/tasks/2/output", 200, "");
	has("/api/v1/tasks/4/changes", 409, "has made no plan");
	post("/api/v1/jobs/main/pause", "{\"why\":\"holidays\"}", NULL, 204,
	     "");
	post("/api/v1/jobs/main/resume", "", NULL, 204, "");
}

static int open_as_viewer(void **state)
{
	int rc;

	who = &viewer;
	rc = open_api(state);
	who = &administrator;
	return rc;
}

static void cancel(const char *task, int status, const char *part)
{
	struct mst_http_direct q = {.method = "DELETE", .uri = task};
	struct mst_http_said s;

	mst_http_ask(mst_api_http(api), &q, &s);
	if (s.status != status || !strstr(s.body.p ? s.body.p : "", part))
		fail_msg("%s: %d: %s", task, s.status,
			 s.body.p ? s.body.p : "");
	mst_http_said_fini(&s);
}

/* Whoever may only look takes back what they asked for, and nothing else. */
static void viewers_cancel(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *s = open_state();
	const struct mst_task others[] = {
	    {.kind = "explain", .repeat = true, .asked_by = "ann"},
	    {.kind = "run", .repeat = true, .asked_by = "vic"},
	    {.kind = "command", .asked_by = "vic"},
	};
	char uri[40];
	int64_t id;

	(void)state;
	post("/api/v1/jobs/main/explanations", "{\"key\":\"a\"}", NULL, 202,
	     "\"id\":6,");
	cancel("/api/v1/tasks/6", 202, "\"state\":\"cancelled\"");
	cancel("/api/v1/tasks/99", 404, "not_found");
	for (size_t i = 0; i < MST_LEN(others); i++) {
		struct mst_task t = others[i];

		t.job = "main";
		t.connection = t.asked_via = t.approved_by = t.files = "";
		t.argv = "[]";
		t.exit_status = -1;
		t_ok(mst_task_put(s, &t, &id, &err), &err);
		(void)snprintf(uri, sizeof(uri), "/api/v1/tasks/%d", (int)id);
		cancel(uri, 403, "right operate");
		has(uri, 200, "\"state\":\"waiting\"");
	}
	mst_state_close(&s);
}

static int take_node(void *ctx, const struct mst_task *t);

/* What a server holds is what a task counted last. */
static void recver_of_a_server(void **state)
{
	static const char counted[] =
	    "{\"connection\":\"far\",\"bytes\":4096,\"targets\":[{"
	    "\"destination\":\"cmdb\",\"jobs\":[],\"record_sets\":[]}]}\n";
	const struct mst_state_item item = {
	    .kind = "connection",
	    .name = "far",
	    .type = "endpoint",
	    .yaml = "- name: far\n  type: endpoint\n"
		    "  tenant_id: 11111111-2222-3333-4444-555555555555\n"
		    "  client_id: 66666666-7777-8888-9999-aaaaaaaaaaaa\n"
		    "  client_secret: env:FAKE\n"
		    "  recver:\n    type: postgres\n    server: db1\n"
		    "    user: muster\n    password: env:FAKE\n"};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *s = open_state();
	struct mst_task end = {
	    .id = 10, .node = "n1", .state = MST_TASK_DONE, .error = ""};
	size_t added, changed;
	bool got = true;

	(void)state;
	t_ok(mst_state_put_items(s, &item, 1, &added, &changed, &err), &err);
	has("/api/v1/recver/far", 200,
	    "\"bytes\":null,\"targets\":[],\"counted_at\":null,\"error\":null");
	post("/api/v1/recver/far/stats", "", NULL, 202,
	     "\"id\":10,\"kind\":\"recver\",\"job\":null,\"connection\":"
	     "\"far\"");
	has("/api/v1/tasks/10", 200,
	    "[\"recver\",\"stats\",\"--json\",\"--\",\"far\"]");
	while (got)
		t_ok(mst_task_claim(s, "n1", INT64_MAX, NULL, take_node, NULL,
				    &got, &err),
		     &err);
	t_ok(mst_task_end(s, &end, mst_slice_str(counted), MST_SLICE_LIT(""),
			  &err),
	     &err);
	has("/api/v1/recver/far", 200, "\"place\":\"db1\",\"bytes\":4096,");
	has("/api/v1/recver/far", 200, "\"destination\":\"cmdb\"");
	has("/api/v1/recver/far", 200, "\"counted_at\":\"2");
	mst_state_close(&s);
}

static int take_node(void *ctx, const struct mst_task *t)
{
	(void)ctx;
	(void)t;
	return 0;
}

static void plan_changes(void **state)
{
	static const char plan[] =
	    "{\"muster_plan\":1,\"job\":\"main\",\"sum\":"
	    "\"00000000000000000000000000000000\","
	    "\"made\":\"2026-11-21T19:45:00Z\",\"requests\":4,"
	    "\"estimated_seconds\":1.5,\"counts\":{},\"changes\":["
	    "{\"record_set\":\"devices\",\"action\":\"insert\",\"key\":\"a\","
	    "\"fields\":[{\"column\":\"name\",\"before\":null,"
	    "\"after\":\"Apple\"}]},"
	    "{\"record_set\":\"devices\",\"action\":\"retire\",\"key\":\"b\","
	    "\"held\":true,\"fields\":[]}]}\n";
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *s = open_state();
	struct mst_task end = {
	    .state = MST_TASK_DONE, .exit_status = 7, .error = ""};
	bool got = true;

	(void)state;
	t_ok(mst_node_beat(s, "n1", 1, "v", "a", &err), &err);
	for (end.id = 1; got; end.id++) {
		t_ok(mst_task_claim(s, "n1", INT64_MAX, NULL, take_node, NULL,
				    &got, &err),
		     &err);
		if (!got)
			break;
		end.node = "n1";
		t_ok(mst_task_end(s, &end, mst_slice_str(plan),
				  MST_SLICE_LIT("log"), &err),
		     &err);
	}
	mst_state_close(&s);
	has("/api/v1/tasks/4/output", 200, "muster_plan");
	has("/api/v1/tasks/4/log", 200, "log");
	has("/api/v1/tasks/4/changes", 200,
	    "\"made_at\":\"2026-11-21T19:45:00");
	has("/api/v1/tasks/4/changes?limit=1", 200, "\"next\":\"1\"");
	has("/api/v1/tasks/4/changes?after=1", 200, "\"held\":true");
	has("/api/v1/tasks/4/changes?q=apple", 200, "\"after\":\"Apple\"");
	has("/api/v1/tasks/4/changes?action=update", 200,
	    "{\"items\":[],\"next\":null,\"counts\":[{");
	has("/api/v1/tasks/2/changes", 409, "is no plan");
	post("/api/v1/jobs/main/runs", "{\"plan\":4}", NULL, 202,
	     "[\"run\",\"--plan\",\"@plan.json\",\"--json\",\"--\",\"main\"]");
	post("/api/v1/jobs/main/runs", "{\"plan\":2}", NULL, 409, "is no plan");
}

static int take_id(void *ctx, const struct mst_task *t)
{
	*(int64_t *)ctx = t->id;
	return 0;
}

static void undo_records(void **state)
{
	static const char undo[] =
	    "{\"run\":7,\"job\":\"main\",\"ended\":true,\"whole\":false,"
	    "\"undone\":0,\"to_undo\":2,\"refused\":1,\"records\":["
	    "{\"action\":\"restore\",\"record_set\":\"devices\",\"group\":"
	    "\"a\",\"table\":\"t\",\"sys_id\":\"1\",\"done\":false,"
	    "\"columns\":[{\"column\":\"os\",\"now\":\"New\",\"then\":"
	    "\"Old\"}]},"
	    "{\"action\":\"make again\",\"record_set\":\"devices\","
	    "\"group\":\"b\",\"table\":\"t\",\"sys_id\":\"2\",\"done\":"
	    "false,\"columns\":[]}]}\n";
	const struct mst_task asked = {.kind = "undo",
				       .job = "main",
				       .connection = "",
				       .asked_by = "ann",
				       .asked_via = "api",
				       .approved_by = "",
				       .files = "",
				       .argv = "[\"undo\",\"7\"]",
				       .state = MST_TASK_QUEUED,
				       .exit_status = -1};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *s = open_state();
	struct mst_task end = {
	    .node = "n1", .state = MST_TASK_DONE, .error = ""};
	bool got = true;
	char uri[64];
	int64_t id;

	(void)state;
	t_ok(mst_task_put(s, &asked, &id, &err), &err);
	t_ok(mst_node_beat(s, "n1", 1, "v", "a", &err), &err);
	while (got && end.id != id)
		t_ok(mst_task_claim(s, "n1", INT64_MAX, NULL, take_id, &end.id,
				    &got, &err),
		     &err);
	t_ok(mst_task_end(s, &end, mst_slice_str(undo), MST_SLICE_LIT("log"),
			  &err),
	     &err);
	mst_state_close(&s);
	(void)snprintf(uri, sizeof(uri), "/api/v1/tasks/%d/undo?limit=1",
		       (int)id);
	has(uri, 200, "\"columns\":[{\"column\":\"os\",\"now\":\"New\",");
	has(uri, 200,
	    "\"next\":\"1\",\"counts\":[{\"record_set\":\"devices\","
	    "\"action\":\"restore\",\"n\":1},");
	has(uri, 200,
	    "\"run\":7,\"job\":\"main\",\"ended\":true,\"whole\":false,"
	    "\"undone\":0,\"to_undo\":2,\"refused\":1,\"kept\":true}");
	(void)snprintf(uri, sizeof(uri),
		       "/api/v1/tasks/%d/undo?action=make%%20again", (int)id);
	has(uri, 200, "{\"items\":[{\"action\":\"make again\",");
	(void)snprintf(uri, sizeof(uri), "/api/v1/tasks/%d/changes", (int)id);
	has(uri, 409, "is no plan");
	has("/api/v1/tasks/4/undo", 409, "is no undo");
}

static void jobs_and_overview(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *s = open_state();
	bool fresh, done;

	(void)state;
	t_ok(mst_job_due(s, "main", MST_TIME_NONE, 1900000000000000, 7, 0, NULL,
			 &done, &err),
	     &err);
	t_ok(mst_job_pause(s, "main", true, "ann", "holidays", &err), &err);
	t_ok(mst_notice_on(s, "guard", "main", "warning", "it waits", &fresh,
			   &err),
	     &err);
	t_ok(mst_trend_put(s, "main", "open_cves.high",
			   mst_now_us() - 2 * 86400000000LL, 7, &err),
	     &err);
	t_ok(mst_trend_put(s, "other", "open_cves.high", mst_now_us(), 2, &err),
	     &err);
	has("/api/v1/jobs", 200, "\"name\":\"main\",\"source\":\"defender\"");
	has("/api/v1/jobs/main", 200, "\"paused\":{\"by\":\"ann\",\"at\":\"");
	has("/api/v1/jobs/main", 200, "\"values\":{");
	has("/api/v1/jobs/main", 200, "\"next_at\":null");
	t_ok(mst_job_pause(s, "main", false, "ann", "", &err), &err);
	has("/api/v1/jobs/main", 200,
	    "\"next_at\":\"2030-03-17T17:46:40.000Z\"");
	has("/api/v1/jobs/mian", 404, "main");
	has("/api/v1/overview", 200, "\"in_step\":0,\"behind\":1");
	has("/api/v1/overview", 200,
	    "\"by_severity\":{\"critical\":0,\"high\":9,");
	has("/api/v1/overview", 200, "\"refused\":3}],\"budgets\"");
	has("/api/v1/overview", 200, "\"freshness\":[{\"job\":\"main\"");
	has("/api/v1/notices", 200, "\"link\":\"/jobs/main\"");
	has("/api/v1/nodes", 200, "\"name\":\"n1\"");
	has("/api/v1/nodes", 200, "\"leases\":[]}");
	has("/metrics", 200, "muster_info{version=\"");
	has("/metrics", 200, "{route=\"get_overview\",status=\"2xx\"}");
	mst_state_close(&s);
}

/* What was kept goes when the store changes, by another handle or by ours. */
static void pages_are_kept(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *s = open_state();
	struct mst_run run = {.status = MST_RUN_OK,
			      .error = "",
			      .ended_us = MST_TIME_NONE,
			      .proof = "{}"};

	(void)state;
	has("/api/v1/runs?status=ok", 200, "{\"items\":[],");
	has("/api/v1/runs?status=ok", 200, "{\"items\":[],");
	t_ok(mst_state_run_begin(s, "main", &run.id, &err), &err);
	t_ok(mst_state_run_end(s, &run, &err), &err);
	has("/api/v1/runs?status=ok", 200, "\"status\":\"ok\"");
	has("/api/v1/runs?status=ok", 200, "\"status\":\"ok\"");
	has("/api/v1/runs?status=ok&limit=1", 200, "\"next\":null");
	mst_state_close(&s);
}

static void says(const char *method, const char *uri, const char *const *head,
		 const char *body, int status, const char *line)
{
	struct mst_http_direct q = {.method = method,
				    .uri = uri,
				    .headers = head,
				    .body = mst_slice_str(body)};
	struct mst_http_said s;

	mst_http_ask(mst_api_http(api), &q, &s);
	if (s.status != status || !strstr(s.head.p, line))
		fail_msg("%s %s: %d, %s%s", method, uri, s.status, s.head.p,
			 s.body.p ? s.body.p : "");
	mst_http_said_fini(&s);
}

/* The tag of a job is that of its configuration and of how it goes: a change of
 * it wants the first, what was not changed the whole. */
static void tags(void **state)
{
	struct mst_http_direct q = {.method = "GET",
				    .uri = "/api/v1/jobs/main"};
	const char *head[] = {"Content-Type: application/json", NULL, NULL};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *s = open_state();
	char tag[160], line[200];
	struct mst_http_said said;

	(void)state;
	mst_http_ask(mst_api_http(api), &q, &said);
	assert_int_equal(
	    sscanf(strstr(said.head.p, "ETag: "), "ETag: %159s", tag), 1);
	mst_http_said_fini(&said);
	(void)snprintf(line, sizeof(line), "If-None-Match: %s", tag);
	head[1] = line;
	says("GET", "/api/v1/jobs/main", head, "", 304, "ETag: ");
	t_ok(mst_job_pause(s, "main", true, "ann", "again", &err), &err);
	says("GET", "/api/v1/jobs/main", head, "", 200, "ETag: ");
	(void)snprintf(line, sizeof(line), "If-Match: %s", tag);
	says("PUT", "/api/v1/jobs/main", head,
	     "{\"values\":{\"source\":\"defender\",\"destination\":\"cmdb\","
	     "\"undo_days\":\"3\"}}",
	     200, "ETag: ");
	says("PUT", "/api/v1/jobs/main", head,
	     "{\"values\":{\"source\":\"defender\",\"destination\":\"cmdb\"}}",
	     412, "problem+json");
	mst_state_close(&s);
}

static void root_and_health(void **state)
{
	(void)state;
	says("POST", "/jobs/main", NULL, "", 404, "problem+json");
	says("GET", "/assets/none.js", NULL, "", 404, "problem+json");
	has("/api/v1", 200, "\"node\":\"n1\"");
	has("/api/v1/", 200, "\"sign_in\":[\"password\"");
	has("/healthz", 200, "alive");
	has("/readyz", 200, "ready");
	has("/api/v1/nothing", 404, "urn:muster:error:not_found");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(root_and_health, open_api,
					    close_api),
	    cmocka_unit_test_setup_teardown(runs, open_api, close_api),
	    cmocka_unit_test_setup_teardown(tasks, open_api, close_api),
	    cmocka_unit_test_setup_teardown(plan_changes, open_api, close_api),
	    cmocka_unit_test_setup_teardown(jobs_and_overview, open_api,
					    close_api),
	    cmocka_unit_test_setup_teardown(pages_are_kept, open_api,
					    close_api),
	    cmocka_unit_test_setup_teardown(tags, open_api, close_api),
	    cmocka_unit_test_setup_teardown(viewers_cancel, open_as_viewer,
					    close_api),
	    cmocka_unit_test_setup_teardown(recver_of_a_server, open_api,
					    close_api),
	    cmocka_unit_test_setup_teardown(undo_records, open_api, close_api),
	};

	who = &administrator;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
