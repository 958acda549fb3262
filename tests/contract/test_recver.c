/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules that every RecVer store must keep. Each test runs once per store;
 * what only a store with a file can be asked stands at the end.
 */
#include "tests/lib/t.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "recver/recver.h"

#define SOURCE "defender"
#define MANY   100000u

static const struct mst_recver_ops *ops; /* of the store under test */
static struct mst_recver *r;
static struct mst_err err = MST_ERR_INIT;
static const char *where;

static const char *fresh_place(void)
{
	static unsigned n;

	return t_path("%s/%u.recver", ops->type, n++);
}

static void open_again(void)
{
	t_ok(ops->open(where, SOURCE, false, &r, &err), &err);
}

static int set_up(void **state)
{
	where = fresh_place();
	t_ok(ops->open(where, SOURCE, true, &r, &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	ops->close(&r);
	assert_null(r);
	return 0;
}

/* ---- making and comparing groups ----------------------------------------- */

static struct mst_hash key_of(struct mst_slice text)
{
	return mst_hash128(text.p, text.n, 42);
}

static struct mst_group_put group(struct mst_slice text, uint32_t n,
				  bool with_remote)
{
	struct mst_member *m = mst_alloc((n + 1) * sizeof(*m));
	struct mst_hash key = key_of(text);

	for (uint32_t i = 0; i < n; i++) {
		m[i].key = (uint64_t)i * 3 + 1;
		m[i].value = mst_hash64(&i, sizeof(i), key.lo);
		if (with_remote)
			m[i].remote.b[i % 16] = (uint8_t)(i + 1);
	}
	return (struct mst_group_put){
	    .row = {.key = key,
		    .text = text,
		    .digest = {.lo = key.lo * 7, .hi = key.hi * 5},
		    .members = n,
		    .remote = {{1, 2, 3, [15] = 9}},
		    .first_delivered_us = 1700000000123456,
		    .last_changed_us = 1700000000654321,
		    .last_run = 17,
		    .state = MST_GROUP_CLEAN},
	    .members = m,
	    .with_remote = with_remote,
	};
}

static void group_free(struct mst_group_put *g)
{
	free((void *)(uintptr_t)g->members);
	g->members = NULL;
}

static void put_text(const char *target, const char *set, const char *text,
		     uint32_t n)
{
	struct mst_group_put g = group(mst_slice_str(text), n, true);

	t_ok(ops->put(r, target, set, &g, 1, &err), &err);
	group_free(&g);
}

struct seen {
	struct mst_hash want;
	size_t rows, found, members;
	struct mst_group_row row;
	struct mst_hash last;
	char text[8192];
	struct mst_member m[64];
	int stop_after, stop_with;
};

static int see_row(void *ctx, const struct mst_group_row *row)
{
	struct seen *s = ctx;

	/* In order of the key as a number. */
	if (s->rows++)
		assert_true(
		    s->last.hi < row->key.hi ||
		    (s->last.hi == row->key.hi && s->last.lo < row->key.lo));
	s->last = row->key;
	if (mst_hash_eq(row->key, s->want)) {
		s->found++;
		s->row = *row;
		assert_true(row->text.n < sizeof(s->text));
		if (row->text.n)
			memcpy(s->text, row->text.p, row->text.n);
		s->row.text = mst_slice(s->text, row->text.n);
	}
	if (s->stop_after && s->rows == (size_t)s->stop_after)
		return s->stop_with;
	return 0;
}

static int see_members(void *ctx, const struct mst_hash *key,
		       const struct mst_member *m, size_t n)
{
	struct seen *s = ctx;

	if (!mst_hash_eq(*key, s->want))
		return 0;
	s->found++;
	s->members = n;
	assert_true(n <= MST_LEN(s->m));
	if (n)
		memcpy(s->m, m, n * sizeof(*m));
	return 0;
}

static size_t count(const char *target, const char *set)
{
	struct seen s = {0};

	t_ok(ops->load(r, target, set, see_row, &s, &err), &err);
	return s.rows;
}

static struct seen look(const char *target, const char *set,
			struct mst_slice text)
{
	struct seen s = {.want = key_of(text)};
	struct mst_hash key = s.want;
	size_t rows;

	t_ok(ops->load(r, target, set, see_row, &s, &err), &err);
	rows = s.found;
	s.found = 0;
	t_ok(ops->members(r, target, set, &key, 1, see_members, &s, &err),
	     &err);
	assert_int_equal(s.found, rows);
	return s;
}

static void assert_stored(const char *target, const char *set,
			  const struct mst_group_put *g)
{
	struct seen s = look(target, set, g->row.text);

	assert_int_equal(s.found, 1);
	assert_true(mst_slice_eq(s.row.text, g->row.text));
	assert_true(mst_hash_eq(s.row.digest, g->row.digest));
	assert_int_equal(s.row.members, g->row.members);
	assert_memory_equal(s.row.remote.b, g->row.remote.b, 16);
	assert_true(s.row.first_delivered_us == g->row.first_delivered_us);
	assert_true(s.row.last_changed_us == g->row.last_changed_us);
	assert_true(s.row.last_run == g->row.last_run);
	assert_int_equal(s.row.state, g->row.state);
	assert_int_equal(s.members, g->row.members);
	if (s.members)
		assert_memory_equal(s.m, g->members,
				    s.members * sizeof(s.m[0]));
}

static struct mst_recver_stats stats(const char *target, const char *set)
{
	struct mst_recver_stats st;

	t_ok(ops->stats(r, target, set, &st, &err), &err);
	return st;
}

/* ---- every store --------------------------------------------------------- */

static void test_open(void **state)
{
	struct mst_recver *other = NULL;

	t_failed(ops->open(fresh_place(), SOURCE, false, &other, &err), &err,
		 MST_E_NOTFOUND, "does not exist yet");
	t_failed(ops->open(where, SOURCE, true, &other, &err), &err,
		 MST_E_CONFLICT, "in use by");
	assert_null(other);
	ops->close(&r);
	t_failed(ops->open(where, "other", false, &other, &err), &err,
		 MST_E_INVALID, "belongs to the connection 'defender'");
	/* A refused opener leaves no lock. */
	open_again();
	ops->close(&r);
	ops->close(&r);
}

static void test_meta(void **state)
{
	struct mst_buf seed = MST_BUF_INIT(64), v = MST_BUF_INIT(64);
	struct mst_buf small = MST_BUF_INIT(3);
	bool found = true;

	t_ok(ops->meta_get(r, "", "seed", &seed, &found, &err), &err);
	assert_true(found);
	assert_int_equal(seed.n, 8);
	t_ok(ops->meta_get(r, NULL, "hash", &v, &found, &err), &err);
	t_is(mst_buf_slice(&v), "xxh3-128");
	t_failed(ops->meta_put(r, "", "seed", MST_SLICE_LIT("x"), &err), &err,
		 MST_E_INVALID, "cannot be set");

	t_ok(ops->meta_get(r, "snow", "cursor", &v, &found, &err), &err);
	assert_false(found);
	t_ok(ops->meta_put(r, "snow", "cursor", MST_SLICE_LIT("a\0b "), &err),
	     &err);
	t_ok(ops->meta_put(r, "Snow", "cursor", MST_SLICE_LIT(""), &err), &err);
	t_ok(ops->meta_put(r, "", "cursor", MST_SLICE_LIT("own"), &err), &err);
	mst_buf_reset(&v);
	t_ok(ops->meta_get(r, "snow", "cursor", &v, &found, &err), &err);
	assert_true(found);
	assert_true(mst_slice_eq(mst_buf_slice(&v), MST_SLICE_LIT("a\0b ")));
	/* Appended, not replaced. */
	t_ok(ops->meta_get(r, "", "cursor", &v, &found, &err), &err);
	assert_int_equal(v.n, 7);
	t_ok(ops->meta_get(r, "Snow", "cursor", &v, &found, &err), &err);
	assert_true(found);
	assert_int_equal(v.n, 7);
	t_failed(ops->meta_get(r, "snow", "cursor", &small, &found, &err), &err,
		 MST_E_INVALID, "longer than");
	t_ok(ops->meta_put(r, "snow", "cursor", MST_SLICE_LIT("new"), &err),
	     &err);

	ops->close(&r);
	open_again();
	mst_buf_reset(&v);
	t_ok(ops->meta_get(r, "", "seed", &v, &found, &err), &err);
	assert_true(mst_slice_eq(mst_buf_slice(&v), mst_buf_slice(&seed)));
	mst_buf_reset(&v);
	t_ok(ops->meta_get(r, "snow", "cursor", &v, &found, &err), &err);
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
		g[i] = group(keys[i], (uint32_t)i, i & 1);
	/* Without remote ids, those come back as zero. */
	t_ok(ops->put(r, "snow", "devices", g, MST_LEN(keys), &err), &err);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(count("snow", "devices"), MST_LEN(keys));
		for (size_t i = 0; i < MST_LEN(keys); i++)
			assert_stored("snow", "devices", &g[i]);
		ops->close(&r);
		open_again();
	}
	for (size_t i = 0; i < MST_LEN(keys); i++)
		group_free(&g[i]);
	free(longest);
}

static void test_extreme_values(void **state)
{
	struct mst_group_put g = group(MST_SLICE_LIT("x"), 2, true);
	struct mst_member m[2] = {
	    {.key = 0, .value = UINT64_MAX},
	    {.key = UINT64_MAX, .value = 0},
	};

	memset(m[0].remote.b, 0xff, 16);
	group_free(&g);
	g.members = m;
	g.row.digest = (struct mst_hash){UINT64_MAX, UINT64_MAX};
	g.row.first_delivered_us = MST_TIME_NONE;
	g.row.last_changed_us = INT64_MAX;
	g.row.last_run = INT64_MAX;
	g.row.state = MST_GROUP_PENDING;
	memset(g.row.remote.b, 0, 16);
	t_ok(ops->put(r, "snow", "devices", &g, 1, &err), &err);
	assert_stored("snow", "devices", &g);
}

static void test_targets_and_sets_are_apart(void **state)
{
	static const char *const targets[] = {"snow", "SNOW", "snow ", "test"};
	static const char *const sets[] = {"devices", "software"};

	for (size_t t = 0; t < MST_LEN(targets); t++) {
		for (size_t s = 0; s < MST_LEN(sets); s++)
			put_text(targets[t], sets[s], "pc-1",
				 (uint32_t)(t * 2 + s));
	}
	for (size_t t = 0; t < MST_LEN(targets); t++) {
		for (size_t s = 0; s < MST_LEN(sets); s++) {
			struct seen seen =
			    look(targets[t], sets[s], MST_SLICE_LIT("pc-1"));

			assert_int_equal(seen.rows, 1);
			assert_int_equal(seen.members, t * 2 + s);
		}
	}
	assert_int_equal(stats(NULL, NULL).groups, 8);
	assert_int_equal(stats("snow", NULL).groups, 2);
	assert_int_equal(stats(NULL, "software").members, 1 + 3 + 5 + 7);
	assert_int_equal(stats("test", "software").members, 7);
	assert_int_equal(stats("none", NULL).groups, 0);
	assert_int_equal(count("none", "devices"), 0);
	assert_int_equal(count("snow", "none"), 0);
}

static void test_put_again(void **state)
{
	struct mst_group_put g = group(MST_SLICE_LIT("pc-1"), 5, true);
	struct mst_group_put two[2];

	t_ok(ops->put(r, "snow", "cves", &g, 1, &err), &err);
	/* No list given: the stored one stays, with its number. */
	g.row.digest.lo++;
	g.row.members = 0;
	g.row.state = MST_GROUP_DIRTY;
	two[0] = g;
	two[0].members = NULL;
	t_ok(ops->put(r, "snow", "cves", two, 1, &err), &err);
	g.row.members = 5;
	assert_stored("snow", "cves", &g);
	group_free(&g);
	/* Longer, then shorter, then none. */
	for (uint32_t n = 60;; n -= 30) {
		g = group(MST_SLICE_LIT("pc-1"), n, n == 30);
		t_ok(ops->put(r, "snow", "cves", &g, 1, &err), &err);
		assert_stored("snow", "cves", &g);
		assert_int_equal(stats("snow", "cves").members, n);
		group_free(&g);
		if (n == 0)
			break;
	}
	/* A group that is a record itself has a number, but no list. */
	g = group(MST_SLICE_LIT("pc-2"), 1, false);
	group_free(&g);
	t_ok(ops->put(r, "snow", "devices", &g, 1, &err), &err);
	assert_int_equal(
	    look("snow", "devices", MST_SLICE_LIT("pc-2")).row.members, 1);
	assert_int_equal(look("snow", "devices", MST_SLICE_LIT("pc-2")).members,
			 0);
	/* The same group twice in one batch: the later one counts. */
	two[0] = group(MST_SLICE_LIT("twice"), 3, false);
	two[1] = group(MST_SLICE_LIT("twice"), 4, false);
	t_ok(ops->put(r, "snow", "cves", two, 2, &err), &err);
	assert_stored("snow", "cves", &two[1]);
	group_free(&two[0]);
	group_free(&two[1]);
	assert_int_equal(count("snow", "cves"), 2);
}

static void test_refuses_bad_lists(void **state)
{
	struct mst_group_put g[2] = {group(MST_SLICE_LIT("good"), 2, false),
				     group(MST_SLICE_LIT("bad"), 2, false)};
	struct mst_member m[2] = {{.key = 7}, {.key = 7}};
	const struct mst_member *own = g[1].members;

	g[1].members = m;
	t_failed(ops->put(r, "snow", "cves", g, 2, &err), &err, MST_E_INTERNAL,
		 "not in order");
	/* All of the batch, or nothing of it. */
	assert_int_equal(count("snow", "cves"), 0);
	g[1].members = own;
	group_free(&g[0]);
	group_free(&g[1]);
}

static void test_mark(void **state)
{
	struct mst_group_put g = group(MST_SLICE_LIT("old"), 3, true);
	struct mst_group_row rows[2] = {
	    {.key = g.row.key,
	     .text = MST_SLICE_LIT("old"),
	     .state = MST_GROUP_PENDING},
	    {.key = key_of(MST_SLICE_LIT("new")),
	     .text = MST_SLICE_LIT("new"),
	     .digest = {1, 1},
	     .members = 12,
	     .state = MST_GROUP_PENDING},
	};
	struct seen s;

	t_ok(ops->put(r, "snow", "cves", &g, 1, &err), &err);
	t_ok(ops->mark(r, "snow", "cves", rows, 2, &err), &err);
	g.row.state = MST_GROUP_PENDING;
	assert_stored("snow", "cves", &g);
	s = look("snow", "cves", MST_SLICE_LIT("new"));
	assert_int_equal(s.found, 1);
	t_is(s.row.text, "new");
	assert_true(mst_hash_is_zero(s.row.digest));
	assert_int_equal(s.row.members, 0);
	assert_int_equal(s.members, 0);
	assert_int_equal(s.row.state, MST_GROUP_PENDING);
	assert_true(s.row.first_delivered_us == MST_TIME_NONE);
	assert_true(mst_sysid_is_zero(&s.row.remote));
	assert_int_equal(stats("snow", "cves").pending, 2);
	rows[0].state = MST_GROUP_DIRTY;
	t_ok(ops->mark(r, "snow", "cves", rows, 1, &err), &err);
	assert_int_equal(stats("snow", "cves").pending, 1);
	assert_int_equal(stats("snow", "cves").dirty, 1);
	group_free(&g);
}

static void test_del(void **state)
{
	struct mst_hash keys[3] = {key_of(MST_SLICE_LIT("a")),
				   key_of(MST_SLICE_LIT("nobody")),
				   key_of(MST_SLICE_LIT("c"))};

	put_text("snow", "cves", "a", 3);
	put_text("snow", "cves", "b", 3);
	put_text("snow", "cves", "c", 0);
	put_text("test", "cves", "a", 3);
	t_ok(ops->del(r, "snow", "none", keys, 3, &err), &err);
	t_ok(ops->del(r, "snow", "cves", keys, 3, &err), &err);
	assert_int_equal(count("snow", "cves"), 1);
	assert_int_equal(stats("snow", "cves").members, 3);
	assert_int_equal(look("test", "cves", MST_SLICE_LIT("a")).members, 3);
	put_text("snow", "cves", "a", 2);
	assert_int_equal(look("snow", "cves", MST_SLICE_LIT("a")).members, 2);
}

static void test_reset(void **state)
{
	struct mst_buf v = MST_BUF_INIT(64);
	bool found;

	for (int i = 0; i < 2; i++) {
		const char *target = i ? "test" : "snow";

		put_text(target, "devices", "a", 1);
		put_text(target, "cves", "a", 3);
		t_ok(ops->meta_put(r, target, "m", MST_SLICE_LIT("1"), &err),
		     &err);
	}
	t_failed(ops->reset(r, "", NULL, &err), &err, MST_E_INVALID, "needs");
	t_ok(ops->reset(r, "snow", "none", &err), &err);
	t_ok(ops->reset(r, "snow", "cves", &err), &err);
	assert_int_equal(count("snow", "cves"), 0);
	assert_int_equal(count("snow", "devices"), 1);
	t_ok(ops->meta_get(r, "snow", "m", &v, &found, &err), &err);
	assert_true(found);
	t_ok(ops->reset(r, "snow", NULL, &err), &err);
	assert_int_equal(stats("snow", NULL).groups, 0);
	t_ok(ops->meta_get(r, "snow", "m", &v, &found, &err), &err);
	assert_false(found);
	assert_int_equal(stats("test", NULL).members, 4);
	t_ok(ops->meta_get(r, "", "seed", &v, &found, &err), &err);
	assert_true(found);
	put_text("snow", "cves", "b", 2);
	assert_int_equal(stats("snow", NULL).members, 2);
	assert_int_equal(look("test", "cves", MST_SLICE_LIT("a")).members, 3);
	mst_buf_fini(&v);
}

static void test_abort(void **state)
{
	struct mst_group_put g = group(MST_SLICE_LIT("a"), 3, true);
	struct mst_group_row row = {.key = g.row.key,
				    .text = MST_SLICE_LIT("a"),
				    .state = MST_GROUP_PENDING};
	struct mst_hash b = key_of(MST_SLICE_LIT("b"));
	struct mst_buf v = MST_BUF_INIT(64);
	bool found;

	t_ok(ops->put(r, "snow", "cves", &g, 1, &err), &err);
	put_text("snow", "cves", "b", 7);
	t_ok(ops->meta_put(r, "snow", "m", MST_SLICE_LIT("before"), &err),
	     &err);
	for (int how = 0; how < 2; how++) {
		t_ok(ops->begin(r, &err), &err);
		t_failed(ops->begin(r, &err), &err, MST_E_INTERNAL, "open");
		t_ok(ops->mark(r, "snow", "cves", &row, 1, &err), &err);
		put_text("snow", "cves", "a", 30);
		put_text("snow", "cves", "a", 31);
		put_text("snow", "cves", "c", 3);
		put_text("new", "set", "c", 3);
		t_ok(ops->del(r, "snow", "cves", &b, 1, &err), &err);
		t_ok(ops->meta_put(r, "snow", "m", MST_SLICE_LIT("x"), &err),
		     &err);
		t_ok(ops->meta_put(r, "snow", "n", MST_SLICE_LIT("x"), &err),
		     &err);
		/* It reads what it wrote. */
		assert_int_equal(count("snow", "cves"), 2);
		assert_int_equal(count("new", "set"), 1);
		t_ok(ops->reset(r, "snow", NULL, &err), &err);
		assert_int_equal(count("snow", "cves"), 0);
		if (how == 0) {
			ops->abort(r);
		} else {
			ops->close(&r); /* closing is no commit */
			open_again();
		}
		assert_int_equal(count("snow", "cves"), 2);
		assert_int_equal(count("new", "set"), 0);
		assert_stored("snow", "cves", &g);
		assert_int_equal(
		    look("snow", "cves", MST_SLICE_LIT("b")).members, 7);
		mst_buf_reset(&v);
		t_ok(ops->meta_get(r, "snow", "m", &v, &found, &err), &err);
		t_is(mst_buf_slice(&v), "before");
		t_ok(ops->meta_get(r, "snow", "n", &v, &found, &err), &err);
		assert_false(found);
	}
	ops->abort(r); /* without a transaction: nothing */
	t_failed(ops->commit(r, &err), &err, MST_E_INTERNAL, "no transaction");
	put_text("new", "set", "c", 3);
	assert_int_equal(count("new", "set"), 1);
	group_free(&g);
	mst_buf_fini(&v);
}

static void test_load_stops(void **state)
{
	struct seen s = {.stop_after = 2, .stop_with = 77};

	put_text("snow", "cves", "a", 3);
	put_text("snow", "cves", "b", 3);
	put_text("snow", "cves", "c", 3);
	assert_int_equal(ops->load(r, "snow", "cves", see_row, &s, &err), 77);
	assert_int_equal(s.rows, 2);
	/* Nothing is left open. */
	t_ok(ops->reset(r, "snow", "cves", &err), &err);
	assert_int_equal(count("snow", "cves"), 0);
}

static int stop_members(void *ctx, const struct mst_hash *key,
			const struct mst_member *m, size_t n)
{
	return ++*(int *)ctx == 2 ? -5 : 0;
}

static void test_members_of_some(void **state)
{
	struct mst_hash keys[4] = {
	    key_of(MST_SLICE_LIT("c")), key_of(MST_SLICE_LIT("nobody")),
	    key_of(MST_SLICE_LIT("a")), key_of(MST_SLICE_LIT("b"))};
	int calls = -10;

	put_text("snow", "cves", "a", 3);
	put_text("snow", "cves", "b", 0);
	put_text("snow", "cves", "c", 5);
	t_ok(ops->members(r, "snow", "cves", keys, 4, stop_members, &calls,
			  &err),
	     &err);
	assert_int_equal(calls, -10 + 3); /* none for a missing group */
	calls = 0;
	assert_int_equal(ops->members(r, "snow", "cves", keys, 4, stop_members,
				      &calls, &err),
			 -5);
	assert_int_equal(calls, 2);
	t_ok(ops->members(r, "snow", "cves", NULL, 0, stop_members, &calls,
			  &err),
	     &err);
}

/* 100,000 groups: stored in batches of 1,000, loaded in order, in time. The
 * times are printed; the limits leave room for a busy machine and for
 * sanitizers. */
static void test_many(void **state)
{
	struct mst_group_put *g = mst_alloc(1000 * sizeof(*g));
	char(*text)[24] = mst_alloc(1000 * sizeof(*text));
	struct mst_recver_stats st;
	struct seen s = {0};
	int64_t t0 = mst_mono_us(), t1, t2;

	for (uint32_t i = 0; i < MANY; i += 1000) {
		for (uint32_t j = 0; j < 1000; j++) {
			(void)snprintf(text[j], sizeof(text[j]), "device-%u",
				       i + j);
			g[j] = group(mst_slice_str(text[j]), (i + j) % 8, true);
		}
		t_ok(ops->begin(r, &err), &err);
		t_ok(ops->put(r, "snow", "cves", g, 1000, &err), &err);
		t_ok(ops->commit(r, &err), &err);
		for (uint32_t j = 0; j < 1000; j++)
			group_free(&g[j]);
	}
	t1 = mst_mono_us();
	t_ok(ops->load(r, "snow", "cves", see_row, &s, &err), &err);
	t2 = mst_mono_us();
	assert_int_equal(s.rows, MANY);
	st = stats("snow", "cves");
	assert_int_equal(st.groups, MANY);
	assert_int_equal(st.members,
			 MANY / 8 * (0 + 1 + 2 + 3 + 4 + 5 + 6 + 7));
	print_message("%s: %u groups: put %.3f s, load %.3f s\n", ops->type,
		      MANY, (double)(t1 - t0) / 1e6, (double)(t2 - t1) / 1e6);
	assert_true(t2 - t1 < 2000000);
	free(g);
	free(text);
}

/* ---- stores with a file -------------------------------------------------- */

/* What a first load of 5,000 devices with 40 CVEs each takes. */
static void test_size(void **state)
{
	struct mst_group_put *g;
	struct mst_group_row *rows;
	struct mst_recver_stats st;
	struct stat sb;
	double each;
	char text[41];

	g = mst_alloc(250 * sizeof(*g));
	rows = mst_alloc(250 * sizeof(*rows));
	for (int i = 0; i < 5000; i += 250) {
		for (int j = 0; j < 250; j++) {
			/* Machine ids have 40 hex digits. */
			(void)snprintf(text, sizeof(text), "%040x",
				       (unsigned)(i + j) * 2654435761u);
			g[j] = group(mst_slice(mst_strndup(text, 40), 40), 40,
				     true);
			/* Has no record of its own in the destination. */
			memset(g[j].row.remote.b, 0, 16);
			rows[j] = g[j].row;
			rows[j].state = MST_GROUP_PENDING;
		}
		/* As a run does: marked, pushed, stored. */
		t_ok(ops->mark(r, "snow", "cves", rows, 250, &err), &err);
		t_ok(ops->begin(r, &err), &err);
		t_ok(ops->put(r, "snow", "cves", g, 250, &err), &err);
		t_ok(ops->commit(r, &err), &err);
		for (int j = 0; j < 250; j++) {
			free((void *)(uintptr_t)g[j].row.text.p);
			group_free(&g[j]);
		}
	}
	t_ok(ops->compact(r, &err), &err);
	st = stats("snow", NULL);
	assert_int_equal(st.members, 200000);
	assert_int_equal(stat(where, &sb), 0);
	assert_int_equal(st.bytes, sb.st_size);
	each = (double)st.bytes / (double)st.members;
	print_message("%s: %.2f bytes a member\n", ops->type, each);
	assert_true(each <= 40.0);
	ops->close(&r);
	assert_int_equal(stat(where, &sb), 0);
	assert_true((uint64_t)sb.st_size <= st.bytes);
	free(g);
	free(rows);
}

static void test_compact_gives_back(void **state)
{
	struct mst_recver_stats before, after;
	struct mst_group_put g;
	char text[16];

	t_ok(ops->begin(r, &err), &err);
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(text, sizeof(text), "pc-%d", i);
		put_text(i % 10 ? "gone" : "snow", "cves", text, 60);
	}
	t_ok(ops->commit(r, &err), &err);
	t_ok(ops->compact(r, &err), &err);
	before = stats(NULL, NULL);
	t_ok(ops->reset(r, "gone", NULL, &err), &err);
	t_ok(ops->compact(r, &err), &err);
	after = stats(NULL, NULL);
	assert_true(after.bytes < before.bytes / 4);
	assert_int_equal(after.groups, 200);
	g = group(MST_SLICE_LIT("pc-30"), 60, true);
	assert_stored("snow", "cves", &g);
	group_free(&g);
}

/* Writes in a child that dies without closing; what it committed is there,
 * what it had not is not, and its lock is gone. */
static void test_crash(void **state)
{
	put_text("snow", "cves", "parent", 3);
	ops->close(&r);
	for (int step = 0; step < 4; step++) {
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			struct mst_group_put g =
			    group(MST_SLICE_LIT("child"), 60, true);
			struct mst_group_row row = g.row;
			bool ok;

			row.state = MST_GROUP_PENDING;
			ok = ops->open(where, SOURCE, false, &r, &err) == 0;
			if (ok && step >= 1)
				ok = ops->mark(r, "snow", "cves", &row, 1,
					       &err) == 0;
			if (ok && step >= 2)
				ok = ops->begin(r, &err) == 0 &&
				     ops->put(r, "snow", "cves", &g, 1, &err) ==
					 0;
			if (ok && step >= 3)
				ok = ops->commit(r, &err) == 0;
			_exit(ok ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		open_again();
		assert_int_equal(count("snow", "cves"), step >= 1 ? 2 : 1);
		assert_int_equal(
		    look("snow", "cves", MST_SLICE_LIT("parent")).members, 3);
		if (step >= 1) {
			struct seen s =
			    look("snow", "cves", MST_SLICE_LIT("child"));

			assert_int_equal(s.members, step == 3 ? 60 : 0);
			assert_int_equal(s.row.state, step == 3
							  ? MST_GROUP_CLEAN
							  : MST_GROUP_PENDING);
		}
		ops->close(&r);
	}
}

static void test_second_process(void **state)
{
	char part[64];
	int status;
	pid_t pid;

	(void)snprintf(part, sizeof(part), "process %ld", (long)getpid());
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct mst_recver *mine = NULL;
		int rc = ops->open(where, SOURCE, true, &mine, &err);

		_exit(rc == -MST_E_CONFLICT && strstr(err.msg, part) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void sql(const char *text)
{
	sqlite3 *h = NULL;

	assert_int_equal(sqlite3_open(where, &h), SQLITE_OK);
	assert_int_equal(sqlite3_exec(h, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(h);
}

static void test_damage(void **state)
{
	static const struct {
		const char *sql, *part;
	} damage[] = {
	    {"UPDATE members SET list=substr(list, 1, 33)", "member list"},
	    {"UPDATE members SET list=zeroblob(96)", "out of order"},
	    {"DELETE FROM members", "member list is gone"},
	    {"UPDATE grp SET members=2", "member list"},
	    {"UPDATE grp SET members=-1", "impossible"},
	    {"UPDATE grp SET state=9", "impossible"},
	    {"UPDATE grp SET digest=x'00'", "impossible"},
	};
	struct mst_hash key = key_of(MST_SLICE_LIT("pc-1"));

	for (size_t i = 0; i < MST_LEN(damage); i++) {
		struct seen s = {0};
		char hex[33];
		int rc;

		t_ok(ops->reset(r, "snow", NULL, &err), &err);
		put_text("snow", "cves", "pc-1", 3);
		ops->close(&r);
		sql(damage[i].sql);
		open_again();
		rc = ops->load(r, "snow", "cves", see_row, &s, &err);
		if (rc == 0)
			rc = ops->members(r, "snow", "cves", &key, 1,
					  see_members, &s, &err);
		t_failed(rc, &err, MST_E_CORRUPT, damage[i].part);
		mst_hash_hex(key, hex);
		assert_non_null(strstr(err.msg, hex));
		assert_non_null(strstr(err.msg, "recver reset"));
		/* The remedy works. */
		t_ok(ops->reset(r, "snow", NULL, &err), &err);
		assert_int_equal(count("snow", "cves"), 0);
	}
}

static void test_refused_files(void **state)
{
	char *noise = mst_alloc(100000);

	put_text("snow", "cves", "pc-1", 3);
	ops->close(&r);
	sql("PRAGMA user_version=7");
	t_failed(ops->open(where, SOURCE, true, &r, &err), &err,
		 MST_E_UNSUPPORTED, "newer muster (schema 7");
	sql("PRAGMA user_version=1; UPDATE meta SET value=x'35'"
	    " WHERE name='hash'");
	t_failed(ops->open(where, SOURCE, true, &r, &err), &err,
		 MST_E_UNSUPPORTED, "another kind");

	where = fresh_place();
	memset(noise, 'n', 100000);
	t_write(where, mst_slice(noise, 100000));
	t_failed(ops->open(where, SOURCE, true, &r, &err), &err, MST_E_CORRUPT,
		 "is damaged");
	where = fresh_place();
	sql("CREATE TABLE somebodys(x)");
	t_failed(ops->open(where, SOURCE, true, &r, &err), &err, MST_E_CORRUPT,
		 "some other database");
	t_failed(ops->open(t_dir(), SOURCE, true, &r, &err), &err,
		 MST_E_INVALID, "not a file");
	assert_null(r);
	free(noise);
}

/* As a user who may not write there; in a child, for root may everywhere. */
static void test_no_access(void **state)
{
	const char *dir = t_path("locked"), *path = t_path("locked/x.recver");
	int status;
	pid_t pid;

	assert_int_equal(mkdir(dir, 0755), 0);
	if (geteuid() == 0)
		assert_int_equal(chmod(t_dir(), 0755), 0);
	else
		assert_int_equal(chmod(dir, 0555), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct mst_recver *mine = NULL;

		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(1);
		if (ops->open(path, SOURCE, true, &mine, &err) != -MST_E_IO)
			_exit(2);
		if (!strstr(err.msg, path) ||
		    !strstr(err.msg, "give the user that runs muster access"))
			_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* In a child, because the limit and the signal are the whole process's. */
static void test_full_disk(void **state)
{
	int status;
	pid_t pid;

	put_text("snow", "cves", "parent", 3);
	ops->close(&r);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit small = {1u << 20, 1u << 20};
		struct mst_group_put g;
		char text[16];
		int rc;

		signal(SIGXFSZ, SIG_IGN);
		if (ops->open(where, SOURCE, false, &r, &err) < 0)
			_exit(1);
		setrlimit(RLIMIT_FSIZE, &small);
		if (ops->begin(r, &err) < 0)
			_exit(2);
		rc = 0;
		for (int i = 0; i < 4000 && rc == 0; i++) {
			(void)snprintf(text, sizeof(text), "pc-%d", i);
			g = group(mst_slice_str(text), 60, true);
			rc = ops->put(r, "snow", "cves", &g, 1, &err);
		}
		if (rc == 0)
			rc = ops->commit(r, &err);
		else
			ops->abort(r);
		if (rc != -MST_E_IO || !strstr(err.msg, where))
			_exit(3);
		/* What was there can still be read. */
		_exit(count("snow", "cves") == 1 ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	open_again();
	assert_int_equal(count("snow", "cves"), 1);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	static const char *const types[] = {"mem", "sqlite"};
	const struct CMUnitTest all[] = {
	    T(test_open),	  T(test_meta),
	    T(test_hostile_keys), T(test_extreme_values),
	    T(test_put_again),	  T(test_targets_and_sets_are_apart),
	    T(test_mark),	  T(test_refuses_bad_lists),
	    T(test_del),	  T(test_reset),
	    T(test_abort),	  T(test_load_stops),
	    T(test_many),	  T(test_members_of_some),
	};
	const struct CMUnitTest with_file[] = {
	    T(test_size),      T(test_compact_gives_back),
	    T(test_crash),     T(test_second_process),
	    T(test_damage),    T(test_refused_files),
	    T(test_no_access), T(test_full_disk),
	};
	int failed = 0;

	for (size_t i = 0; i < MST_LEN(types); i++) {
		ops = mst_recver_find(types[i]);
		if (!ops || strcmp(ops->type, types[i]) != 0)
			return 1;
		failed +=
		    cmocka_run_group_tests_name(types[i], all, NULL, NULL);
	}
	ops = &mst_recver_sqlite;
	failed +=
	    cmocka_run_group_tests_name("sqlite: file", with_file, NULL, NULL);
	return failed + (mst_recver_find("none") != NULL);
}
