/* SPDX-License-Identifier: Apache-2.0
 *
 * When jobs are due, and who makes the task.
 */
#include "serve/agenda.h"

#include <stdlib.h>

#include "base/time.h"
#include "serve/agenda_private.h"
#include "serve/busy.h"

struct mst_agenda *mst_agenda_new(struct mst_state *state, bool look)
{
	struct mst_agenda *a = mst_alloc(sizeof(*a));

	a->state = state;
	a->version = -1;
	a->look = look;
	return a;
}

void mst_agenda_free(struct mst_agenda **a)
{
	if (!*a)
		return;
	for (size_t i = 0; i < (*a)->n; i++)
		mst_agenda_job_free((*a)->v[i]);
	mst_map_fini(&(*a)->by_name);
	free((*a)->v);
	free((*a)->heap);
	free(*a);
	*a = NULL;
}

/* ---- rows ---------------------------------------------------------------- */

static void place(struct mst_agenda *a, struct agenda_job *j)
{
	if (j->v.due_us == MST_TIME_NONE || j->v.paused || j->v.problem)
		mst_heap_del(a, j);
	else
		mst_heap_put(a, j);
}

static int take_row(void *ctx, const struct mst_job_plan *p)
{
	struct mst_agenda *a = ctx;
	struct agenda_job *j = mst_map_get(&a->by_name, mst_slice_str(p->job));

	if (!j)
		return 0;
	j->v.due_us = p->next_us;
	j->last_due_us = p->last_due_us;
	j->v.paused = p->paused || j->paused_here;
	/* A row that only says that somebody paused the job has no basis. */
	j->has_row = p->basis == j->basis;
	return 0;
}

static int take_start(void *ctx, const struct mst_run *r)
{
	*(int64_t *)ctx = r->started_us;
	return 0;
}

/* When the last run began, if that counts. */
static int last_start(struct mst_agenda *a, const struct agenda_job *j,
		      int64_t *us_r, struct mst_err *err)
{
	*us_r = MST_TIME_NONE;
	if (j->schedule.kind != MST_SCHEDULE_EVERY)
		return 0;
	return mst_state_runs(
	    a->state,
	    &(struct mst_run_filter){.job = j->v.name, .status = -1, .n = 1},
	    take_start, us_r, err);
}

/* Worked out for the first time, or anew. A job that comes after another one
 * answers to what ends from now on. */
static int make_row(struct mst_agenda *a, struct agenda_job *j, int64_t now_us,
		    struct mst_err *err)
{
	int64_t next, last, due;
	bool done = true;

	if (last_start(a, j, &last, err) < 0)
		return -(int)err->code;
	next = mst_schedule_next(&j->schedule, now_us, last);
	due = j->v.after ? now_us : MST_TIME_NONE;
	if (!a->look && mst_job_due(a->state, j->v.name, j->v.due_us, next,
				    j->basis, due, NULL, &done, err) < 0)
		return -(int)err->code;
	/* Another node was first: its row is read with the next look. */
	if (!done)
		return 0;
	j->v.due_us = next;
	if (due != MST_TIME_NONE)
		j->last_due_us = due;
	j->has_row = true;
	return 0;
}

static int read_rows(struct mst_agenda *a, int64_t now_us, struct mst_err *err)
{
	for (size_t i = 0; i < a->n; i++) {
		a->v[i]->has_row = false;
		a->v[i]->v.due_us = a->v[i]->last_due_us = MST_TIME_NONE;
		a->v[i]->v.paused = a->v[i]->paused_here;
	}
	if (mst_job_plans(a->state, take_row, a, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < a->n; i++) {
		struct agenda_job *j = a->v[i];

		if (!j->has_row && !j->v.problem &&
		    make_row(a, j, now_us, err) < 0)
			return -(int)err->code;
		place(a, j);
	}
	return 0;
}

int mst_agenda_refresh(struct mst_agenda *a, int64_t now_us,
		       struct mst_err *err)
{
	unsigned char hash[MST_AUDIT_HASH];
	int64_t version = 0;

	/* Every change of the configuration is in the audit. */
	if (mst_audit_head(a->state, &version, hash, err) < 0)
		return -(int)err->code;
	if (version != a->version) {
		if (mst_agenda_read(a, err) < 0)
			return -(int)err->code;
		a->version = version;
	}
	return read_rows(a, now_us, err);
}

int64_t mst_agenda_next(const struct mst_agenda *a)
{
	return a->heap_n ? a->heap[0]->v.due_us : MST_TIME_NONE;
}

size_t mst_agenda_count(const struct mst_agenda *a)
{
	return a->n;
}

const struct mst_agenda_job *mst_agenda_job(const struct mst_agenda *a,
					    const char *name)
{
	const struct agenda_job *j =
	    mst_map_get(&a->by_name, mst_slice_str(name));

	return j ? &j->v : NULL;
}

void mst_agenda_jobs(const struct mst_agenda *a,
		     void (*fn)(void *ctx, const struct mst_agenda_job *j),
		     void *ctx)
{
	for (size_t i = 0; i < a->n; i++)
		fn(ctx, &a->v[i]->v);
}

/* ---- due ----------------------------------------------------------------- */

struct looking {
	struct mst_agenda *a;
	int64_t now_us;
	const struct mst_agenda_ops *ops;
	void *ctx;
};

static int move(struct looking *l, struct agenda_job *j, int64_t next_us,
		int64_t due_us, const struct mst_task *t, bool *done_r,
		struct mst_err *err)
{
	int rc = mst_job_due(l->a->state, j->v.name, j->v.due_us, next_us,
			     j->basis, due_us, t, done_r, err);

	if (rc < 0)
		return rc;
	if (!*done_r)
		next_us = MST_TIME_NONE; /* until the rows are read again */
	j->v.due_us = next_us;
	if (due_us != MST_TIME_NONE)
		j->last_due_us = due_us;
	place(l->a, j);
	return 0;
}

static int fire(struct looking *l, struct agenda_job *j, int64_t next_us,
		int64_t due_us, struct mst_err *err)
{
	struct mst_task t = {.kind = "run",
			     .job = j->v.name,
			     .connection = "",
			     .argv = "[]",
			     .files = "",
			     .state = MST_TASK_QUEUED,
			     .repeat = true,
			     .asked_by = "schedule",
			     .asked_via = "schedule",
			     .approved_by = "",
			     .node = "",
			     .exit_status = -1,
			     .error = "",
			     .progress = ""};
	enum mst_agenda_say say = l->ops->due(l->ctx, &j->v, &t);
	struct mst_buf waits = MST_BUF_INIT(4096);
	bool done = false;
	int rc;

	if (say == MST_AGENDA_LATER)
		return 0;
	/* Outside its windows a run waits for the next one. */
	t.not_before_us = mst_schedule_may(&j->schedule, l->now_us);
	if (t.not_before_us > l->now_us) {
		mst_busy_json(&waits, j->v.name, 0, MST_WAITS_WINDOW,
			      t.not_before_us);
		t.progress = waits.p;
	}
	rc =
	    move(l, j, next_us, due_us,
		 say == MST_AGENDA_RUN && !l->ops->own ? &t : NULL, &done, err);
	mst_buf_fini(&waits);
	if (rc < 0)
		return rc;
	if (done && say == MST_AGENDA_RUN && l->ops->won)
		l->ops->won(l->ctx, &j->v, due_us);
	return 0;
}

static int job_due(struct looking *l, struct agenda_job *j, struct mst_err *err)
{
	int64_t due = j->v.due_us, last, next;
	bool done;

	if (last_start(l->a, j, &last, err) < 0)
		return -(int)err->code;
	/* Somebody ran it meanwhile: the interval begins anew. */
	if (last != MST_TIME_NONE) {
		next = mst_schedule_next(&j->schedule, l->now_us, last);
		if (next > l->now_us)
			return move(l, j, next, MST_TIME_NONE, NULL, &done,
				    err);
	}
	next = mst_schedule_next(&j->schedule, l->now_us, l->now_us);
	if (!mst_schedule_runs(&j->schedule, due, l->now_us))
		return move(l, j, next, due, NULL, &done, err);
	return fire(l, j, next, due, err);
}

/* The newest run of a job that has ended well. */
struct ended {
	int64_t us;
};

static int take_ended(void *ctx, const struct mst_run *r)
{
	struct ended *e = ctx;

	if (e->us == MST_TIME_NONE &&
	    (r->status == MST_RUN_OK || r->status == MST_RUN_PARTIAL))
		e->us = r->ended_us;
	return 0;
}

#define RUNS_BACK 20

static int look_after(struct looking *l, struct mst_err *err)
{
	for (size_t i = 0; i < l->a->n; i++) {
		struct agenda_job *j = l->a->v[i];
		struct ended e = {MST_TIME_NONE};

		if (!j->v.after || j->v.problem || j->v.paused || !j->has_row)
			continue;
		if (mst_state_runs(l->a->state,
				   &(struct mst_run_filter){.job = j->v.after,
							    .status = -1,
							    .n = RUNS_BACK},
				   take_ended, &e, err) < 0)
			return -(int)err->code;
		if (e.us != MST_TIME_NONE && e.us > j->last_due_us &&
		    fire(l, j, MST_TIME_NONE, e.us, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

int mst_agenda_due(struct mst_agenda *a, int64_t now_us, bool after,
		   const struct mst_agenda_ops *ops, void *ctx,
		   struct mst_err *err)
{
	struct looking l = {a, now_us, ops, ctx};

	while (a->heap_n && a->heap[0]->v.due_us <= now_us) {
		struct agenda_job *j = a->heap[0];
		int64_t was = j->v.due_us;

		if (job_due(&l, j, err) < 0)
			return -(int)err->code;
		/* LATER: out of the way until the rows are read again. */
		if (j->at == 0 && j->v.due_us == was)
			mst_heap_del(a, j);
	}
	return after ? look_after(&l, err) : 0;
}

size_t mst_agenda_times(const struct mst_agenda_job *j, int64_t now_us,
			int64_t *v, size_t n)
{
	int64_t at = j->due_us;
	size_t k = 0;

	while (k < n && at != MST_TIME_NONE && !j->problem) {
		v[k++] = at;
		at = MST_MAX(at, now_us);
		at = mst_schedule_next(j->schedule, at, at);
	}
	return k;
}
