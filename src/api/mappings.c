/* SPDX-License-Identifier: Apache-2.0
 *
 * Custom mappings of a connection as YAML text, and the rules in force.
 */
#include <string.h>

#include "api/settings.h"
#include "api/tables.h"
#include "base/limits.h"
#include "base/num.h"
#include "sync/setting_show.h"

#define FILE_NAME "mappings"
/* What stands in front of the text when it is read as an item. */
#define HEAD_LINES  3
#define TEXT_INDENT 4 /* of an item's values as they are stored */

/* ---- as YAML ------------------------------------------------------------- */

/* The custom keys of a set, as an item of their own. */
static struct mst_conf_item customs_of(const struct mst_conf_item *item,
				       const char *name,
				       struct mst_arena *arena)
{
	struct mst_conf_item out = {
	    .kind = MST_SETTINGS, .type = "", .name = name, .file = FILE_NAME};
	struct mst_conf_value *v =
	    mst_arena_alloc(arena, (MST_MAX_CONF_VALUES + 1) * sizeof(*v));

	for (size_t i = 0; item && i < item->values_n; i++) {
		if (mst_is_custom_key(item->values[i].key) &&
		    out.values_n < MST_MAX_CONF_VALUES)
			v[out.values_n++] = item->values[i];
	}
	out.values = v;
	return out;
}

/* Its text without the lines that say whose it is, and without the list's
 * blanks. */
static int text_of(const struct mst_conf_item *item, struct mst_buf *out,
		   struct mst_err *err)
{
	struct mst_buf all = MST_BUF_INIT(MST_MAX_CONF);
	int rc = mst_config_text(item, &all, err);
	struct mst_slice s = mst_buf_slice(&all);

	for (size_t line = 0; rc == 0 && s.n; line++) {
		const char *nl = memchr(s.p, '\n', s.n);
		size_t n = nl ? (size_t)(nl - s.p) + 1 : s.n;

		if (line + 1 >= HEAD_LINES) {
			size_t skip = MST_MIN(n, (size_t)TEXT_INDENT);

			(void)mst_buf_add(out, s.p + skip, n - skip);
		}
		s = mst_slice(s.p + n, s.n - n);
	}
	mst_buf_fini(&all);
	return rc;
}

static int write_mappings(struct mst_http_req *r, struct mst_http_resp *resp,
			  struct mst_arena *arena, struct mst_err *err)
{
	const struct mst_connection *envs[MST_ENV__MAX], *any;
	struct mst_buf yaml = MST_BUF_INIT(MST_MAX_CONF);
	const char *name = mst_http_param(r, "name"), *set;
	struct mst_api_stored now = {.item = NULL};
	struct mst_conf_item customs;
	enum mst_env env = MST_ENV_TEST;
	struct mst_jout j;
	int rc;

	if (mst_api_env(r, NULL, &env, err) < 0 ||
	    mst_api_envs(mst_api_state(r), name, arena, envs, &any, err) < 0)
		return -(int)err->code;
	if (!envs[env])
		return mst_err_set(err, MST_E_NOTFOUND,
				   "connection '%s' is for %s", name,
				   mst_connection_envs(any));
	set = mst_settings_name(name, env, arena);
	rc = mst_api_stored(mst_api_state(r), MST_SETTINGS, set, arena, &now,
			    err);
	customs = customs_of(now.item, set, arena);
	if (rc == 0 && customs.values_n)
		rc = text_of(&customs, &yaml, err);
	mst_jout_init(&j, &resp->body);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "yaml", yaml.p ? yaml.p : "");
	mst_jout_key(&j, "etags");
	mst_jout_obj(&j);
	mst_jout_kstr(&j, mst_env_name(env), mst_api_tag_text(r, now.text));
	mst_jout_end_obj(&j);
	mst_jout_key(&j, "record_sets");
	mst_jout_arr(&j);
	for (size_t i = 0; any->source && i < any->source->catalog->sets_n; i++)
		mst_jout_str(&j, any->source->catalog->sets[i].name);
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
	mst_buf_fini(&yaml);
	if (rc == 0)
		mst_api_tag(r, resp, now.text.p ? now.text : mst_slice("", 0));
	return rc;
}

static int get(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = write_mappings(r, resp, &arena, err);
	mst_arena_fini(&arena);
	return rc;
}

/* ---- putting ------------------------------------------------------------- */

/* The text as the item that it stands for: places in errors are then its own,
 * HEAD_LINES further down and two columns further right. */
int mst_api_mappings_read(struct mst_api_change *k, struct mst_slice text,
			  struct mst_conf_item *after_r, struct mst_err *err)
{
	struct mst_buf yaml = MST_BUF_INIT(MST_MAX_CONF);
	struct mst_conf_item *items = NULL;
	struct mst_override *list;
	size_t n = 0, old;
	int rc = 0;

	(void)mst_buf_addf(&yaml,
			   "settings:\n- connection: %s\n  environment: %s\n",
			   k->c.name, mst_env_name(k->env));
	while (text.n) {
		const char *nl = memchr(text.p, '\n', text.n);
		size_t len = nl ? (size_t)(nl - text.p) + 1 : text.n;

		(void)mst_buf_addf(&yaml, "%s", len > 1 ? "  " : "");
		(void)mst_buf_add(&yaml, text.p, len);
		text = mst_slice(text.p + len, text.n - len);
	}
	if (yaml.overflow)
		rc = mst_err_set(err, MST_E_INVALID, "the text is too long");
	if (rc == 0)
		rc = mst_conf_read_in(mst_buf_slice(&yaml), FILE_NAME,
				      &k->arena, &items, &n, err);
	mst_buf_fini(&yaml);
	if (rc < 0)
		return rc;
	if (n != 1)
		return mst_err_set(err, MST_E_INVALID,
				   "the text holds more than \"mappings:\" and "
				   "\"lookup:\"");
	for (size_t i = 0; i < items[0].values_n; i++) {
		const struct mst_conf_value *v = &items[0].values[i];

		if (!mst_is_custom_key(v->key))
			return mst_err_set(err, MST_E_INVALID,
					   "%s:%d:%d: \"%.60s\" is no custom "
					   "mapping; they stand below "
					   "\"mappings:\" and \"lookup:\"",
					   FILE_NAME, v->key_line,
					   v->key_column, v->key);
	}
	/* Settings as they are, and these. */
	*after_r = k->now.item ? *k->now.item : k->after;
	after_r->name = k->name;
	old = mst_overrides(k->now.item, &k->arena, &list);
	for (size_t i = 0; i < old; i++) {
		if (list[i].custom)
			*after_r = mst_settings_drop(after_r, k->name,
						     list[i].key, &k->arena);
	}
	for (size_t i = 0; i < items[0].values_n; i++)
		*after_r =
		    mst_settings_put(after_r, k->name, items[0].values[i].key,
				     &items[0].values[i], true, &k->arena);
	after_r->file = FILE_NAME;
	return 0;
}

static bool take_number(const char **p, uint64_t *n_r)
{
	size_t n = strcspn(*p, ":");

	if ((*p)[n] != ':' || !mst_num_u64(mst_slice(*p, n), n_r))
		return false;
	*p += n + 1;
	return true;
}

/* {"changes": [], …, "errors": [{line, column, detail}]} in a preview; else a
 * problem that says the same. */
static int refuse(struct mst_api_change *k, struct mst_err *err)
{
	char *at = strstr(err->msg, FILE_NAME ":");
	const char *p = at ? at + strlen(FILE_NAME ":") : err->msg;
	uint64_t line = 0, column = 0;
	struct mst_jout j;

	if (err->code != MST_E_INVALID && err->code != MST_E_NOTFOUND)
		return -(int)err->code;
	if (at && (!take_number(&p, &line) || !take_number(&p, &column)))
		p = err->msg;
	p += *p == ' ';
	line = line > HEAD_LINES ? line - HEAD_LINES : 1;
	column = column > 2 ? column - 2 : 1;
	if (!k->preview) {
		mst_http_wrong(k->r, "/yaml", "%llu:%llu: %s",
			       (unsigned long long)line,
			       (unsigned long long)column, p);
		return mst_http_problem_as(k->r, k->resp, 422, "unprocessable",
					   "line %llu, column %llu: %s",
					   (unsigned long long)line,
					   (unsigned long long)column, p);
	}
	mst_jout_init(&j, &k->resp->body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "changes");
	mst_jout_arr(&j);
	mst_jout_end_arr(&j);
	mst_jout_key(&j, "jobs");
	mst_jout_arr(&j);
	mst_jout_end_arr(&j);
	mst_jout_key(&j, "errors");
	mst_jout_arr(&j);
	mst_jout_obj(&j);
	mst_jout_ki64(&j, "line", (int64_t)line);
	mst_jout_ki64(&j, "column", (int64_t)column);
	mst_jout_kstr(&j, "detail", p);
	mst_jout_end_obj(&j);
	mst_jout_end_arr(&j);
	mst_jout_kbool(&j, "saved", false);
	mst_jout_end_obj(&j);
	return 0;
}

static int put(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	struct mst_api_change k;
	struct mst_json body;
	int rc = mst_api_change_put(&k, r, resp, &body, err);

	if (rc == 0 &&
	    mst_api_mappings_read(&k, mst_json_str(mst_json_get(body, "yaml")),
				  &k.after, err) < 0)
		rc = refuse(&k, err);
	else if (rc == 0)
		rc = mst_api_change_end(&k, refuse, err);
	mst_api_change_fini(&k);
	return rc;
}

/* ---- rules --------------------------------------------------------------- */

static void rule_json(struct mst_jout *j, const struct mst_rule *rule,
		      const struct mst_connection *const *envs,
		      const struct mst_connection *any)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "id", rule->id);
	mst_jout_kstr(j, "title", rule->title);
	mst_jout_kstr(j, "default", rule->text);
	mst_jout_key(j, "settings");
	mst_jout_arr(j);
	for (size_t i = 0; i < any->settings_n; i++) {
		if (strcmp(any->settings[i].opt->rule, rule->id) == 0)
			mst_api_setting_json(j, envs, i);
	}
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

static void customs_json(struct mst_jout *j, const struct mst_connection *c,
			 struct mst_arena *arena)
{
	struct mst_override *list;
	size_t n = mst_overrides(c ? c->overrides : NULL, arena, &list);

	mst_jout_arr(j);
	for (size_t i = 0; i < n; i++) {
		struct mst_buf text = MST_BUF_INIT(1u << 20);

		if (!list[i].custom)
			continue;
		mst_conf_value_text(&text, list[i].value);
		mst_jout_obj(j);
		mst_jout_kstr(j, "column", list[i].key);
		mst_jout_kstr(j, "text", text.p ? text.p : "");
		mst_jout_end_obj(j);
		mst_buf_fini(&text);
	}
	mst_jout_end_arr(j);
}

static int write_rules(struct mst_http_req *r, struct mst_jout *j,
		       struct mst_arena *arena, struct mst_err *err)
{
	const struct mst_connection *envs[MST_ENV__MAX], *any;
	const char *name = mst_http_param(r, "name");
	const struct mst_rule *rules;
	size_t n;

	if (mst_api_envs(mst_api_state(r), name, arena, envs, &any, err) < 0)
		return -(int)err->code;
	rules = mst_connection_rules(any, &n);
	mst_jout_obj(j);
	mst_jout_kstr(j, "connection", name);
	mst_jout_kstr(j, "type", any->type);
	mst_jout_kstr(j, "title",
		      any->source ? any->source->title : any->dest->title);
	mst_jout_key(j, "rules");
	mst_jout_arr(j);
	for (size_t i = 0; i < n; i++)
		rule_json(j, &rules[i], envs, any);
	mst_jout_end_arr(j);
	mst_jout_key(j, "mappings");
	mst_jout_obj(j);
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		if (!envs[i])
			continue;
		mst_jout_key(j, mst_env_name((enum mst_env)i));
		customs_json(j, envs[i], arena);
	}
	mst_jout_end_obj(j);
	mst_jout_end_obj(j);
	return 0;
}

static int get_rules(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	return mst_api_write(r, resp, write_rules, err);
}

const struct mst_http_route mst_api_mappings[] = {
    {MST_ROUTE_GET, "/connections/{name}/rules", "get_rules", "settings",
     "The rules of a connection and what overrides them.", MST_MAY_READ, 0,
     NULL, "rules", .run = get_rules},
    {MST_ROUTE_GET, "/connections/{name}/mappings/{env}", "get_mappings",
     "settings", "Custom mappings of an environment as YAML.", MST_MAY_READ, 0,
     NULL, "mappings", .run = get},
    {MST_ROUTE_PUT,
     "/connections/{name}/mappings/{env}",
     "put_mappings",
     "settings",
     "Puts all custom mappings of an environment; settings stay.",
     MST_MAY_CONFIGURE,
     MST_ROUTE_MATCH | MST_ROUTE_SECOND,
     "mappings_body",
     "settings_change",
     {{"preview", "only say what would change", "boolean", NULL}},
     .run = put},
    {0},
};

static const struct mst_api_field rule_fields[] = {
    {"id", "string", ""},
    {"title", "string", ""},
    {"default", "string", "what is done unless a setting says otherwise"},
    {"settings", "&setting[]", "that override it"},
    {0},
};

static const struct mst_api_field custom_fields[] = {
    {"column", "string", "\"mappings.devices.u_site.value\""},
    {"text", "string", ""},
    {0},
};

static const struct mst_api_field rules_fields[] = {
    {"connection", "string", ""},
    {"type", "string", ""},
    {"title", "string", ""},
    {"rules", "&rule[]", ""},
    {"mappings", "object", "custom mappings by environment"},
    {0},
};

static const struct mst_api_field mappings_fields[] = {
    {"yaml", "string", "the keys mappings and lookup"},
    {"etags", "{string}", "of the environment, for If-Match"},
    {"record_sets", "string[]", "that have columns"},
    {0},
};

static const struct mst_api_field body_fields[] = {
    {"yaml", "string", "the keys mappings and lookup; \"\" takes all away"},
    {"consent?", "boolean", "true: it changes what jobs write"},
    {0},
};

const struct mst_api_schema mst_api_mapping_schemas[] = {
    {"rule", "A rule.", rule_fields},
    {"custom_mapping", "A custom mapping.", custom_fields},
    {"rules", "The rules of a connection.", rules_fields},
    {"mappings", "Custom mappings as YAML.", mappings_fields},
    {"mappings_body", "What they are to be.", body_fields},
    {0},
};
