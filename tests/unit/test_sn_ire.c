/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated identification and reconciliation.
 */
#include "tests/unit/sn_fixture.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define IRE "/api/now/identifyreconcile"
#define SRC "?sysparm_data_source=muster"
#define T   "/api/now/table/"

static int enhanced(const char *options, const char *body)
{
	return askf("POST", body, IRE "/enhanced" SRC "%s%s",
		    *options ? "&options=" : "", options);
}

#define PC(name, key)                                                          \
	"{\"className\":\"cmdb_ci_computer\",\"values\":{\"name\":\"" name     \
	"\"},\"sys_object_source_info\":{\"source_name\":\"muster\","          \
	"\"source_native_key\":\"" key "\"}}"
#define ITEMS(x) "{\"items\":[" x "]}"

static void test_insert_update_nothing(void **state)
{
	char id[40];

	assert_int_equal(enhanced("", ITEMS(PC("PC1", "k1"))), 200);
	assert_string_equal(at("result.items.0.operation"), "INSERT");
	assert_string_equal(at("result.items.0.identifierEntrySysId"),
			    "Unknown");
	assert_string_equal(at("result.items.0.identificationAttempts.0.info"),
			    "sys_object_source NO_MATCH");
	assert_string_equal(
	    at("result.items.0.identificationAttempts.1.attemptResult"),
	    "SKIPPED");
	assert_string_equal(
	    at("result.items.0.identificationAttempts.3.attemptResult"),
	    "NO_MATCH");
	snprintf(id, sizeof(id), "%s", at("result.items.0.sysId"));
	askf("GET", NULL, T "cmdb_ci_computer/%s", id);
	assert_string_equal(at("result.name"), "PC1");
	assert_string_equal(at("result.discovery_source"), "muster");
	assert_string_equal(at("result.first_discovered"),
			    at("result.last_discovered"));
	assert_string_equal(at("result.install_status"), "1");
	/* the same again */
	sn_clock += (int64_t)60 * 1000000;
	enhanced("", ITEMS(PC("PC1", "k1")));
	assert_string_equal(at("result.items.0.operation"), "NO_CHANGE");
	assert_string_equal(at("result.items.0.sysId"), id);
	assert_string_equal(
	    at("result.items.0.identificationAttempts.0.attemptResult"),
	    "MATCHED");
	askf("GET", NULL, T "cmdb_ci_computer/%s", id);
	assert_string_not_equal(at("result.first_discovered"),
				at("result.last_discovered"));
	assert_string_equal(at("result.sys_mod_count"), "1");
	/* a new name under the same native key */
	enhanced("", ITEMS(PC("PC2", "k1")));
	assert_string_equal(at("result.items.0.operation"), "UPDATE");
	assert_string_equal(at("result.items.0.sysId"), id);
	/* another native key and the same name, in another case */
	enhanced("", ITEMS(PC("pc2", "k9")));
	assert_string_equal(at("result.items.0.sysId"), id);
	ask("GET", T "sys_object_source?sysparm_query=ORDERBYid", NULL);
	assert_int_equal(count_at("result"), 2);
	assert_string_equal(at("result.0.id"), "k1");
	assert_string_equal(at("result.0.target_sys_id"), id);
	assert_string_equal(at("result.0.target_table"), "cmdb_ci_computer");
	(void)state;
}

static void test_serial(void **state)
{
	char id[40];

	enhanced("", "{\"items\":[{\"className\":\"cmdb_ci_computer\","
		     "\"values\":{\"name\":\"a\",\"serial_number\":\"S1\"},"
		     "\"lookup\":[{\"className\":\"cmdb_serial_number\","
		     "\"values\":{\"serial_number\":\"S1\","
		     "\"serial_number_type\":\"system\",\"valid\":\"true\"}}]"
		     "}]}");
	snprintf(id, sizeof(id), "%s", at("result.items.0.sysId"));
	assert_string_equal(at("result.items.0.relatedItems.0.operation"),
			    "INSERT");
	/* by the lookup */
	enhanced("", "{\"items\":[{\"className\":\"cmdb_ci_computer\","
		     "\"values\":{\"name\":\"b\"},"
		     "\"lookup\":[{\"className\":\"cmdb_serial_number\","
		     "\"values\":{\"serial_number\":\"S1\","
		     "\"serial_number_type\":\"system\"}}]}]}");
	assert_string_equal(at("result.items.0.sysId"), id);
	assert_string_equal(at("result.items.0.operation"), "UPDATE");
	/* by the attribute */
	enhanced("", "{\"items\":[{\"className\":\"cmdb_ci_computer\","
		     "\"values\":{\"name\":\"c\",\"serial_number\":\"s1\"}}]}");
	assert_string_equal(at("result.items.0.sysId"), id);
	(void)state;
}

static void test_nulls_and_dates(void **state)
{
	char id[40];

	enhanced("", "{\"items\":[{\"className\":\"cmdb_ci_computer\","
		     "\"values\":{\"name\":\"a\",\"os\":\"Ubuntu\","
		     "\"first_discovered\":\"2026-01-01 00:00:00\","
		     "\"last_discovered\":\"2026-10-01 00:00:00\"}}]}");
	snprintf(id, sizeof(id), "%s", at("result.items.0.sysId"));
	enhanced("", "{\"items\":[{\"className\":\"cmdb_ci_computer\","
		     "\"values\":{\"name\":\"a\",\"os\":\"\",\"ram\":null,"
		     "\"first_discovered\":\"2026-02-02 00:00:00\","
		     "\"last_discovered\":\"2026-09-01 00:00:00\"}}]}");
	assert_string_equal(at("result.items.0.operation"), "NO_CHANGE");
	askf("GET", NULL, T "cmdb_ci_computer/%s", id);
	assert_string_equal(at("result.os"), "Ubuntu");
	assert_string_equal(at("result.first_discovered"),
			    "2026-01-01 00:00:00");
	assert_string_equal(at("result.last_discovered"),
			    "2026-10-01 00:00:00");
	/* the option keeps what was not sent */
	enhanced("skip_updating_source_last_discovered_to_now:true",
		 "{\"items\":[{\"className\":\"cmdb_ci_computer\","
		 "\"values\":{\"name\":\"a\",\"os\":\"Debian\"}}]}");
	askf("GET", NULL, T "cmdb_ci_computer/%s", id);
	assert_string_equal(at("result.os"), "Debian");
	assert_string_equal(at("result.last_discovered"),
			    "2026-10-01 00:00:00");
	enhanced("", "{\"items\":[{\"className\":\"cmdb_ci_computer\","
		     "\"values\":{\"name\":\"a\"}}]}");
	askf("GET", NULL, T "cmdb_ci_computer/%s", id);
	assert_string_not_equal(at("result.last_discovered"),
				"2026-10-01 00:00:00");
	(void)state;
}

#define CLASS(class_name, settings)                                            \
	"{\"items\":[{\"className\":\"" class_name                             \
	"\",\"values\":{\"name\":\"srv\"},\"settings\":{" settings "}}]}"

static void test_classes(void **state)
{
	enhanced("", CLASS("cmdb_ci_server", ""));
	enhanced("",
		 CLASS("cmdb_ci_win_server", "\"updateWithoutUpgrade\":true"));
	assert_string_equal(at("result.items.0.info.0.code"),
			    "SKIPPED_CLASS_UPGRADE");
	enhanced("", CLASS("cmdb_ci_win_server", ""));
	assert_string_equal(at("result.items.0.operation"),
			    "UPDATE_WITH_UPGRADE");
	enhanced("",
		 CLASS("cmdb_ci_computer", "\"updateWithoutDowngrade\":true"));
	assert_string_equal(at("result.items.0.operation"), "NO_CHANGE");
	assert_string_equal(at("result.items.0.info.0.code"),
			    "SKIPPED_CLASS_DOWNGRADE");
	enhanced("",
		 CLASS("cmdb_ci_linux_server", "\"updateWithoutSwitch\":true"));
	assert_string_equal(at("result.items.0.info.0.code"),
			    "SKIPPED_CLASS_SWITCH");
	ask("GET", T "cmdb_ci_win_server", NULL);
	assert_int_equal(count_at("result"), 1);
	enhanced("", CLASS("cmdb_ci_linux_server", ""));
	assert_string_equal(at("result.items.0.operation"),
			    "UPDATE_WITH_SWITCH");
	enhanced("", CLASS("cmdb_ci_computer", ""));
	assert_string_equal(at("result.items.0.operation"),
			    "UPDATE_WITH_DOWNGRADE");
	ask("GET", T "cmdb_ci_computer", NULL);
	assert_string_equal(at("result.0.sys_class_name"), "cmdb_ci_computer");
	assert_string_equal(at("result.0.name"), "srv");
	(void)state;
}

static void test_doubles(void **state)
{
	/* merged: one result stands for both */
	enhanced(
	    "", ITEMS(PC("PC1", "k1") "," PC("pc1", "k2") "," PC("PC3", "k3")));
	assert_int_equal(count_at("result.items"), 2);
	assert_int_equal(count_at("result.items.0.inputIndices"), 2);
	ask("GET", T "sys_object_source", NULL);
	assert_int_equal(count_at("result"), 3);
	/* refused without the option, nothing is written */
	enhanced(
	    "partial_payloads:false,partial_commits:false,"
	    "deduplicate_payloads:false",
	    ITEMS(PC("PC7", "k7") "," PC("PC7", "k8") "," PC("PC9", "k9")));
	assert_string_equal(at("result.items.0.errors.0.error"),
			    "DUPLICATE_PAYLOAD_RECORDS");
	assert_string_equal(at("result.items.0.sysId"), "Unknown");
	assert_string_equal(at("result.items.2.errors.0.error"), "ABANDONED");
	ask("GET", T "cmdb_ci_computer", NULL);
	assert_int_equal(count_at("result"), 2);
	/* with partial commits the good one is */
	enhanced(
	    "partial_payloads:false,deduplicate_payloads:false,"
	    "generate_summary:true",
	    ITEMS(PC("PC7", "k7") "," PC("PC7", "k8") "," PC("PC9", "k9")));
	assert_string_equal(at("result.items.2.operation"), "INSERT");
	assert_true(mst_json_type(json_at("result.hasError")) == MST_JSON_BOOL);
	assert_int_equal(
	    mst_json_type(json_at("result.summary.cmdb_ci_computer.inserted")),
	    MST_JSON_INT);
	(void)state;
}

static void test_errors(void **state)
{
	ask("POST", IRE "?sysparm_data_source=Muster", ITEMS(PC("a", "b")));
	assert_int_equal(sn_status, 200);
	assert_string_equal(at("result.items.0.errors.0.error"),
			    "INVALID_INPUT_DATA");
	assert_string_equal(
	    at("result.items.0.errors.0.message"),
	    "In payload invalid data source [Muster] exist. You need to "
	    "provide a valid choice value from field [discovery_source] in "
	    "table [cmdb_ci]");
	assert_int_equal(enhanced("partial", ITEMS(PC("a", "b"))), 500);
	assert_string_equal(at("error.detail"),
			    "Chunk [partial] is not a valid entry");
	control("POST", "/_sim/sn/options", "{\"ire_skip_options\":false}");
	assert_int_equal(
	    enhanced("skip_updating_source_last_discovered_to_now:true",
		     ITEMS(PC("a", "b"))),
	    500);
	enhanced("", "{\"items\":[{\"values\":{}},"
		     "{\"className\":\"cmdb_ci_toaster\",\"values\":{}},"
		     "{\"className\":\"cmdb_ci_computer\",\"values\":{}},"
		     "{\"className\":\"cmdb_ci_computer\",\"values\":{"
		     "\"name\":\"x\",\"manufacturer\":\"Dell\"}},"
		     "{\"className\":\"cmdb_ci_computer\",\"values\":{"
		     "\"sys_id\":\"17\"}},"
		     "{\"className\":\"cmdb_ci_computer\",\"values\":{"
		     "\"name\":\"y\"}}]}");
	assert_string_equal(at("result.items.0.errors.0.error"),
			    "NO_CLASS_NAME_FOR_INDEPENDENT_CI");
	assert_string_equal(at("result.items.1.errors.0.error"),
			    "IDENTIFICATION_RULE_MISSING");
	assert_string_equal(at("result.items.2.operation"),
			    "INSERT_AS_PARTIAL");
	assert_string_equal(at("result.items.3.errors.0.error"),
			    "INVALID_INPUT_DATA");
	assert_string_equal(at("result.items.4.errors.0.error"),
			    "INVALID_INPUT_DATA");
	assert_string_equal(at("result.items.5.operation"), "INSERT");
	/* all or nothing */
	ask("POST", IRE SRC,
	    "{\"items\":[{\"className\":\"cmdb_ci_toaster\",\"values\":{}},"
	    "{\"className\":\"cmdb_ci_computer\",\"values\":{"
	    "\"name\":\"z\"}}]}");
	assert_string_equal(at("result.items.1.errors.0.error"), "ABANDONED");
	control("POST", "/_sim/sn/roles",
		"{\"user\":\"muster.integration\",\"roles\":[]}");
	assert_int_equal(enhanced("", ITEMS(PC("a", "b"))), 403);
	(void)state;
}

static void test_dry(void **state)
{
	ask("POST", IRE "/queryEnhanced" SRC, ITEMS(PC("PC1", "k1")));
	assert_string_equal(at("result.items.0.operation"), "INSERT");
	assert_string_equal(at("result.items.0.sysId"), "Unknown");
	ask("GET", T "cmdb_ci_computer", NULL);
	assert_int_equal(count_at("result"), 0);
	enhanced("", ITEMS(PC("PC1", "k1")));
	ask("POST", IRE "/query" SRC, ITEMS(PC("PC2", "k1")));
	assert_string_equal(at("result.items.0.operation"), "UPDATE");
	ask("GET", T "cmdb_ci_computer", NULL);
	assert_string_equal(at("result.0.name"), "PC1");
	ask("GET", T "sys_object_source", NULL);
	assert_int_equal(count_at("result"), 1);
	(void)state;
}

static void test_packages_and_references(void **state)
{
	enhanced("",
		 "{\"items\":["
		 "{\"className\":\"cmdb_ci_spkg\",\"internal_id\":\"p1\","
		 "\"values\":{\"name\":\"7-zip\",\"version\":\"24.09\","
		 "\"key\":\"igor|7-zip|24.09\"}},"
		 "{\"className\":\"cmdb_ci_spkg\",\"internal_id\":\"p2\","
		 "\"values\":{\"name\":\"7-zip\",\"version\":\"24.08\","
		 "\"key\":\"igor|7-zip|24.08\"}},"
		 "{\"className\":\"cmdb_ci_computer\",\"internal_id\":\"d\","
		 "\"values\":{\"name\":\"PC1\"},"
		 "\"related\":[{\"className\":\"cmdb_software_instance\","
		 "\"internal_id\":\"s1\",\"values\":{\"name\":\"7-zip "
		 "24.09\"}}]}],"
		 "\"referenceItems\":[{\"referenced\":\"p1\","
		 "\"referencedBy\":\"s1\",\"referenceField\":\"software\"}],"
		 "\"relations\":[{\"parent\":2,\"child\":0,"
		 "\"type\":\"Runs on::Runs\"},"
		 "{\"parent_id\":\"d\",\"child_id\":\"p2\","
		 "\"type\":\"Runs::Runs on\"}]}");
	assert_string_equal(at("result.items.0.operation"), "INSERT");
	assert_string_equal(at("result.items.1.operation"), "INSERT");
	assert_string_equal(at("result.relations.0.operation"), "INSERT");
	assert_string_equal(at("result.relations.1.errors.0.error"),
			    "INVALID_INPUT_DATA");
	ask("GET",
	    T "cmdb_software_instance?sysparm_fields=name,software.version,"
	      "installed_on.name",
	    NULL);
	assert_non_null(strstr(sn_text.p, "\"software.version\":\"24.09\""));
	assert_non_null(strstr(sn_text.p, "\"installed_on.name\":\"PC1\""));
	/* by its key */
	enhanced("", "{\"items\":[{\"className\":\"cmdb_ci_spkg\","
		     "\"values\":{\"name\":\"7-Zip\","
		     "\"key\":\"igor|7-zip|24.08\"}}]}");
	assert_string_equal(at("result.items.0.operation"), "UPDATE");
	/* without a key by name and version */
	enhanced("",
		 "{\"items\":[{\"className\":\"cmdb_ci_spkg\","
		 "\"values\":{\"name\":\"7-zip\",\"version\":\"24.09\"}}]}");
	assert_string_equal(at("result.items.0.operation"), "NO_CHANGE");
	(void)state;
}

/* Business applications: native key, then name. */
static void test_business_apps(void **state)
{
	static const char box[] =
	    "{\"items\":[{\"className\":\"cmdb_ci_business_app\",\"values\":{"
	    "\"name\":\"%s\",\"platform\":\"Racks\",\"url\":"
	    "\"https://box.example/\",\"active_user_count\":\"12\","
	    "\"category\":\"Cloud storage\",\"short_description\":"
	    "\"a: 1\\nb: 2\"},\"sys_object_source_info\":{\"source_name\":"
	    "\"muster\",\"source_native_key\":\"%s\"}}]}";
	char body[600], id[40];

	snprintf(body, sizeof(body), box, "Box", "11161");
	assert_int_equal(enhanced("", body), 200);
	assert_string_equal(at("result.items.0.operation"), "INSERT");
	snprintf(id, sizeof(id), "%s", at("result.items.0.sysId"));
	snprintf(body, sizeof(body), box, "Box Pro", "11161");
	enhanced("", body);
	assert_string_equal(at("result.items.0.operation"), "UPDATE");
	assert_string_equal(at("result.items.0.sysId"), id);
	snprintf(body, sizeof(body), box, "BOX PRO", "99");
	enhanced("", body);
	assert_string_equal(at("result.items.0.sysId"), id);
	askf("GET", NULL, T "cmdb_ci_business_app/%s", id);
	assert_string_equal(at("result.platform"), "Racks");
	assert_string_equal(at("result.active_user_count"), "12");
	assert_string_equal(at("result.short_description"), "a: 1\nb: 2");
	assert_string_equal(at("result.url"), "https://box.example/");
	/* a computer of the name is something else */
	enhanced("", ITEMS(PC("Box Pro", "k1")));
	assert_string_equal(at("result.items.0.operation"), "INSERT");
	ask("GET", "/api/now/cmdb/meta/cmdb_ci_business_app", NULL);
	assert_string_equal(
	    at("result.identification_rules.identifiers.0.attributes"), "name");
	assert_non_null(strstr(sn_text.p, "\"active_user_count\""));
	assert_non_null(strstr(sn_text.p, "\"application_manager\""));
	(void)state;
}

static void test_many_matches(void **state)
{
	make("cmdb_ci_computer", "{\"name\":\"twin\"}");
	sn_clock += 1000000;
	make("cmdb_ci_computer", "{\"name\":\"twin\"}");
	enhanced("", ITEMS(PC("twin", "k1")));
	assert_string_equal(
	    at("result.items.0.identificationAttempts.3.attemptResult"),
	    "MULTI_MATCH");
	ask("GET", T "cmdb_ci_computer?sysparm_query=duplicate_ofISNOTEMPTY",
	    NULL);
	assert_int_equal(count_at("result"), 1);
	for (int i = 0; i < 5; i++)
		make("cmdb_ci_computer", "{\"name\":\"five\"}");
	enhanced("", ITEMS(PC("five", "k5")));
	assert_string_equal(at("result.items.0.errors.0.error"),
			    "MULTIPLE_DUPLICATE_RECORDS");
	(void)state;
}

static void add_pc(struct mst_buf *b, int i)
{
	mst_buf_addf(b,
		     "%s{\"className\":\"cmdb_ci_computer\",\"values\":{"
		     "\"name\":\"pc%d\",\"os\":\"Windows 11\"},"
		     "\"sys_object_source_info\":{\"source_name\":\"muster\","
		     "\"source_native_key\":\"key%d\"}}",
		     b->p[b->n - 1] == '[' ? "" : ",", i, i);
}

static void test_speed(void **state)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);
	double slowest = 0;

	for (int from = 0; from < 20000; from += 500) {
		clock_t t = clock();

		mst_buf_reset(&b);
		mst_buf_adds(&b, "{\"items\":[");
		for (int i = from; i < from + 500; i++)
			add_pc(&b, i);
		mst_buf_adds(&b, "]}");
		t = clock();
		assert_int_equal(enhanced("", b.p), 200);
		t = clock() - t;
		slowest = MST_MAX(slowest, (double)t / CLOCKS_PER_SEC);
	}
	mst_buf_fini(&b);
	print_message("slowest payload of 500: %.1f ms\n", slowest * 1000);
	/* generous: sanitizers and a shared machine */
	assert_true(slowest < 2);
	(void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, sn_up, sn_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_insert_update_nothing),
	    TEST(test_serial),
	    TEST(test_nulls_and_dates),
	    TEST(test_classes),
	    TEST(test_doubles),
	    TEST(test_errors),
	    TEST(test_dry),
	    TEST(test_packages_and_references),
	    TEST(test_business_apps),
	    TEST(test_many_matches),
	    TEST(test_speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
