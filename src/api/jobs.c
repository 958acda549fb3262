/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs: what is configured, when it runs next, how it went. Putting and
 * removing them is jobs_write.c, starting them job_tasks.c.
 */
#include "api/job.h"

#include <stdio.h>

#include "api/configure.h"
#include "api/run.h"
#include "api/tables.h"
#include "api/task.h"
#include "base/limits.h"
#include "base/time.h"
#include "sync/job_schedule.h"

#define LATE_US (15 * 60 * 1000000LL) /* nobody started it for so long */

/* ---- rows of the scheduler ----------------------------------------------- */

static int take_plan(void *ctx, const struct mst_job_plan *p)
{
	struct mst_api_jobs *all = ctx;
	struct mst_job_plan *mine = mst_arena_alloc(all->arena, sizeof(*mine));

	*mine = *p;
	mine->job = mst_arena_strdup(all->arena, p->job);
	mine->by = mst_arena_strdup(all->arena, p->by ? p->by : "");
	mine->why = mst_arena_strdup(all->arena, p->why ? p->why : "");
	(void)mst_map_put(&all->plans, mst_slice_str(mine->job), mine);
	return 0;
}

int mst_api_jobs_read(struct mst_http_req *r, struct mst_api_jobs *all,
		      struct mst_err *err)
{
	int rc;

	*all = (struct mst_api_jobs){.arena = &r->arena};
	rc = mst_api_names(r, "job", &all->names, &all->n, err);
	return rc < 0 ? rc
		      : mst_job_plans(mst_api_state(r), take_plan, all, err);
}

void mst_api_jobs_fini(struct mst_api_jobs *all)
{
	mst_map_fini(&all->plans);
}

/* ---- as an object -------------------------------------------------------- */

static void write_list(struct mst_jout *j, const char *key,
		       const struct mst_opt_list *l)
{
	mst_jout_key(j, key);
	mst_jout_arr(j);
	for (size_t i = 0; i < l->n; i++)
		mst_jout_str(j, l->v[i]);
	mst_jout_end_arr(j);
}

static void write_schedule(struct mst_jout *j, const char *name,
			   const struct mst_job_conf *c)
{
	struct mst_schedule_text t = mst_job_schedule_text(name, c);
	char text[512];

	mst_schedule_say(&t, text, sizeof(text));
	mst_jout_key(j, "schedule");
	mst_jout_obj(j);
	mst_api_text(j, "cron", t.cron);
	mst_jout_key(j, "every_ms");
	if (t.every_ms)
		mst_jout_i64(j, t.every_ms);
	else
		mst_jout_null(j);
	mst_api_text(j, "after", t.after);
	mst_api_text(j, "time_zone", t.time_zone);
	mst_jout_key(j, "windows");
	mst_jout_arr(j);
	for (size_t i = 0; i < t.windows_n; i++)
		mst_jout_str(j, t.windows[i]);
	mst_jout_end_arr(j);
	mst_jout_kstr(j, "text", text);
	mst_jout_end_obj(j);
}

static void write_pause(struct mst_jout *j, const struct mst_job_plan *p,
			bool configured)
{
	mst_jout_key(j, "paused");
	if (!p->paused && !configured) {
		mst_jout_null(j);
		return;
	}
	mst_jout_obj(j);
	mst_jout_kstr(j, "by", p->paused ? p->by : "configuration");
	mst_api_time(j, "at", p->paused ? p->paused_us : MST_TIME_NONE);
	mst_api_text(j, "why", p->paused ? p->why : "option schedule.paused");
	mst_jout_end_obj(j);
}

/* Options and environment alone: a list of many jobs wants no more, and their
 * rules are much to load. */
static int read_conf(struct mst_http_req *r, const char *name,
		     struct mst_arena *arena, struct mst_job_conf *conf,
		     enum mst_env *env_r, struct mst_err *err)
{
	const struct mst_config config = {.state = mst_api_state(r)};
	struct mst_connection source, dest;
	struct mst_api_stored stored;
	int rc = mst_api_stored(config.state, "job", name, arena, &stored, err);

	if (rc == 0 && !stored.item)
		rc = mst_err_set(err, MST_E_NOTFOUND, "there is no job '%s'",
				 name);
	if (rc == 0)
		rc =
		    mst_conf_apply(stored.item, mst_job_opts, conf, arena, err);
	if (rc == 0)
		rc = mst_job_ends(&config, name, conf, arena, &source, &dest,
				  err);
	if (rc < 0)
		return rc;
	*env_r = dest.env;
	return 0;
}

/* What the configuration says; false: it cannot be loaded, and why. */
static bool write_conf(struct mst_http_req *r, struct mst_jout *j,
		       const char *name, const struct mst_job_plan *p,
		       struct mst_api_job_state *s, struct mst_err *why)
{
	struct mst_job_conf conf = {0};
	enum mst_env env = MST_ENV__MAX;
	struct mst_arena arena;
	bool ok;

	mst_arena_init(&arena, MST_MAX_ARENA);
	ok = read_conf(r, name, &arena, &conf, &env, why) == 0;
	mst_jout_kstr(j, "name", name);
	mst_api_text(j, "source", conf.source);
	mst_api_text(j, "destination", conf.destination);
	mst_jout_kstr(j, "environment", ok ? mst_env_name(env) : NULL);
	write_list(j, "record_sets", &conf.record_sets);
	write_list(j, "relationships", &conf.relationships);
	write_schedule(j, name, &conf);
	write_pause(j, p, conf.schedule.paused);
	s->paused = p->paused || conf.schedule.paused;
	s->scheduled = p->next_us != MST_TIME_NONE;
	mst_arena_fini(&arena);
	return ok;
}

static bool loads(struct mst_http_req *r, const char *name, struct mst_err *why)
{
	struct mst_job job = {0};
	bool ok = mst_job_load(mst_api_state(r), name, &job, why) == 0;

	if (ok)
		mst_job_fini(&job);
	return ok;
}

struct live_task {
	struct mst_jout *j;
	bool some;
};

static int write_task(void *ctx, const struct mst_task *t)
{
	struct live_task *l = ctx;

	l->some = true;
	mst_api_task_json(l->j, t);
	return 0;
}

static int write_live(struct mst_http_req *r, struct mst_jout *j,
		      const char *name, bool *some_r, struct mst_err *err)
{
	const struct mst_task_filter f = {
	    .job = name, .state = -1, .live = true, .n = 1};
	struct live_task l = {.j = j};
	int rc;

	mst_jout_key(j, "task");
	rc = mst_tasks(mst_api_state(r), &f, write_task, &l, err);
	if (rc == 0 && !l.some)
		mst_jout_null(j);
	*some_r = l.some;
	return rc;
}

struct last_runs {
	struct mst_jout *j;
	enum mst_run_status status;
	int64_t complete_us;
	char error[256];
	bool some;
};

static int take_last(void *ctx, const struct mst_run *run)
{
	struct last_runs *l = ctx;

	l->some = true;
	l->status = run->status;
	(void)snprintf(l->error, sizeof(l->error), "%s", run->error);
	mst_jout_obj(l->j);
	mst_api_run_members(l->j, run);
	mst_jout_end_obj(l->j);
	return 0;
}

static int take_whole(void *ctx, const struct mst_run *run)
{
	struct last_runs *l = ctx;

	if (l->complete_us == MST_TIME_NONE || run->ended_us > l->complete_us)
		l->complete_us = run->ended_us;
	return 0;
}

/* The newest one is written, or null. */
static int look_runs(struct mst_state *s, const char *job, struct last_runs *l,
		     struct mst_err *err)
{
	struct mst_run_filter f = {.job = job, .status = -1, .n = 1};
	int rc = mst_state_runs(s, &f, take_last, l, err);

	if (!l->some)
		mst_jout_null(l->j);
	f.status = MST_RUN_OK;
	if (rc == 0)
		rc = mst_state_runs(s, &f, take_whole, l, err);
	f.status = MST_RUN_PARTIAL;
	if (rc == 0)
		rc = mst_state_runs(s, &f, take_whole, l, err);
	return rc;
}

/* Why it is not in step, for people; NULL: it is. */
static const char *problem_of(struct mst_http_req *r, const char *load,
			      const struct last_runs *l,
			      const struct mst_job_plan *p, bool waits)
{
	struct mst_arena *a = &r->arena;

	if (load)
		return load;
	if (l->some && l->status == MST_RUN_GUARD)
		return "the guard holds something back until somebody "
		       "approves it";
	if (l->some &&
	    (l->status == MST_RUN_FAILED || l->status == MST_RUN_DEAD))
		return mst_arena_printf(a, "the last run %s%s%s",
					l->status == MST_RUN_DEAD
					    ? "died with its process"
					    : "failed",
					*l->error ? ": " : "", l->error);
	if (p->next_us != MST_TIME_NONE && !p->paused && !waits &&
	    p->next_us + LATE_US < mst_now_us())
		return "it is overdue: nothing has started it";
	return NULL;
}

int mst_api_job_members(struct mst_http_req *r, const struct mst_api_jobs *all,
			struct mst_jout *j, const char *name,
			struct mst_api_job_state *s_r, struct mst_err *err)
{
	static const struct mst_job_plan none = {
	    .next_us = MST_TIME_NONE, .by = "", .why = ""};
	const struct mst_job_plan *p =
	    mst_map_get(&all->plans, mst_slice_str(name));
	struct mst_state *state = mst_api_state(r);
	struct last_runs l = {.j = j, .complete_us = MST_TIME_NONE};
	struct mst_err why = MST_ERR_INIT;
	const char *problem, *load = NULL;
	bool waits = false;
	int rc;

	p = p ? p : &none;
	*s_r = (struct mst_api_job_state){0};
	if (!write_conf(r, j, name, p, s_r, &why) ||
	    (all->whole && !loads(r, name, &why)))
		load = mst_arena_strdup(&r->arena, why.msg);
	mst_api_time(j, "next_at", s_r->paused ? MST_TIME_NONE : p->next_us);
	mst_jout_key(j, "last_run");
	rc = look_runs(state, name, &l, err);
	if (rc == 0)
		rc = write_live(r, j, name, &waits, err);
	problem = problem_of(r, load, &l, p, waits);
	mst_jout_kstr(j, "problem", problem);
	s_r->problem = problem != NULL;
	s_r->complete_us = l.complete_us;
	return rc;
}

/* ---- handlers ------------------------------------------------------------ */

static int list_jobs(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	struct mst_api_job_state s;
	struct mst_api_jobs all;
	struct mst_jout j;
	int rc = mst_api_jobs_read(r, &all, err);

	mst_jout_init(&j, &resp->body);
	mst_api_all_begin(&j);
	for (size_t i = 0; i < all.n && rc == 0; i++) {
		mst_jout_obj(&j);
		rc = mst_api_job_members(r, &all, &j, all.names[i], &s, err);
		mst_jout_end_obj(&j);
	}
	mst_api_all_end(&j);
	mst_api_jobs_fini(&all);
	return rc;
}

/* What is configured, and the tag that a change of it must fit. */
static int write_values(struct mst_http_req *r, struct mst_http_resp *resp,
			struct mst_jout *j, const char *name,
			struct mst_err *err)
{
	struct mst_api_stored stored;
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	rc =
	    mst_api_stored(mst_api_state(r), "job", name, &arena, &stored, err);
	if (rc == 0 && stored.item) {
		mst_jout_key(j, "values");
		mst_api_values_json(j, stored.item, mst_job_opts);
		mst_api_tag(r, resp, stored.text);
	}
	mst_arena_fini(&arena);
	return rc;
}

static int get_job(struct mst_http_req *r, struct mst_http_resp *resp,
		   struct mst_err *err)
{
	const char *name = mst_http_param(r, "name");
	struct mst_buf yaml = MST_BUF_INIT(MST_MAX_CONF);
	struct mst_api_job_state s;
	struct mst_api_jobs all;
	struct mst_jout j;
	/* Names the nearest when there is none. */
	int rc = mst_state_item(mst_api_state(r), "job", name, &yaml, err);

	mst_buf_fini(&yaml);
	if (rc < 0)
		return rc;
	rc = mst_api_jobs_read(r, &all, err);
	all.whole = true;
	mst_jout_init(&j, &resp->body);
	mst_jout_obj(&j);
	if (rc == 0)
		rc = mst_api_job_members(r, &all, &j, name, &s, err);
	if (rc == 0)
		rc = write_values(r, resp, &j, name, err);
	mst_jout_end_obj(&j);
	mst_api_jobs_fini(&all);
	return rc;
}

/* ---- tables -------------------------------------------------------------- */

const struct mst_http_route mst_api_jobs[] = {
    {MST_ROUTE_GET, "/jobs", "list_jobs", "jobs",
     "All jobs, and how each goes.", MST_MAY_READ, 0, NULL, "job_list",
     .run = list_jobs},
    {MST_ROUTE_GET, "/jobs/{name}", "get_job", "jobs",
     "One job, with its configuration.", MST_MAY_READ, 0, NULL, "job_full",
     .run = get_job},
    {0},
};

#define JOB_FIELDS                                                             \
	{"name", "string", ""},                                                \
	    {"source", "string?", "null: it cannot be loaded"},                \
	    {"destination", "string?", ""},                                    \
	    {"environment", "test|prod?", "of the destination"},               \
	    {"record_sets", "string[]", "empty: all"},                         \
	    {"relationships", "string[]", "empty: all that settings offer"},   \
	    {"schedule", "&job_schedule", ""}, {"paused", "&job_pause?", ""},  \
	    {"next_at", "time?", "when it is due"}, {"last_run", "&run?", ""}, \
	    {"task", "&task?", "live"},                                        \
	{                                                                      \
		"problem", "string?", "why it is not in step"                  \
	}

static const struct mst_api_field job_fields[] = {JOB_FIELDS, {0}};
static const struct mst_api_field full_fields[] = {
    JOB_FIELDS, {"values?", "object", "by the keys of its options"}, {0}};
static const struct mst_api_field list_fields[] = {
    {"items", "&job[]", ""}, {"next", "string?", "always null"}, {0}};
static const struct mst_api_field schedule_fields[] = {
    {"cron", "string?", ""},
    {"every_ms", "integer?", ""},
    {"after", "string?", "a job"},
    {"time_zone", "string?", ""},
    {"windows", "string[]", ""},
    {"text", "string", "for people"},
    {0},
};
static const struct mst_api_field pause_fields[] = {
    {"by", "string", ""}, {"at", "time?", ""}, {"why", "string?", ""}, {0}};

const struct mst_api_schema mst_api_job_schemas[] = {
    {"job", "A job and how it goes.", job_fields},
    {"job_full", "A job with its configuration.", full_fields},
    {"job_list", "All jobs.", list_fields},
    {"job_schedule", "When it runs by itself.", schedule_fields},
    {"job_pause", "Who paused it, and why.", pause_fields},
    {0},
};
