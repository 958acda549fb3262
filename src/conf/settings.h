/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings: options that override a rule (struct mst_opt, `rule`), with a
 * value of its own for TEST and for PROD. What is overridden on a connection
 * in an environment is one item of kind MST_SETTINGS, named
 * "<connection>/<environment>":
 *
 *   settings:
 *     - connection: defender
 *       environment: test
 *       min_cvss:
 *         override: true
 *         value: 7
 *
 *   value in force = default ← the connection's own value ← override
 *
 * A value with `override: false` is kept, but not in force. Keys below
 * "mappings." and "lookup." are custom mappings; they belong to
 * src/rules/custom.c and are carried along here as they are.
 */
#ifndef MST_CONF_SETTINGS_H
#define MST_CONF_SETTINGS_H

#include "conf/conf.h"

#define MST_SETTINGS "settings"

enum mst_env { MST_ENV_TEST, MST_ENV_PROD, MST_ENV__MAX };

const char *mst_env_name(enum mst_env env); /* "test", "prod" */
/* Any case; false: it is neither. */
bool mst_env_parse(const char *word, enum mst_env *env_r);
bool mst_is_settings(const struct mst_conf_item *item);
/* Does the key belong to the custom mappings? */
bool mst_is_custom_key(const char *key);

/* Checks an item: every key is one of a setting of the table, or of a custom
 * mapping; each setting has both `override` and `value`, and the value fits.
 * An option that is no setting is told so, an unknown key names the nearest.
 * What is made lives in arena. MST_E_INVALID with file:line:column. */
int mst_settings_check(const struct mst_conf_item *settings,
		       const struct mst_opt *opts, struct mst_arena *arena,
		       struct mst_err *err);
/* The keys of those that fail that check, with a blank between them; "" when
 * all are right. Lives in arena. */
const char *mst_settings_wrong(const struct mst_conf_item *settings,
			       const struct mst_opt *opts,
			       struct mst_arena *arena);

/* The connection's item with the values of the overrides in force in the place
 * of its own: for mst_conf_apply. Borrows from both; settings (checked) may be
 * NULL. */
struct mst_conf_item mst_settings_merge(const struct mst_conf_item *connection,
					const struct mst_conf_item *settings,
					struct mst_arena *arena);

enum mst_origin { MST_ORIGIN_DEFAULT, MST_ORIGIN_CONNECTION, MST_ORIGIN_ENV };

/* A setting on a connection in one environment. */
struct mst_setting {
	const struct mst_opt *opt;
	const struct mst_conf_value *own;    /* of the connection, or NULL */
	const struct mst_conf_value *stored; /* of the environment, or NULL */
	bool override;			     /* stored is in force */
};

/* All settings of the table, in its order. connection and settings may be
 * NULL. Borrows from both; the list lives in arena. */
size_t mst_settings_list(const struct mst_conf_item *connection,
			 const struct mst_conf_item *settings,
			 const struct mst_opt *opts, struct mst_arena *arena,
			 struct mst_setting **list_r);
/* Where the value in force comes from. */
enum mst_origin mst_setting_origin(const struct mst_setting *s);
/* The value in force. Texts live in arena, or where the items do. NULL: there
 * is none (a text without default). */
const struct mst_conf_value *mst_setting_value(const struct mst_setting *s,
					       struct mst_arena *arena);
/* The default alone, as mst_setting_value gives it. */
const struct mst_conf_value *mst_opt_default(const struct mst_opt *opt,
					     struct mst_arena *arena);

/* What an item of settings holds, key by key: a setting with its value, or a
 * key of a custom mapping. */
struct mst_override {
	const char *key; /* "min_cvss", "mappings.devices.u_site.value" */
	const struct mst_conf_value *value;
	bool override; /* true of a custom mapping */
	bool custom;
};

/* In the item's order; settings (checked) may be NULL. */
size_t mst_overrides(const struct mst_conf_item *settings,
		     struct mst_arena *arena, struct mst_override **list_r);

struct mst_override_change {
	const char *key;
	const struct mst_override *before, *after; /* NULL: not there */
};

/* What differs from `before` to `after`; both may be NULL. */
size_t mst_overrides_diff(const struct mst_conf_item *before,
			  const struct mst_conf_item *after,
			  struct mst_arena *arena,
			  struct mst_override_change **list_r);

/* The item with one setting put (texts of value are borrowed), or the keys of
 * a setting or custom mapping (and all below it) taken out. override only
 * counts for settings. settings may be NULL; name is the result's. */
struct mst_conf_item mst_settings_put(const struct mst_conf_item *settings,
				      const char *name, const char *key,
				      const struct mst_conf_value *value,
				      bool override, struct mst_arena *arena);
struct mst_conf_item mst_settings_drop(const struct mst_conf_item *settings,
				       const char *name, const char *key,
				       struct mst_arena *arena);

#endif
