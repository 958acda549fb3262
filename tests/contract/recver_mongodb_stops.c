/* SPDX-License-Identifier: Apache-2.0
 *
 * MongoDB has no transaction over several documents here: a batch is stopped
 * before each of its writes in turn. Whatever is there then, every group is the
 * old or the new one, whole, and its list can be read; the same batch again
 * ends where it would have ended, and leaves nothing behind.
 */
#include "recver_suite.h"

#include <stdlib.h>

#include "recver/mongodb/probe.h"
#include "tests/contract/recver_mongodb.h"
#include "tests/lib/mongo.h"

#define NEVER	  -1
#define LONG_LIST 12 /* members: in parts */
#define SHORT	  2

static long writes_left = NEVER;

static int before_write(struct mst_err *err)
{
	if (writes_left == 0)
		return mst_err_set(err, MST_E_INTERNAL, "stopped by the test");
	writes_left -= writes_left > 0;
	return 0;
}

static const struct mst_mongo_probe probe = {
    .before_write = before_write, .inline_max = 100, .part_max = 64};

/* What a group was before the batch, and what it is behind it. NO: none. */
#define NO -1

struct plan {
	const char *target, *set, *text;
	int was, is; /* members; the digest is made of it */
	enum { PUT, KEEP, MARK, DEL, RESET, STAY } how;
};

static const struct plan plans[] = {
    {"snow", "cves", "short to long", SHORT, LONG_LIST, PUT},
    {"snow", "cves", "long to short", LONG_LIST, SHORT, PUT},
    {"snow", "cves", "long to longer", LONG_LIST, LONG_LIST + 5, PUT},
    {"snow", "cves", "long to none", LONG_LIST, 0, PUT},
    {"snow", "cves", "new and long", NO, LONG_LIST, PUT},
    {"snow", "cves", "kept", LONG_LIST, LONG_LIST, KEEP},
    {"snow", "cves", "kept bare", 0, 0, KEEP},
    {"snow", "cves", "marked", SHORT, SHORT, MARK},
    {"snow", "cves", "deleted", LONG_LIST, NO, DEL},
    {"snow", "cves", "not touched", LONG_LIST, LONG_LIST, STAY},
    {"snow", "fresh", "in a new set", NO, LONG_LIST, PUT},
    {"old", "cves", "reset", LONG_LIST, NO, RESET},
    {"old", "devices", "reset, too", SHORT, NO, RESET},
};

static struct mst_group_put group_of(const struct plan *p, bool after)
{
	int n = after ? p->is : p->was;
	struct mst_group_put g =
	    rv_group(mst_slice_str(p->text), (uint32_t)MST_MAX(n, 0), true);

	g.row.digest.lo += (uint64_t)n;
	if (after && p->how != STAY && p->how != MARK)
		g.row.last_run = 18;
	if (after && p->how == MARK)
		g.row.state = MST_GROUP_PENDING;
	return g;
}

static int put_one(const struct plan *p, bool after, bool list,
		   struct mst_err *err)
{
	struct mst_group_put g = group_of(p, after);
	const struct mst_member *m = g.members;
	int rc;

	g.members = list ? m : NULL;
	rc = rv.ops->put(rv.r, p->target, p->set, &g, 1, err);
	g.members = m;
	rv_group_free(&g);
	return rc;
}

static int change(const struct plan *p, struct mst_err *err)
{
	struct mst_group_put g = group_of(p, true);
	int rc = 0;

	if (p->how == PUT || p->how == KEEP)
		rc = put_one(p, true, p->how == PUT, err);
	else if (p->how == MARK)
		rc = rv.ops->mark(rv.r, p->target, p->set, &g.row, 1, err);
	else if (p->how == DEL)
		rc = rv.ops->del(rv.r, p->target, p->set, &g.row.key, 1, err);
	rv_group_free(&g);
	return rc;
}

static int commit_batch(struct mst_err *err)
{
	int rc = rv.ops->begin(rv.r, err);

	if (rc == 0)
		rc = rv.ops->reset(rv.r, "old", NULL, err);
	for (size_t i = 0; i < MST_LEN(plans) && rc == 0; i++)
		rc = change(&plans[i], err);
	if (rc == 0)
		rc = rv.ops->meta_put(rv.r, "snow", "m", MST_SLICE_LIT("new"),
				      err);
	return rc < 0 ? rc : rv.ops->commit(rv.r, err);
}

static void fill(void)
{
	for (size_t i = 0; i < MST_LEN(plans); i++) {
		if (plans[i].was != NO)
			t_ok(put_one(&plans[i], false, true, &rv.err), &rv.err);
	}
	t_ok(rv.ops->meta_put(rv.r, "snow", "m", MST_SLICE_LIT("old"), &rv.err),
	     &rv.err);
	t_ok(rv.ops->meta_put(rv.r, "old", "m", MST_SLICE_LIT("old"), &rv.err),
	     &rv.err);
}

/* ---- what is there ------------------------------------------------------- */

static bool is_so(const struct plan *p, const struct rv_seen *s, bool after)
{
	struct mst_group_put g = group_of(p, after);
	bool is;

	if ((after ? p->is : p->was) == NO)
		is = s->found == 0;
	else
		is = s->found == 1 &&
		     mst_hash_eq(s->row.digest, g.row.digest) &&
		     s->row.members == g.row.members &&
		     s->row.last_run == g.row.last_run &&
		     s->row.state == g.row.state &&
		     s->members == g.row.members &&
		     memcmp(s->m, g.members, s->members * sizeof(s->m[0])) == 0;
	rv_group_free(&g);
	return is;
}

static bool value_is(const char *target, const char *want)
{
	struct mst_buf v = MST_BUF_INIT(64);
	bool found = false, is;

	t_ok(rv.ops->meta_get(rv.r, target, "m", &v, &found, &rv.err), &rv.err);
	is = want ? found && mst_slice_is(mst_buf_slice(&v), want) : !found;
	mst_buf_fini(&v);
	return is;
}

static void check_old_or_new(void)
{
	bool all_new = true;

	for (size_t i = 0; i < MST_LEN(plans); i++) {
		const struct plan *p = &plans[i];
		struct rv_seen s =
		    rv_look(p->target, p->set, mst_slice_str(p->text));
		bool is_new = is_so(p, &s, true);

		if (!is_new && !is_so(p, &s, false))
			fail_msg("'%s' is neither old nor new", p->text);
		all_new &= is_new;
	}
	/* Values say nothing that groups do not say yet. */
	assert_true(value_is("snow", "old") || all_new);
	assert_true(value_is("old", "old") || value_is("old", NULL));
}

static void check_new(void)
{
	unsigned parts = 0;

	for (size_t i = 0; i < MST_LEN(plans); i++) {
		const struct plan *p = &plans[i];
		struct rv_seen s =
		    rv_look(p->target, p->set, mst_slice_str(p->text));

		if (!is_so(p, &s, true))
			fail_msg("'%s' is not new", p->text);
		if (p->is * 32 > 100)
			parts += ((unsigned)p->is * 32 + 63) / 64;
	}
	assert_true(value_is("snow", "new"));
	assert_true(value_is("old", NULL));
	assert_int_equal(rv_stats("old", NULL).groups, 0);
	assert_int_equal(t_mongo_count(rv.where, "parts"), parts);
	assert_int_equal(t_mongo_count(rv.where, "record_set"), 2);
}

/* ---- tests --------------------------------------------------------------- */

static void test_stop_before_every_write(void **state)
{
	int rc = -1;
	long at;

	rv.ops->close(&rv.r);
	for (at = 0; rc < 0; at++) {
		rv.where = rv_fresh_place();
		t_ok(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err);
		fill();
		writes_left = at;
		rc = commit_batch(&rv.err);
		writes_left = NEVER;
		/* As the next run finds it. */
		rv.ops->close(&rv.r);
		rv_open_again();
		check_old_or_new();
		t_ok(commit_batch(&rv.err), &rv.err);
		check_new();
		t_ok(commit_batch(&rv.err), &rv.err);
		check_new();
		rv.ops->close(&rv.r);
	}
	print_message("a batch was stopped before each of its %ld writes\n",
		      at - 1);
	assert_in_range(at, 10, 100);
	rv_open_again();
}

/* A batch that is stopped is finished by another one, too: nothing of it is
 * left that the next batch would not see. */
static void test_stop_then_another_batch(void **state)
{
	int rc = -1;

	rv.ops->close(&rv.r);
	for (long at = 0; rc < 0; at++) {
		rv.where = rv_fresh_place();
		t_ok(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err);
		fill();
		writes_left = at;
		rc = commit_batch(&rv.err);
		writes_left = NEVER;
		t_ok(rv.ops->reset(rv.r, "snow", NULL, &rv.err), &rv.err);
		t_ok(rv.ops->reset(rv.r, "old", NULL, &rv.err), &rv.err);
		assert_int_equal(t_mongo_count(rv.where, "grp"), 0);
		assert_int_equal(t_mongo_count(rv.where, "parts"), 0);
		assert_int_equal(t_mongo_count(rv.where, "record_set"), 0);
		rv.ops->close(&rv.r);
	}
	rv_open_again();
}

/* The first batch of a database, too. */
static void test_stop_while_it_is_made(void **state)
{
	struct mst_buf seed = MST_BUF_INIT(64);
	bool found = false;
	int rc = -1;

	rv.ops->close(&rv.r);
	for (long at = 0; rc < 0; at++) {
		rv.where = rv_fresh_place();
		writes_left = at;
		rc = rv_open(rv.where, SOURCE, true, &rv.r, &rv.err);
		writes_left = NEVER;
		if (rc < 0)
			t_ok(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err),
			     &rv.err);
		mst_buf_reset(&seed);
		t_ok(rv.ops->meta_get(rv.r, "", "seed", &seed, &found, &rv.err),
		     &rv.err);
		assert_true(found && seed.n == 8);
		rv.ops->close(&rv.r);
	}
	mst_buf_fini(&seed);
	rv_open_again();
}

int rv_mongodb_stops(void)
{
	const struct CMUnitTest all[] = {
	    T(test_stop_before_every_write),
	    T(test_stop_then_another_batch),
	    T(test_stop_while_it_is_made),
	};
	int failed;

	mst_mongo_probe(&probe);
	failed = cmocka_run_group_tests_name("mongodb stops", all, NULL, NULL);
	mst_mongo_probe(NULL);
	return failed;
}
