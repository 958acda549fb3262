/* SPDX-License-Identifier: Apache-2.0
 *
 * Acknowledgement: what a person has closed in ServiceNow of what an action
 * made is told to the console that raised the alert, once. A thread for each
 * action that has `acknowledge`.
 */
#ifndef MST_FORWARDER_ACK_H
#define MST_FORWARDER_ACK_H

#include "forwarder/private.h"

struct mst_ackers;

int mst_ackers_start(struct mst_forwarder *f, struct mst_ackers **a_r,
		     struct mst_err *err);
void mst_ackers_stop(struct mst_ackers **a);
/* One turn of all of them in the calling thread. What a far end refuses is
 * told in the log; <0: the outbox failed. */
int mst_ack_once(struct mst_forwarder *f, const atomic_bool *stop,
		 struct mst_err *err);

#endif
