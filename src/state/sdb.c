/* SPDX-License-Identifier: Apache-2.0
 *
 * What is the same for every database under the state store: the prepared
 * statements, whose transaction it is, times.
 */
#include "sdb.h"

#include <stdlib.h>

#include "base/time.h"

/* ---- statements ---------------------------------------------------------- */

int mst_sdb_stmt(struct mst_sdb *db, const char *sql, struct mst_sdb_st **st_r,
		 struct mst_err *err)
{
	struct mst_sdb_st **slot =
	    &db->st[((uintptr_t)sql >> 3) % MST_SDB_SLOTS];
	struct mst_sdb_st *st = *slot;
	int rc;

	while (st && st->sql != sql)
		st = st->next;
	if (!st) {
		rc = db->ops->prepare(db, sql, &st, err);
		if (rc < 0)
			return rc;
		st->db = db;
		st->sql = sql;
		st->next = *slot;
		*slot = st;
	}
	db->ops->clear(st);
	*st_r = st;
	return 0;
}

int mst_sdb_step(struct mst_sdb_st *st, struct mst_err *err)
{
	return st->db->ops->step(st, err);
}

int mst_sdb_run(struct mst_sdb_st *st, int64_t *changes_r, struct mst_err *err)
{
	int rc;

	do
		rc = mst_sdb_step(st, err);
	while (rc > 0);
	if (rc == 0 && changes_r)
		*changes_r = st->changes;
	return rc;
}

int mst_sdb_queue(struct mst_sdb_st *st, struct mst_err *err)
{
	const struct mst_sdb_ops *ops = st->db->ops;

	return ops->queue ? ops->queue(st, err) : mst_sdb_run(st, NULL, err);
}

int mst_sdb_number(struct mst_sdb_st *st, int64_t *n_r, struct mst_err *err)
{
	int rc = mst_sdb_step(st, err);

	if (rc < 0)
		return rc;
	*n_r = rc ? mst_sdb_int(st, 0) : 0;
	return rc ? mst_sdb_run(st, NULL, err) : 0;
}

int mst_sdb_ask(struct mst_sdb *db, const char *sql, int64_t *n_r,
		struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(db, sql, &st, err);

	return rc < 0 ? rc : mst_sdb_number(st, n_r, err);
}

void mst_sdb_reset(struct mst_sdb_st *st)
{
	st->db->ops->clear(st);
}

int mst_sdb_exec(struct mst_sdb *db, const char *sql, struct mst_err *err)
{
	return db->ops->exec(db, sql, err);
}

void mst_sdb_close(struct mst_sdb **db)
{
	struct mst_sdb *d = *db;

	if (!d)
		return;
	if (d->in_tx)
		d->ops->abort(d);
	for (size_t i = 0; i < MST_SDB_SLOTS; i++) {
		struct mst_sdb_st *st;

		while ((st = d->st[i])) {
			d->st[i] = st->next;
			d->ops->finish(st);
		}
	}
	d->ops->close(d);
	*db = NULL;
}

/* ---- transactions -------------------------------------------------------- */

int mst_sdb_own_begin(struct mst_sdb *db, bool *own_r, struct mst_err *err)
{
	int rc;

	*own_r = !db->in_tx;
	if (db->in_tx)
		return 0;
	rc = db->ops->begin(db, err);
	if (rc < 0)
		return rc;
	db->in_tx = true;
	if (db->fence)
		rc = db->fence(db->fence_ctx, err);
	return rc < 0 ? mst_sdb_own_end(db, true, rc, err) : 0;
}

int mst_sdb_own_end(struct mst_sdb *db, bool own, int rc, struct mst_err *err)
{
	if (!own)
		return rc;
	if (rc == 0)
		rc = db->ops->commit(db, err);
	else
		db->ops->abort(db);
	db->in_tx = false;
	return rc;
}

int mst_sdb_sync(struct mst_sdb *db, struct mst_err *err)
{
	return db->ops->sync(db, err);
}

int mst_sdb_now(struct mst_sdb *db, int64_t *us_r, struct mst_err *err)
{
	return db->ops->now(db, us_r, err);
}

/* ---- values -------------------------------------------------------------- */

void mst_sdb_bind_int(struct mst_sdb_st *st, int i, int64_t v)
{
	st->db->ops->bind_int(st, i, v);
}

void mst_sdb_bind_time(struct mst_sdb_st *st, int i, int64_t us)
{
	if (us == MST_TIME_NONE)
		st->db->ops->bind_null(st, i);
	else
		st->db->ops->bind_int(st, i, us);
}

void mst_sdb_bind_real(struct mst_sdb_st *st, int i, double v)
{
	st->db->ops->bind_real(st, i, v);
}

void mst_sdb_bind_text(struct mst_sdb_st *st, int i, const char *s)
{
	st->db->ops->bind_text(st, i, s ? s : "");
}

void mst_sdb_bind_blob(struct mst_sdb_st *st, int i, struct mst_slice s)
{
	st->db->ops->bind_blob(st, i, s);
}

bool mst_sdb_is_null(struct mst_sdb_st *st, int col)
{
	return st->db->ops->is_null(st, col);
}

int64_t mst_sdb_int(struct mst_sdb_st *st, int col)
{
	return st->db->ops->get_int(st, col);
}

int64_t mst_sdb_time(struct mst_sdb_st *st, int col)
{
	return mst_sdb_is_null(st, col) ? MST_TIME_NONE : mst_sdb_int(st, col);
}

double mst_sdb_real(struct mst_sdb_st *st, int col)
{
	return st->db->ops->get_real(st, col);
}

const char *mst_sdb_text(struct mst_sdb_st *st, int col)
{
	const char *s = st->db->ops->get_text(st, col);

	return s ? s : "";
}

struct mst_slice mst_sdb_blob(struct mst_sdb_st *st, int col)
{
	return st->db->ops->get_blob(st, col);
}
