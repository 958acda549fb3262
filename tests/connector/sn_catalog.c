/* SPDX-License-Identifier: Apache-2.0
 *
 * A catalogue for the tests: the shapes of docs/internals/rules.md, fewer
 * columns.
 */
#include "sn_fake.h"

static const struct mst_column device_columns[] = {
    {"name", 0, 255, NULL},
    {"os", 0, 100, NULL},
    {"os_version", 0, 100, NULL},
    {"mac_address", 0, 24, NULL},
    {"serial_number", 0, 255, NULL},
    {"virtual", 0, 0, NULL},
    {"manufacturer", MST_COL_MASTER, 80, "company"},
    {"model_id", MST_COL_MASTER, 255, "model"},
    {"first_discovered", MST_COL_INSERT, 0, NULL},
    {"last_discovered", MST_COL_VOLATILE, 0, NULL},
    {"correlation_id", MST_COL_INSERT, 512, NULL},
    {"discovery_source", MST_COL_INSERT, 40, NULL},
    {"install_status", 0, 0, NULL},
    {"operational_status", 0, 0, NULL},
};

static const struct mst_column package_columns[] = {
    {"name", 0, 255, NULL},
    {"version", 0, 255, NULL},
    {"vendor", MST_COL_MASTER, 80, "company"},
    {"key", 0, 255, NULL},
    {"discovery_source", MST_COL_INSERT, 40, NULL},
};

static const struct mst_column install_columns[] = {
    {"name", 0, 255, NULL},
    {"installed_on", MST_COL_PARENT | MST_COL_REQUIRED, 0, NULL},
    {"software", MST_COL_REF | MST_COL_REQUIRED, 0, "software_packages"},
    {"display_name", 0, 255, NULL},
    {"version", 0, 255, NULL},
    {"prod_id", 0, 255, NULL},
    {"discovery_source", MST_COL_INSERT, 40, NULL},
};

static const struct mst_column cve_columns[] = {
    {"u_cve_id", MST_COL_KEY, 40, NULL},
    {"u_name", 0, 255, NULL},
    {"u_description", 0, 4000, NULL},
    {"u_cvss_score", 0, 40, NULL},
    {"u_public_exploit", 0, 0, NULL},
    {"u_exposed_machines", MST_COL_VOLATILE, 0, NULL},
    {"u_source", MST_COL_INSERT, 40, NULL},
    {"u_first_seen", MST_COL_INSERT, 0, NULL},
};

static const struct mst_column instance_columns[] = {
    {"u_key", MST_COL_KEY | MST_COL_INSERT, 40, NULL},
    {"u_cmdb_ci", MST_COL_PARENT | MST_COL_REQUIRED, 0, NULL},
    {"u_cve", MST_COL_REF | MST_COL_REQUIRED, 0, "vulnerabilities"},
    {"u_software_package", MST_COL_REF | MST_COL_VOLATILE, 0,
     "software_packages"},
    {"u_software_name", 0, 255, NULL},
    {"u_software_version", 0, 100, NULL},
    {"u_status", MST_COL_INSERT, 40, NULL},
    {"u_severity", 0, 40, NULL},
    {"u_cvss_score", 0, 40, NULL},
    {"u_first_seen", MST_COL_INSERT, 0, NULL},
    {"u_last_seen", MST_COL_VOLATILE, 0, NULL},
    {"u_disk_paths", 0, 4000, NULL},
    {"u_source_connection", MST_COL_INSERT, 64, NULL},
    {"u_resolved_at", MST_COL_INSERT, 0, NULL},
    {"u_reopened_count", MST_COL_INSERT, 0, NULL},
};

static const char *const device_retired[] = {"install_status=7",
					     "operational_status=6", NULL};

#define COLUMNS(c) .columns = (c), .columns_n = MST_LEN(c)

static const struct mst_set sets[] = {
    {.name = "devices",
     .title = "Devices",
     .order = 10,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci_computer",
     COLUMNS(device_columns),
     .retire_values = device_retired},
    {.name = "software_packages",
     .title = "Software packages",
     .order = 20,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci_spkg",
     COLUMNS(package_columns),
     .retire_values = device_retired},
    {.name = "software_installs",
     .title = "Software installs",
     .parent = "devices",
     .order = 30,
     .missing = MST_MISSING_DELETE,
     .writer = MST_WRITE_LINK,
     .table = "cmdb_software_instance",
     COLUMNS(install_columns)},
    {.name = "vulnerabilities",
     .title = "CVEs",
     .order = 40,
     .missing = MST_MISSING_KEEP,
     .writer = MST_WRITE_ROW,
     .table = "u_muster_cve",
     COLUMNS(cve_columns)},
    {.name = "device_vulnerabilities",
     .title = "CVE instances",
     .parent = "devices",
     .order = 50,
     .missing = MST_MISSING_CLOSE,
     .writer = MST_WRITE_ROW,
     .table = "u_muster_cve_instance",
     COLUMNS(instance_columns)},
};

const struct mst_catalog fake_catalog = {.sets = sets, .sets_n = MST_LEN(sets)};

const struct mst_set *fake_set(const char *name)
{
	const struct mst_set *set = mst_catalog_set(&fake_catalog, name);

	assert_non_null(set);
	return set;
}
