/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine without both ends: a job over a folder, a delta over it, and a
 * RecVer that has taken everything for delivered.
 */
#include "bench/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/custom.h"

bool bench_fail(const struct mst_err *err)
{
	(void)fprintf(stderr, "bench: %s\n", err->msg);
	return false;
}

bool bench_estate(struct bench *b MST_UNUSED, void *p, double out[8] MST_UNUSED)
{
	struct mst_err err = MST_ERR_INIT;

	return bench_data_write(p, &err) == 0 || bench_fail(&err);
}

static const char endpoint[] = "connections:\n"
			       "  - name: bench\n"
			       "    type: endpoint\n"
			       "    read_from: /\n"
			       "    assume_complete: yes\n";

static int make_catalog(struct mst_job *job, const struct mst_conf *settings,
			struct mst_err *err)
{
	struct mst_derive *d =
	    mst_derive_begin(job->source->catalog, &job->arena);

	if (job->source->adapt &&
	    job->source->adapt(job->source_conf, d, err) < 0)
		return -(int)err->code;
	if (settings && mst_custom_apply(d, &settings->items[0], err) < 0)
		return -(int)err->code;
	job->catalog = mst_derive_end(d);
	return 0;
}

int bench_make_job(struct mst_job *job, const char *source,
		   const struct mst_conf *settings, struct mst_err *err)
{
	struct mst_conf conf;
	void *c;
	int rc;

	*job = (struct mst_job){.name = "bench"};
	mst_arena_init(&job->arena, 64u << 20);
	job->conf.source = "bench";
	job->conf.destination = "bench";
	if (mst_conf_read(mst_slice_str(source ? source : endpoint), "bench",
			  &conf, err) < 0)
		return -(int)err->code;
	job->source = mst_source_find(conf.items[0].type);
	if (!job->source)
		return mst_err_set(err, MST_E_NOTFOUND, "no source '%s'",
				   conf.items[0].type);
	job->catalog = job->source->catalog;
	c = mst_arena_alloc(&job->arena, job->source->conf_size);
	rc = mst_conf_apply(&conf.items[0], job->source->opts, c, &job->arena,
			    err);
	mst_conf_fini(&conf);
	job->source_conf = c;
	if (rc == 0 && (source || settings))
		rc = make_catalog(job, settings, err);
	return rc;
}

static int put_group(struct mst_delta *d, const struct mst_set_delta *sd,
		     uint32_t group, struct mst_member *m, size_t n,
		     struct mst_err *err)
{
	const struct mst_group *g = &sd->groups.v[group];
	struct mst_group_put put = {
	    .row = {.key = g->key,
		    .text = g->text,
		    .digest = g->digest,
		    .members = (uint32_t)n,
		    .remote = {{1}},
		    .state = MST_GROUP_CLEAN},
	    .members = m,
	    .with_remote = true,
	};

	if (!sd->set->parent)
		put.members = NULL;
	return d->recver->ops->put(d->recver, d->target, sd->set->name, &put, 1,
				   err);
}

/* Everything was delivered: what a first load leaves behind. */
static int commit_set(struct mst_delta *d, struct mst_set_delta *sd,
		      struct mst_err *err)
{
	struct mst_member *m = mst_alloc((sd->changes.recs_n + 1) * sizeof(*m));
	struct mst_change_rec rec;
	uint32_t group = UINT32_MAX;
	size_t n = 0, got;
	int rc = 0;

	for (uint64_t at = 0; rc == 0 && at <= sd->changes.recs_n; at++) {
		rc = mst_changes_get(&sd->changes, at, &rec, 1, &got, err);
		if (rc < 0)
			break;
		if ((got == 0 || rec.group != group) && group != UINT32_MAX)
			rc = put_group(d, sd, group, m, n, err);
		if (got == 0)
			break;
		if (rec.group != group)
			n = 0;
		group = rec.group;
		m[n++] = (struct mst_member){
		    .key = rec.key, .value = rec.value, .remote = {{2}}};
	}
	free(m);
	return rc;
}

int bench_commit(struct mst_delta *d, struct mst_err *err)
{
	if (d->recver->ops->begin(d->recver, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < d->sets_n; i++) {
		if (d->sets[i].selected && commit_set(d, &d->sets[i], err) < 0)
			return -(int)err->code;
	}
	return d->recver->ops->commit(d->recver, err);
}

void bench_delta_init(struct mst_delta *d, const struct mst_job *job,
		      const struct mst_spool *spool, struct mst_recver *r)
{
	*d = (struct mst_delta){
	    .job = job,
	    .spool = spool,
	    .recver = r,
	    .target = "bench",
	    .threads = 1,
	    .rules = {.catalog = job->catalog,
		      .conf = job->source_conf,
		      .connection = "bench",
		      .seed = 12345},
	};
}

/* ---- a folder of saved answers ------------------------------------------- */

static int folder_round(struct bench *b, const struct bench_folder *f,
			const struct mst_job *job, const struct mst_spool *s,
			struct mst_recver *r, double out[8],
			struct mst_err *err)
{
	struct mst_delta *d = mst_alloc(sizeof(*d));
	double from;
	int rc;

	bench_delta_init(d, job, s, r);
	d->threads = f->threads;
	d->dir = b->dir;
	d->find = f->find;
	from = bench_now();
	rc = mst_delta_run(d, err);
	out[0] = MST_MIN(out[0], bench_now() - from);
	out[1] = out[2] = 0;
	for (size_t k = 0; !f->set && k < job->catalog->feeds_n; k++)
		out[1] += (double)d->feed_records[k];
	if (f->set)
		out[1] = (double)mst_delta_set(d, f->set)->read;
	for (size_t k = 0; k < d->sets_n; k++)
		out[2] += (double)d->sets[k].changes.recs_n;
	if (rc == 0 && f->commit)
		rc = bench_commit(d, err);
	mst_delta_fini(d);
	free(d);
	return rc;
}

bool bench_folder_run(struct bench *b, void *folder, double out[8])
{
	const struct bench_folder *f = folder;
	struct mst_err err = MST_ERR_INIT;
	const struct mst_recver_ops *ops = mst_recver_find("sqlite");
	const struct mst_recver_conf at = {.path = f->store};
	struct mst_spool spool;
	struct mst_recver *r;
	struct mst_job job;
	int rc = 0;

	if (bench_make_job(&job, f->yaml, NULL, &err) < 0 ||
	    mst_spool_open(&spool, job.source, f->dir, true, &err) < 0 ||
	    ops->open(&at, "bench", true, &r, &err) < 0)
		return bench_fail(&err);
	mst_spool_nest(&spool);
	out[0] = 1e9;
	for (int i = 0; i < f->rounds && rc == 0; i++)
		rc = folder_round(b, f, &job, &spool, r, out, &err);
	out[3] = (double)bench_rss();
	ops->close(&r);
	mst_spool_fini(&spool);
	mst_job_fini(&job);
	return rc == 0 || bench_fail(&err);
}

void bench_folder_print(const char *name, const double out[8], int64_t requests,
			double ratio)
{
	struct bench_line line = BENCH_LINE_INIT;

	line.name = name;
	line.rows = (uint64_t)out[1];
	line.seconds = out[0];
	line.rss = (uint64_t)out[3];
	line.writes = (int64_t)out[2];
	line.requests = requests;
	line.ratio = ratio;
	bench_print(&line);
}
