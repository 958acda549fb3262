/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers that are refusals, damaged, or not what was asked for; and the
 * permissions that a token shows.
 */
#include "endpoint_drive.h"

#include <stdio.h>

static struct mst_slice data(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "endpoint/%s", name);
	return t_data(path);
}

static const char *const options = "read_method: json\n";

/* One answer to the first page of a feed: the error that it ends with. */
static void refuses(unsigned feed, int status, struct mst_slice body,
		    enum mst_code code, const char *part)
{
	struct drive d;

	drive_open(&d, options);
	drive_begin(&d, feed, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	t_failed(drive_answer(&d, status, body), &d.err, code, part);
	drive_close(&d);
}

static void test_refusals(void **state)
{
	struct mst_slice forbidden = data("error-forbidden.json");
	struct mst_slice inactive = data("error-inactive.json");
	struct mst_slice disabled = MST_SLICE_LIT(
	    "{\"error\":{\"code\":\"DisabledFeature\",\"message\":\"x\"}}");

	refuses(EP_MACHINES, 404, data("error-notfound.json"), MST_E_NOTFOUND,
		"nothing is readable");
	refuses(EP_MACHINES, 403, inactive, MST_E_FORBIDDEN,
		"no permission is missing");
	refuses(EP_MACHINES, 401, inactive, MST_E_FORBIDDEN,
		"account mode is inactive");
	refuses(EP_MACHINES, 403, forbidden, MST_E_FORBIDDEN,
		"'Machine.Read.All' of WindowsDefenderATP");
	refuses(EP_MACHINES, 401, forbidden, MST_E_AUTH, "'Machine.Read.All'");
	refuses(EP_SOFTWARE, 403, forbidden, MST_E_FORBIDDEN,
		"'Software.Read.All'");
	refuses(EP_NON_CPE, 403, forbidden, MST_E_FORBIDDEN,
		"'Software.Read.All'");
	refuses(EP_DEVICE_CVES, 403, forbidden, MST_E_FORBIDDEN,
		"'Vulnerability.Read.All'");
	refuses(EP_CVES, 403, forbidden, MST_E_FORBIDDEN,
		"'Vulnerability.Read.All'");
	refuses(EP_ENTRA, 403, forbidden, MST_E_FORBIDDEN,
		"'Device.Read.All' of Microsoft Graph");
	/* what only enriches can be left out, also with 401 */
	refuses(EP_ENTRA, 401, forbidden, MST_E_FORBIDDEN, "'Device.Read.All'");
	refuses(EP_HARDWARE, 403, disabled, MST_E_FORBIDDEN, "licence");
	refuses(EP_MACHINES, 429, data("error-forbidden.json"), MST_E_THROTTLED,
		"quota");
	refuses(EP_MACHINES, 500, mst_slice(NULL, 0), MST_E_TRANSIENT, "500");
	refuses(EP_MACHINES, 400, forbidden, MST_E_INVALID, "400 Forbidden");
	refuses(EP_MACHINES, 204, mst_slice(NULL, 0), MST_E_CORRUPT,
		"unexpected answer 204");
	/* bodies that are no JSON do not matter then */
	refuses(EP_MACHINES, 403, MST_SLICE_LIT("<html>no</html>"),
		MST_E_FORBIDDEN, "'Machine.Read.All'");
	refuses(EP_MACHINES, 404, MST_SLICE_LIT("[1"), MST_E_NOTFOUND, "404");
}

/* Pages were given, so it is not a permission that is missing. */
static void test_revoked_in_the_middle(void **state)
{
	struct mst_slice forbidden = data("error-forbidden.json");
	const char *link = "https://api.security.microsoft.com/api/"
			   "machines?$skip=1";
	struct drive d;

	drive_open(&d, options);
	drive_begin(&d, EP_MACHINES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_true(drive_text(&d, 200, page_of_ids(0, 1, link)) >= 0);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	t_failed(drive_answer(&d, 401, forbidden), &d.err, MST_E_AUTH,
		 "the token was revoked");
	assert_non_null(strstr(d.err.msg, "'Machine.Read.All' is granted"));
	drive_close(&d);
	drive_open(&d, options);
	drive_begin(&d, EP_MACHINES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_true(drive_text(&d, 200, page_of_ids(0, 1, link)) >= 0);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	t_failed(drive_answer(&d, 403, forbidden), &d.err, MST_E_FORBIDDEN,
		 "needs the application permission 'Machine.Read.All'");
	drive_close(&d);
}

/* What comes from outside goes into a message short and on one line. */
static void test_messages_are_tamed(void **state)
{
	struct mst_buf b = MST_BUF_INIT(1u << 16);
	struct drive d;

	mst_buf_adds(&b, "{\"error\":{\"code\":\"Forbidden\",\"message\":"
			 "\"line\\nnext\\u001b[31m'quoted' ");
	for (int i = 0; i < 2000; i++)
		mst_buf_adds(&b, "\xc3\xa4");
	mst_buf_adds(&b, "\"}}");
	drive_open(&d, options);
	drive_begin(&d, EP_MACHINES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_true(drive_answer(&d, 403, mst_buf_slice(&b)) < 0);
	assert_null(strchr(d.err.msg, '\n'));
	assert_null(strchr(d.err.msg, 27));
	assert_true(strlen(d.err.msg) < 700);
	assert_int_equal(d.err.status, 403);
	mst_buf_fini(&b);
	drive_close(&d);
}

static void test_no_answer(void **state)
{
	struct mst_resp resp = drive_resp(0, mst_slice(NULL, 0));
	struct drive d;

	resp.outcome = MST_OUT_FAILED;
	(void)mst_err_set(&resp.err, MST_E_CANCELLED, "cancelled");
	drive_open(&d, options);
	drive_begin(&d, EP_MACHINES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	t_failed(drive_give(&d, &d.req, &resp), &d.err, MST_E_CANCELLED,
		 "page 1 of devices");
	drive_close(&d);
	resp.outcome = MST_OUT_UNCERTAIN;
	mst_err_clear(&resp.err);
	drive_open(&d, options);
	drive_begin(&d, EP_MACHINES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	t_failed(drive_give(&d, &d.req, &resp), &d.err, MST_E_TRANSIENT,
		 "no answer");
	drive_close(&d);
}

/* Damaged 200s are asked for again twice, at the same place. */
static void test_damaged_pages(void **state)
{
	static const struct {
		const char *body, *part;
	} bodies[] = {
	    {"", "the body is empty"},
	    {"{\"value\":[{\"id\":\"1\"}", "damaged answer"},
	    {"not json", "damaged answer"},
	    {"[]", "no list 'value'"},
	    {"{}", "no list 'value'"},
	    {"{\"value\":null}", "no list 'value'"},
	    {"{\"value\":{\"id\":\"1\"}}", "no list 'value'"},
	    {"{\"value\":\"x\"}", "no list 'value'"},
	    {"{\"value\":[1]}", "record 1 is no object"},
	    {"{\"value\":[{\"id\":\"1\"},null]}", "record 2 is no object"},
	    {"{\"error\":{\"code\":\"InternalServerError\"}}",
	     "an error came with status 200: 'InternalServerError'"},
	    {"{\"exportFiles\":[]}", "no list 'value'"},
	};

	for (size_t i = 0; i < MST_LEN(bodies); i++) {
		struct mst_proof p;
		struct drive d;
		int rc = 0;

		drive_open(&d, options);
		drive_begin(&d, EP_MACHINES, NULL);
		for (int k = 0; k < 3; k++) {
			drive_expect(&d,
				     "https://api.security.microsoft.com/api/"
				     "machines?$top=10000&$skip=0");
			rc = drive_text(&d, 200, bodies[i].body);
			if (k < 2)
				assert_int_equal(rc, MST_TAKE_CONTROL);
		}
		t_failed(rc, &d.err, MST_E_CORRUPT, bodies[i].part);
		drive_close(&d);
		/* and a good one after a damaged one is as good as ever */
		drive_open(&d, options);
		drive_begin(&d, EP_MACHINES, NULL);
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		assert_int_equal(drive_text(&d, 200, bodies[i].body),
				 MST_TAKE_CONTROL);
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		drive_answer(&d, 200, data("machines-1.json"));
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		drive_answer(&d, 200, data("empty.json"));
		p = drive_end(&d, EP_MACHINES);
		assert_true(p.complete);
		assert_int_equal(p.records, 2);
		drive_close(&d);
	}
}

static void test_web_page(void **state)
{
	struct mst_resp resp = drive_resp(200, MST_SLICE_LIT("<html>"));
	struct drive d;
	int rc = 0;

	resp.content_type = "text/html; charset=utf-8";
	drive_open(&d, options);
	drive_begin(&d, EP_MACHINES, NULL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		rc = drive_give(&d, &d.req, &resp);
	}
	t_failed(rc, &d.err, MST_E_CORRUPT, "a proxy that asks for a login");
	drive_close(&d);
}

static void test_records_without_id(void **state)
{
	struct mst_proof p;
	struct drive d;

	drive_open(&d, options);
	drive_begin(&d, EP_MACHINES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	assert_int_equal(drive_text(&d, 200,
				    "{\"Value\":[{\"computerDnsName\":\"a\"},"
				    "{\"id\":null},{\"id\":7},{\"id\":\"\"}]}"),
			 MST_TAKE_RECORDS);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	drive_answer(&d, 200, data("empty.json"));
	p = drive_end(&d, EP_MACHINES);
	assert_true(p.complete); /* the rules report them one by one */
	assert_int_equal(p.records, 4);
	drive_close(&d);
}

static void test_odd_links(void **state)
{
	/* wrong types and empty texts are "no link" */
	static const char *const bodies[] = {
	    "{\"value\":[{\"id\":\"1\"}],\"@odata.nextLink\":\"\"}",
	    "{\"value\":[{\"id\":\"1\"}],\"@odata.nextLink\":null}",
	    "{\"value\":[{\"id\":\"1\"}],\"@odata.nextLink\":7}",
	    "{\"value\":[{\"id\":\"1\"}],\"@odata.nextLink\":{}}",
	};
	struct mst_buf b = MST_BUF_INIT(1u << 16);
	struct drive d;

	drive_open(&d, options);
	for (size_t i = 0; i < MST_LEN(bodies); i++) {
		drive_begin(&d, EP_SOFTWARE, NULL);
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		assert_int_equal(drive_text(&d, 200, bodies[i]),
				 MST_TAKE_RECORDS);
		assert_true(drive_end(&d, EP_SOFTWARE).complete);
	}
	/* a link that is too long, and one with a NUL in it */
	mst_buf_adds(&b, "{\"value\":[],\"@odata.nextLink\":\"https://"
			 "api.security.microsoft.com/");
	for (int i = 0; i < MST_MAX_URL; i++)
		mst_buf_addc(&b, 'a');
	mst_buf_adds(&b, "\"}");
	drive_begin(&d, EP_SOFTWARE, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	t_failed(drive_answer(&d, 200, mst_buf_slice(&b)), &d.err,
		 MST_E_CORRUPT, "is no address");
	drive_begin(&d, EP_SOFTWARE, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	t_failed(drive_text(&d, 200,
			    "{\"value\":[],\"@odata.nextLink\":\"https://api."
			    "security.microsoft.com/\\u0000\"}"),
		 &d.err, MST_E_CORRUPT, "is no address");
	mst_buf_fini(&b);
	drive_close(&d);
}

static void test_large_page(void **state)
{
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "");
	drive_begin(&d, EP_MACHINES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	/* more than was asked for */
	assert_int_equal(drive_text(&d, 200, page_of_ids(0, 60000, NULL)),
			 MST_TAKE_RECORDS);
	drive_expect(&d, "https://api.security.microsoft.com/api/machines?"
			 "$top=10000&$skip=60000");
	drive_answer(&d, 200, data("empty.json"));
	p = drive_end(&d, EP_MACHINES);
	assert_true(p.complete);
	assert_int_equal(p.records, 60000);
	drive_close(&d);
}

static void test_damaged_lists_of_files(void **state)
{
	static const struct {
		const char *body, *part;
		int tries;
	} bodies[] = {
	    {"", "the body is empty", 3},
	    {"{\"value\":[]}", "no list 'exportFiles'", 3},
	    {"{\"exportFiles\":null,\"generatedTime\":\"2024-11-20T11:01:"
	     "00Z\"}",
	     "no list 'exportFiles'", 3},
	    {"{\"exportFiles\":[7]}", "has no address", 1},
	    {"{\"exportFiles\":[\"\"]}", "has no address", 1},
	    {"{\"exportFiles\":[null]}", "has no address", 1},
	    {"{\"exportFiles\":[\"https://x.blob.core.windows.net/\\u0000\"]}",
	     "has no address", 1},
	};

	for (size_t i = 0; i < MST_LEN(bodies); i++) {
		struct drive d;
		int rc = 0;

		drive_open(&d, "");
		drive_begin(&d, EP_SOFTWARE, NULL);
		for (int k = 0; k < bodies[i].tries; k++) {
			assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
			rc = drive_text(&d, 200, bodies[i].body);
		}
		t_failed(rc, &d.err, MST_E_CORRUPT, bodies[i].part);
		drive_close(&d);
	}
}

static void test_storage_answers(void **state)
{
	static const struct {
		int status;
		enum mst_code code;
	} answers[] = {
	    {500, MST_E_TRANSIENT},
	    {409, MST_E_CONFLICT},
	    {400, MST_E_INVALID},
	};

	for (size_t i = 0; i < MST_LEN(answers); i++) {
		struct drive d;

		t_clock_set(1732102200 * (int64_t)1000000);
		drive_open(&d, "");
		drive_begin(&d, EP_SOFTWARE, NULL);
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		drive_answer(&d, 200, data("export-list.json"));
		assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
		t_failed(drive_text(&d, answers[i].status, "x"), &d.err,
			 answers[i].code, "software inventory");
		assert_null(strstr(d.err.msg, "sig="));
		drive_close(&d);
	}
}

/* Answers to nothing that is still wanted are passed over. */
static void test_late_answers(void **state)
{
	struct mst_resp resp = drive_resp(200, data("machines-1.json"));
	struct mst_req old;
	struct drive d;

	drive_open(&d, options);
	drive_begin(&d, EP_MACHINES, NULL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	old = d.req;
	d.has_req = false;
	drive_begin(&d, EP_CVES, NULL);
	assert_int_equal(drive_give(&d, &old, &resp), MST_TAKE_CONTROL);
	assert_int_equal(drive_next(&d), MST_NEXT_REQUEST);
	mst_req_fini(&old);
	drive_close(&d);
}

static void test_nothing_begun(void **state)
{
	struct mst_proof p;
	struct drive d;

	drive_open(&d, "");
	assert_true(drive_next(&d) < 0);
	OPS->proof(d.s, EP_MACHINES, &p);
	assert_false(p.complete);
	assert_string_equal(p.why, "it was not read");
	OPS->proof(d.s, 99, &p);
	assert_false(p.complete);
	mst_err_clear(&d.err);
	t_failed(OPS->begin(d.s, 99, NULL, &d.err), &d.err, MST_E_INTERNAL,
		 "no feed 99");
	drive_begin(&d, EP_MACHINES, NULL);
	OPS->proof(d.s, EP_MACHINES, &p);
	assert_false(p.complete);
	assert_string_equal(p.why, "the read did not end");
	drive_close(&d);
}

/* ---- permissions ----------------------------------------------------------
 */

static const struct mst_check *named(const struct mst_check *c, size_t n,
				     const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(c[i].name, name) == 0)
			return &c[i];
	}
	fail_msg("no check of %s", name);
	return NULL;
}

static void test_permissions(void **state)
{
	const uint32_t all = (1u << EP__FEEDS) - 1;
	const struct mst_check *one;
	struct mst_check c[8];
	size_t n;

	n = ep_check_roles("Machine.Read.All Software.Read.All "
			   "Vulnerability.Read.All",
			   "Device.Read.All", all, c, 8);
	assert_int_equal(n, 4); /* one for each permission, not for each feed */
	for (size_t i = 0; i < n; i++)
		assert_int_equal(c[i].level, MST_CHECK_OK);
	/* none of the words is the permission */
	n = ep_check_roles("Machine.Read Machine.Read.All.x xSoftware.Read.All",
			   "Device.Command", all, c, 8);
	assert_int_equal(named(c, n, "Machine.Read.All")->level,
			 MST_CHECK_FAILED);
	one = named(c, n, "Software.Read.All");
	assert_int_equal(one->level, MST_CHECK_FAILED);
	assert_non_null(strstr(one->text, "software inventory without"));
	assert_non_null(strstr(one->remedy, "WindowsDefenderATP"));
	assert_non_null(strstr(one->remedy, "admin consent"));
	assert_int_equal(one->code, MST_E_FORBIDDEN);
	one = named(c, n, "Device.Read.All");
	assert_int_equal(one->level, MST_CHECK_WARNING);
	assert_non_null(strstr(one->text, "not enriched"));
	/* more than needed */
	n = ep_check_roles("Machine.ReadWrite.All Software.Read.All "
			   "Vulnerability.Read.All",
			   "Directory.Read.All", all, c, 8);
	one = named(c, n, "Machine.Read.All");
	assert_int_equal(one->level, MST_CHECK_WARNING);
	assert_non_null(strstr(one->text, "'Machine.ReadWrite.All' is more"));
	assert_int_equal(named(c, n, "Device.Read.All")->level,
			 MST_CHECK_WARNING);
	/* a token that cannot be read */
	n = ep_check_roles("", NULL, all, c, 8);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(c[i].level, MST_CHECK_WARNING);
		assert_non_null(strstr(c[i].text, "shows no permissions"));
	}
	/* only what is read */
	n = ep_check_roles("Machine.Read.All", "", EP_BIT(EP_MACHINES), c, 8);
	assert_int_equal(n, 1);
	/* hardware alone is optional, with the inventories it is not */
	n = ep_check_roles("x", "", EP_BIT(EP_HARDWARE), c, 8);
	assert_int_equal(c[0].level, MST_CHECK_WARNING);
	n = ep_check_roles("x", "", EP_BIT(EP_HARDWARE) | EP_BIT(EP_SOFTWARE),
			   c, 8);
	assert_int_equal(n, 1);
	assert_int_equal(c[0].level, MST_CHECK_FAILED);
	assert_int_equal(ep_check_roles("x", "x", all, c, 2), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_revoked_in_the_middle),
	    cmocka_unit_test(test_messages_are_tamed),
	    cmocka_unit_test(test_no_answer),
	    cmocka_unit_test(test_damaged_pages),
	    cmocka_unit_test(test_web_page),
	    cmocka_unit_test(test_records_without_id),
	    cmocka_unit_test(test_odd_links),
	    cmocka_unit_test(test_large_page),
	    cmocka_unit_test(test_damaged_lists_of_files),
	    cmocka_unit_test(test_storage_answers),
	    cmocka_unit_test(test_late_answers),
	    cmocka_unit_test(test_nothing_begun),
	    cmocka_unit_test(test_permissions),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
