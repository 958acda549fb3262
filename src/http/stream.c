/* SPDX-License-Identifier: Apache-2.0
 *
 * Event streams (text/event-stream). A stream with nothing to send is a
 * suspended connection: it takes no thread and no turn of a loop. Suspending,
 * and waking by the hub or the watch, happen under the hub's lock.
 */
#include <microhttpd.h>
#include <stdlib.h>

#include "base/time.h"
#include "http/hub.h"
#include "http/private.h"

#define BLOCK 4096 /* what libmicrohttpd keeps for a stream */

struct mst_http_feed {
	struct hub_viewer viewer;
	struct mst_http *h;
	struct MHD_Connection *c; /* NULL: not sent yet */
	struct mst_buf first;
	size_t first_at;
	bool suspended, alive, said_end;
	bool listed; /* among the server's */
	int64_t sent_us;
	struct mst_http_feed *next, **at;
};

/* ---- waking -------------------------------------------------------------- */

/* Lock of the hub held. */
static void wake(struct hub_viewer *v)
{
	struct mst_http_feed *f =
	    mst_container_of(v, struct mst_http_feed, viewer);

	if (!f->suspended)
		return;
	f->suspended = false;
	MHD_resume_connection(f->c);
}

void mst_http_feeds_tick(struct mst_http *h, int64_t now_us, bool all)
{
	(void)pthread_mutex_lock(&h->streams_lock);
	for (struct mst_http_feed *f = h->feeds; f; f = f->next) {
		mst_http_hub_lock(f->viewer.hub);
		if (all || now_us - f->sent_us >= h->conf.alive_ms * 1000) {
			f->alive = true;
			wake(&f->viewer);
		}
		mst_http_hub_unlock(f->viewer.hub);
	}
	(void)pthread_mutex_unlock(&h->streams_lock);
}

/* ---- sending ------------------------------------------------------------- */

static size_t add_text(char *buf, size_t max, size_t n, const char *text)
{
	size_t len = strlen(text);

	if (len > max - n)
		return n;
	memcpy(buf + n, text, len);
	return n + len;
}

/* Lock of the hub held. */
static ssize_t fill(struct mst_http_feed *f, char *buf, size_t max)
{
	enum hub_next what;
	size_t n = 0;

	if (atomic_load(&f->h->closing) || f->said_end)
		return MHD_CONTENT_READER_END_OF_STREAM;
	do
		what = mst_http_hub_next(&f->viewer, buf, max, &n);
	while (what == HUB_EVENT && n < max);
	if (n == 0 && what == HUB_LOST)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == 0 && what == HUB_END) {
		f->said_end = true;
		n = add_text(buf, max, n, "event: end\ndata: {}\n\n");
	}
	if (n == 0 && f->alive)
		n = add_text(buf, max, n, ":\n\n");
	f->alive = false;
	f->sent_us = mst_mono_us();
	if (n == 0) {
		f->suspended = true;
		MHD_suspend_connection(f->c);
	}
	return (ssize_t)n;
}

static ssize_t read_feed(void *ctx, uint64_t pos, char *buf, size_t max)
{
	struct mst_http_feed *f = ctx;
	size_t n = MST_MIN(max, f->first.n - f->first_at);
	ssize_t rc;

	(void)pos;
	if (n) {
		memcpy(buf, f->first.p + f->first_at, n);
		f->first_at += n;
		if (f->first_at == f->first.n) {
			mst_buf_fini(&f->first);
			f->first_at = 0;
		}
		return (ssize_t)n;
	}
	mst_http_hub_lock(f->viewer.hub);
	rc = fill(f, buf, max);
	mst_http_hub_unlock(f->viewer.hub);
	return rc;
}

/* ---- beginning and end --------------------------------------------------- */

static void free_feed(void *ctx)
{
	mst_http_feed_free(ctx);
}

void mst_http_feed_free(struct mst_http_feed *f)
{
	struct mst_http *h = f->h;

	if (f->listed) {
		(void)pthread_mutex_lock(&h->streams_lock);
		*f->at = f->next;
		if (f->next)
			f->next->at = f->at;
		(void)pthread_mutex_unlock(&h->streams_lock);
		atomic_fetch_sub(&h->streams, 1);
	}
	mst_http_hub_leave(&f->viewer);
	mst_buf_fini(&f->first);
	free(f);
}

struct mst_slice mst_http_feed_first(const struct mst_http_feed *f)
{
	return mst_buf_slice(&f->first);
}

struct MHD_Response *mst_http_feed_response(struct mst_http_feed *f,
					    struct MHD_Connection *c)
{
	struct mst_http *h = f->h;
	struct MHD_Response *r = MHD_create_response_from_callback(
	    MHD_SIZE_UNKNOWN, BLOCK, read_feed, f, free_feed);

	if (!r)
		return NULL;
	f->c = c;
	f->listed = true;
	f->sent_us = mst_mono_us();
	atomic_fetch_add(&h->streams, 1);
	(void)pthread_mutex_lock(&h->streams_lock);
	f->next = h->feeds;
	f->at = &h->feeds;
	if (f->next)
		f->next->at = &f->next;
	h->feeds = f;
	(void)pthread_mutex_unlock(&h->streams_lock);
	return r;
}

int mst_http_stream(struct mst_http_req *r, struct mst_http_resp *resp,
		    struct mst_http_hub *hub, const char *topic,
		    struct mst_err *err)
{
	const char *last = mst_http_header(r, "Last-Event-ID");
	struct mst_http_feed *f;
	bool lost;

	if (!hub)
		return mst_err_set(err, MST_E_TRANSIENT,
				   "this node sends no events now");
	f = mst_alloc(sizeof(*f));
	f->h = r->http;
	mst_buf_init(&f->first, HTTP_ANSWER_MAX);
	f->viewer.wake = wake;
	mst_http_hub_join(hub, topic, last && *last ? last : NULL, &f->viewer,
			  &lost);
	/* So that the client knows at once that it is connected. */
	(void)mst_buf_adds(&f->first, ": here\nretry: 2000\n\n");
	if (lost)
		(void)mst_buf_adds(&f->first, "event: reset\ndata: {}\n\n");
	resp->feed = f;
	resp->no_etag = true;
	resp->headers[MST_LEN(resp->headers) - 1] = "X-Accel-Buffering: no";
	return 0;
}

void mst_http_stream_say(struct mst_http_resp *resp, struct mst_slice text,
			 bool last)
{
	(void)mst_buf_add_slice(&resp->feed->first, text);
	resp->feed->said_end = last;
}
