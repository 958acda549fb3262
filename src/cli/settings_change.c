/* SPDX-License-Identifier: Apache-2.0
 *
 * muster settings: set, unset, promote, undo. Each makes the set that is to
 * be; settings_save.c does the rest.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/cmd_settings.h"
#include "cli/settings_save.h"
#include "sync/setting_past.h"

static int save(struct cli_settings *s, const struct mst_connection *c,
		const struct mst_conf_item *after, const char *what, bool plans,
		struct mst_err *err)
{
	struct cli_save save = {
	    .state = s->state,
	    .arena = &s->arena,
	    .opts = c->opts,
	    .connection = c->name,
	    .env = c->env,
	    .before = c->overrides,
	    .after = *after,
	    .what = what,
	    .consent = s->consent,
	    .plans = plans,
	};

	return cli_save_settings(&save, &s->status, err);
}

/* ---- set, unset ---------------------------------------------------------- */

static int connection_of(struct cli_settings *s,
			 const struct mst_config *config,
			 struct mst_connection *c_r, struct mst_err *err)
{
	const struct mst_config bare = {.state = s->state, .bare = true};
	enum mst_env env = MST_ENV_TEST;

	if (mst_connection_get(&bare, s->argv[1], MST_ENV__MAX, &s->arena, c_r,
			       err) < 0 ||
	    cli_settings_env(c_r, s->env, &env, err) < 0)
		return -(int)err->code;
	return mst_connection_get(config, s->argv[1], env, &s->arena, c_r, err);
}

/* The words behind the key. Each is an entry of a list; one empty word is the
 * empty list. */
static int value_of(struct cli_settings *s, const struct mst_opt *opt,
		    struct mst_conf_value *v_r, struct mst_err *err)
{
	const char *key = s->argv[2];
	size_t n = (size_t)s->argc - 3;
	const char **texts = mst_arena_alloc(&s->arena, n * sizeof(*texts));
	bool is_list =
	    opt ? opt->type == MST_OPT_LIST : strncmp(key, "lookup.", 7) == 0;

	if (n > 1 && !is_list)
		return mst_err_set(err, MST_E_INVALID,
				   "'%s' takes one value, not %zu; put a text "
				   "with blanks in quotes",
				   key, n);
	for (size_t i = 0; i < n; i++)
		texts[i] = s->argv[3 + i];
	*v_r = (struct mst_conf_value){
	    .texts = texts,
	    .texts_n = is_list && n == 1 && !*texts[0] ? 0 : n,
	    .is_list = is_list,
	};
	return 0;
}

int cli_settings_set(struct cli_settings *s, struct mst_err *err)
{
	const struct mst_config config = {.state = s->state};
	const char *key = s->argv[2];
	const struct mst_opt *opt = NULL;
	struct mst_connection c;
	struct mst_conf_item after;
	struct mst_conf_value value;

	if (connection_of(s, &config, &c, err) < 0)
		return -(int)err->code;
	if (!mst_is_custom_key(key)) {
		opt = cli_settings_find(&c, key, err);
		if (!opt)
			return -(int)err->code;
	} else if (s->no_override) {
		return mst_err_set(err, MST_E_INVALID,
				   "'%s' is a custom mapping: it is in force "
				   "or not there; --no-override is for "
				   "settings",
				   key);
	}
	if (value_of(s, opt, &value, err) < 0)
		return -(int)err->code;
	after = mst_settings_put(c.overrides,
				 mst_settings_name(c.name, c.env, &s->arena),
				 key, &value, !s->no_override, &s->arena);
	return save(s, &c, &after, "set", s->plan, err);
}

/* One setting less, whether this muster knows it or not. */
static int drop(struct cli_settings *s, const struct mst_connection *c,
		const char *key, struct mst_conf_item *item,
		struct mst_err *err)
{
	struct mst_conf_item after =
	    mst_settings_drop(item, item->name, key, &s->arena);

	if (after.values_n == item->values_n) {
		/* a slip, or nothing to do? */
		if (!mst_is_custom_key(key) && !cli_settings_find(c, key, err))
			return -(int)err->code;
		return mst_err_set(err, MST_E_NOTFOUND,
				   "'%s' of '%s' is not set for %s", key,
				   c->name, mst_env_name(c->env));
	}
	*item = after;
	return 0;
}

int cli_settings_unset(struct cli_settings *s, struct mst_err *err)
{
	const struct mst_config config = {.state = s->state, .bare = true};
	struct mst_conf_item after = {.kind = MST_SETTINGS, .type = ""};
	struct mst_connection c;

	if (connection_of(s, &config, &c, err) < 0)
		return -(int)err->code;
	after.name = mst_settings_name(c.name, c.env, &s->arena);
	if (mst_config_find(&config, MST_SETTINGS, after.name, &s->arena,
			    &c.overrides, err) < 0)
		return -(int)err->code;
	if (c.overrides)
		after = *c.overrides;
	for (int i = 2; i < s->argc; i++) {
		if (drop(s, &c, s->argv[i], &after, err) < 0)
			return -(int)err->code;
	}
	return save(s, &c, &after, "unset", s->plan, err);
}

/* ---- promote ------------------------------------------------------------- */

/* One end of a promotion; what to do when it cannot be. */
static int end_of(struct cli_settings *s, const char *name, enum mst_env env,
		  struct mst_connection *c_r, struct mst_err *err)
{
	const struct mst_config config = {.state = s->state};

	if (mst_connection_get(&config, name, env, &s->arena, c_r, err) < 0)
		return -(int)err->code;
	if (mst_connection_serves(c_r, env))
		return 0;
	if (c_r->dest && !s->to && env == MST_ENV_PROD)
		return mst_err_set(err, MST_E_INVALID,
				   "'%s' is a destination for test and has no "
				   "PROD settings; --to names the PROD "
				   "destination that they are for",
				   name);
	return mst_err_set(err, MST_E_INVALID,
			   "connection '%s' is for %s and has no %s settings",
			   name, mst_connection_envs(c_r),
			   env == MST_ENV_PROD ? "PROD" : "TEST");
}

int cli_settings_pair(struct cli_settings *s, struct cli_settings_pair *p_r,
		      struct mst_err *err)
{
	const char *from = s->argv[1], *to = s->to ? s->to : from;

	if (end_of(s, from, MST_ENV_TEST, &p_r->from, err) < 0 ||
	    end_of(s, to, MST_ENV_PROD, &p_r->to, err) < 0)
		return -(int)err->code;
	if (strcmp(p_r->from.type, p_r->to.type) != 0)
		return mst_err_set(err, MST_E_INVALID,
				   "'%s' is of type %s and '%s' of type %s: "
				   "they have different settings",
				   from, p_r->from.type, to, p_r->to.type);
	return 0;
}

/* The item under another name. */
static struct mst_conf_item renamed(struct cli_settings *s,
				    const struct mst_conf_item *item,
				    const struct mst_connection *c)
{
	struct mst_conf_item copy = {.kind = MST_SETTINGS, .type = ""};

	if (item)
		copy = *item;
	copy.name = mst_settings_name(c->name, c->env, &s->arena);
	copy.file = mst_arena_printf(&s->arena, "settings %s", copy.name);
	return copy;
}

int cli_settings_promote(struct cli_settings *s, struct mst_err *err)
{
	struct cli_settings_pair p;
	struct mst_conf_item after;

	if (cli_settings_pair(s, &p, err) < 0)
		return -(int)err->code;
	after = renamed(s, p.from.overrides, &p.to);
	return save(s, &p.to, &after, "promote", !s->no_plan, err);
}

/* ---- undo ---------------------------------------------------------------- */

int cli_settings_undo(struct cli_settings *s, struct mst_err *err)
{
	const struct mst_conf_item *before = NULL;
	struct mst_conf_item after;
	struct mst_connection c;

	if (end_of(s, s->argv[1], MST_ENV_PROD, &c, err) < 0 ||
	    mst_settings_before_promotion(
		s->state, mst_settings_name(c.name, MST_ENV_PROD, &s->arena),
		&s->arena, &before, err) < 0)
		return -(int)err->code;
	after = renamed(s, before, &c);
	return save(s, &c, &after, "undo", !s->no_plan, err);
}
