/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of CVEs, which sources share: their columns, in the order that is
 * part of the checksum, and the life cycle of instances.
 */
#ifndef MST_SOURCE_MICROSOFT_CVE_H
#define MST_SOURCE_MICROSOFT_CVE_H

#include "model/model.h"

/* Of u_muster_cve. said: flags of what a source says of a CVE; one that knows
 * less than others only says it when it makes the definition. */
#define MS_CVE_COLUMNS(said)                                                   \
	{"u_cve_id", MST_COL_KEY | MST_COL_NAME, 40, NULL},                    \
	    {"u_name", (said), 255, NULL},                                     \
	    {"u_description", (said), 4000, NULL},                             \
	    {"u_severity", (said), 40, NULL},                                  \
	    {"u_cvss_score", (said), 40, NULL},                                \
	    {"u_cvss_vector", (said), 255, NULL},                              \
	    {"u_epss", (said), 40, NULL},                                      \
	    {"u_public_exploit", (said), 0, NULL},                             \
	    {"u_exploit_verified", (said), 0, NULL},                           \
	    {"u_exploit_in_kit", (said), 0, NULL},                             \
	    {"u_exploit_types", (said), 1000, NULL},                           \
	    {"u_exploit_uris", (said), 4000, NULL},                            \
	    {"u_published", (said), 0, NULL}, {"u_updated", (said), 0, NULL},  \
	    {"u_exposed_machines", MST_COL_VOLATILE, 0, NULL},                 \
	    {"u_tags", (said), 1000, NULL},                                    \
	    {"u_supportability", (said), 100, NULL},                           \
	    {"u_source", MST_COL_INSERT, 40, NULL},                            \
	    {"u_first_seen", MST_COL_INSERT, 0, NULL},                         \
	{                                                                      \
		"u_last_seen", MST_COL_VOLATILE, 0, NULL                       \
	}

/* Of u_muster_cve_instance. u_key and the package reference say nothing that
 * the hashed columns do not say: leaving them out of the checksum spares two
 * texts a row. package: flags and set of the reference, {0, NULL} without
 * software. */
#define MS_CVE_INSTANCE_COLUMNS(package_flags, package_set)                    \
	{"u_key", MST_COL_KEY | MST_COL_INSERT, 40, NULL},                     \
	    {"u_cmdb_ci", MST_COL_PARENT | MST_COL_REQUIRED, 0, NULL},         \
	    {"u_cve", MST_COL_REF | MST_COL_REQUIRED | MST_COL_NAME, 0,        \
	     "vulnerabilities"},                                               \
	    {"u_software_package", (package_flags) | MST_COL_VOLATILE, 0,      \
	     (package_set)},                                                   \
	    {"u_software_name", 0, 255, NULL},                                 \
	    {"u_software_vendor", 0, 100, NULL},                               \
	    {"u_software_version", 0, 100, NULL},                              \
	    {"u_status", MST_COL_INSERT, 40, NULL},                            \
	    {"u_severity", 0, 40, NULL}, {"u_cvss_score", 0, 40, NULL},        \
	    {"u_exploitability", 0, 40, NULL},                                 \
	    {"u_first_seen", MST_COL_INSERT, 0, NULL},                         \
	    {"u_last_seen", MST_COL_VOLATILE, 0, NULL},                        \
	    {"u_recommended_update", 0, 255, NULL},                            \
	    {"u_recommended_update_id", 0, 100, NULL},                         \
	    {"u_recommended_update_url", 0, 1024, NULL},                       \
	    {"u_disk_paths", 0, 4000, NULL},                                   \
	    {"u_registry_paths", 0, 4000, NULL},                               \
	    {"u_source_connection", MST_COL_INSERT, 64, NULL},                 \
	    {"u_resolved_at", MST_COL_INSERT, 0, NULL},                        \
	{                                                                      \
		"u_reopened_count", MST_COL_INSERT, 0, NULL                    \
	}

/* Of an instance that the source does not show any more; times and counters
 * are the destination's. */
#define MS_CVE_INSTANCE_CLOSED "u_status=resolved_confirmed", NULL

#endif
