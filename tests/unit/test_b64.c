/* SPDX-License-Identifier: Apache-2.0
 *
 * Base64.
 */
#include "tests/lib/t.h"

#include <string.h>

#include "base/b64.h"

static void test_known(void **state)
{
	/* RFC 4648 section 10, and bytes of both alphabets' last signs */
	static const struct {
		const char *plain, *std, *url;
	} rows[] = {
	    {"", "", ""},
	    {"f", "Zg==", "Zg"},
	    {"fo", "Zm8=", "Zm8"},
	    {"foo", "Zm9v", "Zm9v"},
	    {"foob", "Zm9vYg==", "Zm9vYg"},
	    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
	    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
	    {"\xfb\xff\xfe", "+//+", "-__-"},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_buf b = MST_BUF_INIT(100);

		assert_true(mst_b64_add(&b, mst_slice_str(rows[i].plain)));
		t_is(mst_buf_slice(&b), rows[i].std);
		mst_buf_reset(&b);
		assert_true(mst_b64url_add(&b, mst_slice_str(rows[i].plain)));
		t_is(mst_buf_slice(&b), rows[i].url);
		mst_buf_reset(&b);
		mst_buf_adds(&b, ">");
		assert_true(mst_b64_decode(&b, mst_slice_str(rows[i].std)));
		assert_string_equal(b.p + 1, rows[i].plain);
		mst_buf_reset(&b);
		assert_true(mst_b64_decode(&b, mst_slice_str(rows[i].url)));
		t_is(mst_buf_slice(&b), rows[i].plain);
		mst_buf_fini(&b);
	}
}

static void test_refused(void **state)
{
	static const char *const rows[] = {
	    "Z",    "Zm9vY", "Zg=",    "Zg===", "=",	   "====", "Zg==Zg==",
	    "Z=g=", "Zm 8=", "Zm8=\n", " Zm8=", "Zm8\xff", "+__+", "Zh==",
	    "Zm9=", "Zh",    "Zm9",    "Zg=g",	"Zm9v=",
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_buf b = MST_BUF_INIT(100);

		mst_buf_adds(&b, "kept");
		if (mst_b64_decode(&b, mst_slice_str(rows[i])))
			fail_msg("\"%s\" was taken", rows[i]);
		t_is(mst_buf_slice(&b), "kept");
		assert_string_equal(b.p, "kept");
		mst_buf_fini(&b);
	}
}

static void test_all_lengths(void **state)
{
	struct mst_buf text = MST_BUF_INIT(1000), back = MST_BUF_INIT(1000);
	char bytes[256];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 167 + 3);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		mst_buf_reset(&text);
		mst_buf_reset(&back);
		assert_true(n % 2 ? mst_b64_add(&text, mst_slice(bytes, n))
				  : mst_b64url_add(&text, mst_slice(bytes, n)));
		assert_int_equal(strlen(text.p), text.n);
		assert_true(mst_b64_decode(&back, mst_buf_slice(&text)));
		assert_true(
		    mst_slice_eq(mst_buf_slice(&back), mst_slice(bytes, n)));
	}
	mst_buf_fini(&text);
	mst_buf_fini(&back);
}

static void test_full(void **state)
{
	struct mst_buf b = MST_BUF_INIT(7);

	assert_false(mst_b64_add(&b, MST_SLICE_LIT("foobar")));
	assert_true(b.overflow && b.n == 0);
	mst_buf_reset(&b);
	b.max = 2;
	assert_false(mst_b64_decode(&b, MST_SLICE_LIT("Zm9v")));
	assert_int_equal(b.n, 0);
	mst_buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_all_lengths),
	    cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
