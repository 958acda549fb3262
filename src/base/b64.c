/* SPDX-License-Identifier: Apache-2.0
 *
 * Base64. Decoding is strict: one alphabet per text, no blanks, and no stray
 * bits behind the last byte, so that one value has one spelling.
 */
#include "base/b64.h"

static const char standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char urlsafe[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool encode(struct mst_buf *out, struct mst_slice in, const char *abc,
		   bool pad)
{
	const unsigned char *p = (const unsigned char *)in.p;
	size_t n = in.n;
	char *q;

	if (n > SIZE_MAX / 2 || !mst_buf_reserve(out, (n + 2) / 3 * 4))
		return false;
	q = out->p + out->n;
	for (; n >= 3; n -= 3, p += 3) {
		*q++ = abc[p[0] >> 2];
		*q++ = abc[(p[0] & 3) << 4 | p[1] >> 4];
		*q++ = abc[(p[1] & 15) << 2 | p[2] >> 6];
		*q++ = abc[p[2] & 63];
	}
	if (n > 0) {
		unsigned second = n == 2 ? p[1] : 0;

		*q++ = abc[p[0] >> 2];
		*q++ = abc[(p[0] & 3u) << 4 | second >> 4];
		if (n == 2)
			*q++ = abc[(second & 15) << 2];
		for (; pad && n < 3; n++)
			*q++ = '=';
	}
	*q = 0;
	out->n = (size_t)(q - out->p);
	return true;
}

bool mst_b64_add(struct mst_buf *out, struct mst_slice in)
{
	return encode(out, in, standard, true);
}

bool mst_b64url_add(struct mst_buf *out, struct mst_slice in)
{
	return encode(out, in, urlsafe, false);
}

/* The six bits of c, or -1. *seen collects which alphabet was used. */
static int value(char c, unsigned *seen)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '/') {
		*seen |= 1;
		return c == '+' ? 62 : 63;
	}
	if (c == '-' || c == '_') {
		*seen |= 2;
		return c == '-' ? 62 : 63;
	}
	return -1;
}

/* Takes the padding off; false when there is a wrong amount of it. */
static bool unpad(struct mst_slice *in)
{
	size_t pad = 0;

	while (pad < in->n && pad < 3 && in->p[in->n - 1 - pad] == '=')
		pad++;
	if (pad > 2 || (pad > 0 && in->n % 4 != 0))
		return false;
	in->n -= pad;
	return in->n % 4 != 1;
}

bool mst_b64_decode(struct mst_buf *out, struct mst_slice in)
{
	uint32_t bits = 0;
	unsigned have = 0, seen = 0;
	char *q;

	if (!unpad(&in) || !mst_buf_reserve(out, in.n / 4 * 3 + in.n % 4))
		return false;
	q = out->p + out->n;
	for (size_t i = 0; i < in.n; i++) {
		int v = value(in.p[i], &seen);

		if (v < 0 || seen == 3)
			goto bad;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			*q++ = (char)(bits >> have & 255);
		}
	}
	if (bits & ((1u << have) - 1))
		goto bad;
	*q = 0;
	out->n = (size_t)(q - out->p);
	return true;
bad:
	out->p[out->n] = 0; /* the bytes written behind it do not count */
	return false;
}
