/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with their counts.
 */
#include "base/time.h"
#include "state_private.h"

static const char q_run_dead[] =
    "UPDATE run SET status=?2 WHERE job=?1 AND status=?3";
/* The newest run that goes: ?2 runs are newer. */
static const char q_run_oldest[] =
    "SELECT id FROM run WHERE job=?1 ORDER BY id DESC"
    " LIMIT 1 OFFSET ?2";
/* Of those that have just become too old to have any: each begin of a run takes
 * away what the one before it left, and would else look at all of them. */
static const char q_run_items_go[] =
    "DELETE FROM run_item WHERE run IN"
    " (SELECT id FROM run WHERE job=?1 AND id<=?2 ORDER BY id DESC LIMIT 20)";
static const char q_run_trim_items[] =
    "DELETE FROM run_item WHERE run IN"
    " (SELECT id FROM run WHERE job=?1 AND id<=?2)";
static const char q_run_trim_sets[] =
    "DELETE FROM run_set WHERE run IN"
    " (SELECT id FROM run WHERE job=?1 AND id<=?2)";
static const char q_run_trim_fields[] =
    "DELETE FROM run_field WHERE run IN"
    " (SELECT id FROM run WHERE job=?1 AND id<=?2)";
static const char q_run_trim[] = "DELETE FROM run WHERE job=?1 AND id<=?2";
static const char q_run_add[] =
    "INSERT INTO run(job, started_us, status, asked_by)"
    " VALUES(?1, ?2, ?3, ?4) RETURNING id";
static const char q_run_end[] =
    "UPDATE run SET ended_us=?2, status=?3, error=?4, read=?5,"
    " writes=?6, requests=?7, proof=?8 WHERE id=?1";
#define RUN                                                                    \
	"SELECT id, job, started_us, ended_us, status, error, read, writes,"   \
	" requests, proof, task, asked_by FROM run"
static const char q_runs[] = RUN " WHERE id<?1 ORDER BY id DESC LIMIT ?2";
static const char q_runs_job[] =
    RUN " WHERE job=?3 AND id<?1 ORDER BY id DESC LIMIT ?2";
static const char q_runs_status[] =
    RUN " WHERE status=?4 AND id<?1 ORDER BY id DESC LIMIT ?2";
static const char q_runs_both[] =
    RUN " WHERE job=?3 AND status=?4 AND id<?1 ORDER BY id DESC LIMIT ?2";
/* What reads as dead is among those that are stored as running, too. Each half
 * comes in order by its index; of IN, all of both would be sorted. */
#define HALF(where, as)                                                        \
	"SELECT * FROM (" RUN " WHERE " where                                  \
	" AND id<?1 ORDER BY id DESC LIMIT ?2) AS " as
#define HALVES(where)                                                          \
	HALF(where "status=?4", "a")                                           \
	" UNION ALL " HALF(where "status=?5", "b") " ORDER BY id DESC LIMIT "  \
						   "?2"
static const char q_runs_dead[] = HALVES("");
static const char q_runs_dead_job[] = HALVES("job=?3 AND ");
static const char q_run[] = RUN " WHERE id=?1";
static const char q_set_put[] =
    "INSERT INTO run_set(run, name, read, new, changed, retired, deleted,"
    " closed, reopened, unchanged, refused, skipped, requests, us)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
    " ON CONFLICT(run, name) DO UPDATE SET read=?3, new=?4, changed=?5, "
    "retired=?6,"
    " deleted=?7, closed=?8, reopened=?9, unchanged=?10, refused=?11,"
    " skipped=?12, requests=?13, us=?14";
static const char q_sets[] =
    "SELECT name, read, new, changed, retired, deleted, closed,"
    " reopened, unchanged, refused, skipped, requests, us"
    " FROM run_set WHERE run=?1 ORDER BY id";
static const char *const status_names[] = {
    [MST_RUN_RUNNING] = "running",     [MST_RUN_OK] = "ok",
    [MST_RUN_PARTIAL] = "partial",     [MST_RUN_FAILED] = "failed",
    [MST_RUN_CANCELLED] = "cancelled", [MST_RUN_GUARD] = "guard",
    [MST_RUN_DEAD] = "dead",
};

const char *mst_run_status_name(enum mst_run_status s)
{
	return (unsigned)s < MST_LEN(status_names) ? status_names[s]
						   : "unknown";
}

bool mst_run_status_parse(struct mst_slice word, enum mst_run_status *s_r)
{
	for (unsigned i = 0; i < MST_LEN(status_names); i++) {
		if (mst_slice_eq(word, mst_slice_str(status_names[i]))) {
			*s_r = (enum mst_run_status)i;
			return true;
		}
	}
	return false;
}

/* ---- begin, end ---------------------------------------------------------- */

/* Who begins a run holds the job's lock, so no other run of it can live. */
static int bury(struct mst_state *s, const char *job, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_run_dead, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, job);
	mst_sdb_bind_int(st, 2, MST_RUN_DEAD);
	mst_sdb_bind_int(st, 3, MST_RUN_RUNNING);
	return mst_sdb_run(st, NULL, err);
}

/* Removes what is older than the newest `keep` runs of the job. */
static int trim(struct mst_state *s, const char *job, int keep,
		const char *const *q, size_t q_n, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int64_t oldest;
	int rc = mst_sdb_stmt(s->db, q_run_oldest, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, job);
	mst_sdb_bind_int(st, 2, keep);
	rc = mst_sdb_step(st, err);
	if (rc <= 0)
		return rc;
	oldest = mst_sdb_int(st, 0);
	mst_sdb_reset(st);
	rc = 0;
	for (size_t i = 0; i < q_n && rc == 0; i++) {
		rc = mst_sdb_stmt(s->db, q[i], &st, err);
		if (rc < 0)
			break;
		mst_sdb_bind_text(st, 1, job);
		mst_sdb_bind_int(st, 2, oldest);
		rc = mst_sdb_run(st, NULL, err);
	}
	return rc;
}

/* The first run that stays, by number: runs are numbered as they begin, so it
 * is found from the oldest on. INT64_MAX: there is none. */
static int first_kept(struct mst_state *s, int64_t before_us, int64_t *id_r,
		      struct mst_err *err)
{
	static const char q[] =
	    "SELECT id FROM run WHERE COALESCE(ended_us, started_us)>=?1"
	    " ORDER BY id LIMIT 1";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, before_us);
	rc = mst_sdb_number(st, id_r, err);
	if (rc == 0 && !*id_r)
		*id_r = INT64_MAX;
	return rc;
}

int mst_state_runs_trim(struct mst_state *s, int64_t before_us,
			struct mst_err *err)
{
#define OLD                                                                    \
	" (SELECT id FROM run r WHERE id<?1 AND id<"                           \
	"(SELECT max(n.id) FROM run n WHERE n.job=r.job))"
	static const char *const q[] = {
	    "DELETE FROM run_set WHERE run IN" OLD,
	    "DELETE FROM run_item WHERE run IN" OLD,
	    "DELETE FROM run_field WHERE run IN" OLD,
	    "DELETE FROM run WHERE id IN" OLD,
	};
#undef OLD
	struct mst_sdb_st *st;
	int64_t kept;
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = first_kept(s, before_us, &kept, err);
	for (size_t i = 0; i < MST_LEN(q) && rc == 0; i++) {
		rc = mst_sdb_stmt(s->db, q[i], &st, err);
		if (rc < 0)
			break;
		mst_sdb_bind_int(st, 1, kept);
		rc = mst_sdb_run(st, NULL, err);
	}
	return mst_sdb_own_end(s->db, own, rc, err);
}

static int add_run(struct mst_state *s, const char *job, int64_t *id_r,
		   struct mst_err *err)
{
	static const char *const items[] = {q_run_items_go};
	static const char *const all[] = {q_run_trim_sets, q_run_trim_items,
					  q_run_trim_fields, q_run_trim};
	struct mst_sdb_st *st;
	int rc = bury(s, job, err);

	if (rc == 0)
		rc = mst_sdb_stmt(s->db, q_run_add, &st, err);
	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, job);
	mst_sdb_bind_int(st, 2, mst_now_us());
	mst_sdb_bind_int(st, 3, MST_RUN_RUNNING);
	mst_sdb_bind_text(st, 4, mst_state_actor(s));
	rc = mst_sdb_number(st, id_r, err);
	if (rc < 0)
		return rc;
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
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	s->items_run = 0; /* old ones go */
	rc = add_run(s, job, &id, err);
	rc = mst_sdb_own_end(s->db, own, rc, err);
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

static int end_run(struct mst_state *s, const struct mst_run *run,
		   struct mst_err *err)
{
	int64_t ended = run->ended_us, n = 0;
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_run_end, &st, err);

	if (rc < 0)
		return rc;
	if (ended == MST_TIME_NONE || ended == 0)
		ended = mst_now_us();
	mst_sdb_bind_int(st, 1, run->id);
	mst_sdb_bind_int(st, 2, ended);
	mst_sdb_bind_int(st, 3, run->status);
	mst_sdb_bind_text(st, 4, run->error);
	mst_sdb_bind_int(st, 5, (int64_t)run->read);
	mst_sdb_bind_int(st, 6, (int64_t)run->writes);
	mst_sdb_bind_int(st, 7, (int64_t)run->requests);
	mst_sdb_bind_text(st, 8, run->proof);
	rc = mst_sdb_run(st, &n, err);
	if (rc == 0 && n == 0)
		rc = no_run(run->id, err);
	return rc;
}

int mst_state_run_end(struct mst_state *s, const struct mst_run *run,
		      struct mst_err *err)
{
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	return mst_sdb_own_end(s->db, own, end_run(s, run, err), err);
}

/* ---- reading ------------------------------------------------------------- */

/* As it is stored; what is RUNNING may be dead. */
static int read_run(struct mst_state *s, struct mst_sdb_st *st,
		    struct mst_run *run_r, struct mst_err *err)
{
	struct mst_run run = {
	    .id = mst_sdb_int(st, 0),
	    .job = mst_sdb_text(st, 1),
	    .started_us = mst_sdb_int(st, 2),
	    .ended_us = mst_sdb_time(st, 3),
	    .status = (enum mst_run_status)mst_sdb_int(st, 4),
	    .error = mst_sdb_text(st, 5),
	    .read = (uint64_t)mst_sdb_int(st, 6),
	    .writes = (uint64_t)mst_sdb_int(st, 7),
	    .requests = (uint64_t)mst_sdb_int(st, 8),
	    .proof = mst_sdb_text(st, 9),
	    .task = mst_sdb_int(st, 10),
	    .asked_by = mst_sdb_text(st, 11),
	};
	bool lives = true;
	int rc = 0;

	if (run.status == MST_RUN_RUNNING)
		rc = mst_state_run_lives(s, run.job, run.id, &lives, err);
	if (!lives)
		run.status = MST_RUN_DEAD;
	*run_r = run;
	return rc;
}

static int ask_runs(struct mst_state *s, const struct mst_run_filter *f,
		    int64_t before, struct mst_sdb_st **st_r,
		    struct mst_err *err)
{
	bool dead = f->status == MST_RUN_DEAD;
	const char *q = f->status < 0 ? (f->job ? q_runs_job : q_runs)
			: dead	      ? (f->job ? q_runs_dead_job : q_runs_dead)
			: f->job      ? q_runs_both
				      : q_runs_status;
	int rc = mst_sdb_stmt(s->db, q, st_r, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(*st_r, 1, before);
	mst_sdb_bind_int(*st_r, 2, (int64_t)MST_MIN(f->n, (size_t)INT64_MAX));
	if (f->job)
		mst_sdb_bind_text(*st_r, 3, f->job);
	if (f->status >= 0)
		mst_sdb_bind_int(*st_r, 4, f->status);
	if (dead)
		mst_sdb_bind_int(*st_r, 5, MST_RUN_RUNNING);
	return 0;
}

int mst_state_runs(struct mst_state *s, const struct mst_run_filter *f,
		   int (*fn)(void *ctx, const struct mst_run *run), void *ctx,
		   struct mst_err *err)
{
	int64_t before = f->before ? f->before : INT64_MAX;
	struct mst_sdb_st *st = NULL;
	struct mst_run run;
	size_t given = 0, seen;
	int rc;

	do { /* a page may hold runs of which the process is gone */
		seen = 0;
		rc = ask_runs(s, f, before, &st, err);
		while (rc >= 0 && given < f->n &&
		       (rc = mst_sdb_step(st, err)) > 0) {
			seen++;
			rc = read_run(s, st, &run, err);
			before = run.id;
			if (rc < 0 ||
			    (f->status >= 0 && (int)run.status != f->status))
				continue;
			given++;
			rc = fn(ctx, &run);
			if (rc)
				goto out;
		}
	} while (rc >= 0 && given < f->n && seen == f->n);
	rc = MST_MIN(rc, 0);
out:
	if (st)
		mst_sdb_reset(st);
	return rc;
}

int mst_state_run(struct mst_state *s, int64_t id,
		  int (*fn)(void *ctx, const struct mst_run *run), void *ctx,
		  struct mst_err *err)
{
	struct mst_sdb_st *st;
	struct mst_run run;
	int rc = mst_sdb_stmt(s->db, q_run, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, id);
	rc = mst_sdb_step(st, err);
	if (rc == 0)
		return no_run(id, err);
	if (rc > 0)
		rc = read_run(s, st, &run, err);
	if (rc == 0)
		rc = fn(ctx, &run);
	mst_sdb_reset(st);
	return rc;
}

/* ---- counts per set ------------------------------------------------------ */

static int put_counts(struct mst_state *s, int64_t run, const char *set,
		      const struct mst_run_counts *c, struct mst_err *err)
{
	const uint64_t v[] = {c->read,	  c->new_,    c->changed,  c->retired,
			      c->deleted, c->closed,  c->reopened, c->unchanged,
			      c->refused, c->skipped, c->requests};
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_set_put, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, run);
	mst_sdb_bind_text(st, 2, set);
	for (size_t i = 0; i < MST_LEN(v); i++)
		mst_sdb_bind_int(st, (int)i + 3, (int64_t)v[i]);
	mst_sdb_bind_int(st, (int)MST_LEN(v) + 3, c->us);
	return mst_sdb_run(st, NULL, err);
}

int mst_state_run_counts(struct mst_state *s, int64_t run, const char *set,
			 const struct mst_run_counts *c, struct mst_err *err)
{
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = put_counts(s, run, set, c, err);
	return mst_sdb_own_end(s->db, own, rc, err);
}

int mst_state_run_sets(struct mst_state *s, int64_t run,
		       int (*fn)(void *ctx, const char *set,
				 const struct mst_run_counts *c),
		       void *ctx, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_sets, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, run);
	while ((rc = mst_sdb_step(st, err)) > 0) {
		const struct mst_run_counts c = {
		    .read = (uint64_t)mst_sdb_int(st, 1),
		    .new_ = (uint64_t)mst_sdb_int(st, 2),
		    .changed = (uint64_t)mst_sdb_int(st, 3),
		    .retired = (uint64_t)mst_sdb_int(st, 4),
		    .deleted = (uint64_t)mst_sdb_int(st, 5),
		    .closed = (uint64_t)mst_sdb_int(st, 6),
		    .reopened = (uint64_t)mst_sdb_int(st, 7),
		    .unchanged = (uint64_t)mst_sdb_int(st, 8),
		    .refused = (uint64_t)mst_sdb_int(st, 9),
		    .skipped = (uint64_t)mst_sdb_int(st, 10),
		    .requests = (uint64_t)mst_sdb_int(st, 11),
		    .us = mst_sdb_int(st, 12),
		};

		rc = fn(ctx, mst_sdb_text(st, 0), &c);
		if (rc != 0)
			break;
	}
	mst_sdb_reset(st);
	return rc;
}
