/* SPDX-License-Identifier: Apache-2.0
 *
 * The collections: made where they are missing, refused when they are a newer
 * version's. sql/mongodb/create.js does the same for a DBA.
 */
#include "base/num.h"
#include "mongodb_private.h"

static const char *const names[] = {"record_set", "grp", "parts", "lease",
				    "meta"};

/* 0: there are none, or not all of them. */
static int read_version(struct mst_mongo *c, unsigned *version_r,
			struct mst_err *err)
{
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
	int rc = 0;

	(void)bson_append_document_begin(&update, "$setOnInsert", -1, &set);
	mst_mongo_add_bytes(&set, "value", "1", 1);
	(void)bson_append_int64(&set, "term", -1, 0);
	(void)bson_append_document_end(&update, &set);
	if (!mongoc_collection_update_one(c->meta, filter, &update, opts,
					  &reply, &e))
		rc = mst_mongo_fail(c, &reply, &e, err);
	bson_destroy(filter);
	bson_destroy(&update);
	bson_destroy(opts);
	bson_destroy(&reply);
	return rc;
}

static int make(struct mst_mongo *c, struct mst_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < MST_LEN(names) && rc == 0; i++)
		rc = make_one(c, names[i], err);
	if (rc == 0)
		rc = write_version(c, err);
	if (rc == -MST_E_TRANSIENT || rc == 0)
		return rc;
	return mst_err_prefix(err,
			      "its collections cannot be made; a DBA can, with "
			      "sql/mongodb/create.js and role.js");
}

int mst_mongo_setup(struct mst_mongo *c, bool create, struct mst_err *err)
{
	unsigned version;
	int rc = read_version(c, &version, err);

	if (rc < 0 || version == MST_RECVER_SCHEMA)
		return rc;
	if (version > MST_RECVER_SCHEMA)
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "its collections were made by a newer "
				   "muster (version %u, this one knows %d): "
				   "update muster",
				   version, MST_RECVER_SCHEMA);
	if (c->conf->bypass_setup)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the database '%s' does not exist yet, or "
				   "not all of it, and "
				   "recver.bypass_setup says not to make "
				   "it: run sql/mongodb/create.js",
				   c->database);
	if (!create)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the database '%s' does not exist yet: it "
				   "is made by the first run",
				   c->database);
	return make(c, err);
}
