/* SPDX-License-Identifier: Apache-2.0
 *
 * The first page: is everything in step? All of it in one answer.
 */
#include <stdio.h>

#include "api/job.h"
#include "api/notice.h"
#include "api/tables.h"
#include "api/task.h"
#include "api/trends.h"
#include "base/limits.h"
#include "base/time.h"
#include "forwarder/forwarder.h"
#include "state/task.h"
#include "sync/job_schedule.h"

#define TASKS_MOST 20

/* ---- jobs and tasks ------------------------------------------------------ */

struct fresh {
	const char *job;
	int64_t complete_us;
};

static int write_jobs(struct mst_http_req *r, struct mst_jout *j,
		      const struct mst_api_jobs *all, struct fresh *fresh,
		      struct mst_err *err)
{
	int64_t in_step = 0, behind = 0;
	int rc = 0;

	mst_jout_key(j, "jobs");
	mst_jout_arr(j);
	for (size_t i = 0; i < all->n && rc == 0; i++) {
		struct mst_api_job_state s = {0};

		mst_jout_obj(j);
		rc = mst_api_job_members(r, all, j, all->names[i], &s, err);
		mst_jout_end_obj(j);
		in_step += !s.problem;
		behind += s.problem;
		fresh[i] = (struct fresh){all->names[i], s.complete_us};
	}
	mst_jout_end_arr(j);
	mst_jout_ki64(j, "in_step", in_step);
	mst_jout_ki64(j, "behind", behind);
	return rc;
}

static void write_fresh(struct mst_jout *j, const struct fresh *v, size_t n)
{
	int64_t now_us = mst_now_us();

	mst_jout_key(j, "freshness");
	mst_jout_arr(j);
	for (size_t i = 0; i < n; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "job", v[i].job);
		mst_api_time(j, "last_complete_at", v[i].complete_us);
		mst_jout_key(j, "age_ms");
		if (v[i].complete_us != MST_TIME_NONE)
			mst_jout_i64(j, (now_us - v[i].complete_us) / 1000);
		else
			mst_jout_null(j);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static int add_task(void *ctx, const struct mst_task *t)
{
	mst_api_task_json(ctx, t);
	return 0;
}

static int write_tasks(struct mst_http_req *r, struct mst_jout *j,
		       struct mst_err *err)
{
	const struct mst_task_filter f = {
	    .state = -1, .live = true, .n = TASKS_MOST};
	int rc;

	mst_jout_key(j, "tasks");
	mst_jout_arr(j);
	rc = mst_tasks(mst_api_state(r), &f, add_task, j, err);
	mst_jout_end_arr(j);
	return rc;
}

/* ---- budgets ------------------------------------------------------------- */

static int write_budget(struct mst_http_req *r, struct mst_jout *j,
			const struct mst_connection *c, struct mst_err *err)
{
	int64_t now_us = mst_now_us(), hour_us = 3600000000LL;
	uint64_t of = mst_connection_budget(c), used = 0;
	int rc;

	if (!of)
		return 0;
	rc = mst_budget_used(mst_api_state(r), c->name, now_us, &used, err);
	if (rc < 0)
		return rc;
	mst_jout_obj(j);
	mst_jout_kstr(j, "connection", c->name);
	mst_jout_ki64(j, "used", (int64_t)used);
	mst_jout_ki64(j, "of", (int64_t)of);
	mst_api_time(j, "until", (now_us / hour_us + 1) * hour_us);
	mst_jout_end_obj(j);
	return 0;
}

/* A connection that cannot be loaded has none: its jobs say what is wrong. */
static int write_budgets(struct mst_http_req *r, struct mst_jout *j,
			 struct mst_err *err)
{
	struct mst_err why = MST_ERR_INIT;
	const char *const *names;
	struct mst_connection c;
	size_t n;
	int rc = mst_api_names(r, "connection", &names, &n, err);

	mst_jout_key(j, "budgets");
	mst_jout_arr(j);
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct mst_arena arena;

		mst_arena_init(&arena, MST_MAX_ARENA);
		if (mst_connection_load(mst_api_state(r), names[i], &arena, &c,
					&why) == 0)
			rc = write_budget(r, j, &c, err);
		mst_arena_fini(&arena);
	}
	mst_jout_end_arr(j);
	return rc;
}

/* ---- outbox -------------------------------------------------------------- */

static void take_stats(void *ctx, const char *action,
		       const struct mst_outbox_stats *s)
{
	if (!action)
		*(struct mst_outbox_stats *)ctx = *s;
}

static void write_outbox(struct mst_http_req *r, struct mst_jout *j)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_outbox *o = NULL;
	struct mst_outbox_stats s = {.oldest_us = MST_TIME_NONE};
	bool there = mst_forwarder_look(mst_api_state(r), &o, &err) == 0 && o &&
		     mst_outbox_stats(o, take_stats, &s, &err) >= 0;

	mst_outbox_close(&o);
	mst_jout_key(j, "outbox");
	if (!there) {
		mst_jout_null(j);
		return;
	}
	mst_jout_obj(j);
	mst_jout_ki64(j, "waiting",
		      (int64_t)(s.n[MST_DELIVERY_WAITING] +
				s.n[MST_DELIVERY_SENT] +
				s.n[MST_DELIVERY_LATER]));
	mst_jout_ki64(j, "failed", (int64_t)s.n[MST_DELIVERY_ASIDE]);
	mst_api_time(j, "oldest_at", s.oldest_us);
	mst_jout_end_obj(j);
}

/* ---- the page ------------------------------------------------------------ */

static int get_overview(struct mst_http_req *r, struct mst_http_resp *resp,
			struct mst_err *err)
{
	struct mst_api_jobs all;
	struct fresh *fresh;
	struct mst_jout j;
	int rc = mst_api_jobs_read(r, &all, err);

	fresh = mst_arena_alloc(&r->arena, (all.n + 1) * sizeof(*fresh));
	mst_jout_init(&j, &resp->body);
	mst_jout_obj(&j);
	if (rc == 0)
		rc = write_jobs(r, &j, &all, fresh, err);
	if (rc == 0)
		rc = write_tasks(r, &j, err);
	mst_jout_key(&j, "notices");
	mst_jout_arr(&j);
	if (rc == 0)
		rc = mst_api_notices_json(r, &j, false, err);
	mst_jout_end_arr(&j);
	if (rc == 0)
		rc = mst_api_cves_json(r, &j, err);
	if (rc == 0)
		rc = mst_api_days_json(r, &j, err);
	if (rc == 0)
		rc = write_budgets(r, &j, err);
	if (rc == 0) {
		write_outbox(r, &j);
		write_fresh(&j, fresh, all.n);
	}
	mst_jout_end_obj(&j);
	mst_api_jobs_fini(&all);
	return rc;
}

/* ---- tables -------------------------------------------------------------- */

const struct mst_http_route mst_api_overview[] = {
    {MST_ROUTE_GET, "/overview", "get_overview", "service",
     "Is everything in step?", MST_MAY_READ, 0, NULL, "overview",
     .run = get_overview},
    {0},
};

static const struct mst_api_field overview_fields[] = {
    {"jobs", "&job[]", ""},
    {"in_step", "integer", "jobs without a problem"},
    {"behind", "integer", "jobs with one"},
    {"tasks", "&task[]", "that are live, at most 20"},
    {"notices", "&notice[]", "what a person must be told"},
    {"open_cves", "&open_cves", ""},
    {"changes_per_day", "&day_changes[]", "the last 30 days"},
    {"budgets", "&budget[]", "of destinations that have one"},
    {"outbox", "&outbox_state?", "null: nothing was ever forwarded"},
    {"freshness", "&freshness[]", ""},
    {0},
};
static const struct mst_api_field cves_fields[] = {
    {"by_severity", "&severities", "empty: not known"},
    {"over_time", "&cve_point[]",
     "a point a day, in the first two days more, at most 91"},
    {0},
};
static const struct mst_api_field severity_fields[] = {
    {"critical?", "integer", ""},
    {"high?", "integer", ""},
    {"medium?", "integer", ""},
    {"low?", "integer", ""},
    {0},
};
static const struct mst_api_field point_fields[] = {
    {"at", "time", ""},	     {"critical", "integer", ""},
    {"high", "integer", ""}, {"medium", "integer", ""},
    {"low", "integer", ""},  {0},
};
static const struct mst_api_field day_fields[] = {
    {"day", "day", ""},
    {"new", "integer", ""},
    {"changed", "integer", ""},
    {"closed", "integer", ""},
    {"retired", "integer", ""},
    {"refused", "integer", ""},
    {0},
};
static const struct mst_api_field budget_fields[] = {
    {"connection", "string", ""},
    {"used", "integer", "requests of this hour"},
    {"of", "integer", "option requests_per_hour"},
    {"until", "time?", "when the hour ends"},
    {0},
};
static const struct mst_api_field outbox_fields[] = {
    {"waiting", "integer", ""},
    {"failed", "integer", "set aside"},
    {"oldest_at", "time?", ""},
    {0},
};
static const struct mst_api_field fresh_fields[] = {
    {"job", "string", ""},
    {"last_complete_at", "time?", "when its last whole run ended"},
    {"age_ms", "integer?", ""},
    {0},
};

const struct mst_api_schema mst_api_overview_schemas[] = {
    {"overview", "All that the first page shows.", overview_fields},
    {"open_cves", "CVEs that are open on devices.", cves_fields},
    {"severities", "Counts by severity.", severity_fields},
    {"cve_point", "Counts of a day.", point_fields},
    {"day_changes", "What runs of a day changed.", day_fields},
    {"budget", "How much of an hour's requests is used.", budget_fields},
    {"outbox_state", "Alerts on their way.", outbox_fields},
    {"freshness", "How old what the destination has is.", fresh_fields},
    {0},
};
