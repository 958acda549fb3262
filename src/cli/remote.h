/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands at a server: --server URL or MUSTER_SERVER. The words become a
 * request (api/remote.h), and what the command prints there is printed here.
 */
#ifndef MST_CLI_REMOTE_H
#define MST_CLI_REMOTE_H

#include "cli/cli.h"

/* Takes --server, --token-file and --ca-file out of the words. True: the
 * command was done at a server (or could not be), *status_r is its exit status;
 * false: it is to be done here. */
bool cli_remote(int *argc, char **argv, int *status_r);

#endif
