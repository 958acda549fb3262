/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections: their type, their environments, their values.
 */
#include "sync/connection.h"

#include <stdio.h>

#include "source/recver_opts.h"
#include "sync/proxy.h"

static int unknown_type(const struct mst_conf_item *item, struct mst_err *err)
{
	const char *types[16];
	char all[256] = "";
	const char *near;
	size_t n = 0, at = 0;

	for (size_t i = 0; mst_sources[i] && n < 8; i++)
		types[n++] = mst_sources[i]->type;
	for (size_t i = 0; mst_dests[i] && n < 15; i++)
		types[n++] = mst_dests[i]->type;
	types[n] = NULL;
	for (size_t i = 0; i < n && at < sizeof(all); i++)
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s",
				       i == 0	    ? ""
				       : i + 1 == n ? " and "
						    : ", ",
				       types[i]);
	near = mst_nearest(item->type, types);
	return mst_err_set(err, MST_E_INVALID,
			   "%s:%d: connection '%s' has the unknown type '%s'%s"
			   "%s%s; types are %s",
			   item->file, item->line, item->name, item->type,
			   near ? "; did you mean '" : "", near ? near : "",
			   near ? "'?" : "", all);
}

/* What a struct that the options filled says of environments. */
static unsigned envs_of(const struct mst_opt *opts, const void *conf)
{
	const struct mst_opt *one = mst_opt_find(opts, "environment");
	const struct mst_opt *some = mst_opt_find(opts, "environments");
	const struct mst_opt_list *list;
	enum mst_env env;
	unsigned bits = 0;

	if (one)
		return 1u << *(const int *)((const char *)conf + one->offset);
	list = some ? (const struct mst_opt_list *)((const char *)conf +
						    some->offset)
		    : NULL;
	for (size_t i = 0; list && i < list->n; i++) {
		if (mst_env_parse(list->v[i], &env))
			bits |= 1u << env;
	}
	return bits ? bits : (1u << MST_ENV__MAX) - 1;
}

bool mst_connection_serves(const struct mst_connection *c, enum mst_env env)
{
	return c->envs & 1u << env;
}

const char *mst_connection_envs(const struct mst_connection *c)
{
	if (!mst_connection_serves(c, MST_ENV_PROD))
		return "test";
	return mst_connection_serves(c, MST_ENV_TEST) ? "test and prod"
						      : "prod";
}

const struct mst_rule *mst_connection_rules(const struct mst_connection *c,
					    size_t *n_r)
{
	*n_r = c->source ? c->source->catalog->rules_n : c->dest->rules_n;
	return c->source ? c->source->catalog->rules : c->dest->rules;
}

static int fill_type(const struct mst_conf_item *item, struct mst_arena *arena,
		     struct mst_connection *c, struct mst_err *err)
{
	*c = (struct mst_connection){
	    .name = mst_arena_strdup(arena, item->name),
	    .type = mst_arena_strdup(arena, item->type),
	    .source = mst_source_find(item->type),
	    .dest = mst_dest_find(item->type),
	    .item = item,
	};
	if (!c->source && !c->dest)
		return unknown_type(item, err);
	c->opts = c->source ? c->source->opts : c->dest->opts;
	return 0;
}

/* Which environment's settings count when nobody said. */
static enum mst_env only_env(const struct mst_connection *c)
{
	if (!mst_connection_serves(c, MST_ENV_PROD))
		return MST_ENV_TEST;
	return mst_connection_serves(c, MST_ENV_TEST) ? MST_ENV__MAX
						      : MST_ENV_PROD;
}

/* Stored by another version of muster, or not by muster. */
static int stored_wrong(const struct mst_config *config,
			const struct mst_connection *c, struct mst_arena *arena,
			struct mst_err *err)
{
	/* Without the list of all that there are. */
	const char *what =
	    mst_arena_dup(arena, mst_slice(err->msg, strcspn(err->msg, ";"))).p;
	const char *keys;

	if (mst_config_is_front(config, c->overrides))
		return -(int)err->code;
	keys = mst_settings_wrong(c->overrides, c->opts, arena);
	if (!*keys)
		return -(int)err->code;
	return mst_err_set(err, err->code,
			   "%.400s: this muster cannot use what is stored; "
			   "'muster settings unset %s %s --env %s --consent' "
			   "takes it away",
			   what, c->name, keys, mst_env_name(c->env));
}

/* The overrides over the values that are there already. */
static int fill_settings(const struct mst_config *config,
			 struct mst_connection *c, void *conf,
			 struct mst_arena *arena, struct mst_err *err)
{
	struct mst_conf_item merged;

	if (mst_config_find(config, MST_SETTINGS,
			    mst_settings_name(c->name, c->env, arena), arena,
			    &c->overrides, err) < 0)
		return -(int)err->code;
	if (!c->overrides)
		return 0;
	if (mst_settings_check(c->overrides, c->opts, arena, err) < 0)
		return stored_wrong(config, c, arena, err);
	merged = mst_settings_merge(c->item, c->overrides, arena);
	return mst_conf_apply(&merged, c->opts, conf, arena, err);
}

int mst_connection_get(const struct mst_config *config, const char *name,
		       enum mst_env env, struct mst_arena *arena,
		       struct mst_connection *c_r, struct mst_err *err)
{
	const struct mst_conf_item *item = NULL;
	struct mst_setting *settings;
	struct mst_connection c;
	void *conf;

	if (mst_config_get(config, "connection", name, arena, &item, err) < 0 ||
	    fill_type(item, arena, &c, err) < 0)
		return -(int)err->code;
	conf = mst_arena_alloc(arena, c.source ? c.source->conf_size
					       : c.dest->conf_size);
	if (mst_conf_apply(item, c.opts, conf, arena, err) < 0)
		return -(int)err->code;
	if (c.source &&
	    mst_recver_conf_check(
		item, &((const struct mst_source_common *)conf)->recver, err) <
		0)
		return -(int)err->code;
	c.envs = envs_of(c.opts, conf);
	c.env = env == MST_ENV__MAX ? only_env(&c) : env;
	if (c.env != MST_ENV__MAX && !config->bare &&
	    fill_settings(config, &c, conf, arena, err) < 0)
		return -(int)err->code;
	if (mst_proxy_fill(config, item, c.opts, conf, arena, err) < 0)
		return -(int)err->code;
	c.settings_n =
	    mst_settings_list(item, c.overrides, c.opts, arena, &settings);
	c.settings = settings;
	if (c.source)
		c.source_conf = conf;
	else
		c.dest_conf = conf;
	*c_r = c;
	return 0;
}

int mst_connection_load(struct mst_state *state, const char *name,
			struct mst_arena *arena, struct mst_connection *c_r,
			struct mst_err *err)
{
	const struct mst_config config = {.state = state};

	return mst_connection_get(&config, name, MST_ENV__MAX, arena, c_r, err);
}
