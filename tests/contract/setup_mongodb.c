/* SPDX-License-Identifier: Apache-2.0
 *
 * Setting RecVer up on MongoDB: what is made, by whom, for whom; stopped
 * anywhere, it goes on. With the argument "commands" it prints the commands of
 * a set-up instead, for a test that holds them against sql/mongodb.
 */
#include "setup_mongodb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mst_recver_setup_ops *const ops = &mst_recver_setup_mongodb;
struct t_gate sm_gate;
struct mst_recver_conf sm_conf, sm_admin;

/* ---- what was reported --------------------------------------------------- */

struct sm_seen sm_seen[64];
size_t sm_seen_n;
static char plan[2000];

static void take(void *ctx, const struct mst_check *c)
{
	assert_true(sm_seen_n < MST_LEN(sm_seen));
	assert_null(strstr(c->text, PASSWORD));
	assert_null(strstr(c->remedy, PASSWORD));
	(void)snprintf(sm_seen[sm_seen_n].name, sizeof(sm_seen[0].name), "%s",
		       c->name);
	sm_seen[sm_seen_n++].check = *c;
}

static void show(void)
{
	for (size_t i = 0; i < sm_seen_n; i++)
		(void)fprintf(stderr, "%-8s %-16s %s\n         -> %s\n",
			      mst_check_level_name(sm_seen[i].check.level),
			      sm_seen[i].name, sm_seen[i].check.text,
			      sm_seen[i].check.remedy);
}

void sm_is(const char *name, enum mst_check_level level, const char *part)
{
	for (size_t i = 0; i < sm_seen_n; i++) {
		if (strcmp(sm_seen[i].name, name) != 0)
			continue;
		if (sm_seen[i].check.level == level &&
		    strstr(sm_seen[i].check.text, part))
			return;
		show();
		fail_msg("wanted %s, \"%s\" of %s", mst_check_level_name(level),
			 part, name);
	}
	show();
	fail_msg("%s was not looked at", name);
}

static struct mst_recver_setup_env env(bool with_admin)
{
	return (struct mst_recver_setup_env){.conf = &sm_conf,
					     .source = SOURCE,
					     .admin =
						 with_admin ? &sm_admin : NULL,
					     .report = take};
}

void sm_look_as(bool with_admin)
{
	const struct mst_recver_setup_env e = env(with_admin);
	struct mst_err err = MST_ERR_INIT;

	sm_seen_n = 0;
	t_ok(ops->check(&e, &err), &err);
}

void sm_look(void)
{
	sm_look_as(false);
}

void sm_all_good(void)
{
	static const char *const names[] = {"recver:connect",  "recver:server",
					    "recver:database", "recver:tables",
					    "recver:rights",   "recver:probe",
					    "recver:use"};

	sm_look();
	assert_int_equal(sm_seen_n, MST_LEN(names));
	for (size_t i = 0; i < sm_seen_n; i++) {
		assert_string_equal(sm_seen[i].name, names[i]);
		if (sm_seen[i].check.level != MST_CHECK_OK) {
			show();
			fail_msg("%s is not ok", names[i]);
		}
	}
}

void sm_fails(const char *name, enum mst_code code, const char *part)
{
	bool behind = false;

	sm_look();
	sm_is(name, MST_CHECK_FAILED, part);
	assert_int_equal(sm_seen_n, 7);
	for (size_t i = 0; i < sm_seen_n; i++) {
		if (behind && strcmp(sm_seen[i].name, "recver:rights") != 0)
			assert_int_equal(sm_seen[i].check.level,
					 MST_CHECK_SKIPPED);
		if (strcmp(sm_seen[i].name, name) == 0) {
			assert_int_equal(sm_seen[i].check.code, code);
			behind = true;
		}
	}
}

static void add_step(void *ctx, const char *what, const char *how)
{
	size_t n = strlen(plan);

	assert_null(strstr(how, PASSWORD));
	(void)snprintf(plan + n, sizeof(plan) - n, "%s%s", n ? " " : "", what);
}

const char *sm_planned(bool with_admin)
{
	const struct mst_recver_setup_env e = env(with_admin);
	struct mst_err err = MST_ERR_INIT;

	plan[0] = 0;
	t_ok(ops->plan(&e, add_step, NULL, &err), &err);
	return plan;
}

int sm_make(bool with_admin, struct mst_err *err)
{
	const struct mst_recver_setup_env e = env(with_admin);

	sm_seen_n = 0;
	return ops->make(&e, err);
}

/* ---- the gate ------------------------------------------------------------ */

void sm_open_gate(void)
{
	t_gate_start(&sm_gate);
	t_gate_add_user(&sm_gate, "root", PASSWORD, ROOT);
	(void)setenv("MUSTER_TEST_PASSWORD", PASSWORD, 1);
	(void)setenv("MUSTER_TEST_WRONG", "another-fake", 1);
	sm_conf = (struct mst_recver_conf){
	    .type = "mongodb",
	    .server = mst_strdup(t_gate_server(&sm_gate)),
	    .database = t_mongo_fresh(),
	    .user = "muster",
	    .password = "env:MUSTER_TEST_PASSWORD",
	    .encrypt = "off",
	    .replica_set = sm_gate.set,
	    .timeout_ms = 5000};
	if (!sm_gate.auth)
		sm_conf.user = sm_conf.password = NULL;
	sm_admin = sm_conf;
	sm_admin.user = "root";
	sm_admin.password = "env:MUSTER_TEST_PASSWORD";
}

int sm_close_gate(void **state)
{
	t_gate_stop(&sm_gate);
	free((void *)(uintptr_t)sm_conf.server);
	return 0;
}

int sm_member(void **state)
{
	sm_gate = (struct t_gate){.set = "rs0", .auth = true};
	sm_open_gate();
	return 0;
}

static int router(void **state)
{
	sm_gate = (struct t_gate){.router = true, .auth = true};
	sm_open_gate();
	return 0;
}

int sm_alone(void **state)
{
	sm_gate = (struct t_gate){.wire = 17};
	sm_open_gate();
	return 0;
}

/* ---- making -------------------------------------------------------------- */

void sm_made(void)
{
	struct mst_err err = MST_ERR_INIT;

	t_ok(sm_make(true, &err), &err);
}

static void test_all_of_it(void **state)
{
	sm_fails("recver:connect", MST_E_AUTH, "does not let this user in");
	assert_non_null(strstr(sm_seen[0].check.remedy, "--admin USER"));
	assert_string_equal(sm_planned(true), "user collections role grant");
	assert_string_equal(sm_gate.log, "");
	sm_made();
	sm_is("setup:user", MST_CHECK_OK, "make 'muster' in 'admin'");
	sm_is("setup:grant", MST_CHECK_OK, "give muster_agent to 'muster'");
	sm_all_good();
	sm_is("recver:connect", MST_CHECK_OK,
	      "replica set 'rs0', not encrypted");
	sm_is("recver:rights", MST_CHECK_OK, "by muster_agent");
	sm_is("recver:use", MST_CHECK_OK, "by nobody; ");
	assert_string_equal(sm_planned(true), "");
	assert_string_equal(sm_planned(false), "");
	/* The probe leaves nothing, also of one that died an age ago. */
	(void)t_mongo_do(sm_conf.database,
			 "{\"insert\": \"lease\", \"documents\": [{\"_id\": "
			 "\"probe-0\", \"at\": {\"$date\": "
			 "{\"$numberLong\": \"1000\"}}}]}");
	sm_all_good();
	assert_int_equal(t_mongo_count(sm_conf.database, "lease"), 0);
}

static void test_router(void **state)
{
	assert_string_equal(sm_planned(true),
			    "user collections shards role grant");
	sm_made();
	sm_look();
	sm_is("recver:server", MST_CHECK_OK, "a router");
	sm_is("recver:tables", MST_CHECK_WARNING,
	      "cannot be seen by this user");
	assert_string_equal(sm_planned(true), "");
	/* Made by a run, and so on one shard. */
	sm_gate.sharded = false;
	assert_string_equal(sm_planned(true), "shards");
	assert_string_equal(sm_planned(false), "");
}

enum stop { REFUSED, CUT_BEFORE, CUT_AFTER };

/* False: there are fewer commands. */
static bool stopped_at(uint64_t n, enum stop how)
{
	struct mst_err err = MST_ERR_INIT;

	t_gate_reset(&sm_gate);
	t_gate_add_user(&sm_gate, "root", PASSWORD, ROOT);
	sm_conf.database = sm_admin.database = t_mongo_fresh();
	sm_gate.fails_at = how == REFUSED ? n : 0;
	sm_gate.fails_code = 8; /* UnknownError */
	sm_gate.cut_at = how == REFUSED ? 0 : n;
	sm_gate.cut_before = how == CUT_BEFORE;
	/* A question whose answer was lost is asked again. */
	if (sm_make(true, &err) < 0 && sm_seen_n)
		assert_int_equal(sm_seen[sm_seen_n - 1].check.level,
				 MST_CHECK_FAILED);
	return sm_gate.fails || sm_gate.cuts;
}

/* Stopped at any command: what is there stays, the next time goes on. */
static void test_stopped_anywhere(void **state)
{
	for (enum stop how = REFUSED; how <= CUT_AFTER; how++) {
		uint64_t n = 1;

		for (; stopped_at(n, how); n++) {
			sm_made();
			sm_all_good();
			assert_string_equal(sm_planned(true), "");
		}
		assert_in_range(n, 12, 30);
	}
}

static void test_own_rights(void **state)
{
	static const char both[] =
	    "[{\"role\": \"readWrite\", \"db\": \"%s\"}%s]";
	struct mst_err err = MST_ERR_INIT;
	char roles[200];

	/* As the page says for "muster does it". */
	(void)snprintf(roles, sizeof(roles), both, sm_conf.database, "");
	t_gate_add_user(&sm_gate, "muster", PASSWORD, roles);
	sm_look();
	sm_is("recver:database", MST_CHECK_NOTE, "nothing of RecVer");
	sm_is("recver:tables", MST_CHECK_NOTE, "the first run makes them");
	sm_is("recver:rights", MST_CHECK_OK, "may do what it needs");
	sm_conf.bypass_setup = true;
	sm_look();
	sm_is("recver:tables", MST_CHECK_FAILED, "says that a DBA makes them");
	sm_is("recver:rights", MST_CHECK_WARNING,
	      "more than it needs: readWrite");
	assert_string_equal(sm_planned(false), "");
	sm_conf.bypass_setup = false;
	assert_string_equal(sm_planned(false), "collections");
	t_ok(sm_make(false, &err), &err);
	sm_all_good();
}

/* More than it needs: told, and left alone. */
static void test_too_many_rights(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	t_gate_add_user(&sm_gate, "muster", PASSWORD, ROOT);
	assert_string_equal(sm_planned(true), "collections role grant");
	t_ok(sm_make(false, &err), &err);
	sm_look();
	sm_is("recver:rights", MST_CHECK_WARNING,
	      "more than it needs: root on");
	assert_non_null(strstr(sm_seen[4].check.remedy,
			       "first `muster connection setup defender "
			       "--admin USER`"));
	sm_made();
	sm_is("setup:user", MST_CHECK_OK, "(root on admin), and is left alone");
	/* What is needed stays when that is taken away. */
	assert_string_equal(sm_planned(true), "");
	sm_look();
	assert_string_equal(sm_seen[4].check.remedy,
			    "db.getSiblingDB(\"admin\").revokeRolesFromUser("
			    "\"muster\", [{role: \"root\", db: "
			    "\"admin\"}])");
}

static void test_too_few_rights(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	char roles[200];

	(void)snprintf(roles, sizeof(roles),
		       "[{\"role\": \"read\", \"db\": \"%s\"}]",
		       sm_conf.database);
	t_gate_add_user(&sm_gate, "muster", PASSWORD, roles);
	sm_fails("recver:tables", MST_E_NOTFOUND, "the user may not make them");
	sm_is("recver:rights", MST_CHECK_FAILED,
	      "'muster' lacks insert on record_set, grp, parts, lease, meta; ");
	/* Nor may it set anything up. */
	assert_string_equal(sm_planned(false), "collections");
	assert_true(sm_make(false, &err) < 0);
	sm_is("setup:collections", MST_CHECK_FAILED, "lacks a right");
	mst_err_clear(&err);
	/* An administrator who is none. */
	t_gate_add_user(&sm_gate, "clerk", PASSWORD, roles);
	sm_admin.user = "clerk";
	t_failed(sm_make(true, &err), &err, MST_E_FORBIDDEN,
		 "'clerk' may not do that; it takes the roles");
	sm_admin.user = "nobody";
	t_failed(sm_make(true, &err), &err, MST_E_AUTH,
		 "does not let 'nobody' in");
	assert_non_null(strstr(err.msg, "check --admin"));
	assert_null(strstr(err.msg, "recver.user"));
	mst_err_clear(&err);
	sm_admin.password = "env:MUSTER_TEST_NONE";
	t_failed(sm_make(true, &err), &err, MST_E_NOTFOUND, "--admin-password");
	mst_err_clear(&err);
	sm_admin.password = "env:MUSTER_TEST_PASSWORD";
	sm_admin.user = "root";
	/* It is there, and gets what it lacks. */
	assert_string_equal(sm_planned(true), "collections role grant");
	sm_made();
	sm_is("setup:grant", MST_CHECK_OK, "who is there and stays as is");
	sm_all_good();
}

/* ---- the commands -------------------------------------------------------- */

/* As create.js and role.js would send them to a router. */
static int print_commands(void)
{
	struct mst_err err = MST_ERR_INIT;

	(void)router(NULL);
	sm_conf.database = sm_admin.database = "muster_recver_defender";
	(void)t_mongo_do(sm_conf.database, "{\"dropDatabase\": 1}");
	if (sm_make(true, &err) < 0)
		(void)fprintf(stderr, "%s\n", err.msg);
	(void)fputs(sm_gate.log, stdout);
	(void)puts(t_mongo_do(sm_conf.database, "{\"find\": \"meta\"}"));
	(void)t_mongo_do(sm_conf.database, "{\"dropDatabase\": 1}");
	(void)sm_close_gate(NULL);
	return err.msg[0] != 0;
}

#define T(fn, at) cmocka_unit_test_setup_teardown(fn, at, sm_close_gate)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_all_of_it, sm_member),
	    T(test_router, router),
	    T(test_stopped_anywhere, sm_member),
	    T(test_own_rights, sm_member),
	    T(test_too_many_rights, sm_member),
	    T(test_too_few_rights, sm_member),
	};

	if (argc > 1 && strcmp(argv[1], "commands") == 0)
		return print_commands();
	return cmocka_run_group_tests_name("setup mongodb", tests, NULL, NULL) +
	       sm_faults() + sm_others();
}
