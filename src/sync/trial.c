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

/* One of the two rule sets. */
struct side {
	struct mst_delta *d;
	struct mst_rules *rules;
	struct mst_value v[MST_MAX_FIELDS];
	struct mst_desired desired;
	bool delivers;
	struct mst_slice why;
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
	size_t first_field[MST_MAX_FEEDS]; /* in t->fields */
	mst_trial_fn fn;
	void *ctx;
};

/* ---- two deltas -----------------------------------------------------------
 */

int mst_trial_open(struct mst_trial *t, struct mst_session *s,
		   struct mst_err *err)
{
	struct mst_delta *d = &t->before;

	*t = (struct mst_trial){.s = s};
	if (mst_job_load(s->state, s->conf.job, &t->present, err) < 0)
		return mst_err_prefix(err, "the rules in force");
	t->present.conf.record_sets = s->job.conf.record_sets;
	d->job = &t->present;
	d->spool = &s->spool;
	d->recver = s->recver;
	d->target = s->delta.target;
	d->threads = s->delta.threads;
	d->one = s->delta.one;
	d->limit = s->delta.limit;
	d->dir = s->dir;
	d->progress = s->conf.progress;
	d->cancel = s->conf.cancel;
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

/* ---- fields of both -------------------------------------------------------
 */

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

/* Fields beyond those that the source declares. */
static void note_fields(struct trying *x)
{
	const struct mst_catalog *own = x->t->present.source->catalog;
	const struct mst_catalog *c = x->after.d->job->catalog;
	struct mst_trial *t = x->t;

	t->fields = mst_alloc((size_t)MST_MAX_FEEDS * MST_MAX_FIELDS *
			      sizeof(*t->fields));
	for (unsigned f = 0; f < c->feeds_n; f++) {
		x->first_field[f] = t->fields_n;
		for (size_t i = own->feeds[f].fields_n;
		     i < c->feeds[f].fields_n; i++)
			t->fields[t->fields_n++] = (struct mst_trial_field){
			    .feed = &c->feeds[f],
			    .name = c->feeds[f].fields[i].name};
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

/* ---- records --------------------------------------------------------------
 */

static bool is_shown(struct side *side, const struct mst_set *set)
{
	struct mst_set_delta *sd = mst_delta_set(side->d, set->name);
	uint32_t at = mst_groups_find(&sd->groups, side->desired.group);
	uint16_t flags;

	if (at == UINT32_MAX)
		return false;
	flags = sd->groups.v[at].flags;
	return (flags & MST_G_SEEN) &&
	       !(flags & (MST_G_SUPERSEDED | MST_G_ORPHAN));
}

static void ask(struct side *side, unsigned m)
{
	const struct mst_mapping *map = &side->d->job->catalog->mappings[m];
	struct mst_set_delta *sd = mst_delta_set(side->d, map->set);

	side->why = mst_slice(NULL, 0);
	side->delivers =
	    sd && sd->selected &&
	    mst_rules_keep(side->rules, m, &side->why) == MST_KEEP &&
	    mst_rules_apply(side->rules, m, &side->desired) &&
	    is_shown(side, sd->set);
}

static int one(struct trying *x, unsigned m)
{
	struct mst_trial_record r = {
	    .before_map = &x->before.d->job->catalog->mappings[m],
	    .after_map = &x->after.d->job->catalog->mappings[m],
	};

	ask(&x->before, m);
	ask(&x->after, m);
	if (!x->before.delivers && !x->after.delivers)
		return 0;
	r.set = mst_catalog_set(x->after.d->job->catalog, r.after_map->set);
	if (x->before.delivers)
		r.before = &x->before.desired;
	else
		r.why = x->before.why;
	if (x->after.delivers)
		r.after = &x->after.desired;
	else
		r.why = x->after.why;
	return x->fn(x->ctx, &r);
}

static void count_fields(struct trying *x)
{
	struct mst_trial *t = x->t;
	size_t own = t->present.source->catalog->feeds[x->feed].fields_n;
	size_t all = x->after.d->job->catalog->feeds[x->feed].fields_n;

	for (size_t i = own; i < all; i++) {
		struct mst_trial_field *f =
		    &t->fields[x->first_field[x->feed] + i - own];

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
		if (!c->mappings[m].fallback &&
		    (c->mappings[m].feeds & 1u << x->feed))
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
	free(x);
	return rc;
}
