/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs as the API shows them.
 */
#ifndef MST_API_RUN_H
#define MST_API_RUN_H

#include "api/api.h"
#include "state/state.h"

#define MST_API_RUN_STATES "running|ok|partial|failed|cancelled|guard|dead"

/* Members of one run, into an open object. */
void mst_api_run_members(struct mst_jout *j, const struct mst_run *run);

#endif
