/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite counts the commits of others (data_version) and the rows that its own
 * statements changed; a server's store says nothing of the kind.
 */
#include "state/version.h"

#include "state_private.h"

void mst_state_version(struct mst_state *s, struct mst_state_version *v_r)
{
	static const char q_others[] = "PRAGMA data_version";
	static const char q_own[] = "SELECT total_changes()";
	struct mst_err err = MST_ERR_INIT;

	*v_r = (struct mst_state_version){0};
	v_r->known = !s->url &&
		     mst_sdb_ask(s->db, q_others, &v_r->others, &err) == 0 &&
		     mst_sdb_ask(s->db, q_own, &v_r->own, &err) == 0;
}
