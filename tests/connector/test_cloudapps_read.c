/* SPDX-License-Identifier: Apache-2.0
 *
 * Which requests the source makes, in which order and how many side by side,
 * and what each read proves.
 */
#include "cloudapps_drive.h"

#include <stdio.h>
#include <stdlib.h>

#define BASE                                                                   \
	"https://graph.microsoft.com/beta/security/dataDiscovery/"             \
	"cloudAppDiscovery/uploadedStreams"
#define APPS "/aggregatedAppsDetails(period=duration'P30D')"

#define TWO_STREAMS                                                            \
	"{\"value\":[{\"id\":\"s1\",\"displayName\":\"Proxy\"},"               \
	"{\"id\":\"s2\",\"displayName\":\"Endpoint\","                         \
	"\"anonymizeUserData\":1}]}"

static struct drive d;

static void part_is(const char *want)
{
	assert_non_null(d.req.part);
	assert_string_equal(d.req.part, want);
}

/* Reads the streams; `streams` is the answer. */
static void read_streams(const char *streams)
{
	drive_begin(&d, CA_STREAMS, NULL);
	drive_expect(&d, BASE);
	assert_null(d.req.part);
	assert_string_equal(d.req.auth, "graph");
	assert_null(d.req.rate);
	assert_string_equal(d.req.headers[1],
			    "Prefer: include-unknown-enum-members");
	assert_int_equal(drive_text(&d, 200, streams), MST_TAKE_RECORDS);
	assert_true(drive_end(&d, CA_STREAMS).complete);
}

/* A list of apps by "id:userCount" with blanks between. */
static const char *apps(const char *list)
{
	static char out[4096];
	char *copy = mst_strdup(list), *save = NULL;
	size_t n = (size_t)snprintf(out, sizeof(out), "{\"value\":[");
	bool first = true;

	for (char *w = strtok_r(copy, " ", &save); w;
	     w = strtok_r(NULL, " ", &save)) {
		char *colon = strchr(w, ':');

		*colon = '\0';
		n += (size_t)snprintf(out + n, sizeof(out) - n,
				      "%s{\"id\":\"%s\",\"displayName\":"
				      "\"App %s\",\"riskScore\":8,"
				      "\"userCount\":%s}",
				      first ? "" : ",", w, w, colon + 1);
		first = false;
	}
	(void)snprintf(out + n, sizeof(out) - n, "]}");
	free(copy);
	return out;
}

static void read_apps(const char *first, const char *second)
{
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s1" APPS);
	part_is("s1");
	assert_int_equal(drive_text(&d, 200, apps(first)), MST_TAKE_RECORDS);
	if (second) {
		drive_expect(&d, BASE "/s2" APPS);
		part_is("s2");
		assert_int_equal(drive_text(&d, 200, apps(second)),
				 MST_TAKE_RECORDS);
	}
	assert_true(drive_end(&d, CA_APPS).complete);
}

/* ---- order --------------------------------------------------------------- */

static void test_feeds(void **state MST_UNUSED)
{
	struct mst_proof p;

	drive_open_of(&d, OPS, "allow_user_synchronization: yes\n");
	read_streams(TWO_STREAMS);
	read_apps("10:1 20:1", "20:1 30:1");
	/* of the first stream that shows the app */
	drive_begin(&d, CA_INFO, NULL);
	drive_expect(&d, BASE "/s1" APPS "/10/appInfo");
	part_is("s1,10");
	assert_int_equal(drive_text(&d, 200, "{\"vendor\":\"V\"}"),
			 MST_TAKE_RECORDS);
	drive_expect(&d, BASE "/s1" APPS "/20/appInfo");
	assert_int_equal(drive_text(&d, 200, "{\"value\":{\"vendor\":\"V\"}}"),
			 MST_TAKE_RECORDS);
	drive_expect(&d, BASE "/s2" APPS "/30/appInfo");
	assert_int_equal(
	    drive_text(&d, 200, "{\"value\":[{\"vendor\":\"V\"}]}"),
	    MST_TAKE_RECORDS);
	p = drive_end(&d, CA_INFO);
	assert_true(p.complete);
	assert_int_equal(p.pages, 3);
	/* of every stream that shows it */
	drive_begin(&d, CA_USERS, NULL);
	for (size_t i = 0; i < 4; i++) {
		static const char *const urls[] = {
		    BASE "/s1" APPS "/10/users", BASE "/s1" APPS "/20/users",
		    BASE "/s2" APPS "/20/users", BASE "/s2" APPS "/30/users"};
		static const char *const parts[] = {"s1,10", "s1,20", "s2,20",
						    "s2,30"};

		drive_expect(&d, urls[i]);
		char users[64];

		part_is(parts[i]);
		(void)snprintf(users, sizeof(users),
			       "{\"value\":[{\"userIdentifier\":\"a%zu@b\"}]}",
			       i);
		assert_int_equal(drive_text(&d, 200, users), MST_TAKE_RECORDS);
	}
	p = drive_end(&d, CA_USERS);
	assert_true(p.complete);
	assert_int_equal(p.records, 4);
	drive_close(&d);
}

/* Requests that are under way, with the answer to come. */
static struct mst_req take(void)
{
	struct mst_req req = d.req;

	d.has_req = false;
	return req;
}

static int give(struct mst_req *req, int status, const char *body)
{
	struct mst_resp resp = drive_resp(status, mst_slice_str(body));
	int rc = drive_give(&d, req, &resp);

	mst_req_fini(req);
	return rc;
}

static void test_side_by_side(void **state MST_UNUSED)
{
	struct mst_req reqs[CA_IN_FLIGHT + 1];

	drive_open_of(&d, OPS, "");
	read_streams("{\"value\":[{\"id\":\"s1\"}]}");
	read_apps("1:1 2:1 3:1 4:1 5:1 6:1 7:1", NULL);
	drive_begin(&d, CA_INFO, NULL);
	for (size_t i = 0; i < CA_IN_FLIGHT; i++) {
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		reqs[i] = take();
	}
	assert_int_equal(drive_next(&d), MST_NEXT_WAIT);
	/* the last answer comes first */
	assert_int_equal(give(&reqs[5], 200, "{\"vendor\":\"V\"}"),
			 MST_TAKE_RECORDS);
	drive_expect(&d, BASE "/s1" APPS "/7/appInfo");
	reqs[6] = take();
	assert_int_equal(drive_next(&d), MST_NEXT_WAIT);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(give(&reqs[i], 200, "{\"vendor\":\"V\"}"),
				 MST_TAKE_RECORDS);
	assert_int_equal(drive_next(&d), MST_NEXT_WAIT);
	assert_int_equal(give(&reqs[6], 200, "{}"), MST_TAKE_RECORDS);
	assert_true(drive_end(&d, CA_INFO).complete);
	drive_close(&d);
}

static void test_pages(void **state MST_UNUSED)
{
	drive_open_of(&d, OPS, "report_time_frame: 90\n");
	read_streams("{\"value\":[{\"id\":\"s/1 ä\"}]}");
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s%2F1%20%C3%A4/aggregatedAppsDetails(period="
			      "duration'P90D')");
	part_is("s%2f1%20%c3%a4");
	(void)drive_text(&d, 200,
			 "{\"value\":[{\"id\":1,\"displayName\":\"A\"}],"
			 "\"@odata.nextLink\":\"https://graph.microsoft.com/"
			 "beta/next?$skiptoken=x\"}");
	drive_expect(&d, "https://graph.microsoft.com/beta/next?$skiptoken=x");
	part_is("s%2f1%20%c3%a4,2");
	(void)drive_text(&d, 200,
			 "{\"value\":[{\"id\":2,\"displayName\":\"B\"}]}");
	assert_int_equal(drive_end(&d, CA_APPS).records, 2);
	drive_begin(&d, CA_INFO, NULL);
	drive_expect(&d, BASE "/s%2F1%20%C3%A4/aggregatedAppsDetails(period="
			      "duration'P90D')/1/appInfo");
	drive_close(&d);
}

/* ---- settings cost no request -------------------------------------------- */

static void test_left_out(void **state MST_UNUSED)
{
	drive_open_of(&d, OPS,
		      "streams: [endp*]\nmax_risk_score: 4\n"
		      "tags_not: [monitored]\n");
	read_streams(TWO_STREAMS);
	drive_begin(&d, CA_APPS, NULL);
	drive_expect(&d, BASE "/s2" APPS);
	(void)drive_text(
	    &d, 200,
	    "{\"value\":[{\"id\":\"1\",\"riskScore\":5},"
	    "{\"id\":\"2\",\"riskRating\":4,\"tags\":[\"Monitored\"]},"
	    "{\"id\":\"3\"},{\"riskScore\":1},"
	    "{\"id\":\"4\",\"riskRating\":\"4\"}]}");
	assert_true(drive_end(&d, CA_APPS).complete);
	drive_begin(&d, CA_INFO, NULL);
	drive_expect(&d, BASE "/s2" APPS "/4/appInfo");
	(void)drive_text(&d, 200, "{}");
	assert_true(drive_end(&d, CA_INFO).complete);
	drive_close(&d);
}

static void test_needs(void **state MST_UNUSED)
{
	uint32_t apps_only = CA_BIT(CA_STREAMS) | CA_BIT(CA_APPS);

	drive_open_of(&d, OPS, "");
	assert_int_equal(OPS->needs(d.s, "cloud_apps"),
			 apps_only | CA_BIT(CA_INFO));
	assert_int_equal(OPS->needs(d.s, "cloud_app_users"), 0);
	assert_int_equal(OPS->needs(d.s, "devices"), 0);
	drive_close(&d);
	drive_open_of(&d, OPS,
		      "app_info: no\nallow_user_synchronization: yes\n");
	assert_int_equal(OPS->needs(d.s, "cloud_apps"), apps_only);
	assert_int_equal(OPS->needs(d.s, "cloud_app_users"),
			 apps_only | CA_BIT(CA_USERS));
	drive_close(&d);
}

static void test_one(void **state MST_UNUSED)
{
	struct mst_proof p;

	drive_open_of(&d, OPS, "");
	read_streams("{\"value\":[{\"id\":\"s1\"}]}");
	drive_begin(&d, CA_APPS, "app 2");
	drive_expect(&d, BASE "/s1" APPS);
	(void)drive_text(&d, 200, apps("1:1 2:1 3:1"));
	p = drive_end(&d, CA_APPS);
	assert_false(p.complete);
	assert_non_null(strstr(p.why, "only one app"));
	drive_begin(&d, CA_INFO, "app 2");
	drive_expect(&d, BASE "/s1" APPS "/2/appInfo");
	(void)drive_text(&d, 200, "{}");
	assert_false(drive_end(&d, CA_INFO).complete);
	drive_close(&d);
}

/* ---- names of paths ------------------------------------------------------ */

static void test_other_names(void **state MST_UNUSED)
{
	static const char base[] = "https://graph.microsoft.com/beta/"
				   "dataDiscovery/cloudAppDiscovery/"
				   "uploadedStreams";
	char url[512];

	drive_open_of(&d, OPS, "");
	drive_begin(&d, CA_STREAMS, NULL);
	drive_expect(&d, BASE);
	assert_int_equal(drive_text(&d, 404, ""), MST_TAKE_CONTROL);
	drive_expect(&d, base);
	(void)drive_text(&d, 200, TWO_STREAMS);
	assert_true(drive_end(&d, CA_STREAMS).complete);
	drive_begin(&d, CA_APPS, NULL);
	(void)snprintf(url, sizeof(url), "%s/s1" APPS, base);
	drive_expect(&d, url);
	assert_int_equal(drive_text(&d, 400, ""), MST_TAKE_CONTROL);
	(void)snprintf(url, sizeof(url),
		       "%s/s1/microsoft.graph.security."
		       "aggregatedAppsDetails(period=duration'P30D')",
		       base);
	drive_expect(&d, url);
	(void)drive_text(&d, 200, apps("1:1"));
	/* it is kept */
	(void)snprintf(url, sizeof(url),
		       "%s/s2/microsoft.graph.security."
		       "aggregatedAppsDetails(period=duration'P30D')",
		       base);
	drive_expect(&d, url);
	(void)drive_text(&d, 200, apps("2:1"));
	assert_true(drive_end(&d, CA_APPS).complete);
	drive_begin(&d, CA_INFO, NULL);
	(void)snprintf(url, sizeof(url),
		       "%s/s1/microsoft.graph.security."
		       "aggregatedAppsDetails(period=duration'P30D')/1/appInfo",
		       base);
	drive_expect(&d, url);
	drive_close(&d);
}

/* ---- connections --------------------------------------------------------- */

static void test_open(void **state MST_UNUSED)
{
	struct mst_source_auth auths[4];
	struct mst_address at[4];
	size_t n;

	drive_open_of(&d, OPS, "cloud: gcc-high\nrecver.type: mem\n");
	n = OPS->auths(d.s, auths, MST_LEN(auths));
	assert_int_equal(n, 1);
	assert_string_equal(auths[0].name, "graph");
	assert_string_equal(auths[0].hosts[0], "graph.microsoft.us");
	assert_null(auths[0].hosts[1]);
	assert_int_equal(OPS->addresses(d.s, at, MST_LEN(at)), 2);
	assert_string_equal(at[0].url, "https://login.microsoftonline.us");
	assert_string_equal(at[1].url, "https://graph.microsoft.us");
	assert_non_null(OPS->rates);
	(void)OPS->rates(d.s, &n);
	assert_int_equal(n, 0);
	assert_null(OPS->estate(&d.conf));
	drive_close(&d);
	assert_true(drive_try(&d, "tenant_id: common\nclient_id: x\n") < 0);
	assert_non_null(strstr(d.err.msg, "many tenants"));
	drive_close(&d);
	/* a folder needs nobody to log in, and cannot be asked */
	drive_open(&d, "read_from: /nowhere\n");
	assert_int_equal(OPS->auths(d.s, auths, MST_LEN(auths)), 0);
	assert_int_equal(OPS->addresses(d.s, at, MST_LEN(at)), 0);
	assert_true(OPS->begin(d.s, CA_APPS, NULL, &d.err) < 0);
	assert_int_equal(d.err.code, MST_E_UNSUPPORTED);
	drive_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_feeds),
	    cmocka_unit_test(test_side_by_side),
	    cmocka_unit_test(test_pages),
	    cmocka_unit_test(test_left_out),
	    cmocka_unit_test(test_needs),
	    cmocka_unit_test(test_one),
	    cmocka_unit_test(test_other_names),
	    cmocka_unit_test(test_open),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
