/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests that may come twice: the key of a caller, and what became of the
 * first one.
 */
#include "base/time.h"
#include "state/task.h"
#include "state_private.h"

#define KEPT_US (24ll * 3600 * 1000000)
/* The first one is not under way any more: its thread is gone. */
#define LATE_US (60ll * 1000000)

static struct mst_slice hash_bytes(struct mst_hash h, uint8_t raw[16])
{
	for (int i = 0; i < 8; i++) {
		raw[i] = (uint8_t)(h.hi >> (56 - 8 * i));
		raw[8 + i] = (uint8_t)(h.lo >> (56 - 8 * i));
	}
	return mst_slice((const char *)raw, 16);
}

static int drop_old(struct mst_state *s, const char *caller, const char *key,
		    int64_t now_us, struct mst_err *err)
{
	static const char q[] =
	    "DELETE FROM request_key WHERE caller=?1 AND key=?2"
	    " AND (at_us<?3 OR first=0 AND at_us<?4)";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, caller);
	mst_sdb_bind_text(st, 2, key);
	mst_sdb_bind_int(st, 3, now_us - KEPT_US);
	mst_sdb_bind_int(st, 4, now_us - LATE_US);
	return mst_sdb_run(st, NULL, err);
}

/* *n_r 0: it is there already. */
static int insert(struct mst_state *s, const char *caller, const char *key,
		  struct mst_slice body, int64_t now_us, int64_t *n_r,
		  struct mst_err *err)
{
	static const char q[] =
	    "INSERT INTO request_key(caller, key, body, at_us, first)"
	    " VALUES(?1, ?2, ?3, ?4, 0) ON CONFLICT(caller, key) DO NOTHING";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, caller);
	mst_sdb_bind_text(st, 2, key);
	mst_sdb_bind_blob(st, 3, body);
	mst_sdb_bind_int(st, 4, now_us);
	return mst_sdb_run(st, n_r, err);
}

static int first_one(struct mst_state *s, const char *caller, const char *key,
		     struct mst_slice body, int64_t *first_r,
		     struct mst_err *err)
{
	static const char q[] =
	    "SELECT body, first FROM request_key WHERE caller=?1 AND key=?2";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, caller);
	mst_sdb_bind_text(st, 2, key);
	rc = mst_sdb_step(st, err);
	if (rc < 0)
		return rc;
	*first_r = rc ? mst_sdb_int(st, 1) : 0;
	if (rc && !mst_slice_eq(mst_sdb_blob(st, 0), body))
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "the key '%.64s' came with another request "
				 "before: give each request a key of its own",
				 key);
	else if (*first_r == 0)
		rc = mst_err_set(err, MST_E_TRANSIENT,
				 "the first request with the key '%.64s' is "
				 "still under way: ask again in a moment",
				 key);
	mst_sdb_reset(st);
	return MST_MIN(rc, 0);
}

int mst_request_key(struct mst_state *s, const char *caller, const char *key,
		    struct mst_hash body, int64_t now_us, int64_t *first_r,
		    struct mst_err *err)
{
	uint8_t raw[16];
	struct mst_slice bytes = hash_bytes(body, raw);
	int64_t n = 0, first = 0;
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = drop_old(s, caller, key, now_us, err);
	if (rc == 0)
		rc = insert(s, caller, key, bytes, now_us, &n, err);
	if (rc == 0 && n == 0)
		rc = first_one(s, caller, key, bytes, &first, err);
	rc = mst_sdb_own_end(s->db, own, rc, err);
	if (rc == 0)
		*first_r = first;
	return rc;
}

int mst_request_key_done(struct mst_state *s, const char *caller,
			 const char *key, int64_t id, struct mst_err *err)
{
	static const char q_set[] =
	    "UPDATE request_key SET first=?3 WHERE caller=?1 AND key=?2";
	static const char q_drop[] =
	    "DELETE FROM request_key WHERE caller=?1 AND key=?2";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, id ? q_set : q_drop, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, caller);
	mst_sdb_bind_text(st, 2, key);
	if (id)
		mst_sdb_bind_int(st, 3, id);
	return mst_sdb_run(st, NULL, err);
}
