/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a request is tried again, and when: pure policy, no clock and no
 * randomness of its own, so that every line of its table has a test
 * (docs/internals/net.md shows the table).
 */
#ifndef MST_NET_RETRY_H
#define MST_NET_RETRY_H

#include "net/client.h"

struct mst_retry_policy {
	int max;		    /* attempts that may fail */
	int64_t total_ms;	    /* from the start of the first attempt */
	int64_t base_ms, cap_ms;    /* of the exponential wait */
	int64_t retry_after_max_ms; /* longer ones are not waited for */
};

/* What came of an attempt. */
struct mst_try {
	bool answered;		/* a whole answer; status says which */
	bool sent;		/* something of the request left us */
	bool hopeless;		/* the same again would fail again */
	int status;		/* 0 unless answered */
	int64_t retry_after_ms; /* -1: not asked for */
	int attempts;		/* so far, this one included */
	int asked;		/* of them, those refused by 429 with a
				 * Retry-After: they do not count to max */
	int64_t first_us;	/* when the first attempt began */
	int64_t now_us;
};

/* True: wait *wait_ms_r, then try again. False: hand it to the caller.
 * *seed is the state of the jitter and moves on. */
bool mst_retry_next(const struct mst_retry_policy *p, enum mst_repeat repeat,
		    const struct mst_try *t, uint64_t *seed,
		    int64_t *wait_ms_r);
/* Is the status one that may go away by itself? */
bool mst_retry_status(int status);
/* 0 <= result <= max, uniform; moves *seed on. */
int64_t mst_retry_jitter(uint64_t *seed, int64_t max);

#endif
