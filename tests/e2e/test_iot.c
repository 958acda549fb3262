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
	    cmocka_unit_test(days),
	    cmocka_unit_test(changes_alone),
	    cmocka_unit_test(fallbacks),
	    cmocka_unit_test(sensor),
	};
	int rc;

	rig_start_source(&rig, RIG_IOT, NULL);
	rig.env = env;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	rig_stop(&rig);
	return rc;
}
