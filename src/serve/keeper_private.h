/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the keeper share.
 */
#ifndef MST_SERVE_KEEPER_PRIVATE_H
#define MST_SERVE_KEEPER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "serve/agenda.h"
#include "serve/beside.h"
#include "serve/dispatch.h"
#include "serve/keeper.h"

struct mst_keeper {
	struct mst_keeper_conf conf;
	struct mst_state *state;
	struct mst_loop *loop;
	struct mst_agenda *agenda;
	struct mst_dispatch *dispatch;
	struct mst_beside *beside; /* NULL: nothing is forwarded here */
	pthread_t thread;
	bool has_thread;
	uint64_t incarnation;
	bool shared; /* other nodes are alive */

	/* monotonic: when each is looked at next */
	int64_t beat_us, refresh_us, claim_us, tend_us, after_us;
	int64_t notice_us, slow_us, beside_us, trim_us;
	bool look_after; /* a run may have ended */
	bool stopping;
	struct mst_buf argv; /* of the task that is being made */

	int64_t gauge_us;

	/* for other threads */
	pthread_mutex_t gauge_lock;
	struct mst_buf gauges;
	atomic_uint_fast64_t turns;
	atomic_int stops; /* how often it was told to */
	atomic_int stops_done;
	atomic_bool reload, stopped, store_ok;
	atomic_uint_fast64_t jobs, running, due, late_us_max, started, ended,
	    failed, store_errors;
};

/* keeper_over.c: what a task that ended leaves to do, and what is seen to now
 * and then. */
void mst_keeper_over(void *keeper, const struct mst_task *t);
int mst_keeper_notices(struct mst_keeper *k, int64_t now_us, bool slow,
		       struct mst_err *err);
int mst_keeper_trim(struct mst_keeper *k, int64_t now_us, struct mst_err *err);

#endif
