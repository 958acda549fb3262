/* SPDX-License-Identifier: Apache-2.0
 *
 * The way of a request: what its head decides (route, limits, who asks), its
 * body, the handler; and what handlers ask about it.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/num.h"
#include "base/time.h"
#include "http/private.h"

#define PAGE_DEFAULT 50
#define PAGE_MOST    500
#define DROP_MOST    ((size_t)16 << 20)

static struct http_exchange *of(const struct mst_http_req *r)
{
	return r->private_;
}

/* ---- beginning and end --------------------------------------------------- */

struct http_exchange *mst_http_exchange_new(struct mst_http *h, const char *uri)
{
	struct http_exchange *x = mst_alloc(sizeof(*x));
	uint64_t n = atomic_fetch_add(&h->ids, 1);

	mst_arena_init(&x->r.arena, HTTP_ARENA_MAX);
	mst_buf_init(&x->body, h->conf.body_max);
	mst_buf_init(&x->resp.body, HTTP_ANSWER_MAX);
	x->h = h;
	x->uri = mst_strdup(uri);
	x->began_us = mst_mono_us();
	x->r.http = h;
	x->r.app = h->conf.app;
	x->r.path = x->uri;
	x->r.private_ = x;
	(void)snprintf(
	    x->r.id, sizeof(x->r.id), "%016llx",
	    (unsigned long long)mst_hash64(&n, sizeof(n), h->id_seed));
	atomic_fetch_add(&h->busy, 1);
	return x;
}

void mst_http_exchange_free(struct http_exchange **x)
{
	if (!*x)
		return;
	atomic_fetch_sub(&(*x)->h->busy, 1);
	mst_http_answer_reset(&(*x)->resp);
	mst_json_parser_free(&(*x)->parser);
	mst_buf_fini(&(*x)->body);
	mst_arena_fini(&(*x)->r.arena);
	free((*x)->uri);
	free(*x);
	*x = NULL;
}

/* ---- the head ------------------------------------------------------------ */

static int too_many(struct http_exchange *x, const char *who, int64_t wait_ms,
		    struct mst_err *err)
{
	(void)mst_err_set(err, MST_E_THROTTLED,
			  "too many requests by %s; go on in %lld s", who,
			  (long long)((wait_ms + 999) / 1000));
	err->retry_after_ms = wait_ms;
	(void)x;
	return -MST_E_THROTTLED;
}

static int find_route(struct http_exchange *x, struct mst_err *err)
{
	const char *allow = NULL;
	int rc = mst_http_way_find(x, &allow, err);

	if (rc == -MST_E_UNSUPPORTED) {
		(void)mst_http_problem_as(&x->r, &x->resp, 405,
					  "method_not_allowed", "%s", err->msg);
		mst_http_answer_header(x, "Allow", allow);
		x->decided = true;
		return 0;
	}
	if (rc == -MST_E_NOTFOUND && !x->r.route && x->h->conf.fallback &&
	    strcmp(x->method, "GET") == 0) {
		x->r.method = MST_ROUTE_GET;
		return 0;
	}
	return rc;
}

static bool is_type(const char *type, const char *want)
{
	size_t n = strlen(want);

	return mst_slice_istarts(mst_slice_str(type), want) &&
	       (!type[n] || strchr("; \t+", type[n]));
}

/* Does the body's type fit the route? */
static bool type_fits(const struct http_exchange *x)
{
	const char *type = mst_http_header(&x->r, "Content-Type");

	if (!x->r.route || !x->r.route->body)
		return true;
	if (x->r.route->flags & MST_ROUTE_TEXT)
		return !type || !is_type(type, "multipart/form-data");
	return type && is_type(type, "application/json");
}

static int check_body(struct http_exchange *x, int64_t length)
{
	if (length > 0 && (uint64_t)length > x->h->conf.body_max) {
		x->decided = true;
		return mst_http_problem_as(&x->r, &x->resp, 413, "too_large",
					   "the body is larger than %zu bytes",
					   x->h->conf.body_max);
	}
	if (length != 0 && !type_fits(x)) {
		x->decided = true;
		return mst_http_problem_as(
		    &x->r, &x->resp, 415, "unsupported_media_type",
		    "the body has to be application/json; Content-Type says "
		    "something else, or nothing");
	}
	return 0;
}

static int gate(struct http_exchange *x, struct mst_err *err)
{
	struct mst_http *h = x->h;
	int64_t wait_ms;
	int rc;

	if (!mst_http_peers_ask(h->peers, x->r.peer, h->conf.address_rate,
				&wait_ms))
		return too_many(x, "this address", wait_ms, err);
	if (!h->conf.gate)
		return 0;
	rc = h->conf.gate(&x->r, &x->resp, err);
	if (rc < 0 || x->resp.status) {
		x->decided = rc >= 0;
		return rc;
	}
	if (x->r.caller && !mst_http_peers_ask(h->peers, x->r.caller,
					       h->conf.caller_rate, &wait_ms))
		return too_many(x, "this caller", wait_ms, err);
	return 0;
}

/* What comes by a proxy counts as what the proxy says, if we know it. */
static void look_behind(struct http_exchange *x)
{
	const char *via = mst_http_header(&x->r, "X-Forwarded-For");
	const char *proto = mst_http_header(&x->r, "X-Forwarded-Proto");

	x->r.direct = !via && !mst_http_header(&x->r, "Forwarded");
	if (!mst_http_peers_is_proxy(x->h->peers, x->r.peer))
		return;
	if (via)
		x->r.peer = mst_http_peers_behind(x->h->peers, &x->r.arena, via,
						  x->r.peer);
	if (proto)
		x->r.tls = strcmp(proto, "https") == 0;
}

void mst_http_exchange_begin(struct http_exchange *x, int64_t length)
{
	struct mst_err err = MST_ERR_INIT;
	int rc;

	x->begun = true;
	look_behind(x);
	rc = mst_http_uri_split(x, &err);
	if (rc == 0)
		rc = find_route(x, &err);
	if (rc == 0 && !x->decided)
		rc = gate(x, &err);
	if (rc == 0 && !x->decided && x->r.route)
		rc = mst_http_query_check(x, &err);
	if (rc == 0 && !x->decided)
		rc = check_body(x, length);
	if (rc < 0) {
		(void)mst_http_problem(&x->r, &x->resp, &err);
		x->decided = true;
	}
}

/* ---- the body ------------------------------------------------------------ */

bool mst_http_exchange_body(struct http_exchange *x, struct mst_slice data)
{
	if (x->decided) {
		/* What was refused may end in peace, but not go on for ever. */
		x->dropped += data.n;
		return x->dropped <= DROP_MOST;
	}
	if (mst_buf_add_slice(&x->body, data))
		return true;
	mst_buf_fini(&x->body);
	x->decided = true;
	(void)mst_http_problem_as(&x->r, &x->resp, 413, "too_large",
				  "the body is larger than %zu bytes",
				  x->h->conf.body_max);
	return true;
}

/* ---- the handler --------------------------------------------------------- */

static void *local_of(struct mst_http *h)
{
	/* A thread of the pool belongs to one server alone. */
	static _Thread_local const struct mst_http *mine;
	static _Thread_local void *local;
	struct http_locals *l = &h->locals;

	if (!h->daemon)
		return l->n ? l->all[0] : NULL;
	if (mine == h)
		return local;
	(void)pthread_mutex_lock(&l->lock);
	local = l->taken < l->n ? l->all[l->taken++] : NULL;
	(void)pthread_mutex_unlock(&l->lock);
	mine = h;
	if (local && h->conf.local_here)
		h->conf.local_here(h->conf.app, local);
	return local;
}

static void handle(struct http_exchange *x)
{
	struct mst_err err = MST_ERR_INIT;
	int rc;

	x->r.body = mst_buf_slice(&x->body);
	if (x->r.route)
		rc = x->r.route->run(&x->r, &x->resp, &err);
	else
		rc = x->h->conf.fallback(&x->r, &x->resp, &err);
	if (rc < 0)
		(void)mst_http_problem(&x->r, &x->resp, &err);
	x->decided = true;
}

void mst_http_exchange_end(struct http_exchange *x)
{
	if (!x->decided)
		handle(x);
	mst_http_answer_finish(x);
	if (x->h->conf.done)
		x->h->conf.done(&x->r, x->resp.status,
				mst_mono_us() - x->began_us);
}

/* The gate runs with the head, so the handle has to be there by then. */
void mst_http_exchange_local(struct http_exchange *x)
{
	x->r.local = local_of(x->h);
}

void mst_http_exchange_apart(struct http_exchange *x)
{
	struct mst_err err = MST_ERR_INIT;
	int rc = 0;

	mst_http_exchange_local(x);
	/* This handle, too, has to hear who asks. */
	if (x->h->conf.gate)
		rc = x->h->conf.gate(&x->r, &x->resp, &err);
	if (rc < 0)
		(void)mst_http_problem(&x->r, &x->resp, &err);
	x->decided = rc < 0 || x->resp.status;
	if (!x->decided)
		handle(x);
}

/* ---- what handlers ask --------------------------------------------------- */

const char *mst_http_param(const struct mst_http_req *r, const char *name)
{
	const struct http_exchange *x = of(r);

	for (size_t i = 0; i < x->params; i++)
		if (strcmp(x->param[i].name, name) == 0)
			return x->param[i].value;
	return NULL;
}

int mst_http_param_id(const struct mst_http_req *r, const char *name,
		      int64_t *id_r, struct mst_err *err)
{
	const char *text = mst_http_param(r, name);
	int64_t id;

	if (!text || !mst_num_i64(mst_slice_str(text), &id) || id <= 0)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "there is no '%.64s' here: %s is a number",
				   text ? text : "", name);
	*id_r = id;
	return 0;
}

const char *mst_http_query(const struct mst_http_req *r, const char *name)
{
	const struct http_exchange *x = of(r);

	for (size_t i = 0; i < x->queries; i++)
		if (strcmp(x->query[i].name, name) == 0)
			return x->query[i].value;
	return NULL;
}

int mst_http_page(const struct mst_http_req *r, size_t *limit_r,
		  int64_t *after_r, struct mst_err *err)
{
	const char *limit = mst_http_query(r, "limit");
	const char *after = mst_http_query(r, "after");
	int64_t n = PAGE_DEFAULT, at = 0;

	if (limit &&
	    (!mst_num_i64(mst_slice_str(limit), &n) || n < 1 || n > PAGE_MOST))
		return mst_err_set(err, MST_E_INVALID,
				   "parameter 'limit' is a number from 1 to %d",
				   PAGE_MOST);
	if (after && (!mst_num_i64(mst_slice_str(after), &at) || at < 1))
		return mst_err_set(err, MST_E_INVALID,
				   "parameter 'after' is what 'next' of the "
				   "page before said");
	*limit_r = (size_t)n;
	*after_r = at;
	return 0;
}

const char *mst_http_header(const struct mst_http_req *r, const char *name)
{
	const struct http_exchange *x = of(r);

	return x->header ? x->header(x->header_ctx, name) : NULL;
}

const char *mst_http_cookie(const struct mst_http_req *r, const char *name)
{
	const char *p = mst_http_header(r, "Cookie");
	size_t n = strlen(name);

	while (p && *p) {
		size_t len;

		p += strspn(p, " \t;");
		len = strcspn(p, ";");
		if (len > n && memcmp(p, name, n) == 0 && p[n] == '=') {
			struct mst_slice v =
			    mst_slice_trim(mst_slice(p + n + 1, len - n - 1));

			return mst_arena_dup(&of(r)->r.arena, v).p;
		}
		p += len;
	}
	return NULL;
}

int mst_http_json(struct mst_http_req *r, struct mst_json *root_r,
		  struct mst_err *err)
{
	struct http_exchange *x = of(r);

	if (!x->parser) {
		struct mst_json_parser *p =
		    mst_json_parser_new(MST_MAX(r->body.n, 1));
		int rc = mst_json_parse(p, r->body, &x->json, err);

		if (rc == 0 && mst_json_type(x->json) != MST_JSON_OBJECT)
			rc = -MST_E_CORRUPT;
		if (rc < 0) {
			mst_json_parser_free(&p);
			return mst_err_set(err, MST_E_INVALID,
					   "the body is no JSON object");
		}
		x->parser = p;
	}
	*root_r = x->json;
	return 0;
}

int mst_http_match(const struct mst_http_req *r, struct mst_slice now,
		   struct mst_err *err)
{
	struct http_exchange *x = of(r);
	const char *want = mst_http_header(r, "If-Match");
	const char *none = mst_http_header(r, "If-None-Match");
	bool ok = true;

	if (want)
		ok = now.p &&
		     (strcmp(want, "*") == 0 ||
		      mst_http_etag_in(
			  want, mst_http_etag(&x->r.arena, now, false), true));
	else if (none)
		ok = !(now.p &&
		       (strcmp(none, "*") == 0 ||
			mst_http_etag_in(none,
					 mst_http_etag(&x->r.arena, now, false),
					 true)));
	if (ok)
		return 0;
	x->changed = true;
	return mst_err_set(err, MST_E_CONFLICT,
			   now.p ? "it was changed since you looked; look "
				   "again and decide anew"
				 : "it is not there any more");
}
