/* SPDX-License-Identifier: Apache-2.0
 *
 * Which queued task may begin: one of a job at a time, so many of a connection,
 * and runs in their windows alone.
 */
#include <stdlib.h>

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

static bool has_room(const struct fitting *f, const char *job, int64_t id)
{
	const struct mst_agenda_job *j = mst_agenda_job(f->d->conf.agenda, job);

	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i].id != id && !f->v[i].report &&
		    strcmp(f->v[i].job, job) == 0)
			return false;
	}
	if (!j || j->problem)
		return true; /* the worker says what is wrong */
	return (j->source_runs == 0 ||
		users(f, j->source, true, id) < j->source_runs) &&
	       (j->destination_runs == 0 ||
		users(f, j->destination, false, id) < j->destination_runs);
}

bool mst_fitting_fits(const struct fitting *f, const struct mst_task *t)
{
	const struct mst_agenda_job *j;

	if (!*t->job || is_report(t->kind))
		return true;
	j = mst_agenda_job(f->d->conf.agenda, t->job);
	if (j && !j->problem && writes(t->kind) &&
	    mst_schedule_may(j->schedule, f->now_us) > f->now_us)
		return false;
	return has_room(f, t->job, t->id);
}

bool mst_fitting_held(const struct fitting *f, const struct doing *w)
{
	return !*w->job || is_report(w->kind) || has_room(f, w->job, w->id);
}
