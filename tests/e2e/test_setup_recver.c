/* SPDX-License-Identifier: Apache-2.0
 *
 * muster connection setup of a source whose RecVer is on PostgreSQL: everything
 * made by an administrator, what is there used, and the options that keep
 * muster from making anything.
 */
#include "tests/e2e/setup_recver.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

/* ---- the automatic path ---------------------------------------------------
 */

static void everything_is_made(void **state)
{
	(void)state;
	sr_fresh();
	sr_over_tcp("");
	t_pg_sql("postgres", "ALTER SYSTEM SET log_statement = 'all'");
	t_pg_sql("postgres", "SELECT pg_reload_conf()");
	sr_test_shows(4, "recver:connect",
		      "does not let '" SR_LOGIN "' in: password authentication "
		      "failed",
		      "check recver.user and recver.password");
	sr_shows("recver:probe", "Skipped", "'RecVer connection'", "");
	/* nobody agrees: nothing is made */
	rig_muster(&sr.rig, "connection", "setup", "defender", "--admin",
		   SR_ADMIN, "--admin-password", "env:PG_ADMIN");
	rig_status(&sr.rig, 4);
	assert_non_null(strstr(sr.rig.out.p,
			       "\n    login        make '" SR_LOGIN
			       "', with the connection's password"));
	assert_non_null(strstr(sr.rig.out.p, "Nothing was done."));
	assert_string_equal(
	    t_pg_ask("postgres",
		     "SELECT count(*) FROM pg_roles WHERE rolname = '%s'",
		     SR_LOGIN),
	    "0");
	sr_set_up(0);
	sr_shows("setup:login", "Ok", "'" SR_LOGIN "' was made", "");
	sr_shows("setup:database", "Ok", sr.name, "");
	sr_shows("setup:tables", "Ok", "all 5 are there, version 1", "");
	sr_shows("setup:role", "Ok", "muster_agent", "");
	sr_shows("setup:membership", "Ok", "a member of muster_agent", "");
	sr_shows("recver:connect", "Ok", "without TLS", "");
	sr_shows("recver:rights", "Ok", "as a member of muster_agent", "");
	sr_shows("recver:probe", "Ok", "into each table", "");
	sr_shows("recver:use", "Ok", "by nobody", "");
	assert_int_equal(sr_counted("Failed") + sr_counted("Warning"), 0);
	/* no password in the clear, neither there nor here */
	t_pg_sql("postgres", "ALTER SYSTEM RESET log_statement");
	t_pg_sql("postgres", "SELECT pg_reload_conf()");
	assert_non_null(strstr(t_pg_log(), "CREATE ROLE"));
	assert_null(strstr(t_pg_log(), "fake-run"));
	rig_muster(&sr.rig, "export");
	assert_null(strstr(sr.rig.out.p, "PG_ADMIN"));
}

static void a_run_needs_no_more(void **state)
{
	char before[64];

	(void)state;
	sr_made();
	(void)rig_sync(&sr.rig, 0);
	rig_verify(&sr.rig);
	rig_quiet(&sr.rig);
	(void)snprintf(before, sizeof(before), "%s", sr_rows());
	sr_test(0);
	sr_shows("recver:use", "Ok", "groups with", "");
	assert_string_equal(sr_rows(), before);
	/* the least rights */
	assert_string_equal(
	    t_pg_ask(sr.name,
		     "SELECT has_database_privilege('" SR_LOGIN "',"
		     " current_database(), 'CREATE')"
		     " OR has_schema_privilege('" SR_LOGIN "', 'muster',"
		     " 'CREATE') OR has_schema_privilege('" SR_LOGIN "',"
		     " 'public', 'CREATE') OR has_table_privilege('" SR_LOGIN
		     "', 'muster.grp', 'TRUNCATE')"),
	    "f");
	assert_string_equal(
	    t_pg_ask("postgres",
		     "SELECT rolsuper OR rolcreatedb OR rolcreaterole"
		     " FROM pg_roles WHERE rolname = '" SR_LOGIN "'"),
	    "f");
	/* once more: there is nothing to do */
	sr_set_up(0);
	assert_int_equal(
	    mst_json_len(mst_json_get(rig_json(&sr.rig), "writes")), 0);
	(void)rig_quiet(&sr.rig);
}

#define REVOKED "REVOKE muster_agent FROM " SR_LOGIN

/* Whatever was there already is used. */
static void the_rest_is_made(void **state)
{
	static const char *const broken[] = {
	    REVOKED,
	    "REVOKE UPDATE ON muster.grp FROM muster_agent",
	    "REVOKE USAGE ON SCHEMA muster FROM muster_agent",
	    "DROP TABLE muster.lease",
	    "DELETE FROM muster.meta WHERE name = 'schema'",
	    "DROP SCHEMA muster CASCADE",
	};

	(void)state;
	sr_made();
	for (size_t i = 0; i < MST_LEN(broken); i++) {
		t_pg_sql(sr.name, "SET client_min_messages = error; %s",
			 broken[i]);
		rig_muster(&sr.rig, "connection", "test", "defender");
		assert_int_not_equal(sr.rig.status, 0);
		sr_set_up(0);
		assert_int_equal(sr_counted("Failed"), 0);
		sr_shows("recver:probe", "Ok", "into each table", "");
	}
	(void)rig_sync(&sr.rig, 0);
}

/* A login that may do more: it is told, and stays as it is. */
static void too_many_rights(void **state)
{
	(void)state;
	sr_fresh();
	t_pg_sql("postgres", "CREATE ROLE " SR_LOGIN
			     " LOGIN CREATEDB CREATEROLE REPLICATION"
			     " BYPASSRLS PASSWORD 'fake-run-password'");
	t_pg_sql("postgres", "GRANT pg_read_all_settings TO " SR_LOGIN);
	sr_over_tcp("");
	sr_set_up(0);
	sr_shows("setup:login", "Warning", "was left alone",
		 "ALTER ROLE \"" SR_LOGIN "\" NOCREATEROLE");
	sr_shows("recver:rights", "Warning",
		 "CREATEDB, CREATEROLE, REPLICATION, BYPASSRLS, member of "
		 "pg_read_all_settings",
		 "REVOKE pg_read_all_settings FROM \"" SR_LOGIN "\"");
	assert_string_equal(
	    t_pg_ask("postgres",
		     "SELECT rolcreatedb AND rolcreaterole AND rolreplication"
		     " AND rolbypassrls FROM pg_roles WHERE rolname = '%s'",
		     SR_LOGIN),
	    "t");
	assert_int_equal(sr_counted("Warning"), 2);
	/* what it says is what helps */
	t_pg_sql("postgres", "ALTER ROLE " SR_LOGIN " NOCREATEDB NOCREATEROLE"
			     " NOREPLICATION NOBYPASSRLS");
	t_pg_sql("postgres", "REVOKE pg_read_all_settings FROM " SR_LOGIN);
	sr_test(0);
	assert_int_equal(sr_counted("Warning"), 0);
	t_pg_sql("postgres", "ALTER ROLE " SR_LOGIN " SUPERUSER");
	sr_test(0);
	sr_shows("recver:rights", "Warning", "needs: superuser", "NOSUPERUSER");
	t_pg_sql("postgres", "ALTER ROLE " SR_LOGIN " NOSUPERUSER");
	t_pg_sql("postgres", "ALTER DATABASE %s OWNER TO " SR_LOGIN, sr.name);
	sr_test(0);
	assert_int_equal(sr_counted("Warning"), 0);
	sr_over_tcp("      bypass_setup: yes\n");
	sr_test(0);
	sr_shows("recver:rights", "Warning", "owner of the database",
		 "to another owner");
	t_pg_sql("postgres", "ALTER DATABASE %s OWNER TO " SR_ADMIN, sr.name);
}

/* Without an administrator the login makes what it may. */
static void by_itself(void **state)
{
	(void)state;
	sr_fresh();
	t_pg_sql("postgres", "CREATE ROLE " SR_LOGIN " LOGIN CREATEDB PASSWORD"
			     " 'fake-run-password'");
	sr_over_tcp("");
	sr_test(0);
	sr_shows("recver:database", "Note", "the first run makes it", "");
	rig_muster(&sr.rig, "connection", "setup", "defender", "--yes",
		   "--json");
	rig_status(&sr.rig, 0);
	sr_shows("setup:database", "Ok", "was made", "");
	sr_shows("setup:tables", "Ok", "all 5", "");
	sr_shows("recver:rights", "Warning", "CREATEDB", "NOCREATEDB");
	(void)rig_sync(&sr.rig, 0);
	rig_quiet(&sr.rig);
	/* tables in a database that somebody else made */
	t_pg_sql(sr.name, "SET client_min_messages = error;"
			  "DROP SCHEMA muster CASCADE");
	t_pg_sql("postgres", "ALTER ROLE " SR_LOGIN " NOCREATEDB");
	sr_test(0);
	sr_shows("recver:tables", "Note", "the first run makes them", "");
	sr_shows("recver:probe", "Skipped", "'RecVer tables'", "");
	(void)rig_sync(&sr.rig, 0);
	sr_test(0);
	assert_int_equal(sr_counted("Warning") + sr_counted("Note"), 0);
}

/* ---- an administrator -----------------------------------------------------
 */

static void the_administrator(void **state)
{
	(void)state;
	sr_fresh();
	sr_over_tcp("");
	rig_muster(&sr.rig, "connection", "setup", "defender", "--yes",
		   "--json", "--admin", SR_ADMIN, "--admin-password",
		   "env:PG_WRONG");
	rig_status(&sr.rig, 4);
	sr_shows("setup:plan", "Failed", "as '" SR_ADMIN "': ", "");
	assert_null(strstr(sr.rig.out.p, "fake-"));
	/* one who may not */
	t_pg_sql("postgres", "CREATE ROLE " SR_LOGIN " LOGIN PASSWORD"
			     " 'fake-run-password'");
	rig_muster(&sr.rig, "connection", "setup", "defender", "--yes",
		   "--json", "--admin", SR_LOGIN, "--admin-password",
		   "env:PG_PW");
	rig_status(&sr.rig, 1);
	sr_shows("setup:database", "Failed",
		 "'" SR_LOGIN "' may not do this: permission denied", "");
	sr_shows("recver:database", "Failed", "no CREATEDB", "--admin USER");
	/* nobody types a password into a pipe */
	rig_muster(&sr.rig, "connection", "setup", "defender", "--admin",
		   SR_ADMIN);
	rig_status(&sr.rig, 2);
	/* RecVer in a file has none */
	sr.rig.recver = NULL;
	rig_apply(&sr.rig, NULL, NULL, NULL);
	rig_muster(&sr.rig, "connection", "setup", "defender", "--admin",
		   SR_ADMIN, "--admin-password", "env:PG_ADMIN");
	rig_status(&sr.rig, 1);
	rig_says(&sr.rig, "no database on a server");
	rig_one_error(&sr.rig);
}

/* No superuser is needed. */
static void a_lesser_administrator(void **state)
{
	(void)state;
	sr_fresh();
	sr_over_tcp("");
	t_pg_sql("postgres", "CREATE ROLE lesser LOGIN CREATEDB CREATEROLE"
			     " PASSWORD 'fake-admin-password'");
	rig_muster(&sr.rig, "connection", "setup", "defender", "--yes",
		   "--json", "--admin", "lesser", "--admin-password",
		   "env:PG_ADMIN");
	rig_status(&sr.rig, 0);
	assert_int_equal(sr_counted("Failed") + sr_counted("Warning"), 0);
	(void)rig_sync(&sr.rig, 0);
	t_pg_sql("postgres", "DROP DATABASE %s", sr.name);
	t_pg_sql("postgres", "DROP ROLE lesser");
}

/* A group role is no login, and is not made one. */
static void a_role_is_no_login(void **state)
{
	(void)state;
	sr_fresh();
	t_pg_sql("postgres", "CREATE ROLE " SR_LOGIN " NOLOGIN PASSWORD"
			     " 'fake-run-password'");
	sr_over_tcp("");
	sr_test_shows(4, "recver:connect", "is not permitted to log in",
		      "ALTER ROLE");
	sr_set_up(4);
	sr_shows("setup:plan", "Failed", "may not log in", "");
}

/* Says the words when it is asked; what was shown is returned. free() it. */
static char *on_a_terminal(const char *connection, const char *admin,
			   unsigned short columns, const char *password,
			   const char *answer, int *status_r)
{
	struct winsize size = {.ws_row = 40, .ws_col = columns};
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	int master = posix_openpt(O_RDWR | O_NOCTTY), status, said = 0;
	char chunk[4096];
	ssize_t n;
	pid_t pid;

	assert_true(master >= 0 && grantpt(master) == 0 &&
		    unlockpt(master) == 0);
	(void)ioctl(master, TIOCSWINSZ, &size);
	pid = fork();
	if (pid == 0) {
		int slave = open(ptsname(master), O_RDWR);

		(void)setsid();
		(void)setenv("PG_PW", "fake-run-password", 1);
		(void)setenv("MUSTER_SIM_SECRET", MST_SIM_SECRET, 1);
		(void)setenv("MUSTER_SIM_PASSWORD", MST_SIM_PASSWORD, 1);
		(void)setenv("NO_COLOR", "1", 1);
		(void)dup2(slave, 0);
		(void)dup2(slave, 1);
		(void)dup2(slave, 2);
		(void)close(master);
		(void)execl(MUSTER, "muster", "connection", "setup", connection,
			    "--admin", admin, "--state", sr.rig.state,
			    (char *)NULL);
		_exit(127);
	}
	while ((n = read(master, chunk, sizeof(chunk))) > 0) {
		(void)mst_buf_add(&out, chunk, (size_t)n);
		if (said == 0 && strstr(out.p, "(not shown): ")) {
			assert_true(write(master, password, strlen(password)) >
				    0);
			said++;
		} else if (said == 1 && strstr(out.p, "Type yes to ")) {
			assert_true(write(master, answer, strlen(answer)) > 0);
			said++;
		}
	}
	assert_int_equal(said, 2);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	*status_r = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	(void)close(master);
	return mst_buf_steal(&out);
}

static void typed(void **state)
{
	int status;
	char *text;

	(void)state;
	sr_fresh();
	sr_over_tcp("");
	text = on_a_terminal("defender", SR_ADMIN, 80, "fake-admin-password\n",
			     "no\n", &status);
	assert_int_equal(status, 4);
	assert_non_null(strstr(text, "Password of " SR_ADMIN " (not shown): "));
	assert_null(strstr(text, "fake-"));
	assert_non_null(strstr(text, "Nothing was done."));
	for (const char *p = strstr(text, "Failed   RecVer"); *p;
	     p += strcspn(p, "\n") + 1) {
		if (strcspn(p, "\r\n") > 80)
			fail_msg("too wide: %.*s", (int)strcspn(p, "\n"), p);
		if (!p[strcspn(p, "\n")])
			break;
	}
	free(text);
	text = on_a_terminal("defender", SR_ADMIN, 120, "fake-admin-password\n",
			     "yes\n", &status);
	assert_int_equal(status, 0);
	assert_null(strstr(text, "fake-"));
	assert_non_null(strstr(text, "RecVer: membership"));
	free(text);
}

/* The administrator of a destination is asked for the password, too. */
static void typed_for_a_destination(void **state)
{
	int status;
	char *text;

	(void)state;
	sr_fresh();
	rig_control(&sr.rig, "POST", "/_sim/sn/choices",
		    "{\"remove\":[{\"table\":\"cmdb_ci\",\"element\":"
		    "\"discovery_source\",\"value\":\"muster\"}]}");
	text = on_a_terminal("cmdb", "admin", 80, "wrong-admin-password\n",
			     "yes\n", &status);
	assert_int_not_equal(status, 0);
	assert_null(strstr(text, "wrong-admin"));
	free(text);
	text = on_a_terminal("cmdb", "admin", 80, "not-a-real-admin-password\n",
			     "yes\n", &status);
	assert_int_equal(status, 0);
	assert_null(strstr(text, "not-a-real"));
	assert_non_null(strstr(text, "is taken by IRE"));
	free(text);
}

/* ---- a DBA ----------------------------------------------------------------
 */

static void no_database(void **state)
{
	(void)state;
	sr_fresh();
	t_pg_sql("postgres", "CREATE ROLE " SR_LOGIN " LOGIN PASSWORD"
			     " 'fake-run-password'");
	sr_over_tcp("");
	sr_test_shows(1, "recver:database", "may not make it (no CREATEDB)",
		      "`muster connection setup defender --admin USER`");
	sr_over_tcp("      existing_database: yes\n");
	sr_test_shows(1, "recver:database",
		      "recver.existing_database says that a DBA makes it",
		      "muster recver script defender");
	sr_over_tcp("      bypass_setup: yes\n");
	sr_test_shows(1, "recver:database",
		      "recver.bypass_setup says that a DBA makes it",
		      "muster recver script defender");
	/* nor does an administrator */
	sr_set_up(1);
	assert_int_equal(
	    mst_json_len(mst_json_get(rig_json(&sr.rig), "writes")), 0);
	/* and a run says the same */
	rig_muster(&sr.rig, "run", "main");
	rig_status(&sr.rig, 1);
	rig_says(&sr.rig, "recver.bypass_setup says not to make it");
	rig_says(&sr.rig, "muster recver script CONNECTION");
	rig_one_error(&sr.rig);
	assert_string_equal(
	    t_pg_ask("postgres",
		     "SELECT count(*) FROM pg_database WHERE datname = '%s'",
		     sr.name),
	    "0");
}

static void existing_database(void **state)
{
	(void)state;
	sr_fresh();
	t_pg_sql("postgres", "CREATE ROLE " SR_LOGIN " LOGIN PASSWORD"
			     " 'fake-run-password'");
	t_pg_sql("postgres", "CREATE DATABASE %s", sr.name);
	sr_over_tcp("      bypass_setup: yes\n");
	sr_test_shows(1, "recver:tables",
		      "recver.bypass_setup says that a DBA makes them",
		      "let a DBA run what `muster recver script");
	rig_muster(&sr.rig, "run", "main");
	rig_status(&sr.rig, 1);
	rig_says(&sr.rig, "muster recver script");
	rig_one_error(&sr.rig);
	sr_over_tcp("      existing_database: yes\n");
	sr_test_shows(1, "recver:tables", "the login may not make them",
		      "--admin USER");
	t_pg_sql("postgres", "GRANT CREATE ON DATABASE %s TO " SR_LOGIN,
		 sr.name);
	sr_test(0);
	sr_shows("recver:tables", "Note", "the first run makes them", "");
	(void)rig_sync(&sr.rig, 0);
	sr_test(0);
	sr_shows("recver:tables", "Ok", "version 1", "");
	t_pg_sql(sr.name, "DROP OWNED BY " SR_LOGIN " CASCADE");
	/* or an administrator */
	sr_set_up(0);
	sr_shows("setup:tables", "Ok", "", "");
	sr_shows("setup:membership", "Ok", "", "");
	(void)rig_sync(&sr.rig, 0);
}

/* A source that reads a folder has a RecVer, too. */
static void of_a_folder(void **state)
{
	(void)state;
	sr_made();
	rig_muster(&sr.rig, "fetch", "defender", "--to", t_path("saved"));
	rig_status(&sr.rig, 0);
	{
		char *more =
		    mst_asprintf("    read_from: %s\n", t_path("saved"));

		rig_apply(&sr.rig, more, NULL, NULL);
		free(more);
	}
	sr_test(0);
	sr_shows("folder", "Ok", "saved", "");
	sr_shows("recver:probe", "Ok", "into each table", "");
}

/* Each check and step stands in the manual by its sr.name. */
static void all_are_documented(void **state)
{
	struct mst_buf page = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json_iter it;
	struct mst_json v;
	unsigned n = 0;

	(void)state;
	sr_fresh();
	sr_over_tcp("");
	sr_set_up(0);
	t_ok(mst_file_read(MAN_DIR "/muster.1", &page, &err), &err);
	it = mst_json_iter(mst_json_get(rig_json(&sr.rig), "checks"));
	while (mst_json_next(&it, NULL, &v)) {
		struct mst_slice id = mst_json_str(mst_json_get(v, "id"));
		char text[96];

		(void)snprintf(text, sizeof(text), "%.*s", MST_SLICE_ARG(id));
		if (!mst_slice_istarts(id, "recver:") &&
		    !mst_slice_istarts(id, "setup:"))
			continue;
		if (!strstr(page.p, text))
			fail_msg("muster(1) lacks %s", text);
		n++;
	}
	assert_true(n >= 12);
	mst_buf_fini(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everything_is_made),
	    cmocka_unit_test(a_run_needs_no_more),
	    cmocka_unit_test(the_rest_is_made),
	    cmocka_unit_test(too_many_rights),
	    cmocka_unit_test(by_itself),
	    cmocka_unit_test(the_administrator),
	    cmocka_unit_test(a_lesser_administrator),
	    cmocka_unit_test(a_role_is_no_login),
	    cmocka_unit_test(typed),
	    cmocka_unit_test(typed_for_a_destination),
	    cmocka_unit_test(no_database),
	    cmocka_unit_test(existing_database),
	    cmocka_unit_test(of_a_folder),
	    cmocka_unit_test(all_are_documented),
	};

	return cmocka_run_group_tests_name("setup of RecVer", tests, sr_begin,
					   sr_end);
}
