/* SPDX-License-Identifier: Apache-2.0
 *
 * Rate classes. A class remembers when its last requests began (one ring for
 * both windows), so at no time are there more than per_minute starts in any 60
 * seconds nor more than per_hour in any hour: a request that would be too many
 * waits here instead of being refused there. Pure: the caller brings the clock.
 */
#ifndef MST_NET_THROTTLE_H
#define MST_NET_THROTTLE_H

#include "net/client.h"

#define MST_RATE_NAME 300 /* a host name fits */

struct mst_throttle {
	char name[MST_RATE_NAME];
	int per_minute, per_hour; /* 0: no such window */
	int64_t *ring;		  /* starts, oldest overwritten first */
	size_t cap, n, next;
	int64_t paused_until_us;
};

void mst_throttle_init(struct mst_throttle *t, const struct mst_rate *rate);
void mst_throttle_fini(struct mst_throttle *t);
/* The earliest time at which a request may begin; <= now_us: at once. */
int64_t mst_throttle_ready_us(const struct mst_throttle *t, int64_t now_us);
/* A request begins. */
void mst_throttle_start(struct mst_throttle *t, int64_t now_us);
/* The server asked for quiet until then; the longer pause wins. */
void mst_throttle_pause(struct mst_throttle *t, int64_t until_us);

#endif
