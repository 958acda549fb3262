/* SPDX-License-Identifier: Apache-2.0
 *
 * Notices of jobs: a run that failed, one that waits for a person, one that
 * does not come to begin.
 */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "serve/busy.h"
#include "serve/notices_private.h"

#define BUSY	   "job_busy"
#define TASKS_BACK 10

/* ---- how runs ended ------------------------------------------------------ */

struct newest {
	int64_t id;
	enum mst_run_status status;
	char error[600];
};

static int take_run(void *ctx, const struct mst_run *r)
{
	struct newest *n = ctx;

	/* One that goes on, or was stopped by somebody, says nothing new. */
	if (n->id || r->status == MST_RUN_RUNNING ||
	    r->status == MST_RUN_CANCELLED)
		return 0;
	n->id = r->id;
	n->status = r->status;
	(void)snprintf(n->error, sizeof(n->error), "%s", r->error);
	return 0;
}

static int judge_job(struct judging *g, const char *job, struct mst_err *err)
{
	const struct mst_run_filter f = {.job = job, .status = -1, .n = 10};
	struct newest n = {0};

	if (mst_state_runs(g->c->state, &f, take_run, &n, err) < 0)
		return -(int)err->code;
	if (n.id && (n.status == MST_RUN_FAILED || n.status == MST_RUN_DEAD) &&
	    mst_judging_on(g, "run_failed", job, "error", err,
			   "run %lld of job %s %s%s%s", (long long)n.id, job,
			   n.status == MST_RUN_DEAD ? "ended without a word"
						    : "failed",
			   *n.error ? ": " : "", n.error) < 0)
		return -(int)err->code;
	if (n.id && n.status == MST_RUN_GUARD &&
	    mst_judging_on(g, "guard", job, "warning", err,
			   "the guard holds back what run %lld of job %s "
			   "would retire, delete or close: look at it, then "
			   "approve it",
			   (long long)n.id, job) < 0)
		return -(int)err->code;
	return 0;
}

struct each_job {
	struct judging *g;
	struct mst_err *err;
	int rc;
};

static void one_job(void *ctx, const struct mst_agenda_job *j)
{
	struct each_job *e = ctx;

	if (e->rc == 0)
		e->rc = judge_job(e->g, j->name, e->err);
}

int mst_judge_jobs(struct judging *g, struct mst_err *err)
{
	struct each_job e = {g, err, 0};

	mst_agenda_jobs(g->c->agenda, one_job, &e);
	if (e.rc < 0)
		return e.rc;
	return mst_judging_sweep(g, "run_failed", NULL, err) < 0
		   ? -(int)err->code
		   : mst_judging_sweep(g, "guard", NULL, err);
}

/* ---- runs that do not begin ---------------------------------------------- */

struct beginning {
	struct judging *g;
	struct mst_err *err;
	bool decided;
};

/* About a run that waits for its job. */
static int say_busy(struct judging *g, const char *job, int64_t minutes,
		    struct mst_slice why, struct mst_err *err)
{
	return mst_judging_on(g, BUSY, job, "warning", err,
			      "a run of job %s has waited for %lld minutes: "
			      "%.*s",
			      job, (long long)minutes, (int)MST_MIN(why.n, 600),
			      why.n ? why.p : "");
}

static int take_live(void *ctx, const struct mst_task *t)
{
	struct beginning *b = ctx;
	struct mst_slice why = {NULL, 0};
	int64_t tries = mst_busy_tries(b->g->parser, t->progress, &why);

	int64_t minutes = (tries - MST_BUSY_SOON) * MST_BUSY_US / 60000000;

	/* In steps: each text is told to who watches. */
	return tries < MST_BUSY_TOLD
		   ? 0
		   : say_busy(b->g, t->job, minutes - minutes % 10, why,
			      b->err);
}

/* The newest task that says something of the job: one that began its run, or
 * was given up. Newest first. */
static int take_task(void *ctx, const struct mst_task *t)
{
	struct beginning *b = ctx;

	if (b->decided || t->state == MST_TASK_CANCELLED ||
	    (!t->run && t->ended_us == MST_TIME_NONE))
		return 0;
	b->decided = true;
	if (t->run || t->exit_status != MST_EXIT_CONFLICT)
		return 0;
	return mst_judging_on(b->g, BUSY, t->job, "error", b->err,
			      "task %lld, a run of job %s, was given up, since "
			      "the job was busy all the time: %.600s",
			      (long long)t->id, t->job, t->error);
}

static int judge_given_up(struct judging *g, const char *job,
			  struct mst_err *err)
{
	const struct mst_task_filter f = {
	    .kind = "run", .job = job, .state = -1, .n = TASKS_BACK};
	struct beginning b = {g, err, false};

	return mst_tasks(g->c->state, &f, take_task, &b, err);
}

int mst_judge_busy(struct judging *g, struct mst_err *err)
{
	const struct mst_task_filter live = {
	    .kind = "run", .state = MST_TASK_QUEUED, .n = 10000};
	struct beginning b = {g, err, false};
	struct mst_slice key;
	size_t i = 0;
	void *v;

	if (mst_tasks(g->c->state, &live, take_live, &b, err) < 0)
		return -(int)err->code;
	/* Those that are on although nothing waits: given up, or over. */
	while (mst_map_next(&g->on, &i, &key, &v)) {
		const struct on *on = v;

		if (!on->seen && strncmp(key.p, BUSY "\n", sizeof(BUSY)) == 0 &&
		    mst_agenda_job(g->c->agenda, key.p + sizeof(BUSY)) &&
		    judge_given_up(g, key.p + sizeof(BUSY), err) < 0)
			return -(int)err->code;
	}
	return mst_judging_sweep(g, BUSY, NULL, err);
}

/* ---- all of one ---------------------------------------------------------- */

int mst_notices_job(const struct mst_notices_conf *c, const char *job,
		    struct mst_err *err)
{
	static const char *const kinds[] = {"run_failed", "guard", BUSY};
	struct judging g;
	int rc = mst_judging_begin(&g, c, err);

	if (rc == 0)
		rc = judge_job(&g, job, err);
	if (rc == 0)
		rc = judge_given_up(&g, job, err);
	for (size_t i = 0; i < MST_LEN(kinds) && rc == 0; i++)
		rc = mst_judging_sweep(&g, kinds[i], job, err);
	mst_judging_end(&g);
	return rc;
}
