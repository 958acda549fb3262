/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the spool: every form of a part, on one and more threads, with
 * damage that is found and named.
 */
#include "sync_fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "sync/reader.h"

#define THREADS 3

static struct mst_spool s;
static struct mst_err err;
static struct mst_read_stats stats;
static atomic_bool cancel;

/* What a worker saw; sums do not depend on the order. */
struct seen {
	uint64_t records, keys, stop_at;
	struct mst_hash sum;
};

static struct seen all;

static int set_up(void **state MST_UNUSED)
{
	err = (struct mst_err)MST_ERR_INIT;
	atomic_store(&cancel, false);
	t_ok(mst_spool_make(&s, &fx_source, fx_dir(), true, &err), &err);
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_spool_fini(&s);
	return 0;
}

static int record(void *worker, const struct mst_value *v, struct mst_err *e)
{
	struct seen *seen = worker;

	seen->records++;
	for (unsigned i = 0; i < FR__N; i++) {
		struct mst_hash h;

		if (v[i].type == MST_JSON_STRING)
			h = mst_hash128(v[i].u.s.p, v[i].u.s.n, i);
		else if (v[i].type == MST_JSON_INT)
			h = mst_hash128(&v[i].u.i, sizeof(v[i].u.i), i);
		else
			continue;
		seen->keys += i == FR_KEY;
		mst_hash_add(&seen->sum, h);
	}
	if (seen->stop_at && seen->records == seen->stop_at)
		return mst_err_set(e, MST_E_GUARD, "enough");
	return 0;
}

static int run(unsigned threads, uint64_t stop_at)
{
	struct seen seen[THREADS] = {
	    {.stop_at = stop_at}, {.stop_at = stop_at}, {.stop_at = stop_at}};
	void *workers[THREADS] = {&seen[0], &seen[1], &seen[2]};
	struct mst_read read = {.spool = &s,
				.catalog = fx_source.catalog,
				.feed = FX_ROWS,
				.threads = threads,
				.workers = workers,
				.record = record,
				.cancel = &cancel};
	int rc = mst_read_feed(&read, &stats, &err);

	all = (struct seen){0};
	for (unsigned i = 0; i < THREADS; i++) {
		all.records += seen[i].records;
		all.keys += seen[i].keys;
		mst_hash_add(&all.sum, seen[i].sum);
	}
	return rc;
}

/* One part, read alone. */
static void part(const char *text, enum mst_part_form form, bool gzip,
		 uint64_t records)
{
	s.feeds[FX_ROWS].parts_n = 0;
	fx_add(&s, FX_ROWS, "part", text, form, gzip);
	t_ok(run(1, 0), &err);
	assert_int_equal(all.records, records);
	assert_int_equal(stats.records, records);
	assert_int_equal(stats.parts, 1);
	assert_int_equal(stats.bytes, strlen(text));
}

static void bad(const char *text, enum mst_part_form form, bool gzip,
		enum mst_code code, const char *says)
{
	s.feeds[FX_ROWS].parts_n = 0;
	fx_add(&s, FX_ROWS, "part", text, form, gzip);
	t_failed(run(1, 0), &err, code, says);
	assert_non_null(strstr(err.msg, "rows/part")); /* names the file */
}

static void test_forms(void **state MST_UNUSED)
{
	static const enum mst_part_form look = MST_PART_UNKNOWN;

	for (int gzip = 0; gzip < 2; gzip++) {
		part("{'key':'a'}\n{'key':'b'}\n", MST_PART_LINES, gzip, 2);
		part("{'key':'a'}\n{'key':'b'}\n", look, gzip, 2);
		part("{'key':'a'}\n{'key':'b'}", look, gzip, 2);
		part("{'key':'a'}", look, gzip, 1);
		part("\n\r\n {'key':'a'}\r\n\r\n", look, gzip, 1);
		part("", look, gzip, 0);
		part(" \n\n", look, gzip, 0);
		part("", MST_PART_LINES, gzip, 0);
		part("[{'key':'a'},{'key':'b'}]", look, gzip, 2);
		part("[\n{'key':'a'},\n{'key':'b'}\n]\n", look, gzip, 2);
		/* cut in UTF-16, in a text that is wanted or not */
		part("{'key':'\\ud83d'}\n{'x':'\\ude00'}\n", look, gzip, 2);
		part("[{'key':'\\ud83d'},{'x':'\\ude00'}]", look, gzip, 2);
		part("[]", look, gzip, 0);
		part("{'value':[{'key':'a'},{'key':'b'}]}", look, gzip, 2);
		part("{\n 'value': [\n  {'key':'a'}\n ]\n}\n", look, gzip, 1);
		part("{'value':[]}\n", MST_PART_PAGE, gzip, 0);
		part("\xef\xbb\xbf{'key':'a'}\n{'key':'b'}\n", look, gzip, 2);
		part("\xef\xbb\xbf{'key':'a'}\n", MST_PART_LINES, gzip, 1);
		part("\xef\xbb\xbf", look, gzip, 0);
		part("{'Value':[{'key':'a'}]}", look, gzip, 1);
		/* documents behind each other, over lines or not */
		part("{\n'key':'a'\n}\n{\n'key':'b'\n}\n", look, gzip, 2);
		part("{'key':'a'}{'key':'}{'}", look, gzip, 2);
		part("[{'key':'a'}]\n[{'key':'b'},{'key':'c'}]", look, gzip, 3);
		part("{'value':[{'key':'a'}]}\n{'value':[]}\n", look, gzip, 1);
		/* a list of pages */
		part("[{'value':[{'key':'a'}]},{'value':[{'key':'b'}]}]", look,
		     gzip, 2);
		part("{\n'key':'a'\n}", look, gzip, 1); /* one, over lines */
		part("\xef\xbb\xbf[{'key':'a'}]", look, gzip, 1);
	}
	assert_int_equal(all.keys, 1);
}

static void test_more_pages(void **state MST_UNUSED)
{
	part("{'value':[],'@odata.nextLink':'x'}", MST_PART_PAGE, false, 0);
	assert_int_equal(stats.pages, 1);
	assert_int_equal(stats.pages_more, 1);
	part("{'value':[],'@odata.nextLink':null}", MST_PART_PAGE, false, 0);
	assert_int_equal(stats.pages_more, 0);
	/* the last one of several has none */
	part("{'value':[],'@Odata.NextLink':'x'}{'value':[]}", MST_PART_UNKNOWN,
	     false, 0);
	assert_int_equal(stats.pages, 2);
	assert_int_equal(stats.pages_more, 1);
}

static void test_damage(void **state MST_UNUSED)
{
	bad("{'key':'a'}\n{'key':\n{'key':'c'}\n", MST_PART_LINES, false,
	    MST_E_CORRUPT, "line 2");
	bad("{'key':'a'}\n{'key':'b'}\n{'key':'c'", MST_PART_LINES, true,
	    MST_E_CORRUPT, "line 3");
	bad("{'key':'a'}\n17\n", MST_PART_LINES, false, MST_E_CORRUPT,
	    "line 2");
	bad("{'key':'a'}{'key':'b'}\n", MST_PART_LINES, false, MST_E_CORRUPT,
	    "line 1");
	bad("{'value':[{'key':'a'}", MST_PART_PAGE, false, MST_E_CORRUPT,
	    "not valid JSON");
	bad("{'value':{'key':'a'}}", MST_PART_PAGE, false, MST_E_CORRUPT,
	    "is not a list");
	bad("[{'key':'a'},7]", MST_PART_UNKNOWN, false, MST_E_CORRUPT,
	    "not a JSON object");
	bad("{\n'key':'a'}\n{'key':\n", MST_PART_UNKNOWN, false, MST_E_CORRUPT,
	    "document 2");
	bad("[[{'value':[]}]]", MST_PART_UNKNOWN, false, MST_E_CORRUPT,
	    "not a JSON object");
	bad("<html></html>", MST_PART_UNKNOWN, false, MST_E_CORRUPT,
	    "not valid JSON");
	bad("", MST_PART_PAGE, false, MST_E_CORRUPT, "not valid JSON");
	mst_spool_add(&s, FX_ROWS, mst_spool_path(&s, FX_ROWS, "gone"), 1,
		      MST_PART_LINES, false);
	s.feeds[FX_ROWS].parts[0] = s.feeds[FX_ROWS].parts[1];
	s.feeds[FX_ROWS].parts_n = 1;
	t_failed(run(1, 0), &err, MST_E_IO, "rows/gone");
}

static void test_gzip_cut(void **state MST_UNUSED)
{
	struct mst_buf b = MST_BUF_INIT(1u << 22);
	const char *path = mst_spool_path(&s, FX_ROWS, "cut.gz");

	for (unsigned i = 0; i < 30000; i++)
		mst_buf_addf(&b, "{'key':'%u','text':'%u'}\n", i, i * 7919);
	/* within the check sum, within the data, within the head */
	for (size_t cut = 1; cut < 70000; cut = cut * 8 + 1) {
		fx_file(s.dir, "rows/cut.gz", b.p, true, cut);
		s.feeds[FX_ROWS].parts_n = 0;
		mst_spool_add(&s, FX_ROWS, path, 1, MST_PART_LINES, true);
		assert_true(run(1, 0) < 0);
		assert_int_equal(err.code, MST_E_CORRUPT);
		assert_non_null(strstr(err.msg, "rows/cut.gz"));
	}
	mst_buf_fini(&b);
}

/* Lines and pages beyond the first window. */
static void test_long(void **state MST_UNUSED)
{
	struct mst_buf b = MST_BUF_INIT(64u << 20);
	static const size_t sizes[] = {262143, 262144, 262145, 300000, 2000000};

	for (size_t k = 0; k < MST_LEN(sizes); k++) {
		for (int page = 0; page < 2; page++) {
			mst_buf_reset(&b);
			mst_buf_adds(&b, page ? "[{'key':'"
					      : "{'key':'a'}\n"
						"{'key':'");
			while (b.n < sizes[k])
				mst_buf_addc(&b, 'x');
			mst_buf_adds(&b, page ? "'},{'key':'b'}]"
					      : "'}\n{'key':'b'}\n");
			part(b.p, MST_PART_UNKNOWN, k % 2, page ? 2 : 3);
		}
	}
	/* a line longer than any record may be */
	mst_buf_reset(&b);
	mst_buf_adds(&b, "{'key':'a'}\n{'key':'");
	while (b.n <= 2 * (size_t)MST_MAX_LINE + 1024)
		mst_buf_adds(&b, "0123456789012345678901234567890123456789");
	mst_buf_adds(&b, "'}\n");
	bad(b.p, MST_PART_LINES, true, MST_E_INVALID, "longer than");
	mst_buf_fini(&b);
}

/* One list of any size is read in windows, like the same records in lines. */
static void test_large_list(void **state MST_UNUSED)
{
	struct mst_buf list = MST_BUF_INIT(8u << 20);
	struct mst_buf lines = MST_BUF_INIT(8u << 20);
	struct mst_hash want;

	for (unsigned pad = 0; pad < 40; pad++) {
		mst_buf_reset(&list);
		mst_buf_reset(&lines);
		mst_buf_addf(&list, " \n[\n%*s", (int)pad, "");
		for (unsigned i = 0; i < 9000; i++) {
			mst_buf_addf(&list,
				     "%s{\n 'key':'%u',\r\n 'text':'} ] \\\" "
				     "[,\\\\','more':[{'a':[]},{}] }",
				     i ? "\t,\n" : "", i);
			mst_buf_addf(&lines,
				     "{'key':'%u','text':'} ] \\\" [,\\\\'}\n",
				     i);
		}
		mst_buf_adds(&list, "\n]\r\n ");
		part(lines.p, MST_PART_LINES, false, 9000);
		want = all.sum;
		part(list.p, MST_PART_UNKNOWN, pad & 1, 9000);
		assert_true(mst_hash_eq(all.sum, want));
		assert_int_equal(all.keys, 9000);
		assert_int_equal(stats.pages, 1);
	}
	/* what does not end, and what should not be there */
	list.n -= 10;
	list.p[list.n] = '\0';
	bad(list.p, MST_PART_PAGE, false, MST_E_CORRUPT, "cut short");
	mst_buf_adds(&list, "{}]}]");
	part(list.p, MST_PART_PAGE, false, 9000);
	mst_buf_adds(&list, " {'key':'more'}");
	bad(list.p, MST_PART_PAGE, true, MST_E_CORRUPT,
	    "behind record 9000: there is more behind the list");
	for (int i = 0; i < 3; i++) {
		static const char *const ends[] = {",]", ",7]",
						   ",{'key':tru}]"};
		static const char *const says[] = {
		    "behind record 9000: not a list of JSON objects",
		    "behind record 9000: not a list of JSON objects",
		    "record 9001"};

		list.n = strlen(list.p) -
			 strlen(i ? ends[i - 1] : "] {'key':'more'}");
		list.p[list.n] = '\0';
		mst_buf_adds(&list, ends[i]);
		bad(list.p, MST_PART_PAGE, false, MST_E_CORRUPT, says[i]);
	}
	/* one record that is larger than a window; pages inside a list */
	mst_buf_reset(&list);
	mst_buf_adds(&list, "[{'key':'a'},{'key':'");
	while (list.n < 1000000)
		mst_buf_adds(&list, "0123456789");
	mst_buf_adds(&list, "'},{'key':'c'}]");
	part(list.p, MST_PART_UNKNOWN, false, 3);
	mst_buf_reset(&list);
	mst_buf_adds(&list, "[{'value':[{'key':'a'}]},{'value':[{'key':'");
	while (list.n < 1000000)
		mst_buf_adds(&list, "0123456789");
	mst_buf_adds(&list, "'}]}]");
	part(list.p, MST_PART_UNKNOWN, false, 2);
	mst_buf_fini(&list);
	mst_buf_fini(&lines);
}

/* Lines that end everywhere around the windows' borders. */
static void test_borders(void **state MST_UNUSED)
{
	struct mst_buf b = MST_BUF_INIT(4u << 20);
	struct mst_hash want = {0};

	for (unsigned pad = 0; pad < 40; pad++) {
		mst_buf_reset(&b);
		mst_buf_adds(&b, "{'text':'");
		for (unsigned i = 0; i < pad; i++)
			mst_buf_addc(&b, 'p');
		mst_buf_adds(&b, "'}\n");
		for (unsigned i = 0; i < 14000; i++)
			mst_buf_addf(&b, "{'key':'%05u','def':'x'}\n", i);
		part(b.p, MST_PART_LINES, pad & 1, 14001);
		assert_int_equal(all.keys, 14000);
		for (unsigned i = 0; i < 14000; i++) {
			char text[8];

			(void)snprintf(text, sizeof(text), "%05u", i);
			mst_hash_add(&want, mst_hash128(text, 5, FR_KEY));
		}
		want = (struct mst_hash){0};
	}
	mst_buf_fini(&b);
}

static void many_parts(void)
{
	char name[32];
	struct mst_buf b = MST_BUF_INIT(4u << 20);

	for (unsigned p = 0; p < 11; p++) {
		mst_buf_reset(&b);
		if (p % 3 == 0)
			mst_buf_addc(&b, '[');
		for (unsigned i = 0; i < p * 900; i++)
			mst_buf_addf(&b,
				     "%s{'device':'d%u','key':'%u-%u',"
				     "'text':%u}%s",
				     i && p % 3 == 0 ? "," : "", i % 7, p, i,
				     i * 3, p % 3 == 0 ? "" : "\n");
		if (p % 3 == 0)
			mst_buf_addc(&b, ']');
		(void)snprintf(name, sizeof(name), "part-%u", p);
		fx_add(&s, FX_ROWS, name, b.p, MST_PART_UNKNOWN, p % 2);
	}
	mst_buf_fini(&b);
}

static void test_threads(void **state MST_UNUSED)
{
	struct mst_hash one;
	uint64_t records, bytes;

	many_parts();
	t_ok(run(1, 0), &err);
	assert_int_equal(all.records, 55 * 900);
	one = all.sum;
	records = stats.records;
	bytes = stats.bytes;
	for (unsigned threads = 2; threads <= THREADS; threads++) {
		t_ok(run(threads, 0), &err);
		assert_true(mst_hash_eq(all.sum, one));
		assert_int_equal(all.records, records);
		assert_int_equal(stats.records, records);
		assert_int_equal(stats.bytes, bytes);
		assert_int_equal(stats.parts, 11);
	}
}

static void test_only_parse(void **state MST_UNUSED)
{
	struct mst_read read = {.spool = &s,
				.catalog = fx_source.catalog,
				.feed = FX_ROWS,
				.threads = 1};
	void *workers[1] = {NULL};
	uint64_t bytes;

	read.workers = workers;
	many_parts();
	t_ok(run(1, 0), &err);
	bytes = stats.bytes;
	t_ok(mst_read_only_parse(&read, &stats, &err), &err);
	assert_int_equal(stats.bytes, bytes);
	s.feeds[FX_ROWS].parts_n = 0;
	fx_add(&s, FX_ROWS, "bad", "{'a':1}\n{'a'\n", MST_PART_LINES, false);
	t_failed(mst_read_only_parse(&read, &stats, &err), &err, MST_E_CORRUPT,
		 "line 2");
}

static void test_stops(void **state MST_UNUSED)
{
	many_parts();
	/* a worker's own error ends all of them, as it is */
	t_failed(run(1, 1000), &err, MST_E_GUARD, "enough");
	t_failed(run(THREADS, 1000), &err, MST_E_GUARD, "enough");
	assert_true(all.records < 55 * 900);
	atomic_store(&cancel, true);
	t_failed(run(1, 0), &err, MST_E_CANCELLED, "cancelled");
	t_failed(run(THREADS, 0), &err, MST_E_CANCELLED, "cancelled");
	atomic_store(&cancel, false);
	t_ok(run(THREADS, 0), &err);
	/* nothing to read is no error */
	s.feeds[FX_ROWS].parts_n = 0;
	t_ok(run(THREADS, 0), &err);
	assert_int_equal(all.records, 0);
}

/* The bad part is found by whoever reads it; one error is told. */
static void test_damage_among_many(void **state MST_UNUSED)
{
	many_parts();
	fx_add(&s, FX_ROWS, "part-bad", "{'key':'a'}\n{'key':}\n",
	       MST_PART_LINES, true);
	for (unsigned threads = 1; threads <= THREADS; threads++)
		t_failed(run(threads, 0), &err, MST_E_CORRUPT,
			 "rows/part-bad line 2");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_large_list),	       T(test_forms),
	    T(test_more_pages),	       T(test_damage),
	    T(test_gzip_cut),	       T(test_long),
	    T(test_borders),	       T(test_threads),
	    T(test_only_parse),	       T(test_stops),
	    T(test_damage_among_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
