/* SPDX-License-Identifier: Apache-2.0
 *
 * Accepting alerts: what each action has heard of them decides what is stored.
 */
#include "base/hash.h"
#include "forward/outbox_private.h"

/* One alert on its way into the tables. */
struct entry {
	struct mst_outbox *o;
	struct mst_outbox_alert *a;
	int64_t seq, source, lane, now_us;
	unsigned stored; /* deliveries */
	bool is_more;
};

/* What an action has heard. */
struct heard {
	struct mst_outbox_heard key;
	int64_t action;
	bool before;
	int64_t digest, lane, at_us;
};

static int put_alert(struct entry *e, struct mst_err *err)
{
	const struct mst_outbox_alert *a = e->a;
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&e->o->db, Q_ALERT_PUT, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, e->seq);
	mst_db_bind_int(st, 2, e->now_us);
	mst_db_bind_int(st, 3, e->source);
	mst_db_bind_blob(st, 4, a->key);
	mst_db_bind_blob(st, 5, a->device);
	mst_db_bind_int(st, 6, a->form);
	mst_db_bind_blob(st, 7, a->body);
	return mst_db_run(&e->o->db, st, err);
}

static int look(struct entry *e, const char *action, struct heard *h,
		struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc;

	*h = (struct heard){0};
	rc = mst_outbox_number(e->o, action, &h->action, err);
	if (rc == 0)
		rc = mst_db_stmt(&e->o->db, Q_SEEN, &st, err);
	if (rc < 0)
		return rc;
	h->key = mst_outbox_heard(h->action, e->source, e->a->key);
	mst_db_bind_blob(st, 1, mst_outbox_heard_slice(&h->key));
	rc = mst_db_step(&e->o->db, st, err);
	if (rc <= 0)
		return rc;
	h->before = true;
	h->digest = mst_db_int(st, 0);
	h->lane = mst_db_int(st, 1);
	h->at_us = mst_db_int(st, 2);
	mst_db_reset(st);
	return 0;
}

static int remember(struct entry *e, const struct heard *h, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&e->o->db, h->before ? Q_SEEN_MORE : Q_SEEN_PUT,
			     &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_blob(st, 1, mst_outbox_heard_slice(&h->key));
	mst_db_bind_int(st, 2, e->seq);
	mst_db_bind_int(st, 3, (int64_t)e->a->digest);
	mst_db_bind_int(st, 4, h->before ? e->now_us : h->lane);
	if (!h->before)
		mst_db_bind_int(st, 5, e->now_us);
	return mst_db_run(&e->o->db, st, err);
}

/* Polling shows an alert for as long as the sensor keeps it, so that its memory
 * must not run out meanwhile; not a write for every look, though. */
static int touch(struct entry *e, const struct heard *h, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc;

	if (e->now_us - h->at_us < e->o->conf.keep * 1000 / 4)
		return 0;
	rc = mst_db_stmt(&e->o->db, Q_SEEN_TOUCH, &st, err);
	if (rc < 0)
		return rc;
	mst_db_bind_blob(st, 1, mst_outbox_heard_slice(&h->key));
	mst_db_bind_int(st, 2, e->now_us);
	return mst_db_run(&e->o->db, st, err);
}

static int in_turn(struct entry *e, int64_t action, int64_t lane, bool *is_r,
		   struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&e->o->db, Q_IN_TURN, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, action);
	mst_db_bind_int(st, 2, lane);
	rc = mst_db_step(&e->o->db, st, err);
	if (rc < 0)
		return rc;
	*is_r = rc > 0;
	mst_db_reset(st);
	return 0;
}

static int put_delivery(struct entry *e, const struct mst_route *r,
			const struct heard *h, enum mst_delivery_op op,
			struct mst_err *err)
{
	struct mst_outbox *o = e->o;
	int64_t rule;
	struct sqlite3_stmt *st;
	bool behind = false;
	int rc = mst_outbox_number(o, r->rule, &rule, err);

	if (rc == 0)
		rc = in_turn(e, h->action, h->lane, &behind, err);
	if (rc == 0)
		rc = mst_db_stmt(&o->db, Q_DELIVERY_PUT, &st, err);
	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, (e->seq << MST_ROUTE_BITS) | e->stored);
	mst_db_bind_int(st, 2, rule);
	mst_db_bind_int(st, 3, h->action);
	mst_db_bind_int(st, 4, h->lane);
	mst_db_bind_int(st, 5, op);
	mst_db_bind_time(st, 6, behind ? MST_TIME_NONE : e->now_us);
	mst_db_bind_int(st, 7, e->now_us);
	rc = mst_db_run(&o->db, st, err);
	if (rc == 0) {
		e->stored++;
		o->open_by++;
	}
	return rc;
}

/* known: only when the action has heard of the alert. */
static int accept_route(struct entry *e, const struct mst_route *r, bool known,
			struct mst_err *err)
{
	bool ends = e->a->handled && r->close_handled;
	enum mst_delivery_op op = MST_DELIVERY_OPEN;
	struct heard h;
	int rc;

	/* Looking for what nobody has used would make its name. */
	if (known && !mst_outbox_known(e->o, r->action))
		return 0;
	rc = look(e, r->action, &h, err);
	if (rc < 0 || (known && !h.before))
		return rc;
	if (h.before && h.digest == (int64_t)e->a->digest)
		return touch(e, &h, err);
	/* Nobody opens what is handled already. */
	if (!h.before && ends)
		return 0;
	if (h.before)
		op = ends ? MST_DELIVERY_CLOSE : MST_DELIVERY_UPDATE;
	else
		h.lane = e->lane;
	e->is_more = e->is_more || h.before;
	if (e->stored == 0)
		rc = put_alert(e, err);
	if (rc == 0)
		rc = remember(e, &h, err);
	if (rc == 0)
		rc = put_delivery(e, r, &h, op, err);
	return rc;
}

static bool repeats(const struct mst_outbox_alert *a, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (strcmp(a->routes[k].action, a->routes[i].action) == 0)
			return true;
	}
	return false;
}

static int accept_one(struct mst_outbox *o, struct mst_outbox_alert *a,
		      int64_t *seq, int64_t now_us, struct mst_err *err)
{
	struct entry e = {
	    .o = o,
	    .a = a,
	    .seq = *seq + 1,
	    .lane = (int64_t)mst_hash64(
		a->device.p, a->device.n,
		mst_hash64(a->source, strlen(a->source), 0)),
	    .now_us = now_us,
	};
	int rc;

	if (a->routes_n > MST_OUTBOX_ROUTES)
		return mst_err_set(err, MST_E_INVALID,
				   "an alert has %zu actions, the most is %d: "
				   "let fewer rules take it",
				   a->routes_n, MST_OUTBOX_ROUTES);
	a->accepted = MST_ACCEPTED_NOTHING;
	if (a->known_n == a->routes_n && !mst_outbox_known(o, a->source))
		return 0;
	rc = mst_outbox_number(o, a->source, &e.source, err);
	for (size_t i = 0; i < a->routes_n && rc == 0; i++) {
		if (!repeats(a, i))
			rc = accept_route(&e, &a->routes[i],
					  i >= a->routes_n - a->known_n, err);
	}
	if (rc < 0)
		return rc;
	if (e.stored)
		*seq = e.seq;
	a->accepted = e.stored == 0 ? MST_ACCEPTED_NOTHING
		      : e.is_more   ? MST_ACCEPTED_MORE
				    : MST_ACCEPTED_NEW;
	return 0;
}

int mst_outbox_accept(struct mst_outbox *o, struct mst_outbox_alert *a,
		      size_t n, int64_t now_us, struct mst_err *err)
{
	int64_t seq = o->last_seq;
	int rc;

	if (n == 0)
		return 0;
	rc = mst_outbox_begin(o, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = accept_one(o, &a[i], &seq, now_us, err);
	if (rc == 0 && o->open_by > 0 && o->open_n + o->open_by > o->conf.max)
		rc = mst_err_set(err, MST_E_THROTTLED,
				 "the forwarding outbox '%s' is full: %lld "
				 "deliveries wait, outbox.max is %lld; see "
				 "why they cannot be delivered, or raise it",
				 o->db.path, (long long)o->open_n,
				 (long long)o->conf.max);
	rc = mst_outbox_end(o, rc, err);
	if (rc == 0)
		o->last_seq = seq;
	return rc;
}
