/* SPDX-License-Identifier: Apache-2.0
 *
 * The intake: what receivers and pollers have goes through here into the
 * outbox. Each fills a batch of its own and puts it; batches that wait are
 * committed together with one sync by the first of those that put them.
 *
 *   message ─▶ header off ─▶ form ─▶ windows, rules ─┬─▶ batch ─▶ put ─▶ outbox
 *                                                    ├─▶ counted
 *                              cannot be read ───────┴─▶ kept aside
 */
#ifndef MST_FORWARDER_INTAKE_H
#define MST_FORWARDER_INTAKE_H

#include "forwarder/private.h"

/* Where alerts come in. Lent for the life of batches. */
struct mst_door {
	const char *name;	/* of the receiver, or the polled connection */
	const char *connection; /* whose alerts they are */
	const struct mst_zone *zone;
};

struct mst_batch {
	struct mst_intake *intake;
	const struct mst_door *door;
	/* The caller's, or NULL: set, it does not wait any longer. */
	const atomic_bool *stop;
	struct mst_arena arena;
	struct mst_forward_conf *conf; /* held; NULL while it is empty */
	struct mst_json_parser *parser;
	struct mst_outbox_alert *alerts;
	struct mst_outbox_unread *unread;
	size_t alerts_n, alerts_cap, unread_n, unread_cap;
	size_t bytes; /* of what is in it */
	uint64_t received, excluded, untaken;
	uint64_t *by_window;				 /* of conf */
	uint64_t by_reason[MST_ALERT_RULE_PROTOCOL + 1]; /* of those untaken */
	/* The intake's own, while it is put. */
	struct mst_batch *next;
	size_t alerts_done, unread_done;
	uint64_t fresh, more, repeated;
	bool wait, settled;
	struct mst_err err;
};

/* Takes the configuration over. */
struct mst_intake *mst_intake_new(struct mst_forwarder *f,
				  struct mst_forward_conf *conf);
/* Those that wait for room come back with MST_E_CANCELLED from now on. */
void mst_intake_stop(struct mst_intake *in);
/* After all who put are gone. Counts are stored before that
 * (mst_intake_flush). */
void mst_intake_free(struct mst_intake **in);
/* From now on batches are judged by this one; takes it over. Older ones go when
 * the last batch is done with them. */
void mst_intake_conf(struct mst_intake *in, struct mst_forward_conf *conf);
/* Stores what was counted since the last time. */
int mst_intake_flush(struct mst_intake *in, struct mst_err *err);
/* Counts `n` more of what is not an alert in a batch: "peer not allowed". */
void mst_intake_count(struct mst_intake *in, const char *door, const char *what,
		      uint64_t n);
/* The error that nobody can go on with (a damaged outbox); false: all is
 * well. */
bool mst_intake_broken(struct mst_intake *in, struct mst_err *err);

void mst_batch_init(struct mst_batch *b, struct mst_intake *in,
		    const struct mst_door *door);
void mst_batch_fini(struct mst_batch *b);
/* A syslog message: its header, if it has one, is taken off. peer: the sender's
 * address. */
void mst_batch_syslog(struct mst_batch *b, struct mst_slice message,
		      const char *peer);
/* An object of the alert API or a webhook. False: it is no alert, and is kept
 * aside. */
bool mst_batch_json(struct mst_batch *b, struct mst_json v, const char *peer);
/* Bytes that are no message at all. */
void mst_batch_unread(struct mst_batch *b, struct mst_slice body,
		      const char *peer, const char *why);
/* So full that it is to be put before more is added. */
bool mst_batch_full(const struct mst_batch *b);
/* Commits it and empties it; when this returns 0 all of it is on the disk.
 * wait: for room, and for a disk that is full, as long as it takes
 * (MST_E_CANCELLED: until the intake or its caller was stopped). Else
 * MST_E_THROTTLED or MST_E_IO; some of it may be stored then, and is not stored
 * twice when it comes again. */
int mst_batch_put(struct mst_batch *b, bool wait, struct mst_err *err);

#endif
