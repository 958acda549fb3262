/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer on a PostgreSQL that refuses, or is not as it should be.
 */
#include "recver_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "tests/contract/recver_postgres.h"
#include "tests/lib/pg.h"
#include "tests/lib/pki.h"

#define MILLION (t_all() ? 1000000 : 100000)

static int failed_open(const struct mst_recver_conf *conf)
{
	struct mst_recver *r = NULL;
	int rc = rv.ops->open(conf, SOURCE, true, &r, &rv.err);

	assert_null(r);
	return rc;
}

static void test_nobody_there(void **state)
{
	struct mst_recver_conf conf = pg_over_tcp("x");

	conf.timeout_ms = 1000;
	conf.server = "/nowhere";
	t_failed(failed_open(&conf), &rv.err, MST_E_TRANSIENT,
		 "RecVer 'x' on '/nowhere': ");
	conf.server = "127.0.0.1:1";
	t_failed(failed_open(&conf), &rv.err, MST_E_TRANSIENT,
		 "Connection refused");
	/* Of several, the first that answers. */
	{
		char several[64];

		(void)snprintf(several, sizeof(several), "127.0.0.1:1,%s",
			       t_pg_host());
		conf = pg_over_tcp(rv.where);
		conf.server = several;
		rv.ops->close(&rv.r);
		t_ok(rv.ops->open(&conf, SOURCE, false, &rv.r, &rv.err),
		     &rv.err);
	}
}

/* ---- what a DBA must mend ------------------------------------------------ */

static void test_login(void **state)
{
	struct mst_recver_conf conf = pg_over_tcp(rv.where);

	conf.password = "env:MUSTER_TEST_PG_WRONG";
	t_failed(failed_open(&conf), &rv.err, MST_E_AUTH,
		 "check recver.user and recver.password");
	assert_null(strstr(rv.err.msg, "fake-wrong"));
	conf.password = NULL;
	t_failed(failed_open(&conf), &rv.err, MST_E_AUTH,
		 "set recver.password");
	conf.password = "env:MUSTER_TEST_PG_MISSING";
	t_failed(failed_open(&conf), &rv.err, MST_E_NOTFOUND,
		 "recver.password");
	conf = pg_over_tcp(rv.where);
	conf.encrypt = "verify";
	conf.timeout_ms = 1000;
	t_failed(failed_open(&conf), &rv.err, MST_E_TRANSIENT,
		 "see recver.encrypt");
}

static const char *encrypted(void)
{
	return t_pg_ask("postgres", "SELECT count(*) FROM pg_stat_ssl s"
				    " JOIN pg_stat_activity a USING (pid)"
				    " WHERE a.application_name = 'muster'"
				    " AND s.ssl");
}

static void test_encryption(void **state)
{
	struct t_pki p = t_pki_make("ec", "IP:127.0.0.1", -60, 86400, NULL);
	struct t_pki other = t_pki_make("ec", "IP:127.0.0.1", -60, 86400, NULL);
	struct mst_recver_conf conf = pg_over_tcp(rv.where);
	char local[32];

	rv.ops->close(&rv.r);
	t_pg_tls(p.cert, p.key);
	t_write(t_path("db-ca.pem"), mst_slice_str(p.cert));
	t_write(t_path("db-other.pem"), mst_slice_str(other.cert));
	conf.encrypt = "verify";
	conf.ca_file = t_path("db-ca.pem");
	t_ok(rv.ops->open(&conf, SOURCE, false, &rv.r, &rv.err), &rv.err);
	assert_string_equal(encrypted(), "1");
	rv.ops->close(&rv.r);
	/* Another authority; another name. */
	conf.timeout_ms = 1000;
	conf.ca_file = t_path("db-other.pem");
	t_failed(failed_open(&conf), &rv.err, MST_E_TRANSIENT,
		 "see recver.encrypt and recver.ca_file");
	(void)snprintf(local, sizeof(local), "localhost:%d", t_pg_port());
	conf.ca_file = t_path("db-ca.pem");
	conf.server = local;
	t_failed(failed_open(&conf), &rv.err, MST_E_TRANSIENT,
		 "see recver.encrypt and recver.ca_file");
	/* Encrypted, and not looked at; not encrypted. */
	conf = pg_over_tcp(rv.where);
	conf.encrypt = "trust";
	t_ok(rv.ops->open(&conf, SOURCE, false, &rv.r, &rv.err), &rv.err);
	assert_string_equal(encrypted(), "1");
	rv.ops->close(&rv.r);
	conf.encrypt = "off";
	t_ok(rv.ops->open(&conf, SOURCE, false, &rv.r, &rv.err), &rv.err);
	assert_string_equal(encrypted(), "0");
	t_pki_free(&p);
	t_pki_free(&other);
}

static void test_missing_database(void **state)
{
	struct mst_recver_conf conf = rv.server;

	conf.database = "nobody_made_this";
	conf.existing_database = true;
	t_failed(failed_open(&conf), &rv.err, MST_E_NOTFOUND,
		 "recver.existing_database says not to make it: let a DBA run "
		 "what 'muster recver script CONNECTION' prints");
	conf.bypass_setup = true;
	t_failed(failed_open(&conf), &rv.err, MST_E_NOTFOUND,
		 "recver.bypass_setup says not to make it");
	t_pg_sql("postgres", "CREATE DATABASE nothing_in_it");
	conf.database = "nothing_in_it";
	t_failed(failed_open(&conf), &rv.err, MST_E_NOTFOUND,
		 "which 'muster recver script' prints");
	conf.bypass_setup = false;
	conf.database = "template1";
	t_failed(failed_open(&conf), &rv.err, MST_E_INVALID,
		 "'template1' is a database of the server's own");
	assert_string_equal(t_pg_ask("template1",
				     "SELECT count(*) FROM pg_namespace"
				     " WHERE nspname = 'muster'"),
			    "0");
	conf.database = "a_name_that_is_longer_than_the_sixty_three_bytes_that_"
			"postgresql_keeps";
	t_failed(failed_open(&conf), &rv.err, MST_E_INVALID,
		 "set recver.database to a shorter one");
	conf.user = conf.database;
	conf.database = "x";
	t_failed(failed_open(&conf), &rv.err, MST_E_INVALID,
		 "set recver.user to a shorter one");
}

static void test_no_rights(void **state)
{
	struct mst_recver_conf conf = rv.server;

	t_pg_sql("postgres",
		 "DROP ROLE IF EXISTS poor; CREATE ROLE poor LOGIN");
	conf.user = "poor";
	conf.database = "poor_cannot_make_this";
	t_failed(failed_open(&conf), &rv.err, MST_E_FORBIDDEN,
		 "a DBA with what 'muster recver script CONNECTION'");
	conf.database = rv.where;
	t_failed(failed_open(&conf), &rv.err, MST_E_FORBIDDEN,
		 "the login lacks a right: 'muster connection test'");
	t_pg_sql(rv.where,
		 "GRANT USAGE ON SCHEMA muster TO poor;"
		 "GRANT SELECT ON ALL TABLES IN SCHEMA muster TO poor");
	rv.ops->close(&rv.r);
	t_failed(failed_open(&conf), &rv.err, MST_E_FORBIDDEN,
		 "the login lacks a right: 'muster connection test'");
	t_pg_sql(rv.where, "DROP OWNED BY poor");
	rv_open_again();
}

static void test_read_only(void **state)
{
	t_pg_sql("postgres",
		 "ALTER DATABASE %s SET default_transaction_read_only = on",
		 rv.where);
	rv.ops->close(&rv.r);
	t_failed(rv_open(rv.where, SOURCE, false, &rv.r, &rv.err), &rv.err,
		 MST_E_FORBIDDEN, "read-only");
	t_pg_sql("postgres",
		 "SET default_transaction_read_only = off;"
		 "ALTER DATABASE %s RESET default_transaction_read_only",
		 rv.where);
	rv_open_again();
}

static void test_versions(void **state)
{
	t_pg_sql(rv.where, "UPDATE muster.meta SET value = '2'"
			   " WHERE target = '' AND name = 'schema'");
	rv.ops->close(&rv.r);
	t_failed(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_UNSUPPORTED,
		 "newer muster (version 2, this one knows 1)");
	t_pg_sql(rv.where, "UPDATE muster.meta SET value = 'x'"
			   " WHERE target = '' AND name = 'schema'");
	t_failed(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_CORRUPT, "no number");
	/* Stopped half-way: the next run makes what is missing. */
	t_pg_sql(rv.where, "DELETE FROM muster.meta WHERE name = 'schema';"
			   "DROP TABLE muster.members");
	t_failed(rv_open(rv.where, SOURCE, false, &rv.r, &rv.err), &rv.err,
		 MST_E_NOTFOUND, "made by the first run");
	t_ok(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err);
	rv_put_text("snow", "cves", "a", 3);
}

static void test_encoding(void **state)
{
	struct mst_recver_conf conf = rv.server;

	t_pg_sql("postgres", "CREATE DATABASE ascii TEMPLATE template0"
			     " ENCODING 'SQL_ASCII'");
	conf.database = "ascii";
	t_failed(failed_open(&conf), &rv.err, MST_E_UNSUPPORTED,
		 "SQL_ASCII, not UTF8");
}

/* Another session holds the tables; the statement's time is over. */
static void test_statement_timeout(void **state)
{
	const char *const k[] = {"host", "port", "user", "dbname", NULL};
	char host[300], port[16];
	const char *const v[] = {host, port, T_PG_USER, rv.where, NULL};
	struct mst_recver_conf conf = rv.server;
	struct mst_group_put g = rv_group(MST_SLICE_LIT("a"), 3, true);
	PGconn *other;

	(void)snprintf(host, sizeof(host), "%s", t_pg_socket());
	*strrchr(host, ':') = 0;
	(void)snprintf(port, sizeof(port), "%d", t_pg_port());
	rv.ops->close(&rv.r);
	conf.database = rv.where;
	conf.timeout_ms = 1000;
	t_ok(rv.ops->open(&conf, SOURCE, false, &rv.r, &rv.err), &rv.err);
	other = PQconnectdbParams(k, v, 0);
	PQclear(PQexec(other, "BEGIN; LOCK TABLE muster.grp"));
	t_failed(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err), &rv.err,
		 MST_E_TRANSIENT, "recver.timeout");
	PQfinish(other);
	t_ok(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err), &rv.err);
	rv_assert_stored("snow", "cves", &g);
	rv_group_free(&g);
}

/* ---- other openers ------------------------------------------------------- */

static void test_two_processes(void **state)
{
	int fds[2], back[2], status;
	char c;
	pid_t pid;

	rv.ops->close(&rv.r);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pipe(back), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (rv_open(rv.where, SOURCE, false, &rv.r, &rv.err) < 0)
			_exit(1);
		/* Dies without giving anything back. */
		_exit(write(fds[1], "x", 1) == 1 && read(back[0], &c, 1) == 1
			  ? 0
			  : 2);
	}
	assert_int_equal(read(fds[0], &c, 1), 1);
	t_failed(rv_open(rv.where, SOURCE, false, &rv.r, &rv.err), &rv.err,
		 MST_E_CONFLICT, "in use by");
	assert_int_equal(write(back[1], "x", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	rv_open_again();
	for (int i = 0; i < 2; i++) {
		(void)close(fds[i]);
		(void)close(back[i]);
	}
}

/* A writer that lost its lease cannot commit, whatever it believes. */
static void test_fenced(void **state)
{
	struct mst_group_put g = rv_group(MST_SLICE_LIT("a"), 3, true);

	t_pg_sql(rv.where, "UPDATE muster.lease SET token = 'other',"
			   " holder = 'elsewhere.example, process 7'");
	t_failed(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err), &rv.err,
		 MST_E_CONFLICT, "taken over by elsewhere.example, process 7");
	assert_string_equal(
	    t_pg_ask(rv.where, "SELECT count(*) FROM muster.grp"), "0");
	rv.ops->close(&rv.r);
	t_pg_sql(rv.where, "UPDATE muster.lease SET ends_at = now()"
			   " - interval '1 second'");
	rv_open_again();
	rv_group_free(&g);
}

/* ---- scripts of the DBA -------------------------------------------------- */

static int psql(const char *script, const char *database, const char *more)
{
	char *host = mst_strdup(t_pg_socket()), *colon = strrchr(host, ':');
	char *line;
	int status;

	*colon = 0;
	line = mst_asprintf(
	    "psql -X -q -At -h %s -p %s -U " T_PG_USER
	    " -d postgres -v recver_database_name=%s %s -f %s/%s"
	    " >%s 2>&1",
	    host, colon + 1, database, more, SQL_DIR, script, t_path("psql"));
	status = system(line);
	free(line);
	free(host);
	return status;
}

/* The scripts as a DBA runs them, twice; then a login with the least rights
 * does all that a run does. */
static void test_scripts(void **state)
{
	struct mst_recver_conf conf = pg_over_tcp("by_hand");
	struct mst_buf out = MST_BUF_INIT(65536);

	t_pg_sql("postgres", "CREATE ROLE least LOGIN PASSWORD"
			     " 'fake-password'");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(psql("create.sql", "by_hand", ""), 0);
		assert_int_equal(
		    psql("role.sql", "by_hand", "-v recver_login=least"), 0);
	}
	conf.user = "least";
	conf.bypass_setup = true;
	rv.ops->close(&rv.r);
	t_ok(rv.ops->open(&conf, SOURCE, true, &rv.r, &rv.err), &rv.err);
	pg_fresh_start();
	t_ok(pg_whole_commit(&rv.err), &rv.err);
	pg_check_whole();
	t_ok(rv.ops->compact(rv.r, &rv.err), &rv.err);
	assert_int_equal(psql("check.sql", "by_hand", "-v recver_login=least"),
			 0);
	t_ok(mst_file_read(t_path("psql"), &out, &rv.err), &rv.err);
	assert_non_null(strstr(out.p, "in use|ok, by "));
	assert_non_null(strstr(out.p, "login may write members|ok"));
	assert_null(strstr(out.p, "|no"));
	assert_string_equal(
	    t_pg_ask(
		"by_hand",
		"SELECT has_schema_privilege('least', 'muster', 'CREATE')"
		" OR has_database_privilege('least', 'by_hand', 'CREATE')"),
	    "f");
	mst_buf_fini(&out);
}

/* A million groups are loaded in order, by COPY and without. */
static void test_million(void **state)
{
	struct rv_seen s = {0};
	struct mst_recver_conf conf = rv.server;
	int64_t from;

	rv_put_text("snow", "cves", "first", 3);
	t_pg_sql(rv.where,
		 "INSERT INTO muster.grp (set_id, key, text, digest, members,"
		 " has_list, run, state) SELECT 1, decode(md5(i::text), 'hex'),"
		 " convert_to('device-' || i, 'UTF8'),"
		 " decode(md5((-i)::text), 'hex'), 0, false, 1, 0"
		 " FROM generate_series(1, %d) AS i ORDER BY 2",
		 MILLION - 1);
	from = mst_mono_us();
	t_ok(rv.ops->load(rv.r, "snow", "cves", rv_see_row, &s, &rv.err),
	     &rv.err);
	print_message("postgres: load of %d groups: %.3f s\n", MILLION,
		      (double)(mst_mono_us() - from) / 1e6);
	assert_int_equal(s.rows, MILLION);
	/* The same without COPY. */
	rv.ops->close(&rv.r);
	conf.database = rv.where;
	conf.copy = false;
	t_ok(rv.ops->open(&conf, SOURCE, false, &rv.r, &rv.err), &rv.err);
	s = (struct rv_seen){0};
	t_ok(rv.ops->load(rv.r, "snow", "cves", rv_see_row, &s, &rv.err),
	     &rv.err);
	assert_int_equal(s.rows, MILLION);
}

int rv_postgres_faults(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_nobody_there),
	    T(test_login),
	    T(test_encryption),
	    T(test_missing_database),
	    T(test_no_rights),
	    T(test_read_only),
	    T(test_versions),
	    T(test_encoding),
	    T(test_statement_timeout),
	    T(test_two_processes),
	    T(test_fenced),
	    T(test_million),
	    T(test_scripts),
	};

	(void)setenv("MUSTER_TEST_PG_WRONG", "fake-wrong", 1);
	pg_give_password();
	return cmocka_run_group_tests_name("postgres: faults", tests, NULL,
					   NULL);
}
