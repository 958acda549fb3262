/* SPDX-License-Identifier: Apache-2.0
 *
 * Any JSON as a record of Defender for Endpoint or Entra ID (records.h).
 */
#include "source/endpoint/endpoint.h"
#include "tests/fuzz/records.h"

static const char changed[] = "software_table: cmdb_sam_sw_install\n"
			      "    min_cvss: 5\n"
			      "    min_severity: medium\n"
			      "    stale_after_days: 30\n"
			      "    retire_after_days: 30\n"
			      "    status_by_onboarding: yes\n"
			      "    class_other: [cmdb_ci, cmdb_ci_netgear]\n"
			      "    filter_tags_not: [x*y?z]\n"
			      "    filter_not_seen_days: 400\n"
			      "    enrich_attributes: [model, os_version]\n"
			      "    name_case: upper\n"
			      "    correlation_prefix: p-\n";

const struct records_of records_of = {
    .ops = &mst_source_endpoint,
    .changed = changed,
    .file = "part.json",
};
