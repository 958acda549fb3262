/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the outbox share.
 *
 *   name      rules, actions and sources by number
 *   alert     what was accepted
 *   delivery  id = alert's number * 16 + place among its routes.
 *             turn: takes part in the order of its lane (device and action);
 *             due_us: when it is to be taken, only of a lane's first and of
 *             what is aside
 *   unread    what came in and is no alert
 *   cursor    up to when a source was polled
 *   tally     what became of what came in, counted
 *   seen      by action, source and key: the last alert, its digest and the id
 *             at the far end
 */
#ifndef MST_FORWARD_OUTBOX_PRIVATE_H
#define MST_FORWARD_OUTBOX_PRIVATE_H

#include "base/map.h"
#include "base/time.h"
#include "db/db.h"
#include "forward/outbox.h"

enum outbox_sql {
	Q_NAMES,
	Q_NAME_PUT,
	Q_LAST,
	Q_OPEN_COUNT,
	Q_TAKE_UP,
	Q_CLOCK,
	Q_ALERT_PUT,
	Q_DELIVERY_PUT,
	Q_IN_TURN,
	Q_SEEN,
	Q_SEEN_PUT,
	Q_SEEN_MORE,
	Q_SEEN_TOUCH,
	Q_SEEN_REMOTE,
	Q_DUE,
	Q_OVERTAKEN,
	Q_SENT,
	Q_STATE,
	Q_CHANGE,
	Q_PROMOTE,
	Q_NEXT_DUE,
	Q_RETRY,
	Q_STATS,
	Q_PAGE,
	Q_PAGE_STATE,
	Q_BODY,
	Q_NEWEST,
	Q_OLD,
	Q_HAS_OPEN,
	Q_ALERT_DEL,
	Q_DELIVERY_DEL,
	Q_SEEN_OLD,
	Q_SEEN_DEL,
	Q_UNREAD_PUT,
	Q_UNREAD_TRIM,
	Q_UNREAD_PAGE,
	Q_CURSOR,
	Q_CURSOR_PUT,
	Q_TALLY_ADD,
	Q_TALLIES,
	Q_OWED_OLD,
	Q_OWED_HAS,
	Q_OWED_PUT,
	Q_OWED_DUE,
	Q_OWED_SETTLE,
	Q_OWED_PAGE,
	Q__MAX
};

struct mst_outbox_heard {
	char b[8 + MST_ALERT_TEXT];
	size_t n;
};

struct mst_outbox {
	struct mst_db db;
	struct mst_lock lock;
	struct mst_outbox_conf conf;
	bool own;
	int64_t last_seq;
	int64_t open_n;	 /* deliveries that are not done */
	int64_t open_by; /* what the open transaction adds */
	/* Names; index is the number. */
	struct mst_arena arena;
	const char **names;
	size_t names_n, names_cap;
	struct mst_map numbers;
	/* Where the cleaning is. */
	int64_t clean_seq;
	struct mst_outbox_heard clean_heard; /* n 0: at the start */
};

#define MST_ROUTE_BITS 4

/* A transaction, of which the counters know. end commits when rc is 0, else
 * aborts; returns what the call shall return. */
int mst_outbox_begin(struct mst_outbox *o, struct mst_err *err);
int mst_outbox_end(struct mst_outbox *o, int rc, struct mst_err *err);
/* The number of a name, made when it is new; within a transaction. */
int mst_outbox_number(struct mst_outbox *o, const char *name, int64_t *id_r,
		      struct mst_err *err);
/* 0: nobody has used it. */
int64_t mst_outbox_known(const struct mst_outbox *o, const char *name);
const char *mst_outbox_name(struct mst_outbox *o, int64_t id);
/* The key of `seen`: an action, a source (their numbers) and an alert's key. */
struct mst_outbox_heard mst_outbox_heard(int64_t action, int64_t source,
					 struct mst_slice key);

static inline struct mst_slice
mst_outbox_heard_slice(const struct mst_outbox_heard *h)
{
	return mst_slice(h->b, h->n);
}

#endif
