/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a copy equal to what it was copied from? Both are read again: values,
 * every row with its digest, every list with its members.
 */
#include <stdlib.h>

#include "copy_private.h"

static int differs(const struct mst_recver_set_name *set,
		   const struct mst_hash *key, const char *what,
		   struct mst_err *err)
{
	char hex[33] = "";

	if (key)
		mst_hash_hex(*key, hex);
	return mst_err_set(err, MST_E_CORRUPT,
			   "the copy is not equal: %s of target '%s'%s%s: %s; "
			   "run the same command again",
			   set->name, set->target, key ? ", group " : "", hex,
			   what);
}

/* ---- rows -----------------------------------------------------------------
 */

static const char *row_differs(const struct mst_group_row *a,
			       const struct mst_group_row *b)
{
	if (!mst_hash_eq(a->key, b->key))
		return "another group is there";
	if (!mst_slice_eq(a->text, b->text))
		return "its text";
	if (!mst_hash_eq(a->digest, b->digest))
		return "its digest";
	if (a->members != b->members)
		return "its number of members";
	if (memcmp(&a->remote, &b->remote, sizeof(a->remote)) != 0)
		return "its remote id";
	if (a->first_delivered_us != b->first_delivered_us ||
	    a->last_changed_us != b->last_changed_us)
		return "its times";
	if (a->last_run != b->last_run)
		return "its run";
	return a->state != b->state ? "its state" : NULL;
}

static int compare_rows(const struct mst_recver_set_name *set,
			const struct copy_rows *a, const struct copy_rows *b,
			struct mst_err *err)
{
	for (size_t i = 0; i < MST_MIN(a->n, b->n); i++) {
		const char *what = row_differs(&a->v[i], &b->v[i]);

		if (what)
			return differs(set, &a->v[i].key, what, err);
	}
	return a->n == b->n ? 0
			    : differs(set, NULL, "the number of groups", err);
}

/* ---- lists ----------------------------------------------------------------
 */

static const char *list_differs(const struct copy_list *a,
				const struct copy_list *b)
{
	if (!a->there || !b->there)
		return "it has gone meanwhile";
	if (a->n != b->n)
		return "its number of members";
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].key != b->v[i].key ||
		    a->v[i].value != b->v[i].value)
			return "its members";
		if (memcmp(&a->v[i].remote, &b->v[i].remote,
			   sizeof(a->v[i].remote)) != 0)
			return "the remote id of a member";
	}
	return NULL;
}

static int compare_chunk(const struct mst_recver_copy *c,
			 const struct mst_recver_set_name *set,
			 const struct mst_group_row *rows, size_t n,
			 struct copy_list *a, struct copy_list *b,
			 struct mst_err *err)
{
	const char *what = NULL;
	int rc = mst_copy_lists(c->from, set, rows, n, a, err);

	if (rc == 0)
		rc = mst_copy_lists(c->to, set, rows, n, b, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		what = list_differs(&a[i], &b[i]);
		if (what)
			rc = differs(set, &rows[i].key, what, err);
	}
	mst_copy_lists_fini(a, n);
	mst_copy_lists_fini(b, n);
	return rc;
}

static int compare_lists(const struct mst_recver_copy *c,
			 const struct mst_recver_set_name *set,
			 const struct copy_rows *rows, struct mst_err *err)
{
	struct copy_list *a = mst_alloc(COPY_GROUPS * sizeof(*a));
	struct copy_list *b = mst_alloc(COPY_GROUPS * sizeof(*b));
	size_t n;
	int rc = 0;

	for (size_t at = 0; at < rows->n && rc == 0; at += n) {
		n = mst_copy_chunk(rows, at);
		rc = mst_copy_step(c, "compare", set->name, at, rows->n, err);
		if (rc == 0)
			rc = compare_chunk(c, set, rows->v + at, n, a, b, err);
	}
	free(a);
	free(b);
	return rc;
}

static int compare_set(const struct mst_recver_copy *c,
		       const struct mst_recver_set_name *set,
		       struct mst_err *err)
{
	struct copy_rows a, b = {0};
	int rc = mst_copy_rows(c->from, set, &a, err);

	if (rc == 0)
		rc = mst_copy_rows(c->to, set, &b, err);
	if (rc == 0)
		rc = compare_rows(set, &a, &b, err);
	mst_copy_rows_fini(&b);
	if (rc == 0)
		rc = compare_lists(c, set, &a, err);
	mst_copy_rows_fini(&a);
	return rc;
}

/* ---- values and sets ------------------------------------------------------
 */

static int compare_values(const struct mst_recver_contents *a,
			  const struct mst_recver_contents *b,
			  struct mst_err *err)
{
	for (size_t i = 0; i < a->values_n; i++) {
		const struct mst_recver_value *v = &a->values[i];
		const struct mst_slice *o =
		    mst_recver_contents_value(b, v->target, v->name);

		/* How a store lays its tables out is its own. */
		if (!*v->target &&
		    (strcmp(v->name, MST_RECVER_UNFINISHED) == 0 ||
		     strcmp(v->name, "schema") == 0))
			continue;
		if (!o || !mst_slice_eq(v->value, *o))
			return mst_err_set(err, MST_E_CORRUPT,
					   "the copy is not equal: value '%s' "
					   "of target '%s'; run the same "
					   "command again",
					   v->name, v->target);
	}
	return 0;
}

/* A set that only the copy has was there before, or somebody writes. */
static int compare_sets(const struct mst_recver_contents *a,
			const struct mst_recver_contents *b,
			struct mst_err *err)
{
	for (size_t i = 0; i < b->sets_n; i++) {
		bool has = false;

		for (size_t k = 0; k < a->sets_n && !has; k++)
			has =
			    strcmp(a->sets[k].target, b->sets[i].target) == 0 &&
			    strcmp(a->sets[k].name, b->sets[i].name) == 0;
		if (!has)
			return differs(&b->sets[i], NULL,
				       "only the copy has it", err);
	}
	return 0;
}

int mst_copy_compare(const struct mst_recver_copy *c,
		     const struct mst_recver_contents *from,
		     struct mst_err *err)
{
	struct mst_recver_contents to;
	int rc = mst_recver_contents(c->to, &to, err);

	if (rc == 0)
		rc = compare_values(from, &to, err);
	if (rc == 0)
		rc = compare_sets(from, &to, err);
	for (size_t i = 0; i < from->sets_n && rc == 0; i++)
		rc = compare_set(c, &from->sets[i], err);
	mst_recver_contents_fini(&to);
	return rc;
}
