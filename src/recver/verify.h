/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a RecVer database hold what it must? Every invariant of every row, of
 * any store, from what the store shows of itself (mst_recver_ops.verify). Reads
 * only.
 */
#ifndef MST_RECVER_VERIFY_H
#define MST_RECVER_VERIFY_H

#include "recver/recver.h"

/* What is known of a target. */
struct mst_recver_target {
	const struct mst_catalog *catalog; /* its sets */
	const char *job;     /* one that delivers there; NULL: none */
	bool is_destination; /* there is a connection of this name */
};

struct mst_recver_finding {
	bool note; /* good to know; nothing is wrong */
	/* Of what: "" where it is of all. group: its text, or its key. */
	const char *target, *set, *group;
	const char *what;   /* one line */
	const char *remedy; /* one line; "" for a note without one */
};

struct mst_recver_verify_env {
	const char *source; /* the connection's name */
	const char *only;   /* this target alone; NULL: all */
	void (*target)(void *ctx, const char *name,
		       struct mst_recver_target *t_r);
	/* Behind the last row; texts are lent for the call. */
	void (*found)(void *ctx, const struct mst_recver_finding *f);
	/* Now and then, groups so far; may be NULL. */
	void (*progress)(void *ctx, uint64_t groups);
	void *ctx;
};

struct mst_recver_verify_sum {
	uint64_t sets, groups, members, dirty, pending;
	uint64_t findings, notes; /* those that are not shown, too */
};

/* Of many findings of one kind in a set the first ones are shown, and how many
 * more there are. An error: the database cannot be read. */
int mst_recver_verify(struct mst_recver *r,
		      const struct mst_recver_verify_env *env,
		      struct mst_recver_verify_sum *sum_r, struct mst_err *err);

#endif
