/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of the state store on PostgreSQL: made by the script that a DBA
 * may run, too.
 */
#include <stdlib.h>

#include "base/num.h"
#include "pg.h"
#include "schema.h"

const char mst_pgc_create[] =
#include "state_create.inc"
    ;
const char mst_pgc_role[] =
#include "state_role.inc"
    ;

/* Of two nodes that begin at once one makes them. */
#define BEGIN "BEGIN; SELECT pg_advisory_xact_lock(5571846132044217428)"

/* 0: there are none. */
static int version(struct mst_pgc *c, int64_t *version_r, struct mst_err *err)
{
	static const char there[] =
	    "SELECT CASE WHEN to_regclass('muster_state.meta') IS NULL THEN '0'"
	    " ELSE '1' END";
	static const char which[] =
	    "SELECT CAST(max(version) AS text) FROM muster_state.meta";
	PGresult *res = NULL;
	int rc = 0;

	*version_r = 0;
	for (int i = 0; i < 2 && rc == 0; i++) {
		if (!PQsendQuery(c->h, i ? which : there))
			return mst_pgc_fail(c, NULL, err);
		rc = mst_pgc_take(c, &res, err);
		if (rc < 0)
			return rc;
		if (PQntuples(res) != 1 ||
		    !mst_num_i64(mst_slice_str(PQgetvalue(res, 0, 0)),
				 version_r))
			*version_r = 0;
		PQclear(res);
		if (*version_r == 0)
			break;
	}
	return rc;
}

static int make(struct mst_pgc *c, struct mst_err *err)
{
	struct mst_err end = MST_ERR_INIT;
	int64_t is = 0;
	int rc = mst_pgc_do(c, BEGIN, err);

	if (rc == 0)
		rc = version(c, &is, err);
	if (rc == 0 && is == 0)
		rc = mst_pgc_do(c, mst_pgc_create, err);
	if (rc == 0)
		return mst_pgc_do(c, "COMMIT", err);
	if (!mst_pgc_lost(c))
		(void)mst_pgc_do(c, "ROLLBACK", &end);
	return rc;
}

int mst_pgc_schema(struct mst_pgc *c, struct mst_err *err)
{
	int64_t is = 0;
	int rc = version(c, &is, err);

	if (rc == 0 && is == 0)
		return make(c, err);
	if (rc == 0 && is > MST_STATE_VERSION)
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "state store '%s' was written by a newer "
				   "muster (schema %lld, this one knows %d): "
				   "use that version or a later one",
				   c->shown, (long long)is, MST_STATE_VERSION);
	return rc;
}
