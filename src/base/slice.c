/* SPDX-License-Identifier: Apache-2.0
 *
 * Comparison and trimming of slices.
 */
#include "base/slice.h"

static unsigned char fold(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 'A' && u <= 'Z' ? (unsigned char)(u | 0x20) : u;
}

bool mst_slice_ieq(struct mst_slice a, struct mst_slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (fold(a.p[i]) != fold(b.p[i]))
			return false;
	}
	return true;
}

bool mst_slice_iis(struct mst_slice a, const char *s)
{
	return mst_slice_ieq(a, mst_slice_str(s));
}

bool mst_slice_istarts(struct mst_slice a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n &&
	       mst_slice_ieq(mst_slice(a.p, n), mst_slice(prefix, n));
}

int mst_slice_cmp(struct mst_slice a, struct mst_slice b)
{
	size_t n = MST_MIN(a.n, b.n);
	int c = n ? memcmp(a.p, b.p, n) : 0;

	if (c != 0)
		return c;
	return a.n < b.n ? -1 : a.n > b.n;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct mst_slice mst_slice_trim(struct mst_slice a)
{
	while (a.n > 0 && is_space(a.p[0])) {
		a.p++;
		a.n--;
	}
	while (a.n > 0 && is_space(a.p[a.n - 1]))
		a.n--;
	return a;
}

const char *mst_slice_ifind(struct mst_slice a, const char *needle)
{
	size_t n = strlen(needle);

	for (size_t i = 0; i + n <= a.n; i++) {
		if (mst_slice_ieq(mst_slice(a.p + i, n), mst_slice(needle, n)))
			return a.p + i;
	}
	return NULL;
}

/* Goes back to the last '*' only: what an earlier one took can stay. */
bool mst_slice_fits(struct mst_slice a, const char *pattern)
{
	const char *star = NULL;
	size_t at = 0, back = 0;

	while (at < a.n) {
		if (*pattern == '*') {
			star = pattern++;
			back = at;
		} else if (*pattern && (*pattern == '?' ||
					fold(*pattern) == fold(a.p[at]))) {
			pattern++;
			at++;
		} else if (star) {
			pattern = star + 1;
			at = ++back;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
