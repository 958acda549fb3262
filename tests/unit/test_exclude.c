/* SPDX-License-Identifier: Apache-2.0
 *
 * Exclusion windows: times in a zone with its daylight saving, addresses,
 * titles, sensors. And time zones themselves.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "base/time.h"
#include "forward/exclude.h"

static struct mst_arena arena;
static struct mst_conf conf;
static struct mst_exclude x;
static struct mst_err err;

static int set_up(void **state MST_UNUSED)
{
	err = (struct mst_err)MST_ERR_INIT;
	mst_arena_init(&arena, 1u << 20);
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_exclude_fini(&x);
	mst_arena_fini(&arena);
	mst_conf_fini(&conf);
	return 0;
}

static int make(const char *options)
{
	char yaml[2048];

	mst_conf_fini(&conf);
	mst_exclude_fini(&x);
	(void)snprintf(yaml, sizeof(yaml), "jobs:\n  - name: works\n%s",
		       options);
	mst_err_clear(&err);
	t_ok(mst_conf_read(mst_slice_str(yaml), "f.yaml", &conf, &err), &err);
	return mst_exclude_make(&conf.items[0], &arena, &x, &err);
}

static void makes(const char *options)
{
	t_ok(make(options), &err);
}

static void refuses(const char *options, const char *part)
{
	t_failed(make(options), &err, MST_E_INVALID, part);
	assert_true(strncmp(err.msg, "f.yaml:", 7) == 0);
}

static int64_t at(const char *iso)
{
	int64_t us;

	assert_true(mst_time_parse(mst_slice_str(iso), &us));
	return us;
}

static void is_at(const char *iso, bool want)
{
	struct mst_alert a = {.time_us = at(iso)};

	if (mst_exclude_fits(&x, &a, 0) != want)
		fail_msg("%s is %s the window", iso, want ? "not in" : "in");
	/* Without a time, that of its arrival. */
	a.time_us = MST_TIME_NONE;
	assert_int_equal(mst_exclude_fits(&x, &a, at(iso)), want);
}

/* ---- time ---------------------------------------------------------------- */

static void test_times(void **state MST_UNUSED)
{
	makes("    times: [\"08:00-12:00\", \"13:30-24:00\"]\n");
	is_at("2026-11-20T07:59:59Z", false);
	is_at("2026-11-20T08:00:00Z", true);
	is_at("2026-11-20T11:59:59Z", true);
	is_at("2026-11-20T12:00:00Z", false);
	is_at("2026-11-20T23:59:59Z", true);
	is_at("2026-11-21T00:00:00Z", false);
}

/* 2026-11-20 is a Friday. */
static void test_over_midnight(void **state MST_UNUSED)
{
	makes("    days: [fri]\n    times: [\"22:00-06:00\"]\n");
	is_at("2026-11-20T05:00:00Z", false);
	is_at("2026-11-20T21:59:59Z", false);
	is_at("2026-11-20T22:00:00Z", true);
	is_at("2026-11-21T05:59:59Z", true);
	is_at("2026-11-21T06:00:00Z", false);
	is_at("2026-11-21T22:00:00Z", false);
	makes("    days: [sun]\n    times: [\"22:00-06:00\"]\n");
	is_at("2026-11-23T05:59:59Z", true);
}

static void test_days(void **state MST_UNUSED)
{
	static const char *const days[] = {"mon", "tue", "wed", "thu",
					   "fri", "sat", "sun"};

	for (unsigned d = 0; d < 7; d++) {
		char option[64], iso[32];

		(void)snprintf(option, sizeof(option), "    days: [%s]\n",
			       days[d]);
		makes(option);
		for (unsigned k = 0; k < 7; k++) {
			(void)snprintf(iso, sizeof(iso),
				       "2026-11-%02uT23:59:59Z", 16 + k);
			is_at(iso, k == d);
		}
	}
}

static void test_zone(void **state MST_UNUSED)
{
	makes("    zone: Europe/Berlin\n    times: [\"08:00-09:00\"]\n");
	/* Winter: +1; summer: +2. */
	is_at("2026-11-20T07:00:00Z", true);
	is_at("2026-11-20T08:00:00Z", false);
	is_at("2026-07-20T06:00:00Z", true);
	is_at("2026-07-20T07:00:00Z", false);
	/* The hour that is there twice is in both times. */
	makes("    zone: Europe/Berlin\n    times: [\"02:00-03:00\"]\n"
	      "    begins: 2026-10-25\n    ends: 2026-10-26\n");
	is_at("2026-10-24T23:59:59Z", false);
	is_at("2026-10-25T00:00:00Z", true);
	is_at("2026-10-25T01:00:00Z", true);
	is_at("2026-10-25T02:00:00Z", false);
	/* The hour that is not there is never. */
	makes("    zone: Europe/Berlin\n    times: [\"02:00-03:00\"]\n"
	      "    begins: 2026-03-29\n    ends: 2026-03-30\n");
	is_at("2026-03-29T00:59:59Z", false);
	is_at("2026-03-29T01:00:00Z", false);
	makes("    zone: \"-03:30\"\n    times: [\"00:00-01:00\"]\n");
	is_at("2026-11-20T03:30:00Z", true);
	is_at("2026-11-20T04:30:00Z", false);
}

static void test_dates(void **state MST_UNUSED)
{
	makes("    begins: 2026-11-20\n    ends: 2026-11-22 06:30\n");
	is_at("2026-11-19T23:59:59Z", false);
	is_at("2026-11-20T00:00:00Z", true);
	is_at("2026-11-22T06:29:59Z", true);
	is_at("2026-11-22T06:30:00Z", false);
	makes("    begins: 2026-11-20T08:15\n");
	is_at("2026-11-20T08:14:59Z", false);
	is_at("2036-11-20T08:15:00Z", true);
}

static void test_zones(void **state MST_UNUSED)
{
	struct mst_zone *z = NULL;
	struct mst_civil c;

	t_ok(mst_zone_find("Asia/Kolkata", &z, &err), &err);
	assert_int_equal(mst_zone_offset(z, 0), 19800);
	c = mst_zone_civil(z, -1);
	assert_int_equal(c.year, 1970);
	assert_int_equal(c.hour * 100 + c.minute, 529);
	assert_int_equal(c.second, 59);
	assert_int_equal(c.weekday, 3);
	mst_zone_free(&z);
	t_ok(mst_zone_find("utc", &z, &err), &err);
	assert_null(z);
	assert_int_equal(mst_zone_offset(NULL, 0), 0);
	t_ok(mst_zone_find("+05:45", &z, &err), &err);
	assert_int_equal(mst_zone_offset(z, 0), 20700);
	mst_zone_free(&z);
	t_failed(mst_zone_find("Europe/Atlantis", &z, &err), &err,
		 MST_E_INVALID, "there is no time zone \"Europe/Atlantis\"");
	t_failed(mst_zone_find("../../../etc/hostname", &z, &err), &err,
		 MST_E_INVALID, "no time zone");
	t_failed(mst_zone_find("/etc/localtime", &z, &err), &err, MST_E_INVALID,
		 "no time zone");
	t_failed(mst_zone_find("+24:00", &z, &err), &err, MST_E_INVALID,
		 "no time zone");
}

/* ---- who and what -------------------------------------------------------- */

static bool fits(const char *source, const char *destination)
{
	struct mst_alert a = {
	    .time_us = 0,
	    .source.address = mst_slice_str(source),
	    .destination.mac = mst_slice_str(destination),
	};

	return mst_exclude_fits(&x, &a, 0);
}

static void test_addresses(void **state MST_UNUSED)
{
	makes("    addresses: [10.1.2.0/23, 2001:db8::/33, "
	      "\"00-1B-1b-00-00-01\", 192.168.0.7]\n");
	assert_true(fits("10.1.3.255", NULL));
	assert_false(fits("10.1.4.0", NULL));
	assert_true(fits("2001:db8:7fff::1", NULL));
	assert_false(fits("2001:db8:8000::1", NULL));
	assert_true(fits("::ffff:192.168.0.7", NULL));
	assert_false(fits("192.168.0.8", NULL));
	assert_true(fits(NULL, "001b.1b00.0001"));
	assert_true(fits("8.8.8.8", "00:1b:1b:00:00:01"));
	assert_false(fits(NULL, "00:1b:1b:00:00:02"));
	assert_false(fits(NULL, NULL));
	assert_false(fits("not an address", ""));
	/* A subnet is not within its own half. */
	assert_false(fits("10.0.0.0/8", NULL));
}

static void test_direction(void **state MST_UNUSED)
{
	makes("    addresses: [10.0.0.0/8]\n    direction: source\n");
	assert_true(fits("10.1.1.1", NULL));
	assert_false(fits(NULL, "10.1.1.1"));
	makes("    addresses: [10.0.0.0/8]\n    direction: destination\n");
	assert_false(fits("10.1.1.1", NULL));
	assert_true(fits(NULL, "10.1.1.1"));
	makes("    addresses: [0.0.0.0/0]\n");
	assert_true(fits("1.2.3.4", NULL));
	assert_false(fits("2001:db8::1", NULL));
	makes("    addresses: [\"::/0\"]\n");
	assert_true(fits("2001:db8::1", NULL));
	assert_true(fits("1.2.3.4", NULL));
	assert_false(fits("00:1b:1b:00:00:01", NULL));
}

static void test_all_of_them(void **state MST_UNUSED)
{
	struct mst_alert a = {
	    .time_us = at("2026-11-20T09:00:00Z"),
	    .title = MST_SLICE_LIT("PLC Program Update"),
	    .sensor = MST_SLICE_LIT("north"),
	    .sensor_id = MST_SLICE_LIT("3"),
	    .source.address = MST_SLICE_LIT("10.0.0.1"),
	};
	struct mst_alert b;

	makes("    days: [fri]\n    titles: [\"plc *\", other]\n"
	      "    sensors: [NORTH]\n    addresses: [10.0.0.1]\n");
	assert_true(mst_exclude_fits(&x, &a, 0));
	b = a;
	b.title = MST_SLICE_LIT("Firmware change");
	assert_false(mst_exclude_fits(&x, &b, 0));
	b = a;
	b.sensor = MST_SLICE_LIT("south");
	assert_false(mst_exclude_fits(&x, &b, 0));
	b = a;
	b.source.address = mst_slice(NULL, 0);
	assert_false(mst_exclude_fits(&x, &b, 0));
	b = a;
	b.time_us = at("2026-11-21T09:00:00Z");
	assert_false(mst_exclude_fits(&x, &b, 0));
	makes("    sensors: [\"3\"]\n");
	assert_true(mst_exclude_fits(&x, &a, 0));
}

static void test_refused(void **state MST_UNUSED)
{
	refuses("    zone: UTC\n", "would exclude every alert for ever");
	refuses("    times: [\"8-12\"]\n",
		"f.yaml:3:12: \"times\" must be like 22:00-06:00, not "
		"\"8-12\"");
	refuses("    times: [\"08:00-08:00\"]\n", "times");
	refuses("    times: [\"24:00-08:00\"]\n", "times");
	refuses("    times: [\"08:00-24:01\"]\n", "times");
	refuses("    times: [\"08:60-09:00\"]\n", "times");
	refuses("    begins: tomorrow\n", "must be like 2026-11-01");
	refuses("    begins: 2026-13-01\n", "begins");
	refuses("    begins: 2026-11-01 25:00\n", "begins");
	refuses("    begins: 2026-11-02\n    ends: 2026-11-02\n",
		"must be later than begins");
	refuses("    addresses: [10.1.2.0/33]\n",
		"\"10.1.2.0/33\" is no IP or MAC address");
	refuses("    addresses: [plc-1]\n", "addresses");
	refuses("    addresses: [\"00:1b:1b:00:00\"]\n", "addresses");
	refuses("    direction: source\n    days: [fri]\n",
		"says nothing without addresses");
	refuses("    days: [fri]\n    zone: Mars/Olympus\n",
		"\"zone\" is wrong: there is no time zone");
}

static void test_macs(void **state MST_UNUSED)
{
	static const char *const wrong[] = {
	    "00:1b:1b:00:00:0",	   "00:1b:1b:00:00:011", "00:1b-1b:00:00:01",
	    "001b:1b00:0001",	   "001b1b00000g",	 "0:01b:1b:00:00:01",
	    "00:1b:1b:00:00:01/8", "001b.1b000.001",	 "",
	    "10.1.2.3/",	   "10.1.2.3/-1",	 "1.2.3",
	};
	struct mst_net n;

	for (size_t i = 0; i < MST_LEN(wrong); i++)
		assert_false(mst_net_parse(mst_slice_str(wrong[i]), &n));
	assert_true(mst_net_parse(MST_SLICE_LIT(" 001B1b000001 "), &n));
	assert_true(n.is_mac);
	assert_memory_equal(n.b, "\x00\x1b\x1b\x00\x00\x01", 6);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_times),	    TEST(test_over_midnight),
	    TEST(test_days),	    TEST(test_zone),
	    TEST(test_dates),	    TEST(test_zones),
	    TEST(test_addresses),   TEST(test_direction),
	    TEST(test_all_of_them), TEST(test_refused),
	    TEST(test_macs),
	};

	return cmocka_run_group_tests_name("exclude", tests, NULL, NULL);
}
