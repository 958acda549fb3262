/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the state store is: both databases have the same tables; copied there
 * and back it is the same; addresses that are none, logins that may little.
 */
#include "tests/unit/state_fixture.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "db/db.h"
#include "state/copy.h"
#include "state/pg.h"
#include "state/schema.h"
#include "state/tables.h"
#include "tests/lib/pg.h"

static char *url;

static const char *address(const char *database, const char *more)
{
	free(url);
	url = mst_asprintf("postgresql:///%s?host=%s&port=%d%s", database,
			   t_path("pg"), t_pg_port(), more);
	return url;
}

static const char *address_of_test(void)
{
	return address(state_database(), "&user=" T_PG_USER);
}

static int tear_down(void **state)
{
	free(url);
	url = NULL;
	return state_tear_down(state);
}

/* ---- the same tables ----------------------------------------------------- */

/* Of a table of a new file: "kind:t name:t …". */
static void sqlite_columns(sqlite3 *h, const char *table, struct mst_buf *out)
{
	sqlite3_stmt *st = NULL;
	char *sql = mst_asprintf("SELECT name, type FROM "
				 "pragma_table_info('%s')",
				 table);

	assert_int_equal(sqlite3_prepare_v2(h, sql, -1, &st, NULL), SQLITE_OK);
	mst_buf_reset(out);
	while (sqlite3_step(st) == SQLITE_ROW)
		(void)mst_buf_addf(out, "%s%s:%c", out->n ? " " : "",
				   (const char *)sqlite3_column_text(st, 0),
				   sqlite3_column_text(st, 1)[0] | 0x20);
	sqlite3_finalize(st);
	free(sql);
}

static const char *server_columns(const char *table)
{
	return t_pg_ask(
	    state_database(),
	    "SELECT string_agg(column_name || ':' || CASE data_type"
	    " WHEN 'bigint' THEN 'i' WHEN 'text' THEN 't' WHEN 'bytea' THEN 'b'"
	    " ELSE 'r' END, ' ' ORDER BY ordinal_position)"
	    " FROM information_schema.columns WHERE"
	    " table_schema='muster_state' AND table_name='%s'",
	    table);
}

static sqlite3 *new_file(void)
{
	sqlite3 *h = NULL;

	assert_int_equal(sqlite3_open(":memory:", &h), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(h, mst_state_spec.schema, NULL, NULL, NULL),
	    SQLITE_OK);
	return h;
}

static void test_same_tables(void **state)
{
	struct mst_buf b = MST_BUF_INIT(4096);
	sqlite3 *h = new_file();
	sqlite3_stmt *st = NULL;
	int n = 0;

	for (const struct mst_table *t = mst_state_tables; t->name; t++, n++) {
		sqlite_columns(h, t->name, &b);
		assert_string_equal(b.p, t->columns);
		assert_string_equal(server_columns(t->name), t->columns);
	}
	/* Those that are not copied: node; lease and meta of the server. */
	assert_int_equal(
	    sqlite3_prepare_v2(h,
			       "SELECT count(*) FROM sqlite_schema WHERE"
			       " type='table' AND name NOT LIKE 'sqlite%'",
			       -1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(st, 0), n + 1);
	sqlite3_finalize(st);
	assert_int_equal(
	    atoi(t_pg_ask(state_database(),
			  "SELECT count(*) FROM information_schema.tables"
			  " WHERE table_schema='muster_state'")),
	    n + 3);
	sqlite3_close(h);
	mst_buf_fini(&b);
}

/* ---- copied -------------------------------------------------------------- */

static void no_word(void *ctx, const char *table, uint64_t rows)
{
	*(uint64_t *)ctx += rows;
}

/* Something in every kind of column, NULL and empty ones, and more rows than
 * a page has. */
static void fill(struct mst_state *to)
{
	static struct mst_write_log w[2500];
	const struct mst_user u = {.name = "ann",
				   .full_name = "A",
				   .role = MST_ROLE_ADMINISTRATOR,
				   .hash = "not-a-real-hash",
				   .locked_us = MST_TIME_NONE,
				   .changed_us = MST_TIME_NONE,
				   .seen_us = T0};
	const struct mst_state_item it = {
	    .kind = "job", .name = "main", .type = "", .yaml = "a: '?1'\n"};
	const struct mst_run_item items[] = {
	    {.set = "d", .key = "", .what = "refused", .reason = "r"}};
	const struct mst_sample_row rows[] = {
	    {mst_slice("\0k", 2), mst_slice("", 0)},
	    {mst_slice("", 0), mst_slice("\xff\0x", 3)}};
	size_t added, changed;
	int64_t run = 0;
	bool fresh;

	for (uint64_t i = 0; i < MST_LEN(w); i++)
		w[i] = (struct mst_write_log){
		    .key = {.lo = i, .hi = i * 0xc2b2ae3d27d4eb4full},
		    .run = 1,
		    .request_id = ""};
	t_ok(mst_state_put_items(to, &it, 1, &added, &changed, &err), &err);
	t_ok(mst_user_add(to, &u, &err), &err);
	t_ok(mst_state_run_begin(to, "main", &run, &err), &err);
	t_ok(mst_state_item_log(to, run, items, 1, &err), &err);
	t_ok(mst_state_write_log(to, "main", w, 1200, &err), &err);
	t_ok(mst_state_merge_writes(to, &err), &err);
	t_ok(mst_state_write_log(to, "main", w, MST_LEN(w), &err), &err);
	t_ok(mst_state_sample_put(to, "main", "d", true, rows, 2, &err), &err);
	t_ok(mst_trend_put(to, "main", "x", T0, -1.25e-3, &err), &err);
	t_ok(mst_notice_on(to, "guard", "main", "error", "t", &fresh, &err),
	     &err);
}

static int count_user(void *ctx, const struct mst_user *u)
{
	assert_string_equal(u->hash, "not-a-real-hash");
	assert_true(u->locked_us == MST_TIME_NONE && u->seen_us == T0);
	++*(int *)ctx;
	return 0;
}

static int count_point(void *ctx, const char *job, const char *name,
		       int64_t at_us, double value)
{
	assert_true(value == -1.25e-3);
	++*(int *)ctx;
	return 0;
}

static int count_sample(void *ctx, struct mst_slice key, struct mst_slice bytes)
{
	assert_true((key.n == 0 && bytes.n == 3) ||
		    (key.n == 2 && bytes.n == 0));
	++*(int *)ctx;
	return 0;
}

static void assert_filled(struct mst_state *is)
{
	struct mst_audit_check c;
	struct mst_store_look l;
	int64_t run = 0;
	int n = 0;

	t_ok(mst_audit_verify(is, NULL, &c, &err), &err);
	assert_int_equal(c.entries, 2);
	assert_int_equal(c.bad_id, 0);
	t_ok(mst_users(is, count_user, &n, &err), &err);
	t_ok(mst_trend(is, NULL, "", 0, count_point, &n, &err), &err);
	t_ok(mst_state_sample(is, "main", "d", count_sample, &n, &err), &err);
	assert_int_equal(n, 4);
	t_ok(mst_store_look(is, &l, &err), &err);
	assert_true(l.items == 1 && l.runs == 1 && l.entries == 2);
	/* What it gives next is no number that was copied. */
	t_ok(mst_state_run_begin(is, "main", &run, &err), &err);
	assert_int_equal(run, 2);
	t_ok(mst_user_remove(is, "x", &err) == -MST_E_NOTFOUND ? 0 : -1, &err);
}

static void test_there_and_back(void **state)
{
	const char *here = t_path("copy-a"), *there = t_path("copy-b");
	struct mst_state *file = NULL;
	uint64_t rows = 0, back = 0;

	t_ok(mst_state_open_store(here, "sqlite", &file, &err), &err);
	fill(file);
	mst_state_close(&file);
	t_ok(mst_store_copy(here, "sqlite", address_of_test(), no_word, &rows,
			    &err),
	     &err);
	assert_true(rows > 3700);
	t_failed(mst_store_copy(here, "sqlite", address_of_test(), no_word,
				&rows, &err),
		 &err, MST_E_CONFLICT, "has something in it already");
	t_ok(mst_store_copy(there, address_of_test(), "sqlite", no_word, &back,
			    &err),
	     &err);
	assert_filled(s);
	t_ok(mst_state_open_store(there, "sqlite", &file, &err), &err);
	assert_false(mst_state_is_shared(file));
	assert_filled(file);
	mst_state_close(&file);
	assert_true(mst_state_is_shared(s));
}

static void test_not_now(void **state)
{
	const char *one;
	struct mst_state_lock *l;
	uint64_t rows = 0;
	int64_t run = 0;

	t_ok(mst_state_lock(s, "main", &l, &err), &err);
	t_ok(mst_state_run_begin(s, "main", &run, &err), &err);
	t_failed(mst_store_copy(t_path("copy-c"), address_of_test(), "sqlite",
				no_word, &rows, &err),
		 &err, MST_E_CONFLICT, "run 1 of job 'main' is under way");
	mst_state_unlock(&l);
	t_ok(mst_node_beat(s, "n1", 1, "1", "", &err), &err);
	t_failed(mst_store_copy(t_path("copy-c"), address_of_test(), "sqlite",
				no_word, &rows, &err),
		 &err, MST_E_CONFLICT, "node 'n1' works with this store");
	one = address_of_test();
	t_failed(
	    mst_store_copy(t_path("copy-c"), one, one, no_word, &rows, &err),
	    &err, MST_E_INVALID, "is the store that is in use");
}

/* ---- addresses, logins --------------------------------------------------- */

static void refused(const char *store, enum mst_code code, const char *part)
{
	struct mst_state *other = NULL;

	t_failed(mst_state_open_store(t_path("state-0"), store, &other, &err),
		 &err, code, part);
	assert_null(other);
}

static void test_addresses(void **state)
{
	char *with;

	refused("mysql://x", MST_E_INVALID, "is no state store");
	refused("postgresql://h/d?nonsense=1", MST_E_INVALID, "no address of");
	refused("postgresql://u:not-a-secret@h/d", MST_E_INVALID,
		"has a password in it");
	assert_null(strstr(err.msg, "not-a-secret"));
	refused(address("no_such", "&user=" T_PG_USER), MST_E_NOTFOUND,
		"CREATE DATABASE");
	with = mst_asprintf("postgresql://nobody@127.0.0.1:%d/%s", t_pg_port(),
			    state_database());
	refused(with, MST_E_AUTH, "MUSTER_STORE_PASSWORD");
	assert_int_equal(setenv("MUSTER_STORE_PASSWORD", "sealed:x", 1), 0);
	refused(with, MST_E_INVALID, "in the store that it would open");
	assert_int_equal(setenv("MUSTER_STORE_PASSWORD", "plain", 1), 0);
	refused(with, MST_E_INVALID, "MUSTER_STORE_PASSWORD: ");
	assert_int_equal(unsetenv("MUSTER_STORE_PASSWORD"), 0);
	free(with);
	state_sql("UPDATE meta SET version=99");
	refused(address_of_test(), MST_E_UNSUPPORTED, "by a newer muster");
}

/* A server that is not known to be this machine must prove who it is, unless
 * the address says that it need not. The test's takes no TLS. */
static void test_far(void **state)
{
	char *far = mst_asprintf("postgresql://nobody@0.0.0.0:%d/%s",
				 t_pg_port(), state_database());
	char *clear = mst_asprintf("%s?sslmode=disable", far);

	refused(far, MST_E_TRANSIENT, "see sslmode and sslrootcert");
	refused(clear, MST_E_AUTH, "MUSTER_STORE_PASSWORD");
	free(far);
	free(clear);
}

/* A password by reference, and the rights of role.sql: enough for all but
 * changing the audit. */
static void test_least_rights(void **state)
{
	struct mst_buf sql = MST_BUF_INIT(65536);
	struct mst_state *other = NULL;
	char *to;

	t_pg_sql("postgres",
		 "CREATE ROLE least LOGIN PASSWORD 'not-a-real-password'");
	to = mst_asprintf("postgresql://least@127.0.0.1:%d/%s", t_pg_port(),
			  state_database());
	assert_int_equal(setenv("NOT_A_SECRET_STORE", "not-a-real-password", 1),
			 0);
	assert_int_equal(
	    setenv("MUSTER_STORE_PASSWORD", "env:NOT_A_SECRET_STORE", 1), 0);
	refused(to, MST_E_FORBIDDEN, "muster store script");
	for (const char *p = mst_store_role_script(); *p;) {
		size_t n = strcspn(p, "\n");
		const char *at = memmem(p, n, ":\"muster_login\"", 15);

		if (*p != '\\' && at)
			(void)mst_buf_addf(&sql, "%.*sleast;\n", (int)(at - p),
					   p);
		p += n + (p[n] != 0);
	}
	t_pg_sql(state_database(), "%s", sql.p);
	t_ok(mst_state_open_store(t_path("least"), to, &other, &err), &err);
	fill(other);
	assert_filled(other);
	mst_state_close(&other);
	state_sql_refused("SET ROLE least; UPDATE audit SET after='x'",
			  "permission denied for table audit");
	assert_int_equal(unsetenv("MUSTER_STORE_PASSWORD"), 0);
	t_pg_sql(state_database(), "DROP OWNED BY least");
	t_pg_sql("postgres", "DROP ROLE least");
	mst_buf_fini(&sql);
	free(to);
}

/* ---- an older version ---------------------------------------------------- */

/* Two versions on, as later programs would have them: the script that there is,
 * and at its end what the tables of an older one lack. */
#define LATER                                                                  \
	"ALTER TABLE muster_state.item"                                        \
	" ADD COLUMN IF NOT EXISTS extra bigint NOT NULL DEFAULT 5;"           \
	"CREATE TABLE IF NOT EXISTS muster_state.note (id bigint PRIMARY "     \
	"KEY);"                                                                \
	"INSERT INTO muster_state.note"                                        \
	" SELECT count(*) FROM muster_state.note;"
#define SET_LATER "UPDATE muster_state.meta SET version = 8 WHERE version < 8;"

static char *later_text(const char *more)
{
	return mst_asprintf("%s" LATER "%s" SET_LATER, mst_pgc_create, more);
}

static int bring_up(const char *to, const struct mst_pgc_tables *t,
		    struct mst_err *why)
{
	struct mst_pgc c;
	int rc = mst_pgc_init(&c, to, why);

	if (rc == 0)
		rc = mst_pgc_ready(&c, why);
	if (rc == 0)
		rc = mst_pgc_schema(&c, t, why);
	mst_pgc_fini(&c);
	return rc;
}

static const char *seen(void)
{
	return t_pg_ask(state_database(),
			"SELECT version || ' ' || (SELECT count(*) FROM"
			" information_schema.columns WHERE table_name='item'"
			" AND column_name='extra') FROM muster_state.meta");
}

struct at_once {
	const struct mst_pgc_tables *t;
	const char *to;
	pthread_t thread;
	int rc;
};

static void *bring_up_thread(void *arg)
{
	struct at_once *a = arg;
	struct mst_err why = MST_ERR_INIT;

	a->rc = bring_up(a->to, a->t, &why);
	return NULL;
}

/* Of several that begin at the same moment one does it, and all go on. */
static void test_brought_up(void **state)
{
	char *text = later_text("");
	const struct mst_pgc_tables later = {8, text};
	const char *to = address_of_test();
	struct at_once a[4];

	fill(s);
	for (size_t i = 0; i < MST_LEN(a); i++) {
		a[i] = (struct at_once){.t = &later, .to = to};
		assert_int_equal(
		    pthread_create(&a[i].thread, NULL, bring_up_thread, &a[i]),
		    0);
	}
	for (size_t i = 0; i < MST_LEN(a); i++) {
		assert_int_equal(pthread_join(a[i].thread, NULL), 0);
		assert_int_equal(a[i].rc, 0);
	}
	assert_string_equal(seen(), "8 1");
	assert_string_equal(t_pg_ask(state_database(),
				     "SELECT count(*) FROM muster_state.note"),
			    "1");
	/* Who has it open goes on; who comes is told. */
	assert_filled(s);
	refused(address_of_test(), MST_E_UNSUPPORTED, "by a newer muster");
	/* By hand it may be run as often as one likes. */
	t_pg_sql(state_database(), "%s", text);
	assert_string_equal(seen(), "8 1");
	free(text);
}

static void test_not_brought_up(void **state)
{
	char *text = later_text(""), *bad = later_text("SELECT 1 / 0;");
	const struct mst_pgc_tables later = {8, text}, fails = {8, bad},
				    forgets = {9, text};
	char *to = mst_strdup(address_of_test()), *least;
	struct mst_state_lock *l;

	t_failed(bring_up(to, &fails, &err), &err, MST_E_INTERNAL,
		 "division by zero");
	assert_string_equal(seen(), "6 0");
	t_failed(bring_up(to, &forgets, &err), &err, MST_E_INTERNAL,
		 "are of version 8 after they were brought up to 9");
	assert_string_equal(seen(), "6 0");
	t_ok(mst_node_beat(s, "n1", 1, "1", "", &err), &err);
	t_failed(bring_up(to, &later, &err), &err, MST_E_CONFLICT,
		 "node 'n1' works with it: stop all nodes");
	t_ok(mst_node_leave(s, "n1", 1, &err), &err);
	t_ok(mst_state_lock(s, "main", &l, &err), &err);
	t_failed(bring_up(to, &later, &err), &err, MST_E_CONFLICT,
		 "who holds 'main' works with it");
	mst_state_unlock(&l);
	assert_string_equal(seen(), "6 0");
	/* A login that may not is told who can. */
	t_pg_sql("postgres", "CREATE ROLE little LOGIN");
	t_pg_sql(state_database(),
		 "GRANT USAGE ON SCHEMA muster_state TO little;"
		 "GRANT SELECT ON ALL TABLES IN SCHEMA muster_state TO little");
	least = mst_strdup(address(state_database(), "&user=little"));
	t_failed(bring_up(least, &later, &err), &err, MST_E_FORBIDDEN,
		 "let a DBA run what 'muster store script' prints");
	t_ok(bring_up(to, &later, &err), &err);
	t_ok(bring_up(least, &later, &err), &err);
	t_pg_sql(state_database(), "DROP OWNED BY little");
	t_pg_sql("postgres", "DROP ROLE little");
	free(least);
	free(to);
	free(text);
	free(bad);
}

/* Where it is may be said by the folder, too. */
static void test_file_names_it(void **state)
{
	const char *dir = t_path("named");
	struct mst_state *other = NULL;
	char *line = mst_asprintf("%s\n", address_of_test());

	t_ok(mst_state_open_store(dir, "sqlite", &other, &err), &err);
	mst_state_close(&other);
	t_write(t_path("named/store"), mst_slice_str(line));
	t_ok(mst_state_open(dir, &other, &err), &err);
	assert_true(mst_state_is_shared(other));
	assert_non_null(strstr(mst_state_store(other), "postgresql://"));
	mst_state_close(&other);
	free(line);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, state_set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_same_tables),
	    T(test_there_and_back),
	    T(test_not_now),
	    T(test_addresses),
	    T(test_far),
	    T(test_least_rights),
	    T(test_file_names_it),
	    T(test_brought_up),
	    T(test_not_brought_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
