/* SPDX-License-Identifier: Apache-2.0
 *
 * Sixteen bytes at a time, for inner loops over padded buffers: SSE2 where the
 * compiler targets x86-64 (every such processor has it), plain C elsewhere.
 * All of these read 16 bytes whatever the length: the caller pads.
 */
#ifndef MST_BASE_BYTES16_H
#define MST_BASE_BYTES16_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>

/* Bit i: byte i of a and b is the same. */
static inline unsigned mst_eq16(const char *a, const char *b)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)a);
	__m128i y = _mm_loadu_si128((const __m128i *)(const void *)b);

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, y));
}

/* Bit i: byte i of p is c. */
static inline unsigned mst_find16(const char *p, char c)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_set1_epi8(c)));
}
#else
static inline unsigned mst_eq16(const char *a, const char *b)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < 16; i++)
		bits |= (unsigned)(a[i] == b[i]) << i;
	return bits;
}

static inline unsigned mst_find16(const char *p, char c)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < 16; i++)
		bits |= (unsigned)(p[i] == c) << i;
	return bits;
}
#endif

static inline void mst_copy16(char *to, const char *from)
{
	char x[16];

	memcpy(x, from, 16);
	memcpy(to, x, 16);
}

#endif
