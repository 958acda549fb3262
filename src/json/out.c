/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON writer. Plain runs of text are copied whole; only bytes that need an
 * escape or are no UTF-8 are looked at one by one.
 */
#include "json/out.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "base/num.h"

void mst_jout_init(struct mst_jout *j, struct mst_buf *buf)
{
	*j = (struct mst_jout){.buf = buf};
}

/* In front of every item: the comma, unless it follows a key or a bracket. */
static void begin_item(struct mst_jout *j)
{
	if (j->comma && !j->after_key)
		(void)mst_buf_addc(j->buf, ',');
	j->comma = true;
	j->after_key = false;
}

static void open_with(struct mst_jout *j, char c)
{
	begin_item(j);
	(void)mst_buf_addc(j->buf, c);
	j->comma = false;
	j->depth++;
}

static void close_with(struct mst_jout *j, char c)
{
	assert(j->depth > 0 && !j->after_key);
	(void)mst_buf_addc(j->buf, c);
	j->comma = true;
	j->depth--;
}

void mst_jout_obj(struct mst_jout *j)
{
	open_with(j, '{');
}

void mst_jout_end_obj(struct mst_jout *j)
{
	close_with(j, '}');
}

void mst_jout_arr(struct mst_jout *j)
{
	open_with(j, '[');
}

void mst_jout_end_arr(struct mst_jout *j)
{
	close_with(j, ']');
}

/* Length of the UTF-8 sequence at p (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF). When it is wrong: 0, and *bad_r is how
 * many bytes one U+FFFD stands for (the longest right beginning). */
static size_t utf8_len(const unsigned char *p, size_t n, size_t *bad_r)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t want;

	*bad_r = 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		want = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		want = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		want = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < want; i++) {
		if (i >= n || p[i] < low || p[i] > high) {
			*bad_r = i;
			return 0;
		}
		low = 0x80;
		high = 0xbf;
	}
	return want;
}

static void put_escape(struct mst_buf *b, unsigned char c)
{
	static const char letters[] = "btnvfr"; /* 8 to 13; 11 has no letter */
	char esc[8];

	if (c == '"' || c == '\\')
		(void)snprintf(esc, sizeof(esc), "\\%c", c);
	else if (c >= 8 && c <= 13 && c != 11)
		(void)snprintf(esc, sizeof(esc), "\\%c", letters[c - 8]);
	else
		(void)snprintf(esc, sizeof(esc), "\\u%04x", c);
	(void)mst_buf_adds(b, esc);
}

static void put_text(struct mst_buf *b, struct mst_slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t from = 0, i = 0, bad = 0;

	(void)mst_buf_addc(b, '"');
	while (i < s.n) {
		size_t n;

		if (p[i] >= 0x20 && p[i] < 0x80 && p[i] != '"' &&
		    p[i] != '\\') {
			i++;
			continue;
		}
		n = p[i] >= 0x80 ? utf8_len(p + i, s.n - i, &bad) : 0;
		if (n > 0) {
			i += n;
			continue;
		}
		(void)mst_buf_add(b, s.p + from, i - from);
		if (p[i] >= 0x80) {
			(void)mst_buf_adds(b, "\xef\xbf\xbd");
			i += bad;
		} else {
			put_escape(b, p[i++]);
		}
		from = i;
	}
	if (s.n > from)
		(void)mst_buf_add(b, s.p + from, s.n - from);
	(void)mst_buf_addc(b, '"');
}

void mst_jout_key_slice(struct mst_jout *j, struct mst_slice key)
{
	assert(j->depth > 0 && !j->after_key);
	begin_item(j);
	put_text(j->buf, key);
	(void)mst_buf_addc(j->buf, ':');
	j->after_key = true;
}

void mst_jout_key(struct mst_jout *j, const char *key)
{
	mst_jout_key_slice(j, mst_slice_str(key));
}

void mst_jout_slice(struct mst_jout *j, struct mst_slice s)
{
	begin_item(j);
	put_text(j->buf, s);
}

void mst_jout_str(struct mst_jout *j, const char *s)
{
	if (s)
		mst_jout_slice(j, mst_slice_str(s));
	else
		mst_jout_null(j);
}

void mst_jout_raw(struct mst_jout *j, struct mst_slice json)
{
	begin_item(j);
	(void)mst_buf_add_slice(j->buf, json);
}

void mst_jout_i64(struct mst_jout *j, int64_t v)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%lld", (long long)v);

	mst_jout_raw(j, mst_slice(text, (size_t)n));
}

void mst_jout_dbl(struct mst_jout *j, double v)
{
	char text[32];

	if (!isfinite(v)) { /* JSON has no such number */
		mst_jout_null(j);
		return;
	}
	mst_num_text(v, text);
	mst_jout_raw(j, mst_slice_str(text));
}

void mst_jout_bool(struct mst_jout *j, bool v)
{
	mst_jout_raw(j, v ? MST_SLICE_LIT("true") : MST_SLICE_LIT("false"));
}

void mst_jout_null(struct mst_jout *j)
{
	mst_jout_raw(j, MST_SLICE_LIT("null"));
}

void mst_jout_kstr(struct mst_jout *j, const char *key, const char *s)
{
	mst_jout_key(j, key);
	mst_jout_str(j, s);
}

void mst_jout_kslice(struct mst_jout *j, const char *key, struct mst_slice s)
{
	mst_jout_key(j, key);
	mst_jout_slice(j, s);
}

void mst_jout_ki64(struct mst_jout *j, const char *key, int64_t v)
{
	mst_jout_key(j, key);
	mst_jout_i64(j, v);
}

void mst_jout_kdbl(struct mst_jout *j, const char *key, double v)
{
	mst_jout_key(j, key);
	mst_jout_dbl(j, v);
}

void mst_jout_kbool(struct mst_jout *j, const char *key, bool v)
{
	mst_jout_key(j, key);
	mst_jout_bool(j, v);
}
