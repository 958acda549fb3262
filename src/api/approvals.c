/* SPDX-License-Identifier: Apache-2.0
 *
 * What waits for a second person, and what they say: /approvals. A yes carries
 * the kept request out in the name of both, or lets its task begin.
 */
#include "api/approvals.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/members.h"
#include "api/second.h"
#include "api/tables.h"
#include "auth/people.h"
#include "base/time.h"
#include "state/task.h"

#define PAGE 500

/* ---- time runs out ------------------------------------------------------- */

struct ended {
	int64_t id[PAGE], task[PAGE];
	size_t n;
	int64_t now_us;
};

static int note_ended(void *ctx, const struct mst_approval *a)
{
	struct ended *e = ctx;

	if (a->ends_us == MST_TIME_NONE || a->ends_us > e->now_us)
		return 0;
	e->id[e->n] = a->id;
	e->task[e->n++] = a->task;
	return 0;
}

int mst_approvals_expire(struct mst_state *s, struct mst_err *err)
{
	struct ended *e = mst_alloc(sizeof(*e));
	enum mst_task_state now;
	int rc;

	e->now_us = mst_now_us();
	rc = mst_approvals(s, "waiting", 0, PAGE, note_ended, e, err);
	for (size_t i = 0; i < e->n && rc == 0; i++) {
		rc = mst_approval_decide(s, e->id[i], "expired", "",
					 "nobody decided in time", e->now_us,
					 err);
		if (rc == 0 && e->task[i])
			rc = mst_task_cancel(s, e->task[i], &now, err);
		if (rc == -MST_E_CONFLICT || rc == -MST_E_NOTFOUND)
			rc = 0; /* somebody was faster */
	}
	free(e);
	return rc;
}

/* ---- looking ------------------------------------------------------------- */

struct showing {
	const struct mst_http_req *r;
	struct mst_api_list list;
};

static int show_one(void *ctx, const struct mst_approval *a)
{
	struct showing *s = ctx;

	if (!mst_api_list_room(&s->list, a->id))
		return 1;
	mst_api_approval_json(s->r, &s->list.j, a);
	return 0;
}

static int get_approvals(struct mst_http_req *r, struct mst_http_resp *resp,
			 struct mst_err *err)
{
	struct showing s = {.r = r};
	size_t limit = 0;
	int64_t after = 0;
	int rc = mst_http_page(r, &limit, &after, err);

	if (rc == 0)
		rc = mst_approvals_expire(mst_api_state(r), err);
	if (rc < 0)
		return rc;
	mst_api_list_begin(&s.list, resp, limit);
	rc = mst_approvals(mst_api_state(r), mst_http_query(r, "state"), after,
			   limit + 1, show_one, &s, err);
	mst_api_list_end(&s.list);
	return rc < 0 ? rc : 0;
}

struct writing {
	const struct mst_http_req *r;
	struct mst_jout *j;
};

static int write_json(void *ctx, const struct mst_approval *a)
{
	struct writing *w = ctx;

	mst_api_approval_json(w->r, w->j, a);
	return 0;
}

static int get_approval(struct mst_http_req *r, struct mst_http_resp *resp,
			struct mst_err *err)
{
	struct mst_jout j;
	struct writing w = {r, &j};
	int64_t id = 0;
	int rc = mst_http_param_id(r, "id", &id, err);

	if (rc == 0)
		rc = mst_approvals_expire(mst_api_state(r), err);
	mst_jout_init(&j, &resp->body);
	return rc < 0 ? rc
		      : mst_approval(mst_api_state(r), id, write_json, &w, err);
}

/* ---- deciding ------------------------------------------------------------ */

struct loaded {
	struct mst_arena *arena;
	struct mst_approval a;
};

static int load(void *ctx, const struct mst_approval *a)
{
	struct loaded *l = ctx;

	l->a = *a;
	l->a.state = mst_arena_strdup(l->arena, a->state);
	l->a.what = mst_arena_strdup(l->arena, a->what);
	l->a.needs = mst_arena_strdup(l->arena, a->needs);
	l->a.request = mst_arena_strdup(l->arena, a->request);
	l->a.asked_by = mst_arena_strdup(l->arena, a->asked_by);
	l->a.decided_by = l->a.why = "";
	return 0;
}

static int get_it(struct mst_http_req *r, struct mst_approval *a,
		  struct mst_err *err)
{
	struct loaded l = {.arena = &r->arena};
	int64_t id = 0;
	int rc = mst_http_param_id(r, "id", &id, err);

	if (rc == 0)
		rc = mst_approvals_expire(mst_api_state(r), err);
	if (rc == 0)
		rc = mst_approval(mst_api_state(r), id, load, &l, err);
	if (rc == 0)
		*a = l.a;
	return rc;
}

static unsigned needs_of(const struct mst_approval *a)
{
	unsigned need;

	/* What is not understood needs everything. */
	return mst_may_parse(mst_slice_str(a->needs), &need) ? need
							     : MST_MAY_ALL;
}

static int may_decide(const struct mst_who *who, const struct mst_approval *a,
		      struct mst_err *err)
{
	unsigned need = needs_of(a);

	if ((who->may & need) == need)
		return 0;
	return mst_err_set(err, MST_E_FORBIDDEN,
			   "%s may not decide this: it needs the right %s",
			   who->actor, a->needs);
}

static const char *why_of(struct mst_http_req *r, struct mst_http_resp *resp,
			  bool need, bool *ok_r, struct mst_err *err)
{
	struct mst_api_members m;
	const char *why = "";

	*ok_r = true;
	if (mst_slice_trim(r->body).n == 0 && !need)
		return "";
	*ok_r = mst_api_members_begin(&m, r, err) == 0;
	if (!*ok_r)
		return NULL;
	why = mst_api_members_text(&m, "why", need);
	if (need && why && !*why)
		mst_api_members_wrong(&m, "why", "is empty");
	*ok_r = mst_api_members_ok(&m, resp);
	return why ? why : "";
}

struct asker {
	struct mst_who who;
	bool able;
	unsigned need;
};

static int look_asker(void *ctx, const struct mst_user *u)
{
	struct asker *k = ctx;

	k->who.role = u->role;
	k->who.may = mst_role_may(u->role);
	k->able = !u->disabled && (k->who.may & k->need) == k->need;
	return 0;
}

/* Who asked must still be able to: the role may have been lowered since. */
static int get_asker(struct mst_http_req *r, const struct mst_approval *a,
		     const char *by, struct asker *k, struct mst_err *err)
{
	bool found = false;
	int rc;

	*k = (struct asker){.need = needs_of(a)};
	k->who.user = a->asked_by;
	k->who.approved = true;
	k->who.actor =
	    mst_arena_printf(&r->arena, "%s, approved by %s", a->asked_by, by);
	rc = mst_user_find(mst_api_state(r), a->asked_by, look_asker, k, &found,
			   err);
	if (rc == 0 && !(found && k->able))
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "'%s', who asked for this, may not do it any "
				 "more; reject it",
				 a->asked_by);
	return rc;
}

/* The kept request again. What becomes of it is the answer. */
static int carry_out(struct mst_http_req *r, struct mst_http_resp *resp,
		     const struct mst_approval *a, const struct asker *k,
		     struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(64u << 20);
	struct mst_buf body = MST_BUF_INIT(64u << 20);
	const char *headers[3] = {"Content-Type: application/json", NULL, NULL};
	struct mst_json root, b;
	int rc = mst_json_parse(p, mst_slice_str(a->request), &root, err);

	if (rc == 0) {
		struct mst_slice match =
		    mst_json_str(mst_json_get(root, "if_match"));
		struct mst_http_direct q = {.headers = headers};

		b = mst_json_get(root, "body");
		if (mst_json_type(b) == MST_JSON_STRING)
			(void)mst_buf_add_slice(&body, mst_json_str(b));
		else if (mst_json_type(b) != MST_JSON_NULL)
			(void)mst_json_write(b, &body);
		if (match.n)
			headers[1] = mst_arena_printf(&r->arena,
						      "If-Match: "
						      "%.*s",
						      MST_SLICE_ARG(match));
		q.method =
		    mst_arena_dup(&r->arena,
				  mst_json_str(mst_json_get(root, "method")))
			.p;
		q.uri = mst_arena_dup(&r->arena,
				      mst_json_str(mst_json_get(root, "path")))
			    .p;
		q.body = mst_buf_slice(&body);
		rc = mst_http_again(r, &q, &k->who, k->who.actor, resp, err);
	}
	mst_json_parser_free(&p);
	mst_buf_fini(&body);
	return rc;
}

static int audit_failed(struct mst_http_req *r, const struct mst_approval *a,
			int status, struct mst_err *err)
{
	const char *name =
	    mst_arena_printf(&r->arena, "%lld", (long long)a->id);
	const struct mst_audit_entry e = {
	    .kind = "approval",
	    .name = name,
	    .what = "failed",
	    .after = mst_arena_printf(&r->arena, "%d: %s", status,
				      r->detail ? r->detail : "")};

	return mst_audit_put(mst_api_state(r), &e, err);
}

/* {"approval": …, "status": 200, "result": …} */
static int answer(struct mst_http_req *r, struct mst_http_resp *resp,
		  const struct mst_approval *a, struct mst_err *err)
{
	struct mst_slice result = mst_slice_trim(mst_buf_slice(&resp->body));
	struct mst_buf out = MST_BUF_INIT(resp->body.max);
	int status = resp->status ? resp->status : 200, rc;
	struct mst_jout j;
	struct writing w = {r, &j};

	mst_jout_init(&j, &out);
	mst_jout_obj(&j);
	mst_jout_key(&j, "approval");
	rc = mst_approval(mst_api_state(r), a->id, write_json, &w, err);
	mst_jout_ki64(&j, "status", status);
	mst_jout_key(&j, "result");
	if (result.n && (*result.p == '{' || *result.p == '['))
		mst_jout_raw(&j, result);
	else
		mst_jout_null(&j);
	mst_jout_end_obj(&j);
	mst_buf_fini(&resp->body);
	resp->body = out;
	resp->status = 200;
	resp->type = NULL;
	resp->location = NULL;
	return rc;
}

static int approve(struct mst_http_req *r, struct mst_http_resp *resp,
		   struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);
	struct mst_state *s = mst_api_state(r);
	struct mst_approval a;
	struct asker k;
	const char *why;
	bool ok;
	int rc = get_it(r, &a, err);

	if (rc == 0)
		rc = may_decide(who, &a, err);
	if (rc < 0)
		return rc;
	why = why_of(r, resp, false, &ok, err);
	if (!ok)
		return -(int)err->code;
	rc = get_asker(r, &a, who->user, &k, err);
	/* First, so that of two who say yes at once one carries it out. */
	if (rc == 0)
		rc = mst_approval_decide(s, a.id, "approved", who->user, why,
					 mst_now_us(), err);
	if (rc < 0)
		return rc;
	mst_state_actor_set(s, k.who.actor, mst_api_via(r), r->peer);
	rc = a.task ? mst_task_approve(s, a.task, who->user, err)
		    : carry_out(r, resp, &a, &k, err);
	if (rc == 0 && resp->status >= 400)
		rc = audit_failed(r, &a, resp->status, err);
	mst_api_wake(r);
	mst_api_changed(r, "approval", "");
	return rc < 0 ? rc : answer(r, resp, &a, err);
}

static int reject(struct mst_http_req *r, struct mst_http_resp *resp,
		  struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);
	struct mst_state *s = mst_api_state(r);
	enum mst_task_state now;
	struct mst_approval a;
	const char *why;
	bool ok;
	int rc = get_it(r, &a, err);

	/* Whoever asked may take it back. */
	if (rc == 0 && strcmp(a.asked_by, who->user) != 0)
		rc = may_decide(who, &a, err);
	if (rc < 0)
		return rc;
	why = why_of(r, resp, true, &ok, err);
	if (!ok)
		return -(int)err->code;
	rc = mst_approval_decide(s, a.id, "rejected", who->user, why,
				 mst_now_us(), err);
	if (rc == 0 && a.task)
		rc = mst_task_cancel(s, a.task, &now, err);
	mst_api_changed(r, "approval", "");
	return rc < 0 ? rc : answer(r, resp, &a, err);
}

/* ---- tables -------------------------------------------------------------- */

const struct mst_http_route mst_api_approvals[] = {
    {MST_ROUTE_GET, "/approvals", "list_approvals", "approvals",
     "What waits for a second person, or did, newest first.", MST_MAY_READ,
     MST_ROUTE_LIST, NULL, "approval",
     .query = {{"state", "only these", "string",
		"waiting|approved|rejected|expired"}},
     .run = get_approvals},
    {MST_ROUTE_GET, "/approvals/{id}", "get_approval", "approvals",
     "One of them, with the request as it came.", MST_MAY_READ, 0, NULL,
     "approval", .run = get_approval},
    {MST_ROUTE_POST, "/approvals/{id}/approve", "approve", "approvals",
     "Says yes: it is carried out in the name of both. Not for whoever asked.",
     MST_MAY_READ, 0, "decision", "decided", .run = approve},
    {MST_ROUTE_POST, "/approvals/{id}/reject", "reject", "approvals",
     "Says no, or takes back what one asked for.", MST_MAY_READ, 0, "refusal",
     "decided", .run = reject},
    {0},
};

static const struct mst_api_field approval_fields[] = {
    {"id", "integer", ""},
    {"state", "waiting|approved|rejected|expired", ""},
    {"what", "string", "for people"},
    {"needs", "string", "right that whoever decides must have"},
    {"request", "any",
     "method, path, body and If-Match as they came; null when one may not see "
     "it"},
    {"asked_by", "string", ""},
    {"asked_at", "time", ""},
    {"decided_by", "string?", ""},
    {"decided_at", "time?", ""},
    {"why", "string?", ""},
    {"task", "integer?", "that waits for it"},
    {"expires_at", "time?", "a week after it was asked for"},
    {0},
};

static const struct mst_api_field decision_fields[] = {
    {"why?", "string?", ""},
    {0},
};

static const struct mst_api_field refusal_fields[] = {
    {"why", "string", ""},
    {0},
};

static const struct mst_api_field decided_fields[] = {
    {"approval", "&approval", ""},
    {"status", "integer", "that the request was answered with"},
    {"result", "any", "its answer; null when it has none"},
    {0},
};

const struct mst_api_schema mst_api_approval_schemas[] = {
    {"approval", "A request that a second person decides.", approval_fields},
    {"decision", "A yes.", decision_fields},
    {"refusal", "A no.", refusal_fields},
    {"decided", "What became of it.", decided_fields},
    {0},
};
