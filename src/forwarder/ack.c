/* SPDX-License-Identifier: Apache-2.0
 *
 * A turn: what was closed since the last time is noted as owed, then what is
 * owed and due is told to its console. Both are durable; telling a console
 * twice does no harm, so nothing is looked up.
 */
#include "forwarder/ack.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "forward/owed.h"
#include "forwarder/closed.h"
#include "source/iot/handle.h"
#include "sync/connection.h"
#include "sync/step.h"

#define EVERY_MS   60000
#define LOOK_MS	   1000
#define OVERLAP_US (INT64_C(15) * 3600 * 1000000) /* zones of accounts */
#define MOST	   100				  /* told in a turn */
#define KEYS_MAX   10000
#define RETRY_MS   20000

struct acker {
	struct mst_forwarder *f;
	const struct mst_alert_action *action;
	const atomic_bool *stop;
	struct mst_arena arena; /* of a turn */
	char told[240];		/* the last failure in the log */
	pthread_t thread;
	bool running;
};

struct mst_ackers {
	struct mst_forwarder *f;
	atomic_bool stop;
	struct acker *v;
	size_t n;
};

/* ---- what was closed ----------------------------------------------------- */

struct keys {
	struct mst_arena *arena;
	struct mst_slice *v;
	size_t n;
};

static void note_key(void *ctx, struct mst_slice key)
{
	struct keys *k = ctx;

	if (k->n < KEYS_MAX)
		k->v[k->n++] = mst_arena_dup(k->arena, key);
}

static int read_cursor(struct acker *a, const char *name,
		       struct mst_outbox_cursor *c, struct mst_err *err)
{
	int rc;

	mst_forwarder_lock(a->f);
	rc = mst_outbox_cursor(a->f->outbox, name, c, err);
	mst_forwarder_unlock(a->f);
	return rc;
}

static int store_closed(struct acker *a, const char *source, const char *name,
			struct keys *k, struct mst_outbox_cursor *c,
			struct mst_err *err)
{
	size_t fresh = 0;
	int rc;

	mst_step();
	mst_forwarder_lock(a->f);
	rc = mst_closed_owed(a->f->outbox, a->action->name, source, k->v, &k->n,
			     err);
	if (rc == 0)
		rc = mst_owed_put(a->f->outbox, a->action->name, source, k->v,
				  k->n, a->f->now_us(), &fresh, err);
	if (rc == 0)
		rc = mst_outbox_cursor_put(a->f->outbox, name, c, err);
	mst_forwarder_unlock(a->f);
	mst_step();
	if (fresh)
		mst_info("action %s: %zu alerts of '%s' were closed in "
			 "ServiceNow",
			 a->action->name, fresh, source);
	return rc;
}

static int open_instance(struct acker *a, struct mst_connection *c,
			 struct mst_instance **i_r, struct mst_err *err)
{
	int rc;

	(void)pthread_mutex_lock(&a->f->state_lock);
	rc = mst_connection_load(a->f->state, a->action->connection, &a->arena,
				 c, err);
	if (rc == 0)
		rc = mst_instance_open(c, i_r, err);
	(void)pthread_mutex_unlock(&a->f->state_lock);
	return rc;
}

/* What was closed before this was switched on is not told: the first turn only
 * notes when that was. */
static int find_closed(struct acker *a, const char *source,
		       struct mst_err *fault, struct mst_err *err)
{
	const char *name =
	    mst_arena_printf(&a->arena, "ack/%s/%s", a->action->name, source);
	struct keys k = {&a->arena, NULL, 0};
	struct mst_outbox_cursor cursor;
	struct mst_instance *i = NULL;
	struct mst_connection c;
	int64_t now = a->f->now_us();
	int rc = read_cursor(a, name, &cursor, err);

	if (rc < 0)
		return rc;
	if (cursor.wide_us == MST_TIME_NONE) {
		cursor = (struct mst_outbox_cursor){now, now};
		return store_closed(a, source, name, &k, &cursor, err);
	}
	k.v = mst_arena_alloc(&a->arena, KEYS_MAX * sizeof(*k.v));
	rc = open_instance(a, &c, &i, fault);
	if (rc == 0) {
		const struct mst_closed closed = {.action = a->action,
						  .source = source,
						  .since_us = cursor.until_us -
							      OVERLAP_US,
						  .from_us = cursor.wide_us,
						  .fn = note_key,
						  .ctx = &k};

		rc = mst_closed_ask(i, &closed, a->stop, fault);
	}
	mst_instance_close(&i);
	if (rc < 0 || atomic_load(a->stop))
		return 0;
	cursor.until_us = now;
	return store_closed(a, source, name, &k, &cursor, err);
}

/* ---- telling the console ------------------------------------------------- */

struct console {
	struct mst_connection c;
	struct mst_source *source;
	struct mst_client *client;
};

static int open_console(struct acker *a, const char *name, struct console *con,
			struct mst_err *err)
{
	const struct mst_source_common *common;
	struct mst_source_auth auths[8];
	struct mst_client_conf conf;
	size_t n;
	int rc;

	(void)pthread_mutex_lock(&a->f->state_lock);
	rc = mst_connection_load(a->f->state, name, &a->arena, &con->c, err);
	if (rc == 0 && (!con->c.source || strcmp(con->c.type, "iot") != 0))
		rc = mst_err_set(err, MST_E_UNSUPPORTED,
				 "connection '%s' is no console of Defender "
				 "for IoT",
				 name);
	if (rc == 0)
		rc = con->c.source->open(name, con->c.source_conf, &con->source,
					 err);
	(void)pthread_mutex_unlock(&a->f->state_lock);
	if (rc < 0)
		return rc;
	common = con->c.source_conf;
	conf = (struct mst_client_conf){
	    .name = name,
	    .proxy = common->proxy,
	    .ca_file = common->ca_file,
	    .pin = common->pin,
	    .insecure_tls = common->insecure_tls,
	    .insecure_loopback = true,
	    .timeout_ms = RETRY_MS,
	    .retry_max = 2,
	    .retry_total_ms = RETRY_MS,
	};
	conf.rates = con->c.source->rates(con->source, &conf.rates_n);
	con->client = mst_client_new(&conf, err);
	if (!con->client)
		return -(int)err->code;
	n = con->c.source->auths(con->source, auths, MST_LEN(auths));
	for (size_t i = 0; i < n; i++)
		mst_client_add_auth(con->client, auths[i].name, auths[i].auth,
				    auths[i].hosts);
	return 0;
}

static void close_console(struct console *con)
{
	mst_client_free(&con->client);
	if (con->source)
		con->c.source->close(&con->source);
}

/* Alerts without a UUID have a key of 32 hex digits of muster's own. */
static bool has_uuid(struct mst_slice key)
{
	if (key.n != 32)
		return true;
	for (size_t i = 0; i < key.n; i++) {
		if (!memchr("0123456789abcdef", key.p[i], 16))
			return true;
	}
	return false;
}

static enum mst_owed_state tell(struct acker *a, struct console *con,
				const struct mst_owed *owed, char why[240],
				struct mst_err *fault)
{
	enum mst_iot_action what =
	    a->action->acknowledge == MST_ACKNOWLEDGE_LEARN
		? MST_IOT_HANDLE_AND_LEARN
		: MST_IOT_HANDLE;
	const struct mst_resp *resp;
	const struct mst_req *done;
	struct mst_req req;
	enum mst_owed_state state = MST_OWED_WAITS;
	int rc;

	if (!has_uuid(owed->key)) {
		(void)snprintf(why, 240,
			       "the alert has no UUID: the console's "
			       "lists do not tell it, its syslog and "
			       "webhooks do");
		return MST_OWED_NEVER;
	}
	rc = mst_iot_handle(con->source, owed->key, what, &req, fault);
	if (rc < 0) {
		(void)snprintf(why, 240, "%.230s", fault->msg);
		return MST_OWED_NEVER;
	}
	mst_step();
	rc = mst_client_submit(con->client, &req, fault);
	while (rc == 0 && mst_client_pending(con->client))
		rc = mst_client_wait(con->client, -1, &done, &resp, fault);
	if (rc <= 0) {
		(void)snprintf(why, 240, "%.230s", fault->msg);
		return MST_OWED_WAITS;
	}
	switch (mst_iot_handle_answer(resp, why, 240)) {
	case MST_IOT_DONE:
	case MST_IOT_ALREADY:
		state = MST_OWED_DONE;
		break;
	case MST_IOT_UNKNOWN:
	case MST_IOT_REFUSED:
		state = MST_OWED_NEVER;
		break;
	case MST_IOT_LATER:
		(void)mst_err_set(fault, MST_E_TRANSIENT, "%.230s", why);
		break;
	}
	mst_client_done(con->client);
	return state;
}

static int settle(struct acker *a, const struct mst_owed *owed,
		  enum mst_owed_state state, const char *why,
		  struct mst_err *err)
{
	int rc;

	mst_step();
	mst_forwarder_lock(a->f);
	rc = mst_owed_settle(a->f->outbox, owed, state, why, a->f->now_us(),
			     err);
	mst_forwarder_unlock(a->f);
	if (state == MST_OWED_NEVER)
		mst_warn("action %s: alert %.*s of '%s' is not acknowledged: "
			 "%s",
			 a->action->name, MST_SLICE_ARG(owed->key),
			 owed->source, why);
	return rc;
}

static int tell_owed(struct acker *a, const char *source, struct mst_err *fault,
		     struct mst_err *err)
{
	struct mst_owed *v = NULL;
	struct console con = {0};
	size_t n = 0;
	int rc;

	mst_forwarder_lock(a->f);
	rc = mst_owed_due(a->f->outbox, a->action->name, source, a->f->now_us(),
			  MOST, &a->arena, &v, &n, err);
	mst_forwarder_unlock(a->f);
	if (rc < 0 || n == 0)
		return rc;
	if (open_console(a, source, &con, fault) < 0)
		n = 0;
	/* One that is away is asked once in a turn. */
	for (size_t i = 0; i < n && rc == 0 && !atomic_load(a->stop); i++) {
		struct mst_err one = MST_ERR_INIT;
		char why[240] = "";
		enum mst_owed_state state = tell(a, &con, &v[i], why, &one);

		rc = settle(a, &v[i], state, why, err);
		if (state == MST_OWED_WAITS) {
			*fault = one;
			break;
		}
	}
	close_console(&con);
	return rc;
}

/* ---- a turn -------------------------------------------------------------- */

static bool is_first(const struct mst_forward_conf *c, size_t rule,
		     const char *action)
{
	const struct mst_alert_rule *r = &c->rules[rule];
	bool names = false;

	for (size_t i = 0; i < r->actions.n; i++)
		names |= strcmp(r->actions.v[i], action) == 0;
	for (size_t k = 0; names && k < rule; k++) {
		if (strcmp(c->rules[k].source, r->source) == 0 &&
		    is_first(c, k, action))
			return false;
	}
	return names;
}

/* Said once, until it changes or is over. */
static void say(struct acker *a, const struct mst_err *fault)
{
	if (fault->code && strncmp(a->told, fault->msg, 200) != 0)
		mst_warn("action %s: acknowledgements wait: %s",
			 a->action->name, fault->msg);
	(void)snprintf(a->told, sizeof(a->told), "%.200s",
		       fault->code ? fault->msg : "");
}

static int turn(struct acker *a, struct mst_err *err)
{
	const struct mst_forward_conf *c = a->f->conf;
	struct mst_err fault = MST_ERR_INIT;
	int rc = 0;

	mst_arena_reset(&a->arena);
	for (size_t i = 0; i < c->rules_n && rc == 0; i++) {
		const char *source = c->rules[i].source, *why;

		if (!is_first(c, i, a->action->name))
			continue;
		why = mst_closed_why_not(source);
		if (*why) {
			(void)mst_err_set(&fault, MST_E_UNSUPPORTED,
					  "alerts of '%s' cannot be told: %s",
					  source, why);
			continue;
		}
		rc = find_closed(a, source, &fault, err);
		if (rc == 0 && !atomic_load(a->stop))
			rc = tell_owed(a, source, &fault, err);
	}
	if (!atomic_load(a->stop))
		say(a, &fault);
	return rc;
}

static bool wanted(const struct mst_alert_action *a)
{
	return a->acknowledge != MST_ACKNOWLEDGE_OFF;
}

/* Switched off: what is closed from now on is not told when it is switched on
 * again. Of all sources, as rules change, too. */
static int forget(struct mst_forwarder *f, const struct mst_alert_action *a,
		  struct mst_err *err)
{
	static const struct mst_outbox_cursor none = {MST_TIME_NONE,
						      MST_TIME_NONE};
	int rc = 0;

	mst_forwarder_lock(f);
	for (size_t i = 0; i < f->conf->rules_n && rc == 0; i++) {
		char *name MST_CLEANUP(mst_freep) = mst_asprintf(
		    "ack/%s/%s", a->name, f->conf->rules[i].source);
		struct mst_outbox_cursor c;

		rc = mst_outbox_cursor(f->outbox, name, &c, err);
		if (rc == 0 && c.wide_us != MST_TIME_NONE)
			rc = mst_outbox_cursor_put(f->outbox, name, &none, err);
	}
	mst_forwarder_unlock(f);
	return rc;
}

static void init(struct acker *a, struct mst_forwarder *f,
		 const struct mst_alert_action *action, const atomic_bool *stop)
{
	*a = (struct acker){.f = f, .action = action, .stop = stop};
	mst_arena_init(&a->arena, MST_MAX_ARENA);
}

int mst_ack_once(struct mst_forwarder *f, const atomic_bool *stop,
		 struct mst_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < f->conf->actions_n && rc == 0; i++) {
		struct acker a;

		if (!wanted(&f->conf->actions[i])) {
			rc = forget(f, &f->conf->actions[i], err);
			continue;
		}
		init(&a, f, &f->conf->actions[i], stop);
		rc = turn(&a, err);
		mst_arena_fini(&a.arena);
	}
	return rc;
}

/* ---- threads ------------------------------------------------------------- */

static void *run(void *arg)
{
	struct acker *a = arg;

	while (!atomic_load(a->stop)) {
		int64_t until = mst_mono_us() + INT64_C(1000) * EVERY_MS;
		struct mst_err err = MST_ERR_INIT;

		if (turn(a, &err) < 0)
			mst_error("action %s: acknowledgements: %s",
				  a->action->name, err.msg);
		mst_forwarder_lock(a->f);
		while (!atomic_load(a->stop) && mst_mono_us() < until)
			mst_forwarder_wait(a->f, a->f->changes, LOOK_MS);
		mst_forwarder_unlock(a->f);
	}
	return NULL;
}

int mst_ackers_start(struct mst_forwarder *f, struct mst_ackers **a_r,
		     struct mst_err *err)
{
	struct mst_ackers *all = mst_alloc(sizeof(*all));

	all->f = f;
	all->v = mst_alloc((f->conf->actions_n + 1) * sizeof(*all->v));
	for (size_t i = 0; i < f->conf->actions_n; i++) {
		struct acker *a = &all->v[all->n];

		if (!wanted(&f->conf->actions[i])) {
			if (forget(f, &f->conf->actions[i], err) == 0)
				continue;
			mst_ackers_stop(&all);
			return -(int)err->code;
		}
		init(a, f, &f->conf->actions[i], &all->stop);
		all->n++;
		a->running = pthread_create(&a->thread, NULL, run, a) == 0;
		if (!a->running) {
			(void)mst_err_set(err, MST_E_IO,
					  "no thread for the acknowledgements "
					  "of action %s",
					  a->action->name);
			mst_ackers_stop(&all);
			return -MST_E_IO;
		}
	}
	*a_r = all;
	return 0;
}

void mst_ackers_stop(struct mst_ackers **ap)
{
	struct mst_ackers *all = *ap;

	if (!all)
		return;
	atomic_store(&all->stop, true);
	mst_forwarder_lock(all->f);
	mst_forwarder_changed(all->f);
	mst_forwarder_unlock(all->f);
	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i].running)
			(void)pthread_join(all->v[i].thread, NULL);
		mst_arena_fini(&all->v[i].arena);
	}
	free(all->v);
	free(all);
	*ap = NULL;
}
