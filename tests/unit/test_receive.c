/* SPDX-License-Identifier: Apache-2.0
 *
 * Receivers by hand: every way in which bytes may come, and what is not an
 * alert, or from somebody who may not send, or more than there is room for.
 */
#include "forward_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "lib/pki.h"

static struct ff ff;
static struct mst_err err = MST_ERR_INIT;

#define RECEIVER(name, rest)                                                   \
	"  - name: " name "\n    connection: iot\n"                            \
	"    listen: 127.0.0.1:0\n" rest
#define TCP                                                                    \
	"forward_receivers:\n" RECEIVER(                                       \
	    "plant", "    type: syslog\n    transport: tcp\n")
#define HOOK "forward_receivers:\n" RECEIVER("hook", "    type: webhook\n")

static int end(void **state)
{
	ff_close(&ff);
	return t_log_check(state);
}

static void begin(const char *yaml)
{
	ff_open(&ff, yaml);
	ff_receive(&ff);
}

static void say_text(int fd, const char *text)
{
	ff_say(fd, text, strlen(text));
}

static void say_line(int fd, unsigned n)
{
	say_text(fd, ff_line(n));
	say_text(fd, "\n");
}

/* Until the far end closes. */
static void until_closed(int fd)
{
	char c;

	assert_true(recv(fd, &c, 1, 0) <= 0);
	close(fd);
}

/* ---- syslog -------------------------------------------------------------- */

static void test_datagrams(void **state MST_UNUSED)
{
	struct mst_buf body = MST_BUF_INIT(65536), why = MST_BUF_INIT(1024);
	int fd;

	begin("forward_receivers:\n" RECEIVER("u", "    type: syslog\n"));
	fd = ff_connect(ff_port(&ff, "u"), SOCK_DGRAM);
	say_line(fd, 1);
	say_text(fd, ff_line(2));
	say_text(fd, ff_line(2));
	say_text(fd, "<14>Nov 20 10:00:00 north something else");
	ff_until(&ff, 2);
	ff_until_unread(&ff, 1);
	assert_int_equal(ff_unread(&ff, &body, &why), 1);
	t_is(mst_buf_slice(&body), "<14>Nov 20 10:00:00 north something else");
	assert_true(why.n > 0);
	while (ff_count(&ff, "u", "received") < 4)
		; /* counted behind the commit */
	assert_int_equal(ff_count(&ff, "u", "accepted"), 2);
	assert_int_equal(ff_count(&ff, "u", "said before"), 1);
	assert_int_equal(ff_count(&ff, "u", "not an alert"), 1);
	mst_buf_fini(&body);
	mst_buf_fini(&why);
	close(fd);
}

/* Lines and counted octets in one stream, cut anywhere; the last line without
 * its end. */
static void test_stream(void **state MST_UNUSED)
{
	char text[8192];
	size_t n = 0;
	int fd;

	begin(TCP);
	fd = ff_connect(ff_port(&ff, "plant"), SOCK_STREAM);
	for (unsigned i = 0; i < 5; i++) {
		const char *line = ff_line(i);

		if (i % 2)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      "%zu %s", strlen(line), line);
		else
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      "%s%s", line, i < 4 ? "\n" : "");
	}
	for (size_t i = 0; i < n; i += 97)
		ff_say(fd, text + i, MST_MIN((size_t)97, n - i));
	ff_until(&ff, 4);
	(void)shutdown(fd, SHUT_WR);
	until_closed(fd);
	ff_until(&ff, 5);
	assert_int_equal(ff_unread(&ff, NULL, NULL), 0);
}

/* What is too long, what is cut, what has a count that is none: kept as it
 * came, and the stream goes on where it can. */
static void test_damaged_stream(void **state MST_UNUSED)
{
	char *big = malloc(100000);
	int port, fd;

	begin(TCP);
	port = ff_port(&ff, "plant");
	fd = ff_connect(port, SOCK_STREAM);
	assert_non_null(big);
	memset(big, 'x', 100000);
	ff_say(fd, big, 100000);
	say_text(fd, "\n");
	say_line(fd, 1);
	ff_until(&ff, 1);
	ff_until_unread(&ff, 1);
	say_text(fd, "900 <14>cut");
	(void)shutdown(fd, SHUT_WR);
	until_closed(fd);
	ff_until_unread(&ff, 2);
	fd = ff_connect(port, SOCK_STREAM);
	say_text(fd, "99999999 <14>what?");
	until_closed(fd);
	ff_until_unread(&ff, 3);
	free(big);
}

/* Half a message, and nothing more. */
static void test_half(void **state MST_UNUSED)
{
	struct mst_buf why = MST_BUF_INIT(1024);
	int fd;

	begin("forward_receivers:\n" RECEIVER(
	    "plant", "    type: syslog\n    transport: tcp\n"
		     "    half_timeout: 1s\n"));
	fd = ff_connect(ff_port(&ff, "plant"), SOCK_STREAM);
	say_line(fd, 1);
	say_text(fd, "20 <14>half");
	until_closed(fd);
	ff_until(&ff, 1);
	assert_int_equal(ff_unread(&ff, NULL, &why), 1);
	t_is(mst_buf_slice(&why), "the rest of it did not come in time");
	mst_buf_fini(&why);
}

/* Who may not send is not heard, nor who is one too many. */
static void test_refused_peers(void **state MST_UNUSED)
{
	int fd, more;

	begin("forward_receivers:\n" RECEIVER(
	    "plant", "    type: syslog\n    transport: tcp\n"
		     "    max_connections: 1\n")
		  RECEIVER("other", "    type: syslog\n    transport: tcp\n"
				    "    allow: [10.0.0.0/8]\n")
		      RECEIVER("udp", "    type: syslog\n"
				      "    allow: [10.0.0.0/8]\n"));
	t_log_expect(MST_WARN, "127.0.0.1 may not send", 2);
	t_log_expect(MST_WARN, "has 1 connections", 1);
	until_closed(ff_connect(ff_port(&ff, "other"), SOCK_STREAM));
	until_closed(ff_connect(ff_port(&ff, "other"), SOCK_STREAM));
	fd = ff_connect(ff_port(&ff, "plant"), SOCK_STREAM);
	say_line(fd, 1);
	ff_until(&ff, 1);
	more = ff_connect(ff_port(&ff, "plant"), SOCK_STREAM);
	until_closed(more);
	close(fd);
	fd = ff_connect(ff_port(&ff, "udp"), SOCK_DGRAM);
	say_text(fd, ff_line(2));
	while (ff_count(&ff, "udp", "sender not allowed") == 0)
		;
	assert_int_equal(ff_waiting(&ff), 1);
	assert_int_equal(ff_count(&ff, "other", "sender not allowed"), 2);
	close(fd);
}

/* Times without a zone are the receiver's; what it knows of an alert beside
 * the message is kept with it. */
static void test_zone(void **state MST_UNUSED)
{
	struct mst_buf body = MST_BUF_INIT(65536);
	enum mst_form form;
	int fd;

	begin("forward_receivers:\n" RECEIVER("u", "    type: syslog\n"
						   "    zone: \"+02:00\"\n"));
	fd = ff_connect(ff_port(&ff, "u"), SOCK_DGRAM);
	say_text(fd, ff_line(1));
	ff_until(&ff, 1);
	mst_forwarder_lock(ff.f);
	t_ok(mst_outbox_body(ff.f->outbox, 16, &form, &body, &err), &err);
	mst_forwarder_unlock(ff.f);
	assert_int_equal(form, MST_FORM_JSON);
	/* 08:00 UTC */
	assert_non_null(strstr(body.p, "1795161600000"));
	mst_buf_fini(&body);
	close(fd);
}

/* When there is no room the stream waits, and goes on as soon as there is. */
static void test_back_pressure(void **state MST_UNUSED)
{
	struct mst_delivery *d;
	struct mst_outbox_verdict v[100] = {0};
	struct mst_arena arena;
	size_t n;
	int fd;

	begin(TCP "outbox:\n  max: 1000\n");
	t_log_expect(MST_WARN, "alerts are not accepted: the outbox is full",
		     1);
	fd = ff_connect(ff_port(&ff, "plant"), SOCK_STREAM);
	for (unsigned i = 0; i < 1050; i++)
		say_line(fd, i);
	ff_until(&ff, 1000);
	mst_arena_init(&arena, 16u << 20);
	mst_forwarder_lock(ff.f);
	t_ok(mst_outbox_take(ff.f->outbox, "siem", ff.f->now_us(), 100, &arena,
			     &d, &n, &err),
	     &err);
	assert_int_equal(n, 100);
	for (size_t i = 0; i < n; i++)
		v[i] = (struct mst_outbox_verdict){.id = d[i].id,
						   .what = MST_DELIVERED_DONE};
	t_ok(mst_outbox_verdicts(ff.f->outbox, v, n, ff.f->now_us(), &err),
	     &err);
	mst_forwarder_changed(ff.f);
	mst_forwarder_unlock(ff.f);
	ff_until(&ff, 950);
	close(fd);
	mst_arena_fini(&arena);
}

/* Stopping keeps what has come. */
static void test_stop(void **state MST_UNUSED)
{
	int fd;

	begin(TCP);
	fd = ff_connect(ff_port(&ff, "plant"), SOCK_STREAM);
	say_line(fd, 0);
	ff_until(&ff, 1);
	for (unsigned i = 1; i < 500; i++)
		say_line(fd, i);
	ff_close(&ff);
	ff_open_again(&ff);
	assert_int_equal(ff_waiting(&ff), 500);
	close(fd);
}

/* A receiver that is to end does not wait for room for ever; what is lost is
 * told. */
static void test_stop_when_full(void **state MST_UNUSED)
{
	int fd;

	begin(TCP "outbox:\n  max: 1000\n");
	t_log_expect(MST_WARN, "alerts are not accepted", 1);
	t_log_expect(MST_WARN, "messages of 127.0.0.1 were not stored: stopped",
		     1);
	fd = ff_connect(ff_port(&ff, "plant"), SOCK_STREAM);
	for (unsigned i = 0; i < 1010; i++)
		say_line(fd, i);
	ff_until(&ff, 1000);
	mst_receivers_stop(&ff.f->receivers);
	assert_int_equal(ff_waiting(&ff), 1000);
	close(fd);
}

/* ---- webhooks ------------------------------------------------------------ */

static void posts(const char *headers, const char *body, int status,
		  const char *part)
{
	struct mst_buf out;

	assert_int_equal(
	    ff_post(ff_port(&ff, "hook"), headers, body, strlen(body), &out),
	    status);
	if (!strstr(out.p, part))
		fail_msg("%s", out.p);
	mst_buf_fini(&out);
}

static void test_webhook(void **state MST_UNUSED)
{
	char list[4096];

	begin(HOOK);
	posts("", ff_json(1), 200, "accepted");
	assert_int_equal(ff_waiting(&ff), 1);
	/* Once more: known. */
	posts("", ff_json(1), 200, "accepted");
	(void)snprintf(list, sizeof(list), "[%s,", ff_json(2));
	(void)snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s]",
		       ff_json(3));
	posts("", list, 200, "accepted");
	assert_int_equal(ff_waiting(&ff), 3);
	posts("", "not JSON", 400, "kept as it came");
	posts("", "{\"no\":\"alert\"}", 400, "kept as it came");
	posts("", "", 400, "kept as it came");
	assert_int_equal(ff_unread(&ff, NULL, NULL), 3);
}

static void test_webhook_limits(void **state MST_UNUSED)
{
	char *big = malloc(2000000);
	struct mst_buf out, kept = MST_BUF_INIT(200000);
	char get[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", in[512];
	int fd;

	begin(HOOK);
	assert_non_null(big);
	memset(big, ' ', 2000000);
	assert_int_equal(ff_post(ff_port(&ff, "hook"), "", big, 2000000, &out),
			 413);
	mst_buf_fini(&out);
	/* The beginning of what is no alert is kept. */
	assert_int_equal(ff_post(ff_port(&ff, "hook"), "", big, 100000, &out),
			 400);
	assert_int_equal(ff_unread(&ff, &kept, NULL), 1);
	assert_int_equal(kept.n, MST_FORM_MAX);
	mst_buf_fini(&out);
	mst_buf_fini(&kept);
	fd = ff_connect(ff_port(&ff, "hook"), SOCK_STREAM);
	ff_say(fd, get, sizeof(get) - 1);
	assert_true(recv(fd, in, sizeof(in), 0) > 12);
	assert_memory_equal(in + 9, "405", 3);
	close(fd);
	free(big);
}

static void test_webhook_secret(void **state MST_UNUSED)
{
	assert_int_equal(setenv("FF_SECRET", "not-a-real-secret", 1), 0);
	begin("forward_receivers:\n" RECEIVER(
	    "hook", "    type: webhook\n    secret: env:FF_SECRET\n"
		    "    secret_header: X-Plant\n"));
	posts("", ff_json(1), 401, "secret is missing or wrong");
	posts("X-Plant: not-a-real-secreT\r\n", ff_json(1), 401, "secret");
	posts("X-Plant: not-a-real-secret\r\n", ff_json(1), 200, "accepted");
	assert_int_equal(ff_count(&ff, "hook", "wrong secret"), 2);
}

/* No room: the sender is told when to come again; nothing is half there. */
static void test_webhook_full(void **state MST_UNUSED)
{
	begin(HOOK "outbox:\n  max: 1000\n");
	t_log_expect(MST_WARN, "the outbox is full", 1);
	for (unsigned i = 0; i < 1000; i++)
		posts("", ff_json(i), 200, "accepted");
	posts("", ff_json(1000), 503, "Retry-After: 30");
	assert_int_equal(ff_waiting(&ff), 1000);
}

/* A header, or a body, a byte now and then: whoever holds a place like that
 * loses it, and who finds none is told of in the log. */
static void test_webhook_slow(void **state MST_UNUSED)
{
	static const char *const begun[] = {
	    "POST /alerts HTTP/1.1\r\nHost: here\r\nX-Drop: ",
	    "POST /alerts HTTP/1.1\r\nHost: here\r\nContent-Length: 900\r\n"
	    "\r\n"};
	int64_t since;
	int fd[2];

	begin("forward_receivers:\n" RECEIVER(
	    "hook", "    type: webhook\n    half_timeout: 1s\n"
		    "    max_connections: 2\n"));
	t_log_expect(MST_WARN, "'hook': 127.0.0.1 began a request and did not",
		     1);
	t_log_expect(MST_WARN, "has 2 connections", 1);
	for (size_t i = 0; i < 2; i++) {
		fd[i] = ff_connect(ff_port(&ff, "hook"), SOCK_STREAM);
		say_text(fd[i], begun[i]);
	}
	until_closed(ff_connect(ff_port(&ff, "hook"), SOCK_STREAM));
	assert_int_equal(ff_count(&ff, "hook", "too many connections"), 1);
	while (ff_count(&ff, "hook", "not whole in time") < 2) {
		for (size_t i = 0; i < 2; i++)
			(void)!send(fd[i], "x", 1, MSG_NOSIGNAL);
		(void)usleep(50000);
	}
	close(fd[0]);
	close(fd[1]);
	/* Their places are free soon; who says nothing is no fault, and may
	 * stay as long. */
	do {
		since = mst_mono_us();
		until_closed(ff_connect(ff_port(&ff, "hook"), SOCK_STREAM));
	} while (mst_mono_us() - since < 900000);
	assert_int_equal(ff_count(&ff, "hook", "not whole in time"), 2);
	assert_int_equal(ff_waiting(&ff), 0);
}

/* ---- rules and windows --------------------------------------------------- */

static void test_not_taken(void **state MST_UNUSED)
{
	int fd;

	begin("forward_receivers:\n" RECEIVER(
	    "u", "    type: syslog\n") "exclusion_windows:\n"
				       "  - name: works\n"
				       "    addresses: [10.1.0.5]\n"
				       "forward_rules:\n"
				       "  - name: all\n"
				       "    source: iot\n"
				       "    from: 2000-01-01\n"
				       "    protocols: [s7]\n"
				       "    actions: [siem]\n");
	fd = ff_connect(ff_port(&ff, "u"), SOCK_DGRAM);
	say_text(fd, ff_line(5));
	say_text(fd, ff_line(6));
	while (ff_count(&ff, "u", "received") < 2)
		;
	assert_int_equal(ff_waiting(&ff), 0);
	assert_int_equal(ff_count(&ff, "u", "excluded by works"), 1);
	assert_int_equal(ff_count(&ff, "u", "no rule: protocol"), 1);
	close(fd);
}

/* ---- what cannot begin --------------------------------------------------- */

static void cannot_begin(const char *yaml, const char *part)
{
	struct mst_receivers *v = NULL;

	ff_open(&ff, yaml);
	mst_err_clear(&err);
	assert_true(mst_receivers_start(ff.f, &v, &err) < 0);
	if (!strstr(err.msg, part))
		fail_msg("%s", err.msg);
	assert_null(v);
	ff_close(&ff);
}

#define TLS                                                                    \
	"forward_receivers:\n" RECEIVER(                                       \
	    "plant", "    type: syslog\n    transport: tls\n"                  \
		     "    certificate: %s\n    key: %s\n")

static void test_cannot_begin(void **state MST_UNUSED)
{
	struct t_pki pki = t_pki_make("ec", "IP:127.0.0.1", -3600, 86400, NULL);
	struct t_pki other =
	    t_pki_make("ec", "IP:127.0.0.1", -3600, 86400, NULL);
	const char *cert = t_path("c.pem"), *key = t_path("c.key");
	char yaml[1024];

	t_write(cert, mst_slice_str(pki.cert));
	t_write(key, mst_slice_str(other.key));
	(void)snprintf(yaml, sizeof(yaml), TLS, cert, "/nowhere/a.key");
	cannot_begin(yaml, "receiver 'plant': key: ");
	(void)snprintf(yaml, sizeof(yaml), TLS, "/nowhere/a.pem", key);
	cannot_begin(yaml, "receiver 'plant': certificate '/nowhere/a.pem' "
			   "cannot be used");
	(void)snprintf(yaml, sizeof(yaml), TLS, cert, key);
	cannot_begin(yaml, "cannot be used");
	(void)snprintf(yaml, sizeof(yaml), TLS, cert, cert);
	cannot_begin(yaml, "holds no private key");
	t_write(key, mst_slice_str(pki.key));
	assert_int_equal(chmod(key, 0644), 0);
	(void)snprintf(yaml, sizeof(yaml), TLS, cert, key);
	cannot_begin(yaml, "may be read or written by others");
	t_pki_free(&pki);
	t_pki_free(&other);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, t_log_watch, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_datagrams),      TEST(test_stream),
	    TEST(test_damaged_stream), TEST(test_half),
	    TEST(test_refused_peers),  TEST(test_zone),
	    TEST(test_back_pressure),  TEST(test_stop),
	    TEST(test_stop_when_full), TEST(test_webhook),
	    TEST(test_webhook_limits), TEST(test_webhook_secret),
	    TEST(test_webhook_full),   TEST(test_webhook_slow),
	    TEST(test_not_taken),      TEST(test_cannot_begin),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("receive", tests, NULL, NULL);
}
