/* SPDX-License-Identifier: Apache-2.0
 *
 * Plans and undos page by page: see plan.h.
 */
#include <inttypes.h>
#include <stdio.h>

#include "api/plan_private.h"

/* ---- a page -------------------------------------------------------------- */

static bool fits(const struct mst_api_plan *p,
		 const struct mst_api_change_at *c, const char *set,
		 const char *action, const char *q)
{
	if (set && strcmp(p->name[c->set], set) != 0)
		return false;
	if (action && strcmp(action, "held") == 0
		? !c->held
		: action && strcmp(p->name[c->action], action) != 0)
		return false;
	return !q || mst_slice_ifind(mst_slice(p->text.p + c->at, c->n), q);
}

/* As it stands, with the members that it may lack. */
static void write_change(struct mst_api_list *l, struct mst_json v)
{
	static const char *const texts[] = {"record_set", "action", "key",
					    "group",	  "table",  "sys_id"};
	struct mst_buf fields = MST_BUF_INIT(16u << 20);
	bool held = false;

	mst_jout_obj(&l->j);
	for (size_t i = 0; i < MST_LEN(texts); i++) {
		struct mst_json t = mst_json_get(v, texts[i]);

		mst_jout_key(&l->j, texts[i]);
		if (mst_json_type(t) == MST_JSON_STRING)
			mst_jout_slice(&l->j, mst_json_str(t));
		else
			mst_jout_null(&l->j);
	}
	(void)mst_json_bool(mst_json_get(v, "held"), &held);
	mst_jout_kbool(&l->j, "held", held);
	mst_jout_key(&l->j, "fields");
	if (mst_json_write(mst_json_get(v, "fields"), &fields))
		mst_jout_raw(&l->j, mst_buf_slice(&fields));
	else
		mst_jout_null(&l->j);
	mst_jout_end_obj(&l->j);
	mst_buf_fini(&fields);
}

static void write_page(struct mst_http_req *r, const struct mst_api_plan *p,
		       struct mst_api_list *l, size_t from)
{
	const char *set = mst_http_query(r, "record_set");
	const char *action = mst_http_query(r, "action");
	const char *q = mst_http_query(r, "q");
	struct mst_json_parser *parser = mst_json_parser_new(MST_API_PLAN_MOST);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json v;

	for (size_t i = from; i < p->n && !l->more; i++) {
		const struct mst_api_change_at *c = &p->v[i];

		if (!fits(p, c, set, action, q && *q ? q : NULL) ||
		    !mst_api_list_room(l, (int64_t)i + 1))
			continue;
		if (p->kind == MST_API_UNDO)
			mst_jout_raw(&l->j, mst_slice(p->text.p + c->at, c->n));
		else if (mst_json_parse(parser,
					mst_slice(p->text.p + c->at, c->n), &v,
					&err) == 0)
			write_change(l, v);
	}
	mst_json_parser_free(&parser);
}

static void write_counts(const struct mst_api_plan *p, struct mst_jout *j)
{
	mst_jout_key(j, "counts");
	mst_jout_arr(j);
	for (size_t i = 0; i < p->tallies; i++) {
		const struct mst_api_tally *t = &p->tally[i];

		mst_jout_obj(j);
		mst_jout_kstr(j, "record_set", p->name[t->set]);
		mst_jout_kstr(j, "action", p->name[t->action]);
		mst_jout_ki64(j, "n", (int64_t)t->n);
		if (p->kind == MST_API_PLAN)
			mst_jout_ki64(j, "held", (int64_t)t->held);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void write_plan(const struct mst_api_plan *p, struct mst_jout *j)
{
	mst_api_time(j, "made_at", p->made_us);
	mst_jout_ki64(j, "requests", p->requests);
	mst_jout_ki64(j, "estimated_ms", p->estimated_ms);
	mst_jout_kbool(j, "whole", p->whole);
}

static void write_undo(const struct mst_api_plan *p, struct mst_jout *j)
{
	mst_jout_ki64(j, "run", p->run);
	mst_jout_kstr(j, "job", p->job);
	mst_jout_kbool(j, "ended", p->run_ended);
	mst_jout_kbool(j, "whole", p->run_whole);
	mst_jout_ki64(j, "undone", p->undone);
	mst_jout_ki64(j, "to_undo", p->to_undo);
	mst_jout_ki64(j, "refused", p->refused);
	mst_jout_kbool(j, "kept", p->whole);
}

static int list(struct mst_http_req *r, struct mst_http_resp *resp,
		enum mst_api_plan_kind kind, struct mst_err *err)
{
	int64_t task, after;
	struct mst_api_list l;
	struct mst_api_plan *p;
	size_t limit;
	char next[24];
	int rc = mst_http_param_id(r, "id", &task, err);

	if (rc == 0)
		rc = mst_http_page(r, &limit, &after, err);
	if (rc == 0)
		rc = mst_api_plan_get(r, task, kind, &p, err);
	if (rc < 0)
		return rc;
	mst_api_list_begin(&l, resp, limit);
	write_page(r, p, &l, (size_t)after);
	mst_jout_end_arr(&l.j);
	(void)snprintf(next, sizeof(next), "%" PRId64, l.last);
	mst_jout_kstr(&l.j, "next", l.more ? next : NULL);
	write_counts(p, &l.j);
	if (kind == MST_API_PLAN)
		write_plan(p, &l.j);
	else
		write_undo(p, &l.j);
	mst_jout_end_obj(&l.j);
	mst_api_plan_put(p);
	return 0;
}

static int list_changes(struct mst_http_req *r, struct mst_http_resp *resp,
			struct mst_err *err)
{
	return list(r, resp, MST_API_PLAN, err);
}

static int list_undo(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	return list(r, resp, MST_API_UNDO, err);
}

/* ---- tables -------------------------------------------------------------- */

#define ACTIONS "insert|update|retire|delete|close|reopen|forget"
#define INVERSE "restore|remove|retire|make again|nothing|refused"

const struct mst_http_route mst_api_plans[] = {
    {MST_ROUTE_GET, "/tasks/{id}/changes", "list_changes", "tasks",
     "What a plan would write, page by page.", MST_MAY_READ, 0, NULL,
     "plan_page",
     .query = {{"limit", "how many at most (50)", "integer", NULL},
	       {"after", "next of the page before", "integer", NULL},
	       {"record_set", "only of this one", "string", NULL},
	       {"action", "only these; held: what the guard holds back",
		"string", ACTIONS "|held"},
	       {"q", "only those that have this text in them", "string", NULL}},
     .run = list_changes},
    {MST_ROUTE_GET, "/tasks/{id}/undo", "list_undo", "tasks",
     "What an undo would take back, or took back, page by page.", MST_MAY_READ,
     0, NULL, "undo_page",
     .query = {{"limit", "how many at most (50)", "integer", NULL},
	       {"after", "next of the page before", "integer", NULL},
	       {"record_set", "only of this one", "string", NULL},
	       {"action", "only these", "string", INVERSE},
	       {"q", "only those that have this text in them", "string", NULL}},
     .run = list_undo},
    {0},
};

static const struct mst_api_field page_fields[] = {
    {"items", "&change[]", ""},
    {"next", "string?", ""},
    {"counts", "&plan_count[]", "of all changes, without filters"},
    {"made_at", "time?", ""},
    {"requests", "integer", "that a run would need"},
    {"estimated_ms", "integer", "that they would take"},
    {"whole", "boolean", "false: the plan was too large to be kept whole"},
    {0},
};

static const struct mst_api_field change_fields[] = {
    {"record_set", "string", ""},
    {"action", ACTIONS, ""},
    {"key", "string?", ""},
    {"group", "string?", "that it hangs on"},
    {"table", "string?", ""},
    {"sys_id", "string?", ""},
    {"held", "boolean", "the guard holds it back"},
    {"fields", "&change_field[]", ""},
    {0},
};

static const struct mst_api_field field_fields[] = {
    {"column", "string", ""},
    {"before", "string?", "null: not known"},
    {"after", "string", ""},
    {0},
};

static const struct mst_api_field count_fields[] = {
    {"record_set", "string", ""},
    {"action", ACTIONS, ""},
    {"n", "integer", ""},
    {"held", "integer", ""},
    {0},
};

static const struct mst_api_field undo_page_fields[] = {
    {"items", "&undo_record[]", ""},
    {"next", "string?", ""},
    {"counts", "&undo_count[]", "of all records, without filters"},
    {"run", "integer", "that is taken back"},
    {"job", "string", ""},
    {"ended", "boolean", "false: its process died"},
    {"whole", "boolean", "all that it wrote is known"},
    {"undone", "integer", "records that were taken back"},
    {"to_undo", "integer", "that can be"},
    {"refused", "integer", "that cannot be"},
    {"kept", "boolean", "false: the list was too large to be kept whole"},
    {0},
};

static const struct mst_api_field undo_record_fields[] = {
    {"action", INVERSE, ""},
    {"record_set", "string", ""},
    {"group", "string", "that it hangs on"},
    {"table", "string", ""},
    {"sys_id", "string", ""},
    {"done", "boolean", "it was taken back"},
    {"why?", "string", "of nothing and refused"},
    {"columns", "&undo_column[]", ""},
    {0},
};

static const struct mst_api_field undo_column_fields[] = {
    {"column", "string", ""},
    {"now", "string", "what the run left"},
    {"then", "string", "what was before"},
    {0},
};

static const struct mst_api_field undo_count_fields[] = {
    {"record_set", "string", ""},
    {"action", INVERSE, ""},
    {"n", "integer", ""},
    {0},
};

const struct mst_api_schema mst_api_plan_schemas[] = {
    {"plan_page", "Changes of a plan.", page_fields},
    {"change", "One record that a run would write.", change_fields},
    {"change_field", "A column of it.", field_fields},
    {"plan_count", "How many changes of a kind.", count_fields},
    {"undo_page", "Records of an undo.", undo_page_fields},
    {"undo_record", "One record that is taken back.", undo_record_fields},
    {"undo_column", "A column of it.", undo_column_fields},
    {"undo_count", "How many records of a kind.", undo_count_fields},
    {0},
};
