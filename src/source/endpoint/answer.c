/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers that are pages: is it one, is there another behind it, and was the
 * chain whole. Lists of files and the files are in files.c.
 */
#include <stdlib.h>

#include "source/endpoint/endpoint_private.h"

static const char *title_of(const struct mst_source *s)
{
	return ep_feeds[s->read.feed].title;
}

int ep_restart(struct mst_source *s, const char *why, struct mst_err *err)
{
	if (++s->read.restarts > EP_RESTARTS)
		return mst_err_set(err, MST_E_INCOMPLETE,
				   "%s: %s, %d times in a row; run it again "
				   "later",
				   title_of(s), why, EP_RESTARTS + 1);
	ep_read_again(s);
	return MST_TAKE_RESTART;
}

/* ---- bodies ------------------------------------------------------------- */

/* A damaged answer is asked for again a few times: proxies and gateways put
 * pages of their own in the way. */
static int damaged(struct mst_source *s, const struct mst_resp *resp,
		   struct mst_err *err)
{
	if (++s->read.tries < EP_TRIES)
		return 1;
	return ms_damaged(resp, title_of(s), err);
}

int ep_parse(struct mst_source *s, const struct mst_resp *resp,
	     struct mst_json *root_r, struct mst_err *err)
{
	if (ms_body_parse(s->parser, resp, root_r, err) == 0)
		return 0;
	return damaged(s, resp, err);
}

/* ---- where the chain goes on -------------------------------------------- */

/* 1: there is a link and it is kept. */
static int take_link(struct mst_source *s, struct mst_json root,
		     struct mst_err *err)
{
	struct ep_read *r = &s->read;
	struct mst_slice link;

	free(r->link);
	r->link = NULL;
	if (ms_next_link(root, &s->sites, ep_io[r->feed].need.graph,
			 title_of(s), &link, err) < 0)
		return -(int)err->code;
	if (!link.n)
		return 0;
	r->link = mst_strndup(link.p, link.n);
	if (!ep_tally_see(&s->tally, 'l', link))
		return 2; /* round in a circle */
	r->linked = true;
	return 1;
}

static bool asks_twice_when_empty(unsigned feed)
{
	return feed == EP_SOFTWARE || feed == EP_NON_CPE ||
	       feed == EP_DEVICE_CVES;
}

/* The last page is in. A doubtful read is done once more, and one that brought
 * nothing too: everything of this kind would be taken for gone. */
static int finish(struct mst_source *s)
{
	struct ep_read *r = &s->read;
	struct ep_tally *t = &s->tally;

	if (t->records == 0 && r->one) { /* the whole list then */
		free(r->one);
		r->one = NULL;
		ep_read_again(s);
		return MST_TAKE_RESTART;
	}
	if (t->records == 0 && r->feed == EP_MACHINES)
		ep_tally_doubt(t, "the list is empty, which is never taken as "
				  "a reason to remove devices");
	if ((t->doubles || t->repeated || t->doubt[0]) && !r->reread &&
	    t->records) {
		r->reread = true;
		ep_read_again(s);
		return MST_TAKE_RESTART;
	}
	if (t->records == 0 && asks_twice_when_empty(r->feed) && !r->empty) {
		r->empty = true;
		ep_read_again(s);
		return MST_TAKE_RESTART;
	}
	ep_read_end(s);
	return MST_TAKE_RECORDS;
}

/* A page that was asked for by $skip and brought no link. A short page is the
 * last one; but servers cut pages as they like, so one more is asked for,
 * which must be empty. */
static int skip_on(struct mst_source *s, size_t n, size_t fresh)
{
	struct ep_read *r = &s->read;

	if (r->linked || n == 0 || r->one)
		return finish(s);
	if (fresh == 0) {
		ep_tally_doubt(&s->tally,
			       "page %llu only repeats earlier ones: the API "
			       "passed over $skip",
			       (unsigned long long)s->tally.pages);
		return finish(s);
	}
	r->skip += n;
	r->confirm = n < r->top;
	return MST_TAKE_RECORDS;
}

static int take_page(struct mst_source *s, struct mst_json root,
		     struct mst_json value, struct mst_err *err)
{
	struct ep_read *r = &s->read;
	size_t n, fresh;
	int rc;

	ep_tally_page(s, value, &n, &fresh);
	r->tries = 0;
	rc = take_link(s, root, err);
	if (rc < 0)
		return rc;
	if (rc == 2)
		return ep_restart(s, "its pages lead back to earlier ones",
				  err);
	if (rc == 1)
		return MST_TAKE_RECORDS;
	return r->way == EP_WAY_SKIP ? skip_on(s, n, fresh) : finish(s);
}

/* ---- failures ----------------------------------------------------------- */

static bool mid_chain(const struct mst_source *s)
{
	return s->tally.pages > 0;
}

static int page_failed(struct mst_source *s, const struct mst_req *req,
		       const struct mst_resp *resp, struct mst_err *err)
{
	struct ep_read *r = &s->read;
	int status = resp->outcome == MST_OUT_ANSWER ? resp->status : 0;

	if (r->confirm && status == 404)
		return finish(s) == MST_TAKE_RESTART ? MST_TAKE_RESTART
						     : MST_TAKE_CONTROL;
	/* A snapshot was replaced, and the tokens of its pages died. */
	if (mid_chain(s) && r->linked &&
	    (status == 400 || status == 404 || status == 410))
		return ep_restart(s, "the link to its next page died", err);
	if (r->one && status == 400) { /* no filter there: read them all */
		free(r->one);
		r->one = NULL;
		ep_read_again(s);
		return MST_TAKE_CONTROL;
	}
	if ((status == 403 || status == 404) && ep_fall_back(s))
		return MST_TAKE_CONTROL;
	return ep_refuse(s, resp, req->what ? req->what : title_of(s), err);
}

/* The list of a page: every record of it must be an object. */
static bool has_records(struct mst_json root, struct mst_json *value_r,
			struct mst_err *err)
{
	struct mst_json value = mst_json_iget(root, "value"), e;
	struct mst_json_iter it = mst_json_iter(value);
	size_t n = 0;

	if (mst_json_type(value) != MST_JSON_ARRAY) {
		mst_err_set(err, MST_E_CORRUPT, "it has no list 'value'");
		return false;
	}
	while (mst_json_next(&it, NULL, &e)) {
		n++;
		if (mst_json_type(e) == MST_JSON_OBJECT)
			continue;
		mst_err_set(err, MST_E_CORRUPT, "record %zu is no object", n);
		return false;
	}
	*value_r = value;
	return true;
}

static int page_answer(struct mst_source *s, const struct mst_req *req,
		       const struct mst_resp *resp, struct mst_err *err)
{
	struct mst_json root, value;
	int rc;

	if (resp->outcome != MST_OUT_ANSWER || resp->status != 200)
		return page_failed(s, req, resp, err);
	rc = ep_parse(s, resp, &root, err);
	if (rc == 0 && has_records(root, &value, err))
		return take_page(s, root, value, err);
	if (rc == 0)
		rc = damaged(s, resp, err);
	if (rc < 0)
		return rc;
	mst_err_clear(err); /* it is asked for again */
	return MST_TAKE_CONTROL;
}

int ep_accept(struct mst_source *s, const struct mst_req *req,
	      const struct mst_resp *resp, struct mst_err *err)
{
	struct ep_read *r = &s->read;
	uint32_t i = (uint32_t)req->id;

	/* an answer to something that was given up */
	if (!r->active || r->ended || req->id >> 32 != r->generation)
		return MST_TAKE_CONTROL;
	if (i > 0)
		return ep_files_take(s, i - 1, resp, err);
	r->waiting = false;
	if (r->way == EP_WAY_FILES)
		return ep_files_list(s, resp, err);
	return page_answer(s, req, resp, err);
}
