/* SPDX-License-Identifier: Apache-2.0
 *
 * Events in memory. The last ones of all topics stand in one ring, ready as
 * they are sent; each topic links its own. A viewer keeps nothing but the
 * number of the last event it has, so a thousand viewers cost a thousand
 * numbers, and one that is slower than the ring is told so and let go.
 */
#include "http/hub.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/map.h"
#include "base/num.h"

struct event {
	uint64_t id; /* 0: none */
	char *text;
	size_t n;
	struct hub_topic *topic;
	struct event *next; /* of the topic */
};

struct hub_topic {
	char *name;
	struct event *first, *last;
	uint64_t lost; /* newest event of it that is not kept any more */
	bool ended;
	size_t kept;
	struct hub_viewer *viewers;
};

struct mst_http_hub {
	pthread_mutex_t lock; /* of all below */
	uint64_t epoch;	      /* so that numbers of another life do not fit */
	uint64_t next;
	struct event *ring;
	size_t keep, at;
	uint64_t oldest; /* events below are not kept */
	struct mst_map topics;
};

void mst_http_hub_lock(struct mst_http_hub *h)
{
	(void)pthread_mutex_lock(&h->lock);
}

void mst_http_hub_unlock(struct mst_http_hub *h)
{
	(void)pthread_mutex_unlock(&h->lock);
}

/* ---- making -------------------------------------------------------------- */

struct mst_http_hub *mst_http_hub_new(size_t keep)
{
	struct mst_http_hub *h = mst_alloc(sizeof(*h));

	(void)pthread_mutex_init(&h->lock, NULL);
	h->keep = MST_MAX(keep, 1);
	h->ring = mst_alloc(h->keep * sizeof(*h->ring));
	h->next = 1;
	h->oldest = 1;
	if (getrandom(&h->epoch, sizeof(h->epoch), 0) < 0)
		h->epoch = (uint64_t)(uintptr_t)h;
	return h;
}

static void topic_free(struct hub_topic *t)
{
	free(t->name);
	free(t);
}

void mst_http_hub_free(struct mst_http_hub **hub)
{
	struct mst_http_hub *h = *hub;
	size_t i = 0;
	void *t;

	*hub = NULL;
	if (!h)
		return;
	while (mst_map_next(&h->topics, &i, NULL, &t))
		topic_free(t);
	mst_map_fini(&h->topics);
	for (i = 0; i < h->keep; i++)
		free(h->ring[i].text);
	free(h->ring);
	(void)pthread_mutex_destroy(&h->lock);
	free(h);
}

/* ---- topics -------------------------------------------------------------- */

/* A topic that nobody follows and nothing is kept of need not be known. */
static void topic_drop(struct mst_http_hub *h, struct hub_topic *t)
{
	if (t->viewers || t->kept)
		return;
	(void)mst_map_del(&h->topics, mst_slice_str(t->name));
	topic_free(t);
}

static struct hub_topic *topic_get(struct mst_http_hub *h, const char *name)
{
	struct hub_topic *t = mst_map_get(&h->topics, mst_slice_str(name));

	if (t)
		return t;
	t = mst_alloc(sizeof(*t));
	t->name = mst_strdup(name);
	/* What was before is not known to us. */
	t->lost = h->oldest - 1;
	(void)mst_map_put(&h->topics, mst_slice_str(t->name), t);
	return t;
}

/* ---- events -------------------------------------------------------------- */

static void forget(struct mst_http_hub *h, struct event *e)
{
	struct hub_topic *t = e->topic;

	if (!e->id)
		return;
	h->oldest = e->id + 1;
	t->first = e->next;
	if (!t->first)
		t->last = NULL;
	t->lost = e->id;
	t->kept--;
	free(e->text);
	*e = (struct event){0};
	topic_drop(h, t);
}

static char *as_lines(const struct mst_http_hub *h, uint64_t id,
		      const char *event, struct mst_slice data, size_t *n_r)
{
	struct mst_buf b = MST_BUF_INIT(data.n + 256);

	(void)mst_buf_addf(&b, "id: %016" PRIx64 ".%" PRIu64 "\nevent: %s\n",
			   h->epoch, id, event);
	(void)mst_buf_adds(&b, "data: ");
	(void)mst_buf_add_slice(&b, data);
	(void)mst_buf_adds(&b, "\n\n");
	*n_r = b.n;
	return mst_buf_steal(&b);
}

static void wake_all(struct hub_topic *t)
{
	for (struct hub_viewer *v = t->viewers; v; v = v->next)
		v->wake(v);
}

void mst_http_hub_put(struct mst_http_hub *h, const char *topic,
		      const char *event, struct mst_slice data)
{
	struct hub_topic *t;
	struct event *e;

	mst_http_hub_lock(h);
	e = &h->ring[h->at];
	h->at = (h->at + 1) % h->keep;
	forget(h, e);
	t = topic_get(h, topic);
	*e = (struct event){.id = h->next++, .topic = t};
	e->text = as_lines(h, e->id, event, data, &e->n);
	if (t->last)
		t->last->next = e;
	else
		t->first = e;
	t->last = e;
	t->kept++;
	wake_all(t);
	mst_http_hub_unlock(h);
}

void mst_http_hub_end(struct mst_http_hub *h, const char *topic)
{
	struct hub_topic *t;

	mst_http_hub_lock(h);
	t = mst_map_get(&h->topics, mst_slice_str(topic));
	if (t) {
		t->ended = true;
		wake_all(t);
	}
	mst_http_hub_unlock(h);
}

/* ---- viewers ------------------------------------------------------------- */

/* "epoch.id" of this hub: the id; else 0. */
static uint64_t read_last(const struct mst_http_hub *h, const char *last)
{
	char head[20];
	int64_t id;

	(void)snprintf(head, sizeof(head), "%016" PRIx64 ".", h->epoch);
	if (strncmp(last, head, 17) != 0 ||
	    !mst_num_i64(mst_slice_str(last + 17), &id) || id < 1 ||
	    (uint64_t)id >= h->next)
		return 0;
	return (uint64_t)id;
}

void mst_http_hub_join(struct mst_http_hub *h, const char *topic,
		       const char *last, struct hub_viewer *v, bool *lost_r)
{
	struct hub_topic *t;
	uint64_t id;

	mst_http_hub_lock(h);
	t = topic_get(h, topic);
	id = last ? read_last(h, last) : 0;
	*lost_r = last && (id == 0 || id < t->lost);
	v->seen = last && !*lost_r ? id : h->next - 1;
	v->hub = h;
	v->topic = t;
	v->next = t->viewers;
	v->at = &t->viewers;
	if (v->next)
		v->next->at = &v->next;
	t->viewers = v;
	mst_http_hub_unlock(h);
}

void mst_http_hub_leave(struct hub_viewer *v)
{
	struct mst_http_hub *h = v->hub;

	if (!h)
		return;
	mst_http_hub_lock(h);
	*v->at = v->next;
	if (v->next)
		v->next->at = v->at;
	topic_drop(h, v->topic);
	v->hub = NULL;
	mst_http_hub_unlock(h);
}

/* The event behind the last one that it has, NULL when it has all. */
static const struct event *behind(const struct hub_viewer *v)
{
	const struct mst_http_hub *h = v->hub;
	const struct event *e = v->topic->first;
	const struct event *had = &h->ring[(v->seen - 1) % h->keep];

	if (v->seen && had->id == v->seen && had->topic == v->topic)
		return had->next;
	while (e && e->id <= v->seen)
		e = e->next;
	return e;
}

enum hub_next mst_http_hub_next(struct hub_viewer *v, char *out, size_t max,
				size_t *n)
{
	const struct event *e;
	size_t take;

	if (v->seen < v->topic->lost)
		return HUB_LOST;
	e = behind(v);
	if (!e)
		return v->topic->ended ? HUB_END : HUB_NOTHING;
	take = MST_MIN(e->n - v->part, max - *n);
	memcpy(out + *n, e->text + v->part, take);
	*n += take;
	v->part += take;
	if (v->part == e->n) {
		v->seen = e->id;
		v->part = 0;
	}
	return HUB_EVENT;
}
