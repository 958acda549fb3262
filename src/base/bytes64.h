/* SPDX-License-Identifier: Apache-2.0
 *
 * Sixty-four bytes at a time, for inner loops over padded buffers that are
 * compiled once more for processors with AVX-512 (VBMI2): all of these read 64
 * bytes whatever the length.
 */
#ifndef MST_BASE_BYTES64_H
#define MST_BASE_BYTES64_H

#include "base/bytes16.h"

#if defined(__AVX512BW__) && defined(__AVX512VBMI2__)
#include <immintrin.h>

#define MST_BYTES64 1

/* Bit i: byte i of p is c. */
static inline uint64_t mst_find64(const char *p, char c)
{
	return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p),
				      _mm512_set1_epi8(c));
}

/* Bit i: byte i of a and b differs, of those in `bits`. */
static inline uint64_t mst_differ64(const char *a, const char *b, uint64_t bits)
{
	return _mm512_mask_cmpneq_epi8_mask(bits, _mm512_loadu_si512(a),
					    _mm512_loadu_si512(b));
}

/* Puts those bytes of p whose bit is set side by side and returns their
 * number. Writes 64 bytes. */
static inline size_t mst_compress64(char *to, const char *p, uint64_t bits)
{
	_mm512_storeu_si512(
	    to, _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(p)));
	return (size_t)__builtin_popcountll(bits);
}
/* Copies n <= 64 bytes: reads no other, but writes 64. */
static inline void mst_copy64(char *to, const char *from, size_t n)
{
	uint64_t bits = _bzhi_u64(~UINT64_C(0), (unsigned)n);

	_mm512_storeu_si512(to, _mm512_maskz_loadu_epi8(bits, from));
}
#else
#define MST_BYTES64 0

static inline uint64_t mst_find64(const char *p, char c)
{
	return mst_find16(p, c) | (uint64_t)mst_find16(p + 16, c) << 16 |
	       (uint64_t)mst_find16(p + 32, c) << 32 |
	       (uint64_t)mst_find16(p + 48, c) << 48;
}
#endif

#endif
