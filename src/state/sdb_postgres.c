/* SPDX-License-Identifier: Apache-2.0
 *
 * The state store's database on PostgreSQL. Statements are prepared with the
 * types of what is bound first, parameters and results are binary. What is
 * queued goes in pipelines, without waiting for each answer.
 */
#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"
#include "pg.h"
#include "sdb.h"

#define PARAMS 24
/* So many answers fit into the buffers between us, whatever their size. */
#define QUEUED 256

/* pg_type.dat; they are fixed. */
#define OID_BYTEA   17
#define OID_INT8    20
#define OID_TEXT    25
#define OID_FLOAT8  701
#define OID_NUMERIC 1700

struct pg {
	struct mst_sdb base;
	struct mst_pgc c;
	unsigned names; /* given to statements so far */
	unsigned queued;
};

struct pg_st {
	struct mst_sdb_st base;
	char *dollars; /* the statement with $1 for ?1 */
	char name[16];
	unsigned opened; /* connection that it is prepared in */
	/* Not prepared: a plan that is kept is made for no value in particular,
	 * and for the sake of a LIMIT goes through all rows until enough of
	 * them are of a state that next to none has. */
	bool paged;
	int n;
	Oid types[PARAMS];
	const char *v[PARAMS];
	int len[PARAMS];
	uint64_t words[PARAMS];
	char *owned[PARAMS];
	PGresult *res;
	int row;
};

static struct pg *pg_of(struct mst_sdb *db)
{
	return (struct pg *)(void *)db;
}

static struct pg_st *st_of(struct mst_sdb_st *st)
{
	return (struct pg_st *)(void *)st;
}

/* ---- statements ---------------------------------------------------------- */

static bool is_read(const struct pg_st *st)
{
	return strncmp(st->dollars, "SELECT", 6) == 0;
}

static int pg_prepare(struct mst_sdb *db, const char *sql,
		      struct mst_sdb_st **st_r, struct mst_err *err)
{
	struct pg_st *st = mst_alloc(sizeof(*st));

	st->dollars = mst_pg_dollars(sql, &st->n);
	st->paged = is_read(st) && strstr(sql, " LIMIT ");
	assert(st->n <= PARAMS);
	for (int i = 0; i < st->n; i++) {
		(void)snprintf(st->name, sizeof(st->name), "$%d", i + 1);
		if (!strstr(st->dollars, st->name))
			st->types[i] = OID_TEXT;
	}
	(void)snprintf(st->name, sizeof(st->name), "q%u", ++pg_of(db)->names);
	*st_r = &st->base;
	return 0;
}

static void forget(struct pg_st *st)
{
	for (int i = 0; i < st->n; i++) {
		free(st->owned[i]);
		st->owned[i] = NULL;
		st->v[i] = NULL;
	}
	PQclear(st->res);
	st->res = NULL;
}

static void pg_finish(struct mst_sdb_st *base)
{
	struct pg_st *st = st_of(base);

	forget(st);
	free(st->dollars);
	free(st);
}

static void pg_clear(struct mst_sdb_st *st)
{
	forget(st_of(st));
}

static void bind(struct mst_sdb_st *base, int i, Oid type, const char *v,
		 size_t n)
{
	struct pg_st *st = st_of(base);

	st->types[i - 1] = type;
	st->v[i - 1] = v;
	st->len[i - 1] = (int)n;
}

static void pg_bind_null(struct mst_sdb_st *st, int i)
{
	st_of(st)->v[i - 1] = NULL;
}

static void pg_bind_int(struct mst_sdb_st *st, int i, int64_t v)
{
	uint64_t *w = &st_of(st)->words[i - 1];

	*w = htobe64((uint64_t)v);
	bind(st, i, OID_INT8, (const char *)w, 8);
}

static void pg_bind_real(struct mst_sdb_st *st, int i, double v)
{
	uint64_t *w = &st_of(st)->words[i - 1];

	memcpy(w, &v, 8);
	*w = htobe64(*w);
	bind(st, i, OID_FLOAT8, (const char *)w, 8);
}

/* A message that was cut within a character would be refused. */
static void pg_bind_text(struct mst_sdb_st *st, int i, const char *s)
{
	char **own = &st_of(st)->owned[i - 1];
	size_t n = strlen(s), step;

	for (size_t at = 0; at < n; at += step ? step : 1) {
		step = mst_pg_character((const unsigned char *)s + at);
		if (step)
			continue;
		if (s != *own) {
			free(*own);
			s = *own = mst_strndup(s, n);
		}
		(*own)[at] = '?';
	}
	bind(st, i, OID_TEXT, s, n);
}

static void pg_bind_blob(struct mst_sdb_st *st, int i, struct mst_slice s)
{
	bind(st, i, OID_BYTEA, s.n ? s.p : "", s.n);
}

/* ---- running ------------------------------------------------------------- */

/* A transaction whose connection is gone is over. */
static int ready(struct pg *q, struct mst_err *err)
{
	if (!mst_pgc_lost(&q->c))
		return 0;
	/* What was queued went with it. */
	q->queued = 0;
	if (q->base.in_tx)
		return mst_pgc_fail(&q->c, NULL, err);
	return mst_pgc_ready(&q->c, err);
}

/* Takes the answers to what is queued; the first error counts. */
static int drain(struct pg *q, struct mst_err *err)
{
	struct mst_err later = MST_ERR_INIT;
	PGresult *res;
	bool synced = false;
	int rc = 0;

	if (!q->queued)
		return 0;
	q->queued = 0;
	if (mst_pgc_lost(&q->c) || !PQpipelineSync(q->c.h)) {
		rc = mst_pgc_fail(&q->c, NULL, err);
		mst_pgc_shut(&q->c);
	}
	while (!synced && !mst_pgc_lost(&q->c)) {
		struct mst_err *to = rc ? &later : err;
		int now = mst_pgc_wait(&q->c, to);

		if (now == 0 && (res = PQgetResult(q->c.h)) != NULL) {
			synced = PQresultStatus(res) == PGRES_PIPELINE_SYNC;
			if (PQresultStatus(res) == PGRES_FATAL_ERROR)
				now = mst_pgc_fail(&q->c, res, to);
			PQclear(res);
		}
		rc = rc ? rc : now;
	}
	if (rc == 0 && mst_pgc_lost(&q->c))
		rc = mst_pgc_fail(&q->c, NULL, err);
	if (!mst_pgc_lost(&q->c))
		(void)PQexitPipelineMode(q->c.h);
	return rc;
}

static int prepare_now(struct pg *q, struct pg_st *st, struct mst_err *err)
{
	PGresult *res = NULL;
	int rc;

	if (st->paged || st->opened == q->c.opened)
		return 0;
	rc = drain(q, err);
	if (rc < 0)
		return rc;
	if (!PQsendPrepare(q->c.h, st->name, st->dollars, st->n, st->types))
		return mst_pgc_fail(&q->c, NULL, err);
	rc = mst_pgc_take(&q->c, &res, err);
	if (rc < 0)
		return rc;
	PQclear(res);
	st->opened = q->c.opened;
	return 0;
}

static int send(struct pg *q, struct pg_st *st, struct mst_err *err)
{
	static const int binary[PARAMS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
					   1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

	int ok = st->paged
		     ? PQsendQueryParams(q->c.h, st->dollars, st->n, st->types,
					 st->v, st->len, binary, 1)
		     : PQsendQueryPrepared(q->c.h, st->name, st->n, st->v,
					   st->len, binary, 1);

	return ok ? 0 : mst_pgc_fail(&q->c, NULL, err);
}

static int run_once(struct pg *q, struct pg_st *st, struct mst_err *err)
{
	int rc = ready(q, err);

	if (rc == 0)
		rc = prepare_now(q, st, err);
	if (rc == 0)
		rc = drain(q, err);
	if (rc == 0)
		rc = send(q, st, err);
	return rc == 0 ? mst_pgc_take(&q->c, &st->res, err) : rc;
}

/* A connection that has died since it was last used is only noticed now;
 * what reads may simply be asked again. */
static int run(struct pg *q, struct pg_st *st, struct mst_err *err)
{
	bool was_there = !mst_pgc_lost(&q->c);
	int rc = run_once(q, st, err);

	if (rc < 0 && was_there && !q->base.in_tx && mst_pgc_lost(&q->c) &&
	    is_read(st))
		rc = run_once(q, st, err);
	return rc;
}

static int pg_step(struct mst_sdb_st *base, struct mst_err *err)
{
	struct pg_st *st = st_of(base);
	uint64_t n = 0;
	int rc;

	if (!st->res) {
		st->row = -1;
		rc = run(pg_of(base->db), st, err);
		if (rc < 0)
			return rc;
	}
	if (++st->row < PQntuples(st->res))
		return 1;
	if (!mst_num_u64(mst_slice_str(PQcmdTuples(st->res)), &n))
		n = 0;
	base->changes = (int64_t)n;
	PQclear(st->res);
	st->res = NULL;
	return 0;
}

static int pg_queue(struct mst_sdb_st *base, struct mst_err *err)
{
	struct pg *q = pg_of(base->db);
	struct pg_st *st = st_of(base);
	int rc = ready(q, err);

	if (rc == 0)
		rc = prepare_now(q, st, err);
	if (rc == 0 && !q->queued && !PQenterPipelineMode(q->c.h))
		rc = mst_pgc_fail(&q->c, NULL, err);
	if (rc == 0)
		rc = send(q, st, err);
	if (rc < 0)
		return rc;
	return ++q->queued == QUEUED ? drain(q, err) : 0;
}

/* ---- values -------------------------------------------------------------- */

static bool pg_is_null(struct mst_sdb_st *st, int col)
{
	return PQgetisnull(st_of(st)->res, st_of(st)->row, col);
}

static int64_t pg_int(struct mst_sdb_st *base, int col)
{
	struct pg_st *st = st_of(base);
	const char *p = PQgetvalue(st->res, st->row, col);
	int n = PQgetlength(st->res, st->row, col);
	int64_t v;

	if (PQgetisnull(st->res, st->row, col))
		return 0;
	/* A sum of these is a numeric: it wants a CAST. */
	assert(n <= 8 && PQftype(st->res, col) != OID_NUMERIC);
	v = (int8_t)p[0];
	for (int i = 1; i < n; i++)
		v = (int64_t)((uint64_t)v << 8 | (uint8_t)p[i]);
	return v;
}

static double pg_real(struct mst_sdb_st *st, int col)
{
	uint64_t w = (uint64_t)pg_int(st, col);
	double v;

	memcpy(&v, &w, 8);
	return v;
}

/* libpq ends every value with a zero byte. */
static const char *pg_text(struct mst_sdb_st *base, int col)
{
	struct pg_st *st = st_of(base);

	return PQgetvalue(st->res, st->row, col);
}

static struct mst_slice pg_blob(struct mst_sdb_st *base, int col)
{
	struct pg_st *st = st_of(base);

	if (pg_is_null(base, col))
		return mst_slice(NULL, 0);
	return mst_slice(PQgetvalue(st->res, st->row, col),
			 (size_t)PQgetlength(st->res, st->row, col));
}

/* ---- transactions -------------------------------------------------------- */

static int pg_exec(struct mst_sdb *db, const char *sql, struct mst_err *err)
{
	struct pg *q = pg_of(db);
	int rc = ready(q, err);

	if (rc == 0)
		rc = drain(q, err);
	return rc == 0 ? mst_pgc_do(&q->c, sql, err) : rc;
}

static int pg_begin(struct mst_sdb *db, struct mst_err *err)
{
	struct pg *q = pg_of(db);
	bool was_there = !mst_pgc_lost(&q->c);
	int rc = pg_exec(db, "BEGIN", err);

	if (rc < 0 && was_there && mst_pgc_lost(&q->c))
		rc = pg_exec(db, "BEGIN", err);
	return rc;
}

static void pg_abort(struct mst_sdb *db)
{
	struct mst_err err = MST_ERR_INIT;
	struct pg *q = pg_of(db);

	if (mst_pgc_lost(&q->c)) {
		q->queued = 0;
		return;
	}
	(void)drain(q, &err);
	if (!mst_pgc_lost(&q->c))
		(void)mst_pgc_do(&q->c, "ROLLBACK", &err);
}

static int pg_commit(struct mst_sdb *db, struct mst_err *err)
{
	struct pg *q = pg_of(db);
	int rc;

	if (mst_pgc_lost(&q->c))
		return mst_pgc_fail(&q->c, NULL, err);
	rc = drain(q, err);
	if (rc < 0) {
		pg_abort(db);
		return rc;
	}
	/* COMMIT of a transaction that failed says ROLLBACK, and no error. */
	if (PQtransactionStatus(q->c.h) == PQTRANS_INERROR) {
		pg_abort(db);
		return mst_err_set(err, MST_E_IO,
				   "state store '%s': nothing was stored, a "
				   "write of the transaction had failed",
				   q->c.shown);
	}
	rc = mst_pgc_do(&q->c, "COMMIT", err);
	if (rc < 0 && mst_pgc_lost(&q->c))
		err->code = MST_E_UNCERTAIN;
	return rc < 0 ? -(int)err->code : 0;
}

static int pg_sync(struct mst_sdb *db, struct mst_err *err)
{
	return 0;
}

static int pg_now(struct mst_sdb *db, int64_t *us_r, struct mst_err *err)
{
	static const char sql[] = "SELECT " MST_PG_NOW;

	return mst_sdb_ask(db, sql, us_r, err);
}

static void pg_close(struct mst_sdb *db)
{
	struct pg *q = pg_of(db);

	mst_pgc_fini(&q->c);
	free(q);
}

static const struct mst_sdb_ops ops = {
    .name = "postgresql",
    .local = false,
    .close = pg_close,
    .prepare = pg_prepare,
    .finish = pg_finish,
    .clear = pg_clear,
    .step = pg_step,
    .queue = pg_queue,
    .bind_null = pg_bind_null,
    .bind_int = pg_bind_int,
    .bind_real = pg_bind_real,
    .bind_text = pg_bind_text,
    .bind_blob = pg_bind_blob,
    .is_null = pg_is_null,
    .get_int = pg_int,
    .get_real = pg_real,
    .get_text = pg_text,
    .get_blob = pg_blob,
    .exec = pg_exec,
    .begin = pg_begin,
    .commit = pg_commit,
    .abort = pg_abort,
    .sync = pg_sync,
    .now = pg_now,
};

int mst_sdb_postgres(const char *url, struct mst_sdb **db_r, char **shown_r,
		     struct mst_err *err)
{
	struct pg *q = mst_alloc(sizeof(*q));
	int rc = mst_pgc_init(&q->c, url, err);

	q->base.ops = &ops;
	*shown_r = q->c.shown ? mst_strdup(q->c.shown) : NULL;
	if (rc == 0)
		rc = mst_pgc_ready(&q->c, err);
	if (rc == 0)
		rc = mst_pgc_schema(&q->c, &mst_pgc_own, err);
	if (rc < 0) {
		pg_close(&q->base);
		return rc;
	}
	*db_r = &q->base;
	return 0;
}
