/* SPDX-License-Identifier: Apache-2.0
 *
 * muster jobs: when each job runs next, and why not.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/time.h"
#include "cli/cli.h"
#include "serve/agenda.h"
#include "sync/job_schedule.h"

#define NEXT_MOST 100

static const struct cli_command jobs_cmd = {
    "jobs", "[JOB]",
    "Lists jobs with their schedule and when they run next, or shows one. "
    "Times are UTC. It\nis 'muster serve', or 'muster sync', that runs them.",
    cmd_jobs};

struct listing {
	struct mst_state *state;
	const char *only; /* NULL: all */
	uint64_t next;
	struct mst_buf out;
	struct mst_jout j;
	int64_t now_us;
	size_t n;
};

/* What the schedule is, for people; "" none. */
static void say(struct listing *l, const struct mst_agenda_job *job, char *out,
		size_t out_n)
{
	const struct mst_config config = {.state = l->state};
	const struct mst_conf_item *item = NULL;
	struct mst_job_conf conf = {.source = NULL};
	struct mst_schedule_text text;
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_arena arena;

	*out = 0;
	mst_arena_init(&arena, MST_MAX_ARENA);
	if (mst_config_get(&config, "job", job->name, &arena, &item,
			   &ignored) == 0 &&
	    mst_conf_apply(item, mst_job_opts, &conf, &arena, &ignored) == 0) {
		text = mst_job_schedule_text(job->name, &conf);
		if (job->schedule->kind == MST_SCHEDULE_EVERY && !text.every_ms)
			text.every_ms = job->schedule->every_us / 1000;
		mst_schedule_say(&text, out, out_n);
	}
	mst_arena_fini(&arena);
}

static const char *state_of(const struct mst_agenda_job *job)
{
	if (job->problem)
		return job->problem;
	if (job->paused)
		return "paused";
	if (job->schedule->kind == MST_SCHEDULE_NONE)
		return "when somebody asks";
	return job->after ? "when that one has ended well" : "";
}

static void show_json(struct listing *l, const struct mst_agenda_job *job,
		      const char *text, const int64_t *times, size_t n)
{
	char at[21];

	mst_jout_obj(&l->j);
	mst_jout_kstr(&l->j, "job", job->name);
	mst_jout_kstr(&l->j, "source", job->source);
	mst_jout_kstr(&l->j, "destination", job->destination);
	mst_jout_kstr(&l->j, "schedule", text);
	mst_jout_kbool(&l->j, "paused", job->paused);
	mst_jout_kstr(&l->j, "problem", job->problem);
	mst_jout_key(&l->j, "next");
	mst_jout_arr(&l->j);
	for (size_t i = 0; i < n; i++) {
		mst_time_iso(times[i], at);
		mst_jout_str(&l->j, at);
	}
	mst_jout_end_arr(&l->j);
	mst_jout_end_obj(&l->j);
}

static void show_text(struct listing *l, const struct mst_agenda_job *job,
		      const char *text, const int64_t *times, size_t n)
{
	const char *state = state_of(job);
	char at[21];

	(void)mst_buf_addf(&l->out, "%-20s %-32s", job->name, text);
	if (*state)
		(void)mst_buf_addf(&l->out, " %s", state);
	for (size_t i = 0; i < n; i++) {
		mst_time_iso(times[i], at);
		if (times[i] <= l->now_us)
			(void)mst_buf_adds(&l->out, " now");
		else
			(void)mst_buf_addf(
			    &l->out, "%s%s",
			    i ? "\n                              "
				"                        "
			      : " ",
			    at);
	}
	(void)mst_buf_addc(&l->out, '\n');
}

static void show(void *ctx, const struct mst_agenda_job *job)
{
	struct listing *l = ctx;
	int64_t times[NEXT_MOST];
	char text[300];
	size_t n = 0;

	if (l->only && strcmp(l->only, job->name) != 0)
		return;
	l->n++;
	if (!job->paused)
		n = mst_agenda_times(job, l->now_us, times, (size_t)l->next);
	say(l, job, text, sizeof(text));
	if (cli.json)
		show_json(l, job, text, times, n);
	else
		show_text(l, job, text, times, n);
}

static int list(struct listing *l, struct mst_err *err)
{
	struct mst_agenda *agenda = mst_agenda_new(l->state, true);
	int rc = mst_agenda_refresh(agenda, l->now_us, err);

	mst_jout_init(&l->j, &l->out);
	if (rc == 0 && cli.json && !l->only)
		mst_jout_arr(&l->j);
	if (rc == 0)
		mst_agenda_jobs(agenda, show, l);
	if (rc == 0 && cli.json && !l->only)
		mst_jout_end_arr(&l->j);
	if (rc == 0 && l->only && !l->n)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "there is no job '%s'; 'muster jobs' lists "
				 "them",
				 l->only);
	mst_agenda_free(&agenda);
	return rc;
}

int cmd_jobs(int argc, char **argv)
{
	struct listing l = {.next = 1};
	const struct cli_opt opts[] = {
	    {"next", "N", "so many of its next times, 1 when left out", NULL,
	     NULL, &l.next},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	int status, rc;

	if (!cli_parse(&jobs_cmd, opts, &argc, &argv, 0, 1, &status))
		return status;
	if (l.next < 1 || l.next > NEXT_MOST) {
		(void)fprintf(stderr, "muster: --next: 1 to %d\n", NEXT_MOST);
		return CLI_USAGE;
	}
	l.only = argc ? argv[0] : NULL;
	l.now_us = mst_now_us();
	mst_buf_init(&l.out, 64u << 20);
	rc = cli_open_state(&l.state, &err);
	if (rc == 0)
		rc = list(&l, &err);
	mst_state_close(&l.state);
	if (rc == 0) {
		if (cli.json)
			(void)mst_buf_addc(&l.out, '\n');
		cli_print(&l.out);
	}
	mst_buf_fini(&l.out);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
