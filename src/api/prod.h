/* SPDX-License-Identifier: Apache-2.0
 *
 * What of the configuration PROD has: a change of it may need a second person.
 */
#ifndef MST_API_PROD_H
#define MST_API_PROD_H

#include "conf/conf.h"
#include "state/state.h"

/* Does PROD have it? What is no connection's or job's, it has, and what cannot
 * be read may be PROD's. A destination of TEST where one of PROD is counts as
 * PROD's: PROD gets what is written there. front (may be NULL): the item that
 * is to be put in the place of the stored one. arena: MST_MAX_ARENA. */
bool mst_api_is_prod(struct mst_state *state, const struct mst_conf_item *item,
		     const struct mst_conf_item *front,
		     struct mst_arena *arena);
/* Does PROD get what a job writes? unknown: of one that cannot be loaded. */
bool mst_api_job_is_prod(struct mst_state *state, const char *job,
			 bool unknown);
/* Who that PROD has refers to the sealed secret, "connection cmdb", in arena;
 * *user_r NULL: nobody does. */
int mst_api_secret_in_prod(struct mst_state *state, const char *secret,
			   struct mst_arena *arena, const char **user_r,
			   struct mst_err *err);

/* Who may refer to a sealed secret. NULL ended. */
extern const char *const mst_api_secret_kinds[];
/* Does the item refer to it ("sealed:NAME")? */
bool mst_api_refers(const struct mst_conf_item *item, const char *ref);

#endif
