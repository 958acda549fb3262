/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to a ServiceNow instance. Nothing is repeated here but what surely
 * was not carried out: the outbox does that.
 */
#include "forwarder/instance.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "net/auth.h"
#include "sync/step.h"

#define AT_ONCE	    4	    /* batches under way */
#define BATCH_FIRST 100	    /* requests of the first batch */
#define BATCH_MOST  200	    /* and of any */
#define BODY_MOST   900000  /* bytes of a batch */
#define SLOW_US	    8000000 /* a batch that took longer was too large */
#define QUICK_US    3000000
#define WAIT_MS	    200 /* between two looks at *stop */

/* A batch under way: some of the requests of an ask, by their numbers. */
struct flight {
	bool busy;
	uint64_t id;
	size_t *which, n;
};

struct mst_instance {
	const struct mst_connection *c;
	struct mst_dest *dest;
	struct mst_client *client;
	const char *url, *auth;
	struct mst_address address;
	struct mst_bundle_reader *reader;
	struct mst_json_parser *parser;
	struct mst_buf body;
	size_t size; /* requests of the next batch */
	uint64_t last_id;
	struct flight flights[AT_ONCE];
	/* The last answer of get and post. */
	bool lent;
};

/* ---- open and close ------------------------------------------------------ */

static void no_verdict(void *ctx, const struct mst_verdict *v)
{
	(void)ctx;
	(void)v;
}

static int open_client(struct mst_instance *i, struct mst_err *err)
{
	struct mst_client_conf conf = {
	    .name = i->c->name,
	    .insecure_loopback = true,
	    .retry_max = 1,
	    .retry_total_ms = 1000,
	    .retry_after_max_ms = 1,
	};
	struct mst_source_auth auths[4];
	size_t n;

	if (i->c->dest->client)
		i->c->dest->client(i->c->dest_conf, &conf);
	i->client = mst_client_new(&conf, err);
	if (!i->client)
		return -(int)err->code;
	n = i->c->dest->auths(i->dest, auths, MST_LEN(auths));
	for (size_t k = 0; k < n; k++)
		mst_client_add_auth(i->client, auths[k].name, auths[k].auth,
				    auths[k].hosts);
	i->auth = n ? auths[0].name : NULL;
	return 0;
}

int mst_instance_open(const struct mst_connection *c, struct mst_instance **i_r,
		      struct mst_err *err)
{
	struct mst_dest_env env = {
	    .connection = c->name,
	    .source = c->name,
	    .catalog = mst_sources[0]->catalog,
	    .run = "forward",
	    .verdict = no_verdict,
	};
	struct mst_instance *i = mst_alloc(sizeof(*i));
	int rc;

	i->c = c;
	i->size = BATCH_FIRST;
	mst_buf_init(&i->body, 2 * MST_MAX_REQUEST_BODY);
	i->reader = mst_bundle_reader_new();
	i->parser = mst_json_parser_new(MST_BUNDLE_ANSWER);
	rc = c->dest->open(&env, c->dest_conf, &i->dest, err);
	if (rc == 0)
		rc = open_client(i, err);
	if (rc < 0) {
		mst_instance_close(&i);
		return rc;
	}
	(void)c->dest->addresses(i->dest, &i->address, 1);
	i->url = i->address.url;
	*i_r = i;
	return 0;
}

void mst_instance_close(struct mst_instance **ip)
{
	struct mst_instance *i = *ip;

	if (!i)
		return;
	mst_client_free(&i->client);
	if (i->dest)
		i->c->dest->close(&i->dest);
	mst_bundle_reader_free(&i->reader);
	mst_json_parser_free(&i->parser);
	mst_buf_fini(&i->body);
	free(i);
	*ip = NULL;
}

const char *mst_instance_url(const struct mst_instance *i)
{
	return i->url;
}

/* ---- what an answer means ------------------------------------------------ */

static bool has(const char *text, const char *part)
{
	return mst_slice_ifind(mst_slice_str(text), part) != NULL;
}

bool mst_instance_is_rights(const struct mst_bundle_answer *a)
{
	if (a->status == 401)
		return true;
	if (a->status == 403)
		return has(a->why, "ACL") ||
		       has(a->why, "security constraints") ||
		       has(a->why, "not authorized") ||
		       has(a->why, "unscoped") || has(a->why, "forbidden");
	return (a->status == 400 || a->status == 404) &&
	       has(a->why, "invalid table");
}

const char *mst_instance_remedy(const struct mst_bundle_answer *a)
{
	if (has(a->why, "unscoped"))
		return "the OAuth client lacks a REST API auth scope for this "
		       "API and method: add it to the application registry "
		       "entry";
	if (has(a->why, "invalid table"))
		return "there is no such table on the instance: commit the "
		       "update set muster-ot, or activate its plug-in";
	switch (a->status) {
	case 401:
		return "check the user or the OAuth client of this "
		       "connection, and that the user is active and may use "
		       "web services";
	case 403:
		return "give the user of this connection a role that may "
		       "write there (muster-forward(7), Actions)";
	case 404:
		return "check the url of the connection, and that the REST API "
		       "is active on the instance";
	default:
		return "check the url of the connection and a proxy in between";
	}
}

static bool is_html(const struct mst_resp *resp)
{
	struct mst_slice body = mst_slice_trim(resp->body);

	return body.n && body.p[0] == '<';
}

/* The error of an answer that says something of all requests; 0: it does
 * not. */
static int whole(struct mst_instance *i, const struct mst_resp *resp,
		 const struct mst_bundle_answer *a, const char *what,
		 struct mst_err *err)
{
	enum mst_code code;

	if (resp->outcome != MST_OUT_ANSWER) {
		*err = resp->err;
		if (!err->code)
			err->code = MST_E_TRANSIENT;
		return mst_err_prefix(err, "%s: %s", i->c->name, what);
	}
	if (a->status < 500 && a->status != 429 && a->status != 401 &&
	    !is_html(resp) && !mst_instance_is_rights(a))
		return 0;
	if (is_html(resp) && a->status != 401 && a->status != 403 &&
	    a->status < 500)
		return mst_err_set(
		    err, MST_E_UNSUPPORTED,
		    "%s: %s: ServiceNow answered %d with a web page instead of "
		    "JSON: a developer instance may be asleep (wake it in the "
		    "browser), or the url leads to a login page or proxy",
		    i->c->name, what, a->status);
	code = mst_status_code(a->status);
	if (code == MST_E_TRANSIENT || code == MST_E_THROTTLED)
		(void)mst_err_set(
		    err, code, "%s: %s: ServiceNow answered %d%s%s", i->c->name,
		    what, a->status, *a->why ? ": " : "", a->why);
	else
		(void)mst_err_set(err, code,
				  "%s: %s: ServiceNow answered %d, \"%s\": %s",
				  i->c->name, what, a->status, a->why,
				  mst_instance_remedy(a));
	err->status = a->status;
	err->retry_after_ms = resp->retry_after_ms;
	return -(int)code;
}

static void answer_of(struct mst_instance *i, const struct mst_resp *resp,
		      struct mst_bundle_answer *a_r)
{
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_bundle_answer a = {0};

	if (resp->outcome == MST_OUT_ANSWER) {
		a.status = resp->status;
		if (mst_json_parse(i->parser, resp->body, &a.root, &ignored) <
		    0)
			a.root = (struct mst_json){0};
		if (a.status >= 300 &&
		    !mst_bundle_error(a.root, a.why, sizeof(a.why)))
			(void)snprintf(a.why, sizeof(a.why), "no reason given");
	} else {
		a.status = resp->outcome == MST_OUT_UNCERTAIN ? -1 : 0;
		(void)snprintf(a.why, sizeof(a.why), "%.390s", resp->err.msg);
	}
	*a_r = a;
}

/* ---- one request --------------------------------------------------------- */

static void prepare(struct mst_instance *i, enum mst_method method,
		    const char *path, const char *what, struct mst_req *req_r)
{
	mst_req_init(req_r, method);
	req_r->id = ++i->last_id;
	req_r->url = mst_arena_printf(&req_r->arena, "%s%s", i->url, path);
	req_r->auth = i->auth;
	req_r->max_bytes = MST_BUNDLE_ANSWER;
	req_r->what = mst_arena_strdup(&req_r->arena, what);
	mst_req_header(req_r, "Accept", "application/json");
}

static int one(struct mst_instance *i, enum mst_method method, const char *path,
	       struct mst_slice body, struct mst_bundle_answer *a_r,
	       struct mst_err *err)
{
	const struct mst_resp *resp;
	const struct mst_req *done;
	struct mst_req req;
	int rc = 0;

	if (i->lent)
		mst_client_done(i->client);
	i->lent = false;
	*a_r = (struct mst_bundle_answer){0};
	prepare(i, method, path, path, &req);
	if (body.n) {
		req.body = mst_arena_dup(&req.arena, body);
		mst_req_header(&req, "Content-Type", "application/json");
	}
	if (mst_client_submit(i->client, &req, err) < 0)
		return -(int)err->code;
	while (rc == 0 && mst_client_pending(i->client))
		rc = mst_client_wait(i->client, -1, &done, &resp, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return mst_err_set(err, MST_E_INTERNAL, "no answer to '%s'",
				   path);
	i->lent = true;
	answer_of(i, resp, a_r);
	return whole(i, resp, a_r, path, err);
}

int mst_instance_post(struct mst_instance *i, const char *path,
		      struct mst_slice body, struct mst_bundle_answer *a_r,
		      struct mst_err *err)
{
	return one(i, MST_HTTP_POST, path, body, a_r, err);
}

int mst_instance_get(struct mst_instance *i, const char *path,
		     struct mst_bundle_answer *a_r, struct mst_err *err)
{
	return one(i, MST_HTTP_GET, path, mst_slice(NULL, 0), a_r, err);
}

/* ---- batches ------------------------------------------------------------- */

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
	if (whole(q->i, resp, a, "batch", &err) == 0 && sent)
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
	answer_of(q->i, resp, &a);
	fail(q, f, resp, &a);
}

static struct flight *free_flight(struct mst_instance *i)
{
	for (size_t k = 0; k < AT_ONCE; k++) {
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
	prepare(i, MST_HTTP_POST, MST_BUNDLE_PATH, what, &req);
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
	for (size_t k = 0; k < AT_ONCE; k++) {
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
	for (size_t k = 0; k < AT_ONCE; k++) {
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
	    mst_alloc((n + (AT_ONCE + 1) * BATCH_MOST + 1) * sizeof(*numbers));
	int rc = 0;

	if (i->lent)
		mst_client_done(i->client);
	i->lent = false;
	q.queue = numbers;
	for (size_t k = 0; k < n; k++)
		q.queue[k] = k;
	for (size_t k = 0; k < AT_ONCE; k++)
		i->flights[k].which = numbers + n + k * BATCH_MOST;
	q.again = numbers + n + AT_ONCE * BATCH_MOST;
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
