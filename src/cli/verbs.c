/* SPDX-License-Identifier: Apache-2.0
 *
 * See verbs.h.
 */
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

#define VERBS_MAX 16

static void unknown(const char *command, const struct cli_verb *verbs,
		    const char *word)
{
	const char *names[VERBS_MAX + 1] = {NULL};
	const char *near;
	size_t n = 0;

	(void)fprintf(stderr, "muster: %s knows ", command);
	for (; n < VERBS_MAX && verbs[n].name; n++) {
		names[n] = verbs[n].name;
		(void)fprintf(stderr, "%s%s",
			      n == 0		  ? ""
			      : verbs[n + 1].name ? ", "
						  : " and ",
			      verbs[n].name);
	}
	near = mst_nearest(word, names);
	(void)fprintf(stderr, ", not '%s'%s%s%s\n", word,
		      near ? "; did you mean '" : "", near ? near : "",
		      near ? "'?" : "");
}

void cli_verb_wants(const char *command, const struct cli_verb *verb)
{
	(void)fprintf(stderr, "muster: %s %s wants %s\n", command, verb->name,
		      verb->wants);
}

/* An option that means nothing for the verb is a mistake. */
static bool options_fit(const char *command, const struct cli_verb_opt *opts,
			unsigned bit)
{
	for (; opts && opts->name; opts++) {
		if (!opts->given || opts->of & bit)
			continue;
		(void)fprintf(stderr,
			      "muster: --%s means nothing with that; 'muster "
			      "%s --help' says more\n",
			      opts->name, command);
		return false;
	}
	return true;
}

const struct cli_verb *cli_verb_find(const char *command,
				     const struct cli_verb *verbs,
				     const struct cli_verb_opt *opts, int argc,
				     char **argv)
{
	const struct cli_verb *v = verbs;

	while (v->name && strcmp(v->name, argv[0]) != 0)
		v++;
	if (!v->name) {
		unknown(command, verbs, argv[0]);
		return NULL;
	}
	if (argc - 1 < v->least || argc - 1 > v->most) {
		cli_verb_wants(command, v);
		return NULL;
	}
	return options_fit(command, opts, v->bit) ? v : NULL;
}
