/* SPDX-License-Identifier: Apache-2.0
 *
 * What a connection is used for: its jobs, the record sets that they take, and
 * the permissions that these need.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "checkup/checkup.h"

#define JOBS_MAX 256
#define USES_MAX (4 * MST_MAX_SETS)

/* ", " in between, as far as there is room. */
static void add_word(char *list, size_t n, const char *word)
{
	size_t at = strlen(list);

	if (at + strlen(word) + 6 < n)
		(void)snprintf(list + at, n - at, "%s%s", at ? ", " : "", word);
	else if (at + 5 < n && (at < 3 || strcmp(list + at - 3, "…") != 0))
		(void)snprintf(list + at, n - at, "…");
}

/* ---- jobs ---------------------------------------------------------------- */

struct names {
	struct mst_arena *arena;
	const char *v[JOBS_MAX];
	size_t n;
};

static int note_name(void *ctx, const struct mst_state_item *item)
{
	struct names *names = ctx;

	if (names->n < JOBS_MAX)
		names->v[names->n++] =
		    mst_arena_strdup(names->arena, item->name);
	return 0;
}

/* As a run decides it. */
static bool takes(const struct mst_job *j, const struct mst_set *set)
{
	const struct mst_set *by =
	    set->referenced_by ? mst_catalog_set(j->catalog, set->referenced_by)
			       : NULL;

	return mst_job_wants(j, set) || (by && mst_job_wants(j, by));
}

static struct mst_check_use *find_use(struct mst_check_use *uses, size_t n,
				      const struct mst_set *set)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(uses[i].set->name, set->name) == 0 &&
		    strcmp(uses[i].set->table, set->table) == 0)
			return &uses[i];
	}
	return NULL;
}

static void add_use(struct mst_checkup_jobs *j, const struct mst_catalog *c,
		    const struct mst_set *set, const char *job)
{
	struct mst_check_use *u = find_use(j->uses, j->uses_n, set);

	if (u) {
		u->jobs = mst_arena_printf(&j->arena, "%s, %s", u->jobs, job);
		return;
	}
	if (j->uses_n < USES_MAX)
		j->uses[j->uses_n++] = (struct mst_check_use){
		    .set = set,
		    .jobs = mst_arena_strdup(&j->arena, job),
		    .catalog = c};
}

static void add_catalog(struct mst_checkup_jobs *j, const struct mst_job *job)
{
	const struct mst_catalog *c = job->catalog;

	for (size_t i = 0; i < c->sets_n; i++) {
		if (takes(job, &c->sets[i]))
			add_use(j, c, &c->sets[i], job->name);
	}
}

/* Sets that no job takes; only told once all jobs are known. */
static void add_unused(struct mst_checkup_jobs *j, const struct mst_catalog *c)
{
	for (size_t i = 0; i < c->sets_n; i++) {
		const struct mst_set *set = &c->sets[i];
		bool used = false;

		for (size_t k = 0; k < j->uses_n; k++)
			used = used ||
			       strcmp(j->uses[k].set->name, set->name) == 0;
		if (!used && j->unused_n < USES_MAX &&
		    !find_use(j->unused, j->unused_n, set))
			j->unused[j->unused_n++] = (struct mst_check_use){
			    .set = set, .jobs = "", .catalog = c};
	}
}

/* No job yet: the widest use that there could be. */
static void add_all(struct mst_checkup_jobs *j, const struct mst_connection *c)
{
	for (size_t i = 0; mst_sources[i]; i++) {
		const struct mst_catalog *cat = mst_sources[i]->catalog;

		if (c->source && c->source != mst_sources[i])
			continue;
		for (size_t k = 0; k < cat->sets_n; k++) {
			if (!cat->sets[k].off)
				add_use(j, cat, &cat->sets[k], "");
		}
	}
}

static bool uses_connection(const struct mst_job *job, const char *name)
{
	return strcmp(job->conf.source, name) == 0 ||
	       strcmp(job->conf.destination, name) == 0;
}

/* ---- what is said of them ------------------------------------------------ */

static void sets_of(const struct mst_checkup_jobs *j, char *out, size_t n)
{
	for (size_t i = 0; i < j->uses_n; i++)
		add_word(out, n, j->uses[i].set->name);
}

static void report(const struct mst_checkup_jobs *j,
		   const struct mst_checkup_conf *conf, const char *broken)
{
	struct mst_check c = {.name = "jobs", .title = "jobs"};
	char names[200] = "", sets[240] = "", unused[200] = "";

	sets_of(j, sets, sizeof(sets));
	for (size_t i = 0; i < j->jobs_n; i++)
		add_word(names, sizeof(names), j->jobs[i].name);
	for (size_t i = 0; i < j->unused_n; i++)
		add_word(unused, sizeof(unused), j->unused[i].set->name);
	if (*broken) {
		mst_check_say(&c, MST_CHECK_WARNING, "%.700s", broken);
		mst_check_remedy(&c, "mend the job and apply it again; it was "
				     "left out here");
	} else if (!j->jobs_n) {
		mst_check_say(&c, MST_CHECK_NOTE,
			      "no job uses this connection yet; looked at for "
			      "all record sets");
	} else {
		mst_check_say(&c, MST_CHECK_OK, "%s: %s%s%s%s", names, sets,
			      *unused ? " (not looked at for " : "", unused,
			      *unused ? ")" : "");
	}
	conf->report(conf->ctx, &c);
}

int mst_checkup_jobs(struct mst_state *state, const struct mst_connection *c,
		     const struct mst_checkup_conf *conf,
		     struct mst_checkup_jobs *j_r, struct mst_err *err)
{
	const struct mst_config config = {state, conf->front, conf->front_n};
	struct mst_checkup_jobs j = {.jobs_n = 0};
	struct mst_err why = MST_ERR_INIT;
	struct names names;
	char broken[700] = "";
	int rc;

	mst_arena_init(&j.arena, 64u << 20);
	names = (struct names){.arena = &j.arena};
	rc = mst_state_items(state, "job", note_name, &names, err);
	j.jobs = mst_arena_alloc(&j.arena, (names.n + 1) * sizeof(*j.jobs));
	j.uses = mst_arena_alloc(&j.arena, USES_MAX * sizeof(*j.uses));
	j.unused = mst_arena_alloc(&j.arena, USES_MAX * sizeof(*j.unused));
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		struct mst_job *job = &j.jobs[j.jobs_n];

		if (mst_job_get(&config, names.v[i], job, &why) < 0) {
			add_word(broken, sizeof(broken), why.msg);
			continue;
		}
		if (!uses_connection(job, c->name)) {
			mst_job_fini(job);
			continue;
		}
		add_catalog(&j, job);
		j.jobs_n++;
	}
	for (size_t i = 0; i < j.jobs_n; i++)
		add_unused(&j, j.jobs[i].catalog);
	if (!j.jobs_n)
		add_all(&j, c);
	if (rc == 0)
		report(&j, conf, broken);
	else
		mst_checkup_jobs_fini(&j);
	*j_r = j;
	return rc < 0 ? rc : 0;
}

void mst_checkup_jobs_fini(struct mst_checkup_jobs *j)
{
	for (size_t i = 0; i < j->jobs_n; i++)
		mst_job_fini(&j->jobs[i]);
	mst_arena_fini(&j->arena);
	*j = (struct mst_checkup_jobs){.jobs_n = 0};
}

/* ---- permissions --------------------------------------------------------- */

static uint32_t feeds_of(const struct mst_source_ops *ops,
			 struct mst_source *source,
			 const struct mst_check_use *uses, size_t n)
{
	uint32_t feeds = 0;

	for (size_t i = 0; i < n; i++)
		feeds |= ops->needs(source, uses[i].set->name);
	return feeds;
}

/* Does the set read a feed that needs the permission? */
static bool needs_it(const struct mst_source_ops *ops,
		     struct mst_source *source, const char *set,
		     const char *permission)
{
	uint32_t feeds = ops->needs(source, set);
	struct mst_check one[4];

	for (unsigned i = 0; i < 32; i++) {
		size_t n;

		if (!(feeds & 1u << i))
			continue;
		n = ops->permissions(source, 1u << i, one, MST_LEN(one));
		for (size_t k = 0; k < n; k++) {
			if (strcmp(one[k].name, permission) == 0)
				return true;
		}
	}
	return false;
}

/* "devices of job main": who needs it. */
static void who_needs(const struct mst_source_ops *ops,
		      struct mst_source *source,
		      const struct mst_check_use *uses, size_t uses_n,
		      const char *permission, char *out, size_t n)
{
	const char *jobs = "";
	size_t at;

	out[0] = 0;
	for (size_t i = 0; i < uses_n; i++) {
		if (!needs_it(ops, source, uses[i].set->name, permission))
			continue;
		add_word(out, n, uses[i].set->name);
		jobs = uses[i].jobs;
	}
	at = strlen(out);
	if (at && *jobs)
		(void)snprintf(out + at, n - at, " of job %s", jobs);
}

/* Adds who needs it, and a name that cannot be another check's. */
static void report_one(const struct mst_checkup_conf *conf,
		       const struct mst_check *found, const char *who,
		       bool wanted)
{
	struct mst_check c = *found;
	char name[96];

	(void)snprintf(name, sizeof(name), "permission:%.80s", found->name);
	c.name = name;
	c.title = found->name;
	if (!wanted) {
		mst_check_say(&c, MST_CHECK_NOTE,
			      found->level == MST_CHECK_OK
				  ? "granted, but only %s would need it, which "
				    "no job takes"
				  : "not needed: only for %s, which no job "
				    "takes",
			      who);
		if (found->level == MST_CHECK_OK)
			mst_check_remedy(&c, "take it away if that stays so");
	} else if (found->level == MST_CHECK_OK) {
		mst_check_say(&c, MST_CHECK_OK, "granted, for %s", who);
	} else {
		(void)snprintf(c.text, sizeof(c.text), "%.500s (for %s)",
			       found->text, who);
	}
	conf->report(conf->ctx, &c);
}

void mst_checkup_permissions(const struct mst_source_ops *ops,
			     struct mst_source *source,
			     const struct mst_checkup_jobs *jobs,
			     const struct mst_checkup_conf *conf)
{
	uint32_t feeds = feeds_of(ops, source, jobs->uses, jobs->uses_n);
	uint32_t idle = feeds_of(ops, source, jobs->unused, jobs->unused_n);
	struct mst_check wanted[32], other[32];
	size_t n = ops->permissions(source, feeds, wanted, MST_LEN(wanted));
	size_t k =
	    ops->permissions(source, idle & ~feeds, other, MST_LEN(other));
	char who[200];

	for (size_t i = 0; i < n; i++) {
		who_needs(ops, source, jobs->uses, jobs->uses_n, wanted[i].name,
			  who, sizeof(who));
		report_one(conf, &wanted[i], who, true);
	}
	for (size_t i = 0; i < k; i++) {
		bool twice = false;

		for (size_t m = 0; m < n; m++)
			twice =
			    twice || strcmp(wanted[m].name, other[i].name) == 0;
		if (twice)
			continue;
		who_needs(ops, source, jobs->unused, jobs->unused_n,
			  other[i].name, who, sizeof(who));
		report_one(conf, &other[i], who, false);
	}
}
