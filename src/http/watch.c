/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of connections and the thread that shuts down who is late. The
 * socket is only shut down: the thread that it belongs to sees its end and
 * closes it.
 */
#include "http/watch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/time.h"

struct http_place {
	int fd;
	int64_t until_us;
	struct http_place *next, **at;
	char peer[64];
};

struct http_watch {
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct http_place *first;
	int64_t every_ms;
	bool running;
	void (*tick)(void *ctx, int64_t now_us);
	void *ctx;
};

static void end_late(struct http_watch *w, int64_t now_us)
{
	for (struct http_place *p = w->first; p; p = p->next) {
		if (p->until_us > now_us)
			continue;
		(void)shutdown(p->fd, SHUT_RDWR);
		p->until_us = INT64_MAX;
	}
}

static void pause_a_while(struct http_watch *w)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += w->every_ms / 1000;
	at.tv_nsec += w->every_ms % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	(void)pthread_cond_timedwait(&w->changed, &w->lock, &at);
}

static void *look(void *ctx)
{
	struct http_watch *w = ctx;

	(void)pthread_mutex_lock(&w->lock);
	while (w->running) {
		int64_t now_us = mst_mono_us();

		end_late(w, now_us);
		(void)pthread_mutex_unlock(&w->lock);
		w->tick(w->ctx, now_us);
		(void)pthread_mutex_lock(&w->lock);
		if (!w->running)
			break;
		if (w->first)
			pause_a_while(w);
		else
			(void)pthread_cond_wait(&w->changed, &w->lock);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return NULL;
}

int mst_http_watch_new(int64_t every_ms,
		       void (*tick)(void *ctx, int64_t now_us), void *ctx,
		       struct http_watch **w_r, struct mst_err *err)
{
	struct http_watch *w = mst_alloc(sizeof(*w));
	pthread_condattr_t attr;

	*w = (struct http_watch){
	    .every_ms = every_ms, .running = true, .tick = tick, .ctx = ctx};
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&w->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (pthread_create(&w->thread, NULL, look, w) != 0) {
		w->running = false;
		mst_http_watch_free(&w);
		return mst_err_set(err, MST_E_IO,
				   "HTTP server: no thread for watching");
	}
	*w_r = w;
	return 0;
}

void mst_http_watch_stop(struct http_watch *w)
{
	if (!w)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->running = false;
	(void)pthread_cond_signal(&w->changed);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
}

void mst_http_watch_free(struct http_watch **w)
{
	if (!*w)
		return;
	(void)pthread_cond_destroy(&(*w)->changed);
	(void)pthread_mutex_destroy(&(*w)->lock);
	free(*w);
	*w = NULL;
}

static int64_t until(int64_t limit_ms)
{
	return limit_ms ? mst_mono_us() + limit_ms * 1000 : INT64_MAX;
}

struct http_place *mst_http_place_take(struct http_watch *w, int fd,
				       const char *peer, int64_t limit_ms)
{
	struct http_place *p = mst_alloc(sizeof(*p));

	p->fd = fd;
	p->until_us = until(limit_ms);
	(void)snprintf(p->peer, sizeof(p->peer), "%s", peer);
	(void)pthread_mutex_lock(&w->lock);
	p->next = w->first;
	p->at = &w->first;
	if (p->next)
		p->next->at = &p->next;
	else
		(void)pthread_cond_signal(&w->changed);
	w->first = p;
	(void)pthread_mutex_unlock(&w->lock);
	return p;
}

const char *mst_http_place_peer(const struct http_place *p)
{
	return p->peer;
}

void mst_http_place_leave(struct http_watch *w, struct http_place **place)
{
	struct http_place *p = *place;

	*place = NULL;
	if (!p)
		return;
	(void)pthread_mutex_lock(&w->lock);
	*p->at = p->next;
	if (p->next)
		p->next->at = p->at;
	(void)pthread_mutex_unlock(&w->lock);
	free(p);
}

void mst_http_place_until(struct http_watch *w, struct http_place *p,
			  int64_t limit_ms)
{
	int64_t at = until(limit_ms);

	(void)pthread_mutex_lock(&w->lock);
	p->until_us = at;
	(void)pthread_mutex_unlock(&w->lock);
}
