/* SPDX-License-Identifier: Apache-2.0
 *
 * See jwt_make.h.
 */
#include "lib/t.h"

#include "jwt_make.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "base/b64.h"

EVP_PKEY *jwt_key(const char *kind)
{
	EVP_PKEY *key = strcmp(kind, "ec") == 0	       ? EVP_EC_gen("P-256")
			: strcmp(kind, "rsa1024") == 0 ? EVP_RSA_gen(1024)
						       : EVP_RSA_gen(2048);

	assert_non_null(key);
	return key;
}

static void put_number(EVP_PKEY *key, const char *param, const char *name,
		       size_t width, struct mst_buf *out)
{
	unsigned char bytes[1024];
	BIGNUM *v = NULL;
	int n;

	assert_int_equal(EVP_PKEY_get_bn_param(key, param, &v), 1);
	n = width ? BN_bn2binpad(v, bytes, (int)width) : BN_bn2bin(v, bytes);
	assert_true(n > 0);
	(void)mst_buf_addf(out, ",\"%s\":\"", name);
	(void)mst_b64url_add(out, mst_slice((char *)bytes, (size_t)n));
	(void)mst_buf_addc(out, '"');
	BN_free(v);
}

void jwt_set(EVP_PKEY *const *keys, size_t n, struct mst_buf *out)
{
	(void)mst_buf_adds(out, "{\"keys\":[");
	for (size_t i = 0; i < n; i++) {
		bool rsa = EVP_PKEY_base_id(keys[i]) == EVP_PKEY_RSA;

		(void)mst_buf_addf(out,
				   "%s{\"kid\":\"k%zu\",\"use\":\"sig\","
				   "\"kty\":\"%s\"",
				   i ? "," : "", i, rsa ? "RSA" : "EC");
		if (rsa) {
			put_number(keys[i], OSSL_PKEY_PARAM_RSA_N, "n", 0, out);
			put_number(keys[i], OSSL_PKEY_PARAM_RSA_E, "e", 0, out);
		} else {
			(void)mst_buf_adds(out, ",\"crv\":\"P-256\"");
			put_number(keys[i], OSSL_PKEY_PARAM_EC_PUB_X, "x", 32,
				   out);
			put_number(keys[i], OSSL_PKEY_PARAM_EC_PUB_Y, "y", 32,
				   out);
		}
		(void)mst_buf_addc(out, '}');
	}
	(void)mst_buf_adds(out, "]}");
}

static void raw_of_der(const unsigned char *der, size_t n, struct mst_buf *out)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	unsigned char raw[64];

	assert_non_null(sig);
	(void)BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
	(void)BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
	(void)mst_b64url_add(out, mst_slice((char *)raw, 64));
	ECDSA_SIG_free(sig);
}

static void sign(const char *alg, EVP_PKEY *key, struct mst_buf *out)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char sig[1024];
	size_t n = sizeof(sig);
	EVP_PKEY_CTX *ctx;

	assert_int_equal(EVP_DigestSignInit(md, &ctx, EVP_sha256(), NULL, key),
			 1);
	if (strcmp(alg, "PS256") == 0) {
		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST);
	}
	assert_int_equal(
	    EVP_DigestSign(md, sig, &n, (unsigned char *)out->p, out->n), 1);
	EVP_MD_CTX_free(md);
	(void)mst_buf_addc(out, '.');
	if (strcmp(alg, "ES256") == 0)
		raw_of_der(sig, n, out);
	else
		(void)mst_b64url_add(out, mst_slice((char *)sig, n));
}

void jwt_sign(const char *header, const char *claims, const char *alg,
	      EVP_PKEY *key, struct mst_slice shared, struct mst_buf *out)
{
	unsigned char sum[32];
	unsigned n = 32;

	mst_buf_reset(out);
	(void)mst_b64url_add(out, mst_slice_str(header));
	(void)mst_buf_addc(out, '.');
	(void)mst_b64url_add(out, mst_slice_str(claims));
	if (strcmp(alg, "none") == 0) {
		(void)mst_buf_addc(out, '.');
	} else if (strcmp(alg, "HS256") == 0) {
		HMAC(EVP_sha256(), shared.p, (int)shared.n,
		     (unsigned char *)out->p, out->n, sum, &n);
		(void)mst_buf_addc(out, '.');
		(void)mst_b64url_add(out, mst_slice((char *)sum, n));
	} else {
		sign(alg, key, out);
	}
}
