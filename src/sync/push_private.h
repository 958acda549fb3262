/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by push.c (offering and sending), verdict.c (what came back, the log
 * of writes) and commit.c (what is stored of it).
 */
#ifndef MST_SYNC_PUSH_PRIVATE_H
#define MST_SYNC_PUSH_PRIVATE_H

#include <sys/queue.h>

#include "base/limits.h"
#include "sync/push.h"

#define MST_PUSH_LOG_ROWS  5000
#define MST_PUSH_LOG_ITEMS 1000

struct mst_push_group;

/* A change on its way. */
struct mst_push_change {
	struct mst_change_rec rec;
	struct mst_push_group *group;
	struct mst_sysid remote;
	bool done, good;
	bool lacking; /* goes without a reference that is to come */
};

/* A group on its way. */
struct mst_push_group {
	TAILQ_ENTRY(mst_push_group) link;
	struct mst_set_delta *sd;
	uint32_t group;
	uint32_t open; /* changes without a verdict, and one while offering */
	bool bad;      /* some verdict was not good */
	bool held;     /* missing members were not offered */
	bool unsure;   /* what became of a change is not known */
	struct mst_push_change *v;
	uint32_t n;
	struct mst_member *stored;
	size_t stored_n;
};

TAILQ_HEAD(mst_push_groups, mst_push_group);

struct push_private {
	const struct mst_dest_ops *ops;
	struct mst_push_groups flying; /* offered, verdicts are missing */
	struct mst_push_groups done;   /* all verdicts in, to be committed */
	size_t done_n;
	uint64_t open;		  /* changes without a verdict */
	struct mst_set_delta *sd; /* the set that is pushed */
	struct mst_run_counts *c;
	struct mst_owners owners; /* of the set, when something is missing */
	struct mst_buf payload;
	struct mst_desired desired;
	/* What is to be noted in the state store with the next commit. */
	struct mst_write_log log[MST_PUSH_LOG_ROWS];
	struct mst_run_item items[MST_PUSH_LOG_ITEMS];
	size_t log_n, items_n;
	struct mst_arena log_arena;   /* their texts */
	struct mst_push_groups batch; /* loading members */
	struct mst_progress_now now;
	uint64_t requests; /* of the client, when the set began */
	bool abort;
	struct mst_slice missing_table; /* of records that are not shown */
	char missing_text[MST_MAX_NAME + 64];
};

/* A change has its verdict: its group is done with the last of them. */
void mst_push_settle(struct mst_push *p, struct mst_push_change *c);
/* One reason less for the group to stay open. */
void mst_push_leave(struct mst_push *p, struct mst_push_group *a);
/* A verdict of our own: the change waits for something. */
void mst_push_refuse(struct mst_push *p, struct mst_push_change *c,
		     const char *reason);
/* Writes down the writes and refusals that came together. */
int mst_push_flush_log(struct mst_push *p, struct mst_err *err);
/* Order of members, for qsort and bsearch. */
int mst_push_by_key(const void *a, const void *b);
/* One transaction for the groups that are done. */
int mst_push_commit(struct mst_push *p, struct mst_err *err);
void mst_push_group_free(struct mst_push_group *a);

#endif
