/* SPDX-License-Identifier: Apache-2.0
 *
 * Moving a RecVer between two stores. Everything that counts is copied: the
 * seed, the values and sets of all targets, groups with their lists; then both
 * are read again and compared. Until they are equal the copy is marked as
 * unfinished (MST_RECVER_UNFINISHED), and a run refuses it. From is only read.
 */
#ifndef MST_RECVER_COPY_H
#define MST_RECVER_COPY_H

#include <stdatomic.h>

#include "recver/recver.h"

/* What a store holds, without its groups. */
struct mst_recver_set_name {
	char *target, *name;
};

struct mst_recver_value {
	char *target, *name;
	struct mst_slice value;
};

struct mst_recver_contents {
	struct mst_recver_set_name *sets; /* in order of target and name */
	size_t sets_n;
	struct mst_recver_value *values; /* the same; of target "", too */
	size_t values_n;
	char **targets; /* of both, each once, without "" */
	size_t targets_n;
};

int mst_recver_contents(struct mst_recver *r, struct mst_recver_contents *c_r,
			struct mst_err *err);
void mst_recver_contents_fini(struct mst_recver_contents *c);
/* Its value; NULL: there is none. */
const struct mst_slice *
mst_recver_contents_value(const struct mst_recver_contents *c,
			  const char *target, const char *name);
/* A copy into it was begun and not finished. */
bool mst_recver_is_unfinished(const struct mst_recver_contents *c);
/* Forgets all targets, and what belongs to none. */
int mst_recver_empty(struct mst_recver *r, struct mst_err *err);

struct mst_recver_copy {
	struct mst_recver *from, *to; /* open; not the same database */
	const char *name; /* of from, for the mark: a line for people */
	bool force;	  /* to may hold something; it is emptied */
	const atomic_bool *cancel; /* may be NULL */
	/* Now and then; may be NULL. stage: "copy", "compare". */
	void (*progress)(void *ctx, const char *stage, const char *set,
			 uint64_t done, uint64_t total);
	void *ctx;
};

struct mst_recver_copy_sum {
	uint64_t targets, sets, groups, members, values;
};

/* MST_E_CONFLICT: to is not empty, and force is not set; MST_E_CANCELLED. After
 * any error from is as it was, and to is empty, as it was, or unfinished: the
 * same call makes it whole. */
int mst_recver_copy(const struct mst_recver_copy *c,
		    struct mst_recver_copy_sum *sum_r, struct mst_err *err);

#endif
