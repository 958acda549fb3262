/* SPDX-License-Identifier: Apache-2.0
 *
 * muster rules names: the table of software names, and what it makes of one.
 */
#ifndef MST_CLI_RULES_NAMES_H
#define MST_CLI_RULES_NAMES_H

struct cli_rules_names {
	const char *connection; /* NULL: the built-in table */
	const char *env;	/* NULL: every one that the connection serves */
	const char *name;	/* what this becomes: "NAME" or "VENDOR|NAME";
				 * NULL: all entries */
};

/* The command's exit status. */
int cli_rules_names(const struct cli_rules_names *in);

#endif
