/* SPDX-License-Identifier: Apache-2.0
 *
 * What a wall time means where the clock is moved.
 */
#include "schedule/wall.h"

#include "base/time.h"

#define S_US INT64_C(1000000)

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Seconds that the wall is ahead of UTC at that second. */
static int64_t ahead(const struct mst_zone *z, int64_t s)
{
	return mst_zone_offset(z, s * S_US);
}

int64_t mst_wall_at(const struct mst_zone *z, int64_t us)
{
	int64_t s = floor_div(us, S_US);

	return s + ahead(z, s);
}

/* When the clock is moved between two seconds that differ. */
static int64_t moved(const struct mst_zone *z, int64_t from, int64_t to)
{
	const int64_t before = ahead(z, from);

	while (to - from > 1) {
		int64_t mid = from + (to - from) / 2;

		if (ahead(z, mid) == before)
			from = mid;
		else
			to = mid;
	}
	return to;
}

/* The clock is moved once in two days at most. */
int64_t mst_wall_time(const struct mst_zone *z, int64_t wall, bool *skipped_r)
{
	int64_t before = ahead(z, wall - MST_DAY_S);
	int64_t after = ahead(z, wall + MST_DAY_S);
	int64_t first = wall - before, last = wall - after;
	bool skipped = false;
	int64_t s;

	if (ahead(z, first) == before) {
		s = first;
	} else if (ahead(z, last) == after) {
		s = last;
	} else {
		s = moved(z, wall - MST_DAY_S, wall + MST_DAY_S);
		skipped = true;
	}
	if (skipped_r)
		*skipped_r = skipped;
	return s * S_US;
}

int64_t mst_wall_again(const struct mst_zone *z, int64_t wall)
{
	int64_t before = ahead(z, wall - MST_DAY_S);
	int64_t after = ahead(z, wall + MST_DAY_S);

	if (before == after || ahead(z, wall - before) != before ||
	    ahead(z, wall - after) != after)
		return MST_TIME_NONE;
	return (wall - after) * S_US;
}

int64_t mst_day_of(int64_t wall)
{
	return floor_div(wall, MST_DAY_S);
}

int mst_day_week(int64_t day)
{
	int64_t w = (day + 4) % 7; /* 1970-01-01 was a Thursday */

	return (int)(w < 0 ? w + 7 : w);
}

/* Years that begin in March, in eras of 400: the leap day is the last of its
 * year, so months have one formula. */
void mst_day_date(int64_t day, int *y, int *m, int *d)
{
	int64_t z = day + 719468;
	int64_t era = floor_div(z, 146097);
	int64_t of_era = z - era * 146097;
	int64_t year =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;

	*d = (int)(of_year - (153 * month + 2) / 5 + 1);
	*m = (int)(month < 10 ? month + 3 : month - 9);
	*y = (int)(year + era * 400 + (*m <= 2));
}

int mst_month_days(int y, int m)
{
	static const int days[] = {31, 28, 31, 30, 31, 30,
				   31, 31, 30, 31, 30, 31};
	bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

	return m == 2 && leap ? 29 : days[m - 1];
}
