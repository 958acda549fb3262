/* SPDX-License-Identifier: Apache-2.0
 *
 * The public response bodies: each is known for what it is, and those of this
 * source decode into what they say.
 */
#include "endpoint_drive.h"

#include <stdio.h>

#include "base/file.h"

#define NO   MST_FILE_OTHER
#define LIST MST_FILE_ADDRESSES

static const struct {
	const char *rel;
	int feed;
	size_t records;
} ours[] = {
    {"mde-machines-list.json", EP_MACHINES, 1},
    {"mde-machine-get.json", EP_MACHINES, 1},
    {"mde-machines-list-filter-lastSeen.json", EP_MACHINES, 1},
    {"synthetic/mde-machines-observed-shape.json", EP_MACHINES, 4},
    {"mde-SoftwareInventoryByMachine.json", EP_SOFTWARE, 5},
    {"mde-SoftwareVulnerabilitiesByMachine.json", EP_DEVICE_CVES, 5},
    {"synthetic/mde-VaExport-part-observed-shape.ndjson", EP_DEVICE_CVES, 2},
    {"mde-vulnerabilities-list.json", EP_CVES, 1},
    {"mde-HardwareFirmwareInventoryByMachine.json", EP_HARDWARE, 1},
    {"graph-devices-list.json", EP_ENTRA, 1},
    {"graph-device-schema.json", EP_ENTRA, 1},
    {"mde-SoftwareInventoryExport.json", LIST, 0},
    {"mde-SoftwareInventoryNonCpeExport.json", LIST, 0},
    {"mde-SoftwareVulnerabilitiesExport.json", LIST, 0},
    {"mde-HardwareFirmwareInventoryExport.json", LIST, 0},
    {"mde-SecureConfigurationsAssessmentExport.json", LIST, 0},
    {"mde-browserextensionsinventoryExport.json", LIST, 0},
    {"mde-certificateAssessmentExport.json", LIST, 0},
    {"mde-InfoGatheringExport.json", LIST, 0},
};

static struct ruled r;

/* Reads below samples/microsoft; skips the test when there are none. */
static struct mst_buf sample(const char *rel)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	char path[1024];

	if (!t_samples())
		skip();
	(void)snprintf(path, sizeof(path), "%s/microsoft/%s", t_samples(), rel);
	t_ok(mst_file_read(path, &b, &err), &err);
	return b;
}

static int expected(const char *rel)
{
	for (size_t i = 0; i < MST_LEN(ours); i++) {
		if (strcmp(ours[i].rel, rel) == 0)
			return ours[i].feed;
	}
	return strstr(rel, "-error") ? MST_FILE_SPOILT : NO;
}

static int look_at(void *ctx, const char *path, const char *rel, uint64_t size,
		   struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);
	struct mst_spoilt sp;
	size_t *n = ctx;
	int feed;

	t_ok(mst_file_read(path, &b, err), err);
	feed = OPS->classify(rel, mst_slice_str(b.p), &sp);
	if (feed != expected(rel))
		fail_msg("%s: wanted %d, got %d", rel, expected(rel), feed);
	mst_buf_fini(&b);
	(*n)++;
	return 0;
}

static void test_all_are_known(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	char dir[1024];
	size_t n = 0;

	if (!t_samples())
		skip();
	(void)snprintf(dir, sizeof(dir), "%s/microsoft", t_samples());
	t_ok(mst_dir_walk(dir, look_at, &n, &err), &err);
	assert_true(n > 50);
}

/* A body's records: envelope, lines or one object. */
static struct mst_json records(struct mst_buf *b, struct mst_err *err)
{
	struct mst_json root, list;
	char *window;
	size_t lines;

	if (mst_json_parse(r.parser, mst_buf_slice(b), &root, err) == 0) {
		list = mst_json_get(root, "value");
		return mst_json_type(list) == MST_JSON_ARRAY ? list : root;
	}
	mst_err_clear(err);
	/* The window is written to in front and behind. */
	window = mst_alloc(1 + b->n + MST_JSON_PADDING);
	memcpy(window + 1, b->p, b->n);
	t_ok(mst_json_parse_lines(r.parser, window + 1, b->n, &root, &lines,
				  err),
	     err);
	mst_freep(&window); /* the parser has its own copy */
	return root;
}

static void test_all_decode(void **state)
{
	for (size_t i = 0; i < MST_LEN(ours); i++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_json_iter it;
		struct mst_json list, e;
		struct mst_buf b;
		size_t n = 0;

		if (ours[i].feed < 0)
			continue;
		b = sample(ours[i].rel);
		list = records(&b, &err);
		if (mst_json_type(list) == MST_JSON_OBJECT) {
			ruled_pick(&r, (unsigned)ours[i].feed, list);
			n = 1;
		}
		it = mst_json_iter(list);
		while (mst_json_type(list) == MST_JSON_ARRAY &&
		       mst_json_next(&it, NULL, &e)) {
			ruled_pick(&r, (unsigned)ours[i].feed, e);
			assert_int_equal(r.v[0].type, MST_JSON_STRING);
			n++;
		}
		if (n != ours[i].records)
			fail_msg("%s: %zu records", ours[i].rel, n);
		mst_buf_fini(&b);
	}
}

/* Record i of a body, picked. */
static void record(const char *rel, unsigned feed, size_t i)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_buf b = sample(rel);
	struct mst_json_iter it;
	struct mst_json e;

	it = mst_json_iter(records(&b, &err));
	for (size_t k = 0; k <= i; k++)
		assert_true(mst_json_next(&it, NULL, &e));
	ruled_pick(&r, feed, e);
	mst_buf_fini(&b); /* the parser has its own copy */
}

static void test_machine(void **state)
{
	record("mde-machines-list-filter-lastSeen.json", EP_MACHINES, 0);
	ruled_apply(&r, "devices");
	t_is(r.d.key, "1e5bc9d7e413ddd7902c2932e418702b84d0cc07");
	t_is(r.d.table, "cmdb_ci_computer");
	ruled_is(&r, "name", "mymachine1");
	ruled_is(&r, "fqdn", "mymachine1.contoso.com");
	ruled_is(&r, "dns_domain", "contoso.com");
	ruled_is(&r, "os", "Windows 10");
	ruled_is(&r, "os_version", "1901");
	ruled_is(&r, "ip_address", "10.166.113.46");
	ruled_is(&r, "mac_address", "8c:ec:4b:89:7e:73");
	ruled_is(&r, "first_discovered", "2018-08-02 14:55:03");
	ruled_is(&r, "last_discovered", "2021-01-25 07:27:36");
	ruled_is(&r, "install_status", "1");
	ruled_is(&r, "operational_status", "1");
}

static void test_observed_machines(void **state)
{
	static const char rel[] = "synthetic/mde-machines-observed-shape.json";

	record(rel, EP_MACHINES, 0);
	ruled_apply(&r, "devices");
	ruled_is(&r, "name", "host-1");
	ruled_is(&r, "mac_address", "00:00:5e:00:53:01");
	ruled_is(&r, "os_address_width", "64");
	ruled_is(&r, "virtual", NULL);
	record(rel, EP_MACHINES, 1);
	ruled_apply(&r, "devices");
	t_is(r.d.table, "cmdb_ci_linux_server");
	ruled_is(&r, "mac_address", "00:00:5e:00:53:02");
	ruled_is(&r, "operational_status", "5");
	ruled_is(&r, "install_status", NULL);
	record(rel, EP_MACHINES, 2); /* merged into the first */
	assert_int_equal(ruled_keep(&r, "devices", NULL), MST_DROP);
	record(rel, EP_MACHINES, 3); /* no name */
	assert_int_equal(ruled_keep(&r, "devices", NULL), MST_SKIP);
}

static void test_software(void **state)
{
	record("mde-SoftwareInventoryByMachine.json", EP_SOFTWARE, 1);
	ruled_apply(&r, "software_packages");
	t_is(r.d.key, "microsoft|.net_framework|4.0.0.0");
	ruled_apply(&r, "software_installs");
	t_is(r.d.group, "00044f68765bbaf712342dbe6db733b6a9c59ab4");
	ruled_is(&r, "name", ".net_framework 4.0.0.0");
}

static void test_vulnerabilities(void **state)
{
	static const char rel[] =
	    "synthetic/mde-VaExport-part-observed-shape.ndjson";

	for (size_t i = 0; i < 5; i++) { /* inventory rows without a CVE */
		record("mde-SoftwareVulnerabilitiesByMachine.json",
		       EP_DEVICE_CVES, i);
		assert_int_equal(ruled_keep(&r, "device_vulnerabilities", NULL),
				 MST_DROP);
	}
	record(rel, EP_DEVICE_CVES, 0);
	ruled_apply(&r, "device_vulnerabilities");
	ruled_is(&r, "u_cve", "CVE-2025-21418");
	ruled_is(&r, "u_cvss_score", "7.8");
	ruled_is(&r, "u_exploitability", "in_kit");
	ruled_is(&r, "u_recommended_update_id", "5051987");
	record(rel, EP_DEVICE_CVES, 1);
	ruled_apply(&r, "device_vulnerabilities");
	ruled_is(&r, "u_cvss_score", "4.0");
	ruled_is(&r, "u_software_version", "1:3.0.2-0ubuntu1.10");
	ruled_is(&r, "u_last_seen", "2025-11-01 14:30:00");
	ruled_is(&r, "u_disk_paths", "/usr/lib/x86_64-linux-gnu/libssl.so.3");
	ruled_is(&r, "u_registry_paths", NULL);
	record("mde-vulnerabilities-list.json", EP_CVES, 0);
	ruled_apply(&r, "vulnerabilities");
	t_is(r.d.key, "CVE-2019-0608");
	ruled_is(&r, "u_cvss_score", "4.3");
	ruled_is(&r, "u_supportability", "supported");
	ruled_is(&r, "u_public_exploit", "false");
	ruled_is(&r, "u_updated", "2019-12-16 16:20:00");
}

/* Bodies of errors and lists as answers. */
static void test_as_answers(void **state)
{
	struct mst_buf b = sample("synthetic/mde-error-403-account-inactive."
				  "json");
	struct drive d;

	drive_open(&d, "");
	drive_begin(&d, EP_MACHINES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	t_failed(drive_answer(&d, 403, mst_buf_slice(&b)), &d.err,
		 MST_E_FORBIDDEN, "not active in this tenant");
	mst_buf_fini(&b);
	drive_begin(&d, EP_DEVICE_CVES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	b = sample("mde-SoftwareVulnerabilitiesExport.json");
	assert_int_equal(drive_answer(&d, 200, mst_buf_slice(&b)),
			 MST_TAKE_CONTROL);
	mst_buf_fini(&b);
	/* the addresses of 2021 are believed as long as the list is fresh */
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_non_null(d.req.file);
	drive_close(&d);
}

static int open_rules(void **state)
{
	ruled_open(&r);
	return 0;
}

static int close_rules(void **state)
{
	ruled_close(&r);
	return 0;
}

#define SAMPLE(fn) cmocka_unit_test_setup_teardown(fn, open_rules, close_rules)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SAMPLE(test_all_are_known), SAMPLE(test_all_decode),
	    SAMPLE(test_machine),	SAMPLE(test_observed_machines),
	    SAMPLE(test_software),	SAMPLE(test_vulnerabilities),
	    SAMPLE(test_as_answers),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
