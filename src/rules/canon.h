/* SPDX-License-Identifier: Apache-2.0
 *
 * The compiled form of a catalogue's mappings, and how one row of them becomes
 * a part of the canonical form: shared by what runs a million times (canon.c,
 * compiled once more for wide processors) and by the rest (rules.c).
 */
#ifndef MST_RULES_CANON_H
#define MST_RULES_CANON_H

#include "base/bytes64.h"
#include "base/limits.h"
#include "rules/expr_memo.h"
#include "rules/rules.h"

/* A word of an mst_op_enum table. Length and first letter tell nearly all
 * apart. */
struct mst_word {
	struct mst_slice from, to;
};

static inline uint32_t mst_word_tag(struct mst_slice s)
{
	return (uint32_t)s.n << 8 | (uint8_t)s.p[0];
}

struct mst_row {
	mst_op op;
	const struct mst_word *words; /* of mst_op_enum, else NULL */
	const uint32_t *tags;	      /* of the words */
	uint32_t words_n;
	const void *arg;
	uint8_t field;
	uint8_t column;
	uint8_t source; /* its place in the mapping */
	uint16_t flags; /* of the column */
	uint32_t max;
};

struct mst_compiled {
	const struct mst_mapping *decl;
	const struct mst_set *set;
	struct mst_row rows[MST_MAX_COLUMNS];
	size_t rows_n;
	struct mst_row
	    hashed[MST_MAX_COLUMNS]; /* those that the checksum covers */
	size_t hashed_n;
	size_t custom_from; /* from here on all of them are mst_op_expr */
	/* The expression of the column that tells records apart, or NULL. */
	const struct mst_row *names;
};

/* What ops see. */
struct mst_rule_ctx {
	const struct mst_rules_env *env;
	struct mst_arena scratch;
	struct mst_json_parser *parser;
	struct mst_rule_own own;
	struct mst_names_memo *names;
};

struct mst_rules {
	struct mst_rules_env env;
	struct mst_rule_ctx ctx;
	struct mst_arena arena; /* of what was compiled */
	struct mst_hasher hasher;
	struct mst_compiled *maps;
	const struct mst_value *v;
	char *canon;
	size_t canon_n, canon_cap;
	struct mst_hash (*hash)(struct mst_rules *r, unsigned m);
};

/* Can a column of these flags be a reason to write? The parent is the group.
 * What is neither for inserts nor for updates is never sent, but something that
 * is sent depends on it. */
static inline bool mst_col_hashed(unsigned flags)
{
	return !(flags & (MST_COL_VOLATILE | MST_COL_PARENT)) &&
	       (!(flags & MST_COL_INSERT) || (flags & MST_COL_UPDATE));
}

#define CANON_ROW  (1 + 4) /* column number, length */
#define CANON_OVER 64	   /* copies may write so much further */

static inline bool mst_run_op(struct mst_rules *r, mst_op op,
			      struct mst_slice *out_r)
{
	*out_r = (struct mst_slice){NULL, 0};
	return op && op(&r->ctx, r->v, 0, NULL, out_r) == 1 && out_r->n > 0;
}

static inline struct mst_slice mst_table_of(struct mst_rules *r,
					    const struct mst_compiled *m)
{
	struct mst_slice table;

	if (mst_run_op(r, m->decl->table, &table))
		return table;
	return mst_slice_str(m->set->table);
}

/* The longest prefix of at most max bytes that ends on a character. */
static inline size_t cut_at(struct mst_slice s, size_t max)
{
	size_t n = max;

	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* memcmp without the call for words. */
static inline bool same_bytes(const char *a, const char *b, size_t n)
{
	uint64_t x, y, x2, y2;
	uint32_t u, v, u2, v2;

	if (n > 16)
		return memcmp(a, b, n) == 0;
	if (n >= 8) {
		memcpy(&x, a, 8);
		memcpy(&y, b, 8);
		memcpy(&x2, a + n - 8, 8);
		memcpy(&y2, b + n - 8, 8);
		return ((x ^ y) | (x2 ^ y2)) == 0;
	}
	if (n >= 4) {
		memcpy(&u, a, 4);
		memcpy(&v, b, 4);
		memcpy(&u2, a + n - 4, 4);
		memcpy(&v2, b + n - 4, 4);
		return ((u ^ v) | (u2 ^ v2)) == 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (a[i] != b[i])
			return false;
	}
	return true;
}

/* The word as the table spells it: nearly always. */
static inline bool word_of(const struct mst_row *row, const struct mst_value *v,
			   struct mst_slice *out_r)
{
	uint32_t tag = mst_word_tag(mst_slice(v->u.s.p, v->u.s.n));

	for (uint32_t i = 0; i < row->words_n; i++) {
		if (row->tags[i] == tag &&
		    same_bytes(row->words[i].from.p, v->u.s.p, v->u.s.n)) {
			*out_r = row->words[i].to;
			return true;
		}
	}
	return false;
}

/* Runs one row; false when it has no value. */
static inline bool mst_value_of(struct mst_rules *r, const struct mst_row *row,
				struct mst_slice *out_r)
{
	const struct mst_value *v = &r->v[row->field];

	/* Most rows copy a clean text or a word: save them the call. */
	if (row->op == mst_op_text && v->type == MST_JSON_STRING &&
	    v->u.s.n > 0 && (unsigned char)v->u.s.p[0] > ' ' &&
	    (unsigned char)v->u.s.p[v->u.s.n - 1] > ' ')
		*out_r = mst_slice(v->u.s.p, v->u.s.n);
	else if (row->words && v->type == MST_JSON_STRING && v->u.s.n > 0 &&
		 word_of(row, v, out_r))
		return out_r->n > 0;
	else if (row->op(&r->ctx, r->v, row->field, row->arg, out_r) != 1 ||
		 out_r->n == 0)
		return false;
	if (MST_UNLIKELY(out_r->n > row->max))
		out_r->n = cut_at(*out_r, row->max);
	return out_r->n > 0;
}

static inline char *canon_grow(struct mst_rules *r, char *at, size_t need)
{
	size_t used = (size_t)(at - r->canon);

	while (r->canon_cap - used < need)
		r->canon_cap *= 2;
	r->canon = mst_realloc(r->canon, r->canon_cap);
	return r->canon + used;
}

/* memcpy without the call for what columns usually hold: two moves that
 * overlap. */
#define COPY_TWO(to, from, n, w)                                               \
	do {                                                                   \
		char head_[w], tail_[w];                                       \
		memcpy(head_, from, w);                                        \
		memcpy(tail_, (from) + (n) - (w), w);                          \
		memcpy(to, head_, w);                                          \
		memcpy((to) + (n) - (w), tail_, w);                            \
	} while (0)

static inline void copy_text(char *to, const char *from, size_t n)
{
#if MST_BYTES64
	if (MST_LIKELY(n <= 64)) {
		mst_copy64(to, from, n);
		return;
	}
#endif
	if (n > 64)
		memcpy(to, from, n);
	else if (n >= 32)
		COPY_TWO(to, from, n, 32);
	else if (n >= 16)
		COPY_TWO(to, from, n, 16);
	else if (n >= 8)
		COPY_TWO(to, from, n, 8);
	else if (n >= 4)
		COPY_TWO(to, from, n, 4);
	else if (n >= 2)
		COPY_TWO(to, from, n, 2);
	else
		to[0] = from[0]; /* texts are never empty here */
}

static inline char *mst_canon_add(struct mst_rules *r, char *at, uint8_t number,
				  struct mst_slice s)
{
	/* Number and length in one store: the hash waits for all of them. */
	uint64_t head = number | (uint64_t)(uint32_t)s.n << 8;

	if (MST_UNLIKELY(r->canon_cap - (size_t)(at - r->canon) <
			 s.n + CANON_ROW + CANON_OVER))
		at = canon_grow(r, at, s.n + CANON_ROW + CANON_OVER);
	memcpy(at, &head, sizeof(head));
	copy_text(at + CANON_ROW, s.p, s.n);
	return at + CANON_ROW + s.n;
}

/* mst_rules_hash for any processor, and for those of mst_cpu_wide. */
struct mst_hash mst_canon_hash(struct mst_rules *r, unsigned m);
struct mst_hash mst_canon_hash_wide(struct mst_rules *r, unsigned m);

#endif
