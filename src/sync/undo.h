/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes a run back: the inverse of every write, from what was read before it
 * (journal.h). What anybody changed since stays as it is, with the reason.
 *
 *   open   journal → items; the destination is read; nothing is written
 *   run    the items that can be undone, children before parents
 *
 * RecVer then no longer vouches for the groups: the next run looks at all of
 * them again, and writes what its rules say by then.
 */
#ifndef MST_SYNC_UNDO_H
#define MST_SYNC_UNDO_H

#include "sync/run.h"

enum mst_undo_kind {
	MST_UNDO_RESTORE, /* columns get their old values */
	MST_UNDO_REMOVE,  /* the run made it */
	MST_UNDO_RETIRE,  /* the run made it, and it is a CI */
	MST_UNDO_MAKE,	  /* the run deleted it */
	MST_UNDO_NOTHING, /* nothing to do; why says it */
	MST_UNDO_REFUSED  /* others changed it, or nobody knows; why */
};

const char *mst_undo_kind_name(enum mst_undo_kind k); /* "restore" … */

struct mst_undo_column {
	const char *name;
	struct mst_slice now, then; /* what the run left, what was before */
};

struct mst_undo_item {
	const struct mst_set *set;
	enum mst_undo_kind kind;
	const char *why; /* NOTHING, REFUSED */
	struct mst_slice group, table;
	struct mst_sysid id;
	struct mst_undo_column *columns; /* RESTORE, RETIRE, MAKE */
	size_t columns_n;
	bool done; /* by mst_undo_run */

	struct mst_hash group_key, log;
	/* By the run: made it, took it away (or: closed, retired it), deleted
	 * it; could not read it before. */
	bool made, gone, deleted, unread;
	uint64_t member; /* its key in the group; 0: the group's record */
	struct mst_json_pair *before, *after; /* as journaled */
	size_t before_n, after_n;
	bool has_after;
};

struct mst_undo {
	struct mst_session session;
	int64_t run; /* that is taken back */
	struct mst_arena arena;
	struct mst_undo_item *items; /* in the order of undoing */
	size_t items_n;
	uint64_t counts[MST_UNDO_REFUSED + 1]; /* by kind */
	uint64_t done, failed;
	bool dead;  /* the run did not end */
	bool whole; /* its journal did */
	/* A later run, and the one that it took back, or 0. */
	int64_t later, later_of;
};

/* MST_E_NOTFOUND: no such run, or it keeps no journal (any more). Close in any
 * case. */
int mst_undo_open(struct mst_undo *u, struct mst_state *state, int64_t run,
		  const atomic_bool *cancel, struct mst_err *err);
/* Writes; recorded as a run of the job. Items that could not be undone after
 * all become REFUSED. */
int mst_undo_run(struct mst_undo *u, struct mst_err *err);
void mst_undo_close(struct mst_undo *u, const struct mst_err *failed);

#endif
