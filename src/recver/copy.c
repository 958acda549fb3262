/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a store whole, and writing it into another.
 */
#include "recver/copy.h"

#include <stdlib.h>

#include "copy_private.h"

/* ---- rows and lists of one store ----------------------------------------- */

void mst_copy_rows_fini(struct copy_rows *rows)
{
	mst_arena_fini(&rows->texts);
	free(rows->v);
	*rows = (struct copy_rows){0};
}

static int take_row(void *ctx, const struct mst_group_row *row)
{
	struct copy_rows *rows = ctx;

	if (rows->n == rows->cap) {
		rows->cap = rows->cap ? rows->cap * 2 : 1024;
		rows->v = mst_realloc(rows->v, rows->cap * sizeof(*rows->v));
	}
	rows->v[rows->n] = *row;
	rows->v[rows->n++].text = mst_arena_dup(&rows->texts, row->text);
	return 0;
}

int mst_copy_rows(struct mst_recver *r, const struct mst_recver_set_name *set,
		  struct copy_rows *rows, struct mst_err *err)
{
	*rows = (struct copy_rows){0};
	mst_arena_init(&rows->texts, SIZE_MAX);
	return r->ops->load(r, set->target, set->name, take_row, rows, err);
}

size_t mst_copy_chunk(const struct copy_rows *rows, size_t at)
{
	uint64_t members = rows->v[at].members;
	size_t n = 1;

	while (at + n < rows->n && n < COPY_GROUPS &&
	       members + rows->v[at + n].members <= COPY_MEMBERS)
		members += rows->v[at + n++].members;
	return n;
}

/* ---- lists ----------------------------------------------------------------
 */

struct taking {
	const struct mst_group_row *rows;
	size_t n;
	struct copy_list *lists;
};

static int by_key(const void *a, const void *b)
{
	const struct mst_hash *x = a;
	const struct mst_group_row *y = b;

	if (x->hi != y->key.hi)
		return x->hi < y->key.hi ? -1 : 1;
	return x->lo < y->key.lo ? -1 : x->lo > y->key.lo;
}

static int take_list(void *ctx, const struct mst_hash *key,
		     const struct mst_member *m, size_t n)
{
	struct taking *t = ctx;
	const struct mst_group_row *row =
	    bsearch(key, t->rows, t->n, sizeof(*row), by_key);
	struct copy_list *l;

	if (!row)
		return 0;
	l = &t->lists[row - t->rows];
	l->there = true;
	l->n = n;
	l->v = mst_alloc((n + 1) * sizeof(*l->v));
	if (n)
		memcpy(l->v, m, n * sizeof(*l->v));
	return 0;
}

int mst_copy_lists(struct mst_recver *r, const struct mst_recver_set_name *set,
		   const struct mst_group_row *rows, size_t n,
		   struct copy_list *lists, struct mst_err *err)
{
	struct mst_hash *keys = mst_alloc(n * sizeof(*keys));
	struct taking t = {rows, n, lists};
	int rc;

	memset(lists, 0, n * sizeof(*lists));
	for (size_t i = 0; i < n; i++)
		keys[i] = rows[i].key;
	rc = r->ops->members(r, set->target, set->name, keys, n, take_list, &t,
			     err);
	free(keys);
	return rc;
}

void mst_copy_lists_fini(struct copy_list *lists, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(lists[i].v);
	memset(lists, 0, n * sizeof(*lists));
}

/* ---- copying --------------------------------------------------------------
 */

int mst_copy_step(const struct mst_recver_copy *c, const char *stage,
		  const char *set, uint64_t done, uint64_t total,
		  struct mst_err *err)
{
	int rc;

	if (c->cancel && atomic_load(c->cancel))
		return mst_err_set(err, MST_E_CANCELLED,
				   "stopped: the copy is not whole; the same "
				   "command makes it so");
	if (c->progress)
		c->progress(c->ctx, stage, set, done, total);
	rc = mst_recver_keep(c->from, err);
	return rc < 0 ? rc : mst_recver_keep(c->to, err);
}

static bool any_remote(const struct copy_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!mst_sysid_is_zero(&l->v[i].remote))
			return true;
	return false;
}

static int put_chunk(const struct mst_recver_copy *c,
		     const struct mst_recver_set_name *set,
		     const struct mst_group_row *rows, size_t n,
		     const struct copy_list *lists, struct mst_err *err)
{
	struct mst_group_put *put = mst_alloc(n * sizeof(*put));
	int rc;

	for (size_t i = 0; i < n; i++)
		put[i] = (struct mst_group_put){
		    .row = rows[i],
		    .members = lists[i].n ? lists[i].v : NULL,
		    .with_remote = any_remote(&lists[i]),
		};
	rc = c->to->ops->put(c->to, set->target, set->name, put, n, err);
	free(put);
	return rc;
}

static int copy_set(const struct mst_recver_copy *c,
		    const struct mst_recver_set_name *set,
		    struct mst_recver_copy_sum *sum, struct mst_err *err)
{
	struct copy_list *lists = mst_alloc(COPY_GROUPS * sizeof(*lists));
	struct copy_rows rows;
	size_t n;
	int rc = mst_copy_rows(c->from, set, &rows, err);

	for (size_t at = 0; at < rows.n && rc == 0; at += n) {
		n = mst_copy_chunk(&rows, at);
		rc = mst_copy_step(c, "copy", set->name, at, rows.n, err);
		if (rc == 0)
			rc = mst_copy_lists(c->from, set, rows.v + at, n, lists,
					    err);
		if (rc == 0)
			rc = put_chunk(c, set, rows.v + at, n, lists, err);
		for (size_t i = 0; i < n && rc == 0; i++)
			sum->members += lists[i].n;
		mst_copy_lists_fini(lists, n);
	}
	sum->groups += rows.n;
	sum->sets += rows.n > 0;
	mst_copy_rows_fini(&rows);
	free(lists);
	return rc;
}

/* What is the database's own is there already, or is the mark. */
static bool is_own(const struct mst_recver_value *v)
{
	static const char *const own[] = {"seed", "schema", "hash", "source",
					  MST_RECVER_UNFINISHED};

	for (size_t i = 0; i < MST_LEN(own) && !*v->target; i++)
		if (strcmp(v->name, own[i]) == 0)
			return true;
	return false;
}

static int copy_values(const struct mst_recver_copy *c,
		       const struct mst_recver_contents *from,
		       struct mst_recver_copy_sum *sum, struct mst_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < from->values_n && rc == 0; i++) {
		const struct mst_recver_value *v = &from->values[i];

		if (is_own(v))
			continue;
		rc = c->to->ops->meta_put(c->to, v->target, v->name, v->value,
					  err);
		sum->values++;
	}
	return rc;
}

/* ---- before and after -----------------------------------------------------
 */

static int mark(struct mst_recver *to, const char *text, struct mst_err *err)
{
	return to->ops->meta_put(to, "", MST_RECVER_UNFINISHED,
				 mst_slice_str(text), err);
}

static int check_to(const struct mst_recver_copy *c, struct mst_err *err)
{
	struct mst_recver_contents to;
	int rc = mst_recver_contents(c->to, &to, err);

	if (rc == 0 && to.targets_n && !c->force &&
	    !mst_recver_is_unfinished(&to))
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "it is not empty: it holds what was delivered "
				 "to %s%s; give another one, or --force to "
				 "empty it",
				 to.targets[0],
				 to.targets_n > 1 ? " and others" : "");
	mst_recver_contents_fini(&to);
	return rc;
}

static int take_over(const struct mst_recver_copy *c,
		     const struct mst_recver_contents *from,
		     struct mst_err *err)
{
	const struct mst_slice *seed =
	    mst_recver_contents_value(from, "", "seed");

	if (!seed || seed->n != 8)
		return mst_err_set(err, MST_E_CORRUPT,
				   "it has no seed: 'muster recver verify' "
				   "says more");
	return c->to->ops->adopt(c->to, (const uint8_t *)seed->p, err);
}

static int on_from(int rc, struct mst_err *err)
{
	return rc < 0 && rc != -MST_E_CANCELLED
		   ? mst_err_prefix(err, "what is to be copied")
		   : rc;
}

static int on_to(int rc, struct mst_err *err)
{
	return rc < 0 ? mst_err_prefix(err, "where it is to be copied to") : rc;
}

static int make_ready(const struct mst_recver_copy *c,
		      const struct mst_recver_contents *from,
		      struct mst_err *err)
{
	int rc = check_to(c, err);

	if (rc == 0)
		rc = mark(c->to, c->name, err);
	if (rc == 0)
		rc = mst_recver_empty(c->to, err);
	if (rc == 0)
		rc = take_over(c, from, err);
	return on_to(rc, err);
}

int mst_recver_copy(const struct mst_recver_copy *c,
		    struct mst_recver_copy_sum *sum_r, struct mst_err *err)
{
	struct mst_recver_contents from;
	struct mst_recver_copy_sum sum = {0};
	int rc = on_from(mst_recver_contents(c->from, &from, err), err);

	if (rc < 0)
		return rc;
	rc = make_ready(c, &from, err);
	for (size_t i = 0; i < from.sets_n && rc == 0; i++)
		rc = copy_set(c, &from.sets[i], &sum, err);
	if (rc == 0)
		rc = copy_values(c, &from, &sum, err);
	if (rc == 0)
		rc = mst_copy_compare(c, &from, err);
	if (rc == 0)
		rc = on_to(c->to->ops->compact(c->to, err), err);
	/* The last thing: from here on it is a copy, and nothing can fail. */
	if (rc == 0)
		rc = on_to(mark(c->to, "", err), err);
	sum.targets = from.targets_n;
	mst_recver_contents_fini(&from);
	*sum_r = sum;
	return rc;
}
