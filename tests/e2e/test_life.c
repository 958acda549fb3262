/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens to a job in its life: it is interrupted, not let in, started
 * twice, short of disk, given other options and a second destination; devices
 * come back.
 */
#include "tests/lib/sync_rig.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/lib/pki.h"

static struct rig rig;

static void day(int n)
{
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}", n);
}

static void latency(int ms)
{
	rig_control(&rig, "POST", "/_sim/switches", "{\"latency_ms\":%d}", ms);
}

static void pause_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

/* ---- interrupted --------------------------------------------------------- */

/* Waits until the instance has more rows of muster's than before. */
static void await_writes(int64_t before)
{
	while (rig_sn_writes(&rig) == before)
		pause_ms(5);
}

/* Waits until the instance has answered: the program has its lock, and hears
 * signals, before it asks anybody anything. */
static void await_request(int64_t before)
{
	while (rig_sn_requests(&rig) == before)
		pause_ms(5);
}

static void interrupted(void **state)
{
	static const char *const words[] = {"run", "main", "--json", NULL};
	int64_t before;
	pid_t pid;

	(void)state;
	rig_fresh(&rig);
	latency(30);
	before = rig_sn_writes(&rig);
	pid = rig_spawn(&rig, words);
	await_writes(before);
	(void)kill(pid, SIGINT);
	(void)rig_wait(&rig, pid);
	latency(0);
	rig_status(&rig, 130);
	rig_one_error(&rig);
	rig_says(&rig, "cancelled");
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
}

static void interrupted_while_reading(void **state)
{
	static const char *const words[] = {"run", "main", "--json", NULL};
	int64_t writes, before;
	pid_t pid;

	(void)state;
	rig_fresh(&rig);
	writes = rig_sn_writes(&rig);
	before = rig_sn_requests(&rig);
	latency(400);
	pid = rig_spawn(&rig, words);
	await_request(before);
	(void)kill(pid, SIGTERM);
	(void)rig_wait(&rig, pid);
	latency(0);
	rig_status(&rig, 130);
	assert_int_equal(rig_sn_writes(&rig), writes);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
}

static void one_run_at_a_time(void **state)
{
	static const char *const words[] = {"run", "main", "--json", NULL};
	int64_t before;
	pid_t pid;

	(void)state;
	rig_fresh(&rig);
	before = rig_sn_requests(&rig);
	latency(100);
	pid = rig_spawn(&rig, words);
	await_request(before);
	{
		/* its own output files are in use */
		char *dir = rig.dir;

		rig.dir = mst_asprintf("%s/second", dir);
		(void)mkdir(rig.dir, 0700);
		rig_muster(&rig, "run", "main");
		rig_status(&rig, 5);
		rig_one_error(&rig);
		free(rig.dir);
		rig.dir = dir;
	}
	(void)rig_wait(&rig, pid);
	latency(0);
	rig_status(&rig, 0);
	rig_verify(&rig);
}

/* ---- not let in ---------------------------------------------------------- */

static void wrong_secret(void **state)
{
	static const char *const bad[][2] = {
	    {"MUSTER_SIM_SECRET=wrong", NULL},
	    {"MUSTER_SIM_PASSWORD=wrong", NULL}};
	int64_t writes;

	(void)state;
	rig_fresh(&rig);
	writes = rig_sn_writes(&rig);
	for (size_t i = 0; i < MST_LEN(bad); i++) {
		rig.env = bad[i];
		rig_muster(&rig, "run", "main");
		rig.env = NULL;
		rig_status(&rig, 4);
		rig_one_error(&rig);
		assert_null(strstr(rig.err.p, "=wrong"));
	}
	assert_int_equal(rig_sn_writes(&rig), writes);
}

static void revoked_permission(void **state)
{
	int64_t writes;

	(void)state;
	rig_fresh(&rig);
	writes = rig_sn_writes(&rig);
	rig_control(&rig, "POST", "/_sim/app",
		    "{\"mde\":[\"Machine.Read.All\",\"Software.Read.All\"]}");
	rig_muster(&rig, "run", "main");
	rig_status(&rig, 4);
	rig_says(&rig, "Vulnerability.Read.All");
	assert_int_equal(rig_sn_writes(&rig), writes);
	rig_control(&rig, "DELETE", "/_sim/app", "%s", "");
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
}

static void role_missing(void **state)
{
	(void)state;
	rig_fresh(&rig);
	rig_control(&rig, "POST", "/_sim/sn/roles",
		    "{\"user\":\"" MST_SIM_USER "\",\"roles\":[\"itil\"]}");
	rig_muster(&rig, "run", "main");
	assert_true(rig.status == 4 || rig.status == 1);
	rig_one_error(&rig);
	rig_control(&rig, "POST", "/_sim/sn/roles",
		    "{\"user\":\"" MST_SIM_USER
		    "\",\"roles\":[\"itil\",\"asset\"]}");
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
}

static void by_certificate(void **state)
{
	struct t_pki pki = t_pki_make("rsa2048", "muster", -60, 86400, NULL);
	char *cert = mst_asprintf("%s/app.pem", rig.dir);
	char *key = mst_asprintf("%s/app.key", rig.dir);
	char *yaml;
	struct mst_buf body = MST_BUF_INIT(1u << 20);
	struct mst_buf pem = MST_BUF_INIT(1u << 16);

	(void)state;
	rig_fresh(&rig);
	t_write(cert, mst_slice_str(pki.cert));
	t_write(key, mst_slice_str(pki.key));
	for (const char *p = pki.cert; *p; p++)
		(void)(*p == '\n' ? mst_buf_adds(&pem, "\\n")
				  : mst_buf_addc(&pem, *p));
	(void)mst_buf_addc(&pem, '\0');
	rig_control(&rig, "POST", "/_sim/app",
		    "{\"pem\":\"%s\",\"secret_expired\":true}", pem.p);
	rig_muster(&rig, "run", "main");
	rig_status(&rig, 4);
	yaml = mst_asprintf("connections:\n"
			    "  - name: defender\n"
			    "    type: endpoint\n"
			    "    tenant_id: %s\n"
			    "    client_id: %s\n"
			    "    certificate: %s\n"
			    "    certificate_key: %s\n"
			    "    api_url: %s\n"
			    "    login_url: %s\n"
			    "    graph_url: %s\n"
			    "    hardware: true\n",
			    MST_SIM_TENANT, MST_SIM_CLIENT, cert, key,
			    RIG_HOST(&rig, MST_SIM_API),
			    RIG_HOST(&rig, MST_SIM_LOGIN),
			    RIG_HOST(&rig, MST_SIM_GRAPH));
	rig_apply_text(&rig, yaml);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	rig_control(&rig, "DELETE", "/_sim/app", "%s", "");
	free(yaml);
	free(cert);
	free(key);
	mst_buf_fini(&body);
	mst_buf_fini(&pem);
	t_pki_free(&pki);
}

/* ---- short of disk ------------------------------------------------------- */

static void no_room(void **state)
{
	int64_t writes;

	(void)state;
	rig_fresh(&rig);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	writes = rig_sn_writes(&rig);
	day(1);
	rig.file_max = 8192;
	rig_muster(&rig, "run", "main");
	rig.file_max = 0;
	assert_int_not_equal(rig.status, 0);
	assert_true(rig.status < 128);
	rig_one_error(&rig);
	assert_int_equal(rig_sn_writes(&rig), writes);
	rig_apply(&rig, NULL, NULL, "    spool_max: 2KiB\n");
	rig_muster(&rig, "run", "main");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "spool_max");
	assert_int_equal(rig_sn_writes(&rig), writes);
	rig_apply(&rig, NULL, NULL, NULL);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
}

/* ---- other options ------------------------------------------------------- */

static void asset_management_table(void **state)
{
	struct mst_json rows;

	(void)state;
	rig_fresh(&rig);
	rig_apply(&rig, "    software_table: cmdb_sam_sw_install\n", NULL,
		  NULL);
	(void)rig_sync(&rig, 0);
	assert_int_equal(rig_count(&rig, "cmdb_software_instance", ""), 0);
	rows = rig_rows(&rig, "cmdb_sam_sw_install", "",
			"display_name,version,installed_on,prod_id");
	assert_true(mst_json_len(rows) > 50);
	rig_quiet(&rig);
	day(1);
	(void)rig_sync(&rig, 0);
	rig_quiet(&rig);
}

static void by_pages(void **state)
{
	(void)state;
	rig_fresh(&rig);
	rig_apply(&rig, "    read_method: json\n    page_size: 17\n", NULL,
		  NULL);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
	/* the same by files is the same */
	rig_apply(&rig, "    read_method: files\n", NULL, NULL);
	rig_quiet(&rig);
	day(1);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
}

static void by_oauth(void **state)
{
	(void)state;
	rig_fresh(&rig);
	rig_apply(&rig, NULL, NULL, NULL);
	{
		char *yaml =
		    mst_asprintf("connections:\n"
				 "  - name: cmdb\n"
				 "    type: servicenow\n"
				 "    url: %s\n"
				 "    auth: password\n"
				 "    username: %s\n"
				 "    password: env:MUSTER_SIM_PASSWORD\n"
				 "    client_id: %s\n"
				 "    client_secret: env:MUSTER_SN_SECRET\n",
				 RIG_HOST(&rig, MST_SIM_SERVICENOW),
				 MST_SIM_USER, MST_SIM_SN_CLIENT);

		rig_apply_text(&rig, yaml);
		free(yaml);
	}
	rig.env =
	    (const char *const[]){"MUSTER_SN_SECRET=" MST_SIM_SN_SECRET, NULL};
	(void)rig_sync(&rig, 0);
	rig.env = NULL;
	rig_verify(&rig);
}

static void two_destinations(void **state)
{
	struct rig other;
	char *yaml;

	(void)state;
	rig_fresh(&rig);
	rig_start(&other, NULL);
	(void)rig_sync(&rig, 0);
	yaml = mst_asprintf("connections:\n"
			    "  - name: second\n"
			    "    type: servicenow\n"
			    "    url: %s\n"
			    "    auth: basic\n"
			    "    username: %s\n"
			    "    password: env:MUSTER_SIM_PASSWORD\n"
			    "jobs:\n"
			    "  - name: other\n"
			    "    source: defender\n"
			    "    destination: second\n"
			    "    source_limits: no\n",
			    RIG_HOST(&other, MST_SIM_SERVICENOW), MST_SIM_USER);
	rig_apply_text(&rig, yaml);
	rig_muster(&rig, "run", "other", "--json");
	rig_status(&rig, 0);
	rig_verify(&rig);
	rig_verify(&other);
	rig_quiet(&rig);
	rig_muster(&rig, "run", "other", "--json");
	assert_int_equal(rig_num(rig_json(&rig), "writes"), 0);
	free(yaml);
	rig_stop(&other);
}

/* ---- coming back --------------------------------------------------------- */

static void days_pass(void **state)
{
	int64_t reopened = 0;

	(void)state;
	rig_fresh(&rig);
	for (int d = 0; d <= 5; d++) {
		if (d)
			day(d);
		if (d)
			rig_control(&rig, "POST", "/_sim/sn/users",
				    "{\"seed\":%d}", d);
		(void)rig_sync(&rig, 0);
		reopened += rig_num(
		    rig.root, "record_sets.device_vulnerabilities.reopened");
		rig_verify(&rig);
		rig_quiet(&rig);
	}
	assert_true(reopened > 0);
	assert_true(
	    rig_count(&rig, "u_muster_cve_instance", "u_reopened_count=1") > 0);
}

/* ---- installed anew ------------------------------------------------------ */

#define OLD_ID "000000000000000000000000000000000000001d"
#define NEW_ID "00000000000000000000000000000000000000e1"
#define SOFTWARE(name, version)                                                \
	"{\"vendor\":\"acme\",\"name\":\"" name "\",\"version\":\"" version    \
	"\",\"cves\":[\"CVE-2024-43491\"]}"

/* Name and sys_id of what is installed on the device, a line each. free() it.
 */
static char *installed(void)
{
	struct mst_json rows =
	    rig_rows(&rig, "cmdb_software_instance",
		     "installed_on.name=PC-ANEW^ORDERBYname", "name,sys_id");
	struct mst_json_iter it = mst_json_iter(rows);
	struct mst_buf out = MST_BUF_INIT(1u << 16);
	struct mst_json row;

	while (mst_json_next(&it, NULL, &row))
		(void)mst_buf_addf(
		    &out, "%.*s %.*s\n",
		    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "name"))),
		    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "sys_id"))));
	(void)mst_buf_addc(&out, '\0');
	return mst_buf_steal(&out);
}

/* Every line of a is one of b's. */
static void all_in(const char *a, const char *b)
{
	char *lost = rig_lines_without(a, b);

	if (*lost)
		fail_msg("these are not there any more: %s", lost);
	free(lost);
}

static void old_device(void)
{
	rig_fresh(&rig);
	rig_control(&rig, "POST", "/_sim/devices",
		    "{\"devices\":[{\"id\":\"" OLD_ID "\",\"name\":\"PC-ANEW\","
		    "\"first_seen\":\"2024-01-01T00:00:00Z\",\"software\":"
		    "[" SOFTWARE("both", "1") "," SOFTWARE("old", "2") "]}]}");
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
}

/* Installed anew: another id, the same name, so the same CI; some software is
 * as it was. */
static void new_device(void)
{
	rig_control(&rig, "POST", "/_sim/devices",
		    "{\"devices\":[{\"id\":\"" NEW_ID "\",\"name\":\"PC-ANEW\","
		    "\"first_seen\":\"2024-11-01T00:00:00Z\",\"software\":"
		    "[" SOFTWARE("both", "1") "," SOFTWARE("new", "3") "]}]}");
}

/* Whatever the old id leaves behind later: the new one keeps what it found. */
static void old_device_goes(const char *option)
{
	char *held = installed(), *left;

	assert_non_null(strstr(held, "both 1"));
	assert_non_null(strstr(held, "old 2"));
	assert_non_null(strstr(held, "new 3"));
	rig_muster(&rig, "run", "main", "--json", option);
	rig_status(&rig, 0);
	rig_verify(&rig);
	left = installed();
	all_in(left, held);
	assert_non_null(strstr(left, "both 1"));
	assert_null(strstr(left, "old 2"));
	rig_quiet(&rig);
	free(held);
	free(left);
}

/* The guard does not let the old device go at once. */
static void guarded_while_installed_anew(void **state)
{
	(void)state;
	old_device();
	rig_control(&rig, "DELETE", "/_sim/devices",
		    "{\"ids\":[\"" OLD_ID "\"]}");
	new_device();
	rig_apply(&rig, NULL, NULL,
		  "    guard:\n      share: 0%\n      count: 0\n");
	(void)rig_sync(&rig, 6);
	(void)rig_sync(&rig, 6);
	old_device_goes("--approve");
}

/* Only the new device is delivered at first. */
static void alone_installed_anew(void **state)
{
	(void)state;
	old_device();
	new_device();
	rig_muster(&rig, "run", "main", "--json", "--device", NEW_ID);
	rig_status(&rig, 0);
	old_device_goes(NULL);
}

/* It was renamed before: the new id is not found by the name that its record
 * has there, and gets another one. The old record does not stay for ever. */
static void renamed_and_installed_anew(void **state)
{
	static const char both[] =
	    "{\"devices\":[{\"id\":\"" OLD_ID "\",\"name\":\"PC-OTHER\","
	    "\"first_seen\":\"2024-01-01T00:00:00Z\",\"health\":\"Inactive\"},"
	    "{\"id\":\"" NEW_ID "\",\"name\":\"PC-OTHER\","
	    "\"first_seen\":\"2024-11-01T00:00:00Z\"}]}";

	(void)state;
	old_device();
	rig_control(&rig, "POST", "/_sim/devices", "%s", both);
	/* A part of the devices takes nothing away. */
	for (int i = 0; i < 2; i++) {
		rig_muster(&rig, "run", "main", "--json", "--device", NEW_ID);
		rig_status(&rig, 0);
	}
	assert_int_equal(rig_count(&rig, "cmdb_ci_computer",
				   "name=PC-ANEW^install_status=1"),
			 1);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	assert_int_equal(rig_count(&rig, "cmdb_ci_computer",
				   "name=PC-OTHER^install_status=1"),
			 1);
	assert_int_equal(rig_count(&rig, "cmdb_ci_computer",
				   "name=PC-ANEW^install_status=7"),
			 1);
	rig_quiet(&rig);
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
	    cmocka_unit_test(interrupted),
	    cmocka_unit_test(interrupted_while_reading),
	    cmocka_unit_test(one_run_at_a_time),
	    cmocka_unit_test(wrong_secret),
	    cmocka_unit_test(revoked_permission),
	    cmocka_unit_test(role_missing),
	    cmocka_unit_test(by_certificate),
	    cmocka_unit_test(no_room),
	    cmocka_unit_test(asset_management_table),
	    cmocka_unit_test(by_pages),
	    cmocka_unit_test(by_oauth),
	    cmocka_unit_test(two_destinations),
	    cmocka_unit_test(days_pass),
	    cmocka_unit_test(guarded_while_installed_anew),
	    cmocka_unit_test(alone_installed_anew),
	    cmocka_unit_test(renamed_and_installed_anew),
	};

	return cmocka_run_group_tests_name("life", tests, set_up, tear_down);
}
