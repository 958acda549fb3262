/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of expressions that work on lists: fields that hold several
 * texts, and the parts of a text.
 */
#include "rules/expr_private.h"

/* Elements of all arguments from `first` on, in their order. */
static bool all_elements(struct expr_run *r, const struct expr_node *n,
			 size_t first, struct expr_list *all)
{
	struct expr_list one;

	if (!expr_list_begin(r, all, 8))
		return false;
	for (size_t i = first; i < n->args_n; i++) {
		expr_list(r, n->args[i], &one);
		for (size_t k = 0; k < one.n; k++) {
			if (one.v[k].n && !expr_list_add(r, all, one.v[k]))
				return false;
		}
	}
	return true;
}

static bool join(struct expr_run *r, const struct expr_node *n,
		 struct mst_slice *out_r)
{
	struct mst_slice between = {"", 0};
	struct expr_list all;
	size_t bytes = 0;
	char *p, *q;

	(void)expr_arg(r, n, 0, &between);
	if (!all_elements(r, n, 1, &all) || !all.n)
		return false;
	for (size_t i = 0; i < all.n; i++)
		bytes += all.v[i].n + between.n;
	p = q = expr_space(r, bytes);
	if (!p)
		return false;
	for (size_t i = 0; i < all.n; i++) {
		if (i > 0 && between.n) {
			memcpy(q, between.p, between.n);
			q += between.n;
		}
		memcpy(q, all.v[i].p, all.v[i].n);
		q += all.v[i].n;
	}
	*out_r = mst_slice(p, (size_t)(q - p));
	return true;
}

/* Parts keep their place, so empty ones stay; they have no value. */
static void split(struct expr_run *r, const struct expr_node *n,
		  struct expr_list *out_r)
{
	struct mst_slice s, sep;
	const char *p, *end, *hit;

	if (!expr_list_begin(r, out_r, 8) || !expr_arg(r, n, 0, &s))
		return;
	if (!expr_arg(r, n, 1, &sep)) {
		(void)expr_list_add(r, out_r, s);
		return;
	}
	end = s.p + s.n;
	for (p = s.p;; p = hit + sep.n) {
		hit = memmem(p, (size_t)(end - p), sep.p, sep.n);
		if (!expr_list_add(r, out_r,
				   mst_slice_trim(mst_slice(
				       p, (size_t)((hit ? hit : end) - p)))) ||
		    !hit)
			return;
	}
}

static bool nth(struct expr_run *r, const struct expr_node *n,
		struct mst_slice *out_r)
{
	struct expr_list list;
	int64_t at;

	if (!expr_whole(r, n, 1, &at))
		return false;
	expr_list(r, n->args[0], &list);
	if (at < 0)
		at += (int64_t)list.n + 1;
	if (at < 1 || at > (int64_t)list.n)
		return false;
	*out_r = list.v[at - 1];
	return out_r->n > 0;
}

static bool count(struct expr_run *r, const struct expr_node *n,
		  struct mst_slice *out_r)
{
	char *p = expr_space(r, 24);
	struct expr_list list;
	size_t at = 24, v;

	if (!p)
		return false;
	expr_list(r, n->args[0], &list);
	v = list.n;
	do {
		p[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	*out_r = mst_slice(p + at, 24 - at);
	return true;
}

const struct expr_fn expr_lists[] = {
    {.name = "join",
     .usage = "join(between, list or text, ...)",
     .least = 2,
     .most = EXPR_ANY,
     .text = join},
    {.name = "split",
     .usage = "split(text, separator)",
     .least = 2,
     .most = 2,
     .list = split},
    {.name = "nth",
     .usage = "nth(list, number)",
     .least = 2,
     .most = 2,
     .text = nth},
    {.name = "count",
     .usage = "count(list)",
     .least = 1,
     .most = 1,
     .text = count},
    {.name = NULL},
};
