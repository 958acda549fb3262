/* SPDX-License-Identifier: Apache-2.0
 *
 * The keeper's thread: what it looks at, and when.
 */
#include "serve/keeper.h"

#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "serve/gauges.h"
#include "serve/keeper_private.h"
#include "json/out.h"

#define S_US	   INT64_C(1000000)
#define REFRESH_US (5 * S_US)  /* rows that other nodes moved */
#define AFTER_US   (10 * S_US) /* runs that ended elsewhere */
#define CLAIM_US   (S_US / 2)  /* tasks that were put elsewhere */
#define TEND_US	   S_US
#define GAP_US	   (S_US / 2) /* between two refreshes, woken or not */
#define NOTICE_US  (60 * S_US)
#define SLOW_US	   (600 * S_US) /* notices that cost more */
#define BESIDE_US  (2 * S_US)
#define TRIM_US	   (3600 * S_US)
#define GAUGE_US   (15 * S_US)
#define GAUGE_MAX  (4u << 20)

/* ---- what is due --------------------------------------------------------- */

static int take_any(void *ctx, const struct mst_task *t)
{
	enum mst_task_state *state = ctx;

	if (strcmp(t->kind, "run") == 0)
		*state = t->state;
	return 0;
}

/* A job whose run waits or goes on is not run once more. What came to its end
 * after that run began is not lost: a job that comes after it is asked again.
 */
static enum mst_agenda_say is_due(void *ctx, const struct mst_agenda_job *j,
				  struct mst_task *t)
{
	const struct mst_task_filter live = {
	    .job = j->name, .state = -1, .live = true, .n = 10};
	enum mst_task_state state = MST_TASK__MAX;
	struct mst_err err = MST_ERR_INIT;
	struct mst_keeper *k = ctx;
	struct mst_jout out;

	if (mst_tasks(k->state, &live, take_any, &state, &err) < 0)
		return MST_AGENDA_LATER;
	if (state != MST_TASK__MAX)
		return j->after && state == MST_TASK_RUNNING ? MST_AGENDA_LATER
							     : MST_AGENDA_SKIP;
	mst_buf_reset(&k->argv);
	mst_jout_init(&out, &k->argv);
	mst_jout_arr(&out);
	mst_jout_str(&out, "run");
	mst_jout_str(&out, j->name);
	mst_jout_end_arr(&out);
	t->argv = k->argv.p;
	return MST_AGENDA_RUN;
}

static void won(void *ctx, const struct mst_agenda_job *j, int64_t due_us)
{
	struct mst_keeper *k = ctx;
	int64_t late = mst_now_us() - due_us;

	mst_info("job %s is due", j->name);
	atomic_fetch_add(&k->due, 1);
	if (late > 0 && (uint64_t)late > atomic_load(&k->late_us_max))
		atomic_store(&k->late_us_max, (uint64_t)late);
	k->claim_us = 0;
}

/* ---- a turn -------------------------------------------------------------- */

static int count_others(void *ctx, const struct mst_node *n)
{
	struct mst_keeper *k = ctx;

	if (n->alive && strcmp(n->name, k->conf.node) != 0)
		k->shared = true;
	return 0;
}

static int beat(struct mst_keeper *k, struct mst_err *err)
{
	size_t rescued = 0;

	if (mst_node_beat(k->state, k->conf.node, k->incarnation,
			  k->conf.version, k->conf.address, err) < 0)
		return -(int)err->code;
	k->shared = false;
	if (mst_nodes(k->state, count_others, k, err) < 0 ||
	    mst_task_rescue(k->state, &rescued, err) < 0)
		return -(int)err->code;
	if (rescued) {
		mst_warn("%zu tasks of a node that is gone were taken up",
			 rescued);
		k->claim_us = 0;
	}
	return 0;
}

static int refresh(struct mst_keeper *k, int64_t now_us, struct mst_err *err)
{
	int rc = mst_agenda_refresh(k->agenda, now_us, err);

	atomic_store(&k->jobs, mst_agenda_count(k->agenda));
	return rc;
}

static bool is_time(int64_t *at_us, int64_t mono_us, int64_t every_us)
{
	if (mono_us < *at_us)
		return false;
	*at_us = mono_us + every_us;
	return true;
}

static int gauge(struct mst_keeper *k, int64_t now, struct mst_err *err)
{
	struct mst_buf out = MST_BUF_INIT(GAUGE_MAX);
	int rc = mst_gauges_write(k->state, k->agenda, now, &out, err);

	if (rc == 0) {
		(void)pthread_mutex_lock(&k->gauge_lock);
		mst_buf_fini(&k->gauges);
		k->gauges = out;
		(void)pthread_mutex_unlock(&k->gauge_lock);
	} else {
		mst_buf_fini(&out);
	}
	return rc;
}

void mst_keeper_gauges(struct mst_keeper *k, struct mst_buf *out)
{
	(void)pthread_mutex_lock(&k->gauge_lock);
	(void)mst_buf_add_slice(out, mst_buf_slice(&k->gauges));
	(void)pthread_mutex_unlock(&k->gauge_lock);
}

static int look_beside(struct mst_keeper *k, int64_t now, int64_t mono,
		       struct mst_err *err)
{
	bool slow;

	if (k->beside && is_time(&k->beside_us, mono, BESIDE_US) &&
	    mst_beside_tend(k->beside, mono, err) < 0)
		return -(int)err->code;
	if (k->stopping)
		return 0;
	if (is_time(&k->notice_us, mono, NOTICE_US)) {
		slow = is_time(&k->slow_us, mono, SLOW_US);
		if (mst_keeper_notices(k, now, slow, err) < 0)
			return -(int)err->code;
	}
	if (is_time(&k->gauge_us, mono, GAUGE_US) && gauge(k, now, err) < 0)
		return -(int)err->code;
	return is_time(&k->trim_us, mono, TRIM_US)
		   ? mst_keeper_trim(k, now, err)
		   : 0;
}

static int look(struct mst_keeper *k, int64_t now, int64_t mono,
		struct mst_err *err)
{
	static const struct mst_agenda_ops ops = {is_due, won, false};
	bool after;

	if (mst_state_is_there(k->state, err) < 0)
		return -(int)err->code;
	if (is_time(&k->beat_us, mono, mst_node_gone_us() / 5) &&
	    beat(k, err) < 0)
		return -(int)err->code;
	if (is_time(&k->refresh_us, mono, REFRESH_US) &&
	    refresh(k, now, err) < 0)
		return -(int)err->code;
	after = is_time(&k->after_us, mono, AFTER_US) || k->look_after;
	k->look_after = false;
	if ((after || mst_agenda_next(k->agenda) <= now) &&
	    mst_agenda_due(k->agenda, now, after, &ops, k, err) < 0)
		return -(int)err->code;
	if ((is_time(&k->tend_us, mono, TEND_US) ||
	     mst_dispatch_ended(k->dispatch)) &&
	    mst_dispatch_tend(k->dispatch, now, err) < 0)
		return -(int)err->code;
	if (is_time(&k->claim_us, mono, CLAIM_US) &&
	    mst_dispatch_claim(k->dispatch, now, k->shared, err) < 0)
		return -(int)err->code;
	return look_beside(k, now, mono, err);
}

static void told_to_stop(struct mst_keeper *k)
{
	int n = atomic_load(&k->stops);

	while (atomic_load(&k->stops_done) < n) {
		atomic_fetch_add(&k->stops_done, 1);
		k->stopping = true;
		mst_dispatch_stop(k->dispatch);
		if (k->beside)
			mst_beside_stop(k->beside);
	}
}

static bool is_done(const struct mst_keeper *k)
{
	return k->stopping && !mst_dispatch_running(k->dispatch) &&
	       !(k->beside && mst_beside_runs(k->beside));
}

/* A state store that is away for a while ends nothing: what runs goes on, and
 * what it is to be told waits. */
static void note_store(struct mst_keeper *k, int rc, const struct mst_err *err)
{
	bool was = atomic_exchange(&k->store_ok, rc == 0);

	if (rc < 0) {
		atomic_fetch_add(&k->store_errors, 1);
		if (was)
			mst_error("the service cannot go on with its work: %s",
				  err->msg);
	} else if (!was) {
		mst_info("the service goes on with its work");
	}
}

static int64_t wait_ms(const struct mst_keeper *k)
{
	int64_t mono = mst_mono_us(), due = mst_agenda_next(k->agenda), us;

	us = MST_MIN(MST_MIN(k->beat_us, k->refresh_us),
		     MST_MIN(k->tend_us, k->claim_us)) -
	     mono;
	if (k->beside)
		us = MST_MIN(us, k->beside_us - mono);
	if (due != MST_TIME_NONE)
		us = MST_MIN(us, due - mst_now_us());
	if (!atomic_load(&k->store_ok))
		us = MST_MAX(us, S_US / 4);
	return (MST_MAX(us, 0) + 999) / 1000;
}

static void *keep(void *ctx)
{
	struct mst_keeper *k = ctx;
	int64_t refreshed = 0;
	bool woken = false;

	for (;;) {
		struct mst_err err = MST_ERR_INIT;
		int64_t mono = mst_mono_us();

		if (atomic_exchange(&k->reload, false)) {
			woken = true;
			if (k->beside)
				mst_beside_reload(k->beside);
		}
		if (woken) {
			k->claim_us = k->tend_us = 0;
			k->refresh_us = MST_MIN(
			    k->refresh_us, MST_MAX(mono, refreshed + GAP_US));
		}
		if (mono >= k->refresh_us)
			refreshed = mono;
		told_to_stop(k);
		if (k->stopping)
			k->claim_us = k->after_us = k->refresh_us = INT64_MAX;
		note_store(k, look(k, mst_now_us(), mono, &err), &err);
		atomic_store(&k->running, mst_dispatch_running(k->dispatch));
		atomic_fetch_add(&k->turns, 1);
		if (is_done(k))
			break;
		if (mst_loop_wait(k->loop, wait_ms(k), &woken, &err) < 0)
			mst_error("%s", err.msg);
	}
	atomic_store(&k->stopped, true);
	return NULL;
}

/* ---- from outside -------------------------------------------------------- */

static unsigned slots_of(unsigned want)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return want ? want : (unsigned)MST_MIN(MST_MAX(2 * cores, 4), 32);
}

static int open_all(struct mst_keeper *k, struct mst_err *err)
{
	struct mst_dispatch_conf conf = {.node = k->conf.node,
					 .program = k->conf.program,
					 .slots = slots_of(k->conf.slots),
					 .echo_log = k->conf.echo_log,
					 .told = k->conf.told,
					 .over = mst_keeper_over,
					 .over_ctx = k};

	if (mst_loop_new(&k->loop, err) < 0 ||
	    mst_state_open(k->conf.state_dir, &k->state, err) < 0)
		return -(int)err->code;
	k->agenda = mst_agenda_new(k->state, false);
	conf.state = k->state;
	conf.loop = k->loop;
	conf.agenda = k->agenda;
	k->dispatch = mst_dispatch_new(&conf);
	if (k->conf.forward)
		k->beside = mst_beside_new(k->state, k->loop, k->conf.state_dir,
					   k->conf.program, k->conf.node);
	/* The first looks come when the first jobs have begun. */
	k->notice_us = mst_mono_us() + 5 * S_US;
	/* The one before us of this incarnation has ended: its tasks are free.
	 */
	if (mst_node_leave(k->state, k->conf.node, k->incarnation, err) < 0)
		return -(int)err->code;
	return mst_node_beat(k->state, k->conf.node, k->incarnation,
			     k->conf.version, k->conf.address, err);
}

int mst_keeper_start(const struct mst_keeper_conf *conf,
		     struct mst_keeper **k_r, struct mst_err *err)
{
	struct mst_keeper *k = mst_alloc(sizeof(*k));
	int rc;

	k->conf = *conf;
	mst_buf_init(&k->argv, 4096);
	(void)pthread_mutex_init(&k->gauge_lock, NULL);
	atomic_store(&k->store_ok, true);
	k->incarnation = conf->incarnation;
	if (!k->incarnation)
		randombytes_buf(&k->incarnation, sizeof(k->incarnation));
	k->incarnation >>= 1; /* a database has it as a signed number */
	rc = open_all(k, err);
	if (rc == 0 && pthread_create(&k->thread, NULL, keep, k) != 0)
		rc = mst_err_set(err, MST_E_IO,
				 "the keeper's thread cannot be made");
	k->has_thread = rc == 0;
	if (rc < 0)
		mst_keeper_free(&k);
	else
		*k_r = k;
	return rc;
}

void mst_keeper_wake(struct mst_keeper *k)
{
	mst_loop_wake(k->loop);
}

void mst_keeper_reload(struct mst_keeper *k)
{
	atomic_store(&k->reload, true);
	mst_loop_wake(k->loop);
}

uint64_t mst_keeper_turns(const struct mst_keeper *k)
{
	return atomic_load(&k->turns);
}

bool mst_keeper_ready(const struct mst_keeper *k, const char **why_r)
{
	if (!atomic_load(&k->store_ok))
		*why_r = "the state store";
	else if (!atomic_load(&k->turns))
		*why_r = "the keeper's first turn";
	else if (atomic_load(&k->stops))
		*why_r = "its end: the service is being stopped";
	else
		return true;
	return false;
}

void mst_keeper_stop(struct mst_keeper *k)
{
	atomic_fetch_add(&k->stops, 1);
	mst_loop_wake(k->loop);
}

bool mst_keeper_stopped(const struct mst_keeper *k)
{
	return atomic_load(&k->stopped);
}

void mst_keeper_free(struct mst_keeper **kp)
{
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_keeper *k = *kp;

	if (!k)
		return;
	if (k->has_thread) {
		if (!atomic_load(&k->stops))
			mst_keeper_stop(k);
		(void)pthread_join(k->thread, NULL);
		(void)mst_node_leave(k->state, k->conf.node, k->incarnation,
				     &ignored);
	}
	mst_dispatch_free(&k->dispatch);
	mst_beside_free(&k->beside);
	mst_agenda_free(&k->agenda);
	mst_state_close(&k->state);
	mst_loop_free(&k->loop);
	mst_buf_fini(&k->argv);
	mst_buf_fini(&k->gauges);
	(void)pthread_mutex_destroy(&k->gauge_lock);
	free(k);
	*kp = NULL;
}

void mst_keeper_counts(const struct mst_keeper *k,
		       struct mst_keeper_counts *c_r)
{
	*c_r = (struct mst_keeper_counts){
	    .jobs = atomic_load(&k->jobs),
	    .running = atomic_load(&k->running),
	    .due = atomic_load(&k->due),
	    .late_us_max = atomic_load(&k->late_us_max),
	    .started = atomic_load(&k->started),
	    .ended = atomic_load(&k->ended),
	    .failed = atomic_load(&k->failed),
	    .store_errors = atomic_load(&k->store_errors),
	};
}
