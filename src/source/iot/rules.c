/* SPDX-License-Identifier: Apache-2.0
 *
 * The default rules in words for people. The options that name a rule override
 * it (settings.h); docs/internals/iot-rules.md is the specification.
 */
#include "source/iot/sets.h"

const struct mst_rule ot_rules[OT_RULES] = {
    {"iot.record_sets", "Record sets",
     "Sensors, devices with their CIs, adapters, addresses and firmware, CVEs "
     "of devices, and alerts; a job's record_sets takes some of them. Which "
     "device talks to which and which sensor sees it are relationships."},
    {"iot.sensors", "Sensors",
     "Each sensor of the console is an appliance and a CI of the class "
     "cmdb_ci_nids, or cmdb_ci_hardware where the instance lacks that one. A "
     "sensor that is read itself is one appliance with the name of the "
     "connection. Site and zone are those of the devices that it alone sees."},
    {"iot.filter", "Which devices are delivered",
     "All, of any type, category, site and zone, authorized or not, and "
     "however long ago they were active; those without an id are skipped. What "
     "a filter leaves out later goes like what is gone."},
    {"iot.class", "Class by device type",
     "By the class map: PLC becomes cmdb_ci_ot_plc, Switch cmdb_ci_ip_switch, "
     "and so on; the first class of the type that the instance has, at last "
     "one that every instance has. Internet, Multicast/Broadcast, Group and "
     "Physical Location are no CIs."},
    {"iot.identity", "One CI per name",
     "Devices of one class and one name (without regard to case) are one CI: "
     "the one that was discovered last counts, then the greater id. All of "
     "them are rows of OT devices."},
    {"iot.name", "Name of a device",
     "The name that Defender for IoT shows, else the first IP address, else "
     "the first MAC address, else its id."},
    {"iot.attributes", "Attributes of a device",
     "What the device record says; \"N/A\" and empty texts are not known, and "
     "what is not known is never cleared. Lists are sorted; of several "
     "addresses the one that sorts first is the CI's, IPv4 before IPv6. "
     "Guessed MAC addresses are told apart and are never the CI's. Owner and "
     "location belong to people."},
    {"iot.serial", "Serial number",
     "That of the device's own module: the first by rack, slot and module "
     "address of those at an address of the device; placeholders are none."},
    {"iot.status", "Status",
     "Shown: present, and installed and operational as a CI. Missing: gone, "
     "with the time, and retired as a CI. Back again: present."},
    {"iot.correlation", "Correlation id and discovery source",
     "Connection and id without a prefix, and the destination's discovery "
     "source, set when a CI is made."},
    {"iot.entities", "OT entities",
     "Each OT device has one record in cmdb_ot_entity, where the instance has "
     "that table: Purdue level, zone, site and type. IT, IoT and network "
     "devices have none."},
    {"iot.adapters", "Adapters and addresses",
     "Each sure MAC address of a device is a network adapter, each IP address "
     "an address, owned by the device's CI; an adapter has the IP address "
     "where the device has one of each. Retired when the device does not show "
     "it any more."},
    {"iot.firmware", "Firmware",
     "One record for each module of which anything is known; deleted when the "
     "device does not show it any more."},
    {"iot.detections", "Sensors that see a device",
     "A relation Detects::Detected by from the CI of each sensor that sees "
     "the device."},
    {"iot.connections", "Connections",
     "One record for each pair of devices and direction; deleted when the "
     "source does not show it any more."},
    {"iot.cves", "CVEs of devices",
     "One CVE instance for each CVE of a device, one definition for each CVE "
     "that some device has. The severity follows from the score. A definition "
     "that is there is left as it is: Defender for Endpoint knows more. A "
     "sensor names an address: its CVEs are those of the one device that has "
     "it, else they are skipped with the reason."},
    {"iot.cve_threshold", "Minimum CVSS",
     "CVEs of any score, and those without. What a threshold leaves out later "
     "is closed."},
    {"iot.cve_status", "Life cycle of a CVE instance",
     "New: unresolved. Gone from the source: resolved confirmed, with the "
     "time. Back again: unresolved and counted. What a person sets in "
     "between stays."},
    {"iot.alerts", "Alerts",
     "Alerts of any severity and engine, and what sensors tell of themselves; "
     "kept when the source forgets them. Assignee and work notes belong to "
     "people. An alert that was forwarded first is the same record."},
};
