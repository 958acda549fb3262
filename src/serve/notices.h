/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person must be told: judged from the state store and this machine, and
 * kept there (state/task.h). Each begins once and ends once. In the keeper's
 * thread; any node may judge, the result is the same.
 *
 *   run_failed JOB · guard JOB · job_busy JOB · approval ID · secret_expires
 * CONNECTION · certificate_expires CONNECTION · node_gone NODE · outbox_stuck
 * NODE · disk_full NODE
 */
#ifndef MST_SERVE_NOTICES_H
#define MST_SERVE_NOTICES_H

#include <stdatomic.h>

#include "serve/agenda.h"
#include "serve/told.h"

struct mst_notices_conf { /* borrowed */
	struct mst_state *state;
	const struct mst_agenda *agenda;
	const char *node;
	bool slow; /* also what costs more: certificates, all jobs */
	struct mst_told told;
};

/* *untold_r: there are some that nobody was told of yet. */
int mst_notices_look(const struct mst_notices_conf *c, int64_t now_us,
		     bool *untold_r, struct mst_err *err);
/* Of one job alone: a run of it has ended. */
int mst_notices_job(const struct mst_notices_conf *c, const char *job,
		    struct mst_err *err);

/* Tells what was not told by the actions that service.notify names, of type
 * mail or webhook; *n_r: how many. Blocks as long as these take. What cannot be
 * told stays for the next time, and is the error. cancel may be NULL. */
int mst_notices_tell(struct mst_state *state, const atomic_bool *cancel,
		     size_t *n_r, struct mst_err *err);
/* Must somebody be told of it: that it began, or that it is over? */
bool mst_notice_is_untold(const struct mst_notice *v);

#endif
