/* SPDX-License-Identifier: Apache-2.0
 *
 * delta.*: the engine over export files on disk. No network, no destination.
 * Every case runs in a process of its own; the limit (inflate and parse alone)
 * is measured in the same process, by turns, and the best of ROUNDS (5) counts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "bench/bench.h"
#include "bench/data.h"
#include "bench/engine.h"

struct arg {
	const char *dir;   /* the estate to read */
	const char *store; /* RecVer's file */
	unsigned threads;
	bool commit; /* take the delta for delivered */
	int rounds;
};

static int limit_record(void *worker, const struct mst_value *v,
			struct mst_err *err)
{
	return 0;
}

static double parse_alone(const struct mst_spool *spool, unsigned threads)
{
	void *workers[MST_MAX_THREADS] = {0};
	struct mst_err err = MST_ERR_INIT;
	struct mst_read_stats stats;
	struct mst_read read = {.spool = spool,
				.catalog = spool->ops->catalog,
				.threads = threads,
				.workers = workers,
				.record = limit_record};
	double from = bench_now();

	for (unsigned f = 0; f < spool->ops->catalog->feeds_n; f++) {
		read.feed = f;
		if (spool->feeds[f].present)
			(void)mst_read_only_parse(&read, &stats, &err);
	}
	return bench_now() - from;
}

/* out: seconds, limit's seconds, rows, changes, rss */
static bool run_delta(struct bench *b, void *p, double out[8])
{
	const struct arg *arg = p;
	struct mst_err err = MST_ERR_INIT;
	const struct mst_recver_ops *ops = mst_recver_find("sqlite");
	const struct mst_recver_conf at = {.path = arg->store};
	struct mst_spool spool;
	struct mst_recver *r;
	struct mst_job job;

	if (bench_make_job(&job, NULL, NULL, &err) < 0 ||
	    mst_spool_open(&spool, job.source, arg->dir, true, &err) < 0 ||
	    ops->open(&at, "bench", true, &r, &err) < 0)
		return bench_fail(&err);
	out[0] = out[1] = 1e9;
	for (int i = 0; i < arg->rounds; i++) {
		struct mst_delta *d = mst_alloc(sizeof(*d));
		double from, took;

		bench_delta_init(d, &job, &spool, r);
		d->threads = arg->threads;
		d->dir = b->dir;
		took = parse_alone(&spool, arg->threads);
		out[1] = MST_MIN(out[1], took);
		from = bench_now();
		if (mst_delta_run(d, &err) < 0)
			return bench_fail(&err);
		took = bench_now() - from;
		out[0] = MST_MIN(out[0], took);
		out[2] =
		    (double)mst_delta_set(d, "device_vulnerabilities")->read;
		out[3] = 0;
		for (size_t k = 0; k < d->sets_n; k++)
			out[3] += (double)d->sets[k].changes.recs_n;
		if (arg->commit && bench_commit(d, &err) < 0)
			return bench_fail(&err);
		mst_delta_fini(d);
		free(d);
	}
	out[4] = (double)bench_rss();
	ops->close(&r);
	mst_spool_fini(&spool);
	mst_job_fini(&job);
	return true;
}

static void print(const char *name, const double out[8], double ratio,
		  bool limit)
{
	struct bench_line line = BENCH_LINE_INIT;

	line.name = name;
	line.rows = (uint64_t)out[2];
	line.seconds = out[0];
	line.rss = (uint64_t)out[4];
	line.ratio_to_limit = limit ? out[0] / out[1] : -1;
	line.ratio = ratio;
	line.writes = (int64_t)out[3];
	bench_print(&line);
}

static bool four_times(struct bench *b, const char *store)
{
	char *dir MST_CLEANUP(mst_freep) = mst_asprintf("%s/four", b->dir);
	struct bench_data data = {dir, b->rows * 4, b->devices, 0};
	struct arg load = {dir, store, 2, true, 1};
	struct arg pass = {dir, store, 1, false, 2};
	struct mst_err err = MST_ERR_INIT;
	double out[8];
	bool ok = bench_child(bench_estate, b, &data, out) &&
		  bench_child(run_delta, b, &load, out) &&
		  bench_child(run_delta, b, &pass, out);

	if (ok)
		print("delta.pass.4x_rows", out, -1, true);
	(void)mst_dir_remove(dir, &err);
	return ok;
}

bool bench_delta(struct bench *b)
{
	char *one MST_CLEANUP(mst_freep) = mst_asprintf("%s/one", b->dir);
	char *two MST_CLEANUP(mst_freep) = mst_asprintf("%s/two", b->dir);
	char *store MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/recver.db", b->dir);
	char *store4 MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/recver4.db", b->dir);
	int rounds = (int)bench_env("ROUNDS", 5);
	struct bench_data data1 = {one, b->rows, b->devices, 0};
	struct bench_data data2 = {two, b->rows, b->devices, 100};
	struct arg load = {one, store, 2, true, 1};
	struct arg pass = {one, store, 1, false, rounds};
	struct arg threads = {one, store, 2, false, rounds};
	struct arg percent = {two, store, 1, false, rounds};
	double out[8], single;
	struct mst_err err = MST_ERR_INIT;

	if (!bench_child(bench_estate, b, &data1, out) ||
	    !bench_child(run_delta, b, &load, out) ||
	    !bench_child(run_delta, b, &pass, out))
		return false;
	single = out[0];
	print("delta.pass", out, -1, true);
	if (!bench_child(run_delta, b, &threads, out))
		return false;
	print("delta.two_threads", out, single / out[0], true);
	if (!bench_child(bench_estate, b, &data2, out) ||
	    !bench_child(run_delta, b, &percent, out))
		return false;
	print("delta.one_percent", out, out[0] / single, false);
	(void)mst_dir_remove(one, &err);
	(void)mst_dir_remove(two, &err);
	return four_times(b, store4);
}
