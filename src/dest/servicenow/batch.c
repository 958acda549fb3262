/* SPDX-License-Identifier: Apache-2.0
 *
 * The Batch API: many table requests in one call. It only saves round trips;
 * each sub-request has an outcome of its own, and what the server could not
 * do within its 30 seconds comes back as not serviced. Batches grow and shrink
 * so that each takes about batch_seconds.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/b64.h"
#include "base/num.h"
#include "base/time.h"
#include "dest/servicenow/sn.h"

#define ENVELOPE     240 /* of a sub-request, without url and body */
#define BATCH_HEADER 128

static const char *const methods[] = {
    [MST_HTTP_GET] = "GET",	  [MST_HTTP_POST] = "POST",
    [MST_HTTP_PUT] = "PUT",	  [MST_HTTP_PATCH] = "PATCH",
    [MST_HTTP_DELETE] = "DELETE",
};

/* ---- the queue --------------------------------------------------------- */

size_t mst_sn_sub_bytes(const char *url, size_t body_n)
{
	return ENVELOPE + strlen(url) + (body_n + 2) / 3 * 4;
}

static size_t bytes_of(const struct sn_sub *s)
{
	return ENVELOPE + strlen(s->url) + s->body.n;
}

static void queue(struct mst_dest *d, struct sn_sub *s, bool first)
{
	if (first)
		TAILQ_INSERT_HEAD(&d->subs, s, link);
	else
		TAILQ_INSERT_TAIL(&d->subs, s, link);
	d->subs_n++;
	d->subs_weight += s->weight;
	d->subs_bytes += bytes_of(s);
}

static struct sn_sub *unqueue(struct mst_dest *d)
{
	struct sn_sub *s = TAILQ_FIRST(&d->subs);

	TAILQ_REMOVE(&d->subs, s, link);
	d->subs_n--;
	d->subs_weight -= s->weight;
	d->subs_bytes -= bytes_of(s);
	return s;
}

static void sub_free(struct sn_sub *s)
{
	mst_buf_fini(&s->body);
	free(s->url);
	free(s);
}

static void add(struct mst_dest *d, enum mst_method method, const char *url,
		struct mst_slice body, bool counted, sn_take take, void *ctx)
{
	struct sn_sub *s = mst_alloc(sizeof(*s));

	s->id = ++d->last_id;
	s->method = method;
	s->url = mst_strdup(url);
	mst_buf_init(&s->body, 2 * MST_MAX_REQUEST_BODY);
	if (body.n)
		mst_b64_add(&s->body, body);
	s->weight = method == MST_HTTP_GET && !d->prepare ? SN_LIST_WEIGHT : 1;
	s->counted = counted;
	s->take = take;
	s->ctx = ctx;
	queue(d, s, false);
}

void mst_sn_sub_add(struct mst_dest *d, enum mst_method method, const char *url,
		    struct mst_slice body, sn_take take, void *ctx)
{
	add(d, method, url, body, false, take, ctx);
}

void mst_sn_sub_add_counted(struct mst_dest *d, const char *url, sn_take take,
			    void *ctx)
{
	add(d, MST_HTTP_GET, url, mst_slice(NULL, 0), true, take, ctx);
}

bool mst_sn_batch_ready(const struct mst_dest *d, bool flush)
{
	if (!d->subs_n)
		return false;
	return flush || d->subs_weight >= d->batch_size ||
	       d->subs_bytes + BATCH_HEADER >= d->conf->body_max;
}

/* ---- encoding ---------------------------------------------------------- */

static void encode_header(struct mst_jout *j, const char *name)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "name", name);
	mst_jout_kstr(j, "value", "application/json");
	mst_jout_end_obj(j);
}

static void encode_sub(const struct sn_sub *s, struct mst_jout *j)
{
	char id[24];

	snprintf(id, sizeof(id), "%llu", (unsigned long long)s->id);
	mst_jout_obj(j);
	mst_jout_kstr(j, "id", id);
	mst_jout_kstr(j, "method", methods[s->method]);
	mst_jout_kstr(j, "url", s->url);
	mst_jout_kbool(j, "exclude_response_headers", !s->counted);
	mst_jout_key(j, "headers");
	mst_jout_arr(j);
	if (s->body.n)
		encode_header(j, "Content-Type");
	encode_header(j, "Accept");
	mst_jout_end_arr(j);
	if (s->body.n)
		mst_jout_kslice(j, "body", mst_buf_slice(&s->body));
	mst_jout_end_obj(j);
}

/* How the client may repeat a whole batch by itself. Only reads: at once. No
 * POST: when ServiceNow is in trouble, because the client waits in between and
 * we do not. */
static enum mst_repeat repeat_of(const struct mst_dest *d, unsigned puts,
				 unsigned posts)
{
	if (posts || (puts && d->failures < SN_TROUBLE))
		return MST_REPEAT_UNSENT;
	return MST_REPEAT_SAFE;
}

/* Takes from the queue what fits: weight, number and bytes. */
static enum mst_repeat pick(struct mst_dest *d, struct sn_call *call)
{
	size_t bytes = BATCH_HEADER;
	unsigned puts = 0, posts = 0;

	while (!TAILQ_EMPTY(&d->subs)) {
		struct sn_sub *s = TAILQ_FIRST(&d->subs);

		bytes += bytes_of(s);
		if (call->subs_n &&
		    (call->weight + s->weight > d->batch_size ||
		     call->subs_n >= (unsigned)d->conf->batch_max ||
		     bytes > d->conf->body_max))
			break;
		unqueue(d);
		s->answered = false;
		TAILQ_INSERT_TAIL(&call->subs, s, link);
		call->subs_n++;
		call->weight += s->weight;
		posts += s->method == MST_HTTP_POST;
		puts += s->method != MST_HTTP_GET;
	}
	return repeat_of(d, puts, posts);
}

void mst_sn_batch_request(struct mst_dest *d, struct sn_call *call,
			  struct mst_req *req_r)
{
	struct mst_jout j;
	struct sn_sub *s;
	char what[64], id[96];
	enum mst_repeat repeat;

	call->kind = SN_CALL_BATCH;
	TAILQ_INIT(&call->subs);
	call->subs_n = call->weight = 0;
	repeat = pick(d, call);
	mst_buf_reset(&d->body);
	mst_jout_init(&j, &d->body);
	mst_jout_obj(&j);
	snprintf(id, sizeof(id), "%.60s-%llu", d->env.run ? d->env.run : "",
		 (unsigned long long)d->last_id + 1);
	mst_jout_kstr(&j, "batch_request_id", id);
	mst_jout_key(&j, "rest_requests");
	mst_jout_arr(&j);
	TAILQ_FOREACH(s, &call->subs, link)
	encode_sub(s, &j);
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
	snprintf(what, sizeof(what), "batch of %u table requests",
		 call->subs_n);
	mst_sn_call_begin(d, call, "/api/now/v1/batch", repeat, req_r, what);
}

/* ---- decoding ---------------------------------------------------------- */

static void answer(struct mst_dest *d, struct sn_sub *s, enum sn_fate fate,
		   int status, const char *why)
{
	struct sn_answer a = {.fate = fate, .status = status, .total = -1};

	snprintf(a.why, sizeof(a.why), "%s", why);
	s->take(d, s->ctx, &a);
	sub_free(s);
}

/* Nothing came of it, or nothing is known of it. What may be repeated is; a
 * POST that may have landed is for its flow to look up. */
static void again(struct mst_dest *d, struct sn_sub *s, bool sent, int status,
		  const char *why)
{
	char text[SN_REASON];

	if (sent && s->method == MST_HTTP_POST) {
		answer(d, s, SN_LOST, status, why);
	} else if (d->cancelled || ++s->tries >= SN_TRIES) {
		snprintf(text, sizeof(text), "%.400s (after %u attempts)", why,
			 s->tries + d->cancelled);
		answer(d, s, SN_GIVEN_UP, status, text);
	} else {
		queue(d, s, true);
	}
}

void mst_sn_batch_cancel(struct mst_dest *d)
{
	while (d->subs_n)
		answer(d, unqueue(d), SN_GIVEN_UP, 0, "cancelled");
}

void mst_sn_subs_free(struct sn_subs *subs)
{
	struct sn_sub *s;

	while ((s = TAILQ_FIRST(subs))) {
		TAILQ_REMOVE(subs, s, link);
		sub_free(s);
	}
}

static enum sn_fate fate_of(const struct sn_sub *s, int status, bool parsed,
			    struct mst_json root)
{
	if (status >= 200 && status < 300) {
		if (s->method != MST_HTTP_GET)
			return SN_DONE;
		return parsed && !mst_sn_is_cut_list(root) ? SN_DONE
							   : SN_BROKEN;
	}
	return SN_REFUSED;
}

/* How many rows fit, or -1. */
static int64_t total_of(struct mst_json v)
{
	struct mst_json_iter it = mst_json_iter(mst_json_get(v, "headers"));
	struct mst_json h;
	int64_t n;

	while (mst_json_next(&it, NULL, &h)) {
		if (mst_slice_iis(mst_json_str(mst_json_get(h, "name")),
				  "X-Total-Count") &&
		    mst_num_i64(mst_json_str(mst_json_get(h, "value")), &n))
			return n;
	}
	return -1;
}

static void decode_sub(struct mst_dest *d, struct sn_sub *s, struct mst_json v)
{
	struct mst_err err = MST_ERR_INIT;
	struct sn_answer a = {0};
	int64_t status = 0;
	bool parsed = false;

	mst_json_i64(mst_json_get(v, "status_code"), &status);
	mst_buf_reset(&d->inflow);
	if (mst_b64_decode(&d->inflow, mst_json_str(mst_json_get(v, "body"))) &&
	    d->inflow.n)
		parsed = mst_json_parse(d->inner, mst_buf_slice(&d->inflow),
					&a.root, &err) == MST_OK;
	a.status = (int)status;
	if (!parsed || !mst_sn_error_text(a.root, a.why, sizeof(a.why)))
		mst_sn_one_line(a.why, sizeof(a.why),
				mst_json_str(mst_json_get(v, "error_message")));
	if (!*a.why)
		snprintf(a.why, sizeof(a.why), "status %d", a.status);
	if (status == 202 || status < 200 || status == 408 ||
	    (status >= 500 && status < 600)) {
		again(d, s, true, a.status, a.why);
		return;
	}
	if (status == 429) {
		again(d, s, false, a.status, a.why);
		return;
	}
	a.fate = fate_of(s, a.status, parsed, a.root);
	a.total = s->counted ? total_of(v) : -1;
	if (!parsed)
		a.root = (struct mst_json){0};
	if (a.status == 403 && mst_sn_is_unscoped(a.why) && !d->prepare) {
		struct mst_resp r = {.outcome = MST_OUT_ANSWER, .status = 403};
		struct mst_err e = MST_ERR_INIT;

		mst_sn_call_error(d, &r, a.root, s->url, &e);
		mst_sn_die(d, &e);
		sub_free(s); /* its record gets its verdict at the end */
		return;
	}
	s->take(d, s->ctx, &a);
	sub_free(s);
}

static struct sn_sub *find(struct sn_call *call, struct mst_json id)
{
	struct sn_sub *s;
	int64_t n;

	if (!mst_json_i64(id, &n))
		return NULL;
	/* Answers come in the order of the requests, so this is the first. */
	TAILQ_FOREACH(s, &call->subs, link)
	{
		if (s->id == (uint64_t)n)
			return s;
	}
	return NULL;
}

static void drop(struct sn_call *call, struct sn_sub *s)
{
	TAILQ_REMOVE(&call->subs, s, link);
	call->subs_n--;
}

static unsigned decode_serviced(struct mst_dest *d, struct sn_call *call,
				struct mst_json root, int64_t *ms_r)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(root, "serviced_requests"));
	struct mst_json v;
	unsigned n = 0;
	int64_t ms;

	while (!d->dead.code && mst_json_next(&it, NULL, &v)) {
		struct sn_sub *s = find(call, mst_json_get(v, "id"));

		if (!s) /* twice, or never ours */
			continue;
		if (mst_json_i64(mst_json_get(v, "execution_time"), &ms) &&
		    ms > 0)
			*ms_r += ms;
		drop(call, s);
		n += s->weight;
		decode_sub(d, s, v);
	}
	return n;
}

/* Goes to the front of the queue, in the old order: last one first. */
static void decode_unserviced(struct mst_dest *d, struct sn_call *call,
			      struct mst_json root, bool progress)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(root, "unserviced_requests"));
	struct sn_sub *s, *prev;
	struct mst_json v;

	while (mst_json_next(&it, NULL, &v)) {
		s = find(call, v);
		if (s)
			s->answered = true; /* it says: not carried out */
	}
	for (s = TAILQ_LAST(&call->subs, sn_subs); s; s = prev) {
		prev = TAILQ_PREV(s, sn_subs, link);
		if (!s->answered)
			continue;
		drop(call, s);
		if (progress)
			queue(d, s, true);
		else
			again(d, s, false, 0,
			      "ServiceNow did not get to it within 30 seconds");
	}
}

/* The weight that would have taken batch_seconds; grows at most twofold at a
 * time. */
static void resize(struct mst_dest *d, unsigned done, int64_t us, bool cut)
{
	int64_t want;

	if (us < 1000)
		us = 1000;
	if (!done) {
		d->batch_size = MST_MAX(d->batch_size / 2, 1);
		return;
	}
	want = (int64_t)done * d->conf->batch_seconds * 1000000 / us;
	if (cut)
		want = MST_MIN(want, (int64_t)done);
	else if (done * 2 < d->batch_size)
		return; /* a small one says little */
	want = MST_MIN(want, (int64_t)d->batch_size * 2);
	want = MST_MIN(want, d->conf->batch_max);
	d->batch_size = (unsigned)MST_MAX(want, 1);
}

/* All that is left in the call had the same fate. */
static void rest(struct mst_dest *d, struct sn_call *call, bool sent,
		 int status, const char *why)
{
	struct sn_sub *s;

	/* The last one first, so that those put back keep their order. */
	while ((s = TAILQ_LAST(&call->subs, sn_subs))) {
		drop(call, s);
		again(d, s, sent, status, why);
	}
}

static void decode(struct mst_dest *d, struct sn_call *call,
		   const struct mst_resp *resp, struct mst_json root)
{
	int64_t ms = 0;
	unsigned done = decode_serviced(d, call, root, &ms);
	bool cut = mst_json_len(mst_json_get(root, "unserviced_requests")) > 0;

	if (d->dead.code)
		return;
	d->failures = 0;
	resize(d, done, MST_MAX(ms * 1000, resp->elapsed_us), cut);
	decode_unserviced(d, call, root, done > 0);
	rest(d, call, true, 0, "the batch answer does not mention it");
}

static void fail(struct mst_dest *d, struct sn_call *call,
		 const struct mst_resp *resp, const char *why)
{
	bool sent = resp->outcome != MST_OUT_FAILED && resp->status != 429;

	if (mst_sn_count_failure(d, resp))
		return;
	d->batch_size = MST_MAX(d->batch_size / 2, 1);
	rest(d, call, sent, resp->status, why);
}

/* 400 and 413 speak of the whole body: smaller ones, down to the guilty one. */
static void too_much(struct mst_dest *d, struct sn_call *call,
		     const struct mst_resp *resp, const char *why)
{
	struct sn_sub *s = TAILQ_FIRST(&call->subs);

	if (call->subs_n > 1) {
		d->batch_size = MST_MAX(call->weight / 2, 1);
		while ((s = TAILQ_LAST(&call->subs, sn_subs))) {
			drop(call, s);
			queue(d, s, true);
		}
		return;
	}
	drop(call, s);
	answer(d, s, SN_REFUSED, resp->status, why);
}

void mst_sn_batch_accept(struct mst_dest *d, struct sn_call *call,
			 const struct mst_resp *resp)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root = {0};
	char why[SN_REASON];
	bool parsed = false;

	if (resp->outcome == MST_OUT_ANSWER)
		parsed =
		    mst_json_parse(d->outer, resp->body, &root, &err) == MST_OK;
	if (!parsed)
		root = (struct mst_json){0};
	if (resp->outcome == MST_OUT_ANSWER && resp->status == 200 && parsed &&
	    mst_json_type(mst_json_get(root, "serviced_requests")) !=
		MST_JSON_NULL) {
		decode(d, call, resp, root);
		return;
	}
	if (mst_sn_is_fatal(resp)) {
		struct mst_err e = MST_ERR_INIT;

		mst_sn_call_error(d, resp, root, "batch", &e);
		mst_sn_die(d, &e);
		return;
	}
	if (resp->outcome != MST_OUT_ANSWER)
		snprintf(why, sizeof(why), "%.400s", resp->err.msg);
	else if (!mst_sn_error_text(root, why, sizeof(why)))
		snprintf(why, sizeof(why), "batch answer %d without a result",
			 resp->status);
	if (resp->status == 400 || resp->status == 413)
		too_much(d, call, resp, why);
	else
		fail(d, call, resp, why);
}
