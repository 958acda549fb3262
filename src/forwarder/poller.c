/* SPDX-License-Identifier: Apache-2.0
 *
 * Pollers. A source tells alerts by when they were raised, so it is asked from
 * the last time minus an overlap: clocks of sensors differ, and consoles show
 * some alerts late. What changed of older alerts (somebody handled one) shows
 * when it is asked for all that muster still knows, once an hour. What was said
 * before costs a look into the outbox.
 */
#include "forwarder/poller.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "sync/connection.h"
#include "sync/fetch.h"

#define OVERLAP_US (INT64_C(3600) * 1000000)
#define WIDE_US	   (INT64_C(3600) * 1000000)
#define RETRY_MS   60000 /* of one look, all tries together */

struct poller {
	struct mst_forwarder *f;
	struct mst_pollers *all;
	const struct mst_forward_poll *poll;
	pthread_t thread;
	bool failed; /* was told in the log */
};

struct mst_pollers {
	struct poller *v;
	size_t n;
	atomic_bool stop;
	pthread_mutex_t lock;
	pthread_cond_t wake;
};

/* ---- one look ------------------------------------------------------------ */

/* What one look needs. */
struct look {
	struct mst_forwarder *f;
	const struct mst_forward_poll *poll;
	const atomic_bool *stop;
	struct mst_arena arena;
	struct mst_connection connection;
	struct mst_source *source;
	struct mst_client *client;
	struct mst_door door;
	struct mst_batch batch;
	struct mst_json_parser *parser;
	bool wait, complete;
	struct mst_err *err;
};

static const struct mst_source_ops *ops_of(const struct look *l)
{
	return l->connection.source;
}

static int make_client(struct look *l)
{
	const struct mst_source_common *c = l->connection.source_conf;
	struct mst_client_conf conf = {
	    .name = l->poll->connection,
	    .proxy = c->proxy,
	    .ca_file = c->ca_file,
	    .pin = c->pin,
	    .insecure_tls = c->insecure_tls,
	    .insecure_loopback = true,
	    .retry_total_ms = RETRY_MS,
	};
	struct mst_source_auth auths[8];
	size_t n;

	conf.rates = ops_of(l)->rates(l->source, &conf.rates_n);
	l->client = mst_client_new(&conf, l->err);
	if (!l->client)
		return -(int)l->err->code;
	n = ops_of(l)->auths(l->source, auths, MST_LEN(auths));
	for (size_t i = 0; i < n; i++)
		mst_client_add_auth(l->client, auths[i].name, auths[i].auth,
				    auths[i].hosts);
	return 0;
}

static int open_source(struct look *l)
{
	int rc;

	(void)pthread_mutex_lock(&l->f->state_lock);
	rc = mst_connection_load(l->f->state, l->poll->connection, &l->arena,
				 &l->connection, l->err);
	if (rc == 0 && !l->connection.source)
		rc = mst_err_set(l->err, MST_E_INVALID,
				 "connection '%s' is no source",
				 l->poll->connection);
	if (rc == 0)
		rc = ops_of(l)->open(l->poll->connection,
				     l->connection.source_conf, &l->source,
				     l->err);
	(void)pthread_mutex_unlock(&l->f->state_lock);
	return rc == 0 ? make_client(l) : rc;
}

/* A page: a list of alerts, or an object that has one. */
static int take_page(struct look *l, struct mst_slice body)
{
	struct mst_json_iter it;
	struct mst_json root, v;
	int rc = mst_json_parse(l->parser, body, &root, l->err);

	if (rc < 0)
		return rc;
	if (mst_json_type(root) == MST_JSON_OBJECT)
		root = mst_json_get(root, ops_of(l)->envelope);
	it = mst_json_iter(root);
	while (rc == 0 && mst_json_next(&it, NULL, &v)) {
		(void)mst_batch_json(&l->batch, v, "");
		if (mst_batch_full(&l->batch))
			rc = mst_batch_put(&l->batch, l->wait, l->err);
	}
	return rc;
}

static int take_answer(struct look *l)
{
	const struct mst_resp *resp;
	const struct mst_req *req;
	int rc = mst_client_wait(l->client, 200, &req, &resp, l->err);

	if (rc <= 0)
		return rc;
	rc = ops_of(l)->accept(l->source, req, resp, l->err);
	if (rc == MST_TAKE_RECORDS)
		rc = take_page(l, resp->body);
	mst_client_done(l->client);
	return rc < 0 ? rc : 0;
}

static int ask(struct look *l)
{
	int rc = 0;

	while (rc == 0) {
		struct mst_req req = {0};
		int next;

		if (atomic_load(l->stop))
			return mst_err_set(l->err, MST_E_CANCELLED, "stopped");
		next = ops_of(l)->next(l->source, &req, l->err);
		if (next < 0)
			return next;
		if (next == MST_NEXT_REQUEST)
			rc = mst_client_submit(l->client, &req, l->err);
		else if (mst_client_pending(l->client) > 0)
			rc = take_answer(l);
		else if (next == MST_NEXT_END)
			return 0;
		else
			rc = mst_err_set(l->err, MST_E_INTERNAL,
					 "the source waits for an answer to "
					 "nothing");
	}
	return rc;
}

/* Nothing waits for answers that nobody wants. */
static void drain(struct look *l)
{
	struct mst_err unused = MST_ERR_INIT;
	const struct mst_resp *resp;
	const struct mst_req *req;

	if (!l->client)
		return;
	mst_client_cancel(l->client);
	while (mst_client_pending(l->client) > 0 &&
	       mst_client_wait(l->client, 200, &req, &resp, &unused) >= 0)
		mst_client_done(l->client);
}

static int read_since(struct look *l, int64_t since_us)
{
	struct mst_proof proof;
	int feed, rc = open_source(l);

	if (rc < 0)
		return rc;
	feed = mst_catalog_feed(ops_of(l)->catalog, MST_ALERT_FEED);
	if (feed < 0)
		return mst_err_set(l->err, MST_E_UNSUPPORTED,
				   "connections of type %s have no alerts",
				   l->connection.type);
	if (ops_of(l)->since)
		ops_of(l)->since(l->source, (unsigned)feed, since_us);
	rc = ops_of(l)->begin(l->source, (unsigned)feed, NULL, l->err);
	if (rc == 0)
		rc = ask(l);
	if (rc == 0)
		rc = mst_batch_put(&l->batch, l->wait, l->err);
	if (rc == 0) {
		ops_of(l)->proof(l->source, (unsigned)feed, &proof);
		l->complete = proof.complete;
		if (!proof.complete)
			mst_debug("connection '%s': alerts will be asked for "
				  "again: %s",
				  l->poll->connection, proof.why);
	}
	return rc;
}

/* ---- cursors ------------------------------------------------------------- */

static int get_cursor(struct mst_forwarder *f, const char *source,
		      struct mst_outbox_cursor *c, struct mst_err *err)
{
	int rc;

	mst_forwarder_lock(f);
	rc = mst_outbox_cursor(f->outbox, source, c, err);
	mst_forwarder_unlock(f);
	return rc;
}

static int put_cursor(struct mst_forwarder *f, const char *source,
		      const struct mst_outbox_cursor *c, struct mst_err *err)
{
	int rc;

	mst_forwarder_lock(f);
	rc = mst_outbox_cursor_put(f->outbox, source, c, err);
	mst_forwarder_unlock(f);
	return rc;
}

static bool is_polled(const struct mst_alert_rule *r,
		      const struct mst_forward_poll *poll)
{
	return r->enabled && r->polls &&
	       strcmp(r->source, poll->connection) == 0;
}

/* A rule has a cursor of its own: from when on it was served. No connection is
 * called so. */
static const char *served_name(const struct mst_alert_rule *r, char out[96])
{
	(void)snprintf(out, 96, "rule/%s", r->name);
	return out;
}

/* From when on is to be asked: of what rules want that were not served yet, a
 * new one or one with an older `from`, and since the last look; wide: of all
 * that the outbox may still know. */
static int find_since(struct mst_forwarder *f,
		      const struct mst_forward_poll *poll,
		      const struct mst_outbox_cursor *c, bool wide,
		      int64_t now_us, int64_t *since_r, struct mst_err *err)
{
	const struct mst_forward_conf *conf = f->conf;
	char name[96];

	*since_r = now_us - OVERLAP_US;
	if (c->until_us != MST_TIME_NONE)
		*since_r = MST_MIN(c->until_us, now_us) - OVERLAP_US;
	if (c->until_us != MST_TIME_NONE && wide)
		*since_r = MST_MIN(*since_r, now_us - conf->outbox.keep * 1000);
	for (size_t i = 0; i < conf->rules_n; i++) {
		const struct mst_alert_rule *r = &conf->rules[i];
		struct mst_outbox_cursor served;

		if (!is_polled(r, poll))
			continue;
		if (get_cursor(f, served_name(r, name), &served, err) < 0)
			return -(int)err->code;
		if (served.until_us == MST_TIME_NONE ||
		    served.until_us > r->from_us)
			*since_r = MST_MIN(*since_r, r->from_us);
	}
	return 0;
}

/* Behind the accept of what was read. */
static int note_served(struct mst_forwarder *f,
		       const struct mst_forward_poll *poll, struct mst_err *err)
{
	const struct mst_forward_conf *conf = f->conf;
	char name[96];
	int rc = 0;

	for (size_t i = 0; i < conf->rules_n && rc == 0; i++) {
		const struct mst_alert_rule *r = &conf->rules[i];
		struct mst_outbox_cursor c;

		if (!is_polled(r, poll))
			continue;
		rc = get_cursor(f, served_name(r, name), &c, err);
		if (rc < 0 || c.until_us == r->from_us)
			continue;
		c.until_us = r->from_us;
		rc = put_cursor(f, name, &c, err);
	}
	return rc;
}

int mst_poll_once(struct mst_forwarder *f, const struct mst_forward_poll *poll,
		  bool wide, bool wait, const atomic_bool *stop,
		  struct mst_err *err)
{
	struct look l = {.f = f,
			 .poll = poll,
			 .stop = stop,
			 .wait = wait,
			 .door = {poll->connection, poll->connection, NULL},
			 .err = err};
	int64_t now_us = f->now_us();
	struct mst_outbox_cursor c;
	int64_t since_us;
	int rc = get_cursor(f, poll->connection, &c, err);

	if (rc < 0)
		return rc;
	wide = wide || c.wide_us == MST_TIME_NONE || c.wide_us > now_us ||
	       now_us - c.wide_us >= WIDE_US;
	if (find_since(f, poll, &c, wide, now_us, &since_us, err) < 0)
		return -(int)err->code;
	mst_arena_init(&l.arena, MST_MAX_ARENA);
	mst_batch_init(&l.batch, f->intake, &l.door);
	l.batch.stop = stop;
	l.parser = mst_json_parser_new(MST_MAX_BODY);
	rc = read_since(&l, since_us);
	if (rc < 0)
		drain(&l);
	mst_client_free(&l.client);
	if (l.source)
		ops_of(&l)->close(&l.source);
	mst_batch_fini(&l.batch);
	mst_json_parser_free(&l.parser);
	mst_arena_fini(&l.arena);
	if (rc < 0)
		return rc;
	if (l.complete)
		c.until_us = now_us;
	if (wide)
		c.wide_us = now_us;
	if (l.complete && note_served(f, poll, err) < 0)
		return -(int)err->code;
	return put_cursor(f, poll->connection, &c, err);
}

void mst_poll_warn(struct mst_forwarder *f, const struct mst_forward_poll *poll)
{
	struct mst_err unused = MST_ERR_INIT;
	struct mst_connection c;
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	(void)pthread_mutex_lock(&f->state_lock);
	rc = mst_connection_load(f->state, poll->connection, &arena, &c,
				 &unused);
	(void)pthread_mutex_unlock(&f->state_lock);
	if (rc == 0 && c.source)
		mst_fetch_warn_insecure(poll->connection, c.source_conf);
	mst_arena_fini(&arena);
}

/* ---- threads ------------------------------------------------------------- */

static void tell(struct poller *p, int rc, const struct mst_err *err)
{
	const char *name = p->poll->connection;

	if (rc == 0 && p->failed)
		mst_info("connection '%s': alerts can be read again", name);
	else if (rc < 0 && rc != -MST_E_CANCELLED && !p->failed)
		mst_warn("connection '%s': alerts cannot be read; muster keeps "
			 "trying: %s",
			 name, err->msg);
	p->failed = rc < 0;
}

/* False: it is to stop. */
static bool rest(struct poller *p)
{
	int64_t until = mst_mono_us() + p->poll->every_ms * 1000;
	struct timespec at;

	(void)pthread_mutex_lock(&p->all->lock);
	while (!atomic_load(&p->all->stop) && mst_mono_us() < until) {
		mst_forwarder_until(until - mst_mono_us(), &at);
		(void)pthread_cond_timedwait(&p->all->wake, &p->all->lock, &at);
	}
	(void)pthread_mutex_unlock(&p->all->lock);
	return !atomic_load(&p->all->stop);
}

static void *run(void *ctx)
{
	struct poller *p = ctx;

	mst_poll_warn(p->f, p->poll);
	do {
		struct mst_err err = MST_ERR_INIT;
		int rc = mst_poll_once(p->f, p->poll, false, true,
				       &p->all->stop, &err);

		tell(p, rc, &err);
	} while (rest(p));
	return NULL;
}

int mst_pollers_start(struct mst_forwarder *f, struct mst_pollers **p_r,
		      struct mst_err *err)
{
	struct mst_pollers *all = mst_alloc(sizeof(*all));
	int rc = 0;

	(void)pthread_mutex_init(&all->lock, NULL);
	mst_forwarder_cond(&all->wake);
	all->v = mst_alloc(MST_MAX(f->conf->polls_n, 1u) * sizeof(*all->v));
	for (size_t i = 0; i < f->conf->polls_n && rc == 0; i++) {
		struct poller *p = &all->v[i];

		*p = (struct poller){
		    .f = f, .all = all, .poll = &f->conf->polls[i]};
		if (pthread_create(&p->thread, NULL, run, p) != 0)
			rc = mst_err_set(err, MST_E_IO,
					 "no thread to poll connection '%s'",
					 p->poll->connection);
		else
			all->n++;
		if (rc == 0)
			mst_info("connection '%s' is asked for alerts every "
				 "%lld s",
				 p->poll->connection,
				 (long long)(p->poll->every_ms / 1000));
	}
	if (rc < 0)
		mst_pollers_stop(&all);
	*p_r = all;
	return rc;
}

void mst_pollers_stop(struct mst_pollers **pp)
{
	struct mst_pollers *all = *pp;

	if (!all)
		return;
	(void)pthread_mutex_lock(&all->lock);
	atomic_store(&all->stop, true);
	(void)pthread_cond_broadcast(&all->wake);
	(void)pthread_mutex_unlock(&all->lock);
	for (size_t i = 0; i < all->n; i++)
		(void)pthread_join(all->v[i].thread, NULL);
	(void)pthread_cond_destroy(&all->wake);
	(void)pthread_mutex_destroy(&all->lock);
	free(all->v);
	free(all);
	*pp = NULL;
}
