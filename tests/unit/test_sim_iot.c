/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated Defender for IoT: paths of the console and of sensors, tokens,
 * pages, "updated after", the quirks of the documents, days, faults.
 */
#include "sim_fixture.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/map.h"

#define V3	"/external/v3/integration/"
#define CONSOLE MST_SIM_IOT_TOKEN
#define SENSOR	MST_SIM_SENSOR_TOKEN "-1"

static struct fx fx;

static int begin(void **state)
{
	static const struct mst_sim_conf conf = {
	    .devices = 5, .iot_devices = 400, .iot_connections = 1200};

	(void)state;
	fx_start(&fx, &conf);
	fx.bare = CONSOLE;
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
	fx.bare = host == MST_SIM_IOT ? CONSOLE : SENSOR;
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

static size_t count(enum mst_sim_host host, const char *path)
{
	return mst_json_len(get(host, path));
}

/* ---- tokens -------------------------------------------------------------- */

static void refused(enum mst_sim_host host, const char *path, const char *token,
		    const char *why)
{
	fx.bare = token;
	fx.token[0] = '\0';
	assert_int_equal(fx_get(&fx, host, path), 401);
	t_is(mst_json_str(mst_json_get(fx_json(&fx), "error")), why);
}

static void tokens(void **state)
{
	(void)state;
	refused(MST_SIM_IOT, V3 "sensors", NULL,
		"Authorization token is missing");
	refused(MST_SIM_IOT, V3 "sensors", "Bearer " CONSOLE,
		"Authorization token is not valid");
	refused(MST_SIM_IOT, V3 "sensors", SENSOR,
		"Authorization token is not valid");
	refused(MST_SIM_SENSOR, "/api/v1/devices", CONSOLE,
		"Authorization token is not valid");
	refused(MST_SIM_SENSOR, "/api/v1/devices", MST_SIM_SENSOR_TOKEN "-2",
		"Authorization token is not valid");
	(void)get(MST_SIM_IOT, V3 "sensors");
	fx_control(&fx, "DELETE", "/_sim/iot/tokens",
		   "{\"token\":\"" CONSOLE "\"}");
	refused(MST_SIM_IOT, V3 "sensors", CONSOLE,
		"Authorization token is not valid");
	fx_control(&fx, "POST", "/_sim/iot/tokens",
		   "{\"token\":\"not-a-real-second\",\"name\":\"two\"}");
	fx.bare = "not-a-real-second";
	assert_int_equal(fx_get(&fx, MST_SIM_IOT, V3 "sensors"), 200);
}

static void tokens_used(void **state)
{
	struct mst_json list, t;

	(void)state;
	(void)get(MST_SIM_IOT, V3 "sensors");
	list = mst_json_get(fx_control(&fx, "GET", "/_sim/iot/tokens", NULL),
			    "tokens");
	t = at(list, 0);
	assert_int_equal(mst_json_type(mst_json_get(t, "used")), MST_JSON_INT);
	t = at(list, 4);
	t_is(mst_json_str(mst_json_get(t, "used")), "N/A");
}

/* ---- the console, v3 ----------------------------------------------------- */

static void v3_devices(void **state)
{
	struct mst_json root = get(MST_SIM_IOT, V3 "devices/0?size=7"), d, type;

	(void)state;
	assert_int_equal(fx_int(root, "u_count"), 400);
	root = mst_json_get(root, "u_devices");
	assert_int_equal(mst_json_len(root), 7);
	d = at(root, 0);
	assert_int_equal(fx_int(d, "u_id"), 1);
	/* what the tables call strings and times */
	type = mst_json_get(d, "u_device_type");
	assert_int_equal(mst_json_type(type), MST_JSON_OBJECT);
	assert_true(mst_json_str(mst_json_get(type, "u_purdue_layer")).n > 0);
	assert_int_equal(mst_json_type(mst_json_get(d, "u_last_update")),
			 MST_JSON_INT);
	assert_int_equal(
	    mst_json_type(mst_json_get(at(mst_json_get(d, "u_sensor_ids"), 0),
				       "u_sensor_id")),
	    MST_JSON_INT);
	assert_int_equal(mst_json_type(mst_json_get(
			     at(mst_json_get(d, "u_vlans"), 0), "u_vlan")),
			 MST_JSON_STRING);
	assert_int_equal(mst_json_type(mst_json_get(d, "u_vendor")),
			 MST_JSON_NULL);
	t_is(mst_json_str(mst_json_get(d, "u_appliance")),
	     "Management console (CM)");
	t_is(mst_json_str(mst_json_get(d, "u_purdue_layer")), "N/A");
	/* guessed, and no MAC that is sure */
	d = at(root, 6);
	assert_int_equal(mst_json_len(mst_json_get(d, "u_mac_address_objects")),
			 0);
	assert_int_equal(mst_json_len(mst_json_get(
			     at(mst_json_get(d, "u_ip_address_objects"), 0),
			     "u_guessed_mac_addresses")),
			 1);
	/* the usual page, and none behind the last one */
	assert_int_equal(mst_json_len(mst_json_get(
			     get(MST_SIM_IOT, V3 "devices/0"), "u_devices")),
			 50);
	root = get(MST_SIM_IOT, V3 "devices/0?page=8");
	assert_int_equal(fx_int(root, "u_count"), 400);
	assert_int_equal(mst_json_len(mst_json_get(root, "u_devices")), 0);
	assert_int_equal(
	    fx_int(get(MST_SIM_IOT, V3 "devices/0?sensorId=77"), "u_count"), 0);
}

/* Reads a list in pages; every record once. Returns the number. */
static size_t read_pages(const char *what, const char *list, unsigned size)
{
	struct mst_arena a;
	struct mst_map seen = {0};
	size_t n = 0;
	int64_t all = 0;

	mst_arena_init(&a, 64u << 20);
	for (unsigned page = 0;; page++) {
		char path[200];
		struct mst_json root, v;
		struct mst_json_iter it;
		size_t was = n;

		(void)snprintf(path, sizeof(path), V3 "%s?page=%u&size=%u",
			       what, page, size);
		root = get(MST_SIM_IOT, path);
		if (page)
			assert_int_equal(fx_int(root, "u_count"), all);
		all = fx_int(root, "u_count");
		it = mst_json_iter(mst_json_get(root, list));
		while (mst_json_next(&it, NULL, &v)) {
			struct mst_buf text = MST_BUF_INIT(65536);

			mst_json_write(v, &text);
			assert_null(mst_map_put(
			    &seen, mst_arena_dup(&a, mst_buf_slice(&text)),
			    &fx));
			mst_buf_fini(&text);
			n++;
		}
		if (n == was)
			break;
	}
	assert_int_equal(n, all);
	mst_map_fini(&seen);
	mst_arena_fini(&a);
	return n;
}

static void v3_pages(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(read_pages("devices/0", "u_devices", 64), 400);
	n = read_pages("connections/0", "u_connections", 100);
	assert_true(n > 900 && n < 1500);
	assert_int_equal(read_pages("connections/0", "u_connections", 333), n);
	/* a page out of order, and one that ends exactly */
	assert_int_equal(
	    mst_json_len(mst_json_get(
		get(MST_SIM_IOT, V3 "connections/0?page=3&size=100"),
		"u_connections")),
	    100);
	assert_true(read_pages("devicecves/0", "u_device_cves", 10) > 30);
}

static void v3_rest(void **state)
{
	struct mst_json d, c;

	(void)state;
	d = get(MST_SIM_IOT, V3 "device/12");
	assert_int_equal(mst_json_len(d), 1);
	assert_int_equal(fx_int(at(d, 0), "u_id"), 12);
	assert_int_equal(count(MST_SIM_IOT, V3 "device/99999"), 0);
	d = at(
	    mst_json_get(get(MST_SIM_IOT, V3 "devicecves/0?score=9.5&size=1"),
			 "u_device_cves"),
	    0);
	c = at(mst_json_get(d, "u_cves"), 0);
	assert_int_equal(mst_json_type(mst_json_get(c, "u_score")),
			 MST_JSON_STRING);
	assert_int_equal(
	    fx_int(get(MST_SIM_IOT, V3 "devicecves/0?deviceIds=1,2,3,4"),
		   "u_count") <= 4,
	    1);
	/* what an older page said of the path */
	assert_int_equal(fx_get(&fx, MST_SIM_IOT, V3 "devices/timestamp=0"),
			 404);
	assert_int_equal(fx_get(&fx, MST_SIM_IOT, "/external/v1/sites"), 404);
	assert_int_equal(
	    fx_send(&fx, MST_SIM_IOT, "POST", V3 "sensors", "{}", NULL), 405);
}

static void sensors(void **state)
{
	struct mst_json list = get(MST_SIM_IOT, V3 "sensors"), s;

	(void)state;
	assert_int_equal(mst_json_len(list), 4);
	s = at(list, 3); /* it learns, and has no zone */
	t_is(mst_json_str(mst_json_get(s, "u_connection_state")), "SYNCED");
	assert_int_equal(mst_json_type(mst_json_get(s, "u_zone_id")),
			 MST_JSON_NULL);
	t_is(mst_json_str(mst_json_get(s, "u_interface_address")),
	     mst_sim_sensor_url(fx.sim, 4));
	fx_control(&fx, "POST", "/_sim/day", "{\"day\":1}");
	s = at(get(MST_SIM_IOT, "/external/v2/appliances"), 0);
	t_is(mst_json_str(
		 mst_json_get(mst_json_get(s, "upgradeStatus"), "stage")),
	     "UPDATING_LIBRARIES");
	fx_control(&fx, "POST", "/_sim/day", "{\"day\":2}");
	list = get(MST_SIM_IOT, V3 "sensors");
	t_is(mst_json_str(mst_json_get(at(list, 1), "u_connection_state")),
	     "DISCONNECTED");
	t_is(mst_json_str(mst_json_get(at(list, 0), "u_remote_upgrade_stage")),
	     "SUCCESS");
	s = at(get(MST_SIM_IOT, "/external/v1/appliances"), 1);
	s = mst_json_get(mst_json_get(s, "state"), "connectionState");
	assert_int_equal(mst_json_type(s), MST_JSON_OBJECT);
}

/* What a day changes is updated after the time in front of it. */
static void days(void **state)
{
	struct mst_json plant = fx_control(&fx, "GET", "/_sim/iot/plant", NULL);
	int64_t now = fx_int(plant, "now"), n, fresh, updated;
	char path[200];

	(void)state;
	(void)snprintf(path, sizeof(path), V3 "devices/%lld", (long long)now);
	assert_int_equal(fx_int(get(MST_SIM_IOT, path), "u_count"), 0);
	fx_control(&fx, "POST", "/_sim/time", "{\"advance_s\":60}");
	fx_control(&fx, "POST", "/_sim/day", "{\"day\":1}");
	n = fx_int(get(MST_SIM_IOT, path), "u_count");
	assert_true(n > 5 && n < 100);
	(void)snprintf(path, sizeof(path), V3 "devices/%lld?notificationType=1",
		       (long long)now);
	fresh = fx_int(get(MST_SIM_IOT, path), "u_count");
	(void)snprintf(path, sizeof(path), V3 "devices/%lld?notificationType=2",
		       (long long)now);
	updated = fx_int(get(MST_SIM_IOT, path), "u_count");
	assert_true(fresh > 0 && updated > 0);
	assert_int_equal(fresh + updated, n);
	(void)snprintf(path, sizeof(path), V3 "deleteddevices/%lld",
		       (long long)now);
	assert_true(count(MST_SIM_IOT, path) > 0);
	(void)snprintf(path, sizeof(path), V3 "connections/%lld",
		       (long long)now);
	assert_true(fx_int(get(MST_SIM_IOT, path), "u_count") > 0);
	plant = fx_control(&fx, "GET", "/_sim/iot/plant", NULL);
	(void)snprintf(path, sizeof(path), V3 "devices/%lld",
		       (long long)fx_int(plant, "now"));
	assert_int_equal(fx_int(get(MST_SIM_IOT, path), "u_count"), 0);
}

/* ---- v1 and v2 ----------------------------------------------------------- */

static void devices_v1(void **state)
{
	size_t all = count(MST_SIM_IOT, "/external/v1/devices"), yes, no;
	struct mst_json d;

	(void)state;
	assert_int_equal(all, 400);
	yes = count(MST_SIM_IOT, "/external/v1/devices?authorized=true");
	no = count(MST_SIM_IOT, "/external/v1/devices?authorized=false");
	assert_int_equal(yes + no, all);
	assert_true(no > 0);
	assert_int_equal(
	    count(MST_SIM_IOT, "/external/v1/devices?sensorId=1,2"), 200);
	assert_int_equal(count(MST_SIM_IOT, "/external/v1/devices?siteId=1"),
			 200);
	assert_int_equal(count(MST_SIM_IOT, "/external/v1/devices?zoneId=3"),
			 100);
	d = at(get(MST_SIM_IOT, "/external/v1/devices"), 1);
	assert_int_equal(mst_json_type(mst_json_get(d, "ipAddresses")),
			 MST_JSON_NULL);
	assert_int_equal(mst_json_len(mst_json_get(d, "macAddresses")), 2);
	d = at(get(MST_SIM_IOT, "/external/v1/devices"), 11);
	d = mst_json_get(d, "firmware");
	if (mst_json_len(d))
		t_is(mst_json_str(mst_json_get(at(d, 0), "serial")), "N/A");
}

/* The same device has another id at each, and every 25th two of them. */
static void sensor_ids(void **state)
{
	struct mst_json list = get(MST_SIM_SENSOR, "/api/v1/devices"), v;
	struct mst_json_iter it = mst_json_iter(list);
	size_t second = 0, dynamic = 0;
	char path[120];

	(void)state;
	assert_int_equal(mst_json_len(list), 104);
	assert_int_equal(fx_int(at(list, 1), "id"), 2);
	while (mst_json_next(&it, NULL, &v)) {
		bool b;

		second += fx_int(v, "id") >= 1000000;
		dynamic +=
		    mst_json_bool(mst_json_get(v, "hasDynamicAddress"), &b);
		assert_int_equal(mst_json_type(mst_json_get(v, "sensorId")),
				 MST_JSON_NULL);
	}
	assert_int_equal(second, 4);
	assert_true(dynamic > 0 && dynamic < 104);
	(void)snprintf(path, sizeof(path), "%s/api/v1/devices",
		       mst_sim_sensor_url(fx.sim, 3));
	fx.bare = MST_SIM_SENSOR_TOKEN "-3";
	assert_int_equal(fx_send(&fx, MST_SIM_SENSOR, "GET", path, NULL, NULL),
			 200);
	assert_null(mst_sim_sensor_url(fx.sim, 5));
	assert_null(mst_sim_sensor_url(fx.sim, 0));
}

static void sensor_connections(void **state)
{
	struct mst_json list =
	    get(MST_SIM_SENSOR, "/api/v1/devices/connections");
	struct mst_json_iter it = mst_json_iter(list), one;
	size_t n = mst_json_len(list), no_ports = 0, no_protocols = 0, of_two;
	struct mst_json v;

	(void)state;
	while (mst_json_next(&it, NULL, &v)) {
		no_ports +=
		    mst_json_type(mst_json_get(v, "ports")) == MST_JSON_NULL;
		no_protocols += mst_json_type(mst_json_get(v, "protocols")) ==
				MST_JSON_NULL;
	}
	assert_true(no_ports > 0 && no_ports < n);
	assert_true(no_protocols > 0 && no_protocols < n);
	list = get(MST_SIM_SENSOR, "/api/v1/devices/2/connections");
	of_two = mst_json_len(list);
	assert_true(of_two > 0 && of_two < n);
	one = mst_json_iter(list);
	while (mst_json_next(&one, NULL, &v))
		assert_true(fx_int(v, "firstDeviceId") == 2 ||
			    fx_int(v, "secondDeviceId") == 2);
	assert_int_equal(count(MST_SIM_SENSOR, "/api/v1/devices/connections"
					       "?discoveredBefore=1"),
			 0);
	assert_int_equal(count(MST_SIM_SENSOR, "/api/v1/devices/connections"
					       "?discoveredAfter=1"),
			 n);
	assert_true(count(MST_SIM_SENSOR, "/api/v1/devices/connections"
					  "?lastActiveInMinutes=600") < n);
}

static void sensor_cves(void **state)
{
	struct mst_json list = get(MST_SIM_SENSOR, "/api/v1/devices/cves"), v;
	struct mst_json_iter it = mst_json_iter(list);
	size_t n = mst_json_len(list), capitals = 0;
	char ip[64], path[128];

	(void)state;
	while (mst_json_next(&it, NULL, &v))
		capitals +=
		    mst_json_is_str(mst_json_get(v, "attackVector"), "NETWORK");
	assert_true(capitals > 0 && capitals < n);
	v = at(list, 0);
	assert_int_equal(mst_json_type(mst_json_get(v, "score")),
			 MST_JSON_STRING);
	(void)snprintf(
	    ip, sizeof(ip), "%.*s",
	    MST_SLICE_ARG(mst_json_str(mst_json_get(v, "ipAddress"))));
	(void)snprintf(path, sizeof(path), "/api/v1/devices/%s/cves?top=1", ip);
	list = get(MST_SIM_SENSOR, path);
	assert_int_equal(mst_json_len(list), 1);
	t_is(mst_json_str(mst_json_get(at(list, 0), "ipAddress")), ip);
	assert_true(count(MST_SIM_SENSOR, "/api/v1/devices/cves?top=1") < n);
	assert_int_equal(
	    count(MST_SIM_SENSOR, "/api/v1/devices/10.99.99.99/cves"), 0);
}

/* ---- events, reports ------------------------------------------------------
 */

static void events(void **state)
{
	struct mst_json list = get(MST_SIM_SENSOR, "/api/v1/events"), v;
	int64_t first = fx_int(at(list, 0), "timestamp");
	size_t clamped;

	(void)state;
	assert_int_equal(mst_json_len(list), 100);
	assert_true(first >= fx_int(at(list, 99), "timestamp"));
	clamped =
	    count(MST_SIM_SENSOR, "/api/v1/events?minutesTimeFrame=99999");
	assert_int_equal(clamped, 100);
	assert_int_equal(count(MST_SIM_SENSOR, "/api/v1/events?type=NO_SUCH"),
			 100);
	list = get(MST_SIM_SENSOR, "/api/v1/events?type=CUSTOM_EVENT");
	assert_int_equal(mst_json_len(list), 1);
	t_is(mst_json_str(mst_json_get(at(list, 0), "owner")), "operator");
	/* the same question has the same answer for an hour */
	fx_control(&fx, "POST", "/_sim/time", "{\"advance_s\":60}");
	fx_control(&fx, "POST", "/_sim/iot/alerts",
		   "{\"alerts\":[{\"title\":\"Port Scan Detected\"}]}");
	v = at(get(MST_SIM_SENSOR, "/api/v1/events"), 0);
	assert_int_equal(fx_int(v, "timestamp"), first);
	v = at(get(MST_SIM_SENSOR, "/api/v1/events?minutesTimeFrame=1000"), 0);
	t_is(mst_json_str(mst_json_get(v, "content")), "Port Scan Detected");
	fx_control(&fx, "POST", "/_sim/time", "{\"advance_s\":3600}");
	v = at(get(MST_SIM_SENSOR, "/api/v1/events"), 0);
	assert_true(fx_int(v, "timestamp") > first);
}

static void reports(void **state)
{
	static const char base[] = "/api/v1/reports/vulnerabilities/";
	struct mst_json root, v;
	char path[100];

	(void)state;
	(void)snprintf(path, sizeof(path), "%sdevices", base);
	root = get(MST_SIM_SENSOR, path);
	assert_true(mst_json_len(root) > 5 && mst_json_len(root) < 104);
	v = mst_json_get(mst_json_get(at(root, 0), "vulnerabilities"), "cves");
	assert_int_not_equal(mst_json_type(mst_json_get(at(v, 0), "score")),
			     MST_JSON_STRING);
	(void)snprintf(path, sizeof(path), "%soperational", base);
	root = get(MST_SIM_SENSOR, path);
	t_is(mst_json_str(mst_json_get(at(mst_json_get(root, "ipNetworks"), 0),
				       "addresses")),
	     "21");
	(void)snprintf(path, sizeof(path), "%ssecurity", base);
	root = get(MST_SIM_SENSOR, path);
	v = at(mst_json_get(root, "internetConnections"), 0);
	t_is(mst_json_str(mst_json_get(v, "authorized")), "Yes");
	assert_true(mst_json_len(mst_json_get(root, "unauthorizedDevices")) >
		    0);
	(void)snprintf(path, sizeof(path), "%smitigation", base);
	root = get(MST_SIM_SENSOR, path);
	assert_int_equal(mst_json_len(mst_json_get(root, "mitigation")), 2);
	(void)snprintf(path, sizeof(path), "%snone", base);
	assert_int_equal(fx_get(&fx, MST_SIM_SENSOR, path), 404);
}

/* ---- accounts ------------------------------------------------------------ */

static long auth(const char *what, const char *body)
{
	char path[100];

	fx.bare = NULL;
	fx.token[0] = '\0';
	(void)snprintf(path, sizeof(path), "/external/authentication/%s", what);
	return fx_send(&fx, MST_SIM_IOT, "POST", path, body, NULL);
}

static void says(const char *want)
{
	t_is(mst_json_str(mst_json_get(mst_json_get(fx_json(&fx), "error"),
				       "userDisplayErrorMessage")),
	     want);
}

static void accounts(void **state)
{
	(void)state;
	assert_int_equal(auth("validation",
			      "{\"username\":\"operator\",\"password\":"
			      "\"" MST_SIM_IOT_PASSWORD "\"}"),
			 200);
	t_is(mst_json_str(mst_json_get(fx_json(&fx), "msg")),
	     "Authentication succeeded.");
	auth("validation", "{\"username\":\"operator\",\"password\":\"x\"}");
	says("Credentials validation failed");
	auth("set_password", "{\"username\":\"operator\",\"password\":\"x\","
			     "\"new_password\":\"Not-A-Real-2!\"}");
	says("User authentication failure");
	auth("set_password",
	     "{\"username\":\"operator\",\"password\":"
	     "\"" MST_SIM_IOT_PASSWORD "\",\"new_password\":\"weak\"}");
	says("Password does not match security policy");
	assert_int_equal(auth("set_password",
			      "{\"username\":\"operator\",\"password\":"
			      "\"" MST_SIM_IOT_PASSWORD
			      "\",\"new_password\":\"Not-A-Real-2!\"}"),
			 200);
	auth("set_password_by_admin",
	     "{\"admin_username\":\"operator\",\"admin_password\":"
	     "\"Not-A-Real-2!\",\"username\":\"admin\","
	     "\"new_password\":\"Not-A-Real-3!\"}");
	says("User does not have the permissions to change password");
	auth("set_password_by_admin",
	     "{\"admin_user\":\"admin\",\"admin_password\":"
	     "\"" MST_SIM_IOT_PASSWORD "\",\"username\":\"nobody\","
	     "\"new_password\":\"Not-A-Real-3!\"}");
	says("User does not exist");
	/* a sensor has accounts of its own */
	assert_int_equal(fx_send(&fx, MST_SIM_SENSOR, "POST",
				 "/api/external/authentication/validation",
				 "{\"username\":\"operator\",\"password\":"
				 "\"" MST_SIM_IOT_PASSWORD "\"}",
				 NULL),
			 200);
}

/* ---- faults, other estates -------------------------------------------------
 */

static void faults(void **state)
{
	(void)state;
	fx_control(&fx, "POST", "/_sim/faults",
		   "{\"kind\":\"short_page\",\"host\":\"sensor\",\"count\":1}");
	assert_int_equal(count(MST_SIM_SENSOR, "/api/v1/devices"), 103);
	assert_int_equal(count(MST_SIM_SENSOR, "/api/v1/devices"), 104);
	fx_control(&fx, "POST", "/_sim/faults",
		   "{\"kind\":\"empty_page\",\"host\":\"iot\",\"count\":1}");
	assert_int_equal(mst_json_len(mst_json_get(
			     get(MST_SIM_IOT, V3 "devices/0"), "u_devices")),
			 0);
	fx_control(&fx, "POST", "/_sim/faults",
		   "{\"kind\":\"429\",\"host\":\"iot\",\"count\":1}");
	assert_int_equal(fx_get(&fx, MST_SIM_IOT, V3 "sensors"), 429);
	assert_string_equal(fx_header(&fx, "Retry-After"), "1");
	fx_control(&fx, "POST", "/_sim/faults",
		   "{\"kind\":\"expired_token\",\"host\":\"iot\","
		   "\"count\":1}");
	assert_int_equal(fx_get(&fx, MST_SIM_IOT, V3 "sensors"), 401);
	fx_control(&fx, "POST", "/_sim/faults",
		   "{\"kind\":\"drop_before\",\"host\":\"iot\",\"count\":1}");
	assert_int_equal(fx_get(&fx, MST_SIM_IOT, V3 "sensors"), 0);
}

/* The plant's size is nothing to the others. */
static void apart(void **state)
{
	struct mst_sim_conf conf = {.devices = 20, .iot_devices = -1};
	struct mst_buf a = MST_BUF_INIT(64u << 20);

	(void)state;
	fx_start(&fx, &conf);
	fx_control(&fx, "POST", "/_sim/day", "{\"day\":2}");
	fx_control(&fx, "GET", "/_sim/state", NULL);
	mst_buf_add_slice(&a, mst_buf_slice(&fx.body));
	fx_stop(&fx);
	conf.iot_devices = 300;
	conf.sensors = 2;
	fx_start(&fx, &conf);
	fx_control(&fx, "POST", "/_sim/day", "{\"day\":2}");
	fx_control(&fx, "GET", "/_sim/state", NULL);
	assert_string_equal(a.p, fx.body.p);
	mst_buf_fini(&a);
	fx_stop(&fx);
}

/* What a plant shows without its times and addresses, after two days. */
static void shows(uint64_t seed, struct mst_buf *out)
{
	const struct mst_sim_conf conf = {
	    .seed = seed, .devices = 5, .iot_devices = 150};

	fx_start(&fx, &conf);
	fx_control(&fx, "POST", "/_sim/day", "{\"day\":2}");
	(void)get(MST_SIM_IOT, "/external/v1/devices");
	mst_buf_add_slice(out, mst_buf_slice(&fx.body));
	(void)get(MST_SIM_IOT, V3 "connections/0?size=1000");
	mst_buf_add_slice(out, mst_buf_slice(&fx.body));
	(void)get(MST_SIM_SENSOR, "/api/v1/devices/cves");
	mst_buf_add_slice(out, mst_buf_slice(&fx.body));
	fx_stop(&fx);
}

static void seeds(void **state)
{
	struct mst_buf a = MST_BUF_INIT(64u << 20), b = a, c = a;

	(void)state;
	shows(5, &a);
	shows(5, &b);
	shows(6, &c);
	assert_string_equal(a.p, b.p);
	assert_string_not_equal(a.p, c.p);
	mst_buf_fini(&a);
	mst_buf_fini(&b);
	mst_buf_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(tokens, begin, end),
	    cmocka_unit_test_setup_teardown(tokens_used, begin, end),
	    cmocka_unit_test_setup_teardown(v3_devices, begin, end),
	    cmocka_unit_test_setup_teardown(v3_pages, begin, end),
	    cmocka_unit_test_setup_teardown(v3_rest, begin, end),
	    cmocka_unit_test_setup_teardown(sensors, begin, end),
	    cmocka_unit_test_setup_teardown(days, begin, end),
	    cmocka_unit_test_setup_teardown(devices_v1, begin, end),
	    cmocka_unit_test_setup_teardown(sensor_ids, begin, end),
	    cmocka_unit_test_setup_teardown(sensor_connections, begin, end),
	    cmocka_unit_test_setup_teardown(sensor_cves, begin, end),
	    cmocka_unit_test_setup_teardown(events, begin, end),
	    cmocka_unit_test_setup_teardown(reports, begin, end),
	    cmocka_unit_test_setup_teardown(accounts, begin, end),
	    cmocka_unit_test_setup_teardown(faults, begin, end),
	    cmocka_unit_test(apart),
	    cmocka_unit_test(seeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
