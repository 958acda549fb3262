/* SPDX-License-Identifier: Apache-2.0
 *
 * What a command does, for the audit.
 */
#ifndef MST_CLI_AUDIT_H
#define MST_CLI_AUDIT_H

#include "state/state.h"

/* An entry: what ("run", "reset") of which thing, after: more about it, or
 * NULL. Nothing in a worker of the service: what it was asked for is in the
 * audit as its task. */
int cli_audit(struct mst_state *state, const char *what, const char *kind,
	      const char *name, const char *after, struct mst_err *err);

#endif
