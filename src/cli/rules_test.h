/* SPDX-License-Identifier: Apache-2.0
 *
 * muster rules test: what settings and custom mappings that are not saved yet
 * would change.
 */
#ifndef MST_CLI_RULES_TEST_H
#define MST_CLI_RULES_TEST_H

#include <stdint.h>

struct cli_rules_test {
	const char *connection;
	char **files; /* YAML with settings; "-" is standard input */
	int files_n;
	const char *env, *job; /* NULL: the only one there is */
	const char *from; /* a saved folder instead of the source, or NULL */
	uint64_t samples; /* of each record set */
};

/* The command's exit status. */
int cli_rules_test(const struct cli_rules_test *t);

#endif
