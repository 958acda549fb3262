/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration as a job sees it: the items of the state store, and in
 * front of them items that are not stored, or not yet: a file that is being
 * applied, settings that are about to be promoted.
 */
#ifndef MST_SYNC_CONFIG_H
#define MST_SYNC_CONFIG_H

#include "conf/settings.h"
#include "state/state.h"

struct mst_config {
	struct mst_state *state; /* NULL: nothing is stored */
	const struct mst_conf_item *front;
	size_t front_n;
	bool bare; /* connections without their settings, which may be wrong */
};

/* The item; it lives in arena, or where the items in front do. *item_r is
 * NULL when there is none. Make the arena for MST_MAX_ARENA: a stored item may
 * be large. */
int mst_config_find(const struct mst_config *c, const char *kind,
		    const char *name, struct mst_arena *arena,
		    const struct mst_conf_item **item_r, struct mst_err *err);
/* The same; MST_E_NOTFOUND when there is none, with the nearest name. */
int mst_config_get(const struct mst_config *c, const char *kind,
		   const char *name, struct mst_arena *arena,
		   const struct mst_conf_item **item_r, struct mst_err *err);
/* Is it one of those in front? */
bool mst_config_is_front(const struct mst_config *c,
			 const struct mst_conf_item *item);
/* "defender/test", in arena. */
const char *mst_settings_name(const char *connection, enum mst_env env,
			      struct mst_arena *arena);
/* Names of all jobs of the store and in front, in arena, NULL ended. */
int mst_config_jobs(const struct mst_config *c, struct mst_arena *arena,
		    const char *const **names_r, struct mst_err *err);

/* All items of a kind, those in front in the place of stored ones of their
 * name; the list lives in arena. */
int mst_config_items(const struct mst_config *c, const char *kind,
		     struct mst_arena *arena,
		     const struct mst_conf_item ***items_r, size_t *n_r,
		     struct mst_err *err);

/* Would everything in front be right if it were stored? Connections, jobs and
 * settings each by themselves, then every job that they are part of as a
 * whole, stored ones too: both ends are there, serve one environment, and
 * their settings and mappings make a catalogue. A stored job that is wrong
 * already does not count. Then what forwarding is made of
 * (config_forward.h). Errors carry file:line:column. */
int mst_config_check(const struct mst_config *c, struct mst_err *err);

/* For those who configure from elsewhere: a reference "exec:" of an item in
 * front that is not stored so already would be a program that they have this
 * machine run. MST_E_FORBIDDEN with the place. */
int mst_config_no_programs(const struct mst_config *c, struct mst_err *err);
/* The item's text as the store keeps it, appended to out. MST_E_INVALID: it
 * is too large. */
int mst_config_text(const struct mst_conf_item *item, struct mst_buf *out,
		    struct mst_err *err);
/* Puts items into the store, all or none; what: for the audit, or NULL.
 * only_if: texts that must be there now, one per item (mst_state_item), or
 * NULL. */
int mst_config_put(struct mst_state *state, const struct mst_conf_item *items,
		   size_t n, const char *what, const char *const *only_if,
		   size_t *added_r, size_t *changed_r, struct mst_err *err);

#endif
