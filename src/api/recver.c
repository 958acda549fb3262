/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer of the sources: where each is and how much it holds. A file is looked
 * into here; a server is not, since it may keep a request waiting: what a task
 * counted last is shown.
 */
#include <string.h>

#include "api/api.h"
#include "api/tables.h"
#include "base/limits.h"
#include "base/time.h"
#include "state/task.h"
#include "sync/store_show.h"

/* ---- what was counted ---------------------------------------------------- */

/* So many tasks are looked beyond for one that counted. */
#define TASKS_MOST 50

struct counted {
	int64_t id, at_us;
};

static int take_task(void *ctx, const struct mst_task *t)
{
	struct counted *c = ctx;

	if (!c->id && t->exit_status == 0 && strstr(t->argv, "\"stats\"")) {
		c->id = t->id;
		c->at_us = t->ended_us;
	}
	return 0;
}

/* A member of what the task printed. */
static void copy(struct mst_jout *j, const char *key, struct mst_json from,
		 const char *otherwise)
{
	struct mst_buf text = MST_BUF_INIT(MST_TASK_OUTPUT);
	struct mst_json v = mst_json_get(from, key);

	mst_jout_key(j, key);
	if (v.doc && mst_json_type(v) != MST_JSON_NULL &&
	    mst_json_write(v, &text))
		mst_jout_raw(j, mst_buf_slice(&text));
	else
		mst_jout_raw(j, mst_slice_str(otherwise));
	mst_buf_fini(&text);
}

/* What the last task found that counted (POST /recver/{connection}/stats). */
static int counted_json(struct mst_state *state, const char *name,
			struct mst_jout *j, struct mst_err *err)
{
	const struct mst_task_filter f = {.kind = "recver",
					  .connection = name,
					  .state = MST_TASK_DONE,
					  .n = TASKS_MOST};
	struct mst_buf output = MST_BUF_INIT(MST_TASK_OUTPUT);
	struct mst_json_parser *p = NULL;
	struct counted last = {0};
	struct mst_json root = {0};
	int rc = mst_tasks(state, &f, take_task, &last, err);

	if (rc >= 0 && last.id)
		rc = mst_task_output(state, last.id, false, &output, err);
	if (rc >= 0 && output.n) {
		p = mst_json_parser_new(output.n + 1);
		rc = mst_json_parse(p, mst_buf_slice(&output), &root, err);
	}
	if (rc < 0 || !output.n)
		last.at_us = MST_TIME_NONE;
	copy(j, "bytes", root, "null");
	copy(j, "targets", root, "[]");
	mst_api_time(j, "counted_at", last.at_us);
	mst_json_parser_free(&p);
	mst_buf_fini(&output);
	return rc < 0 ? rc : 0;
}

/* ---- one ----------------------------------------------------------------- */

struct looking {
	struct mst_state *state;
	const struct mst_connection *c;
	struct mst_arena *arena;
	struct mst_jout *j;
};

/* A file that no run made yet holds nothing, and that is no error. */
static int file_json(struct looking *l, struct mst_err *err)
{
	struct mst_store_held held = {.n = 0};
	int rc = mst_store_held(l->state, l->c, l->arena, &held, err);

	if (rc < 0)
		return rc;
	mst_jout_key(l->j, "bytes");
	if (held.bytes)
		mst_jout_i64(l->j, (int64_t)held.bytes);
	else
		mst_jout_null(l->j);
	mst_store_targets_json(&held, l->j);
	mst_api_time(l->j, "counted_at", MST_TIME_NONE);
	return 0;
}

static void recver_json(struct looking *l)
{
	struct mst_err err = MST_ERR_INIT, ignored = MST_ERR_INIT;
	bool file = mst_store_is_file(l->c);

	mst_jout_obj(l->j);
	mst_store_place_json(l->state, l->c, l->arena, l->j);
	/* A run has it, or it is on a server: as it was last. */
	if (!file || file_json(l, &err) < 0)
		(void)counted_json(l->state, l->c->name, l->j, &ignored);
	mst_jout_kstr(l->j, "error", err.code ? err.msg : NULL);
	mst_jout_end_obj(l->j);
}

static int write_one(struct mst_http_req *r, struct mst_jout *j,
		     struct mst_arena *arena, struct mst_err *err)
{
	const char *name = mst_http_param(r, "connection");
	struct mst_connection c;
	struct looking l = {
	    .state = mst_api_state(r), .c = &c, .arena = arena, .j = j};
	int rc = mst_connection_load(l.state, name, arena, &c, err);

	if (rc == 0 && !c.source)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "connection '%s' is a destination: a RecVer "
				 "belongs to a source",
				 name);
	if (rc == 0)
		recver_json(&l);
	return rc;
}

static int get(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	return mst_api_write(r, resp, write_one, err);
}

/* ---- all ----------------------------------------------------------------- */

static int write_all(struct mst_http_req *r, struct mst_jout *j,
		     struct mst_arena *arena, struct mst_err *err)
{
	const char *const *names;
	struct mst_connection c;
	struct looking l = {
	    .state = mst_api_state(r), .c = &c, .arena = arena, .j = j};
	size_t n;
	int rc = mst_api_names(r, "connection", &names, &n, err);

	mst_api_all_begin(j);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct mst_err wrong = MST_ERR_INIT;

		/* One that is wrong is told by its own page. */
		if (mst_connection_load(l.state, names[i], arena, &c, &wrong) ==
			0 &&
		    c.source)
			recver_json(&l);
	}
	mst_api_all_end(j);
	return rc;
}

static int list(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	return mst_api_write(r, resp, write_all, err);
}

const struct mst_http_route mst_api_recver[] = {
    {MST_ROUTE_GET, "/recver", "list_recver", "recver",
     "RecVer of all sources.", MST_MAY_READ, 0, NULL, "recver_list",
     .run = list},
    {MST_ROUTE_GET, "/recver/{connection}", "get_recver", "recver",
     "RecVer of a source.", MST_MAY_READ, 0, NULL, "recver", .run = get},
    {0},
};

static const struct mst_api_field set_fields[] = {
    {"name", "string", ""},
    {"groups", "integer", ""},
    {"members", "integer", ""},
    {"bytes", "integer", "of the whole database"},
    {"dirty", "integer", ""},
    {"pending", "integer", ""},
    {0},
};

static const struct mst_api_field target_fields[] = {
    {"destination", "string", ""},
    {"jobs", "string[]", "that deliver there"},
    {"record_sets", "&recver_set[]", ""},
    {0},
};

static const struct mst_api_field recver_fields[] = {
    {"connection", "string", ""},
    {"type", "string?", ""},
    {"place", "string", "a file, or a server and its database"},
    {"bytes", "integer?", "of the database; null: not known, or not there"},
    {"targets", "&recver_target[]", ""},
    {"counted_at", "time?",
     "by a task; null: for this answer, or never (see POST "
     "/recver/{connection}/stats)"},
    {"error", "string?", "why it could not be looked into"},
    {0},
};

static const struct mst_api_field list_fields[] = {
    {"items", "&recver[]", ""},
    {"next", "string?", ""},
    {0},
};

const struct mst_api_schema mst_api_recver_schemas[] = {
    {"recver_set", "A record set in RecVer.", set_fields},
    {"recver_target", "What was delivered to a destination.", target_fields},
    {"recver", "RecVer of a source.", recver_fields},
    {"recver_list", "", list_fields},
    {0},
};
