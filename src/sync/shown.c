/* SPDX-License-Identifier: Apache-2.0
 *
 * What the source shows of the groups below others. On a quiet day nearly all
 * of them are stored just so: they take 24 bytes while their feeds are read and
 * none afterwards, so that memory grows with the parents, not with the sets
 * below them.
 */
#include <pthread.h>
#include <stdlib.h>

#include "sync/delta_private.h"

#define LOCKS 64 /* many more than threads */

/* Of the group of the parent at the same position. */
struct shown {
	struct mst_hash digest;
	uint32_t count;
	uint16_t flags;
};

struct shown_sets {
	struct {
		struct shown *v;
		uint32_t n;
		bool folded;
	} of[MST_MAX_SETS];
	pthread_mutex_t locks[LOCKS];
};

static const struct mst_groups *parents(struct mst_delta *d, size_t set)
{
	return &mst_delta_set(d, d->sets[set].set->parent)->groups;
}

void mst_shown_init(struct mst_delta *d)
{
	struct shown_sets *s = mst_alloc(sizeof(*s));

	for (size_t i = 0; i < LOCKS; i++)
		(void)pthread_mutex_init(&s->locks[i], NULL);
	d->p->shown = s;
}

void mst_shown_fini(struct mst_delta *d)
{
	struct shown_sets *s = d->p->shown;

	for (size_t i = 0; i < MST_MAX_SETS; i++)
		free(s->of[i].v);
	for (size_t i = 0; i < LOCKS; i++)
		(void)pthread_mutex_destroy(&s->locks[i]);
	free(s);
	d->p->shown = NULL;
}

void mst_shown_open(struct mst_delta *d, size_t set)
{
	uint32_t n = parents(d, set)->n, old = d->p->shown->of[set].n;
	struct shown *v = d->p->shown->of[set].v;

	if (n <= old)
		return;
	v = mst_realloc(v, n * sizeof(*v));
	memset(v + old, 0, (n - old) * sizeof(*v));
	d->p->shown->of[set].v = v;
	d->p->shown->of[set].n = n;
}

void mst_shown_lock(const struct mst_delta *d, uint32_t pos)
{
	(void)pthread_mutex_lock(&d->p->shown->locks[pos % LOCKS]);
}

void mst_shown_unlock(const struct mst_delta *d, uint32_t pos)
{
	(void)pthread_mutex_unlock(&d->p->shown->locks[pos % LOCKS]);
}

void mst_shown_add(struct mst_delta *d, size_t set, uint32_t pos,
		   const struct mst_group *part)
{
	struct shown *s = &d->p->shown->of[set].v[pos];

	mst_hash_add(&s->digest, part->digest);
	s->count += part->count;
	s->flags |= part->flags & (MST_G_SEEN | MST_G_LEFT);
}

/* ---- beside what is stored ----------------------------------------------- */

struct folding {
	struct mst_delta *d;
	struct mst_set_delta *sd;
	const struct mst_groups *parents;
	struct shown *v;
	uint32_t n;
};

static void keep_quiet(struct mst_set_delta *sd,
		       const struct mst_group_row *row)
{
	sd->stored += row->members;
	sd->unchanged += row->members;
	if (sd->set->writer != MST_WRITE_LINK)
		return;
	if (sd->quiet_n == sd->quiet_cap) {
		sd->quiet_cap = sd->quiet_cap ? sd->quiet_cap * 2 : 64;
		sd->quiet =
		    mst_realloc(sd->quiet, sd->quiet_cap * sizeof(*sd->quiet));
	}
	sd->quiet[sd->quiet_n++] =
	    (struct mst_quiet){.id = row->remote, .key = row->key};
}

static void put(struct mst_group *g, const struct shown *s)
{
	g->digest = s->digest;
	g->count = s->count;
	g->flags |= s->flags & (MST_G_SEEN | MST_G_LEFT);
}

static int take_stored(void *ctx, const struct mst_group_row *row)
{
	struct folding *f = ctx;
	struct mst_groups *g = &f->sd->groups;
	uint32_t pos = mst_groups_find_key(f->parents, row->key);
	struct shown *s = pos < f->n ? &f->v[pos] : NULL;

	if (s)
		s->flags |= MST_G_STORED;
	if (s && (s->flags & MST_G_SEEN) && !f->d->full && !f->d->every_group &&
	    row->state == MST_GROUP_CLEAN &&
	    mst_hash_eq(s->digest, row->digest)) {
		keep_quiet(f->sd, row);
		return 0;
	}
	mst_groups_take(g, row);
	if (s)
		put(&g->v[mst_groups_find_key(g, row->key)], s);
	return 0;
}

int mst_shown_fold(struct mst_delta *d, size_t set, struct mst_err *err)
{
	struct mst_set_delta *sd = &d->sets[set];
	struct mst_recver *r = d->recver;
	struct folding f = {
	    .d = d,
	    .sd = sd,
	    .parents = parents(d, set),
	    .v = d->p->shown->of[set].v,
	    .n = d->p->shown->of[set].n,
	};

	/* Of a set that nobody chose nothing is compared. */
	if (d->p->shown->of[set].folded || (!sd->selected && !d->every_group))
		return 0;
	d->p->shown->of[set].folded = true;
	if (r->ops->load(r, d->target, sd->set->name, take_stored, &f, err) < 0)
		return -(int)err->code;
	for (uint32_t i = 0; i < f.n; i++) {
		uint32_t at;

		if ((f.v[i].flags & (MST_G_SEEN | MST_G_STORED)) != MST_G_SEEN)
			continue;
		at = mst_groups_get(&sd->groups, f.parents->v[i].text);
		put(&sd->groups.v[at], &f.v[i]);
	}
	free(f.v);
	d->p->shown->of[set].v = NULL;
	d->p->shown->of[set].n = 0;
	return 0;
}
