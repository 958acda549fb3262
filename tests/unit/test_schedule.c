/* SPDX-License-Identifier: Apache-2.0
 *
 * When jobs are due: cron expressions, time zones, windows, intervals.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "base/time.h"
#include "schedule/schedule.h"

static int64_t at(const char *iso)
{
	int64_t us;

	assert_true(mst_time_parse(mst_slice_str(iso), &us));
	return us;
}

/* The times that follow, in UTC, without seconds: "2026-03-29 01:00 …". */
static void times(const struct mst_schedule *s, const char *from,
		  const char *want)
{
	char got[256] = "", iso[21];
	int64_t us = at(from);

	for (size_t n = 0; n == 0 || n < (strlen(want) + 1) / 17; n++) {
		us = mst_schedule_next(s, us, MST_TIME_NONE);
		if (us == MST_TIME_NONE)
			break;
		mst_time_iso(us, iso);
		iso[10] = ' ';
		iso[16] = 0;
		(void)snprintf(got + strlen(got), sizeof(got) - strlen(got),
			       "%s%s", n ? "|" : "", iso);
	}
	assert_string_equal(got, want);
}

static void crons(void **unused)
{
	static const struct {
		const char *cron, *zone, *from, *want;
	} rows[] = {
	    {"0 2 * * *", "UTC", "2026-01-01T00:00:00Z",
	     "2026-01-01 02:00|2026-01-02 02:00"},
	    {"0 2 * * *", "UTC", "2026-01-01T02:00:00Z", "2026-01-02 02:00"},
	    {"*/20 8-9 * * mon", "UTC", "2026-11-21T00:00:00Z",
	     "2026-11-23 08:00|2026-11-23 08:20|2026-11-23 08:40|"
	     "2026-11-23 09:00"},
	    {"5,35 0 1 jan,jul *", "UTC", "2026-02-01T00:00:00Z",
	     "2026-07-01 00:05|2026-07-01 00:35|2027-01-01 00:05"},
	    {"0 0 L * *", "UTC", "2027-02-01T00:00:00Z",
	     "2027-02-28 00:00|2027-03-31 00:00"},
	    {"0 0 L * *", "UTC", "2028-02-01T00:00:00Z", "2028-02-29 00:00"},
	    {"0 0 * * 5L", "UTC", "2026-11-01T00:00:00Z",
	     "2026-11-27 00:00|2026-12-25 00:00"},
	    {"0 0 * * friL", "UTC", "2026-11-01T00:00:00Z", "2026-11-27 00:00"},
	    /* day of month or day of week, when both are given */
	    {"0 0 13 * fri", "UTC", "2026-11-01T00:00:00Z",
	     "2026-11-06 00:00|2026-11-13 00:00|2026-11-20 00:00"},
	    {"0 0 15 * sun", "UTC", "2026-12-01T00:00:00Z",
	     "2026-12-06 00:00|2026-12-13 00:00|2026-12-15 00:00"},
	    /* … and both when one of them begins with a star */
	    {"0 0 */2 * mon", "UTC", "2026-11-01T00:00:00Z",
	     "2026-11-09 00:00|2026-11-23 00:00"},
	    {"0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29 00:00"},
	    {"0 0 * * 7", "UTC", "2026-11-21T00:00:00Z", "2026-11-22 00:00"},
	    {"0 0 * * sat-mon", "UTC", "2026-11-17T00:00:00Z",
	     "2026-11-21 00:00|2026-11-22 00:00|2026-11-23 00:00|"
	     "2026-11-28 00:00"},
	    {"10-30/10 5 * * *", "UTC", "2026-11-17T00:00:00Z",
	     "2026-11-17 05:10|2026-11-17 05:20|2026-11-17 05:30"},
	    {"50/5 5 * * *", "UTC", "2026-11-17T00:00:00Z",
	     "2026-11-17 05:50|2026-11-17 05:55|2026-11-18 05:50"},
	    {"@daily", "UTC", "2026-11-17T00:00:00Z", "2026-11-18 00:00"},
	    {"@HOURLY", "UTC", "2026-11-17T00:00:00Z", "2026-11-17 01:00"},
	    {"@weekly", "UTC", "2026-11-17T00:00:00Z", "2026-11-22 00:00"},
	    {"@yearly", "UTC", "2026-11-17T00:00:00Z", "2027-01-01 00:00"},
	    /* summer and winter */
	    {"0 2 * * *", "Europe/Berlin", "2026-01-10T12:00:00Z",
	     "2026-01-11 01:00"},
	    {"0 2 * * *", "Europe/Berlin", "2026-07-10T12:00:00Z",
	     "2026-07-11 00:00"},
	    {"0 2 * * *", "America/New_York", "2026-01-10T12:00:00Z",
	     "2026-01-11 07:00"},
	    /* skipped: 2026-03-29 02:00 becomes 03:00 in Berlin */
	    {"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
	     "2026-03-29 01:00|2026-03-30 00:30"},
	    {"*/20 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
	     "2026-03-29 01:00|2026-03-30 00:00"},
	    {"*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z",
	     "2026-03-29 00:30|2026-03-29 01:00|2026-03-29 01:30"},
	    /* twice: 2026-10-25 03:00 becomes 02:00 */
	    {"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
	     "2026-10-25 00:30|2026-10-26 01:30"},
	    {"*/30 * * * *", "Europe/Berlin", "2026-10-25T00:15:00Z",
	     "2026-10-25 00:30|2026-10-25 01:00|2026-10-25 01:30|"
	     "2026-10-25 02:00"},
	    /* a zone that moves at midnight, and one by half an hour */
	    {"30 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z",
	     "2026-09-06 04:00|2026-09-07 03:30"},
	    {"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z",
	     "2026-10-03 15:30|2026-10-04 15:15"},
	};

	(void)unused;
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		const struct mst_schedule_text t = {.job = "main",
						    .cron = rows[i].cron,
						    .time_zone = rows[i].zone};
		struct mst_err err = MST_ERR_INIT;
		struct mst_schedule s;
		const char *key;

		t_ok(mst_schedule_make(&t, &s, &key, &err), &err);
		times(&s, rows[i].from, rows[i].want);
		mst_schedule_fini(&s);
	}
}

static void wrong_crons(void **unused)
{
	static const struct {
		const char *cron, *part;
	} rows[] = {
	    {"0 2 * *", "has fewer"},
	    {"", "has fewer"},
	    {"0 2 * * * *", "has more"},
	    {"60 2 * * *", "field 1 of the cron expression (minute): '60'"},
	    {"0 24 * * *", "field 2 of the cron expression (hour): '24'"},
	    {"0 0 0 * *", "field 3 of the cron expression (day of month)"},
	    {"0 0 * 13 *", "field 4 of the cron expression (month): '13' is "
			   "none of 1 to 12, a name such as feb"},
	    {"0 0 * * funday", "field 5 of the cron expression (day of week)"},
	    {"0 0 * * 8", "field 5"},
	    {"1- 0 * * *", "field 1"},
	    {"5-1 0 * * *", "field 1"},
	    {"*/0 0 * * *", "field 1"},
	    {"1,,2 0 * * *", "field 1"},
	    {", 0 * * *", "field 1"},
	    {"-1 0 * * *", "field 1"},
	    {"L 0 * * *", "field 1"},
	    {"0 0 30 2 *", "never comes"},
	    {"0 0 31 4,6,9,11 *", "never comes"},
	    {"@often", "has fewer"},
	};

	(void)unused;
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_cron c;

		t_failed(mst_cron_parse(mst_slice_str(rows[i].cron), &c, &err),
			 &err, MST_E_INVALID, rows[i].part);
	}
}

static void windows(void **unused)
{
	static const struct {
		const char *windows[3], *zone, *at;
		const char *begin, *end; /* NULL: none */
	} rows[] = {
	    {{NULL},
	     "UTC",
	     "2026-11-21T12:00:00Z",
	     "2026-11-21T12:00:00Z",
	     NULL},
	    {{"Mon-Fri 22:00-06:00"},
	     "UTC",
	     "2026-11-20T23:00:00Z", /* a Friday */
	     "2026-11-20T23:00:00Z",
	     "2026-11-21T06:00:00Z"},
	    {{"Mon-Fri 22:00-06:00"},
	     "UTC",
	     "2026-11-21T05:59:59Z",
	     "2026-11-21T05:59:59Z",
	     "2026-11-21T06:00:00Z"},
	    {{"Mon-Fri 22:00-06:00"},
	     "UTC",
	     "2026-11-21T06:00:00Z",
	     "2026-11-23T22:00:00Z",
	     NULL},
	    {{"Sat,Sun"},
	     "UTC",
	     "2026-11-21T06:00:00Z",
	     "2026-11-21T06:00:00Z",
	     "2026-11-23T00:00:00Z"},
	    {{"Fri 22:00-24:00", "sat", "Sun 00:00-03:00"},
	     "UTC",
	     "2026-11-20T22:00:00Z",
	     "2026-11-20T22:00:00Z",
	     "2026-11-22T03:00:00Z"},
	    {{"00:00-24:00"},
	     "UTC",
	     "2026-11-21T06:00:00Z",
	     "2026-11-21T06:00:00Z",
	     NULL},
	    {{"01:00-05:00"},
	     "Europe/Berlin",
	     "2026-03-29T00:30:00Z",
	     "2026-03-29T00:30:00Z",
	     "2026-03-29T03:00:00Z"},
	    /* all of it is skipped that night */
	    {{"02:10-02:50"},
	     "Europe/Berlin",
	     "2026-03-29T00:30:00Z",
	     "2026-03-30T00:10:00Z",
	     NULL},
	};

	(void)unused;
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		const struct mst_schedule_text t = {
		    .job = "main",
		    .time_zone = rows[i].zone,
		    .windows = rows[i].windows,
		    .windows_n = (rows[i].windows[0] != NULL) +
				 (rows[i].windows[1] != NULL) +
				 (rows[i].windows[2] != NULL)};
		struct mst_err err = MST_ERR_INIT;
		struct mst_schedule s;
		const char *key;

		t_ok(mst_schedule_make(&t, &s, &key, &err), &err);
		assert_int_equal(mst_schedule_may(&s, at(rows[i].at)),
				 at(rows[i].begin));
		assert_int_equal(mst_schedule_until(&s, at(rows[i].at)),
				 rows[i].end ? at(rows[i].end) : MST_TIME_NONE);
		mst_schedule_fini(&s);
	}
}

static void wrong_windows(void **unused)
{
	static const char *const rows[] = {
	    "",	      "Mon-",		"Mon-Fri 22-06", "Foo 22:00-06:00",
	    "Mon,",   "25:00-26:00",	"10:00-10:00",	 "24:00-01:00",
	    "Montag", "Mon 10:60-11:00"};

	(void)unused;
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_window w;

		t_failed(mst_window_parse(mst_slice_str(rows[i]), &w, &err),
			 &err, MST_E_INVALID, "is no window");
	}
}

#define MIN INT64_C(60000000)

static void intervals(void **unused)
{
	struct mst_schedule_text t = {
	    .job = "main", .every_ms = 30 * 60000, .time_zone = "UTC"};
	const int64_t now = at("2026-11-21T12:00:00Z");
	struct mst_err err = MST_ERR_INIT;
	struct mst_schedule s;
	const char *key;

	(void)unused;
	t_ok(mst_schedule_make(&t, &s, &key, &err), &err);
	assert_int_equal(mst_schedule_next(&s, now, MST_TIME_NONE), now);
	assert_int_equal(mst_schedule_next(&s, now, now - 10 * MIN),
			 now + 20 * MIN);
	/* it is late: once */
	assert_int_equal(mst_schedule_next(&s, now, now - 100 * MIN),
			 now - 70 * MIN);
	assert_true(mst_schedule_runs(&s, now - 70 * MIN, now));
	s.missed = MST_MISSED_SKIP;
	assert_int_equal(mst_schedule_next(&s, now, now - 100 * MIN),
			 now + 20 * MIN);
	assert_false(mst_schedule_runs(&s, now - 70 * MIN, now));
	assert_true(mst_schedule_runs(&s, now - 1 * MIN, now));
	mst_schedule_fini(&s);

	t = (struct mst_schedule_text){
	    .job = "main", .after = "other", .time_zone = "UTC"};
	t_ok(mst_schedule_make(&t, &s, &key, &err), &err);
	assert_int_equal(mst_schedule_next(&s, now, now), MST_TIME_NONE);
	mst_schedule_fini(&s);
}

/* Each time comes once, later by less than the jitter, and the same again. */
static void jitter(void **unused)
{
	struct mst_schedule_text t = {.job = "main",
				      .cron = "*/10 * * * *",
				      .jitter_ms = 25 * 60000,
				      .time_zone = "UTC"};
	int64_t us = at("2026-11-21T12:00:00Z"), seen[50], other;
	struct mst_err err = MST_ERR_INIT;
	struct mst_schedule s;
	const char *key;
	bool differ = false;

	(void)unused;
	t_ok(mst_schedule_make(&t, &s, &key, &err), &err);
	for (size_t i = 0; i < MST_LEN(seen); i++) {
		int64_t next = mst_schedule_next(&s, us, MST_TIME_NONE);

		assert_true(next > us && next < us + 35 * MIN);
		assert_int_equal(mst_schedule_next(&s, us, MST_TIME_NONE),
				 next);
		seen[i] = us = next;
	}
	mst_schedule_fini(&s);
	t.job = "other";
	t_ok(mst_schedule_make(&t, &s, &key, &err), &err);
	other = at("2026-11-21T12:00:00Z");
	for (size_t i = 0; i < MST_LEN(seen); i++) {
		other = mst_schedule_next(&s, other, MST_TIME_NONE);
		differ = differ || other != seen[i];
	}
	assert_true(differ);
	mst_schedule_fini(&s);
}

/* A time that is due outside its windows is due when the next one begins, and
 * several of them are one. */
static void cron_in_windows(void **unused)
{
	static const char *const night[] = {"22:00-04:00"};
	const struct mst_schedule_text t = {.job = "main",
					    .cron = "0 */2 * * *",
					    .windows = night,
					    .windows_n = 1,
					    .time_zone = "UTC"};
	struct mst_err err = MST_ERR_INIT;
	struct mst_schedule s;
	const char *key;

	(void)unused;
	t_ok(mst_schedule_make(&t, &s, &key, &err), &err);
	times(&s, "2026-11-21T02:00:00Z",
	      "2026-11-21 22:00|2026-11-22 00:00|2026-11-22 02:00|"
	      "2026-11-22 22:00");
	mst_schedule_fini(&s);
}

static void wrong_keys(void **unused)
{
	static const char *const bad[] = {"Mon-Fri 22:00-06:00", "often"};
	static const struct {
		struct mst_schedule_text t;
		const char *key, *part;
	} rows[] = {
	    {{.job = "a", .cron = "0 0 * * x"}, "cron", "day of week"},
	    {{.job = "a", .time_zone = "Mars/Olympus"},
	     "time_zone",
	     "'Mars/Olympus'"},
	    {{.job = "a", .time_zone = "+01:00"}, "time_zone", "IANA"},
	    {{.job = "a", .windows = bad, .windows_n = 2},
	     "windows",
	     "'often' is no window"},
	};

	(void)unused;
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_schedule s;
		const char *key = NULL;

		t_failed(mst_schedule_make(&rows[i].t, &s, &key, &err), &err,
			 MST_E_INVALID, rows[i].part);
		assert_string_equal(key, rows[i].key);
	}
}

static void says(void **unused)
{
	static const char *const night[] = {"Mon-Fri 22:00-06:00", "Sun"};
	static const struct {
		struct mst_schedule_text t;
		const char *want;
	} rows[] = {
	    {{.cron = "0 2 * * *"}, "every day at 02:00"},
	    {{.cron = "@daily", .time_zone = "UTC"}, "every day at 00:00, UTC"},
	    {{.cron = "30 7 * * 1-5"}, "Monday to Friday at 07:30"},
	    {{.cron = "0 3 * * sun"}, "every Sunday at 03:00"},
	    {{.cron = "5 * * * *"}, "every hour at minute 5"},
	    {{.cron = "5 1,2 * * *"}, "5 1,2 * * *"},
	    {{.every_ms = 1800000}, "every 30 minutes"},
	    {{.every_ms = 3600000}, "every hour"},
	    {{.after = "main"}, "after job main"},
	    {{.every_ms = 3600000, .windows = night, .windows_n = 2},
	     "every hour, only Mon-Fri 22:00-06:00 and Sun"},
	};

	(void)unused;
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		char out[200];

		mst_schedule_say(&rows[i].t, out, sizeof(out));
		assert_string_equal(out, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(crons),
	    cmocka_unit_test(wrong_crons),
	    cmocka_unit_test(windows),
	    cmocka_unit_test(wrong_windows),
	    cmocka_unit_test(intervals),
	    cmocka_unit_test(jitter),
	    cmocka_unit_test(cron_in_windows),
	    cmocka_unit_test(wrong_keys),
	    cmocka_unit_test(says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
