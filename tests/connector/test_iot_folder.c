/* SPDX-License-Identifier: Apache-2.0
 *
 * What a file in a folder holds, the public response bodies among them.
 */
#include "iot_drive.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

#define NO    MST_FILE_OTHER
#define SPOIL MST_FILE_SPOILT

static struct mst_spoilt sp;

static void is(const char *rel, const char *json, int want)
{
	char *text = mst_strdup(json);
	int got;

	for (char *p = text; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	got = OPS->classify(rel, mst_slice_str(text), &sp);
	free(text);
	if (got != want)
		fail_msg("%s %s: %d, not %d", rel, json, got, want);
}

static void test_members(void **state MST_UNUSED)
{
	is("x.json", "{'u_count':3,'u_devices':[{'u_id':1}]}", OT_DEVICES);
	is("x.json", "{'u_connections':[]}", OT_CONNECTIONS);
	is("x.json", "{'u_count':0,'u_device_cves':[]}", OT_DEVICE_CVES);
	is("x.ndjson", "{'u_id':1,'u_device_type':{'u_name':'PLC'}}\n{",
	   OT_DEVICES);
	is("x.json", "[{'u_id':1,'u_cves':[]}]", OT_DEVICE_CVES);
	is("x.json", "[{'u_src_device_id':1,'u_dest_device_id':2}]",
	   OT_CONNECTIONS);
	is("x.json", "[{'U_Id':1,'U_Connection_State':'SYNCED'}]", OT_SENSORS);
	is("x.json", "[{'id':1,'interfaceAddress':'a','isActivated':true}]",
	   OT_APPLIANCES);
	is("x.json", "[{'firstDeviceId':1,'secondDeviceId':2}]",
	   OT_CONNECTIONS);
	is("x.json", "[{'cveId':'CVE-1','ipAddress':'10.0.0.1'}]",
	   OT_DEVICE_CVES);
	is("x.json", "[{'id':1,'title':'t','severity':'Major','message':''}]",
	   OT_ALERTS);
	is("x.json",
	   "[{'id':1,'type':'PLC','macAddresses':null,'authorized':true}]",
	   OT_DEVICES);
	/* of a console it only has what v3 lacks */
	is("x.json",
	   "[{'id':1,'type':'PLC','macAddresses':null,'authorized':true,"
	   "'scanner':false,'sensorId':1}]",
	   OT_DEVICE_FLAGS);
	is("x.json", "[{'u_id':7},{'u_id':8}]", OT_DELETED_DEVICES);
	is("notes.json", "{'a':1}", NO);
	is("readme.txt", "hello", NO);
	/* devices of something else */
	is("x.json", "[{'id':'a','computerDnsName':'b'}]", NO);
}

static void test_names_of_empty(void **state MST_UNUSED)
{
	is("sensors/page-00001.json", "[]", OT_SENSORS);
	is("appliances/l1.json", "[]", OT_APPLIANCES);
	is("deleted_devices/l1.json", "[]", OT_DELETED_DEVICES);
	is("devices/l1.json", "[]", OT_DEVICES);
	is("device_flags/l2.json", "[]", OT_DEVICE_FLAGS);
	is("connections/l1.json", "[]", OT_CONNECTIONS);
	is("device_cves/l1.json", "[]", OT_DEVICE_CVES);
	is("alerts/l9.json", "[]", OT_ALERTS);
	is("x.json", "[]", NO);
	is("manifest.json", "{'manifest':2}", NO);
}

static void test_spoilt(void **state MST_UNUSED)
{
	is("devices/l1.json", "{'error':'Operation failed'}", SPOIL);
	assert_int_equal(sp.feed, OT_DEVICES);
	assert_false(sp.damaged);
	is("devices/l1.json", "<html>", SPOIL);
	assert_true(sp.damaged);
	is("devices/l1.json", "[{'a':1}]", SPOIL);
	assert_non_null(strstr(sp.what, "other records"));
	is("events/l1.json", "[{'title':'t','severity':'INFO','content':''}]",
	   NO);
}

static void test_samples(void **state MST_UNUSED)
{
	static const struct {
		const char *file;
		int feed;
	} all[] = {
	    {"om-integration-v3-connections.json", OT_CONNECTIONS},
	    {"om-integration-v3-deleteddevices.json", OT_DELETED_DEVICES},
	    {"om-integration-v3-device.json", OT_DEVICES},
	    {"om-integration-v3-devicecves.json", OT_DEVICE_CVES},
	    {"om-integration-v3-sensors.json", OT_SENSORS},
	    {"om-v1-appliances.json", OT_APPLIANCES},
	    {"om-v1-devices.json", OT_DEVICE_FLAGS},
	    {"sensor-v1-alerts.json", OT_ALERTS},
	    {"sensor-v1-devices-connections.json", OT_CONNECTIONS},
	    {"sensor-v1-devices-cves.json", OT_DEVICE_CVES},
	    {"sensor-v1-events.json", NO},
	    {"sensor-v1-reports-vulnerabilities-devices.json", NO},
	    {"sensor-v1-reports-vulnerabilities-mitigation.json", NO},
	    {"sensor-v1-reports-vulnerabilities-operational.json", NO},
	    {"sensor-v1-reports-vulnerabilities-security.json", NO},
	    {"om-v1-maintenanceWindow-post-request.json", NO},
	    {"om-v2-alerts-pcap-ok.json", NO},
	    {"auth-validation-response-ok.json", NO},
	    {"alert-types.tsv", NO},
	    {"README.md", NO},
	};

	if (!t_samples())
		skip();
	for (size_t i = 0; i < MST_LEN(all); i++) {
		char *path =
		    mst_asprintf("%s/iot/%s", t_samples(), all[i].file);
		struct mst_buf text = MST_BUF_INIT(1u << 20);
		struct mst_err err = MST_ERR_INIT;
		int got;

		t_ok(mst_file_read(path, &text, &err), &err);
		got = OPS->classify(all[i].file, mst_buf_slice(&text), &sp);
		if (got != all[i].feed)
			fail_msg("%s: %d, not %d", all[i].file, got,
				 all[i].feed);
		mst_buf_fini(&text);
		free(path);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_names_of_empty),
	    cmocka_unit_test(test_spoilt),
	    cmocka_unit_test(test_samples),
	};

	return cmocka_run_group_tests_name("iot-folder", tests, NULL, NULL);
}
