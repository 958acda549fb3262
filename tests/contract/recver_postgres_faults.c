/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer on a PostgreSQL that goes away, refuses, or is not as it should be.
 */
#include "recver_suite.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "tests/contract/recver_postgres.h"
#include "tests/lib/pg.h"
#include "tests/lib/pki.h"

#define NEVER -1

#define MILLION (T_SANITIZED ? 100000 : 1000000)

/* ---- a way to the server that can be cut --------------------------------- */

static struct {
	int listener, port;
	pthread_t thread;
	atomic_bool stop;
	atomic_bool silent;    /* what the server says does not arrive */
	atomic_long cut_after; /* bytes to the server; NEVER: none */
	atomic_uint cuts;
} way;

static int to_server(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)t_pg_port()),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Bytes from one end to the other; false: that was the end. */
static bool pass(int from, int to, bool counted)
{
	char part[16384];
	ssize_t n = read(from, part, sizeof(part)), sent;
	long left = atomic_load(&way.cut_after);

	if (n <= 0)
		return false;
	if (counted && left != NEVER && left < n) {
		/* The first half of the message arrives. */
		sent = write(to, part, (size_t)left);
		(void)sent;
		atomic_store(&way.cut_after, NEVER);
		atomic_fetch_add(&way.cuts, 1);
		return false;
	}
	if (counted && left != NEVER)
		atomic_store(&way.cut_after, left - n);
	for (ssize_t done = 0; done < n; done += sent) {
		sent = write(to, part + done, (size_t)(n - done));
		if (sent <= 0)
			return false;
	}
	return true;
}

/* One connection at a time: muster has no more. */
static void *carry(void *arg)
{
	int client = -1, server = -1;

	while (!atomic_load(&way.stop)) {
		bool on = true;
		struct pollfd fds[3] = {
		    {client, POLLIN, 0},
		    {atomic_load(&way.silent) ? -1 : server, POLLIN, 0},
		    {way.listener, POLLIN, 0}};

		if (poll(fds, 3, 20) <= 0)
			continue;
		if (fds[2].revents && client < 0) {
			client = accept(way.listener, NULL, NULL);
			server = to_server();
			on = server >= 0;
		}
		if (on && fds[0].revents)
			on = pass(client, server, true);
		if (on && fds[1].revents)
			on = pass(server, client, false);
		if (!on) {
			(void)close(client);
			(void)close(server);
			client = server = -1;
		}
	}
	(void)close(client);
	(void)close(server);
	return NULL;
}

static void way_open(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);

	way.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(way.listener, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(way.listener, 16), 0);
	assert_int_equal(getsockname(way.listener, (struct sockaddr *)&a, &n),
			 0);
	way.port = ntohs(a.sin_port);
	atomic_store(&way.stop, false);
	atomic_store(&way.cut_after, NEVER);
	assert_int_equal(pthread_create(&way.thread, NULL, carry, NULL), 0);
}

static void way_shut(void)
{
	atomic_store(&way.stop, true);
	(void)pthread_join(way.thread, NULL);
	(void)close(way.listener);
}

/* ---- helpers ------------------------------------------------------------- */

static int failed_open(const struct mst_recver_conf *conf)
{
	struct mst_recver *r = NULL;
	int rc = rv.ops->open(conf, SOURCE, true, &r, &rv.err);

	assert_null(r);
	return rc;
}

static struct mst_recver_conf over_tcp(const char *database)
{
	return (struct mst_recver_conf){
	    .type = "postgres",
	    .server = t_pg_host(),
	    .database = database,
	    .user = T_PG_USER,
	    .password = "env:MUSTER_TEST_PG",
	    .encrypt = "off",
	    .timeout_ms = 20000,
	    .copy = true,
	};
}

static void put_many(struct mst_group_put *g, char (*text)[16], unsigned n,
		     uint32_t members)
{
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "pc-%u", i);
		g[i] = rv_group(mst_slice_str(text[i]), members, true);
	}
}

/* One commit with all there is in it: put, keep, mark, delete, a new set,
 * values, a reset. */
static int whole_commit(struct mst_err *err)
{
	struct mst_group_put g[20];
	struct mst_hash gone;
	char text[20][16];
	int rc = rv.ops->begin(rv.r, err);

	put_many(g, text, 20, 40);
	gone = g[19].row.key;
	if (rc == 0)
		rc = rv.ops->put(rv.r, "snow", "cves", g, 19, err);
	if (rc == 0)
		rc = rv.ops->mark(rv.r, "snow", "devices", &g[0].row, 1, err);
	if (rc == 0)
		rc = rv.ops->del(rv.r, "snow", "cves", &gone, 1, err);
	if (rc == 0)
		rc = rv.ops->reset(rv.r, "old", NULL, err);
	if (rc == 0)
		rc = rv.ops->meta_put(rv.r, "snow", "m", MST_SLICE_LIT("1"),
				      err);
	for (int i = 0; i < 20; i++) {
		if (i == 3) {
			struct mst_group_put keep = g[3];

			keep.members = NULL;
			if (rc == 0)
				rc = rv.ops->put(rv.r, "old2", "cves", &keep, 1,
						 err);
		}
	}
	if (rc == 0)
		rc = rv.ops->commit(rv.r, err);
	else
		rv.ops->abort(rv.r);
	for (int i = 0; i < 20; i++)
		rv_group_free(&g[i]);
	return rc;
}

static void check_whole(void)
{
	assert_int_equal(rv_count("snow", "cves"), 19);
	assert_int_equal(rv_count("snow", "devices"), 1);
	assert_int_equal(rv_count("old", "cves"), 0);
	assert_int_equal(rv_count("old2", "cves"), 1);
	assert_int_equal(rv_stats("snow", "cves").members, 19 * 40);
}

static void fresh_start(void)
{
	t_ok(rv.ops->reset(rv.r, "snow", NULL, &rv.err), &rv.err);
	t_ok(rv.ops->reset(rv.r, "old2", NULL, &rv.err), &rv.err);
	rv_put_text("old", "cves", "o", 3);
	rv_put_text("snow", "cves", "pc-19", 3);
}

/* ---- the connection ------------------------------------------------------ */

/* Cut after every so many bytes of a commit: it is there once, and whole. */
static void test_cut_in_the_middle(void **state)
{
	struct mst_recver_conf conf;
	char server[32];
	unsigned cuts;

	rv.ops->close(&rv.r);
	way_open();
	(void)snprintf(server, sizeof(server), "127.0.0.1:%d", way.port);
	conf = over_tcp(rv.where);
	conf.server = server;
	t_ok(rv.ops->open(&conf, SOURCE, false, &rv.r, &rv.err), &rv.err);
	for (long at = 1;; at += at < 2500 ? 211 : 4099) {
		fresh_start();
		cuts = atomic_load(&way.cuts);
		atomic_store(&way.cut_after, at);
		t_ok(whole_commit(&rv.err), &rv.err);
		if (atomic_load(&way.cuts) == cuts)
			break;
		check_whole();
	}
	atomic_store(&way.cut_after, NEVER);
	check_whole();
	assert_in_range(atomic_load(&way.cuts), 10, 100);
	print_message("cut %u times in a commit\n", atomic_load(&way.cuts));
	rv.ops->close(&rv.r);
	way_shut();
}

/* The backend is ended by a trigger at each table of the commit in turn, and
 * by the last check before the commit itself. */
static void test_backend_killed(void **state)
{
	static const char *const tables[] = {"lease", "grp", "members", "meta",
					     "record_set"};
	static const char *const times[] = {"BEFORE", "AFTER"};

	t_pg_sql(rv.where,
		 "CREATE TABLE public.left_to_kill (n int);"
		 "INSERT INTO public.left_to_kill VALUES (0);"
		 "CREATE SEQUENCE public.killed;"
		 "CREATE FUNCTION public.die() RETURNS trigger AS $$ BEGIN"
		 " IF nextval('public.killed') = 1 THEN"
		 " PERFORM pg_terminate_backend(pg_backend_pid());"
		 " END IF; RETURN NULL; END $$ LANGUAGE plpgsql");
	for (size_t i = 0; i < MST_LEN(tables) * 2 + 1; i++) {
		const char *table = tables[i / 2 % MST_LEN(tables)];
		bool at_commit = i == MST_LEN(tables) * 2;

		fresh_start();
		t_pg_sql(rv.where,
			 "ALTER SEQUENCE public.killed RESTART;"
			 "CREATE %sTRIGGER die %s INSERT OR UPDATE OR DELETE"
			 " ON muster.%s %s EXECUTE FUNCTION public.die()",
			 at_commit ? "CONSTRAINT " : "",
			 at_commit ? "AFTER" : times[i % 2], table,
			 at_commit ? "DEFERRABLE INITIALLY DEFERRED FOR EACH "
				     "ROW"
				   : "FOR EACH STATEMENT");
		t_ok(whole_commit(&rv.err), &rv.err);
		assert_string_not_equal(
		    t_pg_ask(rv.where, "SELECT last_value FROM public.killed"),
		    "1");
		t_pg_sql(rv.where, "DROP TRIGGER die ON muster.%s", table);
		check_whole();
	}
}

/* The server's reasons, raised while a list is written: so often, then all is
 * well. */
static void raise_error(const char *sqlstate, int times)
{
	t_pg_sql(rv.where,
		 "CREATE SEQUENCE IF NOT EXISTS public.raised;"
		 "ALTER SEQUENCE public.raised RESTART;"
		 "CREATE OR REPLACE FUNCTION public.fail() RETURNS trigger AS"
		 " $$ BEGIN IF nextval('public.raised') <= %d THEN"
		 " RAISE EXCEPTION 'said in any language'"
		 " USING ERRCODE = '%s'; END IF; RETURN NULL; END $$"
		 " LANGUAGE plpgsql;"
		 "CREATE OR REPLACE TRIGGER fail AFTER INSERT ON muster.members"
		 " FOR EACH STATEMENT EXECUTE FUNCTION public.fail()",
		 times, sqlstate);
}

static void test_sqlstates(void **state)
{
	static const char *const passing[] = {"40001", "40P01", "55P03",
					      "57P01", "53300", "08006"};
	static const struct {
		const char *sqlstate;
		enum mst_code code;
		const char *says;
	} lasting[] = {
	    {"53100", MST_E_IO, "the server's disk is full"},
	    {"42501", MST_E_FORBIDDEN, "the login lacks a right"},
	    {"23505", MST_E_IO, "said in any language (23505)"},
	};

	for (size_t i = 0; i < MST_LEN(passing); i++) {
		fresh_start();
		raise_error(passing[i], 2);
		t_ok(whole_commit(&rv.err), &rv.err);
		check_whole();
	}
	for (size_t i = 0; i < MST_LEN(lasting); i++) {
		fresh_start();
		raise_error(lasting[i].sqlstate, 1);
		t_failed(whole_commit(&rv.err), &rv.err, lasting[i].code,
			 lasting[i].says);
		/* Nothing of it, and the store goes on. */
		assert_int_equal(rv_count("snow", "cves"), 1);
		assert_int_equal(rv_count("old", "cves"), 1);
		t_ok(whole_commit(&rv.err), &rv.err);
		check_whole();
	}
}

static void test_restart(void **state)
{
	rv_put_text("snow", "cves", "a", 3);
	for (int hard = 0; hard < 2; hard++) {
		t_pg_stop(hard);
		t_pg_again();
		rv_put_text("snow", "cves", hard ? "c" : "b", 3);
		assert_int_equal(rv_count("snow", "cves"), (size_t)hard + 2);
	}
}

static void test_nobody_there(void **state)
{
	struct mst_recver_conf conf = over_tcp("x");

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
		conf = over_tcp(rv.where);
		conf.server = several;
		rv.ops->close(&rv.r);
		t_ok(rv.ops->open(&conf, SOURCE, false, &rv.r, &rv.err),
		     &rv.err);
	}
}

/* ---- what a DBA must mend ------------------------------------------------ */

static void test_login(void **state)
{
	struct mst_recver_conf conf = over_tcp(rv.where);

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
	conf = over_tcp(rv.where);
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
	struct mst_recver_conf conf = over_tcp(rv.where);
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
	conf = over_tcp(rv.where);
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
	struct mst_recver_conf conf = over_tcp("by_hand");
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
	fresh_start();
	t_ok(whole_commit(&rv.err), &rv.err);
	check_whole();
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

/* In the middle of the rows of a load: it goes on behind the last one. */
static int ends_backend(void *ctx, const struct mst_group_row *row)
{
	struct rv_seen *s = ctx;

	if (s->rows == 5000)
		t_pg_sql("postgres",
			 "SELECT pg_terminate_backend(pid) FROM"
			 " pg_stat_activity WHERE application_name = 'muster'"
			 " AND datname = '%s'",
			 rv.where);
	return rv_see_row(ctx, row);
}

static void test_load_goes_on(void **state)
{
	struct rv_seen s = {0};

	/* Whatever a DBA has set for the database. */
	t_pg_sql("postgres",
		 "ALTER DATABASE %s SET standard_conforming_strings = off",
		 rv.where);
	rv.ops->close(&rv.r);
	rv_open_again();
	rv_put_text("snow", "cves", "first", 3);
	t_pg_sql(rv.where,
		 "INSERT INTO muster.grp (set_id, key, text, digest, members,"
		 " has_list, run, state) SELECT 1, decode(md5(i::text), 'hex'),"
		 " convert_to(repeat('x', 500), 'UTF8'),"
		 " decode(md5((-i)::text), 'hex'), 0, false, 1, 0"
		 " FROM generate_series(1, 19999) AS i");
	t_ok(rv.ops->load(rv.r, "snow", "cves", ends_backend, &s, &rv.err),
	     &rv.err);
	assert_int_equal(s.rows, 20000);
}

/* Whoever reads has enough, and then the server says nothing more: what is
 * left of the answer is not waited for without an end. */
static int has_enough(void *ctx, const struct mst_group_row *row)
{
	struct rv_seen *s = ctx;

	if (s->rows == 100) {
		atomic_store(&way.silent, true);
		return -MST_E_CANCELLED;
	}
	return rv_see_row(ctx, row);
}

static void test_silent_behind_a_stop(void **state)
{
	struct mst_recver_conf conf;
	struct rv_seen s = {0};
	char server[32];

	rv_put_text("snow", "cves", "first", 3);
	t_pg_sql(rv.where,
		 "INSERT INTO muster.grp (set_id, key, text, digest, members,"
		 " has_list, run, state) SELECT 1, decode(md5(i::text), 'hex'),"
		 " convert_to(repeat('x', 500), 'UTF8'),"
		 " decode(md5((-i)::text), 'hex'), 0, false, 1, 0"
		 " FROM generate_series(1, 39999) AS i");
	rv.ops->close(&rv.r);
	way_open();
	(void)snprintf(server, sizeof(server), "127.0.0.1:%d", way.port);
	conf = over_tcp(rv.where);
	conf.server = server;
	conf.timeout_ms = 1000;
	t_ok(rv.ops->open(&conf, SOURCE, false, &rv.r, &rv.err), &rv.err);
	assert_int_equal(
	    rv.ops->load(rv.r, "snow", "cves", has_enough, &s, &rv.err),
	    -MST_E_CANCELLED);
	atomic_store(&way.silent, false);
	assert_int_equal(rv_count("snow", "cves"), 40000);
	rv.ops->close(&rv.r);
	way_shut();
}

int rv_postgres_faults(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_cut_in_the_middle),
	    T(test_backend_killed),
	    T(test_sqlstates),
	    T(test_restart),
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
	    T(test_load_goes_on),
	    T(test_silent_behind_a_stop),
	    T(test_million),
	    T(test_scripts),
	};

	(void)setenv("MUSTER_TEST_PG", "fake-password", 1);
	(void)setenv("MUSTER_TEST_PG_WRONG", "fake-wrong", 1);
	t_pg_sql("postgres",
		 "ALTER ROLE " T_PG_USER " PASSWORD 'fake-password'");
	return cmocka_run_group_tests_name("postgres: faults", tests, NULL,
					   NULL);
}
