/* SPDX-License-Identifier: Apache-2.0
 *
 * With hasher.c the only file that includes xxhash: its code is inlined.
 */
#define XXH_INLINE_ALL
#include "base/hash.h"

#include <xxhash.h>

#include "base/num.h"

uint64_t mst_hash64(const void *p, size_t n, uint64_t seed)
{
	return XXH3_64bits_withSeed(n ? p : "", n, seed);
}

struct mst_hash mst_hash128(const void *p, size_t n, uint64_t seed)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(n ? p : "", n, seed);

	return (struct mst_hash){.lo = h.low64, .hi = h.high64};
}

void mst_hasher_init(struct mst_hasher *h, uint64_t seed)
{
	_Static_assert(sizeof(h->secret) == XXH3_SECRET_DEFAULT_SIZE,
		       "XXH3 wants another size of key");
	h->seed = seed;
	XXH3_generateSecret_fromSeed(h->secret, seed);
}

void mst_hash_hex(struct mst_hash h, char out[33])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 15; i >= 0; i--) {
		out[i] = digits[h.hi & 15];
		out[16 + i] = digits[h.lo & 15];
		h.hi >>= 4;
		h.lo >>= 4;
	}
	out[32] = 0;
}

bool mst_hash_parse(struct mst_slice hex, struct mst_hash *h_r)
{
	struct mst_hash h = {0, 0};

	if (hex.n != 32)
		return false;
	for (size_t i = 0; i < 32; i++) {
		int v = mst_num_hex(hex.p[i]);

		if (v < 0)
			return false;
		if (i < 16)
			h.hi = h.hi << 4 | (uint64_t)v;
		else
			h.lo = h.lo << 4 | (uint64_t)v;
	}
	*h_r = h;
	return true;
}
