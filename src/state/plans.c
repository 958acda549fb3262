/* SPDX-License-Identifier: Apache-2.0
 *
 * When jobs are due, and which are paused.
 */
#include "base/time.h"
#include "task_row.h"

int mst_job_plans(struct mst_state *s,
		  int (*fn)(void *ctx, const struct mst_job_plan *p), void *ctx,
		  struct mst_err *err)
{
	static const char q[] =
	    "SELECT job, next_us, basis, last_due_us, paused, paused_by,"
	    " paused_why, paused_us FROM job_plan ORDER BY job";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	while ((rc = mst_sdb_step(st, err)) > 0) {
		const struct mst_job_plan p = {
		    .job = mst_sdb_text(st, 0),
		    .next_us = mst_sdb_time(st, 1),
		    .basis = (uint64_t)mst_sdb_int(st, 2),
		    .last_due_us = mst_sdb_time(st, 3),
		    .paused = mst_sdb_int(st, 4) != 0,
		    .by = mst_sdb_text(st, 5),
		    .why = mst_sdb_text(st, 6),
		    .paused_us = mst_sdb_time(st, 7),
		};

		rc = fn(ctx, &p);
		if (rc)
			break;
	}
	mst_sdb_reset(st);
	return rc;
}

struct due {
	const char *job;
	int64_t was_us, next_us, due_us;
	uint64_t basis;
	const struct mst_task *task;
};

/* A job that was never looked at has the time NONE. */
static int make_row(struct mst_state *s, const char *job, struct mst_err *err)
{
	static const char q[] =
	    "INSERT INTO job_plan(job, basis, paused, paused_by, paused_why)"
	    " VALUES(?1, 0, 0, '', '') ON CONFLICT(job) DO NOTHING";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, job);
	return mst_sdb_run(st, NULL, err);
}

static int move_on(struct mst_state *s, const struct due *d, bool *done_r,
		   struct mst_err *err)
{
	static const char q[] =
	    "UPDATE job_plan SET next_us=?2, basis=?3,"
	    " last_due_us=CASE WHEN ?7=1 THEN ?4 ELSE last_due_us END"
	    " WHERE job=?1 AND coalesce(next_us, ?6)=?5"
	    " AND (?7=0 OR coalesce(last_due_us, ?6)<?4)";
	struct mst_sdb_st *st;
	int64_t n = 0;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, d->job);
	mst_sdb_bind_time(st, 2, d->next_us);
	mst_sdb_bind_int(st, 3, (int64_t)d->basis);
	mst_sdb_bind_int(st, 4, d->due_us);
	mst_sdb_bind_int(st, 5, d->was_us);
	mst_sdb_bind_int(st, 6, MST_TIME_NONE);
	mst_sdb_bind_int(st, 7, d->due_us && d->due_us != MST_TIME_NONE);
	rc = mst_sdb_run(st, &n, err);
	*done_r = rc == 0 && n == 1;
	return rc;
}

int mst_job_due(struct mst_state *s, const char *job, int64_t was_us,
		int64_t next_us, uint64_t basis, int64_t due_us,
		const struct mst_task *t, bool *done_r, struct mst_err *err)
{
	const struct due d = {job, was_us, next_us, due_us, basis, t};
	bool own, done = false;
	int64_t id;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	if (was_us == MST_TIME_NONE)
		rc = make_row(s, job, err);
	if (rc == 0)
		rc = move_on(s, &d, &done, err);
	if (rc == 0 && done && t)
		rc = mst_task_insert(s, t, &id, err);
	rc = mst_sdb_own_end(s->db, own, rc, err);
	*done_r = rc == 0 && done;
	return rc;
}

static int pause_row(struct mst_state *s, const char *job, bool paused,
		     const char *by, const char *why, struct mst_err *err)
{
	static const char q[] =
	    "UPDATE job_plan SET paused=?2, paused_by=?3, paused_why=?4,"
	    " paused_us=?5 WHERE job=?1";
	const struct mst_audit_entry e = {.kind = "job",
					  .name = job,
					  .what = paused ? "pause" : "resume",
					  .after = why};
	struct mst_sdb_st *st;
	int rc = make_row(s, job, err);

	if (rc == 0)
		rc = mst_sdb_stmt(s->db, q, &st, err);
	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, job);
	mst_sdb_bind_int(st, 2, paused);
	mst_sdb_bind_text(st, 3, paused ? by : "");
	mst_sdb_bind_text(st, 4, paused ? why : "");
	mst_sdb_bind_time(st, 5, paused ? mst_now_us() : MST_TIME_NONE);
	rc = mst_sdb_run(st, NULL, err);
	return rc ? rc : mst_audit_put(s, &e, err);
}

int mst_job_pause(struct mst_state *s, const char *job, bool paused,
		  const char *by, const char *why, struct mst_err *err)
{
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = pause_row(s, job, paused, by, why, err);
	return mst_sdb_own_end(s->db, own, rc, err);
}
