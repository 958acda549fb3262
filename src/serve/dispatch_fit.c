/* SPDX-License-Identifier: Apache-2.0
 *
 * Which queued task may begin: one of a job at a time, so many of a connection,
 * and runs in their windows alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "serve/dispatch_private.h"

/* Reports read what is stored; everything else of a job holds its lock. */
static bool is_report(const char *kind)
{
	return strcmp(kind, "report") == 0;
}

static bool writes(const char *kind)
{
	return strcmp(kind, "run") == 0 || strcmp(kind, "undo") == 0;
}

void mst_fitting_add(struct fitting *f, const struct mst_task *t)
{
	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 32;
		f->v = mst_realloc(f->v, f->cap * sizeof(*f->v));
	}
	f->v[f->n++] = (struct fitting_task){t->id, mst_strdup(t->job),
					     is_report(t->kind)};
}

static int take(void *ctx, const struct mst_task *t)
{
	mst_fitting_add(ctx, t);
	return 0;
}

int mst_fitting_begin(struct fitting *f, struct mst_dispatch *d, int64_t now_us,
		      struct mst_err *err)
{
	const struct mst_task_filter running = {.state = MST_TASK_RUNNING,
						.n = 10000};

	*f = (struct fitting){.d = d, .now_us = now_us};
	return mst_tasks(d->conf.state, &running, take, f, err);
}

void mst_fitting_end(struct fitting *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].job);
	free(f->v);
	*f = (struct fitting){.v = NULL};
}

/* How many others use the connection; source: as a source. */
static int64_t users(const struct fitting *f, const char *connection,
		     bool source, int64_t but)
{
	int64_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct mst_agenda_job *j =
		    *f->v[i].job
			? mst_agenda_job(f->d->conf.agenda, f->v[i].job)
			: NULL;

		if (!j || f->v[i].report || f->v[i].id == but)
			continue;
		n += strcmp(source ? j->source : j->destination, connection) ==
		     0;
	}
	return n;
}

static bool is_full(const struct fitting *f, const char *connection,
		    bool source, int64_t most, int64_t id,
		    struct fitting_wait *w)
{
	if (most == 0 || users(f, connection, source, id) < most)
		return false;
	(void)snprintf(w->what, sizeof(w->what),
		       "connection '%s', which has all the tasks that it may "
		       "(%lld)",
		       connection, (long long)most);
	return true;
}

static bool has_room(const struct fitting *f, const char *job, int64_t id,
		     struct fitting_wait *w)
{
	const struct mst_agenda_job *j = mst_agenda_job(f->d->conf.agenda, job);

	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i].id == id || f->v[i].report ||
		    strcmp(f->v[i].job, job) != 0)
			continue;
		(void)snprintf(w->what, sizeof(w->what),
			       "task %lld of the same job",
			       (long long)f->v[i].id);
		return false;
	}
	if (!j || j->problem)
		return true; /* the worker says what is wrong */
	return !is_full(f, j->source, true, j->source_runs, id, w) &&
	       !is_full(f, j->destination, false, j->destination_runs, id, w);
}

static bool may_begin(const struct fitting *f, const struct mst_task *t,
		      struct fitting_wait *w)
{
	const struct mst_agenda_job *j;
	int64_t opens_us;

	if (!*t->job || is_report(t->kind))
		return true;
	j = mst_agenda_job(f->d->conf.agenda, t->job);
	if (j && !j->problem && writes(t->kind)) {
		opens_us = mst_schedule_may(j->schedule, f->now_us);
		if (opens_us > f->now_us) {
			(void)snprintf(w->what, sizeof(w->what), "%s",
				       MST_WAITS_WINDOW);
			w->until_us = opens_us;
			return false;
		}
	}
	return has_room(f, t->job, t->id, w);
}

bool mst_fitting_fits(struct fitting *f, const struct mst_task *t)
{
	struct fitting_wait w = {.id = t->id, .until_us = MST_TIME_NONE};
	struct mst_slice said = mst_slice("", 0);

	if (may_begin(f, t, &w))
		return true;
	if (f->waits_n == FITTING_WAITS)
		return false;
	w.tries = mst_busy_tries(f->d->parser, t->progress, &said);
	if (mst_slice_is(said, w.what))
		return false;
	(void)snprintf(w.job, sizeof(w.job), "%s", t->job);
	f->waits[f->waits_n++] = w;
	return false;
}

int mst_fitting_tell(struct fitting *f, struct mst_err *err)
{
	struct mst_buf text = MST_BUF_INIT(4096);
	int rc = 0;

	for (size_t i = 0; i < f->waits_n && rc == 0; i++) {
		const struct fitting_wait *w = &f->waits[i];

		mst_busy_json(&text, w->job, w->tries, w->what, w->until_us);
		rc = mst_task_waits(f->d->conf.state, w->id, text.p, err);
	}
	mst_buf_fini(&text);
	return rc;
}

bool mst_fitting_held(const struct fitting *f, const struct doing *w)
{
	struct fitting_wait ignored;

	return !*w->job || is_report(w->kind) ||
	       has_room(f, w->job, w->id, &ignored);
}
