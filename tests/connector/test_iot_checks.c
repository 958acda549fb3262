/* SPDX-License-Identifier: Apache-2.0
 *
 * The set-up checks of the source against answers, without a network: which
 * requests they make, in which order they are told, and what each says.
 */
#include "iot_drive.h"
#include "source_checks.h"

#include "base/time.h"

#define C  "https://console.example/external/"
#define V3 C "v3/integration/"
#define S  "https://console.example/api/"
#define H  " api - Accept: application/json\n"

static const char *usual(const char *url)
{
	if (strstr(url, "/sensors"))
		return "[{\"u_id\":1,\"u_name\":\"Line 1\",\"u_is_activated\":"
		       "true,\"u_connection_state\":\"SYNCED\"},{\"u_id\":2,"
		       "\"u_name\":\"Line 2\",\"u_is_activated\":true,"
		       "\"u_connection_state\":\"OUT_OF_SYNC\"}]";
	if (strstr(url, "integration/devices/"))
		return "{\"u_count\":9,\"u_devices\":[{\"u_id\":1,"
		       "\"u_device_type\":{}}]}";
	if (strstr(url, "integration/connections/"))
		return "{\"u_count\":0,\"u_connections\":[]}";
	if (strstr(url, "devicecves"))
		return "{\"u_count\":0,\"u_device_cves\":[]}";
	if (strstr(url, "api/v1/devices") && !strstr(url, "devices/"))
		return "[{\"id\":1,\"type\":\"PLC\"}]";
	return "[]";
}

static void look(const char *options, const char *jobs, const struct say *says,
		 size_t says_n, const struct mst_check_gone *gone,
		 size_t gone_n)
{
	look_of(OPS, options, jobs, usual, says, says_n, gone, gone_n);
}

#define LOOK(options, ...)                                                     \
	look(options, "main", (const struct say[]){__VA_ARGS__},               \
	     MST_LEN(((const struct say[]){__VA_ARGS__})), NULL, 0)

static int up(void **state MST_UNUSED)
{
	t_clock_set(NOW);
	return 0;
}

static int down(void **state MST_UNUSED)
{
	t_clock_real();
	return 0;
}

/* As little of each as it can be asked for. */
static void requests(void **state MST_UNUSED)
{
	look("", "main", NULL, 0, NULL, 0);
	assert_string_equal(
	    told.asked,
	    V3 "sensors" H C "v2/appliances" H V3
	       "deleteddevices/1795000000000" H V3 "devices/0?page=0&size=1" H C
	       "v1/devices?sensorId=0" H V3 "connections/0?page=0&size=1" H V3
	       "devicecves/0?page=0&size=1" H C
	       "v2/alerts?fromTime=1795000000000" H);
	look("read: sensor\n", "main", NULL, 0, NULL, 0);
	assert_string_equal(told.asked,
			    S "v1/devices" H S "v1/devices/connections"
			      "?discoveredAfter=1795000000000" H S
			      "v1/devices/cves?top=1" H S
			      "v2/alerts?fromTime=1795000000000" H);
	assert_null(check_of("sensors"));
	assert_null(check_of("feed:sensors"));
	for (size_t i = 0; i < told.found_n; i++)
		assert_int_equal(told.found[i].c.level, MST_CHECK_OK);
	look("device_flags: no\n", "main", NULL, 0, NULL, 0);
	assert_null(strstr(told.asked, "v1/devices"));
}

static void order(void **state MST_UNUSED)
{
	static const char *const names[] = {"token",
					    "feed:sensors",
					    "feed:appliances",
					    "feed:deleted_devices",
					    "feed:devices",
					    "feed:device_flags",
					    "feed:connections",
					    "feed:device_cves",
					    "feed:alerts",
					    "sensors",
					    "sensors:learning",
					    "sensors:activated",
					    "sensors:connected",
					    "clock",
					    "rate_limits"};

	look("", "main", NULL, 0, NULL, 0);
	assert_int_equal(told.found_n, MST_LEN(names));
	for (size_t i = 0; i < MST_LEN(names); i++) {
		assert_string_equal(told.found[i].name, names[i]);
		assert_int_equal(told.found[i].c.level, MST_CHECK_OK);
	}
	shows("token", MST_CHECK_OK, "the console takes it", "");
	shows("sensors", MST_CHECK_OK, "2 of 2: there are Line 1, Line 2", "");
	shows("feed:alerts", MST_CHECK_OK, "/external/v2/alerts answers", "");
	shows("clock", MST_CHECK_OK, "same time as the console", "");
}

/* Told once, not with each list. */
static void token(void **state MST_UNUSED)
{
	LOOK("", {.part = "console.example",
		  .status = 401,
		  .body = "{\"error\":\"Authorization token is not valid\"}"});
	shows("token", MST_CHECK_FAILED,
	      "does not take it (401: 'Authorization token is not valid')",
	      "a sensor's token is not taken here");
	assert_int_equal(check_of("token")->code, MST_E_AUTH);
	shows("feed:devices", MST_CHECK_SKIPPED, "needs the check 'token'", "");
	shows("sensors", MST_CHECK_SKIPPED, "needs the check 'token'", "");
	LOOK("read: sensor\n",
	     {.part = "v2/alerts", .status = 403, .body = ""});
	shows("token", MST_CHECK_FAILED, "the sensor does not take it (403)",
	      "make a token at this sensor");
}

static void lists(void **state MST_UNUSED)
{
	LOOK("", {.part = "integration/devices", .status = 404},
	     {.part = "v2/appliances", .status = 404},
	     {.part = "connections",
	      .status = 500,
	      .body = "{\"error\":\"oh\"}"},
	     {.part = "devicecves", .status = 200, .body = "[{\"a\":1}]"},
	     {.part = "v2/alerts",
	      .status = 200,
	      .body = "<html>",
	      .type = "text/html"},
	     {.part = "deleteddevices",
	      .status = 200,
	      .body = "{\"error\":\"x\"}"},
	     {.part = "v1/devices", .status = 0});
	shows("feed:devices", MST_CHECK_FAILED, "is not found (404)",
	      "10.5.3 or later");
	/* a run does without */
	shows("feed:appliances", MST_CHECK_WARNING, "is not found (404)",
	      "a run goes without");
	shows("feed:connections", MST_CHECK_FAILED, "answers 500: 'oh'",
	      "health");
	shows("feed:device_cves", MST_CHECK_FAILED, "is not this list", "url");
	shows("feed:alerts", MST_CHECK_FAILED, "a web page", "url");
	shows("feed:deleted_devices", MST_CHECK_FAILED,
	      "an error with status 200", "url");
	shows("feed:device_flags", MST_CHECK_WARNING, "no answer from there",
	      "firewall");
	LOOK("read: sensor\n", {.part = "v1/devices", .status = 404});
	shows("feed:devices", MST_CHECK_FAILED, "404", "read: console");
	/* no job takes them yet */
	look("", NULL,
	     &(const struct say){.part = "connections", .status = 500}, 1, NULL,
	     0);
	assert_int_equal(check_of("feed:connections")->level, MST_CHECK_NOTE);
}

static void empty(void **state MST_UNUSED)
{
	LOOK("", {.part = "/sensors", .status = 200, .body = "[]"},
	     {.part = "integration/devices",
	      .status = 200,
	      .body = "{\"u_count\":0,\"u_devices\":[]}"});
	shows("feed:sensors", MST_CHECK_WARNING, "shows none", "connect");
	shows("feed:devices", MST_CHECK_WARNING, "shows none", "traffic");
	shows("sensors", MST_CHECK_OK, "0 of 0", "");
}

#define ODD                                                                    \
	"[{\"u_id\":1,\"u_name\":\"Line 1\",\"u_is_activated\":false,"         \
	"\"u_is_in_learning_mode\":true,\"u_connection_state\":"               \
	"\"DISCONNECTED\"},{\"u_id\":2,\"u_is_activated\":true,"               \
	"\"u_connection_state\":\"SYNCED\"}]"

static void sensors(void **state MST_UNUSED)
{
	const struct say odd = {.part = "/sensors", .status = 200, .body = ODD};

	LOOK("", odd);
	shows("sensors", MST_CHECK_OK, "2 of 2: there are Line 1, 2", "");
	shows("sensors:learning", MST_CHECK_NOTE, "1 in learning mode: Line 1",
	      "learning_sensors to skip");
	shows("sensors:activated", MST_CHECK_WARNING, "1 not activated: Line 1",
	      "activate");
	shows("sensors:connected", MST_CHECK_WARNING, "1 disconnected",
	      "nothing is taken away");
	LOOK("learning_sensors: skip\n", odd);
	shows("sensors", MST_CHECK_OK, "1 of 2", "");
	shows("sensors:learning", MST_CHECK_NOTE, "left out", "");
	LOOK("sensors: [Mill]\n", odd);
	shows("sensors", MST_CHECK_FAILED, "leave none of 2: Line 1, 2",
	      "leave them out");
	assert_int_equal(check_of("sensors")->code, MST_E_NOTFOUND);
	LOOK("", {.part = "/sensors", .status = 500});
	shows("sensors:connected", MST_CHECK_SKIPPED,
	      "needs the check 'sensors'", "");
}

static void clocks(void **state MST_UNUSED)
{
	LOOK("",
	     {.part = "console.example", .status = 404, .skew_us = -10 * MIN});
	shows("clock", MST_CHECK_WARNING, "10 min 0 s behind the console's",
	      "time service");
	LOOK("", {.part = "console.example", .status = 404, .no_date = true});
	shows("clock", MST_CHECK_NOTE, "no answer says", "");
}

static void gone_before(void **state MST_UNUSED)
{
	const struct mst_check_gone gone = {"reach:", "TLS"};

	look("", "main", NULL, 0, &gone, 1);
	assert_string_equal(told.asked, "");
	shows("token", MST_CHECK_SKIPPED, "needs the check 'TLS'", "");
	shows("feed:devices", MST_CHECK_SKIPPED, "needs the check 'TLS'", "");
	shows("clock", MST_CHECK_SKIPPED, "needs the check 'TLS'", "");
}

static void credential(void **state MST_UNUSED)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_check c = {.name = "credential"};
	struct ot_conf conf = {.url = "https://console.example",
			       .token = "env:MUSTER_TEST_NO_SUCH_TOKEN"};

	t_ok(OPS->credential("plant", &conf, &c, &err), &err);
	assert_int_equal(c.level, MST_CHECK_FAILED);
	assert_non_null(strstr(c.remedy, "make a token at the console"));
	conf.url = NULL;
	t_failed(OPS->credential("plant", &conf, &c, &err), &err, MST_E_INVALID,
		 "connection 'plant': url is missing");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
	const struct CMUnitTest tests[] = {
	    T(requests), T(order),  T(token),	    T(lists),	   T(empty),
	    T(sensors),	 T(clocks), T(gone_before), T(credential),
	};

	return cmocka_run_group_tests_name("iot-checks", tests, NULL, NULL);
}
