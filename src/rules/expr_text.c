/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of expressions that make texts of texts.
 */
#include "rules/expr_private.h"

/* ---- case ---------------------------------------------------------------- */

/* Letters of two bytes whose other case has two bytes too: Latin, Greek and
 * Cyrillic. A text keeps its length. */
static uint32_t lower_letter(uint32_t c)
{
	if ((c >= 0xc0 && c <= 0xde && c != 0xd7) ||
	    (c >= 0x391 && c <= 0x3a9 && c != 0x3a2) ||
	    (c >= 0x410 && c <= 0x42f))
		return c + 0x20;
	if (c == 0x178)
		return 0xff;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
		return c + (c & 1);
	if ((c >= 0x100 && c <= 0x137 && c != 0x130) ||
	    (c >= 0x14a && c <= 0x177))
		return c | 1;
	if (c >= 0x400 && c <= 0x40f)
		return c + 0x50;
	if (c == 0x386)
		return 0x3ac;
	if (c >= 0x388 && c <= 0x38a)
		return c + 0x25;
	if (c == 0x38c)
		return 0x3cc;
	if (c == 0x38e || c == 0x38f)
		return c + 0x3f;
	return c;
}

static uint32_t upper_letter(uint32_t c)
{
	if ((c >= 0xe0 && c <= 0xfe && c != 0xf7) ||
	    (c >= 0x3b1 && c <= 0x3c9 && c != 0x3c2) ||
	    (c >= 0x430 && c <= 0x44f))
		return c - 0x20;
	if (c == 0xff)
		return 0x178;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
		return c - !(c & 1);
	if ((c >= 0x100 && c <= 0x137 && c != 0x131) ||
	    (c >= 0x14a && c <= 0x177))
		return c & ~1u;
	if (c >= 0x450 && c <= 0x45f)
		return c - 0x50;
	if (c == 0x3c2) /* sigma at the end of a word */
		return 0x3a3;
	if (c == 0x3ac)
		return 0x386;
	if (c >= 0x3ad && c <= 0x3af)
		return c - 0x25;
	if (c == 0x3cc)
		return 0x38c;
	if (c == 0x3cd || c == 0x3ce)
		return c - 0x3f;
	return c;
}

/* From character i on, which is not ASCII any more. */
static void other_case(char *p, size_t i, size_t n, bool up)
{
	char first = up ? 'a' : 'A', last = up ? 'z' : 'Z';

	for (; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		uint32_t letter;

		if (p[i] >= first && p[i] <= last) {
			p[i] = (char)(p[i] ^ 0x20);
		} else if (c >= 0xc3 && c <= 0xd1 && i + 1 < n) {
			letter = (uint32_t)(c & 0x1f) << 6 |
				 ((unsigned char)p[i + 1] & 0x3f);
			letter =
			    up ? upper_letter(letter) : lower_letter(letter);
			p[i] = (char)(0xc0 | letter >> 6);
			p[++i] = (char)(0x80 | (letter & 0x3f));
		}
	}
}

#define EACH(c) (UINT64_C(0x0101010101010101) * (unsigned char)(c))

/* Eight ASCII letters at once; room behind p for seven more bytes. */
static size_t ascii_case(char *p, size_t n, bool up)
{
	uint64_t from = EACH(0x80 - (up ? 'a' : 'A'));
	uint64_t to = EACH(0x7f - (up ? 'z' : 'Z'));
	size_t i = 0;

	for (; i < n; i += 8) {
		uint64_t w;

		memcpy(&w, p + i, 8);
		if (w & EACH(0x80))
			return i;
		w ^= ((w + from) & ~(w + to) & EACH(0x80)) >> 2;
		memcpy(p + i, &w, 8);
	}
	return n;
}

static bool in_case(struct expr_run *r, const struct expr_node *n, bool up,
		    struct mst_slice *out_r)
{
	struct mst_slice s;
	size_t plain;
	char *p;

	if (!expr_arg(r, n, 0, &s))
		return false;
	p = expr_space(r, s.n + 8);
	if (!p)
		return false;
	memset(p + s.n, 0, 8);
	(void)expr_put(p, s);
	plain = ascii_case(p, s.n, up);
	if (plain < s.n)
		other_case(p, plain, s.n, up);
	*out_r = mst_slice(p, s.n);
	return true;
}

static bool lower(struct expr_run *r, const struct expr_node *n,
		  struct mst_slice *out_r)
{
	return in_case(r, n, false, out_r);
}

static bool upper(struct expr_run *r, const struct expr_node *n,
		  struct mst_slice *out_r)
{
	return in_case(r, n, true, out_r);
}

/* ---- parts --------------------------------------------------------------- */

static bool trim(struct expr_run *r, const struct expr_node *n,
		 struct mst_slice *out_r)
{
	if (!expr_arg(r, n, 0, out_r))
		return false;
	*out_r = mst_slice_trim(*out_r);
	return true;
}

static bool is_start(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

static int64_t characters(struct mst_slice s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += is_start(s.p[i]);
	return n;
}

/* Where character number `at` (from 0) begins, or the end. */
static size_t offset_of(struct mst_slice s, int64_t at)
{
	size_t i = 0;

	for (; at > 0 && i < s.n; at--) {
		do {
			i++;
		} while (i < s.n && !is_start(s.p[i]));
	}
	return i;
}

static bool length(struct expr_run *r, const struct expr_node *n,
		   struct mst_slice *out_r)
{
	struct mst_slice s;
	char *p = expr_space(r, 24);
	size_t at = 24;

	if (!p || !expr_arg(r, n, 0, &s))
		return false;
	for (int64_t v = characters(s); v > 0; v /= 10)
		p[--at] = (char)('0' + v % 10);
	*out_r = mst_slice(p + at, 24 - at);
	return true;
}

static bool substr(struct expr_run *r, const struct expr_node *n,
		   struct mst_slice *out_r)
{
	int64_t start, most = INT64_MAX;
	struct mst_slice s;
	size_t from;

	if (!expr_arg(r, n, 0, &s) || !expr_whole(r, n, 1, &start) ||
	    start == 0 ||
	    (n->args_n > 2 && (!expr_whole(r, n, 2, &most) || most <= 0)))
		return false;
	if (start < 0) /* from the end */
		start = MST_MAX(characters(s) + start, (int64_t)0) + 1;
	from = offset_of(s, start - 1);
	s = mst_slice(s.p + from, s.n - from);
	*out_r = mst_slice(s.p, offset_of(s, most));
	return true;
}

/* ---- wholes -------------------------------------------------------------- */

/* One part without a value, and there is none of the whole. */
static bool concat(struct expr_run *r, const struct expr_node *n,
		   struct mst_slice *out_r)
{
	struct mst_slice parts[EXPR_ANY];
	size_t all = 0;
	char *p, *q;

	for (size_t i = 0; i < n->args_n; i++) {
		if (!expr_arg(r, n, i, &parts[i]))
			return false;
		all += parts[i].n;
	}
	p = q = expr_space(r, all);
	if (!p)
		return false;
	for (size_t i = 0; i < n->args_n; i++)
		q = expr_put(q, parts[i]);
	*out_r = mst_slice(p, all);
	return true;
}

static size_t count(struct mst_slice s, struct mst_slice what)
{
	const char *p = s.p, *end = s.p + s.n;
	size_t n = 0;

	while ((p = memmem(p, (size_t)(end - p), what.p, what.n))) {
		p += what.n;
		n++;
	}
	return n;
}

/* Bytes that the result may have: what is over is not made. */
static size_t bounded(size_t n)
{
	return MST_MIN(n, (size_t)MST_MAX_TEXT + 4);
}

static bool replace(struct expr_run *r, const struct expr_node *n,
		    struct mst_slice *out_r)
{
	struct mst_slice s, from, to;
	size_t found, room, at = 0;
	const char *p, *end;
	char *out;

	if (!expr_arg(r, n, 0, &s))
		return false;
	*out_r = s;
	if (!expr_arg(r, n, 1, &from) || !(found = count(s, from)))
		return true;
	if (!expr_arg(r, n, 2, &to))
		to = mst_slice("", 0); /* taken out */
	room = bounded(s.n - found * from.n + found * to.n);
	out = expr_space(r, room);
	if (!out)
		return false;
	end = s.p + s.n;
	for (p = s.p; p < end && at < room;) {
		const char *hit = memmem(p, (size_t)(end - p), from.p, from.n);
		size_t plain = (size_t)((hit ? hit : end) - p);

		plain = MST_MIN(plain, room - at);
		memcpy(out + at, p, plain);
		at += plain;
		if (!hit)
			break;
		memcpy(out + at, to.p, MST_MIN(to.n, room - at));
		at += MST_MIN(to.n, room - at);
		p = hit + from.n;
	}
	*out_r = mst_slice(out, at);
	return true;
}

const struct expr_fn expr_texts[] = {
    {.name = "lower",
     .usage = "lower(text)",
     .least = 1,
     .most = 1,
     .text = lower},
    {.name = "upper",
     .usage = "upper(text)",
     .least = 1,
     .most = 1,
     .text = upper},
    {.name = "trim",
     .usage = "trim(text)",
     .least = 1,
     .most = 1,
     .text = trim},
    {.name = "length",
     .usage = "length(text)",
     .least = 1,
     .most = 1,
     .text = length},
    {.name = "substr",
     .usage = "substr(text, start[, length])",
     .least = 2,
     .most = 3,
     .text = substr},
    {.name = "concat",
     .usage = "concat(text, text, ...)",
     .least = 2,
     .most = EXPR_ANY,
     .text = concat},
    {.name = "replace",
     .usage = "replace(text, what, with)",
     .least = 3,
     .most = 3,
     .text = replace},
    {.name = NULL},
};
