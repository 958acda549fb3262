/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers: is it a page, is there another behind it, was the list whole, and
 * what does its absence mean.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "source/cloudapps/cloudapps_private.h"

static const char *title_of(const struct mst_source *s)
{
	return ca_feeds[s->read.feed].title;
}

/* ---- records of a page --------------------------------------------------- */

/* One record without a list around it? */
static bool lone_record(const struct mst_source *s, struct mst_json root)
{
	static const char *const names[] = {
	    [CA_STREAMS] = "id",
	    [CA_APPS] = "displayName",
	    [CA_USERS] = "userIdentifier",
	};

	return mst_json_type(root) == MST_JSON_OBJECT &&
	       (s->read.feed == CA_INFO ||
		mst_json_iget(root, names[s->read.feed]).doc);
}

/* A list of objects? *n_r of them. */
static bool objects(struct mst_json list, size_t *n_r, struct mst_err *err)
{
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json e;

	*n_r = 0;
	while (mst_json_next(&it, NULL, &e)) {
		++*n_r;
		if (mst_json_type(e) == MST_JSON_OBJECT)
			continue;
		mst_err_set(err, MST_E_CORRUPT, "record %zu is no object",
			    *n_r);
		return false;
	}
	return true;
}

/* *list_r: the list of the records, or the only one. What is known of an app
 * may be an object in an envelope. */
static bool records_of(const struct mst_source *s, struct mst_json root,
		       struct mst_json *list_r, size_t *n_r,
		       struct mst_err *err)
{
	struct mst_json value = mst_json_iget(root, "value");
	enum mst_json_type type = mst_json_type(value);

	*list_r = mst_json_type(root) == MST_JSON_ARRAY ? root : value;
	if (mst_json_type(*list_r) == MST_JSON_ARRAY) {
		if (!objects(*list_r, n_r, err))
			return false;
		/* the reader takes the envelope for the record */
		if (s->read.feed == CA_INFO && type == MST_JSON_ARRAY)
			*n_r = MST_MIN(*n_r, (size_t)1);
		return true;
	}
	*list_r = root;
	*n_r = 1;
	if (s->read.feed == CA_INFO && value.doc) {
		*n_r = type == MST_JSON_OBJECT;
		if (type == MST_JSON_OBJECT || type == MST_JSON_NULL)
			return true;
	} else if (!value.doc && lone_record(s, root)) {
		return true;
	}
	mst_err_set(err, MST_E_CORRUPT, "it has no list 'value'");
	return false;
}

/* ---- what a list has seen ------------------------------------------------ */

/* False when it was seen before. kind keeps ids and links apart. */
static bool see(struct ca_chain *c, char kind, struct mst_slice s)
{
	struct mst_hash h = mst_hash128(s.p, s.n, (unsigned char)kind);
	struct mst_slice key = {(const char *)&h, sizeof(h)};

	if (mst_map_has(&c->seen, key))
		return false;
	if (!c->arena.max)
		mst_arena_init(&c->arena, MST_MAX_ARENA);
	key = mst_arena_dup(&c->arena, key);
	(void)mst_map_put(&c->seen, key, c);
	return true;
}

static struct mst_slice id_of(const struct mst_source *s, struct mst_json e,
			      char buf[32])
{
	struct mst_json id = mst_json_iget(
	    e, s->read.feed == CA_USERS ? "userIdentifier" : "id");
	struct mst_slice t = mst_slice_trim(mst_json_str(id));
	struct mst_buf out = MST_BUF_INIT(31);

	if (t.n || !id.doc || mst_json_type(id) == MST_JSON_NULL)
		return t;
	if (mst_json_write(id, &out) && out.n < 32)
		memcpy(buf, out.p, out.n);
	t = mst_slice(buf, out.n);
	mst_buf_fini(&out);
	return t;
}

/* Which users the list names, in any order. */
static void name_user(struct ca_chain *c, struct mst_slice id)
{
	struct mst_hash h = mst_hash128(id.n ? id.p : "", id.n, 0);

	c->said.hi += h.hi;
	c->said.lo += h.lo;
}

static void look(struct mst_source *s, struct ca_chain *c, struct mst_json e)
{
	char buf[32];
	struct mst_slice id;

	if (s->read.feed == CA_INFO)
		return;
	id = id_of(s, e, buf);
	if (id.n && !see(c, 'i', id))
		c->doubles++;
	if (s->read.feed == CA_STREAMS)
		ca_found_stream(s, e);
	else if (s->read.feed == CA_APPS)
		ca_found_app(s, c->at, e);
	else
		name_user(c, id);
}

static void look_at(struct mst_source *s, struct ca_chain *c,
		    struct mst_json list)
{
	struct mst_json_iter it;
	struct mst_json e;

	if (mst_json_type(list) == MST_JSON_OBJECT) {
		look(s, c, list);
		return;
	}
	it = mst_json_iter(list);
	while (mst_json_next(&it, NULL, &e))
		look(s, c, e);
}

/* ---- where a list goes on ------------------------------------------------ */

static int restart(struct mst_source *s, struct ca_chain *c, const char *why,
		   struct mst_err *err)
{
	if (++c->restarts > CA_RESTARTS)
		return mst_err_set(err, MST_E_INCOMPLETE,
				   "%s: %s, %d times in a row; run it again "
				   "later",
				   title_of(s), why, CA_RESTARTS + 1);
	ca_chain_again(&s->read, c);
	return MST_TAKE_CONTROL;
}

/* Of which records the page is: a hash of their ids; zero: of none. */
static struct mst_hash ids_of(const struct mst_source *s, struct mst_json list)
{
	struct mst_buf ids = MST_BUF_INIT(MST_MAX_BODY);
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_hash h = {0, 0};
	struct mst_json e;

	while (mst_json_type(list) == MST_JSON_ARRAY &&
	       mst_json_next(&it, NULL, &e)) {
		char buf[32];
		struct mst_slice id = id_of(s, e, buf);

		(void)mst_buf_add(&ids, id.n ? id.p : "", id.n);
		(void)mst_buf_addc(&ids, '\n');
	}
	if (ids.n)
		h = mst_hash128(ids.p, ids.n, 0);
	mst_buf_fini(&ids);
	return h;
}

/* Some servers answer with what they were asked before: streams for apps. */
static bool own_records(struct mst_source *s, struct mst_json list,
			struct mst_err *err)
{
	struct mst_hash h = {0, 0};

	if (s->read.feed <= CA_APPS)
		h = ids_of(s, list);
	if (s->read.feed == CA_STREAMS)
		s->streams_page = h;
	if (s->read.feed == CA_APPS && !mst_hash_is_zero(h) &&
	    mst_hash_eq(h, s->streams_page)) {
		mst_err_set(err, MST_E_CORRUPT, "it shows the streams again");
		return false;
	}
	return true;
}

/* Does a page of one stream show exactly the apps that a page of another did?
 * It may be true: then it is so the second time as well. */
static bool repeats(struct mst_source *s, const struct ca_chain *c,
		    struct mst_json list)
{
	struct mst_hash h = ids_of(s, list);
	struct mst_slice key = {(const char *)&h, sizeof(h)};
	uintptr_t at = c->at + 1, before;

	if (mst_hash_is_zero(h))
		return false;
	before = (uintptr_t)mst_map_get(&s->pages, key);
	if (before)
		return before != at; /* or its own list, read from the start */
	ca_found_page(s, h, at);
	return false;
}

/* Users: an empty list, or one that ends with a full page as if nothing came
 * behind it, though there are more of them. Other differences are no reason:
 * what the number counts exactly, no page says. */
static bool too_short(const struct mst_source *s, const struct ca_chain *c)
{
	return c->records % CA_PAGE == 0 && c->records < s->shows[c->at].users;
}

/* Does the page that ends a list leave doubts that reading it once more may
 * end? */
static bool doubtful(const struct mst_source *s, const struct ca_chain *c)
{
	if (s->read.feed == CA_USERS)
		return too_short(s, c);
	if (s->read.feed == CA_APPS && c->records == 0)
		return ca_stream_alive(s, c->at);
	return c->doubles > 0;
}

/* Users: a list that is not as long as the app says may be another app's. Where
 * lengths are never what is told, asking twice is of no use. */
static bool of_other_length(const struct mst_source *s,
			    const struct ca_chain *c)
{
	return s->read.feed == CA_USERS && s->read.lags < CA_LAGS &&
	       c->records != s->shows[c->at].users;
}

/* Users: who said what, and whether that list was asked for twice. Zero is no
 * list. */
static uintptr_t list_of(const struct ca_chain *c, bool twice)
{
	return c->at * 2 + 1 + twice;
}

/* Users: does another list name exactly the same ones? It may be true: apps of
 * few users often have the same. But which of the two a confused server has
 * answered with the other one cannot be seen, and their answers may have come
 * in any order: both are asked for once more. Where that never helps, no more.
 */
static bool has_twin(struct mst_source *s, const struct ca_chain *c)
{
	struct mst_slice key = {(const char *)&c->said, sizeof(c->said)};
	struct ca_read *r = &s->read;
	uintptr_t list;

	if (r->feed != CA_USERS || mst_hash_is_zero(c->said) ||
	    r->alike >= CA_LAGS)
		return false;
	list = (uintptr_t)mst_map_get(&s->pages, key);
	if (!list) {
		ca_found_page(s, c->said, list_of(c, false));
		return false;
	}
	if (list % 2 == 1 && r->twins_n < CA_LAGS) {
		r->twins[r->twins_n++] = (struct ca_twin){
		    .at = (list - 1) / 2,
		    .said = c->said,
		    .records = c->records,
		};
		ca_found_page(s, c->said, list + 1);
	}
	return true;
}

/* Users: the list was asked for twice. A server that names others the second
 * time answers with what it was not asked for, and where it did so with a list
 * of the right length nobody sees it: none of its lists proves anything. */
static void compare_answers(struct mst_source *s, const struct ca_chain *c)
{
	struct ca_read *r = &s->read;

	if (r->feed != CA_USERS || mst_hash_is_zero(c->before))
		return;
	if (mst_hash_eq(c->before, c->said)) {
		r->lags += of_other_length(s, c);
		r->alike += c->twin;
		ca_found_page(s, c->said, list_of(c, true));
		return;
	}
	ca_doubt(r,
		 "the list of the users of app %.64s named others when it was "
		 "asked for again",
		 s->apps[s->shows[c->at].app].id);
}

/* A list is read once more, and so it is when only the second time brought
 * anything: nothing is no answer to compare with. */
static bool may_ask(const struct ca_chain *c)
{
	return !c->again ||
	       (mst_hash_is_zero(c->before) && !mst_hash_is_zero(c->said));
}

static void tell_doubt(struct mst_source *s, const struct ca_chain *c)
{
	if (s->read.feed == CA_USERS)
		ca_doubt(&s->read,
			 "the list of the users of app %.64s ends after %llu, "
			 "though it has %llu",
			 s->apps[s->shows[c->at].app].id,
			 (unsigned long long)c->records,
			 (unsigned long long)s->shows[c->at].users);
	else if (c->records == 0)
		ca_doubt(&s->read,
			 "the stream '%.80s' shows no app, though it received "
			 "data",
			 s->streams[c->at].name);
	else
		ca_doubt(&s->read,
			 "%llu records came twice, so the list moved while it "
			 "was read and others may be missing",
			 (unsigned long long)c->doubles);
}

/* The last page of a list is in. True: everything of the feed is to be read
 * once more. Streams and apps are few and hang together; a list of users is
 * read again alone. */
static bool finish(struct mst_source *s, struct ca_chain *c)
{
	bool doubt = doubtful(s, c), twin = false;
	struct ca_read *r = &s->read;

	if (r->feed <= CA_APPS && !r->reread && (doubt || r->repeated))
		return true;
	if (r->feed > CA_APPS && may_ask(c))
		twin = has_twin(s, c);
	if (r->feed > CA_APPS && may_ask(c) &&
	    (twin || doubt || of_other_length(s, c))) {
		c->again = true;
		c->twin = twin;
		c->before = c->said;
		ca_chain_again(r, c);
		return false;
	}
	if (doubt)
		tell_doubt(s, c);
	else
		compare_answers(s, c);
	ca_chain_clear(c);
	return false;
}

static int take_page(struct mst_source *s, struct ca_chain *c,
		     struct mst_json root, struct mst_json list, size_t n,
		     struct mst_err *err)
{
	struct mst_slice link;

	if (ms_next_link(root, &s->sites, true, title_of(s), &link, err) < 0)
		return -(int)err->code;
	/* The other name was the right one. */
	if (s->read.feed == CA_STREAMS)
		s->no_security = s->no_security != c->other;
	else if (s->read.feed == CA_APPS && !c->linked) {
		s->namespaced = s->namespaced != c->other;
		s->named = true;
	}
	c->other = c->anew = false;
	c->tries = 0;
	s->read.repeated |= s->read.feed == CA_APPS && repeats(s, c, list);
	look_at(s, c, list);
	c->records += n;
	c->parts += n > 0 || s->read.feed != CA_INFO;
	s->read.records += n;
	s->read.pages++;
	free(c->link);
	c->link = NULL;
	if (link.n) {
		if (!see(c, 'l', link))
			return restart(s, c,
				       "its pages lead back to earlier ones",
				       err) < 0
				   ? -(int)err->code
				   : MST_TAKE_RECORDS;
		c->link = mst_strndup(link.p, link.n);
	} else if (finish(s, c)) {
		ca_read_again(s);
		return MST_TAKE_RESTART;
	}
	return n > 0 || s->read.feed != CA_INFO ? MST_TAKE_RECORDS
						: MST_TAKE_CONTROL;
}

/* ---- failures ------------------------------------------------------------ */

static int refuse(struct mst_source *s, const struct mst_req *req,
		  const struct mst_resp *resp, struct mst_err *err)
{
	struct ms_told t = {.code = ""};
	bool permitted = s->read.pages > 0 ||
			 ms_granted(mst_cred_entra_roles(s->auth), &ca_need);

	if (resp->outcome == MST_OUT_ANSWER)
		ms_told_read(s->parser, resp, &t);
	return ms_refuse(resp, &t, &ca_need, permitted,
			 ca_feeds[s->read.feed].optional,
			 req->what ? req->what : title_of(s), err);
}

/* The name that the documents give elsewhere; it is tried once. */
static bool try_other(struct mst_source *s, struct ca_chain *c)
{
	if (c->other || s->read.pages > 0 ||
	    (s->read.feed == CA_APPS && s->named) || s->read.feed > CA_APPS)
		return false;
	c->other = true;
	return true;
}

/* Is nothing else read, or to be read? */
static bool last(const struct mst_source *s, const struct ca_chain *c, size_t n)
{
	for (size_t i = 0; i < CA_IN_FLIGHT; i++) {
		const struct ca_chain *other = &s->read.chain[i];

		if (other != c && other->used)
			return false;
	}
	return s->read.next >= n;
}

/* A stream whose apps nobody has: the others still count. */
static bool pass_stream(struct mst_source *s, struct ca_chain *c)
{
	struct ca_read *r = &s->read;

	if (r->pages == 0 && last(s, c, s->streams_n))
		return false; /* of none */
	ca_doubt(r, "the stream '%.80s' has no list of apps",
		 s->streams[c->at].name);
	ca_chain_clear(c);
	return true;
}

/* What is known of an app may be known in another stream. */
static bool pass_info(struct mst_source *s, struct ca_chain *c)
{
	size_t next = s->shows[c->at].next;
	struct ca_read *r = &s->read;

	if (next) {
		ca_chain_again(r, c);
		c->at = next - 1;
		return true;
	}
	if (r->pages == 0 && last(s, c, s->apps_n))
		return false;
	ca_doubt(r, "nothing is known of app %.64s",
		 s->apps[s->shows[c->at].app].id);
	ca_chain_clear(c);
	return true;
}

/* That of an app that has users is asked for again: some 404 are wrong. */
static bool pass_users(struct mst_source *s, struct ca_chain *c)
{
	(void)finish(s, c);
	return true;
}

static int page_failed(struct mst_source *s, struct ca_chain *c,
		       const struct mst_req *req, const struct mst_resp *resp,
		       struct mst_err *err)
{
	int status = resp->outcome == MST_OUT_ANSWER ? resp->status : 0;
	bool absent = status == 400 || status == 404, passed = false;

	if (c->linked && (absent || status == 410))
		return restart(s, c, "the link to its next page died", err);
	if (absent && try_other(s, c))
		return MST_TAKE_CONTROL;
	if (absent && s->read.feed == CA_APPS)
		passed = pass_stream(s, c);
	else if (absent && s->read.feed == CA_INFO)
		passed = pass_info(s, c);
	else if (absent && s->read.feed == CA_USERS)
		passed = pass_users(s, c);
	return passed ? MST_TAKE_CONTROL : refuse(s, req, resp, err);
}

/* ---- answers ------------------------------------------------------------- */

static int page_answer(struct mst_source *s, struct ca_chain *c,
		       const struct mst_req *req, const struct mst_resp *resp,
		       struct mst_err *err)
{
	struct mst_json root, list;
	size_t n;

	if (resp->outcome != MST_OUT_ANSWER || resp->status != 200)
		return page_failed(s, c, req, resp, err);
	if (ms_body_parse(s->parser, resp, &root, err) == 0 &&
	    records_of(s, root, &list, &n, err) && own_records(s, list, err))
		return take_page(s, c, root, list, n, err);
	if (++c->tries >= CA_TRIES)
		return ms_damaged(resp, title_of(s), err);
	mst_err_clear(err); /* it is asked for again */
	return MST_TAKE_CONTROL;
}

int ca_accept(struct mst_source *s, const struct mst_req *req,
	      const struct mst_resp *resp, struct mst_err *err)
{
	struct ca_read *r = &s->read;

	for (size_t i = 0; r->active && i < CA_IN_FLIGHT; i++) {
		struct ca_chain *c = &r->chain[i];

		if (!c->waiting || c->seq != req->id)
			continue;
		c->waiting = false;
		return page_answer(s, c, req, resp, err);
	}
	return MST_TAKE_CONTROL; /* to something that was given up */
}
