/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the ODBC driver for tests share.
 */
#ifndef MST_TESTS_ODBC_PRIVATE_H
#define MST_TESTS_ODBC_PRIVATE_H

#include <sql.h>
#include <sqlext.h>
#include <sqlite3.h>

#include "tests/lib/odbc.h"

struct diag {
	char state[6];
	int native;
	char text[400];
	int n; /* records; the second one is the login's */
};

struct dbc {
	struct diag diag;
	sqlite3 *db;
	char name[200], login[130];
	bool manual, lost;
};

struct stmt {
	struct diag diag;
	struct dbc *dbc;
	sqlite3_stmt *rows; /* open, stepped to its first row */
	bool at_first, ended;
	const void *data;
	SQLLEN data_n;
	const SQLBIGINT *n;
	const SQLLEN *len;
	int column;
	size_t taken; /* of it */
};

/* ---- odbc.c -------------------------------------------------------------- */

SQLRETURN t_odbc_say(struct diag *d, const char *state, int native,
		     const char *text);
void t_odbc_roll_back(struct dbc *c);
/* Is it this call's turn to fail? */
bool t_odbc_hit(void);
SQLRETURN t_odbc_scripted(struct dbc *c, struct diag *d);
SQLRETURN t_odbc_is_lost(struct dbc *c, struct diag *d);
/* The connection's end after the work was done. */
SQLRETURN t_odbc_cut(struct dbc *c, struct diag *d);
/* To be freed; n -1: up to its end. */
char *t_odbc_narrow(const SQLWCHAR *w, SQLINTEGER n);
void t_odbc_close_rows(struct stmt *s);
/* What stands behind key, up to a closing bracket. */
void t_odbc_value_of(const char *string, const char *key, char *out, size_t n);
/* The file of a database; false: it is not there. */
bool t_odbc_path_of(const char *name, char *out, size_t n);

/* ---- odbc_tsql.c --------------------------------------------------------- */

/* T-SQL as the program writes it in SQLite's words; to be freed. */
char *t_odbc_translate(const char *sql);
/* The functions of SQL Server that the statements call. */
void t_odbc_functions(struct dbc *c);

/* ---- odbc_server.c ------------------------------------------------------- */

SQLRETURN t_odbc_log_in(struct dbc *c, const char *string);
bool t_odbc_may_open(const char *database, const char *login);
void t_odbc_add_user(const char *database, const char *name, const char *login);
/* A statement about logins, users or roles: done, when it is one. */
bool t_odbc_security(struct stmt *s, const char *sql, SQLRETURN *rc);
/* May the login do this? Else what the server says. */
SQLRETURN t_odbc_allows(struct stmt *s, const char *sql);
/* Fills the views of them. */
void t_odbc_list(struct dbc *c);
void t_odbc_server_functions(struct dbc *c);

#endif
