/* SPDX-License-Identifier: Apache-2.0
 *
 * What a task that ended leaves to do; notices and housekeeping.
 */
#include <string.h>

#include "api/approvals.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "serve/keeper_private.h"
#include "serve/notices.h"
#include "serve/trends.h"
#include "sync/service.h"

#define OUTPUT_DAYS   7
#define DAY_US	      86400000000LL
#define TELL_AGAIN_US (600 * INT64_C(1000000))

static struct mst_notices_conf notices_of(struct mst_keeper *k)
{
	return (struct mst_notices_conf){.state = k->state,
					 .agenda = k->agenda,
					 .node = k->conf.node,
					 .told = k->conf.told};
}

static bool is_well(const struct mst_task *t)
{
	return t->state == MST_TASK_DONE &&
	       (t->exit_status == 0 || t->exit_status == 3 /* partial */);
}

/* The task has ended whatever becomes of this. */
void mst_keeper_over(void *ctx, const struct mst_task *t)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_keeper *k = ctx;
	struct mst_notices_conf n = notices_of(k);
	int rc = 0;

	atomic_fetch_add(&k->ended, 1);
	if (t->state == MST_TASK_FAILED)
		atomic_fetch_add(&k->failed, 1);
	if (strcmp(t->kind, "run") == 0) {
		k->look_after = true;
		rc = mst_notices_job(&n, t->job, &err);
		k->notice_us = 0; /* whether somebody is to be told */
		if (rc == 0 && is_well(t))
			rc = mst_trends_want(k->state, t->job, t->run,
					     mst_now_us(), &err);
	} else {
		rc = mst_trends_take(k->state, t, mst_now_us(), &err);
	}
	if (rc < 0)
		mst_warn("behind task %lld: %s", (long long)t->id, err.msg);
}

/* ---- notices ------------------------------------------------------------- */

struct telling {
	int64_t now_us;
	bool wait;
};

/* One that goes on tells what is new, too. One that failed is not tried again
 * at once: of several actions the others would tell everything each time. */
static int take_telling(void *ctx, const struct mst_task *t)
{
	struct telling *l = ctx;

	l->wait = t->state == MST_TASK_QUEUED || t->state == MST_TASK_RUNNING ||
		  (t->exit_status != 0 && t->ended_us != MST_TIME_NONE &&
		   l->now_us - t->ended_us < TELL_AGAIN_US);
	return 0;
}

/* Mail and webhooks take their time: a worker tells. */
static int put_telling(struct mst_keeper *k, int64_t now_us,
		       struct mst_err *err)
{
	const struct mst_task_filter newest = {
	    .kind = "notify", .state = -1, .n = 1};
	const struct mst_task t = {.kind = "notify",
				   .job = "",
				   .connection = "",
				   .argv = "[\"notices\",\"--tell\"]",
				   .files = "",
				   .state = MST_TASK_QUEUED,
				   .repeat = true,
				   .asked_by = "service",
				   .asked_via = "schedule",
				   .approved_by = "",
				   .node = "",
				   .exit_status = -1,
				   .error = "",
				   .progress = ""};
	struct telling l = {now_us, false};
	int64_t id;

	if (mst_tasks(k->state, &newest, take_telling, &l, err) < 0)
		return -(int)err->code;
	return l.wait ? 0 : mst_task_put(k->state, &t, &id, err);
}

/* What the section service says; its texts live in arena. */
static int get_service(struct mst_keeper *k, struct mst_arena *arena,
		       struct mst_service_conf *service_r, struct mst_err *err)
{
	const struct mst_config config = {.state = k->state};

	mst_arena_init(arena, MST_MAX_ARENA);
	return mst_service_section(&config, arena, service_r, err);
}

/* Does anybody want to hear? */
static int is_heard(struct mst_keeper *k, bool *heard_r, struct mst_err *err)
{
	struct mst_service_conf service;
	struct mst_arena arena;
	int rc = get_service(k, &arena, &service, err);

	*heard_r = rc == 0 && service.notify.n > 0;
	mst_arena_fini(&arena);
	return rc;
}

int mst_keeper_notices(struct mst_keeper *k, int64_t now_us, bool slow,
		       struct mst_err *err)
{
	struct mst_notices_conf n = notices_of(k);
	struct mst_err why = MST_ERR_INIT;
	bool untold = false, heard = false;

	n.slow = slow;
	if (mst_notices_look(&n, now_us, &untold, err) < 0)
		return -(int)err->code;
	if (!untold)
		return 0;
	if (is_heard(k, &heard, &why) < 0) {
		mst_warn("nobody can be told of notices: %s", why.msg);
		return 0;
	}
	return heard ? put_telling(k, now_us, err) : 0;
}

int mst_keeper_trim(struct mst_keeper *k, int64_t now_us, struct mst_err *err)
{
	struct mst_service_conf service;
	struct mst_arena arena;
	int rc = get_service(k, &arena, &service, err);

	if (rc == 0)
		rc = mst_task_trim(k->state, now_us, OUTPUT_DAYS,
				   (int)service.retention.tasks_days, err);
	if (rc == 0)
		rc = mst_state_runs_trim(
		    k->state, now_us - service.retention.runs_days * DAY_US,
		    err);
	if (rc == 0)
		rc = mst_approvals_expire(k->state, err);
	mst_arena_fini(&arena);
	return rc;
}
