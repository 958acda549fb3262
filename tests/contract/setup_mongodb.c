/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at RecVer on MongoDB and setting it up: every fault has a message of
 * its own; a set-up that stopped anywhere goes on. With the argument "commands"
 * it prints the commands of a set-up instead, for a test that holds them
 * against sql/mongodb.
 */
#include "tests/lib/mongo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recver/recver.h"
#include "recver/setup.h"
#include "tests/lib/mongo_gate.h"
#include "tests/lib/pki.h"

#define SOURCE	 "defender"
#define PASSWORD "not-a-real-password"
#define ROOT	 "[{\"role\": \"root\", \"db\": \"admin\"}]"

static const struct mst_recver_setup_ops *const ops = &mst_recver_setup_mongodb;
static struct t_gate gate;
static struct mst_recver_conf conf, admin;

/* ---- what was reported --------------------------------------------------- */

static struct {
	char name[40];
	struct mst_check check;
} seen[64];
static size_t seen_n;
static char plan[2000];

static void take(void *ctx, const struct mst_check *c)
{
	assert_true(seen_n < MST_LEN(seen));
	assert_null(strstr(c->text, PASSWORD));
	assert_null(strstr(c->remedy, PASSWORD));
	(void)snprintf(seen[seen_n].name, sizeof(seen[0].name), "%s", c->name);
	seen[seen_n++].check = *c;
}

static void show(void)
{
	for (size_t i = 0; i < seen_n; i++)
		(void)fprintf(stderr, "%-8s %-16s %s\n         -> %s\n",
			      mst_check_level_name(seen[i].check.level),
			      seen[i].name, seen[i].check.text,
			      seen[i].check.remedy);
}

/* The check was made, with this level; the text has `part`. */
static void is(const char *name, enum mst_check_level level, const char *part)
{
	for (size_t i = 0; i < seen_n; i++) {
		if (strcmp(seen[i].name, name) != 0)
			continue;
		if (seen[i].check.level == level &&
		    strstr(seen[i].check.text, part))
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
	return (struct mst_recver_setup_env){.conf = &conf,
					     .source = SOURCE,
					     .admin =
						 with_admin ? &admin : NULL,
					     .report = take};
}

static void look(void)
{
	const struct mst_recver_setup_env e = env(false);
	struct mst_err err = MST_ERR_INIT;

	seen_n = 0;
	t_ok(ops->check(&e, &err), &err);
}

/* Nothing worse than `worst`; with MST_CHECK_WARNING also warnings. */
static void all_good(void)
{
	static const char *const names[] = {"recver:connect",  "recver:server",
					    "recver:database", "recver:tables",
					    "recver:rights",   "recver:probe",
					    "recver:use"};

	look();
	assert_int_equal(seen_n, MST_LEN(names));
	for (size_t i = 0; i < seen_n; i++) {
		assert_string_equal(seen[i].name, names[i]);
		if (seen[i].check.level != MST_CHECK_OK) {
			show();
			fail_msg("%s is not ok", names[i]);
		}
	}
}

/* It fails, and nothing behind it is looked at. */
static void fails(const char *name, enum mst_code code, const char *part)
{
	bool behind = false;

	look();
	is(name, MST_CHECK_FAILED, part);
	assert_int_equal(seen_n, 7);
	for (size_t i = 0; i < seen_n; i++) {
		if (behind && strcmp(seen[i].name, "recver:rights") != 0)
			assert_int_equal(seen[i].check.level,
					 MST_CHECK_SKIPPED);
		if (strcmp(seen[i].name, name) == 0) {
			assert_int_equal(seen[i].check.code, code);
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

static const char *planned(bool with_admin)
{
	const struct mst_recver_setup_env e = env(with_admin);
	struct mst_err err = MST_ERR_INIT;

	plan[0] = 0;
	t_ok(ops->plan(&e, add_step, NULL, &err), &err);
	return plan;
}

static int make(bool with_admin, struct mst_err *err)
{
	const struct mst_recver_setup_env e = env(with_admin);

	seen_n = 0;
	return ops->make(&e, err);
}

/* ---- the gate ------------------------------------------------------------ */

static void open_gate(void)
{
	t_gate_start(&gate);
	t_gate_add_user(&gate, "root", PASSWORD, ROOT);
	(void)setenv("MUSTER_TEST_PASSWORD", PASSWORD, 1);
	(void)setenv("MUSTER_TEST_WRONG", "another-fake", 1);
	conf =
	    (struct mst_recver_conf){.type = "mongodb",
				     .server = mst_strdup(t_gate_server(&gate)),
				     .database = t_mongo_fresh(),
				     .user = "muster",
				     .password = "env:MUSTER_TEST_PASSWORD",
				     .encrypt = "off",
				     .replica_set = gate.set,
				     .timeout_ms = 5000};
	if (!gate.auth)
		conf.user = conf.password = NULL;
	admin = conf;
	admin.user = "root";
	admin.password = "env:MUSTER_TEST_PASSWORD";
}

static int close_gate(void **state)
{
	t_gate_stop(&gate);
	free((void *)(uintptr_t)conf.server);
	return 0;
}

static int member(void **state)
{
	gate = (struct t_gate){.set = "rs0", .auth = true};
	open_gate();
	return 0;
}

static int router(void **state)
{
	gate = (struct t_gate){.router = true, .auth = true};
	open_gate();
	return 0;
}

static int alone(void **state)
{
	gate = (struct t_gate){.wire = 17};
	open_gate();
	return 0;
}

/* ---- making -------------------------------------------------------------- */

static void made(void)
{
	struct mst_err err = MST_ERR_INIT;

	t_ok(make(true, &err), &err);
}

static void test_all_of_it(void **state)
{
	fails("recver:connect", MST_E_AUTH, "does not let this user in");
	assert_non_null(strstr(seen[0].check.remedy, "--admin USER"));
	assert_string_equal(planned(true), "user collections role grant");
	assert_string_equal(gate.log, "");
	made();
	is("setup:user", MST_CHECK_OK, "make 'muster' in 'admin'");
	is("setup:grant", MST_CHECK_OK, "give muster_agent to 'muster'");
	all_good();
	is("recver:connect", MST_CHECK_OK, "replica set 'rs0', not encrypted");
	is("recver:rights", MST_CHECK_OK, "by muster_agent");
	is("recver:use", MST_CHECK_OK, "no run has it; 0 groups");
	assert_string_equal(planned(true), "");
	assert_string_equal(planned(false), "");
	/* The probe has left nothing. */
	assert_int_equal(t_mongo_count(conf.database, "lease"), 0);
}

static void test_router(void **state)
{
	assert_string_equal(planned(true),
			    "user collections shards role grant");
	made();
	look();
	is("recver:server", MST_CHECK_OK, "a router");
	is("recver:tables", MST_CHECK_WARNING, "cannot be seen by this user");
	assert_string_equal(planned(true), "");
	/* Made by a run, and so on one shard. */
	gate.sharded = false;
	assert_string_equal(planned(true), "shards");
	assert_string_equal(planned(false), "");
}

enum stop { REFUSED, CUT_BEFORE, CUT_AFTER };

/* False: there are fewer commands. */
static bool stopped_at(uint64_t n, enum stop how)
{
	struct mst_err err = MST_ERR_INIT;

	t_gate_reset(&gate);
	t_gate_add_user(&gate, "root", PASSWORD, ROOT);
	conf.database = admin.database = t_mongo_fresh();
	gate.fails_at = how == REFUSED ? n : 0;
	gate.fails_code = 8; /* UnknownError */
	gate.cut_at = how == REFUSED ? 0 : n;
	gate.cut_before = how == CUT_BEFORE;
	/* A question whose answer was lost is asked again. */
	if (make(true, &err) < 0 && seen_n)
		assert_int_equal(seen[seen_n - 1].check.level,
				 MST_CHECK_FAILED);
	return gate.fails || gate.cuts;
}

/* Stopped at any command: what is there stays, the next time goes on. */
static void test_stopped_anywhere(void **state)
{
	for (enum stop how = REFUSED; how <= CUT_AFTER; how++) {
		uint64_t n = 1;

		for (; stopped_at(n, how); n++) {
			made();
			all_good();
			assert_string_equal(planned(true), "");
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
	(void)snprintf(roles, sizeof(roles), both, conf.database, "");
	t_gate_add_user(&gate, "muster", PASSWORD, roles);
	look();
	is("recver:database", MST_CHECK_NOTE, "nothing of RecVer");
	is("recver:tables", MST_CHECK_NOTE, "the first run makes them");
	is("recver:rights", MST_CHECK_OK, "may do what it needs");
	conf.bypass_setup = true;
	look();
	is("recver:tables", MST_CHECK_FAILED, "says that a DBA makes them");
	is("recver:rights", MST_CHECK_WARNING, "more than it needs: readWrite");
	assert_string_equal(planned(false), "");
	conf.bypass_setup = false;
	assert_string_equal(planned(false), "collections");
	t_ok(make(false, &err), &err);
	all_good();
}

/* More than it needs: told, and left alone. */
static void test_too_many_rights(void **state)
{
	t_gate_add_user(&gate, "muster", PASSWORD, ROOT);
	assert_string_equal(planned(true), "collections");
	made();
	is("setup:user", MST_CHECK_OK, "(root on admin), and is left alone");
	assert_null(strstr(gate.log, "grantRolesToUser"));
	look();
	is("recver:rights", MST_CHECK_WARNING, "more than it needs: root on");
	assert_non_null(strstr(seen[4].check.remedy,
			       "revokeRolesFromUser(\"muster\", [{role: "
			       "\"root\", db: \"admin\"}])"));
}

static void test_too_few_rights(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	char roles[200];

	(void)snprintf(roles, sizeof(roles),
		       "[{\"role\": \"read\", \"db\": \"%s\"}]", conf.database);
	t_gate_add_user(&gate, "muster", PASSWORD, roles);
	fails("recver:tables", MST_E_NOTFOUND, "the user may not make them");
	is("recver:rights", MST_CHECK_FAILED,
	   "'muster' lacks insert on record_set, grp, parts, lease, meta; ");
	/* Nor may it set anything up. */
	assert_string_equal(planned(false), "collections");
	assert_true(make(false, &err) < 0);
	is("setup:collections", MST_CHECK_FAILED, "lacks a right");
	mst_err_clear(&err);
	/* An administrator who is none. */
	t_gate_add_user(&gate, "clerk", PASSWORD, roles);
	admin.user = "clerk";
	t_failed(make(true, &err), &err, MST_E_FORBIDDEN,
		 "'clerk' may not do that; it takes the roles");
	admin.user = "nobody";
	t_failed(make(true, &err), &err, MST_E_AUTH,
		 "does not let 'nobody' in");
	admin.user = "root";
	/* It is there, and gets what it lacks. */
	assert_string_equal(planned(true), "collections role grant");
	made();
	is("setup:grant", MST_CHECK_OK, "who is there and stays as is");
	all_good();
}

/* ---- faults -------------------------------------------------------------- */

static void test_wrong_way(void **state)
{
	const char *right = conf.server;

	conf.timeout_ms = 300;
	conf.server = "nowhere.invalid";
	fails("recver:connect", MST_E_TRANSIENT, "its name is not known");
	conf.server = "127.0.0.1:1";
	fails("recver:connect", MST_E_TRANSIENT, "nothing listens there");
	conf.server = "a:b:c";
	fails("recver:connect", MST_E_INVALID, "cannot be read");
	conf.server = right;
	gate.silent = true;
	fails("recver:connect", MST_E_TRANSIENT,
	      "it takes connections and says nothing");
	gate.silent = false;
	conf.timeout_ms = 5000;
}

static void test_wrong_user(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	t_gate_add_user(&gate, "muster", PASSWORD, "[]");
	conf.password = "env:MUSTER_TEST_WRONG";
	fails("recver:connect", MST_E_AUTH,
	      "check recver.user, recver.password, and recver.auth_source");
	conf.password = "env:MUSTER_TEST_PASSWORD";
	conf.user = "somebody";
	fails("recver:connect", MST_E_AUTH, "does not let this user in");
	conf.auth_source = "other";
	conf.user = "muster";
	fails("recver:connect", MST_E_AUTH, "does not let this user in");
	conf.auth_source = NULL;
	/* No role at all. */
	fails("recver:tables", MST_E_NOTFOUND, "may not make them");
	is("recver:rights", MST_CHECK_FAILED, "lacks find on record_set, grp");
	conf.password = NULL;
	fails("recver:connect", MST_E_INVALID, "needs recver.password");
	conf.user = "fresh";
	t_failed(make(true, &err), &err, MST_E_INVALID,
		 "'fresh' cannot be made without recver.password");
}

static void test_wrong_member(void **state)
{
	const char *both = conf.server;
	char *one = mst_strdup(both);

	made();
	conf.replica_set = "rs1";
	fails("recver:connect", MST_E_TRANSIENT,
	      "recver.replica_set is 'rs1', but '127.0.0.1");
	is("recver:connect", MST_CHECK_FAILED, "a member of replica set 'rs0'");
	conf.replica_set = gate.set;
	gate.primary = -1;
	fails("recver:connect", MST_E_TRANSIENT, "'rs0' has no primary");
	/* One member, which is not the primary. */
	gate.primary = 1;
	one[strcspn(one, ",")] = 0;
	conf.server = one;
	conf.replica_set = NULL;
	fails("recver:server", MST_E_FORBIDDEN, "it is not the primary");
	assert_non_null(
	    strstr(seen[1].check.remedy, "set recver.replica_set to 'rs0'"));
	/* The set leads to the other one. */
	conf.replica_set = gate.set;
	all_good();
	conf.server = both;
	free(one);
	gate.primary = 0;
}

static void test_alone(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	look();
	is("recver:server", MST_CHECK_WARNING, "nobody takes over");
	is("recver:rights", MST_CHECK_WARNING, "nobody has logged in");
	assert_string_equal(planned(false), "collections");
	t_ok(make(false, &err), &err);
	look();
	is("recver:tables", MST_CHECK_OK, "version 1");
	is("recver:probe", MST_CHECK_OK, "wrote, read and deleted");
	conf.replica_set = "rs0";
	fails("recver:connect", MST_E_TRANSIENT,
	      "is a server without a replica set");
	conf.replica_set = NULL;
}

static void test_old_server(void **state)
{
	gate.wire = 9; /* 4.4 */
	fails("recver:connect", MST_E_AUTH, "");
	t_gate_add_user(&gate, "muster", PASSWORD, "[]");
	fails("recver:server", MST_E_UNSUPPORTED, "older than MongoDB 5.0");
}

static void set_meta(const char *name, const char *base64)
{
	(void)t_mongo_do(
	    conf.database,
	    "{\"update\": \"meta\", \"updates\": [{\"q\": {\"_id\": "
	    "{\"target\": \"\", \"name\": \"%s\"}}, \"u\": {\"$set\": "
	    "{\"value\": {\"$binary\": {\"base64\": \"%s\", \"subType\": "
	    "\"00\"}}}}, \"upsert\": true}]}",
	    name, base64);
}

static void test_collections(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	made();
	set_meta("source", "b3RoZXI="); /* other */
	fails("recver:tables", MST_E_INVALID, "other");
	set_meta("source", "ZGVmZW5kZXI=");
	all_good();
	set_meta("schema", "OTk="); /* 99 */
	fails("recver:tables", MST_E_UNSUPPORTED,
	      "made by a newer muster (version 99, this one knows 1)");
	t_failed(make(true, &err), &err, MST_E_UNSUPPORTED, "newer muster");
	set_meta("schema", "eA=="); /* x */
	fails("recver:tables", MST_E_CORRUPT, "no number");
	/* Stopped half-way. */
	(void)t_mongo_do(conf.database, "{\"drop\": \"parts\"}");
	look();
	is("recver:tables", MST_CHECK_FAILED, "not finished: parts missing");
	(void)t_mongo_do(conf.database,
			 "{\"delete\": \"meta\", \"deletes\": [{\"q\": "
			 "{\"_id.name\": \"schema\"}, \"limit\": 0}]}");
	assert_string_equal(planned(true), "collections");
	made();
	all_good();
	conf.database = "with.dot";
	look();
	is("recver:database", MST_CHECK_FAILED, "no database of this name");
}

static void test_in_use(void **state)
{
	struct mst_recver *r = NULL;
	struct mst_err err = MST_ERR_INIT;

	made();
	t_ok(mst_recver_mongodb.open(&conf, SOURCE, true, &r, &err), &err);
	look();
	is("recver:use", MST_CHECK_NOTE, "in use by ");
	mst_recver_mongodb.close(&r);
	all_good();
}

/* ---- TLS ----------------------------------------------------------------- */

static void test_tls(void **state)
{
	struct t_pki good =
	    t_pki_make("rsa2048", "IP:127.0.0.1", -60, 3600, NULL);
	struct t_pki other =
	    t_pki_make("rsa2048", "other.example", -60, 3600, NULL);
	const char *good_file = t_path("good.pem");
	const char *other_file = t_path("other.pem");

	t_write(good_file, mst_slice_str(good.cert));
	t_write(other_file, mst_slice_str(other.cert));
	gate = (struct t_gate){.wire = 17, .cert = good.cert, .key = good.key};
	open_gate();
	fails("recver:connect", MST_E_TRANSIENT, "does it want TLS");
	conf.encrypt = "verify";
	fails("recver:connect", MST_E_TRANSIENT, "not of an authority");
	conf.ca_file = other_file;
	fails("recver:connect", MST_E_TRANSIENT, "not of an authority");
	conf.ca_file = "/nowhere/ca.pem";
	fails("recver:connect", MST_E_INVALID,
	      "recver.ca_file '/nowhere/ca.pem' cannot be read");
	conf.ca_file = good_file;
	look();
	is("recver:connect", MST_CHECK_OK, "TLS, its certificate verified");
	(void)close_gate(NULL);
	gate =
	    (struct t_gate){.wire = 17, .cert = other.cert, .key = other.key};
	open_gate();
	conf.encrypt = "verify";
	conf.ca_file = other_file;
	fails("recver:connect", MST_E_TRANSIENT,
	      "its certificate is for another address");
	conf.encrypt = "trust";
	look();
	is("recver:connect", MST_CHECK_OK, "its certificate not verified");
	(void)close_gate(NULL);
	t_pki_free(&good);
	t_pki_free(&other);
}

/* ---- the commands -------------------------------------------------------- */

/* As create.js and role.js would send them to a router. */
static int print_commands(void)
{
	struct mst_err err = MST_ERR_INIT;

	(void)router(NULL);
	conf.database = admin.database = "muster_recver_defender";
	(void)t_mongo_do(conf.database, "{\"dropDatabase\": 1}");
	if (make(true, &err) < 0)
		(void)fprintf(stderr, "%s\n", err.msg);
	(void)fputs(gate.log, stdout);
	(void)puts(t_mongo_do(conf.database, "{\"find\": \"meta\"}"));
	(void)t_mongo_do(conf.database, "{\"dropDatabase\": 1}");
	(void)close_gate(NULL);
	return err.msg[0] != 0;
}

#define T(fn, at) cmocka_unit_test_setup_teardown(fn, at, close_gate)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_all_of_it, member),	      T(test_router, router),
	    T(test_stopped_anywhere, member), T(test_own_rights, member),
	    T(test_too_many_rights, member),  T(test_too_few_rights, member),
	    T(test_wrong_way, member),	      T(test_wrong_user, member),
	    T(test_wrong_member, member),     T(test_alone, alone),
	    T(test_old_server, member),	      T(test_collections, member),
	    T(test_in_use, member),	      cmocka_unit_test(test_tls),
	};

	if (argc > 1 && strcmp(argv[1], "commands") == 0)
		return print_commands();
	return cmocka_run_group_tests_name("setup mongodb", tests, NULL, NULL);
}
