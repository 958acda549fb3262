/* SPDX-License-Identifier: Apache-2.0
 *
 * Nodes and their heartbeats, and the tasks of those that are gone. Times are
 * the store's, so that nodes need not agree on the time.
 */
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"
#include "pg.h"
#include "task_row.h"

int64_t mst_node_gone_us(void)
{
	const char *ms = secure_getenv("MUSTER_LEASE_MS");
	uint64_t n;

	return ms && mst_num_u64(mst_slice_str(ms), &n) && n >= 200 &&
		       n <= MST_NODE_GONE_US / 1000
		   ? (int64_t)n * 1000
		   : MST_NODE_GONE_US;
}

/* The usual beat. *on_r: it is ours still. */
static int go_on(struct mst_state *s, const char *name, uint64_t incarnation,
		 int64_t now_us, bool *on_r, struct mst_err *err)
{
	static const char q[] =
	    "UPDATE node SET beat_us=?3 WHERE name=?1 AND incarnation=?2";
	struct mst_sdb_st *st;
	int64_t n = 0;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, name);
	mst_sdb_bind_int(st, 2, (int64_t)incarnation);
	mst_sdb_bind_int(st, 3, now_us);
	rc = mst_sdb_run(st, &n, err);
	*on_r = n == 1;
	return rc;
}

static int begin(struct mst_state *s, const struct mst_node *v,
		 uint64_t incarnation, struct mst_err *err)
{
	/* Of two that begin at once one waits here and is then refused. */
	static const char q[] =
	    "INSERT INTO node(name, incarnation, version, address, started_us,"
	    " beat_us) VALUES(?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT(name)"
	    " DO UPDATE SET incarnation=?2, version=?3, address=?4,"
	    " started_us=?5, beat_us=?5 WHERE node.beat_us<?6";
	struct mst_sdb_st *st;
	int64_t n = 0;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, v->name);
	mst_sdb_bind_int(st, 2, (int64_t)incarnation);
	mst_sdb_bind_text(st, 3, v->version);
	mst_sdb_bind_text(st, 4, v->address);
	mst_sdb_bind_int(st, 5, v->beat_us);
	mst_sdb_bind_int(st, 6, v->beat_us - mst_node_gone_us());
	rc = mst_sdb_run(st, &n, err);
	if (rc == 0 && n == 0)
		return mst_err_set(err, MST_E_CONFLICT,
				   "another process runs as node '%s': give "
				   "this one another name, or stop that one "
				   "(one that was killed counts as gone after "
				   "%d s)",
				   v->name,
				   (int)(mst_node_gone_us() / 1000000));
	return rc < 0 ? rc : mst_task_rescue_node(s, v->name, &n, err);
}

int mst_node_beat(struct mst_state *s, const char *name, uint64_t incarnation,
		  const char *version, const char *address, struct mst_err *err)
{
	struct mst_node v = {
	    .name = name, .version = version, .address = address};
	bool on = false, own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = mst_sdb_now(s->db, &v.beat_us, err);
	if (rc == 0)
		rc = go_on(s, name, incarnation, v.beat_us, &on, err);
	if (rc == 0 && !on)
		rc = begin(s, &v, incarnation, err);
	return mst_sdb_own_end(s->db, own, rc, err);
}

int mst_node_leave(struct mst_state *s, const char *name, uint64_t incarnation,
		   struct mst_err *err)
{
	static const char q[] =
	    "DELETE FROM node WHERE name=?1 AND incarnation=?2";
	struct mst_sdb_st *st;
	int64_t n = 0;
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = mst_sdb_stmt(s->db, q, &st, err);
	if (rc == 0) {
		mst_sdb_bind_text(st, 1, name);
		mst_sdb_bind_int(st, 2, (int64_t)incarnation);
		rc = mst_sdb_run(st, &n, err);
	}
	if (rc == 0 && n)
		rc = mst_task_rescue_node(s, name, &n, err);
	return mst_sdb_own_end(s->db, own, rc, err);
}

int mst_nodes(struct mst_state *s,
	      int (*fn)(void *ctx, const struct mst_node *n), void *ctx,
	      struct mst_err *err)
{
	static const char q[] =
	    "SELECT name, version, address, started_us, beat_us,"
	    " (SELECT count(*) FROM task WHERE state=?1 AND "
	    "task.node=node.name)"
	    " FROM node ORDER BY name";
	struct mst_sdb_st *st;
	int64_t now_us;
	int rc = mst_sdb_now(s->db, &now_us, err);

	if (rc == 0)
		rc = mst_sdb_stmt(s->db, q, &st, err);
	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, MST_TASK_RUNNING);
	while ((rc = mst_sdb_step(st, err)) > 0) {
		struct mst_node n = {
		    .name = mst_sdb_text(st, 0),
		    .version = mst_sdb_text(st, 1),
		    .address = mst_sdb_text(st, 2),
		    .started_us = mst_sdb_int(st, 3),
		    .beat_us = mst_sdb_int(st, 4),
		    .tasks = (int)mst_sdb_int(st, 5),
		};

		n.alive = n.beat_us >= now_us - mst_node_gone_us();
		rc = fn(ctx, &n);
		if (rc)
			break;
	}
	mst_sdb_reset(st);
	return rc;
}

int mst_node_leases(struct mst_state *s, const char *node,
		    int (*fn)(void *ctx, const struct mst_node_lease *l),
		    void *ctx, struct mst_err *err)
{
	static const char q[] =
	    "SELECT name, token, until_us, run FROM lease WHERE node=?1"
	    " AND until_us>=" MST_PG_NOW " ORDER BY name";
	struct mst_sdb_st *st;
	int rc;

	if (!s->url)
		return 0;
	rc = mst_sdb_stmt(s->db, q, &st, err);
	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, node);
	while ((rc = mst_sdb_step(st, err)) > 0) {
		const struct mst_node_lease l = {
		    .name = mst_sdb_text(st, 0),
		    .token = mst_sdb_int(st, 1),
		    .until_us = mst_sdb_int(st, 2),
		    .run = mst_sdb_int(st, 3),
		};

		rc = fn(ctx, &l);
		if (rc)
			break;
	}
	mst_sdb_reset(st);
	return rc;
}

/* ---- tasks of nodes that are gone ---------------------------------------- */

#define RESCUE                                                                 \
	"UPDATE task SET"                                                      \
	" state=CASE WHEN cancel=1 THEN ?2 WHEN repeat=1 THEN ?3"              \
	" ELSE ?4 END,"                                                        \
	" ended_us=CASE WHEN cancel=0 AND repeat=1 THEN NULL ELSE ?5 END,"     \
	" started_us=CASE WHEN cancel=0 AND repeat=1 THEN NULL"                \
	" ELSE started_us END,"                                                \
	" error=CASE WHEN cancel=0 AND repeat=1 THEN '' ELSE 'node ''' ||"     \
	" node || ''' is gone: whether it had ended is not known' END,"        \
	" progress='', node=CASE WHEN cancel=0 AND repeat=1 THEN '' ELSE node" \
	" END WHERE state=?1 AND "

static void bind_rescue(struct mst_sdb_st *st)
{
	mst_sdb_bind_int(st, 1, MST_TASK_RUNNING);
	mst_sdb_bind_int(st, 2, MST_TASK_CANCELLED);
	mst_sdb_bind_int(st, 3, MST_TASK_QUEUED);
	mst_sdb_bind_int(st, 4, MST_TASK_FAILED);
	mst_sdb_bind_int(st, 5, mst_now_us());
}

int mst_task_rescue_node(struct mst_state *s, const char *node, int64_t *n_r,
			 struct mst_err *err)
{
	static const char q[] = RESCUE "node=?6";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	bind_rescue(st);
	mst_sdb_bind_text(st, 6, node);
	return mst_sdb_run(st, n_r, err);
}

int mst_task_rescue(struct mst_state *s, size_t *n_r, struct mst_err *err)
{
	static const char q[] =
	    RESCUE "node NOT IN (SELECT name FROM node WHERE beat_us>=?6)";
	struct mst_sdb_st *st;
	int64_t now_us, n = 0;
	int rc = mst_sdb_now(s->db, &now_us, err);

	if (rc == 0)
		rc = mst_sdb_stmt(s->db, q, &st, err);
	if (rc < 0)
		return rc;
	bind_rescue(st);
	mst_sdb_bind_int(st, 6, now_us - mst_node_gone_us());
	rc = mst_sdb_run(st, &n, err);
	*n_r = (size_t)n;
	return rc;
}
