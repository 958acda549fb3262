/* SPDX-License-Identifier: Apache-2.0
 *
 * What a job between two connections may deliver: record sets, relationships,
 * asset types, each with the reason why it is not offered; and the form of a
 * job's options.
 */
#include <string.h>

#include "api/api.h"
#include "api/item.h"
#include "api/tables.h"
#include "base/limits.h"
#include "sync/job.h"

struct ends {
	struct mst_connection source, dest;
	enum mst_env env;
	const struct mst_catalog *catalog;
};

static int find_ends(struct mst_http_req *r, struct mst_arena *arena,
		     struct ends *e, struct mst_err *err)
{
	const struct mst_config config = {.state = mst_api_state(r)};
	const char *source = mst_http_query(r, "source");
	const char *dest = mst_http_query(r, "destination");

	if (!source || !dest)
		return mst_err_set(err, MST_E_INVALID,
				   "a job has a source and a destination: "
				   "?source=NAME&destination=NAME");
	if (mst_connection_get(&config, dest, MST_ENV__MAX, arena, &e->dest,
			       err) < 0)
		return -(int)err->code;
	if (!e->dest.dest)
		return mst_err_set(err, MST_E_CONFLICT,
				   "connection '%s' is no destination", dest);
	e->env = e->dest.env == MST_ENV__MAX ? MST_ENV_PROD : e->dest.env;
	if (mst_connection_get(&config, source, e->env, arena, &e->source,
			       err) < 0)
		return -(int)err->code;
	if (!e->source.source)
		return mst_err_set(err, MST_E_CONFLICT,
				   "connection '%s' is no source", source);
	if (!mst_connection_serves(&e->source, e->env))
		return mst_err_set(err, MST_E_CONFLICT,
				   "connection '%s' is for %s, and '%s' is %s",
				   source, mst_connection_envs(&e->source),
				   dest, mst_env_name(e->env));
	return mst_job_catalog(&e->source, &e->dest, arena, &e->catalog, err);
}

/* Derived sets go with their origin, so nobody chooses them. */
static void sets_json(struct mst_jout *j, const struct mst_catalog *c,
		      const char *key, bool relationships)
{
	mst_jout_key(j, key);
	mst_jout_arr(j);
	for (size_t i = 0; i < c->sets_n; i++) {
		const struct mst_set *s = &c->sets[i];

		if (s->relationship != relationships || s->selected_by)
			continue;
		mst_jout_obj(j);
		mst_jout_kstr(j, "name", s->name);
		mst_jout_kstr(j, "title", s->title);
		mst_jout_kstr(j, "help", NULL);
		mst_jout_kstr(j, "why", s->off);
		mst_jout_key(j, "needs");
		mst_jout_arr(j);
		if (s->referenced_by)
			mst_jout_str(j, s->referenced_by);
		mst_jout_end_arr(j);
		mst_jout_key(j, "with");
		mst_jout_arr(j);
		for (size_t k = 0; k < c->sets_n; k++) {
			const char *by = c->sets[k].selected_by;

			if (by && strcmp(by, s->name) == 0)
				mst_jout_str(j, c->sets[k].name);
		}
		mst_jout_end_arr(j);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void types_json(struct mst_jout *j, const struct mst_source_ops *ops)
{
	mst_jout_key(j, "asset_types");
	mst_jout_arr(j);
	for (size_t i = 0; ops->asset_types && ops->asset_types[i]; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "name", ops->asset_types[i]);
		mst_jout_kstr(j, "why", NULL);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static int get(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	struct ends e = {.catalog = NULL};
	struct mst_arena arena;
	struct mst_jout j;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = find_ends(r, &arena, &e, err);
	if (rc == 0) {
		mst_jout_init(&j, &resp->body);
		mst_jout_obj(&j);
		mst_jout_kstr(&j, "environment", mst_env_name(e.env));
		sets_json(&j, e.catalog, "record_sets", false);
		sets_json(&j, e.catalog, "relationships", true);
		types_json(&j, e.source.source);
		mst_jout_key(&j, "options");
		mst_api_form_json(&j, mst_job_opts);
		mst_jout_end_obj(&j);
	}
	mst_arena_fini(&arena);
	return rc;
}

const struct mst_http_route mst_api_choices[] = {
    {MST_ROUTE_GET,
     "/job-choices",
     "get_job_choices",
     "jobs",
     "What a job between two connections may deliver.",
     MST_MAY_READ,
     0,
     NULL,
     "job_choices",
     {{"source", "a connection", "string", NULL},
      {"destination", "a connection", "string", NULL}},
     .run = get},
    {0},
};

static const struct mst_api_field set_fields[] = {
    {"name", "string", ""},
    {"title", "string", ""},
    {"help", "string?", ""},
    {"why", "string?", "it is not offered; null: it is"},
    {"needs", "string[]", "without these it adds nothing"},
    {"with", "string[]", "sets that go with it"},
    {0},
};

static const struct mst_api_field type_fields[] = {
    {"name", "string", ""},
    {"why", "string?", "it is not offered; null: it is"},
    {0},
};

static const struct mst_api_field choices_fields[] = {
    {"environment", "test|prod", "of the destination"},
    {"record_sets", "&set_choice[]", ""},
    {"relationships", "&set_choice[]", ""},
    {"asset_types", "&type_choice[]", ""},
    {"options", "&option[]", "of a job"},
    {0},
};

const struct mst_api_schema mst_api_choice_schemas[] = {
    {"set_choice", "A record set or a relationship.", set_fields},
    {"type_choice", "An asset type.", type_fields},
    {"job_choices", "What a job may deliver.", choices_fields},
    {0},
};
