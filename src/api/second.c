/* SPDX-License-Identifier: Apache-2.0
 *
 * A request that waits for a second person.
 */
#include "api/second.h"

#include <inttypes.h>
#include <string.h>

#include "auth/door.h"
#include "base/time.h"

#define WAITING_MOST 500 /* approvals that are looked through for a task's */
#define ENDS_US	     (7 * 86400000000LL) /* nobody decided within a week */

/* enum mst_second; none for what a second person has approved. */
static int approval_of(const struct mst_http_req *r)
{
	const struct mst_who *who = mst_api_who(r);
	struct mst_door *d = mst_api_door(r);
	const struct mst_door_conf *c;
	int wants;

	if (!d || (who && who->approved))
		return MST_SECOND_NONE;
	c = mst_door_hold(d);
	wants = c->service.approval;
	mst_door_release(d, c);
	return wants;
}

bool mst_api_second_always(const struct mst_http_req *r)
{
	return approval_of(r) != MST_SECOND_NONE;
}

bool mst_api_second_wanted(const struct mst_http_req *r, bool change)
{
	int wants = approval_of(r);

	return wants == MST_SECOND_ALL ||
	       wants == (change ? MST_SECOND_CHANGES : MST_SECOND_RUNS);
}

int mst_api_second_apply(const struct mst_http_req *r,
			 const struct mst_conf *conf, const char **needs_r,
			 struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);
	bool service = false;

	for (size_t i = 0; i < conf->items_n; i++)
		service =
		    service || strcmp(conf->items[i].kind, MST_SERVICE) == 0;
	if (service && !(who && who->may & MST_MAY_ADMINISTER))
		return mst_err_set(err, MST_E_FORBIDDEN,
				   "the section service says who may sign in: "
				   "to apply it needs the right administer");
	*needs_r = NULL;
	if (service && mst_api_second_always(r))
		*needs_r = "administer";
	else if (mst_api_second_wanted(r, true))
		*needs_r = "configure";
	return 0;
}

/* A body that is JSON stands as it is, another one as a text. */
static void write_request(const struct mst_http_req *r, struct mst_buf *out)
{
	static const char *const methods[] = {"", "GET", "POST", "PUT",
					      "DELETE"};
	struct mst_slice body = mst_slice_trim(r->body);
	struct mst_jout j;

	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "method", methods[r->method]);
	mst_jout_kstr(&j, "path", r->path);
	mst_jout_kstr(&j, "if_match", mst_http_header(r, "If-Match"));
	mst_jout_key(&j, "body");
	if (body.n == 0)
		mst_jout_null(&j);
	else if (body.p[0] == '{' && mst_json_span(body) == body.n)
		mst_jout_raw(&j, body);
	else
		mst_jout_slice(&j, body);
	mst_jout_end_obj(&j);
}

static bool may_see(const struct mst_http_req *r, const struct mst_approval *a)
{
	const struct mst_who *who = mst_api_who(r);
	unsigned need = MST_MAY_ALL;

	(void)mst_may_parse(mst_slice_str(a->needs), &need);
	need &= MST_MAY_CONFIGURE | MST_MAY_ADMINISTER;
	return !need || (who && ((who->may & need) == need ||
				 strcmp(who->user, a->asked_by) == 0));
}

void mst_api_approval_json(const struct mst_http_req *r, struct mst_jout *j,
			   const struct mst_approval *a)
{
	bool request = a->request && *a->request && may_see(r, a);

	mst_jout_obj(j);
	mst_jout_ki64(j, "id", a->id);
	mst_jout_kstr(j, "state", a->state);
	mst_jout_kstr(j, "what", a->what);
	mst_jout_kstr(j, "needs", a->needs);
	mst_jout_key(j, "request");
	mst_jout_raw(j, mst_slice_str(request ? a->request : "null"));
	mst_jout_kstr(j, "asked_by", a->asked_by);
	mst_api_time(j, "asked_at", a->asked_us);
	mst_api_text(j, "decided_by", a->decided_by);
	mst_api_time(j, "decided_at", a->decided_us);
	mst_api_text(j, "why", a->why);
	mst_jout_key(j, "task");
	if (a->task)
		mst_jout_i64(j, a->task);
	else
		mst_jout_null(j);
	mst_api_time(j, "expires_at", a->ends_us);
	mst_jout_end_obj(j);
}

struct answering {
	struct mst_http_req *r;
	struct mst_http_resp *resp;
	int64_t task;
	bool found;
};

static int write_one(void *ctx, const struct mst_approval *a)
{
	struct answering *w = ctx;
	struct mst_jout j;

	w->resp->status = 202;
	w->resp->location =
	    mst_arena_printf(&w->r->arena, "/api/v1/approvals/%" PRId64, a->id);
	mst_jout_init(&j, &w->resp->body);
	mst_api_approval_json(w->r, &j, a);
	return 0;
}

static int write_of_task(void *ctx, const struct mst_approval *a)
{
	struct answering *w = ctx;

	if (a->task != w->task)
		return 0;
	w->found = true;
	(void)write_one(w, a);
	return 1;
}

int mst_api_second_again(struct mst_http_req *r, struct mst_http_resp *resp,
			 int64_t task, bool *found_r, struct mst_err *err)
{
	struct answering w = {r, resp, .task = task};
	int rc = mst_approvals(mst_api_state(r), "waiting", 0, WAITING_MOST,
			       write_of_task, &w, err);

	*found_r = w.found;
	return MST_MIN(rc, 0);
}

int mst_api_second_ask(struct mst_http_req *r, struct mst_http_resp *resp,
		       const char *what, const char *needs, int64_t task,
		       struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);
	struct mst_buf request = MST_BUF_INIT(32u << 20);
	struct answering w = {r, resp};
	int64_t now_us = mst_now_us(), id;
	int rc;

	write_request(r, &request);
	rc = mst_approval_add(
	    mst_api_state(r),
	    &(struct mst_approval){.state = "waiting",
				   .what = what,
				   .needs = needs,
				   .request = request.p ? request.p : "",
				   .asked_by = who ? who->user : "",
				   .decided_by = "",
				   .why = "",
				   .task = task,
				   .asked_us = now_us,
				   .ends_us = now_us + ENDS_US},
	    &id, err);
	mst_buf_fini(&request);
	if (rc < 0)
		return rc;
	mst_api_wake(r);
	mst_api_changed(r, "approval", "");
	return mst_approval(mst_api_state(r), id, write_one, &w, err);
}
