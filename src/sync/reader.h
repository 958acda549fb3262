/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the records of a feed out of the spool: gzip or plain, lines or
 * pages, on one or more threads. Memory is bounded by the window (lines) or
 * by one page, per thread.
 */
#ifndef MST_SYNC_READER_H
#define MST_SYNC_READER_H

#include <stdatomic.h>

#include "sync/spool.h"

/* Called for every record, on the worker's thread. v has the feed's fields;
 * borrowed for the call. Non-zero ends the read with that error. */
typedef int (*mst_record_fn)(void *worker, const struct mst_value *v,
			     struct mst_err *err);

struct mst_read_stats {
	uint64_t records, parts;
	uint64_t bytes;	     /* of JSON text, inflated */
	uint64_t pages_more; /* pages that said another one follows */
	uint64_t pages;
};

struct mst_read {
	const struct mst_spool *spool;
	const struct mst_catalog *catalog; /* whose fields are picked */
	unsigned feed;
	unsigned threads; /* workers[0..threads) */
	void *const *workers;
	mst_record_fn record;
	const atomic_bool *cancel; /* or NULL */
};

#define MST_MAX_THREADS 64

/* Errors name the file and the line. */
int mst_read_feed(const struct mst_read *read, struct mst_read_stats *stats_r,
		  struct mst_err *err);
/* Inflates and parses everything but looks at nothing: the limit that the
 * benchmarks compare with. */
int mst_read_only_parse(const struct mst_read *read,
			struct mst_read_stats *stats_r, struct mst_err *err);

#endif
