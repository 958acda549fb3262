/* SPDX-License-Identifier: Apache-2.0
 *
 * Spans of the week.
 */
#include "schedule/window.h"

#include "base/num.h"
#include "base/time.h"

#define DAY_MIN	 1440
#define ALL_DAYS 0x7fu

static const char *const names[] = {"sun", "mon", "tue", "wed",
				    "thu", "fri", "sat"};

static int wrong(struct mst_slice text, struct mst_err *err)
{
	return mst_err_set(err, MST_E_INVALID,
			   "'%.*s' is no window: wanted is days, times or "
			   "both, such as Mon-Fri 22:00-06:00, Sat,Sun or "
			   "01:00-05:00",
			   MST_SLICE_ARG(text));
}

static bool day_of(struct mst_slice s, unsigned *d_r)
{
	for (unsigned i = 0; i < MST_LEN(names); i++) {
		if (mst_slice_iis(s, names[i])) {
			*d_r = i;
			return true;
		}
	}
	return false;
}

/* "Mon-Fri", "Sat,Sun" */
static bool read_days(struct mst_slice s, unsigned *days_r)
{
	unsigned days = 0;
	size_t at = 0;

	while (at < s.n) {
		unsigned from, to;

		if (s.n - at < 3 || !day_of(mst_slice(s.p + at, 3), &from))
			return false;
		at += 3;
		to = from;
		if (at < s.n && s.p[at] == '-') {
			if (s.n - at < 4 ||
			    !day_of(mst_slice(s.p + at + 1, 3), &to))
				return false;
			at += 4;
		}
		for (unsigned d = from;; d = (d + 1) % 7) {
			days |= 1u << d;
			if (d == to)
				break;
		}
		if (at < s.n && (s.p[at++] != ',' || at == s.n))
			return false;
	}
	*days_r = days;
	return days != 0;
}

/* "22:00"; 24:00 is the end of the day. */
static bool read_time(struct mst_slice s, int *min_r)
{
	uint64_t h, m;

	if (s.n != 5 || s.p[2] != ':' || !mst_num_u64(mst_slice(s.p, 2), &h) ||
	    !mst_num_u64(mst_slice(s.p + 3, 2), &m) || m > 59 ||
	    h * 60 + m > DAY_MIN)
		return false;
	*min_r = (int)(h * 60 + m);
	return true;
}

static bool read_times(struct mst_slice s, struct mst_window *w)
{
	if (s.n != 11 || s.p[5] != '-' ||
	    !read_time(mst_slice(s.p, 5), &w->from_min) ||
	    !read_time(mst_slice(s.p + 6, 5), &w->to_min) ||
	    w->from_min == DAY_MIN || w->from_min == w->to_min)
		return false;
	if (w->to_min < w->from_min)
		w->to_min += DAY_MIN;
	return true;
}

int mst_window_parse(struct mst_slice text, struct mst_window *w_r,
		     struct mst_err *err)
{
	struct mst_slice s = mst_slice_trim(text), rest;
	const char *blank = s.n ? memchr(s.p, ' ', s.n) : NULL;
	struct mst_window w = {ALL_DAYS, 0, DAY_MIN};

	if (blank) {
		rest = mst_slice_trim(
		    mst_slice(blank, (size_t)(s.p + s.n - blank)));
		if (!read_days(mst_slice(s.p, (size_t)(blank - s.p)),
			       &w.days) ||
		    !read_times(rest, &w))
			return wrong(text, err);
	} else if (!read_days(s, &w.days)) {
		w.days = ALL_DAYS;
		if (!read_times(s, &w))
			return wrong(text, err);
	}
	*w_r = w;
	return 0;
}

struct span {
	int64_t from_us, to_us;
};

/* The window as it begins on that day. */
static bool span_of(const struct mst_window *w, const struct mst_zone *z,
		    int64_t day, struct span *s_r)
{
	if (!(w->days >> mst_day_week(day) & 1))
		return false;
	s_r->from_us =
	    mst_wall_time(z, day * MST_DAY_S + w->from_min * 60, NULL);
	s_r->to_us = mst_wall_time(z, day * MST_DAY_S + w->to_min * 60, NULL);
	return s_r->to_us > s_r->from_us;
}

/* The end of the span that has us in it and ends last. */
static bool in_span(const struct mst_window *v, size_t n,
		    const struct mst_zone *z, int64_t us, int64_t *end_r)
{
	int64_t day = mst_day_of(mst_wall_at(z, us));
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		for (int64_t d = day - 2; d <= day; d++) {
			struct span s;

			if (!span_of(&v[i], z, d, &s) || us < s.from_us ||
			    us >= s.to_us || (found && s.to_us <= *end_r))
				continue;
			*end_r = s.to_us;
			found = true;
		}
	}
	return found;
}

bool mst_window_in(const struct mst_window *v, size_t n,
		   const struct mst_zone *z, int64_t us)
{
	int64_t end;

	return n == 0 || in_span(v, n, z, us, &end);
}

int64_t mst_window_begin(const struct mst_window *v, size_t n,
			 const struct mst_zone *z, int64_t us)
{
	int64_t day = mst_day_of(mst_wall_at(z, us));
	int64_t best = MST_TIME_NONE;

	if (mst_window_in(v, n, z, us))
		return us;
	for (size_t i = 0; i < n; i++) {
		for (int64_t d = day; d <= day + 8; d++) {
			struct span s;

			if (span_of(&v[i], z, d, &s) && s.from_us >= us &&
			    (best == MST_TIME_NONE || s.from_us < best))
				best = s.from_us;
		}
	}
	return best;
}

int64_t mst_window_end(const struct mst_window *v, size_t n,
		       const struct mst_zone *z, int64_t us)
{
	/* After a week of windows that meet there is no end to be found. */
	const int64_t most = us + INT64_C(8) * MST_DAY_S * 1000000;
	int64_t end;

	if (!in_span(v, n, z, us, &end))
		return MST_TIME_NONE;
	while (end < most && in_span(v, n, z, end, &us))
		end = us;
	return end < most ? end : MST_TIME_NONE;
}
