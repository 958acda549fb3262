/* SPDX-License-Identifier: Apache-2.0
 *
 * Checking a RecVer and moving it, over every store.
 */
#include "recver_tools.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- checking -------------------------------------------------------------
 */

static void test_clean(void **state)
{
	struct tools_found f;

	tools_fill(rv.r);
	f = tools_verify(rv.r);
	assert_string_equal(f.text, "");
	assert_int_equal(f.sum.findings, 0);
	assert_int_equal(f.sum.notes, 0);
	assert_int_equal(f.sum.sets, 3);
	assert_int_equal(f.sum.groups, 7);
	assert_int_equal(f.sum.members, 106);
	assert_int_equal(f.sum.dirty, 2);
	assert_int_equal(f.sum.pending, 1);
	free(f.text);
}

static void test_empty(void **state)
{
	struct tools_found f = tools_verify(rv.r);

	assert_string_equal(f.text, "");
	assert_int_equal(f.sum.sets, 0);
	assert_int_equal(f.sum.groups, 0);
	free(f.text);
}

static void put(const char *target, const char *set, struct mst_group_put *g)
{
	const struct mst_member *all = g->members;

	if (!g->row.members)
		g->members = NULL;
	t_ok(rv.ops->put(rv.r, target, set, g, 1, &rv.err), &rv.err);
	free((void *)(uintptr_t)all);
}

static void finds(const char *what)
{
	struct tools_found f = tools_verify(rv.r);

	if (!strstr(f.text, what))
		fail_msg("\"%s\" is not in:\n%s", what, f.text);
	free(f.text);
	t_ok(rv.ops->reset(rv.r, "snow", NULL, &rv.err), &rv.err);
	tools_fill(rv.r);
}

/* What a store takes, and must not be there all the same. */
static void test_finds(void **state)
{
	struct mst_group_put g;

	tools_fill(rv.r);
	g = rv_group(MST_SLICE_LIT("another seed"), 0, true);
	put("snow", "devices", &g);
	finds("wrong|snow|devices|another seed|its key is not the hash of its "
	      "text|'muster recver reset main --record-set devices'");
	g = tools_group(rv.r, "d9", 0);
	g.row.remote = (struct mst_sysid){{0}};
	put("snow", "devices", &g);
	finds("wrong|snow|devices|d9|it was delivered, and has no remote id");
	g = tools_group(rv.r, "d1", 3);
	((struct mst_member *)(uintptr_t)g.members)[1].value =
	    MST_MEMBER_INTENDED;
	put("snow", "installs", &g);
	finds("wrong|snow|installs|d1|it has a member that a push was about");
	g = tools_group(rv.r, "d1", 3);
	g.with_remote = false;
	put("snow", "installs", &g);
	finds("wrong|snow|installs|d1|it was delivered, and a member has no");
	g = tools_group(rv.r, "\x01nobody", 3);
	put("snow", "installs", &g);
	finds("the group that it hangs on is not there");
	g = tools_group(rv.r, "d1", 0);
	put("snow", "things", &g);
	finds("note|snow|things||this muster knows no such record set");
	g = tools_group(rv.r, "d1", 0);
	put("none", "devices", &g);
	finds("note|none|||is no destination any more|'muster recver reset "
	      "defender --target none'");
	t_ok(rv.ops->reset(rv.r, "none", NULL, &rv.err), &rv.err);
	t_ok(rv.ops->meta_put(rv.r, "snow", "feed.machines",
			      MST_SLICE_LIT("12x"), &rv.err),
	     &rv.err);
	finds("wrong|snow|||its value 'feed.machines' is no number");
	t_ok(rv.ops->meta_put(rv.r, "snow", "other", MST_SLICE_LIT("1"),
			      &rv.err),
	     &rv.err);
	finds("note|snow|||this muster knows no value 'other'");
	t_ok(rv.ops->meta_put(rv.r, "", MST_RECVER_UNFINISHED,
			      MST_SLICE_LIT("there"), &rv.err),
	     &rv.err);
	finds("wrong||||a copy into it was not finished|run 'muster recver "
	      "copy' again, or give it up with 'muster recver reset " SOURCE
	      "'");
	t_ok(rv.ops->meta_put(rv.r, "snow", "feed.machines",
			      MST_SLICE_LIT("12x"), &rv.err),
	     &rv.err);
	finds("is no number|the copy is half: make it whole or give it up");
}

/* Of many the first ones, and how many more. */
static void test_finds_many(void **state)
{
	struct tools_found f;
	char text[16];

	for (int i = 0; i < 25; i++) {
		struct mst_group_put g;

		(void)snprintf(text, sizeof(text), "wrong %d", i);
		g = rv_group(mst_slice_str(text), 0, true);
		put("snow", "devices", &g);
	}
	f = tools_verify(rv.r);
	assert_int_equal(f.sum.findings, 25);
	assert_non_null(
	    strstr(f.text, "wrong|snow|devices||… and 15 more like this|\n"));
	free(f.text);
}

/* ---- moving ---------------------------------------------------------------
 */

static int show_set(void *ctx, int64_t id, const char *target, const char *name)
{
	return 0;
}

static int show_meta(void *ctx, const char *target, const char *name,
		     struct mst_slice value)
{
	return strcmp(name, "seed") == 0 && value.n == 8 ? 7 : 0;
}

/* A caller's own value comes back. */
static void test_look_stops(void **state)
{
	const struct mst_recver_look look = {.set = show_set,
					     .meta = show_meta};

	assert_int_equal(rv.ops->verify(rv.r, &look, &rv.err), 7);
}

static struct mst_recver *open_mem(const char *name)
{
	const struct mst_recver_conf conf = {.type = "mem", .path = name};
	struct mst_recver *r = NULL;

	t_ok(mst_recver_mem.open(&conf, SOURCE, true, &r, &rv.err), &rv.err);
	return r;
}

static int copy(struct mst_recver *from, struct mst_recver *to, bool force,
		struct mst_recver_copy_sum *sum)
{
	const struct mst_recver_copy c = {
	    .from = from, .to = to, .name = "the original", .force = force};

	return mst_recver_copy(&c, sum, &rv.err);
}

/* Into this store and out of it, with all that it has. */
static void test_copy(void **state)
{
	struct mst_recver *a = open_mem(""), *b = open_mem("");
	struct mst_recver_copy_sum sum;
	struct tools_found f;

	tools_fill(a);
	t_ok(copy(a, rv.r, false, &sum), &rv.err);
	assert_int_equal(sum.targets, 2);
	assert_int_equal(sum.sets, 3);
	assert_int_equal(sum.groups, 7);
	assert_int_equal(sum.members, 106);
	assert_int_equal(sum.values, 3);
	/* What is read of it is what it says after it was opened again. */
	rv.ops->close(&rv.r);
	rv_open_again();
	f = tools_verify(rv.r);
	assert_string_equal(f.text, "");
	free(f.text);
	t_ok(copy(rv.r, b, false, &sum), &rv.err);
	assert_int_equal(sum.members, 106);
	f = tools_verify(b);
	assert_string_equal(f.text, "");
	free(f.text);
	/* Not empty any more. */
	t_failed(copy(b, rv.r, false, &sum), &rv.err, MST_E_CONFLICT,
		 "it is not empty: it holds what was delivered to");
	t_failed(rv.ops->adopt(rv.r, (const uint8_t *)"12345678", &rv.err),
		 &rv.err, MST_E_INVALID, "is not empty: it keeps its seed");
	rv_put_text("more", "devices", "d", 0);
	t_ok(copy(b, rv.r, true, &sum), &rv.err);
	assert_int_equal(rv_count("more", "devices"), 0);
	mst_recver_mem.close(&a);
	mst_recver_mem.close(&b);
}

/* Stopped before each of its steps: the same call makes it whole. */
static atomic_bool stop;
static unsigned steps, stop_at;

static void step(void *ctx, const char *stage, const char *set, uint64_t done,
		 uint64_t total)
{
	if (++steps == stop_at)
		atomic_store(&stop, true);
}

static void test_copy_stops(void **state)
{
	struct mst_recver *a = open_mem("");
	struct mst_recver_copy c = {.from = a,
				    .to = rv.r,
				    .name = "the original",
				    .cancel = &stop,
				    .progress = step};
	struct mst_recver_contents has;
	struct mst_recver_copy_sum sum;
	int rc;

	tools_fill(a);
	for (stop_at = 1;; stop_at++) {
		steps = 0;
		atomic_store(&stop, false);
		rc = mst_recver_copy(&c, &sum, &rv.err);
		if (rc == 0)
			break;
		assert_int_equal(rc, -MST_E_CANCELLED);
		t_ok(mst_recver_contents(rv.r, &has, &rv.err), &rv.err);
		assert_true(mst_recver_is_unfinished(&has));
		mst_recver_contents_fini(&has);
	}
	assert_true(stop_at > 4);
	t_ok(mst_recver_contents(rv.r, &has, &rv.err), &rv.err);
	assert_false(mst_recver_is_unfinished(&has));
	mst_recver_contents_fini(&has);
	mst_recver_mem.close(&a);
}

int tools_tests(const char *name)
{
	const struct CMUnitTest all[] = {
	    T(test_clean),	T(test_empty),	    T(test_finds),
	    T(test_finds_many), T(test_look_stops), T(test_copy),
	    T(test_copy_stops),
	};

	return cmocka_run_group_tests_name(name, all, NULL, NULL);
}
