/* SPDX-License-Identifier: Apache-2.0
 *
 * Making the file smaller: what was deleted leaves free pages, what changes
 * leaves pages half empty. Both are used again; a rewrite is for those who want
 * the room.
 */
#include <sqlite3.h>

#include "recver/sqlite/private.h"

/* Less than this is not worth a rewrite behind a run. */
#define TIDY_MIN ((uint64_t)8 << 20)

static int live_bytes(struct mst_sqlstore *s, unsigned q, uint64_t *live_r,
		      struct mst_err *err)
{
	sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, q, &st, err);

	if (rc == 0)
		rc = mst_db_step(&s->db, st, err);
	if (rc < 0)
		return rc;
	*live_r = (uint64_t)mst_db_int(st, 0);
	mst_db_reset(st);
	return 0;
}

int mst_sqlstore_compact(struct mst_recver *r, struct mst_err *err)
{
	struct mst_sqlstore *s = mst_sqlstore_of(r);
	uint64_t live = 0;
	int rc = live_bytes(s, Q_STATS_TEXT, &live, err);

	mst_sqlstore_list_forget(s);
	return rc < 0 ? rc : mst_db_compact(&s->db, live, err);
}

/* Only behind writes, and by the rows of the groups alone: without a look at a
 * single list. */
int mst_sqlstore_tidy(struct mst_recver *r, struct mst_err *err)
{
	struct mst_sqlstore *s = mst_sqlstore_of(r);
	uint64_t live = 0, bytes;
	int64_t pages = 0;
	int rc;

	if (!sqlite3_total_changes(s->db.h))
		return 0;
	rc = mst_db_number(&s->db, "PRAGMA page_count", &pages, err);
	bytes = (uint64_t)pages * s->spec.page_bytes;
	if (rc < 0 || bytes < TIDY_MIN)
		return rc;
	rc = live_bytes(s, Q_STATS_ROUGH, &live, err);
	if (rc < 0 || bytes < live + TIDY_MIN || bytes < live + live / 2)
		return rc;
	mst_sqlstore_list_forget(s);
	return mst_db_compact(&s->db, live, err);
}
