/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes the parts of forwarding out of the configuration, keeps house, and
 * stops in an order in which nothing that was accepted is lost: receivers and
 * pollers, then deliverers, then the outbox.
 */
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/time.h"
#include "db/db.h"
#include "forwarder/poller.h"
#include "forwarder/receivers.h"

#define LOOK_MS	   200 /* at the flags that signals set */
#define FLUSH_US   (INT64_C(5) * 1000000)
#define CLEAN_US   (INT64_C(60) * 1000000)
#define CLEAN_ROWS 2000

/* ---- what the threads share ---------------------------------------------- */

void mst_forwarder_lock(struct mst_forwarder *f)
{
	(void)pthread_mutex_lock(&f->outbox_lock);
}

void mst_forwarder_unlock(struct mst_forwarder *f)
{
	(void)pthread_mutex_unlock(&f->outbox_lock);
}

void mst_forwarder_changed(struct mst_forwarder *f)
{
	f->changes++;
	(void)pthread_cond_broadcast(&f->changed);
}

/* Not by mst_mono_us: tests set that clock, the kernel's goes on. */
void mst_forwarder_until(int64_t wait_us, struct timespec *at_r)
{
	(void)clock_gettime(CLOCK_MONOTONIC, at_r);
	at_r->tv_sec += (time_t)(wait_us / 1000000);
	at_r->tv_nsec += (long)(wait_us % 1000000 * 1000);
	if (at_r->tv_nsec >= 1000000000) {
		at_r->tv_nsec -= 1000000000;
		at_r->tv_sec++;
	}
}

void mst_forwarder_cond(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(c, &attr);
	(void)pthread_condattr_destroy(&attr);
}

void mst_forwarder_wait(struct mst_forwarder *f, uint64_t seen, int64_t wait_ms)
{
	struct timespec at;

	if (wait_ms >= 0)
		mst_forwarder_until(MST_MIN(wait_ms, 86400000) * 1000, &at);
	while (f->changes == seen) {
		if (wait_ms < 0)
			(void)pthread_cond_wait(&f->changed, &f->outbox_lock);
		else if (pthread_cond_timedwait(&f->changed, &f->outbox_lock,
						&at) != 0)
			return;
	}
}

/* ---- opening ------------------------------------------------------------- */

char *mst_forwarder_path(const struct mst_state *state)
{
	return mst_asprintf("%s/outbox.db", mst_state_dir(state));
}

int mst_forwarder_who(const struct mst_state *state, bool *runs_r,
		      struct mst_buf *note, struct mst_err *err)
{
	char *path MST_CLEANUP(mst_freep) = mst_forwarder_path(state);
	char *lock MST_CLEANUP(mst_freep) = mst_asprintf("%s.lock", path);

	return mst_lock_peek(lock, runs_r, note, err);
}

int mst_forwarder_look(const struct mst_state *state, struct mst_outbox **o_r,
		       struct mst_err *err)
{
	const struct mst_conf_item none = {
	    .kind = MST_OUTBOX, .name = MST_OUTBOX, .type = ""};
	char *path MST_CLEANUP(mst_freep) = mst_forwarder_path(state);
	struct mst_outbox_conf conf;
	struct mst_arena arena;
	int rc;

	*o_r = NULL;
	mst_arena_init(&arena, 1u << 20);
	rc = mst_conf_apply(&none, mst_outbox_opts, &conf, &arena, err);
	if (rc == 0)
		rc = mst_outbox_open(path, MST_OUTBOX_LOOK, &conf, mst_now_us(),
				     o_r, err);
	mst_arena_fini(&arena);
	if (rc != -MST_E_NOTFOUND)
		return rc;
	mst_err_clear(err);
	return 0;
}

/* Sealed secrets are read by any thread, the state store by one at a time. */
static int open_secret(void *ctx, const char *name, struct mst_secret **s_r,
		       struct mst_err *err)
{
	struct mst_forwarder *f = ctx;
	int rc;

	(void)pthread_mutex_lock(&f->state_lock);
	rc = mst_state_secret(f->state, name, s_r, err);
	(void)pthread_mutex_unlock(&f->state_lock);
	return rc;
}

static void init_locks(struct mst_forwarder *f)
{
	pthread_mutexattr_t attr;

	(void)pthread_mutexattr_init(&attr);
	(void)pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	(void)pthread_mutex_init(&f->state_lock, &attr);
	(void)pthread_mutexattr_destroy(&attr);
	(void)pthread_mutex_init(&f->outbox_lock, NULL);
	mst_forwarder_cond(&f->changed);
}

static int check_any(const struct mst_forward_conf *c, struct mst_err *err)
{
	for (size_t i = 0; i < c->rules_n; i++) {
		if (c->rules[i].enabled)
			return 0;
	}
	return mst_err_set(err, MST_E_INVALID,
			   c->rules_n ? "all forwarding rules are disabled: "
					"nothing would be forwarded"
				      : "there is no forwarding rule: apply a "
					"file with forward_rules and "
					"forward_actions");
}

int mst_forwarder_open(struct mst_state *state, struct mst_forwarder **f_r,
		       struct mst_err *err)
{
	struct mst_forwarder *f = mst_alloc(sizeof(*f));
	struct mst_forward_conf *conf = NULL;
	char *path MST_CLEANUP(mst_freep) = mst_forwarder_path(state);
	int rc;

	f->state = state;
	f->now_us = mst_now_us;
	init_locks(f);
	mst_secret_vault_set(&(struct mst_secret_vault){open_secret, f});
	rc = mst_forward_conf_load(state, &conf, err);
	if (rc == 0) {
		f->conf = conf;
		f->intake = mst_intake_new(f, conf);
		rc = check_any(conf, err);
	}
	if (rc == 0)
		rc = mst_outbox_open(path, MST_OUTBOX_OWN, &conf->outbox,
				     f->now_us(), &f->outbox, err);
	if (rc < 0)
		mst_forwarder_close(&f);
	else
		*f_r = f;
	return rc;
}

void mst_forwarder_close(struct mst_forwarder **fp)
{
	struct mst_forwarder *f = *fp;

	if (!f)
		return;
	mst_intake_free(&f->intake);
	mst_outbox_close(&f->outbox);
	mst_secret_vault_drop(f);
	(void)pthread_cond_destroy(&f->changed);
	(void)pthread_mutex_destroy(&f->outbox_lock);
	(void)pthread_mutex_destroy(&f->state_lock);
	free(f);
	*fp = NULL;
}

int mst_forwarder_port(struct mst_forwarder *f, const char *receiver)
{
	int port = 0;

	mst_forwarder_lock(f);
	if (f->receivers)
		port = mst_receivers_port(f->receivers, receiver);
	mst_forwarder_unlock(f);
	return port;
}

/* ---- running ------------------------------------------------------------- */

static int start(struct mst_forwarder *f, struct mst_err *err)
{
	struct mst_receivers *receivers = NULL;
	int rc = mst_receivers_start(f, &receivers, err);

	mst_forwarder_lock(f);
	f->receivers = receivers;
	mst_forwarder_unlock(f);
	if (rc == 0)
		rc = mst_deliverers_start(f, &f->deliverers, err);
	if (rc == 0)
		rc = mst_pollers_start(f, &f->pollers, err);
	return rc;
}

static void flush(struct mst_forwarder *f)
{
	struct mst_err err = MST_ERR_INIT;

	if (mst_intake_flush(f->intake, &err) < 0)
		mst_warn("counts cannot be stored: %s", err.msg);
}

static void stop_all(struct mst_forwarder *f)
{
	struct mst_receivers *receivers;

	mst_intake_stop(f->intake);
	mst_pollers_stop(&f->pollers);
	mst_forwarder_lock(f);
	receivers = f->receivers;
	f->receivers = NULL;
	mst_forwarder_unlock(f);
	mst_receivers_stop(&receivers);
	mst_deliverers_stop(&f->deliverers);
	flush(f);
}

static void clean(struct mst_forwarder *f)
{
	struct mst_err err = MST_ERR_INIT;
	bool more = false;

	mst_forwarder_lock(f);
	if (mst_outbox_clean(f->outbox, f->now_us(), CLEAN_ROWS, &more, &err) <
	    0)
		mst_warn("old alerts cannot be removed: %s", err.msg);
	mst_forwarder_unlock(f);
}

/* Receivers go on meanwhile. */
static int reload(struct mst_forwarder *f, struct mst_err *err)
{
	struct mst_forward_conf *conf = NULL;
	int rc;

	(void)pthread_mutex_lock(&f->state_lock);
	rc = mst_forward_conf_load(f->state, &conf, err);
	(void)pthread_mutex_unlock(&f->state_lock);
	if (rc == 0)
		rc = check_any(conf, err);
	if (rc < 0) {
		mst_error("the configuration was not taken over: %s", err->msg);
		mst_forward_conf_free(&conf);
		mst_err_clear(err);
		return 0;
	}
	mst_pollers_stop(&f->pollers);
	mst_deliverers_stop(&f->deliverers);
	f->conf = conf;
	mst_intake_conf(f->intake, conf);
	mst_forwarder_lock(f);
	mst_outbox_reconf(f->outbox, &conf->outbox);
	mst_forwarder_unlock(f);
	mst_receivers_reload(f, f->receivers);
	rc = mst_deliverers_start(f, &f->deliverers, err);
	if (rc == 0)
		rc = mst_pollers_start(f, &f->pollers, err);
	if (rc == 0)
		mst_info("the configuration was read again: %zu rules",
			 conf->rules_n);
	return rc;
}

/* What is due of the house keeping. */
static void keep_house(struct mst_forwarder *f, int64_t *flushed,
		       int64_t *cleaned)
{
	int64_t now = mst_mono_us();

	if (now - *flushed >= FLUSH_US) {
		flush(f);
		*flushed = now;
	}
	if (now - *cleaned >= CLEAN_US) {
		clean(f);
		*cleaned = now;
	}
}

/* For the flags alone: a signal handler cannot wake anybody. */
static void look_around(void)
{
	const struct timespec t = {0, LOOK_MS * 1000000L};

	(void)nanosleep(&t, NULL);
}

int mst_forwarder_run(struct mst_forwarder *f, const atomic_bool *stop,
		      atomic_bool *reload_now, struct mst_err *err)
{
	int64_t flushed = mst_mono_us(), cleaned = flushed;
	int rc = start(f, err);

	while (rc == 0 && !atomic_load(stop)) {
		if (reload_now && atomic_exchange(reload_now, false))
			rc = reload(f, err);
		if (rc == 0 && mst_intake_broken(f->intake, err))
			rc = -(int)err->code;
		keep_house(f, &flushed, &cleaned);
		if (rc == 0)
			look_around();
	}
	stop_all(f);
	return rc;
}

int mst_forwarder_once(struct mst_forwarder *f, const atomic_bool *stop,
		       struct mst_err *err)
{
	struct mst_err first = MST_ERR_INIT;
	int rc = mst_deliver_due(f, stop, err); /* makes room */

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < f->conf->polls_n && !atomic_load(stop); i++) {
		struct mst_err one = MST_ERR_INIT;

		mst_poll_warn(f, &f->conf->polls[i]);
		if (mst_poll_once(f, &f->conf->polls[i], true, false, stop,
				  &one) == 0 ||
		    first.code != MST_OK)
			continue;
		first = one;
		(void)mst_err_prefix(&first, "connection '%s'",
				     f->conf->polls[i].connection);
	}
	rc = mst_deliver_due(f, stop, err);
	flush(f);
	clean(f);
	if (first.code != MST_OK) {
		*err = first;
		rc = -(int)err->code;
	}
	return rc;
}
