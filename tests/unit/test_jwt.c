/* SPDX-License-Identifier: Apache-2.0
 *
 * Id tokens: what is signed rightly and says the right things is believed, and
 * nothing else: each way of getting round it is tried.
 */
#include "tests/lib/t.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "auth/jwt.h"
#include "jwt_make.h"

#define NOW    1700000000LL
#define TENANT "11111111-2222-4333-8444-555555555555"
#define ISSUER "https://login.example/" TENANT "/v2.0"

static struct {
	EVP_PKEY *keys[3]; /* k0: RSA, k1: P-256, k2: RSA */
	EVP_PKEY *other;   /* of nobody's set */
	struct mst_jwks *set;
	struct mst_json_parser *json;
	struct mst_arena arena;
	struct mst_buf token;
} fx;

static int begin(void **state)
{
	struct mst_buf b = MST_BUF_INIT(65536);
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	fx.keys[0] = jwt_key("rsa2048");
	fx.keys[1] = jwt_key("ec");
	fx.keys[2] = jwt_key("rsa2048");
	fx.other = jwt_key("rsa2048");
	fx.json = mst_json_parser_new(1u << 20);
	mst_arena_init(&fx.arena, 64u << 20);
	mst_buf_init(&fx.token, 1u << 20);
	jwt_set(fx.keys, 3, &b);
	t_ok(mst_jwks_read(mst_buf_slice(&b), &fx.set, &err), &err);
	mst_buf_fini(&b);
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		EVP_PKEY_free(fx.keys[i]);
	EVP_PKEY_free(fx.other);
	mst_jwks_free(&fx.set);
	mst_json_parser_free(&fx.json);
	mst_arena_fini(&fx.arena);
	mst_buf_fini(&fx.token);
	return 0;
}

static int verify(struct mst_err *err)
{
	struct mst_jwt t;
	int rc = mst_jwt_read(mst_buf_slice(&fx.token), &fx.arena, &t, err);

	return rc < 0 ? rc : mst_jwt_verify(&t, fx.set, err);
}

static void sign_as(const char *header, const char *alg, EVP_PKEY *key)
{
	jwt_sign(header, "{\"sub\":\"a\"}", alg, key, MST_SLICE_LIT(""),
		 &fx.token);
}

/* ---- signatures ---------------------------------------------------------- */

static void good(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	sign_as("{\"alg\":\"RS256\",\"kid\":\"k0\",\"typ\":\"JWT\"}", "RS256",
		fx.keys[0]);
	t_ok(verify(&err), &err);
	sign_as("{\"alg\":\"PS256\",\"kid\":\"k2\"}", "PS256", fx.keys[2]);
	t_ok(verify(&err), &err);
	sign_as("{\"alg\":\"ES256\",\"kid\":\"k1\"}", "ES256", fx.keys[1]);
	t_ok(verify(&err), &err);
}

static void refused(const char *header, const char *alg, EVP_PKEY *key,
		    enum mst_code code, const char *part)
{
	struct mst_err err = MST_ERR_INIT;

	sign_as(header, alg, key);
	t_failed(verify(&err), &err, code, part);
}

static void other_keys(void **state)
{
	(void)state;
	refused("{\"alg\":\"RS256\",\"kid\":\"k0\"}", "RS256", fx.other,
		MST_E_AUTH, "signature");
	refused("{\"alg\":\"RS256\",\"kid\":\"k0\"}", "RS256", fx.keys[2],
		MST_E_AUTH, "signature");
	refused("{\"alg\":\"RS256\",\"kid\":\"k9\"}", "RS256", fx.keys[0],
		MST_E_NOTFOUND, "key");
	refused("{\"alg\":\"RS256\"}", "RS256", fx.keys[0], MST_E_NOTFOUND,
		"key");
	/* the padding is part of the algorithm */
	refused("{\"alg\":\"PS256\",\"kid\":\"k0\"}", "RS256", fx.keys[0],
		MST_E_AUTH, "signature");
	/* the kind of key, too */
	refused("{\"alg\":\"ES256\",\"kid\":\"k0\"}", "RS256", fx.keys[0],
		MST_E_AUTH, "not that of its key");
	refused("{\"alg\":\"RS256\",\"kid\":\"k1\"}", "ES256", fx.keys[1],
		MST_E_AUTH, "not that of its key");
}

static void algorithms(void **state)
{
	static const char *const headers[] = {
	    "{\"alg\":\"none\",\"kid\":\"k0\"}",
	    "{\"alg\":\"None\",\"kid\":\"k0\"}",
	    "{\"alg\":\"\",\"kid\":\"k0\"}",
	    "{\"kid\":\"k0\"}",
	    "{\"alg\":[\"RS256\"],\"kid\":\"k0\"}",
	    "{\"alg\":\"RS512\",\"kid\":\"k0\"}",
	    "{\"alg\":\"rs256\",\"kid\":\"k0\"}",
	    "{\"alg\":\"RS256\\u0000\",\"kid\":\"k0\"}",
	};
	struct mst_err err = MST_ERR_INIT;
	char *pem = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	long n;

	(void)state;
	for (size_t i = 0; i < MST_LEN(headers); i++) {
		refused(headers[i], "none", NULL, MST_E_INVALID, "algorithm");
		refused(headers[i], "RS256", fx.keys[0], MST_E_INVALID,
			"algorithm");
	}
	/* nothing signed at all */
	refused("{\"alg\":\"RS256\",\"kid\":\"k0\"}", "none", NULL,
		MST_E_INVALID, "signature");
	/* the public key, which everybody has, as a shared secret */
	PEM_write_bio_PUBKEY(bio, fx.keys[0]);
	n = BIO_get_mem_data(bio, &pem);
	jwt_sign("{\"alg\":\"HS256\",\"kid\":\"k0\"}", "{\"sub\":\"a\"}",
		 "HS256", NULL, mst_slice(pem, (size_t)n), &fx.token);
	t_failed(verify(&err), &err, MST_E_INVALID, "algorithm");
	jwt_sign("{\"alg\":\"RS256\",\"kid\":\"k0\"}", "{\"sub\":\"a\"}",
		 "HS256", NULL, mst_slice(pem, (size_t)n), &fx.token);
	t_failed(verify(&err), &err, MST_E_AUTH, "signature");
	BIO_free(bio);
	/* a key that it brings itself */
	refused("{\"alg\":\"RS256\",\"kid\":\"x\",\"jwk\":{\"kty\":\"RSA\"},"
		"\"jku\":\"https://evil.example/keys\"}",
		"RS256", fx.other, MST_E_NOTFOUND, "key");
	refused("{\"alg\":\"RS256\",\"kid\":\"k0\",\"crit\":[\"exp\"]}",
		"RS256", fx.keys[0], MST_E_INVALID, "crit");
}

static void forms(void **state)
{
	static const char *const texts[] = {
	    "",
	    ".",
	    "..",
	    "...",
	    "a.b.c",
	    "a.b",
	    "a.b.c.d",
	    "e30.e30.",
	    "e30..e30",
	    ".e30.e30",
	    "W10.e30.e30",
	    "e30=.e30.e30",
	    "e3 0.e30.e30",
	    "e30.e30.e30\n",
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_jwt t;

	(void)state;
	for (size_t i = 0; i < MST_LEN(texts); i++) {
		if (mst_jwt_read(mst_slice_str(texts[i]), &fx.arena, &t,
				 &err) != -MST_E_INVALID)
			fail_msg("\"%s\" is a token", texts[i]);
	}
	/* every byte counts */
	sign_as("{\"alg\":\"ES256\",\"kid\":\"k1\"}", "ES256", fx.keys[1]);
	for (size_t i = 0; i < fx.token.n; i++) {
		char was = fx.token.p[i];

		fx.token.p[i] = was == 'A' ? 'B' : 'A';
		/* the last letter of a part may have bits that mean nothing */
		if (verify(&err) == 0 && fx.token.p[i + 1] &&
		    fx.token.p[i + 1] != '.')
			fail_msg("byte %zu does not count", i);
		fx.token.p[i] = was;
	}
	t_ok(verify(&err), &err);
	mst_buf_reset(&fx.token);
	for (size_t i = 0; i < MST_JWT_MAX + 1; i++)
		mst_buf_addc(&fx.token, 'a');
	t_failed(verify(&err), &err, MST_E_INVALID, "too long");
}

static void sets(void **state)
{
	struct mst_buf b = MST_BUF_INIT(65536);
	EVP_PKEY *small = jwt_key("rsa1024");
	struct mst_err err = MST_ERR_INIT;
	struct mst_jwks *set = NULL;

	(void)state;
	jwt_set(&small, 1, &b);
	t_failed(mst_jwks_read(mst_buf_slice(&b), &set, &err), &err,
		 MST_E_CORRUPT, "none that can be used");
	t_failed(mst_jwks_read(MST_SLICE_LIT("{\"keys\":[]}"), &set, &err),
		 &err, MST_E_CORRUPT, "none");
	t_failed(mst_jwks_read(MST_SLICE_LIT("[]"), &set, &err), &err,
		 MST_E_CORRUPT, "none");
	t_failed(mst_jwks_read(MST_SLICE_LIT("<html>"), &set, &err), &err,
		 MST_E_CORRUPT, "");
	/* shared keys, keys for encrypting, points that are on no curve */
	t_failed(
	    mst_jwks_read(
		MST_SLICE_LIT(
		    "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAAA\"},"
		    "{\"kty\":\"EC\",\"kid\":\"b\",\"crv\":\"P-256\","
		    "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
		    "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"},"
		    "{\"kty\":\"RSA\",\"kid\":\"c\",\"use\":\"enc\"}]}"),
		&set, &err),
	    &err, MST_E_CORRUPT, "none");
	assert_true(mst_jwks_has(fx.set, MST_SLICE_LIT("k1")));
	assert_false(mst_jwks_has(fx.set, MST_SLICE_LIT("k")));
	EVP_PKEY_free(small);
	mst_buf_fini(&b);
}

/* ---- claims -------------------------------------------------------------- */

/* What is right, with the members of `with` in front (the first one counts) and
 * one left out. */
static int claims(const char *with, const char *without, struct mst_err *err)
{
	static const char *const parts[] = {
	    "\"iss\":\"" ISSUER "\"",  "\"aud\":\"client\"",
	    "\"exp\":1700003000",      "\"nbf\":1699999700",
	    "\"iat\":1699999700",      "\"nonce\":\"n0nce\"",
	    "\"tid\":\"" TENANT "\"",  "\"sub\":\"s\"",
	    "\"roles\":[\"a\",\"b\"]",
	};
	static const struct mst_claims_want want = {
	    .issuer = ISSUER,
	    .client_id = "client",
	    .nonce = "n0nce",
	    .now_us = NOW * 1000000,
	};
	struct mst_buf b = MST_BUF_INIT(65536);
	struct mst_json root;
	char name[32];
	int rc;

	(void)snprintf(name, sizeof(name), "\"%s\"", without ? without : "-");
	(void)mst_buf_addf(&b, "{%s\"x\":0", with);
	for (size_t i = 0; i < MST_LEN(parts); i++) {
		if (strncmp(parts[i], name, strlen(name)) != 0)
			(void)mst_buf_addf(&b, ",%s", parts[i]);
	}
	(void)mst_buf_addc(&b, '}');
	t_ok(mst_json_parse(fx.json, mst_buf_slice(&b), &root, err), err);
	rc = mst_claims_check(root, &want, err);
	mst_buf_fini(&b);
	return rc;
}

static void bad_claim(const char *with, const char *without, const char *part)
{
	struct mst_err err = MST_ERR_INIT;

	t_failed(claims(with, without, &err), &err, MST_E_AUTH, part);
}

static void said(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	t_ok(claims("", NULL, &err), &err);
	t_ok(claims("\"iss\":\"" ISSUER "/\",", "iss", &err), &err);
	t_ok(claims("\"aud\":[\"client\"],", "aud", &err), &err);
	t_ok(claims("\"aud\":[\"x\",\"client\"],\"azp\":\"client\",", "aud",
		    &err),
	     &err);
	t_ok(claims("", "nbf", &err), &err);
	/* clocks differ a little */
	t_ok(claims("\"exp\":1699999900,", "exp", &err), &err);
	t_ok(claims("\"nbf\":1700000100,", "nbf", &err), &err);
}

static void said_wrong(void **state)
{
	(void)state;
	bad_claim("", "iss", "issuer");
	bad_claim("\"iss\":\"https://login.example/other/v2.0\",", "iss",
		  "issuer");
	bad_claim("\"iss\":\"" ISSUER "x\",", "iss", "issuer");
	bad_claim("", "aud", "aud");
	bad_claim("\"aud\":\"other\",", "aud", "aud");
	bad_claim("\"aud\":[\"other\",\"client\"],", "aud", "aud");
	bad_claim("\"aud\":[\"other\",\"client\"],\"azp\":\"other\",", "aud",
		  "aud");
	bad_claim("\"aud\":{\"client\":1},", "aud", "aud");
	bad_claim("", "exp", "exp");
	bad_claim("\"exp\":1699999800,", "exp", "ended");
	bad_claim("\"exp\":\"1700003000\",", "exp", "exp");
	bad_claim("\"exp\":-9223372036854775808,", "exp", "ended");
	bad_claim("\"nbf\":1700000200,", "nbf", "not valid yet");
	bad_claim("\"nbf\":\"x\",", "nbf", "nbf");
	bad_claim("", "iat", "iat");
	bad_claim("\"iat\":1700000200,", "iat", "future");
	bad_claim("\"iat\":1699990000,", "iat", "too long ago");
	bad_claim("", "nonce", "nonce");
	bad_claim("\"nonce\":\"\",", "nonce", "nonce");
	bad_claim("\"nonce\":\"n0nc\",", "nonce", "nonce");
	bad_claim("\"nonce\":\"n0nce\\u0000\",", "nonce", "nonce");
	bad_claim("\"nonce\":[\"n0nce\"],", "nonce", "nonce");
	bad_claim("", "tid", "tenant");
	bad_claim("\"tid\":\"00000000-2222-4333-8444-555555555555\",", "tid",
		  "tenant");
	bad_claim("", "sub", "sub");
}

static void roles(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;

	(void)state;
	t_ok(mst_json_parse(fx.json,
			    MST_SLICE_LIT("{\"roles\":[\"a\",7,\"b\"],"
					  "\"one\":\"a b\"}"),
			    &root, &err),
	     &err);
	assert_true(mst_claims_has(root, "roles", "b"));
	assert_false(mst_claims_has(root, "roles", "c"));
	assert_true(mst_claims_has(root, "one", "a b"));
	assert_false(mst_claims_has(root, "one", "a"));
	assert_false(mst_claims_has(root, "none", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good),	  cmocka_unit_test(other_keys),
	    cmocka_unit_test(algorithms), cmocka_unit_test(forms),
	    cmocka_unit_test(sets),	  cmocka_unit_test(said),
	    cmocka_unit_test(said_wrong), cmocka_unit_test(roles),
	};

	return cmocka_run_group_tests_name("jwt", tests, begin, end);
}
