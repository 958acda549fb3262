/* SPDX-License-Identifier: Apache-2.0
 *
 * The slower ways of expr_memo.h: values that were not seen yet, results of
 * several inputs, and whether it pays to remember.
 */
#include "rules/expr_memo.h"

#include <stdlib.h>

_Static_assert(EXPR_VALUES == EXPR_RESULTS && EXPR_VALUES <= 256,
	       "a place is one of a value and of its result");

_Static_assert(sizeof(struct expr_value) == EXPR_LINE &&
		   sizeof(struct expr_result) == EXPR_LINE &&
		   offsetof(struct expr_memo, since) == EXPR_LINE - 8,
	       "one line each");

#define RESULT_MAX 512	/* longer results are not remembered */
#define MISSES	   48	/* that many */
#define WITHIN	   64	/* in so many records, and it does not pay */
#define SLEEP	   4096 /* records that it is let alone for then */

/* ---- a thread ------------------------------------------------------------ */

static void free_threads(void *p)
{
	struct expr_thread *t = p;

	while (t) {
		struct expr_thread *next = t->next;

		for (size_t i = 0; i < t->all->n; i++) {
			struct expr_result *r = t->memos[i].results;

			for (size_t k = 0; r && k < EXPR_RESULTS; k++) {
				if (r[k].p != r[k].short_text)
					free(r[k].p);
			}
		}
		expr_patterns_free(t->patterns);
		mst_arena_fini(&t->arena);
		free(t);
		t = next;
	}
}

/* What is asked for every row is to touch as few cache lines as can be. */
static void *lines(struct expr_thread *t, size_t n)
{
	char *p = mst_arena_alloc(&t->arena, n + EXPR_LINE);

	return p + (-(uintptr_t)p & (EXPR_LINE - 1));
}

/* inputs: by field, shared by the expressions. */
static void prepare(struct expr_thread *t, const struct mst_expr *e,
		    struct expr_input **inputs)
{
	struct expr_memo *m = &t->memos[e->number];

	if (!e->memo)
		return;
	m->results = lines(t, EXPR_RESULTS * sizeof(*m->results));
	for (size_t i = 0; i < EXPR_RESULTS; i++) {
		m->results[i].p = m->results[i].short_text;
		m->results[i].cap = EXPR_SHORT;
	}
	m->inputs_n = e->inputs_n;
	for (size_t i = 0; i < e->inputs_n; i++) {
		struct expr_input **in = &inputs[e->inputs[i]];

		if (!*in)
			*in = lines(t, sizeof(**in));
		m->in[i] = *in;
		m->fields[i] = e->inputs[i];
	}
}

struct expr_thread *expr_thread_new(struct mst_rule_own *own,
				    struct mst_exprs *all)
{
	struct expr_input *inputs[MST_MAX_FIELDS] = {NULL};
	struct expr_thread *t;

	for (t = own->p; t; t = t->next) {
		if (t->all == all)
			return t;
	}
	t = mst_alloc(sizeof(*t));
	mst_arena_init(&t->arena, MST_MAX_ARENA);
	t->all = all;
	t->stamps = 3; /* those below stand for null, false and true */
	t->space_n = EXPR_SPACE;
	t->space = lines(t, t->space_n);
	t->memos = lines(t, all->n * sizeof(*t->memos));
	t->patterns = expr_patterns_new(all->regexes);
	for (const struct mst_expr *e = all->first; e; e = e->next)
		prepare(t, e, inputs);
	t->next = own->p;
	own->p = t;
	own->fini = free_threads;
	return t;
}

/* ---- values -------------------------------------------------------------- */

/* Second chance: the first that was not used since it was last passed over. */
void expr_memo_learn(struct expr_thread *t, struct expr_input *in,
		     uint32_t cell, uint16_t tag, struct mst_slice s)
{
	struct expr_value *v = &in->values[in->hand];

	while (v->used) {
		v->used = false;
		in->hand = (in->hand + 1) % EXPR_VALUES;
		v = &in->values[in->hand];
	}
	memset(v->bytes, 0, sizeof(v->bytes));
	memcpy(v->bytes, s.p, s.n);
	v->stamp = ++t->stamps;
	v->tag = tag;
	v->used = true;
	/* Of the two cells, the one whose value was not used gives way. */
	if (in->values[in->index[cell]].used &&
	    !in->values[in->index[cell ^ 1]].used)
		cell ^= 1;
	in->index[cell] = (uint8_t)in->hand;
	in->place = in->hand;
	in->stamp = v->stamp;
	in->hand = (in->hand + 1) % EXPR_VALUES;
}

void expr_memo_odd(struct expr_input *in, const struct mst_value *v)
{
	in->stamp = EXPR_NO_STAMP;
	if (v->type == MST_JSON_NULL ||
	    (v->type == MST_JSON_STRING && v->u.s.n == 0))
		in->stamp = 1;
	else if (v->type == MST_JSON_BOOL)
		in->stamp = v->u.b ? 3 : 2;
	in->place = (uint32_t)in->stamp % EXPR_VALUES;
}

/* ---- results ------------------------------------------------------------- */

/* What get says of it. */
int expr_memo_miss(struct expr_memo *m, uint64_t record)
{
	bool known = true;

	for (unsigned i = 0; i < m->inputs_n; i++)
		known = known && m->stamps[i] != EXPR_NO_STAMP;
	if (m->misses++ == 0)
		m->since = record;
	if (m->misses == MISSES) {
		if (record - m->since < WITHIN)
			m->awake = record + SLEEP;
		m->misses = 0;
	}
	return known ? -1 : -2;
}

void expr_memo_put(struct expr_memo *m, int rc, struct mst_slice out)
{
	struct expr_result *r = m->free;
	size_t n = rc == 1 ? out.n : 0;

	if (n > RESULT_MAX)
		return;
	if (n > r->cap) {
		r->cap = (uint16_t)(n + 32);
		r->p = mst_realloc(r->p == r->short_text ? NULL : r->p, r->cap);
	}
	if (n)
		memcpy(r->p, out.p, n);
	r->n = (uint16_t)n;
	r->rc = (int8_t)rc;
	memcpy(r->stamps, m->stamps, sizeof(r->stamps));
}
