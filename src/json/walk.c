/* SPDX-License-Identifier: Apache-2.0
 *
 * One walk per record takes just the fields that the picker wants. Texts
 * without escapes are lent from the window itself.
 *
 * The walk is strict about structure and takes nothing that it does not fully
 * understand: such a record (an odd number, an escaped name, …) goes through
 * the full parser alone, which has the last word on whether it is JSON.
 *
 * This file is compiled twice; the build for wide processors defines
 * MST_WIDE_BUILD.
 */
#include "json/walk.h"

#include "base/bytes64.h"

#ifdef MST_WIDE_BUILD
#define mst_walk_record mst_walk_record_wide
#endif

#define DEPTH_MAX 64

/* ---- texts -----------------------------------------------------------------
 */

static inline bool has_escape(const char *p, size_t n)
{
#if MST_BYTES64
	for (; n > 64; n -= 64, p += 64) {
		if (mst_find64(p, '\\'))
			return true;
	}
	return _bzhi_u64(mst_find64(p, '\\'), (unsigned)n);
#else
	unsigned hit;

	for (; n > 16; n -= 16, p += 16) {
		if (mst_find16(p, '\\'))
			return true;
	}
	hit = mst_find16(p, '\\');
	return hit && (hit & ((1u << n) - 1));
#endif
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

/* \uXXXX at p (behind the backslash) as UTF-8; returns how many bytes it took,
 * 0: not understood (surrogates are left to the full parser). */
static size_t escape_u(const char *p, size_t n, uint8_t **to)
{
	int c;

	if (n < 5 || *p != 'u')
		return 0;
	c = hex4(p + 1);
	if (c < 0 || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*to += put_utf8(*to, (uint32_t)c);
	return 5;
}

/* Bit i: byte i of the 64 at p is a backslash that begins an escape. In a run
 * of backslashes these are the first, the third, …: subtracting the run's bits
 * from every other bit carries through the run and leaves which. *over: the
 * last byte of the block before began an escape; in and out. */
static inline uint64_t escapes(const char *p, uint64_t *over)
{
	const uint64_t odd = UINT64_C(0xaaaaaaaaaaaaaaaa);
	uint64_t all = mst_find64(p, '\\');
	uint64_t free_ = all & ~*over;
	uint64_t begins = (((free_ << 1 | odd) - free_) ^ odd) & all;

	*over = begins >> 63;
	return begins;
}

static inline uint8_t *copy_run(uint8_t *to, const char *from, size_t n)
{
	mst_copy16((char *)to, from);
	for (size_t i = 16; MST_UNLIKELY(i < n); i += 16)
		mst_copy16((char *)to + i, from + i);
	return to + n;
}

/* Unescapes n bytes at p to the end of the side's texts. Finding the escapes
 * first keeps the copies independent of each other: paths are full of them. */
static bool unescape_any(struct mst_json_side *s, const char *p, size_t n,
			 struct mst_slice *out_r)
{
	static const uint8_t plain[256] = {
	    ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
	    ['f'] = '\f', ['n'] = '\n',	 ['r'] = '\r', ['t'] = '\t',
	};
	uint8_t *const first = s->text + s->text_n, *to = first;
	uint64_t over = 0;
	size_t from = 0;

	for (size_t base = 0; base < n; base += 64) {
		uint64_t bits = escapes(p + base, &over);

		for (; bits; bits &= bits - 1) {
			size_t at = base + (size_t)__builtin_ctzll(bits), took;
			uint8_t c = plain[(uint8_t)p[at + 1]];

			if (at + 1 >= n) {
				if (at >= n)
					break; /* behind the text */
				return false;
			}
			to = copy_run(to, p + from, at - from);
			from = at + 2;
			if (MST_LIKELY(c)) {
				*to++ = c;
				continue;
			}
			took = escape_u(p + at + 1, n - at - 1, &to);
			if (!took)
				return false;
			from += took - 1;
		}
	}
	to = copy_run(to, p + from, n - from);
	*to = 0;
	s->text_n += (size_t)(to - first) + 1;
	*out_r = mst_slice((const char *)first, (size_t)(to - first));
	return true;
}

#if MST_BYTES64
/* Most escapes stand for their own second byte (paths): leaving out the first
 * of each is all. */
static inline bool unescape(struct mst_json_side *s, const char *p, size_t n,
			    struct mst_slice *out_r)
{
	char *const first = (char *)s->text + s->text_n, *to = first;
	uint64_t over = 0;

	for (size_t base = 0; base < n; base += 64) {
		uint64_t in = n - base >= 64 ? ~UINT64_C(0)
					     : (UINT64_C(1) << (n - base)) - 1;
		uint64_t before = over;
		uint64_t begins = escapes(p + base, &over);
		uint64_t second = (begins << 1 | before) & in;
		uint64_t own = mst_find64(p + base, '\\') |
			       mst_find64(p + base, '"') |
			       mst_find64(p + base, '/');

		if (MST_UNLIKELY(second & ~own))
			return unescape_any(s, p, n, out_r);
		to += mst_compress64(to, p + base, in & ~begins);
	}
	*to = 0;
	s->text_n += (size_t)(to - first) + 1;
	*out_r = mst_slice(first, (size_t)(to - first));
	return true;
}
#else
#define unescape unescape_any
#endif

/* Between tokens the first stage leaves nothing below a blank but white space:
 * any other such byte would be a token. */
static inline bool is_blank(char c)
{
	return (unsigned char)c <= ' ';
}

/* Where token i ends: in front of the next one, blanks aside. */
static inline size_t token_end(const struct mst_walk *w, size_t i)
{
	size_t end = w->at[i + 1];

	while (is_blank(w->data[end - 1]))
		end--;
	return end;
}

/* The raw text of the string at token i; its last byte before the next token
 * must be the closing quote. */
static inline bool string_at(const struct mst_walk *w, size_t i,
			     struct mst_slice *raw_r)
{
	size_t start = w->at[i] + 1, end = token_end(w, i);

	if (end <= start || w->data[end - 1] != '"')
		return false;
	*raw_r = mst_slice(w->data + start, end - 1 - start);
	return true;
}

static inline bool text_at(const struct mst_walk *w, size_t i,
			   struct mst_slice *out_r)
{
	if (!string_at(w, i, out_r))
		return false;
	return !has_escape(out_r->p, out_r->n) ||
	       unescape(w->side, out_r->p, out_r->n, out_r);
}

/* ---- scalars ----- */

/* d.d, as scores are. */
static inline bool short_number(const char *p, struct mst_value *v)
{
	unsigned whole = (unsigned)(p[0] - '0'), tenth = (unsigned)(p[2] - '0');

	if (p[1] != '.' || whole > 9 || tenth > 9)
		return false;
	v->type = MST_JSON_DOUBLE;
	v->u.d = (whole * 10 + tenth) / 10.0;
	return true;
}

/* -?digits[.digits] of at most 15 digits: both parts and the power of ten are
 * exact, so that one division rounds as a full parser would. */
static bool number_at(const struct mst_walk *w, size_t i, struct mst_value *v)
{
	static const double tens[] = {1e0,  1e1,  1e2,	1e3, 1e4,  1e5,
				      1e6,  1e7,  1e8,	1e9, 1e10, 1e11,
				      1e12, 1e13, 1e14, 1e15};
	const char *p = w->data + w->at[i], *end = w->data + token_end(w, i);
	bool minus = *p == '-';
	const char *first = p + minus, *dot = NULL;
	int64_t digits = 0;
	size_t n = 0;

	if (end - p == 3 && short_number(p, v))
		return true;
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

static bool literal_at(const struct mst_walk *w, size_t i, struct mst_value *v)
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

static inline void word(struct mst_walk *w, char kind, uint64_t payload)
{
	w->side->words[w->side->words_n++] =
	    (uint64_t)(uint8_t)kind << 56 | payload;
}

static bool tape_text(struct mst_walk *w, size_t i)
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

static bool tape_scalar(struct mst_walk *w, size_t i)
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
static bool tape_container(struct mst_walk *w, size_t *i, unsigned depth)
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
static size_t skip_container(const struct mst_walk *w, size_t i)
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
static inline size_t take_value(struct mst_walk *w, size_t i,
				struct mst_value *v)
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

/* The name at p is not the one that came last time: the one before, another,
 * or NULL when it is escaped. */
static struct mst_picker_key *other_key(struct mst_walk *w, size_t i,
					struct mst_picker_key *prev)
{
	const char *p = w->data + w->at[i] + 1;
	struct mst_picker_key *k = prev->next[1];
	struct mst_slice key;

	if (!k || !mst_picker_starts(k, p)) {
		if (!string_at(w, i, &key) || has_escape(key.p, key.n))
			return NULL;
		k = mst_picker_meet(w->k, key);
	}
	mst_picker_learn(w->k, prev, k);
	return k;
}

/* What does not change is held in locals: the compiler may not assume that a
 * value written is none of it. */
size_t mst_walk_record(struct mst_walk *w, size_t i)
{
	struct mst_picker_key *k, *prev = w->k->keys;
	struct mst_value *const values = w->v;
	const uint32_t *const at = w->at;
	const char *const data = w->data;
	const size_t n = w->n;

	memset(values, 0, w->k->n * sizeof(*values));
	if (data[at[i++]] != '{')
		return 0;
	if (data[at[i]] == '}')
		return i + 1;
	for (;;) {
		const char *p = data + at[i];
		struct mst_value *v = NULL;
		char c;

		/* Behind the last token stand sentinels that fit nowhere. */
		if (i + 2 >= n || *p != '"' || data[at[i + 1]] != ':')
			return 0;
		k = prev->next[0];
		if (MST_UNLIKELY(!k || !mst_picker_starts(k, p + 1))) {
			k = other_key(w, i, prev);
			if (!k)
				return 0;
		}
		prev = k;
		if (k->field != MST_PICKER_NOT_OURS &&
		    values[k->field].type == MST_JSON_NULL)
			v = &values[k->field];
		i = take_value(w, i + 2, v);
		if (!i || i >= n)
			return 0;
		c = data[at[i++]];
		if (c == '}')
			return i;
		if (c != ',')
			return 0;
	}
}
