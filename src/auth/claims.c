/* SPDX-License-Identifier: Apache-2.0
 *
 * What an id token says, against what it must say (OpenID Connect Core 3.1.3.7,
 * and what Entra ID's documentation adds: the tenant).
 */
#include <string.h>

#include "auth/jwt.h"
#include "auth/token.h"

static int wrong(struct mst_err *err, const char *what)
{
	return mst_err_set(err, MST_E_AUTH, "the id token %s", what);
}

/* Two addresses, with or without a slash at their end. */
static bool same_issuer(struct mst_slice a, const char *b)
{
	struct mst_slice s = mst_slice_str(b);

	while (a.n && a.p[a.n - 1] == '/')
		a.n--;
	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	return mst_slice_eq(a, s);
}

static bool for_us(struct mst_json claims, const char *client)
{
	struct mst_json aud = mst_json_get(claims, "aud"), v;
	struct mst_json azp = mst_json_get(claims, "azp");
	struct mst_json_iter it = mst_json_iter(aud);
	size_t n = 0;
	bool ours = false;

	if (mst_json_type(aud) == MST_JSON_STRING)
		return mst_json_is_str(aud, client);
	while (mst_json_type(aud) == MST_JSON_ARRAY &&
	       mst_json_next(&it, NULL, &v)) {
		ours = ours || mst_json_is_str(v, client);
		n++;
	}
	return ours && (n == 1 || mst_json_is_str(azp, client));
}

static bool number(struct mst_json claims, const char *name, int64_t *s_r)
{
	struct mst_json v = mst_json_get(claims, name);
	double d;

	if (mst_json_type(v) == MST_JSON_INT)
		return mst_json_i64(v, s_r);
	if (mst_json_type(v) != MST_JSON_DOUBLE || !mst_json_dbl(v, &d) ||
	    d < 0 || d > 1e15)
		return false;
	*s_r = (int64_t)d;
	return true;
}

static int check_times(struct mst_json claims, int64_t now_s,
		       struct mst_err *err)
{
	bool has_nbf =
	    mst_json_type(mst_json_get(claims, "nbf")) != MST_JSON_NULL;
	int64_t exp, iat, nbf = 0;

	if (!number(claims, "exp", &exp))
		return wrong(err, "has no end (exp)");
	if (exp < now_s - MST_JWT_SKEW_S)
		return wrong(err, "has ended (exp)");
	if (has_nbf && !number(claims, "nbf", &nbf))
		return wrong(err, "has a damaged beginning (nbf)");
	if (nbf > now_s + MST_JWT_SKEW_S)
		return wrong(err, "is not valid yet (nbf): is the clock of "
				  "this machine right?");
	if (!number(claims, "iat", &iat))
		return wrong(err, "does not say when it was issued (iat)");
	if (iat > now_s + MST_JWT_SKEW_S)
		return wrong(err, "was issued in the future (iat): is the "
				  "clock of this machine right?");
	if (iat < now_s - MST_JWT_OLDEST_S)
		return wrong(err, "was issued too long ago (iat)");
	return 0;
}

/* "https://login.example/TENANT-ID/v2.0": the id; empty when it has none. */
static struct mst_slice tenant_of(const char *issuer)
{
	const char *p = strstr(issuer, "://");
	size_t n;

	p = p ? strchr(p + 3, '/') : NULL;
	n = p ? strcspn(++p, "/") : 0;
	for (size_t i = 0; i < n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? p[i] != '-'
			 : !strchr("0123456789abcdefABCDEF", p[i]))
			return mst_slice(NULL, 0);
	}
	return n == 36 ? mst_slice(p, n) : mst_slice(NULL, 0);
}

int mst_claims_check(struct mst_json claims, const struct mst_claims_want *want,
		     struct mst_err *err)
{
	struct mst_slice tenant = tenant_of(want->issuer), nonce;
	char text[256];

	if (mst_json_type(claims) != MST_JSON_OBJECT)
		return wrong(err, "has no claims");
	if (!same_issuer(mst_json_str(mst_json_get(claims, "iss")),
			 want->issuer))
		return wrong(err, "is of another issuer (iss)");
	if (!for_us(claims, want->client_id))
		return wrong(err, "is for another application (aud)");
	if (check_times(claims, want->now_us / 1000000, err) < 0)
		return -(int)err->code;
	nonce = mst_json_str(mst_json_get(claims, "nonce"));
	if (nonce.n == 0 || nonce.n >= sizeof(text) ||
	    memchr(nonce.p, 0, nonce.n))
		return wrong(err, "is not of this sign-in (nonce)");
	memcpy(text, nonce.p, nonce.n);
	text[nonce.n] = 0;
	if (!mst_text_same(text, want->nonce))
		return wrong(err, "is not of this sign-in (nonce)");
	if (tenant.n &&
	    !mst_slice_ieq(mst_json_str(mst_json_get(claims, "tid")), tenant))
		return wrong(err, "is of another tenant (tid)");
	if (mst_json_str(mst_json_get(claims, "sub")).n == 0)
		return wrong(err, "does not say who it is of (sub)");
	return 0;
}

bool mst_claims_has(struct mst_json claims, const char *claim,
		    const char *value)
{
	struct mst_json v = mst_json_get(claims, claim), item;
	struct mst_json_iter it = mst_json_iter(v);

	if (mst_json_type(v) == MST_JSON_STRING)
		return mst_json_is_str(v, value);
	while (mst_json_type(v) == MST_JSON_ARRAY &&
	       mst_json_next(&it, NULL, &item)) {
		if (mst_json_is_str(item, value))
			return true;
	}
	return false;
}
