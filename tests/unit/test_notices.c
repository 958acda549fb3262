/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person must be told, and what is drawn over time.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/time.h"
#include "serve/busy.h"
#include "serve/notices.h"
#include "serve/trends.h"
#include "state/access.h"
#include "sync/config.h"
#include "tests/lib/httpd.h"

#define S   INT64_C(1000000)
#define DAY (86400 * S)
/* 2026-11-20T12:00:00Z */
#define NOW (INT64_C(1795176000) * S)

static const char yaml[] =
    "connections:\n"
    "  - name: e\n    type: endpoint\n    tenant_id: t\n"
    "    client_id: c\n    client_secret: env:X\n"
    "    secret_expires: 2026-12-31\n"
    "  - name: cmdb\n    type: servicenow\n    url: https://sn.example\n"
    "    username: u\n    password: env:X\n"
    "jobs:\n"
    "  - name: a\n    source: e\n    destination: cmdb\n"
    "  - name: b\n    source: e\n    destination: cmdb\n";

struct rig {
	struct mst_state *state;
	struct mst_agenda *agenda;
	struct mst_notices_conf conf;
};

static void rig_open(struct rig *r, const char *name)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_conf_item *items;
	struct mst_arena arena;
	size_t n, added, changed;

	t_clock_set(NOW);
	mst_arena_init(&arena, MST_MAX_ARENA);
	t_ok(mst_state_open(t_path("%s", name), &r->state, &err), &err);
	t_ok(mst_conf_read_in(mst_slice_str(yaml), "m", &arena, &items, &n,
			      &err),
	     &err);
	t_ok(mst_config_put(r->state, items, n, NULL, NULL, &added, &changed,
			    &err),
	     &err);
	mst_arena_fini(&arena);
	r->agenda = mst_agenda_new(r->state, false);
	t_ok(mst_agenda_refresh(r->agenda, NOW, &err), &err);
	r->conf = (struct mst_notices_conf){
	    .state = r->state, .agenda = r->agenda, .node = "n1", .slow = true};
}

static void rig_close(struct rig *r)
{
	mst_agenda_free(&r->agenda);
	mst_state_close(&r->state);
}

static int64_t run(struct rig *r, const char *job, enum mst_run_status status,
		   const char *error)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_run v = {.job = job,
			    .status = status,
			    .ended_us = MST_TIME_NONE,
			    .error = error,
			    .proof = "{}"};

	t_ok(mst_state_run_begin(r->state, job, &v.id, &err), &err);
	t_ok(mst_state_run_end(r->state, &v, &err), &err);
	return v.id;
}

static int show(void *ctx, const struct mst_notice *v)
{
	char *out = ctx;
	size_t n = strlen(out);

	/* of the disk of whoever runs this nothing is known */
	if (strcmp(v->kind, "disk_full") != 0)
		(void)snprintf(out + n, 4000 - n, "%s %s: %s%s\n", v->kind,
			       v->level, v->text,
			       mst_notice_is_untold(v) ? " (new)" : "");
	return 0;
}

static void are(struct rig *r, const char *want)
{
	struct mst_err err = MST_ERR_INIT;
	char got[4000] = "";
	bool untold;

	t_ok(mst_notices_look(&r->conf, mst_now_us(), &untold, &err), &err);
	t_ok(mst_notices(r->state, false, 100, show, got, &err), &err);
	assert_string_equal(got, want);
}

static void are_some(struct rig *r)
{
	struct mst_err err = MST_ERR_INIT;
	bool untold = false;

	t_ok(mst_notices_look(&r->conf, mst_now_us(), &untold, &err), &err);
	assert_true(untold);
}

static int note(void *ctx, const struct mst_notice *v)
{
	int64_t *ids = ctx;

	ids[++ids[0]] = v->id;
	return 0;
}

static void all_told(struct rig *r)
{
	struct mst_err err = MST_ERR_INIT;
	int64_t ids[100] = {0};

	t_ok(mst_notices(r->state, true, 90, note, ids, &err), &err);
	for (int64_t i = 1; i <= ids[0]; i++)
		t_ok(mst_notice_told(r->state, ids[i], &err), &err);
}

/* ---- tests --------------------------------------------------------------- */

static void of_jobs(void **unused)
{
	struct mst_err err = MST_ERR_INIT;
	struct rig r;

	(void)unused;
	rig_open(&r, "jobs");
	are(&r, "");
	(void)run(&r, "a", MST_RUN_FAILED, "no answer");
	(void)run(&r, "b", MST_RUN_GUARD, "");
	are(&r, "guard warning: the guard holds back what run 2 of job b would "
		"retire, delete or close: look at it, then approve it (new)\n"
		"run_failed error: run 1 of job a failed: no answer (new)\n");
	/* a run that somebody stopped changes nothing; another failure is the
	 * same notice */
	all_told(&r);
	(void)run(&r, "a", MST_RUN_CANCELLED, "");
	(void)run(&r, "a", MST_RUN_FAILED, "again");
	(void)run(&r, "b", MST_RUN_PARTIAL, "");
	are(&r, "run_failed error: run 4 of job a failed: again\n");
	(void)run(&r, "a", MST_RUN_OK, "");
	t_ok(mst_notices_job(&r.conf, "a", &err), &err);
	are(&r, "");
	rig_close(&r);
}

static void of_ends(void **unused)
{
	struct rig r;

	(void)unused;
	rig_open(&r, "ends");
	are(&r, "");
	t_clock_add(12 * DAY); /* 29 days are left */
	are(&r, "secret_expires warning: connection e: the client secret "
		"expires on 2026-12-31, within 30 days (new)\n");
	all_told(&r);
	t_clock_add(1 * DAY);
	are(&r, "secret_expires warning: connection e: the client secret "
		"expires on 2026-12-31, within 30 days\n");
	t_clock_add(22 * DAY);
	are(&r, "secret_expires error: connection e: the client secret "
		"expires on 2026-12-31, within 7 days (new)\n");
	all_told(&r);
	t_clock_add(6 * DAY);
	are(&r, "secret_expires error: connection e: the client secret has "
		"expired on 2026-12-31 (new)\n");
	rig_close(&r);
}

static void of_people_and_nodes(void **unused)
{
	const struct mst_approval a = {.state = "waiting",
				       .what = "run job a (PROD)",
				       .needs = "operate",
				       .request = "{}",
				       .asked_by = "ann",
				       .decided_by = "",
				       .why = "",
				       .asked_us = NOW,
				       .decided_us = MST_TIME_NONE,
				       .ends_us = NOW + DAY};
	struct mst_err err = MST_ERR_INIT;
	struct rig r;
	int64_t id;

	(void)unused;
	rig_open(&r, "people");
	t_ok(mst_approval_add(r.state, &a, &id, &err), &err);
	t_ok(mst_node_beat(r.state, "n1", 1, "1", "", &err), &err);
	t_ok(mst_node_beat(r.state, "n2", 2, "1", "", &err), &err);
	are(&r, "approval warning: ann asks for a second person: run job a "
		"(PROD) (new)\n");
	t_ok(mst_approval_decide(r.state, id, "rejected", "bob", "no", NOW,
				 &err),
	     &err);
	t_clock_add(2 * MST_NODE_GONE_US);
	t_ok(mst_node_beat(r.state, "n1", 1, "1", "", &err), &err);
	are(&r, "node_gone error: node n2 has not been heard of for more than "
		"10 seconds; others go on with what it did (new)\n");
	t_ok(mst_node_beat(r.state, "n2", 2, "1", "", &err), &err);
	are(&r, "");
	rig_close(&r);
}

static int take_id(void *ctx, const struct mst_task *t)
{
	*(int64_t *)ctx = t->id;
	return 0;
}

static int64_t put_run(struct rig *r)
{
	const struct mst_task t = {.kind = "run",
				   .job = "a",
				   .connection = "",
				   .argv = "[]",
				   .files = "",
				   .state = MST_TASK_QUEUED,
				   .asked_by = "schedule",
				   .asked_via = "schedule",
				   .approved_by = ""};
	struct mst_err err = MST_ERR_INIT;
	int64_t id = 0;

	t_ok(mst_task_put(r->state, &t, &id, &err), &err);
	return id;
}

static void claim(struct rig *r, int64_t id)
{
	struct mst_err err = MST_ERR_INIT;
	int64_t got_id = 0;
	bool got;

	t_ok(mst_task_claim(r->state, "n1", mst_now_us(), NULL, take_id,
			    &got_id, &got, &err),
	     &err);
	assert_true(got);
	assert_int_equal(got_id, id);
}

static void put_back(struct rig *r, int64_t id, int64_t tries)
{
	struct mst_buf progress = MST_BUF_INIT(4096);
	struct mst_err err = MST_ERR_INIT;

	claim(r, id);
	mst_busy_json(&progress, "a", tries, "RecVer is in use", 0);
	t_ok(mst_task_defer(r->state, id, "n1", 0, progress.p, &err), &err);
	mst_buf_fini(&progress);
}

static void end_run(struct rig *r, int64_t id, int64_t run, int status)
{
	const struct mst_task t = {.id = id,
				   .state = MST_TASK_DONE,
				   .node = "n1",
				   .exit_status = status,
				   .error = status ? "RecVer is in use" : ""};
	struct mst_err err = MST_ERR_INIT;
	bool cancel;

	claim(r, id);
	t_ok(mst_task_tell(r->state, id, "n1", run, NULL, &cancel, &err), &err);
	t_ok(mst_task_end(r->state, &t, mst_slice(NULL, 0), mst_slice(NULL, 0),
			  &err),
	     &err);
	t_ok(mst_notices_job(&r->conf, "a", &err), &err);
}

/* A run that cannot begin is told of, and stays told until one could. */
static void of_busy(void **unused)
{
	static const char given_up[] =
	    "job_busy error: task 1, a run of job a, was given up, since the "
	    "job was busy all the time: RecVer is in use (new)\n";
	struct rig r;
	int64_t id;

	(void)unused;
	rig_open(&r, "busy");
	r.conf.slow = false;
	id = put_run(&r);
	put_back(&r, id, MST_BUSY_TOLD - 1);
	are(&r, "");
	put_back(&r, id, MST_BUSY_TOLD + 2);
	are(&r, "job_busy warning: a run of job a has waited for 10 minutes: "
		"RecVer is in use (new)\n");
	end_run(&r, id, 0, 5);
	are(&r, given_up);
	/* the next one waits, too; then one begins */
	id = put_run(&r);
	are(&r, given_up);
	put_back(&r, id, 3);
	are(&r, given_up);
	end_run(&r, id, 7, 0);
	are(&r, "");
	rig_close(&r);
}

/* ---- telling ------------------------------------------------------------- */

static void apply(struct rig *r, const char *text)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_conf_item *items;
	struct mst_arena arena;
	size_t n, added, changed;

	mst_arena_init(&arena, MST_MAX_ARENA);
	t_ok(mst_conf_read_in(mst_slice_str(text), "m", &arena, &items, &n,
			      &err),
	     &err);
	t_ok(mst_config_put(r->state, items, n, NULL, NULL, &added, &changed,
			    &err),
	     &err);
	mst_arena_fini(&arena);
}

static size_t tell(struct rig *r, bool works)
{
	struct mst_err err = MST_ERR_INIT;
	size_t n = 0;
	int rc = mst_notices_tell(r->state, NULL, &n, &err);

	if (works)
		t_ok(rc, &err);
	else
		assert_true(rc < 0);
	return n;
}

static void tells(void **unused)
{
	const struct t_answer answers[] = {{.times = 2}, {.status = 400}};
	struct t_httpd *h = t_httpd_start(answers, 2);
	char text[600];
	struct rig r;

	(void)unused;
	rig_open(&r, "tells");
	t_clock_real();
	(void)snprintf(text, sizeof(text),
		       "forward_actions:\n"
		       "  - name: hook\n    type: webhook\n    url: %s\n"
		       "service:\n  notify: [hook]\n",
		       t_httpd_url(h, "/x"));
	apply(&r, text);
	assert_int_equal(tell(&r, true), 0); /* there is nothing */
	(void)run(&r, "a", MST_RUN_FAILED, "no answer");
	are_some(&r);
	assert_int_equal(tell(&r, true), 1);
	assert_int_equal(tell(&r, true), 0);
	assert_non_null(strstr(t_httpd_request(h, 0)->body,
			       "muster: run 1 of job a failed: no answer"));
	(void)run(&r, "a", MST_RUN_OK, "");
	are_some(&r);
	assert_int_equal(tell(&r, true), 1);
	assert_non_null(strstr(t_httpd_request(h, 1)->body, "muster, over: "));
	/* what cannot be told stays */
	(void)run(&r, "a", MST_RUN_FAILED, "no answer");
	are_some(&r);
	assert_int_equal(tell(&r, false), 0);
	are_some(&r);
	assert_int_equal(t_httpd_count(h), 3);
	rig_close(&r);
	t_httpd_stop(&h);
}

/* ---- trends -------------------------------------------------------------- */

static int count(void *ctx, const struct mst_task *t)
{
	assert_string_equal(t->argv, "[\"report\",\"cve\",\"a\"]");
	++*(int *)ctx;
	return 0;
}

static int reports(struct rig *r)
{
	const struct mst_task_filter f = {
	    .kind = "report", .state = -1, .n = 10};
	struct mst_err err = MST_ERR_INIT;
	int n = 0;

	t_ok(mst_tasks(r->state, &f, count, &n, &err), &err);
	return n;
}

static int point(void *ctx, const char *job, const char *name, int64_t at_us,
		 double value)
{
	char *out = ctx;
	size_t n = strlen(out);

	assert_int_equal(at_us, mst_now_us());
	(void)snprintf(out + n, 400 - n, "%s %s %.0f\n", job, name, value);
	return 0;
}

static void ends_with(struct rig *r, const char *output)
{
	struct mst_task t = {.kind = "report",
			     .job = "a",
			     .state = MST_TASK_DONE,
			     .node = "n1",
			     .error = ""};
	struct mst_err err = MST_ERR_INIT;
	bool got;

	t_ok(mst_task_claim(r->state, "n1", mst_now_us(), NULL, take_id, &t.id,
			    &got, &err),
	     &err);
	assert_true(got);
	t_ok(mst_task_end(r->state, &t, mst_slice_str(output),
			  mst_slice(NULL, 0), &err),
	     &err);
	t_ok(mst_trends_take(r->state, &t, mst_now_us(), &err), &err);
}

static void trends(void **unused)
{
	static const struct mst_run_counts counts = {.new_ = 3};
	struct mst_err err = MST_ERR_INIT;
	char got[400] = "";
	struct rig r;
	int64_t id;

	(void)unused;
	rig_open(&r, "trends");
	id = run(&r, "a", MST_RUN_OK, "");
	t_ok(mst_state_run_counts(r.state, id, "devices", &counts, &err), &err);
	t_ok(mst_trends_want(r.state, "a", id, NOW, &err), &err);
	assert_int_equal(reports(&r), 0); /* it delivers none */
	t_ok(mst_state_run_counts(r.state, id, "device_vulnerabilities",
				  &counts, &err),
	     &err);
	t_ok(mst_trends_want(r.state, "a", id, NOW, &err), &err);
	assert_int_equal(reports(&r), 1);
	ends_with(&r, "{\"report\":\"cve\",\"complete\":true,\"sections\":"
		      "{\"open\":{\"rows\":["
		      "{\"severity\":\"critical\",\"open\":4},"
		      "{\"severity\":\"low\",\"open\":7},"
		      "{\"severity\":\"all\",\"open\":11}]}}}");
	t_ok(mst_trend(r.state, "a", "open_cves.", 0, point, got, &err), &err);
	assert_string_equal(got, "a open_cves.critical 4\na open_cves.low 7\n");
	/* not at once again: later, the more there are of this day */
	t_ok(mst_trends_want(r.state, "a", id, NOW + 19 * S, &err), &err);
	assert_int_equal(reports(&r), 1);
	t_ok(mst_trends_want(r.state, "a", id, NOW + 21 * S, &err), &err);
	assert_int_equal(reports(&r), 2);
	/* what lacks something draws nothing */
	ends_with(&r, "{\"report\":\"cve\",\"complete\":false,\"sections\":"
		      "{\"open\":{\"rows\":["
		      "{\"severity\":\"critical\",\"open\":1}]}}}");
	got[0] = 0;
	t_ok(mst_trend(r.state, "a", "open_cves.", 0, point, got, &err), &err);
	assert_null(strstr(got, "critical 1"));
	for (int64_t i = 0; i < 400; i++)
		t_ok(mst_trend_put(r.state, "a", "open_cves.low", NOW - i * S,
				   1, &err),
		     &err);
	t_ok(mst_trends_want(r.state, "a", id, NOW + 3599 * S, &err), &err);
	assert_int_equal(reports(&r), 2);
	t_ok(mst_trends_want(r.state, "a", id, NOW + 3601 * S, &err), &err);
	assert_int_equal(reports(&r), 3);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_jobs),
	    cmocka_unit_test(of_ends),
	    cmocka_unit_test(of_people_and_nodes),
	    cmocka_unit_test(of_busy),
	    cmocka_unit_test(tells),
	    cmocka_unit_test(trends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
