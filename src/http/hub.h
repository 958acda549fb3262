/* SPDX-License-Identifier: Apache-2.0
 *
 * Within the hub of events: what a viewer (stream.c) needs of it.
 */
#ifndef MST_HTTP_HUB_H
#define MST_HTTP_HUB_H

#include <pthread.h>

#include "http/http.h"

struct hub_topic;

/* Who follows a topic; embedded in a feed. */
struct hub_viewer {
	struct mst_http_hub *hub;
	struct hub_topic *topic;
	uint64_t seen; /* id of the last event that it has */
	size_t part;   /* bytes that it has of the next one */
	struct hub_viewer *next, **at;
	/* Called under the hub's lock when there is something for it. */
	void (*wake)(struct hub_viewer *v);
};

enum hub_next {
	HUB_NOTHING, /* now */
	HUB_EVENT,   /* appended, or out is full */
	HUB_LOST,    /* events were dropped before it had them */
	HUB_END,     /* of the topic, and it has all */
};

void mst_http_hub_lock(struct mst_http_hub *h);
void mst_http_hub_unlock(struct mst_http_hub *h);

/* last: Last-Event-ID, or NULL: only what comes from now on. *lost_r: what it
 * names is not there any more. */
void mst_http_hub_join(struct mst_http_hub *h, const char *topic,
		       const char *last, struct hub_viewer *v, bool *lost_r);
void mst_http_hub_leave(struct hub_viewer *v);
/* Lock held. What is next for it, as lines of text/event-stream, goes behind
 * the *n bytes of out, as much as fits into max. */
enum hub_next mst_http_hub_next(struct hub_viewer *v, char *out, size_t max,
				size_t *n);

#endif
