/* SPDX-License-Identifier: Apache-2.0
 *
 * Records out of a window of NDJSON without building a document: simdjson's
 * first stage finds all structural characters (and checks UTF-8 and quotes),
 * then one walk per line takes just the fields that the picker wants. Texts
 * without escapes are lent from the window itself.
 *
 * The walk is strict about structure and takes nothing that it does not fully
 * understand: such a line (an odd number, an escaped name, …) goes through the
 * full parser alone, which has the last word on whether it is JSON.
 */
#include <stdlib.h>

#include "json/json_private.h"

#define DEPTH_MAX 64

/* Texts and tape words of one record: unescaped strings and small arrays. Both
 * have room for the whole window, so that nothing moves while values point here
 * (memory that is not touched costs nothing). */
struct mst_json_side {
	struct mst_tape tape;
	uint64_t *words;
	uint8_t *text;
	size_t words_n, text_n;
	size_t cap; /* bytes of a window that fit */
};

struct walk {
	struct mst_picker *k;
	struct mst_json_side *side;
	const char *data;
	const uint32_t *at; /* positions; at[i] is token i */
	size_t n;	    /* tokens */
	struct mst_value *v;
};

void mst_json_side_free(struct mst_json_side **s)
{
	if (!s || !*s)
		return;
	free((*s)->words);
	free((*s)->text);
	free(*s);
	*s = NULL;
}

static void side_make(struct mst_json_side *s, size_t bytes)
{
	if (bytes <= s->cap)
		return;
	s->cap = bytes;
	/* A token takes at most two words and stands for at least one byte; a
	 * text takes its length and five bytes for at least two, and copies
	 * run up to 16 bytes over. */
	s->words = mst_realloc(s->words, (bytes * 2 + 8) * sizeof(*s->words));
	s->text = mst_realloc(s->text, bytes * 4 + 64);
	s->tape.w = s->words;
	s->tape.s = s->text;
}

/* ---- texts -----------------------------------------------------------------
 */

static inline bool has_escape(const char *p, size_t n)
{
	unsigned hit;

	for (; n > 16; n -= 16, p += 16) {
		if (mst_find16(p, '\\'))
			return true;
	}
	hit = mst_find16(p, '\\');
	return hit && (hit & ((1u << n) - 1));
}

static int hex4(const char *p)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int d = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

static size_t put_utf8(uint8_t *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (uint8_t)(0xc0 | c >> 6);
		to[1] = (uint8_t)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (uint8_t)(0xe0 | c >> 12);
		to[1] = (uint8_t)(0x80 | (c >> 6 & 63));
		to[2] = (uint8_t)(0x80 | (c & 63));
		return 3;
	}
	to[0] = (uint8_t)(0xf0 | c >> 18);
	to[1] = (uint8_t)(0x80 | (c >> 12 & 63));
	to[2] = (uint8_t)(0x80 | (c >> 6 & 63));
	to[3] = (uint8_t)(0x80 | (c & 63));
	return 4;
}

/* One escape at p (behind the backslash); returns how many bytes it took, 0:
 * not understood (surrogates are left to the full parser). */
static size_t escape(const char *p, size_t n, uint8_t *to, size_t *to_n)
{
	static const uint8_t plain[256] = {
	    ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
	    ['f'] = '\f', ['n'] = '\n',	 ['r'] = '\r', ['t'] = '\t',
	};
	uint8_t hit = n ? plain[(uint8_t)*p] : 0;
	int c;

	if (MST_LIKELY(hit)) {
		to[(*to_n)++] = hit;
		return 1;
	}
	if (n < 5 || *p != 'u')
		return 0;
	c = hex4(p + 1);
	if (c < 0 || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*to_n += put_utf8(to + *to_n, (uint32_t)c);
	return 5;
}

/* Unescapes n bytes at p to the end of the side's texts, sixteen at a time up
 * to the next backslash. */
static bool unescape(struct mst_json_side *s, const char *p, size_t n,
		     struct mst_slice *out_r)
{
	uint8_t *to = s->text + s->text_n;
	size_t to_n = 0;

	while (n > 0) {
		unsigned hit = mst_find16(p, '\\');
		size_t run = hit ? (size_t)__builtin_ctz(hit) : 16;
		size_t took;

		mst_copy16((char *)to + to_n, p);
		if (run >= n) {
			to_n += n;
			break;
		}
		to_n += run;
		p += run;
		n -= run;
		if (!hit)
			continue;
		took = escape(p + 1, n - 1, to, &to_n);
		if (!took)
			return false;
		p += 1 + took;
		n -= 1 + took;
	}
	to[to_n] = 0;
	s->text_n += to_n + 1;
	*out_r = mst_slice((const char *)to, to_n);
	return true;
}

/* Between tokens the first stage leaves nothing below a blank but white space:
 * any other such byte would be a token. */
static inline bool is_blank(char c)
{
	return (unsigned char)c <= ' ';
}

/* Where token i ends: in front of the next one, blanks aside. */
static inline size_t token_end(const struct walk *w, size_t i)
{
	size_t end = w->at[i + 1];

	while (is_blank(w->data[end - 1]))
		end--;
	return end;
}

/* The raw text of the string at token i; its last byte before the next token
 * must be the closing quote. */
static inline bool string_at(const struct walk *w, size_t i,
			     struct mst_slice *raw_r)
{
	size_t start = w->at[i] + 1, end = token_end(w, i);

	if (end <= start || w->data[end - 1] != '"')
		return false;
	*raw_r = mst_slice(w->data + start, end - 1 - start);
	return true;
}

static inline bool text_at(const struct walk *w, size_t i,
			   struct mst_slice *out_r)
{
	if (!string_at(w, i, out_r))
		return false;
	return !has_escape(out_r->p, out_r->n) ||
	       unescape(w->side, out_r->p, out_r->n, out_r);
}

/* ---- scalars ----- */

/* -?digits[.digits] of at most 15 digits: both parts and the power of ten are
 * exact, so that one division rounds as a full parser would. */
static bool number_at(const struct walk *w, size_t i, struct mst_value *v)
{
	static const double tens[] = {1e0,  1e1,  1e2,	1e3, 1e4,  1e5,
				      1e6,  1e7,  1e8,	1e9, 1e10, 1e11,
				      1e12, 1e13, 1e14, 1e15};
	const char *p = w->data + w->at[i], *end = w->data + token_end(w, i);
	bool minus = *p == '-';
	const char *first = p + minus, *dot = NULL;
	int64_t digits = 0;
	size_t n = 0;

	for (p = first; p < end; p++) {
		if (*p >= '0' && *p <= '9') {
			if (++n > 15)
				return false;
			digits = digits * 10 + (*p - '0');
		} else if (*p == '.' && !dot && n > 0) {
			dot = p;
		} else {
			return false;
		}
	}
	if (n == 0 || dot == end - 1 ||
	    (*first == '0' && end - first > 1 && first + 1 != dot))
		return false;
	if (!dot) {
		v->type = MST_JSON_INT;
		v->u.i = minus ? -digits : digits;
		return true;
	}
	v->type = MST_JSON_DOUBLE;
	v->u.d = (double)digits / tens[end - 1 - dot];
	if (minus)
		v->u.d = -v->u.d;
	return true;
}

static bool literal_at(const struct walk *w, size_t i, struct mst_value *v)
{
	struct mst_slice s = {w->data + w->at[i], token_end(w, i) - w->at[i]};

	if (mst_slice_is(s, "null")) {
		v->type = MST_JSON_NULL;
		return true;
	}
	v->type = MST_JSON_BOOL;
	v->u.b = *s.p == 't';
	return mst_slice_is(s, "true") || mst_slice_is(s, "false");
}

/* ---- arrays and objects onto the side's tape ----- */

static inline void word(struct walk *w, char kind, uint64_t payload)
{
	w->side->words[w->side->words_n++] =
	    (uint64_t)(uint8_t)kind << 56 | payload;
}

static bool tape_text(struct walk *w, size_t i)
{
	struct mst_json_side *s = w->side;
	size_t at = s->text_n;
	struct mst_slice raw, out;
	uint32_t n;

	if (!string_at(w, i, &raw))
		return false;
	s->text_n += sizeof(n);
	if (!unescape(s, raw.p, raw.n, &out))
		return false;
	n = (uint32_t)out.n;
	memcpy(s->text + at, &n, sizeof(n));
	word(w, '"', at);
	return true;
}

static bool tape_scalar(struct walk *w, size_t i)
{
	struct mst_value v = {0};
	uint64_t raw = 0;

	switch (w->data[w->at[i]]) {
	case '"':
		return tape_text(w, i);
	case 't':
	case 'f':
	case 'n':
		word(w, w->data[w->at[i]], 0);
		return literal_at(w, i, &v);
	default:
		if (!number_at(w, i, &v))
			return false;
		word(w, v.type == MST_JSON_INT ? 'l' : 'd', 0);
		memcpy(&raw,
		       v.type == MST_JSON_INT ? (void *)&v.u.i : (void *)&v.u.d,
		       sizeof(raw));
		w->side->words[w->side->words_n++] = raw;
		return true;
	}
}

/* The container at token *i; moves *i behind it. */
static bool tape_container(struct walk *w, size_t *i, unsigned depth)
{
	bool object = w->data[w->at[*i]] == '{';
	char close = object ? '}' : ']';
	size_t start = w->side->words_n;
	char c;

	word(w, object ? '{' : '[', 0);
	/* Behind the last token there is nothing to read. */
	if (depth == DEPTH_MAX || ++*i >= w->n)
		return false;
	if (w->data[w->at[*i]] == close)
		goto done;
	for (;;) {
		if (*i + 2 >= w->n)
			return false;
		if (object) {
			if (w->data[w->at[*i]] != '"' ||
			    w->data[w->at[*i + 1]] != ':' || !tape_text(w, *i))
				return false;
			*i += 2;
		}
		c = w->data[w->at[*i]];
		if (c == '{' || c == '[') {
			if (!tape_container(w, i, depth + 1))
				return false;
		} else if (!tape_scalar(w, (*i)++)) {
			return false;
		}
		if (*i >= w->n)
			return false;
		c = w->data[w->at[*i]];
		if (c == close)
			break;
		if (c != ',')
			return false;
		++*i;
	}
done:
	++*i;
	word(w, close, start);
	w->side->words[start] |= w->side->words_n;
	return true;
}

/* ---- a record ----- */

/* Behind a container that nobody wants. */
static size_t skip_container(const struct walk *w, size_t i)
{
	unsigned depth = 0;

	for (; i < w->n; i++) {
		char c = w->data[w->at[i]];

		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return i + 1;
	}
	return w->n;
}

/* The value at token i into v (NULL: nobody wants it). Returns the token
 * behind it, 0: not understood. */
static inline size_t take_value(struct walk *w, size_t i, struct mst_value *v)
{
	struct mst_slice s;
	size_t start;

	switch (w->data[w->at[i]]) {
	case '"':
		if (!v) /* the first stage saw its end */
			return i + 1;
		if (!text_at(w, i, &s))
			return 0;
		v->type = MST_JSON_STRING;
		v->u.s.p = s.p;
		v->u.s.n = s.n;
		return i + 1;
	case '{':
	case '[':
		if (!v)
			return skip_container(w, i);
		start = w->side->words_n;
		v->type =
		    w->data[w->at[i]] == '[' ? MST_JSON_ARRAY : MST_JSON_OBJECT;
		v->u.j = (struct mst_json){&w->side->tape, start};
		return tape_container(w, &i, 0) ? i : 0;
	case 't':
	case 'f':
	case 'n':
		if (v)
			return literal_at(w, i, v) ? i + 1 : 0;
		return i + 1;
	case '}':
	case ']':
	case ',':
	case ':':
		return 0;
	default:
		if (v)
			return number_at(w, i, v) ? i + 1 : 0;
		return i + 1;
	}
}

static inline bool is_key(const struct mst_picker *k, unsigned guess,
			  const char *p)
{
	return guess && mst_picker_starts(&k->keys[guess], p);
}

/* Which field does the name at token i mean? False: an escaped name. */
static inline bool take_key(struct walk *w, size_t i, unsigned *prev,
			    uint8_t *field_r)
{
	struct mst_picker_key *before = &w->k->keys[*prev];
	const char *p = w->data + w->at[i] + 1;
	unsigned guess = before->next[0];
	struct mst_slice key;

	if (MST_LIKELY(is_key(w->k, guess, p))) {
		*field_r = w->k->keys[guess].field;
		*prev = guess;
		return true;
	}
	guess = before->next[1];
	if (is_key(w->k, guess, p)) {
		*field_r = w->k->keys[guess].field;
	} else {
		if (!string_at(w, i, &key) || has_escape(key.p, key.n))
			return false;
		guess = mst_picker_meet(w->k, key, field_r);
	}
	mst_picker_learn(before, guess);
	*prev = guess;
	return true;
}

/* The record at token i. Returns the token behind it, 0: not understood. */
static size_t take_record(struct walk *w, size_t i)
{
	unsigned prev = 0;

	memset(w->v, 0, w->k->n * sizeof(*w->v));
	if (w->data[w->at[i++]] != '{')
		return 0;
	if (w->data[w->at[i]] == '}')
		return i + 1;
	for (;;) {
		struct mst_value *v = NULL;
		uint8_t field;
		char c;

		/* Behind the last token stand sentinels that fit nowhere. */
		if (i + 2 >= w->n || w->data[w->at[i]] != '"' ||
		    w->data[w->at[i + 1]] != ':' ||
		    !take_key(w, i, &prev, &field))
			return 0;
		if (field != MST_PICKER_NOT_OURS &&
		    w->v[field].type == MST_JSON_NULL)
			v = &w->v[field];
		i = take_value(w, i + 2, v);
		if (!i || i >= w->n)
			return 0;
		c = w->data[w->at[i++]];
		if (c == '}')
			return i;
		if (c != ',')
			return 0;
	}
}

/* ---- the window ----- */

/* The full parser's word on one line. */
static int parse_line(struct mst_json_parser *p, struct walk *w,
		      struct mst_slice line, struct mst_err *err)
{
	struct mst_json root;

	if (mst_json_parse(mst_json_parser_spare(p), line, &root, err) < 0)
		return -(int)err->code;
	if (!mst_picker_pick(w->k, root, w->v))
		return mst_err_set(err, MST_E_CORRUPT, "not a JSON object");
	return 0;
}

/* The first stage refused the window: find the line. */
static int bad_window(struct mst_json_parser *p, struct walk *w, size_t n,
		      size_t *lines_r, struct mst_err *err)
{
	struct mst_err first = *err;
	size_t from = 0;

	*lines_r = 0;
	while (from < n) {
		const char *nl = memchr(w->data + from, '\n', n - from);
		size_t to = nl ? (size_t)(nl - w->data) : n;
		struct mst_slice line =
		    mst_slice_trim(mst_slice(w->data + from, to - from));

		if (line.n > 0) {
			++*lines_r;
			if (parse_line(p, w, line, err) < 0)
				return -(int)err->code;
		}
		from = to + 1;
	}
	*err = first;
	return -(int)err->code;
}

/* One record a line: between its end and the next token a line ends. */
static inline bool ends_line(const struct walk *w, size_t next)
{
	size_t from = w->at[next - 1] + 1;

	if (next >= w->n || w->data[from] == '\n')
		return true;
	return memchr(w->data + from, '\n', w->at[next] - from) != NULL;
}

/* The line of token *i by the full parser; moves *i to the next line. */
static int whole_line(struct mst_json_parser *p, struct walk *w, size_t *i,
		      size_t n, struct mst_err *err)
{
	size_t from = w->at[*i];
	const char *nl = memchr(w->data + from, '\n', n - from);
	size_t end = nl ? (size_t)(nl - w->data) : n;

	while (*i < w->n && w->at[*i] < end)
		++*i;
	return parse_line(p, w, mst_slice(w->data + from, end - from), err);
}

static struct mst_json_side *side_of(struct mst_json_parser *p)
{
	struct mst_json_side **side = mst_json_parser_side(p);

	if (!*side)
		*side = mst_alloc(sizeof(**side));
	return *side;
}

int mst_json_pick_lines(struct mst_json_parser *p, const char *data, size_t n,
			struct mst_picker *picker, struct mst_value *v,
			mst_json_record_fn fn, void *ctx, size_t *lines_r,
			struct mst_err *err)
{
	struct walk w = {.k = picker, .data = data, .v = v};
	size_t lines = 0, i = 0;
	int rc;

	w.side = side_of(p);
	*lines_r = 0;
	if (mst_slice_trim(mst_slice(data, n)).n == 0)
		return 0;
	if (mst_json_stage1(p, data, n, &w.at, &w.n, err) < 0)
		return bad_window(p, &w, n, lines_r, err);
	side_make(w.side, n);
	while (i < w.n) {
		size_t next;

		lines++;
		w.side->words_n = w.side->text_n = 0;
		next = take_record(&w, i);
		if (!next || !ends_line(&w, next)) {
			*lines_r = lines;
			next = i;
			if (whole_line(p, &w, &next, n, err) < 0)
				return -(int)err->code;
		}
		i = next;
		rc = fn(ctx, v, err);
		if (rc != 0) {
			*lines_r = 0;
			return rc;
		}
	}
	*lines_r = lines;
	return 0;
}
