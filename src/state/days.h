/* SPDX-License-Identifier: Apache-2.0
 *
 * What runs changed, day by day. Part of the state store.
 */
#ifndef MST_STATE_DAYS_H
#define MST_STATE_DAYS_H

#include "state/state.h"

/* Sums of all runs that began on a day (UTC), oldest first; days without a run
 * are left out. from_us: the first moment. */
int mst_state_days(struct mst_state *s, int64_t from_us,
		   int (*fn)(void *ctx, int64_t day_us,
			     const struct mst_run_counts *c),
		   void *ctx, struct mst_err *err);

#endif
