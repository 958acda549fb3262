/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of a task when its worker has ended.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "serve/dispatch_private.h"
#include "json/out.h"

/* Of muster(1). */
#define EXIT_CANCELLED 130

#define LOST_US (2 * INT64_C(1000000))

void mst_doing_free(struct doing *w)
{
	mst_words_fini(&w->words);
	mst_buf_fini(&w->log);
	mst_buf_fini(&w->progress);
	mst_buf_fini(&w->echo);
	if (w->out_fd >= 0)
		close(w->out_fd);
	free(w->kind);
	free(w->job);
	free(w->argv);
	free(w->files);
	free(w->asked_by);
	free(w->asked_via);
	free(w->error);
	free(w);
}

static bool was_stopped(const struct doing *w)
{
	return w->status == EXIT_CANCELLED || w->sig;
}

/* Something else works on the job, or on RecVer of its source, and nothing was
 * begun. What never ends must not wait without end. */
static bool was_busy(const struct doing *w)
{
	return w->status == MST_EXIT_CONFLICT && !w->run && w->repeat &&
	       *w->job && w->why != DOING_CANCELLED &&
	       w->tries + 1 < MST_BUSY_TRIES;
}

/* When it is to be tried again; MST_TIME_NONE: it has ended. */
static int64_t again_us(const struct doing *w, int64_t now_us)
{
	const struct mst_agenda_job *j;
	bool window = w->why == DOING_WINDOW ||
		      (w->why == DOING_GOES_ON &&
		       w->until_us != MST_TIME_NONE && now_us >= w->until_us);

	if (was_busy(w))
		return now_us + (w->tries < MST_BUSY_SOON ? MST_BUSY_SOON_US
							  : MST_BUSY_US);
	if (w->lost && w->repeat && w->why != DOING_CANCELLED)
		return now_us + LOST_US;
	if (!was_stopped(w) || !w->repeat)
		return MST_TIME_NONE;
	if (w->why == DOING_DAEMON)
		return now_us;
	if (!window)
		return MST_TIME_NONE;
	j = mst_agenda_job(w->d->conf.agenda, w->job);
	return j ? mst_schedule_may(j->schedule, now_us) : now_us;
}

static void say_why(const struct doing *w, struct mst_task *t, char *out,
		    size_t out_n)
{
	t->state = MST_TASK_DONE;
	t->exit_status = w->status;
	t->error = w->error ? w->error : "";
	if (w->status < 0 && !w->sig)
		t->state = MST_TASK_FAILED; /* it never began */
	if (!was_stopped(w))
		return;
	t->exit_status = w->sig ? -1 : w->status;
	if (w->why == DOING_CANCELLED || (!w->sig && w->why == DOING_GOES_ON)) {
		t->state = MST_TASK_CANCELLED;
		return;
	}
	t->state = MST_TASK_FAILED;
	t->error = out;
	if (w->why == DOING_DAEMON)
		(void)snprintf(out, out_n,
			       "the service was stopped while it went on; look "
			       "at what it did before you ask for it again");
	else if (w->sig == SIGKILL)
		(void)snprintf(out, out_n,
			       "the worker was killed (signal 9), perhaps for "
			       "its memory: see the system's log");
	else
		(void)snprintf(out, out_n, "the worker ended by signal %d (%s)",
			       w->sig, strsignal(w->sig));
}

static void tell_exit(struct doing *w, const struct mst_task *t)
{
	struct mst_buf *out = &w->d->text;
	struct mst_jout j;

	mst_doing_tell(w, t->state);
	mst_buf_reset(out);
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "state", mst_task_state_name(t->state));
	mst_jout_key(&j, "status");
	if (t->exit_status >= 0)
		mst_jout_i64(&j, t->exit_status);
	else
		mst_jout_null(&j);
	mst_jout_kstr(&j, "error", *t->error ? t->error : NULL);
	mst_jout_end_obj(&j);
	mst_told_event(&w->d->conf.told, w->topic, "exit", mst_buf_slice(out));
	mst_told_end(&w->d->conf.told, w->topic);
}

static int put_end(struct doing *w, const struct mst_task *t,
		   struct mst_err *err)
{
	struct mst_slice out = {NULL, 0}, log = mst_buf_slice(&w->log);
	void *p = MAP_FAILED;
	int rc;

	if (log.n > MST_TASK_LOG)
		log = mst_slice(log.p + log.n - MST_TASK_LOG, MST_TASK_LOG);
	if (w->out_n) {
		p = mmap(NULL, (size_t)w->out_n, PROT_READ, MAP_PRIVATE,
			 w->out_fd, 0);
		if (p == MAP_FAILED)
			return mst_err_os(err, "output of task %lld",
					  (long long)w->id);
		out = mst_slice(p, (size_t)w->out_n);
	}
	rc = mst_task_end(w->d->conf.state, t, out, log, err);
	if (p != MAP_FAILED)
		(void)munmap(p, (size_t)w->out_n);
	return rc;
}

static int end(struct doing *w, struct mst_err *err)
{
	struct mst_task t = {.id = w->id,
			     .kind = w->kind,
			     .job = w->job,
			     .connection = "",
			     .argv = w->argv,
			     .files = "",
			     .repeat = w->repeat,
			     .asked_by = w->asked_by,
			     .asked_via = w->asked_via,
			     .approved_by = "",
			     .node = w->d->conf.node,
			     .run = w->run,
			     .progress = w->progress.n ? w->progress.p : "",
			     .output_n = w->out_n,
			     .ended_us = mst_now_us()};
	char text[256];
	bool cancel;
	int rc;

	say_why(w, &t, text, sizeof(text));
	if (w->cut && !*t.error)
		t.error = "the end of what it printed is missing: it was more "
			  "than is kept, or the disk is full";
	/* What it told last may not be noted yet. */
	rc = mst_task_tell(w->d->conf.state, w->id, t.node, w->run,
			   w->progress.n ? w->progress.p : NULL, &cancel, err);
	if (rc == 0)
		rc = put_end(w, &t, err);
	if (rc == 0)
		tell_exit(w, &t);
	if (rc == 0 && w->d->conf.over)
		w->d->conf.over(w->d->conf.over_ctx, &t);
	return rc;
}

static int defer(struct doing *w, int64_t again_us, struct mst_err *err)
{
	int rc;

	mst_buf_reset(&w->progress);
	if (was_busy(w))
		mst_busy_json(&w->progress, w->job, w->tries + 1,
			      w->error ? w->error : "its job, which is busy",
			      again_us);
	rc = mst_task_defer(w->d->conf.state, w->id, w->d->conf.node, again_us,
			    w->progress.n ? w->progress.p : "", err);
	if (rc == 0)
		mst_doing_tell(w, MST_TASK_QUEUED);
	return rc;
}

int mst_doing_finish(struct doing *w, int64_t now_us, struct mst_err *err)
{
	int64_t again = again_us(w, now_us);
	int rc = again == MST_TIME_NONE ? end(w, err) : defer(w, again, err);

	if (rc == -MST_E_CONFLICT || rc == -MST_E_NOTFOUND) {
		mst_warn("task %lld is another node's by now: what this one "
			 "did of it is not noted",
			 (long long)w->id);
		mst_told_end(&w->d->conf.told, w->topic);
		return 0;
	}
	return rc;
}
