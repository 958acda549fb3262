/* SPDX-License-Identifier: Apache-2.0
 *
 * The state store of a test on PostgreSQL: a database of its own for each.
 */
#include "tests/unit/state_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "state/pg.h"
#include "tests/lib/pg.h"

struct mst_state *s;
struct mst_err err = MST_ERR_INIT;
const char state_unlock_audit[] =
    "DROP TRIGGER audit_kept ON muster_state.audit";
static char database[32], url[512];
static const char *dir;

int state_set_up(void **state)
{
	static unsigned n;

	t_pg_start();
	t_clock_set(T0);
	(void)snprintf(database, sizeof(database), "state_%u", n);
	t_pg_sql("postgres", "CREATE DATABASE %s", database);
	(void)snprintf(url, sizeof(url),
		       "postgresql:///%s?host=%s&port=%d"
		       "&user=" T_PG_USER,
		       database, t_path("pg"), t_pg_port());
	dir = t_path("state-%u", n++);
	t_ok(mst_state_open_store(dir, url, &s, &err), &err);
	return 0;
}

int state_tear_down(void **state)
{
	mst_state_close(&s);
	t_clock_real();
	t_pg_sql("postgres", "DROP DATABASE %s WITH (FORCE)", database);
	return 0;
}

void state_other(struct mst_state **other_r)
{
	t_ok(mst_state_open_store(dir, url, other_r, &err), &err);
}

const char *state_database(void)
{
	return database;
}

void state_sql(const char *text)
{
	t_pg_sql(database, "SET search_path = muster_state; %s", text);
}

void state_plan(const char *text, struct mst_buf *out, bool *slow_r)
{
	static bool analyzed;
	const char *cost;
	char *dollars;
	int n;

	dollars = mst_pg_dollars(text, &n);
	if (!analyzed) {
		state_sql("ANALYZE run");
		analyzed = true;
	}
	(void)mst_buf_addf(
	    out,
	    "SET search_path = muster_state;"
	    "PREPARE p(bigint, bigint, text, bigint, bigint) AS %s;"
	    "EXPLAIN (FORMAT JSON) EXECUTE p(50000, 50, 'job7', 3, 6)",
	    dollars);
	free(dollars);
	dollars = mst_strdup(t_pg_ask(database, "%s", out->p));
	mst_buf_reset(out);
	(void)mst_buf_adds(out, dollars);
	/* It may sort what is little; going through all costs thousands. */
	cost = strstr(out->p, "\"Total Cost\": ");
	assert_non_null(cost);
	*slow_r = strstr(out->p, "Seq Scan") || strtod(cost + 14, NULL) > 500;
	free(dollars);
}

void state_sql_refused(const char *text, const char *part)
{
	t_pg_sql(database,
		 "SET search_path = muster_state; DO $do$ BEGIN %s; RAISE "
		 "EXCEPTION 'it worked'; EXCEPTION WHEN OTHERS THEN "
		 "IF SQLERRM NOT LIKE '%%%s%%' THEN RAISE; END IF; END $do$",
		 text, part);
}
