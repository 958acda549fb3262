/* SPDX-License-Identifier: Apache-2.0
 *
 * A tree to items: the sections, names and types; nested mappings become
 * dotted keys. Error texts name keys, never values: a value may be a secret.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/map.h"
#include "conf/conf_private.h"
#include "conf/settings.h"

static const struct section {
	const char *key, *kind;
	const char *entry; /* what one of them is called */
	/* Members that say which item it is, and are no values. NULL: the
	 * section is no list but one mapping, an item named like its kind. */
	const char *first, *second;
} sections[] = {
    {"connections", "connection", "connection", "name", "type"},
    {"jobs", "job", "job", "name", NULL},
    {"settings", MST_SETTINGS, "settings entry", "connection", "environment"},
    {"forward_rules", MST_FORWARD_RULE, "forwarding rule", "name", NULL},
    {"forward_actions", MST_FORWARD_ACTION, "forwarding action", "name",
     "type"},
    {"forward_receivers", MST_FORWARD_RECEIVER, "forwarding receiver", "name",
     "type"},
    {"exclusion_windows", MST_EXCLUSION_WINDOW, "exclusion window", "name",
     NULL},
    {"outbox", MST_OUTBOX, "outbox", NULL, NULL},
    {"proxy", MST_PROXY, "proxy", NULL, NULL},
    {"service", MST_SERVICE, "service", NULL, NULL},
};

static bool is_own_member(const struct section *s, struct mst_slice key)
{
	return mst_slice_is(key, s->first) ||
	       (s->second && mst_slice_is(key, s->second));
}

struct builder {
	const char *file;
	struct mst_arena *arena;
	struct mst_err *err;
	struct mst_conf_item *items;
	size_t n;
	/* one item's values on the way */
	struct mst_conf_value *values;
	size_t values_n;
};

static int fail_at(struct builder *b, const struct mst_node *n, const char *why)
{
	return mst_conf_fail(b->err, b->file, n->line, n->column, "%s", why);
}

static const struct mst_node *member(const struct mst_node *map,
				     const char *key)
{
	for (const struct mst_node *n = map->first; n; n = n->next) {
		if (mst_slice_is(n->key, key))
			return n;
	}
	return NULL;
}

/* ---- values ------------------------------------------------------------ */

static int no_value(struct builder *b, const struct mst_node *n,
		    const char *key)
{
	char shown[80];

	return mst_conf_fail(b->err, b->file, n->key_line, n->key_column,
			     "\"%s\" has no value; take the line out, or "
			     "write \"\" for an empty text",
			     mst_conf_show(key, shown));
}

static int set_list(struct builder *b, const struct mst_node *n,
		    struct mst_conf_value *v)
{
	const char **texts;

	if (n->n > MST_MAX_CONF_LIST)
		return fail_at(b, n, "the list is too long");
	texts = mst_arena_alloc(b->arena, n->n * sizeof(*texts));
	v->texts = texts;
	v->is_list = true;
	for (const struct mst_node *e = n->first; e; e = e->next) {
		if (e->kind != MST_NODE_TEXT || e->is_blank)
			return fail_at(b, e, "a list holds texts only");
		texts[v->texts_n++] = e->text.p;
	}
	return 0;
}

static int add_value(struct builder *b, const struct mst_node *n,
		     const char *key)
{
	struct mst_conf_value *v;
	const char **text;
	char shown[80];

	for (size_t i = 0; i < b->values_n; i++) {
		if (strcmp(b->values[i].key, key) == 0)
			return mst_conf_fail(
			    b->err, b->file, n->key_line, n->key_column,
			    "the key \"%s\" is given twice; "
			    "first in line %d",
			    mst_conf_show(key, shown), b->values[i].key_line);
	}
	if (b->values_n == MST_MAX_CONF_VALUES)
		return fail_at(b, n, "too many options");
	v = &b->values[b->values_n++];
	*v = (struct mst_conf_value){
	    .key = key,
	    .line = n->line,
	    .column = n->column,
	    .key_line = n->key_line,
	    .key_column = n->key_column,
	};
	if (n->kind == MST_NODE_LIST)
		return set_list(b, n, v);
	if (n->is_blank)
		return no_value(b, n, key);
	text = mst_arena_alloc(b->arena, sizeof(*text));
	*text = n->text.p;
	v->texts = text;
	v->texts_n = 1;
	return 0;
}

/* All values below a mapping; the reader bounded its depth. */
static int add_values(struct builder *b, const struct mst_node *map,
		      const char *prefix, const struct section *skip)
{
	for (const struct mst_node *n = map->first; n; n = n->next) {
		const char *key = n->key.p;
		int ret;

		if (skip && is_own_member(skip, n->key))
			continue;
		if (prefix)
			key = mst_arena_printf(b->arena, "%s.%s", prefix, key);
		if (strlen(key) > MST_MAX_CONF_KEY)
			return fail_at(b, n,
				       "the keys above this value are "
				       "too long");
		if (n->kind == MST_NODE_MAP)
			ret = add_values(b, n, key, NULL);
		else
			ret = add_value(b, n, key);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* ---- items ------------------------------------------------------------- */

bool mst_conf_name_ok(struct mst_slice s)
{
	if (s.n == 0 || s.n > MST_MAX_NAME)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9');

		if (!alnum && (i == 0 || !strchr("._-", c)))
			return false;
	}
	return true;
}

/* A member that every item of the section must have. */
static int get_word(struct builder *b, const struct mst_node *map,
		    const struct section *s, const char *key, const char **r)
{
	const struct mst_node *n = member(map, key);

	if (!n)
		return mst_conf_fail(b->err, b->file, map->line, map->column,
				     "a %s needs a \"%s\"", s->entry, key);
	if (n->kind != MST_NODE_TEXT || n->is_blank)
		return mst_conf_fail(b->err, b->file, n->line, n->column,
				     "\"%s\" must be a word", key);
	if (!mst_conf_name_ok(n->text))
		return mst_conf_fail(b->err, b->file, n->line, n->column,
				     "\"%s\" must be 1 to %d letters, digits, "
				     "\"_\", \"-\" or \".\", and begin with a "
				     "letter or digit",
				     key, MST_MAX_NAME);
	*r = n->text.p;
	return 0;
}

/* Settings are named after what they belong to: "defender/test". */
static int get_settings_name(struct builder *b, const struct mst_node *map,
			     const struct section *s, const char **r)
{
	const char *connection = NULL, *word = NULL;
	enum mst_env env;
	int ret = get_word(b, map, s, s->first, &connection);

	if (ret == 0)
		ret = get_word(b, map, s, s->second, &word);
	if (ret == 0 && !mst_env_parse(word, &env))
		return fail_at(b, member(map, s->second),
			       "\"environment\" must be test or prod");
	if (ret == 0)
		*r = mst_arena_printf(b->arena, "%s/%s", connection,
				      mst_env_name(env));
	return ret;
}

static int get_name(struct builder *b, const struct mst_node *map,
		    const struct section *s, struct mst_conf_item *item)
{
	int ret;

	if (strcmp(s->kind, MST_SETTINGS) == 0)
		return get_settings_name(b, map, s, &item->name);
	ret = get_word(b, map, s, s->first, &item->name);
	return ret == 0 && s->second
		   ? get_word(b, map, s, s->second, &item->type)
		   : ret;
}

/* Names are folder and table names later: "A" and "a" must not meet. */
static int check_unique(struct builder *b, const struct section *s,
			const struct mst_node *map, struct mst_map *names,
			struct mst_conf_item *item)
{
	const struct mst_node *n = member(map, s->first);
	char *folded = mst_arena_strdup(b->arena, item->name);
	const struct mst_conf_item *old;

	for (char *p = folded; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	}
	old = mst_map_get(names, mst_slice_str(folded));
	if (old)
		return mst_conf_fail(
		    b->err, b->file, n->line, n->column,
		    "the %s %s\"%s\" is given twice; "
		    "first in line %d",
		    s->entry, strcmp(s->first, "name") == 0 ? "name " : "",
		    item->name, old->line);
	(void)mst_map_put(names, mst_slice_str(folded), item);
	return 0;
}

static void begin_item(struct builder *b, const struct section *s,
		       const struct mst_node *n)
{
	b->values_n = 0;
	b->items[b->n] = (struct mst_conf_item){
	    .kind = s->kind,
	    .name = s->kind,
	    .type = "",
	    .file = b->file,
	    .line = n->line,
	    .column = n->column,
	};
}

static void end_item(struct builder *b)
{
	struct mst_conf_item *item = &b->items[b->n++];
	struct mst_conf_value *values =
	    mst_arena_alloc(b->arena, b->values_n * sizeof(*values));

	if (b->values_n)
		memcpy(values, b->values, b->values_n * sizeof(*values));
	item->values = values;
	item->values_n = b->values_n;
}

static int add_item(struct builder *b, const struct section *s,
		    const struct mst_node *map, struct mst_map *names)
{
	struct mst_conf_item *item = &b->items[b->n];
	int ret;

	if (map->kind != MST_NODE_MAP)
		return mst_conf_fail(b->err, b->file, map->line, map->column,
				     "a %s must be a mapping that begins with "
				     "\"- %s: …\"",
				     s->entry, s->first);
	begin_item(b, s, map);
	ret = get_name(b, map, s, item);
	if (ret == 0)
		ret = check_unique(b, s, map, names, item);
	if (ret == 0)
		ret = add_values(b, map, NULL, s);
	if (ret == 0)
		end_item(b);
	return ret;
}

/* A section that is one mapping. With nothing below it all of its options have
 * their defaults. */
static int add_single(struct builder *b, const struct section *s,
		      const struct mst_node *n)
{
	int ret = 0;

	if (n->kind != MST_NODE_MAP &&
	    !(n->kind == MST_NODE_TEXT && n->is_blank))
		return mst_conf_fail(b->err, b->file, n->line, n->column,
				     "\"%s\" must be a mapping of options, "
				     "without \"-\"",
				     s->key);
	begin_item(b, s, n);
	if (n->kind == MST_NODE_MAP)
		ret = add_values(b, n, NULL, NULL);
	if (ret == 0)
		end_item(b);
	return ret;
}

static int add_section(struct builder *b, const struct section *s,
		       const struct mst_node *n)
{
	struct mst_map names = {0};
	int ret = 0;

	if (!s->first)
		return add_single(b, s, n);
	if (n->kind == MST_NODE_TEXT && n->is_blank)
		return 0; /* "jobs:" with nothing below it yet */
	if (n->kind != MST_NODE_LIST)
		return mst_conf_fail(b->err, b->file, n->line, n->column,
				     "\"%s\" must be a list: \"- %s: …\"",
				     s->key, s->first);
	for (const struct mst_node *e = n->first; e && ret == 0; e = e->next)
		ret = add_item(b, s, e, &names);
	mst_map_fini(&names);
	return ret;
}

static const struct section *section_of(const char *kind)
{
	for (size_t i = 0; i < MST_LEN(sections); i++) {
		if (strcmp(sections[i].kind, kind) == 0)
			return &sections[i];
	}
	return NULL;
}

const char *mst_conf_section(const char *kind)
{
	const struct section *s = section_of(kind);

	return s ? s->key : NULL;
}

const char *mst_conf_entry(const char *kind)
{
	const struct section *s = section_of(kind);

	return s ? s->entry : kind;
}

bool mst_conf_is_single(const char *kind)
{
	const struct section *s = section_of(kind);

	return s && !s->first;
}

static const struct section *find_section(const char *key)
{
	for (size_t i = 0; i < MST_LEN(sections); i++) {
		if (strcmp(sections[i].key, key) == 0)
			return &sections[i];
	}
	return NULL;
}

static int unknown_section(struct builder *b, const struct mst_node *n)
{
	const char *words[MST_LEN(sections) + 1];
	const char *near;
	char shown[80], all[512] = "";
	size_t at = 0;

	for (size_t i = 0; i < MST_LEN(sections); i++) {
		words[i] = sections[i].key;
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s\"%s\"",
				       i == 0			    ? ""
				       : i + 1 == MST_LEN(sections) ? " and "
								    : ", ",
				       words[i]);
	}
	words[MST_LEN(sections)] = NULL;
	near = mst_nearest(n->key.p, words);
	mst_conf_show(n->key.p, shown);
	if (near)
		return mst_conf_fail(
		    b->err, b->file, n->key_line, n->key_column,
		    "unknown section \"%s\"; did you mean \"%s\"", shown, near);
	return mst_conf_fail(b->err, b->file, n->key_line, n->key_column,
			     "unknown section \"%s\"; there are %s", shown,
			     all);
}

static int build(struct builder *b, const struct mst_node *root)
{
	size_t n = 0;

	if (!root || (root->kind == MST_NODE_TEXT && root->is_blank))
		return mst_conf_fail(b->err, b->file, 1, 1,
				     "the file is empty; it needs "
				     "\"connections:\", \"jobs:\" or another "
				     "section");
	if (root->kind != MST_NODE_MAP)
		return fail_at(b, root,
			       "the file must begin with \"connections:\", "
			       "\"jobs:\" or another section");
	for (const struct mst_node *s = root->first; s; s = s->next)
		n += s->kind == MST_NODE_LIST ? s->n : 1;
	b->items = mst_arena_alloc(b->arena, n * sizeof(*b->items));
	for (const struct mst_node *s = root->first; s; s = s->next) {
		const struct section *section = find_section(s->key.p);
		int ret = section ? add_section(b, section, s)
				  : unknown_section(b, s);

		if (ret < 0)
			return ret;
	}
	return 0;
}

int mst_conf_read_in(struct mst_slice yaml, const char *file,
		     struct mst_arena *arena, struct mst_conf_item **items_r,
		     size_t *n_r, struct mst_err *err)
{
	struct builder b = {.arena = arena, .err = err};
	struct mst_node *root = NULL;
	int ret;

	b.file = mst_arena_strdup(arena, file);
	b.values = mst_alloc(MST_MAX_CONF_VALUES * sizeof(*b.values));
	/* the items borrow the texts of the tree */
	ret = mst_yaml_read(yaml, b.file, arena, &root, err);
	if (ret == 0)
		ret = build(&b, root);
	free(b.values);
	if (ret < 0)
		return ret;
	*items_r = b.items;
	*n_r = b.n;
	return 0;
}

int mst_conf_read(struct mst_slice yaml, const char *file,
		  struct mst_conf *conf_r, struct mst_err *err)
{
	struct mst_conf conf = {.items = NULL};
	int ret;

	mst_arena_init(&conf.arena, MST_MAX_ARENA);
	ret = mst_conf_read_in(yaml, file, &conf.arena, &conf.items,
			       &conf.items_n, err);
	if (ret < 0) {
		mst_arena_fini(&conf.arena);
		return ret;
	}
	*conf_r = conf;
	return 0;
}

int mst_conf_load(const char *path, struct mst_conf *conf_r,
		  struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(MST_MAX_CONF);
	int ret = mst_file_read(path, &b, err);

	if (ret == 0)
		ret = mst_conf_read(mst_buf_slice(&b), path, conf_r, err);
	mst_buf_fini(&b);
	return ret;
}

void mst_conf_fini(struct mst_conf *conf)
{
	mst_arena_fini(&conf->arena);
	conf->items = NULL;
	conf->items_n = 0;
}
