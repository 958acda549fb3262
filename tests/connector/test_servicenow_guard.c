/* SPDX-License-Identifier: Apache-2.0
 *
 * What is looked at before a CI is written: a status that people protect, and
 * packages that another source still shows. Both ways to write CIs.
 */
#include "sn_fake.h"

#include "dest/servicenow/servicenow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CI   "cmdb_ci_computer"
#define PK   "cmdb_ci_spkg"
#define INST "cmdb_software_instance"

#define SEEN "2026-11-20 10:00:00" /* by the source */

static int setup(void **state)
{
	*state = fake_new();
	return t_log_watch(state);
}

static int teardown(void **state)
{
	fake_free(*state);
	return t_log_check(state);
}

/* Runs fn in both write modes. */
static void both(void **state, void (*fn)(struct fake *f))
{
	static const char *const modes[] = {"ire", "table"};
	struct fake *f = *state;

	for (size_t i = 0; i < MST_LEN(modes); i++) {
		fake_setting(f, "write_mode", modes[i]);
		fn(f);
		if (i)
			break;
		fake_free(f);
		*state = f = fake_new();
	}
}

static struct fake_row *held(struct fake *f, const char *install_status)
{
	fake_add(f, CI, "name", "PC-1", "install_status", install_status,
		 "operational_status", "2", "sys_updated_on",
		 "2026-11-20 09:00:00", "last_discovered",
		 "2026-11-20 11:00:00", NULL);
	return fake_find(f, CI, "name", "PC-1");
}

static uint64_t run(struct fake *f, enum mst_action action,
		    const struct fake_row *row)
{
	struct fake_change c = {.action = action,
				.key = "m1",
				.table = action == MST_RETIRE ? NULL : CI,
				.may_exist = true};
	uint64_t n;

	if (row)
		c.remote = fake_id(fake_get(row, "sys_id"));
	fake_begin(f, "devices");
	if (action == MST_RETIRE)
		n = fake_offer(f, "devices", c, NULL);
	else
		n = fake_offer(f, "devices", c, "name", "PC-1", "os", "Linux",
			       "last_discovered", SEEN, "hardware_status",
			       "installed", "install_status", "1",
			       "operational_status", "1", NULL);
	fake_end(f);
	return n;
}

/* The CI now has this status, and was updated otherwise. */
static void has(struct fake *f, const char *install, const char *operational)
{
	struct fake_row *row = fake_find(f, CI, "name", "PC-1");

	t_is(mst_slice_str(fake_get(row, "install_status")), install);
	t_is(mst_slice_str(fake_get(row, "operational_status")), operational);
}

static void updated(struct fake *f, uint64_t n, bool kept)
{
	struct fake_row *row = fake_find(f, CI, "name", "PC-1");

	fake_is(f, n, MST_VERDICT_APPLIED, NULL);
	t_is(mst_slice_str(fake_get(row, "os")), "Linux");
	if (kept)
		fake_is(f, n, MST_VERDICT_APPLIED, "status is left alone");
	else
		t_is(mst_slice_str(fake_verdict(f, n)->reason), "");
}

/* ---- the default --------------------------------------------------------- */

static void always(struct fake *f)
{
	struct fake_row *row;

	fake_open(f);
	row = held(f, "6");
	updated(f, run(f, MST_UPDATE, row), false);
	has(f, "1", "1");
	fake_is(f, run(f, MST_RETIRE, row), MST_VERDICT_APPLIED, NULL);
	has(f, "7", "6");
}

static void test_always(void **state)
{
	both(state, always);
}

/* ---- protected values ---------------------------------------------------- */

static void keep(struct fake *f)
{
	struct fake_row *row;

	fake_setting(f, "status_keep", "6|8");
	fake_open(f);
	row = held(f, "6");
	updated(f, run(f, MST_UPDATE, row), true);
	fake_is(f, fake_verdict(f, 1)->v.change, MST_VERDICT_APPLIED,
		"install_status is 6");
	has(f, "6", "2");
	fake_is(f, run(f, MST_RETIRE, row), MST_VERDICT_UNCHANGED,
		"install_status is 6");
	has(f, "6", "2");
	fake_put(f, row, "install_status", "3");
	updated(f, run(f, MST_UPDATE, row), false);
	has(f, "1", "1");
	fake_is(f, run(f, MST_RETIRE, row), MST_VERDICT_APPLIED, NULL);
	has(f, "7", "6");
}

static void test_keep(void **state)
{
	both(state, keep);
}

/* A new device whose CI is there already. */
static void keep_of_a_find(struct fake *f)
{
	fake_setting(f, "status_keep", "6");
	fake_open(f);
	held(f, "6");
	updated(f, run(f, MST_INSERT, NULL), true);
	has(f, "6", "2");
}

static void test_keep_of_a_find(void **state)
{
	both(state, keep_of_a_find);
}

/* ---- what a find holds, for undo ----------------------------------------- */

struct finds {
	unsigned n, unread;
	char os[40];
	uint64_t change;
};

static void take_find(void *ctx, uint64_t change, const struct mst_sysid *id,
		      const struct mst_raw *row)
{
	struct finds *f = ctx;

	assert_false(mst_sysid_is_zero(id));
	f->n++;
	f->change = change;
	f->unread += !row;
	for (size_t i = 0; row && i < row->n; i++) {
		if (strcmp(row->names[i], "os") == 0)
			(void)snprintf(f->os, sizeof(f->os), "%.*s",
				       MST_SLICE_ARG(row->values[i]));
	}
}

/* Before it is changed, and not when a sys_id says that it is ours. */
static void told(struct fake *f)
{
	struct finds finds = {0};
	struct fake_row *row;

	fake_open(f);
	mst_dest_servicenow.on_found(f->d, take_find, &finds);
	row = held(f, "1");
	fake_put(f, row, "os", "Old");
	updated(f, run(f, MST_UPDATE, row), false);
	assert_int_equal(finds.n, 0);
	fake_put(f, row, "os", "Old");
	updated(f, run(f, MST_INSERT, NULL), false);
	assert_int_equal(finds.n, 1);
	assert_int_equal(finds.unread, 0);
	assert_string_equal(finds.os, "Old");
}

static void test_told(void **state)
{
	both(state, told);
}

static bool refuse_before(struct fake *f, struct fake_sub *s)
{
	(void)f;
	if (!mst_slice_ifind(s->url, "sys_idIN") ||
	    !mst_slice_ifind(s->url, "sys_class_name"))
		return false;
	s->status = 403;
	(void)mst_buf_adds(&s->out,
			   "{\"error\":{\"message\":\"User Not Authorized\","
			   "\"detail\":\"no\"},\"status\":\"failure\"}");
	return true;
}

/* Who may not read it may still write it: it is told that nobody knows. */
static void not_readable(struct fake *f)
{
	struct finds finds = {0};
	struct fake_row *row;

	fake_open(f);
	mst_dest_servicenow.on_found(f->d, take_find, &finds);
	row = held(f, "1");
	fake_put(f, row, "os", "Old");
	f->on_sub = refuse_before;
	updated(f, run(f, MST_INSERT, NULL), false);
	assert_int_equal(finds.n, 1);
	assert_int_equal(finds.unread, 1);
}

static void test_not_readable(void **state)
{
	both(state, not_readable);
}

static void keep_but_retire(struct fake *f)
{
	struct fake_row *row;

	fake_setting(f, "status_keep", "6");
	fake_setting(f, "status_keep_retire", "no");
	fake_open(f);
	row = held(f, "6");
	updated(f, run(f, MST_UPDATE, row), true);
	fake_is(f, run(f, MST_RETIRE, row), MST_VERDICT_APPLIED, NULL);
	has(f, "7", "6");
}

static void test_keep_but_retire(void **state)
{
	both(state, keep_but_retire);
}

/* ---- the newer one counts ------------------------------------------------ */

static void newer_than_update(struct fake *f)
{
	struct fake_row *row;

	fake_setting(f, "status_updates", "newer_than_update");
	fake_open(f);
	row = held(f, "6");
	updated(f, run(f, MST_UPDATE, row), false);
	has(f, "1", "1");
	fake_put(f, row, "install_status", "6");
	fake_put(f, row, "sys_updated_on", SEEN);
	fake_put(f, row, "os", "");
	updated(f, run(f, MST_UPDATE, row), true);
	has(f, "6", "1");
}

static void test_newer_than_update(void **state)
{
	both(state, newer_than_update);
}

static void newer_than_discovery(struct fake *f)
{
	struct fake_row *row;

	fake_setting(f, "status_updates", "newer_than_discovery");
	fake_open(f);
	row = held(f, "6");
	updated(f, run(f, MST_UPDATE, row), true);
	has(f, "6", "2");
	fake_put(f, row, "last_discovered", "");
	updated(f, run(f, MST_UPDATE, row), false);
	has(f, "1", "1");
}

static void test_newer_than_discovery(void **state)
{
	both(state, newer_than_discovery);
}

/* ---- never --------------------------------------------------------------- */

static void never(struct fake *f)
{
	struct fake_row *row;

	fake_setting(f, "status_updates", "never");
	fake_open(f);
	row = held(f, "6");
	updated(f, run(f, MST_UPDATE, row), false);
	has(f, "6", "2");
	fake_is(f, run(f, MST_RETIRE, row), MST_VERDICT_UNCHANGED,
		"never updated");
	has(f, "6", "2");
	/* a new CI gets its status all the same */
	fake_put(f, row, "name", "other");
	row->deleted = true;
	run(f, MST_INSERT, NULL);
	has(f, "1", "1");
}

static void test_never(void **state)
{
	both(state, never);
}

static void never_but_retire(struct fake *f)
{
	struct fake_row *row;

	fake_setting(f, "status_updates", "never");
	fake_setting(f, "status_keep_retire", "no");
	fake_open(f);
	row = held(f, "6");
	fake_is(f, run(f, MST_RETIRE, row), MST_VERDICT_APPLIED, NULL);
	has(f, "7", "6");
}

static void test_never_but_retire(void **state)
{
	both(state, never_but_retire);
}

static void not_seen(struct fake *f)
{
	struct fake_row *row;
	uint64_t n;

	fake_setting(f, "status_keep", "6");
	fake_open(f);
	row = held(f, "6");
	f->drop_clauses = true;
	fake_add(f, CI, "name", "PC-2", NULL);
	n = run(f, MST_UPDATE, row);
	fake_is(f, n, MST_VERDICT_FAILED, "ignores the query");
	has(f, "6", "2");
}

static void test_not_seen(void **state)
{
	both(state, not_seen);
}

/* ---- packages ------------------------------------------------------------ */

static void packages(struct fake *f)
{
	const char *names[] = {"a", "b", "c"};
	uint64_t n[3];

	fake_open(f);
	fake_begin(f, "software_packages");
	for (int i = 0; i < 3; i++) {
		const char *id =
		    fake_add(f, PK, "name", names[i], "key", names[i],
			     "install_status", "1", NULL);

		fake_add(f, "sys_object_source", "name", "muster", "id",
			 names[i], "target_sys_id", id, "target_table", PK,
			 NULL);
		if (i == 1) /* many installations of one package */
			for (int k = 0; k < 700; k++)
				fake_add(f, INST, "name", "b", "software", id,
					 NULL);
		if (i == 2)
			fake_add(f, INST, "name", "c", "software", id, NULL);
		n[i] = fake_offer(f, "software_packages",
				  (struct fake_change){.action = MST_RETIRE,
						       .key = names[i],
						       .remote = fake_id(id)},
				  NULL);
	}
	fake_end(f);
	fake_is(f, n[0], MST_VERDICT_APPLIED, NULL);
	fake_is(f, n[1], MST_VERDICT_UNCHANGED, "still installed");
	assert_true(fake_verdict(f, n[1])->v.left_alone);
	assert_false(fake_verdict(f, n[0])->v.left_alone);
	fake_is(f, n[2], MST_VERDICT_UNCHANGED, "still installed");
	for (int i = 0; i < 3; i++)
		t_is(mst_slice_str(fake_get(fake_find(f, PK, "name", names[i]),
					    "install_status")),
		     i ? "1" : "7");
}

static void test_packages(void **state)
{
	both(state, packages);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_always),
	    T(test_keep),
	    T(test_keep_of_a_find),
	    T(test_told),
	    T(test_not_readable),
	    T(test_keep_but_retire),
	    T(test_newer_than_update),
	    T(test_newer_than_discovery),
	    T(test_never),
	    T(test_never_but_retire),
	    T(test_not_seen),
	    T(test_packages),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
