/* SPDX-License-Identifier: Apache-2.0
 *
 * The hash map against a plain array, through many puts and removals.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <string.h>

#include "base/map.h"

#define N 500

static char keys[N][8];
static int model[N]; /* value, 0: not in the map */
static int values[1000];

static void assert_same(const struct mst_map *m)
{
	size_t i = 0, n = 0, seen = 0;
	struct mst_slice key;
	void *value;

	for (size_t k = 0; k < N; k++) {
		const int *v = mst_map_get(m, mst_slice_str(keys[k]));

		assert_int_equal(v ? *v : 0, model[k]);
		assert_int_equal(mst_map_has(m, mst_slice_str(keys[k])),
				 model[k] != 0);
		n += model[k] != 0;
	}
	assert_int_equal(m->n, n);
	while (mst_map_next(m, &i, &key, &value))
		seen += mst_map_get(m, key) == value;
	assert_int_equal(seen, n);
}

static void test_model(void **state)
{
	struct mst_map m = {0};
	uint32_t x = 1;

	for (int i = 0; i < N; i++)
		(void)snprintf(keys[i], sizeof(keys[i]), "k%d", i);
	for (int i = 0; i < (int)MST_LEN(values); i++)
		values[i] = i;
	for (int step = 0; step < 20000; step++) {
		size_t k;
		int v;

		x = x * 1664525u + 1013904223u;
		k = (x >> 8) % N;
		v = (int)(x >> 20) % 999 + 1;
		/* grows, then shrinks, then grows … */
		if ((x >> 4 & 15) > (step / 2000 % 2 ? 12u : 4u)) {
			int *old =
			    mst_map_put(&m, mst_slice_str(keys[k]), &values[v]);

			assert_int_equal(old ? *old : 0, model[k]);
			model[k] = v;
		} else {
			int *old = mst_map_del(&m, mst_slice_str(keys[k]));

			assert_int_equal(old ? *old : 0, model[k]);
			model[k] = 0;
		}
		if (step % 500 == 0)
			assert_same(&m);
	}
	assert_same(&m);
	mst_map_clear(&m);
	memset(model, 0, sizeof(model));
	assert_same(&m);
	mst_map_fini(&m);
}

static void test_keys(void **state)
{
	struct mst_map m = {0};
	struct mst_slice none = {NULL, 0};
	size_t i = 0;
	int a, b;

	assert_null(mst_map_get(&m, none));
	assert_null(mst_map_del(&m, none));
	assert_false(mst_map_has(&m, none));
	assert_false(mst_map_next(&m, &i, NULL, NULL));
	assert_null(mst_map_put(&m, none, &a)); /* the empty key is a key */
	assert_ptr_equal(mst_map_get(&m, MST_SLICE_LIT("")), &a);
	assert_null(mst_map_put(&m, mst_slice("\0", 1), &b));
	assert_ptr_equal(mst_map_get(&m, mst_slice("\0", 1)), &b);
	assert_ptr_equal(mst_map_put(&m, MST_SLICE_LIT(""), NULL), &a);
	assert_true(mst_map_has(&m, MST_SLICE_LIT(""))); /* NULL is a value */
	assert_null(mst_map_get(&m, MST_SLICE_LIT("")));
	mst_map_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_model),
	    cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
