/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at all of RecVer in SQLite: the pages by SQLite's own check, then the
 * rows; and making an empty file another store's copy.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>

#include "base/time.h"
#include "recver/sqlite/private.h"

/* Lines of SQLite's own check; one page that is wrong makes many. */
#define PAGE_LINES "20"

struct looking {
	struct mst_sqlstore *s;
	const struct mst_recver_look *look;
	struct mst_err *err;
	bool *spoilt; /* pages are wrong */
};

/* Every row of a query to fn. */
static int each(const struct looking *l, const char *sql,
		int (*fn)(const struct looking *l, sqlite3_stmt *st))
{
	struct mst_db *db = &l->s->db;
	struct mst_err *err = l->err;
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db->h, sql, -1, &st, NULL);

	if (rc != SQLITE_OK)
		return mst_db_fail(db, rc, err);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		rc = fn(l, st);
		if (rc != 0) {
			(void)sqlite3_finalize(st);
			return rc;
		}
	}
	if (rc != SQLITE_DONE) {
		rc = mst_db_fail(db, rc, err);
		(void)sqlite3_finalize(st);
		return rc;
	}
	(void)sqlite3_finalize(st);
	return 0;
}

static int take_set(const struct looking *l, sqlite3_stmt *st)
{
	return l->look->set(l->look->ctx, mst_db_int(st, 0), mst_db_text(st, 1),
			    mst_db_text(st, 2));
}

static int take_meta(const struct looking *l, sqlite3_stmt *st)
{
	return l->look->meta(l->look->ctx, mst_db_text(st, 0),
			     mst_db_text(st, 1), mst_db_blob(st, 2));
}

/* Bytes as they are; without p where there are none. */
static struct mst_slice bytes(sqlite3_stmt *st, int col)
{
	struct mst_slice s = mst_db_blob(st, col);

	if (sqlite3_column_type(st, col) == SQLITE_NULL)
		return (struct mst_slice){0};
	return s.p ? s : mst_slice("", 0);
}

static int take_group(const struct looking *l, sqlite3_stmt *st)
{
	struct mst_slice list = {0};
	int rc = 0;

	if (sqlite3_column_type(st, 5) != SQLITE_NULL)
		rc = mst_sqlstore_list_get(l->s, mst_db_int(st, 5), &list,
					   l->err);
	if (rc < 0)
		return rc;
	const struct mst_recver_raw g = {
	    .set = mst_db_int(st, 0),
	    .key = bytes(st, 1),
	    .text = bytes(st, 2),
	    .digest = bytes(st, 3),
	    .members = mst_db_int(st, 4),
	    .has_list = sqlite3_column_type(st, 5) != SQLITE_NULL,
	    .remote = bytes(st, 6),
	    .first_us = mst_db_time(st, 7),
	    .changed_us = mst_db_time(st, 8),
	    .run = mst_db_int(st, 9),
	    .state = mst_db_int(st, 10),
	    .list = list.n ? list : (struct mst_slice){0},
	    .wrong = mst_db_int(st, 11) > 1
			 ? "another group has the same member list"
			 : NULL,
	};

	return l->look->group(l->look->ctx, &g);
}

static int take_page(const struct looking *l, sqlite3_stmt *st)
{
	char what[400];

	if (strcmp(mst_db_text(st, 0), "ok") == 0)
		return 0;
	*l->spoilt = true;
	(void)snprintf(what, sizeof(what), "the file's pages: %s",
		       mst_db_text(st, 0));
	return l->look->stray(l->look->ctx, what);
}

static int take_stray(const struct looking *l, sqlite3_stmt *st)
{
	char what[100];

	(void)snprintf(what, sizeof(what),
		       "the member list %" PRId64 " is of no group",
		       mst_db_int(st, 0));
	return l->look->stray(l->look->ctx, what);
}

static int look_at_all(const struct looking *l)
{
	int rc = 0;

	if (l->look->group)
		rc = each(l, "PRAGMA integrity_check(" PAGE_LINES ")",
			  take_page);
	if (rc == 0)
		rc = each(l, "SELECT id, target, name FROM sets ORDER BY id",
			  take_set);
	if (rc == 0)
		rc = each(l,
			  "SELECT target, name, value FROM meta"
			  " ORDER BY target, name",
			  take_meta);
	if (rc != 0 || !l->look->group)
		return rc;
	rc = each(l,
		  "SELECT g.set_id, g.key, g.text, g.digest, g.members,"
		  " g.list_id, g.remote, g.first_us, g.changed_us, g.run,"
		  " g.state, n.times FROM grp g"
		  " LEFT JOIN (SELECT list_id, count(*) AS times FROM grp"
		  " WHERE list_id IS NOT NULL GROUP BY list_id"
		  " HAVING count(*) > 1) n ON n.list_id = g.list_id"
		  " ORDER BY g.set_id, g.key",
		  take_group);
	if (rc == 0)
		rc = each(
		    l,
		    "SELECT DISTINCT id - id % " MST_SQLSTORE_PARTS_TEXT
		    " FROM members WHERE id - id % " MST_SQLSTORE_PARTS_TEXT
		    " NOT IN (SELECT list_id FROM grp"
		    " WHERE list_id IS NOT NULL) ORDER BY 1",
		    take_stray);
	return rc;
}

int mst_sqlstore_verify(struct mst_recver *r,
			const struct mst_recver_look *look, struct mst_err *err)
{
	bool spoilt = false;
	const struct looking l = {mst_sqlstore_of(r), look, err, &spoilt};
	int rc = look_at_all(&l);

	/* That has been told, page by page. */
	if (rc == -MST_E_CORRUPT && spoilt) {
		mst_err_clear(err);
		rc = 0;
	}
	return rc;
}

int mst_sqlstore_adopt(struct mst_recver *r, const uint8_t seed[8],
		       struct mst_err *err)
{
	struct mst_db *db = &mst_sqlstore_of(r)->db;
	sqlite3_stmt *st;
	int64_t sets = 0;
	int rc = mst_db_number(db, "SELECT count(*) FROM sets", &sets, err);

	if (rc == 0 && sets)
		return mst_err_set(err, MST_E_INVALID,
				   "RecVer '%s' is not empty: it keeps its "
				   "seed",
				   db->path);
	if (rc == 0)
		rc = mst_db_stmt(db, Q_META_PUT, &st, err);
	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, "");
	mst_db_bind_text(st, 2, "seed");
	mst_db_bind_blob(st, 3, mst_slice((const char *)seed, 8));
	return mst_db_run(db, st, err);
}
