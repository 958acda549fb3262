/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by push.c (rounds, batches, sending), begin.c (what comes before a
 * batch), offer.c (changes to the destination), verdict.c (what came back, the
 * log of writes) and commit.c (what is stored of it).
 */
#ifndef MST_SYNC_PUSH_PRIVATE_H
#define MST_SYNC_PUSH_PRIVATE_H

#include <sys/queue.h>

#include "base/limits.h"
#include "sync/push.h"
#include "sync/reasons.h"

#define MST_PUSH_BATCH	   256 /* groups that are marked and loaded at once */
#define MST_PUSH_LOG_ROWS  5000
#define MST_PUSH_LOG_ITEMS 1000

struct mst_push_group;

/* A change on its way. */
struct mst_push_change {
	struct mst_change_rec rec;
	struct mst_push_group *group;
	struct mst_sysid remote; /* as the verdict says; of a leftover: found */
	bool done, good;
	bool unknown;  /* whether it was carried out */
	bool lacking;  /* goes without a reference that is to come */
	bool leftover; /* a dead run may have made it, nobody wants it */
	struct mst_reason *why; /* it is written, if that will be known */
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
	struct mst_push_change *v; /* of a set of members: by key */
	uint32_t n;
	struct mst_member *stored;
	size_t stored_n;
	struct mst_sysid parent; /* zero: it is not there */
	bool parent_new;	 /* made by this run */
	char unread[256];	 /* why leftovers could not be looked for */
	bool absent;		 /* the destination does not have the record */
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
	struct mst_rules *rules;
	unsigned looking; /* answers about leftovers that are not there yet */
	struct mst_buf payload;
	struct mst_desired desired;
	/* What is to be noted in the state store with the next commit. */
	struct mst_write_log log[MST_PUSH_LOG_ROWS];
	struct mst_run_item items[MST_PUSH_LOG_ITEMS];
	size_t log_n, items_n;
	struct mst_arena log_arena;   /* their texts */
	struct mst_push_groups batch; /* loading members */
	struct mst_reasons *reasons;
	struct mst_progress_now now;
	uint64_t told[MST_MAX_SETS]; /* done of each set, in all rounds */
	uint64_t requests;	     /* of the client, when the set began */
	bool abort, over;	     /* nothing new; because the window ended */
	struct mst_slice missing_table; /* of records that are not shown */
	char missing_text[MST_MAX_NAME + 64];
};

/* The batch: marked, loaded, leftovers found. */
int mst_push_begin(struct mst_push *p, struct mst_err *err);
int mst_push_offer(struct mst_push *p, struct mst_push_group *a,
		   struct mst_err *err);
/* One turn with the destination; 1: it is idle. */
int mst_push_pump(struct mst_push *p, struct mst_err *err);
/* What is under way finishes; nothing new is sent. */
void mst_push_check_cancel(struct mst_push *p);
/* A change has its verdict: its group is done with the last of them. */
void mst_push_settle(struct mst_push *p, struct mst_push_change *c);
/* One reason less for the group to stay open. */
void mst_push_leave(struct mst_push *p, struct mst_push_group *a);
/* A verdict of our own: the change waits for something. */
void mst_push_refuse(struct mst_push *p, struct mst_push_change *c,
		     const char *reason);
/* Writes down the writes and refusals that came together. */
int mst_push_flush_log(struct mst_push *p, struct mst_err *err);
/* The stored member of a key, or NULL. */
const struct mst_member *mst_push_stored(const struct mst_push_group *a,
					 uint64_t key);
/* The stored members and the changes in order of key: of each change `fate`
 * says what member there is with it, or false: none. out has room for all.
 * Returns how many there are. */
size_t mst_push_merge(const struct mst_push_group *a,
		      bool (*fate)(const struct mst_push_group *a,
				   const struct mst_push_change *c,
				   const struct mst_member *stored,
				   struct mst_member *out),
		      struct mst_member *out);
/* One transaction for the groups that are done. */
int mst_push_commit(struct mst_push *p, struct mst_err *err);
void mst_push_group_free(struct mst_push_group *a);

#endif
