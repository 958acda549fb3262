/* SPDX-License-Identifier: Apache-2.0
 *
 * Slices and hashes.
 */
#include "tests/lib/t.h"

#include "base/hash.h"
#include "base/slice.h"

#define LIT MST_SLICE_LIT

static void test_compare(void **state)
{
	struct mst_slice none = {NULL, 0};

	assert_true(mst_slice_eq(none, LIT("")));
	assert_true(mst_slice_eq(LIT("a"), LIT("a")));
	assert_false(mst_slice_eq(LIT("a"), LIT("A")));
	assert_false(mst_slice_eq(mst_slice("a\0b", 3), mst_slice("a\0c", 3)));
	assert_true(mst_slice_is(LIT("ab"), "ab"));
	assert_false(mst_slice_is(LIT("ab"), "a"));
	assert_true(mst_slice_is(none, ""));
	assert_true(mst_slice_ieq(LIT("OsPlatform"), LIT("osplatform")));
	assert_false(mst_slice_ieq(LIT("[@"), LIT("{`"))); /* near letters */
	assert_false(mst_slice_ieq(LIT("\xc3\x84"), LIT("\xc3\xa4")));
	assert_true(mst_slice_iis(LIT("TRUE"), "true"));
	assert_true(mst_slice_istarts(LIT("WindowsServer"), "windows"));
	assert_false(mst_slice_istarts(LIT("Win"), "windows"));
	assert_true(mst_slice_istarts(none, ""));
}

static void test_order(void **state)
{
	assert_true(mst_slice_cmp(LIT("a"), LIT("b")) < 0);
	assert_true(mst_slice_cmp(LIT("a"), LIT("ab")) < 0);
	assert_true(mst_slice_cmp(LIT("b"), LIT("ab")) > 0);
	assert_true(mst_slice_cmp(LIT("\xff"), LIT("a")) > 0); /* unsigned */
	assert_true(mst_slice_cmp(LIT(""), mst_slice(NULL, 0)) == 0);
}

static void test_trim_and_find(void **state)
{
	struct mst_slice hay = LIT("key: Bearer abc");

	t_is(mst_slice_trim(LIT(" \t\r\n a b \v\f")), "a b");
	t_is(mst_slice_trim(LIT(" \t ")), "");
	t_is(mst_slice_trim(mst_slice(NULL, 0)), "");
	assert_ptr_equal(mst_slice_ifind(hay, "bearer"), hay.p + 5);
	assert_ptr_equal(mst_slice_ifind(hay, ""), hay.p);
	assert_null(mst_slice_ifind(hay, "abcd"));
	assert_null(mst_slice_ifind(mst_slice(NULL, 0), "a"));
}

static void test_hash(void **state)
{
	struct mst_hash a = mst_hash128("abc", 3, 1), b = {0, 0}, back;
	struct mst_hash max = {UINT64_MAX, UINT64_MAX}, one = {1, 0};
	char hex[33];

	/* the reference value of XXH3-128 for no input, seed 0 */
	mst_hash_hex(mst_hash128(NULL, 0, 0), hex);
	assert_string_equal(hex, "99aa06d3014798d86001c324468d497f");
	assert_false(mst_hash_eq(a, mst_hash128("abc", 3, 2)));
	mst_hash_hex(a, hex);
	assert_true(mst_hash_parse(mst_slice_str(hex), &back));
	assert_true(mst_hash_eq(a, back));
	/* sums: any order, with a carry, modulo 2^128 */
	mst_hash_add(&b, a);
	mst_hash_add(&b, max);
	mst_hash_add(&b, one);
	assert_true(mst_hash_eq(a, b));
	mst_hash_add(&max, one);
	assert_true(mst_hash_is_zero(max));
	b = (struct mst_hash){UINT64_MAX, 7};
	mst_hash_add(&b, one);
	assert_true(b.lo == 0 && b.hi == 8);
}

static void test_hash_parse_wrong(void **state)
{
	static const char *const rows[] = {
	    "",
	    "99aa06d3014798d86001c324468d497",
	    "99aa06d3014798d86001c324468d497f0",
	    "99aa06d3014798d86001c324468d497g",
	    " 9aa06d3014798d86001c324468d497f",
	};
	struct mst_hash h;

	for (size_t i = 0; i < MST_LEN(rows); i++)
		assert_false(mst_hash_parse(mst_slice_str(rows[i]), &h));
}

static void test_fits(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} rows[] = {
	    {"", "", true},	     {"", "a", false},
	    {"*", "", true},	     {"?", "", false},
	    {"a?c", "ABC", true},    {"a?c", "ac", false},
	    {"a*", "a", true},	     {"*a", "bab", false},
	    {"*ab", "aab", true},    {"a*b*c", "a1b2c", true},
	    {"a*b*c", "a1c", false}, {"**", "x", true},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(rows); i++)
		assert_int_equal(mst_slice_fits(mst_slice_str(rows[i].text),
						rows[i].pattern),
				 rows[i].fits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_compare),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_trim_and_find),
	    cmocka_unit_test(test_fits),
	    cmocka_unit_test(test_hash),
	    cmocka_unit_test(test_hash_parse_wrong),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
