/* SPDX-License-Identifier: Apache-2.0
 *
 * Queued tasks become workers, and what comes of a worker is written to its
 * task. In the keeper's thread.
 */
#ifndef MST_SERVE_DISPATCH_H
#define MST_SERVE_DISPATCH_H

#include "serve/agenda.h"
#include "serve/loop.h"
#include "serve/told.h"

struct mst_dispatch;

struct mst_dispatch_conf { /* borrowed, all of it */
	struct mst_state *state;
	struct mst_loop *loop;
	const struct mst_agenda *agenda;
	const char *node;
	const char *program; /* NULL: this one */
	unsigned slots;	     /* workers at once */
	bool echo_log; /* lines of workers' logs go to standard error, too */
	struct mst_told told;
	/* A task has ended here, and its end is stored. May be NULL. */
	void (*over)(void *ctx, const struct mst_task *t);
	void *over_ctx;
};

struct mst_dispatch *mst_dispatch_new(const struct mst_dispatch_conf *conf);
/* There must be none running. */
void mst_dispatch_free(struct mst_dispatch **d);

/* Starts as many as there is room for. shared: other nodes are alive. */
int mst_dispatch_claim(struct mst_dispatch *d, int64_t now_us, bool shared,
		       struct mst_err *err);
/* Once a second: tells the state store how far they are, asks it whether
 * somebody wants one to stop, sees to windows that end and to those that do not
 * stop. */
int mst_dispatch_tend(struct mst_dispatch *d, int64_t now_us,
		      struct mst_err *err);
/* The daemon ends: all are told to stop; what may be repeated is queued again
 * for the next one. Once more ends them at once. */
void mst_dispatch_stop(struct mst_dispatch *d);
size_t mst_dispatch_running(const struct mst_dispatch *d);
/* Has one ended since it was asked? */
bool mst_dispatch_ended(struct mst_dispatch *d);

#endif
