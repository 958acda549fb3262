/* SPDX-License-Identifier: Apache-2.0
 *
 * What the threads of forwarding share.
 *
 *   outbox_lock   around each call of mst_outbox_…; never held while anything
 *                 is sent, received or waited for (but `changed`, which goes
 *                 with it)
 *   state_lock    around each use of the state store, "sealed:" references
 *                 included; recursive; never taken with outbox_lock held
 *
 * The configuration does not change while a thread runs that was given it: a
 * reload ends pollers and deliverers and hands receivers the new one
 * (mst_intake_conf).
 */
#ifndef MST_FORWARDER_PRIVATE_H
#define MST_FORWARDER_PRIVATE_H

#include <pthread.h>

#include "forwarder/forwarder.h"

struct mst_intake;
struct mst_receivers;
struct mst_pollers;
struct mst_deliverers;

struct mst_forwarder {
	struct mst_state *state;
	pthread_mutex_t state_lock;
	struct mst_forward_conf *conf;
	struct mst_outbox *outbox;
	pthread_mutex_t outbox_lock;
	/* With outbox_lock: alerts were accepted, deliveries done, or somebody
	 * is to stop. By CLOCK_MONOTONIC. */
	pthread_cond_t changed;
	uint64_t changes; /* with outbox_lock */
	int64_t (*now_us)(void);
	struct mst_intake *intake;
	struct mst_receivers *receivers;
	struct mst_pollers *pollers;
	struct mst_deliverers *deliverers;
};

void mst_forwarder_lock(struct mst_forwarder *f);
void mst_forwarder_unlock(struct mst_forwarder *f);
/* With outbox_lock held: wakes all who wait. */
void mst_forwarder_changed(struct mst_forwarder *f);
/* With outbox_lock held: until something changed since `seen` (a value of
 * f->changes), at most wait_ms (-1: as long as it takes). */
void mst_forwarder_wait(struct mst_forwarder *f, uint64_t seen,
			int64_t wait_ms);

/* A condition by CLOCK_MONOTONIC, and a time for its timed wait. */
void mst_forwarder_cond(pthread_cond_t *c);
void mst_forwarder_until(int64_t wait_us, struct timespec *at_r);

/* deliver.c: a thread per action of f->conf. stop asks all of them, waits until
 * what is under way has its verdict, and frees. */
int mst_deliverers_start(struct mst_forwarder *f, struct mst_deliverers **d_r,
			 struct mst_err *err);
void mst_deliverers_stop(struct mst_deliverers **d);
/* Delivers what is due now in the calling thread, until nothing is. */
int mst_deliver_due(struct mst_forwarder *f, const atomic_bool *stop,
		    struct mst_err *err);

#endif
