/* SPDX-License-Identifier: Apache-2.0
 *
 * Bundles of table requests to an instance, some at once. Their size follows
 * the time that they take.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "forwarder/instance_private.h"
#include "sync/step.h"

#define BATCH_MOST 200	   /* requests of any bundle */
#define BODY_MOST  900000  /* bytes of one */
#define SLOW_US	   8000000 /* one that took longer was too large */
#define QUICK_US   3000000
#define WAIT_MS	   200 /* between two looks at *stop */

/* Requests on their way; which of them wait is a list of numbers. */
struct asking {
	struct mst_instance *i;
	const struct mst_bundle_req *r;
	size_t *queue, from, to; /* a ring would be more than it needs */
	mst_instance_fn fn;
	void *ctx;
	const atomic_bool *stop;
	struct mst_err away;
	/* While an answer is read. */
	const struct flight *flight;
	size_t done, *again, again_n;
};

static void tell(struct asking *q, size_t k, int status, const char *why)
{
	struct mst_bundle_answer a = {.status = status};

	(void)snprintf(a.why, sizeof(a.why), "%.390s", why);
	q->fn(q->ctx, k, &a);
}

static void take_one(void *ctx, size_t i, const struct mst_bundle_answer *a)
{
	struct asking *q = ctx;

	if (a->status == 0) {
		q->again[q->again_n++] = q->flight->which[i];
		return;
	}
	q->done++;
	q->fn(q->ctx, q->flight->which[i], a);
}

/* What was not serviced goes to the front again, unless nothing was. */
static void put_back(struct asking *q)
{
	if (!q->done) {
		for (size_t k = 0; k < q->again_n; k++)
			tell(q, q->again[k], 0,
			     "ServiceNow did not get to it within its time");
		return;
	}
	q->from -= q->again_n;
	memcpy(q->queue + q->from, q->again, q->again_n * sizeof(*q->again));
}

static void resize(struct mst_instance *i, size_t done, size_t n,
		   int64_t elapsed_us)
{
	if (done < n || elapsed_us > SLOW_US)
		i->size = MST_MAX(done < n ? done / 2 : i->size / 2, (size_t)1);
	else if (elapsed_us < QUICK_US && n >= i->size)
		i->size = MST_MIN(i->size * 2, (size_t)BATCH_MOST);
}

static void fail(struct asking *q, struct flight *f,
		 const struct mst_resp *resp, const struct mst_bundle_answer *a)
{
	bool sent = resp->outcome == MST_OUT_UNCERTAIN ||
		    (resp->outcome == MST_OUT_ANSWER &&
		     (a->status < 400 || a->status >= 500));
	struct mst_err err = MST_ERR_INIT;

	/* 400 and 413 speak of the whole body: smaller ones, down to one. */
	if ((a->status == 400 || a->status == 413) && f->n > 1) {
		q->i->size = f->n / 2;
		q->from -= f->n;
		memcpy(q->queue + q->from, f->which, f->n * sizeof(*f->which));
		return;
	}
	if (mst_instance_whole(q->i, resp, a, "batch", &err) == 0 && sent)
		(void)mst_err_set(&err, MST_E_TRANSIENT,
				  "%s: batch: ServiceNow answered %d without a "
				  "result",
				  q->i->c->name, a->status);
	if (err.code && !q->away.code)
		q->away = err;
	for (size_t k = 0; k < f->n; k++)
		tell(q, f->which[k],
		     sent	? -1
		     : err.code ? 0
				: a->status,
		     err.code ? err.msg : a->why);
}

static void accept(struct asking *q, struct flight *f,
		   const struct mst_resp *resp)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_bundle_answer a;

	mst_step();
	q->flight = f;
	q->done = q->again_n = 0;
	if (resp->outcome == MST_OUT_ANSWER && resp->status == 200 &&
	    mst_bundle_read(q->i->reader, resp->body, f->n, take_one, q,
			    &err) == 0) {
		resize(q->i, q->done, f->n, resp->elapsed_us);
		put_back(q);
		return;
	}
	mst_instance_answer(q->i, resp, &a);
	fail(q, f, resp, &a);
}

static struct flight *free_flight(struct mst_instance *i)
{
	for (size_t k = 0; k < MST_INSTANCE_AT_ONCE; k++) {
		if (!i->flights[k].busy)
			return &i->flights[k];
	}
	return NULL;
}

static int send_batch(struct asking *q, struct flight *f, struct mst_err *err)
{
	struct mst_bundle_req v[BATCH_MOST];
	struct mst_instance *i = q->i;
	size_t bytes = 256;
	char id[64], what[64];
	struct mst_req req;

	f->n = 0;
	while (q->from < q->to && f->n < i->size) {
		const struct mst_bundle_req *r = &q->r[q->queue[q->from]];

		bytes += mst_bundle_bytes(r);
		if (f->n && bytes > BODY_MOST)
			break;
		v[f->n] = *r;
		f->which[f->n++] = q->queue[q->from++];
	}
	(void)snprintf(id, sizeof(id), "forward-%llu",
		       (unsigned long long)i->last_id + 1);
	(void)snprintf(what, sizeof(what), "batch of %zu", f->n);
	mst_buf_reset(&i->body);
	mst_bundle_body(id, v, f->n, &i->body);
	mst_instance_prepare(i, MST_HTTP_POST, MST_BUNDLE_PATH, what, &req);
	req.body = mst_arena_dup(&req.arena, mst_buf_slice(&i->body));
	mst_req_header(&req, "Content-Type", "application/json");
	f->id = req.id;
	mst_step();
	if (mst_client_submit(i->client, &req, err) < 0)
		return -(int)err->code;
	f->busy = true;
	return 0;
}

static struct flight *flight_of(struct mst_instance *i, uint64_t id)
{
	for (size_t k = 0; k < MST_INSTANCE_AT_ONCE; k++) {
		if (i->flights[k].busy && i->flights[k].id == id)
			return &i->flights[k];
	}
	return NULL;
}

static int turn(struct asking *q, struct mst_err *err)
{
	struct mst_instance *i = q->i;
	const struct mst_resp *resp;
	const struct mst_req *req;
	struct flight *f;
	int rc;

	while (!q->away.code && !atomic_load(q->stop) && q->from < q->to &&
	       (f = free_flight(i))) {
		rc = send_batch(q, f, err);
		if (rc < 0) {
			q->from -= f->n;
			return rc;
		}
	}
	rc = mst_client_wait(i->client, WAIT_MS, &req, &resp, err);
	if (rc <= 0)
		return rc;
	f = flight_of(i, req->id);
	if (f) {
		f->busy = false;
		accept(q, f, resp);
	}
	mst_client_done(i->client);
	return 0;
}

/* What has no answer yet. */
static void rest(struct asking *q, const char *why)
{
	for (size_t k = 0; k < MST_INSTANCE_AT_ONCE; k++) {
		struct flight *f = &q->i->flights[k];

		for (size_t j = 0; f->busy && j < f->n; j++)
			tell(q, f->which[j], -1, why);
		f->busy = false;
	}
	while (q->from < q->to)
		tell(q, q->queue[q->from++], 0, why);
}

int mst_instance_ask(struct mst_instance *i, const struct mst_bundle_req *r,
		     size_t n, const atomic_bool *stop, mst_instance_fn fn,
		     void *ctx, struct mst_err *err)
{
	struct asking q = {.i = i,
			   .r = r,
			   .to = n,
			   .fn = fn,
			   .ctx = ctx,
			   .stop = stop,
			   .away = MST_ERR_INIT};
	size_t *numbers =
	    mst_alloc((n + (MST_INSTANCE_AT_ONCE + 1) * BATCH_MOST + 1) *
		      sizeof(*numbers));
	int rc = 0;

	if (i->lent)
		mst_client_done(i->client);
	i->lent = false;
	q.queue = numbers;
	for (size_t k = 0; k < n; k++)
		q.queue[k] = k;
	for (size_t k = 0; k < MST_INSTANCE_AT_ONCE; k++)
		i->flights[k].which = numbers + n + k * BATCH_MOST;
	q.again = numbers + n + MST_INSTANCE_AT_ONCE * BATCH_MOST;
	while (rc == 0 &&
	       (mst_client_pending(i->client) ||
		(q.from < q.to && !q.away.code && !atomic_load(stop))))
		rc = turn(&q, err);
	if (rc == 0 && q.away.code) {
		*err = q.away;
		rc = -(int)err->code;
	}
	rest(&q, rc < 0 ? err->msg : "muster was told to stop");
	free(numbers);
	return rc;
}
