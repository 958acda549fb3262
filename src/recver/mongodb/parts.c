/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists that are too long for a document of MongoDB (16 MB): parts, written
 * under a new generation before the group's document names it. So a group's
 * document always names parts that are there, whenever a batch stops. Parts
 * that nobody names are deleted by the next batch.
 */
#include <endian.h>
#include <stdlib.h>
#include <sys/random.h>

#include "recver/mongodb/private.h"

#define INLINE_MAX (15u << 20)
#define PART_MAX   (8u << 20)

size_t mst_mongo_inline_max(void)
{
	size_t n = mst_mongo_probed().inline_max;

	return n ? n : INLINE_MAX;
}

static size_t part_max(void)
{
	size_t n = mst_mongo_probed().part_max;

	return n ? n : PART_MAX;
}

static void part_id(const uint8_t id[MST_MONGO_ID],
		    const uint8_t gen[MST_MONGO_GEN], uint32_t n,
		    uint8_t out[MST_MONGO_PART])
{
	n = htobe32(n);
	memcpy(out, id, MST_MONGO_ID);
	memcpy(out + MST_MONGO_ID, gen, MST_MONGO_GEN);
	memcpy(out + MST_MONGO_ID + MST_MONGO_GEN, &n, 4);
}

int mst_mongo_parts_write(struct mst_mongo *c, const uint8_t id[MST_MONGO_ID],
			  struct mst_slice list, uint8_t gen_r[MST_MONGO_GEN],
			  int64_t *parts_r, struct mst_err *err)
{
	struct mst_mongo_bulk k = {.c = c, .to = c->parts};
	uint8_t pid[MST_MONGO_PART];
	uint32_t n = 0;
	int rc = 0;

	if (getrandom(gen_r, MST_MONGO_GEN, 0) != MST_MONGO_GEN)
		return mst_err_os(err, "no random bytes for a list's parts");
	c->parts_unseen = true;
	for (size_t at = 0; at < list.n && rc == 0; n++) {
		size_t size = MST_MIN(list.n - at, part_max());
		bson_t filter = BSON_INITIALIZER, doc = BSON_INITIALIZER;

		part_id(id, gen_r, n, pid);
		mst_mongo_add_bytes(&filter, "_id", pid, sizeof(pid));
		mst_mongo_add_bytes(&doc, "_id", pid, sizeof(pid));
		mst_mongo_add_bytes(&doc, "list", list.p + at, size);
		(void)bson_append_int64(&doc, "term", -1, c->term);
		rc = mst_mongo_bulk_room(&k, size, err);
		mst_mongo_bulk_update(&k, &filter, &doc, true, true);
		at += size;
	}
	*parts_r = n;
	if (rc == 0)
		rc = mst_mongo_bulk_send(&k, err);
	mst_mongo_bulk_drop(&k);
	return rc;
}

/* ---- reading ------------------------------------------------------------- */

static int take_part(void *ctx, const bson_t *doc, struct mst_err *err)
{
	const uint8_t *p = NULL;
	bson_subtype_t kind;
	bson_iter_t it;
	uint32_t n = 0;

	if (bson_iter_init_find(&it, doc, "list") &&
	    BSON_ITER_HOLDS_BINARY(&it)) {
		bson_iter_binary(&it, &kind, &n, &p);
		(void)mst_buf_add(ctx, p, n);
	}
	return 0;
}

int mst_mongo_parts_read(struct mst_mongo *c, const struct mst_mongo_group *g,
			 struct mst_buf *out, struct mst_err *err)
{
	uint8_t pid[MST_MONGO_PART];
	int rc = 0;

	for (int64_t n = 0; n < g->parts && rc == 0; n++) {
		bson_t filter = BSON_INITIALIZER;

		part_id(g->id, g->gen, (uint32_t)n, pid);
		mst_mongo_add_bytes(&filter, "_id", pid, sizeof(pid));
		rc = mst_mongo_each(c,
				    mongoc_collection_find_with_opts(
					c->parts, &filter, NULL, NULL),
				    take_part, out, err);
		bson_destroy(&filter);
	}
	if (rc == 0 && (int64_t)out->n != g->bytes)
		rc = mst_recver_corrupt(
		    &g->row.key, "a part of its member list is gone", err);
	return rc;
}

/* ---- parts that nobody names --------------------------------------------- */

struct part {
	uint8_t id[MST_MONGO_PART];
	bool named;
};

struct all_parts {
	struct part *v;
	size_t n, cap;
};

static int take_id(void *ctx, const bson_t *doc, struct mst_err *err)
{
	struct all_parts *a = ctx;
	const uint8_t *p = NULL;
	bson_subtype_t kind;
	bson_iter_t it;
	uint32_t n = 0;

	if (!bson_iter_init_find(&it, doc, "_id") ||
	    !BSON_ITER_HOLDS_BINARY(&it))
		return 0;
	bson_iter_binary(&it, &kind, &n, &p);
	if (n != MST_MONGO_PART)
		return 0;
	if (a->n == a->cap) {
		a->cap = a->cap ? a->cap * 2 : 64;
		a->v = mst_realloc(a->v, a->cap * sizeof(*a->v));
	}
	memcpy(a->v[a->n].id, p, n);
	a->v[a->n++].named = false;
	return 0;
}

static int take_named(void *ctx, const bson_t *doc, struct mst_err *err)
{
	struct all_parts *a = ctx;
	struct mst_mongo_group g;
	int rc = mst_mongo_group(doc, &g, err);

	for (size_t i = 0; i < a->n && rc == 0 && g.parts; i++) {
		if (memcmp(a->v[i].id, g.id, MST_MONGO_ID) == 0 &&
		    memcmp(a->v[i].id + MST_MONGO_ID, g.gen, MST_MONGO_GEN) ==
			0)
			a->v[i].named = true;
	}
	return rc;
}

static int read_ids(struct mst_mongo *c, struct all_parts *a,
		    struct mst_err *err)
{
	bson_t all = BSON_INITIALIZER;
	/* Of the index alone. */
	bson_t *opts = BCON_NEW("projection", "{", "_id", BCON_INT32(1), "}",
				"hint", "{", "_id", BCON_INT32(1), "}");
	int rc;

	rc = mst_mongo_each(
	    c, mongoc_collection_find_with_opts(c->parts, &all, opts, NULL),
	    take_id, a, err);
	bson_destroy(opts);
	return rc;
}

/* The documents of the groups that parts are of. */
static int read_named(struct mst_mongo *c, struct all_parts *a,
		      struct mst_err *err)
{
	bson_t *opts = BCON_NEW("projection", "{", "list", BCON_INT32(0), "}");
	int rc = 0;

	for (size_t i = 0; i < a->n && rc == 0; i++) {
		bson_t filter = BSON_INITIALIZER;

		if (i && memcmp(a->v[i].id, a->v[i - 1].id, MST_MONGO_ID) == 0)
			continue;
		mst_mongo_add_bytes(&filter, "_id", a->v[i].id, MST_MONGO_ID);
		rc = mst_mongo_each(c,
				    mongoc_collection_find_with_opts(
					c->grp, &filter, opts, NULL),
				    take_named, a, err);
		bson_destroy(&filter);
	}
	bson_destroy(opts);
	return rc;
}

static int delete_rest(struct mst_mongo *c, const struct all_parts *a,
		       struct mst_err *err)
{
	struct mst_mongo_bulk k = {.c = c, .to = c->parts};
	int rc = 0;

	for (size_t i = 0; i < a->n && rc == 0; i++) {
		bson_t filter = BSON_INITIALIZER;

		if (a->v[i].named)
			continue;
		mst_mongo_add_bytes(&filter, "_id", a->v[i].id, MST_MONGO_PART);
		rc = mst_mongo_bulk_room(&k, 64, err);
		mst_mongo_bulk_delete(&k, &filter);
	}
	if (rc == 0)
		rc = mst_mongo_bulk_send(&k, err);
	mst_mongo_bulk_drop(&k);
	return rc;
}

int mst_mongo_parts_tidy(struct mst_mongo *c, struct mst_err *err)
{
	struct all_parts a = {0};
	int rc;

	if (!c->parts_unseen)
		return 0;
	rc = read_ids(c, &a, err);
	if (rc == 0)
		rc = read_named(c, &a, err);
	if (rc == 0)
		rc = delete_rest(c, &a, err);
	/* Where there are some, the next batch may make them superfluous. */
	if (rc == 0)
		c->parts_unseen = a.n > 0;
	free(a.v);
	return rc;
}
