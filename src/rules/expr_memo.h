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
 *
 * What is asked for every column of every row is here to be inlined.
 */
#ifndef MST_RULES_EXPR_MEMO_H
#define MST_RULES_EXPR_MEMO_H

#include "base/bytes64.h"
#include "rules/expr_private.h"

/* Of a value that is not remembered: a list, a long text. No result has it. */
#define EXPR_NO_STAMP UINT64_MAX

#define EXPR_VALUES    64    /* remembered of a field; a power of two */
#define EXPR_INDEX     256   /* by which they are found: few share a cell */
#define EXPR_VALUE_MAX 46    /* longer values are not remembered */
#define EXPR_RESULTS   64    /* remembered of an expression */
#define EXPR_SHORT     27    /* results that need no memory of their own */
#define EXPR_SPACE     16384 /* most records need no more for their texts */
#define EXPR_LINE      64    /* bytes of a cache line: one each, see below */

struct expr_value {
	char bytes[EXPR_VALUE_MAX]; /* zeros behind the value */
	uint16_t tag;		    /* type and length; 0: free */
	uint64_t stamp;
	bool used; /* since it was last passed over */
};

struct expr_result {
	uint64_t stamps[EXPR_INPUTS];
	char *p; /* short_text, or memory of its own */
	uint16_t n, cap;
	int8_t rc; /* of the op */
	char short_text[EXPR_SHORT];
};

struct expr_input {
	struct expr_value values[EXPR_VALUES];
	uint8_t index[EXPR_INDEX];
	/* Of the last record that was looked at. */
	uint64_t record, stamp;
	uint32_t place; /* of the value, among results of one input */
	uint32_t hand;	/* the value that is next to be passed over */
};

struct expr_memo {
	uint64_t awake; /* the record from which on it is asked */
	struct expr_result *results;
	struct expr_input *in[EXPR_INPUTS];
	uint32_t fields[EXPR_INPUTS];
	uint32_t inputs_n;
	/* The rest is not asked for when the result is known. */
	uint64_t since;		  /* the record of the first of these misses */
	struct expr_result *free; /* where put goes */
	uint64_t stamps[EXPR_INPUTS]; /* for put */
	unsigned misses;
};

struct expr_thread {
	struct mst_exprs *all;
	struct expr_memo *memos; /* by number of the expression */
	struct expr_patterns *patterns;
	uint64_t stamps; /* given out so far */
	/* Memory of this record's results. */
	uint64_t record;
	char *space;
	size_t space_n, space_used;
	struct expr_thread *next; /* of another mst_exprs */
	struct mst_arena arena;	  /* of all tables */
};

struct expr_thread *expr_thread_new(struct mst_rule_own *own,
				    struct mst_exprs *all);
/* Puts a value that is not there in its place; and one that is no text or
 * number. */
void expr_memo_learn(struct expr_thread *t, struct expr_input *in,
		     uint32_t cell, uint16_t tag, struct mst_slice s);
void expr_memo_odd(struct expr_input *in, const struct mst_value *v);
int expr_memo_miss(struct expr_memo *m, uint64_t record);
void expr_memo_put(struct expr_memo *m, int rc, struct mst_slice out);
/* Runs the expression. remember: behind a get that said -1. */
int expr_run(struct mst_rule_ctx *ctx, const struct mst_value *v,
	     const struct mst_expr *e, struct expr_thread *t, bool remember,
	     struct mst_slice *out_r);

/* ---- values -------------------------------------------------------------- */

/* The cell of the index, by the first 32 bytes. The way from the value to the
 * length of the result is to be short: the end of the canonical form waits for
 * it. */
static inline uint32_t expr_mix(uint64_t a, uint64_t b, uint16_t tag)
{
	uint64_t x = a ^ (b << 23 | b >> 41) ^ tag;

	return (uint32_t)(x * UINT64_C(0x9e3779b97f4a7c15) >> 56);
}

/* A value as it is looked for; its bytes are loaded once. */
struct expr_key {
	struct mst_slice s;
	uint16_t tag;
#if MST_BYTES64
	__m512i bytes;
#endif
};

#if MST_BYTES64
static inline uint32_t expr_cell(struct expr_key *k)
{
	uint64_t bits = _bzhi_u64(~UINT64_C(0), (unsigned)k->s.n);
	__m128i x;

	k->bytes = _mm512_maskz_loadu_epi8(bits, k->s.p);
	x = _mm_xor_si128(_mm512_castsi512_si128(k->bytes),
			  _mm512_extracti32x4_epi32(k->bytes, 1));
	return expr_mix((uint64_t)_mm_cvtsi128_si64(x),
			(uint64_t)_mm_extract_epi64(x, 1), k->tag);
}

static inline bool expr_is_value(const struct expr_value *v,
				 const struct expr_key *k)
{
	uint64_t differ =
	    _mm512_mask_cmpneq_epi8_mask((UINT64_C(1) << EXPR_VALUE_MAX) - 1,
					 k->bytes, _mm512_loadu_si512(v));

	return (differ | (uint64_t)(v->tag ^ k->tag)) == 0;
}
#else
static inline uint64_t expr_eight(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static inline uint32_t expr_cell(struct expr_key *k)
{
	uint64_t w[4] = {0};

	memcpy(w, k->s.p, MST_MIN(k->s.n, sizeof(w)));
	return expr_mix(w[0] ^ w[2], w[1] ^ w[3], k->tag);
}

static inline bool expr_is_value(const struct expr_value *v,
				 const struct expr_key *k)
{
	struct mst_slice s = k->s;

	if (v->tag != k->tag)
		return false;
	if (s.n < 8) {
		for (size_t i = 0; i < s.n; i++) {
			if (v->bytes[i] != s.p[i])
				return false;
		}
		return true;
	}
	for (size_t i = 0; i + 8 < s.n; i += 8) {
		if (expr_eight(v->bytes + i) != expr_eight(s.p + i))
			return false;
	}
	return expr_eight(v->bytes + s.n - 8) == expr_eight(s.p + s.n - 8);
}
#endif

static inline void expr_memo_look(struct expr_thread *t, struct expr_input *in,
				  const struct mst_value *v)
{
	struct expr_key k = {.s = {v->u.s.p, v->u.s.n}};
	uint32_t cell, place;

	if (v->type == MST_JSON_INT || v->type == MST_JSON_DOUBLE) {
		k.s = mst_slice((const char *)&v->u, sizeof(v->u.i));
	} else if (v->type != MST_JSON_STRING || k.s.n - 1 >= EXPR_VALUE_MAX) {
		expr_memo_odd(in, v);
		return;
	}
	k.tag = (uint16_t)(v->type << 8 | k.s.n);
	cell = expr_cell(&k);
	place = in->index[cell];
	if (MST_UNLIKELY(!expr_is_value(&in->values[place], &k))) {
		place = in->index[cell ^ 1];
		if (!expr_is_value(&in->values[place], &k)) {
			expr_memo_learn(t, in, cell, k.tag, k.s);
			return;
		}
	}
	if (MST_UNLIKELY(!in->values[place].used))
		in->values[place].used = true;
	in->stamp = in->values[place].stamp;
	in->place = place;
}

/* Looked at once a record, however many expressions ask. */
static inline void expr_memo_input(struct expr_thread *t, struct expr_input *in,
				   const struct mst_value *v, uint64_t record)
{
	if (in->record != record) {
		in->record = record;
		expr_memo_look(t, in, v);
	}
}

/* ---- results ------------------------------------------------------------- */

static inline bool expr_is_result(const struct expr_result *r,
				  const struct expr_memo *m)
{
	for (unsigned i = 0; i < m->inputs_n; i++) {
		if (r->stamps[i] != m->stamps[i])
			return false;
	}
	return true;
}

/* The result of several inputs, or NULL. They have pairs of places. */
static inline struct expr_result *expr_several(struct expr_thread *t,
					       struct expr_memo *m,
					       const struct mst_value *v,
					       uint64_t record)
{
	struct expr_result *r, *other;
	uint32_t at = 0;

	for (unsigned i = 0; i < m->inputs_n; i++) {
		expr_memo_input(t, m->in[i], &v[m->fields[i]], record);
		m->stamps[i] = m->in[i]->stamp;
		at = at * 11 + m->in[i]->place;
	}
	at %= EXPR_RESULTS;
	r = &m->results[at];
	if (MST_LIKELY(expr_is_result(r, m)))
		return r;
	other = &m->results[at ^ 1];
	if (expr_is_result(other, m))
		return other;
	/* About the older of the two gives way. */
	m->free =
	    r->stamps[0] + r->stamps[1] < other->stamps[0] + other->stamps[1]
		? r
		: other;
	return NULL;
}

/* The result for these inputs, if it is known: 1 or 0 as of an op. -1: run it
 * and remember. -2: run it. */
static inline int expr_memo_get(struct expr_thread *t, struct expr_memo *m,
				const struct mst_value *v, uint64_t record,
				struct mst_slice *out_r)
{
	struct expr_result *r;

	if (m->awake > record)
		return -2;
	if (m->inputs_n == 1) {
		expr_memo_input(t, m->in[0], &v[m->fields[0]], record);
		r = &m->results[m->in[0]->place];
		if (MST_UNLIKELY(r->stamps[0] != m->in[0]->stamp)) {
			m->stamps[0] = m->in[0]->stamp;
			m->free = r;
			r = NULL;
		}
	} else {
		r = expr_several(t, m, v, record);
	}
	if (MST_UNLIKELY(!r))
		return expr_memo_miss(m, record);
	*out_r = mst_slice(r->p, r->n);
	return r->rc;
}

/* mst_op_expr, for inner loops. */
static inline int expr_value(struct mst_rule_ctx *ctx, struct mst_rule_own *own,
			     const struct mst_value *v, const void *arg,
			     struct mst_slice *out_r)
{
	const struct mst_expr *e = arg;
	struct expr_thread *t = own->p;
	int rc = -2;

	if (MST_UNLIKELY(!t || t->all != e->all))
		t = expr_thread_new(own, e->all);
	if (e->memo)
		rc = expr_memo_get(t, &t->memos[e->number], v, own->record,
				   out_r);
	return rc >= 0 ? rc : expr_run(ctx, v, e, t, rc == -1, out_r);
}

#endif
