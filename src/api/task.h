/* SPDX-License-Identifier: Apache-2.0
 *
 * Tasks as the API shows them.
 */
#ifndef MST_API_TASK_H
#define MST_API_TASK_H

#include "api/api.h"
#include "state/task.h"

/* One task as an object. */
void mst_api_task_json(struct mst_jout *j, const struct mst_task *t);
/* 202 with the task of this id, and where it is. */
int mst_api_task_answer(struct mst_http_req *r, struct mst_http_resp *resp,
			int64_t id, struct mst_err *err);

#endif
