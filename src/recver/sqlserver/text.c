/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 and the UTF-16 that SQL Server and ODBC speak.
 */
#include "recver/sqlserver/private.h"

static void add_unit(struct mst_buf *out, uint32_t u)
{
	uint8_t b[2] = {(uint8_t)u, (uint8_t)(u >> 8)};

	(void)mst_buf_add(out, b, 2);
}

/* One code point of at most n bytes; how many it took. */
static size_t take_utf8(const uint8_t *p, size_t n, uint32_t *c_r)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	size_t more = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
	uint32_t c = more ? *p & (0x3fu >> more) : *p;

	*c_r = 0xfffd;
	if ((*p >= 0x80 && *p < 0xc2) || *p > 0xf4 || more >= n)
		return 1;
	for (size_t i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 1;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c >= least[more] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff))
		*c_r = c;
	return more + 1;
}

void mst_ms_wide(struct mst_buf *out, struct mst_slice utf8)
{
	const uint8_t *p = (const uint8_t *)utf8.p;
	uint32_t c;

	for (size_t i = 0; i < utf8.n;) {
		i += take_utf8(p + i, utf8.n - i, &c);
		if (c < 0x10000) {
			add_unit(out, c);
			continue;
		}
		add_unit(out, 0xd800 + ((c - 0x10000) >> 10));
		add_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
	}
}

static void add_utf8(struct mst_buf *out, uint32_t c)
{
	char b[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		b[i] = (char)(0x80 | (c & 0x3f));
	b[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
	(void)mst_buf_add(out, b, n);
}

size_t mst_ms_units(const char *utf8)
{
	size_t n = 0;

	for (const unsigned char *p = (const unsigned char *)utf8; *p; p++)
		n += (*p & 0xc0) == 0x80 ? 0 : *p >= 0xf0 ? 2 : 1;
	return n;
}

void mst_ms_add_quoted(struct mst_buf *out, struct mst_slice text, char quote)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == quote)
			(void)mst_buf_addc(out, quote);
		(void)mst_buf_addc(out, text.p[i]);
	}
}

char *mst_ms_quoted(const char *name)
{
	struct mst_buf b = MST_BUF_INIT(4096);
	char *text;

	(void)mst_buf_addc(&b, '[');
	mst_ms_add_quoted(&b, mst_slice_str(name), ']');
	(void)mst_buf_addc(&b, ']');
	text = mst_buf_steal(&b);
	mst_buf_fini(&b);
	return text;
}

void mst_ms_narrow(struct mst_buf *out, const void *utf16, size_t bytes)
{
	const uint8_t *p = utf16;

	for (size_t i = 0; i + 1 < bytes; i += 2) {
		uint32_t c = (uint32_t)(p[i] | p[i + 1] << 8), d;

		if (c >= 0xd800 && c <= 0xdbff && i + 3 < bytes) {
			d = (uint32_t)(p[i + 2] | p[i + 3] << 8);
			if (d >= 0xdc00 && d <= 0xdfff) {
				c = 0x10000 + ((c - 0xd800) << 10) + d - 0xdc00;
				i += 2;
			}
		}
		add_utf8(out, c >= 0xd800 && c <= 0xdfff ? 0xfffd : c);
	}
}
