/* SPDX-License-Identifier: Apache-2.0
 *
 * The API with something in it, for others to ask: prints its address and
 * tokens, WHO=TOKEN, an administrator's first, and serves until its input ends.
 * No keeper: tasks stay queued.
 *
 *   server FOLDER     the folder is made and belongs to it
 *   server FOLDER second   what PROD has waits for a second person
 *   server document   prints the OpenAPI document instead
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/api.h"
#include "api/gate.h"
#include "api/openapi.h"
#include "auth/people.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/time.h"
#include "state/task.h"
#include "sync/config.h"

#define RUNS 120

static int fail(const struct mst_err *err)
{
	(void)fprintf(stderr, "server: %s\n", err->msg);
	return -1;
}

/* ---- what is in it ------------------------------------------------------- */

static int put_items(struct mst_state *s, struct mst_err *err)
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
		     "  password: env:FAKE\n  environment: test\n"
		     "  requests_per_hour: 500\n"},
	    {.kind = "job",
	     .name = "main",
	     .type = "",
	     .yaml = "- name: main\n  source: defender\n  destination: "
		     "cmdb\n"
		     "  schedule:\n    cron: '0 2 * * *'\n"
		     "    time_zone: Europe/Berlin\n"},
	    {.kind = "job",
	     .name = "broken",
	     .type = "",
	     .yaml = "- name: broken\n  source: gone\n  destination: "
		     "cmdb\n"},
	};
	size_t added, changed;

	return mst_state_put_items(s, items, MST_LEN(items), &added, &changed,
				   err);
}

static int put_run(struct mst_state *s, int i, struct mst_err *err)
{
	static const enum mst_run_status ends[] = {
	    MST_RUN_OK, MST_RUN_PARTIAL, MST_RUN_FAILED, MST_RUN_CANCELLED,
	    MST_RUN_GUARD};
	const struct mst_run_counts c = {
	    .read = 5000, .new_ = 3, .changed = 11, .refused = 2, .us = 310000};
	const struct mst_run_item items[] = {
	    {.set = "devices",
	     .key = "ws-00001",
	     .what = "refused",
	     .reason = "said no",
	     .request_id = "r1"},
	    {.set = "devices",
	     .key = "ws-00002",
	     .what = "skipped",
	     .reason = "has no name",
	     .request_id = ""},
	};
	struct mst_run run = {
	    .status = ends[i % 5],
	    .error = i % 5 == 2 ? "it broke" : "",
	    .read = 5000,
	    .writes = 14,
	    .requests = 77,
	    .ended_us = MST_TIME_NONE,
	    .proof = "{\"machines\":{\"complete\":true,\"why\":\"\",\"pages\":"
		     "5,\"files\":0,\"records\":5000,\"as_of\":\"\"}}"};
	int rc = mst_state_run_begin(s, "main", &run.id, err);

	if (rc == 0)
		rc = mst_state_run_counts(s, run.id, "devices", &c, err);
	if (rc == 0)
		rc = mst_state_item_log(s, run.id, items, 2, err);
	return rc < 0 ? rc : mst_state_run_end(s, &run, err);
}

static int keep_going(void *ctx, const struct mst_task *t)
{
	*(int64_t *)ctx = t->id;
	return 0;
}

static int put_task(struct mst_state *s, const char *kind, const char *out,
		    struct mst_err *err)
{
	const struct mst_task t = {
	    .kind = kind,
	    .job = "main",
	    .connection = "",
	    .argv = "[\"plan\",\"main\"]",
	    .files = "",
	    .state = MST_TASK_QUEUED,
	    .asked_by = "ann",
	    .asked_via = "console",
	    .approved_by = "",
	    .exit_status = -1,
	};
	struct mst_task end = {.state = MST_TASK_DONE,
			       .exit_status = 7,
			       .error = "",
			       .node = "n1"};
	bool got = false;
	int64_t id;
	int rc = mst_task_put(s, &t, &id, err);

	if (rc == 0)
		rc = mst_task_claim(s, "n1", INT64_MAX, NULL, keep_going,
				    &end.id, &got, err);
	if (rc == 0 && got)
		rc =
		    mst_task_tell(s, end.id, "n1", 3,
				  "{\"stage\":\"compare\",\"what\":\"devices\","
				  "\"done\":5,\"total\":9,\"bytes\":false,"
				  "\"requests\":3,\"rate\":1.5,"
				  "\"left_ms\":null,\"at\":"
				  "\"2026-11-21T19:45:00.000Z\"}",
				  &got, err);
	return rc < 0 ? rc
		      : mst_task_end(s, &end, mst_slice_str(out),
				     MST_SLICE_LIT("a line\n"), err);
}

static int put_rest(struct mst_state *s, struct mst_err *err)
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
	int64_t now_us = mst_now_us();
	bool fresh;
	int rc = mst_node_beat(s, "n1", 1, "0.0.0", "127.0.0.1", err);

	if (rc == 0)
		rc = put_task(s, "plan", plan, err);
	if (rc == 0)
		rc = put_task(s, "test", "{\"checks\":[]}", err);
	if (rc == 0)
		rc = mst_notice_on(s, "guard", "main", "warning",
				   "the guard holds something", &fresh, err);
	if (rc == 0)
		rc = mst_trend_put(s, "main", "open_cves.high",
				   now_us - 86400000000LL, 7, err);
	if (rc == 0)
		rc = mst_trend_put(s, "main", "open_cves.high", now_us, 9, err);
	return rc < 0 ? rc
		      : mst_job_pause(s, "broken", true, "ann", "why", err);
}

/* Those who ask: of each role, and tokens that may less than their owner. */
static const struct asker {
	const char *who, *user;
	enum mst_role role;
	unsigned scopes; /* 0: all of the role's */
} askers[] = {
    {"administrator", "ann", MST_ROLE_ADMINISTRATOR, 0},
    {"operator", "olga", MST_ROLE_OPERATOR, 0},
    {"viewer", "vic", MST_ROLE_VIEWER, 0},
    {"auditor", "audrey", MST_ROLE_AUDITOR, 0},
    {"only_read", "ann", MST_ROLE_ADMINISTRATOR, MST_MAY_READ},
    {"only_operate", "ann", MST_ROLE_ADMINISTRATOR, MST_MAY_OPERATE},
    {"read_configure", "ann", MST_ROLE_ADMINISTRATOR,
     MST_MAY_READ | MST_MAY_CONFIGURE},
};

static int put_people(struct mst_state *s, struct mst_buf *out,
		      struct mst_err *err)
{
	struct mst_person p = {.full_name = "Somebody",
			       .password =
				   MST_SLICE_LIT("fake-Password-of-a-test-17"),
			       .min_length = 12};
	char once[MST_PASSWORD_ONCE], id[MST_TOKEN_ID], token[MST_TOKEN_TEXT];
	int rc = 0;

	for (size_t i = 0; i < MST_LEN(askers) && rc == 0; i++) {
		const struct asker *a = &askers[i];

		p.name = a->user;
		p.role = a->role;
		if (!a->scopes)
			rc = mst_people_add(s, &p, once, err);
		if (rc == 0)
			rc = mst_people_token(s, a->user, a->who, a->scopes, 1,
					      id, token, err);
		if (rc == 0)
			(void)mst_buf_addf(out, " %s=%s", a->who, token);
	}
	return rc;
}

static int put_service(struct mst_state *s, struct mst_err *err)
{
	static const char yaml[] = "service:\n  approval: prod\n";
	size_t added, changed;
	struct mst_conf conf;
	int rc = mst_conf_read(mst_slice_str(yaml), "service", &conf, err);

	if (rc < 0)
		return rc;
	rc = mst_config_put(s, conf.items, conf.items_n, NULL, NULL, &added,
			    &changed, err);
	mst_conf_fini(&conf);
	return rc;
}

static int fill(const char *dir, bool second, struct mst_buf *tokens,
		struct mst_err *err)
{
	struct mst_state *s = NULL;
	int rc = mst_state_open(dir, &s, err);

	if (rc == 0)
		rc = put_items(s, err);
	for (int i = 0; i < RUNS && rc == 0; i++)
		rc = put_run(s, i, err);
	if (rc == 0)
		rc = put_rest(s, err);
	if (rc == 0)
		rc = put_people(s, tokens, err);
	if (rc == 0 && second)
		rc = put_service(s, err);
	mst_state_close(&s);
	return rc;
}

/* ---- serving ------------------------------------------------------------- */

static int load(struct mst_door *door, const char *dir, struct mst_err *err)
{
	struct mst_state *s = NULL;
	int rc = mst_state_open(dir, &s, err);

	if (rc == 0)
		rc = mst_auth_load(door, s, err);
	mst_state_close(&s);
	return rc;
}

static int serve(const char *dir, bool second)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_door *door = mst_door_new();
	struct mst_http_hub *hub = mst_http_hub_new(64);
	struct mst_api_conf conf = {.state_dir = dir,
				    .node = "n1",
				    .http = {.address = "127.0.0.1",
					     .address_rate = MST_HTTP_ANY,
					     .caller_rate = MST_HTTP_ANY},
				    .hub = hub,
				    .door = door};
	struct mst_api *api = NULL;
	struct mst_buf tokens = MST_BUF_INIT(4096);
	int rc = fill(dir, second, &tokens, &err);

	if (rc == 0)
		rc = load(door, dir, &err);
	if (rc == 0)
		rc = mst_api_open(&conf, &api, &err);
	if (rc == 0) {
		(void)printf("http://127.0.0.1:%d%s\n", mst_api_port(api),
			     tokens.p);
		(void)fflush(stdout);
		while (getchar() != EOF)
			;
	} else {
		(void)fail(&err);
	}
	mst_buf_fini(&tokens);
	mst_api_close(&api, 1000);
	mst_http_hub_free(&hub);
	mst_door_free(&door);
	return rc < 0;
}

static int document(void)
{
	struct mst_buf out = MST_BUF_INIT(8u << 20);

	mst_api_openapi(&out);
	(void)fwrite(out.p, 1, out.n, stdout);
	mst_buf_fini(&out);
	return 0;
}

int main(int argc, char **argv)
{
	struct mst_err err = MST_ERR_INIT;

	bool second = argc == 3 && strcmp(argv[2], "second") == 0;

	if (argc != 2 && !second) {
		(void)fprintf(stderr,
			      "server FOLDER [second] | server document\n");
		return 2;
	}
	if (mst_secret_setup(&err) < 0)
		return fail(&err) < 0;
	return strcmp(argv[1], "document") == 0 ? document()
						: serve(argv[1], second);
}
