/* SPDX-License-Identifier: Apache-2.0
 *
 * What each figure must keep, on a machine that does nothing else. A line
 * that is not here is only reported.
 */
#include "bench/bench.h"

static const struct {
	const char *name, *limit;
} limits[] = {
    {"delta.pass", "rows_per_second >= 1600000, ratio_to_limit <= 1.35, "
		   "peak_rss_bytes <= 40000000"},
    {"delta.two_threads", "ratio >= 1.7"},
    {"delta.one_percent", "ratio <= 2.5"},
    {"cloudapps.unchanged", "rows_per_second >= 1000000, writes = 0, "
			    "peak_rss_bytes <= 64000000"},
    {"iot.unchanged", "writes = 0, peak_rss_bytes <= 128000000"},
    {"forward.rate", "rows_per_second >= 20000"},
    {"forward.deliver", "rows_per_second >= 2000"},
    {"rules.cost", "ratio <= 1.3"},
    {"job.unchanged", "rows_per_second >= 400000, writes = 0"},
    {"job.first_load", "ratio <= 0.01"},
    {"job.unchanged.postgres", "ratio >= 0.9, writes = 0"},
    {"api.list", "rows_per_second >= 10000"},
    {"api.history.first", "rows_per_second >= 2000"},
    {"api.history.middle", "rows_per_second >= 2000"},
    {"api.history.job", "rows_per_second >= 2000"},
    {"api.history.status", "rows_per_second >= 2000"},
    {"api.history.both", "rows_per_second >= 2000"},
    {"api.history.one", "rows_per_second >= 2000"},
    {"api.viewers", "peak_rss_bytes <= 64000000"},
    {"recver.bytes", "bytes_per_row <= 40"},
    {"serve.cost", "ratio >= 0.95, writes = 0"},
    {"serve.schedule", "seconds <= 1"},
    {"store.load.sqlite", "rows_per_second >= 500000"},
    {"store.load.postgres", "rows_per_second >= 500000"},
    {"store.commit.sqlite", "rows_per_second >= 20000"},
    {"store.commit.postgres", "rows_per_second >= 10000"},
    {"store.bytes.sqlite", "bytes_per_row <= 40"},
    {"store.bytes.postgres", "bytes_per_row <= 40"},
    {"store.bytes.mongodb", "bytes_per_row <= 40"},
    {"store.bytes.sqlserver", "bytes_per_row <= 40"},
};

const char *bench_limit(const char *name)
{
	for (size_t i = 0; i < MST_LEN(limits); i++) {
		if (strcmp(limits[i].name, name) == 0)
			return limits[i].limit;
	}
	return NULL;
}
