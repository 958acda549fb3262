/* SPDX-License-Identifier: Apache-2.0
 *
 * Pass 1 and the comparison. Workers share nothing while they read: each has
 * its own table of groups, and the tables are added up behind them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sync/delta_private.h"

#define MAPS_MAX 8 /* mappings of one feed */

struct worker {
	struct mst_delta *d;
	unsigned feed;
	bool referenced; /* reading for sets that others refer to */
	bool enrich;
	struct mst_rules *rules;
	unsigned maps[MAPS_MAX];
	size_t sets[MAPS_MAX];
	size_t maps_n;
	bool identity[MAPS_MAX], sum[MAPS_MAX], parents[MAPS_MAX];
	int gate; /* which mapping tells the parent; -1: none */
	struct mst_groups groups[MAPS_MAX];
	uint64_t read[MAPS_MAX], dropped[MAPS_MAX], skipped[MAPS_MAX];
	struct skips skips;
	struct mst_desired desired; /* for `one` */
	struct mst_value v[MST_MAX_FIELDS];
};

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

static bool is_parent(const struct mst_delta *d, const struct mst_set *set)
{
	for (size_t i = 0; i < d->sets_n; i++) {
		const char *parent = d->sets[i].set->parent;

		if (parent && strcmp(parent, set->name) == 0)
			return true;
	}
	return false;
}

bool mst_mapping_active(const struct mst_delta *d, size_t m, unsigned feed,
			bool referenced)
{
	const struct mst_mapping *map = &d->job->catalog->mappings[m];
	size_t set = mst_delta_index(d, map->set);

	return set != SIZE_MAX && d->sets[set].selected && !map->fallback &&
	       (map->feeds & 1u << feed) &&
	       (d->sets[set].set->referenced_by != NULL) == referenced;
}

/* ---- pass 1: one record ---------------------------------------------------
 */

/* Is the parent of this group delivered? Asked once per group and worker. Gives
 * the flags that say no. */
static uint16_t parent_flags(const struct worker *w, const struct mst_set *set,
			     const struct mst_group *g)
{
	size_t p = mst_delta_index(w->d, set->parent);
	const struct mst_set_delta *parent = &w->d->sets[p];
	uint32_t at = mst_groups_find_key(&parent->groups, g->key);
	bool ok;

	if (at == UINT32_MAX)
		return MST_G_ORPHAN;
	ok = parent->selected
		 ? (parent->groups.v[at].flags & MST_G_SEEN) != 0
		 : !mst_sysid_is_zero(&parent->groups.v[at].remote);
	if (ok)
		return 0;
	return MST_G_ORPHAN | (parent->groups.v[at].flags & MST_G_LEFT);
}

/* The record's group in the worker's table; NULL: not for us. */
static struct mst_group *group_of(struct worker *w, size_t k)
{
	const struct mst_set *set = w->d->sets[w->sets[k]].set;
	struct mst_groups *groups = &w->groups[k];
	struct mst_slice text;
	struct mst_group *g;
	uint32_t at;

	if (!mst_rules_group(w->rules, w->maps[k], &text))
		return NULL;
	if (set->referenced_by) {
		const struct mst_groups *main = &w->d->sets[w->sets[k]].groups;
		struct mst_hash key = mst_hash128(text.p, text.n, groups->seed);

		at = mst_groups_find_key(main, key);
		if (at == UINT32_MAX ||
		    !(main->v[at].flags & (MST_G_STORED | MST_G_WANTED)))
			return NULL;
	}
	at = mst_groups_get(groups, text); /* may move the table */
	g = &groups->v[at];
	if (set->parent && !(g->flags & MST_G_CHECKED)) {
		g->flags |= MST_G_CHECKED;
		g->flags |= parent_flags(w, set, g);
	}
	return g;
}

/* Is this the one record that a person asked for? By its key or by the text of
 * a column that names it. */
static bool is_the_one(struct worker *w, size_t k)
{
	struct mst_slice want = mst_slice_str(w->d->one);
	const struct mst_set *set = w->d->sets[w->sets[k]].set;

	if (!mst_rules_apply(w->rules, w->maps[k], &w->desired))
		return false;
	if (mst_slice_ieq(w->desired.key, want))
		return true;
	for (size_t i = 0; i < w->desired.cells_n; i++) {
		const struct mst_column *col =
		    &set->columns[w->desired.cells[i].column];

		if ((col->flags & MST_COL_NAME) &&
		    mst_slice_ieq(w->desired.cells[i].text, want))
			return true;
	}
	return false;
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
	return at != UINT32_MAX && (groups->v[at].flags & MST_G_STORED) &&
	       !mst_sysid_is_zero(&groups->v[at].remote);
}

/* A record that stays as it was delivered. A row counts in the digest as what
 * it is now, a row left alone: so a row that goes, or that the rules take
 * again, changes the group. */
static void leave(struct worker *w, size_t k, struct mst_group *g)
{
	struct mst_hash value;

	if (!w->sum[k]) {
		g->flags |= MST_G_LEFT;
		return;
	}
	value = mst_rules_hash(w->rules, w->maps[k]);
	value.hi = ~value.hi;
	value.lo = ~value.lo;
	mst_group_show(g, value, 0, true);
	g->count--;
}

static void record_set(struct worker *w, size_t k, struct mst_group *g)
{
	const struct mst_set *set = w->d->sets[w->sets[k]].set;
	struct mst_slice why, key;
	enum mst_keep keep =
	    mst_delta_keep(w->d, w->sets[k], w->rules, w->maps[k], &why);

	w->read[k]++;
	if ((keep == MST_KEEP || keep == MST_LEAVE) && !g)
		g = group_of(w, k);
	if (keep == MST_SKIP) {
		/* The source shows it: it is not missing. */
		if (!w->sum[k] &&
		    mst_delta_known(w->d, w->sets[k], w->rules, w->maps[k]))
			leave(w, k, group_of(w, k));
		w->skipped[k]++;
		if (!mst_rules_key(w->rules, w->maps[k], &key))
			key = MST_SLICE_LIT("(no key)");
		mst_skips_add(&w->skips, set->name, key, why);
		return;
	}
	if (keep != MST_KEEP || !g) {
		if (keep == MST_LEAVE && g)
			leave(w, k, g);
		w->dropped[k]++;
		return;
	}
	if (w->identity[k]) {
		struct mst_slice winner = mst_identity_winner(
		    w->d, w->sets[k], w->rules, w->maps[k], g->text);

		if (winner.n) {
			char text[640];

			(void)snprintf(text, sizeof(text),
				       "superseded by %.*s, which has the "
				       "same name",
				       MST_SLICE_ARG(winner));
			g->flags |= MST_G_SUPERSEDED;
			if (!(g->flags & MST_G_SEEN))
				g->digest = mst_hash128(winner.p, winner.n,
							w->groups[k].seed);
			w->skipped[k]++;
			mst_skips_add(&w->skips, set->name, g->text,
				      mst_slice_str(text));
			return;
		}
	}
	if (w->d->one && w->parents[k] && !is_the_one(w, k)) {
		w->dropped[k]++;
		return;
	}
	if (w->d->one && w->parents[k])
		atomic_store(&w->d->one_found, true);
	mst_group_show(g, mst_rules_hash(w->rules, w->maps[k]),
		       w->sum[k] ? 0 : mst_rules_newest(w->rules, w->maps[k]),
		       w->sum[k]);
}

/* A row of a parent that is not delivered. What is derived from rows of one
 * that is left as it is (its packages) is not missing either. */
static void orphan(struct worker *w, const struct mst_group *g)
{
	bool left = g && (g->flags & MST_G_LEFT);
	struct mst_slice why;

	for (size_t k = 0; k < w->maps_n; k++) {
		struct mst_group *derived;

		w->read[k]++;
		w->dropped[k]++;
		if (!left || w->sum[k] ||
		    mst_rules_keep(w->rules, w->maps[k], &why) != MST_KEEP)
			continue;
		derived = group_of(w, k);
		if (derived)
			derived->flags |= MST_G_LEFT;
	}
}

static int record(void *worker, const struct mst_value *v,
		  struct mst_err *err MST_UNUSED)
{
	struct worker *w = worker;
	struct mst_group *g = NULL;

	if (w->enrich) {
		const struct mst_feed *feed =
		    &w->d->job->catalog->feeds[w->feed];

		memcpy(w->v, v, feed->fields_n * sizeof(*v));
		mst_enrich(w->d, w->feed, w->v);
		v = w->v;
	}
	mst_rules_record(w->rules, v);
	if (w->gate >= 0) {
		g = group_of(w, (size_t)w->gate);
		if (!g || (g->flags & MST_G_ORPHAN)) {
			orphan(w, g);
			return 0;
		}
	}
	for (size_t k = 0; k < w->maps_n; k++)
		record_set(w, k, (int)k == w->gate ? g : NULL);
	return 0;
}

/* ---- pass 1: a feed -------------------------------------------------------
 */

static void find_maps(struct worker *w)
{
	const struct mst_catalog *c = w->d->job->catalog;
	const struct mst_set *set;

	w->gate = -1;
	for (size_t m = 0; m < c->mappings_n && w->maps_n < MAPS_MAX; m++) {
		if (!mst_mapping_active(w->d, m, w->feed, w->referenced))
			continue;
		w->maps[w->maps_n] = (unsigned)m;
		w->sets[w->maps_n] = mst_delta_index(w->d, c->mappings[m].set);
		set = w->d->sets[w->sets[w->maps_n]].set;
		w->identity[w->maps_n] = c->mappings[m].identity != NULL;
		w->sum[w->maps_n] = set->parent != NULL;
		w->parents[w->maps_n] = is_parent(w->d, set);
		if (set->parent)
			w->gate = (int)w->maps_n;
		w->maps_n++;
	}
	w->enrich = mst_enriches(w->d, w->feed);
}

static int worker_open(struct worker *w, struct mst_delta *d, unsigned feed,
		       bool referenced, struct mst_err *err)
{
	w->d = d;
	w->feed = feed;
	w->referenced = referenced;
	find_maps(w);
	for (size_t k = 0; k < w->maps_n; k++)
		mst_groups_init(&w->groups[k], d->rules.seed);
	return w->maps_n ? mst_rules_new(&d->rules, &w->rules, err) : 0;
}

static void worker_close(struct worker *w)
{
	for (size_t k = 0; k < w->maps_n; k++) {
		struct mst_set_delta *sd = &w->d->sets[w->sets[k]];

		mst_groups_merge(&sd->groups, &w->groups[k],
				 sd->set->parent != NULL);
		sd->read += w->read[k];
		sd->dropped += w->dropped[k];
		sd->skipped += w->skipped[k];
		mst_groups_fini(&w->groups[k]);
	}
	mst_skips_flush(&w->skips, w->d);
	mst_rules_free(&w->rules);
	free(w);
}

static int read_feed(struct mst_delta *d, unsigned feed, bool referenced,
		     struct mst_err *err)
{
	struct worker *workers[MST_MAX_THREADS] = {0};
	unsigned n = MST_MIN(MST_MAX(d->threads, 1u), MST_MAX_THREADS);
	const char *name = d->job->catalog->feeds[feed].name;
	struct mst_progress_now now = {.stage = "compare", .what = name};
	struct mst_read read = {
	    .spool = d->spool,
	    .catalog = d->job->catalog,
	    .feed = feed,
	    .workers = (void *const *)workers,
	    .record = record,
	    .cancel = d->cancel,
	};
	struct mst_read_stats stats = {0};
	bool workers_had_maps;
	int rc = 0;

	if (n > d->spool->feeds[feed].parts_n)
		n = (unsigned)MST_MAX(d->spool->feeds[feed].parts_n, (size_t)1);
	read.threads = n;
	if (d->recver)
		rc = mst_recver_keep(d->recver, err);
	for (unsigned i = 0; i < n && rc == 0; i++) {
		workers[i] = mst_alloc(sizeof(*workers[i]));
		rc = worker_open(workers[i], d, feed, referenced, err);
	}
	workers_had_maps = rc == 0 && workers[0]->maps_n > 0;
	if (workers_had_maps) {
		mst_progress_tell(d->progress, &now);
		rc = mst_read_feed(&read, &stats, err);
	}
	for (unsigned i = 0; i < n; i++) {
		if (workers[i])
			worker_close(workers[i]);
	}
	now.done = stats.records;
	now.end = true;
	if (stats.parts)
		mst_progress_tell(d->progress, &now);
	d->feed_records[feed] += stats.records;
	d->feed_read[feed] = d->feed_read[feed] || workers_had_maps;
	return rc == 0 && workers_had_maps
		   ? mst_proven_read(d, feed, &stats, err)
		   : rc;
}

/* ---- comparison -----------------------------------------------------------
 */

/* With a limit, only some groups of a parent set take part. */
static void apply_limit(struct mst_delta *d, struct mst_set_delta *sd)
{
	if (d->limit && is_parent(d, sd->set))
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
		if (mst_groups_load(&sd->groups, d->recver, d->target,
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
		if (d->spool->feeds[f].present &&
		    read_feed(d, f, false, err) < 0)
			return -(int)err->code;
		for (size_t i = 0; i < d->sets_n; i++) {
			if (d->sets[i].selected)
				apply_limit(d, &d->sets[i]);
		}
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
	if (open_sets(d, err) < 0 || mst_enrich_load(d, err) < 0 ||
	    mst_lookup_load(d, err) < 0 || first_round(d, err) < 0)
		return -(int)err->code;
	mst_proven_spread(d);
	if (collect_round(d, false, err) < 0)
		return -(int)err->code;
	mark_wanted(d);
	for (unsigned f = 0; f < c->feeds_n; f++) {
		if (d->spool->feeds[f].present &&
		    read_feed(d, f, true, err) < 0)
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
		mst_changes_close(&d->sets[i].changes);
	}
	d->sets_n = 0;
	if (!d->p)
		return;
	mst_enrich_fini(d);
	free(d->p);
	d->p = NULL;
}
