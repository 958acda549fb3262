/* SPDX-License-Identifier: Apache-2.0
 *
 * What is owed, in the outbox's database.
 */
#include "forward/owed.h"

#include <stdio.h>

#include "forward/outbox_private.h"

#define KEPT_US	  (INT64_C(180) * 86400 * 1000000) /* what is settled */
#define FIRST_US  INT64_C(5000000)
#define MOST_US	  INT64_C(900000000)
#define TRIES_MAX 30 /* of doubling */
#define WHY_MAX	  480

const char *mst_owed_state_name(enum mst_owed_state s)
{
	static const char *const names[] = {
	    [MST_OWED_WAITS] = "waits",
	    [MST_OWED_DONE] = "done",
	    [MST_OWED_NEVER] = "never",
	};

	return names[s];
}

static int forget_old(struct mst_outbox *o, int64_t now_us, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_OWED_OLD, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, now_us - KEPT_US);
	return mst_db_run(&o->db, st, err);
}

/* 1: it is new. */
static int put_one(struct mst_outbox *o, const char *action, const char *source,
		   struct mst_slice key, int64_t now_us, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_OWED_HAS, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, action);
	mst_db_bind_text(st, 2, source);
	mst_db_bind_blob(st, 3, key);
	rc = mst_db_step(&o->db, st, err);
	if (rc > 0)
		mst_db_reset(st);
	if (rc != 0)
		return MST_MIN(rc, 0);
	rc = mst_db_stmt(&o->db, Q_OWED_PUT, &st, err);
	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, action);
	mst_db_bind_text(st, 2, source);
	mst_db_bind_blob(st, 3, key);
	mst_db_bind_int(st, 4, now_us);
	rc = mst_db_run(&o->db, st, err);
	return rc < 0 ? rc : 1;
}

int mst_owed_put(struct mst_outbox *o, const char *action, const char *source,
		 const struct mst_slice *keys, size_t n, int64_t now_us,
		 size_t *new_r, struct mst_err *err)
{
	int rc = mst_outbox_begin(o, err);

	*new_r = 0;
	if (rc < 0)
		return rc;
	rc = forget_old(o, now_us, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = put_one(o, action, source, keys[i], now_us, err);
		*new_r += rc > 0;
		rc = MST_MIN(rc, 0);
	}
	return mst_outbox_end(o, rc, err);
}

static void fill(struct sqlite3_stmt *st, struct mst_owed *v)
{
	*v = (struct mst_owed){
	    .id = mst_db_int(st, 0),
	    .action = mst_db_text(st, 1),
	    .source = mst_db_text(st, 2),
	    .key = mst_db_blob(st, 3),
	    .state = (enum mst_owed_state)mst_db_int(st, 4),
	    .tries = mst_db_int(st, 5),
	    .at_us = mst_db_int(st, 6),
	    .due_us = mst_db_time(st, 7),
	    .why = mst_db_text(st, 8),
	};
}

int mst_owed_due(struct mst_outbox *o, const char *action, const char *source,
		 int64_t now_us, size_t max, struct mst_arena *arena,
		 struct mst_owed **v_r, size_t *n_r, struct mst_err *err)
{
	struct mst_owed *v = mst_arena_alloc(arena, max * sizeof(*v));
	struct sqlite3_stmt *st;
	size_t n = 0;
	int rc = mst_db_stmt(&o->db, Q_OWED_DUE, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, action);
	mst_db_bind_text(st, 2, source);
	mst_db_bind_int(st, 3, now_us);
	mst_db_bind_int(st, 4, (int64_t)max);
	while ((rc = mst_db_step(&o->db, st, err)) > 0) {
		fill(st, &v[n]);
		v[n].action = mst_arena_strdup(arena, v[n].action);
		v[n].source = mst_arena_strdup(arena, v[n].source);
		v[n].key = mst_arena_dup(arena, v[n].key);
		v[n].why = mst_arena_strdup(arena, v[n].why);
		n++;
	}
	*v_r = v;
	*n_r = n;
	return rc;
}

int mst_owed_settle(struct mst_outbox *o, const struct mst_owed *owed,
		    enum mst_owed_state state, const char *why, int64_t now_us,
		    struct mst_err *err)
{
	int64_t wait_us = FIRST_US, due_us = MST_TIME_NONE;
	struct sqlite3_stmt *st;
	char text[WHY_MAX];
	int rc = mst_outbox_begin(o, err);

	if (rc < 0)
		return rc;
	for (int64_t i = 0;
	     i < MST_MIN(owed->tries, (int64_t)TRIES_MAX) && wait_us < MOST_US;
	     i++)
		wait_us *= 2;
	if (state == MST_OWED_WAITS)
		due_us = now_us + MST_MIN(wait_us, MOST_US);
	(void)snprintf(text, sizeof(text), "%s", why ? why : "");
	rc = mst_db_stmt(&o->db, Q_OWED_SETTLE, &st, err);
	if (rc == 0) {
		mst_db_bind_int(st, 1, owed->id);
		mst_db_bind_int(st, 2, state);
		mst_db_bind_time(st, 3, due_us);
		mst_db_bind_int(st, 4, now_us);
		mst_db_bind_text(st, 5, text);
		rc = mst_db_run(&o->db, st, err);
	}
	return mst_outbox_end(o, rc, err);
}

int mst_owed_page(struct mst_outbox *o, int64_t before, size_t limit,
		  int (*fn)(void *ctx, const struct mst_owed *owed), void *ctx,
		  struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_OWED_PAGE, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, before);
	mst_db_bind_int(st, 2, (int64_t)limit);
	while ((rc = mst_db_step(&o->db, st, err)) > 0) {
		struct mst_owed v;

		fill(st, &v);
		rc = fn(ctx, &v);
		if (rc != 0) {
			mst_db_reset(st);
			return rc;
		}
	}
	return rc;
}
