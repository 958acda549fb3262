/* SPDX-License-Identifier: Apache-2.0
 *
 * One look at a RecVer database on PostgreSQL: the connection, what is known so
 * far, the check that is being made.
 */
#ifndef MST_RECVER_POSTGRES_LOOK_H
#define MST_RECVER_POSTGRES_LOOK_H

#include "recver/postgres/dba.h"

struct mst_pg_look {
	const struct mst_recver_setup_env *env;
	struct mst_recver_conf conf;
	char *database, *login;
	struct mst_pg c; /* h NULL: no connection */
	bool let_in;	 /* the server knows the login */
	bool there;	 /* c leads to the database, not to another one */
	bool barred;	 /* the database takes no connections at all */
	bool closed;   /* the database is there and does not let the login in */
	bool foreign;  /* its schema muster is somebody else's */
	bool usable;   /* its tables are what a run needs */
	char why[512]; /* it is closed */
	struct mst_pg_rights rights;
	struct mst_err rights_err;
	struct mst_check check;
};

/* Connects, reports the check "recver:connect", and reads the rights. */
void mst_pg_look_open(struct mst_pg_look *l,
		      const struct mst_recver_setup_env *env);
void mst_pg_look_close(struct mst_pg_look *l);
/* The check that is made now; the end reports it. */
struct mst_check *mst_pg_look_begin(struct mst_pg_look *l, const char *name);
void mst_pg_look_end(struct mst_pg_look *l);
/* Writes a row into each table, reads them, removes them. */
void mst_pg_look_probe(struct mst_pg_look *l);

#endif
