/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers of jobs over time. Old ones are thinned out as new ones come.
 */
#include "base/time.h"
#include "state/task.h"
#include "state_private.h"

#define DAY_US	(86400ll * 1000000)
#define FINE_US (2 * DAY_US) /* a line of months has a point a day */
#define KEPT_US (730 * DAY_US)

static int put(struct mst_state *s, const char *job, const char *name,
	       int64_t at_us, double value, struct mst_err *err)
{
	static const char q[] =
	    "INSERT INTO trend(job, name, at_us, value)"
	    " VALUES(?1, ?2, ?3, ?4) ON CONFLICT(job, name, at_us)"
	    " DO UPDATE SET value=?4";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, job);
	mst_sdb_bind_text(st, 2, name);
	mst_sdb_bind_int(st, 3, at_us);
	mst_sdb_bind_real(st, 4, value);
	return mst_sdb_run(st, NULL, err);
}

/* The last one of each day stays. */
static int thin_out(struct mst_state *s, const char *job, const char *name,
		    int64_t at_us, struct mst_err *err)
{
	static const char q[] =
	    "DELETE FROM trend WHERE job=?1 AND name=?2 AND (at_us<?3"
	    " OR at_us<?4 AND EXISTS (SELECT 1 FROM trend t WHERE t.job=?1"
	    " AND t.name=?2 AND t.at_us>trend.at_us"
	    " AND t.at_us<(trend.at_us/?5+1)*?5))";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, job);
	mst_sdb_bind_text(st, 2, name);
	mst_sdb_bind_int(st, 3, at_us - KEPT_US);
	mst_sdb_bind_int(st, 4, at_us - FINE_US);
	mst_sdb_bind_int(st, 5, DAY_US);
	return mst_sdb_run(st, NULL, err);
}

int mst_trend_put(struct mst_state *s, const char *job, const char *name,
		  int64_t at_us, double value, struct mst_err *err)
{
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = put(s, job, name, at_us, value, err);
	if (rc == 0)
		rc = thin_out(s, job, name, at_us, err);
	return mst_sdb_own_end(s->db, own, rc, err);
}

int mst_trend(struct mst_state *s, const char *job, const char *prefix,
	      int64_t from_us,
	      int (*fn)(void *ctx, const char *job, const char *name,
			int64_t at_us, double value),
	      void *ctx, struct mst_err *err)
{
	static const char q_all[] =
	    "SELECT job, name, at_us, value FROM trend WHERE at_us>=?1"
	    " AND substr(name, 1, length(?2))=?2 ORDER BY job, name, at_us";
	static const char q_job[] =
	    "SELECT job, name, at_us, value FROM trend WHERE job=?3"
	    " AND at_us>=?1 AND substr(name, 1, length(?2))=?2"
	    " ORDER BY job, name, at_us";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, job ? q_job : q_all, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, from_us);
	mst_sdb_bind_text(st, 2, prefix);
	if (job)
		mst_sdb_bind_text(st, 3, job);
	while ((rc = mst_sdb_step(st, err)) > 0) {
		rc = fn(ctx, mst_sdb_text(st, 0), mst_sdb_text(st, 1),
			mst_sdb_int(st, 2), mst_sdb_real(st, 3));
		if (rc)
			break;
	}
	mst_sdb_reset(st);
	return rc;
}
