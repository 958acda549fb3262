/* SPDX-License-Identifier: Apache-2.0
 *
 * Which request comes next: lists side by side, each page by page. Streams and
 * apps one list after the other, because each says what the next ones are; what
 * is known of apps and who uses them, several at once.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "source/cloudapps/cloudapps_private.h"

void ca_doubt(struct ca_read *r, const char *fmt, ...)
{
	va_list ap;

	if (r->doubt[0])
		return;
	va_start(ap, fmt);
	(void)vsnprintf(r->doubt, sizeof(r->doubt), fmt, ap);
	va_end(ap);
}

/* ---- lists --------------------------------------------------------------- */

/* What came of the list does not count. */
static void forget(struct ca_chain *c)
{
	mst_map_fini(&c->seen);
	if (c->arena.max)
		mst_arena_fini(&c->arena);
	c->arena = (struct mst_arena){.max = 0};
	free(c->link);
	c->link = NULL;
	c->linked = false;
	c->records = c->doubles = 0;
	c->said = (struct mst_hash){0, 0};
}

void ca_chain_clear(struct ca_chain *c)
{
	forget(c);
	*c = (struct ca_chain){.used = false};
}

void ca_chain_again(struct ca_read *r, struct ca_chain *c)
{
	/* What it kept is replaced, and must not be waited for. */
	r->records -= c->records;
	forget(c);
	c->tries = c->parts = 0;
	c->anew = true;
}

void ca_read_again(struct mst_source *s)
{
	struct ca_read *r = &s->read;

	for (size_t i = 0; i < CA_IN_FLIGHT; i++)
		ca_chain_clear(&r->chain[i]);
	if (r->feed == CA_STREAMS)
		ca_found_clear(s);
	else
		ca_found_apps_clear(s);
	*r = (struct ca_read){
	    .feed = r->feed, .active = true, .one = r->one, .reread = true};
}

void ca_read_clear(struct ca_read *r)
{
	for (size_t i = 0; i < CA_IN_FLIGHT; i++)
		ca_chain_clear(&r->chain[i]);
	*r = (struct ca_read){.feed = 0};
}

/* How many lists the feed has. */
static size_t lists_of(const struct mst_source *s)
{
	switch (s->read.feed) {
	case CA_STREAMS:
		return 1;
	case CA_APPS:
		return s->streams_n;
	case CA_INFO:
		return s->apps_n;
	default:
		return s->shows_n;
	}
}

/* Is the list wanted? Only those of the app that was asked for are. */
static bool wanted(const struct mst_source *s, size_t at)
{
	if (s->read.feed == CA_INFO)
		return s->apps[at].wanted;
	return s->read.feed != CA_USERS || s->apps[s->shows[at].app].wanted;
}

void ca_chain_of(const struct mst_source *s, const struct ca_chain *c,
		 const struct ca_stream **stream_r, const struct ca_app **app_r)
{
	const struct ca_show *show = NULL;

	*stream_r = NULL;
	*app_r = NULL;
	if (s->read.feed == CA_APPS)
		*stream_r = &s->streams[c->at];
	else if (s->read.feed != CA_STREAMS)
		show = &s->shows[c->at];
	if (!show)
		return;
	*stream_r = &s->streams[show->stream];
	*app_r = &s->apps[show->app];
}

/* A list that was whole is read once more, in the place of what was kept. */
static void take_twin(struct ca_read *r, struct ca_chain *c)
{
	const struct ca_twin *t = &r->twins[--r->twins_n];

	c->used = c->again = c->twin = c->anew = true;
	c->at = t->at;
	c->before = t->said;
	r->records -= t->records;
}

/* The next list that nobody reads yet takes the place; false: there is none.
 * What is known of an app is asked for in the first stream that shows it. */
static bool take_next(struct mst_source *s, struct ca_chain *c)
{
	struct ca_read *r = &s->read;
	size_t n = lists_of(s);

	if (r->twins_n > 0) {
		take_twin(r, c);
		return true;
	}
	while (r->next < n && !wanted(s, r->next))
		r->next++;
	if (r->next == n)
		return false;
	c->used = true;
	c->at = r->next++;
	if (r->feed == CA_INFO)
		c->at = s->apps[c->at].first - 1;
	return true;
}

/* ---- addresses ----------------------------------------------------------- */

void ca_base_url(const struct mst_source *s, bool no_security,
		 struct mst_buf *url)
{
	mst_buf_addf(url, "%s/beta%s/dataDiscovery/cloudAppDiscovery",
		     s->sites.graph, no_security ? "" : "/security");
	mst_buf_adds(url, "/uploadedStreams");
}

void ca_apps_path(const struct ca_conf *conf, bool namespaced,
		  const char *stream, struct mst_buf *url)
{
	static const char *const days[] = {
	    [CA_7] = "7", [CA_30] = "30", [CA_90] = "90"};

	mst_buf_addc(url, '/');
	mst_buf_add_uri(url, mst_slice_str(stream));
	mst_buf_addf(url, "/%saggregatedAppsDetails(period=duration'P%sD')",
		     namespaced ? "microsoft.graph.security." : "",
		     days[conf->report_time_frame]);
}

static void first_url(const struct mst_source *s, const struct ca_chain *c,
		      struct mst_buf *url)
{
	const struct ca_stream *stream;
	const struct ca_app *app;

	ca_chain_of(s, c, &stream, &app);
	if (!stream) {
		ca_base_url(s, s->no_security != c->other, url);
		return;
	}
	ca_base_url(s, s->no_security, url);
	ca_apps_path(s->conf, s->namespaced != c->other, stream->id, url);
	if (!app)
		return;
	mst_buf_addc(url, '/');
	mst_buf_add_uri(url, mst_slice_str(app->id));
	mst_buf_adds(url, s->read.feed == CA_INFO ? "/appInfo" : "/users");
}

/* ---- requests ------------------------------------------------------------ */

/* What the page will be kept as; NULL: the engine's own name will do. */
static const char *part_of(const struct mst_source *s, const struct ca_chain *c,
			   struct mst_arena *arena)
{
	struct mst_buf name = MST_BUF_INIT(1024);
	const struct ca_stream *stream;
	const struct ca_app *app;
	const char *own;

	ca_chain_of(s, c, &stream, &app);
	if (!stream)
		return NULL;
	ca_part_name(&name, stream->id, app ? app->id : NULL, c->parts + 1);
	own = mst_arena_strdup(arena, name.p);
	mst_buf_fini(&name);
	return own;
}

/* For errors and progress: "page 2 of users of cloud apps (10063)". */
static const char *what(const struct mst_source *s, const struct ca_chain *c,
			struct mst_arena *arena)
{
	const struct ca_stream *stream;
	const struct ca_app *app;
	const char *of;

	ca_chain_of(s, c, &stream, &app);
	of = app ? app->id : stream ? stream->id : NULL;
	return mst_arena_printf(arena, "page %u of %s%s%s%s", c->parts + 1,
				ca_feeds[s->read.feed].title, of ? " (" : "",
				of ? of : "", of ? ")" : "");
}

static int ask(struct mst_source *s, struct ca_chain *c, struct mst_req *req_r,
	       struct mst_err *err)
{
	struct mst_buf url = MST_BUF_INIT(MST_MAX_URL);

	if (s->read.pages >= MST_MAX_PAGES)
		return mst_err_set(err, MST_E_INCOMPLETE,
				   "%s: more than %u pages",
				   ca_feeds[s->read.feed].title, MST_MAX_PAGES);
	if (c->link)
		mst_buf_adds(&url, c->link);
	else
		first_url(s, c, &url);
	mst_req_init(req_r, MST_HTTP_GET);
	c->seq = ++s->seq;
	c->linked = c->link != NULL;
	c->waiting = true;
	req_r->id = c->seq;
	req_r->url = mst_arena_strdup(&req_r->arena, url.p);
	req_r->auth = MS_AUTH_GRAPH;
	req_r->part = part_of(s, c, &req_r->arena);
	req_r->anew = c->anew;
	req_r->what = what(s, c, &req_r->arena);
	mst_req_header(req_r, "Accept", "application/json");
	/* else Graph hides every value that is younger than its first list */
	mst_req_header(req_r, "Prefer", "include-unknown-enum-members");
	mst_buf_fini(&url);
	return MST_NEXT_REQUEST;
}

/* ---- the feed ------------------------------------------------------------ */

static int begin_check(const struct mst_source *s, unsigned feed,
		       struct mst_err *err)
{
	if (feed >= CA__FEEDS)
		return mst_err_set(err, MST_E_INTERNAL, "no feed %u", feed);
	if (!s->auth)
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "%s cannot be read from the API: this "
				   "connection reads a folder (read_from)",
				   ca_feeds[feed].title);
	if (feed > CA_STREAMS && s->all_streams > 0 && !s->streams_n)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "setting streams: no stream's name or id "
				   "fits, of %zu that are there; `muster "
				   "connection test` shows them",
				   s->all_streams);
	return 0;
}

int ca_begin(struct mst_source *s, unsigned feed, const char *one,
	     struct mst_err *err)
{
	if (begin_check(s, feed, err) < 0)
		return -(int)err->code;
	ca_read_clear(&s->read);
	if (feed == CA_STREAMS)
		ca_found_clear(s);
	else if (feed == CA_USERS)
		ca_found_pages_clear(s); /* those of apps were compared */
	if (feed <= CA_APPS) {
		free(s->one);
		s->one = one ? mst_strdup(one) : NULL;
	}
	s->read.feed = feed;
	s->read.active = true;
	s->read.one = one && feed > CA_STREAMS;
	s->proofs[feed] = (struct mst_proof){.as_of_us = MST_TIME_NONE,
					     .why = "the read did not end"};
	return 0;
}

static void prove(const struct mst_source *s, struct mst_proof *p_r)
{
	const struct ca_read *r = &s->read;
	const char *title = ca_feeds[r->feed].title, *why = NULL;

	*p_r = (struct mst_proof){.pages = r->pages,
				  .records = r->records,
				  .as_of_us = MST_TIME_NONE};
	if (r->doubt[0])
		why = r->doubt;
	else if (r->one)
		why = "only one app was asked for";
	else if (r->feed == CA_STREAMS && !r->records)
		why = "the list is empty, which is never taken as a reason to "
		      "remove anything";
	else if (r->feed != CA_STREAMS && !s->streams_n)
		why = "there is no stream";
	else if (r->feed != CA_STREAMS && !s->proofs[CA_STREAMS].complete)
		why = s->proofs[CA_STREAMS].why; /* others may be missing */
	if (why)
		(void)snprintf(p_r->why, sizeof(p_r->why), "%s: %.200s", title,
			       why);
	p_r->complete = !why;
}

static int end(struct mst_source *s)
{
	s->read.ended = true;
	prove(s, &s->proofs[s->read.feed]);
	return MST_NEXT_END;
}

int ca_next(struct mst_source *s, struct mst_req *req_r, struct mst_err *err)
{
	struct ca_read *r = &s->read;
	unsigned width = r->feed <= CA_APPS ? 1 : CA_IN_FLIGHT;
	bool waiting = false;

	if (!r->active)
		return mst_err_set(err, MST_E_INTERNAL, "no feed was begun");
	if (r->ended)
		return MST_NEXT_END;
	for (unsigned i = 0; i < width; i++) {
		struct ca_chain *c = &r->chain[i];

		if (c->waiting)
			waiting = true;
		else if (c->used || take_next(s, c))
			return ask(s, c, req_r, err);
	}
	return waiting ? MST_NEXT_WAIT : end(s);
}
