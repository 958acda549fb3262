/* SPDX-License-Identifier: Apache-2.0
 *
 * Cron expressions: minute, hour, day of month, month, day of week. Names,
 * lists, ranges, steps; 7 is Sunday, too; L is the last day of the month, 5L
 * its last Friday; @hourly, @daily (@midnight), @weekly, @monthly, @yearly
 * (@annually). When days of month and days of week are both given, either of
 * them will do, as cron does it.
 */
#ifndef MST_SCHEDULE_CRON_H
#define MST_SCHEDULE_CRON_H

#include "base/slice.h"
#include "schedule/wall.h"

struct mst_cron {
	uint64_t minutes;
	uint32_t hours, days, months; /* bit 1 is the first */
	uint32_t week;		      /* bit 0 is Sunday */
	uint32_t last_week;	      /* the last one of these in a month */
	bool last_day;
	bool any_hour, any_day, any_week; /* '*' stands there */
};

/* MST_E_INVALID names the field. */
int mst_cron_parse(struct mst_slice text, struct mst_cron *c_r,
		   struct mst_err *err);
/* The first time after that one. A wall time that the clock skips counts when
 * it skips, one that comes twice the first time; with hours '*' it goes by
 * what the clock really shows. MST_TIME_NONE: not in the next nine years. */
int64_t mst_cron_next(const struct mst_cron *c, const struct mst_zone *z,
		      int64_t after_us);
/* For people: "every day at 02:00", else the expression. out: at least 96. */
void mst_cron_text(struct mst_slice text, char *out, size_t out_n);

#endif
