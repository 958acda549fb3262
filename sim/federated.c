/* SPDX-License-Identifier: Apache-2.0
 *
 * A federated credential of the application (workload identity): a token that
 * another issuer signed, as Entra ID takes it. Its issuer's key is registered
 * by the control API instead of being fetched from the issuer.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/entra.h"

#define SKEW_S 300

struct sim_federated {
	char issuer[512], subject[512], audience[256];
	EVP_PKEY *key; /* NULL: there is none */
	struct mst_json_parser *header, *claims;
};

struct sim_federated *sim_federated_new(void)
{
	struct sim_federated *f = mst_alloc(sizeof(*f));

	f->header = mst_json_parser_new(65536);
	f->claims = mst_json_parser_new(65536);
	return f;
}

void sim_federated_clear(struct sim_federated *f)
{
	EVP_PKEY_free(f->key);
	f->key = NULL;
}

void sim_federated_free(struct sim_federated **f)
{
	if (!*f)
		return;
	sim_federated_clear(*f);
	mst_json_parser_free(&(*f)->header);
	mst_json_parser_free(&(*f)->claims);
	free(*f);
	*f = NULL;
}

static void take(struct mst_json v, const char *key, char *out, size_t n)
{
	snprintf(out, n, "%.*s",
		 MST_SLICE_ARG(mst_json_str(mst_json_get(v, key))));
}

int sim_federated_set(struct sim_federated *f, struct mst_json v,
		      struct mst_err *err)
{
	struct mst_slice pem = mst_json_str(mst_json_get(v, "pem"));
	BIO *bio;
	X509 *x;

	if (mst_json_type(v) != MST_JSON_OBJECT)
		return 0;
	bio = BIO_new_mem_buf(pem.n ? pem.p : "", (int)pem.n);
	x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	if (!x)
		return mst_err_set(err, MST_E_INVALID,
				   "federated: no certificate in PEM form");
	take(v, "issuer", f->issuer, sizeof(f->issuer));
	take(v, "subject", f->subject, sizeof(f->subject));
	take(v, "audience", f->audience, sizeof(f->audience));
	EVP_PKEY_free(f->key);
	f->key = X509_get_pubkey(x);
	X509_free(x);
	return 0;
}

static void fail(struct assertion_result *res, int code, const char *what,
		 struct mst_json v)
{
	res->aadsts = code;
	snprintf(
	    res->text, sizeof(res->text),
	    "No matching federated identity record found for presented "
	    "assertion %s '%.100s'. Check your federated identity "
	    "credential Subject, Audience and Issuer against the presented "
	    "assertion.",
	    what, mst_json_str(v).n ? mst_json_str(v).p : "");
}

static void check_time(struct mst_json claims, int64_t now_s,
		       struct assertion_result *res)
{
	int64_t exp = 0, nbf = 0;

	if (mst_json_i64(mst_json_get(claims, "exp"), &exp) &&
	    exp + SKEW_S > now_s &&
	    (!mst_json_i64(mst_json_get(claims, "nbf"), &nbf) ||
	     nbf - SKEW_S <= now_s))
		return;
	res->aadsts = 700024;
	snprintf(res->text, sizeof(res->text),
		 "Client assertion is not within its valid time range.");
}

static void check(struct sim_federated *f, struct sim_jwt *p,
		  struct mst_json header, struct mst_json claims, int64_t now_s,
		  struct assertion_result *res)
{
	struct mst_json iss = mst_json_get(claims, "iss");
	struct mst_json sub = mst_json_get(claims, "sub");
	struct mst_json aud = mst_json_get(claims, "aud");
	struct mst_json_iter it = mst_json_iter(aud);
	struct mst_json first;

	if (mst_json_type(aud) == MST_JSON_ARRAY &&
	    mst_json_next(&it, NULL, &first))
		aud = first;
	if (!f->key || !mst_json_is_str(iss, f->issuer))
		fail(res, 700211, "issuer", iss);
	else if (!mst_json_is_str(sub, f->subject))
		fail(res, 700213, "subject", sub);
	else if (!mst_json_is_str(aud, f->audience))
		fail(res, 700212, "audience", aud);
	else if (!mst_json_is_str(mst_json_get(header, "alg"), "RS256") ||
		 !sim_jwt_signed_by(f->key, false, p)) {
		res->aadsts = 50013;
		snprintf(res->text, sizeof(res->text),
			 "Assertion failed signature validation. [Reason - The "
			 "provided signature value did not match the expected "
			 "signature value.]");
	} else
		check_time(claims, now_s, res);
}

bool sim_federated_check(struct sim_federated *f, const char *assertion,
			 int64_t now_us, struct assertion_result *res)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json header, claims;
	struct sim_jwt p;
	bool is_ours;

	*res = (struct assertion_result){0};
	is_ours = sim_jwt_split(assertion, &p) &&
		  mst_json_parse(f->header, mst_buf_slice(&p.header), &header,
				 &err) == 0 &&
		  mst_json_parse(f->claims, mst_buf_slice(&p.claims), &claims,
				 &err) == 0 &&
		  f->key && !mst_json_str(mst_json_get(header, "x5t")).n &&
		  !mst_json_str(mst_json_get(header, "x5t#S256")).n;
	if (is_ours)
		check(f, &p, header, claims, now_us / 1000000, res);
	sim_jwt_fini(&p);
	return is_ours;
}
