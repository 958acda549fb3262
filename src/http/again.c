/* SPDX-License-Identifier: Apache-2.0
 *
 * A request that was kept, carried out later in the name of others.
 */
#include <strings.h>

#include "http/private.h"

static const char *header_of(const void *ctx, const char *name)
{
	const struct mst_http_direct *q = ctx;
	size_t n = strlen(name);

	for (size_t i = 0; q->headers && q->headers[i]; i++) {
		const char *h = q->headers[i];

		if (strncasecmp(h, name, n) == 0 && h[n] == ':')
			return h + n + 1 + strspn(h + n + 1, " ");
	}
	return NULL;
}

static int find(struct http_exchange *x, struct mst_err *err)
{
	const char *allow = NULL;
	int rc = mst_http_uri_split(x, err);

	if (rc == 0)
		rc = mst_http_way_find(x, &allow, err);
	return rc == 0 ? mst_http_query_check(x, err) : rc;
}

static void give(struct mst_http_req *r, struct http_exchange *x,
		 struct mst_http_resp *resp)
{
	struct mst_buf own = resp->body;

	resp->status = x->resp.status;
	resp->type = x->resp.type;
	resp->body = x->resp.body;
	x->resp.body = own;
	if (x->resp.location)
		resp->location = mst_arena_strdup(&r->arena, x->resp.location);
	r->detail =
	    x->r.detail ? mst_arena_strdup(&r->arena, x->r.detail) : NULL;
}

int mst_http_again(struct mst_http_req *r, const struct mst_http_direct *q,
		   const void *who, const char *caller,
		   struct mst_http_resp *resp, struct mst_err *err)
{
	struct http_exchange *x = mst_http_exchange_new(r->http, q->uri);
	int rc;

	x->method = q->method;
	x->header = header_of;
	x->header_ctx = q;
	x->begun = true;
	x->r.peer = r->peer;
	x->r.tls = r->tls;
	x->r.local = r->local;
	x->r.who = who;
	x->r.caller = caller;
	rc = find(x, err);
	if (rc == 0) {
		(void)mst_http_exchange_body(x, q->body);
		mst_http_exchange_end(x);
		give(r, x, resp);
	}
	mst_http_exchange_free(&x);
	return rc;
}
