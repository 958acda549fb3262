/* SPDX-License-Identifier: Apache-2.0
 *
 * A lease: the lock of a job where the store is shared. A row with a token that
 * each taking raises, valid for ten seconds (mst_node_gone_us) of the store's
 * clock, renewed by a thread with a connection of its own. Of the module alone.
 */
#ifndef MST_STATE_LEASE_H
#define MST_STATE_LEASE_H

#include "base/err.h"

struct mst_lease;

/* what: "job 'main'", for errors; node: whose process this is, "" when it is of
 * none. MST_E_CONFLICT names the holder. */
int mst_lease_take(const char *url, const char *name, const char *what,
		   const char *node, struct mst_lease **l_r,
		   struct mst_err *err);
/* Ends the thread and gives the lease back, if it is still ours. */
void mst_lease_drop(struct mst_lease **l);
int64_t mst_lease_token(const struct mst_lease *l);
/* Known to be lost, by the thread or by mst_lease_lose. */
bool mst_lease_is_lost(const struct mst_lease *l);
void mst_lease_lose(struct mst_lease *l);
int mst_lease_lost_err(const struct mst_lease *l, struct mst_err *err);

#endif
