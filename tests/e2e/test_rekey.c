/* SPDX-License-Identifier: Apache-2.0
 *
 * muster ot rekey: a plant that was read from its sensors is read from its
 * console. What people said of devices, CVE instances and CIs stay what they
 * are, whatever cuts the command off; what is not matched goes with --clear.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES 12

static struct rig rig;
static const char *mode = "ire";
static bool two; /* the other sensor is read, too */
static const char *second = "s2";
static const char *prefix = "";	 /* options of the first sensor */
static const char *console = ""; /* options of the console */
static const char *guard = "";	 /* options of jobs */
static const char *const env[] = {"MUSTER_TOKEN=" MST_SIM_IOT_TOKEN,
				  "MUSTER_TOKEN_1=" MST_SIM_SENSOR_TOKEN "-1",
				  "MUSTER_TOKEN_2=" MST_SIM_SENSOR_TOKEN "-2",
				  NULL};

static int begin(void **state)
{
	static const struct mst_sim_conf conf = {.devices = 1,
						 .cve_rows = 1,
						 .apps = -1,
						 .iot_devices = DEVICES,
						 .iot_alerts = -1,
						 .sensors = 2};

	(void)state;
	rig_start(&rig, &conf);
	rig.env = env;
	return 0;
}

static int finish(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

/* ---- configuration ------------------------------------------------------- */

static void add_sensor(struct mst_buf *yaml, unsigned n, const char *sync)
{
	(void)mst_buf_addf(yaml,
			   "  - name: %s\n    type: iot\n    read: sensor\n"
			   "    url: %s\n    token: env:MUSTER_TOKEN_%u\n"
			   "    sync: %s\n%s",
			   n == 1 ? "s1" : second,
			   mst_sim_sensor_url(rig.sim, n), n, sync,
			   n == 1 ? prefix : "");
}

static void add_job(struct mst_buf *yaml, const char *name, const char *source)
{
	(void)mst_buf_addf(
	    yaml, "  - name: %s\n    source: %s\n    destination: cmdb\n%s",
	    name, source, guard);
}

static void apply(const char *sensor_sync, bool with_console)
{
	struct mst_buf yaml = MST_BUF_INIT(1u << 20);

	(void)mst_buf_addf(&yaml,
			   "connections:\n"
			   "  - name: cmdb\n    type: servicenow\n    url: %s\n"
			   "    username: " MST_SIM_USER "\n"
			   "    password: env:MUSTER_SIM_PASSWORD\n"
			   "    write_mode: %s\n",
			   RIG_HOST(&rig, MST_SIM_SERVICENOW), mode);
	add_sensor(&yaml, 1, sensor_sync);
	if (two)
		add_sensor(&yaml, 2, sensor_sync);
	if (with_console)
		(void)mst_buf_addf(&yaml,
				   "  - name: c\n    type: iot\n    url: %s\n"
				   "    token: env:MUSTER_TOKEN\n%s",
				   RIG_HOST(&rig, MST_SIM_IOT), console);
	(void)mst_buf_adds(&yaml, "jobs:\n");
	add_job(&yaml, "old", "s1");
	if (two)
		add_job(&yaml, "old2", second);
	if (with_console)
		add_job(&yaml, "ot", "c");
	rig_apply_text(&rig, yaml.p);
	mst_buf_fini(&yaml);
}

/* ---- what is there ------------------------------------------------------- */

/* Columns of rows, sorted, a line each. free() it. */
static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *rows(const char *table, const char *query, const char *fields)
{
	struct mst_json list = rig_rows(&rig, table, query, fields), row, v;
	struct mst_json_iter it = mst_json_iter(list), members;
	struct mst_buf out = MST_BUF_INIT(16u << 20);
	char *lines[1000];
	size_t n = 0;

	while (mst_json_next(&it, NULL, &row)) {
		struct mst_buf line = MST_BUF_INIT(1u << 20);
		struct mst_slice key;

		members = mst_json_iter(row);
		while (mst_json_next(&members, &key, &v))
			(void)mst_buf_addf(&line, "%.*s=%.*s ",
					   MST_SLICE_ARG(key),
					   MST_SLICE_ARG(mst_json_str(v)));
		(void)mst_buf_addc(&line, '\n');
		assert_true(n < MST_LEN(lines));
		lines[n++] = mst_buf_steal(&line);
	}
	if (n)
		qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++) {
		(void)mst_buf_adds(&out, lines[i]);
		free(lines[i]);
	}
	return out.p ? mst_buf_steal(&out) : mst_strdup("");
}

/* What must be the same before and after, of all devices. */
struct kept {
	char *devices, *cves, *cis;
};

static struct kept keep(const char *source)
{
	char query[200];
	struct kept k;

	(void)snprintf(query, sizeof(query), "u_source=%s", source);
	k.devices = rows("u_muster_ot_device", query,
			 "sys_id,u_owner,u_location,u_cmdb_ci,u_state");
	(void)snprintf(query, sizeof(query), "u_source_connection=%s", source);
	k.cves = rows("u_muster_cve_instance", query,
		      "sys_id,u_cmdb_ci,u_cve,u_status,u_first_seen,"
		      "u_reopened_count");
	(void)snprintf(query, sizeof(query), "idSTARTSWITH%s/", source);
	k.cis = rows("sys_object_source", query, "target_sys_id,target_table");
	return k;
}

static void keep_free(struct kept *k)
{
	free(k->devices);
	free(k->cves);
	free(k->cis);
}

/* Everything that was one's is among the other's. */
static void is_among(const char *some, const char *all, const char *what)
{
	char *missing = rig_lines_without(some, all);

	if (*missing)
		fail_msg("%s: not there:\n%s", what, missing);
	free(missing);
}

/* As rig_fresh, without a configuration. */
static void fresh(void)
{
	rig_control(&rig, "POST", "/_sim/reset", "{}");
	rig_new_state(&rig);
}

static void people(void)
{
	struct mst_json list = rig_rows(&rig, "u_muster_ot_device",
					"u_source=s1", "sys_id"),
			row;
	struct mst_json_iter it = mst_json_iter(list);
	char ids[DEVICES][33];
	char path[64];
	size_t n = 0;

	while (n < DEVICES && mst_json_next(&it, NULL, &row))
		(void)snprintf(
		    ids[n++], sizeof(ids[0]), "%.*s",
		    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "sys_id"))));
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "/_sim/sn/rows/%.32s",
			       ids[i]);
		rig_control(
		    &rig, "PATCH", path,
		    "{\"u_owner\":\"%032zx\",\"u_location\":\"%032zx\"}", i + 1,
		    i + 101);
	}
}

/* The sensor's job has delivered, people have worked, the console is there. */
static struct kept world(void)
{
	fresh();
	apply("yes", false);
	rig_muster(&rig, "run", "old");
	rig_status(&rig, 0);
	people();
	apply("no", true);
	return keep("s1");
}

static void rekey(int want)
{
	rig_muster(&rig, "ot", "rekey", "ot", "--from", "s1", "--yes",
		   "--json");
	rig_status(&rig, want);
}

/* The console's first run takes everything up. */
static void check_after(const struct kept *was)
{
	struct kept now;

	rig_muster(&rig, "run", "ot");
	rig_status(&rig, 0);
	now = keep("c");
	is_among(was->devices, now.devices, "devices");
	is_among(was->cves, now.cves, "CVE instances");
	is_among(was->cis, now.cis, "CIs");
	assert_int_equal(rig_count(&rig, "u_muster_ot_device", "u_source=c"),
			 DEVICES);
	assert_int_equal(rig_count(&rig, "u_muster_ot_device", "u_source=s1"),
			 0);
	keep_free(&now);
}

static void check_quiet(void)
{
	rig_muster(&rig, "run", "ot", "--json");
	rig_status(&rig, 0);
	assert_int_equal(rig_num(rig_json(&rig), "writes"), 0);
}

/* ---- stories ------------------------------------------------------------- */

static void moved(void **state)
{
	struct kept was = world(), same;
	int64_t writes = rig_sn_writes(&rig);

	(void)state;
	/* A plan, and nobody to ask. */
	rig_muster(&rig, "ot", "rekey", "ot", "--from", "s1");
	rig_status(&rig, 0);
	rig_says(&rig, "--yes");
	assert_non_null(strstr(rig.out.p, "(MAC address)"));
	assert_int_equal(rig_sn_writes(&rig), writes);
	same = keep("s1");
	assert_string_equal(same.devices, was.devices);
	keep_free(&same);
	/* Who rests is not run. */
	rig_muster(&rig, "run", "old");
	rig_status(&rig, 5);
	rig_says(&rig, "set 'sync: no'");
	rekey(0);
	assert_int_equal(rig_num(rig_json(&rig), "to_write"), 0);
	assert_int_equal(rig_num(rig_json(&rig), "refused"), 0);
	check_after(&was);
	check_quiet();
	keep_free(&was);
}

/* What two sensors see is one device of the console: the first one's record
 * is it, the other one's goes with --clear. */
static void seen_twice(void **state)
{
	(void)state;
	fresh();
	rig_control(&rig, "POST", "/_sim/iot/devices",
		    "{\"devices\":[{\"id\":500,\"sensor\":1,\"second\":2,"
		    "\"name\":\"shared\",\"macs\":[\"02:00:00:00:05:00\"],"
		    "\"ips\":[\"10.9.9.9\"]}]}");
	two = true;
	apply("yes", false);
	rig_muster(&rig, "run", "old");
	rig_status(&rig, 0);
	rig_muster(&rig, "run", "old2");
	rig_status(&rig, 0);
	apply("no", true);
	rekey(0);
	rig_muster(&rig, "ot", "rekey", "ot", "--from", "s2", "--clear",
		   "--approve", "--yes");
	two = false;
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "that of another sensor"));
	rig_muster(&rig, "run", "ot");
	rig_status(&rig, 0);
	assert_int_equal(rig_count(&rig, "u_muster_ot_device", "u_source=c"),
			 DEVICES + 1);
	assert_int_equal(
	    rig_count(&rig, "u_muster_ot_device", "u_source=c^u_state=present"),
	    DEVICES + 1);
	assert_int_equal(rig_count(&rig, "u_muster_ot_device",
				   "u_source=s2^u_state=present"),
			 0);
	check_quiet();
}

/* Without native keys correlation ids lead to CIs. */
static void by_table_api(void **state)
{
	struct kept was;
	char *now;

	(void)state;
	mode = "table";
	was = world();
	free(was.cis);
	was.cis =
	    rows("cmdb_ci", "correlation_idLIKEs1/^install_status=1", "sys_id");
	assert_true(strlen(was.cis) > 0);
	rekey(0);
	assert_int_equal(rig_count(&rig, "cmdb_ci", "correlation_idLIKEs1/"),
			 0);
	now = rows("cmdb_ci", "correlation_idLIKEc/", "sys_id");
	is_among(was.cis, now, "CIs");
	free(now);
	free(was.cis);
	was.cis = mst_strdup("");
	check_after(&was);
	keep_free(&was);
	mode = "ire";
}

/* A connection whose name ends like the other one's keeps its CIs, and what
 * moves gets the console's prefix. */
static void exact_keys(void **state)
{
	char *theirs, *after;

	(void)state;
	fresh();
	mode = "table";
	two = true;
	second = "line-s1";
	prefix = "    correlation_prefix: \"a:\"\n";
	console = "    correlation_prefix: \"b:\"\n";
	apply("yes", false);
	rig_muster(&rig, "run", "old");
	rig_status(&rig, 0);
	rig_muster(&rig, "run", "old2");
	rig_status(&rig, 0);
	assert_true(
	    rig_count(&rig, "cmdb_ci", "correlation_idSTARTSWITHa:s1/") > 0);
	theirs = rows("cmdb_ci", "correlation_idLIKEline-s1/",
		      "sys_id,correlation_id");
	assert_true(strlen(theirs) > 0);
	apply("no", true);
	rekey(0);
	after = rows("cmdb_ci", "correlation_idLIKEline-s1/",
		     "sys_id,correlation_id");
	assert_string_equal(after, theirs);
	assert_int_equal(
	    rig_count(&rig, "cmdb_ci", "correlation_idSTARTSWITHa:s1/"), 0);
	assert_true(rig_count(&rig, "cmdb_ci", "correlation_idSTARTSWITHb:c/") >
		    0);
	free(theirs);
	free(after);
	mode = "ire";
	two = false;
	second = "s2";
	prefix = console = "";
}

/* A list that may lack devices says nothing of who is the only one. */
static void not_whole(void **state)
{
	struct kept was = world(), same;
	char *dir = mst_asprintf("%s/plant", rig.dir);
	char *option = mst_asprintf("    read_from: %s\n", dir);
	char *manifest = mst_asprintf("%s/manifest.json", dir);

	(void)state;
	rig_muster(&rig, "fetch", "c", "--to", dir);
	rig_status(&rig, 0);
	assert_int_equal(remove(manifest), 0);
	console = option;
	apply("no", true);
	rig_muster(&rig, "ot", "rekey", "ot", "--from", "s1", "--yes");
	assert_int_not_equal(rig.status, 0);
	rig_says(&rig, "the devices of 'c' were not read completely");
	assert_null(strstr(rig.out.p ? rig.out.p : "", "move "));
	same = keep("s1");
	assert_string_equal(same.devices, was.devices);
	keep_free(&same);
	keep_free(&was);
	console = "";
	free(manifest);
	free(option);
	free(dir);
}

/* Killed after every step, gone on with. */
static void killed(void **state)
{
	(void)state;
	for (int stop = 1;; stop++) {
		const char *more[5] = {env[0], env[1], env[2]};
		struct kept was = world();
		char at[32];
		int status;

		(void)snprintf(at, sizeof(at), "MUSTER_STOP_AT=%d", stop);
		more[3] = at;
		rig.env = more;
		rig_muster(&rig, "ot", "rekey", "ot", "--from", "s1", "--yes");
		rig.env = env;
		status = rig.status;
		assert_true(status == 100 || status == 0);
		rekey(0);
		check_after(&was);
		keep_free(&was);
		if (status == 0)
			break;
	}
}

/* RecVer of the sensor has nothing but CVE definitions, which all share. */
static void is_empty(struct mst_json sets)
{
	struct mst_json_iter it = mst_json_iter(sets);
	struct mst_slice name;
	struct mst_json set;
	size_t n = 0;

	while (mst_json_next(&it, &name, &set)) {
		n++;
		if (!mst_slice_is(name, "vulnerabilities"))
			assert_int_equal(rig_num(set, "groups"), 0);
	}
	assert_true(n > 5);
}

/* What the console does not show goes with --clear, and all that is below what
 * was moved and has no life of its own. */
static void cleared(void **state)
{
	struct kept was;

	(void)state;
	was = world();
	rig_control(&rig, "DELETE", "/_sim/iot/devices", "{\"ids\":[1,3]}");
	rig_muster(&rig, "ot", "rekey", "ot", "--from", "s1", "--clear",
		   "--approve", "--yes");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "stays  s1/"));
	assert_int_equal(rig_count(&rig, "u_muster_ot_device",
				   "u_source=s1^u_state=present"),
			 0);
	assert_int_equal(rig_count(&rig, "u_muster_ot_firmware", "u_source=s1"),
			 0);
	assert_int_equal(
	    rig_count(&rig, "u_muster_ot_connection", "u_source=s1"), 0);
	rig_muster(&rig, "recver", "stats", "old", "--json");
	is_empty(rig_json(&rig));
	rig_muster(&rig, "run", "ot");
	rig_status(&rig, 0);
	/* It may be run again: there is nothing left. */
	rig_muster(&rig, "ot", "rekey", "ot", "--from", "s1", "--clear",
		   "--yes");
	rig_status(&rig, 0);
	keep_free(&was);
}

static int64_t left(const char *table)
{
	return rig_count(&rig, table, "u_source=s1");
}

/* Connections and firmware of what was moved are nothing to ask about, though
 * it is all of them; those of what stays wait with it. */
static void guarded(void **state)
{
	struct kept was;
	char said[80];
	int64_t firmware, links;

	(void)state;
	guard = "    guard.share: 0%\n    guard.count: 0\n";
	was = world();
	firmware = left("u_muster_ot_firmware");
	links = left("u_muster_ot_connection");
	assert_true(firmware > 0 && links > 0);
	rig_control(&rig, "DELETE", "/_sim/iot/devices", "{\"ids\":[1,3]}");
	rig_muster(&rig, "ot", "rekey", "ot", "--from", "s1", "--clear",
		   "--yes");
	rig_status(&rig, 6);
	assert_non_null(strstr(rig.out.p, "takes --clear --approve"));
	assert_int_equal(left("u_muster_ot_connection"), links);
	keep_free(&was);

	was = world();
	rig_muster(&rig, "ot", "rekey", "ot", "--from", "s1", "--yes");
	rig_status(&rig, 0);
	(void)snprintf(said, sizeof(said),
		       "%lld firmware rows, %lld connections and 0 detections",
		       (long long)firmware, (long long)links);
	assert_non_null(strstr(rig.out.p, said));
	assert_non_null(strstr(rig.out.p, "stay until --clear"));
	rig_muster(&rig, "ot", "rekey", "ot", "--from", "s1", "--clear",
		   "--yes");
	rig_status(&rig, 0);
	assert_int_equal(left("u_muster_ot_firmware"), 0);
	assert_int_equal(left("u_muster_ot_connection"), 0);
	keep_free(&was);
	guard = "";
}

static void refused(void **state)
{
	(void)state;
	fresh();
	apply("no", true);
	rig_muster(&rig, "ot", "rekey", "ot", "--from", "nobody");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "no job delivers from connection 'nobody'");
	rig_muster(&rig, "ot", "rekey", "old", "--from", "s1");
	rig_status(&rig, 1);
	rig_says(&rig, "the job that reads the console is wanted");
	rig_muster(&rig, "ot", "rekey", "ot");
	rig_status(&rig, 2);
	rig_muster(&rig, "ot", "move", "ot");
	rig_status(&rig, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(moved),	    cmocka_unit_test(cleared),
	    cmocka_unit_test(refused),	    cmocka_unit_test(seen_twice),
	    cmocka_unit_test(by_table_api), cmocka_unit_test(exact_keys),
	    cmocka_unit_test(not_whole),    cmocka_unit_test(guarded),
	    cmocka_unit_test(killed),
	};

	return cmocka_run_group_tests_name("rekey", tests, begin, finish);
}
