/* SPDX-License-Identifier: Apache-2.0
 *
 * What one thread remembers from record to record. Rows of exports repeat
 * themselves: the same product on the rows of a device, five severities, a
 * handful of vendors. So a value of a field that was seen lately gets the stamp
 * that it had then, and an expression whose inputs have stamps that it saw
 * lately gets its result back without being run.
 *
 * Equal stamps mean equal values, always: a stamp is given out once. What does
 * not repeat (a CVE id in every row) is noticed, and let alone for a while.
 */
#include <stdlib.h>

#include "rules/expr_private.h"

#define VALUES	   32 /* remembered of a field; a power of two */
#define VALUE_MAX  47 /* longer values are not remembered */
#define RESULTS	   32 /* remembered of an expression; a power of two */
#define RESULT_MAX 512
#define PROBES	   64	/* so many questions decide whether it pays */
#define PAYS	   16	/* hits among them that make it worth while */
#define SLEEP	   4096 /* records that it is let alone for */

struct value {
	uint64_t stamp; /* 0: free */
	uint8_t type, n;
	char bytes[VALUE_MAX];
};

struct input {
	uint64_t record, stamp; /* of the last record that was looked at */
	struct value values[VALUES];
};

struct result {
	uint64_t stamps[EXPR_INPUTS];
	char *p;
	uint16_t n, cap;
	int8_t rc; /* of the op; -1: nothing is known */
};

struct memo {
	uint64_t awake; /* the record from which on it is asked again */
	uint16_t probes, hits;
	struct result *free;	      /* where put goes; NULL: nowhere */
	uint64_t stamps[EXPR_INPUTS]; /* for put */
	struct result results[RESULTS];
};

struct expr_thread {
	struct mst_exprs *all;
	struct expr_thread *next; /* of another mst_exprs */
	struct expr_patterns *patterns;
	uint64_t stamps; /* given out so far */
	struct input *inputs[MST_MAX_FIELDS];
	size_t memos_n;
	struct memo *memos[];
};

/* ---- a thread ------------------------------------------------------------ */

static void free_memo(struct memo *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < RESULTS; i++)
		free(m->results[i].p);
	free(m);
}

static void free_threads(void *p)
{
	struct expr_thread *t = p;

	while (t) {
		struct expr_thread *next = t->next;

		for (size_t i = 0; i < MST_LEN(t->inputs); i++)
			free(t->inputs[i]);
		for (size_t i = 0; i < t->memos_n; i++)
			free_memo(t->memos[i]);
		expr_patterns_free(t->patterns);
		free(t);
		t = next;
	}
}

static struct expr_thread *new_thread(struct mst_rule_own *own,
				      struct mst_exprs *all)
{
	struct expr_thread *t;

	for (t = own->p; t; t = t->next) {
		if (t->all == all)
			return t;
	}
	t = mst_alloc(sizeof(*t) + all->n * sizeof(t->memos[0]));
	t->all = all;
	t->memos_n = all->n;
	t->stamps = 3; /* those below stand for null, false and true */
	t->next = own->p;
	own->p = t;
	own->fini = free_threads;
	return t;
}

struct expr_thread *expr_thread_of(struct mst_rule_own *own,
				   struct mst_exprs *all)
{
	struct expr_thread *t = own->p;

	return MST_LIKELY(t && t->all == all) ? t : new_thread(own, all);
}

struct expr_patterns *expr_thread_patterns(struct expr_thread *t)
{
	if (!t->patterns)
		t->patterns = expr_patterns_new(t->all->regexes);
	return t->patterns;
}

/* ---- values -------------------------------------------------------------- */

/* Bytes of the first and of the last eight, and the length. */
static inline uint32_t hash_of(const char *p, size_t n)
{
	uint64_t a = n, b = 0;

	if (n >= 8) {
		memcpy(&a, p, 8);
		memcpy(&b, p + n - 8, 8);
	} else if (n >= 4) {
		uint32_t x, y;

		memcpy(&x, p, 4);
		memcpy(&y, p + n - 4, 4);
		a = x;
		b = y;
	} else if (n > 0) {
		a = (unsigned char)p[0];
		b = (unsigned char)p[n - 1];
	}
	a = (a ^ n) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)((a ^ b * UINT64_C(0xc2b2ae3d27d4eb4f)) >> 40);
}

static uint64_t stamp_of_bytes(struct expr_thread *t, struct input *in,
			       uint8_t type, const char *p, size_t n)
{
	struct value *v;

	if (n > VALUE_MAX)
		return 0;
	v = &in->values[hash_of(p, n) % VALUES];
	if (v->stamp && v->n == n && v->type == type &&
	    memcmp(v->bytes, p, n) == 0)
		return v->stamp;
	v->stamp = ++t->stamps;
	v->type = type;
	v->n = (uint8_t)n;
	memcpy(v->bytes, p, n);
	return v->stamp;
}

static uint64_t stamp_of(struct expr_thread *t, struct input *in,
			 const struct mst_value *v)
{
	switch (v->type) {
	case MST_JSON_NULL:
		return 1;
	case MST_JSON_BOOL:
		return v->u.b ? 3 : 2;
	case MST_JSON_INT:
	case MST_JSON_DOUBLE:
		return stamp_of_bytes(t, in, (uint8_t)v->type,
				      (const char *)&v->u, sizeof(v->u.i));
	case MST_JSON_STRING:
		return v->u.s.n ? stamp_of_bytes(t, in, MST_JSON_STRING,
						 v->u.s.p, v->u.s.n)
				: 1; /* as good as null */
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		break;
	}
	return 0;
}

/* Looked at once a record, however many expressions ask. */
static inline uint64_t input_stamp(struct expr_thread *t, unsigned field,
				   const struct mst_value *v, uint64_t record)
{
	struct input *in = t->inputs[field];

	if (MST_UNLIKELY(!in))
		in = t->inputs[field] = mst_alloc(sizeof(*in));
	if (in->record != record) {
		in->record = record;
		in->stamp = stamp_of(t, in, &v[field]);
	}
	return in->stamp;
}

/* ---- results ------------------------------------------------------------- */

/* Does it pay? Asked every so many questions. */
static void judge(struct memo *m, uint64_t record)
{
	if (m->hits < PAYS)
		m->awake = record + SLEEP;
	m->probes = m->hits = 0;
}

int expr_memo_get(struct expr_thread *t, const struct mst_expr *e,
		  const struct mst_value *v, uint64_t record,
		  struct mst_slice *out_r)
{
	struct memo *m = t->memos[e->number];
	struct result *r;
	uint64_t at = 0;
	bool same = true;

	if (MST_UNLIKELY(!m))
		m = t->memos[e->number] = mst_alloc(sizeof(*m));
	m->free = NULL;
	if (m->awake > record)
		return -1;
	if (++m->probes > PROBES)
		judge(m, record);
	for (size_t i = 0; i < e->inputs_n; i++) {
		m->stamps[i] = input_stamp(t, e->inputs[i], v, record);
		if (m->stamps[i] == 0)
			return -1;
		at = at * 31 + m->stamps[i];
	}
	r = &m->results[at % RESULTS];
	for (size_t i = 0; i < e->inputs_n; i++)
		same = same && r->stamps[i] == m->stamps[i];
	if (!same || r->rc < 0) {
		m->free = r;
		return -1;
	}
	m->hits++;
	*out_r = mst_slice(r->p, r->n);
	return r->rc;
}

void expr_memo_put(struct expr_thread *t, const struct mst_expr *e, int rc,
		   struct mst_slice out)
{
	struct memo *m = t->memos[e->number];
	struct result *r = m->free;
	size_t n = rc == 1 ? out.n : 0;

	if (!r || n > RESULT_MAX)
		return;
	if (n > r->cap) {
		r->cap = (uint16_t)(n + 32);
		r->p = mst_realloc(r->p, r->cap);
	}
	if (n)
		memcpy(r->p, out.p, n);
	r->n = (uint16_t)n;
	r->rc = (int8_t)rc;
	memcpy(r->stamps, m->stamps, sizeof(r->stamps));
}
