/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection, its options filled with the values in force.
 *
 * A destination has one environment (option `environment`), a source lists
 * those that it may be used in (`environments`, all when left out). Every
 * connector's option table has the one or the other.
 */
#ifndef MST_SYNC_CONNECTION_H
#define MST_SYNC_CONNECTION_H

#include "dest/dest.h"
#include "source/source.h"
#include "sync/config.h"

struct mst_connection {
	const char *name, *type;
	/* of a source or a destination; the other pair is NULL */
	const struct mst_source_ops *source;
	const struct mst_source_common *source_conf;
	const struct mst_dest_ops *dest;
	const void *dest_conf;
	const struct mst_opt *opts;
	unsigned envs; /* bit i: enum mst_env i is one of its environments */
	/* Whose settings are in force; MST_ENV__MAX: none, the connection's
	 * own values count. */
	enum mst_env env;
	const struct mst_conf_item *item;
	const struct mst_conf_item *overrides; /* of env; NULL: none */
	const struct mst_setting *settings;    /* all of its type */
	size_t settings_n;
};

/* With the settings of env; of MST_ENV__MAX: those of its only environment, or
 * none when it has several. Texts live in arena (MST_MAX_ARENA) and where the
 * items in front do. */
int mst_connection_get(const struct mst_config *c, const char *name,
		       enum mst_env env, struct mst_arena *arena,
		       struct mst_connection *c_r, struct mst_err *err);
/* The same from the store, env MST_ENV__MAX. */
int mst_connection_load(struct mst_state *state, const char *name,
			struct mst_arena *arena, struct mst_connection *c_r,
			struct mst_err *err);
bool mst_connection_serves(const struct mst_connection *c, enum mst_env env);
/* Its environments for people: "test", "prod" or "test and prod". */
const char *mst_connection_envs(const struct mst_connection *c);
/* The rules of its type. */
const struct mst_rule *mst_connection_rules(const struct mst_connection *c,
					    size_t *n_r);

#endif
