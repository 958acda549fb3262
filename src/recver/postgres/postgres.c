/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer on PostgreSQL and on servers that speak its language. Only what a
 * distributed one has too is used: no advisory locks, no notifications, no
 * sequences, no row addresses. COPY is the exception, and has a switch.
 */
#include "recver/server/server.h"

#include <stdlib.h>

#include "recver/postgres/private.h"

#define TIMEOUT_MS 60000

static void pg_disconnect(void *p)
{
	struct mst_pg *c = p;

	mst_pg_shut(c);
	free(c->database);
	free(c);
}

static int pg_connect(const struct mst_recver_conf *conf, const char *database,
		      bool create, void **c_r, struct mst_err *err)
{
	struct mst_pg *c = mst_alloc(sizeof(*c));
	int rc;

	c->conf = conf;
	c->database = mst_strdup(database);
	rc = mst_pg_setup(c, create, err);
	if (rc < 0)
		pg_disconnect(c);
	else
		*c_r = c;
	return rc;
}

static const struct mst_recver_driver driver = {
    .type = "postgres",
    .connect = pg_connect,
    .disconnect = pg_disconnect,
    .upgrade = mst_pg_upgrade,
    .lease_read = mst_pg_lease_read,
    .lease_swap = mst_pg_lease_swap,
    .sets = mst_pg_sets,
    .meta_get = mst_pg_meta_get,
    .load = mst_pg_load,
    .lists = mst_pg_lists,
    .stats = mst_pg_stats,
    .apply = mst_pg_apply,
    .verify = mst_pg_verify,
    .compact = mst_pg_compact,
};

static int pg_open(const struct mst_recver_conf *conf, const char *source,
		   bool create, struct mst_recver **r_r, struct mst_err *err)
{
	struct mst_recver_conf mine = *conf;

	if (mine.timeout_ms <= 0)
		mine.timeout_ms = TIMEOUT_MS;
	return mst_server_open(&driver, &mst_recver_postgres, &mine, source,
			       create, r_r, err);
}

const struct mst_recver_ops mst_recver_postgres = {
    .type = "postgres",
    .open = pg_open,
    MST_RECVER_SERVER_OPS(&driver),
};
