/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading from a store on a server: what the server has, with the open
 * transaction laid over it. After a lost connection a read goes on where it
 * was.
 */
#include <stdlib.h>

#include "recver/server/private.h"

/* The callback ended the call; its own value is kept beside it, so that none
 * is taken for an error of the server. */
#define STOPPED 1

/* ---- values -------------------------------------------------------------- */

struct meta_read {
	const char *target, *name;
	bool found;
};

static int read_meta(struct mst_server *s, void *arg, bool *moved_r,
		     struct mst_err *err)
{
	struct meta_read *m = arg;

	mst_buf_reset(&s->value);
	m->found = false;
	return s->d->meta_get(s->c, m->target, m->name, &s->value, &m->found,
			      err);
}

int mst_server_meta_get(struct mst_recver *r, const char *target,
			const char *name, struct mst_buf *val, bool *found_r,
			struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);
	struct meta_read m = {mst_recver_target(target), name, false};
	const struct mst_batch_meta *p;
	struct mst_slice value;
	int rc = mst_server_enter(s, err);

	if (rc < 0)
		return rc;
	p = mst_tx_meta(s, m.target, name);
	if (!p && !mst_tx_resets(s, m.target))
		rc = mst_server_call(s, read_meta, &m, err);
	if (rc < 0)
		return rc;
	*found_r = p || m.found;
	value = p ? p->value : mst_buf_slice(&s->value);
	if (*found_r && !mst_buf_add_slice(val, value))
		return mst_err_set(err, MST_E_INVALID,
				   "RecVer's value '%s' is longer than the "
				   "%zu bytes that it may have",
				   name, val->max);
	return 0;
}

/* ---- groups -------------------------------------------------------------- */

struct loading {
	struct mst_server *s;
	int64_t set;
	int (*fn)(void *ctx, const struct mst_group_row *row);
	void *ctx;
	struct mst_pending **over; /* in order; what is not delivered yet */
	size_t over_n;
	uint8_t after[16]; /* the last key that the server delivered */
	bool begun, moved;
	int result; /* of fn */
};

/* Rows of the transaction up to this key; *at: the one with the key. */
static int load_over(struct loading *l, const uint8_t *key,
		     struct mst_pending **at)
{
	struct mst_group_row row;
	int order;

	*at = NULL;
	while (l->over_n && l->result == 0) {
		struct mst_pending *p = *l->over;

		order = key ? memcmp(p->row.key, key, 16) : -1;
		if (order > 0)
			break;
		l->over++;
		l->over_n--;
		if (order == 0) {
			*at = p;
			break;
		}
		if (mst_tx_lay_over(p, NULL, false, &row))
			l->result = l->fn(l->ctx, &row);
	}
	return l->result ? STOPPED : 0;
}

static int load_row(void *ctx, const struct mst_group_row *stored,
		    bool has_list)
{
	struct loading *l = ctx;
	struct mst_group_row row = *stored;
	struct mst_pending *p;

	mst_recver_hash_put(stored->key, l->after);
	l->begun = l->moved = true;
	if (load_over(l, l->after, &p) != 0)
		return STOPPED;
	if (!p || mst_tx_lay_over(p, stored, has_list, &row))
		l->result = l->fn(l->ctx, &row);
	return l->result ? STOPPED : 0;
}

static int load_some(struct mst_server *s, void *arg, bool *moved_r,
		     struct mst_err *err)
{
	struct loading *l = arg;
	int rc;

	l->moved = false;
	rc = s->d->load(s->c, l->set, l->begun ? l->after : NULL, load_row, l,
			err);
	*moved_r = l->moved;
	return rc;
}

static int load_set(struct mst_server *s, const struct mst_server_set *v,
		    int (*fn)(void *ctx, const struct mst_group_row *row),
		    void *ctx, struct mst_err *err)
{
	struct loading l = {.s = s, .set = v->id, .fn = fn, .ctx = ctx};
	struct mst_pending **all = mst_tx_sorted(s, v->id, &l.over_n), *at;
	int rc = 0;

	l.over = all;
	s->busy = true;
	if (!v->is_new && !v->reset)
		rc = mst_server_call(s, load_some, &l, err);
	if (rc == 0)
		rc = load_over(&l, NULL, &at);
	s->busy = false;
	free(all);
	return rc == STOPPED ? l.result : rc;
}

int mst_server_load(struct mst_recver *r, const char *target, const char *set,
		    int (*fn)(void *ctx, const struct mst_group_row *row),
		    void *ctx, struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);
	const struct mst_server_set *v;
	int rc = mst_server_enter(s, err);

	if (rc == 0)
		rc = mst_server_sets(s, err);
	if (rc < 0)
		return rc;
	v = mst_server_set(s, target, set, false);
	return v ? load_set(s, v, fn, ctx, err) : 0;
}

/* ---- members ------------------------------------------------------------- */

struct asking {
	struct mst_server *s;
	int64_t set;
	int (*fn)(void *ctx, const struct mst_hash *key,
		  const struct mst_member *m, size_t m_n);
	void *ctx;
	struct mst_err *err;
	struct mst_hash keys[MST_SERVER_KEYS]; /* sorted; not answered yet */
	size_t n;
	bool done[MST_SERVER_KEYS];
	bool moved;
	int result;
};

static int by_key(const void *a, const void *b)
{
	const struct mst_hash *x = a, *y = b;

	if (x->hi != y->hi)
		return x->hi < y->hi ? -1 : 1;
	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

static int give_list(struct asking *a, const struct mst_hash *key,
		     struct mst_slice list, uint32_t n)
{
	struct mst_buf *out = &a->s->list;

	mst_buf_reset(out);
	if (list.n)
		a->result = mst_recver_list_get(list, n, key, out, a->err);
	if (a->result == 0)
		a->result = a->fn(a->ctx, key,
				  (const struct mst_member *)(void *)out->p,
				  out->n / sizeof(struct mst_member));
	return a->result ? STOPPED : 0;
}

static int take_list(void *ctx, const struct mst_hash *key,
		     struct mst_slice list, uint32_t members)
{
	struct asking *a = ctx;
	struct mst_hash *at = bsearch(key, a->keys, a->n, sizeof(*key), by_key);

	if (!at || a->done[at - a->keys])
		return 0;
	a->done[at - a->keys] = a->moved = true;
	return give_list(a, key, list, members);
}

/* What was answered before the connection went is not asked again. */
static int ask_rest(struct mst_server *s, void *arg, bool *moved_r,
		    struct mst_err *err)
{
	struct asking *a = arg;
	size_t left = 0;
	int rc;

	for (size_t i = 0; i < a->n; i++) {
		if (!a->done[i])
			a->keys[left++] = a->keys[i];
	}
	a->n = left;
	memset(a->done, 0, sizeof(a->done));
	if (!left)
		return 0;
	a->moved = false;
	rc = s->d->lists(s->c, a->set, a->keys, a->n, take_list, a, err);
	*moved_r = a->moved;
	return rc;
}

/* The transaction's part of the answer. True: the server need not be asked. */
static bool is_pending(struct asking *a, const struct mst_hash *key, bool there)
{
	uint8_t raw[16];
	const struct mst_pending *p;

	mst_recver_hash_put(*key, raw);
	p = mst_tx_find(a->s, a->set, raw);
	if (p && p->row.kind == MST_BATCH_PUT)
		(void)give_list(a, key, p->row.list, p->row.row.members);
	else if (p && p->row.kind != MST_BATCH_DEL && !there)
		(void)give_list(a, key, (struct mst_slice){0}, 0);
	return !there || (p && (p->row.kind == MST_BATCH_PUT ||
				p->row.kind == MST_BATCH_DEL));
}

/* A group that only the transaction has, as a mark or without a list. */
static void give_new(struct asking *a)
{
	uint8_t raw[16];

	for (size_t i = 0; i < a->n && a->result == 0; i++) {
		mst_recver_hash_put(a->keys[i], raw);
		if (!a->done[i] && mst_tx_find(a->s, a->set, raw))
			(void)give_list(a, &a->keys[i], (struct mst_slice){0},
					0);
	}
}

static int ask(struct asking *a, struct mst_err *err)
{
	size_t n = 0;
	int rc;

	if (!a->n)
		return 0;
	qsort(a->keys, a->n, sizeof(a->keys[0]), by_key);
	for (size_t i = 0; i < a->n; i++) {
		if (!n || by_key(&a->keys[n - 1], &a->keys[i]) != 0)
			a->keys[n++] = a->keys[i];
	}
	a->n = n;
	memset(a->done, 0, sizeof(a->done));
	rc = mst_server_call(a->s, ask_rest, a, err);
	if (rc == 0)
		give_new(a);
	a->n = 0;
	return rc;
}

int mst_server_members(struct mst_recver *r, const char *target,
		       const char *set, const struct mst_hash *keys, size_t n,
		       int (*fn)(void *ctx, const struct mst_hash *key,
				 const struct mst_member *m, size_t m_n),
		       void *ctx, struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);
	const struct mst_server_set *v;
	struct asking *a;
	int rc = mst_server_enter(s, err);

	if (rc == 0)
		rc = mst_server_sets(s, err);
	if (rc < 0)
		return rc;
	v = mst_server_set(s, target, set, false);
	if (!v)
		return 0;
	a = mst_alloc(sizeof(*a));
	*a = (struct asking){
	    .s = s, .set = v->id, .fn = fn, .ctx = ctx, .err = err};
	s->busy = true;
	for (size_t i = 0; i < n && rc == 0 && a->result == 0; i++) {
		if (!is_pending(a, &keys[i], !v->is_new && !v->reset))
			a->keys[a->n++] = keys[i];
		if (a->n == MST_SERVER_KEYS)
			rc = ask(a, err);
	}
	if (rc == 0 && a->result == 0)
		rc = ask(a, err);
	s->busy = false;
	if (a->result)
		rc = a->result;
	free(a);
	return rc;
}

/* ---- statistics ---------------------------------------------------------- */

struct counting {
	int64_t *sets;
	size_t n;
	struct mst_recver_stats *sum;
};

static int read_stats(struct mst_server *s, void *arg, bool *moved_r,
		      struct mst_err *err)
{
	struct counting *k = arg;

	*k->sum = (struct mst_recver_stats){0};
	return s->d->stats(s->c, k->sets, k->n, k->sum, err);
}

static int count_row(void *ctx, const struct mst_group_row *row)
{
	struct mst_recver_stats *sum = ctx;

	sum->groups++;
	sum->members += row->members;
	sum->dirty += row->state == MST_GROUP_DIRTY;
	sum->pending += row->state == MST_GROUP_PENDING;
	return 0;
}

static bool is_wanted(const struct mst_server_set *v, const char *target,
		      const char *set)
{
	return !v->gone && (!target || strcmp(target, v->target) == 0) &&
	       (!set || strcmp(set, v->name) == 0);
}

int mst_server_stats(struct mst_recver *r, const char *target, const char *set,
		     struct mst_recver_stats *s_r, struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);
	struct mst_recver_stats sum = {0};
	struct counting k = {.sum = &sum};
	bool all = !target && !set, none;
	int rc = mst_server_enter(s, err);

	if (rc == 0)
		rc = mst_server_sets(s, err);
	if (rc < 0)
		return rc;
	k.sets = mst_alloc((s->sets_n + 1) * sizeof(*k.sets));
	for (size_t i = 0; i < s->sets_n && !all; i++) {
		if (is_wanted(&s->sets[i], target, set))
			k.sets[k.n++] = s->sets[i].id;
	}
	none = !all && !k.n;
	rc = mst_server_call(s, read_stats, &k, err);
	free(k.sets);
	/* What is not written yet can only be counted row by row. */
	if (none || !mst_tx_empty(s))
		sum = (struct mst_recver_stats){.bytes = sum.bytes};
	for (size_t i = 0; i < s->sets_n && rc == 0 && !mst_tx_empty(s); i++) {
		if (is_wanted(&s->sets[i], target, set))
			rc = load_set(s, &s->sets[i], count_row, &sum, err);
	}
	if (rc == 0)
		*s_r = sum;
	return rc;
}
