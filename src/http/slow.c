/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests whose handlers wait for somebody else (MST_ROUTE_SLOW): one thread
 * does them, one after the other, while their connections are suspended. In the
 * thread of their connections they would hold up all others of it, and where
 * there is one core, that is everybody.
 */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "http/private.h"

#define WAITING_MOST 8u

struct waiting {
	struct http_exchange *x;
	struct MHD_Connection *c;
};

struct http_slow {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t came;
	struct waiting queue[WAITING_MOST];
	size_t n;
	bool stop; /* what waits is refused, nothing more is taken */
};

static void refuse(struct http_exchange *x, const char *why)
{
	struct mst_err err = MST_ERR_INIT;

	(void)mst_err_set(&err, MST_E_TRANSIENT, "%s", why);
	err.retry_after_ms = 5000;
	(void)mst_http_problem(&x->r, &x->resp, &err);
	x->decided = true;
}

/* False: it is over. */
static bool next(struct http_slow *s, struct waiting *w, bool *stop_r)
{
	bool got;

	(void)pthread_mutex_lock(&s->lock);
	while (s->n == 0 && !s->stop)
		(void)pthread_cond_wait(&s->came, &s->lock);
	got = s->n > 0;
	*stop_r = s->stop;
	if (got) {
		*w = s->queue[0];
		s->n--;
		memmove(s->queue, s->queue + 1, s->n * sizeof(*s->queue));
	}
	(void)pthread_mutex_unlock(&s->lock);
	return got;
}

static void *work(void *ctx)
{
	struct http_slow *s = ctx;
	struct waiting w;
	bool stop;

	while (next(s, &w, &stop)) {
		if (stop)
			refuse(w.x, "the service is stopping");
		else
			mst_http_exchange_apart(w.x);
		MHD_resume_connection(w.c);
	}
	return NULL;
}

int mst_http_slow_new(struct http_slow **s_r, struct mst_err *err)
{
	struct http_slow *s = mst_alloc(sizeof(*s));
	int rc;

	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->came, NULL);
	rc = pthread_create(&s->thread, NULL, work, s);
	if (rc == 0) {
		*s_r = s;
		return 0;
	}
	(void)pthread_cond_destroy(&s->came);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	return mst_err_set(err, MST_E_IO, "cannot start a thread: %s",
			   strerror(rc));
}

bool mst_http_slow_give(struct http_slow *s, struct http_exchange *x,
			struct MHD_Connection *c)
{
	bool taken;

	(void)pthread_mutex_lock(&s->lock);
	taken = s->n < WAITING_MOST && !s->stop;
	if (taken) {
		MHD_suspend_connection(c);
		s->queue[s->n++] = (struct waiting){x, c};
		(void)pthread_cond_signal(&s->came);
	}
	(void)pthread_mutex_unlock(&s->lock);
	if (!taken)
		refuse(x, "too many wait for this already; try again in a "
			  "moment");
	return taken;
}

void mst_http_slow_stop(struct http_slow *s)
{
	if (!s || s->stop)
		return;
	(void)pthread_mutex_lock(&s->lock);
	s->stop = true;
	(void)pthread_cond_signal(&s->came);
	(void)pthread_mutex_unlock(&s->lock);
	(void)pthread_join(s->thread, NULL);
}

void mst_http_slow_free(struct http_slow **sp)
{
	struct http_slow *s = *sp;

	if (!s)
		return;
	mst_http_slow_stop(s);
	(void)pthread_cond_destroy(&s->came);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	*sp = NULL;
}
