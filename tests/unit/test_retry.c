/* SPDX-License-Identifier: Apache-2.0
 *
 * The retry policy, line by line of the table in docs/internals/net.md.
 */
#include "tests/lib/t.h"

#include "net/retry.h"

static const struct mst_retry_policy policy = {
    .max = 8,
    .total_ms = 900000,
    .base_ms = 1000,
    .cap_ms = 60000,
    .retry_after_max_ms = 600000,
};

static struct mst_try answered(int status)
{
	return (struct mst_try){.answered = true,
				.sent = true,
				.status = status,
				.retry_after_ms = -1,
				.attempts = 1};
}

static bool next(enum mst_repeat repeat, struct mst_try t)
{
	uint64_t seed = 1;
	int64_t wait;

	return mst_retry_next(&policy, repeat, &t, &seed, &wait);
}

static void test_safe_statuses(void **state)
{
	static const int again[] = {408, 425, 429, 500, 502, 503, 504, 509};
	static const int final[] = {200, 201, 202, 204, 301, 302, 304,
				    307, 400, 401, 403, 404, 405, 409,
				    410, 412, 413, 422, 501, 505};

	for (size_t i = 0; i < MST_LEN(again); i++)
		assert_true(next(MST_REPEAT_SAFE, answered(again[i])));
	for (size_t i = 0; i < MST_LEN(final); i++)
		assert_false(next(MST_REPEAT_SAFE, answered(final[i])));
}

static void test_write_statuses(void **state)
{
	struct mst_try t;

	for (int s = 200; s < 600; s++)
		assert_int_equal(next(MST_REPEAT_UNSENT, answered(s)),
				 s == 429);
	t = answered(503);
	t.retry_after_ms = 1000;
	assert_true(next(MST_REPEAT_UNSENT, t));
	t.retry_after_ms = 0;
	assert_true(next(MST_REPEAT_UNSENT, t));
	t = answered(500);
	t.retry_after_ms = 1000;
	assert_false(next(MST_REPEAT_UNSENT, t));
}

static void test_no_answer(void **state)
{
	struct mst_try t = {.retry_after_ms = -1, .attempts = 1};

	assert_true(next(MST_REPEAT_SAFE, t));
	assert_true(next(MST_REPEAT_UNSENT, t)); /* refused connection */
	t.sent = true;
	assert_true(next(MST_REPEAT_SAFE, t));
	assert_false(next(MST_REPEAT_UNSENT, t)); /* uncertain */
	t.hopeless = true;
	assert_false(next(MST_REPEAT_SAFE, t));
	t.sent = false;
	assert_false(next(MST_REPEAT_UNSENT, t));
}

static void test_attempts(void **state)
{
	struct mst_try t = answered(503);

	t.attempts = 7;
	assert_true(next(MST_REPEAT_SAFE, t));
	t.attempts = 8;
	assert_false(next(MST_REPEAT_SAFE, t));
	/* Refusals that name a time do not use the attempts up. */
	t = answered(429);
	t.retry_after_ms = 1000;
	t.attempts = 50;
	t.asked = 50;
	assert_true(next(MST_REPEAT_SAFE, t));
	t.asked = 42;
	assert_false(next(MST_REPEAT_SAFE, t));
	t.attempts = t.asked = 1000;
	assert_false(next(MST_REPEAT_SAFE, t));
}

static void test_total_time(void **state)
{
	struct mst_try t = answered(429);
	uint64_t seed = 5;
	int64_t wait;

	t.retry_after_ms = 300000;
	t.first_us = 1000;
	t.now_us = t.first_us + 590 * (int64_t)1000000;
	assert_true(mst_retry_next(&policy, MST_REPEAT_SAFE, &t, &seed, &wait));
	/* The wait would end behind the total. */
	t.now_us = t.first_us + 601 * (int64_t)1000000;
	assert_false(
	    mst_retry_next(&policy, MST_REPEAT_SAFE, &t, &seed, &wait));
	t = answered(503);
	t.now_us = 901 * (int64_t)1000000;
	assert_false(
	    mst_retry_next(&policy, MST_REPEAT_SAFE, &t, &seed, &wait));
}

static void test_retry_after(void **state)
{
	struct mst_try t = answered(429);
	uint64_t seed = 9;
	int64_t wait;

	for (int i = 0; i < 200; i++) {
		t.retry_after_ms = 30000;
		assert_true(
		    mst_retry_next(&policy, MST_REPEAT_SAFE, &t, &seed, &wait));
		assert_in_range(wait, 30000, 31000); /* never earlier */
	}
	t.retry_after_ms = 600000;
	assert_true(mst_retry_next(&policy, MST_REPEAT_SAFE, &t, &seed, &wait));
	t.retry_after_ms = 600001;
	assert_false(
	    mst_retry_next(&policy, MST_REPEAT_SAFE, &t, &seed, &wait));
	/* 0 seconds is no leave to hammer: our own wait counts. */
	t.retry_after_ms = 0;
	t.attempts = 4;
	assert_true(mst_retry_next(&policy, MST_REPEAT_SAFE, &t, &seed, &wait));
	assert_in_range(wait, 0, 8000);
}

static void test_full_jitter(void **state)
{
	uint64_t seed = 42, again = 42;
	struct mst_try t = answered(500);

	for (int n = 1; n < 8; n++) {
		int64_t top = MST_MIN(1000LL << (n - 1), 60000), most = 0, wait;
		int64_t low = top, w2;

		t.attempts = n;
		for (int i = 0; i < 300; i++) {
			assert_true(mst_retry_next(&policy, MST_REPEAT_SAFE, &t,
						   &seed, &wait));
			assert_true(mst_retry_next(&policy, MST_REPEAT_SAFE, &t,
						   &again, &w2));
			assert_int_equal(wait, w2); /* same seed, same waits */
			assert_in_range(wait, 0, top);
			most = MST_MAX(most, wait);
			low = MST_MIN(low, wait);
		}
		assert_true(most > top * 9 / 10);
		assert_true(low < top / 10);
	}
}

static void test_jitter_bounds(void **state)
{
	uint64_t seed = 3;

	assert_int_equal(mst_retry_jitter(&seed, 0), 0);
	assert_int_equal(mst_retry_jitter(&seed, -5), 0);
	assert_int_equal(seed, 3);
	for (int i = 0; i < 100; i++)
		assert_in_range(mst_retry_jitter(&seed, 1), 0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_safe_statuses),
	    cmocka_unit_test(test_write_statuses),
	    cmocka_unit_test(test_no_answer),
	    cmocka_unit_test(test_attempts),
	    cmocka_unit_test(test_total_time),
	    cmocka_unit_test(test_retry_after),
	    cmocka_unit_test(test_full_jitter),
	    cmocka_unit_test(test_jitter_bounds),
	};

	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
