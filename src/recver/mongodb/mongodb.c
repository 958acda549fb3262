/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer on MongoDB 5 and later. One document per group, with its list: a
 * group is old or new, never mixed. There are no transactions over several
 * documents; docs/internals/recver.md says why the order of writes suffices.
 */
#include "recver/server/server.h"

#include <stdlib.h>

#include "recver/mongodb/private.h"

#define TIMEOUT_MS 60000

static struct mst_mongo_probe probe;

void mst_mongo_probe(const struct mst_mongo_probe *p)
{
	probe = p ? *p : (struct mst_mongo_probe){0};
}

struct mst_mongo_probe mst_mongo_probed(void)
{
	return probe;
}

static void mongo_disconnect(void *p)
{
	struct mst_mongo *c = p;

	mst_mongo_shut(c);
	free(c->database);
	free(c);
}

static int mongo_connect(const struct mst_recver_conf *conf,
			 const char *database, bool create, void **c_r,
			 struct mst_err *err)
{
	struct mst_mongo *c = mst_alloc(sizeof(*c));
	int rc;

	c->conf = conf;
	c->database = mst_strdup(database);
	c->parts_unseen = true;
	rc = mst_mongo_open(c, err);
	if (rc == 0)
		rc = mst_mongo_setup(c, create, err);
	if (rc < 0)
		mongo_disconnect(c);
	else
		*c_r = c;
	return rc;
}

static const struct mst_recver_driver driver = {
    .type = "mongodb",
    .connect = mongo_connect,
    .disconnect = mongo_disconnect,
    .upgrade = mst_mongo_upgrade,
    .lease_read = mst_mongo_lease_read,
    .lease_swap = mst_mongo_lease_swap,
    .sets = mst_mongo_sets,
    .meta_get = mst_mongo_meta_get,
    .load = mst_mongo_load,
    .lists = mst_mongo_lists,
    .stats = mst_mongo_stats,
    .apply = mst_mongo_apply,
    .verify = mst_mongo_verify,
};

static int mongo_open(const struct mst_recver_conf *conf, const char *source,
		      bool create, struct mst_recver **r_r, struct mst_err *err)
{
	struct mst_recver_conf mine = *conf;

	if (mine.timeout_ms <= 0)
		mine.timeout_ms = TIMEOUT_MS;
	return mst_server_open(&driver, &mst_recver_mongodb, &mine, source,
			       create, r_r, err);
}

const struct mst_recver_ops mst_recver_mongodb = {
    .type = "mongodb",
    .open = mongo_open,
    MST_RECVER_SERVER_OPS(&driver),
};
