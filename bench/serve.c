/* SPDX-License-Identifier: Apache-2.0
 *
 * serve.schedule: 10,000 jobs with schedules in one daemon; some of them become
 * due in bursts. The seconds are those by which the last of them began late,
 * from when it was due to its worker's start.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "bench/job.h"
#include "serve/agenda.h"
#include "serve/keeper.h"
#include "state/task.h"
#include "json/json.h"

#define JOBS	 10000
#define BURSTS	 10
#define BURST	 25
#define FIRST_US INT64_C(5000000) /* until the keeper knows all of them */
#define GAP_US	 INT64_C(500000)
#define TEXT_MAX (1u << 20)

static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct mst_json_parser *parser;
	int64_t late_us;
	unsigned begun;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

static int64_t began_us;

/* "j00042" is of burst 42 / BURST. */
static void hear(void *ctx, const char *topic, const char *event,
		 struct mst_slice data)
{
	struct mst_err err = MST_ERR_INIT;
	int64_t now = mst_now_us(), due;
	struct mst_json e;
	unsigned n = 0;

	(void)ctx;
	if (strcmp(topic, "all") != 0 || strcmp(event, "task") != 0)
		return;
	(void)pthread_mutex_lock(&seen.lock);
	if (mst_json_parse(seen.parser, data, &e, &err) == 0 &&
	    mst_json_is_str(mst_json_get(e, "state"), "running") &&
	    sscanf(mst_json_str(mst_json_get(e, "job")).p, "j%5u", &n) == 1) {
		due = began_us + FIRST_US + (int64_t)(n / BURST) * GAP_US;
		seen.late_us = MST_MAX(seen.late_us, now - due);
		seen.begun++;
		(void)pthread_cond_signal(&seen.more);
	}
	(void)pthread_mutex_unlock(&seen.lock);
}

static int put_jobs(struct mst_state *state, struct mst_err *err)
{
	struct mst_state_item *items =
	    mst_alloc((JOBS + 2) * sizeof(struct mst_state_item));
	size_t added, changed, n = 0;
	int rc;

	items[n++] = (struct mst_state_item){
	    .kind = "connection",
	    .name = "e",
	    .type = "endpoint",
	    .yaml = "  - name: e\n    type: endpoint\n    read_from: /srv/x\n"
		    "    concurrent_runs: 100\n"};
	items[n++] = (struct mst_state_item){
	    .kind = "connection",
	    .name = "cmdb",
	    .type = "servicenow",
	    .yaml = "  - name: cmdb\n    type: servicenow\n"
		    "    url: https://sn.example\n    username: u\n"
		    "    password: env:X\n    concurrent_runs: 100\n"};
	for (unsigned i = 0; i < JOBS; i++) {
		char *name = mst_asprintf("j%05u", i);

		items[n++] = (struct mst_state_item){
		    .kind = "job",
		    .name = name,
		    .type = "",
		    .yaml = mst_asprintf("  - name: %s\n    source: e\n"
					 "    destination: cmdb\n"
					 "    schedule:\n"
					 "      cron: %u %u * * *\n",
					 name, i % 60, i / 60 % 24)};
	}
	rc = mst_state_put_items(state, items, n, &added, &changed, err);
	for (size_t i = 2; i < n; i++) {
		free((void *)(uintptr_t)items[i].name);
		free((void *)(uintptr_t)items[i].yaml);
	}
	free(items);
	return rc;
}

struct rows {
	struct mst_state *state;
	struct {
		int64_t next_us;
		uint64_t basis;
	} v[BURSTS * BURST];
	size_t n;
};

static int take_row(void *ctx, const struct mst_job_plan *p)
{
	struct rows *r = ctx;

	if (r->n < MST_LEN(r->v)) { /* they come in order of their names */
		r->v[r->n].next_us = p->next_us;
		r->v[r->n++].basis = p->basis;
	}
	return 0;
}

/* The rows of all jobs, and the first ones due soon. */
static int make_rows(struct mst_state *state, struct mst_err *err)
{
	struct mst_agenda *agenda = mst_agenda_new(state, false);
	struct rows *r = mst_alloc(sizeof(*r));
	int rc = mst_agenda_refresh(agenda, mst_now_us(), err);

	mst_agenda_free(&agenda);
	if (rc == 0)
		rc = mst_job_plans(state, take_row, r, err);
	began_us = mst_now_us();
	for (size_t i = 0; i < r->n && rc == 0; i++) {
		char name[16];
		bool done;

		(void)snprintf(name, sizeof(name), "j%05zu", i);
		rc = mst_job_due(state, name, r->v[i].next_us,
				 began_us + FIRST_US +
				     (int64_t)(i / BURST) * GAP_US,
				 r->v[i].basis, 0, NULL, &done, err);
	}
	free(r);
	return rc;
}

static int run(const char *dir, struct mst_err *err)
{
	const struct mst_keeper_conf conf = {.state_dir = dir,
					     .node = "bench",
					     .address = "",
					     .version = "1",
					     .program = "/bin/true",
					     .slots = BURST,
					     .told = {.event = hear}};
	struct mst_keeper *k = NULL;

	if (mst_keeper_start(&conf, &k, err) < 0)
		return -(int)err->code;
	(void)pthread_mutex_lock(&seen.lock);
	while (seen.begun < BURSTS * BURST)
		(void)pthread_cond_wait(&seen.more, &seen.lock);
	(void)pthread_mutex_unlock(&seen.lock);
	mst_keeper_free(&k);
	return 0;
}

static bool schedule(struct bench *b, void *arg, double out[8])
{
	char *dir = mst_asprintf("%s/serve", b->dir);
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	int rc;

	(void)arg;
	(void)alarm(300);
	mst_log_level(MST_WARN);
	seen.parser = mst_json_parser_new(TEXT_MAX);
	rc = mst_state_open(dir, &state, &err);
	if (rc == 0)
		rc = put_jobs(state, &err);
	if (rc == 0)
		rc = make_rows(state, &err);
	if (rc == 0)
		rc = run(dir, &err);
	mst_state_close(&state);
	mst_json_parser_free(&seen.parser);
	free(dir);
	if (rc < 0)
		(void)fprintf(stderr, "serve.schedule: %s\n", err.msg);
	out[0] = (double)seen.late_us / 1e6;
	out[1] = (double)bench_rss();
	return rc == 0;
}

bool bench_serve(struct bench *b)
{
	struct bench_line line = BENCH_LINE_INIT;
	double out[8];

	if (!bench_child(schedule, b, NULL, out))
		return false;
	line.name = "serve.schedule";
	line.rows = JOBS;
	line.seconds = out[0];
	line.rss = (uint64_t)out[1];
	bench_print(&line);
	return bench_cost(b);
}
