/* SPDX-License-Identifier: Apache-2.0
 *
 * The collections: made where they are missing, refused when they are a newer
 * version's. sql/mongodb/create.js does the same for a DBA.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "recver/mongodb/dba.h"
#include "recver/scripts.h"
#include "recver/upgrade.h"

const char *const mst_mongo_collections[] = {"record_set", "grp",  "parts",
					     "lease",	   "meta", NULL};

int mst_mongo_version(void *p, unsigned *version_r, struct mst_err *err)
{
	struct mst_mongo *c = p;
	struct mst_buf text = MST_BUF_INIT(64);
	bool found = false;
	uint64_t n = 0;
	int rc = mst_mongo_meta_get(c, "", "schema", &text, &found, err);

	*version_r = 0;
	if (rc == 0 && found) {
		if (mst_num_u64(mst_buf_slice(&text), &n) && n && n < 1000000)
			*version_r = (unsigned)n;
		else
			rc = mst_err_set(err, MST_E_CORRUPT,
					 "the version of its collections is no "
					 "number: put a backup back, or drop "
					 "the database; the next run then "
					 "looks every record up");
	}
	mst_buf_fini(&text);
	return rc;
}

static int make_one(struct mst_mongo *c, const char *name, struct mst_err *err)
{
	bson_t ask = BSON_INITIALIZER, reply;
	bson_error_t e = {0};
	int rc = 0;

	(void)bson_append_utf8(&ask, "create", -1, name, -1);
	if (!mongoc_client_write_command_with_opts(c->h, c->database, &ask,
						   NULL, &reply, &e) &&
	    !mst_mongo_is(&e, MST_MONGO_EXISTS))
		rc = mst_mongo_fail(c, &reply, &e, err);
	bson_destroy(&ask);
	bson_destroy(&reply);
	return rc;
}

/* Last, because it says that everything is there. */
static int write_version(struct mst_mongo *c, struct mst_err *err)
{
	bson_t *filter = BCON_NEW("_id", "{", "target", BCON_UTF8(""), "name",
				  BCON_UTF8("schema"), "}");
	bson_t update = BSON_INITIALIZER, set, reply;
	bson_t *opts = BCON_NEW("upsert", BCON_BOOL(true));
	bson_error_t e = {0};
	char version[12];
	int rc = 0;

	(void)bson_append_document_begin(&update, "$setOnInsert", -1, &set);
	(void)snprintf(version, sizeof(version), "%u", mst_recver_schema());
	mst_mongo_add_bytes(&set, "value", version, strlen(version));
	(void)bson_append_int64(&set, "term", -1, 0);
	(void)bson_append_document_end(&update, &set);
	/* Two who do it at once: one of them has made it. */
	if (!mongoc_collection_update_one(c->meta, filter, &update, opts,
					  &reply, &e) &&
	    !mst_mongo_is(&e, MST_MONGO_DUPLICATE))
		rc = mst_mongo_fail(c, &reply, &e, err);
	bson_destroy(filter);
	bson_destroy(&update);
	bson_destroy(opts);
	bson_destroy(&reply);
	return rc;
}

int mst_mongo_make(void *p, struct mst_err *err)
{
	struct mst_mongo *c = p;
	int rc = mst_mongo_own(c, err);

	for (size_t i = 0; mst_mongo_collections[i] && rc == 0; i++)
		rc = make_one(c, mst_mongo_collections[i], err);
	return rc < 0 ? rc : write_version(c, err);
}

static const struct mst_recver_tables tables = {
    .type = "mongodb",
    .what = "collections",
    .file = "sql/mongodb/create.js",
    .version = mst_mongo_version,
    .make = mst_mongo_make,
    .run = mst_mongo_script,
};

int mst_mongo_upgrade(void *p, struct mst_err *err)
{
	struct mst_mongo *c = p;

	return mst_recver_upgrade_tables(&tables, c, c->database, err);
}

int mst_mongo_setup(struct mst_mongo *c, bool create, struct mst_err *err)
{
	return mst_recver_bring_up(&tables, c, c->conf, c->database, create,
				   err);
}

/* ---- questions ----------------------------------------------------------- */

int mst_mongo_run(struct mst_mongo *c, const char *database, const bson_t *ask,
		  bson_t *reply_r, struct mst_err *err)
{
	bson_error_t e = {0};

	if (mongoc_client_command_simple(c->h, database, ask, NULL, reply_r,
					 &e))
		return 0;
	return mst_mongo_fail(c, reply_r, &e, err);
}

static int note_name(void *ctx, const bson_t *doc, struct mst_err *err)
{
	unsigned *there = ctx;
	bson_iter_t it;

	if (!bson_iter_init_find(&it, doc, "name") ||
	    !BSON_ITER_HOLDS_UTF8(&it))
		return 0;
	for (size_t i = 0; mst_mongo_collections[i]; i++) {
		if (strcmp(bson_iter_utf8(&it, NULL),
			   mst_mongo_collections[i]) == 0)
			*there |= 1u << i;
	}
	return 0;
}

int mst_mongo_missing(struct mst_mongo *c, char **missing_r, bool *any_r,
		      struct mst_err *err)
{
	mongoc_database_t *db = mongoc_client_get_database(c->h, c->database);
	/* Who has the role may list what it has rights on, and names only. */
	bson_t *opts = BCON_NEW("nameOnly", BCON_BOOL(true),
				"authorizedCollections", BCON_BOOL(true));
	struct mst_buf names = MST_BUF_INIT(1024);
	unsigned there = 0;
	int rc = mst_mongo_each(
	    c, mongoc_database_find_collections_with_opts(db, opts), note_name,
	    &there, err);

	for (size_t i = 0; mst_mongo_collections[i]; i++) {
		if (!(there & 1u << i))
			(void)mst_buf_addf(&names, "%s%s", names.n ? ", " : "",
					   mst_mongo_collections[i]);
	}
	*any_r = there != 0;
	*missing_r = names.n ? mst_buf_steal(&names) : NULL;
	mst_buf_fini(&names);
	bson_destroy(opts);
	mongoc_database_destroy(db);
	return rc;
}

static int note_there(void *ctx, const bson_t *doc, struct mst_err *err)
{
	*(bool *)ctx = !bson_empty(doc);
	return 0;
}

int mst_mongo_sharded(struct mst_mongo *c, bool *is_r, struct mst_err *err)
{
	mongoc_collection_t *all =
	    mongoc_client_get_collection(c->h, "config", "collections");
	char *name = mst_asprintf("%s.grp", c->database);
	bson_t *filter = BCON_NEW("_id", BCON_UTF8(name), "dropped", "{", "$ne",
				  BCON_BOOL(true), "}");
	int rc;

	*is_r = false;
	rc = mst_mongo_each(
	    c, mongoc_collection_find_with_opts(all, filter, NULL, NULL),
	    note_there, is_r, err);
	bson_destroy(filter);
	free(name);
	mongoc_collection_destroy(all);
	return rc;
}
