/* SPDX-License-Identifier: Apache-2.0
 *
 * Which columns were reasons to write: counts per run and record set, and the
 * sample of records that they come from.
 */
#include "state_private.h"

static const char q_field_add[] =
    "INSERT INTO run_field(run, rset, \"column\", seen, writes)"
    " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(run, rset, \"column\") DO UPDATE"
    " SET seen=run_field.seen+?4, writes=run_field.writes+?5";
/* The newest runs that updated anything. */
static const char q_fields[] =
    "SELECT rset, \"column\", CAST(sum(seen) AS BIGINT), CAST(sum(writes) AS "
    "BIGINT), count(*)"
    " FROM run_field WHERE run IN (SELECT DISTINCT f.run"
    " FROM run_field f JOIN run r ON r.id=f.run WHERE r.job=?1"
    " ORDER BY f.run DESC LIMIT ?2)"
    " GROUP BY rset, \"column\" ORDER BY sum(writes) DESC, rset,"
    " \"column\"";
static const char q_sample[] =
    "SELECT key, bytes FROM sample WHERE job=?1 AND rset=?2";
static const char q_sample_put[] = "INSERT INTO sample(job, rset, key, bytes)"
				   " VALUES(?1, ?2, ?3, ?4) ON CONFLICT(job, "
				   "rset, key) DO UPDATE SET bytes=?4";
static const char q_sample_del[] =
    "DELETE FROM sample WHERE job=?1 AND rset=?2 AND key=?3";
static const char q_sample_empty[] =
    "DELETE FROM sample WHERE job=?1 AND rset=?2";

int mst_state_fields_add(struct mst_state *s, int64_t run,
			 const struct mst_field_count *v, size_t n,
			 struct mst_err *err)
{
	struct mst_sdb_st *st;
	bool own;
	int rc;

	if (n == 0)
		return 0;
	rc = mst_sdb_own_begin(s->db, &own, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = mst_sdb_stmt(s->db, q_field_add, &st, err);
		if (rc < 0)
			break;
		mst_sdb_bind_int(st, 1, run);
		mst_sdb_bind_text(st, 2, v[i].set);
		mst_sdb_bind_text(st, 3, v[i].column);
		mst_sdb_bind_int(st, 4, (int64_t)v[i].seen);
		mst_sdb_bind_int(st, 5, (int64_t)v[i].writes);
		rc = mst_sdb_queue(st, err);
	}
	return mst_sdb_own_end(s->db, own, rc, err);
}

int mst_state_fields(struct mst_state *s, const char *job, size_t runs,
		     int (*fn)(void *ctx, const struct mst_field_count *c),
		     void *ctx, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_fields, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, job);
	mst_sdb_bind_int(st, 2, (int64_t)runs);
	while ((rc = mst_sdb_step(st, err)) > 0) {
		const struct mst_field_count c = {
		    .set = mst_sdb_text(st, 0),
		    .column = mst_sdb_text(st, 1),
		    .seen = (uint64_t)mst_sdb_int(st, 2),
		    .writes = (uint64_t)mst_sdb_int(st, 3),
		    .runs = (uint64_t)mst_sdb_int(st, 4),
		};

		rc = fn(ctx, &c);
		if (rc) {
			mst_sdb_reset(st);
			return rc;
		}
	}
	return rc;
}

/* ---- the sample ---------------------------------------------------------- */

int mst_state_sample(struct mst_state *s, const char *job, const char *set,
		     int (*fn)(void *ctx, struct mst_slice key,
			       struct mst_slice bytes),
		     void *ctx, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_sample, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, job);
	mst_sdb_bind_text(st, 2, set);
	while ((rc = mst_sdb_step(st, err)) > 0) {
		rc = fn(ctx, mst_sdb_blob(st, 0), mst_sdb_blob(st, 1));
		if (rc) {
			mst_sdb_reset(st);
			return rc;
		}
	}
	return rc;
}

static int put_row(struct mst_state *s, const char *job, const char *set,
		   const struct mst_sample_row *row, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, row->bytes.p ? q_sample_put : q_sample_del,
			      &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, job);
	mst_sdb_bind_text(st, 2, set);
	mst_sdb_bind_blob(st, 3, row->key);
	if (row->bytes.p)
		mst_sdb_bind_blob(st, 4, row->bytes);
	return mst_sdb_queue(st, err);
}

int mst_state_sample_put(struct mst_state *s, const char *job, const char *set,
			 bool anew, const struct mst_sample_row *rows, size_t n,
			 struct mst_err *err)
{
	struct mst_sdb_st *st;
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	if (anew) {
		rc = mst_sdb_stmt(s->db, q_sample_empty, &st, err);
		if (rc == 0) {
			mst_sdb_bind_text(st, 1, job);
			mst_sdb_bind_text(st, 2, set);
			rc = mst_sdb_run(st, NULL, err);
		}
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = put_row(s, job, set, &rows[i], err);
	return mst_sdb_own_end(s->db, own, rc, err);
}
