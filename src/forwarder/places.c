/* SPDX-License-Identifier: Apache-2.0
 *
 * Places of senders, in one list, and the thread that looks who is late.
 */
#include "forwarder/places.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/time.h"

#define NEVER	INT64_MAX
#define MOST_US 1000000 /* between two looks */
/* Who says nothing at all is ended by libmicrohttpd before, quietly: a
 * connection that is kept and not used is no fault. */
#define GRACE_US 500000

struct mst_place {
	int fd;
	char peer[64];
	int64_t until_us;
	bool again; /* between two requests */
	struct mst_place *next, *prev;
};

struct mst_places {
	struct mst_receiving *v;
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct mst_place *first;
	int64_t n;
	bool stopped;
};

static int64_t deadline(const struct mst_places *p)
{
	return mst_mono_us() + p->v->r->half_ms * 1000 + GRACE_US;
}

/* ---- who is late --------------------------------------------------------- */

/* Only shut down: the thread that reads it sees its end, and closes it. */
static void end_late(struct mst_places *p)
{
	int64_t now_us = mst_mono_us();

	for (struct mst_place *c = p->first; c; c = c->next) {
		if (c->until_us > now_us)
			continue;
		(void)shutdown(c->fd, SHUT_RDWR);
		c->until_us = NEVER;
		mst_receiving_slow(p->v, c->peer);
	}
}

static void wait_a_while(struct mst_places *p)
{
	int64_t us = MST_MIN(p->v->r->half_ms * 1000 / 4, MOST_US);
	struct timespec at;

	mst_forwarder_until(us, &at);
	(void)pthread_cond_timedwait(&p->changed, &p->lock, &at);
}

static void *look(void *ctx)
{
	struct mst_places *p = ctx;

	(void)pthread_mutex_lock(&p->lock);
	while (!p->stopped) {
		end_late(p);
		if (p->first)
			wait_a_while(p);
		else
			(void)pthread_cond_wait(&p->changed, &p->lock);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* ---- beginning and end --------------------------------------------------- */

int mst_places_new(struct mst_receiving *v, struct mst_places **p_r,
		   struct mst_err *err)
{
	struct mst_places *p = mst_alloc(sizeof(*p));
	int rc = 0;

	p->v = v;
	(void)pthread_mutex_init(&p->lock, NULL);
	mst_forwarder_cond(&p->changed);
	if (pthread_create(&p->thread, NULL, look, p) != 0) {
		rc = mst_err_set(err, MST_E_IO, "receiver '%s': no thread",
				 v->r->name);
		mst_places_free(&p);
	}
	*p_r = p;
	return rc;
}

void mst_places_stop(struct mst_places *p)
{
	(void)pthread_mutex_lock(&p->lock);
	p->stopped = true;
	(void)pthread_cond_signal(&p->changed);
	(void)pthread_mutex_unlock(&p->lock);
	(void)pthread_join(p->thread, NULL);
}

void mst_places_free(struct mst_places **p)
{
	if (!*p)
		return;
	(void)pthread_cond_destroy(&(*p)->changed);
	(void)pthread_mutex_destroy(&(*p)->lock);
	free(*p);
	*p = NULL;
}

/* ---- coming and going ---------------------------------------------------- */

bool mst_places_room(struct mst_places *p)
{
	bool room;

	(void)pthread_mutex_lock(&p->lock);
	room = p->n < p->v->r->max_connections;
	(void)pthread_mutex_unlock(&p->lock);
	if (!room)
		mst_receiving_crowded(p->v);
	return room;
}

struct mst_place *mst_places_take(struct mst_places *p, int fd,
				  const char *peer)
{
	struct mst_place *c = mst_alloc(sizeof(*c));

	c->fd = fd;
	(void)snprintf(c->peer, sizeof(c->peer), "%s", peer);
	(void)pthread_mutex_lock(&p->lock);
	c->until_us = deadline(p);
	c->next = p->first;
	if (c->next)
		c->next->prev = c;
	else
		(void)pthread_cond_signal(&p->changed);
	p->first = c;
	p->n++;
	(void)pthread_mutex_unlock(&p->lock);
	return c;
}

void mst_places_leave(struct mst_places *p, struct mst_place **place)
{
	struct mst_place *c = *place;

	*place = NULL;
	if (!c)
		return;
	(void)pthread_mutex_lock(&p->lock);
	if (c->prev)
		c->prev->next = c->next;
	else
		p->first = c->next;
	if (c->next)
		c->next->prev = c->prev;
	p->n--;
	(void)pthread_mutex_unlock(&p->lock);
	free(c);
}

/* ---- requests ------------------------------------------------------------ */

/* The first of a connection has its time from when it was opened; one behind
 * it does not pay for how long the connection was not used. */
void mst_place_begins(struct mst_places *p, struct mst_place *place)
{
	(void)pthread_mutex_lock(&p->lock);
	if (place->again)
		place->until_us = deadline(p);
	place->again = false;
	(void)pthread_mutex_unlock(&p->lock);
}

/* What is late from now on is the disk. */
void mst_place_whole(struct mst_places *p, struct mst_place *place)
{
	(void)pthread_mutex_lock(&p->lock);
	place->until_us = NEVER;
	(void)pthread_mutex_unlock(&p->lock);
}

void mst_place_answered(struct mst_places *p, struct mst_place *place)
{
	(void)pthread_mutex_lock(&p->lock);
	place->until_us = deadline(p);
	place->again = true;
	(void)pthread_mutex_unlock(&p->lock);
}
