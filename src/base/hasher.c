/* SPDX-License-Identifier: Apache-2.0
 *
 * The hash of the first pass, once a record. This file is compiled twice; the
 * build for wide processors defines MST_WIDE_BUILD. Both give the same numbers.
 */
#define XXH_INLINE_ALL
#include "base/hash.h"

#include <xxhash.h>

#ifdef MST_WIDE_BUILD
#define mst_hasher_128 mst_hasher_128_wide
#endif

struct mst_hash mst_hasher_128(const struct mst_hasher *h, const void *p,
			       size_t n)
{
	XXH128_hash_t v = XXH3_128bits_withSecretandSeed(
	    n ? p : "", n, h->secret, sizeof(h->secret), h->seed);

	return (struct mst_hash){.lo = v.low64, .hi = v.high64};
}
