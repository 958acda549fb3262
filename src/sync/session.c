/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening, reading, comparing and closing: everything of a run but the push.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/num.h"
#include "base/time.h"
#include "rules/custom.h"
#include "sync/choice.h"
#include "sync/job_schedule.h"
#include "sync/journal.h"
#include "sync/run.h"
#include "sync/session_dir.h"
#include "sync/single.h"
#include "sync/store.h"
#include "json/out.h"

/* ---- opening ----- */

static int read_seed(struct mst_session *s, uint64_t *seed_r,
		     struct mst_err *err)
{
	struct mst_buf val = MST_BUF_INIT(64);
	bool found = false;
	int rc =
	    s->recver->ops->meta_get(s->recver, "", "seed", &val, &found, err);

	if (rc == 0 && (!found || val.n != sizeof(*seed_r)))
		rc = mst_err_set(err, MST_E_CORRUPT,
				 "RecVer of '%s' has no seed; reset it with "
				 "'muster recver reset %s'",
				 s->job.conf.source, s->job.name);
	if (rc == 0)
		memcpy(seed_r, val.p, sizeof(*seed_r));
	mst_buf_fini(&val);
	return rc;
}

/* The folder that is read instead of the API, or NULL. */
static const char *read_from(const struct mst_session *s)
{
	return s->conf.read_from ? s->conf.read_from
				 : s->job.source_conf->read_from;
}

int mst_session_open(struct mst_session *s, struct mst_state *state,
		     const struct mst_run_conf *conf, bool record,
		     struct mst_err *err)
{
	const struct mst_config config = {state, conf->front, conf->front_n};

	*s = (struct mst_session){.conf = *conf, .state = state};
	s->now_us = mst_now_us();
	mst_arena_init(&s->skips_arena, 256u << 20);
	if (mst_job_get(&config, conf->job, &s->job, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < conf->record_sets.n; i++) {
		if (mst_choice_known(&s->job, conf->record_sets.v[i], err) < 0)
			return -(int)err->code;
	}
	/* Relationships are named among them on the command line. */
	if (conf->record_sets.n)
		s->job.conf.record_sets = s->job.conf.relationships =
		    conf->record_sets;
	if (mst_choice_check(&s->job, conf->one || conf->limit, err) < 0 ||
	    mst_single_check(&(struct mst_config){.state = state}, &s->job,
			     record && !conf->nothing, err) < 0)
		return -(int)err->code;
	if (record && mst_job_window(&s->job, s->now_us, &s->until_us, err) < 0)
		return -(int)err->code;
	/* One run of a job at a time; a plan sees a quiet RecVer too. */
	if (mst_state_lock(state, s->job.name, &s->lock, err) < 0)
		return -(int)err->code;
	if (mst_store_open(state, s->job.conf.source,
			   &s->job.source_conf->recver, true, &s->recver,
			   err) < 0)
		return -(int)err->code;
	if (record && mst_state_run_begin(state, s->job.name, &s->run, err) < 0)
		return -(int)err->code;
	(void)snprintf(s->run_text, sizeof(s->run_text), "%lld",
		       (long long)s->run);
	if (record)
		mst_log_field("run", s->run_text);
	return mst_session_dir_make(mst_state_dir(state), s->job.name, s->run,
				    read_from(s), &s->dir, err);
}

/* ---- reading ----- */

static void note(void *ctx, const char *text)
{
	(void)ctx;
	mst_warn("%s", text);
}

static int open_dest(struct mst_session *s, struct mst_err *err)
{
	struct mst_dest_env env = {
	    .connection = s->job.conf.destination,
	    .source = s->job.conf.source,
	    .catalog = s->job.catalog,
	    .run = s->run_text,
	    .verdict = mst_push_verdict,
	    .note = note,
	    .ctx = &s->push,
	};
	struct mst_client_conf conf = {
	    .name = s->job.conf.destination,
	    .insecure_loopback = true,
	    .retry_base_ms = s->job.conf.retry_base_ms,
	    .retry_total_ms = s->job.conf.retry_total_ms,
	};
	struct mst_source_auth auths[4];
	size_t n;

	if (s->job.dest->client)
		s->job.dest->client(s->job.dest_conf, &conf);
	conf.budget = mst_run_budget(&s->budget, s->state, &s->job.dest_end,
				     s->conf.cancel);
	if (s->job.dest->open(&env, s->job.dest_conf, &s->dest, err) < 0)
		return -(int)err->code;
	s->dest_client = mst_client_new(&conf, err);
	if (!s->dest_client)
		return -(int)err->code;
	n = s->job.dest->auths(s->dest, auths, MST_LEN(auths));
	for (size_t i = 0; i < n; i++)
		mst_client_add_auth(s->dest_client, auths[i].name,
				    auths[i].auth, auths[i].hosts);
	return 0;
}

int mst_session_look(struct mst_session *s, struct mst_state *state,
		     const struct mst_run_conf *conf, struct mst_err *err)
{
	const struct mst_config config = {state, conf->front, conf->front_n};

	*s = (struct mst_session){.conf = *conf, .state = state};
	s->now_us = mst_now_us();
	mst_arena_init(&s->skips_arena, 256u << 20);
	return mst_job_get(&config, conf->job, &s->job, err) < 0
		   ? -(int)err->code
		   : open_dest(s, err);
}

static int prepare_dest(struct mst_session *s, struct mst_err *err)
{
	const struct mst_catalog *c = s->job.catalog;
	const char *names[MST_MAX_SETS + 1];
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < c->sets_n && n < MST_MAX_SETS; i++) {
		const struct mst_set *by =
		    c->sets[i].referenced_by
			? mst_catalog_set(c, c->sets[i].referenced_by)
			: NULL;

		if (mst_job_wants(&s->job, &c->sets[i]) ||
		    (by && mst_job_wants(&s->job, by)))
			names[n++] = c->sets[i].name;
	}
	names[n] = NULL;
	if (n == 0)
		return mst_err_set(err, MST_E_INVALID,
				   "job %s: no record set is selected",
				   s->job.name);
	rc = s->job.dest->prepare(s->dest, names, err);
	if (rc == 0)
		rc = mst_dest_pump_telling(s->job.dest, s->dest, s->dest_client,
					   s->conf.progress,
					   s->job.conf.destination, err);
	return rc < 0 ? mst_err_prefix(err, "connection '%s'",
				       s->job.conf.destination)
		      : 0;
}

/* Of another address, or read in another way, everything is other. */
static int open_mirror(struct mst_session *s, struct mst_mirror **m_r,
		       struct mst_err *err)
{
	const struct mst_source_ops *ops = s->job.source;
	struct mst_buf what = MST_BUF_INIT(1u << 16);
	struct mst_address at[8];
	size_t n;
	int rc;

	if (!mst_mirror_wanted(ops))
		return 0;
	n = ops->addresses ? ops->addresses(s->source, at, MST_LEN(at)) : 0;
	(void)mst_buf_adds(&what, ops->type);
	for (size_t i = 0; i < n; i++)
		(void)mst_buf_addf(&what, " %s", at[i].url);
	rc = mst_mirror_open(mst_state_dir(s->state), s->job.conf.source, ops,
			     what.p, m_r, err);
	mst_buf_fini(&what);
	return rc;
}

static int read_nothing(struct mst_session *s, const char *dir,
			struct mst_err *err)
{
	if (mst_spool_make(&s->spool, s->job.source, dir, true, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < s->job.source->catalog->feeds_n; i++) {
		s->spool.feeds[i].present = true;
		s->spool.feeds[i].proof = (struct mst_proof){
		    .complete = true, .as_of_us = MST_TIME_NONE};
	}
	return 0;
}

static int read_source(struct mst_session *s, struct mst_err *err)
{
	char *dir MST_CLEANUP(mst_freep) = mst_asprintf("%s/source", s->dir);
	struct mst_fetch f = {
	    .job = &s->job,
	    .spool = &s->spool,
	    .recver = s->recver,
	    .full = s->conf.full,
	    .one = s->conf.one,
	    .progress = s->conf.progress,
	    .cancel = s->conf.cancel,
	};
	uint32_t feeds;
	int rc;

	if (s->conf.nothing)
		return read_nothing(s, dir, err);
	if (read_from(s))
		return mst_spool_open(&s->spool, s->job.source, read_from(s),
				      s->job.source_conf->assume_complete, err);
	if (s->job.source->open(s->job.conf.source, s->job.source_conf,
				&s->source, err) < 0 ||
	    mst_fetch_client(&s->job, s->source, &s->source_client, err) < 0 ||
	    mst_spool_make(&s->spool, s->job.source, dir,
			   !s->job.conf.keep_spool, err) < 0)
		return -(int)err->code;
	f.source = s->source;
	f.client = s->source_client;
	feeds = mst_job_feeds(&s->job, s->source);
	if (open_mirror(s, &f.mirror, err) < 0)
		return -(int)err->code;
	rc = mst_fetch_permissions(&f, &feeds, err);
	if (rc == 0)
		rc = mst_fetch_feeds(&f, feeds, err);
	mst_mirror_close(&f.mirror);
	if (rc < 0)
		return rc;
	return s->job.conf.keep_spool ? mst_spool_write_manifest(
					    &s->spool, s->job.conf.source, err)
				      : 0;
}

static bool has_class(void *ctx, const char *table)
{
	struct mst_session *s = ctx;

	return !s->job.dest->has_class ||
	       s->job.dest->has_class(s->dest, table);
}

static int rules_env(struct mst_session *s, struct mst_err *err)
{
	s->delta.rules = (struct mst_rules_env){
	    .catalog = s->job.catalog,
	    .conf = s->job.source_conf,
	    .connection = s->job.conf.source,
	    .now_us = s->now_us,
	    .types = s->job.conf.asset_types.v,
	    .types_n = s->job.conf.asset_types.n,
	    .has_class = has_class,
	    .has_class_ctx = s,
	};
	return read_seed(s, &s->delta.rules.seed, err);
}

int mst_session_dest(struct mst_session *s, struct mst_err *err)
{
	return open_dest(s, err) < 0 || prepare_dest(s, err) < 0
		   ? -(int)err->code
		   : 0;
}

int mst_session_read(struct mst_session *s, struct mst_err *err)
{
	if (mst_session_dest(s, err) < 0 || read_source(s, err) < 0)
		return -(int)err->code;
	mst_spool_nest(&s->spool);
	return rules_env(s, err);
}

int mst_session_rules(struct mst_session *s, struct mst_rules **r_r,
		      struct mst_err *err)
{
	return mst_rules_new(&s->delta.rules, r_r, err);
}

/* ---- comparing ----- */

/* A flood of one reason must not flood the store. */
#define SKIPS_KEPT 20000

static void note_skip(void *ctx, const char *set, struct mst_slice key,
		      struct mst_slice why)
{
	struct mst_session *s = ctx;

	if ((!s->run && !s->conf.look) || s->skips_n >= SKIPS_KEPT)
		return;
	if (!s->skips)
		s->skips = mst_alloc(SKIPS_KEPT * sizeof(*s->skips));
	s->skips[s->skips_n++] = (struct mst_run_item){
	    .set = set,
	    .key = mst_arena_dup(&s->skips_arena, key).p,
	    .what = "skipped",
	    .reason = mst_arena_dup(&s->skips_arena, why).p,
	    .request_id = "",
	};
}

static unsigned threads_of(const struct mst_session *s)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (s->job.conf.threads > 0)
		return (unsigned)s->job.conf.threads;
	return cores > 0 ? (unsigned)cores : 1;
}

/* The size of a set that the guard's share is taken of: as it was when the
 * guard first held it back, so that inserts meanwhile do not release it. */
static uint64_t guard_base(struct mst_session *s,
			   const struct mst_set_delta *sd, const char *name)
{
	struct mst_buf val = MST_BUF_INIT(64);
	struct mst_err err = MST_ERR_INIT;
	uint64_t base = sd->stored;
	bool found = false;

	if (s->recver->ops->meta_get(s->recver, s->delta.target, name, &val,
				     &found, &err) == 0 &&
	    found && mst_num_u64(mst_buf_slice(&val), &base) &&
	    base > sd->stored)
		base = sd->stored;
	mst_buf_fini(&val);
	return base;
}

static bool made_anew(const struct mst_session *s, const struct mst_set *set)
{
	for (const char *const *v = s->conf.anew; v && *v; v++) {
		if (strcmp(*v, set->name) == 0)
			return true;
	}
	return false;
}

static int guard_set(struct mst_session *s, struct mst_set_delta *sd,
		     struct mst_err *err)
{
	char name[96], text[32] = "";
	uint64_t base;

	(void)snprintf(name, sizeof(name), "guard.%s", sd->set->name);
	base = guard_base(s, sd, name);
	sd->held = !s->conf.approve && (s->guarded || !made_anew(s, sd->set)) &&
		   (double)sd->missing > mst_guard_limit(&s->job.conf, base);
	if (sd->held) {
		s->guarded = true;
		(void)snprintf(text, sizeof(text), "%llu",
			       (unsigned long long)base);
		mst_error("guard: %s: %llu of %llu records would be %s, more "
			  "than the job allows; nothing of it is written; look "
			  "at 'muster plan %s', then run again with --approve",
			  sd->set->title, (unsigned long long)sd->missing,
			  (unsigned long long)sd->stored,
			  sd->set->missing == MST_MISSING_RETIRE   ? "retired"
			  : sd->set->missing == MST_MISSING_DELETE ? "deleted"
								   : "closed",
			  s->job.name);
	}
	/* A plan changes nothing. */
	return s->run ? s->recver->ops->meta_put(s->recver, s->delta.target,
						 name, mst_slice_str(text), err)
		      : 0;
}

/* Would the run take away more than a person should have a look at? */
static int guard(struct mst_session *s, struct mst_err *err)
{
	for (int anew = 0; anew < 2; anew++) {
		for (size_t i = 0; i < s->delta.sets_n; i++) {
			struct mst_set_delta *sd = &s->delta.sets[i];

			if (sd->selected && made_anew(s, sd->set) == anew &&
			    guard_set(s, sd, err) < 0)
				return -(int)err->code;
		}
	}
	/* What hangs on records that wait for a person waits with them. */
	for (size_t i = 0; i < s->delta.sets_n; i++) {
		struct mst_set_delta *sd = &s->delta.sets[s->delta.order[i]];
		const struct mst_set_delta *parent =
		    sd->set->parent ? mst_delta_set(&s->delta, sd->set->parent)
				    : NULL;

		if (parent && parent->held)
			sd->held = true;
	}
	return 0;
}

static void tell_doubts(struct mst_session *s)
{
	for (size_t i = 0; i < s->delta.sets_n; i++) {
		const struct mst_set_delta *sd = &s->delta.sets[i];

		if (sd->selected && !sd->proven && !s->conf.one &&
		    !s->conf.limit && sd->set->missing != MST_MISSING_KEEP)
			mst_warn("%s: nothing will be marked missing, because "
				 "the read is not proven complete: %s",
				 sd->set->title, sd->why);
	}
}

/* What was delivered before its setting was switched off is nobody's now. */
static int tell_off(struct mst_session *s, struct mst_err *err)
{
	for (size_t i = 0; i < s->delta.sets_n; i++) {
		const struct mst_set_delta *sd = &s->delta.sets[i];
		struct mst_recver_stats stats = {0};

		if (sd->set->off &&
		    s->recver->ops->stats(s->recver, s->delta.target,
					  sd->set->name, &stats, err) < 0)
			return -(int)err->code;
		if (stats.members)
			mst_warn("%s: %llu records that were delivered stay as "
				 "they are, neither updated nor deleted, "
				 "because %s; switch it on again, or delete "
				 "them in the destination",
				 sd->set->title,
				 (unsigned long long)stats.members,
				 sd->set->off);
	}
	return 0;
}

static void tell_limited(void *ctx, const char *set, const char *column,
			 uint64_t values)
{
	(void)ctx;
	mst_warn("custom mapping %s.%s: %llu values took more steps or memory "
		 "than an expression may; they count as none: make its pattern "
		 "simpler",
		 set, column, (unsigned long long)values);
}

static int find(void *ctx, struct mst_find *f, struct mst_err *err)
{
	struct mst_session *s = ctx;
	int rc;

	if (!s->job.dest->find)
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "%s cannot be asked for %s",
				   s->job.dest->title, f->table);
	rc = s->job.dest->find(s->dest, f, err);
	if (rc == 0)
		rc = mst_dest_pump(s->job.dest, s->dest, s->dest_client, err);
	if (rc == 0)
		rc = mst_recver_keep(s->recver, err);
	return rc < 0 ? mst_err_prefix(err, "connection '%s'",
				       s->job.conf.destination)
		      : 0;
}

/* Lists in records of others were not counted when those were fetched. */
static void count_nested(struct mst_session *s)
{
	const struct mst_catalog *c = s->job.catalog;

	for (size_t i = 0; i < c->feeds_n; i++) {
		if (c->feeds[i].nested)
			s->spool.feeds[i].proof.records =
			    s->delta.feed_records[i];
	}
}

int mst_session_compare(struct mst_session *s, struct mst_err *err)
{
	struct mst_delta *d = &s->delta;

	d->job = &s->job;
	d->spool = &s->spool;
	d->recver = s->recver;
	d->target = s->job.conf.destination;
	d->threads = threads_of(s);
	d->full = s->conf.full;
	d->every_group = s->conf.every_group;
	d->accept_empty = s->conf.approve || s->conf.nothing;
	d->one = s->conf.one;
	d->limit = s->conf.limit;
	d->dir = s->dir;
	d->progress = s->conf.progress;
	d->cancel = s->conf.cancel;
	d->skip = note_skip;
	d->skip_ctx = s;
	d->find = find;
	d->find_ctx = s;
	if (mst_delta_run(d, err) < 0)
		return -(int)err->code;
	if (d->one && !atomic_load(&d->one_found))
		return mst_err_set(err, MST_E_NOTFOUND,
				   "job %s delivers no record '%s': the source "
				   "does not show it by this id or name, or a "
				   "rule leaves it out ('muster explain %s %s' "
				   "says which)",
				   s->job.name, d->one, s->job.name, d->one);
	count_nested(s);
	for (size_t i = 0; i < d->sets_n; i++) {
		s->counts[i].read = d->sets[i].read;
		s->counts[i].skipped = d->sets[i].skipped;
		s->counts[i].unchanged = d->sets[i].unchanged;
	}
	if (s->conf.look)
		return 0;
	mst_custom_limited(s->job.catalog, tell_limited, NULL);
	tell_doubts(s);
	if (tell_off(s, err) < 0 || guard(s, err) < 0)
		return -(int)err->code;
	if (s->conf.plan && !mst_hash_eq(*s->conf.plan, mst_delta_sum(d)))
		return mst_err_set(err, MST_E_CONFLICT,
				   "the source or RecVer moved on since the "
				   "plan was made; nothing was written; make "
				   "a new plan");
	return 0;
}

/* What was delivered is noted already: a disk that is full now is no error of
 * the run. */
static void tidy(struct mst_session *s)
{
	struct mst_err err = MST_ERR_INIT;

	if (mst_recver_tidy(s->recver, &err) < 0)
		mst_warn("RecVer could not be made smaller: %s", err.msg);
}

int mst_session_push(struct mst_session *s, struct mst_err *err)
{
	int rc;

	s->push.delta = &s->delta;
	s->push.state = s->state;
	s->push.dest = s->dest;
	s->push.client = s->dest_client;
	s->push.run = s->run;
	s->push.progress = s->conf.progress;
	s->push.cancel = s->conf.cancel;
	s->push.until_us = s->until_us;
	s->push.counts = s->counts;
	/* Before the first record is delivered: a run that is cut off has
	 * delivered some of what these lists had. */
	if (mst_delta_note_feeds(&s->delta, false, err) < 0 ||
	    mst_journal_begin(s, &s->push.journal, err) < 0)
		return -(int)err->code;
	rc = mst_push_run(&s->push, err);
	mst_journal_end(&s->push.journal);
	if (rc < 0)
		return -(int)err->code;
	if (!s->conf.limit)
		rc = mst_delta_note_feeds(&s->delta, true, err);
	if (rc == 0)
		tidy(s);
	return rc;
}

/* ---- closing ----- */

static uint64_t requests_of(const struct mst_client *client)
{
	struct mst_client_stats stats = {0};

	if (client)
		mst_client_stats(client, &stats);
	return stats.requests;
}

/* What waits for a person, as it is told to one. */
static void write_held(const struct mst_session *s, struct mst_jout *j)
{
	mst_jout_key(j, MST_PROOF_HELD);
	mst_jout_arr(j);
	for (size_t i = 0; i < s->delta.sets_n; i++) {
		const struct mst_set_delta *sd = &s->delta.sets[i];

		if (!sd->selected || !sd->held)
			continue;
		mst_jout_obj(j);
		mst_jout_kstr(j, "record_set", sd->set->name);
		mst_jout_ki64(j, "n", (int64_t)sd->missing);
		mst_jout_ki64(j, "of", (int64_t)sd->stored);
		mst_jout_ki64(
		    j, "limit",
		    (int64_t)mst_guard_limit(&s->job.conf, sd->stored));
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void write_proof(struct mst_session *s, struct mst_buf *out)
{
	const struct mst_catalog *c = s->job.catalog;
	struct mst_jout j;

	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	if (s->guarded)
		write_held(s, &j);
	for (size_t i = 0; i < c->feeds_n; i++) {
		const struct mst_spool_feed *f = &s->spool.feeds[i];
		char as_of[21] = "";

		if (!f->present && !f->proof.why[0])
			continue;
		if (f->proof.as_of_us != MST_TIME_NONE)
			mst_time_iso(f->proof.as_of_us, as_of);
		mst_jout_key(&j, c->feeds[i].name);
		mst_jout_obj(&j);
		mst_jout_kbool(&j, "complete", f->present && f->proof.complete);
		mst_jout_kstr(&j, "why", f->proof.why);
		mst_jout_ki64(&j, "pages", (int64_t)f->proof.pages);
		mst_jout_ki64(&j, "files", (int64_t)f->proof.files);
		mst_jout_ki64(&j, "records", (int64_t)f->proof.records);
		mst_jout_ki64(&j, "parts", (int64_t)f->parts_n);
		mst_jout_kstr(&j, "as_of", as_of);
		mst_jout_end_obj(&j);
	}
	mst_jout_end_obj(&j);
}

enum mst_run_status mst_session_status(const struct mst_session *s,
				       const struct mst_err *failed)
{
	if (failed && failed->code == MST_E_CANCELLED)
		return MST_RUN_CANCELLED;
	if (failed)
		return MST_RUN_FAILED;
	if (s->guarded)
		return MST_RUN_GUARD;
	if (s->push.refused || s->push.failed)
		return MST_RUN_PARTIAL;
	return MST_RUN_OK;
}

static int record_end(struct mst_session *s, enum mst_run_status status,
		      const struct mst_err *failed, struct mst_err *err)
{
	struct mst_buf proof = MST_BUF_INIT(1u << 20);
	struct mst_run run = {
	    .id = s->run,
	    .job = s->job.name,
	    .started_us = s->now_us,
	    .ended_us = mst_now_us(),
	    .status = status,
	    .error = failed ? failed->msg : "",
	    .writes = s->push.applied,
	    .requests =
		requests_of(s->source_client) + requests_of(s->dest_client),
	};
	int rc = 0;

	write_proof(s, &proof);
	run.proof = proof.p ? proof.p : "{}";
	for (size_t i = 0; i < s->delta.sets_n && rc == 0; i++) {
		run.read += s->counts[i].read;
		if (s->delta.sets[i].selected)
			rc = mst_state_run_counts(s->state, s->run,
						  s->delta.sets[i].set->name,
						  &s->counts[i], err);
	}
	if (rc == 0 && s->skips_n)
		rc = mst_state_item_log(s->state, s->run, s->skips, s->skips_n,
					err);
	if (rc == 0)
		rc = mst_state_run_end(s->state, &run, err);
	mst_buf_fini(&proof);
	return rc;
}

enum mst_run_status mst_session_close(struct mst_session *s,
				      const struct mst_err *failed)
{
	enum mst_run_status status = mst_session_status(s, failed);
	struct mst_err err = MST_ERR_INIT;

	if (s->run && record_end(s, status, failed, &err) < 0)
		mst_error("run %s: its end is not recorded: %s", s->run_text,
			  err.msg);
	if (s->dest)
		s->job.dest->close(&s->dest);
	mst_client_free(&s->dest_client);
	mst_client_free(&s->source_client);
	if (s->source)
		s->job.source->close(&s->source);
	mst_delta_fini(&s->delta);
	mst_spool_fini(&s->spool);
	if (s->recver)
		s->recver->ops->close(&s->recver);
	if (s->dir && !s->job.conf.keep_spool &&
	    mst_dir_remove(s->dir, &err) < 0)
		mst_warn("%s not removed, ignoring: %s", s->dir, err.msg);
	free(s->dir);
	free(s->skips);
	mst_arena_fini(&s->skips_arena);
	mst_state_unlock(&s->lock);
	mst_job_fini(&s->job);
	mst_log_field("run", NULL);
	return status;
}

/* ---- fetch alone ----- */

int mst_fetch_to(struct mst_state *state, const char *connection,
		 enum mst_env env, const char *dir,
		 const struct mst_progress *progress, const atomic_bool *cancel,
		 struct mst_err *err)
{
	const struct mst_config config = {.state = state};
	struct mst_connection c;
	struct mst_job job = {.name = "fetch"};
	struct mst_source *source = NULL;
	struct mst_client *client = NULL;
	struct mst_spool spool = {0};
	struct mst_fetch f = {.job = &job,
			      .spool = &spool,
			      .progress = progress,
			      .cancel = cancel};
	uint32_t feeds = 0;
	int rc;

	mst_arena_init(&job.arena, MST_MAX_ARENA);
	rc = mst_connection_get(&config, connection, env, &job.arena, &c, err);
	if (rc == 0 && !c.source)
		rc = mst_err_set(err, MST_E_INVALID,
				 "connection '%s' is a destination; only a "
				 "source can be fetched",
				 connection);
	if (rc == 0 && env != MST_ENV__MAX && !mst_connection_serves(&c, env))
		rc = mst_err_set(err, MST_E_INVALID,
				 "connection '%s' may only be used in %s",
				 connection, mst_connection_envs(&c));
	if (rc == 0 && c.source_conf->read_from)
		rc = mst_err_set(err, MST_E_INVALID,
				 "connection '%s' reads from the folder %s, "
				 "not from the API",
				 connection, c.source_conf->read_from);
	job.source = rc == 0 ? c.source : NULL;
	job.source_conf = rc == 0 ? c.source_conf : NULL;
	job.catalog = rc == 0 ? c.source->catalog : NULL;
	job.conf.source = connection;
	if (rc == 0)
		rc = c.source->open(connection, c.source_conf, &source, err);
	if (rc == 0)
		rc = mst_fetch_client(&job, source, &client, err);
	if (rc == 0)
		rc = mst_spool_make(&spool, c.source, dir, false, err);
	f.source = source;
	f.client = client;
	for (size_t i = 0; rc == 0 && i < c.source->catalog->sets_n; i++)
		feeds |=
		    c.source->needs(source, c.source->catalog->sets[i].name);
	if (rc == 0)
		rc = mst_fetch_permissions(&f, &feeds, err);
	if (rc == 0)
		rc = mst_fetch_feeds(&f, feeds, err);
	if (rc == 0)
		rc = mst_spool_write_manifest(&spool, connection, err);
	mst_client_free(&client);
	if (source)
		c.source->close(&source);
	mst_spool_fini(&spool);
	mst_arena_fini(&job.arena);
	return rc;
}
