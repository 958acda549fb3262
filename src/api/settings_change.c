/* SPDX-License-Identifier: Apache-2.0
 *
 * See settings.h: what a set of settings changes, and saving exactly that.
 */
#include <string.h>

#include "api/second.h"
#include "api/settings.h"
#include "base/limits.h"
#include "sync/job.h"

int mst_api_env(struct mst_http_req *r, const char *word, enum mst_env *env_r,
		struct mst_err *err)
{
	const char *text = word ? word : mst_http_param(r, "env");

	if (mst_env_parse(text, env_r))
		return 0;
	return mst_err_set(err, MST_E_NOTFOUND,
			   "an environment is test or prod, not '%.40s'", text);
}

static bool asked(struct mst_http_req *r, const char *name)
{
	const char *v = mst_http_query(r, name);

	return v && (strcmp(v, "1") == 0 || strcmp(v, "true") == 0);
}

int mst_api_change_begin(struct mst_api_change *k, struct mst_http_req *r,
			 struct mst_http_resp *resp, const char *connection,
			 enum mst_env env, struct mst_json body,
			 struct mst_err *err)
{
	struct mst_config config;

	*k = (struct mst_api_change){.r = r,
				     .resp = resp,
				     .state = mst_api_state(r),
				     .env = env,
				     .what = "set",
				     .preview = asked(r, "preview")};
	mst_arena_init(&k->arena, MST_MAX_ARENA);
	/* Settings that are wrong can be put right, so they do not count. */
	config = (struct mst_config){.state = k->state, .bare = true};
	(void)mst_json_bool(mst_json_get(body, "consent"), &k->consent);
	if (mst_connection_get(&config, connection, env, &k->arena, &k->c,
			       err) < 0)
		return -(int)err->code;
	if (!mst_connection_serves(&k->c, env))
		return mst_err_set(err, MST_E_NOTFOUND,
				   "connection '%s' is for %s and has no %s "
				   "settings",
				   k->c.name, mst_connection_envs(&k->c),
				   env == MST_ENV_PROD ? "PROD" : "TEST");
	k->name = mst_settings_name(k->c.name, env, &k->arena);
	if (mst_api_stored(k->state, MST_SETTINGS, k->name, &k->arena, &k->now,
			   err) < 0)
		return -(int)err->code;
	k->after = (struct mst_conf_item){
	    .kind = MST_SETTINGS, .type = "", .name = k->name, .file = "set"};
	return mst_http_match(r, k->now.text.p ? k->now.text : mst_slice("", 0),
			      err);
}

int mst_api_change_put(struct mst_api_change *k, struct mst_http_req *r,
		       struct mst_http_resp *resp, struct mst_json *body_r,
		       struct mst_err *err)
{
	enum mst_env env = MST_ENV_TEST;

	*k = (struct mst_api_change){.r = r};
	mst_arena_init(&k->arena, MST_MAX_ARENA);
	if (mst_http_json(r, body_r, err) < 0 ||
	    mst_api_env(r, NULL, &env, err) < 0)
		return -(int)err->code;
	return mst_api_change_begin(k, r, resp, mst_http_param(r, "name"), env,
				    *body_r, err);
}

void mst_api_change_fini(struct mst_api_change *k)
{
	mst_arena_fini(&k->arena);
}

/* ---- what changes -------------------------------------------------------- */

static const struct mst_setting *setting_of(const struct mst_setting *list,
					    size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].opt->key, key) == 0)
			return &list[i];
	}
	return NULL;
}

static void in_force_json(struct mst_jout *j, const struct mst_setting *s,
			  struct mst_arena *arena)
{
	mst_api_value_json(j, s->opt, mst_setting_value(s, arena));
}

static void change_json(struct mst_jout *j, const struct mst_override_change *c,
			const struct mst_setting *before,
			const struct mst_setting *after,
			struct mst_arena *arena)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "key", c->key);
	mst_jout_kstr(j, "rule", after ? after->opt->rule : NULL);
	mst_jout_key(j, "before");
	if (before)
		in_force_json(j, before, arena);
	else
		mst_api_value_json(j, NULL,
				   c->before ? c->before->value : NULL);
	mst_jout_key(j, "after");
	if (after)
		in_force_json(j, after, arena);
	else
		mst_api_value_json(j, NULL, c->after ? c->after->value : NULL);
	mst_jout_kbool(j, "kept", c->after && !c->after->override);
	mst_jout_end_obj(j);
}

static size_t changes_json(struct mst_api_change *k, struct mst_jout *j)
{
	struct mst_override_change *list;
	struct mst_setting *before, *after;
	size_t n = mst_overrides_diff(k->now.item, &k->after, &k->arena, &list);
	size_t b = mst_settings_list(k->c.item, k->now.item, k->c.opts,
				     &k->arena, &before);
	size_t a = mst_settings_list(k->c.item, &k->after, k->c.opts, &k->arena,
				     &after);

	mst_jout_key(j, "changes");
	mst_jout_arr(j);
	for (size_t i = 0; i < n; i++)
		change_json(j, &list[i], setting_of(before, b, list[i].key),
			    setting_of(after, a, list[i].key), &k->arena);
	mst_jout_end_arr(j);
	return n;
}

/* Jobs that the set is in force for. */
static int jobs_json(struct mst_api_change *k, struct mst_jout *j,
		     struct mst_err *err)
{
	const struct mst_config config = {k->state, &k->after, 1};
	const char *const *names = NULL;
	int rc = mst_config_jobs(&config, &k->arena, &names, err);

	mst_jout_key(j, "jobs");
	mst_jout_arr(j);
	for (; rc == 0 && *names; names++) {
		struct mst_err wrong = MST_ERR_INIT;
		struct mst_job job;

		if (mst_job_get(&config, *names, &job, &wrong) < 0)
			continue; /* wrong before, and no business of ours */
		if (job.source_end.overrides == &k->after ||
		    job.dest_end.overrides == &k->after)
			mst_jout_str(j, *names);
		mst_job_fini(&job);
	}
	mst_jout_end_arr(j);
	return rc;
}

/* ---- saving -------------------------------------------------------------- */

static int check(struct mst_api_change *k, struct mst_err *err)
{
	const struct mst_config config = {k->state, &k->after, 1};
	int rc = mst_settings_check(&k->after, k->c.opts, &k->arena, err);

	if (rc == 0)
		rc = mst_config_check(&config, err);
	if (rc == -MST_E_NOTFOUND)
		err->code = MST_E_INVALID;
	return rc < 0 ? -(int)err->code : 0;
}

static int save(struct mst_api_change *k, struct mst_err *err)
{
	const char *only_if = k->now.text.p ? k->now.text.p : "";
	size_t added = 0, changed = 0;

	return mst_config_put(k->state, &k->after, 1, k->what, &only_if, &added,
			      &changed, err);
}

static int answer(struct mst_api_change *k, bool *saved_r, struct mst_err *err)
{
	struct mst_buf out = MST_BUF_INIT(16u << 20);
	struct mst_jout j;
	size_t n;
	int rc;

	mst_jout_init(&j, &out);
	mst_jout_obj(&j);
	n = changes_json(k, &j);
	rc = jobs_json(k, &j, err);
	mst_jout_key(&j, "errors");
	mst_jout_arr(&j);
	mst_jout_end_arr(&j);
	if (rc == 0 && n && !k->preview)
		rc = save(k, err);
	*saved_r = rc == 0 && !k->preview;
	mst_jout_kbool(&j, "saved", *saved_r);
	mst_jout_end_obj(&j);
	if (rc == 0)
		(void)mst_buf_add_slice(&k->resp->body, mst_buf_slice(&out));
	mst_buf_fini(&out);
	return rc;
}

int mst_api_change_end(struct mst_api_change *k,
		       int (*refuse)(struct mst_api_change *k,
				     struct mst_err *err),
		       struct mst_err *err)
{
	struct mst_api_stored now;
	bool saved = false;

	if (check(k, err) < 0)
		return refuse ? refuse(k, err)
			      : mst_api_refuse(k->r, k->resp, err);
	if (!k->preview && !k->consent) {
		mst_http_wrong(k->r, "/consent", "is true, and was not given");
		(void)mst_err_set(err, MST_E_INVALID,
				  "nothing was saved: settings change what "
				  "jobs write; \"consent\" says that you "
				  "mean it");
		return mst_api_refuse(k->r, k->resp, err);
	}
	if (!k->preview && k->env == MST_ENV_PROD &&
	    mst_api_second_wanted(k->r, true))
		return mst_api_second_ask(
		    k->r, k->resp,
		    mst_arena_printf(&k->r->arena, "%s settings of %s (PROD)",
				     strcmp(k->what, "promote") == 0 ? "promote"
								     : "change",
				     k->c.name),
		    "configure", 0, err);
	if (answer(k, &saved, err) < 0)
		return err->code == MST_E_CONFLICT
			   ? mst_http_problem_as(k->r, k->resp, 412, "changed",
						 "%s", err->msg)
			   : -(int)err->code;
	if (mst_api_stored(k->state, MST_SETTINGS, k->name, &k->arena, &now,
			   err) < 0)
		return -(int)err->code;
	if (saved)
		mst_api_changed(k->r, "settings", k->name);
	mst_api_tag(k->r, k->resp, now.text.p ? now.text : mst_slice("", 0));
	return 0;
}
