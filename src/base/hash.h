/* SPDX-License-Identifier: Apache-2.0
 *
 * XXH3 (libxxhash, header only). Not cryptographic: change detection is keyed
 * with a seed per RecVer, so nobody who writes source data can aim at it.
 * What must not be forged (assertions, certificates) uses OpenSSL instead.
 */
#ifndef MST_BASE_HASH_H
#define MST_BASE_HASH_H

#include "base/slice.h"

/* 128 bits; compared and added as one number. */
struct mst_hash {
	uint64_t lo, hi;
};

uint64_t mst_hash64(const void *p, size_t n, uint64_t seed);
struct mst_hash mst_hash128(const void *p, size_t n, uint64_t seed);

/* A seed made ready: the same numbers as mst_hash128 with that seed, without
 * deriving the key anew for every long input. Read-only once made. */
struct mst_hasher {
	uint64_t seed;
	unsigned char secret[192];
};

void mst_hasher_init(struct mst_hasher *h, uint64_t seed);
struct mst_hash mst_hasher_128(const struct mst_hasher *h, const void *p,
			       size_t n);
/* The same for processors of mst_cpu_wide (base/cpu.h). */
struct mst_hash mst_hasher_128_wide(const struct mst_hasher *h, const void *p,
				    size_t n);

static inline bool mst_hash_eq(struct mst_hash a, struct mst_hash b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

static inline bool mst_hash_is_zero(struct mst_hash a)
{
	return a.lo == 0 && a.hi == 0;
}

/* a += b modulo 2^128 */
static inline void mst_hash_add(struct mst_hash *a, struct mst_hash b)
{
	a->lo += b.lo;
	a->hi += b.hi + (a->lo < b.lo);
}

/* 32 lower-case hex digits and a NUL; big-endian order of the number. */
void mst_hash_hex(struct mst_hash h, char out[33]);
bool mst_hash_parse(struct mst_slice hex, struct mst_hash *h_r);

#endif
