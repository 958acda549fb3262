/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of consoles and sensors: both ends of what the documents contradict
 * themselves in, the public response bodies, refusals and damage, options that
 * make no sense, and acknowledgements.
 */
#include "iot_drive.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/time.h"
#include "net/auth.h"
#include "source/iot/handle.h"

static struct drive d;

/* ---- options and token --------------------------------------------------- */

static void fails(const char *options, const char *part)
{
	t_failed(drive_try(&d, options), &d.err, MST_E_INVALID, part);
	drive_close(&d);
}

static void test_options(void **state MST_UNUSED)
{
	fails("url: https://console.example/?a=b\n", "");
	fails("pin: sha256//abc\n", "is no pin");
	fails("read: sensor\nlearning_sensors: skip\n",
	      "option learning_sensors is for a management console");
	fails("sync_frequency: 4\n", "sync_frequency");
	drive_open(&d, "read_from: /\n");
	t_failed(OPS->begin(d.s, OT_DEVICES, NULL, &d.err), &d.err,
		 MST_E_UNSUPPORTED, "reads a folder");
	drive_close(&d);
}

static void token_is(const char *token, const char *part)
{
	(void)setenv("MUSTER_TEST_IOT_TOKEN", token, 1);
	fails("token: env:MUSTER_TEST_IOT_TOKEN\n", part);
	assert_null(strstr(d.err.msg, "not-a-real"));
}

/* As it is, without a scheme, and to that host only. */
static void test_token(void **state MST_UNUSED)
{
	struct mst_buf header = MST_BUF_INIT(256);
	struct mst_source_auth auth[2];
	struct mst_req req;

	drive_open(&d, "url: https://Console.example:8443/path/\n");
	assert_int_equal(OPS->auths(d.s, auth, 2), 1);
	assert_string_equal(auth[0].name, "api");
	assert_string_equal(auth[0].hosts[0], "console.example:8443");
	assert_null(auth[0].hosts[1]);
	assert_int_equal(auth[0].auth->ops->begin(auth[0].auth, &req, &d.err),
			 0);
	t_ok(auth[0].auth->ops->header(auth[0].auth, &header, &d.err), &d.err);
	assert_string_equal(header.p, "Authorization: not-a-real-secret");
	mst_buf_fini(&header);
	drive_begin(&d, OT_SENSORS, NULL);
	drive_expect(&d, "https://Console.example:8443/path/external/v3/"
			 "integration/sensors");
	drive_close(&d);
	token_is("Bearer not-a-real-token", "without \"Bearer\"");
	token_is("authorization: not-a-real-token", "the token alone");
	token_is("not-a-real token", "blanks");
	token_is("not-a-real\ttoken", "blanks");
	token_is("", "empty");
}

/* ---- refusals ------------------------------------------------------------ */

static void refused(const char *options, unsigned feed, int status,
		    const char *body, enum mst_code code, const char *part)
{
	drive_open(&d, options);
	drive_begin(&d, feed, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	t_failed(drive_text(&d, status, body), &d.err, code, part);
	drive_close(&d);
}

static void test_refusals(void **state MST_UNUSED)
{
	static const char sensor[] = "read: sensor\n";

	refused("", OT_SENSORS, 401, "{\"error\":\"No such token\"}",
		MST_E_AUTH, "401, 'No such token'");
	assert_non_null(strstr(d.err.msg, "Access tokens"));
	assert_non_null(strstr(d.err.msg, "A sensor's token is not taken"));
	refused(sensor, OT_DEVICES, 403, "<html>", MST_E_AUTH,
		"not one of this sensor");
	refused("", OT_SENSORS, 404, "", MST_E_NOTFOUND, "10.5.3 or later");
	refused("", OT_APPLIANCES, 404, "", MST_E_NOTFOUND,
		"this console does not have it");
	refused(sensor, OT_DEVICES, 404, "", MST_E_NOTFOUND, "read: console");
	refused("", OT_ALERTS, 500,
		"{\"error\":{\"userDisplayErrorMessage\":\"Oh\","
		"\"internalSystemErrorMessage\":\"no\"}}",
		MST_E_TRANSIENT, "answer 500 'Oh'");
	refused("", OT_CONNECTIONS, 400, "{\"error\":\"a\\nb'c\"}",
		MST_E_INVALID, "400 'a b c'");
}

static void test_no_answer(void **state MST_UNUSED)
{
	struct mst_resp resp = drive_resp(0, mst_slice(NULL, 0));

	drive_open(&d, "");
	drive_begin(&d, OT_SENSORS, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	resp.outcome = MST_OUT_FAILED;
	mst_err_set(&resp.err, MST_E_TRANSIENT, "connection refused");
	t_failed(drive_give(&d, &d.req, &resp), &d.err, MST_E_TRANSIENT,
		 "sensors: connection refused");
	drive_close(&d);
}

/* ---- damage -------------------------------------------------------------- */

/* Asked for again, twice; then the run ends. */
static void damaged(const char *options, unsigned feed, const char *body,
		    const char *part)
{
	drive_open(&d, options);
	drive_begin(&d, feed, NULL);
	for (int i = 1; i < OT_TRIES; i++) {
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		assert_int_equal(drive_text(&d, 200, body), MST_TAKE_CONTROL);
	}
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	t_failed(drive_text(&d, 200, body), &d.err, MST_E_CORRUPT, part);
	drive_close(&d);
}

static void test_damage(void **state MST_UNUSED)
{
	static const char sensor[] = "read: sensor\n";

	damaged("", OT_SENSORS, "", "empty");
	damaged("", OT_SENSORS, "[{\"u_id\":1", "damaged answer");
	damaged("", OT_SENSORS, "{\"u_id\":1}", "it is no list");
	damaged("", OT_SENSORS, "[1,2]", "record 1 is no object");
	damaged("", OT_SENSORS, "{\"error\":\"Operation failed\"}",
		"with status 200: 'Operation failed'");
	damaged("", OT_DEVICES, "{\"u_count\":1}", "no list 'u_devices'");
	damaged("", OT_DEVICES, "{\"u_count\":1,\"u_devices\":{}}",
		"no list 'u_devices'");
	damaged(sensor, OT_DEVICES, "{\"error\":\"x\"}", "status 200");
	/* each list has something that the others do not have */
	damaged("", OT_SENSORS, "[{\"u_id\":1,\"u_device_type\":{}}]",
		"another list");
	damaged("", OT_DEVICES,
		"{\"u_count\":1,\"u_devices\":[{\"u_id\":1,\"u_cves\":[]}]}",
		"another list");
	damaged("", OT_CONNECTIONS,
		"{\"u_count\":1,\"u_connections\":[{\"u_id\":1}]}",
		"another list");
	damaged("", OT_ALERTS, "[{\"id\":1,\"name\":\"a\"}]", "another list");
	damaged(sensor, OT_DEVICES, "[{\"id\":1,\"title\":\"a\"}]",
		"another list");
	damaged(sensor, OT_DEVICE_CVES, "[{\"firstDeviceId\":1}]",
		"another list");
}

static void test_deleted_is_another_list(void **state MST_UNUSED)
{
	drive_open(&d, "");
	OPS->since(d.s, OT_DELETED_DEVICES, 1000000);
	drive_begin(&d, OT_DELETED_DEVICES, NULL);
	for (int i = 1; i <= OT_TRIES; i++) {
		int rc;

		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		/* of living devices: taken for deleted, all would be gone */
		rc = drive_text(&d, 200, "[{\"u_id\":1,\"u_name\":\"a\"}]");
		assert_int_equal(rc, i < OT_TRIES ? MST_TAKE_CONTROL
						  : -MST_E_CORRUPT);
	}
	drive_close(&d);
}

static void test_web_page(void **state MST_UNUSED)
{
	struct mst_resp resp = drive_resp(200, MST_SLICE_LIT("<html>Sign in"));

	resp.content_type = "text/html; charset=utf-8";
	drive_open(&d, "");
	drive_begin(&d, OT_SENSORS, NULL);
	for (int i = 1; i <= OT_TRIES; i++) {
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		if (i < OT_TRIES)
			assert_int_equal(drive_give(&d, &d.req, &resp),
					 MST_TAKE_CONTROL);
	}
	t_failed(drive_give(&d, &d.req, &resp), &d.err, MST_E_CORRUPT,
		 "web page");
	/* answers to what was given up change nothing */
	assert_int_equal(drive_give(&d, &d.req, &resp), MST_TAKE_CONTROL);
	drive_close(&d);
}

/* ---- contradictions ------------------------------------------------------ */

/* The number of records, taken as they are; the read is whole. */
static void takes(const char *options, unsigned feed, const char *json,
		  uint64_t records)
{
	char *text = mst_strdup(json);
	struct mst_proof p;

	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	drive_open(&d, options);
	OPS->since(d.s, feed, mst_now_us() - 60 * INT64_C(1000000));
	drive_begin(&d, feed, NULL);
	do {
		int rc = drive_next(&d);

		t_ok(rc, &d.err);
		if (rc == MST_NEXT_END)
			break;
		rc = drive_text(&d, 200, text);
		t_ok(rc, &d.err);
		assert_int_equal(rc, MST_TAKE_RECORDS);
	} while (true);
	OPS->proof(d.s, feed, &p);
	assert_true(p.complete);
	assert_int_equal(p.records, records);
	drive_close(&d);
	free(text);
}

static void test_contradictions(void **state MST_UNUSED)
{
	static const char sensor[] = "read: sensor\n";

	/* ids: numbers and texts; capitals and none */
	takes("", OT_SENSORS,
	      "[{'u_id':1,'u_connection_state':'SYNCED'},{'U_ID':'2',"
	      "'U_Connection_State':'OUT_OF_SYNC'}]",
	      2);
	/* a device's type: an object, as in the example; a text, as in the
	 * table; addresses and firmware in all forms */
	takes("", OT_DEVICES,
	      "{'u_count':2,'u_devices':[{'u_id':1,'u_device_type':{'u_name':"
	      "'PLC'},'u_ip_address_objects':[{'u_ip_address':'10.0.0.1',"
	      "'u_guessed_mac_address':[]}],'u_sensor_ids':[{'u_sensor_id':1}]"
	      "},{'u_id':'2','u_device_type':'PLC','u_sensor_ids':"
	      "[{'u_sensor_id':'1'}],'u_operating_system':''}]}",
	      2);
	/* the count as a text */
	takes("", OT_CONNECTIONS,
	      "{'u_count':'1','u_connections':[{'u_src_device_id':1,"
	      "'u_dest_device_id':2,'u_connection_type':'Two Way'}]}",
	      1);
	takes("", OT_DEVICE_CVES,
	      "{'u_count':1,'u_device_cves':[{'u_id':1,'u_cves':[{'u_cve_id':"
	      "'CVE-1','u_address':'10.0.0.1','u_score':'10.0'}]}]}",
	      1);
	takes("", OT_DELETED_DEVICES, "[{'u_id':7},{'u_id':'8'}]", 2);
	/* states of appliances: an object, as in the example; a text */
	takes("", OT_APPLIANCES,
	      "[{'id':1,'interfaceAddress':'https://a','state':{"
	      "'connectionState':{'description':'x'}}},{'id':2,"
	      "'interfaceAddress':'b','state':'SYNCED'}]",
	      2);
	takes("", OT_ALERTS,
	      "[{'ID':1,'title':'t','additionalinformation':null,"
	      "'sourceDevice':0},{'id':2,'title':'t','severity':'Major',"
	      "'additionalInformation':{'description':'d','information':[]}}]",
	      2);
	/* nothing is null */
	takes(sensor, OT_DEVICES,
	      "[{'id':1,'type':'PLC','macAddresses':null,'ipAddresses':null,"
	      "'protocols':null,'firmware':[]},{'id':2,'type':'HMI',"
	      "'macAddresses':['02:00:5e:10:00:01'],'hasDynamicAddress':true}]",
	      2);
	takes(sensor, OT_CONNECTIONS,
	      "[{'firstDeviceId':1,'secondDeviceId':2,'lastSeen':1,"
	      "'discovered':2,'ports':null,'protocols':null}]",
	      1);
	takes(sensor, OT_DEVICE_CVES,
	      "[{'cveId':'CVE-1','ipAddress':'10.0.0.1','score':'9.3',"
	      "'attackVector':'NETWORK'},{'cveId':'CVE-1','ipAddress':"
	      "'10.0.0.1','score':9.3,'attackVector':'Network'}]",
	      2);
}

/* ---- the public response bodies ------------------------------------------ */

static void sample(const char *options, unsigned feed, const char *file,
		   uint64_t records)
{
	char *path = mst_asprintf("%s/iot/%s", t_samples(), file);
	struct mst_buf text = MST_BUF_INIT(1u << 20);

	t_ok(mst_file_read(path, &text, &d.err), &d.err);
	mst_buf_addc(&text, '\0');
	takes(options, feed, text.p, records);
	mst_buf_fini(&text);
	free(path);
}

static void test_samples(void **state MST_UNUSED)
{
	if (!t_samples())
		skip();
	sample("", OT_SENSORS, "om-integration-v3-sensors.json", 1);
	sample("", OT_APPLIANCES, "om-v1-appliances.json", 1);
	sample("", OT_DELETED_DEVICES, "om-integration-v3-deleteddevices.json",
	       5);
	sample("", OT_DEVICE_CVES, "om-integration-v3-devicecves.json", 2);
	sample("read: sensor\n", OT_CONNECTIONS,
	       "sensor-v1-devices-connections.json", 2);
	sample("read: sensor\n", OT_DEVICE_CVES, "sensor-v1-devices-cves.json",
	       2);
	sample("read: sensor\n", OT_ALERTS, "sensor-v1-alerts.json", 2);
}

/* ---- acknowledging an alert ---------------------------------------------- */

static void test_handle(void **state MST_UNUSED)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_req req;

	drive_open(&d, "");
	t_ok(mst_iot_handle(d.s, MST_SLICE_LIT("1-1594550943000"),
			    MST_IOT_HANDLE, &req, &err),
	     &err);
	assert_string_equal(req.url, "https://console.example/external/v1/"
				     "alerts/1-1594550943000");
	assert_int_equal(req.method, MST_HTTP_PUT);
	assert_string_equal(req.auth, "api");
	t_is(req.body, "{\"action\":\"handle\"}");
	mst_req_fini(&req);
	t_ok(mst_iot_handle(d.s, MST_SLICE_LIT("7903F632-H7EJ/../x"),
			    MST_IOT_HANDLE_AND_LEARN, &req, &err),
	     &err);
	assert_string_equal(req.url, "https://console.example/external/v1/"
				     "alerts/7903F632-H7EJ%2F..%2Fx");
	t_is(req.body, "{\"action\":\"handleAndLearn\"}");
	mst_req_fini(&req);
	t_failed(
	    mst_iot_handle(d.s, MST_SLICE_LIT(""), MST_IOT_HANDLE, &req, &err),
	    &err, MST_E_INVALID, "no UUID");
	t_failed(mst_iot_handle(d.s, MST_SLICE_LIT("a b"), MST_IOT_HANDLE, &req,
				&err),
		 &err, MST_E_INVALID, "none");
	drive_close(&d);
	drive_open(&d, "read: sensor\n");
	t_failed(mst_iot_handle(d.s, MST_SLICE_LIT("1-1"), MST_IOT_HANDLE, &req,
				&err),
		 &err, MST_E_UNSUPPORTED, "management console");
	drive_close(&d);
}

static void handled(int status, const char *body, enum mst_iot_handled want,
		    const char *part)
{
	struct mst_resp resp = drive_resp(status, mst_slice_str(body));
	char why[100];

	if (!status) {
		resp.outcome = MST_OUT_UNCERTAIN;
		mst_err_set(&resp.err, MST_E_UNCERTAIN, "reset");
	}
	assert_int_equal(mst_iot_handle_answer(&resp, why, sizeof(why)), want);
	if (!strstr(why, part))
		fail_msg("'%s' does not say '%s'", why, part);
}

static void test_handled(void **state MST_UNUSED)
{
	handled(200,
		"{\"content\":\"Alert update request finished "
		"successfully\"}",
		MST_IOT_DONE, "finished");
	handled(200, "{\"content\":\"Alert was already handled (handle).\"}",
		MST_IOT_ALREADY, "already");
	handled(200,
		"{\"content\":\"Alert was already handled and learned "
		"(handleAndLearn).\"}",
		MST_IOT_ALREADY, "learned");
	handled(200,
		"{\"content\":\"Alert was already handled and learned "
		"(handleAndLearn). Ignored handle request.\"}",
		MST_IOT_ALREADY, "Ignored");
	handled(
	    200,
	    "{\"content\":\"Alert was already handled (handled). Handle and "
	    "learn (handleAndLearn) was performed on the alert.\"}",
	    MST_IOT_DONE, "performed");
	handled(200, "<html>", MST_IOT_LATER, "says nothing");
	handled(200, "{}", MST_IOT_LATER, "says nothing");
	handled(500,
		"{\"error\":\"Couldn't execute request because no alert was "
		"found for this UUID.\"}",
		MST_IOT_UNKNOWN, "no alert was found");
	handled(500, "{\"error\":\"Invalid action\"}", MST_IOT_REFUSED,
		"Invalid action");
	handled(500, "{\"error\":\"Internal\\u0007 error\"}", MST_IOT_LATER,
		"Internal  error");
	handled(404, "", MST_IOT_REFUSED, "");
	handled(503, "", MST_IOT_LATER, "no answer");
	handled(401, "{\"error\":\"token\"}", MST_IOT_LATER, "token");
	handled(0, "", MST_IOT_LATER, "reset");
}

/* ---- what records lack --------------------------------------------------- */

/* One page of a feed whose count is right; why: what its proof says, "" where
 * it is complete. */
static void proves(const char *options, unsigned feed, const char *body,
		   const char *why)
{
	struct mst_proof p;

	drive_open(&d, options);
	drive_begin(&d, feed, NULL);
	while (drive_next(&d) == MST_NEXT_REQUEST)
		t_ok(drive_text(&d, 200, body), &d.err);
	OPS->proof(d.s, feed, &p);
	if (!strstr(p.why, why) || p.complete != !*why)
		fail_msg("%s: '%s'", body, p.why);
	drive_close(&d);
}

#define DEVICE(more)                                                           \
	"{\"u_count\":2,\"u_devices\":[{\"u_id\":1,\"u_device_type\":{}},"     \
	"{\"u_device_type\":{}" more "}]}"
#define LINKED(dest)                                                           \
	"{\"u_count\":1,\"u_connections\":[{\"u_src_device_id\":1," dest       \
	"\"u_connection_type\":\"One Way\"}]}"
#define CVES(more) "{\"u_count\":1,\"u_device_cves\":[{\"u_id\":1" more "}]}"

/* The number is right, and what is behind some of them is not known. */
static void test_lacking(void **state MST_UNUSED)
{
	static const char sensor[] = "read: sensor\n";
	static const char lists[] = "1 of 1 records have null";

	proves("", OT_DEVICES, DEVICE(",\"u_id\":2"), "");
	proves("", OT_DEVICES, DEVICE(",\"u_id\":null"),
	       "OT devices: 1 of 2 records have no id");
	proves("", OT_DEVICES, DEVICE(",\"u_id\":\"N/A\""), "have no id");
	proves("", OT_DEVICES, DEVICE(",\"u_id\":0"), "have no id");
	proves("", OT_DEVICES, DEVICE(""), "have no id");
	proves("", OT_DEVICES,
	       DEVICE(",\"u_id\":2,\"u_ip_address_objects\":null"),
	       "1 of 2 records have null");
	proves("", OT_DEVICES,
	       DEVICE(",\"u_id\":2,\"u_ip_address_objects\":[]"), "");
	proves("", OT_CONNECTIONS, LINKED("\"u_dest_device_id\":2,"), "");
	proves("", OT_CONNECTIONS, LINKED("\"u_dest_device_id\":0,"), "");
	proves("", OT_CONNECTIONS, LINKED("\"u_dest_device_id\":null,"),
	       "1 of 1 records have no id");
	proves("", OT_DEVICE_CVES, CVES(",\"u_cves\":[]"), "");
	proves("", OT_DEVICE_CVES, CVES(",\"u_cves\":null"), lists);
	proves("", OT_DEVICE_CVES, CVES(",\"u_cves\":[{\"u_score\":\"1\"}]"),
	       lists);
	/* v1 has null for none */
	proves(sensor, OT_DEVICES,
	       "[{\"id\":1,\"macAddresses\":null,\"ipAddresses\":null}]", "");
	proves(sensor, OT_DEVICES, "[{\"id\":null,\"macAddresses\":[]}]",
	       "have no id");
	proves(sensor, OT_CONNECTIONS,
	       "[{\"firstDeviceId\":1,\"secondDeviceId\":null}]", "have no id");
	proves(sensor, OT_DEVICE_CVES,
	       "[{\"cveId\":\"CVE-2020-1\",\"ipAddress\":null}]", "have no id");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_options),
	    cmocka_unit_test(test_token),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_no_answer),
	    cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_lacking),
	    cmocka_unit_test(test_deleted_is_another_list),
	    cmocka_unit_test(test_web_page),
	    cmocka_unit_test(test_contradictions),
	    cmocka_unit_test(test_samples),
	    cmocka_unit_test(test_handle),
	    cmocka_unit_test(test_handled),
	};

	return cmocka_run_group_tests_name("iot-answers", tests, NULL, NULL);
}
