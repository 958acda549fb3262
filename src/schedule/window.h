/* SPDX-License-Identifier: Apache-2.0
 *
 * Windows: spans of the week, by the clock on the wall, in which something may
 * be done. "Mon-Fri 22:00-06:00" (its days are those on which it begins),
 * "Sat,Sun" (whole days), "01:00-05:00" (every day).
 */
#ifndef MST_SCHEDULE_WINDOW_H
#define MST_SCHEDULE_WINDOW_H

#include "base/slice.h"
#include "schedule/wall.h"

struct mst_window {
	unsigned days;	      /* bit 0 is Sunday */
	int from_min, to_min; /* of the day; to is above from, by up to a day */
};

int mst_window_parse(struct mst_slice text, struct mst_window *w_r,
		     struct mst_err *err);
/* In one of them? n 0: always. */
bool mst_window_in(const struct mst_window *v, size_t n,
		   const struct mst_zone *z, int64_t us);
/* us, when it is in one of them; else when the next one begins. */
int64_t mst_window_begin(const struct mst_window *v, size_t n,
			 const struct mst_zone *z, int64_t us);
/* When that is over in which us lies, windows that meet being one.
 * MST_TIME_NONE: never, or us is in none. */
int64_t mst_window_end(const struct mst_window *v, size_t n,
		       const struct mst_zone *z, int64_t us);

#endif
