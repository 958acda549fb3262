/* SPDX-License-Identifier: Apache-2.0
 *
 * The folder of a session, STATE/spool/JOB/PID-RUN, for its spool and change
 * files.
 */
#ifndef MST_SYNC_SESSION_DIR_H
#define MST_SYNC_SESSION_DIR_H

#include "base/err.h"

/* Makes a session's folder; *dir_r is the caller's. Those of older sessions of
 * the job go first: the caller holds the job's lock, so none is alive. What
 * muster did not make stays, and so does the folder that is read from
 * (read_from; NULL: none) or that holds it. */
int mst_session_dir_make(const char *state_dir, const char *job, int64_t run,
			 const char *read_from, char **dir_r,
			 struct mst_err *err);

#endif
