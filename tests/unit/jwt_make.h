/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and id tokens for tests, made when they run.
 */
#ifndef MST_TESTS_JWT_MAKE_H
#define MST_TESTS_JWT_MAKE_H

#include <openssl/evp.h>

#include "base/buf.h"

/* "rsa2048", "rsa1024", "ec". */
EVP_PKEY *jwt_key(const char *kind);
/* {"keys": […]} of them, called k0, k1 … */
void jwt_set(EVP_PKEY *const *keys, size_t n, struct mst_buf *out);
/* A token with this header and these claims, signed as alg says: RS256, PS256,
 * ES256, "none", or "HS256" with the bytes of `shared`. */
void jwt_sign(const char *header, const char *claims, const char *alg,
	      EVP_PKEY *key, struct mst_slice shared, struct mst_buf *out);

#endif
