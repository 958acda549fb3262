/* SPDX-License-Identifier: Apache-2.0
 *
 * Forwarding as a whole: what comes in by a receiver goes out by an action; the
 * configuration is read again while senders stay connected; a stop loses
 * nothing; one process owns the outbox.
 */
#include "forward_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct ff ff;
static struct mst_err err = MST_ERR_INIT;
static atomic_bool stop, reload, ended;
static pthread_t thread;
static struct mst_err run_err;
static int run_rc, sink;

#define RULE(rest)                                                             \
	"forward_rules:\n  - name: all\n    source: iot\n"                     \
	"    from: 2000-01-01\n    actions: [siem]\n    poll: no\n" rest
#define PLANT                                                                  \
	"forward_receivers:\n  - name: plant\n    type: syslog\n"              \
	"    connection: iot\n    transport: tcp\n"                            \
	"    listen: 127.0.0.1:0\n"

static void *run(void *unused MST_UNUSED)
{
	mst_err_clear(&run_err);
	run_rc = mst_forwarder_run(ff.f, &stop, &reload, &run_err);
	atomic_store(&ended, true);
	return NULL;
}

static void start(void)
{
	atomic_store(&stop, false);
	atomic_store(&ended, false);
	assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
}

static int finish(void)
{
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	return run_rc;
}

static int port(const char *receiver)
{
	int n;

	while ((n = mst_forwarder_port(ff.f, receiver)) == 0) {
		if (atomic_load(&ended))
			fail_msg("%s", run_err.msg);
		(void)sched_yield();
	}
	return n;
}

/* The action goes to a socket of ours. */
static int begin(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t n = sizeof(at);
	char yaml[1024];

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sink = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(sink, (struct sockaddr *)&at, n), 0);
	assert_int_equal(getsockname(sink, (struct sockaddr *)&at, &n), 0);
	(void)snprintf(
	    yaml, sizeof(yaml),
	    "forward_actions:\n  - name: siem\n    type: syslog\n"
	    "    address: 127.0.0.1:%d\n    transport: udp\n" RULE("") PLANT,
	    ntohs(at.sin_port));
	ff_open(&ff, yaml);
	return t_log_watch(state);
}

static int end(void **state)
{
	ff_close(&ff);
	(void)close(sink);
	return t_log_check(state);
}

/* The next line that went out. */
static const char *out(void)
{
	static char text[65536];
	ssize_t n;

	while ((n = recv(sink, text, sizeof(text) - 1, MSG_DONTWAIT)) < 0)
		(void)sched_yield();
	text[n] = '\0';
	return text;
}

static void say(int fd, unsigned n)
{
	const char *line = ff_line(n);

	ff_say(fd, line, strlen(line));
	ff_say(fd, "\n", 1);
}

static void test_through(void **state MST_UNUSED)
{
	int fd;

	start();
	fd = ff_connect(port("plant"), SOCK_STREAM);
	say(fd, 1);
	assert_non_null(strstr(out(), "Number 1."));
	say(fd, 1);
	say(fd, 2);
	assert_non_null(strstr(out(), "Number 2."));
	close(fd);
	t_ok(finish(), &run_err);
	assert_int_equal(ff_waiting(&ff), 0);
	assert_int_equal(ff_count(&ff, "plant", "said before"), 1);
}

/* Senders stay connected; what they send is judged by the new rules. */
static void test_reload(void **state MST_UNUSED)
{
	int fd;

	start();
	fd = ff_connect(port("plant"), SOCK_STREAM);
	say(fd, 1);
	assert_non_null(strstr(out(), "Number 1."));
	(void)pthread_mutex_lock(&ff.f->state_lock);
	ff_apply(
	    &ff,
	    RULE("    protocols: [s7]\n") "forward_receivers:\n  - name: more\n"
					  "    type: webhook\n    connection: "
					  "iot\n"
					  "    listen: 127.0.0.1:0\n");
	(void)pthread_mutex_unlock(&ff.f->state_lock);
	atomic_store(&reload, true);
	(void)port("more");
	say(fd, 2);
	while (ff_count(&ff, "plant", "no rule: protocol") == 0)
		(void)sched_yield();
	/* A wrong one changes nothing. */
	t_log_expect(MST_ERROR, "the configuration was not taken over", 1);
	(void)pthread_mutex_lock(&ff.f->state_lock);
	ff_apply(&ff, RULE("    protocols: [modbus*]\n    nonsense: 1\n"));
	(void)pthread_mutex_unlock(&ff.f->state_lock);
	atomic_store(&reload, true);
	while (atomic_load(&reload))
		(void)sched_yield();
	say(fd, 3);
	while (ff_count(&ff, "plant", "no rule: protocol") < 2)
		(void)sched_yield();
	close(fd);
	t_ok(finish(), &run_err);
}

/* A tighter rule, and a window: who has heard of an alert is told how it goes
 * on; a window lets through only that it is over. */
static void test_opened_before(void **state MST_UNUSED)
{
	struct mst_alert a = {.time_us = INT64_C(1795168800000000),
			      .severity = MST_SEVERITY_MINOR,
			      .title = MST_SLICE_LIT("Works")};
	struct mst_forward_conf *c = NULL;
	struct mst_judged j;

	ff_apply(&ff, RULE("    severity: critical\n"));
	t_ok(mst_forward_conf_load(ff.state, &c, &err), &err);
	mst_forward_judge(c, "iot", &a, a.time_us, &j);
	assert_int_equal(j.routes_n, 0);
	assert_int_equal(j.known_n, 1);
	assert_string_equal(j.routes[0].action, "siem");
	assert_string_equal(j.routes[0].rule, "all");
	a.severity = MST_SEVERITY_CRITICAL;
	mst_forward_judge(c, "iot", &a, a.time_us, &j);
	assert_int_equal(j.routes_n, 1);
	assert_int_equal(j.known_n, 0);
	mst_forward_conf_free(&c);
	ff_apply(&ff, "exclusion_windows:\n  - name: works\n"
		      "    titles: [\"Works\"]\n");
	t_ok(mst_forward_conf_load(ff.state, &c, &err), &err);
	mst_forward_judge(c, "iot", &a, a.time_us, &j);
	assert_non_null(j.window);
	assert_int_equal(j.known_n, 0);
	a.handled = true;
	mst_forward_judge(c, "iot", &a, a.time_us, &j);
	assert_int_equal(j.routes_n, 0);
	assert_int_equal(j.known_n, 1);
	mst_forward_conf_free(&c);
}

static void test_one_owner(void **state MST_UNUSED)
{
	struct mst_forwarder *other = NULL;

	t_failed(mst_forwarder_open(ff.state, &other, &err), &err,
		 MST_E_CONFLICT, "is in use by process");
	assert_null(other);
	mst_err_clear(&err);
}

/* What cannot begin ends the whole with the reason. */
static void test_cannot_begin(void **state MST_UNUSED)
{
	struct ff first;
	char yaml[256];

	start();
	(void)snprintf(yaml, sizeof(yaml),
		       "forward_receivers:\n  - name: again\n"
		       "    type: syslog\n    connection: iot\n"
		       "    transport: tcp\n    listen: 127.0.0.1:%d\n",
		       port("plant"));
	first = ff;
	ff_open(&ff, yaml);
	assert_true(mst_forwarder_run(ff.f, &stop, NULL, &err) < 0);
	assert_non_null(strstr(err.msg, "receiver 'again' cannot listen at "
					"127.0.0.1:"));
	assert_non_null(strstr(err.msg, "another program listens there"));
	mst_err_clear(&err);
	ff_close(&ff);
	ff = first;
	t_ok(finish(), &run_err);
}

static void test_no_rules(void **state MST_UNUSED)
{
	ff_close(&ff);
	t_ok(mst_state_open(ff.dir, &ff.state, &err), &err);
	ff_apply(&ff, RULE("    enabled: no\n"));
	t_failed(mst_forwarder_open(ff.state, &ff.f, &err), &err, MST_E_INVALID,
		 "all forwarding rules are disabled");
	mst_err_clear(&err);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_through),	     TEST(test_reload),
	    TEST(test_one_owner),    TEST(test_opened_before),
	    TEST(test_cannot_begin), TEST(test_no_rules),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("forwarder", tests, NULL, NULL);
}
