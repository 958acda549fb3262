/* SPDX-License-Identifier: Apache-2.0
 *
 * Trying what is not saved: a connection's form and its set-up checks,
 * settings and custom mappings on the records of a job. Nothing of it is
 * stored but the task.
 */
#include <string.h>

#include "api/ask.h"
#include "api/settings.h"
#include "api/tables.h"
#include "base/limits.h"
#include "base/secret.h"
#include "sync/job.h"

#define TRIAL_FILE  "connection.yaml"
#define RULES_FILE  "settings.yaml"
#define SAMPLES_MAX 100

static const char *text_of(struct mst_http_req *r, struct mst_json body,
			   const char *key)
{
	struct mst_slice s = mst_json_str(mst_json_get(body, key));

	return s.n && !memchr(s.p, 0, s.n) ? mst_arena_dup(&r->arena, s).p
					   : NULL;
}

static bool is_given(struct mst_json body, const char *key)
{
	return mst_json_type(mst_json_get(body, key)) != MST_JSON_NULL;
}

static int put(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_api_ask *a, int rc, struct mst_err *err)
{
	if (rc == 0)
		rc = mst_api_ask_put(r, resp, a, err);
	mst_api_ask_fini(a);
	return rc;
}

/* Secrets that came with the form are sealed apart from those in use. */
static int seal_trial(struct mst_http_req *r, const struct mst_api_item *v,
		      struct mst_err *err)
{
	struct mst_conf_value *values;
	int rc = 0;

	/* The items are ours: they were made for this request. */
	values = (struct mst_conf_value *)(uintptr_t)v->item.values;
	for (size_t i = 0; i < v->seals_n && rc == 0; i++) {
		const char *name = mst_arena_printf(
		    &r->arena, MST_API_TRIAL "%s", v->seals[i].name);
		const char *was =
		    mst_arena_printf(&r->arena, "sealed:%s", v->seals[i].name);
		struct mst_secret *secret;
		char *key = NULL;

		if (!mst_secret_name_ok(name))
			return mst_err_set(err, MST_E_INVALID,
					   "the name is too long for a trial");
		for (size_t k = 0; k < v->item.values_n; k++) {
			const char **texts =
			    mst_arena_alloc(&r->arena, sizeof(*texts));

			if (values[k].texts_n != 1 ||
			    strcmp(values[k].texts[0], was) != 0)
				continue;
			texts[0] =
			    mst_arena_printf(&r->arena, "sealed:%s", name);
			values[k].texts = texts;
		}
		secret = mst_secret_new(v->seals[i].value);
		rc = mst_state_secret_set(mst_api_state(r), name, secret, &key,
					  err);
		mst_freep(&key);
		mst_secret_free(&secret);
	}
	return rc;
}

static int ask_trial(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_api_item *v, struct mst_err *err)
{
	struct mst_buf yaml = MST_BUF_INIT(MST_MAX_CONF);
	struct mst_api_ask a;
	int rc = seal_trial(r, v, err);

	mst_api_ask_init(&a, "test");
	a.connection = v->item.name;
	a.repeat = true;
	(void)mst_buf_adds(&yaml, "connections:\n");
	if (rc == 0)
		rc = mst_config_text(&v->item, &yaml, err);
	mst_api_ask_word(&a, "connection");
	mst_api_ask_word(&a, "test");
	mst_api_ask_option(&a, "file", "@" TRIAL_FILE);
	mst_api_ask_name(&a, v->item.name);
	mst_api_ask_file(&a, TRIAL_FILE, mst_buf_slice(&yaml));
	mst_buf_fini(&yaml);
	return put(r, resp, &a, rc, err);
}

static int trial(struct mst_http_req *r, struct mst_http_resp *resp,
		 struct mst_arena *arena, struct mst_err *err)
{
	const char *test = mst_http_query(r, "test"), *name;
	struct mst_api_stored now = {.item = NULL};
	struct mst_api_item v;
	struct mst_json body;
	struct mst_jout j;

	if (mst_http_json(r, &body, err) < 0)
		return -(int)err->code;
	name = text_of(r, body, "name");
	if (!name) {
		mst_http_wrong(r, "/name", "is missing");
		return mst_http_problem_as(r, resp, 422, "unprocessable",
					   "a connection needs a name");
	}
	if (mst_api_stored(mst_api_state(r), "connection", name, arena, &now,
			   err) < 0)
		return -(int)err->code;
	if (mst_api_item_read(r, body, "connection", name, now.item, arena, &v,
			      err) < 0 ||
	    mst_api_item_check(r, mst_api_state(r), &v, err) < 0)
		return mst_api_refuse(r, resp, err);
	if (test && (strcmp(test, "1") == 0 || strcmp(test, "true") == 0))
		return ask_trial(r, resp, &v, err);
	mst_jout_init(&j, &resp->body);
	mst_jout_obj(&j);
	if (mst_api_show_item(r, &v.item, arena, &j, err) < 0)
		return -(int)err->code;
	mst_jout_end_obj(&j);
	return 0;
}

static int post_trial(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = trial(r, resp, &arena, err);
	mst_arena_fini(&arena);
	return rc;
}

/* ---- jobs: trials of rules ----------------------------------------------- */

/* The set that is tried: what is stored for the environment, with what the
 * body says in its place. */
static int trial_set(struct mst_json body, struct mst_api_change *k,
		     struct mst_conf_item *after_r, struct mst_err *err)
{
	struct mst_json values = mst_json_get(body, "values");
	struct mst_slice yaml = mst_json_str(mst_json_get(body, "mappings"));
	const struct mst_config config = {.state = k->state};
	struct mst_conf_item now = k->after;
	const struct mst_conf_item *test = NULL;
	const char *from = text_of(k->r, body, "from");
	bool promote = false;
	int rc = 0;

	(void)mst_json_bool(mst_json_get(body, "promote"), &promote);
	if (promote) {
		rc = mst_config_find(&config, MST_SETTINGS,
				     mst_settings_name(from ? from : k->c.name,
						       MST_ENV_TEST, &k->arena),
				     &k->arena, &test, err);
		k->now.item = test;
	}
	if (k->now.item) {
		now = *k->now.item;
		now.name = k->name;
	}
	if (rc == 0 && is_given(body, "values")) {
		rc = mst_api_settings_read(k, values, &now, err);
		k->now.item = &now;
	}
	*after_r = now;
	if (rc == 0 && is_given(body, "mappings"))
		rc = mst_api_mappings_read(k, yaml, after_r, err);
	return rc;
}

static int ask_try(struct mst_json body, struct mst_api_change *k,
		   struct mst_api_ask *a, const char *job, struct mst_err *err)
{
	struct mst_buf yaml = MST_BUF_INIT(MST_MAX_CONF);
	struct mst_conf_item after;
	int64_t sample;
	int rc = trial_set(body, k, &after, err);

	(void)mst_buf_addf(&yaml, "%s:\n", mst_conf_section(MST_SETTINGS));
	if (rc == 0)
		rc = mst_config_text(&after, &yaml, err);
	mst_api_ask_word(a, "rules");
	mst_api_ask_word(a, "test");
	mst_api_ask_option(a, "job", job);
	mst_api_ask_option(a, "env", mst_env_name(k->env));
	if (mst_json_i64(mst_json_get(body, "sample"), &sample) &&
	    sample >= 0 && sample <= SAMPLES_MAX)
		mst_api_ask_number(a, "sample", sample);
	mst_api_ask_name(a, k->c.name);
	mst_api_ask_name(a, "@" RULES_FILE);
	mst_api_ask_file(a, RULES_FILE, mst_buf_slice(&yaml));
	mst_buf_fini(&yaml);
	return rc;
}

static int post_try(struct mst_http_req *r, struct mst_http_resp *resp,
		    struct mst_err *err)
{
	const char *name = mst_http_param(r, "name"), *word, *connection;
	struct mst_api_change k;
	struct mst_api_ask a;
	struct mst_job job;
	enum mst_env env;
	struct mst_json body;
	int rc;

	if (mst_http_json(r, &body, err) < 0 ||
	    mst_job_load(mst_api_state(r), name, &job, err) < 0)
		return -(int)err->code;
	env = job.env;
	connection = text_of(r, body, "connection");
	connection = connection ? connection
				: mst_arena_strdup(&r->arena, job.conf.source);
	mst_job_fini(&job);
	word = text_of(r, body, "environment");
	if (word && mst_api_env(r, word, &env, err) < 0)
		return -(int)err->code;
	mst_api_ask_init(&a, "try");
	a.job = name;
	a.connection = connection;
	a.repeat = true;
	rc = mst_api_change_begin(&k, r, resp, connection, env, body, err);
	if (rc == 0)
		rc = ask_try(body, &k, &a, name, err);
	if (rc == -MST_E_INVALID) {
		rc = mst_api_refuse(r, resp, err);
		mst_api_ask_fini(&a);
	} else {
		rc = put(r, resp, &a, rc, err);
	}
	mst_api_change_fini(&k);
	return rc;
}

/* ---- tables -------------------------------------------------------------- */

const struct mst_http_route mst_api_trials[] = {
    {MST_ROUTE_POST,
     "/connections/trial",
     "try_connection",
     "connections",
     "Checks the form of a connection that is not saved; or tests it.",
     MST_MAY_CONFIGURE,
     MST_ROUTE_OR_TASK,
     "trial_body",
     "trial",
     {{"test", "answers with a task that tests it", "boolean", NULL}},
     .run = post_trial},
    {MST_ROUTE_POST, "/jobs/{name}/tries", "try_rules", "jobs",
     "Shows what settings and custom mappings that are not saved would change.",
     MST_MAY_OPERATE, MST_ROUTE_TASK, "try_body", "task", .run = post_try},
    {0},
};

static const struct mst_api_field trial_fields[] = {
    {"name", "string", ""},
    {"type?", "string", ""},
    {"values", "object", "as of a connection"},
    {0},
};

static const struct mst_api_field tried_fields[] = {
    {"name", "string", ""},
    {"type", "string", ""},
    {"values", "object", "as they would be saved"},
    {0},
};

static const struct mst_api_field try_fields[] = {
    {"connection?", "string?", "whose settings; null: the job's source"},
    {"environment?", "test|prod?", "null: the job's"},
    {"values?", "object?", "as PUT settings; null: as saved"},
    {"mappings?", "string?", "YAML; null: as saved"},
    {"promote?", "boolean", "TEST's set in this environment"},
    {"from?", "string?", "whose TEST set; null: the same connection's"},
    {"sample?", "integer?", "how many records of each set are shown"},
    {"consent?", "boolean", "not looked at"},
    {0},
};

const struct mst_api_schema mst_api_trial_schemas[] = {
    {"trial_body", "A connection that is not saved.", trial_fields},
    {"trial", "The form of a connection, without a fault.", tried_fields},
    {"try_body", "What is tried.", try_fields},
    {0},
};
