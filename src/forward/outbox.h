/* SPDX-License-Identifier: Apache-2.0
 *
 * The outbox: alerts that were accepted, on disk, until each of their
 * deliveries (one an action) is done. A SQLite file with one owner; others may
 * look. Everything that returns 0 is committed and synced: it is there after
 * kill -9 and after a power cut.
 *
 *            take              verdict
 *  WAITING ───────▶ SENT ───┬─ DONE ──────▶ DONE
 *     ▲              ▲      ├─ LATER ─────▶ LATER ──(its time comes)──▶ taken
 *   accept           │      ├─ UNCERTAIN ─▶ LATER, in doubt
 *                    │      └─ ASIDE ─────▶ ASIDE ──(aside_retry)─────▶ taken
 *                    └── the program died: LATER, in doubt
 *
 * Order: of the deliveries of one device to one action only the first is given
 * out; those behind wait until it is done or aside. One that was set aside is
 * out of this order; when something was said later of its alert meanwhile it is
 * overtaken, and dropped when its time comes.
 *
 * Times are the caller's clock, in microseconds.
 */
#ifndef MST_FORWARD_OUTBOX_H
#define MST_FORWARD_OUTBOX_H

#include "alert/form.h"
#include "conf/conf.h"

#define MST_OUTBOX_ROUTES 16 /* of one alert */

struct mst_outbox;

/* Times in milliseconds, as the option table has them. */
struct mst_outbox_conf {
	int64_t max; /* deliveries that are not done */
	int64_t keep, aside_retry, retry_first, retry_most;
};

extern const struct mst_opt mst_outbox_opts[];

enum mst_outbox_mode {
	MST_OUTBOX_OWN, /* makes the file; takes up what a dead owner left */
	MST_OUTBOX_LOOK /* reads; retry and drop, nothing else */
};

/* MST_E_CONFLICT: another process owns it. MST_E_NOTFOUND: there is none to
 * look at. MST_E_CORRUPT, MST_E_UNSUPPORTED (a newer muster's), MST_E_IO (full
 * disk): one line that says what to do. */
int mst_outbox_open(const char *path, enum mst_outbox_mode mode,
		    const struct mst_outbox_conf *conf, int64_t now_us,
		    struct mst_outbox **o_r, struct mst_err *err);
void mst_outbox_close(struct mst_outbox **o);
/* Other options from now on. */
void mst_outbox_reconf(struct mst_outbox *o,
		       const struct mst_outbox_conf *conf);

/* ---- accepting ----------------------------------------------------------- */

struct mst_route {
	const char *rule;
	const char *action;
	bool close_handled; /* of the rule */
};

enum mst_accepted {
	MST_ACCEPTED_NEW,
	/* Said before to at least one of its actions, now otherwise. */
	MST_ACCEPTED_MORE,
	/* Said before to all of its actions; or handled before any of them
	 * heard of it. Nothing is stored. */
	MST_ACCEPTED_NOTHING
};

/* Texts are borrowed for the call. */
struct mst_outbox_alert {
	const char *source;	 /* connection that it came from */
	struct mst_slice key;	 /* mst_alert_key */
	struct mst_slice device; /* mst_alert_device */
	enum mst_form form;
	struct mst_slice body; /* as received, without syslog's header */
	uint64_t digest;       /* mst_alert_digest */
	bool handled;
	const struct mst_route *routes; /* of several with one action the
					 * first counts */
	size_t routes_n;
	size_t known_n; /* the last of them: no rule takes the alert for
			 * these actions, those that have heard of it are told
			 * all the same */
	enum mst_accepted accepted; /* out */
};

/* All of them in one transaction, or none. MST_E_THROTTLED: there is no room
 * (mst_outbox_room); MST_E_IO: the disk is full. */
int mst_outbox_accept(struct mst_outbox *o, struct mst_outbox_alert *a,
		      size_t n, int64_t now_us, struct mst_err *err);
/* Deliveries that still fit; receivers stop reading before it is 0. */
size_t mst_outbox_room(const struct mst_outbox *o);

/* ---- delivering ---------------------------------------------------------- */

enum mst_delivery_op {
	MST_DELIVERY_OPEN,   /* the action has not heard of the alert */
	MST_DELIVERY_UPDATE, /* it says something new */
	MST_DELIVERY_CLOSE   /* it was handled at its source */
};

enum mst_delivery_state {
	MST_DELIVERY_WAITING,
	MST_DELIVERY_SENT,
	MST_DELIVERY_LATER,
	MST_DELIVERY_ASIDE,
	MST_DELIVERY_DONE,
	MST_DELIVERY_DROPPED, /* by hand, or overtaken */
	MST_DELIVERY__MAX
};

struct mst_delivery {
	int64_t id;
	enum mst_delivery_op op;
	/* Somebody may have delivered it, or what it updates: look it up by
	 * its correlation id before anything is made. */
	bool doubt;
	int64_t tries; /* this one counts */
	int64_t accepted_us;
	const char *rule, *source;
	struct mst_slice key, device, body;
	enum mst_form form;
	const char *remote; /* what it updates; "": not known */
};

/* The next deliveries of an action that are due, at most max, each marked as
 * sent before this returns; of one alert one. Texts live in arena. Each wants a
 * verdict. */
int mst_outbox_take(struct mst_outbox *o, const char *action, int64_t now_us,
		    size_t max, struct mst_arena *arena,
		    struct mst_delivery **d_r, size_t *n_r,
		    struct mst_err *err);

enum mst_delivered {
	MST_DELIVERED_DONE,
	/* it did not happen; what was in doubt before still is */
	MST_DELIVERED_LATER,
	MST_DELIVERED_UNCERTAIN, /* it may have */
	MST_DELIVERED_ASIDE	 /* refused for good */
};

struct mst_outbox_verdict {
	int64_t id;
	enum mst_delivered what;
	const char *remote;	/* DONE: its id there; or NULL */
	const char *why;	/* else: in a line */
	int64_t retry_after_ms; /* what the far end asked for; 0: nothing */
};

/* All in one transaction. Each must have been taken (MST_E_CONFLICT). */
int mst_outbox_verdicts(struct mst_outbox *o,
			const struct mst_outbox_verdict *v, size_t n,
			int64_t now_us, struct mst_err *err);
/* When something of the action is due; MST_TIME_NONE: nothing is. */
int mst_outbox_due(struct mst_outbox *o, const char *action, int64_t *due_us_r,
		   struct mst_err *err);
/* By hand: one that is aside, or waits for its time, is due now.
 * MST_E_NOTFOUND: there is none such. */
int mst_outbox_retry(struct mst_outbox *o, int64_t id, int64_t now_us,
		     struct mst_err *err);
/* By hand: gives up one that is not done and not on its way. */
int mst_outbox_drop(struct mst_outbox *o, int64_t id, int64_t now_us,
		    struct mst_err *err);
/* Removes what has been done for longer than `keep`, about max rows a call.
 * *more_r: there may be more. */
int mst_outbox_clean(struct mst_outbox *o, int64_t now_us, size_t max,
		     bool *more_r, struct mst_err *err);

/* ---- looking ------------------------------------------------------------- */

struct mst_outbox_stats {
	uint64_t n[MST_DELIVERY_DONE]; /* by state */
	int64_t oldest_us; /* accepted; of those that are not aside */
};

/* Calls fn for each action that has deliveries that are not done, by name;
 * action NULL at the end: all. */
int mst_outbox_stats(struct mst_outbox *o,
		     void (*fn)(void *ctx, const char *action,
				const struct mst_outbox_stats *s),
		     void *ctx, struct mst_err *err);

struct mst_outbox_filter {
	const char *action; /* NULL: all */
	int state;	    /* -1: all */
	int64_t before;	    /* ids below; 0: the newest */
	size_t limit;
};

/* Lent for the call. */
struct mst_outbox_row {
	int64_t id;
	enum mst_delivery_op op;
	enum mst_delivery_state state;
	bool doubt;
	int64_t tries, accepted_us, changed_us;
	int64_t due_us; /* or MST_TIME_NONE */
	const char *rule, *action, *source, *remote, *why;
	struct mst_slice key, device;
};

/* A page, the newest first; the next one is before the last id. fn's non-zero
 * return ends it and is returned. */
int mst_outbox_page(struct mst_outbox *o, const struct mst_outbox_filter *f,
		    int (*fn)(void *ctx, const struct mst_outbox_row *row),
		    void *ctx, struct mst_err *err);
/* Appends the alert of a delivery as it was received. */
int mst_outbox_body(struct mst_outbox *o, int64_t id, enum mst_form *form_r,
		    struct mst_buf *body, struct mst_err *err);

/* What an action has heard last of an alert, in arena. *form_r and *body_r stay
 * as they are when it has not, or when that is not kept any more. */
int mst_outbox_newest(struct mst_outbox *o, const char *action,
		      const char *source, struct mst_slice key,
		      struct mst_arena *arena, enum mst_form *form_r,
		      struct mst_slice *body_r, struct mst_err *err);

/* ---- beside: what came in and is no alert, cursors, counts --------------- */

#define MST_OUTBOX_UNREAD 2000 /* kept; the oldest go */

/* What a receiver got and cannot read, as it came. Lent for the call. */
struct mst_outbox_unread {
	int64_t id, at_us;    /* by reads */
	const char *receiver; /* or the connection that was polled */
	const char *peer;     /* address, or "" */
	const char *why;
	struct mst_slice body;
};

/* All in one transaction, committed and synced as alerts are. */
int mst_outbox_unread_put(struct mst_outbox *o,
			  const struct mst_outbox_unread *v, size_t n,
			  int64_t now_us, struct mst_err *err);
/* The newest first, ids below before (0: all). fn's non-zero return ends it and
 * is returned. */
int mst_outbox_unread_page(struct mst_outbox *o, int64_t before, size_t limit,
			   int (*fn)(void *ctx,
				     const struct mst_outbox_unread *u),
			   void *ctx, struct mst_err *err);

/* Up to when a source was polled. MST_TIME_NONE: it was not. */
struct mst_outbox_cursor {
	int64_t until_us; /* asked with an overlap */
	int64_t wide_us;  /* the last time when it was asked for older ones */
};

int mst_outbox_cursor(struct mst_outbox *o, const char *source,
		      struct mst_outbox_cursor *c_r, struct mst_err *err);
/* Behind the accept of what was read. */
int mst_outbox_cursor_put(struct mst_outbox *o, const char *source,
			  const struct mst_outbox_cursor *c,
			  struct mst_err *err);

/* How many alerts came in by a receiver or a polled connection, and what
 * became of them, in words ("accepted", "excluded by night", …), since the
 * outbox was made. */
struct mst_outbox_tally {
	const char *door, *what;
	uint64_t n;
};

/* Adds. */
int mst_outbox_tally_add(struct mst_outbox *o, const struct mst_outbox_tally *v,
			 size_t n, struct mst_err *err);
/* By door and word. Lent for the call. */
int mst_outbox_tallies(struct mst_outbox *o,
		       void (*fn)(void *ctx, const struct mst_outbox_tally *t),
		       void *ctx, struct mst_err *err);

const char *mst_delivery_state_name(enum mst_delivery_state s); /* "aside" */
const char *mst_delivery_op_name(enum mst_delivery_op op);	/* "close" */

#endif
