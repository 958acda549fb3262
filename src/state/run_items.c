/* SPDX-License-Identifier: Apache-2.0
 *
 * The records that a run could not deliver, or not as they are.
 */
#include "state_private.h"

static const char q_log_count[] = "SELECT count(*) FROM run_item WHERE run=?1";
static const char q_log_put[] =
    "INSERT INTO run_item(run, rset, key, what, reason,"
    " request_id) VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
#define ITEM "SELECT rset, key, what, reason, request_id, id FROM run_item"
static const char q_log[] =
    ITEM " WHERE run=?1 AND id>?2 AND (?3='' OR what=?3)"
	 " AND (?4='' OR rset=?4) ORDER BY id LIMIT ?5";

/* Counts what a run has logged, once: the run's own process is the only one
 * that adds to it. */
static int count_logged(struct mst_state *s, int64_t run, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc;

	if (s->items_run == run)
		return 0;
	rc = mst_sdb_stmt(s->db, q_log_count, &st, err);
	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, run);
	rc = mst_sdb_step(st, err);
	s->items_n = rc > 0 ? mst_sdb_int(st, 0) : 0;
	s->items_run = run;
	mst_sdb_reset(st);
	return rc < 0 ? rc : 0;
}

static int log_one(struct mst_state *s, int64_t run,
		   const struct mst_run_item *it, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_log_put, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, run);
	mst_sdb_bind_text(st, 2, it->set);
	mst_sdb_bind_text(st, 3, it->key);
	mst_sdb_bind_text(st, 4, it->what);
	mst_sdb_bind_text(st, 5, it->reason);
	mst_sdb_bind_text(st, 6, it->request_id);
	return mst_sdb_queue(st, err);
}

int mst_state_item_log(struct mst_state *s, int64_t run,
		       const struct mst_run_item *items, size_t n,
		       struct mst_err *err)
{
	bool own;
	int rc;

	if (n == 0)
		return 0;
	rc = mst_sdb_own_begin(s->db, &own, err);
	if (rc < 0)
		return rc;
	rc = count_logged(s, run, err);
	for (size_t i = 0; i < n && rc == 0 && s->items_n < MST_STATE_RUN_ITEMS;
	     i++) {
		rc = log_one(s, run, &items[i], err);
		s->items_n++;
	}
	rc = mst_sdb_own_end(s->db, own, rc, err);
	if (rc < 0)
		s->items_run = 0;
	return rc;
}

int mst_state_run_items(struct mst_state *s, int64_t run,
			const struct mst_item_filter *f,
			int (*fn)(void *ctx, const struct mst_run_item *i),
			void *ctx, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_log, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, run);
	mst_sdb_bind_int(st, 2, f->after);
	mst_sdb_bind_text(st, 3, f->what);
	mst_sdb_bind_text(st, 4, f->set);
	mst_sdb_bind_int(st, 5, (int64_t)MST_MIN(f->n, (size_t)INT64_MAX));
	while ((rc = mst_sdb_step(st, err)) > 0) {
		const struct mst_run_item it = {
		    .set = mst_sdb_text(st, 0),
		    .key = mst_sdb_text(st, 1),
		    .what = mst_sdb_text(st, 2),
		    .reason = mst_sdb_text(st, 3),
		    .request_id = mst_sdb_text(st, 4),
		    .id = mst_sdb_int(st, 5),
		};

		rc = fn(ctx, &it);
		if (rc != 0)
			break;
	}
	mst_sdb_reset(st);
	return rc;
}
