/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run tells about itself while it goes on. Calls come from the run's
 * own thread, many times a second at most.
 */
#ifndef MST_SYNC_PROGRESS_H
#define MST_SYNC_PROGRESS_H

#include "base/defs.h"

struct mst_progress_now {
	const char *stage; /* "fetch", "compare", "collect", "push" */
	const char *what;  /* feed or record set */
	uint64_t done;	   /* records, or bytes while fetching */
	uint64_t total;	   /* 0: not known */
	uint64_t requests;
	/* It waits for that: "the hour's request budget of cmdb"; NULL: it gets
	 * on. */
	const char *waits;
	int64_t waits_ms;
	bool bytes; /* done and total are bytes */
	bool end;   /* the stage is over */
};

struct mst_progress {
	void (*now)(void *ctx, const struct mst_progress_now *p);
	void *ctx;
};

static inline void mst_progress_tell(const struct mst_progress *p,
				     const struct mst_progress_now *now)
{
	if (p && p->now)
		p->now(p->ctx, now);
}

#endif
