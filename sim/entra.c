/* SPDX-License-Identifier: Apache-2.0
 *
 * Entra ID's token end point: client secret or certificate assertion, one
 * resource per token, errors in the wording that people meet. Tokens look like
 * JWTs, carry the roles of the resource, and are checked by the API hosts
 * without a table: an HMAC over them, so that they survive a restart.
 */
#include "sim/entra.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/b64.h"
#include "base/file.h"
#include "base/time.h"

#define MAX_FORM (256u << 10)

static const char mac_key[] = "simulated signing key";

struct sim_entra *sim_entra_new(const struct mst_sim_conf *conf,
				struct mst_err *err)
{
	struct sim_entra *e = mst_alloc(sizeof(*e));
	int ret = 0;

	e->certs = sim_certs_new();
	e->federated = sim_federated_new();
	e->sign_in = sim_sign_in_new();
	e->json = mst_json_parser_new(1u << 20);
	sim_entra_app_reset(e);
	if (conf->certificate) {
		struct mst_buf pem;

		mst_buf_init(&pem, 1u << 20);
		ret = mst_file_read(conf->certificate, &pem, err);
		if (ret == 0)
			ret = sim_certs_add(e->certs, mst_buf_slice(&pem), err);
		mst_buf_fini(&pem);
	}
	if (ret < 0)
		sim_entra_free(&e);
	return e;
}

void sim_entra_free(struct sim_entra **e)
{
	if (!*e)
		return;
	sim_certs_free(&(*e)->certs);
	sim_federated_free(&(*e)->federated);
	sim_sign_in_free(&(*e)->sign_in);
	mst_json_parser_free(&(*e)->json);
	free(*e);
	*e = NULL;
}

static void oauth_error(struct sim_entra *e, const struct sim_request *r,
			struct sim_reply *reply, int status, const char *error,
			int code, const char *fmt, ...) MST_PRINTF(7, 8);

static void oauth_error(struct sim_entra *e, const struct sim_request *r,
			struct sim_reply *reply, int status, const char *error,
			int code, const char *fmt, ...)
{
	char text[1024], desc[1600], trace[37], corr[37], when[24];
	struct mst_jout j;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sim_guid(++e->count, 1, trace);
	sim_guid(e->count, 2, corr);
	mst_time_sn(r->now_us, when);
	memcpy(when + strlen(when), "Z", 2);
	snprintf(desc, sizeof(desc),
		 "AADSTS%d: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\n"
		 "Timestamp: %s",
		 code, text, trace, corr, when);
	reply->status = status;
	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "error", error);
	mst_jout_kstr(&j, "error_description", desc);
	mst_jout_key(&j, "error_codes");
	mst_jout_arr(&j);
	mst_jout_i64(&j, code);
	mst_jout_end_arr(&j);
	mst_jout_kstr(&j, "timestamp", when);
	mst_jout_kstr(&j, "trace_id", trace);
	mst_jout_kstr(&j, "correlation_id", corr);
	snprintf(text, sizeof(text),
		 "https://login.microsoftonline.com/error?code=%d", code);
	mst_jout_kstr(&j, "error_uri", text);
	mst_jout_end_obj(&j);
}

static void mac(struct mst_slice s, unsigned char out[32])
{
	unsigned n = 32;

	HMAC(EVP_sha256(), mac_key, sizeof(mac_key) - 1,
	     (const unsigned char *)s.p, s.n, out, &n);
}

static void write_claims(const struct mst_sim *sim, struct mst_buf *b,
			 enum sim_resource res, const char *aud, int64_t now_s,
			 const char *id)
{
	const struct sim_entra *e = sim->entra;
	struct mst_jout j;

	mst_jout_init(&j, b);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "aud", aud);
	mst_jout_kstr(&j, "iss", "https://sts.windows.net/" MST_SIM_TENANT "/");
	mst_jout_ki64(&j, "iat", now_s);
	mst_jout_ki64(&j, "nbf", now_s);
	mst_jout_ki64(&j, "exp", now_s + e->life_s);
	mst_jout_kstr(&j, "appid", MST_SIM_CLIENT);
	mst_jout_kstr(&j, "tid", MST_SIM_TENANT);
	mst_jout_kstr(&j, "uti", id);
	mst_jout_kstr(&j, "ver", "1.0");
	/* without any role there is no claim at all */
	if (e->roles[res].n) {
		mst_jout_key(&j, "roles");
		mst_jout_arr(&j);
		for (size_t i = 0; i < e->roles[res].n; i++)
			mst_jout_str(&j, e->roles[res].v[i]);
		mst_jout_end_arr(&j);
	}
	mst_jout_end_obj(&j);
}

static void make_token(struct mst_sim *sim, const struct sim_request *r,
		       enum sim_resource res, const char *aud,
		       struct mst_buf *out)
{
	static const char header[] = "{\"typ\":\"JWT\",\"alg\":\"HS256\"}";
	unsigned char sum[32];
	struct mst_buf claims;
	char id[37];

	mst_buf_init(&claims, 65536);
	sim_guid(++sim->entra->count, (uint64_t)r->now_us, id);
	write_claims(sim, &claims, res, aud,
		     r->now_us / 1000000 + (sim->sw.clock_skew_tokens
						? sim->skew_us / 1000000
						: 0),
		     id);
	mst_b64url_add(out, mst_slice_str(header));
	mst_buf_addc(out, '.');
	mst_b64url_add(out, mst_buf_slice(&claims));
	mac(mst_buf_slice(out), sum);
	mst_buf_addc(out, '.');
	mst_b64url_add(out, mst_slice((const char *)sum, sizeof(sum)));
	mst_buf_fini(&claims);
}

static bool host_in(const char *scope, const char *const *hosts)
{
	for (; *hosts; hosts++) {
		size_t n = strlen(*hosts);

		if (!strncasecmp(scope, *hosts, n) &&
		    (!strcasecmp(scope + n, "/.default") ||
		     !strcasecmp(scope + n, "//.default")))
			return true;
	}
	return false;
}

/* Which resource a scope names; -1: none of ours. */
static int resource_of(const struct mst_sim *sim, const char *scope)
{
	const char *const mde[] = {
	    "https://api.securitycenter.microsoft.com",
	    "https://api.security.microsoft.com",
	    "https://securitycenter.onmicrosoft.com/windowsatpservice",
	    "https://api-gcc.securitycenter.microsoft.us",
	    "https://api-gov.securitycenter.microsoft.us",
	    sim->url[MST_SIM_API],
	    NULL};
	const char *const graph[] = {"https://graph.microsoft.com",
				     "https://graph.microsoft.us",
				     "https://dod-graph.microsoft.us",
				     "https://microsoftgraph.chinacloudapi.cn",
				     sim->url[MST_SIM_GRAPH],
				     NULL};

	if (host_in(scope, mde))
		return SIM_RES_MDE;
	if (host_in(scope, graph))
		return SIM_RES_GRAPH;
	return -1;
}

static bool scope_form_ok(const char *scope)
{
	size_t n = strlen(scope);

	return n > 9 && !strcasecmp(scope + n - 9, "/.default") &&
	       strstr(scope, "://") && !strchr(scope, ' ');
}

static bool check_client(struct mst_sim *sim, const struct sim_request *r,
			 struct sim_reply *reply, const struct sim_pair *form,
			 size_t n, const char *client)
{
	struct sim_entra *e = sim->entra;
	const char *secret = sim_form_get(form, n, "client_secret");
	const char *assertion = sim_form_get(form, n, "client_assertion");
	const char *type = sim_form_get(form, n, "client_assertion_type");
	struct assertion_result res;
	char aud[512], aud1[512];

	if (secret && *secret) {
		if (strcmp(secret, e->secret) != 0) {
			oauth_error(
			    e, r, reply, 401, "invalid_client", 7000215,
			    "Invalid client secret provided. Ensure the secret "
			    "being sent in the request is the client secret "
			    "value, not the client secret ID, for a secret "
			    "added to app '%s'.",
			    MST_SIM_CLIENT);
			return false;
		}
		if (e->secret_expired)
			oauth_error(e, r, reply, 401, "invalid_client", 7000222,
				    "The provided client secret keys for app "
				    "'%s' are expired.",
				    MST_SIM_CLIENT);
		return !e->secret_expired;
	}
	if (!assertion || !*assertion) {
		oauth_error(e, r, reply, 401, "invalid_client", 7000218,
			    "The request body must contain the following "
			    "parameter: 'client_assertion' or "
			    "'client_secret'.");
		return false;
	}
	if (!type || strcmp(type, "urn:ietf:params:oauth:client-assertion-type:"
				  "jwt-bearer") != 0) {
		oauth_error(e, r, reply, 400, "invalid_request", 900144,
			    "The request body must contain the following "
			    "parameter: 'client_assertion_type'.");
		return false;
	}
	snprintf(aud, sizeof(aud), "%s%.200s", r->base, r->path);
	snprintf(aud1, sizeof(aud1), "%s/%s/oauth2/token", r->base,
		 MST_SIM_TENANT);
	if (!sim_federated_check(e->federated, assertion, r->now_us, &res))
		sim_assertion_check(e->certs, assertion, client, aud, aud1,
				    r->now_us, &res);
	if (res.aadsts)
		oauth_error(e, r, reply, 401, "invalid_client", res.aadsts,
			    "%s", res.text);
	return !res.aadsts;
}

static bool check_fields(struct sim_entra *e, const struct sim_request *r,
			 struct sim_reply *reply, const struct sim_pair *form,
			 size_t n)
{
	static const char *const wanted[] = {"grant_type", "client_id",
					     "scope"};

	for (size_t i = 0; i < MST_LEN(wanted); i++) {
		const char *v = sim_form_get(form, n, wanted[i]);

		if (v && *v)
			continue;
		oauth_error(e, r, reply, 400, "invalid_request", 900144,
			    "The request body must contain the following "
			    "parameter: '%s'.",
			    wanted[i]);
		return false;
	}
	if (strcmp(sim_form_get(form, n, "grant_type"), "client_credentials")) {
		oauth_error(e, r, reply, 400, "unsupported_grant_type", 70003,
			    "The app requested an unsupported grant type.");
		return false;
	}
	if (strcasecmp(sim_form_get(form, n, "client_id"), MST_SIM_CLIENT)) {
		oauth_error(e, r, reply, 400, "unauthorized_client", 700016,
			    "Application with identifier '%.64s' was not found "
			    "in the directory 'Simulated'. This can happen if "
			    "the application has not been installed by the "
			    "administrator of the tenant or consented to by "
			    "any user in the tenant. You may have sent your "
			    "authentication request to the wrong tenant.",
			    sim_form_get(form, n, "client_id"));
		return false;
	}
	if (e->disabled)
		oauth_error(e, r, reply, 401, "invalid_client", 7000112,
			    "Application '%s' is disabled.", MST_SIM_CLIENT);
	return !e->disabled;
}

static bool knows_tenant(struct mst_slice tenant)
{
	return mst_slice_iis(tenant, MST_SIM_TENANT) ||
	       mst_slice_iis(tenant, "simulated.example.com");
}

static bool check_tenant(struct sim_entra *e, const struct sim_request *r,
			 struct sim_reply *reply)
{
	static const char configuration[] =
	    "/v2.0/.well-known/openid-configuration";
	const char *p = r->path + 1;
	size_t n = strcspn(p, "/");
	struct mst_slice tenant = mst_slice(p, n);
	bool asks = strcmp(p + n, configuration) == 0;

	if (!asks && (strcmp(p + n, "/oauth2/v2.0/token") != 0 ||
		      strcmp(r->method, "POST") != 0)) {
		reply->status = strcmp(p + n, "/oauth2/v2.0/token") ? 404 : 405;
		mst_buf_adds(&reply->body, "{}");
		return false;
	}
	if (mst_slice_iis(tenant, "common") ||
	    mst_slice_iis(tenant, "consumers") ||
	    mst_slice_iis(tenant, "organizations")) {
		oauth_error(e, r, reply, 400, "invalid_request", 9001023,
			    "The grant type is not supported over the /common "
			    "or /consumers endpoints. Please use the "
			    "/organizations or tenant-specific endpoint.");
		return false;
	}
	if (!knows_tenant(tenant)) {
		oauth_error(e, r, reply, 400, "invalid_request", 90002,
			    "Tenant '%.*s' not found. Check to make sure you "
			    "have the correct tenant ID and are signing into "
			    "the correct cloud. Check with your subscription "
			    "administrator, this may happen if there are no "
			    "active subscriptions for the tenant.",
			    MST_SLICE_ARG(tenant));
		return false;
	}
	return true;
}

/* A code of somebody who signed in, for the application of sign-ins. */
static bool is_sign_in(const struct sim_pair *form, size_t n)
{
	const char *grant = sim_form_get(form, n, "grant_type");
	const char *client = sim_form_get(form, n, "client_id");

	return grant && client && strcmp(grant, "authorization_code") == 0 &&
	       strcmp(client, MST_SIM_SIGN_IN) == 0;
}

void sim_entra_serve(struct mst_sim *sim, const struct sim_request *r,
		     struct sim_reply *reply)
{
	struct sim_entra *e = sim->entra;
	struct sim_pair form[32];
	const char *scope;
	struct mst_buf token;
	size_t n;
	int res;

	if (sim_discovery_serve(r, e->cloud, sim_sign_in_issuer(e->sign_in),
				reply) ||
	    sim_sign_in_serve(e->sign_in, r, reply) ||
	    !check_tenant(e, r, reply))
		return;
	if (r->body.n > MAX_FORM) {
		oauth_error(e, r, reply, 400, "invalid_request", 900144,
			    "The request body is too large.");
		return;
	}
	n = sim_form_parse(&reply->arena, r->body, form, MST_LEN(form));
	if (is_sign_in(form, n)) {
		if (check_client(sim, r, reply, form, n, MST_SIM_SIGN_IN))
			sim_sign_in_token(e->sign_in, r, reply, form, n);
		return;
	}
	if (!check_fields(e, r, reply, form, n))
		return;
	scope = sim_form_get(form, n, "scope");
	res = resource_of(sim, scope);
	if (!scope_form_ok(scope)) {
		oauth_error(e, r, reply, 400, "invalid_scope", 70011,
			    "The provided value for the input parameter "
			    "'scope' isn't valid. The scope %.200s isn't "
			    "valid.",
			    scope);
		return;
	}
	if (res < 0) {
		oauth_error(e, r, reply, 400, "invalid_resource", 500011,
			    "The resource principal named %.200s was not found "
			    "in the tenant named Simulated. This can happen if "
			    "the application has not been installed by the "
			    "administrator of the tenant or consented to by "
			    "any user in the tenant.",
			    scope);
		return;
	}
	if (!check_client(sim, r, reply, form, n, MST_SIM_CLIENT))
		return;
	if (e->refusal && (e->refused < 0 || e->refused == res)) {
		oauth_error(e, r, reply, e->refusal->status, e->refusal->error,
			    e->refusal->code, "%s", e->refusal->text);
		return;
	}
	mst_buf_init(&token, 1u << 16);
	make_token(sim, r, (enum sim_resource)res, scope, &token);
	mst_buf_addf(&reply->body,
		     "{\"token_type\":\"Bearer\",\"expires_in\":%lld,"
		     "\"ext_expires_in\":%lld,\"access_token\":\"%s\"}",
		     (long long)e->life_s, (long long)e->life_s, token.p);
	sim_reply_header(reply, "Cache-Control", "no-store, no-cache");
	mst_buf_fini(&token);
}

static bool has_role(struct mst_json claims, const char *roles)
{
	struct mst_json_iter it = mst_json_iter(mst_json_get(claims, "roles"));
	struct mst_json v;

	while (mst_json_next(&it, NULL, &v)) {
		struct mst_slice have = mst_json_str(v);
		const char *p = roles;

		while (p && *p) {
			size_t n = strcspn(p, "|");

			if (have.n == n && !memcmp(have.p, p, n))
				return true;
			p += n + (p[n] == '|');
		}
	}
	return false;
}

static enum sim_token check_claims(struct mst_sim *sim,
				   const struct sim_request *r,
				   struct mst_slice json, enum sim_resource res,
				   const char *roles)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json claims;
	char aud[512];
	int64_t exp = 0;

	if (mst_json_parse(sim->entra->json, json, &claims, &err) < 0)
		return SIM_TOKEN_BAD;
	mst_json_i64(mst_json_get(claims, "exp"), &exp);
	if (exp * 1000000 <= r->now_us)
		return SIM_TOKEN_EXPIRED;
	snprintf(aud, sizeof(aud), "%.*s",
		 MST_SLICE_ARG(mst_json_str(mst_json_get(claims, "aud"))));
	if (resource_of(sim, aud) != (int)res)
		return SIM_TOKEN_AUDIENCE;
	return has_role(claims, roles) ? SIM_TOKEN_OK : SIM_TOKEN_ROLE;
}

enum sim_token sim_entra_check(struct mst_sim *sim, const struct sim_request *r,
			       enum sim_resource res, const char *roles)
{
	const char *h = sim_header(r, "Authorization");
	const char *dot, *dot2;
	enum sim_token ret = SIM_TOKEN_BAD;
	struct mst_buf claims, sum;
	unsigned char want[32];

	if (!h)
		return SIM_TOKEN_MISSING;
	if (strncasecmp(h, "Bearer ", 7) != 0)
		return SIM_TOKEN_BAD;
	h += 7;
	dot = strchr(h, '.');
	dot2 = dot ? strchr(dot + 1, '.') : NULL;
	if (!dot2)
		return SIM_TOKEN_BAD;
	mst_buf_init(&claims, 65536);
	mst_buf_init(&sum, 64);
	mac(mst_slice(h, (size_t)(dot2 - h)), want);
	if (mst_b64_decode(&sum, mst_slice_str(dot2 + 1)) &&
	    sum.n == sizeof(want) && !memcmp(sum.p, want, sizeof(want)) &&
	    mst_b64_decode(&claims,
			   mst_slice(dot + 1, (size_t)(dot2 - dot - 1))))
		ret = check_claims(sim, r, mst_buf_slice(&claims), res, roles);
	mst_buf_fini(&claims);
	mst_buf_fini(&sum);
	return ret;
}
