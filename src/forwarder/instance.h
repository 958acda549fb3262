/* SPDX-License-Identifier: Apache-2.0
 *
 * A ServiceNow instance as forwarding uses it: url, credential, proxy and
 * time-out are those of the connection; table requests go by the Batch API,
 * some batches at once. One thread.
 */
#ifndef MST_FORWARDER_INSTANCE_H
#define MST_FORWARDER_INSTANCE_H

#include <stdatomic.h>

#include "forward/bundle.h"
#include "sync/connection.h"

struct mst_instance;

/* c: of type servicenow; lent until close. Reads secrets, sends nothing. */
int mst_instance_open(const struct mst_connection *c, struct mst_instance **i_r,
		      struct mst_err *err);
void mst_instance_close(struct mst_instance **i);
/* Where it is, without slash at the end. */
const char *mst_instance_url(const struct mst_instance *i);

/* Lent for the call. */
typedef void (*mst_instance_fn)(void *ctx, size_t i,
				const struct mst_bundle_answer *a);

/* Sends all and calls fn exactly once for each, in any order. Status 0: it was
 * not carried out; -1: nobody knows. <0: the instance is away, or refuses all
 * that this account asks: err says why and what to do; what was not sent by
 * then has status 0. With *stop nothing more is sent. */
int mst_instance_ask(struct mst_instance *i, const struct mst_bundle_req *r,
		     size_t n, const atomic_bool *stop, mst_instance_fn fn,
		     void *ctx, struct mst_err *err);
/* One request of its own; path begins with '/'. The answer is lent until the
 * next call. As above: 0 is an answer that is no matter of the account or of
 * the instance as a whole. */
int mst_instance_post(struct mst_instance *i, const char *path,
		      struct mst_slice body, struct mst_bundle_answer *a_r,
		      struct mst_err *err);
int mst_instance_get(struct mst_instance *i, const char *path,
		     struct mst_bundle_answer *a_r, struct mst_err *err);
/* Is this answer a matter of rights, or of the table, and so the same for
 * every record? */
bool mst_instance_is_rights(const struct mst_bundle_answer *a);
/* What a person can do about such an answer; */
const char *mst_instance_remedy(const struct mst_bundle_answer *a);

#endif
