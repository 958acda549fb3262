/* SPDX-License-Identifier: Apache-2.0
 *
 * What a file in a folder holds, the public response bodies among them.
 */
#include "cloudapps_drive.h"

#include <stdio.h>

#include "base/file.h"

#define NO    MST_FILE_OTHER
#define SPOIL MST_FILE_SPOILT

static struct mst_spoilt sp;

static void is(const char *rel, const char *json, int want)
{
	char *text = mst_strdup(json);
	int got;

	for (char *p = text; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	got = OPS->classify(rel, mst_slice_str(text), &sp);
	mst_freep(&text);
	if (got != want)
		fail_msg("%s %s: %d, not %d", rel, json, got, want);
}

static void test_members(void **state MST_UNUSED)
{
	is("x.json", "{'value':[{'id':'1','anonymizeUserData':false}]}",
	   CA_STREAMS);
	is("x.json", "[{'ID':1,'DisplayName':'a','LogDataProvider':'x'}]",
	   CA_STREAMS);
	is("x.json", "{'value':[{'id':'1','displayName':'a','riskScore':1}]}",
	   CA_APPS);
	is("s1.json", "{'id':'1','displayName':'a','riskRating':1}", CA_APPS);
	is("s1.ndjson",
	   "{'id':'1','displayName':'a','domains':[]}\n"
	   "{'id':'2','displayName':'b'}",
	   CA_APPS);
	is("s1,1.json", "{'value':[{'userIdentifier':'a@b'}]}", CA_USERS);
	is("s1,1.json", "{'vendor':'a','isDmca':'true','founded':1999}",
	   CA_INFO);
	is("s1,1.json", "{'value':{'vendor':'a','isDmca':'true'}}", CA_INFO);
	is("s1,1.json", "{'value' :\n {'vendor':'a','encryptionProtocol':'x'}}",
	   CA_INFO);
	is("s1,1.json", "{'value':[{'vendor':'a','isDmca':'true'}]}", CA_INFO);
	is("notes.json", "{'vendor':'a','price':3}", NO);
	is("readme.txt", "hello", NO);
}

static void test_names_of_empty(void **state MST_UNUSED)
{
	is("streams/page-00001.json", "{'value':[]}", CA_STREAMS);
	is("apps/s1.json", "{'value':[]}", CA_APPS);
	is("app_info/s1,1.json", "{'value':[]}", CA_INFO);
	is("app_users/s1,1,2.json", "{'value':[]}", CA_USERS);
	is("x/users/s1,1.json", "[]", CA_USERS);
	is("s1,1.json",
	   "{'@odata.context':'https://g/beta/$metadata#x/"
	   "aggregatedAppsDetails(a)/users','value':[]}",
	   CA_USERS);
	is("x.json",
	   "{'@odata.context':'$metadata#x/uploadedStreams',"
	   "'value':[]}",
	   CA_STREAMS);
	is("x.json", "{'@odata.context':'$metadata#y','value':[]}", NO);
	is("x.json", "{'value':[]}", NO);
	is("manifest.json", "{'manifest':2}", NO);
	is("ipAddresses/s1,1.json", "{'value':[{'ipAddress':'10.0.0.1'}]}", NO);
}

/* Only the name says whose they are. */
static void test_without_app(void **state MST_UNUSED)
{
	is("users.json", "{'value':[{'userIdentifier':'a@b'}]}", SPOIL);
	assert_int_equal(sp.feed, CA_USERS);
	assert_false(sp.damaged);
	assert_non_null(strstr(sp.what, "STREAM,APP.json"));
	/* attributes may say it themselves */
	is("app_info/box.json", "{'vendor':'a','isDmca':'true'}", CA_INFO);
}

static void test_spoilt(void **state MST_UNUSED)
{
	is("app_users/s1,1.json", "{'error':{'code':'x'}}", SPOIL);
	assert_int_equal(sp.feed, CA_USERS);
	assert_false(sp.damaged);
	is("apps/s1.json", "{'value':[{'id':", CA_APPS); /* the reader tells */
	is("apps/s1.json", "<html>", SPOIL);
	assert_int_equal(sp.feed, CA_APPS);
	assert_true(sp.damaged);
	is("apps/s1.json", "{'value':7}", SPOIL);
	assert_true(sp.damaged);
	is("apps/s1.json", "{'value':[{'something':1}]}", SPOIL);
	assert_false(sp.damaged);
	is("x.json", "<html>", SPOIL);
	assert_int_equal(sp.feed, -1);
	is("x.txt", "<html>", NO);
}

/* ---- public bodies ------------------------------------------------------- */

static struct ruled r;

static struct mst_buf sample(const char *rel)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	char path[1024];

	if (!t_samples())
		skip();
	(void)snprintf(path, sizeof(path),
		       "%s/microsoft/graph-cloudAppDiscovery-%s", t_samples(),
		       rel);
	t_ok(mst_file_read(path, &b, &err), &err);
	return b;
}

/* The first record of a body, picked. */
static void pick(unsigned feed, const char *rel)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root, list, e;
	struct mst_buf b = sample(rel);
	struct mst_json_iter it;

	t_ok(mst_json_parse(r.parser, mst_buf_slice(&b), &root, &err), &err);
	list = mst_json_iget(root, "value");
	e = root;
	if (feed != CA_INFO) {
		it = mst_json_iter(list);
		assert_true(mst_json_next(&it, NULL, &e));
	}
	ruled_pick(&r, feed, e);
	mst_buf_fini(&b);
}

static void test_samples(void **state MST_UNUSED)
{
	static const struct {
		const char *rel, *as;
		int feed;
	} all[] = {
	    {"uploadedStreams-schema.json", "a.json", CA_STREAMS},
	    {"aggregatedAppsDetails.json", "s.json", CA_APPS},
	    {"appInfo-schema.json", "s,12345.json", CA_INFO},
	    {"app-users.json", "s,12345.json", CA_USERS},
	    {"app-users-ghsample.json", "s,12345,2.json", CA_USERS},
	};

	for (size_t i = 0; i < MST_LEN(all); i++) {
		struct mst_buf b = sample(all[i].rel);
		int feed = OPS->classify(all[i].as, mst_buf_slice(&b), &sp);

		if (feed != all[i].feed)
			fail_msg("%s: %d", all[i].rel, feed);
		mst_buf_fini(&b);
	}
}

static void test_sample_records(void **state MST_UNUSED)
{
	struct mst_buf lines = MST_BUF_INIT(MST_MAX_TEXT);
	struct mst_slice why;

	pick(CA_APPS, "aggregatedAppsDetails.json");
	ruled_apply(&r, "cloud_apps");
	t_is(r.d.key, "12345");
	ruled_is(&r, "name", "Example App");
	ruled_is(&r, "category", "Health");
	ruled_is(&r, "url", "https://example.com");
	ruled_is(&r, "active_user_count", "3");
	ruled_is(&r, "last_discovered", "2024-06-13 00:00:00");
	ruled_is(&r, "attributes",
		 "domains: [\"example.com\"]\nriskScore: 8\n"
		 "tags: [\"Sanctioned\"]");
	pick(CA_INFO, "appInfo-schema.json");
	ca_make_lines(r.v, &lines);
	/* all but those that the list does not have; "Integer" is a text */
	assert_true(lines.n > 1000);
	t_is(ca_line_value(mst_buf_slice(&lines), "vendor"), "String");
	t_is(ca_line_value(mst_buf_slice(&lines), "tlsEncryptionProtocol"),
	     "String");
	assert_null(ca_line_value(mst_buf_slice(&lines), "id").p);
	mst_buf_fini(&lines);
	pick(CA_USERS, "app-users.json");
	t_is(ms_text(mst_rules_ctx(r.rules), r.v, CU_NAME), "AnonymousUser");
	assert_true(ca_refuse_user(mst_rules_ctx(r.rules), r.v, &why));
	pick(CA_USERS, "app-users-ghsample.json");
	assert_false(ca_refuse_user(mst_rules_ctx(r.rules), r.v, &why));
	pick(CA_STREAMS, "uploadedStreams-schema.json");
	assert_int_equal(r.v[CS_ID].type, MST_JSON_STRING);
}

static int open_rules(void **state)
{
	ruled_open(&r);
	return t_log_watch(state);
}

static int close_rules(void **state)
{
	ruled_close(&r);
	return t_log_check(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_names_of_empty),
	    cmocka_unit_test(test_without_app),
	    cmocka_unit_test(test_spoilt),
	    cmocka_unit_test(test_samples),
	    cmocka_unit_test(test_sample_records),
	};

	return cmocka_run_group_tests_name("cloudapps-folder", tests,
					   open_rules, close_rules);
}
