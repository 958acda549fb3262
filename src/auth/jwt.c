/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking a token apart, and its signature.
 */
#include "auth/jwt.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "auth/jwks.h"
#include "base/b64.h"

#define HEADER_MAX (16u << 10)

/* ---- taking it apart ----------------------------------------------------- */

static int no_token(struct mst_err *err, const char *why)
{
	return mst_err_set(err, MST_E_INVALID, "the id token %s", why);
}

static bool only_url_letters(struct mst_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return s.n > 0;
}

static bool decode(struct mst_slice part, struct mst_arena *arena,
		   struct mst_slice *out_r)
{
	struct mst_buf b = MST_BUF_INIT(MST_JWT_MAX);
	bool good = only_url_letters(part) && mst_b64_decode(&b, part);

	if (good)
		*out_r = mst_arena_dup(arena, mst_buf_slice(&b));
	mst_buf_fini(&b);
	return good;
}

static const char *known_alg(struct mst_slice alg)
{
	static const char *const algs[] = {"RS256", "PS256", "ES256"};

	for (size_t i = 0; i < MST_LEN(algs); i++) {
		if (mst_slice_is(alg, algs[i]))
			return algs[i];
	}
	return NULL;
}

static int read_header(struct mst_slice header, struct mst_arena *arena,
		       struct mst_jwt *t, struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(HEADER_MAX);
	struct mst_err why = MST_ERR_INIT;
	struct mst_json root;
	int rc = 0;

	if (mst_json_parse(p, header, &root, &why) < 0 ||
	    mst_json_type(root) != MST_JSON_OBJECT) {
		rc = no_token(err, "has no header");
	} else if (mst_json_type(mst_json_get(root, "crit")) != MST_JSON_NULL) {
		rc = no_token(err, "wants what is not known here (crit)");
	} else {
		t->alg = known_alg(mst_json_str(mst_json_get(root, "alg")));
		t->kid = mst_arena_dup(arena,
				       mst_json_str(mst_json_get(root, "kid")));
		if (!t->alg)
			rc = no_token(err, "is signed by an algorithm that is "
					   "not accepted: RS256, PS256 and "
					   "ES256 are");
	}
	mst_json_parser_free(&p);
	return rc;
}

int mst_jwt_read(struct mst_slice text, struct mst_arena *arena,
		 struct mst_jwt *t_r, struct mst_err *err)
{
	const char *one, *two, *end = text.p + text.n;
	struct mst_slice header;
	struct mst_jwt t = {0};
	int rc;

	if (text.n > MST_JWT_MAX)
		return no_token(err, "is too long");
	one = text.n ? memchr(text.p, '.', text.n) : NULL;
	two = one ? memchr(one + 1, '.', (size_t)(end - one - 1)) : NULL;
	if (!two || memchr(two + 1, '.', (size_t)(end - two - 1)))
		return no_token(err, "does not have three parts");
	if (!decode(mst_slice(text.p, (size_t)(one - text.p)), arena,
		    &header) ||
	    !decode(mst_slice(one + 1, (size_t)(two - one - 1)), arena,
		    &t.claims))
		return no_token(err, "is not base64url");
	rc = read_header(header, arena, &t, err);
	if (rc < 0)
		return rc;
	if (!decode(mst_slice(two + 1, (size_t)(end - two - 1)), arena,
		    &t.signature))
		return no_token(err, "has no signature");
	t.signed_ =
	    mst_arena_dup(arena, mst_slice(text.p, (size_t)(two - text.p)));
	*t_r = t;
	return 0;
}

/* ---- the signature ------------------------------------------------------- */

/* ES256 has both numbers one behind the other; OpenSSL wants them as DER. */
static bool to_der(struct mst_slice raw, unsigned char **der_r, int *n_r)
{
	const unsigned char *p = (const unsigned char *)raw.p;
	ECDSA_SIG *sig;
	BIGNUM *r, *s;

	if (raw.n != 64)
		return false;
	sig = ECDSA_SIG_new();
	r = BN_bin2bn(p, 32, NULL);
	s = BN_bin2bn(p + 32, 32, NULL);
	*der_r = NULL;
	*n_r = 0;
	if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL; /* its own now */
		*n_r = i2d_ECDSA_SIG(sig, der_r);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return *n_r > 0;
}

static bool fits(const struct mst_jwk *k, bool pss, struct mst_slice text,
		 const unsigned char *sig, size_t sig_n)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	bool good = md && EVP_DigestVerifyInit(md, &ctx, EVP_sha256(), NULL,
					       k->key) == 1;

	if (good && pss)
		good = EVP_PKEY_CTX_set_rsa_padding(
			   ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(
			   ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
	good = good &&
	       EVP_DigestVerify(md, sig, sig_n, (const unsigned char *)text.p,
				text.n) == 1;
	EVP_MD_CTX_free(md);
	return good;
}

int mst_jwt_verify(const struct mst_jwt *t, const struct mst_jwks *keys,
		   struct mst_err *err)
{
	const struct mst_jwk *k = mst_jwks_find(keys, t->kid);
	const unsigned char *sig = (const unsigned char *)t->signature.p;
	bool es = strcmp(t->alg, "ES256") == 0, good = false;
	size_t n = t->signature.n;
	unsigned char *der = NULL;
	int der_n = 0;

	if (!k)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the id token is signed with a key that the "
				   "issuer does not have (any more)");
	if (k->rsa == es)
		return mst_err_set(err, MST_E_AUTH,
				   "the id token's algorithm %s is not that of "
				   "its key",
				   t->alg);
	if (!es)
		good =
		    fits(k, strcmp(t->alg, "PS256") == 0, t->signed_, sig, n);
	else if (to_der(t->signature, &der, &der_n))
		good = fits(k, false, t->signed_, der, (size_t)der_n);
	OPENSSL_free(der);
	return good ? 0
		    : mst_err_set(err, MST_E_AUTH,
				  "the id token's signature is wrong");
}
