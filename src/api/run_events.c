/* SPDX-License-Identifier: Apache-2.0
 *
 * A run, live: what the task says that it belongs to. One that was started at a
 * shell tells nobody; its stream says that it is there, and no more.
 */
#include <inttypes.h>
#include <stdio.h>

#include "api/run.h"
#include "api/tables.h"

struct first {
	struct mst_buf text;
	bool over;
};

static int take_task(void *ctx, const struct mst_run *run)
{
	*(int64_t *)ctx = run->task;
	return 0;
}

static int first_event(void *ctx, const struct mst_run *run)
{
	struct first *f = ctx;
	struct mst_jout j;

	f->over = run->status != MST_RUN_RUNNING;
	mst_buf_adds(&f->text, "event: run\ndata: ");
	mst_jout_init(&j, &f->text);
	mst_jout_obj(&j);
	mst_api_run_members(&j, run);
	mst_jout_end_obj(&j);
	mst_buf_adds(&f->text, "\n\n");
	if (f->over)
		mst_buf_adds(&f->text, "event: end\ndata: {}\n\n");
	return 0;
}

static int run_events(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	struct first f = {.text = MST_BUF_INIT(1u << 20)};
	int64_t id, task = 0;
	char topic[40];
	int rc = mst_http_param_id(r, "id", &id, err);

	if (rc == 0)
		rc = mst_state_run(mst_api_state(r), id, take_task, &task, err);
	if (rc == 0) {
		(void)snprintf(topic, sizeof(topic), "%s/%" PRId64,
			       task ? "task" : "run", task ? task : id);
		rc = mst_http_stream(r, resp, mst_api_hub(r), topic, err);
	}
	if (rc == 0)
		rc = mst_state_run(mst_api_state(r), id, first_event, &f, err);
	if (rc == 0)
		mst_http_stream_say(resp, mst_buf_slice(&f.text), f.over);
	mst_buf_fini(&f.text);
	return rc;
}

const struct mst_http_route mst_api_run_events[] = {
    {MST_ROUTE_GET, "/runs/{id}/events", "follow_run", "runs",
     "Live: run, task, progress, end.", MST_MAY_READ, MST_ROUTE_EVENTS, NULL,
     NULL, .run = run_events},
    {0},
};
