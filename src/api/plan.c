/* SPDX-License-Identifier: Apache-2.0
 *
 * The output of a task `plan`, looked through once: where each change stands
 * and what a filter asks about it. The last ones that were looked at are kept,
 * for the next page. The text is `muster plan --json`: a head, then "changes".
 */
#include "api/plan.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/tables.h"
#include "base/num.h"
#include "base/time.h"
#include "state/task.h"

#define KEPT	 2u
#define OUT_MOST ((size_t)MST_TASK_OUTPUT + 65536)
#define NAMES	 64u
#define MARK	 ",\"changes\":["

struct change {
	uint32_t at, n;
	uint8_t set, action; /* in names */
	bool held;
};

struct tally {
	uint8_t set, action;
	uint64_t n, held;
};

struct plan {
	const void *owner; /* whose tasks they are */
	int64_t task;
	unsigned users;
	int64_t used_us;
	struct mst_buf text;
	size_t head_n;
	struct change *v;
	size_t n, cap;
	char *name[NAMES];
	size_t names;
	struct tally tally[256];
	size_t tallies;
	bool whole; /* to its end */
	int64_t requests, estimated_ms, made_us;
	char *job;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct plan *kept[KEPT];

/* ---- looking through ----------------------------------------------------- */

static void plan_free(struct plan *p)
{
	for (size_t i = 0; i < p->names; i++)
		free(p->name[i]);
	mst_buf_fini(&p->text);
	free(p->job);
	free(p->v);
	free(p);
}

static uint8_t name_of(struct plan *p, struct mst_slice s)
{
	size_t i = 0;

	while (i < p->names && !mst_slice_is(s, p->name[i]))
		i++;
	if (i == p->names && i < NAMES)
		p->name[p->names++] = mst_strndup(s.p ? s.p : "", s.n);
	return (uint8_t)MST_MIN(i, NAMES - 1);
}

static void count(struct plan *p, const struct change *c)
{
	size_t i = 0;

	while (i < p->tallies &&
	       (p->tally[i].set != c->set || p->tally[i].action != c->action))
		i++;
	if (i == MST_LEN(p->tally))
		return;
	if (i == p->tallies)
		p->tally[p->tallies++] =
		    (struct tally){.set = c->set, .action = c->action};
	p->tally[i].n++;
	p->tally[i].held += c->held;
}

static void add(struct plan *p, size_t at, struct mst_slice text,
		struct mst_json v)
{
	struct change c = {.at = (uint32_t)at, .n = (uint32_t)text.n};

	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 256;
		p->v = mst_realloc(p->v, p->cap * sizeof(*p->v));
	}
	c.set = name_of(p, mst_json_str(mst_json_get(v, "record_set")));
	c.action = name_of(p, mst_json_str(mst_json_get(v, "action")));
	(void)mst_json_bool(mst_json_get(v, "held"), &c.held);
	count(p, &c);
	p->v[p->n++] = c;
}

static void read_head(struct plan *p, struct mst_json_parser *parser)
{
	struct mst_buf head = MST_BUF_INIT(p->head_n + 2);
	struct mst_err err = MST_ERR_INIT;
	double seconds = 0;
	struct mst_json v;

	(void)mst_buf_add(&head, p->text.p, p->head_n);
	(void)mst_buf_addc(&head, '}');
	if (mst_json_parse(parser, mst_buf_slice(&head), &v, &err) == 0) {
		struct mst_slice job = mst_json_str(mst_json_get(v, "job"));

		p->job = mst_strndup(job.p ? job.p : "", job.n);
		(void)mst_json_i64(mst_json_get(v, "requests"), &p->requests);
		(void)mst_json_dbl(mst_json_get(v, "estimated_seconds"),
				   &seconds);
		p->estimated_ms = (int64_t)(seconds * 1000);
		(void)mst_time_parse(mst_json_str(mst_json_get(v, "made")),
				     &p->made_us);
	}
	mst_buf_fini(&head);
}

static bool index_it(struct plan *p)
{
	struct mst_json_parser *parser = mst_json_parser_new(OUT_MOST);
	const char *mark = p->text.p ? strstr(p->text.p, MARK) : NULL;
	struct mst_err err = MST_ERR_INIT;
	struct mst_json v;
	size_t at;

	if (mark) {
		p->head_n = (size_t)(mark - p->text.p);
		read_head(p, parser);
		at = p->head_n + sizeof(MARK) - 1;
		while (at < p->text.n && p->text.p[at] == '{') {
			struct mst_slice rest =
			    mst_slice(p->text.p + at, p->text.n - at);

			rest.n = mst_json_span(rest);
			if (rest.n == 0 ||
			    mst_json_parse(parser, rest, &v, &err) < 0)
				break;
			add(p, at, rest, v);
			at += rest.n;
			at += at < p->text.n && p->text.p[at] == ',';
		}
		p->whole = at < p->text.n && p->text.p[at] == ']';
	}
	mst_json_parser_free(&parser);
	return mark && p->job;
}

/* ---- keeping ------------------------------------------------------------- */

static struct plan *take_kept(const void *owner, int64_t task)
{
	struct plan *p = NULL;

	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < KEPT; i++)
		if (kept[i] && kept[i]->task == task &&
		    kept[i]->owner == owner) {
			p = kept[i];
			p->users++;
			p->used_us = mst_mono_us();
		}
	(void)pthread_mutex_unlock(&lock);
	return p;
}

static void give_back(struct plan *p)
{
	bool gone;

	(void)pthread_mutex_lock(&lock);
	gone = --p->users == 0;
	(void)pthread_mutex_unlock(&lock);
	if (gone)
		plan_free(p);
}

/* In the place of the one that was not used for longest. */
static void keep(struct plan *p)
{
	struct plan *old = NULL;
	size_t at = 0;

	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < KEPT; i++) {
		if (!kept[i]) {
			at = i;
			break;
		}
		if (kept[i]->used_us < kept[at]->used_us)
			at = i;
	}
	old = kept[at];
	kept[at] = p;
	p->users = 2;
	p->used_us = mst_mono_us();
	(void)pthread_mutex_unlock(&lock);
	if (old)
		give_back(old);
}

void mst_api_plans_drop(const void *owner)
{
	for (size_t i = 0; i < KEPT; i++) {
		struct plan *p;

		(void)pthread_mutex_lock(&lock);
		p = kept[i] && kept[i]->owner == owner ? kept[i] : NULL;
		if (p)
			kept[i] = NULL;
		(void)pthread_mutex_unlock(&lock);
		if (p)
			give_back(p);
	}
}

struct state_of {
	bool plan, over;
};

static int look(void *ctx, const struct mst_task *t)
{
	struct state_of *s = ctx;

	s->plan = strcmp(t->kind, "plan") == 0;
	s->over = t->state == MST_TASK_DONE;
	return 0;
}

/* give_back it. */
static int plan_of(struct mst_http_req *r, int64_t task, struct plan **p_r,
		   struct mst_err *err)
{
	struct plan *p = take_kept(r->app, task);
	struct state_of s = {0};
	int rc;

	if (p) {
		*p_r = p;
		return 0;
	}
	rc = mst_task(mst_api_state(r), task, look, &s, err);
	if (rc < 0)
		return rc;
	if (!s.plan || !s.over)
		return mst_err_set(err, MST_E_CONFLICT,
				   s.plan ? "task %" PRId64 " has made no plan"
					  : "task %" PRId64 " is no plan",
				   task);
	p = mst_alloc(sizeof(*p));
	p->owner = r->app;
	p->task = task;
	mst_buf_init(&p->text, OUT_MOST);
	rc = mst_task_output(mst_api_state(r), task, false, &p->text, err);
	if (rc == 0 && !index_it(p))
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "task %" PRId64 " has made no plan, or it is "
				 "not kept any more",
				 task);
	if (rc < 0) {
		plan_free(p);
		return rc;
	}
	keep(p);
	*p_r = p;
	return 0;
}

int mst_api_plan_head(struct mst_http_req *r, int64_t task, const char *job,
		      struct mst_buf *out, struct mst_err *err)
{
	struct plan *p;
	int rc = plan_of(r, task, &p, err);

	if (rc < 0)
		return rc;
	if (strcmp(p->job, job) != 0) {
		rc = mst_err_set(err, MST_E_INVALID,
				 "task %" PRId64 " is a plan of job '%s', not "
				 "of '%s'",
				 task, p->job, job);
	} else {
		(void)mst_buf_add(out, p->text.p, p->head_n);
		(void)mst_buf_adds(out, MARK "]}");
	}
	give_back(p);
	return rc;
}

/* ---- a page -------------------------------------------------------------- */

static bool fits(const struct plan *p, const struct change *c, const char *set,
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

static void write_page(struct mst_http_req *r, const struct plan *p,
		       struct mst_api_list *l, size_t from)
{
	const char *set = mst_http_query(r, "record_set");
	const char *action = mst_http_query(r, "action");
	const char *q = mst_http_query(r, "q");
	struct mst_json_parser *parser = mst_json_parser_new(OUT_MOST);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json v;

	for (size_t i = from; i < p->n && !l->more; i++) {
		const struct change *c = &p->v[i];

		if (!fits(p, c, set, action, q && *q ? q : NULL) ||
		    !mst_api_list_room(l, (int64_t)i + 1))
			continue;
		if (mst_json_parse(parser, mst_slice(p->text.p + c->at, c->n),
				   &v, &err) == 0)
			write_change(l, v);
	}
	mst_json_parser_free(&parser);
}

static void write_rest(const struct plan *p, struct mst_jout *j)
{
	mst_jout_key(j, "counts");
	mst_jout_arr(j);
	for (size_t i = 0; i < p->tallies; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "record_set", p->name[p->tally[i].set]);
		mst_jout_kstr(j, "action", p->name[p->tally[i].action]);
		mst_jout_ki64(j, "n", (int64_t)p->tally[i].n);
		mst_jout_ki64(j, "held", (int64_t)p->tally[i].held);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	mst_api_time(j, "made_at", p->made_us);
	mst_jout_ki64(j, "requests", p->requests);
	mst_jout_ki64(j, "estimated_ms", p->estimated_ms);
	mst_jout_kbool(j, "whole", p->whole);
}

static int list_changes(struct mst_http_req *r, struct mst_http_resp *resp,
			struct mst_err *err)
{
	int64_t task, after;
	struct mst_api_list l;
	struct plan *p;
	size_t limit;
	char next[24];
	int rc = mst_http_param_id(r, "id", &task, err);

	if (rc == 0)
		rc = mst_http_page(r, &limit, &after, err);
	if (rc == 0)
		rc = plan_of(r, task, &p, err);
	if (rc < 0)
		return rc;
	mst_api_list_begin(&l, resp, limit);
	write_page(r, p, &l, (size_t)after);
	mst_jout_end_arr(&l.j);
	(void)snprintf(next, sizeof(next), "%" PRId64, l.last);
	mst_jout_kstr(&l.j, "next", l.more ? next : NULL);
	write_rest(p, &l.j);
	mst_jout_end_obj(&l.j);
	give_back(p);
	return 0;
}

/* ---- tables -------------------------------------------------------------- */

#define ACTIONS "insert|update|retire|delete|close|reopen|forget"

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

const struct mst_api_schema mst_api_plan_schemas[] = {
    {"plan_page", "Changes of a plan.", page_fields},
    {"change", "One record that a run would write.", change_fields},
    {"change_field", "A column of it.", field_fields},
    {"plan_count", "How many changes of a kind.", count_fields},
    {0},
};
