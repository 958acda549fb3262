/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows on standard output: lines of text, or the members of a JSON array; and
 * what is shown once.
 */
#ifndef MST_CLI_LIST_H
#define MST_CLI_LIST_H

#include "cli/cli.h"

struct cli_list {
	struct mst_buf out; /* lines go here, unless cli.json */
	struct mst_jout j;
};

void cli_list_begin(struct cli_list *l);
/* Prints it, unless rc < 0; returns rc. */
int cli_list_end(struct cli_list *l, int rc);
/* MST_TIME_NONE: null. */
void cli_json_time(struct mst_jout *j, const char *key, int64_t us);
/* A secret that is kept nowhere, with whose it is: as a JSON object, or alone
 * on standard output behind a note on the other one. */
struct cli_once {
	const char *key, *value; /* whose */
	const char *secret_key, *secret;
	const char *note;
};
void cli_print_once(const struct cli_once *o);

#endif
