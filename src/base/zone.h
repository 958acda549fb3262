/* SPDX-License-Identifier: Apache-2.0
 *
 * Time zones by name ("Europe/Berlin"), with their daylight saving, by the
 * system's tzdata. Beside the process's own zone, which nobody changes, so
 * several are known at once. A found zone may be asked by many threads.
 */
#ifndef MST_BASE_ZONE_H
#define MST_BASE_ZONE_H

#include "base/err.h"
#include "base/slice.h"

struct mst_zone; /* NULL: UTC */

/* What a clock on the wall shows. */
struct mst_civil {
	int year, month, day; /* 2026, 1..12, 1..31 */
	int hour, minute, second;
	int weekday; /* 0: Monday */
};

/* *zone_r is NULL for UTC; else to be freed. Also "+02:00". MST_E_INVALID:
 * there is no such zone, or no tzdata. */
int mst_zone_find(const char *name, struct mst_zone **zone_r,
		  struct mst_err *err);
/* The machine's own. */
void mst_zone_local(struct mst_zone **zone_r);
void mst_zone_free(struct mst_zone **zone);
/* Seconds east of UTC at that time. */
int mst_zone_offset(const struct mst_zone *zone, int64_t us);
struct mst_civil mst_zone_civil(const struct mst_zone *zone, int64_t us);

#endif
