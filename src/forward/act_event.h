/* SPDX-License-Identifier: Apache-2.0
 *
 * The action "event": the body of POST /api/global/em/jsonv2 (Event
 * Management). Its message_key is the alert's, so that Event Management itself
 * makes one alert of an event that comes twice; a handled alert is a Clear.
 */
#ifndef MST_FORWARD_ACT_EVENT_H
#define MST_FORWARD_ACT_EVENT_H

#include "alert/alert.h"
#include "base/buf.h"
#include "conf/conf.h"

struct mst_event_conf {
	const char *connection;
};

extern const struct mst_opt mst_event_opts[];

struct mst_event {
	const char *source; /* connection */
	struct mst_slice key;
	const struct mst_alert *alert;
};

/* One body with all of them. now_us: the time of those that have none. */
void mst_event_body(const struct mst_event *e, size_t n, int64_t now_us,
		    struct mst_buf *out);

#endif
