/* SPDX-License-Identifier: Apache-2.0
 *
 * The transaction that is not written yet: sets by number, groups and values
 * as they will be, and what of them a reader sees.
 */
#include <endian.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/time.h"
#include "recver/server/private.h"

/* ---- sets ---------------------------------------------------------------- */

static void set_free(struct mst_server_set *v)
{
	free(v->target);
	free(v->name);
}

void mst_server_sets_forget(struct mst_server *s)
{
	for (size_t i = 0; i < s->sets_n; i++)
		set_free(&s->sets[i]);
	s->sets_n = 0;
}

static struct mst_server_set *add_set(struct mst_server *s, int64_t id,
				      const char *target, const char *name)
{
	if (s->sets_n == s->sets_cap) {
		s->sets_cap = s->sets_cap ? s->sets_cap * 2 : 32;
		s->sets = mst_realloc(s->sets, s->sets_cap * sizeof(*s->sets));
	}
	s->sets[s->sets_n] = (struct mst_server_set){
	    .id = id, .target = mst_strdup(target), .name = mst_strdup(name)};
	return &s->sets[s->sets_n++];
}

static int take_set(void *ctx, const struct mst_batch_set *v)
{
	(void)add_set(ctx, v->id, v->target, v->name);
	return 0;
}

/* ---- numbers ------------------------------------------------------------- */

/* A look at the numbers alone. */
struct numbers {
	struct mst_server *s;
	int (*fn)(void *ctx, int64_t set);
	int64_t after;
};

static int look_at_numbers(struct mst_server *s, void *arg, bool *moved_r,
			   struct mst_err *err)
{
	const struct numbers *n = arg;
	const struct mst_recver_look look = {
	    .ctx = s,
	    .number = n->fn,
	    .after = n->after,
	};

	return s->d->verify(s->c, &look, err);
}

/* One that leaves no room behind it was not given by a program. */
static void note_number(struct mst_server *s, int64_t set)
{
	if (set < INT64_MAX / 2)
		s->last_set = MST_MAX(s->last_set, set);
}

static int take_number(void *ctx, int64_t set)
{
	note_number(ctx, set);
	return 0;
}

/* Groups may be there whose set is gone (somebody deleted its row): a new one
 * must not have their number. */
static int read_sets(struct mst_server *s, void *arg, bool *moved_r,
		     struct mst_err *err)
{
	struct numbers n = {.fn = take_number};
	int rc;

	mst_server_sets_forget(s);
	rc = s->d->sets(s->c, take_set, s, err);
	for (size_t i = 0; i < s->sets_n; i++)
		note_number(s, s->sets[i].id);
	n.after = s->last_set;
	return rc ? rc : look_at_numbers(s, &n, moved_r, err);
}

static int take_stray(void *ctx, int64_t set)
{
	struct mst_server *s = ctx;

	for (size_t i = 0; i < s->sets_n; i++)
		if (s->sets[i].id == set)
			return 0;
	s->tx.strays = mst_realloc(s->tx.strays, (s->tx.strays_n + 1) *
						     sizeof(*s->tx.strays));
	s->tx.strays[s->tx.strays_n++] = set;
	return 0;
}

static int read_strays(struct mst_server *s, void *arg, bool *moved_r,
		       struct mst_err *err)
{
	struct numbers n = {.fn = take_stray, .after = INT64_MIN};

	s->tx.strays_n = 0;
	return look_at_numbers(s, &n, moved_r, err);
}

int mst_tx_reset_strays(struct mst_server *s, struct mst_err *err)
{
	return mst_server_call(s, read_strays, NULL, err);
}

/* ---- sets by name -------------------------------------------------------- */

int mst_server_sets(struct mst_server *s, struct mst_err *err)
{
	int rc;

	if (!s->sets_stale)
		return 0;
	rc = mst_server_call(s, read_sets, NULL, err);
	if (rc == 0)
		s->sets_stale = false;
	return rc;
}

struct mst_server_set *mst_server_set(struct mst_server *s, const char *target,
				      const char *name, bool make)
{
	struct mst_server_set *v;

	target = mst_recver_target(target);
	for (size_t i = 0; i < s->sets_n; i++) {
		v = &s->sets[i];
		if (!v->gone && strcmp(v->target, target) == 0 &&
		    strcmp(v->name, name) == 0)
			return v;
	}
	if (!make)
		return NULL;
	v = add_set(s, ++s->last_set, target, name);
	v->is_new = true;
	return v;
}

/* ---- groups -------------------------------------------------------------- */

static void pending_free(struct mst_server *s, struct mst_pending *p)
{
	if (!p)
		return;
	s->tx.bytes -= sizeof(*p) + p->row.row.text.n + p->row.list.n;
	free(p->text);
	free(p->list);
	free(p);
}

static struct mst_slice id_of(int64_t set, const uint8_t key[16],
			      uint8_t id[24])
{
	uint64_t n = htobe64((uint64_t)set);

	memcpy(id, &n, 8);
	memcpy(id + 8, key, 16);
	return mst_slice((const char *)id, 24);
}

struct mst_pending *mst_tx_find(const struct mst_server *s, int64_t set,
				const uint8_t key[16])
{
	uint8_t id[24];

	return mst_map_get(&s->tx.rows, id_of(set, key, id));
}

/* The old entry's bytes are the map's key, so it goes first. */
static void replace(struct mst_server *s, struct mst_pending *p)
{
	struct mst_slice id = mst_slice((const char *)p->id, sizeof(p->id));

	pending_free(s, mst_map_del(&s->tx.rows, id));
	(void)mst_map_put(&s->tx.rows, id, p);
	s->tx.bytes += sizeof(*p) + p->row.row.text.n + p->row.list.n;
}

static struct mst_pending *pending(int64_t set, enum mst_batch_kind kind,
				   const struct mst_group_row *row)
{
	struct mst_pending *p = mst_alloc(sizeof(*p));

	p->row.set = set;
	p->row.kind = kind;
	p->row.row = *row;
	mst_recver_hash_put(row->key, p->row.key);
	(void)id_of(set, p->row.key, p->id);
	p->text = mst_strndup(row->text.n ? row->text.p : "", row->text.n);
	p->row.row.text.p = p->text;
	return p;
}

/* A list that stays is the pending one's when there is one. */
static void keep_list(struct mst_pending *p, const struct mst_pending *was)
{
	if (!was || (was->row.kind != MST_BATCH_PUT &&
		     was->row.kind != MST_BATCH_DEL)) {
		p->row.kind = MST_BATCH_KEEP;
		return;
	}
	p->row.kind = MST_BATCH_PUT;
	if (was->row.kind == MST_BATCH_DEL || was->row.list.n == 0)
		return;
	p->list = mst_strndup(was->row.list.p, was->row.list.n);
	p->row.list = mst_slice(p->list, was->row.list.n);
	p->row.row.members = was->row.row.members;
}

void mst_tx_put(struct mst_server *s, int64_t set,
		const struct mst_group_put *g)
{
	struct mst_pending *p = pending(set, MST_BATCH_PUT, &g->row);
	struct mst_buf list = MST_BUF_INIT(MST_RECVER_MAX_LIST);

	if (!g->members) {
		keep_list(p, mst_tx_find(s, set, p->row.key));
	} else if (g->row.members) {
		mst_recver_list_put(g, &list);
		p->row.list.n = list.n;
		p->row.list.p = p->list = mst_buf_steal(&list);
	}
	replace(s, p);
}

void mst_tx_mark(struct mst_server *s, int64_t set,
		 const struct mst_group_row *row)
{
	struct mst_group_row fresh = {
	    .key = row->key,
	    .text = row->text,
	    .first_delivered_us = MST_TIME_NONE,
	    .last_changed_us = MST_TIME_NONE,
	    .state = row->state,
	};
	struct mst_pending *was, *p;
	uint8_t key[16];

	mst_recver_hash_put(row->key, key);
	was = mst_tx_find(s, set, key);
	if (was && was->row.kind != MST_BATCH_DEL) {
		was->row.row.state = row->state;
		return;
	}
	p = pending(set, was ? MST_BATCH_PUT : MST_BATCH_MARK, &fresh);
	replace(s, p);
}

void mst_tx_del(struct mst_server *s, int64_t set, struct mst_hash key)
{
	const struct mst_group_row row = {.key = key};

	replace(s, pending(set, MST_BATCH_DEL, &row));
}

bool mst_tx_lay_over(const struct mst_pending *p,
		     const struct mst_group_row *stored, bool has_list,
		     struct mst_group_row *row_r)
{
	switch (p->row.kind) {
	case MST_BATCH_DEL:
		return false;
	case MST_BATCH_MARK:
		*row_r = stored ? *stored : p->row.row;
		row_r->state = p->row.row.state;
		return true;
	case MST_BATCH_KEEP:
		*row_r = p->row.row;
		if (stored && has_list)
			row_r->members = stored->members;
		return true;
	case MST_BATCH_PUT:
		*row_r = p->row.row;
		return true;
	}
	return false;
}

static int by_id(const void *a, const void *b)
{
	const struct mst_pending *const *x = a, *const *y = b;

	return memcmp((*x)->id, (*y)->id, sizeof((*x)->id));
}

struct mst_pending **mst_tx_sorted(const struct mst_server *s, int64_t set,
				   size_t *n_r)
{
	struct mst_pending **v =
	    mst_alloc((s->tx.rows.n + 1) * sizeof(struct mst_pending *));
	size_t n = 0;
	void *p;

	for (size_t i = 0; mst_map_next(&s->tx.rows, &i, NULL, &p);) {
		if (!set || ((struct mst_pending *)p)->row.set == set)
			v[n++] = p;
	}
	qsort(v, n, sizeof(struct mst_pending *), by_id);
	*n_r = n;
	return v;
}

void mst_tx_drop(struct mst_server *s, int64_t set)
{
	size_t n;
	struct mst_pending **v = mst_tx_sorted(s, set, &n);

	for (size_t i = 0; i < n; i++) {
		(void)mst_map_del(&s->tx.rows, mst_slice((char *)v[i]->id, 24));
		pending_free(s, v[i]);
	}
	free(v);
}

/* ---- values -------------------------------------------------------------- */

static char *meta_id(const char *target, const char *name, size_t *n_r)
{
	size_t t = strlen(target) + 1, n = strlen(name);
	char *id = mst_alloc(t + n + 1);

	memcpy(id, target, t);
	memcpy(id + t, name, n);
	*n_r = t + n;
	return id;
}

static void meta_free(struct mst_server *s, struct mst_pending_meta *m)
{
	if (!m)
		return;
	s->tx.bytes -= m->meta.value.n + m->id_n;
	free(m->id);
	free(m->value);
	free(m);
}

const struct mst_batch_meta *mst_tx_meta(const struct mst_server *s,
					 const char *target, const char *name)
{
	size_t n;
	char *id = meta_id(target, name, &n);
	struct mst_pending_meta *m =
	    mst_map_get(&s->tx.metas, mst_slice(id, n));

	free(id);
	return m ? &m->meta : NULL;
}

void mst_tx_put_meta(struct mst_server *s, const char *target, const char *name,
		     struct mst_slice val)
{
	struct mst_pending_meta *m = mst_alloc(sizeof(*m));

	m->id = meta_id(target, name, &m->id_n);
	m->value = mst_strndup(val.n ? val.p : "", val.n);
	m->meta.target = m->id;
	m->meta.name = m->id + strlen(m->id) + 1;
	m->meta.value = mst_slice(m->value, val.n);
	meta_free(s, mst_map_del(&s->tx.metas, mst_slice(m->id, m->id_n)));
	(void)mst_map_put(&s->tx.metas, mst_slice(m->id, m->id_n), m);
	s->tx.bytes += val.n + m->id_n;
}

static void drop_metas(struct mst_server *s, const char *target)
{
	struct mst_pending_meta **v =
	    mst_alloc((s->tx.metas.n + 1) * sizeof(*v));
	size_t n = 0;
	void *p;

	for (size_t i = 0; mst_map_next(&s->tx.metas, &i, NULL, &p);) {
		v[n] = p;
		n += !target || strcmp(v[n]->meta.target, target) == 0;
	}
	for (size_t i = 0; i < n; i++) {
		(void)mst_map_del(&s->tx.metas,
				  mst_slice(v[i]->id, v[i]->id_n));
		meta_free(s, v[i]);
	}
	free(v);
}

/* ---- resets -------------------------------------------------------------- */

bool mst_tx_resets(const struct mst_server *s, const char *target)
{
	for (size_t i = 0; i < s->tx.targets_n; i++) {
		if (strcmp(s->tx.targets[i], target) == 0)
			return true;
	}
	return false;
}

void mst_tx_reset(struct mst_server *s, const char *target)
{
	for (size_t i = 0; i < s->sets_n; i++) {
		struct mst_server_set *v = &s->sets[i];

		if (strcmp(v->target, target) != 0)
			continue;
		mst_tx_drop(s, v->id);
		v->gone = v->reset = true;
	}
	drop_metas(s, target);
	if (mst_tx_resets(s, target))
		return;
	s->tx.targets =
	    mst_realloc(s->tx.targets, (s->tx.targets_n + 1) * sizeof(char *));
	s->tx.targets[s->tx.targets_n++] = mst_strdup(target);
}

bool mst_tx_empty(const struct mst_server *s)
{
	if (s->tx.rows.n || s->tx.metas.n || s->tx.targets_n)
		return false;
	for (size_t i = 0; i < s->sets_n; i++) {
		if (s->sets[i].is_new || s->sets[i].reset)
			return false;
	}
	return true;
}

void mst_tx_clear(struct mst_server *s)
{
	mst_tx_drop(s, 0);
	drop_metas(s, NULL);
	mst_map_fini(&s->tx.rows);
	mst_map_fini(&s->tx.metas);
	for (size_t i = 0; i < s->tx.targets_n; i++)
		free(s->tx.targets[i]);
	free(s->tx.targets);
	free(s->tx.strays);
	s->tx = (struct mst_server_tx){0};
}

int mst_tx_check(const struct mst_server *s, struct mst_err *err)
{
	if (s->tx.bytes <= MST_MAX_ARENA)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "%s: one transaction may have at most %u MB",
			   s->where, MST_MAX_ARENA >> 20);
}
