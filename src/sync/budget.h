/* SPDX-License-Identifier: Apache-2.0
 *
 * The requests of an hour that all runs of a destination share (option
 * requests_per_hour), as a client asks for them.
 */
#ifndef MST_SYNC_BUDGET_H
#define MST_SYNC_BUDGET_H

#include <stdatomic.h>

#include "net/client.h"
#include "sync/connection.h"

struct mst_run_budget {
	struct mst_budget ask; /* for mst_client_conf */
	struct mst_state *state;
	const char *connection;
	uint64_t per_hour;
	int64_t until_us; /* there are none until then */
	const atomic_bool *cancel;
};

/* NULL: the connection has no budget. All borrowed; b lives as long as the
 * client. A run that waits stops when *cancel. */
const struct mst_budget *mst_run_budget(struct mst_run_budget *b,
					struct mst_state *state,
					const struct mst_connection *c,
					const atomic_bool *cancel);

#endif
