/* SPDX-License-Identifier: Apache-2.0
 *
 * Whoever watches is told what goes on: the event streams of the API. Calls
 * come from the keeper's thread.
 */
#ifndef MST_SERVE_TOLD_H
#define MST_SERVE_TOLD_H

#include "base/slice.h"

/* All members may be NULL. */
struct mst_told {
	/* topic: "task/812", "all"; data: one line of JSON. */
	void (*event)(void *ctx, const char *topic, const char *event,
		      struct mst_slice data);
	/* Nothing more comes of the topic. */
	void (*end)(void *ctx, const char *topic);
	void *ctx;
};

static inline void mst_told_event(const struct mst_told *t, const char *topic,
				  const char *event, struct mst_slice data)
{
	if (t->event)
		t->event(t->ctx, topic, event, data);
}

static inline void mst_told_end(const struct mst_told *t, const char *topic)
{
	if (t->end)
		t->end(t->ctx, topic);
}

#endif
