/* SPDX-License-Identifier: Apache-2.0
 *
 * What is somebody else's: the server's own databases, and collections that
 * only have the names of RecVer's.
 */
#include <strings.h>

#include "recver/mongodb/private.h"

#define NAME_MAX_BYTES 63

int mst_mongo_check_name(const char *name, struct mst_err *err)
{
	static const char *const own[] = {"admin", "local", "config"};

	if (strlen(name) > NAME_MAX_BYTES || strpbrk(name, "/\\. \"$*<>:|?"))
		return mst_err_set(err, MST_E_INVALID,
				   "MongoDB takes no database of this name (at "
				   "most %d bytes, no blank and none of "
				   "/\\.\"$*<>:|?): set recver.database to "
				   "another one",
				   NAME_MAX_BYTES);
	for (size_t i = 0; i < MST_LEN(own); i++)
		if (strcasecmp(name, own[i]) == 0)
			return mst_err_set(err, MST_E_INVALID,
					   "'%s' is a database of the server "
					   "itself: set recver.database to one "
					   "for RecVer alone",
					   name);
	return 0;
}

static int note(void *ctx, const bson_t *doc, struct mst_err *err)
{
	*(bool *)ctx = !bson_empty(doc);
	return 1;
}

/* What muster writes carries the term of who wrote it, but for the lease's
 * row and trials. */
static int is_odd(struct mst_mongo *c, const char *name, bool *is_r,
		  struct mst_err *err)
{
	mongoc_collection_t *h =
	    mongoc_client_get_collection(c->h, c->database, name);
	bson_t *filter =
	    strcmp(name, "lease") == 0
		? BCON_NEW("token", "{", "$exists", BCON_BOOL(false), "}", "at",
			   "{", "$exists", BCON_BOOL(false), "}")
		: BCON_NEW("term", "{", "$exists", BCON_BOOL(false), "}");
	bson_t *opts = BCON_NEW("limit", BCON_INT64(1));
	int rc;

	*is_r = false;
	rc = mst_mongo_each(
	    c, mongoc_collection_find_with_opts(h, filter, opts, NULL), note,
	    is_r, err);
	bson_destroy(filter);
	bson_destroy(opts);
	mongoc_collection_destroy(h);
	return rc < 0 ? rc : 0;
}

int mst_mongo_own(struct mst_mongo *c, struct mst_err *err)
{
	for (size_t i = 0; mst_mongo_collections[i]; i++) {
		bool odd;
		int rc = is_odd(c, mst_mongo_collections[i], &odd, err);

		if (rc < 0)
			return rc;
		if (odd)
			return mst_err_set(
			    err, MST_E_INVALID,
			    "the collection '%s' in '%s' is somebody else's: "
			    "let recver.database name another database",
			    mst_mongo_collections[i], c->database);
	}
	return 0;
}
