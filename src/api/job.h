/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs as the API shows them: what is configured, and how it goes.
 */
#ifndef MST_API_JOB_H
#define MST_API_JOB_H

#include "api/api.h"
#include "base/map.h"
#include "sync/job.h"

/* What a job comes to, for who adds up several. */
struct mst_api_job_state {
	bool problem, scheduled, paused;
	int64_t complete_us; /* when its last run that was whole ended */
};

/* All jobs with the scheduler's rows, read at once; in the request's arena. */
struct mst_api_jobs {
	struct mst_arena *arena;
	const char *const *names; /* in order */
	size_t n;
	struct mst_map plans; /* name to struct mst_job_plan */
	bool whole; /* set it: rules and selections are looked at, too */
};
/* End with mst_api_jobs_fini, also after an error. */
int mst_api_jobs_read(struct mst_http_req *r, struct mst_api_jobs *all,
		      struct mst_err *err);
void mst_api_jobs_fini(struct mst_api_jobs *all);
/* Members of a job, into an open object. A job that cannot be loaded has its
 * `problem`. */
int mst_api_job_members(struct mst_http_req *r, const struct mst_api_jobs *all,
			struct mst_jout *j, const char *name,
			struct mst_api_job_state *s_r, struct mst_err *err);

#endif
