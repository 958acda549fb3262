/* SPDX-License-Identifier: Apache-2.0
 *
 * Lookup tables: texts "key=value" of the settings, found by hash.
 */
#include "conf/conf.h"
#include "rules/expr_private.h"

struct entry {
	struct mst_slice key; /* folded; p NULL: free */
	struct mst_slice value;
};

struct expr_table {
	const char *name;
	struct expr_table *next;
	struct entry *entries;
	size_t cap; /* a power of two, at least twice the entries */
};

#define KEY_MAX 256

/* False: longer than a key can be. */
static bool fold(struct mst_slice s, char out[KEY_MAX])
{
	if (s.n > KEY_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		out[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20
							       : s.p[i]);
	return true;
}

static struct entry *slot(const struct expr_table *t, struct mst_slice key)
{
	size_t i = mst_hash64(key.p, key.n, 0) & (t->cap - 1);

	while (t->entries[i].key.p && !mst_slice_eq(t->entries[i].key, key))
		i = (i + 1) & (t->cap - 1);
	return &t->entries[i];
}

bool expr_table_get(const struct expr_table *t, struct mst_slice key,
		    struct mst_slice *out_r)
{
	char folded[KEY_MAX];
	const struct entry *e;

	key = mst_slice_trim(key);
	if (!fold(key, folded))
		return false;
	e = slot(t, mst_slice(folded, key.n));
	*out_r = e->value;
	return e->key.p && e->value.n;
}

static int add(struct mst_exprs *x, struct expr_table *t, const char *text,
	       struct mst_err *err)
{
	const char *is = strchr(text, '=');
	char folded[KEY_MAX];
	struct mst_slice key;
	struct entry *e;

	if (!is)
		return mst_err_set(err, MST_E_INVALID,
				   "lookup table '%s': '%s' has no '='; "
				   "entries are written \"key=value\"",
				   t->name, text);
	key = mst_slice_trim(mst_slice(text, (size_t)(is - text)));
	if (!key.n || !fold(key, folded))
		return mst_err_set(err, MST_E_INVALID,
				   "lookup table '%s': the key of '%s' must "
				   "have 1 to %d bytes",
				   t->name, text, KEY_MAX);
	e = slot(t, mst_slice(folded, key.n));
	if (e->key.p)
		return mst_err_set(err, MST_E_INVALID,
				   "lookup table '%s': the key '%.*s' is given "
				   "twice; upper and lower case make no "
				   "difference",
				   t->name, MST_SLICE_ARG(key));
	e->key = mst_arena_dup(x->arena, mst_slice(folded, key.n));
	e->value =
	    mst_arena_dup(x->arena, mst_slice_trim(mst_slice_str(is + 1)));
	return 0;
}

int mst_exprs_table(struct mst_exprs *x, const char *name,
		    const char *const *texts, size_t n, struct mst_err *err)
{
	struct expr_table *t = mst_arena_alloc(x->arena, sizeof(*t));

	t->name = mst_arena_strdup(x->arena, name);
	for (t->cap = 4; t->cap < 2 * n; t->cap *= 2)
		;
	t->entries = mst_arena_alloc(x->arena, t->cap * sizeof(*t->entries));
	for (size_t i = 0; i < n; i++) {
		if (add(x, t, texts[i], err) < 0)
			return -(int)err->code;
	}
	t->next = x->tables;
	x->tables = t;
	return 0;
}

const struct expr_table *expr_table_find(const struct mst_exprs *x,
					 struct mst_slice name)
{
	const struct expr_table *t = x->tables;

	while (t && !mst_slice_iis(name, t->name))
		t = t->next;
	return t;
}

const char *expr_table_near(struct expr_reader *rd, const char *name)
{
	const char *names[64];
	size_t n = 0;

	for (const struct expr_table *t = rd->all->tables;
	     t && n < MST_LEN(names) - 1; t = t->next)
		names[n++] = t->name;
	names[n] = NULL;
	return mst_nearest(name, names);
}
