/* SPDX-License-Identifier: Apache-2.0
 *
 * Folders that somebody put together, through plan and run into the simulator:
 * the forms that files come in, fields of other types than documented, and
 * what is spoilt, which must never look like a device that is gone.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/gunzip.h"

#define ID(n) "000000000000000000000000000000000000000" n
#define PC(n)                                                                  \
	"{\"id\":\"" ID(n) "\",\"computerDnsName\":\"pc-" n                    \
			   ".example.test\",\"osPlatform\":\"Windows11\","     \
			   "\"healthStatus\":\"Active\",\"lastSeen\":"         \
			   "\"2025-04-02T02:51:16Z\"}"
#define PAGE(list) "{\"value\":[" list "]}"
#define PC_COUNT   "sys_created_by=" MST_SIM_USER "^install_status=1"

static struct rig rig;
static char *dir;

/* ---- the folder ---------------------------------------------------------- */

static char *in_dir(const char *name)
{
	return mst_asprintf("%s/%s", dir, name);
}

static void put_bytes(const char *name, struct mst_slice text)
{
	struct mst_err err = MST_ERR_INIT;
	char *path = in_dir(name);
	char *slash = strrchr(path, '/');

	*slash = 0;
	t_ok(mst_dir_make(path, &err), &err);
	*slash = '/';
	t_write(path, text);
	free(path);
}

static void put(const char *name, const char *text)
{
	put_bytes(name, mst_slice_str(text));
}

/* One gzip member a text. */
static void put_gzip(const char *name, const char *const *texts)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;

	for (; *texts; texts++)
		t_ok(mst_gzip(mst_slice_str(*texts), 6, &b, &err), &err);
	put_bytes(name, mst_buf_slice(&b));
	mst_buf_fini(&b);
}

static void take(const char *name)
{
	char *path = in_dir(name);

	assert_int_equal(remove(path), 0);
	free(path);
}

static void apply(void)
{
	char *yaml =
	    mst_asprintf("connections:\n"
			 "  - name: saved\n"
			 "    type: endpoint\n"
			 "    read_from: %s\n"
			 "    assume_complete: yes\n"
			 "  - name: cmdb\n"
			 "    type: servicenow\n"
			 "    url: %s\n"
			 "    auth: basic\n"
			 "    username: %s\n"
			 "    password: env:MUSTER_SIM_PASSWORD\n"
			 "jobs:\n"
			 "  - name: main\n"
			 "    source: saved\n"
			 "    destination: cmdb\n",
			 dir, RIG_HOST(&rig, MST_SIM_SERVICENOW), MST_SIM_USER);

	rig_apply_text(&rig, yaml);
	free(yaml);
}

static void fresh(void)
{
	struct mst_err err = MST_ERR_INIT;

	rig_fresh(&rig);
	if (mst_file_exists(dir))
		t_ok(mst_dir_remove(dir, &err), &err);
	t_ok(mst_dir_make(dir, &err), &err);
	apply();
}

/* ---- what lands ---------------------------------------------------------- */

static void lands(const char *name, const char *text, size_t devices)
{
	fresh();
	put(name, text);
	rig_muster(&rig, "plan", "main", "--json");
	rig_status(&rig, 7);
	assert_int_equal(rig_num(rig_json(&rig), "counts.devices.insert"),
			 devices);
	(void)rig_sync(&rig, 0);
	assert_int_equal(rig_count(&rig, "cmdb_ci_computer", PC_COUNT),
			 devices);
	rig_quiet(&rig);
}

static void forms(void **state)
{
	(void)state;
	lands("machines.json", "\xef\xbb\xbf" PC("1") "\r\n" PC("2") "\r\n", 2);
	lands("Machines.JSON", "{\"Value\":[" PC("1") "," PC("2") "]}", 2);
	lands("a/b/devices", "[\n" PC("1") ",\n" PC("2") "]\n", 2);
	lands("machines.json", PAGE(PC("1")) "\n" PAGE(PC("2")) "\n", 2);
	lands("machines.json", "[" PAGE(PC("1")) "," PAGE(PC("2")) "]", 2);
	lands("machines.ndjson",
	      "\n{\n \"id\":\"x\",\n\"osPlatform\":\"Windows10\""
	      ",\n\"lastSeen\":null,\n\"computerDnsName\":"
	      "\"x\"\n}\n" PC("1"),
	      2);
}

static void gzip_members(void **state)
{
	static const char *const halves[] = {PC("1") "\n{\"id\":\"" ID("2"), "",
					     "\",\"osPlatform\":\"macOS\","
					     "\"computerDnsName\":\"m\"}\n",
					     NULL};
	static const char *const empty[] = {"", NULL};

	(void)state;
	fresh();
	put_gzip("machines.json.gz", halves);
	put_gzip("machines/part-00001.json.gz", empty);
	(void)rig_sync(&rig, 0);
	assert_int_equal(rig_count(&rig, "cmdb_ci_computer", PC_COUNT), 2);
	rig_quiet(&rig);
}

/* Numbers as texts, texts as numbers, null, objects where a text should be,
 * names and values that nobody documented. */
static void types(void **state)
{
	static const char rows[] = "{\"DeviceId\":\"" ID(
	    "1") "\",\"SoftwareVendor\":null,"
		 "\"SoftwareName\":7,\"SoftwareVersion\":1.5,\"CveId\":\"cve-"
		 "2025-1\","
		 "\"CvssScore\":\"9.8\",\"VulnerabilitySeverityLevel\":"
		 "\"Unheard\","
		 "\"ExploitabilityLevel\":3,\"DiskPaths\":\"/one\","
		 "\"RegistryPaths\":[null,1,{\"a\":1}],\"FirstSeenTimestamp\":"
		 "\"2021-05-11\",\"News\":{\"deep\":[[{}]]}}\n"
		 "{\"DeviceId\":\"" ID(
		     "1") "\",\"SoftwareName\":\"b\",\"CveId\":null}"
			  "\n{\"deviceId\":\"" ID(
			      "9") "\",\"softwareName\":\"b\","
				   "\"cveId\":\"CVE-2025-2\"}\n{}\n";
	static const char machines[] = "[{\"id\":\"" ID(
	    "1") "\",\"computerDnsName\":\"a\",\"osPlatform\":"
		 "\"windows11\",\"version\":11,\"osBuild\":\"22631\","
		 "\"isExcluded\":"
		 "\"False\",\"ipAddresses\":[null,1,{\"macAddress\":5}],"
		 "\"healthStatus\":\"ACTIVE\",\"firstSeen\":1607952165309,"
		 "\"lastSeen\":\"0001-01-01T00:00:00Z\",\"rbacGroupId\":"
		 "\"140\"},"
		 "{\"id\":\"" ID(
		     "2") "\",\"computerDnsName\":{\"a\":1},\"osPlatform\":"
			  "\"Windows11\"},"
			  "{\"id\":\"" ID(
			      "3") "\",\"computerDnsName\":\"c\","
				   "\"osPlatform\":"
				   "\"BeOS\"},"
				   "{\"id\":\"" ID(
				       "4") "\",\"computerDnsName\":\"d\","
					    "\"osPlatform\":"
					    "\"Windows11\",\"isExcluded\":"
					    "\"True\"},"
					    "{\"id\":null,\"computerDnsName\":"
					    "\"e\"}]";
	struct mst_json_iter it;
	struct mst_json row;

	(void)state;
	fresh();
	put("machines.json", machines);
	put("SoftwareVulnerabilitiesExport/p.json", rows);
	(void)rig_sync(&rig, 0);
	it = mst_json_iter(rig_rows(&rig, "cmdb_ci_computer", PC_COUNT,
				    "name,os_version,operational_status,"
				    "first_discovered,last_discovered"));
	assert_true(mst_json_next(&it, NULL, &row));
	assert_true(mst_json_is_str(mst_json_get(row, "name"), "a"));
	assert_true(mst_json_is_str(mst_json_get(row, "os_version"), "11"));
	assert_true(
	    mst_json_is_str(mst_json_get(row, "operational_status"), "1"));
	assert_true(mst_json_is_str(mst_json_get(row, "first_discovered"),
				    "2020-12-14 13:22:45"));
	/* not sent: the instance has put its own time there */
	assert_false(mst_slice_istarts(
	    mst_json_str(mst_json_get(row, "last_discovered")), "0001"));
	assert_false(mst_json_next(&it, NULL, &row));
	assert_int_equal(
	    rig_count(&rig, "u_muster_cve_instance",
		      "u_cvss_score=9.8^u_severity=^u_exploitability=^"
		      "u_software_name=7^u_software_version=1.5^"
		      "u_disk_paths=/one^u_first_seen=2021-05-11 00:00:00"),
	    1);
	assert_int_equal(rig_count(&rig, "u_muster_cve_instance", ""), 1);
	rig_quiet(&rig);
	/* each of them can be asked for */
	rig_muster(&rig, "explain", "main", ID("4"));
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "isExcluded"));
	rig_muster(&rig, "explain", "main", ID("3"));
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "'BeOS'"));
}

/* ---- what is spoilt ------------------------------------------------------ */

/* Two files with a device each, delivered; then the second one is spoilt. */
static void loaded(void)
{
	fresh();
	put("machines-1.json", PAGE(PC("1")));
	put("machines-2.json", PAGE(PC("2")));
	(void)rig_sync(&rig, 0);
}

static void all_stay(const char *what)
{
	size_t n = rig_count(&rig, "cmdb_ci_computer", PC_COUNT);

	if (n != 2)
		fail_msg("%s: %zu devices are left", what, n);
}

static void refused(struct mst_slice text, const char *says)
{
	put_bytes("machines-2.json", text);
	rig_muster(&rig, "run", "main", "--json");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "machines-2.json");
	rig_says(&rig, says);
	all_stay(says);
}

static void warned(const char *name, const char *text, const char *says)
{
	put(name, text);
	assert_int_equal(rig_sync(&rig, 0), 0);
	rig_says(&rig, name);
	rig_says(&rig, says);
	all_stay(says);
}

static void spoilt(void **state)
{
	(void)state;
	loaded();
	refused(MST_SLICE_LIT("\xff\xfe{\0\"\0"), "UTF-16");
	refused(MST_SLICE_LIT("<html><body>502</body></html>"), "HTML or XML");
	refused(MST_SLICE_LIT(PAGE(PC("2")) "{\"value\""), "document 2");
	refused(MST_SLICE_LIT("{\"value\":[{\"id\":\"2"), "not valid JSON");
	refused(MST_SLICE_LIT("{\"value\":null}"), "no list");
	refused(MST_SLICE_LIT("null"), "not JSON");
	warned("machines-2.json", "{\"error\":{\"code\":\"TooManyRequests\"}}",
	       "is an error");
	warned("machines-2.json", "", "is empty");
	warned("machines-2.json", "{\"machines\":[" PC("2") "]}",
	       "other records");
	take("machines-2.json");
	warned("page-2.json", "{\"error\":{\"code\":\"TooManyRequests\"}}",
	       "is an error");
	take("page-2.json");
	/* with nothing in doubt it does go */
	assert_true(rig_sync(&rig, 0) > 0);
	assert_int_equal(rig_count(&rig, "cmdb_ci_computer", PC_COUNT), 1);
}

/* The source shows both, with less than it did: both stay. */
static void skipped_later(void **state)
{
	(void)state;
	loaded();
	put("machines-1.json",
	    "[{\"id\":\"" ID("1") "\",\"osPlatform\":"
				  "\"Windows11\",\"lastSeen\":null}]");
	put("machines-2.json",
	    "[{\"id\":\"" ID("2") "\",\"computerDnsName\":"
				  "\"pc-2\",\"osPlatform\":\"Unheard\","
				  "\"lastSeen\":null}]");
	assert_int_equal(rig_sync(&rig, 0), 0);
	all_stay("skipped");
	rig_muster(&rig, "explain", "main", ID("2"));
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "stays as delivered"));
	take("machines-2.json");
	assert_true(rig_sync(&rig, 0) > 0);
	assert_int_equal(rig_count(&rig, "cmdb_ci_computer", PC_COUNT), 1);
}

static void more_pages(void **state)
{
	(void)state;
	loaded();
	take("machines-2.json");
	put("machines-1.json",
	    "{\"@odata.nextLink\":\"https://x/y\",\"value\":[" PC("1") "]}");
	assert_int_equal(rig_sync(&rig, 0), 0);
	rig_says(&rig, "the last page of machines says that more follow");
	all_stay("a page that is not the last");
}

/* A manifest that has seen more than there is. */
static void manifest(void **state)
{
	static const char text[] =
	    "{\"manifest\":1,\"source\":\"endpoint\",\"feeds\":{\"machines\":{"
	    "\"complete\":true,\"pages\":1,\"records\":%d,\"parts\":[{\"file\":"
	    "\"machines-1.json\",\"bytes\":%zu,\"form\":\"page\"}]}}}";
	char manifest[512];

	(void)state;
	loaded();
	(void)snprintf(manifest, sizeof(manifest), text, 2,
		       strlen(PAGE(PC("1"))));
	put("manifest.json", manifest);
	assert_int_equal(rig_sync(&rig, 0), 0);
	rig_says(&rig, "1 records are there, and 2 were");
	rig_says(&rig, "does not name 1 of the files");
	all_stay("a manifest");
	/* the folder above it */
	put("monday/manifest.json", manifest);
	take("manifest.json");
	rig_muster(&rig, "run", "main", "--json");
	rig_status(&rig, 1);
	rig_says(&rig, "let read_from name one folder");
	all_stay("a folder of saved sources");
}

static void looked_at(void **state)
{
	(void)state;
	loaded();
	rig_muster(&rig, "connection", "test", "saved");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "machines               2 files, "));
	assert_non_null(strstr(rig.out.p, "software               no file of"));
	put("machines-2.json", "<html>");
	rig_muster(&rig, "connection", "test", "saved");
	rig_status(&rig, 1);
	assert_non_null(strstr(rig.out.p, "machines-2.json is HTML or XML"));
}

static int set_up(void **state)
{
	const struct mst_sim_conf conf = {.empty = true};

	(void)state;
	rig_start(&rig, &conf);
	dir = mst_asprintf("%s/folder", rig.dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(dir);
	rig_stop(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(forms),	     cmocka_unit_test(gzip_members),
	    cmocka_unit_test(types),	     cmocka_unit_test(spoilt),
	    cmocka_unit_test(skipped_later), cmocka_unit_test(more_pages),
	    cmocka_unit_test(manifest),	     cmocka_unit_test(looked_at),
	};

	return cmocka_run_group_tests_name("folder", tests, set_up, tear_down);
}
