/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding items, and putting them.
 */
#include "sync/config.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/secret.h"

#define ITEM_MAX (1u << 20) /* text of one item */

bool mst_config_is_front(const struct mst_config *c,
			 const struct mst_conf_item *item)
{
	for (size_t i = 0; i < c->front_n; i++) {
		if (item == &c->front[i])
			return true;
	}
	return false;
}

const char *mst_settings_name(const char *connection, enum mst_env env,
			      struct mst_arena *arena)
{
	return mst_arena_printf(arena, "%s/%s", connection, mst_env_name(env));
}

/* ---- finding ------------------------------------------------------------- */

static const struct mst_conf_item *
find_front(const struct mst_config *c, const char *kind, const char *name)
{
	for (size_t i = 0; i < c->front_n; i++) {
		if (strcmp(c->front[i].kind, kind) == 0 &&
		    strcmp(c->front[i].name, name) == 0)
			return &c->front[i];
	}
	return NULL;
}

int mst_config_find(const struct mst_config *c, const char *kind,
		    const char *name, struct mst_arena *arena,
		    const struct mst_conf_item **item_r, struct mst_err *err)
{
	struct mst_buf yaml = MST_BUF_INIT(MST_MAX_CONF);
	const char *file = mst_arena_printf(arena, "%s %s", kind, name);
	struct mst_conf_item *items = NULL;
	bool found = false;
	size_t n = 0;
	int rc = 0;

	*item_r = find_front(c, kind, name);
	if (*item_r || !c->state)
		return 0;
	(void)mst_buf_addf(&yaml, "%s:\n", mst_conf_section(kind));
	rc = mst_state_find(c->state, kind, name, &yaml, &found, err);
	if (rc == 0 && found)
		rc = mst_conf_read_in(mst_buf_slice(&yaml), file, arena, &items,
				      &n, err);
	if (rc == 0 && found && n != 1)
		rc = mst_err_set(err, MST_E_CORRUPT,
				 "%s is damaged in the state store; apply its "
				 "file again",
				 file);
	if (rc == 0 && found)
		*item_r = &items[0];
	mst_buf_fini(&yaml);
	return rc;
}

struct names {
	struct mst_arena *arena;
	const char **v; /* NULL ended */
	size_t n, cap;
	struct mst_map known;
};

static void add_name(struct names *names, const char *name)
{
	const char **v;

	if (mst_map_has(&names->known, mst_slice_str(name)))
		return;
	if (names->n + 1 >= names->cap) {
		names->cap = 2 * names->cap + 64;
		v = mst_arena_alloc(names->arena, names->cap * sizeof(*v));
		if (names->n)
			memcpy(v, names->v, names->n * sizeof(*v));
		names->v = v;
	}
	name = mst_arena_strdup(names->arena, name);
	names->v[names->n++] = name;
	names->v[names->n] = NULL;
	(void)mst_map_put(&names->known, mst_slice_str(name), names->v);
}

static int add_stored(void *ctx, const struct mst_state_item *item)
{
	add_name(ctx, item->name);
	return 0;
}

static int names_of(const struct mst_config *c, const char *kind,
		    struct mst_arena *arena, struct names *names_r,
		    struct mst_err *err)
{
	int rc = 0;

	*names_r = (struct names){.arena = arena};
	names_r->v = mst_arena_alloc(arena, sizeof(*names_r->v));
	for (size_t i = 0; i < c->front_n; i++) {
		if (strcmp(c->front[i].kind, kind) == 0)
			add_name(names_r, c->front[i].name);
	}
	if (c->state)
		rc = mst_state_items(c->state, kind, add_stored, names_r, err);
	mst_map_fini(&names_r->known);
	return rc;
}

int mst_config_jobs(const struct mst_config *c, struct mst_arena *arena,
		    const char *const **names_r, struct mst_err *err)
{
	struct names names;
	int rc = names_of(c, "job", arena, &names, err);

	*names_r = names.v;
	return rc;
}

int mst_config_items(const struct mst_config *c, const char *kind,
		     struct mst_arena *arena,
		     const struct mst_conf_item ***items_r, size_t *n_r,
		     struct mst_err *err)
{
	const struct mst_conf_item **items;
	struct names names;
	int rc = names_of(c, kind, arena, &names, err);

	if (rc < 0)
		return rc;
	items = mst_arena_alloc(arena, names.n * sizeof(*items));
	*n_r = 0;
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		rc = mst_config_find(c, kind, names.v[i], arena, &items[*n_r],
				     err);
		*n_r += rc == 0 && items[*n_r];
	}
	*items_r = items;
	return rc;
}

static int not_there(const struct mst_config *c, const char *kind,
		     const char *name, struct mst_arena *arena,
		     struct mst_err *err)
{
	struct names names;
	const char *near;

	if (names_of(c, kind, arena, &names, err) < 0)
		return -(int)err->code;
	near = mst_nearest(name, names.v);
	if (near)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "there is no %s '%s'; did you mean '%s'?",
				   mst_conf_entry(kind), name, near);
	return mst_err_set(err, MST_E_NOTFOUND, "there is no %s '%s'%s%s%s%s",
			   mst_conf_entry(kind), name,
			   names.n ? "; there are: "
				   : ", and no other either: apply a file that "
				     "has one",
			   names.n ? names.v[0] : "",
			   names.n > 1 ? " and others" : "", "");
}

int mst_config_get(const struct mst_config *c, const char *kind,
		   const char *name, struct mst_arena *arena,
		   const struct mst_conf_item **item_r, struct mst_err *err)
{
	if (mst_config_find(c, kind, name, arena, item_r, err) < 0)
		return -(int)err->code;
	return *item_r ? 0 : not_there(c, kind, name, arena, err);
}

/* ---- programs ------------------------------------------------------------ */

static bool has_text(const struct mst_conf_item *item, const char *key,
		     const char *text)
{
	for (size_t i = 0; item && i < item->values_n; i++) {
		const struct mst_conf_value *v = &item->values[i];

		for (size_t k = 0; strcmp(v->key, key) == 0 && k < v->texts_n;
		     k++) {
			if (strcmp(v->texts[k], text) == 0)
				return true;
		}
	}
	return false;
}

static int no_programs_in(const struct mst_conf_item *item,
			  const struct mst_conf_item *stored,
			  struct mst_err *err)
{
	for (size_t i = 0; i < item->values_n; i++) {
		const struct mst_conf_value *v = &item->values[i];

		for (size_t k = 0; k < v->texts_n; k++) {
			if (mst_secret_ref_runs(v->texts[k]) &&
			    !has_text(stored, v->key, v->texts[k]))
				return mst_err_set(
				    err, MST_E_FORBIDDEN,
				    "%s:%d:%d: \"%s\" would have the server "
				    "run a program; only 'muster apply' at the "
				    "server itself may say so",
				    item->file, v->line, v->column, v->key);
		}
	}
	return 0;
}

int mst_config_no_programs(const struct mst_config *c, struct mst_err *err)
{
	const struct mst_config stored = {.state = c->state};
	struct mst_arena arena;
	int rc = 0;

	mst_arena_init(&arena, MST_MAX_ARENA);
	for (size_t i = 0; i < c->front_n && rc == 0; i++) {
		const struct mst_conf_item *item = NULL;

		rc = mst_config_find(&stored, c->front[i].kind,
				     c->front[i].name, &arena, &item, err);
		if (rc == 0)
			rc = no_programs_in(&c->front[i], item, err);
	}
	mst_arena_fini(&arena);
	return rc;
}

/* ---- putting ------------------------------------------------------------- */

int mst_config_text(const struct mst_conf_item *item, struct mst_buf *out,
		    struct mst_err *err)
{
	size_t from = out->n;

	if (mst_conf_write(item, out) && out->n - from <= ITEM_MAX)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "%s:%d: '%s' is larger than %u bytes", item->file,
			   item->line, item->name, ITEM_MAX);
}

int mst_config_put(struct mst_state *state, const struct mst_conf_item *items,
		   size_t n, const char *what, const char *const *only_if,
		   size_t *added_r, size_t *changed_r, struct mst_err *err)
{
	struct mst_state_item *rows = mst_alloc(n * sizeof(*rows));
	struct mst_buf *texts = mst_alloc(n * sizeof(*texts));
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		mst_buf_init(&texts[i], ITEM_MAX);
		rc = mst_config_text(&items[i], &texts[i], err);
		rows[i] = (struct mst_state_item){
		    .kind = items[i].kind,
		    .name = items[i].name,
		    .type = items[i].type,
		    .yaml = texts[i].p,
		    .what = what,
		    .only_if = only_if ? only_if[i] : NULL,
		};
	}
	if (rc == 0)
		rc = mst_state_put_items(state, rows, n, added_r, changed_r,
					 err);
	for (size_t i = 0; i < n; i++)
		mst_buf_fini(&texts[i]);
	free(texts);
	free(rows);
	return rc;
}
