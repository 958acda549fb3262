/* SPDX-License-Identifier: Apache-2.0
 *
 * Saving a set of settings, in the one order that all commands keep: check it,
 * show what changes, show what jobs would then write, ask for consent, save
 * exactly what was shown.
 */
#ifndef MST_CLI_SETTINGS_SAVE_H
#define MST_CLI_SETTINGS_SAVE_H

#include "sync/job.h"
#include "json/out.h"

struct cli_save {
	struct mst_state *state;
	struct mst_arena *arena;
	const struct mst_opt *opts;	    /* of the connection's type */
	const char *connection;		    /* whose settings are saved */
	enum mst_env env;		    /* for this environment */
	const struct mst_conf_item *before; /* as stored; NULL: none */
	struct mst_conf_item after;
	const char *what; /* for the audit: "set", "promote" … */
	bool consent;	  /* was given */
	bool plans;	  /* show what jobs would write */
};

/* Prints, saves, and sets the command's exit status. */
int cli_save_settings(struct cli_save *s, int *status_r, struct mst_err *err);
/* What a document's settings would change against what is stored: prints it
 * and sets *n_r to how many sets differ (`muster apply`). j: JSON instead, the
 * members of an open array. */
int cli_show_settings(struct mst_state *state, const struct mst_conf *conf,
		      struct mst_jout *j, size_t *n_r, struct mst_err *err);
/* "nothing was saved: …" on stderr; the exit status. */
int cli_no_consent(void);

#endif
