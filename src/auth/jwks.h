/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the issuer's keys (jwks.c) and what is checked with them (jwt.c).
 */
#ifndef MST_AUTH_JWKS_H
#define MST_AUTH_JWKS_H

#include "auth/jwt.h"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

struct mst_jwk {
	char *kid;
	bool rsa; /* else P-256 */
	struct evp_pkey_st *key;
};

struct mst_jwks {
	struct mst_jwk v[MST_JWKS_KEYS];
	size_t n;
};

/* NULL: there is none of that name. */
const struct mst_jwk *mst_jwks_find(const struct mst_jwks *k,
				    struct mst_slice kid);

#endif
