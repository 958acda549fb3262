/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at the outbox, and removing what is old.
 */
#include "forward/outbox_private.h"

/* ---- counts -------------------------------------------------------------- */

static void add(struct mst_outbox_stats *to, int64_t state, int64_t n,
		int64_t oldest_us)
{
	to->n[state] += (uint64_t)n;
	if (state != MST_DELIVERY_ASIDE &&
	    (to->oldest_us == MST_TIME_NONE || oldest_us < to->oldest_us))
		to->oldest_us = oldest_us;
}

int mst_outbox_stats(struct mst_outbox *o,
		     void (*fn)(void *ctx, const char *action,
				const struct mst_outbox_stats *s),
		     void *ctx, struct mst_err *err)
{
	static const struct mst_outbox_stats none = {.oldest_us =
							 MST_TIME_NONE};
	struct mst_outbox_stats all = none, one = none;
	char *action MST_CLEANUP(mst_freep) = NULL;
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_STATS, &st, err);

	if (rc < 0)
		return rc;
	while ((rc = mst_db_step(&o->db, st, err)) > 0) {
		const char *name = mst_db_text(st, 0);

		if (!action || strcmp(action, name) != 0) {
			if (action)
				fn(ctx, action, &one);
			one = none;
			mst_freep(&action);
			action = mst_strdup(name);
		}
		add(&one, mst_db_int(st, 1), mst_db_int(st, 2),
		    mst_db_int(st, 3));
		add(&all, mst_db_int(st, 1), mst_db_int(st, 2),
		    mst_db_int(st, 3));
	}
	if (rc < 0)
		return rc;
	if (action)
		fn(ctx, action, &one);
	fn(ctx, NULL, &all);
	return 0;
}

/* ---- pages --------------------------------------------------------------- */

static struct mst_outbox_row row_of(struct mst_outbox *o,
				    struct sqlite3_stmt *st)
{
	return (struct mst_outbox_row){
	    .id = mst_db_int(st, 0),
	    .op = (enum mst_delivery_op)mst_db_int(st, 1),
	    .state = (enum mst_delivery_state)mst_db_int(st, 2),
	    .doubt = mst_db_int(st, 3) != 0,
	    .tries = mst_db_int(st, 4),
	    .accepted_us = mst_db_int(st, 5),
	    .changed_us = mst_db_int(st, 6),
	    .due_us = mst_db_time(st, 7),
	    .rule = mst_outbox_name(o, mst_db_int(st, 8)),
	    .action = mst_outbox_name(o, mst_db_int(st, 9)),
	    .source = mst_outbox_name(o, mst_db_int(st, 10)),
	    .remote = mst_db_text(st, 11),
	    .why = mst_db_text(st, 12),
	    .key = mst_db_blob(st, 13),
	    .device = mst_db_blob(st, 14),
	};
}

int mst_outbox_page(struct mst_outbox *o, const struct mst_outbox_filter *f,
		    int (*fn)(void *ctx, const struct mst_outbox_row *row),
		    void *ctx, struct mst_err *err)
{
	bool is_open = f->state >= 0 && f->state < MST_DELIVERY_DONE;
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, is_open ? Q_PAGE_STATE : Q_PAGE, &st, err);

	if (rc < 0)
		return rc;
	if (f->action)
		mst_db_bind_int(st, 1, mst_outbox_known(o, f->action));
	mst_db_bind_int(st, 2, f->state);
	mst_db_bind_int(st, 3, f->before);
	mst_db_bind_int(st, 4, (int64_t)f->limit);
	while ((rc = mst_db_step(&o->db, st, err)) > 0) {
		const struct mst_outbox_row row = row_of(o, st);

		rc = fn(ctx, &row);
		if (rc != 0) {
			mst_db_reset(st);
			return rc;
		}
	}
	return rc;
}

int mst_outbox_newest(struct mst_outbox *o, const char *action,
		      const char *source, struct mst_slice key,
		      struct mst_arena *arena, enum mst_form *form_r,
		      struct mst_slice *body_r, struct mst_err *err)
{
	const struct mst_outbox_heard h = mst_outbox_heard(
	    mst_outbox_known(o, action), mst_outbox_known(o, source), key);
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_NEWEST, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_blob(st, 1, mst_outbox_heard_slice(&h));
	rc = mst_db_step(&o->db, st, err);
	if (rc <= 0)
		return rc;
	*form_r = (enum mst_form)mst_db_int(st, 0);
	*body_r = mst_arena_dup(arena, mst_db_blob(st, 1));
	mst_db_reset(st);
	return 0;
}

int mst_outbox_body(struct mst_outbox *o, int64_t id, enum mst_form *form_r,
		    struct mst_buf *body, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_BODY, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, id >> MST_ROUTE_BITS);
	rc = mst_db_step(&o->db, st, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the forwarding outbox has no delivery %lld",
				   (long long)id);
	*form_r = (enum mst_form)mst_db_int(st, 0);
	rc = mst_buf_add_slice(body, mst_db_blob(st, 1))
		 ? 0
		 : mst_err_set(err, MST_E_INVALID,
			       "the alert of delivery %lld is longer than "
			       "%zu bytes",
			       (long long)id, body->max);
	mst_db_reset(st);
	return rc;
}

/* ---- cleaning ------------------------------------------------------------ */

/* One statement about one alert. */
static int about(struct mst_outbox *o, unsigned q, int64_t v, int64_t cut_us,
		 struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, v);
	if (q == Q_HAS_OPEN)
		mst_db_bind_int(st, 2, cut_us);
	rc = mst_db_step(&o->db, st, err);
	if (rc > 0)
		mst_db_reset(st);
	return rc;
}

static int clean_alert(struct mst_outbox *o, int64_t seq, int64_t cut_us,
		       struct mst_err *err)
{
	int rc = about(o, Q_HAS_OPEN, seq << MST_ROUTE_BITS, cut_us, err);

	if (rc != 0)
		return MST_MIN(rc, 0);
	rc = about(o, Q_DELIVERY_DEL, seq << MST_ROUTE_BITS, 0, err);
	return rc < 0 ? rc : about(o, Q_ALERT_DEL, seq, 0, err);
}

/* Alerts in order of their numbers, until one is young. */
static int clean_alerts(struct mst_outbox *o, int64_t cut_us, size_t max,
			bool *more_r, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	size_t n = 0;
	int rc = mst_db_stmt(&o->db, Q_OLD, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, o->clean_seq);
	mst_db_bind_int(st, 2, (int64_t)max);
	while ((rc = mst_db_step(&o->db, st, err)) > 0) {
		int64_t seq = mst_db_int(st, 0);

		if (mst_db_int(st, 1) >= cut_us) {
			mst_db_reset(st);
			rc = 0;
			break;
		}
		n++;
		o->clean_seq = seq;
		rc = clean_alert(o, seq, cut_us, err);
		if (rc < 0) {
			mst_db_reset(st);
			return rc;
		}
	}
	/* From the start next time: what waited then may be done. */
	*more_r = n == max;
	if (!*more_r)
		o->clean_seq = 0;
	return rc;
}

static int forget(struct mst_outbox *o, struct mst_slice heard,
		  struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_SEEN_DEL, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_blob(st, 1, heard);
	return mst_db_run(&o->db, st, err);
}

/* What is remembered of alerts that are gone, all of it in turn. */
static int clean_seen(struct mst_outbox *o, int64_t cut_us, size_t max,
		      struct mst_err *err)
{
	const struct mst_outbox_heard from = o->clean_heard;
	struct sqlite3_stmt *st;
	size_t n = 0;
	int rc = mst_db_stmt(&o->db, Q_SEEN_OLD, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_blob(st, 1, mst_outbox_heard_slice(&from));
	mst_db_bind_int(st, 2, cut_us);
	mst_db_bind_int(st, 3, (int64_t)max);
	while ((rc = mst_db_step(&o->db, st, err)) > 0) {
		struct mst_slice heard = mst_db_blob(st, 0);

		n++;
		o->clean_heard.n = MST_MIN(heard.n, sizeof(from.b));
		memcpy(o->clean_heard.b, heard.p, o->clean_heard.n);
		rc = mst_db_int(st, 1) ? forget(o, heard, err) : 0;
		if (rc < 0) {
			mst_db_reset(st);
			return rc;
		}
	}
	if (n < max)
		o->clean_heard.n = 0;
	return rc;
}

static int recount(struct mst_outbox *o, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_OPEN_COUNT, &st, err);

	if (rc == 0)
		rc = mst_db_step(&o->db, st, err);
	if (rc > 0) {
		o->open_n = mst_db_int(st, 0);
		mst_db_reset(st);
	}
	return MST_MIN(rc, 0);
}

int mst_outbox_clean(struct mst_outbox *o, int64_t now_us, size_t max,
		     bool *more_r, struct mst_err *err)
{
	int64_t cut_us = now_us - o->conf.keep * 1000;
	bool more = false;
	int rc = mst_outbox_begin(o, err);

	if (rc < 0)
		return rc;
	rc = clean_alerts(o, cut_us, max, &more, err);
	if (rc == 0)
		rc = clean_seen(o, cut_us, max, err);
	rc = mst_outbox_end(o, rc, err);
	if (rc < 0)
		return rc;
	*more_r = more;
	/* Others may have given up some by hand. */
	return recount(o, err);
}
