/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands whose first word says what is done: `muster recver stats JOB`.
 */
#ifndef MST_CLI_VERBS_H
#define MST_CLI_VERBS_H

#include <stdbool.h>

/* A list of them ends with a name that is NULL. */
struct cli_verb {
	const char *name;
	unsigned bit;	   /* one of its own */
	int least, most;   /* words behind it */
	const char *wants; /* which */
};

/* An option that means something for some of them; the same end. */
struct cli_verb_opt {
	const char *name;
	bool given;
	unsigned of; /* bits */
};

/* The verb that argv[0] names, with as many words behind it as it wants and no
 * option that means nothing for it. NULL: it was said what is wrong, the
 * command is used wrongly. opts may be NULL. */
const struct cli_verb *cli_verb_find(const char *command,
				     const struct cli_verb *verbs,
				     const struct cli_verb_opt *opts, int argc,
				     char **argv);
/* Says what the verb wants. */
void cli_verb_wants(const char *command, const struct cli_verb *verb);

#endif
