/* SPDX-License-Identifier: Apache-2.0
 *
 * The keeper's loop: descriptors that are watched, and a wake-up from other
 * threads. One owner, one thread, but for mst_loop_wake.
 */
#ifndef MST_SERVE_LOOP_H
#define MST_SERVE_LOOP_H

#include "base/err.h"

/* To be embedded in what owns the descriptor. */
struct mst_watch {
	int fd; /* -1: none */
	/* It can be read, or its other end is gone. */
	void (*ready)(struct mst_watch *w);
};

struct mst_loop;

int mst_loop_new(struct mst_loop **l_r, struct mst_err *err);
void mst_loop_free(struct mst_loop **l);
int mst_loop_add(struct mst_loop *l, struct mst_watch *w, struct mst_err *err);
/* Takes it out and closes the descriptor. Also from within ready, of itself and
 * of others. */
void mst_loop_close(struct mst_loop *l, struct mst_watch *w);
/* Waits up to so long, and calls ready of what is. *woken_r: somebody called
 * mst_loop_wake since the last time. */
int mst_loop_wait(struct mst_loop *l, int64_t ms, bool *woken_r,
		  struct mst_err *err);
/* From any thread. */
void mst_loop_wake(struct mst_loop *l);

#endif
