/* SPDX-License-Identifier: Apache-2.0
 *
 * ServiceNow's OAuth: password, client credentials, refresh token. A refresh
 * token that an answer brought is used for the renewal and kept in memory
 * only; when it is dead, the password is used again where there is one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cred/private.h"

enum grant { PASSWORD, CLIENT, REFRESH };

struct oauth {
	struct mst_auth base;
	char *url, *host, *client_id, *username;
	enum grant grant; /* as configured */
	enum grant sent;  /* what the request under way uses */
	struct mst_secret *client_secret, *password, *refresh;
	struct mst_secret *token;
};

static struct oauth *oauth_of(struct mst_auth *a)
{
	return mst_container_of(a, struct oauth, base);
}

static void free_oauth(struct mst_auth *a)
{
	struct oauth *o = oauth_of(a);

	mst_secret_free(&o->client_secret);
	mst_secret_free(&o->password);
	mst_secret_free(&o->refresh);
	mst_secret_free(&o->token);
	free(o->url);
	free(o->host);
	free(o->client_id);
	free(o->username);
	free(o);
}

static int begin(struct mst_auth *a, struct mst_req *req_r, struct mst_err *err)
{
	static const char *const names[] = {"password", "client_credentials",
					    "refresh_token"};
	struct oauth *o = oauth_of(a);
	struct mst_buf form;
	char what[300];

	o->sent = o->refresh ? REFRESH : o->grant;
	if (o->sent == REFRESH && !o->refresh)
		return mst_err_set(err, MST_E_AUTH,
				   "the refresh token was refused earlier; "
				   "store a new one");
	mst_form_init(&form);
	mst_form_add(&form, "grant_type", mst_slice_str(names[o->sent]));
	mst_form_add(&form, "client_id", mst_slice_str(o->client_id));
	mst_form_add(&form, "client_secret", mst_secret_get(o->client_secret));
	if (o->sent == REFRESH)
		mst_form_add(&form, "refresh_token",
			     mst_secret_get(o->refresh));
	if (o->sent == PASSWORD) {
		mst_form_add(&form, "username", mst_slice_str(o->username));
		mst_form_add(&form, "password", mst_secret_get(o->password));
	}
	(void)snprintf(what, sizeof(what), "log-in by grant %s",
		       names[o->sent]);
	return mst_form_req(&form, o->url, what, req_r, err);
}

static int take_token(struct oauth *o, struct mst_json root, int64_t *ttl_ms_r,
		      struct mst_err *err)
{
	struct mst_answer answer;
	int rc = mst_answer_token(root, o->host, &answer, err);

	if (rc)
		return rc;
	mst_secret_free(&o->token);
	o->token = mst_secret_new(answer.access);
	if (answer.refresh.n && o->grant != CLIENT) {
		mst_secret_free(&o->refresh);
		o->refresh = mst_secret_new(answer.refresh);
	}
	*ttl_ms_r = answer.ttl_ms;
	return 0;
}

/* The instance says "access_denied" for nearly everything. */
static const char *causes(const struct oauth *o, struct mst_slice error)
{
	if (mst_slice_is(error, "invalid_client"))
		return "client_id or client_secret is wrong, or the OAuth "
		       "entry is not active";
	if (mst_slice_is(error, "unsupported_grant_type") ||
	    mst_slice_is(error, "unauthorized_client"))
		return "the OAuth entry does not allow this grant";
	if (o->sent == REFRESH)
		return "the refresh token is dead (used up, revoked or "
		       "expired); store a new one";
	if (o->sent == CLIENT)
		return "usual causes: the property glide.oauth.inbound.client."
		       "credential.grant_type.enabled is not true; the OAuth "
		       "entry lacks this grant or its OAuth Application User; "
		       "that user is inactive or locked out; client_id or "
		       "client_secret is wrong";
	return "usual causes: user name or password is wrong; the user is "
	       "inactive, locked out or must change the password; client_id "
	       "or client_secret is wrong; the OAuth entry is not active; a "
	       "hardening setting forbids the password grant";
}

static int refuse(struct oauth *o, struct mst_json root,
		  const struct mst_resp *resp, struct mst_err *err)
{
	struct mst_slice error = mst_json_str(mst_json_get(root, "error"));
	char name[60], words[160];

	if (!mst_answer_is_transient(resp->status) && o->sent == REFRESH) {
		mst_secret_free(&o->refresh);
		if (o->grant == PASSWORD)
			return 1;
	}
	mst_answer_line(error, name, sizeof(name));
	mst_answer_line(mst_json_str(mst_json_get(root, "error_description")),
			words, sizeof(words));
	if (mst_answer_is_transient(resp->status))
		mst_err_set(err, MST_E_TRANSIENT,
			    "%s cannot log us in now: it answered %d (%s%s%s)",
			    o->host, resp->status, name, *words ? ", " : "",
			    words);
	else
		mst_err_set(err, MST_E_AUTH,
			    "%s refused the log-in%s%s: %s (%d %s%s%s)",
			    o->host, o->sent == PASSWORD ? " of user " : "",
			    o->sent == PASSWORD ? o->username : "",
			    causes(o, error), resp->status, name,
			    *words ? ", " : "", words);
	err->status = resp->status;
	err->retry_after_ms = resp->retry_after_ms;
	return -(int)err->code;
}

static int accept(struct mst_auth *a, const struct mst_resp *resp,
		  int64_t *ttl_ms_r, struct mst_err *err)
{
	struct oauth *o = oauth_of(a);
	struct mst_json_parser *p = mst_json_parser_new(MST_LOGIN_ANSWER);
	struct mst_json root;
	int rc = mst_answer_json(p, resp, o->host,
				 "check the instance's address, and whether "
				 "it is asleep or under maintenance",
				 &root, err);

	if (!rc && resp->status == 200 &&
	    mst_json_type(mst_json_get(root, "error")) == MST_JSON_NULL)
		rc = take_token(o, root, ttl_ms_r, err);
	else if (!rc)
		rc = refuse(o, root, resp, err);
	mst_json_parser_free(&p);
	return rc;
}

static int header(struct mst_auth *a, struct mst_buf *out, struct mst_err *err)
{
	return mst_form_header("Bearer", oauth_of(a)->token, out, err);
}

static void forget(struct mst_auth *a)
{
	mst_secret_free(&oauth_of(a)->token);
}

static const struct mst_auth_ops oauth_ops = {
    .name = "oauth",
    .begin = begin,
    .accept = accept,
    .header = header,
    .forget = forget,
    .free = free_oauth,
};

static int read_ref(const char *ref, const char *key, struct mst_secret **s_r,
		    struct mst_err *err)
{
	if (!ref)
		return mst_err_set(err, MST_E_INVALID, "%s is missing", key);
	if (mst_secret_ref(ref, s_r, err))
		return mst_err_prefix(err, "%s", key);
	return 0;
}

static int read_grant(struct oauth *o, const struct mst_cred_oauth *conf,
		      struct mst_err *err)
{
	const char *grant = conf->grant ? conf->grant : "password";
	int rc = 0;

	if (strcmp(grant, "client_credentials") == 0) {
		o->grant = CLIENT;
	} else if (strcmp(grant, "refresh_token") == 0) {
		/* With a password beside it, that is the way back. */
		o->grant =
		    conf->password && conf->username ? PASSWORD : REFRESH;
		rc = read_ref(conf->refresh_token, "refresh_token", &o->refresh,
			      err);
	} else if (strcmp(grant, "password") != 0) {
		rc = mst_err_set(err, MST_E_INVALID,
				 "grant '%.40s' is none of password, "
				 "client_credentials, refresh_token",
				 grant);
	}
	if (rc || o->grant != PASSWORD)
		return rc;
	if (!conf->username || !*conf->username)
		return mst_err_set(err, MST_E_INVALID, "username is missing");
	return read_ref(conf->password, "password", &o->password, err);
}

int mst_cred_oauth(const struct mst_cred_oauth *conf, struct mst_auth **a_r,
		   struct mst_err *err)
{
	struct oauth *o;
	char host[256];
	size_t n;
	int rc = mst_form_url(conf->url, "url", host, err);

	if (!rc && (!conf->client_id || !*conf->client_id))
		rc = mst_err_set(err, MST_E_INVALID, "client_id is missing");
	if (rc)
		return rc;
	o = mst_alloc(sizeof(*o));
	o->base.ops = &oauth_ops;
	rc = read_ref(conf->client_secret, "client_secret", &o->client_secret,
		      err);
	if (!rc)
		rc = read_grant(o, conf, err);
	if (rc) {
		free_oauth(&o->base);
		return rc;
	}
	for (n = strlen(conf->url); n && conf->url[n - 1] == '/';)
		n--;
	o->url = mst_asprintf("%.*s/oauth_token.do", (int)n, conf->url);
	o->host = mst_strdup(host);
	o->client_id = mst_strdup(conf->client_id);
	o->username = mst_strdup(conf->username);
	*a_r = &o->base;
	return 0;
}
