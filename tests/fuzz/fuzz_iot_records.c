/* SPDX-License-Identifier: Apache-2.0
 *
 * Any JSON as a record of Defender for IoT (records.h). Whose device it is may
 * be asked of any record.
 */
#include "source/iot/ops.h"
#include "tests/fuzz/records.h"

static const char changed[] =
    "filter_types_not: [a*]\n"
    "    filter_categories: [ICS, Network]\n"
    "    filter_sites: [a*, '']\n"
    "    it_devices: no\n"
    "    unauthorized: skip\n"
    "    filter_not_seen_days: 30\n"
    "    filter_missing: keep\n"
    "    classes: ['PLC=cmdb_ci_ot|cmdb_ci_hardware', "
    "'Switch=none']\n"
    "    name_add: site\n"
    "    correlation_prefix: p-\n"
    "    serial_ignore: [a*]\n"
    "    cleared_columns: [ot_device_cis.os]\n"
    "    min_cvss: 5\n"
    "    no_score: drop\n"
    "    cve_definitions: update\n"
    "    alert_severity: major\n"
    "    alert_engines: [malware]\n"
    "    alert_system: no\n"
    "    learning_sensors: skip\n"
    "    sensors: [a*]\n";

const struct records_of records_of = {
    .ops = &mst_source_iot,
    .changed = changed,
    .file = "devices/l1.json",
};
