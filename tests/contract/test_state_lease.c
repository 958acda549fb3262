/* SPDX-License-Identifier: Apache-2.0
 *
 * Leases with fencing: two holders, one that stood still, one whose server went
 * away. No test waits for time to pass: what runs out is made to run out by the
 * store's row.
 */
#include "tests/unit/state_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/pg.h"

static atomic_bool lost;

static int set_up(void **state)
{
	atomic_store(&lost, false);
	mst_state_lost_set(&lost);
	return state_set_up(state);
}

static int64_t begin(struct mst_state *of)
{
	int64_t id = 0;

	t_ok(mst_state_run_begin(of, "a", &id, &err), &err);
	return id;
}

static int count_write(struct mst_state *of, int64_t run)
{
	const struct mst_run_counts c = {.read = 1};

	return mst_state_run_counts(of, run, "devices", &c, &err);
}

/* As after ten seconds without a word of the holder. */
static void run_out(void)
{
	state_sql("UPDATE lease SET until_us=1");
}

/* Its holder may have renewed it in between. */
static void take_over(struct mst_state *by, struct mst_state_lock **l_r)
{
	int rc;

	do {
		run_out();
		rc = mst_state_lock(by, "a", l_r, &err);
	} while (rc == -MST_E_CONFLICT);
	t_ok(rc, &err);
}

static int run_status(void *ctx, const struct mst_run *run)
{
	*(enum mst_run_status *)ctx = run->status;
	return 0;
}

static enum mst_run_status status_of(int64_t id)
{
	enum mst_run_status status = MST_RUN_OK;

	t_ok(mst_state_run(s, id, run_status, &status, &err), &err);
	return status;
}

/* ---- whose they are --------------------------------------------------------
 */

static int add_lease(void *ctx, const struct mst_node_lease *l)
{
	struct mst_buf *out = ctx;

	assert_true(l->until_us > 1);
	(void)mst_buf_addf(out, "%s %lld %lld;", l->name, (long long)l->token,
			   (long long)l->run);
	return 0;
}

static void assert_held(const char *node, const char *want)
{
	struct mst_buf out = MST_BUF_INIT(4096);

	t_ok(mst_node_leases(s, node, add_lease, &out, &err), &err);
	assert_string_equal(out.n ? out.p : "", want);
	mst_buf_fini(&out);
}

static void test_whose(void **state)
{
	struct mst_state_lock *a, *b, *c;
	struct mst_state *other, *third;

	state_other(&other);
	state_other(&third);
	mst_state_node_set(s, "n1");
	t_ok(mst_state_lock(s, "a", &a, &err), &err);
	t_ok(mst_state_lock(s, "@forward", &b, &err), &err);
	assert_int_equal(begin(s), 1);
	assert_held("n1", "@forward 1 0;a 1 1;");
	assert_held("n2", "");
	assert_held("", "");
	/* A worker hears it from its daemon. */
	assert_int_equal(setenv("MUSTER_NODE", "n2", 1), 0);
	t_ok(mst_state_lock(third, "c", &c, &err), &err);
	assert_int_equal(unsetenv("MUSTER_NODE"), 0);
	assert_held("n2", "c 1 0;");
	/* Somebody at the command line is of no node. */
	mst_state_unlock(&a);
	assert_held("n1", "@forward 1 0;");
	t_ok(mst_state_lock(other, "a", &a, &err), &err);
	assert_held("", "a 2 0;");
	mst_state_unlock(&a);
	mst_state_unlock(&b);
	mst_state_unlock(&c);
	assert_held("n1", "");
	mst_state_close(&other);
	mst_state_close(&third);
}

/* ---- taken over ---------------------------------------------------------- */

static void test_taken_over(void **state)
{
	const struct mst_run over = {
	    .ended_us = MST_TIME_NONE, .status = MST_RUN_OK, .id = 1};
	struct mst_state_lock *first, *second;
	struct mst_write_log w = {.run = 1};
	struct mst_state *other;
	size_t added, changed;
	const struct mst_state_item it = {
	    .kind = "job", .name = "x", .type = "", .yaml = "y"};
	const struct mst_run_item item = {
	    .set = "a", .key = "k", .what = "refused", .reason = "r"};
	int64_t run;

	state_other(&other);
	t_ok(mst_state_lock(s, "a", &first, &err), &err);
	run = begin(s);
	t_ok(count_write(s, run), &err);
	take_over(other, &second);
	assert_int_equal(begin(other), run + 1);
	/* Whatever it writes is refused, though it has not noticed yet. */
	t_failed(count_write(s, run), &err, MST_E_CONFLICT,
		 "job 'a' went to another process");
	assert_true(atomic_load(&lost));
	t_failed(mst_state_run_end(s, &over, &err), &err, MST_E_CONFLICT,
		 "nothing more is stored");
	t_failed(mst_state_write_log(s, "a", &w, 1, &err), &err, MST_E_CONFLICT,
		 "job 'a'");
	t_failed(mst_state_item_log(s, run, &item, 1, &err), &err,
		 MST_E_CONFLICT, "job 'a'");
	t_failed(mst_state_put_items(s, &it, 1, &added, &changed, &err), &err,
		 MST_E_CONFLICT, "job 'a'");
	assert_int_equal(status_of(run), MST_RUN_DEAD);
	assert_int_equal(status_of(run + 1), MST_RUN_RUNNING);
	t_ok(count_write(other, run + 1), &err);
	/* To give back what is not its own does no harm. */
	mst_state_unlock(&first);
	t_ok(count_write(other, run + 1), &err);
	mst_state_unlock(&second);
	mst_state_close(&other);
}

/* It ran out, and nobody took it: it goes on. */
static void test_late(void **state)
{
	struct mst_state_lock *l;
	int64_t run;

	t_ok(mst_state_lock(s, "a", &l, &err), &err);
	run = begin(s);
	run_out();
	t_ok(count_write(s, run), &err);
	assert_false(atomic_load(&lost));
	mst_state_unlock(&l);
}

static void test_tokens_rise(void **state)
{
	struct mst_state_lock *l;

	for (int i = 1; i < 4; i++) {
		char want[8];

		t_ok(mst_state_lock(s, "a", &l, &err), &err);
		(void)snprintf(want, sizeof(want), "%d", i);
		assert_string_equal(
		    t_pg_ask(state_database(),
			     "SELECT token FROM muster_state.lease"),
		    want);
		mst_state_unlock(&l);
	}
}

/* ---- a process that was stopped ------------------------------------------ */

static char tell_byte(int fd)
{
	char c = 0;
	ssize_t n;

	do
		n = read(fd, &c, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? c : 0;
}

/* Takes the lease, says so, and writes when it is told to. */
static int holder(int in, int out)
{
	struct mst_state_lock *l;
	struct mst_state *mine;
	int64_t run = 0;
	int rc;

	state_other(&mine);
	t_ok(mst_state_lock(mine, "a", &l, &err), &err);
	run = begin(mine);
	if (count_write(mine, run) < 0 || write(out, "+", 1) != 1)
		return 9;
	(void)tell_byte(in);
	rc = count_write(mine, run);
	if (rc == -MST_E_CONFLICT && atomic_load(&lost))
		rc = 1;
	mst_state_unlock(&l);
	mst_state_close(&mine);
	return rc == 1 ? 1 : 8;
}

static void test_stopped(void **state)
{
	struct mst_state_lock *l;
	int to[2], from[2], status;
	pid_t pid;

	assert_int_equal(pipe(to) | pipe(from), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(holder(to[0], from[1]));
	assert_int_equal(tell_byte(from[0]), '+');
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	take_over(s, &l);
	t_ok(count_write(s, begin(s)), &err);
	assert_int_equal(write(to[1], "g", 1), 1);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	t_ok(count_write(s, 2), &err);
	mst_state_unlock(&l);
	for (int i = 0; i < 2; i++) {
		close(to[i]);
		close(from[i]);
	}
}

/* ---- a server that goes away --------------------------------------------- */

static void test_server_again(void **state)
{
	struct mst_run_filter f = {.status = -1, .n = 1};
	struct mst_state_lock *l;
	int64_t run;

	t_ok(mst_state_lock(s, "a", &l, &err), &err);
	run = begin(s);
	t_pg_stop(false);
	t_failed(mst_state_runs(s, &f, NULL, NULL, &err), &err, MST_E_TRANSIENT,
		 "state store 'postgresql://");
	t_failed(count_write(s, run), &err, MST_E_TRANSIENT, "state store");
	t_pg_again();
	t_ok(count_write(s, run), &err);
	/* One that died while nothing was asked is not even noticed. */
	t_pg_stop(false);
	t_pg_again();
	assert_int_equal(status_of(run), MST_RUN_RUNNING);
	t_pg_stop(false);
	t_pg_again();
	t_ok(count_write(s, run), &err);
	mst_state_unlock(&l);
}

/* It goes in the middle of many rows: none of them is there, and what comes
 * next is as if nothing had been. */
static void test_server_gone_within(void **state)
{
	static struct mst_write_log w[600];
	struct mst_state *other;

	for (uint64_t i = 0; i < MST_LEN(w); i++)
		w[i] = (struct mst_write_log){
		    .key = {.lo = i, .hi = i}, .run = 1, .request_id = ""};
	state_sql("CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS"
		  " $$ BEGIN IF NEW.id = 300 THEN PERFORM"
		  " pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW;"
		  " END $$; CREATE TRIGGER die BEFORE INSERT ON write_new FOR"
		  " EACH ROW EXECUTE FUNCTION die()");
	t_failed(mst_state_write_log(s, "a", w, MST_LEN(w), &err), &err,
		 MST_E_TRANSIENT, "the next call connects again");
	state_sql("DROP TRIGGER die ON write_new");
	state_other(&other);
	assert_string_equal(
	    t_pg_ask(state_database(),
		     "SELECT count(*) FROM muster_state.write_new"),
	    "0");
	t_ok(mst_state_write_log(s, "a", w, MST_LEN(w), &err), &err);
	t_ok(mst_state_write_log(other, "b", w, MST_LEN(w), &err), &err);
	assert_string_equal(
	    t_pg_ask(state_database(),
		     "SELECT count(*) FROM muster_state.write_new"),
	    "1200");
	mst_state_close(&other);
}

/* Nothing could be renewed for as long as a lease is valid: another may have
 * it, so it is given up, though nobody took it. */
static void test_cut_off(void **state)
{
	const struct timespec pause = {0, 10000000};
	struct mst_state_lock *l;
	int64_t run;

	assert_int_equal(setenv("MUSTER_LEASE_MS", "200", 1), 0);
	t_ok(mst_state_lock(s, "a", &l, &err), &err);
	run = begin(s);
	t_pg_stop(true);
	while (!atomic_load(&lost))
		(void)nanosleep(&pause, NULL);
	t_pg_again();
	t_failed(count_write(s, run), &err, MST_E_CONFLICT,
		 "job 'a' went to another process");
	mst_state_unlock(&l);
	assert_int_equal(unsetenv("MUSTER_LEASE_MS"), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, state_tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_whose),   T(test_taken_over),
	    T(test_late),    T(test_tokens_rise),
	    T(test_stopped), T(test_server_again),
	    T(test_cut_off), T(test_server_gone_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
