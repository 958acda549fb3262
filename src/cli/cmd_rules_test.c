/* SPDX-License-Identifier: Apache-2.0
 *
 * muster rules test: reads the source once and shows, by field, what records
 * become under the rules of a file, and what the next run would write beside
 * what it would write now. Saves and writes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cli/cli.h"
#include "cli/rules_test.h"
#include "cli/rules_test_show.h"
#include "cli/settings.h"
#include "cli/worker.h"

#define FILES_MAX 16

struct testing {
	const struct cli_rules_test *in;
	struct mst_state *state;
	struct mst_arena arena;
	struct mst_conf confs[FILES_MAX];
	int confs_n;
	struct mst_conf_item *front; /* all items of all files */
	size_t front_n;
	enum mst_env env;
	const char *job;
};

/* ---- files --------------------------------------------------------------- */

static int add_items(struct testing *t, const struct mst_conf *conf,
		     struct mst_err *err)
{
	for (size_t i = 0; i < conf->items_n; i++) {
		const struct mst_conf_item *item = &conf->items[i];

		for (size_t k = 0; k < t->front_n; k++) {
			const struct mst_conf_item *old = &t->front[k];

			if (strcmp(old->kind, item->kind) == 0 &&
			    strcmp(old->name, item->name) == 0)
				return mst_err_set(
				    err, MST_E_INVALID,
				    "%s:%d: the %s '%s' stand in %s too; put "
				    "them together",
				    item->file, item->line, item->kind,
				    item->name, old->file);
		}
		t->front[t->front_n++] = *item;
	}
	return 0;
}

static int load_files(struct testing *t, struct mst_err *err)
{
	size_t n = 0;

	for (int i = 0; i < t->in->files_n; i++) {
		if (cli_load_conf(t->in->files[i], &t->confs[i], err) < 0)
			return -(int)err->code;
		t->confs_n++;
		n += t->confs[i].items_n;
	}
	t->front = mst_arena_alloc(&t->arena, n * sizeof(*t->front));
	for (int i = 0; i < t->confs_n; i++) {
		if (add_items(t, &t->confs[i], err) < 0)
			return -(int)err->code;
	}
	return 0;
}

/* ---- which environment, which job ---------------------------------------- */

static const struct mst_conf_item *settings_for(const struct testing *t,
						enum mst_env env)
{
	char name[MST_MAX_NAME + 16];

	(void)snprintf(name, sizeof(name), "%s/%s", t->in->connection,
		       mst_env_name(env));
	for (size_t i = 0; i < t->front_n; i++) {
		if (mst_is_settings(&t->front[i]) &&
		    strcmp(t->front[i].name, name) == 0)
			return &t->front[i];
	}
	return NULL;
}

static int choose_env(struct testing *t, struct mst_err *err)
{
	bool test = settings_for(t, MST_ENV_TEST) != NULL;
	bool prod = settings_for(t, MST_ENV_PROD) != NULL;

	if (t->in->env && !mst_env_parse(t->in->env, &t->env))
		return mst_err_set(err, MST_E_INVALID,
				   "--env is test or prod, not '%.40s'",
				   t->in->env);
	if (!t->in->env && test && prod)
		return mst_err_set(err, MST_E_INVALID,
				   "there are settings of '%s' for test and "
				   "for prod: say --env test or --env prod",
				   t->in->connection);
	if (!t->in->env)
		t->env = prod ? MST_ENV_PROD : MST_ENV_TEST;
	if (settings_for(t, t->env))
		return 0;
	return mst_err_set(
	    err, MST_E_NOTFOUND,
	    "%s holds no settings of '%s'%s%s; write them below "
	    "\"settings:\" with \"connection: %s\" and "
	    "\"environment: …\"",
	    t->in->files[0], t->in->connection, t->in->env ? " for " : "",
	    t->in->env ? mst_env_name(t->env) : "", t->in->connection);
}

static bool is_for(const struct testing *t, const struct mst_job *job)
{
	return job->env == t->env &&
	       (strcmp(job->conf.source, t->in->connection) == 0 ||
		strcmp(job->conf.destination, t->in->connection) == 0) &&
	       (!t->in->job || strcmp(t->in->job, job->name) == 0);
}

static int choose_job(struct testing *t, struct mst_err *err)
{
	const struct mst_config stored = {.state = t->state};
	const char *const *names = NULL;
	struct mst_job job;

	if (mst_config_jobs(&stored, &t->arena, &names, err) < 0)
		return -(int)err->code;
	for (; *names; names++) {
		struct mst_err skip = MST_ERR_INIT;
		bool ours;

		if (mst_job_get(&stored, *names, &job, &skip) < 0)
			continue; /* wrong by itself, and not of interest */
		ours = is_for(t, &job);
		mst_job_fini(&job);
		if (ours && t->job)
			return mst_err_set(err, MST_E_INVALID,
					   "'%s' is part of the jobs '%s' and "
					   "'%s': say --job NAME",
					   t->in->connection, t->job, *names);
		if (ours)
			t->job = *names;
	}
	if (t->job)
		return 0;
	return mst_err_set(err, MST_E_NOTFOUND,
			   "no %s job%s%s%s has '%s' as one of its ends; rules "
			   "can only be tried on the records of a job",
			   mst_env_name(t->env), t->in->job ? " '" : "",
			   t->in->job ? t->in->job : "", t->in->job ? "'" : "",
			   t->in->connection);
}

/* ---- the trial ----------------------------------------------------------- */

static int try_rules(struct testing *t, struct mst_session *s,
		     struct mst_trial *trial, struct mst_err *err)
{
	struct cli_trial_show show = {.trial = trial,
				      .connection = t->in->connection,
				      .env = t->env,
				      .samples = t->in->samples,
				      .settings = settings_for(t, t->env)};
	int rc;

	if (mst_session_read(s, err) < 0 || mst_session_compare(s, err) < 0 ||
	    mst_trial_open(trial, s, err) < 0)
		return -(int)err->code;
	cli_trial_begin(&show);
	rc = mst_trial_records(trial, cli_trial_record, &show, err);
	cli_progress_end();
	if (rc == 0)
		cli_trial_print(&show);
	cli_trial_end(&show);
	return rc;
}

static int run(struct testing *t, struct mst_err *err)
{
	struct mst_run_conf conf = {
	    .look = true,
	    .every_group = true,
	    .progress = cli_progress(),
	    .cancel = &cli_cancel,
	};
	struct mst_session *s;
	struct mst_trial *trial;
	int rc;

	if (load_files(t, err) < 0 ||
	    (cli_worker() &&
	     mst_config_no_programs(
		 &(struct mst_config){t->state, t->front, t->front_n}, err) <
		 0) ||
	    choose_env(t, err) < 0 ||
	    mst_config_check(
		&(struct mst_config){t->state, t->front, t->front_n}, err) <
		0 ||
	    choose_job(t, err) < 0)
		return -(int)err->code;
	conf.job = t->job;
	conf.front = t->front;
	conf.front_n = t->front_n;
	conf.read_from = t->in->from;
	s = mst_alloc(sizeof(*s));
	trial = mst_alloc(sizeof(*trial));
	rc = mst_session_open(s, t->state, &conf, false, err);
	if (rc == 0)
		rc = try_rules(t, s, trial, err);
	mst_trial_close(trial);
	(void)mst_session_close(s, rc < 0 ? err : NULL);
	free(trial);
	free(s);
	return rc;
}

int cli_rules_test(const struct cli_rules_test *in)
{
	struct testing t = {.in = in};
	struct mst_err err = MST_ERR_INIT;
	int rc;

	if (in->files_n > FILES_MAX || in->samples > CLI_TRIAL_SAMPLES) {
		(void)fprintf(stderr,
			      "muster: at most %d files, and --sample %d\n",
			      FILES_MAX, CLI_TRIAL_SAMPLES);
		return CLI_USAGE;
	}
	mst_arena_init(&t.arena, MST_MAX_ARENA);
	rc = cli_open_state(&t.state, &err);
	if (rc == 0)
		rc = run(&t, &err);
	for (int i = 0; i < t.confs_n; i++)
		mst_conf_fini(&t.confs[i]);
	mst_state_close(&t.state);
	mst_arena_fini(&t.arena);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
