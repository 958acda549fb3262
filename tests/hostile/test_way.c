/* SPDX-License-Identifier: Apache-2.0
 *
 * What is never sent, TLS, and being told to stop.
 */
#include "tests/lib/t.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "net/auth.h"
#include "net/way.h"
#include "tests/hostile/rig.h"
#include "tests/lib/pki.h"

/* ---- requests that are wrong --------------------------------------------- */

static void refused(struct mst_client *c, struct mst_req *req, const char *part)
{
	struct mst_err err = MST_ERR_INIT;

	t_failed(mst_client_submit(c, req, &err), &err, MST_E_INVALID, part);
	assert_null(req->url); /* taken over all the same */
	assert_int_equal(mst_client_pending(c), 0);
}

static struct mst_req to(const char *url)
{
	struct mst_req req;

	mst_req_init(&req, MST_HTTP_GET);
	req.url = url;
	return req;
}

static void test_wrong_requests(void **state)
{
	static const struct {
		const char *name, *value;
	} headers[] = {{"Authorization", "Bearer x"}, {"cookie", "a=b"},
		       {"Host", "evil.example"},      {"X", "a\r\nY: b"},
		       {"Accept-Encoding", "br"},     {"Content-Length", "3"},
		       {"Range", "bytes=0-1"}};
	struct rig r = rig_up(NULL, 0, NULL);
	struct mst_req req;

	req = to("http://example.com/");
	refused(r.c, &req, "without TLS");
	req = to("ftp://example.com/");
	refused(r.c, &req, "not https");
	req = to(NULL);
	refused(r.c, &req, "no address");
	req = to("https://u:p@example.com/");
	refused(r.c, &req, "user name");
	req = to("https://example.com/");
	req.auth = "nobody";
	refused(r.c, &req, "no credential 'nobody'");
	req = to("https://example.com/");
	req.rate = "unknown";
	refused(r.c, &req, "no rate class 'unknown'");
	req = to("https://example.com/");
	req.body = MST_SLICE_LIT("x");
	refused(r.c, &req, "GET cannot have a body");
	for (size_t i = 0; i < MST_LEN(headers); i++) {
		req = to("https://example.com/");
		mst_req_header(&req, headers[i].name, headers[i].value);
		refused(r.c, &req, "header");
	}
	rig_down(&r);
}

static void test_plain_http_must_be_allowed(void **state)
{
	struct mst_client_conf conf = {.name = "t"};
	struct mst_err err = MST_ERR_INIT;
	struct mst_client *c = mst_client_new(&conf, &err);
	struct mst_req req = to("http://127.0.0.1:1/");

	assert_non_null(c);
	refused(c, &req, "insecure_loopback");
	mst_client_free(&c);
	assert_null(c);
	mst_client_free(&c);
}

static void test_proxy_of_the_environment_is_not_for_loopback(void **state)
{
	const struct t_answer script[] = {{.body = "direct"}};
	struct rig r = rig_up(script, 1, NULL);

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	rig_get(&r, "/x", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	rig_down(&r);
}

static void test_nothing_to_wait_for(void **state)
{
	struct rig r = rig_up(NULL, 0, NULL);
	struct mst_err err = MST_ERR_INIT;

	assert_int_equal(mst_client_wait(r.c, -1, &r.req, &r.resp, &err), 0);
	mst_client_done(r.c);
	rig_down(&r);
}

static void test_blanks_in_a_next_link(void **state)
{
	const struct t_answer script[] = {{.body = "x"}};
	struct rig r = rig_up(script, 1, NULL);

	rig_get(&r, "/a/../b?f=lastSeen gt 2018-08-01Z&$top=1",
		MST_REPEAT_SAFE);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	assert_string_equal(t_httpd_request(r.h, 0)->path,
			    "/a/../b?f=lastSeen%20gt%202018-08-01Z&$top=1");
	rig_down(&r);
}

static void test_many_at_once(void **state)
{
	const struct t_answer script[] = {{.body = "x", .times = -1}};
	struct rig r = rig_up(script, 1, NULL);
	bool seen[200] = {false};

	for (int i = 0; i < 200; i++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_req req;

		mst_req_init(&req, MST_HTTP_GET);
		req.id = (uint64_t)i;
		req.url = mst_arena_printf(&req.arena, "http://127.0.0.1:%d/%d",
					   t_httpd_port(r.h), i);
		t_ok(mst_client_submit(r.c, &req, &err), &err);
	}
	for (int i = 0; i < 200; i++) {
		rig_wait(&r);
		expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
		assert_false(seen[r.req->id]); /* each answer once */
		seen[r.req->id] = true;
	}
	assert_int_equal(mst_client_pending(r.c), 0);
	rig_down(&r);
}

/* ---- TLS ----------------------------------------------------------------- */

static struct rig tls_up(const struct t_pki *pki, const char *ca_file)
{
	const struct t_answer script[] = {{.body = "safe", .times = -1}};
	struct mst_client_conf conf = {.name = "t",
				       .ca_file = ca_file,
				       .retry_base_ms = 1,
				       .retry_max = 3,
				       .timeout_ms = 60000};
	struct mst_err err = MST_ERR_INIT;
	struct rig r = {0};

	r.h = t_httpd_start_tls(script, 1, pki->cert, pki->key);
	r.c = mst_client_new(&conf, &err);
	if (!r.c)
		fail_msg("%s", err.msg);
	return r;
}

static void test_tls(void **state)
{
	struct t_pki good =
	    t_pki_make("rsa2048", "IP:127.0.0.1", -60, 86400, NULL);
	struct t_pki name =
	    t_pki_make("rsa2048", "other.example", -60, 86400, NULL);
	struct t_pki old =
	    t_pki_make("rsa2048", "IP:127.0.0.1", -86400, -60, NULL);
	struct rig r = tls_up(&good, NULL);

	/* Not trusted: said at once, not after many attempts. */
	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	expect(&r, MST_OUT_FAILED, 0, 1, MST_E_INVALID);
	says(&r, "ca_file");
	assert_int_equal(t_httpd_count(r.h), 0);
	rig_down(&r);

	t_write(t_path("ca.pem"), mst_slice_str(good.cert));
	r = tls_up(&good, t_path("ca.pem"));
	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	rig_down(&r);

	t_write(t_path("ca.pem"), mst_slice_str(name.cert));
	r = tls_up(&name, t_path("ca.pem"));
	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	expect(&r, MST_OUT_FAILED, 0, 1, MST_E_INVALID);
	rig_down(&r);

	t_write(t_path("ca.pem"), mst_slice_str(old.cert));
	r = tls_up(&old, t_path("ca.pem"));
	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	expect(&r, MST_OUT_FAILED, 0, 1, MST_E_INVALID);
	rig_down(&r);
	t_pki_free(&good);
	t_pki_free(&name);
	t_pki_free(&old);
}

static void test_tls_that_is_none(void **state)
{
	const struct t_answer script[] = {{.body = "x", .times = -1}};
	struct mst_client_conf conf = {.retry_max = 2};
	struct rig r = rig_up(script, 1, &conf);
	char url[64];

	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/",
		       t_httpd_port(r.h));
	/* The hand-shake fails before anything was sent. */
	rig_url(&r, MST_HTTP_POST, MST_REPEAT_UNSENT, url);
	expect(&r, MST_OUT_FAILED, 0, 2, MST_E_TRANSIENT);
	rig_down(&r);
}

static void test_wrong_ca_files(void **state)
{
	struct mst_client_conf conf = {.name = "t"};
	struct mst_err err = MST_ERR_INIT;

	conf.ca_file = t_path("nowhere.pem");
	assert_null(mst_client_new(&conf, &err));
	t_failed(-(int)err.code, &err, err.code, "nowhere.pem");
	t_write(t_path("text.pem"), MST_SLICE_LIT("hello"));
	conf.ca_file = t_path("text.pem");
	assert_null(mst_client_new(&conf, &err));
	t_failed(-(int)err.code, &err, MST_E_INVALID, "no certificate");
}

/* ---- looking at the way before going it ---------------------------------- */

static struct mst_way look(struct mst_client *c, const char *url)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_way w;

	t_ok(mst_client_way(c, url, NULL, &w, &err), &err);
	return w;
}

/* Whatever proxy the machine has is none of these tests' business. */
static struct mst_client *plain_client(const char *proxy)
{
	static const char *const names[] = {"https_proxy", "HTTPS_PROXY",
					    "all_proxy",   "ALL_PROXY",
					    "no_proxy",	   "NO_PROXY"};
	struct mst_client_conf conf = {.name = "t",
				       .proxy.url = proxy,
				       .insecure_loopback = true,
				       .connect_timeout_ms = 60000};
	struct mst_err err = MST_ERR_INIT;
	struct mst_client *c = mst_client_new(&conf, &err);

	for (size_t i = 0; i < MST_LEN(names); i++)
		unsetenv(names[i]);
	assert_non_null(c);
	return c;
}

static void test_way_without_tls(void **state)
{
	struct rig r = rig_up(NULL, 0, NULL);
	struct mst_way w = look(r.c, t_httpd_url(r.h, "/x"));

	assert_int_equal(w.at, MST_WAY_THERE);
	assert_false(w.https);
	assert_true(w.loopback);
	assert_false(w.has_cert);
	assert_string_equal(w.address, "127.0.0.1");
	assert_string_equal(w.proxy.name, "");
	assert_int_equal(w.port, t_httpd_port(r.h));
	/* no request was sent */
	assert_int_equal(t_httpd_count(r.h), 0);
	rig_down(&r);
}

static void test_way_that_ends_early(void **state)
{
	struct mst_client *c = plain_client(NULL);
	struct mst_err err = MST_ERR_INIT;
	atomic_bool cancel = true;
	struct mst_way w;
	char url[64];

	w = look(c, "https://nowhere.invalid/");
	assert_int_equal(w.at, MST_WAY_NAME);
	assert_non_null(strstr(w.err.msg, "nowhere.invalid:443"));
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/",
		       t_free_port());
	w = look(c, url);
	assert_int_equal(w.at, MST_WAY_CONNECT);
	t_failed(mst_client_way(c, "http://example.com/", NULL, &w, &err), &err,
		 MST_E_INVALID, "without TLS");
	t_failed(mst_client_way(c, url, &cancel, &w, &err), &err,
		 MST_E_CANCELLED, "cancelled");
	mst_client_free(&c);
}

static void test_way_with_tls(void **state)
{
	static const struct {
		const char *host;
		long from_s, to_s;
		bool trusted;
		enum mst_way_step at;
		enum mst_cert_fault fault;
	} cases[] = {
	    {"IP:127.0.0.1", -60, 20 * 86400, true, MST_WAY_THERE,
	     MST_CERT_FINE},
	    {"IP:127.0.0.1", -60, 86400, false, MST_WAY_TLS, MST_CERT_UNKNOWN},
	    {"IP:127.0.0.1", -86400, -60, true, MST_WAY_TLS, MST_CERT_EXPIRED},
	    {"IP:127.0.0.1", 3600, 86400, true, MST_WAY_TLS, MST_CERT_NOT_YET},
	    {"other.example", -60, 86400, true, MST_WAY_TLS, MST_CERT_NAME},
	};

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		struct t_pki pki =
		    t_pki_make("rsa2048", cases[i].host, cases[i].from_s,
			       cases[i].to_s, NULL);
		int64_t until = mst_now_us() + cases[i].to_s * 1000000;
		struct mst_way w;
		struct rig r;

		t_write(t_path("way.pem"), mst_slice_str(pki.cert));
		r = tls_up(&pki, cases[i].trusted ? t_path("way.pem") : NULL);
		w = look(r.c, t_httpd_url(r.h, "/"));
		assert_int_equal(w.at, cases[i].at);
		assert_int_equal(w.fault, cases[i].fault);
		assert_true(w.has_cert);
		assert_string_equal(w.subject, cases[i].host);
		assert_string_equal(w.issuer, cases[i].host);
		assert_string_equal(w.names,
				    i == 4 ? "other.example" : "127.0.0.1");
		/* it was made a moment ago */
		assert_true(w.until_us <= until + 1000000 &&
			    w.until_us > until - 3600 * (int64_t)1000000);
		assert_int_equal(t_httpd_count(r.h), 0);
		rig_down(&r);
		t_pki_free(&pki);
	}
}

static void test_way_where_no_tls_is_spoken(void **state)
{
	struct rig r = rig_up(NULL, 0, NULL);
	struct mst_way w;
	char url[64];

	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/",
		       t_httpd_port(r.h));
	w = look(r.c, url);
	assert_int_equal(w.at, MST_WAY_TLS);
	assert_int_equal(w.fault, MST_CERT_FINE);
	assert_false(w.has_cert);
	rig_down(&r);
}

/* A proxy that wants a log-in, one that cannot go on, none at all; by the
 * connection or by the environment, and passed over. */
static void test_way_with_a_proxy(void **state)
{
	const struct t_answer script[] = {
	    {.way = T_RAW,
	     .close = true,
	     .body = "HTTP/1.1 407 Log in\r\nContent-Length: 0\r\n\r\n"},
	    {.way = T_RAW,
	     .close = true,
	     .times = 2,
	     .body = "HTTP/1.1 502 No way\r\nContent-Length: 0\r\n\r\n"}};
	struct t_httpd *h = t_httpd_start(script, MST_LEN(script));
	char proxy[64], secret[128];
	struct mst_client *c;
	struct mst_way w;

	(void)snprintf(proxy, sizeof(proxy), "127.0.0.1:%d", t_httpd_port(h));
	(void)snprintf(secret, sizeof(secret), "http://me:not-real@%s", proxy);
	c = plain_client(secret);
	w = look(c, "https://sn.example/");
	assert_int_equal(w.at, MST_WAY_PROXY);
	assert_int_equal(w.proxy.status, 407);
	assert_int_equal(w.err.code, MST_E_AUTH);
	assert_string_equal(w.proxy.name, proxy);
	assert_int_equal(w.proxy.by, MST_PROXY_OPTION);
	assert_null(strstr(w.err.msg, "not-real"));
	w = look(c, "https://sn.example/");
	assert_int_equal(w.at, MST_WAY_PROXY);
	assert_int_equal(w.proxy.status, 502);
	mst_client_free(&c);

	c = plain_client(NULL);
	setenv("https_proxy", secret, 1);
	w = look(c, "https://sn.example/");
	assert_int_equal(w.at, MST_WAY_PROXY);
	assert_int_equal(w.proxy.by, MST_PROXY_ENVIRONMENT);
	assert_string_equal(w.proxy.name, proxy);
	setenv("no_proxy", "nowhere.invalid", 1);
	w = look(c, "https://nowhere.invalid/");
	assert_int_equal(w.at, MST_WAY_NAME);
	assert_string_equal(w.proxy.name, "");
	unsetenv("no_proxy");
	(void)snprintf(secret, sizeof(secret), "http://127.0.0.1:%d",
		       t_free_port());
	setenv("https_proxy", secret, 1);
	w = look(c, "https://sn.example/");
	assert_int_equal(w.at, MST_WAY_PROXY);
	assert_string_equal(w.proxy.name, secret + 7);
	unsetenv("https_proxy");
	mst_client_free(&c);

	c = plain_client("http://nowhere.invalid:3128");
	w = look(c, "https://sn.example/");
	assert_int_equal(w.at, MST_WAY_PROXY);
	assert_string_equal(w.proxy.name, "nowhere.invalid:3128");
	mst_client_free(&c);
	t_httpd_stop(&h);
}

/* ---- being told to stop -------------------------------------------------- */

static void test_cancel_finishes_writes(void **state)
{
	const struct t_answer script[] = {
	    {.path = "/w", .status = 201, .delay_ms = 1000}};
	static const struct mst_rate rates[] = {{"slow", 1, 0}};
	struct mst_client_conf conf = {.rates = rates, .rates_n = 1};
	struct rig r = rig_up(script, 1, &conf);
	struct mst_err err = MST_ERR_INIT;

	for (int i = 0; i < 3; i++) {
		struct mst_req req;

		mst_req_init(&req, MST_HTTP_POST);
		req.url = mst_arena_strdup(&req.arena, t_httpd_url(r.h, "/w"));
		req.body = MST_SLICE_LIT("{}");
		req.rate = "slow";
		req.id = (uint64_t)i;
		t_ok(mst_client_submit(r.c, &req, &err), &err);
	}
	while (!t_httpd_count(r.h))
		rig_idle(&r);
	mst_client_cancel(r.c);
	/* Those not sent come back at once, the one under way when it ends. */
	for (int i = 0; i < 2; i++) {
		rig_wait(&r);
		expect(&r, MST_OUT_FAILED, 0, 0, MST_E_CANCELLED);
		assert_int_not_equal(r.req->id, 0);
	}
	rig_wait(&r);
	expect(&r, MST_OUT_ANSWER, 201, 1, MST_OK);
	assert_int_equal(r.req->id, 0);
	assert_int_equal(mst_client_wait(r.c, -1, &r.req, &r.resp, &err),
			 -MST_E_CANCELLED);
	/* And what comes later. */
	rig_submit_get(&r, "/x", NULL);
	rig_wait(&r);
	expect(&r, MST_OUT_FAILED, 0, 0, MST_E_CANCELLED);
	assert_int_equal(t_httpd_count(r.h), 1);
	rig_down(&r);
}

static struct mst_client *to_cancel;

static void on_alarm(int sig)
{
	mst_client_cancel(to_cancel);
}

static void test_cancel_from_a_signal(void **state)
{
	static const struct mst_rate rates[] = {{"slow", 1, 0}};
	const struct t_answer script[] = {{.body = "x", .times = -1}};
	struct mst_client_conf conf = {.rates = rates, .rates_n = 1};
	struct rig r = rig_up(script, 1, &conf);

	to_cancel = r.c;
	signal(SIGALRM, on_alarm);
	rig_submit_get(&r, "/a", "slow");
	rig_submit_get(&r, "/b", "slow"); /* waits for a minute */
	rig_wait(&r);
	ualarm(30000, 0);
	rig_wait(&r);
	expect(&r, MST_OUT_FAILED, 0, 0, MST_E_CANCELLED);
	rig_down(&r);
}

static void *cancel_soon(void *ctx)
{
	usleep(30000);
	mst_client_cancel(ctx);
	return NULL;
}

static void test_cancel_ends_waiting_for_a_retry(void **state)
{
	const struct t_answer script[] = {
	    {.status = 429, .headers = "Retry-After: 300\r\n"}};
	struct rig r = rig_up(script, 1, NULL);
	pthread_t thread;

	rig_submit_get(&r, "/x", NULL);
	while (rig_stats(&r).throttled == 0)
		rig_idle(&r);
	pthread_create(&thread, NULL, cancel_soon, r.c);
	rig_wait(&r); /* not for five minutes */
	expect(&r, MST_OUT_FAILED, 0, 1, MST_E_CANCELLED);
	pthread_join(thread, NULL);
	rig_down(&r);
}

static void test_cancel_gives_reads_a_while(void **state)
{
	const struct t_answer script[] = {{.way = T_NEVER}};
	struct mst_client_conf conf = {.timeout_ms = 60000};
	struct rig r = rig_up(script, 1, &conf);
	struct mst_err err = MST_ERR_INIT;

	t_clock_set(1000000);
	rig_submit_get(&r, "/x", NULL);
	while (!t_httpd_count(r.h))
		assert_int_equal(mst_client_wait(r.c, 0, &r.req, &r.resp, &err),
				 0);
	mst_client_cancel(r.c);
	assert_int_equal(mst_client_wait(r.c, 0, &r.req, &r.resp, &err), 0);
	t_clock_add(5100000);
	assert_int_equal(mst_client_wait(r.c, 0, &r.req, &r.resp, &err), 1);
	expect(&r, MST_OUT_FAILED, 0, 1, MST_E_CANCELLED);
	t_clock_real();
	rig_down(&r);
}

static void test_freed_while_busy(void **state)
{
	const struct t_answer script[] = {{.way = T_NEVER, .times = -1}};
	struct rig r = rig_up(script, 1, NULL);

	rig_submit_get(&r, "/a", NULL);
	rig_submit_get(&r, "/b", NULL);
	while (t_httpd_count(r.h) < 2)
		rig_idle(&r);
	rig_submit_get(&r, "/c", NULL);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wrong_requests),
	    cmocka_unit_test(test_plain_http_must_be_allowed),
	    cmocka_unit_test(test_proxy_of_the_environment_is_not_for_loopback),
	    cmocka_unit_test(test_nothing_to_wait_for),
	    cmocka_unit_test(test_blanks_in_a_next_link),
	    cmocka_unit_test(test_many_at_once),
	    cmocka_unit_test(test_tls),
	    cmocka_unit_test(test_tls_that_is_none),
	    cmocka_unit_test(test_wrong_ca_files),
	    cmocka_unit_test(test_way_without_tls),
	    cmocka_unit_test(test_way_that_ends_early),
	    cmocka_unit_test(test_way_with_tls),
	    cmocka_unit_test(test_way_where_no_tls_is_spoken),
	    cmocka_unit_test(test_way_with_a_proxy),
	    cmocka_unit_test(test_cancel_finishes_writes),
	    cmocka_unit_test(test_cancel_from_a_signal),
	    cmocka_unit_test(test_cancel_ends_waiting_for_a_retry),
	    cmocka_unit_test(test_cancel_gives_reads_a_while),
	    cmocka_unit_test(test_freed_while_busy),
	};

	return cmocka_run_group_tests_name("way", tests, NULL, NULL);
}
