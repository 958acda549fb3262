/* SPDX-License-Identifier: Apache-2.0
 *
 * Shows set-up checks as they come in: a line each, with the remedy below it,
 * or as an object of JSON at the end. On a terminal lines are wrapped and
 * levels coloured.
 *
 *   begin → take* → [ more text or JSON ] → end → status → fini
 */
#ifndef MST_CLI_CHECKS_H
#define MST_CLI_CHECKS_H

#include "cli/cli.h"
#include "net/checks.h"

struct cli_checks {
	struct mst_buf out;
	struct mst_jout j;
	bool colour;
	size_t columns; /* of the terminal; 0: it is none */
	struct cli_check {
		char *name;
		enum mst_check_level level;
		enum mst_code code;
	} v[256]; /* by name: a fix reports again what it mended */
	size_t n;
	char skipped[640]; /* titles of checks with one reason */
	size_t skipped_n;
	char reason[768];
};

/* With JSON, the array "checks" is open until end; members may follow it. */
void cli_checks_begin(struct cli_checks *r, const char *connection,
		      const char *type);
/* The same of what is no connection: "rule", its name, its type. */
void cli_checks_begin_as(struct cli_checks *r, const char *what,
			 const char *name, const char *type);
/* One check; as the `report` of a checkup, with r as its ctx. */
void cli_checks_take(void *r, const struct mst_check *c);
/* What was skipped for one reason is one line: it ends here. Before text of
 * one's own. */
void cli_checks_flush(struct cli_checks *r);
/* Adds a name and a value below what will be written to r->out. */
void cli_checks_pair(struct cli_checks *r, const char *name, const char *value);
/* Sums, and everything to stdout. */
void cli_checks_end(struct cli_checks *r);
/* The first failure decides: credentials and permissions are CLI_AUTH. */
int cli_checks_status(const struct cli_checks *r);
void cli_checks_fini(struct cli_checks *r);

#endif
