/* SPDX-License-Identifier: Apache-2.0
 *
 * The few statements of SQL Server that the program sends, in SQLite's words:
 * most only need other names, UPDATE and DELETE with a join another order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "odbc_private.h"

static const char *const names[][2] = {
    {"DECLARE @data varbinary(max) = CONVERT(varbinary(max), ?); ", ""},
    {"DECLARE @n bigint = ?; ", ""},
    {"CONVERT(varbinary(max), ", "to_bytes("},
    {"CONVERT(varbinary(16), ", "to_bytes("},
    {"CONVERT(nvarchar(200), ", "to_text("},
    {"CONVERT(nvarchar(60), ", "to_text("},
    {"CONVERT(nvarchar(400), ", "as_text("},
    {"CONVERT(bigint, ", "to_int("},
    {"CONVERT(int, ", "to_int("},
    {"varbinary(max)", "blob"},
    {"DATEADD(millisecond, ", "date_add("},
    {"SELECT @@ROWCOUNT", "SELECT changes()"},
    {" WITH (UPDLOCK, HOLDLOCK)", ""},
    {" COLLATE Latin1_General_100_BIN2 NOT", " NOT"},
    {"DELETE m FROM", "DELETE FROM"},
    {"CREATE TABLE #", "CREATE TEMP TABLE t_"},
    {"TRUNCATE TABLE #", "DELETE FROM t_"},
    {"sys.databases", "t_databases"},
    {"sys.database_files", "t_files"},
    {"sys.database_principals", "t_users"},
    {"sys.server_principals", "t_logins"},
    {"sys.objects", "t_objects"},
    {" 0x01", " X'01'"},
    {" 0x31", " X'31'"},
    {" 0x32", " X'32'"},
    {" 0x33", " X'33'"},
    {" N'", " '"},
    {"(N'", "('"},
    {" #", " t_"},
};

static void replace(char **s, const char *from, const char *to)
{
	size_t n = strlen(from), size = 0;
	char *out = NULL, *at = *s, *hit;
	FILE *f = open_memstream(&out, &size);

	while ((hit = strstr(at, from)) != NULL) {
		(void)fprintf(f, "%.*s%s", (int)(hit - at), at, to);
		at = hit + n;
	}
	(void)fputs(at, f);
	(void)fclose(f);
	free(*s);
	*s = out;
}

/* "UPDATE g SET … FROM muster.grp AS g JOIN t_rows AS r ON …" is
 * "UPDATE muster.grp AS g SET … FROM t_rows AS r WHERE …". */
static void turn_update(char **s, char alias)
{
	char head[] = "UPDATE x SET ", *out = NULL, *p, *from, *join, *on;
	size_t size = 0;
	FILE *f;

	head[7] = alias;
	p = strstr(*s, head);
	if (!p)
		return;
	from = strstr(p, " FROM ");
	join = from ? strstr(from, " JOIN ") : NULL;
	on = join ? strstr(join, " ON ") : NULL;
	if (!on)
		return;
	f = open_memstream(&out, &size);
	(void)fprintf(f, "%.*sUPDATE %.*s %.*s FROM %.*s WHERE %s",
		      (int)(p - *s), *s, (int)(join - from - 6), from + 6,
		      (int)(from - p - 9), p + 9, (int)(on - join - 6),
		      join + 6, on + 4);
	(void)fclose(f);
	free(*s);
	*s = out;
}

/* "DELETE FROM muster.members AS m JOIN t_rows AS r ON …;" is "DELETE FROM
 * muster.members AS m WHERE EXISTS (SELECT 1 FROM t_rows AS r WHERE …);". */
static void turn_deletes(char **s)
{
	static const char begins[] = "DELETE FROM ";
	char *out = NULL, *at = *s, *p, *join, *on, *end;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	while ((p = strstr(at, begins)) != NULL) {
		end = strchrnul(p, ';');
		join = strstr(p, " JOIN ");
		on = join && join < end ? strstr(join, " ON ") : NULL;
		if (on)
			(void)fprintf(
			    f,
			    "%.*s WHERE EXISTS (SELECT 1 FROM %.*s WHERE "
			    "%.*s)",
			    (int)(join - at), at, (int)(on - join - 6),
			    join + 6, (int)(end - on - 4), on + 4);
		else
			(void)fprintf(f, "%.*s", (int)(end - at), at);
		at = end;
	}
	(void)fputs(at, f);
	(void)fclose(f);
	free(*s);
	*s = out;
}

char *t_odbc_translate(const char *sql)
{
	static const char pages[] =
	    "SELECT page_count * page_size / 8192 FROM"
	    " pragma_page_count('muster'), pragma_page_size('muster')";
	char *s = strdup(strstr(sql, "a.total_pages") ? pages : sql);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		replace(&s, names[i][0], names[i][1]);
	turn_update(&s, 'g');
	turn_update(&s, 'm');
	/* With the plus SQLite looks the few up in the many. */
	replace(&s, "WHERE r.set_id = g.set_id AND r.[key]",
		"WHERE +r.set_id = g.set_id AND +r.[key]");
	replace(&s, "WHERE r.set_id = m.set_id AND r.[key]",
		"WHERE +r.set_id = m.set_id AND +r.[key]");
	turn_deletes(&s);
	return s;
}

/* ---- functions ----------------------------------------------------------- */

static void to_int(sqlite3_context *c, int n, sqlite3_value **v)
{
	const uint8_t *p;
	sqlite3_int64 r = 0;

	if (sqlite3_value_type(v[0]) != SQLITE_BLOB) {
		sqlite3_result_value(c, v[0]);
		return;
	}
	p = sqlite3_value_blob(v[0]);
	for (int i = 0; i < sqlite3_value_bytes(v[0]); i++)
		r = (sqlite3_int64)((uint64_t)r << 8 | p[i]);
	sqlite3_result_int64(c, r);
}

/* A varbinary holds UTF-16, lowest byte first. */
static void to_text(sqlite3_context *c, int n, sqlite3_value **v)
{
	if (sqlite3_value_type(v[0]) == SQLITE_BLOB)
		sqlite3_result_text16le(
		    c,
		    sqlite3_value_bytes(v[0]) ? sqlite3_value_blob(v[0]) : "",
		    sqlite3_value_bytes(v[0]), SQLITE_TRANSIENT);
	else
		sqlite3_result_value(c, v[0]);
}

static void as_text(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *s = (const char *)sqlite3_value_text(v[0]);

	if (s)
		sqlite3_result_text(c, s, -1, SQLITE_TRANSIENT);
}

static void to_bytes(sqlite3_context *c, int n, sqlite3_value **v)
{
	const void *p;
	int size;

	if (sqlite3_value_type(v[0]) != SQLITE_TEXT) {
		sqlite3_result_value(c, v[0]);
		return;
	}
	p = sqlite3_value_text16le(v[0]);
	size = sqlite3_value_bytes16(v[0]);
	sqlite3_result_blob(c, size ? p : "", size, SQLITE_TRANSIENT);
}

static void length(sqlite3_context *c, int n, sqlite3_value **v)
{
	sqlite3_result_int(c, sqlite3_value_bytes(v[0]));
}

static void now(sqlite3_context *c, int n, sqlite3_value **v)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	sqlite3_result_int64(c, t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static void date_add(sqlite3_context *c, int n, sqlite3_value **v)
{
	sqlite3_result_int64(c, sqlite3_value_int64(v[0]) +
				    sqlite3_value_int64(v[1]));
}

static void schema_id(sqlite3_context *c, int n, sqlite3_value **v)
{
	sqlite3_result_int(c, 5);
}

static void object_id(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *name = (const char *)sqlite3_value_text(v[0]);

	if (sqlite3_table_column_metadata(
		sqlite3_context_db_handle(c), "muster", strchr(name, '.') + 1,
		NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK)
		sqlite3_result_int(c, 1);
}

static void col_length(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *name = (const char *)sqlite3_value_text(v[0]);

	if (sqlite3_table_column_metadata(
		sqlite3_context_db_handle(c), "muster", strchr(name, '.') + 1,
		(const char *)sqlite3_value_text(v[1]), NULL, NULL, NULL, NULL,
		NULL) == SQLITE_OK)
		sqlite3_result_int(c, 1);
}

static void db_id(sqlite3_context *c, int n, sqlite3_value **v)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(sqlite3_context_db_handle(c),
			       "SELECT 1 FROM t_databases WHERE name = ?", -1,
			       &st, NULL) != SQLITE_OK)
		return;
	(void)sqlite3_bind_value(st, 1, v[0]);
	if (sqlite3_step(st) == SQLITE_ROW)
		sqlite3_result_int(c, 1);
	(void)sqlite3_finalize(st);
}

static void db_name(sqlite3_context *c, int n, sqlite3_value **v)
{
	const struct dbc *dbc = sqlite3_user_data(c);

	sqlite3_result_text(c, dbc->name, -1, SQLITE_TRANSIENT);
}

static void quote_name(sqlite3_context *c, int n, sqlite3_value **v)
{
	sqlite3_result_value(c, v[0]);
}

static void property(sqlite3_context *c, int n, sqlite3_value **v)
{
	const struct t_odbc *o = t_odbc_get();
	const char *what = (const char *)sqlite3_value_text(v[1]);

	sqlite3_result_text(c,
			    strcmp(what, "Collation") == 0
				? o->collation ? o->collation
					       : "Latin1_General_100_BIN2"
			    : o->read_only ? "READ_ONLY"
					   : "READ_WRITE",
			    -1, SQLITE_STATIC);
}

void t_odbc_functions(struct dbc *dbc)
{
	static const struct {
		const char *name;
		int args;
		void (*fn)(sqlite3_context *c, int n, sqlite3_value **v);
	} all[] = {
	    {"to_int", 1, to_int},	  {"to_text", 1, to_text},
	    {"as_text", 1, as_text},	  {"to_bytes", 1, to_bytes},
	    {"DATALENGTH", 1, length},	  {"SYSUTCDATETIME", 0, now},
	    {"date_add", 2, date_add},	  {"SCHEMA_ID", 1, schema_id},
	    {"OBJECT_ID", 2, object_id},  {"COL_LENGTH", 2, col_length},
	    {"DB_ID", 1, db_id},	  {"DB_NAME", 0, db_name},
	    {"QUOTENAME", 1, quote_name}, {"DATABASEPROPERTYEX", 2, property}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		(void)sqlite3_create_function(dbc->db, all[i].name, all[i].args,
					      SQLITE_UTF8, dbc, all[i].fn, NULL,
					      NULL);
}
