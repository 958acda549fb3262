/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests of an hour that all jobs of a connection share.
 */
#include "base/time.h"
#include "state/task.h"
#include "state_private.h"

#define HOUR_US (3600ll * 1000000)

static int64_t hour_of(int64_t now_us)
{
	return now_us - now_us % HOUR_US;
}

/* The row of this hour, used 0 when a new one begins. */
static int open_hour(struct mst_state *s, const char *connection,
		     int64_t hour_us, struct mst_err *err)
{
	static const char q[] =
	    "INSERT INTO budget(connection, hour_us, used) VALUES(?1, ?2, 0)"
	    " ON CONFLICT(connection) DO UPDATE SET hour_us=?2, used=0"
	    " WHERE budget.hour_us<?2";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, connection);
	mst_sdb_bind_int(st, 2, hour_us);
	return mst_sdb_run(st, NULL, err);
}

/* Adds what is left of `of`, at most n: in one statement, so that no two get
 * the same. */
static int add(struct mst_state *s, const char *connection, int64_t n,
	       int64_t of, int64_t *got_r, struct mst_err *err)
{
	static const char q_lock[] =
	    "UPDATE budget SET used=used WHERE connection=?1 RETURNING used";
	static const char q_add[] =
	    "UPDATE budget SET used=used+?2 WHERE connection=?1";
	struct mst_sdb_st *st;
	int64_t used = 0, left;
	int rc = mst_sdb_stmt(s->db, q_lock, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, connection);
	rc = mst_sdb_number(st, &used, err);
	left = MST_MAX(of - used, 0);
	*got_r = MST_MIN(n, left);
	if (rc < 0 || *got_r == 0)
		return rc;
	rc = mst_sdb_stmt(s->db, q_add, &st, err);
	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, connection);
	mst_sdb_bind_int(st, 2, *got_r);
	return mst_sdb_run(st, NULL, err);
}

int mst_budget_take(struct mst_state *s, const char *connection,
		    uint64_t per_hour, uint64_t want, int64_t now_us,
		    uint64_t *got_r, int64_t *until_us, struct mst_err *err)
{
	int64_t got = 0;
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = open_hour(s, connection, hour_of(now_us), err);
	if (rc == 0)
		rc = add(s, connection, (int64_t)MST_MIN(want, INT64_MAX),
			 (int64_t)MST_MIN(per_hour, INT64_MAX), &got, err);
	rc = mst_sdb_own_end(s->db, own, rc, err);
	if (rc == 0) {
		*got_r = (uint64_t)got;
		*until_us = hour_of(now_us) + HOUR_US;
	}
	return rc;
}

int mst_budget_give_back(struct mst_state *s, const char *connection,
			 uint64_t n, int64_t now_us, struct mst_err *err)
{
	static const char q[] =
	    "UPDATE budget SET used=CASE WHEN used>?3 THEN used-?3 ELSE 0 END"
	    " WHERE connection=?1 AND hour_us=?2";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, connection);
	mst_sdb_bind_int(st, 2, hour_of(now_us));
	mst_sdb_bind_int(st, 3, (int64_t)n);
	return mst_sdb_run(st, NULL, err);
}

int mst_budget_used(struct mst_state *s, const char *connection, int64_t now_us,
		    uint64_t *used_r, struct mst_err *err)
{
	static const char q[] =
	    "SELECT used FROM budget WHERE connection=?1 AND hour_us=?2";
	struct mst_sdb_st *st;
	int64_t used = 0;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, connection);
	mst_sdb_bind_int(st, 2, hour_of(now_us));
	rc = mst_sdb_number(st, &used, err);
	if (rc == 0)
		*used_r = (uint64_t)used;
	return rc;
}
