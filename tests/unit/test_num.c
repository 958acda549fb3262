/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers from and to text.
 */
#include "tests/lib/t.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

static void test_i64(void **state)
{
	static const struct {
		const char *s;
		bool ok;
		int64_t v;
	} rows[] = {
	    {"0", true, 0},
	    {"-0", true, 0},
	    {"007", true, 7},
	    {"-42", true, -42},
	    {"9223372036854775807", true, INT64_MAX},
	    {"-9223372036854775808", true, INT64_MIN},
	    {"9223372036854775808", false, 0},
	    {"-9223372036854775809", false, 0},
	    {"99999999999999999999999999", false, 0},
	    {"", false, 0},
	    {"-", false, 0},
	    {"+1", false, 0},
	    {" 1", false, 0},
	    {"1 ", false, 0},
	    {"1.0", false, 0},
	    {"--1", false, 0},
	    {"0x10", false, 0},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		int64_t v = 99;

		assert_int_equal(mst_num_i64(mst_slice_str(rows[i].s), &v),
				 rows[i].ok);
		assert_true(v == (rows[i].ok ? rows[i].v : 99));
	}
}

static void test_u64(void **state)
{
	uint64_t v = 0;

	assert_true(mst_num_u64(MST_SLICE_LIT("18446744073709551615"), &v));
	assert_true(v == UINT64_MAX);
	assert_false(mst_num_u64(MST_SLICE_LIT("18446744073709551616"), &v));
	assert_false(mst_num_u64(MST_SLICE_LIT("-1"), &v));
	assert_false(mst_num_u64(mst_slice(NULL, 0), &v));
	assert_false(mst_num_u64(mst_slice("1\0", 2), &v));
}

static void test_dbl(void **state)
{
	static const struct {
		const char *s;
		bool ok;
		double v;
	} rows[] = {
	    {"0", true, 0},	     {"9.8", true, 9.8},
	    {"-1.5e3", true, -1500}, {"1E-2", true, 0.01},
	    {"1e+2", true, 100},     {"0.00001", true, 1e-5},
	    {"1e308", true, 1e308},  {"1e309", false, 0},
	    {"1e-999", true, 0},     {"", false, 0},
	    {".5", false, 0},	     {"5.", false, 0},
	    {"1e", false, 0},	     {"1e+", false, 0},
	    {"nan", false, 0},	     {"inf", false, 0},
	    {"-infinity", false, 0}, {"0x1p3", false, 0},
	    {"1,5", false, 0},	     {" 1", false, 0},
	    {"1 ", false, 0},	     {"+1", false, 0},
	    {"-", false, 0},	     {"1.2.3", false, 0},
	};
	char many[600];
	double v;

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		v = 99;
		assert_int_equal(mst_num_dbl(mst_slice_str(rows[i].s), &v),
				 rows[i].ok);
		assert_true(v == (rows[i].ok ? rows[i].v : 99));
	}
	memset(many, '1', sizeof(many));
	assert_false(mst_num_dbl(mst_slice(many, sizeof(many)), &v));
	assert_true(mst_num_dbl(mst_slice(many, 300), &v));
}

static void test_duration(void **state)
{
	static const struct {
		const char *s;
		int64_t ms; /* -1: refused */
	} rows[] = {
	    {"30", 30000},
	    {"30s", 30000},
	    {"5m", 300000},
	    {"2h", 7200000},
	    {"1d", 86400000},
	    {"250ms", 250},
	    {"0", 0},
	    {"1D", 86400000},
	    {"1.5h", -1},
	    {"-1s", -1},
	    {"s", -1},
	    {"", -1},
	    {"1 s", -1},
	    {"1w", -1},
	    {"1mss", -1},
	    {"9223372036854775807ms", INT64_MAX},
	    {"9223372036854775808ms", -1},
	    {"9223372036854775807d", -1},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		int64_t v = -1;
		bool ok = mst_num_duration_ms(mst_slice_str(rows[i].s), &v);

		assert_int_equal(ok, rows[i].ms >= 0);
		assert_true(v == rows[i].ms);
	}
}

static void test_size(void **state)
{
	static const struct {
		const char *s;
		bool ok;
		uint64_t v;
	} rows[] = {
	    {"4096", true, 4096},
	    {"1B", true, 1},
	    {"16KiB", true, 16384},
	    {"16mib", true, 16 << 20},
	    {"2GiB", true, 2ull << 30},
	    {"1TiB", true, 1ull << 40},
	    {"1MB", true, 1000000},
	    {"1TB", true, 1000000000000ull},
	    {"16M", false, 0},
	    {"16 MiB", false, 0},
	    {"1.5GiB", false, 0},
	    {"KiB", false, 0},
	    {"", false, 0},
	    {"-1", false, 0},
	    {"18446744073709551615", true, UINT64_MAX},
	    {"18446744073709551615KiB", false, 0},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		uint64_t v = 99;

		assert_int_equal(mst_num_size(mst_slice_str(rows[i].s), &v),
				 rows[i].ok);
		assert_true(v == (rows[i].ok ? rows[i].v : 99));
	}
}

static void test_fixed1(void **state)
{
	static const struct {
		double d;
		const char *want;
	} rows[] = {
	    {7, "7.0"},
	    {9.75, "9.8"},
	    {9.8, "9.8"},
	    {0, "0.0"},
	    {-0.04, "0.0"},
	    {-0.06, "-0.1"},
	    {10, "10.0"},
	    {9.96, "10.0"},
	    {0.05, "0.1"},
	    {5.35, "5.4"},
	    {-7.5, "-7.5"},
	    {123456789, "123456789.0"},
	    {1e15, "1000000000000000"},
	    {NAN, ""},
	};
	char out[32];

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		mst_num_fixed1(rows[i].d, out);
		assert_string_equal(out, rows[i].want);
	}
}

static void test_text(void **state)
{
	static const struct {
		double d;
		const char *want;
	} rows[] = {
	    {0, "0"},
	    {-0.0, "0"},
	    {128, "128"},
	    {-128, "-128"},
	    {0.1, "0.1"},
	    {-0.1, "-0.1"},
	    {9.8, "9.8"},
	    {0.00043, "0.00043"},
	    {0.00001, "0.00001"},
	    {0.97563, "0.97563"},
	    {100.001, "100.001"},
	    {9007199254740991, "9007199254740991"},
	    {1e15, "1000000000000000"},
	    {1e22, "1e+22"},
	    {1e-300, "1e-300"},
	    {INFINITY, ""},
	    {-INFINITY, ""},
	    {NAN, ""},
	};
	char out[32];

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		mst_num_text(rows[i].d, out);
		assert_string_equal(out, rows[i].want);
	}
}

static void assert_reads_back(double d)
{
	char out[32];
	double back = 0;

	mst_num_text(d, out);
	assert_true(mst_num_dbl(mst_slice_str(out), &back));
	if (back != d)
		fail_msg("%.17g became %s", d, out);
}

static void test_text_reads_back(void **state)
{
	static const double edges[] = {DBL_MAX,	    -DBL_MAX, DBL_MIN, 5e-324,
				       DBL_EPSILON, 1.0 / 3,  2.0 / 3, M_PI};
	uint64_t x = 88172645463325252ull;

	for (size_t i = 0; i < MST_LEN(edges); i++)
		assert_reads_back(edges[i]);
	for (int i = 0; i < 20000; i++) {
		double d;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(&d, &x, sizeof(d));
		if (isfinite(d))
			assert_reads_back(d);
		assert_reads_back((double)(x >> 40) / 100000);
		assert_reads_back((double)(int64_t)x / 1000);
	}
}

/* A locale with a decimal comma changes nothing. */
static void test_locale(void **state)
{
	static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8",
					    "fr_FR.UTF-8"};
	const char *set = NULL;
	char out[32];
	double v = 0;

	for (size_t i = 0; !set && i < MST_LEN(names); i++)
		set = setlocale(LC_NUMERIC, names[i]);
	if (!set) {
		print_message("skipped: no locale with a decimal comma\n");
		skip();
	}
	mst_num_text(1e-300 / 3, out);
	assert_null(strchr(out, ','));
	assert_true(mst_num_dbl(MST_SLICE_LIT("1.5"), &v) && v == 1.5);
	(void)setlocale(LC_NUMERIC, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_i64),
	    cmocka_unit_test(test_u64),
	    cmocka_unit_test(test_dbl),
	    cmocka_unit_test(test_duration),
	    cmocka_unit_test(test_size),
	    cmocka_unit_test(test_fixed1),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_text_reads_back),
	    cmocka_unit_test(test_locale),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
