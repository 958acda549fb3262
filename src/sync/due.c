/* SPDX-License-Identifier: Apache-2.0
 *
 * Which jobs are due.
 */
#include "sync/due.h"

#include "base/limits.h"
#include "base/time.h"

#define MINUTE_US (60 * (int64_t)1000000)

static int take_run(void *ctx, const struct mst_run *run)
{
	struct mst_due *d = ctx;

	d->run = run->id;
	d->last_us = run->started_us;
	d->status = run->status;
	return 0;
}

static const char *source_of(const struct mst_conf_item *job)
{
	for (size_t i = 0; job && i < job->values_n; i++) {
		if (strcmp(job->values[i].key, "source") == 0 &&
		    job->values[i].texts_n == 1)
			return job->values[i].texts[0];
	}
	return NULL;
}

static bool has_schedule(const struct mst_conf_item *job)
{
	static const char *const keys[] = {"schedule.cron", "schedule.every",
					   "schedule.after"};

	for (size_t i = 0; i < job->values_n; i++) {
		for (size_t k = 0; k < MST_LEN(keys); k++) {
			if (strcmp(job->values[i].key, keys[k]) == 0)
				return true;
		}
	}
	return false;
}

/* False: it is none that could run. */
static bool read_job(const struct mst_config *config, const char *name,
		     struct mst_arena *arena, struct mst_due *d)
{
	struct mst_err ignored = MST_ERR_INIT;
	const struct mst_conf_item *item = NULL;
	struct mst_connection c;

	if (mst_config_find(config, "job", name, arena, &item, &ignored) < 0 ||
	    !source_of(item) ||
	    mst_connection_get(config, source_of(item), MST_ENV__MAX, arena, &c,
			       &ignored) < 0 ||
	    !c.source)
		return false;
	*d = (struct mst_due){.job = name,
			      .connection = c.name,
			      .has_option = mst_opt_find(c.opts, "sync"),
			      .last_us = MST_TIME_NONE,
			      .due_us = MST_TIME_NONE};
	/* A schedule of its own counts instead. */
	d->on = d->has_option && c.source_conf->sync && !has_schedule(item);
	d->minutes = c.source_conf->sync_minutes;
	return true;
}

int mst_due_list(struct mst_state *state, struct mst_arena *arena,
		 struct mst_due **v_r, size_t *n_r, struct mst_err *err)
{
	const struct mst_config config = {.state = state};
	const char *const *names;
	struct mst_due *v;
	size_t n = 0;

	if (mst_config_jobs(&config, arena, &names, err) < 0)
		return -(int)err->code;
	while (names[n])
		n++;
	v = mst_arena_alloc(arena, (n + 1) * sizeof(*v));
	n = 0;
	for (; *names; names++) {
		struct mst_due *d = &v[n];

		if (!read_job(&config, *names, arena, d))
			continue;
		if (mst_state_runs(state,
				   &(struct mst_run_filter){
				       .job = d->job, .status = -1, .n = 1},
				   take_run, d, err) < 0)
			return -(int)err->code;
		if (d->on)
			d->due_us = d->run ? d->last_us + d->minutes * MINUTE_US
					   : mst_now_us();
		n++;
	}
	*v_r = v;
	*n_r = n;
	return 0;
}
