/* SPDX-License-Identifier: Apache-2.0
 *
 * The forms in which alerts arrive: what the product's pages show, and what
 * networks make of it.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "alert/form.h"
#include "base/file.h"

/* 2026-11-20 10:00:00 */
#define NOW INT64_C(1795168800000000)

static struct mst_arena arena;
static struct mst_err err;
static struct mst_alert a;

static int set_up(void **state MST_UNUSED)
{
	err = (struct mst_err)MST_ERR_INIT;
	mst_arena_init(&arena, 1u << 20);
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_arena_fini(&arena);
	return 0;
}

static void is(struct mst_slice s, const char *want)
{
	if (!mst_slice_is(s, want))
		fail_msg("\"%.*s\", not \"%s\"", MST_SLICE_ARG(s), want);
}

static void when(const char *iso)
{
	char text[21] = "none";

	if (a.time_us != MST_TIME_NONE)
		mst_time_iso(a.time_us, text);
	assert_string_equal(text, iso);
}

static int read_as(enum mst_form f, const char *text)
{
	mst_err_clear(&err);
	return mst_form_read(f, mst_slice_str(text), 0, &arena, &a, &err);
}

static void takes(enum mst_form f, const char *text)
{
	assert_int_equal(mst_form_of(mst_slice_str(text)), f);
	t_ok(read_as(f, text), &err);
}

/* ---- JSON ---------------------------------------------------------------- */

static void test_api(void **state MST_UNUSED)
{
	takes(MST_FORM_JSON,
	      "{\"engine\":\"Policy Violation\",\"severity\":\"Major\","
	      "\"title\":\"Internet Access Detected\","
	      "\"additionalinformation\":{\"information\":[\"one\",\"two\"],"
	      "\"description\":\"External Addresses\"},"
	      "\"sourceDevice\":null,\"destinationDevice\":0,"
	      "\"time\":1509881077000,\"message\":\"a\\nb\",\"ID\":1}");
	is(a.title, "Internet Access Detected");
	is(a.message, "a\nb");
	is(a.id, "1");
	is(a.more, "External Addresses\none\ntwo");
	is(a.source.id, "");
	is(a.destination.id, "");
	assert_int_equal(a.engine, MST_ENGINE_POLICY);
	assert_int_equal(a.severity, MST_SEVERITY_MAJOR);
	when("2017-11-05T11:24:37Z");
	assert_false(a.handled);
	assert_false(a.system);
}

static void test_console(void **state MST_UNUSED)
{
	takes(MST_FORM_JSON,
	      "{\"UUID\":\"1-1594550943000\",\"id\":\"7\",\"title\":\"No "
	      "Traffic Detected on Sensor Interface\",\"severity\":"
	      "\"critical\",\"engine\":\"Operational\",\"sourceDevice\":44,"
	      "\"sourceDeviceAddress\":\"10.0.0.9\",\"destinationDevice\":"
	      "\"45\",\"destinationDeviceAddress\":\"00:02:a2:1f:1c:59\","
	      "\"remediationSteps\":[\"Look.\",\"Mend.\"],\"sensorName\":"
	      "\"north\",\"sensorID\":3,\"zoneName\":\"z\",\"siteName\":\"s\","
	      "\"handled\":true,\"additionalInformation\":null}");
	is(a.uuid, "1-1594550943000");
	is(a.id, "7");
	is(a.source.id, "44");
	is(a.source.address, "10.0.0.9");
	is(a.destination.id, "45");
	is(a.destination.address, "00:02:a2:1f:1c:59");
	is(a.steps, "Look.\nMend.");
	is(a.sensor, "north");
	is(a.sensor_id, "3");
	is(a.zone, "z");
	is(a.site, "s");
	assert_true(a.handled);
	assert_true(a.system);
	is(mst_alert_key(&a, &arena), "1-1594550943000");
	is(mst_alert_device(&a), "44");
}

/* The answers that the product's pages print. */
static void test_samples(void **state MST_UNUSED)
{
	char path[1024];
	struct mst_json_parser *p;
	struct mst_buf text = MST_BUF_INIT(1u << 20);
	struct mst_json_iter it;
	struct mst_json root, e;
	unsigned n = 0;

	if (!t_samples())
		skip();
	(void)snprintf(path, sizeof(path), "%s/iot/sensor-v1-alerts.json",
		       t_samples());
	p = mst_json_parser_new(1u << 20);
	t_ok(mst_file_read(path, &text, &err), &err);
	t_ok(mst_json_parse(p, mst_buf_slice(&text), &root, &err), &err);
	it = mst_json_iter(root);
	while (mst_json_next(&it, NULL, &e)) {
		t_ok(mst_form_json(e, &arena, &a, &err), &err);
		assert_true(a.title.n > 0 && a.message.n > 0 && a.id.n > 0);
		assert_int_not_equal(a.engine, MST_ENGINE_NONE);
		assert_int_not_equal(a.severity, MST_SEVERITY_NONE);
		assert_true(a.time_us != MST_TIME_NONE);
		n++;
	}
	assert_int_equal(n, 2);
	mst_buf_fini(&text);
	mst_json_parser_free(&p);
}

/* ---- syslog -------------------------------------------------------------- */

static void header(const char *line, const char *host, const char *iso,
		   const char *rest)
{
	struct mst_slice h, s;
	int64_t us;

	s = mst_form_syslog(mst_slice_str(line), NOW, &h, &us);
	is(h, host);
	is(s, rest);
	a.time_us = us;
	when(iso);
}

static void test_header(void **state MST_UNUSED)
{
	header("<9>May 5 12:29:23 sensor_Agent LEEF:1.0|x", "sensor_Agent",
	       "2026-05-05T12:29:23Z", "LEEF:1.0|x");
	header("<9>Dec 31 23:59:59 s CEF:0|x", "s", "2025-12-31T23:59:59Z",
	       "CEF:0|x");
	header("<14>Nov 20 09:00:00 CEF:0|x", "", "2026-11-20T09:00:00Z",
	       "CEF:0|x");
	header("<14>1 2026-11-20T09:00:00.123+01:00 host app 12 ID [a b=\"c\"]"
	       "[d e=\"f\"] text",
	       "host", "2026-11-20T08:00:00Z", "text");
	header("<14>1 - - - - - - \xef\xbb\xbf{\"a\":1}", "", "none",
	       "{\"a\":1}");
	header("plain text", "", "none", "plain text");
	header("", "", "none", "");
	header("<999999>x", "", "none", "<999999>x");
	header("<14>1 nonsense", "", "none", "1 nonsense");
	header("<14>1 2026-11-20T09:00:00Z h a p m [never ends", "", "none",
	       "1 2026-11-20T09:00:00Z h a p m [never ends");
}

/* A real line; its tabs were blanks where it was printed. */
#define LEEF                                                                   \
	"LEEF:1.0|CyberX|CyberX platform|2.5.0|CyberX platform Alert|"         \
	"devTime=May 05 2019 15:28:54 devTimeFormat=MMM dd yyyy HH:mm:ss "     \
	"sev=2 cat=XSense Alerts title=Device is Suspected to be "             \
	"Disconnected (Unresponsive) score=81 reporter=192.168.219.50 rta=0 "  \
	"alertId=6 engine=Operational senderName=sensor Agent "                \
	"UUID=5-1557059334000 site=Site zone=Zone actions=handle "             \
	"dst=192.168.2.2 dstName=192.168.2.2 msg=Device 192.168.2.2 is "       \
	"suspected to be disconnected (unresponsive)."

static void test_leef(void **state MST_UNUSED)
{
	char tabs[] = LEEF;

	takes(MST_FORM_LEEF, LEEF);
	for (int i = 0; i < 2; i++) {
		is(a.title, "Device is Suspected to be Disconnected "
			    "(Unresponsive)");
		is(a.uuid, "5-1557059334000");
		is(a.id, "6");
		is(a.sensor, "sensor Agent");
		is(a.site, "Site");
		is(a.zone, "Zone");
		is(a.category, "XSense Alerts");
		is(a.destination.address, "192.168.2.2");
		is(a.message, "Device 192.168.2.2 is suspected to be "
			      "disconnected (unresponsive).");
		assert_int_equal(a.engine, MST_ENGINE_OPERATIONAL);
		when("2019-05-05T15:28:54Z");
		/* with the tabs of the format */
		for (char *p = tabs; (p = strstr(p, " ")); p++) {
			char *eq = p + 1;

			while (*eq && *eq != ' ' && *eq != '=')
				eq++;
			if (*eq == '=')
				*p = '\t';
		}
		takes(MST_FORM_LEEF, tabs);
	}
	/* the zone of the sensor's setting */
	t_ok(mst_form_read(MST_FORM_LEEF, mst_slice_str(LEEF), 3 * 3600, &arena,
			   &a, &err),
	     &err);
	when("2019-05-05T12:28:54Z");
	assert_int_equal(read_as(MST_FORM_LEEF, "LEEF:1.0|a|b"),
			 -MST_E_CORRUPT);
	assert_string_equal(err.msg, "its LEEF header has 2 fields of 5");
	assert_int_equal(read_as(MST_FORM_LEEF, "x"), -MST_E_CORRUPT);
}

static void test_cef(void **state MST_UNUSED)
{
	takes(MST_FORM_CEF,
	      "CEF:0|Microsoft Defender for IoT/CyberX|north\\|1|22.2.5|"
	      "Microsoft Defender for IoT Alert|Scan \\\\ Detected|8|"
	      "msg=Device a\\=b scanned\\nall protocol=MODBUS severity=8 "
	      "type=Anomaly UUID=1-2 start=Nov 20 2026 09:00:00 "
	      "src_ip=10.0.0.1 src_mac=00:01:02:03:04:05 dst_ip=10.0.0.2 "
	      "dst_mac=N/A cat=Scan");
	is(a.title, "Scan \\ Detected");
	is(a.sensor, "north|1");
	is(a.message, "Device a=b scanned\nall");
	is(a.protocol, "MODBUS");
	is(a.uuid, "1-2");
	is(a.source.address, "10.0.0.1");
	is(a.source.mac, "00:01:02:03:04:05");
	is(a.destination.address, "10.0.0.2");
	is(a.destination.mac, "");
	is(a.category, "Scan");
	assert_int_equal(a.engine, MST_ENGINE_ANOMALY);
	assert_int_equal(a.severity, MST_SEVERITY_MAJOR);
	when("2026-11-20T09:00:00Z");

	takes(MST_FORM_CEF, "x CEF:0|Microsoft|Microsoft Defender for IoT|1.0|"
			    "e|t|10|");
	is(a.sensor, "");
	is(a.title, "t");
	assert_int_equal(a.severity, MST_SEVERITY_CRITICAL);
	assert_int_equal(read_as(MST_FORM_CEF, "CEF:0|a|b|c"), -MST_E_CORRUPT);
	assert_int_equal(read_as(MST_FORM_CEF, "nothing"), -MST_E_CORRUPT);
	assert_int_equal(read_as(MST_FORM_CEF, "CEF:0|a|b|c|d||1|x"),
			 -MST_E_CORRUPT);
	assert_string_equal(err.msg, "it has neither a title nor a message");
}

static void test_text(void **state MST_UNUSED)
{
	takes(MST_FORM_TEXT,
	      "Platform name: north, Alert Title: Unauthorized, sudden: scan, "
	      "Type: Policy Violation, Severity: Minor, Source: PLC 1, Source "
	      "IP: 10.0.0.1, Destination: HMI, Destination IP: 10.0.0.2, "
	      "Message: It did: this, and that., Alert group: Scan, UUID: 9-1");
	is(a.sensor, "north");
	is(a.title, "Unauthorized, sudden: scan");
	is(a.source.name, "PLC 1");
	is(a.source.address, "10.0.0.1");
	is(a.destination.name, "HMI");
	is(a.message, "It did: this, and that.");
	is(a.category, "Scan");
	is(a.uuid, "9-1");
	assert_int_equal(a.engine, MST_ENGINE_POLICY);
	assert_int_equal(a.severity, MST_SEVERITY_MINOR);

	takes(MST_FORM_OBJECT,
	      "sensor_name=north alert_time=2026-11-20 09:00:00 title=A title "
	      "message=what is=was severity=Warning type=Malware "
	      "Protocol=DNS Source_MAC=00:01:02:03:04:05 Destination_MAC=N/A "
	      "alert_group=Suspicion of Malware");
	is(a.sensor, "north");
	is(a.title, "A title");
	is(a.source.mac, "00:01:02:03:04:05");
	is(a.category, "Suspicion of Malware");
	when("2026-11-20T09:00:00Z");
	assert_int_equal(read_as(MST_FORM_TEXT, ""), -MST_E_CORRUPT);
	assert_int_equal(read_as(MST_FORM_OBJECT, "a=b"), -MST_E_CORRUPT);
}

/* ---- texts --------------------------------------------------------------- */

static void test_texts(void **state MST_UNUSED)
{
	char *long_ = mst_alloc(MST_FORM_MAX + 2);

	is(mst_alert_text(&arena, MST_SLICE_LIT(" a\x01\tb\xff\xc3\xa9\n "),
			  100, false),
	   "a  b\xef\xbf\xbd\xc3\xa9");
	is(mst_alert_text(&arena, MST_SLICE_LIT("a\nb"), 100, true), "a b");
	is(mst_alert_text(&arena, MST_SLICE_LIT("ab\xc3\xa9"), 3, true), "ab");
	is(mst_alert_text(&arena, MST_SLICE_LIT("\xed\xa0\x80"), 9, true),
	   "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	memset(long_, 'x', MST_FORM_MAX + 1);
	assert_int_equal(read_as(MST_FORM_TEXT, long_), -MST_E_CORRUPT);
	memcpy(long_, "title: ", 7);
	long_[MST_FORM_MAX] = '\0';
	t_ok(read_as(MST_FORM_TEXT, long_), &err);
	assert_int_equal(a.title.n, MST_ALERT_TEXT);
	free(long_);
}

static void test_key(void **state MST_UNUSED)
{
	struct mst_slice one, two;

	t_ok(read_as(MST_FORM_JSON, "{\"title\":\"t\",\"id\":1}"), &err);
	one = mst_alert_key(&a, &arena);
	assert_int_equal(one.n, 32);
	t_ok(read_as(MST_FORM_JSON, "{\"title\":\"t\",\"id\":2}"), &err);
	two = mst_alert_key(&a, &arena);
	assert_false(mst_slice_eq(one, two));
	is(mst_alert_device(&a), "?");
	/* further traffic: the same id says something else */
	t_ok(read_as(MST_FORM_JSON, "{\"title\":\"t\",\"id\":1,\"message\":"
				    "\"more\",\"time\":1700000000000}"),
	     &err);
	two = mst_alert_key(&a, &arena);
	assert_true(mst_slice_eq(one, two));
	/* without an id that is another alert */
	t_ok(read_as(MST_FORM_JSON, "{\"title\":\"t\",\"message\":\"a\"}"),
	     &err);
	one = mst_alert_key(&a, &arena);
	t_ok(read_as(MST_FORM_JSON, "{\"title\":\"t\",\"message\":\"b\"}"),
	     &err);
	two = mst_alert_key(&a, &arena);
	assert_false(mst_slice_eq(one, two));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_api),    T(test_console), T(test_samples),
	    T(test_header), T(test_leef),    T(test_cef),
	    T(test_text),   T(test_texts),   T(test_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
