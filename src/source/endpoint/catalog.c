/* SPDX-License-Identifier: Apache-2.0
 *
 * What this source delivers by default: the desired sets with their columns,
 * and how records become members of them. Settings change it (adapt.c). The
 * specification is docs/internals/rules.md; change it first.
 */
#include "source/endpoint/ops.h"
#include "source/microsoft/cve.h"

#define INSERT	 MST_COL_INSERT
#define VOLATILE MST_COL_VOLATILE
#define REF	 MST_COL_REF
#define MASTER	 MST_COL_MASTER
#define PARENT	 MST_COL_PARENT
#define REQUIRED MST_COL_REQUIRED
#define NAME	 MST_COL_NAME

/* ---- value maps --------------------------------------------------------- */

typedef const char *const value_map[][2];

static value_map os_names = {
    {"Windows10", "Windows 10"},
    {"Windows11", "Windows 11"},
    {"Windows7", "Windows 7"},
    {"Windows8", "Windows 8"},
    {"Windows81", "Windows 8.1"},
    {"WindowsServer2008R2", "Windows Server 2008 R2"},
    {"WindowsServer2012", "Windows Server 2012"},
    {"WindowsServer2012R2", "Windows Server 2012 R2"},
    {"WindowsServer2016", "Windows Server 2016"},
    {"WindowsServer2019", "Windows Server 2019"},
    {"WindowsServer2022", "Windows Server 2022"},
    {"WindowsServer2025", "Windows Server 2025"},
    {"macOS", "macOS"},
    {"Ubuntu", "Ubuntu"},
    {"RedHatEnterpriseLinux", "Red Hat Enterprise Linux"},
    {"CentOS", "CentOS"},
    {"Debian", "Debian"},
    {"SUSE", "SUSE"},
    {"OracleLinux", "Oracle Linux"},
    {"AmazonLinux", "Amazon Linux"},
    {"iOS", "iOS"},
    {"Android", "Android"},
    {NULL, NULL},
};

static value_map address_widths = {
    {"64-bit", "64"},
    {"32-bit", "32"},
    {NULL, NULL},
};

static value_map severities = {
    {"None", "none"}, {"Low", "low"},		{"Medium", "medium"},
    {"High", "high"}, {"Critical", "critical"}, {NULL, NULL},
};

static value_map exploitabilities = {
    {"NoExploit", "no_exploit"},
    {"ExploitIsPublic", "public"},
    {"ExploitIsVerified", "verified"},
    {"ExploitIsInKit", "in_kit"},
    {NULL, NULL},
};

/* ---- devices ------------------------------------------------------------ */

static const struct mst_column device_columns[] = {
    {"name", NAME, 255, NULL},
    {"fqdn", NAME, 255, NULL},
    {"dns_domain", 0, 255, NULL},
    {"os", 0, 100, NULL},
    {"os_version", 0, 100, NULL},
    {"os_address_width", 0, 40, NULL},
    {"ip_address", 0, 255, NULL},
    {"mac_address", 0, 24, NULL},
    {"virtual", 0, 0, NULL},
    {"manufacturer", MASTER, 80, "company"},
    {"model_id", MASTER, 255, "model"},
    {"serial_number", 0, 255, NULL},
    {"first_discovered", INSERT, 0, NULL},
    {"last_discovered", VOLATILE, 0, NULL},
    {"correlation_id", INSERT | NAME, 512, NULL},
    {"discovery_source", INSERT, 40, NULL},
    {"hardware_status", 0, 40, NULL},
    {"hardware_substatus", 0, 40, NULL},
    {"install_status", 0, 40, NULL},
    {"operational_status", 0, 40, NULL},
};

static const char *const device_retired[] = {
    "hardware_status=retired",
    "hardware_substatus=divested",
    "install_status=7",
    "operational_status=6",
    NULL,
};

static const char attributes[] = "endpoint.attributes";
static const char status[] = "endpoint.status";
static const char correlation[] = "endpoint.correlation";

static const struct mst_map_row device_rows[] = {
    {"name", EM_NAME, ep_op_name, NULL, "endpoint.name"},
    {"fqdn", EM_NAME, ep_op_fqdn, NULL, attributes},
    {"dns_domain", EM_NAME, ep_op_domain, NULL, attributes},
    {"os", EM_OS_PLATFORM, mst_op_enum, os_names, attributes},
    {"os", EM_OS_PLATFORM, mst_op_text, NULL, attributes},
    {"os_version", EM_VERSION, mst_op_text, NULL, attributes},
    {"os_version", EM_OS_BUILD, mst_op_text, NULL, attributes},
    {"os_address_width", EM_OS_ARCH, ep_op_address_width, address_widths,
     attributes},
    {"ip_address", EM_LAST_IP, mst_op_text, NULL, attributes},
    {"mac_address", EM_IPS, ep_op_mac, NULL, "endpoint.mac"},
    {"virtual", EM_VM, ep_op_virtual, NULL, attributes},
    {"manufacturer", EM_MANUFACTURER, mst_op_text, NULL, "servicenow.company"},
    {"model_id", EM_MODEL, ep_op_model, NULL, "servicenow.model"},
    {"serial_number", EM_ADDITIONAL, ep_op_serial, NULL, "endpoint.serial"},
    {"first_discovered", EM_FIRST_SEEN, mst_op_time, NULL, attributes},
    {"last_discovered", EM_LAST_SEEN, mst_op_time, NULL, attributes},
    {"correlation_id", EM_ID, ep_op_correlation, NULL, correlation},
    {"discovery_source", EM_ID, mst_op_const, "muster", correlation},
    {"hardware_status", EM_HEALTH, ep_op_status, ep_hardware_status, status},
    {"hardware_substatus", EM_HEALTH, ep_op_status, ep_hardware_substatus,
     status},
    {"install_status", EM_HEALTH, ep_op_status, ep_install_status, status},
    {"operational_status", EM_HEALTH, ep_op_status, ep_operational_status,
     status},
};

/* ---- software ----------------------------------------------------------- */

static const struct mst_column package_columns[] = {
    {"name", NAME, 255, NULL},
    {"version", 0, 255, NULL},
    {"vendor", MASTER, 80, "company"},
    {"key", 0, 255, NULL},
    {"discovery_source", INSERT, 40, NULL},
    {"install_status", 0, 40, NULL},
    {"operational_status", 0, 40, NULL},
};

static const char *const package_retired[] = {
    "install_status=7",
    "operational_status=6",
    NULL,
};

static const char packages[] = "endpoint.packages";
static const char names[] = "endpoint.software_names";

static const struct mst_map_row package_rows[] = {
    {"name", ES_NAME, ep_op_product_name, NULL, names},
    {"version", ES_VERSION, mst_op_text, NULL, packages},
    {"vendor", ES_VENDOR, ep_op_product_vendor, NULL, names},
    {"key", ES_NAME, ep_op_software_key, NULL, packages},
    {"discovery_source", ES_DEVICE, mst_op_const, "muster", correlation},
    {"install_status", ES_DEVICE, mst_op_const, "1", packages},
    {"operational_status", ES_DEVICE, mst_op_const, "1", packages},
};

/* Columns of both tables: with the setting software_table the others have
 * values (adapt.c). */
static const struct mst_column install_columns[] = {
    {"name", NAME, 255, NULL},
    {"installed_on", PARENT | REQUIRED, 0, NULL},
    {"software", REF | REQUIRED, 0, "software_packages"},
    {"display_name", NAME, 255, NULL},
    {"publisher", 0, 255, NULL},
    {"version", 0, 255, NULL},
    {"prod_id", 0, 255, NULL},
    {"discovery_source", INSERT, 40, NULL},
};

static const char installs[] = "endpoint.installs";

static const struct mst_map_row install_rows[] = {
    {"name", ES_NAME, ep_op_install_name, NULL, names},
    {"installed_on", ES_DEVICE, mst_op_lower, NULL, installs},
    {"software", ES_NAME, ep_op_software_key, NULL, installs},
};

/* ---- CVE definitions ---------------------------------------------------- */

static const struct mst_column cve_columns[] = {MS_CVE_COLUMNS(0)};

static const char definitions[] = "endpoint.cves";

static const struct mst_map_row cve_rows[] = {
    {"u_cve_id", EC_ID, mst_op_upper, NULL, definitions},
    {"u_name", EC_NAME, mst_op_text, NULL, definitions},
    {"u_name", EC_ID, mst_op_upper, NULL, definitions},
    {"u_description", EC_DESCRIPTION, mst_op_text, NULL, definitions},
    {"u_severity", EC_SEVERITY, mst_op_enum, severities, definitions},
    {"u_cvss_score", EC_CVSS, mst_op_fixed1, NULL, definitions},
    {"u_cvss_vector", EC_VECTOR, mst_op_text, NULL, definitions},
    {"u_epss", EC_EPSS, ep_op_epss, NULL, definitions},
    {"u_public_exploit", EC_PUBLIC, mst_op_bool, NULL, definitions},
    {"u_exploit_verified", EC_VERIFIED, mst_op_bool, NULL, definitions},
    {"u_exploit_in_kit", EC_IN_KIT, mst_op_bool, NULL, definitions},
    {"u_exploit_types", EC_TYPES, mst_op_lines, NULL, definitions},
    {"u_exploit_uris", EC_URIS, mst_op_lines, NULL, definitions},
    {"u_published", EC_PUBLISHED, mst_op_time, NULL, definitions},
    {"u_updated", EC_UPDATED, mst_op_time, NULL, definitions},
    {"u_exposed_machines", EC_EXPOSED, mst_op_number, NULL, definitions},
    {"u_tags", EC_TAGS, mst_op_lines, NULL, definitions},
    {"u_supportability", EC_SUPPORTABILITY, ep_op_lower_lines, NULL,
     definitions},
    {"u_source", EC_ID, mst_op_const, "Microsoft Defender", definitions},
    {"u_first_seen", EC_ID, mst_op_now, NULL, definitions},
    {"u_last_seen", EC_ID, mst_op_now, NULL, definitions},
};

/* A CVE that the list does not have: what its first row says of it. */
static const struct mst_map_row cve_fallback_rows[] = {
    {"u_cve_id", ED_CVE, mst_op_upper, NULL, definitions},
    {"u_name", ED_CVE, mst_op_upper, NULL, definitions},
    {"u_severity", ED_SEVERITY, mst_op_enum, severities, definitions},
    {"u_cvss_score", ED_CVSS, mst_op_fixed1, NULL, definitions},
    {"u_source", 0, mst_op_const, "Microsoft Defender", definitions},
    {"u_first_seen", 0, mst_op_now, NULL, definitions},
    {"u_last_seen", 0, mst_op_now, NULL, definitions},
};

/* ---- CVE instances ------------------------------------------------------ */

static const struct mst_column instance_columns[] = {
    MS_CVE_INSTANCE_COLUMNS(REF, "software_packages")};

static const char *const instance_closed[] = {MS_CVE_INSTANCE_CLOSED};

static const char instances[] = "endpoint.cve_instances";
static const char cve_status[] = "endpoint.cve_status";

/* u_resolved_at has no row: only the life cycle sets it. */
static const struct mst_map_row instance_rows[] = {
    {"u_key", ED_CVE, ep_op_cve_key, NULL, instances},
    {"u_cmdb_ci", ED_DEVICE, mst_op_lower, NULL, instances},
    {"u_cve", ED_CVE, mst_op_upper, NULL, instances},
    {"u_software_package", ED_NAME, ep_op_software_key, NULL, instances},
    {"u_software_name", ED_NAME, mst_op_text, NULL, instances},
    {"u_software_vendor", ED_VENDOR, mst_op_text, NULL, instances},
    {"u_software_version", ED_VERSION, mst_op_text, NULL, instances},
    {"u_status", ED_CVE, mst_op_const, "unresolved", cve_status},
    {"u_severity", ED_SEVERITY, mst_op_enum, severities, instances},
    {"u_cvss_score", ED_CVSS, mst_op_fixed1, NULL, instances},
    {"u_exploitability", ED_EXPLOITABILITY, mst_op_enum, exploitabilities,
     instances},
    {"u_first_seen", ED_FIRST_SEEN, mst_op_time, NULL, instances},
    {"u_last_seen", ED_LAST_SEEN, mst_op_time, NULL, instances},
    {"u_recommended_update", ED_UPDATE, mst_op_text, NULL, instances},
    {"u_recommended_update_id", ED_UPDATE_ID, mst_op_text, NULL, instances},
    {"u_recommended_update_url", ED_UPDATE_URL, mst_op_text, NULL, instances},
    {"u_disk_paths", ED_DISK_PATHS, mst_op_lines, NULL, instances},
    {"u_registry_paths", ED_REGISTRY_PATHS, mst_op_lines, NULL, instances},
    {"u_source_connection", ED_CVE, ep_op_connection, NULL, instances},
    {"u_reopened_count", ED_CVE, mst_op_const, "0", cve_status},
};

/* ---- sets, mappings, joins ---------------------------------------------- */

#define COLUMNS(c) .columns = (c), .columns_n = MST_LEN(c)
#define ROWS(r)	   .rows = (r), .rows_n = MST_LEN(r)

static const struct mst_class device_classes[] = {
    {.table = "cmdb_ci_computer"},
    {.table = "cmdb_ci_win_server"},
    {.table = "cmdb_ci_linux_server"},
    {.table = "cmdb_ci_handheld_computing", .optional = true},
};

static const struct mst_set sets[] = {
    {.name = "devices",
     .title = "Devices",
     .order = 10,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci_computer",
     .classes = device_classes,
     .classes_n = MST_LEN(device_classes),
     COLUMNS(device_columns),
     .retire_values = device_retired},
    {.name = "software_packages",
     .title = "Software packages",
     .order = 20,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci_spkg",
     COLUMNS(package_columns),
     .selected_by = "software_installs",
     .retire_values = package_retired},
    {.name = "software_installs",
     .title = "Software installs",
     .parent = "devices",
     .order = 30,
     .missing = MST_MISSING_DELETE,
     .writer = MST_WRITE_LINK,
     .table = "cmdb_software_instance",
     COLUMNS(install_columns)},
    {.name = "vulnerabilities",
     .title = "Vulnerabilities",
     .order = 40,
     .missing = MST_MISSING_KEEP,
     .writer = MST_WRITE_ROW,
     .table = "u_muster_cve",
     COLUMNS(cve_columns),
     .referenced_by = "device_vulnerabilities"},
    {.name = "device_vulnerabilities",
     .title = "Vulnerabilities of devices",
     .parent = "devices",
     .order = 50,
     .missing = MST_MISSING_CLOSE,
     .writer = MST_WRITE_ROW,
     .table = "u_muster_cve_instance",
     COLUMNS(instance_columns),
     .retire_values = instance_closed},
};

#define SOFTWARE_FEEDS (EP_BIT(EP_SOFTWARE) | EP_BIT(EP_NON_CPE))

/* Keys and groups are taken from field 0 of a record (see the private
 * header). */
static const struct mst_mapping mappings[] = {
    {.set = "devices",
     .feeds = EP_BIT(EP_MACHINES),
     .key_rule = "endpoint.identity",
     .key = mst_op_lower,
     .table = ep_op_class,
     .filter = ep_keep_machine,
     .identity = ep_op_identity,
     .rank = ep_op_rank,
     .identity_column = "name",
     .newest = ep_op_last_seen,
     ROWS(device_rows)},
    {.set = "software_packages",
     .feeds = SOFTWARE_FEEDS,
     .key_rule = packages,
     .key = ep_op_software_key,
     .filter = ep_keep_install,
     ROWS(package_rows)},
    {.set = "software_installs",
     .feeds = SOFTWARE_FEEDS,
     .key_rule = installs,
     .key = ep_op_software_key,
     .group = mst_op_lower,
     .filter = ep_keep_install,
     ROWS(install_rows)},
    {.set = "vulnerabilities",
     .feeds = EP_BIT(EP_CVES),
     .key_rule = definitions,
     .key = mst_op_upper,
     .filter = ep_keep_cve,
     ROWS(cve_rows)},
    {.set = "vulnerabilities",
     .feeds = EP_BIT(EP_DEVICE_CVES),
     .fallback = true,
     .key_rule = definitions,
     .key = ep_op_cve,
     .filter = ep_keep_device_cve,
     ROWS(cve_fallback_rows)},
    {.set = "device_vulnerabilities",
     .feeds = EP_BIT(EP_DEVICE_CVES),
     .key_rule = instances,
     .key = ep_op_cve_key,
     .group = mst_op_lower,
     .filter = ep_keep_device_cve,
     ROWS(instance_rows)},
};

/* In this order: hardware fills what Entra ID left open. */
static const struct mst_join joins[] = {
    {.feed = EP_MACHINES,
     .from = EP_ENTRA,
     .key = EM_AAD_ID,
     .from_key = EE_DEVICE,
     .copy = {{EM_MANUFACTURER, EE_MANUFACTURER}, {EM_MODEL, EE_MODEL}},
     .copy_n = 2,
     .keep = ep_join_entra},
    {.feed = EP_MACHINES,
     .from = EP_HARDWARE,
     .key = EM_ID,
     .from_key = EH_DEVICE,
     .copy = {{EM_MANUFACTURER, EH_MANUFACTURER},
	      {EM_MODEL, EH_NAME},
	      {EM_ADDITIONAL, EH_ADDITIONAL}},
     .copy_n = 3,
     .keep = ep_join_hardware},
};

const struct mst_catalog ep_catalog = {
    .feeds = ep_feeds,
    .feeds_n = EP__FEEDS,
    .sets = sets,
    .sets_n = MST_LEN(sets),
    .mappings = mappings,
    .mappings_n = MST_LEN(mappings),
    .joins = joins,
    .joins_n = MST_LEN(joins),
    .rules = ep_rules,
    .rules_n = MST_LEN(ep_rules),
};
