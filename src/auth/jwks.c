/* SPDX-License-Identifier: Apache-2.0
 *
 * The issuer's keys, out of their JSON into OpenSSL's.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#include "auth/jwks.h"
#include "base/b64.h"

#define RSA_BITS_LEAST 2048
#define RSA_BITS_MOST  8192

void mst_jwks_free(struct mst_jwks **k)
{
	if (!*k)
		return;
	for (size_t i = 0; i < (*k)->n; i++) {
		EVP_PKEY_free((*k)->v[i].key);
		free((*k)->v[i].kid);
	}
	free(*k);
	*k = NULL;
}

const struct mst_jwk *mst_jwks_find(const struct mst_jwks *k,
				    struct mst_slice kid)
{
	for (size_t i = 0; i < k->n; i++) {
		if (mst_slice_is(kid, k->v[i].kid))
			return &k->v[i];
	}
	return NULL;
}

bool mst_jwks_has(const struct mst_jwks *k, struct mst_slice kid)
{
	return mst_jwks_find(k, kid) != NULL;
}

static bool member(struct mst_json key, const char *name, struct mst_buf *out)
{
	struct mst_slice s = mst_json_str(mst_json_get(key, name));

	return s.n && mst_b64_decode(out, s) && out->n;
}

static EVP_PKEY *make(const char *type, OSSL_PARAM_BLD *bld)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

static EVP_PKEY *rsa_key(struct mst_json v)
{
	struct mst_buf n = MST_BUF_INIT(4096), e = MST_BUF_INIT(64);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *bn = NULL, *be = NULL;
	EVP_PKEY *key = NULL;

	if (bld && member(v, "n", &n) && member(v, "e", &e)) {
		bn = BN_bin2bn((unsigned char *)n.p, (int)n.n, NULL);
		be = BN_bin2bn((unsigned char *)e.p, (int)e.n, NULL);
	}
	if (bn && be && BN_num_bits(bn) >= RSA_BITS_LEAST &&
	    BN_num_bits(bn) <= RSA_BITS_MOST && BN_is_odd(be) &&
	    BN_num_bits(be) > 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be))
		key = make("RSA", bld);
	BN_free(bn);
	BN_free(be);
	OSSL_PARAM_BLD_free(bld);
	mst_buf_fini(&n);
	mst_buf_fini(&e);
	return key;
}

static EVP_PKEY *ec_key(struct mst_json v)
{
	struct mst_buf x = MST_BUF_INIT(64), y = MST_BUF_INIT(64);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	unsigned char point[65] = {4};
	EVP_PKEY *key = NULL;

	if (bld && mst_json_is_str(mst_json_get(v, "crv"), "P-256") &&
	    member(v, "x", &x) && member(v, "y", &y) && x.n == 32 &&
	    y.n == 32) {
		memcpy(point + 1, x.p, 32);
		memcpy(point + 33, y.p, 32);
		if (OSSL_PARAM_BLD_push_utf8_string(
			bld, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
		    OSSL_PARAM_BLD_push_octet_string(
			bld, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)))
			key = make("EC", bld);
	}
	OSSL_PARAM_BLD_free(bld);
	mst_buf_fini(&x);
	mst_buf_fini(&y);
	return key;
}

static void add(struct mst_jwks *k, struct mst_json v)
{
	struct mst_slice kid = mst_json_str(mst_json_get(v, "kid"));
	struct mst_json use = mst_json_get(v, "use");
	struct mst_json kty = mst_json_get(v, "kty");
	bool rsa = mst_json_is_str(kty, "RSA");
	EVP_PKEY *key;

	if (kid.n == 0 || kid.n > 256 || memchr(kid.p, 0, kid.n) ||
	    mst_jwks_has(k, kid) ||
	    (mst_json_type(use) != MST_JSON_NULL &&
	     !mst_json_is_str(use, "sig")))
		return;
	if (!rsa && !mst_json_is_str(kty, "EC"))
		return;
	key = rsa ? rsa_key(v) : ec_key(v);
	if (!key)
		return;
	k->v[k->n++] = (struct mst_jwk){
	    .kid = mst_strndup(kid.p, kid.n), .rsa = rsa, .key = key};
}

int mst_jwks_read(struct mst_slice json, struct mst_jwks **k_r,
		  struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(MST_JWKS_MAX);
	struct mst_jwks *k = mst_alloc(sizeof(*k));
	struct mst_json root, v;
	int rc = mst_json_parse(p, json, &root, err);

	if (rc == 0) {
		struct mst_json list = mst_json_get(root, "keys");
		struct mst_json_iter it = mst_json_iter(list);

		while (mst_json_type(list) == MST_JSON_ARRAY &&
		       k->n < MST_JWKS_KEYS && mst_json_next(&it, NULL, &v))
			add(k, v);
		if (!k->n)
			rc = mst_err_set(err, MST_E_CORRUPT,
					 "the issuer's set of keys has none "
					 "that can be used");
	}
	mst_json_parser_free(&p);
	if (rc < 0)
		mst_jwks_free(&k);
	else
		*k_r = k;
	return rc;
}
