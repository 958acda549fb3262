/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands of the CLI at a server: which there are, what they need, and which
 * of their options mean a file of the one who asks. Read by both ends: `muster
 * --server` makes a request of its words, POST /commands makes a task of it. An
 * option that is not here is refused.
 */
#ifndef MST_API_REMOTE_H
#define MST_API_REMOTE_H

#include "base/arena.h"
#include "base/err.h"

#define MST_REMOTE_WORDS 600

#define MST_REMOTE_REPEAT 1u /* may be done again when its node is lost */
#define MST_REMOTE_PROD	  2u /* changes what PROD has, or may */
#define MST_REMOTE_CONF	  8u /* and that is its configuration */
#define MST_REMOTE_JOB	  4u /* writes where its job, the first word, does */

struct mst_remote {
	const char *command;
	const char *verb; /* NULL: it has none */
	unsigned may;	  /* MST_MAY_… */
	unsigned flags;
	/* Options, words with '|' between: switches, with a value, whose value
	 * is a file that is read, and one that is written. */
	const char *switches, *values, *reads, *writes;
	int files; /* words from this one on are files that are read; 0: none */
};

enum mst_remote_kind {
	MST_REMOTE_SWITCH,
	MST_REMOTE_VALUE,
	MST_REMOTE_READS,
	MST_REMOTE_WRITES,
	MST_REMOTE_WORD,
	MST_REMOTE_FILE /* a word that is a file */
};

struct mst_remote_part {
	enum mst_remote_kind kind;
	const char *name;  /* of the option; NULL of a word */
	const char *value; /* NULL of a switch */
};

struct mst_remote_call {
	const struct mst_remote *rule;
	struct mst_remote_part *parts; /* in their order, without the verb */
	size_t n;
};

/* Does the command work on this machine whoever serves it (version, demo)? */
bool mst_remote_is_local(const char *command);
/* Takes words apart, those behind "muster". Texts are borrowed; the list lives
 * in arena. MST_E_UNSUPPORTED: the command, or an option of it, is not done at
 * a server; MST_E_INVALID: words that make no sense. */
int mst_remote_read(const char *const *words, size_t n, struct mst_arena *arena,
		    struct mst_remote_call *c_r, struct mst_err *err);
/* The value of an option; NULL: it is not there. "" of a switch. */
const char *mst_remote_value(const struct mst_remote_call *c, const char *name);

#endif
