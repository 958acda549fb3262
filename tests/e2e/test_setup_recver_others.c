/* SPDX-License-Identifier: Apache-2.0
 *
 * Setting up RecVer on a PostgreSQL that others use, too: what is theirs stays
 * as it is, and what a login is told fits what there is.
 */
#include "tests/e2e/setup_recver.h"

#include <stdio.h>
#include <string.h>

static void make_login(const char *attributes)
{
	t_pg_sql("postgres",
		 "CREATE ROLE " SR_LOGIN
		 " LOGIN %s PASSWORD 'fake-run-password'",
		 attributes);
}

/* ---- a database of others -------------------------------------------------
 */

static const char *public_may(const char *database)
{
	return t_pg_ask("postgres",
			"SELECT has_database_privilege('public', '%s',"
			" 'CONNECT') AND has_database_privilege('public', '%s',"
			" 'TEMPORARY')",
			database, database);
}

static void plan_says(const char *text)
{
	rig_muster(&sr.rig, "connection", "setup", "defender", "--admin",
		   SR_ADMIN, "--admin-password", "env:PG_ADMIN");
	if (!strstr(sr.rig.out.p, text))
		fail_msg("no '%s' in %s", text, sr.rig.out.p);
}

/* Whatever they keep there: they come in as before, and do not see RecVer. */
static void others_are_not_locked_out(void **state)
{
	static const char *const things[][2] = {
	    {"CREATE TABLE public.orders (id int)", "public.orders"},
	    {"CREATE SCHEMA sales", "sales"},
	    {"CREATE SCHEMA sales; CREATE TABLE sales.a (id int);"
	     "CREATE VIEW sales.b AS SELECT 1",
	     "sales and 2 more"},
	    {"CREATE FUNCTION public.tax() RETURNS int LANGUAGE sql AS"
	     " 'SELECT 7'",
	     "public.tax"},
	    {"CREATE SEQUENCE public.numbers", "public.numbers"},
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < MST_LEN(things); i++) {
		sr_fresh();
		t_pg_sql("postgres", "CREATE DATABASE %s", sr.name);
		t_pg_sql(sr.name, "%s", things[i][0]);
		t_pg_sql(sr.name, "GRANT CREATE ON SCHEMA public TO PUBLIC");
		sr_over_tcp("      existing_database: yes\n");
		(void)snprintf(text, sizeof(text),
			       "    access       leave that of PUBLIC as it "
			       "is: others use the database, too (%s)",
			       things[i][1]);
		plan_says(text);
		sr_set_up(0);
		sr_shows("setup:access", "Ok", "was left as it is", "");
		assert_int_equal(sr_counted("Failed"), 0);
		assert_string_equal(public_may(sr.name), "t");
		assert_string_equal(
		    t_pg_ask(sr.name,
			     "SELECT has_schema_privilege('public', 'public',"
			     " 'CREATE') AND NOT has_schema_privilege("
			     "'public', 'muster', 'USAGE')"),
		    "t");
	}
	(void)rig_sync(&sr.rig, 0);
}

/* Nobody uses it: what an extension brought is nobody's. */
static void alone(void **state)
{
	(void)state;
	sr_fresh();
	t_pg_sql("postgres", "CREATE DATABASE %s", sr.name);
	t_pg_sql(sr.name, "CREATE EXTENSION hstore SCHEMA public");
	t_pg_sql(sr.name, "GRANT CREATE ON SCHEMA public TO PUBLIC");
	sr_over_tcp("      existing_database: yes\n");
	plan_says("    access       take CONNECT to 'recver_");
	sr_set_up(0);
	sr_shows("setup:access", "Ok", "PUBLIC may not connect", "");
	assert_string_equal(public_may(sr.name), "f");
	assert_string_equal(
	    t_pg_ask(sr.name, "SELECT has_schema_privilege('public', 'public',"
			      " 'CREATE')"),
	    "f");
	/* no schema public, as some have it */
	sr_fresh();
	t_pg_sql("postgres", "CREATE DATABASE %s", sr.name);
	t_pg_sql(sr.name, "DROP SCHEMA public");
	sr_over_tcp("      existing_database: yes\n");
	sr_set_up(0);
	assert_string_equal(public_may(sr.name), "f");
}

/* Who does not own the database cannot take anything from PUBLIC there, and
 * says so. */
static void not_the_owner(void **state)
{
	(void)state;
	sr_fresh();
	t_pg_sql("postgres", "CREATE DATABASE %s", sr.name);
	t_pg_sql("postgres", "CREATE ROLE lesser LOGIN CREATEDB CREATEROLE"
			     " PASSWORD 'fake-admin-password'");
	t_pg_sql("postgres", "GRANT CREATE ON DATABASE %s TO lesser", sr.name);
	sr_over_tcp("      existing_database: yes\n");
	rig_muster(&sr.rig, "connection", "setup", "defender", "--yes",
		   "--json", "--admin", "lesser", "--admin-password",
		   "env:PG_ADMIN");
	rig_status(&sr.rig, 0);
	sr_shows("setup:access", "Ok", "PUBLIC may still connect to 'recver_",
		 "");
	sr_shows("setup:access", "Ok", "'lesser' does not own the database",
		 "");
	(void)rig_sync(&sr.rig, 0);
	t_pg_sql("postgres", "DROP DATABASE %s", sr.name);
	t_pg_sql("postgres", "DROP ROLE lesser");
}

/* "postgres" is everybody's, a template is what is copied. */
static void system_databases(void **state)
{
	static const char *const all[] = {"postgres", "template1", "template0"};
	char name[sizeof(sr.name)];

	(void)state;
	sr_fresh();
	make_login("CREATEDB");
	memcpy(name, sr.name, sizeof(name));
	for (size_t i = 0; i < MST_LEN(all); i++) {
		(void)snprintf(sr.name, sizeof(sr.name), "%s", all[i]);
		sr_over_tcp("");
		sr_test_shows(1, "recver:database",
			      "is a database of the server's own, and RecVer "
			      "needs another one: set recver.database",
			      "");
		sr_set_up(1);
		sr_shows("setup:plan", "Failed", "of the server's own", "");
		rig_muster(&sr.rig, "run", "main");
		rig_status(&sr.rig, 1);
		rig_says(&sr.rig, "of the server's own");
		rig_one_error(&sr.rig);
		rig_muster(&sr.rig, "recver", "script", "defender");
		rig_status(&sr.rig, 1);
		rig_says(&sr.rig, "of the server's own");
	}
	memcpy(sr.name, name, sizeof(name));
	assert_string_equal(public_may("postgres"), "t");
	assert_string_equal(t_pg_ask("postgres",
				     "SELECT count(*) FROM pg_namespace"
				     " WHERE nspname = 'muster'"),
			    "0");
}

/* Another program's schema of this name. */
static void another_schema(void **state)
{
	static const char *const theirs[][2] = {
	    {"CREATE TABLE muster.invoices (id int);"
	     "CREATE VIEW muster.paid AS SELECT 1",
	     "invoices, paid"},
	    {"CREATE TABLE muster.meta (id int)", "meta"},
	    {"CREATE TABLE muster.members (id int, name text)", "members"},
	};
	char text[200], before[16];

	(void)state;
	for (size_t i = 0; i < MST_LEN(theirs); i++) {
		sr_fresh();
		make_login("");
		t_pg_sql("postgres", "CREATE DATABASE %s OWNER " SR_LOGIN,
			 sr.name);
		t_pg_sql(sr.name,
			 "CREATE SCHEMA muster AUTHORIZATION " SR_LOGIN "; %s",
			 theirs[i][0]);
		t_pg_sql(sr.name, "GRANT ALL ON ALL TABLES IN SCHEMA muster"
				  " TO " SR_LOGIN);
		(void)snprintf(
		    before, sizeof(before), "%s",
		    t_pg_ask(sr.name, "SELECT count(*) FROM pg_tables"));
		sr_over_tcp("      existing_database: yes\n");
		(void)snprintf(text, sizeof(text),
			       "is somebody else's (it holds %s): let "
			       "recver.database name another",
			       theirs[i][1]);
		sr_test_shows(1, "recver:tables", text, "");
		t_pg_sql(sr.name, "ALTER SCHEMA muster OWNER TO " T_PG_USER);
		sr_test_shows(1, "recver:tables", text, "");
		sr_set_up(1);
		sr_shows("setup:plan", "Failed", text, "");
		rig_muster(&sr.rig, "run", "main");
		rig_status(&sr.rig, 1);
		rig_says(&sr.rig, text);
		rig_one_error(&sr.rig);
		assert_string_equal(
		    t_pg_ask(sr.name, "SELECT count(*) FROM pg_tables"),
		    before);
	}
	/* ours is known, whatever a DBA added to it */
	sr_made();
	t_pg_sql(sr.name, "CREATE VIEW muster.overview AS SELECT 1");
	sr_test(0);
	t_pg_sql(sr.name, "DROP TABLE muster.meta");
	sr_test_shows(1, "recver:tables", "not finished: meta missing",
		      "muster recver script");
	t_pg_sql(sr.name, "DROP VIEW muster.overview");
	sr_set_up(0);
}

/* Functions that look like the server's are not called by an administrator. */
static void functions_of_others(void **state)
{
	(void)state;
	sr_fresh();
	t_pg_sql("postgres",
		 "CREATE FUNCTION public.format(text, text) RETURNS text"
		 " LANGUAGE sql AS $$ SELECT 'CREATE ROLE crept_in SUPERUSER'"
		 " $$");
	sr_over_tcp("");
	sr_set_up(0);
	t_pg_sql("postgres", "DROP FUNCTION public.format(text, text)");
	assert_string_equal(t_pg_ask("postgres", "SELECT count(*) FROM pg_roles"
						 " WHERE rolname = 'crept_in'"),
			    "0");
}

/* ---- logins ---------------------------------------------------------------
 */

/* What the remedy says is done: a run goes on. */
static void a_superuser(void **state)
{
	(void)state;
	sr_fresh();
	make_login("SUPERUSER CREATEDB CREATEROLE");
	sr_over_tcp("");
	sr_set_up(0);
	sr_shows("setup:login", "Warning", "superuser, CREATEROLE",
		 "ALTER ROLE \"" SR_LOGIN "\" NOSUPERUSER NOCREATEROLE");
	sr_shows("setup:membership", "Ok", "a member of muster_agent", "");
	sr_shows("recver:rights", "Warning", "superuser, CREATEDB, CREATEROLE",
		 "ALTER ROLE \"" SR_LOGIN
		 "\" NOSUPERUSER NOCREATEDB NOCREATEROLE");
	t_pg_sql("postgres", "ALTER ROLE \"" SR_LOGIN
			     "\" NOSUPERUSER NOCREATEDB NOCREATEROLE");
	sr_test(0);
	assert_int_equal(sr_counted("Warning"), 0);
	(void)rig_sync(&sr.rig, 0);
	/* it has nothing else: that comes first */
	t_pg_sql("postgres", "REVOKE muster_agent FROM " SR_LOGIN);
	t_pg_sql("postgres", "ALTER ROLE " SR_LOGIN " SUPERUSER");
	sr_test(0);
	sr_shows("recver:rights", "Warning", "superuser",
		 "first `muster connection setup defender --admin USER`, or "
		 "role.sql, which gives it muster_agent; then ALTER ROLE");
	sr_set_up(0);
	sr_shows("setup:membership", "Ok", "", "");
	t_pg_sql("postgres", "ALTER ROLE " SR_LOGIN " NOSUPERUSER");
	sr_test(0);
	assert_int_equal(sr_counted("Warning"), 0);
	(void)rig_quiet(&sr.rig);
	/* the one that initdb made stays one */
	sr_source(t_pg_socket(), T_PG_USER, "");
	sr_test(0);
	sr_shows("recver:rights", "Warning", "superuser",
		 "name a login of muster's own in recver.user");
}

/* To be a member is not enough for it. */
static void no_heir(void **state)
{
	(void)state;
	sr_fresh();
	make_login("NOINHERIT");
	sr_over_tcp("");
	sr_set_up(4);
	sr_shows("setup:membership", "Ok", "", "");
	sr_shows("recver:database", "Failed", "permission denied",
		 "it does not inherit what muster_agent may: let a DBA run ");
	t_pg_sql("postgres", "GRANT CONNECT ON DATABASE %s TO PUBLIC", sr.name);
	sr_test_shows(4, "recver:rights", "lacks USAGE of the schema muster",
		      "it does not inherit what muster_agent may: let a DBA "
		      "run ");
	t_pg_sql("postgres", "ALTER ROLE " SR_LOGIN " INHERIT");
	sr_test(0);
}

static void long_names(void **state)
{
	static const char a64[] = "abcdefghijklmnopqrstuvwxyz_abcdefghijklmnop"
				  "qrstuvwxyz_0123456789";

	(void)state;
	assert_int_equal(strlen(a64), 64);
	sr_fresh();
	sr_source(t_pg_host(), a64, SR_PASSWORD);
	sr_test_shows(1, "recver:connect", "cuts the login's name after 63",
		      "");
	sr_set_up(1);
	sr_shows("setup:plan", "Failed", "set recver.user to a shorter one",
		 "");
	assert_string_equal(t_pg_ask("postgres",
				     "SELECT count(*) FROM pg_roles"
				     " WHERE rolname LIKE 'abcdef%%'"),
			    "0");
	sr_over_tcp("");
	rig_muster(&sr.rig, "connection", "setup", "defender", "--yes",
		   "--json", "--admin", a64, "--admin-password",
		   "env:PG_ADMIN");
	rig_status(&sr.rig, 4);
	sr_shows("setup:plan", "Failed", "set --admin to a shorter one", "");
}

static void wrong_passwords(void **state)
{
	struct mst_slice text;

	(void)state;
	sr_fresh();
	sr_over_tcp("");
	rig_muster(&sr.rig, "connection", "setup", "defender", "--yes",
		   "--json", "--admin", SR_ADMIN, "--admin-password",
		   "env:PG_WRONG");
	rig_status(&sr.rig, 4);
	sr_shows("setup:plan", "Failed",
		 "this administrator in: check --admin and its password", "");
	text = mst_json_str(
	    mst_json_get(says_check(&sr.rig, "setup:plan"), "text"));
	assert_null(memmem(text.p, text.n, "recver.", 7));
	/* it is there with another one, which is left alone */
	t_pg_sql("postgres", "CREATE ROLE " SR_LOGIN
			     " LOGIN PASSWORD 'fake-other-password'");
	sr_set_up(4);
	sr_shows("recver:connect", "Failed", "password authentication failed",
		 "there is a login of this name: set recver.password to its "
		 "password, or let a DBA give it that one (psql: \\password "
		 "\"" SR_LOGIN "\")");
	t_pg_sql("postgres",
		 "ALTER ROLE " SR_LOGIN " PASSWORD 'fake-run-password'");
	sr_test(0);
}

static void without_a_password(void **state)
{
	(void)state;
	sr_fresh();
	sr_source(t_pg_socket(), SR_LOGIN, "");
	sr_set_up(0);
	sr_shows("setup:login", "Ok",
		 "was made, without a password, because recver.password is "
		 "not set",
		 "");
	sr_over_tcp("");
	sr_test_shows(4, "recver:connect", "password authentication failed",
		      "recver.password");
}

/* ---- ways and marks -------------------------------------------------------
 */

/* Where a database is made from is a database, too. */
static void nowhere_to_begin(void **state)
{
	(void)state;
	sr_fresh();
	make_login("CREATEDB");
	sr_over_tcp("");
	t_pg_sql("postgres", "REVOKE CONNECT ON DATABASE postgres FROM PUBLIC");
	sr_test(0);
	sr_shows("recver:database", "Note", "the first run makes it", "");
	t_pg_sql("postgres", "REVOKE CONNECT ON DATABASE template1 FROM"
			     " PUBLIC");
	sr_test_shows(1, "recver:database",
		      "no CONNECT to postgres or template1", "--admin USER");
	t_pg_sql("postgres", "GRANT CONNECT ON DATABASE template1 TO PUBLIC");
	(void)rig_sync(&sr.rig, 0);
	t_pg_sql("postgres", "GRANT CONNECT ON DATABASE postgres TO PUBLIC");
}

static void whose_it_is(void **state)
{
	(void)state;
	sr_made();
	t_pg_sql(sr.name, "DELETE FROM muster.meta WHERE name = 'source'");
	sr_test_shows(1, "recver:tables", "is damaged (whose it is): put a",
		      "");
	rig_muster(&sr.rig, "run", "main");
	rig_status(&sr.rig, 1);
	rig_says(&sr.rig, "is damaged (whose it is): put a backup back");
	rig_one_error(&sr.rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(others_are_not_locked_out),
	    cmocka_unit_test(alone),
	    cmocka_unit_test(not_the_owner),
	    cmocka_unit_test(system_databases),
	    cmocka_unit_test(another_schema),
	    cmocka_unit_test(functions_of_others),
	    cmocka_unit_test(a_superuser),
	    cmocka_unit_test(no_heir),
	    cmocka_unit_test(long_names),
	    cmocka_unit_test(wrong_passwords),
	    cmocka_unit_test(without_a_password),
	    cmocka_unit_test(nowhere_to_begin),
	    cmocka_unit_test(whose_it_is),
	};

	return cmocka_run_group_tests_name("RecVer beside others", tests,
					   sr_begin, sr_end);
}
