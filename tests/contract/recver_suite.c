/* SPDX-License-Identifier: Apache-2.0
 *
 * The helpers of recver_suite.h.
 */
#include "recver_suite.h"

#include <stdio.h>
#include <stdlib.h>

struct rv rv = {.err = MST_ERR_INIT};

const char *rv_fresh_place(void)
{
	static unsigned n;

	if (rv.fresh)
		return rv.fresh();
	return t_path("%s/%u.recver", rv.ops->type, n++);
}

int rv_open(const char *where, const char *source, bool create,
	    struct mst_recver **r_r, struct mst_err *err)
{
	struct mst_recver_conf conf = rv.server;

	conf.type = rv.ops->type;
	conf.path = where;
	conf.database = rv.fresh ? where : NULL;
	return rv.ops->open(&conf, source, create, r_r, err);
}

void rv_open_again(void)
{
	t_ok(rv_open(rv.where, SOURCE, false, &rv.r, &rv.err), &rv.err);
}

int rv_set_up(void **state)
{
	rv.where = rv_fresh_place();
	t_ok(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err);
	return 0;
}

int rv_tear_down(void **state)
{
	rv.ops->close(&rv.r);
	assert_null(rv.r);
	return 0;
}

/* ---- making and comparing groups ----------------------------------------- */

struct mst_hash rv_key_of(struct mst_slice text)
{
	return mst_hash128(text.p, text.n, 42);
}

struct mst_group_put rv_group(struct mst_slice text, uint32_t n,
			      bool with_remote)
{
	struct mst_member *m = mst_alloc((n + 1) * sizeof(*m));
	struct mst_hash key = rv_key_of(text);

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

void rv_group_free(struct mst_group_put *g)
{
	free((void *)(uintptr_t)g->members);
	g->members = NULL;
}

void rv_put_text(const char *target, const char *set, const char *text,
		 uint32_t n)
{
	struct mst_group_put g = rv_group(mst_slice_str(text), n, true);

	t_ok(rv.ops->put(rv.r, target, set, &g, 1, &rv.err), &rv.err);
	rv_group_free(&g);
}

int rv_see_row(void *ctx, const struct mst_group_row *row)
{
	struct rv_seen *s = ctx;

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

int rv_see_members(void *ctx, const struct mst_hash *key,
		   const struct mst_member *m, size_t n)
{
	struct rv_seen *s = ctx;

	if (!mst_hash_eq(*key, s->want))
		return 0;
	s->found++;
	s->members = n;
	assert_true(n <= MST_LEN(s->m));
	if (n)
		memcpy(s->m, m, n * sizeof(*m));
	return 0;
}

size_t rv_count(const char *target, const char *set)
{
	struct rv_seen s = {0};

	t_ok(rv.ops->load(rv.r, target, set, rv_see_row, &s, &rv.err), &rv.err);
	return s.rows;
}

struct rv_seen rv_look(const char *target, const char *set,
		       struct mst_slice text)
{
	struct rv_seen s = {.want = rv_key_of(text)};
	struct mst_hash key = s.want;
	size_t rows;

	t_ok(rv.ops->load(rv.r, target, set, rv_see_row, &s, &rv.err), &rv.err);
	rows = s.found;
	s.found = 0;
	t_ok(rv.ops->members(rv.r, target, set, &key, 1, rv_see_members, &s,
			     &rv.err),
	     &rv.err);
	assert_int_equal(s.found, rows);
	return s;
}

void rv_assert_stored(const char *target, const char *set,
		      const struct mst_group_put *g)
{
	struct rv_seen s = rv_look(target, set, g->row.text);

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

struct mst_recver_stats rv_stats(const char *target, const char *set)
{
	struct mst_recver_stats st;

	t_ok(rv.ops->stats(rv.r, target, set, &st, &rv.err), &rv.err);
	return st;
}
