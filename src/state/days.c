/* SPDX-License-Identifier: Apache-2.0
 *
 * Sums over days. Runs are numbered as they begin, so the first one that counts
 * is found from the newest backwards.
 */
#include "state/days.h"

#include "state_private.h"

#define DAY_US 86400000000ll

int mst_state_days(struct mst_state *s, int64_t from_us,
		   int (*fn)(void *ctx, int64_t day_us,
			     const struct mst_run_counts *c),
		   void *ctx, struct mst_err *err)
{
	/* A sum of numbers is no number of 64 bits everywhere. */
	static const char q[] =
	    "SELECT day, CAST(sum(new) AS BIGINT), CAST(sum(changed) AS "
	    "BIGINT),"
	    " CAST(sum(retired) AS BIGINT), CAST(sum(deleted) AS BIGINT),"
	    " CAST(sum(closed) AS BIGINT), CAST(sum(reopened) AS BIGINT),"
	    " CAST(sum(refused) AS BIGINT), CAST(sum(skipped) AS BIGINT)"
	    " FROM (SELECT id, started_us/86400000000 AS day FROM run WHERE"
	    " id>COALESCE((SELECT id FROM run WHERE started_us<?1"
	    " ORDER BY id DESC LIMIT 1), 0)) r JOIN run_set n ON n.run=r.id"
	    " GROUP BY day ORDER BY day";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, from_us);
	while ((rc = mst_sdb_step(st, err)) > 0) {
		const struct mst_run_counts c = {
		    .new_ = (uint64_t)mst_sdb_int(st, 1),
		    .changed = (uint64_t)mst_sdb_int(st, 2),
		    .retired = (uint64_t)mst_sdb_int(st, 3),
		    .deleted = (uint64_t)mst_sdb_int(st, 4),
		    .closed = (uint64_t)mst_sdb_int(st, 5),
		    .reopened = (uint64_t)mst_sdb_int(st, 6),
		    .refused = (uint64_t)mst_sdb_int(st, 7),
		    .skipped = (uint64_t)mst_sdb_int(st, 8),
		};

		rc = fn(ctx, mst_sdb_int(st, 0) * DAY_US, &c);
		if (rc != 0)
			break;
	}
	mst_sdb_reset(st);
	return rc;
}
