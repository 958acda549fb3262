/* SPDX-License-Identifier: Apache-2.0
 *
 * The options schedule.* of jobs, and how many runs may use a connection at
 * once.
 */
#ifndef MST_SYNC_JOB_SCHEDULE_H
#define MST_SYNC_JOB_SCHEDULE_H

#include "schedule/schedule.h"
#include "sync/job.h"

/* The ends of a job whose options are conf, and no more of it: rules and
 * selections are much to load. Without a schedule of its own it goes by its
 * source's options, which are put into conf. */
int mst_job_ends(const struct mst_config *c, const char *job,
		 struct mst_job_conf *conf, struct mst_arena *arena,
		 struct mst_connection *source_r, struct mst_connection *dest_r,
		 struct mst_err *err);
/* Its texts; they live as long as conf's. */
struct mst_schedule_text mst_job_schedule_text(const char *job,
					       const struct mst_job_conf *conf);
/* Is it right by itself? key_r: the option that is not. */
int mst_job_schedule_check(const char *job, const struct mst_job_conf *conf,
			   const char **key_r, struct mst_err *err);
/* Are the jobs that jobs in front run after there, and is none after itself,
 * by however many others? MST_E_INVALID with the place in the file. */
int mst_job_schedule_order(const struct mst_config *c, struct mst_arena *arena,
			   struct mst_err *err);
/* May the job write now? MST_E_CONFLICT says when it may. *until_us_r: when its
 * window ends; 0: it has none, or none that ends. */
int mst_job_window(const struct mst_job *j, int64_t now_us, int64_t *until_us_r,
		   struct mst_err *err);
/* Option concurrent_runs of a connection; 0: it has none. */
int64_t mst_connection_runs(const struct mst_connection *c);
/* Option requests_per_hour; 0: no budget. */
uint64_t mst_connection_budget(const struct mst_connection *c);

#endif
