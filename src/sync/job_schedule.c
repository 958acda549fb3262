/* SPDX-License-Identifier: Apache-2.0
 *
 * Schedules of jobs as they are configured.
 */
#include "sync/job_schedule.h"

#include <string.h>

#include "base/time.h"

/* What the options sync and sync_frequency of the source say, as a schedule. */
static void by_source(const struct mst_connection *c, struct mst_job_conf *conf)
{
	if (conf->schedule.cron || conf->schedule.every_ms ||
	    conf->schedule.after || !mst_opt_find(c->opts, "sync") ||
	    !c->source_conf->sync)
		return;
	conf->schedule.every_ms = c->source_conf->sync_minutes * 60000;
}

int mst_job_ends(const struct mst_config *c, const char *job,
		 struct mst_job_conf *conf, struct mst_arena *arena,
		 struct mst_connection *source_r, struct mst_connection *dest_r,
		 struct mst_err *err)
{
	int rc = mst_connection_get(c, conf->destination, MST_ENV__MAX, arena,
				    dest_r, err);

	if (rc == 0)
		rc = mst_connection_get(
		    c, conf->source, dest_r->dest ? dest_r->env : MST_ENV__MAX,
		    arena, source_r, err);
	if (rc == 0 && (!source_r->source || !dest_r->dest))
		rc = mst_err_set(err, MST_E_INVALID,
				 "job %s: source or destination is of the "
				 "wrong kind",
				 job);
	if (rc == 0)
		by_source(source_r, conf);
	return rc;
}

struct mst_schedule_text mst_job_schedule_text(const char *job,
					       const struct mst_job_conf *conf)
{
	return (struct mst_schedule_text){
	    .job = job,
	    .cron = conf->schedule.cron,
	    .every_ms = conf->schedule.every_ms,
	    .after = conf->schedule.after,
	    .time_zone = conf->schedule.time_zone,
	    .windows = conf->schedule.windows.v,
	    .windows_n = conf->schedule.windows.n,
	    .jitter_ms = conf->schedule.jitter_ms,
	    .missed = (enum mst_missed)conf->schedule.missed,
	};
}

int mst_job_schedule_check(const char *job, const struct mst_job_conf *conf,
			   const char **key_r, struct mst_err *err)
{
	struct mst_schedule_text t = mst_job_schedule_text(job, conf);
	struct mst_schedule s;
	const char *key = NULL;

	if (!!t.cron + !!t.every_ms + !!t.after > 1) {
		*key_r = t.after ? "schedule.after" : "schedule.every";
		return mst_err_set(err, MST_E_INVALID,
				   "only one of schedule.cron, schedule.every "
				   "and schedule.after says when the job runs: "
				   "leave out the others");
	}
	if (mst_schedule_make(&t, &s, &key, err) < 0) {
		*key_r = strcmp(key, "cron") == 0      ? "schedule.cron"
			 : strcmp(key, "windows") == 0 ? "schedule.windows"
						       : "schedule.time_zone";
		return mst_err_prefix(err, "%s", *key_r);
	}
	mst_schedule_fini(&s);
	return 0;
}

int mst_job_window(const struct mst_job *j, int64_t now_us, int64_t *until_us_r,
		   struct mst_err *err)
{
	struct mst_schedule_text t = mst_job_schedule_text(j->name, &j->conf);
	struct mst_schedule s;
	const char *key;
	int64_t may;
	char at[21];

	*until_us_r = 0;
	if (t.windows_n == 0)
		return 0;
	if (mst_schedule_make(&t, &s, &key, err) < 0)
		return mst_err_prefix(err, "job %s: schedule.%s", j->name, key);
	may = mst_schedule_may(&s, now_us);
	*until_us_r = mst_schedule_until(&s, now_us);
	mst_schedule_fini(&s);
	if (*until_us_r == MST_TIME_NONE)
		*until_us_r = 0;
	if (may <= now_us)
		return 0;
	mst_time_iso(may, at);
	return mst_err_set(err, MST_E_CONFLICT,
			   "job %s: it may not write now: its window "
			   "(schedule.windows) opens at %s",
			   j->name, at);
}

static const struct mst_conf_value *value(const struct mst_conf_item *item,
					  const char *key)
{
	for (size_t i = 0; item && i < item->values_n; i++) {
		if (strcmp(item->values[i].key, key) == 0 &&
		    item->values[i].texts_n == 1)
			return &item->values[i];
	}
	return NULL;
}

static int wrong(const struct mst_conf_item *item,
		 const struct mst_conf_value *v, struct mst_err *err)
{
	return mst_err_prefix(err, "%s:%d:%d: job %s: schedule.after",
			      item->file, v->line, v->column, item->name);
}

/* A way that comes back has met every job of its circle after as many steps as
 * there are jobs; the one that stands in front is told. */
static int follow(const struct mst_config *c, const struct mst_conf_item *item,
		  size_t jobs_n, struct mst_arena *arena, struct mst_err *err)
{
	const struct mst_conf_value *first = value(item, "schedule.after"),
				    *v = first;

	for (size_t i = 0; v && i <= jobs_n; i++) {
		const char *name = v->texts[0];
		const struct mst_conf_item *next = NULL;

		if (strcmp(name, item->name) == 0) {
			(void)mst_err_set(err, MST_E_INVALID,
					  i ? "job '%s' comes after '%s' "
					      "itself, so neither would run"
					    : "job '%s' cannot run after '%s': "
					      "that is itself",
					  first->texts[0], item->name);
			return wrong(item, first, err);
		}
		if (mst_config_find(c, "job", name, arena, &next, err) < 0)
			return -(int)err->code;
		if (!next && v == first) {
			(void)mst_config_get(c, "job", name, arena, &next, err);
			(void)wrong(item, first, err);
			err->code = MST_E_INVALID;
			return -MST_E_INVALID;
		}
		v = value(next, "schedule.after");
	}
	return 0;
}

int mst_job_schedule_order(const struct mst_config *c, struct mst_arena *arena,
			   struct mst_err *err)
{
	const char *const *names;
	size_t n = 0;

	if (mst_config_jobs(c, arena, &names, err) < 0)
		return -(int)err->code;
	while (names[n])
		n++;
	for (size_t i = 0; i < c->front_n; i++) {
		if (strcmp(c->front[i].kind, "job") == 0 &&
		    follow(c, &c->front[i], n, arena, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

static const int64_t *number(const struct mst_connection *c, const char *key)
{
	const struct mst_opt *o = mst_opt_find(c->opts, key);
	const char *conf =
	    c->source ? (const char *)c->source_conf : c->dest_conf;

	return o && conf && o->type == MST_OPT_INT
		   ? (const int64_t *)(const void *)(conf + o->offset)
		   : NULL;
}

int64_t mst_connection_runs(const struct mst_connection *c)
{
	const int64_t *n = number(c, "concurrent_runs");

	return n ? *n : 0;
}

uint64_t mst_connection_budget(const struct mst_connection *c)
{
	const int64_t *n = number(c, "requests_per_hour");

	return n && *n > 0 ? (uint64_t)*n : 0;
}
