/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of an expression to its tree:
 *
 *   expression = 'text' | "text" | number | field | name(expression, …)
 *
 * A quote within a text is written twice. Calls of constants are carried out
 * here, once.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "conf/conf.h"
#include "rules/expr_private.h"

/* ---- errors -------------------------------------------------------------- */

int expr_fail(struct expr_reader *rd, size_t at, const char *fmt, ...)
{
	unsigned character = 1;
	char why[600];
	va_list ap;

	for (size_t i = 0; i < at && rd->text[i]; i++)
		character += ((unsigned char)rd->text[i] & 0xc0) != 0x80;
	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return mst_err_set(rd->err, MST_E_INVALID, "%s (character %u)", why,
			   character);
}

static size_t here(const struct expr_reader *rd)
{
	return (size_t)(rd->p - rd->text);
}

bool expr_constant(struct expr_reader *rd, const struct expr_node *n,
		   size_t arg, const char *what, struct mst_slice *out_r)
{
	const struct expr_node *a = n->args[arg];

	if (a->kind != EXPR_TEXT) {
		(void)expr_fail(rd, a->at,
				"%s of %s() must be written as a constant in "
				"quotes: %s",
				what, n->fn->name, n->fn->usage);
		return false;
	}
	*out_r = a->text;
	return true;
}

/* ---- functions by name --------------------------------------------------- */

static const struct expr_fn *const families[] = {
    expr_sources, expr_texts, expr_choices,
    expr_formats, expr_lists, expr_regexes,
};

static const struct expr_fn *find_fn(struct mst_slice name)
{
	for (size_t i = 0; i < MST_LEN(families); i++) {
		for (const struct expr_fn *f = families[i]; f->name; f++) {
			if (mst_slice_iis(name, f->name))
				return f;
		}
	}
	return NULL;
}

static int unknown_fn(struct expr_reader *rd, struct mst_slice name, size_t at)
{
	const char *names[96];
	char word[80];
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < MST_LEN(families); i++) {
		for (const struct expr_fn *f = families[i]; f->name; f++) {
			if (n < MST_LEN(names) - 1)
				names[n++] = f->name;
		}
	}
	names[n] = NULL;
	(void)snprintf(word, sizeof(word), "%.*s", MST_SLICE_ARG(name));
	near = mst_nearest(word, names);
	return expr_fail(rd, at, "there is no function '%s'%s%s%s", word,
			 near ? "; did you mean '" : "", near ? near : "",
			 near ? "'?" : "; muster-mappings(7) lists them");
}

/* ---- words --------------------------------------------------------------- */

static void skip_blanks(struct expr_reader *rd)
{
	while (*rd->p == ' ' || (*rd->p >= '\t' && *rd->p <= '\r'))
		rd->p++;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct mst_slice read_word(struct expr_reader *rd)
{
	const char *from = rd->p;

	while (is_letter(*rd->p) || is_digit(*rd->p) ||
	       (*rd->p == '.' && is_letter(rd->p[1])))
		rd->p++;
	return mst_slice(from, (size_t)(rd->p - from));
}

static int read_quoted(struct expr_reader *rd, struct mst_slice *out_r)
{
	size_t at = here(rd), n = 0;
	char quote = *rd->p++;
	char *to = mst_arena_bytes(rd->arena, strlen(rd->p) + 1);

	while (*rd->p && (*rd->p != quote || rd->p[1] == quote)) {
		rd->p += *rd->p == quote;
		to[n++] = *rd->p++;
	}
	to[n] = 0;
	if (!*rd->p)
		return expr_fail(rd, at,
				 "the text that begins here has no end; close "
				 "it with %c",
				 quote);
	rd->p++;
	*out_r = mst_slice(to, n);
	return 0;
}

static int read_number(struct expr_reader *rd, struct expr_node *n)
{
	const char *from = rd->p;

	rd->p += *rd->p == '-';
	while (is_digit(*rd->p) || *rd->p == '.' || is_letter(*rd->p))
		rd->p++;
	n->text = mst_slice(from, (size_t)(rd->p - from));
	n->is_number = true;
	if (!mst_num_dbl(n->text, &n->number))
		return expr_fail(rd, n->at,
				 "'%.*s' is no number; put a text in quotes",
				 MST_SLICE_ARG(n->text));
	return 0;
}

/* ---- calls --------------------------------------------------------------- */

static int read_node(struct expr_reader *rd, const struct expr_node **n_r);

static struct expr_node *new_node(struct expr_reader *rd)
{
	struct expr_node *n = mst_arena_alloc(rd->arena, sizeof(*n));

	n->at = here(rd);
	return n;
}

/* A name as first argument: a bare word or a text. */
static int read_name(struct expr_reader *rd, const struct expr_node **n_r)
{
	struct expr_node *n = new_node(rd);
	int rc = 0;

	if (*rd->p == '\'' || *rd->p == '"')
		rc = read_quoted(rd, &n->text);
	else
		n->text = read_word(rd);
	if (rc == 0 && !n->text.n)
		rc = expr_fail(rd, n->at, "a name is missing here");
	n->text = mst_arena_dup(rd->arena, n->text);
	*n_r = n;
	return rc;
}

static int read_arg(struct expr_reader *rd, struct expr_node *call,
		    const struct expr_node **args)
{
	const struct expr_fn *fn = call->fn;
	int rc;

	if (call->args_n == fn->most)
		return expr_fail(rd, here(rd), "%s() takes %u argument%s: %s",
				 fn->name, fn->most, fn->most == 1 ? "" : "s",
				 fn->usage);
	rc = call->args_n == 0 && (fn->flags & EXPR_NAME_FIRST)
		 ? read_name(rd, &args[0])
		 : read_node(rd, &args[call->args_n]);
	call->args_n++;
	skip_blanks(rd);
	return rc;
}

static int read_args(struct expr_reader *rd, struct expr_node *call)
{
	const struct expr_node *args[EXPR_ANY];
	size_t open = here(rd);

	rd->p++; /* ( */
	for (skip_blanks(rd); *rd->p != ')';) {
		if (!*rd->p)
			return expr_fail(rd, open,
					 "the parenthesis that opens here is "
					 "not closed");
		if (read_arg(rd, call, args) < 0)
			return -(int)rd->err->code;
		if (*rd->p == ',') {
			rd->p++;
			skip_blanks(rd);
			if (*rd->p == ')')
				return expr_fail(rd, here(rd),
						 "an argument is missing "
						 "behind the comma");
		} else if (*rd->p && *rd->p != ')') {
			return expr_fail(rd, here(rd),
					 "a comma or ')' is missing here");
		}
	}
	rd->p++;
	if (call->args_n < call->fn->least)
		return expr_fail(
		    rd, call->at, "%s() needs at least %u argument%s: %s",
		    call->fn->name, call->fn->least,
		    call->fn->least == 1 ? "" : "s", call->fn->usage);
	call->args = mst_arena_alloc(rd->arena,
				     (call->args_n + 1) * sizeof(*call->args));
	memcpy(call->args, args, call->args_n * sizeof(*args));
	return 0;
}

/* A call of constants is a constant. */
static void fold(struct expr_reader *rd, struct expr_node *n)
{
	struct expr_run run = {.arena = rd->arena, .space = MST_MAX_EXPR_SPACE};
	struct mst_slice text = {NULL, 0};

	if (n->kind != EXPR_CALL || n->fn->list || (n->fn->flags & EXPR_RECORD))
		return;
	for (size_t i = 0; i < n->args_n; i++) {
		if (n->args[i]->kind != EXPR_TEXT)
			return;
	}
	if (!expr_text(&run, n, &text))
		text = mst_slice(NULL, 0);
	*n = (struct expr_node){.at = n->at,
				.text = mst_arena_dup(rd->arena, text)};
}

static int read_call(struct expr_reader *rd, struct mst_slice name,
		     struct expr_node *n)
{
	n->kind = EXPR_CALL;
	n->fn = find_fn(name);
	if (!n->fn)
		return unknown_fn(rd, name, n->at);
	if (read_args(rd, n) < 0 ||
	    (n->fn->prepare && n->fn->prepare(rd, n) < 0))
		return -(int)rd->err->code;
	fold(rd, n);
	return 0;
}

/* ---- the expression ------------------------------------------------------ */

static int read_word_node(struct expr_reader *rd, struct expr_node *n)
{
	struct mst_slice word = read_word(rd);

	skip_blanks(rd);
	if (*rd->p == '(')
		return read_call(rd, word, n);
	if (mst_slice_iis(word, "true") || mst_slice_iis(word, "false")) {
		(void)expr_bool(word.n == 4, &n->text);
		return 0;
	}
	return expr_name_field(rd, word, n);
}

static int read_node(struct expr_reader *rd, const struct expr_node **n_r)
{
	struct expr_node *n;
	int rc;

	skip_blanks(rd);
	n = new_node(rd);
	*n_r = n;
	if (++rd->nodes > MST_MAX_EXPR_NODES)
		return expr_fail(rd, n->at,
				 "the expression has more than %d parts",
				 MST_MAX_EXPR_NODES);
	if (++rd->depth > MST_MAX_EXPR_DEPTH)
		return expr_fail(rd, n->at,
				 "calls are nested deeper than %d levels",
				 MST_MAX_EXPR_DEPTH);
	if (*rd->p == '\'' || *rd->p == '"')
		rc = read_quoted(rd, &n->text);
	else if (is_digit(*rd->p) || (*rd->p == '-' && is_digit(rd->p[1])))
		rc = read_number(rd, n);
	else if (is_letter(*rd->p))
		rc = read_word_node(rd, n);
	else if (!*rd->p)
		rc = expr_fail(rd, n->at, "something is missing here");
	else
		rc = expr_fail(rd, n->at,
			       "a field, a function, a number or a text in "
			       "quotes must stand here");
	rd->depth--;
	return rc;
}

struct mst_exprs *mst_exprs_new(struct mst_derive *d)
{
	const struct mst_catalog *c = mst_derive_catalog(d);
	struct mst_arena *arena = mst_derive_arena(d);
	struct mst_exprs *x = mst_arena_alloc(arena, sizeof(*x));

	x->d = d;
	x->arena = arena;
	x->rows_n = mst_arena_alloc(arena, c->mappings_n * sizeof(*x->rows_n));
	x->rows = mst_arena_alloc(arena, c->mappings_n * sizeof(*x->rows));
	for (size_t i = 0; i < c->mappings_n; i++) {
		size_t n = c->mappings[i].rows_n;
		struct mst_map_row *rows =
		    mst_arena_alloc(arena, n * sizeof(*rows));

		if (n)
			memcpy(rows, c->mappings[i].rows, n * sizeof(*rows));
		x->rows[i] = rows;
		x->rows_n[i] = n;
	}
	return x;
}

int mst_expr_compile(struct mst_exprs *x, size_t mapping, const char *text,
		     const struct mst_expr **e_r, struct mst_err *err)
{
	struct mst_expr *e = mst_arena_alloc(x->arena, sizeof(*e));
	struct expr_reader rd = {
	    .all = x,
	    .expr = e,
	    .arena = x->arena,
	    .mapping = mapping,
	    .text = mst_arena_strdup(x->arena, text),
	    .err = err,
	};
	const struct expr_node *root;

	rd.p = rd.text;
	if (strlen(text) > MST_MAX_EXPR)
		return mst_err_set(err, MST_E_INVALID,
				   "the expression is longer than %d bytes; "
				   "put long lists of values into a lookup "
				   "table",
				   MST_MAX_EXPR);
	e->all = x;
	e->number = x->n;
	e->memo = true;
	e->limited = mst_arena_alloc(x->arena, sizeof(*e->limited));
	atomic_init(e->limited, 0);
	if (read_node(&rd, &root) < 0)
		return -(int)err->code;
	skip_blanks(&rd);
	if (*rd.p)
		return expr_fail(&rd, here(&rd),
				 "the expression has ended before this");
	x->n++;
	e->next = x->first;
	x->first = e;
	e->root = root;
	e->memo = e->memo && e->inputs_n > 0;
	*e_r = e;
	return 0;
}

bool mst_expr_lacks_field(const struct mst_expr *e)
{
	return e->lacks_field;
}

uint64_t mst_expr_limited(const struct mst_expr *e)
{
	return atomic_load(e->limited);
}
