/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person must be told: each once while it lasts.
 */
#include "base/time.h"
#include "state/task.h"
#include "state_private.h"

static int new_words(struct mst_state *s, const char *kind, const char *about,
		     const char *level, const char *text, int64_t *n_r,
		     struct mst_err *err)
{
	static const char q[] = "UPDATE notice SET level=?3, words=?4"
				" WHERE kind=?1 AND about=?2"
				" AND over_us IS NULL";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, kind);
	mst_sdb_bind_text(st, 2, about);
	mst_sdb_bind_text(st, 3, level);
	mst_sdb_bind_text(st, 4, text);
	return mst_sdb_run(st, n_r, err);
}

static int begin(struct mst_state *s, const char *kind, const char *about,
		 const char *level, const char *text, int64_t *n_r,
		 struct mst_err *err)
{
	static const char q[] =
	    "INSERT INTO notice(kind, about, level, words, since_us)"
	    " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(kind, about)"
	    " WHERE over_us IS NULL DO NOTHING";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, kind);
	mst_sdb_bind_text(st, 2, about);
	mst_sdb_bind_text(st, 3, level);
	mst_sdb_bind_text(st, 4, text);
	mst_sdb_bind_int(st, 5, mst_now_us());
	return mst_sdb_run(st, n_r, err);
}

int mst_notice_on(struct mst_state *s, const char *kind, const char *about,
		  const char *level, const char *text, bool *fresh_r,
		  struct mst_err *err)
{
	int64_t n = 0, added = 0;
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = new_words(s, kind, about, level, text, &n, err);
	if (rc == 0 && n == 0)
		rc = begin(s, kind, about, level, text, &added, err);
	rc = mst_sdb_own_end(s->db, own, rc, err);
	if (rc == 0)
		*fresh_r = added == 1;
	return rc;
}

int mst_notice_off(struct mst_state *s, const char *kind, const char *about,
		   bool *was_r, struct mst_err *err)
{
	static const char q[] =
	    "UPDATE notice SET over_us=?3 WHERE kind=?1 AND about=?2"
	    " AND over_us IS NULL";
	struct mst_sdb_st *st;
	int64_t n = 0;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, kind);
	mst_sdb_bind_text(st, 2, about);
	mst_sdb_bind_int(st, 3, mst_now_us());
	rc = mst_sdb_run(st, &n, err);
	if (rc == 0)
		*was_r = n > 0;
	return rc;
}

int mst_notice_again(struct mst_state *s, const char *kind, const char *about,
		     struct mst_err *err)
{
	static const char q[] = "UPDATE notice SET told_us=NULL WHERE kind=?1"
				" AND about=?2 AND over_us IS NULL";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, kind);
	mst_sdb_bind_text(st, 2, about);
	return mst_sdb_run(st, NULL, err);
}

int mst_notice_told(struct mst_state *s, int64_t id, struct mst_err *err)
{
	static const char q[] = "UPDATE notice SET told_us=?2 WHERE id=?1";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, id);
	mst_sdb_bind_int(st, 2, mst_now_us());
	return mst_sdb_run(st, NULL, err);
}

int mst_notices(struct mst_state *s, bool all, size_t n,
		int (*fn)(void *ctx, const struct mst_notice *v), void *ctx,
		struct mst_err *err)
{
	static const char q[] =
	    "SELECT id, kind, about, level, words, since_us, told_us, over_us"
	    " FROM notice WHERE ?1=1 OR over_us IS NULL"
	    " ORDER BY id DESC LIMIT ?2";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, all);
	mst_sdb_bind_int(st, 2, (int64_t)MST_MIN(n, (size_t)INT64_MAX));
	while ((rc = mst_sdb_step(st, err)) > 0) {
		const struct mst_notice v = {
		    .id = mst_sdb_int(st, 0),
		    .kind = mst_sdb_text(st, 1),
		    .about = mst_sdb_text(st, 2),
		    .level = mst_sdb_text(st, 3),
		    .text = mst_sdb_text(st, 4),
		    .since_us = mst_sdb_int(st, 5),
		    .told_us = mst_sdb_time(st, 6),
		    .over_us = mst_sdb_time(st, 7),
		};

		rc = fn(ctx, &v);
		if (rc)
			break;
	}
	mst_sdb_reset(st);
	return rc;
}
