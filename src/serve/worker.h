/* SPDX-License-Identifier: Apache-2.0
 *
 * A worker: the same program as a child, with a process group of its own,
 * whose output, log and events come by pipes. It is told to stop by SIGTERM.
 * All of it in the thread of the loop. service.md, "Worker protocol".
 */
#ifndef MST_SERVE_WORKER_H
#define MST_SERVE_WORKER_H

#include "base/buf.h"
#include "serve/loop.h"

#define MST_WORKER_LINE (64u << 10) /* one event; a longer one is dropped */

struct mst_worker;

struct mst_worker_ops {
	/* One event: a JSON object without its line end. */
	void (*event)(void *ctx, struct mst_slice line);
	/* What it printed, as it came; log: on standard error. */
	void (*printed)(void *ctx, bool log, struct mst_slice bytes);
	/* It has ended and everything of it was handed over. status: as it
	 * exited, -1 when by a signal, whose number is sig. The worker is gone
	 * after this call. */
	void (*ended)(void *ctx, int status, int sig);
};

struct mst_worker_conf {
	const char *program;	 /* NULL: this one */
	const char *const *argv; /* words behind the program's name; NULL
				  * ended */
	/* "NAME=value", NULL ended; in front of this process's own. */
	const char *const *env;
	const struct mst_worker_ops *ops;
	void *ctx;
};

/* MST_E_IO: it cannot be started. */
int mst_worker_start(struct mst_loop *loop, const struct mst_worker_conf *conf,
		     struct mst_worker **w_r, struct mst_err *err);
int64_t mst_worker_pid(const struct mst_worker *w);
/* SIGTERM. Once more ends it at once. */
void mst_worker_stop(struct mst_worker *w);
/* Another signal. */
void mst_worker_signal(struct mst_worker *w, int sig);
/* SIGKILL to all of its group. */
void mst_worker_kill(struct mst_worker *w);

#endif
