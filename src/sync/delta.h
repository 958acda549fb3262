/* SPDX-License-Identifier: Apache-2.0
 *
 * What changed: the spool against RecVer, for every selected set of a job.
 *
 *   pass 1  every feed: a digest per group                (memory: O(groups))
 *   compare digests with the stored ones
 *   pass 2  only for sets with changed groups: their rows again, member by
 *           member, in chunks of groups that fit a fixed memory
 *
 * The result is a change file per set. Nothing is written anywhere else: plan,
 * check and run all start from it.
 */
#ifndef MST_SYNC_DELTA_H
#define MST_SYNC_DELTA_H

#include "base/map.h"
#include "sync/changes.h"
#include "sync/groups.h"
#include "sync/job.h"
#include "sync/progress.h"
#include "sync/reader.h"

struct mst_set_delta {
	const struct mst_set *set;
	bool selected;
	bool proven;   /* every read behind it was complete: what is not
			* shown is missing */
	bool held;     /* the guard holds its missing records back */
	char why[320]; /* not proven: the doubt */
	struct mst_groups groups;
	struct mst_changes changes;
	uint64_t read, dropped, skipped;
	uint64_t inserts, updates, missing, unchanged;
	uint64_t stored; /* records delivered before this run */
	uint32_t changed_groups;
	/* Of links: groups that are as they are stored, and therefore not
	 * among `groups`. */
	struct mst_quiet *quiet;
	size_t quiet_n, quiet_cap;
};

/* A record that cannot be delivered, with the reason. */
typedef void (*mst_skip_fn)(void *ctx, const char *set, struct mst_slice key,
			    struct mst_slice why);

/* Asks the destination, to the end: f->whole says whether it was reached. */
typedef int (*mst_find_fn)(void *ctx, struct mst_find *f, struct mst_err *err);

struct mst_delta {
	/* Given by the caller. */
	const struct mst_job *job;
	const struct mst_spool *spool;
	struct mst_recver *recver;
	const char *target;
	struct mst_rules_env rules;
	unsigned threads;
	bool full;	   /* take every group for changed */
	bool every_group;  /* those that did not change are kept, too: they will
			    * be asked for */
	bool accept_empty; /* a feed that has become empty is believed */
	const char *one;   /* a single record of the primary set */
	uint64_t limit;	   /* at most so many groups of it; 0: all */
	const char *dir;   /* for change files */
	const struct mst_progress *progress;
	const atomic_bool *cancel;
	mst_skip_fn skip; /* called on the caller's thread */
	void *skip_ctx;
	mst_find_fn find; /* for look-ups */
	void *find_ctx;

	/* Made by mst_delta_run. */
	struct mst_set_delta sets[MST_MAX_SETS];
	size_t sets_n;
	size_t order[MST_MAX_SETS];	      /* sets in push order */
	uint64_t feed_records[MST_MAX_FEEDS]; /* as read in this run */
	bool feed_read[MST_MAX_FEEDS];	      /* some mapping wanted it */
	atomic_bool one_found;		      /* and it is delivered */
	struct delta_private *p;
};

int mst_delta_run(struct mst_delta *d, struct mst_err *err);
void mst_delta_fini(struct mst_delta *d);
struct mst_set_delta *mst_delta_set(struct mst_delta *d, const char *name);
/* Is this what a person calls the record of that key? Where keys begin with the
 * connection's name ("plant/7") that may be left out. */
bool mst_delta_is_key(const char *connection, struct mst_slice key,
		      struct mst_slice want);
/* Notes in RecVer how many records each feed had: a later run that finds none
 * where there were some does not believe it. Before the push; then, empty:
 * those that had none, which a person has approved, when it is done. */
int mst_delta_note_feeds(struct mst_delta *d, bool empty, struct mst_err *err);
/* A number over everything that would be written: equal numbers, equal plans.
 */
struct mst_hash mst_delta_sum(const struct mst_delta *d);

#endif
