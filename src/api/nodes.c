/* SPDX-License-Identifier: Apache-2.0
 *
 * Nodes, what a person must be told, and the stream of what changes.
 */
#include "api/notice.h"
#include "api/tables.h"
#include "base/time.h"
#include "state/task.h"

#define NOTICES_MOST 500

/* ---- nodes --------------------------------------------------------------- */

struct nodes {
	struct mst_state *state;
	struct mst_jout j;
	struct mst_err *err;
};

static int add_lease(void *ctx, const struct mst_node_lease *l)
{
	struct mst_jout *j = ctx;

	mst_jout_obj(j);
	mst_jout_kstr(j, "name", l->name);
	mst_jout_ki64(j, "token", l->token);
	mst_api_time(j, "until", l->until_us);
	mst_jout_key(j, "run");
	if (l->run)
		mst_jout_i64(j, l->run);
	else
		mst_jout_null(j);
	mst_jout_end_obj(j);
	return 0;
}

static int add_node(void *ctx, const struct mst_node *n)
{
	struct nodes *v = ctx;
	struct mst_jout *j = &v->j;
	int rc;

	mst_jout_obj(j);
	mst_jout_kstr(j, "name", n->name);
	mst_jout_kstr(j, "version", n->version);
	mst_api_text(j, "address", n->address);
	mst_jout_kstr(j, "state", n->alive ? "alive" : "gone");
	mst_api_time(j, "started_at", n->started_us);
	mst_api_time(j, "seen_at", n->beat_us);
	mst_jout_ki64(j, "tasks", n->tasks);
	mst_jout_key(j, "leases");
	mst_jout_arr(j);
	rc = mst_node_leases(v->state, n->name, add_lease, j, v->err);
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
	return rc;
}

static int list_nodes(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	struct nodes v = {.state = mst_api_state(r), .err = err};
	int rc;

	mst_jout_init(&v.j, &resp->body);
	mst_api_all_begin(&v.j);
	rc = mst_nodes(v.state, add_node, &v, err);
	mst_api_all_end(&v.j);
	return rc;
}

/* ---- notices ------------------------------------------------------------- */

/* Where a person looks at it; NULL: nowhere in particular. */
static const char *link_of(struct mst_http_req *r, const struct mst_notice *v)
{
	static const struct {
		const char *kind, *page;
	} pages[] = {
	    {"run_failed", "/jobs/"},	      {"guard", "/jobs/"},
	    {"job_busy", "/jobs/"},	      {"secret", "/connections/"},
	    {"certificate", "/connections/"},
	};
	struct mst_buf b = MST_BUF_INIT(4096);
	const char *link = NULL;

	if (strncmp(v->kind, "approval", 8) == 0)
		return "/approvals";
	if (strncmp(v->kind, "outbox", 6) == 0)
		return "/forward";
	for (size_t i = 0; i < MST_LEN(pages) && !link; i++) {
		if (strncmp(v->kind, pages[i].kind, strlen(pages[i].kind)) != 0)
			continue;
		(void)mst_buf_adds(&b, pages[i].page);
		(void)mst_buf_add_uri(&b, mst_slice_str(v->about));
		link = mst_arena_dup(&r->arena, mst_buf_slice(&b)).p;
	}
	mst_buf_fini(&b);
	return link;
}

struct notices {
	struct mst_http_req *r;
	struct mst_jout *j;
};

static int add_notice(void *ctx, const struct mst_notice *v)
{
	struct notices *n = ctx;
	struct mst_jout *j = n->j;

	mst_jout_obj(j);
	mst_jout_ki64(j, "id", v->id);
	mst_jout_kstr(j, "kind", v->kind);
	mst_jout_kstr(j, "about", v->about);
	mst_jout_kstr(j, "level", v->level);
	mst_jout_kstr(j, "text", v->text);
	mst_api_time(j, "since", v->since_us);
	mst_api_time(j, "over_at", v->over_us);
	mst_jout_kstr(j, "link", link_of(n->r, v));
	mst_jout_end_obj(j);
	return 0;
}

int mst_api_notices_json(struct mst_http_req *r, struct mst_jout *j, bool all,
			 struct mst_err *err)
{
	struct notices n = {r, j};

	return mst_notices(mst_api_state(r), all, NOTICES_MOST, add_notice, &n,
			   err);
}

static int list_notices(struct mst_http_req *r, struct mst_http_resp *resp,
			struct mst_err *err)
{
	const char *all = mst_http_query(r, "all");
	struct mst_jout j;
	int rc;

	mst_jout_init(&j, &resp->body);
	mst_api_all_begin(&j);
	rc = mst_api_notices_json(r, &j, all && (*all == '1' || *all == 't'),
				  err);
	mst_api_all_end(&j);
	return rc;
}

/* ---- events -------------------------------------------------------------- */

static int follow_all(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	return mst_http_stream(r, resp, mst_api_hub(r), "all", err);
}

/* ---- tables -------------------------------------------------------------- */

const struct mst_http_route mst_api_nodes[] = {
    {MST_ROUTE_GET, "/nodes", "list_nodes", "service",
     "Processes that share the work.", MST_MAY_READ, 0, NULL, "node_list",
     .run = list_nodes},
    {MST_ROUTE_GET, "/notices", "list_notices", "service",
     "What a person must be told.", MST_MAY_READ, 0, NULL, "notice_list",
     .query = {{"all", "also what is over, newest first", "boolean", NULL}},
     .run = list_notices},
    {MST_ROUTE_GET, "/events", "follow_all", "service",
     "Live: what changed (task, run, job, notice …), for pages to look again.",
     MST_MAY_READ, MST_ROUTE_EVENTS, NULL, NULL, .run = follow_all},
    {0},
};

static const struct mst_api_field nodes_fields[] = {
    {"items", "&node[]", ""}, {"next", "string?", "always null"}, {0}};
static const struct mst_api_field node_fields[] = {
    {"name", "string", ""},
    {"version", "string", "of muster"},
    {"address", "string?", ""},
    {"state", "alive|gone", ""},
    {"started_at", "time?", ""},
    {"seen_at", "time?", ""},
    {"tasks", "integer", "running there"},
    {"leases", "&lease[]", "what it holds, where nodes share the state store"},
    {0},
};
static const struct mst_api_field lease_fields[] = {
    {"name", "string", "the job; @forward: forwarding"},
    {"token", "integer", "one higher with each that takes it"},
    {"until", "time", "unless it is renewed, which it is every two seconds"},
    {"run", "integer?", ""},
    {0},
};
static const struct mst_api_field notices_fields[] = {
    {"items", "&notice[]", ""}, {"next", "string?", "always null"}, {0}};
static const struct mst_api_field notice_fields[] = {
    {"id", "integer", ""},
    {"kind", "string", ""},
    {"about", "string", "job, connection, node …"},
    {"level", "warning|error", ""},
    {"text", "string", ""},
    {"since", "time?", ""},
    {"over_at", "time?", ""},
    {"link", "string?", "a page of the console"},
    {0},
};

const struct mst_api_schema mst_api_node_schemas[] = {
    {"node_list", "All nodes.", nodes_fields},
    {"node", "A process that shares the work.", node_fields},
    {"lease", "What one node alone does.", lease_fields},
    {"notice_list", "What a person must be told.", notices_fields},
    {"notice", "One thing that a person must be told.", notice_fields},
    {0},
};
