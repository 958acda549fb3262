/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files that look at a PostgreSQL and set it up share.
 */
#ifndef MST_RECVER_POSTGRES_DBA_H
#define MST_RECVER_POSTGRES_DBA_H

#include "recver/postgres/private.h"
#include "recver/setup.h"

/* ---- rights.c ------------------------------------------------------------ */

/* What a login may do, as the connection sees it. Texts are to be freed. */
struct mst_pg_rights {
	bool exists, may_log_in;
	bool superuser;
	bool inherits; /* what the roles that it is a member of may do */
	bool may_make; /* databases */
	/* In the database: what is missing to read and write RecVer's tables
	 * ("INSERT on muster.grp"); NULL: nothing, or there are no tables. */
	char *lacks;
	char *more;   /* than it needs: "superuser, CREATEDB"; or NULL */
	char *take;   /* the statements that take that away */
	bool first;   /* the server's own superuser, which stays one */
	bool bare;    /* a superuser that without it had no right to tables that
		       * are there */
	bool owns;    /* one of the tables, so it may change them */
	bool may_add; /* tables to the database */
	char *member; /* of what muster made: "muster_agent", or NULL */
};

/* in_database: c leads to RecVer's database, whose tables are looked at. */
int mst_pg_rights(struct mst_pg *c, const struct mst_recver_conf *conf,
		  const char *login, bool in_database,
		  struct mst_pg_rights *r_r, struct mst_err *err);
void mst_pg_rights_fini(struct mst_pg_rights *r);

/* ---- ask.c --------------------------------------------------------------- */

#define MST_PG_TABLES	"'meta','record_set','grp','members','lease'"
#define MST_PG_TABLES_N 5

/* A copy of the options with what they leave out. */
struct mst_recver_conf mst_pg_conf(const struct mst_recver_conf *conf);
/* Whom the connection logs in as; to be freed. */
char *mst_pg_login(const struct mst_recver_conf *conf);
/* As a statement names it, in quotes. To be freed. */
char *mst_pg_quoted(const char *name);
/* One question with at most one parameter, answered by text. The first value
 * of the first row; NULL is none. To be freed. */
int mst_pg_ask(struct mst_pg *c, const char *sql, const char *param,
	       char **text_r, struct mst_err *err);
/* The same, of a question that is answered by a number. */
int mst_pg_ask_int(struct mst_pg *c, const char *sql, const char *param,
		   int64_t *n_r, struct mst_err *err);

/* Which of the tables are missing, "grp, lease"; NULL: none is. To be freed. */
int mst_pg_missing(struct mst_pg *c, int64_t *there_r, char **text_r,
		   struct mst_err *err);

/* ---- make.c -------------------------------------------------------------- */

int mst_pg_plan(const struct mst_recver_setup_env *env,
		mst_recver_step_fn *step, void *ctx, struct mst_err *err);
int mst_pg_make(const struct mst_recver_setup_env *env, struct mst_err *err);

#endif
