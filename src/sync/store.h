/* SPDX-License-Identifier: Apache-2.0
 *
 * The RecVer database of a source connection: where it is, and opening it.
 */
#ifndef MST_SYNC_STORE_H
#define MST_SYNC_STORE_H

#include "base/arena.h"
#include "recver/recver.h"
#include "state/state.h"

/* conf: the connection's options; *conf_r the same with the path of a file
 * filled in, which is below the state folder when the options name none. Texts
 * live in arena and where conf's do. */
void mst_store_conf(struct mst_state *state, const char *source,
		    const struct mst_recver_conf *conf, struct mst_arena *arena,
		    struct mst_recver_conf *conf_r);
/* Opens it, and makes its folder when create. MST_E_INVALID: no such type;
 * MST_E_CONFLICT: a copy into it was not finished; else as
 * mst_recver_ops.open. */
int mst_store_open(struct mst_state *state, const char *source,
		   const struct mst_recver_conf *conf, bool create,
		   struct mst_recver **r_r, struct mst_err *err);
/* The same for those who mend or look: one that is unfinished, too. */
int mst_store_open_any(struct mst_state *state, const char *source,
		       const struct mst_recver_conf *conf, bool create,
		       struct mst_recver **r_r, struct mst_err *err);

#endif
