/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the PostgreSQL driver share: a connection, statements with
 * binary parameters and results, errors by SQLSTATE.
 */
#ifndef MST_RECVER_POSTGRES_PRIVATE_H
#define MST_RECVER_POSTGRES_PRIVATE_H

#include <libpq-fe.h>

#include "recver/postgres/names.h"
#include "recver/server/server.h"

struct mst_pg {
	PGconn *h;
	const struct mst_recver_conf *conf; /* outlives the connection */
	char *database;
	bool look;	/* to look around: may be read-only */
	bool admin;	/* with --admin's login, not recver.user's */
	bool patient;	/* what is asked for now may take any time */
	char state[6];	/* SQLSTATE of the last statement that failed, or "" */
	char said[512]; /* of the last connection that was refused: libpq's
			 * first line */
};

/* States of an answer that more than one place looks at. */
#define MST_PG_NO_DATABASE "3D000"
#define MST_PG_READ_ONLY   "25006"
#define MST_PG_NO_RIGHT	   "42501"
#define MST_PG_BARRED	   "55000" /* takes no connections at all */

/* ---- error.c ------------------------------------------------------------- */

/* What the server said of a statement; res NULL: the connection is gone. */
int mst_pg_fail(struct mst_pg *c, const PGresult *res, struct mst_err *err);
/* The text of a connection that was not made, with a SQLSTATE somewhere in it
 * when the server said anything. */
int mst_pg_refused(struct mst_pg *c, const char *text, const char *sqlstate,
		   struct mst_err *err);
bool mst_pg_is(const PGresult *res, const char *sqlstate);

/* ---- exec.c -------------------------------------------------------------- */

#define MST_PG_PARAMS 12

struct mst_pg_params {
	int n;
	Oid types[MST_PG_PARAMS];
	const char *v[MST_PG_PARAMS];
	int len[MST_PG_PARAMS];
	int formats[MST_PG_PARAMS];
	uint64_t ints[MST_PG_PARAMS];
};

void mst_pg_int(struct mst_pg_params *p, int64_t v);
void mst_pg_text(struct mst_pg_params *p, const char *v);
void mst_pg_bytes(struct mst_pg_params *p, struct mst_slice v);

/* An array of one type, as a parameter: unnest() makes rows of several. */
struct mst_pg_array {
	struct mst_buf b;
	Oid type; /* of an element */
	int32_t n;
};

/* kind: 'i' bigint, 's' smallint, 'b' bytea, 't' text, 'o' boolean */
void mst_pg_array_init(struct mst_pg_array *a, char kind);
void mst_pg_array_fini(struct mst_pg_array *a);
void mst_pg_array_reset(struct mst_pg_array *a);
void mst_pg_add_int(struct mst_pg_array *a, int64_t v);		   /* i, s, o */
void mst_pg_add_bytes(struct mst_pg_array *a, struct mst_slice v); /* b, t */
void mst_pg_add_null(struct mst_pg_array *a);
void mst_pg_array(struct mst_pg_params *p, struct mst_pg_array *a);

/* Waits for bytes, at most until then, and takes them in. */
int mst_pg_read(struct mst_pg *c, int64_t until_ms, struct mst_err *err);
/* When an answer that is asked for now must be there. */
int64_t mst_pg_until(const struct mst_pg *c);
/* Waits for the answer's next result, so that PQgetResult does not. */
int mst_pg_wait(struct mst_pg *c, struct mst_err *err);
/* One statement, its result in binary form; PQclear it. p may be NULL. A
 * failed statement is an error and no result. */
int mst_pg_exec(struct mst_pg *c, const char *sql,
		const struct mst_pg_params *p, PGresult **res_r,
		struct mst_err *err);
/* The same without its rows: how many there were in *n_r, which may be
 * NULL. */
int mst_pg_do(struct mst_pg *c, const char *sql, const struct mst_pg_params *p,
	      int64_t *n_r, struct mst_err *err);
/* The next message of a COPY to us, *n_r bytes; PQfreemem it. -1: there are no
 * more. */
int mst_pg_copy_next(struct mst_pg *c, char **row_r, int *n_r,
		     struct mst_err *err);
/* Takes what is left of an answer, unless the server falls silent: then the
 * next statement ends the connection. */
void mst_pg_drain(struct mst_pg *c);

/* A value of a binary result; n -1: NULL. */
struct mst_pg_value {
	const char *p;
	int n;
};

struct mst_pg_value mst_pg_value(const PGresult *res, int row, int col);
/* Of 1, 2, 4 or 8 bytes; or_else when it is NULL. */
int64_t mst_pg_value_int(struct mst_pg_value v, int64_t or_else);

/* ---- conn.c, setup.c ----------------------------------------------------- */

/* A connection to a database of the server. *sqlstate_r: what the server said
 * when it failed. */
int mst_pg_open(struct mst_pg *c, const char *database, char sqlstate_r[6],
		struct mst_err *err);
void mst_pg_shut(struct mst_pg *c);
/* To a database that every server has, for what concerns all of them. */
int mst_pg_open_any(struct mst_pg *c, char sqlstate_r[6], struct mst_err *err);
/* The database, and when create its tables where they are missing. */
int mst_pg_setup(struct mst_pg *c, bool create, struct mst_err *err);
int mst_pg_upgrade(void *c, struct mst_err *err);
/* Of the tables; 0: there are none, or not all of them. */
int mst_pg_version(void *c, unsigned *version_r, struct mst_err *err);

/* ---- others.c ------------------------------------------------------------ */

/* What others keep in the database, "sales.orders and 3 more"; NULL: nothing.
 * To be freed. */
int mst_pg_others(struct mst_pg *c, char **text_r, struct mst_err *err);
/* Refuses a database whose schema muster is not RecVer's (MST_E_INVALID). */
int mst_pg_own_schema(struct mst_pg *c, struct mst_err *err);

/* ---- script.c ------------------------------------------------------------ */

/* Runs a part of a script for psql: part 0 goes up to \connect, part 1 begins
 * behind it; only what stands behind the heading "-- step: …" when step is not
 * NULL. login: the variable recver_login, NULL when it has none. A statement
 * that meets another session that makes the same is run again. */
int mst_pg_script(struct mst_pg *c, const char *script, int part,
		  const char *step, const char *login, struct mst_err *err);

/* ---- read.c, write.c ----------------------------------------------------- */

int mst_pg_sets(void *c, int (*fn)(void *ctx, const struct mst_batch_set *s),
		void *ctx, struct mst_err *err);
int mst_pg_meta_get(void *c, const char *target, const char *name,
		    struct mst_buf *val, bool *found_r, struct mst_err *err);
int mst_pg_load(void *c, int64_t set, const uint8_t *after,
		int (*fn)(void *ctx, const struct mst_group_row *row,
			  bool has_list),
		void *ctx, struct mst_err *err);
int mst_pg_lists(void *c, int64_t set, const struct mst_hash *keys, size_t n,
		 int (*fn)(void *ctx, const struct mst_hash *key,
			   struct mst_slice list, uint32_t members),
		 void *ctx, struct mst_err *err);
int mst_pg_stats(void *c, const int64_t *sets, size_t n,
		 struct mst_recver_stats *s_r, struct mst_err *err);
int mst_pg_lease_read(void *c, struct mst_lease *l_r, struct mst_err *err);
int mst_pg_lease_swap(void *c, const char *from, const struct mst_lease *to,
		      int64_t for_ms, bool *done_r, struct mst_err *err);
int mst_pg_apply(void *c, const char *token, int64_t for_ms,
		 const struct mst_batch *b, struct mst_err *err);
int mst_pg_compact(void *c, struct mst_err *err);
/* verify.c */
int mst_pg_verify(void *c, const struct mst_recver_look *look,
		  struct mst_err *err);

#endif
