/* SPDX-License-Identifier: Apache-2.0
 *
 * Sliding windows over a ring of start times.
 */
#include "net/throttle.h"

#include <stdio.h>
#include <stdlib.h>

#define MINUTE_US   (60 * (int64_t)1000000)
#define HOUR_US	    (60 * MINUTE_US)
#define RING_MAX    100000
#define SERVER_SLOP 50000 /* us: starts bunch up on their way to the server */

void mst_throttle_init(struct mst_throttle *t, const struct mst_rate *rate)
{
	int most;

	*t = (struct mst_throttle){0};
	(void)snprintf(t->name, sizeof(t->name), "%s", rate->name);
	t->per_minute = MST_MIN(MST_MAX(rate->per_minute, 0), RING_MAX);
	t->per_hour = MST_MIN(MST_MAX(rate->per_hour, 0), RING_MAX);
	most = MST_MAX(t->per_minute, t->per_hour);
	if (most > 0) {
		t->cap = (size_t)most;
		t->ring = mst_alloc(t->cap * sizeof(*t->ring));
	}
}

void mst_throttle_fini(struct mst_throttle *t)
{
	free(t->ring);
	*t = (struct mst_throttle){0};
}

/* When the window of `us` with `limit` places has one free. */
static int64_t window_ready_us(const struct mst_throttle *t, int limit,
			       int64_t us)
{
	size_t at;

	if (limit <= 0 || t->n < (size_t)limit)
		return INT64_MIN;
	at = (t->next + t->cap - (size_t)limit) % t->cap;
	return t->ring[at] + us + SERVER_SLOP;
}

int64_t mst_throttle_ready_us(const struct mst_throttle *t, int64_t now_us)
{
	int64_t minute = window_ready_us(t, t->per_minute, MINUTE_US);
	int64_t hour = window_ready_us(t, t->per_hour, HOUR_US);
	int64_t ready = MST_MAX(minute, hour);

	if (t->paused_until_us > now_us)
		ready = MST_MAX(ready, t->paused_until_us);
	return ready > now_us ? ready : now_us;
}

void mst_throttle_start(struct mst_throttle *t, int64_t now_us)
{
	if (!t->cap)
		return;
	t->ring[t->next] = now_us;
	t->next = (t->next + 1) % t->cap;
	if (t->n < t->cap)
		t->n++;
}

void mst_throttle_pause(struct mst_throttle *t, int64_t until_us)
{
	if (until_us > t->paused_until_us)
		t->paused_until_us = until_us;
}
