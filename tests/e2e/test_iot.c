/* SPDX-License-Identifier: Apache-2.0
 *
 * Defender for IoT from end to end: what a console and a sensor show becomes
 * what the second reading of the rules says, day after day; a further run
 * writes nothing; an instance without the classes of OT has the fallbacks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify.h"
#include "tests/lib/sync_rig.h"

static struct rig rig;

static void begin(void)
{
	rig_fresh(&rig);
}

static void sync_and_verify(void)
{
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
}

/* ---- a console ----------------------------------------------------------- */

static void days(void **state MST_UNUSED)
{
	begin();
	for (int day = 0; day < 5; day++) {
		if (day > 0) {
			rig_control(&rig, "POST", "/_sim/time",
				    "{\"advance\":86400}");
			rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}",
				    day);
		}
		/* what lost its last CVE shows only when all is read */
		rig_apply(&rig, "    full_read: 0s\n", NULL, NULL);
		sync_and_verify();
	}
}

static void changes_alone(void **state MST_UNUSED)
{
	begin();
	sync_and_verify();
	rig_control(&rig, "POST", "/_sim/time", "{\"advance\":3600}");
	rig_control(&rig, "POST", "/_sim/iot/devices",
		    "{\"devices\":[{\"id\":7001,\"name\":\"new one\","
		    "\"type\":\"HMI\",\"category\":\"ICS\",\"ips\":"
		    "[\"10.77.0.1\"],\"macs\":[\"00:1c:06:77:00:01\"]}]}");
	sync_and_verify();
	/* connections of what is deleted are gone without a sign */
	rig_control(&rig, "DELETE", "/_sim/iot/devices", "{\"ids\":[5,6]}");
	(void)rig_sync(&rig, 0);
	rig_quiet(&rig);
}

#define TWIN(id, name, first)                                                  \
	"{\"id\":" id ",\"name\":\"" name                                      \
	"\",\"type\":\"PLC\",\"category\":\"ICS\",\"ips\":[\"10.78.0." id      \
	"\"],\"first\":" first "}"

/* Names that repeat: one CI, and a row of each. */
static void twins(void **state MST_UNUSED)
{
	static const char name[] = "name=Filler^sys_class_name=cmdb_ci_ot_plc"
				   "^install_status=1";

	begin();
	rig_control(
	    &rig, "POST", "/_sim/iot/devices",
	    "{\"devices\":[" TWIN("201", "Filler", "1700000000000") "," TWIN(
		"202", "filler", "1700000060000") "]}");
	sync_and_verify();
	assert_int_equal(rig_count(&rig, "cmdb_ci_ot_plc",
				   "correlation_id=plant/202^install_status=1"),
			 1);
	assert_int_equal(
	    rig_count(&rig, "cmdb_ci_ot_plc", "correlation_id=plant/201"), 0);
	assert_int_equal(rig_count(&rig, "u_muster_ot_device",
				   "u_device_idIN201,202^u_state=present"),
			 2);
	/* the other one takes its place when it goes */
	rig_control(&rig, "DELETE", "/_sim/iot/devices", "{\"ids\":[202]}");
	rig_apply(&rig, "    full_read: 0s\n", NULL, NULL);
	sync_and_verify();
	assert_int_equal(rig_count(&rig, "cmdb_ci_ot_plc", name), 1);
	assert_int_equal(
	    rig_count(&rig, "u_muster_ot_device",
		      "u_device_id=201^u_cmdb_ciISNOTEMPTY^u_state=present"),
	    1);
	rig_quiet(&rig);
}

/* ---- an instance without the classes of OT ------------------------------- */

static void fallbacks(void **state MST_UNUSED)
{
	begin();
	rig_control(&rig, "POST", "/_sim/sn/classes", "{\"ot\":false}");
	sync_and_verify();
	assert_int_equal(rig_count(&rig, "cmdb_ci_hardware",
				   "sys_class_name=cmdb_ci_hardware"
				   "^correlation_idSTARTSWITHplant/sensor"),
			 4);
	rig_control(&rig, "POST", "/_sim/sn/classes", "{\"ot\":true}");
	sync_and_verify();
}

/* ---- settings, and looking at it ----------------------------------------- */

#define ROWS "u_muster_ot_device"

static void settings(void **state MST_UNUSED)
{
	size_t it;

	begin();
	(void)rig_sync(&rig, 0);
	it = rig_count(&rig, ROWS, "u_category=IT");
	assert_true(it > 0);
	rig_apply(&rig, "    it_devices: no\n    min_cvss: 7\n", NULL, NULL);
	(void)rig_sync(&rig, 0);
	assert_int_equal(rig_count(&rig, ROWS, "u_category=IT^u_state=gone"),
			 it);
	assert_int_equal(rig_count(&rig, ROWS, "u_category!=IT^u_state=gone"),
			 0);
	assert_int_equal(
	    rig_count(&rig, "cmdb_ci_computer",
		      "correlation_idSTARTSWITHplant/^install_status=1"),
	    0);
	rig_quiet(&rig);
	/* all of it comes back as it was */
	rig_apply(&rig, NULL, NULL, NULL);
	(void)rig_sync(&rig, 0);
	assert_int_equal(rig_count(&rig, ROWS, "u_state=gone"), 0);
	assert_int_equal(rig_count(&rig, ROWS, "u_goneISNOTEMPTY"), 0);
	assert_true(rig_count(&rig, "u_muster_cve_instance",
			      "u_status=unresolved^u_reopened_count=1") > 0);
	assert_int_equal(rig_count(&rig, "u_muster_cve_instance",
				   "u_status=resolved_confirmed"),
			 0);
	rig_quiet(&rig);
}

static void has(const char *part)
{
	if (!strstr(rig.out.p, part))
		fail_msg("no \"%s\" in: %.2000s", part, rig.out.p);
}

static void looks(void **state MST_UNUSED)
{
	static const char rules[] =
	    "settings:\n  - connection: plant\n    environment: test\n"
	    "    name_add:\n      override: true\n      value: id\n";
	char *file = mst_asprintf("%s/rules.yaml", rig.dir);

	begin();
	(void)rig_sync(&rig, 0);
	(void)rig_muster(&rig, "explain", "main", "plant/5");
	rig_status(&rig, 0);
	has("ot_device_cis plant/5");
	has("iot.name");
	(void)rig_muster(&rig, "check", "main");
	rig_status(&rig, 0);
	has("0 deleted, 0 changed by others");
	(void)rig_muster(&rig, "rules", "plant");
	rig_status(&rig, 0);
	has("iot.class");
	t_write(file, mst_slice_str(rules));
	(void)rig_muster(&rig, "rules", "test", "plant", file);
	rig_status(&rig, 0);
	has("DCS Controller #1 (1)");
	has("[iot.name]");
	has("ot_adapters: 0 of ");
	(void)rig_muster(&rig, "report", "coverage", "main");
	rig_status(&rig, 0);
	has("CIs of OT devices");
	has("In Defender, not in the CMDB: 0");
	(void)rig_muster(&rig, "report", "cve", "main");
	rig_status(&rig, 0);
	has("unresolved");
	free(file);
}

/* ---- a sensor ------------------------------------------------------------ */

static void sensor(void **state MST_UNUSED)
{
	char *yaml;

	begin();
	rig_control(&rig, "POST", "/_sim/truth", "{\"iot\":{\"sensor\":1}}");
	yaml = mst_asprintf(
	    "connections:\n  - name: plant\n    type: iot\n    read: sensor\n"
	    "    url: %s\n    token: env:SENSOR_TOKEN\n",
	    mst_sim_sensor_url(rig.sim, 1));
	rig_apply_text(&rig, yaml);
	free(yaml);
	sync_and_verify();
	rig_control(&rig, "POST", "/_sim/truth", "{\"iot\":{\"sensor\":0}}");
}

int main(void)
{
	static const char *const env[] = {
	    "SENSOR_TOKEN=" MST_SIM_SENSOR_TOKEN "-1", NULL};
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(days),	cmocka_unit_test(changes_alone),
	    cmocka_unit_test(twins),	cmocka_unit_test(fallbacks),
	    cmocka_unit_test(settings), cmocka_unit_test(looks),
	    cmocka_unit_test(sensor),
	};
	int rc;

	rig_start_source(&rig, RIG_IOT, NULL);
	rig.env = env;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	rig_stop(&rig);
	return rc;
}
