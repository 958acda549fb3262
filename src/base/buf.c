/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounded growing buffer.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

void mst_buf_init(struct mst_buf *b, size_t max)
{
	*b = (struct mst_buf){.max = max};
}

void mst_buf_fini(struct mst_buf *b)
{
	free(b->p);
	*b = (struct mst_buf){.max = b->max};
}

void mst_buf_reset(struct mst_buf *b)
{
	b->n = 0;
	b->overflow = false;
	if (b->p)
		b->p[0] = 0;
}

bool mst_buf_reserve(struct mst_buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 64;

	if (b->overflow || n > b->max || b->n > b->max - n) {
		b->overflow = true;
		return false;
	}
	if (b->n + n + 1 <= b->cap)
		return true;
	while (cap < b->n + n + 1)
		cap *= 2;
	b->p = mst_realloc(b->p, cap);
	b->cap = cap;
	return true;
}

bool mst_buf_add(struct mst_buf *b, const void *p, size_t n)
{
	if (!mst_buf_reserve(b, n))
		return false;
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = 0;
	return true;
}

bool mst_buf_addc(struct mst_buf *b, char c)
{
	return mst_buf_add(b, &c, 1);
}

bool mst_buf_adds(struct mst_buf *b, const char *s)
{
	return mst_buf_add(b, s, strlen(s));
}

bool mst_buf_add_slice(struct mst_buf *b, struct mst_slice s)
{
	return mst_buf_add(b, s.p, s.n);
}

bool mst_buf_addf(struct mst_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !mst_buf_reserve(b, (size_t)n))
		return false;
	va_start(ap, fmt);
	(void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
	return true;
}

bool mst_buf_add_uri(struct mst_buf *b, struct mst_slice s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			     (c >= '0' && c <= '9') || c == '-' || c == '.' ||
			     c == '_' || c == '~';
		char esc[3] = {'%', hex[c >> 4], hex[c & 15]};

		if (!(plain ? mst_buf_addc(b, (char)c)
			    : mst_buf_add(b, esc, 3)))
			return false;
	}
	return true;
}

struct mst_slice mst_buf_slice(const struct mst_buf *b)
{
	return mst_slice(b->p ? b->p : "", b->n);
}

char *mst_buf_steal(struct mst_buf *b)
{
	char *p = b->p ? b->p : mst_strdup("");

	*b = (struct mst_buf){.max = b->max};
	return p;
}
