/* SPDX-License-Identifier: Apache-2.0
 *
 * What the demo leaves behind, in the console: a daemon on its state, users of
 * each role, and an estate whose days go on.
 */
#ifndef MST_CLI_DEMO_SERVE_H
#define MST_CLI_DEMO_SERVE_H

#include "conf/conf.h"
#include "sim/sim.h"
#include "state/state.h"

/* A port of loopback that is free now: `wanted`, or another one. 0: none. */
int demo_port(int wanted);
/* Appends to a stored job's text when it is to run by itself. */
void demo_schedule(const struct mst_conf_item *job, struct mst_buf *yaml);
/* A user of each role, with passwords that the manual names. */
int demo_users(struct mst_state *state, struct mst_err *err);
/* Starts `muster serve` on the folder, says how to sign in, and lets a day pass
 * every day_ms until it is interrupted. The caller has closed the state store.
 * attack: the plant is part of it. */
int demo_serve(struct mst_sim *sim, const char *dir, int port, int64_t day_ms,
	       bool attack, struct mst_err *err);

#endif
