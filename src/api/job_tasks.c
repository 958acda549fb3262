/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person asks of a job or a run: run, plan, check, explain; stop, take
 * back. All of it becomes a task.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/ask.h"
#include "api/members.h"
#include "api/plan.h"
#include "api/prod.h"
#include "api/tables.h"
#include "api/task.h"

#define LIMIT_MOST 1000000000

/* ---- a job --------------------------------------------------------------- */

/* The job has to be there; *prod_r: it writes to PROD. A job that cannot be
 * loaded may be run all the same: the task says what is wrong. */
static int job_of(struct mst_http_req *r, const char **name_r, bool *prod_r,
		  struct mst_err *err)
{
	const char *name = mst_http_param(r, "name");
	struct mst_buf yaml = MST_BUF_INIT(4u << 20);
	int rc = mst_state_item(mst_api_state(r), "job", name, &yaml, err);

	mst_buf_fini(&yaml);
	if (rc < 0)
		return rc;
	*name_r = name;
	*prod_r = mst_api_job_is_prod(mst_api_state(r), name, true);
	return 0;
}

/* What runs, plans and checks choose of a job. */
static void choices(struct mst_api_ask *a, struct mst_api_members *b,
		    bool whole)
{
	size_t n;

	mst_api_ask_option(a, "record-set",
			   mst_api_members_list(b, "record_sets", &n));
	mst_api_ask_option(a, "device", mst_api_members_list(b, "devices", &n));
	if (n > 1)
		mst_api_members_wrong(b, "devices", "is one device at most");
	if (!whole)
		return;
	if (mst_api_members_bool(b, "full") == 1)
		mst_api_ask_word(a, "--full");
	n = (size_t)mst_api_members_number(b, "limit", 1, LIMIT_MOST);
	if (n)
		mst_api_ask_number(a, "limit", (int64_t)n);
}

/* The head of the plan that another task made goes with the task. */
static int add_plan(struct mst_api_ask *a, struct mst_api_members *b,
		    struct mst_err *err)
{
	int64_t plan = mst_api_members_number(b, "plan", 1, INT64_MAX);
	struct mst_buf head = MST_BUF_INIT(1u << 20);
	int rc;

	if (!plan)
		return 0;
	rc = mst_api_plan_head(b->r, plan, a->job, &head, err);
	if (rc == 0) {
		mst_api_ask_option(a, "plan", "@plan.json");
		mst_api_ask_file(a, "plan.json", mst_buf_slice(&head));
	}
	mst_buf_fini(&head);
	return rc;
}

enum what { RUN, PLAN, CHECK };

static int start(struct mst_http_req *r, struct mst_http_resp *resp,
		 enum what what, struct mst_err *err)
{
	static const char *const kinds[] = {"run", "plan", "check"};
	struct mst_api_ask a;
	struct mst_api_members b;
	const char *name;
	bool prod;
	int rc = job_of(r, &name, &prod, err);

	if (rc == 0)
		rc = mst_api_members_maybe(&b, r, err);
	if (rc < 0)
		return rc;
	mst_api_ask_init(&a, kinds[what]);
	a.job = name;
	a.repeat = true;
	mst_api_ask_word(&a, kinds[what]);
	if (what != RUN)
		mst_api_ask_word(&a, "--all");
	choices(&a, &b, what != CHECK);
	if (what == RUN) {
		if (mst_api_members_bool(&b, "approve") == 1)
			mst_api_ask_word(&a, "--approve");
		rc = add_plan(&a, &b, err);
		if (prod)
			a.prod = mst_arena_printf(&r->arena,
						  "run job %s (PROD)", name);
	}
	mst_api_ask_name(&a, name);
	if (rc == 0 && mst_api_members_ok(&b, resp))
		rc = mst_api_ask_put(r, resp, &a, err);
	mst_api_ask_fini(&a);
	return rc;
}

static int start_run(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	return start(r, resp, RUN, err);
}

static int start_plan(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	return start(r, resp, PLAN, err);
}

static int start_check(struct mst_http_req *r, struct mst_http_resp *resp,
		       struct mst_err *err)
{
	return start(r, resp, CHECK, err);
}

/* ---- pausing ------------------------------------------------------------- */

static int set_pause(struct mst_http_req *r, struct mst_http_resp *resp,
		     bool paused, struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);
	const char *name, *why = NULL;
	struct mst_api_members b;
	bool prod;
	int rc = job_of(r, &name, &prod, err);

	if (rc == 0)
		rc = mst_api_members_maybe(&b, r, err);
	if (rc < 0)
		return rc;
	if (paused)
		why = mst_api_members_text(&b, "why", false);
	if (!mst_api_members_ok(&b, resp))
		return 0;
	rc = mst_job_pause(mst_api_state(r), name, paused,
			   who ? who->actor : "", why ? why : "", err);
	if (rc < 0)
		return rc;
	mst_api_wake(r);
	mst_api_changed(r, "job", name);
	resp->status = 204;
	return 0;
}

static int pause_job(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	return set_pause(r, resp, true, err);
}

static int resume_job(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	return set_pause(r, resp, false, err);
}

/* ---- a run --------------------------------------------------------------- */

struct found_run {
	char *job;
	int64_t task;
	enum mst_run_status status;
};

static int take_run(void *ctx, const struct mst_run *run)
{
	struct found_run *f = ctx;

	f->job = mst_strdup(run->job);
	f->task = run->task;
	f->status = run->status;
	return 0;
}

static int run_of(struct mst_http_req *r, int64_t *id_r, struct found_run *f,
		  struct mst_err *err)
{
	int rc = mst_http_param_id(r, "id", id_r, err);

	*f = (struct found_run){0};
	return rc < 0
		   ? rc
		   : mst_state_run(mst_api_state(r), *id_r, take_run, f, err);
}

static int cancel_run(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	enum mst_task_state state;
	struct found_run f;
	int64_t id;
	int rc = run_of(r, &id, &f, err);

	free(f.job);
	if (rc < 0)
		return rc;
	if (f.status != MST_RUN_RUNNING)
		return mst_err_set(err, MST_E_CONFLICT,
				   "run %" PRId64 " is over", id);
	if (!f.task)
		return mst_err_set(err, MST_E_CONFLICT,
				   "run %" PRId64 " was started at a shell; "
				   "interrupt it there",
				   id);
	rc = mst_task_cancel(mst_api_state(r), f.task, &state, err);
	if (rc < 0)
		return rc;
	mst_api_wake(r);
	return mst_api_task_answer(r, resp, f.task, err);
}

static int undo_run(struct mst_http_req *r, struct mst_http_resp *resp,
		    struct mst_err *err)
{
	struct mst_api_members b;
	struct found_run f;
	struct mst_api_ask a;
	char text[24];
	int64_t id;
	bool write;
	int rc = run_of(r, &id, &f, err);

	if (rc == 0)
		rc = mst_api_members_maybe(&b, r, err);
	if (rc < 0) {
		free(f.job);
		return rc;
	}
	(void)snprintf(text, sizeof(text), "%" PRId64, id);
	write = mst_api_members_bool(&b, "write") == 1;
	mst_api_ask_init(&a, "undo");
	a.job = f.job;
	mst_api_ask_word(&a, "undo");
	mst_api_ask_word(&a, "--all");
	if (write)
		mst_api_ask_word(&a, "--yes");
	mst_api_ask_name(&a, text);
	if (write && mst_api_job_is_prod(mst_api_state(r), f.job, true))
		a.prod = mst_arena_printf(
		    &r->arena, "take run %s of job %s back", text, f.job);
	if (mst_api_members_ok(&b, resp))
		rc = mst_api_ask_put(r, resp, &a, err);
	mst_api_ask_fini(&a);
	free(f.job);
	return rc;
}

/* ---- tables -------------------------------------------------------------- */

const struct mst_http_route mst_api_job_tasks[] = {
    {MST_ROUTE_POST, "/jobs/{name}/runs", "start_run", "jobs",
     "Runs the job now.", MST_MAY_OPERATE, MST_ROUTE_TASK, "ask_run", "task",
     .run = start_run},
    {MST_ROUTE_POST, "/jobs/{name}/plans", "start_plan", "jobs",
     "Works out what a run would write, and writes nothing.", MST_MAY_OPERATE,
     MST_ROUTE_TASK, "ask_plan", "task", .run = start_plan},
    {MST_ROUTE_POST, "/jobs/{name}/checks", "start_check", "jobs",
     "Compares what was delivered with what the destination has now.",
     MST_MAY_OPERATE, MST_ROUTE_TASK, "ask_check", "task", .run = start_check},
    {MST_ROUTE_POST, "/jobs/{name}/pause", "pause_job", "jobs",
     "Does not start it by itself until it is resumed.", MST_MAY_OPERATE, 0,
     "ask_pause", NULL, .run = pause_job},
    {MST_ROUTE_POST, "/jobs/{name}/resume", "resume_job", "jobs",
     "Starts it by itself again.", MST_MAY_OPERATE, 0, NULL, NULL,
     .run = resume_job},
    {MST_ROUTE_POST, "/runs/{id}/cancel", "cancel_run", "runs",
     "Stops it behind what it has sent.", MST_MAY_OPERATE, MST_ROUTE_ACCEPTED,
     NULL, "task", .run = cancel_run},
    {MST_ROUTE_POST, "/runs/{id}/undo", "undo_run", "runs",
     "Takes back what it wrote, or shows what that would be.", MST_MAY_OPERATE,
     MST_ROUTE_TASK, "ask_undo", "task", .run = undo_run},
    {0},
};

#define CHOICES                                                                \
	{"full?", "boolean", "every record, changed or not"},                  \
	    {"record_sets?", "string[]", "only these"},                        \
	    {"devices?", "string[]", "only this one (at most one)"},           \
	{                                                                      \
		"limit?", "integer?", "at most so many devices or apps"        \
	}

static const struct mst_api_field run_fields[] = {
    CHOICES,
    {"approve?", "boolean", "the guard holds nothing back"},
    {"plan?", "integer?", "a task plan: write exactly that, or refuse"},
    {0},
};
static const struct mst_api_field plan_fields[] = {CHOICES, {0}};
static const struct mst_api_field check_fields[] = {
    {"record_sets?", "string[]", "only these"},
    {"devices?", "string[]", "only this one (at most one)"},
    {0},
};
static const struct mst_api_field pause_fields[] = {
    {"why?", "string?", "for people"}, {0}};
static const struct mst_api_field undo_fields[] = {
    {"write?", "boolean", "false: only show it"}, {0}};

const struct mst_api_schema mst_api_job_task_schemas[] = {
    {"ask_run", "What to run.", run_fields},
    {"ask_plan", "What to plan.", plan_fields},
    {"ask_check", "What to check.", check_fields},
    {"ask_pause", "Why it is paused.", pause_fields},
    {"ask_undo", "How to take it back.", undo_fields},
    {0},
};
