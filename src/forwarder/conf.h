/* SPDX-License-Identifier: Apache-2.0
 *
 * What forwarding is made of, out of the state store: rules, windows, actions,
 * receivers, the outbox's options, and which sources are polled. Does not
 * change once it is loaded; many threads may look at it.
 */
#ifndef MST_FORWARDER_CONF_H
#define MST_FORWARDER_CONF_H

#include "forward/action.h"
#include "forward/exclude.h"
#include "forward/outbox.h"
#include "forward/receiver.h"
#include "forward/rule.h"
#include "state/state.h"

/* A source connection that is asked for alerts. */
struct mst_forward_poll {
	const char *connection;
	int64_t every_ms; /* the shortest of its rules */
};

struct mst_forward_conf {
	struct mst_arena arena;
	struct mst_outbox_conf outbox;
	struct mst_alert_rule *rules;
	size_t rules_n;
	struct mst_exclude *windows;
	size_t windows_n;
	struct mst_alert_action *actions;
	size_t actions_n;
	struct mst_receiver *receivers;
	size_t receivers_n;
	struct mst_forward_poll *polls;
	size_t polls_n;
};

/* MST_E_INVALID, MST_E_NOTFOUND: an item is wrong, or names one that is not
 * there. Having none at all is no error. */
int mst_forward_conf_load(struct mst_state *state,
			  struct mst_forward_conf **c_r, struct mst_err *err);
void mst_forward_conf_free(struct mst_forward_conf **c);
/* NULL: there is none. */
const struct mst_alert_rule *
mst_forward_conf_rule(const struct mst_forward_conf *c, const char *name);
const struct mst_alert_action *
mst_forward_conf_action(const struct mst_forward_conf *c, const char *name);

/* What becomes of an alert. */
struct mst_judged {
	const struct mst_exclude *window; /* excludes it; NULL: none */
	struct mst_route routes[MST_OUTBOX_ROUTES]; /* each action once */
	size_t routes_n;
	size_t known_n; /* behind these: actions that are only told when they
			 * have heard of the alert */
};

/* source: the connection that the alert came from. Pure. */
void mst_forward_judge(const struct mst_forward_conf *c, const char *source,
		       const struct mst_alert *a, int64_t now_us,
		       struct mst_judged *j_r);

#endif
