/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of the state store on PostgreSQL: made, and brought up from every
 * older version, by the one script that a DBA may run, too.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/num.h"
#include "pg.h"
#include "schema.h"
#include "state/task.h"

const char mst_pgc_create[] =
#include "state_create.inc"
    ;
const char mst_pgc_role[] =
#include "state_role.inc"
    ;

const struct mst_pgc_tables mst_pgc_own = {MST_STATE_VERSION, mst_pgc_create};

/* Of two nodes that begin at once one makes them. A large table takes its
 * time. */
#define BEGIN                                                                  \
	"BEGIN; SET LOCAL statement_timeout = 0;"                              \
	" SELECT pg_advisory_xact_lock(5571846132044217428)"

/* The first value of the first row; NULL: there is no row, or no value. free()
 * it. */
static int ask(struct mst_pgc *c, const char *sql, char **value_r,
	       struct mst_err *err)
{
	PGresult *res = NULL;
	int rc;

	*value_r = NULL;
	if (!PQsendQuery(c->h, sql))
		return mst_pgc_fail(c, NULL, err);
	rc = mst_pgc_take(c, &res, err);
	if (rc < 0)
		return rc;
	if (PQntuples(res) > 0 && !PQgetisnull(res, 0, 0))
		*value_r = mst_strdup(PQgetvalue(res, 0, 0));
	PQclear(res);
	return 0;
}

/* 0: there are none. */
static int version(struct mst_pgc *c, int64_t *version_r, struct mst_err *err)
{
	char *is = NULL;
	int rc = ask(c, "SELECT to_regclass('muster_state.meta')", &is, err);
	bool there = is != NULL;

	free(is);
	*version_r = 0;
	if (rc < 0 || !there)
		return rc;
	rc = ask(c, "SELECT max(version) FROM muster_state.meta", &is, err);
	if (rc == 0 && is && !mst_num_i64(mst_slice_str(is), version_r))
		*version_r = 0;
	free(is);
	return rc;
}

/* A program of the older version that works with them would go on with tables
 * that it does not know. */
static int nobody_there(struct mst_pgc *c, struct mst_err *err)
{
	static const char lease[] =
	    "SELECT name FROM muster_state.lease WHERE until_us >= " MST_PG_NOW;
	char *node = mst_asprintf("SELECT name FROM muster_state.node"
				  " WHERE beat_us >= " MST_PG_NOW " - %lld",
				  (long long)mst_node_gone_us());
	char *who = NULL;
	bool is_node;
	int rc = ask(c, node, &who, err);

	is_node = who != NULL;
	if (rc == 0 && !who)
		rc = ask(c, lease, &who, err);
	if (rc == 0 && who)
		rc = mst_err_set(
		    err, MST_E_CONFLICT,
		    "state store '%s' is to be brought up to this version, but "
		    "%s '%s' works with it: stop all nodes and runs first",
		    c->shown, is_node ? "node" : "who holds", who);
	free(node);
	free(who);
	return rc;
}

/* In the transaction. */
static int bring_up(struct mst_pgc *c, const struct mst_pgc_tables *t,
		    struct mst_err *err)
{
	int64_t is = 0;
	int rc = version(c, &is, err);

	if (rc < 0 || is >= t->version)
		return rc; /* another one was faster */
	if (is)
		rc = nobody_there(c, err);
	if (rc == 0)
		rc = mst_pgc_do(c, t->script, err);
	if (rc == 0)
		rc = version(c, &is, err);
	if (rc == 0 && is != t->version)
		rc = mst_err_set(err, MST_E_INTERNAL,
				 "state store '%s': its tables are of version "
				 "%lld after they were brought up to %d",
				 c->shown, (long long)is, t->version);
	return rc;
}

static int make(struct mst_pgc *c, const struct mst_pgc_tables *t,
		struct mst_err *err)
{
	struct mst_err end = MST_ERR_INIT;
	int rc;

	c->patient = true;
	rc = mst_pgc_do(c, BEGIN, err);
	if (rc == 0)
		rc = bring_up(c, t, err);
	if (rc == 0)
		rc = mst_pgc_do(c, "COMMIT", err);
	else if (!mst_pgc_lost(c))
		(void)mst_pgc_do(c, "ROLLBACK", &end);
	c->patient = false;
	return rc;
}

int mst_pgc_schema(struct mst_pgc *c, const struct mst_pgc_tables *t,
		   struct mst_err *err)
{
	int64_t is = 0;
	int rc = version(c, &is, err);

	if (rc == 0 && is < t->version) {
		rc = make(c, t, err);
		if (rc == 0)
			rc = version(c, &is, err);
	}
	if (rc == 0 && is > t->version)
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "state store '%s' was written by a newer "
				   "muster (schema %lld, this one knows %d): "
				   "use that version or a later one",
				   c->shown, (long long)is, t->version);
	return rc;
}
