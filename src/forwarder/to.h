/* SPDX-License-Identifier: Apache-2.0
 *
 * The far end of an action: where deliveries go. It knows neither the outbox
 * nor a clock of its own; one thread at a time.
 *
 *   open → [ send ]* → close
 */
#ifndef MST_FORWARDER_TO_H
#define MST_FORWARDER_TO_H

#include <stdatomic.h>

#include "base/check.h"
#include "forward/action.h"
#include "net/proxy.h"
#include "sync/connection.h"

struct mst_to; /* first member of every far end's own struct */

/* Lent for the life of the far end. */
struct mst_to_env {
	const struct mst_alert_action *action;
	/* Of actions that name one; else NULL. */
	const struct mst_connection *connection;
	/* The section's, for actions that name none. */
	const struct mst_proxy *proxy;
	const atomic_bool *stop; /* finish what is under way */
};

/* A delivery on its way. */
struct mst_sending {
	const struct mst_delivery *d;
	const struct mst_alert *alert;
	/* Out. */
	bool settled;
	enum mst_delivered what;
	char remote[64]; /* DONE: its id there, or "" */
	char why[480];	 /* unless DONE */
	int64_t retry_after_ms;
};

struct mst_to_ops {
	size_t most; /* deliveries in one call */
	/* Reads secrets. MST_E_INVALID, MST_E_AUTH, …: what is wrong. */
	int (*open)(const struct mst_to_env *env, struct mst_to **to_r,
		    struct mst_err *err);
	void (*close)(struct mst_to **to);
	/* Sends them and settles each. <0: the far end is away, or refuses
	 * everything; err says why, where, and what to do, err.retry_after_ms
	 * how long it asks to be left alone. */
	int (*send)(struct mst_to *to, struct mst_sending *s, size_t n,
		    struct mst_err *err);
	/* Set-up checks behind those of the connection: nothing is written.
	 * What they find is no error. */
	int (*check)(struct mst_to *to,
		     void (*report)(void *ctx, const struct mst_check *c),
		     void *ctx, struct mst_err *err);
};

struct mst_to {
	const struct mst_to_ops *ops;
	struct mst_to_env env;
};

const struct mst_to_ops *mst_to_find(enum mst_action_type type);

/* For far ends: the verdict of a delivery. The first one counts. */
void mst_to_done(struct mst_sending *s, const char *remote);
void mst_to_settle(struct mst_sending *s, enum mst_delivered what,
		   const char *fmt, ...) MST_PRINTF(3, 4);
/* Settles what is not. */
void mst_to_settle_rest(struct mst_sending *s, size_t n,
			enum mst_delivered what, const char *why);

/* The end of a turn: what is left is for later, because the far end is away
 * (away.code is set: returned, into err) or muster was told to stop. */
int mst_to_end(struct mst_sending *s, size_t n, const struct mst_err *away,
	       struct mst_err *err);

extern const struct mst_to_ops mst_to_servicenow; /* incident, application */
extern const struct mst_to_ops mst_to_event;
extern const struct mst_to_ops mst_to_http;
extern const struct mst_to_ops mst_to_syslog;
extern const struct mst_to_ops mst_to_mail;

#endif
