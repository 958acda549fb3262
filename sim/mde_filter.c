/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of OData's $filter that Defender for Endpoint documents: eq, ne,
 * gt, ge, lt, le, and, or, not, parentheses, startswith and endswith. Texts
 * compare ASCII case folded, times as times, numbers as numbers.
 */
#include <stdio.h>
#include <strings.h>

#include "base/num.h"
#include "base/time.h"
#include "sim/mde.h"

#define MAX_DEPTH 16
#define MAX_TEXT  4096

enum node_kind { AND, OR, NOT, COMPARE, STARTS, ENDS };

struct mde_filter {
	enum node_kind kind;
	const struct mde_filter *a, *b;
	struct mst_slice field, value;
	char op[3];
	bool is_null;
};

struct parse {
	const char *p;
	struct mst_arena *a;
	const char *why;
	int depth;
};

static struct mde_filter *parse_or(struct parse *s);

static void skip(struct parse *s)
{
	while (*s->p == ' ' || *s->p == '\t')
		s->p++;
}

static bool word(struct parse *s, const char *w)
{
	size_t n = strlen(w);

	skip(s);
	if (strncasecmp(s->p, w, n) != 0 ||
	    (s->p[n] != ' ' && s->p[n] != '(' && s->p[n] != '\0'))
		return false;
	s->p += n;
	return true;
}

static struct mst_slice name(struct parse *s)
{
	const char *from;

	skip(s);
	from = s->p;
	while ((*s->p >= 'a' && *s->p <= 'z') ||
	       (*s->p >= 'A' && *s->p <= 'Z') ||
	       (*s->p >= '0' && *s->p <= '9') || *s->p == '_' || *s->p == '/')
		s->p++;
	return mst_slice(from, (size_t)(s->p - from));
}

static bool literal(struct parse *s, struct mde_filter *f)
{
	char *out;
	size_t n = 0;

	skip(s);
	if (*s->p != '\'') {
		const char *from = s->p;

		while (*s->p && *s->p != ' ' && *s->p != ')' && *s->p != ',')
			s->p++;
		f->value = mst_slice(from, (size_t)(s->p - from));
		f->is_null = mst_slice_iis(f->value, "null");
		return f->value.n > 0;
	}
	out = mst_arena_bytes(s->a, strlen(s->p) + 1);
	for (s->p++; *s->p; s->p++) {
		if (*s->p == '\'' && s->p[1] != '\'')
			break;
		if (*s->p == '\'')
			s->p++; /* doubled */
		out[n++] = *s->p;
	}
	if (*s->p != '\'')
		return false;
	s->p++;
	f->value = mst_slice(out, n);
	return true;
}

static bool expect(struct parse *s, char c)
{
	skip(s);
	if (*s->p != c)
		return false;
	s->p++;
	return true;
}

static struct mde_filter *parse_call(struct parse *s, enum node_kind kind)
{
	struct mde_filter *f = mst_arena_alloc(s->a, sizeof(*f));

	f->kind = kind;
	if (!expect(s, '('))
		return NULL;
	f->field = name(s);
	if (!f->field.n || !expect(s, ',') || !literal(s, f) || !expect(s, ')'))
		return NULL;
	return f;
}

static struct mde_filter *parse_compare(struct parse *s)
{
	static const char *const ops[] = {"eq", "ne", "gt", "ge", "lt", "le"};
	struct mde_filter *f = mst_arena_alloc(s->a, sizeof(*f));

	f->kind = COMPARE;
	f->field = name(s);
	if (!f->field.n)
		return NULL;
	for (size_t i = 0; i < MST_LEN(ops); i++)
		if (word(s, ops[i])) {
			memcpy(f->op, ops[i], 3);
			return literal(s, f) ? f : NULL;
		}
	return NULL;
}

static struct mde_filter *parse_one(struct parse *s)
{
	struct mde_filter *f;

	if (++s->depth > MAX_DEPTH)
		return NULL;
	if (word(s, "not")) {
		f = mst_arena_alloc(s->a, sizeof(*f));
		f->kind = NOT;
		f->a = parse_one(s);
		f = f->a ? f : NULL;
	} else if (word(s, "startswith")) {
		f = parse_call(s, STARTS);
	} else if (word(s, "endswith")) {
		f = parse_call(s, ENDS);
	} else if (expect(s, '(')) {
		f = parse_or(s);
		if (f && !expect(s, ')'))
			f = NULL;
	} else {
		f = parse_compare(s);
	}
	s->depth--;
	return f;
}

static struct mde_filter *join(struct parse *s, enum node_kind kind,
			       struct mde_filter *(*next)(struct parse *s))
{
	struct mde_filter *left = next(s);

	while (left && word(s, kind == AND ? "and" : "or")) {
		struct mde_filter *f = mst_arena_alloc(s->a, sizeof(*f));

		f->kind = kind;
		f->a = left;
		f->b = next(s);
		left = f->b ? f : NULL;
	}
	return left;
}

static struct mde_filter *parse_and(struct parse *s)
{
	return join(s, AND, parse_one);
}

static struct mde_filter *parse_or(struct parse *s)
{
	return join(s, OR, parse_and);
}

struct mde_filter *mde_filter_parse(const char *text, struct mst_arena *a,
				    const char **why_r)
{
	struct parse s = {.p = text, .a = a};
	struct mde_filter *f;

	if (strlen(text) > MAX_TEXT) {
		*why_r = "The filter is too long";
		return NULL;
	}
	f = parse_or(&s);
	skip(&s);
	if (f && !*s.p)
		return f;
	*why_r = mst_arena_printf(a, "Syntax error at position %d in '%.200s'",
				  (int)(s.p - text), text);
	return NULL;
}

static int compare(struct mst_slice a, struct mst_slice b)
{
	int64_t ta, tb;
	double da, db;
	size_t n;
	int c;

	if (mst_num_dbl(a, &da) && mst_num_dbl(b, &db))
		return da < db ? -1 : da > db;
	if (a.n >= 10 && b.n >= 10 && mst_time_parse(a, &ta) &&
	    mst_time_parse(b, &tb))
		return ta < tb ? -1 : ta > tb;
	n = MST_MIN(a.n, b.n);
	c = n ? strncasecmp(a.p, b.p, n) : 0;
	return c ? c : a.n < b.n ? -1 : a.n > b.n;
}

static bool holds(const struct mde_filter *f, bool null, struct mst_slice v)
{
	int c;

	if (f->is_null)
		return !strcmp(f->op, "eq") ? null
					    : !strcmp(f->op, "ne") && !null;
	if (null)
		return !strcmp(f->op, "ne");
	if (f->kind == STARTS)
		return v.n >= f->value.n &&
		       !strncasecmp(v.p, f->value.p, f->value.n);
	if (f->kind == ENDS)
		return v.n >= f->value.n &&
		       !strncasecmp(v.p + v.n - f->value.n, f->value.p,
				    f->value.n);
	c = compare(v, f->value);
	switch (f->op[0] << 8 | f->op[1]) {
	case 'e' << 8 | 'q':
		return c == 0;
	case 'n' << 8 | 'e':
		return c != 0;
	case 'g' << 8 | 't':
		return c > 0;
	case 'g' << 8 | 'e':
		return c >= 0;
	case 'l' << 8 | 't':
		return c < 0;
	default:
		return c <= 0;
	}
}

int mde_filter_match(const struct mde_filter *f, const void *record,
		     mde_lookup lookup, const char **why_r)
{
	char text[512];
	int a, b;

	switch (f->kind) {
	case AND:
	case OR:
		a = mde_filter_match(f->a, record, lookup, why_r);
		b = mde_filter_match(f->b, record, lookup, why_r);
		if (a < 0 || b < 0)
			return -1;
		return f->kind == AND ? a && b : a || b;
	case NOT:
		a = mde_filter_match(f->a, record, lookup, why_r);
		return a < 0 ? a : !a;
	case COMPARE:
	case STARTS:
	case ENDS:
		break;
	}
	a = lookup(record, f->field, text);
	if (a < 0) {
		*why_r = "The query specified in the URI is not valid. The "
			 "property cannot be used in the $filter query option.";
		return -1;
	}
	return holds(f, a == 0, mst_slice_str(text));
}
