/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the tree of an expression on a record.
 */
#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "rules/expr_memo.h"

/* Most texts fit a piece of memory that the thread uses again and again; what
 * is more comes from the record's scratch. */
char *expr_space(struct expr_run *r, size_t n)
{
	struct expr_thread *t = r->thread;
	size_t room = (n + 15) & ~(size_t)15;

	if (MST_UNLIKELY(n > r->space)) {
		r->space = 0;
		return NULL;
	}
	r->space -= n;
	if (MST_UNLIKELY(!t))
		return mst_arena_alloc(r->arena, n);
	if (MST_UNLIKELY(room > t->space_n - t->space_used))
		return mst_rule_scratch(r->ctx, n);
	t->space_used += room;
	return t->space + t->space_used - room;
}

struct mst_slice expr_cut(struct mst_slice s, size_t max)
{
	if (s.n <= max)
		return s;
	s.n = max;
	while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
		s.n--;
	return s;
}

bool expr_bool(bool b, struct mst_slice *out_r)
{
	*out_r = b ? MST_SLICE_LIT("true") : MST_SLICE_LIT("false");
	return true;
}

/* ---- lists --------------------------------------------------------------- */

bool expr_list_begin(struct expr_run *r, struct expr_list *l, size_t cap)
{
	*l = (struct expr_list){.cap = cap};
	l->v = (void *)expr_space(r, cap * sizeof(*l->v));
	return l->v != NULL;
}

bool expr_list_add(struct expr_run *r, struct expr_list *l, struct mst_slice s)
{
	if (l->n == l->cap) {
		void *more = expr_space(r, 2 * l->cap * sizeof(*l->v));

		if (!more)
			return false;
		memcpy(more, l->v, l->n * sizeof(*l->v));
		l->v = more;
		l->cap *= 2;
	}
	l->v[l->n++] = s;
	return true;
}

static int by_bytes(const void *a, const void *b)
{
	return mst_slice_cmp(*(const struct mst_slice *)a,
			     *(const struct mst_slice *)b);
}

static void sort(struct expr_list *l)
{
	size_t kept = 0;

	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), by_bytes);
	for (size_t i = 0; i < l->n; i++) {
		if (kept == 0 || !mst_slice_eq(l->v[i], l->v[kept - 1]))
			l->v[kept++] = l->v[i];
	}
	l->n = kept;
}

/* One a line. */
static bool lines(struct expr_run *r, const struct expr_list *l,
		  struct mst_slice *out_r)
{
	size_t n = 0;
	char *p, *q;

	if (l->n <= 1) {
		*out_r = l->n ? l->v[0] : mst_slice(NULL, 0);
		return l->n == 1;
	}
	for (size_t i = 0; i < l->n; i++)
		n += l->v[i].n + 1;
	p = q = expr_space(r, n);
	if (!p)
		return false;
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			*q++ = '\n';
		if (l->v[i].n)
			memcpy(q, l->v[i].p, l->v[i].n);
		q += l->v[i].n;
	}
	*out_r = mst_slice(p, (size_t)(q - p));
	return true;
}

/* ---- fields -------------------------------------------------------------- */

struct gather {
	struct expr_run *run;
	struct expr_list *list;
	bool copy; /* texts die with the parser's next document */
	size_t bytes;
};

static void add_scalar(struct gather *g, struct mst_json j)
{
	struct mst_value v = {.type = mst_json_type(j)};
	struct mst_slice s = mst_json_str(j);
	char *p;

	if (v.type == MST_JSON_STRING) {
		v.u.s.p = s.p;
		v.u.s.n = s.n;
	} else if (v.type == MST_JSON_INT) {
		(void)mst_json_i64(j, &v.u.i);
	} else if (v.type == MST_JSON_DOUBLE) {
		(void)mst_json_dbl(j, &v.u.d);
	} else if (v.type == MST_JSON_BOOL) {
		(void)mst_json_bool(j, &v.u.b);
	}
	if (g->bytes > MST_MAX_TEXT ||
	    mst_op_text(g->run->ctx, &v, 0, NULL, &s) != 1)
		return;
	s = expr_cut(s, MST_MAX_TEXT);
	if (g->copy) {
		p = expr_space(g->run, s.n);
		if (!p)
			return;
		memcpy(p, s.p, s.n);
		s.p = p;
	}
	g->bytes += s.n;
	(void)expr_list_add(g->run, g->list, s);
}

/* What the members lead to below j; through lists on the way. */
static void gather(struct gather *g, struct mst_json j,
		   const char *const *members, bool in_list)
{
	struct mst_json_iter it;
	struct mst_json e;

	if (mst_json_type(j) == MST_JSON_ARRAY && !in_list) {
		it = mst_json_iter(j);
		while (mst_json_next(&it, NULL, &e))
			gather(g, e, members, true);
	} else if (members && *members) {
		e = mst_json_iget(j, *members);
		if (e.doc)
			gather(g, e, members + 1, false);
	} else {
		add_scalar(g, j);
	}
}

static void field_list(struct expr_run *r, const struct expr_node *n,
		       struct expr_list *out_r)
{
	const struct mst_value *v = &r->v[n->field];
	struct gather g = {.run = r, .list = out_r};
	struct mst_err err = MST_ERR_INIT;
	struct mst_slice s;
	struct mst_json j;

	if (!expr_list_begin(r, out_r, 8))
		return;
	if (v->type == MST_JSON_ARRAY || v->type == MST_JSON_OBJECT) {
		gather(&g, v->u.j, n->members, false);
	} else if (!n->members) {
		if (mst_op_text(r->ctx, r->v, n->field, NULL, &s) == 1)
			(void)expr_list_add(r, out_r, s);
		return;
	} else if (v->type == MST_JSON_STRING && v->u.s.n &&
		   v->u.s.p[0] == '{' &&
		   mst_json_parse(mst_rule_parser(r->ctx),
				  mst_slice(v->u.s.p, v->u.s.n), &j,
				  &err) == 0) {
		/* an object inside a text, as additionalFields is one */
		g.copy = true;
		gather(&g, j, n->members, false);
	}
	sort(out_r);
}

static bool field_text(struct expr_run *r, const struct expr_node *n,
		       struct mst_slice *out_r)
{
	struct expr_list list;

	if (!n->members && r->v[n->field].type != MST_JSON_ARRAY)
		return mst_op_text(r->ctx, r->v, n->field, NULL, out_r) == 1;
	field_list(r, n, &list);
	return lines(r, &list, out_r);
}

/* ---- nodes --------------------------------------------------------------- */

static bool rows_text(struct expr_run *r, const struct expr_node *n,
		      struct mst_slice *out_r)
{
	for (size_t i = 0; i < n->rows_n; i++) {
		const struct mst_map_row *row = &n->rows[i];

		if (row->op(r->ctx, r->v, row->field, row->arg, out_r) == 1 &&
		    out_r->n > 0)
			return true;
	}
	return false;
}

static bool list_text(struct expr_run *r, const struct expr_node *n,
		      struct mst_slice *out_r)
{
	struct expr_list list;

	n->fn->list(r, n, &list);
	return lines(r, &list, out_r);
}

bool expr_text_slow(struct expr_run *r, const struct expr_node *n,
		    struct mst_slice *out_r)
{
	bool some = false;

	switch (n->kind) {
	case EXPR_TEXT:
		*out_r = n->text;
		some = true;
		break;
	case EXPR_FIELD:
		some = field_text(r, n, out_r);
		break;
	case EXPR_ROWS:
		some = rows_text(r, n, out_r);
		break;
	case EXPR_CALL:
		some = n->fn->text ? n->fn->text(r, n, out_r)
				   : list_text(r, n, out_r);
		break;
	}
	if (!some || out_r->n == 0)
		return false;
	if (MST_UNLIKELY(out_r->n > MST_MAX_TEXT))
		*out_r = expr_cut(*out_r, MST_MAX_TEXT);
	return out_r->n > 0;
}

void expr_list(struct expr_run *r, const struct expr_node *n,
	       struct expr_list *out_r)
{
	struct mst_slice s;

	if (n->kind == EXPR_FIELD) {
		field_list(r, n, out_r);
	} else if (n->kind == EXPR_CALL && n->fn->list) {
		n->fn->list(r, n, out_r);
	} else if (expr_list_begin(r, out_r, 1) && expr_text(r, n, &s)) {
		(void)expr_list_add(r, out_r, s);
	}
}

bool expr_number(struct expr_run *r, const struct expr_node *n, size_t i,
		 double *out_r)
{
	const struct expr_node *a = n->args[i];
	const struct mst_value *v;
	struct mst_slice s;

	/* Scores come a million times a run: no way over texts. */
	if (a->is_number) {
		*out_r = a->number;
		return true;
	}
	if (a->kind == EXPR_FIELD && !a->members) {
		v = &r->v[a->field];
		if (v->type == MST_JSON_INT || v->type == MST_JSON_DOUBLE) {
			*out_r =
			    v->type == MST_JSON_INT ? (double)v->u.i : v->u.d;
			return true;
		}
	}
	return expr_text(r, a, &s) && mst_num_dbl(mst_slice_trim(s), out_r);
}

bool expr_whole(struct expr_run *r, const struct expr_node *n, size_t i,
		int64_t *out_r)
{
	double d;

	if (!expr_number(r, n, i, &d) || !(fabs(d) <= 1e9))
		return false;
	*out_r = (int64_t)d;
	return (double)*out_r == d;
}

bool expr_is_true(struct expr_run *r, const struct expr_node *n, size_t i)
{
	struct mst_slice s;

	return expr_arg(r, n, i, &s) && mst_slice_iis(s, "true");
}

/* ---- the op -------------------------------------------------------------- */

int expr_run(struct mst_rule_ctx *ctx, const struct mst_value *v,
	     const struct mst_expr *e, struct expr_thread *t, bool remember,
	     struct mst_slice *out_r)
{
	uint64_t record = mst_rule_own(ctx)->record;
	struct expr_run run = {.ctx = ctx,
			       .v = v,
			       .thread = t,
			       .expr = e,
			       .space = MST_MAX_EXPR_SPACE};
	int rc;

	if (t->record != record) {
		t->record = record;
		t->space_used = 0;
	}
	/* Nearly always a function that makes a text. */
	if (e->root->kind == EXPR_CALL && e->root->fn->text) {
		rc = e->root->fn->text(&run, e->root, out_r) && out_r->n > 0;
		if (MST_UNLIKELY(rc && out_r->n > MST_MAX_TEXT))
			*out_r = expr_cut(*out_r, MST_MAX_TEXT);
	} else {
		rc = expr_text(&run, e->root, out_r);
	}
	if (MST_UNLIKELY(run.space == 0))
		atomic_fetch_add(e->limited, 1);
	if (remember)
		expr_memo_put(&t->memos[e->number], rc, *out_r);
	return rc;
}

int mst_op_expr(struct mst_rule_ctx *ctx, const struct mst_value *v,
		unsigned field, const void *arg, struct mst_slice *out_r)
{
	return expr_value(ctx, mst_rule_own(ctx), v, arg, out_r);
}
