/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a task: asked for, claimed by a node, told about, ended,
 * cancelled. Every step is conditional on what the task is at that moment, so
 * two nodes never both take one.
 */
#include "state/task.h"

#include "base/time.h"
#include "state/access.h"
#include "task_row.h"

#define PIECE (256u << 10)

static const char *const state_names[] = {
    [MST_TASK_WAITING] = "waiting", [MST_TASK_QUEUED] = "queued",
    [MST_TASK_RUNNING] = "running", [MST_TASK_DONE] = "done",
    [MST_TASK_FAILED] = "failed",   [MST_TASK_CANCELLED] = "cancelled",
};

const char *mst_task_state_name(enum mst_task_state s)
{
	return (unsigned)s < MST_TASK__MAX ? state_names[s] : "unknown";
}

bool mst_task_state_parse(struct mst_slice word, enum mst_task_state *s_r)
{
	for (unsigned i = 0; i < MST_TASK__MAX; i++) {
		if (mst_slice_eq(word, mst_slice_str(state_names[i]))) {
			*s_r = (enum mst_task_state)i;
			return true;
		}
	}
	return false;
}

/* ---- asked for ----------------------------------------------------------- */

/* What only looks, and what the schedule asks for, is no change. */
static bool is_audited(const struct mst_task *t)
{
	static const char *const looks[] = {"plan",   "check", "explain",
					    "report", "test",  "try"};

	if (t->asked_via && strcmp(t->asked_via, "schedule") == 0)
		return false;
	for (size_t i = 0; i < MST_LEN(looks); i++)
		if (strcmp(t->kind, looks[i]) == 0)
			return false;
	return true;
}

/* "812 run main": a number says nothing to who reads the audit. */
static char *name_of(const struct mst_task *t)
{
	bool job = t->job && *t->job;
	const char *about = job ? t->job : t->connection;

	return mst_asprintf("%lld %s%s%s", (long long)t->id, t->kind,
			    about && *about ? " " : "", about ? about : "");
}

/* In the name of whoever uses the store; asking for it: of who asked. */
static int audit(struct mst_state *s, const struct mst_task *t,
		 const char *what, bool asked, struct mst_err *err)
{
	char *name = name_of(t);
	const struct mst_audit_entry e = {.kind = "task",
					  .name = name,
					  .what = what,
					  .after = t->argv,
					  .user = asked ? t->asked_by : NULL,
					  .via = asked ? t->asked_via : NULL};
	int rc = mst_audit_put(s, &e, err);

	free(name);
	return rc;
}

/* The row that a statement gave: id, kind, job, connection, argv. */
static int audit_row(struct mst_state *s, struct mst_sdb_st *st,
		     const char *what, struct mst_err *err)
{
	char *kind = mst_strdup(mst_sdb_text(st, 1));
	char *job = mst_strdup(mst_sdb_text(st, 2));
	char *connection = mst_strdup(mst_sdb_text(st, 3));
	char *argv = mst_strdup(mst_sdb_text(st, 4));
	const struct mst_task t = {.id = mst_sdb_int(st, 0),
				   .kind = kind,
				   .job = job,
				   .connection = connection,
				   .argv = argv};
	int rc = mst_sdb_run(st, NULL, err);

	if (rc == 0)
		rc = audit(s, &t, what, false, err);
	free(kind);
	free(job);
	free(connection);
	free(argv);
	return rc;
}

int mst_task_insert(struct mst_state *s, const struct mst_task *t,
		    int64_t *id_r, struct mst_err *err)
{
	static const char q[] =
	    "INSERT INTO task(kind, job, connection, argv, files, state,"
	    " repeat, asked_by, asked_via, approved_by, node, created_us,"
	    " not_before_us, run, exit_status, cancel, error, progress,"
	    " output_n) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '',"
	    " ?11, ?12, 0, -1, 0, '', ?13, 0) RETURNING id";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, t->kind);
	mst_sdb_bind_text(st, 2, t->job);
	mst_sdb_bind_text(st, 3, t->connection);
	mst_sdb_bind_text(st, 4, t->argv);
	mst_sdb_bind_text(st, 5, t->files);
	mst_sdb_bind_int(st, 6, t->state);
	mst_sdb_bind_int(st, 7, t->repeat);
	mst_sdb_bind_text(st, 8, t->asked_by);
	mst_sdb_bind_text(st, 9, t->asked_via);
	mst_sdb_bind_text(st, 10, t->approved_by);
	mst_sdb_bind_int(st, 11, mst_now_us());
	mst_sdb_bind_int(st, 12, MST_MAX(t->not_before_us, 0));
	mst_sdb_bind_text(st, 13, t->progress ? t->progress : "");
	rc = mst_sdb_number(st, id_r, err);
	if (rc == 0 && is_audited(t)) {
		struct mst_task made = *t;

		made.id = *id_r;
		rc = audit(s, &made, t->kind, true, err);
	}
	return rc;
}

int mst_task_put(struct mst_state *s, const struct mst_task *t, int64_t *id_r,
		 struct mst_err *err)
{
	int64_t id = 0;
	bool own;
	int rc;

	if (t->state != MST_TASK_QUEUED && t->state != MST_TASK_WAITING)
		return mst_err_set(err, MST_E_INTERNAL,
				   "a task begins queued or waiting, not %s",
				   mst_task_state_name(t->state));
	rc = mst_sdb_own_begin(s->db, &own, err);
	if (rc < 0)
		return rc;
	rc = mst_sdb_own_end(s->db, own, mst_task_insert(s, t, &id, err), err);
	if (rc == 0)
		*id_r = id;
	return rc;
}

/* ---- claimed ------------------------------------------------------------- */

struct claim {
	struct mst_state *s;
	const char *node;
	bool (*fits)(void *ctx, const struct mst_task *t);
	void *ctx;
	int64_t now_us, id;
};

/* The next one that fits, behind c->id; *more_r: there may be others. */
static int candidate(struct claim *c, bool *found_r, bool *more_r,
		     struct mst_err *err)
{
	static const char q[] =
	    MST_TASK_COLUMNS " WHERE state=?1 AND id>?2 AND not_before_us<=?3"
			     " ORDER BY id LIMIT 200";
	struct mst_sdb_st *st;
	struct mst_task t;
	int rc = mst_sdb_stmt(c->s->db, q, &st, err), n = 0;

	*found_r = false;
	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, MST_TASK_QUEUED);
	mst_sdb_bind_int(st, 2, c->id);
	mst_sdb_bind_int(st, 3, c->now_us);
	while (!*found_r && (rc = mst_sdb_step(st, err)) > 0) {
		n++;
		t = mst_task_row(st);
		c->id = t.id;
		*found_r = !c->fits || c->fits(c->ctx, &t);
	}
	mst_sdb_reset(st);
	*more_r = *found_r || n == 200;
	return MST_MIN(rc, 0);
}

/* *got_r false: somebody else was faster. */
static int take(struct claim *c, bool *got_r, struct mst_err *err)
{
	static const char q[] =
	    "UPDATE task SET state=?3, node=?4, started_us=?5, progress=''"
	    " WHERE id=?1 AND state=?2";
	struct mst_sdb_st *st;
	int64_t n = 0;
	int rc = mst_sdb_stmt(c->s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, c->id);
	mst_sdb_bind_int(st, 2, MST_TASK_QUEUED);
	mst_sdb_bind_int(st, 3, MST_TASK_RUNNING);
	mst_sdb_bind_text(st, 4, c->node);
	mst_sdb_bind_int(st, 5, mst_now_us());
	rc = mst_sdb_run(st, &n, err);
	*got_r = rc == 0 && n == 1;
	return rc;
}

int mst_task_claim(struct mst_state *s, const char *node, int64_t now_us,
		   bool (*fits)(void *ctx, const struct mst_task *t),
		   int (*fn)(void *ctx, const struct mst_task *t), void *ctx,
		   bool *got_r, struct mst_err *err)
{
	struct claim c = {s, node, fits, ctx, now_us, 0};
	bool found = false, more = true, got = false;
	int rc = 0;

	while (rc == 0 && more && !got) {
		rc = candidate(&c, &found, &more, err);
		if (rc == 0 && found)
			rc = take(&c, &got, err);
	}
	*got_r = rc == 0 && got;
	return *got_r ? mst_task(s, c.id, fn, ctx, err) : rc;
}

/* ---- of the node that has it --------------------------------------------- */

static int not_ours(int64_t id, const char *node, struct mst_err *err)
{
	return mst_err_set(err, MST_E_CONFLICT,
			   "task %lld does not run on node '%s' any more",
			   (long long)id, node);
}

int mst_task_defer(struct mst_state *s, int64_t id, const char *node,
		   int64_t not_before_us, const char *progress,
		   struct mst_err *err)
{
	/* Who cancelled it meanwhile wants it no more. */
	static const char q[] =
	    "UPDATE task SET state=CASE WHEN cancel=1 THEN ?5 ELSE ?4 END,"
	    " ended_us=CASE WHEN cancel=1 THEN ?7 ELSE NULL END,"
	    " node='', started_us=NULL, not_before_us=?6, progress=?8"
	    " WHERE id=?1 AND node=?2 AND state=?3";
	struct mst_sdb_st *st;
	int64_t n = 0;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, id);
	mst_sdb_bind_text(st, 2, node);
	mst_sdb_bind_int(st, 3, MST_TASK_RUNNING);
	mst_sdb_bind_int(st, 4, MST_TASK_QUEUED);
	mst_sdb_bind_int(st, 5, MST_TASK_CANCELLED);
	mst_sdb_bind_int(st, 6, not_before_us);
	mst_sdb_bind_int(st, 7, mst_now_us());
	mst_sdb_bind_text(st, 8, progress);
	rc = mst_sdb_run(st, &n, err);
	return rc == 0 && n == 0 ? not_ours(id, node, err) : rc;
}

int mst_task_waits(struct mst_state *s, int64_t id, const char *progress,
		   struct mst_err *err)
{
	static const char q[] =
	    "UPDATE task SET progress=?3 WHERE id=?1 AND state=?2";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, id);
	mst_sdb_bind_int(st, 2, MST_TASK_QUEUED);
	mst_sdb_bind_text(st, 3, progress);
	return mst_sdb_run(st, NULL, err);
}

static int name_run(struct mst_state *s, int64_t id, int64_t run,
		    struct mst_err *err)
{
	static const char q[] = "UPDATE run SET task=?1 WHERE id=?2";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, id);
	mst_sdb_bind_int(st, 2, run);
	return mst_sdb_run(st, NULL, err);
}

static int tell(struct mst_state *s, int64_t id, const char *node, int64_t run,
		const char *progress, bool *cancel_r, struct mst_err *err)
{
	static const char q[] =
	    "UPDATE task SET run=CASE WHEN ?4=0 THEN run ELSE ?4 END,"
	    " progress=CASE WHEN ?5=1 THEN ?6 ELSE progress END"
	    " WHERE id=?1 AND node=?2 AND state=?3 RETURNING cancel";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, id);
	mst_sdb_bind_text(st, 2, node);
	mst_sdb_bind_int(st, 3, MST_TASK_RUNNING);
	mst_sdb_bind_int(st, 4, run);
	mst_sdb_bind_int(st, 5, progress != NULL);
	mst_sdb_bind_text(st, 6, progress);
	rc = mst_sdb_step(st, err);
	if (rc == 0)
		return not_ours(id, node, err);
	if (rc < 0)
		return rc;
	*cancel_r = mst_sdb_int(st, 0) != 0;
	rc = mst_sdb_run(st, NULL, err);
	return rc == 0 && run ? name_run(s, id, run, err) : rc;
}

int mst_task_tell(struct mst_state *s, int64_t id, const char *node,
		  int64_t run, const char *progress, bool *cancel_r,
		  struct mst_err *err)
{
	bool own, cancel = false;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = tell(s, id, node, run, progress, &cancel, err);
	rc = mst_sdb_own_end(s->db, own, rc, err);
	if (rc == 0)
		*cancel_r = cancel;
	return rc;
}

static int put_pieces(struct mst_state *s, int64_t id, bool log,
		      struct mst_slice text, struct mst_err *err)
{
	static const char q[] = "INSERT INTO task_piece(task, log, n, bytes)"
				" VALUES(?1, ?2, ?3, ?4)";
	struct mst_sdb_st *st;
	int rc = 0;

	for (size_t at = 0, n = 0; at < text.n && rc == 0; at += PIECE, n++) {
		rc = mst_sdb_stmt(s->db, q, &st, err);
		if (rc < 0)
			break;
		mst_sdb_bind_int(st, 1, id);
		mst_sdb_bind_int(st, 2, log);
		mst_sdb_bind_int(st, 3, (int64_t)n);
		mst_sdb_bind_blob(
		    st, 4, mst_slice(text.p + at, MST_MIN(PIECE, text.n - at)));
		rc = mst_sdb_queue(st, err);
	}
	return rc;
}

static int end_row(struct mst_state *s, const struct mst_task *t,
		   uint64_t output_n, struct mst_err *err)
{
	static const char q[] =
	    "UPDATE task SET state=?4, exit_status=?5, error=?6, output_n=?7,"
	    " ended_us=?8 WHERE id=?1 AND node=?2 AND state=?3";
	struct mst_sdb_st *st;
	int64_t n = 0;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, t->id);
	mst_sdb_bind_text(st, 2, t->node);
	mst_sdb_bind_int(st, 3, MST_TASK_RUNNING);
	mst_sdb_bind_int(st, 4, t->state);
	mst_sdb_bind_int(st, 5, t->exit_status);
	mst_sdb_bind_text(st, 6, t->error);
	mst_sdb_bind_int(st, 7, (int64_t)output_n);
	mst_sdb_bind_int(st, 8, mst_now_us());
	rc = mst_sdb_run(st, &n, err);
	return rc == 0 && n == 0 ? not_ours(t->id, t->node, err) : rc;
}

int mst_task_end(struct mst_state *s, const struct mst_task *t,
		 struct mst_slice output, struct mst_slice log,
		 struct mst_err *err)
{
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	output.n = MST_MIN(output.n, (size_t)MST_TASK_OUTPUT);
	if (log.n > MST_TASK_LOG) {
		log.p += log.n - MST_TASK_LOG;
		log.n = MST_TASK_LOG;
	}
	rc = end_row(s, t, output.n, err);
	if (rc == 0)
		rc = put_pieces(s, t->id, false, output, err);
	if (rc == 0)
		rc = put_pieces(s, t->id, true, log, err);
	return mst_sdb_own_end(s->db, own, rc, err);
}

/* ---- by others ----------------------------------------------------------- */

static int cancel(struct mst_state *s, int64_t id, enum mst_task_state *state_r,
		  struct mst_err *err)
{
	static const char q[] =
	    "UPDATE task SET cancel=1,"
	    " state=CASE WHEN state=?2 OR state=?3 THEN ?5 ELSE state END,"
	    " ended_us=CASE WHEN state=?2 OR state=?3 THEN ?6 ELSE NULL END"
	    " WHERE id=?1 AND state IN (?2, ?3, ?4)"
	    " RETURNING id, kind, job, connection, argv, state";
	static const char q_state[] = "SELECT state FROM task WHERE id=?1";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, id);
	mst_sdb_bind_int(st, 2, MST_TASK_WAITING);
	mst_sdb_bind_int(st, 3, MST_TASK_QUEUED);
	mst_sdb_bind_int(st, 4, MST_TASK_RUNNING);
	mst_sdb_bind_int(st, 5, MST_TASK_CANCELLED);
	mst_sdb_bind_int(st, 6, mst_now_us());
	rc = mst_sdb_step(st, err);
	if (rc > 0) {
		*state_r = (enum mst_task_state)mst_sdb_int(st, 5);
		rc = audit_row(s, st, "cancel", err);
		return rc ? rc : mst_approval_gone(s, id, err);
	}
	if (rc == 0) /* it has ended */
		rc = mst_sdb_stmt(s->db, q_state, &st, err);
	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, id);
	rc = mst_sdb_step(st, err);
	if (rc == 0)
		return mst_task_none(id, err);
	if (rc > 0)
		*state_r = (enum mst_task_state)mst_sdb_int(st, 0);
	mst_sdb_reset(st);
	return MST_MIN(rc, 0);
}

int mst_task_cancel(struct mst_state *s, int64_t id,
		    enum mst_task_state *state_r, struct mst_err *err)
{
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	return mst_sdb_own_end(s->db, own, cancel(s, id, state_r, err), err);
}

static int approve(struct mst_state *s, int64_t id, const char *by,
		   struct mst_err *err)
{
	static const char q[] = "UPDATE task SET state=?3, approved_by=?4"
				" WHERE id=?1 AND state=?2"
				" RETURNING id, kind, job, connection, argv";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, id);
	mst_sdb_bind_int(st, 2, MST_TASK_WAITING);
	mst_sdb_bind_int(st, 3, MST_TASK_QUEUED);
	mst_sdb_bind_text(st, 4, by);
	rc = mst_sdb_step(st, err);
	if (rc == 0)
		return mst_err_set(err, MST_E_CONFLICT,
				   "task %lld does not wait for anybody",
				   (long long)id);
	return rc < 0 ? rc : audit_row(s, st, "approve", err);
}

int mst_task_approve(struct mst_state *s, int64_t id, const char *by,
		     struct mst_err *err)
{
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	return mst_sdb_own_end(s->db, own, approve(s, id, by, err), err);
}
