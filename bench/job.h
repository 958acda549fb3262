/* SPDX-License-Identifier: Apache-2.0
 *
 * Simulators for cases that run the whole job "demo" over HTTP.
 */
#ifndef MST_BENCH_JOB_H
#define MST_BENCH_JOB_H

#include <sys/types.h>

#include "bench/bench.h"
#include "sim/sim.h"

/* In a process of their own, which lasts until it is killed; yaml: the
 * configuration that goes with them. Their secrets are in this process's
 * environment then. -1: they do not start. */
pid_t bench_sim_start(const struct mst_sim_conf *conf, struct mst_buf *yaml);
void bench_sim_stop(pid_t pid);
/* Puts that configuration. */
int bench_apply(struct mst_state *state, struct mst_slice yaml,
		struct mst_err *err);

bool bench_cost(struct bench *b); /* serve.cost */

#endif
