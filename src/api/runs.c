/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs: history, counts, refused and skipped records.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/cache.h"
#include "api/run.h"
#include "api/tables.h"
#include "base/time.h"
#include "sync/job.h"
#include "sync/journal.h"
#include "sync/run_show.h"

#define DAY_US 86400000000LL
/* Whether a run that goes on still lives is not in the store: looked at again
 * after so long. */
#define LIVES_US 500000

/* ---- as an object -------------------------------------------------------- */

void mst_api_run_members(struct mst_jout *j, const struct mst_run *run)
{
	bool over = run->ended_us != MST_TIME_NONE && run->ended_us != 0;

	mst_jout_ki64(j, "id", run->id);
	mst_jout_kstr(j, "job", run->job);
	mst_jout_kstr(j, "status", mst_run_status_name(run->status));
	mst_api_time(j, "started_at", run->started_us);
	mst_api_time(j, "ended_at", run->ended_us);
	mst_jout_key(j, "duration_ms");
	if (over)
		mst_jout_i64(j, (run->ended_us - run->started_us) / 1000);
	else
		mst_jout_null(j);
	mst_jout_ki64(j, "read", (int64_t)run->read);
	mst_jout_ki64(j, "writes", (int64_t)run->writes);
	mst_jout_ki64(j, "requests", (int64_t)run->requests);
	mst_api_text(j, "error", run->error);
	mst_jout_key(j, "task");
	if (run->task)
		mst_jout_i64(j, run->task);
	else
		mst_jout_null(j);
	mst_api_text(j, "asked_by", run->asked_by);
}

static int write_run(void *ctx, const struct mst_run *run)
{
	mst_jout_obj(ctx);
	mst_api_run_members(ctx, run);
	mst_jout_end_obj(ctx);
	return 0;
}

/* ---- the list ------------------------------------------------------------ */

struct page {
	struct mst_api_list l;
	bool going; /* a run goes on: whether it lives is not in the store */
};

static int add_run(void *ctx, const struct mst_run *run)
{
	struct page *p = ctx;

	if (!mst_api_list_room(&p->l, run->id))
		return 0;
	p->going = p->going || run->status == MST_RUN_RUNNING ||
		   run->status == MST_RUN_DEAD;
	return write_run(&p->l.j, run);
}

static int list_runs(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	const char *status = mst_http_query(r, "status");
	struct mst_run_filter f = {.job = mst_http_query(r, "job"),
				   .status = -1};
	enum mst_run_status s;
	struct page p = {0};
	size_t limit;
	int rc = mst_http_page(r, &limit, &f.before, err);

	if (rc < 0 || mst_api_cache_get(r, resp))
		return rc;
	if (status && mst_run_status_parse(mst_slice_str(status), &s))
		f.status = (int)s;
	f.n = limit + 1;
	mst_api_list_begin(&p.l, resp, limit);
	rc = mst_state_runs(mst_api_state(r), &f, add_run, &p, err);
	mst_api_list_end(&p.l);
	if (rc == 0)
		mst_api_cache_put(r, resp, p.going ? LIVES_US : 0);
	return rc;
}

/* ---- one ----------------------------------------------------------------- */

struct one {
	struct mst_jout j;
	struct mst_state *state;
	int64_t id, started_us;
	enum mst_run_status status;
	char *job;
	struct mst_buf proof;
};

static int take_run(void *ctx, const struct mst_run *run)
{
	struct one *o = ctx;

	mst_api_run_members(&o->j, run);
	o->job = mst_strdup(run->job);
	o->started_us = run->started_us;
	o->status = run->status;
	mst_buf_adds(&o->proof, run->proof && *run->proof ? run->proof : "{}");
	return 0;
}

static int add_set(void *ctx, const char *set, const struct mst_run_counts *c)
{
	struct mst_jout *j = ctx;

	mst_jout_obj(j);
	mst_jout_kstr(j, "name", set);
	mst_run_counts_json(j, c);
	mst_jout_ki64(j, "duration_ms", c->us / 1000);
	mst_jout_end_obj(j);
	return 0;
}

static int64_t number(struct mst_json v, const char *key)
{
	int64_t n = 0;

	(void)mst_json_i64(mst_json_get(v, key), &n);
	return n;
}

static void write_proof(struct mst_jout *j, struct mst_slice feed,
			struct mst_json v)
{
	bool complete = false;
	int64_t as_of;

	(void)mst_json_bool(mst_json_get(v, "complete"), &complete);
	mst_jout_obj(j);
	mst_jout_kslice(j, "feed", feed);
	mst_jout_kbool(j, "complete", complete);
	mst_jout_ki64(j, "pages", number(v, "pages"));
	mst_jout_ki64(j, "files", number(v, "files"));
	mst_jout_ki64(j, "records", number(v, "records"));
	mst_jout_kslice(j, "why", mst_json_str(mst_json_get(v, "why")));
	if (!mst_time_parse(mst_json_str(mst_json_get(v, "as_of")), &as_of))
		as_of = MST_TIME_NONE;
	mst_api_time(j, "as_of", as_of);
	mst_jout_end_obj(j);
}

/* The store has them as an object by feed; what the guard held stands there,
 * too (sync/session.c). */
static void write_proofs(struct one *o)
{
	struct mst_json_parser *p = mst_json_parser_new(MST_MAX(o->proof.n, 1));
	struct mst_err err = MST_ERR_INIT;
	struct mst_buf text = MST_BUF_INIT(1u << 20);
	struct mst_json root, v, held = {0};
	struct mst_json_iter it;
	struct mst_slice key;
	bool ok = mst_json_parse(p, mst_buf_slice(&o->proof), &root, &err) == 0;

	mst_jout_key(&o->j, "proofs");
	mst_jout_arr(&o->j);
	if (ok) {
		it = mst_json_iter(root);
		while (mst_json_next(&it, &key, &v)) {
			if (mst_slice_is(key, MST_PROOF_HELD))
				held = v;
			else
				write_proof(&o->j, key, v);
		}
	}
	mst_jout_end_arr(&o->j);
	mst_jout_key(&o->j, "held");
	if (held.doc && mst_json_write(held, &text))
		mst_jout_raw(&o->j, mst_buf_slice(&text));
	else
		mst_jout_null(&o->j);
	mst_buf_fini(&text);
	mst_json_parser_free(&p);
}

/* A job that cannot be read any more has no days. */
static void write_undo(struct one *o)
{
	char *path = mst_journal_path(o->state, o->id);
	struct mst_err err = MST_ERR_INIT;
	struct mst_job job = {0};
	int64_t until = MST_TIME_NONE;
	const char *env = NULL;
	bool there = o->status != MST_RUN_RUNNING && access(path, R_OK) == 0 &&
		     !mst_journal_undo_of(o->state, o->id);

	free(path);
	if (mst_job_load(o->state, o->job, &job, &err) == 0) {
		until = o->started_us + job.conf.undo_days * DAY_US;
		env = mst_env_name(job.env);
		mst_job_fini(&job);
	}
	mst_jout_kstr(&o->j, "environment", env);
	mst_jout_key(&o->j, "undo");
	mst_jout_obj(&o->j);
	mst_jout_kbool(&o->j, "possible", there);
	mst_api_time(&o->j, "until", there ? until : MST_TIME_NONE);
	mst_jout_end_obj(&o->j);
}

static int get_run(struct mst_http_req *r, struct mst_http_resp *resp,
		   struct mst_err *err)
{
	struct one o = {.state = mst_api_state(r),
			.proof = MST_BUF_INIT(4u << 20)};
	int64_t undo_of;
	int rc = mst_http_param_id(r, "id", &o.id, err);

	mst_jout_init(&o.j, &resp->body);
	mst_jout_obj(&o.j);
	if (rc == 0)
		rc = mst_state_run(o.state, o.id, take_run, &o, err);
	mst_jout_key(&o.j, "record_sets");
	mst_jout_arr(&o.j);
	if (rc == 0)
		rc = mst_state_run_sets(o.state, o.id, add_set, &o.j, err);
	mst_jout_end_arr(&o.j);
	if (rc == 0) {
		write_proofs(&o);
		write_undo(&o);
		undo_of = mst_journal_undo_of(o.state, o.id);
		mst_jout_key(&o.j, "undo_of");
		if (undo_of)
			mst_jout_i64(&o.j, undo_of);
		else
			mst_jout_null(&o.j);
	}
	mst_jout_end_obj(&o.j);
	mst_buf_fini(&o.proof);
	free(o.job);
	return rc;
}

/* ---- its records --------------------------------------------------------- */

static int add_item(void *ctx, const struct mst_run_item *i)
{
	struct mst_api_list *l = ctx;

	if (!mst_api_list_room(l, i->id))
		return 0;
	mst_jout_obj(&l->j);
	mst_jout_ki64(&l->j, "id", i->id);
	mst_jout_kstr(&l->j, "record_set", i->set);
	mst_jout_kstr(&l->j, "key", i->key);
	mst_jout_kstr(&l->j, "what", i->what);
	mst_jout_kstr(&l->j, "reason", i->reason);
	mst_api_text(&l->j, "request_id", i->request_id);
	mst_jout_end_obj(&l->j);
	return 0;
}

static int nothing(void *ctx, const struct mst_run *run)
{
	(void)ctx;
	(void)run;
	return 0;
}

static int list_items(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	struct mst_item_filter f = {.what = mst_http_query(r, "what"),
				    .set = mst_http_query(r, "record_set")};
	struct mst_api_list l;
	size_t limit;
	int64_t id;
	int rc = mst_http_param_id(r, "id", &id, err);

	if (rc == 0)
		rc = mst_http_page(r, &limit, &f.after, err);
	if (rc == 0)
		rc = mst_state_run(mst_api_state(r), id, nothing, NULL, err);
	if (rc < 0)
		return rc;
	f.n = limit + 1;
	mst_api_list_begin(&l, resp, limit);
	rc = mst_state_run_items(mst_api_state(r), id, &f, add_item, &l, err);
	mst_api_list_end(&l);
	return rc;
}

/* ---- tables -------------------------------------------------------------- */

const struct mst_http_route mst_api_runs[] = {
    {MST_ROUTE_GET, "/runs", "list_runs", "runs", "Runs, newest first.",
     MST_MAY_READ, MST_ROUTE_LIST, NULL, "run",
     .query = {{"job", "only of this job", "string", NULL},
	       {"status", "only those that ended so", "string",
		MST_API_RUN_STATES}},
     .run = list_runs},
    {MST_ROUTE_GET, "/runs/{id}", "get_run", "runs",
     "One run with its counts and the proofs of its reads.", MST_MAY_READ, 0,
     NULL, "run_full", .run = get_run},
    {MST_ROUTE_GET, "/runs/{id}/items", "list_run_items", "runs",
     "Records that were refused, skipped, or delivered without something.",
     MST_MAY_READ, MST_ROUTE_LIST, NULL, "run_item",
     .query = {{"what", "only these", "string", "refused|skipped|without"},
	       {"record_set", "only of this one", "string", NULL}},
     .run = list_items},
    {0},
};

#define RUN_FIELDS                                                             \
	{"id", "integer", ""}, {"job", "string", ""},                          \
	    {"status", MST_API_RUN_STATES,                                     \
	     "guard: something is held back; dead: its process is gone"},      \
	    {"started_at", "time", ""}, {"ended_at", "time?", ""},             \
	    {"duration_ms", "integer?", ""},                                   \
	    {"read", "integer", "records of the source"},                      \
	    {"writes", "integer", "records that were written"},                \
	    {"requests", "integer", ""}, {"error", "string?", ""},             \
	    {"task", "integer?", "that asked for it"},                         \
	{                                                                      \
		"asked_by", "string?", ""                                      \
	}

static const struct mst_api_field run_fields[] = {RUN_FIELDS, {0}};

static const struct mst_api_field full_fields[] = {
    RUN_FIELDS,
    {"record_sets", "&run_set[]", ""},
    {"proofs", "&run_proof[]", "was everything read?"},
    {"held", "&run_held[]?", "what the guard held back"},
    {"environment", "test|prod?", "null: the job is gone"},
    {"undo", "&run_undo", ""},
    {"undo_of", "integer?", "the run that it took back"},
    {0},
};

static const struct mst_api_field set_fields[] = {
    {"name", "string", ""},	    {"read", "integer", ""},
    {"new", "integer", ""},	    {"changed", "integer", ""},
    {"retired", "integer", ""},	    {"deleted", "integer", ""},
    {"closed", "integer", ""},	    {"reopened", "integer", ""},
    {"unchanged", "integer", ""},   {"refused", "integer", ""},
    {"skipped", "integer", ""},	    {"requests", "integer", ""},
    {"duration_ms", "integer", ""}, {0},
};

static const struct mst_api_field proof_fields[] = {
    {"feed", "string", ""},
    {"complete", "boolean", ""},
    {"pages", "integer", ""},
    {"files", "integer", ""},
    {"records", "integer", ""},
    {"why", "string", "it is not complete; else empty"},
    {"as_of", "time?", "the source showed it as it was then"},
    {0},
};

static const struct mst_api_field held_fields[] = {
    {"record_set", "string", ""},
    {"n", "integer", "records that would go"},
    {"of", "integer", "that were delivered"},
    {"limit", "integer", "the most that go by themselves"},
    {0},
};

static const struct mst_api_field undo_fields[] = {
    {"possible", "boolean", ""}, {"until", "time?", ""}, {0}};

static const struct mst_api_field item_fields[] = {
    {"id", "integer", ""},
    {"record_set", "string", ""},
    {"key", "string", ""},
    {"what", "refused|skipped|without", ""},
    {"reason", "string", ""},
    {"request_id", "string?", "of the destination"},
    {0},
};

const struct mst_api_schema mst_api_run_schemas[] = {
    {"run", "One execution of a job.", run_fields},
    {"run_full", "A run with all that is known of it.", full_fields},
    {"run_set", "Counts of a record set.", set_fields},
    {"run_proof", "Whether a feed was read to its end.", proof_fields},
    {"run_held", "What the guard held back.", held_fields},
    {"run_undo", "Whether it can be taken back.", undo_fields},
    {"run_item", "A record that was not simply delivered.", item_fields},
    {0},
};
