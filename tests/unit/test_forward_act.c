/* SPDX-License-Identifier: Apache-2.0
 *
 * What actions send, byte by byte; and what texts from a network must not be
 * able to do in it.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "alert/form.h"
#include "base/time.h"
#include "forward/act_event.h"
#include "forward/act_incident.h"
#include "forward/act_syslog.h"
#include "forward/act_text.h"
#include "forward/act_webhook.h"

/* 2026-11-20 10:00:00 */
#define NOW INT64_C(1795168800000000)
#define ID  "0123456789abcdef0123456789abcdef"

static struct mst_arena arena;
static struct mst_conf conf;
static struct mst_buf out = MST_BUF_INIT(1u << 20);
static struct mst_err err;
static struct mst_incident_conf incident;

static int set_up(void **state MST_UNUSED)
{
	err = (struct mst_err)MST_ERR_INIT;
	mst_arena_init(&arena, 4u << 20);
	mst_buf_reset(&out);
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_arena_fini(&arena);
	mst_conf_fini(&conf);
	mst_buf_fini(&out);
	return 0;
}

static void items(const char *options)
{
	char yaml[2048];

	mst_conf_fini(&conf);
	mst_err_clear(&err);
	(void)snprintf(yaml, sizeof(yaml), "jobs:\n  - name: x\n%s", options);
	t_ok(mst_conf_read(mst_slice_str(yaml), "f.yaml", &conf, &err), &err);
}

static int make(const char *options)
{
	char all[1024];

	(void)snprintf(all, sizeof(all), "%s    connection: cmdb\n", options);
	items(all);
	return mst_incident_make(&conf.items[0], &arena, &incident, &err);
}

static struct mst_alert alert(void)
{
	return (struct mst_alert){
	    .uuid = MST_SLICE_LIT("1-1594550943000"),
	    .id = MST_SLICE_LIT("7"),
	    .time_us = NOW,
	    .severity = MST_SEVERITY_MAJOR,
	    .engine = MST_ENGINE_POLICY,
	    .title = MST_SLICE_LIT("PLC Program Update"),
	    .message = MST_SLICE_LIT("Program was changed."),
	    .protocol = MST_SLICE_LIT("S7"),
	    .category = MST_SLICE_LIT("Programming"),
	    .sensor = MST_SLICE_LIT("north"),
	    .sensor_id = MST_SLICE_LIT("3"),
	    .zone = MST_SLICE_LIT("z"),
	    .site = MST_SLICE_LIT("s"),
	    .source = {.id = MST_SLICE_LIT("44"),
		       .name = MST_SLICE_LIT("ews-1"),
		       .address = MST_SLICE_LIT("10.0.0.9"),
		       .mac = MST_SLICE_LIT("00:1b:1b:00:00:01")},
	    .destination = {.address = MST_SLICE_LIT("10.0.0.7")},
	    .steps = MST_SLICE_LIT("Look.\nMend."),
	    .more = MST_SLICE_LIT("slot 2"),
	};
}

static struct mst_slice key_of(const struct mst_alert *a)
{
	return mst_alert_key(a, &arena);
}

static void sends(const char *want)
{
	assert_string_equal(out.p, want);
	mst_buf_reset(&out);
}

static struct mst_json json(void)
{
	static struct mst_json_parser *p;
	struct mst_json root;

	mst_json_parser_free(&p);
	p = mst_json_parser_new(1u << 20);
	t_ok(mst_json_parse(p, mst_buf_slice(&out), &root, &err), &err);
	return root;
}

/* ---- incidents ----------------------------------------------------------- */

#define DESCRIPTION                                                            \
	"Program was changed.\\n\\nSeverity: Major\\nEngine: Policy "          \
	"Violation\\nCategory: Programming\\nProtocol: S7\\nTime: "            \
	"2026-11-20T10:00:00Z\\nSource: ews-1 (10.0.0.9)\\nSource MAC: "       \
	"00:1b:1b:00:00:01\\nDestination: 10.0.0.7\\nSensor: north\\nSite: "   \
	"s\\nZone: z\\nAlert: 1-1594550943000\\n\\nslot 2\\n\\nWhat to do:"    \
	"\\nLook.\\nMend."

static void test_incident(void **state MST_UNUSED)
{
	struct mst_alert a = alert();

	t_ok(make("    category: ot\n"), &err);
	assert_string_equal(incident.table, "incident");
	mst_incident_open(&incident, "iot", key_of(&a), &a, ID, &out);
	sends("{\"short_description\":\"PLC Program Update: ews-1 (10.0.0.9) "
	      "-> 10.0.0.7\",\"description\":\"" DESCRIPTION "\","
	      "\"impact\":\"2\",\"urgency\":\"2\","
	      "\"correlation_id\":\"iot/iot/1-1594550943000\","
	      "\"correlation_display\":\"Microsoft Defender for IoT\","
	      "\"cmdb_ci\":\"" ID "\",\"category\":\"ot\"}");
	mst_incident_update(&a, "muster-1", &out);
	sends("{\"work_notes\":\"Defender for IoT saw this again, or more of "
	      "it.\\n\\n" DESCRIPTION "\\n\\nmuster-1\"}");
	mst_incident_close(&incident, &a, &out);
	sends("{\"state\":\"6\",\"close_code\":\"Solution provided\","
	      "\"close_notes\":\"The alert was handled in Defender for IoT: "
	      "PLC Program Update\"}");
	mst_incident_query("iot", key_of(&a), &out);
	sends("sysparm_query=correlation_id%3Diot%2Fiot%2F1-1594550943000"
	      "%5EORDERBYDESCsys_created_on"
	      "&sysparm_fields=sys_id,correlation_id,active&sysparm_limit=1");
}

/* A journal shows what is between these as HTML. */
static void test_markup(void **state MST_UNUSED)
{
	struct mst_alert a = {
	    .title = MST_SLICE_LIT("[cOdE]<b>[/code][co]"),
	    .message = MST_SLICE_LIT("[[CODE]<a href=x>y</a>[/Code] [code"),
	    .time_us = MST_TIME_NONE};

	t_ok(make(""), &err);
	mst_incident_update(&a, "m", &out);
	assert_true(mst_slice_ifind(mst_buf_slice(&out),
				    "[[ CODE]<a href=x>y</a>[ /Code] [ code"));
	assert_null(mst_slice_ifind(mst_buf_slice(&out), "[code]"));
	mst_buf_reset(&out);
	mst_incident_close(&incident, &a, &out);
	assert_true(
	    mst_slice_ifind(mst_buf_slice(&out), ": [ cOdE]<b>[ /code][co]\""));
	mst_buf_reset(&out);
}

static void test_security_incident(void **state MST_UNUSED)
{
	struct mst_alert a = {.title = MST_SLICE_LIT("Scan"),
			      .severity = MST_SEVERITY_CRITICAL,
			      .time_us = MST_TIME_NONE};

	t_ok(make("    table: sn_si_incident\n"
		  "    caller_id: " ID "\n"
		  "    assignment_group: " ID "\n"
		  "    levels: [Critical=1/2, minor=2/3]\n"
		  "    close_code: \"\"\n"),
	     &err);
	assert_string_equal(incident.table, "sn_si_incident");
	mst_incident_open(&incident, "iot", MST_SLICE_LIT("k"), &a, NULL, &out);
	sends("{\"short_description\":\"Scan\",\"description\":\"Severity: "
	      "Critical\",\"impact\":\"1\",\"urgency\":\"2\","
	      "\"correlation_id\":\"iot/iot/k\",\"correlation_display\":"
	      "\"Microsoft Defender for IoT\",\"caller_id\":\"" ID
	      "\",\"assignment_group\":\"" ID "\"}");
	mst_incident_close(&incident, &a, &out);
	sends("{\"state\":\"3\",\"close_notes\":\"The alert was handled in "
	      "Defender for IoT: Scan\"}");
	assert_int_equal(incident.levels[MST_SEVERITY_MINOR].impact, 2);
	assert_int_equal(incident.levels[MST_SEVERITY_MAJOR].impact, 2);
	assert_int_equal(incident.levels[MST_SEVERITY_NONE].urgency, 3);
}

static void refuses(const char *options, const char *part)
{
	t_failed(make(options), &err, MST_E_INVALID, part);
	assert_true(strncmp(err.msg, "f.yaml:3:", 9) == 0);
}

static void test_incident_options(void **state MST_UNUSED)
{
	refuses("    caller_id: bob\n", "\"caller_id\" must be a sys_id");
	refuses("    assignment_group: " ID "0\n", "must be a sys_id");
	refuses("    levels: [critical=1/4]\n",
		"\"levels\" must be like critical=1/2");
	refuses("    levels: [grave=1/1]\n", "grave=1/1");
	refuses("    levels: [critical]\n", "must be like");
	refuses("    levels: [critical=1/11]\n", "must be like");
	refuses("    table: Problem!\n", "must be the name of a table");
}

/* ServiceNow counts as Java does: what is beyond U+FFFF is two. */
static void test_cut(void **state MST_UNUSED)
{
	t_is(mst_act_cut(MST_SLICE_LIT("abc"), 3), "abc");
	t_is(mst_act_cut(MST_SLICE_LIT("abc"), 2), "ab");
	t_is(mst_act_cut(MST_SLICE_LIT("a\xc3\xa4"
				       "b"),
			 2),
	     "a\xc3\xa4");
	t_is(mst_act_cut(MST_SLICE_LIT("a\xf0\x9f\x94\xa5"
				       "b"),
			 2),
	     "a");
	t_is(mst_act_cut(MST_SLICE_LIT("a\xf0\x9f\x94\xa5"
				       "b"),
			 3),
	     "a\xf0\x9f\x94\xa5");
	t_is(mst_act_cut(MST_SLICE_LIT("\xe2\x82\xac\xe2\x82\xac"), 1),
	     "\xe2\x82\xac");
	t_is(mst_act_cut(mst_slice(NULL, 0), 9), "");
}

static void test_long_texts(void **state MST_UNUSED)
{
	static char title[256], message[4001];
	struct mst_alert a = alert();

	memset(title, 't', 255);
	memset(message, 'm', 4000);
	a.title = mst_slice_str(title);
	a.message = a.more = a.steps = mst_slice_str(message);
	t_ok(make(""), &err);
	mst_incident_open(&incident, "iot", key_of(&a), &a, ID, &out);
	assert_int_equal(
	    mst_json_str(mst_json_get(json(), "short_description")).n, 160);
	assert_int_equal(mst_json_str(mst_json_get(json(), "description")).n,
			 4000);
	assert_false(out.overflow);
}

static void test_correlation(void **state MST_UNUSED)
{
	char id[MST_CORRELATION + 1], other[MST_CORRELATION + 1], longest[93];

	mst_act_correlation("a", MST_SLICE_LIT("k^active=true"), id);
	assert_int_equal(strlen(id), 36);
	assert_null(strpbrk(id, "^= "));
	mst_act_correlation("b", MST_SLICE_LIT("k^active=true"), other);
	assert_string_not_equal(id, other);
	mst_act_correlation("a", MST_SLICE_LIT(""), other);
	assert_int_equal(strlen(other), 36);
	memset(longest, 'k', sizeof(longest));
	longest[92] = '\0';
	mst_act_correlation("abc", mst_slice(longest, 92), id);
	assert_int_equal(strlen(id), 100);
	assert_int_equal(strncmp(id, "iot/abc/kkk", 11), 0);
	mst_act_correlation("abcd", mst_slice(longest, 92), id);
	assert_int_equal(strlen(id), 36);
}

/* ---- events -------------------------------------------------------------- */

static void test_event(void **state MST_UNUSED)
{
	struct mst_alert a = alert(), b = {.title = MST_SLICE_LIT("Scan"),
					   .time_us = MST_TIME_NONE,
					   .severity = MST_SEVERITY_CRITICAL,
					   .handled = true};
	const struct mst_event e[] = {{"iot", key_of(&a), &a},
				      {"iot", MST_SLICE_LIT("k2"), &b}};

	mst_event_body(e, 2, NOW + 1000000, &out);
	sends("{\"records\":[{\"source\":\"Microsoft Defender for IoT\","
	      "\"event_class\":\"north\",\"node\":\"10.0.0.9\","
	      "\"resource\":\"S7\",\"metric_name\":\"Policy Violation\","
	      "\"type\":\"PLC Program Update\","
	      "\"message_key\":\"iot/iot/1-1594550943000\","
	      "\"severity\":\"2\",\"description\":\"" DESCRIPTION "\","
	      "\"additional_info\":\"{\\\"protocol\\\":\\\"S7\\\","
	      "\\\"category\\\":\\\"Programming\\\",\\\"site\\\":\\\"s\\\","
	      "\\\"zone\\\":\\\"z\\\",\\\"source_device\\\":\\\"44\\\","
	      "\\\"source_address\\\":\\\"10.0.0.9\\\","
	      "\\\"source_mac\\\":\\\"00:1b:1b:00:00:01\\\","
	      "\\\"destination_address\\\":\\\"10.0.0.7\\\","
	      "\\\"uuid\\\":\\\"1-1594550943000\\\"}\","
	      "\"time_of_event\":\"2026-11-20 10:00:00\","
	      "\"resolution_state\":\"New\"},"
	      "{\"source\":\"Microsoft Defender for IoT\",\"type\":\"Scan\","
	      "\"message_key\":\"iot/iot/k2\",\"severity\":\"0\","
	      "\"description\":\"Severity: Critical\","
	      "\"additional_info\":\"{}\","
	      "\"time_of_event\":\"2026-11-20 10:00:01\","
	      "\"resolution_state\":\"Closing\"}]}");
}

static void test_event_severities(void **state MST_UNUSED)
{
	static const char *const want[] = {"5", "4", "3", "2", "1"};

	for (unsigned s = 0; s < MST_LEN(want); s++) {
		struct mst_alert a = {.title = MST_SLICE_LIT("x"),
				      .severity = (enum mst_severity)s};
		struct mst_event e = {"iot", MST_SLICE_LIT("k"), &a};
		struct mst_json_iter it;
		struct mst_json one;

		mst_buf_reset(&out);
		mst_event_body(&e, 1, NOW, &out);
		it = mst_json_iter(mst_json_get(json(), "records"));
		assert_true(mst_json_next(&it, NULL, &one));
		t_is(mst_json_str(mst_json_get(one, "severity")), want[s]);
	}
}

/* ---- webhooks ------------------------------------------------------------ */

static void same(struct mst_slice a, struct mst_slice b)
{
	if (!mst_slice_eq(a, b))
		fail_msg("\"%.*s\", not \"%.*s\"", MST_SLICE_ARG(a),
			 MST_SLICE_ARG(b));
}

static void test_webhook(void **state MST_UNUSED)
{
	struct mst_alert a = alert(), b;

	mst_webhook_body(&a, &out);
	t_ok(mst_form_read(MST_FORM_JSON, mst_buf_slice(&out), 0, &arena, &b,
			   &err),
	     &err);
	same(b.uuid, a.uuid);
	same(b.id, a.id);
	same(b.title, a.title);
	same(b.message, a.message);
	same(b.protocol, a.protocol);
	same(b.category, a.category);
	same(b.sensor, a.sensor);
	same(b.sensor_id, a.sensor_id);
	same(b.zone, a.zone);
	same(b.site, a.site);
	same(b.source.id, a.source.id);
	same(b.source.name, a.source.name);
	same(b.source.address, a.source.address);
	same(b.source.mac, a.source.mac);
	same(b.destination.address, a.destination.address);
	same(b.steps, a.steps);
	same(b.more, a.more);
	assert_int_equal(b.time_us, a.time_us);
	assert_int_equal(b.severity, a.severity);
	assert_int_equal(b.engine, a.engine);
	assert_int_equal(mst_alert_digest(&a), mst_alert_digest(&b));
	mst_buf_reset(&out);
	a = (struct mst_alert){.title = MST_SLICE_LIT("x"),
			       .id = MST_SLICE_LIT("a-7"),
			       .time_us = MST_TIME_NONE,
			       .handled = true};
	mst_webhook_body(&a, &out);
	sends("{\"id\":\"a-7\",\"UUID\":null,\"time\":null,\"title\":\"x\","
	      "\"message\":null,\"severity\":null,\"engine\":null,"
	      "\"protocol\":null,\"category\":null,\"sourceDevice\":null,"
	      "\"sourceName\":null,\"sourceDeviceAddress\":null,"
	      "\"sourceMac\":null,\"destinationDevice\":null,"
	      "\"destinationName\":null,\"destinationDeviceAddress\":null,"
	      "\"destinationMac\":null,\"sensorID\":null,\"sensorName\":null,"
	      "\"zoneName\":null,\"siteName\":null,\"remediationSteps\":[],"
	      "\"additionalInformation\":{\"information\":[]},"
	      "\"handled\":true}");
}

static int header(const char *text)
{
	const char *line;

	items("    headers: [x]\n");
	return mst_webhook_header(&conf.items[0], "headers", text, &arena,
				  &line, &err);
}

static void test_headers(void **state MST_UNUSED)
{
	static const char *const wrong[] = {
	    "X-Token",	    ": value",
	    "X Token: v",   "X-Token: a\r\nX-B: c",
	    "X-Token: a\n", "X-Token: \xc3\xa4",
	    "X\r: v",	    "X-T\xc3\xb6: v"};

	t_ok(header("X-Token_2:  with blanks "), &err);
	t_ok(header("X-Empty:"), &err);
	for (size_t i = 0; i < MST_LEN(wrong); i++) {
		t_failed(header(wrong[i]), &err, MST_E_INVALID,
			 "f.yaml:3:14: \"headers\"");
		assert_null(strpbrk(err.msg, "\r\n"));
	}
	t_failed(header("host: evil.example.com"), &err, MST_E_INVALID,
		 "may not set Host: muster does it");
	t_failed(header("Content-length: 0"), &err, MST_E_INVALID,
		 "may not set Content-Length");
}

/* ---- syslog -------------------------------------------------------------- */

#define CEF                                                                    \
	"CEF:0|Microsoft Defender for IoT/CyberX|north|1.2|Microsoft "         \
	"Defender for IoT Alert|PLC Program Update|8|msg=Program was changed." \
	" protocol=S7 severity=Major type=Policy Violation "                   \
	"UUID=1-1594550943000 start=Nov 20 2026 11:00:00 src_ip=10.0.0.9 "     \
	"src_mac=00:1b:1b:00:00:01 dst_ip=10.0.0.7 cat=Programming"

static void test_syslog(void **state MST_UNUSED)
{
	struct mst_alert a = alert();
	struct mst_zone *zone;
	char want[1024], number[32];

	t_ok(mst_zone_find("Europe/Berlin", &zone, &err), &err);
	mst_cef(&a, "1.2", zone, &out);
	sends(CEF);
	(void)snprintf(want, sizeof(want),
		       "<9>1 2026-11-20T10:00:01Z north muster - alert - %s",
		       CEF);
	mst_syslog(&a, "1.2", zone, NOW + 1000000, MST_SYSLOG_PLAIN, &out);
	sends(want);
	mst_syslog(&a, "1.2", zone, NOW + 1000000, MST_SYSLOG_LINES, &out);
	assert_int_equal(out.p[out.n - 1], '\n');
	out.p[out.n - 1] = '\0';
	sends(want);
	mst_syslog(&a, "1.2", zone, NOW + 1000000, MST_SYSLOG_OCTETS, &out);
	(void)snprintf(number, sizeof(number), "%zu ", strlen(want));
	assert_int_equal(strncmp(out.p, number, strlen(number)), 0);
	assert_string_equal(out.p + strlen(number), want);
	mst_buf_reset(&out);
	mst_zone_free(&zone);
	a = (struct mst_alert){.title = MST_SLICE_LIT("x"),
			       .time_us = MST_TIME_NONE};
	mst_syslog(&a, "1.2", NULL, NOW, MST_SYSLOG_PLAIN, &out);
	sends("<9>1 2026-11-20T10:00:00Z - muster - alert - "
	      "CEF:0|Microsoft Defender for IoT/CyberX|muster|1.2|Microsoft "
	      "Defender for IoT Alert|x|0|");
}

/* Everything that ends a field, a value, a message somewhere. */
static void test_injection(void **state MST_UNUSED)
{
	struct mst_slice host, body;
	struct mst_alert a = alert(), b;
	int64_t us;

	a.title = MST_SLICE_LIT("a|10|msg=b\\|c\\");
	a.message = MST_SLICE_LIT("x|\nUUID=fake src_ip=1.1.1.1 \\n \\= |");
	a.protocol = MST_SLICE_LIT("\\");
	a.category = MST_SLICE_LIT("\"},{\"source\":\"x");
	a.sensor = MST_SLICE_LIT("n <9>1\xc3\xa4 |");
	mst_syslog(&a, "1.2", NULL, NOW, MST_SYSLOG_PLAIN, &out);
	assert_null(strchr(out.p, '\n'));
	body = mst_form_syslog(mst_buf_slice(&out), NOW, &host, &us);
	t_is(host, "n_<9>1___|");
	t_ok(mst_form_read(MST_FORM_CEF, body, 0, &arena, &b, &err), &err);
	same(b.title, a.title);
	same(b.message, a.message);
	same(b.uuid, a.uuid);
	same(b.source.address, a.source.address);
	same(b.protocol, a.protocol);
	same(b.category, a.category);
	same(b.sensor, a.sensor);
	assert_int_equal(b.severity, MST_SEVERITY_MAJOR);
	mst_buf_reset(&out);
	/* JSON within JSON. */
	mst_event_body(&(struct mst_event){"iot", MST_SLICE_LIT("k"), &a}, 1,
		       NOW, &out);
	assert_int_equal(mst_json_len(mst_json_get(json(), "records")), 1);
	mst_buf_reset(&out);
	t_ok(make(""), &err);
	mst_incident_open(&incident, "iot", MST_SLICE_LIT("k\"}"), &a, "",
			  &out);
	assert_int_equal(mst_json_len(json()), 6);
	mst_buf_reset(&out);
	mst_webhook_body(&a, &out);
	same(mst_json_str(mst_json_get(json(), "category")), a.category);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_incident),
	    TEST(test_security_incident),
	    TEST(test_markup),
	    TEST(test_incident_options),
	    TEST(test_cut),
	    TEST(test_long_texts),
	    TEST(test_correlation),
	    TEST(test_event),
	    TEST(test_event_severities),
	    TEST(test_webhook),
	    TEST(test_headers),
	    TEST(test_syslog),
	    TEST(test_injection),
	};

	return cmocka_run_group_tests_name("forward_act", tests, NULL, NULL);
}
