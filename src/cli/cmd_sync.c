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
#include "sync/due.h"

/* The configuration may change meanwhile. */
#define LOOK_AGAIN_US (60 * (int64_t)1000000)
#define NAP_MS	      500

static const struct cli_command sync_cmd = {
    "sync", "",
    "Runs the jobs whose source connection has 'sync: yes', each every "
    "sync_frequency minutes,\none after the other, until it is stopped. With "
    "--once it runs what is due now and ends, for\na timer of the system.",
    cmd_sync};

/* A job that is held elsewhere is tried again with the next look. */
static int run_due(struct mst_state *state, const struct mst_due *v, size_t n,
		   int64_t *next_us)
{
	int status = CLI_OK;

	for (size_t i = 0; i < n && !atomic_load(&cli_cancel); i++) {
		const struct mst_run_conf conf = {.job = v[i].job,
						  .progress = cli_progress(),
						  .cancel = &cli_cancel};
		int one;

		if (!v[i].on)
			continue;
		if (v[i].due_us > mst_now_us()) {
			*next_us = MST_MIN(*next_us, v[i].due_us);
			continue;
		}
		if (v[i].status == MST_RUN_RUNNING && v[i].run)
			continue;
		mst_info("job %s is due", v[i].job);
		one = cli_run(state, &conf);
		status = status == CLI_OK ? one : status;
	}
	return status;
}

static int look(struct mst_state *state, int64_t *next_us, int *status,
		struct mst_err *err)
{
	struct mst_arena arena;
	struct mst_due *v;
	size_t n;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = mst_due_list(state, &arena, &v, &n, err);
	if (rc == 0)
		*status = run_due(state, v, n, next_us);
	mst_arena_fini(&arena);
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
	struct mst_state *state = NULL;
	int status, rc;

	if (!cli_parse(&sync_cmd, opts, &argc, &argv, 0, 0, &status))
		return status;
	status = CLI_OK;
	rc = cli_open_state(&state, &err);
	while (rc == 0) {
		int64_t next_us = mst_now_us() + LOOK_AGAIN_US;

		rc = look(state, &next_us, &status, &err);
		if (rc < 0 || once || atomic_load(&cli_cancel))
			break;
		wait_until(next_us);
	}
	mst_state_close(&state);
	if (rc < 0)
		return cli_fail(&err);
	/* Stopping is how it ends. */
	return once ? status : CLI_OK;
}
