/* SPDX-License-Identifier: Apache-2.0
 *
 * A command for a server, as a request.
 */
#ifndef MST_CLI_REMOTE_WRITE_H
#define MST_CLI_REMOTE_WRITE_H

#include "api/remote.h"
#include "base/buf.h"

/* Appends the body of POST /commands, with the texts of the files that the
 * words name; those that they write are *out_file_r's (NULL: none). json: they
 * have --json. */
int cli_remote_write(const struct mst_remote_call *call, bool json,
		     struct mst_arena *arena, struct mst_buf *body,
		     const char **out_file_r, struct mst_err *err);
/* Is it a plan that is saved? Then JSON is asked for, whatever is shown. */
bool cli_remote_is_plan(const struct mst_remote_call *call,
			const char *out_file);

#endif
