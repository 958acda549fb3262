/* SPDX-License-Identifier: Apache-2.0
 *
 * What a worker tells and prints.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "serve/dispatch_private.h"
#include "json/out.h"

static void time_text(int64_t us, char out[32])
{
	char iso[21];

	mst_time_iso(us, iso);
	(void)snprintf(out, 32, "%.19s.%03dZ", iso, (int)(us % 1000000 / 1000));
}

/* ---- events -------------------------------------------------------------- */

static void text_of(struct mst_json v, char *out, size_t n)
{
	(void)snprintf(out, n, "%.*s", MST_SLICE_ARG(mst_json_str(v)));
}

static int64_t number_of(struct mst_json v)
{
	int64_t n = 0;

	(void)mst_json_i64(v, &n);
	return n;
}

static void waits_json(struct mst_jout *j, struct mst_json e)
{
	int64_t ms = number_of(mst_json_get(e, "waits_ms"));
	char until[32];

	mst_jout_key(j, "waits");
	if (mst_json_type(mst_json_get(e, "waits")) == MST_JSON_STRING)
		mst_jout_slice(j, mst_json_str(mst_json_get(e, "waits")));
	else
		mst_jout_null(j);
	time_text(mst_now_us() + 1000 * ms, until);
	mst_jout_kstr(j, "waits_until", ms ? until : NULL);
}

/* As api.md has it, with what only who sees all of them knows: the rate.
 * steps NULL: without them. */
static void progress_json(struct mst_buf *out, const struct mst_step *now,
			  int64_t us, struct mst_json e,
			  const struct mst_steps *steps)
{
	double rate = us > 0 ? (double)now->done * 1e6 / (double)us : 0;
	struct mst_jout j;
	char at[32];

	time_text(mst_now_us(), at);
	mst_buf_reset(out);
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "stage", now->stage);
	mst_jout_kstr(&j, "what", now->what);
	mst_jout_ki64(&j, "done", now->done);
	mst_jout_ki64(&j, "total", now->total);
	mst_jout_kbool(&j, "bytes", now->bytes);
	mst_jout_ki64(&j, "requests", now->requests);
	mst_jout_kdbl(&j, "rate", rate);
	mst_jout_key(&j, "left_ms");
	if (rate > 0 && now->total >= now->done && now->total > 0)
		mst_jout_i64(&j, (int64_t)((double)(now->total - now->done) *
					   1e3 / rate));
	else
		mst_jout_null(&j);
	waits_json(&j, e);
	mst_jout_kstr(&j, "at", at);
	if (steps) {
		mst_jout_key(&j, "steps");
		mst_steps_json(steps, &j);
	}
	mst_jout_end_obj(&j);
}

/* Whoever watches gets the step alone, many times a second; the store has all
 * of them. */
static void on_progress(struct doing *w, struct mst_json e)
{
	struct mst_step now = {.done = number_of(mst_json_get(e, "done")),
			       .total = number_of(mst_json_get(e, "total")),
			       .requests =
				   number_of(mst_json_get(e, "requests"))};
	int64_t us;

	text_of(mst_json_get(e, "stage"), now.stage, sizeof(now.stage));
	text_of(mst_json_get(e, "what"), now.what, sizeof(now.what));
	(void)mst_json_bool(mst_json_get(e, "bytes"), &now.bytes);
	(void)mst_json_bool(mst_json_get(e, "end"), &now.end);
	us = mst_steps_take(&w->steps, &now, mst_mono_us());
	progress_json(&w->progress, &now, us, e, &w->steps);
	progress_json(&w->d->text, &now, us, e, NULL);
	mst_told_event(&w->d->conf.told, w->topic, "progress",
		       mst_buf_slice(&w->d->text));
}

static void on_run(struct doing *w, struct mst_json e)
{
	struct mst_buf *out = &w->d->text;
	struct mst_jout j;

	w->run = number_of(mst_json_get(e, "id"));
	mst_buf_reset(out);
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_ki64(&j, "id", w->run);
	mst_jout_ki64(&j, "task", w->id);
	mst_jout_kstr(&j, "job", w->job);
	mst_jout_end_obj(&j);
	mst_told_event(&w->d->conf.told, w->topic, "run", mst_buf_slice(out));
	mst_told_event(&w->d->conf.told, "all", "run", mst_buf_slice(out));
}

static void on_error(struct doing *w, struct mst_json e)
{
	struct mst_slice text = mst_json_str(mst_json_get(e, "text"));

	free(w->error);
	w->error = mst_strndup(text.p ? text.p : "", MST_MIN(text.n, 2000));
}

static void event(void *ctx, struct mst_slice line)
{
	struct doing *w = ctx;
	struct mst_err err = MST_ERR_INIT;
	struct mst_json e, name;

	if (mst_json_parse(w->d->parser, line, &e, &err) < 0) {
		mst_debug("task %lld: an event that is none: %s",
			  (long long)w->id, err.msg);
		return;
	}
	name = mst_json_get(e, "event");
	if (mst_json_is_str(name, "progress"))
		on_progress(w, e);
	else if (mst_json_is_str(name, "run"))
		on_run(w, e);
	else if (mst_json_is_str(name, "error"))
		on_error(w, e);
	else if (mst_json_is_str(name, "lost"))
		w->lost = true;
	if (mst_json_is_str(name, "check") || mst_json_is_str(name, "error"))
		mst_told_event(
		    &w->d->conf.told, w->topic,
		    mst_json_is_str(name, "check") ? "check" : "error", line);
}

/* ---- what it prints ------------------------------------------------------ */

static void keep_output(struct doing *w, struct mst_slice s)
{
	if (w->out_n + s.n > MST_TASK_OUTPUT) {
		w->cut = true;
		s.n = (size_t)(MST_TASK_OUTPUT - w->out_n);
	}
	while (s.n) {
		ssize_t n = write(w->out_fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) { /* the disk is full */
			w->cut = true;
			return;
		}
		w->out_n += (uint64_t)n;
		s = mst_slice(s.p + n, s.n - (size_t)n);
	}
}

/* The end of the log is what counts. */
static void keep_log(struct doing *w, struct mst_slice s)
{
	if (s.n > MST_TASK_LOG)
		s = mst_slice(s.p + s.n - MST_TASK_LOG, MST_TASK_LOG);
	if (w->log.n + s.n > w->log.max) {
		size_t more = w->log.n + s.n - MST_TASK_LOG;

		memmove(w->log.p, w->log.p + more, w->log.n - more);
		w->log.n -= more;
	}
	(void)mst_buf_add(&w->log, s.p, s.n);
}

/* Its lines are lines of the daemon's log, too: each names its task. */
static void echo(struct doing *w, struct mst_slice s)
{
	const char *last;
	size_t n;

	if (!w->d->conf.echo_log || !mst_buf_add_slice(&w->echo, s)) {
		mst_buf_reset(&w->echo);
		return;
	}
	last = memrchr(w->echo.p, '\n', w->echo.n);
	if (!last)
		return;
	n = (size_t)(last - w->echo.p) + 1;
	if (write(STDERR_FILENO, w->echo.p, n) < 0)
		mst_debug("the log of task %lld: %m", (long long)w->id);
	memmove(w->echo.p, w->echo.p + n, w->echo.n - n);
	w->echo.n -= n;
}

/* How many bytes at the end are the beginning of a character. */
static size_t cut_tail(struct mst_slice s)
{
	for (size_t k = 1; k <= 3 && k <= s.n; k++) {
		unsigned char c = (unsigned char)s.p[s.n - k];

		if ((c & 0xc0) == 0x80)
			continue;
		return (c >= 0xf0 && k < 4) ||
			       (c >= 0xe0 && c < 0xf0 && k < 3) ||
			       (c >= 0xc0 && c < 0xe0 && k < 2)
			   ? k
			   : 0;
	}
	return 0;
}

/* As an event: texts, so no character is cut in two. */
static void show(struct doing *w, bool log, struct mst_slice s)
{
	struct mst_buf *out = &w->d->text, all = MST_BUF_INIT(1u << 20);
	size_t tail;
	struct mst_jout j;

	(void)mst_buf_add(&all, w->tail[log], w->tail_n[log]);
	(void)mst_buf_add_slice(&all, s);
	tail = cut_tail(mst_buf_slice(&all));
	memcpy(w->tail[log], all.p + all.n - tail, tail);
	w->tail_n[log] = tail;
	mst_buf_reset(out);
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kslice(&j, "text", mst_slice(all.p, all.n - tail));
	mst_jout_end_obj(&j);
	if (all.n > tail && !out->overflow)
		mst_told_event(&w->d->conf.told, w->topic,
			       log ? "stderr" : "stdout", mst_buf_slice(out));
	mst_buf_fini(&all);
}

static void printed(void *ctx, bool log, struct mst_slice s)
{
	struct doing *w = ctx;

	if (log) {
		keep_log(w, s);
		echo(w, s);
	} else {
		keep_output(w, s);
	}
	/* What other kinds print is JSON, read when it is whole. */
	if (log || strcmp(w->kind, "command") == 0)
		show(w, log, s);
}

/* ---- its state ----------------------------------------------------------- */

void mst_doing_tell(struct doing *w, enum mst_task_state state)
{
	struct mst_buf *out = &w->d->text;
	struct mst_jout j;

	mst_buf_reset(out);
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_ki64(&j, "id", w->id);
	mst_jout_kstr(&j, "kind", w->kind);
	mst_jout_kstr(&j, "job", *w->job ? w->job : NULL);
	mst_jout_kstr(&j, "state", mst_task_state_name(state));
	mst_jout_end_obj(&j);
	mst_told_event(&w->d->conf.told, "all", "task", mst_buf_slice(out));
	mst_told_event(&w->d->conf.told, w->topic, "task", mst_buf_slice(out));
}

static void ended(void *ctx, int status, int sig)
{
	struct doing *w = ctx;

	w->worker = NULL;
	w->status = status;
	w->sig = sig;
	w->d->ended = true;
}

const struct mst_worker_ops mst_doing_ops = {event, printed, ended};
