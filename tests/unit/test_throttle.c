/* SPDX-License-Identifier: Apache-2.0
 *
 * Rate classes against an injected clock: never more than allowed in any
 * window, and never waiting longer than needed.
 */
#include "tests/lib/t.h"

#include <stdlib.h>

#include "net/throttle.h"

#define S 1000000LL

/* Starts n requests as early as the class lets them; times in out. */
static void drive(struct mst_throttle *t, int64_t *now, size_t n, int64_t *out)
{
	for (size_t i = 0; i < n; i++) {
		*now = mst_throttle_ready_us(t, *now);
		mst_throttle_start(t, *now);
		out[i] = *now;
	}
}

static size_t most_in(const int64_t *at, size_t n, int64_t window)
{
	size_t most = 0;

	for (size_t i = 0, j = 0; i < n; i++) {
		while (at[i] - at[j] >= window)
			j++;
		most = MST_MAX(most, i - j + 1);
	}
	return most;
}

static void test_both_windows(void **state)
{
	struct mst_rate rate = {"machines", 100, 1500};
	struct mst_throttle t;
	int64_t *at = calloc(6000, sizeof(*at)), now = 7 * S;

	mst_throttle_init(&t, &rate);
	drive(&t, &now, 6000, at);
	assert_int_equal(most_in(at, 6000, 60 * S), 100);
	assert_int_equal(most_in(at, 6000, 3600 * S), 1500);
	/* The first 1,500 at 100 a minute, then the next hour. */
	assert_true(at[99] == 7 * S);
	assert_in_range(at[1499] - at[0], 14 * 60 * S, 14 * 60 * S + 2 * S);
	assert_in_range(at[1500] - at[0], 3600 * S, 3601 * S);
	assert_in_range(at[5999] - at[0], 3 * 3600 * S,
			3 * 3600 * S + 15 * 60 * S);
	mst_throttle_fini(&t);
	free(at);
}

static void test_exports(void **state)
{
	struct mst_rate rate = {"export", 5, 20};
	struct mst_throttle t;
	int64_t at[40], now = 0;

	mst_throttle_init(&t, &rate);
	drive(&t, &now, 40, at);
	assert_int_equal(most_in(at, 40, 60 * S), 5);
	assert_int_equal(most_in(at, 40, 3600 * S), 20);
	mst_throttle_fini(&t);
}

static void test_one_window(void **state)
{
	struct mst_rate minute = {"m", 3, 0}, hour = {"h", 0, 2};
	struct mst_throttle t;
	int64_t at[10], now = 0;

	mst_throttle_init(&t, &minute);
	drive(&t, &now, 10, at);
	assert_int_equal(most_in(at, 10, 60 * S), 3);
	mst_throttle_fini(&t);
	now = 0;
	mst_throttle_init(&t, &hour);
	drive(&t, &now, 10, at);
	assert_int_equal(most_in(at, 10, 3600 * S), 2);
	mst_throttle_fini(&t);
}

static void test_slow_callers_do_not_wait(void **state)
{
	struct mst_rate rate = {"r", 10, 100};
	struct mst_throttle t;

	mst_throttle_init(&t, &rate);
	for (int64_t i = 0; i < 500; i++) {
		int64_t now = i * 40 * S; /* 90 an hour */

		assert_int_equal(mst_throttle_ready_us(&t, now), now);
		mst_throttle_start(&t, now);
	}
	mst_throttle_fini(&t);
}

static void test_pause(void **state)
{
	struct mst_rate rate = {"r", 0, 0};
	struct mst_throttle t;

	mst_throttle_init(&t, &rate);
	assert_int_equal(mst_throttle_ready_us(&t, 5), 5);
	mst_throttle_pause(&t, 30 * S);
	mst_throttle_pause(&t, 10 * S); /* the longer one wins */
	assert_int_equal(mst_throttle_ready_us(&t, 5), 30 * S);
	assert_int_equal(mst_throttle_ready_us(&t, 31 * S), 31 * S);
	mst_throttle_fini(&t);
}

static void test_wrong_numbers(void **state)
{
	struct mst_rate rate = {"r", -1, -5};
	struct mst_throttle t;

	mst_throttle_init(&t, &rate);
	mst_throttle_start(&t, 1);
	assert_int_equal(mst_throttle_ready_us(&t, 2), 2);
	mst_throttle_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_windows),
	    cmocka_unit_test(test_exports),
	    cmocka_unit_test(test_one_window),
	    cmocka_unit_test(test_slow_callers_do_not_wait),
	    cmocka_unit_test(test_pause),
	    cmocka_unit_test(test_wrong_numbers),
	};

	return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
