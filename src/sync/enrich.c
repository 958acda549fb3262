/* SPDX-License-Identifier: Apache-2.0
 *
 * What one record needs to know of others: joined feeds (join.c), the winners
 * of identities (identity.c), what the destination says (lookup.c); and what is
 * kept of records that are only reported.
 */
#include "sync/delta_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"

size_t mst_enrich_bytes = MST_MAX_ARENA;

int mst_enrich_full(const char *what, const char *title, struct mst_err *err)
{
	return mst_err_set(err, MST_E_INVALID,
			   "%s: %s would take more than %zu bytes of memory; "
			   "read less of it by the options of the source "
			   "connection (see muster.yaml(5))",
			   title, what, mst_enrich_bytes);
}

bool mst_enriches(const struct mst_delta *d, unsigned feed)
{
	return mst_joins(d, feed) || mst_lookup_fills(d, feed);
}

void mst_enrich(const struct mst_delta *d, unsigned feed, struct mst_value *v)
{
	mst_join_fill(d, feed, v);
	mst_lookup_fill(d, feed, v);
}

void mst_enrich_fini(struct mst_delta *d)
{
	mst_join_fini(d);
	for (size_t i = 0; i < MST_MAX_SETS; i++) {
		mst_map_fini(&d->p->identities[i]);
		mst_map_fini(&d->p->wanted[i]);
	}
	mst_lookup_fini(d);
	mst_arena_fini(&d->p->identity_arena);
	mst_arena_fini(&d->p->wanted_arena);
}

/* ---- reported records ---------------------------------------------------- */

void mst_skips_add(struct skips *s, const char *set, struct mst_slice key,
		   struct mst_slice why)
{
	if (s->n >= SKIPS_MAX)
		return;
	if (!s->arena.max)
		mst_arena_init(&s->arena, 64u << 20);
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->v = mst_realloc(s->v, s->cap * sizeof(*s->v));
	}
	key.n = MST_MIN(key.n, (size_t)512);
	why.n = MST_MIN(why.n, (size_t)512);
	s->v[s->n++] = (struct skip){
	    .set = set,
	    .key = mst_arena_dup(&s->arena, key),
	    .why = mst_arena_dup(&s->arena, why),
	};
}

void mst_skips_flush(struct skips *s, const struct mst_delta *d)
{
	for (size_t i = 0; i < s->n && d->skip; i++)
		d->skip(d->skip_ctx, s->v[i].set, s->v[i].key, s->v[i].why);
	free(s->v);
	if (s->arena.max)
		mst_arena_fini(&s->arena);
	*s = (struct skips){0};
}
