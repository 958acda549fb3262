/* SPDX-License-Identifier: Apache-2.0
 *
 * Clocks and the time forms of the two worlds. A point in time is int64_t
 * microseconds since 1970-01-01T00:00:00Z; MST_TIME_NONE means "not set".
 */
#ifndef MST_BASE_TIME_H
#define MST_BASE_TIME_H

#include "base/err.h"
#include "base/slice.h"

#define MST_TIME_NONE INT64_MIN

/* The clock is injected: tests set a fixed one. Wall clock in microseconds. */
int64_t mst_now_us(void);
/* Monotonic, for measuring and for waiting. */
int64_t mst_mono_us(void);
/* NULL puts the real clocks back. */
void mst_clock_set(int64_t (*wall_us)(void), int64_t (*mono_us)(void));

/* Reads every form that Microsoft's APIs use (msapi.md section F.3): ISO with
 * 0 to 9 fractional digits and Z or ±hh:mm, "YYYY-MM-DD hh:mm:ss[.f]" without
 * a zone (taken as UTC), a bare date with or without Z, thirteen digits
 * (milliseconds since 1970). A year of 0001 or less
 * than 1900 gives MST_TIME_NONE. Returns false when it is none of these. */
bool mst_time_parse(struct mst_slice s, int64_t *us_r);
/* ServiceNow's raw form, UTC: "YYYY-MM-DD HH:MM:SS" (19 characters + NUL). */
void mst_time_sn(int64_t us, char out[20]);
/* "YYYY-MM-DDTHH:MM:SSZ" (20 characters + NUL). */
void mst_time_iso(int64_t us, char out[21]);
/* HTTP-date (RFC 9110 5.6.7) or delta-seconds, as Retry-After has it.
 * Returns milliseconds to wait from now_us, -1 when it is neither. */
int64_t mst_time_retry_after(struct mst_slice s, int64_t now_us);

#endif
