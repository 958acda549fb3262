/* SPDX-License-Identifier: Apache-2.0
 *
 * Forms, lists, related lists and menu of muster-ot.
 */
#include "servicenow/layouts.h"

#define DEVICE	   "u_muster_ot_device"
#define CONNECTION "u_muster_ot_connection"
#define ALERT	   "u_muster_ot_alert"

static const struct mst_sn_section appliance_sections[] = {
    {"",
     NAMES("u_name", "u_interface_address", "u_version", "u_connection_state",
	   "u_site", "u_zone", "u_owner", "u_location"),
     NAMES("u_state", "u_gone", "u_device_count", "u_alert_count",
	   "u_unhandled_alert_count", "u_is_activated", "u_is_in_learning_mode",
	   "u_cmdb_ci"),
     NULL},
    {"Details", NAMES("u_appliance_id", "u_uid", "u_data_intelligence_version"),
     NAMES("u_remote_upgrade_stage", "u_source", "u_key"), NULL},
};

const struct mst_sn_layout mst_sn_ot_appliance_layout = {
    "u_muster_ot_appliance",
    NAMES("u_name", "u_interface_address", "u_connection_state", "u_version",
	  "u_site", "u_zone", "u_device_count", "u_unhandled_alert_count",
	  "u_state"),
    appliance_sections,
    MST_LEN(appliance_sections),
    NAMES(DEVICE ".u_appliance"),
};

static const struct mst_sn_section device_sections[] = {
    {"",
     NAMES("u_name", "u_device_type", "u_category", "u_purdue_layer",
	   "u_vendor", "u_operating_system", "u_ip_address", "u_mac_address",
	   "u_owner", "u_location"),
     NAMES("u_state", "u_gone", "u_appliance", "u_site", "u_zone",
	   "u_first_discovered", "u_last_activity", "u_authorized", "u_scanner",
	   "u_engineering_station", "u_cmdb_ci"),
     NULL},
    {"Network", NAMES("u_ip_addresses", "u_mac_addresses"),
     NAMES("u_guessed_mac_addresses", "u_vlans"),
     NAMES("u_protocols", "u_groups")},
    {"Details", NAMES("u_device_id", "u_device_url", "u_last_update"),
     NAMES("u_source", "u_key"), NAMES("u_appliance_names")},
};

const struct mst_sn_layout mst_sn_ot_device_layout = {
    DEVICE,
    NAMES("u_name", "u_device_type", "u_vendor", "u_ip_address",
	  "u_mac_address", "u_operating_system", "u_appliance", "u_site",
	  "u_zone", "u_authorized", "u_last_activity", "u_state"),
    device_sections,
    MST_LEN(device_sections),
    NAMES(CONNECTION ".u_src_device", CONNECTION ".u_dest_device",
	  "u_muster_ot_firmware.u_device", ALERT ".u_source_device",
	  ALERT ".u_destination_device"),
};

static const struct mst_sn_section firmware_sections[] = {
    {"",
     NAMES("u_name", "u_device", "u_model", "u_version", "u_serial",
	   "u_appliance_name"),
     NAMES("u_address", "u_module_address", "u_rack", "u_slot", "u_source",
	   "u_key"),
     NAMES("u_additional_data")},
};

const struct mst_sn_layout mst_sn_ot_firmware_layout = {
    "u_muster_ot_firmware",
    NAMES("u_name", "u_device", "u_address", "u_module_address", "u_model",
	  "u_version", "u_serial", "u_appliance_name"),
    firmware_sections,
    MST_LEN(firmware_sections),
    NULL,
};

static const struct mst_sn_section connection_sections[] = {
    {"",
     NAMES("u_name", "u_src_device", "u_src_device_name", "u_src_device_id",
	   "u_connection_type", "u_discovered", "u_source"),
     NAMES("u_appliance_name", "u_dest_device", "u_dest_device_name",
	   "u_dest_device_id", "u_last_seen", "u_key"),
     NAMES("u_protocols", "u_ports")},
};

const struct mst_sn_layout mst_sn_ot_connection_layout = {
    CONNECTION,
    NAMES("u_name", "u_src_device", "u_connection_type", "u_dest_device",
	  "u_protocols", "u_ports", "u_appliance_name", "u_last_seen"),
    connection_sections,
    MST_LEN(connection_sections),
    NULL,
};

static const struct mst_sn_section alert_sections[] = {
    {"",
     NAMES("u_title", "u_severity", "u_engine", "u_category", "u_protocol",
	   "u_created", "u_assigned_to"),
     NAMES("u_handled", "u_system", "u_appliance_name", "u_site", "u_zone",
	   "u_cmdb_ci"),
     NAMES("u_message", "u_remediation", "u_additional_information")},
    {"Source and destination",
     NAMES("u_source_device", "u_source_name", "u_source_address",
	   "u_source_mac"),
     NAMES("u_destination_device", "u_destination_name",
	   "u_destination_address", "u_destination_mac"),
     NULL},
    {"Details", NAMES("u_alert_id", "u_uuid"), NAMES("u_source", "u_key"),
     NULL},
    {"Notes", NULL, NULL, NAMES("u_work_notes", MST_SN_ACTIVITY)},
};

const struct mst_sn_layout mst_sn_ot_alert_layout = {
    ALERT,
    NAMES("u_title", "u_created", "u_severity", "u_engine", "u_protocol",
	  "u_appliance_name", "u_source_name", "u_source_address",
	  "u_destination_name", "u_destination_address", "u_handled",
	  "u_assigned_to"),
    alert_sections,
    MST_LEN(alert_sections),
    NULL,
};

static const struct mst_sn_module modules[] = {
    {"Inventory", DEVICE, "u_state=present^ORDERBYu_name",
     "Every device that a sensor sees"},
    {"Alerts", ALERT, "ORDERBYDESCu_created",
     "Every alert that was read or forwarded"},
    {"Unhandled alerts", ALERT, "u_handled=false^ORDERBYDESCu_created",
     "Alerts that nobody has closed in Defender for IoT"},
    {"Appliances", "u_muster_ot_appliance", "ORDERBYu_name",
     "The sensors, and how they are"},
    {"Connections", CONNECTION, "ORDERBYu_name", "Which device talks to which"},
    {"Firmware", "u_muster_ot_firmware", "ORDERBYu_model",
     "Modules of devices with their firmware"},
    {"Gone devices", DEVICE, "u_state=gone^ORDERBYDESCu_gone",
     "Devices that no sensor shows any more"},
};

const struct mst_sn_menu mst_sn_ot_menu = {
    MST_UPDATE_SET_OT,
    "Defender for IoT",
    "OT devices, sensors, connections and alerts of Microsoft Defender for "
    "IoT, kept up to date by muster",
    modules,
    MST_LEN(modules),
};
