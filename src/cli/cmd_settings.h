/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of `muster settings` share.
 */
#ifndef MST_CLI_CMD_SETTINGS_H
#define MST_CLI_CMD_SETTINGS_H

#include "cli/cli.h"

#define CLI_WORDS_MAX 256 /* values of a list */

struct cli_settings {
	struct mst_state *state;
	struct mst_arena arena;
	struct mst_buf out; /* printed in the end, when all went well */
	struct mst_jout j;  /* into out */
	int status;
	/* the command line: verb, connection, key, values */
	int argc;
	char **argv;
	const char *env, *to;
	bool consent, no_override, plan, no_plan;
	uint64_t count;
};

/* The environment that is meant: the word's, or the only one. MST_E_INVALID
 * when there are two, or the connection does not serve it. */
int cli_settings_env(const struct mst_connection *c, const char *word,
		     enum mst_env *env_r, struct mst_err *err);
/* A connection in each environment that is to be shown: those that it serves,
 * or the word's alone. */
struct cli_settings_view {
	struct mst_connection c[MST_ENV__MAX];
	bool shown[MST_ENV__MAX];
	const struct mst_connection *any; /* one that is shown */
};
int cli_settings_look(struct mst_state *state, struct mst_arena *arena,
		      const char *connection, const char *env_word,
		      struct cli_settings_view *v_r, struct mst_err *err);
/* The setting of the connection; NULL with an error that names the nearest. */
const struct mst_opt *cli_settings_find(const struct mst_connection *c,
					const char *key, struct mst_err *err);

/* The two ends of a promotion: TEST of the connection, PROD of the same or of
 * the one that --to names. */
struct cli_settings_pair {
	struct mst_connection from, to;
};
int cli_settings_pair(struct cli_settings *s, struct cli_settings_pair *p_r,
		      struct mst_err *err);

int cli_settings_set(struct cli_settings *s, struct mst_err *err);
int cli_settings_unset(struct cli_settings *s, struct mst_err *err);
int cli_settings_promote(struct cli_settings *s, struct mst_err *err);
int cli_settings_undo(struct cli_settings *s, struct mst_err *err);

#endif
