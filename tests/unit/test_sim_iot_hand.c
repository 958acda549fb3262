/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices, connections, CVEs, alerts and sensors of the simulated Defender for
 * IoT by hand, and what is refused.
 */
#include "sim_fixture.h"

#include <stdio.h>

#define V3 "/external/v3/integration/"

static struct fx fx;

static int begin(void **state)
{
	static const struct mst_sim_conf conf = {.empty = true};

	(void)state;
	fx_start(&fx, &conf);
	fx.bare = MST_SIM_IOT_TOKEN;
	return 0;
}

static int begin_plant(void **state)
{
	static const struct mst_sim_conf conf = {.devices = 5,
						 .iot_devices = 100};

	(void)state;
	fx_start(&fx, &conf);
	fx.bare = MST_SIM_IOT_TOKEN;
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

static void post(const char *what, const char *body)
{
	char path[80];

	(void)snprintf(path, sizeof(path), "/_sim/iot/%s", what);
	fx_control(&fx, "POST", path, body);
}

static void refused(const char *method, const char *what, const char *body,
		    int status, const char *why)
{
	struct mst_buf out = MST_BUF_INIT(65536);
	char path[80];

	(void)snprintf(path, sizeof(path), "/_sim/iot/%s", what);
	assert_int_equal(
	    mst_sim_control(fx.sim, method, path, mst_slice_str(body), &out),
	    status);
	if (!strstr(out.p, why))
		fail_msg("%s", out.p);
	mst_buf_fini(&out);
}

#define PLC                                                                    \
	"{\"id\":7,\"sensor\":1,\"second\":2,\"name\":\"Mixer \\u00e4\","      \
	"\"type\":\"plc\",\"vendor\":\"ACME\",\"os\":\"Linux\","               \
	"\"ips\":[{\"ip\":\"10.1.1.1\",\"guessed\":\"00:01:02:03:04:05\"},"    \
	"\"10.1.1.2\"],\"macs\":[\"00:01:02:03:04:06\"],"                      \
	"\"vlans\":[\"5\"],\"protocols\":[\"MODBUS\"],\"groups\":[\"A\"],"     \
	"\"purdue_layer\":\"Supervisory\",\"authorized\":false,"               \
	"\"update\":5000,\"firmwares\":[{\"address\":\"10.1.1.1\","            \
	"\"model\":\"M1\",\"rack\":\"0\",\"slot\":\"2\"}],"                    \
	"\"cves\":[{\"id\":\"CVE-2012-6440\",\"score\":9.3},"                  \
	"{\"id\":\"CVE-2015-6490\",\"score\":10,\"ip\":\"10.1.1.2\"}]}"

static void device(void **state)
{
	struct mst_json d, f, c;

	(void)state;
	post("devices", "{\"devices\":[" PLC "]}");
	d = at(get(MST_SIM_IOT, V3 "device/7"), 0);
	t_is(mst_json_str(mst_json_get(d, "u_name")), "Mixer ä");
	t_is(mst_json_str(
		 mst_json_get(mst_json_get(d, "u_device_type"), "u_category")),
	     "ICS");
	assert_int_equal(mst_json_len(mst_json_get(d, "u_sensor_ids")), 2);
	assert_int_equal(fx_int(d, "u_last_update"), 5000);
	t_is(mst_json_str(mst_json_get(d, "u_purdue_layer")), "Supervisory");
	f = at(mst_json_get(d, "u_firmwares"), 0);
	assert_int_equal(mst_json_type(mst_json_get(f, "u_serial")),
			 MST_JSON_NULL);
	/* exclusive: what was updated at that time is not after it */
	assert_int_equal(fx_int(get(MST_SIM_IOT, V3 "devices/5000"), "u_count"),
			 0);
	assert_int_equal(fx_int(get(MST_SIM_IOT, V3 "devices/4999"), "u_count"),
			 1);
	d = at(get(MST_SIM_SENSOR, "/api/v1/devices"), 0);
	assert_int_equal(fx_int(d, "id"), 1);
	f = at(mst_json_get(d, "firmware"), 0);
	t_is(mst_json_str(mst_json_get(f, "slot")), "2");
	t_is(mst_json_str(mst_json_get(f, "serial")), "N/A");
	/* by score, the highest first; keyed by address */
	d = at(
	    mst_json_get(get(MST_SIM_IOT, V3 "devicecves/0"), "u_device_cves"),
	    0);
	c = at(mst_json_get(d, "u_cves"), 0);
	t_is(mst_json_str(mst_json_get(c, "u_score")), "10.0");
	t_is(mst_json_str(mst_json_get(c, "u_ip_address")), "10.1.1.2");
	c = get(MST_SIM_SENSOR, "/api/v1/devices/10.1.1.2/cves");
	assert_int_equal(mst_json_len(c), 1);
}

static void gone(void **state)
{
	struct mst_json list;

	(void)state;
	post("devices", "{\"devices\":[" PLC ",{\"id\":8}]}");
	fx_control(&fx, "DELETE", "/_sim/iot/devices", "{\"ids\":[7]}");
	list = get(MST_SIM_IOT, V3 "deleteddevices/0");
	assert_int_equal(mst_json_len(list), 1);
	assert_int_equal(fx_int(at(list, 0), "u_id"), 7);
	assert_int_equal(mst_json_len(get(MST_SIM_IOT, V3 "device/7")), 0);
	refused("DELETE", "devices", "{\"ids\":[7]}", 404, "no device 7");
	/* the same id again is there again */
	post("devices", "{\"devices\":[" PLC "]}");
	assert_int_equal(mst_json_len(get(MST_SIM_IOT, V3 "device/7")), 1);
}

static void links(void **state)
{
	struct mst_json list, c;

	(void)state;
	post("devices", "{\"devices\":[" PLC ",{\"id\":8}]}");
	post("connections", "{\"connections\":[{\"src\":7,\"dst\":8,\"type\":"
			    "\"One Way\",\"port\":502,\"protocol\":"
			    "\"modbus\"}]}");
	list =
	    mst_json_get(get(MST_SIM_IOT, V3 "connections/0"), "u_connections");
	assert_int_equal(mst_json_len(list), 1);
	c = at(list, 0);
	t_is(mst_json_str(mst_json_get(c, "u_connection_type")), "One Way");
	assert_int_equal(fx_int(c, "u_dest_device_id"), 8);
	c = at(get(MST_SIM_SENSOR, "/api/v1/devices/connections"), 0);
	assert_int_equal(mst_json_len(mst_json_get(c, "ports")), 1);
	post("connections", "{\"connections\":[{\"src\":7,\"dst\":8,\"gone\":"
			    "true}]}");
	assert_int_equal(
	    fx_int(get(MST_SIM_IOT, V3 "connections/0"), "u_count"), 0);
	refused("POST", "connections", "{\"connections\":[{\"src\":7}]}", 404,
		"ids of two devices");
}

/* CVEs of a device of the plant: it keeps all else. */
static void cves(void **state)
{
	struct mst_json root = get(MST_SIM_IOT, V3 "connections/0");
	int64_t links_n = fx_int(root, "u_count");
	struct mst_json d;

	(void)state;
	post("cves", "{\"devices\":[{\"device\":3,\"cves\":[{\"id\":"
		     "\"CVE-2015-6490\",\"score\":10}]}]}");
	d = at(mst_json_get(get(MST_SIM_IOT, V3 "devicecves/0?deviceIds=3"),
			    "u_device_cves"),
	       0);
	assert_int_equal(mst_json_len(mst_json_get(d, "u_cves")), 1);
	assert_int_equal(
	    fx_int(get(MST_SIM_IOT, V3 "connections/0"), "u_count"), links_n);
	post("cves", "{\"devices\":[{\"device\":3,\"cves\":[]}]}");
	assert_int_equal(
	    fx_int(get(MST_SIM_IOT, V3 "devicecves/0?deviceIds=3"), "u_count"),
	    0);
	refused("POST", "cves", "{\"devices\":[{\"device\":999}]}", 404,
		"no device 999");
}

static void alerts(void **state)
{
	struct mst_json v;

	(void)state;
	post("devices", "{\"devices\":[" PLC "]}");
	v = fx_control(&fx, "POST", "/_sim/iot/alerts",
		       "{\"alerts\":[{\"title\":\"controller stop\","
		       "\"severity\":\"Critical\",\"destination\":7},"
		       "{\"title\":\"Ours\",\"engine\":\"Anomaly\","
		       "\"severity\":\"Minor\",\"time\":1234,"
		       "\"message\":\"m\",\"information\":[\"a\",\"b\"]}]}");
	v = at(mst_json_get(v, "raised"), 0);
	assert_true(mst_json_str(mst_json_get(v, "uuid")).n > 0);
	v = get(MST_SIM_IOT, "/external/v1/alerts");
	/* fixed per title */
	t_is(mst_json_str(mst_json_get(at(v, 0), "severity")), "Warning");
	t_is(mst_json_str(mst_json_get(at(v, 0), "engine")), "Operational");
	assert_int_equal(fx_int(at(v, 0), "sourceDevice"), 0);
	assert_int_equal(fx_int(at(v, 0), "destinationDevice"), 7);
	t_is(mst_json_str(mst_json_get(at(v, 1), "engine")), "Anomaly");
	assert_int_equal(fx_int(at(v, 1), "time"), 1234);
	v = mst_json_get(mst_json_get(at(v, 1), "additionalInformation"),
			 "information");
	assert_int_equal(mst_json_len(v), 2);
}

static void sensor(void **state)
{
	bool learns = false;
	struct mst_json s;

	(void)state;
	post("sensors", "{\"sensors\":[{\"id\":2,\"state\":\"OUT_OF_SYNC\","
			"\"learning\":true,\"stage\":\"UPLOADING\","
			"\"version\":\"1.2\",\"name\":\"North\"}]}");
	s = at(get(MST_SIM_IOT, V3 "sensors"), 1);
	t_is(mst_json_str(mst_json_get(s, "u_connection_state")),
	     "OUT_OF_SYNC");
	t_is(mst_json_str(mst_json_get(s, "u_remote_upgrade_stage")),
	     "UPLOADING");
	assert_true(
	    mst_json_bool(mst_json_get(s, "u_is_in_learning_mode"), &learns) &&
	    learns);
	refused("POST", "sensors", "{\"sensors\":[{\"id\":9}]}", 404,
		"no sensor 9");
}

static void wrong(void **state)
{
	(void)state;
	refused("POST", "nothing", "{}", 404, "no control call");
	refused("PUT", "devices", "{}", 405, "no control call");
	refused("POST", "devices", "{", 400, "error");
	refused("POST", "devices", "{\"devices\":[{\"sensor\":9}]}", 400,
		"known \\\"sensor\\\"");
	refused("POST", "alerts", "{\"alerts\":[{}]}", 400, "title");
	refused("POST", "rate", "{\"per_second\":-1}", 400, "per_second");
	refused("POST", "attack", "{}", 404, "device");
	refused("POST", "raise", "{\"n\":0}", 400, "1…1000000");
	refused("POST", "tokens", "{}", 400, "token");
	refused("DELETE", "tokens", "{\"token\":\"x\"}", 404, "no such token");
	refused("POST", "switches", "{}", 400, "uuids");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(device, begin, end),
	    cmocka_unit_test_setup_teardown(gone, begin, end),
	    cmocka_unit_test_setup_teardown(links, begin, end),
	    cmocka_unit_test_setup_teardown(cves, begin_plant, end),
	    cmocka_unit_test_setup_teardown(alerts, begin, end),
	    cmocka_unit_test_setup_teardown(sensor, begin, end),
	    cmocka_unit_test_setup_teardown(wrong, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
