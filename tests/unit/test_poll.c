/* SPDX-License-Identifier: Apache-2.0
 *
 * Polling the simulated console: what is new, what was seen, what was handled;
 * where the cursor stands after each look; and kill -9 within one.
 */
#include "forward_fixture.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim_fixture.h"

static struct ff ff;
static struct fx fx;
static struct mst_err err = MST_ERR_INIT;
static atomic_bool stop;

/* The simulated console's clock and ours are one. */
static int begin(void **state)
{
	static const struct mst_sim_conf conf = {
	    .devices = 5, .iot_devices = 200, .iot_alerts = 2};

	fx_start(&fx, &conf);
	fx.bare = MST_SIM_IOT_TOKEN;
	assert_int_equal(setenv("FF_TOKEN", MST_SIM_IOT_TOKEN, 1), 0);
	return t_log_watch(state);
}

static int end(void **state)
{
	ff_close(&ff);
	fx_stop(&fx);
	atomic_store(&stop, false);
	return t_log_check(state);
}

static void opens(const char *rule)
{
	char yaml[2048];

	(void)snprintf(yaml, sizeof(yaml),
		       "connections:\n  - name: iot\n    type: iot\n"
		       "    read: console\n    url: %s\n"
		       "    token: env:FF_TOKEN\n"
		       "forward_rules:\n  - name: all\n    source: iot\n"
		       "    actions: [siem]\n    system_notifications: yes\n%s",
		       mst_sim_url(fx.sim, MST_SIM_IOT), rule);
	ff_open(&ff, yaml);
	assert_int_equal(ff.f->conf->polls_n, 1);
}

static int poll(bool wide)
{
	mst_err_clear(&err);
	return mst_poll_once(ff.f, &ff.f->conf->polls[0], wide, false, &stop,
			     &err);
}

static void polls(bool wide)
{
	t_ok(poll(wide), &err);
}

static struct mst_outbox_cursor cursor(void)
{
	struct mst_outbox_cursor c;

	t_ok(mst_outbox_cursor(ff.f->outbox, "iot", &c, &err), &err);
	return c;
}

static void raise_one(const char *title)
{
	char body[256];

	(void)snprintf(body, sizeof(body),
		       "{\"alerts\":[{\"title\":\"%s\",\"uuid\":\"%s-uuid\"}]}",
		       title, title);
	fx_control(&fx, "POST", "/_sim/iot/alerts", body);
}

/* Everything since long ago: then nothing, then what is new. */
static void test_new(void **state MST_UNUSED)
{
	struct mst_outbox_cursor c;
	uint64_t n;

	opens("    from: 2000-01-01\n");
	polls(false);
	n = ff_waiting(&ff);
	assert_true(n > 0);
	c = cursor();
	assert_true(c.until_us != MST_TIME_NONE && c.wide_us == c.until_us);
	polls(false);
	assert_int_equal(ff_waiting(&ff), n);
	assert_true(cursor().wide_us == c.wide_us);
	raise_one("Controller Stop");
	polls(false);
	assert_int_equal(ff_waiting(&ff), n + 1);
	assert_int_equal(ff_count(&ff, "iot", "accepted"), n + 1);
	assert_int_equal(ff_unread(&ff, NULL, NULL), 0);
	/* And after a restart. */
	ff_close(&ff);
	ff_open_again(&ff);
	polls(true);
	assert_int_equal(ff_waiting(&ff), n + 1);
}

/* A rule takes what is raised when it is there. */
static void test_from_now_on(void **state MST_UNUSED)
{
	opens("");
	polls(false);
	assert_int_equal(ff_waiting(&ff), 0);
	raise_one("Controller Stop");
	polls(false);
	assert_int_equal(ff_waiting(&ff), 1);
}

/* A rule that comes later, with an older `from`, is served from then on,
 * whatever others have seen; once. */
static void test_back_fill(void **state MST_UNUSED)
{
	uint64_t n;

	opens("");
	polls(false);
	polls(false);
	assert_int_equal(ff_waiting(&ff), 0);
	ff_close(&ff);
	t_ok(mst_state_open(ff.dir, &ff.state, &err), &err);
	ff_apply(&ff, "forward_rules:\n  - name: old\n    source: iot\n"
		      "    from: 2000-01-01\n    actions: [siem]\n");
	t_ok(mst_forwarder_open(ff.state, &ff.f, &err), &err);
	polls(false);
	n = ff_waiting(&ff);
	assert_true(n > 0);
	polls(false);
	assert_int_equal(ff_waiting(&ff), n);
	/* The second look was no longer one at everything. */
	assert_true(ff_count(&ff, "iot", "received") < 3 * n);
}

struct last {
	enum mst_delivery_op op;
	size_t n;
};

static int keep_last(void *ctx, const struct mst_outbox_row *row)
{
	struct last *l = ctx;

	if (l->n++ == 0)
		l->op = row->op;
	return 0;
}

/* An alert that somebody handled at the console is closed. */
static void test_handled(void **state MST_UNUSED)
{
	static const char action[] = "{\"action\":\"handle\"}";
	const struct mst_outbox_filter all = {.state = -1, .limit = 100};
	struct last last = {.n = 0};

	opens("");
	fx_control(&fx, "POST", "/_sim/iot/alerts",
		   "{\"alerts\":[{\"title\":\"Controller Stop\","
		   "\"uuid\":\"one\"}]}");
	polls(false);
	assert_int_equal(fx_send(&fx, MST_SIM_IOT, "PUT",
				 "/external/v1/alerts/one", action,
				 "application/json"),
			 200);
	polls(false);
	t_ok(mst_outbox_page(ff.f->outbox, &all, keep_last, &last, &err), &err);
	assert_int_equal(last.n, 2);
	assert_int_equal(last.op, MST_DELIVERY_CLOSE);
}

/* What fails moves no cursor, and says what to do. */
static void test_fails(void **state MST_UNUSED)
{
	assert_int_equal(setenv("FF_TOKEN", "not-a-real-token-at-all", 1), 0);
	opens("    from: 2000-01-01\n");
	assert_int_equal(poll(false), -MST_E_AUTH);
	assert_null(strstr(err.msg, "not-a-real-token-at-all"));
	assert_true(cursor().until_us == MST_TIME_NONE);
	assert_int_equal(setenv("FF_TOKEN", MST_SIM_IOT_TOKEN, 1), 0);
	polls(false);
	assert_true(ff_waiting(&ff) > 0);
	atomic_store(&stop, true);
	assert_int_equal(poll(false), -MST_E_CANCELLED);
}

/* ---- killed -------------------------------------------------------------- */

#define RAISED 4500 /* several batches */

static pid_t poll_in_child(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	(void)alarm(120); /* not for ever without its parent */
	ff_open_again(&ff);
	polls(false);
	for (;;)
		(void)pause();
}

static void kill_child(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* Behind each commit: the next look begins where the last whole one did, and
 * what is there already is known. */
static void test_killed(void **state MST_UNUSED)
{
	uint64_t had = 0, all;
	char body[64];
	pid_t pid;

	(void)snprintf(body, sizeof(body), "{\"n\":%d}", RAISED);
	fx_control(&fx, "POST", "/_sim/iot/raise", body);
	opens("    from: 2000-01-01\n");
	polls(false);
	all = ff_waiting(&ff);
	assert_true(all >= RAISED);
	ff_close(&ff);
	opens("    from: 2000-01-01\n");
	ff_close(&ff);
	while (had < all) {
		uint64_t now = had;

		pid = poll_in_child();
		while ((now = ff_looked(&ff)) == had)
			(void)sched_yield();
		kill_child(pid);
		had = now;
	}
	ff_open_again(&ff);
	polls(false);
	assert_int_equal(ff_waiting(&ff), all);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_new),	TEST(test_from_now_on), TEST(test_back_fill),
	    TEST(test_handled), TEST(test_fails),	TEST(test_killed),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("poll", tests, NULL, NULL);
}
