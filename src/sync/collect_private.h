/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by collect.c (the rows of the changed groups) and diff.c (what they
 * change).
 */
#ifndef MST_SYNC_COLLECT_PRIVATE_H
#define MST_SYNC_COLLECT_PRIVATE_H

#include "sync/delta_private.h"

/* A changed group of the chunk, with its stored members. */
struct slot {
	uint32_t group, n;
	size_t first;
};

/* A row that is not stored as it is. */
struct entry {
	uint64_t key, value, rank, off;
	uint32_t slot, len;
};

/* What became of a stored member. */
enum fate {
	FATE_GONE,   /* no row shows it */
	FATE_SHOWN,  /* as it is */
	FATE_ANEW,   /* a row says something else */
	FATE_OTHERS, /* gone, but another group has the same record */
	FATE_WAITS   /* whether another group has it is known next time */
};

/* Changed groups that are looked at together. */
struct chunk {
	struct mst_delta *d;
	struct mst_set_delta *sd;
	size_t set;
	struct slot *slots;
	size_t slots_n;
	uint32_t *slot_of; /* by group */
	/* Of the stored members; ranks only of those that are shown. */
	uint64_t *keys, *values, *ranks;
	uint8_t *fates;
	size_t members_n;
	struct entry *entries;
	size_t entries_n;
	uint8_t *written; /* by group: sets whose groups are records */
	/* Slots from here on are left to the next chunk: there are more
	 * entries than memory for them. */
	_Atomic uint32_t kept;
	_Atomic size_t held, held_most; /* entries of all workers */
	size_t held_max;
	uint32_t next; /* group that the next chunk begins with */
	bool dense;    /* it came to that: most rows are entries */
	struct mst_owners owners;
};

/* What the rows that a worker reads need of the sets that are referred to, and
 * neither RecVer nor, perhaps, their own feed has. */
struct wants {
	const struct mst_delta *d;
	struct mst_arena arena;
	struct mst_map sets[MST_MAX_SETS]; /* group text → struct mst_wanted */
	int fallback[MST_MAX_SETS]; /* mapping that makes one; -1: none */
	struct mst_desired made;
};

void mst_wants_init(struct wants *w, const struct mst_delta *d, unsigned feed);
/* Of the record that rules is at, which makes the new or changed record e. */
void mst_wants_note(struct wants *w, struct mst_rules *rules,
		    const struct mst_desired *e);
/* Adds them to the delta's, and frees them. */
void mst_wants_merge(struct wants *w);

/* Does the destination have it? A push that died leaves a row without a remote
 * id behind. */
static inline bool mst_is_delivered(const struct mst_group *g)
{
	return (g->flags & MST_G_STORED) && !mst_sysid_is_zero(&g->remote);
}

/* A run died, or an answer was lost, between a write to the group and its
 * verdict: what is stored of it may have been closed or deleted since. */
static inline bool mst_is_unsure(const struct chunk *ch, uint32_t slot)
{
	return ch->sd->groups.v[ch->slots[slot].group].state ==
	       MST_GROUP_PENDING;
}

/* Position of key among a slot's stored members, or SIZE_MAX. */
size_t mst_stored_at(const struct chunk *ch, const struct slot *s,
		     uint64_t key);
/* The chunk's entries against what is stored: changes to the change file. */
int mst_diff_members(struct chunk *ch, struct mst_err *err);
/* The same for a set whose groups are records. */
int mst_diff_records(struct chunk *ch, struct mst_err *err);

#endif
