/* SPDX-License-Identifier: Apache-2.0
 *
 * The order of a delta: what is stored, what the feeds show, what differs.
 */
#include <stdlib.h>

#include "sync/delta_private.h"

/* ---- small things -------------------------------------------------------- */

size_t mst_delta_index(const struct mst_delta *d, const char *set)
{
	for (size_t i = 0; i < d->sets_n; i++) {
		if (strcmp(d->sets[i].set->name, set) == 0)
			return i;
	}
	return SIZE_MAX;
}

struct mst_set_delta *mst_delta_set(struct mst_delta *d, const char *name)
{
	size_t i = mst_delta_index(d, name);

	return i == SIZE_MAX ? NULL : &d->sets[i];
}

struct mst_hash mst_delta_sum(const struct mst_delta *d)
{
	return d->p->sum;
}

int mst_delta_cancelled(const struct mst_delta *d, struct mst_err *err)
{
	if (d->cancel && atomic_load(d->cancel))
		return mst_err_set(err, MST_E_CANCELLED,
				   "cancelled while comparing");
	return 0;
}

bool mst_delta_known(const struct mst_delta *d, size_t set,
		     struct mst_rules *rules, unsigned m)
{
	const struct mst_groups *groups = &d->sets[set].groups;
	struct mst_slice text;
	uint32_t at;

	if (!mst_rules_group(rules, m, &text))
		return false;
	at = mst_groups_find_key(groups,
				 mst_hash128(text.p, text.n, groups->seed));
	/* Not by the flags: other threads may be adding to those. */
	return at != UINT32_MAX && !mst_sysid_is_zero(&groups->v[at].remote);
}

/* ---- comparison -----------------------------------------------------------
 */

/* With a limit, only some groups of a parent set take part. */
static void apply_limit(struct mst_delta *d, struct mst_set_delta *sd)
{
	if (d->limit && mst_delta_is_parent(d, sd->set))
		mst_groups_limit(&sd->groups, d->limit);
}

/* A rule leaves the group, or the parent of its members, as it is. */
static bool is_left(struct mst_delta *d, const struct mst_set_delta *sd,
		    const struct mst_group *g)
{
	const struct mst_set_delta *parent;
	uint32_t at;

	if (g->flags & MST_G_LEFT)
		return true;
	parent = sd->set->parent ? mst_delta_set(d, sd->set->parent) : NULL;
	if (!parent || !parent->selected)
		return false;
	at = mst_groups_find_key(&parent->groups, g->key);
	return at != UINT32_MAX && (parent->groups.v[at].flags & MST_G_LEFT) &&
	       !(parent->groups.v[at].flags & MST_G_SEEN);
}

static void compare(struct mst_delta *d, struct mst_set_delta *sd)
{
	bool records = sd->set->parent == NULL;

	for (uint32_t i = 0; i < sd->groups.n; i++) {
		struct mst_group *g = &sd->groups.v[i];
		bool same = mst_hash_eq(g->digest, g->stored) &&
			    g->state == MST_GROUP_CLEAN &&
			    (g->flags & MST_G_STORED);

		if (g->flags & MST_G_STORED)
			sd->stored += records ? 1 : g->stored_n;
		if (g->flags & MST_G_SEEN) {
			if (same && !d->full) {
				sd->unchanged += records ? 1 : g->stored_n;
				continue;
			}
		} else if (!(g->flags & MST_G_STORED) ||
			   sd->set->missing == MST_MISSING_KEEP ||
			   is_left(d, sd, g) ||
			   /* the winner's row is proof enough */
			   (!sd->proven && !(g->flags & MST_G_SUPERSEDED))) {
			continue;
		}
		g->flags |= MST_G_CHANGED;
		sd->changed_groups++;
	}
}

static bool select_set(const struct mst_delta *d, const struct mst_set *set)
{
	const struct mst_set *by;

	if (mst_job_wants(d->job, set))
		return true;
	/* What selected records refer to comes with them. */
	by = set->referenced_by
		 ? mst_catalog_set(d->job->catalog, set->referenced_by)
		 : NULL;
	return by && mst_job_wants(d->job, by);
}

static int open_sets(struct mst_delta *d, struct mst_err *err)
{
	const struct mst_catalog *c = d->job->catalog;

	d->sets_n = MST_MIN(c->sets_n, (size_t)MST_MAX_SETS);
	for (size_t i = 0; i < d->sets_n; i++) {
		struct mst_set_delta *sd = &d->sets[i];

		*sd = (struct mst_set_delta){.set = &c->sets[i]};
		sd->changes.recs_fd = sd->changes.payload_fd = -1;
		mst_groups_init(&sd->groups, d->rules.seed);
	}
	for (size_t i = 0; i < d->sets_n; i++) {
		struct mst_set_delta *sd = &d->sets[i];
		size_t at = i;

		sd->selected = select_set(d, sd->set);
		/* Those below others are loaded when they have been read. */
		if (!sd->set->parent &&
		    mst_groups_load(&sd->groups, d->recver, d->target,
				    sd->set->name, err) < 0)
			return -(int)err->code;
		if (sd->selected && mst_changes_open(&sd->changes, d->dir,
						     sd->set->name, err) < 0)
			return -(int)err->code;
		while (at > 0 &&
		       d->sets[d->order[at - 1]].set->order > sd->set->order) {
			d->order[at] = d->order[at - 1];
			at--;
		}
		d->order[at] = i;
	}
	for (size_t i = 0; i < d->sets_n; i++)
		mst_proven_feeds(d, &d->sets[i]);
	return 0;
}

static void limit_sets(struct mst_delta *d)
{
	for (size_t i = 0; i < d->sets_n; i++) {
		if (d->sets[i].selected)
			apply_limit(d, &d->sets[i]);
	}
}

/* Sets below others whose last feed was this one. */
static int fold_sets(struct mst_delta *d, unsigned feed, struct mst_err *err)
{
	const struct mst_catalog *c = d->job->catalog;
	int last[MST_MAX_SETS];

	for (size_t i = 0; i < d->sets_n; i++)
		last[i] = 0;
	for (size_t m = 0; m < c->mappings_n; m++) {
		for (unsigned f = 0; f < c->feeds_n; f++) {
			size_t set = mst_delta_index(d, c->mappings[m].set);

			if (mst_mapping_active(d, m, f, false))
				last[set] = MST_MAX(last[set], (int)f);
		}
	}
	for (size_t i = 0; i < d->sets_n; i++) {
		if (d->sets[i].set->parent && last[i] == (int)feed &&
		    mst_shown_fold(d, i, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

/* The sets that a feed completes: limits must be known before the next feed is
 * read against their groups. */
static int first_round(struct mst_delta *d, struct mst_err *err)
{
	const struct mst_catalog *c = d->job->catalog;

	for (size_t i = 0; i < d->sets_n; i++) {
		if (d->sets[i].selected && mst_identity_load(d, i, err) < 0)
			return -(int)err->code;
	}
	for (unsigned f = 0; f < c->feeds_n; f++) {
		bool there = d->spool->feeds[f].present;

		if (there && mst_delta_digest(d, f, MST_PASS_PARENTS, err) < 0)
			return -(int)err->code;
		limit_sets(d);
		if (there && mst_delta_digest(d, f, MST_PASS_BELOW, err) < 0)
			return -(int)err->code;
		limit_sets(d);
		if (fold_sets(d, f, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

static int collect_round(struct mst_delta *d, bool referenced,
			 struct mst_err *err)
{
	for (size_t i = 0; i < d->sets_n; i++) {
		size_t at = d->order[i];
		struct mst_set_delta *sd = &d->sets[at];

		if (!sd->selected ||
		    (sd->set->referenced_by != NULL) != referenced)
			continue;
		compare(d, sd);
		if (mst_collect(d, at, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

static void mark_wanted(struct mst_delta *d)
{
	for (size_t i = 0; i < d->sets_n; i++) {
		struct mst_slice text;
		size_t at = 0;

		while (mst_map_next(&d->p->wanted[i], &at, &text, NULL)) {
			struct mst_groups *g = &d->sets[i].groups;
			uint32_t group = mst_groups_get(g, text);

			g->v[group].flags |= MST_G_WANTED;
		}
	}
}

int mst_delta_run(struct mst_delta *d, struct mst_err *err)
{
	const struct mst_catalog *c = d->job->catalog;

	d->p = mst_alloc(sizeof(*d->p));
	mst_arena_init(&d->p->identity_arena, MST_MAX_ARENA);
	mst_arena_init(&d->p->wanted_arena, MST_MAX_ARENA);
	mst_shown_init(d);
	d->rules.winner = mst_identity_key;
	d->rules.winner_ctx = d;
	if (open_sets(d, err) < 0 || mst_join_load(d, err) < 0 ||
	    mst_lookup_load(d, err) < 0 || first_round(d, err) < 0)
		return -(int)err->code;
	mst_proven_spread(d);
	if (collect_round(d, false, err) < 0)
		return -(int)err->code;
	mark_wanted(d);
	for (unsigned f = 0; f < c->feeds_n; f++) {
		if (d->spool->feeds[f].present &&
		    mst_delta_digest(d, f, MST_PASS_REFERENCED, err) < 0)
			return -(int)err->code;
	}
	if (collect_round(d, true, err) < 0)
		return -(int)err->code;
	return 0;
}

void mst_delta_fini(struct mst_delta *d)
{
	for (size_t i = 0; i < d->sets_n; i++) {
		mst_groups_fini(&d->sets[i].groups);
		free(d->sets[i].quiet);
		mst_changes_close(&d->sets[i].changes);
	}
	d->sets_n = 0;
	if (!d->p)
		return;
	mst_enrich_fini(d);
	mst_shown_fini(d);
	free(d->p);
	d->p = NULL;
}
