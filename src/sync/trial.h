/* SPDX-License-Identifier: Apache-2.0
 *
 * What rules that are not saved yet would change: one read of the source, two
 * deltas over it, and every record as both rule sets make it. Nothing is
 * written.
 */
#ifndef MST_SYNC_TRIAL_H
#define MST_SYNC_TRIAL_H

#include "sync/run.h"

/* A field that a custom mapping reads and muster itself does not. */
struct mst_trial_field {
	const struct mst_feed *feed;
	const char *name;
	uint64_t records, values; /* that were read; that had it */
};

struct mst_trial {
	/* With the candidate rules (conf.front): opened, read, compared. */
	struct mst_session *s;
	struct mst_job present; /* the job as it is stored */
	struct mst_spool spool; /* the session's, as that job would read it */
	struct mst_delta before;
	/* Made by mst_trial_records. */
	struct mst_trial_field *fields;
	size_t fields_n;
};

/* Loads the stored job, reads what only it needs into the session's spool, and
 * computes its delta. The session's delta is there already: feeds that only the
 * stored job needs must not count in it. */
int mst_trial_open(struct mst_trial *t, struct mst_session *s,
		   struct mst_err *err);
/* Also of one that did not open. The session stays open. */
void mst_trial_close(struct mst_trial *t);

/* One record as the source has it. Texts are lent for the call. */
struct mst_trial_record {
	const struct mst_set *set;
	/* A side that does not deliver it is NULL, never both. */
	const struct mst_desired *before, *after;
	const struct mst_mapping *before_map, *after_map;
	/* Of the side that is NULL: why, empty when no rule says; and whether
	 * what was delivered of it stays as it is. */
	struct mst_slice why;
	bool left;
};

typedef int (*mst_trial_fn)(void *ctx, const struct mst_trial_record *r);

/* Calls fn for every record that either side delivers, and once for what
 * several rows make (a package); non-zero ends it. CVE definitions that only
 * rows of instances make are not among them: the deltas count these. */
int mst_trial_records(struct mst_trial *t, mst_trial_fn fn, void *ctx,
		      struct mst_err *err);

#endif
