/* SPDX-License-Identifier: Apache-2.0
 *
 * The two tables: CVE definitions and CVE instances (docs/internals/rules.md,
 * sections 6 and 7). Columns are sorted by name, as the update set lists them.
 */
#include "servicenow/tables.h"

#include <string.h>

static const struct mst_sn_choice statuses[] = {
    {"unresolved", "Unresolved"},
    {"resolved_pending", "Resolved Pending"},
    {"resolved_confirmed", "Resolved Confirmed"},
    {"exception", "Exception"},
    {"stale", "Stale"},
    {NULL, NULL},
};

static const struct mst_sn_choice severities[] = {
    {"critical", "Critical"}, {"high", "High"}, {"medium", "Medium"},
    {"low", "Low"},	      {"none", "None"}, {NULL, NULL},
};

static const struct mst_sn_choice exploitabilities[] = {
    {"no_exploit", "No exploit"},
    {"public", "Exploit is public"},
    {"verified", "Exploit is verified"},
    {"in_kit", "Exploit is in a kit"},
    {NULL, NULL},
};

#define TEXT(n, l, len)                                                        \
	{                                                                      \
		.name = (n), .label = (l), .type = "string",                   \
		.max_length = (len)                                            \
	}
#define TIME(n, l)                                                             \
	{                                                                      \
		.name = (n), .label = (l), .type = "glide_date_time",          \
		.max_length = 40                                               \
	}
#define FLAG(n, l)                                                             \
	{                                                                      \
		.name = (n), .label = (l), .type = "boolean", .max_length = 40 \
	}
/* The life cycle's columns are audited: what became of a finding is asked. */
#define LIFE_TIME(n, l)                                                        \
	{                                                                      \
		.name = (n), .label = (l), .type = "glide_date_time",          \
		.max_length = 40, .audited = true                              \
	}
#define CHOICE(n, l, c)                                                        \
	{                                                                      \
		.name = (n), .label = (l), .type = "string", .max_length = 40, \
		.choices = (c)                                                 \
	}
#define REF(n, l, t, c)                                                        \
	{                                                                      \
		.name = (n), .label = (l), .type = "reference",                \
		.max_length = 32, .reference = (t), .cascade = (c)             \
	}
/* What people fill in; muster never writes these. */
#define PEOPLE_REF(n, l, t)                                                    \
	{                                                                      \
		.name = (n), .label = (l), .type = "reference",                \
		.max_length = 32, .reference = (t), .cascade = "clear",        \
		.writer = MST_SN_PEOPLE, .audited = true                       \
	}
#define PEOPLE_TEXT(n, l, len)                                                 \
	{                                                                      \
		.name = (n), .label = (l), .type = "string",                   \
		.max_length = (len), .writer = MST_SN_PEOPLE, .audited = true  \
	}

static const struct mst_sn_column cve_columns[] = {
    {.name = "u_cve_id",
     .label = "CVE ID",
     .type = "string",
     .max_length = 40,
     .unique = true,
     .mandatory = true,
     .display = true},
    {.name = "u_cvss_score",
     .label = "CVSS score",
     .type = "decimal",
     .max_length = 15},
    TEXT("u_cvss_vector", "CVSS vector", 255),
    TEXT("u_description", "Description", 4000),
    {.name = "u_epss",
     .label = "EPSS",
     .type = "float",
     .max_length = 40,
     .hint = "Probability of exploitation in the next 30 days, 0 to 1"},
    FLAG("u_exploit_in_kit", "Exploit in kit"),
    TEXT("u_exploit_types", "Exploit types", 1000),
    TEXT("u_exploit_uris", "Exploit URIs", 4000),
    FLAG("u_exploit_verified", "Exploit verified"),
    {.name = "u_exposed_machines",
     .label = "Exposed machines",
     .type = "integer",
     .max_length = 40},
    TIME("u_first_seen", "First seen"),
    {.name = "u_last_seen",
     .label = "Last seen",
     .type = "glide_date_time",
     .max_length = 40,
     .hint = "When muster last wrote this record because a device had the "
	     "CVE"},
    TEXT("u_name", "Name", 255),
    PEOPLE_TEXT("u_notes", "Notes", 4000),
    FLAG("u_public_exploit", "Public exploit"),
    TIME("u_published", "Published"),
    CHOICE("u_severity", "Severity", severities),
    TEXT("u_source", "Source", 40),
    TEXT("u_supportability", "Supportability", 100),
    TEXT("u_tags", "Tags", 1000),
    TIME("u_updated", "Updated by the source"),
};

static const struct mst_sn_column instance_columns[] = {
    PEOPLE_REF("u_assigned_to", "Assigned to", "sys_user"),
    PEOPLE_REF("u_assignment_group", "Assignment group", "sys_user_group"),
    {.name = "u_cmdb_ci",
     .label = "Configuration item",
     .type = "reference",
     .max_length = 32,
     .reference = "cmdb_ci",
     .cascade = "cascade",
     .mandatory = true,
     .hint = "Deleting the configuration item deletes its CVE instances"},
    {.name = "u_cve",
     .label = "CVE",
     .type = "reference",
     .max_length = 32,
     .reference = "u_muster_cve",
     .cascade = "restrict",
     .mandatory = true},
    {.name = "u_cvss_score",
     .label = "CVSS score",
     .type = "decimal",
     .max_length = 15},
    TEXT("u_disk_paths", "Disk paths", 4000),
    CHOICE("u_exploitability", "Exploitability", exploitabilities),
    TIME("u_first_seen", "First seen"),
    {.name = "u_key",
     .label = "Key",
     .type = "string",
     .max_length = 40,
     .unique = true,
     .mandatory = true,
     .hint = "Identity of the finding; set by muster, do not edit"},
    TIME("u_last_seen", "Last seen"),
    PEOPLE_TEXT("u_notes", "Notes", 4000),
    {.name = "u_number",
     .label = "Number",
     .type = "string",
     .max_length = 40,
     .dflt = "javascript:global.getNextObjNumberPadded();",
     .display = true,
     .read_only = true,
     .writer = MST_SN_INSTANCE},
    TEXT("u_recommended_update", "Recommended update", 255),
    TEXT("u_recommended_update_id", "Recommended update ID", 100),
    {.name = "u_recommended_update_url",
     .label = "Recommended update URL",
     .type = "url",
     .max_length = 1024},
    TEXT("u_registry_paths", "Registry paths", 4000),
    {.name = "u_reopened_count",
     .label = "Reopened count",
     .type = "integer",
     .max_length = 40,
     .dflt = "0",
     .audited = true},
    LIFE_TIME("u_resolved_at", "Resolved at"),
    CHOICE("u_severity", "Severity", severities),
    TEXT("u_software_name", "Software name", 255),
    REF("u_software_package", "Software package", "cmdb_ci_spkg", "clear"),
    TEXT("u_software_vendor", "Software vendor", 100),
    TEXT("u_software_version", "Software version", 100),
    TEXT("u_source_connection", "Source connection", 64),
    {.name = "u_status",
     .label = "Status",
     .type = "string",
     .max_length = 40,
     .choices = statuses,
     .dflt = "unresolved",
     .hint = "What a person sets stays until the source no longer shows the "
	     "finding, or shows it again",
     .writer = MST_SN_BOTH,
     .mandatory = true,
     .audited = true},
    {.name = "u_work_notes",
     .label = "Work notes",
     .type = "journal_input",
     .max_length = 4000,
     .writer = MST_SN_PEOPLE,
     .audited = true},
};

const struct mst_sn_table mst_sn_tables[] = {
    {.name = "u_muster_cve",
     .label = "CVE",
     .plural = "CVEs",
     .comment = "CVE definitions, written by muster; update set version "
		"" MST_UPDATE_SET_VERSION,
     .columns = cve_columns,
     .columns_n = MST_LEN(cve_columns)},
    {.name = "u_muster_cve_instance",
     .label = "CVE Instance",
     .plural = "CVE Instances",
     .comment = "CVEs found on configuration items, written by muster; update "
		"set version " MST_UPDATE_SET_VERSION,
     .prefix = "CVI",
     .audited = true,
     .columns = instance_columns,
     .columns_n = MST_LEN(instance_columns)},
};
const size_t mst_sn_tables_n = MST_LEN(mst_sn_tables);

const struct mst_sn_table *mst_sn_table_find(const char *name)
{
	for (size_t i = 0; i < mst_sn_tables_n; i++) {
		if (!strcmp(mst_sn_tables[i].name, name))
			return &mst_sn_tables[i];
	}
	return NULL;
}

const struct mst_sn_column *mst_sn_column_find(const struct mst_sn_table *t,
					       const char *name)
{
	for (size_t i = 0; i < t->columns_n; i++) {
		if (!strcmp(t->columns[i].name, name))
			return &t->columns[i];
	}
	return NULL;
}

const char *mst_sn_writer_name(enum mst_sn_writer w)
{
	switch (w) {
	case MST_SN_BOTH:
		return "muster, people";
	case MST_SN_PEOPLE:
		return "people";
	case MST_SN_INSTANCE:
		return "ServiceNow";
	case MST_SN_MUSTER:
	default:
		return "muster";
	}
}
