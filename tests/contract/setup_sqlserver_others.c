/* SPDX-License-Identifier: Apache-2.0
 *
 * Setting RecVer up on SQL Server beside others: databases of the server,
 * schemas and users that are somebody's, and two who set up at once. What is
 * not ours is refused, and stays as it is.
 */
#include "setup_sqlserver.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "recver/sqlserver/private.h"

/* ---- databases of the server --------------------------------------------- */

static void no_run(enum mst_code code, const char *part)
{
	struct mst_recver *r = NULL;
	struct mst_err err = MST_ERR_INIT;

	t_failed(mst_recver_sqlserver.open(&ms.conf, SOURCE, true, &r, &err),
		 &err, code, part);
}

static void test_system(void **state)
{
	static const char *const names[] = {
	    "master", "Model", "msdb", "tempdb", "distribution", "rdsadmin"};

	(void)state;
	(void)ms_login(ms.conf.user, PASSWORD, "sysadmin");
	for (size_t i = 0; i < MST_LEN(names); i++) {
		ms.conf.database = ms.admin.database = names[i];
		ms_no_plan(MST_E_INVALID, "is a database of the server itself");
		ms_fails("recver:database", MST_E_INVALID,
			 "set recver.database to one for RecVer alone");
		ms_is("recver:probe", MST_CHECK_SKIPPED, "RecVer database");
		no_run(MST_E_INVALID, "is a database of the server itself");
	}
	assert_int_equal(ms.odbc->users_n, 0);
}

/* ---- names --------------------------------------------------------------- */

static void test_long_names(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	char name[3 * 129 + 1] = "";

	(void)state;
	/* 128 characters, in more bytes, are a name. */
	for (int i = 0; i < 128; i++)
		(void)strcat(name, i % 2 ? "é" : "x");
	ms.conf.user = name;
	assert_int_equal(mst_ms_units(name), 128);
	assert_non_null(strstr(ms_planned(true), "login"));
	(void)strcat(name, "x");
	ms_no_plan(MST_E_INVALID, "longer than the 128 characters");
	ms_fails("recver:connect", MST_E_INVALID, "longer than the 128");
	ms.conf.user = ms.admin.user;
	ms.conf.database = name;
	t_failed(ms_make(true, &err), &err, MST_E_INVALID,
		 "recver.database may have 128 characters");
	assert_int_equal(mst_ms_units("a\xf0\x9f\x98\x80"), 3);
}

/* ---- schemas ------------------------------------------------------------- */

static void in_database(const char *sql)
{
	char path[600];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/%s.db", ms.odbc->folder,
		       ms.conf.database);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

static void refused(const char *sql)
{
	static const char text[] = "the schema 'muster' in";

	in_database(sql);
	ms_no_plan(MST_E_INVALID, text);
	ms_fails("recver:tables", MST_E_INVALID, text);
	ms_is("recver:probe", MST_CHECK_SKIPPED, "RecVer tables");
	no_run(MST_E_INVALID, text);
}

static void test_schema(void **state)
{
	(void)state;
	ms_made();
	in_database("DROP TABLE grp; DROP TABLE members; DROP TABLE lease;"
		    "DROP TABLE record_set; DROP TABLE meta");
	/* Without any table it is ours. */
	assert_string_equal(ms_planned(true), "tables role user membership");
	refused("CREATE TABLE customers (name)");
	refused("CREATE TABLE meta (a, b)");
	refused("CREATE TABLE lease (a, b)");
	in_database("DROP TABLE meta; DROP TABLE lease; DROP TABLE customers");
	ms_made();
	ms_all_good();
	/* Beside ours another one does no harm. */
	in_database("CREATE TABLE notes (a)");
	ms_all_good();
	in_database("DELETE FROM meta WHERE name = 'schema'");
	assert_string_equal(ms_planned(true), "tables role user membership");
}

static void test_source(void **state)
{
	(void)state;
	ms_made();
	in_database("DELETE FROM meta WHERE name = 'source'");
	ms_fails("recver:tables", MST_E_CORRUPT, "damaged (whose it is)");
	in_database("DELETE FROM meta WHERE name = 'seed'");
	ms_all_good();
}

/* ---- users --------------------------------------------------------------- */

static void test_user_of_another(void **state)
{
	struct t_odbc_user *u;

	(void)state;
	ms_made();
	u = &ms.odbc->users[2];
	assert_string_equal(u->name, ms.conf.user);
	(void)ms_login("other", "not-a-real-other", "");
	(void)strcpy(u->login, "other");
	(void)strcpy(u->roles, "");
	ms_no_plan(MST_E_INVALID, "of the login 'other' already");
	assert_string_equal(u->login, "other");
	assert_string_equal(u->roles, "");
	/* An orphan is nobody's. */
	(void)strcpy(u->login, "gone");
	ms_made();
	assert_string_equal(u->login, ms.conf.user);
	ms_all_good();
	/* A role of this name is none that a login may have. */
	ms.conf.user = "muster_agent";
	ms_no_plan(MST_E_INVALID, "has a role 'muster_agent' already");
}

/* The administrator's own login, and the server's. */
static void test_own_login(void **state)
{
	(void)state;
	ms.conf.user = "root";
	ms.conf.password = ms.admin.password;
	assert_string_equal(ms_planned(true), "database tables");
	ms_made();
	assert_string_equal(ms_planned(true), "");
	ms_look();
	ms_is("recver:rights", MST_CHECK_WARNING,
	      "ALTER SERVER ROLE sysadmin DROP MEMBER [root]");
	(void)ms_login("sa", ROOT, "sysadmin");
	ms.conf.user = "sa";
	assert_string_equal(ms_planned(true), "");
	ms_look();
	ms_is("recver:rights", MST_CHECK_WARNING,
	      "give muster a login of its own");
}

/* ---- two at once --------------------------------------------------------- */

static uint64_t at, batches;

static bool makes(const char *sql)
{
	return strncmp(sql, "IF ", 3) == 0 ||
	       strncmp(sql, "CREATE L", 8) == 0 ||
	       strncmp(sql, "GRANT ", 6) == 0 ||
	       strncmp(sql, "DECLARE @user", 13) == 0;
}

/* Somebody else sets all of it up behind the condition that has just been
 * asked, so the statement is refused as one that comes too late. */
static void other(const char *sql)
{
	const struct mst_recver_setup_env e = {.conf = &ms.conf,
					       .source = SOURCE,
					       .admin = &ms.admin,
					       .report = ms_take};
	struct mst_err err = MST_ERR_INIT;

	if (!makes(sql) || ++batches != at)
		return;
	ms.odbc->log = NULL;
	ms.seen_n = 0;
	(void)mst_recver_setup_sqlserver.make(&e, &err);
	mst_err_clear(&err);
	ms.seen_n = 0;
	ms.odbc->late = true;
}

static void test_two_at_once(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	for (at = 1;; at++) {
		(void)ms_set_up(state);
		batches = 0;
		ms.odbc->log = other;
		t_ok(ms_make(true, &err), &err);
		if (ms.odbc->log)
			break;
		for (size_t i = 0; i < ms.seen_n; i++)
			assert_int_equal(ms.seen[i].check.level, MST_CHECK_OK);
		ms_look();
		ms_is("recver:probe", MST_CHECK_OK, "");
		ms_is("recver:rights", MST_CHECK_OK, "");
	}
	assert_in_range(at, 12, 30);
}

int ms_others_tests(void)
{
#define S(fn) cmocka_unit_test_setup(fn, ms_set_up)
	const struct CMUnitTest tests[] = {
	    S(test_system),	 S(test_long_names),	  S(test_schema),
	    S(test_source),	 S(test_user_of_another), S(test_own_login),
	    S(test_two_at_once),
	};

	return cmocka_run_group_tests_name("others", tests, NULL, NULL);
}
