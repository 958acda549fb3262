/* SPDX-License-Identifier: Apache-2.0
 *
 * How records become members of the sets. What a console tells in one way and a
 * sensor in another has a mapping for each; those of a console are in force
 * unless a sensor is read (adapt.c).
 */
#include "source/iot/sets.h"

static const char sensors[] = "iot.sensors";
static const char attributes[] = "iot.attributes";
static const char status[] = "iot.status";
static const char correlation[] = "iot.correlation";

#define DISCOVERY                                                              \
	{                                                                      \
		"discovery_source", 0, mst_op_const, "muster", correlation     \
	}
#define PRESENT                                                                \
	{"install_status", 0, mst_op_const, "1", status},                      \
	{                                                                      \
		"operational_status", 0, mst_op_const, "1", status             \
	}
#define SOURCE(rule)                                                           \
	{                                                                      \
		"u_source", 0, ot_op_connection, NULL, rule                    \
	}
#define STATE                                                                  \
	{                                                                      \
		"u_state", 0, mst_op_const, "present", status                  \
	}

/* ---- sensors ------------------------------------------------------------- */

static const struct mst_map_row sensor_ci_rows[] = {
    {"name", OS_NAME, ot_op_sensor_name, NULL, sensors},
    {"ip_address", OS_ADDRESS, ot_op_sensor_ip, NULL, sensors},
    {"fqdn", OS_ADDRESS, ot_op_sensor_host, NULL, sensors},
    {"firmware_version", OS_VERSION, ot_op_sensor_version, NULL, sensors},
    {"connection_state", OS_STATE, ot_op_sensor_connection, NULL, sensors},
    {"correlation_id", OS_ID, ot_op_sensor_correlation, NULL, correlation},
    DISCOVERY,
    PRESENT,
};

static const struct mst_map_row sensor_rows[] = {
    {"u_key", OS_ID, ot_op_sensor_key, NULL, sensors},
    SOURCE(sensors),
    {"u_name", OS_NAME, ot_op_sensor_name, NULL, sensors},
    {"u_appliance_id", OS_ID, ot_op_id, NULL, sensors},
    {"u_uid", OS_UID, ot_op_text, NULL, sensors},
    {"u_interface_address", OS_ADDRESS, ot_op_text, NULL, sensors},
    {"u_version", OS_VERSION, ot_op_text, NULL, sensors},
    {"u_connection_state", OS_STATE, ot_op_sensor_state, NULL, sensors},
    {"u_alert_count", OS_ALERTS, mst_op_number, NULL, sensors},
    {"u_device_count", OS_DEVICES, mst_op_number, NULL, sensors},
    {"u_unhandled_alert_count", OS_UNHANDLED, mst_op_number, NULL, sensors},
    {"u_is_activated", OS_ACTIVATED, mst_op_bool, NULL, sensors},
    {"u_is_in_learning_mode", OS_LEARNING, mst_op_bool, NULL, sensors},
    {"u_data_intelligence_version", OS_INTELLIGENCE, ot_op_text, NULL, sensors},
    {"u_remote_upgrade_stage", OS_STAGE, ot_op_sensor_stage, NULL, sensors},
    {"u_site", OS_SITE, ot_op_text, NULL, sensors},
    {"u_zone", OS_ZONE, ot_op_text, NULL, sensors},
    {"u_cmdb_ci", OS_ID, ot_op_sensor_key, NULL, sensors},
    STATE,
};

/* Of a sensor that is read itself: every device says the same of it. */
static const struct mst_map_row self_ci_rows[] = {
    {"name", OD_ID, ot_op_connection, NULL, sensors},
    {"ip_address", OD_ID, ot_op_self_ip, NULL, sensors},
    {"fqdn", OD_ID, ot_op_self_host, NULL, sensors},
    {"correlation_id", OD_ID, ot_op_self_correlation, NULL, correlation},
    DISCOVERY,
    PRESENT,
};

static const struct mst_map_row self_rows[] = {
    {"u_key", OD_ID, ot_op_self_key, NULL, sensors},
    SOURCE(sensors),
    {"u_name", OD_ID, ot_op_connection, NULL, sensors},
    {"u_interface_address", OD_ID, ot_op_self_url, NULL, sensors},
    {"u_cmdb_ci", OD_ID, ot_op_self_key, NULL, sensors},
    STATE,
};

/* ---- devices ------------------------------------------------------------- */

static const struct ot_list protocols = {"u_protocol", "name", 1000};
static const struct ot_list vlans = {"u_vlan", NULL, 255};
static const struct ot_list texts = {NULL, NULL, 1000};
static const struct ot_list named = {"name", NULL, 1000};

static const struct mst_map_row device_ci_rows[] = {
    {"name", OD_NAME, ot_op_ci_name, NULL, "iot.name"},
    {"os", OD_SYSTEM, ot_op_system, NULL, attributes},
    {"ip_address", OD_IPS, ot_op_ip, NULL, attributes},
    {"mac_address", OD_MACS, ot_op_mac, NULL, attributes},
    {"manufacturer", OD_VENDOR, ot_op_text, NULL, "servicenow.company"},
    {"model_id", OD_FIRMWARES, ot_op_model, NULL, "servicenow.model"},
    {"serial_number", OD_FIRMWARES, ot_op_serial, NULL, "iot.serial"},
    {"firmware_version", OD_FIRMWARES, ot_op_firmware_version, NULL,
     attributes},
    {"first_discovered", OD_FIRST, mst_op_time, NULL, attributes},
    {"last_discovered", OD_ACTIVITY, mst_op_time, NULL, attributes},
    {"correlation_id", OD_ID, ot_op_correlation, NULL, correlation},
    DISCOVERY,
    PRESENT,
};

static const struct mst_map_row device_rows[] = {
    {"u_key", OD_ID, ot_op_key, NULL, attributes},
    SOURCE(attributes),
    {"u_name", OD_NAME, ot_op_name, NULL, "iot.name"},
    {"u_device_id", OD_ID, ot_op_id, NULL, attributes},
    {"u_appliance", OD_SENSORS, ot_op_sensor, NULL, attributes},
    {"u_appliance_names", OD_SENSORS, ot_op_sensor_names, NULL, attributes},
    {"u_device_type", OD_TYPE, ot_op_type, NULL, attributes},
    {"u_category", OD_TYPE, ot_op_category, NULL, attributes},
    {"u_purdue_layer", OD_LAYER, ot_op_layer, NULL, attributes},
    {"u_vendor", OD_VENDOR, ot_op_text, NULL, attributes},
    {"u_operating_system", OD_SYSTEM, ot_op_text, NULL, attributes},
    {"u_ip_address", OD_IPS, ot_op_ip, NULL, attributes},
    {"u_ip_addresses", OD_IPS, ot_op_ips, NULL, attributes},
    {"u_mac_address", OD_MACS, ot_op_mac, NULL, attributes},
    {"u_mac_addresses", OD_MACS, ot_op_macs, NULL, attributes},
    {"u_guessed_mac_addresses", OD_IPS, ot_op_guessed_macs, NULL, attributes},
    {"u_vlans", OD_VLANS, ot_op_words, &vlans, attributes},
    {"u_protocols", OD_PROTOCOLS, ot_op_words, &protocols, attributes},
    {"u_groups", OD_GROUPS, ot_op_words, &texts, attributes},
    {"u_site", OD_SITE, ot_op_text, NULL, attributes},
    {"u_zone", OD_ZONE, ot_op_text, NULL, attributes},
    {"u_authorized", OD_AUTHORIZED, mst_op_bool, NULL, attributes},
    {"u_scanner", OD_SCANNER, mst_op_bool, NULL, attributes},
    {"u_engineering_station", OD_ENGINEERING, mst_op_bool, NULL, attributes},
    {"u_first_discovered", OD_FIRST, mst_op_time, NULL, attributes},
    {"u_last_activity", OD_ACTIVITY, mst_op_time, NULL, attributes},
    {"u_last_update", OD_UPDATE, mst_op_time, NULL, attributes},
    {"u_device_url", OD_URL, ot_op_device_url, NULL, attributes},
    {"u_cmdb_ci", OD_ID, ot_op_ci, NULL, attributes},
    STATE,
};

static const char entities[] = "iot.entities";

static const struct mst_map_row entity_rows[] = {
    {"ot_correlation_id", OD_ID, ot_op_key, NULL, entities},
    {"cmdb_ci", OD_ID, ot_op_key, NULL, entities},
    {"purdue_level", OD_LAYER, ot_op_level, NULL, entities},
    {"zone", OD_ZONE, ot_op_text, NULL, entities},
    {"isa_entity_site", OD_SITE, ot_op_text, NULL, entities},
    {"ot_asset_type", OD_TYPE, ot_op_type, NULL, entities},
};

/* ---- adapters, addresses, firmware --------------------------------------- */

static const char adapters[] = "iot.adapters";

static const struct mst_map_row adapter_rows[] = {
    {"name", OM_MAC, ot_op_adapter, NULL, adapters},
    {"mac_address", OM_MAC, ot_op_adapter, NULL, adapters},
    {"ip_address", OM_IPS, ot_op_adapter_ip, NULL, adapters},
    {"cmdb_ci", OM_DEVICE, ot_op_key, NULL, adapters},
    {"correlation_id", OM_MAC, ot_op_adapter_key, NULL, correlation},
    DISCOVERY,
    PRESENT,
};

static const struct mst_map_row address_rows[] = {
    {"name", OA_IP, ot_op_address, NULL, adapters},
    {"ip_address", OA_IP, ot_op_address, NULL, adapters},
    {"ip_version", OA_IP, ot_op_ip_version, NULL, adapters},
    {"owned_by_cmdb_ci", OA_DEVICE, ot_op_key, NULL, adapters},
    {"correlation_id", OA_IP, ot_op_address_key, NULL, correlation},
    DISCOVERY,
    PRESENT,
};

static const char firmware[] = "iot.firmware";

static const struct mst_map_row firmware_rows[] = {
    {"u_key", OW_DEVICE, ot_op_firmware_key, NULL, firmware},
    SOURCE(firmware),
    {"u_device", OW_DEVICE, ot_op_key, NULL, firmware},
    {"u_appliance_name", OW_APPLIANCE, ot_op_appliance, NULL, firmware},
    {"u_address", OW_ADDRESS, ot_op_text, NULL, firmware},
    {"u_module_address", OW_MODULE, ot_op_text, NULL, firmware},
    {"u_serial", OW_SERIAL, ot_op_text, NULL, firmware},
    {"u_model", OW_MODEL, ot_op_text, NULL, firmware},
    {"u_version", OW_VERSION, ot_op_text, NULL, firmware},
    {"u_additional_data", OW_MORE, ot_op_text, NULL, firmware},
    {"u_rack", OW_RACK, ot_op_text, NULL, firmware},
    {"u_slot", OW_SLOT, ot_op_text, NULL, firmware},
    {"u_name", OW_MODEL, ot_op_firmware_name, NULL, firmware},
};

/* ---- relationships ------------------------------------------------------- */

static const char detections[] = "iot.detections";
static const char detects[] = "Detects::Detected by";

static const struct mst_map_row seen_rows[] = {
    {"child", OE_DEVICE, ot_op_key, NULL, detections},
    {"parent", OE_SENSOR, ot_op_sensor_key, NULL, detections},
    {"type", OE_SENSOR, mst_op_const, detects, detections},
};

static const struct mst_map_row self_seen_rows[] = {
    {"child", OD_ID, ot_op_key, NULL, detections},
    {"parent", OD_ID, ot_op_self_key, NULL, detections},
    {"type", OD_ID, mst_op_const, detects, detections},
};

static const char connections[] = "iot.connections";

static const struct mst_map_row connection_rows[] = {
    {"u_key", ON_SRC, ot_op_connection_key, NULL, connections},
    SOURCE(connections),
    {"u_name", ON_SRC, ot_op_connection_name, NULL, connections},
    {"u_appliance_name", ON_APPLIANCE, ot_op_appliance, NULL, connections},
    {"u_connection_type", ON_TYPE, ot_op_text, NULL, connections},
    {"u_src_device", ON_SRC, ot_op_end_key, NULL, connections},
    {"u_src_device_id", ON_SRC, ot_op_end_id, NULL, connections},
    {"u_src_device_name", ON_SRC_NAME, ot_op_end_name, NULL, connections},
    {"u_dest_device", ON_DEST, ot_op_end_key, NULL, connections},
    {"u_dest_device_id", ON_DEST, ot_op_end_id, NULL, connections},
    {"u_dest_device_name", ON_DEST_NAME, ot_op_end_name, NULL, connections},
    {"u_protocols", ON_PROTOCOLS, ot_op_words, &named, connections},
    {"u_ports", ON_PORTS, ot_op_words, &texts, connections},
    {"u_discovered", ON_DISCOVERED, mst_op_time, NULL, connections},
    {"u_last_seen", ON_SEEN, mst_op_time, NULL, connections},
};

/* ---- CVEs ---------------------------------------------------------------- */

static const char cves[] = "iot.cves";
static const char cve_status[] = "iot.cve_status";

static const struct mst_map_row cve_rows[] = {
    {"u_cve_id", OC_CVE, ot_op_cve, NULL, cves},
    {"u_name", OC_CVE, ot_op_cve, NULL, cves},
    {"u_description", OC_TEXT, ot_op_text, NULL, cves},
    {"u_severity", OC_SCORE, ot_op_severity, NULL, cves},
    {"u_cvss_score", OC_SCORE, mst_op_fixed1, NULL, cves},
    {"u_cvss_vector", OC_VECTOR, ot_op_vector, NULL, cves},
    {"u_source", OC_CVE, mst_op_const, "Microsoft Defender for IoT", cves},
    {"u_first_seen", OC_CVE, mst_op_now, NULL, cves},
    {"u_last_seen", OC_CVE, mst_op_now, NULL, cves},
};

static const struct mst_map_row device_cve_rows[] = {
    {"u_key", OC_CVE, ot_op_cve_key, NULL, cves},
    {"u_cmdb_ci", OC_DEVICE, ot_op_key, NULL, cves},
    {"u_cve", OC_CVE, ot_op_cve, NULL, cves},
    {"u_status", OC_CVE, mst_op_const, "unresolved", cve_status},
    {"u_severity", OC_SCORE, ot_op_severity, NULL, cves},
    {"u_cvss_score", OC_SCORE, mst_op_fixed1, NULL, cves},
    {"u_first_seen", OC_CVE, mst_op_now, NULL, cves},
    {"u_last_seen", OC_CVE, mst_op_now, NULL, cves},
    {"u_source_connection", OC_CVE, ot_op_connection, NULL, cves},
    {"u_reopened_count", OC_CVE, mst_op_const, "0", cve_status},
};

/* ---- alerts -------------------------------------------------------------- */

static const char alerts[] = "iot.alerts";

static const struct mst_map_row alert_rows[] = {
    {"u_key", OL_ID, ot_op_alert_key, NULL, alerts},
    SOURCE(alerts),
    {"u_title", OL_TITLE, ot_op_alert_title, NULL, alerts},
    {"u_alert_id", OL_ID, ot_op_alert_text, NULL, alerts},
    {"u_uuid", OL_UUID, ot_op_alert_text, NULL, alerts},
    {"u_created", OL_TIME, mst_op_time, NULL, alerts},
    {"u_engine", OL_ENGINE, ot_op_alert_engine, NULL, alerts},
    {"u_message", OL_MESSAGE, ot_op_alert_message, NULL, alerts},
    {"u_protocol", OL_PROTOCOL, ot_op_alert_text, NULL, alerts},
    {"u_severity", OL_SEVERITY, ot_op_alert_severity, NULL, alerts},
    {"u_category", OL_CATEGORY, ot_op_alert_text, NULL, alerts},
    {"u_appliance_name", OL_SENSOR, ot_op_alert_sensor, NULL, alerts},
    {"u_site", OL_SITE, ot_op_alert_text, NULL, alerts},
    {"u_zone", OL_ZONE, ot_op_alert_text, NULL, alerts},
    {"u_source_device", OL_SOURCE, ot_op_key, NULL, alerts},
    {"u_source_address", OL_SOURCE_ADDRESS, ot_op_alert_text, NULL, alerts},
    {"u_destination_device", OL_DESTINATION, ot_op_key, NULL, alerts},
    {"u_destination_address", OL_DESTINATION_ADDRESS, ot_op_alert_text, NULL,
     alerts},
    {"u_remediation", OL_STEPS, ot_op_alert_message, NULL, alerts},
    {"u_additional_information", OL_MORE, ot_op_alert_more, NULL, alerts},
    {"u_handled", OL_HANDLED, mst_op_bool, NULL, alerts},
    {"u_system", OL_TITLE, ot_op_alert_system, NULL, alerts},
    {"u_cmdb_ci", OL_SOURCE, ot_op_key, NULL, alerts},
};

/* ---- mappings ------------------------------------------------------------ */

#define ROWS(r) .rows = (r), .rows_n = MST_LEN(r)

/* Keys and groups are taken from field 0 of a record (see the private
 * header). */
const struct mst_mapping ot_mappings[OT_MAPPINGS] = {
    [OT_MAP_SENSOR_CIS] = {.set = "ot_sensor_cis",
			   .feeds = OT_BIT(OT_SENSORS),
			   .key_rule = sensors,
			   .key = ot_op_sensor_key,
			   .table = ot_op_sensor_class,
			   .filter = ot_keep_sensor_ci,
			   ROWS(sensor_ci_rows)},
    [OT_MAP_SENSORS] = {.set = "ot_sensors",
			.feeds = OT_BIT(OT_SENSORS),
			.key_rule = sensors,
			.key = ot_op_sensor_key,
			.filter = ot_keep_sensor,
			ROWS(sensor_rows)},
    [OT_MAP_SELF_CIS] = {.set = "ot_sensor_cis",
			 .key_rule = sensors,
			 .key = ot_op_self_key,
			 .table = ot_op_sensor_class,
			 .filter = ot_keep_self_ci,
			 ROWS(self_ci_rows)},
    [OT_MAP_SELF] = {.set = "ot_sensors",
		     .key_rule = sensors,
		     .key = ot_op_self_key,
		     ROWS(self_rows)},
    [OT_MAP_DEVICE_CIS] = {.set = "ot_device_cis",
			   .feeds = OT_BIT(OT_DEVICES),
			   .key_rule = "iot.identity",
			   .key = ot_op_key,
			   .table = ot_op_class,
			   .filter = ot_keep_device_ci,
			   .identity = ot_op_identity,
			   .rank = ot_op_rank,
			   .identity_column = "name",
			   ROWS(device_ci_rows)},
    [OT_MAP_DEVICES] = {.set = "ot_devices",
			.feeds = OT_BIT(OT_DEVICES),
			.key_rule = attributes,
			.key = ot_op_key,
			.filter = ot_keep_device,
			ROWS(device_rows)},
    [OT_MAP_ENTITIES] = {.set = "ot_entities",
			 .feeds = OT_BIT(OT_DEVICES),
			 .key_rule = entities,
			 .key = ot_op_key,
			 .group = ot_op_key,
			 .filter = ot_keep_entity,
			 ROWS(entity_rows)},
    [OT_MAP_ADAPTERS] = {.set = "ot_adapters",
			 .feeds = OT_BIT(OT_ADAPTERS),
			 .key_rule = adapters,
			 .key = ot_op_adapter_key,
			 .group = ot_op_key,
			 .filter = ot_keep_adapter,
			 ROWS(adapter_rows)},
    [OT_MAP_ADDRESSES] = {.set = "ot_addresses",
			  .feeds = OT_BIT(OT_ADDRESSES),
			  .key_rule = adapters,
			  .key = ot_op_address_key,
			  .group = ot_op_key,
			  .filter = ot_keep_address,
			  ROWS(address_rows)},
    [OT_MAP_FIRMWARES] = {.set = "ot_firmwares",
			  .feeds = OT_BIT(OT_FIRMWARES),
			  .key_rule = firmware,
			  .key = ot_op_firmware_key,
			  .group = ot_op_key,
			  .filter = ot_keep_firmware,
			  ROWS(firmware_rows)},
    [OT_MAP_SEEN] = {.set = "ot_detections",
		     .feeds = OT_BIT(OT_SEEN),
		     .key_rule = detections,
		     .key = ot_op_seen_key,
		     .group = ot_op_key,
		     .filter = ot_keep_seen,
		     ROWS(seen_rows)},
    [OT_MAP_SELF_SEEN] = {.set = "ot_detections",
			  .key_rule = detections,
			  .key = ot_op_self_key,
			  .group = ot_op_key,
			  ROWS(self_seen_rows)},
    [OT_MAP_CONNECTIONS] = {.set = "ot_connections",
			    .feeds = OT_BIT(OT_CONNECTIONS),
			    .key_rule = connections,
			    .key = ot_op_connection_key,
			    .group = ot_op_end_key,
			    .filter = ot_keep_connection,
			    ROWS(connection_rows)},
    [OT_MAP_CVES] = {.set = "vulnerabilities",
		     .feeds = OT_BIT(OT_CVES),
		     .key_rule = cves,
		     .key = ot_op_cve,
		     .filter = ot_keep_cve,
		     ROWS(cve_rows)},
    [OT_MAP_DEVICE_CVES] = {.set = "ot_device_cves",
			    .feeds = OT_BIT(OT_CVES),
			    .key_rule = cves,
			    .key = ot_op_cve_key,
			    .group = ot_op_key,
			    .filter = ot_keep_device_cve,
			    ROWS(device_cve_rows)},
    [OT_MAP_ALERTS] = {.set = "ot_alerts",
		       .feeds = OT_BIT(OT_ALERTS),
		       .key_rule = alerts,
		       .key = ot_op_alert_key,
		       .filter = ot_keep_alert,
		       ROWS(alert_rows)},
};

/* ---- joins --------------------------------------------------------------- */

/* The engine holds what it joins: sensors are few, devices are not, so theirs
 * are last and can be left out (device_flags). */
const struct mst_join ot_console_joins[OT_CONSOLE_JOINS] = {
    {.feed = OT_SENSORS,
     .from = OT_APPLIANCES,
     .key = OS_ID,
     .from_key = OP_ID,
     .make = ot_make_state,
     .make_to = OS_CONNECTION},
    {.feed = OT_SENSORS,
     .from = OT_APPLIANCES,
     .key = OS_ID,
     .from_key = OP_ID,
     .make = ot_make_stage,
     .make_to = OS_UPGRADE},
    {.feed = OT_SENSORS,
     .from = OT_DEVICES,
     .key = OS_ID,
     .from_key_text = ot_only_sensor,
     .copy = {{OS_SITE, OD_SITE}, {OS_ZONE, OD_ZONE}},
     .copy_n = 2},
    {.feed = OT_DEVICES,
     .from = OT_SENSORS,
     .key_text = ot_first_sensor,
     .from_key = OS_ID,
     .copy = {{OD_SENSOR_1, OS_NAME}, {OD_LEARNING_1, OS_LEARNING}},
     .copy_n = 2},
    {.feed = OT_DEVICES,
     .from = OT_SENSORS,
     .key_text = ot_second_sensor,
     .from_key = OS_ID,
     .copy = {{OD_SENSOR_2, OS_NAME}, {OD_LEARNING_2, OS_LEARNING}},
     .copy_n = 2},
    {.feed = OT_DEVICES,
     .from = OT_SENSORS,
     .key_text = ot_third_sensor,
     .from_key = OS_ID,
     .copy = {{OD_SENSOR_3, OS_NAME}, {OD_LEARNING_3, OS_LEARNING}},
     .copy_n = 2},
    {.feed = OT_SEEN,
     .from = OT_SENSORS,
     .key = OE_SENSOR,
     .from_key = OS_ID,
     .copy = {{OE_NAME, OS_NAME}, {OE_UID, OS_UID}, {OE_LEARNING, OS_LEARNING}},
     .copy_n = 3},
    {.feed = OT_DEVICES,
     .from = OT_DEVICE_FLAGS,
     .key = OD_ID,
     .from_key = OF_ID,
     .copy = {{OD_AUTHORIZED, OF_AUTHORIZED},
	      {OD_SCANNER, OF_SCANNER},
	      {OD_ENGINEERING, OF_ENGINEERING}},
     .copy_n = 3},
};

const struct mst_join ot_sensor_joins[OT_SENSOR_JOINS] = {
    {.feed = OT_DEVICE_CVES,
     .from = OT_ADDRESSES,
     .key = OC_IP,
     .from_key = OA_TEXT,
     .copy = {{OC_DEVICE, OA_DEVICE}},
     .copy_n = 1,
     .only_one = true},
    {.feed = OT_CONNECTIONS,
     .from = OT_DEVICES,
     .key = ON_SRC,
     .from_key = OD_ID,
     .copy = {{ON_SRC_NAME, OD_NAME}},
     .copy_n = 1},
    {.feed = OT_CONNECTIONS,
     .from = OT_DEVICES,
     .key = ON_DEST,
     .from_key = OD_ID,
     .copy = {{ON_DEST_NAME, OD_NAME}},
     .copy_n = 1},
};
