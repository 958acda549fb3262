/* SPDX-License-Identifier: Apache-2.0
 *
 * store.*: RecVer alone, on every store: reading all digests, writing changed
 * groups with their members, size. STORE_GROUPS and STORE_MEMBERS (of a
 * group) in the environment set the size.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "bench/bench.h"

#define BATCH  128 /* groups of a commit, as a run does */
#define ROUNDS 3

struct arg {
	struct mst_recver_conf conf;
	uint32_t groups, members;
};

static bool fail(const struct mst_err *err)
{
	(void)fprintf(stderr, "bench: %s\n", err->msg);
	return false;
}

static struct mst_group_put group(const struct arg *a, uint32_t i,
				  struct mst_member *m, char text[41])
{
	uint64_t at = 0;

	(void)snprintf(text, 41, "%040x", i * 2654435761u);
	for (uint32_t k = 0; k < a->members; k++) {
		/* Far apart, and in order. */
		at += 1 + mst_hash64(&k, sizeof(k), i) % (1ull << 55);
		m[k].key = at;
		m[k].value = at * 0x9e3779b97f4a7c15u;
		memcpy(m[k].remote.b, &m[k].value, 8);
		memcpy(m[k].remote.b + 8, &at, 8);
	}
	return (struct mst_group_put){
	    .row = {.key = mst_hash128(text, 40, 1),
		    .text = mst_slice(text, 40),
		    .digest = mst_hash128(text, 40, 2),
		    .members = a->members,
		    .first_delivered_us = 1700000000000000,
		    .last_changed_us = 1700000000000000,
		    .last_run = 1},
	    .members = m,
	    .with_remote = true,
	};
}

/* The first n groups, in commits of BATCH. changed: with other values. The
 * time is that of the store alone. */
static int fill(struct mst_recver *r, const struct arg *a, uint32_t n,
		bool changed, double *seconds, struct mst_err *err)
{
	struct mst_group_put g[BATCH];
	char(*text)[41] = mst_alloc(BATCH * sizeof(*text));
	struct mst_member *m =
	    mst_alloc((size_t)BATCH * a->members * sizeof(*m) + 1);
	int rc = 0;

	*seconds = 0;
	for (uint32_t i = 0; i < n && rc == 0; i += BATCH) {
		uint32_t now = MST_MIN(BATCH, n - i);
		double from;

		for (uint32_t k = 0; k < now; k++) {
			g[k] = group(a, i + k, m + (size_t)k * a->members,
				     text[k]);
			g[k].row.digest.lo += changed;
			for (uint32_t j = 0; changed && j < a->members; j += 9)
				m[(size_t)k * a->members + j].value++;
		}
		from = bench_now();
		rc = r->ops->begin(r, err);
		if (rc == 0)
			rc = r->ops->put(r, "cmdb", "rows", g, now, err);
		if (rc == 0)
			rc = r->ops->commit(r, err);
		*seconds += bench_now() - from;
	}
	free(m);
	free(text);
	return rc;
}

static int count(void *ctx, const struct mst_group_row *row)
{
	++*(uint64_t *)ctx;
	return 0;
}

static int best_load(struct mst_recver *r, uint64_t *rows, double *seconds,
		     struct mst_err *err)
{
	int rc = 0;

	for (int i = 0; i < ROUNDS && rc == 0; i++) {
		double from = bench_now();

		*rows = 0;
		rc = r->ops->load(r, "cmdb", "rows", count, rows, err);
		from = bench_now() - from;
		if (i == 0 || from < *seconds)
			*seconds = from;
	}
	return rc;
}

/* out: groups loaded, seconds of it, groups written, seconds of it, bytes, peak
 * memory */
static bool run_store(struct bench *b, void *p, double out[8])
{
	const struct arg *a = p;
	const struct mst_recver_ops *ops = mst_recver_find(a->conf.type);
	struct mst_recver_stats stats;
	struct mst_recver *r = NULL;
	struct mst_err err = MST_ERR_INIT;
	uint32_t changed = MST_MAX(a->groups / 5, 1u);
	uint64_t rows = 0;
	double unused;
	int rc = ops->open(&a->conf, "bench", true, &r, &err);

	(void)b;
	if (rc == 0)
		rc = fill(r, a, a->groups, false, &unused, &err);
	if (rc == 0)
		rc = ops->compact(r, &err);
	if (rc == 0)
		rc = ops->stats(r, NULL, NULL, &stats, &err);
	if (rc == 0)
		rc = best_load(r, &rows, &out[1], &err);
	if (rc == 0)
		rc = fill(r, a, changed, true, &out[3], &err);
	ops->close(&r);
	if (rc < 0)
		return fail(&err);
	out[0] = (double)rows;
	out[2] = (double)changed;
	out[4] = (double)stats.bytes;
	out[5] = (double)bench_rss();
	return true;
}

static void line(const char *what, const char *store, double rows,
		 double seconds, double bytes_per_row, const double out[8])
{
	struct bench_line l = BENCH_LINE_INIT;
	char name[64];

	(void)snprintf(name, sizeof(name), "store.%s.%s", what, store);
	l.name = name;
	l.rows = (uint64_t)rows;
	l.seconds = seconds;
	l.bytes_per_row = bytes_per_row;
	l.rss = (uint64_t)out[5];
	bench_print(&l);
}

static bool bench_one(struct bench *b, const struct mst_recver_conf *conf)
{
	struct arg a = {.conf = *conf,
			.groups = (uint32_t)bench_env("STORE_GROUPS", 100000),
			.members = (uint32_t)bench_env("STORE_MEMBERS", 200)};
	double members = (double)a.groups * a.members;
	double out[8];

	if (!bench_child(run_store, b, &a, out))
		return false;
	line("load", conf->type, out[0], out[1], -1, out);
	line("commit", conf->type, out[2], out[3], -1, out);
	line("bytes", conf->type, members, 0, out[4] / members, out);
	return true;
}

bool bench_store(struct bench *b)
{
	char *path MST_CLEANUP(mst_freep) = mst_asprintf("%s/store.db", b->dir);
	const struct mst_recver_conf sqlite = {.type = "sqlite", .path = path};
	struct mst_recver_conf server;
	bool ok = bench_one(b, &sqlite);

	(void)remove(path);
	if (bench_postgres("bench_store", &server))
		ok = bench_one(b, &server) && ok;
	if (bench_mongodb(&server))
		ok = bench_one(b, &server) && ok;
	if (bench_sqlserver(&server))
		ok = bench_one(b, &server) && ok;
	return ok;
}
