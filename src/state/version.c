/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite counts the commits of others (data_version) and the rows that its own
 * statements changed; a server's store says nothing of the kind.
 */
#include "state/version.h"

#include "state_private.h"

static bool number(struct mst_state *s, const char *sql, int64_t *n_r)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_sdb_st *st;

	return mst_sdb_stmt(s->db, sql, &st, &err) == 0 &&
	       mst_sdb_number(st, n_r, &err) == 0;
}

void mst_state_version(struct mst_state *s, struct mst_state_version *v_r)
{
	*v_r = (struct mst_state_version){0};
	v_r->known = !s->url &&
		     number(s, "PRAGMA data_version", &v_r->others) &&
		     number(s, "SELECT total_changes()", &v_r->own);
}
