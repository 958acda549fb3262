/* SPDX-License-Identifier: Apache-2.0
 *
 * What only the destination knows about values of the source: each distinct
 * value of a field is gathered, asked about, and answered for every record that
 * has it. O(distinct values) memory, for the run only.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "sync/delta_private.h"

#define ASKS_MAX  8
#define VALUE_MAX 512 /* bytes; longer ones are nobody's name */

/* One distinct value. */
struct asked {
	struct mst_slice text; /* as it was met first */
	struct mst_slice why; /* why it is not asked about, or not to be used */
	struct mst_slice ways[ASKS_MAX]; /* what to ask for, by way */
	struct asked *same; /* another one that asks for the same text */
	struct mst_sysid id;
	bool refused, answered;
	char hex[33];
};

/* What was found of one text that was asked for. */
struct found {
	struct asked *first; /* who asked, linked by same */
	uint64_t active, inactive;
	struct mst_sysid oldest[2]; /* active, inactive */
	char made[2][24];
	const char *odd;
};

struct answers {
	const struct mst_lookup *l;
	struct mst_delta *d;
	struct mst_arena arena;
	struct mst_map values; /* folded → struct asked */
	struct asked **order;  /* as gathered */
	size_t n, cap;
};

static struct mst_slice fold(const struct mst_value *v, char *buf, size_t buf_n)
{
	struct mst_slice s;

	if (v->type != MST_JSON_STRING)
		return mst_slice(NULL, 0);
	s = mst_slice_trim(mst_slice(v->u.s.p, v->u.s.n));
	if (s.n > buf_n)
		return mst_slice(NULL, 0);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		buf[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	return mst_slice(buf, s.n);
}

/* ---- gathering ----------------------------------------------------------- */

struct gatherer {
	struct answers *a;
	struct mst_rules *rules;
	struct mst_value v[MST_MAX_FIELDS];
};

static struct asked *add(struct answers *a, struct mst_slice key,
			 struct mst_slice text)
{
	struct asked *x = mst_arena_alloc(&a->arena, sizeof(*x));

	x->text = mst_arena_dup(&a->arena, text);
	x->refused = true;
	(void)mst_map_put(&a->values, mst_arena_dup(&a->arena, key), x);
	if (a->n == a->cap) {
		a->cap = a->cap ? a->cap * 2 : 256;
		a->order = mst_realloc(a->order, a->cap * sizeof(*a->order));
	}
	a->order[a->n++] = x;
	return x;
}

/* The same value may come from a place where it says nothing (a list that hides
 * names) and from one where it does: one of these is enough to ask. */
static void ask_rules(struct gatherer *g, struct asked *x)
{
	const struct mst_lookup *l = g->a->l;
	struct mst_rule_ctx *ctx = mst_rules_ctx(g->rules);
	struct mst_slice s = {NULL, 0};
	bool any = false;

	mst_rules_record(g->rules, g->v);
	if (l->refuse && l->refuse(ctx, g->v, &s)) {
		if (!x->why.n)
			x->why = mst_arena_dup(&g->a->arena, s);
		return;
	}
	for (size_t i = 0; i < MST_MIN(l->asks_n, (size_t)ASKS_MAX); i++) {
		if (l->asks[i].value(ctx, g->v, l->field, NULL, &s) != 1 ||
		    s.n == 0 || s.n > VALUE_MAX)
			continue;
		x->ways[i] = mst_arena_dup(&g->a->arena, s);
		any = true;
	}
	x->refused = !any;
	x->why = any ? mst_slice(NULL, 0)
		     : MST_SLICE_LIT("no way of matching is for such a name");
}

static int gather(void *worker, const struct mst_value *v, struct mst_err *err)
{
	struct gatherer *g = worker;
	struct answers *a = g->a;
	const struct mst_lookup *l = a->l;
	char buf[VALUE_MAX];
	struct mst_slice key = fold(&v[l->field], buf, sizeof(buf));
	struct asked *x;

	if (!key.n)
		return 0;
	x = mst_map_get(&a->values, key);
	if (x && !x->refused)
		return 0;
	if (a->arena.used > mst_enrich_bytes)
		return mst_err_set(err, MST_E_INVALID,
				   "%s: more distinct names than %zu bytes of "
				   "memory hold; choose fewer of them by the "
				   "settings of the source connection",
				   a->d->job->catalog->feeds[l->feed].title,
				   mst_enrich_bytes);
	if (!x)
		x = add(a, key,
			mst_slice(v[l->field].u.s.p, v[l->field].u.s.n));
	memcpy(g->v, v,
	       a->d->job->catalog->feeds[l->feed].fields_n * sizeof(*v));
	mst_enrich(a->d, l->feed, g->v);
	ask_rules(g, x);
	return 0;
}

static int gather_all(struct answers *a, struct mst_err *err)
{
	struct gatherer *g = mst_alloc(sizeof(*g));
	void *workers[1] = {g};
	struct mst_read read = {
	    .spool = a->d->spool,
	    .catalog = a->d->job->catalog,
	    .feed = a->l->feed,
	    .threads = 1,
	    .workers = workers,
	    .record = gather,
	    .cancel = a->d->cancel,
	};
	struct mst_read_stats stats;
	int rc = mst_rules_new(&a->d->rules, &g->rules, err);

	g->a = a;
	if (rc == 0)
		rc = mst_read_feed(&read, &stats, err);
	mst_rules_free(&g->rules);
	free(g);
	return rc;
}

/* ---- asking -------------------------------------------------------------- */

/* One way for all values that have no answer yet. */
struct round {
	struct answers *a;
	struct mst_map texts; /* folded text → index + 1 */
	struct mst_slice *values;
	struct found *found;
	size_t n;
};

static void hit(void *ctx, size_t value, const struct mst_sysid *id,
		bool active, struct mst_slice made)
{
	struct round *r = ctx;
	struct found *f = &r->found[value];
	unsigned k = active ? 0 : 1;
	uint64_t *n = active ? &f->active : &f->inactive;
	char text[24];
	int c;

	(void)snprintf(text, sizeof(text), "%.*s",
		       (int)MST_MIN(made.n, sizeof(text) - 1), made.p);
	c = strcmp(text, f->made[k]);
	if (*n == 0 || c < 0 ||
	    (c == 0 && memcmp(id, &f->oldest[k], sizeof(*id)) < 0)) {
		f->oldest[k] = *id;
		memcpy(f->made[k], text, sizeof(text));
	}
	(*n)++;
}

static void odd(void *ctx, size_t value, const char *why)
{
	struct round *r = ctx;

	r->found[value].odd = mst_arena_strdup(&r->a->arena, why);
}

/* The texts that this way asks for, each once. */
static void round_begin(struct round *r, struct answers *a, size_t way)
{
	*r = (struct round){.a = a};
	r->values = mst_alloc((a->n + 1) * sizeof(*r->values));
	r->found = mst_alloc((a->n + 1) * sizeof(*r->found));
	for (size_t i = 0; i < a->n; i++) {
		struct asked *x = a->order[i];
		struct mst_value v = {.type = MST_JSON_STRING};
		char buf[VALUE_MAX];
		struct mst_slice key;
		uintptr_t at;

		if (x->refused || x->answered || !x->ways[way].n)
			continue;
		v.u.s.p = x->ways[way].p;
		v.u.s.n = x->ways[way].n;
		key = fold(&v, buf, sizeof(buf));
		if (!key.n)
			continue;
		at = (uintptr_t)mst_map_get(&r->texts, key);
		if (!at) {
			/* As it is: the destination may mind the case. */
			r->values[r->n] = x->ways[way];
			at = ++r->n;
			(void)mst_map_put(&r->texts,
					  mst_arena_dup(&a->arena, key),
					  (void *)at);
		}
		x->same = r->found[at - 1].first;
		r->found[at - 1].first = x;
	}
}

static void round_fini(struct round *r)
{
	mst_map_fini(&r->texts);
	free(r->values);
	free(r->found);
}

static void answer(struct answers *a, const struct mst_ask *ask,
		   struct asked *x, const struct found *f)
{
	const struct mst_lookup *l = a->l;
	bool active = f->active > 0;
	const char *why = NULL;

	x->answered = true;
	x->id = f->oldest[active ? 0 : 1];
	mst_sysid_hex(&x->id, x->hex);
	if (f->active > 1)
		why = mst_arena_printf(
		    &a->arena, "%llu active %ss have this %s",
		    (unsigned long long)f->active, l->what, ask->name);
	else if (!active)
		why = mst_arena_printf(&a->arena,
				       "the %s with this %s is not active",
				       l->what, ask->name);
	x->why = why ? mst_slice_str(why) : mst_slice(NULL, 0);
}

/* Whoever is not found may be one of those that are not shown. */
static void doubt(struct answers *a, const struct mst_ask *ask, uint64_t hidden)
{
	struct mst_set_delta *sd = mst_delta_set(a->d, a->l->set);

	sd->proven = false;
	(void)snprintf(sd->why, sizeof(sd->why),
		       "%llu records of %s that fit by %s are hidden from the "
		       "user of the destination (an access rule): who is not "
		       "found may be one of them",
		       (unsigned long long)hidden, a->l->table, ask->column);
}

static int ask_way(struct answers *a, size_t way, struct mst_err *err)
{
	const struct mst_ask *ask = &a->l->asks[way];
	struct round r;
	struct mst_find find;
	int rc = 0;

	round_begin(&r, a, way);
	find = (struct mst_find){
	    .table = a->l->table,
	    .column = ask->column,
	    .active = a->l->active,
	    .values = r.values,
	    .values_n = r.n,
	    .hit = hit,
	    .odd = odd,
	    .ctx = &r,
	};
	if (r.n > 0)
		rc = a->d->find(a->d->find_ctx, &find, err);
	if (rc == 0 && find.hidden)
		doubt(a, ask, find.hidden);
	if (rc == 0 && r.n > 0 && !find.whole)
		rc =
		    mst_err_set(err, MST_E_INCOMPLETE,
				"the %ss of the source cannot be looked up by "
				"%s.%s: %s; nothing was written",
				a->l->what, a->l->table, ask->column, find.why);
	for (size_t i = 0; i < r.n && rc == 0; i++) {
		const struct found *f = &r.found[i];

		for (struct asked *x = f->first; x; x = x->same) {
			if (f->active || f->inactive)
				answer(a, ask, x, f);
			else if (f->odd)
				x->why = mst_slice_str(f->odd);
		}
	}
	round_fini(&r);
	return rc;
}

/* Whose records go without: each value once, whatever the number of records. */
static void tell(struct answers *a)
{
	struct mst_set_delta *sd = mst_delta_set(a->d, a->l->set);
	const char *nobody =
	    mst_arena_printf(&a->arena, "no %s has it", a->l->what);

	for (size_t i = 0; i < a->n; i++) {
		struct asked *x = a->order[i];

		if (!x->answered && !x->why.n)
			x->why = mst_slice_str(nobody);
		if (!x->why.n)
			continue;
		sd->skipped++;
		if (a->d->skip)
			a->d->skip(a->d->skip_ctx, a->l->set, x->text, x->why);
	}
}

static bool wanted(struct mst_delta *d, const struct mst_lookup *l)
{
	const struct mst_set_delta *sd = mst_delta_set(d, l->set);

	return sd && sd->selected && d->find &&
	       d->spool->feeds[l->feed].present;
}

int mst_lookup_load(struct mst_delta *d, struct mst_err *err)
{
	const struct mst_catalog *c = d->job->catalog;

	for (size_t i = 0; i < MST_MIN(c->lookups_n, (size_t)LOOKUPS_MAX);
	     i++) {
		struct answers *a;
		int rc;

		if (!wanted(d, &c->lookups[i]))
			continue;
		a = mst_alloc(sizeof(*a));
		a->l = &c->lookups[i];
		a->d = d;
		mst_arena_init(&a->arena, MST_MAX_ARENA);
		rc = gather_all(a, err);
		for (size_t k = 0; rc == 0 && k < a->l->asks_n; k++)
			rc = ask_way(a, k, err);
		/* Only now: gathering reads records without answers. */
		d->p->answers[i] = a;
		if (rc < 0)
			return rc;
		tell(a);
	}
	return 0;
}

/* ---- answering ----------------------------------------------------------- */

bool mst_lookup_fills(const struct mst_delta *d, unsigned feed)
{
	const struct mst_catalog *c = d->job->catalog;

	for (size_t i = 0; i < c->lookups_n; i++) {
		if (c->lookups[i].feed == feed)
			return true;
	}
	return false;
}

static void put(struct mst_value *v, struct mst_slice s)
{
	*v = (struct mst_value){.type = s.n ? MST_JSON_STRING : MST_JSON_NULL};
	v->u.s.p = s.p;
	v->u.s.n = s.n;
}

void mst_lookup_fill(const struct mst_delta *d, unsigned feed,
		     struct mst_value *v)
{
	const struct mst_catalog *c = d->job->catalog;

	for (size_t i = 0; i < MST_MIN(c->lookups_n, (size_t)LOOKUPS_MAX);
	     i++) {
		const struct mst_lookup *l = &c->lookups[i];
		const struct answers *a = d->p->answers[i];
		struct mst_slice none = {NULL, 0}, key;
		const struct asked *x = NULL;
		char buf[VALUE_MAX];

		if (l->feed != feed)
			continue;
		key = fold(&v[l->field], buf, sizeof(buf));
		if (a && key.n)
			x = mst_map_get(&a->values, key);
		put(&v[l->to], x && x->answered ? mst_slice(x->hex, 32) : none);
		put(&v[l->why], x ? x->why : MST_SLICE_LIT("not looked up"));
	}
}

void mst_lookup_fini(struct mst_delta *d)
{
	for (size_t i = 0; i < LOOKUPS_MAX; i++) {
		struct answers *a = d->p->answers[i];

		if (!a)
			continue;
		mst_map_fini(&a->values);
		mst_arena_fini(&a->arena);
		free(a->order);
		free(a);
		d->p->answers[i] = NULL;
	}
}
