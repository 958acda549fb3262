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
	const char *dir;
};

/* out: devices, connections */
static bool save(struct bench *b MST_UNUSED, void *p, double out[8])
{
	struct arg *a = p;
	struct mst_sim_folder folder = {.dir = a->dir, .lines = true};
	struct mst_sim_saved saved;
	struct mst_err err = MST_ERR_INIT;

	if (mst_sim_save_iot(&a->sim, &folder, &saved, &err) < 0)
		return bench_fail(&err);
	out[0] = (double)saved.devices;
	out[1] = (double)saved.connections;
	return true;
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
	};
	struct bench_folder f = {.yaml = yaml,
				 .dir = dir,
				 .store = store,
				 .threads = 2,
				 .commit = true,
				 .rounds = 1};
	struct mst_err err = MST_ERR_INIT;
	double out[8], single;

	if (!bench_child(save, b, &a, out) ||
	    !bench_child(bench_folder_run, b, &f, out))
		return false;
	f.commit = false;
	f.rounds = (int)bench_env("ROUNDS", 3);
	f.threads = 1;
	if (!bench_child(bench_folder_run, b, &f, out))
		return false;
	single = out[0];
	bench_folder_print("iot.unchanged", out, -1, -1);
	f.threads = 2;
	if (!bench_child(bench_folder_run, b, &f, out))
		return false;
	bench_folder_print("iot.two_threads", out, -1, single / out[0]);
	(void)mst_dir_remove(dir, &err);
	return true;
}
