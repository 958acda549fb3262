/* SPDX-License-Identifier: Apache-2.0
 *
 * Setting RecVer up on MongoDB beside others: databases of the server,
 * collections that are somebody's, and two who set up at once.
 */
#include "setup_mongodb.h"

#include <string.h>

static void no_run(enum mst_code code, const char *part)
{
	struct mst_recver_conf admin = sm_admin;
	struct mst_recver *r = NULL;
	struct mst_err err = MST_ERR_INIT;

	admin.database = sm_conf.database;
	t_failed(mst_recver_mongodb.open(&admin, SOURCE, true, &r, &err), &err,
		 code, part);
}

static void test_system(void **state)
{
	static const char *const names[] = {"admin", "local", "config",
					    "Admin"};
	struct mst_err err = MST_ERR_INIT;

	t_gate_add_user(&sm_gate, "muster", PASSWORD, ROOT);
	for (size_t i = 0; i < MST_LEN(names); i++) {
		sm_conf.database = names[i];
		t_failed(sm_make(true, &err), &err, MST_E_INVALID,
			 "is a database of the server itself");
		mst_err_clear(&err);
		sm_look();
		sm_is("recver:database", MST_CHECK_FAILED,
		      "set recver.database to one for RecVer alone");
		sm_is("recver:probe", MST_CHECK_SKIPPED, "RecVer database");
		no_run(MST_E_INVALID, "is a database of the server itself");
	}
}

static void insert(const char *collection, const char *document)
{
	(void)t_mongo_do(sm_conf.database,
			 "{\"insert\": \"%s\", \"documents\": [%s]}",
			 collection, document);
}

static void test_collections(void **state)
{
	static const char *const theirs[][2] = {
	    {"meta", "{\"_id\": 1, \"name\": \"theirs\"}"},
	    {"grp", "{\"_id\": \"a\"}"},
	    {"lease", "{\"_id\": \"flat 7\", \"ends\": 2040}"},
	};
	struct mst_err err = MST_ERR_INIT;

	t_gate_add_user(&sm_gate, "muster", PASSWORD, ROOT);
	for (size_t i = 0; i < MST_LEN(theirs); i++) {
		sm_conf.database = t_mongo_fresh();
		insert("customers", "{\"_id\": 1}");
		insert(theirs[i][0], theirs[i][1]);
		t_failed(sm_make(true, &err), &err, MST_E_INVALID,
			 "is somebody else's");
		mst_err_clear(&err);
		sm_fails("recver:tables", MST_E_INVALID, "is somebody else's");
		no_run(MST_E_INVALID, "is somebody else's");
		assert_int_equal(t_mongo_count(sm_conf.database, theirs[i][0]),
				 1);
	}
	/* Beside those of others, under other names, there is room. */
	sm_conf.database = t_mongo_fresh();
	insert("customers", "{\"_id\": 1}");
	sm_made();
	sm_look();
	sm_is("recver:tables", MST_CHECK_OK, "version 1");
	insert("meta", "{\"_id\": {\"target\": \"\", \"name\": \"seed\"}, "
		       "\"value\": {\"$binary\": {\"base64\": "
		       "\"AAAAAAAAAAA=\", \"subType\": \"00\"}}}");
	sm_fails("recver:tables", MST_E_CORRUPT, "damaged (whose it is)");
}

/* A whole set-up by somebody else, behind each command of the first one. */
static uint64_t at;

static void other(struct t_gate *g)
{
	struct mst_err err = MST_ERR_INIT;

	g->between = NULL;
	(void)sm_make(true, &err);
	mst_err_clear(&err);
	sm_seen_n = 0;
}

static void test_two_at_once(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	for (at = 1;; at++) {
		t_gate_reset(&sm_gate);
		t_gate_add_user(&sm_gate, "root", PASSWORD, ROOT);
		sm_conf.database = sm_admin.database = t_mongo_fresh();
		sm_gate.between = other;
		sm_gate.between_at = at;
		t_ok(sm_make(true, &err), &err);
		if (sm_gate.between)
			break;
		sm_all_good();
	}
	sm_gate.between = NULL;
	assert_in_range(at, 8, 40);
}

/* The server finds the version there while it is being added. */
static void test_version_there(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	sm_gate.fails_at = 1;
	sm_gate.fails_only = "update";
	sm_gate.fails_code = 11000; /* DuplicateKey */
	t_ok(sm_make(true, &err), &err);
	assert_int_equal(sm_gate.fails, 1);
	sm_gate.fails_at = 0;
	sm_made();
	sm_all_good();
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, sm_member, sm_close_gate)

int sm_others(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_system),
	    T(test_collections),
	    T(test_two_at_once),
	    T(test_version_there),
	};

	return cmocka_run_group_tests_name("setup mongodb, others", tests, NULL,
					   NULL);
}
