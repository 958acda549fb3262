/* SPDX-License-Identifier: Apache-2.0
 *
 * What a set of settings was before: the audit has each change of it as text.
 */
#ifndef MST_SYNC_SETTING_PAST_H
#define MST_SYNC_SETTING_PAST_H

#include "conf/conf.h"
#include "state/state.h"

/* The set that the audit has as text; NULL: there was none. In arena. */
int mst_settings_past_read(const char *text, struct mst_arena *arena,
			   const struct mst_conf_item **item_r,
			   struct mst_err *err);
/* The set called name ("defender/prod") as it was before the last promotion
 * that was not taken back yet; NULL: there was none. MST_E_NOTFOUND: nothing
 * was promoted. MST_E_CONFLICT: it was changed since, which would be lost. */
int mst_settings_before_promotion(struct mst_state *state, const char *name,
				  struct mst_arena *arena,
				  const struct mst_conf_item **item_r,
				  struct mst_err *err);

#endif
