/* SPDX-License-Identifier: Apache-2.0
 *
 * Client assertions, checked for real: the certificate is found by its
 * thumbprint (x5t, SHA-1, or x5t#S256, SHA-256; base64url of the raw bytes),
 * the signature verified (PS256 with a salt of 32 bytes, RS256), then aud,
 * iss, sub, exp, nbf with five minutes of skew, and jti once.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/b64.h"
#include "base/map.h"
#include "sim/entra.h"

#define MAX_CERTS 16
#define MAX_JTI	  100000
#define SKEW_S	  300

struct cert {
	X509 *x;
	unsigned char sha1[20], sha256[32];
};

struct sim_certs {
	struct cert v[MAX_CERTS];
	size_t n;
	struct mst_map jti;
	struct mst_arena arena;
	struct mst_json_parser *header, *claims;
};

struct sim_certs *sim_certs_new(void)
{
	struct sim_certs *c = mst_alloc(sizeof(*c));

	mst_arena_init(&c->arena, 32u << 20);
	c->header = mst_json_parser_new(65536);
	c->claims = mst_json_parser_new(65536);
	return c;
}

void sim_certs_clear(struct sim_certs *c)
{
	for (size_t i = 0; i < c->n; i++)
		X509_free(c->v[i].x);
	c->n = 0;
}

void sim_certs_free(struct sim_certs **c)
{
	if (!*c)
		return;
	sim_certs_clear(*c);
	mst_map_fini(&(*c)->jti);
	mst_arena_fini(&(*c)->arena);
	mst_json_parser_free(&(*c)->header);
	mst_json_parser_free(&(*c)->claims);
	free(*c);
	*c = NULL;
}

int sim_certs_add(struct sim_certs *c, struct mst_slice pem,
		  struct mst_err *err)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)MST_MIN(pem.n, 1u << 20));
	int added = 0;
	X509 *x;

	while (bio && c->n < MAX_CERTS &&
	       (x = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		struct cert *v = &c->v[c->n++];

		v->x = x;
		X509_digest(x, EVP_sha1(), v->sha1, NULL);
		X509_digest(x, EVP_sha256(), v->sha256, NULL);
		added++;
	}
	BIO_free(bio);
	if (!added)
		return mst_err_set(err, MST_E_INVALID,
				   "no certificate in PEM form found (at most "
				   "%d are kept)",
				   MAX_CERTS);
	return added;
}

static void fail(struct assertion_result *res, int code, const char *fmt, ...)
    MST_PRINTF(3, 4);

static void fail(struct assertion_result *res, int code, const char *fmt, ...)
{
	va_list ap;

	res->aadsts = code;
	va_start(ap, fmt);
	vsnprintf(res->text, sizeof(res->text), fmt, ap);
	va_end(ap);
}

bool sim_jwt_split(const char *jwt, struct sim_jwt *p)
{
	const char *dot = strchr(jwt, '.');
	const char *dot2 = dot ? strchr(dot + 1, '.') : NULL;

	mst_buf_init(&p->header, 65536);
	mst_buf_init(&p->claims, 65536);
	mst_buf_init(&p->sig, 65536);
	if (!dot2)
		return false;
	p->signed_part = mst_slice(jwt, (size_t)(dot2 - jwt));
	return mst_b64_decode(&p->header,
			      mst_slice(jwt, (size_t)(dot - jwt))) &&
	       mst_b64_decode(&p->claims,
			      mst_slice(dot + 1, (size_t)(dot2 - dot - 1))) &&
	       mst_b64_decode(&p->sig, mst_slice_str(dot2 + 1));
}

void sim_jwt_fini(struct sim_jwt *p)
{
	mst_buf_fini(&p->header);
	mst_buf_fini(&p->claims);
	mst_buf_fini(&p->sig);
}

static const struct cert *find_cert(const struct sim_certs *c,
				    struct mst_json header)
{
	struct mst_slice t256 = mst_json_str(mst_json_get(header, "x5t#S256"));
	struct mst_slice t1 = mst_json_str(mst_json_get(header, "x5t"));
	const struct cert *hit = NULL;
	struct mst_buf raw;

	mst_buf_init(&raw, 256);
	mst_b64_decode(&raw, t256.n ? t256 : t1);
	for (size_t i = 0; i < c->n && !hit; i++) {
		const struct cert *v = &c->v[i];

		if (t256.n ? raw.n == 32 && !memcmp(raw.p, v->sha256, 32)
			   : raw.n == 20 && !memcmp(raw.p, v->sha1, 20))
			hit = v;
	}
	mst_buf_fini(&raw);
	return hit;
}

bool sim_jwt_signed_by(EVP_PKEY *key, bool pss, const struct sim_jwt *p)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	bool ok =
	    key && ctx && EVP_PKEY_base_id(key) == EVP_PKEY_RSA &&
	    EVP_DigestVerifyInit(ctx, &pctx, EVP_sha256(), NULL, key) == 1;

	if (ok && pss)
		ok = EVP_PKEY_CTX_set_rsa_padding(pctx,
						  RSA_PKCS1_PSS_PADDING) == 1 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, 32) == 1;
	ok = ok &&
	     EVP_DigestVerify(ctx, (const unsigned char *)p->sig.p, p->sig.n,
			      (const unsigned char *)p->signed_part.p,
			      p->signed_part.n) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static void check_names(struct mst_json claims, const char *client,
			const char *audience, const char *audience_v1,
			struct assertion_result *res)
{
	struct mst_json aud = mst_json_get(claims, "aud");

	if (!mst_json_is_str(aud, audience) &&
	    !mst_json_is_str(aud, audience_v1))
		fail(res, 50012,
		     "Client assertion audience claim does not match Realm "
		     "issuer.");
	else if (!mst_json_is_str(mst_json_get(claims, "iss"), client) ||
		 !mst_json_is_str(mst_json_get(claims, "sub"), client))
		fail(res, 700021,
		     "Client assertion application identifier doesn't match "
		     "'client_id' parameter.");
}

static void check_times(struct mst_json claims, int64_t now_s,
			struct assertion_result *res)
{
	int64_t exp, nbf;

	if (!mst_json_i64(mst_json_get(claims, "exp"), &exp))
		fail(res, 700023, "Client assertion has no 'exp' claim.");
	else if (exp + SKEW_S <= now_s)
		fail(res, 700024,
		     "Client assertion is not within its valid time range.");
	else if (mst_json_i64(mst_json_get(claims, "nbf"), &nbf) &&
		 nbf - SKEW_S > now_s)
		fail(res, 700024,
		     "Client assertion is not within its valid time range.");
}

static void check_jti(struct sim_certs *c, struct mst_json claims,
		      struct assertion_result *res)
{
	struct mst_slice jti = mst_json_str(mst_json_get(claims, "jti"));

	if (!jti.n || jti.n > 256) {
		fail(res, 700023, "Client assertion has no 'jti' claim.");
		return;
	}
	if (mst_map_has(&c->jti, jti)) {
		fail(res, 50012, "Client assertion was used before.");
		return;
	}
	if (c->jti.n >= MAX_JTI) {
		mst_map_clear(&c->jti);
		mst_arena_reset(&c->arena);
	}
	mst_map_put(&c->jti, mst_arena_dup(&c->arena, jti), c);
}

static void check_parts(struct sim_certs *c, struct sim_jwt *p,
			struct mst_json header, struct assertion_result *res)
{
	struct mst_json alg = mst_json_get(header, "alg");
	bool pss = mst_json_is_str(alg, "PS256");
	const struct cert *cert = find_cert(c, header);

	if (!pss && !mst_json_is_str(alg, "RS256"))
		fail(res, 50012,
		     "Signature algorithm is not supported; use PS256 or "
		     "RS256.");
	else if (!cert)
		fail(res, 700027,
		     "The certificate with identifier used to sign the client "
		     "assertion is not registered on application. [Reason - "
		     "The key was not found.]");
	else if (!sim_jwt_signed_by(X509_get0_pubkey(cert->x), pss, p))
		fail(res, 700027,
		     "Client assertion contains an invalid signature. [Reason "
		     "- The provided signature value did not match the "
		     "expected signature value.]");
}

void sim_assertion_check(struct sim_certs *c, const char *assertion,
			 const char *client, const char *audience,
			 const char *audience_v1, int64_t now_us,
			 struct assertion_result *res)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json header, claims;
	struct sim_jwt p;

	*res = (struct assertion_result){0};
	if (!sim_jwt_split(assertion, &p) ||
	    mst_json_parse(c->header, mst_buf_slice(&p.header), &header, &err) <
		0 ||
	    mst_json_parse(c->claims, mst_buf_slice(&p.claims), &claims, &err) <
		0)
		fail(res, 50027, "JWT token is invalid or malformed.");
	if (!res->aadsts)
		check_parts(c, &p, header, res);
	if (!res->aadsts)
		check_names(claims, client, audience, audience_v1, res);
	if (!res->aadsts)
		check_times(claims, now_us / 1000000, res);
	if (!res->aadsts)
		check_jti(c, claims, res);
	sim_jwt_fini(&p);
}
