/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers that are none, or not all: what is asked for again, what puts a read
 * in doubt, and what ends it.
 */
#include "cloudapps_drive.h"

#include <stdio.h>
#include <stdlib.h>

#define GRAPH "https://graph.microsoft.com/beta"
#define BASE  GRAPH "/security/dataDiscovery/cloudAppDiscovery/uploadedStreams"
#define APPS  "/aggregatedAppsDetails(period=duration'P30D')"
#define NS                                                                     \
	"/microsoft.graph.security.aggregatedAppsDetails("                     \
	"period=duration'P30D')"
#define STREAM "{\"value\":[{\"id\":\"s1\",\"displayName\":\"One\"}]}"
#define TWO    "{\"value\":[{\"id\":\"s1\"},{\"id\":\"s2\"}]}"
#define NEXT   ",\"@odata.nextLink\":\"" GRAPH "/p2\"}"
#define OTHER  ",\"@odata.nextLink\":\"" GRAPH "/p3\"}"

static struct drive d;

static void open_with(const char *options, const char *streams)
{
	drive_open(&d, options);
	drive_begin(&d, CA_STREAMS, NULL);
	drive_expect(&d, BASE);
	(void)drive_text(&d, 200, streams);
	assert_true(drive_end(&d, CA_STREAMS).complete);
}

/* Two apps of the stream s1, with two users and with none. */
static void open_apps(const char *options)
{
	open_with(options, STREAM);
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s1" APPS);
	(void)drive_text(&d, 200,
			 "{\"value\":[{\"id\":\"1\",\"userCount\":2},"
			 "{\"id\":\"2\",\"userCount\":0}]}");
	assert_true(drive_end(&d, CA_APPS).complete);
}

static void ends(int status, const char *body, enum mst_code code,
		 const char *part)
{
	int rc = drive_text(&d, status, body);

	assert_true(rc < 0);
	if (d.err.code != code || !strstr(d.err.msg, part))
		fail_msg("%d: %s", d.err.code, d.err.msg);
	mst_err_clear(&d.err);
}

static void doubts(unsigned feed, const char *part)
{
	struct mst_proof p = drive_end(&d, feed);

	assert_false(p.complete);
	if (!strstr(p.why, part))
		fail_msg("%s", p.why);
}

/* ---- streams ------------------------------------------------------------- */

static void test_streams_refused(void **state MST_UNUSED)
{
	static const struct {
		int status;
		const char *body;
		enum mst_code code;
		const char *part;
	} all[] = {
	    {403, "{\"error\":{\"code\":\"Forbidden\"}}", MST_E_FORBIDDEN,
	     "'CloudApp-Discovery.Read.All' of Microsoft Graph"},
	    {401, "", MST_E_AUTH, "CloudApp-Discovery.Read.All"},
	    {429, "", MST_E_THROTTLED, "throttled"},
	    {500, "{\"error\":{\"code\":\"x\",\"message\":\"it's\"}}",
	     MST_E_TRANSIENT, "500 x 'it s'"},
	};

	for (size_t i = 0; i < MST_LEN(all); i++) {
		drive_open(&d, "");
		drive_begin(&d, CA_STREAMS, NULL);
		drive_expect(&d, BASE);
		ends(all[i].status, all[i].body, all[i].code, all[i].part);
		drive_close(&d);
	}
	drive_open(&d, "");
	drive_begin(&d, CA_STREAMS, NULL);
	drive_expect(&d, BASE);
	assert_int_equal(drive_text(&d, 404, ""), MST_TAKE_CONTROL);
	drive_expect(&d,
		     GRAPH "/dataDiscovery/cloudAppDiscovery/uploadedStreams");
	ends(404, "", MST_E_NOTFOUND, "not found (404)");
	drive_close(&d);
}

static void test_no_stream(void **state MST_UNUSED)
{
	drive_open(&d, "");
	drive_begin(&d, CA_STREAMS, NULL);
	drive_expect(&d, BASE);
	assert_int_equal(drive_text(&d, 200, "{\"value\":[]}"),
			 MST_TAKE_RECORDS);
	doubts(CA_STREAMS, "the list is empty");
	drive_begin(&d, CA_APPS, NULL);
	doubts(CA_APPS, "there is no stream");
	drive_close(&d);
	/* a setting that fits nothing is an error, not an empty list */
	open_with("streams: [other]\n", STREAM);
	assert_true(OPS->begin(d.s, CA_APPS, NULL, &d.err) < 0);
	assert_int_equal(d.err.code, MST_E_NOTFOUND);
	assert_non_null(strstr(d.err.msg, "setting streams"));
	drive_close(&d);
}

/* What is wrong with the list of streams is wrong with all that hangs on it. */
static void test_doubtful_streams(void **state MST_UNUSED)
{
	drive_open(&d, "");
	drive_begin(&d, CA_STREAMS, NULL);
	drive_expect(&d, BASE);
	(void)drive_text(
	    &d, 200, "{\"value\":[{\"id\":\"s1\"},{\"displayName\":\"x\"}]}");
	doubts(CA_STREAMS, "no usable id");
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s1" APPS);
	(void)drive_text(&d, 200, "{\"value\":[{\"id\":\"1\"}]}");
	doubts(CA_APPS,
	       "streams of cloud discovery: a stream has no usable id");
	drive_close(&d);
}

/* ---- damage -------------------------------------------------------------- */

static void test_damaged(void **state MST_UNUSED)
{
	static const char *const bad[] = {"",
					  "{\"value\":[",
					  "{\"value\":7}",
					  "{\"value\":[7]}",
					  "{}",
					  "{\"error\":{\"code\":\"x\"}}",
					  "[[]]",
					  "7"};

	for (size_t i = 0; i < MST_LEN(bad); i++) {
		open_with("", STREAM);
		drive_begin(&d, CA_APPS, NULL);
		for (int k = 1; k < CA_TRIES; k++) {
			drive_expect(&d, BASE "/s1" APPS);
			assert_int_equal(drive_text(&d, 200, bad[i]),
					 MST_TAKE_CONTROL);
		}
		drive_expect(&d, BASE "/s1" APPS);
		ends(200, bad[i], MST_E_CORRUPT, "damaged");
		drive_close(&d);
	}
}

static void test_web_page(void **state MST_UNUSED)
{
	struct mst_resp resp =
	    drive_resp(200, MST_SLICE_LIT("<html>log in</html>"));
	int rc = 0;

	drive_open(&d, "");
	drive_begin(&d, CA_STREAMS, NULL);
	resp.content_type = "text/html";
	for (int k = 0; k < CA_TRIES; k++) {
		drive_expect(&d, BASE);
		rc = drive_give(&d, &d.req, &resp);
	}
	assert_true(rc < 0);
	assert_non_null(strstr(d.err.msg, "proxy"));
	drive_close(&d);
}

static void test_shapes(void **state MST_UNUSED)
{
	open_with("", "[{\"ID\":7,\"DisplayName\":\"x\"}]");
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/7" APPS);
	(void)drive_text(&d, 200, "{\"Value\":[{\"Id\":\"a\"}]}");
	assert_true(drive_end(&d, CA_APPS).complete);
	drive_begin(&d, CA_INFO, NULL);
	drive_expect(&d, BASE "/7" APPS "/a/appInfo");
	/* nothing is known of it: there is no part */
	assert_int_equal(drive_text(&d, 200, "{\"value\":null}"),
			 MST_TAKE_CONTROL);
	assert_true(drive_end(&d, CA_INFO).complete);
	drive_close(&d);
}

/* ---- links --------------------------------------------------------------- */

static void test_link_dies(void **state MST_UNUSED)
{
	open_with("", STREAM);
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s1" APPS);
	(void)drive_text(&d, 200, "{\"value\":[{\"id\":\"1\"}]" NEXT);
	drive_expect(&d, GRAPH "/p2");
	assert_int_equal(drive_text(&d, 410, ""), MST_TAKE_CONTROL);
	/* from the start, in the place of what was kept */
	drive_expect(&d, BASE "/s1" APPS);
	assert_string_equal(d.req.part, "s1");
	assert_true(d.req.anew);
	(void)drive_text(&d, 200, "{\"value\":[{\"id\":\"1\"}]" NEXT);
	drive_expect(&d, GRAPH "/p2");
	assert_string_equal(d.req.part, "s1,2");
	assert_false(d.req.anew);
	(void)drive_text(&d, 200, "{\"value\":[{\"id\":\"2\"}]}");
	assert_true(drive_end(&d, CA_APPS).complete);
	drive_close(&d);
}

static void test_circle(void **state MST_UNUSED)
{
	int rc = 0;

	open_with("", STREAM);
	drive_begin(&d, CA_APPS, NULL);
	for (int i = 0; i <= CA_RESTARTS; i++) {
		drive_expect(&d, BASE "/s1" APPS);
		(void)drive_text(&d, 200, "{\"value\":[{\"id\":\"1\"}]" NEXT);
		drive_expect(&d, GRAPH "/p2");
		rc = drive_text(&d, 200, "{\"value\":[{\"id\":\"2\"}]" NEXT);
		assert_true(rc == MST_TAKE_RECORDS || i == CA_RESTARTS);
	}
	assert_true(rc < 0);
	assert_int_equal(d.err.code, MST_E_INCOMPLETE);
	drive_close(&d);
}

static void test_strange_host(void **state MST_UNUSED)
{
	open_with("", STREAM);
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s1" APPS);
	ends(200,
	     "{\"value\":[],\"@odata.nextLink\":"
	     "\"https://graph.microsoft.com.evil.example/\"}",
	     MST_E_INVALID, "token is not sent there");
	drive_close(&d);
}

static void test_list_moves(void **state MST_UNUSED)
{
	open_with("", STREAM);
	drive_begin(&d, CA_APPS, NULL);
	for (int i = 0; i < 2; i++) {
		drive_expect(&d, BASE "/s1" APPS);
		(void)drive_text(&d, 200, "{\"value\":[{\"id\":\"1\"}]" NEXT);
		drive_expect(&d, GRAPH "/p2");
		(void)drive_text(&d, 200, "{\"value\":[{\"id\":\"1\"}]" OTHER);
		drive_expect(&d, GRAPH "/p3");
		(void)drive_text(&d, 200, "{\"value\":[{\"id\":\"2\"}]}");
	}
	doubts(CA_APPS, "came twice");
	drive_close(&d);
}

/* ---- lists that are not there -------------------------------------------- */

static void test_stream_without_apps(void **state MST_UNUSED)
{
	open_with("", TWO);
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s1" APPS);
	(void)drive_text(&d, 404, "");
	drive_expect(&d, BASE "/s1" NS);
	assert_int_equal(drive_text(&d, 404, ""), MST_TAKE_CONTROL);
	drive_expect(&d, BASE "/s2" APPS);
	(void)drive_text(&d, 200, "{\"value\":[]}");
	doubts(CA_APPS, "has no list of apps");
	/* of none */
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s1" APPS);
	assert_int_equal(drive_text(&d, 404, ""), MST_TAKE_CONTROL);
	drive_expect(&d, BASE "/s2" APPS);
	ends(404, "", MST_E_NOTFOUND, "404");
	drive_close(&d);
	open_with("", STREAM);
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s1" APPS);
	(void)drive_text(&d, 404, "");
	drive_expect(&d, BASE "/s1" NS);
	ends(404, "", MST_E_NOTFOUND, "404");
	drive_close(&d);
}

static void test_info_elsewhere(void **state MST_UNUSED)
{
	open_with("", TWO);
	drive_begin(&d, CA_APPS, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		(void)drive_text(&d, 200,
				 i ? "{\"value\":[{\"id\":\"1\"}]}"
				   : "{\"value\":[{\"id\":\"1\"},"
				     "{\"id\":\"2\"}]}");
	}
	assert_true(drive_end(&d, CA_APPS).complete);
	drive_begin(&d, CA_INFO, NULL);
	drive_expect(&d, BASE "/s1" APPS "/1/appInfo");
	assert_int_equal(drive_text(&d, 404, ""), MST_TAKE_CONTROL);
	drive_expect(&d, BASE "/s2" APPS "/1/appInfo");
	assert_string_equal(d.req.part, "s2,1");
	(void)drive_text(&d, 200, "{\"vendor\":\"x\"}");
	drive_expect(&d, BASE "/s1" APPS "/2/appInfo");
	assert_int_equal(drive_text(&d, 404, ""), MST_TAKE_CONTROL);
	doubts(CA_INFO, "nothing is known of app 2");
	drive_close(&d);
}

static void test_no_info_at_all(void **state MST_UNUSED)
{
	open_apps("");
	drive_begin(&d, CA_INFO, NULL);
	drive_expect(&d, BASE "/s1" APPS "/1/appInfo");
	assert_int_equal(drive_text(&d, 404, ""), MST_TAKE_CONTROL);
	drive_expect(&d, BASE "/s1" APPS "/2/appInfo");
	ends(404, "", MST_E_NOTFOUND, "404");
	drive_close(&d);
}

/* ---- users --------------------------------------------------------------- */

/* A list of one user, or of two. */
static const char *users_of(const char *names)
{
	static char out[128];

	(void)snprintf(out, sizeof(out), "{\"value\":[");
	for (const char *p = names; *p; p++)
		(void)snprintf(out + strlen(out), sizeof(out) - strlen(out),
			       "%s{\"userIdentifier\":\"%c\"}",
			       p > names ? "," : "", *p);
	(void)snprintf(out + strlen(out), sizeof(out) - strlen(out), "]}");
	return out;
}

static void expect_users(const char *app, bool anew, const char *names)
{
	char url[256];

	(void)snprintf(url, sizeof(url), BASE "/s1" APPS "/%s/users", app);
	drive_expect(&d, url);
	assert_int_equal(d.req.anew, anew);
	assert_int_equal(drive_text(&d, 200, users_of(names)),
			 MST_TAKE_RECORDS);
}

/* Three apps with as many users each. */
static void open_alike(unsigned count)
{
	char apps[256];

	open_with("allow_user_synchronization: yes\n", STREAM);
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s1" APPS);
	(void)snprintf(apps, sizeof(apps),
		       "{\"value\":[{\"id\":\"1\",\"userCount\":%u},"
		       "{\"id\":\"2\",\"userCount\":%u},"
		       "{\"id\":\"3\",\"userCount\":%u}]}",
		       count, count, count);
	(void)drive_text(&d, 200, apps);
	assert_true(drive_end(&d, CA_APPS).complete);
	drive_begin(&d, CA_USERS, NULL);
}

/* The list of one app for that of another has the right length: both are asked
 * for again, whichever came first. */
static void test_users_of_another(void **state MST_UNUSED)
{
	struct mst_proof p;

	/* it is so */
	open_alike(2);
	expect_users("1", false, "ab");
	expect_users("2", false, "ba");
	expect_users("2", true, "ab");
	expect_users("1", true, "ab");
	/* those two need not be asked a third time */
	expect_users("3", false, "ab");
	expect_users("3", true, "ba");
	p = drive_end(&d, CA_USERS);
	assert_true(p.complete);
	assert_int_equal(p.records, 6);
	drive_close(&d);
	/* the second was wrong; whether others are is not known */
	open_alike(1);
	expect_users("1", false, "a");
	expect_users("2", false, "a");
	expect_users("2", true, "b");
	expect_users("1", true, "a");
	expect_users("3", false, "c");
	doubts(CA_USERS, "the users of app 2 named others when it was asked");
	drive_close(&d);
	/* the first was */
	open_alike(1);
	expect_users("1", false, "b");
	expect_users("2", false, "b");
	expect_users("2", true, "b");
	expect_users("1", true, "a");
	expect_users("3", false, "c");
	doubts(CA_USERS, "the users of app 1 named others when it was asked");
	drive_close(&d);
	/* the length shows that something is wrong, but not which answer */
	open_alike(2);
	expect_users("1", false, "ab");
	expect_users("2", false, "c");
	expect_users("2", true, "ef");
	expect_users("3", false, "gh");
	doubts(CA_USERS, "the users of app 2 named others when it was asked");
	drive_close(&d);
}

/* Where everybody has the same apps it is not asked for ever. */
static void test_all_alike(void **state MST_UNUSED)
{
	struct mst_buf apps = MST_BUF_INIT(1u << 16);
	unsigned asked = 0;
	struct mst_proof p;

	mst_buf_adds(&apps, "{\"value\":[");
	for (unsigned i = 0; i < CA_LAGS + 10; i++)
		mst_buf_addf(&apps, "%s{\"id\":\"%u\",\"userCount\":1}",
			     i ? "," : "", i);
	mst_buf_adds(&apps, "]}");
	open_with("allow_user_synchronization: yes\n", STREAM);
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s1" APPS);
	(void)drive_text(&d, 200, apps.p);
	assert_true(drive_end(&d, CA_APPS).complete);
	drive_begin(&d, CA_USERS, NULL);
	while (drive_next(&d) == MST_NEXT_REQUEST) {
		(void)drive_text(&d, 200, users_of("a"));
		asked++;
	}
	assert_int_equal(asked, 2 * CA_LAGS + 10);
	p = drive_end(&d, CA_USERS);
	assert_true(p.complete);
	assert_int_equal(p.records, CA_LAGS + 10);
	drive_close(&d);
	mst_buf_fini(&apps);
}

static void test_empty_users(void **state MST_UNUSED)
{
	open_apps("allow_user_synchronization: yes\n");
	drive_begin(&d, CA_USERS, NULL);
	for (int i = 0; i < 2; i++) {
		drive_expect(&d, BASE "/s1" APPS "/1/users");
		(void)drive_text(&d, 200, "{\"value\":[]}");
	}
	drive_expect(&d, BASE "/s1" APPS "/2/users");
	(void)drive_text(&d, 200, "{\"value\":[]}");
	doubts(CA_USERS, "the users of app 1 ends after 0, though it has 2");
	drive_close(&d);
}

/* A full page that says nothing of a next one. */
static void test_cut_users(void **state MST_UNUSED)
{
	struct mst_buf page = MST_BUF_INIT(1u << 16);

	mst_buf_adds(&page, "{\"value\":[");
	for (unsigned i = 0; i < 100; i++)
		mst_buf_addf(&page, "%s{\"userIdentifier\":\"u%u@x\"}",
			     i ? "," : "", i);
	mst_buf_adds(&page, "]}");
	for (unsigned count = 99; count < 103; count += 3) {
		char apps[128];

		open_with("allow_user_synchronization: yes\n", STREAM);
		drive_begin(&d, CA_APPS, NULL);
		drive_expect(&d, BASE "/s1" APPS);
		(void)snprintf(apps, sizeof(apps),
			       "{\"value\":[{\"id\":\"1\",\"userCount\":%u}]}",
			       count);
		(void)drive_text(&d, 200, apps);
		assert_true(drive_end(&d, CA_APPS).complete);
		drive_begin(&d, CA_USERS, NULL);
		for (int i = 0; i < 2; i++) {
			drive_expect(&d, BASE "/s1" APPS "/1/users");
			(void)drive_text(&d, 200, page.p);
		}
		if (count > 100)
			doubts(CA_USERS, "ends after 100, though it has 102");
		else
			assert_true(drive_end(&d, CA_USERS).complete);
		drive_close(&d);
	}
	mst_buf_fini(&page);
}

/* Of another length than the app says: asked for once more, and believed then;
 * where that never helps, not asked any more. What was replaced is not counted:
 * it would look like records that were lost. */
static void test_other_length(void **state MST_UNUSED)
{
	struct mst_buf apps = MST_BUF_INIT(1u << 16);
	char users[64];
	struct mst_proof p;
	unsigned asked = 0;

	mst_buf_adds(&apps, "{\"value\":[");
	for (unsigned i = 0; i < CA_LAGS + 10; i++)
		mst_buf_addf(&apps, "%s{\"id\":\"%u\",\"userCount\":3}",
			     i ? "," : "", i);
	mst_buf_adds(&apps, "]}");
	open_with("allow_user_synchronization: yes\n", STREAM);
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s1" APPS);
	(void)drive_text(&d, 200, apps.p);
	assert_true(drive_end(&d, CA_APPS).complete);
	drive_begin(&d, CA_USERS, NULL);
	while (drive_next(&d) == MST_NEXT_REQUEST) {
		/* everybody has another app */
		(void)snprintf(users, sizeof(users),
			       "{\"value\":[{\"userIdentifier\":\"%s\"}]}",
			       d.req.part);
		assert_int_equal(drive_text(&d, 200, users), MST_TAKE_RECORDS);
		asked++;
	}
	assert_int_equal(asked, 2 * CA_LAGS + 10);
	p = drive_end(&d, CA_USERS);
	assert_true(p.complete);
	assert_int_equal(p.records, CA_LAGS + 10);
	drive_close(&d);
	mst_buf_fini(&apps);
}

/* A server that answers with what it was asked before. */
static void test_repeats(void **state MST_UNUSED)
{
	static const char one[] = "{\"value\":[{\"id\":\"1\"}]}";

	open_with("", TWO);
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s1" APPS);
	assert_int_equal(drive_text(&d, 200, TWO), MST_TAKE_CONTROL);
	drive_expect(&d, BASE "/s1" APPS);
	(void)drive_text(&d, 200, one);
	drive_expect(&d, BASE "/s2" APPS);
	assert_int_equal(drive_text(&d, 200, one), MST_TAKE_RESTART);
	/* it may be true */
	drive_expect(&d, BASE "/s1" APPS);
	(void)drive_text(&d, 200, one);
	drive_expect(&d, BASE "/s2" APPS);
	assert_int_equal(drive_text(&d, 200, one), MST_TAKE_RECORDS);
	assert_true(drive_end(&d, CA_APPS).complete);
	drive_close(&d);
}

/* A stream that received data and shows nothing of it. */
static void test_alive(void **state MST_UNUSED)
{
#define AT(time) "\"lastDataReceivedDateTime\":\"" time "\"}"
	open_with(
	    "",
	    "{\"value\":[{\"id\":\"s1\"," AT(
		"2026-11-10T00:00:00Z") ",{\"id\":\"s2\"," AT("2026-09-10T00:"
							      "00:00Z") "]}");
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s1" APPS);
	(void)drive_text(&d, 200, "{\"value\":[{\"id\":\"1\"}]}");
	drive_expect(&d, BASE "/s2" APPS); /* it is silent for long */
	(void)drive_text(&d, 200, "{\"value\":[]}");
	assert_true(drive_end(&d, CA_APPS).complete);
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s1" APPS);
	assert_int_equal(drive_text(&d, 200, "{\"value\":[]}"),
			 MST_TAKE_RESTART);
	drive_expect(&d, BASE "/s1" APPS);
	(void)drive_text(&d, 200, "{\"value\":[]}");
	drive_expect(&d, BASE "/s2" APPS);
	(void)drive_text(&d, 200, "{\"value\":[]}");
	doubts(CA_APPS, "shows no app, though it received data");
	drive_close(&d);
#undef AT
}

static void test_users_not_found(void **state MST_UNUSED)
{
	open_apps("allow_user_synchronization: yes\n");
	drive_begin(&d, CA_USERS, NULL);
	/* some of these are wrong */
	drive_expect(&d, BASE "/s1" APPS "/1/users");
	assert_int_equal(drive_text(&d, 404, ""), MST_TAKE_CONTROL);
	/* then it is the first answer, of another length */
	for (int i = 0; i < 2; i++) {
		drive_expect(&d, BASE "/s1" APPS "/1/users");
		(void)drive_text(&d, 200, users_of("a"));
	}
	/* nobody uses it */
	drive_expect(&d, BASE "/s1" APPS "/2/users");
	assert_int_equal(drive_text(&d, 404, ""), MST_TAKE_CONTROL);
	assert_true(drive_end(&d, CA_USERS).complete);
	drive_begin(&d, CA_USERS, NULL);
	for (int i = 0; i < 2; i++) {
		drive_expect(&d, BASE "/s1" APPS "/1/users");
		assert_int_equal(drive_text(&d, i ? 404 : 400, ""),
				 MST_TAKE_CONTROL);
	}
	drive_expect(&d, BASE "/s1" APPS "/2/users");
	(void)drive_text(&d, 200, "{\"value\":[]}");
	doubts(CA_USERS, "ends after 0");
	drive_close(&d);
}

static void test_late_answers(void **state MST_UNUSED)
{
	struct mst_resp resp = drive_resp(200, MST_SLICE_LIT(STREAM));
	struct mst_req old;

	drive_open(&d, "");
	drive_begin(&d, CA_STREAMS, NULL);
	drive_expect(&d, BASE);
	old = d.req;
	d.has_req = false;
	drive_begin(&d, CA_STREAMS, NULL);
	drive_expect(&d, BASE);
	assert_int_equal(drive_give(&d, &old, &resp), MST_TAKE_CONTROL);
	mst_req_fini(&old);
	(void)drive_text(&d, 200, STREAM);
	assert_true(drive_end(&d, CA_STREAMS).complete);
	drive_close(&d);
}

/* ---- the permission ------------------------------------------------------ */

static void test_permission(void **state MST_UNUSED)
{
	struct mst_check c[4];

	ms_check_role(&ca_need, "Device.Read.All CloudApp-Discovery.Read.All",
		      "cloud apps", NULL, &c[0]);
	assert_int_equal(c[0].level, MST_CHECK_OK);
	assert_string_equal(c[0].name, "CloudApp-Discovery.Read.All");
	/* reading the directory does not include it */
	ms_check_role(&ca_need, "Directory.Read.All", "cloud apps", NULL,
		      &c[0]);
	assert_int_equal(c[0].level, MST_CHECK_FAILED);
	assert_int_equal(c[0].code, MST_E_FORBIDDEN);
	drive_open(&d, "");
	/* no token was asked for yet */
	assert_int_equal(OPS->permissions(d.s, 1, c, MST_LEN(c)), 0);
	drive_close(&d);
}

/* ---- names of parts ------------------------------------------------------ */

static void test_part_names(void **state MST_UNUSED)
{
	struct mst_buf b = MST_BUF_INIT(256);
	struct mst_slice s;
	char buf[64];

	ca_part_name(&b, "a-B_9", "x,y.z%", 12);
	assert_string_equal(b.p, "a-B_9,x%2cy%2ez%25,12");
	assert_true(ca_given(CA_USERS, CU_STREAM, b.p, buf, sizeof(buf), &s));
	t_is(s, "a-B_9");
	assert_true(ca_given(CA_USERS, CU_APP, b.p, buf, sizeof(buf), &s));
	t_is(s, "x,y.z%");
	assert_true(ca_given(CA_INFO, CI_APP, b.p, buf, sizeof(buf), &s));
	t_is(s, "x,y.z%");
	assert_true(ca_given(CA_APPS, CF_STREAM, b.p, buf, sizeof(buf), &s));
	t_is(s, "a-B_9");
	assert_false(ca_given(CA_APPS, CF_NAME, b.p, buf, sizeof(buf), &s));
	assert_false(ca_given(CA_USERS, CU_APP, "s1", buf, sizeof(buf), &s));
	assert_false(ca_given(CA_USERS, CU_APP, "s1,", buf, sizeof(buf), &s));
	assert_false(ca_given(CA_USERS, CU_STREAM, "", buf, sizeof(buf), &s));
	assert_false(ca_given(CA_USERS, CU_STREAM, "long", buf, 3, &s));
	/* what is no escape stands for itself */
	assert_true(ca_given(CA_APPS, CF_STREAM, "a%2", buf, sizeof(buf), &s));
	t_is(s, "a%2");
	mst_buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_streams_refused),
	    cmocka_unit_test(test_no_stream),
	    cmocka_unit_test(test_doubtful_streams),
	    cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_web_page),
	    cmocka_unit_test(test_shapes),
	    cmocka_unit_test(test_link_dies),
	    cmocka_unit_test(test_circle),
	    cmocka_unit_test(test_strange_host),
	    cmocka_unit_test(test_list_moves),
	    cmocka_unit_test(test_stream_without_apps),
	    cmocka_unit_test(test_info_elsewhere),
	    cmocka_unit_test(test_no_info_at_all),
	    cmocka_unit_test(test_empty_users),
	    cmocka_unit_test(test_cut_users),
	    cmocka_unit_test(test_users_of_another),
	    cmocka_unit_test(test_all_alike),
	    cmocka_unit_test(test_other_length),
	    cmocka_unit_test(test_repeats),
	    cmocka_unit_test(test_alive),
	    cmocka_unit_test(test_users_not_found),
	    cmocka_unit_test(test_late_answers),
	    cmocka_unit_test(test_permission),
	    cmocka_unit_test(test_part_names),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
