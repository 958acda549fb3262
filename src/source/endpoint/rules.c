/* SPDX-License-Identifier: Apache-2.0
 *
 * The default rules in words for people. The options that name a rule override
 * it (options.c); docs/internals/rules.md is the specification.
 */
#include "source/endpoint/endpoint_private.h"

const struct mst_rule ep_rules[EP_RULES] = {
    {"endpoint.record_sets", "Record sets",
     "Devices, installed software with its packages, CVE definitions and CVE "
     "instances; a job's record_sets takes some of them."},
    {"endpoint.asset_types", "Asset types",
     "Told by the operating system: Windows PCs, Macs, Windows servers, Linux "
     "servers, phones and tablets, network devices, others. All are taken as "
     "far as they have a class; a job's asset_types takes some of them."},
    {"endpoint.class", "Class by asset type",
     "Windows PCs and Macs become cmdb_ci_computer, Windows servers "
     "cmdb_ci_win_server, Linux servers cmdb_ci_linux_server, phones and "
     "tablets cmdb_ci_handheld_computing where the class exists; others have "
     "no class and are skipped. No other class is searched, and a class is "
     "never switched or downgraded later."},
    {"endpoint.filter", "Which devices are delivered",
     "All. Merged duplicates and devices that are excluded in Defender are "
     "left out; devices without id, name or class are skipped with the "
     "reason. What a filter leaves out later is retired."},
    {"endpoint.identity", "One CI per name",
     "Devices of one class and one name (without regard to case) are one CI: "
     "the active one counts, then the one first seen last, then the greater "
     "id."},
    {"endpoint.name", "Name of a device",
     "The part before the first dot of the DNS name, in the case that "
     "Defender shows; names of phones and free text as they are."},
    {"endpoint.attributes", "Attributes of a device",
     "Domain, operating system, address and times from the device record; an "
     "attribute that Defender does not know is never cleared."},
    {"endpoint.status", "Status of a device",
     "Active: installed, in use, operational. Any other health: operational "
     "status Ready only. Missing: retired. Age and onboarding status do not "
     "count, and inactive devices are made too."},
    {"endpoint.mac", "MAC address",
     "The smallest usable address: adapters that are up first, Ethernet "
     "first; no loopback, multicast or zero addresses, and none that many "
     "devices may have: assigned locally, or of VPN clients and virtual "
     "adapters."},
    {"endpoint.serial", "Serial number",
     "From the hardware inventory; placeholders of manufacturers and of "
     "virtual machines are no serial number."},
    {"endpoint.correlation", "Correlation id and discovery source",
     "The device id without a prefix, and the destination's discovery source, "
     "set when a CI is made."},
    {"endpoint.enrich", "Enrichment",
     "Manufacturer and model from Entra ID by the Entra device id, then from "
     "the hardware inventory, which also has the serial number; they only "
     "fill what is missing."},
    {"endpoint.users", "Users of a device",
     "Not read: who logs on is personal data, and Defender gives it by one "
     "call per device only. Owners and assigned users stay as people set "
     "them."},
    {"endpoint.packages", "Software packages",
     "One package for each vendor, name and version that is installed "
     "somewhere; retired when no installation is left."},
    {"endpoint.installs", "Software installs",
     "One link between device and package for each installed version, with or "
     "without a product code (CPE); deleted when the device no longer shows "
     "it."},
    {"endpoint.software_names", "Names of software",
     "Products that other inventories call otherwise (MSTeams, Microsoft "
     "Teams) "
     "get the name that Defender gives to the product with a product code "
     "(teams of microsoft), by a built-in table, so that two sources give one "
     "package; other names stay as they are."},
    {"endpoint.cves", "CVE definitions",
     "One record for each CVE that some device has; from the list of "
     "vulnerabilities, else from the device's row; never deleted."},
    {"endpoint.cve_instances", "CVE instances",
     "One record for each CVE of a product version on a device; rows without "
     "a CVE id and rows marked Fixed are left out."},
    {"endpoint.cve_threshold", "Minimum CVSS",
     "CVE instances of any score and severity, and those without. What a "
     "threshold leaves out later is closed."},
    {"endpoint.cve_status", "Life cycle of a CVE instance",
     "New: unresolved. Gone from the source: resolved confirmed, with the "
     "time. Back again: unresolved and counted. What a person sets in "
     "between stays."},
    {"endpoint.cve_age", "Stale CVE instances",
     "None: an instance stays unresolved however long ago Defender saw it, as "
     "long as it is shown."},
};
