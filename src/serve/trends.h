/* SPDX-License-Identifier: Apache-2.0
 *
 * What is drawn over time: open CVEs by severity, out of the report "cve",
 * which a task makes once a day, and when a run has written something: soon
 * where there is little to be seen yet, twice an hour and seldom more in the
 * long run.
 */
#ifndef MST_SERVE_TRENDS_H
#define MST_SERVE_TRENDS_H

#include "state/task.h"

/* A run of the job has ended well: puts the task, if it is time for one. */
int mst_trends_want(struct mst_state *state, const char *job, int64_t run,
		    int64_t now_us, struct mst_err *err);
/* A report has ended: if it is that one, its numbers become points. */
int mst_trends_take(struct mst_state *state, const struct mst_task *t,
		    int64_t now_us, struct mst_err *err);

#endif
