/* SPDX-License-Identifier: Apache-2.0
 *
 * Alerts of the simulated Defender for IoT: titles, lists, what a PUT answers,
 * maintenance windows, live alerts, what a state file keeps.
 */
#include "sim_fixture.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "sim/iot.h"

static struct fx fx;

static void start(const struct mst_sim_conf *conf)
{
	fx_start(&fx, conf);
	fx.bare = MST_SIM_IOT_TOKEN;
}

static int begin(void **state)
{
	static const struct mst_sim_conf conf = {
	    .devices = 5, .iot_devices = 200, .iot_alerts = 30};

	(void)state;
	start(&conf);
	return 0;
}

/* Sensors, and no devices but those by hand. */
static int begin_empty(void **state)
{
	static const struct mst_sim_conf conf = {.empty = true};

	(void)state;
	start(&conf);
	fx_control(&fx, "POST", "/_sim/iot/devices",
		   "{\"devices\":[{\"id\":40,\"sensor\":2,\"name\":\"plc\","
		   "\"type\":\"PLC\",\"ips\":[\"10.7.0.4\"]},{\"id\":41,"
		   "\"sensor\":2,\"ips\":[\"10.8.0.5\"]}]}");
	return 0;
}

static int end(void **state)
{
	(void)state;
	fx_stop(&fx);
	return 0;
}

static struct mst_json get(enum mst_sim_host host, const char *path)
{
	fx.bare =
	    host == MST_SIM_IOT ? MST_SIM_IOT_TOKEN : MST_SIM_SENSOR_TOKEN "-1";
	if (fx_get(&fx, host, path) != 200)
		fail_msg("%s: %ld %s", path, fx.status, fx.body.p);
	return fx_json(&fx);
}

static struct mst_json at(struct mst_json list, size_t n)
{
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json v = {0};

	for (size_t i = 0; i <= n; i++)
		assert_true(mst_json_next(&it, NULL, &v));
	return v;
}

static size_t count(const char *path)
{
	return mst_json_len(get(MST_SIM_IOT, path));
}

/* ---- titles -------------------------------------------------------------- */

static void titles(void **state)
{
	struct mst_buf file = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	char path[512], line[512];
	size_t n = 0;

	(void)state;
	assert_int_equal(iot_titles_n, 203);
	if (!t_samples()) {
		print_message("skipped: no samples here\n");
		return;
	}
	(void)snprintf(path, sizeof(path), "%s/iot/alert-types.tsv",
		       t_samples());
	t_ok(mst_file_read(path, &file, &err), &err);
	for (const char *p = strchr(file.p, '\n') + 1; *p; n++) {
		size_t len = strcspn(p, "\n");

		(void)snprintf(line, sizeof(line), "%s\t%s\t%s",
			       iot_titles[n].engine, iot_titles[n].severity,
			       iot_titles[n].title);
		t_is(mst_slice(p, len), line);
		p += len + (p[len] == '\n');
	}
	assert_int_equal(n, 203);
	mst_buf_fini(&file);
}

/* The first 203 are each another one. */
static void all_titles_raised(void **state)
{
	struct mst_json list = get(MST_SIM_IOT, "/external/v2/alerts"), v;
	struct mst_json_iter it = mst_json_iter(list);
	size_t n = 0;

	(void)state;
	assert_int_equal(mst_json_len(list), 210);
	while (n < iot_titles_n && mst_json_next(&it, NULL, &v)) {
		t_is(mst_json_str(mst_json_get(v, "title")),
		     iot_titles[n].title);
		t_is(mst_json_str(mst_json_get(v, "severity")),
		     iot_titles[n].severity);
		t_is(mst_json_str(mst_json_get(v, "engine")),
		     iot_titles[n].engine);
		n++;
	}
}

/* ---- lists --------------------------------------------------------------- */

static void console_lists(void **state)
{
	struct mst_json v;
	struct mst_json_iter it;
	size_t handled, open, zeros = 0, uuids = 0;

	(void)state;
	handled = count("/external/v1/alerts?state=handled");
	open = count("/external/v1/alerts?state=unhandled");
	assert_int_equal(handled, 70);
	assert_int_equal(handled + open, 210);
	assert_int_equal(count("/external/v1/alerts?state=whatever"), 210);
	assert_int_equal(count("/external/v1/alerts?sensor=1"),
			 count("/external/v2/alerts?sensorId=1"));
	assert_int_equal(count("/external/v1/alerts?siteId=1"),
			 count("/external/v1/alerts?sensorId=1,2"));
	assert_int_equal(count("/external/v1/alerts?fromTime=9999999999999"),
			 0);
	it = mst_json_iter(get(MST_SIM_IOT, "/external/v1/alerts"));
	while (mst_json_next(&it, NULL, &v)) {
		zeros += fx_int(v, "destinationDevice") == 0;
		uuids +=
		    mst_json_type(mst_json_get(v, "uuid")) != MST_JSON_NULL;
		assert_int_equal(mst_json_type(mst_json_get(v, "zoneName")),
				 MST_JSON_NULL);
	}
	assert_true(zeros > 0);
	assert_int_equal(uuids, 0); /* no page has them in a list */
	fx_control(&fx, "POST", "/_sim/iot/switches", "{\"uuids\":true}");
	v = at(get(MST_SIM_IOT, "/external/v2/alerts"), 0);
	assert_true(mst_json_str(mst_json_get(v, "uuid")).n > 0);
	assert_int_equal(mst_json_type(mst_json_get(v, "remediationSteps")),
			 MST_JSON_ARRAY);
	assert_true(mst_json_str(mst_json_get(v, "sensorName")).n > 0);
}

static void sensor_lists(void **state)
{
	struct mst_json v;
	struct mst_json_iter it =
	    mst_json_iter(get(MST_SIM_SENSOR, "/api/v1/alerts"));
	size_t nulls = 0, lower = 0, usual = 0, n = 0;

	(void)state;
	while (mst_json_next(&it, NULL, &v)) {
		nulls += mst_json_type(mst_json_get(v, "destinationDevice")) ==
			 MST_JSON_NULL;
		lower +=
		    mst_json_type(mst_json_get(v, "additionalinformation")) ==
		    MST_JSON_OBJECT;
		usual +=
		    mst_json_type(mst_json_get(v, "additionalInformation")) ==
		    MST_JSON_OBJECT;
		assert_int_not_equal(fx_int(v, "destinationDevice"), 0);
		assert_int_equal(fx_int(v, "id"), ++n);
	}
	assert_true(nulls > 0 && lower > 0 && usual > 0);
	assert_int_equal(
	    mst_json_len(get(MST_SIM_SENSOR, "/api/v2/alerts?type=nothing")),
	    n);
	it = mst_json_iter(
	    get(MST_SIM_SENSOR, "/api/v1/alerts?type=disconnections"));
	while (mst_json_next(&it, NULL, &v))
		assert_non_null(mst_slice_ifind(
		    mst_json_str(mst_json_get(v, "title")), "nresponsive"));
	v = at(get(MST_SIM_SENSOR, "/api/v2/alerts"), 0);
	assert_int_equal(mst_json_type(mst_json_get(v, "remediationSteps")),
			 MST_JSON_ARRAY);
}

/* ---- handling ------------------------------------------------------------ */

static void put(const char *uuid, const char *action, long status,
		const char *key, const char *want)
{
	char path[200], body[100];

	(void)snprintf(path, sizeof(path), "/external/v1/alerts/%s", uuid);
	(void)snprintf(body, sizeof(body), "{\"action\":\"%s\"}", action);
	fx.bare = MST_SIM_IOT_TOKEN;
	assert_int_equal(fx_send(&fx, MST_SIM_IOT, "PUT", path, body, NULL),
			 status);
	t_is(mst_json_str(mst_json_get(fx_json(&fx), key)), want);
}

#define ALERT                                                                  \
	"{\"alerts\":[{\"title\":\"port scan detected\",\"sensor\":2,"         \
	"\"source\":41,\"destination\":40,\"uuid\":\"%s\"}]}"

static int64_t raise_one(const char *uuid)
{
	char body[200];

	(void)snprintf(body, sizeof(body), ALERT, uuid);
	return fx_int(fx_control(&fx, "POST", "/_sim/iot/alerts", body),
		      "alerts");
}

static void handling(void **state)
{
	(void)state;
	assert_int_equal(raise_one("2-1"), 1);
	assert_int_equal(raise_one("2-2"), 2);
	put("2-1", "close", 500, "error", "Invalid action.");
	put("none", "handle", 500, "error",
	    "Couldn't execute request because no alert was found for this "
	    "UUID.");
	put("2-1", "handle", 200, "content",
	    "Alert update request finished successfully.");
	put("2-1", "handle", 200, "content",
	    "Alert was already handled (handle).");
	put("2-1", "handleAndLearn", 200, "content",
	    "Alert was already handled (handled). Handle and learn "
	    "(handleAndLearn) was performed on the alert.");
	put("2-1", "handleAndLearn", 200, "content",
	    "Alert was already handled and learned (handleAndLearn).");
	put("2-1", "handle", 200, "content",
	    "Alert was already handled and learned (handleAndLearn). Ignored "
	    "handle request.");
	assert_int_equal(count("/external/v1/alerts?state=handled"), 1);
	/* what was learned raises no alert any more */
	assert_int_equal(raise_one("2-3"), 2);
	assert_int_equal(fx_int(fx_control(&fx, "GET", "/_sim/iot/plant", NULL),
				"suppressed"),
			 1);
}

static void captures(void **state)
{
	struct mst_json v;
	char url[200], token[64];

	(void)state;
	raise_one("2-1");
	v = get(MST_SIM_IOT, "/external/v2/alerts/pcap/1");
	assert_int_equal(fx_int(v, "xsenseId"), 2);
	(void)snprintf(
	    url, sizeof(url), "%.*s",
	    MST_SLICE_ARG(mst_json_str(mst_json_get(v, "downloadUrl"))));
	(void)snprintf(token, sizeof(token), "%.*s",
		       MST_SLICE_ARG(mst_json_str(mst_json_get(v, "token"))));
	fx.bare = token;
	assert_int_equal(fx_send(&fx, MST_SIM_SENSOR, "GET", url, NULL, NULL),
			 200);
	assert_memory_equal(fx.body.p, "\xd4\xc3\xb2\xa1", 4);
	fx.bare = MST_SIM_IOT_TOKEN;
	assert_int_equal(
	    fx_get(&fx, MST_SIM_IOT, "/external/v2/alerts/pcap/99"), 500);
	t_is(mst_json_str(mst_json_get(fx_json(&fx), "error")),
	     "alert not found");
}

/* ---- maintenance windows --------------------------------------------------
 */

static void window(const char *method, const char *body, long status,
		   const char *error)
{
	fx.bare = MST_SIM_IOT_TOKEN;
	assert_int_equal(fx_send(&fx, MST_SIM_IOT, method,
				 "/external/v1/maintenanceWindow", body, NULL),
			 status);
	if (error)
		t_is(mst_json_str(mst_json_get(fx_json(&fx), "error")), error);
}

static void window_answers(void **state)
{
	struct mst_json v;

	(void)state;
	window("POST", "{\"ttl\":5}", 400, "No TicketId");
	window("POST", "{\"ticketId\":\"a\"}", 400, "Illegal TTL");
	window("POST", "{\"ticketId\":\"a\",\"ttl\":-1}", 400, "Illegal TTL");
	window("POST", "nothing", 400, "Couldn't parse request.");
	window("POST", "{\"ticketId\":\"a\",\"ttl\":5,\"engines\":[\"NO\"]}",
	       400, "Couldn't parse request.");
	window("POST", "{\"ticketId\":\"a\",\"ttl\":5,\"subnets\":[\"x\"]}",
	       400, "Couldn't parse request.");
	window("POST", "{\"ticketId\":\"a\",\"ttl\":5,\"sensorIds\":[\"9\"]}",
	       404, "Unknown sensor ID");
	window("GET", NULL, 204, NULL);
	window("POST", "{\"ticketId\":\"a\",\"ttl\":\"20\"}", 201, NULL);
	window("POST", "{\"ticketId\":\"a\",\"ttl\":20}", 409,
	       "Ticket ID already has an open window.");
	window("POST", "{\"ticketId\":\"b\",\"ttl\":20}", 400,
	       "Maintenance window with same parameters already exists.");
	window("PUT", "{\"ticketId\":\"a\",\"ttl\":30}", 200, NULL);
	window("PUT", "{\"ticketId\":\"z\",\"ttl\":30}", 404,
	       "Maintenance window not found");
	window("PUT", "{\"ticketId\":\"a\"}", 400, "Illegal TTL");
	window("GET", NULL, 204, NULL); /* the log is of closed ones */
	window("DELETE", "{\"ticketId\":\"a\"}", 200, NULL);
	window("DELETE", "{\"ticketId\":\"a\"}", 404,
	       "Maintenance window not found");
	v = get(MST_SIM_IOT, "/external/v1/maintenanceWindow?ticketId=a");
	assert_int_equal(mst_json_len(v), 3);
	t_is(mst_json_str(mst_json_get(at(v, 1), "operationType")), "UPDATE");
	t_is(mst_json_str(mst_json_get(at(v, 2), "tokenName")), "muster");
	assert_int_equal(fx_get(&fx, MST_SIM_IOT,
				"/external/v1/maintenanceWindow?fromDate=1"),
			 400);
	assert_int_equal(
	    fx_get(&fx, MST_SIM_IOT,
		   "/external/v1/maintenanceWindow?toDate=2020-01-01"),
	    204);
}

static void window_hides(void **state)
{
	(void)state;
	window("POST",
	       "{\"ticketId\":\"a\",\"ttl\":10,\"engines\":[\"ANOMALY\"],"
	       "\"sensorIds\":[\"2\"],\"subnets\":[\"10.7.0.0/16\"]}",
	       201, NULL);
	assert_int_equal(raise_one("2-1"), 0);
	/* another engine, another sensor, another subnet */
	fx_control(&fx, "POST", "/_sim/iot/alerts",
		   "{\"alerts\":[{\"title\":\"Controller Stop\",\"sensor\":2,"
		   "\"destination\":40},{\"title\":\"Port Scan Detected\","
		   "\"sensor\":1},{\"title\":\"Port Scan Detected\","
		   "\"sensor\":2,\"source\":41}]}");
	assert_int_equal(count("/external/v1/alerts"), 3);
	fx_control(&fx, "POST", "/_sim/time", "{\"advance_s\":601}");
	assert_int_equal(raise_one("2-1"), 4);
	assert_int_equal(count("/external/v1/maintenanceWindow"), 2);
}

/* ---- live ---------------------------------------------------------------- */

static void live(void **state)
{
	struct mst_json v;
	int64_t n;

	(void)state;
	fx_control(&fx, "POST", "/_sim/iot/rate", "{\"per_second\":2}");
	fx_control(&fx, "POST", "/_sim/time", "{\"advance_s\":100}");
	n = (int64_t)count("/external/v1/alerts");
	assert_true(n >= 410);
	fx_control(&fx, "POST", "/_sim/iot/rate", "{\"per_second\":0}");
	v = fx_control(&fx, "POST", "/_sim/iot/attack",
		       "{\"device\":5,\"from\":9}");
	v = mst_json_get(v, "raised");
	assert_int_equal(mst_json_len(v), 10);
	t_is(mst_json_str(mst_json_get(at(v, 7), "title")), "Controller Stop");
}

/* A restart shows the same plant, tokens and alerts. */
static void kept(void **state)
{
	const char *file = t_path("iot.state");
	struct mst_sim_conf conf = {
	    .devices = 5, .iot_devices = 100, .sensors = 2, .state_file = file};
	struct mst_buf devices = MST_BUF_INIT(16u << 20);
	struct mst_buf alerts = MST_BUF_INIT(16u << 20);

	(void)state;
	start(&conf);
	fx_control(&fx, "POST", "/_sim/iot/tokens",
		   "{\"token\":\"not-a-real-third\"}");
	fx_control(&fx, "POST", "/_sim/time", "{\"advance_s\":500}");
	fx_control(&fx, "POST", "/_sim/day", "{\"day\":2}");
	raise_one("kept");
	fx_control(&fx, "POST", "/_sim/iot/raise", "{\"n\":25}");
	put("kept", "handle", 200, "content",
	    "Alert update request finished successfully.");
	get(MST_SIM_IOT, "/external/v1/devices");
	mst_buf_add_slice(&devices, mst_buf_slice(&fx.body));
	get(MST_SIM_IOT, "/external/v2/alerts");
	mst_buf_add_slice(&alerts, mst_buf_slice(&fx.body));
	fx_stop(&fx);
	conf = (struct mst_sim_conf){.state_file = file};
	start(&conf);
	fx.bare = "not-a-real-third";
	assert_int_equal(fx_get(&fx, MST_SIM_IOT, "/external/v1/devices"), 200);
	assert_string_equal(devices.p, fx.body.p);
	get(MST_SIM_IOT, "/external/v2/alerts");
	assert_string_equal(alerts.p, fx.body.p);
	assert_null(mst_sim_sensor_url(fx.sim, 3));
	fx_control(&fx, "POST", "/_sim/reset", NULL);
	assert_int_equal(fx_get(&fx, MST_SIM_IOT, "/external/v1/devices"), 200);
	fx.bare = "not-a-real-third";
	assert_int_equal(fx_get(&fx, MST_SIM_IOT, "/external/v1/devices"), 401);
	fx_stop(&fx);
	mst_buf_fini(&devices);
	mst_buf_fini(&alerts);
	(void)unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(titles),
	    cmocka_unit_test_setup_teardown(all_titles_raised, begin, end),
	    cmocka_unit_test_setup_teardown(console_lists, begin, end),
	    cmocka_unit_test_setup_teardown(sensor_lists, begin, end),
	    cmocka_unit_test_setup_teardown(handling, begin_empty, end),
	    cmocka_unit_test_setup_teardown(captures, begin_empty, end),
	    cmocka_unit_test_setup_teardown(window_answers, begin_empty, end),
	    cmocka_unit_test_setup_teardown(window_hides, begin_empty, end),
	    cmocka_unit_test_setup_teardown(live, begin, end),
	    cmocka_unit_test(kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
