/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking before and after: plan, runs of a part, the guard, check, explain,
 * RecVer's reset, a source that was saved to a folder.
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

/* A day passes, and this device is not there any more. */
static void day_without(int n, const char *id)
{
	rig_control(&rig, "DELETE", "/_sim/devices", "{\"ids\":[\"%s\"]}", id);
	day(n);
}

static void loaded(void)
{
	rig_fresh(&rig);
	(void)rig_sync(&rig, 0);
	rig_control(&rig, "POST", "/_sim/synced", "{}");
}

/* ---- plan ---------------------------------------------------------------- */

static int64_t planned(struct mst_json plan)
{
	static const char *const what[] = {"insert", "update", "missing"};
	struct mst_json_iter it = mst_json_iter(mst_json_get(plan, "counts"));
	struct mst_json v;
	int64_t n = 0;

	while (mst_json_next(&it, NULL, &v)) {
		for (size_t i = 0; i < MST_LEN(what); i++)
			n += rig_num(v, what[i]);
	}
	return n;
}

/* The plan's changes of one set and action. */
static int64_t changes(struct mst_json plan, const char *set,
		       const char *action)
{
	struct mst_json_iter it = mst_json_iter(mst_json_get(plan, "changes"));
	struct mst_json v;
	int64_t n = 0;

	while (mst_json_next(&it, NULL, &v))
		n += mst_json_is_str(mst_json_get(v, "record_set"), set) &&
		     mst_json_is_str(mst_json_get(v, "action"), action);
	return n;
}

static void plan_is_what_run_writes(void **state)
{
	char *file = mst_asprintf("%s/day1.plan", rig.dir);
	int64_t n, closes, inserts, retires, writes;

	(void)state;
	loaded();
	day(1);
	writes = rig_sn_writes(&rig);
	rig_muster(&rig, "plan", "main", "--out", file, "--json");
	rig_status(&rig, 7);
	assert_int_equal(rig_sn_writes(&rig), writes);
	n = planned(rig_json(&rig));
	assert_int_equal(mst_json_len(mst_json_get(rig.root, "changes")), n);
	closes = changes(rig.root, "device_vulnerabilities", "close");
	inserts = changes(rig.root, "device_vulnerabilities", "insert");
	retires = changes(rig.root, "devices", "retire");
	assert_true(closes > 0 && inserts > 0 && retires > 0);

	rig_muster(&rig, "run", "main", "--plan", file, "--json");
	rig_status(&rig, 0);
	(void)rig_json(&rig);
	assert_int_equal(
	    rig_num(rig.root, "record_sets.device_vulnerabilities.closed"),
	    closes);
	assert_int_equal(
	    rig_num(rig.root, "record_sets.device_vulnerabilities.new") +
		rig_num(rig.root,
			"record_sets.device_vulnerabilities.reopened"),
	    inserts);
	assert_int_equal(rig_num(rig.root, "record_sets.devices.retired"),
			 retires);
	rig_verify(&rig);
	rig_muster(&rig, "plan", "main", "--json");
	rig_status(&rig, 0);
	free(file);
}

static void plan_is_refused_when_the_source_moved_on(void **state)
{
	char *file = mst_asprintf("%s/day0.plan", rig.dir);
	int64_t writes;

	(void)state;
	rig_fresh(&rig);
	rig_muster(&rig, "plan", "main", "--out", file);
	rig_status(&rig, 7);
	day(1);
	writes = rig_sn_writes(&rig);
	rig_muster(&rig, "run", "main", "--plan", file);
	rig_status(&rig, 5);
	rig_one_error(&rig);
	rig_says(&rig, "moved on");
	assert_int_equal(rig_sn_writes(&rig), writes);
	free(file);
}

/* ---- parts --------------------------------------------------------------- */

static void id_of_a_device(char id[64])
{
	struct mst_json rows =
	    rig_rows(&rig, "cmdb_ci_computer",
		     "sys_created_by=" MST_SIM_USER "^install_status=1",
		     "correlation_id");
	struct mst_json_iter it = mst_json_iter(rows);
	struct mst_json row;

	assert_true(mst_json_next(&it, NULL, &row));
	(void)snprintf(
	    id, 64, "%.*s",
	    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "correlation_id"))));
}

static void no_loss(const char *before, const char *what)
{
	char *is = rig_alive(&rig, "correlation_id");
	char *lost = rig_lines_without(before, is);

	if (*lost)
		fail_msg("%s took away:\n%s", what, lost);
	free(is);
	free(lost);
}

static void parts_mark_nothing_missing(void **state)
{
	char *before;
	char id[64];

	(void)state;
	loaded();
	id_of_a_device(id);
	before = rig_alive(&rig, "correlation_id");
	rig_muster(&rig, "run", "main", "--device", id, "--full", "--json");
	rig_status(&rig, 0);
	/* it is gone: it is not retired for being asked for */
	day_without(1, id);
	rig_muster(&rig, "run", "main", "--device", id);
	rig_status(&rig, 1);
	rig_says(&rig, "delivers no record");
	rig_muster(&rig, "run", "main", "--limit", "1", "--json");
	rig_status(&rig, 0);
	no_loss(before, "--device or --limit");
	rig_muster(&rig, "run", "main", "--limit", "1", "--device", "nobody");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "no record 'nobody'");
	no_loss(before, "--device nobody");
	rig_muster(&rig, "run", "main", "--record-set", "device", "--json");
	rig_status(&rig, 1);
	rig_says(&rig, "did you mean 'devices'?");
	rig_muster(&rig, "run", "main", "--record-set", "devices", "--json");
	rig_status(&rig, 0);
	assert_true(mst_json_type(mst_json_get(
			mst_json_get(rig_json(&rig), "record_sets"),
			"device_vulnerabilities")) == MST_JSON_NULL);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
	free(before);
}

static void a_device_by_name(void **state)
{
	(void)state;
	rig_fresh(&rig);
	rig_muster(&rig, "run", "main", "--device", "no-such-device", "--json");
	rig_status(&rig, 1);
	rig_says(&rig, "muster explain main no-such-device");
	assert_int_equal(rig_count(&rig, "u_muster_cve_instance", ""), 0);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
}

static void without_vulnerabilities(void **state)
{
	(void)state;
	rig_fresh(&rig);
	rig_apply(&rig, NULL, NULL,
		  "    record_sets: [devices, software_installs]\n");
	(void)rig_sync(&rig, 0);
	assert_int_equal(rig_count(&rig, "u_muster_cve", ""), 0);
	assert_int_equal(rig_count(&rig, "u_muster_cve_instance", ""), 0);
	assert_true(rig_count(&rig, "cmdb_software_instance", "") > 0);
	rig_quiet(&rig);
	rig_apply(&rig, NULL, NULL, NULL);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
}

/* ---- the guard ----------------------------------------------------------- */

static void guard_waits_for_approval(void **state)
{
	char *before;

	(void)state;
	loaded();
	rig_apply(&rig, NULL, NULL,
		  "    guard:\n      share: 0%\n      count: 0\n");
	before = rig_alive(&rig, "correlation_id");
	day(1);
	(void)rig_sync(&rig, 6);
	rig_says(&rig, "--approve");
	no_loss(before, "a run that the guard held");
	(void)rig_sync(&rig, 6);
	no_loss(before, "a second run that the guard held");
	rig_muster(&rig, "run", "main", "--approve", "--json");
	rig_status(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
	free(before);
}

/* ---- check and explain --------------------------------------------------- */

static void sys_id_of(const char *table, const char *query, char id[40],
		      const char *column, char *value, size_t n)
{
	char *fields = mst_asprintf("sys_id,%s", column);
	struct mst_json_iter it =
	    mst_json_iter(rig_rows(&rig, table, query, fields));
	struct mst_json row;

	assert_true(mst_json_next(&it, NULL, &row));
	(void)snprintf(
	    id, 40, "%.*s",
	    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "sys_id"))));
	(void)snprintf(value, n, "%.*s",
		       MST_SLICE_ARG(mst_json_str(mst_json_get(row, column))));
	free(fields);
}

static void check_finds_what_others_did(void **state)
{
	char changed[40], deleted[40], path[80], key[80];

	(void)state;
	loaded();
	rig_muster(&rig, "check", "main", "--json");
	rig_status(&rig, 0);
	sys_id_of("cmdb_ci_computer", "sys_created_by=" MST_SIM_USER, changed,
		  "name", key, sizeof(key));
	(void)snprintf(path, sizeof(path), "/_sim/sn/rows/%s", changed);
	rig_control(&rig, "PATCH", path, "{\"os_version\":\"by hand\"}");
	sys_id_of("u_muster_cve_instance", "", deleted, "u_key", key,
		  sizeof(key));
	(void)snprintf(path, sizeof(path), "/_sim/sn/rows/%s", deleted);
	rig_control(&rig, "DELETE", path, "%s", "");
	rig_muster(&rig, "check", "main", "--json");
	rig_status(&rig, 7);
	(void)rig_json(&rig);
	assert_int_equal(rig_num(rig.root, "deleted"), 1);
	assert_int_equal(rig_num(rig.root, "changed"), 1);
	assert_non_null(strstr(rig.out.p, "by hand"));
	assert_non_null(strstr(rig.out.p, key));
	/* a full run puts both right */
	rig_muster(&rig, "run", "main", "--full", "--json");
	rig_status(&rig, 0);
	rig_muster(&rig, "check", "main", "--json");
	rig_status(&rig, 0);
	rig_quiet(&rig);
}

static void explain_says_why(void **state)
{
	char id[40], cve[80];

	(void)state;
	loaded();
	sys_id_of("u_muster_cve", "", id, "u_cve_id", cve, sizeof(cve));
	rig_muster(&rig, "explain", "main", cve);
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "endpoint."));
	assert_non_null(strstr(rig.out.p, "in run 1"));
	assert_non_null(strstr(rig.out.p, "request "));
	assert_non_null(strstr(rig.out.p, id));
	rig_muster(&rig, "explain", "main", "no-such-key");
	assert_int_not_equal(rig.status, 0);
	rig_one_error(&rig);
	rig_muster(&rig, "explain", "main", cve, "--record-set",
		   "vulnerability");
	rig_status(&rig, 1);
	rig_says(&rig, "did you mean 'vulnerabilities'?");
}

/* A device that the source shows no longer. */
static void explain_of_what_is_gone(void **state)
{
	char id[64];

	(void)state;
	loaded();
	id_of_a_device(id);
	day_without(1, id);
	rig_muster(&rig, "explain", "main", id);
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "source record: none"));
	assert_non_null(strstr(rig.out.p, "last write: insert in run 1"));
	assert_non_null(strstr(rig.out.p, "next run: retire: "));
	rig_muster(&rig, "explain", "main", id, "--json");
	rig_status(&rig, 0);
	(void)rig_json(&rig);
	assert_non_null(strstr(rig.out.p, "\"shown\":false"));
}

static void reset_adopts(void **state)
{
	size_t cis, rows;

	(void)state;
	loaded();
	cis = rig_count(&rig, "cmdb_ci_computer", "");
	rows = rig_count(&rig, "u_muster_cve_instance", "");
	rig_muster(&rig, "recver", "reset", "main", "--yes");
	rig_status(&rig, 0);
	(void)rig_sync(&rig, 0);
	assert_int_equal(rig_count(&rig, "cmdb_ci_computer", ""), cis);
	assert_int_equal(rig_count(&rig, "u_muster_cve_instance", ""), rows);
	rig_verify(&rig);
	rig_quiet(&rig);
	day(1);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
}

/* ---- a folder ------------------------------------------------------------ */

static void from_a_folder(void **state)
{
	char *dir = mst_asprintf("%s/saved", rig.dir);
	char *option = mst_asprintf("    read_from: %s\n", dir);
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	rig_fresh(&rig);
	rig_muster(&rig, "fetch", "defender", "--to", dir);
	rig_status(&rig, 0);
	rig_apply(&rig, option, NULL, NULL);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
	t_ok(mst_dir_remove(dir, &err), &err);
	day(1);
	rig_apply(&rig, NULL, NULL, NULL);
	rig_muster(&rig, "fetch", "defender", "--to", dir);
	rig_status(&rig, 0);
	rig_apply(&rig, option, NULL, NULL);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	free(option);
	free(dir);
}

static int set_up(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plan_is_what_run_writes),
	    cmocka_unit_test(plan_is_refused_when_the_source_moved_on),
	    cmocka_unit_test(parts_mark_nothing_missing),
	    cmocka_unit_test(a_device_by_name),
	    cmocka_unit_test(without_vulnerabilities),
	    cmocka_unit_test(guard_waits_for_approval),
	    cmocka_unit_test(check_finds_what_others_did),
	    cmocka_unit_test(explain_says_why),
	    cmocka_unit_test(explain_of_what_is_gone),
	    cmocka_unit_test(reset_adopts),
	    cmocka_unit_test(from_a_folder),
	};

	return cmocka_run_group_tests_name("plan", tests, set_up, tear_down);
}
