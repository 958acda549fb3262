/* SPDX-License-Identifier: Apache-2.0
 *
 * Identification of CIs that another one owns, and the classes of the apps for
 * OT in the simulated instance.
 */
#include "sn_fixture.h"

#include <stdio.h>
#include <string.h>

#define T    "/api/now/table/"
#define IRE  "/api/now/identifyreconcile/enhanced?sysparm_data_source=muster"
#define MORE "&options=partial_payloads:false,partial_commits:true"
#define OWNED                                                                  \
	"\"relations\":[{\"parent\":1,\"child\":0,\"type\":\"Owns::Owned "     \
	"by\"}]"

static char device[33];

/* An adapter of the device, by IRE; the answer is there afterwards. */
static void adapter(const char *key, const char *mac, const char *name,
		    const char *relations)
{
	char body[1000];

	snprintf(body, sizeof(body),
		 "{\"items\":[{\"className\":\"cmdb_ci_network_adapter\","
		 "\"values\":{\"name\":\"%s\",\"mac_address\":\"%s\"},"
		 "\"sys_object_source_info\":{\"source_name\":\"muster\","
		 "\"source_native_key\":\"%s\"}},"
		 "{\"className\":\"cmdb_ci_ot_plc\",\"values\":{\"sys_id\":"
		 "\"%s\"}}],%s}",
		 name, mac, key, device, relations);
	assert_int_equal(ask("POST", IRE MORE, body), 200);
}

static void plc(const char *name)
{
	char body[100];

	snprintf(body, sizeof(body), "{\"name\":\"%s\"}", name);
	snprintf(device, sizeof(device), "%s", make("cmdb_ci_ot_plc", body));
}

static size_t relations_of(const char *id)
{
	askf("GET", NULL, T "cmdb_rel_ci?sysparm_query=parent=%s", id);
	return count_at("result");
}

static void test_owned(void **state MST_UNUSED)
{
	char first[33], other[33];

	plc("plc-1");
	adapter("k1", "02:00:00:00:00:01", "eth0", OWNED);
	assert_string_equal(at("result.items.0.operation"), "INSERT");
	assert_string_equal(at("result.items.1.operation"), "NO_CHANGE");
	assert_string_equal(at("result.relations.0.operation"), "INSERT");
	snprintf(first, sizeof(first), "%s", at("result.items.0.sysId"));
	assert_int_equal(relations_of(device), 1);
	/* the same again, by native key; and by its MAC below the device */
	adapter("k1", "02:00:00:00:00:01", "eth0", OWNED);
	assert_string_equal(at("result.items.0.sysId"), first);
	assert_string_equal(at("result.relations.0.operation"), "NO_CHANGE");
	adapter("k2", "02:00:00:00:00:01", "eth1", OWNED);
	assert_string_equal(at("result.items.0.sysId"), first);
	assert_int_equal(relations_of(device), 1);
	/* below another device it is another one, of whatever name */
	snprintf(other, sizeof(other), "%s", device);
	plc("plc-2");
	adapter("k3", "02:00:00:00:00:01", "eth0", OWNED);
	assert_string_equal(at("result.items.0.operation"), "INSERT");
	assert_string_not_equal(at("result.items.0.sysId"), first);
}

static void test_without_owner(void **state MST_UNUSED)
{
	plc("plc-1");
	adapter("k1", "02:00:00:00:00:01", "eth0", "\"relations\":[]");
	assert_string_equal(at("result.items.0.errors.0.error"),
			    "MISSING_DEPENDENCY");
	adapter("k1", "02:00:00:00:00:01", "eth0",
		"\"relations\":[{\"parent\":1,\"child\":0,\"type\":\"Owned "
		"by::Owns\"}]");
	assert_string_equal(at("result.relations.0.errors.0.error"),
			    "INVALID_INPUT_DATA");
	snprintf(device, sizeof(device), "%032x", 7);
	adapter("k1", "02:00:00:00:00:01", "eth0", OWNED);
	assert_string_equal(at("result.items.0.errors.0.error"), "ABANDONED");
	ask("GET", T "cmdb_ci_network_adapter", NULL);
	assert_int_equal(count_at("result"), 0);
}

/* What a sys_id says needs no owner. */
static void test_by_sys_id(void **state MST_UNUSED)
{
	char body[400];

	plc("plc-1");
	adapter("k1", "02:00:00:00:00:01", "eth0", OWNED);
	snprintf(body, sizeof(body),
		 "{\"items\":[{\"className\":\"cmdb_ci_network_adapter\","
		 "\"values\":{\"sys_id\":\"%s\",\"install_status\":\"7\"}}]}",
		 at("result.items.0.sysId"));
	assert_int_equal(ask("POST", IRE MORE, body), 200);
	assert_string_equal(at("result.items.0.operation"), "UPDATE");
	ask("GET", T "cmdb_ci_network_adapter", NULL);
	assert_string_equal(at("result.0.install_status"), "7");
}

static void test_classes_off(void **state MST_UNUSED)
{
	assert_int_equal(ask("GET", "/api/now/cmdb/meta/cmdb_ci_ot_plc", NULL),
			 200);
	assert_int_equal(ask("GET", T "cmdb_ot_entity", NULL), 200);
	control("POST", "/_sim/sn/classes", "{\"ot\":false}");
	assert_int_equal(ask("GET", "/api/now/cmdb/meta/cmdb_ci_ot_plc", NULL),
			 404);
	assert_int_equal(ask("GET", "/api/now/cmdb/meta/cmdb_ci_nids", NULL),
			 404);
	assert_int_equal(ask("GET", T "cmdb_ot_entity", NULL), 400);
	assert_int_equal(
	    ask("GET", "/api/now/cmdb/meta/cmdb_ci_ip_address", NULL), 200);
	control("POST", "/_sim/sn/classes", "{\"ot\":true}");
	assert_int_equal(ask("GET", T "cmdb_ot_entity", NULL), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_owned, sn_up, sn_down),
	    cmocka_unit_test_setup_teardown(test_without_owner, sn_up, sn_down),
	    cmocka_unit_test_setup_teardown(test_by_sys_id, sn_up, sn_down),
	    cmocka_unit_test_setup_teardown(test_classes_off, sn_up, sn_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
