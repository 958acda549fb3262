/* SPDX-License-Identifier: Apache-2.0
 *
 * A batch without a transaction: in an order in which a stop between any two
 * writes does no harm (docs/internals/recver.md), and so that the whole batch
 * may be written again.
 */
#include "base/time.h"
#include "recver/mongodb/private.h"

int mst_mongo_step(struct mst_mongo *c, struct mst_err *err)
{
	struct mst_mongo_probe p = mst_mongo_probed();
	int rc = p.before_write ? p.before_write(err) : 0;

	if (rc < 0 || mst_mono_us() - c->held_us < c->for_ms * 1000 / 4)
		return rc;
	return mst_mongo_lease_hold(c, c->token, c->for_ms, err);
}

int mst_mongo_delete(struct mst_mongo *c, mongoc_collection_t *from,
		     bson_t *filter, struct mst_err *err)
{
	bson_error_t e = {0};
	bson_t reply;
	int rc = mst_mongo_step(c, err);

	mst_mongo_fence(c, filter);
	if (rc == 0) {
		if (!mongoc_collection_delete_many(from, filter, NULL, &reply,
						   &e))
			rc = mst_mongo_fail(c, &reply, &e, err);
		bson_destroy(&reply);
	}
	bson_destroy(filter);
	return rc;
}

/* ---- resets -------------------------------------------------------------- */

static int reset_groups(struct mst_mongo *c, const struct mst_batch *b,
			struct mst_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < b->reset_sets_n && rc == 0; i++) {
		bson_t filter = BSON_INITIALIZER;

		mst_mongo_range(&filter, b->reset_sets[i], NULL);
		rc = mst_mongo_delete(c, c->grp, &filter, err);
	}
	return rc;
}

static int reset_by_target(struct mst_mongo *c, mongoc_collection_t *from,
			   const char *field, const struct mst_batch *b,
			   struct mst_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < b->reset_targets_n && rc == 0; i++) {
		bson_t filter = BSON_INITIALIZER;

		(void)bson_append_utf8(&filter, field, -1, b->reset_targets[i],
				       -1);
		rc = mst_mongo_delete(c, from, &filter, err);
	}
	return rc;
}

/* ---- sets and values ----------------------------------------------------- */

static int write_sets(struct mst_mongo *c, const struct mst_batch *b,
		      struct mst_err *err)
{
	struct mst_mongo_bulk k = {.c = c, .to = c->sets};
	int rc = 0;

	for (size_t i = 0; i < b->sets_n && rc == 0; i++) {
		bson_t filter = BSON_INITIALIZER, doc = BSON_INITIALIZER;

		(void)bson_append_int64(&filter, "_id", -1, b->sets[i].id);
		(void)bson_append_int64(&doc, "_id", -1, b->sets[i].id);
		(void)bson_append_utf8(&doc, "target", -1, b->sets[i].target,
				       -1);
		(void)bson_append_utf8(&doc, "name", -1, b->sets[i].name, -1);
		(void)bson_append_int64(&doc, "term", -1, c->term);
		rc = mst_mongo_bulk_room(&k, 128, err);
		mst_mongo_bulk_update(&k, &filter, &doc, true, true);
	}
	if (rc == 0)
		rc = mst_mongo_bulk_send(&k, err);
	mst_mongo_bulk_drop(&k);
	return rc;
}

static bool is_seed(const struct mst_batch_meta *m)
{
	return !m->target[0] && strcmp(m->name, "seed") == 0;
}

static void add_meta_id(bson_t *b, const struct mst_batch_meta *m)
{
	bson_t id;

	(void)bson_append_document_begin(b, "_id", -1, &id);
	(void)bson_append_utf8(&id, "target", -1, m->target, -1);
	(void)bson_append_utf8(&id, "name", -1, m->name, -1);
	(void)bson_append_document_end(b, &id);
}

static int write_values(struct mst_mongo *c, const struct mst_batch *b,
			bool seed, struct mst_err *err)
{
	struct mst_mongo_bulk k = {.c = c, .to = c->meta};
	int rc = 0;

	for (size_t i = 0; i < b->metas_n && rc == 0; i++) {
		const struct mst_batch_meta *m = &b->metas[i];
		bson_t filter = BSON_INITIALIZER, doc = BSON_INITIALIZER;

		if (is_seed(m) != seed)
			continue;
		add_meta_id(&filter, m);
		add_meta_id(&doc, m);
		mst_mongo_add_bytes(&doc, "value", m->value.p, m->value.n);
		(void)bson_append_int64(&doc, "term", -1, c->term);
		rc = mst_mongo_bulk_room(&k, doc.len, err);
		mst_mongo_bulk_update(&k, &filter, &doc, true, true);
	}
	if (rc == 0)
		rc = mst_mongo_bulk_send(&k, err);
	mst_mongo_bulk_drop(&k);
	return rc;
}

/* Before anything is written. */
static int check_values(const struct mst_batch *b, struct mst_err *err)
{
	for (size_t i = 0; i < b->metas_n; i++) {
		if (b->metas[i].value.n > mst_mongo_inline_max())
			return mst_err_set(err, MST_E_INVALID,
					   "the value '%s' has %zu bytes, more "
					   "than one document of MongoDB takes",
					   b->metas[i].name,
					   b->metas[i].value.n);
	}
	return 0;
}

/* ---- the batch ----------------------------------------------------------- */

static int write_batch(struct mst_mongo *c, const struct mst_batch *b,
		       struct mst_err *err)
{
	int rc = reset_groups(c, b, err);

	if (rc == 0)
		rc = reset_by_target(c, c->sets, "target", b, err);
	if (rc == 0)
		rc = reset_by_target(c, c->meta, "_id.target", b, err);
	if (rc == 0)
		rc = write_sets(c, b, err);
	if (rc == 0)
		rc = mst_mongo_rows(c, b, err);
	if (rc == 0)
		rc = write_values(c, b, false, err);
	/* A database with a seed has the other values, too. */
	if (rc == 0)
		rc = write_values(c, b, true, err);
	return rc < 0 ? rc : mst_mongo_parts_tidy(c, err);
}

int mst_mongo_apply(void *p, const char *token, int64_t for_ms,
		    const struct mst_batch *b, struct mst_err *err)
{
	struct mst_mongo *c = p;
	int rc = check_values(b, err);

	c->token = token;
	c->for_ms = for_ms;
	if (rc == 0)
		rc = mst_mongo_lease_hold(c, token, for_ms, err);
	return rc < 0 ? rc : write_batch(c, b, err);
}
