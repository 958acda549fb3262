/* SPDX-License-Identifier: Apache-2.0
 *
 * Which columns were reasons to write: counts per run and record set, and the
 * sample of records that they come from.
 */
#include "state_private.h"

int mst_state_fields_add(struct mst_state *s, int64_t run,
			 const struct mst_field_count *v, size_t n,
			 struct mst_err *err)
{
	struct sqlite3_stmt *st;
	bool own;
	int rc;

	if (n == 0)
		return 0;
	rc = mst_db_own_begin(&s->db, &own, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = mst_db_stmt(&s->db, Q_FIELD_ADD, &st, err);
		if (rc < 0)
			break;
		mst_db_bind_int(st, 1, run);
		mst_db_bind_text(st, 2, v[i].set);
		mst_db_bind_text(st, 3, v[i].column);
		mst_db_bind_int(st, 4, (int64_t)v[i].seen);
		mst_db_bind_int(st, 5, (int64_t)v[i].writes);
		rc = mst_db_run(&s->db, st, err);
	}
	return mst_db_own_end(&s->db, own, rc, err);
}

int mst_state_fields(struct mst_state *s, const char *job, size_t runs,
		     int (*fn)(void *ctx, const struct mst_field_count *c),
		     void *ctx, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_FIELDS, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, job);
	mst_db_bind_int(st, 2, (int64_t)runs);
	while ((rc = mst_db_step(&s->db, st, err)) > 0) {
		const struct mst_field_count c = {
		    .set = mst_db_text(st, 0),
		    .column = mst_db_text(st, 1),
		    .seen = (uint64_t)mst_db_int(st, 2),
		    .writes = (uint64_t)mst_db_int(st, 3),
		    .runs = (uint64_t)mst_db_int(st, 4),
		};

		rc = fn(ctx, &c);
		if (rc) {
			mst_db_reset(st);
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
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_SAMPLE, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, job);
	mst_db_bind_text(st, 2, set);
	while ((rc = mst_db_step(&s->db, st, err)) > 0) {
		rc = fn(ctx, mst_db_blob(st, 0), mst_db_blob(st, 1));
		if (rc) {
			mst_db_reset(st);
			return rc;
		}
	}
	return rc;
}

static int put_row(struct mst_state *s, const char *job, const char *set,
		   const struct mst_sample_row *row, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, row->bytes.p ? Q_SAMPLE_PUT : Q_SAMPLE_DEL,
			     &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, job);
	mst_db_bind_text(st, 2, set);
	mst_db_bind_blob(st, 3, row->key);
	if (row->bytes.p)
		mst_db_bind_blob(st, 4, row->bytes);
	return mst_db_run(&s->db, st, err);
}

int mst_state_sample_put(struct mst_state *s, const char *job, const char *set,
			 bool anew, const struct mst_sample_row *rows, size_t n,
			 struct mst_err *err)
{
	struct sqlite3_stmt *st;
	bool own;
	int rc = mst_db_own_begin(&s->db, &own, err);

	if (rc < 0)
		return rc;
	if (anew) {
		rc = mst_db_stmt(&s->db, Q_SAMPLE_EMPTY, &st, err);
		if (rc == 0) {
			mst_db_bind_text(st, 1, job);
			mst_db_bind_text(st, 2, set);
			rc = mst_db_run(&s->db, st, err);
		}
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = put_row(s, job, set, &rows[i], err);
	return mst_db_own_end(&s->db, own, rc, err);
}
