/* SPDX-License-Identifier: Apache-2.0
 *
 * Export files for the benchmarks: machines and CVE rows in the shape and size
 * of real ones (about 1.09 KB of JSON a row), deterministic.
 */
#ifndef MST_BENCH_DATA_H
#define MST_BENCH_DATA_H

#include "base/err.h"

struct bench_data {
	const char *dir;
	uint64_t rows, devices;
	unsigned change_every; /* every n-th row differs; 0: none */
};

int bench_data_write(const struct bench_data *d, struct mst_err *err);

#endif
