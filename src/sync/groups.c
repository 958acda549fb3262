/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of groups.
 */
#include "sync/groups.h"

#include <stdlib.h>

#include "base/limits.h"

#define NO_GROUP UINT32_MAX

void mst_groups_init(struct mst_groups *g, uint64_t seed)
{
	*g = (struct mst_groups){.seed = seed, .last = NO_GROUP};
	mst_arena_init(&g->texts, MST_MAX_ARENA);
}

void mst_groups_fini(struct mst_groups *g)
{
	mst_arena_fini(&g->texts);
	free(g->v);
	free(g->index);
	*g = (struct mst_groups){0};
}

uint32_t mst_groups_find_key(const struct mst_groups *g, struct mst_hash key)
{
	uint32_t mask = g->index_n - 1;

	if (!g->index_n)
		return NO_GROUP;
	for (uint32_t i = (uint32_t)key.lo & mask; g->index[i];
	     i = (i + 1) & mask) {
		if (mst_hash_eq(g->v[g->index[i] - 1].key, key))
			return g->index[i] - 1;
	}
	return NO_GROUP;
}

static void index_add(struct mst_groups *g, uint32_t at)
{
	uint32_t mask = g->index_n - 1;
	uint32_t i = (uint32_t)g->v[at].key.lo & mask;

	while (g->index[i])
		i = (i + 1) & mask;
	g->index[i] = at + 1;
}

static void index_grow(struct mst_groups *g)
{
	g->index_n = g->index_n ? g->index_n * 2 : 64;
	free(g->index);
	g->index = mst_alloc(g->index_n * sizeof(*g->index));
	for (uint32_t i = 0; i < g->n; i++)
		index_add(g, i);
}

static uint32_t add(struct mst_groups *g, struct mst_hash key,
		    struct mst_slice text)
{
	if (g->n == g->cap) {
		g->cap = g->cap ? g->cap * 2 : 64;
		g->v = mst_realloc(g->v, g->cap * sizeof(*g->v));
	}
	if ((g->n + 1) * 4 > g->index_n * 3)
		index_grow(g);
	g->v[g->n] = (struct mst_group){
	    .key = key,
	    .text = mst_arena_dup(&g->texts, text),
	};
	index_add(g, g->n);
	return g->n++;
}

uint32_t mst_groups_find(struct mst_groups *g, struct mst_slice text)
{
	uint32_t at;

	if (g->last != NO_GROUP && mst_slice_eq(g->v[g->last].text, text))
		return g->last;
	at = mst_groups_find_key(g, mst_hash128(text.p, text.n, g->seed));
	if (at != NO_GROUP)
		g->last = at;
	return at;
}

uint32_t mst_groups_get(struct mst_groups *g, struct mst_slice text)
{
	struct mst_hash key;
	uint32_t at;

	if (g->last != NO_GROUP && mst_same_text(g->v[g->last].text, text))
		return g->last;
	key = mst_hash128(text.p, text.n, g->seed);
	at = mst_groups_find_key(g, key);
	if (at == NO_GROUP)
		at = add(g, key, text);
	g->last = at;
	return at;
}

void mst_groups_take(struct mst_groups *g, const struct mst_group_row *row)
{
	uint32_t at = mst_groups_find_key(g, row->key);
	struct mst_group *group;

	if (at == NO_GROUP)
		at = add(g, row->key, row->text);
	group = &g->v[at];
	group->stored = row->digest;
	group->stored_n = row->members;
	group->remote = row->remote;
	group->first_us = row->first_delivered_us;
	group->changed_us = row->last_changed_us;
	group->last_run = row->last_run;
	group->state = (uint8_t)row->state;
	group->flags |= MST_G_STORED;
}

static int take_row(void *ctx, const struct mst_group_row *row)
{
	mst_groups_take(ctx, row);
	return 0;
}

int mst_groups_load(struct mst_groups *g, struct mst_recver *r,
		    const char *target, const char *set, struct mst_err *err)
{
	return r->ops->load(r, target, set, take_row, g, err);
}

void mst_group_add(struct mst_group *to, const struct mst_group *part, bool sum)
{
	uint32_t count = to->count + part->count;

	if (part->flags & MST_G_SEEN)
		mst_group_show(to, part->digest, part->newest, sum);
	else if ((part->flags & MST_G_SUPERSEDED) && !(to->flags & MST_G_SEEN))
		to->digest = part->digest;
	to->flags |= part->flags & (MST_G_SUPERSEDED | MST_G_LEFT);
	to->count = count;
}

void mst_groups_merge(struct mst_groups *g, const struct mst_groups *part,
		      bool sum)
{
	for (uint32_t i = 0; i < part->n; i++) {
		const struct mst_group *p = &part->v[i];
		uint32_t at = mst_groups_find_key(g, p->key);

		if (at == NO_GROUP)
			at = add(g, p->key, p->text);
		mst_group_add(&g->v[at], p, sum);
	}
}

/* ---- a part of them ----- */

static int by_text(const void *a, const void *b)
{
	const struct mst_group *const *x = a, *const *y = b;

	return mst_slice_cmp((*x)->text, (*y)->text);
}

void mst_groups_limit(struct mst_groups *g, uint64_t most)
{
	struct mst_group **shown = mst_alloc((g->n + 1) * sizeof(*shown));
	size_t n = 0;

	for (uint32_t i = 0; i < g->n; i++) {
		if (g->v[i].flags & MST_G_SEEN)
			shown[n++] = &g->v[i];
	}
	if (n > most)
		qsort(shown, n, sizeof(*shown), by_text);
	for (size_t i = (size_t)MST_MIN(most, (uint64_t)n); i < n; i++)
		shown[i]->flags &= (uint16_t)~MST_G_SEEN;
	free(shown);
}

/* ---- owners ----- */

static int by_id(const void *a, const void *b)
{
	const struct mst_owner *x = a, *y = b;
	int order = memcmp(&x->id, &y->id, sizeof(x->id));

	if (order != 0)
		return order;
	return x->group < y->group ? -1 : x->group > y->group;
}

static bool stays(const struct mst_group *g)
{
	return (g->flags & MST_G_SEEN) ||
	       ((g->flags & MST_G_STORED) && !(g->flags & MST_G_CHANGED));
}

void mst_owners_make(struct mst_owners *o, const struct mst_groups *g,
		     const struct mst_quiet *quiet, size_t quiet_n)
{
	o->v = mst_alloc((g->n + quiet_n + 1) * sizeof(*o->v));
	o->n = 0;
	for (uint32_t i = 0; i < g->n; i++) {
		if (stays(&g->v[i]) && !mst_sysid_is_zero(&g->v[i].remote))
			o->v[o->n++] = (struct mst_owner){.id = g->v[i].remote,
							  .group = i};
	}
	for (size_t i = 0; i < quiet_n; i++) {
		if (!mst_sysid_is_zero(&quiet[i].id))
			o->v[o->n++] = (struct mst_owner){
			    .id = quiet[i].id, .group = g->n + (uint32_t)i};
	}
	qsort(o->v, o->n, sizeof(*o->v), by_id);
}

void mst_owners_free(struct mst_owners *o)
{
	free(o->v);
	*o = (struct mst_owners){0};
}

struct mst_owner *mst_owners_find(const struct mst_owners *o,
				  const struct mst_sysid *id, size_t *n_r)
{
	size_t low = 0, high = o->n;

	*n_r = 0;
	if (mst_sysid_is_zero(id))
		return NULL;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (memcmp(&o->v[mid].id, id, sizeof(*id)) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	while (low + *n_r < o->n &&
	       memcmp(&o->v[low + *n_r].id, id, sizeof(*id)) == 0)
		++*n_r;
	return *n_r ? &o->v[low] : NULL;
}

bool mst_owners_other(const struct mst_owners *o, const struct mst_groups *g,
		      uint32_t group)
{
	size_t n;
	const struct mst_owner *own =
	    mst_owners_find(o, &g->v[group].remote, &n);

	return n > 1 || (n == 1 && own->group != group);
}

bool mst_group_orphaned(const struct mst_groups *g, uint32_t group)
{
	const struct mst_group *lost = &g->v[group];
	uint32_t at = lost->flags & MST_G_SUPERSEDED
			  ? mst_groups_find_key(g, lost->digest)
			  : NO_GROUP;

	return at != NO_GROUP && !(lost->flags & MST_G_SEEN) &&
	       !mst_sysid_is_zero(&lost->remote) &&
	       !mst_sysid_is_zero(&g->v[at].remote) &&
	       memcmp(&lost->remote, &g->v[at].remote, sizeof(lost->remote)) !=
		   0;
}
