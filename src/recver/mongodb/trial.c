/* SPDX-License-Identifier: Apache-2.0
 *
 * A trial: one document is written, read and deleted as a run would do it. It
 * lies beside the lease, where nobody else looks at it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/time.h"
#include "recver/mongodb/dba.h"

#define PROBE	   "probe-"
#define PROBE_NEXT "probe."
#define STALE_MS   3600000

static int write_probe(struct mst_mongo *c, const char *id, struct mst_err *err)
{
	bson_t *doc = BCON_NEW("_id", BCON_UTF8(id), "at",
			       BCON_DATE_TIME(mst_now_us() / 1000)),
	       reply;
	bson_error_t e = {0};
	int rc = 0;

	if (!mongoc_collection_insert_one(c->lease, doc, NULL, &reply, &e))
		rc = mst_mongo_fail(c, &reply, &e, err);
	bson_destroy(&reply);
	bson_destroy(doc);
	return rc;
}

/* And those of a program that died in between. */
static int delete_probe(struct mst_mongo *c, const char *id,
			struct mst_err *err)
{
	int64_t stale = mst_now_us() / 1000 - STALE_MS;
	bson_t *filter = BCON_NEW("_id", "{", "$gte", BCON_UTF8(PROBE), "$lt",
				  BCON_UTF8(PROBE_NEXT), "}", "$or", "[", "{",
				  "_id", BCON_UTF8(id), "}", "{", "at", "{",
				  "$lt", BCON_DATE_TIME(stale), "}", "}", "]"),
	       reply;
	bson_error_t e = {0};
	int rc = 0;

	if (!mongoc_collection_delete_many(c->lease, filter, NULL, &reply, &e))
		rc = mst_mongo_fail(c, &reply, &e, err);
	bson_destroy(&reply);
	bson_destroy(filter);
	return rc;
}

static int note_found(void *ctx, const bson_t *doc, struct mst_err *err)
{
	*(bool *)ctx = !bson_empty(doc);
	return 0;
}

static int read_probe(struct mst_mongo *c, const char *id, bool *found_r,
		      struct mst_err *err)
{
	bson_t *filter = BCON_NEW("_id", BCON_UTF8(id));
	int rc;

	*found_r = false;
	rc = mst_mongo_each(
	    c, mongoc_collection_find_with_opts(c->lease, filter, NULL, NULL),
	    note_found, found_r, err);
	bson_destroy(filter);
	return rc;
}

int mst_mongo_trial(struct mst_mongo *c, bool *found_r, struct mst_err *err)
{
	struct mst_err later = MST_ERR_INIT;
	uint64_t random = 0;
	char id[40];
	int rc, end;

	*found_r = false;
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	(void)snprintf(id, sizeof(id), PROBE "%016" PRIx64, random);
	rc = write_probe(c, id, err);
	if (rc < 0)
		return rc;
	rc = read_probe(c, id, found_r, err);
	end = delete_probe(c, id, rc < 0 ? &later : err);
	return rc < 0 ? rc : end;
}
