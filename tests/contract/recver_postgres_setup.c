/* SPDX-License-Identifier: Apache-2.0
 *
 * Setting RecVer up on PostgreSQL, stopped behind each step and begun again.
 */
#include "recver_suite.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recver/scripts.h"
#include "recver/setup.h"
#include "tests/contract/recver_postgres.h"
#include "tests/lib/pg.h"

#define LOGIN "made_in_steps"
#define STEPS 6
/* Role, access and membership are one decision. */
#define RIGHTS 3

static const struct mst_recver_setup_ops *ops;

/* What was reported or planned. */
struct seen {
	unsigned made;	  /* steps of make */
	unsigned failed;  /* checks */
	unsigned stop_at; /* the process ends behind this step; 0: never */
	unsigned planned;
	char first[32]; /* of the plan */
};

static void take(void *ctx, const struct mst_check *c)
{
	struct seen *s = ctx;

	s->failed += c->level == MST_CHECK_FAILED;
	if (c->level == MST_CHECK_FAILED)
		print_message("%s: %s\n", c->name, c->text);
	if (strncmp(c->name, "setup:", 6) != 0)
		return;
	if (++s->made == s->stop_at)
		_exit(0);
}

static void note(void *ctx, const char *what, const char *how)
{
	struct seen *s = ctx;

	assert_true(*how);
	if (!s->planned++)
		(void)snprintf(s->first, sizeof(s->first), "%s", what);
}

static struct mst_recver_conf conf, admin;

static struct mst_recver_setup_env env_of(struct seen *s)
{
	return (struct mst_recver_setup_env){
	    .conf = &conf,
	    .source = SOURCE,
	    .admin = &admin,
	    .report = take,
	    .ctx = s,
	};
}

/* Nothing of it is there. */
static void clear(void)
{
	t_pg_sql("postgres", "DROP DATABASE IF EXISTS in_steps");
	t_pg_sql("postgres", "DROP ROLE IF EXISTS " LOGIN);
	t_pg_sql("postgres", "DROP ROLE IF EXISTS muster_agent");
}

static void make_until(unsigned stop_at)
{
	struct seen s = {.stop_at = stop_at};
	const struct mst_recver_setup_env env = env_of(&s);
	struct mst_err err = MST_ERR_INIT;
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)ops->make(&env, &err);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static unsigned planned(struct seen *s)
{
	const struct mst_recver_setup_env env = env_of(s);

	*s = (struct seen){.made = 0};
	t_ok(ops->plan(&env, note, s, &rv.err), &rv.err);
	return s->planned;
}

static void test_stopped(void **state)
{
	static const char *const next[STEPS] = {"database", "tables", "role",
						"role",	    "role",   ""};
	struct mst_recver *r = NULL;
	struct seen s;

	for (unsigned k = 1; k <= STEPS; k++) {
		const struct mst_recver_setup_env env = env_of(&s);

		clear();
		assert_int_equal(planned(&s), STEPS);
		assert_string_equal(s.first, "login");
		make_until(k);
		assert_true(planned(&s) <= MST_MAX(STEPS - k + 1, RIGHTS));
		assert_string_equal(s.first, next[k - 1]);
		s = (struct seen){.made = 0};
		t_ok(ops->make(&env, &rv.err), &rv.err);
		assert_int_equal(s.failed, 0);
		assert_int_equal(planned(&s), 0);
		s = (struct seen){.made = 0};
		t_ok(ops->check(&env, &rv.err), &rv.err);
		assert_int_equal(s.failed, 0);
		t_ok(rv.ops->open(&conf, SOURCE, false, &r, &rv.err), &rv.err);
		rv.ops->close(&r);
	}
	clear();
}

/* Two administrators at once, many times: neither is told of a failure. */
static void test_twice_at_once(void **state)
{
	for (int i = 0; i < 8; i++) {
		struct seen s;
		const struct mst_recver_setup_env env = env_of(&s);
		int status;
		pid_t pid;

		clear();
		s = (struct seen){.made = 0};
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct mst_err err = MST_ERR_INIT;

			_exit(ops->make(&env, &err) < 0 || s.failed);
		}
		t_ok(ops->make(&env, &rv.err), &rv.err);
		assert_int_equal(s.failed, 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_int_equal(planned(&s), 0);
		s = (struct seen){.made = 0};
		t_ok(ops->check(&env, &rv.err), &rv.err);
		assert_int_equal(s.failed, 0);
	}
	clear();
}

static PGconn *other_session(const char *database)
{
	char host[300], port[16];
	const char *const k[] = {"host", "port", "user", "dbname", NULL};
	const char *const v[] = {host, port, T_PG_USER, database, NULL};
	PGconn *h;

	(void)snprintf(host, sizeof(host), "%s", t_pg_socket());
	*strrchr(host, ':') = 0;
	(void)snprintf(port, sizeof(port), "%d", t_pg_port());
	h = PQconnectdbParams(k, v, 0);
	assert_int_equal(PQstatus(h), CONNECTION_OK);
	return h;
}

/* What another session makes and has not committed when we come to it: it is
 * waited for, is there then, and that is all. */
static void test_met_in_the_middle(void **state)
{
	static const char *const theirs[] = {
	    "CREATE ROLE " LOGIN " LOGIN PASSWORD 'fake-login-password'",
	    "CREATE ROLE muster_agent NOLOGIN",
	    "CREATE SCHEMA muster",
	    ("CREATE TABLE muster.meta (target text, name text, value bytea,"
	     " PRIMARY KEY (target, name))"),
	};

	for (size_t i = 0; i < MST_LEN(theirs); i++) {
		struct mst_err err = MST_ERR_INIT;
		struct seen s = {.made = 0};
		const struct mst_recver_setup_env env = env_of(&s);
		PGconn *other;
		int status;
		pid_t pid;

		clear();
		t_pg_sql("postgres", "CREATE DATABASE in_steps");
		if (i == 3)
			t_pg_sql("in_steps", "CREATE SCHEMA muster");
		other = other_session("in_steps");
		PQclear(PQexec(other, "BEGIN"));
		PQclear(PQexec(other, theirs[i]));
		assert_int_equal(PQtransactionStatus(other), PQTRANS_INTRANS);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			_exit(ops->make(&env, &err) < 0 || s.failed);
		while (
		    strcmp(t_pg_ask("postgres", "SELECT count(*) FROM pg_locks"
						" WHERE NOT granted"),
			   "0") == 0 &&
		    waitpid(pid, &status, WNOHANG) == 0)
			;
		PQclear(PQexec(other, "COMMIT"));
		PQfinish(other);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		t_ok(ops->make(&env, &rv.err), &rv.err);
		t_ok(ops->check(&env, &rv.err), &rv.err);
		assert_int_equal(s.failed, 0);
	}
	clear();
}

/* Names that are no plain words. */
static void test_names(void **state)
{
	const char *login = conf.user, *database = conf.database;
	struct seen s = {.made = 0};
	const struct mst_recver_setup_env env = env_of(&s);

	clear();
	conf.user = "O'Brien \"x\"; --";
	conf.database = "a \"name\" with 'quotes'";
	t_ok(ops->make(&env, &rv.err), &rv.err);
	assert_int_equal(s.made, STEPS);
	t_ok(ops->check(&env, &rv.err), &rv.err);
	assert_int_equal(s.failed, 0);
	assert_int_equal(planned(&s), 0);
	t_pg_sql("postgres", "DROP DATABASE \"a \"\"name\"\" with 'quotes'\"");
	t_pg_sql("postgres", "DROP ROLE \"O'Brien \"\"x\"\"; --\"");
	conf.user = login;
	conf.database = database;
	clear();
}

/* ---- tables of another version ------------------------------------------- */

/* The check of a name in a look. */
struct one {
	const char *name;
	struct mst_check check;
};

static void keep(void *ctx, const struct mst_check *c)
{
	struct one *one = ctx;

	if (strcmp(c->name, one->name) == 0)
		one->check = *c;
}

static struct mst_check look(const char *name)
{
	struct one one = {.name = name};
	struct mst_recver_setup_env env = env_of(NULL);

	env.report = keep;
	env.ctx = &one;
	t_ok(ops->check(&env, &rv.err), &rv.err);
	return one.check;
}

static void says(const char *name, enum mst_check_level level, const char *text,
		 const char *remedy)
{
	struct mst_check c = look(name);

	if (c.level != level || !strstr(c.text, text) ||
	    !strstr(c.remedy, remedy))
		fail_msg("%s is %s: %s -> %s", name,
			 mst_check_level_name(c.level), c.text, c.remedy);
}

/* The scripts that there are, and one that leads to version 2. */
static const struct mst_recver_script *with_an_upgrade(void)
{
	static struct mst_recver_script all[32];
	const struct mst_recver_script *s = mst_recver_scripts();
	size_t n = 0;

	for (; s[n].type; n++)
		all[n] = s[n];
	assert_true(n + 2 < MST_LEN(all));
	all[n] = (struct mst_recver_script){
	    .type = "postgres",
	    .name = "upgrade",
	    .file = "upgrade-1.sql",
	    .from = 1,
	    .text =
		"\\connect :\"recver_database_name\"\n"
		"ALTER TABLE muster.grp ADD COLUMN IF NOT EXISTS more int;\n"
		"UPDATE muster.meta SET value = convert_to('2', 'UTF8')"
		" WHERE target = '' AND name = 'schema';\n"};
	return all;
}

static void test_upgrade(void **state)
{
	struct seen s = {.made = 0};
	const struct mst_recver_setup_env env = env_of(&s);

	clear();
	t_ok(ops->make(&env, &rv.err), &rv.err);
	mst_recver_scripts_replace(with_an_upgrade(), 2);
	says(MST_RECVER_CHECK_TABLES, MST_CHECK_FAILED,
	     "of version 1, this muster needs 2, and the login may not",
	     "`muster recver script " SOURCE " --upgrade-from 1`");
	assert_true(planned(&s) > 0);
	assert_string_equal(s.first, "tables");
	s = (struct seen){.made = 0};
	t_ok(ops->make(&env, &rv.err), &rv.err);
	assert_int_equal(s.failed, 0);
	says(MST_RECVER_CHECK_TABLES, MST_CHECK_OK, "version 2", "");
	assert_int_equal(planned(&s), 0);
	mst_recver_scripts_replace(NULL, 0);
	says(MST_RECVER_CHECK_TABLES, MST_CHECK_FAILED, "newer muster",
	     "update muster");
	t_failed(ops->make(&env, &rv.err), &rv.err, MST_E_UNSUPPORTED,
		 "newer muster");
	clear();
}

/* ---- another server ------------------------------------------------------ */

/* What a server that is not the test's would say, and be asked. As long as
 * what it takes the place of. */
struct lie {
	const char *text, *instead;
	size_t n;
};

static const struct lie old[] = {
    {"server_version\0001", "server_version\0000", 16}, {0}};
static const struct lie standby[] = {
    {"SHOW transaction_read_only", "SELECT 'on'::text AS state", 26},
    {"SELECT pg_is_in_recovery()", "SELECT true AS in_recovery", 26},
    {0}};

static bool pass_on(int from, int to, const struct lie *lies)
{
	char part[65536], *at;
	ssize_t n = read(from, part, sizeof(part));

	if (n <= 0)
		return false;
	for (; lies->text; lies++) {
		at = memmem(part, (size_t)n, lies->text, lies->n);
		if (at)
			memcpy(at, lies->instead, lies->n);
	}
	return write(to, part, (size_t)n) == n;
}

static void serve_one(int client, const struct lie *lies)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)t_pg_port()),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool on = client >= 0 &&
		  connect(server, (struct sockaddr *)&a, sizeof(a)) == 0;

	while (on) {
		struct pollfd fds[2] = {{client, POLLIN, 0},
					{server, POLLIN, 0}};

		(void)poll(fds, 2, -1);
		if (fds[0].revents)
			on = pass_on(client, server, lies);
		if (on && fds[1].revents)
			on = pass_on(server, client, lies);
	}
	(void)close(server);
	(void)close(client);
}

/* A process that is such a server, one connection at a time, until it is
 * killed. */
static pid_t serve(const struct lie *lies, char address[32])
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof(a);
	pid_t pid;

	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	(void)snprintf(address, 32, "127.0.0.1:%d", ntohs(a.sin_port));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			serve_one(accept(fd, NULL, NULL), lies);
	}
	(void)close(fd);
	return pid;
}

static void no_more(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_old_server(void **state)
{
	struct mst_recver_conf was = conf;
	char address[32];
	pid_t pid = serve(old, address);

	t_pg_sql("postgres", "CREATE DATABASE in_steps");
	conf.server = address;
	conf.user = admin.user;
	conf.password = admin.password;
	says(MST_RECVER_CHECK_SERVER, MST_CHECK_FAILED, "PostgreSQL 0",
	     "a newer server");
	conf = was;
	no_more(pid);
	clear();
}

/* The standby is named first: a look goes on to the primary, as a run does. */
static void test_standby_first(void **state)
{
	struct mst_recver_conf was = conf;
	char address[32], both[80];
	struct seen s = {.made = 0};
	const struct mst_recver_setup_env env = env_of(&s);
	pid_t pid;

	clear();
	t_ok(ops->make(&env, &rv.err), &rv.err);
	pid = serve(standby, address);
	conf.server = address;
	says(MST_RECVER_CHECK_SERVER, MST_CHECK_FAILED, "a standby",
	     "name the primary");
	(void)snprintf(both, sizeof(both), "%s,%s", address, t_pg_host());
	conf.server = both;
	says(MST_RECVER_CHECK_SERVER, MST_CHECK_OK, "a primary", "");
	says(MST_RECVER_CHECK_PROBE, MST_CHECK_OK, "into each table", "");
	conf = was;
	no_more(pid);
	clear();
}

static int begin(void **state)
{
	(void)setenv("MUSTER_TEST_STEPS", "fake-login-password", 1);
	t_pg_sql("postgres",
		 "ALTER ROLE " T_PG_USER " PASSWORD 'fake-admin-password'");
	(void)setenv("MUSTER_TEST_ADMIN", "fake-admin-password", 1);
	ops = mst_recver_setup_find("postgres");
	conf = (struct mst_recver_conf){
	    .type = "postgres",
	    .server = t_pg_host(),
	    .database = "in_steps",
	    .user = LOGIN,
	    .password = "env:MUSTER_TEST_STEPS",
	    .encrypt = "off",
	    .timeout_ms = 20000,
	    .copy = true,
	};
	admin = conf;
	admin.user = T_PG_USER;
	admin.password = "env:MUSTER_TEST_ADMIN";
	return 0;
}

int rv_postgres_setup(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stopped),
	    cmocka_unit_test(test_twice_at_once),
	    cmocka_unit_test(test_met_in_the_middle),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_upgrade),
	    cmocka_unit_test(test_old_server),
	    cmocka_unit_test(test_standby_first),
	};

	return cmocka_run_group_tests_name("setup of postgres", tests, begin,
					   NULL);
}
