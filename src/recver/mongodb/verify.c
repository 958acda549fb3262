/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at all of RecVer on MongoDB: documents whatever they hold, and parts
 * that no document names.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/time.h"
#include "recver/mongodb/private.h"

struct looking {
	struct mst_mongo *c;
	const struct mst_recver_look *look;
	struct mst_buf list;
};

static bool find(const bson_t *doc, const char *name, bson_iter_t *it)
{
	return bson_iter_init_find(it, doc, name);
}

static int64_t number(const bson_t *doc, const char *name)
{
	bson_iter_t it;

	return find(doc, name, &it) && BSON_ITER_HOLDS_NUMBER(&it)
		   ? bson_iter_as_int64(&it)
		   : INT64_MIN;
}

static int64_t time_of(const bson_t *doc, const char *name)
{
	int64_t us = number(doc, name);

	return us == INT64_MIN ? MST_TIME_NONE : us;
}

static struct mst_slice bytes_at(const bson_iter_t *it)
{
	const uint8_t *p = NULL;
	bson_subtype_t kind;
	uint32_t n = 0;

	if (!BSON_ITER_HOLDS_BINARY(it))
		return (struct mst_slice){0};
	bson_iter_binary(it, &kind, &n, &p);
	return mst_slice(n ? (const char *)p : "", n);
}

static struct mst_slice bytes(const bson_t *doc, const char *name)
{
	bson_iter_t it;

	return find(doc, name, &it) ? bytes_at(&it) : (struct mst_slice){0};
}

static const char *text_at(const bson_iter_t *it)
{
	return BSON_ITER_HOLDS_UTF8(it) ? bson_iter_utf8(it, NULL) : "";
}

/* ---- groups -------------------------------------------------------------- */

/* Puts the parts together; what is wrong with them, or NULL. */
static int join_parts(struct looking *l, const bson_t *doc,
		      struct mst_recver_raw *g, struct mst_err *err)
{
	struct mst_mongo_group m;
	struct mst_err bad = MST_ERR_INIT;
	int rc;

	if (mst_mongo_group(doc, &m, &bad) < 0 || !m.parts)
		return 0;
	mst_buf_reset(&l->list);
	rc = mst_mongo_parts_read(l->c, &m, &l->list, err);
	if (rc == -MST_E_CORRUPT) {
		mst_err_clear(err);
		g->wrong = "a part of its member list is gone";
		rc = 0;
	}
	g->list = mst_slice(l->list.n ? l->list.p : "", l->list.n);
	return rc;
}

static int take_group(void *ctx, const bson_t *doc, struct mst_err *err)
{
	struct looking *l = ctx;
	struct mst_slice id = bytes(doc, "_id");
	struct mst_recver_raw g = {
	    .text = bytes(doc, "text"),
	    .digest = bytes(doc, "digest"),
	    .remote = bytes(doc, "remote"),
	    .list = bytes(doc, "list"),
	    .members = number(doc, "members"),
	    .run = number(doc, "run"),
	    .state = number(doc, "state"),
	    .first_us = time_of(doc, "first_us"),
	    .changed_us = time_of(doc, "changed_us"),
	};
	bson_iter_t it;
	uint64_t set;
	int rc;

	if (id.n != MST_MONGO_ID)
		return l->look->stray(l->look->ctx,
				      "a group's document has an _id that is "
				      "not a set's number and a key");
	memcpy(&set, id.p, 8);
	g.set = (int64_t)be64toh(set);
	g.key = mst_slice(id.p + 8, 16);
	g.has_list = find(doc, "has_list", &it) && bson_iter_as_bool(&it);
	if (number(doc, "term") == INT64_MIN)
		g.wrong = "it has no term: any writer may replace it";
	rc = join_parts(l, doc, &g, err);
	return rc < 0 ? rc : l->look->group(l->look->ctx, &g);
}

/* ---- parts --------------------------------------------------------------- */

struct named {
	const uint8_t *part;
	bool is;
};

static int take_owner(void *ctx, const bson_t *doc, struct mst_err *err)
{
	struct named *n = ctx;
	struct mst_err bad = MST_ERR_INIT;
	struct mst_mongo_group g;
	uint32_t at;

	if (mst_mongo_group(doc, &g, &bad) < 0)
		return 0;
	memcpy(&at, n->part + MST_MONGO_ID + MST_MONGO_GEN, 4);
	n->is = g.parts > be32toh(at) &&
		memcmp(n->part + MST_MONGO_ID, g.gen, MST_MONGO_GEN) == 0;
	return 0;
}

/* Few lists are long enough for parts, so each may ask. */
static int take_part(void *ctx, const bson_t *doc, struct mst_err *err)
{
	struct looking *l = ctx;
	struct mst_slice id = bytes(doc, "_id");
	struct named n = {(const uint8_t *)id.p, false};
	bson_t filter = BSON_INITIALIZER, *opts;
	int rc;

	if (id.n != MST_MONGO_PART)
		return l->look->stray(l->look->ctx,
				      "a document of parts has an _id that is "
				      "none");
	opts = BCON_NEW("projection", "{", "list", BCON_INT32(0), "}");
	mst_mongo_add_bytes(&filter, "_id", id.p, MST_MONGO_ID);
	rc = mst_mongo_each(
	    l->c,
	    mongoc_collection_find_with_opts(l->c->grp, &filter, opts, NULL),
	    take_owner, &n, err);
	bson_destroy(&filter);
	bson_destroy(opts);
	if (rc < 0 || n.is)
		return rc;
	return l->look->stray(
	    l->look->ctx, "a part of a member list is of no group; the next "
			  "run that writes removes it");
}

/* ---- sets and values ----------------------------------------------------- */

static int take_set(void *ctx, const bson_t *doc, struct mst_err *err)
{
	const struct looking *l = ctx;
	bson_iter_t target, name;

	return l->look->set(l->look->ctx, number(doc, "_id"),
			    find(doc, "target", &target) ? text_at(&target)
							 : "",
			    find(doc, "name", &name) ? text_at(&name) : "");
}

static int take_meta(void *ctx, const bson_t *doc, struct mst_err *err)
{
	const struct looking *l = ctx;
	const char *target = "", *name = "";
	bson_iter_t it, in;

	if (find(doc, "_id", &it) && BSON_ITER_HOLDS_DOCUMENT(&it)) {
		if (bson_iter_recurse(&it, &in) &&
		    bson_iter_find(&in, "target"))
			target = text_at(&in);
		if (bson_iter_recurse(&it, &in) && bson_iter_find(&in, "name"))
			name = text_at(&in);
	}
	return l->look->meta(l->look->ctx, target, name, bytes(doc, "value"));
}

static int each(struct looking *l, mongoc_collection_t *of, const char *without,
		int (*fn)(void *ctx, const bson_t *doc, struct mst_err *err),
		struct mst_err *err)
{
	bson_t all = BSON_INITIALIZER;
	bson_t *opts = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}");
	bson_t *part = BCON_NEW(without ? without : "", BCON_INT32(0));
	int rc;

	if (without)
		(void)bson_append_document(opts, "projection", -1, part);
	rc = mst_mongo_each(
	    l->c, mongoc_collection_find_with_opts(of, &all, opts, NULL), fn, l,
	    err);
	bson_destroy(opts);
	bson_destroy(part);
	return rc;
}

static int take_number(void *ctx, const bson_t *doc, struct mst_err *err)
{
	struct mst_slice id = bytes(doc, "_id");
	uint64_t set = 0;

	if (id.n == MST_MONGO_ID)
		memcpy(&set, id.p, sizeof(set));
	*(int64_t *)ctx = (int64_t)be64toh(set);
	return 0;
}

/* Of groups alone: parts without one are removed by the next batch. Numbers
 * below 0 are behind all others and were given by nobody. */
static int look_at_numbers(struct looking *l, struct mst_err *err)
{
	static const uint8_t zero[16];
	bson_t *opts = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "limit",
				BCON_INT64(1), "projection", "{", "_id",
				BCON_INT32(1), "}");
	int64_t after = MST_MAX(l->look->after, 0);
	int rc = 0;

	while (rc == 0 && after >= 0 && after < INT64_MAX) {
		bson_t filter = BSON_INITIALIZER, of;
		uint8_t id[MST_MONGO_ID];

		mst_mongo_id(after + 1, zero, id);
		(void)bson_append_document_begin(&filter, "_id", -1, &of);
		mst_mongo_add_bytes(&of, "$gte", id, sizeof(id));
		(void)bson_append_document_end(&filter, &of);
		after = -1;
		rc = mst_mongo_each(l->c,
				    mongoc_collection_find_with_opts(
					l->c->grp, &filter, opts, NULL),
				    take_number, &after, err);
		bson_destroy(&filter);
		if (rc == 0 && after > 0)
			rc = l->look->number(l->look->ctx, after);
	}
	bson_destroy(opts);
	return rc;
}

int mst_mongo_verify(void *p, const struct mst_recver_look *look,
		     struct mst_err *err)
{
	struct mst_mongo *c = p;
	struct looking l = {.c = c, .look = look};
	int rc = 0;

	mst_buf_init(&l.list, MST_RECVER_MAX_LIST);
	if (look->set)
		rc = each(&l, c->sets, NULL, take_set, err);
	if (rc == 0 && look->meta)
		rc = each(&l, c->meta, NULL, take_meta, err);
	if (rc == 0 && look->group)
		rc = each(&l, c->grp, NULL, take_group, err);
	if (rc == 0 && look->group)
		rc = each(&l, c->parts, "list", take_part, err);
	if (rc == 0 && look->number)
		rc = look_at_numbers(&l, err);
	mst_buf_fini(&l.list);
	return rc;
}
