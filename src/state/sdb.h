/* SPDX-License-Identifier: Apache-2.0
 *
 * The database under the state store: a table of functions over SQLite or
 * PostgreSQL, and statements that both take. Of the module alone.
 *
 * A statement is a text that lives as long as the program; it is prepared once
 * and known by its address. Parameters are ?1, ?2 …; what a database gives is
 * read by the number of the column. SQL here keeps to what both understand:
 * ON CONFLICT with its columns, RETURNING for numbers that the store gives,
 * sums as CAST(… AS BIGINT), "user" and "column" in quotes.
 */
#ifndef MST_STATE_SDB_H
#define MST_STATE_SDB_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct mst_sdb;

struct mst_sdb_st { /* at the head of a database's own */
	struct mst_sdb *db;
	const char *sql;
	struct mst_sdb_st *next;
	int64_t changes; /* rows that its last run changed */
};

struct mst_sdb_ops {
	const char *name; /* "sqlite", "postgresql" */
	/* Several processes of one machine alone: their clocks are one. */
	bool local;
	void (*close)(struct mst_sdb *db);
	int (*prepare)(struct mst_sdb *db, const char *sql,
		       struct mst_sdb_st **st_r, struct mst_err *err);
	void (*finish)(struct mst_sdb_st *st);
	/* Ends what runs, and forgets what is bound. */
	void (*clear)(struct mst_sdb_st *st);
	/* 1: a row, 0: the end, <0. */
	int (*step)(struct mst_sdb_st *st, struct mst_err *err);
	/* NULL: as step. */
	int (*queue)(struct mst_sdb_st *st, struct mst_err *err);
	void (*bind_null)(struct mst_sdb_st *st, int i);
	void (*bind_int)(struct mst_sdb_st *st, int i, int64_t v);
	void (*bind_real)(struct mst_sdb_st *st, int i, double v);
	void (*bind_text)(struct mst_sdb_st *st, int i, const char *s);
	void (*bind_blob)(struct mst_sdb_st *st, int i, struct mst_slice s);
	bool (*is_null)(struct mst_sdb_st *st, int col);
	int64_t (*get_int)(struct mst_sdb_st *st, int col);
	double (*get_real)(struct mst_sdb_st *st, int col);
	const char *(*get_text)(struct mst_sdb_st *st, int col);
	struct mst_slice (*get_blob)(struct mst_sdb_st *st, int col);
	int (*exec)(struct mst_sdb *db, const char *sql, struct mst_err *err);
	int (*begin)(struct mst_sdb *db, struct mst_err *err);
	int (*commit)(struct mst_sdb *db, struct mst_err *err);
	void (*abort)(struct mst_sdb *db);
	/* What is committed is on the disk when this returns. */
	int (*sync)(struct mst_sdb *db, struct mst_err *err);
	/* The clock that leases and heartbeats are told by. */
	int (*now)(struct mst_sdb *db, int64_t *us_r, struct mst_err *err);
};

#define MST_SDB_SLOTS 128
struct mst_sdb { /* at the head of a database's own */
	const struct mst_sdb_ops *ops;
	struct mst_sdb_st *st[MST_SDB_SLOTS];
	bool in_tx;
	/* At the begin of every transaction; NULL: nothing. */
	int (*fence)(void *ctx, struct mst_err *err);
	void *fence_ctx;
};

/* A SQLite file; made when missing. */
int mst_sdb_sqlite(const char *path, struct mst_sdb **db_r,
		   struct mst_err *err);
/* postgresql://…; its tables are made when they are missing. *shown_r: where it
 * is, for people; free() it, on failure too. */
int mst_sdb_postgres(const char *url, struct mst_sdb **db_r, char **shown_r,
		     struct mst_err *err);
void mst_sdb_close(struct mst_sdb **db);

/* Ready for binding. A loop over its rows must not use the same statement
 * within. */
int mst_sdb_stmt(struct mst_sdb *db, const char *sql, struct mst_sdb_st **st_r,
		 struct mst_err *err);
/* Returns 1 for a row, 0 at the end, <0 on error. */
int mst_sdb_step(struct mst_sdb_st *st, struct mst_err *err);
/* Steps to the end of a statement that gives no rows; *changes_r (may be NULL):
 * how many it changed. */
int mst_sdb_run(struct mst_sdb_st *st, int64_t *changes_r, struct mst_err *err);
/* The same within a transaction, for many of one kind: an error may come with
 * a later statement or the commit. */
int mst_sdb_queue(struct mst_sdb_st *st, struct mst_err *err);
/* Runs it for the number that its first row has; 0 without a row. */
int mst_sdb_number(struct mst_sdb_st *st, int64_t *n_r, struct mst_err *err);
/* The same of a statement without parameters. */
int mst_sdb_ask(struct mst_sdb *db, const char *sql, int64_t *n_r,
		struct mst_err *err);
/* Ends a statement before its last row. */
void mst_sdb_reset(struct mst_sdb_st *st);
/* Statements without parameters and results. */
int mst_sdb_exec(struct mst_sdb *db, const char *sql, struct mst_err *err);

/* For calls that are their own transaction unless one is open: opens one if
 * needed, *own_r says so; the end commits or aborts by rc and returns what the
 * call shall return. */
int mst_sdb_own_begin(struct mst_sdb *db, bool *own_r, struct mst_err *err);
int mst_sdb_own_end(struct mst_sdb *db, bool own, int rc, struct mst_err *err);
int mst_sdb_sync(struct mst_sdb *db, struct mst_err *err);
int mst_sdb_now(struct mst_sdb *db, int64_t *us_r, struct mst_err *err);

/* Bound bytes must live until the statement ran. A slice without bytes binds
 * as empty, not as NULL; so does a text that is NULL. What is not bound is
 * NULL. */
void mst_sdb_bind_int(struct mst_sdb_st *st, int i, int64_t v);
void mst_sdb_bind_time(struct mst_sdb_st *st, int i, int64_t us);
void mst_sdb_bind_real(struct mst_sdb_st *st, int i, double v);
void mst_sdb_bind_text(struct mst_sdb_st *st, int i, const char *s);
void mst_sdb_bind_blob(struct mst_sdb_st *st, int i, struct mst_slice s);
bool mst_sdb_is_null(struct mst_sdb_st *st, int col);
int64_t mst_sdb_int(struct mst_sdb_st *st, int col);
int64_t mst_sdb_time(struct mst_sdb_st *st, int col); /* NULL: TIME_NONE */
double mst_sdb_real(struct mst_sdb_st *st, int col);
const char *mst_sdb_text(struct mst_sdb_st *st, int col); /* NULL: "" */
struct mst_slice mst_sdb_blob(struct mst_sdb_st *st, int col);

#endif
