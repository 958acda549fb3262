/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports as text, CSV, JSON and XLSX.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "base/time.h"
#include "report/report.h"

#define NOW 1795219200000000 /* 2026-11-21 00:00:00 */

static const struct mst_report_column columns[] = {
    {"kind", "Kind", MST_REPORT_TEXT, .data = true},
    {"name", "Name", MST_REPORT_TEXT},
    {"days", "Days", MST_REPORT_NUMBER},
    {"seen", "Seen", MST_REPORT_TIME},
    {"nothing", "Nothing", MST_REPORT_TEXT},
    {"why", "Why", MST_REPORT_TEXT},
};

static const struct mst_report_column sums[] = {
    {"what", "What", MST_REPORT_TEXT}, {"share", "Share", MST_REPORT_NUMBER}};

static struct mst_report r;
static struct mst_buf out = MST_BUF_INIT(1u << 20);

static int set_up(void **state MST_UNUSED)
{
	t_clock_set(NOW);
	mst_report_init(&r, "test", "A test", "main");
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_report_fini(&r);
	mst_buf_fini(&out);
	t_clock_real();
	return 0;
}

static void add(struct mst_report_section *s, const char *name,
		const char *seen, const char *why)
{
	struct mst_slice at = mst_slice_str(seen);
	const struct mst_slice cells[] = {MST_SLICE_LIT("thing"),
					  mst_slice_str(name),
					  mst_report_days(&r, at),
					  mst_report_time(&r, at),
					  {NULL, 0},
					  mst_slice_str(why)};

	mst_report_row(&r, s, cells);
}

static struct mst_report_section *things(void)
{
	struct mst_report_section *s =
	    MST_REPORT_TABLE(&r, "things", "Things", columns, true);

	add(s, "a", "2026-11-11 23:59:59", "short");
	add(s, "B\xc3\xbcro", "never", "");
	return s;
}

static void is_text(uint64_t most, const char *want)
{
	mst_buf_reset(&out);
	mst_report_text(&r, most, &out);
	t_is(mst_buf_slice(&out), want);
}

static void test_text(void **state MST_UNUSED)
{
	struct mst_report_section *s = things(), *sum;
	const struct mst_slice row[] = {MST_SLICE_LIT("x"),
					mst_report_dec(&r, 12.25)};

	sum = MST_REPORT_TABLE(&r, "sums", "Sums", sums, false);
	is_text(20, "A test\njob main, 2026-11-21 00:00 UTC\n"
		    "\nThings: 2\n"
		    "  Name  Days  Seen        Why\n"
		    "  a        9  2026-11-11  short\n"
		    "  B\xc3\xbcro\n"
		    "\nSums\n  none\n");
	mst_report_row(&r, sum, row);
	mst_report_note(&r, false, "one %d", 1);
	mst_report_note(&r, true, "two");
	mst_report_note(&r, true, "two");
	is_text(1, "A test\njob main, 2026-11-21 00:00 UTC\n"
		   "Note: one 1\nMay be incomplete: two\n"
		   "\nThings: 2\n"
		   "  Name  Days  Seen        Why\n"
		   "  a        9  2026-11-11  short\n"
		   "  … and 1 more: --all, or --format csv --section things\n"
		   "\nSums\n"
		   "  What  Share\n"
		   "  x      12.3\n");
	s->brief = true;
	mst_buf_reset(&out);
	mst_report_text(&r, 20, &out);
	assert_non_null(strstr(out.p, "\nThings: 2\n  … 2: --all, or"));
	mst_buf_reset(&out);
	mst_report_text(&r, UINT64_MAX, &out);
	assert_non_null(strstr(out.p, "  a        9"));
	/* not all of it was kept */
	assert_false(mst_report_complete(&r));
	r.notes_n = 1;
	assert_true(mst_report_complete(&r));
	s->more = 3;
	assert_false(mst_report_complete(&r));
	mst_buf_reset(&out);
	mst_report_text(&r, UINT64_MAX, &out);
	assert_non_null(strstr(out.p, "\nThings: 5\n"));
	assert_non_null(strstr(out.p, "  … and 3 more"));
}

/* Long texts, and what would move a cursor. */
static void test_tame_text(void **state MST_UNUSED)
{
	struct mst_report_section *s =
	    MST_REPORT_TABLE(&r, "things", "Things", columns, true);
	char name[400] = "", why[400] = "";

	for (int i = 0; i < 150; i++) {
		strcat(name, "\xc3\xa4");
		strcat(why, "y");
	}
	add(s, name, "", why);
	add(s, "a\x1b[31m\tb", "", "");
	mst_buf_reset(&out);
	mst_report_text(&r, 20, &out);
	assert_null(strchr(out.p, 27));
	assert_null(strchr(out.p, '\t'));
	assert_non_null(strstr(out.p, "\xc3\xa4…  yyyy"));
	assert_non_null(strstr(out.p, "y…\n"));
	/* a cell is cut at the end of a character */
	assert_true(s->cells[1].n <= 300);
	assert_memory_equal(s->cells[1].p + s->cells[1].n - 2, "\xc3\xa4", 2);
}

static void test_csv(void **state MST_UNUSED)
{
	static const char *const names[] = {"=1+1",  "+1",  "-1",   "@x",
					    "\ttab", "a,b", "a\"b", "a\nb",
					    " a",    "",    "a=b"};
	struct mst_report_section *s = things();
	struct mst_err err = MST_ERR_INIT;

	s->rows = 0;
	for (size_t i = 0; i < MST_LEN(names); i++)
		add(s, names[i], "", "");
	add(MST_REPORT_TABLE(&r, "others", "Others", columns, true), "o",
	    "2026-11-20T00:00:00Z", "w");
	(void)MST_REPORT_TABLE(&r, "sums", "Sums", sums, false);
	mst_buf_reset(&out);
	/* the main one and those of the same columns */
	t_ok(mst_report_csv(&r, NULL, &out, &err), &err);
	t_is(mst_buf_slice(&out), "kind,name,days,seen,nothing,why\n"
				  "thing,'=1+1,,,,\n"
				  "thing,'+1,,,,\n"
				  "thing,'-1,,,,\n"
				  "thing,'@x,,,,\n"
				  "thing,'\ttab,,,,\n"
				  "thing,\"a,b\",,,,\n"
				  "thing,\"a\"\"b\",,,,\n"
				  "thing,\"a\nb\",,,,\n"
				  "thing,\" a\",,,,\n"
				  "thing,,,,,\n"
				  "thing,a=b,,,,\n"
				  "thing,o,1,2026-11-20T00:00:00Z,,w\n");
	mst_buf_reset(&out);
	t_ok(mst_report_csv(&r, "sums", &out, &err), &err);
	t_is(mst_buf_slice(&out), "what,share\n");
	t_failed(mst_report_csv(&r, "thing", &out, &err), &err, MST_E_NOTFOUND,
		 "did you mean 'things'?; it has things, others, sums");
}

static void test_json(void **state MST_UNUSED)
{
	struct mst_err err = MST_ERR_INIT;

	(void)things();
	(void)MST_REPORT_TABLE(&r, "sums", "Sums", sums, false);
	mst_report_note(&r, true, "half");
	mst_buf_reset(&out);
	t_ok(mst_report_json(&r, NULL, &out, &err), &err);
	t_is(mst_buf_slice(&out),
	     "{\"report\":\"test\",\"title\":\"A test\",\"job\":\"main\","
	     "\"made_at\":\"2026-11-21T00:00:00Z\",\"complete\":false,"
	     "\"notes\":[{\"text\":\"half\",\"incomplete\":true}],"
	     "\"sections\":{\"things\":{\"title\":\"Things\",\"list\":true,"
	     "\"main\":true,\"columns\":["
	     "{\"name\":\"kind\",\"title\":\"Kind\",\"type\":\"text\"},"
	     "{\"name\":\"name\",\"title\":\"Name\",\"type\":\"text\"},"
	     "{\"name\":\"days\",\"title\":\"Days\",\"type\":\"number\"},"
	     "{\"name\":\"seen\",\"title\":\"Seen\",\"type\":\"time\"},"
	     "{\"name\":\"nothing\",\"title\":\"Nothing\",\"type\":\"text\"},"
	     "{\"name\":\"why\",\"title\":\"Why\",\"type\":\"text\"}],"
	     "\"total\":2,"
	     "\"rows\":[{\"kind\":\"thing\",\"name\":\"a\",\"days\":9,"
	     "\"seen\":\"2026-11-11T23:59:59Z\",\"nothing\":\"\",\"why\":"
	     "\"short\"},{\"kind\":\"thing\",\"name\":\"B\xc3\xbcro\","
	     "\"days\":null,\"seen\":null,\"nothing\":\"\",\"why\":\"\"}]},"
	     "\"sums\":{\"title\":\"Sums\",\"list\":false,\"main\":false,"
	     "\"columns\":["
	     "{\"name\":\"what\",\"title\":\"What\",\"type\":\"text\"},"
	     "{\"name\":\"share\",\"title\":\"Share\",\"type\":\"number\"}],"
	     "\"total\":0,\"rows\":[]}}}\n");
	mst_buf_reset(&out);
	t_ok(mst_report_json(&r, "sums", &out, &err), &err);
	assert_null(strstr(out.p, "things"));
}

/* What a report was is what its JSON makes again. */
static void test_read(void **state MST_UNUSED)
{
	struct mst_buf csv = MST_BUF_INIT(1u << 20);
	struct mst_buf again = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_report copy;

	add(things(), "=1+1", "2026-11-20T00:00:00Z", "a, b");
	(void)MST_REPORT_TABLE(&r, "sums", "Sums", sums, false);
	mst_report_note(&r, true, "half");
	mst_buf_reset(&out);
	t_ok(mst_report_json(&r, NULL, &out, &err), &err);
	t_ok(mst_report_csv(&r, NULL, &csv, &err), &err);
	t_ok(mst_report_read(mst_buf_slice(&out), &copy, &err), &err);
	t_ok(mst_report_csv(&copy, NULL, &again, &err), &err);
	t_is(mst_buf_slice(&again), csv.p);
	mst_buf_reset(&again);
	t_ok(mst_report_json(&copy, NULL, &again, &err), &err);
	t_is(mst_buf_slice(&again), out.p);
	mst_report_fini(&copy);
	t_failed(
	    mst_report_read(MST_SLICE_LIT("{\"report\":\"x\"}"), &copy, &err),
	    &err, MST_E_CORRUPT, "not the JSON of a report");
	mst_report_fini(&copy);
	mst_buf_fini(&csv);
	mst_buf_fini(&again);
}

/* The main columns need not be those of the first section: reports have a
 * narrow one with counts before their lists. */
static void test_read_main(void **state MST_UNUSED)
{
	struct mst_buf csv = MST_BUF_INIT(1u << 20);
	struct mst_buf again = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_report copy;

	(void)MST_REPORT_TABLE(&r, "sums", "Sums", sums, false);
	add(things(), "c", "never", "why");
	add(MST_REPORT_TABLE(&r, "others", "Others", columns, true), "d",
	    "never", "why not");
	r.main = columns;
	mst_buf_reset(&out);
	t_ok(mst_report_json(&r, NULL, &out, &err), &err);
	t_ok(mst_report_csv(&r, NULL, &csv, &err), &err);
	t_ok(mst_report_read(mst_buf_slice(&out), &copy, &err), &err);
	t_ok(mst_report_csv(&copy, NULL, &again, &err), &err);
	t_is(mst_buf_slice(&again), csv.p);
	assert_non_null(strstr(csv.p, "why not"));
	mst_report_fini(&copy);
	mst_buf_fini(&csv);
	mst_buf_fini(&again);
}

static bool holds(const char *text)
{
	return memmem(out.p, out.n, text, strlen(text)) != NULL;
}

static const struct mst_report_column untitled[] = {
    {"only_data", NULL, MST_REPORT_TEXT, .data = true}};

/* A workbook: a file of files, one of them per sheet. */
static void test_xlsx(void **state MST_UNUSED)
{
	struct mst_err err = MST_ERR_INIT;

	add(things(), "=1+1", "2026-11-20T00:00:00Z", "\x01<&>");
	(void)MST_REPORT_TABLE(&r, "sums", "Sums", sums, false);
	(void)MST_REPORT_TABLE(&r, "data", "Data", untitled, false);
	mst_report_note(&r, true, "half");
	mst_buf_reset(&out);
	t_ok(mst_report_xlsx(&r, NULL, &out, &err), &err);
	assert_memory_equal(out.p, "PK\3\4", 4);
	assert_true(holds("xl/worksheets/sheet4.xml"));
	assert_false(holds("xl/worksheets/sheet5.xml"));
	mst_buf_reset(&out);
	t_ok(mst_report_xlsx(&r, "sums", &out, &err), &err);
	assert_true(holds("xl/worksheets/sheet1.xml"));
	assert_false(holds("xl/worksheets/sheet2.xml"));
	t_failed(mst_report_xlsx(&r, "thing", &out, &err), &err, MST_E_NOTFOUND,
		 "did you mean 'things'?");
}

/* More notes than there is room for: the last one counts. */
static void test_many_notes(void **state MST_UNUSED)
{
	for (int i = 0; i < MST_REPORT_NOTES + 5; i++)
		mst_report_note(&r, false, "note %d", i);
	assert_int_equal(r.notes_n, MST_REPORT_NOTES);
	assert_true(mst_report_complete(&r));
	mst_report_note(&r, true, "important");
	assert_int_equal(r.notes_n, MST_REPORT_NOTES);
	assert_false(mst_report_complete(&r));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_text), T(test_tame_text), T(test_csv),  T(test_json),
	    T(test_read), T(test_read_main), T(test_xlsx), T(test_many_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
