/* SPDX-License-Identifier: Apache-2.0
 *
 * Receivers at work: each has its threads, which fill batches and put them.
 */
#ifndef MST_FORWARDER_RECEIVERS_H
#define MST_FORWARDER_RECEIVERS_H

#include "forwarder/intake.h"

/* One that works. */
struct mst_receiving {
	const struct mst_receiver *r; /* of conf */
	struct mst_forward_conf *conf;
	struct mst_intake *intake;
	struct mst_door door;
	/* Both are set when it is to end: for those who wait for bytes (an
	 * eventfd that is readable), and for those who wait for room. */
	int stop_fd;
	atomic_bool stopped;
	atomic_bool denied, crowded, foreign, slow; /* was told in the log */
	/* Of the type: what it has, its socket, and how it ends once stop_fd is
	 * readable: what has come is put, all of it is freed. */
	void *own;
	int fd;
	void (*stop)(struct mst_receiving *v);
	struct mst_receiving *next;
};

int mst_syslog_start(struct mst_receiving *v, struct mst_err *err);
int mst_webhook_start(struct mst_receiving *v, struct mst_err *err);

/* Starts all that are switched on, or none. */
int mst_receivers_start(struct mst_forwarder *f, struct mst_receivers **v_r,
			struct mst_err *err);
/* Those whose items are as before go on, others end, new ones begin. What
 * cannot begin is told in the log. */
void mst_receivers_reload(struct mst_forwarder *f, struct mst_receivers *v);
void mst_receivers_stop(struct mst_receivers **v);
/* The port that a receiver listens on; 0: there is none of this name. */
int mst_receivers_port(const struct mst_receivers *v, const char *name);

/* For the types: a socket that listens or receives. MST_E_IO with what to do.
 */
int mst_receiver_listen(const struct mst_receiver *r, int type, int *fd_r,
			struct mst_err *err);
/* May it send? Else it is counted, and told once. */
bool mst_receiving_admits(struct mst_receiving *v, const struct sockaddr *peer);
void mst_receiving_crowded(struct mst_receiving *v);
/* Without a certificate that client_ca issued. */
void mst_receiving_foreign(struct mst_receiving *v, const char *peer);
/* Did not say the whole of a request in time. */
void mst_receiving_slow(struct mst_receiving *v, const char *peer);
/* "10.1.2.3", "2001:db8::1" */
const char *mst_peer_text(const struct sockaddr *peer, char out[64]);

#endif
