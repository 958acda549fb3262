/* SPDX-License-Identifier: Apache-2.0
 *
 * Giving out deliveries, and what became of them.
 */
#include "forward/outbox_private.h"

#include <stdio.h>
#include <stdlib.h>

#define WHY_MAX 500 /* bytes that are kept of a reason */

static const char *const states[] = {
    [MST_DELIVERY_WAITING] = "waiting", [MST_DELIVERY_SENT] = "sent",
    [MST_DELIVERY_LATER] = "later",	[MST_DELIVERY_ASIDE] = "aside",
    [MST_DELIVERY_DONE] = "done",	[MST_DELIVERY_DROPPED] = "dropped",
};

static const char *const ops[] = {
    [MST_DELIVERY_OPEN] = "open",
    [MST_DELIVERY_UPDATE] = "update",
    [MST_DELIVERY_CLOSE] = "close",
};

const char *mst_delivery_state_name(enum mst_delivery_state s)
{
	return states[s];
}

const char *mst_delivery_op_name(enum mst_delivery_op op)
{
	return ops[op];
}

/* ---- giving out ---------------------------------------------------------- */

static void fill(struct mst_outbox *o, struct sqlite3_stmt *st,
		 struct mst_arena *arena, struct mst_delivery *d)
{
	*d = (struct mst_delivery){
	    .id = mst_db_int(st, 0),
	    .op = (enum mst_delivery_op)mst_db_int(st, 1),
	    .doubt = mst_db_int(st, 2) != 0,
	    .tries = mst_db_int(st, 3) + 1,
	    .rule =
		mst_arena_strdup(arena, mst_outbox_name(o, mst_db_int(st, 4))),
	    .accepted_us = mst_db_int(st, 5),
	    .source =
		mst_arena_strdup(arena, mst_outbox_name(o, mst_db_int(st, 6))),
	    .key = mst_arena_dup(arena, mst_db_blob(st, 7)),
	    .device = mst_arena_dup(arena, mst_db_blob(st, 8)),
	    .form = (enum mst_form)mst_db_int(st, 9),
	    .body = mst_arena_dup(arena, mst_db_blob(st, 10)),
	};
}

/* The far end's id, if an earlier delivery of the alert has brought one. */
static int find_remote(struct mst_outbox *o, int64_t action,
		       struct mst_arena *arena, struct mst_delivery *d,
		       struct mst_err *err)
{
	const struct mst_outbox_heard h =
	    mst_outbox_heard(action, mst_outbox_known(o, d->source), d->key);
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_SEEN, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_blob(st, 1, mst_outbox_heard_slice(&h));
	rc = mst_db_step(&o->db, st, err);
	if (rc < 0)
		return rc;
	d->remote = rc ? mst_arena_strdup(arena, mst_db_text(st, 3)) : "";
	if (rc)
		mst_db_reset(st);
	/* Opened meanwhile: one that was aside, and an update that went in
	 * front of it. And an update of what is not known to be open. */
	if (d->op == MST_DELIVERY_OPEN && *d->remote)
		d->op = MST_DELIVERY_UPDATE;
	else if (d->op != MST_DELIVERY_OPEN && !*d->remote)
		d->doubt = true;
	return 0;
}

static int mark(struct mst_outbox *o, int64_t id, int64_t now_us,
		struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_SENT, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, id);
	mst_db_bind_int(st, 2, now_us);
	return mst_db_run(&o->db, st, err);
}

/* ---- what became of them ------------------------------------------------- */

/* A delivery as it is stored. */
struct stored {
	int64_t id, state, turn, tries, action, lane;
	struct mst_outbox_heard heard;
};

static int load(struct mst_outbox *o, int64_t id, struct stored *s_r,
		struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_STATE, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, id);
	rc = mst_db_step(&o->db, st, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the forwarding outbox has no delivery %lld",
				   (long long)id);
	*s_r = (struct stored){
	    .id = id,
	    .state = mst_db_int(st, 0),
	    .turn = mst_db_int(st, 1),
	    .tries = mst_db_int(st, 2),
	    .action = mst_db_int(st, 3),
	    .lane = mst_db_int(st, 4),
	};
	s_r->heard = mst_outbox_heard(s_r->action, mst_db_int(st, 5),
				      mst_db_blob(st, 6));
	mst_db_reset(st);
	return 0;
}

/* The way on from here. */
struct change {
	enum mst_delivery_state state;
	bool turn, doubt;
	int64_t due_us;
	const char *remote, *why;
};

static int promote(struct mst_outbox *o, const struct stored *s, int64_t now_us,
		   struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_PROMOTE, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, s->action);
	mst_db_bind_int(st, 2, s->lane);
	mst_db_bind_int(st, 3, now_us);
	return mst_db_run(&o->db, st, err);
}

static int change(struct mst_outbox *o, const struct stored *s,
		  const struct change *c, int64_t now_us, struct mst_err *err)
{
	char why[WHY_MAX];
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_CHANGE, &st, err);

	if (rc < 0)
		return rc;
	(void)snprintf(why, sizeof(why), "%s", c->why ? c->why : "");
	mst_db_bind_int(st, 1, s->id);
	mst_db_bind_int(st, 2, c->state);
	mst_db_bind_int(st, 3, c->turn);
	mst_db_bind_int(st, 4, c->doubt);
	mst_db_bind_time(st, 5, c->due_us);
	mst_db_bind_int(st, 6, now_us);
	mst_db_bind_text(st, 7, c->remote);
	mst_db_bind_text(st, 8, why);
	rc = mst_db_run(&o->db, st, err);
	if (c->state >= MST_DELIVERY_DONE)
		o->open_by--;
	if (rc == 0 && s->turn && !c->turn)
		rc = promote(o, s, now_us, err);
	return rc;
}

static int keep_remote(struct mst_outbox *o, const struct stored *s,
		       const char *remote, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc;

	if (!remote || !*remote)
		return 0;
	rc = mst_db_stmt(&o->db, Q_SEEN_REMOTE, &st, err);
	if (rc < 0)
		return rc;
	mst_db_bind_blob(st, 1, mst_outbox_heard_slice(&s->heard));
	mst_db_bind_text(st, 2, remote);
	return mst_db_run(&o->db, st, err);
}

/* Twice as long each time; longer when the far end asks for it. */
static int64_t wait_us(const struct mst_outbox *o, const struct stored *s,
		       const struct mst_outbox_verdict *v)
{
	int64_t ms = o->conf.retry_first;

	for (int64_t i = 1; i < s->tries && ms < o->conf.retry_most; i++)
		ms *= 2;
	ms = MST_MIN(ms, o->conf.retry_most);
	/* It may ask for a day, not for ever. */
	return MST_MAX(ms, MST_MIN(v->retry_after_ms, INT64_C(86400000))) *
	       1000;
}

static struct change judge(const struct mst_outbox *o, const struct stored *s,
			   const struct mst_outbox_verdict *v, int64_t now_us)
{
	struct change c = {.remote = v->remote, .why = v->why};

	if (v->what == MST_DELIVERED_DONE) {
		c.state = MST_DELIVERY_DONE;
		c.due_us = MST_TIME_NONE;
		c.why = NULL;
		return c;
	}
	c.doubt = v->what == MST_DELIVERED_UNCERTAIN;
	/* What was aside once stays out of the order. */
	c.turn = s->turn && v->what != MST_DELIVERED_ASIDE;
	c.state = c.turn ? MST_DELIVERY_LATER : MST_DELIVERY_ASIDE;
	c.due_us =
	    now_us + (c.turn ? wait_us(o, s, v) : o->conf.aside_retry * 1000);
	return c;
}

static int give(struct mst_outbox *o, const struct mst_outbox_verdict *v,
		int64_t now_us, struct mst_err *err)
{
	struct stored s = {0};
	struct change c;
	int rc = load(o, v->id, &s, err);

	if (rc < 0)
		return rc;
	if (s.state != MST_DELIVERY_SENT)
		return mst_err_set(
		    err, MST_E_CONFLICT,
		    "delivery %lld of the forwarding outbox was not "
		    "taken, it is %s",
		    (long long)v->id, states[s.state]);
	c = judge(o, &s, v, now_us);
	rc = keep_remote(o, &s, v->remote, err);
	return rc < 0 ? rc : change(o, &s, &c, now_us, err);
}

int mst_outbox_verdicts(struct mst_outbox *o,
			const struct mst_outbox_verdict *v, size_t n,
			int64_t now_us, struct mst_err *err)
{
	int rc;

	if (n == 0)
		return 0;
	rc = mst_outbox_begin(o, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = give(o, &v[i], now_us, err);
	return mst_outbox_end(o, rc, err);
}

/* ---- giving out, without what was overtaken -------------------------------
 */

/* Was something said later of the same alert? What was set aside is out of its
 * lane, so that later ones went past it, or wait with it; each of them holds
 * the whole alert. One that was given up by hand says nothing. */
static int is_overtaken(struct mst_outbox *o, int64_t action,
			struct sqlite3_stmt *due, bool *is_r,
			struct mst_err *err)
{
	const struct mst_outbox_heard h =
	    mst_outbox_heard(action, mst_db_int(due, 6), mst_db_blob(due, 7));
	int64_t id = mst_db_int(due, 0);
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_OVERTAKEN, &st, err);

	*is_r = false;
	if (rc < 0)
		return rc;
	mst_db_bind_blob(st, 1, mst_outbox_heard_slice(&h));
	mst_db_bind_int(st, 2, id >> MST_ROUTE_BITS);
	mst_db_bind_int(st, 3, action);
	mst_db_bind_int(st, 4, id);
	rc = mst_db_step(&o->db, st, err);
	if (rc < 0)
		return rc;
	*is_r = rc > 0;
	if (rc)
		mst_db_reset(st);
	return 0;
}

static int overtake(struct mst_outbox *o, int64_t id, int64_t now_us,
		    struct mst_err *err)
{
	static const struct change gone = {
	    .state = MST_DELIVERY_DROPPED,
	    .due_us = MST_TIME_NONE,
	    .why = "overtaken: a later delivery of this alert says more"};
	struct stored s = {0};
	int rc = load(o, id, &s, err);

	return rc < 0 ? rc : change(o, &s, &gone, now_us, err);
}

static bool is_same_alert(const struct mst_delivery *a,
			  const struct mst_delivery *b)
{
	return mst_slice_eq(a->key, b->key) &&
	       strcmp(a->source, b->source) == 0;
}

/* Of one alert one in a turn, the one that came first: the next one is to know
 * what became of it. Only what was aside can meet another one here. */
static void hold_back(struct mst_delivery *d, size_t *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		size_t k = 0;

		while (k < kept && !is_same_alert(&d[k], &d[i]))
			k++;
		if (k == kept)
			d[kept++] = d[i];
		else if (d[i].id < d[k].id)
			d[k] = d[i];
	}
	*n = kept;
}

/* Numbers of what was overtaken. */
struct old {
	int64_t *v;
	size_t n, cap;
};

static void note_old(struct old *old, int64_t id)
{
	if (old->n == old->cap) {
		old->cap = old->cap ? old->cap * 2 : 16;
		old->v = mst_realloc(old->v, old->cap * sizeof(*old->v));
	}
	old->v[old->n++] = id;
}

static int read_due(struct mst_outbox *o, int64_t action, int64_t now_us,
		    size_t max, struct mst_arena *arena, struct mst_delivery *d,
		    size_t *n_r, struct old *old, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_DUE, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, action);
	mst_db_bind_int(st, 2, now_us);
	*n_r = 0;
	while ((rc = mst_db_step(&o->db, st, err)) > 0) {
		bool over = false;

		if (*n_r < max)
			rc = is_overtaken(o, action, st, &over, err);
		if (rc < 0 || *n_r == max) {
			mst_db_reset(st);
			break;
		}
		if (over)
			note_old(old, mst_db_int(st, 0));
		else
			fill(o, st, arena, &d[(*n_r)++]);
	}
	return MST_MIN(rc, 0);
}

/* What is due and still news. */
static int choose(struct mst_outbox *o, int64_t action, int64_t now_us,
		  size_t max, struct mst_arena *arena, struct mst_delivery *d,
		  size_t *n_r, struct mst_err *err)
{
	struct old old = {0};
	int rc = read_due(o, action, now_us, max, arena, d, n_r, &old, err);

	for (size_t i = 0; i < old.n && rc == 0; i++)
		rc = overtake(o, old.v[i], now_us, err);
	free(old.v);
	hold_back(d, n_r);
	return rc;
}

int mst_outbox_take(struct mst_outbox *o, const char *action, int64_t now_us,
		    size_t max, struct mst_arena *arena,
		    struct mst_delivery **d_r, size_t *n_r, struct mst_err *err)
{
	int64_t number = mst_outbox_known(o, action), due_us = MST_TIME_NONE;
	struct mst_delivery *d;
	size_t n = 0;
	int rc = number ? mst_outbox_due(o, action, &due_us, err) : 0;

	if (rc < 0)
		return rc;
	*n_r = 0;
	if (max == 0 || due_us == MST_TIME_NONE || due_us > now_us)
		return 0;
	d = mst_arena_alloc(arena, max * sizeof(*d));
	rc = mst_outbox_begin(o, err);
	if (rc < 0)
		return rc;
	rc = choose(o, number, now_us, max, arena, d, &n, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = find_remote(o, number, arena, &d[i], err);
		if (rc == 0)
			rc = mark(o, d[i].id, now_us, err);
	}
	rc = mst_outbox_end(o, rc, err);
	if (rc == 0) {
		*d_r = d;
		*n_r = n;
	}
	return rc;
}

/* ---- clocks and hands ---------------------------------------------------- */

int mst_outbox_due(struct mst_outbox *o, const char *action, int64_t *due_us_r,
		   struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_NEXT_DUE, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, mst_outbox_known(o, action));
	rc = mst_db_step(&o->db, st, err);
	if (rc < 0)
		return rc;
	*due_us_r = rc ? mst_db_time(st, 0) : MST_TIME_NONE;
	mst_db_reset(st);
	return 0;
}

int mst_outbox_retry(struct mst_outbox *o, int64_t id, int64_t now_us,
		     struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_RETRY, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, id);
	mst_db_bind_int(st, 2, now_us);
	rc = mst_db_run(&o->db, st, err);
	if (rc < 0 || mst_db_changes(&o->db) > 0)
		return rc;
	return mst_err_set(err, MST_E_NOTFOUND,
			   "the forwarding outbox has no delivery %lld that is "
			   "aside or waits for its time",
			   (long long)id);
}

static int drop(struct mst_outbox *o, int64_t id, int64_t now_us,
		struct mst_err *err)
{
	static const struct change gone = {.state = MST_DELIVERY_DROPPED,
					   .due_us = MST_TIME_NONE,
					   .why = "given up by hand"};
	struct stored s = {0};
	int rc = load(o, id, &s, err);

	if (rc < 0)
		return rc;
	if (s.state == MST_DELIVERY_SENT || s.state >= MST_DELIVERY_DONE)
		return mst_err_set(
		    err, MST_E_CONFLICT,
		    "delivery %lld of the forwarding outbox cannot "
		    "be given up, it is %s",
		    (long long)id, states[s.state]);
	return change(o, &s, &gone, now_us, err);
}

int mst_outbox_drop(struct mst_outbox *o, int64_t id, int64_t now_us,
		    struct mst_err *err)
{
	int rc = mst_outbox_begin(o, err);

	if (rc < 0)
		return rc;
	return mst_outbox_end(o, drop(o, id, now_us, err), err);
}
