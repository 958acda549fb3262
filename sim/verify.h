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

/* Alerts of the plant: those raised from the nth on, of a severity and above,
 * that came from a connection of muster's. */
struct sim_incidents_of {
	uint64_t from;
	const char *severity; /* "Major" */
	const char *connection;
};

struct sim_incidents {
	uint64_t raised, wanted; /* of any severity; of this one */
	uint64_t found, doubled; /* incidents: the first of an alert; others */
	uint64_t linked;	 /* with a CI */
};

/* Reads the incidents. Alerts must have UUIDs (switch "uuids"). */
int sim_verify_incidents(struct mst_sim *sim, const struct sim_incidents_of *of,
			 struct sim_incidents *n_r, struct mst_err *err);
/* How many alerts the plant raised until now. */
uint64_t sim_alerts(struct mst_sim *sim);

#endif
