/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a cron expression and finding its next time.
 */
#include "schedule/cron.h"

#include <stdio.h>

#include "base/num.h"
#include "base/time.h"

#define S_US	  INT64_C(1000000)
#define DAYS_MOST (9 * 366)

static const char *const month_names[] = {"jan", "feb", "mar", "apr",
					  "may", "jun", "jul", "aug",
					  "sep", "oct", "nov", "dec"};
static const char *const week_names[] = {"sun", "mon", "tue", "wed",
					 "thu", "fri", "sat"};

static const struct field {
	const char *name;
	unsigned min, max;
	const char *const *names;
	size_t names_n;
} fields[] = {
    {"minute", 0, 59, NULL, 0},		  {"hour", 0, 23, NULL, 0},
    {"day of month", 1, 31, NULL, 0},	  {"month", 1, 12, month_names, 12},
    {"day of week", 0, 7, week_names, 7},
};
enum { MINUTE, HOUR, DAY, MONTH, WEEK, FIELDS };

static const struct {
	const char *name, *means;
} macros[] = {
    {"@yearly", "0 0 1 1 *"},  {"@annually", "0 0 1 1 *"},
    {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

/* ---- reading ------------------------------------------------------------- */

static int wrong(unsigned f, struct mst_slice part, struct mst_err *err)
{
	const bool named = fields[f].names != NULL;

	return mst_err_set(
	    err, MST_E_INVALID,
	    "field %u of the cron expression (%s): '%.*s' is none of %u to "
	    "%u%s%s, a list, a range a-b or a step */n",
	    f + 1, fields[f].name, MST_SLICE_ARG(part), fields[f].min,
	    fields[f].max, named ? ", a name such as " : "",
	    named ? fields[f].names[1] : "");
}

static bool number(unsigned f, struct mst_slice s, unsigned *v_r)
{
	uint64_t n;

	if (mst_num_u64(s, &n)) {
		*v_r = (unsigned)n;
		return n >= fields[f].min && n <= fields[f].max;
	}
	for (size_t i = 0; i < fields[f].names_n; i++) {
		if (mst_slice_iis(s, fields[f].names[i])) {
			*v_r = (unsigned)i + (f == MONTH);
			return true;
		}
	}
	return false;
}

/* The part up to a character; the rest is behind it, or {NULL, 0}. */
static struct mst_slice cut(struct mst_slice *s, char at)
{
	const char *p = s->n ? memchr(s->p, at, s->n) : NULL;
	struct mst_slice head = *s;

	if (p) {
		head.n = (size_t)(p - s->p);
		*s = mst_slice(p + 1, s->n - head.n - 1);
	} else {
		*s = mst_slice(NULL, 0);
	}
	return head;
}

/* "L", "5L", "friL". */
static bool take_last(unsigned f, struct mst_slice s, struct mst_cron *c)
{
	unsigned v;

	if (s.n == 0 || (s.p[s.n - 1] != 'L' && s.p[s.n - 1] != 'l'))
		return false;
	if (f == DAY && s.n == 1) {
		c->last_day = true;
		return true;
	}
	if (f != WEEK || s.n == 1 || !number(f, mst_slice(s.p, s.n - 1), &v))
		return false;
	c->last_week |= 1u << (v % 7);
	return true;
}

/* One of a list: "*", "5", "1-5", with or without "/2". */
static bool take_range(unsigned f, struct mst_slice s, uint64_t *bits)
{
	unsigned from = fields[f].min, to = fields[f].max;
	struct mst_slice step = s, range = cut(&step, '/');
	struct mst_slice high = range, low = cut(&high, '-');
	uint64_t by = 1;

	if (step.p && (!mst_num_u64(step, &by) || by == 0 || by > 59))
		return false;
	if (f == WEEK && mst_slice_is(low, "*"))
		to = 6;
	if (!mst_slice_is(range, "*")) {
		if (!number(f, low, &from))
			return false;
		if (high.p && !number(f, high, &to))
			return false;
		if (!high.p && !step.p)
			to = from;
		/* "fri-sun", "sat-mon" */
		if (f == WEEK && high.p && to < from && to <= 6)
			to += 7;
	}
	if (to < from)
		return false;
	for (uint64_t v = from; v <= to; v += by)
		*bits |= UINT64_C(1) << (f == WEEK ? v % 7 : v);
	return true;
}

static int take_field(unsigned f, struct mst_slice s, struct mst_cron *c,
		      uint64_t *bits, struct mst_err *err)
{
	struct mst_slice rest = s;

	do {
		struct mst_slice part = cut(&rest, ',');

		if (!take_last(f, part, c) && !take_range(f, part, bits))
			return wrong(f, part, err);
	} while (rest.p);
	return 0;
}

static const char *meaning(struct mst_slice text)
{
	for (size_t i = 0; i < MST_LEN(macros); i++) {
		if (mst_slice_iis(text, macros[i].name))
			return macros[i].means;
	}
	return NULL;
}

static size_t split(struct mst_slice text, struct mst_slice part[FIELDS + 1])
{
	size_t n = 0, i = 0;

	while (i < text.n && n <= FIELDS) {
		size_t from;

		while (i < text.n && (text.p[i] == ' ' || text.p[i] == '\t'))
			i++;
		from = i;
		while (i < text.n && text.p[i] != ' ' && text.p[i] != '\t')
			i++;
		if (i > from)
			part[n++] = mst_slice(text.p + from, i - from);
	}
	return n;
}

/* No month of those is as long as the day that is wanted. */
static bool never(const struct mst_cron *c)
{
	static const int longest[] = {31, 29, 31, 30, 31, 30,
				      31, 31, 30, 31, 30, 31};

	if (!c->any_week || c->last_day)
		return false;
	for (unsigned m = 1; m <= 12; m++) {
		uint32_t fits = (uint32_t)((UINT64_C(2) << longest[m - 1]) - 2);

		if ((c->months >> m & 1) && (c->days & fits))
			return false;
	}
	return true;
}

int mst_cron_parse(struct mst_slice text, struct mst_cron *c_r,
		   struct mst_err *err)
{
	const char *means = meaning(mst_slice_trim(text));
	struct mst_slice part[FIELDS + 1] = {{0}};
	uint64_t bits[FIELDS] = {0};
	struct mst_cron c = {0};
	size_t n;

	if (means)
		text = mst_slice_str(means);
	n = split(text, part);
	if (n != FIELDS)
		return mst_err_set(
		    err, MST_E_INVALID,
		    "a cron expression has five fields (minute, hour, day of "
		    "month, month, day of week) or is one of @hourly, @daily, "
		    "@weekly, @monthly, @yearly; '%.*s' has %s",
		    MST_SLICE_ARG(text), n > FIELDS ? "more" : "fewer");
	for (unsigned f = 0; f < FIELDS; f++) {
		if (take_field(f, part[f], &c, &bits[f], err) < 0)
			return -(int)err->code;
	}
	c.minutes = bits[MINUTE];
	c.hours = (uint32_t)bits[HOUR];
	c.days = (uint32_t)bits[DAY];
	c.months = (uint32_t)bits[MONTH];
	c.week = (uint32_t)bits[WEEK];
	c.any_hour = part[HOUR].p[0] == '*';
	c.any_day = part[DAY].p[0] == '*';
	c.any_week = part[WEEK].p[0] == '*';
	if (never(&c))
		return mst_err_set(err, MST_E_INVALID,
				   "the cron expression '%.*s' never comes: "
				   "no such month has such a day",
				   MST_SLICE_ARG(text));
	*c_r = c;
	return 0;
}

/* ---- the next time ------------------------------------------------------- */

static bool day_fits(const struct mst_cron *c, int64_t day)
{
	int y, m, d, w = mst_day_week(day), last;
	bool by_day, by_week;

	mst_day_date(day, &y, &m, &d);
	if (!(c->months >> m & 1))
		return false;
	last = mst_month_days(y, m);
	by_day = (c->days >> d & 1) || (c->last_day && d == last);
	by_week =
	    (c->week >> w & 1) || ((c->last_week >> w & 1) && d + 7 > last);
	if (c->any_day || c->any_week)
		return by_day && by_week;
	return by_day || by_week;
}

/* Of one wall time: the point in time behind after, or MST_TIME_NONE. */
static int64_t at_wall(const struct mst_cron *c, const struct mst_zone *z,
		       int64_t wall, int64_t after_us)
{
	bool skipped;
	int64_t us = mst_wall_time(z, wall, &skipped);

	if (c->any_hour && skipped)
		return MST_TIME_NONE;
	if (us <= after_us && c->any_hour)
		us = mst_wall_again(z, wall);
	return us > after_us ? us : MST_TIME_NONE;
}

static int64_t in_day(const struct mst_cron *c, const struct mst_zone *z,
		      int64_t day, int64_t after_us)
{
	int64_t best = MST_TIME_NONE;

	for (int h = 0; h < 24; h++) {
		if (!(c->hours >> h & 1))
			continue;
		for (int m = 0; m < 60; m++) {
			int64_t us;

			if (!(c->minutes >> m & 1))
				continue;
			us = at_wall(c, z, day * MST_DAY_S + h * 3600 + m * 60,
				     after_us);
			if (us != MST_TIME_NONE &&
			    (best == MST_TIME_NONE || us < best))
				best = us;
			/* Wall times follow each other, but for an hour that
			 * comes twice. */
			if (best != MST_TIME_NONE && !c->any_hour)
				return best;
		}
		if (best != MST_TIME_NONE && !(c->any_hour && h < 4))
			return best;
	}
	return best;
}

int64_t mst_cron_next(const struct mst_cron *c, const struct mst_zone *z,
		      int64_t after_us)
{
	/* A wall time before this one may still come again. */
	int64_t day = mst_day_of(mst_wall_at(z, after_us) - 3 * 3600);

	for (int i = 0; i < DAYS_MOST; i++, day++) {
		int64_t us;

		if (!day_fits(c, day))
			continue;
		us = in_day(c, z, day, after_us);
		if (us != MST_TIME_NONE)
			return us;
	}
	return MST_TIME_NONE;
}

/* ---- for people ---------------------------------------------------------- */

static bool single(uint64_t bits, unsigned *at)
{
	if (!bits || (bits & (bits - 1)))
		return false;
	*at = (unsigned)__builtin_ctzll(bits);
	return true;
}

void mst_cron_text(struct mst_slice text, char *out, size_t out_n)
{
	static const char *const days[] = {"Sunday",	"Monday",   "Tuesday",
					   "Wednesday", "Thursday", "Friday",
					   "Saturday"};
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_cron c;
	unsigned h, m, w;
	bool all_days;

	(void)snprintf(out, out_n, "%.*s", MST_SLICE_ARG(text));
	if (mst_cron_parse(text, &c, &ignored) < 0 || !single(c.minutes, &m) ||
	    c.months != 0x1ffe || c.last_day || c.last_week || !c.any_day ||
	    c.days != 0xfffffffe)
		return;
	all_days = c.week == 0x7f;
	if (c.hours == 0xffffff && all_days)
		(void)snprintf(out, out_n, "every hour at minute %u", m);
	if (!single(c.hours, &h))
		return;
	if (all_days)
		(void)snprintf(out, out_n, "every day at %02u:%02u", h, m);
	else if (c.week == 0x3e)
		(void)snprintf(out, out_n, "Monday to Friday at %02u:%02u", h,
			       m);
	else if (single(c.week, &w))
		(void)snprintf(out, out_n, "every %s at %02u:%02u", days[w], h,
			       m);
}
