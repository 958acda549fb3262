/* SPDX-License-Identifier: Apache-2.0
 *
 * The jobs of the agenda, from the configuration. A job whose text and whose
 * connections did not change is not looked at again: there may be thousands.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/time.h"
#include "serve/agenda_private.h"

#define TEXT_MAX (8u << 20)

/* One job as it is stored; text is kept only when it is new. */
struct stored {
	char *name, *yaml;
	uint64_t hash;
};

struct reading {
	struct mst_agenda *a;
	struct mst_config config;
	struct mst_arena arena;
	uint64_t connections; /* hash of all of them, with their settings */
	struct stored *v;
	size_t n, cap;
};

void mst_agenda_job_free(struct agenda_job *j)
{
	mst_schedule_fini(&j->schedule);
	mst_arena_fini(&j->arena);
	free(j);
}

static struct agenda_job *find(struct mst_agenda *a, const char *name)
{
	return mst_map_get(&a->by_name, mst_slice_str(name));
}

/* ---- what is stored ------------------------------------------------------ */

static int hash_item(void *ctx, const struct mst_state_item *item)
{
	struct reading *r = ctx;

	r->connections = mst_hash64(item->yaml, strlen(item->yaml),
				    r->connections + strlen(item->name));
	return 0;
}

static int take_item(void *ctx, const struct mst_state_item *item)
{
	struct reading *r = ctx;
	struct agenda_job *j = find(r->a, item->name);
	struct stored *s;

	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 64;
		r->v = mst_realloc(r->v, r->cap * sizeof(*r->v));
	}
	s = &r->v[r->n++];
	*s = (struct stored){
	    .hash = mst_hash64(item->yaml, strlen(item->yaml), r->connections)};
	if (j && j->text == s->hash) {
		j->seen = true;
		return 0;
	}
	s->name = mst_strdup(item->name);
	s->yaml = mst_strdup(item->yaml);
	return 0;
}

/* ---- one job ------------------------------------------------------------- */

static int read_ends(struct reading *r, struct agenda_job *j,
		     struct mst_job_conf *conf, struct mst_err *err)
{
	struct mst_connection source, dest;
	int rc = mst_job_ends(&r->config, j->v.name, conf, &r->arena, &source,
			      &dest, err);

	if (rc < 0)
		return rc;
	j->v.prod = dest.env == MST_ENV_PROD;
	j->v.source_runs = mst_connection_runs(&source);
	j->v.destination_runs = mst_connection_runs(&dest);
	return 0;
}

static int read_conf(struct reading *r, const struct stored *s,
		     struct agenda_job *j, struct mst_job_conf *conf,
		     struct mst_err *err)
{
	struct mst_buf yaml = MST_BUF_INIT(TEXT_MAX);
	struct mst_conf_item *items = NULL;
	size_t n = 0;
	int rc;

	(void)mst_buf_addf(&yaml, "%s:\n%s", mst_conf_section("job"), s->yaml);
	rc = mst_conf_read_in(mst_buf_slice(&yaml), "job", &r->arena, &items,
			      &n, err);
	mst_buf_fini(&yaml);
	if (rc == 0 && n != 1)
		rc = mst_err_set(err, MST_E_CORRUPT,
				 "job %s is damaged in the state store",
				 j->v.name);
	if (rc == 0)
		rc = mst_conf_apply(items, mst_job_opts, conf, &r->arena, err);
	return rc == 0 ? read_ends(r, j, conf, err) : rc;
}

/* Of what next_us is worked out from. */
static uint64_t basis_of(const struct mst_schedule_text *t, bool paused)
{
	struct mst_buf b = MST_BUF_INIT(TEXT_MAX);
	uint64_t h;

	(void)mst_buf_addf(&b, "%s|%lld|%s|%s|%lld|%d|%d",
			   t->cron ? t->cron : "", (long long)t->every_ms,
			   t->after ? t->after : "",
			   t->time_zone ? t->time_zone : "",
			   (long long)t->jitter_ms, (int)t->missed, paused);
	for (size_t i = 0; i < t->windows_n; i++)
		(void)mst_buf_addf(&b, "|%s", t->windows[i]);
	h = mst_hash64(b.p, b.n, 0);
	mst_buf_fini(&b);
	/* Signed numbers of a database hold it; 0 is a row without one. */
	return (h >> 1) | 1;
}

static const char *keep(struct agenda_job *j, const char *text)
{
	return text ? mst_arena_strdup(&j->arena, text) : NULL;
}

static void read_job(struct reading *r, const struct stored *s,
		     struct agenda_job *j)
{
	struct mst_job_conf conf = {.source = NULL};
	struct mst_schedule_text text = {.job = j->v.name};
	struct mst_err err = MST_ERR_INIT;
	const char *key = NULL;

	if (read_conf(r, s, j, &conf, &err) == 0)
		text = mst_job_schedule_text(j->v.name, &conf);
	if (!err.code)
		(void)mst_schedule_make(&text, &j->schedule, &key, &err);
	if (err.code)
		j->v.problem = keep(j, err.msg);
	j->v.source = keep(j, conf.source ? conf.source : "");
	j->v.destination = keep(j, conf.destination ? conf.destination : "");
	j->v.after = keep(j, conf.schedule.after);
	j->paused_here = conf.schedule.paused;
	j->v.schedule = &j->schedule;
	j->basis = basis_of(&text, j->paused_here);
}

static void take_job(struct reading *r, const struct stored *s)
{
	struct agenda_job *old = find(r->a, s->name), *j;
	struct mst_agenda *a = r->a;

	j = mst_alloc(sizeof(*j));
	mst_arena_init(&j->arena, MST_MAX_ARENA);
	j->v.name = mst_arena_strdup(&j->arena, s->name);
	j->v.due_us = j->last_due_us = MST_TIME_NONE;
	j->text = s->hash;
	j->seen = true;
	j->at = MST_HEAP_OUT;
	read_job(r, s, j);
	if (old) {
		(void)mst_map_del(&a->by_name, mst_slice_str(old->v.name));
		old->seen = false;
	}
	if (a->n == a->cap) {
		a->cap = a->cap ? 2 * a->cap : 64;
		a->v = mst_realloc(a->v, a->cap * sizeof(struct agenda_job *));
	}
	a->v[a->n++] = j;
	(void)mst_map_put(&a->by_name, mst_slice_str(j->v.name), j);
}

/* ---- all ----------------------------------------------------------------- */

static int by_name(const void *x, const void *y)
{
	const struct agenda_job *const *a = x, *const *b = y;

	return strcmp((*a)->v.name, (*b)->v.name);
}

/* Those that are not there any more, or not as they were. */
static void sweep(struct mst_agenda *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++) {
		struct agenda_job *j = a->v[i];

		if (j->seen) {
			a->v[n++] = j;
			continue;
		}
		mst_heap_del(a, j);
		if (find(a, j->v.name) == j)
			(void)mst_map_del(&a->by_name,
					  mst_slice_str(j->v.name));
		mst_agenda_job_free(j);
	}
	a->n = n;
	if (a->n)
		qsort(a->v, a->n, sizeof(struct agenda_job *), by_name);
}

static int read_stored(struct reading *r, struct mst_err *err)
{
	struct mst_state *state = r->a->state;

	if (mst_state_items(state, "connection", hash_item, r, err) < 0 ||
	    mst_state_items(state, MST_SETTINGS, hash_item, r, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < r->a->n; i++)
		r->a->v[i]->seen = false;
	return mst_state_items(state, "job", take_item, r, err);
}

int mst_agenda_read(struct mst_agenda *a, struct mst_err *err)
{
	struct reading r = {.a = a, .config = {.state = a->state}};
	int rc = read_stored(&r, err);

	for (size_t i = 0; i < r.n; i++) {
		/* One arena a job: what all jobs read would not be bounded. */
		if (rc == 0 && r.v[i].name) {
			mst_arena_init(&r.arena, MST_MAX_ARENA);
			take_job(&r, &r.v[i]);
			mst_arena_fini(&r.arena);
		}
		free(r.v[i].name);
		free(r.v[i].yaml);
	}
	free(r.v);
	if (rc == 0)
		sweep(a);
	return rc;
}
