/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounded buffers, and the error texts that go with the base types.
 */
#include "tests/lib/t.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static void test_add(void **state)
{
	struct mst_buf b = MST_BUF_INIT(1000);

	t_is(mst_buf_slice(&b), "");
	assert_true(mst_buf_adds(&b, "ab"));
	assert_true(mst_buf_addc(&b, 'c'));
	assert_true(mst_buf_add_slice(&b, MST_SLICE_LIT("de")));
	assert_true(mst_buf_addf(&b, "%d-%s", 5, "f"));
	assert_true(mst_buf_add(&b, NULL, 0));
	t_is(mst_buf_slice(&b), "abcde5-f");
	assert_string_equal(b.p, "abcde5-f");
	mst_buf_reset(&b);
	t_is(mst_buf_slice(&b), "");
	assert_string_equal(b.p, "");
	mst_buf_fini(&b);
	assert_true(mst_buf_adds(&b, "again"));
	mst_buf_fini(&b);
}

static void test_maximum(void **state)
{
	struct mst_buf b = MST_BUF_INIT(10);

	assert_true(mst_buf_adds(&b, "0123456789"));
	assert_false(mst_buf_addc(&b, 'x'));
	assert_true(b.overflow);
	t_is(mst_buf_slice(&b), "0123456789");
	assert_string_equal(b.p, "0123456789");
	mst_buf_reset(&b);
	assert_false(b.overflow);
	assert_true(mst_buf_adds(&b, "01234"));
	assert_false(mst_buf_addf(&b, "%s", "567890"));
	/* it stays failed, so that a writer may ask once at the end */
	assert_false(mst_buf_addc(&b, 'x'));
	t_is(mst_buf_slice(&b), "01234");
	assert_false(mst_buf_reserve(&b, SIZE_MAX));
	mst_buf_fini(&b);
	mst_buf_init(&b, 0);
	assert_true(mst_buf_adds(&b, ""));
	assert_false(mst_buf_addc(&b, 'x'));
	mst_buf_fini(&b);
}

static void test_uri(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
	    {"", ""},
	    {"azAZ09-._~", "azAZ09-._~"},
	    {"a b+c", "a%20b%2Bc"},
	    {"/?#[]@!$&'()*,;=:", "%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2C"
				  "%3B%3D%3A"},
	    {"\xc3\xa4\x7f\x01", "%C3%A4%7F%01"},
	};
	struct mst_buf b = MST_BUF_INIT(1000);

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		mst_buf_reset(&b);
		assert_true(mst_buf_add_uri(&b, mst_slice_str(rows[i].in)));
		t_is(mst_buf_slice(&b), rows[i].want);
	}
	mst_buf_fini(&b);
	mst_buf_init(&b, 4);
	assert_false(mst_buf_add_uri(&b, MST_SLICE_LIT("ab ")));
	mst_buf_fini(&b);
}

static void test_steal(void **state)
{
	struct mst_buf b = MST_BUF_INIT(100);
	char *p = mst_buf_steal(&b);

	assert_string_equal(p, "");
	free(p);
	mst_buf_adds(&b, "x");
	p = mst_buf_steal(&b);
	assert_string_equal(p, "x");
	assert_int_equal(b.n, 0);
	free(p);
	mst_buf_fini(&b);
}

static void test_err(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	char big[3000];

	assert_int_equal(mst_err_set(&err, MST_E_AUTH, "no %d", 1),
			 -MST_E_AUTH);
	assert_int_equal(mst_err_prefix(&err, "page %d", 2), -MST_E_AUTH);
	assert_string_equal(err.msg, "page 2: no 1");
	errno = ENOSPC;
	assert_int_equal(mst_err_os(&err, "cannot write"), -MST_E_IO);
	assert_int_equal(err.os_errno, ENOSPC);
	assert_non_null(strstr(err.msg, "free disk space"));
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	(void)mst_err_set(&err, MST_E_IO, "%s", big);
	(void)mst_err_prefix(&err, "%s", big);
	assert_true(strlen(err.msg) < sizeof(err.msg));
	mst_err_clear(&err);
	assert_string_equal(err.msg, "");
	for (int i = 0; i < MST_E__MAX; i++)
		assert_string_not_equal(mst_code_name((enum mst_code)i),
					"unknown");
	assert_string_equal(mst_code_name(MST_E__MAX), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_add), cmocka_unit_test(test_maximum),
	    cmocka_unit_test(test_uri), cmocka_unit_test(test_steal),
	    cmocka_unit_test(test_err),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
