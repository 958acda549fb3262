/* SPDX-License-Identifier: Apache-2.0
 *
 * The forwarder beside the keeper: a worker that is kept running as long as
 * forwarding is configured, on one node only. In the keeper's thread.
 */
#ifndef MST_SERVE_BESIDE_H
#define MST_SERVE_BESIDE_H

#include "serve/loop.h"
#include "state/state.h"

struct mst_beside;

/* Borrowed: state is the keeper's own, dir as mst_state_open; node: of whom the
 * lease is. */
struct mst_beside *mst_beside_new(struct mst_state *state,
				  struct mst_loop *loop, const char *dir,
				  const char *program, const char *node);
/* It must have ended. */
void mst_beside_free(struct mst_beside **b);
/* Now and then: starts it, when it is to run; again when it has ended, after a
 * pause that grows; tells it that the configuration changed; ends it when there
 * is nothing to forward any more. */
int mst_beside_tend(struct mst_beside *b, int64_t mono_us, struct mst_err *err);
/* It reads everything again with the next look. */
void mst_beside_reload(struct mst_beside *b);
/* The daemon ends. */
void mst_beside_stop(struct mst_beside *b);
bool mst_beside_runs(const struct mst_beside *b);

#endif
