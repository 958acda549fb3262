/* SPDX-License-Identifier: Apache-2.0
 *
 * A task whose job is busy waits and is tried again. How often it was is in its
 * progress in the state store, so any node goes on counting.
 */
#ifndef MST_SERVE_BUSY_H
#define MST_SERVE_BUSY_H

#include "json/json.h"
#include "json/out.h"

/* The exit status of a worker that met somebody else at work: muster(1). */
#define MST_EXIT_CONFLICT 5

/* A worker of a daemon that was killed is gone in a moment; who else is at work
 * takes longer. */
#define MST_BUSY_SOON	 3			 /* tries */
#define MST_BUSY_SOON_US (3 * INT64_C(1000000))	 /* before each of them */
#define MST_BUSY_US	 (60 * INT64_C(1000000)) /* between two later ones */
#define MST_BUSY_TRIES	 63 /* then it is given up, with the reason */
#define MST_BUSY_TOLD	 13 /* of them, before a person is told */

/* What a task waits for, out of its progress: how often it was tried, 0: it
 * does not wait for its job. *why_r (may be NULL) lives as long as what the
 * parser read. */
int64_t mst_busy_tries(struct mst_json_parser *p, const char *progress,
		       struct mst_slice *why_r);
/* The progress of one that waits until then (MST_TIME_NONE: nobody knows),
 * after so many tries. */
void mst_busy_json(struct mst_buf *out, const char *job, int64_t tries,
		   const char *why, int64_t until_us);
/* Of one that waits for the windows of its job. */
#define MST_WAITS_WINDOW "a window in which its job may write"

#endif
