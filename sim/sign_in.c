/* SPDX-License-Identifier: Apache-2.0
 *
 * People who sign in at Entra ID to another application: the page where one
 * chooses who one is, the code that the browser takes back, the id token that
 * it stands for, the keys. With faults: tokens that must not be believed.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/b64.h"
#include "sim/entra.h"

#define CODES 32

static const struct person {
	const char *login, *name, *role, *oid;
} people[] = {
    {"ada", "Ada Administrator", "muster.administrator",
     "00000000-0000-4000-8000-0000000000a1"},
    {"oscar", "Oscar Operator", "muster.operator",
     "00000000-0000-4000-8000-0000000000a2"},
    {"vera", "Vera Viewer", "muster.viewer",
     "00000000-0000-4000-8000-0000000000a3"},
    {"audrey", "Audrey Auditor", "muster.auditor",
     "00000000-0000-4000-8000-0000000000a4"},
    {"norman", "Norman Nobody", NULL, "00000000-0000-4000-8000-0000000000a5"},
};

/* What may be wrong with an id token. */
enum fault {
	FAULT_NONE,
	FAULT_NONCE,
	FAULT_EXPIRED,
	FAULT_EARLY,
	FAULT_AUDIENCE,
	FAULT_ISSUER,
	FAULT_TENANT,
	FAULT_UNSIGNED,	   /* alg none */
	FAULT_SHARED,	   /* HS256 with the public key as the secret */
	FAULT_UNPUBLISHED, /* a key that the set does not have */
	FAULT_SIGNATURE,
	FAULT_GROUPS, /* too many: the claim is left out */
	FAULT__MAX
};

static const char *const fault_names[FAULT__MAX] = {
    "none",   "nonce",	  "expired", "early",	    "audience",	 "issuer",
    "tenant", "alg_none", "hs256",   "unpublished", "signature", "groups",
};

struct code {
	char text[40], nonce[128], challenge[64], redirect[512];
	const struct person *who;
};

struct sim_sign_in {
	EVP_PKEY *key;
	unsigned kid;	  /* counts the keys */
	bool issuer_here; /* the issuer's name is this host's */
	bool ec;	  /* ES256 in the place of RS256 */
	bool pss;	  /* PS256 */
	enum fault fault;
	struct code codes[CODES];
	unsigned next;
	uint64_t tokens;
};

struct sim_sign_in *sim_sign_in_new(void)
{
	return mst_alloc(sizeof(struct sim_sign_in));
}

void sim_sign_in_free(struct sim_sign_in **s)
{
	if (!*s)
		return;
	EVP_PKEY_free((*s)->key);
	free(*s);
	*s = NULL;
}

bool sim_sign_in_issuer(const struct sim_sign_in *s)
{
	return s->issuer_here;
}

static void need_key(struct sim_sign_in *s)
{
	if (!s->key)
		s->key = s->ec ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
}

static void new_key(struct sim_sign_in *s)
{
	EVP_PKEY_free(s->key);
	s->key = NULL;
	s->kid++;
}

/* ---- the page ------------------------------------------------------------ */

static const char *need(const struct sim_request *r, const char *name)
{
	const char *v = sim_query(r, name);

	return v ? v : "";
}

static void go_back(struct sim_reply *reply, const char *redirect,
		    const char *what, const char *value, const char *state)
{
	struct mst_buf b = MST_BUF_INIT(4096);

	(void)mst_buf_addf(&b, "%s%c%s=", redirect,
			   strchr(redirect, '?') ? '&' : '?', what);
	(void)mst_buf_add_uri(&b, mst_slice_str(value));
	(void)mst_buf_adds(&b, "&state=");
	(void)mst_buf_add_uri(&b, mst_slice_str(state));
	(void)mst_buf_adds(&b, "&session_state=00000000-0000-4000-8000-"
			       "0000000000ff");
	reply->status = 302;
	sim_reply_header(reply, "Location", "%s", b.p);
	mst_buf_fini(&b);
}

static void choose(const struct sim_request *r, struct sim_reply *reply)
{
	const char *query = strchr(r->url, '?');
	struct mst_buf *b = &reply->body;

	reply->content_type = "text/html; charset=utf-8";
	(void)mst_buf_adds(b, "<!doctype html><html lang=\"en\"><meta charset="
			      "\"utf-8\"><link rel=\"icon\" href=\"data:,\">"
			      "<title>Sign in (simulated Entra ID)"
			      "</title><h1>Who are you?</h1><ul>");
	for (size_t i = 0; i <= MST_LEN(people); i++) {
		const char *login =
		    i < MST_LEN(people) ? people[i].login : "deny";
		const char *name =
		    i < MST_LEN(people) ? people[i].name : "Cancel";

		(void)mst_buf_adds(b, "<li><a href=\"?");
		for (const char *p = query ? query + 1 : ""; *p; p++) {
			if (strchr("&<>\"'", *p))
				(void)mst_buf_addf(b, "&#%d;", *p);
			else
				(void)mst_buf_addc(b, *p);
		}
		(void)mst_buf_addf(b, "&#38;login_hint=%s\">%s</a></li>", login,
				   name);
	}
	(void)mst_buf_adds(b, "</ul></html>\n");
}

static const struct person *person_of(const char *login)
{
	for (size_t i = 0; i < MST_LEN(people); i++) {
		if (strcmp(people[i].login, login) == 0)
			return &people[i];
	}
	return NULL;
}

static void bad_request(struct sim_reply *reply, int code, const char *text)
{
	struct mst_jout j;

	reply->status = 400;
	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "error",
		      code == 70008 ? "invalid_grant" : "invalid_request");
	mst_jout_key(&j, "error_description");
	mst_jout_str(&j, text);
	mst_jout_key(&j, "error_codes");
	mst_jout_arr(&j);
	mst_jout_i64(&j, code);
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
}

static void authorize(struct sim_sign_in *s, const struct sim_request *r,
		      struct sim_reply *reply)
{
	const char *login = sim_query(r, "login_hint");
	const char *redirect = need(r, "redirect_uri");
	struct code *c = &s->codes[s->next % CODES];
	const struct person *who;

	if (strcmp(need(r, "client_id"), MST_SIM_SIGN_IN) != 0 ||
	    strcmp(need(r, "response_type"), "code") != 0 ||
	    strcmp(need(r, "code_challenge_method"), "S256") != 0 ||
	    !strstr(need(r, "scope"), "openid") || !*need(r, "nonce")) {
		bad_request(reply, 700016,
			    "AADSTS700016: Application, response_type, scope, "
			    "nonce or code_challenge_method is not as it must "
			    "be.");
		return;
	}
	if (!login) {
		choose(r, reply);
		return;
	}
	who = person_of(login);
	if (!who) {
		go_back(reply, redirect, "error", "access_denied",
			need(r, "state"));
		return;
	}
	sim_guid(++s->next, 7, c->text);
	snprintf(c->nonce, sizeof(c->nonce), "%.120s", need(r, "nonce"));
	snprintf(c->challenge, sizeof(c->challenge), "%.60s",
		 need(r, "code_challenge"));
	snprintf(c->redirect, sizeof(c->redirect), "%.500s", redirect);
	c->who = who;
	go_back(reply, redirect, "code", c->text, need(r, "state"));
}

/* ---- keys ---------------------------------------------------------------- */

static void put_number(struct mst_buf *b, EVP_PKEY *key, const char *param,
		       const char *name, int width)
{
	unsigned char bytes[1024];
	BIGNUM *v = NULL;
	int n;

	if (EVP_PKEY_get_bn_param(key, param, &v) != 1)
		return;
	n = width ? BN_bn2binpad(v, bytes, width) : BN_bn2bin(v, bytes);
	(void)mst_buf_addf(b, ",\"%s\":\"", name);
	(void)mst_b64url_add(b, mst_slice((char *)bytes, (size_t)n));
	(void)mst_buf_addc(b, '"');
	BN_free(v);
}

static void keys(struct sim_sign_in *s, struct mst_buf *b)
{
	need_key(s);
	(void)mst_buf_addf(b,
			   "{\"keys\":[{\"kid\":\"key%u\",\"use\":\"sig\","
			   "\"kty\":\"%s\"",
			   s->kid, s->ec ? "EC" : "RSA");
	if (s->ec) {
		(void)mst_buf_adds(b, ",\"crv\":\"P-256\"");
		put_number(b, s->key, OSSL_PKEY_PARAM_EC_PUB_X, "x", 32);
		put_number(b, s->key, OSSL_PKEY_PARAM_EC_PUB_Y, "y", 32);
	} else {
		put_number(b, s->key, OSSL_PKEY_PARAM_RSA_N, "n", 0);
		put_number(b, s->key, OSSL_PKEY_PARAM_RSA_E, "e", 0);
	}
	(void)mst_buf_adds(b, "}]}");
}

/* ---- the id token -------------------------------------------------------- */

static void claims(const struct sim_sign_in *s, const struct sim_request *r,
		   const struct code *c, struct mst_buf *out)
{
	int64_t now = r->now_us / 1000000;
	char login[128], issuer[300];
	struct mst_jout j;

	if (s->fault == FAULT_EXPIRED)
		now -= 7200;
	snprintf(login, sizeof(login), "%s@simulated.example.com",
		 c->who->login);
	snprintf(issuer, sizeof(issuer), "%.150s/%s/v2.0",
		 s->issuer_here ? r->base : "https://login.microsoftonline.com",
		 s->fault == FAULT_ISSUER ? "other" : MST_SIM_TENANT);
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "aud",
		      s->fault == FAULT_AUDIENCE ? MST_SIM_CLIENT
						 : MST_SIM_SIGN_IN);
	mst_jout_kstr(&j, "iss", issuer);
	mst_jout_ki64(&j, "iat", now - 300);
	mst_jout_ki64(&j, "nbf",
		      s->fault == FAULT_EARLY ? now + 3600 : now - 300);
	mst_jout_ki64(&j, "exp", now + 3600);
	mst_jout_kstr(&j, "name", c->who->name);
	mst_jout_kstr(&j, "nonce",
		      s->fault == FAULT_NONCE ? "another" : c->nonce);
	mst_jout_kstr(&j, "oid", c->who->oid);
	mst_jout_kstr(&j, "preferred_username", login);
	if (s->fault == FAULT_GROUPS) {
		mst_jout_key(&j, "_claim_names");
		mst_jout_obj(&j);
		mst_jout_kstr(&j, "roles", "src1");
		mst_jout_end_obj(&j);
	} else if (c->who->role) {
		mst_jout_key(&j, "roles");
		mst_jout_arr(&j);
		mst_jout_str(&j, c->who->role);
		mst_jout_end_arr(&j);
	}
	mst_jout_kstr(&j, "sub", c->who->oid + 24);
	mst_jout_kstr(&j, "tid",
		      s->fault == FAULT_TENANT
			  ? "00000000-0000-4000-8000-0000000000ee"
			  : MST_SIM_TENANT);
	mst_jout_kstr(&j, "ver", "2.0");
	mst_jout_end_obj(&j);
}

static const char *alg_of(const struct sim_sign_in *s)
{
	if (s->fault == FAULT_UNSIGNED)
		return "none";
	if (s->fault == FAULT_SHARED)
		return "HS256";
	return s->ec ? "ES256" : s->pss ? "PS256" : "RS256";
}

static void add_raw(const unsigned char *der, size_t n, struct mst_buf *out)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	unsigned char raw[64];

	if (!sig)
		return;
	(void)BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
	(void)BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
	(void)mst_b64url_add(out, mst_slice((char *)raw, 64));
	ECDSA_SIG_free(sig);
}

static void sign_by_key(const struct sim_sign_in *s, EVP_PKEY *key,
			struct mst_buf *out)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	unsigned char sig[1024];
	size_t n = sizeof(sig);

	(void)EVP_DigestSignInit(md, &ctx, EVP_sha256(), NULL, key);
	if (s->pss && !s->ec) {
		(void)EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
		(void)EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx,
						       RSA_PSS_SALTLEN_DIGEST);
	}
	(void)EVP_DigestSign(md, sig, &n, (unsigned char *)out->p, out->n);
	EVP_MD_CTX_free(md);
	if (s->fault == FAULT_SIGNATURE)
		sig[n / 2] ^= 1;
	(void)mst_buf_addc(out, '.');
	if (s->ec)
		add_raw(sig, n, out);
	else
		(void)mst_b64url_add(out, mst_slice((char *)sig, n));
}

/* Everybody has the public key. */
static void sign_shared(const struct sim_sign_in *s, struct mst_buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char sum[32];
	unsigned n = 32;
	char *pem = NULL;
	long len;

	(void)PEM_write_bio_PUBKEY(bio, s->key);
	len = BIO_get_mem_data(bio, &pem);
	HMAC(EVP_sha256(), pem, (int)len, (unsigned char *)out->p, out->n, sum,
	     &n);
	BIO_free(bio);
	(void)mst_buf_addc(out, '.');
	(void)mst_b64url_add(out, mst_slice((char *)sum, n));
}

static void id_token(struct sim_sign_in *s, const struct sim_request *r,
		     const struct code *c, struct mst_buf *out)
{
	struct mst_buf part = MST_BUF_INIT(65536);

	need_key(s);
	(void)mst_buf_addf(
	    &part, "{\"typ\":\"JWT\",\"alg\":\"%s\",\"kid\":\"key%u\"}",
	    alg_of(s), s->fault == FAULT_UNPUBLISHED ? s->kid + 1000 : s->kid);
	(void)mst_b64url_add(out, mst_buf_slice(&part));
	(void)mst_buf_addc(out, '.');
	mst_buf_reset(&part);
	claims(s, r, c, &part);
	(void)mst_b64url_add(out, mst_buf_slice(&part));
	mst_buf_fini(&part);
	if (s->fault == FAULT_UNSIGNED)
		(void)mst_buf_addc(out, '.');
	else if (s->fault == FAULT_SHARED)
		sign_shared(s, out);
	else
		sign_by_key(s, s->key, out);
}

/* ---- the token end point ------------------------------------------------- */

static bool proves(const struct code *c, const char *verifier)
{
	struct mst_buf b = MST_BUF_INIT(64);
	unsigned char sum[32];
	unsigned n = 32;
	bool same;

	(void)EVP_Digest(verifier, strlen(verifier), sum, &n, EVP_sha256(),
			 NULL);
	(void)mst_b64url_add(&b, mst_slice((char *)sum, n));
	same = strcmp(b.p, c->challenge) == 0;
	mst_buf_fini(&b);
	return same;
}

static const char *value(const struct sim_pair *form, size_t n,
			 const char *name)
{
	const char *v = sim_form_get(form, n, name);

	return v ? v : "";
}

static struct code *find_code(struct sim_sign_in *s, const char *text)
{
	for (size_t i = 0; *text && i < CODES; i++) {
		if (strcmp(s->codes[i].text, text) == 0)
			return &s->codes[i];
	}
	return NULL;
}

void sim_sign_in_token(struct sim_sign_in *s, const struct sim_request *r,
		       struct sim_reply *reply, const struct sim_pair *form,
		       size_t n)
{
	struct code *c = find_code(s, value(form, n, "code"));
	struct mst_buf token = MST_BUF_INIT(65536);

	if (!c || strcmp(c->redirect, value(form, n, "redirect_uri")) != 0 ||
	    !proves(c, value(form, n, "code_verifier"))) {
		bad_request(reply, 70008,
			    "AADSTS70008: The provided authorization code or "
			    "refresh token has expired due to inactivity.");
		return;
	}
	s->tokens++;
	id_token(s, r, c, &token);
	c->text[0] = 0; /* it works once */
	(void)mst_buf_addf(&reply->body,
			   "{\"token_type\":\"Bearer\",\"scope\":\"openid "
			   "profile\",\"expires_in\":3599,\"access_token\":"
			   "\"not-a-real-access-token\",\"id_token\":\"%s\"}",
			   token.p);
	sim_reply_header(reply, "Cache-Control", "no-store, no-cache");
	mst_buf_fini(&token);
}

/* ---- requests ------------------------------------------------------------ */

bool sim_sign_in_serve(struct sim_sign_in *s, const struct sim_request *r,
		       struct sim_reply *reply)
{
	const char *rest = strchr(r->path + 1, '/');

	if (strcmp(r->method, "GET") != 0 || !rest)
		return false;
	if (strcmp(rest, "/oauth2/v2.0/authorize") == 0)
		authorize(s, r, reply);
	else if (strcmp(rest, "/oauth2/v2.0/logout") == 0)
		(void)mst_buf_adds(&reply->body, "{}");
	else if (strcmp(rest, "/discovery/v2.0/keys") == 0)
		keys(s, &reply->body);
	else
		return false;
	return true;
}

static void show(const struct sim_sign_in *s, struct sim_reply *reply)
{
	struct mst_jout j;

	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "client_id", MST_SIM_SIGN_IN);
	mst_jout_kbool(&j, "issuer_here", s->issuer_here);
	mst_jout_kstr(&j, "alg", s->ec ? "ES256" : s->pss ? "PS256" : "RS256");
	mst_jout_kstr(&j, "fault", fault_names[s->fault]);
	mst_jout_ki64(&j, "tokens", (int64_t)s->tokens);
	mst_jout_end_obj(&j);
}

static bool set_fault(struct sim_sign_in *s, struct mst_slice name)
{
	for (int i = 0; i < FAULT__MAX; i++) {
		if (mst_slice_is(name, fault_names[i])) {
			s->fault = (enum fault)i;
			return true;
		}
	}
	return !name.n;
}

static void set_alg(struct sim_sign_in *s, struct mst_slice alg)
{
	bool ec = mst_slice_is(alg, "ES256");

	if (!alg.n)
		return;
	if (ec != s->ec)
		new_key(s);
	s->ec = ec;
	s->pss = mst_slice_is(alg, "PS256");
}

void sim_sign_in_control(struct sim_sign_in *s, struct mst_json_parser *json,
			 const struct sim_request *r, struct sim_reply *reply)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	bool rotate = false;

	if (strcmp(r->method, "DELETE") == 0) {
		s->fault = FAULT_NONE;
		s->issuer_here = s->pss = false;
		set_alg(s, MST_SLICE_LIT("RS256"));
	} else if (strcmp(r->method, "POST") == 0) {
		if (mst_json_parse(json, r->body, &root, &err) < 0) {
			sim_control_error(reply, 400, "%s", err.msg);
			return;
		}
		(void)mst_json_bool(mst_json_get(root, "issuer_here"),
				    &s->issuer_here);
		(void)mst_json_bool(mst_json_get(root, "rotate"), &rotate);
		set_alg(s, mst_json_str(mst_json_get(root, "alg")));
		if (rotate)
			new_key(s);
		if (!set_fault(s, mst_json_str(mst_json_get(root, "fault")))) {
			sim_control_error(reply, 400, "no such fault");
			return;
		}
	}
	show(s, reply);
}
