/* SPDX-License-Identifier: Apache-2.0
 *
 * The collections: made where they are missing, refused when they are a newer
 * version's. sql/mongodb/create.js does the same for a DBA.
 */
#include <stdio.h>

#include "base/num.h"
#include "mongodb_private.h"
#include "recver/scripts.h"
#include "recver/upgrade.h"

static const char *const names[] = {"record_set", "grp", "parts", "lease",
				    "meta"};

/* 0: there are none, or not all of them. */
static int read_version(void *p, unsigned *version_r, struct mst_err *err)
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
	if (!mongoc_collection_update_one(c->meta, filter, &update, opts,
					  &reply, &e))
		rc = mst_mongo_fail(c, &reply, &e, err);
	bson_destroy(filter);
	bson_destroy(&update);
	bson_destroy(opts);
	bson_destroy(&reply);
	return rc;
}

static int make(void *p, struct mst_err *err)
{
	struct mst_mongo *c = p;
	int rc = 0;

	for (size_t i = 0; i < MST_LEN(names) && rc == 0; i++)
		rc = make_one(c, names[i], err);
	return rc < 0 ? rc : write_version(c, err);
}

static const struct mst_recver_tables tables = {
    .type = "mongodb",
    .what = "collections",
    .file = "sql/mongodb/create.js",
    .version = read_version,
    .make = make,
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
