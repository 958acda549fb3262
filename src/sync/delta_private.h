/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by delta.c, digest.c and shown.c (pass 1), proven.c (what is proven),
 * collect.c (pass 2), enrich.c, identity.c and join.c (what records need to
 * know of others).
 */
#ifndef MST_SYNC_DELTA_PRIVATE_H
#define MST_SYNC_DELTA_PRIVATE_H

#include "sync/delta.h"
#include "sync/reader.h"

/* A feed that is looked up, in memory. */
struct joined {
	struct mst_buf rows; /* packed, see join.c */
	uint32_t *slots;     /* open addressing; 0 is free, else offset + 1 */
	uint32_t slots_n, n;
	bool on;
};

struct identity {
	struct mst_slice key, rank;
};

/* A record that the rows of another set need, as the row with the smallest
 * rank makes it. No payload: no row can. */
struct mst_wanted {
	uint64_t rank;
	struct mst_hash value;
	struct mst_slice payload;
};

#define LOOKUPS_MAX 2 /* of a source */

struct shown_sets; /* shown.c */

struct delta_private {
	struct joined joins[8];
	struct answers *answers[LOOKUPS_MAX]; /* lookup.c */
	struct mst_arena identity_arena;
	struct mst_map identities[MST_MAX_SETS]; /* text → struct identity */
	/* Records of referenced sets that this run found to be needed: group
	 * text → struct mst_wanted. */
	struct mst_arena wanted_arena;
	struct mst_map wanted[MST_MAX_SETS];
	struct mst_hash sum;
	struct shown_sets *shown;
};

/* Memory for what is looked up, of each joined feed and of all names; a
 * variable for the tests. More ends the run with MST_E_INVALID. */
extern size_t mst_enrich_bytes;
/* The error of it; what: "joining it to other records". */
int mst_enrich_full(const char *what, const char *title, struct mst_err *err);

/* Do records of the feed get values from elsewhere? */
bool mst_enriches(const struct mst_delta *d, unsigned feed);
/* Gives them to a record; v has room for all fields. */
void mst_enrich(const struct mst_delta *d, unsigned feed, struct mst_value *v);
void mst_enrich_fini(struct mst_delta *d);

/* ---- join.c ----- */
int mst_join_load(struct mst_delta *d, struct mst_err *err);
bool mst_joins(const struct mst_delta *d, unsigned feed);
void mst_join_fill(const struct mst_delta *d, unsigned feed,
		   struct mst_value *v);
void mst_join_fini(struct mst_delta *d);

/* Gathers what the look-ups are about and asks the destination: after the
 * joins, before any record is compared. MST_E_INCOMPLETE: it could not be asked
 * to the end. */
int mst_lookup_load(struct mst_delta *d, struct mst_err *err);
bool mst_lookup_fills(const struct mst_delta *d, unsigned feed);
void mst_lookup_fill(const struct mst_delta *d, unsigned feed,
		     struct mst_value *v);
void mst_lookup_fini(struct mst_delta *d);

/* Reads the feeds of a set's identity mapping and remembers the winners. */
int mst_identity_load(struct mst_delta *d, size_t set, struct mst_err *err);
/* mst_rules_env.winner: ctx is a struct mst_delta. Lent as long as it. */
struct mst_slice mst_identity_key(void *delta, const char *set,
				  struct mst_slice identity);
/* The winner's key when it is another record than key; else {NULL, 0}. */
struct mst_slice mst_identity_winner(const struct mst_delta *d, size_t set,
				     struct mst_rules *rules, unsigned m,
				     struct mst_slice key);

/* Memory for one chunk of groups in pass 2, and the most that one took;
 * variables for the tests. */
extern size_t mst_collect_bytes, mst_collect_most;

/* What the reads of a set's own feeds prove, before it is known what is in
 * them. */
void mst_proven_feeds(struct mst_delta *d, struct mst_set_delta *sd);
/* What was seen while a feed was read may put its sets in doubt. */
int mst_proven_read(struct mst_delta *d, unsigned feed,
		    const struct mst_read_stats *stats, struct mst_err *err);
/* Doubts reach children and derived sets. */
void mst_proven_spread(struct mst_delta *d);

/* ---- pass 1: what a feed shows ----- */

/* A feed that gives parents is read for them first, then for what is below
 * them; any other one once. Sets that others refer to come last. */
enum mst_pass { MST_PASS_PARENTS, MST_PASS_BELOW, MST_PASS_REFERENCED };

/* Reads a feed for the mappings of a pass, if it has any. */
int mst_delta_digest(struct mst_delta *d, unsigned feed, enum mst_pass pass,
		     struct mst_err *err);

/* ---- groups below others, while they are read (shown.c) -----
 *
 * Such a group has its parent's text, so it is 24 bytes at the parent's
 * position until it is held against RecVer. What is stored just so is counted
 * and forgotten; the rest becomes the set's `groups`. */
void mst_shown_init(struct mst_delta *d);
void mst_shown_fini(struct mst_delta *d);
/* Makes room; before the threads that add. */
void mst_shown_open(struct mst_delta *d, size_t set);
/* Threads that add to the group at a position hold its lock. */
void mst_shown_lock(const struct mst_delta *d, uint32_t pos);
void mst_shown_unlock(const struct mst_delta *d, uint32_t pos);
void mst_shown_add(struct mst_delta *d, size_t set, uint32_t pos,
		   const struct mst_group *part);
/* Everything below is read: what is stored comes beside it. Once. */
int mst_shown_fold(struct mst_delta *d, size_t set, struct mst_err *err);

/* Pass 2 for one set. */
int mst_collect(struct mst_delta *d, size_t set, struct mst_err *err);
size_t mst_delta_index(const struct mst_delta *d, const char *set);
/* Was the record of mapping m delivered before? (a set without a parent) */
bool mst_delta_known(const struct mst_delta *d, size_t set,
		     struct mst_rules *rules, unsigned m);
/* The filter's word, with KNOWN decided. */
static inline enum mst_keep mst_delta_keep(const struct mst_delta *d,
					   size_t set, struct mst_rules *rules,
					   unsigned m, struct mst_slice *why_r)
{
	enum mst_keep keep = mst_rules_keep(rules, m, why_r);

	if (MST_UNLIKELY(keep == MST_KNOWN))
		keep = mst_delta_known(d, set, rules, m) ? MST_KEEP : MST_DROP;
	return keep;
}
/* Does the mapping take part in reading a feed for the round? */
bool mst_mapping_active(const struct mst_delta *d, size_t m, unsigned feed,
			bool referenced);
/* Does another set hang on it? */
bool mst_delta_is_parent(const struct mst_delta *d, const struct mst_set *set);
/* The mapping that tells whether a row of mapping m counts, because its parent
 * is delivered: itself, or for rows that records without a parent are derived
 * from, that of a set which has one. -1: every row counts. */
int mst_mapping_gate(const struct mst_delta *d, size_t m, unsigned feed);
int mst_delta_cancelled(const struct mst_delta *d, struct mst_err *err);

/* Records that are reported, kept until the workers are done. Bounded. */
struct skips {
	struct mst_arena arena;
	struct skip {
		const char *set;
		struct mst_slice key, why;
	} * v;
	size_t n, cap;
};

#define SKIPS_MAX 20000 /* a worker; the counts stay right beyond it */
void mst_skips_add(struct skips *s, const char *set, struct mst_slice key,
		   struct mst_slice why);
void mst_skips_flush(struct skips *s, const struct mst_delta *d);

#endif
