/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer on SQL Server, through unixODBC.
 */
#include "recver/server/server.h"

#include <stdlib.h>

#include "recver/sqlserver/private.h"

#define TIMEOUT_MS 60000

static void ms_disconnect(void *p)
{
	struct mst_ms *c = p;

	mst_ms_shut(c);
	free(c->database);
	free(c);
}

static int ms_connect(const struct mst_recver_conf *conf, const char *database,
		      bool create, void **c_r, struct mst_err *err)
{
	struct mst_ms *c = mst_alloc(sizeof(*c));
	int rc;

	c->conf = conf;
	c->database = mst_strdup(database);
	rc = mst_ms_setup(c, create, err);
	if (rc < 0)
		ms_disconnect(c);
	else
		*c_r = c;
	return rc;
}

static const struct mst_recver_driver driver = {
    .type = "sqlserver",
    .connect = ms_connect,
    .disconnect = ms_disconnect,
    .upgrade = mst_ms_upgrade,
    .lease_read = mst_ms_lease_read,
    .lease_swap = mst_ms_lease_swap,
    .sets = mst_ms_sets,
    .meta_get = mst_ms_meta_get,
    .load = mst_ms_load,
    .lists = mst_ms_lists,
    .stats = mst_ms_stats,
    .apply = mst_ms_apply,
    .verify = mst_ms_verify,
};

struct mst_recver_conf mst_ms_defaults(const struct mst_recver_conf *conf)
{
	struct mst_recver_conf mine = *conf;

	if (mine.timeout_ms <= 0)
		mine.timeout_ms = TIMEOUT_MS;
	if (!mine.encrypt)
		mine.encrypt = "verify";
	return mine;
}

static int ms_open(const struct mst_recver_conf *conf, const char *source,
		   bool create, struct mst_recver **r_r, struct mst_err *err)
{
	const struct mst_recver_conf mine = mst_ms_defaults(conf);

	return mst_server_open(&driver, &mst_recver_sqlserver, &mine, source,
			       create, r_r, err);
}

const struct mst_recver_ops mst_recver_sqlserver = {
    .type = "sqlserver",
    .open = ms_open,
    MST_RECVER_SERVER_OPS(&driver),
};
