/* SPDX-License-Identifier: Apache-2.0
 *
 * A borrowed run of bytes. Whoever made it says how long it lives; a slice is
 * never freed. Not NUL-terminated unless its maker says so.
 */
#ifndef MST_BASE_SLICE_H
#define MST_BASE_SLICE_H

#include <string.h>

#include "base/defs.h"

struct mst_slice {
	const char *p;
	size_t n;
};

/* For printf: ("%.*s", MST_SLICE_ARG(s)) */
#define MST_SLICE_ARG(s)   (int)(s).n, (s).p ? (s).p : ""
#define MST_SLICE_LIT(lit) ((struct mst_slice){"" lit, sizeof(lit) - 1})

static inline struct mst_slice mst_slice(const char *p, size_t n)
{
	struct mst_slice s = {p, n};

	return s;
}

static inline struct mst_slice mst_slice_str(const char *s)
{
	return mst_slice(s, s ? strlen(s) : 0);
}

static inline bool mst_slice_eq(struct mst_slice a, struct mst_slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool mst_slice_is(struct mst_slice a, const char *s)
{
	size_t n = strlen(s);

	return a.n == n && (n == 0 || memcmp(a.p, s, n) == 0);
}

/* ASCII case folded comparison; the one that field and enum names need. */
bool mst_slice_ieq(struct mst_slice a, struct mst_slice b);
bool mst_slice_iis(struct mst_slice a, const char *s);
bool mst_slice_istarts(struct mst_slice a, const char *prefix);
int mst_slice_cmp(struct mst_slice a, struct mst_slice b);
/* '*' in the pattern stands for any bytes, '?' for one; ASCII case folded. */
bool mst_slice_fits(struct mst_slice a, const char *pattern);
struct mst_slice mst_slice_trim(struct mst_slice a);
/* Finds needle in a, ASCII case folded; NULL when absent. */
const char *mst_slice_ifind(struct mst_slice a, const char *needle);

#endif
