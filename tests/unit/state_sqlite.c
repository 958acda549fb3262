/* SPDX-License-Identifier: Apache-2.0
 *
 * The state store of a test as a SQLite file.
 */
#include "state_fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

struct mst_state *s;
struct mst_err err = MST_ERR_INIT;
static const char *dir;

int state_set_up(void **state)
{
	static unsigned n;

	t_clock_set(T0);
	dir = t_path("state-%u", n++);
	t_ok(mst_state_open(dir, &s, &err), &err);
	return 0;
}

int state_tear_down(void **state)
{
	mst_state_close(&s);
	t_clock_real();
	return 0;
}

void state_other(struct mst_state **other_r)
{
	t_ok(mst_state_open(dir, other_r, &err), &err);
}

const char *state_database(void)
{
	return NULL;
}

const char state_unlock_audit[] =
    "DROP TRIGGER audit_kept; DROP TRIGGER audit_same";

/* What it said, "" when it worked; until the next. */
static const char *run_sql(const char *text)
{
	static char said[256];
	char *file = mst_asprintf("%s/state.db", dir), *why = NULL;
	sqlite3 *h = NULL;

	assert_int_equal(sqlite3_open(file, &h), SQLITE_OK);
	(void)sqlite3_exec(h, text, NULL, NULL, &why);
	(void)snprintf(said, sizeof(said), "%s", why ? why : "");
	sqlite3_free(why);
	sqlite3_close(h);
	free(file);
	return said;
}

void state_sql(const char *text)
{
	assert_string_equal(run_sql(text), "");
}

void state_plan(const char *text, struct mst_buf *out, bool *slow_r)
{
	char *file = mst_asprintf("%s/state.db", dir);
	char *explain = mst_asprintf("EXPLAIN QUERY PLAN %s", text);
	sqlite3_stmt *st = NULL;
	sqlite3 *h = NULL;

	assert_int_equal(sqlite3_open(file, &h), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(h, explain, -1, &st, NULL),
			 SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW)
		(void)mst_buf_addf(out, "%s\n",
				   (const char *)sqlite3_column_text(st, 3));
	/* Halves of a page may be put together. */
	*slow_r = strstr(out->p, "SCAN run") ||
		  (strstr(out->p, "TEMP B-TREE") && !strstr(out->p, "MERGE"));
	sqlite3_finalize(st);
	sqlite3_close(h);
	free(explain);
	free(file);
}

void state_sql_refused(const char *text, const char *part)
{
	assert_non_null(strstr(run_sql(text), part));
}
