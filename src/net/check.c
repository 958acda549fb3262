/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests on their way in: what we send, where it may go, who signs it. All
 * that a connector could get wrong, or a far end could make it get wrong (a
 * next link to another host), ends here.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "net/private.h"

/* Headers that are the client's business. */
static const char *const ours[] = {
    "authorization:",	  "cookie:", "host:",  "accept-encoding:",
    "content-length:",	  "expect:", "range:", "connection:",
    "transfer-encoding:", "upgrade:"};

static int check_header(const char *line, struct mst_err *err)
{
	for (size_t i = 0; i < MST_LEN(ours); i++)
		if (mst_slice_istarts(mst_slice_str(line), ours[i]))
			return mst_err_set(err, MST_E_INVALID,
					   "the header '%.*s' is not a "
					   "connector's to set",
					   (int)strcspn(line, ":"), line);
	if (!strchr(line, ':'))
		return mst_err_set(err, MST_E_INVALID, "a header has no colon");
	for (size_t i = 0; line[i]; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			return mst_err_set(err, MST_E_INVALID,
					   "the header '%.*s' has a control "
					   "character",
					   (int)strcspn(line, ":"), line);
	return 0;
}

int mst_url_check_way(const struct mst_client *c, const struct mst_url *u,
		      struct mst_err *err)
{
	if (u->https)
		return 0;
	if (!mst_url_is_loopback(u))
		return mst_err_set(err, MST_E_INVALID,
				   "'%s' is asked for without TLS; only https "
				   "addresses are used",
				   u->host);
	if (!c->insecure_loopback)
		return mst_err_set(err, MST_E_INVALID,
				   "'%s' is asked for without TLS; the "
				   "connection must allow that for loopback "
				   "addresses (insecure_loopback)",
				   u->host);
	return 0;
}

static int find_cred(struct mst_transfer *t, struct mst_err *err)
{
	struct mst_client *c = t->client;
	char list[300] = "";

	if (!t->req.auth)
		return 0;
	for (size_t i = 0; i < c->creds_n && !t->cred; i++)
		if (strcmp(c->creds[i].name, t->req.auth) == 0)
			t->cred = &c->creds[i];
	if (!t->cred)
		return mst_err_set(err, MST_E_INVALID,
				   "there is no credential '%s'", t->req.auth);
	if (mst_url_allowed(&t->url, (const char *const *)t->cred->hosts))
		return 0;
	for (char **h = t->cred->hosts; *h; h++) {
		size_t n = strlen(list);

		(void)snprintf(list + n, sizeof(list) - n, "%s%s",
			       n ? ", " : "", *h);
	}
	return mst_err_set(err, MST_E_INVALID,
			   "the token of '%s' is not sent to '%s:%d': it is "
			   "not one of its hosts (%s)",
			   t->cred->name, t->url.host, t->url.port, list);
}

/* Requests without a class share one per host, so that a server's wish for
 * quiet reaches all of them. */
static struct mst_throttle *host_class(struct mst_client *c,
				       const struct mst_url *u)
{
	char name[MST_RATE_NAME];
	struct mst_rate rate = {.name = name};

	(void)snprintf(name, sizeof(name), "%s:%d", u->host, u->port);
	for (size_t i = c->named_n; i < c->classes_n; i++)
		if (strcmp(c->classes[i].name, name) == 0)
			return &c->classes[i];
	if (c->classes_n == MST_NET_CLASSES)
		return NULL;
	mst_throttle_init(&c->classes[c->classes_n], &rate);
	return &c->classes[c->classes_n++];
}

static int find_class(struct mst_transfer *t, struct mst_err *err)
{
	struct mst_client *c = t->client;

	if (!t->req.rate) {
		t->rate = host_class(c, &t->url);
		return 0;
	}
	for (size_t i = 0; i < c->named_n && !t->rate; i++)
		if (strcmp(c->classes[i].name, t->req.rate) == 0)
			t->rate = &c->classes[i];
	if (!t->rate)
		return mst_err_set(err, MST_E_INVALID,
				   "there is no rate class '%s'", t->req.rate);
	return 0;
}

static int check_all(struct mst_transfer *t, struct mst_err *err)
{
	struct mst_req *r = &t->req;
	int rc;

	if (!r->url)
		return mst_err_set(err, MST_E_INVALID,
				   "the request has no address");
	rc = mst_url_read(r->url, &t->url, err);
	if (!rc)
		rc = mst_url_check_way(t->client, &t->url, err);
	if (rc)
		return rc;
	r->url = mst_url_wire(&r->arena, r->url);
	for (size_t i = 0; i < MST_LEN(r->headers) && r->headers[i]; i++) {
		rc = check_header(r->headers[i], err);
		if (rc)
			return rc;
	}
	if (r->body.n > MST_MAX_REQUEST_BODY)
		return mst_err_set(err, MST_E_INVALID,
				   "the request's body of %zu bytes is over "
				   "the limit of %u",
				   r->body.n, MST_MAX_REQUEST_BODY);
	if (r->body.n && r->method == MST_HTTP_GET)
		return mst_err_set(err, MST_E_INVALID,
				   "a GET cannot have a body");
	t->cred = t->is_login ? t->cred : NULL;
	t->rate = NULL;
	rc = t->is_login ? 0 : find_cred(t, err);
	return rc ? rc : find_class(t, err);
}

int mst_transfer_check(struct mst_transfer *t, struct mst_err *err)
{
	if (!check_all(t, err))
		return 0;
	return mst_err_prefix(err, "%s", t->req.what ? t->req.what : "request");
}

struct mst_transfer *mst_transfer_new(struct mst_client *c, struct mst_req *req)
{
	struct mst_transfer *t = mst_alloc(sizeof(*t));

	t->client = c;
	t->req = *req;
	*req = (struct mst_req){0};
	mst_arena_init(&t->texts, 16 * MST_NET_HEADERS);
	mst_sink_init(&t->sink, 0);
	mst_head_init(&t->head);
	return t;
}
