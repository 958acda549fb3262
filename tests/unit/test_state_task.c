/* SPDX-License-Identifier: Apache-2.0
 *
 * Tasks, nodes, due times of jobs, budgets, trends and notices in the state
 * store.
 */
#include "state_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define MINUTE 60000000ll

struct list {
	char text[4096];
	size_t n;
};

MST_PRINTF(2, 3) static void add(struct list *l, const char *fmt, ...)
{
	size_t n = strlen(l->text);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(l->text + n, sizeof(l->text) - n, fmt, ap);
	va_end(ap);
	l->n++;
}

static int add_task(void *ctx, const struct mst_task *t)
{
	add(ctx, "%lld %s %s %s;", (long long)t->id, t->kind, t->job,
	    mst_task_state_name(t->state));
	return 0;
}

static int64_t put(const char *kind, const char *job, bool repeat)
{
	const struct mst_task t = {.kind = kind,
				   .job = job,
				   .argv = "[]",
				   .state = MST_TASK_QUEUED,
				   .repeat = repeat,
				   .asked_by = "ann",
				   .asked_via = "console"};
	int64_t id = 0;

	t_ok(mst_task_put(s, &t, &id, &err), &err);
	return id;
}

static void assert_tasks(struct mst_task_filter f, const char *want)
{
	struct list l = {.n = 0};

	if (!f.n)
		f.n = 100;
	t_ok(mst_tasks(s, &f, add_task, &l, &err), &err);
	assert_string_equal(l.text, want);
}

static bool claim(struct mst_state *of, const char *node, char *text)
{
	struct list l = {.n = 0};
	bool got = false;

	t_ok(mst_task_claim(of, node, mst_now_us(), NULL, add_task, &l, &got,
			    &err),
	     &err);
	(void)snprintf(text, 128, "%.120s", l.text);
	return got;
}

static void beat(const char *node, uint64_t incarnation)
{
	t_ok(mst_node_beat(s, node, incarnation, "1", "10.0.0.1", &err), &err);
}

/* ---- tasks --------------------------------------------------------------- */

static int look_whole(void *ctx, const struct mst_task *t)
{
	assert_string_equal(t->argv, "[\"run\",\"main\"]");
	assert_string_equal(t->files, "{}");
	assert_string_equal(t->asked_by, "ann (token ci)");
	assert_string_equal(t->asked_via, "api");
	assert_string_equal(t->approved_by, "");
	assert_string_equal(t->connection, "defender");
	assert_true(t->repeat && !t->cancel);
	assert_true(t->created_us == T0 && t->started_us == MST_TIME_NONE &&
		    t->ended_us == MST_TIME_NONE);
	assert_int_equal(t->exit_status, -1);
	assert_int_equal(t->state, MST_TASK_WAITING);
	++*(int *)ctx;
	return 0;
}

static void test_put(void **state)
{
	struct mst_task t = {.kind = "run",
			     .job = "main",
			     .connection = "defender",
			     .argv = "[\"run\",\"main\"]",
			     .files = "{}",
			     .state = MST_TASK_WAITING,
			     .repeat = true,
			     .asked_by = "ann (token ci)",
			     .asked_via = "api"};
	char text[128];
	int64_t id = 0;
	int n = 0;

	t_ok(mst_task_put(s, &t, &id, &err), &err);
	t_ok(mst_task(s, id, look_whole, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_false(claim(s, "a", text));
	t_ok(mst_task_approve(s, id, "bob", &err), &err);
	t_failed(mst_task_approve(s, id, "bob", &err), &err, MST_E_CONFLICT,
		 "does not wait");
	assert_true(claim(s, "a", text));
	t_failed(mst_task(s, id + 1, add_task, NULL, &err), &err,
		 MST_E_NOTFOUND, "task 2 does not exist");
	t.state = MST_TASK_DONE;
	t_failed(mst_task_put(s, &t, &id, &err), &err, MST_E_INTERNAL,
		 "begins queued");
}

static bool not_main(void *ctx, const struct mst_task *t)
{
	return strcmp(t->job, "main") != 0;
}

static void test_claim(void **state)
{
	struct mst_state *other;
	struct list l = {.n = 0};
	char text[128];
	bool got = true;

	(void)put("run", "main", true);
	(void)put("run", "b", true);
	t_ok(mst_task_claim(s, "n", T0, not_main, add_task, &l, &got, &err),
	     &err);
	assert_true(got);
	assert_string_equal(l.text, "2 run b running;");
	t_ok(mst_task_claim(s, "n", T0, not_main, add_task, &l, &got, &err),
	     &err);
	assert_false(got);
	state_other(&other);
	assert_true(claim(other, "m", text));
	assert_string_equal(text, "1 run main running;");
	assert_false(claim(s, "n", text));
	/* Busy: again in a minute. */
	t_failed(mst_task_defer(s, 1, "n", T0 + MINUTE, "", &err), &err,
		 MST_E_CONFLICT, "does not run on node 'n'");
	t_ok(mst_task_defer(s, 1, "m", T0 + MINUTE, "", &err), &err);
	assert_false(claim(s, "n", text));
	t_clock_set(T0 + MINUTE);
	assert_true(claim(s, "n", text));
	assert_string_equal(text, "1 run main running;");
	mst_state_close(&other);
}

/* Far more than are looked at in one step, none of which fits but the last. */
static void test_claim_far(void **state)
{
	struct list l = {.n = 0};
	bool got = false;

	state_sql("INSERT INTO task(kind, job, connection, argv, files, state,"
		  " repeat, asked_by, asked_via, approved_by, node, created_us,"
		  " not_before_us, run, exit_status, cancel, error, progress,"
		  " output_n) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
		  " SELECT i+1 FROM n WHERE i<700) SELECT 'run',"
		  " CASE WHEN i=700 THEN 'last' ELSE 'main' END, '', '[]', '',"
		  " 1, 1, '', '', '', '', 1, 0, 0, -1, 0, '', '', 0 FROM n"
		  " ORDER BY i");
	t_ok(mst_task_claim(s, "n", T0, not_main, add_task, &l, &got, &err),
	     &err);
	assert_true(got);
	assert_string_equal(l.text, "700 run last running;");
	t_ok(mst_task_claim(s, "n", T0, not_main, add_task, &l, &got, &err),
	     &err);
	assert_false(got);
}

static int tell_id(void *ctx, const struct mst_task *t)
{
	return write(*(int *)ctx, &t->id, sizeof(t->id)) == sizeof(t->id) ? 0
									  : -1;
}

/* Takes tasks and requests of a budget until there are none. */
static void take_all(const char *node, int to)
{
	struct mst_state *mine;
	uint64_t one = 1;
	int64_t until;
	bool got = true;

	state_other(&mine);
	while (got)
		t_ok(mst_task_claim(mine, node, T0, NULL, tell_id, &to, &got,
				    &err),
		     &err);
	while (one) {
		int64_t budget = -1;

		t_ok(mst_budget_take(mine, "cmdb", 40, 1, T0, &one, &until,
				     &err),
		     &err);
		if (one && write(to, &budget, sizeof(budget)) < 0)
			_exit(1);
	}
	mst_state_close(&mine);
}

/* Three nodes at once: every task is one's, and no request is given twice. */
static void test_at_once(void **state)
{
	enum { NODES = 3, TASKS = 40 };
	bool seen[TASKS + 1] = {false};
	int fd[2], status, tasks = 0, requests = 0;
	pid_t pid[NODES];
	int64_t id;

	for (int i = 0; i < TASKS; i++)
		(void)put("plan", "main", true);
	assert_int_equal(pipe(fd), 0);
	for (int i = 0; i < NODES; i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0) {
			take_all(i ? "a" : "b", fd[1]);
			_exit(0);
		}
	}
	close(fd[1]);
	while (read(fd[0], &id, sizeof(id)) == sizeof(id)) {
		if (id < 0) {
			requests++;
			continue;
		}
		assert_in_range(id, 1, TASKS);
		assert_false(seen[id]);
		seen[id] = true;
		tasks++;
	}
	close(fd[0]);
	for (int i = 0; i < NODES; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(tasks, TASKS);
	assert_int_equal(requests, 40);
}

static int look_end(void *ctx, const struct mst_task *t)
{
	assert_int_equal(t->state, MST_TASK_DONE);
	assert_int_equal(t->exit_status, 3);
	assert_string_equal(t->error, "two refused");
	assert_string_equal(t->progress, "{\"stage\":\"push\"}");
	assert_true(t->run == 1 && t->output_n == 300000);
	assert_true(t->started_us == T0 && t->ended_us == T0 + MINUTE);
	return 0;
}

static int look_run(void *ctx, const struct mst_run *run)
{
	assert_true(run->task == 1);
	return 0;
}

static void test_end(void **state)
{
	struct mst_task t = {.id = 1,
			     .node = "n",
			     .state = MST_TASK_DONE,
			     .exit_status = 3,
			     .error = "two refused"};
	char *big = mst_alloc(300000), text[128];
	struct mst_buf out = MST_BUF_INIT(MST_TASK_OUTPUT);
	int64_t run = 0;
	bool cancel = true;

	memset(big, 'x', 300000);
	big[299999] = 'y';
	(void)put("run", "main", true);
	assert_true(claim(s, "n", text));
	t_ok(mst_state_run_begin(s, "main", &run, &err), &err);
	t_ok(mst_task_tell(s, 1, "n", 0, "{\"stage\":\"push\"}", &cancel, &err),
	     &err);
	assert_false(cancel);
	t_ok(mst_task_tell(s, 1, "n", run, NULL, &cancel, &err), &err);
	t_ok(mst_state_run(s, run, look_run, NULL, &err), &err);
	t_failed(mst_task_tell(s, 1, "m", 0, NULL, &cancel, &err), &err,
		 MST_E_CONFLICT, "does not run on node 'm'");
	t_clock_set(T0 + MINUTE);
	t_ok(mst_task_end(s, &t, mst_slice(big, 300000), mst_slice(big, 100000),
			  &err),
	     &err);
	t_failed(
	    mst_task_end(s, &t, mst_slice(big, 1), mst_slice(big, 1), &err),
	    &err, MST_E_CONFLICT, "any more");
	t_ok(mst_task(s, 1, look_end, NULL, &err), &err);
	t_ok(mst_task_output(s, 1, false, &out, &err), &err);
	assert_int_equal(out.n, 300000);
	assert_memory_equal(out.p, big, 300000);
	mst_buf_reset(&out);
	t_ok(mst_task_output(s, 1, true, &out, &err), &err);
	assert_int_equal(out.n, MST_TASK_LOG);
	mst_buf_fini(&out);
	free(big);
}

static void test_cancel(void **state)
{
	enum mst_task_state now = MST_TASK__MAX;
	char text[128];
	bool cancel = false;

	(void)put("run", "a", true);
	t_ok(mst_task_cancel(s, 1, &now, &err), &err);
	assert_int_equal(now, MST_TASK_CANCELLED);
	(void)put("run", "b", true);
	assert_true(claim(s, "n", text));
	t_ok(mst_task_cancel(s, 2, &now, &err), &err);
	assert_int_equal(now, MST_TASK_RUNNING);
	t_ok(mst_task_tell(s, 2, "n", 0, NULL, &cancel, &err), &err);
	assert_true(cancel);
	/* Nobody wants it again. */
	t_ok(mst_task_defer(s, 2, "n", T0, "", &err), &err);
	t_ok(mst_task_cancel(s, 2, &now, &err), &err);
	assert_int_equal(now, MST_TASK_CANCELLED);
	t_failed(mst_task_cancel(s, 9, &now, &err), &err, MST_E_NOTFOUND,
		 "task 9");
}

static void test_lists(void **state)
{
	char text[128];

	(void)put("run", "a", true);
	(void)put("plan", "a", true);
	(void)put("run", "b", true);
	assert_true(claim(s, "n", text));
	assert_tasks((struct mst_task_filter){.state = -1},
		     "3 run b queued;2 plan a queued;1 run a running;");
	assert_tasks((struct mst_task_filter){.state = -1, .job = "a"},
		     "2 plan a queued;1 run a running;");
	assert_tasks(
	    (struct mst_task_filter){.state = -1, .job = "a", .kind = "run"},
	    "1 run a running;");
	assert_tasks((struct mst_task_filter){.state = -1, .kind = "run"},
		     "3 run b queued;1 run a running;");
	assert_tasks((struct mst_task_filter){.state = MST_TASK_QUEUED},
		     "3 run b queued;2 plan a queued;");
	assert_tasks(
	    (struct mst_task_filter){.state = -1, .live = true, .n = 1},
	    "3 run b queued;");
	assert_tasks((struct mst_task_filter){.state = -1, .before = 2},
		     "1 run a running;");
	assert_tasks((struct mst_task_filter){.state = -1, .connection = "x"},
		     "");
}

static void test_trim(void **state)
{
	const struct mst_task t = {
	    .id = 1, .node = "n", .state = MST_TASK_DONE};
	const struct mst_task second = {
	    .id = 2, .node = "n", .state = MST_TASK_DONE};
	struct mst_buf out = MST_BUF_INIT(100);
	char text[128];
	bool fresh;

	(void)put("run", "a", true);
	assert_true(claim(s, "n", text));
	t_ok(mst_task_end(s, &t, mst_slice("x", 1), mst_slice("y", 1), &err),
	     &err);
	t_ok(mst_notice_on(s, "guard", "a", "warning", "t", &fresh, &err),
	     &err);
	t_ok(mst_notice_off(s, "guard", "a", &fresh, &err), &err);
	t_ok(mst_task_trim(s, T0 + 6 * 1440 * MINUTE, 7, 90, &err), &err);
	t_ok(mst_task_output(s, 1, false, &out, &err), &err);
	assert_int_equal(out.n, 1);
	t_ok(mst_task_trim(s, T0 + 8 * 1440 * MINUTE, 7, 90, &err), &err);
	mst_buf_reset(&out);
	t_ok(mst_task_output(s, 1, false, &out, &err), &err);
	assert_int_equal(out.n, 0);
	assert_tasks((struct mst_task_filter){.state = -1}, "1 run a done;");
	t_ok(mst_task_trim(s, T0 + 91 * 1440 * MINUTE, 7, 90, &err), &err);
	assert_tasks((struct mst_task_filter){.state = -1}, "");
	/* Numbers are not given twice. */
	assert_int_equal(put("run", "a", true), 2);
	/* Rows that are kept for less than what they printed take it along. */
	assert_true(claim(s, "n", text));
	t_ok(mst_task_end(s, &second, mst_slice("x", 1), mst_slice("y", 1),
			  &err),
	     &err);
	t_ok(mst_task_trim(s, T0 + 2 * 1440 * MINUTE, 7, 1, &err), &err);
	assert_tasks((struct mst_task_filter){.state = -1}, "");
	mst_buf_reset(&out);
	t_ok(mst_task_output(s, 2, true, &out, &err), &err);
	assert_int_equal(out.n, 0);
	mst_buf_fini(&out);
}

/* ---- nodes --------------------------------------------------------------- */

static int add_node(void *ctx, const struct mst_node *n)
{
	add(ctx, "%s %s %s %s %d;", n->name, n->version, n->address,
	    n->alive ? "alive" : "gone", n->tasks);
	return 0;
}

static void assert_nodes(const char *want)
{
	struct list l = {.n = 0};

	t_ok(mst_nodes(s, add_node, &l, &err), &err);
	assert_string_equal(l.text, want);
}

static void test_nodes(void **state)
{
	char text[128];

	beat("a", 1);
	beat("a", 1);
	(void)put("run", "x", true);
	assert_true(claim(s, "a", text));
	assert_nodes("a 1 10.0.0.1 alive 1;");
	t_failed(mst_node_beat(s, "a", 2, "1", "", &err), &err, MST_E_CONFLICT,
		 "another process runs as node 'a'");
	state_sql("UPDATE node SET beat_us=beat_us-11000000");
	assert_nodes("a 1 10.0.0.1 gone 1;");
	/* The name is free, and what it had is queued again. */
	beat("a", 2);
	assert_nodes("a 1 10.0.0.1 alive 0;");
	assert_tasks((struct mst_task_filter){.state = -1}, "1 run x queued;");
	/* The old process sees that it is no more. */
	t_failed(mst_node_beat(s, "a", 1, "1", "", &err), &err, MST_E_CONFLICT,
		 "another process");
	t_ok(mst_node_leave(s, "a", 1, &err), &err);
	assert_nodes("a 1 10.0.0.1 alive 0;");
	t_ok(mst_node_leave(s, "a", 2, &err), &err);
	assert_nodes("");
}

static int look_error(void *ctx, const struct mst_task *t)
{
	assert_string_equal(t->error,
			    "node 'a' is gone: whether it had ended is not "
			    "known");
	return 0;
}

static void test_rescue(void **state)
{
	enum mst_task_state now;
	char text[128];
	size_t n = 9;

	beat("a", 1);
	beat("b", 1);
	(void)put("run", "r", true);
	(void)put("undo", "u", false);
	(void)put("run", "c", true);
	(void)put("run", "d", true);
	for (int i = 0; i < 3; i++)
		assert_true(claim(s, "a", text));
	assert_true(claim(s, "b", text));
	t_ok(mst_task_cancel(s, 3, &now, &err), &err);
	t_ok(mst_task_rescue(s, &n, &err), &err);
	assert_int_equal(n, 0);
	state_sql("UPDATE node SET beat_us=beat_us-11000000 WHERE name='a'");
	t_ok(mst_task_rescue(s, &n, &err), &err);
	assert_int_equal(n, 3);
	assert_tasks((struct mst_task_filter){.state = -1},
		     "4 run d running;3 run c cancelled;2 undo u failed;"
		     "1 run r queued;");
	t_ok(mst_task(s, 2, look_error, NULL, &err), &err);
	/* Its worker's end comes too late. */
	t_failed(mst_task_end(s,
			      &(struct mst_task){
				  .id = 1, .node = "a", .state = MST_TASK_DONE},
			      mst_slice("", 0), mst_slice("", 0), &err),
		 &err, MST_E_CONFLICT, "task 1");
}

/* ---- requests that may come twice ---------------------------------------- */

static void test_keys(void **state)
{
	const struct mst_hash body = {1, 2}, other = {1, 3};
	int64_t first = 9;

	t_ok(mst_request_key(s, "ann", "k", body, T0, &first, &err), &err);
	assert_int_equal(first, 0);
	t_failed(mst_request_key(s, "ann", "k", body, T0, &first, &err), &err,
		 MST_E_TRANSIENT, "still under way");
	t_ok(mst_request_key_done(s, "ann", "k", 7, &err), &err);
	t_ok(mst_request_key(s, "ann", "k", body, T0 + 1, &first, &err), &err);
	assert_int_equal(first, 7);
	t_failed(mst_request_key(s, "ann", "k", other, T0, &first, &err), &err,
		 MST_E_CONFLICT, "came with another request");
	t_ok(mst_request_key(s, "bob", "k", other, T0, &first, &err), &err);
	assert_int_equal(first, 0);
	/* One that failed is not kept. */
	t_ok(mst_request_key_done(s, "bob", "k", 0, &err), &err);
	t_ok(mst_request_key(s, "bob", "k", body, T0, &first, &err), &err);
	assert_int_equal(first, 0);
	/* One whose end never came counts for a minute. */
	t_ok(
	    mst_request_key(s, "bob", "k", body, T0 + 2 * MINUTE, &first, &err),
	    &err);
	assert_int_equal(first, 0);
	t_ok(mst_request_key(s, "ann", "k", other, T0 + 1441 * MINUTE, &first,
			     &err),
	     &err);
	assert_int_equal(first, 0);
}

/* ---- jobs ---------------------------------------------------------------- */

static int add_plan(void *ctx, const struct mst_job_plan *p)
{
	if (p->next_us == MST_TIME_NONE)
		add(ctx, "%s never", p->job);
	else
		add(ctx, "%s %lld", p->job, (long long)(p->next_us - T0));
	add(ctx, " %llu %s%s%s;", (unsigned long long)p->basis,
	    p->paused ? "paused" : "", p->by, p->why);
	return 0;
}

static void assert_plans(const char *want)
{
	struct list l = {.n = 0};

	t_ok(mst_job_plans(s, add_plan, &l, &err), &err);
	assert_string_equal(l.text, want);
}

static void test_due(void **state)
{
	const struct mst_task t = {.kind = "run",
				   .job = "main",
				   .argv = "[]",
				   .state = MST_TASK_QUEUED,
				   .asked_by = "schedule",
				   .asked_via = "schedule"};
	const uint64_t basis = UINT64_MAX - 1;
	bool done = false;

	assert_plans("");
	t_ok(mst_job_due(s, "main", MST_TIME_NONE, T0 + 10, basis, 0, NULL,
			 &done, &err),
	     &err);
	assert_true(done);
	assert_plans("main 10 18446744073709551614 ;");
	t_ok(mst_job_due(s, "main", MST_TIME_NONE, T0 + 20, 2, 0, NULL, &done,
			 &err),
	     &err);
	assert_false(done);
	t_ok(mst_job_due(s, "main", T0 + 10, T0 + 20, 2, T0 + 10, &t, &done,
			 &err),
	     &err);
	assert_true(done);
	/* The other node was too late. */
	t_ok(mst_job_due(s, "main", T0 + 10, T0 + 20, 2, T0 + 10, &t, &done,
			 &err),
	     &err);
	assert_false(done);
	assert_tasks((struct mst_task_filter){.state = -1},
		     "1 run main queued;");
	t_ok(mst_job_pause(s, "main", true, "ann", "change freeze", &err),
	     &err);
	t_ok(mst_job_pause(s, "new", true, "bob", "x", &err), &err);
	assert_plans(
	    "main 20 2 pausedannchange freeze;new never 0 pausedbobx;");
	t_ok(mst_job_pause(s, "main", false, "ann", "", &err), &err);
	t_ok(mst_job_due(s, "new", MST_TIME_NONE, MST_TIME_NONE, 5, 0, NULL,
			 &done, &err),
	     &err);
	assert_true(done);
	assert_plans("main 20 2 ;new never 5 pausedbobx;");
}

/* ---- budgets, trends, notices -------------------------------------------- */

static void test_budget(void **state)
{
	const int64_t hour = 3600ll * 1000000;
	const int64_t begin = T0 - T0 % hour;
	uint64_t got = 0, used = 9;
	int64_t until = 0;

	t_ok(mst_budget_used(s, "cmdb", begin, &used, &err), &err);
	assert_int_equal(used, 0);
	t_ok(mst_budget_take(s, "cmdb", 100, 60, begin, &got, &until, &err),
	     &err);
	assert_int_equal(got, 60);
	assert_true(until == begin + hour);
	t_ok(mst_budget_take(s, "cmdb", 100, 60, begin + 1, &got, &until, &err),
	     &err);
	assert_int_equal(got, 40);
	t_ok(mst_budget_take(s, "cmdb", 100, 1, begin + 2, &got, &until, &err),
	     &err);
	assert_int_equal(got, 0);
	t_ok(mst_budget_give_back(s, "cmdb", 15, begin + 2, &err), &err);
	t_ok(mst_budget_used(s, "cmdb", begin + 2, &used, &err), &err);
	assert_int_equal(used, 85);
	t_ok(mst_budget_take(s, "cmdb", 50, 1, begin + 2, &got, &until, &err),
	     &err);
	assert_int_equal(got, 0);
	t_ok(mst_budget_take(s, "cmdb", 100, 200, begin + hour, &got, &until,
			     &err),
	     &err);
	assert_int_equal(got, 100);
	/* What was of the hour before does not count any more. */
	t_ok(mst_budget_give_back(s, "cmdb", 15, begin + 2, &err), &err);
	t_ok(mst_budget_used(s, "cmdb", begin + hour, &used, &err), &err);
	assert_int_equal(used, 100);
}

static int add_point(void *ctx, const char *job, const char *name,
		     int64_t at_us, double value)
{
	add(ctx, "%s %s %lld %.1f;", job, name,
	    (long long)((at_us - T0) / MINUTE), value);
	return 0;
}

static void trend(const char *job, int64_t minute, double v)
{
	t_ok(mst_trend_put(s, job, "open_cves.high", T0 + minute * MINUTE, v,
			   &err),
	     &err);
}

static void test_trend(void **state)
{
	struct list l = {.n = 0};

	trend("a", 0, 1.5);
	trend("a", 1, 2);
	trend("a", 1, 3);
	trend("b", 0, 7);
	t_ok(mst_trend_put(s, "a", "writes", T0, 1, &err), &err);
	t_ok(mst_trend(s, "a", "open_cves", T0, add_point, &l, &err), &err);
	assert_string_equal(l.text, "a open_cves.high 0 1.5;"
				    "a open_cves.high 1 3.0;");
	l = (struct list){.n = 0};
	t_ok(mst_trend(s, NULL, "open", T0 + 1, add_point, &l, &err), &err);
	assert_string_equal(l.text, "a open_cves.high 1 3.0;");
	/* Days later one of the first day is left, two years later none. */
	trend("a", 3 * 1440, 4);
	l = (struct list){.n = 0};
	t_ok(mst_trend(s, "a", "open", 0, add_point, &l, &err), &err);
	assert_string_equal(l.text, "a open_cves.high 1 3.0;"
				    "a open_cves.high 4320 4.0;");
	trend("a", 731 * 1440, 5);
	l = (struct list){.n = 0};
	t_ok(mst_trend(s, "a", "open", 0, add_point, &l, &err), &err);
	assert_string_equal(l.text, "a open_cves.high 4320 4.0;"
				    "a open_cves.high 1052640 5.0;");
}

static int add_notice(void *ctx, const struct mst_notice *v)
{
	add(ctx, "%lld %s %s %s %s %s%s;", (long long)v->id, v->kind, v->about,
	    v->level, v->text, v->told_us == MST_TIME_NONE ? "" : "told",
	    v->over_us == MST_TIME_NONE ? "" : "over");
	return 0;
}

static void assert_notices(bool all, const char *want)
{
	struct list l = {.n = 0};

	t_ok(mst_notices(s, all, 10, add_notice, &l, &err), &err);
	assert_string_equal(l.text, want);
}

static void test_notices(void **state)
{
	bool fresh = false, was = true;

	t_ok(mst_notice_on(s, "guard", "main", "warning", "1 %", &fresh, &err),
	     &err);
	assert_true(fresh);
	t_ok(mst_notice_told(s, 1, &err), &err);
	t_ok(mst_notice_on(s, "guard", "main", "error", "2 %", &fresh, &err),
	     &err);
	assert_false(fresh);
	assert_notices(false, "1 guard main error 2 % told;");
	t_ok(mst_notice_off(s, "guard", "main", &was, &err), &err);
	assert_true(was);
	t_ok(mst_notice_off(s, "guard", "main", &was, &err), &err);
	assert_false(was);
	assert_notices(false, "");
	t_ok(mst_notice_on(s, "guard", "main", "error", "3 %", &fresh, &err),
	     &err);
	assert_true(fresh);
	assert_notices(true, "2 guard main error 3 % ;"
			     "1 guard main error 2 % toldover;");
}

/* ---- the audit of it ----------------------------------------------------- */

static int add_entry(void *ctx, const struct mst_audit_entry *e)
{
	add(ctx, "%s %s %s %s %s;", e->user, e->via, e->kind, e->name, e->what);
	return 0;
}

static void test_audit(void **state)
{
	struct mst_audit_filter f = {.n = 100};
	struct mst_audit_check c;
	enum mst_task_state now;
	struct list l = {.n = 0};

	mst_state_actor_set(s, "bob", "api", "10.0.0.9");
	(void)put("run", "main", true);
	(void)put("report", "main", true);
	t_ok(mst_task_cancel(s, 1, &now, &err), &err);
	t_ok(mst_job_pause(s, "main", true, "bob", "freeze", &err), &err);
	mst_state_actor_set(s, NULL, NULL, NULL);
	t_ok(mst_state_audit(s, &f, add_entry, &l, &err), &err);
	assert_string_equal(l.text, "bob api job main pause;"
				    "bob api task 1 run main cancel;"
				    "ann console task 1 run main run;");
	t_ok(mst_audit_verify(s, NULL, &c, &err), &err);
	assert_int_equal(c.entries, 3);
	assert_int_equal(c.bad_id, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, state_set_up, state_tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_put),    T(test_claim),  T(test_claim_far), T(test_at_once),
	    T(test_end),    T(test_cancel), T(test_lists),     T(test_trim),
	    T(test_nodes),  T(test_rescue), T(test_keys),      T(test_due),
	    T(test_budget), T(test_trend),  T(test_notices),   T(test_audit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
