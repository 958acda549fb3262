/* SPDX-License-Identifier: Apache-2.0
 *
 * What waits for a second person, for whoever tidies up.
 */
#ifndef MST_API_APPROVALS_H
#define MST_API_APPROVALS_H

#include "state/access.h"

/* Those that nobody decided within their week are over, with their tasks. */
int mst_approvals_expire(struct mst_state *s, struct mst_err *err);

#endif
