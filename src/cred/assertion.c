/* SPDX-License-Identifier: Apache-2.0
 *
 * The client assertion: a JWT (RFC 7519) signed with the certificate's key, by
 * PS256 with x5t#S256 or RS256 with x5t (RFC 7515, RFC 7518 sections 3.3 and
 * 3.5). Thumbprints are over the raw bytes of the certificate and, like all
 * parts, base64url without padding.
 */
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/b64.h"
#include "base/time.h"
#include "cred/private.h"
#include "json/out.h"

#define PART_MAX (64u << 10)

static int make_guid(char out[37], struct mst_err *err)
{
	unsigned char r[16];

	if (RAND_bytes(r, sizeof(r)) != 1)
		return mst_err_set(err, MST_E_INTERNAL,
				   "no random numbers from OpenSSL");
	r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
	r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
	(void)snprintf(out, 37,
		       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		       "%02x%02x%02x%02x%02x%02x",
		       r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8],
		       r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
	return 0;
}

static void write_header(const struct mst_cert *c, bool is_pss,
			 struct mst_buf *out)
{
	struct mst_jout j;

	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "alg", is_pss ? "PS256" : "RS256");
	mst_jout_kstr(&j, "typ", "JWT");
	if (is_pss)
		mst_jout_kstr(&j, "x5t#S256", c->x5t256);
	else
		mst_jout_kstr(&j, "x5t", c->x5t);
	if (c->x5c_n) {
		mst_jout_key(&j, "x5c");
		mst_jout_arr(&j);
		for (size_t i = 0; i < c->x5c_n; i++)
			mst_jout_str(&j, c->x5c[i]);
		mst_jout_end_arr(&j);
	}
	mst_jout_end_obj(&j);
}

static int write_claims(const char *aud, const char *client_id,
			struct mst_buf *out, struct mst_err *err)
{
	int64_t now_s = mst_now_us() / 1000000;
	struct mst_jout j;
	char jti[37];
	int rc = make_guid(jti, err);

	if (rc)
		return rc;
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "aud", aud);
	mst_jout_kstr(&j, "iss", client_id);
	mst_jout_kstr(&j, "sub", client_id);
	mst_jout_kstr(&j, "jti", jti);
	mst_jout_ki64(&j, "nbf", now_s);
	mst_jout_ki64(&j, "iat", now_s);
	mst_jout_ki64(&j, "exp", now_s + MST_ASSERTION_S);
	mst_jout_end_obj(&j);
	return 0;
}

int mst_assertion_make(const struct mst_cert *c, const char *alg,
		       const char *aud, const char *client_id,
		       struct mst_buf *out, struct mst_err *err)
{
	struct mst_buf part = MST_BUF_INIT(PART_MAX);
	struct mst_buf jwt = MST_BUF_INIT(2 * PART_MAX);
	bool is_pss = strcmp(alg, "PS256") == 0;
	int rc;

	write_header(c, is_pss, &part);
	mst_b64url_add(&jwt, mst_buf_slice(&part));
	mst_buf_addc(&jwt, '.');
	mst_buf_reset(&part);
	rc = write_claims(aud, client_id, &part, err);
	mst_b64url_add(&jwt, mst_buf_slice(&part));
	mst_buf_reset(&part);
	if (!rc)
		rc = mst_cert_sign(c, is_pss, mst_buf_slice(&jwt), &part, err);
	mst_buf_addc(&jwt, '.');
	mst_b64url_add(&jwt, mst_buf_slice(&part));
	if (!rc &&
	    (jwt.overflow || !mst_buf_add_slice(out, mst_buf_slice(&jwt))))
		rc = mst_err_set(err, MST_E_INTERNAL,
				 "the assertion is too large; leave send_x5c "
				 "out");
	mst_buf_fini(&part);
	mst_buf_wipe_fini(&jwt);
	return rc;
}

int mst_cred_assertion(const char *certificate, const char *key,
		       const struct mst_secret *password, const char *aud,
		       const char *client_id, struct mst_buf *out,
		       struct mst_err *err)
{
	const struct mst_cert_conf conf = {
	    .path = certificate, .key_path = key, .password = password};
	struct mst_cert c;
	int rc = mst_cert_load(&conf, &c, err);

	if (rc < 0)
		return rc;
	rc = mst_assertion_make(&c, "PS256", aud, client_id, out, err);
	mst_cert_fini(&c);
	return rc;
}
