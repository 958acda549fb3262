/* SPDX-License-Identifier: Apache-2.0
 *
 * The Batch API: sizes, what was not serviced, errors of a whole batch, several
 * batches under way, the end of a run before its time.
 */
#include "sn_fake.h"

#include <stdio.h>
#include <string.h>

#define SET   "vulnerabilities"
#define TABLE "u_muster_cve"

static int setup(void **state)
{
	*state = fake_new();
	return t_log_watch(state);
}

static int teardown(void **state)
{
	fake_free(*state);
	return t_log_check(state);
}

static uint64_t cve(struct fake *f, unsigned n, const char *description)
{
	char key[24];

	snprintf(key, sizeof(key), "CVE-2026-%u", n);
	return fake_offer(
	    f, SET, (struct fake_change){.action = MST_INSERT, .key = key},
	    "u_cve_id", key, "u_name", key, "u_description", description, NULL);
}

static void offer(struct fake *f, unsigned n, uint64_t *c)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t id = cve(f, i, "text");

		if (c)
			c[i] = id;
	}
}

static void all_are(struct fake *f, const uint64_t *c, unsigned n,
		    enum mst_verdict_kind kind, const char *why)
{
	for (unsigned i = 0; i < n; i++)
		fake_is(f, c[i], kind, why);
}

static void test_batches_grow_with_speed(void **state)
{
	struct fake *f = *state;
	uint64_t c[6000];

	fake_open(f);
	fake_begin(f, SET);
	offer(f, 6000, c);
	fake_end(f);
	all_are(f, c, 6000, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(fake_count(f, TABLE), 6000);
	assert_int_equal(f->d->batch_size, 800);
	/* 100, 100, 100, 100 to begin with, then up to 800 each. */
	assert_true(f->requests_n < 20);
	assert_int_equal(f->most_under_way, 4);
}

static void test_batches_shrink_when_slow(void **state)
{
	struct fake *f = *state;
	uint64_t c[2000];

	fake_open(f);
	f->elapsed_us = 25000000; /* near the limit of 30 s */
	fake_begin(f, SET);
	offer(f, 2000, c);
	fake_end(f);
	all_are(f, c, 2000, MST_VERDICT_APPLIED, NULL);
	assert_true(f->d->batch_size <= 40);
	assert_true(f->d->batch_size >= 1);
}

static void test_bodies_stay_small(void **state)
{
	struct fake *f = *state;
	static char text[4001];
	uint64_t c[600];

	memset(text, 'x', 4000);
	fake_open(f);
	f->conf.body_max = 200000;
	f->d->batch_size = 800;
	fake_begin(f, SET);
	for (unsigned i = 0; i < 600; i++)
		c[i] = cve(f, i, text);
	fake_end(f);
	all_are(f, c, 600, MST_VERDICT_APPLIED, NULL);
	for (size_t i = 0; i < f->requests_n; i++)
		assert_true(strlen(f->requests[i]) <= 200000 + 32);
	assert_true(f->requests_n < 30);
}

/* Only the first 30 sub-requests of a call are done in time. */
static bool only_some(struct fake *f, struct fake_sub *s)
{
	static unsigned call;

	if (call != f->calls)
		f->n = 0;
	call = f->calls;
	s->unserviced = f->n++ >= 30;
	return s->unserviced;
}

static void test_unserviced_go_again(void **state)
{
	struct fake *f = *state;
	uint64_t c[300];

	fake_open(f);
	f->on_sub = only_some;
	fake_begin(f, SET);
	offer(f, 300, c);
	fake_end(f);
	all_are(f, c, 300, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(fake_count(f, TABLE), 300);
}

static bool none(struct fake *f, struct fake_sub *s)
{
	s->unserviced = true;
	return true;
}

static void test_unserviced_for_ever(void **state)
{
	struct fake *f = *state;
	uint64_t c[10];

	fake_open(f);
	f->on_sub = none;
	fake_begin(f, SET);
	offer(f, 10, c);
	fake_end(f);
	all_are(f, c, 10, MST_VERDICT_FAILED, "did not get to it");
	assert_true(f->requests_n < 60);
}

/* Semaphores: every third sub-request is refused, without Retry-After. */
static bool throttled(struct fake *f, struct fake_sub *s)
{
	if (f->n++ % 3)
		return false;
	s->status = 429;
	mst_buf_adds(&s->out, "{\"error\":{\"message\":\"Rate limit exceeded\","
			      "\"detail\":\"\"}}");
	return true;
}

static void test_throttled_subs_go_again(void **state)
{
	struct fake *f = *state;
	uint64_t c[50];

	fake_open(f);
	f->on_sub = throttled;
	fake_begin(f, SET);
	offer(f, 50, c);
	fake_end(f);
	all_are(f, c, 50, MST_VERDICT_APPLIED, NULL);
}

static bool always_429(struct fake *f, struct fake_sub *s)
{
	s->status = 429;
	return true;
}

static void test_throttled_for_ever(void **state)
{
	struct fake *f = *state;
	uint64_t c[5];

	fake_open(f);
	f->on_sub = always_429;
	fake_begin(f, SET);
	offer(f, 5, c);
	fake_end(f);
	all_are(f, c, 5, MST_VERDICT_FAILED, "after 5 attempts");
}

/* ---- a whole batch ----------------------------------------------------- */

static bool answer_status(struct fake *f, unsigned call,
			  const struct mst_req *q, struct mst_resp *r,
			  struct mst_buf *out)
{
	r->status = f->n;
	mst_err_set(&r->err, mst_status_code(f->n), "batch: answered %d", f->n);
	mst_buf_adds(out, "{\"error\":{\"message\":\"User Not "
			  "Authenticated\",\"detail\":\"Required to provide "
			  "Auth information\"},\"status\":\"failure\"}");
	return true;
}

static void ends_with(struct fake *f, enum mst_code code, const char *text)
{
	uint64_t c[5];
	int rc;

	fake_begin(f, SET);
	offer(f, 5, c);
	mst_dest_servicenow.end(f->d);
	rc = fake_pump(f);
	t_failed(rc, &f->err, code, text);
	all_are(f, c, 5, MST_VERDICT_FAILED, NULL);
	/* And nothing is sent any more. */
	t_failed(fake_pump(f), &f->err, code, text);
}

static void test_401_ends_the_run(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	f->on_call = answer_status;
	f->n = 401;
	ends_with(f, MST_E_AUTH, "check the user or the OAuth client");
	assert_int_equal(f->requests_n, 1);
}

static bool unscoped(struct fake *f, unsigned call, const struct mst_req *q,
		     struct mst_resp *r, struct mst_buf *out)
{
	r->status = 403;
	mst_err_set(&r->err, MST_E_FORBIDDEN, "batch: answered 403");
	mst_buf_adds(out, "{\"error\":{\"message\":\"User Not Authorized\","
			  "\"detail\":\"Access to unscoped api is not "
			  "allowed\"},\"status\":\"failure\"}");
	return true;
}

static void test_unscoped_api(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	f->on_call = unscoped;
	ends_with(f, MST_E_FORBIDDEN, "REST API auth scope");
}

static bool unscoped_sub(struct fake *f, struct fake_sub *s)
{
	s->status = 403;
	mst_buf_adds(&s->out, "{\"error\":{\"message\":\"User Not "
			      "Authorized\",\"detail\":\"Access to unscoped "
			      "api is not allowed\"}}");
	return true;
}

static void test_unscoped_sub_request(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	f->on_sub = unscoped_sub;
	ends_with(f, MST_E_FORBIDDEN, "REST API auth scope");
}

static bool html(struct fake *f, unsigned call, const struct mst_req *q,
		 struct mst_resp *r, struct mst_buf *out)
{
	r->content_type = "text/html;charset=UTF-8";
	mst_buf_add_slice(out, t_data("servicenow/asleep.html"));
	return true;
}

static void test_sleeping_instance(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	f->on_call = html;
	ends_with(f, MST_E_UNSUPPORTED, "may be asleep");
}

static bool failed(struct fake *f, unsigned call, const struct mst_req *q,
		   struct mst_resp *r, struct mst_buf *out)
{
	r->outcome = f->n == 1 ? MST_OUT_FAILED : MST_OUT_UNCERTAIN;
	r->status = 0;
	mst_err_set(&r->err, f->n == 1 ? MST_E_TRANSIENT : MST_E_UNCERTAIN,
		    "no answer from dev.example.com:443");
	return true;
}

static void test_network_that_stays_down(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	f->on_call = failed;
	f->n = 1;
	fake_begin(f, SET);
	offer(f, 3, NULL);
	mst_dest_servicenow.end(f->d);
	(void)fake_pump(f);
	for (unsigned i = 0; i < f->verdicts_n; i++)
		assert_int_equal(f->verdicts[i].v.kind, MST_VERDICT_FAILED);
	assert_int_equal(f->verdicts_n, 3);
	assert_true(f->requests_n <= 6);
}

static void test_time_outs_for_ever(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	f->on_call = failed;
	f->n = 2;
	fake_begin(f, SET);
	offer(f, 3, NULL);
	mst_dest_servicenow.end(f->d);
	(void)fake_pump(f);
	assert_int_equal(f->verdicts_n, 3);
	for (unsigned i = 0; i < f->verdicts_n; i++)
		assert_int_equal(f->verdicts[i].v.kind, MST_VERDICT_FAILED);
	assert_true(f->requests_n <= 2 * SN_FAILURES);
}

/* 500 three times, then all is well. */
static bool bad_start(struct fake *f, unsigned call, const struct mst_req *q,
		      struct mst_resp *r, struct mst_buf *out)
{
	if (call >= 3)
		return false;
	r->status = call == 1 ? 202 : 500;
	return true;
}

static void test_bad_start(void **state)
{
	struct fake *f = *state;
	uint64_t c[200];

	fake_open(f);
	f->on_call = bad_start;
	fake_begin(f, SET);
	offer(f, 200, c);
	fake_end(f);
	all_are(f, c, 200, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(fake_count(f, TABLE), 200);
}

static bool always_broken(struct fake *f, unsigned call,
			  const struct mst_req *q, struct mst_resp *r,
			  struct mst_buf *out)
{
	mst_buf_adds(out, "{\"serviced_requests\":[{");
	return true;
}

static void test_broken_for_ever(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	f->on_call = always_broken;
	f->conf.batch_max = 1;
	f->d->batch_size = 1;
	ends_with(f, MST_E_TRANSIENT, "keeps answering 200 with a broken body");
}

/* 413 above twenty sub-requests. */
static bool too_large(struct fake *f, unsigned call, const struct mst_req *q,
		      struct mst_resp *r, struct mst_buf *out)
{
	if (q->body.n < 20 * 400)
		return false;
	r->status = 413;
	return true;
}

static void test_too_large_is_split(void **state)
{
	struct fake *f = *state;
	uint64_t c[90];

	fake_open(f);
	f->on_call = too_large;
	fake_begin(f, SET);
	offer(f, 90, c);
	fake_end(f);
	all_are(f, c, 90, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(fake_count(f, TABLE), 90);
}

static void test_record_over_the_limit(void **state)
{
	struct fake *f = *state;
	static char text[4001];
	uint64_t c;

	memset(text, '\x01', 4000); /* six bytes each in JSON */
	fake_open(f);
	f->conf.body_max = 20000;
	fake_begin(f, SET);
	c = cve(f, 1, text);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_REFUSED, "larger than body_max");
}

static void test_answers_in_any_order(void **state)
{
	struct fake *f = *state;
	uint64_t c[3000];

	fake_open(f);
	f->newest_first = true;
	fake_begin(f, SET);
	offer(f, 3000, c);
	fake_end(f);
	all_are(f, c, 3000, MST_VERDICT_APPLIED, NULL);
}

static void test_one_worker(void **state)
{
	struct fake *f = *state;

	f->conf.workers = 1;
	fake_open(f);
	fake_begin(f, SET);
	offer(f, 900, NULL);
	fake_end(f);
	assert_int_equal(f->most_under_way, 1);
	assert_int_equal(f->verdicts_n, 900);
}

/* ---- cancelled --------------------------------------------------------- */

static bool cancelled(struct fake *f, unsigned call, const struct mst_req *q,
		      struct mst_resp *r, struct mst_buf *out)
{
	if (call == 0) /* it was under way, and finishes */
		return false;
	r->outcome = MST_OUT_FAILED;
	r->status = 0;
	mst_err_set(&r->err, MST_E_CANCELLED, "cancelled");
	return true;
}

static void test_cancel(void **state)
{
	struct fake *f = *state;
	size_t applied = 0;

	fake_open(f);
	f->on_call = cancelled;
	fake_begin(f, SET);
	offer(f, 1000, NULL);
	fake_end(f);
	assert_int_equal(f->verdicts_n, 1000);
	for (size_t i = 0; i < f->verdicts_n; i++) {
		applied += f->verdicts[i].v.kind == MST_VERDICT_APPLIED;
		assert_true(f->verdicts[i].v.kind == MST_VERDICT_APPLIED ||
			    strstr(f->verdicts[i].reason, "cancelled"));
	}
	assert_int_equal(applied, 100);
	assert_true(f->requests_n <= 5);
}

static void test_queue_is_bounded(void **state)
{
	struct fake *f = *state;
	struct mst_change c = {
	    .set = fake_set(SET), .action = MST_CLOSE, .key = {"x", 1}};
	int rc = 0;
	unsigned n = 0;

	fake_open(f);
	fake_begin(f, SET);
	for (; n < 10000 && rc == 0; n++) {
		c.id = n + 1;
		c.remote = fake_nr(n + 1);
		c.key = mst_slice(NULL, 0);
		rc = mst_dest_servicenow.offer(f->d, &c, &f->err);
	}
	assert_int_equal(rc, 1);
	assert_true(n < 5000);
	/* A destination that is closed with work in it leaks nothing. */
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_batches_grow_with_speed),
	    T(test_batches_shrink_when_slow),
	    T(test_bodies_stay_small),
	    T(test_unserviced_go_again),
	    T(test_unserviced_for_ever),
	    T(test_throttled_subs_go_again),
	    T(test_throttled_for_ever),
	    T(test_401_ends_the_run),
	    T(test_unscoped_api),
	    T(test_unscoped_sub_request),
	    T(test_sleeping_instance),
	    T(test_network_that_stays_down),
	    T(test_time_outs_for_ever),
	    T(test_bad_start),
	    T(test_broken_for_ever),
	    T(test_too_large_is_split),
	    T(test_record_over_the_limit),
	    T(test_answers_in_any_order),
	    T(test_one_worker),
	    T(test_cancel),
	    T(test_queue_is_bounded),
	};

	return cmocka_run_group_tests_name("servicenow batch", tests, NULL,
					   NULL);
}
