/* SPDX-License-Identifier: Apache-2.0
 *
 * Pass 2: records of other sets that new rows refer to (CVE definitions). Only
 * those that are referred to are delivered, and what their own feed does not
 * have is made from a row.
 */
#include "sync/collect_private.h"

/* The mapping that makes records of a set out of the rows of a feed. */
static int find_fallback(const struct mst_delta *d, size_t set, unsigned feed)
{
	const struct mst_catalog *c = d->job->catalog;

	for (unsigned m = 0; m < c->mappings_n; m++) {
		if (c->mappings[m].fallback &&
		    (c->mappings[m].feeds & 1u << feed) &&
		    strcmp(c->mappings[m].set, d->sets[set].set->name) == 0)
			return (int)m;
	}
	return -1;
}

void mst_wants_init(struct wants *w, const struct mst_delta *d, unsigned feed)
{
	w->d = d;
	mst_arena_init(&w->arena, MST_MAX_ARENA);
	for (size_t i = 0; i < d->sets_n; i++)
		w->fallback[i] = find_fallback(d, i, feed);
}

/* Of several rows that could make a record the one with the smallest rank
 * counts: threads, order and RecVer's seed do not matter. */
static bool better(const struct mst_wanted *a, const struct mst_wanted *b)
{
	return a->payload.n && (!b->payload.n || a->rank < b->rank);
}

static struct mst_wanted *get(struct mst_map *map, struct mst_arena *arena,
			      struct mst_slice key)
{
	struct mst_wanted *wanted = mst_map_get(map, key);

	if (wanted)
		return wanted;
	wanted = mst_arena_alloc(arena, sizeof(*wanted));
	(void)mst_map_put(map, mst_arena_dup(arena, key), wanted);
	return wanted;
}

/* Makes the record from the row, if no better row has made it. */
static void fall_back(struct wants *w, struct mst_rules *rules, unsigned m,
		      struct mst_wanted *wanted)
{
	struct mst_buf buf = MST_BUF_INIT(MST_MAX_REQUEST_BODY);
	struct mst_hash value = mst_rules_hash(rules, m);
	uint64_t rank = mst_rules_rank(rules);

	if (wanted->payload.n && rank >= wanted->rank)
		return;
	if (mst_rules_apply(rules, m, &w->made) &&
	    mst_payload_encode(&w->made, &buf))
		*wanted = (struct mst_wanted){
		    .rank = rank,
		    .value = value,
		    .payload = mst_arena_dup(&w->arena, mst_buf_slice(&buf)),
		};
	mst_buf_fini(&buf);
}

static void want(struct wants *w, struct mst_rules *rules, size_t set,
		 struct mst_slice key)
{
	const struct mst_groups *groups = &w->d->sets[set].groups;
	uint32_t at = mst_groups_find_key(
	    groups, mst_hash128(key.p, key.n, groups->seed));
	struct mst_wanted *wanted;

	if (at != UINT32_MAX && mst_is_delivered(&groups->v[at]) && !w->d->full)
		return;
	wanted = get(&w->sets[set], &w->arena, key);
	if (w->fallback[set] >= 0)
		fall_back(w, rules, (unsigned)w->fallback[set], wanted);
}

void mst_wants_note(struct wants *w, struct mst_rules *rules,
		    const struct mst_desired *e)
{
	for (size_t i = 0; i < e->cells_n; i++) {
		const struct mst_column *col =
		    &e->set->columns[e->cells[i].column];
		size_t ref;

		if (!(col->flags & MST_COL_REF) || !col->ref_set)
			continue;
		ref = mst_delta_index(w->d, col->ref_set);
		if (ref != SIZE_MAX && w->d->sets[ref].set->referenced_by &&
		    strcmp(w->d->sets[ref].set->referenced_by, e->set->name) ==
			0)
			want(w, rules, ref, e->cells[i].text);
	}
}

void mst_wants_merge(struct wants *w)
{
	struct delta_private *p = w->d->p;

	for (size_t i = 0; i < MST_MAX_SETS; i++) {
		struct mst_slice key;
		size_t at = 0;
		void *v;

		while (mst_map_next(&w->sets[i], &at, &key, &v)) {
			const struct mst_wanted *mine = v;
			struct mst_wanted *all =
			    get(&p->wanted[i], &p->wanted_arena, key);

			if (!better(mine, all))
				continue;
			*all = *mine;
			all->payload =
			    mst_arena_dup(&p->wanted_arena, mine->payload);
		}
		mst_map_fini(&w->sets[i]);
	}
	mst_arena_fini(&w->arena);
}
