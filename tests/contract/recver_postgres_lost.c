/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer on a PostgreSQL that goes away: connections that are cut, backends
 * that are ended, a server that is silent.
 */
#include "recver_suite.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/contract/recver_postgres.h"
#include "tests/lib/pg.h"

#define NEVER -1

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

struct mst_recver_conf pg_over_tcp(const char *database)
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

void pg_give_password(void)
{
	(void)setenv("MUSTER_TEST_PG", "fake-password", 1);
	t_pg_sql("postgres",
		 "ALTER ROLE " T_PG_USER " PASSWORD 'fake-password'");
}

int pg_whole_commit(struct mst_err *err)
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

void pg_check_whole(void)
{
	assert_int_equal(rv_count("snow", "cves"), 19);
	assert_int_equal(rv_count("snow", "devices"), 1);
	assert_int_equal(rv_count("old", "cves"), 0);
	assert_int_equal(rv_count("old2", "cves"), 1);
	assert_int_equal(rv_stats("snow", "cves").members, 19 * 40);
}

void pg_fresh_start(void)
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
	conf = pg_over_tcp(rv.where);
	conf.server = server;
	t_ok(rv.ops->open(&conf, SOURCE, false, &rv.r, &rv.err), &rv.err);
	for (long at = 1;; at += at < 2500 ? 211 : 4099) {
		pg_fresh_start();
		cuts = atomic_load(&way.cuts);
		atomic_store(&way.cut_after, at);
		t_ok(pg_whole_commit(&rv.err), &rv.err);
		if (atomic_load(&way.cuts) == cuts)
			break;
		pg_check_whole();
	}
	atomic_store(&way.cut_after, NEVER);
	pg_check_whole();
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

		pg_fresh_start();
		t_pg_sql(rv.where,
			 "ALTER SEQUENCE public.killed RESTART;"
			 "CREATE %sTRIGGER die %s INSERT OR UPDATE OR DELETE"
			 " ON muster.%s %s EXECUTE FUNCTION public.die()",
			 at_commit ? "CONSTRAINT " : "",
			 at_commit ? "AFTER" : times[i % 2], table,
			 at_commit ? "DEFERRABLE INITIALLY DEFERRED FOR EACH "
				     "ROW"
				   : "FOR EACH STATEMENT");
		t_ok(pg_whole_commit(&rv.err), &rv.err);
		assert_string_not_equal(
		    t_pg_ask(rv.where, "SELECT last_value FROM public.killed"),
		    "1");
		t_pg_sql(rv.where, "DROP TRIGGER die ON muster.%s", table);
		pg_check_whole();
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
		pg_fresh_start();
		raise_error(passing[i], 2);
		t_ok(pg_whole_commit(&rv.err), &rv.err);
		pg_check_whole();
	}
	for (size_t i = 0; i < MST_LEN(lasting); i++) {
		pg_fresh_start();
		raise_error(lasting[i].sqlstate, 1);
		t_failed(pg_whole_commit(&rv.err), &rv.err, lasting[i].code,
			 lasting[i].says);
		/* Nothing of it, and the store goes on. */
		assert_int_equal(rv_count("snow", "cves"), 1);
		assert_int_equal(rv_count("old", "cves"), 1);
		t_ok(pg_whole_commit(&rv.err), &rv.err);
		pg_check_whole();
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
	conf = pg_over_tcp(rv.where);
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

int rv_postgres_lost(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_cut_in_the_middle), T(test_backend_killed),
	    T(test_sqlstates),	       T(test_restart),
	    T(test_load_goes_on),      T(test_silent_behind_a_stop),
	};

	pg_give_password();
	return cmocka_run_group_tests_name("postgres: lost", tests, NULL, NULL);
}
