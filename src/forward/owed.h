/* SPDX-License-Identifier: Apache-2.0
 *
 * Acknowledgements that are owed to a source: a person has closed in ServiceNow
 * what an action made of an alert, and the console is to hear of it, once. Kept
 * in the outbox; what returns 0 is committed and synced.
 *
 *   put ──▶ OWED ──(its time comes)──▶ told ──▶ DONE
 *             ▲                          ├────▶ NEVER, with the reason
 *             └───────── LATER ──────────┘
 */
#ifndef MST_FORWARD_OWED_H
#define MST_FORWARD_OWED_H

#include "forward/outbox.h"

enum mst_owed_state { MST_OWED_WAITS, MST_OWED_DONE, MST_OWED_NEVER };

/* Lent for the call, or in the arena. */
struct mst_owed {
	int64_t id;
	const char *action, *source;
	struct mst_slice key; /* of the alert: its UUID where it has one */
	enum mst_owed_state state;
	int64_t tries, at_us, due_us; /* due: MST_TIME_NONE unless it waits */
	const char *why;	      /* "" */
};

/* Those that are known already, in whatever state, are passed over. *new_r: how
 * many were not. */
int mst_owed_put(struct mst_outbox *o, const char *action, const char *source,
		 const struct mst_slice *keys, size_t n, int64_t now_us,
		 size_t *new_r, struct mst_err *err);
/* The oldest that are due, of one action and source, at most max. */
int mst_owed_due(struct mst_outbox *o, const char *action, const char *source,
		 int64_t now_us, size_t max, struct mst_arena *arena,
		 struct mst_owed **v_r, size_t *n_r, struct mst_err *err);
/* What became of it; WAITS: it is tried again, later each time. */
int mst_owed_settle(struct mst_outbox *o, const struct mst_owed *owed,
		    enum mst_owed_state state, const char *why, int64_t now_us,
		    struct mst_err *err);
/* The newest first, ids below before (0: all); fn's non-zero return ends it and
 * is returned. */
int mst_owed_page(struct mst_outbox *o, int64_t before, size_t limit,
		  int (*fn)(void *ctx, const struct mst_owed *owed), void *ctx,
		  struct mst_err *err);
const char *mst_owed_state_name(enum mst_owed_state s); /* "waits" */

#endif
