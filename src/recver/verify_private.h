/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the verification share: what was seen so far, and the kinds
 * of what may be wrong.
 */
#ifndef MST_RECVER_VERIFY_PRIVATE_H
#define MST_RECVER_VERIFY_PRIVATE_H

#include "base/arena.h"
#include "recver/verify.h"

/* Of a kind in a set so many are shown. */
#define MST_VERIFY_SHOWN 10

enum verify_kind {
	/* the database */
	V_SEED,
	V_HASH,
	V_SCHEMA,
	V_SOURCE,
	V_UNFINISHED,
	V_STRAY,
	V_PAGES,
	/* values and sets */
	V_VALUE,
	V_VALUE_UNKNOWN,
	V_TARGET,
	V_SET_UNKNOWN,
	V_SET_TWICE,
	V_SET_NUMBER,
	V_NO_SET,
	/* groups */
	V_KEY,
	V_ORDER,
	V_TEXT,
	V_DIGEST,
	V_REMOTE,
	V_STATE,
	V_NUMBERS,
	V_STORE,
	V_LIST_GONE,
	V_LIST_EXTRA,
	V_LIST_LENGTH,
	V_LIST_ORDER,
	V_INTENDED,
	V_NO_REMOTE,
	V_NO_REMOTES,
	V_PARENT,
	V__MAX
};

/* A group that a parent is asked for, or that is one. */
struct verify_key {
	uint8_t raw[16];
	bool clean;
};

struct verify_set {
	int64_t id;
	const char *target, *name; /* in arena; NULL: it has no row */
	struct mst_recver_target of;
	const struct mst_set *def; /* NULL: unknown */
	bool wanted, keeps_keys;
	uint8_t last[16];
	bool begun;
	struct verify_key *keys; /* in order */
	size_t keys_n, keys_cap;
	uint64_t count[V__MAX]; /* findings */
};

struct verify_finding {
	enum verify_kind kind;
	size_t set;			   /* of sets; SIZE_MAX: none */
	const char *target, *group, *what; /* in arena */
};

struct verify {
	const struct mst_recver_verify_env *env;
	struct mst_arena arena;
	struct verify_set *sets;
	size_t sets_n, sets_cap;
	struct verify_finding *found;
	size_t found_n, found_cap;
	uint64_t count[V__MAX]; /* those of no set */
	uint64_t seed;
	unsigned has; /* bit of a kind: the value was there */
	struct mst_recver_verify_sum sum;
};

/* A finding; set SIZE_MAX: of the target, or of all. what NULL: the kind's own
 * text. */
void mst_verify_found(struct verify *v, enum verify_kind kind, size_t set,
		      const char *target, const char *group, const char *what);
/* All of them to env->found. */
void mst_verify_tell(struct verify *v);

/* ---- verify_group.c ------------------------------------------------------ */

void mst_verify_group(struct verify *v, size_t set,
		      const struct mst_recver_raw *g);
/* Behind all groups: are the parents there? */
void mst_verify_parents(struct verify *v);

#endif
