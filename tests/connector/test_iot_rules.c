/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of records by default: sensors, devices with all their columns,
 * what hangs on them, CVEs and alerts; of a console and of a sensor; each
 * contradiction of the documents.
 */
#include "iot_drive.h"

#include <stdio.h>
#include <stdlib.h>

#include "alert/form.h"
#include "forward/act_application.h"

static struct ruled r;

static int open_rules(void **state)
{
	ruled_open(&r);
	return t_log_watch(state);
}

static int open_sensor(void **state)
{
	ruled_open_with(&r, "read: sensor\nurl: https://10.1.1.1:8443/\n");
	return t_log_watch(state);
}

static int close_rules(void **state)
{
	ruled_close(&r);
	return t_log_check(state);
}

static void keeps(unsigned feed, const char *json, const char *set,
		  enum mst_keep want, const char *why)
{
	struct mst_slice said = {NULL, 0};

	ruled_record(&r, feed, json);
	assert_int_equal(ruled_keep(&r, set, &said), want);
	if (why)
		t_is(said, why);
}

static void applies(unsigned feed, const char *json, const char *set)
{
	ruled_record(&r, feed, json);
	ruled_apply(&r, set);
}

static struct mst_slice rank_of(const char *json)
{
	struct mst_slice identity, rank;

	ruled_record(&r, OT_DEVICES, json);
	assert_true(mst_rules_identity(
	    r.rules, ruled_mapping(&r, "ot_device_cis"), &identity, &rank));
	return mst_arena_dup(&r.arena, rank);
}

static struct mst_slice identity_of(const char *json)
{
	struct mst_slice identity, rank;

	ruled_record(&r, OT_DEVICES, json);
	assert_true(mst_rules_identity(
	    r.rules, ruled_mapping(&r, "ot_device_cis"), &identity, &rank));
	return mst_arena_dup(&r.arena, identity);
}

/* ---- sensors ------------------------------------------------------------- */

#define SENSOR                                                                 \
	"{'u_id':1,'u_name':'north','u_interface_address':"                    \
	"'https://10.2.3.4:443/x','u_connection_state':'SYNCED',"              \
	"'u_version':'22.2.5.7-r-2121448','u_alert_count':3,"                  \
	"'u_device_count':40,'u_unhandled_alert_count':'2',"                   \
	"'u_is_activated':true,'u_data_intelligence_version':'May 26, 2022',"  \
	"'u_remote_upgrade_stage':'','u_uid':'c2f8-01','u_zone_id':null,"      \
	"'u_is_in_learning_mode':false,'site':'Linz','zone':'Paint shop',"     \
	"'upgradeStage':'UPLOADING'}"

static void test_sensor(void **state MST_UNUSED)
{
	applies(OT_SENSORS, SENSOR, "ot_sensor_cis");
	t_is(r.d.key, "defender/sensor/1");
	t_is(r.d.table, "cmdb_ci_nids");
	ruled_is(&r, "name", "north");
	ruled_is(&r, "ip_address", "10.2.3.4");
	ruled_is(&r, "fqdn", NULL);
	ruled_is(&r, "firmware_version", "22.2.5.7-r-2121448");
	ruled_is(&r, "connection_state", "SYNCED");
	ruled_is(&r, "correlation_id", "defender/sensor/1");
	ruled_is(&r, "discovery_source", "muster");
	ruled_is(&r, "install_status", "1");
	ruled_is(&r, "operational_status", "1");
	applies(OT_SENSORS, SENSOR, "ot_sensors");
	t_is(r.d.key, "defender/sensor/1");
	ruled_is(&r, "u_key", "defender/sensor/1");
	ruled_is(&r, "u_source", "defender");
	ruled_is(&r, "u_name", "north");
	ruled_is(&r, "u_appliance_id", "1");
	ruled_is(&r, "u_uid", "c2f8-01");
	ruled_is(&r, "u_interface_address", "https://10.2.3.4:443/x");
	ruled_is(&r, "u_version", "22.2.5.7-r-2121448");
	ruled_is(&r, "u_connection_state", "SYNCED");
	ruled_is(&r, "u_alert_count", "3");
	ruled_is(&r, "u_device_count", "40");
	ruled_is(&r, "u_unhandled_alert_count", "2");
	ruled_is(&r, "u_is_activated", "true");
	ruled_is(&r, "u_is_in_learning_mode", "false");
	ruled_is(&r, "u_data_intelligence_version", "May 26, 2022");
	ruled_is(&r, "u_remote_upgrade_stage", "UPLOADING");
	ruled_is(&r, "u_site", "Linz");
	ruled_is(&r, "u_zone", "Paint shop");
	ruled_is(&r, "u_cmdb_ci", "defender/sensor/1");
	ruled_is(&r, "u_state", "present");
	ruled_is(&r, "u_gone", NULL);
}

static void test_sensor_without(void **state MST_UNUSED)
{
	keeps(OT_SENSORS, "{'u_name':'x'}", "ot_sensors", MST_SKIP,
	      "sensor without an id");
	keeps(OT_SENSORS, "{'u_id':0}", "ot_sensors", MST_SKIP, NULL);
	/* v2's sentence where v3 has no word */
	applies(OT_SENSORS,
		"{'id':'7','interfaceAddress':'https://Sensor7.ot.example/',"
		"'connectionState':'Connection is successful'}",
		"ot_sensor_cis");
	ruled_is(&r, "name", "7");
	ruled_is(&r, "ip_address", NULL);
	ruled_is(&r, "fqdn", "sensor7.ot.example");
	ruled_is(&r, "connection_state", "Connection is successful");
	/* another class has no such columns */
	r.lacks = "cmdb_ci_nids";
	applies(OT_SENSORS, SENSOR, "ot_sensor_cis");
	t_is(r.d.table, "cmdb_ci_hardware");
	ruled_is(&r, "firmware_version", NULL);
	ruled_is(&r, "connection_state", NULL);
	r.lacks = "cmdb_ci_*";
	keeps(OT_SENSORS, SENSOR, "ot_sensor_cis", MST_SKIP,
	      "the destination has no class of class_sensor");
	keeps(OT_SENSORS, SENSOR, "ot_sensors", MST_KEEP, NULL);
}

static void test_appliance_texts(void **state MST_UNUSED)
{
	struct mst_buf out = MST_BUF_INIT(1024);

	ruled_record(&r, OT_APPLIANCES,
		     "{'id':1,'state':{'id':1,'connectionState':{'id':1,"
		     "'description':'Connection is successful'}},"
		     "'upgradeStatus':{'stage':'UPLOADING'}}");
	ot_make_state(r.v, &out);
	t_is(mst_buf_slice(&out), "Connection is successful");
	mst_buf_reset(&out);
	ot_make_stage(r.v, &out);
	t_is(mst_buf_slice(&out), "UPLOADING");
	mst_buf_reset(&out);
	/* the table's word, and nothing */
	ruled_record(&r, OT_APPLIANCES,
		     "{'id':1,'state':{'connectionState':'SYNCED'},"
		     "'upgradeStatus':null}");
	ot_make_state(r.v, &out);
	t_is(mst_buf_slice(&out), "SYNCED");
	mst_buf_reset(&out);
	ot_make_stage(r.v, &out);
	assert_int_equal(out.n, 0);
	ruled_record(&r, OT_APPLIANCES, "{'id':1,'state':'x'}");
	ot_make_state(r.v, &out);
	assert_int_equal(out.n, 0);
	mst_buf_fini(&out);
}

static void test_self(void **state MST_UNUSED)
{
	applies(OT_DEVICES, "{'id':5,'name':'x'}", "ot_sensor_cis");
	t_is(r.d.key, "defender/sensor");
	ruled_is(&r, "name", "defender");
	ruled_is(&r, "ip_address", "10.1.1.1");
	ruled_is(&r, "correlation_id", "defender/sensor");
	applies(OT_DEVICES, "{'id':5,'name':'x'}", "ot_sensors");
	ruled_is(&r, "u_key", "defender/sensor");
	ruled_is(&r, "u_name", "defender");
	ruled_is(&r, "u_interface_address", "https://10.1.1.1:8443");
	ruled_is(&r, "u_cmdb_ci", "defender/sensor");
	applies(OT_DEVICES, "{'id':5,'name':'x'}", "ot_detections");
	t_is(r.d.group, "defender/5");
	t_is(r.d.key, "defender/sensor");
	ruled_is(&r, "parent", "defender/sensor");
	ruled_is(&r, "child", "defender/5");
	ruled_is(&r, "type", "Detects::Detected by");
}

/* ---- devices ------------------------------------------------------------- */

#define DEVICE                                                                 \
	"{'u_id':12,'u_name':' Filler 3 ','u_vendor':'SIEMENS AG',"            \
	"'u_operating_system':'','u_appliance':'Management console (CM)',"     \
	"'u_site':'Linz','u_zone':'Paint shop','u_groups':['b','a','b'],"      \
	"'u_first_discovered':1664781014000,"                                  \
	"'u_last_activity':1664781600123,'u_last_update':1664781601000,"       \
	"'u_device_type':{'u_name':'PLC','u_category':'ICS',"                  \
	"'u_purdue_layer':'Process Control'},'u_purdue_layer':'N/A',"          \
	"'u_ip_address_objects':[{'u_ip_address':'10.2.0.10',"                 \
	"'u_guessed_mac_addresses':[{'u_mac_address':'AA-BB-CC-00-00-09'},"    \
	"{'u_mac_address':'00:1c:06:00:00:02'}]},"                             \
	"{'u_ip_address':'FD00:0:0::1','u_guessed_mac_addresses':[]},"         \
	"{'u_ip_address':'10.2.0.9','u_guessed_mac_addresses':[]}],"           \
	"'u_mac_address_objects':[{'u_mac_address':'00:1C:06:00:00:02'},"      \
	"{'u_mac_address':'00:1c:06:00:00:01'}],"                              \
	"'u_protocol_objects':[{'u_protocol':'MODBUS'},"                       \
	"{'u_protocol':'DNP3'}],'u_vlans':[{'u_vlan':'10'},{'u_vlan':'9'}],"   \
	"'u_sensor_ids':[{'u_sensor_id':2},{'u_sensor_id':'3'}],"              \
	"'u_cm_device_url':'https://om/#/devices=12',"                         \
	"'u_device_urls':[{'u_device_url':'https://s2/#/1'}],"                 \
	"'authorized':true,'scanner':false,'engineeringStation':false,"        \
	"'sensorName1':'south','sensorName2':'north',"                         \
	"'u_firmwares':[{'u_address':'10.2.0.10','u_module_address':'b',"      \
	"'u_serial':'S2','u_model':'CP 343','u_version':'1.1'},"               \
	"{'u_address':'10.2.0.10','u_module_address':'a','u_serial':'S1',"     \
	"'u_model':'CPU 315','u_version':'2.07'},"                             \
	"{'u_address':'10.9.9.9','u_module_address':'0','u_serial':'S0',"      \
	"'u_model':'other','u_version':'9'}]}"

static void test_device_ci(void **state MST_UNUSED)
{
	applies(OT_DEVICES, DEVICE, "ot_device_cis");
	t_is(r.d.key, "defender/12");
	t_is(r.d.table, "cmdb_ci_ot_plc");
	ruled_is(&r, "name", "Filler 3");
	ruled_is(&r, "os", NULL);
	ruled_is(&r, "ip_address", "10.2.0.9");
	ruled_is(&r, "mac_address", "00:1c:06:00:00:01");
	ruled_is(&r, "manufacturer", "SIEMENS AG");
	ruled_is(&r, "model_id", "CPU 315");
	ruled_is(&r, "serial_number", "S1");
	ruled_is(&r, "firmware_version", "2.07");
	ruled_is(&r, "first_discovered", "2022-10-03 07:10:14");
	ruled_is(&r, "last_discovered", "2022-10-03 07:20:00");
	ruled_is(&r, "correlation_id", "defender/12");
	ruled_is(&r, "discovery_source", "muster");
	ruled_is(&r, "install_status", "1");
	ruled_is(&r, "operational_status", "1");
}

static void test_device_row(void **state MST_UNUSED)
{
	applies(OT_DEVICES, DEVICE, "ot_devices");
	t_is(r.d.key, "defender/12");
	ruled_is(&r, "u_key", "defender/12");
	ruled_is(&r, "u_source", "defender");
	ruled_is(&r, "u_name", "Filler 3");
	ruled_is(&r, "u_device_id", "12");
	ruled_is(&r, "u_appliance", "defender/sensor/2");
	ruled_is(&r, "u_appliance_names", "north, south");
	ruled_is(&r, "u_device_type", "PLC");
	ruled_is(&r, "u_category", "ICS");
	ruled_is(&r, "u_purdue_layer", "Process Control");
	ruled_is(&r, "u_vendor", "SIEMENS AG");
	ruled_is(&r, "u_operating_system", NULL);
	ruled_is(&r, "u_ip_address", "10.2.0.9");
	ruled_is(&r, "u_ip_addresses", "10.2.0.9, 10.2.0.10, fd00::1");
	ruled_is(&r, "u_mac_address", "00:1c:06:00:00:01");
	ruled_is(&r, "u_mac_addresses", "00:1c:06:00:00:01, 00:1c:06:00:00:02");
	ruled_is(&r, "u_guessed_mac_addresses", "aa:bb:cc:00:00:09");
	ruled_is(&r, "u_vlans", "9, 10");
	ruled_is(&r, "u_protocols", "DNP3, MODBUS");
	ruled_is(&r, "u_groups", "a, b");
	ruled_is(&r, "u_site", "Linz");
	ruled_is(&r, "u_zone", "Paint shop");
	ruled_is(&r, "u_authorized", "true");
	ruled_is(&r, "u_scanner", "false");
	ruled_is(&r, "u_engineering_station", "false");
	ruled_is(&r, "u_first_discovered", "2022-10-03 07:10:14");
	ruled_is(&r, "u_last_activity", "2022-10-03 07:20:00");
	ruled_is(&r, "u_last_update", "2022-10-03 07:20:01");
	ruled_is(&r, "u_device_url", "https://om/#/devices=12");
	ruled_is(&r, "u_cmdb_ci", "defender/12");
	ruled_is(&r, "u_state", "present");
	ruled_is(&r, "u_gone", NULL);
}

/* v1 of a sensor: texts, null, "N/A" and numbers for texts. */
static void test_device_of_sensor(void **state MST_UNUSED)
{
	applies(OT_DEVICES,
		"{'id':3,'name':'','vendor':null,'operatingSystem':null,"
		"'type':'Server','ipAddresses':['10.1.0.3','0.0.0.0'],"
		"'macAddresses':null,'engineeringStation':false,"
		"'scanner':true,'authorized':false,'protocols':["
		"{'id':60,'name':'SMB','addresses':['Master']},"
		"{'id':61,'name':'HTTP','ipAddresses':[]}],"
		"'firmware':[{'address':'N/A','moduleAddress':'N/A','serial':"
		"'N/A','model':'R 640','firmwareVersion':20.55,'rack':'N/A',"
		"'slot':'N/A'}],'hasDynamicAddress':true}",
		"ot_devices");
	t_is(r.d.key, "defender/3");
	ruled_is(&r, "u_name", "10.1.0.3");
	ruled_is(&r, "u_appliance", "defender/sensor");
	ruled_is(&r, "u_appliance_names", "defender");
	ruled_is(&r, "u_device_type", "Server");
	ruled_is(&r, "u_category", "IT");
	ruled_is(&r, "u_purdue_layer", "Site Operations");
	ruled_is(&r, "u_vendor", NULL);
	ruled_is(&r, "u_operating_system", NULL);
	ruled_is(&r, "u_ip_addresses", "10.1.0.3");
	ruled_is(&r, "u_mac_address", NULL);
	ruled_is(&r, "u_guessed_mac_addresses", NULL);
	ruled_is(&r, "u_protocols", "HTTP, SMB");
	ruled_is(&r, "u_vlans", NULL);
	ruled_is(&r, "u_authorized", "false");
	ruled_is(&r, "u_scanner", "true");
	ruled_is(&r, "u_first_discovered", NULL);
	ruled_is(&r, "u_device_url", NULL);
	applies(OT_DEVICES,
		"{'id':3,'name':'srv','vendor':'DELL INC.','type':'server',"
		"'operatingSystem':'Windows Server 2016',"
		"'firmware':[{'address':'N/A','model':'R 640',"
		"'firmwareVersion':'20.55'}]}",
		"ot_device_cis");
	t_is(r.d.table, "cmdb_ci_server");
	ruled_is(&r, "os", "Windows Server 2016");
	ruled_is(&r, "model_id", "R 640");
	ruled_is(&r, "firmware_version", NULL); /* no such column there */
	/* hostname and MAC may be all that there is, or nothing at all */
	applies(OT_DEVICES, "{'id':4,'macAddresses':['001C06-000001']}",
		"ot_devices");
	ruled_is(&r, "u_name", "00:1c:06:00:00:01");
	applies(OT_DEVICES, "{'id':4}", "ot_devices");
	ruled_is(&r, "u_name", "Device 4");
}

static void test_devices_left_out(void **state MST_UNUSED)
{
	keeps(OT_DEVICES, "{'u_name':'x'}", "ot_devices", MST_SKIP,
	      "device without an id");
	keeps(OT_DEVICES, "{'u_id':0,'u_name':'x'}", "ot_devices", MST_SKIP,
	      NULL);
	keeps(OT_DEVICES,
	      "{'u_id':1,'u_device_type':{'u_name':'Multicast/Broadcast'}}",
	      "ot_device_cis", MST_DROP,
	      "devices of its type are no CIs (classes)");
	keeps(OT_DEVICES, "{'u_id':1,'u_device_type':{'u_name':'internet'}}",
	      "ot_device_cis", MST_DROP, NULL);
	applies(OT_DEVICES, "{'u_id':1,'u_device_type':{'u_name':'Group'}}",
		"ot_devices");
	ruled_is(&r, "u_cmdb_ci", NULL);
	ruled_is(&r, "u_category", NULL);
}

static void class_is(const char *type, const char *lacks, const char *want)
{
	char json[256];

	(void)snprintf(
	    json, sizeof(json),
	    "{'u_id':1,'u_name':'x','u_device_type':{'u_name':'%s'}}", type);
	r.lacks = lacks;
	applies(OT_DEVICES, json, "ot_device_cis");
	t_is(r.d.table, want);
}

static void test_classes(void **state MST_UNUSED)
{
	class_is("PLC", NULL, "cmdb_ci_ot_plc");
	class_is("plc", "cmdb_ci_ot_plc", "cmdb_ci_ot");
	class_is("PLC", "cmdb_ci_ot*", "cmdb_ci_hardware");
	class_is("Switch", NULL, "cmdb_ci_ip_switch");
	class_is("Switch", "cmdb_ci_ip_*", "cmdb_ci_netgear");
	class_is("IP Camera", NULL, "cmdb_ci_ip_camera");
	class_is("Printer", "cmdb_ci_ot*", "cmdb_ci_printer");
	class_is("Workstation", NULL, "cmdb_ci_computer");
	class_is("Quantum Loom", NULL, "cmdb_ci_ot");
	class_is("", "cmdb_ci_ot*", "cmdb_ci_hardware");
	r.lacks = "cmdb_ci_*";
	keeps(OT_DEVICES, "{'u_id':1,'u_device_type':{'u_name':'PLC'}}",
	      "ot_device_cis", MST_SKIP,
	      "the destination has no class 'cmdb_ci_hardware'");
}

/* The search is by halves. */
static void test_class_map(void **state MST_UNUSED)
{
	for (size_t i = 0; i < ot_types_n; i++) {
		const struct ot_type *t = &ot_types[i];

		assert_ptr_equal(ot_type_find(mst_slice_str(t->name)), t);
		assert_true(t->level <= 5);
		for (size_t k = 0; t->classes[k]; k++)
			assert_true(ms_is_table(t->classes[k]));
	}
	assert_ptr_equal(ot_type_find(mst_slice_str("no such type")),
			 &ot_types[0]);
}

static void test_names(void **state MST_UNUSED)
{
	struct mst_slice a, b;

	a = identity_of("{'u_id':1,'u_name':'Pump',"
			"'u_device_type':{'u_name':'PLC'}}");
	b = identity_of("{'u_id':2,'u_name':'PUMP',"
			"'u_device_type':{'u_name':'PLC'}}");
	assert_true(mst_slice_eq(a, b));
	b = identity_of("{'u_id':2,'u_name':'Pump',"
			"'u_device_type':{'u_name':'HMI'}}");
	assert_false(mst_slice_eq(a, b));
	/* the one that was discovered last, then the greater id */
	assert_true(
	    mst_slice_cmp(rank_of("{'u_id':1,'u_name':'x',"
				  "'u_first_discovered':1664781014001}"),
			  rank_of("{'u_id':9,'u_name':'x',"
				  "'u_first_discovered':1664781014000}")) > 0);
	assert_true(mst_slice_cmp(rank_of("{'u_id':10,'u_name':'x'}"),
				  rank_of("{'u_id':9,'u_name':'x'}")) > 0);
}

static void level_is(const char *own, const char *type, const char *layer,
		     const char *want_layer, const char *want_level)
{
	char json[320];

	(void)snprintf(json, sizeof(json),
		       "{'u_id':1,'u_name':'x','u_purdue_layer':'%s',"
		       "'u_device_type':{'u_name':'%s','u_category':'ICS',"
		       "'u_purdue_layer':'%s'}}",
		       own, type, layer);
	applies(OT_DEVICES, json, "ot_devices");
	ruled_is(&r, "u_purdue_layer", want_layer);
	applies(OT_DEVICES, json, "ot_entities");
	ruled_is(&r, "purdue_level", want_level);
}

static void test_levels(void **state MST_UNUSED)
{
	level_is("N/A", "PLC", "Process Control", "Process Control", "1");
	level_is("N/A", "Servo Drive", "Process Control", "Process Control",
		 "0");
	level_is("Supervisory", "PLC", "Process Control", "Supervisory", "2");
	level_is("N/A", "Historian", "", "Site Operations", "3");
	level_is("enterprise", "PLC", "", "enterprise", "4");
	level_is("Own layer", "PLC", "", "Own layer", "1");
}

static void test_entity(void **state MST_UNUSED)
{
	applies(OT_DEVICES, DEVICE, "ot_entities");
	t_is(r.d.key, "defender/12");
	t_is(r.d.group, "defender/12");
	ruled_is(&r, "ot_correlation_id", "defender/12");
	ruled_is(&r, "cmdb_ci", "defender/12");
	ruled_is(&r, "purdue_level", "1");
	ruled_is(&r, "zone", "Paint shop");
	ruled_is(&r, "isa_entity_site", "Linz");
	ruled_is(&r, "ot_asset_type", "PLC");
	keeps(OT_DEVICES,
	      "{'u_id':1,'u_device_type':{'u_name':'Server',"
	      "'u_category':'IT'}}",
	      "ot_entities", MST_DROP, "it is no OT device");
	r.lacks = "cmdb_ot_entity";
	keeps(OT_DEVICES, DEVICE, "ot_entities", MST_DROP,
	      "the destination has no cmdb_ot_entity");
}

/* ---- addresses ----------------------------------------------------------- */

static void test_odd_addresses(void **state MST_UNUSED)
{
	applies(OT_DEVICES,
		"{'u_id':1,'u_ip_address_objects':["
		"{'u_ip_address':'127.0.0.1'},{'u_ip_address':'224.0.0.5'},"
		"{'u_ip_address':'::1'},{'u_ip_address':'ff02::1'},"
		"{'u_ip_address':'N/A'},{'u_ip_address':'host'},"
		"{'u_ip_address':'255.255.255.255'}],"
		"'u_mac_address_objects':[{'u_mac_address':'N/A'},"
		"{'u_mac_address':'00:00:00:00:00:00'},"
		"{'u_mac_address':'ff:ff:ff:ff:ff:ff'},"
		"{'u_mac_address':'01:00:5e:00:00:01'},"
		"{'u_mac_address':'00:1c:06:00:00'},{'u_mac_address':''}]}",
		"ot_devices");
	ruled_is(&r, "u_name", "Device 1");
	ruled_is(&r, "u_ip_address", NULL);
	ruled_is(&r, "u_ip_addresses", NULL);
	ruled_is(&r, "u_mac_addresses", NULL);
	/* the table's name of the list, elements that are texts, sure ones */
	applies(OT_DEVICES,
		"{'u_id':1,'u_ip_address_objects':[{'u_ip_address':'10.0.0.1',"
		"'u_guessed_mac_address':['00:1c:06:00:00:07',"
		"'00:1c:06:00:00:08']}],'u_mac_address_objects':"
		"['00-1C-06-00-00-08']}",
		"ot_devices");
	ruled_is(&r, "u_guessed_mac_addresses", "00:1c:06:00:00:07");
	ruled_is(&r, "u_mac_address", "00:1c:06:00:00:08");
}

static void test_adapters(void **state MST_UNUSED)
{
	applies(OT_ADAPTERS,
		"{'u_id':12,'u_mac_address':'00:1C:06:00:00:02',"
		"'u_ip_address_objects':[{'u_ip_address':'10.0.0.1'}],"
		"'u_mac_address_objects':[{'u_mac_address':"
		"'00:1C:06:00:00:02'}]}",
		"ot_adapters");
	t_is(r.d.group, "defender/12");
	t_is(r.d.key, "defender/12/00:1c:06:00:00:02");
	ruled_is(&r, "name", "00:1c:06:00:00:02");
	ruled_is(&r, "mac_address", "00:1c:06:00:00:02");
	ruled_is(&r, "ip_address", "10.0.0.1");
	ruled_is(&r, "cmdb_ci", "defender/12");
	ruled_is(&r, "correlation_id", "defender/12/00:1c:06:00:00:02");
	ruled_is(&r, "install_status", "1");
	/* which address is whose nobody says */
	applies(OT_ADAPTERS,
		"{'id':12,'.':'00:1C:06:00:00:02','ipAddresses':['10.0.0.1',"
		"'10.0.0.2'],'macAddresses':['00:1C:06:00:00:02']}",
		"ot_adapters");
	ruled_is(&r, "ip_address", NULL);
	keeps(OT_ADAPTERS, "{'u_id':1,'u_mac_address':'N/A'}", "ot_adapters",
	      MST_DROP, "no MAC address of one device");
	applies(OT_ADDRESSES, "{'u_id':12,'u_ip_address':'FD00::0:1'}",
		"ot_addresses");
	t_is(r.d.group, "defender/12");
	t_is(r.d.key, "defender/12/fd00::1");
	ruled_is(&r, "name", "fd00::1");
	ruled_is(&r, "ip_address", "fd00::1");
	ruled_is(&r, "ip_version", "6");
	ruled_is(&r, "owned_by_cmdb_ci", "defender/12");
	applies(OT_ADDRESSES, "{'id':12,'.':'10.0.0.1'}", "ot_addresses");
	ruled_is(&r, "ip_version", "4");
	keeps(OT_ADDRESSES, "{'u_id':1,'u_ip_address':'0.0.0.0'}",
	      "ot_addresses", MST_DROP, "no IP address of a device");
}

/* ---- firmware, detections, connections ----------------------------------- */

static void own_is(const char *list, const char *serial, const char *version)
{
	char json[1024];

	(void)snprintf(json, sizeof(json),
		       "{'u_id':1,'u_name':'x','u_vendor':'V','u_device_type':"
		       "{'u_name':'PLC'},'u_ip_address_objects':["
		       "{'u_ip_address':'10.0.0.1'}],'firmware':[%s]}",
		       list);
	applies(OT_DEVICES, json, "ot_device_cis");
	ruled_is(&r, "serial_number", serial);
	ruled_is(&r, "firmware_version", version);
}

static void test_own_module(void **state MST_UNUSED)
{
	own_is("", NULL, NULL);
	own_is("{'serial':'N/A','model':null,'firmwareVersion':''}", NULL,
	       NULL);
	/* by slot, not by the list */
	own_is("{'rack':'0','slot':'10','serial':'A1','firmwareVersion':'1'},"
	       "{'rack':'0','slot':'9','serial':'B1','firmwareVersion':'2'}",
	       "B1", "2");
	own_is("{'slot':'N/A','serial':'A1','firmwareVersion':'1'},"
	       "{'slot':'3','serial':'B1','firmwareVersion':'2'}",
	       "B1", "2");
	/* seen through the device, at another address */
	own_is("{'address':'10.0.0.2','serial':'A1','firmwareVersion':'1'}",
	       NULL, NULL);
	own_is("{'address':'10.0.0.1','serial':'A1','firmwareVersion':'1'}",
	       "A1", "1");
	/* what is no serial number */
	own_is("{'serial':'0000','firmwareVersion':'1'}", NULL, "1");
	own_is("{'serial':'Not specified','firmwareVersion':'1'}", NULL, "1");
}

static void test_firmware(void **state MST_UNUSED)
{
	struct mst_slice first;

	applies(OT_FIRMWARES,
		"{'u_id':12,'u_name':'x','u_appliance':"
		"'Management console (CM)','u_address':'10.2.0.10',"
		"'u_module_address':'Unit: CPU (0x0)','u_serial':null,"
		"'u_model':'CPU 315','u_version':'2.07',"
		"'u_additional_data':'N/A'}",
		"ot_firmwares");
	t_is(r.d.group, "defender/12");
	assert_int_equal(r.d.key.n, 32);
	ruled_is(&r, "u_source", "defender");
	ruled_is(&r, "u_device", "defender/12");
	ruled_is(&r, "u_appliance_name", NULL);
	ruled_is(&r, "u_address", "10.2.0.10");
	ruled_is(&r, "u_module_address", "Unit: CPU (0x0)");
	ruled_is(&r, "u_serial", NULL);
	ruled_is(&r, "u_model", "CPU 315");
	ruled_is(&r, "u_version", "2.07");
	ruled_is(&r, "u_additional_data", NULL);
	ruled_is(&r, "u_name", "CPU 315 2.07");
	assert_true(mst_slice_eq(r.d.key, ruled_col(&r, "u_key")));
	first = mst_arena_dup(&r.arena, r.d.key);
	/* a new version is no new module; another slot is */
	applies(OT_FIRMWARES,
		"{'u_id':12,'u_appliance':'north','u_address':'10.2.0.10',"
		"'u_module_address':'Unit: CPU (0x0)','u_version':'2.08'}",
		"ot_firmwares");
	assert_true(mst_slice_eq(r.d.key, first));
	ruled_is(&r, "u_appliance_name", "north");
	ruled_is(&r, "u_name", "2.08");
	applies(OT_FIRMWARES,
		"{'id':12,'address':'10.2.0.10','slot':'1','rack':'0',"
		"'moduleAddress':'Unit: CPU (0x0)','firmwareVersion':'2.07'}",
		"ot_firmwares");
	assert_false(mst_slice_eq(r.d.key, first));
	ruled_is(&r, "u_rack", "0");
	ruled_is(&r, "u_slot", "1");
	keeps(OT_FIRMWARES,
	      "{'id':12,'address':'10.2.0.10','serial':'N/A','model':'N/A'}",
	      "ot_firmwares", MST_DROP, "nothing is known of the module");
}

static void test_detections(void **state MST_UNUSED)
{
	applies(OT_SEEN, "{'u_id':12,'u_sensor_id':2,'name':'north'}",
		"ot_detections");
	t_is(r.d.group, "defender/12");
	t_is(r.d.key, "defender/sensor/2");
	ruled_is(&r, "child", "defender/12");
	ruled_is(&r, "parent", "defender/sensor/2");
	ruled_is(&r, "type", "Detects::Detected by");
	/* the table says text */
	applies(OT_SEEN, "{'u_id':12,'u_sensor_id':'2'}", "ot_detections");
	t_is(r.d.key, "defender/sensor/2");
	keeps(OT_SEEN, "{'u_id':12,'u_sensor_id':null}", "ot_detections",
	      MST_DROP, "no sensor");
}

static void test_connections(void **state MST_UNUSED)
{
	struct mst_slice first;

	applies(OT_CONNECTIONS,
		"{'u_appliance':'Management console (CM)',"
		"'u_src_device_id':12,'u_src_device_name':'PLC #1',"
		"'u_dest_device_id':7,'u_dest_device_name':'HMI',"
		"'u_connection_type':'One Way'}",
		"ot_connections");
	t_is(r.d.group, "defender/12");
	assert_int_equal(r.d.key.n, 32);
	ruled_is(&r, "u_source", "defender");
	ruled_is(&r, "u_name", "PLC #1 - HMI");
	ruled_is(&r, "u_appliance_name", NULL);
	ruled_is(&r, "u_connection_type", "One Way");
	ruled_is(&r, "u_src_device", "defender/12");
	ruled_is(&r, "u_src_device_id", "12");
	ruled_is(&r, "u_src_device_name", "PLC #1");
	ruled_is(&r, "u_dest_device", "defender/7");
	ruled_is(&r, "u_dest_device_id", "7");
	ruled_is(&r, "u_dest_device_name", "HMI");
	first = mst_arena_dup(&r.arena, r.d.key);
	applies(OT_CONNECTIONS,
		"{'u_src_device_id':12,'u_dest_device_id':7,"
		"'u_connection_type':'Two Way'}",
		"ot_connections");
	assert_false(mst_slice_eq(r.d.key, first));
	ruled_is(&r, "u_name", "12 - 7");
	/* of a sensor: times that do not ascend, lists that may be null */
	applies(OT_CONNECTIONS,
		"{'firstDeviceId':171,'secondDeviceId':22,"
		"'lastSeen':1511281457933,'discovered':1511872830000,"
		"'ports':[502,80,502],'protocols':[{'name':'modbus',"
		"'commands':['Read Coils']},{'name':'ams','commands':null}]}",
		"ot_connections");
	ruled_is(&r, "u_connection_type", NULL);
	ruled_is(&r, "u_ports", "80, 502");
	ruled_is(&r, "u_protocols", "ams, modbus");
	ruled_is(&r, "u_discovered", "2017-11-28 12:40:30");
	ruled_is(&r, "u_last_seen", "2017-11-21 16:24:17");
	keeps(OT_CONNECTIONS, "{'u_src_device_id':12}", "ot_connections",
	      MST_SKIP, "connection without both devices");
}

/* The pair of a sensor is one connection, however it names it. */
static void test_pairs(void **state MST_UNUSED)
{
	struct mst_slice first;

	applies(OT_CONNECTIONS,
		"{'firstDeviceId':171,'secondDeviceId':22,"
		"'u_src_device_name':'HMI','u_dest_device_name':'PLC #1'}",
		"ot_connections");
	first = mst_arena_dup(&r.arena, r.d.key);
	for (int i = 0; i < 2; i++) {
		t_is(r.d.group, "defender/22");
		ruled_is(&r, "u_name", "PLC #1 - HMI");
		ruled_is(&r, "u_src_device", "defender/22");
		ruled_is(&r, "u_src_device_id", "22");
		ruled_is(&r, "u_src_device_name", "PLC #1");
		ruled_is(&r, "u_dest_device", "defender/171");
		ruled_is(&r, "u_dest_device_id", "171");
		ruled_is(&r, "u_dest_device_name", "HMI");
		applies(OT_CONNECTIONS,
			"{'firstDeviceId':22,'secondDeviceId':171,"
			"'u_src_device_name':'PLC #1',"
			"'u_dest_device_name':'HMI'}",
			"ot_connections");
		assert_true(mst_slice_eq(r.d.key, first));
	}
	/* an older spelling */
	applies(OT_DEVICES, "{'id':1,'ipAddress':['10.0.0.1']}", "ot_devices");
	ruled_is(&r, "u_ip_address", "10.0.0.1");
}

/* ---- CVEs ---------------------------------------------------------------- */

static void test_cves(void **state MST_UNUSED)
{
	static const char row[] =
	    "{'u_id':12,'u_cve_id':'cve-2020-0601','u_score':'9.3',"
	    "'u_ip_address':'10.0.0.1','u_attack_vector':'NETWORK',"
	    "'u_description':'Spoofing'}";

	applies(OT_CVES, row, "vulnerabilities");
	t_is(r.d.key, "CVE-2020-0601");
	ruled_is(&r, "u_cve_id", "CVE-2020-0601");
	ruled_is(&r, "u_name", "CVE-2020-0601");
	ruled_is(&r, "u_description", "Spoofing");
	ruled_is(&r, "u_severity", "critical");
	ruled_is(&r, "u_cvss_score", "9.3");
	ruled_is(&r, "u_cvss_vector", "AV:N");
	ruled_is(&r, "u_source", "Microsoft Defender for IoT");
	ruled_is(&r, "u_first_seen", "2024-11-20 00:00:00");
	ruled_is(&r, "u_last_seen", "2024-11-20 00:00:00");
	applies(OT_CVES, row, "ot_device_cves");
	t_is(r.d.group, "defender/12");
	assert_int_equal(r.d.key.n, 32);
	ruled_is(&r, "u_cmdb_ci", "defender/12");
	ruled_is(&r, "u_cve", "CVE-2020-0601");
	ruled_is(&r, "u_status", "unresolved");
	ruled_is(&r, "u_severity", "critical");
	ruled_is(&r, "u_cvss_score", "9.3");
	ruled_is(&r, "u_first_seen", "2024-11-20 00:00:00");
	ruled_is(&r, "u_source_connection", "defender");
	ruled_is(&r, "u_reopened_count", "0");
	ruled_is(&r, "u_software_name", NULL);
	keeps(OT_CVES, "{'u_id':12,'u_cve_id':'N/A'}", "ot_device_cves",
	      MST_DROP, "a row without a CVE");
}

static void score_is(const char *score, const char *text, const char *severity)
{
	char json[128];

	(void)snprintf(json, sizeof(json),
		       "{'u_id':1,'u_cve_id':'C','u_score':%s}", score);
	applies(OT_CVES, json, "ot_device_cves");
	ruled_is(&r, "u_cvss_score", text);
	ruled_is(&r, "u_severity", severity);
}

static void test_scores(void **state MST_UNUSED)
{
	score_is("'10.0'", "10.0", "critical");
	score_is("9", "9.0", "critical");
	score_is("'8.9'", "8.9", "high");
	score_is("'7'", "7.0", "high");
	score_is("6.9", "6.9", "medium");
	score_is("'3.9'", "3.9", "low");
	score_is("'0.0'", "0.0", "none");
	score_is("'N/A'", NULL, NULL);
	score_is("null", NULL, NULL);
}

static void test_cves_of_sensor(void **state MST_UNUSED)
{
	applies(OT_DEVICE_CVES,
		"{'u_id':5,'cveId':'CVE-2007-0099','ipAddress':'10.35.1.51',"
		"'score':'9.3','attackVector':'Adjacent Network',"
		"'description':'x'}",
		"ot_device_cves");
	t_is(r.d.group, "defender/5");
	applies(OT_DEVICE_CVES,
		"{'u_id':5,'cveId':'CVE-2007-0099','ipAddress':'10.35.1.51',"
		"'attackVector':'Adjacent Network'}",
		"vulnerabilities");
	ruled_is(&r, "u_cvss_vector", "AV:A");
	/* what the join says: nobody, several */
	keeps(OT_DEVICE_CVES,
	      "{'cveId':'CVE-2007-0099','ipAddress':'10.35.1.51'}",
	      "ot_device_cves", MST_SKIP,
	      "no device has the address '10.35.1.51'");
	keeps(OT_DEVICE_CVES,
	      "{'u_id':false,'cveId':'CVE-2007-0099',"
	      "'ipAddress':'10.35.1.51'}",
	      "ot_device_cves", MST_SKIP,
	      "several devices have the address '10.35.1.51'");
}

/* ---- alerts -------------------------------------------------------------- */

#define ALERT                                                                  \
	"{'id':7,'time':1511281457933,'title':'PLC Stop Command Sent',"        \
	"'message':'A \\u0001 line.\\nAnother','severity':'Major',"            \
	"'engine':'Policy Violation','sourceDevice':12,"                       \
	"'destinationDevice':0,'additionalInformation':{'description':'Ends'," \
	"'information':['a over port 5','b']},'sensorId':2,"                   \
	"'sensorName':'north','zoneName':'Z','siteName':'S','handled':false,"  \
	"'sourceDeviceAddress':'10.0.0.1','destinationDeviceAddress':'N/A',"   \
	"'remediationSteps':['one','two']}"

static void test_alert(void **state MST_UNUSED)
{
	applies(OT_ALERTS, ALERT, "ot_alerts");
	ruled_is(&r, "u_source", "defender");
	ruled_is(&r, "u_title", "PLC Stop Command Sent");
	ruled_is(&r, "u_alert_id", "7");
	ruled_is(&r, "u_uuid", NULL);
	ruled_is(&r, "u_created", "2017-11-21 16:24:17");
	ruled_is(&r, "u_engine", "Policy Violation");
	ruled_is(&r, "u_message", "A   line.\nAnother");
	ruled_is(&r, "u_severity", "Major");
	ruled_is(&r, "u_appliance_name", "north");
	ruled_is(&r, "u_site", "S");
	ruled_is(&r, "u_zone", "Z");
	ruled_is(&r, "u_source_device", "defender/12");
	ruled_is(&r, "u_source_address", "10.0.0.1");
	ruled_is(&r, "u_destination_device", NULL);
	ruled_is(&r, "u_destination_address", NULL);
	ruled_is(&r, "u_remediation", "one\ntwo");
	ruled_is(&r, "u_additional_information", "Ends\na over port 5\nb");
	ruled_is(&r, "u_handled", "false");
	ruled_is(&r, "u_system", "false");
	ruled_is(&r, "u_cmdb_ci", "defender/12");
	ruled_is(&r, "u_source_name", NULL);
	/* a sensor's null, other spellings, more of the words */
	applies(OT_ALERTS,
		"{'id':8,'time':1511281457933,'sourceDevice':null,"
		"'title':'No Traffic Detected on Sensor Interface',"
		"'severity':'critical','engine':'OPERATIONAL',"
		"'additionalinformation':null,'sensorId':3,'handled':'true'}",
		"ot_alerts");
	ruled_is(&r, "u_source_device", NULL);
	ruled_is(&r, "u_severity", "Critical");
	ruled_is(&r, "u_engine", "Operational");
	ruled_is(&r, "u_appliance_name", "3");
	ruled_is(&r, "u_system", "true");
	ruled_is(&r, "u_handled", "true");
	ruled_is(&r, "u_additional_information", NULL);
	keeps(OT_ALERTS, "{'id':9}", "ot_alerts", MST_SKIP,
	      "alert with neither a title nor a message");
	applies(OT_ALERTS, "{'id':9,'message':'only this'}", "ot_alerts");
	ruled_is(&r, "u_title", "only this");
}

/* What forwarding writes of the same alert. */
static void same_as_forwarded(const char *quoted)
{
	struct mst_application_refs refs = {NULL, NULL, NULL};
	struct mst_buf key = MST_BUF_INIT(4096), body = MST_BUF_INIT(65536);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json_parser *parser = mst_json_parser_new(1u << 20);
	char *json = mst_strdup(quoted);
	struct mst_json root, row;
	struct mst_json_iter it;
	struct mst_slice name;
	struct mst_json value;
	struct mst_alert a;
	size_t n = 0;

	applies(OT_ALERTS, quoted, "ot_alerts");
	for (char *p = json; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	t_ok(mst_json_parse(parser, mst_slice_str(json), &root, &err), &err);
	t_ok(mst_form_json(root, &r.arena, &a, &err), &err);
	mst_application_key("defender", mst_alert_key(&a, &r.arena), &key);
	t_is(r.d.key, key.p);
	mst_application_body("defender", mst_alert_key(&a, &r.arena), &a, &refs,
			     &body);
	t_ok(mst_json_parse(parser, mst_buf_slice(&body), &row, &err), &err);
	it = mst_json_iter(row);
	while (mst_json_next(&it, &name, &value)) {
		char column[64];

		(void)snprintf(column, sizeof(column), "%.*s",
			       MST_SLICE_ARG(name));
		if (!mst_slice_eq(ruled_col(&r, column), mst_json_str(value)))
			fail_msg("%s: forwarding says %.*s", column,
				 MST_SLICE_ARG(mst_json_str(value)));
		n++;
	}
	/* and the references, which forwarding looks up */
	assert_int_equal(n + (ruled_col(&r, "u_source_device").n > 0) +
			     (ruled_col(&r, "u_destination_device").n > 0) +
			     (ruled_col(&r, "u_cmdb_ci").n > 0),
			 r.d.cells_n);
	mst_buf_fini(&key);
	mst_buf_fini(&body);
	mst_json_parser_free(&parser);
	free(json);
}

static void test_forwarded(void **state MST_UNUSED)
{
	same_as_forwarded(ALERT);
	same_as_forwarded("{'id':7,'uuid':'1-1594550943000','title':'x',"
			  "'time':1511281457933,'handled':true}");
	same_as_forwarded("{'id':1,'title':'Lüftung \\ud800 \\t x','message':"
			  "'none','severity':'N/A','handled':false,"
			  "'destinationDevice':'5','remediationSteps':[]}");
}

int main(void)
{
#define T(f)	   cmocka_unit_test_setup_teardown(f, open_rules, close_rules)
#define SENSORS(f) cmocka_unit_test_setup_teardown(f, open_sensor, close_rules)
	const struct CMUnitTest tests[] = {
	    T(test_sensor),
	    T(test_sensor_without),
	    T(test_appliance_texts),
	    SENSORS(test_self),
	    T(test_device_ci),
	    T(test_device_row),
	    SENSORS(test_device_of_sensor),
	    T(test_devices_left_out),
	    T(test_classes),
	    T(test_class_map),
	    T(test_names),
	    T(test_levels),
	    T(test_entity),
	    T(test_odd_addresses),
	    T(test_adapters),
	    T(test_own_module),
	    T(test_firmware),
	    T(test_detections),
	    T(test_connections),
	    SENSORS(test_pairs),
	    T(test_cves),
	    T(test_scores),
	    SENSORS(test_cves_of_sensor),
	    T(test_alert),
	    T(test_forwarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
