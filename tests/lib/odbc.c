/* SPDX-License-Identifier: Apache-2.0
 *
 * The ODBC functions of the driver for tests: those that the program calls,
 * as unixODBC finds them in a driver.
 */
#include "tests/lib/odbc.h"

#include <dirent.h>
#include <iconv.h>
#include <sql.h>
#include <sqlext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "odbc_private.h"

struct diag {
	char state[6];
	int native;
	char text[400];
	int n; /* records; the second one is the login's */
};

struct dbc {
	struct diag diag;
	sqlite3 *db;
	char name[200];
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

static struct t_odbc odbc;

struct t_odbc *t_odbc_get(void)
{
	return &odbc;
}

/* ---- errors -------------------------------------------------------------- */

static SQLRETURN say(struct diag *d, const char *state, int native,
		     const char *text)
{
	(void)snprintf(d->state, sizeof(d->state), "%s", state);
	(void)snprintf(d->text, sizeof(d->text), "[Test][ODBC]%s", text);
	d->native = native;
	d->n = 1;
	return SQL_ERROR;
}

static void roll_back(struct dbc *c)
{
	if (c->db && !sqlite3_get_autocommit(c->db))
		(void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
}

/* Is it this call's turn to fail? */
static bool hit(void)
{
	uint64_t last = odbc.fails_at + (odbc.fails_n ? odbc.fails_n : 1);

	odbc.calls++;
	return odbc.fails_at && odbc.calls >= odbc.fails_at &&
	       odbc.calls < last;
}

static SQLRETURN scripted(struct dbc *c, struct diag *d)
{
	roll_back(c);
	c->lost = odbc.how != T_ODBC_BEFORE;
	return say(d, odbc.state, odbc.native, "as the test says");
}

static SQLRETURN is_lost(struct dbc *c, struct diag *d)
{
	return c->lost ? say(d, "08S01", 10054, "connection lost")
		       : SQL_SUCCESS;
}

/* The connection's end after the work was done. */
static SQLRETURN cut(struct dbc *c, struct diag *d)
{
	c->lost = true;
	roll_back(c);
	return say(d, "08S01", 10054, "cut off");
}

/* ---- texts --------------------------------------------------------------- */

static char *narrow(const SQLWCHAR *w, SQLINTEGER n)
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

static void close_rows(struct stmt *s)
{
	(void)sqlite3_finalize(s->rows);
	s->rows = NULL;
	s->ended = false;
}

SQLRETURN SQLFreeHandle(SQLSMALLINT type, SQLHANDLE h)
{
	if (type == SQL_HANDLE_STMT)
		close_rows(h);
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
		close_rows(s);
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
	return is_lost(c, &c->diag);
}

/* ---- connecting ---------------------------------------------------------- */

static void value_of(const char *string, const char *key, char *out, size_t n)
{
	const char *p = strstr(string, key);
	size_t k = 0;

	if (p)
		for (p += strlen(key); *p && *p != '}' && k + 1 < n; p++)
			out[k++] = *p;
	out[k] = 0;
}

static bool path_of(const char *name, char *out, size_t n)
{
	(void)snprintf(out, n, "%s/%s.db", odbc.folder, name);
	return access(out, F_OK) == 0;
}

static SQLRETURN attach(struct dbc *c, const char *path)
{
	char sql[1024];

	if (sqlite3_open(":memory:", &c->db) != SQLITE_OK)
		return say(&c->diag, "HY001", 0, "memory");
	t_odbc_functions(c->db);
	(void)sqlite3_busy_timeout(c->db, 10000);
	(void)snprintf(sql, sizeof(sql),
		       "ATTACH '%s' AS muster; PRAGMA muster.synchronous = 0;"
		       "CREATE TEMP TABLE t_databases (name, state)",
		       path);
	if (sqlite3_exec(c->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return say(&c->diag, "HY000", 0, sqlite3_errmsg(c->db));
	return SQL_SUCCESS;
}

SQLRETURN SQLDriverConnectW(SQLHDBC h, SQLHWND w, SQLWCHAR *in, SQLSMALLINT n,
			    SQLWCHAR *out, SQLSMALLINT max, SQLSMALLINT *n_r,
			    SQLUSMALLINT completion)
{
	char *string = narrow(in, n), path[600];
	struct dbc *c = h;
	bool is_there;
	SQLRETURN rc;

	(void)snprintf(odbc.connection, sizeof(odbc.connection), "%s", string);
	free(string);
	value_of(odbc.connection, "DATABASE={", c->name, sizeof(c->name));
	if (hit())
		return scripted(c, &c->diag);
	is_there = path_of(c->name, path, sizeof(path));
	if (strcmp(c->name, "master") != 0 &&
	    (!is_there || odbc.offline || odbc.no_user)) {
		(void)say(&c->diag, "42000", 4060, "Cannot open database.");
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

	roll_back(c);
	odbc.open -= c->db != NULL;
	(void)sqlite3_close_v2(c->db);
	c->db = NULL;
	return SQL_SUCCESS;
}

SQLRETURN SQLEndTran(SQLSMALLINT type, SQLHANDLE h, SQLSMALLINT how)
{
	struct dbc *c = h;
	bool fails;

	if (is_lost(c, &c->diag) != SQL_SUCCESS)
		return SQL_ERROR;
	if (how == SQL_ROLLBACK) {
		roll_back(c);
		return SQL_SUCCESS;
	}
	fails = hit();
	if (fails && odbc.how != T_ODBC_AFTER)
		return scripted(c, &c->diag);
	if (!sqlite3_get_autocommit(c->db) &&
	    sqlite3_exec(c->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return say(&c->diag, "HY000", 0, sqlite3_errmsg(c->db));
	odbc.ended++;
	return fails ? cut(c, &c->diag) : SQL_SUCCESS;
}

/* ---- statements ---------------------------------------------------------- */

SQLRETURN SQLBindParameter(SQLHSTMT h, SQLUSMALLINT i, SQLSMALLINT io,
			   SQLSMALLINT c_type, SQLSMALLINT type, SQLULEN size,
			   SQLSMALLINT digits, SQLPOINTER p, SQLLEN max,
			   SQLLEN *len)
{
	struct stmt *s = h;

	if (i == 1) {
		s->data = p;
		s->len = len;
	} else {
		s->n = p;
	}
	return SQL_SUCCESS;
}

static SQLRETURN sqlite_says(struct stmt *s, const char *sql)
{
	char text[300];
	int code = sqlite3_errcode(s->dbc->db);

	(void)snprintf(text, sizeof(text), "%s near %.150s",
		       sqlite3_errmsg(s->dbc->db), sql);
	roll_back(s->dbc);
	if (strstr(text, "no such table"))
		return say(&s->diag, "42S02", 208, text);
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return say(&s->diag, "40001", 1205, text);
	return say(&s->diag, "42000", 102, text);
}

static bool starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* What master knows of them. */
static void list_databases(struct dbc *c)
{
	DIR *d = opendir(odbc.folder);
	struct dirent *e;
	char sql[600];

	(void)sqlite3_exec(c->db, "DELETE FROM t_databases", NULL, NULL, NULL);
	while (d && (e = readdir(d)) != NULL) {
		(void)snprintf(sql, sizeof(sql),
			       "INSERT INTO t_databases VALUES"
			       " (replace('%s', '.db', ''), %d)",
			       e->d_name, odbc.offline ? 6 : 0);
		(void)sqlite3_exec(c->db, sql, NULL, NULL, NULL);
	}
	if (d)
		(void)closedir(d);
}

static SQLRETURN create_database(struct stmt *s, const char *sql)
{
	char name[200], path[600];
	FILE *f;

	if (odbc.may_not_create)
		return say(&s->diag, "42000", 262,
			   "CREATE DATABASE permission denied.");
	value_of(sql, "CREATE DATABASE [", name, sizeof(name));
	*strchrnul(name, ']') = 0;
	(void)path_of(name, path, sizeof(path));
	f = fopen(path, "w");
	if (f)
		(void)fclose(f);
	return SQL_SUCCESS;
}

static void bind(struct stmt *s, sqlite3_stmt *st)
{
	int i = sqlite3_bind_parameter_index(st, "@data");

	if (i && s->data)
		(void)sqlite3_bind_blob64(st, i, *s->len ? s->data : "",
					  (sqlite3_uint64)*s->len,
					  SQLITE_TRANSIENT);
	i = sqlite3_bind_parameter_index(st, "@n");
	if (i && s->n)
		(void)sqlite3_bind_int64(st, i, *s->n);
}

/* Those that mean nothing to SQLite, or are done here. */
static bool is_special(struct stmt *s, const char *sql, SQLRETURN *rc)
{
	*rc = SQL_SUCCESS;
	if (starts(sql, "CREATE DATABASE ")) {
		*rc = create_database(s, sql);
		return true;
	}
	return starts(sql, "SET ") || starts(sql, "EXEC (") ||
	       starts(sql, "EXEC sp_tableoption ");
}

/* IF … on a line of its own: is it so? The statement follows. */
static const char *condition(struct stmt *s, const char *sql, bool *yes)
{
	size_t n = strcspn(sql, "\n");
	sqlite3_stmt *st = NULL;
	char text[400];

	*yes = true;
	if (!starts(sql, "IF "))
		return sql;
	(void)snprintf(text, sizeof(text), "SELECT %.*s", (int)n - 3, sql + 3);
	*yes =
	    sqlite3_prepare_v2(s->dbc->db, text, -1, &st, NULL) != SQLITE_OK ||
	    (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_int(st, 0));
	(void)sqlite3_finalize(st);
	return sql + n + 1;
}

/* One statement; *rest_r: what follows it. Rows are left open. */
static SQLRETURN run_one(struct stmt *s, const char *sql, const char **rest_r)
{
	sqlite3_stmt *st = NULL;
	SQLRETURN rc;
	int step;

	if (is_special(s, sql, &rc)) {
		*rest_r = strchrnul(sql, ';');
		*rest_r += **rest_r == ';';
		return rc;
	}
	if (sqlite3_prepare_v2(s->dbc->db, sql, -1, &st, rest_r) != SQLITE_OK)
		return sqlite_says(s, sql);
	bind(s, st);
	step = st ? sqlite3_step(st) : SQLITE_DONE;
	if (step != SQLITE_ROW && step != SQLITE_DONE) {
		(void)sqlite3_finalize(st);
		return sqlite_says(s, sql);
	}
	if (!sqlite3_column_count(st)) {
		(void)sqlite3_finalize(st);
		return SQL_SUCCESS;
	}
	s->rows = st;
	s->at_first = true;
	s->ended = step == SQLITE_DONE;
	return SQL_SUCCESS;
}

static SQLRETURN run_all(struct stmt *s, const char *sql)
{
	SQLRETURN rc = SQL_SUCCESS;
	bool yes;

	if (s->dbc->manual && sqlite3_get_autocommit(s->dbc->db) &&
	    sqlite3_exec(s->dbc->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) !=
		SQLITE_OK)
		return sqlite_says(s, "BEGIN");
	if (strstr(sql, "t_databases") || strstr(sql, "DB_ID"))
		list_databases(s->dbc);
	sql = condition(s, sql, &yes);
	while (yes && rc == SQL_SUCCESS && !s->rows) {
		sql += strspn(sql, " \n;");
		if (!*sql)
			break;
		rc = run_one(s, sql, &sql);
	}
	return rc;
}

SQLRETURN SQLExecDirectW(SQLHSTMT h, SQLWCHAR *text, SQLINTEGER n)
{
	struct stmt *s = h;
	char *sql, *mine;
	SQLRETURN rc;
	bool fails;

	close_rows(s);
	if (is_lost(s->dbc, &s->diag) != SQL_SUCCESS)
		return SQL_ERROR;
	sql = narrow(text, n);
	if (odbc.log)
		odbc.log(sql);
	fails = hit();
	if (fails && odbc.how != T_ODBC_AFTER) {
		free(sql);
		return scripted(s->dbc, &s->diag);
	}
	mine = t_odbc_translate(sql);
	rc = run_all(s, mine);
	free(mine);
	free(sql);
	if (!fails)
		return rc;
	close_rows(s);
	return cut(s->dbc, &s->diag);
}

SQLRETURN SQLNumResultCols(SQLHSTMT h, SQLSMALLINT *n)
{
	struct stmt *s = h;

	*n = (SQLSMALLINT)(s->rows ? sqlite3_column_count(s->rows) : 0);
	return SQL_SUCCESS;
}

SQLRETURN SQLMoreResults(SQLHSTMT h)
{
	close_rows(h);
	return SQL_NO_DATA;
}

SQLRETURN SQLFetch(SQLHSTMT h)
{
	struct stmt *s = h;
	int step;

	s->column = 0;
	if (!s->rows || s->ended)
		return SQL_NO_DATA;
	if (s->at_first) {
		s->at_first = false;
		return SQL_SUCCESS;
	}
	if (is_lost(s->dbc, &s->diag) != SQL_SUCCESS)
		return SQL_ERROR;
	if (hit()) {
		close_rows(s);
		return scripted(s->dbc, &s->diag);
	}
	step = sqlite3_step(s->rows);
	s->ended = step == SQLITE_DONE;
	if (step == SQLITE_ROW)
		return SQL_SUCCESS;
	return s->ended ? SQL_NO_DATA : sqlite_says(s, "step");
}

/* Bytes come in pieces, from left to right. */
static SQLRETURN get_bytes(struct stmt *s, int col, char *out, SQLLEN max,
			   SQLLEN *ind)
{
	const char *p = sqlite3_column_blob(s->rows, col);
	size_t n = (size_t)sqlite3_column_bytes(s->rows, col), left;

	if (s->column != col + 1) {
		s->column = col + 1;
		s->taken = 0;
	} else if (s->taken == n) {
		return SQL_NO_DATA;
	}
	left = n - s->taken;
	*ind = (SQLLEN)left;
	if (left > (size_t)max)
		left = (size_t)max;
	if (left)
		memcpy(out, p + s->taken, left);
	s->taken += left;
	if (s->taken == n)
		return SQL_SUCCESS;
	(void)say(&s->diag, "01004", 0, "truncated");
	return SQL_SUCCESS_WITH_INFO;
}

SQLRETURN SQLGetData(SQLHSTMT h, SQLUSMALLINT col, SQLSMALLINT type,
		     SQLPOINTER out, SQLLEN max, SQLLEN *ind)
{
	struct stmt *s = h;
	int kind = sqlite3_column_type(s->rows, col - 1);
	SQLBIGINT v;

	if (col < s->column)
		return say(&s->diag, "07009", 0, "columns go to the right");
	if (kind == SQLITE_NULL) {
		s->column = col;
		*ind = SQL_NULL_DATA;
		return SQL_SUCCESS;
	}
	if (type == SQL_C_BINARY && kind == SQLITE_BLOB)
		return get_bytes(s, col - 1, out, max, ind);
	if (type != SQL_C_SBIGINT || kind != SQLITE_INTEGER)
		return say(&s->diag, "07006", 0, "another type");
	s->column = col;
	v = sqlite3_column_int64(s->rows, col - 1);
	memcpy(out, &v, sizeof(v));
	*ind = sizeof(v);
	return SQL_SUCCESS;
}

/* unixODBC asks for it before it believes in any error. */
SQLRETURN SQLGetDiagFieldW(SQLSMALLINT type, SQLHANDLE h, SQLSMALLINT i,
			   SQLSMALLINT field, SQLPOINTER out, SQLSMALLINT max,
			   SQLSMALLINT *n_r)
{
	return SQL_NO_DATA;
}
