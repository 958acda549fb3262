/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking an issuer: its configuration (OpenID Connect Discovery 1.0), its keys.
 * All of its addresses must be on its own host: the client secret goes there.
 */
#include "auth/oidc_issuer.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "net/client.h"
#include "net/url.h"

#define ASK_MS	   6000
#define CONNECT_MS 3000
#define FRESH_US   (3600 * 1000000LL)
#define KEYS_US	   (60 * 1000000LL)
#define ANSWER_MAX MST_JWKS_MAX

void mst_issuer_init(struct mst_issuer *i)
{
	*i = (struct mst_issuer){.issuer = NULL};
	(void)pthread_mutex_init(&i->busy, NULL);
	(void)pthread_mutex_init(&i->lock, NULL);
}

static void forget(struct mst_issuer *i)
{
	free(i->issuer);
	free(i->authorize);
	free(i->token);
	free(i->keys_url);
	free(i->end_session);
	mst_jwks_free(&i->keys);
	i->issuer = i->authorize = i->token = i->keys_url = i->end_session =
	    NULL;
}

void mst_issuer_fini(struct mst_issuer *i)
{
	forget(i);
	free(i->away.issuer);
	(void)pthread_mutex_destroy(&i->busy);
	(void)pthread_mutex_destroy(&i->lock);
}

/* ---- one request --------------------------------------------------------- */

static int submit(struct mst_client *client, const char *url,
		  const struct mst_buf *form, const char *what,
		  struct mst_err *err)
{
	struct mst_req req;

	mst_req_init(&req, form ? MST_HTTP_POST : MST_HTTP_GET);
	req.url = mst_arena_strdup(&req.arena, url);
	req.what = mst_arena_strdup(&req.arena, what);
	req.max_bytes = ANSWER_MAX;
	mst_req_header(&req, "Accept", "application/json");
	if (form) {
		req.repeat = MST_REPEAT_UNSENT; /* a code works once */
		req.body = mst_arena_dup(&req.arena, mst_buf_slice(form));
		mst_req_header(&req, "Content-Type",
			       "application/x-www-form-urlencoded");
	}
	return mst_client_submit(client, &req, err);
}

static int take(struct mst_client *client, bool form, int *status_r,
		struct mst_buf *out, struct mst_err *err)
{
	const struct mst_resp *resp = NULL;
	const struct mst_req *req = NULL;
	int rc = mst_client_wait(client, -1, &req, &resp, err);

	if (rc <= 0)
		return rc < 0 ? rc
			      : mst_err_set(err, MST_E_INTERNAL,
					    "no answer was waited for");
	*status_r = resp->status;
	rc = 0;
	if (resp->outcome != MST_OUT_ANSWER ||
	    (resp->status != 200 &&
	     !(form && (resp->status == 400 || resp->status == 401)))) {
		*err = resp->err;
		rc = -(int)err->code;
	} else if (!mst_buf_add_slice(out, resp->body)) {
		rc = mst_err_set(err, MST_E_INVALID,
				 "the issuer's answer is too long");
	}
	mst_client_done(client);
	return rc;
}

int mst_issuer_ask(const struct mst_door_conf *c, const char *url,
		   const struct mst_buf *form, const char *what, int *status_r,
		   struct mst_buf *out, struct mst_err *err)
{
	const struct mst_client_conf conf = {
	    .name = "OpenID Connect",
	    .proxy = c->proxy,
	    .ca_file = c->service.oidc.ca_file,
	    .insecure_loopback = true,
	    .connect_timeout_ms = CONNECT_MS,
	    .timeout_ms = ASK_MS,
	    .retry_total_ms = 1,
	    .retry_max = 1,
	};
	struct mst_client *client = mst_client_new(&conf, err);
	int rc = client ? 0 : -(int)err->code;

	if (rc == 0)
		rc = submit(client, url, form, what, err);
	if (rc == 0)
		rc = take(client, form != NULL, status_r, out, err);
	mst_client_free(&client);
	return rc;
}

/* ---- what it publishes --------------------------------------------------- */

static bool same_place(const char *issuer, const char *url)
{
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_url a, b;

	return mst_url_read(issuer, &a, &ignored) == 0 &&
	       mst_url_read(url, &b, &ignored) == 0 && a.https == b.https &&
	       a.port == b.port && strcmp(a.host, b.host) == 0;
}

static int take_url(struct mst_json root, const char *issuer, const char *key,
		    bool need, char **url_r, struct mst_err *err)
{
	struct mst_slice s = mst_json_str(mst_json_get(root, key));
	char *url = s.n && !memchr(s.p, 0, s.n) ? mst_strndup(s.p, s.n) : NULL;

	if (url && !same_place(issuer, url)) {
		free(url);
		return mst_err_set(err, MST_E_INVALID,
				   "the issuer's configuration names a %s on "
				   "another host than its own; nothing is sent "
				   "there",
				   key);
	}
	if (!url && need)
		return mst_err_set(err, MST_E_CORRUPT,
				   "the issuer's configuration has no %s", key);
	*url_r = url;
	return 0;
}

static int take_conf(struct mst_issuer *i, const char *issuer,
		     struct mst_json root, struct mst_err *err)
{
	struct mst_slice says = mst_json_str(mst_json_get(root, "issuer"));
	int rc;

	while (says.n && says.p[says.n - 1] == '/')
		says.n--;
	if (!mst_slice_is(says, issuer))
		return mst_err_set(err, MST_E_INVALID,
				   "the issuer calls itself '%.*s', not '%s'; "
				   "set oidc.issuer to that name",
				   MST_SLICE_ARG(mst_slice(
				       says.p, MST_MIN(says.n, (size_t)200))),
				   issuer);
	rc = take_url(root, issuer, "authorization_endpoint", true,
		      &i->authorize, err);
	if (rc == 0)
		rc = take_url(root, issuer, "token_endpoint", true, &i->token,
			      err);
	if (rc == 0)
		rc =
		    take_url(root, issuer, "jwks_uri", true, &i->keys_url, err);
	if (rc == 0)
		rc = take_url(root, issuer, "end_session_endpoint", false,
			      &i->end_session, err);
	return rc;
}

static int read_conf(struct mst_issuer *fresh, const struct mst_door_conf *c,
		     struct mst_err *err)
{
	const char *issuer = c->service.oidc.issuer;
	char *url = mst_asprintf("%s/.well-known/openid-configuration", issuer);
	struct mst_json_parser *p = mst_json_parser_new(ANSWER_MAX);
	struct mst_buf body = MST_BUF_INIT(ANSWER_MAX);
	struct mst_json root;
	int status = 0;
	int rc = mst_issuer_ask(c, url, NULL, "configuration of the issuer",
				&status, &body, err);

	if (rc == 0)
		rc = mst_json_parse(p, mst_buf_slice(&body), &root, err);
	if (rc == 0)
		rc = take_conf(fresh, issuer, root, err);
	mst_buf_fini(&body);
	mst_json_parser_free(&p);
	free(url);
	return rc;
}

static int read_keys(const char *url, const struct mst_door_conf *c,
		     struct mst_jwks **keys_r, struct mst_err *err)
{
	struct mst_buf body = MST_BUF_INIT(ANSWER_MAX);
	int status = 0;
	int rc = mst_issuer_ask(c, url, NULL, "keys of the issuer", &status,
				&body, err);

	if (rc == 0)
		rc = mst_jwks_read(mst_buf_slice(&body), keys_r, err);
	mst_buf_fini(&body);
	return rc;
}

static void note_away(struct mst_issuer *i, const char *issuer,
		      int64_t began_us, const struct mst_err *why)
{
	int64_t now = mst_mono_us();

	free(i->away.issuer);
	i->away.issuer = mst_strdup(issuer);
	i->away.why = *why;
	i->away.until_us = now + (now - began_us);
}

int mst_issuer_need(struct mst_issuer *i, const struct mst_door_conf *c,
		    struct mst_err *err)
{
	const char *issuer = c->service.oidc.issuer;
	struct mst_issuer fresh = {.issuer = NULL};
	int64_t now = mst_mono_us();
	int rc;

	if (i->issuer && strcmp(i->issuer, issuer) == 0 &&
	    now - i->read_us < FRESH_US)
		return 0;
	if (i->away.issuer && strcmp(i->away.issuer, issuer) == 0 &&
	    now < i->away.until_us) {
		*err = i->away.why;
		return -(int)err->code;
	}
	rc = read_conf(&fresh, c, err);
	if (rc == 0)
		rc = read_keys(fresh.keys_url, c, &fresh.keys, err);
	if (rc < 0) {
		forget(&fresh);
		(void)mst_err_prefix(err, "sign-in with '%s'", issuer);
		note_away(i, issuer, now, err);
		return rc;
	}
	pthread_mutex_lock(&i->lock);
	forget(i);
	i->issuer = mst_strdup(issuer);
	i->authorize = fresh.authorize;
	i->token = fresh.token;
	i->keys_url = fresh.keys_url;
	i->end_session = fresh.end_session;
	i->keys = fresh.keys;
	i->read_us = i->keys_us = now;
	pthread_mutex_unlock(&i->lock);
	return 0;
}

int mst_issuer_keys(struct mst_issuer *i, const struct mst_door_conf *c,
		    struct mst_err *err)
{
	struct mst_jwks *keys = NULL;
	int64_t now = mst_mono_us();
	int rc;

	if (now - i->keys_us < KEYS_US)
		return 0;
	rc = read_keys(i->keys_url, c, &keys, err);
	if (rc < 0)
		return rc;
	mst_jwks_free(&i->keys);
	i->keys = keys;
	i->keys_us = now;
	return 0;
}
