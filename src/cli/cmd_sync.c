/* SPDX-License-Identifier: Apache-2.0
 *
 * muster sync: runs jobs by themselves, as their source connections say.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "cli/cli.h"
#include "db/db.h"
#include "serve/agenda.h"

/* The configuration may change meanwhile. */
#define LOOK_AGAIN_US (60 * (int64_t)1000000)
#define NAP_MS	      500

static const struct cli_command sync_cmd = {
    "sync", "",
    "Runs the jobs that are due, by their schedule or by 'sync: yes' of their "
    "source connection, one\nafter the other, until it is stopped. With "
    "--once it runs what is due now and ends, for\na timer of the system. Not "
    "beside 'muster serve', which does it by itself.",
    cmd_sync};

/* Jobs that are due, in the order in which they became so. */
struct turn {
	struct mst_arena arena;
	struct mst_state *state;
	const char *jobs[512];
	size_t n;
};

static int take_last(void *ctx, const struct mst_run *run)
{
	*(enum mst_run_status *)ctx = run->status;
	return 0;
}

/* One that runs already, by another process, is left out this time; one whose
 * window is shut stays due until it opens. */
static enum mst_agenda_say on_due(void *ctx, const struct mst_agenda_job *j,
				  struct mst_task *t)
{
	enum mst_run_status last = MST_RUN_OK;
	struct mst_err ignored = MST_ERR_INIT;
	struct turn *turn = ctx;

	(void)t;
	if (mst_schedule_may(j->schedule, mst_now_us()) > mst_now_us())
		return MST_AGENDA_LATER;
	(void)mst_state_runs(
	    turn->state,
	    &(struct mst_run_filter){.job = j->name, .status = -1, .n = 1},
	    take_last, &last, &ignored);
	if (last == MST_RUN_RUNNING)
		return MST_AGENDA_SKIP;
	return turn->n < MST_LEN(turn->jobs) ? MST_AGENDA_RUN
					     : MST_AGENDA_LATER;
}

static void on_won(void *ctx, const struct mst_agenda_job *j, int64_t due_us)
{
	struct turn *turn = ctx;

	(void)due_us;
	turn->jobs[turn->n++] = mst_arena_strdup(&turn->arena, j->name);
}

static int run_turn(const struct turn *turn)
{
	int status = CLI_OK;

	for (size_t i = 0; i < turn->n && !atomic_load(&cli_cancel); i++) {
		const struct mst_run_conf conf = {.job = turn->jobs[i],
						  .progress = cli_progress(),
						  .cancel = &cli_cancel};
		int one;

		mst_info("job %s is due", turn->jobs[i]);
		one = cli_run(turn->state, &conf);
		status = status == CLI_OK ? one : status;
	}
	return status;
}

static int look(struct mst_agenda *agenda, struct mst_state *state,
		int64_t *next_us, int *status, struct mst_err *err)
{
	static const struct mst_agenda_ops ops = {on_due, on_won, true};
	struct turn turn = {.state = state};
	int rc;

	mst_arena_init(&turn.arena, MST_MAX_ARENA);
	rc = mst_agenda_refresh(agenda, mst_now_us(), err);
	if (rc == 0)
		rc = mst_agenda_due(agenda, mst_now_us(), true, &ops, &turn,
				    err);
	if (rc == 0)
		*status = run_turn(&turn);
	if (mst_agenda_next(agenda) != MST_TIME_NONE)
		*next_us = MST_MIN(*next_us, mst_agenda_next(agenda));
	mst_arena_fini(&turn.arena);
	return rc;
}

/* Two that do the same would only be in each other's way. */
static int check_alone(const struct mst_state *state, struct mst_err *err)
{
	char *path = mst_asprintf("%s/serve.lock", mst_state_dir(state));
	struct mst_buf note = MST_BUF_INIT(512);
	bool held = false;
	int rc = mst_lock_peek(path, &held, &note, err);

	if (rc == 0 && held)
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "the service runs what is due already: %s",
				 note.n ? note.p : "muster serve");
	mst_buf_fini(&note);
	free(path);
	return rc;
}

static void wait_until(int64_t us)
{
	while (!atomic_load(&cli_cancel) && mst_now_us() < us)
		(void)poll(NULL, 0, NAP_MS);
}

int cmd_sync(int argc, char **argv)
{
	bool once = false;
	const struct cli_opt opts[] = {
	    {"once", NULL, "run what is due now, then end", &once, NULL, NULL},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_agenda *agenda = NULL;
	struct mst_state *state = NULL;
	int status, rc;

	if (!cli_parse(&sync_cmd, opts, &argc, &argv, 0, 0, &status))
		return status;
	status = CLI_OK;
	rc = cli_open_state(&state, &err);
	if (rc == 0)
		rc = check_alone(state, &err);
	if (rc == 0)
		agenda = mst_agenda_new(state, false);
	while (rc == 0) {
		int64_t next_us = mst_now_us() + LOOK_AGAIN_US;

		rc = look(agenda, state, &next_us, &status, &err);
		if (rc < 0 || once || atomic_load(&cli_cancel))
			break;
		wait_until(next_us);
	}
	mst_agenda_free(&agenda);
	mst_state_close(&state);
	if (rc < 0)
		return cli_fail(&err);
	/* Stopping is how it ends. */
	return once ? status : CLI_OK;
}
