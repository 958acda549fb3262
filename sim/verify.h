/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the simulated ServiceNow back through its public Table API and
 * compares it with what the truth expects.
 */
#ifndef MST_SIM_VERIFY_H
#define MST_SIM_VERIFY_H

#include "sim/sim.h"

/* Counts what is missing, what muster made and should not have, doubles and
 * wrong columns; the first 50 go to report, one line each, and a last line
 * with the counts. Not while a run is under way. <0 when ServiceNow could not
 * be read. */
int sim_verify(struct mst_sim *sim, struct mst_buf *report,
	       uint64_t *differences_r, struct mst_err *err);

#endif
