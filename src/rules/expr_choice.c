/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of expressions that choose and ask. A question is answered
 * "true" or "false", also where there is no value to ask about.
 */
#include "rules/expr_private.h"

/* ---- choosing ------------------------------------------------------------ */

static bool coalesce(struct expr_run *r, const struct expr_node *n,
		     struct mst_slice *out_r)
{
	for (size_t i = 0; i < n->args_n; i++) {
		if (expr_arg(r, n, i, out_r))
			return true;
	}
	return false;
}

static bool choose(struct expr_run *r, const struct expr_node *n,
		   struct mst_slice *out_r)
{
	return expr_arg(r, n, expr_is_true(r, n, 0) ? 1 : 2, out_r);
}

static bool lookup(struct expr_run *r, const struct expr_node *n,
		   struct mst_slice *out_r)
{
	struct mst_slice key;

	return (expr_arg(r, n, 1, &key) &&
		expr_table_get(n->extra, key, out_r)) ||
	       expr_arg(r, n, 2, out_r);
}

static int prepare_lookup(struct expr_reader *rd, struct expr_node *n)
{
	const struct expr_node *name = n->args[0];
	const char *near;

	n->extra = expr_table_find(rd->all, name->text);
	if (n->extra)
		return 0;
	near = expr_table_near(rd, name->text.p);
	return expr_fail(rd, name->at, "there is no lookup table '%.*s'%s%s%s",
			 MST_SLICE_ARG(name->text),
			 near ? "; did you mean '" : "", near ? near : "",
			 near ? "'?"
			      : "; write it below \"lookup:\" as a list of "
				"\"key=value\"");
}

/* ---- asking -------------------------------------------------------------- */

static bool has(struct expr_run *r, const struct expr_node *n,
		struct mst_slice *out_r)
{
	struct mst_slice s;

	return expr_bool(expr_arg(r, n, 0, &s), out_r);
}

static bool negate(struct expr_run *r, const struct expr_node *n,
		   struct mst_slice *out_r)
{
	return expr_bool(!expr_is_true(r, n, 0), out_r);
}

static bool and
    (struct expr_run * r, const struct expr_node *n, struct mst_slice *out_r)
{
	for (size_t i = 0; i < n->args_n; i++) {
		if (!expr_is_true(r, n, i))
			return expr_bool(false, out_r);
	}
	return expr_bool(true, out_r);
}

static bool or
    (struct expr_run * r, const struct expr_node *n, struct mst_slice *out_r)
{
	for (size_t i = 0; i < n->args_n; i++) {
		if (expr_is_true(r, n, i))
			return expr_bool(true, out_r);
	}
	return expr_bool(false, out_r);
}

/* As numbers when one of both is written as one: 7 is 7.0 then, while texts
 * like the versions 1.1 and 1.10 differ. */
static bool equal(struct expr_run *r, const struct expr_node *n)
{
	struct mst_slice a, b;
	double x, y;

	if (n->args[0]->is_number || n->args[1]->is_number)
		return expr_number(r, n, 0, &x) && expr_number(r, n, 1, &y) &&
		       x == y;
	return expr_arg(r, n, 0, &a) && expr_arg(r, n, 1, &b) &&
	       mst_slice_eq(a, b);
}

static bool eq(struct expr_run *r, const struct expr_node *n,
	       struct mst_slice *out_r)
{
	return expr_bool(equal(r, n), out_r);
}

static bool ne(struct expr_run *r, const struct expr_node *n,
	       struct mst_slice *out_r)
{
	return expr_bool(!equal(r, n), out_r);
}

static bool lt(struct expr_run *r, const struct expr_node *n,
	       struct mst_slice *out_r)
{
	double x, y;

	return expr_bool(expr_number(r, n, 0, &x) && expr_number(r, n, 1, &y) &&
			     x < y,
			 out_r);
}

static bool le(struct expr_run *r, const struct expr_node *n,
	       struct mst_slice *out_r)
{
	double x, y;

	return expr_bool(expr_number(r, n, 0, &x) && expr_number(r, n, 1, &y) &&
			     x <= y,
			 out_r);
}

static bool gt(struct expr_run *r, const struct expr_node *n,
	       struct mst_slice *out_r)
{
	double x, y;

	return expr_bool(expr_number(r, n, 0, &x) && expr_number(r, n, 1, &y) &&
			     x > y,
			 out_r);
}

static bool ge(struct expr_run *r, const struct expr_node *n,
	       struct mst_slice *out_r)
{
	double x, y;

	return expr_bool(expr_number(r, n, 0, &x) && expr_number(r, n, 1, &y) &&
			     x >= y,
			 out_r);
}

static bool starts(struct expr_run *r, const struct expr_node *n,
		   struct mst_slice *out_r)
{
	struct mst_slice s, what;

	return expr_bool(expr_arg(r, n, 0, &s) && expr_arg(r, n, 1, &what) &&
			     s.n >= what.n && memcmp(s.p, what.p, what.n) == 0,
			 out_r);
}

static bool ends(struct expr_run *r, const struct expr_node *n,
		 struct mst_slice *out_r)
{
	struct mst_slice s, what;

	return expr_bool(expr_arg(r, n, 0, &s) && expr_arg(r, n, 1, &what) &&
			     s.n >= what.n &&
			     memcmp(s.p + s.n - what.n, what.p, what.n) == 0,
			 out_r);
}

/* A list: one of its elements. A text: a part of it. */
static bool contains(struct expr_run *r, const struct expr_node *n,
		     struct mst_slice *out_r)
{
	const struct expr_node *in = n->args[0];
	struct mst_slice what, s;
	struct expr_list list;

	if (!expr_arg(r, n, 1, &what))
		return expr_bool(false, out_r);
	if ((in->kind == EXPR_CALL && in->fn->list) ||
	    (in->kind == EXPR_FIELD &&
	     (in->members || r->v[in->field].type == MST_JSON_ARRAY))) {
		expr_list(r, in, &list);
		for (size_t i = 0; i < list.n; i++) {
			if (mst_slice_eq(list.v[i], what))
				return expr_bool(true, out_r);
		}
		return expr_bool(false, out_r);
	}
	return expr_bool(expr_arg(r, n, 0, &s) &&
			     memmem(s.p, s.n, what.p, what.n) != NULL,
			 out_r);
}

#define ASK(fn_name, fn_text, fn_usage, count)                                 \
	{                                                                      \
		.name = (fn_name), .usage = (fn_usage), .least = (count),      \
		.most = (count), .text = (fn_text)                             \
	}

const struct expr_fn expr_choices[] = {
    {.name = "coalesce",
     .usage = "coalesce(value, value, ...)",
     .least = 1,
     .most = EXPR_ANY,
     .text = coalesce},
    {.name = "default",
     .usage = "default(value, otherwise)",
     .least = 2,
     .most = 2,
     .text = coalesce},
    {.name = "if",
     .usage = "if(condition, then[, otherwise])",
     .least = 2,
     .most = 3,
     .text = choose},
    {.name = "lookup",
     .usage = "lookup(table, key[, otherwise])",
     .least = 2,
     .most = 3,
     .flags = EXPR_NAME_FIRST,
     .text = lookup,
     .prepare = prepare_lookup},
    {.name = "and",
     .usage = "and(condition, condition, ...)",
     .least = 1,
     .most = EXPR_ANY,
     .text = and},
    {.name = "or",
     .usage = "or(condition, condition, ...)",
     .least = 1,
     .most = EXPR_ANY,
     .text = or },
    ASK("not", negate, "not(condition)", 1),
    ASK("has", has, "has(value)", 1),
    ASK("eq", eq, "eq(a, b)", 2),
    ASK("ne", ne, "ne(a, b)", 2),
    ASK("lt", lt, "lt(a, b)", 2),
    ASK("le", le, "le(a, b)", 2),
    ASK("gt", gt, "gt(a, b)", 2),
    ASK("ge", ge, "ge(a, b)", 2),
    ASK("starts", starts, "starts(text, start)", 2),
    ASK("ends", ends, "ends(text, end)", 2),
    ASK("contains", contains, "contains(list or text, what)", 2),
    {.name = NULL},
};
