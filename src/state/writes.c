/* SPDX-License-Identifier: Apache-2.0
 *
 * The log of writes: the newest write of each record.
 *
 * Keys are hashes, so storing a batch by key would touch nearly every page of
 * the table, each time. Rows are appended to write_new instead and go over to
 * `write` in order of key, many at once; a look-up asks both.
 */
#include "state_private.h"

static int job_id(struct mst_state *s, const char *job, bool make,
		  int64_t *id_r, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = 0;

	*id_r = 0;
	for (unsigned q = Q_JOB_GET; q <= (make ? Q_JOB_PUT : Q_JOB_GET); q++) {
		rc = mst_db_stmt(&s->db, q, &st, err);
		if (rc < 0)
			return rc;
		mst_db_bind_text(st, 1, job);
		rc = mst_db_step(&s->db, st, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		*id_r = mst_db_int(st, 0);
		return mst_db_run(&s->db, st, err);
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
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_WRITE_PUT, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, job);
	mst_db_bind_blob(st, 2, key_bytes(w->key, raw));
	mst_db_bind_int(st, 3, w->run);
	mst_db_bind_int(st, 4, w->action);
	mst_db_bind_int(st, 5, w->verdict);
	mst_db_bind_int(st, 6, w->at_us);
	mst_db_bind_text(st, 7, w->request_id);
	if (!mst_sysid_is_zero(&w->remote))
		mst_db_bind_blob(st, 8,
				 mst_slice((const char *)w->remote.b, 16));
	return mst_db_run(&s->db, st, err);
}

/* Merges when so many have come together. */
static int merge(struct mst_state *s, int64_t least, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int64_t n;
	int rc = mst_db_stmt(&s->db, Q_WRITE_COUNT, &st, err);

	if (rc < 0)
		return rc;
	rc = mst_db_step(&s->db, st, err);
	if (rc < 0)
		return rc;
	n = mst_db_int(st, 0);
	mst_db_reset(st);
	if (n < least)
		return 0;
	rc = mst_db_stmt(&s->db, Q_WRITE_MERGE, &st, err);
	if (rc == 0)
		rc = mst_db_run(&s->db, st, err);
	if (rc == 0)
		rc = mst_db_stmt(&s->db, Q_WRITE_EMPTY, &st, err);
	if (rc == 0)
		rc = mst_db_run(&s->db, st, err);
	return rc;
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
	rc = mst_db_own_begin(&s->db, &own, err);
	if (rc < 0)
		return rc;
	rc = job_id(s, job, true, &id, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = append(s, id, &w[i], err);
	if (rc == 0)
		rc = merge(s, MST_STATE_WRITES_NEW, err);
	return mst_db_own_end(&s->db, own, rc, err);
}

int mst_state_merge_writes(struct mst_state *s, struct mst_err *err)
{
	bool own;
	int rc = mst_db_own_begin(&s->db, &own, err);

	return rc < 0 ? rc : mst_db_own_end(&s->db, own, merge(s, 1, err), err);
}

static int read_write(struct sqlite3_stmt *st, struct mst_hash key,
		      struct mst_write_log *w_r, struct mst_buf *id_buf,
		      struct mst_err *err)
{
	struct mst_slice remote = mst_db_blob(st, 5);
	struct mst_write_log w = {
	    .key = key,
	    .run = mst_db_int(st, 0),
	    .action = (enum mst_action)mst_db_int(st, 1),
	    .verdict = (enum mst_verdict_kind)mst_db_int(st, 2),
	    .at_us = mst_db_int(st, 3),
	};

	mst_buf_reset(id_buf);
	if (!mst_buf_adds(id_buf, mst_db_text(st, 4)))
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
	struct sqlite3_stmt *st;
	int64_t id;
	int rc = job_id(s, job, false, &id, err);

	if (rc < 0)
		return rc;
	*found_r = false;
	for (unsigned q = Q_WRITE_NEW; id && q <= Q_WRITE_OLD; q++) {
		rc = mst_db_stmt(&s->db, q, &st, err);
		if (rc < 0)
			return rc;
		mst_db_bind_int(st, 1, id);
		mst_db_bind_blob(st, 2, key_bytes(key, raw));
		rc = mst_db_step(&s->db, st, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		*found_r = true;
		rc = read_write(st, key, w_r, id_buf, err);
		mst_db_reset(st);
		return rc;
	}
	return 0;
}
