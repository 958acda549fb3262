/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the expression language share: the tree, the table of
 * functions, a run.
 *
 * A text is never empty here: a function that has nothing to say returns
 * false, "no value".
 */
#ifndef MST_RULES_EXPR_PRIVATE_H
#define MST_RULES_EXPR_PRIVATE_H

#include <stdatomic.h>

#include "base/limits.h"
#include "rules/expr.h"

enum expr_kind {
	EXPR_TEXT,  /* a constant; n 0: no value */
	EXPR_FIELD, /* of the record, or a member below it */
	EXPR_ROWS,  /* a column as the rules before make it */
	EXPR_CALL
};

struct expr_fn;

struct expr_node {
	enum expr_kind kind;
	bool is_number; /* TEXT: written without quotes */
	double number;	/* of that */
	size_t at;	/* where it stands in the source text */
	struct mst_slice text;
	/* FIELD */
	unsigned field;
	const char *const *members; /* NULL ended, or NULL */
	/* ROWS */
	const struct mst_map_row *rows;
	size_t rows_n;
	/* CALL */
	const struct expr_fn *fn;
	const struct expr_node **args;
	size_t args_n;
	const void *extra; /* what `prepare` made of constant arguments */
};

/* A run on one record. Without a record (v NULL) only constants are looked
 * at, and memory comes from the arena. */
struct expr_run {
	struct mst_rule_ctx *ctx;
	const struct mst_value *v;
	struct expr_thread *thread;
	const struct mst_expr *expr;
	struct mst_arena *arena;
	size_t space; /* bytes that it may still use */
};

struct expr_list {
	struct mst_slice *v;
	size_t n, cap;
};

typedef bool (*expr_text_fn)(struct expr_run *r, const struct expr_node *n,
			     struct mst_slice *out_r);
typedef void (*expr_list_fn)(struct expr_run *r, const struct expr_node *n,
			     struct expr_list *out_r);
struct expr_reader;

/* Flags of a function. */
#define EXPR_NAME_FIRST 1u /* the first argument is a name, no expression */
#define EXPR_RECORD	2u /* never a constant, whatever its arguments are */

struct expr_fn {
	const char *name;
	const char *usage; /* "substr(text, start[, length])" */
	uint8_t least, most;
	uint8_t flags;
	expr_text_fn text;
	expr_list_fn list; /* of functions that make lists; else NULL */
	/* Looks at constant arguments once; NULL: nothing to look at. Errors
	 * are expr_fail. */
	int (*prepare)(struct expr_reader *rd, struct expr_node *n);
};

#define EXPR_ANY 32 /* most arguments of a call */

/* Each ends with name NULL. */
extern const struct expr_fn expr_texts[];   /* expr_text.c */
extern const struct expr_fn expr_choices[]; /* expr_choice.c */
extern const struct expr_fn expr_formats[]; /* expr_format.c */
extern const struct expr_fn expr_lists[];   /* expr_list.c */
extern const struct expr_fn expr_regexes[]; /* expr_regex.c */

struct expr_table;

struct mst_exprs {
	struct mst_derive *d;
	struct mst_arena *arena;
	/* Rows of each mapping as they were. */
	const struct mst_map_row **rows;
	size_t *rows_n;
	struct expr_table *tables;
	const struct mst_expr *first; /* of the expressions */
	size_t n;
	size_t regexes; /* patterns in all of them */
};

#define EXPR_INPUTS 3 /* fields that are worth remembering by */

struct mst_expr {
	struct mst_exprs *all;
	const struct mst_expr *next;
	const struct expr_node *root;
	size_t number;
	bool lacks_field;
	/* Fields that the result depends on, when that is all and they are
	 * few: then results can be remembered. */
	bool memo;
	uint8_t inputs[EXPR_INPUTS];
	uint8_t inputs_n;
	atomic_ullong *limited;
};

/* ---- reading (expr_read.c) ---------------------------------------------- */

struct expr_reader {
	struct mst_exprs *all;
	struct mst_expr *expr;
	struct mst_arena *arena;
	size_t mapping;
	const char *text, *p; /* the whole, and where we are */
	unsigned depth, nodes;
	struct mst_err *err;
};

/* "why (character N)" of the byte at `at`. */
int expr_fail(struct expr_reader *rd, size_t at, const char *fmt, ...)
    MST_PRINTF(3, 4);
/* The argument as a constant text; false with the error when it is none. what:
 * "the pattern". */
bool expr_constant(struct expr_reader *rd, const struct expr_node *n,
		   size_t arg, const char *what, struct mst_slice *out_r);

/* ---- names (expr_names.c) ------------------------------------------------ */

/* Turns the node into a field by a bare word, which may have members behind
 * dots. */
int expr_name_field(struct expr_reader *rd, struct mst_slice word,
		    struct expr_node *n);
extern const struct expr_fn expr_sources[]; /* field(), column() */

/* ---- lookup tables (expr_table.c) ---------------------------------------- */

const struct expr_table *expr_table_find(const struct mst_exprs *x,
					 struct mst_slice name);
const char *expr_table_near(struct expr_reader *rd, const char *name);
bool expr_table_get(const struct expr_table *t, struct mst_slice key,
		    struct mst_slice *out_r);

/* ---- running (expr_run.c) ------------------------------------------------ */

/* Memory until the next record. NULL: the expression has used up what one run
 * may have (MST_MAX_EXPR_SPACE); there is no value then. */
char *expr_space(struct expr_run *r, size_t n);
/* Room for `cap` elements. */
bool expr_list_begin(struct expr_run *r, struct expr_list *l, size_t cap);
bool expr_list_add(struct expr_run *r, struct expr_list *l, struct mst_slice s);
bool expr_text_slow(struct expr_run *r, const struct expr_node *n,
		    struct mst_slice *out_r);

/* The node as a text of at most MST_MAX_TEXT bytes; false: no value. */
static inline bool expr_text(struct expr_run *r, const struct expr_node *n,
			     struct mst_slice *out_r)
{
	const struct mst_value *v;

	/* Most of them are constants and clean texts. */
	if (n->kind == EXPR_TEXT) {
		*out_r = n->text;
		return out_r->n > 0;
	}
	if (n->kind == EXPR_FIELD && !n->members) {
		v = &r->v[n->field];
		if (v->type == MST_JSON_STRING && v->u.s.n > 0 &&
		    v->u.s.n <= MST_MAX_TEXT &&
		    (unsigned char)v->u.s.p[0] > ' ' &&
		    (unsigned char)v->u.s.p[v->u.s.n - 1] > ' ') {
			*out_r = mst_slice(v->u.s.p, v->u.s.n);
			return true;
		}
	}
	return expr_text_slow(r, n, out_r);
}

static inline bool expr_arg(struct expr_run *r, const struct expr_node *n,
			    size_t i, struct mst_slice *out_r)
{
	return i < n->args_n && expr_text(r, n->args[i], out_r);
}

/* The node as a list: a text is a list of one, no value an empty one. A list
 * of the source has no order that could be relied on: it comes sorted by bytes,
 * without doubles and blanks. */
void expr_list(struct expr_run *r, const struct expr_node *n,
	       struct expr_list *out_r);
/* The argument as a number; false: none, or no number. */
bool expr_number(struct expr_run *r, const struct expr_node *n, size_t i,
		 double *out_r);
bool expr_whole(struct expr_run *r, const struct expr_node *n, size_t i,
		int64_t *out_r);
bool expr_bool(bool b, struct mst_slice *out_r);
/* Appends a text; where it ends. Most are short: two moves that overlap instead
 * of a call. */
static inline char *expr_put(char *to, struct mst_slice s)
{
	struct {
		char b[16];
	} head, tail;
	uint64_t x, y;
	uint32_t u, v;

	if (s.n > 32) {
		memcpy(to, s.p, s.n);
	} else if (s.n >= 16) {
		memcpy(&head, s.p, 16);
		memcpy(&tail, s.p + s.n - 16, 16);
		memcpy(to, &head, 16);
		memcpy(to + s.n - 16, &tail, 16);
	} else if (s.n >= 8) {
		memcpy(&x, s.p, 8);
		memcpy(&y, s.p + s.n - 8, 8);
		memcpy(to, &x, 8);
		memcpy(to + s.n - 8, &y, 8);
	} else if (s.n >= 4) {
		memcpy(&u, s.p, 4);
		memcpy(&v, s.p + s.n - 4, 4);
		memcpy(to, &u, 4);
		memcpy(to + s.n - 4, &v, 4);
	} else {
		for (size_t i = 0; i < s.n; i++)
			to[i] = s.p[i];
	}
	return to + s.n;
}

/* Is the argument's text "true"? */
bool expr_is_true(struct expr_run *r, const struct expr_node *n, size_t i);
/* The longest start of at most max bytes that ends on a character. */
struct mst_slice expr_cut(struct mst_slice s, size_t max);

/* ---- patterns (expr_regex.c) --------------------------------------------- */

struct expr_patterns; /* compiled, of one thread */
struct expr_patterns *expr_patterns_new(size_t n);
void expr_patterns_free(struct expr_patterns *p);

#endif
