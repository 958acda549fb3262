/* SPDX-License-Identifier: Apache-2.0
 *
 * Stores on servers: what becomes of a run when the server fails at any call,
 * goes away, or gives the database to somebody else. The server is in memory.
 */
#include "tests/contract/recver_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "tests/contract/fake_server.h"

#define PLACE  "muster_recver_defender"
#define START  1700000000000000
#define MINUTE 60000000LL

static unsigned pauses;

static void no_pause(int64_t ms)
{
	assert_true(ms >= 1 && ms <= 5000);
	pauses++;
	t_clock_add(ms * 1000);
}

static int set_up(void **state)
{
	fake_reset();
	rv.ops = &fake_store;
	pauses = 0;
	t_clock_set(START);
	mst_server_pause(no_pause);
	mst_err_clear(&rv.err);
	t_ok(rv_open(PLACE, SOURCE, true, &rv.r, &rv.err), &rv.err);
	return 0;
}

static int tear_down(void **state)
{
	rv.ops->close(&rv.r);
	assert_int_equal(fake.open, 0);
	fake_reset();
	mst_server_pause(NULL);
	t_clock_real();
	return 0;
}

static void fail_next(enum fake_how how, uint64_t calls_later, uint64_t n)
{
	fake.how = how;
	fake.fails_at = fake.calls + 1 + calls_later;
	fake.fails_n = n;
}

/* ---- every call in turn -------------------------------------------------- */

/* A little of everything; what it leaves is always the same. */
static int story(struct mst_err *err)
{
	struct mst_group_put g[6];
	struct mst_group_row mark = {0};
	char text[6][8];
	struct rv_seen s = {.want = rv_key_of(MST_SLICE_LIT("g-2"))};
	struct mst_recver_stats stats;
	struct mst_buf val = MST_BUF_INIT(64);
	bool found;
	int rc;

	for (int i = 0; i < 6; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "g-%d", i);
		g[i] = rv_group(mst_slice_str(text[i]), (uint32_t)i + 1, i & 1);
	}
	mark = g[0].row;
	mark.state = MST_GROUP_PENDING;
	rc = rv_open(PLACE, SOURCE, true, &rv.r, err);
	if (rc == 0)
		rc = rv.ops->mark(rv.r, "snow", "cves", &mark, 1, err);
	if (rc == 0)
		rc = rv.ops->put(rv.r, "test", "cves", g, 2, err);
	if (rc == 0)
		rc = rv.ops->begin(rv.r, err);
	if (rc == 0)
		rc = rv.ops->put(rv.r, "snow", "cves", g, 6, err);
	if (rc == 0)
		rc = rv.ops->load(rv.r, "snow", "cves", rv_see_row, &s, err);
	if (rc == 0)
		rc = rv.ops->meta_put(rv.r, "snow", "m", MST_SLICE_LIT("1"),
				      err);
	if (rc == 0)
		rc = rv.ops->reset(rv.r, "test", NULL, err);
	if (rc == 0)
		rc = rv.ops->commit(rv.r, err);
	if (rc == 0) {
		assert_int_equal(s.rows, 6);
		s = (struct rv_seen){.want = s.want};
		rc = rv.ops->load(rv.r, "snow", "cves", rv_see_row, &s, err);
	}
	if (rc == 0) {
		assert_int_equal(s.rows, 6);
		s.found = 0;
		rc = rv.ops->members(
		    rv.r, "snow", "cves",
		    &(const struct mst_hash[]){g[0].row.key, g[2].row.key,
					       g[4].row.key, g[5].row.key}[0],
		    4, rv_see_members, &s, err);
	}
	if (rc == 0) {
		assert_int_equal(s.found, 1);
		assert_int_equal(s.members, 3);
		rc = rv.ops->stats(rv.r, "snow", NULL, &stats, err);
	}
	if (rc == 0)
		rc = rv.ops->meta_get(rv.r, "snow", "m", &val, &found, err);
	if (rc == 0)
		assert_true(found);
	for (int i = 0; i < 6; i++)
		rv_group_free(&g[i]);
	mst_buf_fini(&val);
	rv.ops->close(&rv.r);
	return rc;
}

static void check_story(void)
{
	fake.fails_at = 0;
	t_ok(rv_open(PLACE, SOURCE, false, &rv.r, &rv.err), &rv.err);
	assert_int_equal(rv_stats(NULL, NULL).groups, 6);
	assert_int_equal(rv_stats(NULL, NULL).members, 1 + 2 + 3 + 4 + 5 + 6);
	assert_int_equal(rv_stats(NULL, NULL).pending, 0);
	assert_int_equal(rv_count("test", "cves"), 0);
	rv.ops->close(&rv.r);
}

/* Once, or so often that a reconnection fails too: nothing shows. */
static void test_connection_lost_at_every_call(void **state)
{
	uint64_t calls = 0;

	for (int how = FAKE_BEFORE; how <= FAKE_AFTER; how++) {
		for (uint64_t n = 1; n <= 4; n += 3) {
			uint64_t at = 1;

			do {
				rv.ops->close(&rv.r);
				fake_reset();
				fake.how = (enum fake_how)how;
				fake.fails_at = at++;
				fake.fails_n = n;
				t_ok(story(&rv.err), &rv.err);
				calls = fake.calls;
				check_story();
			} while (at <= calls);
		}
	}
	assert_true(calls > 15);
	assert_true(pauses > calls);
	t_ok(rv_open(PLACE, SOURCE, false, &rv.r, &rv.err), &rv.err);
}

/* What only a DBA can mend ends the call at once, with who said it; the next
 * run finds either all or nothing of each batch. */
static void test_refused_at_every_call(void **state)
{
	uint64_t calls, before, at = 1;

	do {
		rv.ops->close(&rv.r);
		fake_reset();
		fake.how = FAKE_REFUSED;
		fake.fails_at = at++;
		if (story(&rv.err) < 0) {
			t_failed(-(int)rv.err.code, &rv.err, MST_E_FORBIDDEN,
				 "RecVer '" PLACE "' on 'fake.example': "
				 "permission denied");
		}
		fake.fails_at = 0;
		before = fake.calls;
		t_ok(story(&rv.err), &rv.err);
		calls = fake.calls - before;
		check_story();
	} while (at <= calls);
	assert_true(calls > 10);
	assert_int_equal(pauses, 0);
	t_ok(rv_open(PLACE, SOURCE, false, &rv.r, &rv.err), &rv.err);
}

/* ---- a server that is away ----------------------------------------------- */

static void test_gives_up_in_time(void **state)
{
	int64_t from = mst_mono_us();
	size_t rows;

	rv_put_text("snow", "cves", "a", 3);
	fail_next(FAKE_BEFORE, 0, 1000000);
	rows = (size_t)rv.ops->load(rv.r, "snow", "cves", rv_see_row,
				    &(struct rv_seen){0}, &rv.err);
	t_failed((int)rows, &rv.err, MST_E_TRANSIENT,
		 "RecVer '" PLACE "' on 'fake.example': the connection was "
		 "lost");
	assert_in_range((uint64_t)(mst_mono_us() - from), 59 * 1000000,
			66 * 1000000);
	/* It is back: the store still works. */
	fake.fails_at = 0;
	assert_int_equal(rv_count("snow", "cves"), 1);
}

/* A batch whose fate nobody knows: numbers of sets are read anew. */
static void test_commit_of_unknown_fate(void **state)
{
	struct mst_group_put g = rv_group(MST_SLICE_LIT("a"), 3, true);

	fail_next(FAKE_AFTER, 0, 1000000);
	t_failed(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err), &rv.err,
		 MST_E_TRANSIENT, "connection was lost");
	fake.fails_at = 0;
	/* It was written all the same; the next set must have its own number.
	 */
	rv_put_text("snow", "devices", "b", 2);
	assert_int_equal(rv_count("snow", "cves"), 1);
	assert_int_equal(rv_count("snow", "devices"), 1);
	rv_assert_stored("snow", "cves", &g);
	rv_group_free(&g);
}

static void test_first_connection_fails_soon(void **state)
{
	int64_t from;

	rv.ops->close(&rv.r);
	from = mst_mono_us();
	fail_next(FAKE_BEFORE, 0, 1000000);
	t_failed(rv_open(PLACE, SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_TRANSIENT, "connection was lost");
	assert_true(mst_mono_us() - from < 12 * 1000000);
	fake.fails_at = 0;
	t_ok(rv_open(PLACE, SOURCE, false, &rv.r, &rv.err), &rv.err);
}

/* ---- lease --------------------------------------------------------------- */

static const struct mst_lease thief = {
    .token = "00000000000000000000000000000001-0000000000000001-1-1",
    .holder = "elsewhere.example, process 7",
};

static void test_lease_stolen(void **state)
{
	struct mst_group_put g = rv_group(MST_SLICE_LIT("a"), 3, true);

	rv_put_text("snow", "cves", "before", 3);
	fake_steal(PLACE, &thief);
	t_failed(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err), &rv.err,
		 MST_E_CONFLICT, "taken over by elsewhere.example, process 7");
	/* From now on it neither reads nor writes. */
	t_failed(rv.ops->load(rv.r, "snow", "cves", rv_see_row,
			      &(struct rv_seen){0}, &rv.err),
		 &rv.err, MST_E_CONFLICT, "taken over by");
	rv.ops->close(&rv.r);
	/* Its close leaves the other one's lease alone. */
	assert_string_equal(fake_lease(PLACE).token, thief.token);
	t_failed(rv_open(PLACE, SOURCE, false, &rv.r, &rv.err), &rv.err,
		 MST_E_CONFLICT, "in use by elsewhere.example, process 7");
	/* Nobody renews it: it ends. */
	fake_expire(PLACE);
	t_ok(rv_open(PLACE, SOURCE, false, &rv.r, &rv.err), &rv.err);
	assert_int_equal(rv_count("snow", "cves"), 1);
	rv_group_free(&g);
}

/* While the connection is down somebody takes it: seen before anything is read
 * or written again. */
static void test_stolen_while_away(void **state)
{
	rv_put_text("snow", "cves", "a", 3);
	fail_next(FAKE_BEFORE, 0, 1);
	fake_steal(PLACE, &thief);
	t_failed(rv.ops->load(rv.r, "snow", "cves", rv_see_row,
			      &(struct rv_seen){0}, &rv.err),
		 &rv.err, MST_E_CONFLICT, "taken over by elsewhere");
}

/* An ended lease that nobody wanted is still ours. */
static void test_ended_but_ours(void **state)
{
	fake_expire(PLACE);
	rv_put_text("snow", "cves", "a", 3);
	assert_false(fake_lease(PLACE).expired);
	assert_int_equal(rv_count("snow", "cves"), 1);
}

static void test_given_back(void **state)
{
	assert_string_not_equal(fake_lease(PLACE).token, "");
	rv.ops->close(&rv.r);
	assert_string_equal(fake_lease(PLACE).token, "");
	t_ok(rv_open(PLACE, SOURCE, false, &rv.r, &rv.err), &rv.err);
}

/* A dead process of this machine; one of another machine or boot may live. */
static void test_dead_holder(void **state)
{
	int fds[2], status = -1;
	siginfo_t ended;
	char token[MST_LEASE_TOKEN] = "";
	struct mst_lease l;
	pid_t pid;

	rv.ops->close(&rv.r);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (rv_open(PLACE, SOURCE, false, &rv.r, &rv.err) < 0)
			_exit(1);
		l = fake_lease(PLACE);
		_exit(write(fds[1], l.token, sizeof(l.token)) ==
			      (ssize_t)sizeof(l.token)
			  ? 0
			  : 2);
	}
	assert_int_equal(read(fds[0], token, sizeof(token)), sizeof(token));
	(void)close(fds[0]);
	(void)close(fds[1]);
	l = (struct mst_lease){.holder = "here, process of the test"};
	memcpy(l.token, token, sizeof(token));
	/* One that nobody has waited for yet, and one that is gone. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT),
			 0);
	for (int i = 0; i < 2; i++) {
		fake_steal(PLACE, &l);
		t_ok(rv_open(PLACE, SOURCE, false, &rv.r, &rv.err), &rv.err);
		rv.ops->close(&rv.r);
		if (i == 0)
			assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	assert_int_equal(status, 0);
	/* The same of another machine. */
	memset(l.token + 33, '7', 16);
	fake_steal(PLACE, &l);
	t_failed(rv_open(PLACE, SOURCE, false, &rv.r, &rv.err), &rv.err,
		 MST_E_CONFLICT, "here, process of the test");
	/* What is no token of ours is nobody's that we know. */
	(void)snprintf(l.token, sizeof(l.token), "whatever");
	fake_steal(PLACE, &l);
	t_failed(rv_open(PLACE, SOURCE, false, &rv.r, &rv.err), &rv.err,
		 MST_E_CONFLICT, "ends by itself");
	fake_expire(PLACE);
	t_ok(rv_open(PLACE, SOURCE, false, &rv.r, &rv.err), &rv.err);
}

/* An hour of reading a source: keep renews, and asks only when it is due. */
static void test_keep(void **state)
{
	uint64_t calls = fake.calls;

	for (int second = 0; second < 3600; second++) {
		t_clock_add(1000000);
		t_ok(mst_recver_keep(rv.r, &rv.err), &rv.err);
		if (second % 299 == 0)
			fake_expire(PLACE); /* looked at below */
	}
	assert_in_range(fake.calls - calls, 55, 65);
	assert_false(fake_lease(PLACE).expired);
	/* A server that is away for a while is nobody's concern. */
	fail_next(FAKE_BEFORE, 0, 1000000);
	for (int second = 0; second < 120; second++) {
		t_clock_add(1000000);
		t_ok(mst_recver_keep(rv.r, &rv.err), &rv.err);
	}
	assert_int_equal(pauses, 0);
	fake.fails_at = 0;
	t_clock_add(10 * 1000000);
	t_ok(mst_recver_keep(rv.r, &rv.err), &rv.err);
	/* Somebody else has it: known at once, not at the first commit. */
	fake_steal(PLACE, &thief);
	t_clock_add(2 * MINUTE);
	t_failed(mst_recver_keep(rv.r, &rv.err), &rv.err, MST_E_CONFLICT,
		 "taken over by elsewhere");
}

/* A look at all groups that takes longer than a lease is for. */
static unsigned shown, steal_at;

static int show_slowly(void *ctx, const struct mst_recver_raw *g)
{
	assert_false(fake_lease(PLACE).expired);
	if (++shown == steal_at)
		fake_steal(PLACE, &thief);
	else
		fake_expire(PLACE); /* looked at with the next group */
	t_clock_add(2 * MINUTE);
	return 0;
}

static int show_set(void *ctx, int64_t id, const char *target, const char *name)
{
	return 0;
}

static int show_meta(void *ctx, const char *target, const char *name,
		     struct mst_slice value)
{
	return 0;
}

static void test_verify_keeps(void **state)
{
	const struct mst_recver_look look = {
	    .set = show_set, .meta = show_meta, .group = show_slowly};
	char text[8];

	for (int i = 0; i < 20; i++) {
		(void)snprintf(text, sizeof(text), "g%d", i);
		rv_put_text("snow", "devices", text, 0);
	}
	shown = steal_at = 0;
	t_ok(rv.ops->verify(rv.r, &look, &rv.err), &rv.err);
	assert_int_equal(shown, 20);
	assert_false(fake_lease(PLACE).expired);
	assert_int_equal(fake.open, 1);
	/* Another run has it: nothing more is shown. */
	shown = 0;
	steal_at = 5;
	t_failed(rv.ops->verify(rv.r, &look, &rv.err), &rv.err, MST_E_CONFLICT,
		 "taken over by elsewhere");
	assert_int_equal(shown, 5);
}

/* ---- callbacks ----------------------------------------------------------- */

static int calls_back(void *ctx, const struct mst_group_row *row)
{
	assert_int_equal(mst_recver_keep(rv.r, &rv.err), 0);
	return rv.ops->reset(rv.r, "snow", NULL, &rv.err);
}

static int looks_transient(void *ctx, const struct mst_group_row *row)
{
	++*(int *)ctx;
	return -MST_E_TRANSIENT;
}

static void test_callbacks(void **state)
{
	int calls = 0;

	rv_put_text("snow", "cves", "a", 3);
	rv_put_text("snow", "cves", "b", 3);
	t_failed(rv.ops->load(rv.r, "snow", "cves", calls_back, NULL, &rv.err),
		 &rv.err, MST_E_INTERNAL, "own callback");
	/* The caller's own result is no error of the server. */
	assert_int_equal(rv.ops->load(rv.r, "snow", "cves", looks_transient,
				      &calls, &rv.err),
			 -MST_E_TRANSIENT);
	assert_int_equal(calls, 1);
	assert_int_equal(pauses, 0);
	assert_int_equal(fake.connects, 1);
}

/* ---- one transaction over another's rows --------------------------------- */

static void put_kind(const char *text, uint32_t n, bool with_members,
		     uint32_t members)
{
	struct mst_group_put g = rv_group(mst_slice_str(text), n, true);
	const struct mst_member *own = g.members;

	if (!with_members) {
		g.members = NULL;
		g.row.members = members;
	}
	t_ok(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err), &rv.err);
	g.members = own;
	rv_group_free(&g);
}

static void one_step(int what, const char *text)
{
	struct mst_hash key = rv_key_of(mst_slice_str(text));
	struct mst_group_row row = {.key = key,
				    .text = mst_slice_str(text),
				    .state = MST_GROUP_PENDING};

	switch (what) {
	case 0:
		put_kind(text, 4, true, 0);
		break;
	case 1:
		put_kind(text, 0, true, 0);
		break;
	case 2:
		put_kind(text, 0, false, 9);
		break;
	case 3:
		t_ok(rv.ops->mark(rv.r, "snow", "cves", &row, 1, &rv.err),
		     &rv.err);
		break;
	case 4:
		t_ok(rv.ops->del(rv.r, "snow", "cves", &key, 1, &rv.err),
		     &rv.err);
		break;
	case 5:
		t_ok(rv.ops->reset(rv.r, "snow", "cves", &rv.err), &rv.err);
		break;
	default:
		t_ok(rv.ops->reset(rv.r, "snow", NULL, &rv.err), &rv.err);
		break;
	}
}

struct outcome {
	size_t found, members;
	uint32_t row_members;
	int state;
	uint64_t groups, sum;
};

static struct outcome look(const char *text)
{
	struct rv_seen s = rv_look("snow", "cves", mst_slice_str(text));
	struct mst_recver_stats st = rv_stats("snow", "cves");

	return (struct outcome){s.found,	  s.members, s.row.members,
				(int)s.row.state, st.groups, st.members};
}

static void assert_same(struct outcome a, struct outcome b, const char *what,
			unsigned steps)
{
	if (a.found == b.found && a.members == b.members &&
	    a.row_members == b.row_members && a.state == b.state &&
	    a.groups == b.groups && a.sum == b.sum)
		return;
	fail_msg("%s of steps %03o: found %zu/%zu, members %zu/%zu, number "
		 "%u/%u, state %d/%d, groups %llu/%llu, sum %llu/%llu",
		 what, steps, a.found, b.found, a.members, b.members,
		 a.row_members, b.row_members, a.state, b.state,
		 (unsigned long long)a.groups, (unsigned long long)b.groups,
		 (unsigned long long)a.sum, (unsigned long long)b.sum);
}

/* Three steps after whatever was stored, each in turn one of seven: a
 * transaction shows before its commit, and has after it, what the store in
 * memory has. */
static struct outcome three_steps(const struct mst_recver_ops *ops, int before,
				  unsigned n, bool close_first)
{
	struct mst_recver *kept = rv.r;
	struct outcome seen, after;
	char text[8] = "x";

	rv.ops = ops;
	if (ops != &fake_store)
		t_ok(rv_open("", SOURCE, true, &rv.r, &rv.err), &rv.err);
	one_step(6, text);
	put_kind("neighbour", 2, true, 0);
	if (before < 4)
		one_step(before, text);
	t_ok(rv.ops->begin(rv.r, &rv.err), &rv.err);
	one_step((int)(n % 7), text);
	one_step((int)(n / 7 % 7), text);
	one_step((int)(n / 49), text);
	seen = look(text);
	t_ok(rv.ops->commit(rv.r, &rv.err), &rv.err);
	after = look(text);
	assert_same(seen, after, "before and after the commit", n);
	if (ops != &fake_store) {
		rv.ops->close(&rv.r);
		rv.r = kept;
		rv.ops = &fake_store;
	}
	return after;
}

static void test_overlay(void **state)
{
	for (int before = 0; before < 5; before++) {
		for (unsigned n = 0; n < 343; n++) {
			struct outcome want =
			    three_steps(&mst_recver_mem, before, n, true);
			struct outcome is =
			    three_steps(&fake_store, before, n, false);

			assert_same(is, want, "server and memory", n);
		}
	}
}

#define S(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    S(test_connection_lost_at_every_call),
	    S(test_refused_at_every_call),
	    S(test_gives_up_in_time),
	    S(test_commit_of_unknown_fate),
	    S(test_first_connection_fails_soon),
	    S(test_lease_stolen),
	    S(test_stolen_while_away),
	    S(test_ended_but_ours),
	    S(test_given_back),
	    S(test_dead_holder),
	    S(test_keep),
	    S(test_verify_keeps),
	    S(test_callbacks),
	    S(test_overlay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
