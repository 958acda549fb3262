/* SPDX-License-Identifier: Apache-2.0
 *
 * A growing byte buffer that must be given a maximum when it is made. An
 * append that would pass the maximum fails, sets `overflow` and leaves the
 * content as it was; the flag stays until mst_buf_reset, so a writer may
 * append many times and ask once. The content is always NUL-terminated (the
 * NUL is not counted).
 */
#ifndef MST_BASE_BUF_H
#define MST_BASE_BUF_H

#include "base/slice.h"

struct mst_buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max;
	bool overflow;
};

#define MST_BUF_INIT(maximum)                                                  \
	{                                                                      \
		.max = (maximum)                                               \
	}

void mst_buf_init(struct mst_buf *b, size_t max);
void mst_buf_fini(struct mst_buf *b);  /* frees; the buffer may be used again */
void mst_buf_reset(struct mst_buf *b); /* empties, keeps the memory */
bool mst_buf_add(struct mst_buf *b, const void *p, size_t n);
bool mst_buf_addc(struct mst_buf *b, char c);
bool mst_buf_adds(struct mst_buf *b, const char *s);
bool mst_buf_add_slice(struct mst_buf *b, struct mst_slice s);
bool mst_buf_addf(struct mst_buf *b, const char *fmt, ...) MST_PRINTF(2, 3);
/* Room for n more bytes at b->p + b->n; the caller then raises b->n. */
bool mst_buf_reserve(struct mst_buf *b, size_t n);
/* application/x-www-form-urlencoded or URL component: everything but
 * unreserved characters (RFC 3986 section 2.3) becomes %XX. */
bool mst_buf_add_uri(struct mst_buf *b, struct mst_slice s);
struct mst_slice mst_buf_slice(const struct mst_buf *b);
/* Hands the memory to the caller (free()); the buffer is empty after. */
char *mst_buf_steal(struct mst_buf *b);

#endif
