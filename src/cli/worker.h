/* SPDX-License-Identifier: Apache-2.0
 *
 * A command that the daemon started (MUSTER_WORKER): it tells how it goes on
 * descriptor 3, one JSON object a line, and ends as if it had been interrupted
 * when its daemon is gone. docs/internals/service.md, "Worker protocol".
 */
#ifndef MST_CLI_WORKER_H
#define MST_CLI_WORKER_H

#include "base/check.h"
#include "base/err.h"
#include "sync/progress.h"

/* First thing in main: reads the environment. From here on cli_worker says
 * whether this is one; secrets apart, nothing of it is left for children. */
void cli_worker_begin(void);
bool cli_worker(void);
/* The words of the task may not choose these. */
const char *cli_worker_state(void); /* NULL: as usual */
/* Tells what a run does; at most ten times a second, the end of a stage
 * always. */
const struct mst_progress *cli_worker_progress(void);
/* All of these do nothing when this is no worker. */
void cli_worker_run(int64_t run);
void cli_worker_check(const struct mst_check *c);
/* The last thing. Stopped, but by no signal: a lease was lost, and the daemon
 * may begin anew. */
void cli_worker_end(bool signalled);
void cli_worker_error(const struct mst_err *err, const char *text);

#endif
