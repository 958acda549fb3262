/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings against an option table: is what is given right?
 */
#include "conf/settings.h"

#include <stdio.h>

#include "conf/conf_private.h"

#define KNOWN_MAX 500

static const char *const customs[] = {"mappings", "lookup"};

const char *mst_env_name(enum mst_env env)
{
	return env == MST_ENV_PROD ? "prod" : "test";
}

bool mst_env_parse(const char *word, enum mst_env *env_r)
{
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		if (mst_slice_iis(mst_slice_str(word),
				  mst_env_name((enum mst_env)i))) {
			*env_r = (enum mst_env)i;
			return true;
		}
	}
	return false;
}

bool mst_is_settings(const struct mst_conf_item *item)
{
	return strcmp(item->kind, MST_SETTINGS) == 0;
}

bool mst_is_custom_key(const char *key)
{
	for (size_t i = 0; i < MST_LEN(customs); i++) {
		size_t n = strlen(customs[i]);

		if (strncmp(key, customs[i], n) == 0 && key[n] == '.')
			return true;
	}
	return false;
}

/* ---- checking ------------------------------------------------------------ */

struct check {
	const struct mst_conf_item *item;
	const struct mst_opt *opts;
	struct mst_arena *arena;
	struct mst_err *err;
};

static int fail_at_key(const struct check *c, const struct mst_conf_value *v,
		       const char *text)
{
	return mst_conf_fail(
	    c->err, c->item->file, v->key_line ? v->key_line : v->line,
	    v->key_line ? v->key_column : v->column, "%s", text);
}

/* "defender" of "defender/test" */
static struct mst_slice connection_of(const struct mst_conf_item *item)
{
	return mst_slice(item->name, strcspn(item->name, "/"));
}

const char *mst_settings_head(const char *key, const char *tail,
			      struct mst_arena *arena)
{
	size_t n = strlen(key), t = strlen(tail);

	if (n <= t + 1 || key[n - t - 1] != '.' ||
	    strcmp(key + n - t, tail) != 0)
		return NULL;
	return mst_arena_dup(arena, mst_slice(key, n - t - 1)).p;
}

const char *mst_settings_key(const char *key, struct mst_arena *arena)
{
	const char *head = mst_settings_head(key, "override", arena);

	return head ? head : mst_settings_head(key, "value", arena);
}

static int unknown_setting(const struct check *c,
			   const struct mst_conf_value *v, const char *key)
{
	struct mst_slice of = connection_of(c->item);
	const char **keys, *near;
	char shown[80], known[KNOWN_MAX] = "none";
	size_t n = 0, all = MST_LEN(customs) + 1, at = 0;

	for (const struct mst_opt *o = c->opts; o->key; o++)
		all++;
	keys = mst_arena_alloc(c->arena, all * sizeof(*keys));
	for (const struct mst_opt *o = c->opts; o->key; o++) {
		if (!o->rule)
			continue;
		if (at < sizeof(known))
			at += (size_t)snprintf(known + at, sizeof(known) - at,
					       "%s%s", n ? ", " : "", o->key);
		keys[n++] = o->key;
	}
	for (size_t i = 0; i < MST_LEN(customs); i++)
		keys[n++] = customs[i];
	near = mst_nearest(key, keys);
	return fail_at_key(
	    c, v,
	    mst_arena_printf(
		c->arena, "unknown setting \"%s\" of \"%.*s\"; %s%s%s",
		mst_conf_show(key, shown), MST_SLICE_ARG(of),
		near ? "did you mean \"" : "there are: ", near ? near : known,
		near ? "\"?" : ""));
}

static int no_setting(const struct check *c, const struct mst_conf_value *v,
		      const struct mst_opt *opt)
{
	struct mst_slice of = connection_of(c->item);

	return fail_at_key(
	    c, v,
	    mst_arena_printf(c->arena,
			     "\"%s\" is an option of the connection, not a "
			     "setting: it is the same in TEST and PROD and "
			     "belongs to the connection \"%.*s\"",
			     opt->key, MST_SLICE_ARG(of)));
}

/* A key that does not end in override or value. */
static int wrong_shape(const struct check *c, const struct mst_conf_value *v)
{
	const char *dot = strrchr(v->key, '.');
	const struct mst_opt *opt = mst_opt_find(c->opts, v->key);
	const char *head =
	    dot ? mst_arena_dup(c->arena,
				mst_slice(v->key, (size_t)(dot - v->key)))
		      .p
		: NULL;
	char shown[80];

	for (size_t i = 0; i < MST_LEN(customs); i++) {
		if (strcmp(v->key, customs[i]) == 0)
			return fail_at_key(
			    c, v,
			    mst_arena_printf(
				c->arena, "\"%s\" must be a mapping", v->key));
	}
	if (opt && !opt->rule)
		return no_setting(c, v, opt);
	if (opt)
		return fail_at_key(
		    c, v,
		    mst_arena_printf(c->arena,
				     "\"%s\" needs \"override\" and \"value\" "
				     "below it: {override: true, value: …}",
				     opt->key));
	if (head && mst_opt_find(c->opts, head))
		return fail_at_key(
		    c, v,
		    mst_arena_printf(c->arena,
				     "unknown key \"%s\" of the setting "
				     "\"%s\"; there are \"override\" and "
				     "\"value\"",
				     mst_conf_show(dot + 1, shown), head));
	return unknown_setting(c, v, v->key);
}

const struct mst_conf_value *mst_settings_find(const struct mst_conf_item *item,
					       const char *key,
					       const char *tail)
{
	size_t n = strlen(key);

	for (size_t i = 0; item && i < item->values_n; i++) {
		const char *k = item->values[i].key;

		if (strncmp(k, key, n) == 0 &&
		    (tail ? k[n] == '.' && strcmp(k + n + 1, tail) == 0
			  : k[n] == 0))
			return &item->values[i];
	}
	return NULL;
}

static int check_override(const struct check *c, const struct mst_conf_value *v,
			  const struct mst_opt *opt)
{
	static const struct mst_opt flag = {.key = "override",
					    .type = MST_OPT_BOOL};

	if (!mst_settings_find(c->item, opt->key, "value"))
		return fail_at_key(
		    c, v,
		    mst_arena_printf(c->arena,
				     "the setting \"%s\" has no \"value\"",
				     opt->key));
	return mst_conf_check_value(c->item, v, &flag, c->arena, c->err);
}

static int check_value(const struct check *c, const struct mst_conf_value *v,
		       const struct mst_opt *opt)
{
	if (!mst_settings_find(c->item, opt->key, "override"))
		return fail_at_key(
		    c, v,
		    mst_arena_printf(c->arena,
				     "the setting \"%s\" does not say "
				     "\"override\": true puts the value in "
				     "force, false only keeps it",
				     opt->key));
	return mst_conf_check_value(c->item, v, opt, c->arena, c->err);
}

static int check_key(const struct check *c, const struct mst_conf_value *v)
{
	const char *key = mst_settings_key(v->key, c->arena);
	const struct mst_opt *opt = key ? mst_opt_find(c->opts, key) : NULL;

	if (!key || (!opt && mst_opt_find(c->opts, v->key)))
		return wrong_shape(c, v);
	if (!opt)
		return unknown_setting(c, v, key);
	if (!opt->rule)
		return no_setting(c, v, opt);
	return mst_settings_head(v->key, "value", c->arena)
		   ? check_value(c, v, opt)
		   : check_override(c, v, opt);
}

int mst_settings_check(const struct mst_conf_item *settings,
		       const struct mst_opt *opts, struct mst_arena *arena,
		       struct mst_err *err)
{
	const struct check c = {settings, opts, arena, err};

	for (size_t i = 0; i < settings->values_n; i++) {
		const struct mst_conf_value *v = &settings->values[i];

		if (!mst_is_custom_key(v->key) && check_key(&c, v) < 0)
			return -(int)err->code;
	}
	return 0;
}

/* The values of one setting, as an item. */
static struct mst_conf_item only(const struct mst_conf_item *settings,
				 const char *key, struct mst_arena *arena)
{
	struct mst_conf_value *v =
	    mst_arena_alloc(arena, settings->values_n * sizeof(*v));
	struct mst_conf_item one = *settings;

	one.values = v;
	one.values_n = 0;
	for (size_t i = 0; i < settings->values_n; i++) {
		const char *of =
		    mst_settings_key(settings->values[i].key, arena);

		if (strcmp(of ? of : settings->values[i].key, key) == 0)
			v[one.values_n++] = settings->values[i];
	}
	return one;
}

const char *mst_settings_wrong(const struct mst_conf_item *settings,
			       const struct mst_opt *opts,
			       struct mst_arena *arena)
{
	const char *words = "", *before = "";

	for (size_t i = 0; i < settings->values_n; i++) {
		const char *own = settings->values[i].key;
		const char *of = mst_settings_key(own, arena);
		const char *key = of ? of : own;
		struct mst_conf_item one = only(settings, key, arena);
		struct mst_err ignored = MST_ERR_INIT;

		if (strcmp(key, before) != 0 &&
		    mst_settings_check(&one, opts, arena, &ignored) < 0)
			words = mst_arena_printf(arena, "%s%s%s", words,
						 *words ? " " : "", key);
		before = key;
	}
	return words;
}
