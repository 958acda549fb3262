/* SPDX-License-Identifier: Apache-2.0
 *
 * Trying actions out, past the outbox: set-up checks, and a test alert that is
 * marked as one. Each step is reported in the words of set-up checks.
 */
#ifndef MST_FORWARDER_TRIAL_H
#define MST_FORWARDER_TRIAL_H

#include <stdatomic.h>

#include "base/check.h"
#include "forwarder/conf.h"

struct mst_trial_conf {
	/* Lent for the call. */
	void (*report)(void *ctx, const struct mst_check *c);
	void *ctx;
	bool dry; /* nothing is sent */
	const atomic_bool *cancel;
};

/* All actions of a rule. What a step finds is no error. MST_E_NOTFOUND: there
 * is no such rule; MST_E_CANCELLED. */
int mst_trial_rule(struct mst_state *state, const struct mst_forward_conf *conf,
		   const char *rule, const struct mst_trial_conf *t,
		   struct mst_err *err);
/* The set-up checks of all actions that use the connection; nothing is sent.
 * *n_r: how many actions there are. */
int mst_trial_connection(struct mst_state *state,
			 const struct mst_forward_conf *conf,
			 const char *connection, const struct mst_trial_conf *t,
			 size_t *n_r, struct mst_err *err);

#endif
