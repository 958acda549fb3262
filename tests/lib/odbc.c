/* SPDX-License-Identifier: Apache-2.0
 *
 * The ODBC functions of the driver for tests: those that the program calls,
 * as unixODBC finds them in a driver.
 */
#include "tests/lib/odbc.h"

#include <fcntl.h>
#include <iconv.h>
#include <sql.h>
#include <sqlext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "odbc_private.h"

static struct t_odbc odbc;

struct t_odbc *t_odbc_get(void)
{
	return &odbc;
}

/* A program that a test starts cannot be reached otherwise. */
__attribute__((constructor)) static void read_environment(void)
{
	const char *cut = getenv(T_ODBC_CUT);
	char *hit;

	odbc.folder = getenv(T_ODBC_FOLDER);
	if (!cut)
		return;
	odbc.fails_at = strtoull(cut + strcspn(cut, ":") + 1, &hit, 10);
	odbc.hit = *hit ? hit + 1 : NULL;
	odbc.how = strncmp(cut, "after", 5) == 0 ? T_ODBC_AFTER : T_ODBC_LOST;
	odbc.native = 10054;
	odbc.state = "08S01";
}

/* ---- errors -------------------------------------------------------------- */

SQLRETURN t_odbc_say(struct diag *d, const char *state, int native,
		     const char *text)
{
	(void)snprintf(d->state, sizeof(d->state), "%s", state);
	(void)snprintf(d->text, sizeof(d->text), "[Test][ODBC]%s", text);
	d->native = native;
	d->n = 1;
	return SQL_ERROR;
}

void t_odbc_roll_back(struct dbc *c)
{
	if (c->db && !sqlite3_get_autocommit(c->db))
		(void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
}

/* Is it this call's turn to fail? */
bool t_odbc_hit(void)
{
	uint64_t last = odbc.fails_at + (odbc.fails_n ? odbc.fails_n : 1);

	odbc.calls++;
	if (!odbc.fails_at || odbc.calls < odbc.fails_at || odbc.calls >= last)
		return false;
	if (odbc.hit)
		(void)close(open(odbc.hit, O_WRONLY | O_CREAT, 0600));
	return true;
}

SQLRETURN t_odbc_scripted(struct dbc *c, struct diag *d)
{
	t_odbc_roll_back(c);
	c->lost = odbc.how != T_ODBC_BEFORE;
	return t_odbc_say(d, odbc.state, odbc.native,
			  odbc.text ? odbc.text : "as the test says");
}

SQLRETURN t_odbc_is_lost(struct dbc *c, struct diag *d)
{
	return c->lost ? t_odbc_say(d, "08S01", 10054, "connection lost")
		       : SQL_SUCCESS;
}

/* The connection's end after the work was done. */
SQLRETURN t_odbc_cut(struct dbc *c, struct diag *d)
{
	c->lost = true;
	t_odbc_roll_back(c);
	return t_odbc_say(d, "08S01", 10054, "cut off");
}

/* ---- texts --------------------------------------------------------------- */

char *t_odbc_narrow(const SQLWCHAR *w, SQLINTEGER n)
{
	size_t in_n, out_n;
	char *out, *to, *in;
	iconv_t ic = iconv_open("UTF-8", "UTF-16LE");

	for (in_n = 0; n < 0 ? w[in_n] != 0 : in_n < (size_t)n; in_n++)
		;
	in_n *= 2;
	out_n = in_n * 2 + 1;
	out = to = calloc(1, out_n + 1);
	in = malloc(in_n + 1);
	memcpy(in, w, in_n);
	{
		char *from = in;

		(void)iconv(ic, &from, &in_n, &to, &out_n);
	}
	(void)iconv_close(ic);
	free(in);
	return out;
}

SQLRETURN SQLGetDiagRecW(SQLSMALLINT type, SQLHANDLE h, SQLSMALLINT i,
			 SQLWCHAR *state, SQLINTEGER *native, SQLWCHAR *text,
			 SQLSMALLINT max, SQLSMALLINT *n_r)
{
	const struct diag *d = h;
	const char *s;
	SQLSMALLINT n;

	if (type == SQL_HANDLE_ENV || i > d->n)
		return SQL_NO_DATA;
	s = i == 1 ? d->text : "[Test]Login failed.";
	n = (SQLSMALLINT)strlen(s);
	for (int k = 0; k < 6; k++)
		state[k] = (SQLWCHAR)(i == 1 ? d->state : "28000")[k];
	*native = i == 1 ? d->native : 18456;
	for (int k = 0; k < max && k <= n; k++)
		text[k] = (SQLWCHAR)s[k];
	if (n_r)
		*n_r = n;
	return SQL_SUCCESS;
}

/* ---- handles ------------------------------------------------------------- */

SQLRETURN SQLAllocHandle(SQLSMALLINT type, SQLHANDLE in, SQLHANDLE *out)
{
	struct stmt *s;

	if (type != SQL_HANDLE_STMT) {
		*out = calloc(1, sizeof(struct dbc));
		return SQL_SUCCESS;
	}
	s = calloc(1, sizeof(*s));
	s->dbc = in;
	*out = s;
	return SQL_SUCCESS;
}

void t_odbc_close_rows(struct stmt *s)
{
	(void)sqlite3_finalize(s->rows);
	s->rows = NULL;
	s->ended = false;
}

SQLRETURN SQLFreeHandle(SQLSMALLINT type, SQLHANDLE h)
{
	if (type == SQL_HANDLE_STMT)
		t_odbc_close_rows(h);
	free(h);
	return SQL_SUCCESS;
}

SQLRETURN SQLFreeStmt(SQLHSTMT h, SQLUSMALLINT option)
{
	struct stmt *s = h;

	if (option == SQL_RESET_PARAMS) {
		s->data = NULL;
		s->n = NULL;
	} else {
		t_odbc_close_rows(s);
	}
	return SQL_SUCCESS;
}

SQLRETURN SQLSetEnvAttr(SQLHENV h, SQLINTEGER a, SQLPOINTER v, SQLINTEGER n)
{
	return SQL_SUCCESS;
}

SQLRETURN SQLSetStmtAttrW(SQLHSTMT h, SQLINTEGER a, SQLPOINTER v, SQLINTEGER n)
{
	return SQL_SUCCESS;
}

SQLRETURN SQLSetConnectAttrW(SQLHDBC h, SQLINTEGER a, SQLPOINTER v,
			     SQLINTEGER n)
{
	struct dbc *c = h;

	if (a != SQL_ATTR_AUTOCOMMIT)
		return SQL_SUCCESS;
	c->manual = (uintptr_t)v == SQL_AUTOCOMMIT_OFF;
	return t_odbc_is_lost(c, &c->diag);
}

/* ---- connecting ---------------------------------------------------------- */

void t_odbc_value_of(const char *string, const char *key, char *out, size_t n)
{
	const char *p = strstr(string, key);
	size_t k = 0;

	if (p)
		for (p += strlen(key); *p && *p != '}' && k + 1 < n; p++)
			out[k++] = *p;
	out[k] = 0;
}

bool t_odbc_path_of(const char *name, char *out, size_t n)
{
	(void)snprintf(out, n, "%s/%s.db", odbc.folder, name);
	return access(out, F_OK) == 0;
}

static SQLRETURN attach(struct dbc *c, const char *path)
{
	char sql[1024];

	if (sqlite3_open(":memory:", &c->db) != SQLITE_OK)
		return t_odbc_say(&c->diag, "HY001", 0, "memory");
	t_odbc_functions(c);
	t_odbc_server_functions(c);
	(void)sqlite3_busy_timeout(c->db, 10000);
	(void)sqlite3_snprintf(
	    sizeof(sql), sql,
	    "ATTACH %Q AS muster; PRAGMA muster.synchronous = 0;"
	    "PRAGMA muster.journal_mode = MEMORY;"
	    "CREATE TEMP TABLE t_databases (name, state,"
	    " state_desc, is_read_only, user_access_desc,"
	    " log_reuse_wait_desc);"
	    "CREATE TEMP TABLE t_files (name, type, size, growth,"
	    " max_size);"
	    "INSERT INTO t_files VALUES ('rows', 0, 128, 64, -1),"
	    " ('log', 1, 128, 0, 128);"
	    "CREATE TEMP TABLE t_logins (name, is_disabled);"
	    "CREATE TEMP TABLE t_users (name, sid, type);"
	    "CREATE TEMP VIEW t_objects AS SELECT 5 AS schema_id,"
	    " CASE type WHEN 'table' THEN 'U' ELSE 'V' END AS type"
	    " FROM muster.sqlite_master WHERE type IN ('table', 'view')",
	    path);
	if (sqlite3_exec(c->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return t_odbc_say(&c->diag, "HY000", 0, sqlite3_errmsg(c->db));
	return SQL_SUCCESS;
}

SQLRETURN SQLDriverConnectW(SQLHDBC h, SQLHWND w, SQLWCHAR *in, SQLSMALLINT n,
			    SQLWCHAR *out, SQLSMALLINT max, SQLSMALLINT *n_r,
			    SQLUSMALLINT completion)
{
	char *string = t_odbc_narrow(in, n), path[600];
	struct dbc *c = h;
	bool is_there;
	SQLRETURN rc;

	(void)snprintf(odbc.connection, sizeof(odbc.connection), "%s", string);
	free(string);
	t_odbc_value_of(odbc.connection, "DATABASE={", c->name,
			sizeof(c->name));
	if (t_odbc_hit())
		return t_odbc_scripted(c, &c->diag);
	rc = t_odbc_log_in(c, odbc.connection);
	if (rc != SQL_SUCCESS)
		return rc;
	is_there = t_odbc_path_of(c->name, path, sizeof(path));
	if (strcmp(c->name, "master") != 0 &&
	    (!is_there || odbc.offline || odbc.no_user ||
	     !t_odbc_may_open(c->name, c->login))) {
		(void)t_odbc_say(&c->diag, "42000", 4060,
				 "Cannot open database.");
		c->diag.n = 2;
		return SQL_ERROR;
	}
	rc = attach(c, path);
	odbc.open += rc == SQL_SUCCESS;
	return rc;
}

SQLRETURN SQLDisconnect(SQLHDBC h)
{
	struct dbc *c = h;

	t_odbc_roll_back(c);
	odbc.open -= c->db != NULL;
	(void)sqlite3_close_v2(c->db);
	c->db = NULL;
	return SQL_SUCCESS;
}

SQLRETURN SQLEndTran(SQLSMALLINT type, SQLHANDLE h, SQLSMALLINT how)
{
	struct dbc *c = h;
	bool fails;

	if (t_odbc_is_lost(c, &c->diag) != SQL_SUCCESS)
		return SQL_ERROR;
	if (how == SQL_ROLLBACK) {
		t_odbc_roll_back(c);
		return SQL_SUCCESS;
	}
	fails = t_odbc_hit();
	if (fails && odbc.how != T_ODBC_AFTER)
		return t_odbc_scripted(c, &c->diag);
	if (!sqlite3_get_autocommit(c->db) &&
	    sqlite3_exec(c->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return t_odbc_say(&c->diag, "HY000", 0, sqlite3_errmsg(c->db));
	odbc.ended++;
	return fails ? t_odbc_cut(c, &c->diag) : SQL_SUCCESS;
}

/* unixODBC asks for it before it believes in any error. */
SQLRETURN SQLGetDiagFieldW(SQLSMALLINT type, SQLHANDLE h, SQLSMALLINT i,
			   SQLSMALLINT field, SQLPOINTER out, SQLSMALLINT max,
			   SQLSMALLINT *n_r)
{
	return SQL_NO_DATA;
}
