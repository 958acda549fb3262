/* SPDX-License-Identifier: Apache-2.0
 *
 * Encoded queries: "a=1^b=2^ORb=3^NQc=4^ORDERBYd". A clause with an unknown
 * field or operator is dropped and the rest runs, as ServiceNow does it (the
 * property glide.invalid_query.returns_no_rows makes it return nothing).
 *
 * A search takes the cheapest way in: an index for one clause with = or IN, the
 * order by sys_id for keyset pages, else all rows.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "sim/sn.h"

enum op {
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_LIKE,
	OP_NOTLIKE,
	OP_STARTS,
	OP_ENDS,
	OP_IN,
	OP_NOTIN,
	OP_EMPTY,
	OP_NOTEMPTY,
	OP_ANY,
	OP__BAD
};

/* Longer spellings first where one starts another. */
static const struct {
	const char *text;
	enum op op;
} ops[] = {
    {"ISNOTEMPTY", OP_NOTEMPTY},
    {"ISEMPTY", OP_EMPTY},
    {"NOT LIKE", OP_NOTLIKE},
    {"NOTLIKE", OP_NOTLIKE},
    {"DOES NOT CONTAIN", OP_NOTLIKE},
    {"CONTAINS", OP_LIKE},
    {"NOT IN", OP_NOTIN},
    {"STARTSWITH", OP_STARTS},
    {"ENDSWITH", OP_ENDS},
    {"ANYTHING", OP_ANY},
    {"LIKE", OP_LIKE},
    {"IN", OP_IN},
    {"!=", OP_NE},
    {">=", OP_GE},
    {"<=", OP_LE},
    {"=", OP_EQ},
    {">", OP_GT},
    {"<", OP_LT},
};

struct cond {
	struct mst_slice path; /* "a.b.name" */
	struct sn_col *col;    /* when there is no dot; else NULL */
	enum op op;
	struct mst_slice value;
	struct mst_slice *list; /* IN */
	size_t list_n;
	double number; /* of an integer or decimal column */
	bool is_number;
	struct cond *next_or;
};

struct group { /* one ^NQ part: all of its conditions */
	struct cond *conds[64];
	size_t n;
	struct group *next;
};

struct order {
	struct mst_slice path;
	bool down;
};

struct sn_query {
	struct sn_table *t;
	struct group *groups;
	bool nothing; /* an invalid clause, and the property says so */
	struct order order[8];
	size_t order_n;
};

/* ---- paths --------------------------------------------------------------- */

static size_t col_named(const struct sn_table *t, struct mst_slice name)
{
	uintptr_t at = (uintptr_t)mst_map_get(&t->by_name, name);

	return at ? at - 1 : SN_NONE;
}

/* Where the first part of a path ends. */
static struct mst_slice first_part(struct mst_slice path,
				   struct mst_slice *rest_r)
{
	const char *dot = memchr(path.p, '.', path.n);
	size_t n = dot ? (size_t)(dot - path.p) : path.n;

	*rest_r = dot ? mst_slice(dot + 1, path.n - n - 1) : mst_slice(NULL, 0);
	return mst_slice(path.p, n);
}

/* The column at the end of a path, by the dictionary alone. */
static struct sn_col *path_col(struct sim_sn *sn, struct sn_table *t,
			       struct mst_slice path)
{
	struct mst_slice rest, part = first_part(path, &rest);
	size_t at = col_named(t, part);

	if (at == SN_NONE)
		return NULL;
	if (!rest.p)
		return t->cols[at];
	t = t->cols[at]->reference ? sn_table(sn, t->cols[at]->reference)
				   : NULL;
	return t && path.n > rest.n ? path_col(sn, t, rest) : NULL;
}

bool sn_walk(struct sim_sn *sn, struct sn_table *t, struct sn_row *row,
	     struct mst_slice path, struct sn_row **last_r, size_t *col_r)
{
	struct mst_slice rest, part;
	size_t at;

	if (!path_col(sn, t, path))
		return false;
	*last_r = NULL;
	*col_r = SN_NONE;
	for (;;) {
		part = first_part(path, &rest);
		at = col_named(row->t, part);
		if (at == SN_NONE)
			return true;
		if (!rest.p)
			break;
		row = mst_map_get(&sn->by_id, sn_get(row, at));
		if (!row)
			return true;
		path = rest;
	}
	*last_r = row;
	*col_r = at;
	return true;
}

static struct mst_slice path_value(struct sim_sn *sn, struct sn_table *t,
				   struct sn_row *row, struct mst_slice path)
{
	struct sn_row *last;
	size_t col;

	if (!sn_walk(sn, t, row, path, &last, &col) || !last)
		return MST_SLICE_LIT("");
	return sn_get(last, col);
}

/* ---- parsing ------------------------------------------------------------- */

static void split_list(struct sim_sn *sn, struct cond *c)
{
	struct mst_slice v = c->value;
	size_t n = 1;

	for (size_t i = 0; i < v.n; i++)
		n += v.p[i] == ',';
	c->list = mst_arena_alloc(&sn->scratch, n * sizeof(*c->list));
	while (c->list_n < n) {
		const char *comma = memchr(v.p, ',', v.n);
		size_t k = comma ? (size_t)(comma - v.p) : v.n;

		c->list[c->list_n++] = mst_slice(v.p, k);
		if (comma)
			v = mst_slice(comma + 1, v.n - k - 1);
	}
}

static struct cond *cond_parse(struct sim_sn *sn, struct sn_table *t,
			       struct mst_slice s)
{
	struct cond *c = mst_arena_alloc(&sn->scratch, sizeof(*c));
	struct sn_col *col;
	size_t n = 0;

	while (n < s.n && ((s.p[n] >= 'a' && s.p[n] <= 'z') ||
			   (s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '_' ||
			   s.p[n] == '.'))
		n++;
	c->path = mst_slice(s.p, n);
	c->op = OP__BAD;
	s = mst_slice(s.p + n, s.n - n);
	for (size_t i = 0; i < MST_LEN(ops); i++) {
		size_t k = strlen(ops[i].text);

		if (s.n >= k && !memcmp(s.p, ops[i].text, k)) {
			c->op = ops[i].op;
			c->value = mst_slice(s.p + k, s.n - k);
			break;
		}
	}
	col = n ? path_col(sn, t, c->path) : NULL;
	if (!col || c->op == OP__BAD)
		return NULL;
	if (!memchr(c->path.p, '.', c->path.n))
		c->col = col;
	if (col->kind == SN_BOOLEAN && mst_slice_is(c->value, "1"))
		c->value = MST_SLICE_LIT("true");
	if (col->kind == SN_BOOLEAN && mst_slice_is(c->value, "0"))
		c->value = MST_SLICE_LIT("false");
	if (col->kind == SN_INTEGER || col->kind == SN_DECIMAL)
		c->is_number = mst_num_dbl(c->value, &c->number);
	if (c->op == OP_IN || c->op == OP_NOTIN)
		split_list(sn, c);
	return c;
}

static bool order_parse(struct sim_sn *sn, struct sn_query *q,
			struct mst_slice s)
{
	static const char *const words[] = {"ORDERBYDESC", "ORDERBY", "GROUPBY",
					    "EQ"};

	for (size_t i = 0; i < MST_LEN(words); i++) {
		size_t k = strlen(words[i]);
		struct mst_slice path;

		if (s.n < k || memcmp(s.p, words[i], k))
			continue;
		path = mst_slice(s.p + k, s.n - k);
		if (i < 2 && q->order_n < MST_LEN(q->order) && path.n &&
		    path_col(sn, q->t, path))
			q->order[q->order_n++] = (struct order){path, i == 0};
		return true;
	}
	return false;
}

static bool starts(struct mst_slice *s, const char *word)
{
	size_t n = strlen(word);

	if (s->n < n || memcmp(s->p, word, n))
		return false;
	s->p += n;
	s->n -= n;
	return true;
}

static struct group *group_new(struct sim_sn *sn, struct sn_query *q)
{
	struct group *g = mst_arena_alloc(&sn->scratch, sizeof(*g));

	g->next = q->groups;
	q->groups = g;
	return g;
}

static void clause(struct sim_sn *sn, struct sn_query *q, struct mst_slice s)
{
	struct group *g = q->groups;
	struct cond *c;
	bool or_;

	if (!s.n || order_parse(sn, q, s))
		return;
	if (starts(&s, "NQ"))
		g = group_new(sn, q);
	or_ = starts(&s, "OR");
	c = cond_parse(sn, q->t, s);
	if (!c || g->n == MST_LEN(g->conds)) {
		sn->stats.dropped_clauses++;
		sn_props(sn);
		q->nothing |= sn->prop_no_rows;
		return;
	}
	if (or_ && g->n) {
		c->next_or = g->conds[g->n - 1];
		g->conds[g->n - 1] = c;
	} else {
		g->conds[g->n++] = c;
	}
}

struct sn_query *sn_query_parse(struct sim_sn *sn, struct sn_table *t,
				const char *text)
{
	struct sn_query *q = mst_arena_alloc(&sn->scratch, sizeof(*q));
	const char *p = text ? text : "";

	q->t = t;
	group_new(sn, q);
	for (;;) {
		const char *hat = strchr(p, '^');

		clause(sn, q,
		       hat ? mst_slice(p, (size_t)(hat - p))
			   : mst_slice_str(p));
		if (!hat)
			break;
		p = hat + 1;
	}
	return q;
}

/* ---- matching ------------------------------------------------------------ */

static int compare(const struct cond *c, struct mst_slice v)
{
	double d;

	if (c->is_number && mst_num_dbl(v, &d))
		return d < c->number ? -1 : d > c->number;
	return mst_slice_cmp(v, c->value);
}

/* Many databases below an instance do not tell A from a. */
static bool same(const struct sim_sn *sn, struct mst_slice a,
		 struct mst_slice b)
{
	return sn->opt_fold_queries ? mst_slice_ieq(a, b) : mst_slice_eq(a, b);
}

static bool in_list(const struct sim_sn *sn, const struct cond *c,
		    struct mst_slice v)
{
	for (size_t i = 0; i < c->list_n; i++) {
		if (same(sn, c->list[i], v))
			return true;
	}
	return false;
}

static bool ends(struct mst_slice v, struct mst_slice with)
{
	return v.n >= with.n &&
	       (!with.n || !memcmp(v.p + v.n - with.n, with.p, with.n));
}

static bool contains(struct mst_slice v, struct mst_slice part)
{
	return !part.n || memmem(v.p, v.n, part.p, part.n);
}

static bool cond_true(struct sim_sn *sn, struct sn_query *q,
		      const struct cond *c, struct sn_row *row)
{
	struct mst_slice v;

	if (c->col)
		v = sn_get(row, sn_col_in(row->t, c->col));
	else
		v = path_value(sn, q->t, row, c->path);
	switch (c->op) {
	case OP_EQ:
		return c->is_number && v.n ? compare(c, v) == 0
					   : same(sn, v, c->value);
	case OP_NE:
		return c->is_number && v.n ? compare(c, v) != 0
					   : !same(sn, v, c->value);
	case OP_LT:
		return v.n && compare(c, v) < 0;
	case OP_LE:
		return v.n && compare(c, v) <= 0;
	case OP_GT:
		return v.n && compare(c, v) > 0;
	case OP_GE:
		return v.n && compare(c, v) >= 0;
	case OP_LIKE:
		return contains(v, c->value);
	case OP_NOTLIKE:
		return !contains(v, c->value);
	case OP_STARTS:
		return v.n >= c->value.n &&
		       (!c->value.n || !memcmp(v.p, c->value.p, c->value.n));
	case OP_ENDS:
		return ends(v, c->value);
	case OP_IN:
		return in_list(sn, c, v);
	case OP_NOTIN:
		return !in_list(sn, c, v);
	case OP_EMPTY:
		return !v.n;
	case OP_NOTEMPTY:
		return v.n;
	case OP_ANY:
	case OP__BAD:
	default:
		return true;
	}
}

static bool group_true(struct sim_sn *sn, struct sn_query *q,
		       const struct group *g, struct sn_row *row)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct cond *c = g->conds[i];

		while (c && !cond_true(sn, q, c, row))
			c = c->next_or;
		if (!c)
			return false;
	}
	return true;
}

static bool row_true(struct sim_sn *sn, struct sn_query *q, struct sn_row *row)
{
	if (row->dead || row->t->off || !sn_is_a(row->t, q->t))
		return false;
	for (const struct group *g = q->groups; g; g = g->next) {
		if (group_true(sn, q, g, row))
			return true;
	}
	return false;
}

/* ---- running ------------------------------------------------------------- */

/* The clause to enter by, when the query has one part only. */
static const struct cond *by_index(const struct sn_query *q)
{
	const struct group *g = q->groups;
	const struct cond *list = NULL;

	if (g->next)
		return NULL;
	for (size_t i = 0; i < g->n; i++) {
		const struct cond *c = g->conds[i];

		if (!c->col || c->next_or || c->is_number ||
		    c->col->kind == SN_CLASS)
			continue;
		if (c->op == OP_EQ && c->value.n)
			return c;
		if (c->op == OP_IN)
			list = c;
	}
	return list;
}

static void keep_true(struct sim_sn *sn, struct sn_query *q, size_t from)
{
	size_t n = from;

	for (size_t i = from; i < sn->found_n; i++) {
		if (row_true(sn, q, sn->found[i]))
			sn->found[n++] = sn->found[i];
	}
	sn->found_n = n;
}

static void add_id(struct sim_sn *sn, struct mst_slice id)
{
	struct sn_row *row = mst_map_get(&sn->by_id, id);

	if (row)
		sn_found_add(sn, row);
}

static struct mst_slice list_key(struct sim_sn *sn, struct mst_slice v)
{
	char *low;

	if (!sn->opt_fold_queries)
		return v;
	low = mst_arena_bytes(&sn->scratch, v.n + 1);
	for (size_t i = 0; i < v.n; i++)
		low[i] = (char)(v.p[i] >= 'A' && v.p[i] <= 'Z' ? v.p[i] + 32
							       : v.p[i]);
	return mst_slice(low, v.n);
}

/* IN: one search a value; a row can only equal one of them, and a value that
 * is named twice is searched once. */
static void run_list(struct sim_sn *sn, struct sn_query *q,
		     const struct cond *c)
{
	struct sn_row **all = NULL;
	size_t n = 0, cap = 0;
	struct mst_map seen = {0};

	for (size_t i = 0; i < c->list_n; i++) {
		if (mst_map_put(&seen, list_key(sn, c->list[i]), sn))
			continue;
		sn->found_n = 0;
		if (c->col->at == SN_C_ID && c->col->system)
			add_id(sn, c->list[i]);
		else
			sn_search(sn, q->t, c->col->name, c->list[i],
				  sn->opt_fold_queries);
		if (n + sn->found_n > cap) {
			cap = (n + sn->found_n) * 2;
			all = mst_realloc(all, cap * sizeof(struct sn_row *));
		}
		if (sn->found_n)
			memcpy(all + n, sn->found,
			       sn->found_n * sizeof(struct sn_row *));
		n += sn->found_n;
	}
	mst_map_fini(&seen);
	sn->found_n = 0;
	for (size_t i = 0; i < n; i++)
		sn_found_add(sn, all[i]);
	free(all);
}

static bool orders_by_id(const struct sn_query *q)
{
	return q->order_n == 1 && !q->order[0].down &&
	       mst_slice_is(q->order[0].path, "sys_id");
}

/* Keyset pages: from the first sys_id behind the last page. */
static void run_sorted(struct sim_sn *sn, struct sn_query *q, size_t enough)
{
	struct sn_table *root = q->t->root;
	struct mst_slice after = {NULL, 0};
	size_t lo = 0, hi;

	sn_sort(root);
	hi = root->sorted_n;
	for (size_t i = 0; i < q->groups->n && !q->groups->next; i++) {
		const struct cond *c = q->groups->conds[i];

		if (c->col && c->col->at == SN_C_ID && c->col->system &&
		    c->op == OP_GT && !c->next_or)
			after = c->value;
	}
	while (after.p && lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (mst_slice_cmp(mst_slice(root->sorted[mid]->id, SN_ID),
				  after) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < root->sorted_n && sn->found_n < enough; lo++) {
		if (row_true(sn, q, root->sorted[lo]))
			sn_found_add(sn, root->sorted[lo]);
	}
}

struct sort {
	struct sim_sn *sn;
	struct sn_query *q;
};

static int by_order(const void *a, const void *b, void *ctx)
{
	const struct sort *s = ctx;
	struct sn_row *const *x = a, *const *y = b;

	for (size_t i = 0; i < s->q->order_n; i++) {
		const struct order *o = &s->q->order[i];
		struct mst_slice v = path_value(s->sn, s->q->t, *x, o->path);
		struct mst_slice w = path_value(s->sn, s->q->t, *y, o->path);
		double d, e;
		int r;

		if (mst_num_dbl(v, &d) && mst_num_dbl(w, &e))
			r = d < e ? -1 : d > e;
		else
			r = mst_slice_cmp(v, w);
		if (r)
			return o->down ? -r : r;
	}
	return memcmp((*x)->id, (*y)->id, SN_ID);
}

void sn_query_run(struct sim_sn *sn, struct sn_query *q, size_t enough)
{
	const struct cond *c = by_index(q);

	sn->found_n = 0;
	if (q->nothing)
		return;
	if (c && c->op == OP_EQ && c->col->at == SN_C_ID && c->col->system) {
		add_id(sn, c->value);
		keep_true(sn, q, 0);
	} else if (c && c->op == OP_EQ) {
		sn_search(sn, q->t, c->col->name, c->value,
			  sn->opt_fold_queries);
		keep_true(sn, q, 0);
	} else if (c) {
		run_list(sn, q, c);
		keep_true(sn, q, 0);
	} else if (orders_by_id(q)) {
		run_sorted(sn, q, enough);
		return;
	} else {
		struct sn_table *root = q->t->root;

		if (q->order_n)
			enough = SIZE_MAX;
		for (size_t i = 0; i < root->rows_n && sn->found_n < enough;
		     i++) {
			if (row_true(sn, q, root->rows[i]))
				sn_found_add(sn, root->rows[i]);
		}
	}
	if (!q->order_n)
		return;
	qsort_r(sn->found, sn->found_n, sizeof(struct sn_row *), by_order,
		&(struct sort){sn, q});
}
