/* SPDX-License-Identifier: Apache-2.0
 *
 * Arenas.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"

static void test_alloc(void **state)
{
	struct mst_arena a;

	mst_arena_init(&a, 1 << 20);
	for (size_t n = 0; n < 300; n++) {
		char *p = mst_arena_alloc(&a, n);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
		(void)mst_arena_bytes(&a, 3); /* spoils the alignment */
	}
	mst_arena_fini(&a);
}

/* Earlier objects stay where and what they are when the arena grows. */
static void test_stable(void **state)
{
	struct mst_slice texts[2000];
	struct mst_arena a;
	char want[32];

	mst_arena_init(&a, 1 << 20);
	for (size_t i = 0; i < MST_LEN(texts); i++)
		texts[i] = mst_slice_str(mst_arena_printf(&a, "text %zu", i));
	for (size_t i = 0; i < MST_LEN(texts); i++) {
		(void)snprintf(want, sizeof(want), "text %zu", i);
		t_is(texts[i], want);
	}
	mst_arena_fini(&a);
}

static void test_texts(void **state)
{
	struct mst_arena a;
	struct mst_slice s;

	mst_arena_init(&a, 1000);
	s = mst_arena_dup(&a, mst_slice("a\0b", 3));
	assert_int_equal(s.n, 3);
	assert_memory_equal(s.p, "a\0b", 4);
	s = mst_arena_dup(&a, mst_slice(NULL, 0));
	assert_string_equal(s.p, "");
	assert_string_equal(mst_arena_strdup(&a, "x"), "x");
	assert_string_equal(mst_arena_printf(&a, "%d%s", 7, "!"), "7!");
	mst_arena_fini(&a);
}

static void test_reset(void **state)
{
	struct mst_arena a;
	char *p;

	mst_arena_init(&a, 1 << 20);
	mst_arena_reset(&a); /* an empty one */
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++)
			memset(mst_arena_bytes(&a, 1000), 1, 1000);
		assert_int_equal(a.used, 100000);
		mst_arena_reset(&a);
		assert_int_equal(a.used, 0);
	}
	p = mst_arena_alloc(&a, 1000); /* zeroed although used before */
	for (int i = 0; i < 1000; i++)
		assert_int_equal(p[i], 0);
	/* larger than any chunk */
	memset(mst_arena_bytes(&a, 500000), 1, 500000);
	mst_arena_fini(&a);
	assert_int_equal(a.max, 1 << 20);
	assert_non_null(mst_arena_alloc(&a, 1)); /* usable again */
	mst_arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_alloc),
	    cmocka_unit_test(test_stable),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
