/* SPDX-License-Identifier: Apache-2.0
 *
 * Pass 1: the records of a feed become digests of groups. Workers share what
 * is in memory already, the groups of parents and what is shown below them:
 * rows of a group come in a row, so a worker gathers them and adds them up
 * under a lock when the next group begins. What nobody has yet, and groups that
 * come in no order (packages), go into a table of the worker's own; those are
 * added up behind the read.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "sync/delta_private.h"

#define LANES_MAX 16 /* mappings of one feed */
#define NOWHERE	  UINT32_MAX

/* One mapping that the feed's records go through. */
struct lane {
	unsigned map;
	size_t at; /* its set */
	const struct mst_set *set;
	const struct mst_groups *home; /* whose positions `pos` means: the
					* parent's, or a parent set's own;
					* NULL: the worker's table only */
	bool identity, sum, parents;
	int gate; /* the lane that knows whether the row's parent is delivered;
		   * -1: none */
	struct mst_group now; /* gathered of the group at pos */
	uint32_t pos;
	struct mst_groups own;
	uint64_t read, dropped, skipped;
};

struct worker {
	struct mst_delta *d;
	unsigned feed;
	bool enrich;
	struct mst_rules *rules;
	struct lane lanes[LANES_MAX];
	size_t lanes_n;
	struct skips skips;
	struct mst_desired desired; /* for `one` */
	struct mst_value v[MST_MAX_FIELDS];
};

/* ---- which mappings ------------------------------------------------------ */

bool mst_delta_is_parent(const struct mst_delta *d, const struct mst_set *set)
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

/* Does the feed give records that others hang on? Those must be known before
 * the rows of the same feed that hang on them. */
static bool gives_parents(const struct mst_delta *d, unsigned feed)
{
	const struct mst_catalog *c = d->job->catalog;

	for (size_t m = 0; m < c->mappings_n; m++) {
		if (mst_mapping_active(d, m, feed, false) &&
		    mst_delta_is_parent(d,
					mst_catalog_set(c, c->mappings[m].set)))
			return true;
	}
	return false;
}

int mst_mapping_gate(const struct mst_delta *d, size_t m, unsigned feed)
{
	const struct mst_catalog *c = d->job->catalog;
	const char *parent = mst_catalog_set(c, c->mappings[m].set)->parent;

	if (mst_mapping_active(d, m, feed, true) ||
	    (!parent && gives_parents(d, feed)))
		return -1;
	for (size_t k = 0; k < c->mappings_n; k++) {
		const char *other =
		    mst_catalog_set(c, c->mappings[k].set)->parent;

		if (other && mst_mapping_active(d, k, feed, false) &&
		    (!parent || strcmp(parent, other) == 0))
			return (int)k;
	}
	return -1;
}

/* Does the mapping take part in this pass over the feed? */
static bool in_pass(const struct mst_delta *d, size_t m, unsigned feed,
		    enum mst_pass pass)
{
	const struct mst_catalog *c = d->job->catalog;
	bool below = mst_catalog_set(c, c->mappings[m].set)->parent != NULL;

	if (!mst_mapping_active(d, m, feed, pass == MST_PASS_REFERENCED))
		return false;
	if (pass == MST_PASS_REFERENCED)
		return true;
	return gives_parents(d, feed) ? (pass == MST_PASS_BELOW) == below
				      : pass == MST_PASS_BELOW;
}

static void find_lanes(struct worker *w, enum mst_pass pass)
{
	const struct mst_catalog *c = w->d->job->catalog;

	for (size_t m = 0; m < c->mappings_n; m++) {
		struct lane *lane = &w->lanes[w->lanes_n];
		size_t parent;

		if (!in_pass(w->d, m, w->feed, pass))
			continue;
		assert(w->lanes_n < LANES_MAX);
		w->lanes_n++;
		lane->map = (unsigned)m;
		lane->at = mst_delta_index(w->d, c->mappings[m].set);
		lane->set = w->d->sets[lane->at].set;
		lane->identity = c->mappings[m].identity != NULL;
		lane->sum = lane->set->parent != NULL;
		lane->parents = mst_delta_is_parent(w->d, lane->set);
		parent = lane->sum ? mst_delta_index(w->d, lane->set->parent)
				   : lane->at;
		if (lane->sum || lane->parents)
			lane->home = &w->d->sets[parent].groups;
		lane->pos = NOWHERE;
		lane->gate = mst_mapping_gate(w->d, m, w->feed);
	}
	/* From mappings to lanes. */
	for (size_t k = 0; k < w->lanes_n; k++) {
		int map = w->lanes[k].gate, lane = 0;

		while (map >= 0 && (int)w->lanes[lane].map != map)
			lane++;
		w->lanes[k].gate = map < 0 ? -1 : lane;
	}
}

/* ---- groups ---------------------------------------------------------------
 */

/* Is the parent of this group delivered? Gives the flags that say no. */
static uint16_t parent_flags(const struct worker *w, const struct lane *lane,
			     uint32_t pos)
{
	size_t p = mst_delta_index(w->d, lane->set->parent);
	const struct mst_set_delta *parent = &w->d->sets[p];
	const struct mst_group *g;
	bool ok;

	if (pos == NOWHERE)
		return MST_G_ORPHAN;
	g = &parent->groups.v[pos];
	ok = parent->selected ? (g->flags & MST_G_SEEN) != 0
			      : !mst_sysid_is_zero(&g->remote);
	return ok ? 0 : MST_G_ORPHAN | (g->flags & MST_G_LEFT);
}

/* Adds what was gathered of a group to what all workers know of it. */
static void settle(struct worker *w, struct lane *lane)
{
	struct mst_set_delta *sd = &w->d->sets[lane->at];
	uint32_t pos = lane->pos;

	lane->pos = NOWHERE;
	if (pos == NOWHERE || (lane->now.flags & MST_G_ORPHAN) ||
	    !(lane->now.flags & (MST_G_SEEN | MST_G_SUPERSEDED | MST_G_LEFT)))
		return;
	mst_shown_lock(w->d, pos);
	if (lane->sum)
		mst_shown_add(w->d, lane->at, pos, &lane->now);
	else
		mst_group_add(&sd->groups.v[pos], &lane->now, false);
	mst_shown_unlock(w->d, pos);
}

/* Where a group is that others know: of `home`. NULL: nobody does. */
static struct mst_group *known_group(struct worker *w, struct lane *lane,
				     struct mst_slice text)
{
	struct mst_hash key;

	if (lane->pos != NOWHERE && mst_same_text(lane->now.text, text))
		return &lane->now;
	settle(w, lane);
	key = mst_hash128(text.p, text.n, lane->own.seed);
	lane->pos = mst_groups_find_key(lane->home, key);
	if (lane->pos == NOWHERE && !lane->sum)
		return NULL;
	lane->now = (struct mst_group){.key = key};
	if (lane->pos != NOWHERE)
		lane->now.text = lane->home->v[lane->pos].text;
	if (lane->sum)
		lane->now.flags = parent_flags(w, lane, lane->pos);
	return &lane->now;
}

/* The record's group; NULL: not for us. Until the lane's next record. */
static struct mst_group *group_of(struct worker *w, struct lane *lane)
{
	struct mst_group *known;
	struct mst_slice text;
	uint32_t at;

	if (!mst_rules_group(w->rules, lane->map, &text))
		return NULL;
	if (lane->set->referenced_by) {
		const struct mst_groups *main = &w->d->sets[lane->at].groups;

		at = mst_groups_find_key(
		    main, mst_hash128(text.p, text.n, main->seed));

		if (at == NOWHERE ||
		    !(main->v[at].flags & (MST_G_STORED | MST_G_WANTED)))
			return NULL;
	}
	known = lane->home ? known_group(w, lane, text) : NULL;
	if (known)
		return known;
	at = mst_groups_get(&lane->own, text); /* may move the table */
	return &lane->own.v[at];
}

/* ---- one record ----------------------------------------------------------
 */

bool mst_delta_is_key(const char *connection, struct mst_slice key,
		      struct mst_slice want)
{
	size_t n = connection ? strlen(connection) : 0;

	if (mst_slice_ieq(key, want))
		return true;
	return n && key.n == n + 1 + want.n && key.p[n] == '/' &&
	       memcmp(key.p, connection, n) == 0 &&
	       mst_slice_ieq(mst_slice(key.p + n + 1, want.n), want);
}

/* Is this the one record that a person asked for? By its key or by the text of
 * a column that names it. */
static bool is_the_one(struct worker *w, const struct lane *lane)
{
	struct mst_slice want = mst_slice_str(w->d->one);
	const struct mst_set *set = lane->set;

	if (!mst_rules_apply(w->rules, lane->map, &w->desired))
		return false;
	if (mst_delta_is_key(w->d->rules.connection, w->desired.key, want))
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

/* A record that stays as it was delivered. A row counts in the digest as what
 * it is now, a row left alone: so a row that goes, or that the rules take
 * again, changes the group. */
static void leave(struct worker *w, const struct lane *lane,
		  struct mst_group *g)
{
	struct mst_hash value;

	if (!lane->sum) {
		g->flags |= MST_G_LEFT;
		return;
	}
	value = mst_rules_hash(w->rules, lane->map);
	value.hi = ~value.hi;
	value.lo = ~value.lo;
	mst_group_show(g, value, 0, true);
	g->count--;
}

/* The record's name is another record's, too, and that one won. */
static bool is_superseded(struct worker *w, struct lane *lane,
			  struct mst_group *g)
{
	struct mst_slice winner;
	char text[640];

	if (!lane->identity)
		return false;
	winner =
	    mst_identity_winner(w->d, lane->at, w->rules, lane->map, g->text);
	if (!winner.n)
		return false;
	(void)snprintf(text, sizeof(text),
		       "superseded by %.*s, which has the same name",
		       MST_SLICE_ARG(winner));
	g->flags |= MST_G_SUPERSEDED;
	if (!(g->flags & MST_G_SEEN))
		g->digest = mst_hash128(winner.p, winner.n, lane->own.seed);
	lane->skipped++;
	mst_skips_add(&w->skips, lane->set->name, g->text, mst_slice_str(text));
	return true;
}

/* The source shows it, but it cannot be delivered: it is not missing. */
static void skip(struct worker *w, struct lane *lane, struct mst_slice why)
{
	struct mst_slice key;

	if (!lane->sum && mst_delta_known(w->d, lane->at, w->rules, lane->map))
		leave(w, lane, group_of(w, lane));
	lane->skipped++;
	if (!mst_rules_key(w->rules, lane->map, &key))
		key = MST_SLICE_LIT("(no key)");
	mst_skips_add(&w->skips, lane->set->name, key, why);
}

static void record_lane(struct worker *w, struct lane *lane,
			struct mst_group *g)
{
	struct mst_slice why;
	enum mst_keep keep =
	    mst_delta_keep(w->d, lane->at, w->rules, lane->map, &why);

	lane->read++;
	if (keep == MST_SKIP) {
		skip(w, lane, why);
		return;
	}
	if ((keep == MST_KEEP || keep == MST_LEAVE) && !g)
		g = group_of(w, lane);
	if (keep != MST_KEEP || !g) {
		if (keep == MST_LEAVE && g)
			leave(w, lane, g);
		lane->dropped++;
		return;
	}
	if (is_superseded(w, lane, g))
		return;
	if (w->d->one && lane->parents) {
		if (!is_the_one(w, lane)) {
			lane->dropped++;
			return;
		}
		atomic_store(&w->d->one_found, true);
	}
	mst_group_show(g, mst_rules_hash(w->rules, lane->map),
		       lane->sum ? 0 : mst_rules_newest(w->rules, lane->map),
		       lane->sum);
}

/* A row of a parent that is not delivered. What is derived from rows of one
 * that is left as it is (its packages) is not missing either. Of one that names
 * no parent at all the rules may know why. */
static void orphan(struct worker *w, struct lane *lane,
		   const struct mst_group *gate)
{
	struct mst_slice why;
	struct mst_group *derived;

	lane->read++;
	if (!gate && lane->sum &&
	    mst_delta_keep(w->d, lane->at, w->rules, lane->map, &why) ==
		MST_SKIP) {
		skip(w, lane, why);
		return;
	}
	lane->dropped++;
	if (!gate || !(gate->flags & MST_G_LEFT) || lane->sum ||
	    mst_rules_keep(w->rules, lane->map, &why) != MST_KEEP)
		return;
	derived = group_of(w, lane);
	if (derived)
		derived->flags |= MST_G_LEFT;
}

static int record(void *worker, const struct mst_value *v,
		  struct mst_err *err MST_UNUSED)
{
	struct worker *w = worker;
	struct mst_group *gates[LANES_MAX];

	if (w->enrich) {
		const struct mst_feed *feed =
		    &w->d->job->catalog->feeds[w->feed];

		memcpy(w->v, v, feed->fields_n * sizeof(*v));
		mst_enrich(w->d, w->feed, w->v);
		v = w->v;
	}
	mst_rules_record(w->rules, v);
	/* Before any rule is asked: most rows of a device that is not
	 * delivered end here. */
	for (size_t k = 0; k < w->lanes_n; k++)
		gates[k] = w->lanes[k].gate == (int)k
			       ? group_of(w, &w->lanes[k])
			       : NULL;
	for (size_t k = 0; k < w->lanes_n; k++) {
		struct lane *lane = &w->lanes[k];
		const struct mst_group *gate =
		    lane->gate >= 0 ? gates[lane->gate] : NULL;

		if (lane->gate >= 0 && (!gate || (gate->flags & MST_G_ORPHAN)))
			orphan(w, lane, gate);
		else
			record_lane(w, lane, gates[k]);
	}
	return 0;
}

/* ---- a feed --------------------------------------------------------------
 */

static int worker_open(struct worker *w, struct mst_delta *d, unsigned feed,
		       enum mst_pass pass, struct mst_err *err)
{
	w->d = d;
	w->feed = feed;
	find_lanes(w, pass);
	w->enrich = mst_enriches(d, feed);
	for (size_t k = 0; k < w->lanes_n; k++) {
		struct lane *lane = &w->lanes[k];

		mst_groups_init(&lane->own, d->rules.seed);
		if (lane->sum)
			mst_shown_open(d, lane->at);
	}
	return w->lanes_n ? mst_rules_new(&d->rules, &w->rules, err) : 0;
}

static void worker_close(struct worker *w)
{
	/* All that is gathered first: tables grow below. */
	for (size_t k = 0; k < w->lanes_n; k++)
		settle(w, &w->lanes[k]);
	for (size_t k = 0; k < w->lanes_n; k++) {
		struct lane *lane = &w->lanes[k];
		struct mst_set_delta *sd = &w->d->sets[lane->at];

		mst_groups_merge(&sd->groups, &lane->own, lane->sum);
		sd->read += lane->read;
		sd->dropped += lane->dropped;
		sd->skipped += lane->skipped;
		mst_groups_fini(&lane->own);
	}
	mst_skips_flush(&w->skips, w->d);
	mst_rules_free(&w->rules);
	free(w);
}

int mst_delta_digest(struct mst_delta *d, unsigned feed, enum mst_pass pass,
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
	bool wanted;
	int rc = 0;

	if (n > d->spool->feeds[feed].parts_n)
		n = (unsigned)MST_MAX(d->spool->feeds[feed].parts_n, (size_t)1);
	read.threads = n;
	if (d->recver)
		rc = mst_recver_keep(d->recver, err);
	for (unsigned i = 0; i < n && rc == 0; i++) {
		workers[i] = mst_alloc(sizeof(*workers[i]));
		rc = worker_open(workers[i], d, feed, pass, err);
	}
	wanted = rc == 0 && workers[0]->lanes_n > 0;
	if (wanted) {
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
	/* Read once for parents and once for those below: counted once. */
	d->feed_records[feed] = MST_MAX(d->feed_records[feed], stats.records);
	d->feed_read[feed] = d->feed_read[feed] || wanted;
	return rc == 0 && wanted ? mst_proven_read(d, feed, &stats, err) : rc;
}
