/* SPDX-License-Identifier: Apache-2.0
 *
 * When jobs run by themselves: options sync and sync_frequency of their source
 * connection, and their last run.
 */
#ifndef MST_SYNC_DUE_H
#define MST_SYNC_DUE_H

#include "sync/connection.h"

struct mst_due {
	const char *job, *connection;
	bool has_option; /* the connection's type has these options */
	bool on;	 /* option sync */
	int64_t minutes; /* option sync_frequency */
	int64_t run;	 /* the last one; 0: there was none yet */
	int64_t last_us; /* when it began, MST_TIME_NONE */
	enum mst_run_status status;
	int64_t due_us; /* when it runs again; only with on */
};

/* All jobs whose source can be loaded, in order of their names; texts in
 * arena. A job that has never run is due at once, one that failed no sooner
 * than one that did not. */
int mst_due_list(struct mst_state *state, struct mst_arena *arena,
		 struct mst_due **v_r, size_t *n_r, struct mst_err *err);

#endif
