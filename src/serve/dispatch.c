/* SPDX-License-Identifier: Apache-2.0
 *
 * Tasks that run here.
 */
#include "serve/dispatch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "serve/dispatch_private.h"

#define ONCE_MORE_US (60 * INT64_C(1000000))
#define KILL_US	     (70 * INT64_C(1000000))
#define GIVE_UP_US   (30 * INT64_C(1000000))
#define STEP_ASIDE   3 /* seconds at most */

struct mst_dispatch *mst_dispatch_new(const struct mst_dispatch_conf *conf)
{
	struct mst_dispatch *d = mst_alloc(sizeof(*d));

	d->conf = *conf;
	d->parser = mst_json_parser_new(2 * MST_WORKER_LINE);
	mst_buf_init(&d->text, 1u << 20);
	return d;
}

void mst_dispatch_free(struct mst_dispatch **d)
{
	struct doing *w;

	if (!*d)
		return;
	while ((w = (*d)->doing)) {
		(*d)->doing = w->next;
		mst_doing_free(w);
	}
	mst_json_parser_free(&(*d)->parser);
	mst_buf_fini(&(*d)->text);
	free(*d);
	*d = NULL;
}

size_t mst_dispatch_running(const struct mst_dispatch *d)
{
	return d->running;
}

bool mst_dispatch_ended(struct mst_dispatch *d)
{
	bool was = d->ended;

	d->ended = false;
	return was;
}

/* ---- starting ------------------------------------------------------------ */

/* A file that is nobody's but this process's. */
static int output_file(const char *dir, struct mst_err *err)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0) {
		char *path = mst_asprintf("%s/output-XXXXXX", dir);

		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			(void)unlink(path);
		free(path);
	}
	return fd < 0 ? mst_err_os(err,
				   "no file for the output of a task in "
				   "'%s'",
				   dir)
		      : fd;
}

struct claiming {
	struct fitting *f;
	struct doing *w;
};

static bool fits(void *ctx, const struct mst_task *t)
{
	const struct claiming *c = ctx;

	if (!mst_fitting_fits(c->f, t))
		return false;
	/* Who takes it takes its progress away. */
	c->w->tries = mst_busy_tries(c->w->d->parser, t->progress, NULL);
	return true;
}

static int copy_task(void *ctx, const struct mst_task *t)
{
	struct doing *w = ((struct claiming *)ctx)->w;

	w->id = t->id;
	w->kind = mst_strdup(t->kind);
	w->job = mst_strdup(t->job);
	w->argv = mst_strdup(t->argv);
	w->files = mst_strdup(t->files);
	w->asked_by = mst_strdup(t->asked_by);
	w->asked_via = mst_strdup(t->asked_via);
	w->repeat = t->repeat;
	(void)snprintf(w->topic, sizeof(w->topic), "task/%lld",
		       (long long)t->id);
	return 0;
}

static int start(struct doing *w, struct mst_err *err)
{
	const struct mst_dispatch_conf *c = &w->d->conf;
	const char *dir = mst_state_dir(c->state);
	char *below = mst_asprintf("%s/tasks", dir);
	struct mst_worker_conf conf = {
	    .program = c->program, .ops = &mst_doing_ops, .ctx = w};
	const char *env[8] = {"MUSTER_WORKER=3"};
	int rc;

	rc = mst_words_read(w->argv, w->files, below,
			    strcmp(w->kind, "command") != 0, &w->words, err);
	free(below);
	if (rc < 0)
		return rc;
	w->out_fd = output_file(dir, err);
	if (w->out_fd < 0)
		return w->out_fd;
	env[1] = mst_arena_printf(&w->words.arena, "MUSTER_STATE=%s", dir);
	env[2] = mst_arena_printf(&w->words.arena, "MUSTER_TASK=%lld",
				  (long long)w->id);
	env[3] =
	    mst_arena_printf(&w->words.arena, "MUSTER_ACTOR=%s", w->asked_by);
	env[4] = mst_arena_printf(&w->words.arena, "MUSTER_ACTOR_VIA=%s",
				  w->asked_via);
	env[5] = mst_arena_printf(&w->words.arena, "MUSTER_NODE=%s", c->node);
	conf.argv = w->words.argv;
	conf.env = env;
	return mst_worker_start(c->loop, &conf, &w->worker, err);
}

static void begin(struct doing *w, int64_t now_us)
{
	struct mst_dispatch *d = w->d;
	const struct mst_agenda_job *j =
	    *w->job ? mst_agenda_job(d->conf.agenda, w->job) : NULL;
	struct mst_err err = MST_ERR_INIT;

	w->until_us = j && !j->problem && strcmp(w->kind, "run") == 0
			  ? mst_schedule_until(j->schedule, now_us)
			  : MST_TIME_NONE;
	w->next = d->doing;
	d->doing = w;
	d->running++;
	if (start(w, &err) < 0) {
		mst_error("task %lld (%s): %s", (long long)w->id, w->kind,
			  err.msg);
		w->error = mst_strdup(err.msg);
		w->status = -1;
		w->sig = 0;
		d->ended = true;
		return;
	}
	mst_doing_tell(w, MST_TASK_RUNNING);
	mst_debug("task %lld: %s %s, process %lld", (long long)w->id, w->kind,
		  w->job, (long long)mst_worker_pid(w->worker));
}

static struct doing *doing_new(struct mst_dispatch *d)
{
	struct doing *w = mst_alloc(sizeof(*w));

	w->d = d;
	w->out_fd = -1;
	mst_buf_init(&w->log, 2u * MST_TASK_LOG);
	mst_buf_init(&w->progress, 64u << 10);
	mst_buf_init(&w->echo, 2u * MST_TASK_LOG);
	return w;
}

/* Another node may have begun one at the same moment, each before it could see
 * the other's. Who sees too many steps aside. */
static int step_aside(struct doing *w, int64_t now_us, bool *aside_r,
		      struct mst_err *err)
{
	struct fitting f;
	int rc = mst_fitting_begin(&f, w->d, now_us, err);

	*aside_r = rc == 0 && !mst_fitting_held(&f, w);
	mst_fitting_end(&f);
	if (!*aside_r)
		return rc;
	/* Nodes that step aside together do not come back together. */
	return mst_task_defer(
	    w->d->conf.state, w->id, w->d->conf.node,
	    now_us + 1 +
		(int64_t)(mst_hash64(w->d->conf.node, strlen(w->d->conf.node),
				     (uint64_t)now_us) %
			  (STEP_ASIDE * UINT64_C(1000000))),
	    "", err);
}

static int claim_one(struct mst_dispatch *d, struct fitting *f, bool shared,
		     bool *got_r, struct mst_err *err)
{
	struct doing *w = doing_new(d);
	struct claiming c = {f, w};
	struct mst_task t;
	bool aside = false;
	int rc;

	f->waits_n = 0;
	rc = mst_task_claim(d->conf.state, d->conf.node, f->now_us, fits,
			    copy_task, &c, got_r, err);
	if (rc == 0 && *got_r && shared && *w->job)
		rc = step_aside(w, f->now_us, &aside, err);
	if (rc < 0 || !*got_r || aside) {
		mst_doing_free(w);
		return rc;
	}
	t = (struct mst_task){.id = w->id, .job = w->job, .kind = w->kind};
	mst_fitting_add(f, &t);
	begin(w, f->now_us);
	return 0;
}

int mst_dispatch_claim(struct mst_dispatch *d, int64_t now_us, bool shared,
		       struct mst_err *err)
{
	struct fitting f;
	bool got = true;
	int rc;

	if (d->stopping || d->running >= d->conf.slots)
		return 0;
	rc = mst_fitting_begin(&f, d, now_us, err);
	while (rc == 0 && got && d->running < d->conf.slots)
		rc = claim_one(d, &f, shared, &got, err);
	if (rc == 0)
		rc = mst_fitting_tell(&f, err);
	mst_fitting_end(&f);
	return rc;
}

/* ---- while they run ------------------------------------------------------ */

static void stop(struct doing *w, enum doing_why why)
{
	if (w->why == DOING_GOES_ON || why == DOING_CANCELLED)
		w->why = why;
	if (w->stops++ == 0)
		w->stop_us = mst_mono_us();
	mst_worker_stop(w->worker);
}

static void hurry(struct doing *w)
{
	int64_t since = mst_mono_us() - w->stop_us;

	if (w->stops == 1 && since > ONCE_MORE_US) {
		mst_warn("task %lld does not stop: it is told once more",
			 (long long)w->id);
		stop(w, w->why);
	} else if (w->stops > 1 && since > KILL_US) {
		mst_worker_kill(w->worker);
	}
}

static int tend_one(struct doing *w, int64_t now_us, struct mst_err *err)
{
	bool cancel = false;
	int rc;

	rc = mst_task_tell(w->d->conf.state, w->id, w->d->conf.node, w->run,
			   w->progress.n ? w->progress.p : NULL, &cancel, err);
	if (rc == -MST_E_CONFLICT || rc == -MST_E_NOTFOUND) {
		/* This node stood still, and another one took the task. */
		mst_warn("task %lld is another node's by now: its worker here "
			 "is ended",
			 (long long)w->id);
		mst_worker_kill(w->worker);
		return 0;
	}
	if (rc < 0)
		return rc;
	if (cancel && w->why != DOING_CANCELLED)
		stop(w, DOING_CANCELLED);
	else if (w->until_us != MST_TIME_NONE && now_us >= w->until_us &&
		 w->stops == 0)
		stop(w, DOING_WINDOW);
	return 0;
}

/* A state store that is away does not keep the daemon from ending: what became
 * of the task is then for others to find out, who take it for gone. */
static bool is_given_up(const struct mst_dispatch *d)
{
	return d->stopping && mst_mono_us() - d->stop_us > GIVE_UP_US;
}

int mst_dispatch_tend(struct mst_dispatch *d, int64_t now_us,
		      struct mst_err *err)
{
	struct doing **link = &d->doing;
	struct mst_err one = MST_ERR_INIT;
	int rc = 0;

	while (*link) {
		struct doing *w = *link;
		int done = w->worker ? tend_one(w, now_us, &one)
				     : mst_doing_finish(w, now_us, &one);

		if (w->worker && w->stops)
			hurry(w);
		if (done < 0 && rc == 0) {
			*err = one;
			rc = done;
		}
		if (w->worker || (done < 0 && !is_given_up(d))) {
			link = &w->next;
			continue;
		}
		*link = w->next;
		d->running--;
		mst_doing_free(w);
	}
	return rc;
}

void mst_dispatch_stop(struct mst_dispatch *d)
{
	if (!d->stopping)
		d->stop_us = mst_mono_us();
	d->stopping = true;
	for (struct doing *w = d->doing; w; w = w->next) {
		if (w->worker)
			stop(w, DOING_DAEMON);
	}
}
