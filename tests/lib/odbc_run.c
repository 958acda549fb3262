/* SPDX-License-Identifier: Apache-2.0
 *
 * The ODBC driver for tests: statements and their answers.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "odbc_private.h"

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
	t_odbc_roll_back(s->dbc);
	if (strstr(text, "already exists"))
		return t_odbc_say(&s->diag, "42S01", 2714, text);
	if (strstr(text, "UNIQUE constraint"))
		return t_odbc_say(&s->diag, "23000", 2627, text);
	if (strstr(text, "no such column"))
		return t_odbc_say(&s->diag, "42S22", 207, text);
	if (strstr(text, "no such table"))
		return t_odbc_say(&s->diag, "42S02", 208, text);
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return t_odbc_say(&s->diag, "40001", 1205, text);
	return t_odbc_say(&s->diag, "42000", 102, text);
}

static bool starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static void list_database(struct dbc *c, const char *name)
{
	const struct t_odbc *o = t_odbc_get();
	char *sql = sqlite3_mprintf(
	    "INSERT INTO t_databases VALUES (%Q, %d, %Q, %d, %Q, %Q)", name,
	    o->offline ? 6 : 0,
	    !o->offline	    ? "ONLINE"
	    : o->state_desc ? o->state_desc
			    : "OFFLINE",
	    o->read_only, o->single_user ? "SINGLE_USER" : "MULTI_USER",
	    o->log_wait ? o->log_wait : "NOTHING");

	(void)sqlite3_exec(c->db, sql, NULL, NULL, NULL);
	sqlite3_free(sql);
}

/* What master knows of them. */
static void list_databases(struct dbc *c)
{
	DIR *d = opendir(t_odbc_get()->folder);
	struct dirent *e;
	char *end;

	(void)sqlite3_exec(c->db, "DELETE FROM t_databases", NULL, NULL, NULL);
	while (d && (e = readdir(d)) != NULL) {
		end = strstr(e->d_name, ".db");
		if (!end || end[3])
			continue;
		*end = 0;
		list_database(c, e->d_name);
	}
	if (d)
		(void)closedir(d);
}

static SQLRETURN create_database(struct stmt *s, const char *sql)
{
	char name[200], path[600];
	size_t k = 0;
	FILE *f;

	if (t_odbc_get()->may_not_create)
		return t_odbc_say(&s->diag, "42000", 262,
				  "CREATE DATABASE permission denied.");
	for (const char *p = sql + strlen("CREATE DATABASE [");
	     *p && (*p != ']' || p[1] == ']') && k + 1 < sizeof(name); p++) {
		p += *p == ']';
		name[k++] = *p;
	}
	name[k] = 0;
	if (t_odbc_path_of(name, path, sizeof(path)))
		return t_odbc_say(&s->diag, "42000", 1801, "It exists.");
	f = fopen(path, "w");
	if (f)
		(void)fclose(f);
	t_odbc_add_user(name, "dbo", s->dbc->login);
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
	if (t_odbc_security(s, sql, rc))
		return true;
	if (starts(sql, "BEGIN\nRAISERROR ")) {
		*rc = t_odbc_say(&s->diag, "42000", 50000, strchr(sql, '('));
		return true;
	}
	if (starts(sql, "CREATE DATABASE ")) {
		*rc = create_database(s, sql);
		return true;
	}
	return starts(sql, "SET ") || starts(sql, "EXEC (") ||
	       starts(sql, "EXEC sp_tableoption ");
}

/* Where the line ends at which no bracket is open. */
static size_t condition_n(const char *sql)
{
	int open = 0;
	size_t n;

	for (n = 0; sql[n] && (open || sql[n] != '\n'); n++)
		open += (sql[n] == '(') - (sql[n] == ')');
	return n;
}

/* IF … on lines of its own: is it so? The statement follows. */
static const char *condition(struct stmt *s, const char *sql, bool *yes)
{
	size_t n = condition_n(sql);
	sqlite3_stmt *st = NULL;
	char text[2000];

	*yes = true;
	if (!starts(sql, "IF "))
		return sql;
	(void)snprintf(text, sizeof(text), "SELECT %.*s", (int)n - 3, sql + 3);
	*yes =
	    sqlite3_prepare_v2(s->dbc->db, text, -1, &st, NULL) != SQLITE_OK ||
	    (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_int(st, 0));
	(void)sqlite3_finalize(st);
	if (t_odbc_get()->late && !starts(sql + n + 1, "BEGIN\nRAISERROR "))
		*yes = true;
	return sql + n + 1;
}

/* One statement; *rest_r: what follows it. Rows are left open. */
static SQLRETURN run_one(struct stmt *s, const char *sql, const char **rest_r)
{
	sqlite3_stmt *st = NULL;
	SQLRETURN rc;
	int step;

	if (is_special(s, sql, &rc)) {
		/* What has texts of others in it is a batch of its own. */
		*rest_r =
		    starts(sql, "SET ") ? strchrnul(sql, ';') : strchr(sql, 0);
		*rest_r += **rest_r == ';';
		return rc;
	}
	rc = t_odbc_allows(s, sql);
	if (rc != SQL_SUCCESS)
		return rc;
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
	if (strstr(sql, "t_users") || strstr(sql, "t_logins"))
		t_odbc_list(s->dbc);
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

	t_odbc_close_rows(s);
	if (t_odbc_is_lost(s->dbc, &s->diag) != SQL_SUCCESS)
		return SQL_ERROR;
	sql = t_odbc_narrow(text, n);
	if (t_odbc_get()->log)
		t_odbc_get()->log(sql);
	fails = t_odbc_hit();
	if (fails && t_odbc_get()->how != T_ODBC_AFTER) {
		free(sql);
		return t_odbc_scripted(s->dbc, &s->diag);
	}
	mine = t_odbc_translate(sql);
	rc = run_all(s, mine);
	t_odbc_get()->late = false;
	free(mine);
	free(sql);
	if (!fails)
		return rc;
	t_odbc_close_rows(s);
	return t_odbc_cut(s->dbc, &s->diag);
}

SQLRETURN SQLNumResultCols(SQLHSTMT h, SQLSMALLINT *n)
{
	struct stmt *s = h;

	*n = (SQLSMALLINT)(s->rows ? sqlite3_column_count(s->rows) : 0);
	return SQL_SUCCESS;
}

SQLRETURN SQLMoreResults(SQLHSTMT h)
{
	t_odbc_close_rows(h);
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
	if (t_odbc_is_lost(s->dbc, &s->diag) != SQL_SUCCESS)
		return SQL_ERROR;
	if (t_odbc_hit()) {
		t_odbc_close_rows(s);
		return t_odbc_scripted(s->dbc, &s->diag);
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
	(void)t_odbc_say(&s->diag, "01004", 0, "truncated");
	return SQL_SUCCESS_WITH_INFO;
}

SQLRETURN SQLGetData(SQLHSTMT h, SQLUSMALLINT col, SQLSMALLINT type,
		     SQLPOINTER out, SQLLEN max, SQLLEN *ind)
{
	struct stmt *s = h;
	int kind = sqlite3_column_type(s->rows, col - 1);
	SQLBIGINT v;

	if (col < s->column)
		return t_odbc_say(&s->diag, "07009", 0,
				  "columns go to the right");
	if (kind == SQLITE_NULL) {
		s->column = col;
		*ind = SQL_NULL_DATA;
		return SQL_SUCCESS;
	}
	if (type == SQL_C_BINARY && kind == SQLITE_BLOB)
		return get_bytes(s, col - 1, out, max, ind);
	if (type != SQL_C_SBIGINT || kind != SQLITE_INTEGER)
		return t_odbc_say(&s->diag, "07006", 0, "another type");
	s->column = col;
	v = sqlite3_column_int64(s->rows, col - 1);
	memcpy(out, &v, sizeof(v));
	*ind = sizeof(v);
	return SQL_SUCCESS;
}
