/* SPDX-License-Identifier: Apache-2.0
 *
 * Exclusion windows.
 */
#include "forward/exclude.h"

#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "forward/item.h"

#define DAYS "mon|tue|wed|thu|fri|sat|sun"

#define AT(member) offsetof(struct mst_exclude, member)

const struct mst_opt mst_exclude_opts[] = {
    {"enabled", MST_OPT_BOOL, AT(enabled), "yes", NULL, 0, 0, 0,
     "no: the window excludes nothing"},
    {"zone", MST_OPT_TEXT, AT(zone_name), "UTC", NULL, 0, 0, 0,
     "the time zone of days, times, begins and ends: a name like "
     "Europe/Berlin, or +02:00"},
    {"days", MST_OPT_LIST, AT(day_texts), NULL, DAYS, 0, 0, 0,
     "days of the week; empty: every day"},
    {"times", MST_OPT_LIST, AT(time_texts), NULL, NULL, 0, 0, 0,
     "times of the day, each hh:mm-hh:mm; one over midnight belongs to the "
     "day on which it begins; empty: the whole day"},
    {"begins", MST_OPT_TEXT, AT(begins_text), NULL, NULL, 0, 0, 0,
     "the first day, or its first minute: YYYY-MM-DD or YYYY-MM-DD hh:mm"},
    {"ends", MST_OPT_TEXT, AT(ends_text), NULL, NULL, 0, 0, 0,
     "the first day, or minute, behind the window"},
    {"addresses", MST_OPT_LIST, AT(address_texts), NULL, NULL, 0, 0, 0,
     "IP and MAC addresses and subnets of devices; empty: all"},
    {"direction", MST_OPT_CHOICE, AT(direction), "any",
     "any|source|destination", 0, 0, 0,
     "which end of the alert has one of the addresses"},
    {"titles", MST_OPT_LIST, AT(titles), NULL, NULL, 0, 0, 0,
     "titles of alerts, '*' stands for any text; empty: all"},
    {"sensors", MST_OPT_LIST, AT(sensors), NULL, NULL, 0, 0, 0,
     "names or ids of sensors, '*' stands for any text; empty: all"},
    {0},
};

/* ---- making one ---------------------------------------------------------- */

static bool two(const char *s, int *v)
{
	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return false;
	*v = (s[0] - '0') * 10 + s[1] - '0';
	return true;
}

/* "hh:mm", to 24:00. */
static bool minute(const char *s, int *v)
{
	int h, m;

	if (!two(s, &h) || s[2] != ':' || !two(s + 3, &m) || m > 59)
		return false;
	*v = h * 60 + m;
	return *v <= 24 * 60;
}

static int make_times(const struct mst_conf_item *item, struct mst_arena *arena,
		      struct mst_exclude *x, struct mst_err *err)
{
	size_t n = x->time_texts.n;
	struct mst_minutes *t = mst_arena_alloc(arena, n * sizeof(*t));

	for (size_t i = 0; i < n; i++) {
		const char *s = x->time_texts.v[i];

		if (strlen(s) != 11 || s[5] != '-' || !minute(s, &t[i].from) ||
		    !minute(s + 6, &t[i].to) || t[i].from == t[i].to ||
		    t[i].from == 24 * 60)
			return mst_item_fail(item, "times", err,
					     "must be like 22:00-06:00, not "
					     "\"%.80s\"; leave it out for the "
					     "whole day",
					     s);
	}
	x->times = t;
	x->times_n = n;
	return 0;
}

static int64_t stamp(const struct mst_civil *c)
{
	return ((((int64_t)c->year * 100 + c->month) * 100 + c->day) * 100 +
		c->hour) *
		   100 +
	       c->minute;
}

static int make_date(const struct mst_conf_item *item, const char *key,
		     const char *text, int64_t *v_r, struct mst_err *err)
{
	struct mst_civil c;
	int64_t us;
	size_t n = text ? strlen(text) : 0;

	if (n == 0)
		return 0;
	if ((n != 10 && n != 16) || !mst_time_parse(mst_slice(text, 10), &us) ||
	    us == MST_TIME_NONE ||
	    (n == 16 && text[10] != ' ' && text[10] != 'T'))
		goto wrong;
	c = mst_zone_civil(NULL, us);
	if (n == 16) {
		int m;

		if (!minute(text + 11, &m) || m == 24 * 60)
			goto wrong;
		c.hour = m / 60;
		c.minute = m % 60;
	}
	*v_r = stamp(&c);
	return 0;
wrong:
	return mst_item_fail(item, key, err,
			     "must be like 2026-11-01 or 2026-11-01 08:00, not "
			     "\"%.80s\"",
			     text);
}

static int make_dates(const struct mst_conf_item *item, struct mst_exclude *x,
		      struct mst_err *err)
{
	int rc = make_date(item, "begins", x->begins_text, &x->begins, err);

	if (rc == 0)
		rc = make_date(item, "ends", x->ends_text, &x->ends, err);
	if (rc == 0 && x->begins && x->ends && x->ends <= x->begins)
		rc = mst_item_fail(item, "ends", err,
				   "must be later than begins");
	return rc;
}

static int make_nets(const struct mst_conf_item *item, struct mst_arena *arena,
		     struct mst_exclude *x, struct mst_err *err)
{
	size_t n = x->address_texts.n;
	struct mst_net *nets = mst_arena_alloc(arena, n * sizeof(*nets));

	for (size_t i = 0; i < n; i++) {
		const char *s = x->address_texts.v[i];

		if (!mst_net_parse(mst_slice_str(s), &nets[i]))
			return mst_item_fail(item, "addresses", err,
					     "\"%.80s\" is no IP or MAC "
					     "address and no subnet like "
					     "10.1.2.0/24",
					     s);
	}
	if (x->direction != MST_DIRECTION_ANY && n == 0)
		return mst_item_fail(item, "direction", err,
				     "says nothing without addresses");
	x->nets = nets;
	x->nets_n = n;
	return 0;
}

static void make_days(struct mst_exclude *x)
{
	static const char *const days[] = {"mon", "tue", "wed", "thu",
					   "fri", "sat", "sun"};

	for (size_t i = 0; i < x->day_texts.n; i++) {
		for (unsigned d = 0; d < MST_LEN(days); d++) {
			if (strcmp(x->day_texts.v[i], days[d]) == 0)
				x->day_bits |= 1u << d;
		}
	}
}

static bool has_condition(const struct mst_exclude *x)
{
	return x->day_bits || x->times_n || x->begins || x->ends || x->nets_n ||
	       x->titles.n || x->sensors.n;
}

int mst_exclude_make(const struct mst_conf_item *item, struct mst_arena *arena,
		     struct mst_exclude *x_r, struct mst_err *err)
{
	struct mst_exclude x = {0};
	int rc = mst_conf_apply(item, mst_exclude_opts, &x, arena, err);

	if (rc == 0)
		rc = make_times(item, arena, &x, err);
	if (rc == 0)
		rc = make_dates(item, &x, err);
	if (rc == 0)
		rc = make_nets(item, arena, &x, err);
	if (rc < 0)
		return rc;
	make_days(&x);
	if (!has_condition(&x))
		return mst_item_fail(item, "times", err,
				     "and every other condition is missing: "
				     "the window would exclude every alert for "
				     "ever; say when, where or which");
	x.name = mst_arena_strdup(arena, item->name);
	if (mst_zone_find(x.zone_name, &x.zone, err) < 0)
		return mst_item_fail(item, "zone", err, "is wrong: %s",
				     mst_arena_strdup(arena, err->msg));
	*x_r = x;
	return 0;
}

void mst_exclude_fini(struct mst_exclude *x)
{
	mst_zone_free(&x->zone);
}

/* ---- matching ------------------------------------------------------------ */

static bool on_day(const struct mst_exclude *x, int weekday)
{
	return x->day_bits == 0 || x->day_bits & 1u << weekday;
}

static bool in_time(const struct mst_exclude *x, const struct mst_civil *c)
{
	int now = c->hour * 60 + c->minute, yesterday = (c->weekday + 6) % 7;

	if (x->times_n == 0)
		return on_day(x, c->weekday);
	for (size_t i = 0; i < x->times_n; i++) {
		int from = x->times[i].from, to = x->times[i].to;
		bool over = to < from;

		if (now >= from && (over || now < to) && on_day(x, c->weekday))
			return true;
		if (over && now < to && on_day(x, yesterday))
			return true;
	}
	return false;
}

static bool in_window(const struct mst_exclude *x, int64_t us)
{
	struct mst_civil c = mst_zone_civil(x->zone, us);
	int64_t at = stamp(&c);

	return (x->begins == 0 || at >= x->begins) &&
	       (x->ends == 0 || at < x->ends) && in_time(x, &c);
}

static bool has_address(const struct mst_exclude *x, struct mst_slice text)
{
	struct mst_net one;

	if (!text.n || !mst_net_parse(text, &one))
		return false;
	for (size_t i = 0; i < x->nets_n; i++) {
		if (mst_net_has(&x->nets[i], &one))
			return true;
	}
	return false;
}

static bool has_party(const struct mst_exclude *x, const struct mst_party *p)
{
	return has_address(x, p->address) || has_address(x, p->mac);
}

static bool at_address(const struct mst_exclude *x, const struct mst_alert *a)
{
	if (x->nets_n == 0)
		return true;
	return (x->direction != MST_DIRECTION_DESTINATION &&
		has_party(x, &a->source)) ||
	       (x->direction != MST_DIRECTION_SOURCE &&
		has_party(x, &a->destination));
}

static bool fits_one(const struct mst_opt_list *patterns, struct mst_slice s)
{
	for (size_t i = 0; s.n && i < patterns->n; i++) {
		if (mst_slice_fits(s, patterns->v[i]))
			return true;
	}
	return false;
}

bool mst_exclude_fits(const struct mst_exclude *x, const struct mst_alert *a,
		      int64_t now_us)
{
	int64_t at = a->time_us == MST_TIME_NONE ? now_us : a->time_us;

	return x->enabled &&
	       (x->titles.n == 0 || fits_one(&x->titles, a->title)) &&
	       (x->sensors.n == 0 || fits_one(&x->sensors, a->sensor) ||
		fits_one(&x->sensors, a->sensor_id)) &&
	       at_address(x, a) && in_window(x, at);
}
