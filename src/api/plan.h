/* SPDX-License-Identifier: Apache-2.0
 *
 * Plans and undos that tasks made: their records page by page, and what a run
 * needs to write exactly one plan.
 */
#ifndef MST_API_PLAN_H
#define MST_API_PLAN_H

#include "api/api.h"

/* The plan of a task without its changes, as `muster run --plan` reads it. It
 * has to be of this job. MST_E_CONFLICT: the task has made no plan (yet). */
int mst_api_plan_head(struct mst_http_req *r, int64_t task, const char *job,
		      struct mst_buf *out, struct mst_err *err);

/* What is kept of plans for the next page goes; owner: the request's app. */
void mst_api_plans_drop(const void *owner);

#endif
