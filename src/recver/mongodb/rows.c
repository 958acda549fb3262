/* SPDX-License-Identifier: Apache-2.0
 *
 * The groups of a batch. Each is one document that is written by one write, so
 * it is old or new; which groups of a batch are new when it stops does not
 * matter.
 */
#include "recver/mongodb/private.h"

#define BULK_ROWS  1000
#define BULK_BYTES (16u << 20)

/* ---- bulks --------------------------------------------------------------- */

void mst_mongo_bulk_drop(struct mst_mongo_bulk *k)
{
	if (k->b)
		mongoc_bulk_operation_destroy(k->b);
	k->b = NULL;
	k->n = k->bytes = 0;
}

int mst_mongo_bulk_send(struct mst_mongo_bulk *k, struct mst_err *err)
{
	bson_error_t e = {0};
	bson_t reply;
	int rc;

	if (k->refused)
		return mst_err_set(err, MST_E_INVALID, "%.300s", k->e.message);
	if (!k->n)
		return 0;
	rc = mst_mongo_step(k->c, err);
	if (rc < 0)
		return rc;
	if (!mongoc_bulk_operation_execute(k->b, &reply, &e))
		rc = mst_mongo_fail(k->c, &reply, &e, err);
	bson_destroy(&reply);
	mst_mongo_bulk_drop(k);
	return rc;
}

int mst_mongo_bulk_room(struct mst_mongo_bulk *k, size_t bytes,
			struct mst_err *err)
{
	bson_t *opts;
	int rc = 0;

	if (k->n >= BULK_ROWS || (k->n && k->bytes + bytes > BULK_BYTES))
		rc = mst_mongo_bulk_send(k, err);
	if (!k->b) {
		opts = BCON_NEW("ordered", BCON_BOOL(false));
		k->b = mongoc_collection_create_bulk_operation_with_opts(k->to,
									 opts);
		bson_destroy(opts);
	}
	k->bytes += bytes;
	return rc;
}

void mst_mongo_bulk_update(struct mst_mongo_bulk *k, bson_t *filter,
			   bson_t *update, bool whole, bool upsert)
{
	bson_t *opts = BCON_NEW("upsert", BCON_BOOL(upsert));
	bool ok;

	mst_mongo_fence(k->c, filter);
	if (whole)
		ok = mongoc_bulk_operation_replace_one_with_opts(
		    k->b, filter, update, opts, &k->e);
	else
		ok = mongoc_bulk_operation_update_one_with_opts(
		    k->b, filter, update, opts, &k->e);
	k->refused |= !ok;
	k->n++;
	bson_destroy(opts);
	bson_destroy(filter);
	bson_destroy(update);
}

void mst_mongo_bulk_delete(struct mst_mongo_bulk *k, bson_t *filter)
{
	mst_mongo_fence(k->c, filter);
	k->refused |= !mongoc_bulk_operation_remove_one_with_opts(k->b, filter,
								  NULL, &k->e);
	k->n++;
	bson_destroy(filter);
}

/* ---- groups -------------------------------------------------------------- */

static void add_list(bson_t *doc, const struct mst_batch_row *r)
{
	(void)bson_append_int64(doc, "members", -1, r->row.members);
	(void)bson_append_bool(doc, "has_list", -1, r->list.n != 0);
	if (r->list.n && r->list.n <= mst_mongo_inline_max())
		mst_mongo_add_bytes(doc, "list", r->list.p, r->list.n);
}

/* Its parts are there when this returns. */
static int add_parts(struct mst_mongo *c, bson_t *doc, const uint8_t *id,
		     struct mst_slice list, struct mst_err *err)
{
	uint8_t gen[MST_MONGO_GEN];
	int64_t n = 0;
	bson_t of;
	int rc = mst_mongo_parts_write(c, id, list, gen, &n, err);

	(void)bson_append_document_begin(doc, "parts", -1, &of);
	mst_mongo_add_bytes(&of, "gen", gen, sizeof(gen));
	(void)bson_append_int64(&of, "n", -1, n);
	(void)bson_append_int64(&of, "bytes", -1, (int64_t)list.n);
	(void)bson_append_document_end(doc, &of);
	return rc;
}

static int put(struct mst_mongo_bulk *k, const struct mst_batch_row *r,
	       struct mst_err *err)
{
	bson_t filter = BSON_INITIALIZER, doc = BSON_INITIALIZER;
	uint8_t id[MST_MONGO_ID];
	int rc = 0;

	mst_mongo_id(r->set, r->key, id);
	mst_mongo_add_bytes(&filter, "_id", id, sizeof(id));
	mst_mongo_add_bytes(&doc, "_id", id, sizeof(id));
	mst_mongo_add_row(k->c, &doc, &r->row);
	add_list(&doc, r);
	if (r->list.n > mst_mongo_inline_max())
		rc = add_parts(k->c, &doc, id, r->list, err);
	if (rc == 0)
		rc = mst_mongo_bulk_room(k, doc.len, err);
	if (rc == 0) {
		mst_mongo_bulk_update(k, &filter, &doc, true, true);
		return 0;
	}
	bson_destroy(&filter);
	bson_destroy(&doc);
	return rc;
}

/* The row of a group without a list, with its number of members; no other is
 * touched. */
static void keep_bare(struct mst_mongo_bulk *k, const struct mst_batch_row *r)
{
	bson_t filter = BSON_INITIALIZER, update = BSON_INITIALIZER, set;
	uint8_t id[MST_MONGO_ID];

	mst_mongo_id(r->set, r->key, id);
	mst_mongo_add_bytes(&filter, "_id", id, sizeof(id));
	(void)bson_append_bool(&filter, "has_list", -1, false);
	(void)bson_append_document_begin(&update, "$set", -1, &set);
	mst_mongo_add_row(k->c, &set, &r->row);
	(void)bson_append_int64(&set, "members", -1, r->row.members);
	(void)bson_append_document_end(&update, &set);
	mst_mongo_bulk_update(k, &filter, &update, false, false);
}

/* The row of a group that has a list, or is not there yet. One without was
 * written by keep_bare() before, and this changes nothing of it. */
static void keep(struct mst_mongo_bulk *k, const struct mst_batch_row *r)
{
	bson_t filter = BSON_INITIALIZER, update = BSON_INITIALIZER, part;
	uint8_t id[MST_MONGO_ID];

	mst_mongo_id(r->set, r->key, id);
	mst_mongo_add_bytes(&filter, "_id", id, sizeof(id));
	(void)bson_append_document_begin(&update, "$set", -1, &part);
	mst_mongo_add_row(k->c, &part, &r->row);
	(void)bson_append_document_end(&update, &part);
	(void)bson_append_document_begin(&update, "$setOnInsert", -1, &part);
	(void)bson_append_int64(&part, "members", -1, r->row.members);
	(void)bson_append_bool(&part, "has_list", -1, false);
	(void)bson_append_document_end(&update, &part);
	mst_mongo_bulk_update(k, &filter, &update, false, true);
}

static void mark(struct mst_mongo_bulk *k, const struct mst_batch_row *r)
{
	bson_t filter = BSON_INITIALIZER, update = BSON_INITIALIZER, part;
	bson_t fresh = BSON_INITIALIZER;
	uint8_t id[MST_MONGO_ID];

	mst_mongo_id(r->set, r->key, id);
	mst_mongo_add_bytes(&filter, "_id", id, sizeof(id));
	(void)bson_append_document_begin(&update, "$set", -1, &part);
	(void)bson_append_int32(&part, "state", -1, (int32_t)r->row.state);
	(void)bson_append_int64(&part, "term", -1, k->c->term);
	(void)bson_append_document_end(&update, &part);
	mst_mongo_add_row(k->c, &fresh, &r->row);
	(void)bson_append_int64(&fresh, "members", -1, 0);
	(void)bson_append_bool(&fresh, "has_list", -1, false);
	(void)bson_append_document_begin(&update, "$setOnInsert", -1, &part);
	/* A field may be named once. */
	bson_copy_to_excluding_noinit(&fresh, &part, "state", "term", NULL);
	(void)bson_append_document_end(&update, &part);
	bson_destroy(&fresh);
	mst_mongo_bulk_update(k, &filter, &update, false, true);
}

static void del(struct mst_mongo_bulk *k, const struct mst_batch_row *r)
{
	bson_t filter = BSON_INITIALIZER;
	uint8_t id[MST_MONGO_ID];

	mst_mongo_id(r->set, r->key, id);
	mst_mongo_add_bytes(&filter, "_id", id, sizeof(id));
	mst_mongo_bulk_delete(k, &filter);
}

/* The rows of a kind, one small write each. */
static int
some(struct mst_mongo *c, const struct mst_batch *b, enum mst_batch_kind kind,
     void (*write)(struct mst_mongo_bulk *k, const struct mst_batch_row *r),
     struct mst_err *err)
{
	struct mst_mongo_bulk k = {.c = c, .to = c->grp};
	int rc = 0;

	for (size_t i = 0; i < b->rows_n && rc == 0; i++) {
		if (b->rows[i].kind != kind)
			continue;
		rc = mst_mongo_bulk_room(&k, b->rows[i].row.text.n + 256, err);
		if (rc == 0)
			write(&k, &b->rows[i]);
	}
	if (rc == 0)
		rc = mst_mongo_bulk_send(&k, err);
	mst_mongo_bulk_drop(&k);
	return rc;
}

static int puts_of(struct mst_mongo *c, const struct mst_batch *b,
		   struct mst_err *err)
{
	struct mst_mongo_bulk k = {.c = c, .to = c->grp};
	int rc = 0;

	for (size_t i = 0; i < b->rows_n && rc == 0; i++) {
		if (b->rows[i].kind == MST_BATCH_PUT)
			rc = put(&k, &b->rows[i], err);
	}
	if (rc == 0)
		rc = mst_mongo_bulk_send(&k, err);
	mst_mongo_bulk_drop(&k);
	return rc;
}

int mst_mongo_rows(struct mst_mongo *c, const struct mst_batch *b,
		   struct mst_err *err)
{
	int rc = puts_of(c, b, err);

	if (rc == 0)
		rc = some(c, b, MST_BATCH_KEEP, keep_bare, err);
	if (rc == 0)
		rc = some(c, b, MST_BATCH_KEEP, keep, err);
	if (rc == 0)
		rc = some(c, b, MST_BATCH_MARK, mark, err);
	return rc < 0 ? rc : some(c, b, MST_BATCH_DEL, del, err);
}
