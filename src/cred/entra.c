/* SPDX-License-Identifier: Apache-2.0
 *
 * Entra ID v2.0 client credentials: by secret, by certificate, by the token of
 * a federated issuer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cred/certs.h"
#include "cred/private.h"
#include "net/url.h"

struct entra {
	struct mst_auth base;
	char *url, *host, *tenant, *client_id, *scope, *what;
	struct mst_secret *secret; /* or the certificate, or the file */
	struct mst_cert cert;
	char *token_file;
	const char *alg;
	struct mst_secret *token;
	char *roles;
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

	mst_secret_free(&e->secret);
	mst_secret_free(&e->token);
	mst_cert_fini(&e->cert);
	free(e->url);
	free(e->host);
	free(e->tenant);
	free(e->client_id);
	free(e->scope);
	free(e->what);
	free(e->token_file);
	free(e->roles);
	free(e);
}

static int add_assertion(struct entra *e, struct mst_buf *form,
			 struct mst_err *err)
{
	struct mst_buf jwt = MST_BUF_INIT(128u << 10);
	int rc = e->token_file ? mst_federated_read(e->token_file, &jwt, err)
			       : mst_assertion_make(&e->cert, e->alg, e->url,
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
	if (e->secret)
		mst_form_add(&form, "client_secret", mst_secret_get(e->secret));
	else
		rc = add_assertion(e, &form, err);
	if (rc) {
		mst_buf_wipe_fini(&form);
		return rc;
	}
	return mst_form_req(&form, e->url, e->what, req_r, err);
}

/* 8-4-4-4-12 hex digits: the shape of a secret's ID, never of its value. */
static bool is_guid(struct mst_slice s)
{
	if (s.n != 36)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = (char)(s.p[i] | 32);
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s.p[i] != '-'
			 : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
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
	*ttl_ms_r = answer.ttl_ms;
	return 0;
}

static int accept(struct mst_auth *a, const struct mst_resp *resp,
		  int64_t *ttl_ms_r, struct mst_err *err)
{
	struct entra *e = entra_of(a);
	struct mst_json_parser *p = mst_json_parser_new(MST_LOGIN_ANSWER);
	struct mst_json root;
	int rc = mst_answer_json(p, resp, e->host,
				 "check the login host, and whether a proxy "
				 "answers in its place",
				 &root, err);

	if (!rc && resp->status == 200 &&
	    mst_json_type(mst_json_get(root, "error")) == MST_JSON_NULL) {
		rc = take_token(e, root, ttl_ms_r, err);
	} else if (!rc) {
		struct mst_entra_who who = {
		    .host = e->host,
		    .tenant = e->tenant,
		    .client_id = e->client_id,
		    .thumb = *e->cert.thumb ? e->cert.thumb : NULL,
		    .secret_looks_like_id =
			e->secret && is_guid(mst_secret_get(e->secret)),
		};

		rc = mst_entra_error(&who, root, resp, err);
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

/* ---- who we are ---------------------------------------------------------- */

static int only_one(const struct mst_cred_entra *conf, struct mst_err *err)
{
	const struct {
		const char *key, *value;
	} ways[] = {
	    {"client_secret", conf->client_secret},
	    {"certificate", conf->certificate},
	    {"certificate_name", conf->certificate_name},
	    {"federated_token_file", conf->federated_token_file},
	};
	const char *first = NULL;

	for (size_t i = 0; i < MST_LEN(ways); i++) {
		if (ways[i].value && first)
			return mst_err_set(
			    err, MST_E_INVALID,
			    "both %s and %s are set; keep one of "
			    "them",
			    first, ways[i].key);
		if (ways[i].value)
			first = ways[i].key;
	}
	if (first)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "neither client_secret nor certificate, "
			   "certificate_name or federated_token_file is set; "
			   "set one of them");
}

static int load_from_store(const struct mst_cred_entra *conf,
			   struct mst_cert_conf *c, struct mst_cert *cert_r,
			   struct mst_err *err)
{
	const char *location = conf->certificate_location;
	const char *store = conf->certificate_store;
	struct mst_cert_entry e;
	char *issuers;
	int rc;

	location = location ? location : mst_cert_locations[0];
	store = store ? store : mst_cert_stores[0];
	rc = mst_cert_find(location, store, conf->certificate_name, c->password,
			   &e, err);
	if (rc)
		return rc;
	issuers = mst_cert_dir(location, "CertificateAuthority");
	c->path = e.path;
	c->key_path = e.key_path;
	c->chain_dir = issuers;
	rc = mst_cert_load(c, cert_r, err);
	mst_cert_entry_fini(&e);
	free(issuers);
	return rc;
}

static int load_cert(struct entra *e, const struct mst_cred_entra *conf,
		     struct mst_err *err)
{
	const char *alg = conf->assertion_alg;
	bool rs = alg && strcmp(alg, "RS256") == 0;
	struct mst_secret *password = NULL;
	struct mst_cert_conf c = {.path = conf->certificate,
				  .key_path = conf->certificate_key,
				  .x5c = conf->send_x5c};
	int rc;

	if (alg && *alg && !rs && strcmp(alg, "PS256") != 0)
		return mst_err_set(err, MST_E_INVALID,
				   "assertion algorithm '%.20s' is neither "
				   "PS256 nor RS256",
				   alg);
	e->base.ops = &certificate_ops;
	e->alg = rs ? "RS256" : "PS256";
	if (conf->certificate_password &&
	    mst_secret_ref(conf->certificate_password, &password, err))
		return mst_err_prefix(err, "certificate_password");
	c.password = password;
	rc = conf->certificate ? mst_cert_load(&c, &e->cert, err)
			       : load_from_store(conf, &c, &e->cert, err);
	mst_secret_free(&password);
	return rc;
}

static int load_federated(struct entra *e, const struct mst_cred_entra *conf,
			  struct mst_err *err)
{
	struct mst_buf token;

	e->base.ops = &federated_ops;
	if (mst_federated_path(conf->federated_token_file, &e->token_file, err))
		return mst_err_prefix(err, "federated_token_file");
	/* A wrong one is found before the first request. */
	if (mst_federated_read(e->token_file, &token, err))
		return -(int)err->code;
	mst_buf_wipe_fini(&token);
	return 0;
}

static int load_keys(struct entra *e, const struct mst_cred_entra *conf,
		     struct mst_err *err)
{
	if (only_one(conf, err))
		return -(int)err->code;
	if (conf->federated_token_file)
		return load_federated(e, conf, err);
	if (!conf->client_secret)
		return load_cert(e, conf, err);
	e->base.ops = &secret_ops;
	if (mst_secret_ref(conf->client_secret, &e->secret, err))
		return mst_err_prefix(err, "client_secret");
	return 0;
}

static char *token_url(const struct mst_cred_entra *conf)
{
	size_t n = strlen(conf->login);

	while (n && conf->login[n - 1] == '/')
		n--;
	return mst_asprintf("%.*s/%s/oauth2/v2.0/token", (int)n, conf->login,
			    conf->tenant);
}

int mst_cred_entra(const struct mst_cred_entra *conf, struct mst_auth **a_r,
		   struct mst_err *err)
{
	struct entra *e;
	char host[256];
	int rc = check_host(conf, host, err);

	if (!rc)
		rc = check_tenant(conf->tenant, err);
	if (!rc)
		rc = check_text(conf->client_id, "client_id", err);
	if (!rc)
		rc = check_text(conf->scope, "scope", err);
	if (rc)
		return rc;
	e = mst_alloc(sizeof(*e));
	e->base.ops = &secret_ops;
	rc = load_keys(e, conf, err);
	if (rc) {
		free_entra(&e->base);
		return rc;
	}
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

const char *mst_cred_warning(struct mst_auth *a)
{
	return is_entra(a) ? entra_of(a)->cert.warning : "";
}
