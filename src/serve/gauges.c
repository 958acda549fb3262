/* SPDX-License-Identifier: Apache-2.0
 *
 * Gauges out of the state store.
 */
#include "serve/gauges.h"

#include <string.h>

#include "base/limits.h"
#include "base/time.h"
#include "sync/job_schedule.h"

struct writing {
	struct mst_state *state;
	int64_t now_us;
	struct mst_buf *out;
	struct mst_err *err;
	size_t n;
	int rc;
	struct mst_run last;
	bool has_last;
};

static void head(struct mst_buf *out, const char *name, const char *help)
{
	(void)mst_buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help,
			   name);
}

/* A label's value: backslash, quote and line end are escaped. */
static void label(struct mst_buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			(void)mst_buf_addc(out, '\\');
		if (*text == '\n')
			(void)mst_buf_adds(out, "\\n");
		else
			(void)mst_buf_addc(out, *text);
	}
}

static void line(struct mst_buf *out, const char *name, const char *key,
		 const char *value, double v)
{
	(void)mst_buf_addf(out, "%s{%s=\"", name, key);
	label(out, value);
	(void)mst_buf_addf(out, "\"} %.15g\n", v);
}

/* ---- jobs ---------------------------------------------------------------- */

static int take_run(void *ctx, const struct mst_run *r)
{
	struct writing *w = ctx;

	w->last = *r;
	w->has_last = true;
	return 0;
}

static void read_last(struct writing *w, const char *job, int status)
{
	const struct mst_run_filter f = {.job = job, .status = status, .n = 1};

	w->has_last = false;
	if (w->rc == 0)
		w->rc = mst_state_runs(w->state, &f, take_run, w, w->err);
}

static void last_run(void *ctx, const struct mst_agenda_job *j)
{
	struct writing *w = ctx;

	if (++w->n > MST_GAUGE_JOBS)
		return;
	read_last(w, j->name, -1);
	if (!w->has_last)
		return;
	line(w->out, "muster_job_last_run_start_timestamp_seconds", "job",
	     j->name, (double)w->last.started_us / 1e6);
}

static void last_ok(void *ctx, const struct mst_agenda_job *j)
{
	struct writing *w = ctx;

	if (++w->n > MST_GAUGE_JOBS)
		return;
	read_last(w, j->name, MST_RUN_OK);
	if (!w->has_last)
		return;
	line(w->out, "muster_job_last_ok_timestamp_seconds", "job", j->name,
	     (double)w->last.ended_us / 1e6);
}

static void next_run(void *ctx, const struct mst_agenda_job *j)
{
	struct writing *w = ctx;

	if (++w->n > MST_GAUGE_JOBS || j->due_us == MST_TIME_NONE || j->paused)
		return;
	line(w->out, "muster_job_next_run_timestamp_seconds", "job", j->name,
	     (double)j->due_us / 1e6);
}

static void paused(void *ctx, const struct mst_agenda_job *j)
{
	struct writing *w = ctx;

	if (++w->n <= MST_GAUGE_JOBS)
		line(w->out, "muster_job_paused", "job", j->name, j->paused);
}

static void jobs(struct writing *w, const struct mst_agenda *agenda)
{
	static const struct {
		const char *name, *help;
		void (*fn)(void *ctx, const struct mst_agenda_job *j);
	} all[] = {
	    {"muster_job_last_run_start_timestamp_seconds",
	     "When the last run of the job began.", last_run},
	    {"muster_job_last_ok_timestamp_seconds",
	     "When the last run that went well ended.", last_ok},
	    {"muster_job_next_run_timestamp_seconds",
	     "When the job is due next.", next_run},
	    {"muster_job_paused", "1: the job is paused.", paused},
	};

	for (size_t i = 0; i < MST_LEN(all); i++) {
		head(w->out, all[i].name, all[i].help);
		w->n = 0;
		mst_agenda_jobs(agenda, all[i].fn, w);
	}
}

/* ---- what there is of each kind ------------------------------------------ */

struct counts {
	const char *names[32];
	uint64_t n[32];
	size_t used;
	struct mst_arena *arena;
};

static void count(struct counts *c, const char *name)
{
	size_t i = 0;

	while (i < c->used && strcmp(c->names[i], name) != 0)
		i++;
	if (i == MST_LEN(c->names))
		return;
	if (i == c->used) {
		c->names[i] = mst_arena_strdup(c->arena, name);
		c->used++;
	}
	c->n[i]++;
}

static int take_task(void *ctx, const struct mst_task *t)
{
	count(ctx, mst_task_state_name(t->state));
	return 0;
}

static int take_notice(void *ctx, const struct mst_notice *v)
{
	count(ctx, v->kind);
	return 0;
}

static void write_counts(struct mst_buf *out, const char *name,
			 const char *help, const char *key,
			 const struct counts *c)
{
	head(out, name, help);
	for (size_t i = 0; i < c->used; i++)
		line(out, name, key, c->names[i], (double)c->n[i]);
}

static int take_node(void *ctx, const struct mst_node *n)
{
	line(ctx, "muster_node_up", "node", n->name, n->alive);
	return 0;
}

static int budgets(struct writing *w, struct mst_arena *arena)
{
	const struct mst_config config = {.state = w->state};
	const struct mst_conf_item **items;
	struct mst_err ignored = MST_ERR_INIT;
	size_t n;

	if (mst_config_items(&config, "connection", arena, &items, &n, w->err) <
	    0)
		return -(int)w->err->code;
	head(w->out, "muster_budget_used_requests",
	     "Requests of this hour's budget that are used.");
	for (size_t i = 0; i < n; i++) {
		struct mst_connection c;
		uint64_t used = 0;

		if (mst_connection_get(&config, items[i]->name, MST_ENV__MAX,
				       arena, &c, &ignored) < 0 ||
		    !mst_connection_budget(&c))
			continue;
		if (mst_budget_used(w->state, c.name, w->now_us, &used,
				    w->err) < 0)
			return -(int)w->err->code;
		line(w->out, "muster_budget_used_requests", "connection",
		     c.name, (double)used);
	}
	return 0;
}

static int others(struct writing *w, struct mst_arena *arena)
{
	const struct mst_task_filter live = {
	    .state = -1, .live = true, .n = 100000};
	struct counts tasks = {.arena = arena}, notices = {.arena = arena};

	if (mst_tasks(w->state, &live, take_task, &tasks, w->err) < 0 ||
	    mst_notices(w->state, false, 100000, take_notice, &notices,
			w->err) < 0)
		return -(int)w->err->code;
	write_counts(w->out, "muster_tasks",
		     "Tasks of all nodes that are not over.", "state", &tasks);
	write_counts(w->out, "muster_notices", "What needs a person.", "kind",
		     &notices);
	head(w->out, "muster_node_up", "0: the node has not been heard of.");
	if (mst_nodes(w->state, take_node, w->out, w->err) < 0)
		return -(int)w->err->code;
	return budgets(w, arena);
}

int mst_gauges_write(struct mst_state *state, const struct mst_agenda *agenda,
		     int64_t now_us, struct mst_buf *out, struct mst_err *err)
{
	struct writing w = {
	    .state = state, .now_us = now_us, .out = out, .err = err};
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	jobs(&w, agenda);
	rc = w.rc < 0 ? w.rc : others(&w, &arena);
	mst_arena_fini(&arena);
	return rc;
}
