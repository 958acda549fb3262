/* SPDX-License-Identifier: Apache-2.0
 *
 * An id token: a JWT (RFC 7519) that is signed with one of the issuer's keys
 * (RFC 7515, 7517, 7518): RS256, PS256, ES256 and nothing else. Everything of
 * it comes from outside: it is bounded, and believed only when all of this file
 * said yes.
 */
#ifndef MST_AUTH_JWT_H
#define MST_AUTH_JWT_H

#include "base/arena.h"
#include "base/err.h"
#include "json/json.h"

#define MST_JWT_MAX	 (128u << 10)
#define MST_JWKS_MAX	 (1u << 20)
#define MST_JWKS_KEYS	 64
#define MST_JWT_SKEW_S	 120  /* clocks that differ */
#define MST_JWT_OLDEST_S 3600 /* since it was issued */

/* ---- the issuer's keys --------------------------------------------------- */

struct mst_jwks;

/* Keys for signing: RSA of 2048 bits and more, P-256. Others, and those that
 * are damaged, are passed over. MST_E_CORRUPT: no set of keys, or none that
 * can be used. */
int mst_jwks_read(struct mst_slice json, struct mst_jwks **k_r,
		  struct mst_err *err);
void mst_jwks_free(struct mst_jwks **k);
bool mst_jwks_has(const struct mst_jwks *k, struct mst_slice kid);

/* ---- the token ----------------------------------------------------------- */

/* In its parts, decoded; all in the arena. Nothing is believed yet. */
struct mst_jwt {
	const char *alg;
	struct mst_slice kid; /* empty: none */
	struct mst_slice signed_, signature, claims;
};

/* MST_E_INVALID: not three parts, not base64url, no header, an algorithm that
 * is not one of ours (above all "none" and those with a shared key), or a
 * header that wants what we do not know ("crit"). */
int mst_jwt_read(struct mst_slice text, struct mst_arena *arena,
		 struct mst_jwt *t_r, struct mst_err *err);
/* Is it signed by the key that it names? MST_E_NOTFOUND: the key is none of
 * these (they may have changed); MST_E_AUTH: it is not. */
int mst_jwt_verify(const struct mst_jwt *t, const struct mst_jwks *keys,
		   struct mst_err *err);

/* ---- what it says -------------------------------------------------------- */

struct mst_claims_want {
	const char *issuer, *client_id, *nonce;
	int64_t now_us;
};

/* Issuer, audience (and azp), times, nonce, and the tenant when the issuer's
 * address names one. MST_E_AUTH says which one. */
int mst_claims_check(struct mst_json claims, const struct mst_claims_want *want,
		     struct mst_err *err);
/* Has the claim (a text, or a list of texts) this value? */
bool mst_claims_has(struct mst_json claims, const char *claim,
		    const char *value);

#endif
