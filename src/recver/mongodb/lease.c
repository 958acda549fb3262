/* SPDX-License-Identifier: Apache-2.0
 *
 * The lease: one document, changed by one findAndModify on its token. The
 * server writes its own time into it; whether the lease has ended is told by
 * the server's time again, with a margin, because after a fail-over that may be
 * another server's.
 */
#include <stdio.h>

#include "base/time.h"
#include "recver/mongodb/private.h"

#define SKEW_MS 30000

static void copy_text(const bson_t *doc, const char *name, char *out, size_t n)
{
	bson_iter_t it;

	out[0] = 0;
	if (bson_iter_init_find(&it, doc, name) && BSON_ITER_HOLDS_UTF8(&it))
		(void)snprintf(out, n, "%s", bson_iter_utf8(&it, NULL));
}

static int64_t number(const bson_t *doc, const char *name)
{
	bson_iter_t it;

	if (!bson_iter_init_find(&it, doc, name))
		return 0;
	return BSON_ITER_HOLDS_DATE_TIME(&it) ? bson_iter_date_time(&it)
					      : bson_iter_as_int64(&it);
}

struct found {
	struct mst_lease *l;
	int64_t ends_ms;
};

static int take(void *ctx, const bson_t *doc, struct mst_err *err)
{
	struct found *f = ctx;

	copy_text(doc, "token", f->l->token, sizeof(f->l->token));
	copy_text(doc, "holder", f->l->holder, sizeof(f->l->holder));
	f->ends_ms = number(doc, "renewed") + number(doc, "for_ms");
	return 0;
}

int mst_mongo_lease_read(void *p, struct mst_lease *l_r, struct mst_err *err)
{
	struct mst_mongo *c = p;
	struct found f = {.l = l_r};
	bson_t *filter = BCON_NEW("_id", BCON_UTF8("writer")), reply;
	int rc;

	*l_r = (struct mst_lease){0};
	rc = mst_mongo_each(
	    c, mongoc_collection_find_with_opts(c->lease, filter, NULL, NULL),
	    take, &f, err);
	bson_destroy(filter);
	if (rc < 0 || !l_r->token[0])
		return rc;
	rc = mst_mongo_hello(c, &reply, err);
	l_r->expired =
	    rc == 0 && f.ends_ms + SKEW_MS < number(&reply, "localTime");
	bson_destroy(&reply);
	return rc;
}

/* *done_r: the lease with this token was there, and was changed. */
static int modify(struct mst_mongo *c, const char *token, bson_t *update,
		  bool upsert, bool *done_r, struct mst_err *err)
{
	bson_t *query =
	    BCON_NEW("_id", BCON_UTF8("writer"), "token", BCON_UTF8(token));
	mongoc_find_and_modify_opts_t *opts = mongoc_find_and_modify_opts_new();
	bson_error_t e = {0};
	bson_iter_t it, in;
	bson_t reply;
	int rc = 0;

	(void)mongoc_find_and_modify_opts_set_update(opts, update);
	(void)mongoc_find_and_modify_opts_set_flags(
	    opts, MONGOC_FIND_AND_MODIFY_RETURN_NEW |
		      (upsert ? MONGOC_FIND_AND_MODIFY_UPSERT : 0));
	*done_r = false;
	if (mongoc_collection_find_and_modify_with_opts(c->lease, query, opts,
							&reply, &e)) {
		*done_r = bson_iter_init_find(&it, &reply, "value") &&
			  BSON_ITER_HOLDS_DOCUMENT(&it);
		if (*done_r && bson_iter_recurse(&it, &in) &&
		    bson_iter_find(&in, "term"))
			c->term = bson_iter_as_int64(&in);
	} else if (!upsert || !mst_mongo_is(&e, MST_MONGO_DUPLICATE)) {
		/* A duplicate: there is one, with another token. */
		rc = mst_mongo_fail(c, &reply, &e, err);
	}
	bson_destroy(&reply);
	bson_destroy(query);
	mongoc_find_and_modify_opts_destroy(opts);
	return rc;
}

static void add_times(bson_t *update, bson_t *set, int64_t for_ms)
{
	bson_t now;

	(void)bson_append_int64(set, "for_ms", -1, for_ms);
	(void)bson_append_document_end(update, set);
	(void)bson_append_document_begin(update, "$currentDate", -1, &now);
	(void)bson_append_bool(&now, "renewed", -1, true);
	(void)bson_append_document_end(update, &now);
}

int mst_mongo_lease_swap(void *p, const char *from, const struct mst_lease *to,
			 int64_t for_ms, bool *done_r, struct mst_err *err)
{
	bson_t update = BSON_INITIALIZER, part;
	int rc;

	(void)bson_append_document_begin(&update, "$set", -1, &part);
	(void)bson_append_utf8(&part, "token", -1, to->token, -1);
	(void)bson_append_utf8(&part, "holder", -1, to->holder, -1);
	add_times(&update, &part, for_ms);
	if (to->token[0] && strcmp(from, to->token) != 0) {
		(void)bson_append_document_begin(&update, "$inc", -1, &part);
		(void)bson_append_int64(&part, "term", -1, 1);
		(void)bson_append_document_end(&update, &part);
	}
	rc = modify(p, from, &update, !from[0], done_r, err);
	bson_destroy(&update);
	return rc;
}

int mst_mongo_lease_hold(struct mst_mongo *c, const char *token, int64_t for_ms,
			 struct mst_err *err)
{
	bson_t update = BSON_INITIALIZER, set;
	int64_t now = mst_mono_us();
	bool done = false;
	int rc;

	(void)bson_append_document_begin(&update, "$set", -1, &set);
	add_times(&update, &set, for_ms);
	rc = modify(c, token, &update, false, &done, err);
	bson_destroy(&update);
	if (rc == 0 && !done)
		return mst_err_set(err, MST_E_CONFLICT,
				   "somebody else has the lease");
	c->held_us = now;
	return rc;
}
