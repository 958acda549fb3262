/* SPDX-License-Identifier: Apache-2.0
 *
 * The requests of the source "endpoint", one by one, and how they follow from
 * the answers.
 */
#include "endpoint_drive.h"

#include <stdio.h>

#define API "https://api.security.microsoft.com"

static struct mst_slice data(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "endpoint/%s", name);
	return t_data(path);
}

/* 2024-11-20 11:30:00 */
static const int64_t now_us = 1732102200 * (int64_t)1000000;
#define HOUR_US (3600 * (int64_t)1000000)

/* ---- pages by $top and $skip --------------------------------------------- */

static void test_machines(void **state)
{
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "page_size: 2\n");
	drive_begin(&d, EP_MACHINES, NULL);
	drive_expect(&d, API "/api/machines?$top=2&$skip=0");
	assert_string_equal(d.req.auth, "defender");
	assert_string_equal(d.req.rate, "machines");
	assert_string_equal(d.req.what, "page 1 of devices");
	assert_string_equal(d.req.headers[0], "Accept: application/json");
	assert_null(d.req.file);
	assert_int_equal(OPS->next(d.s, &d.req, &d.err), MST_NEXT_WAIT);
	assert_int_equal(drive_answer(&d, 200, data("machines-1.json")),
			 MST_TAKE_RECORDS);
	/* a full page without a link: more may follow */
	drive_expect(&d, API "/api/machines?$top=2&$skip=2");
	assert_string_equal(d.req.what, "page 2 of devices");
	assert_int_equal(drive_answer(&d, 200, data("machines-2.json")),
			 MST_TAKE_RECORDS);
	/* a short page is asked to be the last one */
	drive_expect(&d, API "/api/machines?$top=2&$skip=3");
	assert_int_equal(drive_answer(&d, 200, data("empty.json")),
			 MST_TAKE_RECORDS);
	p = drive_end(&d, EP_MACHINES);
	assert_true(p.complete);
	assert_string_equal(p.why, "");
	assert_int_equal(p.pages, 3);
	assert_int_equal(p.records, 3);
	assert_true(p.as_of_us == INT64_MIN);
	drive_close(&d);
}

/* A server that gives fewer than it was asked for, and no link. */
static void test_short_page_goes_on(void **state)
{
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "");
	drive_begin(&d, EP_MACHINES, NULL);
	drive_expect(&d, API "/api/machines?$top=10000&$skip=0");
	drive_text(&d, 200, page_of_ids(0, 100, NULL));
	drive_expect(&d, API "/api/machines?$top=10000&$skip=100");
	drive_text(&d, 200, page_of_ids(100, 40, NULL));
	drive_expect(&d, API "/api/machines?$top=10000&$skip=140");
	/* past the end some lists say 404 */
	assert_int_equal(drive_answer(&d, 404, data("error-notfound.json")),
			 MST_TAKE_CONTROL);
	p = drive_end(&d, EP_MACHINES);
	assert_true(p.complete);
	assert_int_equal(p.records, 140);
	drive_close(&d);
}

static void test_machines_with_links(void **state)
{
	static const char link[] =
	    "https://api.securitycenter.microsoft.com/api/machines?$skip=2"
	    "&%24top=2&x=a%20b";
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "page_size: 2\n");
	drive_begin(&d, EP_MACHINES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	drive_text(&d, 200, page_of_ids(0, 2, link));
	drive_expect(&d, link); /* verbatim */
	drive_text(&d, 200, page_of_ids(2, 2, NULL));
	p = drive_end(&d, EP_MACHINES); /* the chain itself is the proof */
	assert_true(p.complete);
	assert_int_equal(p.records, 4);
	drive_close(&d);
}

static void test_empty_list_of_machines_proves_nothing(void **state)
{
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "");
	drive_begin(&d, EP_MACHINES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_int_equal(drive_answer(&d, 200, data("empty.json")),
			 MST_TAKE_RECORDS);
	p = drive_end(&d, EP_MACHINES);
	assert_false(p.complete);
	assert_non_null(strstr(p.why, "the list is empty"));
	drive_close(&d);
}

/* Rows move between pages: once more; still so: not complete. */
static void test_doubles(void **state)
{
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "page_size: 3\n");
	drive_begin(&d, EP_MACHINES, NULL);
	for (int round = 0; round < 2; round++) {
		drive_expect(&d, API "/api/machines?$top=3&$skip=0");
		assert_int_equal(drive_text(&d, 200, page_of_ids(0, 3, NULL)),
				 MST_TAKE_RECORDS);
		drive_expect(&d, API "/api/machines?$top=3&$skip=3");
		assert_int_equal(drive_text(&d, 200, page_of_ids(2, 2, NULL)),
				 MST_TAKE_RECORDS);
		drive_expect(&d, API "/api/machines?$top=3&$skip=5");
		assert_int_equal(drive_answer(&d, 200, data("empty.json")),
				 round ? MST_TAKE_RECORDS : MST_TAKE_RESTART);
	}
	p = drive_end(&d, EP_MACHINES);
	assert_false(p.complete);
	assert_non_null(strstr(p.why, "1 records came twice"));
	drive_close(&d);
}

/* Doubles that are gone the second time prove nothing against the read. */
static void test_doubles_once(void **state)
{
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "page_size: 3\n");
	drive_begin(&d, EP_MACHINES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	drive_text(&d, 200, page_of_ids(0, 3, NULL));
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	/* the whole page again: $skip was passed over */
	assert_int_equal(drive_text(&d, 200, page_of_ids(0, 3, NULL)),
			 MST_TAKE_RESTART);
	drive_expect(&d, API "/api/machines?$top=3&$skip=0");
	drive_text(&d, 200, page_of_ids(0, 3, NULL));
	drive_expect(&d, API "/api/machines?$top=3&$skip=3");
	drive_answer(&d, 200, data("empty.json"));
	p = drive_end(&d, EP_MACHINES);
	assert_true(p.complete);
	assert_int_equal(p.records, 3);
	drive_close(&d);
}

static void test_skip_is_passed_over(void **state)
{
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "page_size: 3\n");
	drive_begin(&d, EP_MACHINES, NULL);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		drive_text(&d, 200, page_of_ids(0, 3, NULL));
	}
	p = drive_end(&d, EP_MACHINES);
	assert_false(p.complete);
	assert_non_null(strstr(p.why, "passed over $skip"));
	drive_close(&d);
}

static void test_vulnerabilities(void **state)
{
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "");
	drive_begin(&d, EP_CVES, NULL);
	drive_expect(&d, API "/api/vulnerabilities?$top=8000&$skip=0");
	assert_string_equal(d.req.rate, "vulnerabilities");
	drive_text(&d, 200, page_of_ids(0, 8000, NULL));
	drive_expect(&d, API "/api/vulnerabilities?$top=8000&$skip=8000");
	drive_answer(&d, 200, data("empty.json"));
	p = drive_end(&d, EP_CVES);
	assert_true(p.complete);
	assert_int_equal(p.records, 8000);
	drive_close(&d);
}

static void test_one_device(void **state)
{
	static const char id[] = "a100000000000000000000000000000000000001";
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "");
	drive_begin(&d, EP_MACHINES, id);
	drive_expect(&d, API "/api/machines?$top=10000&$skip=0&$filter="
			     "id%20eq%20%27a10000000000000000000000000000000000"
			     "0001%27");
	assert_int_equal(drive_answer(&d, 200, data("machines-1.json")),
			 MST_TAKE_RECORDS);
	p = drive_end(&d, EP_MACHINES);
	assert_false(p.complete);
	assert_non_null(strstr(p.why, "only one device"));
	/* by name; quotes are doubled */
	drive_begin(&d, EP_MACHINES, "max's pc");
	drive_expect(&d, API "/api/machines?$top=10000&$skip=0&$filter="
			     "computerDnsName%20eq%20%27max%27%27s%20pc%27");
	/* not found so: the whole list, and the engine looks itself */
	assert_int_equal(drive_answer(&d, 200, data("empty.json")),
			 MST_TAKE_RESTART);
	drive_expect(&d, API "/api/machines?$top=10000&$skip=0");
	/* other feeds are read whole */
	drive_begin(&d, EP_DEVICE_CVES, id);
	drive_expect(&d, API "/api/machines/SoftwareVulnerabilitiesExport"
			     "?sasValidHours=6");
	drive_close(&d);
}

/* ---- pages by link --------------------------------------------------------
 */

static void test_software_pages(void **state)
{
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "read_method: json\n");
	drive_begin(&d, EP_SOFTWARE, NULL);
	drive_expect(&d, API "/api/machines/SoftwareInventoryByMachine?"
			     "pageSize=10000");
	assert_string_equal(d.req.rate, "assessments");
	drive_answer(&d, 200, data("software-1.json"));
	drive_expect(&d, "https://api.securitycenter.microsoft.com/api/"
			 "machines/SoftwareInventoryByMachine?pagesize=1&"
			 "$skiptoken=eyJMaW5lIjoxfQ==");
	drive_answer(&d, 200, data("software-2.json"));
	p = drive_end(&d, EP_SOFTWARE);
	assert_true(p.complete);
	assert_int_equal(p.pages, 2);
	assert_int_equal(p.records, 2);
	drive_begin(&d, EP_NON_CPE, NULL);
	drive_expect(&d, API "/api/machines/"
			     "SoftwareInventoryNoProductCodeByMachine?"
			     "pageSize=10000");
	drive_begin(&d, EP_DEVICE_CVES, NULL);
	drive_expect(&d, API "/api/machines/SoftwareVulnerabilitiesByMachine?"
			     "pageSize=10000");
	drive_begin(&d, EP_HARDWARE, NULL);
	drive_expect(&d, API "/api/machines/HardwareFirmwareInventoryByMachine"
			     "?pageSize=10000");
	drive_close(&d);
}

static void test_entra(void **state)
{
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "page_size: 5\n");
	drive_begin(&d, EP_ENTRA, NULL);
	drive_expect(&d, "https://graph.microsoft.com/v1.0/devices?$select=id,"
			 "deviceId,displayName,manufacturer,model,"
			 "operatingSystem,operatingSystemVersion&$top=999");
	assert_string_equal(d.req.auth, "graph");
	assert_null(d.req.rate);
	/* an empty page with a link is legal */
	assert_int_equal(drive_answer(&d, 200, data("graph-1.json")),
			 MST_TAKE_RECORDS);
	drive_expect(&d, "https://graph.microsoft.com/v1.0/devices?$select=id,"
			 "deviceId&$top=999&$skiptoken=RFNwdAIAAQ");
	drive_answer(&d, 200, data("graph-2.json"));
	p = drive_end(&d, EP_ENTRA);
	assert_true(p.complete);
	assert_int_equal(p.records, 1);
	drive_close(&d);
}

/* The token of a page dies with the snapshot: from the start, three times. */
static void test_dead_skiptoken(void **state)
{
	static const int statuses[] = {400, 404, 410, 400};
	struct drive d;
	int rc = 0;

	drive_open(&d, "read_method: json\n");
	drive_begin(&d, EP_SOFTWARE, NULL);
	for (size_t i = 0; i < MST_LEN(statuses); i++) {
		drive_expect(&d, API "/api/machines/SoftwareInventoryByMachine"
				     "?pageSize=10000");
		drive_answer(&d, 200, data("software-1.json"));
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		rc = drive_answer(&d, statuses[i], data("error-notfound.json"));
		if (i < 3)
			assert_int_equal(rc, MST_TAKE_RESTART);
	}
	t_failed(rc, &d.err, MST_E_INCOMPLETE,
		 "the link to its next page died");
	drive_close(&d);
}

/* Nothing at all would take everything for gone: asked twice. */
static void test_empty_inventory(void **state)
{
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "read_method: json\n");
	drive_begin(&d, EP_DEVICE_CVES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_int_equal(drive_answer(&d, 200, data("empty.json")),
			 MST_TAKE_RESTART);
	drive_expect(&d, API "/api/machines/SoftwareVulnerabilitiesByMachine?"
			     "pageSize=10000");
	assert_int_equal(drive_answer(&d, 200, data("empty.json")),
			 MST_TAKE_RECORDS);
	p = drive_end(&d, EP_DEVICE_CVES);
	assert_true(p.complete);
	assert_int_equal(p.records, 0);
	drive_close(&d);
}

static void test_repeated_page(void **state)
{
	static const char again[] =
	    "{\"value\":[{\"deviceId\":\"x\",\"softwareName\":\"a\"}],"
	    "\"@odata.nextLink\":\"https://api.security.microsoft.com/n%d\"}";
	struct mst_proof p;
	struct drive d;
	char text[256];

	drive_open(&d, "read_method: json\n");
	drive_begin(&d, EP_SOFTWARE, NULL);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 2; i++) {
			assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
			(void)snprintf(text, sizeof(text), again, i);
			assert_int_equal(drive_text(&d, 200, text),
					 MST_TAKE_RECORDS);
		}
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		assert_int_equal(drive_answer(&d, 200, data("software-2.json")),
				 round ? MST_TAKE_RECORDS : MST_TAKE_RESTART);
	}
	p = drive_end(&d, EP_SOFTWARE);
	assert_false(p.complete);
	assert_non_null(strstr(p.why, "1 pages came twice"));
	drive_close(&d);
}

static void test_circle(void **state)
{
	struct drive d;
	int rc = 0;

	drive_open(&d, "read_method: json\n");
	drive_begin(&d, EP_SOFTWARE, NULL);
	for (int i = 0; i < 8 && rc >= 0; i++) {
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		rc = drive_answer(&d, 200, data("software-1.json"));
	}
	t_failed(rc, &d.err, MST_E_INCOMPLETE, "lead back to earlier ones");
	drive_close(&d);
}

static void test_foreign_links(void **state)
{
	static const char *const links[] = {
	    "https://wpatdadi-eus-stg.cloudapp.net/api/machines?x=1",
	    "http://api.security.microsoft.com/api/machines?x=1",
	    "https://api.security.microsoft.com.evil.example/x",
	    "https://api.security.microsoft.com@evil.example/x",
	    "https://evil.example#api.security.microsoft.com",
	    "https://xapi.security.microsoft.com/x",
	    "https://api.security.microsoft.com:8443/x",
	    "/api/machines?$skip=5",
	    "https://api.security.microsoft.com/a b",
	    "https://127.0.0.1/x",
	};
	struct drive d;

	drive_open(&d, "");
	for (size_t i = 0; i < MST_LEN(links); i++) {
		drive_begin(&d, EP_MACHINES, NULL);
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		t_failed(drive_text(&d, 200, page_of_ids(0, 1, links[i])),
			 &d.err, MST_E_INVALID, "the token is not sent there");
	}
	/* Graph's token does not go to Defender's hosts either. */
	drive_begin(&d, EP_ENTRA, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	t_failed(drive_text(
		     &d, 200,
		     page_of_ids(0, 1, "https://api.security.microsoft.com/")),
		 &d.err, MST_E_INVALID, "the token is not sent there");
	drive_close(&d);
}

/* ---- files ----------------------------------------------------------------
 */

static void test_files(void **state)
{
	struct mst_req first, second;
	struct mst_resp resp = drive_resp(200, mst_slice(NULL, 0));
	struct mst_proof p;
	struct drive d;

	t_clock_set(now_us);
	drive_open(&d, "sas_valid_hours: 3\n");
	drive_begin(&d, EP_DEVICE_CVES, NULL);
	drive_expect(&d, API "/api/machines/SoftwareVulnerabilitiesExport?"
			     "sasValidHours=3");
	assert_string_equal(d.req.rate, "exports");
	assert_string_equal(d.req.auth, "defender");
	assert_string_equal(d.req.what,
			    "file list of vulnerabilities of devices");
	assert_int_equal(drive_answer(&d, 200, data("export-list.json")),
			 MST_TAKE_CONTROL);
	/* side by side, without any token */
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	first = d.req;
	d.has_req = false;
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	second = d.req;
	d.has_req = false;
	assert_null(first.auth);
	assert_null(second.auth);
	assert_null(first.rate);
	assert_null(first.headers[0]);
	assert_non_null(strstr(first.url, "sig=first0"));
	assert_non_null(strstr(second.url, "sig=first1"));
	assert_string_not_equal(first.file, second.file);
	assert_string_equal(second.what,
			    "file 2 of 2 of vulnerabilities of devices");
	assert_int_equal(drive_next(&d), MST_NEXT_WAIT);
	resp.bytes = 1000;
	resp.file = "x";
	assert_int_equal(drive_give(&d, &second, &resp), MST_TAKE_RECORDS);
	assert_int_equal(drive_next(&d), MST_NEXT_WAIT);
	assert_int_equal(drive_give(&d, &first, &resp), MST_TAKE_RECORDS);
	p = drive_end(&d, EP_DEVICE_CVES);
	assert_true(p.complete);
	assert_int_equal(p.files, 2);
	assert_true(p.as_of_us == 1732100460 * (int64_t)1000000);
	mst_req_fini(&first);
	mst_req_fini(&second);
	drive_close(&d);
}

static void test_files_of_feeds(void **state)
{
	struct drive d;

	drive_open(&d, "");
	drive_begin(&d, EP_SOFTWARE, NULL);
	drive_expect(&d, API
		     "/api/machines/SoftwareInventoryExport?sasValidHours=6");
	drive_begin(&d, EP_NON_CPE, NULL);
	drive_expect(&d, API "/api/machines/SoftwareInventoryNonCpeExport?"
			     "sasValidHours=6");
	drive_begin(&d, EP_HARDWARE, NULL);
	drive_expect(&d, API "/api/machines/HardwareFirmwareInventoryExport");
	drive_close(&d);
}

/* Addresses expire while the files are read: a new list, and if it is of the
 * same snapshot, only what is missing is fetched. */
static void test_sas_expires(void **state)
{
	struct mst_proof p;
	struct drive d;

	t_clock_set(now_us);
	drive_open(&d, "");
	drive_begin(&d, EP_DEVICE_CVES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	drive_answer(&d, 200, data("export-list.json"));
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_int_equal(drive_file(&d, 100), MST_TAKE_RECORDS);
	t_clock_add(HOUR_US); /* past "se" */
	drive_expect(&d, API "/api/machines/SoftwareVulnerabilitiesExport?"
			     "sasValidHours=6");
	assert_int_equal(
	    drive_answer(&d, 200, data("export-list-renewed.json")),
	    MST_TAKE_CONTROL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_non_null(strstr(d.req.url, "sig=second1"));
	assert_int_equal(drive_file(&d, 100), MST_TAKE_RECORDS);
	p = drive_end(&d, EP_DEVICE_CVES);
	assert_true(p.complete);
	assert_int_equal(p.files, 2);
	drive_close(&d);
}

/* The storage says it first, and the snapshot is another one by now. */
static void test_snapshot_replaced(void **state)
{
	struct mst_resp refused, late = drive_resp(200, mst_slice(NULL, 0));
	struct mst_req first;
	struct mst_proof p;
	struct drive d;

	t_clock_set(now_us);
	drive_open(&d, "");
	drive_begin(&d, EP_DEVICE_CVES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	drive_answer(&d, 200, data("export-list.json"));
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	first = d.req;
	d.has_req = false;
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	refused = drive_resp(403, data("blob-expired.xml"));
	refused.content_type = "application/xml";
	assert_int_equal(drive_give(&d, &d.req, &refused), MST_TAKE_CONTROL);
	drive_expect(&d, API "/api/machines/SoftwareVulnerabilitiesExport?"
			     "sasValidHours=6");
	assert_int_equal(drive_answer(&d, 200, data("export-list-new.json")),
			 MST_TAKE_RESTART);
	/* what was still under way does not count */
	late.bytes = 100;
	assert_int_equal(drive_give(&d, &first, &late), MST_TAKE_CONTROL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		assert_non_null(strstr(d.req.url, "sig=third"));
		assert_int_equal(drive_file(&d, 100), MST_TAKE_RECORDS);
	}
	p = drive_end(&d, EP_DEVICE_CVES);
	assert_true(p.complete);
	assert_int_equal(p.files, 2);
	mst_req_fini(&first);
	drive_close(&d);
}

static void test_storage_refuses_for_ever(void **state)
{
	struct mst_resp refused;
	struct drive d;
	int rc = 0;

	t_clock_set(now_us);
	drive_open(&d, "");
	drive_begin(&d, EP_DEVICE_CVES, NULL);
	for (int i = 0; i < 10 && rc >= 0; i++) {
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		if (!d.req.file) {
			drive_answer(&d, 200, data("export-list.json"));
			continue;
		}
		refused = drive_resp(403, data("blob-expired.xml"));
		rc = drive_give(&d, &d.req, &refused);
	}
	t_failed(rc, &d.err, MST_E_FORBIDDEN, "is the clock right");
	assert_null(strstr(d.err.msg, "sig="));
	drive_close(&d);
}

static void test_empty_file(void **state)
{
	struct drive d;
	int rc = 0;

	t_clock_set(now_us);
	drive_open(&d, "");
	drive_begin(&d, EP_DEVICE_CVES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	drive_answer(&d, 200, data("export-list.json"));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		assert_non_null(strstr(d.req.url, "part-00000"));
		rc = drive_file(&d, 0);
		if (i < 2)
			assert_int_equal(rc, MST_TAKE_CONTROL);
	}
	t_failed(rc, &d.err, MST_E_CORRUPT, "came empty, 3 times");
	drive_close(&d);
}

static void test_empty_export(void **state)
{
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "");
	drive_begin(&d, EP_DEVICE_CVES, NULL);
	for (int i = 0; i < 2; i++) {
		drive_expect(&d, API "/api/machines/"
				     "SoftwareVulnerabilitiesExport?"
				     "sasValidHours=6");
		assert_int_equal(
		    drive_answer(&d, 200, data("export-empty.json")),
		    MST_TAKE_CONTROL);
	}
	p = drive_end(&d, EP_DEVICE_CVES);
	assert_true(p.complete);
	assert_int_equal(p.files, 0);
	/* without a time nobody knows what it was empty of */
	drive_begin(&d, EP_SOFTWARE, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		drive_text(&d, 200, "{\"exportFiles\":[]}");
	}
	p = drive_end(&d, EP_SOFTWARE);
	assert_false(p.complete);
	/* the second list has files: those are it */
	drive_begin(&d, EP_SOFTWARE, NULL);
	t_clock_set(now_us);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	drive_answer(&d, 200, data("export-empty.json"));
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	drive_answer(&d, 200, data("export-list.json"));
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_non_null(d.req.file);
	drive_close(&d);
}

static void test_foreign_storage(void **state)
{
	static const char *const urls[] = {
	    "https://evil.example/part.json.gz",
	    "http://x.blob.core.windows.net/part.json.gz",
	    "https://blob.core.windows.net.evil.example/x",
	    "https://.blob.core.windows.net@evil.example/x",
	    "file:///etc/passwd",
	    "http://127.0.0.1:9/part.json.gz",
	};
	struct drive d;
	char text[256];

	drive_open(&d, "");
	for (size_t i = 0; i < MST_LEN(urls); i++) {
		drive_begin(&d, EP_SOFTWARE, NULL);
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		(void)snprintf(text, sizeof(text),
			       "{\"exportFiles\":[\"%s\"],\"generatedTime\":"
			       "\"2024-11-20T11:01:00Z\"}",
			       urls[i]);
		t_failed(drive_text(&d, 200, text), &d.err, MST_E_INVALID,
			 "no Azure blob storage");
	}
	drive_close(&d);
}

/* At most eight at once; the rest as answers come in. */
static void test_files_in_flight(void **state)
{
	struct mst_buf b = MST_BUF_INIT(1u << 16);
	struct mst_req reqs[8];
	struct drive d;

	mst_buf_adds(&b, "{\"generatedTime\":\"2024-11-20T11:01:00Z\","
			 "\"exportFiles\":[");
	for (int i = 0; i < 10; i++)
		mst_buf_addf(&b,
			     "%s\"https://x.blob.core.windows.net/part-%d.gz\"",
			     i ? "," : "", i);
	mst_buf_adds(&b, "]}");
	drive_open(&d, "");
	drive_begin(&d, EP_SOFTWARE, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	drive_answer(&d, 200, mst_buf_slice(&b));
	for (int i = 0; i < 8; i++) {
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		reqs[i] = d.req;
		d.has_req = false;
	}
	assert_int_equal(drive_next(&d), MST_NEXT_WAIT);
	for (int i = 0; i < 8; i++) {
		struct mst_resp resp = drive_resp(200, mst_slice(NULL, 0));

		resp.bytes = 7;
		assert_int_equal(drive_give(&d, &reqs[i], &resp),
				 MST_TAKE_RECORDS);
		mst_req_fini(&reqs[i]);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		assert_int_equal(drive_file(&d, 7), MST_TAKE_RECORDS);
	}
	assert_int_equal(drive_end(&d, EP_SOFTWARE).files, 10);
	mst_buf_fini(&b);
	drive_close(&d);
}

/* ---- which way ------------------------------------------------------------
 */

static void test_fall_back(void **state)
{
	struct drive d;
	int rc;

	drive_open(&d, "");
	drive_begin(&d, EP_SOFTWARE, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_int_equal(drive_answer(&d, 404, data("error-notfound.json")),
			 MST_TAKE_CONTROL);
	drive_expect(&d, API "/api/machines/SoftwareInventoryByMachine?"
			     "pageSize=10000");
	/* only once */
	rc = drive_answer(&d, 403, data("error-forbidden.json"));
	t_failed(rc, &d.err, MST_E_FORBIDDEN, "'Software.Read.All'");
	drive_close(&d);
	/* who wants files gets files or an error */
	drive_open(&d, "read_method: files\n");
	drive_begin(&d, EP_SOFTWARE, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	t_failed(drive_answer(&d, 404, data("error-notfound.json")), &d.err,
		 MST_E_NOTFOUND, "software inventory");
	drive_close(&d);
}

static void test_json_for_small_tenants(void **state)
{
	struct drive d;

	drive_open(&d, "json_below: 10\n");
	drive_begin(&d, EP_SOFTWARE, NULL);
	drive_expect(&d, API
		     "/api/machines/SoftwareInventoryExport?sasValidHours=6");
	drive_begin(&d, EP_MACHINES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	drive_text(&d, 200, page_of_ids(0, 9, NULL));
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	drive_answer(&d, 200, data("empty.json"));
	(void)drive_end(&d, EP_MACHINES);
	drive_begin(&d, EP_SOFTWARE, NULL);
	drive_expect(&d, API "/api/machines/SoftwareInventoryByMachine?"
			     "pageSize=10000");
	/* and files when pages are not offered */
	assert_int_equal(drive_answer(&d, 404, data("error-notfound.json")),
			 MST_TAKE_CONTROL);
	drive_expect(&d, API
		     "/api/machines/SoftwareInventoryExport?sasValidHours=6");
	drive_close(&d);
}

/* ---- connections ----------------------------------------------------------
 */

static void test_clouds(void **state)
{
	static const struct {
		const char *options, *api, *graph;
	} clouds[] = {
	    {"cloud: commercial\n", API, "https://graph.microsoft.com"},
	    {"cloud: us\n", "https://us.api.security.microsoft.com", NULL},
	    {"cloud: eu\n", "https://eu.api.security.microsoft.com", NULL},
	    {"cloud: uk\n", "https://uk.api.security.microsoft.com", NULL},
	    {"cloud: au\n", "https://au.api.security.microsoft.com", NULL},
	    {"cloud: swa\n", "https://swa.api.security.microsoft.com", NULL},
	    {"cloud: ina\n", "https://ina.api.security.microsoft.com", NULL},
	    {"cloud: gcc\n", "https://api-gcc.securitycenter.microsoft.us",
	     "https://graph.microsoft.com"},
	    {"cloud: gcc-high\n", "https://api-gov.securitycenter.microsoft.us",
	     "https://graph.microsoft.us"},
	    {"cloud: dod\n", "https://api-gov.securitycenter.microsoft.us",
	     "https://dod-graph.microsoft.us"},
	    {"api_url: http://127.0.0.1:8080/\ngraph_url: "
	     "http://127.0.0.1:8081\n",
	     "http://127.0.0.1:8080", "http://127.0.0.1:8081"},
	};

	assert_int_equal(MST_LEN(clouds), MS_CLOUDS + 1);
	for (size_t i = 0; i < MST_LEN(clouds); i++) {
		struct mst_source_auth auths[4];
		struct drive d;
		char url[256];

		drive_open(&d, clouds[i].options);
		drive_begin(&d, EP_MACHINES, NULL);
		(void)snprintf(url, sizeof(url),
			       "%s/api/machines?$top=10000&$skip=0",
			       clouds[i].api);
		drive_expect(&d, url);
		drive_begin(&d, EP_ENTRA, NULL);
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		if (clouds[i].graph)
			assert_memory_equal(d.req.url, clouds[i].graph,
					    strlen(clouds[i].graph));
		assert_int_equal(OPS->auths(d.s, auths, 4), 2);
		assert_string_equal(auths[0].name, "defender");
		assert_string_equal(auths[1].name, "graph");
		assert_non_null(strstr(clouds[i].api, auths[0].hosts[0]));
		drive_close(&d);
	}
}

static void test_government_login(void **state)
{
	struct mst_req req;
	struct drive d;

	drive_open(&d, "cloud: gcc-high\n");
	mst_req_init(&req, MST_HTTP_GET);
	mst_req_fini(&req);
	assert_int_equal(d.s->auth[0]->ops->begin(d.s->auth[0], &req, &d.err),
			 1);
	assert_string_equal(req.url,
			    "https://login.microsoftonline.us/contoso.example/"
			    "oauth2/v2.0/token");
	assert_non_null(memmem(req.body.p, req.body.n,
			       "api-gov.securitycenter.microsoft.us%2F.default",
			       46));
	mst_req_fini(&req);
	drive_close(&d);
}

/* A simulator's links stay with the simulator. */
static void test_loopback(void **state)
{
	struct drive d;

	t_clock_set(now_us);
	drive_open(&d, "api_url: http://127.0.0.1:8080\n");
	drive_begin(&d, EP_SOFTWARE, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_int_equal(
	    drive_text(&d, 200,
		       "{\"exportFiles\":[\"http://127.0.0.1:8082/a/"
		       "part-1.json.gz?se=2024-11-20T12:01:00Z&sig=x\"]}"),
	    MST_TAKE_CONTROL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	drive_begin(&d, EP_MACHINES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	drive_text(&d, 200,
		   page_of_ids(0, 1, "http://127.0.0.1:8080/api/machines?x"));
	drive_expect(&d, "http://127.0.0.1:8080/api/machines?x");
	t_failed(drive_text(
		     &d, 200,
		     page_of_ids(1, 1, "https://api.security.microsoft.com/")),
		 &d.err, MST_E_INVALID, "no host of this connection's cloud");
	drive_close(&d);
}

static void test_options(void **state)
{
	static const struct {
		const char *options, *part;
	} wrong[] = {
	    {"tenant_id: x\n", "client_id is missing"},
	    {"tenant_id: x\nclient_id: y\n",
	     "neither client_secret nor certificate"},
	    {"tenant_id: x\nclient_id: y\nclient_secret: env:X\n"
	     "certificate: a.pem\n",
	     "both client_secret and certificate are set"},
	    {"tenant_id: common\nclient_id: y\nclient_secret: env:X\n",
	     "many tenants"},
	    {"cloud: mars\n", "cloud"},
	    {"min_cvss: 11\n", "min_cvss"},
	    {"sas_valid_hours: 7\n", "sas_valid_hours"},
	    {"page_size: 0\n", "page_size"},
	    {"read_metod: json\n", "read_method"},
	    {"api_url: http://example.com\n", "api_url"},
	};
	struct drive d;

	for (size_t i = 0; i < MST_LEN(wrong); i++) {
		int rc = drive_try(&d, wrong[i].options);

		t_failed(rc, &d.err, MST_E_INVALID, wrong[i].part);
		drive_close(&d);
	}
	drive_open(&d, "alias: main\nenvironments: [test, prod]\n"
		       "recver.type: mem\nmin_cvss: 7.5\n");
	assert_string_equal(d.conf.common.recver.type, "mem");
	assert_int_equal(d.conf.ms.environments.n, 2);
	assert_true(d.conf.min_cvss == 7.5);
	assert_true(d.conf.enrich);
	assert_false(d.conf.hardware);
	drive_close(&d);
}

static void test_folder_connection(void **state)
{
	struct mst_source_auth auths[4];
	struct mst_check checks[8];
	struct drive d;

	drive_open(&d, "read_from: saved\n");
	assert_int_equal(OPS->auths(d.s, auths, 4), 0);
	assert_int_equal(OPS->permissions(d.s, ~0u, checks, 8), 0);
	assert_string_equal(d.conf.common.recver.type, "sqlite");
	t_failed(OPS->begin(d.s, EP_MACHINES, NULL, &d.err), &d.err,
		 MST_E_UNSUPPORTED, "reads a folder");
	drive_close(&d);
	drive_open(&d, "enrich: false\n");
	assert_int_equal(OPS->auths(d.s, auths, 4), 1);
	t_failed(OPS->begin(d.s, EP_ENTRA, NULL, &d.err), &d.err,
		 MST_E_UNSUPPORTED, "switched off");
	drive_close(&d);
}

static void test_needs(void **state)
{
	struct drive d;

	drive_open(&d, "");
	assert_int_equal(OPS->needs(d.s, "devices"),
			 EP_BIT(EP_MACHINES) | EP_BIT(EP_ENTRA));
	assert_int_equal(OPS->needs(d.s, "software_installs"),
			 EP_BIT(EP_SOFTWARE) | EP_BIT(EP_NON_CPE));
	assert_int_equal(OPS->needs(d.s, "software_packages"),
			 EP_BIT(EP_SOFTWARE) | EP_BIT(EP_NON_CPE));
	assert_int_equal(OPS->needs(d.s, "vulnerabilities"),
			 EP_BIT(EP_CVES) | EP_BIT(EP_DEVICE_CVES));
	assert_int_equal(OPS->needs(d.s, "device_vulnerabilities"),
			 EP_BIT(EP_DEVICE_CVES));
	assert_int_equal(OPS->needs(d.s, "nothing"), 0);
	drive_close(&d);
	drive_open(&d, "enrich: false\nhardware: true\nsoftware_table: "
		       "cmdb_sam_sw_install\n");
	assert_int_equal(OPS->needs(d.s, "devices"),
			 EP_BIT(EP_MACHINES) | EP_BIT(EP_HARDWARE));
	assert_int_equal(OPS->needs(d.s, "software_packages"), 0);
	drive_close(&d);
}

static void test_rates(void **state)
{
	const struct mst_rate *r;
	struct drive d;
	size_t n;

	drive_open(&d, "");
	r = OPS->rates(d.s, &n);
	for (size_t i = 0; i < EP__FEEDS; i++) {
		bool found = !ep_io[i].rate;

		for (size_t k = 0; k < n; k++)
			found = found || strcmp(r[k].name, ep_io[i].rate) == 0;
		assert_true(found);
	}
	drive_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_machines),
	    cmocka_unit_test(test_short_page_goes_on),
	    cmocka_unit_test(test_machines_with_links),
	    cmocka_unit_test(test_empty_list_of_machines_proves_nothing),
	    cmocka_unit_test(test_doubles),
	    cmocka_unit_test(test_doubles_once),
	    cmocka_unit_test(test_skip_is_passed_over),
	    cmocka_unit_test(test_vulnerabilities),
	    cmocka_unit_test(test_one_device),
	    cmocka_unit_test(test_software_pages),
	    cmocka_unit_test(test_entra),
	    cmocka_unit_test(test_dead_skiptoken),
	    cmocka_unit_test(test_empty_inventory),
	    cmocka_unit_test(test_repeated_page),
	    cmocka_unit_test(test_circle),
	    cmocka_unit_test(test_foreign_links),
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_files_of_feeds),
	    cmocka_unit_test(test_sas_expires),
	    cmocka_unit_test(test_snapshot_replaced),
	    cmocka_unit_test(test_storage_refuses_for_ever),
	    cmocka_unit_test(test_empty_file),
	    cmocka_unit_test(test_empty_export),
	    cmocka_unit_test(test_foreign_storage),
	    cmocka_unit_test(test_files_in_flight),
	    cmocka_unit_test(test_fall_back),
	    cmocka_unit_test(test_json_for_small_tenants),
	    cmocka_unit_test(test_clouds),
	    cmocka_unit_test(test_government_login),
	    cmocka_unit_test(test_loopback),
	    cmocka_unit_test(test_options),
	    cmocka_unit_test(test_folder_connection),
	    cmocka_unit_test(test_needs),
	    cmocka_unit_test(test_rates),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
