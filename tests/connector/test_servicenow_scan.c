/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole tables, for reports: pages, what may be missing, conditions that
 * ServiceNow drops, counts. Answers are given one by one.
 */
#include "sn_fake.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

#define TABLE  "cmdb_ci_computer"
#define ROW(n) "{\"sys_id\":\"" ID(n) "\",\"name\":\"" #n "\",\"os\":\"x\"}"
#define ID(n)  "0000000000000000000000000000000" #n

static const char *const columns[] = {"name", "os"};

static struct fake *f;
static struct mst_scan scan;
static struct mst_req req;
static char rows[4096]; /* "1=a b;2=c d;" as they came */

static void take_row(void *ctx, const struct mst_sysid *id,
		     const struct mst_slice *v)
{
	size_t at = strlen(rows), n = scan.columns_n;

	if (scan.what == MST_SCAN_NATIVE)
		n = 3;
	n += scan.what == MST_SCAN_COUNT;
	assert_int_equal(id == NULL, scan.what == MST_SCAN_COUNT);
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(rows + at, sizeof(rows) - at, "%s%.*s",
				       i ? " " : "", v[i].p ? (int)v[i].n : 1,
				       v[i].p ? v[i].p : "-");
	(void)snprintf(rows + at, sizeof(rows) - at, ";");
	assert_ptr_equal(ctx, &scan);
}

static int set_up(void **state MST_UNUSED)
{
	f = fake_new();
	fake_open(f);
	rows[0] = 0;
	scan = (struct mst_scan){.table = TABLE,
				 .columns = columns,
				 .columns_n = 2,
				 .row = take_row,
				 .ctx = &scan};
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_arena_fini(&req.arena);
	fake_free(f);
	return 0;
}

static void begin(void)
{
	t_ok(mst_dest_servicenow.scan(f->d, &scan, &f->err), &f->err);
}

/* The next request; its URL has all of these parts (NULL ended). */
static void asks(const char *part, ...)
{
	va_list ap;

	mst_arena_fini(&req.arena);
	assert_int_equal(mst_dest_servicenow.next(f->d, &req, &f->err),
			 MST_DEST_REQUEST);
	assert_int_equal(req.method, MST_HTTP_GET);
	assert_int_equal(req.repeat, MST_REPEAT_SAFE);
	va_start(ap, part);
	for (; part; part = va_arg(ap, const char *)) {
		if (!strstr(req.url, part))
			fail_msg("\"%s\" is not in %s", part, req.url);
	}
	va_end(ap);
}

static int answer(int status, int64_t total, const char *body)
{
	struct mst_resp resp = {
	    .outcome = MST_OUT_ANSWER,
	    .status = status,
	    .body = mst_slice_str(body),
	    .content_type = "application/json",
	    .request_id = "",
	    .total_count = total,
	    .date_us = MST_TIME_NONE,
	    .retry_after_ms = -1,
	    .rate_limit = -1,
	};

	return mst_dest_servicenow.accept(f->d, &req, &resp, &f->err);
}

static void page(int64_t total, const char *list)
{
	char *body = mst_asprintf("{\"result\":[%s]}", list);

	t_ok(answer(200, total, body), &f->err);
	free(body);
}

static void is_over(enum mst_scan_end end, const char *part)
{
	assert_int_equal(mst_dest_servicenow.next(f->d, &req, &f->err),
			 MST_DEST_IDLE);
	if (scan.end != end || !strstr(scan.why, part))
		fail_msg("end %d: %s", scan.end, scan.why);
	if (end == MST_SCAN_WHOLE)
		assert_string_equal(scan.why, "");
}

static void test_pages(void **state MST_UNUSED)
{
	begin();
	asks("/api/now/table/" TABLE "?sysparm_query=ORDERBYsys_id&",
	     "sysparm_fields=sys_id,name,os&", "sysparm_limit=2000",
	     "sysparm_exclude_reference_link=true", NULL);
	assert_null(strstr(req.url, "no_count"));
	assert_int_equal(mst_dest_servicenow.next(f->d, &req, &f->err),
			 MST_DEST_WAIT); /* one page at a time */
	page(3, ROW(1) "," ROW(2));
	/* short is not the end: rules may have taken rows out */
	asks("sysparm_query=sys_id%3E" ID(2) "%5EORDERBYsys_id",
	     "sysparm_no_count=true", NULL);
	page(-1, ROW(3));
	asks("sys_id%3E" ID(3), NULL);
	page(-1, "");
	is_over(MST_SCAN_WHOLE, "");
	assert_string_equal(rows, "1 x;2 x;3 x;");
	assert_int_equal(scan.rows, 3);
	assert_int_equal(scan.missing, 0);
}

static void test_empty(void **state MST_UNUSED)
{
	begin();
	asks("ORDERBY", NULL);
	page(0, "");
	is_over(MST_SCAN_WHOLE, "");
	/* as the first version of the API says it */
	begin();
	asks("ORDERBY", NULL);
	t_ok(answer(404, -1,
		    "{\"error\":{\"message\":\"No Record found\",\"detail\":"
		    "\"\"},\"status\":\"failure\"}"),
	     &f->err);
	is_over(MST_SCAN_WHOLE, "");
	assert_int_equal(scan.rows, 0);
}

static void test_hidden_rows(void **state MST_UNUSED)
{
	begin();
	asks("ORDERBY", NULL);
	page(5, ROW(1));
	asks("sys_id%3E" ID(1), NULL);
	page(-1, "");
	/* maybe a whole page was hidden: a larger one */
	asks("sys_id%3E" ID(1), "sysparm_limit=10000", NULL);
	page(-1, ROW(7));
	asks("sys_id%3E" ID(7), NULL);
	page(-1, "");
	is_over(MST_SCAN_PARTLY, "3 of 5 rows did not come");
	assert_int_equal(scan.rows, 2);
}

static void test_hidden_columns(void **state MST_UNUSED)
{
	begin();
	asks("ORDERBY", NULL);
	page(2, ROW(1) ",{\"sys_id\":\"" ID(2) "\",\"name\":\"2\"}");
	asks("ORDERBY", NULL);
	page(-1, "");
	is_over(MST_SCAN_WHOLE, "");
	assert_string_equal(rows, "1 x;2 -;");
	assert_int_equal(scan.missing, 2);
}

static void test_order_is_lost(void **state MST_UNUSED)
{
	begin();
	asks("ORDERBY", NULL);
	page(2, ROW(2));
	asks("sys_id%3E" ID(2), NULL);
	page(-1, ROW(2)); /* the clause was dropped: no circle */
	is_over(MST_SCAN_PARTLY, "did not keep the order");
	assert_string_equal(rows, "2 x;");
	begin();
	asks("ORDERBY", NULL);
	page(1, "{\"name\":\"n\"}");
	is_over(MST_SCAN_PARTLY, "without their sys_id");
}

static const struct mst_cond conds[] = {
    {"name", MST_COND_IN, "1,3"},
    {"os", MST_COND_IS, "X"},
    {"sys_mod_count", MST_COND_BELOW, "10"},
    {"u_a", MST_COND_EMPTY, NULL},
    {"u_b", MST_COND_FILLED, NULL},
    {"u_c", MST_COND_NOT, "no"},
    {"u_d", MST_COND_FROM, "2026-11-01 00:00:00"},
};

static void test_conditions(void **state MST_UNUSED)
{
	static const char *const bad[][2] = {
	    {"\"name\":\"1\"", "\"name\":\"2\""},
	    {"\"os\":\"x\"", "\"os\":\"xx\""},
	    {"count\":\"9\"", "count\":\"10\""},
	    {"u_a\":\"\"", "u_a\":\"1\""},
	    {"u_b\":\"1\"", "u_b\":\"\""},
	    {"u_c\":\"yes\"", "u_c\":\"No\""},
	    {"u_c\":\"yes\"", "u_c\":\"\""},
	    {"2026-11-01", "2026-10-31"},
	};
	static const char good[] = "{\"sys_id\":\"" ID(
	    1) "\",\"name\":\"1\",\"os\":\"x\","
	       "\"sys_mod_count\":\"9\",\"u_a\":\"\",\"u_b\":\"1\",\"u_c\":"
	       "\"yes\",\"u_d\":\"2026-11-01 00:00:00\"}";

	scan.conds = conds;
	scan.conds_n = MST_LEN(conds);
	begin();
	asks("sysparm_query=nameIN1%2C3%5Eos%3DX%5Esys_mod_count%3C10%5E"
	     "u_aISEMPTY%5Eu_bISNOTEMPTY%5Eu_c%21%3Dno%5Eu_cISNOTEMPTY%5E"
	     "u_d%3E%3D2026-11-01%2000%3A00%3A00%5EORDERBYsys_id",
	     "fields=sys_id,name,os,sys_mod_count,u_a,u_b,u_c,u_d&", NULL);
	page(1, good);
	assert_string_equal(rows, "1 x;");
	asks("u_d%3E%3D2026-11-01%2000%3A00%3A00%5Esys_id%3E" ID(1), NULL);
	page(-1, "");
	is_over(MST_SCAN_WHOLE, "");
	/* each of them dropped: what is not meant is passed over */
	for (size_t i = 0; i < MST_LEN(bad); i++) {
		const char *at = strstr(good, bad[i][0]);
		char *text;

		assert_non_null(at);
		text = mst_asprintf("%.*s%s%s", (int)(at - good), good,
				    bad[i][1], at + strlen(bad[i][0]));
		rows[0] = 0;
		begin();
		asks("ORDERBY", NULL);
		page(1, text);
		assert_string_equal(rows, "");
		asks("ORDERBY", NULL);
		page(-1, "");
		is_over(MST_SCAN_WHOLE, "");
		assert_int_equal(scan.rows, 0);
		free(text);
	}
	/* and a column that is not there cannot be held against anything */
	begin();
	asks("ORDERBY", NULL);
	page(1, ROW(1));
	is_over(MST_SCAN_REFUSED, "the column sys_mod_count of " TABLE);
}

static void test_what_cannot_be_asked(void **state MST_UNUSED)
{
	static const char *const names[] = {"a b", "name,x"};
	struct mst_cond c = {"name", MST_COND_IS, "a^b"};

	scan.conds = &c;
	scan.conds_n = 1;
	t_failed(mst_dest_servicenow.scan(f->d, &scan, &f->err), &f->err,
		 MST_E_INVALID, TABLE);
	c.op = MST_COND_IN;
	c.value = "a,,b";
	t_failed(mst_dest_servicenow.scan(f->d, &scan, &f->err), &f->err,
		 MST_E_INVALID, TABLE);
	scan.conds_n = 0;
	scan.columns = names;
	t_failed(mst_dest_servicenow.scan(f->d, &scan, &f->err), &f->err,
		 MST_E_INVALID, TABLE);
	assert_int_equal(mst_dest_servicenow.next(f->d, &req, &f->err),
			 MST_DEST_IDLE);
}

#define ERROR(m, d)                                                            \
	"{\"error\":{\"message\":\"" m "\",\"detail\":\"" d                    \
	"\"},\"status\":\"failure\"}"

static void test_refusals(void **state MST_UNUSED)
{
	begin();
	asks("ORDERBY", NULL);
	t_ok(answer(403, -1,
		    ERROR("User Not Authorized",
			  "Failed API level ACL Validation")),
	     &f->err);
	is_over(MST_SCAN_REFUSED, "Failed API level ACL Validation (403)");
	begin();
	asks("ORDERBY", NULL);
	t_ok(answer(400, -1, ERROR("Invalid table " TABLE, "")), &f->err);
	is_over(MST_SCAN_ABSENT, "Invalid table");
	/* who we are concerns everything */
	begin();
	asks("ORDERBY", NULL);
	t_failed(answer(401, -1, ERROR("User Not Authenticated", "")), &f->err,
		 MST_E_AUTH, "401");
}

static void test_asleep(void **state MST_UNUSED)
{
	begin();
	asks("ORDERBY", NULL);
	t_failed(answer(200, -1, "<html>hibernating</html>"), &f->err,
		 MST_E_UNSUPPORTED, "asleep");
}

/* A list that ran out of time: smaller pages, from where it was. */
static void test_broken_lists(void **state MST_UNUSED)
{
	static const char *const limits[] = {"limit=1000&", "limit=500&",
					     "limit=250&", "limit=125&"};

	begin();
	asks("limit=2000&", NULL);
	page(2, ROW(1));
	asks("limit=2000&", NULL);
	t_ok(answer(200, -1, "{\"result\":[" ROW(2) ",\"error\":"), &f->err);
	asks("sys_id%3E" ID(1), "limit=1000&", NULL);
	t_ok(answer(500, -1, ERROR("Transaction cancelled", "")), &f->err);
	asks("sys_id%3E" ID(1), "limit=500&", NULL);
	page(-1, ROW(2));
	asks("sys_id%3E" ID(2), "limit=500&", NULL);
	page(-1, "");
	is_over(MST_SCAN_WHOLE, "");
	assert_string_equal(rows, "1 x;2 x;");
	/* and it does not go on for ever */
	begin();
	asks("limit=2000&", NULL);
	t_ok(answer(200, -1, "{\"result\":["), &f->err);
	for (size_t i = 0; i < MST_LEN(limits); i++) {
		asks(limits[i], NULL);
		t_ok(answer(200, -1, "{\"result\":["), &f->err);
	}
	is_over(MST_SCAN_REFUSED, "answered 200 with a broken list");
}

static void test_native_keys(void **state MST_UNUSED)
{
	scan.what = MST_SCAN_NATIVE;
	scan.columns_n = 0;
	begin();
	asks("/api/now/table/sys_object_source?sysparm_query=name%3Dmuster%5E",
	     "fields=sys_id,id,target_sys_id,target_table,name&", NULL);
	page(
	    2,
	    "{\"sys_id\":\"" ID(
		1) "\",\"id\":\"m1\",\"name\":\"muster\","
		   "\"target_sys_id\":\"t1\",\"target_table\":\"cmdb_ci_x\"},"
		   "{\"sys_id\":\"" ID(2) "\",\"id\":\"m2\",\"name\":\"other\","
					  "\"target_sys_id\":\"t2\",\"target_"
					  "table\":\"cmdb_ci_x\"}");
	asks("sys_id%3E" ID(2), NULL);
	page(-1, "");
	is_over(MST_SCAN_WHOLE, "");
	assert_string_equal(rows, "m1 t1 cmdb_ci_x;");
	assert_string_equal(mst_scan_native[0], "key");
}

static void test_counts(void **state MST_UNUSED)
{
	static const struct mst_cond open[] = {{"os", MST_COND_IS, "x"}};

	scan.what = MST_SCAN_COUNT;
	scan.conds = open;
	scan.conds_n = 1;
	begin();
	asks("/api/now/stats/" TABLE "?sysparm_count=true&sysparm_query=os%3Dx"
	     "&sysparm_group_by=name,os",
	     NULL);
	t_ok(answer(
		 200, -1,
		 "{\"result\":[{\"stats\":{\"count\":\"12\"},"
		 "\"groupby_fields\":[{\"field\":\"os\",\"value\":\"x\"},"
		 "{\"value\":\"\",\"field\":\"name\"}]},"
		 "{\"stats\":{\"count\":\"3\"},\"groupby_fields\":[{\"field\":"
		 "\"name\",\"value\":\"b\"},{\"field\":\"os\",\"value\":"
		 "\"y\"}]}]}"),
	     &f->err);
	is_over(MST_SCAN_WHOLE, "");
	assert_string_equal(rows, " x 12;b y 3;");
	/* all in one number */
	rows[0] = 0;
	scan.columns_n = scan.conds_n = 0;
	begin();
	asks("?sysparm_count=true", NULL);
	assert_null(strstr(req.url, "group_by"));
	t_ok(answer(200, -1, "{\"result\":{\"stats\":{\"count\":\"7\"}}}"),
	     &f->err);
	is_over(MST_SCAN_WHOLE, "");
	assert_string_equal(rows, "7;");
	/* an API that is not there or not for us ends the count alone */
	begin();
	asks("/stats/", NULL);
	t_ok(answer(403, -1,
		    ERROR("User Not Authorized",
			  "Access to unscoped api is not allowed")),
	     &f->err);
	is_over(MST_SCAN_REFUSED, "unscoped");
	begin();
	asks("/stats/", NULL);
	t_ok(answer(200, -1, "{\"result\":[{\"stats\":{}}]}"), &f->err);
	is_over(MST_SCAN_REFUSED, "not understood");
}

static void test_several_at_once(void **state MST_UNUSED)
{
	struct mst_scan other = scan;
	struct mst_req first;

	other.table = "cmdb_ci_spkg";
	begin();
	t_ok(mst_dest_servicenow.scan(f->d, &other, &f->err), &f->err);
	asks("/table/" TABLE, NULL);
	first = req;
	req = (struct mst_req){0};
	asks("/table/cmdb_ci_spkg", NULL);
	page(0, "");
	assert_int_equal(other.end, MST_SCAN_WHOLE);
	assert_int_equal(scan.end, MST_SCAN_RUNNING);
	mst_arena_fini(&req.arena);
	req = first;
	page(0, "");
	is_over(MST_SCAN_WHOLE, "");
}

/* Only a few are wanted: to see whether a question is understood. */
static void test_at_most(void **state MST_UNUSED)
{
	scan.most = 2;
	begin();
	asks("ORDERBY", NULL);
	page(9, ROW(1) "," ROW(2) "," ROW(3));
	is_over(MST_SCAN_WHOLE, "");
	assert_string_equal(rows, "1 x;2 x;");
}

static void test_what_identifies(void **state MST_UNUSED)
{
	static const struct {
		const char *column, *text;
		bool yes;
	} rows_of[] = {
	    {"name", "pc1", true},
	    {"name", " ", false},
	    {"serial_number", "ABC123", true},
	    {"serial_number", "To be filled by O.E.M.", false},
	    {"mac_address", "00:1b:21:aa:bb:cc", true},
	    {"mac_address", "02:00:00:00:00:01", false},
	};

	for (size_t i = 0; i < MST_LEN(rows_of); i++)
		assert_int_equal(mst_dest_servicenow.identifies(
				     f->d, rows_of[i].column,
				     mst_slice_str(rows_of[i].text)),
				 rows_of[i].yes);
}

static void test_cancelled(void **state MST_UNUSED)
{
	struct mst_resp resp = {.outcome = MST_OUT_FAILED, .request_id = ""};

	begin();
	asks("ORDERBY", NULL);
	(void)mst_err_set(&resp.err, MST_E_CANCELLED, "cancelled");
	(void)mst_dest_servicenow.accept(f->d, &req, &resp, &f->err);
	t_failed(mst_dest_servicenow.next(f->d, &req, &f->err), &f->err,
		 MST_E_CANCELLED, "cancelled");
	t_failed(mst_dest_servicenow.scan(f->d, &scan, &f->err), &f->err,
		 MST_E_CANCELLED, "cancelled");
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_pages),
	    T(test_empty),
	    T(test_hidden_rows),
	    T(test_hidden_columns),
	    T(test_order_is_lost),
	    T(test_conditions),
	    T(test_what_cannot_be_asked),
	    T(test_refusals),
	    T(test_asleep),
	    T(test_broken_lists),
	    T(test_native_keys),
	    T(test_counts),
	    T(test_several_at_once),
	    T(test_at_most),
	    T(test_what_identifies),
	    T(test_cancelled),
	};

	return cmocka_run_group_tests_name("servicenow scan", tests, NULL,
					   NULL);
}
