/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to a server of muster, one after the other.
 */
#ifndef MST_CLI_REMOTE_HTTP_H
#define MST_CLI_REMOTE_HTTP_H

#include "base/arena.h"
#include "net/client.h"
#include "json/json.h"

struct cli_server;

/* token: a reference (env:, file:). ca_file may be NULL; borrowed.
 * MST_E_INVALID: no https, and not this machine either. */
int cli_server_open(const char *url, const char *token, const char *ca_file,
		    struct cli_server **s_r, struct mst_err *err);
void cli_server_close(struct cli_server **s);
/* Behind Ctrl-C, which ends what is asked with MST_E_CANCELLED: asks again, for
 * a few seconds only. */
int cli_server_again(struct cli_server *s, struct mst_err *err);
/* path: below /api/v1, "/commands". body of type JSON; {NULL, 0}: none.
 * Whatever is not 2xx is an error with what the server says of it. The answer
 * is appended to out. out, status_r may be NULL. key: what makes it safe to be
 * sent twice, or NULL. */
int cli_server_ask(struct cli_server *s, enum mst_method method,
		   const char *path, struct mst_slice body, const char *key,
		   struct mst_buf *out, int *status_r, struct mst_err *err);

#endif
