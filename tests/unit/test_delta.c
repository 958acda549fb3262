/* SPDX-License-Identifier: Apache-2.0
 *
 * What changed: files written by the test against a RecVer in memory, to which
 * the test "delivers" as the push would. Every reading is done with one and
 * with three threads, and with chunks of one group: the changes must be the
 * same ones.
 */
#include "sync_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "sync/delta_private.h"

#define TARGET "t"

static struct mst_recver *recver;
static struct mst_spool s;
static struct mst_job job;
static struct mst_delta *d;
static struct mst_err err;
static struct fx_conf conf;
static unsigned skips;
static char skip_text[512];
static struct {
	bool full, every;
	uint64_t limit, seed;
	const char *one;
} ask;

static int set_up(void **state MST_UNUSED)
{
	err = (struct mst_err)MST_ERR_INIT;
	t_ok(mst_recver_mem.open(&(struct mst_recver_conf){0}, "here", true,
				 &recver, &err),
	     &err);
	job = (struct mst_job){
	    .name = "job", .source = &fx_source, .catalog = fx_source.catalog};
	conf = (struct fx_conf){0};
	ask.full = ask.every = false;
	ask.limit = 0;
	ask.seed = 77;
	ask.one = NULL;
	return 0;
}

static void stop_delta(void)
{
	if (d)
		mst_delta_fini(d);
	free(d);
	d = NULL;
}

static int tear_down(void **state MST_UNUSED)
{
	stop_delta();
	mst_spool_fini(&s);
	mst_recver_mem.close(&recver);
	return 0;
}

/* ---- the source -----------------------------------------------------------
 */

/* A new spool; all feeds are there and proven. */
static void source(void)
{
	stop_delta();
	mst_spool_fini(&s);
	t_ok(mst_spool_make(&s, &fx_source, fx_dir(), true, &err), &err);
	for (unsigned f = 0; f < FX__FEEDS; f++) {
		s.feeds[f].present = true;
		s.feeds[f].proof.complete = true;
	}
}

static void file(unsigned feed, const char *text)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "%zu", s.feeds[feed].parts_n);
	fx_add(&s, feed, name, text, MST_PART_UNKNOWN,
	       s.feeds[feed].parts_n % 2 == 1);
}

#define DEVICE(id, name) "{'id':'" id "','name':'" name "','os':'Linux'}\n"
#define ROW(dev, key, text, def)                                               \
	"{'device':'" dev "','key':'" key "','text':'" text "','def':'" def    \
	"','score':5}\n"

/* Three devices, five rows, two definitions and one that the list lacks. */
static void standard(void)
{
	source();
	file(FX_DEVICES,
	     DEVICE("d1", "one") DEVICE("d2", "two") DEVICE("d3", "three"));
	file(FX_ROWS, ROW("d1", "k1", "a", "x") ROW("d1", "k2", "b", "y")
			  ROW("d2", "k3", "c", "x"));
	file(FX_ROWS, ROW("d3", "k4", "d", "z") ROW("d3", "k5", "e", "x"));
	file(FX_DEFS, "{'id':'X','title':'ex'}\n{'id':'Y','title':'why'}\n"
		      "{'id':'UNUSED','title':'nobody'}\n");
}

/* ---- reading -------------------------------------------------------------
 */

static void take_skip(void *ctx, const char *set, struct mst_slice key,
		      struct mst_slice why)
{
	skips++;
	(void)snprintf(skip_text, sizeof(skip_text), "%s %.*s: %.*s", set,
		       MST_SLICE_ARG(key), MST_SLICE_ARG(why));
}

static struct mst_hash run(unsigned threads, size_t chunk)
{
	size_t kept = mst_collect_bytes;

	stop_delta();
	d = mst_alloc(sizeof(*d));
	*d = (struct mst_delta){
	    .job = &job,
	    .spool = &s,
	    .recver = recver,
	    .target = TARGET,
	    .threads = threads,
	    .full = ask.full,
	    .every_group = ask.every,
	    .limit = ask.limit,
	    .one = ask.one,
	    .dir = t_dir(),
	    .skip = take_skip,
	    .rules = {.catalog = job.catalog,
		      .conf = &conf,
		      .connection = "here",
		      .now_us = 1732060800000000,
		      .seed = ask.seed},
	};
	skips = 0;
	mst_collect_bytes = chunk ? chunk : kept;
	t_ok(mst_delta_run(d, &err), &err);
	mst_collect_bytes = kept;
	return mst_delta_sum(d);
}

static struct mst_hash compare(void)
{
	struct mst_hash one = run(1, 0), three = run(3, 0);
	struct mst_hash small = run(1, 1), both = run(3, 1);

	assert_true(mst_hash_eq(one, three));
	assert_true(mst_hash_eq(one, small));
	assert_true(mst_hash_eq(one, both));
	return one;
}

static void counts(const char *set, uint64_t inserts, uint64_t updates,
		   uint64_t missing, uint64_t unchanged)
{
	const struct mst_set_delta *sd = mst_delta_set(d, set);

	if (sd->inserts != inserts || sd->updates != updates ||
	    sd->missing != missing || sd->unchanged != unchanged ||
	    sd->changes.recs_n < inserts + updates + missing)
		fail_msg("%s: %llu inserts, %llu updates, %llu missing, %llu "
			 "unchanged, %llu changes",
			 set, (unsigned long long)sd->inserts,
			 (unsigned long long)sd->updates,
			 (unsigned long long)sd->missing,
			 (unsigned long long)sd->unchanged,
			 (unsigned long long)sd->changes.recs_n);
}

/* Nothing to write (a digest may want to be noted). */
static void quiet(void)
{
	(void)compare();
	for (size_t i = 0; i < d->sets_n; i++) {
		const struct mst_set_delta *sd = &d->sets[i];

		if (sd->inserts + sd->updates + sd->missing)
			fail_msg("%s has %llu changes", sd->set->name,
				 (unsigned long long)sd->changes.recs_n);
	}
}

/* ---- delivering -----------------------------------------------------------
 */

struct stored {
	struct mst_member m[64];
	size_t n;
};

static int take_members(void *ctx, const struct mst_hash *key,
			const struct mst_member *m, size_t n)
{
	struct stored *st = ctx;

	assert_true(n <= 64);
	if (n)
		memcpy(st->m, m, n * sizeof(*m));
	st->n = n;
	return 0;
}

static void apply_one(struct stored *st, const struct mst_change_rec *rec)
{
	size_t at = 0;

	while (at < st->n && st->m[at].key < rec->key)
		at++;
	if (rec->action == MST_INSERT) {
		assert_true(at == st->n || st->m[at].key != rec->key);
		assert_true(st->n < 64);
		memmove(&st->m[at + 1], &st->m[at],
			(st->n - at) * sizeof(st->m[0]));
		st->n++;
	} else {
		assert_true(at < st->n && st->m[at].key == rec->key);
	}
	if (rec->action == MST_CLOSE || rec->action == MST_DELETE ||
	    rec->action == MST_FORGET) {
		memmove(&st->m[at], &st->m[at + 1],
			(st->n - at - 1) * sizeof(st->m[0]));
		st->n--;
		return;
	}
	st->m[at] = (struct mst_member){
	    .key = rec->key, .value = rec->value, .remote = {{2}}};
}

static void deliver_group(const struct mst_set_delta *sd, uint32_t group)
{
	const struct mst_group *g = &sd->groups.v[group];
	struct stored st = {.n = 0};
	struct mst_group_put put = {.row = {.key = g->key,
					    .text = g->text,
					    .digest = g->digest,
					    .remote = {{1}},
					    .state = MST_GROUP_CLEAN}};
	const uint64_t *id = &g->key.lo; /* every record is one of its own */
	struct mst_change_rec rec;
	bool touched = (g->flags & MST_G_CHANGED) != 0, gone = false;
	size_t n;

	memcpy(put.row.remote.b + 1, id, sizeof(*id));
	t_ok(recver->ops->members(recver, TARGET, sd->set->name, &g->key, 1,
				  take_members, &st, &err),
	     &err);
	for (uint64_t at = 0; at < sd->changes.recs_n; at++) {
		t_ok(mst_changes_get(&sd->changes, at, &rec, 1, &n, &err),
		     &err);
		if (rec.group != group)
			continue;
		touched = true;
		if (sd->set->parent && rec.action == MST_FORGET && !rec.key)
			continue;
		if (sd->set->parent)
			apply_one(&st, &rec);
		else
			gone = rec.action >= MST_RETIRE;
	}
	if (!touched)
		return;
	if (gone || (!(g->flags & MST_G_SEEN) && st.n == 0)) {
		t_ok(recver->ops->del(recver, TARGET, sd->set->name, &g->key, 1,
				      &err),
		     &err);
		return;
	}
	put.members = sd->set->parent ? st.m : NULL;
	put.row.members = sd->set->parent ? (uint32_t)st.n : 0;
	t_ok(recver->ops->put(recver, TARGET, sd->set->name, &put, 1, &err),
	     &err);
}

static void deliver(void)
{
	for (size_t i = 0; i < d->sets_n; i++) {
		for (uint32_t k = 0; k < d->sets[i].groups.n; k++)
			deliver_group(&d->sets[i], k);
	}
}

static void loaded(void)
{
	standard();
	(void)compare();
	deliver();
}

/* ---- tests ----------------------------------------------------------------
 */

static void test_first(void **state MST_UNUSED)
{
	struct mst_hash first, again;

	standard();
	first = compare();
	counts("devices", 3, 0, 0, 0);
	counts("rows", 5, 0, 0, 0);
	/* what the rows refer to: two of the list, one made from a row */
	counts("defs", 3, 0, 0, 0);
	deliver();
	quiet();
	counts("devices", 0, 0, 0, 3);
	counts("rows", 0, 0, 0, 5);
	/* equal plans have equal sums, from the start again */
	t_ok(recver->ops->reset(recver, TARGET, NULL, &err), &err);
	again = compare();
	assert_true(mst_hash_eq(first, again));
	ask.full = true;
	deliver();
	(void)compare();
	counts("devices", 0, 3, 0, 0);
	counts("rows", 0, 5, 0, 0);
}

static void test_order(void **state MST_UNUSED)
{
	loaded();
	/* backwards, in other parts, in pages instead of lines */
	source();
	file(FX_ROWS, ROW("d3", "k5", "e", "x"));
	file(FX_ROWS, "");
	file(FX_ROWS, "[{'def':'x','score':5,'device':'D2','key':'K3',"
		      "'text':' c '},{'text':'b','key':'k2','device':'d1',"
		      "'def':'Y'}]");
	file(FX_ROWS, ROW("d1", "k1", "a", "x"));
	file(FX_ROWS, ROW("d3", "k4", "d", "z"));
	file(FX_DEVICES, "{'value':[{'id':'d3','name':'three','os':'Linux'}]}");
	file(FX_DEVICES, DEVICE("D2", "two") DEVICE("d1", "one"));
	file(FX_DEFS, "{'id':'y','title':'why'}\n");
	file(FX_DEFS, "{'id':'x','title':'ex'}\n");
	quiet();
	counts("rows", 0, 0, 0, 5);
}

static void test_repeated(void **state MST_UNUSED)
{
	loaded();
	standard();
	for (int i = 0; i < 3; i++) {
		file(FX_DEVICES, DEVICE("d1", "one"));
		file(FX_ROWS,
		     ROW("d1", "k1", "a", "x") ROW("d2", "k3", "c", "x"));
		file(FX_DEFS, "{'id':'X','title':'ex'}\n");
	}
	quiet();
	/* several rows of one key: always the same one, whatever the order */
	standard();
	file(FX_ROWS, ROW("d1", "k1", "other", "x"));
	(void)compare();
	deliver();
	quiet();
	source();
	file(FX_DEVICES,
	     DEVICE("d1", "one") DEVICE("d2", "two") DEVICE("d3", "three"));
	file(FX_ROWS, ROW("d1", "k1", "other", "x") ROW("d1", "k2", "b", "y")
			  ROW("d2", "k3", "c", "x"));
	file(FX_ROWS, ROW("d3", "k4", "d", "z") ROW("d3", "k5", "e", "x")
			  ROW("d1", "k1", "a", "x"));
	quiet();
}

static void test_one_change(void **state MST_UNUSED)
{
	struct mst_change_rec rec;
	struct mst_desired got;
	struct mst_buf bytes = MST_BUF_INIT(65536);
	size_t n;

	loaded();
	source();
	file(FX_DEVICES,
	     DEVICE("d1", "one") DEVICE("d2", "two") DEVICE("d3", "three"));
	file(FX_ROWS, ROW("d1", "k1", "new", "x") ROW("d1", "k2", "b", "y")
			  ROW("d2", "k3", "c", "x") ROW("d3", "k4", "d", "z")
			      ROW("d3", "k5", "e", "x"));
	(void)compare();
	counts("devices", 0, 0, 0, 3);
	counts("rows", 0, 1, 0, 4);
	t_ok(mst_changes_get(&mst_delta_set(d, "rows")->changes, 0, &rec, 1, &n,
			     &err),
	     &err);
	assert_int_equal(rec.action, MST_UPDATE);
	t_ok(mst_payload_read(&mst_delta_set(d, "rows")->changes, &rec, &bytes,
			      &got, &err),
	     &err);
	t_is(got.key, "k1");
	t_is(got.group, "d1");
	mst_buf_fini(&bytes);
	deliver();
	quiet();
}

static void test_volatile(void **state MST_UNUSED)
{
	loaded();
	source();
	file(FX_DEVICES,
	     "{'id':'d1','name':'one','os':'Linux','seen':'2024'}\n" DEVICE(
		 "d2", "two") DEVICE("d3", "three"));
	file(FX_ROWS, "{'device':'d1','key':'k1','text':'a','def':'x',"
		      "'seen':'now'}\n" ROW("d1", "k2", "b", "y")
			  ROW("d2", "k3", "c", "x") ROW("d3", "k4", "d", "z")
			      ROW("d3", "k5", "e", "x"));
	quiet();
}

/* d3 and its rows, and k2, are not shown any more. */
static void less(void)
{
	source();
	file(FX_DEVICES, DEVICE("d1", "one") DEVICE("d2", "two"));
	file(FX_ROWS, ROW("d1", "k1", "a", "x") ROW("d2", "k3", "c", "x"));
}

static void test_missing(void **state MST_UNUSED)
{
	struct mst_change_rec rec;
	size_t n;

	loaded();
	less();
	s.feeds[FX_ROWS].proof = (struct mst_proof){.why = "a page is lost"};
	(void)compare();
	counts("devices", 0, 0, 1, 2);
	/* the parent goes; its rows are in doubt, and so is k2 */
	assert_int_equal(mst_delta_set(d, "rows")->missing, 0);
	assert_non_null(strstr(mst_delta_set(d, "rows")->why, "page is lost"));
	less();
	s.feeds[FX_DEVICES].proof.complete = false;
	(void)compare();
	assert_int_equal(mst_delta_set(d, "devices")->missing, 0);
	/* children of a set in doubt are in doubt */
	assert_int_equal(mst_delta_set(d, "rows")->missing, 0);
	less();
	s.feeds[FX_DEVICES].present = false;
	(void)compare();
	assert_int_equal(mst_delta_set(d, "devices")->missing, 0);
	assert_int_equal(mst_delta_set(d, "rows")->missing, 0);
	assert_int_equal(mst_delta_set(d, "rows")->updates, 0);
	/* a last page that says that more follow */
	less();
	file(FX_ROWS, "{'value':[],'@odata.nextLink':'https://x'}");
	(void)compare();
	assert_int_equal(mst_delta_set(d, "rows")->missing, 0);
	/* proven */
	less();
	(void)compare();
	counts("devices", 0, 0, 1, 2);
	counts("rows", 0, 0, 3, 2);
	counts("defs", 0, 0, 0, 0); /* are never taken away */
	t_ok(mst_changes_get(&mst_delta_set(d, "rows")->changes, 0, &rec, 1, &n,
			     &err),
	     &err);
	assert_int_equal(rec.action, MST_CLOSE);
	t_ok(mst_changes_get(&mst_delta_set(d, "devices")->changes, 0, &rec, 1,
			     &n, &err),
	     &err);
	assert_int_equal(rec.action, MST_RETIRE);
	deliver();
	quiet();
	/* and back */
	standard();
	(void)compare();
	counts("devices", 1, 0, 0, 2);
	counts("rows", 3, 0, 0, 2);
}

static void test_orphans(void **state MST_UNUSED)
{
	standard();
	file(FX_DEVICES, "{'id':'d4'}\n"); /* no name: skipped */
	file(FX_ROWS, ROW("d4", "k6", "a", "x") ROW("d9", "k7", "a", "q"));
	(void)compare();
	counts("devices", 3, 0, 0, 0);
	counts("rows", 5, 0, 0, 0);
	counts("defs", 3, 0, 0, 0); /* q: only an orphan refers to it */
	assert_int_equal(mst_delta_set(d, "rows")->dropped, 2);
	assert_int_equal(mst_delta_set(d, "rows")->read, 7);
	assert_int_equal(skips, 1);
	assert_string_equal(skip_text, "devices d4: no name");
}

static void test_superseded(void **state MST_UNUSED)
{
	struct mst_change_rec rec;
	size_t n;

	loaded();
	/* d5 has the name of d1 and was seen later */
	standard();
	file(FX_DEVICES, "{'id':'d5','name':'ONE','os':'Linux','seen':'2'}\n");
	file(FX_ROWS, ROW("d5", "k8", "a", "x"));
	(void)compare();
	assert_int_equal(mst_delta_set(d, "devices")->inserts, 1);
	assert_int_equal(mst_delta_set(d, "devices")->missing, 0);
	assert_int_equal(mst_delta_set(d, "devices")->changes.recs_n, 2);
	assert_int_equal(skips, 1);
	assert_non_null(strstr(skip_text, "superseded by d5"));
	/* nothing is written for d1: its record is d5's now */
	for (uint64_t at = 0; at < 2; at++) {
		t_ok(mst_changes_get(&mst_delta_set(d, "devices")->changes, at,
				     &rec, 1, &n, &err),
		     &err);
		assert_true(rec.action == MST_INSERT ||
			    rec.action == MST_FORGET);
	}
	counts("rows", 1, 0, 2, 3);
}

static void test_partial(void **state MST_UNUSED)
{
	loaded();
	less();
	ask.limit = 1;
	(void)run(1, 0);
	assert_int_equal(mst_delta_set(d, "devices")->missing, 0);
	assert_int_equal(mst_delta_set(d, "rows")->missing, 0);
	ask.limit = 0;
	ask.one = "TWO"; /* by its name */
	(void)compare();
	for (size_t i = 0; i < d->sets_n; i++)
		assert_int_equal(d->sets[i].changes.recs_n, 0);
	assert_int_equal(mst_delta_set(d, "devices")->unchanged, 1);
	/* with nothing delivered: the one, its rows, what they refer to */
	t_ok(recver->ops->reset(recver, TARGET, NULL, &err), &err);
	standard();
	ask.one = "d3";
	(void)compare();
	counts("devices", 1, 0, 0, 0);
	counts("rows", 2, 0, 0, 0);
	counts("defs", 2, 0, 0, 0);
	/* whose keys begin with the connection's name */
	file(FX_DEVICES, DEVICE("here/d4", "four"));
	ask.one = "D4";
	(void)compare();
	counts("devices", 1, 0, 0, 0);
	ask.one = "here/d4";
	(void)compare();
	counts("devices", 1, 0, 0, 0);
	ask.one = "there/d4";
	(void)compare();
	counts("devices", 0, 0, 0, 0);
	standard();
	ask.one = NULL;
	ask.limit = 2;
	(void)compare();
	counts("devices", 2, 0, 0, 0);
	counts("rows", 3, 0, 0, 0);
	/* the same two when they come in another order, on other threads */
	for (int i = 0; i < 2; i++) {
		source();
		file(FX_DEVICES, i ? DEVICE("d3", "three") : DEVICE("d2", "2"));
		file(FX_DEVICES, i ? DEVICE("d2", "2") : DEVICE("d1", "one"));
		file(FX_DEVICES, i ? DEVICE("d1", "one") : DEVICE("d3", "3"));
		(void)compare();
		counts("devices", 2, 0, 0, 0);
		for (uint32_t k = 0; k < 3; k++) {
			const struct mst_groups *g =
			    &mst_delta_set(d, "devices")->groups;

			assert_int_equal(!!(g->v[k].flags & MST_G_SEEN),
					 !mst_slice_is(g->v[k].text, "d3"));
		}
	}
}

/* A filter that changes gives ordinary changes, there and back. */
static void test_filter(void **state MST_UNUSED)
{
	loaded();
	conf.least = 6;
	(void)compare();
	counts("rows", 0, 0, 5, 0);
	counts("devices", 0, 0, 0, 3);
	deliver();
	quiet();
	conf.least = 5;
	(void)compare();
	counts("rows", 5, 0, 0, 0);
}

static void test_definitions(void **state MST_UNUSED)
{
	loaded();
	/* a changed one; one that nobody refers to; one that gets its list
	 * entry after it was made from a row */
	source();
	file(FX_DEVICES,
	     DEVICE("d1", "one") DEVICE("d2", "two") DEVICE("d3", "three"));
	file(FX_ROWS, ROW("d1", "k1", "a", "x") ROW("d1", "k2", "b", "y")
			  ROW("d2", "k3", "c", "x") ROW("d3", "k4", "d", "z")
			      ROW("d3", "k5", "e", "x"));
	file(FX_DEFS, "{'id':'X','title':'changed'}\n{'id':'Y','title':'why'}\n"
		      "{'id':'UNUSED','title':'changed'}\n"
		      "{'id':'Z','title':'zed'}\n");
	(void)compare();
	counts("defs", 0, 2, 0, 1);
	counts("rows", 0, 0, 0, 5);
	deliver();
	quiet();
	/* the list is gone (no permission): nothing happens to them */
	standard();
	s.feeds[FX_DEFS].present = false;
	s.feeds[FX_DEFS].parts_n = 0;
	quiet();
}

/* A dirty group and one that is pending are looked at again. */
static void test_states(void **state MST_UNUSED)
{
	struct mst_group_row row = {.state = MST_GROUP_DIRTY};
	struct mst_slice text = MST_SLICE_LIT("d1");

	loaded();
	row.key = mst_hash128(text.p, text.n, 77);
	row.text = text;
	t_ok(recver->ops->mark(recver, TARGET, "rows", &row, 1, &err), &err);
	(void)compare();
	assert_int_equal(mst_delta_set(d, "rows")->changed_groups, 1);
	counts("rows", 0, 0, 0, 5); /* compared, and nothing was different */
	t_ok(recver->ops->mark(recver, TARGET, "devices", &row, 1, &err), &err);
	(void)compare();
	counts("devices", 0, 1, 0, 2); /* delivered again */
}

/* The push of a definition that only a row gives died: it is made again. */
static void test_pending_definition(void **state MST_UNUSED)
{
	struct mst_group_row row = {.state = MST_GROUP_PENDING};
	struct mst_slice text = MST_SLICE_LIT("Z");

	loaded();
	row.key = mst_hash128(text.p, text.n, 77);
	row.text = text;
	t_ok(recver->ops->reset(recver, TARGET, "rows", &err), &err);
	t_ok(recver->ops->del(recver, TARGET, "defs", &row.key, 1, &err), &err);
	t_ok(recver->ops->mark(recver, TARGET, "defs", &row, 1, &err), &err);
	(void)compare();
	counts("rows", 5, 0, 0, 0);
	counts("defs", 1, 0, 0, 2);
	deliver();
	quiet();
}

/* Rows that a rule leaves alone: what was delivered stays until the source
 * drops it, what was not is not. */
static void test_left_rows(void **state MST_UNUSED)
{
	loaded();
	conf.least = 6;
	conf.leave = true;
	standard();
	file(FX_ROWS, ROW("d1", "k9", "n", "x"));
	quiet();
	assert_int_equal(mst_delta_set(d, "rows")->changed_groups, 3);
	deliver();
	quiet(); /* noted: not even looked at */
	assert_int_equal(mst_delta_set(d, "rows")->changed_groups, 0);
	less();
	file(FX_DEVICES, DEVICE("d3", "three"));
	file(FX_ROWS, ROW("d3", "k4", "changed", "z"));
	(void)compare();
	counts("rows", 0, 0, 2, 1); /* k2 and k5 are gone, k4 is left */
	deliver();
	quiet();
	/* taken again, with what is new and what changed meanwhile */
	conf.least = 0;
	file(FX_ROWS, ROW("d1", "k9", "n", "x"));
	(void)compare();
	counts("rows", 1, 1, 0, 2);
	deliver();
	quiet();
}

#define DEVICE_OS(id, name, os)                                                \
	"{'id':'" id "','name':'" name "','os':'" os "'}\n"

/* A device that a rule leaves alone: nothing of it changes, nothing of it is
 * missing, until the source no longer shows it. */
static void test_left_device(void **state MST_UNUSED)
{
	loaded();
	source();
	file(FX_DEVICES, DEVICE("d1", "one") DEVICE("d2", "two"));
	file(FX_DEVICES, DEVICE_OS("d3", "renamed", "Left")
			     DEVICE_OS("d4", "four", "Left"));
	file(FX_ROWS, ROW("d1", "k1", "a", "x") ROW("d1", "k2", "b", "y")
			  ROW("d2", "k3", "c", "x"));
	file(FX_ROWS,
	     ROW("d3", "k4", "changed", "z") ROW("d4", "k6", "f", "x"));
	quiet();
	counts("devices", 0, 0, 0, 2);
	counts("rows", 0, 0, 0, 3);
	deliver();
	quiet();
	/* wanted again: only what differs is written */
	file(FX_DEVICES, DEVICE("d3", "three"));
	(void)compare();
	counts("devices", 0, 0, 0, 3);
	counts("rows", 0, 1, 1, 3);
	less();
	(void)compare();
	counts("devices", 0, 0, 1, 2);
	counts("rows", 0, 0, 3, 2);
}

/* A device that has lost its name is skipped, but the source shows it: it is
 * not missing, and neither is what hangs on it. */
static void test_skipped_later(void **state MST_UNUSED)
{
	loaded();
	source();
	file(FX_DEVICES, DEVICE("d1", "one") DEVICE("d2", "two"));
	file(FX_DEVICES, "{'id':'d3','os':'Linux'}\n");
	file(FX_ROWS, ROW("d1", "k1", "a", "x") ROW("d1", "k2", "b", "y")
			  ROW("d2", "k3", "c", "x"));
	file(FX_ROWS, ROW("d3", "k4", "changed", "z"));
	quiet();
	counts("devices", 0, 0, 0, 2);
	counts("rows", 0, 0, 0, 3);
	assert_string_equal(skip_text, "devices d3: no name");
	less();
	(void)compare();
	counts("devices", 0, 0, 1, 2);
}

/* A device that is only updated: new ones are passed over. */
static void test_known_device(void **state MST_UNUSED)
{
	loaded();
	source();
	file(FX_DEVICES, DEVICE("d1", "one") DEVICE("d2", "two"));
	file(FX_DEVICES, DEVICE_OS("d3", "three", "Known")
			     DEVICE_OS("d4", "four", "Known"));
	file(FX_ROWS, ROW("d1", "k1", "a", "x") ROW("d1", "k2", "b", "y")
			  ROW("d2", "k3", "c", "x"));
	file(FX_ROWS, ROW("d3", "k4", "d", "z") ROW("d3", "k5", "e", "x")
			  ROW("d4", "k6", "f", "x"));
	(void)compare();
	counts("devices", 0, 1, 0, 2);
	counts("rows", 0, 0, 0, 5);
	deliver();
	quiet();
	/* of one name: the one that is there counts, though the other is newer
	 */
	source();
	file(FX_DEVICES, DEVICE("d1", "one") DEVICE("d2", "two"));
	file(FX_DEVICES,
	     "{'id':'d3','name':'three','os':'Known','seen':'1'}\n"
	     "{'id':'d5','name':'three','os':'Known','seen':'2'}\n");
	file(FX_ROWS, ROW("d1", "k1", "a", "x") ROW("d1", "k2", "b", "y")
			  ROW("d2", "k3", "c", "x") ROW("d3", "k4", "d", "z")
			      ROW("d3", "k5", "e", "x"));
	quiet();
}

/* What is kept for look-ups has a bound; to pass it is an error that says of
 * which list. */
static void too_much(size_t bytes, const char *title)
{
	size_t kept = mst_enrich_bytes;

	stop_delta();
	d = mst_alloc(sizeof(*d));
	*d = (struct mst_delta){
	    .job = &job,
	    .spool = &s,
	    .recver = recver,
	    .target = TARGET,
	    .threads = 1,
	    .dir = t_dir(),
	    .rules = {.catalog = job.catalog,
		      .conf = &conf,
		      .connection = "here",
		      .seed = 77},
	};
	mst_enrich_bytes = bytes;
	t_failed(mst_delta_run(d, &err), &err, MST_E_INVALID, title);
	mst_enrich_bytes = kept;
	mst_err_clear(&err);
}

static void test_too_much(void **state MST_UNUSED)
{
	struct mst_catalog c = *fx_source.catalog;
	struct mst_join join = {.feed = FX_ROWS,
				.from = FX_DEFS,
				.key = FR_DEF,
				.copy = {{FR_SEEN, 1}},
				.copy_n = 1};

	standard();
	too_much(20, "Devices: finding records of one name");
	c.joins = &join;
	c.joins_n = 1;
	job.catalog = &c;
	too_much(20, "Definitions: joining it to other records");
	(void)run(1, 0);
	counts("devices", 3, 0, 0, 0);
}

/* ---- joins by a part of a text ----- */

static void first_letter(const struct mst_value *v, struct mst_buf *out)
{
	if (v->type == MST_JSON_STRING && v->u.s.n)
		(void)mst_buf_add(out, v->u.s.p, 1);
}

static void def_letter(const struct mst_value *v, struct mst_buf *out)
{
	first_letter(&v[FR_DEF], out);
}

static const char *change_of(const char *set, const char *key,
			     const char *column);

/* Keys that are made; of several that differ none, where only one is to be. */
static void test_join_by_text(void **state MST_UNUSED)
{
	struct mst_catalog c = *fx_source.catalog;
	struct mst_join join = {.feed = FX_ROWS,
				.from = FX_DEFS,
				.key_text = def_letter,
				.from_key_text = first_letter,
				.copy = {{FR_SEEN, 1}},
				.copy_n = 1};

	c.joins = &join;
	c.joins_n = 1;
	job.catalog = &c;
	for (int only = 0; only < 2; only++) {
		join.only_one = only != 0;
		t_ok(recver->ops->reset(recver, TARGET, NULL, &err), &err);
		source();
		file(FX_DEVICES, DEVICE("d1", "one"));
		file(FX_ROWS,
		     ROW("d1", "k1", "a", "x9") ROW("d1", "k2", "b", "y9")
			 ROW("d1", "k3", "c", "z9"));
		file(FX_DEFS, "{'id':'x1','title':'first'}\n"
			      "{'id':'x2','title':'second'}\n"
			      "{'id':'y1','title':'same'}\n"
			      "{'id':'y2','title':'same'}\n");
		(void)compare();
		assert_string_equal(change_of("rows", "k1", "u_seen"),
				    only ? "false" : "first");
		assert_string_equal(change_of("rows", "k2", "u_seen"), "same");
		assert_string_equal(change_of("rows", "k3", "u_seen"), "");
		stop_delta();
	}
}

/* A row that names no device is told with the rules' reason; one of a device
 * that is not delivered is not. */
static void test_row_without_device(void **state MST_UNUSED)
{
	source();
	file(FX_DEVICES, DEVICE("d1", "one"));
	file(FX_ROWS, ROW("d1", "k1", "a", "x")
			  ROW("d9", "k2", "b",
			      "x") "{'key':'k3','text':'c','def':'x'}\n");
	(void)compare();
	counts("rows", 1, 0, 0, 0);
	assert_int_equal(mst_delta_set(d, "rows")->read, 3);
	assert_int_equal(mst_delta_set(d, "rows")->skipped, 1);
	assert_int_equal(mst_delta_set(d, "rows")->dropped, 1);
	deliver();
	quiet();
}

/* ---- which of several ----- */

/* The text of a column in the change of a record; "" when it has none. */
static const char *change_of(const char *set, const char *key,
			     const char *column)
{
	static char text[64];
	const struct mst_set_delta *sd = mst_delta_set(d, set);
	struct mst_buf bytes = MST_BUF_INIT(65536);
	struct mst_change_rec rec;
	struct mst_desired got;
	size_t n;

	text[0] = 0;
	for (uint64_t at = 0; at < sd->changes.recs_n; at++) {
		t_ok(mst_changes_get(&sd->changes, at, &rec, 1, &n, &err),
		     &err);
		if (!rec.len)
			continue;
		t_ok(mst_payload_read(&sd->changes, &rec, &bytes, &got, &err),
		     &err);
		for (size_t i = 0; i < got.cells_n; i++) {
			const char *name =
			    sd->set->columns[got.cells[i].column].name;

			if (mst_slice_is(got.key, key) &&
			    strcmp(name, column) == 0)
				(void)snprintf(
				    text, sizeof(text), "%.*s",
				    MST_SLICE_ARG(got.cells[i].text));
		}
	}
	mst_buf_fini(&bytes);
	return text;
}

/* The first says it, the others say the same. */
static void same_each_time(char first[64], const char *text)
{
	if (!*first)
		(void)snprintf(first, 64, "%s", text);
	assert_string_equal(text, first);
}

/* Of several rows with one key, and of several that a definition could be made
 * from, the same one counts: whatever the order, the threads, the RecVer, and
 * which of them was delivered before. */
static void test_one_of_several(void **state MST_UNUSED)
{
	static const char *const words[] = {"a", "b", "c", "d"};
	char chosen[64] = "", title[64] = "", text[256];

	for (unsigned i = 0; i < 32; i++) {
		bool before = i % 2;

		ask.seed = 100 + i / 8;
		t_ok(recver->ops->reset(recver, TARGET, NULL, &err), &err);
		source();
		file(FX_DEVICES, DEVICE("d1", "one"));
		for (unsigned k = 0; k < 4; k++) {
			(void)snprintf(text, sizeof(text),
				       "{'device':'d1','key':'k1','text':'%s',"
				       "'def':'z'}\n",
				       words[(k + i / 2) % 4]);
			file(FX_ROWS, text);
			if (k > 0 || !before)
				continue;
			(void)compare();
			deliver();
		}
		(void)compare();
		if (*change_of("rows", "k1", "u_value"))
			same_each_time(chosen,
				       change_of("rows", "k1", "u_value"));
		else
			same_each_time(chosen, words[i / 2 % 4]);
		if (!before)
			same_each_time(title,
				       change_of("defs", "Z", "u_title"));
		deliver();
		quiet();
	}
	assert_true(*chosen && *title);
}

/* ---- memory ----- */

static void many_rows(unsigned devices, unsigned rows, const char *text)
{
	struct mst_buf b = MST_BUF_INIT(64u << 20);

	source();
	for (unsigned i = 0; i < devices; i++)
		(void)mst_buf_addf(&b, "{'id':'d%u','name':'n%u','os':'x'}\n",
				   i, i);
	file(FX_DEVICES, b.p);
	for (unsigned part = 0; part < 3; part++) {
		mst_buf_reset(&b);
		for (unsigned i = part; i < devices * rows; i += 3)
			(void)mst_buf_addf(&b,
					   "{'device':'d%u','key':'k%u','text':"
					   "'%s%u','def':'x'}\n",
					   i % devices, i / devices, text, i);
		file(FX_ROWS, b.p);
	}
	mst_buf_fini(&b);
}

static void within(unsigned threads, size_t bytes)
{
	mst_collect_most = 0;
	(void)run(threads, bytes);
	if (mst_collect_most > bytes + bytes / 4)
		fail_msg("a chunk took %zu bytes of %zu", mst_collect_most,
			 bytes);
}

/* Members that are stored are small, those that are sent are not: the memory
 * for a chunk is kept in either case. */
static void test_memory(void **state MST_UNUSED)
{
	const size_t bytes = 200000;
	struct mst_hash sum;

	many_rows(100, 60, "a");
	sum = run(1, 0);
	for (unsigned threads = 1; threads <= 3; threads += 2) {
		within(threads, bytes);
		assert_true(mst_hash_eq(mst_delta_sum(d), sum));
	}
	counts("rows", 6000, 0, 0, 0);
	deliver();
	ask.full = true;
	within(1, bytes);
	within(3, bytes);
	counts("rows", 0, 6000, 0, 0);
	ask.full = ask.every = false;
	/* every row says something else: nobody could know that */
	many_rows(100, 60, "b");
	sum = run(1, 0);
	for (unsigned threads = 1; threads <= 3; threads += 2) {
		within(threads, bytes);
		assert_true(mst_hash_eq(mst_delta_sum(d), sum));
		counts("rows", 0, 6000, 0, 0);
		counts("devices", 0, 0, 0, 100);
	}
	deliver();
	(void)run(3, bytes);
	counts("rows", 0, 0, 0, 6000);
}

/* ---- one record, two groups ----- */

static struct mst_hash key_of(const char *text)
{
	return mst_hash128(text, strlen(text), 77);
}

/* Stores that a device, and the group of its rows, have this record there. */
static void owns(const char *device, uint8_t id)
{
	struct mst_sysid remote = {{id}};

	for (unsigned i = 0; i < 2; i++) {
		const struct mst_set_delta *sd =
		    mst_delta_set(d, i ? "rows" : "devices");
		uint32_t at = mst_groups_find_key(&sd->groups, key_of(device));
		const struct mst_group *g = &sd->groups.v[at];
		struct mst_group_put put = {.row = {.key = g->key,
						    .text = g->text,
						    .digest = g->digest,
						    .members = g->count,
						    .remote = remote}};

		t_ok(recver->ops->put(recver, TARGET, sd->set->name, &put, 1,
				      &err),
		     &err);
	}
}

static unsigned actions(const char *set, uint8_t action)
{
	const struct mst_set_delta *sd = mst_delta_set(d, set);
	struct mst_change_rec rec;
	unsigned found = 0;
	size_t n;

	for (uint64_t at = 0; at < sd->changes.recs_n; at++) {
		t_ok(mst_changes_get(&sd->changes, at, &rec, 1, &n, &err),
		     &err);
		found += rec.action == action;
	}
	return found;
}

/* A device was installed anew: another id, the same record there, and the same
 * rows, which the new id found. The old one takes nothing with it. */
static void test_shared(void **state MST_UNUSED)
{
	struct mst_catalog links = *fx_source.catalog;
	struct mst_set sets[3];

	memcpy(sets, links.sets, sizeof(sets));
	sets[2].writer = MST_WRITE_LINK;
	sets[2].missing = MST_MISSING_DELETE;
	links.sets = sets;
	job.catalog = &links;
	source();
	file(FX_DEVICES,
	     DEVICE("old", "o") DEVICE("new", "n") DEVICE("by", "b"));
	file(FX_ROWS,
	     ROW("old", "k1", "a", "x") ROW("old", "k2", "b", "x")
		 ROW("old", "k3", "c", "x") ROW("new", "k1", "a", "x")
		     ROW("new", "k2", "b", "x") ROW("by", "k3", "c", "x"));
	(void)compare();
	deliver();
	owns("old", 5);
	owns("new", 5);
	owns("by", 6);
	/* the old one goes, and the new one drops a row that they share */
	source();
	file(FX_DEVICES, DEVICE("new", "n") DEVICE("by", "b"));
	file(FX_ROWS, ROW("new", "k1", "a", "x") ROW("by", "k3", "c", "x"));
	(void)compare();
	assert_int_equal(actions("devices", MST_RETIRE), 0);
	assert_int_equal(actions("devices", MST_FORGET), 1);
	assert_int_equal(mst_delta_set(d, "devices")->missing, 0);
	/* k3 is of the old one alone; k2 goes as the new one's */
	assert_int_equal(actions("rows", MST_DELETE), 2);
	assert_int_equal(actions("rows", MST_FORGET), 2);
	assert_int_equal(mst_delta_set(d, "rows")->missing, 2);
	deliver();
	quiet();
}

/* A rule leaves the new one as it is: it keeps what it has all the same. */
static void test_shared_with_left(void **state MST_UNUSED)
{
	struct mst_catalog links = *fx_source.catalog;
	struct mst_set sets[3];

	memcpy(sets, links.sets, sizeof(sets));
	sets[2].writer = MST_WRITE_LINK;
	sets[2].missing = MST_MISSING_DELETE;
	links.sets = sets;
	job.catalog = &links;
	source();
	file(FX_DEVICES,
	     DEVICE("old", "o") DEVICE("new", "n") DEVICE("by", "b"));
	file(FX_ROWS, ROW("old", "k1", "a", "x") ROW("old", "k2", "b", "x")
			  ROW("new", "k1", "a", "x") ROW("by", "k1", "a", "x"));
	(void)compare();
	deliver();
	owns("old", 5);
	owns("new", 5);
	owns("by", 6);
	source();
	file(FX_DEVICES, DEVICE("by", "b"));
	file(FX_DEVICES, DEVICE_OS("new", "n", "Left"));
	file(FX_ROWS, ROW("new", "k1", "a", "x") ROW("by", "k1", "a", "x"));
	(void)compare();
	assert_int_equal(actions("devices", MST_RETIRE), 0);
	assert_int_equal(actions("rows", MST_DELETE), 1);
	assert_int_equal(actions("rows", MST_FORGET), 1);
}

/* Both are shown (other names, one serial number): what one drops the other
 * keeps, and what both drop goes in the end. */
static void test_shared_by_two(void **state MST_UNUSED)
{
	struct mst_catalog links = *fx_source.catalog;
	struct mst_set sets[3];

	memcpy(sets, links.sets, sizeof(sets));
	sets[2].writer = MST_WRITE_LINK;
	sets[2].missing = MST_MISSING_DELETE;
	links.sets = sets;
	job.catalog = &links;
	source();
	file(FX_DEVICES, DEVICE("a", "a") DEVICE("b", "b"));
	file(FX_ROWS,
	     ROW("a", "k1", "a", "x") ROW("b", "k1", "a", "x")
		 ROW("a", "k2", "b", "x") ROW("b", "k2", "b", "x")
		     ROW("a", "k3", "c", "x") ROW("b", "k3", "c", "x"));
	(void)compare();
	deliver();
	owns("a", 5);
	owns("b", 5);
	source();
	file(FX_DEVICES, DEVICE("a", "a") DEVICE("b", "b"));
	file(FX_ROWS, ROW("a", "k1", "a", "x") ROW("b", "k1", "a", "x")
			  ROW("b", "k2", "b", "x") ROW("a", "k3", "c", "x")
			      ROW("b", "k3", "c", "x"));
	(void)compare();
	counts("rows", 0, 0, 0, 5);
	assert_int_equal(actions("rows", MST_FORGET), 1);
	deliver();
	owns("a", 5);
	quiet();
	source();
	file(FX_DEVICES, DEVICE("a", "a") DEVICE("b", "b"));
	file(FX_ROWS, ROW("a", "k3", "c", "x") ROW("b", "k3", "c", "x"));
	(void)compare();
	/* k2 is b's alone by now. Of k1 one of them forgets, the other one
	 * cannot know that yet. */
	assert_int_equal(actions("rows", MST_DELETE), 1);
	assert_int_equal(actions("rows", MST_FORGET), 1);
	counts("rows", 0, 0, 1, 2);
}

/* A run died between a write and its commit: what it may have made is sent
 * again if it is shown, and taken away if it is not. */
static void test_intended(void **state MST_UNUSED)
{
	struct mst_member m[2] = {{.value = MST_MEMBER_INTENDED},
				  {.value = MST_MEMBER_INTENDED}};
	struct mst_group_put put = {.row = {.key = key_of("d1"),
					    .text = MST_SLICE_LIT("d1"),
					    .members = 2,
					    .state = MST_GROUP_PENDING},
				    .members = m,
				    .with_remote = true};

	loaded();
	m[0].key = mst_hash64("k1", 2, 77);
	m[1].key = mst_hash64("k9", 2, 77);
	if (m[0].key > m[1].key) {
		struct mst_member swap = m[0];

		m[0] = m[1];
		m[1] = swap;
	}
	t_ok(recver->ops->put(recver, TARGET, "rows", &put, 1, &err), &err);
	(void)compare();
	counts("rows", 2, 0, 1, 3);
	assert_int_equal(actions("rows", MST_CLOSE), 1);
	/* not without proof */
	s.feeds[FX_ROWS].proof = (struct mst_proof){.why = "a page is lost"};
	(void)compare();
	counts("rows", 2, 0, 0, 3);
}

/* ---- members of the feed that gives their parents ----- */

static enum mst_keep keep_linux(struct mst_rule_ctx *ctx,
				const struct mst_value *v,
				struct mst_slice *why_r)
{
	struct mst_slice os = {NULL, 0};

	*why_r = MST_SLICE_LIT("");
	(void)mst_op_text(ctx, v, FD_OS, NULL, &os);
	return mst_slice_is(os, "Linux") ? MST_KEEP : MST_DROP;
}

/* A fact of each device with Linux, a kind of record without a parent, and
 * something below that: all of the devices' own feed. */
static const struct mst_catalog *with_facts(void)
{
	static const struct mst_map_row fact_rows[] = {
	    {"u_key", FD_ID, mst_op_lower, NULL, "r"},
	    {"u_value", FD_NAME, mst_op_text, NULL, "r"},
	};
	static struct mst_catalog c;
	static struct mst_set sets[6];
	static struct mst_mapping maps[8];
	const struct mst_catalog *base = fx_source.catalog;

	c = *base;
	memcpy(sets, base->sets, 3 * sizeof(*sets));
	/* before and behind the set that they hang on */
	memcpy(maps + 1, base->mappings, 4 * sizeof(*maps));
	sets[3] = sets[2];
	sets[3].name = "facts";
	sets[4] = sets[0];
	sets[4].name = "kinds";
	sets[4].columns = sets[1].columns;
	sets[4].columns_n = sets[1].columns_n;
	sets[5] = sets[3];
	sets[5].name = "traits";
	sets[5].parent = "kinds";
	maps[0] = (struct mst_mapping){.set = "facts",
				       .feeds = 1u << FX_DEVICES,
				       .key = mst_op_lower,
				       .group = mst_op_lower,
				       .filter = keep_linux,
				       .rows = fact_rows,
				       .rows_n = MST_LEN(fact_rows)};
	maps[5] = maps[0];
	maps[5].set = "traits";
	maps[5].filter = NULL;
	maps[6] = maps[5];
	maps[6].set = "kinds";
	maps[6].group = NULL;
	maps[6].rows_n = 0;
	maps[6].filter = keep_linux;
	c.sets = sets;
	c.sets_n = 6;
	c.mappings = maps;
	c.mappings_n = 7;
	return &c;
}

static void test_below_own_feed(void **state MST_UNUSED)
{
	job.catalog = with_facts();
	source();
	file(FX_DEVICES, DEVICE("d1", "one") DEVICE_OS("d2", "two", "Other"));
	file(FX_DEVICES, DEVICE("d3", "three") "{'id':'d4','os':'Linux'}\n");
	file(FX_ROWS, ROW("d2", "k1", "a", "x") ROW("d4", "k2", "a", "x"));
	(void)compare();
	counts("devices", 3, 0, 0, 0);
	counts("rows", 1, 0, 0, 0);
	/* a device without a name is not delivered, nor is what is below it */
	counts("facts", 2, 0, 0, 0);
	/* each hangs on its own: kinds need no name, traits need a kind */
	counts("kinds", 3, 0, 0, 0);
	counts("traits", 3, 0, 0, 0);
	deliver();
	quiet();
	counts("facts", 0, 0, 0, 2);
	/* nothing of what is as it was is kept */
	assert_int_equal(mst_delta_set(d, "facts")->groups.n, 0);
	assert_int_equal(mst_delta_set(d, "traits")->groups.n, 0);
	source();
	file(FX_DEVICES, DEVICE("d1", "uno") DEVICE_OS("d2", "two", "Other"));
	(void)compare();
	counts("devices", 0, 1, 1, 1);
	counts("facts", 0, 1, 1, 0);
	counts("kinds", 0, 0, 2, 1);
	deliver();
	quiet();
}

/* Whoever asks for groups gets them all, and the same difference. */
static void test_every_group(void **state MST_UNUSED)
{
	struct mst_hash sum;

	loaded();
	source();
	file(FX_DEVICES, DEVICE("d1", "one") DEVICE("d2", "two"));
	file(FX_ROWS, ROW("d1", "k1", "a", "x") ROW("d2", "k3", "other", "x"));
	sum = compare();
	counts("rows", 0, 1, 3, 1);
	ask.every = true;
	assert_true(mst_hash_eq(compare(), sum));
	counts("rows", 0, 1, 3, 1);
	deliver();
	quiet();
	counts("rows", 0, 0, 0, 2);
	assert_int_equal(mst_delta_set(d, "rows")->groups.n, 2);
	ask.every = false;
	quiet();
	counts("rows", 0, 0, 0, 2);
	assert_int_equal(mst_delta_set(d, "rows")->groups.n, 0);
}

static void test_cancel(void **state MST_UNUSED)
{
	atomic_bool cancel = true;

	standard();
	d = mst_alloc(sizeof(*d));
	*d = (struct mst_delta){.job = &job,
				.spool = &s,
				.recver = recver,
				.target = TARGET,
				.threads = 2,
				.dir = t_dir(),
				.cancel = &cancel,
				.rules = {.catalog = fx_source.catalog,
					  .conf = &conf,
					  .connection = "here"}};
	t_failed(mst_delta_run(d, &err), &err, MST_E_CANCELLED, "cancelled");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_first),
	    T(test_order),
	    T(test_repeated),
	    T(test_one_change),
	    T(test_volatile),
	    T(test_missing),
	    T(test_orphans),
	    T(test_superseded),
	    T(test_partial),
	    T(test_filter),
	    T(test_definitions),
	    T(test_states),
	    T(test_too_much),
	    T(test_below_own_feed),
	    T(test_every_group),
	    T(test_cancel),
	    T(test_pending_definition),
	    T(test_left_rows),
	    T(test_left_device),
	    T(test_skipped_later),
	    T(test_known_device),
	    T(test_join_by_text),
	    T(test_row_without_device),
	    T(test_one_of_several),
	    T(test_memory),
	    T(test_shared),
	    T(test_shared_by_two),
	    T(test_shared_with_left),
	    T(test_intended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
