/* SPDX-License-Identifier: Apache-2.0
 *
 * The spool on disk: the manifest and back, damage, folders without one.
 */
#include "sync_fixture.h"

#include <unistd.h>

#include "base/file.h"
#include "base/time.h"

static struct mst_err err;

static int set_up(void **state)
{
	err = (struct mst_err)MST_ERR_INIT;
	return t_log_watch(state);
}

static const char *name_in(const char *dir, const char *name)
{
	return t_path("%s/%s", dir + strlen(t_dir()) + 1, name);
}

/* A saved source of two feeds. */
static const char *saved(void)
{
	const char *dir = fx_dir();
	struct mst_spool s;

	t_ok(mst_spool_make(&s, &fx_source, dir, false, &err), &err);
	fx_add(&s, FX_DEVICES, "page-1.json", "{'value':[]}", MST_PART_PAGE,
	       false);
	fx_add(&s, FX_ROWS, "0.json.gz", "{'device':'d'}\n", MST_PART_LINES,
	       true);
	fx_add(&s, FX_ROWS, "1.json", "", MST_PART_UNKNOWN, false);
	/* sizes as they are on disk */
	for (unsigned f = 0; f < FX__FEEDS; f++) {
		for (size_t i = 0; i < s.feeds[f].parts_n; i++) {
			struct mst_buf b = MST_BUF_INIT(1u << 20);

			t_ok(mst_file_read(s.feeds[f].parts[i].path, &b, &err),
			     &err);
			s.feeds[f].parts[i].bytes = b.n;
			mst_buf_fini(&b);
		}
	}
	s.feeds[FX_DEVICES].proof =
	    (struct mst_proof){.complete = true,
			       .pages = 1,
			       .records = 7,
			       .as_of_us = MST_TIME_NONE};
	s.feeds[FX_ROWS].proof =
	    (struct mst_proof){.files = 2,
			       .as_of_us = 1732060800000000,
			       .why = "a \"quoted\" doubt"};
	t_ok(mst_spool_write_manifest(&s, "here", &err), &err);
	mst_spool_fini(&s);
	return dir;
}

static void test_round_trip(void **state MST_UNUSED)
{
	const char *dir = saved();
	const struct mst_spool_feed *f;
	struct mst_spool s;

	t_ok(mst_spool_open(&s, &fx_source, dir, false, &err), &err);
	f = &s.feeds[FX_DEVICES];
	assert_true(f->present && f->proof.complete);
	assert_int_equal(f->parts_n, 1);
	assert_int_equal(f->parts[0].form, MST_PART_PAGE);
	assert_false(f->parts[0].gzip);
	assert_int_equal(f->proof.pages, 1);
	assert_int_equal(f->proof.records, 7);
	assert_true(f->proof.as_of_us == MST_TIME_NONE);
	assert_string_equal(f->proof.why, "");
	f = &s.feeds[FX_ROWS];
	assert_true(f->present && !f->proof.complete);
	assert_int_equal(f->parts_n, 2);
	assert_int_equal(f->parts[0].form, MST_PART_LINES);
	assert_true(f->parts[0].gzip);
	assert_int_equal(f->parts[1].form, MST_PART_UNKNOWN);
	assert_int_equal(f->parts[1].bytes, 0);
	assert_true(f->proof.as_of_us == 1732060800000000);
	assert_string_equal(f->proof.why, "a \"quoted\" doubt");
	assert_false(s.feeds[FX_DEFS].present);
	mst_spool_fini(&s);
	mst_spool_fini(&s);
	/* nothing is removed that is not ours; nothing is written over */
	assert_true(mst_file_exists(name_in(dir, "manifest.json")));
	t_failed(mst_spool_make(&s, &fx_source, dir, false, &err), &err,
		 MST_E_CONFLICT, "holds a saved source");
}

static void test_owned(void **state MST_UNUSED)
{
	const char *dir = t_path("owned");
	struct mst_spool s;

	t_ok(mst_spool_make(&s, &fx_source, dir, true, &err), &err);
	t_ok(mst_spool_add_body(&s, FX_ROWS, NULL, MST_SLICE_LIT("[]"), &err),
	     &err);
	t_ok(mst_spool_add_body(&s, FX_ROWS, NULL, MST_SLICE_LIT("[]"), &err),
	     &err);
	assert_int_equal(s.feeds[FX_ROWS].parts_n, 2);
	assert_true(mst_file_exists(name_in(dir, "rows/page-00002.json")));
	/* a dead page chain: its parts go, the feed starts again */
	mst_spool_drop(&s, FX_ROWS);
	assert_int_equal(s.feeds[FX_ROWS].parts_n, 0);
	assert_false(mst_file_exists(name_in(dir, "rows/page-00002.json")));
	t_ok(mst_spool_add_body(&s, FX_ROWS, NULL, MST_SLICE_LIT("[]"), &err),
	     &err);
	assert_true(mst_file_exists(name_in(dir, "rows/page-00001.json")));
	mst_spool_fini(&s);
	assert_int_not_equal(access(dir, F_OK), 0);
}

static void bad_manifest(const char *text, enum mst_code code, const char *part)
{
	const char *dir = fx_dir();
	struct mst_spool s;

	fx_file(dir, "rows.json", "[]", false, 0);
	fx_file(dir, "manifest.json", text, false, 0);
	t_failed(mst_spool_open(&s, &fx_source, dir, true, &err), &err, code,
		 part);
	assert_null(s.dir); /* closed: nothing to finish */
	mst_spool_fini(&s);
}

#define PARTS(part)                                                            \
	"{'source':'fixture','feeds':{'rows':{'complete':true,'parts':[" part  \
	"]}}}"

static void test_bad_manifests(void **state MST_UNUSED)
{
	bad_manifest("", MST_E_CORRUPT, "not valid JSON");
	bad_manifest("{'source':'fixture'", MST_E_CORRUPT, "not valid JSON");
	bad_manifest("{", MST_E_CORRUPT, "manifest.json");
	bad_manifest("{'manifest':2,'source':'fixture','feeds':{}}",
		     MST_E_UNSUPPORTED, "later version");
	bad_manifest("[]", MST_E_INVALID, "not a saved source");
	bad_manifest("{'source':'others','feeds':{}}", MST_E_INVALID,
		     "'fixture'");
	bad_manifest("{'source':7}", MST_E_INVALID, "'fixture'");
	/* names that lead elsewhere */
	bad_manifest(PARTS("{'file':'../rows.json','bytes':2}"), MST_E_INVALID,
		     "no usable file name");
	bad_manifest(PARTS("{'file':'rows/../../rows.json','bytes':2}"),
		     MST_E_INVALID, "no usable file name");
	bad_manifest(PARTS("{'file':'/etc/hostname','bytes':2}"), MST_E_INVALID,
		     "no usable file name");
	bad_manifest(PARTS("{'file':'','bytes':2}"), MST_E_INVALID,
		     "no usable file name");
	bad_manifest(PARTS("{'file':'rows.json\\u0000','bytes':2}"),
		     MST_E_INVALID, "no usable file name");
	bad_manifest(PARTS("{'bytes':2}"), MST_E_INVALID,
		     "no usable file name");
	bad_manifest(PARTS("7"), MST_E_INVALID, "no usable file name");
	/* a part that is gone */
	bad_manifest(PARTS("{'file':'gone.json','bytes':2}"), MST_E_IO,
		     "named in manifest.json");
}

static void open_text(struct mst_spool *s, const char *text)
{
	const char *dir = fx_dir();

	fx_file(dir, "rows.json", "[]", false, 0);
	fx_file(dir, "manifest.json", text, false, 0);
	t_ok(mst_spool_open(s, &fx_source, dir, false, &err), &err);
}

static void test_doubts(void **state MST_UNUSED)
{
	struct mst_spool s;

	open_text(&s, PARTS("{'file':'rows.json','bytes':2}"));
	assert_true(s.feeds[FX_ROWS].proof.complete);
	mst_spool_fini(&s);
	/* another size than when it was saved, or none at all: no proof */
	open_text(&s, PARTS("{'file':'rows.json','bytes':3}"));
	assert_false(s.feeds[FX_ROWS].proof.complete);
	assert_non_null(strstr(s.feeds[FX_ROWS].proof.why, "another size"));
	mst_spool_fini(&s);
	open_text(&s, PARTS("{'file':'rows.json'}"));
	assert_false(s.feeds[FX_ROWS].proof.complete);
	mst_spool_fini(&s);
	/* no word of completeness; unknown feeds; odd types */
	t_log_expect(MST_WARN, "does not name 1 of the files", 2);
	open_text(&s, "{'source':'fixture','feeds':{'rows':{'parts':7},"
		      "'news':{'complete':true},'defs':null}}");
	assert_true(s.feeds[FX_ROWS].present);
	assert_false(s.feeds[FX_ROWS].proof.complete);
	assert_int_equal(s.feeds[FX_ROWS].parts_n, 0);
	assert_false(s.feeds[FX_DEFS].proof.complete);
	mst_spool_fini(&s);
	open_text(&s, "{'source':'fixture','feeds':[]}");
	for (unsigned f = 0; f < FX__FEEDS; f++)
		assert_false(s.feeds[f].present);
	mst_spool_fini(&s);
}

static void test_folder(void **state MST_UNUSED)
{
	const char *dir = fx_dir();
	struct mst_spool s;

	t_failed(mst_spool_open(&s, &fx_source, dir, true, &err), &err,
		 MST_E_NOTFOUND, "holds no file");
	fx_file(dir, "devices.json", "[{'id':'a'}]", false, 0);
	fx_file(dir, "rows-1.bin", "{'device':'a'}\n", true, 0); /* is gzip */
	fx_file(dir, "rows-2.json.gz", "{'device':'a'}\n", false, 0); /* not */
	fx_file(dir, "rows-3", "", true, 0); /* an empty part */
	fx_file(dir, "notes.txt", "what is this", false, 0);
	fx_file(dir, "rows-list.json", "{'urls':['x']}", false, 0);
	t_ok(mst_spool_open(&s, &fx_source, dir, false, &err), &err);
	assert_int_equal(s.feeds[FX_DEVICES].parts_n, 1);
	assert_int_equal(s.feeds[FX_ROWS].parts_n, 3);
	assert_true(s.feeds[FX_ROWS].parts[0].gzip);
	assert_false(s.feeds[FX_ROWS].parts[1].gzip);
	assert_true(s.feeds[FX_ROWS].parts[2].gzip);
	assert_int_equal(s.feeds[FX_ROWS].parts[0].form, MST_PART_UNKNOWN);
	for (unsigned f = 0; f < FX__FEEDS; f++) {
		assert_false(s.feeds[f].proof.complete);
		assert_non_null(
		    strstr(s.feeds[f].proof.why, "assume_complete"));
	}
	mst_spool_fini(&s);
	/* a person says that it is whole: only what is there is */
	t_ok(mst_spool_open(&s, &fx_source, dir, true, &err), &err);
	assert_true(s.feeds[FX_DEVICES].proof.complete);
	assert_true(s.feeds[FX_ROWS].proof.complete);
	assert_int_equal(s.feeds[FX_ROWS].proof.files, 3);
	assert_false(s.feeds[FX_DEFS].proof.complete);
	mst_spool_fini(&s);
	t_failed(
	    mst_spool_open(&s, &fx_source, t_path("not there"), true, &err),
	    &err, MST_E_NOTFOUND, "not there");
}

/* A folder of one good file and another one, said to be whole. */
static void open_with(struct mst_spool *s, const char *name, const char *text)
{
	const char *dir = fx_dir();

	fx_file(dir, "devices.json", "[{'id':'a'}]", false, 0);
	fx_file(dir, "rows-1.json", "[{'device':'a'}]", false, 0);
	fx_file(dir, name, text, false, 0);
	t_ok(mst_spool_open(s, &fx_source, dir, true, &err), &err);
}

static void doubted(const char *name, const char *text, bool devices, bool rows,
		    const char *says)
{
	struct mst_spool s;

	t_log_expect(MST_WARN, says, 1);
	open_with(&s, name, text);
	assert_int_equal(s.feeds[FX_DEVICES].proof.complete, !devices);
	assert_int_equal(s.feeds[FX_ROWS].proof.complete, !rows);
	assert_int_equal(s.feeds[FX_ROWS].parts_n, 1);
	if (rows)
		assert_non_null(strstr(s.feeds[FX_ROWS].proof.why, name));
	mst_spool_fini(&s);
}

static void test_spoilt(void **state MST_UNUSED)
{
	const char *dir = fx_dir();
	struct mst_spool s;

	/* something is missing that nobody has: it proves nothing */
	doubted("rows-2.json", "{'error':{}}", false, true, "is an error");
	doubted("page-2.json", "{'error':{}}", true, true, "is an error");
	doubted("page-2.json", "{'damage':1}", true, true, "is damaged");
	doubted("rows-2.json", "", false, true, "is empty");
	doubted("page-2.json", "\x1f\x8b\x08 no", true, true,
		"damaged gzip data");
	/* a name that says what is lost */
	fx_file(dir, "rows-2.json", "{'damage':1}", false, 0);
	t_failed(mst_spool_open(&s, &fx_source, dir, true, &err), &err,
		 MST_E_CORRUPT, "rows-2.json is damaged");
	/* what no download leaves */
	open_with(&s, ".rows-2.json.swp", "{'damage':1}");
	assert_true(s.feeds[FX_ROWS].proof.complete);
	mst_spool_fini(&s);
	dir = fx_dir();
	fx_file(dir, "rows-1.json", "[]", false, 0);
	assert_int_equal(symlink("nowhere", name_in(dir, "rows-2.json")), 0);
	t_failed(mst_spool_open(&s, &fx_source, dir, true, &err), &err,
		 MST_E_IO, "rows-2.json");
}

static void test_saved_below(void **state MST_UNUSED)
{
	const char *dir = fx_dir();
	struct mst_spool s;

	t_ok(mst_dir_make(name_in(dir, "monday"), &err), &err);
	t_ok(mst_dir_make(name_in(dir, "tuesday"), &err), &err);
	fx_file(dir, "monday/rows.json", "[]", false, 0);
	fx_file(dir, "monday/manifest.json", "{'manifest':1,'source':'x'}",
		false, 0);
	t_failed(mst_spool_open(&s, &fx_source, dir, true, &err), &err,
		 MST_E_INVALID, "1 saved source,");
	assert_non_null(strstr(err.msg, "/monday"));
	fx_file(dir, "tuesday/manifest.json", "{'manifest':1,'source':'x'}",
		false, 0);
	t_failed(mst_spool_open(&s, &fx_source, dir, true, &err), &err,
		 MST_E_INVALID, "2 saved sources,");
	/* of something else */
	fx_file(dir, "monday/manifest.json", "{'icons':[]}", false, 0);
	fx_file(dir, "tuesday/manifest.json", "{'icons':[]}", false, 0);
	t_ok(mst_spool_open(&s, &fx_source, dir, true, &err), &err);
	mst_spool_fini(&s);
}

static void test_beside_manifest(void **state MST_UNUSED)
{
	const char *dir = saved();
	struct mst_spool s;

	fx_file(dir, "rows/late.json", "[]", false, 0);
	fx_file(dir, ".note", "", false, 0);
	t_log_expect(MST_WARN, "does not name 1 of the files beside it", 1);
	t_ok(mst_spool_open(&s, &fx_source, dir, false, &err), &err);
	assert_int_equal(s.feeds[FX_ROWS].parts_n, 2);
	mst_spool_fini(&s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, t_log_check)
	const struct CMUnitTest tests[] = {
	    T(test_round_trip),	 T(test_owned),		  T(test_bad_manifests),
	    T(test_doubts),	 T(test_folder),	  T(test_spoilt),
	    T(test_saved_below), T(test_beside_manifest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
