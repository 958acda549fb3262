/* SPDX-License-Identifier: Apache-2.0
 *
 * Clocks, and times from and to text. The calendar is computed here (days
 * from civil date, proleptic Gregorian), so nothing depends on the time zone
 * of the machine.
 */
#include "base/time.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/num.h"

#define SECOND_US 1000000ll
#define DAY_US	  (86400ll * SECOND_US)

typedef int64_t (*clock_fn)(void);

static _Atomic clock_fn wall_clock;
static _Atomic clock_fn mono_clock;

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return ts.tv_sec * SECOND_US + ts.tv_nsec / 1000;
}

int64_t mst_now_us(void)
{
	clock_fn fn = atomic_load(&wall_clock);

	return fn ? fn() : read_clock(CLOCK_REALTIME);
}

int64_t mst_mono_us(void)
{
	clock_fn fn = atomic_load(&mono_clock);

	return fn ? fn() : read_clock(CLOCK_MONOTONIC);
}

void mst_clock_set(int64_t (*wall_us)(void), int64_t (*mono_us)(void))
{
	atomic_store(&wall_clock, wall_us);
	atomic_store(&mono_clock, mono_us);
}

/* Days since 1970-01-01; the year starts in March, so that the leap day is
 * its last. */
static int64_t days_from_civil(int year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

struct civil {
	int year, month, day, hour, minute, second;
};

static struct civil civil_from_us(int64_t us)
{
	int64_t days = us / DAY_US, rest = us % DAY_US;
	int64_t era, doe, yoe, doy, mp;
	struct civil c;

	if (rest < 0) {
		rest += DAY_US;
		days--;
	}
	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c.year = (int)(yoe + era * 400 + (c.month <= 2));
	rest /= SECOND_US;
	c.hour = (int)(rest / 3600);
	c.minute = (int)(rest / 60 % 60);
	c.second = (int)(rest % 60);
	return c;
}

static bool civil_ok(const struct civil *c)
{
	static const char days[] = {31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31};
	bool leap =
	    c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);

	if (c->month < 1 || c->month > 12)
		return false;
	/* second 60: a leap second, taken as the next one */
	return c->day >= 1 &&
	       c->day <= days[c->month - 1] + (leap && c->month == 2) &&
	       c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

static int64_t civil_to_us(const struct civil *c)
{
	return days_from_civil(c->year, c->month, c->day) * DAY_US +
	       (c->hour * 3600ll + c->minute * 60ll + c->second) * SECOND_US;
}

/* ---- reading: a cursor that takes what it expects or fails ------------- */

struct cursor {
	const char *p, *end;
};

static bool take_char(struct cursor *c, char want)
{
	if (c->p == c->end || *c->p != want)
		return false;
	c->p++;
	return true;
}

static bool take_digits(struct cursor *c, int n, int *r)
{
	int v = 0;

	if (c->end - c->p < n)
		return false;
	for (int i = 0; i < n; i++, c->p++) {
		if (*c->p < '0' || *c->p > '9')
			return false;
		v = v * 10 + (*c->p - '0');
	}
	*r = v;
	return true;
}

static bool take_text(struct cursor *c, const char *want)
{
	size_t n = strlen(want);

	if ((size_t)(c->end - c->p) < n || memcmp(c->p, want, n) != 0)
		return false;
	c->p += n;
	return true;
}

static bool take_date(struct cursor *c, struct civil *t)
{
	return take_digits(c, 4, &t->year) && take_char(c, '-') &&
	       take_digits(c, 2, &t->month) && take_char(c, '-') &&
	       take_digits(c, 2, &t->day);
}

static bool take_clock(struct cursor *c, struct civil *t)
{
	return take_digits(c, 2, &t->hour) && take_char(c, ':') &&
	       take_digits(c, 2, &t->minute) && take_char(c, ':') &&
	       take_digits(c, 2, &t->second);
}

/* "." and 1 to 9 digits, or nothing; digits behind the sixth are cut. */
static bool take_fraction(struct cursor *c, int64_t *us_r)
{
	int64_t us = 0, unit = 100000;
	int n = 0;

	if (!take_char(c, '.')) {
		*us_r = 0;
		return true;
	}
	for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++, n++) {
		us += (*c->p - '0') * unit;
		unit /= 10;
	}
	*us_r = us;
	return n >= 1 && n <= 9;
}

/* Z, ±hh:mm, or nothing. */
static bool take_zone(struct cursor *c, int64_t *offset_us_r)
{
	int hour, minute;
	bool minus;

	*offset_us_r = 0;
	if (c->p == c->end || take_char(c, 'Z') || take_char(c, 'z'))
		return true;
	minus = take_char(c, '-');
	if (!minus && !take_char(c, '+'))
		return false;
	if (!take_digits(c, 2, &hour))
		return false;
	(void)take_char(c, ':');
	if (!take_digits(c, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*offset_us_r = (hour * 3600ll + minute * 60ll) * SECOND_US;
	if (minus)
		*offset_us_r = -*offset_us_r;
	return true;
}

/* Thirteen digits: milliseconds since 1970 (years 2001 to 2286). */
static bool parse_epoch_ms(struct mst_slice s, int64_t *us_r)
{
	uint64_t ms;

	if (s.n != 13 || s.p[0] == '0' || !mst_num_u64(s, &ms))
		return false;
	*us_r = (int64_t)ms * 1000;
	return true;
}

bool mst_time_parse(struct mst_slice s, int64_t *us_r)
{
	struct cursor c;
	struct civil t = {0};
	int64_t fraction = 0, offset = 0;

	if (s.n == 0)
		return false;
	c = (struct cursor){s.p, s.p + s.n};
	if (!take_date(&c, &t))
		return parse_epoch_ms(s, us_r);
	if (take_char(&c, 'T') || take_char(&c, 't') || take_char(&c, ' ')) {
		if (!take_clock(&c, &t) || !take_fraction(&c, &fraction) ||
		    !take_zone(&c, &offset))
			return false;
	} else {
		(void)take_char(&c, 'Z');
	}
	if (t.year < 1) /* "0000-00-00" is "not set" as well */
		t.month = t.day = 1;
	if (c.p != c.end || !civil_ok(&t))
		return false;
	*us_r =
	    t.year < 1900 ? MST_TIME_NONE : civil_to_us(&t) + fraction - offset;
	return true;
}

/* ---- writing ----------------------------------------------------------- */

static void put2(char *p, int v)
{
	p[0] = (char)('0' + v / 10 % 10);
	p[1] = (char)('0' + v % 10);
}

/* "YYYY-MM-DD?HH:MM:SS" without a NUL; false outside of years 1 to 9999. */
static bool put_civil(int64_t us, char between, char *p)
{
	struct civil c;

	if (us == MST_TIME_NONE)
		return false;
	c = civil_from_us(us);
	if (c.year < 1 || c.year > 9999)
		return false;
	put2(p, c.year / 100);
	put2(p + 2, c.year);
	p[4] = p[7] = '-';
	put2(p + 5, c.month);
	put2(p + 8, c.day);
	p[10] = between;
	put2(p + 11, c.hour);
	p[13] = p[16] = ':';
	put2(p + 14, c.minute);
	put2(p + 17, c.second);
	return true;
}

void mst_time_sn(int64_t us, char out[20])
{
	out[put_civil(us, ' ', out) ? 19 : 0] = 0;
}

void mst_time_iso(int64_t us, char out[21])
{
	if (!put_civil(us, 'T', out)) {
		out[0] = 0;
		return;
	}
	out[19] = 'Z';
	out[20] = 0;
}

/* ---- Retry-After ------------------------------------------------------- */

static bool take_month(struct cursor *c, int *month_r)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	if (c->end - c->p < 3)
		return false;
	for (int i = 0; i < 12; i++) {
		if (memcmp(c->p, names + i * 3, 3) == 0) {
			c->p += 3;
			*month_r = i + 1;
			return true;
		}
	}
	return false;
}

/* The name of the day says nothing that the date does not: passed over. */
static void skip_letters(struct cursor *c)
{
	while (c->p < c->end && ((*c->p >= 'a' && *c->p <= 'z') ||
				 (*c->p >= 'A' && *c->p <= 'Z')))
		c->p++;
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool imf_date(struct cursor c, struct civil *t)
{
	skip_letters(&c);
	return take_text(&c, ", ") && take_digits(&c, 2, &t->day) &&
	       take_char(&c, ' ') && take_month(&c, &t->month) &&
	       take_char(&c, ' ') && take_digits(&c, 4, &t->year) &&
	       take_char(&c, ' ') && take_clock(&c, t) &&
	       take_text(&c, " GMT") && c.p == c.end;
}

/* Sunday, 06-Nov-94 08:49:37 GMT; a year more than 50 years ahead is in the
 * past (RFC 9110 section 5.6.7). */
static bool rfc850_date(struct cursor c, int this_year, struct civil *t)
{
	skip_letters(&c);
	if (!(take_text(&c, ", ") && take_digits(&c, 2, &t->day) &&
	      take_char(&c, '-') && take_month(&c, &t->month) &&
	      take_char(&c, '-') && take_digits(&c, 2, &t->year) &&
	      take_char(&c, ' ') && take_clock(&c, t) &&
	      take_text(&c, " GMT") && c.p == c.end))
		return false;
	t->year += this_year / 100 * 100;
	if (t->year > this_year + 50)
		t->year -= 100;
	return true;
}

/* Sun Nov  6 08:49:37 1994 */
static bool asctime_date(struct cursor c, struct civil *t)
{
	skip_letters(&c);
	if (!take_char(&c, ' ') || !take_month(&c, &t->month) ||
	    !take_char(&c, ' '))
		return false;
	if (take_char(&c, ' ') ? !take_digits(&c, 1, &t->day)
			       : !take_digits(&c, 2, &t->day))
		return false;
	return take_char(&c, ' ') && take_clock(&c, t) && take_char(&c, ' ') &&
	       take_digits(&c, 4, &t->year) && c.p == c.end;
}

int64_t mst_time_retry_after(struct mst_slice s, int64_t now_us)
{
	struct cursor c;
	struct civil t = {0};
	uint64_t seconds;
	int64_t at;

	s = mst_slice_trim(s);
	if (s.n == 0)
		return -1;
	if (mst_num_u64(s, &seconds))
		/* whoever asks for longer than a year means "never" */
		return (int64_t)MST_MIN(seconds, 366ull * 86400) * 1000;
	c = (struct cursor){s.p, s.p + s.n};
	if (!imf_date(c, &t) &&
	    !rfc850_date(c, civil_from_us(now_us).year, &t) &&
	    !asctime_date(c, &t))
		return -1;
	if (!civil_ok(&t))
		return -1;
	at = civil_to_us(&t);
	return at > now_us ? (at - now_us + 999) / 1000 : 0;
}
