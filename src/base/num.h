/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict parsing of numbers: the whole slice, in range, or false.
 */
#ifndef MST_BASE_NUM_H
#define MST_BASE_NUM_H

#include "base/slice.h"

bool mst_num_i64(struct mst_slice s, int64_t *r);
bool mst_num_u64(struct mst_slice s, uint64_t *r);
bool mst_num_dbl(struct mst_slice s, double *r); /* finite, locale-free */
/* "30", "30s", "5m", "2h", "1d", "250ms" → milliseconds. */
bool mst_num_duration_ms(struct mst_slice s, int64_t *r);
/* "4096", "16KiB", "16MiB", "2GiB", "1MB" → bytes. */
bool mst_num_size(struct mst_slice s, uint64_t *r);
/* The value of a hexadecimal digit; -1: it is none. */
int mst_num_hex(char c);
/* 7.0 → "7.0", 9.75 → "9.8": one decimal, as CVSS scores are written. */
void mst_num_fixed1(double d, char out[32]);
/* The shortest text that reads back as the same double; integers without a
 * point: 128.0 → "128". */
void mst_num_text(double d, char out[32]);

#endif
