/* SPDX-License-Identifier: Apache-2.0
 *
 * See ot_catalog.h.
 */
#include "tests/lib/ot_catalog.h"

#include "base/limits.h"
#include "rules/rules.h"

static const struct mst_field fields[] = {{.name = "id"}};

static const struct mst_feed feeds[] = {
    {.name = "devices",
     .title = "devices",
     .fields = fields,
     .fields_n = MST_LEN(fields)},
};

static const struct mst_column cis[] = {
    {"name", MST_COL_NAME, 255, NULL},
    {"mac_address", 0, 24, NULL},
    {"correlation_id", MST_COL_INSERT, 512, NULL},
    {"discovery_source", MST_COL_INSERT, 40, NULL},
    {"install_status", 0, 0, NULL},
};

static const struct mst_column rows[] = {
    {"u_key", MST_COL_KEY | MST_COL_INSERT, 255, NULL},
    {"u_name", MST_COL_NAME, 255, NULL},
    {"u_cmdb_ci", MST_COL_REF, 0, T_OT_DEVICES},
    {"u_state", MST_COL_INSERT, 40, NULL},
    {"u_gone", MST_COL_INSERT, 0, NULL},
};

static const struct mst_column entities[] = {
    {"ot_correlation_id", MST_COL_KEY | MST_COL_INSERT, 512, NULL},
    {"cmdb_ci", MST_COL_PARENT | MST_COL_REQUIRED, 0, NULL},
    {"purdue_level", 0, 40, NULL},
    {"zone", 0, 255, NULL},
};

static const struct mst_column adapters[] = {
    {"name", MST_COL_NAME, 255, NULL},
    {"mac_address", 0, 24, NULL},
    {"cmdb_ci", MST_COL_PARENT | MST_COL_REQUIRED, 0, NULL},
    {"correlation_id", MST_COL_KEY | MST_COL_INSERT, 512, NULL},
    {"discovery_source", MST_COL_INSERT, 40, NULL},
    {"install_status", 0, 0, NULL},
};

static const struct mst_column addresses[] = {
    {"name", MST_COL_NAME, 255, NULL},
    {"ip_address", 0, 255, NULL},
    {"owned_by_cmdb_ci", MST_COL_PARENT | MST_COL_REQUIRED, 0, NULL},
    {"correlation_id", MST_COL_KEY | MST_COL_INSERT, 512, NULL},
    {"discovery_source", MST_COL_INSERT, 40, NULL},
    {"install_status", 0, 0, NULL},
};

static const struct mst_column detections[] = {
    {"parent", MST_COL_KEY | MST_COL_REF | MST_COL_REQUIRED, 0, T_OT_SENSORS},
    {"child", MST_COL_PARENT | MST_COL_REQUIRED, 0, NULL},
    {"type", MST_COL_MASTER | MST_COL_KIND, 0, "relation_type"},
};

static const char *const retired[] = {"install_status=7", NULL};
static const char *const closed[] = {"u_state=gone", NULL};

static const struct mst_class sensor_classes[] = {
    {.table = "cmdb_ci_nids", .optional = true},
    {.table = "cmdb_ci_hardware"},
};
static const struct mst_class device_classes[] = {
    {.table = "cmdb_ci_ot_plc", .optional = true},
    {.table = "cmdb_ci_ot", .optional = true},
    {.table = "cmdb_ci_hardware"},
};
static const struct mst_class entity_classes[] = {
    {.table = "cmdb_ot_entity", .optional = true},
};

#define COLUMNS(c) .columns = (c), .columns_n = MST_LEN(c)
#define CLASSES(c) .classes = (c), .classes_n = MST_LEN(c)

static const struct mst_set sets[] = {
    {.name = T_OT_SENSORS,
     .title = "Sensors",
     .order = 10,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci_nids",
     CLASSES(sensor_classes),
     COLUMNS(cis),
     .retire_values = retired},
    {.name = T_OT_DEVICES,
     .title = "Devices",
     .order = 20,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci_ot",
     CLASSES(device_classes),
     COLUMNS(cis),
     .retire_values = retired},
    {.name = T_OT_ROWS,
     .title = "Rows of devices",
     .order = 22,
     .missing = MST_MISSING_CLOSE,
     .writer = MST_WRITE_ROW,
     .table = "u_muster_ot_device",
     COLUMNS(rows),
     .retire_values = closed},
    {.name = T_OT_ENTITIES,
     .title = "Entities",
     .parent = T_OT_DEVICES,
     .order = 24,
     .missing = MST_MISSING_DELETE,
     .writer = MST_WRITE_ROW,
     .table = "cmdb_ot_entity",
     CLASSES(entity_classes),
     COLUMNS(entities)},
    {.name = T_OT_ADAPTERS,
     .title = "Adapters",
     .parent = T_OT_DEVICES,
     .order = 26,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci_network_adapter",
     COLUMNS(adapters),
     .retire_values = retired},
    {.name = T_OT_ADDRESSES,
     .title = "Addresses",
     .parent = T_OT_DEVICES,
     .order = 28,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci_ip_address",
     COLUMNS(addresses),
     .retire_values = retired},
    {.name = T_OT_DETECTIONS,
     .title = "Detections",
     .parent = T_OT_DEVICES,
     .order = 32,
     .missing = MST_MISSING_DELETE,
     .writer = MST_WRITE_LINK,
     .table = "cmdb_rel_ci",
     COLUMNS(detections),
     .relationship = true},
};

#define ROW(c, v)                                                              \
	{                                                                      \
		(c), 0, mst_op_const, (v), "test.rule", 0                      \
	}

static const struct mst_map_row ci_rows[] = {
    ROW("name", "x"),
    ROW("correlation_id", "x"),
    ROW("install_status", "1"),
};
static const struct mst_map_row row_rows[] = {
    ROW("u_key", "x"),
    ROW("u_name", "x"),
    ROW("u_state", "present"),
};
static const struct mst_map_row entity_rows[] = {
    ROW("purdue_level", "1"),
    ROW("zone", "x"),
};
static const struct mst_map_row adapter_rows[] = {
    ROW("name", "x"),
    ROW("mac_address", "x"),
    ROW("install_status", "1"),
};
static const struct mst_map_row address_rows[] = {
    ROW("name", "x"),
    ROW("ip_address", "x"),
    ROW("install_status", "1"),
};
static const struct mst_map_row detection_rows[] = {
    ROW("parent", "x"),
    ROW("type", "Detects::Detected by"),
};

#define MAPPING(s, r)                                                          \
	{                                                                      \
		.set = (s), .feeds = 1, .rows = (r), .rows_n = MST_LEN(r)      \
	}

static const struct mst_mapping mappings[] = {
    MAPPING(T_OT_SENSORS, ci_rows),
    MAPPING(T_OT_DEVICES, ci_rows),
    MAPPING(T_OT_ROWS, row_rows),
    MAPPING(T_OT_ENTITIES, entity_rows),
    MAPPING(T_OT_ADAPTERS, adapter_rows),
    MAPPING(T_OT_ADDRESSES, address_rows),
    MAPPING(T_OT_DETECTIONS, detection_rows),
};

const struct mst_catalog t_ot_catalog = {
    .feeds = feeds,
    .feeds_n = MST_LEN(feeds),
    .sets = sets,
    .sets_n = MST_LEN(sets),
    .mappings = mappings,
    .mappings_n = MST_LEN(mappings),
};
