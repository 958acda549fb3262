/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets that a person types, or pipes in.
 */
#ifndef MST_CLI_ASK_H
#define MST_CLI_ASK_H

#include "base/secret.h"
#include "cli/cli.h"

#define CLI_VALUE_MAX 65536

/* Reads standard input to its end, or one line; one trailing newline is not a
 * part of it. b has room for CLI_VALUE_MAX + 2 bytes and is wiped by the
 * caller. MST_E_CANCELLED at Ctrl-C. */
int cli_read_value(struct mst_buf *b, bool one_line, struct mst_err *err);
/* The same from the terminal that standard input is, with a question on stderr
 * and without echo. */
int cli_ask(const char *prompt, struct mst_buf *b, struct mst_err *err);
/* The same, typed twice: two that differ are MST_E_INVALID. */
int cli_ask_twice(const char *prompt, struct mst_buf *b, struct mst_err *err);
/* A new secret: typed twice at a terminal, else standard input. A text that is
 * not empty. */
int cli_ask_secret(struct mst_secret **s_r, struct mst_err *err);

#endif
