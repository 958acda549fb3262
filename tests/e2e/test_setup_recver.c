/* SPDX-License-Identifier: Apache-2.0
 *
 * muster connection test and setup of a source whose RecVer is on PostgreSQL:
 * everything made by an administrator, each fault that a DBA meets, and the
 * options that keep muster from making anything.
 */
#include "tests/lib/sync_rig.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/lib/httpd.h"
#include "tests/lib/pg.h"
#include "tests/lib/pki.h"

#define LOGIN "muster_run"
#define ADMIN "dba"

static struct rig rig;
static char name[40]; /* of the test's database */

static const char *const env[] = {"PG_PW=fake-run-password",
				  "PG_WRONG=fake-wrong-password",
				  "PG_ADMIN=fake-admin-password", NULL};

/* ---- helpers ------------------------------------------------------------- */

/* The source with its RecVer in the test's database; more lines below recver.
 */
static void source(const char *server, const char *user, const char *more)
{
	static char lines[2048];

	(void)snprintf(lines, sizeof(lines),
		       "    recver:\n"
		       "      type: postgres\n"
		       "      server: %s\n"
		       "      database: %s\n"
		       "      user: %s\n%s",
		       server, name, user, more);
	rig.recver = lines;
	rig_apply(&rig, NULL, NULL, NULL);
}

#define PASSWORD "      password: env:PG_PW\n      encrypt: off\n"

static void over_tcp(const char *more)
{
	char all[600];

	(void)snprintf(all, sizeof(all), PASSWORD "%s", more);
	source(t_pg_host(), LOGIN, all);
}

/* A new database name; the login, its role and last databases are gone. */
static void fresh(void)
{
	static unsigned n;

	if (n)
		t_pg_sql("postgres", "DROP DATABASE IF EXISTS %s", name);
	t_pg_sql("postgres", "DROP ROLE IF EXISTS " LOGIN ";");
	t_pg_sql("postgres", "DROP ROLE IF EXISTS muster_agent");
	(void)snprintf(name, sizeof(name), "recver_%u", n++);
	rig.recver = NULL;
	rig_fresh(&rig);
}

static struct mst_json check_of(const char *id)
{
	struct mst_json all = mst_json_get(rig_json(&rig), "checks"), v;
	struct mst_json last = {0};
	struct mst_json_iter it = mst_json_iter(all);

	while (mst_json_next(&it, NULL, &v)) {
		if (mst_json_is_str(mst_json_get(v, "id"), id))
			last = v;
	}
	return last;
}

static void shows(const char *id, const char *level, const char *text,
		  const char *remedy)
{
	struct mst_json v = check_of(id);
	struct mst_slice t = mst_json_str(mst_json_get(v, "text"));
	struct mst_slice r = mst_json_str(mst_json_get(v, "remedy"));

	if (!mst_json_is_str(mst_json_get(v, "level"), level) ||
	    !memmem(t.p, t.n, text, strlen(text)) ||
	    (*remedy ? !memmem(r.p, r.n, remedy, strlen(remedy)) : r.n > 0))
		fail_msg("%s is not %s: %s -> %s, but %.*s: %.*s -> %.*s", id,
			 level, text, remedy,
			 MST_SLICE_ARG(mst_json_str(mst_json_get(v, "level"))),
			 MST_SLICE_ARG(t), MST_SLICE_ARG(r));
}

/* Of RecVer's checks, at their last. */
static unsigned counted(const char *level)
{
	static const char *const ids[] = {
	    "recver:connect", "recver:server",	  "recver:database",
	    "recver:tables",  "recver:rights",	  "recver:probe",
	    "recver:use",     "setup:login",	  "setup:database",
	    "setup:tables",   "setup:membership", "setup:plan",
	};
	unsigned n = 0;

	for (size_t i = 0; i < MST_LEN(ids); i++)
		n += mst_json_is_str(mst_json_get(check_of(ids[i]), "level"),
				     level);
	return n;
}

static void test(int status)
{
	rig_muster(&rig, "connection", "test", "defender", "--json");
	rig_status(&rig, status);
	assert_null(strstr(rig.out.p, "fake-"));
	assert_null(strstr(rig.err.p, "fake-"));
}

/* One thing is wrong, and one check says so. */
static void test_shows(int status, const char *id, const char *text,
		       const char *remedy)
{
	test(status);
	shows(id, "Failed", text, remedy);
	assert_int_equal(counted("Failed"), 1);
}

static void set_up(int status)
{
	rig_muster(&rig, "connection", "setup", "defender", "--yes", "--json",
		   "--admin", ADMIN, "--admin-password", "env:PG_ADMIN");
	rig_status(&rig, status);
	assert_null(strstr(rig.out.p, "fake-"));
	assert_null(strstr(rig.err.p, "fake-"));
}

/* As an administrator sets it up. */
static void made(void)
{
	fresh();
	over_tcp("");
	set_up(0);
}

static const char *rows(void)
{
	return t_pg_ask(name,
			"SELECT (SELECT count(*) FROM muster.meta)"
			" || ' ' || (SELECT count(*) FROM muster.record_set)"
			" || ' ' || (SELECT count(*) FROM muster.grp)"
			" || ' ' || (SELECT count(*) FROM muster.members)"
			" || ' ' || (SELECT count(*) FROM muster.lease)");
}

/* ---- the automatic path -------------------------------------------------- */

static void everything_is_made(void **state)
{
	(void)state;
	fresh();
	over_tcp("");
	t_pg_sql("postgres", "ALTER SYSTEM SET log_statement = 'all'");
	t_pg_sql("postgres", "SELECT pg_reload_conf()");
	test_shows(4, "recver:connect",
		   "does not let '" LOGIN "' in: password authentication "
		   "failed",
		   "check recver.user and recver.password");
	shows("recver:probe", "Skipped", "'RecVer connection'", "");
	/* nobody agrees: nothing is made */
	rig_muster(&rig, "connection", "setup", "defender", "--admin", ADMIN,
		   "--admin-password", "env:PG_ADMIN");
	rig_status(&rig, 4);
	assert_non_null(strstr(rig.out.p, "\n    login        make '" LOGIN
					  "', with the connection's password"));
	assert_non_null(strstr(rig.out.p, "Nothing was done."));
	assert_string_equal(
	    t_pg_ask("postgres",
		     "SELECT count(*) FROM pg_roles WHERE rolname = '%s'",
		     LOGIN),
	    "0");
	set_up(0);
	shows("setup:login", "Ok", "'" LOGIN "' was made", "");
	shows("setup:database", "Ok", name, "");
	shows("setup:tables", "Ok", "all 5 are there, version 1", "");
	shows("setup:role", "Ok", "muster_agent", "");
	shows("setup:membership", "Ok", "a member of muster_agent", "");
	shows("recver:connect", "Ok", "without TLS", "");
	shows("recver:rights", "Ok", "as a member of muster_agent", "");
	shows("recver:probe", "Ok", "into each table", "");
	shows("recver:use", "Ok", "by nobody", "");
	assert_int_equal(counted("Failed") + counted("Warning"), 0);
	/* no password in the clear, neither there nor here */
	t_pg_sql("postgres", "ALTER SYSTEM RESET log_statement");
	t_pg_sql("postgres", "SELECT pg_reload_conf()");
	assert_non_null(strstr(t_pg_log(), "CREATE ROLE"));
	assert_null(strstr(t_pg_log(), "fake-run"));
	rig_muster(&rig, "export");
	assert_null(strstr(rig.out.p, "PG_ADMIN"));
}

static void a_run_needs_no_more(void **state)
{
	char before[64];

	(void)state;
	made();
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
	(void)snprintf(before, sizeof(before), "%s", rows());
	test(0);
	shows("recver:use", "Ok", "groups with", "");
	assert_string_equal(rows(), before);
	/* the least rights */
	assert_string_equal(
	    t_pg_ask(name, "SELECT has_database_privilege('" LOGIN "',"
			   " current_database(), 'CREATE')"
			   " OR has_schema_privilege('" LOGIN "', 'muster',"
			   " 'CREATE') OR has_schema_privilege('" LOGIN "',"
			   " 'public', 'CREATE') OR has_table_privilege('" LOGIN
			   "', 'muster.grp', 'TRUNCATE')"),
	    "f");
	assert_string_equal(
	    t_pg_ask("postgres",
		     "SELECT rolsuper OR rolcreatedb OR rolcreaterole"
		     " FROM pg_roles WHERE rolname = '" LOGIN "'"),
	    "f");
	/* once more: there is nothing to do */
	set_up(0);
	assert_int_equal(mst_json_len(mst_json_get(rig_json(&rig), "writes")),
			 0);
	(void)rig_quiet(&rig);
}

/* Whatever was there already is used. */
static void the_rest_is_made(void **state)
{
	static const char *const broken[] = {
	    "REVOKE muster_agent FROM " LOGIN,
	    "REVOKE UPDATE ON muster.grp FROM muster_agent",
	    "REVOKE USAGE ON SCHEMA muster FROM muster_agent",
	    "DROP TABLE muster.lease",
	    "DELETE FROM muster.meta WHERE name = 'schema'",
	    "DROP SCHEMA muster CASCADE",
	};

	(void)state;
	made();
	for (size_t i = 0; i < MST_LEN(broken); i++) {
		t_pg_sql(name, "SET client_min_messages = error; %s",
			 broken[i]);
		rig_muster(&rig, "connection", "test", "defender");
		assert_int_not_equal(rig.status, 0);
		set_up(0);
		assert_int_equal(counted("Failed"), 0);
		shows("recver:probe", "Ok", "into each table", "");
	}
	(void)rig_sync(&rig, 0);
}

/* A login that may do more: it is told, and stays as it is. */
static void too_many_rights(void **state)
{
	(void)state;
	fresh();
	t_pg_sql("postgres",
		 "CREATE ROLE " LOGIN " LOGIN CREATEDB CREATEROLE REPLICATION"
		 " BYPASSRLS PASSWORD 'fake-run-password'");
	t_pg_sql("postgres", "GRANT pg_read_all_settings TO " LOGIN);
	over_tcp("");
	set_up(0);
	shows("setup:login", "Warning", "was left alone",
	      "ALTER ROLE " LOGIN " NOCREATEROLE");
	shows("recver:rights", "Warning",
	      "CREATEDB, CREATEROLE, REPLICATION, BYPASSRLS, member of "
	      "pg_read_all_settings",
	      "REVOKE pg_read_all_settings FROM " LOGIN);
	assert_string_equal(
	    t_pg_ask("postgres",
		     "SELECT rolcreatedb AND rolcreaterole AND rolreplication"
		     " AND rolbypassrls FROM pg_roles WHERE rolname = '%s'",
		     LOGIN),
	    "t");
	assert_int_equal(counted("Warning"), 2);
	/* what it says is what helps */
	t_pg_sql("postgres", "ALTER ROLE " LOGIN " NOCREATEDB NOCREATEROLE"
			     " NOREPLICATION NOBYPASSRLS");
	t_pg_sql("postgres", "REVOKE pg_read_all_settings FROM " LOGIN);
	test(0);
	assert_int_equal(counted("Warning"), 0);
	t_pg_sql("postgres", "ALTER ROLE " LOGIN " SUPERUSER");
	test(0);
	shows("recver:rights", "Warning", "needs: superuser", "NOSUPERUSER");
	t_pg_sql("postgres", "ALTER ROLE " LOGIN " NOSUPERUSER");
	t_pg_sql("postgres", "ALTER DATABASE %s OWNER TO " LOGIN, name);
	test(0);
	assert_int_equal(counted("Warning"), 0);
	over_tcp("      bypass_setup: yes\n");
	test(0);
	shows("recver:rights", "Warning", "owner of the database",
	      "to another owner");
	t_pg_sql("postgres", "ALTER DATABASE %s OWNER TO " ADMIN, name);
}

/* Without an administrator the login makes what it may. */
static void by_itself(void **state)
{
	(void)state;
	fresh();
	t_pg_sql("postgres", "CREATE ROLE " LOGIN " LOGIN CREATEDB PASSWORD"
			     " 'fake-run-password'");
	over_tcp("");
	test(0);
	shows("recver:database", "Note", "the first run makes it", "");
	rig_muster(&rig, "connection", "setup", "defender", "--yes", "--json");
	rig_status(&rig, 0);
	shows("setup:database", "Ok", "was made", "");
	shows("setup:tables", "Ok", "all 5", "");
	shows("recver:rights", "Warning", "CREATEDB", "NOCREATEDB");
	(void)rig_sync(&rig, 0);
	rig_quiet(&rig);
	/* tables in a database that somebody else made */
	t_pg_sql(name, "SET client_min_messages = error;"
		       "DROP SCHEMA muster CASCADE");
	t_pg_sql("postgres", "ALTER ROLE " LOGIN " NOCREATEDB");
	test(0);
	shows("recver:tables", "Note", "the first run makes them", "");
	shows("recver:probe", "Skipped", "'RecVer tables'", "");
	(void)rig_sync(&rig, 0);
	test(0);
	assert_int_equal(counted("Warning") + counted("Note"), 0);
}

/* ---- an administrator ---------------------------------------------------- */

static void the_administrator(void **state)
{
	(void)state;
	fresh();
	over_tcp("");
	rig_muster(&rig, "connection", "setup", "defender", "--yes", "--json",
		   "--admin", ADMIN, "--admin-password", "env:PG_WRONG");
	rig_status(&rig, 4);
	shows("setup:plan", "Failed", "as '" ADMIN "': ", "");
	assert_null(strstr(rig.out.p, "fake-"));
	/* one who may not */
	t_pg_sql("postgres", "CREATE ROLE " LOGIN " LOGIN PASSWORD"
			     " 'fake-run-password'");
	rig_muster(&rig, "connection", "setup", "defender", "--yes", "--json",
		   "--admin", LOGIN, "--admin-password", "env:PG_PW");
	rig_status(&rig, 1);
	shows("setup:database", "Failed", "permission denied", "");
	shows("recver:database", "Failed", "no CREATEDB", "--admin USER");
	/* nobody types a password into a pipe */
	rig_muster(&rig, "connection", "setup", "defender", "--admin", ADMIN);
	rig_status(&rig, 2);
	/* RecVer in a file has none */
	rig.recver = NULL;
	rig_apply(&rig, NULL, NULL, NULL);
	rig_muster(&rig, "connection", "setup", "defender", "--admin", ADMIN,
		   "--admin-password", "env:PG_ADMIN");
	rig_status(&rig, 1);
	rig_says(&rig, "no database on a server");
	rig_one_error(&rig);
}

/* A group role is no login, and is not made one. */
static void a_role_is_no_login(void **state)
{
	(void)state;
	fresh();
	t_pg_sql("postgres", "CREATE ROLE " LOGIN " NOLOGIN PASSWORD"
			     " 'fake-run-password'");
	over_tcp("");
	test_shows(4, "recver:connect", "is not permitted to log in",
		   "ALTER ROLE");
	set_up(4);
	shows("setup:plan", "Failed", "may not log in", "");
}

/* Says the words when it is asked; what was shown is returned. free() it. */
static char *on_a_terminal(unsigned short columns, const char *password,
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
		(void)setenv("NO_COLOR", "1", 1);
		(void)dup2(slave, 0);
		(void)dup2(slave, 1);
		(void)dup2(slave, 2);
		(void)close(master);
		(void)execl(MUSTER, "muster", "connection", "setup", "defender",
			    "--admin", ADMIN, "--state", rig.state,
			    (char *)NULL);
		_exit(127);
	}
	while ((n = read(master, chunk, sizeof(chunk))) > 0) {
		(void)mst_buf_add(&out, chunk, (size_t)n);
		if (said == 0 && strstr(out.p, "(not shown): ")) {
			assert_true(write(master, password, strlen(password)) >
				    0);
			said++;
		} else if (said == 1 && strstr(out.p, "Type yes to do it: ")) {
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
	fresh();
	over_tcp("");
	text = on_a_terminal(80, "fake-admin-password\n", "no\n", &status);
	assert_int_equal(status, 4);
	assert_non_null(strstr(text, "Password of " ADMIN " (not shown): "));
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
	text = on_a_terminal(120, "fake-admin-password\n", "yes\n", &status);
	assert_int_equal(status, 0);
	assert_null(strstr(text, "fake-"));
	assert_non_null(strstr(text, "RecVer: membership"));
	free(text);
}

/* ---- the way there ------------------------------------------------------- */

static void wrong_names(void **state)
{
	char server[40];

	(void)state;
	fresh();
	source("nowhere.invalid", LOGIN, PASSWORD "      timeout: 5s\n");
	test_shows(1, "recver:connect", "could not translate host name",
		   "check the host name in recver.server");
	(void)snprintf(server, sizeof(server), "127.0.0.1:%d", t_free_port());
	source(server, LOGIN, PASSWORD);
	test_shows(1, "recver:connect", "Connection refused",
		   "host and port in recver.server");
	source("/nowhere", LOGIN, PASSWORD);
	test_shows(1, "recver:connect", "No such file or directory",
		   "folder of the socket");
	/* a socket lets everybody in, who is known */
	source(t_pg_socket(), "nobody_knows", PASSWORD);
	test_shows(4, "recver:connect", "role \"nobody_knows\" does not exist",
		   "--admin USER");
	source(t_pg_host(), ADMIN,
	       "      encrypt: off\n      password: env:PG_WRONG\n");
	test_shows(4, "recver:connect", "password authentication failed",
		   "recver.password");
	source(t_pg_host(), ADMIN, "      encrypt: off\n");
	test_shows(4, "recver:connect", "wants a password", "");
	source(t_pg_host(), ADMIN,
	       "      encrypt: off\n      password: env:PG_NOT_THERE\n");
	test_shows(1, "recver:connect", "PG_NOT_THERE", "");
	t_pg_sql("postgres", "SELECT 1");
}

/* A server that takes the connection and says nothing. */
static void silent(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char server[40];

	(void)state;
	fresh();
	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	(void)snprintf(server, sizeof(server), "127.0.0.1:%d",
		       ntohs(a.sin_port));
	source(server, LOGIN, PASSWORD "      timeout: 1s\n");
	test_shows(1, "recver:connect", "no connection within 1 s", "");
	(void)close(fd);
}

static void tls(void **state)
{
	struct t_pki p = t_pki_make("ec", "IP:127.0.0.1", -60, 86400, NULL);
	struct t_pki other = t_pki_make("ec", "IP:127.0.0.1", -60, 86400, NULL);
	char more[300], local[32];

	(void)state;
	made();
	t_write(t_path("ca.pem"), mst_slice_str(p.cert));
	t_write(t_path("other.pem"), mst_slice_str(other.cert));
	source(t_pg_host(), LOGIN, "      password: env:PG_PW\n");
	test_shows(1, "recver:connect", "does not support SSL",
		   "switch ssl on");
	t_pg_tls(p.cert, p.key);
	(void)snprintf(more, sizeof(more),
		       "      password: env:PG_PW\n      ca_file: %s\n",
		       t_path("ca.pem"));
	source(t_pg_host(), LOGIN, more);
	test(0);
	shows("recver:connect", "Ok", "TLSv1.3 (", "");
	shows("recver:connect", "Ok", "certificate checked", "");
	(void)snprintf(local, sizeof(local), "localhost:%d", t_pg_port());
	source(local, LOGIN, more);
	test_shows(1, "recver:connect", "does not match host name",
		   "as its certificate does");
	(void)snprintf(more, sizeof(more),
		       "      password: env:PG_PW\n      ca_file: %s\n",
		       t_path("other.pem"));
	source(t_pg_host(), LOGIN, more);
	test_shows(1, "recver:connect", "certificate verify failed",
		   "in recver.ca_file");
	(void)snprintf(more, sizeof(more),
		       "      password: env:PG_PW\n      ca_file: %s\n",
		       t_path("nowhere.pem"));
	source(t_pg_host(), LOGIN, more);
	test_shows(1, "recver:connect", "does not exist", "recver.ca_file");
	source(t_pg_host(), LOGIN,
	       "      password: env:PG_PW\n      encrypt: trust\n");
	test(0);
	shows("recver:connect", "Warning", "certificate not checked",
	      "recver.encrypt to verify");
	t_pki_free(&p);
	t_pki_free(&other);
}

static void too_many_connections(void **state)
{
	(void)state;
	made();
	t_pg_sql("postgres", "ALTER ROLE " LOGIN " CONNECTION LIMIT 0");
	test_shows(1, "recver:connect", "too many connections for role",
		   "CONNECTION LIMIT");
	t_pg_sql("postgres", "ALTER ROLE " LOGIN " CONNECTION LIMIT -1;");
	t_pg_sql("postgres", "ALTER DATABASE %s CONNECTION LIMIT 0", name);
	test_shows(1, "recver:connect", "too many connections for database",
		   "end idle sessions");
	t_pg_sql("postgres", "ALTER DATABASE %s ALLOW_CONNECTIONS false", name);
	test_shows(4, "recver:database", "not currently accepting connections",
		   "ALLOW_CONNECTIONS true");
	t_pg_sql("postgres",
		 "ALTER DATABASE %s ALLOW_CONNECTIONS true CONNECTION LIMIT -1",
		 name);
	test(0);
}

/* ---- server and database ------------------------------------------------- */

static void read_only(void **state)
{
	(void)state;
	made();
	t_pg_sql("postgres",
		 "ALTER DATABASE %s SET default_transaction_read_only = on",
		 name);
	test_shows(4, "recver:database", "is read-only",
		   "ALTER DATABASE \"recver_");
	t_pg_sql("postgres",
		 "ALTER DATABASE %s RESET default_transaction_read_only", name);
	t_pg_sql("postgres",
		 "ALTER ROLE " LOGIN " SET default_transaction_read_only = on");
	test_shows(4, "recver:database", "is read-only",
		   "ALTER ROLE \"" LOGIN "\" RESET");
	t_pg_sql("postgres",
		 "ALTER ROLE " LOGIN " RESET default_transaction_read_only");
	t_pg_standby(true);
	test_shows(4, "recver:server", "a standby", "name the primary");
	shows("recver:tables", "Skipped", "'RecVer server'", "");
	t_pg_standby(false);
	test(0);
}

static void wrong_encoding(void **state)
{
	(void)state;
	fresh();
	t_pg_sql("postgres", "CREATE ROLE " LOGIN " LOGIN PASSWORD"
			     " 'fake-run-password'");
	t_pg_sql("postgres",
		 "CREATE DATABASE %s TEMPLATE template0 ENCODING 'LATIN1'"
		 " LC_COLLATE 'C' LC_CTYPE 'C'",
		 name);
	over_tcp("");
	test_shows(1, "recver:database", "is LATIN1, not UTF8",
		   "muster recver script defender");
	shows("recver:tables", "Skipped", "'RecVer database'", "");
}

static void no_database(void **state)
{
	(void)state;
	fresh();
	t_pg_sql("postgres", "CREATE ROLE " LOGIN " LOGIN PASSWORD"
			     " 'fake-run-password'");
	over_tcp("");
	test_shows(1, "recver:database", "may not make it (no CREATEDB)",
		   "`muster connection setup defender --admin USER`");
	over_tcp("      existing_database: yes\n");
	test_shows(1, "recver:database",
		   "recver.existing_database says that a DBA makes it",
		   "muster recver script defender");
	over_tcp("      bypass_setup: yes\n");
	test_shows(1, "recver:database",
		   "recver.bypass_setup says that a DBA makes it",
		   "muster recver script defender");
	/* nor does an administrator */
	set_up(1);
	assert_int_equal(mst_json_len(mst_json_get(rig_json(&rig), "writes")),
			 0);
	/* and a run says the same */
	rig_muster(&rig, "run", "main");
	rig_status(&rig, 1);
	rig_says(&rig, "recver.bypass_setup says not to make it");
	rig_says(&rig, "muster recver script CONNECTION");
	rig_one_error(&rig);
	assert_string_equal(
	    t_pg_ask("postgres",
		     "SELECT count(*) FROM pg_database WHERE datname = '%s'",
		     name),
	    "0");
}

/* ---- tables and rights --------------------------------------------------- */

static void existing_database(void **state)
{
	(void)state;
	fresh();
	t_pg_sql("postgres", "CREATE ROLE " LOGIN " LOGIN PASSWORD"
			     " 'fake-run-password'");
	t_pg_sql("postgres", "CREATE DATABASE %s", name);
	over_tcp("      bypass_setup: yes\n");
	test_shows(1, "recver:tables",
		   "recver.bypass_setup says that a DBA makes them",
		   "let a DBA run what `muster recver script");
	rig_muster(&rig, "run", "main");
	rig_status(&rig, 1);
	rig_says(&rig, "muster recver script");
	rig_one_error(&rig);
	over_tcp("      existing_database: yes\n");
	test_shows(1, "recver:tables", "the login may not make them",
		   "--admin USER");
	t_pg_sql("postgres", "GRANT CREATE ON DATABASE %s TO " LOGIN, name);
	test(0);
	shows("recver:tables", "Note", "the first run makes them", "");
	(void)rig_sync(&rig, 0);
	test(0);
	shows("recver:tables", "Ok", "version 1", "");
	t_pg_sql(name, "DROP OWNED BY " LOGIN " CASCADE");
	/* or an administrator */
	set_up(0);
	shows("setup:tables", "Ok", "", "");
	shows("setup:membership", "Ok", "", "");
	(void)rig_sync(&rig, 0);
}

static void tables(void **state)
{
	(void)state;
	made();
	t_pg_sql(name, "UPDATE muster.meta SET value = '99'"
		       " WHERE target = '' AND name = 'schema'");
	test_shows(1, "recver:tables",
		   "made by a newer muster (version 99, this one knows 1)",
		   "update muster");
	shows("recver:probe", "Skipped", "'RecVer tables'", "");
	set_up(1);
	shows("setup:plan", "Failed", "newer muster", "");
	t_pg_sql(name, "UPDATE muster.meta SET value = 'x'"
		       " WHERE target = '' AND name = 'schema'");
	test_shows(1, "recver:tables", "is no number", "");
	t_pg_sql(name, "DELETE FROM muster.meta WHERE target = '' AND name = "
		       "'schema'");
	test_shows(1, "recver:tables", "not finished: their version is missing",
		   "muster recver script");
	set_up(0);
	t_pg_sql(name, "DROP TABLE muster.members, muster.lease");
	test_shows(1, "recver:tables", "damaged: members, lease missing",
		   "muster recver script");
	set_up(0);
	/* another connection's */
	t_pg_sql(name, "UPDATE muster.meta SET value = 'other'"
		       " WHERE target = '' AND name = 'source'");
	test_shows(1, "recver:tables", "other", "");
}

static void rights(void **state)
{
	(void)state;
	made();
	t_pg_sql(name, "REVOKE INSERT, DELETE ON muster.grp FROM muster_agent");
	test_shows(4, "recver:rights",
		   "'" LOGIN "' lacks INSERT, DELETE on muster.grp",
		   "muster recver script");
	shows("recver:probe", "Skipped", "'RecVer rights'", "");
	set_up(0);
	/* the whole role: it may not even connect */
	t_pg_sql("postgres", "REVOKE muster_agent FROM " LOGIN);
	test_shows(4, "recver:database",
		   "does not let '" LOGIN "' connect: permission denied",
		   "--admin USER");
	t_pg_sql("postgres", "GRANT CONNECT ON DATABASE %s TO PUBLIC", name);
	test_shows(4, "recver:rights", "USAGE of the schema muster",
		   "--admin USER");
	shows("recver:tables", "Warning", "may not read muster.meta", "");
	set_up(0);
}

/* A table whose trigger keeps nothing. */
static void probe(void **state)
{
	(void)state;
	made();
	t_pg_sql(name, "CREATE FUNCTION public.nothing() RETURNS trigger AS"
		       " $$ BEGIN RETURN NULL; END $$ LANGUAGE plpgsql;"
		       "CREATE TRIGGER nothing BEFORE INSERT ON muster.grp"
		       " FOR EACH ROW EXECUTE FUNCTION public.nothing()");
	test_shows(1, "recver:probe", "4 of 5 rows were read back", "");
	t_pg_sql(name, "DROP TRIGGER nothing ON muster.grp");
	test(0);
}

/* A run that is under way is told of and not disturbed. */
static void in_use(void **state)
{
	(void)state;
	made();
	(void)rig_sync(&rig, 0);
	t_pg_sql(name, "UPDATE muster.lease SET token = 'not-a-token',"
		       " holder = 'elsewhere, process 4711',"
		       " ends_at = now() + interval '1 hour'");
	test(0);
	shows("recver:use", "Note", "by elsewhere, process 4711", "");
	shows("recver:probe", "Ok", "into each table", "");
	assert_string_equal(t_pg_ask(name, "SELECT token FROM muster.lease"),
			    "not-a-token");
	t_pg_sql(name, "UPDATE muster.lease SET ends_at = now() - interval"
		       " '1 hour'");
	test(0);
	shows("recver:use", "Ok",
	      "the lease of elsewhere, process 4711 has "
	      "ended",
	      "");
}

/* The tables lie on a disk of 1 MB that is full. */
static void full_disk(void **state)
{
	const char *disk = t_path("disk");
	static const char block[512];
	char *file = mst_asprintf("%s/fill", disk);
	int fd;

	(void)state;
	made();
	(void)mkdir(disk, 0700);
	if (mount("none", disk, "tmpfs", 0,
		  "size=1m,mode=700,uid=65534,gid=65534") < 0) {
		print_message("no disk of its own may be mounted here\n");
		free(file);
		skip();
	}
	t_pg_sql("postgres", "CREATE TABLESPACE tiny LOCATION '%s'", disk);
	t_pg_sql(name, "TRUNCATE muster.grp");
	t_pg_sql(name, "ALTER TABLE muster.grp SET TABLESPACE tiny");
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, block, sizeof(block)) > 0)
		;
	(void)close(fd);
	rig_muster(&rig, "connection", "test", "defender", "--json");
	shows("recver:probe", "Failed", "disk is full", "");
	(void)unlink(file);
	test(0);
	t_pg_sql(name, "ALTER TABLE muster.grp SET TABLESPACE pg_default");
	t_pg_sql("postgres", "DROP TABLESPACE tiny");
	assert_int_equal(umount(disk), 0);
	free(file);
}

/* A source that reads a folder has a RecVer, too. */
static void of_a_folder(void **state)
{
	(void)state;
	made();
	rig_muster(&rig, "fetch", "defender", "--to", t_path("saved"));
	rig_status(&rig, 0);
	{
		char *more =
		    mst_asprintf("    read_from: %s\n", t_path("saved"));

		rig_apply(&rig, more, NULL, NULL);
		free(more);
	}
	test(0);
	shows("folder", "Ok", "saved", "");
	shows("recver:probe", "Ok", "into each table", "");
}

/* ---- a file -------------------------------------------------------------- */

static void at_path(const char *path)
{
	static char lines[600];

	(void)snprintf(lines, sizeof(lines), "    recver:\n      path: %s\n",
		       path);
	rig.recver = lines;
	rig_apply(&rig, NULL, NULL, NULL);
}

static void in_a_file(void **state)
{
	const char *path = t_path("own/r.db");
	int64_t n;

	(void)state;
	fresh();
	at_path(path);
	test(0);
	shows("recver:connect", "Ok", "made by the first run", "");
	shows("recver:database", "Note", "does not exist yet", "");
	rig_muster(&rig, "connection", "setup", "defender", "--yes", "--json");
	rig_status(&rig, 0);
	shows("setup:file", "Ok", "was made", "");
	shows("recver:database", "Ok", "own/r.db", "");
	shows("recver:tables", "Ok", "all 4, version 1", "");
	shows("recver:probe", "Ok", "into each table", "");
	shows("recver:use", "Ok", "are free", "");
	n = rig_sync(&rig, 0);
	assert_true(n > 0);
	rig_quiet(&rig);
	test(0);
	rig_quiet(&rig);
}

static void write_file(const char *path, size_t at, const char *bytes, size_t n)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, (off_t)at), (ssize_t)n);
	(void)close(fd);
}

static void a_wrong_file(void **state)
{
	const char *path = t_path("wrong.db");
	static const char noise[40000] = {1};

	(void)state;
	fresh();
	at_path("/etc/passwd/r.db");
	test_shows(1, "recver:connect", "nothing can be made in '/etc/passwd",
		   "recver.path");
	at_path(t_dir());
	test_shows(1, "recver:database", "is not a file", "recver.path");
	at_path(path);
	rig_muster(&rig, "connection", "setup", "defender", "--yes");
	rig_status(&rig, 0);
	(void)rig_sync(&rig, 0);
	write_file(path, 60, "\0\0\0\143", 4);
	test_shows(1, "recver:tables", "newer muster (version 99,",
		   "use that version");
	write_file(path, 60, "\0\0\0\1", 4);
	write_file(path, 32768 * 2, noise, sizeof(noise));
	test_shows(1, "recver:database", "damaged", "put a backup back");
	write_file(path, 68, "abcd", 4);
	test_shows(1, "recver:database", "other program's",
		   "another file in recver.path");
	write_file(path, 0, "nothing of a database", 21);
	test_shows(1, "recver:database", "damaged, or no database",
		   "put a backup back");
}

static void a_held_file(void **state)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char *lock;
	int fd;

	(void)state;
	fresh();
	at_path(t_path("held.db"));
	(void)rig_sync(&rig, 0);
	lock = mst_asprintf("%s.lock", t_path("held.db"));
	fd = open(lock, O_RDWR | O_CLOEXEC);
	free(lock);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &whole), 0);
	assert_int_equal(pwrite(fd, "process 4711\n", 13, 0), 13);
	test(0);
	shows("recver:database", "Note", "in use by process 4711", "");
	assert_false(mst_json_is_str(
	    mst_json_get(check_of("recver:probe"), "id"), "recver:probe"));
	(void)close(fd);
	test(0);
	shows("recver:probe", "Ok", "into each table", "");
}

/* Each check and step stands in the manual by its name. */
static void all_are_documented(void **state)
{
	struct mst_buf page = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json_iter it;
	struct mst_json v;
	unsigned n = 0;

	(void)state;
	fresh();
	over_tcp("");
	set_up(0);
	t_ok(mst_file_read(MAN_DIR "/muster.1", &page, &err), &err);
	it = mst_json_iter(mst_json_get(rig_json(&rig), "checks"));
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

/* ---- all of them --------------------------------------------------------- */

static int begin(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	t_pg_start();
	t_pg_sql("postgres", "CREATE ROLE " ADMIN " SUPERUSER LOGIN PASSWORD"
			     " 'fake-admin-password'");
	rig.env = env;
	return 0;
}

static int finish(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
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
	    cmocka_unit_test(a_role_is_no_login),
	    cmocka_unit_test(typed),
	    cmocka_unit_test(wrong_names),
	    cmocka_unit_test(silent),
	    cmocka_unit_test(too_many_connections),
	    cmocka_unit_test(read_only),
	    cmocka_unit_test(wrong_encoding),
	    cmocka_unit_test(no_database),
	    cmocka_unit_test(existing_database),
	    cmocka_unit_test(tables),
	    cmocka_unit_test(rights),
	    cmocka_unit_test(probe),
	    cmocka_unit_test(in_use),
	    cmocka_unit_test(full_disk),
	    cmocka_unit_test(of_a_folder),
	    cmocka_unit_test(tls),
	    cmocka_unit_test(all_are_documented),
	    cmocka_unit_test(in_a_file),
	    cmocka_unit_test(a_wrong_file),
	    cmocka_unit_test(a_held_file),
	};

	return cmocka_run_group_tests_name("setup of RecVer", tests, begin,
					   finish);
}
