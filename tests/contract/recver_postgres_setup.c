/* SPDX-License-Identifier: Apache-2.0
 *
 * Setting RecVer up on PostgreSQL, stopped behind each step and begun again.
 */
#include "recver_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recver/setup.h"
#include "tests/contract/recver_postgres.h"
#include "tests/lib/pg.h"

#define LOGIN "made_in_steps"
#define STEPS 5

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
						"role", ""};
	struct mst_recver *r = NULL;
	struct seen s;

	for (unsigned k = 1; k <= STEPS; k++) {
		const struct mst_recver_setup_env env = env_of(&s);

		clear();
		assert_int_equal(planned(&s), STEPS);
		assert_string_equal(s.first, "login");
		make_until(k);
		assert_true(planned(&s) <= STEPS - k + 1);
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

/* Two administrators at once: one of them may fail at a step, and what is there
 * in the end is whole. */
static void test_twice_at_once(void **state)
{
	const struct mst_recver_setup_env *env;
	struct mst_recver_setup_env one;
	struct seen s = {.made = 0};
	int status;
	pid_t pid;

	clear();
	one = env_of(&s);
	env = &one;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct mst_err err = MST_ERR_INIT;

		(void)ops->make(env, &err);
		_exit(0);
	}
	(void)ops->make(env, &rv.err);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	s = (struct seen){.made = 0};
	t_ok(ops->make(env, &rv.err), &rv.err);
	t_ok(ops->check(env, &rv.err), &rv.err);
	assert_int_equal(s.failed, 0);
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
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("setup of postgres", tests, begin,
					   NULL);
}
