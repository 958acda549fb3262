/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with their counts, and the records that a run could not deliver.
 */
#include "base/time.h"
#include "state_private.h"

const char *mst_run_status_name(enum mst_run_status s)
{
	static const char *const names[] = {
	    [MST_RUN_RUNNING] = "running",     [MST_RUN_OK] = "ok",
	    [MST_RUN_PARTIAL] = "partial",     [MST_RUN_FAILED] = "failed",
	    [MST_RUN_CANCELLED] = "cancelled", [MST_RUN_GUARD] = "guard",
	    [MST_RUN_DEAD] = "dead",
	};

	return (unsigned)s < MST_LEN(names) ? names[s] : "unknown";
}

/* ---- begin, end ---------------------------------------------------------- */

/* Who begins a run holds the job's lock, so no other run of it can live. */
static int bury(struct mst_state *s, const char *job, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_RUN_DEAD, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, job);
	mst_db_bind_int(st, 2, MST_RUN_DEAD);
	mst_db_bind_int(st, 3, MST_RUN_RUNNING);
	return mst_db_run(&s->db, st, err);
}

/* Removes what is older than the newest `keep` runs of the job. */
static int trim(struct mst_state *s, const char *job, int keep,
		const unsigned *q, size_t q_n, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int64_t oldest;
	int rc = mst_db_stmt(&s->db, Q_RUN_OLDEST, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, job);
	mst_db_bind_int(st, 2, keep);
	rc = mst_db_step(&s->db, st, err);
	if (rc <= 0)
		return rc;
	oldest = mst_db_int(st, 0);
	mst_db_reset(st);
	rc = 0;
	for (size_t i = 0; i < q_n && rc == 0; i++) {
		rc = mst_db_stmt(&s->db, q[i], &st, err);
		if (rc < 0)
			break;
		mst_db_bind_text(st, 1, job);
		mst_db_bind_int(st, 2, oldest);
		rc = mst_db_run(&s->db, st, err);
	}
	return rc;
}

static int add_run(struct mst_state *s, const char *job, int64_t *id_r,
		   struct mst_err *err)
{
	static const unsigned items[] = {Q_RUN_TRIM_ITEMS};
	static const unsigned all[] = {Q_RUN_TRIM_SETS, Q_RUN_TRIM_ITEMS,
				       Q_RUN_TRIM_FIELDS, Q_RUN_TRIM};
	struct sqlite3_stmt *st;
	int rc = bury(s, job, err);

	if (rc == 0)
		rc = mst_db_stmt(&s->db, Q_RUN_ADD, &st, err);
	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, job);
	mst_db_bind_int(st, 2, mst_now_us());
	mst_db_bind_int(st, 3, MST_RUN_RUNNING);
	rc = mst_db_run(&s->db, st, err);
	if (rc < 0)
		return rc;
	*id_r = mst_db_last_id(&s->db);
	rc = trim(s, job, MST_STATE_ITEM_RUNS, items, MST_LEN(items), err);
	if (rc == 0)
		rc = trim(s, job, MST_STATE_RUNS, all, MST_LEN(all), err);
	return rc;
}

int mst_state_run_begin(struct mst_state *s, const char *job, int64_t *id_r,
			struct mst_err *err)
{
	int64_t id = 0;
	bool own;
	int rc = mst_db_own_begin(&s->db, &own, err);

	if (rc < 0)
		return rc;
	s->items_run = 0; /* old ones go */
	rc = add_run(s, job, &id, err);
	rc = mst_db_own_end(&s->db, own, rc, err);
	if (rc == 0)
		rc = mst_state_lock_run(s, job, id, err);
	if (rc == 0)
		*id_r = id;
	return rc;
}

static int no_run(int64_t id, struct mst_err *err)
{
	return mst_err_set(err, MST_E_NOTFOUND,
			   "run %lld does not exist; 'muster runs' shows those "
			   "that do",
			   (long long)id);
}

int mst_state_run_end(struct mst_state *s, const struct mst_run *run,
		      struct mst_err *err)
{
	int64_t ended = run->ended_us;
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_RUN_END, &st, err);

	if (rc < 0)
		return rc;
	if (ended == MST_TIME_NONE || ended == 0)
		ended = mst_now_us();
	mst_db_bind_int(st, 1, run->id);
	mst_db_bind_int(st, 2, ended);
	mst_db_bind_int(st, 3, run->status);
	mst_db_bind_text(st, 4, run->error);
	mst_db_bind_int(st, 5, (int64_t)run->read);
	mst_db_bind_int(st, 6, (int64_t)run->writes);
	mst_db_bind_int(st, 7, (int64_t)run->requests);
	mst_db_bind_text(st, 8, run->proof);
	rc = mst_db_run(&s->db, st, err);
	if (rc == 0 && mst_db_changes(&s->db) == 0)
		rc = no_run(run->id, err);
	return rc;
}

/* ---- reading ------------------------------------------------------------- */

static int give_run(struct mst_state *s, struct sqlite3_stmt *st,
		    int (*fn)(void *ctx, const struct mst_run *run), void *ctx,
		    struct mst_err *err)
{
	struct mst_run run = {
	    .id = mst_db_int(st, 0),
	    .job = mst_db_text(st, 1),
	    .started_us = mst_db_int(st, 2),
	    .ended_us = mst_db_time(st, 3),
	    .status = (enum mst_run_status)mst_db_int(st, 4),
	    .error = mst_db_text(st, 5),
	    .read = (uint64_t)mst_db_int(st, 6),
	    .writes = (uint64_t)mst_db_int(st, 7),
	    .requests = (uint64_t)mst_db_int(st, 8),
	    .proof = mst_db_text(st, 9),
	};
	bool lives = true;
	int rc = 0;

	if (run.status == MST_RUN_RUNNING)
		rc = mst_state_run_lives(s, run.job, run.id, &lives, err);
	if (!lives)
		run.status = MST_RUN_DEAD;
	return rc < 0 ? rc : fn(ctx, &run);
}

int mst_state_runs(struct mst_state *s, const char *job, int64_t before,
		   size_t n, int (*fn)(void *ctx, const struct mst_run *run),
		   void *ctx, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_RUNS, &st, err);

	if (rc < 0)
		return rc;
	if (job)
		mst_db_bind_text(st, 1, job);
	mst_db_bind_int(st, 2, before);
	mst_db_bind_int(st, 3, (int64_t)MST_MIN(n, (size_t)INT64_MAX));
	while ((rc = mst_db_step(&s->db, st, err)) > 0) {
		rc = give_run(s, st, fn, ctx, err);
		if (rc != 0)
			break;
	}
	mst_db_reset(st);
	return rc;
}

int mst_state_run(struct mst_state *s, int64_t id,
		  int (*fn)(void *ctx, const struct mst_run *run), void *ctx,
		  struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_RUN, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, id);
	rc = mst_db_step(&s->db, st, err);
	if (rc == 0)
		return no_run(id, err);
	if (rc > 0)
		rc = give_run(s, st, fn, ctx, err);
	mst_db_reset(st);
	return rc;
}

/* ---- counts per set ------------------------------------------------------ */

int mst_state_run_counts(struct mst_state *s, int64_t run, const char *set,
			 const struct mst_run_counts *c, struct mst_err *err)
{
	const uint64_t v[] = {c->read,	  c->new_,    c->changed,  c->retired,
			      c->deleted, c->closed,  c->reopened, c->unchanged,
			      c->refused, c->skipped, c->requests};
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_SET_PUT, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, run);
	mst_db_bind_text(st, 2, set);
	for (size_t i = 0; i < MST_LEN(v); i++)
		mst_db_bind_int(st, (int)i + 3, (int64_t)v[i]);
	mst_db_bind_int(st, (int)MST_LEN(v) + 3, c->us);
	return mst_db_run(&s->db, st, err);
}

int mst_state_run_sets(struct mst_state *s, int64_t run,
		       int (*fn)(void *ctx, const char *set,
				 const struct mst_run_counts *c),
		       void *ctx, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_SETS, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, run);
	while ((rc = mst_db_step(&s->db, st, err)) > 0) {
		const struct mst_run_counts c = {
		    .read = (uint64_t)mst_db_int(st, 1),
		    .new_ = (uint64_t)mst_db_int(st, 2),
		    .changed = (uint64_t)mst_db_int(st, 3),
		    .retired = (uint64_t)mst_db_int(st, 4),
		    .deleted = (uint64_t)mst_db_int(st, 5),
		    .closed = (uint64_t)mst_db_int(st, 6),
		    .reopened = (uint64_t)mst_db_int(st, 7),
		    .unchanged = (uint64_t)mst_db_int(st, 8),
		    .refused = (uint64_t)mst_db_int(st, 9),
		    .skipped = (uint64_t)mst_db_int(st, 10),
		    .requests = (uint64_t)mst_db_int(st, 11),
		    .us = mst_db_int(st, 12),
		};

		rc = fn(ctx, mst_db_text(st, 0), &c);
		if (rc != 0)
			break;
	}
	mst_db_reset(st);
	return rc;
}

/* ---- refused and skipped records ----------------------------------------- */

/* Counts what a run has logged, once: the run's own process is the only one
 * that adds to it. */
static int count_logged(struct mst_state *s, int64_t run, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc;

	if (s->items_run == run)
		return 0;
	rc = mst_db_stmt(&s->db, Q_LOG_COUNT, &st, err);
	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, run);
	rc = mst_db_step(&s->db, st, err);
	s->items_n = rc > 0 ? mst_db_int(st, 0) : 0;
	s->items_run = run;
	mst_db_reset(st);
	return rc < 0 ? rc : 0;
}

static int log_one(struct mst_state *s, int64_t run,
		   const struct mst_run_item *it, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_LOG_PUT, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, run);
	mst_db_bind_text(st, 2, it->set);
	mst_db_bind_text(st, 3, it->key);
	mst_db_bind_text(st, 4, it->what);
	mst_db_bind_text(st, 5, it->reason);
	mst_db_bind_text(st, 6, it->request_id);
	return mst_db_run(&s->db, st, err);
}

int mst_state_item_log(struct mst_state *s, int64_t run,
		       const struct mst_run_item *items, size_t n,
		       struct mst_err *err)
{
	bool own;
	int rc;

	if (n == 0)
		return 0;
	rc = mst_db_own_begin(&s->db, &own, err);
	if (rc < 0)
		return rc;
	rc = count_logged(s, run, err);
	for (size_t i = 0; i < n && rc == 0 && s->items_n < MST_STATE_RUN_ITEMS;
	     i++) {
		rc = log_one(s, run, &items[i], err);
		s->items_n++;
	}
	rc = mst_db_own_end(&s->db, own, rc, err);
	if (rc < 0)
		s->items_run = 0;
	return rc;
}

int mst_state_run_items(struct mst_state *s, int64_t run, size_t max,
			int (*fn)(void *ctx, const struct mst_run_item *i),
			void *ctx, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_LOG, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, run);
	mst_db_bind_int(st, 2, (int64_t)MST_MIN(max, (size_t)INT64_MAX));
	while ((rc = mst_db_step(&s->db, st, err)) > 0) {
		const struct mst_run_item it = {
		    .set = mst_db_text(st, 0),
		    .key = mst_db_text(st, 1),
		    .what = mst_db_text(st, 2),
		    .reason = mst_db_text(st, 3),
		    .request_id = mst_db_text(st, 4),
		};

		rc = fn(ctx, &it);
		if (rc != 0)
			break;
	}
	mst_db_reset(st);
	return rc;
}
