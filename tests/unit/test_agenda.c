/* SPDX-License-Identifier: Apache-2.0
 *
 * The agenda: which job is due, and which of several nodes makes the task.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/time.h"
#include "serve/agenda.h"
#include "sync/config.h"

#define S   INT64_C(1000000)
#define MIN (60 * S)
/* 2026-11-20T12:00:00Z, a Friday */
#define NOW (INT64_C(1795176000) * S)

static const char ends[] =
    "connections:\n"
    "  - name: e\n    type: endpoint\n    read_from: /srv/x\n"
    "  - name: plant\n    type: iot\n    read: sensor\n"
    "    url: https://s1.example\n    token: env:X\n"
    "    sync_frequency: 5\n    concurrent_runs: 3\n"
    "  - name: cmdb\n    type: servicenow\n    url: https://sn.example\n"
    "    username: u\n    password: env:X\n    environment: prod\n"
    "    concurrent_runs: 7\n";

static void apply(struct mst_state *state, const char *yaml)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_conf_item *items;
	struct mst_arena arena;
	size_t n, added, changed;

	mst_arena_init(&arena, MST_MAX_ARENA);
	t_ok(mst_conf_read_in(mst_slice_str(yaml), "m", &arena, &items, &n,
			      &err),
	     &err);
	t_ok(
	    mst_config_put(state, items, n, NULL, NULL, &added, &changed, &err),
	    &err);
	mst_arena_fini(&arena);
}

/* Jobs: one line of options each. */
static struct mst_state *open_with(const char *name, const char *jobs)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state;

	t_clock_set(NOW);
	t_ok(mst_state_open(t_path("%s", name), &state, &err), &err);
	apply(state, ends);
	apply(state, jobs);
	return state;
}

static void run(struct mst_state *state, const char *job,
		enum mst_run_status status)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_run r = {.job = job,
			    .status = status,
			    .ended_us = MST_TIME_NONE,
			    .error = "",
			    .proof = "{}"};

	t_ok(mst_state_run_begin(state, job, &r.id, &err), &err);
	t_ok(mst_state_run_end(state, &r, &err), &err);
}

/* ---- what is due --------------------------------------------------------- */

struct seen {
	char due[256], won[256];
	enum mst_agenda_say say;
};

static enum mst_agenda_say on_due(void *ctx, const struct mst_agenda_job *j,
				  struct mst_task *t)
{
	struct seen *s = ctx;

	(void)snprintf(s->due + strlen(s->due), sizeof(s->due) - strlen(s->due),
		       "%s ", j->name);
	t->argv = "[\"run\"]";
	return s->say;
}

static void on_won(void *ctx, const struct mst_agenda_job *j, int64_t due_us)
{
	struct seen *s = ctx;

	assert_true(due_us <= mst_now_us());
	(void)snprintf(s->won + strlen(s->won), sizeof(s->won) - strlen(s->won),
		       "%s ", j->name);
}

static const struct mst_agenda_ops ops = {on_due, on_won, false};

/* Refreshes, and says which tasks this agenda made. */
static void is_due(struct mst_agenda *a, const char *want)
{
	struct mst_err err = MST_ERR_INIT;
	struct seen s = {.say = MST_AGENDA_RUN};

	t_ok(mst_agenda_refresh(a, mst_now_us(), &err), &err);
	t_ok(mst_agenda_due(a, mst_now_us(), true, &ops, &s, &err), &err);
	assert_string_equal(s.won, want);
}

static int count(void *ctx, const struct mst_task *t)
{
	assert_string_equal(t->kind, "run");
	assert_string_equal(t->asked_by, "schedule");
	++*(int *)ctx;
	return 0;
}

static int tasks_of(struct mst_state *state, const char *job)
{
	const struct mst_task_filter f = {.job = job, .state = -1, .n = 100};
	struct mst_err err = MST_ERR_INIT;
	int n = 0;

	t_ok(mst_tasks(state, &f, count, &n, &err), &err);
	return n;
}

/* ---- tests --------------------------------------------------------------- */

static void reads(void **unused)
{
	struct mst_state *state = open_with(
	    "reads", "jobs:\n"
		     "  - name: a\n    source: e\n    destination: cmdb\n"
		     "    schedule: {cron: \"0 13 * * *\", time_zone: UTC}\n"
		     "  - name: b\n    source: plant\n    destination: cmdb\n"
		     "  - name: c\n    source: e\n    destination: cmdb\n"
		     "  - name: d\n    source: gone\n    destination: cmdb\n"
		     "  - name: e\n    source: e\n    destination: cmdb\n"
		     "    schedule: {cron: \"0 13 * * *\", paused: yes}\n");
	struct mst_agenda *a = mst_agenda_new(state, false);
	const struct mst_agenda_job *j;
	struct mst_err err = MST_ERR_INIT;
	int64_t times[3];

	(void)unused;
	t_ok(mst_agenda_refresh(a, NOW, &err), &err);
	assert_int_equal(mst_agenda_count(a), 5);
	j = mst_agenda_job(a, "a");
	assert_int_equal(j->due_us, NOW + 60 * MIN);
	assert_string_equal(j->source, "e");
	assert_true(j->prod);
	assert_int_equal(j->source_runs, 1);
	assert_int_equal(j->destination_runs, 7);
	assert_int_equal(mst_agenda_times(j, NOW, times, 3), 3);
	assert_int_equal(times[2] - times[0], 2 * 24 * 60 * MIN);
	/* by its source, and it has never run */
	j = mst_agenda_job(a, "b");
	assert_int_equal(j->due_us, NOW);
	assert_int_equal(j->source_runs, 3);
	assert_int_equal(mst_agenda_job(a, "c")->due_us, MST_TIME_NONE);
	assert_non_null(mst_agenda_job(a, "d")->problem);
	assert_true(mst_agenda_job(a, "e")->paused);
	assert_null(mst_agenda_job(a, "f"));
	assert_int_equal(mst_agenda_next(a), NOW);
	mst_agenda_free(&a);
	mst_state_close(&state);
}

static void fires(void **unused)
{
	struct mst_state *state = open_with(
	    "fires", "jobs:\n"
		     "  - name: a\n    source: e\n    destination: cmdb\n"
		     "    schedule: {cron: \"*/10 * * * *\"}\n"
		     "  - name: b\n    source: e\n    destination: cmdb\n"
		     "    schedule: {cron: \"*/10 * * * *\", missed: skip}\n"
		     "  - name: c\n    source: e\n    destination: cmdb\n"
		     "    schedule: {every: 30m}\n");
	struct mst_agenda *a = mst_agenda_new(state, false);

	(void)unused;
	is_due(a, "c ");
	is_due(a, "");
	t_clock_add(10 * MIN - 1);
	is_due(a, "");
	t_clock_add(1);
	is_due(a, "a b ");
	is_due(a, "");
	/* down for hours: once, or not at all */
	t_clock_add(125 * MIN);
	is_due(a, "a c ");
	is_due(a, "");
	assert_int_equal(tasks_of(state, "a"), 2);
	assert_int_equal(tasks_of(state, "b"), 1);
	mst_agenda_free(&a);
	mst_state_close(&state);
}

/* An interval begins with the last run, whoever asked for it. */
static void intervals(void **unused)
{
	struct mst_state *state = open_with(
	    "intervals", "jobs:\n"
			 "  - name: c\n    source: e\n    destination: cmdb\n"
			 "    schedule: {every: 30m}\n");
	struct mst_agenda *a = mst_agenda_new(state, false);

	(void)unused;
	is_due(a, "c ");
	run(state, "c", MST_RUN_OK);
	t_clock_add(20 * MIN);
	run(state, "c", MST_RUN_FAILED);
	t_clock_add(10 * MIN);
	is_due(a, "");
	t_clock_add(20 * MIN);
	is_due(a, "c ");
	mst_agenda_free(&a);
	mst_state_close(&state);
}

static void after(void **unused)
{
	struct mst_state *state = open_with(
	    "after", "jobs:\n"
		     "  - name: a\n    source: e\n    destination: cmdb\n"
		     "  - name: b\n    source: e\n    destination: cmdb\n"
		     "    schedule: {after: a}\n");
	struct mst_agenda *a = mst_agenda_new(state, false),
			  *other = mst_agenda_new(state, false);

	(void)unused;
	run(state, "a", MST_RUN_OK); /* before b was there */
	t_clock_add(S);
	is_due(a, "");
	t_clock_add(S);
	run(state, "a", MST_RUN_FAILED);
	is_due(a, "");
	t_clock_add(S);
	run(state, "a", MST_RUN_PARTIAL);
	is_due(a, "b ");
	is_due(other, "");
	is_due(a, "");
	t_clock_add(S);
	run(state, "a", MST_RUN_OK);
	is_due(other, "b ");
	is_due(a, "");
	assert_int_equal(tasks_of(state, "b"), 2);
	mst_agenda_free(&a);
	mst_agenda_free(&other);
	mst_state_close(&state);
}

/* Nodes that look at the same moment make one task. */
static void nodes(void **unused)
{
	struct mst_state *state = open_with(
	    "nodes", "jobs:\n"
		     "  - name: a\n    source: e\n    destination: cmdb\n"
		     "    schedule: {cron: \"*/10 * * * *\"}\n");
	struct mst_agenda *a = mst_agenda_new(state, false),
			  *b = mst_agenda_new(state, false);
	struct mst_err err = MST_ERR_INIT;
	struct seen s = {.say = MST_AGENDA_RUN}, t = s;

	(void)unused;
	t_ok(mst_agenda_refresh(a, NOW, &err), &err);
	t_ok(mst_agenda_refresh(b, NOW, &err), &err);
	t_clock_add(10 * MIN);
	t_ok(mst_agenda_due(a, mst_now_us(), false, &ops, &s, &err), &err);
	t_ok(mst_agenda_due(b, mst_now_us(), false, &ops, &t, &err), &err);
	assert_string_equal(s.won, "a ");
	assert_string_equal(t.due, "a ");
	assert_string_equal(t.won, "");
	assert_int_equal(tasks_of(state, "a"), 1);
	/* and the one that lost knows the next time again */
	t_ok(mst_agenda_refresh(b, mst_now_us(), &err), &err);
	assert_int_equal(mst_agenda_next(b), mst_now_us() + 10 * MIN);
	mst_agenda_free(&a);
	mst_agenda_free(&b);
	mst_state_close(&state);
}

static void busy(void **unused)
{
	struct mst_state *state = open_with(
	    "busy", "jobs:\n"
		    "  - name: a\n    source: e\n    destination: cmdb\n"
		    "    schedule: {cron: \"*/10 * * * *\"}\n");
	struct mst_agenda *a = mst_agenda_new(state, false);
	struct mst_err err = MST_ERR_INIT;
	struct seen s = {.say = MST_AGENDA_LATER};

	(void)unused;
	t_ok(mst_agenda_refresh(a, NOW, &err), &err);
	t_clock_add(10 * MIN);
	t_ok(mst_agenda_due(a, mst_now_us(), false, &ops, &s, &err), &err);
	assert_string_equal(s.due, "a ");
	s.say = MST_AGENDA_SKIP;
	t_ok(mst_agenda_refresh(a, mst_now_us(), &err), &err);
	t_ok(mst_agenda_due(a, mst_now_us(), false, &ops, &s, &err), &err);
	assert_string_equal(s.due, "a a ");
	assert_int_equal(mst_agenda_next(a), mst_now_us() + 10 * MIN);
	assert_int_equal(tasks_of(state, "a"), 0);
	mst_agenda_free(&a);
	mst_state_close(&state);
}

/* What changes counts from the next look on. */
static void changes(void **unused)
{
	struct mst_state *state = open_with(
	    "changes", "jobs:\n"
		       "  - name: a\n    source: e\n    destination: cmdb\n"
		       "    schedule: {cron: \"*/10 * * * *\"}\n"
		       "  - name: b\n    source: e\n    destination: cmdb\n"
		       "    schedule: {cron: \"*/10 * * * *\"}\n");
	struct mst_agenda *a = mst_agenda_new(state, false);
	struct mst_err err = MST_ERR_INIT;

	(void)unused;
	is_due(a, "");
	apply(state, "jobs:\n"
		     "  - name: a\n    source: e\n    destination: cmdb\n"
		     "    schedule: {cron: \"*/20 * * * *\"}\n");
	t_ok(mst_job_pause(state, "b", true, "ann", "moving", &err), &err);
	t_clock_add(10 * MIN);
	is_due(a, "");
	t_ok(mst_job_pause(state, "b", false, "ann", "", &err), &err);
	is_due(a, "b ");
	t_clock_add(10 * MIN);
	is_due(a, "a b ");
	mst_agenda_free(&a);
	mst_state_close(&state);
}

static int task_of(void *ctx, const struct mst_task *t)
{
	assert_non_null(strstr(
	    t->progress, "\"waits\":\"a window in which its job may write\""));
	*(int64_t *)ctx = t->not_before_us;
	return 0;
}

/* Outside its windows it is made, and waits. */
static void windows(void **unused)
{
	struct mst_state *state = open_with(
	    "windows", "jobs:\n"
		       "  - name: a\n    source: e\n    destination: cmdb\n"
		       "  - name: b\n    source: e\n    destination: cmdb\n"
		       "    schedule:\n      after: a\n      time_zone: UTC\n"
		       "      windows: 22:00-23:00\n");
	const struct mst_task_filter f = {.job = "b", .state = -1, .n = 1};
	struct mst_agenda *a = mst_agenda_new(state, false);
	struct mst_err err = MST_ERR_INIT;
	int64_t not_before = 0;

	(void)unused;
	is_due(a, "");
	t_clock_add(S);
	run(state, "a", MST_RUN_OK);
	is_due(a, "b ");
	t_ok(mst_tasks(state, &f, task_of, &not_before, &err), &err);
	assert_int_equal(not_before, NOW + 600 * MIN);
	mst_agenda_free(&a);
	mst_state_close(&state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads),	 cmocka_unit_test(fires),
	    cmocka_unit_test(intervals), cmocka_unit_test(after),
	    cmocka_unit_test(nodes),	 cmocka_unit_test(busy),
	    cmocka_unit_test(changes),	 cmocka_unit_test(windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
