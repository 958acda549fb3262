/* SPDX-License-Identifier: Apache-2.0
 *
 * Polling: a source connection is asked for its alerts, by the source's own
 * contract, as a run would.
 */
#ifndef MST_FORWARDER_POLLER_H
#define MST_FORWARDER_POLLER_H

#include "forwarder/intake.h"

/* A thread per source of the configuration. */
int mst_pollers_start(struct mst_forwarder *f, struct mst_pollers **p_r,
		      struct mst_err *err);
void mst_pollers_stop(struct mst_pollers **p);
/* Says what a person should know of the connection before it is asked. */
void mst_poll_warn(struct mst_forwarder *f,
		   const struct mst_forward_poll *poll);
/* Asks one source once, in the calling thread; the cursor moves behind the
 * accept. wide: for older alerts too, whose state may have changed. wait: for
 * room in the outbox (mst_batch_put). *stop ends it (MST_E_CANCELLED). */
int mst_poll_once(struct mst_forwarder *f, const struct mst_forward_poll *poll,
		  bool wide, bool wait, const atomic_bool *stop,
		  struct mst_err *err);

#endif
