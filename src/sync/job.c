/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs and connections out of the state store.
 */
#include "sync/job.h"

#include <stdlib.h>

#include "base/limits.h"

#define JOB_ARENA (8u << 20)

const struct mst_opt mst_job_opts[] = {
    {"source", MST_OPT_TEXT, offsetof(struct mst_job_conf, source), NULL, NULL,
     0, 0, MST_OPT_REQUIRED, "name of the source connection"},
    {"destination", MST_OPT_TEXT, offsetof(struct mst_job_conf, destination),
     NULL, NULL, 0, 0, MST_OPT_REQUIRED, "name of the destination connection"},
    {"record_sets", MST_OPT_LIST, offsetof(struct mst_job_conf, record_sets),
     NULL, NULL, 0, 0, 0,
     "record sets to deliver; all of the source when left out"},
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
    {0},
};

static int read_item(struct mst_state *state, const char *kind,
		     const char *name, struct mst_conf *conf_r,
		     const struct mst_conf_item **item_r, struct mst_err *err)
{
	struct mst_buf yaml = MST_BUF_INIT(MST_MAX_CONF);
	char *file MST_CLEANUP(mst_freep) = mst_asprintf("%s %s", kind, name);
	int rc;

	(void)mst_buf_addf(&yaml, "%ss:\n", kind);
	rc = mst_state_item(state, kind, name, &yaml, err);
	if (rc == 0)
		rc = mst_conf_read(mst_buf_slice(&yaml), file, conf_r, err);
	if (rc == 0 && conf_r->items_n != 1) {
		mst_conf_fini(conf_r);
		rc = mst_err_set(err, MST_E_CORRUPT,
				 "%s is damaged in the state store; apply its "
				 "file again",
				 file);
	}
	if (rc == 0)
		*item_r = &conf_r->items[0];
	mst_buf_fini(&yaml);
	return rc;
}

static int unknown_type(const struct mst_conf_item *item, struct mst_err *err)
{
	const char *types[16];
	const char *near;
	size_t n = 0;

	for (size_t i = 0; mst_sources[i] && n < 8; i++)
		types[n++] = mst_sources[i]->type;
	for (size_t i = 0; mst_dests[i] && n < 15; i++)
		types[n++] = mst_dests[i]->type;
	types[n] = NULL;
	near = mst_nearest(item->type, types);
	return mst_err_set(err, MST_E_INVALID,
			   "%s:%d: connection '%s' has the unknown type '%s'%s"
			   "%s%s; types are endpoint and servicenow",
			   item->file, item->line, item->name, item->type,
			   near ? "; did you mean '" : "", near ? near : "",
			   near ? "'?" : "");
}

static int fill_connection(const struct mst_conf_item *item,
			   struct mst_arena *arena, struct mst_connection *c_r,
			   struct mst_err *err)
{
	struct mst_connection c = {
	    .name = mst_arena_strdup(arena, item->name),
	    .type = mst_arena_strdup(arena, item->type),
	    .source = mst_source_find(item->type),
	    .dest = mst_dest_find(item->type),
	};
	void *conf;

	if (!c.source && !c.dest)
		return unknown_type(item, err);
	conf = mst_arena_alloc(arena, c.source ? c.source->conf_size
					       : c.dest->conf_size);
	if (mst_conf_apply(item, c.source ? c.source->opts : c.dest->opts, conf,
			   arena, err) < 0)
		return -(int)err->code;
	if (c.source)
		c.source_conf = conf;
	else
		c.dest_conf = conf;
	*c_r = c;
	return 0;
}

int mst_connection_load(struct mst_state *state, const char *name,
			struct mst_arena *arena, struct mst_connection *c_r,
			struct mst_err *err)
{
	const struct mst_conf_item *item = NULL;
	struct mst_conf conf;
	int rc = read_item(state, "connection", name, &conf, &item, err);

	if (rc < 0)
		return rc;
	rc = fill_connection(item, arena, c_r, err);
	mst_conf_fini(&conf);
	return rc;
}

static int check_sets(const struct mst_job *j, struct mst_err *err)
{
	const struct mst_catalog *c = j->catalog;
	const char *names[MST_MAX_SETS + 1];
	size_t n = 0;

	for (size_t i = 0; i < c->sets_n && n < MST_MAX_SETS; i++)
		names[n++] = c->sets[i].name;
	names[n] = NULL;
	for (size_t i = 0; i < j->conf.record_sets.n; i++) {
		const char *want = j->conf.record_sets.v[i];
		const char *near;

		if (mst_catalog_set(c, want))
			continue;
		near = mst_nearest(want, names);
		return mst_err_set(err, MST_E_INVALID,
				   "job %s: the source '%s' has no record set "
				   "'%s'%s%s%s",
				   j->name, j->conf.source, want,
				   near ? "; did you mean '" : "",
				   near ? near : "", near ? "'?" : "");
	}
	return 0;
}

/* What the settings of both ends make of the source's catalogue. */
static int make_catalog(struct mst_job *j, struct mst_err *err)
{
	struct mst_derive *d = mst_derive_begin(j->source->catalog, &j->arena);
	int rc = 0;

	if (j->source->adapt)
		rc = j->source->adapt(j->source_conf, d, err);
	if (rc == 0 && j->dest->adapt)
		rc = j->dest->adapt(j->dest_conf, d, err);
	j->catalog = mst_derive_end(d);
	return rc < 0 ? mst_err_prefix(err, "job %s", j->name) : 0;
}

static int load_ends(struct mst_state *state, struct mst_job *j,
		     struct mst_err *err)
{
	struct mst_connection c;

	if (mst_connection_load(state, j->conf.source, &j->arena, &c, err) < 0)
		return mst_err_prefix(err, "job %s: source", j->name);
	if (!c.source)
		return mst_err_set(err, MST_E_INVALID,
				   "job %s: connection '%s' is a destination, "
				   "not a source",
				   j->name, j->conf.source);
	j->source = c.source;
	j->source_conf = c.source_conf;
	if (mst_connection_load(state, j->conf.destination, &j->arena, &c,
				err) < 0)
		return mst_err_prefix(err, "job %s: destination", j->name);
	if (!c.dest)
		return mst_err_set(err, MST_E_INVALID,
				   "job %s: connection '%s' is a source, not "
				   "a destination",
				   j->name, j->conf.destination);
	j->dest = c.dest;
	j->dest_conf = c.dest_conf;
	return make_catalog(j, err) < 0 ? -(int)err->code : check_sets(j, err);
}

int mst_job_load(struct mst_state *state, const char *name, struct mst_job *j_r,
		 struct mst_err *err)
{
	const struct mst_conf_item *item = NULL;
	struct mst_conf conf;
	int rc = read_item(state, "job", name, &conf, &item, err);

	if (rc < 0)
		return rc;
	*j_r = (struct mst_job){0};
	mst_arena_init(&j_r->arena, JOB_ARENA);
	j_r->name = mst_arena_strdup(&j_r->arena, name);
	rc = mst_conf_apply(item, mst_job_opts, &j_r->conf, &j_r->arena, err);
	mst_conf_fini(&conf);
	if (rc == 0)
		rc = load_ends(state, j_r, err);
	if (rc < 0)
		mst_job_fini(j_r);
	return rc;
}

void mst_job_fini(struct mst_job *j)
{
	mst_arena_fini(&j->arena);
	*j = (struct mst_job){0};
}

int mst_item_check(const struct mst_conf_item *item, struct mst_err *err)
{
	struct mst_connection c;
	struct mst_job_conf job;
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, JOB_ARENA);
	if (strcmp(item->kind, "job") == 0)
		rc = mst_conf_apply(item, mst_job_opts, &job, &arena, err);
	else
		rc = fill_connection(item, &arena, &c, err);
	mst_arena_fini(&arena);
	return rc;
}

bool mst_job_wants(const struct mst_job *j, const struct mst_set *set)
{
	const char *by = set->selected_by ? set->selected_by : set->name;

	if (j->conf.record_sets.n == 0)
		return true;
	for (size_t i = 0; i < j->conf.record_sets.n; i++) {
		if (strcmp(j->conf.record_sets.v[i], by) == 0 ||
		    strcmp(j->conf.record_sets.v[i], set->name) == 0)
			return true;
	}
	return false;
}
