/* SPDX-License-Identifier: Apache-2.0
 *
 * Forms, lists and menu of muster-cve, and its related lists on the forms of
 * other tables.
 */
#include "servicenow/layouts.h"

static const struct mst_sn_section cve_sections[] = {
    {"",
     NAMES("u_cve_id", "u_severity", "u_cvss_score", "u_cvss_vector", "u_epss",
	   "u_exposed_machines", "u_tags"),
     NAMES("u_published", "u_updated", "u_first_seen", "u_last_seen",
	   "u_source", "u_supportability"),
     NAMES("u_name", "u_description", "u_notes")},
    {"Exploits",
     NAMES("u_public_exploit", "u_exploit_verified", "u_exploit_in_kit"),
     NAMES("u_exploit_types"), NAMES("u_exploit_uris")},
};

static const struct mst_sn_section instance_sections[] = {
    {"",
     NAMES("u_number", "u_cve", "u_cmdb_ci", "u_status", "u_severity",
	   "u_cvss_score", "u_exploitability"),
     NAMES("u_assignment_group", "u_assigned_to", "u_first_seen", "u_last_seen",
	   "u_resolved_at", "u_reopened_count"),
     NULL},
    {"Software",
     NAMES("u_software_package", "u_software_vendor", "u_software_name",
	   "u_software_version"),
     NAMES("u_recommended_update", "u_recommended_update_id",
	   "u_recommended_update_url"),
     NULL},
    {"Evidence", NAMES("u_source_connection"), NAMES("u_key"),
     NAMES("u_disk_paths", "u_registry_paths")},
    {"Notes", NULL, NULL, NAMES("u_notes", "u_work_notes", MST_SN_ACTIVITY)},
};

const struct mst_sn_layout mst_sn_cve_layout = {
    "u_muster_cve",
    NAMES("u_cve_id", "u_severity", "u_cvss_score", "u_epss",
	  "u_public_exploit", "u_exploit_verified", "u_exposed_machines",
	  "u_published", "u_first_seen"),
    cve_sections,
    MST_LEN(cve_sections),
    NULL,
};

const struct mst_sn_layout mst_sn_cve_instance_layout = {
    "u_muster_cve_instance",
    NAMES("u_number", "u_cve", "u_cmdb_ci", "u_status", "u_severity",
	  "u_cvss_score", "u_exploitability", "u_software_name",
	  "u_software_version", "u_assignment_group", "u_assigned_to",
	  "u_first_seen", "u_last_seen"),
    instance_sections,
    MST_LEN(instance_sections),
    NULL,
};

#define INSTANCES "u_muster_cve_instance"

static const struct mst_sn_module modules[] = {
    {"All CVEs", "u_muster_cve", "ORDERBYDESCu_cvss_score",
     "Every CVE that some device has or had"},
    {"Unresolved by severity", INSTANCES,
     "u_status=unresolved^GROUPBYu_severity^ORDERBYDESCu_cvss_score",
     "Findings nobody has dealt with yet"},
    {"Resolved pending", INSTANCES,
     "u_status=resolved_pending^ORDERBYu_last_seen",
     "Said to be resolved; Defender still shows them"},
    {"Reopened", INSTANCES,
     "u_reopened_count>0^u_status!=resolved_confirmed"
     "^ORDERBYDESCu_reopened_count",
     "Were gone and came back"},
    {"Exploited", INSTANCES,
     "u_exploitabilityINpublic,verified,in_kit^u_status!=resolved_confirmed"
     "^ORDERBYDESCu_cvss_score",
     "Open findings for which an exploit is known"},
    {"Exceptions", INSTANCES, "u_status=exception^ORDERBYDESCu_cvss_score",
     "Accepted by a person"},
};
const struct mst_sn_menu mst_sn_cve_menu = {
    MST_UPDATE_SET_CVE,
    "Defender CVEs",
    "CVEs that Microsoft Defender finds on configuration items, kept up to "
    "date by muster",
    modules,
    MST_LEN(modules),
};

const struct mst_sn_related mst_sn_related[] = {
    {"cmdb_ci_computer", INSTANCES ".u_cmdb_ci"},
    {"cmdb_ci_win_server", INSTANCES ".u_cmdb_ci"},
    {"cmdb_ci_linux_server", INSTANCES ".u_cmdb_ci"},
    {"u_muster_cve", INSTANCES ".u_cve"},
};
const size_t mst_sn_related_n = MST_LEN(mst_sn_related);
