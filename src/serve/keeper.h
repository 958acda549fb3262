/* SPDX-License-Identifier: Apache-2.0
 *
 * The keeper: one thread that makes tasks of what is due, workers of tasks, and
 * sees to everything that a node does by itself. It has a handle of the state
 * store of its own.
 */
#ifndef MST_SERVE_KEEPER_H
#define MST_SERVE_KEEPER_H

#include "base/buf.h"
#include "base/err.h"
#include "serve/told.h"

struct mst_keeper;

struct mst_keeper_conf {       /* texts are borrowed */
	const char *state_dir; /* as mst_state_open */
	const char *node;
	/* Of the process, or of what can have but one at a time: whoever comes
	 * with the same goes on as the node at once. 0: a random one. */
	uint64_t incarnation;
	const char *address; /* where its API is, for others */
	const char *version;
	const char *program; /* of workers; NULL: this one */
	unsigned slots;	     /* workers at once; 0: by the cores */
	bool echo_log;	     /* workers' logs go to standard error, too */
	bool forward;	     /* alerts are forwarded, when configured */
	struct mst_told told;
};

/* Returns when it has a handle of the state store and its node is known there:
 * MST_E_CONFLICT when another process has the node's name. */
int mst_keeper_start(const struct mst_keeper_conf *conf,
		     struct mst_keeper **k_r, struct mst_err *err);
/* From any thread: something was put into the state store; look now. */
void mst_keeper_wake(struct mst_keeper *k);
/* The same, and the forwarder reads its configuration, secrets and certificates
 * again. */
void mst_keeper_reload(struct mst_keeper *k);
/* Grows as long as it moves: a watchdog is fed by it. */
uint64_t mst_keeper_turns(const struct mst_keeper *k);
/* Does it get on with its work? Else *why_r says what it waits for. */
bool mst_keeper_ready(const struct mst_keeper *k, const char **why_r);
/* Tells its workers to stop; a second time ends them at once. */
void mst_keeper_stop(struct mst_keeper *k);
/* After mst_keeper_stop: have they all ended? */
bool mst_keeper_stopped(const struct mst_keeper *k);
/* Waits for that and frees it. */
void mst_keeper_free(struct mst_keeper **k);

/* What it counts, for metrics. */
struct mst_keeper_counts {
	uint64_t jobs, running;
	uint64_t due, late_us_max; /* tasks made by the schedule; the latest */
	uint64_t started, ended, failed;
	uint64_t store_errors;
};
void mst_keeper_counts(const struct mst_keeper *k,
		       struct mst_keeper_counts *c_r);
/* Appends what Prometheus is told of jobs, tasks, nodes: as it was a few
 * seconds ago. From any thread. */
void mst_keeper_gauges(struct mst_keeper *k, struct mst_buf *out);

#endif
