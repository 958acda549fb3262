/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of the demo's plant: an attack, whose alerts are forwarded as they
 * are raised.
 */
#ifndef MST_CLI_DEMO_ATTACK_H
#define MST_CLI_DEMO_ATTACK_H

#include "sim/verify.h"
#include "state/state.h"

struct demo_attack {
	struct sim_incidents n;
	double seconds; /* from the first alert to the last incident */
};

/* A request to the simulator's control API. */
int demo_control(struct mst_sim *sim, const char *path, const char *body,
		 struct mst_err *err);
/* Rule, action and receiver as YAML, behind the simulator's. port: of the
 * receiver, 0 for any. */
bool demo_attack_yaml(struct mst_buf *out, int port);
/* Attacks the plant and waits until each alert that the rule takes is an
 * incident, at most DEMO_ATTACK_WAIT seconds: the caller looks at the counts.
 * A failure is the forwarder's or the simulator's. */
#define DEMO_ATTACK_WAIT 60
int demo_attack(struct mst_sim *sim, struct mst_state *state,
		struct demo_attack *a_r, struct mst_err *err);

#endif
