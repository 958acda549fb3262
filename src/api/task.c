/* SPDX-License-Identifier: Apache-2.0
 *
 * Tasks: what was asked for, by whom, and what became of it.
 */
#include "api/task.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/remote.h"
#include "api/tables.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/time.h"

/* ---- as an object -------------------------------------------------------- */

/* JSON that is in the store already; what is none is null. */
static void raw(struct mst_jout *j, const char *key, const char *json,
		const char *otherwise)
{
	mst_jout_key(j, key);
	mst_jout_raw(j, mst_slice_str(json && *json ? json : otherwise));
}

static void id_or_null(struct mst_jout *j, const char *key, int64_t id)
{
	mst_jout_key(j, key);
	if (id)
		mst_jout_i64(j, id);
	else
		mst_jout_null(j);
}

void mst_api_task_json(struct mst_jout *j, const struct mst_task *t)
{
	mst_jout_obj(j);
	mst_jout_ki64(j, "id", t->id);
	mst_jout_kstr(j, "kind", t->kind);
	mst_api_text(j, "job", t->job);
	mst_api_text(j, "connection", t->connection);
	mst_jout_kstr(j, "state", mst_task_state_name(t->state));
	raw(j, "argv", t->argv, "[]");
	mst_jout_kstr(j, "asked_by", t->asked_by);
	mst_jout_kstr(j, "asked_via", t->asked_via);
	mst_api_text(j, "approved_by", t->approved_by);
	mst_api_text(j, "node", t->node);
	mst_api_time(j, "created_at", t->created_us);
	mst_api_time(j, "not_before", t->not_before_us);
	mst_api_time(j, "started_at", t->started_us);
	mst_api_time(j, "ended_at", t->ended_us);
	id_or_null(j, "run", t->run);
	mst_jout_key(j, "exit_status");
	if (t->exit_status >= 0)
		mst_jout_i64(j, t->exit_status);
	else
		mst_jout_null(j);
	mst_jout_kbool(j, "cancelling",
		       t->cancel && t->state == MST_TASK_RUNNING);
	mst_api_text(j, "error", t->error);
	mst_jout_ki64(j, "output_bytes", (int64_t)t->output_n);
	raw(j, "progress", t->progress, "null");
	mst_jout_end_obj(j);
}

static int write_one(void *ctx, const struct mst_task *t)
{
	mst_api_task_json(ctx, t);
	return 0;
}

int mst_api_task_answer(struct mst_http_req *r, struct mst_http_resp *resp,
			int64_t id, struct mst_err *err)
{
	struct mst_jout j;

	mst_jout_init(&j, &resp->body);
	resp->status = 202;
	resp->location =
	    mst_arena_printf(&r->arena, "/api/v1/tasks/%" PRId64, id);
	return mst_task(mst_api_state(r), id, write_one, &j, err);
}

/* ---- looking ------------------------------------------------------------- */

static int add(void *ctx, const struct mst_task *t)
{
	struct mst_api_list *l = ctx;

	if (mst_api_list_room(l, t->id))
		mst_api_task_json(&l->j, t);
	return 0;
}

static int list_tasks(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	const char *state = mst_http_query(r, "state");
	struct mst_task_filter f = {
	    .kind = mst_http_query(r, "kind"),
	    .job = mst_http_query(r, "job"),
	    .connection = mst_http_query(r, "connection"),
	    .state = -1,
	};
	enum mst_task_state s;
	struct mst_api_list l;
	size_t limit;
	int rc = mst_http_page(r, &limit, &f.before, err);

	if (rc < 0)
		return rc;
	if (state && strcmp(state, "live") == 0)
		f.live = true;
	else if (state && mst_task_state_parse(mst_slice_str(state), &s))
		f.state = (int)s;
	f.n = limit + 1;
	mst_api_list_begin(&l, resp, limit);
	rc = mst_tasks(mst_api_state(r), &f, add, &l, err);
	mst_api_list_end(&l);
	return rc;
}

static int get_task(struct mst_http_req *r, struct mst_http_resp *resp,
		    struct mst_err *err)
{
	struct mst_jout j;
	int64_t id;
	int rc = mst_http_param_id(r, "id", &id, err);

	mst_jout_init(&j, &resp->body);
	return rc < 0 ? rc : mst_task(mst_api_state(r), id, write_one, &j, err);
}

/* Whoever may only read takes back what they asked for themselves, and what
 * only looks. */
static int may_cancel(void *ctx, const struct mst_task *t)
{
	static const char *const looks[] = {"explain", "report", "command"};
	const struct mst_who *who = ctx;

	if (!t->repeat || strcmp(t->asked_by, who->actor) != 0)
		return -MST_E_FORBIDDEN;
	for (size_t i = 0; i < MST_LEN(looks); i++) {
		if (strcmp(t->kind, looks[i]) == 0)
			return 0;
	}
	return -MST_E_FORBIDDEN;
}

static int check_cancel(struct mst_http_req *r, int64_t id, struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);
	struct mst_who asks = *who;
	int rc;

	if (who->may & MST_MAY_OPERATE)
		return 0;
	rc = mst_task(mst_api_state(r), id, may_cancel, &asks, err);
	return rc == -MST_E_FORBIDDEN
		   ? mst_err_set(err, MST_E_FORBIDDEN,
				 "%s may not cancel task %" PRId64
				 ": it needs the right operate",
				 who->actor, id)
		   : rc;
}

static int cancel_task(struct mst_http_req *r, struct mst_http_resp *resp,
		       struct mst_err *err)
{
	enum mst_task_state state;
	struct mst_jout j;
	int64_t id;
	int rc = mst_http_param_id(r, "id", &id, err);

	if (rc == 0)
		rc = check_cancel(r, id, err);
	if (rc == 0)
		rc = mst_task_cancel(mst_api_state(r), id, &state, err);
	if (rc < 0)
		return rc;
	mst_api_wake(r);
	mst_jout_init(&j, &resp->body);
	resp->status = 202;
	return mst_task(mst_api_state(r), id, write_one, &j, err);
}

/* ---- what it printed ----------------------------------------------------- */

/* What the command of a task needs beyond looking and operating. */
struct asked {
	struct mst_arena *arena;
	unsigned need;
};

static int read_need(struct asked *a, struct mst_json argv)
{
	struct mst_json_iter it = mst_json_iter(argv);
	const char *words[MST_REMOTE_WORDS];
	struct mst_err err = MST_ERR_INIT;
	struct mst_remote_call call;
	struct mst_json one;
	size_t n = 0;

	while (n < MST_LEN(words) && mst_json_next(&it, NULL, &one))
		words[n++] = mst_arena_dup(a->arena, mst_json_str(one)).p;
	if (mst_remote_read(words, n, a->arena, &call, &err) < 0)
		return -(int)err.code;
	a->need = call.rule->may & ~(unsigned)(MST_MAY_READ | MST_MAY_OPERATE);
	return 0;
}

static int need_of(void *ctx, const struct mst_task *t)
{
	struct asked *a = ctx;
	struct mst_err err = MST_ERR_INIT;
	struct mst_json_parser *p;
	struct mst_json argv;

	if (strcmp(t->kind, "command") != 0)
		return 0;
	p = mst_json_parser_new(strlen(t->argv) + 1);
	if (mst_json_parse(p, mst_slice_str(t->argv), &argv, &err) < 0 ||
	    read_need(a, argv) < 0)
		a->need = MST_MAY_CONFIGURE | MST_MAY_AUDIT;
	mst_json_parser_free(&p);
	return 0;
}

/* A command may print what not everybody may see, such as the audit: its output
 * is for those who might have asked for it. */
static int check_command(struct mst_http_req *r, int64_t id,
			 struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);
	struct asked a = {.arena = &r->arena};
	int rc = mst_task(mst_api_state(r), id, need_of, &a, err);

	if (rc < 0 || (who->may & a.need) == a.need)
		return rc;
	return mst_err_set(err, MST_E_FORBIDDEN,
			   "%s may not see what task %" PRId64
			   " prints: its command needs more rights",
			   who->actor, id);
}

static bool is_json(struct mst_slice s)
{
	s = mst_slice_trim(s);
	return s.n && (s.p[0] == '{' || s.p[0] == '[') &&
	       mst_json_span(s) == s.n;
}

static int give_output(struct mst_http_req *r, struct mst_http_resp *resp,
		       bool log, struct mst_err *err)
{
	int64_t id;
	int rc = mst_http_param_id(r, "id", &id, err);

	if (rc == 0)
		rc = check_command(r, id, err);
	if (rc == 0)
		rc = mst_task_output(mst_api_state(r), id, log, &resp->body,
				     err);
	if (rc < 0)
		return rc;
	resp->type = !log && is_json(mst_buf_slice(&resp->body))
			 ? MST_HTTP_TYPE_JSON
			 : MST_HTTP_TYPE_TEXT;
	return 0;
}

static int get_output(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	return give_output(r, resp, false, err);
}

static int get_log(struct mst_http_req *r, struct mst_http_resp *resp,
		   struct mst_err *err)
{
	return give_output(r, resp, true, err);
}

/* ---- live ---------------------------------------------------------------- */

struct first {
	struct mst_buf text;
	bool over;
};

/* The stream begins with the task as it is; of one that has ended nothing more
 * comes. */
static int first_event(void *ctx, const struct mst_task *t)
{
	struct first *f = ctx;
	struct mst_buf *b = &f->text;
	struct mst_jout j;

	mst_buf_adds(b, "event: task\ndata: ");
	mst_jout_init(&j, b);
	mst_api_task_json(&j, t);
	mst_buf_adds(b, "\n\n");
	f->over = t->state == MST_TASK_DONE || t->state == MST_TASK_FAILED ||
		  t->state == MST_TASK_CANCELLED;
	if (f->over)
		mst_buf_adds(b, "event: end\ndata: {}\n\n");
	return 0;
}

static int task_events(struct mst_http_req *r, struct mst_http_resp *resp,
		       struct mst_err *err)
{
	struct first first = {.text = MST_BUF_INIT(1u << 20)};
	char topic[40];
	int64_t id;
	int rc = mst_http_param_id(r, "id", &id, err);

	if (rc == 0)
		rc = check_command(r, id, err);
	if (rc == 0) {
		(void)snprintf(topic, sizeof(topic), "task/%" PRId64, id);
		rc = mst_http_stream(r, resp, mst_api_hub(r), topic, err);
	}
	if (rc == 0)
		rc = mst_task(mst_api_state(r), id, first_event, &first, err);
	if (rc == 0)
		mst_http_stream_say(resp, mst_buf_slice(&first.text),
				    first.over);
	mst_buf_fini(&first.text);
	return rc;
}

/* ---- tables -------------------------------------------------------------- */

#define KINDS                                                                  \
	"run|plan|check|explain|report|undo|test|setup|try|recver|forward|"    \
	"notify|command"
#define STATES "waiting|queued|running|done|failed|cancelled"

const struct mst_http_route mst_api_tasks[] = {
    {MST_ROUTE_GET, "/tasks", "list_tasks", "tasks",
     "What was asked for, newest first.", MST_MAY_READ, MST_ROUTE_LIST, NULL,
     "task",
     .query = {{"kind", "only this kind", "string", KINDS},
	       {"state", "only in this state; live: waiting, queued, running",
		"string", STATES "|live"},
	       {"job", "only of this job", "string", NULL},
	       {"connection", "only of this connection", "string", NULL}},
     .run = list_tasks},
    {MST_ROUTE_GET, "/tasks/{id}", "get_task", "tasks", "One task.",
     MST_MAY_READ, 0, NULL, "task", .run = get_task},
    {MST_ROUTE_DELETE, "/tasks/{id}", "cancel_task", "tasks",
     "Cancels it: at once while it waits, else it is told to stop. What is not "
     "one's own explanation, report or look needs operate.",
     MST_MAY_READ, MST_ROUTE_ACCEPTED, NULL, "task", .run = cancel_task},
    {MST_ROUTE_GET, "/tasks/{id}/output", "get_task_output", "tasks",
     "What its command printed: JSON, if the command prints that.",
     MST_MAY_READ, MST_ROUTE_PLAIN, NULL, NULL, .run = get_output},
    {MST_ROUTE_GET, "/tasks/{id}/log", "get_task_log", "tasks",
     "The end of its log.", MST_MAY_READ, MST_ROUTE_PLAIN, NULL, NULL,
     .run = get_log},
    {MST_ROUTE_GET, "/tasks/{id}/events", "follow_task", "tasks",
     "Live: task, progress, check, end.", MST_MAY_READ, MST_ROUTE_EVENTS, NULL,
     NULL, .run = task_events},
    {0},
};

static const struct mst_api_field task_fields[] = {
    {"id", "integer", ""},
    {"kind", KINDS, "what its command is about"},
    {"job", "string?", ""},
    {"connection", "string?", ""},
    {"state", STATES, "waiting: for a second person"},
    {"argv", "string[]", "words of the command"},
    {"asked_by", "string", ""},
    {"asked_via", "string", "console, api, cli or schedule"},
    {"approved_by", "string?", ""},
    {"node", "string?", "that carries it out"},
    {"created_at", "time?", ""},
    {"not_before", "time?", "it waits until then"},
    {"started_at", "time?", ""},
    {"ended_at", "time?", ""},
    {"run", "integer?", "that it began"},
    {"exit_status", "integer?", "of the command"},
    {"cancelling", "boolean", "it was told to stop"},
    {"error", "string?", "what ended it"},
    {"output_bytes", "integer", "that are kept"},
    {"progress", "&progress?", "of now, or the last one"},
    {0},
};

static const struct mst_api_field progress_fields[] = {
    {"stage", "string", ""},
    {"what", "string?", "record set or feed"},
    {"done", "integer", ""},
    {"total", "integer", "0: not known"},
    {"bytes", "boolean", "done and total are bytes"},
    {"requests", "integer", ""},
    {"rate?", "number?", "a second"},
    {"left_ms?", "integer?", "time left"},
    {"waits?", "string?", "what it waits for"},
    {"waits_until?", "time?", "until then, or when it is tried again"},
    {"at?", "time?", ""},
    {"steps?", "&progress_step[]", "all so far, in order of their beginning"},
    {"end?", "boolean", ""},
    {0},
};

static const struct mst_api_field step_fields[] = {
    {"stage", "string", ""},
    {"what", "string?", ""},
    {"done", "integer", ""},
    {"total", "integer", ""},
    {"bytes", "boolean", ""},
    {"requests", "integer", ""},
    {"end", "boolean", "it is over"},
    {"ms", "integer", "how long it took, or takes"},
    {0},
};

const struct mst_api_schema mst_api_task_schemas[] = {
    {"task", "What was asked for and what became of it.", task_fields},
    {"progress", "How far a command is.", progress_fields},
    {"progress_step", "One stage of it.", step_fields},
    {0},
};
