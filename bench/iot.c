/* SPDX-License-Identifier: Apache-2.0
 *
 * iot.*: the engine over what the mirrors of a management console hold (lines,
 * in one part a list): devices with their addresses and firmwares, connections,
 * CVEs. Rows are all records of the lists and of the lists inside them; each
 * case runs in a process of its own, the best of ROUNDS (3) counts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "bench/engine.h"
#include "sim/sim.h"

static const char yaml[] = "connections:\n"
			   "  - name: bench\n"
			   "    type: iot\n"
			   "    read: console\n"
			   "    read_from: /\n"
			   "    assume_complete: yes\n";

struct arg {
	struct mst_sim_conf sim;
	const char *dir, *store;
	unsigned threads;
	bool commit;
	int rounds;
	struct mst_sim_saved saved;
};

/* out: devices, connections */
static bool save(struct bench *b MST_UNUSED, void *p, double out[8])
{
	struct arg *a = p;
	struct mst_sim_folder folder = {.dir = a->dir, .lines = true};
	struct mst_err err = MST_ERR_INIT;

	if (mst_sim_save_iot(&a->sim, &folder, &a->saved, &err) < 0)
		return bench_fail(&err);
	out[0] = (double)a->saved.devices;
	out[1] = (double)a->saved.connections;
	return true;
}

/* out: seconds, rows, changes, rss */
static bool run(struct bench *b, void *p, double out[8])
{
	const struct arg *arg = p;
	struct mst_err err = MST_ERR_INIT;
	const struct mst_recver_ops *ops = mst_recver_find("sqlite");
	const struct mst_recver_conf at = {.path = arg->store};
	struct mst_spool spool;
	struct mst_recver *r;
	struct mst_job job;

	if (bench_make_job(&job, yaml, NULL, &err) < 0 ||
	    mst_spool_open(&spool, job.source, arg->dir, true, &err) < 0 ||
	    ops->open(&at, "bench", true, &r, &err) < 0)
		return bench_fail(&err);
	mst_spool_nest(&spool);
	out[0] = 1e9;
	for (int i = 0; i < arg->rounds; i++) {
		struct mst_delta *d = mst_alloc(sizeof(*d));
		double from;

		bench_delta_init(d, &job, &spool, r);
		d->threads = arg->threads;
		d->dir = b->dir;
		from = bench_now();
		if (mst_delta_run(d, &err) < 0)
			return bench_fail(&err);
		out[0] = MST_MIN(out[0], bench_now() - from);
		out[1] = out[2] = 0;
		for (size_t k = 0; k < job.catalog->feeds_n; k++)
			out[1] += (double)d->feed_records[k];
		for (size_t k = 0; k < d->sets_n; k++)
			out[2] += (double)d->sets[k].changes.recs_n;
		if (arg->commit && bench_commit(d, &err) < 0)
			return bench_fail(&err);
		mst_delta_fini(d);
		free(d);
	}
	out[3] = (double)bench_rss();
	ops->close(&r);
	mst_spool_fini(&spool);
	mst_job_fini(&job);
	return true;
}

static void print(const char *name, const double out[8], double ratio)
{
	struct bench_line line = BENCH_LINE_INIT;

	line.name = name;
	line.rows = (uint64_t)out[1];
	line.seconds = out[0];
	line.rss = (uint64_t)out[3];
	line.writes = (int64_t)out[2];
	line.ratio = ratio;
	bench_print(&line);
}

bool bench_iot(struct bench *b)
{
	char *dir MST_CLEANUP(mst_freep) = mst_asprintf("%s/iot", b->dir);
	char *store MST_CLEANUP(mst_freep) = mst_asprintf("%s/iot.db", b->dir);
	struct arg a = {
	    .sim = {.devices = 1,
		    .iot_devices = (int64_t)bench_env("OT_DEVICES", 200000),
		    .iot_connections =
			(int64_t)bench_env("CONNECTIONS", 2000000)},
	    .dir = dir,
	    .store = store,
	    .threads = 2,
	    .commit = true,
	    .rounds = 1,
	};
	struct mst_err err = MST_ERR_INIT;
	double out[8], single;

	if (!bench_child(save, b, &a, out) || !bench_child(run, b, &a, out))
		return false;
	a.commit = false;
	a.rounds = (int)bench_env("ROUNDS", 3);
	a.threads = 1;
	if (!bench_child(run, b, &a, out))
		return false;
	single = out[0];
	print("iot.unchanged", out, -1);
	a.threads = 2;
	if (!bench_child(run, b, &a, out))
		return false;
	print("iot.two_threads", out, single / out[0]);
	(void)mst_dir_remove(dir, &err);
	return true;
}
