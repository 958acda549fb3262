/* SPDX-License-Identifier: Apache-2.0
 *
 * Which feed a file holds, by its name and by what is in it.
 */
#include "endpoint_drive.h"

#include <stdio.h>

#define NO	MST_FILE_OTHER
#define LIST	MST_FILE_ADDRESSES
#define BAD	MST_FILE_SPOILT
#define MACHINE "{\"id\":\"1\",\"computerDnsName\":\"a\",\"lastSeen\":\"x\"}"
#define SOFTWARE                                                               \
	"{\"deviceId\":\"1\",\"softwareName\":\"a\",\"softwareVersion\":"      \
	"\"1\","                                                               \
	"\"softwareFirstSeenTimestamp\":\"x\"}"
#define NON_CPE                                                                \
	"{\"deviceId\":\"1\",\"softwareName\":\"a\",\"softwareVersion\":"      \
	"\"1\","                                                               \
	"\"softwareLastSeenTimestamp\":\"x\"}"
#define VULN                                                                   \
	"{\"Id\":\"1\",\"DeviceId\":\"1\",\"SoftwareName\":\"a\","             \
	"\"SoftwareVersion\":\"1\",\"CveId\":\"CVE-1\"}"
#define CVE	      "{\"id\":\"CVE-1\",\"name\":\"CVE-1\",\"cvssV3\":7.5}"
#define ENTRA	      "{\"id\":\"1\",\"deviceId\":\"2\",\"displayName\":\"x\"}"
#define HARDWARE      "{\"deviceId\":\"1\",\"componentType\":\"Hardware\"}"
#define PAGE_OF(c, r) "{\"@odata.context\":\"" c "\",\"value\":[" r "]}"
#define PAGE(r)	      "{\"@odata.context\":\"x\",\"value\":[" r "]}"

static const struct {
	const char *rel, *head;
	int feed;
} cases[] = {
    /* names that tell */
    {"machines.json", PAGE(MACHINE), EP_MACHINES},
    {"Machines-2.JSON", PAGE(MACHINE), EP_MACHINES},
    {"mde-machines-list_01.json", PAGE(MACHINE), EP_MACHINES},
    {"machines/page-00001.json", PAGE(MACHINE), EP_MACHINES},
    {"SoftwareVulnerabilitiesExport/part-00001-aa.c000.json.gz", VULN,
     EP_DEVICE_CVES},
    {"VaExport/json/OrgId=1/_RbacGroupId=3/part-1.json.gz", VULN,
     EP_DEVICE_CVES},
    {"SoftwareVulnerabilitiesByMachine.json", PAGE(VULN), EP_DEVICE_CVES},
    {"device_vulnerabilities/1-00001.json.gz", VULN, EP_DEVICE_CVES},
    {"SoftwareInventoryExport/part-1.json.gz", SOFTWARE, EP_SOFTWARE},
    {"SOFTWAREINVENTORYBYMACHINE.JSON", PAGE(SOFTWARE), EP_SOFTWARE},
    {"software/page-00001.json", PAGE(SOFTWARE), EP_SOFTWARE},
    {"SoftwareInventoryNonCpeExport/part-1.json.gz", NON_CPE, EP_NON_CPE},
    {"NonCpeSoftwareInventory/json/part-1.json.gz", NON_CPE, EP_NON_CPE},
    {"SoftwareInventoryNoProductCodeByMachine.json", PAGE(NON_CPE), EP_NON_CPE},
    {"software_non_cpe/page-00001.json", PAGE(NON_CPE), EP_NON_CPE},
    {"vulnerabilities.json", PAGE(CVE), EP_CVES},
    {"mde-vulnerabilities-list.json", PAGE(CVE), EP_CVES},
    {"HardwareFirmwareInventoryExport/part-1.json.gz", HARDWARE, EP_HARDWARE},
    {"hardware/x.json", PAGE(HARDWARE), EP_HARDWARE},
    {"graph-devices-list.json", PAGE(ENTRA), EP_ENTRA},
    {"entra_devices/page-00001.json", PAGE(ENTRA), EP_ENTRA},
    /* names that do not */
    {"a.json", PAGE(MACHINE), EP_MACHINES},
    {"a.json", MACHINE "\n" MACHINE, EP_MACHINES},
    {"a.json", "[" MACHINE "]", EP_MACHINES},
    {"a.json", "\xef\xbb\xbf" PAGE(MACHINE), EP_MACHINES},
    {"a.json", PAGE(VULN), EP_DEVICE_CVES},
    {"a.json", PAGE(SOFTWARE), EP_SOFTWARE},
    {"a.json", PAGE(NON_CPE), EP_NON_CPE},
    {"a.json", PAGE(CVE), EP_CVES},
    {"a.json", PAGE(ENTRA), EP_ENTRA},
    {"devices.json", PAGE(ENTRA), EP_ENTRA},
    {"devices.json", PAGE(MACHINE), EP_MACHINES},
    {"a.json", PAGE(HARDWARE), EP_HARDWARE},
    {"a.ndjson", VULN "\n" VULN "\n", EP_DEVICE_CVES},
    {"one.json", MACHINE, EP_MACHINES},
    /* names that lie: the records are right */
    {"machines.json", PAGE(VULN), EP_DEVICE_CVES},
    {"vulnerabilities.json", PAGE(VULN), EP_DEVICE_CVES},
    {"software.json", PAGE(MACHINE), EP_MACHINES},
    {"machine-backup/part-1.json.gz", VULN, EP_DEVICE_CVES},
    /* empty: the name, else the context */
    {"machines.json", "{\"value\":[]}", EP_MACHINES},
    {"SoftwareInventoryExport/part-2.json.gz", "", EP_SOFTWARE},
    {"a.json",
     "{\"@odata.context\":\"https://h/api/$metadata#Machines\",\"value\":[]}",
     EP_MACHINES},
    {"a.json",
     "{\"@odata.context\":\"https://h/v1.0/$metadata#devices(id)\","
     "\"value\":[]}",
     EP_ENTRA},
    {"a.json",
     "{\"@odata.context\":\"$metadata#Collection(x.AssetSoftware)\","
     "\"value\":[]}",
     EP_SOFTWARE},
    {"software-machineReferences.json",
     "{\"@odata.context\":\"https://h/$metadata#MachineReferences\","
     "\"value\":[]}",
     NO},
    {"alerts.json",
     "{\"@odata.context\":\"https://h/$metadata#Alerts\",\"value\":[]}", NO},
    {"a.json", "{\"value\":[]}", NO},
    {"a.json", "", NO},
    /* the head ends in the middle of the first record */
    {"machines.json", "{\"value\":[{\"mergedIntoMachineId\":nul", EP_MACHINES},
    {"part.json", "{\"value\":[{\"merged", NO},
    {"SoftwareVulnerabilitiesExport/p.gz", "{\"Id\":\"1\",\"Devi",
     EP_DEVICE_CVES},
    /* not ours */
    {"README.md", "# Samples", NO},
    {"machines.csv", "id,name", NO},
    {"machines.json", "<html>", BAD},
    {"manifest.json", "{\"manifest\":1,\"feeds\":{}}", NO},
    {"machines.json", "{\"error\":{\"code\":\"NotFound\"}}", BAD},
    {"machines.json", "{\"error\":\"invalid_client\"}", BAD},
    {"token.json", "{\"token_type\":\"Bearer\",\"access_token\":\"x\"}", NO},
    {"SoftwareVulnerabilityChangesByMachine.json", PAGE(VULN), NO},
    {"machinesVulnerabilities.json",
     PAGE("{\"id\":\"1\",\"cveId\":\"CVE-1\",\"machineId\":\"2\"}"), NO},
    {"machines.json", "{\"value\":{\"id\":\"1\"}}", BAD},
    {"machines.json", "{broken", BAD},
    /* brackets that do not match must not be looked at for ever */
    {"machines.json", "{\"value\":[}", BAD},
    {"machines.json", "[}", BAD},
    {"machines.json", "{\"value\":[{\"id\":1]}", BAD},
    {"machines.json", "{\"a\":]", BAD},
    /* records behind the first one count, exports leave out what is null */
    {"a.json", "{\"id\":\"1\"}\n" MACHINE, EP_MACHINES},
    {"a.json", "[{\"id\":\"1\"}," MACHINE "]", EP_MACHINES},
    {"SoftwareVulnerabilitiesExport/p.gz",
     "{\"DeviceId\":\"1\",\"SoftwareName\":\"a\",\"SoftwareVersion\":\"1\","
     "\"RecommendationReference\":\"va-_-a\"}",
     EP_DEVICE_CVES},
    {"machines.json",
     "{\"id\":\"1\",\"osPlatform\":\"Linux\",\"lastSeen\":\"x\"}", EP_MACHINES},
    {"machine-logonusers.json",
     "{\"id\":\"d\\\\u\",\"firstSeen\":\"x\",\"lastSeen\":\"x\"}", NO},
    /* pages behind each other, a list of pages */
    {"a.json", PAGE(MACHINE) "\n" PAGE(MACHINE), EP_MACHINES},
    {"a.json", "[" PAGE(MACHINE) "," PAGE(MACHINE) "]", EP_MACHINES},
    {"a.json", "{\"Value\":[" MACHINE "]}", EP_MACHINES},
    /* spoilt, whatever the name */
    {"page-2.json", "{\"error\":{\"code\":\"TooManyRequests\"}}", BAD},
    {"page-2.json", "\xff\xfe{", BAD},
    {"machines.json", "\xef\xbb\xbf<?xml version=\"1.0\"?>", BAD},
    {"machines.json.gz", "\x1f\x8b", BAD},
    {"machines.json", "null", BAD},
    {"machines.json", "{\"value\":null}", BAD},
    {"machines.zip", "PK\3\4", BAD},
    {"machines.txt", "notes", NO},
    /* lists of addresses */
    {"SoftwareVulnerabilitiesExport.json", "{\"exportFiles\":[\"https://x\"]}",
     LIST},
    {"a.json", "{\"@odata.context\":\"x\",\"exportFiles\":[", LIST},
    {"a.json", "{\"generatedTime\":\"x\",\"ExportFiles\":[]}", LIST},
};

static void test_cases(void **state)
{
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		struct mst_spoilt sp;
		int feed = OPS->classify(cases[i].rel,
					 mst_slice_str(cases[i].head), &sp);

		if (feed != cases[i].feed)
			fail_msg("case %zu, %s: %s: wanted %d, got %d", i,
				 cases[i].rel, cases[i].head, cases[i].feed,
				 feed);
	}
}

/* Whatever the head is cut down to, nothing is read behind its end, and what
 * was seen of a list of addresses stays one. */
static void test_cut_anywhere(void **state)
{
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		size_t n = strlen(cases[i].head);

		for (size_t k = 0; k <= n; k++) {
			char *head = mst_strndup(cases[i].head, k);
			struct mst_spoilt sp;
			int feed;

			/* no NUL to lean on */
			head = mst_realloc(head, k ? k : 1);
			feed = OPS->classify(cases[i].rel, mst_slice(head, k),
					     &sp);
			assert_in_range(feed + 3, 0, EP__FEEDS + 2);
			mst_freep(&head);
		}
	}
}

static void spoilt_says(const char *rel, const char *head, int feed,
			bool damaged, const char *part)
{
	struct mst_spoilt sp;

	assert_int_equal(OPS->classify(rel, mst_slice_str(head), &sp), BAD);
	assert_int_equal(sp.feed, feed);
	assert_int_equal(sp.damaged, damaged);
	if (!strstr(sp.what, part))
		fail_msg("%s: \"%s\" does not say \"%s\"", rel, sp.what, part);
}

static void test_spoilt(void **state)
{
	struct mst_spoilt sp;

	spoilt_says("machines-2.json", "{\"error\":{}}", EP_MACHINES, false,
		    "is an error");
	spoilt_says("page-2.json", "{\"error\":{}}", -1, false, "is an error");
	spoilt_says("software/1.json.gz", "<html>", EP_SOFTWARE, true, "HTML");
	spoilt_says("machines.json", "\xff\xfe", EP_MACHINES, true, "UTF-16");
	spoilt_says("vulnerabilities.json", "{\"value\":7}", EP_CVES, true,
		    "no list");
	spoilt_says("machines.zip", "PK\3\4", EP_MACHINES, true, "unpack it");
	spoilt_says("machines.json", "{\"machines\":[" MACHINE "]}",
		    EP_MACHINES, false, "other records");
	spoilt_says("machines.json", PAGE_OF("#Machines", "{\"a\":1}"),
		    EP_MACHINES, false, "other records");
	/* without a byte order mark */
	assert_int_equal(OPS->classify("a.json", mst_slice("{\0\"\0", 4), &sp),
			 BAD);
	assert_non_null(strstr(sp.what, "UTF-16"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_cut_anywhere),
	    cmocka_unit_test(test_spoilt),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
