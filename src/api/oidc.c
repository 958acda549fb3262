/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in with OpenID Connect: /oidc/start sends the browser to the issuer,
 * /oidc/callback is where it comes back to. Both are pages for browsers: what
 * goes wrong ends at the console's sign-in page with a word that says so, and
 * in the log with the reason.
 */
#include "auth/oidc.h"

#include <string.h>

#include "api/api.h"
#include "api/gate.h"
#include "api/tables.h"
#include "base/log.h"

#define HTML "text/html; charset=utf-8"

/* Lax: the issuer's page sends the browser back, and it has to come along. */
static const char *cookie_name(bool tls)
{
	return tls ? "__Host-muster-oidc" : "muster-oidc";
}

static void give_cookie(struct mst_http_req *r, struct mst_http_resp *resp,
			const char *value)
{
	mst_api_header(
	    resp, mst_arena_printf(
		      &r->arena,
		      "Set-Cookie: %s=%s; Path=/; HttpOnly; SameSite=Lax; "
		      "Max-Age=%d%s",
		      cookie_name(r->tls), value ? value : "",
		      value ? MST_OIDC_COOKIE_S : 0, r->tls ? "; Secure" : ""));
}

static void add_escaped(struct mst_buf *b, const char *text)
{
	for (; *text; text++) {
		if (strchr("&<>\"'", *text))
			(void)mst_buf_addf(b, "&#%d;", *text);
		else
			(void)mst_buf_addc(b, *text);
	}
}

/* A page that goes on by itself. Not a redirect: behind one from another site
 * the session's cookie (SameSite=Strict) would not be sent. */
static int page(struct mst_http_resp *resp, int status, int seconds,
		const char *to, const char *text)
{
	struct mst_buf *b = &resp->body;

	resp->status = status;
	resp->type = HTML;
	resp->no_etag = true;
	(void)mst_buf_addf(b,
			   "<!doctype html><html lang=\"en\"><meta "
			   "charset=\"utf-8\"><title>muster</title><meta "
			   "http-equiv=\"refresh\" content=\"%d;url=",
			   seconds);
	add_escaped(b, to);
	(void)mst_buf_adds(b, "\"><p><a href=\"");
	add_escaped(b, to);
	(void)mst_buf_addf(b, "\">%s</a></p></html>\n", text);
	return 0;
}

static int redirect(struct mst_http_resp *resp, const char *to)
{
	resp->status = 302;
	resp->no_etag = true;
	resp->location = to;
	return 0;
}

/* The word for the console's sign-in page. */
static const char *word_of(enum mst_code code)
{
	switch ((int)code) {
	case MST_E_CANCELLED:
		return "denied";
	case MST_E_FORBIDDEN:
		return "no_role";
	case MST_E_NOTFOUND:
		return "expired";
	case MST_E_TRANSIENT:
	case MST_E_UNCERTAIN:
		return "unavailable";
	default:
		return "failed";
	}
}

static int failed(struct mst_http_req *r, struct mst_http_resp *resp,
		  const struct mst_err *err)
{
	int seconds = (int)((err->retry_after_ms + 999) / 1000);

	if (err->code == MST_E_THROTTLED)
		return page(resp, 503, seconds > 0 ? seconds : 1, r->path,
			    err->msg);
	mst_warn("request %s: sign-in with OpenID Connect from %s: %s", r->id,
		 r->peer, err->msg);
	return redirect(resp, mst_arena_printf(&r->arena, "/?sign_in_error=%s",
					       word_of(err->code)));
}

static int get_start(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	struct mst_oidc_start start = {NULL};
	int rc = mst_oidc_start(mst_api_door(r), mst_http_query(r, "to"),
				&r->arena, &start, err);

	if (rc < 0)
		return failed(r, resp, err);
	give_cookie(r, resp, start.cookie);
	return redirect(resp, start.url);
}

/* The audit has who was known and did not get in. */
static int audit_refused(struct mst_http_req *r,
			 const struct mst_oidc_person *p, const char *why)
{
	struct mst_err ignored = MST_ERR_INIT;
	const char *name = p->name ? p->name : p->subject;
	const struct mst_audit_entry e = {.kind = "session",
					  .name = name,
					  .user = name,
					  .what = "refused",
					  .after = why};

	return p->subject ? mst_audit_put(mst_api_state(r), &e, &ignored) : 0;
}

static int let_in(struct mst_http_req *r, struct mst_http_resp *resp,
		  const struct mst_oidc_person *p, struct mst_err *err)
{
	struct mst_caller from = mst_api_caller(r);
	struct mst_state *s = mst_api_state(r);
	struct mst_door_session session;
	const char *user = NULL;
	int rc;

	mst_state_actor_set(s, p->name ? p->name : p->subject, "console",
			    r->peer);
	rc = mst_people_oidc(s, p, &r->arena, &user, err);
	if (rc == 0)
		rc = mst_door_begin(mst_api_door(r), s, user, &from,
				    mst_api_cookie(r), &session, err);
	if (rc < 0)
		return rc;
	mst_api_header(resp,
		       mst_door_set_cookie(session.cookie, r->tls, &r->arena));
	return page(resp, 200, 0, p->to, "Go on");
}

static int get_callback(struct mst_http_req *r, struct mst_http_resp *resp,
			struct mst_err *err)
{
	const struct mst_oidc_back back = {
	    .code = mst_http_query(r, "code"),
	    .state = mst_http_query(r, "state"),
	    .iss = mst_http_query(r, "iss"),
	    .error = mst_http_query(r, "error"),
	    .error_description = mst_http_query(r, "error_description"),
	    .cookie = mst_http_cookie(r, cookie_name(r->tls)),
	    .address = r->peer,
	};
	struct mst_state *s = mst_api_state(r);
	struct mst_oidc_person p;
	int rc = mst_oidc_finish(mst_api_door(r), s, &back, &r->arena, &p, err);

	if (rc == -MST_E_FORBIDDEN && p.subject &&
	    mst_people_oidc_out(s, p.issuer, p.subject, err) < 0)
		return failed(r, resp, err);
	if (rc == 0)
		rc = let_in(r, resp, &p, err);
	if (rc < 0)
		(void)audit_refused(r, &p, err->msg);
	if (rc != -MST_E_THROTTLED) /* it worked once, or never will */
		give_cookie(r, resp, NULL);
	return rc < 0 ? failed(r, resp, err) : 0;
}

const struct mst_http_route mst_api_oidc[] = {
    {MST_ROUTE_GET, "/oidc/start", "start_oidc", "sign-in",
     "Sends the browser to the identity provider.", 0,
     MST_ROUTE_OPEN | MST_ROUTE_PLAIN | MST_ROUTE_LEADS | MST_ROUTE_SLOW, NULL,
     NULL, .query = {{"to", "page of the console to end at", "string", NULL}},
     .run = get_start},
    {MST_ROUTE_GET, "/oidc/callback", "finish_oidc", "sign-in",
     "Where the identity provider sends the browser back to.", 0,
     MST_ROUTE_OPEN | MST_ROUTE_PLAIN | MST_ROUTE_LEADS | MST_ROUTE_ANY |
	 MST_ROUTE_SLOW,
     NULL, NULL,
     .query = {{"code", "", "string", NULL},
	       {"state", "", "string", NULL},
	       {"iss", "", "string", NULL},
	       {"error", "", "string", NULL},
	       {"error_description", "", "string", NULL}},
     .run = get_callback},
    {0},
};
