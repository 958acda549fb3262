/* SPDX-License-Identifier: Apache-2.0
 *
 * What the benchmarks share: sizes, the result line, a child per case so that
 * peak memory is the case's own.
 */
#ifndef MST_BENCH_BENCH_H
#define MST_BENCH_BENCH_H

#include "sync/run.h"

struct bench {
	uint64_t rows, devices;
	char *dir; /* scratch; removed at the end */
};

/* One JSON line on stdout. Fields that are negative are left out. */
struct bench_line {
	const char *name;
	uint64_t rows;
	double seconds;
	double ratio_to_limit, ratio, bytes_per_row;
	int64_t requests, writes;
	uint64_t rss; /* 0: of this process */
};
#define BENCH_LINE_INIT                                                        \
	{                                                                      \
		.ratio_to_limit = -1, .ratio = -1, .bytes_per_row = -1,        \
		.requests = -1, .writes = -1                                   \
	}

void bench_print(const struct bench_line *l);
double bench_now(void);
/* Runs fn in a child; fn's `out` is handed back through a pipe. False when the
 * child failed. */
bool bench_child(bool (*fn)(struct bench *b, void *arg, double out[8]),
		 struct bench *b, void *arg, double out[8]);
uint64_t bench_rss(void);
/* Binds this process and its threads to one of its cores. */
void bench_one_core(void);

bool bench_api(struct bench *b);     /* api.* */
bool bench_apps(struct bench *b);    /* cloudapps.* */
bool bench_history(struct bench *b); /* api.history.* */
bool bench_iot(struct bench *b);     /* iot.* */
bool bench_delta(struct bench *b);   /* delta.* */
bool bench_deliver(struct bench *b); /* forward.deliver */
bool bench_forward(struct bench *b); /* forward.* */
bool bench_job(struct bench *b);     /* job.*, recver.bytes */
bool bench_rules(struct bench *b);   /* rules.cost */
bool bench_serve(struct bench *b);   /* serve.* */
bool bench_store(struct bench *b);   /* store.* */
/* A database of this name on a PostgreSQL that lives as long as the program.
 * False: this build has none. */
bool bench_postgres(const char *database, struct mst_recver_conf *conf_r);
/* The server that the environment names. False: none. Its texts live as long
 * as the program. */
bool bench_mongodb(struct mst_recver_conf *conf_r);
bool bench_sqlserver(struct mst_recver_conf *conf_r);
/* What a figure must keep; NULL: nothing. */
const char *bench_limit(const char *name);
uint64_t bench_env(const char *name, uint64_t def);

#endif
