/* SPDX-License-Identifier: Apache-2.0
 *
 * When jobs run by themselves.
 */
#include "tests/lib/t.h"

#include "base/limits.h"
#include "base/time.h"
#include "sync/due.h"

#define NOW    (INT64_C(1700000000) * 1000000)
#define MINUTE (INT64_C(60) * 1000000)

static const char yaml[] =
    "connections:\n"
    "  - name: s1\n    type: iot\n    read: sensor\n"
    "    url: https://s1.example\n    token: env:X\n    sync_frequency: 5\n"
    "  - name: s2\n    type: iot\n    read: sensor\n"
    "    url: https://s2.example\n    token: env:X\n    sync: no\n"
    "  - name: e\n    type: endpoint\n    read_from: /srv/x\n"
    "  - name: cmdb\n    type: servicenow\n    url: https://sn.example\n"
    "    username: u\n    password: env:X\n"
    "jobs:\n"
    "  - name: a\n    source: s1\n    destination: cmdb\n"
    "  - name: b\n    source: s2\n    destination: cmdb\n"
    "  - name: c\n    source: e\n    destination: cmdb\n"
    "  - name: d\n    source: gone\n    destination: cmdb\n";

static void run(struct mst_state *state, const char *job,
		enum mst_run_status status)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_run r = {.job = job,
			    .status = status,
			    .ended_us = MST_TIME_NONE,
			    .error = "",
			    .proof = "{}"};

	t_ok(mst_state_run_begin(state, job, &r.id, &err), &err);
	t_ok(mst_state_run_end(state, &r, &err), &err);
}

static void due(void **unused)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state;
	struct mst_conf_item *items;
	struct mst_arena arena;
	struct mst_due *v;
	size_t n, added, changed;

	(void)unused;
	t_clock_set(NOW);
	mst_arena_init(&arena, MST_MAX_ARENA);
	t_ok(mst_state_open(t_path("due"), &state, &err), &err);
	t_ok(mst_conf_read_in(mst_slice_str(yaml), "m", &arena, &items, &n,
			      &err),
	     &err);
	t_ok(
	    mst_config_put(state, items, n, NULL, NULL, &added, &changed, &err),
	    &err);
	t_ok(mst_due_list(state, &arena, &v, &n, &err), &err);
	assert_int_equal(n, 3); /* d has no source */
	assert_string_equal(v[0].job, "a");
	assert_true(v[0].on && v[0].has_option);
	assert_int_equal(v[0].minutes, 5);
	assert_int_equal(v[0].run, 0);
	assert_true(v[0].due_us <= mst_now_us());
	assert_true(v[1].has_option && !v[1].on);
	assert_true(!v[2].has_option && !v[2].on);

	/* One that failed waits just as long. */
	run(state, "a", MST_RUN_FAILED);
	run(state, "b", MST_RUN_OK);
	t_ok(mst_due_list(state, &arena, &v, &n, &err), &err);
	assert_int_equal(v[0].status, MST_RUN_FAILED);
	assert_true(v[0].run > 0 && v[0].last_us >= NOW);
	assert_int_equal(v[0].due_us, v[0].last_us + 5 * MINUTE);
	assert_true(v[1].run > 0);
	assert_int_equal(v[1].due_us, MST_TIME_NONE);
	mst_state_close(&state);
	mst_arena_fini(&arena);
	t_clock_real();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(due)};

	return cmocka_run_group_tests_name("due", tests, NULL, NULL);
}
