/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files that look at a SQL Server and set it up share.
 */
#ifndef MST_RECVER_SQLSERVER_DBA_H
#define MST_RECVER_SQLSERVER_DBA_H

#include "recver/setup.h"
#include "recver/sqlserver/private.h"

#define MST_MS_TABLES_N 5

/* One look at a RecVer database: the connection, what is known so far, the
 * check that is being made. */
struct mst_ms_look {
	const struct mst_recver_setup_env *env;
	struct mst_recver_conf conf; /* with what is left out filled in */
	char *database;
	struct mst_ms c;  /* stmt NULL: no connection */
	bool in_database; /* else in master: the database cannot be opened */
	bool tables;	  /* some are there */
	bool usable;	  /* and are what a run needs */
	struct mst_check check;
};

/* The check that is made now; the end reports it. */
struct mst_check *mst_ms_begin(struct mst_ms_look *l, const char *name);
void mst_ms_end(struct mst_ms_look *l);

/* ---- sqlserver_dba.c ----------------------------------------------------- */

/* Questions that are answered by yes (1) or no. */
struct mst_ms_flag {
	const char *name; /* for people */
	const char *sql;  /* an expression */
};

/* is_r has n elements. */
int mst_ms_flags(struct mst_ms *c, const struct mst_ms_flag *f, size_t n,
		 struct mst_ms_pack *pack, bool *is_r, struct mst_err *err);
/* May the login of this connection make tables in the database? */
bool mst_ms_may_add(struct mst_ms *c);

/* ---- sqlserver_connect.c ------------------------------------------------- */

/* Connects to the database, or to master when only the database cannot be
 * opened, and reports the check "recver:connect". */
void mst_ms_look_open(struct mst_ms_look *l,
		      const struct mst_recver_setup_env *env);
void mst_ms_look_close(struct mst_ms_look *l);

/* ---- sqlserver_rights.c -------------------------------------------------- */

/* What is known of a login and of its user in the database. Texts are to be
 * freed. */
struct mst_ms_rights {
	bool owner;  /* may do all in the database already */
	bool is_dbo; /* is its owner, and so can be no member of a role */
	bool agent;  /* is a member of muster_agent */
	bool sa;     /* the server's own sysadmin, which no database takes */
	char *lacks; /* "SELECT, DELETE on lease"; NULL: nothing */
	char *more;  /* than it needs: "sysadmin"; NULL: nothing */
	char *take;  /* the statements that take that away */
};

/* Of the connection's own login. in_use: the tables are there. */
int mst_ms_rights(struct mst_ms *c, bool in_use, struct mst_ms_rights *r_r,
		  struct mst_err *err);
/* Of any login, as an administrator sees it: more and owner only. */
int mst_ms_rights_of(struct mst_ms *c, const char *login, bool in_database,
		     struct mst_ms_rights *r_r, struct mst_err *err);
void mst_ms_rights_fini(struct mst_ms_rights *r);
void mst_ms_look_rights(struct mst_ms_look *l);

/* ---- sqlserver_probe.c --------------------------------------------------- */

/* Puts, reads and removes a row of every table by the statements of a run, in
 * one transaction. */
void mst_ms_look_probe(struct mst_ms_look *l);
void mst_ms_look_use(struct mst_ms_look *l);

/* ---- sqlserver_make.c ---------------------------------------------------- */

int mst_ms_plan(const struct mst_recver_setup_env *env,
		mst_recver_step_fn *step, void *ctx, struct mst_err *err);
int mst_ms_make(const struct mst_recver_setup_env *env, struct mst_err *err);

#endif
