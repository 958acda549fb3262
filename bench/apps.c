/* SPDX-License-Identifier: Apache-2.0
 *
 * cloudapps.*: the engine over saved answers of cloud discovery, apps with
 * their users. Who they are is answered in this process: one in twenty is
 * nobody, as in a directory that is never complete. Rows are the users of
 * apps; each case runs in a process of its own, the best of ROUNDS (5) counts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "bench/engine.h"
#include "sim/sim.h"

static const char yaml[] = "connections:\n"
			   "  - name: bench\n"
			   "    type: cloudapps\n"
			   "    read_from: /\n"
			   "    assume_complete: yes\n"
			   "    allow_user_synchronization: yes\n";

struct arg {
	struct mst_sim_conf sim;
	const char *dir;
};

static bool save(struct bench *b MST_UNUSED, void *p, double out[8])
{
	struct arg *a = p;
	struct mst_sim_folder folder = {.dir = a->dir, .streams = 1};
	struct mst_sim_saved saved;
	struct mst_err err = MST_ERR_INIT;

	if (mst_sim_save_apps(&a->sim, &folder, &saved, &err) < 0)
		return bench_fail(&err);
	out[0] = (double)saved.users;
	return true;
}

static uint64_t asked;

/* A directory: everybody but one in twenty is in it once. */
static int find(void *ctx MST_UNUSED, struct mst_find *f,
		struct mst_err *err MST_UNUSED)
{
	for (size_t i = 0; i < f->values_n; i++) {
		struct mst_hash h =
		    mst_hash128(f->values[i].p, f->values[i].n, 1);
		struct mst_sysid id;

		memcpy(id.b, &h, sizeof(id.b));
		if (h.lo % 20 != 0)
			f->hit(f->ctx, i, &id, true,
			       MST_SLICE_LIT("2026-01-01 00:00:00"));
	}
	asked += f->values_n;
	f->whole = true;
	return 0;
}

/* out: as bench_folder_run has it, and look-ups of a round */
static bool run(struct bench *b, void *p, double out[8])
{
	const struct bench_folder *f = p;

	asked = 0;
	if (!bench_folder_run(b, p, out))
		return false;
	out[4] = (double)((asked / (unsigned)f->rounds + 99) / 100);
	return true;
}

bool bench_apps(struct bench *b)
{
	char *dir MST_CLEANUP(mst_freep) = mst_asprintf("%s/apps", b->dir);
	char *store MST_CLEANUP(mst_freep) = mst_asprintf("%s/apps.db", b->dir);
	struct arg a = {
	    .sim = {.devices = 1,
		    .apps = (int64_t)bench_env("APPS", 5000),
		    .people = (int64_t)bench_env("PEOPLE", 20000),
		    .app_links = (int64_t)bench_env("LINKS", 3650000)},
	    .dir = dir,
	};
	struct bench_folder f = {.yaml = yaml,
				 .dir = dir,
				 .store = store,
				 .threads = 2,
				 .commit = true,
				 .rounds = 1,
				 .set = "cloud_app_users",
				 .find = find};
	struct mst_err err = MST_ERR_INIT;
	double out[8], single;

	if (!bench_child(save, b, &a, out) || !bench_child(run, b, &f, out))
		return false;
	f.commit = false;
	f.rounds = (int)bench_env("ROUNDS", 5);
	f.threads = 1;
	if (!bench_child(run, b, &f, out))
		return false;
	single = out[0];
	bench_folder_print("cloudapps.unchanged", out, (int64_t)out[4], -1);
	f.threads = 2;
	if (!bench_child(run, b, &f, out))
		return false;
	bench_folder_print("cloudapps.two_threads", out, (int64_t)out[4],
			   single / out[0]);
	(void)mst_dir_remove(dir, &err);
	return true;
}
