/* SPDX-License-Identifier: Apache-2.0
 *
 * A delta as something to look at: every change with the columns that it
 * would write and what the destination holds in them now, read in batches.
 */
#ifndef MST_SYNC_PLAN_H
#define MST_SYNC_PLAN_H

#include "sync/run.h"

struct mst_plan_change {
	const struct mst_set *set;
	enum mst_action action; /* or MST_FORGET */
	bool held;		/* the guard would hold it back */
	struct mst_slice key, group, table;
	struct mst_hash group_key; /* in RecVer */
	uint64_t member;	   /* its key there; 0: the group's record */
	struct mst_sysid remote;
	const struct mst_cell *cells; /* what would be sent */
	size_t cells_n;
	bool found;			/* the destination has the record */
	const struct mst_slice *before; /* by column of the set; {NULL,0}: no
					 * value. NULL when not found */
};

typedef int (*mst_plan_fn)(void *ctx, const struct mst_plan_change *c);

/* Calls fn for every change, in push order. read_before: ask the destination
 * (else found is false throughout). Non-zero from fn ends it. */
int mst_plan_each(struct mst_session *s, bool read_before, mst_plan_fn fn,
		  void *ctx, struct mst_err *err);
/* Requests that the push would take, about. */
uint64_t mst_plan_requests(const struct mst_session *s);

/* Drift: every delivered record of the selected sets against the destination.
 * fn is called for records that are gone or whose columns differ from what the
 * source says they should be. */
struct mst_drift {
	const struct mst_set *set;
	struct mst_slice key, group;
	struct mst_sysid remote;
	bool gone;
	size_t n; /* columns that differ */
	struct {
		const char *column;
		struct mst_slice want, have;
	} columns[MST_MAX_COLUMNS];
};
typedef int (*mst_drift_fn)(void *ctx, const struct mst_drift *d);
/* The session must have compared with conf.full set: the changes are then all
 * records. *checked_r: how many were looked at. */
int mst_drift_each(struct mst_session *s, mst_drift_fn fn, void *ctx,
		   uint64_t *checked_r, struct mst_err *err);

#endif
