/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of muster-ot: what Microsoft Defender for IoT shows
 * (docs/internals/iot.md, section 3). Columns are sorted by name, as the
 * update set lists them.
 */
#include "servicenow/columns.h"

/* What muster makes of a record that is there, and of one that is not any
 * more. What the source says is no choice: ServiceNow would pass over a value
 * that a newer console has. */
static const struct mst_sn_choice states[] = {
    {"present", "Present"},
    {"gone", "Gone"},
    {NULL, NULL},
};

static const struct mst_sn_choice severities[] = {
    {"Critical", "Critical"}, {"Major", "Major"}, {"Minor", "Minor"},
    {"Warning", "Warning"},   {NULL, NULL},
};

static const struct mst_sn_choice engines[] = {
    {"Protocol Violation", "Protocol Violation"},
    {"Policy Violation", "Policy Violation"},
    {"Malware", "Malware"},
    {"Anomaly", "Anomaly"},
    {"Operational", "Operational"},
    {NULL, NULL},
};

#define NUMBER(n, l)                                                           \
	{                                                                      \
		.name = (n), .label = (l), .type = "integer", .max_length = 40 \
	}
#define SHOWN(n, l)                                                            \
	{                                                                      \
		.name = (n), .label = (l), .type = "string",                   \
		.max_length = 255, .display = true                             \
	}
#define KEY                                                                    \
	{                                                                      \
		.name = "u_key", .label = "Key", .type = "string",             \
		.max_length = 255, .unique = true, .mandatory = true,          \
		.hint = "Identity at the source; set by muster, do not edit"   \
	}
#define SOURCE                                                                 \
	{                                                                      \
		.name = "u_source", .label = "Source", .type = "string",       \
		.max_length = 64,                                              \
		.hint = "The connection of muster that the record comes from"  \
	}
#define STATE                                                                  \
	{                                                                      \
		.name = "u_state", .label = "State", .type = "string",         \
		.max_length = 40, .choices = states, .dflt = "present",        \
		.mandatory = true, .audited = true,                            \
		.hint = "Gone: the source does not show it any more"           \
	}
/* Whose record goes with the device when a person deletes that. */
#define PARENT(n, l, t)                                                        \
	{                                                                      \
		.name = (n), .label = (l), .type = "reference",                \
		.max_length = 32, .reference = (t), .cascade = "cascade",      \
		.mandatory = true                                              \
	}

static const struct mst_sn_column appliance_columns[] = {
    NUMBER("u_alert_count", "Alerts"),
    TEXT("u_appliance_id", "Appliance ID", 40),
    REF("u_cmdb_ci", "Configuration item", "cmdb_ci", "clear"),
    TEXT("u_connection_state", "Connection state", 40),
    TEXT("u_data_intelligence_version", "Threat intelligence version", 100),
    NUMBER("u_device_count", "Devices"),
    LIFE_TIME("u_gone", "Gone since"),
    TEXT("u_interface_address", "Interface address", 255),
    FLAG("u_is_activated", "Activated"),
    FLAG("u_is_in_learning_mode", "In learning mode"),
    KEY,
    PEOPLE_REF("u_location", "Location", "cmn_location"),
    SHOWN("u_name", "Name"),
    PEOPLE_REF("u_owner", "Owner", "sys_user"),
    TEXT("u_remote_upgrade_stage", "Upgrade stage", 100),
    TEXT("u_site", "Site", 255),
    SOURCE,
    STATE,
    TEXT("u_uid", "UID", 100),
    NUMBER("u_unhandled_alert_count", "Unhandled alerts"),
    TEXT("u_version", "Version", 100),
    TEXT("u_zone", "Zone", 255),
};

static const struct mst_sn_column device_columns[] = {
    REF("u_appliance", "Appliance", "u_muster_ot_appliance", "clear"),
    TEXT("u_appliance_names", "Seen by", 1000),
    FLAG("u_authorized", "Authorized"),
    TEXT("u_category", "Category", 40),
    REF("u_cmdb_ci", "Configuration item", "cmdb_ci", "clear"),
    TEXT("u_device_id", "Device ID", 40),
    TEXT("u_device_type", "Type", 100),
    {.name = "u_device_url",
     .label = "Device URL",
     .type = "url",
     .max_length = 1024},
    FLAG("u_engineering_station", "Engineering station"),
    TIME("u_first_discovered", "First discovered"),
    LIFE_TIME("u_gone", "Gone since"),
    TEXT("u_groups", "Groups", 1000),
    {.name = "u_guessed_mac_addresses",
     .label = "Guessed MAC addresses",
     .type = "string",
     .max_length = 1000,
     .hint = "Not sure: traffic that was routed shows the router's"},
    TEXT("u_ip_address", "IP address", 64),
    TEXT("u_ip_addresses", "IP addresses", 1000),
    KEY,
    TIME("u_last_activity", "Last activity"),
    TIME("u_last_update", "Last update"),
    PEOPLE_REF("u_location", "Location", "cmn_location"),
    TEXT("u_mac_address", "MAC address", 64),
    TEXT("u_mac_addresses", "MAC addresses", 1000),
    SHOWN("u_name", "Name"),
    TEXT("u_operating_system", "Operating system", 255),
    PEOPLE_REF("u_owner", "Owner", "sys_user"),
    TEXT("u_protocols", "Protocols", 1000),
    TEXT("u_purdue_layer", "Purdue layer", 100),
    FLAG("u_scanner", "Scanner"),
    TEXT("u_site", "Site", 255),
    SOURCE,
    STATE,
    TEXT("u_vendor", "Vendor", 255),
    TEXT("u_vlans", "VLANs", 255),
    TEXT("u_zone", "Zone", 255),
};

static const struct mst_sn_column firmware_columns[] = {
    TEXT("u_additional_data", "Additional data", 1000),
    TEXT("u_address", "Address", 64),
    TEXT("u_appliance_name", "Appliance", 255),
    PARENT("u_device", "Device", "u_muster_ot_device"),
    KEY,
    TEXT("u_model", "Model", 255),
    TEXT("u_module_address", "Module address", 255),
    SHOWN("u_name", "Name"),
    TEXT("u_rack", "Rack", 40),
    TEXT("u_serial", "Serial", 255),
    TEXT("u_slot", "Slot", 40),
    SOURCE,
    TEXT("u_version", "Version", 255),
};

static const struct mst_sn_column connection_columns[] = {
    TEXT("u_appliance_name", "Appliance", 255),
    {.name = "u_connection_type",
     .label = "Direction",
     .type = "string",
     .max_length = 40,
     .hint = "One Way: the source is the client, the destination the server. "
	     "Two Way: both are servers, or it is not known"},
    REF("u_dest_device", "Destination device", "u_muster_ot_device", "clear"),
    TEXT("u_dest_device_id", "Destination device ID", 40),
    TEXT("u_dest_device_name", "Destination device name", 255),
    TIME("u_discovered", "Discovered"),
    KEY,
    TIME("u_last_seen", "Last seen"),
    SHOWN("u_name", "Name"),
    TEXT("u_ports", "Ports", 1000),
    TEXT("u_protocols", "Protocols", 1000),
    SOURCE,
    PARENT("u_src_device", "Source device", "u_muster_ot_device"),
    TEXT("u_src_device_id", "Source device ID", 40),
    TEXT("u_src_device_name", "Source device name", 255),
};

static const struct mst_sn_column alert_columns[] = {
    TEXT("u_additional_information", "Additional information", 4000),
    TEXT("u_alert_id", "Alert ID", 100),
    TEXT("u_appliance_name", "Appliance", 255),
    PEOPLE_REF("u_assigned_to", "Assignee", "sys_user"),
    TEXT("u_category", "Category", 255),
    REF("u_cmdb_ci", "Configuration item", "cmdb_ci", "clear"),
    TIME("u_created", "Created"),
    TEXT("u_destination_address", "Destination address", 255),
    REF("u_destination_device", "Destination device", "u_muster_ot_device",
	"clear"),
    TEXT("u_destination_mac", "Destination MAC address", 64),
    TEXT("u_destination_name", "Destination name", 255),
    CHOICE("u_engine", "Engine", engines),
    {.name = "u_handled",
     .label = "Handled",
     .type = "boolean",
     .max_length = 40,
     .audited = true,
     .hint = "Somebody has closed it in Defender for IoT"},
    KEY,
    TEXT("u_message", "Description", 4000),
    TEXT("u_protocol", "Protocol", 255),
    TEXT("u_remediation", "Remediation steps", 4000),
    CHOICE("u_severity", "Severity", severities),
    TEXT("u_site", "Site", 255),
    SOURCE,
    TEXT("u_source_address", "Source address", 255),
    REF("u_source_device", "Source device", "u_muster_ot_device", "clear"),
    TEXT("u_source_mac", "Source MAC address", 64),
    TEXT("u_source_name", "Source name", 255),
    {.name = "u_system",
     .label = "System notification",
     .type = "boolean",
     .max_length = 40,
     .hint = "About the sensor itself, not about what it saw"},
    SHOWN("u_title", "Title"),
    TEXT("u_uuid", "UUID", 255),
    {.name = "u_work_notes",
     .label = "Work notes",
     .type = "journal_input",
     .max_length = 4000,
     .writer = MST_SN_PEOPLE,
     .audited = true},
    TEXT("u_zone", "Zone", 255),
};

#define OT_TABLE(n, l, p, what, cols)                                          \
	.set = MST_UPDATE_SET_OT, .name = (n), .label = (l), .plural = (p),    \
	.comment = what ", written by muster; update set version "             \
			"" MST_UPDATE_SET_VERSION,                             \
	.columns = (cols), .columns_n = MST_LEN(cols)

const struct mst_sn_table mst_sn_ot_appliance_table = {
    OT_TABLE("u_muster_ot_appliance", "OT Appliance", "OT Appliances",
	     "OT network sensors", appliance_columns),
    .audited = true,
};

const struct mst_sn_table mst_sn_ot_device_table = {
    OT_TABLE("u_muster_ot_device", "OT Device", "OT Devices",
	     "Devices that OT network sensors see", device_columns),
    .audited = true,
};

const struct mst_sn_table mst_sn_ot_firmware_table = {
    OT_TABLE("u_muster_ot_firmware", "OT Firmware", "OT Firmware",
	     "Firmware of the modules of OT devices", firmware_columns),
};

const struct mst_sn_table mst_sn_ot_connection_table = {
    OT_TABLE("u_muster_ot_connection", "OT Connection", "OT Connections",
	     "Which OT device talks to which", connection_columns),
};

const struct mst_sn_table mst_sn_ot_alert_table = {
    OT_TABLE("u_muster_ot_alert", "OT Alert", "OT Alerts",
	     "Alerts of Defender for IoT", alert_columns),
    .audited = true,
};
