/* SPDX-License-Identifier: Apache-2.0
 *
 * Are the items of forwarding right before they are stored? Each by itself,
 * then what they say of each other.
 */
#ifndef MST_SYNC_CONFIG_FORWARD_H
#define MST_SYNC_CONFIG_FORWARD_H

#include "sync/config.h"

/* Is it an item of forwarding (outbox included)? */
bool mst_is_forward(const struct mst_conf_item *item);
/* One item by itself and the items that it names: a connection that is there
 * and of the type that is needed, actions that are there. MST_E_INVALID or
 * MST_E_NOTFOUND with file:line:column. */
int mst_forward_check_item(const struct mst_config *c,
			   const struct mst_conf_item *item,
			   struct mst_arena *arena, struct mst_err *err);
/* All of them, stored ones too, when something in front may matter to them:
 * two receivers at one address, more actions of one source than an alert may
 * have. */
int mst_forward_check(const struct mst_config *c, struct mst_arena *arena,
		      struct mst_err *err);

#endif
