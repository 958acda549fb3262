/* SPDX-License-Identifier: Apache-2.0
 *
 * muster undo: a run is taken back, others' changes stay, and the next run
 * converges.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static struct rig rig;

static void day(int n)
{
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}", n);
}

/* Day 0, then day 1; returns the second run as text, and what was alive
 * before it. */
static const char *two_days(char **alive_r)
{
	static char run[24];

	rig_fresh(&rig);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	*alive_r = rig_alive(&rig, "name");
	day(1);
	(void)rig_sync(&rig, 0);
	(void)snprintf(run, sizeof(run), "%lld",
		       (long long)rig_num(rig.root, "run"));
	rig_verify(&rig);
	return run;
}

static void assert_alive(const char *want)
{
	char *now = rig_alive(&rig, "name");
	char *more = rig_lines_without(now, want);
	char *less = rig_lines_without(want, now);

	assert_string_equal(more, "");
	assert_string_equal(less, "");
	free(now);
	free(more);
	free(less);
}

static void taken_back(void **state)
{
	const char *run;
	char *before;

	(void)state;
	run = two_days(&before);
	rig_muster(&rig, "undo", run, "--yes", "--json");
	rig_status(&rig, 0);
	assert_true(rig_num(rig_json(&rig), "undone") > 0);
	assert_int_equal(rig_num(rig.root, "to_undo"), 0);
	assert_alive(before);
	free(before);
	/* the same once more: it is all done */
	rig_muster(&rig, "undo", run, "--yes", "--json");
	assert_int_equal(rig_num(rig_json(&rig), "undone"), 0);
	/* the next run sends it again */
	assert_true(rig_sync(&rig, 0) > 0);
	rig_verify(&rig);
	rig_quiet(&rig);
}

static void first_load_taken_back(void **state)
{
	(void)state;
	rig_fresh(&rig);
	(void)rig_sync(&rig, 0);
	rig_muster(&rig, "undo", "1", "--yes", "--json");
	rig_status(&rig, 0);
	assert_true(rig_num(rig_json(&rig), "undone") > 0);
	assert_int_equal(rig_count(&rig, "u_muster_cve_instance", ""), 0);
	assert_int_equal(rig_count(&rig, "cmdb_ci_computer",
				   "discovery_source=muster^install_status!=7"),
			 0);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
}

static void asks_first(void **state)
{
	const char *run;
	int64_t writes;
	char *before;

	(void)state;
	run = two_days(&before);
	free(before);
	writes = rig_sn_writes(&rig);
	rig_muster(&rig, "undo", run);
	rig_status(&rig, 0);
	rig_says(&rig, "--yes");
	assert_non_null(strstr(rig.out.p, "restore"));
	assert_int_equal(rig_sn_writes(&rig), writes);
}

/* The sys_id of a record that the undo would restore. */
static void to_restore(const char *run, const char *set, char id[33])
{
	struct mst_json_iter it;
	struct mst_json e;

	rig_muster(&rig, "undo", run, "--json");
	rig_status(&rig, 0);
	it = mst_json_iter(mst_json_get(rig_json(&rig), "records"));
	while (mst_json_next(&it, NULL, &e)) {
		if (!mst_json_is_str(mst_json_get(e, "record_set"), set) ||
		    !mst_json_is_str(mst_json_get(e, "action"), "restore"))
			continue;
		(void)snprintf(
		    id, 33, "%.*s",
		    MST_SLICE_ARG(mst_json_str(mst_json_get(e, "sys_id"))));
		return;
	}
	fail_msg("nothing of %s would be restored", set);
}

static void others_changed_it(void **state)
{
	char id[33], path[80], query[64];
	const char *run;
	char *before;

	(void)state;
	run = two_days(&before);
	free(before);
	to_restore(run, "device_vulnerabilities", id);
	(void)snprintf(path, sizeof(path), "/_sim/sn/rows/%s", id);
	rig_control(&rig, "PATCH", path, "{\"u_status\":\"exception\"}");
	rig_muster(&rig, "undo", run, "--yes", "--json");
	rig_status(&rig, 3);
	assert_int_equal(rig_num(rig_json(&rig), "refused"), 1);
	(void)snprintf(query, sizeof(query), "sys_id=%s^u_status=exception",
		       id);
	assert_int_equal(rig_count(&rig, "u_muster_cve_instance", query), 1);
}

static void a_later_run_wrote_it(void **state)
{
	const char *run;
	char *before, *now;

	(void)state;
	run = two_days(&before);
	free(before);
	day(2);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	now = rig_alive(&rig, "name");
	rig_muster(&rig, "undo", run, "--yes");
	assert_true(rig.status == 0 || rig.status == 3);
	/* what was undone is written again, and nothing else is lost */
	(void)rig_sync(&rig, 0);
	assert_alive(now);
	free(now);
	rig_quiet(&rig);
}

/* One device of the estate, and a CI of its name that was there before. */
static void a_found_ci(char id[33])
{
	struct mst_json_iter it;
	struct mst_json row;
	char name[80] = "";

	rig_fresh(&rig);
	(void)rig_sync(&rig, 0);
	it = mst_json_iter(
	    rig_rows(&rig, "cmdb_ci_computer", "os=Windows 11", "sys_id,name"));
	while (!*name && mst_json_next(&it, NULL, &row))
		(void)snprintf(
		    name, sizeof(name), "%.*s",
		    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "name"))));
	assert_true(*name);
	rig_fresh(&rig);
	rig_control(&rig, "POST", "/_sim/sn/insert",
		    "{\"table\":\"cmdb_ci_computer\",\"by\":\"kim.example\","
		    "\"values\":{\"name\":\"%s\",\"os\":\"Old\","
		    "\"asset_tag\":\"theirs\"}}",
		    name);
	it = mst_json_iter(
	    rig_rows(&rig, "cmdb_ci_computer", "asset_tag=theirs", "sys_id"));
	assert_true(mst_json_next(&it, NULL, &row));
	(void)snprintf(
	    id, 33, "%.*s",
	    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "sys_id"))));
}

/* What a first load finds in the CMDB is not its own: it gets its values
 * again, and is not retired. */
static void found_in_a_first_load(void **state)
{
	char id[33], query[100];

	(void)state;
	a_found_ci(id);
	(void)rig_sync(&rig, 0);
	(void)snprintf(query, sizeof(query), "sys_id=%s^os=Windows 11", id);
	assert_int_equal(rig_count(&rig, "cmdb_ci_computer", query), 1);
	rig_muster(&rig, "undo", "1", "--yes");
	rig_status(&rig, 0);
	rig_says(&rig, "run 2");
	assert_non_null(strstr(rig.out.p, "retired, not deleted"));
	(void)snprintf(query, sizeof(query),
		       "sys_id=%s^os=Old^install_status!=7", id);
	assert_int_equal(rig_count(&rig, "cmdb_ci_computer", query), 1);
	(void)rig_sync(&rig, 0);
	(void)snprintf(query, sizeof(query), "sys_id=%s^os=Windows 11", id);
	assert_int_equal(rig_count(&rig, "cmdb_ci_computer", query), 1);
	rig_quiet(&rig);
}

/* Killed on the way, day 1 is taken back as far as it got. */
static void of_a_run_that_died(void **state)
{
	static const char *const env[] = {"MUSTER_STOP_AT=40", NULL};
	char *before;

	(void)state;
	rig_fresh(&rig);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	before = rig_alive(&rig, "name");
	day(1);
	rig.env = env;
	rig_muster(&rig, "run", "main", "--json");
	rig.env = NULL;
	rig_status(&rig, 100);
	rig_muster(&rig, "undo", "2", "--yes", "--json");
	rig_status(&rig, 0);
	assert_true(rig_num(rig_json(&rig), "undone") > 0);
	assert_int_equal(rig_num(rig.root, "refused"), 0);
	assert_alive(before);
	free(before);
	rig_muster(&rig, "undo", "2");
	assert_non_null(strstr(rig.out.p, "did not end"));
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
}

static void of_an_undo(void **state)
{
	const char *run;
	char *before;

	(void)state;
	run = two_days(&before);
	free(before);
	rig_muster(&rig, "undo", run, "--yes");
	rig_status(&rig, 0);
	rig_muster(&rig, "undo", run, "--yes", "--json");
	rig_status(&rig, 0);
	assert_int_equal(rig_num(rig_json(&rig), "refused"), 0);
	assert_int_equal(rig_num(rig.root, "undone"), 0);
	rig_muster(&rig, "undo", "3");
	rig_status(&rig, 1);
	rig_says(&rig, "run 3 took run 2 back");
	rig_muster(&rig, "runs");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "took run 2 back"));
	rig_muster(&rig, "runs", "3", "--json");
	assert_int_equal(rig_num(rig_json(&rig), "undo_of"), 2);
}

static void damaged_journals(void **state)
{
	struct mst_buf text = MST_BUF_INIT(64u << 20);
	struct mst_err err = MST_ERR_INIT;
	bool whole = false;
	char *path;

	(void)state;
	rig_fresh(&rig);
	(void)rig_sync(&rig, 0);
	rig_muster(&rig, "undo", "1", "--json");
	assert_true(
	    mst_json_bool(mst_json_get(rig_json(&rig), "whole"), &whole) &&
	    whole);
	path = mst_asprintf("%s/undo/1.jsonl", rig.state);
	assert_int_equal(mst_file_read(path, &text, &err), 0);
	/* its end is lost */
	t_write(path, mst_slice(text.p, text.n / 2));
	rig_muster(&rig, "undo", "1");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "is not whole"));
	/* a byte in the middle */
	*strchr(text.p, '\n') = ' ';
	t_write(path, mst_buf_slice(&text));
	rig_muster(&rig, "undo", "1");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "line 1 of its journal");
	mst_buf_fini(&text);
	free(path);
}

static void no_journal(void **state)
{
	(void)state;
	rig_fresh(&rig);
	rig_muster(&rig, "undo", "77");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_apply(&rig, NULL, NULL, "    undo_days: 0\n");
	(void)rig_sync(&rig, 0);
	rig_muster(&rig, "undo", "1");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "undo_days");
}

static int setup(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(taken_back),
	    cmocka_unit_test(first_load_taken_back),
	    cmocka_unit_test(asks_first),
	    cmocka_unit_test(others_changed_it),
	    cmocka_unit_test(a_later_run_wrote_it),
	    cmocka_unit_test(found_in_a_first_load),
	    cmocka_unit_test(of_a_run_that_died),
	    cmocka_unit_test(of_an_undo),
	    cmocka_unit_test(damaged_journals),
	    cmocka_unit_test(no_journal),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
