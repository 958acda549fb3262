/* SPDX-License-Identifier: Apache-2.0
 *
 * Halves of surrogate pairs. "\ud83d" alone is JSON by the grammar (RFC 8259
 * section 8.2), and texts that were cut in UTF-16 have it; no UTF-8 text can
 * hold it, so simdjson takes the whole document for damaged.
 */
#include "base/num.h"
#include "json/json_private.h"

/* The code unit of "uXXXX" at p, or -1. */
static int unit(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 5 || *p != 'u')
		return -1;
	for (int i = 1; i < 5; i++) {
		int d = mst_num_hex(p[i]);

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

size_t mst_json_mend(char *data, size_t n)
{
	const char *end = data + n;
	size_t mended = 0;
	char *p = data;

	while (p < end && (p = memchr(p, '\\', (size_t)(end - p)))) {
		int c = unit(++p, end);

		if (c < 0xd800 || c > 0xdfff) {
			p += p < end; /* what is escaped is no backslash */
			continue;
		}
		if (c <= 0xdbff && end - p > 5 && p[5] == '\\') {
			int low = unit(p + 6, end);

			if (low >= 0xdc00 && low <= 0xdfff) {
				p += 11;
				continue;
			}
		}
		memcpy(p, "ufffd", 5);
		p += 5;
		mended++;
	}
	return mended;
}
