/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules that every RecVer store must keep. Each test runs once per store;
 * what only a store with a file can be asked is in test_recver_file.c.
 */
#include "recver_tools.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

#define MANY (rv.many ? rv.many : 100000u)

/* ---- every store --------------------------------------------------------- */

static void test_open(void **state)
{
	struct mst_recver *other = NULL;

	t_failed(rv_open(rv_fresh_place(), SOURCE, false, &other, &rv.err),
		 &rv.err, MST_E_NOTFOUND, "does not exist yet");
	t_failed(rv_open(rv.where, SOURCE, true, &other, &rv.err), &rv.err,
		 MST_E_CONFLICT, "in use by");
	assert_null(other);
	rv.ops->close(&rv.r);
	t_failed(rv_open(rv.where, "other", false, &other, &rv.err), &rv.err,
		 MST_E_INVALID, "belongs to the connection 'defender'");
	/* A refused opener leaves no lock. */
	rv_open_again();
	rv.ops->close(&rv.r);
	rv.ops->close(&rv.r);
}

static void test_meta(void **state)
{
	struct mst_buf seed = MST_BUF_INIT(64), v = MST_BUF_INIT(64);
	struct mst_buf small = MST_BUF_INIT(3);
	bool found = true;

	t_ok(rv.ops->meta_get(rv.r, "", "seed", &seed, &found, &rv.err),
	     &rv.err);
	assert_true(found);
	assert_int_equal(seed.n, 8);
	t_ok(rv.ops->meta_get(rv.r, NULL, "hash", &v, &found, &rv.err),
	     &rv.err);
	t_is(mst_buf_slice(&v), "xxh3-128");
	t_failed(
	    rv.ops->meta_put(rv.r, "", "seed", MST_SLICE_LIT("x"), &rv.err),
	    &rv.err, MST_E_INVALID, "cannot be set");

	t_ok(rv.ops->meta_get(rv.r, "snow", "cursor", &v, &found, &rv.err),
	     &rv.err);
	assert_false(found);
	t_ok(rv.ops->meta_put(rv.r, "snow", "cursor", MST_SLICE_LIT("a\0b "),
			      &rv.err),
	     &rv.err);
	t_ok(rv.ops->meta_put(rv.r, "Snow", "cursor", MST_SLICE_LIT(""),
			      &rv.err),
	     &rv.err);
	t_ok(
	    rv.ops->meta_put(rv.r, "", "cursor", MST_SLICE_LIT("own"), &rv.err),
	    &rv.err);
	mst_buf_reset(&v);
	t_ok(rv.ops->meta_get(rv.r, "snow", "cursor", &v, &found, &rv.err),
	     &rv.err);
	assert_true(found);
	assert_true(mst_slice_eq(mst_buf_slice(&v), MST_SLICE_LIT("a\0b ")));
	/* Appended, not replaced. */
	t_ok(rv.ops->meta_get(rv.r, "", "cursor", &v, &found, &rv.err),
	     &rv.err);
	assert_int_equal(v.n, 7);
	t_ok(rv.ops->meta_get(rv.r, "Snow", "cursor", &v, &found, &rv.err),
	     &rv.err);
	assert_true(found);
	assert_int_equal(v.n, 7);
	t_failed(
	    rv.ops->meta_get(rv.r, "snow", "cursor", &small, &found, &rv.err),
	    &rv.err, MST_E_INVALID, "longer than");
	t_ok(rv.ops->meta_put(rv.r, "snow", "cursor", MST_SLICE_LIT("new"),
			      &rv.err),
	     &rv.err);

	rv.ops->close(&rv.r);
	rv_open_again();
	mst_buf_reset(&v);
	t_ok(rv.ops->meta_get(rv.r, "", "seed", &v, &found, &rv.err), &rv.err);
	assert_true(mst_slice_eq(mst_buf_slice(&v), mst_buf_slice(&seed)));
	mst_buf_reset(&v);
	t_ok(rv.ops->meta_get(rv.r, "snow", "cursor", &v, &found, &rv.err),
	     &rv.err);
	t_is(mst_buf_slice(&v), "new");
	mst_buf_fini(&seed);
	mst_buf_fini(&v);
	mst_buf_fini(&small);
}

static void test_hostile_keys(void **state)
{
	char *longest = mst_alloc(4097);
	struct mst_slice keys[] = {
	    MST_SLICE_LIT(""),
	    MST_SLICE_LIT(" "),
	    MST_SLICE_LIT("a"),
	    MST_SLICE_LIT("A"),
	    MST_SLICE_LIT("a "),
	    MST_SLICE_LIT(" a"),
	    MST_SLICE_LIT("a\0"),
	    MST_SLICE_LIT("a\0b"),
	    MST_SLICE_LIT("\0a"),
	    MST_SLICE_LIT("stra\xc3\x9f"
			  "e"),
	    MST_SLICE_LIT("STRASSE"),
	    MST_SLICE_LIT("\xff\xfe not utf-8"),
	    MST_SLICE_LIT("'; DROP TABLE grp; --"),
	    MST_SLICE_LIT("%_*?[a]"),
	    MST_SLICE_LIT("NULL"),
	    MST_SLICE_LIT("0"),
	    MST_SLICE_LIT("00"),
	    mst_slice(longest, 4096),
	    mst_slice(longest, 4095),
	};
	struct mst_group_put g[MST_LEN(keys)];

	memset(longest, 'k', 4096);
	for (size_t i = 0; i < MST_LEN(keys); i++)
		g[i] = rv_group(keys[i], (uint32_t)i, i & 1);
	/* Without remote ids, those come back as zero. */
	t_ok(rv.ops->put(rv.r, "snow", "devices", g, MST_LEN(keys), &rv.err),
	     &rv.err);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(rv_count("snow", "devices"), MST_LEN(keys));
		for (size_t i = 0; i < MST_LEN(keys); i++)
			rv_assert_stored("snow", "devices", &g[i]);
		rv.ops->close(&rv.r);
		rv_open_again();
	}
	for (size_t i = 0; i < MST_LEN(keys); i++)
		rv_group_free(&g[i]);
	free(longest);
}

static void test_extreme_values(void **state)
{
	struct mst_group_put g = rv_group(MST_SLICE_LIT("x"), 2, true);
	struct mst_member m[2] = {
	    {.key = 0, .value = UINT64_MAX},
	    {.key = UINT64_MAX, .value = 0},
	};

	memset(m[0].remote.b, 0xff, 16);
	rv_group_free(&g);
	g.members = m;
	g.row.digest = (struct mst_hash){UINT64_MAX, UINT64_MAX};
	g.row.first_delivered_us = MST_TIME_NONE;
	g.row.last_changed_us = INT64_MAX;
	g.row.last_run = INT64_MAX;
	g.row.state = MST_GROUP_PENDING;
	memset(g.row.remote.b, 0, 16);
	t_ok(rv.ops->put(rv.r, "snow", "devices", &g, 1, &rv.err), &rv.err);
	rv_assert_stored("snow", "devices", &g);
}

static void test_targets_and_sets_are_apart(void **state)
{
	static const char *const targets[] = {"snow", "SNOW", "snow ", "test"};
	static const char *const sets[] = {"devices", "software"};

	for (size_t t = 0; t < MST_LEN(targets); t++) {
		for (size_t s = 0; s < MST_LEN(sets); s++)
			rv_put_text(targets[t], sets[s], "pc-1",
				    (uint32_t)(t * 2 + s));
	}
	for (size_t t = 0; t < MST_LEN(targets); t++) {
		for (size_t s = 0; s < MST_LEN(sets); s++) {
			struct rv_seen seen =
			    rv_look(targets[t], sets[s], MST_SLICE_LIT("pc-1"));

			assert_int_equal(seen.rows, 1);
			assert_int_equal(seen.members, t * 2 + s);
		}
	}
	assert_int_equal(rv_stats(NULL, NULL).groups, 8);
	assert_int_equal(rv_stats("snow", NULL).groups, 2);
	assert_int_equal(rv_stats(NULL, "software").members, 1 + 3 + 5 + 7);
	assert_int_equal(rv_stats("test", "software").members, 7);
	assert_int_equal(rv_stats("none", NULL).groups, 0);
	assert_int_equal(rv_count("none", "devices"), 0);
	assert_int_equal(rv_count("snow", "none"), 0);
}

static void test_put_again(void **state)
{
	struct mst_group_put g = rv_group(MST_SLICE_LIT("pc-1"), 5, true);
	struct mst_group_put two[2];

	t_ok(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err), &rv.err);
	/* No list given: the stored one stays, with its number. */
	g.row.digest.lo++;
	g.row.members = 0;
	g.row.state = MST_GROUP_DIRTY;
	two[0] = g;
	two[0].members = NULL;
	t_ok(rv.ops->put(rv.r, "snow", "cves", two, 1, &rv.err), &rv.err);
	g.row.members = 5;
	rv_assert_stored("snow", "cves", &g);
	rv_group_free(&g);
	/* Longer, then shorter, then none. */
	for (uint32_t n = 60;; n -= 30) {
		g = rv_group(MST_SLICE_LIT("pc-1"), n, n == 30);
		t_ok(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err),
		     &rv.err);
		rv_assert_stored("snow", "cves", &g);
		assert_int_equal(rv_stats("snow", "cves").members, n);
		rv_group_free(&g);
		if (n == 0)
			break;
	}
	/* A group that is a record itself has a number, but no list. */
	g = rv_group(MST_SLICE_LIT("pc-2"), 1, false);
	rv_group_free(&g);
	t_ok(rv.ops->put(rv.r, "snow", "devices", &g, 1, &rv.err), &rv.err);
	assert_int_equal(
	    rv_look("snow", "devices", MST_SLICE_LIT("pc-2")).row.members, 1);
	assert_int_equal(
	    rv_look("snow", "devices", MST_SLICE_LIT("pc-2")).members, 0);
	/* The same group twice in one batch: the later one counts. */
	two[0] = rv_group(MST_SLICE_LIT("twice"), 3, false);
	two[1] = rv_group(MST_SLICE_LIT("twice"), 4, false);
	t_ok(rv.ops->put(rv.r, "snow", "cves", two, 2, &rv.err), &rv.err);
	rv_assert_stored("snow", "cves", &two[1]);
	rv_group_free(&two[0]);
	rv_group_free(&two[1]);
	assert_int_equal(rv_count("snow", "cves"), 2);
}

static void test_refuses_bad_lists(void **state)
{
	struct mst_group_put g[2] = {rv_group(MST_SLICE_LIT("good"), 2, false),
				     rv_group(MST_SLICE_LIT("bad"), 2, false)};
	struct mst_member m[2] = {{.key = 7}, {.key = 7}};
	const struct mst_member *own = g[1].members;

	g[1].members = m;
	t_failed(rv.ops->put(rv.r, "snow", "cves", g, 2, &rv.err), &rv.err,
		 MST_E_INTERNAL, "not in order");
	/* All of the batch, or nothing of it. */
	assert_int_equal(rv_count("snow", "cves"), 0);
	g[1].members = own;
	rv_group_free(&g[0]);
	rv_group_free(&g[1]);
}

static void test_mark(void **state)
{
	struct mst_group_put g = rv_group(MST_SLICE_LIT("old"), 3, true);
	struct mst_group_row rows[2] = {
	    {.key = g.row.key,
	     .text = MST_SLICE_LIT("old"),
	     .state = MST_GROUP_PENDING},
	    {.key = rv_key_of(MST_SLICE_LIT("new")),
	     .text = MST_SLICE_LIT("new"),
	     .digest = {1, 1},
	     .members = 12,
	     .state = MST_GROUP_PENDING},
	};
	struct rv_seen s;

	t_ok(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err), &rv.err);
	t_ok(rv.ops->mark(rv.r, "snow", "cves", rows, 2, &rv.err), &rv.err);
	g.row.state = MST_GROUP_PENDING;
	rv_assert_stored("snow", "cves", &g);
	s = rv_look("snow", "cves", MST_SLICE_LIT("new"));
	assert_int_equal(s.found, 1);
	t_is(s.row.text, "new");
	assert_true(mst_hash_is_zero(s.row.digest));
	assert_int_equal(s.row.members, 0);
	assert_int_equal(s.members, 0);
	assert_int_equal(s.row.state, MST_GROUP_PENDING);
	assert_true(s.row.first_delivered_us == MST_TIME_NONE);
	assert_true(mst_sysid_is_zero(&s.row.remote));
	assert_int_equal(rv_stats("snow", "cves").pending, 2);
	rows[0].state = MST_GROUP_DIRTY;
	t_ok(rv.ops->mark(rv.r, "snow", "cves", rows, 1, &rv.err), &rv.err);
	assert_int_equal(rv_stats("snow", "cves").pending, 1);
	assert_int_equal(rv_stats("snow", "cves").dirty, 1);
	rv_group_free(&g);
}

static void test_del(void **state)
{
	struct mst_hash keys[3] = {rv_key_of(MST_SLICE_LIT("a")),
				   rv_key_of(MST_SLICE_LIT("nobody")),
				   rv_key_of(MST_SLICE_LIT("c"))};

	rv_put_text("snow", "cves", "a", 3);
	rv_put_text("snow", "cves", "b", 3);
	rv_put_text("snow", "cves", "c", 0);
	rv_put_text("test", "cves", "a", 3);
	t_ok(rv.ops->del(rv.r, "snow", "none", keys, 3, &rv.err), &rv.err);
	t_ok(rv.ops->del(rv.r, "snow", "cves", keys, 3, &rv.err), &rv.err);
	assert_int_equal(rv_count("snow", "cves"), 1);
	assert_int_equal(rv_stats("snow", "cves").members, 3);
	assert_int_equal(rv_look("test", "cves", MST_SLICE_LIT("a")).members,
			 3);
	rv_put_text("snow", "cves", "a", 2);
	assert_int_equal(rv_look("snow", "cves", MST_SLICE_LIT("a")).members,
			 2);
}

static void test_reset(void **state)
{
	struct mst_buf v = MST_BUF_INIT(64);
	bool found;

	for (int i = 0; i < 2; i++) {
		const char *target = i ? "test" : "snow";

		rv_put_text(target, "devices", "a", 1);
		rv_put_text(target, "cves", "a", 3);
		t_ok(rv.ops->meta_put(rv.r, target, "m", MST_SLICE_LIT("1"),
				      &rv.err),
		     &rv.err);
	}
	t_failed(rv.ops->reset(rv.r, "", NULL, &rv.err), &rv.err, MST_E_INVALID,
		 "needs");
	t_ok(rv.ops->reset(rv.r, "snow", "none", &rv.err), &rv.err);
	t_ok(rv.ops->reset(rv.r, "snow", "cves", &rv.err), &rv.err);
	assert_int_equal(rv_count("snow", "cves"), 0);
	assert_int_equal(rv_count("snow", "devices"), 1);
	t_ok(rv.ops->meta_get(rv.r, "snow", "m", &v, &found, &rv.err), &rv.err);
	assert_true(found);
	t_ok(rv.ops->reset(rv.r, "snow", NULL, &rv.err), &rv.err);
	assert_int_equal(rv_stats("snow", NULL).groups, 0);
	t_ok(rv.ops->meta_get(rv.r, "snow", "m", &v, &found, &rv.err), &rv.err);
	assert_false(found);
	assert_int_equal(rv_stats("test", NULL).members, 4);
	t_ok(rv.ops->meta_get(rv.r, "", "seed", &v, &found, &rv.err), &rv.err);
	assert_true(found);
	rv_put_text("snow", "cves", "b", 2);
	assert_int_equal(rv_stats("snow", NULL).members, 2);
	assert_int_equal(rv_look("test", "cves", MST_SLICE_LIT("a")).members,
			 3);
	mst_buf_fini(&v);
}

static void test_abort(void **state)
{
	struct mst_group_put g = rv_group(MST_SLICE_LIT("a"), 3, true);
	struct mst_group_row row = {.key = g.row.key,
				    .text = MST_SLICE_LIT("a"),
				    .state = MST_GROUP_PENDING};
	struct mst_hash b = rv_key_of(MST_SLICE_LIT("b"));
	struct mst_buf v = MST_BUF_INIT(64);
	bool found;

	t_ok(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err), &rv.err);
	rv_put_text("snow", "cves", "b", 7);
	t_ok(rv.ops->meta_put(rv.r, "snow", "m", MST_SLICE_LIT("before"),
			      &rv.err),
	     &rv.err);
	for (int how = 0; how < 2; how++) {
		t_ok(rv.ops->begin(rv.r, &rv.err), &rv.err);
		t_failed(rv.ops->begin(rv.r, &rv.err), &rv.err, MST_E_INTERNAL,
			 "open");
		t_ok(rv.ops->mark(rv.r, "snow", "cves", &row, 1, &rv.err),
		     &rv.err);
		rv_put_text("snow", "cves", "a", 30);
		rv_put_text("snow", "cves", "a", 31);
		rv_put_text("snow", "cves", "c", 3);
		rv_put_text("new", "set", "c", 3);
		t_ok(rv.ops->del(rv.r, "snow", "cves", &b, 1, &rv.err),
		     &rv.err);
		t_ok(rv.ops->meta_put(rv.r, "snow", "m", MST_SLICE_LIT("x"),
				      &rv.err),
		     &rv.err);
		t_ok(rv.ops->meta_put(rv.r, "snow", "n", MST_SLICE_LIT("x"),
				      &rv.err),
		     &rv.err);
		/* It reads what it wrote. */
		assert_int_equal(rv_count("snow", "cves"), 2);
		assert_int_equal(rv_count("new", "set"), 1);
		t_ok(rv.ops->reset(rv.r, "snow", NULL, &rv.err), &rv.err);
		assert_int_equal(rv_count("snow", "cves"), 0);
		if (how == 0) {
			rv.ops->abort(rv.r);
		} else {
			rv.ops->close(&rv.r); /* closing is no commit */
			rv_open_again();
		}
		assert_int_equal(rv_count("snow", "cves"), 2);
		assert_int_equal(rv_count("new", "set"), 0);
		rv_assert_stored("snow", "cves", &g);
		assert_int_equal(
		    rv_look("snow", "cves", MST_SLICE_LIT("b")).members, 7);
		mst_buf_reset(&v);
		t_ok(rv.ops->meta_get(rv.r, "snow", "m", &v, &found, &rv.err),
		     &rv.err);
		t_is(mst_buf_slice(&v), "before");
		t_ok(rv.ops->meta_get(rv.r, "snow", "n", &v, &found, &rv.err),
		     &rv.err);
		assert_false(found);
	}
	rv.ops->abort(rv.r); /* without a transaction: nothing */
	t_failed(rv.ops->commit(rv.r, &rv.err), &rv.err, MST_E_INTERNAL,
		 "no transaction");
	rv_put_text("new", "set", "c", 3);
	assert_int_equal(rv_count("new", "set"), 1);
	rv_group_free(&g);
	mst_buf_fini(&v);
}

static void test_load_stops(void **state)
{
	struct rv_seen s = {.stop_after = 2, .stop_with = 77};

	rv_put_text("snow", "cves", "a", 3);
	rv_put_text("snow", "cves", "b", 3);
	rv_put_text("snow", "cves", "c", 3);
	assert_int_equal(
	    rv.ops->load(rv.r, "snow", "cves", rv_see_row, &s, &rv.err), 77);
	assert_int_equal(s.rows, 2);
	/* Nothing is left open. */
	t_ok(rv.ops->reset(rv.r, "snow", "cves", &rv.err), &rv.err);
	assert_int_equal(rv_count("snow", "cves"), 0);
}

static int stop_members(void *ctx, const struct mst_hash *key,
			const struct mst_member *m, size_t n)
{
	return ++*(int *)ctx == 2 ? -5 : 0;
}

static void test_members_of_some(void **state)
{
	struct mst_hash keys[4] = {
	    rv_key_of(MST_SLICE_LIT("c")), rv_key_of(MST_SLICE_LIT("nobody")),
	    rv_key_of(MST_SLICE_LIT("a")), rv_key_of(MST_SLICE_LIT("b"))};
	int calls = -10;

	rv_put_text("snow", "cves", "a", 3);
	rv_put_text("snow", "cves", "b", 0);
	rv_put_text("snow", "cves", "c", 5);
	t_ok(rv.ops->members(rv.r, "snow", "cves", keys, 4, stop_members,
			     &calls, &rv.err),
	     &rv.err);
	assert_int_equal(calls, -10 + 3); /* none for a missing group */
	calls = 0;
	assert_int_equal(rv.ops->members(rv.r, "snow", "cves", keys, 4,
					 stop_members, &calls, &rv.err),
			 -5);
	assert_int_equal(calls, 2);
	t_ok(rv.ops->members(rv.r, "snow", "cves", NULL, 0, stop_members,
			     &calls, &rv.err),
	     &rv.err);
}

/* 100,000 groups: stored in batches of 1,000, loaded in order, in time. The
 * times are printed; the limits leave room for a busy machine and for
 * sanitizers. */
static void test_many(void **state)
{
	struct mst_group_put *g = mst_alloc(1000 * sizeof(*g));
	char(*text)[24] = mst_alloc(1000 * sizeof(*text));
	struct mst_recver_stats st;
	struct rv_seen s = {0};
	int64_t t0 = mst_mono_us(), t1, t2;

	for (uint32_t i = 0; i < MANY; i += 1000) {
		for (uint32_t j = 0; j < 1000; j++) {
			(void)snprintf(text[j], sizeof(text[j]), "device-%u",
				       i + j);
			g[j] =
			    rv_group(mst_slice_str(text[j]), (i + j) % 8, true);
		}
		t_ok(rv.ops->begin(rv.r, &rv.err), &rv.err);
		t_ok(rv.ops->put(rv.r, "snow", "cves", g, 1000, &rv.err),
		     &rv.err);
		t_ok(rv.ops->commit(rv.r, &rv.err), &rv.err);
		for (uint32_t j = 0; j < 1000; j++)
			rv_group_free(&g[j]);
	}
	t1 = mst_mono_us();
	t_ok(rv.ops->load(rv.r, "snow", "cves", rv_see_row, &s, &rv.err),
	     &rv.err);
	t2 = mst_mono_us();
	assert_int_equal(s.rows, MANY);
	st = rv_stats("snow", "cves");
	assert_int_equal(st.groups, MANY);
	assert_int_equal(st.members,
			 MANY / 8 * (0 + 1 + 2 + 3 + 4 + 5 + 6 + 7));
	print_message("%s: %u groups: put %.3f s, load %.3f s\n", rv.ops->type,
		      MANY, (double)(t1 - t0) / 1e6, (double)(t2 - t1) / 1e6);
	assert_true(t2 - t1 < 2000000);
	free(g);
	free(text);
}

int rv_every_store(const char *name)
{
	const struct CMUnitTest all[] = {
	    T(test_open),	  T(test_meta),
	    T(test_hostile_keys), T(test_extreme_values),
	    T(test_put_again),	  T(test_targets_and_sets_are_apart),
	    T(test_mark),	  T(test_refuses_bad_lists),
	    T(test_del),	  T(test_reset),
	    T(test_abort),	  T(test_load_stops),
	    T(test_many),	  T(test_members_of_some),
	};

	return cmocka_run_group_tests_name(name, all, NULL, NULL) +
	       tools_tests(name);
}
