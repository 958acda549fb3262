/* SPDX-License-Identifier: Apache-2.0
 *
 * What the cases over a folder of files share.
 */
#ifndef MST_BENCH_ENGINE_H
#define MST_BENCH_ENGINE_H

#include "bench/bench.h"
#include "bench/data.h"

/* Prints the error; false. */
bool bench_fail(const struct mst_err *err);
/* For bench_child, with a struct bench_data: generating takes memory, which
 * must not count for the case. */
bool bench_estate(struct bench *b, void *data, double out[8]);
/* A job without a destination: the delta needs none. source: YAML of one
 * connection, NULL: Defender for Endpoint as it is. settings: an item with
 * custom mappings, or NULL. */
int bench_make_job(struct mst_job *job, const char *source,
		   const struct mst_conf *settings, struct mst_err *err);
/* One thread, no dir. */
void bench_delta_init(struct mst_delta *d, const struct mst_job *job,
		      const struct mst_spool *spool, struct mst_recver *r);
/* Everything was delivered: what a first load leaves behind. */
int bench_commit(struct mst_delta *d, struct mst_err *err);

/* A delta over a folder of saved answers. */
struct bench_folder {
	const char *yaml; /* of the connection */
	const char *dir, *store;
	unsigned threads;
	bool commit; /* all of it is delivered then */
	int rounds;
	const char *set;  /* whose records are the rows; NULL: of all feeds */
	mst_find_fn find; /* for look-ups, or NULL */
};

/* For bench_child, with a struct bench_folder. out: the best round's seconds,
 * rows, changes, peak memory. */
bool bench_folder_run(struct bench *b, void *folder, double out[8]);
/* requests, ratio: -1: none. */
void bench_folder_print(const char *name, const double out[8], int64_t requests,
			double ratio);

#endif
