/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of tasks, for the files that read and write them.
 */
#ifndef MST_STATE_TASK_ROW_H
#define MST_STATE_TASK_ROW_H

#include <stdlib.h>

#include "state/task.h"
#include "state_private.h"

#define MST_TASK_COLUMNS                                                       \
	"SELECT id, kind, job, connection, argv, files, state, repeat,"        \
	" asked_by, asked_via, approved_by, node, created_us, not_before_us,"  \
	" started_us, ended_us, run, exit_status, cancel, error, progress,"    \
	" output_n FROM task"

/* Texts live until the next step. */
struct mst_task mst_task_row(struct mst_sdb_st *st);
/* In the caller's transaction. */
int mst_task_insert(struct mst_state *s, const struct mst_task *t,
		    int64_t *id_r, struct mst_err *err);
int mst_task_none(int64_t id, struct mst_err *err);
/* Tasks that a node had whose process is gone: queued again or failed. */
int mst_task_rescue_node(struct mst_state *s, const char *node, int64_t *n_r,
			 struct mst_err *err);

#endif
