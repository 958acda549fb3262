/* SPDX-License-Identifier: Apache-2.0
 *
 * The groups of one desired set in memory: what RecVer has stored and what
 * this run's source shows, side by side. About 120 bytes a group; nothing
 * grows with the rows behind a group. Of a set below another one only the
 * groups that are not shown just as they are stored come here (shown.h).
 */
#ifndef MST_SYNC_GROUPS_H
#define MST_SYNC_GROUPS_H

#include "base/arena.h"
#include "recver/recver.h"

/* Flags of a group. */
#define MST_G_STORED 1u /* RecVer has it */
#define MST_G_SEEN   2u /* the source shows it in this run */
#define MST_G_SUPERSEDED                                                       \
	4u		     /* shown, but another record of its identity won  \
			      */
#define MST_G_CHANGED  8u    /* digest differs, or it was dirty or pending */
#define MST_G_INSERTED 16u   /* its record was made by this run */
#define MST_G_WANTED   32u   /* another set refers to it */
#define MST_G_WRITTEN  64u   /* its payload was written in this pass */
#define MST_G_REFUSED  128u  /* its record was refused in this run */
#define MST_G_ORPHAN   256u  /* its parent is not delivered */
#define MST_G_CHECKED  512u  /* a worker's own: ORPHAN was decided */
#define MST_G_DOUBT    1024u /* members are not shown, but that is not proven */
#define MST_G_LEFT     2048u /* a rule leaves it, or its parent, as it is */

struct mst_group {
	struct mst_hash key;
	/* Shown by the source; of a group that is superseded: the key of the
	 * one that won. */
	struct mst_hash digest;
	struct mst_hash stored; /* in RecVer */
	struct mst_slice text;
	struct mst_sysid remote;
	uint64_t newest; /* of the record whose digest this is */
	int64_t first_us, changed_us, last_run;
	uint32_t count;	   /* rows shown */
	uint32_t stored_n; /* members stored */
	uint16_t flags;
	uint8_t state; /* enum mst_group_state as stored */
};

struct mst_groups {
	struct mst_arena texts;
	struct mst_group *v;
	uint32_t n, cap;
	uint32_t *index;  /* open addressing; 0 is free, else position + 1 */
	uint32_t index_n; /* power of two */
	uint32_t last;	  /* rows of a group come in a row: tried first */
	uint64_t seed;
};

void mst_groups_init(struct mst_groups *g, uint64_t seed);
void mst_groups_fini(struct mst_groups *g);
/* Position of the group, or UINT32_MAX. */
uint32_t mst_groups_find(struct mst_groups *g, struct mst_slice text);
uint32_t mst_groups_find_key(const struct mst_groups *g, struct mst_hash key);
/* Finds or makes. The text is copied. */
uint32_t mst_groups_get(struct mst_groups *g, struct mst_slice text);
/* Adds what RecVer holds of a group; of a set. */
void mst_groups_take(struct mst_groups *g, const struct mst_group_row *row);
int mst_groups_load(struct mst_groups *g, struct mst_recver *r,
		    const char *target, const char *set, struct mst_err *err);
/* Adds what a part shows of a group: flags, digest and count. */
void mst_group_add(struct mst_group *to, const struct mst_group *part,
		   bool sum);
/* The same for all of a worker's groups. sum: digests add up, else
 * the greater one counts (a group that is one record). */
void mst_groups_merge(struct mst_groups *g, const struct mst_groups *part,
		      bool sum);
/* Of the groups that are shown, only the first `most` in order of their texts
 * stay so: the same ones whatever threads read them. */
void mst_groups_limit(struct mst_groups *g, uint64_t most);

/* A group that stays as it is and is not in the table. */
struct mst_quiet {
	struct mst_sysid id; /* of the record that its members hang on */
	struct mst_hash key;
};

/* Who stays (is shown, or does not go for another reason) and has a record in
 * the destination, by the record's id: a group's own, or in a set of members
 * the one that they hang on. Two groups may have one record (a device that was
 * installed anew). */
struct mst_owners {
	struct mst_owner {
		struct mst_sysid id;
		uint32_t group; /* from g->n on: a quiet one */
	} * v;
	size_t n;
};

/* Of the groups as they are now, after the comparison, and of quiet ones. */
void mst_owners_make(struct mst_owners *o, const struct mst_groups *g,
		     const struct mst_quiet *quiet, size_t quiet_n);
void mst_owners_free(struct mst_owners *o);
/* The first owner of id, and how many follow it in v; n 0: nobody. */
struct mst_owner *mst_owners_find(const struct mst_owners *o,
				  const struct mst_sysid *id, size_t *n_r);
/* Has another group than this one its record? */
bool mst_owners_other(const struct mst_owners *o, const struct mst_groups *g,
		      uint32_t group);

/* A superseded group whose record is not the winner's (it was renamed before
 * the winner took its name): nobody else will retire it. False as long as the
 * winner has no record. */
bool mst_group_orphaned(const struct mst_groups *g, uint32_t group);

/* Rows come device by device: nearly always the same text again. */
static inline bool mst_same_text(struct mst_slice a, struct mst_slice b)
{
	uint64_t x, y;
	size_t i = 0;

	if (a.n != b.n)
		return false;
	for (; i + 8 <= a.n; i += 8) {
		memcpy(&x, a.p + i, 8);
		memcpy(&y, b.p + i, 8);
		if (x != y)
			return false;
	}
	return memcmp(a.p + i, b.p + i, a.n - i) == 0;
}

/* The digest rule of one record, as mst_groups_merge has it. */
static inline void mst_group_show(struct mst_group *g, struct mst_hash value,
				  uint64_t newest, bool sum)
{
	if (sum)
		mst_hash_add(&g->digest, value);
	else if (!(g->flags & MST_G_SEEN) || newest > g->newest ||
		 (newest == g->newest &&
		  (value.hi > g->digest.hi ||
		   (value.hi == g->digest.hi && value.lo > g->digest.lo)))) {
		g->digest = value;
		g->newest = newest;
	}
	g->flags |= MST_G_SEEN;
	g->count++;
}

#endif
