/* SPDX-License-Identifier: Apache-2.0
 *
 * A group as a document. Its _id is the set's number and the group's key, so
 * that one index serves all: order of keys, ranges of a set, and, hashed, the
 * shard key that spreads groups.
 */
#include <endian.h>

#include "base/time.h"
#include "recver/mongodb/private.h"

void mst_mongo_id(int64_t set, const uint8_t key[16], uint8_t id[MST_MONGO_ID])
{
	uint64_t n = htobe64((uint64_t)set);

	memcpy(id, &n, 8);
	memcpy(id + 8, key, 16);
}

void mst_mongo_add_bytes(bson_t *b, const char *name, const void *p, size_t n)
{
	(void)bson_append_binary(b, name, -1, BSON_SUBTYPE_BINARY,
				 n ? p : (const uint8_t *)"", (uint32_t)n);
}

void mst_mongo_range(bson_t *filter, int64_t set, const uint8_t *after)
{
	static const uint8_t zero[16];
	uint8_t id[MST_MONGO_ID];
	bson_t of;

	(void)bson_append_document_begin(filter, "_id", -1, &of);
	mst_mongo_id(set, after ? after : zero, id);
	mst_mongo_add_bytes(&of, after ? "$gt" : "$gte", id, sizeof(id));
	mst_mongo_id(set + 1, zero, id);
	mst_mongo_add_bytes(&of, "$lt", id, sizeof(id));
	(void)bson_append_document_end(filter, &of);
}

void mst_mongo_fence(const struct mst_mongo *c, bson_t *filter)
{
	bson_t of;

	(void)bson_append_document_begin(filter, "term", -1, &of);
	(void)bson_append_int64(&of, "$lte", -1, c->term);
	(void)bson_append_document_end(filter, &of);
}

/* ---- writing ------------------------------------------------------------- */

static void add_time(bson_t *b, const char *name, int64_t us)
{
	if (us == MST_TIME_NONE)
		(void)bson_append_null(b, name, -1);
	else
		(void)bson_append_int64(b, name, -1, us);
}

void mst_mongo_add_row(const struct mst_mongo *c, bson_t *b,
		       const struct mst_group_row *row)
{
	uint8_t digest[16];

	mst_recver_hash_put(row->digest, digest);
	mst_mongo_add_bytes(b, "text", row->text.p, row->text.n);
	mst_mongo_add_bytes(b, "digest", digest, 16);
	if (mst_sysid_is_zero(&row->remote))
		(void)bson_append_null(b, "remote", -1);
	else
		mst_mongo_add_bytes(b, "remote", row->remote.b, 16);
	add_time(b, "first_us", row->first_delivered_us);
	add_time(b, "changed_us", row->last_changed_us);
	(void)bson_append_int64(b, "run", -1, row->last_run);
	(void)bson_append_int32(b, "state", -1, (int32_t)row->state);
	(void)bson_append_int64(b, "term", -1, c->term);
}

/* ---- reading ------------------------------------------------------------- */

static struct mst_slice bytes_of(const bson_iter_t *it)
{
	const uint8_t *p = NULL;
	bson_subtype_t kind;
	uint32_t n = 0;

	if (!BSON_ITER_HOLDS_BINARY(it))
		return (struct mst_slice){0};
	bson_iter_binary(it, &kind, &n, &p);
	return mst_slice((const char *)p, n);
}

static int64_t time_of(const bson_iter_t *it)
{
	return BSON_ITER_HOLDS_NULL(it) ? MST_TIME_NONE
					: bson_iter_as_int64(it);
}

static void take_parts(bson_iter_t *it, struct mst_mongo_group *g)
{
	bson_iter_t in;
	struct mst_slice gen;

	if (!BSON_ITER_HOLDS_DOCUMENT(it) || !bson_iter_recurse(it, &in))
		return;
	while (bson_iter_next(&in)) {
		const char *name = bson_iter_key(&in);

		if (strcmp(name, "n") == 0)
			g->parts = bson_iter_as_int64(&in);
		else if (strcmp(name, "bytes") == 0)
			g->bytes = bson_iter_as_int64(&in);
		else if (strcmp(name, "gen") == 0 &&
			 (gen = bytes_of(&in)).n == MST_MONGO_GEN)
			memcpy(g->gen, gen.p, MST_MONGO_GEN);
	}
}

enum {
	HAS_ID = 1,
	HAS_DIGEST = 2,
	HAS_MEMBERS = 4,
	HAS_STATE = 8,
	HAS_ALL = 15
};

/* What of the needed it is, when it is as it must be. */
static int take_field(bson_iter_t *it, struct mst_mongo_group *g)
{
	const char *name = bson_iter_key(it);
	struct mst_slice s = bytes_of(it);
	int64_t n = bson_iter_as_int64(it);

	if (strcmp(name, "_id") == 0 && s.n == MST_MONGO_ID) {
		memcpy(g->id, s.p, MST_MONGO_ID);
		g->row.key = mst_recver_hash_get(g->id + 8);
		return HAS_ID;
	}
	if (strcmp(name, "digest") == 0 && s.n == 16) {
		g->row.digest = mst_recver_hash_get((const uint8_t *)s.p);
		return HAS_DIGEST;
	}
	if (strcmp(name, "members") == 0 && n >= 0 && n <= UINT32_MAX) {
		g->row.members = (uint32_t)n;
		return HAS_MEMBERS;
	}
	if (strcmp(name, "state") == 0 && n >= 0 && n <= MST_GROUP_PENDING) {
		g->row.state = (enum mst_group_state)n;
		return HAS_STATE;
	}
	if (strcmp(name, "text") == 0)
		g->row.text = s;
	else if (strcmp(name, "remote") == 0 && s.n == 16)
		memcpy(g->row.remote.b, s.p, 16);
	else if (strcmp(name, "first_us") == 0)
		g->row.first_delivered_us = time_of(it);
	else if (strcmp(name, "changed_us") == 0)
		g->row.last_changed_us = time_of(it);
	else if (strcmp(name, "run") == 0)
		g->row.last_run = n;
	else if (strcmp(name, "has_list") == 0)
		g->has_list = bson_iter_as_bool(it);
	else if (strcmp(name, "list") == 0)
		g->list = s;
	else if (strcmp(name, "parts") == 0)
		take_parts(it, g);
	return 0;
}

int mst_mongo_group(const bson_t *doc, struct mst_mongo_group *g,
		    struct mst_err *err)
{
	bson_iter_t it;
	int has = 0;

	*g = (struct mst_mongo_group){
	    .row = {.first_delivered_us = MST_TIME_NONE,
		    .last_changed_us = MST_TIME_NONE}};
	if (bson_iter_init(&it, doc)) {
		while (bson_iter_next(&it))
			has |= take_field(&it, g);
	}
	if (has != HAS_ALL)
		return mst_recver_corrupt(
		    &g->row.key, "its document holds impossible values", err);
	return 0;
}
