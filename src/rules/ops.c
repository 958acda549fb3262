/* SPDX-License-Identifier: Apache-2.0
 *
 * The common ops. They run for every column of every record, so the frequent
 * case of each (a clean string) returns the borrowed text without a copy.
 */
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"
#include "rules/rules.h"

static bool is_blank(char c)
{
	return (unsigned char)c <= ' ';
}

static struct mst_slice trimmed(const struct mst_value *v)
{
	struct mst_slice s = {v->u.s.p, v->u.s.n};

	if (s.n && !is_blank(s.p[0]) && !is_blank(s.p[s.n - 1]))
		return s;
	return mst_slice_trim(s);
}

static int some(struct mst_slice s, struct mst_slice *out_r)
{
	*out_r = s;
	return s.n > 0;
}

static int number_text(struct mst_rule_ctx *ctx, double d,
		       struct mst_slice *out_r)
{
	char *p = mst_rule_scratch(ctx, 32);

	mst_num_text(d, p);
	*out_r = mst_slice_str(p);
	return 1;
}

static int int_text(struct mst_rule_ctx *ctx, int64_t i,
		    struct mst_slice *out_r)
{
	char *p = mst_rule_scratch(ctx, 24);
	char *end = p + 24, *q = end;
	uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;

	do {
		*--q = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (i < 0)
		*--q = '-';
	*out_r = mst_slice(q, (size_t)(end - q));
	return 1;
}

int mst_op_text(struct mst_rule_ctx *ctx, const struct mst_value *v,
		unsigned field, const void *arg, struct mst_slice *out_r)
{
	v += field;
	switch (v->type) {
	case MST_JSON_STRING:
		return some(trimmed(v), out_r);
	case MST_JSON_INT:
		return int_text(ctx, v->u.i, out_r);
	case MST_JSON_DOUBLE:
		return number_text(ctx, v->u.d, out_r);
	case MST_JSON_BOOL:
		*out_r =
		    v->u.b ? MST_SLICE_LIT("true") : MST_SLICE_LIT("false");
		return 1;
	case MST_JSON_NULL:
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		return 0;
	}
	return 0;
}

#define EACH(c) (UINT64_C(0x0101010101010101) * (unsigned char)(c))

/* Is any byte of the word in first..last (ASCII letters)? Bytes above 127 may
 * say yes too: then the slow look decides. */
static inline bool word_has(uint64_t w, char first, char last)
{
	uint64_t low = w & EACH(0x7f);

	return ((low + EACH(0x80 - first)) & ~(low + EACH(0x7f - last)) &
		EACH(0x80)) != 0;
}

static bool needs_fold(struct mst_slice s, char first, char last)
{
	uint64_t w;
	size_t i = 0;

	for (; i + 8 <= s.n; i += 8) {
		memcpy(&w, s.p + i, sizeof(w));
		if (word_has(w, first, last))
			return true;
	}
	for (; i < s.n; i++) {
		if (s.p[i] >= first && s.p[i] <= last)
			return true;
	}
	return false;
}

/* Folds into scratch only when there is something to fold. */
static void fold(struct mst_rule_ctx *ctx, struct mst_slice *s, char first,
		 char last)
{
	size_t i;
	char *p;

	if (MST_LIKELY(!needs_fold(*s, first, last)))
		return;
	p = mst_rule_scratch(ctx, s->n);
	memcpy(p, s->p, s->n);
	for (i = 0; i < s->n; i++) {
		if (p[i] >= first && p[i] <= last)
			p[i] = (char)(p[i] ^ 0x20);
	}
	s->p = p;
}

int mst_op_lower(struct mst_rule_ctx *ctx, const struct mst_value *v,
		 unsigned field, const void *arg, struct mst_slice *out_r)
{
	if (!mst_op_text(ctx, v, field, arg, out_r))
		return 0;
	fold(ctx, out_r, 'A', 'Z');
	return 1;
}

int mst_op_upper(struct mst_rule_ctx *ctx, const struct mst_value *v,
		 unsigned field, const void *arg, struct mst_slice *out_r)
{
	if (!mst_op_text(ctx, v, field, arg, out_r))
		return 0;
	fold(ctx, out_r, 'a', 'z');
	return 1;
}

static bool two_digits(const char *p, unsigned low, unsigned high)
{
	unsigned a = (unsigned)(p[0] - '0'), b = (unsigned)(p[1] - '0');
	unsigned v = a * 10 + b;

	return a <= 9 && b <= 9 && v >= low && v <= high;
}

/* "YYYY-MM-DD?hh:mm:ss" with an ordinary date: no need to go through the
 * calendar. Days above 28 and everything odd take the slow way. */
static bool plain_time(const char *p)
{
	return (p[0] == '2' || (p[0] == '1' && p[1] == '9')) &&
	       two_digits(p, 19, 29) && two_digits(p + 2, 0, 99) &&
	       p[4] == '-' && two_digits(p + 5, 1, 12) && p[7] == '-' &&
	       two_digits(p + 8, 1, 28) && two_digits(p + 11, 0, 23) &&
	       p[13] == ':' && two_digits(p + 14, 0, 59) && p[16] == ':' &&
	       two_digits(p + 17, 0, 59);
}

int mst_op_time(struct mst_rule_ctx *ctx, const struct mst_value *v,
		unsigned field, const void *arg, struct mst_slice *out_r)
{
	struct mst_slice s;
	int64_t us;
	char *p;

	v += field;
	if (v->type == MST_JSON_INT) { /* milliseconds since 1970 */
		if (v->u.i > INT64_MAX / 1000 || v->u.i < INT64_MIN / 1000)
			return 0;
		us = v->u.i * 1000;
	} else if (v->type != MST_JSON_STRING) {
		return 0;
	} else {
		s = trimmed(v);
		if (s.n == 19 && s.p[10] == ' ' && plain_time(s.p)) {
			*out_r = s;
			return 1;
		}
		if (!mst_time_parse(s, &us) || us == MST_TIME_NONE)
			return 0;
	}
	p = mst_rule_scratch(ctx, 20);
	mst_time_sn(us, p);
	/* Nothing was written when the year has no four digits. */
	return some(mst_slice_str(p), out_r);
}

static bool number(const struct mst_value *v, double *d_r)
{
	switch (v->type) {
	case MST_JSON_INT:
		*d_r = (double)v->u.i;
		return true;
	case MST_JSON_DOUBLE:
		*d_r = v->u.d;
		return true;
	case MST_JSON_STRING:
		return mst_num_dbl(trimmed(v), d_r);
	case MST_JSON_NULL:
	case MST_JSON_BOOL:
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		return false;
	}
	return false;
}

/* 0.0 to 9.9, three characters each: scores come a million times a run. */
static const char tenths[] =
    "0.00.10.20.30.40.50.60.70.80.91.01.11.21.31.41.51.61.71.81.9"
    "2.02.12.22.32.42.52.62.72.82.93.03.13.23.33.43.53.63.73.83.9"
    "4.04.14.24.34.44.54.64.74.84.95.05.15.25.35.45.55.65.75.85.9"
    "6.06.16.26.36.46.56.66.76.86.97.07.17.27.37.47.57.67.77.87.9"
    "8.08.18.28.38.48.58.68.78.88.99.09.19.29.39.49.59.69.79.89.9";

int mst_op_fixed1(struct mst_rule_ctx *ctx, const struct mst_value *v,
		  unsigned field, const void *arg, struct mst_slice *out_r)
{
	double d;
	char *p;

	if (!number(v + field, &d))
		return 0;
	if (d >= 0 && d < 9.95) {
		*out_r = mst_slice(tenths + 3 * (unsigned)(d * 10 + 0.5), 3);
		return 1;
	}
	p = mst_rule_scratch(ctx, 32);
	mst_num_fixed1(d, p);
	*out_r = mst_slice_str(p);
	return 1;
}

int mst_op_number(struct mst_rule_ctx *ctx, const struct mst_value *v,
		  unsigned field, const void *arg, struct mst_slice *out_r)
{
	double d;

	if (v[field].type == MST_JSON_INT)
		return int_text(ctx, v[field].u.i, out_r);
	if (!number(v + field, &d))
		return 0;
	return number_text(ctx, d, out_r);
}

int mst_op_bool(struct mst_rule_ctx *ctx, const struct mst_value *v,
		unsigned field, const void *arg, struct mst_slice *out_r)
{
	bool b;

	v += field;
	if (v->type == MST_JSON_BOOL)
		b = v->u.b;
	else if (v->type == MST_JSON_INT && (v->u.i == 0 || v->u.i == 1))
		b = v->u.i == 1;
	else if (v->type == MST_JSON_STRING &&
		 mst_slice_iis(trimmed(v), "true"))
		b = true;
	else if (v->type == MST_JSON_STRING &&
		 mst_slice_iis(trimmed(v), "false"))
		b = false;
	else
		return 0;
	*out_r = b ? MST_SLICE_LIT("true") : MST_SLICE_LIT("false");
	return 1;
}

static int by_bytes(const void *a, const void *b)
{
	return mst_slice_cmp(*(const struct mst_slice *)a,
			     *(const struct mst_slice *)b);
}

static int join_lines(struct mst_rule_ctx *ctx, struct mst_slice *s, size_t n,
		      size_t bytes, struct mst_slice *out_r)
{
	char *p = mst_rule_scratch(ctx, bytes + n), *q = p;

	qsort(s, n, sizeof(*s), by_bytes);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && mst_slice_eq(s[i], s[i - 1]))
			continue;
		if (q != p)
			*q++ = '\n';
		memcpy(q, s[i].p, s[i].n);
		q += s[i].n;
	}
	*out_r = mst_slice(p, (size_t)(q - p));
	return 1;
}

int mst_op_lines(struct mst_rule_ctx *ctx, const struct mst_value *v,
		 unsigned field, const void *arg, struct mst_slice *out_r)
{
	struct mst_slice few[16], *s = few, one;
	struct mst_json_iter it;
	struct mst_json e;
	size_t n = 0, bytes = 0, cap = MST_LEN(few);

	v += field;
	if (v->type == MST_JSON_STRING)
		return some(trimmed(v), out_r);
	if (v->type != MST_JSON_ARRAY)
		return 0;
	if (mst_json_lone_str(v->u.j, &one)) {
		if (one.n && !is_blank(one.p[0]) && !is_blank(one.p[one.n - 1]))
			return some(one, out_r);
		return some(mst_slice_trim(one), out_r);
	}
	it = mst_json_iter(v->u.j);
	while (mst_json_next(&it, NULL, &e) && bytes < MST_MAX_TEXT) {
		one = mst_slice_trim(mst_json_str(e));
		if (!one.n)
			continue;
		if (n == cap) {
			void *more =
			    mst_rule_scratch(ctx, 2 * cap * sizeof(*s));

			memcpy(more, s, n * sizeof(*s));
			s = more;
			cap *= 2;
		}
		s[n++] = one;
		bytes += one.n;
	}
	if (n > 1)
		return join_lines(ctx, s, n, bytes, out_r);
	if (n == 1)
		*out_r = s[0];
	return n == 1;
}

int mst_op_const(struct mst_rule_ctx *ctx, const struct mst_value *v,
		 unsigned field, const void *arg, struct mst_slice *out_r)
{
	return some(mst_slice_str(arg), out_r);
}

int mst_op_enum(struct mst_rule_ctx *ctx, const struct mst_value *v,
		unsigned field, const void *arg, struct mst_slice *out_r)
{
	const char *const(*map)[2] = arg;
	struct mst_slice s;

	if (!mst_op_text(ctx, v, field, NULL, &s))
		return 0;
	for (; (*map)[0]; map++) {
		/* The first letter tells most apart. */
		if ((((*map)[0][0] ^ s.p[0]) & ~0x20) == 0 &&
		    mst_slice_iis(s, (*map)[0]))
			return some(mst_slice_str((*map)[1]), out_r);
	}
	return 0;
}

int mst_op_now(struct mst_rule_ctx *ctx, const struct mst_value *v,
	       unsigned field, const void *arg, struct mst_slice *out_r)
{
	char *p = mst_rule_scratch(ctx, 20);

	mst_time_sn(mst_rule_now(ctx), p);
	*out_r = mst_slice(p, 19);
	return 1;
}
