/* SPDX-License-Identifier: Apache-2.0
 *
 * What this source delivers by default: the record sets and their columns. How
 * records become members of them is in mappings.c; settings change both
 * (adapt.c). The specification is docs/internals/iot.md and iot-rules.md;
 * change them first.
 */
#include "source/iot/sets.h"
#include "source/microsoft/cve.h"

#define INSERT	 MST_COL_INSERT
#define VOLATILE MST_COL_VOLATILE
#define REF	 MST_COL_REF
#define MASTER	 MST_COL_MASTER
#define PARENT	 MST_COL_PARENT
#define REQUIRED MST_COL_REQUIRED
#define NAME	 MST_COL_NAME

#define KEY_COLUMN                                                             \
	{                                                                      \
		"u_key", MST_COL_KEY | INSERT, 255, NULL                       \
	}
#define SOURCE_COLUMN                                                          \
	{                                                                      \
		"u_source", INSERT, 64, NULL                                   \
	}
/* Only the life cycle of the destination writes u_gone. */
#define LIFE_COLUMNS                                                           \
	{"u_state", INSERT, 40, NULL},                                         \
	{                                                                      \
		"u_gone", INSERT, 0, NULL                                      \
	}
#define CI_COLUMNS                                                             \
	{"correlation_id", INSERT | NAME, 512, NULL},                          \
	    {"discovery_source", INSERT, 40, NULL},                            \
	    {"install_status", 0, 40, NULL},                                   \
	{                                                                      \
		"operational_status", 0, 40, NULL                              \
	}

static const char *const retired[] = {
    "install_status=7",
    "operational_status=6",
    NULL,
};

static const char *const gone[] = {
    "u_state=gone",
    NULL,
};

static const char *const closed[] = {MS_CVE_INSTANCE_CLOSED};

/* ---- sensors ------------------------------------------------------------- */

static const struct mst_column sensor_ci_columns[] = {
    {"name", NAME, 255, NULL},
    {"ip_address", 0, 255, NULL},
    {"fqdn", 0, 255, NULL},
    {"firmware_version", 0, 255, NULL},
    {"connection_state", 0, 40, NULL},
    CI_COLUMNS,
};

static const struct mst_column sensor_columns[] = {
    KEY_COLUMN,
    SOURCE_COLUMN,
    {"u_name", NAME, 255, NULL},
    {"u_appliance_id", 0, 40, NULL},
    {"u_uid", 0, 100, NULL},
    {"u_interface_address", 0, 255, NULL},
    {"u_version", 0, 100, NULL},
    {"u_connection_state", 0, 40, NULL},
    {"u_alert_count", VOLATILE, 0, NULL},
    {"u_device_count", VOLATILE, 0, NULL},
    {"u_unhandled_alert_count", VOLATILE, 0, NULL},
    {"u_is_activated", 0, 0, NULL},
    {"u_is_in_learning_mode", 0, 0, NULL},
    {"u_data_intelligence_version", 0, 100, NULL},
    {"u_remote_upgrade_stage", 0, 100, NULL},
    {"u_site", 0, 255, NULL},
    {"u_zone", 0, 255, NULL},
    {"u_cmdb_ci", REF, 0, "ot_sensor_cis"},
    LIFE_COLUMNS,
};

/* ---- devices ------------------------------------------------------------- */

static const struct mst_column device_ci_columns[] = {
    {"name", NAME, 255, NULL},
    {"os", 0, 100, NULL},
    {"ip_address", 0, 255, NULL},
    {"mac_address", 0, 24, NULL},
    {"manufacturer", MASTER, 80, "company"},
    {"model_id", MASTER, 255, "model"},
    {"serial_number", 0, 255, NULL},
    {"firmware_version", 0, 255, NULL},
    {"first_discovered", INSERT, 0, NULL},
    {"last_discovered", VOLATILE, 0, NULL},
    CI_COLUMNS,
};

static const struct mst_column device_columns[] = {
    KEY_COLUMN,
    SOURCE_COLUMN,
    {"u_name", NAME, 255, NULL},
    {"u_device_id", NAME, 40, NULL},
    {"u_appliance", REF, 0, "ot_sensors"},
    {"u_appliance_names", 0, 1000, NULL},
    {"u_device_type", 0, 100, NULL},
    {"u_category", 0, 40, NULL},
    {"u_purdue_layer", 0, 100, NULL},
    {"u_vendor", 0, 255, NULL},
    {"u_operating_system", 0, 255, NULL},
    {"u_ip_address", 0, 64, NULL},
    {"u_ip_addresses", 0, 1000, NULL},
    {"u_mac_address", 0, 64, NULL},
    {"u_mac_addresses", 0, 1000, NULL},
    {"u_guessed_mac_addresses", 0, 1000, NULL},
    {"u_vlans", 0, 255, NULL},
    {"u_protocols", 0, 1000, NULL},
    {"u_groups", 0, 1000, NULL},
    {"u_site", 0, 255, NULL},
    {"u_zone", 0, 255, NULL},
    {"u_authorized", 0, 0, NULL},
    {"u_scanner", 0, 0, NULL},
    {"u_engineering_station", 0, 0, NULL},
    {"u_first_discovered", 0, 0, NULL},
    {"u_last_activity", VOLATILE, 0, NULL},
    {"u_last_update", VOLATILE, 0, NULL},
    {"u_device_url", 0, 1024, NULL},
    {"u_cmdb_ci", REF, 0, "ot_device_cis"},
    LIFE_COLUMNS,
};

/* ---- below devices ------------------------------------------------------- */

static const struct mst_column entity_columns[] = {
    {"ot_correlation_id", MST_COL_KEY | INSERT, 255, NULL},
    {"cmdb_ci", PARENT | REQUIRED, 0, NULL},
    {"purdue_level", 0, 40, NULL},
    {"zone", 0, 255, NULL},
    {"isa_entity_site", 0, 255, NULL},
    {"ot_asset_type", 0, 100, NULL},
};

static const struct mst_column adapter_columns[] = {
    {"name", NAME, 255, NULL},
    {"mac_address", 0, 24, NULL},
    {"ip_address", 0, 255, NULL},
    {"cmdb_ci", PARENT | REQUIRED, 0, NULL},
    CI_COLUMNS,
};

static const struct mst_column address_columns[] = {
    {"name", NAME, 255, NULL},
    {"ip_address", 0, 255, NULL},
    {"ip_version", 0, 40, NULL},
    {"owned_by_cmdb_ci", PARENT | REQUIRED, 0, NULL},
    CI_COLUMNS,
};

static const struct mst_column firmware_columns[] = {
    KEY_COLUMN,
    SOURCE_COLUMN,
    {"u_device", PARENT | REQUIRED, 0, NULL},
    {"u_appliance_name", 0, 255, NULL},
    {"u_address", 0, 64, NULL},
    {"u_module_address", 0, 255, NULL},
    {"u_serial", 0, 255, NULL},
    {"u_model", 0, 255, NULL},
    {"u_version", 0, 255, NULL},
    {"u_additional_data", 0, 1000, NULL},
    {"u_rack", 0, 40, NULL},
    {"u_slot", 0, 40, NULL},
    {"u_name", VOLATILE | NAME, 255, NULL},
};

static const struct mst_column detection_columns[] = {
    {"child", PARENT | REQUIRED, 0, NULL},
    {"parent", REF | REQUIRED, 0, "ot_sensor_cis"},
    {"type", MASTER | MST_COL_KIND, 0, "relation_type"},
};

/* Names and references say nothing that hashed columns do not say. */
static const struct mst_column connection_columns[] = {
    KEY_COLUMN,
    SOURCE_COLUMN,
    {"u_name", VOLATILE | NAME, 255, NULL},
    {"u_appliance_name", 0, 255, NULL},
    {"u_connection_type", 0, 40, NULL},
    {"u_src_device", PARENT | REQUIRED, 0, NULL},
    {"u_src_device_id", INSERT, 40, NULL},
    {"u_src_device_name", 0, 255, NULL},
    {"u_dest_device", REF | VOLATILE, 0, "ot_devices"},
    {"u_dest_device_id", 0, 40, NULL},
    {"u_dest_device_name", 0, 255, NULL},
    {"u_protocols", 0, 1000, NULL},
    {"u_ports", 0, 1000, NULL},
    {"u_discovered", 0, 0, NULL},
    {"u_last_seen", VOLATILE, 0, NULL},
};

/* ---- CVEs ---------------------------------------------------------------- */

static const struct mst_column cve_columns[] = {MS_CVE_COLUMNS(INSERT)};
static const struct mst_column device_cve_columns[] = {
    MS_CVE_INSTANCE_COLUMNS(0, NULL)};

/* ---- alerts -------------------------------------------------------------- */

static const struct mst_column alert_columns[] = {
    KEY_COLUMN,
    SOURCE_COLUMN,
    {"u_title", NAME, 255, NULL},
    {"u_alert_id", 0, 100, NULL},
    {"u_uuid", NAME, 255, NULL},
    {"u_created", 0, 0, NULL},
    {"u_engine", 0, 40, NULL},
    {"u_message", 0, 4000, NULL},
    {"u_protocol", 0, 255, NULL},
    {"u_severity", 0, 40, NULL},
    {"u_category", 0, 255, NULL},
    {"u_appliance_name", 0, 255, NULL},
    {"u_site", 0, 255, NULL},
    {"u_zone", 0, 255, NULL},
    {"u_source_device", REF, 0, "ot_devices"},
    {"u_source_name", 0, 255, NULL},
    {"u_source_address", 0, 255, NULL},
    {"u_source_mac", 0, 64, NULL},
    {"u_destination_device", REF, 0, "ot_devices"},
    {"u_destination_name", 0, 255, NULL},
    {"u_destination_address", 0, 255, NULL},
    {"u_destination_mac", 0, 64, NULL},
    {"u_remediation", 0, 4000, NULL},
    {"u_additional_information", 0, 4000, NULL},
    {"u_handled", 0, 0, NULL},
    {"u_system", 0, 0, NULL},
    {"u_cmdb_ci", REF, 0, "ot_device_cis"},
};

/* ---- sets ---------------------------------------------------------------- */

#define COLUMNS(c) .columns = (c), .columns_n = MST_LEN(c)
#define CLASSES(c) .classes = (c), .classes_n = MST_LEN(c)

static const struct mst_class sensor_classes[] = {
    {.table = "cmdb_ci_nids", .optional = true},
    {.table = "cmdb_ci_hardware"},
};

/* All of the class map are put in the place of this one. */
static const struct mst_class device_classes[] = {
    {.table = "cmdb_ci_hardware"},
};

static const struct mst_class entity_classes[] = {
    {.table = "cmdb_ot_entity", .optional = true},
};

const struct mst_set ot_sets[] = {
    {.name = "ot_sensor_cis",
     .title = "CIs of OT sensors",
     .order = 10,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci_nids",
     CLASSES(sensor_classes),
     COLUMNS(sensor_ci_columns),
     .selected_by = "ot_sensors",
     .retire_values = retired},
    {.name = "ot_sensors",
     .title = "OT sensors",
     .order = 12,
     .missing = MST_MISSING_CLOSE,
     .writer = MST_WRITE_ROW,
     .table = "u_muster_ot_appliance",
     COLUMNS(sensor_columns),
     .retire_values = gone},
    {.name = "ot_device_cis",
     .title = "CIs of OT devices",
     .order = 20,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci_hardware",
     CLASSES(device_classes),
     COLUMNS(device_ci_columns),
     .selected_by = "ot_devices",
     .retire_values = retired},
    {.name = "ot_devices",
     .title = "OT devices",
     .order = 22,
     .missing = MST_MISSING_CLOSE,
     .writer = MST_WRITE_ROW,
     .table = "u_muster_ot_device",
     COLUMNS(device_columns),
     .retire_values = gone},
    {.name = "ot_entities",
     .title = "OT entities",
     .parent = "ot_device_cis",
     .order = 24,
     .missing = MST_MISSING_DELETE,
     .writer = MST_WRITE_ROW,
     .table = "cmdb_ot_entity",
     CLASSES(entity_classes),
     COLUMNS(entity_columns),
     .selected_by = "ot_devices"},
    {.name = "ot_adapters",
     .title = "Network adapters of OT devices",
     .parent = "ot_device_cis",
     .order = 26,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci_network_adapter",
     COLUMNS(adapter_columns),
     .selected_by = "ot_devices",
     .retire_values = retired},
    {.name = "ot_addresses",
     .title = "IP addresses of OT devices",
     .parent = "ot_device_cis",
     .order = 28,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci_ip_address",
     COLUMNS(address_columns),
     .selected_by = "ot_devices",
     .retire_values = retired},
    {.name = "ot_firmwares",
     .title = "Firmware of OT devices",
     .parent = "ot_devices",
     .order = 30,
     .missing = MST_MISSING_DELETE,
     .writer = MST_WRITE_ROW,
     .table = "u_muster_ot_firmware",
     COLUMNS(firmware_columns),
     .selected_by = "ot_devices"},
    {.name = "ot_detections",
     .title = "Sensors that detect OT devices",
     .parent = "ot_device_cis",
     .order = 32,
     .missing = MST_MISSING_DELETE,
     .writer = MST_WRITE_LINK,
     .table = "cmdb_rel_ci",
     COLUMNS(detection_columns),
     .relationship = true},
    {.name = "ot_connections",
     .title = "Connections of OT devices",
     .parent = "ot_devices",
     .order = 34,
     .missing = MST_MISSING_DELETE,
     .writer = MST_WRITE_ROW,
     .table = "u_muster_ot_connection",
     COLUMNS(connection_columns),
     .relationship = true},
    {.name = "vulnerabilities",
     .title = "Vulnerabilities",
     .order = 40,
     .missing = MST_MISSING_KEEP,
     .writer = MST_WRITE_ROW,
     .table = "u_muster_cve",
     COLUMNS(cve_columns),
     .referenced_by = "ot_device_cves"},
    {.name = "ot_device_cves",
     .title = "Vulnerabilities of OT devices",
     .parent = "ot_device_cis",
     .order = 42,
     .missing = MST_MISSING_CLOSE,
     .writer = MST_WRITE_ROW,
     .table = "u_muster_cve_instance",
     COLUMNS(device_cve_columns),
     .retire_values = closed},
    {.name = "ot_alerts",
     .title = "OT alerts",
     .order = 50,
     .missing = MST_MISSING_KEEP,
     .writer = MST_WRITE_ROW,
     .table = "u_muster_ot_alert",
     COLUMNS(alert_columns)},
};
const size_t ot_sets_n = MST_LEN(ot_sets);

const struct mst_catalog ot_catalog = {
    .feeds = ot_feeds,
    .feeds_n = OT__FEEDS,
    .sets = ot_sets,
    .sets_n = MST_LEN(ot_sets),
    .mappings = ot_mappings,
    .mappings_n = OT_MAPPINGS,
    .joins = ot_console_joins,
    .joins_n = OT_CONSOLE_JOINS,
    .rules = ot_rules,
    .rules_n = OT_RULES,
};
