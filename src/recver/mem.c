/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer in memory: for tests and for trying muster out. A database with a
 * name lives until the process ends, so that it can be closed and opened
 * again; one without a name ("") goes with its close.
 *
 * Everything, group or meta value, is an item in one table per target and
 * set. A transaction is a list of what the items were before.
 */
#include "recver/recver.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/time.h"
#include "recver_private.h"

struct item {
	uint8_t raw[16];      /* a group's key */
	char *name;	      /* a meta value's */
	struct mst_slice key; /* whichever of the two */
	struct mst_group_row row;
	struct mst_slice text; /* of the group; the meta value */
	struct mst_slice list; /* p NULL: none */
};

struct table {
	struct table *next;
	char *target, *set; /* set NULL: meta */
	struct mst_map map; /* item.key → struct item */
};

struct undo {
	struct table *t;
	struct item *was; /* NULL: there was none */
	struct item *is;  /* NULL: it was deleted */
};

struct database {
	struct database *next;
	char *name, *source;
	struct table *tables;
	bool open;
};

struct store {
	struct mst_recver base;
	struct database *d;
	bool in_tx;
	struct undo *undo;
	size_t undo_n, undo_cap;
	struct mst_buf list;
};

static struct database *databases;

static struct store *of(struct mst_recver *r)
{
	return mst_container_of(r, struct store, base);
}

static struct mst_slice dup(struct mst_slice s)
{
	return mst_slice(mst_strndup(s.n ? s.p : "", s.n), s.n);
}

static void item_free(struct item *it)
{
	if (!it)
		return;
	free(it->name);
	free((void *)(uintptr_t)it->text.p);
	free((void *)(uintptr_t)it->list.p);
	free(it);
}

/* ---- tables -------------------------------------------------------------- */

static struct table *table(struct store *s, const char *target, const char *set,
			   bool make)
{
	struct table *t;

	target = mst_recver_target(target);
	for (t = s->d->tables; t; t = t->next) {
		if (strcmp(t->target, target) == 0 && !t->set == !set &&
		    (!set || strcmp(t->set, set) == 0))
			return t;
	}
	if (!make)
		return NULL;
	t = mst_alloc(sizeof(*t));
	t->target = mst_strdup(target);
	t->set = mst_strdup(set);
	t->next = s->d->tables;
	s->d->tables = t;
	return t;
}

/* Without the key's old item in between, the map would keep that one's bytes
 * as its key. */
static void exchange(struct table *t, struct item *was, struct item *is)
{
	if (was)
		(void)mst_map_del(&t->map, was->key);
	if (is)
		(void)mst_map_put(&t->map, is->key, is);
}

/* is takes the place of was; either may be NULL. */
static void change(struct store *s, struct table *t, struct item *was,
		   struct item *is)
{
	exchange(t, was, is);
	if (!s->in_tx) {
		item_free(was);
		return;
	}
	if (s->undo_n == s->undo_cap) {
		s->undo_cap = s->undo_cap ? s->undo_cap * 2 : 64;
		s->undo = mst_realloc(s->undo, s->undo_cap * sizeof(*s->undo));
	}
	s->undo[s->undo_n++] = (struct undo){.t = t, .was = was, .is = is};
}

/* ---- open, close --------------------------------------------------------- */

static void database_free(struct database *d)
{
	struct table *t, *next;
	void *it;

	for (t = d->tables; t; t = next) {
		next = t->next;
		for (size_t i = 0; mst_map_next(&t->map, &i, NULL, &it);)
			item_free(it);
		mst_map_fini(&t->map);
		free(t->target);
		free(t->set);
		free(t);
	}
	free(d->name);
	free(d->source);
	free(d);
}

static void meta_store(struct store *s, const char *target, const char *name,
		       struct mst_slice val)
{
	struct table *t = table(s, target, NULL, true);
	struct item *it = mst_alloc(sizeof(*it));

	it->name = mst_strdup(name);
	it->key = mst_slice_str(it->name);
	it->text = dup(val);
	change(s, t, mst_map_get(&t->map, it->key), it);
}

static int found(struct store *s, const char *where, const char *source,
		 struct mst_err *err)
{
	uint8_t seed[8];
	int rc = mst_recver_seed(seed, err);

	if (rc < 0)
		return rc;
	s->d = mst_alloc(sizeof(*s->d));
	s->d->name = mst_strdup(where);
	s->d->source = mst_strdup(source);
	s->d->next = databases;
	databases = s->d;
	meta_store(s, "", "seed", mst_slice((char *)seed, sizeof(seed)));
	meta_store(s, "", "schema", MST_SLICE_LIT("1"));
	meta_store(s, "", "hash", MST_SLICE_LIT(MST_RECVER_HASH));
	meta_store(s, "", "source", mst_slice_str(source));
	return 0;
}

static int store_open(const struct mst_recver_conf *conf, const char *source,
		      bool create, struct mst_recver **r_r, struct mst_err *err)
{
	const char *where = conf->path ? conf->path : "";
	struct database *d = NULL;
	struct store *s;
	int rc = 0;

	if (where[0]) {
		for (d = databases; d && strcmp(d->name, where) != 0;)
			d = d->next;
	}
	if (!d && !create)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "RecVer '%s' does not exist yet: it is made "
				   "by the first run",
				   where);
	if (d && d->open)
		return mst_err_set(err, MST_E_CONFLICT,
				   "RecVer '%s' is in use by this process: "
				   "wait for it to end, or stop it",
				   where);
	if (d) {
		rc = mst_recver_check_source(mst_slice_str(d->source), source,
					     where, err);
		if (rc < 0)
			return rc;
	}
	s = mst_alloc(sizeof(*s));
	s->base.ops = &mst_recver_mem;
	s->d = d;
	mst_buf_init(&s->list, MST_RECVER_MAX_LIST);
	if (!d)
		rc = found(s, where, source, err);
	if (rc < 0) {
		free(s);
		return rc;
	}
	s->d->open = true;
	*r_r = &s->base;
	return 0;
}

static void store_abort(struct mst_recver *r)
{
	struct store *s = of(r);

	while (s->undo_n) {
		struct undo *u = &s->undo[--s->undo_n];

		exchange(u->t, u->is, u->was);
		item_free(u->is);
	}
	s->in_tx = false;
}

static void store_close(struct mst_recver **r)
{
	struct database **link;
	struct store *s;

	if (!*r)
		return;
	s = of(*r);
	store_abort(*r);
	*r = NULL;
	s->d->open = false;
	if (!s->d->name[0]) {
		for (link = &databases; *link != s->d;)
			link = &(*link)->next;
		*link = s->d->next;
		database_free(s->d);
	}
	mst_buf_fini(&s->list);
	free(s->undo);
	free(s);
}

/* ---- meta ---------------------------------------------------------------- */

static int meta_get(struct mst_recver *r, const char *target, const char *name,
		    struct mst_buf *val, bool *found_r, struct mst_err *err)
{
	struct table *t = table(of(r), target, NULL, false);
	struct item *it = t ? mst_map_get(&t->map, mst_slice_str(name)) : NULL;

	if (it && !mst_buf_add_slice(val, it->text))
		return mst_err_set(err, MST_E_INVALID,
				   "RecVer's value '%s' is longer than the "
				   "%zu bytes that it may have",
				   name, val->max);
	*found_r = it != NULL;
	return 0;
}

static int meta_put(struct mst_recver *r, const char *target, const char *name,
		    struct mst_slice val, struct mst_err *err)
{
	int rc;

	target = mst_recver_target(target);
	rc = mst_recver_check_meta(target, name, err);
	if (rc == 0)
		meta_store(of(r), target, name, val);
	return rc;
}

/* ---- reading ------------------------------------------------------------- */

static int by_raw(const void *a, const void *b)
{
	const struct item *const *x = a, *const *y = b;

	return memcmp((*x)->raw, (*y)->raw, 16);
}

/* All items of a table, in order of key; to be freed. */
static struct item **sorted(const struct table *t)
{
	struct item **v = mst_alloc(t->map.n * sizeof(struct item *));
	size_t n = 0;
	void *it;

	for (size_t i = 0; mst_map_next(&t->map, &i, NULL, &it);)
		v[n++] = it;
	qsort(v, n, sizeof(struct item *), by_raw);
	return v;
}

static int load(struct mst_recver *r, const char *target, const char *set,
		int (*fn)(void *ctx, const struct mst_group_row *row),
		void *ctx, struct mst_err *err)
{
	struct table *t = table(of(r), target, set, false);
	size_t n = t ? t->map.n : 0;
	struct item **v;
	int rc = 0;

	if (!n)
		return 0;
	v = sorted(t);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = fn(ctx, &v[i]->row);
	free(v);
	return rc;
}

static struct item *find(struct table *t, struct mst_hash key)
{
	uint8_t raw[16];

	mst_recver_hash_put(key, raw);
	return t ? mst_map_get(&t->map, mst_slice((char *)raw, 16)) : NULL;
}

static int members(struct mst_recver *r, const char *target, const char *set,
		   const struct mst_hash *keys, size_t n,
		   int (*fn)(void *ctx, const struct mst_hash *key,
			     const struct mst_member *m, size_t m_n),
		   void *ctx, struct mst_err *err)
{
	struct store *s = of(r);
	struct table *t = table(s, target, set, false);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct item *it = find(t, keys[i]);

		if (!it)
			continue;
		mst_buf_reset(&s->list);
		if (it->list.p)
			rc = mst_recver_list_get(it->list, it->row.members,
						 &keys[i], &s->list, err);
		if (rc == 0)
			rc = fn(ctx, &keys[i],
				(const struct mst_member *)(void *)s->list.p,
				s->list.n / sizeof(struct mst_member));
	}
	return rc;
}

static int stats(struct mst_recver *r, const char *target, const char *set,
		 struct mst_recver_stats *s_r, struct mst_err *err)
{
	struct mst_recver_stats sum = {0};

	for (const struct table *t = of(r)->d->tables; t; t = t->next) {
		bool wanted = t->set &&
			      (!target || strcmp(target, t->target) == 0) &&
			      (!set || strcmp(set, t->set) == 0);
		void *p;

		for (size_t i = 0; mst_map_next(&t->map, &i, NULL, &p);) {
			const struct item *it = p;

			sum.bytes += sizeof(*it) + it->text.n + it->list.n;
			if (!wanted)
				continue;
			sum.groups++;
			sum.members += it->row.members;
			sum.dirty += it->row.state == MST_GROUP_DIRTY;
			sum.pending += it->row.state == MST_GROUP_PENDING;
		}
	}
	*s_r = sum;
	return 0;
}

/* ---- all of it ----------------------------------------------------------- */

static int look_at_values(const struct table *t,
			  const struct mst_recver_look *look)
{
	void *p;
	int rc = 0;

	for (size_t i = 0; rc == 0 && mst_map_next(&t->map, &i, NULL, &p);) {
		const struct item *it = p;

		rc = look->meta(look->ctx, t->target, it->name, it->text);
	}
	return rc;
}

static int look_at_groups(const struct table *t, int64_t set,
			  const struct mst_recver_look *look)
{
	struct item **v = sorted(t);
	int rc = 0;

	for (size_t i = 0; i < t->map.n && rc == 0; i++) {
		const struct mst_group_row *row = &v[i]->row;
		uint8_t digest[16];
		struct mst_recver_raw g = {
		    .set = set,
		    .key = v[i]->key,
		    .text = v[i]->text,
		    .digest = mst_slice((char *)digest, sizeof(digest)),
		    .remote = mst_slice((const char *)row->remote.b, 16),
		    .list = v[i]->list,
		    .has_list = v[i]->list.p != NULL,
		    .members = row->members,
		    .run = row->last_run,
		    .state = (int64_t)row->state,
		    .first_us = row->first_delivered_us,
		    .changed_us = row->last_changed_us,
		};

		mst_recver_hash_put(row->digest, digest);
		if (mst_sysid_is_zero(&row->remote))
			g.remote = (struct mst_slice){0};
		rc = look->group(look->ctx, &g);
	}
	free(v);
	return rc;
}

static int verify(struct mst_recver *r, const struct mst_recver_look *look,
		  struct mst_err *err)
{
	struct table *first = of(r)->d->tables;
	int64_t id = 0;
	int rc = 0;

	for (struct table *t = first; t && rc == 0; t = t->next)
		if (t->set && t->map.n)
			rc = look->set(look->ctx, ++id, t->target, t->set);
	for (struct table *t = first; t && rc == 0; t = t->next)
		if (!t->set)
			rc = look_at_values(t, look);
	id = 0;
	for (struct table *t = first; t && look->group && rc == 0; t = t->next)
		if (t->set && t->map.n)
			rc = look_at_groups(t, ++id, look);
	return rc;
}

static int adopt(struct mst_recver *r, const uint8_t seed[8],
		 struct mst_err *err)
{
	for (struct table *t = of(r)->d->tables; t; t = t->next)
		if (t->set && t->map.n)
			return mst_err_set(err, MST_E_INVALID,
					   "RecVer '%s' is not empty: it keeps "
					   "its seed",
					   of(r)->d->name);
	meta_store(of(r), "", "seed", mst_slice((const char *)seed, 8));
	return 0;
}

/* ---- writing ------------------------------------------------------------- */

static int begin(struct mst_recver *r, struct mst_err *err)
{
	if (of(r)->in_tx)
		return mst_err_set(err, MST_E_INTERNAL,
				   "RecVer: a transaction is open already");
	of(r)->in_tx = true;
	return 0;
}

static int commit(struct mst_recver *r, struct mst_err *err)
{
	struct store *s = of(r);

	if (!s->in_tx)
		return mst_err_set(err, MST_E_INTERNAL,
				   "RecVer: no transaction is open");
	for (size_t i = 0; i < s->undo_n; i++)
		item_free(s->undo[i].was);
	s->undo_n = 0;
	s->in_tx = false;
	return 0;
}

/* Ends a call that is its own transaction unless one is open. */
static int own_end(struct mst_recver *r, bool own, int rc, struct mst_err *err)
{
	if (own && rc == 0)
		return commit(r, err);
	if (own)
		store_abort(r);
	return rc;
}

static struct item *item_of(const struct mst_group_row *row)
{
	struct item *it = mst_alloc(sizeof(*it));

	mst_recver_hash_put(row->key, it->raw);
	it->key = mst_slice((char *)it->raw, 16);
	it->text = dup(row->text);
	it->row = *row;
	it->row.text = it->text;
	return it;
}

static void put_one(struct store *s, struct table *t,
		    const struct mst_group_put *g)
{
	struct item *was = find(t, g->row.key);
	struct item *it = item_of(&g->row);
	struct mst_buf list = MST_BUF_INIT(MST_RECVER_MAX_LIST);

	if (g->members && g->row.members) {
		mst_recver_list_put(g, &list);
		it->list = dup(mst_buf_slice(&list));
		mst_buf_fini(&list);
	} else if (!g->members && was && was->list.p) {
		it->list = dup(was->list);
		it->row.members = was->row.members;
	}
	change(s, t, was, it);
}

static int put(struct mst_recver *r, const char *target, const char *set,
	       const struct mst_group_put *g, size_t n, struct mst_err *err)
{
	struct store *s = of(r);
	bool own = !s->in_tx;
	int rc = 0;

	s->in_tx = true;
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = mst_recver_check_put(&g[i], err);
		if (rc == 0)
			put_one(s, table(s, target, set, true), &g[i]);
	}
	return own_end(r, own, rc, err);
}

static int mark(struct mst_recver *r, const char *target, const char *set,
		const struct mst_group_row *rows, size_t n, struct mst_err *err)
{
	struct store *s = of(r);

	for (size_t i = 0; i < n; i++) {
		struct table *t = table(s, target, set, true);
		struct item *was = find(t, rows[i].key);
		struct mst_group_row row = {
		    .key = rows[i].key,
		    .text = rows[i].text,
		    .first_delivered_us = MST_TIME_NONE,
		    .last_changed_us = MST_TIME_NONE,
		};
		struct item *it;

		if (was)
			row = was->row;
		row.state = rows[i].state;
		it = item_of(&row);
		if (was && was->list.p)
			it->list = dup(was->list);
		change(s, t, was, it);
	}
	return 0;
}

static int del(struct mst_recver *r, const char *target, const char *set,
	       const struct mst_hash *keys, size_t n, struct mst_err *err)
{
	struct store *s = of(r);
	struct table *t = table(s, target, set, false);

	for (size_t i = 0; i < n; i++) {
		struct item *was = find(t, keys[i]);

		if (was)
			change(s, t, was, NULL);
	}
	return 0;
}

static int reset(struct mst_recver *r, const char *target, const char *set,
		 struct mst_err *err)
{
	struct store *s = of(r);

	if (!mst_recver_target(target)[0])
		return mst_err_set(err, MST_E_INVALID,
				   "a reset of RecVer needs the destination's "
				   "name");
	for (struct table *t = s->d->tables; t; t = t->next) {
		struct item **v;
		size_t n = t->map.n;

		if (strcmp(t->target, target) != 0 || n == 0 ||
		    (set && (!t->set || strcmp(t->set, set) != 0)))
			continue;
		v = sorted(t);
		for (size_t i = 0; i < n; i++)
			change(s, t, v[i], NULL);
		free(v);
	}
	return 0;
}

static int compact(struct mst_recver *r, struct mst_err *err)
{
	return 0;
}

const struct mst_recver_ops mst_recver_mem = {
    .type = "mem",
    .open = store_open,
    .close = store_close,
    .meta_get = meta_get,
    .meta_put = meta_put,
    .load = load,
    .members = members,
    .begin = begin,
    .commit = commit,
    .abort = store_abort,
    .put = put,
    .mark = mark,
    .del = del,
    .reset = reset,
    .stats = stats,
    .verify = verify,
    .adopt = adopt,
    .compact = compact,
};
