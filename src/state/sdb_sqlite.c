/* SPDX-License-Identifier: Apache-2.0
 *
 * The state store's database as a SQLite file, over src/db.
 */
#include <sqlite3.h>
#include <stdlib.h>

#include "base/time.h"
#include "db/db.h"
#include "schema.h"
#include "sdb.h"

struct sq {
	struct mst_sdb base;
	struct mst_db db;
};

struct sq_st {
	struct mst_sdb_st base;
	sqlite3_stmt *st;
};

static struct sq *sq_of(struct mst_sdb *db)
{
	return (struct sq *)(void *)db;
}

static sqlite3_stmt *st_of(struct mst_sdb_st *st)
{
	return ((struct sq_st *)(void *)st)->st;
}

static int sq_prepare(struct mst_sdb *db, const char *sql,
		      struct mst_sdb_st **st_r, struct mst_err *err)
{
	struct sq_st *st = mst_alloc(sizeof(*st));
	int rc = mst_db_prepare(&sq_of(db)->db, sql, &st->st, err);

	if (rc < 0) {
		free(st);
		return rc;
	}
	*st_r = &st->base;
	return 0;
}

static void sq_finish(struct mst_sdb_st *st)
{
	sqlite3_finalize(st_of(st));
	free(st);
}

static void sq_clear(struct mst_sdb_st *st)
{
	sqlite3_reset(st_of(st));
	sqlite3_clear_bindings(st_of(st));
}

static int sq_step(struct mst_sdb_st *st, struct mst_err *err)
{
	struct sq *q = sq_of(st->db);
	int rc = mst_db_step(&q->db, st_of(st), err);

	if (rc == 0)
		st->changes = mst_db_changes(&q->db);
	return rc;
}

static void sq_bind_null(struct mst_sdb_st *st, int i)
{
	sqlite3_bind_null(st_of(st), i);
}

static void sq_bind_int(struct mst_sdb_st *st, int i, int64_t v)
{
	sqlite3_bind_int64(st_of(st), i, v);
}

static void sq_bind_real(struct mst_sdb_st *st, int i, double v)
{
	sqlite3_bind_double(st_of(st), i, v);
}

static void sq_bind_text(struct mst_sdb_st *st, int i, const char *s)
{
	mst_db_bind_text(st_of(st), i, s);
}

static void sq_bind_blob(struct mst_sdb_st *st, int i, struct mst_slice s)
{
	mst_db_bind_blob(st_of(st), i, s);
}

static bool sq_is_null(struct mst_sdb_st *st, int col)
{
	return sqlite3_column_type(st_of(st), col) == SQLITE_NULL;
}

static int64_t sq_int(struct mst_sdb_st *st, int col)
{
	return mst_db_int(st_of(st), col);
}

static double sq_real(struct mst_sdb_st *st, int col)
{
	return sqlite3_column_double(st_of(st), col);
}

static const char *sq_text(struct mst_sdb_st *st, int col)
{
	return mst_db_text(st_of(st), col);
}

static struct mst_slice sq_blob(struct mst_sdb_st *st, int col)
{
	return mst_db_blob(st_of(st), col);
}

static int sq_exec(struct mst_sdb *db, const char *sql, struct mst_err *err)
{
	return mst_db_exec(&sq_of(db)->db, sql, err);
}

static int sq_begin(struct mst_sdb *db, struct mst_err *err)
{
	return mst_db_begin(&sq_of(db)->db, err);
}

static int sq_commit(struct mst_sdb *db, struct mst_err *err)
{
	return mst_db_commit(&sq_of(db)->db, err);
}

static void sq_abort(struct mst_sdb *db)
{
	mst_db_abort(&sq_of(db)->db);
}

static int sq_sync(struct mst_sdb *db, struct mst_err *err)
{
	return mst_db_sync(&sq_of(db)->db, err);
}

static int sq_now(struct mst_sdb *db, int64_t *us_r, struct mst_err *err)
{
	*us_r = mst_now_us();
	return 0;
}

static void sq_close(struct mst_sdb *db)
{
	struct sq *q = sq_of(db);

	if (q->db.h)
		mst_db_close(&q->db);
	free(q);
}

static const struct mst_sdb_ops ops = {
    .name = "sqlite",
    .local = true,
    .close = sq_close,
    .prepare = sq_prepare,
    .finish = sq_finish,
    .clear = sq_clear,
    .step = sq_step,
    .bind_null = sq_bind_null,
    .bind_int = sq_bind_int,
    .bind_real = sq_bind_real,
    .bind_text = sq_bind_text,
    .bind_blob = sq_bind_blob,
    .is_null = sq_is_null,
    .get_int = sq_int,
    .get_real = sq_real,
    .get_text = sq_text,
    .get_blob = sq_blob,
    .exec = sq_exec,
    .begin = sq_begin,
    .commit = sq_commit,
    .abort = sq_abort,
    .sync = sq_sync,
    .now = sq_now,
};

int mst_sdb_sqlite(const char *path, struct mst_sdb **db_r, struct mst_err *err)
{
	struct sq *q = mst_alloc(sizeof(*q));
	int rc = mst_db_open(&q->db, &mst_state_spec, path, true, err);

	q->base.ops = &ops;
	if (rc < 0) {
		free(q);
		return rc;
	}
	*db_r = &q->base;
	return 0;
}
