/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading JSON: walking, picking, windows of lines.
 */
#include "tests/lib/t.h"

#include <stdlib.h>

#include "json/json.h"

static struct mst_json_parser *parser;
static struct mst_err err;

static int set_up(void **state MST_UNUSED)
{
	parser = mst_json_parser_new(1u << 20);
	err = (struct mst_err)MST_ERR_INIT;
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_json_parser_free(&parser);
	return 0;
}

/* ' stands for " */
static char *quoted(const char *text)
{
	char *copy = mst_strdup(text);

	for (char *p = copy; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	return copy;
}

static struct mst_json parsed(const char *text)
{
	char *copy = quoted(text);
	struct mst_json root = {NULL, 0};

	t_ok(mst_json_parse(parser, mst_slice_str(copy), &root, &err), &err);
	free(copy);
	return root;
}

static void refused(struct mst_slice text, enum mst_code code, const char *part)
{
	struct mst_json root;

	t_failed(mst_json_parse(parser, text, &root, &err), &err, code, part);
}

/* ---- walking -------------------------------------------------------------
 */

static void test_walk(void **state MST_UNUSED)
{
	struct mst_json v = parsed("{'a':1,'b':-2.5,'c':'text','d':[1,[],{}],"
				   "'e':{'f':{'g':true}},'h':null,'A':7}");
	struct mst_json_iter it;
	struct mst_slice key;
	struct mst_json e;
	int64_t i = 0;
	double d = 0;
	bool b = false;
	size_t n = 0;

	assert_int_equal(mst_json_type(v), MST_JSON_OBJECT);
	assert_int_equal(mst_json_len(v), 7);
	assert_true(mst_json_i64(mst_json_get(v, "a"), &i) && i == 1);
	assert_true(mst_json_dbl(mst_json_get(v, "b"), &d) && d == -2.5);
	t_is(mst_json_str(mst_json_get(v, "c")), "text");
	assert_true(mst_json_is_str(mst_json_get(v, "c"), "text"));
	assert_false(mst_json_is_str(mst_json_get(v, "c"), "tex"));
	assert_int_equal(mst_json_len(mst_json_get(v, "d")), 3);
	e = mst_json_get(mst_json_get(mst_json_get(v, "e"), "f"), "g");
	assert_true(mst_json_bool(e, &b) && b);
	assert_int_equal(mst_json_type(mst_json_get(v, "h")), MST_JSON_NULL);
	assert_non_null(mst_json_get(v, "h").doc);
	/* absent, and below what is no object */
	e = mst_json_get(v, "nothing");
	assert_null(e.doc);
	assert_null(mst_json_get(mst_json_get(e, "x"), "y").doc);
	assert_null(mst_json_get(mst_json_get(v, "d"), "a").doc);
	assert_int_equal(mst_json_len(e), 0);
	assert_false(mst_json_i64(e, &i));
	assert_null(mst_json_str(e).p);
	/* the exact key first, then any case */
	assert_true(mst_json_i64(mst_json_iget(v, "A"), &i) && i == 7);
	assert_true(mst_json_i64(mst_json_iget(v, "B"), &i) == false);
	t_is(mst_json_str(mst_json_iget(v, "C")), "text");
	for (it = mst_json_iter(v); mst_json_next(&it, &key, &e); n++)
		assert_int_equal(key.n, 1);
	assert_int_equal(n, 7);
	it = mst_json_iter(mst_json_get(v, "a"));
	assert_false(mst_json_next(&it, &key, &e));
}

static void test_numbers(void **state MST_UNUSED)
{
	struct mst_json v =
	    parsed("[9223372036854775807,-9223372036854775808,"
		   "18446744073709551615,1.0,1.5,1e300,' 42 ','-7','1.5','4x',"
		   "'',true,[1]]");
	static const struct {
		bool is_int, is_dbl;
		int64_t i;
		double d;
	} want[] = {
	    {true, true, INT64_MAX, 9223372036854775807.0},
	    {true, true, INT64_MIN, -9223372036854775808.0},
	    {true, true, INT64_MAX, 9223372036854775807.0}, /* cut */
	    {true, true, 1, 1},
	    {false, true, 0, 1.5},
	    {false, true, 0, 1e300},
	    {true, true, 42, 42},
	    {true, true, -7, -7},
	    {false, true, 0, 1.5},
	    {false, false, 0, 0},
	    {false, false, 0, 0},
	    {false, false, 0, 0},
	    {false, false, 0, 0},
	};
	struct mst_json_iter it = mst_json_iter(v);
	struct mst_json e;

	for (size_t k = 0; mst_json_next(&it, NULL, &e); k++) {
		int64_t i = 0;
		double d = 0;

		assert_true(k < MST_LEN(want));
		assert_int_equal(mst_json_i64(e, &i), want[k].is_int);
		assert_int_equal(mst_json_dbl(e, &d), want[k].is_dbl);
		if (want[k].is_int)
			assert_true(i == want[k].i);
		if (want[k].is_dbl)
			assert_true(d == want[k].d);
	}
}

static void test_booleans(void **state MST_UNUSED)
{
	struct mst_json v = parsed("[true,'True',1,false,'FALSE ',0,'yes',2,"
				   "1.0,null,{}]");
	struct mst_json_iter it = mst_json_iter(v);
	struct mst_json e;

	for (int k = 0; mst_json_next(&it, NULL, &e); k++) {
		bool b = k >= 3;

		assert_int_equal(mst_json_bool(e, &b), k < 6);
		if (k < 6)
			assert_int_equal(b, k < 3);
	}
}

static void test_lone_str(void **state MST_UNUSED)
{
	struct mst_json v = parsed("{'a':['x'],'b':['x','y'],'c':[],'d':'x',"
				   "'e':[1],'f':[['x']],'g':['']}");
	struct mst_slice s = {NULL, 0};

	assert_true(mst_json_lone_str(mst_json_get(v, "a"), &s));
	t_is(s, "x");
	assert_true(mst_json_lone_str(mst_json_get(v, "g"), &s));
	assert_int_equal(s.n, 0);
	assert_false(mst_json_lone_str(mst_json_get(v, "b"), &s));
	assert_false(mst_json_lone_str(mst_json_get(v, "c"), &s));
	assert_false(mst_json_lone_str(mst_json_get(v, "d"), &s));
	assert_false(mst_json_lone_str(mst_json_get(v, "e"), &s));
	assert_false(mst_json_lone_str(mst_json_get(v, "f"), &s));
	assert_false(mst_json_lone_str(mst_json_get(v, "none"), &s));
}

static void test_write(void **state MST_UNUSED)
{
	static const char *const texts[] = {
	    "{\"a\":[1,-2,2.5,true,false,null,\"x\\ny\"],\"b\":{},\"c\":[]}",
	    "\"\\u0001\\\"\\\\\"",
	    "[]",
	    "{\"a\":1,\"a\":2}",
	};
	struct mst_buf b = MST_BUF_INIT(4096), small = MST_BUF_INIT(5);

	for (size_t i = 0; i < MST_LEN(texts); i++) {
		mst_buf_reset(&b);
		assert_true(mst_json_write(parsed(texts[i]), &b));
		t_is(mst_buf_slice(&b), texts[i]);
	}
	assert_false(mst_json_write(parsed("[1,2,3,4]"), &small));
	mst_buf_fini(&b);
	mst_buf_fini(&small);
}

static void test_refused(void **state MST_UNUSED)
{
	static const char *const bad[] = {
	    "",		  " ",	      "{",	   "[1,]",     "{\"a\"}",
	    "{\"a\":1}x", "nul",      "\"x",	   "\"\x01\"", "[1 2]",
	    "01",	  "\"\xff\"", "\"\\ud8\"", "1e999",    "{'a':1}",
	};
	struct mst_buf deep = MST_BUF_INIT(1u << 20);
	struct mst_json root;

	for (size_t i = 0; i < MST_LEN(bad); i++)
		refused(mst_slice_str(bad[i]), MST_E_CORRUPT, "not valid JSON");
	refused(mst_slice("{\"a\":\0}", 7), MST_E_CORRUPT, "not valid JSON");
	refused(mst_slice("1\0", 2), MST_E_CORRUPT, "not valid JSON");
	/* bounded: by depth, by size */
	for (int i = 0; i < 5000; i++)
		mst_buf_addc(&deep, '[');
	for (int i = 0; i < 5000; i++)
		mst_buf_addc(&deep, ']');
	refused(mst_buf_slice(&deep), MST_E_CORRUPT, "not valid JSON");
	mst_buf_reset(&deep);
	mst_buf_addc(&deep, '"');
	while (deep.n < (1u << 20) - 2)
		mst_buf_addc(&deep, 'x');
	mst_buf_addc(&deep, '"');
	t_ok(mst_json_parse(parser, mst_buf_slice(&deep), &root, &err), &err);
	assert_int_equal(mst_json_str(root).n, deep.n - 2);
	mst_json_parser_free(&parser);
	parser = mst_json_parser_new(deep.n - 1);
	refused(mst_buf_slice(&deep), MST_E_INVALID, "size limit");
	/* and it can be used after that; a byte order mark is passed over */
	t_ok(mst_json_parse(parser, mst_slice_str("\xef\xbb\xbf[1]"), &root,
			    &err),
	     &err);
	assert_int_equal(mst_json_len(root), 1);
	mst_buf_fini(&deep);
}

#define FFFD "\xef\xbf\xbd"

/* Texts that were cut in UTF-16, and what looks like one. */
static void test_surrogates(void **state MST_UNUSED)
{
	static const struct {
		const char *json, *want;
	} rows[] = {
	    {"'\\ud83d'", FFFD},
	    {"'\\uDE00'", FFFD},
	    {"'a\\ud83d b'", "a" FFFD " b"},
	    {"'\\ud83d\\ude00'", "\xf0\x9f\x98\x80"},
	    {"'\\ude00\\ud83d'", FFFD FFFD},
	    {"'\\ud83d\\ud83d\\ude00'", FFFD "\xf0\x9f\x98\x80"},
	    {"'\\ud83d\\u0041'", FFFD "A"},
	    {"'\\ud83d\\n'", FFFD "\n"},
	    {"'\\\\ud83d\\ud83d'", "\\ud83d" FFFD},
	    {"'\\\\\\ud83d\\\\'", "\\" FFFD "\\"},
	    {"'\\uFFFD\\udfff'", FFFD FFFD},
	};
	static const char *const bad[] = {"'\\ud83d\\x'", "'\\ud83d\\u00'",
					  "'\\ud83d\\'", "['\\ud83d' 1]"};

	for (size_t i = 0; i < MST_LEN(rows); i++)
		t_is(mst_json_str(parsed(rows[i].json)), rows[i].want);
	for (size_t i = 0; i < MST_LEN(bad); i++) {
		char *copy = quoted(bad[i]);

		refused(mst_slice_str(copy), MST_E_CORRUPT, "not valid JSON");
		free(copy);
	}
}

/* ---- picking -------------------------------------------------------------
 */

static const char *const names[] = {"id", "osPlatform", "list",
				    "vmMetadata|vm_metadata", "n"};

static struct mst_picker *picker;
static struct mst_value v[MST_LEN(names)];

static void picked(const char *text)
{
	assert_true(mst_picker_pick(picker, parsed(text), v));
}

static void is_text(size_t i, const char *want)
{
	assert_int_equal(v[i].type, MST_JSON_STRING);
	t_is(mst_slice(v[i].u.s.p, v[i].u.s.n), want);
}

static void test_pick(void **state MST_UNUSED)
{
	picker = mst_picker_new(names, MST_LEN(names));
	picked("{'id':'a','osPlatform':'b','list':['x'],'vmMetadata':{},"
	       "'n':1}");
	is_text(0, "a");
	is_text(1, "b");
	assert_int_equal(v[2].type, MST_JSON_ARRAY);
	assert_int_equal(mst_json_len(v[2].u.j), 1);
	assert_int_equal(v[3].type, MST_JSON_OBJECT);
	assert_true(v[4].type == MST_JSON_INT && v[4].u.i == 1);
	/* in another order, some left out: nothing of the last one stays */
	picked("{'n':2.5,'id':'c'}");
	is_text(0, "c");
	assert_true(v[4].type == MST_JSON_DOUBLE && v[4].u.d == 2.5);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(v[i].type, MST_JSON_NULL);
	/* other spellings, any case; unknown ones passed over with all they
	 * hold */
	picked("{'x':{'id':'no'},'ID':'d','OSPLATFORM':'e','y':[{'n':9}],"
	       "'vm_metadata':true,'N':false,'idd':'no','i':'no'}");
	is_text(0, "d");
	is_text(1, "e");
	assert_true(v[3].type == MST_JSON_BOOL && v[3].u.b);
	assert_true(v[4].type == MST_JSON_BOOL && !v[4].u.b);
	/* the first counts; a null one is none */
	picked("{'id':null,'Id':'f','id':'g','n':3,'n':4}");
	is_text(0, "f");
	assert_int_equal(v[4].u.i, 3);
	picked("{}");
	for (size_t i = 0; i < MST_LEN(names); i++)
		assert_int_equal(v[i].type, MST_JSON_NULL);
	assert_false(mst_picker_pick(picker, parsed("[1]"), v));
	assert_false(mst_picker_pick(picker, parsed("null"), v));
	/* a name with an escape is the same name; one with a NUL is not */
	picked("{'\\u0069d':'h','n\\u0000':5,'':6}");
	is_text(0, "h");
	assert_int_equal(v[4].type, MST_JSON_NULL);
	mst_picker_free(&picker);
	mst_picker_free(&picker);
}

/* More names than it remembers, and names longer than it remembers. */
static void test_pick_many(void **state MST_UNUSED)
{
	struct mst_buf b = MST_BUF_INIT(1u << 18);
	char name[65];

	memset(name, 'k', 64);
	name[64] = 0;
	picker = mst_picker_new(names, MST_LEN(names));
	for (int round = 0; round < 3; round++) {
		mst_buf_reset(&b);
		mst_buf_addc(&b, '{');
		/* names of a length of ours: the picker must look at them */
		for (unsigned i = 0; i < 900; i++)
			mst_buf_addf(&b, "\"k%03u%06u\":%u,",
				     (i * 7 + (unsigned)round) % 1000, i, i);
		mst_buf_addf(&b, "\"%sx\":1,\"%s\":2,", name, name);
		mst_buf_adds(&b, "\"OsPlatform\":\"os\",\"ID\":\"me\","
				 "\"LIST\":[],\"N\":8}");
		for (int twice = 0; twice < 2; twice++) {
			picked(b.p);
			is_text(0, "me");
			is_text(1, "os");
			assert_int_equal(v[2].type, MST_JSON_ARRAY);
			assert_int_equal(v[3].type, MST_JSON_NULL);
			assert_int_equal(v[4].u.i, 8);
		}
	}
	mst_picker_free(&picker);
	mst_buf_fini(&b);
}

/* A schema name beyond the remembered length still is found, any case. */
static void test_pick_long(void **state MST_UNUSED)
{
	char name[101];
	const char *one[] = {name};
	struct mst_buf b = MST_BUF_INIT(4096);

	memset(name, 'q', 100);
	name[100] = 0;
	picker = mst_picker_new(one, 1);
	memset(name, 'Q', 100);
	mst_buf_addf(&b, "{\"%.99s\":1,\"%s\":2}", name, name);
	for (int i = 0; i < 3; i++) {
		picked(b.p);
		assert_true(v[0].type == MST_JSON_INT && v[0].u.i == 2);
	}
	mst_picker_free(&picker);
	mst_buf_fini(&b);
}

/* ---- windows -------------------------------------------------------------
 */

static char window[1 + (1u << 17) + MST_JSON_PADDING];
static size_t lines;

static int lines_of(struct mst_slice text, struct mst_json *root_r)
{
	assert_true(text.n <= 1u << 17);
	memset(window, 0x55, sizeof(window));
	memcpy(window + 1, text.p, text.n);
	lines = 12345;
	return mst_json_parse_lines(parser, window + 1, text.n, root_r, &lines,
				    &err);
}

static void good_lines(const char *text, size_t want)
{
	char *copy = quoted(text);
	struct mst_json root, e;
	struct mst_json_iter it;
	int64_t n, i = 0;

	t_ok(lines_of(mst_slice_str(copy), &root), &err);
	assert_int_equal(lines, want);
	assert_int_equal(mst_json_type(root), MST_JSON_ARRAY);
	assert_int_equal(mst_json_len(root), want);
	/* every record has its number */
	for (it = mst_json_iter(root); mst_json_next(&it, NULL, &e);) {
		assert_true(mst_json_i64(mst_json_get(e, "i"), &n));
		assert_int_equal(n, ++i);
	}
	free(copy);
}

static void bad_lines(const char *text, size_t line)
{
	char *copy = quoted(text);
	struct mst_json root;

	t_failed(lines_of(mst_slice_str(copy), &root), &err, MST_E_CORRUPT, "");
	assert_int_equal(lines, line);
	free(copy);
}

static void test_lines(void **state MST_UNUSED)
{
	good_lines("", 0);
	good_lines("\n", 0);
	good_lines(" \t\r\n\n  ", 0);
	good_lines("{'i':1}", 1);
	good_lines("{'i':1}\n", 1);
	good_lines("{'i':1}\n{'i':2}", 2);
	good_lines("{'i':1}\r\n{'i':2}\r\n", 2);
	good_lines("\n\n{'i':1}\n\n \r\n{'i':2}\n\n\n", 2);
	good_lines("  {'i':1}  \n\t{'i':2}\t", 2);
	good_lines("{'i':1,'s':'a,b\\nc','l':[{'i':9},{'i':8}]}\n{'i':2}", 2);
	good_lines("{'i':1,'s':'\\udc00'}\n{'i':2,'s':'\\ud83d\\ude00'}\n", 2);
	good_lines("{'i':1,'s':'}{'}\n{'i':2,'s':','}\n{'i':3,'o':{}}\n", 3);
}

static void test_bad_lines(void **state MST_UNUSED)
{
	bad_lines("{'i':1}\n{'i':}\n{'i':3}\n", 2);
	bad_lines("{'i':1}\n{'i':2}\n{'i':3", 3);
	/* line numbers count records, not blank lines, as the reader does */
	bad_lines("\n\n{'i':1}\n\n{'i'}\n", 2);
	/* one record over two lines; two on one; both at once */
	bad_lines("{'i':1,\n'j':2}\n{'i':2}\n", 1);
	bad_lines("{'i':1}\n{'i':2},{'i':3}\n", 2);
	bad_lines("{'i':1}\n{'i':2}{'i':3}\n", 2);
	bad_lines("{'i':1},{'i':2\n'j':1}\n", 1);
	bad_lines("{'i':1},{'j':{}\n'i':2}\n", 1);
	bad_lines("{'i':'x\n'},{'i':2}\n", 1);
	/* the damage is behind what is mended */
	bad_lines("{'i':'\\ud83d'}\n{'i':'\\ud83d}\n", 2);
	bad_lines("{'i':'\\ud83d'}\n{'i':}\n", 2);
	bad_lines("{'i':'\\ud83d'}\n{'i':'\\ud83'}\n", 2);
	/* no objects */
	bad_lines("{'i':1}\n17\n", 2);
	bad_lines("[{'i':1}]\n", 1);
	bad_lines("{'i':1}\n'text'\nnull\n", 2);
	bad_lines("{'i':1},\n{'i':2}\n", 1);
	bad_lines("[\n{'i':1}\n]\n", 1);
	/* as Windows tools write it in the middle of a file */
	bad_lines("{'i':1}\n\xef\xbb\xbfx\n", 2);
	bad_lines("{'i':1}\n{'i':'\xff\xfe'}\n", 2);
}

static void test_odd_bytes(void **state MST_UNUSED)
{
	struct mst_json root;

	t_failed(lines_of(mst_slice("{\"i\":1}\n{\"i\":\0}\n", 16), &root),
		 &err, MST_E_CORRUPT, "");
	assert_int_equal(lines, 2);
	t_failed(lines_of(mst_slice("{\"i\":1}\0\n", 9), &root), &err,
		 MST_E_CORRUPT, "");
	assert_int_equal(lines, 1);
	mst_json_parser_free(&parser);
	parser = mst_json_parser_new(8);
	t_failed(lines_of(mst_slice_str("{\"i\":12}\n"), &root), &err,
		 MST_E_INVALID, "size limit");
	t_ok(lines_of(mst_slice_str("{\"i\":1}\n"), &root), &err);
	assert_int_equal(lines, 1);
}

/* Many lines: the marks grow, and the bad one is found among them. */
static void test_many_lines(void **state MST_UNUSED)
{
	struct mst_buf b = MST_BUF_INIT(1u << 17);
	struct mst_json root;

	for (unsigned i = 1; i <= 5000; i++)
		mst_buf_addf(&b, "{\"i\":%u}\n", i);
	good_lines(b.p, 5000);
	b.p[b.n - 20] = '"';
	t_failed(lines_of(mst_buf_slice(&b), &root), &err, MST_E_CORRUPT, "");
	assert_in_range(lines, 4990, 5000);
	mst_buf_fini(&b);
}

static void span(const char *text, size_t want)
{
	size_t n = strlen(text), is = mst_json_span(mst_slice(text, n));

	if (is != want)
		fail_msg("%s: %zu, not %zu", text, is, want);
	/* nothing is whole that is cut */
	for (size_t k = 0; want && k < want && strchr("{[\"", *text); k++)
		assert_int_equal(mst_json_span(mst_slice(text, k)), 0);
}

static void test_span(void **state MST_UNUSED)
{
	span("", 0);
	span(" \n", 0);
	span("{}", 2);
	span("{}{}", 2);
	span(" [1,2] 3", 6);
	span("{\"a\":\"}\\\"{\"}x", 12);
	span("{\"a\":[{}]}\n{", 10);
	span("\"a\\\"\" 1", 5);
	span("12 13", 2);
	span("null,", 4);
	span("}", 0);
	span("{\"a\":\"", 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_walk),	T(test_numbers),    T(test_booleans),
	    T(test_lone_str),	T(test_write),	    T(test_refused),
	    T(test_surrogates), T(test_pick),	    T(test_pick_many),
	    T(test_pick_long),	T(test_lines),	    T(test_bad_lines),
	    T(test_odd_bytes),	T(test_many_lines), T(test_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
