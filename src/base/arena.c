/* SPDX-License-Identifier: Apache-2.0
 *
 * Arena of growing chunks. Reset keeps the newest (largest) chunk only, so a
 * steady state allocates nothing. Under AddressSanitizer the memory behind
 * the bump pointer is poisoned, so that a slice that outlives a reset is
 * found by the tests.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

struct mst_arena_chunk {
	struct mst_arena_chunk *next;
	size_t cap;
	_Alignas(16) char data[];
};

void mst_arena_init(struct mst_arena *a, size_t max)
{
	*a = (struct mst_arena){.max = max};
}

static void free_chunks(struct mst_arena_chunk *c)
{
	while (c) {
		struct mst_arena_chunk *next = c->next;

		UNPOISON(c->data, c->cap);
		free(c);
		c = next;
	}
}

void mst_arena_fini(struct mst_arena *a)
{
	free_chunks(a->head);
	*a = (struct mst_arena){.max = a->max};
}

void mst_arena_reset(struct mst_arena *a)
{
	a->used = 0;
	if (!a->head)
		return;
	free_chunks(a->head->next);
	a->head->next = NULL;
	a->p = a->head->data;
	a->end = a->head->data + a->head->cap;
	POISON(a->head->data, a->head->cap);
}

static void grow(struct mst_arena *a, size_t need)
{
	size_t cap = a->head ? a->head->cap * 2 : 4096;
	struct mst_arena_chunk *c;

	if (cap > (4u << 20))
		cap = 4u << 20;
	if (cap < need)
		cap = need;
	c = malloc(sizeof(*c) + cap);
	if (!c)
		mst_oom();
	c->next = a->head;
	c->cap = cap;
	a->head = c;
	a->p = c->data;
	a->end = c->data + cap;
	POISON(c->data, cap);
}

static char *take(struct mst_arena *a, size_t n, size_t align)
{
	size_t pad = (size_t)(-(uintptr_t)a->p) & (align - 1);
	char *p;

	/* Callers bound what they put here; see base/limits.h. */
	assert(n <= a->max && a->used <= a->max - n);
	if (!a->p || (size_t)(a->end - a->p) < n + pad) {
		grow(a, n + align);
		pad = (size_t)(-(uintptr_t)a->p) & (align - 1);
	}
	p = a->p + pad;
	a->p = p + n;
	a->used += n;
	UNPOISON(p, n);
	return p;
}

void *mst_arena_alloc(struct mst_arena *a, size_t n)
{
	char *p = take(a, n ? n : 1, 16);

	memset(p, 0, n);
	return p;
}

char *mst_arena_bytes(struct mst_arena *a, size_t n)
{
	return take(a, n ? n : 1, 1);
}

struct mst_slice mst_arena_dup(struct mst_arena *a, struct mst_slice s)
{
	char *p = take(a, s.n + 1, 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return mst_slice(p, s.n);
}

char *mst_arena_strdup(struct mst_arena *a, const char *s)
{
	return (char *)(uintptr_t)mst_arena_dup(a, mst_slice_str(s)).p;
}

char *mst_arena_printf(struct mst_arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	p = take(a, (size_t)n + 1, 1);
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}
