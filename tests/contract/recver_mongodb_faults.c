/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer on a MongoDB that goes away, refuses, or is not as it should be.
 */
#include "recver_suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "recver/server/server.h"
#include "tests/contract/recver_mongodb.h"
#include "tests/lib/mongo.h"
#include "tests/lib/way.h"

static struct t_way way;

/* ---- the connection ------------------------------------------------------ */

static int whole_commit(struct mst_err *err)
{
	struct mst_hash gone = rv_key_of(MST_SLICE_LIT("gone"));
	struct mst_group_put g[20];
	char text[20][16];
	int rc = rv.ops->begin(rv.r, err);

	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "pc-%u", i);
		g[i] = rv_group(mst_slice_str(text[i]), 40, true);
	}
	if (rc == 0)
		rc = rv.ops->put(rv.r, "snow", "cves", g, 20, err);
	if (rc == 0)
		rc = rv.ops->mark(rv.r, "snow", "devices", &g[0].row, 1, err);
	if (rc == 0)
		rc = rv.ops->del(rv.r, "snow", "cves", &gone, 1, err);
	if (rc == 0)
		rc = rv.ops->reset(rv.r, "old", NULL, err);
	if (rc == 0)
		rc = rv.ops->meta_put(rv.r, "snow", "m", MST_SLICE_LIT("1"),
				      err);
	if (rc == 0)
		rc = rv.ops->commit(rv.r, err);
	for (unsigned i = 0; i < 20; i++)
		rv_group_free(&g[i]);
	return rc;
}

static void check_whole(void)
{
	assert_int_equal(rv_count("snow", "cves"), 20);
	assert_int_equal(rv_count("snow", "devices"), 1);
	assert_int_equal(rv_count("old", "cves"), 0);
	assert_int_equal(rv_stats("snow", "cves").members, 20 * 40);
}

/* Cut after every so many bytes of a commit: it is there once, and whole. Only
 * where the server can be reached by one address of loopback. */
static void test_cut_in_the_middle(void **state)
{
	struct mst_recver_conf conf = rv.server;
	int server_port = 0;
	unsigned cuts;
	char server[32];

	if (sscanf(conf.server, "127.0.0.1:%d", &server_port) != 1 ||
	    strchr(conf.server, ',') || conf.replica_set)
		skip();
	rv.ops->close(&rv.r);
	t_way_open(&way, server_port);
	(void)snprintf(server, sizeof(server), "127.0.0.1:%d", way.port);
	conf.server = server;
	conf.database = rv.where;
	conf.timeout_ms = 20000;
	t_ok(rv.ops->open(&conf, SOURCE, false, &rv.r, &rv.err), &rv.err);
	for (long at = 1;; at += at < 3000 ? 397 : 6007) {
		t_ok(rv.ops->reset(rv.r, "snow", NULL, &rv.err), &rv.err);
		rv_put_text("old", "cves", "o", 3);
		rv_put_text("snow", "cves", "gone", 3);
		cuts = atomic_load(&way.cuts);
		atomic_store(&way.cut_after, at);
		t_ok(whole_commit(&rv.err), &rv.err);
		if (atomic_load(&way.cuts) == cuts)
			break;
		check_whole();
	}
	atomic_store(&way.cut_after, T_WAY_NEVER);
	check_whole();
	assert_in_range(atomic_load(&way.cuts), 10, 100);
	print_message("cut %u times in a commit\n", atomic_load(&way.cuts));
	rv.ops->close(&rv.r);
	t_way_shut(&way);
	rv_open_again();
}

static int failed_open(const struct mst_recver_conf *conf)
{
	struct mst_recver *r = NULL;
	int rc = rv.ops->open(conf, SOURCE, true, &r, &rv.err);

	assert_null(r);
	return rc;
}

static void test_nobody_there(void **state)
{
	struct mst_recver_conf conf = {.type = "mongodb",
				       .server = "127.0.0.1:1",
				       .database = "x",
				       .encrypt = "off",
				       .timeout_ms = 1000};

	t_failed(failed_open(&conf), &rv.err, MST_E_TRANSIENT,
		 "RecVer 'x' on '127.0.0.1:1': no server answers");
	/* A server that does not speak TLS. */
	conf.server = rv.server.server;
	conf.encrypt = "verify";
	if (strcmp(rv.server.encrypt, "off") == 0)
		t_failed(failed_open(&conf), &rv.err, MST_E_TRANSIENT,
			 "does it speak TLS (recver.encrypt)");
}

static void test_options(void **state)
{
	struct mst_recver_conf conf = rv.server;

	conf.database = "with.dot";
	t_failed(failed_open(&conf), &rv.err, MST_E_INVALID,
		 "takes no database of this name");
	conf.database = "x";
	conf.server = "user:hunter2-fake@127.0.0.1";
	t_failed(failed_open(&conf), &rv.err, MST_E_INVALID,
		 "not a connection string");
	conf = rv.server;
	conf.database = "x";
	conf.user = "somebody";
	conf.password = NULL;
	t_failed(failed_open(&conf), &rv.err, MST_E_INVALID,
		 "recver.user needs recver.password");
	conf.password = "env:MUSTER_NOT_SET_ANYWHERE";
	t_failed(failed_open(&conf), &rv.err, MST_E_NOTFOUND,
		 "recver.password");
}

/* ---- what a DBA must mend ------------------------------------------------ */

static void set_version(const char *base64)
{
	(void)t_mongo_do(
	    rv.where,
	    "{\"update\": \"meta\", \"updates\": [{\"q\": {\"_id\": "
	    "{\"target\": \"\", \"name\": \"schema\"}}, \"u\": {\"$set\": "
	    "{\"value\": {\"$binary\": {\"base64\": \"%s\", \"subType\": "
	    "\"00\"}}}}}]}",
	    base64);
}

static void test_versions(void **state)
{
	set_version("Mg=="); /* 2 */
	rv.ops->close(&rv.r);
	t_failed(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_UNSUPPORTED,
		 "newer muster (version 2, this one knows 1)");
	set_version("eA=="); /* x */
	t_failed(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_CORRUPT, "no number");
	/* Stopped half-way: the next run makes what is missing. */
	(void)t_mongo_do(rv.where,
			 "{\"delete\": \"meta\", \"deletes\": [{\"q\": "
			 "{\"_id.name\": \"schema\"}, \"limit\": 0}]}");
	t_failed(rv_open(rv.where, SOURCE, false, &rv.r, &rv.err), &rv.err,
		 MST_E_NOTFOUND, "made by the first run");
	rv.server.bypass_setup = true;
	t_failed(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_NOTFOUND, "sql/mongodb/create.js");
	rv.server.bypass_setup = false;
	t_ok(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err);
	rv_put_text("snow", "cves", "a", 3);
}

static void test_list_is_gone(void **state)
{
	rv_put_text("snow", "cves", "a", 3);
	(void)t_mongo_do(rv.where,
			 "{\"update\": \"grp\", \"updates\": [{\"q\": {}, "
			 "\"u\": {\"$unset\": {\"list\": 1}}}]}");
	{
		struct mst_hash key = rv_key_of(MST_SLICE_LIT("a"));
		struct rv_seen s = {.want = key};

		t_failed(rv.ops->members(rv.r, "snow", "cves", &key, 1,
					 rv_see_members, &s, &rv.err),
			 &rv.err, MST_E_CORRUPT, "its member list is gone");
	}
	(void)t_mongo_do(rv.where,
			 "{\"update\": \"grp\", \"updates\": [{\"q\": {}, "
			 "\"u\": {\"$unset\": {\"digest\": 1}}}]}");
	{
		struct rv_seen s = {0};

		t_failed(
		    rv.ops->load(rv.r, "snow", "cves", rv_see_row, &s, &rv.err),
		    &rv.err, MST_E_CORRUPT, "impossible values");
	}
}

/* ---- the lease ----------------------------------------------------------- */

static void set_lease(const char *token, int64_t renewed_ms)
{
	(void)t_mongo_do(
	    rv.where,
	    "{\"update\": \"lease\", \"updates\": [{\"q\": {\"_id\": "
	    "\"writer\"}, \"u\": {\"$set\": {\"token\": \"%s\", \"holder\": "
	    "\"elsewhere.example, process 7\", \"for_ms\": 300000, "
	    "\"renewed\": {\"$date\": {\"$numberLong\": \"%lld\"}}}}}]}",
	    token, (long long)renewed_ms);
}

static void test_taken_over(void **state)
{
	struct mst_group_put g = rv_group(MST_SLICE_LIT("a"), 3, true);
	int64_t now = mst_now_us() / 1000;

	set_lease("other", now);
	t_failed(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err), &rv.err,
		 MST_E_CONFLICT, "taken over by elsewhere.example, process 7");
	assert_int_equal(t_mongo_count(rv.where, "grp"), 0);
	rv.ops->close(&rv.r);
	t_failed(rv_open(rv.where, SOURCE, false, &rv.r, &rv.err), &rv.err,
		 MST_E_CONFLICT, "in use by elsewhere.example, process 7");
	/* The margin for clocks that differ has not passed yet, and has. */
	set_lease("other", now - 300000 - 10000);
	t_failed(rv_open(rv.where, SOURCE, false, &rv.r, &rv.err), &rv.err,
		 MST_E_CONFLICT, "in use by");
	set_lease("other", now - 300000 - 60000);
	rv_open_again();
	t_ok(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err), &rv.err);
	rv_group_free(&g);
}

/* What a later holder has written is not replaced by an earlier one, even when
 * that one had checked its lease just before; and not deleted. */
static void test_fenced(void **state)
{
	struct mst_group_put g = rv_group(MST_SLICE_LIT("a"), 3, true);

	t_ok(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err), &rv.err);
	(void)t_mongo_do(rv.where,
			 "{\"update\": \"grp\", \"updates\": [{\"q\": {}, "
			 "\"u\": {\"$set\": {\"term\": 1000}}}]}");
	t_ok(rv.ops->del(rv.r, "snow", "cves", &g.row.key, 1, &rv.err),
	     &rv.err);
	rv_assert_stored("snow", "cves", &g);
	g.row.last_run++;
	t_failed(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err), &rv.err,
		 MST_E_CONFLICT, "taken over");
	rv.ops->close(&rv.r);
	rv_open_again();
	g.row.last_run--;
	rv_assert_stored("snow", "cves", &g);
	rv_group_free(&g);
}

static void no_pause(int64_t ms)
{
}

int rv_mongodb_faults(void)
{
	const struct CMUnitTest all[] = {
	    T(test_cut_in_the_middle),
	    T(test_nobody_there),
	    T(test_options),
	    T(test_versions),
	    T(test_list_is_gone),
	    T(test_taken_over),
	    T(test_fenced),
	};
	int failed;

	mst_server_pause(no_pause);
	failed = cmocka_run_group_tests_name("mongodb faults", all, NULL, NULL);
	mst_server_pause(NULL);
	return failed;
}
