/* SPDX-License-Identifier: Apache-2.0
 *
 * Bump allocator with a maximum. Objects die together: at reset (memory kept)
 * or fini (memory freed). One owner, one thread. Allocation never returns
 * NULL; passing the maximum is a programmer's error (bound the input first).
 */
#ifndef MST_BASE_ARENA_H
#define MST_BASE_ARENA_H

#include "base/slice.h"

struct mst_arena_chunk;

struct mst_arena {
	struct mst_arena_chunk *head;
	char *p, *end;
	size_t used; /* bytes given out since the last reset */
	size_t max;
};

void mst_arena_init(struct mst_arena *a, size_t max);
void mst_arena_fini(struct mst_arena *a);
void mst_arena_reset(struct mst_arena *a);
void *mst_arena_alloc(struct mst_arena *a, size_t n); /* zeroed, 16-aligned */
char *mst_arena_bytes(struct mst_arena *a, size_t n); /* raw, unaligned */
/* Copies; the result is NUL-terminated behind its n bytes. */
struct mst_slice mst_arena_dup(struct mst_arena *a, struct mst_slice s);
char *mst_arena_strdup(struct mst_arena *a, const char *s);
char *mst_arena_printf(struct mst_arena *a, const char *fmt, ...)
    MST_PRINTF(2, 3);

#endif
