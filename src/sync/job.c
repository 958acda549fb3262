/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs: their options, their two ends, the catalogue that these make.
 */
#include "sync/job.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "rules/custom.h"
#include "sync/job_schedule.h"

#define SCHEDULE(member) offsetof(struct mst_job_conf, schedule.member)

const struct mst_opt mst_job_opts[] = {
    {"source", MST_OPT_TEXT, offsetof(struct mst_job_conf, source), NULL, NULL,
     0, 0, MST_OPT_REQUIRED, "name of the source connection"},
    {"destination", MST_OPT_TEXT, offsetof(struct mst_job_conf, destination),
     NULL, NULL, 0, 0, MST_OPT_REQUIRED, "name of the destination connection"},
    {"record_sets", MST_OPT_LIST, offsetof(struct mst_job_conf, record_sets),
     NULL, NULL, 0, 0, 0,
     "record sets to deliver; all of the source when left out"},
    {"relationships", MST_OPT_LIST,
     offsetof(struct mst_job_conf, relationships), NULL, NULL, 0, 0, 0,
     "relationships to deliver; all that the source's settings offer when left "
     "out, none for none"},
    {"asset_types", MST_OPT_LIST, offsetof(struct mst_job_conf, asset_types),
     NULL, NULL, 0, 0, 0,
     "asset types to deliver; all that the source's settings take when left "
     "out. What other jobs deliver is left alone"},
    {"guard.share", MST_OPT_PERCENT, offsetof(struct mst_job_conf, guard_share),
     "30%", NULL, 0, 1, 0,
     "a run that would retire, delete or close more than this share of a "
     "record set waits for approval"},
    {"guard.count", MST_OPT_INT, offsetof(struct mst_job_conf, guard_count),
     "20", NULL, 0, 1e9, 0, "the guard never holds this many records or fewer"},
    {"threads", MST_OPT_INT, offsetof(struct mst_job_conf, threads), "0", NULL,
     0, 64, 0, "threads that read and compare; 0 is one per core"},
    {"spool_max", MST_OPT_SIZE, offsetof(struct mst_job_conf, spool_max), "0",
     NULL, 0, 0, 0, "disk that one run may use for its spool; 0 is no limit"},
    {"keep_spool", MST_OPT_BOOL, offsetof(struct mst_job_conf, keep_spool),
     "no", NULL, 0, 0, 0, "keep the source's answers after the run"},
    {"retry_base", MST_OPT_DURATION,
     offsetof(struct mst_job_conf, retry_base_ms), "1s", NULL, 1, 60000, 0,
     "longest wait before the first repeat of a request; it doubles from "
     "there"},
    {"retry_total", MST_OPT_DURATION,
     offsetof(struct mst_job_conf, retry_total_ms), "15m", NULL, 1000,
     24 * 3600000.0, 0, "how long a request is repeated before it has failed"},
    {"source_limits", MST_OPT_BOOL,
     offsetof(struct mst_job_conf, source_limits), "yes", NULL, 0, 0, 0,
     "keep below the documented request limits of the source; without, its "
     "refusals are waited for"},
    {"undo_days", MST_OPT_INT, offsetof(struct mst_job_conf, undo_days), "14",
     NULL, 0, 3650, 0,
     "how long a run can be undone: what it changes is read before and after; "
     "0 reads and keeps nothing"},
    {"allow_second_software_source", MST_OPT_BOOL,
     offsetof(struct mst_job_conf, second_software), "no", NULL, 0, 0, 0,
     "deliver installed software although another job delivers it to the same "
     "instance from another source"},
    {"schedule.cron", MST_OPT_TEXT, SCHEDULE(cron), NULL, NULL, 0, 0, 0,
     "when the job runs by itself: minute, hour, day of month, month, day of "
     "week; or @hourly, @daily, @weekly, @monthly, @yearly"},
    {"schedule.every", MST_OPT_DURATION, SCHEDULE(every_ms), NULL, NULL, 1000,
     366 * 24 * 3600000.0, 0,
     "run it at this interval, counted from the start of the last run"},
    {"schedule.after", MST_OPT_TEXT, SCHEDULE(after), NULL, NULL, 0, 0, 0,
     "run it when a run of this job has ended well"},
    {"schedule.time_zone", MST_OPT_TEXT, SCHEDULE(time_zone), NULL, NULL, 0, 0,
     0, "IANA time zone of cron and windows; the machine's when left out"},
    {"schedule.windows", MST_OPT_LIST, SCHEDULE(windows), NULL, NULL, 0, 0, 0,
     "when runs may begin and write: Mon-Fri 22:00-06:00; always when left "
     "out"},
    {"schedule.jitter", MST_OPT_DURATION, SCHEDULE(jitter_ms), "0", NULL, 0,
     24 * 3600000.0, 0,
     "begin up to so much later, so that jobs do not all begin at once"},
    {"schedule.missed", MST_OPT_CHOICE, SCHEDULE(missed), "once", "once|skip",
     0, 0, 0, "a run that was missed: caught up once, or left out"},
    {"schedule.paused", MST_OPT_BOOL, SCHEDULE(paused), "no", NULL, 0, 0, 0,
     "do not run it by itself"},
    {0},
};

/* "job main: …", or the place in the file that the job comes from. key: the
 * option that is wrong. */
static int fail(const struct mst_config *c, const struct mst_conf_item *item,
		const char *key, struct mst_err *err, const char *fmt, ...)
    MST_PRINTF(5, 6);

static int fail(const struct mst_config *c, const struct mst_conf_item *item,
		const char *key, struct mst_err *err, const char *fmt, ...)
{
	int line = item->line, column = item->column;
	char text[800];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < item->values_n; i++) {
		if (strcmp(item->values[i].key, key) == 0) {
			line = item->values[i].line;
			column = item->values[i].column;
		}
	}
	if (mst_config_is_front(c, item))
		return mst_err_set(err, MST_E_INVALID, "%s:%d:%d: job %s: %s",
				   item->file, line, column, item->name, text);
	return mst_err_set(err, MST_E_INVALID, "job %s: %s", item->name, text);
}

/* One of the job's lists: record sets, or relationships. */
struct choice {
	const char *key, *noun;
	const struct mst_opt_list *list;
	bool relationships;
};

static int check_choice(const struct mst_config *config,
			const struct mst_conf_item *item,
			const struct mst_job *j, const struct choice *ch,
			const char *want, struct mst_err *err)
{
	const struct mst_catalog *c = j->catalog;
	const struct mst_set *set = mst_catalog_set(c, want);
	const char *names[MST_MAX_SETS + 1], *near;
	size_t n = 0;

	if (set && set->relationship == ch->relationships && set->off)
		return fail(config, item, ch->key, err,
			    "the %s '%s' is not offered: %s", ch->noun, want,
			    set->off);
	if (set && set->relationship == ch->relationships)
		return 0;
	if (set)
		return fail(
		    config, item, ch->key, err, "'%s' is a %s: name it in %s",
		    want, set->relationship ? "relationship" : "record set",
		    set->relationship ? "relationships" : "record_sets");
	for (size_t i = 0; i < c->sets_n && n < MST_MAX_SETS; i++) {
		if (c->sets[i].relationship == ch->relationships)
			names[n++] = c->sets[i].name;
	}
	names[n] = NULL;
	near = mst_nearest(want, names);
	return fail(config, item, ch->key, err,
		    "the source '%s' has no %s '%s'%s%s%s", j->conf.source,
		    ch->noun, want, near ? "; did you mean '" : "",
		    near ? near : "", near ? "'?" : "");
}

static int check_sets(const struct mst_config *config,
		      const struct mst_conf_item *item, const struct mst_job *j,
		      struct mst_err *err)
{
	const struct choice all[] = {
	    {"record_sets", "record set", &j->conf.record_sets, false},
	    {"relationships", "relationship", &j->conf.relationships, true},
	};

	for (size_t k = 0; k < MST_LEN(all); k++) {
		const struct mst_opt_list *list = all[k].list;

		if (all[k].relationships && list->n == 1 &&
		    strcmp(list->v[0], MST_JOB_NONE) == 0)
			continue;
		for (size_t i = 0; i < list->n; i++) {
			if (check_choice(config, item, j, &all[k], list->v[i],
					 err) < 0)
				return -(int)err->code;
		}
	}
	return 0;
}

static int check_types(const struct mst_config *config,
		       const struct mst_conf_item *item,
		       const struct mst_job *j, struct mst_err *err)
{
	const char *const none[] = {NULL};
	const char *const *known =
	    j->source->asset_types ? j->source->asset_types : none;

	for (size_t i = 0; i < j->conf.asset_types.n; i++) {
		const char *want = j->conf.asset_types.v[i];
		const char *near = mst_nearest(want, known);
		size_t k = 0;

		while (known[k] && strcmp(known[k], want) != 0)
			k++;
		if (known[k])
			continue;
		return fail(config, item, "asset_types", err,
			    "the source '%s' has no asset type '%s'%s%s%s",
			    j->conf.source, want,
			    near ? "; did you mean '" : "", near ? near : "",
			    near ? "'?" : "");
	}
	return 0;
}

/* "setting KEY: …" is what a connector says of a value that no option table can
 * judge. Where the value stands, if a file that was just read has it. */
static int at_setting(const struct mst_connection *c, struct mst_err *err)
{
	static const char head[] = "setting ";
	size_t head_n = sizeof(head) - 1;

	for (size_t i = 0; i < c->settings_n; i++) {
		const struct mst_setting *s = &c->settings[i];
		const struct mst_conf_item *item =
		    s->stored && s->override ? c->overrides : c->item;
		const struct mst_conf_value *v =
		    item == c->item ? s->own : s->stored;
		size_t n = strlen(s->opt->key);

		if (strncmp(err->msg, head, head_n) == 0 &&
		    strncmp(err->msg + head_n, s->opt->key, n) == 0 &&
		    err->msg[head_n + n] == ':' && v && v->line > 0)
			return mst_err_prefix(err, "%s:%d:%d", item->file,
					      v->line, v->column);
	}
	return -(int)err->code;
}

int mst_job_catalog(const struct mst_connection *source,
		    const struct mst_connection *dest, struct mst_arena *arena,
		    const struct mst_catalog **catalog_r, struct mst_err *err)
{
	struct mst_derive *d = mst_derive_begin(source->source->catalog, arena);
	int rc = 0;

	if (source->source->adapt)
		rc = source->source->adapt(source->source_conf, d, err);
	if (rc < 0)
		return at_setting(source, err);
	if (dest && dest->dest->adapt)
		rc = dest->dest->adapt(dest->dest_conf, d, err);
	if (rc < 0)
		return at_setting(dest, err);
	if (rc == 0)
		rc = mst_custom_apply(d, source->overrides, err);
	if (rc == 0 && dest)
		rc = mst_custom_apply(d, dest->overrides, err);
	if (rc < 0)
		return rc;
	*catalog_r = mst_derive_end(d);
	return 0;
}

/* Where an end is missing or wrong: the job's own item says which. */
static int load_end(const struct mst_config *c,
		    const struct mst_conf_item *item, const char *key,
		    const char *name, enum mst_env env, struct mst_job *j,
		    struct mst_connection *end_r, struct mst_err *err)
{
	if (mst_connection_get(c, name, env, &j->arena, end_r, err) == 0)
		return 0;
	if (err->code == MST_E_NOTFOUND) {
		struct mst_err why = *err;

		(void)fail(c, item, key, err, "%s", why.msg);
		err->code = MST_E_NOTFOUND;
		return -MST_E_NOTFOUND;
	}
	return c->front_n ? -(int)err->code
			  : mst_err_prefix(err, "job %s: %s", j->name, key);
}

static int load_ends(const struct mst_config *c,
		     const struct mst_conf_item *item, struct mst_job *j,
		     struct mst_err *err)
{
	/* the destination knows whose settings count */
	if (load_end(c, item, "destination", j->conf.destination, MST_ENV__MAX,
		     j, &j->dest_end, err) < 0)
		return -(int)err->code;
	if (!j->dest_end.dest)
		return fail(c, item, "destination", err,
			    "connection '%s' is a source, not a destination",
			    j->conf.destination);
	j->env = j->dest_end.env;
	if (load_end(c, item, "source", j->conf.source, j->env, j,
		     &j->source_end, err) < 0)
		return -(int)err->code;
	if (!j->source_end.source)
		return fail(c, item, "source", err,
			    "connection '%s' is a destination, not a source",
			    j->conf.source);
	if (!mst_connection_serves(&j->source_end, j->env))
		return fail(c, item, "source", err,
			    "the destination '%s' is for %s, but the source "
			    "'%s' may only be used in %s: take another "
			    "connection, or add %s to the environments of "
			    "'%s'",
			    j->conf.destination, mst_env_name(j->env),
			    j->conf.source, mst_connection_envs(&j->source_end),
			    mst_env_name(j->env), j->conf.source);
	j->source = j->source_end.source;
	j->source_conf = j->source_end.source_conf;
	j->dest = j->dest_end.dest;
	j->dest_conf = j->dest_end.dest_conf;
	return 0;
}

static int check_schedule(const struct mst_config *c,
			  const struct mst_conf_item *item,
			  const struct mst_job *j, struct mst_err *err)
{
	struct mst_err why = MST_ERR_INIT;
	const char *key = "";

	if (mst_job_schedule_check(item->name, &j->conf, &key, &why) == 0)
		return 0;
	return fail(c, item, key, err, "%s", why.msg);
}

static int load(const struct mst_config *c, const char *name, struct mst_job *j,
		struct mst_err *err)
{
	const struct mst_conf_item *item = NULL;

	if (mst_config_get(c, "job", name, &j->arena, &item, err) < 0 ||
	    mst_conf_apply(item, mst_job_opts, &j->conf, &j->arena, err) < 0 ||
	    check_schedule(c, item, j, err) < 0 ||
	    load_ends(c, item, j, err) < 0)
		return -(int)err->code;
	if (mst_job_catalog(&j->source_end, &j->dest_end, &j->arena,
			    &j->catalog, err) < 0)
		return c->front_n ? -(int)err->code
				  : mst_err_prefix(err, "job %s", j->name);
	if (check_types(c, item, j, err) < 0)
		return -(int)err->code;
	return check_sets(c, item, j, err);
}

int mst_job_get(const struct mst_config *c, const char *name,
		struct mst_job *j_r, struct mst_err *err)
{
	struct mst_job j = {.env = MST_ENV__MAX};
	int rc;

	mst_arena_init(&j.arena, MST_MAX_ARENA);
	j.name = mst_arena_strdup(&j.arena, name);
	rc = load(c, name, &j, err);
	if (rc < 0)
		mst_arena_fini(&j.arena);
	else
		*j_r = j;
	return rc;
}

int mst_job_load(struct mst_state *state, const char *name, struct mst_job *j_r,
		 struct mst_err *err)
{
	const struct mst_config config = {.state = state};

	return mst_job_get(&config, name, j_r, err);
}

void mst_job_fini(struct mst_job *j)
{
	mst_arena_fini(&j->arena);
	*j = (struct mst_job){0};
}

bool mst_job_wants(const struct mst_job *j, const struct mst_set *set)
{
	const char *by = set->selected_by ? set->selected_by : set->name;
	const struct mst_opt_list *list =
	    set->relationship ? &j->conf.relationships : &j->conf.record_sets;

	if (set->off || list->n == 0)
		return !set->off;
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->v[i], by) == 0 ||
		    strcmp(list->v[i], set->name) == 0)
			return true;
	}
	return false;
}

uint32_t mst_job_feeds(const struct mst_job *j, struct mst_source *source)
{
	const struct mst_catalog *c = j->catalog;
	uint32_t feeds = 0;

	for (size_t i = 0; i < c->sets_n; i++) {
		const struct mst_set *by =
		    c->sets[i].referenced_by
			? mst_catalog_set(c, c->sets[i].referenced_by)
			: NULL;

		if (mst_job_wants(j, &c->sets[i]) ||
		    (by && mst_job_wants(j, by)))
			feeds |= j->source->needs(source, c->sets[i].name);
	}
	return feeds;
}
