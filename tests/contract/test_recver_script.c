/* SPDX-License-Identifier: Apache-2.0
 *
 * What `muster recver script` prints: for PostgreSQL run by psql on a server,
 * with names that nobody should give; for all what is refused.
 */
#include "recver_upgrade.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "recver/script_text.h"
#include "recver/scripts.h"
#include "tests/lib/pg.h"

static int text(const struct mst_recver_script_ask *ask, struct mst_buf *out)
{
	mst_buf_init(out, 1u << 20);
	return mst_recver_script_text(ask, out, &rv.err);
}

/* As a DBA does it; its output is in t_path("psql"). */
static int psql(const struct mst_buf *script)
{
	char *host = mst_strdup(t_pg_socket()), *colon = strrchr(host, ':');
	char *line;
	int status;

	*colon = 0;
	t_write(t_path("script.sql"), mst_buf_slice(script));
	line =
	    mst_asprintf("psql -X -q -At -h %s -p %s -U " T_PG_USER
			 " -d postgres -f %s >%s 2>&1",
			 host, colon + 1, t_path("script.sql"), t_path("psql"));
	status = system(line);
	free(line);
	free(host);
	return status;
}

static char *printed(void)
{
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	char *s;

	t_ok(mst_file_read(t_path("psql"), &out, &rv.err), &rv.err);
	s = mst_strdup(out.n ? out.p : "");
	mst_buf_fini(&out);
	return s;
}

static void runs(const struct mst_buf *script)
{
	if (psql(script) != 0)
		fail_msg("psql: %s", printed());
}

static void make_login(const char *name)
{
	char quoted[200] = "\"";
	size_t n = 1;

	for (; *name; name++) {
		if (*name == '"')
			quoted[n++] = '"';
		quoted[n++] = *name;
	}
	quoted[n++] = '"';
	quoted[n] = 0;
	t_pg_sql("postgres", "CREATE ROLE %s LOGIN", quoted);
}

/* ---- PostgreSQL -----------------------------------------------------------
 */

static const char *const names[][2] = {
    {"muster_recver_plain", "agent"},	 {"UPPER and lower", "Agent Smith"},
    {"it's \"quoted\"", "o'neil \"x\""}, {"back\\slash :colon", "back\\slash"},
    {"$(dollar); DROP--", "select"},	 {"\xc3\xbcml\xc3\xa4ut", "\xc3\xbc"},
};

static void test_psql(void **state)
{
	for (size_t i = 0; i < MST_LEN(names); i++) {
		struct mst_recver_conf conf = rv.server;
		const struct mst_recver_script_ask ask = {.type = "postgres",
							  .database =
							      names[i][0],
							  .login = names[i][1],
							  .which = "all"};
		struct mst_buf out;
		char *said;

		make_login(names[i][1]);
		t_ok(text(&ask, &out), &rv.err);
		runs(&out);
		runs(&out);
		said = printed();
		assert_non_null(strstr(said, "login may write members|ok"));
		assert_null(strstr(said, "|no"));
		free(said);
		mst_buf_fini(&out);
		/* The login with the least rights does what a run does. */
		conf.database = names[i][0];
		conf.user = names[i][1];
		conf.bypass_setup = true;
		t_ok(rv.ops->open(&conf, SOURCE, true, &rv.r, &rv.err),
		     &rv.err);
		tools_fill(rv.r);
		rv.ops->close(&rv.r);
	}
}

/* A script alone, with names that muster would not put in. */
static int by_hand(const char *script, const char *database)
{
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	int status;

	(void)mst_buf_addf(&out,
			   "\\set recver_database_name '%s'\n"
			   "\\set recver_login 'by_hand'\n%s",
			   database, mst_recver_script("postgres", script));
	status = psql(&out);
	mst_buf_fini(&out);
	return status;
}

static void refuses(const char *script, const char *database, const char *says)
{
	char *said;

	assert_int_not_equal(by_hand(script, database), 0);
	said = printed();
	if (!strstr(said, says))
		fail_msg("no '%s' in %s", says, said);
	free(said);
}

static const char *public_may(const char *database)
{
	return t_pg_ask("postgres",
			"SELECT has_database_privilege('public', '%s',"
			" 'CONNECT')",
			database);
}

/* What others keep on the server is theirs when a DBA runs the scripts, too. */
static void test_psql_others(void **state)
{
	make_login("by_hand");
	t_pg_sql("postgres", "CREATE DATABASE with_orders");
	t_pg_sql("with_orders", "CREATE TABLE public.orders (id int)");
	t_pg_sql("postgres", "CREATE DATABASE nobodys");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(by_hand("create", "with_orders"), 0);
		assert_int_equal(by_hand("role", "with_orders"), 0);
		assert_string_equal(public_may("with_orders"), "t");
		assert_int_equal(by_hand("create", "nobodys"), 0);
		assert_int_equal(by_hand("role", "nobodys"), 0);
		assert_string_equal(public_may("nobodys"), "f");
	}
	t_pg_sql("postgres", "CREATE DATABASE mistyped");
	refuses("role", "mistyped", "tables are not all in this database");
	assert_string_equal(public_may("mistyped"), "t");
	assert_int_equal(by_hand("check", "nobodys"), 0);
	refuses("check", "postgres", "tables are not all in this database");
	t_pg_sql("postgres", "DROP OWNED BY by_hand;"
			     "DROP ROLE by_hand");
	refuses("check", "nobodys", "there is no such login");
	make_login("by_hand");
	refuses("create", "postgres", "a database of the server itself");
	refuses("role", "template1", "a database of the server itself");
	assert_string_equal(public_may("template1"), "t");
	t_pg_sql("postgres", "CREATE DATABASE anothers");
	t_pg_sql("anothers", "CREATE SCHEMA muster;"
			     "CREATE TABLE muster.members (id int)");
	refuses("create", "anothers", "the schema muster is somebody else's");
	assert_string_equal(t_pg_ask("anothers",
				     "SELECT count(*) FROM pg_tables"
				     " WHERE schemaname = 'muster'"),
			    "1");
	/* Nobody's function is called in the place of the server's. */
	t_pg_sql("postgres",
		 "CREATE FUNCTION public.format(text, text) RETURNS text"
		 " LANGUAGE sql AS $$ SELECT 'CREATE ROLE crept_in SUPERUSER'"
		 " $$");
	assert_int_equal(by_hand("create", "made_anew"), 0);
	t_pg_sql("postgres", "DROP FUNCTION public.format(text, text)");
	assert_string_equal(t_pg_ask("postgres", "SELECT count(*) FROM pg_roles"
						 " WHERE rolname = 'crept_in'"),
			    "0");
}

/* From version 1 to a made-up 3, by hand, twice; nothing to do then. */
static void test_psql_upgrade(void **state)
{
	struct mst_recver_script_ask ask = {.type = "postgres",
					    .database = "to upgrade",
					    .which = "upgrade",
					    .from = 1};
	struct mst_recver_conf conf = rv.server;
	struct tools_found f;
	struct mst_buf out;

	conf.database = ask.database;
	t_ok(rv.ops->open(&conf, SOURCE, true, &rv.r, &rv.err), &rv.err);
	tools_fill(rv.r);
	rv.ops->close(&rv.r);
	t_ok(text(&ask, &out), &rv.err);
	assert_non_null(strstr(out.p, "there is nothing to do"));
	mst_buf_fini(&out);
	upgrade_put(&upgrade_postgres, SIZE_MAX);
	t_ok(text(&ask, &out), &rv.err);
	assert_non_null(
	    strstr(out.p, "==== upgrade from version 1 to 2: brings"));
	assert_non_null(
	    strstr(out.p, "==== upgrade from version 2 to 3: brings"));
	runs(&out);
	runs(&out);
	mst_buf_fini(&out);
	conf.bypass_setup = true;
	t_ok(rv.ops->open(&conf, SOURCE, true, &rv.r, &rv.err), &rv.err);
	f = tools_verify(rv.r);
	assert_string_equal(f.text, "");
	free(f.text);
	rv.ops->close(&rv.r);
	ask.from = 4;
	t_failed(text(&ask, &out), &rv.err, MST_E_INVALID,
		 "version 4 is newer than this muster, which knows 3");
	mst_buf_fini(&out);
	upgrade_put(NULL, 0);
}

/* ---- words ----------------------------------------------------------------
 */

static void test_others(void **state)
{
	struct mst_recver_script_ask ask = {.type = "sqlserver",
					    .database = "a b",
					    .login = "DOM\\me",
					    .which = "all"};
	struct mst_buf out;

	t_ok(text(&ask, &out), &rv.err);
	assert_non_null(strstr(out.p, ":on error exit\n"
				      ":setvar recver_database_name \"a b\"\n"
				      ":setvar recver_login \"DOM\\me\"\n"));
	assert_non_null(strstr(out.p, "USE [$(recver_database_name)];"));
	mst_buf_fini(&out);
	ask.tool = "ssms";
	ask.database = "a]b'c";
	t_ok(text(&ask, &out), &rv.err);
	assert_non_null(strstr(out.p, "CREATE DATABASE [a]]b'c]"));
	assert_non_null(strstr(out.p, "DB_ID(N'a]b''c')"));
	assert_null(strstr(out.p, "$("));
	/* Behind a USE that failed nothing is done. */
	assert_non_null(strstr(out.p, "SET NOEXEC ON;"));
	mst_buf_fini(&out);
	ask = (struct mst_recver_script_ask){.type = "mongodb",
					     .database = "recver",
					     .login = "a\"b\\c",
					     .auth_source = "users",
					     .which = "all"};
	t_ok(text(&ask, &out), &rv.err);
	assert_non_null(strstr(out.p, "var recver_user = \"a\\\"b\\\\c\";\n"
				      "var recver_auth_source = \"users\";"));
	mst_buf_fini(&out);
}

static void test_refused(void **state)
{
	static const char name63[] = "0123456789012345678901234567890123456789"
				     "012345678901234567890123";
	static const struct {
		struct mst_recver_script_ask ask;
		const char *says;
	} all[] = {
	    {{.type = "oracle", .database = "a", .which = "all"},
	     "there are no scripts for 'oracle'"},
	    {{.type = "sqlite", .database = "a", .which = "all"},
	     "there are no scripts for 'sqlite'"},
	    {{.type = "postgres", .database = "a", .which = "all"},
	     "need --login LOGIN"},
	    {{.type = "postgres", .database = "a", .which = "drop"},
	     "there is no script 'drop'"},
	    {{.type = "postgres",
	      .tool = "ssms",
	      .database = "a",
	      .which = "create"},
	     "--for is psql"},
	    {{.type = "postgres", .database = "", .which = "create"},
	     "the database has no name"},
	    {{.type = "postgres", .database = "a\nb", .which = "create"},
	     "a control character"},
	    {{.type = "postgres", .database = name63, .which = "create"},
	     "longer than the 63 bytes"},
	    {{.type = "postgres", .database = "a=b", .which = "create"},
	     "cannot have '=' in it"},
	    {{.type = "postgres",
	      .database = "postgres://a",
	      .which = "create"},
	     "is taken for an address"},
	    {{.type = "postgres", .database = "postgres", .which = "create"},
	     "'postgres' is a database of the server's own"},
	    {{.type = "sqlserver", .database = "a]b", .which = "create"},
	     "'--for ssms' quotes it"},
	    {{.type = "sqlserver",
	      .tool = "ssms",
	      .database = "TempDB",
	      .which = "create"},
	     "'TempDB' is a database of the server itself"},
	    {{.type = "mongodb", .database = "local", .which = "create"},
	     "'local' is a database of the server itself"},
	    {{.type = "mongodb", .database = "a.b", .which = "create"},
	     "cannot have '.' in it: MongoDB takes none of"},
	    {{.type = "postgres",
	      .database = "a",
	      .login = "a\tb",
	      .which = "all"},
	     "the name of the login has a control character"},
	};
	struct mst_buf out;

	for (size_t i = 0; i < MST_LEN(all); i++) {
		t_failed(text(&all[i].ask, &out), &rv.err, MST_E_INVALID,
			 all[i].says);
		assert_null(strchr(rv.err.msg, '\n'));
		mst_buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_psql),
	    cmocka_unit_test(test_psql_others),
	    cmocka_unit_test(test_psql_upgrade),
	    cmocka_unit_test(test_others),
	    cmocka_unit_test(test_refused),
	};

	t_pg_start();
	rv.ops = mst_recver_find("postgres");
	rv.server = (struct mst_recver_conf){.server = t_pg_socket(),
					     .user = T_PG_USER,
					     .timeout_ms = 60000,
					     .copy = true};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
