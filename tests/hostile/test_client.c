/* SPDX-License-Identifier: Apache-2.0
 *
 * The client against far ends that misbehave: one scenario for each
 * behaviour, over real sockets on loopback, with waits of milliseconds.
 */
#include "tests/lib/t.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/gunzip.h"
#include "base/time.h"
#include "net/auth.h"
#include "net/client.h"
#include "tests/hostile/rig.h"

/* ---- answers ------------------------------------------------------------- */

static void test_plain_answer(void **state)
{
	const struct t_answer script[] = {
	    {.body = "{\"value\":[]}",
	     .headers = "Content-Type: application/json\r\n"
			"X-Transaction-Id: tx1\r\nX-Total-Count: 42\r\n"
			"Link: <a>; rel=next\r\nLink: <b>; rel=last\r\n"
			"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
			"x-ms-throttle-limit-percentage: 0.92\r\n"
			"Set-Cookie: JSESSIONID=secret; Path=/\r\n"},
	    {.body = "second"}};
	struct rig r = rig_up(script, 2, NULL);

	rig_get(&r, "/one", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	t_is(r.resp->body, "{\"value\":[]}");
	assert_string_equal(r.resp->content_type, "application/json");
	assert_string_equal(r.resp->request_id, "tx1");
	assert_string_equal(r.resp->link, "<a>; rel=next, <b>; rel=last");
	assert_int_equal(r.resp->total_count, 42);
	assert_int_equal(r.resp->date_us, 784111777000000);
	assert_true(r.resp->throttle_share > 0.91 &&
		    r.resp->throttle_share < 0.93);
	assert_int_equal(r.resp->retry_after_ms, -1);
	assert_int_equal(r.resp->bytes, 12);
	rig_get(&r, "/two", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	assert_int_equal(r.resp->total_count, -1);
	assert_true(r.resp->throttle_share < 0);
	assert_string_equal(r.resp->request_id, "");
	/* The connection is kept, the cookie is not. */
	assert_int_equal(t_httpd_connections(r.h), 1);
	assert_null(t_header(t_httpd_request(r.h, 1), "Cookie"));
	assert_null(t_header(t_httpd_request(r.h, 0), "Authorization"));
	assert_string_equal(
	    t_header(t_httpd_request(r.h, 0), "Accept-Encoding"), "gzip");
	rig_down(&r);
}

static void test_what_a_write_sends(void **state)
{
	const struct t_answer script[] = {{.status = 201, .times = -1}};
	static const struct {
		enum mst_method method;
		const char *name;
	} rows[] = {{MST_HTTP_POST, "POST"},
		    {MST_HTTP_PUT, "PUT"},
		    {MST_HTTP_PATCH, "PATCH"},
		    {MST_HTTP_DELETE, "DELETE"}};
	struct rig r = rig_up(script, 1, NULL);

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_req req;
		const struct t_request *seen;

		mst_req_init(&req, rows[i].method);
		assert_int_equal(req.repeat, MST_REPEAT_UNSENT);
		mst_req_header(&req, "X-Correlation-Id", "17");
		if (rows[i].method != MST_HTTP_DELETE)
			req.body = mst_arena_dup(&req.arena,
						 MST_SLICE_LIT("{\"a\":1}"));
		rig_send(&r, &req, "/w?x=1");
		expect(&r, MST_OUT_ANSWER, 201, 1, MST_OK);
		seen = t_httpd_request(r.h, i);
		assert_string_equal(seen->method, rows[i].name);
		assert_string_equal(seen->path, "/w?x=1");
		assert_string_equal(t_header(seen, "X-Correlation-Id"), "17");
		assert_null(t_header(seen, "Expect"));
		if (rows[i].method == MST_HTTP_DELETE)
			continue;
		assert_string_equal(seen->body, "{\"a\":1}");
		assert_string_equal(t_header(seen, "Content-Type"),
				    "application/json");
	}
	rig_down(&r);
}

static void test_statuses_that_are_answers(void **state)
{
	static const struct {
		int status;
		enum mst_code code;
	} rows[] = {{202, MST_OK},
		    {204, MST_OK},
		    {301, MST_E_UNSUPPORTED},
		    {302, MST_E_UNSUPPORTED},
		    {400, MST_E_INVALID},
		    {401, MST_E_AUTH},
		    {403, MST_E_FORBIDDEN},
		    {404, MST_E_NOTFOUND},
		    {405, MST_E_UNSUPPORTED},
		    {409, MST_E_CONFLICT},
		    {410, MST_E_NOTFOUND},
		    {501, MST_E_UNSUPPORTED}};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct t_answer script[] = {
		    {.status = rows[i].status,
		     .headers = "x-ms-request-id: rid7\r\n"
				"Location: https://evil.example/\r\n"}};
		struct rig r = rig_up(script, 1, NULL);

		rig_get(&r, "/x", MST_REPEAT_SAFE);
		expect(&r, MST_OUT_ANSWER, rows[i].status, 1, rows[i].code);
		assert_int_equal(t_httpd_count(r.h), 1);
		assert_string_equal(r.resp->location, "https://evil.example/");
		if (rows[i].code != MST_OK) {
			says(&r, "read /x: 127.0.0.1 answered ");
			says(&r, "request id rid7");
		}
		rig_down(&r);
	}
}

static void test_empty_and_html(void **state)
{
	const struct t_answer script[] = {
	    {.body = ""},
	    {.body = "<html>asleep</html>",
	     .headers = "Content-Type: text/html\r\n"}};
	struct rig r = rig_up(script, 2, NULL);

	rig_get(&r, "/empty", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	assert_int_equal(r.resp->body.n, 0);
	assert_int_equal(r.resp->bytes, 0);
	rig_get(&r, "/html", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	assert_string_equal(r.resp->content_type, "text/html");
	rig_down(&r);
}

/* ---- retries of reads ---------------------------------------------------- */

static void test_reads_are_retried(void **state)
{
	static const int statuses[] = {408, 425, 429, 500, 502, 503, 504, 509};

	for (size_t i = 0; i < MST_LEN(statuses); i++) {
		struct t_answer script[] = {{.status = statuses[i], .times = 2},
					    {.body = "good"}};
		struct rig r = rig_up(script, 2, NULL);

		rig_get(&r, "/x", MST_REPEAT_SAFE);
		expect(&r, MST_OUT_ANSWER, 200, 3, MST_OK);
		t_is(r.resp->body, "good");
		rig_down(&r);
	}
}

static void test_broken_reads_are_retried(void **state)
{
	static const enum t_way ways[] = {
	    T_RESET_FIRST, T_RESET_MIDDLE, T_CLOSE, T_CHUNKED_CUT,
	    T_SHORT,	   T_NEVER,	   T_STALL};
	/* Long enough for the good answer on a machine that has other things
	 * to do. */
	struct mst_client_conf conf = {.timeout_ms = 2000, .stall_ms = 1000};

	for (size_t i = 0; i < MST_LEN(ways); i++) {
		struct t_answer script[] = {
		    {.body = "0123456789", .way = ways[i], .extra = 5},
		    {.body = "whole"}};
		struct rig r = rig_up(script, 2, &conf);

		rig_get(&r, "/x", MST_REPEAT_SAFE);
		expect(&r, MST_OUT_ANSWER, 200, 2, MST_OK);
		t_is(r.resp->body, "whole");
		assert_int_equal(t_httpd_count(r.h), 2);
		rig_down(&r);
	}
}

static void test_retries_end(void **state)
{
	const struct t_answer script[] = {
	    {.status = 503, .body = "{\"busy\":1}", .times = -1}};
	struct mst_client_conf conf = {.retry_max = 3};
	struct rig r = rig_up(script, 1, &conf);
	struct mst_client_stats s;

	rig_get(&r, "/x", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_ANSWER, 503, 3, MST_E_TRANSIENT);
	t_is(r.resp->body, "{\"busy\":1}");
	says(&r, "read /x: 127.0.0.1 answered 503 (service unavailable)");
	says(&r, "given up after 3 attempts");
	mst_client_stats(r.c, &s);
	assert_int_equal(s.requests, 3);
	assert_int_equal(s.retries, 2);
	rig_down(&r);
}

static void test_no_answer_ends(void **state)
{
	const struct t_answer script[] = {{.way = T_RESET_FIRST, .times = -1}};
	struct mst_client_conf conf = {.retry_max = 2};
	struct rig r = rig_up(script, 1, &conf);

	rig_get(&r, "/x", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_FAILED, 0, 2, MST_E_TRANSIENT);
	says(&r, "read /x: no answer from 127.0.0.1:");
	says(&r, "given up after 2 attempts");
	rig_down(&r);
}

static void test_total_time_ends_retries(void **state)
{
	const struct t_answer script[] = {{.status = 500, .times = -1}};
	struct mst_client_conf conf = {.retry_max = 1000,
				       .retry_total_ms = 60,
				       .retry_base_ms = 5,
				       .retry_cap_ms = 5};
	struct rig r = rig_up(script, 1, &conf);
	const int64_t from = 1000000;

	t_clock_set(from);
	rig_submit_get(&r, "/x", NULL);
	rig_quick(&r);
	assert_int_equal(r.resp->status, 500);
	assert_in_range(r.resp->attempts, 2, 999);
	assert_in_range(mst_mono_us() - from, 40000, 80000);
	t_clock_real();
	rig_down(&r);
}

static void test_refused_connection(void **state)
{
	struct mst_client_conf conf = {.retry_max = 3};
	struct rig r = rig_up(NULL, 0, &conf);
	char url[64];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/", t_free_port());
	/* Never sent: a write is tried again too, and has FAILED. */
	rig_url(&r, MST_HTTP_POST, MST_REPEAT_UNSENT, url);
	expect(&r, MST_OUT_FAILED, 0, 3, MST_E_TRANSIENT);
	says(&r, "check the address, the firewall and the proxy");
	rig_down(&r);
}

static void test_unknown_host(void **state)
{
	struct mst_client_conf conf = {.retry_max = 2};
	struct rig r = rig_up(NULL, 0, &conf);

	rig_url(&r, MST_HTTP_POST, MST_REPEAT_UNSENT,
		"https://no-such-host.invalid/");
	expect(&r, MST_OUT_FAILED, 0, 2, MST_E_TRANSIENT);
	says(&r, "check the host name");
	rig_down(&r);
}

/* ---- writes -------------------------------------------------------------- */

static void test_broken_writes_are_uncertain(void **state)
{
	static const enum t_way ways[] = {
	    T_RESET_FIRST, T_RESET_MIDDLE, T_CLOSE, T_CHUNKED_CUT,
	    T_SHORT,	   T_NEVER,	   T_STALL};
	struct mst_client_conf conf = {.timeout_ms = 2000, .stall_ms = 300};

	for (size_t i = 0; i < MST_LEN(ways); i++) {
		struct t_answer script[] = {{.status = 201,
					     .body = "0123456789",
					     .way = ways[i],
					     .extra = 5},
					    {.times = -1}};
		struct rig r = rig_up(script, 2, &conf);

		rig_post(&r, "/w", MST_REPEAT_UNSENT);
		expect(&r, MST_OUT_UNCERTAIN, 0, 1, MST_E_UNCERTAIN);
		/* sent once, and not a second time behind our back */
		assert_int_equal(t_httpd_count(r.h), 1);
		rig_down(&r);
	}
}

/* libcurl repeats a request on a kept connection that closes; a write must
 * not be. */
static void test_kept_connection_closes(void **state)
{
	const struct t_answer script[] = {
	    {.body = "first"}, {.way = T_CLOSE}, {.body = "too many"}};
	struct rig r = rig_up(script, 3, NULL);

	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	expect(&r, MST_OUT_UNCERTAIN, 0, 1, MST_E_UNCERTAIN);
	assert_int_equal(t_httpd_count(r.h), 2);
	rig_down(&r);
}

static void test_idle_connection_was_closed(void **state)
{
	/* Closed by the far end between two writes: seen before sending. */
	const struct t_answer script[] = {{.body = "a", .close = true},
					  {.body = "b"}};
	struct rig r = rig_up(script, 2, NULL);

	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	t_httpd_await_closed(r.h, 1);
	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	t_is(r.resp->body, "b");
	assert_int_equal(t_httpd_connections(r.h), 2);
	rig_down(&r);
}

static void test_write_statuses(void **state)
{
	static const int statuses[] = {202, 400, 403, 404, 408,
				       409, 500, 502, 503, 504};

	for (size_t i = 0; i < MST_LEN(statuses); i++) {
		struct t_answer script[] = {{.status = statuses[i]},
					    {.times = -1}};
		struct rig r = rig_up(script, 2, NULL);

		rig_post(&r, "/w", MST_REPEAT_UNSENT);
		expect(&r, MST_OUT_ANSWER, statuses[i], 1,
		       mst_status_code(statuses[i]));
		assert_int_equal(t_httpd_count(r.h), 1);
		rig_down(&r);
	}
}

static void test_writes_that_were_not_begun(void **state)
{
	const struct t_answer script[] = {
	    {.status = 429},
	    {.status = 429, .headers = "Retry-After: 0\r\n"},
	    {.status = 503, .headers = "Retry-After: 0\r\n"},
	    {.status = 201, .body = "done"}};
	struct rig r = rig_up(script, 4, NULL);

	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	expect(&r, MST_OUT_ANSWER, 201, 4, MST_OK);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(t_httpd_request(r.h, i)->body, "{}");
	rig_down(&r);
}

static void test_safe_write_that_ends_badly(void **state)
{
	/* Idempotent, so repeated; but in the end nobody knows. */
	const struct t_answer script[] = {{.way = T_CLOSE, .times = -1}};
	struct mst_client_conf conf = {.retry_max = 3};
	struct rig r = rig_up(script, 1, &conf);

	rig_post(&r, "/ire", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_UNCERTAIN, 0, 3, MST_E_UNCERTAIN);
	rig_down(&r);
}

static void test_first_attempt_may_have_worked(void **state)
{
	/* Broken once, then the server is gone: not "was not carried out". */
	const struct t_answer script[] = {{.way = T_CLOSE}};
	struct mst_client_conf conf = {.retry_max = 4,
				       .retry_base_ms = 100,
				       .retry_cap_ms = 100,
				       .seed = 3};
	struct rig r = rig_up(script, 1, &conf);
	struct mst_err err = MST_ERR_INIT;
	struct mst_req req;

	mst_req_init(&req, MST_HTTP_POST);
	req.repeat = MST_REPEAT_SAFE;
	req.body = MST_SLICE_LIT("{}");
	req.url = mst_arena_strdup(&req.arena, t_httpd_url(r.h, "/ire"));
	t_ok(mst_client_submit(r.c, &req, &err), &err);
	while (!t_httpd_count(r.h))
		assert_int_equal(mst_client_wait(r.c, 1, &r.req, &r.resp, &err),
				 0);
	t_httpd_stop(&r.h);
	assert_int_equal(mst_client_wait(r.c, -1, &r.req, &r.resp, &err), 1);
	expect(&r, MST_OUT_UNCERTAIN, 0, 4, MST_E_UNCERTAIN);
	rig_down(&r);
}

/* ---- throttling ---------------------------------------------------------- */

static void test_retry_after_is_kept(void **state)
{
	const struct t_answer script[] = {
	    {.status = 429, .headers = "Retry-After: 1\r\n"}, {.body = "good"}};
	struct rig r = rig_up(script, 2, NULL);

	t_clock_set(1000000);
	rig_submit_get(&r, "/x", NULL);
	while (rig_stats(&r).throttled == 0)
		assert_false(rig_step(&r));
	t_clock_add(999000);
	for (int i = 0; i < 20; i++)
		assert_false(rig_step(&r));
	assert_int_equal(t_httpd_count(r.h), 1);
	rig_quick(&r);
	expect(&r, MST_OUT_ANSWER, 200, 2, MST_OK);
	assert_int_equal(rig_stats(&r).throttled, 1);
	t_clock_real();
	rig_down(&r);
}

static void test_retry_after_stops_the_class(void **state)
{
	static const struct mst_rate rates[] = {{"slow", 0, 0},
						{"other", 0, 0}};
	const struct t_answer script[] = {
	    {.status = 429, .headers = "Retry-After: 1\r\n", .path = "/first"},
	    {.body = "good", .times = -1}};
	struct mst_client_conf conf = {.rates = rates, .rates_n = 2};
	struct rig r = rig_up(script, 2, &conf);
	struct mst_client_stats s;

	t_clock_set(1000000);
	rig_submit_get(&r, "/first", "slow");
	while (rig_stats(&r).throttled == 0)
		assert_false(rig_step(&r));
	rig_submit_get(&r, "/second", "slow");
	rig_submit_get(&r, "/third", "other");
	while (!rig_step(&r)) /* the other class is not held up */
		;
	assert_string_equal(r.req->what, "read /third");
	t_clock_add(990000);
	for (int i = 0; i < 20; i++)
		assert_false(rig_step(&r));
	assert_int_equal(t_httpd_count(r.h), 2);
	s = rig_stats(&r);
	assert_in_range(s.pause_ms, 1, 110);
	assert_string_not_equal(s.pause_reason, "");
	rig_quick(&r);
	rig_quick(&r);
	assert_int_equal(t_httpd_count(r.h), 4);
	assert_true(rig_stats(&r).throttle_wait_us >= 990000);
	t_clock_real();
	rig_down(&r);
}

static void test_retry_after_too_long(void **state)
{
	const struct t_answer script[] = {
	    {.status = 429, .headers = "Retry-After: 7200\r\n"}};
	struct rig r = rig_up(script, 1, NULL);

	rig_get(&r, "/x", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_ANSWER, 429, 1, MST_E_THROTTLED);
	assert_int_equal(r.resp->err.retry_after_ms, 7200000);
	assert_int_equal(r.resp->retry_after_ms, 7200000);
	rig_down(&r);
}

/* Our own limits, on a clock that jumps: requests wait, none is refused. */
static void test_rate_class_waits(void **state)
{
	static const struct mst_rate rates[] = {{"export", 2, 3}};
	const struct t_answer script[] = {{.body = "x", .times = -1}};
	struct mst_client_conf conf = {.rates = rates, .rates_n = 1};
	struct rig r = rig_up(script, 1, &conf);
	const int64_t from = 1000000;

	t_clock_set(from);
	for (int i = 0; i < 4; i++)
		rig_submit_get(&r, "/x", "export");
	rig_quick(&r);
	rig_quick(&r);
	assert_int_equal(mst_mono_us(), from);
	rig_quick(&r);
	assert_in_range(mst_mono_us() - from, 60000000, 61000000);
	rig_quick(&r);
	assert_in_range(mst_mono_us() - from, 3600000000, 3601000000);
	assert_int_equal(t_httpd_count(r.h), 4);
	t_clock_real();
	rig_down(&r);
}

/* ---- bodies -------------------------------------------------------------- */

static void test_gzip(void **state)
{
	struct mst_buf gz = MST_BUF_INIT(1u << 20);
	struct mst_buf text = MST_BUF_INIT(4u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct rig r;

	for (int i = 0; i < 200000; i++)
		mst_buf_addf(&text, "%d,", i);
	t_ok(mst_gzip(mst_buf_slice(&text), 6, &gz, &err), &err);
	{
		const struct t_answer script[] = {
		    /* breaks off, but with the length that it says */
		    {.body = gz.p,
		     .body_n = gz.n - 9,
		     .headers = "Content-Encoding: gzip\r\n"},
		    {.body = "this is no gzip",
		     .headers = "Content-Encoding: gzip\r\n"},
		    {.body = "x", .headers = "Content-Encoding: br\r\n"},
		    {.body = gz.p,
		     .body_n = gz.n,
		     .way = T_CHUNKED,
		     .headers = "Content-Encoding: gzip\r\n"}};

		r = rig_up(script, 4, NULL);
		rig_get(&r, "/x", MST_REPEAT_SAFE);
		expect(&r, MST_OUT_ANSWER, 200, 4, MST_OK);
		assert_true(mst_slice_eq(r.resp->body, mst_buf_slice(&text)));
		assert_int_equal(r.resp->bytes, gz.n);
		rig_down(&r);
	}
	mst_buf_fini(&gz);
	mst_buf_fini(&text);
}

static void test_bomb(void **state)
{
	struct mst_buf gz = MST_BUF_INIT(1u << 20);
	struct mst_buf zeros = MST_BUF_INIT(64u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct rig r;

	mst_buf_reserve(&zeros, 32u << 20);
	memset(zeros.p, 0, 32u << 20);
	zeros.n = 32u << 20;
	t_ok(mst_gzip(mst_buf_slice(&zeros), 9, &gz, &err), &err);
	{
		const struct t_answer script[] = {
		    {.body = gz.p,
		     .body_n = gz.n,
		     .headers = "Content-Encoding: gzip\r\n"}};
		struct mst_req req;

		r = rig_up(script, 1, NULL);
		mst_req_init(&req, MST_HTTP_GET);
		req.max_bytes = 1u << 20;
		rig_send(&r, &req, "/bomb");
		expect(&r, MST_OUT_FAILED, 0, 1, MST_E_INVALID);
		says(&r, "larger than the limit of 1048576 bytes");
		assert_int_equal(t_httpd_count(r.h), 1);
		rig_down(&r);
	}
	mst_buf_fini(&gz);
	mst_buf_fini(&zeros);
}

static void test_size_limits(void **state)
{
	static const enum t_way ways[] = {T_WHOLE, T_CHUNKED, T_UNTIL_CLOSE};
	char *big = mst_alloc(100001);

	memset(big, 'x', 100000);
	for (size_t i = 0; i < 2 * MST_LEN(ways); i++) {
		const struct t_answer script[] = {
		    {.body = big, .body_n = 100000, .way = ways[i / 2]}};
		struct rig r = rig_up(script, 1, NULL);
		struct mst_req req;

		mst_req_init(&req, MST_HTTP_GET);
		req.max_bytes = i % 2 ? 99999 : 100000;
		rig_send(&r, &req, "/big");
		if (i % 2)
			expect(&r, MST_OUT_FAILED, 0, 1, MST_E_INVALID);
		else
			expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
		rig_down(&r);
	}
	/* An error's text is only cut. */
	{
		char *huge = mst_alloc(3u << 20);
		const struct t_answer script[] = {
		    {.status = 400, .body = huge, .body_n = 3u << 20}};
		struct rig r = rig_up(script, 1, NULL);

		rig_get(&r, "/x", MST_REPEAT_SAFE);
		expect(&r, MST_OUT_ANSWER, 400, 1, MST_E_INVALID);
		assert_int_equal(r.resp->body.n, 1u << 20);
		rig_down(&r);
		free(huge);
	}
	free(big);
}

static void test_huge_headers(void **state)
{
	struct mst_buf raw = MST_BUF_INIT(2u << 20);
	struct rig r;

	mst_buf_adds(&raw, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
	for (int i = 0; i < 9000; i++)
		mst_buf_addf(&raw, "X-%d: %040d\r\n", i, i);
	mst_buf_adds(&raw, "\r\n");
	{
		const struct t_answer script[] = {
		    {.way = T_RAW, .body = raw.p, .body_n = raw.n}};

		r = rig_up(script, 1, NULL);
		rig_get(&r, "/x", MST_REPEAT_SAFE);
		expect(&r, MST_OUT_FAILED, 0, 1, MST_E_INVALID);
		says(&r, "headers are larger");
		rig_down(&r);
	}
	mst_buf_fini(&raw);
}

static void test_many_links(void **state)
{
	struct mst_buf raw = MST_BUF_INIT(2u << 20);
	struct rig r;

	mst_buf_adds(&raw, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
			   "client-request-id: ours\r\nrequest-id: theirs\r\n");
	for (int i = 0; i < 12000; i++)
		mst_buf_addf(&raw, "Link: <%d>\r\n", i);
	mst_buf_adds(&raw, "\r\n");
	{
		const struct t_answer script[] = {
		    {.way = T_RAW, .body = raw.p, .body_n = raw.n}};

		r = rig_up(script, 1, NULL);
		rig_get(&r, "/x", MST_REPEAT_SAFE);
		expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
		assert_memory_equal(r.resp->link, "<0>, <1>, <2>", 13);
		assert_true(strlen(r.resp->link) < 200);
		assert_string_equal(r.resp->request_id, "theirs");
		rig_down(&r);
	}
	mst_buf_fini(&raw);
}

static void test_no_http_at_all(void **state)
{
	const struct t_answer script[] = {
	    {.way = T_RAW, .body = "220 mail.example ESMTP\r\n", .close = true},
	    {.body = "good"}};
	struct rig r = rig_up(script, 2, NULL);

	rig_get(&r, "/x", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_ANSWER, 200, 2, MST_OK);
	rig_down(&r);
}

static void test_slow_drip(void **state)
{
	/* A byte every 20 ms is less than 1 KiB/s: cut off, not awaited. */
	const struct t_answer script[] = {
	    {.way = T_DRIP,
	     .delay_ms = 20,
	     .body = "0123456789012345678901234567890123456789"
		     "0123456789012345678901234567890123456789"},
	    {.body = "quick"}};
	struct mst_client_conf conf = {.stall_ms = 500};
	struct rig r = rig_up(script, 2, &conf);

	rig_get(&r, "/x", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_ANSWER, 200, 2, MST_OK);
	t_is(r.resp->body, "quick");
	rig_down(&r);
}

static void test_slow_first_byte_is_no_stall(void **state)
{
	const struct t_answer script[] = {{.body = "thought", .delay_ms = 400}};
	struct mst_client_conf conf = {.stall_ms = 100};
	struct rig r = rig_up(script, 1, &conf);

	rig_get(&r, "/x", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	rig_down(&r);
}

/* ---- files --------------------------------------------------------------- */

static void get_file(struct rig *r, const char *path, const char *file)
{
	struct mst_req req;

	mst_req_init(&req, MST_HTTP_GET);
	req.file = mst_arena_strdup(&req.arena, file);
	req.what = "export file 1 of 1";
	rig_send(r, &req, path);
}

static void is_file(const char *path, struct mst_slice want)
{
	struct mst_buf b = MST_BUF_INIT(8u << 20);
	struct mst_err err = MST_ERR_INIT;
	char *part = mst_asprintf("%s.part", path);

	t_ok(mst_file_read(path, &b, &err), &err);
	assert_true(mst_slice_eq(mst_buf_slice(&b), want));
	assert_false(mst_file_exists(part));
	mst_buf_fini(&b);
	free(part);
}

static void test_file_as_received(void **state)
{
	struct mst_buf gz = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct rig r;

	t_ok(mst_gzip(MST_SLICE_LIT("{\"a\":1}\n{\"a\":2}\n"), 6, &gz, &err),
	     &err);
	{
		const struct t_answer script[] = {
		    {.body = gz.p, .body_n = gz.n, .way = T_RESET_MIDDLE},
		    {.body = gz.p, .body_n = gz.n, .way = T_SHORT, .extra = 9},
		    {.body = gz.p,
		     .body_n = gz.n,
		     .headers = "Content-Encoding: gzip\r\n"},
		    {.body = ""}};

		r = rig_up(script, 4, NULL);
		get_file(&r, "/blob?sig=abc", t_path("part-1.gz"));
		expect(&r, MST_OUT_ANSWER, 200, 3, MST_OK);
		assert_string_equal(r.resp->file, t_path("part-1.gz"));
		assert_int_equal(r.resp->body.n, 0);
		assert_int_equal(r.resp->bytes, gz.n);
		is_file(t_path("part-1.gz"), mst_buf_slice(&gz));
		assert_string_equal(
		    t_header(t_httpd_request(r.h, 0), "Accept-Encoding"),
		    "identity");
		/* 200 with nothing in it is an empty file; the source judges */
		get_file(&r, "/blob", t_path("part-2.gz"));
		expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
		assert_int_equal(r.resp->bytes, 0);
		is_file(t_path("part-2.gz"), mst_slice("", 0));
		rig_down(&r);
	}
	mst_buf_fini(&gz);
}

static void test_file_that_never_comes(void **state)
{
	const struct t_answer script[] = {
	    {.way = T_NEVER},
	    {.way = T_STALL, .body = "0123456789"},
	    {.way = T_DRIP, .delay_ms = 500, .body = "0123456789"},
	    {.body = "good"}};
	struct mst_client_conf conf = {.timeout_ms = 2000, .stall_ms = 1000};
	struct rig r = rig_up(script, 4, &conf);

	get_file(&r, "/blob", t_path("late.gz"));
	expect(&r, MST_OUT_ANSWER, 200, 4, MST_OK);
	is_file(t_path("late.gz"), MST_SLICE_LIT("good"));
	rig_down(&r);
}

static void test_file_that_fails_leaves_nothing(void **state)
{
	const struct t_answer script[] = {
	    {.body = "0123456789", .way = T_RESET_MIDDLE, .times = 2},
	    {.status = 403,
	     .headers = "Content-Type: application/xml\r\n",
	     .body = "<Error><Code>AuthenticationFailed</Code></Error>"}};
	struct mst_client_conf conf = {.retry_max = 2};
	struct rig r = rig_up(script, 2, &conf);

	get_file(&r, "/blob?sig=TOPSECRET", t_path("never.gz"));
	expect(&r, MST_OUT_FAILED, 0, 2, MST_E_TRANSIENT);
	assert_null(strstr(r.resp->err.msg, "TOPSECRET"));
	mst_client_done(r.c);
	assert_false(mst_file_exists(t_path("never.gz")));
	assert_false(mst_file_exists(t_path("never.gz.part")));
	/* The SAS has expired: the text comes in memory. */
	get_file(&r, "/blob?sig=TOPSECRET", t_path("never.gz"));
	expect(&r, MST_OUT_ANSWER, 403, 1, MST_E_FORBIDDEN);
	assert_null(r.resp->file);
	assert_non_null(strstr(r.resp->body.p, "AuthenticationFailed"));
	assert_false(mst_file_exists(t_path("never.gz")));
	rig_down(&r);
}

static void test_disk_errors_end_the_run(void **state)
{
	const struct t_answer script[] = {{.body = "0123456789", .times = -1}};
	struct rig r = rig_up(script, 1, NULL);
	struct mst_err err = MST_ERR_INIT;

	get_file(&r, "/a", t_path("no/such/folder/a.gz"));
	expect(&r, MST_OUT_FAILED, 0, 1, MST_E_IO);
	says(&r, "no/such/folder/a.gz.part");
	mst_client_done(r.c);
	/* What comes after fails with the same reason, unsent. */
	rig_submit_get(&r, "/b", NULL);
	rig_wait(&r);
	expect(&r, MST_OUT_FAILED, 0, 0, MST_E_IO);
	assert_int_equal(t_httpd_count(r.h), 1);
	assert_int_equal(mst_client_wait(r.c, 0, &r.req, &r.resp, &err),
			 -MST_E_IO);
	rig_down(&r);
}

/* A file size limit stands in for the full disk: write() fails half-way. */
static void test_disk_fills_up(void **state)
{
	char *big = mst_alloc(200001);
	const struct t_answer script[] = {{.body = big, .body_n = 200000}};
	struct rig r = rig_up(script, 1, NULL);
	struct rlimit old, small;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 100000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	get_file(&r, "/a", t_path("full.gz"));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	expect(&r, MST_OUT_FAILED, 0, 1, MST_E_IO);
	says(&r, "cannot write to");
	assert_int_equal(r.resp->err.os_errno, EFBIG);
	mst_client_done(r.c);
	assert_false(mst_file_exists(t_path("full.gz.part")));
	rig_down(&r);
	free(big);
}

/* ---- a budget ------------------------------------------------------------ */

struct purse {
	uint64_t left, taken, back;
	int empty; /* how often it says that there is none before it has */
	bool gone; /* cannot be asked */
};

static int purse_take(void *ctx, uint64_t want, uint64_t *got_r,
		      int64_t *until_us, struct mst_err *err)
{
	struct purse *p = ctx;

	*got_r = 0;
	*until_us = mst_now_us() + 3600 * INT64_C(1000000);
	if (p->gone)
		return mst_err_set(err, MST_E_CANCELLED, "the purse is gone");
	if (p->left == 0 && p->empty > 0) {
		*until_us = mst_now_us() + 1000;
		if (--p->empty == 0)
			p->left = 3;
		return 0;
	}
	*got_r = MST_MIN(MST_MIN(want, p->left), 2);
	p->left -= *got_r;
	p->taken += *got_r;
	return 0;
}

static void purse_back(void *ctx, uint64_t n)
{
	struct purse *p = ctx;

	p->back += n;
}

static void test_budget(void **state)
{
	const struct t_answer script[] = {{.times = -1}};
	struct purse p = {.left = 2, .empty = 3};
	const struct mst_budget budget = {purse_take, purse_back, &p};
	const struct mst_client_conf conf = {.budget = &budget};
	struct rig r = rig_up(script, 1, &conf);

	(void)state;
	/* two at once, then it waits until there are more */
	for (int i = 0; i < 4; i++) {
		rig_get(&r, "/x", MST_REPEAT_SAFE);
		expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	}
	assert_int_equal(p.empty, 0);
	assert_int_equal(p.taken, 4);
	rig_get(&r, "/x", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	assert_int_equal(p.taken, 5);
	/* what cannot be asked ends the client */
	p.gone = true;
	rig_get(&r, "/x", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_FAILED, 0, 0, MST_E_CANCELLED);
	assert_int_equal(t_httpd_count(r.h), 5);
	rig_down(&r);
	assert_int_equal(p.back, 0);
}

static void test_budget_back(void **state)
{
	const struct t_answer script[] = {{.times = -1}};
	struct purse p = {.left = 9};
	const struct mst_budget budget = {purse_take, purse_back, &p};
	const struct mst_client_conf conf = {.budget = &budget};
	struct rig r = rig_up(script, 1, &conf);

	(void)state;
	rig_get(&r, "/x", MST_REPEAT_SAFE);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	rig_down(&r);
	assert_int_equal(p.taken, 2);
	assert_int_equal(p.back, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain_answer),
	    cmocka_unit_test(test_what_a_write_sends),
	    cmocka_unit_test(test_statuses_that_are_answers),
	    cmocka_unit_test(test_empty_and_html),
	    cmocka_unit_test(test_reads_are_retried),
	    cmocka_unit_test(test_broken_reads_are_retried),
	    cmocka_unit_test(test_retries_end),
	    cmocka_unit_test(test_no_answer_ends),
	    cmocka_unit_test(test_total_time_ends_retries),
	    cmocka_unit_test(test_refused_connection),
	    cmocka_unit_test(test_unknown_host),
	    cmocka_unit_test(test_broken_writes_are_uncertain),
	    cmocka_unit_test(test_kept_connection_closes),
	    cmocka_unit_test(test_idle_connection_was_closed),
	    cmocka_unit_test(test_write_statuses),
	    cmocka_unit_test(test_writes_that_were_not_begun),
	    cmocka_unit_test(test_safe_write_that_ends_badly),
	    cmocka_unit_test(test_first_attempt_may_have_worked),
	    cmocka_unit_test(test_retry_after_is_kept),
	    cmocka_unit_test(test_retry_after_stops_the_class),
	    cmocka_unit_test(test_retry_after_too_long),
	    cmocka_unit_test(test_rate_class_waits),
	    cmocka_unit_test(test_gzip),
	    cmocka_unit_test(test_bomb),
	    cmocka_unit_test(test_size_limits),
	    cmocka_unit_test(test_huge_headers),
	    cmocka_unit_test(test_many_links),
	    cmocka_unit_test(test_no_http_at_all),
	    cmocka_unit_test(test_slow_drip),
	    cmocka_unit_test(test_slow_first_byte_is_no_stall),
	    cmocka_unit_test(test_file_as_received),
	    cmocka_unit_test(test_file_that_never_comes),
	    cmocka_unit_test(test_file_that_fails_leaves_nothing),
	    cmocka_unit_test(test_disk_errors_end_the_run),
	    cmocka_unit_test(test_disk_fills_up),
	    cmocka_unit_test(test_budget),
	    cmocka_unit_test(test_budget_back),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
