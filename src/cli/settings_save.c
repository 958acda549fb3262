/* SPDX-License-Identifier: Apache-2.0
 *
 * See settings_save.h.
 */
#include "cli/settings_save.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cli/cli.h"
#include "cli/settings.h"
#include "sync/plan.h"
#include "sync/setting_show.h"

#define OUT_MAX (16u << 20)

struct saving {
	struct cli_save *s;
	const char *name;	    /* "defender/prod" */
	struct mst_buf text;	    /* as stored now; "" when there is none */
	struct mst_conf_item *item; /* after, with places of its own text */
	struct mst_buf out;
	struct mst_jout j;
};

int cli_no_consent(void)
{
	(void)fprintf(stderr, "muster: nothing was saved: settings change what "
			      "jobs write; --consent says that you mean it\n");
	return CLI_DRIFT;
}

/* ---- checking ------------------------------------------------------------ */

static int read_stored(struct saving *v, struct mst_err *err)
{
	bool found = false;

	return mst_state_find(v->s->state, MST_SETTINGS, v->name, &v->text,
			      &found, err);
}

/* Places in errors are those of the text that would be stored. */
static int reread(struct saving *v, struct mst_err *err)
{
	struct mst_buf yaml = MST_BUF_INIT(MST_MAX_CONF);
	const char *file =
	    mst_arena_printf(v->s->arena, "settings %s", v->name);
	size_t n = 0;
	int rc;

	(void)mst_buf_addf(&yaml, "%s:\n", mst_conf_section(MST_SETTINGS));
	rc = mst_config_text(&v->s->after, &yaml, err);
	if (rc == 0)
		rc = mst_conf_read_in(mst_buf_slice(&yaml), file, v->s->arena,
				      &v->item, &n, err);
	mst_buf_fini(&yaml);
	return rc;
}

static int check(struct saving *v, struct mst_err *err)
{
	/* first as it is: what was typed has no place */
	if (mst_settings_check(&v->s->after, v->s->opts, v->s->arena, err) <
		0 ||
	    reread(v, err) < 0)
		return -(int)err->code;
	return mst_config_check(&(struct mst_config){v->s->state, v->item, 1},
				err);
}

/* ---- plans --------------------------------------------------------------- */

static void print_plan(struct saving *v, const struct mst_session *session)
{
	uint64_t requests = mst_plan_requests(session);
	double seconds = cli_plan_seconds(
	    requests, 0, 0, session->job.dest->workers(session->dest));

	cli_progress_end();
	if (cli.json) {
		mst_jout_obj(&v->j);
		mst_jout_kstr(&v->j, "job", session->job.name);
		mst_jout_ki64(&v->j, "requests", (int64_t)requests);
		mst_jout_kbool(&v->j, "guard", session->guarded);
		mst_jout_key(&v->j, "counts");
		cli_plan_counts(&v->j, session);
		mst_jout_end_obj(&v->j);
		return;
	}
	(void)mst_buf_addf(&v->out, "\nThe next run of job %s would write:\n",
			   session->job.name);
	(void)cli_plan_summary(session, &v->out, requests, seconds);
	cli_print(&v->out);
}

static int plan_job(struct saving *v, const char *job, struct mst_err *err)
{
	const struct mst_run_conf conf = {
	    .job = job,
	    .front = v->item,
	    .front_n = 1,
	    .progress = cli_progress(),
	    .cancel = &cli_cancel,
	};
	struct mst_session *session = mst_alloc(sizeof(*session));
	int rc = mst_session_open(session, v->s->state, &conf, false, err);

	if (rc == 0)
		rc = mst_session_read(session, err);
	if (rc == 0)
		rc = mst_session_compare(session, err);
	if (rc == 0)
		print_plan(v, session);
	(void)mst_session_close(session, rc < 0 ? err : NULL);
	free(session);
	return rc < 0 ? mst_err_prefix(err,
				       "nothing was saved, because there is no "
				       "plan of job '%s' (--no-plan goes on "
				       "without one)",
				       job)
		      : 0;
}

/* Is it a job that the settings are in force for? */
static bool concerns(struct saving *v, const char *name)
{
	const struct mst_config config = {v->s->state, v->item, 1};
	struct mst_err err = MST_ERR_INIT;
	struct mst_job job;
	bool yes;

	if (mst_job_get(&config, name, &job, &err) < 0)
		return false; /* wrong before, and no business of ours */
	yes = job.source_end.overrides == v->item ||
	      job.dest_end.overrides == v->item;
	mst_job_fini(&job);
	return yes;
}

static int plans(struct saving *v, struct mst_err *err)
{
	const struct mst_config config = {.state = v->s->state};
	const char *const *names = NULL;
	bool planned = false;
	int rc;

	if (cli.json) {
		mst_jout_key(&v->j, "plans");
		mst_jout_arr(&v->j);
	}
	rc = v->s->plans ? mst_config_jobs(&config, v->s->arena, &names, err)
			 : 0;
	for (; rc == 0 && names && *names; names++) {
		if (!concerns(v, *names))
			continue;
		planned = true;
		rc = plan_job(v, *names, err);
	}
	if (rc == 0 && v->s->plans && !planned && !cli.json)
		(void)printf(
		    "\nNo job takes these settings yet, so there is no "
		    "plan to show.\n");
	if (cli.json)
		mst_jout_end_arr(&v->j);
	return rc;
}

/* ---- saving -------------------------------------------------------------- */

static size_t show(struct saving *v)
{
	struct mst_override_change *list;
	size_t n =
	    mst_overrides_diff(v->s->before, v->item, v->s->arena, &list);

	if (cli.json) {
		mst_jout_obj(&v->j);
		mst_jout_kstr(&v->j, "connection", v->s->connection);
		mst_jout_kstr(&v->j, "environment", mst_env_name(v->s->env));
		mst_jout_kstr(&v->j, "what", v->s->what);
		mst_jout_key(&v->j, "changes");
		mst_jout_arr(&v->j);
		mst_overrides_json(&v->j, v->s->opts, list, n);
		mst_jout_end_arr(&v->j);
		return n;
	}
	(void)mst_buf_addf(&v->out, "settings of %s for %s%s\n",
			   v->s->connection, mst_env_title(v->s->env),
			   n ? ":" : ": nothing to change");
	mst_overrides_text(&v->out, list, n);
	cli_print(&v->out);
	return n;
}

static int put(struct saving *v, struct mst_err *err)
{
	const char *only_if = v->text.p ? v->text.p : "";
	size_t added, changed;

	return mst_config_put(v->s->state, v->item, 1, v->s->what, &only_if,
			      &added, &changed, err);
}

static int save(struct saving *v, int *status_r, struct mst_err *err)
{
	bool saved = false;
	size_t n;

	if (read_stored(v, err) < 0 || check(v, err) < 0)
		return -(int)err->code;
	n = show(v);
	if (n && plans(v, err) < 0)
		return -(int)err->code;
	*status_r = CLI_OK;
	if (n && cli_consent(v->s->consent)) {
		if (put(v, err) < 0)
			return -(int)err->code;
		saved = true;
	}
	if (cli.json) {
		mst_jout_kbool(&v->j, "saved", saved);
		mst_jout_end_obj(&v->j);
		(void)mst_buf_addc(&v->out, '\n');
	} else if (saved) {
		(void)mst_buf_adds(&v->out, "saved\n");
	}
	cli_print(&v->out);
	if (n && !saved)
		*status_r = cli_no_consent();
	return 0;
}

int cli_save_settings(struct cli_save *s, int *status_r, struct mst_err *err)
{
	struct saving v = {
	    .s = s,
	    .name = mst_settings_name(s->connection, s->env, s->arena),
	    .text = MST_BUF_INIT(MST_MAX_CONF),
	    .out = MST_BUF_INIT(OUT_MAX),
	};
	int rc;

	mst_jout_init(&v.j, &v.out);
	rc = save(&v, status_r, err);
	mst_buf_fini(&v.text);
	mst_buf_fini(&v.out);
	return rc;
}

/* ---- a document ---------------------------------------------------------- */

struct showing {
	const struct mst_config *stored;
	const struct mst_config *with; /* the document in front */
	struct mst_arena arena;
	struct mst_jout *j; /* NULL: text */
};

static int show_set(struct showing *w, const struct mst_conf_item *item,
		    size_t *n_r, struct mst_err *err)
{
	const struct mst_conf_item *before = NULL;
	struct mst_buf out = MST_BUF_INIT(OUT_MAX);
	struct mst_slice of = mst_slice(item->name, strcspn(item->name, "/"));
	struct mst_override_change *list;
	struct mst_connection c;
	size_t n;

	if (mst_config_find(w->stored, MST_SETTINGS, item->name, &w->arena,
			    &before, err) < 0 ||
	    mst_connection_get(w->with, mst_arena_dup(&w->arena, of).p,
			       MST_ENV__MAX, &w->arena, &c, err) < 0)
		return -(int)err->code;
	n = mst_overrides_diff(before, item, &w->arena, &list);
	if (n && w->j) {
		mst_jout_obj(w->j);
		mst_jout_kstr(w->j, "connection", c.name);
		mst_jout_kstr(w->j, "environment", item->name + of.n + 1);
		mst_jout_key(w->j, "changes");
		mst_jout_arr(w->j);
		mst_overrides_json(w->j, c.opts, list, n);
		mst_jout_end_arr(w->j);
		mst_jout_end_obj(w->j);
	} else if (n) {
		(void)mst_buf_addf(&out, "settings of %s for %s:\n", c.name,
				   strcmp(item->name + of.n + 1, "prod") == 0
				       ? "PROD"
				       : "TEST");
		mst_overrides_text(&out, list, n);
		cli_print(&out);
	}
	*n_r += n > 0;
	mst_buf_fini(&out);
	return 0;
}

int cli_show_settings(struct mst_state *state, const struct mst_conf *conf,
		      struct mst_jout *j, size_t *n_r, struct mst_err *err)
{
	const struct mst_config stored = {.state = state};
	const struct mst_config with = {state, conf->items, conf->items_n};
	struct showing w = {.stored = &stored, .with = &with, .j = j};
	int rc = 0;

	*n_r = 0;
	mst_arena_init(&w.arena, MST_MAX_ARENA);
	for (size_t i = 0; i < conf->items_n && rc == 0; i++) {
		if (mst_is_settings(&conf->items[i]))
			rc = show_set(&w, &conf->items[i], n_r, err);
	}
	mst_arena_fini(&w.arena);
	return rc;
}
