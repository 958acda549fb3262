/* SPDX-License-Identifier: Apache-2.0
 *
 * What batch.c and intake.c share.
 */
#ifndef MST_FORWARDER_INTAKE_PRIVATE_H
#define MST_FORWARDER_INTAKE_PRIVATE_H

#include "base/map.h"
#include "forwarder/intake.h"

/* A configuration that batches may still hold. */
struct intake_conf {
	struct intake_conf *next;
	struct mst_forward_conf *conf;
	size_t refs;
};

struct mst_intake {
	struct mst_forwarder *f;
	pthread_mutex_t lock;
	pthread_cond_t settled;
	struct mst_batch *first, **last; /* that wait to be committed */
	bool leading;			 /* somebody commits */
	bool stopped;
	struct intake_conf *confs; /* the newest first */
	/* Counts since the last flush: door, a blank, words. */
	struct mst_arena arena;
	struct mst_map counts;
	struct mst_err trouble; /* that was told in the log; code 0: none */
	struct mst_err broken;
	/* Of whoever leads. */
	struct mst_outbox_alert *alerts;
	size_t alerts_cap;
};

struct mst_forward_conf *mst_intake_ref(struct mst_intake *in);
void mst_intake_unref(struct mst_intake *in, struct mst_forward_conf *conf);
/* As it was made, room kept. */
void mst_batch_empty(struct mst_batch *b);

#endif
