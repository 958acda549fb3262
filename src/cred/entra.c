/* SPDX-License-Identifier: Apache-2.0
 *
 * Entra ID v2.0 client credentials: by secret, by certificate, by the token of
 * a federated issuer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cred/private.h"
#include "net/url.h"

struct entra {
	struct mst_auth base;
	char *url, *host, *tenant, *client_id, *scope, *what;
	struct mst_entra_id id;
	struct mst_secret *token;
	char *roles;
	int64_t life_ms;
	const char *advice; /* of the last refusal */
};

static struct entra *entra_of(struct mst_auth *a)
{
	return mst_container_of(a, struct entra, base);
}

/* A host that is none of Microsoft's would be sent the secret. */
static const char *const login_hosts[] = {"login.microsoftonline.com",
					  "login.windows.net",
					  "login.microsoftonline.us",
					  "login.chinacloudapi.cn",
					  "login.partner.microsoftonline.cn",
					  "login.sovcloud-identity.fr",
					  "login.sovcloud-identity.de",
					  "login.sovcloud-identity.sg",
					  NULL};

static void free_entra(struct mst_auth *a)
{
	struct entra *e = entra_of(a);

	mst_entra_id_fini(&e->id);
	mst_secret_free(&e->token);
	free(e->url);
	free(e->host);
	free(e->tenant);
	free(e->client_id);
	free(e->scope);
	free(e->what);
	free(e->roles);
	free(e);
}

static int add_assertion(struct entra *e, struct mst_buf *form,
			 struct mst_err *err)
{
	struct mst_buf jwt = MST_BUF_INIT(128u << 10);
	int rc = e->id.token_file
		     ? mst_federated_read(e->id.token_file, &jwt, err)
		     : mst_assertion_make(&e->id.cert, e->id.alg, e->url,
					  e->client_id, &jwt, err);

	if (!rc) {
		mst_form_add(form, "client_assertion_type",
			     MST_SLICE_LIT("urn:ietf:params:oauth:client-"
					   "assertion-type:jwt-bearer"));
		mst_form_add(form, "client_assertion", mst_buf_slice(&jwt));
	}
	mst_buf_wipe_fini(&jwt);
	return rc;
}

static int begin(struct mst_auth *a, struct mst_req *req_r, struct mst_err *err)
{
	struct entra *e = entra_of(a);
	struct mst_buf form;
	int rc = 0;

	mst_form_init(&form);
	mst_form_add(&form, "client_id", mst_slice_str(e->client_id));
	mst_form_add(&form, "scope", mst_slice_str(e->scope));
	mst_form_add(&form, "grant_type", MST_SLICE_LIT("client_credentials"));
	if (e->id.secret)
		mst_form_add(&form, "client_secret",
			     mst_secret_get(e->id.secret));
	else
		rc = add_assertion(e, &form, err);
	if (rc) {
		mst_buf_wipe_fini(&form);
		return rc;
	}
	return mst_form_req(&form, e->url, e->what, req_r, err);
}

static int take_token(struct entra *e, struct mst_json root, int64_t *ttl_ms_r,
		      struct mst_err *err)
{
	struct mst_answer answer;
	int rc = mst_answer_token(root, e->host, &answer, err);

	if (rc)
		return rc;
	mst_secret_free(&e->token);
	e->token = mst_secret_new(answer.access);
	free(e->roles);
	e->roles = mst_jwt_roles(answer.access);
	e->life_ms = answer.ttl_ms;
	*ttl_ms_r = answer.ttl_ms;
	return 0;
}

static const char somebody_else[] =
    "check the login host, and whether a proxy answers in its place";

static int accept(struct mst_auth *a, const struct mst_resp *resp,
		  int64_t *ttl_ms_r, struct mst_err *err)
{
	struct entra *e = entra_of(a);
	struct mst_json_parser *p = mst_json_parser_new(MST_LOGIN_ANSWER);
	struct mst_json root;
	int rc;

	e->advice = somebody_else;
	rc = mst_answer_json(p, resp, e->host, somebody_else, &root, err);
	if (!rc)
		e->advice = "";
	if (!rc && resp->status == 200 &&
	    mst_json_type(mst_json_get(root, "error")) == MST_JSON_NULL) {
		rc = take_token(e, root, ttl_ms_r, err);
	} else if (!rc) {
		struct mst_entra_who who = {
		    .host = e->host,
		    .tenant = e->tenant,
		    .client_id = e->client_id,
		    .thumb = *e->id.cert.thumb ? e->id.cert.thumb : NULL,
		    .secret_looks_like_id =
			e->id.secret &&
			mst_is_guid(mst_secret_get(e->id.secret)),
		    .asserts = !e->id.secret,
		};

		rc = mst_entra_error(&who, root, resp, &e->advice, err);
	}
	mst_json_parser_free(&p);
	return rc;
}

static int header(struct mst_auth *a, struct mst_buf *out, struct mst_err *err)
{
	return mst_form_header("Bearer", entra_of(a)->token, out, err);
}

static void forget(struct mst_auth *a)
{
	mst_secret_free(&entra_of(a)->token);
}

static const struct mst_auth_ops secret_ops = {
    .name = "client_secret",
    .begin = begin,
    .accept = accept,
    .header = header,
    .forget = forget,
    .free = free_entra,
};

static const struct mst_auth_ops certificate_ops = {
    .name = "certificate",
    .begin = begin,
    .accept = accept,
    .header = header,
    .forget = forget,
    .free = free_entra,
};

static const struct mst_auth_ops federated_ops = {
    .name = "federated_token",
    .begin = begin,
    .accept = accept,
    .header = header,
    .forget = forget,
    .free = free_entra,
};

static int check_host(const struct mst_cred_entra *conf, char *host_r,
		      struct mst_err *err)
{
	struct mst_url u;
	int rc = mst_form_url(conf->login, "login host", host_r, err);

	if (!rc)
		rc = mst_url_read(conf->login, &u, err);
	if (rc || mst_url_is_loopback(&u) || mst_url_allowed(&u, login_hosts))
		return rc;
	return mst_err_set(err, MST_E_INVALID,
			   "login host '%s' is not one of Microsoft's "
			   "(login.microsoftonline.com, "
			   "login.microsoftonline.us, "
			   "login.partner.microsoftonline.cn, …)",
			   u.host);
}

static int check_tenant(const char *tenant, struct mst_err *err)
{
	static const char *const shared[] = {"common", "consumers",
					     "organizations"};

	if (!tenant || !*tenant)
		return mst_err_set(err, MST_E_INVALID, "tenant_id is missing");
	for (size_t i = 0; i < MST_LEN(shared); i++)
		if (mst_slice_iis(mst_slice_str(tenant), shared[i]))
			return mst_err_set(err, MST_E_INVALID,
					   "tenant_id '%s' is no tenant; name "
					   "its ID or a domain of it",
					   tenant);
	/* It becomes a part of the address. */
	for (const char *p = tenant; *p; p++)
		if (!((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
		      (*p >= 'A' && *p <= 'Z') || *p == '-' || *p == '.'))
			return mst_err_set(err, MST_E_INVALID,
					   "tenant_id '%.80s' is neither an ID "
					   "nor a domain name",
					   tenant);
	return 0;
}

static int check_text(const char *text, const char *key, struct mst_err *err)
{
	return text && *text
		   ? 0
		   : mst_err_set(err, MST_E_INVALID, "%s is missing", key);
}

static char *token_url(const struct mst_cred_entra *conf)
{
	size_t n = strlen(conf->login);

	while (n && conf->login[n - 1] == '/')
		n--;
	return mst_asprintf("%.*s/%s/oauth2/v2.0/token", (int)n, conf->login,
			    conf->tenant);
}

static int check_conf(const struct mst_cred_entra *conf, char *host_r,
		      struct mst_err *err)
{
	int rc = check_host(conf, host_r, err);

	if (!rc)
		rc = check_tenant(conf->tenant, err);
	if (!rc)
		rc = check_text(conf->client_id, "client_id", err);
	if (!rc)
		rc = check_text(conf->scope, "scope", err);
	return rc ? rc : mst_entra_id_check(conf, err);
}

int mst_cred_entra_check(const struct mst_cred_entra *conf, struct mst_err *err)
{
	char host[256];

	return check_conf(conf, host, err);
}

int mst_cred_entra(const struct mst_cred_entra *conf, struct mst_auth **a_r,
		   struct mst_err *err)
{
	struct entra *e;
	char host[256];
	int rc = check_conf(conf, host, err);

	if (rc)
		return rc;
	e = mst_alloc(sizeof(*e));
	e->base.ops = &secret_ops;
	e->advice = "";
	rc = mst_entra_id_load(conf, &e->id, err);
	if (rc) {
		free_entra(&e->base);
		return rc;
	}
	if (e->id.token_file)
		e->base.ops = &federated_ops;
	else if (!e->id.secret)
		e->base.ops = &certificate_ops;
	e->url = token_url(conf);
	e->host = mst_strdup(host);
	e->tenant = mst_strdup(conf->tenant);
	e->client_id = mst_strdup(conf->client_id);
	e->scope = mst_strdup(conf->scope);
	e->what = mst_asprintf("log-in of application '%.60s' in tenant "
			       "'%.80s'",
			       conf->client_id, conf->tenant);
	*a_r = &e->base;
	return 0;
}

static bool is_entra(const struct mst_auth *a)
{
	return a->ops == &secret_ops || a->ops == &certificate_ops ||
	       a->ops == &federated_ops;
}

const char *mst_cred_entra_roles(struct mst_auth *a)
{
	return is_entra(a) ? entra_of(a)->roles : NULL;
}

int64_t mst_cred_entra_life(struct mst_auth *a)
{
	return is_entra(a) && entra_of(a)->token ? entra_of(a)->life_ms : -1;
}

const char *mst_cred_warning(struct mst_auth *a)
{
	return is_entra(a) ? entra_of(a)->id.warning : "";
}

const char *mst_cred_advice(struct mst_auth *a)
{
	return is_entra(a) ? entra_of(a)->advice : "";
}
