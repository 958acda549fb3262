/* SPDX-License-Identifier: Apache-2.0
 *
 * The truth on estates of one or two devices, against values worked out by
 * hand from docs/internals/rules.md.
 */
#include "lib/t.h"

#include <stdio.h>

#include "sim/truth.h"

struct world {
	struct sim_estate *e;
	struct sim_truth *t;
};

static struct world w;
static struct truth_rec rec;

static int begin(void **state)
{
	(void)state;
	w.e = sim_estate_new(1, 0, 0, true);
	w.t = sim_truth_new();
	return 0;
}

static int end(void **state)
{
	(void)state;
	sim_estate_free(&w.e);
	sim_truth_free(&w.t);
	return 0;
}

static void devices(const char *json)
{
	struct mst_err err = MST_ERR_INIT;

	t_ok(sim_estate_hand(w.e, mst_slice_str(json), &err), &err);
}

static void gone(const char *json)
{
	struct mst_err err = MST_ERR_INIT;

	t_ok(sim_estate_remove(w.e, mst_slice_str(json), &err), &err);
}

static void synced(void)
{
	sim_truth_synced(w.t, w.e);
}

static size_t count(enum truth_set set)
{
	return sim_truth_count(w.t, set);
}

/* Text of a column of record i; "-" absent, "+" present, NULL not said. */
static const char *col(enum truth_set set, size_t i, const char *column)
{
	assert_true(i < count(set));
	sim_truth_get(w.t, set, i, &rec);
	for (unsigned k = 0; k < rec.n; k++) {
		if (strcmp(rec.f[k].column, column) != 0)
			continue;
		if (rec.f[k].how == TRUTH_ABSENT)
			return "-";
		if (rec.f[k].how == TRUTH_PRESENT)
			return "+";
		return rec.f[k].text;
	}
	return NULL;
}

#define IS(set, i, column, text) assert_string_equal(col(set, i, column), text)

static void attributes(void **state)
{
	(void)state;
	devices(
	    "{\"devices\":[{\"id\":\"AB01\",\"name\":\"Srv-1.Corp.Example\","
	    "\"os_platform\":\"WindowsServer2019\",\"version\":\"1809\","
	    "\"mac\":\"00155D001122\",\"ip\":\"10.0.0.1\",\"aad_id\":\"a1\","
	    "\"manufacturer\":\"Dell Inc.\",\"model\":\"R750\","
	    "\"serial\":\"To be filled by O.E.M.\","
	    "\"first_seen\":\"2026-01-02T03:04:05.7791856Z\"}]}");
	synced();
	assert_int_equal(count(TRUTH_CI), 1);
	IS(TRUTH_CI, 0, "name", "Srv-1");
	assert_string_equal(rec.table, "cmdb_ci_win_server");
	IS(TRUTH_CI, 0, "fqdn", "srv-1.corp.example");
	IS(TRUTH_CI, 0, "dns_domain", "corp.example");
	IS(TRUTH_CI, 0, "os", "Windows Server 2019");
	IS(TRUTH_CI, 0, "os_version", "1809");
	IS(TRUTH_CI, 0, "os_address_width", "64");
	IS(TRUTH_CI, 0, "mac_address", "00:15:5d:00:11:22");
	IS(TRUTH_CI, 0, "serial_number", "-");
	IS(TRUTH_CI, 0, "manufacturer", "dell");
	IS(TRUTH_CI, 0, "first_discovered", "2026-01-02 03:04:05");
	IS(TRUTH_CI, 0, "correlation_id", "ab01");
	IS(TRUTH_CI, 0, "install_status", "1");
	assert_int_equal(count(TRUTH_MODEL), 1);
}

static void who_counts(void **state)
{
	(void)state;
	devices(
	    "{\"devices\":["
	    "{\"id\":\"1\",\"name\":\"a\",\"merged_into\":\"2\"},"
	    "{\"id\":\"2\",\"name\":\"b\",\"excluded\":true},"
	    "{\"id\":\"3\",\"name\":null},{\"id\":\"4\",\"name\":\" \"},"
	    "{\"id\":\"5\",\"name\":\"c\",\"os_platform\":\"ChromeOS\"},"
	    "{\"id\":\"6\",\"name\":\"d\",\"unlisted\":true},"
	    "{\"id\":\"7\",\"name\":\"Max iPad.2\",\"os_platform\":\"iPadOS\"},"
	    "{\"id\":\"8\",\"name\":\"e\",\"os_platform\":\"macOS\","
	    "\"health\":\"Inactive\"}]}");
	synced();
	assert_int_equal(count(TRUTH_CI), 2);
	IS(TRUTH_CI, 0, "name", "Max iPad.2");
	assert_string_equal(rec.table, "cmdb_ci_handheld_computing");
	IS(TRUTH_CI, 1, "operational_status", "5");
	assert_null(col(TRUTH_CI, 1, "install_status"));
}

static void one_name(void **state)
{
	(void)state;
	devices(
	    "{\"devices\":["
	    "{\"id\":\"1\",\"name\":\"PC.x.example\",\"first_seen\":"
	    "\"2026-03-01\",\"health\":\"Inactive\"},"
	    "{\"id\":\"2\",\"name\":\"pc\",\"first_seen\":\"2026-01-01\"},"
	    "{\"id\":\"3\",\"name\":\"pc\",\"first_seen\":\"2026-02-01\"}]}");
	synced();
	assert_int_equal(count(TRUTH_CI), 1);
	IS(TRUTH_CI, 0, "correlation_id", "3");
	/* re-imaged: a new id takes the CI over, which keeps its correlation */
	devices("{\"devices\":[{\"id\":\"4\",\"name\":\"Pc\",\"first_seen\":"
		"\"2026-04-01\"}]}");
	synced();
	assert_int_equal(count(TRUTH_CI), 1);
	IS(TRUTH_CI, 0, "name", "Pc");
	IS(TRUTH_CI, 0, "correlation_id", "3");
	IS(TRUTH_CI, 0, "operational_status", "1");
}

static void retire_and_return(void **state)
{
	(void)state;
	devices("{\"devices\":[{\"id\":\"1\",\"name\":\"pc\"}]}");
	synced();
	gone("{\"ids\":[\"1\"]}");
	synced();
	IS(TRUTH_CI, 0, "hardware_status", "retired");
	IS(TRUTH_CI, 0, "hardware_substatus", "divested");
	IS(TRUTH_CI, 0, "install_status", "7");
	IS(TRUTH_CI, 0, "operational_status", "6");
	devices("{\"devices\":[{\"id\":\"1\",\"name\":\"pc\"}]}");
	synced();
	assert_int_equal(count(TRUTH_CI), 1);
	IS(TRUTH_CI, 0, "install_status", "1");
}

#define WITH(cves)                                                             \
	"{\"devices\":[{\"id\":\"D1\",\"name\":\"pc\",\"software\":[{"         \
	"\"vendor\":\"Acme\",\"name\":\"Tool\",\"version\":\"1.0\",\"cves\":"  \
	"[" cves "]}]}]}"
#define CVE1                                                                   \
	"{\"id\":\"CVE-2020-1111\",\"cvss\":7,\"severity\":\"High\","          \
	"\"exploit\":1}"
#define CVE2                                                                   \
	"{\"id\":\"CVE-2020-2222\",\"cvss\":9.75,\"severity\":\"Critical\"}"

static void software(void **state)
{
	(void)state;
	devices(WITH(CVE1));
	synced();
	assert_int_equal(count(TRUTH_PACKAGE), 1);
	IS(TRUTH_PACKAGE, 0, "key", "acme|tool|1.0");
	IS(TRUTH_PACKAGE, 0, "name", "Tool");
	IS(TRUTH_PACKAGE, 0, "vendor", "acme");
	IS(TRUTH_PACKAGE, 0, "install_status", "1");
	assert_int_equal(count(TRUTH_INSTALL), 1);
	IS(TRUTH_INSTALL, 0, "name", "Tool 1.0");
	devices("{\"devices\":[{\"id\":\"D1\",\"name\":\"pc\"}]}");
	synced();
	IS(TRUTH_PACKAGE, 0, "install_status", "7");
	sim_truth_get(w.t, TRUTH_INSTALL, 0, &rec);
	assert_true(rec.gone);
}

static void life_of_a_cve(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	static const char text[] =
	    "defender\nd1\nacme\ntool\n1.0\nCVE-2020-1111";
	char users[256], key[33];

	(void)state;
	devices(WITH(CVE1 "," CVE2));
	synced();
	assert_int_equal(count(TRUTH_INSTANCE), 2);
	IS(TRUTH_INSTANCE, 0, "u_status", "unresolved");
	IS(TRUTH_INSTANCE, 0, "u_cvss_score", "7.0");
	IS(TRUTH_INSTANCE, 0, "u_exploitability", "public");
	IS(TRUTH_INSTANCE, 1, "u_severity", "critical");
	mst_hash_hex(mst_hash128(text, strlen(text), 0), key);
	IS(TRUTH_INSTANCE, 0, "u_key", key);
	snprintf(users, sizeof(users),
		 "{\"instances\":[\"%s\"],\"cis\":[{\"correlation_id\":\"d1\","
		 "\"field\":\"owned_by\",\"value\":\"abc\"}]}",
		 key);
	t_ok(sim_truth_users(w.t, mst_slice_str(users), &err), &err);
	synced();
	IS(TRUTH_INSTANCE, 0, "u_status", "resolved_pending");
	IS(TRUTH_CI, 0, "owned_by", "abc");
	devices(WITH(CVE2));
	synced();
	IS(TRUTH_INSTANCE, 0, "u_status", "resolved_confirmed");
	IS(TRUTH_INSTANCE, 0, "u_resolved_at", "+");
	IS(TRUTH_INSTANCE, 0, "u_reopened_count", "0");
	devices(WITH(CVE1 "," CVE2));
	synced();
	assert_int_equal(count(TRUTH_INSTANCE), 2);
	IS(TRUTH_INSTANCE, 0, "u_status", "unresolved");
	IS(TRUTH_INSTANCE, 0, "u_resolved_at", "-");
	IS(TRUTH_INSTANCE, 0, "u_reopened_count", "1");
	/* the definitions stay, with what the instance knew */
	assert_int_equal(count(TRUTH_CVE), 2);
	IS(TRUTH_CVE, 0, "u_severity", "high");
	IS(TRUTH_CVE, 0, "u_description", "-");
}

static void minimum(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	t_ok(sim_truth_configure(w.t, MST_SLICE_LIT("{\"min_cvss\":8}"), &err),
	     &err);
	devices(WITH(CVE1 "," CVE2));
	synced();
	assert_int_equal(count(TRUTH_INSTANCE), 1);
	assert_int_equal(count(TRUTH_CVE), 1);
}

static void companies(void **state)
{
	static const char *const v[][2] = {
	    {"Dell Inc.", "dell"},
	    {"Microsoft Corporation", "microsoft"},
	    {"VMware, Inc.", "vmware"},
	    {"Inc", "inc"},
	    {"Foo Co., Ltd.", "foo"},
	    {"datev_eg", "dateveg"},
	    {"B\xc3\xbcro GmbH", "b\xc3\xbcro"},
	    {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(v); i++) {
		char out[256];

		sim_truth_fold_company(mst_slice_str(v[i][0]), out);
		assert_string_equal(out, v[i][1]);
	}
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(attributes), T(who_counts),    T(one_name), T(retire_and_return),
	    T(software),   T(life_of_a_cve), T(minimum),  T(companies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
