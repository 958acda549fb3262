/* SPDX-License-Identifier: Apache-2.0
 *
 * The feeds of this source and the fields that are picked from their records.
 * Names are matched without regard to ASCII case (answers are camelCase, the
 * export files PascalCase); other spellings stand behind '|'.
 */
#include "source/endpoint/endpoint_private.h"

static const struct mst_field machine_fields[EM__N] = {
    [EM_ID] = {"id", "device id of Defender"},
    [EM_NAME] = {"computerDnsName", "DNS name, or free text on phones"},
    [EM_FIRST_SEEN] = {"firstSeen", "first full report"},
    [EM_LAST_SEEN] = {"lastSeen", "last full report"},
    [EM_OS_PLATFORM] = {"osPlatform", "decides the class"},
    [EM_VERSION] = {"version", "feature release or distribution version"},
    [EM_OS_BUILD] = {"osBuild", "build number, where there is one"},
    [EM_OS_ARCH] = {"osArchitecture", "32-bit or 64-bit"},
    [EM_LAST_IP] = {"lastIpAddress", "last local address"},
    [EM_IPS] = {"ipAddresses", "adapters with addresses and MACs"},
    [EM_HEALTH] = {"healthStatus", "decides the status columns"},
    [EM_ONBOARDING] = {"onboardingStatus", "onboarded or only seen"},
    [EM_VM] = {"vmMetadata|vm_metadata", "there for cloud machines"},
    [EM_AAD_ID] = {"aadDeviceId", "Entra device id, joins Entra data"},
    [EM_MERGED] = {"mergedIntoMachineId", "set on merged duplicates"},
    [EM_EXCLUDED] = {"isExcluded", "excluded from Defender by a person"},
    [EM_TAGS] = {"machineTags", "for the filter by tag"},
    [EM_GROUP] = {"rbacGroupName", "for the filter by machine group"},
    [EM_RISK] = {"riskScore", "for the filter by risk"},
    [EM_EXPOSURE] = {"exposureLevel", "for the filter by exposure"},
    [EM_MANUFACTURER] = {"manufacturer", "from Entra ID, else hardware"},
    [EM_MODEL] = {"model", "from Entra ID, else hardware"},
    [EM_ADDITIONAL] = {"additionalFields", "from hardware: JSON in a text"},
};

static const struct mst_field entra_fields[EE__N] = {
    [EE_DEVICE] = {"deviceId", "device id; not the object id"},
    [EE_MANUFACTURER] = {"manufacturer", "as the device registered it"},
    [EE_MODEL] = {"model", "as the device registered it"},
    [EE_OS_VERSION] = {"operatingSystemVersion", "long form"},
};

static const struct mst_field software_fields[ES__N] = {
    [ES_DEVICE] = {"deviceId", "device that has it"},
    [ES_VENDOR] = {"softwareVendor", "as Defender writes it"},
    [ES_NAME] = {"softwareName", "as Defender writes it"},
    [ES_VERSION] = {"softwareVersion", "may be empty"},
    [ES_FIRST_SEEN] = {"softwareFirstSeenTimestamp", "products with a CPE"},
    [ES_LAST_SEEN] = {"softwareLastSeenTimestamp", "products without a CPE"},
};

static const struct mst_field device_cve_fields[ED__N] = {
    [ED_DEVICE] = {"deviceId", "device that is exposed"},
    [ED_VENDOR] = {"softwareVendor", "of the vulnerable product"},
    [ED_NAME] = {"softwareName", "the vulnerable product"},
    [ED_VERSION] = {"softwareVersion", "its version"},
    [ED_CVE] = {"cveId", "none on plain inventory rows"},
    [ED_CVSS] = {"cvssScore", "base score"},
    [ED_SEVERITY] = {"vulnerabilitySeverityLevel", "Low to Critical"},
    [ED_EXPLOITABILITY] = {"exploitabilityLevel", "what exploits exist"},
    [ED_FIRST_SEEN] = {"firstSeenTimestamp", "on this device"},
    [ED_LAST_SEEN] = {"lastSeenTimestamp", "on this device"},
    [ED_UPDATE] = {"recommendedSecurityUpdate", "update that fixes it"},
    [ED_UPDATE_ID] = {"recommendedSecurityUpdateId", "KB number"},
    [ED_UPDATE_URL] = {"recommendedSecurityUpdateUrl", "where it is"},
    [ED_DISK_PATHS] = {"diskPaths", "evidence on disk"},
    [ED_REGISTRY_PATHS] = {"registryPaths", "evidence in the registry"},
    [ED_STATUS] = {"status", "New, Fixed or Updated, in changes only"},
};

static const struct mst_field cve_fields[EC__N] = {
    [EC_ID] = {"id", "CVE or TVM id"},
    [EC_NAME] = {"name", "mostly the id again"},
    [EC_DESCRIPTION] = {"description", "text of the advisory"},
    [EC_SEVERITY] = {"severity", "Low to Critical"},
    [EC_CVSS] = {"cvssV3", "base score"},
    [EC_VECTOR] = {"cvssVector", "vector of the score"},
    [EC_EPSS] = {"epss", "probability of exploitation, 0 to 1"},
    [EC_PUBLIC] = {"publicExploit", "an exploit is public"},
    [EC_VERIFIED] = {"exploitVerified", "an exploit was verified"},
    [EC_IN_KIT] = {"exploitInKit", "part of an exploit kit"},
    [EC_TYPES] = {"exploitTypes", "kinds of exploits"},
    [EC_URIS] = {"exploitUris", "where exploits are described"},
    [EC_PUBLISHED] = {"publishedOn", "first published"},
    [EC_UPDATED] = {"updatedOn", "last changed"},
    [EC_EXPOSED] = {"exposedMachines", "devices that have it"},
    [EC_TAGS] = {"tags", "list or text"},
    [EC_SUPPORTABILITY] = {"cveSupportability", "text or list"},
};

static const struct mst_field hardware_fields[EH__N] = {
    [EH_DEVICE] = {"deviceId", "device that the part belongs to"},
    [EH_TYPE] = {"componentType", "Hardware is the device itself"},
    [EH_MANUFACTURER] = {"manufacturer", "as Defender writes it"},
    [EH_NAME] = {"componentName", "model, as Defender writes it"},
    [EH_ADDITIONAL] = {"additionalFields", "JSON in a text"},
};

#define FIELDS(f) .fields = (f), .fields_n = MST_LEN(f)

const struct mst_feed ep_feeds[EP__FEEDS] = {
    [EP_MACHINES] = {.name = "machines",
		     .title = "devices",
		     FIELDS(machine_fields)},
    [EP_ENTRA] = {.name = "entra_devices",
		  .title = "Entra ID devices",
		  FIELDS(entra_fields),
		  .optional = true},
    [EP_SOFTWARE] = {.name = "software",
		     .title = "software inventory",
		     FIELDS(software_fields)},
    [EP_NON_CPE] = {.name = "software_non_cpe",
		    .title = "software inventory without product codes",
		    FIELDS(software_fields)},
    [EP_DEVICE_CVES] = {.name = "device_vulnerabilities",
			.title = "vulnerabilities of devices",
			FIELDS(device_cve_fields)},
    [EP_CVES] = {.name = "vulnerabilities",
		 .title = "vulnerability definitions",
		 FIELDS(cve_fields)},
    [EP_HARDWARE] = {.name = "hardware",
		     .title = "hardware inventory",
		     FIELDS(hardware_fields),
		     .optional = true},
};
