/* SPDX-License-Identifier: Apache-2.0
 *
 * Deliverers: out of the outbox to the far ends.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "forwarder/ack.h"
#include "forwarder/to.h"
#include "sync/proxy.h"
#include "sync/step.h"

#define HOLD_FIRST_MS 5000
#define HOLD_MOST_MS  300000
#define LOOK_MS	      5000 /* between two looks for what others have retried */
#define ASKED_MOST_MS 3600000 /* of what a far end may ask for */
#define ARENA_MAX     (256u << 20)

struct deliverer {
	struct mst_forwarder *f;
	const struct mst_alert_action *action;
	const struct mst_to_ops *ops;
	struct mst_to *to;
	struct mst_arena arena; /* of a turn */
	struct mst_arena own;	/* the connection */
	struct mst_connection connection;
	struct mst_proxy proxy;
	/* The far end is away until then. */
	bool away;
	int64_t hold_ms, until_us;
	const atomic_bool *stop;
	pthread_t thread;
	bool running;
};

struct mst_deliverers {
	struct mst_forwarder *f;
	atomic_bool stop;
	struct deliverer *v;
	size_t n;
	struct mst_ackers *ackers;
};

/* ---- the far end --------------------------------------------------------- */

static void close_end(struct deliverer *d)
{
	if (d->to)
		d->ops->close(&d->to);
	mst_arena_reset(&d->own);
}

static int load_end(struct deliverer *d, struct mst_err *err)
{
	struct mst_to_env env = {
	    .action = d->action,
	    .proxy = &d->proxy,
	    .stop = d->stop,
	};
	const struct mst_config config = {.state = d->f->state};
	int rc;

	if (d->action->connection) {
		rc = mst_connection_load(d->f->state, d->action->connection,
					 &d->own, &d->connection, err);
		env.connection = &d->connection;
	} else {
		rc = mst_proxy_section(&config, &d->own, &d->proxy, err);
	}
	if (rc == 0)
		rc = d->ops->open(&env, &d->to, err);
	return rc;
}

/* Anew after each outage, so that renewed secrets are taken up. */
static int open_end(struct deliverer *d, struct mst_err *err)
{
	int rc;

	if (d->to)
		return 0;
	(void)pthread_mutex_lock(&d->f->state_lock);
	rc = load_end(d, err);
	(void)pthread_mutex_unlock(&d->f->state_lock);
	if (rc < 0)
		close_end(d);
	return rc;
}

static void hold(struct deliverer *d, const struct mst_err *err)
{
	int64_t ms = MST_MIN(err->retry_after_ms, (int64_t)ASKED_MOST_MS);

	d->hold_ms = d->away ? MST_MIN(d->hold_ms * 2, (int64_t)HOLD_MOST_MS)
			     : HOLD_FIRST_MS;
	d->until_us = d->f->now_us() + MST_MAX(d->hold_ms, ms) * 1000;
	if (!d->away)
		mst_warn("action %s waits: %s", d->action->name, err->msg);
	else
		mst_debug("action %s still waits: %s", d->action->name,
			  err->msg);
	d->away = true;
	close_end(d);
}

static void back(struct deliverer *d)
{
	if (d->away)
		mst_info("action %s delivers again", d->action->name);
	d->away = false;
}

/* ---- a turn -------------------------------------------------------------- */

static int take(struct deliverer *d, struct mst_delivery **v_r, size_t *n_r,
		struct mst_err *err)
{
	struct mst_forwarder *f = d->f;
	size_t most = d->away ? 1 : d->ops->most;
	int rc;

	mst_arena_reset(&d->arena);
	mst_forwarder_lock(f);
	rc = mst_outbox_take(f->outbox, d->action->name, f->now_us(), most,
			     &d->arena, v_r, n_r, err);
	mst_forwarder_unlock(f);
	return rc;
}

/* Alerts are kept as they came. */
static void read_alerts(struct deliverer *d, struct mst_sending *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct mst_delivery *v = s[i].d;
		struct mst_alert *a = mst_arena_alloc(&d->arena, sizeof(*a));
		struct mst_err err = MST_ERR_INIT;

		if (mst_form_read(v->form, v->body, 0, &d->arena, a, &err) < 0)
			mst_to_settle(&s[i], MST_DELIVERED_ASIDE,
				      "the alert cannot be read any more: "
				      "%.400s",
				      err.msg);
		s[i].alert = a;
	}
}

static int store(struct deliverer *d, const struct mst_sending *s, size_t n,
		 struct mst_err *err)
{
	struct mst_outbox_verdict *v =
	    mst_arena_alloc(&d->arena, (n + 1) * sizeof(*v));
	struct mst_forwarder *f = d->f;
	int rc;

	for (size_t i = 0; i < n; i++)
		v[i] = (struct mst_outbox_verdict){
		    .id = s[i].d->id,
		    .what = s[i].what,
		    .remote = *s[i].remote ? s[i].remote : NULL,
		    .why = s[i].why,
		    .retry_after_ms = s[i].retry_after_ms,
		};
	mst_step();
	mst_forwarder_lock(f);
	rc = mst_outbox_verdicts(f->outbox, v, n, f->now_us(), err);
	if (rc == 0)
		mst_forwarder_changed(f);
	mst_forwarder_unlock(f);
	mst_step();
	return rc;
}

/* What cannot be read is settled and stays behind. */
static size_t readable(struct mst_sending *s, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		struct mst_sending t = s[i];

		if (t.settled)
			continue;
		s[i] = s[k];
		s[k++] = t;
	}
	return k;
}

static int send_all(struct deliverer *d, struct mst_sending *s, size_t n,
		    struct mst_err *err)
{
	int rc = open_end(d, err);

	if (rc == 0 && n)
		rc = d->ops->send(d->to, s, n, err);
	mst_to_settle_rest(
	    s, n, rc == 0 ? MST_DELIVERED_UNCERTAIN : MST_DELIVERED_LATER,
	    rc == 0 ? "no answer" : err->msg);
	return rc;
}

/* <0: the outbox failed. *n_r: how many were given out. */
static int turn(struct deliverer *d, size_t *n_r, struct mst_err *err)
{
	struct mst_err away = MST_ERR_INIT;
	struct mst_delivery *v = NULL;
	struct mst_sending *s;
	size_t n = 0, k;
	int rc = take(d, &v, &n, err);

	*n_r = n;
	if (rc < 0 || n == 0)
		return rc;
	mst_step();
	s = mst_arena_alloc(&d->arena, n * sizeof(*s));
	for (size_t i = 0; i < n; i++)
		s[i].d = &v[i];
	read_alerts(d, s, n);
	k = readable(s, n);
	if (send_all(d, s, k, &away) < 0) {
		/* Nobody's fault when it was told to stop. */
		if (!atomic_load(d->stop))
			hold(d, &away);
	} else if (k) {
		back(d);
	}
	return store(d, s, n, err);
}

/* ---- a thread ------------------------------------------------------------ */

static void init(struct deliverer *d, struct mst_forwarder *f,
		 const struct mst_alert_action *action, const atomic_bool *stop)
{
	*d = (struct deliverer){.f = f, .action = action, .stop = stop};
	d->ops = mst_to_find(action->type);
	mst_arena_init(&d->arena, ARENA_MAX);
	mst_arena_init(&d->own, MST_MAX_ARENA);
}

static void fini(struct deliverer *d)
{
	close_end(d);
	mst_arena_fini(&d->arena);
	mst_arena_fini(&d->own);
}

/* Milliseconds until something may be due. With the lock held. */
static int64_t due_in(struct deliverer *d)
{
	struct mst_err err = MST_ERR_INIT;
	int64_t now = d->f->now_us(), due = MST_TIME_NONE;

	if (mst_outbox_due(d->f->outbox, d->action->name, &due, &err) < 0)
		return LOOK_MS;
	if (due == MST_TIME_NONE)
		return LOOK_MS;
	if (d->away)
		due = MST_MAX(due, d->until_us);
	if (due <= now)
		return 0;
	return MST_MIN((due - now + 999) / 1000, (int64_t)LOOK_MS);
}

static void *run(void *arg)
{
	struct deliverer *d = arg;
	struct mst_err err = MST_ERR_INIT;

	while (!atomic_load(d->stop)) {
		int64_t wait_ms;
		size_t n = 0;

		mst_forwarder_lock(d->f);
		wait_ms = due_in(d);
		if (wait_ms != 0 && !atomic_load(d->stop))
			mst_forwarder_wait(d->f, d->f->changes, wait_ms);
		mst_forwarder_unlock(d->f);
		if (wait_ms != 0)
			continue;
		mst_err_clear(&err);
		if (turn(d, &n, &err) < 0) {
			mst_error("action %s: %s", d->action->name, err.msg);
			hold(d, &err);
		}
	}
	return NULL;
}

static void tell_orphan(void *ctx, const char *action,
			const struct mst_outbox_stats *s)
{
	const struct mst_forwarder *f = ctx;
	uint64_t n = 0;

	if (!action || mst_forward_conf_action(f->conf, action))
		return;
	for (size_t i = 0; i < MST_LEN(s->n); i++)
		n += s->n[i];
	mst_warn("%llu deliveries wait for the action %s, which is not there "
		 "any more: apply it again, or drop them ('muster forward list "
		 "--action %s')",
		 (unsigned long long)n, action, action);
}

/* What waits for an action that somebody has taken away. */
static int tell_orphans(struct mst_forwarder *f, struct mst_err *err)
{
	int rc;

	mst_forwarder_lock(f);
	rc = mst_outbox_stats(f->outbox, tell_orphan, f, err);
	mst_forwarder_unlock(f);
	return rc;
}

int mst_deliverers_start(struct mst_forwarder *f, struct mst_deliverers **d_r,
			 struct mst_err *err)
{
	struct mst_deliverers *all;

	if (tell_orphans(f, err) < 0)
		return -(int)err->code;
	all = mst_alloc(sizeof(*all));
	all->f = f;
	all->v = mst_alloc((f->conf->actions_n + 1) * sizeof(*all->v));
	for (size_t i = 0; i < f->conf->actions_n; i++) {
		struct deliverer *d = &all->v[all->n++];
		int rc;

		init(d, f, &f->conf->actions[i], &all->stop);
		rc = pthread_create(&d->thread, NULL, run, d);
		d->running = rc == 0;
		if (rc != 0) {
			(void)mst_err_set(err, MST_E_IO,
					  "no thread for the action %s: %s",
					  d->action->name, strerror(rc));
			mst_deliverers_stop(&all);
			return -MST_E_IO;
		}
	}
	if (mst_ackers_start(f, &all->ackers, err) < 0) {
		mst_deliverers_stop(&all);
		return -(int)err->code;
	}
	*d_r = all;
	return 0;
}

void mst_deliverers_stop(struct mst_deliverers **dp)
{
	struct mst_deliverers *all = *dp;

	if (!all)
		return;
	mst_ackers_stop(&all->ackers);
	atomic_store(&all->stop, true);
	mst_forwarder_lock(all->f);
	mst_forwarder_changed(all->f);
	mst_forwarder_unlock(all->f);
	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i].running)
			(void)pthread_join(all->v[i].thread, NULL);
		fini(&all->v[i]);
	}
	free(all->v);
	free(all);
	*dp = NULL;
}

/* ---- once ---------------------------------------------------------------- */

int mst_deliver_due(struct mst_forwarder *f, const atomic_bool *stop,
		    struct mst_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < f->conf->actions_n && rc == 0; i++) {
		struct deliverer d;
		size_t n = 1;

		init(&d, f, &f->conf->actions[i], stop);
		while (rc == 0 && n > 0 && !d.away && !atomic_load(stop))
			rc = turn(&d, &n, err);
		fini(&d);
	}
	return rc == 0 && !atomic_load(stop) ? mst_ack_once(f, stop, err) : rc;
}
