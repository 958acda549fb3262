/* SPDX-License-Identifier: Apache-2.0
 *
 * File exports: a list of SAS URLs, then the files themselves, which are
 * fetched without any token. The URLs live an hour or a few; when they expire
 * a new list is asked for. If it names the same files, the read goes on where
 * it was; if the snapshot was replaced, it starts again.
 */
#include <stdlib.h>

#include "base/time.h"
#include "source/endpoint/endpoint_private.h"

#define SAS_MARGIN_US (30 * (int64_t)1000000)
#define LIST_YOUNG_US (60 * (int64_t)1000000)
#define FILE_WAIT_MS  (60 * 60 * (int64_t)1000)

static const char *title_of(const struct mst_source *s)
{
	return ep_feeds[s->read.feed].title;
}

void ep_files_free(struct ep_read *r)
{
	for (size_t i = 0; i < r->files_n; i++)
		free(r->files[i].url);
	free(r->files);
	r->files = NULL;
	r->files_n = r->files_done = r->asked = r->in_flight = 0;
	r->list = 0;
	r->refreshes = 0;
}

/* ---- asking ------------------------------------------------------------- */

static int list_request(struct mst_source *s, struct mst_req *req_r)
{
	struct ep_read *r = &s->read;
	const struct ep_io *io = &ep_io[r->feed];

	mst_req_init(req_r, MST_HTTP_GET);
	req_r->id = (uint64_t)r->generation << 32;
	req_r->auth = EP_AUTH_API;
	req_r->rate = "exports";
	if (io->sas_hours)
		req_r->url = mst_arena_printf(
		    &req_r->arena, "%s%s?sasValidHours=%d", s->sites.api,
		    io->files, (int)s->conf->sas_valid_hours);
	else
		req_r->url = mst_arena_printf(&req_r->arena, "%s%s",
					      s->sites.api, io->files);
	req_r->what =
	    mst_arena_printf(&req_r->arena, "file list of %s", title_of(s));
	mst_req_header(req_r, "Accept", "application/json");
	r->waiting = true;
	return MST_NEXT_REQUEST;
}

/* A clock that is wrong must not ask for lists without end: a list that just
 * came is believed, and the storage will say. */
static bool has_expired(const struct ep_read *r, const struct ep_file *f)
{
	int64_t se = ep_sas_expiry(f->url), now = mst_now_us();

	return se != MST_TIME_NONE && now >= se - SAS_MARGIN_US &&
	       now - r->list_us >= LIST_YOUNG_US;
}

static int file_request(struct mst_source *s, size_t i, struct mst_req *req_r)
{
	struct ep_read *r = &s->read;
	struct ep_file *f = &r->files[i];

	mst_req_init(req_r, MST_HTTP_GET);
	req_r->id = (uint64_t)r->generation << 32 | (uint32_t)(i + 1);
	req_r->url = mst_arena_strdup(&req_r->arena, f->url);
	req_r->file = mst_arena_printf(&req_r->arena, "%u-%05zu.json.gz",
				       r->generation, i + 1);
	req_r->timeout_ms = FILE_WAIT_MS;
	req_r->what = mst_arena_printf(&req_r->arena, "file %zu of %zu of %s",
				       i + 1, r->files_n, title_of(s));
	f->asked = true;
	f->list = r->list;
	r->in_flight++;
	return MST_NEXT_REQUEST;
}

int ep_files_next(struct mst_source *s, struct mst_req *req_r,
		  struct mst_err *err)
{
	struct ep_read *r = &s->read;
	size_t i = r->asked;

	if (r->waiting)
		return MST_NEXT_WAIT;
	if (r->need_list)
		return list_request(s, req_r);
	if (r->in_flight >= EP_IN_FLIGHT)
		return MST_NEXT_WAIT;
	while (i < r->files_n && (r->files[i].asked || r->files[i].done))
		i++;
	r->asked = i; /* all before it were asked for */
	if (i == r->files_n)
		return MST_NEXT_WAIT;
	if (has_expired(r, &r->files[i])) {
		r->need_list = true;
		return list_request(s, req_r);
	}
	return file_request(s, i, req_r);
}

/* ---- the list ----------------------------------------------------------- */

static struct mst_slice path_of(const char *url)
{
	return mst_slice(url, strcspn(url, "?"));
}

static int check_urls(const struct mst_source *s, struct mst_json urls,
		      struct mst_err *err)
{
	struct mst_json_iter it = mst_json_iter(urls);
	struct mst_slice host = {NULL, 0}, u;
	struct mst_json e;
	bool https, fine;
	char *url;

	if (mst_json_len(urls) > MST_MAX_PAGES)
		return mst_err_set(err, MST_E_INVALID,
				   "%s: more than %u export files", title_of(s),
				   MST_MAX_PAGES);
	while (mst_json_next(&it, NULL, &e)) {
		u = mst_json_str(e);
		if (!u.n || u.n >= MST_MAX_URL || memchr(u.p, 0, u.n))
			return mst_err_set(err, MST_E_CORRUPT,
					   "%s: an export file has no address",
					   title_of(s));
		url = mst_strndup(u.p, u.n);
		fine = ep_blob_allowed(&s->sites, url);
		if (!fine) {
			(void)ms_url_host(url, &host, &https);
			mst_err_set(err, MST_E_INVALID,
				    "%s: an export file is said to be on "
				    "'%.*s', which is no Azure blob storage; "
				    "it is not fetched",
				    title_of(s), MST_SLICE_ARG(host));
		}
		free(url);
		if (!fine)
			return -(int)err->code;
	}
	return 0;
}

/* The same files as before? Then their new URLs are taken over. */
static bool renew_urls(struct ep_read *r, struct mst_json urls)
{
	struct mst_json_iter it = mst_json_iter(urls);
	struct mst_map map = {.n = 0};
	struct mst_json e;
	size_t n = 0;
	bool same = mst_json_len(urls) == r->files_n;

	for (size_t i = 0; i < r->files_n && same; i++)
		mst_map_put(&map, path_of(r->files[i].url), &r->files[i]);
	same = same && map.n == r->files_n;
	while (same && mst_json_next(&it, NULL, &e)) {
		struct mst_slice u = mst_json_str(e);
		const char *q = memchr(u.p, '?', u.n);
		struct mst_slice path = {u.p, q ? (size_t)(q - u.p) : u.n};
		struct ep_file *f = mst_map_del(&map, path);

		same = f != NULL;
		if (!same)
			break;
		/* The map borrowed the old text; it is out of the map now. */
		free(f->url);
		f->url = mst_strndup(u.p, u.n);
		n++;
	}
	mst_map_fini(&map);
	return same && n == r->files_n;
}

static void keep_urls(struct ep_read *r, struct mst_json urls)
{
	struct mst_json_iter it = mst_json_iter(urls);
	size_t n = mst_json_len(urls);
	struct mst_json e;

	r->files = mst_alloc((n ? n : 1) * sizeof(*r->files));
	while (mst_json_next(&it, NULL, &e)) {
		struct mst_slice u = mst_json_str(e);

		r->files[r->files_n++].url = mst_strndup(u.p, u.n);
	}
}

/* No files: believed when two lists with their times agree. */
static int list_is_empty(struct mst_source *s, bool timed)
{
	struct ep_read *r = &s->read;

	if (!r->empty) {
		r->empty = true;
		r->need_list = true;
		return MST_TAKE_CONTROL;
	}
	if (!timed)
		ep_tally_doubt(&s->tally,
			       "the export has no files and does not say of "
			       "what time it is");
	ep_read_end(s);
	return MST_TAKE_CONTROL;
}

static int list_take(struct mst_source *s, struct mst_json urls, int64_t as_of,
		     struct mst_err *err)
{
	struct ep_read *r = &s->read;
	bool older = r->files_n > 0;
	int rc = check_urls(s, urls, err);

	if (rc < 0)
		return rc;
	r->tries = 0;
	r->need_list = false;
	r->list_us = mst_now_us();
	if (older && renew_urls(r, urls)) {
		r->list++;
		r->asked = 0;
		return MST_TAKE_CONTROL;
	}
	if (older) {
		rc = ep_restart(s, "the export was replaced while it was read",
				err);
		if (rc < 0)
			return rc;
	}
	s->tally.as_of_us = as_of;
	r->need_list = false;
	r->list++;
	r->list_us = mst_now_us();
	if (!mst_json_len(urls))
		rc = list_is_empty(s, as_of != MST_TIME_NONE);
	else
		keep_urls(r, urls);
	return older ? MST_TAKE_RESTART : MST_TAKE_CONTROL;
}

/* Which files a list names, whatever their addresses carry behind "?". */
static struct mst_hash names_of(struct mst_json urls)
{
	struct mst_buf names = MST_BUF_INIT(MST_MAX_BODY);
	struct mst_json_iter it = mst_json_iter(urls);
	struct mst_hash h = {0, 0};
	struct mst_json e;

	while (mst_json_next(&it, NULL, &e)) {
		struct mst_slice url = mst_json_str(e);
		const char *query = url.n ? memchr(url.p, '?', url.n) : NULL;

		(void)mst_buf_add(&names, url.n ? url.p : "",
				  query ? (size_t)(query - url.p) : url.n);
		(void)mst_buf_addc(&names, '\n');
	}
	if (names.n)
		h = mst_hash128(names.p, names.n, 0);
	mst_buf_fini(&names);
	return h;
}

/* Some servers answer with what they were asked before. No two inventories are
 * in the same files. */
static bool is_anothers(struct mst_source *s, struct mst_json urls)
{
	struct mst_hash h = names_of(urls);

	for (unsigned f = 0; f < EP__FEEDS && !mst_hash_is_zero(h); f++) {
		if (f != s->read.feed && mst_hash_eq(h, s->lists[f]))
			return true;
	}
	s->lists[s->read.feed] = h;
	return false;
}

int ep_files_list(struct mst_source *s, const struct mst_resp *resp,
		  struct mst_err *err)
{
	struct ep_read *r = &s->read;
	int64_t as_of = MST_TIME_NONE;
	struct mst_json root, urls;
	int rc;

	if (resp->outcome != MST_OUT_ANSWER || resp->status != 200) {
		if (resp->outcome == MST_OUT_ANSWER && !r->files_n &&
		    (resp->status == 403 || resp->status == 404) &&
		    ep_fall_back(s))
			return MST_TAKE_CONTROL;
		return ep_refuse(s, resp, title_of(s), err);
	}
	rc = ep_parse(s, resp, &root, err);
	if (rc < 0)
		return rc;
	if (rc == 1) {
		mst_err_clear(err);
		return MST_TAKE_CONTROL;
	}
	urls = mst_json_iget(root, "exportFiles");
	if (mst_json_type(urls) != MST_JSON_ARRAY) {
		if (++r->tries < EP_TRIES)
			return MST_TAKE_CONTROL;
		return mst_err_set(err, MST_E_CORRUPT,
				   "%s: the answer has no list 'exportFiles'",
				   title_of(s));
	}
	if (is_anothers(s, urls)) {
		if (++r->tries < EP_TRIES)
			return MST_TAKE_CONTROL;
		return mst_err_set(err, MST_E_CORRUPT,
				   "%s: the answer lists the files of another "
				   "inventory, %d times; run it again later",
				   title_of(s), EP_TRIES);
	}
	if (!mst_time_parse(mst_json_str(mst_json_iget(root, "generatedTime")),
			    &as_of))
		as_of = MST_TIME_NONE;
	return list_take(s, urls, as_of, err);
}

/* ---- the files ---------------------------------------------------------- */

/* 403 with XML: expired. 404, 410: the snapshot is gone. Both ask for a new
 * list; several files say it at once, and only the first of them counts. */
static int file_expired(struct mst_source *s, const struct ep_file *f,
			int status, struct mst_err *err)
{
	struct ep_read *r = &s->read;

	if (f->list != r->list || r->need_list || r->waiting)
		return MST_TAKE_CONTROL;
	if (++r->refreshes > EP_RESTARTS)
		return mst_err_set(
		    err, status == 403 ? MST_E_FORBIDDEN : MST_E_NOTFOUND,
		    "%s: the storage refuses the export files "
		    "(%d) again and again, also with new "
		    "addresses; is the clock right, and does the "
		    "proxy leave addresses as they are?",
		    title_of(s), status);
	r->need_list = true;
	return MST_TAKE_CONTROL;
}

static int file_damaged(struct mst_source *s, struct ep_file *f,
			const char *what, struct mst_err *err)
{
	if (++f->tries < EP_TRIES)
		return MST_TAKE_CONTROL;
	return mst_err_set(err, MST_E_CORRUPT,
			   "%s: an export file %s, %d times; run it again "
			   "later",
			   title_of(s), what, EP_TRIES);
}

int ep_files_take(struct mst_source *s, size_t i, const struct mst_resp *resp,
		  struct mst_err *err)
{
	struct ep_read *r = &s->read;
	const char *type = resp->content_type ? resp->content_type : "";
	struct ep_file *f;

	if (i >= r->files_n || !r->files[i].asked || r->files[i].done)
		return MST_TAKE_CONTROL;
	f = &r->files[i];
	f->asked = false;
	r->asked = MST_MIN(r->asked, i);
	r->in_flight--;
	if (resp->outcome != MST_OUT_ANSWER)
		return ep_refuse(s, resp, title_of(s), err);
	if (resp->status == 403 || resp->status == 404 || resp->status == 410)
		return file_expired(s, f, resp->status, err);
	if (resp->status != 200)
		return ep_refuse(s, resp, title_of(s), err);
	if (resp->bytes == 0)
		return file_damaged(s, f, "came empty", err);
	if (mst_slice_istarts(mst_slice_str(type), "text/html"))
		return file_damaged(s, f, "came as a web page", err);
	f->done = true;
	r->refreshes = 0;
	s->tally.files++;
	if (++r->files_done == r->files_n)
		ep_read_end(s);
	return MST_TAKE_RECORDS;
}
