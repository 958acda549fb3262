/* SPDX-License-Identifier: Apache-2.0
 *
 * Times from and to text, Retry-After, the injected clock.
 */
#include "tests/lib/t.h"

#include <time.h>

#include "base/time.h"

#define S     1000000ll
#define NOV94 (784111777 * S) /* 1994-11-06 08:49:37 */

static void test_parse(void **state)
{
	static const struct {
		const char *s;
		int64_t us;
	} rows[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"1970-01-01T00:00:00", 0},
	    {"1994-11-06T08:49:37Z", NOV94},
	    {"1994-11-06t08:49:37z", NOV94},
	    {"1994-11-06T08:49:37+00:00", NOV94},
	    {"1994-11-06T10:49:37+02:00", NOV94},
	    {"1994-11-06T03:19:37-0530", NOV94},
	    {"1994-11-06 08:49:37", NOV94},
	    {"1994-11-06 08:49:37.5", NOV94 + S / 2},
	    {"1994-11-06T08:49:37.00Z", NOV94},
	    {"1994-11-06T08:49:37.123Z", NOV94 + 123000},
	    {"1994-11-06T08:49:37.123456Z", NOV94 + 123456},
	    {"1994-11-06T08:49:37.1234567Z", NOV94 + 123456},
	    {"1994-11-06T08:49:37.123456789Z", NOV94 + 123456},
	    {"1994-11-06T08:49:37.123456+01:00", NOV94 + 123456 - 3600 * S},
	    {"1994-11-06", 784080000 * S},
	    {"1994-11-06Z", 784080000 * S},
	    {"2024-02-29T00:00:00Z", 1709164800 * S},
	    {"2000-02-29", 951782400 * S},
	    {"1969-12-31T23:59:59Z", -1 * S},
	    {"1900-01-01T00:00:00Z", -2208988800ll * S},
	    {"9999-12-31T23:59:59Z", 253402300799ll * S},
	    {"2016-12-31T23:59:60Z", 1483228800 * S},
	    {"784111777000", 0 - 1}, /* twelve digits: no time */
	    {"1731000000000", 1731000000 * S},
	    {"0001-01-01T00:00:00Z", MST_TIME_NONE},
	    {"0001-01-01", MST_TIME_NONE},
	    {"0000-00-00 00:00:00", MST_TIME_NONE},
	    {"1899-12-31T23:59:59Z", MST_TIME_NONE},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		int64_t us = -1;
		bool ok = mst_time_parse(mst_slice_str(rows[i].s), &us);

		if (ok != (rows[i].us != -1) || us != rows[i].us)
			fail_msg("\"%s\" gave %lld", rows[i].s, (long long)us);
	}
}

static void test_parse_wrong(void **state)
{
	static const char *const rows[] = {
	    "",
	    "None",
	    "1994",
	    "1994-11",
	    "1994-11-6",
	    "94-11-06",
	    "1994-13-06",
	    "1994-00-06",
	    "1994-11-00",
	    "1994-11-31",
	    "2023-02-29",
	    "1900-02-29",
	    "1994-11-06T",
	    "1994-11-06T08:49",
	    "1994-11-06T24:00:00Z",
	    "1994-11-06T08:60:00Z",
	    "1994-11-06T08:49:61Z",
	    "1994-11-06T08:49:37.Z",
	    "1994-11-06T08:49:37.1234567890Z",
	    "1994-11-06T08:49:37+02:",
	    "1994-11-06T08:49:37+24:00",
	    "1994-11-06T08:49:37+02:60",
	    "1994-11-06T08:49:37ZZ",
	    "1994-11-06T08:49:37 Z",
	    " 1994-11-06",
	    "1994-11-06 ",
	    "1994/11/06",
	    "-994-11-06",
	    "11/06/1994",
	    "0731000000000",
	    "17310000000000",
	};
	int64_t us = 7;

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		if (mst_time_parse(mst_slice_str(rows[i]), &us))
			fail_msg("\"%s\" was taken", rows[i]);
	}
	assert_false(mst_time_parse(mst_slice("1994-11-06\0", 11), &us));
	assert_int_equal(us, 7);
}

static void test_write(void **state)
{
	char sn[20], iso[21];

	mst_time_sn(NOV94 + 999999, sn);
	assert_string_equal(sn, "1994-11-06 08:49:37");
	mst_time_iso(NOV94, iso);
	assert_string_equal(iso, "1994-11-06T08:49:37Z");
	mst_time_sn(-1, sn);
	assert_string_equal(sn, "1969-12-31 23:59:59");
	mst_time_sn(MST_TIME_NONE, sn);
	assert_string_equal(sn, "");
	mst_time_iso(MST_TIME_NONE, iso);
	assert_string_equal(iso, "");
	mst_time_iso(INT64_MAX, iso);
	assert_string_equal(iso, "");
	mst_time_iso(INT64_MIN + 1, iso);
	assert_string_equal(iso, "");
}

/* Against the C library, over 8000 years in odd steps. */
static void test_calendar(void **state)
{
	for (int64_t t = -2208988800ll; t < 253402300800ll;
	     t += 86400 * 97 + 61) {
		time_t tt = (time_t)t;
		struct tm tm;
		char want[21], got[21];
		int64_t back = 0;

		assert_non_null(gmtime_r(&tt, &tm));
		(void)strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm);
		mst_time_iso(t * S, got);
		assert_string_equal(got, want);
		assert_true(mst_time_parse(mst_slice_str(got), &back));
		assert_true(back == t * S);
	}
}

static void test_retry_after(void **state)
{
	static const struct {
		const char *s;
		int64_t ms;
	} rows[] = {
	    {"0", 0},
	    {"120", 120000},
	    {" 5 ", 5000},
	    {"Sun, 06 Nov 1994 08:49:47 GMT", 10000},
	    {"Sunday, 06-Nov-94 08:49:47 GMT", 10000},
	    {"Sun Nov  6 08:49:47 1994", 10000},
	    {"Sun Nov 16 08:49:37 1994", 864000000},
	    {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
	    {"Sun, 06 Nov 1993 08:49:37 GMT", 0},
	    {"Sunday, 06-Nov-60 08:49:47 GMT", 0}, /* 1960, not 2060 */
	    {"99999999999999999", 366ll * 86400000},
	    {"99999999999999999999999", -1},
	    {"", -1},
	    {"-5", -1},
	    {"5.5", -1},
	    {"soon", -1},
	    {"Sun, 06 Nov 1994 08:49:47", -1},
	    {"Sun, 06 Nov 1994 08:49:47 CET", -1},
	    {"Sun, 31 Feb 1994 08:49:47 GMT", -1},
	    {"Sun, 06 Foo 1994 08:49:47 GMT", -1},
	    {"Sun, 06 No", -1},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		int64_t ms =
		    mst_time_retry_after(mst_slice_str(rows[i].s), NOV94);

		if (ms != rows[i].ms)
			fail_msg("\"%s\" gave %lld", rows[i].s, (long long)ms);
	}
	/* rounded up: never ask again too early */
	assert_true(
	    mst_time_retry_after(MST_SLICE_LIT("Sun, 06 Nov 1994 08:49:38 GMT"),
				 NOV94 + 1) == 1000);
}

static void test_clock(void **state)
{
	int64_t a, b;

	t_clock_set(NOV94);
	assert_true(mst_now_us() == NOV94 && mst_mono_us() == NOV94);
	t_clock_add(5);
	assert_true(mst_now_us() == NOV94 + 5);
	t_clock_real();
	a = mst_mono_us();
	b = mst_mono_us();
	assert_true(b >= a && mst_now_us() > NOV94 + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_parse_wrong),
	    cmocka_unit_test(test_write),
	    cmocka_unit_test(test_calendar),
	    cmocka_unit_test(test_retry_after),
	    cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
