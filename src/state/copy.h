/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole state store into another database: SQLite to PostgreSQL and back.
 */
#ifndef MST_STATE_COPY_H
#define MST_STATE_COPY_H

#include "base/err.h"

/* Copies what the store of the folder has (store NULL: the one that is in use,
 * see mst_state_open) into `to`, which must be empty, in one transaction, and
 * verifies the audit there. MST_E_CONFLICT: something runs, or `to` is not
 * empty. fn: a table and its rows, when it is done. */
int mst_store_copy(const char *dir, const char *store, const char *to,
		   void (*fn)(void *ctx, const char *table, uint64_t rows),
		   void *ctx, struct mst_err *err);

struct mst_store_look {
	bool shared;
	const char *place; /* lent by the state */
	uint64_t items, runs, tasks, entries, users;
};
struct mst_state;
int mst_store_look(struct mst_state *s, struct mst_store_look *l_r,
		   struct mst_err *err);

/* For a DBA: sql/state/create.sql, role.sql. */
const char *mst_store_script(void);
const char *mst_store_role_script(void);

#endif
