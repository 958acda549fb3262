/* SPDX-License-Identifier: Apache-2.0
 *
 * What people have closed in ServiceNow of what an action made there.
 */
#ifndef MST_FORWARDER_CLOSED_H
#define MST_FORWARDER_CLOSED_H

#include "forward/action.h"
#include "forwarder/instance.h"

struct mst_closed {
	const struct mst_alert_action *action; /* incident, application */
	const char *source;		       /* connection of the alerts */
	int64_t since_us; /* asked from; the far end's zone may differ */
	int64_t from_us;  /* what was closed before is not told */
	/* Lent for the call. */
	void (*fn)(void *ctx, struct mst_slice key);
	void *ctx;
};

/* Can alerts of this connection be told by their correlation id? Else the
 * reason: "". */
const char *mst_closed_why_not(const char *source);
/* Calls fn for each alert, maybe more than once. <0: the instance is away, or
 * refuses. */
int mst_closed_ask(struct mst_instance *i, const struct mst_closed *c,
		   const atomic_bool *stop, struct mst_err *err);

/* Takes out those that were handled at the console itself, by what the action
 * has heard last: it was muster that said so in ServiceNow, whoever has edited
 * the record since, and the console is owed nothing. */
int mst_closed_owed(struct mst_outbox *o, const char *action,
		    const char *source, struct mst_slice *keys, size_t *n,
		    struct mst_err *err);

#endif
