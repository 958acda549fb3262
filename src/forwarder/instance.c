/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to a ServiceNow instance. Nothing is repeated here but what surely
 * was not carried out: the outbox does that.
 */
#include "forwarder/instance_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "net/auth.h"

/* ---- open and close ------------------------------------------------------ */

static void no_verdict(void *ctx, const struct mst_verdict *v)
{
	(void)ctx;
	(void)v;
}

static int open_client(struct mst_instance *i, struct mst_err *err)
{
	struct mst_client_conf conf = {
	    .name = i->c->name,
	    .insecure_loopback = true,
	    .retry_max = 1,
	    .retry_total_ms = 1000,
	    .retry_after_max_ms = 1,
	};
	struct mst_source_auth auths[4];
	size_t n;

	if (i->c->dest->client)
		i->c->dest->client(i->c->dest_conf, &conf);
	i->client = mst_client_new(&conf, err);
	if (!i->client)
		return -(int)err->code;
	n = i->c->dest->auths(i->dest, auths, MST_LEN(auths));
	for (size_t k = 0; k < n; k++)
		mst_client_add_auth(i->client, auths[k].name, auths[k].auth,
				    auths[k].hosts);
	i->auth = n ? auths[0].name : NULL;
	return 0;
}

int mst_instance_open(const struct mst_connection *c, struct mst_instance **i_r,
		      struct mst_err *err)
{
	struct mst_dest_env env = {
	    .connection = c->name,
	    .source = c->name,
	    .catalog = mst_sources[0]->catalog,
	    .run = "forward",
	    .verdict = no_verdict,
	};
	struct mst_instance *i = mst_alloc(sizeof(*i));
	int rc;

	i->c = c;
	i->size = MST_INSTANCE_FIRST;
	mst_buf_init(&i->body, 2 * MST_MAX_REQUEST_BODY);
	i->reader = mst_bundle_reader_new();
	i->parser = mst_json_parser_new(MST_BUNDLE_ANSWER);
	rc = c->dest->open(&env, c->dest_conf, &i->dest, err);
	if (rc == 0)
		rc = open_client(i, err);
	if (rc < 0) {
		mst_instance_close(&i);
		return rc;
	}
	(void)c->dest->addresses(i->dest, &i->address, 1);
	i->url = i->address.url;
	*i_r = i;
	return 0;
}

void mst_instance_close(struct mst_instance **ip)
{
	struct mst_instance *i = *ip;

	if (!i)
		return;
	mst_client_free(&i->client);
	if (i->dest)
		i->c->dest->close(&i->dest);
	mst_bundle_reader_free(&i->reader);
	mst_json_parser_free(&i->parser);
	mst_buf_fini(&i->body);
	free(i);
	*ip = NULL;
}

const char *mst_instance_url(const struct mst_instance *i)
{
	return i->url;
}

/* ---- what an answer means ------------------------------------------------ */

static bool has(const char *text, const char *part)
{
	return mst_slice_ifind(mst_slice_str(text), part) != NULL;
}

bool mst_instance_is_rights(const struct mst_bundle_answer *a)
{
	if (a->status == 401)
		return true;
	if (a->status == 403)
		return has(a->why, "ACL") ||
		       has(a->why, "security constraints") ||
		       has(a->why, "not authorized") ||
		       has(a->why, "unscoped") || has(a->why, "forbidden");
	return (a->status == 400 || a->status == 404) &&
	       has(a->why, "invalid table");
}

const char *mst_instance_remedy(const struct mst_bundle_answer *a)
{
	if (has(a->why, "unscoped"))
		return "the OAuth client lacks a REST API auth scope for this "
		       "API and method: add it to the application registry "
		       "entry";
	if (has(a->why, "invalid table"))
		return "there is no such table on the instance: commit the "
		       "update set muster-ot, or activate its plug-in";
	switch (a->status) {
	case 401:
		return "check the user or the OAuth client of this "
		       "connection, and that the user is active and may use "
		       "web services";
	case 403:
		return "give the user of this connection a role that may "
		       "write there (muster-forward(7), Actions)";
	case 404:
		return "check the url of the connection, and that the REST API "
		       "is active on the instance";
	default:
		return "check the url of the connection and a proxy in between";
	}
}

static bool is_html(const struct mst_resp *resp)
{
	struct mst_slice body = mst_slice_trim(resp->body);

	return body.n && body.p[0] == '<';
}

int mst_instance_whole(struct mst_instance *i, const struct mst_resp *resp,
		       const struct mst_bundle_answer *a, const char *what,
		       struct mst_err *err)
{
	enum mst_code code;

	if (resp->outcome != MST_OUT_ANSWER) {
		*err = resp->err;
		if (!err->code)
			err->code = MST_E_TRANSIENT;
		return mst_err_prefix(err, "%s: %s", i->c->name, what);
	}
	if (a->status < 500 && a->status != 429 && a->status != 401 &&
	    !is_html(resp) && !mst_instance_is_rights(a))
		return 0;
	if (is_html(resp) && a->status != 401 && a->status != 403 &&
	    a->status < 500)
		return mst_err_set(
		    err, MST_E_UNSUPPORTED,
		    "%s: %s: ServiceNow answered %d with a web page instead of "
		    "JSON: a developer instance may be asleep (wake it in the "
		    "browser), or the url leads to a login page or proxy",
		    i->c->name, what, a->status);
	code = mst_status_code(a->status);
	if (code == MST_E_TRANSIENT || code == MST_E_THROTTLED)
		(void)mst_err_set(
		    err, code, "%s: %s: ServiceNow answered %d%s%s", i->c->name,
		    what, a->status, *a->why ? ": " : "", a->why);
	else
		(void)mst_err_set(err, code,
				  "%s: %s: ServiceNow answered %d, \"%s\": %s",
				  i->c->name, what, a->status, a->why,
				  mst_instance_remedy(a));
	err->status = a->status;
	err->retry_after_ms = resp->retry_after_ms;
	return -(int)code;
}

void mst_instance_answer(struct mst_instance *i, const struct mst_resp *resp,
			 struct mst_bundle_answer *a_r)
{
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_bundle_answer a = {0};

	if (resp->outcome == MST_OUT_ANSWER) {
		a.status = resp->status;
		if (mst_json_parse(i->parser, resp->body, &a.root, &ignored) <
		    0)
			a.root = (struct mst_json){0};
		if (a.status >= 300 &&
		    !mst_bundle_error(a.root, a.why, sizeof(a.why)))
			(void)snprintf(a.why, sizeof(a.why), "no reason given");
	} else {
		a.status = resp->outcome == MST_OUT_UNCERTAIN ? -1 : 0;
		(void)snprintf(a.why, sizeof(a.why), "%.390s", resp->err.msg);
	}
	*a_r = a;
}

/* ---- one request --------------------------------------------------------- */

void mst_instance_prepare(struct mst_instance *i, enum mst_method method,
			  const char *path, const char *what,
			  struct mst_req *req_r)
{
	mst_req_init(req_r, method);
	req_r->id = ++i->last_id;
	req_r->url = mst_arena_printf(&req_r->arena, "%s%s", i->url, path);
	req_r->auth = i->auth;
	req_r->max_bytes = MST_BUNDLE_ANSWER;
	req_r->what = mst_arena_strdup(&req_r->arena, what);
	mst_req_header(req_r, "Accept", "application/json");
}

static int one(struct mst_instance *i, enum mst_method method, const char *path,
	       struct mst_slice body, struct mst_bundle_answer *a_r,
	       struct mst_err *err)
{
	const struct mst_resp *resp;
	const struct mst_req *done;
	struct mst_req req;
	int rc = 0;

	if (i->lent)
		mst_client_done(i->client);
	i->lent = false;
	*a_r = (struct mst_bundle_answer){0};
	mst_instance_prepare(i, method, path, path, &req);
	if (body.n) {
		req.body = mst_arena_dup(&req.arena, body);
		mst_req_header(&req, "Content-Type", "application/json");
	}
	if (mst_client_submit(i->client, &req, err) < 0)
		return -(int)err->code;
	while (rc == 0 && mst_client_pending(i->client))
		rc = mst_client_wait(i->client, -1, &done, &resp, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return mst_err_set(err, MST_E_INTERNAL, "no answer to '%s'",
				   path);
	i->lent = true;
	mst_instance_answer(i, resp, a_r);
	return mst_instance_whole(i, resp, a_r, path, err);
}

int mst_instance_post(struct mst_instance *i, const char *path,
		      struct mst_slice body, struct mst_bundle_answer *a_r,
		      struct mst_err *err)
{
	return one(i, MST_HTTP_POST, path, body, a_r, err);
}

int mst_instance_get(struct mst_instance *i, const char *path,
		     struct mst_bundle_answer *a_r, struct mst_err *err)
{
	return one(i, MST_HTTP_GET, path, mst_slice(NULL, 0), a_r, err);
}
