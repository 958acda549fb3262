/* SPDX-License-Identifier: Apache-2.0
 *
 * What copying and comparing share: the rows of a set in memory, and the lists
 * of some of them.
 */
#ifndef MST_RECVER_COPY_PRIVATE_H
#define MST_RECVER_COPY_PRIVATE_H

#include "base/arena.h"
#include "recver/copy.h"

/* Groups and members of one transaction. */
#define COPY_GROUPS  500
#define COPY_MEMBERS 500000

struct copy_rows {
	struct mst_group_row *v; /* in order of key */
	size_t n, cap;
	struct mst_arena texts;
};

struct copy_list {
	bool there;
	struct mst_member *v;
	size_t n;
};

/* All rows of a set; fini in any case. */
int mst_copy_rows(struct mst_recver *r, const struct mst_recver_set_name *set,
		  struct copy_rows *rows, struct mst_err *err);
void mst_copy_rows_fini(struct copy_rows *rows);
/* How many rows from there on go together, at most COPY_GROUPS. */
size_t mst_copy_chunk(const struct copy_rows *rows, size_t at);
/* The lists of n rows, in their order; fini in any case. */
int mst_copy_lists(struct mst_recver *r, const struct mst_recver_set_name *set,
		   const struct mst_group_row *rows, size_t n,
		   struct copy_list *lists, struct mst_err *err);
void mst_copy_lists_fini(struct copy_list *lists, size_t n);
/* Cancelled? Tells the progress, keeps both leases. */
int mst_copy_step(const struct mst_recver_copy *c, const char *stage,
		  const char *set, uint64_t done, uint64_t total,
		  struct mst_err *err);

/* ---- compare.c ------------------------------------------------------------
 */

/* Reads both stores again; MST_E_CORRUPT names the first difference. from: what
 * it held when the copy was begun. */
int mst_copy_compare(const struct mst_recver_copy *c,
		     const struct mst_recver_contents *from,
		     struct mst_err *err);

#endif
