/* SPDX-License-Identifier: Apache-2.0
 *
 * Saved plans: JSON, head first, changes behind.
 */
#ifndef MST_CLI_PLANFILE_H
#define MST_CLI_PLANFILE_H

#include "sync/plan.h"
#include "json/out.h"

/* Would the change send this column of its record? */
bool cli_plan_sends(const struct mst_plan_change *c,
		    const struct mst_column *col);
/* The plan as JSON; used for --out and --json alike. */
struct cli_plan_writer {
	struct mst_jout j;
	struct mst_buf buf;
	uint64_t changes;
};
void cli_plan_begin(struct cli_plan_writer *w, const struct mst_session *s,
		    uint64_t requests, double seconds);
void cli_plan_change(struct cli_plan_writer *w,
		     const struct mst_plan_change *c);
void cli_plan_end(struct cli_plan_writer *w);
/* Fills the conf's choices and the sum from a saved plan. The job must be the
 * same. */
int cli_plan_read(const char *path, struct mst_run_conf *conf,
		  struct mst_hash *sum_r, struct mst_arena *arena,
		  struct mst_err *err);

#endif
