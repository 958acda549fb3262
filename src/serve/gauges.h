/* SPDX-License-Identifier: Apache-2.0
 *
 * What Prometheus is told of jobs, tasks, nodes and notices: text that the
 * keeper writes now and then, so that whoever asks waits for nothing.
 * docs/metrics.md has the names.
 */
#ifndef MST_SERVE_GAUGES_H
#define MST_SERVE_GAUGES_H

#include "serve/agenda.h"

#define MST_GAUGE_JOBS 1000 /* by name; more are only counted */

/* Appends. */
int mst_gauges_write(struct mst_state *state, const struct mst_agenda *agenda,
		     int64_t now_us, struct mst_buf *out, struct mst_err *err);

#endif
