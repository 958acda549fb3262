/* SPDX-License-Identifier: Apache-2.0
 *
 * Which columns make records be written again? RecVer knows one hash per
 * record, not per column. So a sample of the records of each set, chosen by
 * their hash and at most a few thousand, is kept with a hash per column in the
 * state store; when such a record is updated, the columns that differ are the
 * reasons. Sets that are smaller than the sample are in it as a whole; else the
 * counts are estimates, and say of how many updates.
 *
 * Nothing here can end a push: what cannot be stored is not known.
 */
#ifndef MST_SYNC_REASONS_H
#define MST_SYNC_REASONS_H

#include "sync/delta.h"

struct mst_reasons;
struct mst_reason; /* of a change that waits for its verdict */

/* Reasons that are no column. */
#define MST_REASON_AGAIN                                                       \
	"(sent again)" /* nothing differs: --full, or a                        \
			* run that died */
#define MST_REASON_TABLE   "(class)"
#define MST_REASON_UNKNOWN "(not known)" /* not in the sample before */

/* Records of a set in the sample; a variable for the tests. */
extern uint32_t mst_reasons_most;

/* NULL, with a warning, when the sample cannot be read; everything below takes
 * NULL. */
struct mst_reasons *mst_reasons_open(struct mst_state *state,
				     const struct mst_delta *d);
/* A change is about to be offered; d is its desired record, NULL when it has
 * none (it is not shown any more). key: as in the log of writes. NULL: not in
 * the sample. */
struct mst_reason *mst_reasons_offer(struct mst_reasons *r, size_t set,
				     struct mst_hash key,
				     const struct mst_desired *d);
/* Its verdict; *why is freed. Call it for changes without one too. */
void mst_reasons_settle(struct mst_reasons *r, size_t set,
			enum mst_action action, enum mst_verdict_kind kind,
			struct mst_reason **why);
void mst_reason_drop(struct mst_reason **why);
/* Stores counts and sample, and frees. */
void mst_reasons_close(struct mst_reasons **r, int64_t run);

#endif
