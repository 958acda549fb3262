/* SPDX-License-Identifier: Apache-2.0
 *
 * muster recver reset: forgetting what was delivered, of a job's destination or
 * of a connection's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/audit.h"
#include "cli/recver.h"
#include "recver/reset.h"
#include "sync/choice.h"
#include "sync/store.h"

/* ", and records of a, b are looked up again, too"; "" when nothing refers to
 * the set. */
static const char *along(const struct mst_catalog *c, const char *set,
			 struct mst_arena *arena)
{
	const char *names = "";

	for (size_t i = 0; set && i < c->sets_n; i++)
		if (mst_recver_refers(&c->sets[i], set))
			names = mst_arena_printf(arena, "%s%s%s", names,
						 *names ? ", " : "",
						 c->sets[i].name);
	return *names ? mst_arena_printf(arena,
					 " With it all of %s, which refers to "
					 "it, is looked up again.",
					 names)
		      : "";
}

static int consent(const char *question, const struct recver_opts *o,
		   struct mst_err *err)
{
	if (!o->yes && !recver_agreed(question))
		return mst_err_set(err, MST_E_CANCELLED, "nothing was reset");
	return 0;
}

/* ---- of a job -------------------------------------------------------------
 */

static int reset_job(struct mst_session *s, const struct recver_opts *o,
		     struct mst_arena *arena, struct mst_err *err)
{
	const struct mst_job *job = &s->job;
	const char *question;
	int rc;

	if (o->target)
		return mst_err_set(err, MST_E_INVALID,
				   "a job has one destination: --target goes "
				   "with a connection");
	question = mst_arena_printf(
	    arena,
	    "%s%sRecVer of '%s' for '%s' will be emptied. The next run looks "
	    "every record up again.%s",
	    o->record_set ? o->record_set : "", o->record_set ? " in " : "",
	    job->conf.source, job->conf.destination,
	    along(job->catalog, o->record_set, arena));
	rc = consent(question, o, err);
	return rc < 0 ? rc
		      : mst_recver_reset(s->recver, job->conf.destination,
					 job->catalog, o->record_set, err);
}

static int of_job(struct mst_state *state, const char *job,
		  const struct recver_opts *o, struct mst_arena *arena,
		  struct mst_err *err)
{
	struct mst_run_conf conf = {.job = job};
	struct mst_session *s = mst_alloc(sizeof(*s));
	int rc = mst_session_open(s, state, &conf, false, err);

	if (rc == 0 && o->record_set)
		rc = mst_choice_known(&s->job, o->record_set, err);
	if (rc == 0)
		rc = reset_job(s, o, arena, err);
	(void)mst_session_close(s, rc < 0 ? err : NULL);
	free(s);
	return rc;
}

/* ---- of a connection ------------------------------------------------------
 */

struct resetting {
	struct mst_arena *arena;
	const struct recver_opts *o;
	const char *name; /* the connection's */
	struct mst_connection connection;
	struct recver_jobs jobs;
	struct mst_recver *r;
	struct mst_recver_contents has;
};

static const struct mst_catalog *catalog_of(const struct resetting *re,
					    const char *target)
{
	struct mst_recver_target of;

	recver_jobs_target(&re->jobs, target, &of);
	return of.catalog;
}

/* What is named must be there, and a copy that was not finished is given up as
 * a whole or not at all. */
static int check(const struct resetting *re, struct mst_err *err)
{
	const struct recver_opts *o = re->o;
	bool known = !o->target, set_known = !o->record_set;

	for (size_t i = 0; i < re->has.targets_n && !known; i++)
		known = strcmp(re->has.targets[i], o->target) == 0;
	for (size_t i = 0; i < re->has.sets_n && !set_known; i++)
		set_known = strcmp(re->has.sets[i].name, o->record_set) == 0;
	if (!known)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "RecVer of '%s' holds nothing for '%s'",
				   re->name, o->target);
	if (!set_known)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "RecVer of '%s' holds no record set '%s'",
				   re->name, o->record_set);
	if (mst_recver_is_unfinished(&re->has) && (o->target || o->record_set))
		return mst_err_set(err, MST_E_CONFLICT,
				   "RecVer of '%s' is a copy that was not "
				   "finished: run that 'muster recver copy' "
				   "again, or give all of it up with 'muster "
				   "recver reset %s'",
				   re->name, re->name);
	return 0;
}

static const char *question_of(const struct resetting *re)
{
	const struct mst_slice *from =
	    mst_recver_contents_value(&re->has, "", MST_RECVER_UNFINISHED);
	const struct recver_opts *o = re->o;
	const char *copy = "";

	if (mst_recver_is_unfinished(&re->has))
		copy = mst_arena_printf(
		    re->arena,
		    "It is a copy of %.*s that was not finished, and is given "
		    "up. ",
		    (int)MST_MIN(from->n, (size_t)200), from->p);
	return mst_arena_printf(
	    re->arena,
	    "%s%s%sRecVer of '%s' for %s%s%s will be emptied. The next runs "
	    "look every record up again.%s",
	    copy, o->record_set ? o->record_set : "",
	    o->record_set ? " in " : "", re->name, o->target ? "'" : "",
	    o->target ? o->target : "all its destinations",
	    o->target ? "'" : "",
	    along(catalog_of(re, o->target ? o->target : ""), o->record_set,
		  re->arena));
}

static int forget(const struct resetting *re, struct mst_err *err)
{
	const struct recver_opts *o = re->o;
	int rc = 0;

	if (!o->target && !o->record_set)
		rc = mst_recver_empty(re->r, err);
	else
		for (size_t i = 0; i < re->has.targets_n && rc == 0; i++)
			if (!o->target ||
			    strcmp(re->has.targets[i], o->target) == 0)
				rc = mst_recver_reset(
				    re->r, re->has.targets[i],
				    catalog_of(re, re->has.targets[i]),
				    o->record_set, err);
	if (rc < 0 || !mst_recver_is_unfinished(&re->has))
		return rc;
	rc = re->r->ops->meta_put(re->r, "", MST_RECVER_UNFINISHED,
				  MST_SLICE_LIT(""), err);
	if (rc == 0)
		mst_warn("RecVer of '%s' was a copy that was not finished: it "
			 "is given up, and runs may use the empty one",
			 re->name);
	return rc;
}

static int reset_all(struct resetting *re, struct mst_err *err)
{
	int rc = mst_recver_contents(re->r, &re->has, err);

	if (rc < 0)
		return rc;
	rc = check(re, err);
	if (rc == 0)
		rc = consent(question_of(re), re->o, err);
	if (rc == 0)
		rc = forget(re, err);
	mst_recver_contents_fini(&re->has);
	return rc;
}

static int of_connection(struct mst_state *state, const char *name,
			 const struct recver_opts *o, struct mst_arena *arena,
			 struct mst_err *err)
{
	struct resetting re = {.arena = arena, .o = o, .name = name};
	int rc = recver_source(state, name, arena, &re.connection, err);

	if (rc == 0)
		rc = recver_jobs_load(&re.jobs, state, &re.connection, arena,
				      err);
	if (rc == 0)
		rc = mst_store_open_any(state, name,
					&re.connection.source_conf->recver,
					false, &re.r, err);
	if (rc == 0)
		rc = reset_all(&re, err);
	if (re.r)
		re.r->ops->close(&re.r);
	recver_jobs_fini(&re.jobs);
	return rc;
}

int recver_reset(struct mst_state *state, const char *name,
		 const struct recver_opts *o, struct mst_err *err)
{
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = recver_is_job(state, name, &arena)
		 ? of_job(state, name, o, &arena, err)
		 : of_connection(state, name, o, &arena, err);
	if (rc == 0)
		rc = cli_audit(state, "reset", "recver", name,
			       o->record_set ? o->record_set : o->target, err);
	mst_arena_fini(&arena);
	return rc;
}
