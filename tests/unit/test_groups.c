/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of groups: finding, growing, loading, merging.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "sync/groups.h"

static struct mst_groups g;

static int set_up(void **state MST_UNUSED)
{
	mst_groups_init(&g, 5);
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_groups_fini(&g);
	return 0;
}

static struct mst_hash num(uint64_t hi, uint64_t lo)
{
	return (struct mst_hash){.hi = hi, .lo = lo};
}

static void test_find(void **state MST_UNUSED)
{
	char text[32];

	assert_int_equal(mst_groups_find(&g, mst_slice_str("a")), UINT32_MAX);
	assert_int_equal(mst_groups_find_key(&g, num(1, 1)), UINT32_MAX);
	for (unsigned i = 0; i < 10000; i++) {
		int n = snprintf(text, sizeof(text), "group-%u", i);

		assert_int_equal(mst_groups_get(&g, mst_slice(text, (size_t)n)),
				 i);
		/* the same again, from the short way */
		assert_int_equal(mst_groups_get(&g, mst_slice(text, (size_t)n)),
				 i);
	}
	assert_int_equal(g.n, 10000);
	for (unsigned i = 0; i < 10000; i += 7) {
		int n = snprintf(text, sizeof(text), "group-%u", i);
		struct mst_slice s = {text, (size_t)n};

		assert_int_equal(mst_groups_find(&g, s), i);
		assert_int_equal(
		    mst_groups_find_key(&g, mst_hash128(s.p, s.n, 5)), i);
		t_is(g.v[i].text, text); /* a copy: text is reused */
		assert_ptr_not_equal(g.v[i].text.p, text);
	}
	assert_int_equal(mst_groups_find(&g, mst_slice_str("group-10000")),
			 UINT32_MAX);
	/* a prefix is a group of its own */
	assert_int_equal(mst_groups_get(&g, mst_slice_str("group-")), 10000);
}

/* Keys that fall on one place of the index do not hide each other. */
static void test_collisions(void **state MST_UNUSED)
{
	struct mst_groups part;

	mst_groups_init(&part, 5);
	for (unsigned i = 0; i < 40; i++) {
		uint32_t at = mst_groups_get(
		    &part,
		    mst_slice("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			      i + 1));

		part.v[at].key = num(i, 64); /* merge goes by the key alone */
	}
	mst_groups_merge(&g, &part, true);
	assert_int_equal(g.n, 40);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(mst_groups_find_key(&g, num(i, 64)), i);
	assert_int_equal(mst_groups_find_key(&g, num(40, 64)), UINT32_MAX);
	mst_groups_fini(&part);
}

static void show(struct mst_groups *to, const char *text, struct mst_hash h,
		 bool sum)
{
	/* get may move the table: never in one expression with v[] */
	uint32_t at = mst_groups_get(to, mst_slice_str(text));

	mst_group_show(&to->v[at], h, 0, sum);
}

/* A sum does not know how its rows were spread over workers, or in which
 * order they came; it counts repeated ones. */
static void test_merge_sum(void **state MST_UNUSED)
{
	struct mst_groups a, b;
	uint32_t at;

	mst_groups_init(&a, 5);
	mst_groups_init(&b, 5);
	show(&a, "x", num(1, UINT64_MAX), true);
	show(&a, "y", num(9, 9), true);
	show(&b, "x", num(UINT64_MAX, 2), true);
	show(&b, "x", num(0, 4), true);
	mst_groups_get(&b, mst_slice_str("only a name"));
	mst_groups_merge(&g, &b, true);
	mst_groups_merge(&g, &a, true);
	at = mst_groups_find(&g, mst_slice_str("x"));
	assert_true(mst_hash_eq(g.v[at].digest, num(1, 5))); /* with carry */
	assert_int_equal(g.v[at].count, 3);
	assert_true(g.v[at].flags & MST_G_SEEN);
	at = mst_groups_find(&g, mst_slice_str("only a name"));
	assert_int_equal(g.v[at].flags, 0);
	assert_int_equal(g.v[at].count, 0);
	mst_groups_fini(&a);
	mst_groups_fini(&b);
}

/* A group that is one record: the greatest hash counts, in any order. */
static void test_merge_greatest(void **state MST_UNUSED)
{
	static const struct mst_hash h[] = {
	    {.hi = 1, .lo = 9}, {.hi = 2, .lo = 1}, {.hi = 2, .lo = 2}};

	for (unsigned order = 0; order < 6; order++) {
		unsigned first = order / 2,
			 second = (first + 1 + order % 2) % 3;
		unsigned third = 3 - first - second;
		struct mst_groups a, b;
		uint32_t at;

		mst_groups_init(&a, 5);
		mst_groups_init(&b, 5);
		show(&a, "x", h[first], false);
		show(&a, "x", h[second], false);
		show(&b, "x", h[third], false);
		tear_down(NULL);
		set_up(NULL);
		mst_groups_merge(&g, &a, false);
		mst_groups_merge(&g, &b, false);
		at = mst_groups_find(&g, mst_slice_str("x"));
		assert_true(mst_hash_eq(g.v[at].digest, h[2]));
		assert_int_equal(g.v[at].count, 3);
		mst_groups_fini(&a);
		mst_groups_fini(&b);
	}
}

static void test_superseded(void **state MST_UNUSED)
{
	struct mst_groups a;
	uint32_t at;

	mst_groups_init(&a, 5);
	at = mst_groups_get(&a, mst_slice_str("x"));
	a.v[at].flags |= MST_G_SUPERSEDED | MST_G_CHECKED | MST_G_ORPHAN;
	mst_groups_merge(&g, &a, false);
	assert_int_equal(g.v[0].flags, MST_G_SUPERSEDED);
	mst_groups_fini(&a);
}

/* Is the loser's record another than the winner's? */
static void test_orphaned(void **state MST_UNUSED)
{
	struct mst_slice won = MST_SLICE_LIT("won");
	struct mst_groups a;
	uint32_t winner, loser;

	mst_groups_init(&a, 5);
	loser = mst_groups_get(&a, mst_slice_str("lost"));
	a.v[loser].flags |= MST_G_SUPERSEDED;
	a.v[loser].digest = mst_hash128(won.p, won.n, 5);
	show(&g, "won", num(1, 1), false);
	mst_groups_merge(&g, &a, false);
	mst_groups_fini(&a);
	winner = mst_groups_find(&g, won);
	loser = mst_groups_find(&g, mst_slice_str("lost"));
	g.v[loser].remote.b[0] = 1;
	assert_false(mst_group_orphaned(&g, loser)); /* not known yet */
	g.v[winner].remote.b[0] = 1;
	assert_false(mst_group_orphaned(&g, loser));
	g.v[winner].remote.b[0] = 2;
	assert_true(mst_group_orphaned(&g, loser));
	assert_false(mst_group_orphaned(&g, winner));
	g.v[loser].flags |= MST_G_SEEN;
	assert_false(mst_group_orphaned(&g, loser));
}

static void test_load(void **state MST_UNUSED)
{
	struct mst_err err = MST_ERR_INIT;
	const struct mst_recver_ops *ops = &mst_recver_mem;
	struct mst_recver *r = NULL;
	struct mst_slice text = MST_SLICE_LIT("dev-1");
	struct mst_group_put put = {
	    .row = {.key = mst_hash128(text.p, text.n, 5),
		    .text = text,
		    .digest = num(7, 8),
		    .members = 0,
		    .remote = {{3}},
		    .first_delivered_us = 11,
		    .last_changed_us = 12,
		    .last_run = 13,
		    .state = MST_GROUP_DIRTY},
	};
	const struct mst_group *x;

	t_ok(ops->open(&(struct mst_recver_conf){0}, "source", true, &r, &err),
	     &err);
	t_ok(ops->put(r, "t", "devices", &put, 1, &err), &err);
	/* seen before it was loaded: one group, both sides */
	show(&g, "dev-1", num(1, 1), false);
	t_ok(mst_groups_load(&g, r, "t", "devices", &err), &err);
	assert_int_equal(g.n, 1);
	x = &g.v[0];
	assert_int_equal(x->flags, MST_G_SEEN | MST_G_STORED);
	assert_true(mst_hash_eq(x->stored, num(7, 8)));
	assert_true(mst_hash_eq(x->digest, num(1, 1)));
	assert_int_equal(x->remote.b[0], 3);
	assert_int_equal(x->first_us, 11);
	assert_int_equal(x->changed_us, 12);
	assert_int_equal(x->last_run, 13);
	assert_int_equal(x->state, MST_GROUP_DIRTY);
	t_ok(mst_groups_load(&g, r, "other", "devices", &err), &err);
	t_ok(mst_groups_load(&g, r, "t", "others", &err), &err);
	assert_int_equal(g.n, 1);
	ops->close(&r);
}

/* The same ones, whatever order they came in. */
static void test_limit(void **state MST_UNUSED)
{
	static const char *const orders[][4] = {{"b", "d", "a", "c"},
						{"d", "c", "b", "a"}};

	for (size_t k = 0; k < MST_LEN(orders); k++) {
		mst_groups_fini(&g);
		mst_groups_init(&g, k);
		(void)mst_groups_get(&g, mst_slice_str("0")); /* not shown */
		for (size_t i = 0; i < 4; i++)
			show(&g, orders[k][i], num(1, 1), false);
		mst_groups_limit(&g, 9);
		mst_groups_limit(&g, 4);
		for (uint32_t i = 1; i < g.n; i++)
			assert_true(g.v[i].flags & MST_G_SEEN);
		mst_groups_limit(&g, 2);
		mst_groups_limit(&g, 2);
		for (uint32_t i = 0; i < g.n; i++)
			assert_int_equal(!!(g.v[i].flags & MST_G_SEEN),
					 g.v[i].text.p[0] == 'a' ||
					     g.v[i].text.p[0] == 'b');
	}
	mst_groups_limit(&g, 0);
	for (uint32_t i = 0; i < g.n; i++)
		assert_int_equal(g.v[i].flags & MST_G_SEEN, 0);
}

static uint32_t owned(const char *text, uint8_t id, bool seen)
{
	uint32_t at = mst_groups_get(&g, mst_slice_str(text));

	g.v[at].remote = (struct mst_sysid){{[15] = id}};
	g.v[at].flags = seen ? MST_G_SEEN : 0;
	return at;
}

static void test_owners(void **state MST_UNUSED)
{
	uint32_t gone = owned("gone", 1, false), anew = owned("anew", 1, true);
	uint32_t alone = owned("alone", 2, true), none = owned("none", 0, true);
	uint32_t two = owned("two", 3, true), three = owned("three", 3, true);
	uint32_t left = owned("left", 4, false), by = owned("by", 4, false);
	struct mst_owners o = {0};
	struct mst_owner *own;
	size_t n;

	assert_null(mst_owners_find(&o, &g.v[anew].remote, &n));
	mst_owners_make(&o, &g, NULL, 0);
	assert_true(mst_owners_other(&o, &g, gone));
	assert_false(mst_owners_other(&o, &g, anew)); /* itself */
	assert_false(mst_owners_other(&o, &g, alone));
	assert_false(mst_owners_other(&o, &g, none));
	assert_false(mst_owners_other(&o, &g, left));
	assert_true(mst_owners_other(&o, &g, two));
	assert_true(mst_owners_other(&o, &g, three));
	own = mst_owners_find(&o, &g.v[two].remote, &n);
	assert_int_equal(n, 2);
	assert_int_equal(own[0].group, two); /* in their order */
	assert_int_equal(own[1].group, three);
	mst_owners_free(&o);
	mst_owners_free(&o);
	/* what a rule leaves as it is stays too */
	g.v[left].flags = MST_G_STORED | MST_G_CHANGED;
	g.v[by].flags = MST_G_STORED | MST_G_LEFT;
	mst_owners_make(&o, &g, NULL, 0);
	assert_true(mst_owners_other(&o, &g, left));
	assert_false(mst_owners_other(&o, &g, by));
	mst_owners_free(&o);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_find),	    T(test_collisions), T(test_merge_sum),
	    T(test_merge_greatest), T(test_superseded), T(test_load),
	    T(test_limit),	    T(test_owners),	T(test_orphaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
