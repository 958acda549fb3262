/* SPDX-License-Identifier: Apache-2.0
 *
 * The stored rules are asked beside the candidate ones. Both may have fields of
 * their own, so records are read with the fields of both, and the stored ones
 * see them under their own numbers.
 */
#include "sync/trial.h"

#include <stdlib.h>
#include <string.h>

#include "sync/delta_private.h"

/* One of the two rule sets, and what it says of a record. */
struct side {
	struct mst_delta *d;
	struct mst_rules *rules;
	struct mst_value v[MST_MAX_FIELDS];
	struct mst_desired desired;
	bool delivers, left;
	bool elsewhere; /* another row makes the record */
	uint32_t group; /* among the groups of its set */
	struct mst_slice why;
};

/* A pair of groups. */
struct told {
	uint32_t before, after;
};

struct trying {
	struct mst_trial *t;
	struct side before, after;
	unsigned feed;
	/* Feeds with the fields of both; field i of the stored rules is
	 * number[i] there. */
	struct mst_catalog catalog;
	struct mst_field *fields[MST_MAX_FEEDS];
	uint8_t number[MST_MAX_FEEDS][MST_MAX_FIELDS];
	struct mst_trial_field *note[MST_MAX_FEEDS][MST_MAX_FIELDS];
	/* What was told of a set whose records are groups: struct told. */
	struct mst_arena arena;
	struct mst_map told[MST_MAX_SETS];
	mst_trial_fn fn;
	void *ctx;
};

/* ---- two deltas ---------------------------------------------------------- */

/* Reads what the stored job needs and the candidate does not; *feeds_r is all
 * that the stored one needs. */
static int read_more(struct mst_trial *t, uint32_t *feeds_r,
		     struct mst_err *err)
{
	struct mst_session *s = t->s;
	struct mst_job *job = &t->present;
	struct mst_source *source = NULL;
	struct mst_client *client = NULL;
	struct mst_fetch f = {.job = job,
			      .spool = &s->spool,
			      .progress = s->conf.progress,
			      .cancel = s->conf.cancel};
	uint32_t feeds;
	int rc =
	    job->source->open(job->conf.source, job->source_conf, &source, err);

	if (rc < 0)
		return rc;
	*feeds_r = mst_job_feeds(job, source);
	feeds = *feeds_r & ~mst_job_feeds(&s->job, s->source);
	if (feeds)
		rc = mst_fetch_client(job, source, &client, err);
	f.source = source;
	f.client = client;
	if (rc == 0 && feeds)
		rc = mst_fetch_permissions(&f, &feeds, err);
	if (rc == 0 && feeds)
		rc = mst_fetch_feeds(&f, feeds, err);
	mst_client_free(&client);
	job->source->close(&source);
	return rc;
}

/* A run takes a folder as it is, but reads no more of a source than it needs.
 */
static int read_present(struct mst_trial *t, struct mst_err *err)
{
	struct mst_session *s = t->s;
	const struct mst_catalog *c = t->present.catalog;
	uint32_t feeds = UINT32_MAX;
	int rc = s->source ? read_more(t, &feeds, err) : 0;

	mst_spool_nest(&s->spool);
	t->spool = s->spool;
	t->spool.owned = false;
	for (unsigned f = 0; f < c->feeds_n; f++) {
		const struct mst_feed *feed = &c->feeds[f];

		/* what is in others' lists comes with them */
		if (!(feeds & 1u << (feed->nested ? feed->outer : f)))
			t->spool.feeds[f].present = false;
	}
	return rc;
}

int mst_trial_open(struct mst_trial *t, struct mst_session *s,
		   struct mst_err *err)
{
	struct mst_delta *d = &t->before;

	*t = (struct mst_trial){.s = s};
	if (mst_job_load(s->state, s->conf.job, &t->present, err) < 0)
		return mst_err_prefix(err, "the rules in force");
	t->present.conf.record_sets = s->job.conf.record_sets;
	t->present.conf.relationships = s->job.conf.relationships;
	if (read_present(t, err) < 0)
		return -(int)err->code;
	d->job = &t->present;
	d->spool = &t->spool;
	d->recver = s->recver;
	d->target = s->delta.target;
	d->threads = s->delta.threads;
	d->every_group = true;
	d->dir = s->dir;
	d->progress = s->conf.progress;
	d->cancel = s->conf.cancel;
	d->find = s->delta.find;
	d->find_ctx = s->delta.find_ctx;
	d->rules = s->delta.rules;
	d->rules.catalog = t->present.catalog;
	d->rules.conf = t->present.source_conf;
	d->rules.types = t->present.conf.asset_types.v;
	d->rules.types_n = t->present.conf.asset_types.n;
	return mst_delta_run(d, err);
}

void mst_trial_close(struct mst_trial *t)
{
	mst_delta_fini(&t->before);
	if (t->present.name)
		mst_job_fini(&t->present);
	free(t->fields);
	*t = (struct mst_trial){.s = NULL};
}

/* ---- fields of both ------------------------------------------------------ */

static void merge_feed(struct trying *x, unsigned f)
{
	const struct mst_feed *after = &x->after.d->job->catalog->feeds[f];
	const struct mst_feed *before = &x->before.d->job->catalog->feeds[f];
	struct mst_field *v = mst_alloc(MST_MAX_FIELDS * sizeof(*v));
	struct mst_feed *feed =
	    (struct mst_feed *)(uintptr_t)&x->catalog.feeds[f];
	size_t n = MST_MIN(after->fields_n, (size_t)MST_MAX_FIELDS);

	memcpy(v, after->fields, n * sizeof(*v));
	for (size_t i = 0; i < before->fields_n; i++) {
		size_t at = 0;

		while (at < n &&
		       strcmp(v[at].name, before->fields[i].name) != 0)
			at++;
		/* More than can be read at once: as if it were never there. */
		x->number[f][i] = UINT8_MAX;
		if (at == n && n < MST_MAX_FIELDS)
			v[n++] = before->fields[i];
		if (at < n)
			x->number[f][i] = (uint8_t)at;
	}
	x->fields[f] = v;
	feed->fields = v;
	feed->fields_n = n;
}

static bool is_joined(const struct mst_catalog *c, unsigned feed, size_t field)
{
	for (size_t i = 0; i < c->joins_n; i++) {
		for (unsigned k = 0; k < c->joins[i].copy_n; k++) {
			if (c->joins[i].feed == feed &&
			    c->joins[i].copy[k].to == field)
				return true;
		}
	}
	/* Nor those that no record has by itself. */
	return c->feeds[feed].fields[field].from != MST_FROM_RECORD;
}

/* Fields beyond those that the source declares, but for those that another
 * feed fills. */
static void note_fields(struct trying *x)
{
	const struct mst_catalog *own = x->t->present.source->catalog;
	const struct mst_catalog *c = x->after.d->job->catalog;
	struct mst_trial *t = x->t;

	t->fields = mst_alloc((size_t)MST_MAX_FEEDS * MST_MAX_FIELDS *
			      sizeof(*t->fields));
	for (unsigned f = 0; f < c->feeds_n; f++) {
		for (size_t i = own->feeds[f].fields_n;
		     i < c->feeds[f].fields_n; i++) {
			if (is_joined(c, f, i))
				continue;
			x->note[f][i] = &t->fields[t->fields_n++];
			*x->note[f][i] = (struct mst_trial_field){
			    .feed = &c->feeds[f],
			    .name = c->feeds[f].fields[i].name};
		}
	}
}

static void merge(struct trying *x)
{
	struct mst_feed *feeds;
	size_t n;

	x->catalog = *x->after.d->job->catalog;
	n = x->catalog.feeds_n;
	feeds = mst_alloc(n * sizeof(*feeds));
	memcpy(feeds, x->catalog.feeds, n * sizeof(*feeds));
	x->catalog.feeds = feeds;
	for (unsigned f = 0; f < n; f++)
		merge_feed(x, f);
}

static void unmerge(struct trying *x)
{
	for (size_t f = 0; f < x->catalog.feeds_n; f++)
		free(x->fields[f]);
	free((void *)(uintptr_t)x->catalog.feeds);
}

/* ---- one record ---------------------------------------------------------- */

/* A row of a parent that is not delivered makes nothing at all. */
static bool has_parent(struct side *side, unsigned m, unsigned feed)
{
	const struct mst_catalog *c = side->d->job->catalog;
	struct mst_set_delta *parent;
	const struct mst_group *g;
	struct mst_slice text;
	int gate = mst_mapping_gate(side->d, m, feed);
	uint32_t at;

	if (gate < 0)
		return true;
	side->why = MST_SLICE_LIT("its parent is not delivered");
	if (!mst_rules_group(side->rules, (unsigned)gate, &text))
		return false;
	parent = mst_delta_set(
	    side->d, mst_catalog_set(c, c->mappings[gate].set)->parent);
	at = mst_groups_find(&parent->groups, text);
	if (at == UINT32_MAX)
		return false;
	g = &parent->groups.v[at];
	if (parent->selected ? (g->flags & MST_G_SEEN) != 0
			     : !mst_sysid_is_zero(&g->remote)) {
		side->why = mst_slice(NULL, 0);
		return true;
	}
	side->left = g->flags & MST_G_LEFT;
	return false;
}

static bool keeps(struct side *side, unsigned m, const struct mst_set_delta *sd)
{
	enum mst_keep keep = mst_delta_keep(
	    side->d, (size_t)(sd - side->d->sets), side->rules, m, &side->why);

	side->left = keep == MST_LEAVE;
	return keep == MST_KEEP;
}

/* A package is there as long as a row of some delivered device makes it. */
static bool by_another_row(struct side *side, unsigned m,
			   struct mst_set_delta *sd)
{
	struct mst_slice text;
	uint32_t at;

	if (sd->set->parent || !mst_rules_group(side->rules, m, &text))
		return false;
	at = mst_groups_find(&sd->groups, text);
	return at != UINT32_MAX && (sd->groups.v[at].flags & MST_G_SEEN);
}

static void ask(struct side *side, unsigned m, unsigned feed)
{
	const struct mst_mapping *map = &side->d->job->catalog->mappings[m];
	struct mst_set_delta *sd = mst_delta_set(side->d, map->set);
	uint32_t at;

	side->why = mst_slice(NULL, 0);
	side->left = side->delivers = side->elsewhere = false;
	side->group = UINT32_MAX;
	if (!sd || !sd->selected || !(map->feeds & 1u << feed) ||
	    !side->d->spool->feeds[feed].present)
		return;
	if (!has_parent(side, m, feed)) {
		side->elsewhere = by_another_row(side, m, sd);
		return;
	}
	if (!keeps(side, m, sd) ||
	    !mst_rules_apply(side->rules, m, &side->desired))
		return;
	at = mst_groups_find(&sd->groups, side->desired.group);
	if (at == UINT32_MAX)
		return;
	if (sd->groups.v[at].flags & MST_G_SUPERSEDED)
		side->why = MST_SLICE_LIT("another record has its identity");
	side->delivers = !side->why.n && (sd->groups.v[at].flags & MST_G_SEEN);
	if (side->delivers)
		side->group = at;
}

/* Was this pair of groups told before? Many rows make one package. */
static bool is_told(struct trying *x, const struct mst_set *set)
{
	struct told *key, pair = {x->before.group, x->after.group};
	struct mst_map *told;

	if (set->parent)
		return false;
	told = &x->told[mst_delta_index(x->after.d, set->name)];
	if (mst_map_has(told, mst_slice((const char *)&pair, sizeof(pair))))
		return true;
	key = mst_arena_alloc(&x->arena, sizeof(*key));
	*key = pair;
	(void)mst_map_put(told, mst_slice((const char *)key, sizeof(*key)),
			  key);
	return false;
}

static int one(struct trying *x, unsigned m)
{
	struct mst_trial_record r = {
	    .before_map = &x->before.d->job->catalog->mappings[m],
	    .after_map = &x->after.d->job->catalog->mappings[m],
	};
	const struct side *silent;

	ask(&x->before, m, x->feed);
	ask(&x->after, m, x->feed);
	if ((!x->before.delivers && !x->after.delivers) ||
	    x->before.elsewhere || x->after.elsewhere)
		return 0;
	r.set = mst_catalog_set(x->after.d->job->catalog, r.after_map->set);
	if (is_told(x, r.set))
		return 0;
	r.before = x->before.delivers ? &x->before.desired : NULL;
	r.after = x->after.delivers ? &x->after.desired : NULL;
	if (!r.before || !r.after) {
		silent = r.before ? &x->after : &x->before;
		r.why = silent->why;
		r.left = silent->left;
	}
	return x->fn(x->ctx, &r);
}

/* ---- all of them --------------------------------------------------------- */

static void count_fields(struct trying *x)
{
	size_t own = x->t->present.source->catalog->feeds[x->feed].fields_n;
	size_t all = x->after.d->job->catalog->feeds[x->feed].fields_n;

	for (size_t i = own; i < all; i++) {
		struct mst_trial_field *f = x->note[x->feed][i];

		if (!f)
			continue;
		f->records++;
		f->values += x->after.v[i].type != MST_JSON_NULL;
	}
}

static int record(void *worker, const struct mst_value *v, struct mst_err *err)
{
	struct trying *x = worker;
	const struct mst_catalog *c = x->after.d->job->catalog;
	const struct mst_catalog *old = x->before.d->job->catalog;
	int rc = 0;

	(void)err;
	memcpy(x->after.v, v, c->feeds[x->feed].fields_n * sizeof(*v));
	for (size_t i = 0; i < old->feeds[x->feed].fields_n; i++) {
		uint8_t n = x->number[x->feed][i];

		x->before.v[i] = n == UINT8_MAX ? (struct mst_value){0} : v[n];
	}
	count_fields(x);
	mst_enrich(x->after.d, x->feed, x->after.v);
	mst_enrich(x->before.d, x->feed, x->before.v);
	mst_rules_record(x->after.rules, x->after.v);
	mst_rules_record(x->before.rules, x->before.v);
	for (unsigned m = 0; m < c->mappings_n && rc == 0; m++) {
		if (!c->mappings[m].fallback)
			rc = one(x, m);
	}
	return rc;
}

static int read_all(struct trying *x, struct mst_err *err)
{
	struct mst_session *s = x->t->s;
	void *workers[1] = {x};
	struct mst_read_stats stats;
	int rc = 0;

	for (unsigned f = 0; rc == 0 && f < x->catalog.feeds_n; f++) {
		struct mst_read read = {.spool = &s->spool,
					.catalog = &x->catalog,
					.feed = f,
					.threads = 1,
					.workers = workers,
					.record = record,
					.cancel = s->conf.cancel};

		x->feed = f;
		if (s->spool.feeds[f].present)
			rc = mst_read_feed(&read, &stats, err);
	}
	return rc;
}

int mst_trial_records(struct mst_trial *t, mst_trial_fn fn, void *ctx,
		      struct mst_err *err)
{
	struct trying *x = mst_alloc(sizeof(*x));
	int rc;

	x->t = t;
	mst_arena_init(&x->arena, MST_MAX_ARENA);
	x->fn = fn;
	x->ctx = ctx;
	x->before.d = &t->before;
	x->after.d = &t->s->delta;
	merge(x);
	note_fields(x);
	rc = mst_rules_new(&x->before.d->rules, &x->before.rules, err);
	if (rc == 0)
		rc = mst_rules_new(&x->after.d->rules, &x->after.rules, err);
	if (rc == 0)
		rc = read_all(x, err);
	mst_rules_free(&x->before.rules);
	mst_rules_free(&x->after.rules);
	unmerge(x);
	for (size_t i = 0; i < MST_MAX_SETS; i++)
		mst_map_fini(&x->told[i]);
	mst_arena_fini(&x->arena);
	free(x);
	return rc;
}
