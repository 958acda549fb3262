/* SPDX-License-Identifier: Apache-2.0
 *
 * A MongoDB that cannot be reached or used as it is: each fault has a message
 * of its own.
 */
#include "setup_mongodb.h"

#include <stdlib.h>
#include <string.h>

#include "recver/scripts.h"
#include "tests/lib/pki.h"

static void test_wrong_way(void **state)
{
	const char *right = sm_conf.server;

	sm_conf.timeout_ms = 300;
	sm_conf.server = "nowhere.invalid";
	sm_fails("recver:connect", MST_E_TRANSIENT, "its name is not known");
	sm_conf.server = "127.0.0.1:1";
	sm_fails("recver:connect", MST_E_TRANSIENT, "nothing listens there");
	sm_conf.server = "a:b:c";
	sm_fails("recver:connect", MST_E_INVALID, "cannot be read");
	sm_conf.server = right;
	sm_gate.silent = true;
	sm_fails("recver:connect", MST_E_TRANSIENT,
		 "it takes connections and says nothing");
	sm_gate.silent = false;
	sm_conf.timeout_ms = 5000;
}

static void test_wrong_user(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	t_gate_add_user(&sm_gate, "muster", PASSWORD, "[]");
	sm_conf.password = "env:MUSTER_TEST_WRONG";
	sm_fails("recver:connect", MST_E_AUTH,
		 "check recver.user, recver.password, and recver.auth_source");
	assert_non_null(
	    strstr(sm_seen[0].check.remedy, "tells which of them it is"));
	sm_look_as(true);
	sm_is("recver:connect", MST_CHECK_FAILED,
	      "'muster' in, who is there: its password is another one");
	sm_conf.password = "env:MUSTER_TEST_PASSWORD";
	sm_conf.user = "somebody";
	sm_fails("recver:connect", MST_E_AUTH, "does not let this user in");
	sm_look_as(true);
	sm_is("recver:connect", MST_CHECK_FAILED,
	      "the database 'admin' knows no user 'somebody'");
	sm_conf.auth_source = "other";
	sm_conf.user = "muster";
	sm_fails("recver:connect", MST_E_AUTH, "does not let this user in");
	sm_conf.auth_source = NULL;
	/* No role at all. */
	sm_fails("recver:rights", MST_E_FORBIDDEN,
		 "lacks find on record_set, grp");
	sm_is("recver:tables", MST_CHECK_WARNING, "the user may not read them");
	sm_is("recver:probe", MST_CHECK_SKIPPED, "RecVer rights");
	sm_conf.password = NULL;
	sm_fails("recver:connect", MST_E_INVALID, "needs recver.password");
	sm_conf.user = "fresh";
	t_failed(sm_make(true, &err), &err, MST_E_INVALID,
		 "'fresh' cannot be made without recver.password");
}

static void test_wrong_member(void **state)
{
	const char *both = sm_conf.server;
	char *one = mst_strdup(both);

	sm_made();
	sm_conf.replica_set = "rs1";
	sm_fails("recver:connect", MST_E_TRANSIENT,
		 "recver.replica_set is 'rs1', but '127.0.0.1");
	sm_is("recver:connect", MST_CHECK_FAILED,
	      "a member of replica set 'rs0'");
	sm_conf.replica_set = sm_gate.set;
	sm_gate.primary = -1;
	sm_fails("recver:connect", MST_E_TRANSIENT, "'rs0' has no primary");
	/* One member, which is not the primary. */
	sm_gate.primary = 1;
	one[strcspn(one, ",")] = 0;
	sm_conf.server = one;
	sm_conf.replica_set = NULL;
	sm_fails("recver:server", MST_E_FORBIDDEN, "it is not the primary");
	assert_non_null(
	    strstr(sm_seen[1].check.remedy, "set recver.replica_set to 'rs0'"));
	/* The set leads to the other one. */
	sm_conf.replica_set = sm_gate.set;
	sm_all_good();
	sm_conf.server = both;
	free(one);
	sm_gate.primary = 0;
}

static void test_alone(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	sm_look();
	sm_is("recver:server", MST_CHECK_WARNING, "nobody takes over");
	sm_is("recver:rights", MST_CHECK_WARNING, "nobody has logged in");
	assert_string_equal(sm_planned(false), "collections");
	t_ok(sm_make(false, &err), &err);
	sm_look();
	sm_is("recver:tables", MST_CHECK_OK, "version 1");
	sm_is("recver:probe", MST_CHECK_OK, "wrote, read and deleted");
	sm_conf.replica_set = "rs0";
	sm_fails("recver:connect", MST_E_TRANSIENT,
		 "is a server without a replica set");
	sm_conf.replica_set = NULL;
}

static void test_old_server(void **state)
{
	sm_gate.wire = 9; /* 4.4 */
	sm_fails("recver:connect", MST_E_AUTH, "");
	t_gate_add_user(&sm_gate, "muster", PASSWORD, "[]");
	sm_fails("recver:server", MST_E_UNSUPPORTED, "older than MongoDB 5.0");
}

static void set_meta(const char *name, const char *base64)
{
	(void)t_mongo_do(
	    sm_conf.database,
	    "{\"update\": \"meta\", \"updates\": [{\"q\": {\"_id\": "
	    "{\"target\": \"\", \"name\": \"%s\"}}, \"u\": {\"$set\": "
	    "{\"value\": {\"$binary\": {\"base64\": \"%s\", \"subType\": "
	    "\"00\"}}, \"term\": {\"$numberLong\": \"0\"}}}, \"upsert\": "
	    "true}]}",
	    name, base64);
}

static void test_collections(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	sm_made();
	set_meta("source", "b3RoZXI="); /* other */
	sm_fails("recver:tables", MST_E_INVALID, "other");
	set_meta("source", "ZGVmZW5kZXI=");
	sm_all_good();
	set_meta("schema", "OTk="); /* 99 */
	sm_fails("recver:tables", MST_E_UNSUPPORTED,
		 "made by a newer muster (version 99, this one knows 1)");
	t_failed(sm_make(true, &err), &err, MST_E_UNSUPPORTED, "newer muster");
	set_meta("schema", "eA=="); /* x */
	sm_fails("recver:tables", MST_E_CORRUPT, "no number");
	/* Stopped half-way. */
	(void)t_mongo_do(sm_conf.database, "{\"drop\": \"parts\"}");
	sm_look();
	sm_is("recver:tables", MST_CHECK_FAILED, "not finished: parts missing");
	(void)t_mongo_do(sm_conf.database,
			 "{\"delete\": \"meta\", \"deletes\": [{\"q\": "
			 "{\"_id.name\": \"schema\"}, \"limit\": 0}]}");
	assert_string_equal(sm_planned(true), "collections");
	sm_made();
	sm_all_good();
	sm_conf.database = "with.dot";
	sm_look();
	sm_is("recver:database", MST_CHECK_FAILED, "no database of this name");
}

/* Collections of an older version, by the script that a DBA would run. */
static void test_older(void **state)
{
	static const struct mst_recver_script scripts[] = {
	    {"mongodb", "upgrade", "upgrade-1.js", 1,
	     "recver.runCommand(EJSON.deserialize({\"update\": \"meta\", "
	     "\"updates\": [{\"q\": {\"_id\": {\"target\": \"\", \"name\": "
	     "\"schema\"}}, \"u\": {\"$set\": {\"value\": {\"$binary\": "
	     "{\"base64\": \"Mg==\", \"subType\": \"00\"}}}}}], "
	     "\"writeConcern\": {\"w\": \"majority\"}}));\n"},
	    {.type = NULL},
	};

	sm_made();
	mst_recver_scripts_replace(scripts, 2);
	sm_look();
	sm_is("recver:tables", MST_CHECK_FAILED,
	      "of version 1, this muster needs 2, and the user may not");
	assert_non_null(strstr(sm_seen[3].check.remedy, "--upgrade-from 1"));
	assert_string_equal(sm_planned(true), "collections");
	sm_made();
	sm_is("setup:collections", MST_CHECK_OK,
	      "of version 1 up to version 2");
	sm_all_good();
	sm_is("recver:tables", MST_CHECK_OK, "version 2");
	mst_recver_scripts_replace(NULL, 0);
}

static void test_in_use(void **state)
{
	struct mst_recver *r = NULL;
	struct mst_err err = MST_ERR_INIT;

	sm_made();
	t_ok(mst_recver_mongodb.open(&sm_conf, SOURCE, true, &r, &err), &err);
	sm_look();
	sm_is("recver:use", MST_CHECK_NOTE, "by ");
	mst_recver_mongodb.close(&r);
	sm_all_good();
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
	sm_gate =
	    (struct t_gate){.wire = 17, .cert = good.cert, .key = good.key};
	sm_open_gate();
	sm_fails("recver:connect", MST_E_TRANSIENT, "does it want TLS");
	sm_conf.encrypt = "verify";
	sm_fails("recver:connect", MST_E_TRANSIENT, "not of an authority");
	sm_conf.ca_file = other_file;
	sm_fails("recver:connect", MST_E_TRANSIENT, "not of an authority");
	sm_conf.ca_file = "/nowhere/ca.pem";
	sm_fails("recver:connect", MST_E_INVALID,
		 "recver.ca_file '/nowhere/ca.pem' cannot be read");
	sm_conf.ca_file = good_file;
	sm_look();
	sm_is("recver:connect", MST_CHECK_OK, "TLS, its certificate verified");
	(void)sm_close_gate(NULL);
	sm_gate =
	    (struct t_gate){.wire = 17, .cert = other.cert, .key = other.key};
	sm_open_gate();
	sm_conf.encrypt = "verify";
	sm_conf.ca_file = other_file;
	sm_fails("recver:connect", MST_E_TRANSIENT,
		 "its certificate is for another address");
	sm_conf.encrypt = "trust";
	sm_look();
	sm_is("recver:connect", MST_CHECK_OK, "its certificate not verified");
	(void)sm_close_gate(NULL);
	t_pki_free(&good);
	t_pki_free(&other);
}

#define T(fn, at) cmocka_unit_test_setup_teardown(fn, at, sm_close_gate)

int sm_faults(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_wrong_way, sm_member),    T(test_wrong_user, sm_member),
	    T(test_wrong_member, sm_member), T(test_alone, sm_alone),
	    T(test_old_server, sm_member),   T(test_collections, sm_member),
	    T(test_older, sm_member),	     T(test_in_use, sm_member),
	    cmocka_unit_test(test_tls),
	};

	return cmocka_run_group_tests_name("setup mongodb, faults", tests, NULL,
					   NULL);
}
