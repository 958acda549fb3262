/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the state store share: the open database and the numbers
 * of its statements.
 */
#ifndef MST_STATE_PRIVATE_H
#define MST_STATE_PRIVATE_H

#include "db/db.h"
#include "state/state.h"

/* Kept per job; older ones go when a run begins. */
#define MST_STATE_RUNS	     1000 /* runs with their counts */
#define MST_STATE_ITEM_RUNS  20	  /* of these, with refused records */
#define MST_STATE_RUN_ITEMS  100000
#define MST_STATE_WRITES_NEW 100000 /* rows before they are merged */

enum {
	Q_ITEM_GET,
	Q_ITEM_PUT,
	Q_ITEM_DEL,
	Q_ITEMS,
	Q_AUDIT_PUT,
	Q_AUDIT,
	Q_RUN_ADD,
	Q_RUN_END,
	Q_RUN_DEAD,
	Q_RUN_OLDEST,
	Q_RUN_TRIM,
	Q_RUN_TRIM_SETS,
	Q_RUN_TRIM_ITEMS,
	Q_RUN_TRIM_FIELDS,
	Q_RUNS,
	Q_RUN,
	Q_SET_PUT,
	Q_SETS,
	Q_LOG_COUNT,
	Q_LOG_PUT,
	Q_LOG,
	Q_JOB_GET,
	Q_JOB_PUT,
	Q_WRITE_PUT,
	Q_WRITE_COUNT,
	Q_WRITE_MERGE,
	Q_WRITE_EMPTY,
	Q_WRITE_NEW,
	Q_WRITE_OLD,
	Q_FIELD_ADD,
	Q_FIELDS,
	Q_SAMPLE,
	Q_SAMPLE_PUT,
	Q_SAMPLE_DEL,
	Q_SAMPLE_EMPTY,
	Q_SECRET_GET,
	Q_SECRET_PUT,
	Q_SECRET_DEL,
	Q_SECRETS,
	Q__MAX
};

struct mst_state {
	struct mst_db db;
	char *dir;
	struct mst_state_lock *locks; /* taken through this state */
	/* How many refused and skipped records the last run that logged some
	 * has; 0: not known. */
	int64_t items_run, items_n;
};

struct mst_state_lock {
	struct mst_state_lock *next;
	struct mst_state *s;
	char *job;
	struct mst_lock file;
};

/* The run's number into the note of its job's lock, if it is ours. */
int mst_state_lock_run(struct mst_state *s, const char *job, int64_t run,
		       struct mst_err *err);
/* Whether a process holds the job's lock for this run. */
int mst_state_run_lives(struct mst_state *s, const char *job, int64_t run,
			bool *lives_r, struct mst_err *err);

/* An entry of the audit by the user of this process. */
int mst_state_audit_put(struct mst_state *s, const struct mst_state_item *it,
			const char *before, struct mst_err *err);

/* "sealed:" references are read from this store from now on. */
void mst_state_secrets_offer(struct mst_state *s);
/* A rotation that ends behind a step, as one that is killed there. */
enum mst_rotate_step { MST_ROTATE_KEYED, MST_ROTATE_SEALED, MST_ROTATE_DONE };
int mst_state_secrets_rotate_to(struct mst_state *s, enum mst_rotate_step last,
				size_t *n_r, struct mst_err *err);

#endif
