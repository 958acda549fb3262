/* SPDX-License-Identifier: Apache-2.0
 *
 * A server's beginning and end, and asking it without a socket.
 */
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/time.h"
#include "http/private.h"

#include <microhttpd.h>

#define THREADS_MOST 4
#define RATE	     12000

/* ---- configuration ------------------------------------------------------- */

static int64_t or_ms(int64_t v, int64_t otherwise)
{
	return v ? v : otherwise;
}

static const char *copy(struct mst_http *h, const char *s)
{
	return s ? mst_arena_strdup(&h->arena, s) : NULL;
}

static void take_conf(struct mst_http *h, const struct mst_http_conf *conf)
{
	struct mst_http_conf *c = &h->conf;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	*c = *conf;
	c->address = copy(h, conf->address ? conf->address : "127.0.0.1");
	c->cert_file = copy(h, conf->cert_file);
	c->key_file = copy(h, conf->key_file);
	c->proxies = NULL; /* read by now */
	if (!c->threads)
		c->threads = (unsigned)MST_MIN(MST_MAX(cores, 1), THREADS_MOST);
	c->connections = c->connections ? c->connections : 2048;
	c->per_address = c->per_address ? c->per_address : 1024;
	c->address_rate = c->address_rate ? c->address_rate : RATE;
	c->caller_rate = c->caller_rate ? c->caller_rate : RATE;
	c->body_max = c->body_max ? c->body_max : (size_t)16 << 20;
	c->head_ms = or_ms(c->head_ms, 20000);
	c->whole_ms = or_ms(c->whole_ms, 120000);
	c->idle_ms = or_ms(c->idle_ms, 75000);
	c->alive_ms = or_ms(c->alive_ms, 15000);
}

static int open_locals(struct mst_http *h, size_t n, struct mst_err *err)
{
	struct http_locals *l = &h->locals;

	if (!h->conf.local_open)
		return 0;
	l->all = mst_alloc(n * sizeof(*l->all));
	for (size_t i = 0; i < n; i++) {
		int rc = h->conf.local_open(h->conf.app, &l->all[i], err);

		if (rc < 0)
			return rc;
		l->n++;
	}
	return 0;
}

int mst_http_server_new(const struct mst_http_conf *conf, struct mst_http **h_r,
			struct mst_err *err)
{
	struct mst_http *h = mst_alloc(sizeof(*h));
	int rc;

	mst_arena_init(&h->arena, 1u << 20);
	(void)pthread_mutex_init(&h->locals.lock, NULL);
	(void)pthread_mutex_init(&h->streams_lock, NULL);
	if (getrandom(&h->id_seed, sizeof(h->id_seed), 0) < 0)
		h->id_seed = (uint64_t)mst_now_us();
	take_conf(h, conf);
	rc = mst_http_peers_new(conf->proxies, &h->peers, err);
	if (rc == 0)
		rc = mst_http_ways_make(h, err);
	if (rc == 0)
		*h_r = h;
	else
		mst_http_server_free(&h);
	return rc;
}

void mst_http_server_free(struct mst_http **server)
{
	struct mst_http *h = *server;

	*server = NULL;
	mst_http_slow_free(&h->slow);
	mst_http_watch_free(&h->watch);
	for (size_t i = 0; i < h->locals.n; i++)
		h->conf.local_close(h->conf.app, h->locals.all[i]);
	free(h->locals.all);
	mst_http_tls_free(&h->tls);
	mst_http_peers_free(&h->peers);
	(void)pthread_mutex_destroy(&h->streams_lock);
	(void)pthread_mutex_destroy(&h->locals.lock);
	mst_arena_fini(&h->arena);
	free(h);
}

/* ---- beginning and end --------------------------------------------------- */

static void tick(void *ctx, int64_t now_us)
{
	mst_http_feeds_tick(ctx, now_us, false);
}

/* How often it is looked: so that no limit is passed by more than a quarter. */
static int64_t look_every(const struct mst_http_conf *c)
{
	int64_t least = MST_MIN(c->head_ms, c->alive_ms);

	least = MST_MIN(least, MST_MIN(c->whole_ms, c->idle_ms));
	return MST_MAX(MST_MIN(least / 4, 1000), 5);
}

static bool has_slow(const struct mst_http *h)
{
	bool has = false;

	for (size_t i = 0; i < h->ways_n && !has; i++)
		has = h->ways[i].route->flags & MST_ROUTE_SLOW;
	return has;
}

int mst_http_open(const struct mst_http_conf *conf, struct mst_http **h_r,
		  struct mst_err *err)
{
	struct mst_http *h = NULL;
	int fd = -1;
	bool slow;
	int rc = mst_http_server_new(conf, &h, err);

	if (rc < 0)
		return rc;
	slow = has_slow(h);
	if (h->conf.cert_file)
		rc = mst_http_tls_new(h->conf.cert_file, h->conf.key_file,
				      &h->tls, err);
	if (rc == 0)
		rc = open_locals(h, h->conf.threads + slow, err);
	if (rc == 0)
		rc = mst_http_listen(h->conf.address, h->conf.port, &fd,
				     &h->port, err);
	if (rc == 0)
		rc = mst_http_watch_new(look_every(&h->conf), tick, h,
					&h->watch, err);
	if (rc == 0 && slow)
		rc = mst_http_slow_new(&h->slow, err);
	if (rc == 0)
		rc = mst_http_daemon_start(h, fd, err);
	if (rc < 0) {
		mst_http_watch_stop(h->watch);
		if (fd >= 0)
			(void)close(fd);
		mst_http_server_free(&h);
		return rc;
	}
	*h_r = h;
	return 0;
}

int mst_http_open_none(const struct mst_http_conf *conf, struct mst_http **h_r,
		       struct mst_err *err)
{
	struct mst_http *h = NULL;
	int rc = mst_http_server_new(conf, &h, err);

	if (rc == 0)
		rc = open_locals(h, 1, err);
	if (rc == 0)
		*h_r = h;
	else if (h)
		mst_http_server_free(&h);
	return rc;
}

int mst_http_port(const struct mst_http *h)
{
	return h->port;
}

void mst_http_counts(struct mst_http *h, unsigned *connections_r,
		     unsigned *streams_r)
{
	*connections_r = atomic_load(&h->connections);
	*streams_r = atomic_load(&h->streams);
}

int mst_http_reload(struct mst_http *h, struct mst_err *err)
{
	return h->tls ? mst_http_tls_reload(h->tls, err) : 0;
}

static void nap(void)
{
	(void)usleep(2000);
}

void mst_http_close(struct mst_http **server, int64_t grace_ms)
{
	struct mst_http *h = *server;
	int64_t until_us = mst_mono_us() + grace_ms * 1000;

	*server = NULL;
	if (!h)
		return;
	atomic_store(&h->closing, true);
	/* A suspended connection may not be there when the daemon stops. */
	while (atomic_load(&h->streams) > 0) {
		mst_http_feeds_tick(h, 0, true);
		if (mst_mono_us() >= until_us)
			break;
		nap();
	}
	while (atomic_load(&h->busy) > 0 && mst_mono_us() < until_us)
		nap();
	mst_http_feeds_tick(h, 0, true);
	mst_http_slow_stop(h->slow);
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	mst_http_watch_stop(h->watch);
	mst_http_server_free(&h);
}

/* ---- without a socket ---------------------------------------------------- */

static const char *header_of(const void *ctx, const char *name)
{
	const struct mst_http_direct *q = ctx;
	size_t n = strlen(name);

	for (size_t i = 0; q->headers && q->headers[i]; i++) {
		const char *h = q->headers[i];

		if (mst_slice_istarts(mst_slice_str(h), name) && h[n] == ':')
			return h + n + 1 + strspn(h + n + 1, " ");
	}
	return NULL;
}

static void give(struct http_exchange *x, struct mst_http_said *s)
{
	struct mst_http_resp *resp = &x->resp;

	s->status = resp->status;
	mst_buf_init(&s->head, 65536);
	mst_buf_init(&s->body, HTTP_ANSWER_MAX);
	for (size_t i = 0; i < x->outs; i++)
		(void)mst_buf_addf(&s->head, "%s: %s\n", x->out[i].name,
				   x->out[i].value);
	if (x->head)
		return;
	if (resp->feed)
		(void)mst_buf_add_slice(&s->body,
					mst_http_feed_first(resp->feed));
	else if (resp->fixed.p)
		(void)mst_buf_add_slice(&s->body, resp->fixed);
	else
		(void)mst_buf_add_slice(&s->body, mst_buf_slice(&resp->body));
}

void mst_http_ask(struct mst_http *h, const struct mst_http_direct *q,
		  struct mst_http_said *s_r)
{
	struct http_exchange *x = mst_http_exchange_new(h, q->uri);

	x->head = strcmp(q->method, "HEAD") == 0;
	x->method = x->head ? "GET" : q->method;
	x->header = header_of;
	x->header_ctx = q;
	x->r.peer = q->peer ? q->peer : "127.0.0.1";
	mst_http_exchange_local(x);
	mst_http_exchange_begin(x, (int64_t)q->body.n);
	(void)mst_http_exchange_body(x, q->body);
	mst_http_exchange_end(x);
	give(x, s_r);
	mst_http_exchange_free(&x);
}

void mst_http_said_fini(struct mst_http_said *s)
{
	mst_buf_fini(&s->head);
	mst_buf_fini(&s->body);
}
