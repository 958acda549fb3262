/* SPDX-License-Identifier: Apache-2.0
 *
 * Deliveries to webhooks, syslog servers and mail servers, by the far ends
 * alone.
 */
#include "tests/lib/t.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/secret.h"
#include "base/time.h"
#include "forwarder/to.h"
#include "tests/lib/httpd.h"
#include "tests/lib/pki.h"
#include "tests/lib/sink.h"
#include "json/json.h"

#define MOST 8
/* 2026-11-20 10:00:00 */
#define NOW INT64_C(1795168800000000)

static struct mst_arena arena;
static struct mst_alert_action action;
static struct mst_proxy proxy;
static struct mst_to *to;
static atomic_bool stop;
static struct mst_err err;
static struct mst_delivery deliveries[MOST];
static struct mst_alert alerts[MOST];
static struct mst_sending sendings[MOST];
static struct t_pki pki, client;

static int set_up(void **state)
{
	err = (struct mst_err)MST_ERR_INIT;
	mst_arena_init(&arena, 4u << 20);
	return t_log_watch(state);
}

static void close_end(void)
{
	if (to)
		to->ops->close(&to);
	mst_action_fini(&action);
	memset(&action, 0, sizeof(action));
}

static int tear_down(void **state)
{
	close_end();
	mst_arena_fini(&arena);
	return t_log_check(state);
}

static int try_open(const char *yaml)
{
	struct mst_to_env env = {&action, NULL, &proxy, &stop};
	struct mst_conf_item *items;
	size_t n;

	mst_err_clear(&err);
	t_ok(mst_conf_read_in(mst_slice_str(yaml), "f.yaml", &arena, &items, &n,
			      &err),
	     &err);
	t_ok(mst_action_make(&items[0], &arena, &action, &err), &err);
	return mst_to_find(action.type)->open(&env, &to, &err);
}

static void open_end(const char *fmt, ...) MST_PRINTF(1, 2);

static void open_end(const char *fmt, ...)
{
	char options[1024], yaml[1200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(options, sizeof(options), fmt, ap);
	va_end(ap);
	close_end();
	(void)snprintf(yaml, sizeof(yaml), "forward_actions:\n  - name: x\n%s",
		       options);
	t_ok(try_open(yaml), &err);
}

static void put(size_t i, enum mst_delivery_op op)
{
	alerts[i] = (struct mst_alert){
	    .uuid = mst_slice_str(mst_arena_printf(&arena, "1-%zu", i)),
	    .time_us = NOW,
	    .severity = MST_SEVERITY_MAJOR,
	    .title = MST_SLICE_LIT("PLC Stop \xc3\xa4"),
	    .message = MST_SLICE_LIT("Stopped."),
	    .source = {.address = MST_SLICE_LIT("10.0.0.9")},
	};
	deliveries[i] = (struct mst_delivery){.id = (int64_t)i * 16,
					      .op = op,
					      .tries = 1,
					      .accepted_us = NOW,
					      .rule = "r",
					      .source = "plant",
					      .key = alerts[i].uuid,
					      .remote = ""};
	sendings[i] =
	    (struct mst_sending){.d = &deliveries[i], .alert = &alerts[i]};
}

static int deliver(size_t n)
{
	int rc;

	for (size_t i = 0; i < n; i++)
		put(i, MST_DELIVERY_OPEN);
	mst_err_clear(&err);
	rc = to->ops->send(to, sendings, n, &err);
	for (size_t i = 0; i < n; i++)
		assert_true(sendings[i].settled);
	return rc;
}

static void is(size_t i, enum mst_delivered what)
{
	if (sendings[i].what != what)
		fail_msg("%zu became %d: %s", i, (int)sendings[i].what,
			 sendings[i].why);
}

static unsigned levels[8];

static void count(void *ctx MST_UNUSED, const struct mst_check *c)
{
	levels[c->level]++;
}

static void checks(unsigned failed)
{
	memset(levels, 0, sizeof(levels));
	t_ok(to->ops->check(to, count, NULL, &err), &err);
	assert_int_equal(levels[MST_CHECK_FAILED], failed);
}

/* ---- webhooks ------------------------------------------------------------ */

static void test_webhook(void **state MST_UNUSED)
{
	static const struct t_answer taken[] = {{.status = 202, .times = -1}};
	struct t_httpd *h = t_httpd_start(taken, 1);
	const struct t_request *r;

	(void)setenv("T_HOOK", "Bearer not-a-real-token", 1);
	(void)setenv("T_QUERY", "sig=not-a-real-signature", 1);
	open_end("    type: webhook\n    url: %s\n    query: env:T_QUERY\n"
		 "    headers: [\"X-Team: ot\"]\n    auth_value: env:T_HOOK\n",
		 t_httpd_url(h, "/in"));
	t_ok(deliver(1), &err);
	is(0, MST_DELIVERED_DONE);
	r = t_httpd_request(h, 0);
	assert_string_equal(r->path, "/in?sig=not-a-real-signature");
	assert_string_equal(t_header(r, "Authorization"),
			    "Bearer not-a-real-token");
	assert_string_equal(t_header(r, "X-Team"), "ot");
	assert_string_equal(t_header(r, "Idempotency-Key"), "iot/plant/1-0/0");
	assert_non_null(strstr(r->body, "\"UUID\":\"1-0\""));
	t_ok(deliver(MOST), &err);
	assert_int_equal(t_httpd_count(h), 1 + MOST);
	checks(0);
	t_httpd_stop(&h);
	checks(1);
}

static void test_webhook_refuses(void **state MST_UNUSED)
{
	static const struct {
		struct t_answer a;
		enum mst_delivered what;
		bool away;
	} all[] = {
	    {{.status = 400}, MST_DELIVERED_ASIDE, false},
	    {{.status = 422}, MST_DELIVERED_ASIDE, false},
	    {{.status = 401, .times = 3}, MST_DELIVERED_LATER, true},
	    {{.status = 404}, MST_DELIVERED_LATER, true},
	    {{.status = 500}, MST_DELIVERED_UNCERTAIN, true},
	    {{.status = 503, .headers = "Retry-After: 90\r\n"},
	     MST_DELIVERED_LATER,
	     true},
	    {{.way = T_CLOSE}, MST_DELIVERED_UNCERTAIN, true},
	};

	(void)setenv("T_HOOK", "not-a-real-token", 1);
	for (size_t i = 0; i < MST_LEN(all); i++) {
		struct t_httpd *h = t_httpd_start(&all[i].a, 1);

		open_end("    type: webhook\n    url: %s\n"
			 "    auth_header: X-Key\n    auth_value: env:T_HOOK\n",
			 t_httpd_url(h, "/in"));
		assert_int_equal(deliver(1) < 0, all[i].away);
		is(0, all[i].what);
		assert_null(strstr(err.msg, "not-a-real-token"));
		if (all[i].a.headers)
			assert_int_equal(err.retry_after_ms, 90000);
		t_httpd_stop(&h);
	}
}

/* One that is forbidden while others go through is put aside. */
static void test_webhook_one_of_some(void **state MST_UNUSED)
{
	static const struct t_answer some[] = {{.status = 403}, {.times = -1}};
	struct t_httpd *h = t_httpd_start(some, 2);
	unsigned aside = 0;

	open_end("    type: webhook\n    url: %s\n", t_httpd_url(h, "/in"));
	t_ok(deliver(MOST), &err);
	for (size_t i = 0; i < MOST; i++)
		aside += sendings[i].what == MST_DELIVERED_ASIDE;
	assert_int_equal(aside, 1);
	t_httpd_stop(&h);
}

static void test_webhook_secret(void **state MST_UNUSED)
{
	(void)setenv("T_HOOK", "two\nlines", 1);
	t_failed(try_open("forward_actions:\n  - name: x\n    type: webhook\n"
			  "    url: https://127.0.0.1:1/\n"
			  "    auth_value: env:T_HOOK\n"),
		 &err, MST_E_INVALID, "action x: auth_value: the secret must");
	t_failed(try_open("forward_actions:\n  - name: x\n    type: webhook\n"
			  "    url: https://127.0.0.1:1/\n"
			  "    auth_value: env:T_NOT_THERE\n"),
		 &err, MST_E_NOTFOUND, "T_NOT_THERE");
}

/* ---- syslog -------------------------------------------------------------- */

static void syslog_end(const struct t_sink *s, const char *more)
{
	open_end("    type: syslog\n    address: 127.0.0.1:%d\n%s",
		 t_sink_port(s), more);
}

static void test_syslog_plain(void **state MST_UNUSED)
{
	static const struct {
		enum t_sink_kind kind;
		const char *options, *part;
	} all[] = {
	    {T_SINK_UDP, "    transport: udp\n", "<9>1 "},
	    {T_SINK_TCP, "    transport: tcp\n    framing: lines\n", "\n<9>1 "},
	    {T_SINK_TCP, "    transport: tcp\n", " <9>1 "},
	};

	for (size_t i = 0; i < MST_LEN(all); i++) {
		const struct t_sink_conf conf = {.kind = all[i].kind};
		struct t_sink *s = t_sink_start(&conf);
		const char *text;

		syslog_end(s, all[i].options);
		t_ok(deliver(2), &err);
		t_ok(deliver(1), &err);
		is(0, MST_DELIVERED_DONE);
		text = t_sink_text(s, 500);
		assert_non_null(strstr(text, all[i].part));
		assert_non_null(strstr(text, "|PLC Stop \xc3\xa4|8|"));
		checks(0);
		close_end();
		t_sink_stop(&s);
	}
}

static void test_syslog_tls(void **state MST_UNUSED)
{
	struct t_sink_conf conf = {T_SINK_TLS, pki.cert, pki.key, client.cert,
				   NULL,       NULL,	 NULL,	  0};
	struct t_sink *s = t_sink_start(&conf);
	char options[600];

	(void)snprintf(options, sizeof(options),
		       "    ca_file: %s\n    certificate: %s\n"
		       "    certificate_key: %s\n"
		       "    certificate_password: env:T_KEY\n",
		       t_path("ca.pem"), t_path("client.pem"),
		       t_path("client.key"));
	(void)setenv("T_KEY", "not-a-real-passphrase", 1);
	syslog_end(s, options);
	t_ok(deliver(2), &err);
	assert_non_null(strstr(t_sink_text(s, 300), "PLC Stop"));
	assert_int_equal(t_sink_connections(s), 1);
	/* One whose issuer nobody knows. */
	syslog_end(s, "");
	assert_int_equal(deliver(1), -MST_E_AUTH);
	is(0, MST_DELIVERED_LATER);
	assert_non_null(strstr(err.msg, "its certificate is not trusted"));
	checks(1);
	/* Without a certificate of its own the server hangs up, now or when it
	 * has read some: never is it said to be delivered for good. */
	(void)snprintf(options, sizeof(options), "    ca_file: %s\n",
		       t_path("ca.pem"));
	syslog_end(s, options);
	close_end();
	t_sink_stop(&s);
	(void)setenv("T_KEY", "wrong", 1);
	(void)snprintf(options, sizeof(options),
		       "forward_actions:\n  - name: x\n    type: syslog\n"
		       "    address: 127.0.0.1:1\n    certificate: %s\n"
		       "    certificate_key: %s\n"
		       "    certificate_password: env:T_KEY\n",
		       t_path("client.pem"), t_path("client.key"));
	t_failed(try_open(options), &err, MST_E_AUTH,
		 "action x: certificate: ");
	assert_null(strstr(err.msg, "wrong\""));
	(void)setenv("T_KEY", "not-a-real-passphrase", 1);
	assert_int_equal(chmod(t_path("client.key"), 0644), 0);
	t_failed(try_open(options), &err, MST_E_INVALID,
		 "may be read or written by others");
	assert_int_equal(chmod(t_path("client.key"), 0600), 0);
}

static void test_syslog_away(void **state MST_UNUSED)
{
	struct t_sink_conf conf = {.kind = T_SINK_TCP};
	struct t_sink *s = t_sink_start(&conf);

	syslog_end(s, "    transport: tcp\n");
	t_ok(deliver(1), &err);
	(void)t_sink_text(s, 100);
	t_sink_stop(&s);
	/* It hung up meanwhile, and nobody is there any more. */
	assert_true(deliver(1) < 0);
	is(0, MST_DELIVERED_LATER);
	assert_non_null(strstr(err.msg, "action x: 127.0.0.1:"));
	checks(1);
	open_end("    type: syslog\n    address: no-such-host.invalid:1\n"
		 "    transport: tcp\n");
	assert_true(deliver(1) < 0);
	assert_non_null(strstr(err.msg, "no address of \"no-such-host"));
}

/* ---- mail ---------------------------------------------------------------- */

static void mail_end(const struct t_sink *s)
{
	open_end("    type: mail\n    url: smtp://127.0.0.1:%d\n"
		 "    from: muster@example.com\n"
		 "    to: [soc@example.com, ot@example.com]\n",
		 t_sink_port(s));
}

static void test_mail(void **state MST_UNUSED)
{
	const struct t_sink_conf conf = {.kind = T_SINK_SMTP};
	struct t_sink *s = t_sink_start(&conf);
	const char *text;

	mail_end(s);
	t_ok(deliver(2), &err);
	is(0, MST_DELIVERED_DONE);
	is(1, MST_DELIVERED_DONE);
	assert_int_equal(t_sink_mails(s), 2);
	assert_int_equal(t_sink_connections(s), 1);
	text = t_sink_text(s, 500);
	assert_non_null(strstr(text, "MAIL FROM:<muster@example.com>"));
	assert_non_null(strstr(text, "RCPT TO:<ot@example.com>"));
	assert_non_null(strstr(text, "Subject: =?UTF-8?B?"));
	assert_non_null(strstr(text, "To: <soc@example.com>,\r\n <ot@"));
	assert_non_null(strstr(text, "charset=utf-8"));
	assert_non_null(strstr(text, "Source: 10.0.0.9"));
	close_end(); /* hangs up: the sink serves one at a time */
	mail_end(s);
	checks(0);
	close_end();
	t_sink_stop(&s);
}

static void test_mail_refused(void **state MST_UNUSED)
{
	static const struct {
		struct t_sink_conf conf;
		enum mst_delivered what;
		bool away;
	} all[] = {
	    {{.kind = T_SINK_SMTP, .rcpt = "550 nobody\r\n"},
	     MST_DELIVERED_LATER,
	     true},
	    {{.kind = T_SINK_SMTP, .rcpt = "450 later\r\n"},
	     MST_DELIVERED_LATER,
	     true},
	    {{.kind = T_SINK_SMTP, .data_end = "554 no such text\r\n"},
	     MST_DELIVERED_ASIDE,
	     false},
	    {{.kind = T_SINK_SMTP, .data_end = "451 full\r\n"},
	     MST_DELIVERED_LATER,
	     true},
	};

	for (size_t i = 0; i < MST_LEN(all); i++) {
		struct t_sink *s = t_sink_start(&all[i].conf);

		mail_end(s);
		assert_int_equal(deliver(1) < 0, all[i].away);
		is(0, all[i].what);
		close_end();
		t_sink_stop(&s);
	}
}

static void test_mail_away(void **state MST_UNUSED)
{
	open_end("    type: mail\n    url: smtp://127.0.0.1:%d\n"
		 "    from: a@example.com\n    to: [b@example.com]\n",
		 t_free_port());
	assert_true(deliver(2) < 0);
	is(0, MST_DELIVERED_LATER);
	is(1, MST_DELIVERED_LATER);
	checks(1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

static void certificates(void)
{
	pki = t_pki_make("ec", "IP:127.0.0.1", -60, 3600, NULL);
	client = t_pki_make("ec", "muster", -60, 3600, "not-a-real-passphrase");
	t_write(t_path("ca.pem"), mst_slice_str(pki.cert));
	t_write(t_path("client.pem"), mst_slice_str(client.cert));
	t_write(t_path("client.key"), mst_slice_str(client.key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_webhook),
	    TEST(test_webhook_refuses),
	    TEST(test_webhook_one_of_some),
	    TEST(test_webhook_secret),
	    TEST(test_syslog_plain),
	    TEST(test_syslog_tls),
	    TEST(test_syslog_away),
	    TEST(test_mail),
	    TEST(test_mail_refused),
	    TEST(test_mail_away),
	};
	int failed;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)mst_secret_setup(&err);
	certificates();
	failed =
	    cmocka_run_group_tests_name("forward_others", tests, NULL, NULL);
	t_pki_free(&pki);
	t_pki_free(&client);
	return failed;
}
