/* SPDX-License-Identifier: Apache-2.0
 *
 * Which requests the source makes of a console and of a sensor, and what each
 * read proves: pages and their count, lists that move, sensors that are left
 * out, alerts by spans of time.
 */
#include "iot_drive.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

#define C   "https://console.example/external/"
#define V3  C "v3/integration/"
#define S   "https://console.example/api/"
#define DAY (24 * 3600 * INT64_C(1000000))

static struct drive d;

static int take(const char *body)
{
	int rc = drive_text(&d, 200, body);

	t_ok(rc, &d.err);
	return rc;
}

static void part_is(const char *part, bool anew)
{
	assert_string_equal(d.req.part, part);
	assert_int_equal(d.req.anew, anew);
}

/* A page of v3: devices first..first+n-1, of count. */
static const char *page(int64_t count, int first, int n)
{
	static char out[65536];
	size_t at = (size_t)snprintf(out, sizeof(out),
				     "{\"u_count\":%lld,\"u_devices\":[",
				     (long long)count);

	for (int i = 0; i < n; i++)
		at += (size_t)snprintf(out + at, sizeof(out) - at,
				       "%s{\"u_id\":%d,\"u_device_type\":{}}",
				       i ? "," : "", first + i);
	(void)snprintf(out + at, sizeof(out) - at, "]}");
	return out;
}

#define SENSORS                                                                \
	"[{\"u_id\":10,\"u_name\":\"Line 3\",\"u_connection_state\":"          \
	"\"SYNCED\",\"u_device_count\":4},"                                    \
	"{\"u_id\":2,\"u_name\":\"Line 1\",\"u_is_in_learning_mode\":true,"    \
	"\"u_connection_state\":\"DISCONNECTED\"},"                            \
	"{\"u_id\":\"3\",\"u_name\":\"Tank farm\",\"u_connection_state\":"     \
	"\"SYNCED\",\"u_is_in_learning_mode\":\"false\"}]"

static void read_sensors(void)
{
	drive_begin(&d, OT_SENSORS, NULL);
	drive_expect(&d, V3 "sensors");
	assert_string_equal(d.req.auth, "api");
	assert_string_equal(d.req.headers[0], "Accept: application/json");
	assert_int_equal(take(SENSORS), MST_TAKE_RECORDS);
	assert_true(drive_end(&d, OT_SENSORS).complete);
}

static void since(unsigned feed, int64_t us)
{
	OPS->since(d.s, feed, us);
}

/* ---- where lists are ----------------------------------------------------- */

static void test_console(void **state MST_UNUSED)
{
	drive_open(&d, "url: https://console.example/\npage_size: 3\n");
	read_sensors();
	drive_begin(&d, OT_APPLIANCES, NULL);
	drive_expect(&d, C "v2/appliances");
	assert_int_equal(take("[{\"id\":1,\"interfaceAddress\":\"x\"}]"),
			 MST_TAKE_RECORDS);
	assert_true(drive_end(&d, OT_APPLIANCES).complete);

	/* nothing is gone of what is read whole */
	drive_begin(&d, OT_DELETED_DEVICES, NULL);
	assert_true(drive_end(&d, OT_DELETED_DEVICES).complete);

	drive_begin(&d, OT_DEVICES, NULL);
	drive_expect(&d, V3 "devices/0?page=0&size=3");
	part_is("l1", false);
	assert_int_equal(take(page(4, 1, 3)), MST_TAKE_RECORDS);
	drive_expect(&d, V3 "devices/0?page=1&size=3");
	part_is("l1,2", false);
	assert_int_equal(take(page(4, 4, 1)), MST_TAKE_RECORDS);
	assert_true(drive_end(&d, OT_DEVICES).complete);

	drive_begin(&d, OT_CONNECTIONS, NULL);
	drive_expect(&d, V3 "connections/0?page=0&size=3");
	assert_int_equal(take("{\"u_count\":2,\"u_connections\":["
			      "{\"u_src_device_id\":1,\"u_dest_device_id\":2,"
			      "\"u_connection_type\":\"One Way\"},"
			      "{\"u_src_device_id\":1,\"u_dest_device_id\":2,"
			      "\"u_connection_type\":\"Multicast\"}]}"),
			 MST_TAKE_RECORDS);
	assert_true(drive_end(&d, OT_CONNECTIONS).complete);

	drive_begin(&d, OT_DEVICE_CVES, NULL);
	drive_expect(&d, V3 "devicecves/0?page=0&size=3");
	assert_int_equal(take("{\"u_count\":0,\"u_device_cves\":[]}"),
			 MST_TAKE_RECORDS);
	assert_true(drive_end(&d, OT_DEVICE_CVES).complete);

	/* sensor by sensor, in the order of their ids */
	drive_begin(&d, OT_DEVICE_FLAGS, NULL);
	drive_expect(&d, C "v1/devices?sensorId=2");
	part_is("l1", false);
	assert_int_equal(take("[]"), MST_TAKE_RECORDS);
	drive_expect(&d, C "v1/devices?sensorId=3");
	assert_int_equal(take("[]"), MST_TAKE_RECORDS);
	drive_expect(&d, C "v1/devices?sensorId=10");
	part_is("l3", false);
	assert_int_equal(take("[{\"id\":1,\"authorized\":true}]"),
			 MST_TAKE_RECORDS);
	assert_true(drive_end(&d, OT_DEVICE_FLAGS).complete);
	drive_close(&d);
}

static void test_sensor(void **state MST_UNUSED)
{
	drive_open(&d, "read: sensor\n");
	drive_begin(&d, OT_DEVICES, NULL);
	drive_expect(&d, S "v1/devices");
	assert_int_equal(
	    take("[{\"id\":1,\"macAddresses\":null,\"type\":\"PLC\"}]"),
	    MST_TAKE_RECORDS);
	assert_true(drive_end(&d, OT_DEVICES).complete);
	drive_begin(&d, OT_CONNECTIONS, NULL);
	drive_expect(&d, S "v1/devices/connections");
	assert_int_equal(take("[]"), MST_TAKE_RECORDS);
	assert_true(drive_end(&d, OT_CONNECTIONS).complete);
	drive_begin(&d, OT_DEVICE_CVES, NULL);
	drive_expect(&d, S "v1/devices/cves?top=100000");
	assert_int_equal(
	    take("[{\"cveId\":\"CVE-2020-1\",\"ipAddress\":\"10.0.0.1\"}]"),
	    MST_TAKE_RECORDS);
	assert_true(drive_end(&d, OT_DEVICE_CVES).complete);
	/* it has none of these */
	for (unsigned f = 0; f < OT_FIRMWARES; f++) {
		bool none = f <= OT_DELETED_DEVICES || f == OT_DEVICE_FLAGS;

		if (!none)
			continue;
		t_failed(OPS->begin(d.s, f, NULL, &d.err), &d.err,
			 MST_E_UNSUPPORTED, "read: console");
	}
	/* nor a mirror: it does not tell what changed */
	for (unsigned f = 0; f < OT__FEEDS; f++)
		assert_null(OPS->scope(d.s, f));
	drive_close(&d);
}

static void test_needs(void **state MST_UNUSED)
{
	const uint32_t devices = OT_BIT(OT_SENSORS) |
				 OT_BIT(OT_DELETED_DEVICES) |
				 OT_BIT(OT_DEVICES);

	drive_open(&d, "");
	assert_int_equal(OPS->needs(d.s, "ot_devices"),
			 devices | OT_BIT(OT_DEVICE_FLAGS));
	assert_int_equal(OPS->needs(d.s, "ot_alerts"), OT_BIT(OT_ALERTS));
	assert_int_equal(OPS->needs(d.s, "devices"), 0);
	for (size_t i = 0; i < OPS->catalog->sets_n; i++)
		assert_true(OPS->needs(d.s, OPS->catalog->sets[i].name));
	drive_close(&d);
	drive_open(&d, "device_flags: no\n");
	assert_int_equal(OPS->needs(d.s, "ot_device_cves"),
			 devices | OT_BIT(OT_DEVICE_CVES));
	drive_close(&d);
	drive_open(&d, "read: sensor\n");
	assert_int_equal(OPS->needs(d.s, "ot_sensors"), OT_BIT(OT_DEVICES));
	assert_int_equal(OPS->needs(d.s, "ot_connections"),
			 OT_BIT(OT_DEVICES) | OT_BIT(OT_CONNECTIONS));
	drive_close(&d);
}

/* ---- what changed -------------------------------------------------------- */

static void test_since(void **state MST_UNUSED)
{
	drive_open(&d, "");
	read_sensors();
	since(OT_DELETED_DEVICES, 1732060800000000);
	since(OT_DEVICES, 1732060800000000);
	drive_begin(&d, OT_DELETED_DEVICES, NULL);
	drive_expect(&d, V3 "deleteddevices/1732060800000");
	assert_int_equal(take("[{\"u_id\":7}]"), MST_TAKE_RECORDS);
	assert_true(drive_end(&d, OT_DELETED_DEVICES).complete);
	drive_begin(&d, OT_DEVICES, NULL);
	drive_expect(&d, V3 "devices/1732060800000?page=0&size=1000");
	/* nothing changed */
	assert_int_equal(take(page(0, 0, 0)), MST_TAKE_RECORDS);
	assert_true(drive_end(&d, OT_DEVICES).complete);
	assert_string_equal(OPS->scope(d.s, OT_DEVICES), "");
	assert_null(OPS->scope(d.s, OT_ALERTS));

	/* all of it, and nothing: nobody is gone for that */
	since(OT_DEVICES, MST_TIME_NONE);
	drive_begin(&d, OT_DEVICES, NULL);
	drive_expect(&d, V3 "devices/0?page=0&size=1000");
	assert_int_equal(take(page(0, 0, 0)), MST_TAKE_RECORDS);
	assert_false(drive_end(&d, OT_DEVICES).complete);
	drive_close(&d);
}

/* A console whose clock is late stamps changes before we ask for them. */
static void test_late_clock(void **state MST_UNUSED)
{
	const int64_t now = INT64_C(1732060800000000);
	struct mst_resp resp = drive_resp(200, MST_SLICE_LIT(SENSORS));

	t_clock_set(now);
	drive_open(&d, "");
	drive_begin(&d, OT_SENSORS, NULL);
	drive_expect(&d, V3 "sensors");
	resp.date_us = now - 3600 * INT64_C(1000000);
	t_ok(drive_give(&d, &d.req, &resp), &d.err);
	assert_true(drive_end(&d, OT_SENSORS).complete);
	since(OT_DEVICES, now - DAY);
	drive_begin(&d, OT_DEVICES, NULL);
	/* an hour and a second before what we would ask for */
	drive_expect(&d, V3 "devices/1731970799000?page=0&size=1000");
	/* the next answer says that it is right now: not for this list */
	resp = drive_resp(200, mst_slice_str(page(1001, 1, 500)));
	resp.date_us = now;
	t_ok(drive_give(&d, &d.req, &resp), &d.err);
	drive_expect(&d, V3 "devices/1731970799000?page=0&size=500");
	drive_close(&d);

	/* one that is early hides nothing */
	drive_open(&d, "");
	drive_begin(&d, OT_SENSORS, NULL);
	drive_expect(&d, V3 "sensors");
	resp = drive_resp(200, MST_SLICE_LIT(SENSORS));
	resp.date_us = now + 2 * DAY;
	t_ok(drive_give(&d, &d.req, &resp), &d.err);
	since(OT_DEVICES, now - DAY);
	drive_begin(&d, OT_DEVICES, NULL);
	drive_expect(&d, V3 "devices/1731974400000?page=0&size=1000");
	drive_close(&d);
	t_clock_real();
}

/* Whoever reads alerts alone learns of it by the first answer. */
static void test_late_clock_of_alerts(void **state MST_UNUSED)
{
	const int64_t now = INT64_C(1732060800000000);
	struct mst_resp resp = drive_resp(200, MST_SLICE_LIT("[]"));

	t_clock_set(now);
	resp.date_us = now - 3600 * INT64_C(1000000);
	drive_open(&d, "");
	since(OT_ALERTS, now - 60 * INT64_C(1000000));
	drive_begin(&d, OT_ALERTS, NULL);
	drive_expect(&d, C "v2/alerts?fromTime=1732060739999");
	assert_int_equal(drive_give(&d, &d.req, &resp), MST_TAKE_CONTROL);
	drive_expect(&d, C "v2/alerts?fromTime=1732057138999");
	assert_int_equal(drive_give(&d, &d.req, &resp), MST_TAKE_RECORDS);
	assert_true(drive_end(&d, OT_ALERTS).complete);
	/* a few seconds more or less are nothing */
	resp.date_us -= 3 * INT64_C(1000000);
	drive_begin(&d, OT_ALERTS, NULL);
	drive_expect(&d, C "v2/alerts?fromTime=1732057138999");
	assert_int_equal(drive_give(&d, &d.req, &resp), MST_TAKE_RECORDS);
	assert_true(drive_end(&d, OT_ALERTS).complete);
	/* since ever: in spans, and not before there was anything */
	since(OT_ALERTS, 0);
	drive_begin(&d, OT_ALERTS, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_non_null(strstr(d.req.url, "fromTime=1416"));
	drive_close(&d);
	t_clock_real();
}

/* ---- pages --------------------------------------------------------------- */

static void begin_devices(void)
{
	drive_begin(&d, OT_DEVICES, NULL);
	drive_expect(&d, V3 "devices/0?page=0&size=2");
}

/* The far end gives fewer than it was asked for, always. */
static void test_page_size(void **state MST_UNUSED)
{
	struct mst_proof p;

	drive_open(&d, "page_size: 1000\n");
	drive_begin(&d, OT_DEVICES, NULL);
	drive_expect(&d, V3 "devices/0?page=0&size=1000");
	take(page(120, 1, 50));
	drive_expect(&d, V3 "devices/0?page=0&size=50");
	part_is("l1", true);
	take(page(120, 1, 50));
	drive_expect(&d, V3 "devices/0?page=1&size=50");
	part_is("l1,2", false);
	take(page(120, 51, 50));
	drive_expect(&d, V3 "devices/0?page=2&size=50");
	take(page(120, 101, 20));
	p = drive_end(&d, OT_DEVICES);
	assert_true(p.complete);
	assert_int_equal(p.records, 120);

	/* or all at once, whatever it was asked for */
	drive_close(&d);
	drive_open(&d, "page_size: 2\n");
	begin_devices();
	take(page(5, 1, 5));
	assert_true(drive_end(&d, OT_DEVICES).complete);
	drive_close(&d);
}

/* A device came while they were read: its page pushed another one on. */
static void test_moved_once(void **state MST_UNUSED)
{
	struct mst_proof p;

	drive_open(&d, "page_size: 2\n");
	begin_devices();
	take(page(4, 2, 2));
	drive_expect(&d, V3 "devices/0?page=1&size=2");
	take(page(5, 3, 2));
	drive_expect(&d, V3 "devices/0?page=0&size=2");
	part_is("l1", true);
	take(page(5, 1, 2));
	drive_expect(&d, V3 "devices/0?page=1&size=2");
	take(page(5, 3, 2));
	drive_expect(&d, V3 "devices/0?page=2&size=2");
	take(page(5, 5, 1));
	p = drive_end(&d, OT_DEVICES);
	assert_true(p.complete);
	assert_int_equal(p.records, 5);
	drive_close(&d);
}

/* Two pages, over and over; the count as it is given. */
static void two_pages(int times, int64_t first, int64_t second, int from)
{
	for (int i = 0; i < times; i++) {
		if (i)
			drive_expect(&d, V3 "devices/0?page=0&size=2");
		take(page(first, 1, 2));
		drive_expect(&d, V3 "devices/0?page=1&size=2");
		take(page(second, from, 2));
	}
}

/* It never stands still: what came is used, and proves nothing. */
static void test_moves_for_ever(void **state MST_UNUSED)
{
	struct mst_proof p;

	drive_open(&d, "page_size: 2\n");
	begin_devices();
	two_pages(OT_RESTARTS + 1, 5, 4, 3); /* fewer and fewer */
	p = drive_end(&d, OT_DEVICES);
	assert_false(p.complete);
	assert_non_null(strstr(p.why, "changed while they were read"));
	assert_int_equal(p.records, 4);
	drive_close(&d);
}

/* A busy plant: there are always more. Nothing that was there is missing. */
static void test_grows(void **state MST_UNUSED)
{
	struct mst_proof p;

	drive_open(&d, "page_size: 2\n");
	begin_devices();
	two_pages(OT_RESTARTS + 1, 4, 5, 3);
	drive_expect(&d, V3 "devices/0?page=2&size=2");
	take(page(5, 5, 1));
	p = drive_end(&d, OT_DEVICES);
	assert_true(p.complete);
	assert_int_equal(p.records, 5);
	drive_close(&d);
}

/* What comes pushes others on, so that they come twice. */
static void test_grows_and_pushes(void **state MST_UNUSED)
{
	drive_open(&d, "page_size: 2\n");
	begin_devices();
	two_pages(OT_RESTARTS + 1, 4, 5, 2);
	drive_expect(&d, V3 "devices/0?page=2&size=2");
	take(page(5, 4, 1));
	assert_true(drive_end(&d, OT_DEVICES).complete);
	drive_close(&d);

	/* of five at first only four came */
	drive_open(&d, "page_size: 2\n");
	begin_devices();
	two_pages(OT_RESTARTS + 1, 5, 6, 2);
	drive_expect(&d, V3 "devices/0?page=2&size=2");
	take(page(6, 3, 2));
	assert_false(drive_end(&d, OT_DEVICES).complete);
	drive_close(&d);
}

/* The far end does not know pages, and says the first one again. */
static void test_same_page(void **state MST_UNUSED)
{
	struct mst_proof p;

	drive_open(&d, "page_size: 2\n");
	begin_devices();
	two_pages(OT_RESTARTS + 1, 6, 6, 1);
	p = drive_end(&d, OT_DEVICES);
	assert_false(p.complete);
	assert_non_null(strstr(p.why, "came again"));
	drive_close(&d);
}

/* An id that is there twice, each time: the list is like that. */
static void test_doubles(void **state MST_UNUSED)
{
	struct mst_proof p;

	drive_open(&d, "page_size: 2\n");
	begin_devices();
	two_pages(2, 4, 4, 2);
	p = drive_end(&d, OT_DEVICES);
	assert_true(p.complete);
	assert_int_equal(p.records, 4);
	drive_close(&d);
}

static void test_short_page(void **state MST_UNUSED)
{
	struct mst_proof p;

	drive_open(&d, "page_size: 2\n");
	begin_devices();
	for (int i = 0; i <= OT_RESTARTS; i++) {
		if (i)
			drive_expect(&d, V3 "devices/0?page=0&size=2");
		take(page(5, 1, 2));
		drive_expect(&d, V3 "devices/0?page=1&size=2");
		take(page(5, 0, 0));
	}
	p = drive_end(&d, OT_DEVICES);
	assert_false(p.complete);
	assert_non_null(strstr(p.why, "shorter"));
	drive_close(&d);
}

static void test_no_count(void **state MST_UNUSED)
{
	struct mst_proof p;

	drive_open(&d, "page_size: 2\n");
	begin_devices();
	take("{\"u_devices\":[{\"u_id\":1,\"u_device_type\":{}},"
	     "{\"u_id\":2}]}");
	drive_expect(&d, V3 "devices/0?page=1&size=2");
	take("{\"u_count\":null,\"u_devices\":[]}");
	p = drive_end(&d, OT_DEVICES);
	assert_false(p.complete);
	assert_non_null(strstr(p.why, "how many"));
	drive_close(&d);
}

/* ---- sensors that are left out ------------------------------------------- */

static void test_left_out(void **state MST_UNUSED)
{
	char scope[64];
	struct mst_proof p;

	drive_open(&d, "sensors: ['Line *']\nlearning_sensors: skip\n");
	read_sensors();
	assert_string_equal(OPS->scope(d.s, OT_DEVICES), "sensors 10");
	assert_string_equal(OPS->scope(d.s, OT_CONNECTIONS), "");
	drive_begin(&d, OT_DEVICES, NULL);
	drive_expect(&d, V3 "devices/0?sensorId=10&page=0&size=1000");
	take(page(1, 1, 1));
	assert_true(drive_end(&d, OT_DEVICES).complete);
	drive_begin(&d, OT_DEVICE_FLAGS, NULL);
	drive_expect(&d, C "v1/devices?sensorId=10");
	take("[]");
	/* the console counts four there */
	p = drive_end(&d, OT_DEVICE_FLAGS);
	assert_false(p.complete);
	assert_non_null(strstr(p.why, "'Line 3' shows no device"));
	/* connections of others are for the rules: their devices are not
	 * there */
	drive_begin(&d, OT_CONNECTIONS, NULL);
	drive_expect(&d, V3 "connections/0?page=0&size=1000");
	drive_close(&d);

	/* by id, and two of them */
	drive_open(&d, "sensors: [3, \"10\"]\npage_size: 2\n");
	read_sensors();
	(void)snprintf(scope, sizeof(scope), "%s", OPS->scope(d.s, OT_DEVICES));
	assert_string_equal(scope, "sensors 3 10");
	drive_begin(&d, OT_DEVICES, NULL);
	drive_expect(&d, V3 "devices/0?sensorId=3&page=0&size=2");
	take(page(3, 1, 2));
	part_is("l1", false);
	drive_expect(&d, V3 "devices/0?sensorId=3&page=1&size=2");
	part_is("l1,2", false);
	take(page(3, 3, 1));
	/* a device that both see comes twice */
	drive_expect(&d, V3 "devices/0?sensorId=10&page=0&size=2");
	part_is("l2", false);
	take(page(1, 3, 1));
	p = drive_end(&d, OT_DEVICES);
	assert_true(p.complete);
	assert_int_equal(p.records, 4);
	drive_close(&d);
}

static void test_none_left(void **state MST_UNUSED)
{
	drive_open(&d, "sensors: ['Mill *']\n");
	drive_begin(&d, OT_SENSORS, NULL);
	drive_expect(&d, V3 "sensors");
	t_failed(drive_text(&d, 200, SENSORS), &d.err, MST_E_NOTFOUND,
		 "no sensor's name or id fits, of 3");
	drive_close(&d);
	t_failed(drive_try(&d, "read: sensor\nsensors: [a]\n"), &d.err,
		 MST_E_INVALID, "option sensors is for a management console");
	drive_close(&d);
}

/* Whoever reads alerts alone need not know of sensors. */
static void test_scout(void **state MST_UNUSED)
{
	drive_open(&d, "sensors: ['Tank*']\n");
	since(OT_ALERTS, mst_now_us() - DAY);
	drive_begin(&d, OT_ALERTS, NULL);
	drive_expect(&d, V3 "sensors");
	assert_null(d.req.part);
	assert_int_equal(take(SENSORS), MST_TAKE_CONTROL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_non_null(strstr(d.req.url, "&sensorId=3"));
	assert_int_equal(take("[]"), MST_TAKE_RECORDS);
	assert_true(drive_end(&d, OT_ALERTS).complete);
	/* they are known now */
	drive_begin(&d, OT_ALERTS, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_non_null(strstr(d.req.url, "v2/alerts"));
	drive_close(&d);
}

/* ---- one device ---------------------------------------------------------- */

static void test_one(void **state MST_UNUSED)
{
	drive_open(&d, "learning_sensors: skip\n");
	read_sensors();
	drive_begin(&d, OT_DEVICES, "77");
	drive_expect(&d, V3 "device/77");
	take("[{\"u_id\":77,\"u_device_type\":{},\"u_sensor_ids\":"
	     "[{\"u_sensor_id\":2},{\"u_sensor_id\":3}]}]");
	assert_false(drive_end(&d, OT_DEVICES).complete);
	/* only a sensor in learning mode sees it */
	drive_begin(&d, OT_DEVICES, "77");
	drive_expect(&d, V3 "device/77");
	assert_int_equal(take("[{\"u_id\":77,\"u_device_type\":{},"
			      "\"u_sensor_ids\":[{\"u_sensor_id\":2}]}]"),
			 MST_TAKE_CONTROL);
	assert_false(drive_end(&d, OT_DEVICES).complete);
	/* nobody */
	drive_begin(&d, OT_DEVICES, "78");
	drive_expect(&d, V3 "device/78");
	assert_int_equal(drive_text(&d, 404, "{\"error\":\"no\"}"),
			 MST_TAKE_CONTROL);
	assert_false(drive_end(&d, OT_DEVICES).complete);
	drive_begin(&d, OT_DEVICE_CVES, "77");
	drive_expect(&d, V3 "devicecves/0?deviceIds=77&page=0&size=1000");
	/* by its key, which begins with the connection's name */
	drive_begin(&d, OT_DEVICES, "defender/77");
	drive_expect(&d, V3 "device/77");
	drive_begin(&d, OT_ALERTS, "77");
	assert_false(drive_end(&d, OT_ALERTS).complete);
	/* a name is looked for in all of them */
	drive_begin(&d, OT_DEVICE_CVES, "Pump 3");
	drive_expect(&d, V3 "devicecves/0?page=0&size=1000");
	drive_close(&d);
}

/* ---- alerts -------------------------------------------------------------- */

static void test_alerts(void **state MST_UNUSED)
{
	const int64_t now = INT64_C(1732060800000000);
	struct mst_proof p;

	t_clock_set(now);
	drive_open(&d, "alerts_days: 25\n");
	drive_begin(&d, OT_ALERTS, NULL);
	drive_expect(&d, C "v2/alerts?fromTime=1729900799999"
			   "&toTime=1730764800001");
	take("[{\"id\":1,\"title\":\"t\",\"severity\":\"Major\"}]");
	drive_expect(&d, C "v2/alerts?fromTime=1730764799999"
			   "&toTime=1731628800001");
	take("[]");
	/* what is raised while we read is in the last one */
	drive_expect(&d, C "v2/alerts?fromTime=1731628799999");
	part_is("l3", false);
	take("[]");
	p = drive_end(&d, OT_ALERTS);
	assert_true(p.complete);
	assert_int_equal(p.records, 1);

	since(OT_ALERTS, now - 60 * INT64_C(1000000));
	drive_begin(&d, OT_ALERTS, NULL);
	drive_expect(&d, C "v2/alerts?fromTime=1732060739999");
	drive_close(&d);

	drive_open(&d, "read: sensor\nalerts_days: 1\n");
	drive_begin(&d, OT_ALERTS, NULL);
	drive_expect(&d, S "v2/alerts?fromTime=1731974399999");
	drive_close(&d);
	t_clock_real();
}

/* Who is seen by whom, without a setting that leaves sensors out. */
static void read_seen(const char *devices, const char *why)
{
	struct mst_proof p;

	drive_open(&d, "");
	read_sensors(); /* 4 devices at sensor 10 */
	drive_begin(&d, OT_DEVICES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_int_equal(take(devices), MST_TAKE_RECORDS);
	p = drive_end(&d, OT_DEVICES);
	assert_non_null(strstr(p.why, why));
	assert_int_equal(p.complete, !*why);
	drive_close(&d);
}

#define SEEN_BY(id)                                                            \
	"{\"u_count\":1,\"u_devices\":[{\"u_id\":1,\"u_device_type\":{},"      \
	"\"u_sensor_ids\":[" id "]}]}"

static void test_idle_sensor(void **state MST_UNUSED)
{
	read_seen(SEEN_BY("{\"u_sensor_id\":10},{\"u_sensor_id\":2}"), "");
	read_seen(SEEN_BY("{\"u_sensor_id\":2}"),
		  "sensor 'Line 3' shows no device, where the console counts "
		  "4");
	/* a console that does not tell */
	read_seen(SEEN_BY(""), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_console),
	    cmocka_unit_test(test_sensor),
	    cmocka_unit_test(test_needs),
	    cmocka_unit_test(test_since),
	    cmocka_unit_test(test_late_clock),
	    cmocka_unit_test(test_late_clock_of_alerts),
	    cmocka_unit_test(test_page_size),
	    cmocka_unit_test(test_moved_once),
	    cmocka_unit_test(test_moves_for_ever),
	    cmocka_unit_test(test_grows),
	    cmocka_unit_test(test_grows_and_pushes),
	    cmocka_unit_test(test_same_page),
	    cmocka_unit_test(test_doubles),
	    cmocka_unit_test(test_short_page),
	    cmocka_unit_test(test_no_count),
	    cmocka_unit_test(test_left_out),
	    cmocka_unit_test(test_idle_sensor),
	    cmocka_unit_test(test_none_left),
	    cmocka_unit_test(test_scout),
	    cmocka_unit_test(test_one),
	    cmocka_unit_test(test_alerts),
	};

	return cmocka_run_group_tests_name("iot-read", tests, NULL, NULL);
}
