/* SPDX-License-Identifier: Apache-2.0
 *
 * What a worker did so far: one step each, in order, the last one goes on.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "serve/steps.h"

static int64_t take(struct mst_steps *s, const char *stage, const char *what,
		    int64_t done, int64_t at_us)
{
	struct mst_step now = {
	    .done = done, .total = 100, .requests = done / 10};

	(void)snprintf(now.stage, sizeof(now.stage), "%s", stage);
	(void)snprintf(now.what, sizeof(now.what), "%s", what);
	return mst_steps_take(s, &now, at_us);
}

static void test_one_after_another(void **state)
{
	struct mst_buf out = MST_BUF_INIT(1u << 16);
	struct mst_steps s = {.n = 0};
	struct mst_jout j;

	assert_int_equal(take(&s, "fetch", "devices", 10, 1000000), 0);
	assert_int_equal(take(&s, "fetch", "devices", 100, 3000000), 2000000);
	assert_int_equal(take(&s, "push", "devices", 1, 4000000), 0);
	/* Files of two feeds come side by side. */
	assert_int_equal(take(&s, "fetch", "devices", 100, 5000000), 4000000);
	assert_int_equal(s.n, 2);
	assert_false(s.v[0].end);
	assert_true(s.v[1].end);
	(void)take(&s, "push", "devices", 2, 6000000);
	mst_jout_init(&j, &out);
	mst_steps_json(&s, &j);
	assert_string_equal(
	    out.p,
	    "[{\"stage\":\"fetch\",\"what\":\"devices\",\"done\":100,"
	    "\"total\":100,\"bytes\":false,\"requests\":10,\"end\":true,"
	    "\"ms\":4000},{\"stage\":\"push\",\"what\":\"devices\",\"done\":2,"
	    "\"total\":100,\"bytes\":false,\"requests\":0,\"end\":false,"
	    "\"ms\":2000}]");
	mst_buf_fini(&out);
}

static void test_no_room(void **state)
{
	struct mst_steps s = {.n = 0};
	char what[16];

	for (int i = 0; i < 2 * MST_STEPS; i++) {
		(void)snprintf(what, sizeof(what), "set %d", i);
		(void)take(&s, "fetch", what, 1, i);
	}
	assert_int_equal(s.n, MST_STEPS);
	assert_string_equal(s.v[MST_STEPS - 1].what, "set 47");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_after_another),
	    cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
