/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests that wait for a second person.
 */
#include <stdlib.h>

#include "base/time.h"
#include "state/access.h"
#include "state_private.h"

#define COLUMNS                                                                \
	"SELECT id, state, what, needs, request, asked_by, decided_by, why,"   \
	" task, asked_us, decided_us, ends_us FROM approval"

static struct mst_approval row_of(struct mst_sdb_st *st)
{
	return (struct mst_approval){
	    .id = mst_sdb_int(st, 0),
	    .state = mst_sdb_text(st, 1),
	    .what = mst_sdb_text(st, 2),
	    .needs = mst_sdb_text(st, 3),
	    .request = mst_sdb_text(st, 4),
	    .asked_by = mst_sdb_text(st, 5),
	    .decided_by = mst_sdb_text(st, 6),
	    .why = mst_sdb_text(st, 7),
	    .task = mst_sdb_int(st, 8),
	    .asked_us = mst_sdb_int(st, 9),
	    .decided_us = mst_sdb_time(st, 10),
	    .ends_us = mst_sdb_time(st, 11),
	};
}

static int audit(struct mst_state *s, int64_t id, const char *what,
		 const char *user, const char *after, struct mst_err *err)
{
	char *name = mst_asprintf("%lld", (long long)id);
	const struct mst_audit_entry e = {.kind = "approval",
					  .name = name,
					  .what = what,
					  .user = user,
					  .after = after};
	int rc = mst_audit_put(s, &e, err);

	free(name);
	return rc;
}

static int add(struct mst_state *s, const struct mst_approval *a, int64_t *id_r,
	       struct mst_err *err)
{
	static const char q[] =
	    "INSERT INTO approval(state, what, needs, request, asked_by,"
	    " decided_by, why, task, asked_us, decided_us, ends_us)"
	    " VALUES('waiting', ?1, ?2, ?3, ?4, '', '', ?5, ?6, NULL, ?7)"
	    " RETURNING id";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, a->what);
	mst_sdb_bind_text(st, 2, a->needs);
	mst_sdb_bind_text(st, 3, a->request);
	mst_sdb_bind_text(st, 4, a->asked_by);
	mst_sdb_bind_int(st, 5, a->task);
	mst_sdb_bind_int(st, 6, mst_now_us());
	mst_sdb_bind_time(st, 7, a->ends_us ? a->ends_us : MST_TIME_NONE);
	rc = mst_sdb_number(st, id_r, err);
	return rc ? rc : audit(s, *id_r, "ask", a->asked_by, a->what, err);
}

int mst_approval_add(struct mst_state *s, const struct mst_approval *a,
		     int64_t *id_r, struct mst_err *err)
{
	int64_t id = 0;
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = mst_sdb_own_end(s->db, own, add(s, a, &id, err), err);
	if (rc == 0)
		*id_r = id;
	return rc;
}

static int why_not(void *ctx, const struct mst_approval *a)
{
	struct mst_err *err = ctx;

	if (strcmp(a->state, "waiting") == 0)
		return mst_err_set(err, MST_E_CONFLICT,
				   "'%s' asked for this: somebody else must "
				   "decide",
				   a->asked_by);
	return mst_err_set(
	    err, MST_E_CONFLICT, "this does not wait any more: it is %s%s%s",
	    a->state, *a->decided_by ? " by " : "", a->decided_by);
}

/* The same person may take back what they asked for, and time may run out. */
static int decide(struct mst_state *s, int64_t id, const char *state,
		  const char *by, const char *why, int64_t now_us,
		  struct mst_err *err)
{
	static const char q[] =
	    "UPDATE approval SET state=?2, decided_by=?3, why=?4,"
	    " decided_us=?5 WHERE id=?1 AND state='waiting'"
	    " AND (asked_by<>?3 OR ?2<>'approved')";
	struct mst_sdb_st *st;
	int64_t n = 0;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, id);
	mst_sdb_bind_text(st, 2, state);
	mst_sdb_bind_text(st, 3, by);
	mst_sdb_bind_text(st, 4, why);
	mst_sdb_bind_int(st, 5, now_us);
	rc = mst_sdb_run(st, &n, err);
	if (rc == 0 && n == 0)
		return mst_approval(s, id, why_not, err, err);
	return rc ? rc : audit(s, id, state, by && *by ? by : NULL, why, err);
}

int mst_approval_decide(struct mst_state *s, int64_t id, const char *state,
			const char *by, const char *why, int64_t now_us,
			struct mst_err *err)
{
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = decide(s, id, state, by, why, now_us, err);
	return mst_sdb_own_end(s->db, own, rc, err);
}

int mst_approval_gone(struct mst_state *s, int64_t task, struct mst_err *err)
{
	static const char q[] =
	    "UPDATE approval SET state='rejected', decided_by=?2, why=?3,"
	    " decided_us=?4 WHERE task=?1 AND state='waiting' RETURNING id";
	static const char why[] = "its task was cancelled";
	struct mst_sdb_st *st;
	int64_t id;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, task);
	mst_sdb_bind_text(st, 2, mst_state_actor(s));
	mst_sdb_bind_text(st, 3, why);
	mst_sdb_bind_int(st, 4, mst_now_us());
	rc = mst_sdb_step(st, err);
	if (rc <= 0)
		return rc;
	id = mst_sdb_int(st, 0);
	rc = mst_sdb_run(st, NULL, err);
	return rc ? rc : audit(s, id, "rejected", NULL, why, err);
}

int mst_approvals(struct mst_state *s, const char *state, int64_t before,
		  size_t n, int (*fn)(void *ctx, const struct mst_approval *a),
		  void *ctx, struct mst_err *err)
{
	static const char q_all[] =
	    COLUMNS " WHERE id<?1 ORDER BY id DESC LIMIT ?2";
	static const char q_state[] =
	    COLUMNS " WHERE state=?3 AND id<?1 ORDER BY id DESC LIMIT ?2";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, state ? q_state : q_all, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, before ? before : INT64_MAX);
	mst_sdb_bind_int(st, 2, (int64_t)MST_MIN(n, (size_t)INT64_MAX));
	if (state)
		mst_sdb_bind_text(st, 3, state);
	while ((rc = mst_sdb_step(st, err)) > 0) {
		const struct mst_approval a = row_of(st);

		rc = fn(ctx, &a);
		if (rc)
			break;
	}
	mst_sdb_reset(st);
	return rc;
}

int mst_approval(struct mst_state *s, int64_t id,
		 int (*fn)(void *ctx, const struct mst_approval *a), void *ctx,
		 struct mst_err *err)
{
	static const char q[] = COLUMNS " WHERE id=?1";
	struct mst_approval a;
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, id);
	rc = mst_sdb_step(st, err);
	if (rc == 0)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "approval %lld does not exist",
				   (long long)id);
	if (rc > 0) {
		a = row_of(st);
		rc = fn(ctx, &a);
	}
	mst_sdb_reset(st);
	return rc;
}
