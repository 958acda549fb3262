/* SPDX-License-Identifier: Apache-2.0
 *
 * The output of a task `plan` or `undo`, looked through once: where each change
 * stands and what a filter asks about it. The last ones that were looked at are
 * kept, for the next page. The text is `muster plan --json`, a head and then
 * "changes", or `muster undo --json`, a head and then "records".
 */
#include "api/plan_private.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"

#define KEPT	 2u
#define OUT_MOST MST_API_PLAN_MOST
#define NAMES	 MST_API_PLAN_NAMES

/* What stands between the head and the list. */
static const char marks[][16] = {
    [MST_API_PLAN] = ",\"changes\":[",
    [MST_API_UNDO] = ",\"records\":[",
};
static const char *const kinds[] = {
    [MST_API_PLAN] = "plan",
    [MST_API_UNDO] = "undo",
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mst_api_plan *kept[KEPT];

/* ---- looking through ----------------------------------------------------- */

static void plan_free(struct mst_api_plan *p)
{
	for (size_t i = 0; i < p->names; i++)
		free(p->name[i]);
	mst_buf_fini(&p->text);
	free(p->job);
	free(p->v);
	free(p);
}

static uint8_t name_of(struct mst_api_plan *p, struct mst_slice s)
{
	size_t i = 0;

	while (i < p->names && !mst_slice_is(s, p->name[i]))
		i++;
	if (i == p->names && i < NAMES)
		p->name[p->names++] = mst_strndup(s.p ? s.p : "", s.n);
	return (uint8_t)MST_MIN(i, NAMES - 1);
}

static void count(struct mst_api_plan *p, const struct mst_api_change_at *c)
{
	size_t i = 0;

	while (i < p->tallies &&
	       (p->tally[i].set != c->set || p->tally[i].action != c->action))
		i++;
	if (i == MST_LEN(p->tally))
		return;
	if (i == p->tallies)
		p->tally[p->tallies++] =
		    (struct mst_api_tally){.set = c->set, .action = c->action};
	p->tally[i].n++;
	p->tally[i].held += c->held;
}

static void add(struct mst_api_plan *p, size_t at, struct mst_slice text,
		struct mst_json v)
{
	struct mst_api_change_at c = {.at = (uint32_t)at,
				      .n = (uint32_t)text.n};

	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 256;
		p->v = mst_realloc(p->v, p->cap * sizeof(*p->v));
	}
	c.set = name_of(p, mst_json_str(mst_json_get(v, "record_set")));
	c.action = name_of(p, mst_json_str(mst_json_get(v, "action")));
	(void)mst_json_bool(mst_json_get(v, "held"), &c.held);
	count(p, &c);
	p->v[p->n++] = c;
}

static void read_head(struct mst_api_plan *p, struct mst_json_parser *parser)
{
	struct mst_buf head = MST_BUF_INIT(p->head_n + 2);
	struct mst_err err = MST_ERR_INIT;
	double seconds = 0;
	struct mst_json v;

	(void)mst_buf_add(&head, p->text.p, p->head_n);
	(void)mst_buf_addc(&head, '}');
	if (mst_json_parse(parser, mst_buf_slice(&head), &v, &err) == 0) {
		struct mst_slice job = mst_json_str(mst_json_get(v, "job"));

		bool yes = false;

		p->job = mst_strndup(job.p ? job.p : "", job.n);
		(void)mst_json_i64(mst_json_get(v, "run"), &p->run);
		(void)mst_json_i64(mst_json_get(v, "undone"), &p->undone);
		(void)mst_json_i64(mst_json_get(v, "to_undo"), &p->to_undo);
		(void)mst_json_i64(mst_json_get(v, "refused"), &p->refused);
		if (mst_json_bool(mst_json_get(v, "whole"), &yes))
			p->run_whole = yes;
		if (mst_json_bool(mst_json_get(v, "ended"), &yes))
			p->run_ended = yes;
		(void)mst_json_i64(mst_json_get(v, "requests"), &p->requests);
		(void)mst_json_dbl(mst_json_get(v, "estimated_seconds"),
				   &seconds);
		p->estimated_ms = (int64_t)(seconds * 1000);
		(void)mst_time_parse(mst_json_str(mst_json_get(v, "made")),
				     &p->made_us);
	}
	mst_buf_fini(&head);
}

static bool index_it(struct mst_api_plan *p)
{
	struct mst_json_parser *parser = mst_json_parser_new(OUT_MOST);
	const char *mark = p->text.p ? strstr(p->text.p, marks[p->kind]) : NULL;
	struct mst_err err = MST_ERR_INIT;
	struct mst_json v;
	size_t at;

	if (mark) {
		p->head_n = (size_t)(mark - p->text.p);
		read_head(p, parser);
		at = p->head_n + strlen(marks[p->kind]);
		while (at < p->text.n && p->text.p[at] == '{') {
			struct mst_slice rest =
			    mst_slice(p->text.p + at, p->text.n - at);

			rest.n = mst_json_span(rest);
			if (rest.n == 0 ||
			    mst_json_parse(parser, rest, &v, &err) < 0)
				break;
			add(p, at, rest, v);
			at += rest.n;
			at += at < p->text.n && p->text.p[at] == ',';
		}
		p->whole = at < p->text.n && p->text.p[at] == ']';
	}
	mst_json_parser_free(&parser);
	return mark && p->job;
}

/* ---- keeping ------------------------------------------------------------- */

static struct mst_api_plan *take_kept(const void *owner, int64_t task,
				      enum mst_api_plan_kind kind)
{
	struct mst_api_plan *p = NULL;

	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < KEPT; i++)
		if (kept[i] && kept[i]->task == task && kept[i]->kind == kind &&
		    kept[i]->owner == owner) {
			p = kept[i];
			p->users++;
			p->used_us = mst_mono_us();
		}
	(void)pthread_mutex_unlock(&lock);
	return p;
}

void mst_api_plan_put(struct mst_api_plan *p)
{
	bool gone;

	(void)pthread_mutex_lock(&lock);
	gone = --p->users == 0;
	(void)pthread_mutex_unlock(&lock);
	if (gone)
		plan_free(p);
}

/* In the place of the one that was not used for longest. */
static void keep(struct mst_api_plan *p)
{
	struct mst_api_plan *old = NULL;
	size_t at = 0;

	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < KEPT; i++) {
		if (!kept[i]) {
			at = i;
			break;
		}
		if (kept[i]->used_us < kept[at]->used_us)
			at = i;
	}
	old = kept[at];
	kept[at] = p;
	p->users = 2;
	p->used_us = mst_mono_us();
	(void)pthread_mutex_unlock(&lock);
	if (old)
		mst_api_plan_put(old);
}

void mst_api_plans_drop(const void *owner)
{
	for (size_t i = 0; i < KEPT; i++) {
		struct mst_api_plan *p;

		(void)pthread_mutex_lock(&lock);
		p = kept[i] && kept[i]->owner == owner ? kept[i] : NULL;
		if (p)
			kept[i] = NULL;
		(void)pthread_mutex_unlock(&lock);
		if (p)
			mst_api_plan_put(p);
	}
}

struct state_of {
	const char *kind; /* that it has to be of */
	bool fits, over;
};

static int look(void *ctx, const struct mst_task *t)
{
	struct state_of *s = ctx;

	s->fits = strcmp(t->kind, s->kind) == 0;
	s->over = t->state == MST_TASK_DONE;
	return 0;
}

int mst_api_plan_get(struct mst_http_req *r, int64_t task,
		     enum mst_api_plan_kind kind, struct mst_api_plan **p_r,
		     struct mst_err *err)
{
	struct mst_api_plan *p = take_kept(r->app, task, kind);
	struct state_of s = {.kind = kinds[kind]};
	int rc;

	if (p) {
		*p_r = p;
		return 0;
	}
	rc = mst_task(mst_api_state(r), task, look, &s, err);
	if (rc < 0)
		return rc;
	if (!s.fits || !s.over)
		return mst_err_set(err, MST_E_CONFLICT,
				   "task %" PRId64 " %s no %s", task,
				   s.fits ? "has made" : "is", kinds[kind]);
	p = mst_alloc(sizeof(*p));
	p->owner = r->app;
	p->task = task;
	p->kind = kind;
	mst_buf_init(&p->text, OUT_MOST);
	rc = mst_task_output(mst_api_state(r), task, false, &p->text, err);
	if (rc == 0 && !index_it(p))
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "task %" PRId64 " has made no %s, or it is "
				 "not kept any more",
				 task, kinds[kind]);
	if (rc < 0) {
		plan_free(p);
		return rc;
	}
	keep(p);
	*p_r = p;
	return 0;
}

int mst_api_plan_head(struct mst_http_req *r, int64_t task, const char *job,
		      struct mst_buf *out, struct mst_err *err)
{
	struct mst_api_plan *p;
	int rc = mst_api_plan_get(r, task, MST_API_PLAN, &p, err);

	if (rc < 0)
		return rc;
	if (strcmp(p->job, job) != 0) {
		rc = mst_err_set(err, MST_E_INVALID,
				 "task %" PRId64 " is a plan of job '%s', not "
				 "of '%s'",
				 task, p->job, job);
	} else {
		(void)mst_buf_add(out, p->text.p, p->head_n);
		(void)mst_buf_adds(out, marks[MST_API_PLAN]);
		(void)mst_buf_adds(out, "]}");
	}
	mst_api_plan_put(p);
	return rc;
}
