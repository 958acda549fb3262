/* SPDX-License-Identifier: Apache-2.0
 *
 * Carries the changes of a delta to the destination, set by set in dependency
 * order, and commits a group when every verdict of it is in.
 *
 *   mark PENDING → offer / send / accept → verdicts → commit CLEAN or DIRTY
 *
 * Whatever happens in between, RecVer never says more than the destination
 * confirmed.
 */
#ifndef MST_SYNC_PUSH_H
#define MST_SYNC_PUSH_H

#include "sync/delta.h"

struct mst_push {
	/* Given by the caller. */
	struct mst_delta *delta;
	struct mst_state *state;
	struct mst_dest *dest;
	struct mst_client *client;
	int64_t run;
	const struct mst_progress *progress;
	const atomic_bool *cancel;
	int64_t until_us; /* no write is begun from then on; 0: no end */
	struct mst_run_counts *counts; /* by set, as in the delta */
	struct mst_journal *journal;   /* for undo, or NULL */

	/* Made by mst_push_run. */
	uint64_t applied, refused;
	uint64_t failed; /* not carried out: cancelled, throttled out */
	struct push_private *p;
};

/* What the destination's verdicts come in by: give it to dest open(). */
void mst_push_verdict(void *push, const struct mst_verdict *v);
/* An insert is about to change a record that it found (mst_found_fn). */
void mst_push_found(void *push, uint64_t change, const struct mst_sysid *id,
		    const struct mst_raw *row);
/* Sends what the destination wants to ask until it is idle: for prepare and
 * for reads. */
int mst_dest_pump(const struct mst_dest_ops *ops, struct mst_dest *dest,
		  struct mst_client *client, struct mst_err *err);
/* The same; when it waits for long that is told, as of stage "prepare". */
int mst_dest_pump_telling(const struct mst_dest_ops *ops, struct mst_dest *dest,
			  struct mst_client *client,
			  const struct mst_progress *progress, const char *what,
			  struct mst_err *err);
/* 0 when every change had its verdict (which may be a refusal). On an error
 * what was confirmed is committed, the rest stays PENDING. */
int mst_push_run(struct mst_push *p, struct mst_err *err);
/* The key of a record in the log of writes. */
struct mst_hash mst_push_log_key(const char *set, struct mst_hash group,
				 uint64_t member);

#endif
