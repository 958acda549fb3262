/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading RecVer from MongoDB: from the primary, and only what a majority has.
 */
#include "recver/mongodb/private.h"

int mst_mongo_each(struct mst_mongo *c, mongoc_cursor_t *cursor,
		   int (*fn)(void *ctx, const bson_t *doc, struct mst_err *err),
		   void *ctx, struct mst_err *err)
{
	const bson_t *doc, *reply = NULL;
	bson_error_t e = {0};
	int rc = 0;

	while (rc == 0 && mongoc_cursor_next(cursor, &doc))
		rc = fn(ctx, doc, err);
	if (rc == 0 && mongoc_cursor_error_document(cursor, &e, &reply))
		rc = mst_mongo_fail(c, reply, &e, err);
	mongoc_cursor_destroy(cursor);
	return rc;
}

/* ---- sets and values ----------------------------------------------------- */

struct set_reader {
	int (*fn)(void *ctx, const struct mst_batch_set *s);
	void *ctx;
};

static const char *text_of(const bson_t *doc, const char *name)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, name) && BSON_ITER_HOLDS_UTF8(&it)
		   ? bson_iter_utf8(&it, NULL)
		   : "";
}

static int take_set(void *ctx, const bson_t *doc, struct mst_err *err)
{
	struct set_reader *r = ctx;
	struct mst_batch_set s = {0, text_of(doc, "target"),
				  text_of(doc, "name")};
	bson_iter_t it;

	if (bson_iter_init_find(&it, doc, "_id"))
		s.id = bson_iter_as_int64(&it);
	return r->fn(r->ctx, &s);
}

int mst_mongo_sets(void *p, int (*fn)(void *ctx, const struct mst_batch_set *s),
		   void *ctx, struct mst_err *err)
{
	struct mst_mongo *c = p;
	struct set_reader r = {fn, ctx};
	bson_t all = BSON_INITIALIZER;
	bson_t *opts = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}");
	int rc;

	rc = mst_mongo_each(
	    c, mongoc_collection_find_with_opts(c->sets, &all, opts, NULL),
	    take_set, &r, err);
	bson_destroy(opts);
	return rc;
}

struct value_reader {
	struct mst_buf *val;
	bool *found_r;
};

static int take_value(void *ctx, const bson_t *doc, struct mst_err *err)
{
	struct value_reader *r = ctx;
	const uint8_t *p = NULL;
	bson_subtype_t kind;
	bson_iter_t it;
	uint32_t n = 0;

	if (!bson_iter_init_find(&it, doc, "value") ||
	    !BSON_ITER_HOLDS_BINARY(&it))
		return 0;
	bson_iter_binary(&it, &kind, &n, &p);
	*r->found_r = true;
	(void)mst_buf_add(r->val, p, n);
	return 0;
}

int mst_mongo_meta_get(void *p, const char *target, const char *name,
		       struct mst_buf *val, bool *found_r, struct mst_err *err)
{
	struct mst_mongo *c = p;
	struct value_reader r = {val, found_r};
	bson_t *filter = BCON_NEW("_id", "{", "target", BCON_UTF8(target),
				  "name", BCON_UTF8(name), "}");
	int rc;

	*found_r = false;
	rc = mst_mongo_each(
	    c, mongoc_collection_find_with_opts(c->meta, filter, NULL, NULL),
	    take_value, &r, err);
	bson_destroy(filter);
	return rc;
}

/* ---- groups -------------------------------------------------------------- */

struct row_reader {
	int (*fn)(void *ctx, const struct mst_group_row *row, bool has_list);
	void *ctx;
};

static int take_row(void *ctx, const bson_t *doc, struct mst_err *err)
{
	struct row_reader *r = ctx;
	struct mst_mongo_group g;
	int rc = mst_mongo_group(doc, &g, err);

	return rc < 0 ? rc : r->fn(r->ctx, &g.row, g.has_list);
}

int mst_mongo_load(void *p, int64_t set, const uint8_t *after,
		   int (*fn)(void *ctx, const struct mst_group_row *row,
			     bool has_list),
		   void *ctx, struct mst_err *err)
{
	struct mst_mongo *c = p;
	struct row_reader r = {fn, ctx};
	bson_t filter = BSON_INITIALIZER;
	bson_t *opts = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}",
				"projection", "{", "list", BCON_INT32(0), "}",
				"batchSize", BCON_INT32(20000));
	int rc;

	mst_mongo_range(&filter, set, after);
	rc = mst_mongo_each(
	    c, mongoc_collection_find_with_opts(c->grp, &filter, opts, NULL),
	    take_row, &r, err);
	bson_destroy(&filter);
	bson_destroy(opts);
	return rc;
}

/* ---- lists --------------------------------------------------------------- */

struct list_reader {
	struct mst_mongo *c;
	int (*fn)(void *ctx, const struct mst_hash *key, struct mst_slice list,
		  uint32_t members);
	void *ctx;
};

static int give_parts(struct list_reader *r, const struct mst_mongo_group *g,
		      struct mst_err *err)
{
	struct mst_buf list = MST_BUF_INIT(MST_RECVER_MAX_LIST);
	int rc = mst_mongo_parts_read(r->c, g, &list, err);

	if (rc == 0)
		rc = r->fn(r->ctx, &g->row.key, mst_buf_slice(&list),
			   g->row.members);
	mst_buf_fini(&list);
	return rc;
}

static int take_list(void *ctx, const bson_t *doc, struct mst_err *err)
{
	struct list_reader *r = ctx;
	struct mst_mongo_group g;
	int rc = mst_mongo_group(doc, &g, err);

	if (rc < 0)
		return rc;
	if (g.parts)
		return give_parts(r, &g, err);
	if (g.has_list && !g.list.n)
		return mst_recver_corrupt(&g.row.key, "its member list is gone",
					  err);
	return r->fn(r->ctx, &g.row.key, g.list, g.row.members);
}

int mst_mongo_lists(void *p, int64_t set, const struct mst_hash *keys, size_t n,
		    int (*fn)(void *ctx, const struct mst_hash *key,
			      struct mst_slice list, uint32_t members),
		    void *ctx, struct mst_err *err)
{
	struct mst_mongo *c = p;
	struct list_reader r = {c, fn, ctx};
	bson_t filter = BSON_INITIALIZER, of, in;
	uint8_t key[16], id[MST_MONGO_ID];
	char at[16];
	const char *name;
	int rc;

	(void)bson_append_document_begin(&filter, "_id", -1, &of);
	(void)bson_append_array_begin(&of, "$in", -1, &in);
	for (size_t i = 0; i < n; i++) {
		(void)bson_uint32_to_string((uint32_t)i, &name, at, sizeof(at));
		mst_recver_hash_put(keys[i], key);
		mst_mongo_id(set, key, id);
		mst_mongo_add_bytes(&in, name, id, sizeof(id));
	}
	(void)bson_append_array_end(&of, &in);
	(void)bson_append_document_end(&filter, &of);
	rc = mst_mongo_each(
	    c, mongoc_collection_find_with_opts(c->grp, &filter, NULL, NULL),
	    take_list, &r, err);
	bson_destroy(&filter);
	return rc;
}

/* ---- statistics ---------------------------------------------------------- */

static int take_sums(void *ctx, const bson_t *doc, struct mst_err *err)
{
	struct mst_recver_stats *s = ctx;
	const struct {
		const char *name;
		uint64_t *to;
	} all[] = {{"groups", &s->groups},
		   {"members", &s->members},
		   {"dirty", &s->dirty},
		   {"pending", &s->pending}};
	bson_iter_t it;

	for (size_t i = 0; i < MST_LEN(all); i++) {
		if (bson_iter_init_find(&it, doc, all[i].name))
			*all[i].to = (uint64_t)bson_iter_as_int64(&it);
	}
	return 0;
}

static void add_count(bson_t *group, const char *name, enum mst_group_state is)
{
	bson_t *sum =
	    BCON_NEW("$sum", "{", "$cond", "[", "{", "$eq", "[",
		     BCON_UTF8("$state"), BCON_INT32((int32_t)is), "]", "}",
		     BCON_INT64(1), BCON_INT64(0), "]", "}");

	(void)bson_append_document(group, name, -1, sum);
	bson_destroy(sum);
}

static void add_match(bson_t *stages, const int64_t *sets, size_t n)
{
	bson_t stage, match, any;
	char at[16];
	const char *name;

	(void)bson_append_document_begin(stages, "0", -1, &stage);
	(void)bson_append_document_begin(&stage, "$match", -1, &match);
	if (n)
		(void)bson_append_array_begin(&match, "$or", -1, &any);
	for (size_t i = 0; i < n; i++) {
		bson_t range;

		(void)bson_uint32_to_string((uint32_t)i, &name, at, sizeof(at));
		(void)bson_append_document_begin(&any, name, -1, &range);
		mst_mongo_range(&range, sets[i], NULL);
		(void)bson_append_document_end(&any, &range);
	}
	if (n)
		(void)bson_append_array_end(&match, &any);
	(void)bson_append_document_end(&stage, &match);
	(void)bson_append_document_end(stages, &stage);
}

static void add_group(bson_t *stages)
{
	bson_t stage, group, *one = BCON_NEW("$sum", BCON_INT64(1));
	bson_t *members = BCON_NEW("$sum", BCON_UTF8("$members"));

	(void)bson_append_document_begin(stages, "1", -1, &stage);
	(void)bson_append_document_begin(&stage, "$group", -1, &group);
	(void)bson_append_null(&group, "_id", -1);
	(void)bson_append_document(&group, "groups", -1, one);
	(void)bson_append_document(&group, "members", -1, members);
	add_count(&group, "dirty", MST_GROUP_DIRTY);
	add_count(&group, "pending", MST_GROUP_PENDING);
	(void)bson_append_document_end(&stage, &group);
	(void)bson_append_document_end(stages, &stage);
	bson_destroy(one);
	bson_destroy(members);
}

static uint64_t number(const bson_t *doc, const char *name)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, name)
		   ? (uint64_t)bson_iter_as_int64(&it)
		   : 0;
}

static int read_bytes(struct mst_mongo *c, uint64_t *bytes_r,
		      struct mst_err *err)
{
	bson_t *ask = BCON_NEW("dbStats", BCON_INT32(1)), reply;
	bson_error_t e = {0};
	int rc = 0;

	if (mongoc_client_command_simple(c->h, c->database, ask, NULL, &reply,
					 &e))
		/* In memory only, nothing is stored. */
		*bytes_r = number(&reply, "indexSize") +
			   (number(&reply, "storageSize")
				? number(&reply, "storageSize")
				: number(&reply, "dataSize"));
	else
		rc = mst_mongo_fail(c, &reply, &e, err);
	bson_destroy(ask);
	bson_destroy(&reply);
	return rc;
}

int mst_mongo_stats(void *p, const int64_t *sets, size_t n,
		    struct mst_recver_stats *s_r, struct mst_err *err)
{
	struct mst_mongo *c = p;
	bson_t pipeline = BSON_INITIALIZER, stages;
	int rc;

	(void)bson_append_array_begin(&pipeline, "pipeline", -1, &stages);
	add_match(&stages, sets, n);
	add_group(&stages);
	(void)bson_append_array_end(&pipeline, &stages);
	rc = mst_mongo_each(c,
			    mongoc_collection_aggregate(c->grp,
							MONGOC_QUERY_NONE,
							&pipeline, NULL, NULL),
			    take_sums, s_r, err);
	bson_destroy(&pipeline);
	return rc < 0 ? rc : read_bytes(c, &s_r->bytes, err);
}
