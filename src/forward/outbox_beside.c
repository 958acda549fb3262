/* SPDX-License-Identifier: Apache-2.0
 *
 * What the outbox keeps beside alerts: what came in and is none, how far
 * sources were polled, counts.
 */
#include "forward/outbox_private.h"

/* ---- not read ------------------------------------------------------------ */

static int put_unread(struct mst_outbox *o, const struct mst_outbox_unread *u,
		      int64_t now_us, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_UNREAD_PUT, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, now_us);
	mst_db_bind_text(st, 2, u->receiver);
	mst_db_bind_text(st, 3, u->peer);
	mst_db_bind_text(st, 4, u->why);
	mst_db_bind_blob(st, 5, u->body);
	return mst_db_run(&o->db, st, err);
}

int mst_outbox_unread_put(struct mst_outbox *o,
			  const struct mst_outbox_unread *v, size_t n,
			  int64_t now_us, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc;

	if (n == 0)
		return 0;
	rc = mst_outbox_begin(o, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = put_unread(o, &v[i], now_us, err);
	if (rc == 0)
		rc = mst_db_stmt(&o->db, Q_UNREAD_TRIM, &st, err);
	if (rc == 0) {
		mst_db_bind_int(st, 1, MST_OUTBOX_UNREAD);
		rc = mst_db_run(&o->db, st, err);
	}
	return mst_outbox_end(o, rc, err);
}

int mst_outbox_unread_page(struct mst_outbox *o, int64_t before, size_t limit,
			   int (*fn)(void *ctx,
				     const struct mst_outbox_unread *u),
			   void *ctx, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_UNREAD_PAGE, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, before);
	mst_db_bind_int(st, 2, (int64_t)limit);
	while ((rc = mst_db_step(&o->db, st, err)) > 0) {
		const struct mst_outbox_unread u = {
		    .id = mst_db_int(st, 0),
		    .at_us = mst_db_int(st, 1),
		    .receiver = mst_db_text(st, 2),
		    .peer = mst_db_text(st, 3),
		    .why = mst_db_text(st, 4),
		    .body = mst_db_blob(st, 5),
		};

		rc = fn(ctx, &u);
		if (rc != 0)
			break;
	}
	mst_db_reset(st);
	return rc;
}

/* ---- cursors ------------------------------------------------------------- */

int mst_outbox_cursor(struct mst_outbox *o, const char *source,
		      struct mst_outbox_cursor *c_r, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_CURSOR, &st, err);

	*c_r = (struct mst_outbox_cursor){MST_TIME_NONE, MST_TIME_NONE};
	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, source);
	rc = mst_db_step(&o->db, st, err);
	if (rc <= 0)
		return rc;
	c_r->until_us = mst_db_time(st, 0);
	c_r->wide_us = mst_db_time(st, 1);
	mst_db_reset(st);
	return 0;
}

int mst_outbox_cursor_put(struct mst_outbox *o, const char *source,
			  const struct mst_outbox_cursor *c,
			  struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_CURSOR_PUT, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, source);
	mst_db_bind_time(st, 2, c->until_us);
	mst_db_bind_time(st, 3, c->wide_us);
	return mst_db_run(&o->db, st, err);
}

/* ---- counts -------------------------------------------------------------- */

int mst_outbox_tally_add(struct mst_outbox *o, const struct mst_outbox_tally *v,
			 size_t n, struct mst_err *err)
{
	int rc;

	if (n == 0)
		return 0;
	rc = mst_outbox_begin(o, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct sqlite3_stmt *st;

		rc = mst_db_stmt(&o->db, Q_TALLY_ADD, &st, err);
		if (rc < 0)
			break;
		mst_db_bind_text(st, 1, v[i].door);
		mst_db_bind_text(st, 2, v[i].what);
		mst_db_bind_int(st, 3, (int64_t)v[i].n);
		rc = mst_db_run(&o->db, st, err);
	}
	return mst_outbox_end(o, rc, err);
}

int mst_outbox_tallies(struct mst_outbox *o,
		       void (*fn)(void *ctx, const struct mst_outbox_tally *t),
		       void *ctx, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_TALLIES, &st, err);

	if (rc < 0)
		return rc;
	while ((rc = mst_db_step(&o->db, st, err)) > 0) {
		const struct mst_outbox_tally t = {mst_db_text(st, 0),
						   mst_db_text(st, 1),
						   (uint64_t)mst_db_int(st, 2)};

		fn(ctx, &t);
	}
	return rc;
}
