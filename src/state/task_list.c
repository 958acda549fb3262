/* SPDX-License-Identifier: Apache-2.0
 *
 * Tasks as they are looked at: lists, output and log, and what goes with time.
 */
#include "base/time.h"
#include "task_row.h"

/* Of each kind, with output; and how many rows of all. */
#define OUTPUTS 1000

struct mst_task mst_task_row(struct mst_sdb_st *st)
{
	return (struct mst_task){
	    .id = mst_sdb_int(st, 0),
	    .kind = mst_sdb_text(st, 1),
	    .job = mst_sdb_text(st, 2),
	    .connection = mst_sdb_text(st, 3),
	    .argv = mst_sdb_text(st, 4),
	    .files = mst_sdb_text(st, 5),
	    .state = (enum mst_task_state)mst_sdb_int(st, 6),
	    .repeat = mst_sdb_int(st, 7) != 0,
	    .asked_by = mst_sdb_text(st, 8),
	    .asked_via = mst_sdb_text(st, 9),
	    .approved_by = mst_sdb_text(st, 10),
	    .node = mst_sdb_text(st, 11),
	    .created_us = mst_sdb_int(st, 12),
	    .not_before_us = mst_sdb_int(st, 13),
	    .started_us = mst_sdb_time(st, 14),
	    .ended_us = mst_sdb_time(st, 15),
	    .run = mst_sdb_int(st, 16),
	    .exit_status = (int)mst_sdb_int(st, 17),
	    .cancel = mst_sdb_int(st, 18) != 0,
	    .error = mst_sdb_text(st, 19),
	    .progress = mst_sdb_text(st, 20),
	    .output_n = (uint64_t)mst_sdb_int(st, 21),
	};
}

int mst_task_none(int64_t id, struct mst_err *err)
{
	return mst_err_set(err, MST_E_NOTFOUND,
			   "task %lld does not exist (any more)",
			   (long long)id);
}

/* ---- lists --------------------------------------------------------------- */

#define NEWEST " ORDER BY id DESC LIMIT ?2"
static const char q_all[] = MST_TASK_COLUMNS " WHERE id<?1" NEWEST;
static const char q_live[] =
    MST_TASK_COLUMNS " WHERE id<?1 AND state IN (0, 1, 2)" NEWEST;
static const char q_state[] =
    MST_TASK_COLUMNS " WHERE id<?1 AND state=?3" NEWEST;
static const char q_job[] = MST_TASK_COLUMNS " WHERE id<?1 AND job=?3" NEWEST;
static const char q_kind[] = MST_TASK_COLUMNS " WHERE id<?1 AND kind=?3" NEWEST;
static const char q_connection[] =
    MST_TASK_COLUMNS " WHERE id<?1 AND connection=?3" NEWEST;

/* Rows that are asked for at once. */
#define PAGE 500

static int ask(struct mst_state *s, const struct mst_task_filter *f,
	       int64_t before, size_t page, struct mst_sdb_st **st_r,
	       struct mst_err *err)
{
	const char *text = NULL, *q = q_all;
	int rc;

	if (f->live) {
		q = q_live;
	} else if (f->job) {
		q = q_job;
		text = f->job;
	} else if (f->connection) {
		q = q_connection;
		text = f->connection;
	} else if (f->state >= 0) {
		q = q_state;
	} else if (f->kind) {
		q = q_kind;
		text = f->kind;
	}
	rc = mst_sdb_stmt(s->db, q, st_r, err);
	if (rc < 0)
		return rc;
	mst_sdb_bind_int(*st_r, 1, before);
	mst_sdb_bind_int(*st_r, 2, (int64_t)page);
	if (q == q_state)
		mst_sdb_bind_int(*st_r, 3, f->state);
	if (text)
		mst_sdb_bind_text(*st_r, 3, text);
	return 0;
}

static bool fits(const struct mst_task_filter *f, const struct mst_task *t)
{
	return (f->state < 0 || (int)t->state == f->state) &&
	       (!f->job || strcmp(t->job, f->job) == 0) &&
	       (!f->kind || strcmp(t->kind, f->kind) == 0) &&
	       (!f->connection || strcmp(t->connection, f->connection) == 0);
}

int mst_tasks(struct mst_state *s, const struct mst_task_filter *f,
	      int (*fn)(void *ctx, const struct mst_task *t), void *ctx,
	      struct mst_err *err)
{
	int64_t before = f->before ? f->before : INT64_MAX;
	size_t page = MST_MIN(f->n, (size_t)PAGE), given = 0, seen;
	struct mst_sdb_st *st = NULL;
	int rc;

	do { /* what does not fit is passed over */
		seen = 0;
		rc = ask(s, f, before, page, &st, err);
		while (rc == 0 && given < f->n &&
		       (rc = mst_sdb_step(st, err)) > 0) {
			const struct mst_task t = mst_task_row(st);

			seen++;
			before = t.id;
			rc = 0;
			if (!fits(f, &t))
				continue;
			given++;
			rc = fn(ctx, &t);
		}
	} while (rc == 0 && given < f->n && seen == page);
	if (st)
		mst_sdb_reset(st);
	return rc;
}

int mst_task(struct mst_state *s, int64_t id,
	     int (*fn)(void *ctx, const struct mst_task *t), void *ctx,
	     struct mst_err *err)
{
	static const char q[] = MST_TASK_COLUMNS " WHERE id=?1";
	struct mst_sdb_st *st;
	struct mst_task t;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, id);
	rc = mst_sdb_step(st, err);
	if (rc == 0)
		return mst_task_none(id, err);
	if (rc > 0) {
		t = mst_task_row(st);
		rc = fn(ctx, &t);
	}
	mst_sdb_reset(st);
	return rc;
}

int mst_task_output(struct mst_state *s, int64_t id, bool log,
		    struct mst_buf *out, struct mst_err *err)
{
	static const char q[] = "SELECT bytes FROM task_piece"
				" WHERE task=?1 AND log=?2 AND n=?3";
	struct mst_sdb_st *st;
	int rc = 1;

	/* One at a time: some databases give all rows of an answer at once. */
	for (int64_t n = 0; rc > 0; n++) {
		rc = mst_sdb_stmt(s->db, q, &st, err);
		if (rc < 0)
			return rc;
		mst_sdb_bind_int(st, 1, id);
		mst_sdb_bind_int(st, 2, log);
		mst_sdb_bind_int(st, 3, n);
		rc = mst_sdb_step(st, err);
		if (rc > 0 && !mst_buf_add_slice(out, mst_sdb_blob(st, 0)))
			rc = mst_err_set(err, MST_E_INVALID,
					 "the output of task %lld is larger "
					 "than the %zu bytes that fit here",
					 (long long)id, out->max);
		mst_sdb_reset(st);
	}
	return rc;
}

/* ---- what goes with time ------------------------------------------------- */

static int trim_one(struct mst_state *s, const char *q, int64_t than,
		    struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, than);
	return mst_sdb_run(st, NULL, err);
}

int mst_task_trim(struct mst_state *s, int64_t now_us, int days, int row_days,
		  struct mst_err *err)
{
	static const int64_t day = 86400ll * 1000000;
	/* Asked of those that have pieces: few, whatever there are of tasks. */
#define PRINTED " WHERE id IN (SELECT task FROM task_piece)"
#define OLD	"(SELECT id FROM task" PRINTED " AND ended_us<?1)"
	/* The newest of each kind keep what they printed. */
#define MANY                                                                   \
	"(SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY kind"     \
	" ORDER BY id DESC) AS nth FROM task" PRINTED ") AS numbered"          \
	" WHERE nth>?1)"
	static const char q_old_sizes[] =
	    "UPDATE task SET output_n=0 WHERE id IN " OLD;
	static const char q_old_pieces[] =
	    "DELETE FROM task_piece WHERE task IN " OLD;
	static const char q_many_sizes[] =
	    "UPDATE task SET output_n=0 WHERE id IN " MANY;
	static const char q_many_pieces[] =
	    "DELETE FROM task_piece WHERE task IN " MANY;
#undef MANY
#undef OLD
#undef PRINTED
	/* They are numbered as they are asked for, so the rest is younger. */
	static const char q_rows[] =
	    "DELETE FROM task WHERE ended_us<?1 AND id<COALESCE((SELECT id FROM"
	    " task WHERE created_us>=?1 ORDER BY id LIMIT 1),"
	    " 9223372036854775807)";
	static const char q_notices[] = "DELETE FROM notice WHERE over_us<?1";
	static const char q_keys[] = "DELETE FROM request_key WHERE at_us<?1";
	/* Without its row nobody would find what a task printed. */
	const int64_t old = now_us - MST_MIN(days, row_days) * day;
	const int64_t rows = now_us - row_days * day;
	const struct {
		const char *q;
		int64_t than;
	} all[] = {
	    {q_old_sizes, old},	     {q_old_pieces, old},
	    {q_many_sizes, OUTPUTS}, {q_many_pieces, OUTPUTS},
	    {q_rows, rows},	     {q_notices, rows},
	    {q_keys, now_us - day},
	};
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < MST_LEN(all) && rc == 0; i++)
		rc = trim_one(s, all[i].q, all[i].than, err);
	return mst_sdb_own_end(s->db, own, rc, err);
}
