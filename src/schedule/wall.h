/* SPDX-License-Identifier: Apache-2.0
 *
 * Between points in time and what the clock on the wall of a zone shows. A
 * wall time is seconds since 1970-01-01 00:00 by that clock.
 */
#ifndef MST_SCHEDULE_WALL_H
#define MST_SCHEDULE_WALL_H

#include "base/zone.h"

int64_t mst_wall_at(const struct mst_zone *z, int64_t us);
/* The first point in time at which the clock shows it; one that the clock skips
 * (*skipped_r, may be NULL): when it skips. */
int64_t mst_wall_time(const struct mst_zone *z, int64_t wall, bool *skipped_r);
/* The second one; MST_TIME_NONE when the clock shows it once. */
int64_t mst_wall_again(const struct mst_zone *z, int64_t wall);

/* Days since 1970-01-01 and the calendar. */
int64_t mst_day_of(int64_t wall); /* floors */
int mst_day_week(int64_t day);	  /* 0 Sunday … 6 Saturday */
void mst_day_date(int64_t day, int *y, int *m /* 1..12 */, int *d);
int mst_month_days(int y, int m);

#define MST_DAY_S 86400

#endif
