/* SPDX-License-Identifier: Apache-2.0
 *
 * Has the state store changed? For who keeps what was read. Part of the state
 * store.
 */
#ifndef MST_STATE_VERSION_H
#define MST_STATE_VERSION_H

#include "state/state.h"

struct mst_state_version {
	bool known; /* false: the store cannot say; nothing may be kept */
	int64_t others, own;
};

/* Compares with versions of the same handle alone. */
void mst_state_version(struct mst_state *s, struct mst_state_version *v_r);

static inline bool mst_state_version_eq(const struct mst_state_version *a,
					const struct mst_state_version *b)
{
	return a->known && b->known && a->others == b->others &&
	       a->own == b->own;
}

#endif
