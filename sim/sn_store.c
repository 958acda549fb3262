/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows, hash indexes per column (built at the first search) and the order by
 * sys_id (sorted when it is asked for). All rows of a class tree live at its
 * root. A row's struct stays when it is deleted, so an index may hold stale
 * entries: who reads it compares the value again.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "sim/sn.h"

struct group {
	struct sn_row **rows;
	uint32_t n, cap;
	struct sn_row *one; /* room for the usual single row */
	uint32_t key_n;
	char key[];
};

struct sn_index {
	char name[81];
	bool folded;
	struct mst_map groups; /* value → struct group */
	size_t entries;
	struct mst_buf fold;
};

struct mst_slice sn_get(const struct sn_row *row, size_t col)
{
	const struct sn_blob *b = row->blob;
	const char *bytes;

	if (col == SN_C_ID)
		return mst_slice(row->id, SN_ID);
	if (col == row->t->class_col)
		return mst_slice_str(row->t->name);
	if (!b || col >= b->n)
		return MST_SLICE_LIT("");
	bytes = (const char *)&b->off[b->n + 1];
	return mst_slice(bytes + b->off[col], b->off[col + 1] - b->off[col]);
}

struct mst_slice sn_get_named(const struct sn_row *row, const char *col)
{
	size_t at = sn_col_at(row->t, col);

	return at == SN_NONE ? MST_SLICE_LIT("") : sn_get(row, at);
}

bool sn_is_a(const struct sn_table *t, const struct sn_table *super)
{
	return t->depth >= super->depth && t->anc[super->depth] == super;
}

struct sn_row *sn_find(struct sim_sn *sn, const char *table,
		       struct mst_slice id)
{
	struct sn_table *t = sn_table(sn, table);
	struct sn_row *row;

	if (!t || id.n != SN_ID)
		return NULL;
	row = mst_map_get(&sn->by_id, id);
	return row && sn_is_a(row->t, t) && !row->t->off ? row : NULL;
}

void sn_new_id(struct sim_sn *sn, char out[SN_ID + 1])
{
	uint64_t n = ++sn->counter;

	mst_hash_hex(mst_hash128(&n, sizeof(n), sn->conf.seed + 1), out);
}

/* ---- indexes ------------------------------------------------------------- */

static struct mst_slice index_key(struct sn_index *ix, struct mst_slice v)
{
	if (!ix->folded)
		return v;
	mst_buf_reset(&ix->fold);
	for (size_t i = 0; i < v.n; i++)
		mst_buf_addc(&ix->fold, v.p[i] >= 'A' && v.p[i] <= 'Z'
					    ? (char)(v.p[i] + 32)
					    : v.p[i]);
	return mst_buf_slice(&ix->fold);
}

static void group_add(struct group *g, struct sn_row *row)
{
	if (!g->cap) {
		g->rows = &g->one;
		g->cap = 1;
	}
	if (g->n == g->cap) {
		bool inside = g->rows == &g->one;

		g->cap *= 2;
		g->rows = mst_realloc(inside ? NULL : g->rows,
				      g->cap * sizeof(struct sn_row *));
		if (inside)
			g->rows[0] = g->one;
	}
	g->rows[g->n++] = row;
}

static void index_add(struct sn_index *ix, struct mst_slice v,
		      struct sn_row *row)
{
	struct mst_slice key = index_key(ix, v);
	struct group *g;

	if (!key.n)
		return;
	g = mst_map_get(&ix->groups, key);
	if (!g) {
		g = mst_alloc(sizeof(*g) + key.n);
		g->key_n = (uint32_t)key.n;
		memcpy(g->key, key.p, key.n);
		mst_map_put(&ix->groups, mst_slice(g->key, key.n), g);
	}
	group_add(g, row);
	ix->entries++;
}

static void index_empty(struct sn_index *ix)
{
	struct mst_slice key;
	size_t i = 0;
	void *v;

	while (mst_map_next(&ix->groups, &i, &key, &v)) {
		struct group *g = v;

		if (g->rows != &g->one)
			free(g->rows);
		free(g);
	}
	mst_map_clear(&ix->groups);
	ix->entries = 0;
}

void sn_index_free(struct sn_index **ix)
{
	if (!*ix)
		return;
	index_empty(*ix);
	mst_map_fini(&(*ix)->groups);
	mst_buf_fini(&(*ix)->fold);
	free(*ix);
	*ix = NULL;
}

static void index_fill(struct sn_table *root, size_t k)
{
	struct sn_index *ix = root->index[k];

	index_empty(ix);
	for (size_t i = 0; i < root->rows_n; i++) {
		struct sn_row *row = root->rows[i];
		size_t col = row->t->ixcol[k];

		if (!row->dead && col != SN_NONE)
			index_add(ix, sn_get(row, col), row);
	}
}

void sn_index_columns(struct sn_table *t)
{
	for (size_t k = 0; k < t->root->index_n; k++)
		t->ixcol[k] = sn_col_at(t, t->root->index[k]->name);
}

static struct sn_index *index_of(struct sim_sn *sn, struct sn_table *root,
				 const char *col, bool folded, size_t *k_r)
{
	struct sn_index *ix;

	for (size_t k = 0; k < root->index_n; k++) {
		ix = root->index[k];
		if (ix->folded == folded && !strcmp(ix->name, col)) {
			*k_r = k;
			return ix;
		}
	}
	if (root->index_n == SN_MAX_INDEX)
		return NULL;
	ix = mst_alloc(sizeof(*ix));
	(void)snprintf(ix->name, sizeof(ix->name), "%s", col);
	ix->folded = folded;
	mst_buf_init(&ix->fold, 1u << 20);
	*k_r = root->index_n;
	root->index[root->index_n++] = ix;
	for (size_t i = 0; i < sn->order_n; i++) {
		if (sn->order[i]->root == root)
			sn_index_columns(sn->order[i]);
	}
	index_fill(root, *k_r);
	return ix;
}

void sn_found_add(struct sim_sn *sn, struct sn_row *row)
{
	if (sn->found_n == sn->found_cap) {
		sn->found_cap = sn->found_cap ? sn->found_cap * 2 : 1024;
		sn->found =
		    mst_realloc(sn->found, sn->found_cap * sizeof(*sn->found));
	}
	sn->found[sn->found_n++] = row;
}

static size_t search_scan(struct sim_sn *sn, struct sn_table *t,
			  const char *col, struct mst_slice value, bool folded)
{
	for (size_t i = 0; i < t->root->rows_n; i++) {
		struct sn_row *row = t->root->rows[i];
		struct mst_slice v;

		if (row->dead || !sn_is_a(row->t, t))
			continue;
		v = sn_get_named(row, col);
		if (folded ? mst_slice_ieq(v, value) : mst_slice_eq(v, value))
			sn_found_add(sn, row);
	}
	return sn->found_n;
}

size_t sn_search(struct sim_sn *sn, struct sn_table *t, const char *col,
		 struct mst_slice value, bool folded)
{
	struct sn_index *ix;
	struct mst_slice key;
	struct group *g;
	size_t k;

	sn->found_n = 0;
	ix = value.n ? index_of(sn, t->root, col, folded, &k) : NULL;
	if (!ix)
		return search_scan(sn, t, col, value, folded);
	if (ix->entries > 2 * t->root->rows_n + 1024)
		index_fill(t->root, k);
	key = index_key(ix, value);
	g = mst_map_get(&ix->groups, key);
	sn->search++;
	for (uint32_t i = 0; g && i < g->n; i++) {
		struct sn_row *row = g->rows[i];
		struct mst_slice v;

		if (row->dead || row->mark == sn->search ||
		    !sn_is_a(row->t, t) || row->t->ixcol[k] == SN_NONE)
			continue;
		v = sn_get(row, row->t->ixcol[k]);
		if (!(folded ? mst_slice_ieq(v, value)
			     : mst_slice_eq(v, value)))
			continue;
		row->mark = sn->search;
		sn_found_add(sn, row);
	}
	return sn->found_n;
}

struct sn_row *sn_first(struct sim_sn *sn, const char *table, const char *col,
			struct mst_slice value)
{
	struct sn_table *t = sn_table(sn, table);

	if (!t || !sn_search(sn, t, col, value, false))
		return NULL;
	return sn->found[0];
}

/* ---- order by sys_id ----------------------------------------------------- */

static int by_sys_id(const void *a, const void *b)
{
	const struct sn_row *const *x = a, *const *y = b;

	return memcmp((*x)->id, (*y)->id, SN_ID);
}

/* The sorted part stays; what came since is sorted and merged in. */
void sn_sort(struct sn_table *root)
{
	struct sn_row **a, **tail;
	size_t n = 0, old = 0, tail_n = 0, i = 0, j = 0;

	if (!root->sorted_dirty)
		return;
	a = mst_alloc((root->rows_n + 1) * sizeof(*a));
	tail = mst_alloc((root->rows_n + 1) * sizeof(*tail));
	for (size_t k = 0; k < root->sorted_n; k++) {
		if (!root->sorted[k]->dead)
			root->sorted[old++] = root->sorted[k];
	}
	/* Marks say which rows are in the sorted part already. */
	for (size_t k = 0; k < old; k++)
		root->sorted[k]->mark = UINT64_MAX;
	for (size_t k = 0; k < root->rows_n; k++) {
		struct sn_row *row = root->rows[k];

		if (!row->dead && row->mark != UINT64_MAX)
			tail[tail_n++] = row;
		row->mark = 0;
	}
	qsort(tail, tail_n, sizeof(struct sn_row *), by_sys_id);
	while (i < old || j < tail_n) {
		if (j == tail_n || (i < old && memcmp(root->sorted[i]->id,
						      tail[j]->id, SN_ID) < 0))
			a[n++] = root->sorted[i++];
		else
			a[n++] = tail[j++];
	}
	free(tail);
	free(root->sorted);
	root->sorted = a;
	root->sorted_n = n;
	root->sorted_dirty = false;
}

/* ---- writing ------------------------------------------------------------- */

static struct sn_blob *blob_make(const struct mst_slice *vals, size_t n)
{
	size_t bytes = 0, at = 0;
	struct sn_blob *b;
	char *p;

	for (size_t i = 0; i < n; i++)
		bytes += vals[i].n;
	assert(bytes < UINT32_MAX);
	b = mst_realloc(NULL,
			sizeof(*b) + (n + 1) * sizeof(uint32_t) + bytes + 1);
	b->n = (uint32_t)n;
	p = (char *)&b->off[n + 1];
	for (size_t i = 0; i < n; i++) {
		b->off[i] = (uint32_t)at;
		if (vals[i].n)
			memcpy(p + at, vals[i].p, vals[i].n);
		at += vals[i].n;
	}
	b->off[n] = (uint32_t)at;
	return b;
}

/* Caches that hang on the content of some tables. */
static void touched(struct sim_sn *sn, const struct sn_table *t)
{
	if (t->name[0] != 's')
		return;
	if (!strcmp(t->name, "sys_choice"))
		sn->choice_gen++;
	else if (!strcmp(t->name, "sys_properties"))
		sn->property_gen++;
}

static struct sn_row *row_new(struct sim_sn *sn, struct sn_table *t,
			      const char *id)
{
	struct sn_table *root = t->root;
	struct sn_row *row = mst_alloc(sizeof(*row));

	if (id)
		memcpy(row->id, id, SN_ID);
	else
		sn_new_id(sn, row->id);
	row->t = t;
	if (root->rows_n == root->rows_cap) {
		root->rows_cap = root->rows_cap ? root->rows_cap * 2 : 64;
		root->rows = mst_realloc(root->rows,
					 root->rows_cap * sizeof(*root->rows));
	}
	root->rows[root->rows_n++] = row;
	root->sorted_dirty = true;
	t->live++;
	mst_map_put(&sn->by_id, mst_slice(row->id, SN_ID), row);
	return row;
}

static void row_store(struct sim_sn *sn, struct sn_row *row,
		      const struct mst_slice *vals, bool fresh)
{
	struct sn_table *root = row->t->root;
	struct sn_blob *old = row->blob;
	struct sn_row before = *row;

	row->blob = blob_make(vals, row->t->n);
	for (size_t k = 0; k < root->index_n; k++) {
		size_t col = row->t->ixcol[k];

		if (col == SN_NONE)
			continue;
		if (fresh ||
		    !mst_slice_eq(sn_get(&before, col), sn_get(row, col)))
			index_add(root->index[k], sn_get(row, col), row);
	}
	free(old);
	touched(sn, row->t);
}

struct sn_row *sn_insert(struct sim_sn *sn, struct sn_table *t,
			 const struct mst_slice *vals, const char *id,
			 const char *user)
{
	struct mst_slice all[SN_MAX_COLUMNS];
	struct sn_row *row = row_new(sn, t, id);
	struct mst_slice who = mst_slice_str(user ? user : "system");

	memcpy(all, vals, t->n * sizeof(all[0]));
	all[SN_C_ID] = mst_slice(NULL, 0);
	all[SN_C_CREATED_BY] = all[SN_C_UPDATED_BY] = who;
	all[SN_C_CREATED_ON] = all[SN_C_UPDATED_ON] = mst_slice_str(sn->now);
	all[SN_C_MOD_COUNT] = MST_SLICE_LIT("0");
	row_store(sn, row, all, true);
	t->inserts++;
	return row;
}

struct sn_row *sn_restore(struct sim_sn *sn, struct sn_table *t,
			  const struct mst_slice *vals)
{
	struct mst_slice all[SN_MAX_COLUMNS];
	struct sn_row *row = row_new(sn, t, vals[SN_C_ID].p);

	memcpy(all, vals, t->n * sizeof(all[0]));
	all[SN_C_ID] = mst_slice(NULL, 0);
	row_store(sn, row, all, true);
	return row;
}

void sn_values(const struct sn_row *row, struct mst_slice *vals)
{
	for (size_t i = 0; i < row->t->n; i++)
		vals[i] = sn_get(row, i);
}

bool sn_update(struct sim_sn *sn, struct sn_row *row,
	       const struct mst_slice *vals, const char *user)
{
	struct mst_slice all[SN_MAX_COLUMNS];
	char count[24];
	unsigned long n = 0;
	bool same = true;

	for (size_t i = SN_C__N; i < row->t->n && same; i++)
		same = i == row->t->class_col ||
		       mst_slice_eq(vals[i], sn_get(row, i));
	if (same)
		return false;
	memcpy(all, vals, row->t->n * sizeof(all[0]));
	for (size_t i = 0; i < SN_C__N; i++)
		all[i] = sn_get(row, i);
	for (size_t i = 0; i < all[SN_C_MOD_COUNT].n; i++)
		n = n * 10 + (unsigned char)(all[SN_C_MOD_COUNT].p[i] - '0');
	(void)snprintf(count, sizeof(count), "%lu", n + 1);
	all[SN_C_ID] = mst_slice(NULL, 0);
	all[SN_C_MOD_COUNT] = mst_slice_str(count);
	all[SN_C_UPDATED_BY] = mst_slice_str(user ? user : "system");
	all[SN_C_UPDATED_ON] = mst_slice_str(sn->now);
	row_store(sn, row, all, false);
	row->t->updates++;
	return true;
}

bool sn_set(struct sim_sn *sn, struct sn_row *row, const char *col,
	    struct mst_slice value, const char *user)
{
	struct mst_slice vals[SN_MAX_COLUMNS];
	size_t at = sn_col_at(row->t, col);

	if (at == SN_NONE || at < SN_C__N)
		return false;
	sn_values(row, vals);
	vals[at] = value;
	return sn_update(sn, row, vals, user);
}

void sn_delete(struct sim_sn *sn, struct sn_row *row)
{
	struct sn_table *root = row->t->root;

	if (row->dead)
		return;
	mst_map_del(&sn->by_id, mst_slice(row->id, SN_ID));
	touched(sn, row->t);
	row->dead = true;
	row->t->live--;
	row->t->deletes++;
	root->dead++;
	root->sorted_dirty = true;
	free(row->blob);
	row->blob = NULL;
}

void sn_reclass(struct sim_sn *sn, struct sn_row *row, struct sn_table *to)
{
	struct mst_slice vals[SN_MAX_COLUMNS];
	struct sn_table *from = row->t;
	struct sn_blob *old = row->blob;

	for (size_t i = 0; i < to->n; i++) {
		size_t at = sn_col_at(from, to->cols[i]->name);

		vals[i] = at == SN_NONE ? MST_SLICE_LIT("") : sn_get(row, at);
	}
	vals[SN_C_ID] = mst_slice(NULL, 0);
	if (to->class_col != SN_NONE)
		vals[to->class_col] = mst_slice(NULL, 0);
	from->live--;
	to->live++;
	row->blob = NULL;
	row->t = to;
	row_store(sn, row, vals, true);
	free(old);
}

void sn_free_row(struct sn_row *row)
{
	free(row->blob);
	free(row);
}

void sn_clear_rows(struct sim_sn *sn)
{
	for (size_t i = 0; i < sn->order_n; i++) {
		struct sn_table *t = sn->order[i];

		for (size_t k = 0; k < t->rows_n; k++)
			sn_free_row(t->rows[k]);
		t->rows_n = t->sorted_n = t->dead = 0;
		t->sorted_dirty = true;
		t->live = 0;
		for (size_t k = 0; k < t->index_n; k++)
			index_empty(t->index[k]);
	}
	mst_map_clear(&sn->by_id);
	sn->choice_gen++;
	sn->property_gen++;
}
