/* SPDX-License-Identifier: Apache-2.0
 *
 * What a connection is, and when its jobs ran last and run next.
 */
#ifndef MST_CLI_CONNECTION_SHOW_H
#define MST_CLI_CONNECTION_SHOW_H

#include "state/state.h"

/* Prints it, as text or JSON. MST_E_NOTFOUND: there is no such connection. */
int cli_connection_show(struct mst_state *state, const char *name,
			struct mst_err *err);

#endif
