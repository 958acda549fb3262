/* SPDX-License-Identifier: Apache-2.0
 *
 * What overrides make of a connection: the values in force, what differs
 * between two sets, and a set with one more or less.
 */
#include "conf/conf_private.h"
#include "conf/settings.h"

/* ---- values in force ----------------------------------------------------- */

/* Of a checked value. */
static bool is_true(const struct mst_conf_value *v)
{
	bool flag = false;

	return v && v->texts_n == 1 && mst_conf_bool(v->texts[0], &flag) &&
	       flag;
}

struct mst_conf_item mst_settings_merge(const struct mst_conf_item *connection,
					const struct mst_conf_item *settings,
					struct mst_arena *arena)
{
	struct mst_conf_item item = *connection;
	struct mst_conf_value *values;
	size_t n = connection->values_n;
	struct mst_override *list;
	size_t list_n = mst_overrides(settings, arena, &list);

	values = mst_arena_alloc(arena, (n + list_n) * sizeof(*values));
	if (n)
		memcpy(values, connection->values, n * sizeof(*values));
	for (size_t i = 0; i < list_n; i++) {
		size_t at = 0;

		if (list[i].custom || !list[i].override)
			continue;
		while (at < n && strcmp(values[at].key, list[i].key) != 0)
			at++;
		values[at] = *list[i].value;
		values[at].key = list[i].key;
		n += at == n;
	}
	item.values = values;
	item.values_n = n;
	return item;
}

size_t mst_settings_list(const struct mst_conf_item *connection,
			 const struct mst_conf_item *settings,
			 const struct mst_opt *opts, struct mst_arena *arena,
			 struct mst_setting **list_r)
{
	struct mst_setting *list;
	size_t n = 0;

	for (const struct mst_opt *o = opts; o->key; o++)
		n += o->rule != NULL;
	list = mst_arena_alloc(arena, n * sizeof(*list));
	n = 0;
	for (const struct mst_opt *o = opts; o->key; o++) {
		if (!o->rule)
			continue;
		list[n++] = (struct mst_setting){
		    .opt = o,
		    .own = mst_settings_find(connection, o->key, NULL),
		    .stored = mst_settings_find(settings, o->key, "value"),
		    .override = is_true(
			mst_settings_find(settings, o->key, "override")),
		};
	}
	*list_r = list;
	return n;
}

enum mst_origin mst_setting_origin(const struct mst_setting *s)
{
	if (s->stored && s->override)
		return MST_ORIGIN_ENV;
	return s->own ? MST_ORIGIN_CONNECTION : MST_ORIGIN_DEFAULT;
}

static const char *zero_of(const struct mst_opt *opt, struct mst_arena *arena)
{
	switch (opt->type) {
	case MST_OPT_BOOL:
		return "false";
	case MST_OPT_INT:
	case MST_OPT_DECIMAL:
	case MST_OPT_SIZE:
		return "0";
	case MST_OPT_PERCENT:
		return "0%";
	case MST_OPT_DURATION:
		return "0s";
	case MST_OPT_CHOICE: /* the first */
		return mst_arena_dup(
			   arena,
			   mst_slice(opt->choices, strcspn(opt->choices, "|")))
		    .p;
	case MST_OPT_TEXT:
	case MST_OPT_SECRET:
	case MST_OPT_URL:
	case MST_OPT_LIST:
		break;
	}
	return NULL;
}

const struct mst_conf_value *mst_opt_default(const struct mst_opt *opt,
					     struct mst_arena *arena)
{
	struct mst_conf_value *v = mst_arena_alloc(arena, sizeof(*v));
	const char *def = opt->def ? opt->def : zero_of(opt, arena);
	const char **texts;

	v->key = opt->key;
	v->is_list = opt->type == MST_OPT_LIST;
	if (!def)
		return v->is_list ? v : NULL;
	texts = mst_arena_alloc(arena, (strlen(def) + 1) * sizeof(*texts));
	v->texts = texts;
	if (!v->is_list) {
		texts[v->texts_n++] = def;
		return v;
	}
	while (*def) {
		size_t n = strcspn(def, "|");

		texts[v->texts_n++] = mst_arena_dup(arena, mst_slice(def, n)).p;
		def += n + (def[n] == '|');
	}
	return v;
}

const struct mst_conf_value *mst_setting_value(const struct mst_setting *s,
					       struct mst_arena *arena)
{
	if (s->stored && s->override)
		return s->stored;
	return s->own ? s->own : mst_opt_default(s->opt, arena);
}

/* ---- what an item holds -------------------------------------------------- */

size_t mst_overrides(const struct mst_conf_item *settings,
		     struct mst_arena *arena, struct mst_override **list_r)
{
	struct mst_override *list;
	size_t n = 0;

	list = mst_arena_alloc(arena, (settings ? settings->values_n : 0) *
					  sizeof(*list));
	for (size_t i = 0; settings && i < settings->values_n; i++) {
		const struct mst_conf_value *v = &settings->values[i];
		const char *key =
		    mst_is_custom_key(v->key)
			? NULL
			: mst_settings_head(v->key, "value", arena);

		if (key)
			list[n++] = (struct mst_override){
			    .key = key,
			    .value = v,
			    .override = is_true(
				mst_settings_find(settings, key, "override")),
			};
		else if (mst_is_custom_key(v->key))
			list[n++] = (struct mst_override){
			    .key = v->key,
			    .value = v,
			    .override = true,
			    .custom = true,
			};
	}
	*list_r = list;
	return n;
}

static const struct mst_override *find_override(const struct mst_override *list,
						size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].key, key) == 0)
			return &list[i];
	}
	return NULL;
}

static bool same(const struct mst_override *a, const struct mst_override *b)
{
	if (!a || !b || a->override != b->override ||
	    a->value->texts_n != b->value->texts_n)
		return false;
	for (size_t i = 0; i < a->value->texts_n; i++) {
		if (strcmp(a->value->texts[i], b->value->texts[i]) != 0)
			return false;
	}
	return true;
}

size_t mst_overrides_diff(const struct mst_conf_item *before,
			  const struct mst_conf_item *after,
			  struct mst_arena *arena,
			  struct mst_override_change **list_r)
{
	struct mst_override *a, *b;
	size_t a_n = mst_overrides(before, arena, &a);
	size_t b_n = mst_overrides(after, arena, &b);
	struct mst_override_change *list =
	    mst_arena_alloc(arena, (a_n + b_n) * sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < a_n; i++) {
		const struct mst_override *to = find_override(b, b_n, a[i].key);

		if (!same(&a[i], to))
			list[n++] =
			    (struct mst_override_change){a[i].key, &a[i], to};
	}
	for (size_t i = 0; i < b_n; i++) {
		if (!find_override(a, a_n, b[i].key))
			list[n++] =
			    (struct mst_override_change){b[i].key, NULL, &b[i]};
	}
	*list_r = list;
	return n;
}

/* ---- changing an item ---------------------------------------------------- */

static bool is_below(const char *key, const char *path)
{
	size_t n = strlen(path);

	return strncmp(key, path, n) == 0 && (key[n] == 0 || key[n] == '.');
}

/* A copy with room for two more values. */
static struct mst_conf_item copy(const struct mst_conf_item *settings,
				 const char *name, struct mst_arena *arena,
				 struct mst_conf_value **values_r)
{
	struct mst_conf_item item = {
	    .kind = MST_SETTINGS,
	    .name = mst_arena_strdup(arena, name),
	    .type = "",
	    .file = mst_arena_printf(arena, "settings %s", name),
	};
	size_t n = settings ? settings->values_n : 0;

	*values_r = mst_arena_alloc(arena, (n + 2) * sizeof(**values_r));
	if (n)
		memcpy(*values_r, settings->values, n * sizeof(**values_r));
	item.values = *values_r;
	item.values_n = n;
	return item;
}

static void put(struct mst_conf_item *item, struct mst_conf_value *values,
		const char *key, const struct mst_conf_value *value)
{
	size_t at = 0;

	while (at < item->values_n && strcmp(values[at].key, key) != 0)
		at++;
	item->values_n += at == item->values_n;
	values[at] = *value;
	values[at].key = key;
}

struct mst_conf_item mst_settings_put(const struct mst_conf_item *settings,
				      const char *name, const char *key,
				      const struct mst_conf_value *value,
				      bool override, struct mst_arena *arena)
{
	static const char *const words[] = {"false", "true"};
	const struct mst_conf_value flag = {.texts = &words[override],
					    .texts_n = 1};
	struct mst_conf_value *values;
	struct mst_conf_item item = copy(settings, name, arena, &values);

	if (mst_is_custom_key(key)) {
		put(&item, values, mst_arena_strdup(arena, key), value);
		return item;
	}
	put(&item, values, mst_arena_printf(arena, "%s.override", key), &flag);
	put(&item, values, mst_arena_printf(arena, "%s.value", key), value);
	return item;
}

struct mst_conf_item mst_settings_drop(const struct mst_conf_item *settings,
				       const char *name, const char *key,
				       struct mst_arena *arena)
{
	struct mst_conf_value *values;
	struct mst_conf_item item = copy(settings, name, arena, &values);
	size_t kept = 0;

	for (size_t i = 0; i < item.values_n; i++) {
		const char *setting =
		    mst_is_custom_key(values[i].key)
			? NULL
			: mst_settings_key(values[i].key, arena);

		if (setting ? strcmp(setting, key) != 0
			    : !is_below(values[i].key, key))
			values[kept++] = values[i];
	}
	item.values_n = kept;
	return item;
}
