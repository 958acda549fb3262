/* SPDX-License-Identifier: Apache-2.0
 *
 * Forwarding, as a process runs it: receivers and pollers accept alerts into
 * the outbox, deliverers take them to where the rules say. One process per
 * state folder (the outbox has one owner).
 */
#ifndef MST_FORWARDER_FORWARDER_H
#define MST_FORWARDER_FORWARDER_H

#include <stdatomic.h>

#include "forwarder/conf.h"

struct mst_forwarder;

/* Reads the configuration and opens the outbox in the state folder as its
 * owner. state is borrowed and nobody else's as long as this is open.
 * MST_E_CONFLICT: another process forwards. MST_E_INVALID: the configuration
 * is wrong, or has no rule. */
int mst_forwarder_open(struct mst_state *state, struct mst_forwarder **f_r,
		       struct mst_err *err);
/* Runs until *stop: then receivers and pollers end first, what was accepted is
 * kept. When *reload is set (and taken back) the configuration is read again: a
 * wrong one is told in the log, and the old one stays. reload may be NULL.
 * Fails when a receiver cannot listen or a thread cannot be made. */
int mst_forwarder_run(struct mst_forwarder *f, const atomic_bool *stop,
		      atomic_bool *reload, struct mst_err *err);
/* Asks each source once, delivers what is due, ends. No receivers. Returns the
 * first failure of a source. */
int mst_forwarder_once(struct mst_forwarder *f, const atomic_bool *stop,
		       struct mst_err *err);
void mst_forwarder_close(struct mst_forwarder **f);
/* From any thread, while it runs: the port of a receiver; 0: there is none. */
int mst_forwarder_port(struct mst_forwarder *f, const char *receiver);

/* "<state folder>/outbox.db", to be freed. */
char *mst_forwarder_path(const struct mst_state *state);
/* Does somebody forward on this machine? Then note says who. */
int mst_forwarder_who(const struct mst_state *state, bool *runs_r,
		      struct mst_buf *note, struct mst_err *err);
/* The outbox, to look into beside whoever forwards. *o_r NULL: nothing was
 * forwarded yet. */
int mst_forwarder_look(const struct mst_state *state, struct mst_outbox **o_r,
		       struct mst_err *err);

#endif
