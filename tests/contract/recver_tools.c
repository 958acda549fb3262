/* SPDX-License-Identifier: Apache-2.0
 *
 * The helpers of recver_tools.h.
 */
#include "recver_tools.h"

#include <stdio.h>
#include <stdlib.h>

static const struct mst_set sets[] = {
    {.name = "devices", .missing = MST_MISSING_RETIRE},
    {.name = "installs", .parent = "devices", .missing = MST_MISSING_DELETE},
};

const struct mst_catalog tools_catalog = {.sets = sets,
					  .sets_n = MST_LEN(sets)};

static uint64_t seed_of(struct mst_recver *r)
{
	struct mst_buf val = MST_BUF_INIT(64);
	bool found = false;
	uint64_t seed;

	t_ok(r->ops->meta_get(r, "", "seed", &val, &found, &rv.err), &rv.err);
	assert_true(found && val.n == sizeof(seed));
	memcpy(&seed, val.p, sizeof(seed));
	mst_buf_fini(&val);
	return seed;
}

struct mst_group_put tools_group(struct mst_recver *r, const char *text,
				 uint32_t members)
{
	struct mst_group_put g = rv_group(mst_slice_str(text), members, true);

	g.row.key = mst_hash128(text, strlen(text), seed_of(r));
	return g;
}

static void put(struct mst_recver *r, const char *target, const char *set,
		const char *text, uint32_t members, enum mst_group_state state)
{
	struct mst_group_put g = tools_group(r, text, members);
	struct mst_member m = {
	    .key = UINT64_MAX, .value = MST_MEMBER_INTENDED, .remote = {{7}}};
	const struct mst_member *all = g.members;

	g.row.state = state;
	if (!members)
		g.members = NULL;
	if (state == MST_GROUP_PENDING && members)
		((struct mst_member *)(uintptr_t)g.members)[members - 1] = m;
	t_ok(r->ops->put(r, target, set, &g, 1, &rv.err), &rv.err);
	free((void *)(uintptr_t)all);
}

static void value(struct mst_recver *r, const char *target, const char *name,
		  const char *text)
{
	t_ok(r->ops->meta_put(r, target, name, mst_slice_str(text), &rv.err),
	     &rv.err);
}

void tools_fill(struct mst_recver *r)
{
	t_ok(r->ops->begin(r, &rv.err), &rv.err);
	put(r, "snow", "devices", "d1", 0, MST_GROUP_CLEAN);
	put(r, "snow", "devices", "d2", 0, MST_GROUP_CLEAN);
	put(r, "snow", "devices", "d3 \xc3\xa4", 0, MST_GROUP_DIRTY);
	put(r, "snow", "installs", "d1", 100, MST_GROUP_CLEAN);
	put(r, "snow", "installs", "d2", 4, MST_GROUP_PENDING);
	put(r, "snow", "installs", "gone", 2, MST_GROUP_DIRTY);
	put(r, "other", "devices", "d1", 0, MST_GROUP_CLEAN);
	value(r, "snow", "feed.machines", "3");
	value(r, "snow", "guard.devices", "");
	value(r, "other", "feed.machines", "1");
	t_ok(r->ops->commit(r, &rv.err), &rv.err);
}

/* ---- verifying ------------------------------------------------------------
 */

static void target(void *ctx, const char *name, struct mst_recver_target *t_r)
{
	bool is = strcmp(name, "none") != 0;

	*t_r = (struct mst_recver_target){
	    .catalog = &tools_catalog,
	    .job = strcmp(name, "snow") == 0 ? "main" : NULL,
	    .is_destination = is,
	};
}

static void found(void *ctx, const struct mst_recver_finding *f)
{
	(void)mst_buf_addf(ctx, "%s|%s|%s|%s|%s|%s\n",
			   f->note ? "note" : "wrong", f->target, f->set,
			   f->group, f->what, f->remedy);
}

static struct tools_found verify_of(struct mst_recver *r, const char *only)
{
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	const struct mst_recver_verify_env env = {
	    .source = SOURCE,
	    .only = only,
	    .target = target,
	    .found = found,
	    .ctx = &out,
	};
	struct tools_found f = {0};

	(void)mst_buf_adds(&out, "");
	t_ok(mst_recver_verify(r, &env, &f.sum, &rv.err), &rv.err);
	f.text = mst_strdup(out.n ? out.p : "");
	mst_buf_fini(&out);
	return f;
}

struct tools_found tools_verify(struct mst_recver *r)
{
	return verify_of(r, NULL);
}

/* ---- damage ---------------------------------------------------------------
 */

static void (*harm_fn)(const char *how);

static void one_damage(const struct tools_damage *d)
{
	struct tools_found f = {0};

	rv.where = rv_fresh_place();
	t_ok(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err);
	tools_fill(rv.r);
	rv.ops->close(&rv.r);
	harm_fn(d->how);
	if (rv_open(rv.where, SOURCE, false, &rv.r, &rv.err) == 0) {
		f = tools_verify(rv.r);
		rv.ops->close(&rv.r);
		if (!f.sum.findings && !f.sum.notes)
			fail_msg("nothing was found of: %s", d->how);
	} else {
		f.text = mst_strdup(rv.err.msg);
	}
	if (!strstr(f.text, d->says))
		fail_msg("\"%s\" was not found of: %s\nbut:\n%s", d->says,
			 d->how, f.text);
	free(f.text);
}

static const struct tools_damage *damages;
static size_t damages_n;

/* A set's row was deleted by hand: its groups are nobody else's then, and an
 * emptied store has none of them. */
static void set_is_gone(const struct tools_damage *d)
{
	static const char *const targets[] = {"snow", "other"};
	struct tools_found f;

	rv.where = rv_fresh_place();
	t_ok(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err);
	tools_fill(rv.r);
	t_ok(rv.ops->reset(rv.r, "other", NULL, &rv.err), &rv.err);
	rv.ops->close(&rv.r);
	harm_fn(d->how);
	rv_open_again();
	for (size_t i = 0; i < MST_LEN(targets); i++) {
		put(rv.r, targets[i], "things", "t", 2, MST_GROUP_CLEAN);
		put(rv.r, targets[i], "installs", "t", 0, MST_GROUP_CLEAN);
		assert_int_equal(rv_count(targets[i], "things"), 1);
		assert_int_equal(rv_count(targets[i], "installs"), 1);
	}
	for (size_t i = 0; i <= MST_LEN(targets); i++) {
		/* of each target alone, and of all */
		f = verify_of(rv.r, i < MST_LEN(targets) ? targets[i] : NULL);
		assert_non_null(
		    strstr(f.text, "'muster recver reset " SOURCE "'"));
		free(f.text);
	}
	rv.ops->close(&rv.r);
	rv_open_again();
	for (size_t i = 0; i < MST_LEN(targets); i++)
		t_ok(rv.ops->reset(rv.r, targets[i], NULL, &rv.err), &rv.err);
	f = tools_verify(rv.r);
	assert_string_equal(f.text, "");
	assert_int_equal(f.sum.groups, 0);
	free(f.text);
	rv.ops->close(&rv.r);
}

static void test_set_is_gone(void **state)
{
	for (size_t i = 0; i < damages_n; i++)
		if (strstr(damages[i].says, ", which is not there"))
			set_is_gone(&damages[i]);
}

static void test_damages(void **state)
{
	for (size_t i = 0; i < damages_n; i++)
		one_damage(&damages[i]);
}

int tools_damages(const char *name, void (*harm)(const char *how),
		  const struct tools_damage *all, size_t n)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_damages),
					   cmocka_unit_test(test_set_is_gone)};

	harm_fn = harm;
	damages = all;
	damages_n = n;
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
