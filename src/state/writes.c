/* SPDX-License-Identifier: Apache-2.0
 *
 * The log of writes: the newest write of each record.
 *
 * Keys are hashes, so storing a batch by key would touch nearly every page of
 * the table, each time. Rows are appended to write_new instead and go over to
 * `write` in order of key, many at once; a look-up asks both.
 */
#include "state_private.h"

static const char q_job_get[] = "SELECT id FROM job WHERE name=?1";
static const char q_job_put[] = "INSERT INTO job(name) VALUES(?1) RETURNING id";
static const char q_write_put[] =
    "INSERT INTO write_new(job, key, run, action, verdict,"
    " at_us, request_id, remote)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
/* count(*) would read all of it. */
static const char q_write_count[] = "SELECT (SELECT max(id) FROM write_new)"
				    " - (SELECT min(id) FROM write_new) + 1";
static const char q_write_merge[] =
    "INSERT OR REPLACE INTO write(job, key, run, action,"
    " verdict, at_us, request_id, remote)"
    " SELECT job, key, run, action, verdict, at_us,"
    " request_id, remote FROM write_new"
    " ORDER BY job, key, id";
/* Rows that come in meanwhile stay; so does what another one has merged that
 * is newer. */
static const char q_write_move[] =
    "WITH gone AS (DELETE FROM write_new RETURNING id, job, key, run, action,"
    " verdict, at_us, request_id, remote) INSERT INTO write(job, key, run,"
    " action, verdict, at_us, request_id, remote) SELECT DISTINCT ON (job, key)"
    " job, key, run, action, verdict, at_us, request_id, remote FROM gone"
    " ORDER BY job, key, id DESC ON CONFLICT(job, key) DO UPDATE SET"
    " run=excluded.run, action=excluded.action, verdict=excluded.verdict,"
    " at_us=excluded.at_us, request_id=excluded.request_id,"
    " remote=excluded.remote WHERE (excluded.run, excluded.at_us) >="
    " (write.run, write.at_us)";
static const char q_write_empty[] = "DELETE FROM write_new";
static const char q_write_new[] =
    "SELECT run, action, verdict, at_us, request_id, remote"
    " FROM write_new WHERE job=?1 AND key=?2"
    " ORDER BY id DESC LIMIT 1";
static const char q_write_old[] =
    "SELECT run, action, verdict, at_us, request_id, remote"
    " FROM write WHERE job=?1 AND key=?2";

static int job_id(struct mst_state *s, const char *job, bool make,
		  int64_t *id_r, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = 0;

	*id_r = 0;
	for (int i = 0; i < (make ? 2 : 1); i++) {
		rc = mst_sdb_stmt(s->db, i ? q_job_put : q_job_get, &st, err);
		if (rc < 0)
			return rc;
		mst_sdb_bind_text(st, 1, job);
		rc = mst_sdb_step(st, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		*id_r = mst_sdb_int(st, 0);
		return mst_sdb_run(st, NULL, err);
	}
	return 0;
}

static struct mst_slice key_bytes(struct mst_hash key, uint8_t raw[16])
{
	for (int i = 0; i < 8; i++) {
		raw[i] = (uint8_t)(key.hi >> (56 - 8 * i));
		raw[8 + i] = (uint8_t)(key.lo >> (56 - 8 * i));
	}
	return mst_slice((const char *)raw, 16);
}

static int append(struct mst_state *s, int64_t job,
		  const struct mst_write_log *w, struct mst_err *err)
{
	uint8_t raw[16];
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_write_put, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, job);
	mst_sdb_bind_blob(st, 2, key_bytes(w->key, raw));
	mst_sdb_bind_int(st, 3, w->run);
	mst_sdb_bind_int(st, 4, w->action);
	mst_sdb_bind_int(st, 5, w->verdict);
	mst_sdb_bind_int(st, 6, w->at_us);
	mst_sdb_bind_text(st, 7, w->request_id);
	if (!mst_sysid_is_zero(&w->remote))
		mst_sdb_bind_blob(st, 8,
				  mst_slice((const char *)w->remote.b, 16));
	return mst_sdb_queue(st, err);
}

static int run_text(struct mst_state *s, const char *q, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	return rc < 0 ? rc : mst_sdb_run(st, NULL, err);
}

/* Merges when so many have come together. */
static int merge(struct mst_state *s, int64_t least, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int64_t n;
	int rc = mst_sdb_stmt(s->db, q_write_count, &st, err);

	if (rc < 0)
		return rc;
	rc = mst_sdb_step(st, err);
	if (rc < 0)
		return rc;
	n = mst_sdb_int(st, 0);
	mst_sdb_reset(st);
	if (n < least)
		return 0;
	if (!s->db->ops->local)
		return run_text(s, q_write_move, err);
	rc = run_text(s, q_write_merge, err);
	return rc ? rc : run_text(s, q_write_empty, err);
}

int mst_state_write_log(struct mst_state *s, const char *job,
			const struct mst_write_log *w, size_t n,
			struct mst_err *err)
{
	int64_t id;
	bool own;
	int rc;

	if (n == 0)
		return 0;
	rc = mst_sdb_own_begin(s->db, &own, err);
	if (rc < 0)
		return rc;
	rc = job_id(s, job, true, &id, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = append(s, id, &w[i], err);
	if (rc == 0)
		rc = merge(s, MST_STATE_WRITES_NEW, err);
	return mst_sdb_own_end(s->db, own, rc, err);
}

int mst_state_merge_writes(struct mst_state *s, struct mst_err *err)
{
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	return rc < 0 ? rc : mst_sdb_own_end(s->db, own, merge(s, 1, err), err);
}

static int read_write(struct mst_sdb_st *st, struct mst_hash key,
		      struct mst_write_log *w_r, struct mst_buf *id_buf,
		      struct mst_err *err)
{
	struct mst_slice remote = mst_sdb_blob(st, 5);
	struct mst_write_log w = {
	    .key = key,
	    .run = mst_sdb_int(st, 0),
	    .action = (enum mst_action)mst_sdb_int(st, 1),
	    .verdict = (enum mst_verdict_kind)mst_sdb_int(st, 2),
	    .at_us = mst_sdb_int(st, 3),
	};

	mst_buf_reset(id_buf);
	if (!mst_buf_adds(id_buf, mst_sdb_text(st, 4)))
		return mst_err_set(err, MST_E_INVALID,
				   "a request id in the log of writes is "
				   "longer than %zu bytes",
				   id_buf->max);
	if (remote.n == 16)
		memcpy(w.remote.b, remote.p, 16);
	w.request_id = id_buf->n ? id_buf->p : "";
	*w_r = w;
	return 0;
}

int mst_state_last_write(struct mst_state *s, const char *job,
			 struct mst_hash key, struct mst_write_log *w_r,
			 struct mst_buf *id_buf, bool *found_r,
			 struct mst_err *err)
{
	uint8_t raw[16];
	struct mst_sdb_st *st;
	int64_t id;
	int rc = job_id(s, job, false, &id, err);

	if (rc < 0)
		return rc;
	*found_r = false;
	for (int i = 0; id && i < 2; i++) {
		rc = mst_sdb_stmt(s->db, i ? q_write_old : q_write_new, &st,
				  err);
		if (rc < 0)
			return rc;
		mst_sdb_bind_int(st, 1, id);
		mst_sdb_bind_blob(st, 2, key_bytes(key, raw));
		rc = mst_sdb_step(st, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		*found_r = true;
		rc = read_write(st, key, w_r, id_buf, err);
		mst_sdb_reset(st);
		return rc;
	}
	return 0;
}
