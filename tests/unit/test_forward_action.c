/* SPDX-License-Identifier: Apache-2.0
 *
 * Actions as items: types, options, what they refuse; rows of the
 * application's table and mails, byte by byte.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "base/time.h"
#include "forward/action.h"

/* 2026-11-20 10:00:00 */
#define NOW INT64_C(1795168800000000)
#define ID  "0123456789abcdef0123456789abcdef"

static struct mst_arena arena;
static struct mst_conf_item item;
static struct mst_alert_action action;
static struct mst_buf out = MST_BUF_INIT(1u << 20);
static struct mst_err err;

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
	mst_buf_fini(&out);
	return 0;
}

/* Items are read as connections are: name, type, keys. */
static int make(const char *type, const char *options)
{
	struct mst_conf_item *items;
	char yaml[2048];
	size_t n;

	mst_err_clear(&err);
	(void)snprintf(yaml, sizeof(yaml),
		       "connections:\n  - name: x\n    type: %s\n%s", type,
		       options);
	t_ok(mst_conf_read_in(mst_slice_str(yaml), "f.yaml", &arena, &items, &n,
			      &err),
	     &err);
	item = items[0];
	return mst_action_make(&item, &arena, &action, &err);
}

static void makes(const char *type, const char *options)
{
	t_ok(make(type, options), &err);
	assert_string_equal(action.name, "x");
	assert_string_equal(mst_action_types[action.type], type);
}

static void refuses(const char *type, const char *options, const char *part)
{
	t_failed(make(type, options), &err, MST_E_INVALID, part);
	assert_int_equal(strncmp(err.msg, "f.yaml:", 7), 0);
}

static void sends(const char *want)
{
	assert_string_equal(out.p, want);
	mst_buf_reset(&out);
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

static void test_types(void **state MST_UNUSED)
{
	makes("incident", "    connection: cmdb\n    acknowledge: learn\n");
	assert_string_equal(action.connection, "cmdb");
	assert_int_equal(action.acknowledge, MST_ACKNOWLEDGE_LEARN);
	makes("application", "    connection: cmdb\n");
	assert_string_equal(action.connection, "cmdb");
	assert_int_equal(action.acknowledge, MST_ACKNOWLEDGE_OFF);
	makes("event", "    connection: cmdb\n");
	assert_string_equal(action.connection, "cmdb");
	makes("webhook", "    url: https://soc.example.com/in\n");
	assert_null(action.connection);
	assert_null(mst_action_opts("pager"));
	refuses("incidents", "",
		"unknown type 'incidents'; did you mean "
		"'incident'?");
	refuses("event", "", "\"connection\"");
	refuses("application", "    conection: cmdb\n", "connection");
	for (size_t i = 0; mst_action_types[i]; i++)
		assert_non_null(mst_action_opts(mst_action_types[i]));
}

static void test_incident_table(void **state MST_UNUSED)
{
	makes("incident", "    connection: c\n    table: sn_si_incident\n");
	assert_string_equal(action.u.incident.close_state, "3");
	makes("incident", "    connection: c\n    table: u_ot_case\n");
	assert_string_equal(action.u.incident.close_state, "6");
	refuses("incident", "    connection: c\n    table: a/b\n",
		"\"table\" must be the name of a table");
}

static void test_webhook(void **state MST_UNUSED)
{
	makes("webhook", "    url: https://soc.example.com/in\n"
			 "    headers: [\"X-Team: ot\", \"X-Site: 1\"]\n"
			 "    auth_value: env:NOT_A_REAL_TOKEN\n");
	assert_string_equal(action.u.webhook.headers[1], "X-Site: 1");
	assert_null(action.u.webhook.headers[2]);
	assert_string_equal(action.u.webhook.auth_header, "Authorization");
	refuses("webhook", "    url: http://soc.example.com\n", "https");
	refuses("webhook",
		"    url: https://soc.example.com/in\n"
		"    headers: [\"Authorization: Bearer not-a-real-one\"]\n",
		"may not hold a secret");
	assert_null(strstr(err.msg, "not-a-real-one"));
	refuses("webhook",
		"    url: https://soc.example.com/in\n"
		"    auth_value: not-a-real-one\n",
		"\"auth_value\"");
	assert_null(strstr(err.msg, "not-a-real-one"));
	refuses("webhook",
		"    url: https://soc.example.com/in\n    auth_header: a b\n",
		"must be the name of a header");
	refuses("webhook",
		"    url: https://soc.example.com/in\n    auth_header: Host\n",
		"must be the name of a header");
	refuses("webhook",
		"    url: https://soc.example.com/in\n"
		"    headers: [\"A: 1\", \"B: 1\", \"C: 1\", \"D: 1\", "
		"\"E: 1\", \"F: 1\", \"G: 1\"]\n",
		"6 headers at most");
}

static void test_syslog(void **state MST_UNUSED)
{
	makes("syslog", "    address: siem.example.com:6514\n");
	assert_string_equal(action.u.syslog.host, "siem.example.com");
	assert_string_equal(action.u.syslog.port, "6514");
	assert_int_equal(action.u.syslog.transport, MST_SYSLOG_TLS);
	assert_int_equal(action.u.syslog.frame, MST_SYSLOG_OCTETS);
	mst_action_fini(&action);
	makes("syslog", "    address: \"[::1]:514\"\n    transport: udp\n"
			"    zone: Europe/Berlin\n");
	assert_string_equal(action.u.syslog.host, "::1");
	assert_int_equal(action.u.syslog.frame, MST_SYSLOG_PLAIN);
	mst_action_fini(&action);
	makes("syslog", "    address: 10.0.0.1:514\n    transport: tcp\n"
			"    framing: lines\n");
	assert_int_equal(action.u.syslog.frame, MST_SYSLOG_LINES);
	mst_action_fini(&action);
	refuses("syslog", "    address: siem\n", "must be HOST:PORT");
	refuses("syslog", "    address: siem:0\n", "must be HOST:PORT");
	refuses("syslog", "    address: ::1:514\n", "must be HOST:PORT");
	refuses("syslog", "    address: \"a b:514\"\n", "must be HOST:PORT");
	refuses("syslog", "    address: a:514\n    zone: Mars/North\n",
		"\"zone\"");
	refuses("syslog",
		"    address: a:514\n    transport: tcp\n    ca_file: x\n",
		"\"ca_file\" only goes with transport: tls");
	refuses("syslog", "    address: a:514\n    certificate_key: x\n",
		"needs \"certificate\"");
}

#define MAIL                                                                   \
	"    url: smtp://mail.example.com\n    from: muster@example.com\n"     \
	"    to: [soc@example.com]\n"

static void test_mail_options(void **state MST_UNUSED)
{
	makes("mail", MAIL);
	mst_action_fini(&action);
	makes("mail", MAIL "    username: u\n    password: env:NOT_REAL\n");
	mst_action_fini(&action);
	refuses("mail", "    url: http://m\n    from: a@b\n    to: [a@b]\n",
		"must be smtp://HOST[:PORT]");
	refuses("mail", "    url: smtp://u@m\n    from: a@b\n    to: [a@b]\n",
		"must be smtp://HOST[:PORT]");
	refuses("mail", "    url: smtp://m\n    from: nobody\n    to: [a@b]\n",
		"\"from\" must be a mail address");
	refuses("mail",
		"    url: smtp://m\n    from: a@b\n    to: [\"a@b>,<c@d\"]\n",
		"\"to\" must be mail addresses");
	refuses("mail", MAIL "    username: u\n", "needs \"password\"");
	/* Only this machine may get it without TLS. */
	for (size_t i = 0; i < 4; i++) {
		static const char *const hosts[] = {
		    "localhost.example.com", "127.0.0.1.example.com",
		    "127.example.com:25", "[::1:25"};
		char options[256];

		(void)snprintf(options, sizeof(options),
			       "    url: smtp://%s\n    from: a@b\n    to: "
			       "[a@b]\n    tls: optional\n    username: u\n"
			       "    password: env:NOT_REAL\n",
			       hosts[i]);
		refuses("mail", options, i < 3 ? "must be required" : "url");
	}
	makes("mail", "    url: smtp://127.0.0.1:25\n    from: a@b\n"
		      "    to: [a@b]\n    tls: optional\n    username: u\n"
		      "    password: env:NOT_REAL\n");
	assert_true(action.u.mail.loopback);
	mst_action_fini(&action);
	refuses("mail",
		MAIL "    username: u\n    password: env:NOT_REAL\n"
		     "    tls: optional\n",
		"must be required where a password is sent");
}

/* ---- the application's row ----------------------------------------------- */

static void test_row(void **state MST_UNUSED)
{
	const struct mst_application_refs none = {NULL, "", NULL};
	const struct mst_application_refs refs = {ID, ID, ID};
	struct mst_alert a = alert();

	mst_application_body("plant", MST_SLICE_LIT("1-1594550943000"), &a,
			     &refs, &out);
	sends("{\"u_key\":\"iot/plant/1-1594550943000\",\"u_source\":"
	      "\"plant\",\"u_title\":\"PLC Program Update\",\"u_alert_id\":"
	      "\"7\",\"u_uuid\":\"1-1594550943000\",\"u_created\":"
	      "\"2026-11-20 10:00:00\",\"u_engine\":\"Policy Violation\","
	      "\"u_message\":\"Program was changed.\",\"u_protocol\":\"S7\","
	      "\"u_severity\":\"Major\",\"u_category\":\"Programming\","
	      "\"u_appliance_name\":\"north\",\"u_site\":\"s\",\"u_zone\":"
	      "\"z\",\"u_source_device\":\"" ID "\",\"u_source_name\":"
	      "\"ews-1\",\"u_source_address\":\"10.0.0.9\",\"u_source_mac\":"
	      "\"00:1b:1b:00:00:01\",\"u_destination_device\":\"" ID "\","
	      "\"u_destination_address\":\"10.0.0.7\",\"u_remediation\":"
	      "\"Look.\\nMend.\",\"u_additional_information\":\"slot 2\","
	      "\"u_handled\":\"false\",\"u_system\":\"false\",\"u_cmdb_ci\":"
	      "\"" ID "\"}");
	a = (struct mst_alert){.title = MST_SLICE_LIT("t"),
			       .time_us = MST_TIME_NONE,
			       .handled = true};
	mst_application_body("plant", MST_SLICE_LIT("k"), &a, &none, &out);
	sends("{\"u_key\":\"iot/plant/k\",\"u_source\":\"plant\",\"u_title\":"
	      "\"t\",\"u_handled\":\"true\",\"u_system\":\"false\"}");
}

/* ---- mails --------------------------------------------------------------- */

static void test_mail(void **state MST_UNUSED)
{
	struct mst_alert a = alert();

	makes("mail", "    url: smtp://m\n    from: muster@example.com\n"
		      "    to: [soc@example.com, ot@example.com]\n"
		      "    zone: Europe/Berlin\n");
	mst_mail_headers(&action.u.mail, "plant", MST_SLICE_LIT("k"),
			 MST_DELIVERY_OPEN, 16, &a, NOW, &out);
	sends("From: <muster@example.com>\r\n"
	      "To: <soc@example.com>,\r\n <ot@example.com>\r\n"
	      "Subject: [Major] PLC Program Update: ews-1 (10.0.0.9) -> "
	      "10.0.0.7\r\n"
	      "Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n"
	      "Message-ID: <iot-7a422eea8c88095807ddccc98dfffc42@example.com>"
	      "\r\nAuto-Submitted: auto-generated\r\n");
	a.title = MST_SLICE_LIT("\xc3\xa4\r\nBcc: x@example.com");
	mst_mail_headers(&action.u.mail, "plant", MST_SLICE_LIT("k"),
			 MST_DELIVERY_CLOSE, 17, &a, NOW, &out);
	assert_null(strstr(out.p, "Bcc"));
	assert_non_null(strstr(out.p, "Subject: =?UTF-8?B?"));
	assert_non_null(strstr(out.p, "In-Reply-To: <iot-"));
	mst_buf_reset(&out);
	mst_mail_text(&action.u.mail, MST_DELIVERY_CLOSE, &a, &out);
	assert_non_null(strstr(out.p, "2026-11-20 11:00:00 Europe/Berlin"));
	assert_non_null(strstr(out.p, "Source: ews-1 (10.0.0.9)"));
	mst_action_fini(&action);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_types),  TEST(test_incident_table), TEST(test_webhook),
	    TEST(test_syslog), TEST(test_mail_options),	  TEST(test_row),
	    TEST(test_mail),
	};

	return cmocka_run_group_tests_name("forward_action", tests, NULL, NULL);
}
