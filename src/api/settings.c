/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings of a connection: both environments side by side, changing those of
 * one, promoting TEST's to PROD.
 */
#include <string.h>

#include "api/settings.h"
#include "api/tables.h"
#include "base/limits.h"
#include "sync/setting_show.h"

#define KEYS_MAX 256

/* ---- looking ------------------------------------------------------------- */

int mst_api_envs(struct mst_state *state, const char *name,
		 struct mst_arena *arena, const struct mst_connection **envs,
		 const struct mst_connection **any_r, struct mst_err *err)
{
	const struct mst_config config = {.state = state};
	struct mst_connection *v =
	    mst_arena_alloc(arena, (MST_ENV__MAX + 1) * sizeof(*v));
	struct mst_connection *own = &v[MST_ENV__MAX];

	if (mst_connection_get(&config, name, MST_ENV__MAX, arena, own, err) <
	    0)
		return -(int)err->code;
	*any_r = own;
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		envs[i] = NULL;
		if (!mst_connection_serves(own, (enum mst_env)i))
			continue;
		if (mst_connection_get(&config, name, (enum mst_env)i, arena,
				       &v[i], err) < 0)
			return -(int)err->code;
		envs[i] = &v[i];
	}
	return 0;
}

static void side_json(struct mst_jout *j, const struct mst_setting *s,
		      enum mst_env env, struct mst_arena *arena)
{
	mst_jout_obj(j);
	mst_jout_kbool(j, "override", s->override);
	mst_jout_key(j, "value");
	mst_api_value_json(j, s->opt, s->stored);
	mst_jout_key(j, "in_force");
	mst_api_value_json(j, s->opt, mst_setting_value(s, arena));
	mst_jout_kstr(j, "from", mst_origin_name(mst_setting_origin(s), env));
	mst_jout_end_obj(j);
}

void mst_api_setting_json(struct mst_jout *j,
			  const struct mst_connection *const *envs, size_t at)
{
	const struct mst_setting *any = NULL;
	struct mst_arena arena;

	for (unsigned i = 0; i < MST_ENV__MAX; i++)
		any = envs[i] ? &envs[i]->settings[at] : any;
	mst_arena_init(&arena, 16u << 20);
	mst_jout_obj(j);
	mst_jout_kstr(j, "key", any->opt->key);
	mst_jout_kstr(j, "kind", mst_api_kind(any->opt));
	mst_jout_kstr(j, "control", mst_setting_control(any->opt));
	mst_jout_kstr(j, "help", any->opt->help);
	mst_jout_kstr(j, "rule", any->opt->rule);
	mst_jout_key(j, "default");
	mst_api_value_json(j, any->opt, mst_opt_default(any->opt, &arena));
	mst_jout_key(j, "choices");
	mst_api_choices_json(j, any->opt->choices);
	mst_api_range_json(j, any->opt);
	mst_jout_key(j, "connection");
	mst_api_value_json(j, any->opt, any->own);
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		mst_jout_key(j, mst_env_name((enum mst_env)i));
		if (envs[i])
			side_json(j, &envs[i]->settings[at], (enum mst_env)i,
				  &arena);
		else
			mst_jout_null(j);
	}
	mst_jout_end_obj(j);
	mst_arena_fini(&arena);
}

static int tags_json(struct mst_http_req *r, const char *connection,
		     const struct mst_connection *const *envs,
		     struct mst_arena *arena, struct mst_jout *j,
		     struct mst_err *err)
{
	int rc = 0;

	mst_jout_key(j, "etags");
	mst_jout_obj(j);
	for (unsigned i = 0; i < MST_ENV__MAX && rc == 0; i++) {
		struct mst_api_stored s = {.item = NULL};

		if (!envs[i])
			continue;
		rc = mst_api_stored(
		    mst_api_state(r), MST_SETTINGS,
		    mst_settings_name(connection, (enum mst_env)i, arena),
		    arena, &s, err);
		mst_jout_kstr(j, mst_env_name((enum mst_env)i),
			      mst_api_tag_text(r, s.text));
	}
	mst_jout_end_obj(j);
	return rc;
}

static int write_settings(struct mst_http_req *r, struct mst_jout *j,
			  struct mst_arena *arena, struct mst_err *err)
{
	const struct mst_connection *envs[MST_ENV__MAX], *any;
	const char *name = mst_http_param(r, "name");
	int rc = mst_api_envs(mst_api_state(r), name, arena, envs, &any, err);

	if (rc < 0)
		return rc;
	mst_jout_obj(j);
	mst_jout_kstr(j, "connection", name);
	mst_jout_key(j, "environments");
	mst_jout_arr(j);
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		if (envs[i])
			mst_jout_str(j, mst_env_name((enum mst_env)i));
	}
	mst_jout_end_arr(j);
	rc = tags_json(r, name, envs, arena, j, err);
	mst_jout_key(j, "items");
	mst_jout_arr(j);
	for (size_t i = 0; i < any->settings_n; i++)
		mst_api_setting_json(j, envs, i);
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
	return rc;
}

static int get(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	return mst_api_write(r, resp, write_settings, err);
}

/* ---- changing ------------------------------------------------------------ */

static const char *no_setting(struct mst_api_change *k, const char *key)
{
	const char *keys[KEYS_MAX + 1];
	const char *near;
	size_t n = 0;

	if (mst_opt_find(k->c.opts, key))
		return "is an option of the connection, not a setting: it is "
		       "the same in TEST and PROD";
	for (size_t i = 0; i < k->c.settings_n && n < KEYS_MAX; i++)
		keys[n++] = k->c.settings[i].opt->key;
	keys[n] = NULL;
	near = mst_nearest(key, keys);
	return near ? mst_arena_printf(
			  &k->arena,
			  "there is no such setting; did you mean '%s'?", near)
		    : "there is no such setting";
}

struct reading {
	struct mst_api_change *k;
	struct mst_conf_item item;
	bool wrong;
};

static void tell_wrong(void *ctx, const struct mst_conf_value *v,
		       const char *key, const char *text)
{
	struct reading *d = ctx;

	(void)v;
	mst_http_wrong(d->k->r,
		       mst_arena_printf(&d->k->arena, "/values/%s/value", key),
		       "%s", text);
	d->wrong = true;
}

static bool take_text(struct mst_arena *arena, struct mst_json v,
		      const char **text_r)
{
	struct mst_slice s = mst_json_str(v);
	struct mst_buf b = MST_BUF_INIT(64);
	enum mst_json_type type = mst_json_type(v);

	if (type == MST_JSON_STRING) {
		*text_r = mst_arena_dup(arena, s).p;
		return !memchr(s.p, 0, s.n);
	}
	if (type != MST_JSON_BOOL && type != MST_JSON_INT &&
	    type != MST_JSON_DOUBLE)
		return false;
	(void)mst_json_write(v, &b);
	*text_r = mst_arena_strdup(arena, b.p);
	mst_buf_fini(&b);
	return true;
}

/* The value of "value": a text or a list of them. */
static bool take_value(struct mst_arena *arena, const struct mst_opt *opt,
		       struct mst_json v, struct mst_conf_value *value_r)
{
	bool list = mst_json_type(v) == MST_JSON_ARRAY;
	size_t n = list ? mst_json_len(v) : 1, i = 0;
	const char **texts = mst_arena_alloc(arena, (n + 1) * sizeof(*texts));
	struct mst_json_iter it = mst_json_iter(v);
	struct mst_json one;

	*value_r = (struct mst_conf_value){
	    .key = opt->key, .texts = texts, .texts_n = n, .is_list = list};
	if (!list)
		return take_text(arena, v, &texts[0]);
	while (mst_json_next(&it, NULL, &one)) {
		if (!take_text(arena, one, &texts[i++]))
			return false;
	}
	return n <= MST_MAX_CONF_LIST;
}

static void take_setting(struct reading *d, const char *key, struct mst_json v)
{
	struct mst_api_change *k = d->k;
	const struct mst_opt *opt = mst_opt_find(k->c.opts, key);
	const char *at = mst_arena_printf(&k->arena, "/values/%s", key);
	struct mst_conf_value value;
	bool override = false;

	if (!opt || !opt->rule) {
		mst_http_wrong(k->r, at, "%s", no_setting(k, key));
		d->wrong = true;
	} else if (!mst_json_bool(mst_json_get(v, "override"), &override) ||
		   !take_value(&k->arena, opt, mst_json_get(v, "value"),
			       &value)) {
		mst_http_wrong(k->r, at,
			       "is {\"override\": true or false, \"value\": a "
			       "text or a list of texts}");
		d->wrong = true;
	} else {
		const struct mst_opt alone[] = {*opt, {0}};
		struct mst_conf_item one = d->item;

		one.values = &value;
		one.values_n = 1;
		if (mst_conf_wrong(&one, alone, tell_wrong, d) == 0)
			d->item = mst_settings_put(&d->item, k->name, key,
						   &value, override, &k->arena);
	}
}

int mst_api_settings_read(struct mst_api_change *k, struct mst_json values,
			  struct mst_conf_item *after_r, struct mst_err *err)
{
	struct reading d = {.k = k};
	struct mst_json_iter it = mst_json_iter(values);
	struct mst_override *list;
	size_t n = mst_overrides(k->now.item, &k->arena, &list);
	struct mst_slice key;
	struct mst_json v;

	d.item = k->now.item ? *k->now.item : k->after;
	d.item.name = k->name;
	for (size_t i = 0; i < n; i++) {
		if (!list[i].custom)
			d.item = mst_settings_drop(&d.item, k->name,
						   list[i].key, &k->arena);
	}
	if (mst_json_type(values) != MST_JSON_OBJECT) {
		mst_http_wrong(k->r, "/values", "is an object of settings");
		d.wrong = true;
	}
	while (mst_json_next(&it, &key, &v))
		take_setting(&d, mst_arena_dup(&k->arena, key).p, v);
	if (d.wrong)
		return mst_err_set(err, MST_E_INVALID,
				   "the settings are not right; nothing was "
				   "saved");
	*after_r = d.item;
	return 0;
}

static int put(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	struct mst_api_change k;
	struct mst_json body;
	int rc = mst_api_change_put(&k, r, resp, &body, err);

	if (rc == 0 && mst_api_settings_read(&k, mst_json_get(body, "values"),
					     &k.after, err) < 0)
		rc = mst_api_refuse(r, resp, err);
	else if (rc == 0)
		rc = mst_api_change_end(&k, NULL, err);
	mst_api_change_fini(&k);
	return rc;
}

/* ---- promoting ----------------------------------------------------------- */

/* TEST's set of one connection as PROD's of the same or of another one. */
static int promote_from(struct mst_api_change *k, const char *from,
			struct mst_err *err)
{
	const struct mst_config config = {.state = k->state};
	struct mst_connection c;
	struct mst_conf_item after;

	if (mst_connection_get(&config, from, MST_ENV_TEST, &k->arena, &c,
			       err) < 0)
		return -(int)err->code;
	if (!mst_connection_serves(&c, MST_ENV_TEST))
		return mst_err_set(err, MST_E_CONFLICT,
				   "connection '%s' is for %s and has no TEST "
				   "settings",
				   from, mst_connection_envs(&c));
	if (strcmp(c.type, k->c.type) != 0)
		return mst_err_set(err, MST_E_CONFLICT,
				   "'%s' is of type %s and '%s' of type %s: "
				   "they have different settings",
				   from, c.type, k->c.name, k->c.type);
	after = c.overrides ? *c.overrides : k->after;
	after.name = k->name;
	k->after = after;
	k->what = "promote";
	return 0;
}

static int promote(struct mst_http_req *r, struct mst_http_resp *resp,
		   struct mst_err *err)
{
	const char *from = mst_http_param(r, "name"), *to = from;
	struct mst_api_change k;
	struct mst_json body;
	struct mst_slice word;
	int rc;

	if (mst_http_json(r, &body, err) < 0)
		return -(int)err->code;
	word = mst_json_str(mst_json_get(body, "to"));
	if (word.n)
		to = mst_arena_dup(&r->arena, word).p;
	rc = mst_api_change_begin(&k, r, resp, to, MST_ENV_PROD, body, err);
	if (rc == 0)
		rc = promote_from(&k, from, err);
	if (rc == 0)
		rc = mst_api_change_end(&k, NULL, err);
	mst_api_change_fini(&k);
	return rc;
}

#define PREVIEW                                                                \
	{                                                                      \
		{                                                              \
			"preview", "only say what would change", "boolean",    \
			    NULL                                               \
		}                                                              \
	}

const struct mst_http_route mst_api_settings[] = {
    {MST_ROUTE_GET, "/connections/{name}/settings", "get_settings", "settings",
     "Settings of a connection, TEST and PROD side by side.", MST_MAY_READ, 0,
     NULL, "settings", .run = get},
    {MST_ROUTE_PUT, "/connections/{name}/settings/{env}", "put_settings",
     "settings", "Puts all overrides of an environment; custom mappings stay.",
     MST_MAY_CONFIGURE, MST_ROUTE_MATCH | MST_ROUTE_SECOND, "settings_body",
     "settings_change", PREVIEW, .run = put},
    {MST_ROUTE_POST, "/connections/{name}/settings/promote", "promote_settings",
     "settings",
     "Makes the whole set of TEST, with custom mappings, that of PROD.",
     MST_MAY_CONFIGURE, MST_ROUTE_MATCH | MST_ROUTE_SECOND, "promote_body",
     "settings_change", PREVIEW, .run = promote},
    {0},
};

static const struct mst_api_field side_fields[] = {
    {"override", "boolean", "the value is in force"},
    {"value", "any", "a text, a list of texts; null: none is set"},
    {"in_force", "any", "a text, a list of texts, or null"},
    {"from", "default|connection|test|prod", "where that comes from"},
    {0},
};

static const struct mst_api_field setting_fields[] = {
    {"key", "string", ""},
    {"kind",
     "text|secret|bool|int|decimal|percent|duration|size|choice|list|url", ""},
    {"control", "slider|choice|number|text|list", ""},
    {"help", "string?", ""},
    {"rule", "string", "that it overrides"},
    {"default", "any", ""},
    {"choices", "string[]", "empty: any"},
    {"min", "number?", ""},
    {"max", "number?", ""},
    {"connection", "any", "what the connection itself says; null: nothing"},
    {"test", "&setting_side?", "null: it does not serve TEST"},
    {"prod", "&setting_side?", ""},
    {0},
};

static const struct mst_api_field settings_fields[] = {
    {"connection", "string", ""},
    {"environments", "test|prod[]", ""},
    {"etags", "{string}", "by environment, for If-Match"},
    {"items", "&setting[]", ""},
    {0},
};

static const struct mst_api_field body_fields[] = {
    {"values", "object",
     "by key: {\"override\", \"value\"}; what is left out is not set"},
    {"consent?", "boolean", "true: it changes what jobs write"},
    {0},
};

static const struct mst_api_field promote_fields[] = {
    {"to?", "string?", "the connection whose PROD it is; null: the same"},
    {"consent?", "boolean", "true: it changes what jobs write"},
    {0},
};

static const struct mst_api_field difference_fields[] = {
    {"key", "string", "of a setting, or of a custom mapping"},
    {"rule", "string?", ""},
    {"before", "any", "in force: a text, a list of texts, or null"},
    {"after", "any", ""},
    {"kept", "boolean", "the new value is stored, but not in force"},
    {0},
};

static const struct mst_api_field place_fields[] = {
    {"line", "integer", "from 1"},
    {"column", "integer", ""},
    {"detail", "string", ""},
    {0},
};

static const struct mst_api_field change_fields[] = {
    {"changes", "&setting_difference[]", ""},
    {"jobs", "string[]", "that the settings are in force for"},
    {"errors", "&yaml_error[]", "of mappings, by line"},
    {"saved", "boolean", ""},
    {0},
};

const struct mst_api_schema mst_api_settings_schemas[] = {
    {"setting_side", "A setting in one environment.", side_fields},
    {"setting", "A setting.", setting_fields},
    {"settings", "The settings of a connection.", settings_fields},
    {"settings_body", "All overrides of an environment.", body_fields},
    {"promote_body", "A promotion.", promote_fields},
    {"setting_difference", "What changes.", difference_fields},
    {"yaml_error", "What is wrong, and where.", place_fields},
    {"settings_change", "What a change of settings does.", change_fields},
    {0},
};
