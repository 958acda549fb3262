/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON writer.
 */
#include "tests/lib/t.h"

#include <math.h>

#include "json/out.h"

static void test_shapes(void **state)
{
	struct mst_buf b = MST_BUF_INIT(4096);
	struct mst_jout j;

	mst_jout_init(&j, &b);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "s", "text");
	mst_jout_kstr(&j, "null", NULL);
	mst_jout_ki64(&j, "i", INT64_MIN);
	mst_jout_kdbl(&j, "d", 9.8);
	mst_jout_kdbl(&j, "nan", NAN);
	mst_jout_kbool(&j, "b", true);
	mst_jout_kslice(&j, "sl", mst_slice("a\0b", 3));
	mst_jout_key(&j, "empty");
	mst_jout_obj(&j);
	mst_jout_end_obj(&j);
	mst_jout_key(&j, "list");
	mst_jout_arr(&j);
	mst_jout_arr(&j);
	mst_jout_end_arr(&j);
	mst_jout_null(&j);
	mst_jout_bool(&j, false);
	mst_jout_raw(&j, MST_SLICE_LIT("{\"raw\":1}"));
	mst_jout_obj(&j);
	mst_jout_kdbl(&j, "x", 128);
	mst_jout_end_obj(&j);
	mst_jout_end_arr(&j);
	mst_jout_key_slice(&j, MST_SLICE_LIT("a\"b"));
	mst_jout_str(&j, "");
	mst_jout_end_obj(&j);
	t_is(mst_buf_slice(&b),
	     "{\"s\":\"text\",\"null\":null,\"i\":-9223372036854775808,"
	     "\"d\":9.8,\"nan\":null,\"b\":true,\"sl\":\"a\\u0000b\","
	     "\"empty\":{},\"list\":[[],null,false,{\"raw\":1},{\"x\":128}],"
	     "\"a\\\"b\":\"\"}");
	assert_int_equal(j.depth, 0);
	mst_buf_fini(&b);
}

#define BAD "\xef\xbf\xbd"

static void test_texts(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
	    {"", ""},
	    {"plain", "plain"},
	    {"\"\\/", "\\\"\\\\/"},
	    {"\b\t\n\v\f\r\x1f\x7f", "\\b\\t\\n\\u000b\\f\\r\\u001f\x7f"},
	    {"C:\\Program Files\\x", "C:\\\\Program Files\\\\x"},
	    {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
	     "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
	    {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
	    {"a\xff"
	     "b",
	     "a" BAD "b"},
	    {"\x80", BAD},
	    {"\xc3", BAD},
	    {"\xc3\"", BAD "\\\""},
	    {"\xc0\xaf", BAD BAD},
	    {"\xc1\xbf", BAD BAD},
	    {"\xe0\x80\xaf", BAD BAD BAD},
	    {"\xed\xa0\x80", BAD BAD BAD},
	    {"\xf4\x90\x80\x80", BAD BAD BAD BAD},
	    {"\xf5\x80", BAD BAD},
	    {"\xe2\x82", BAD},
	    {"\xe2\x82x", BAD "x"},
	    {"\xf0\x9f\x98", BAD},
	    {"\xf0\x9f\x98\xc3\xa4", BAD "\xc3\xa4"},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_buf b = MST_BUF_INIT(4096);
		struct mst_jout j;
		char *want = mst_asprintf("\"%s\"", rows[i].want);

		mst_jout_init(&j, &b);
		mst_jout_str(&j, rows[i].in);
		t_is(mst_buf_slice(&b), want);
		mst_freep(&want);
		mst_buf_fini(&b);
	}
}

static void test_full(void **state)
{
	struct mst_buf b = MST_BUF_INIT(10);
	struct mst_jout j;

	mst_jout_init(&j, &b);
	mst_jout_arr(&j);
	for (int i = 0; i < 100; i++)
		mst_jout_str(&j, "abc");
	mst_jout_end_arr(&j);
	assert_true(b.overflow); /* asked once, at the end */
	assert_true(b.n <= 10);
	mst_buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shapes),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
