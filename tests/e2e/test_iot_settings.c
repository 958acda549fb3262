/* SPDX-License-Identifier: Apache-2.0
 *
 * Each setting of Defender for IoT from end to end, over a small plant by hand:
 * what an instance holds with it, and when it is taken off again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/sync_rig.h"

static struct rig rig;

#define ROWS   "u_muster_ot_device"
#define HERE   "^u_state=present"
#define ALERTS "u_muster_ot_alert"

static const char devices[] =
    "{\"devices\":["
    "{\"id\":1,\"sensor\":1,\"name\":\"Filler\",\"type\":\"PLC\","
    "\"category\":\"ICS\",\"vendor\":\"SIEMENS AG\",\"ips\":[\"10.9.0.1\"],"
    "\"macs\":[\"00:1c:06:00:00:01\"],\"firmwares\":[{\"address\":"
    "\"10.9.0.1\",\"serial\":\"S-77\",\"model\":\"CPU 315\",\"version\":"
    "\"2.07\"}],\"cves\":[{\"id\":\"CVE-2020-0601\",\"score\":8.1,"
    "\"vector\":\"NETWORK\",\"description\":\"first\"}]},"
    "{\"id\":2,\"sensor\":2,\"name\":\"Store\",\"type\":\"Server\","
    "\"category\":\"IT\",\"ips\":[\"10.9.0.2\"]},"
    "{\"id\":3,\"sensor\":3,\"name\":\"Panel\",\"type\":\"HMI\","
    "\"category\":\"ICS\",\"ips\":[\"10.9.0.3\"],\"authorized\":false}]}";

static const char alerts[] =
    "{\"alerts\":["
    "{\"title\":\"New Port Discovery\",\"sensor\":1,\"source\":1},"
    "{\"title\":\"Abnormal usage of MAC Addresses\",\"sensor\":1,"
    "\"source\":1},"
    "{\"title\":\"Beckhoff Software Changed\",\"sensor\":1,\"source\":1},"
    "{\"title\":\"Unauthorized PLC Programming\",\"sensor\":1,\"source\":1},"
    "{\"title\":\"No Traffic Detected on Sensor Interface\",\"sensor\":2}]}";

static void begin(void)
{
	rig_fresh(&rig);
	rig_control(&rig, "POST", "/_sim/iot/devices", "%s", devices);
	rig_control(&rig, "POST", "/_sim/iot/alerts", "%s", alerts);
}

struct step {
	const char *lines; /* of the connection */
	const char *table, *query;
	size_t with, without; /* rows */
};

static void count_is(const struct step *s, size_t want)
{
	size_t n = rig_count(&rig, s->table, s->query);

	if (n != want)
		fail_msg("%s%s, %s: %zu, should be %zu; %s", s->lines, s->table,
			 s->query, n, want, rig.err.p);
}

/* With the setting from the first run on, then without. */
static void story(const struct step *s)
{
	begin();
	rig_apply(&rig, s->lines, NULL, NULL);
	(void)rig_sync(&rig, 0);
	count_is(s, s->with);
	rig_apply(&rig, NULL, NULL, NULL);
	(void)rig_sync(&rig, 0);
	count_is(s, s->without);
}

static void stories(const struct step *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		story(&s[i]);
	rig_quiet(&rig);
}

static void filters(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {"    filter_types: [\"P*\"]\n", ROWS, "u_source=plant" HERE, 1, 3},
	    {"    filter_types_not: [HMI]\n", ROWS, "u_source=plant" HERE, 2,
	     3},
	    {"    filter_categories: [IT]\n", ROWS, "u_source=plant" HERE, 1,
	     3},
	    {"    filter_sites: [\"Linz\"]\n", ROWS, "u_source=plant" HERE, 2,
	     3},
	    {"    filter_zones: [\"Paint*\"]\n", ROWS, "u_source=plant" HERE, 1,
	     3},
	    {"    unauthorized: skip\n", ROWS, "u_source=plant" HERE, 2, 3},
	};

	stories(steps, MST_LEN(steps));
}

/* Later the device was not active for long, or a filter leaves it out. */
static void what_goes(void **state MST_UNUSED)
{
	static const char all[] = "u_source=plant" HERE;

	begin();
	(void)rig_sync(&rig, 0);
	rig_apply(&rig, "    it_devices: no\n    filter_missing: keep\n", NULL,
		  NULL);
	(void)rig_sync(&rig, 0);
	assert_int_equal(rig_count(&rig, ROWS, all), 3);
	rig_quiet(&rig);
	rig_control(&rig, "POST", "/_sim/iot/devices",
		    "{\"devices\":[{\"id\":2,\"sensor\":2,\"name\":\"Store\","
		    "\"type\":\"Server\",\"category\":\"IT\",\"activity\":"
		    "1700000000000,\"ips\":[\"10.9.0.2\"]}]}");
	rig_apply(&rig, "    filter_not_seen_days: 5\n", NULL, NULL);
	(void)rig_sync(&rig, 0);
	assert_int_equal(rig_count(&rig, ROWS, "u_device_id=2^u_state=gone"),
			 1);
	assert_int_equal(rig_count(&rig, ROWS, all), 2);
	rig_apply(&rig, NULL, NULL, NULL);
	(void)rig_sync(&rig, 0);
	assert_int_equal(rig_count(&rig, ROWS, all), 3);
	rig_quiet(&rig);
}

static void classes(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {"    classes: [\"PLC=cmdb_ci_ot_rtu|cmdb_ci_ot\"]\n",
	     "cmdb_ci_ot_rtu", "correlation_id=plant/1", 1, 1},
	    {"    classes: [\"PLC=none\"]\n", "cmdb_ci_ot_plc",
	     "correlation_id=plant/1", 0, 1},
	    {"    class_sensor: [cmdb_ci_netgear]\n", "cmdb_ci_netgear",
	     "correlation_idSTARTSWITHplant/sensor", 3, 3},
	};

	stories(steps, MST_LEN(steps));
}

static void columns(void **state MST_UNUSED)
{
	static const char plc[] = "cmdb_ci_ot_plc";
	static const struct step steps[] = {
	    {"    name_add: ip\n", plc,
	     "correlation_id=plant/1^nameLIKE10.9.0.1", 1, 0},
	    {"    name_add: site\n", plc,
	     "correlation_id=plant/1^nameLIKEAssembly", 1, 0},
	    {"    name_add: id\n", plc, "correlation_id=plant/1^name!=Filler",
	     1, 0},
	    {"    serial_number: no\n", plc, "serial_number=S-77", 0, 1},
	    {"    serial_ignore: [\"S-*\"]\n", plc, "serial_number=S-77", 0, 1},
	    {"    cleared_columns: [u_vendor, ot_device_cis.firmware_version]"
	     "\n",
	     ROWS, "u_device_id=1^u_vendorISNOTEMPTY", 0, 1},
	    {"    correlation_prefix: \"ot-\"\n", plc,
	     "correlation_id=ot-plant/1", 1, 1},
	};

	stories(steps, MST_LEN(steps));
}

static void cves(void **state MST_UNUSED)
{
	static const char instance[] = "u_muster_cve_instance";
	static const struct step steps[] = {
	    {"    min_cvss: 9\n", instance, "u_status=unresolved", 0, 1},
	    {"    no_score: drop\n", instance, "u_status=unresolved", 1, 1},
	};

	stories(steps, MST_LEN(steps));
}

/* What is said of a CVE changes. */
static size_t said_anew(const char *lines)
{
	begin();
	rig_apply(&rig, lines, NULL, NULL);
	(void)rig_sync(&rig, 0);
	rig_control(&rig, "POST", "/_sim/iot/cves",
		    "{\"devices\":[{\"device\":1,\"cves\":[{\"id\":"
		    "\"CVE-2020-0601\",\"score\":8.1,\"vector\":\"NETWORK\","
		    "\"description\":\"second\"}]}]}");
	(void)rig_sync(&rig, 0);
	rig_quiet(&rig);
	return rig_count(&rig, "u_muster_cve", "u_description=second");
}

static void definitions(void **state MST_UNUSED)
{
	assert_int_equal(said_anew("    full_read: 0s\n"), 0);
	assert_int_equal(
	    said_anew("    full_read: 0s\n    cve_definitions: update\n"), 1);
}

static void what_alerts(void **state MST_UNUSED)
{
	static const char all[] = "u_source=plant";
	static const struct step steps[] = {
	    {"    alert_severity: warning\n", ALERTS, all, 5, 5},
	    {"    alert_severity: minor\n", ALERTS, all, 4, 5},
	    {"    alert_severity: major\n", ALERTS, all, 3, 5},
	    {"    alert_severity: critical\n", ALERTS, all, 2, 5},
	    {"    alert_engines: [operational]\n", ALERTS, all, 1, 5},
	    {"    alert_system: no\n", ALERTS, all, 4, 5},
	};

	stories(steps, MST_LEN(steps));
}

int main(void)
{
	static const struct mst_sim_conf conf = {.devices = 1,
						 .cve_rows = 1,
						 .apps = -1,
						 .iot_devices = -1,
						 .iot_alerts = -1,
						 .sensors = 3};
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(filters),	   cmocka_unit_test(what_goes),
	    cmocka_unit_test(classes),	   cmocka_unit_test(columns),
	    cmocka_unit_test(cves),	   cmocka_unit_test(definitions),
	    cmocka_unit_test(what_alerts),
	};
	int rc;

	rig_start_source(&rig, RIG_IOT, &conf);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	rig_stop(&rig);
	return rc;
}
