/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the state store share: the open database, and what one
 * of them does for another.
 */
#ifndef MST_STATE_PRIVATE_H
#define MST_STATE_PRIVATE_H

#include <sys/types.h>

#include "db/db.h"
#include "lease.h"
#include "sdb.h"
#include "state/state.h"

/* Kept per job; older ones go when a run begins. */
#define MST_STATE_RUNS	     100000 /* runs with their counts */
#define MST_STATE_ITEM_RUNS  20	    /* of these, with refused records */
#define MST_STATE_RUN_ITEMS  100000
#define MST_STATE_WRITES_NEW 100000 /* rows before they are merged */

struct mst_state {
	struct mst_sdb *db;
	char *dir;
	char *store; /* for people */
	char *url;   /* of a shared store, else NULL */
	dev_t dev;   /* of a file's: which one was opened */
	ino_t ino;
	struct mst_state_lock *locks; /* taken through this state */
	/* How many refused and skipped records the last run that logged some
	 * has; 0: not known. */
	int64_t items_run, items_n;
	char *actor, *via, *address; /* NULL: not known yet */
	char *node;		     /* NULL: as $MUSTER_NODE says */
};

struct mst_state_lock {
	struct mst_state_lock *next;
	struct mst_state *s;
	char *job;
	struct mst_lock file;	 /* this or */
	struct mst_lease *lease; /* that */
};

/* The run's number into the note of its job's lock, if it is ours. */
int mst_state_lock_run(struct mst_state *s, const char *job, int64_t run,
		       struct mst_err *err);
/* Whether a process holds the job's lock for this run. */
int mst_state_run_lives(struct mst_state *s, const char *job, int64_t run,
			bool *lives_r, struct mst_err *err);

/* In a transaction that adds entries after other changes: first, so that two
 * of them wait for each other in one order. */
int mst_audit_lock(struct mst_state *s, struct mst_err *err);
/* Entries of a store that was made before there were hashes get them. */
int mst_audit_seal_old(struct mst_state *s, struct mst_err *err);
/* actor, via and address are known from now on. */
void mst_state_actor_need(struct mst_state *s);
void mst_state_actor_fini(struct mst_state *s);

/* At the begin of every transaction: are the leases that this handle holds
 * still its own? */
int mst_state_fence(void *state, struct mst_err *err);

/* A rotation that ends behind a step, as one that is killed there. */
enum mst_rotate_step { MST_ROTATE_KEYED, MST_ROTATE_SEALED, MST_ROTATE_DONE };
int mst_state_secrets_rotate_to(struct mst_state *s, enum mst_rotate_step last,
				size_t *n_r, struct mst_err *err);

#endif
