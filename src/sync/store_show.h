/* SPDX-License-Identifier: Apache-2.0
 *
 * What RecVer of a source holds, as 'muster recver stats' and the API show it.
 */
#ifndef MST_SYNC_STORE_SHOW_H
#define MST_SYNC_STORE_SHOW_H

#include "sync/connection.h"
#include "sync/store.h"
#include "json/out.h"

struct mst_store_set {
	const char *name;
	struct mst_recver_stats stats; /* bytes: of the whole database */
};

/* What was delivered to one destination. */
struct mst_store_target {
	const char *name;
	const char *const *jobs; /* that deliver there, up to NULL */
	const struct mst_store_set *sets;
	size_t sets_n;
};

struct mst_store_held {
	uint64_t bytes;
	const struct mst_store_target *targets;
	size_t n;
};

/* Is it a file of this machine? Else it is on a server, which may keep whoever
 * asks waiting. */
bool mst_store_is_file(const struct mst_connection *source);
/* Members connection, type and place. */
void mst_store_place_json(struct mst_state *state,
			  const struct mst_connection *source,
			  struct mst_arena *arena, struct mst_jout *j);
/* Looks into it; one that is not there yet holds nothing. Takes its lock while
 * it does: MST_E_CONFLICT names who has it. Texts live in arena. */
int mst_store_held(struct mst_state *state, const struct mst_connection *source,
		   struct mst_arena *arena, struct mst_store_held *h_r,
		   struct mst_err *err);
/* Members groups, members, bytes, dirty and pending. */
void mst_store_stats_json(const struct mst_recver_stats *s, struct mst_jout *j);
/* The member targets. */
void mst_store_targets_json(const struct mst_store_held *h, struct mst_jout *j);

#endif
