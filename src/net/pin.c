/* SPDX-License-Identifier: Apache-2.0
 *
 * Pins of public keys: their form, and that of a certificate.
 */
#include "net/pin.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "base/b64.h"

#define HEAD   "sha256//"
#define DIGEST 32 /* bytes of SHA-256 */

static bool is_pin(struct mst_slice s)
{
	size_t head = sizeof(HEAD) - 1;
	struct mst_buf raw = MST_BUF_INIT(64);
	bool ok = s.n == MST_PIN_SIZE - 1 && memcmp(s.p, HEAD, head) == 0;

	ok = ok && mst_b64_decode(&raw, mst_slice(s.p + head, s.n - head)) &&
	     raw.n == DIGEST;
	mst_buf_fini(&raw);
	/* libcurl compares texts: only the standard alphabet will do */
	return ok && !memchr(s.p + head, '-', s.n - head) &&
	       !memchr(s.p + head, '_', s.n - head);
}

int mst_pin_check(const char *pin, struct mst_err *err)
{
	const char *at = pin, *end;

	do {
		end = strchr(at, ';');
		if (!is_pin(
			mst_slice(at, end ? (size_t)(end - at) : strlen(at))))
			return mst_err_set(
			    err, MST_E_INVALID,
			    "pin: '%.60s' is no pin: it is " HEAD
			    " and 44 characters of Base64, several with ';' "
			    "between and no blanks; the connection test shows "
			    "that of the far end",
			    pin);
		at = end ? end + 1 : NULL;
	} while (at);
	return 0;
}

bool mst_pin_of(const X509 *x, char out[MST_PIN_SIZE])
{
	struct mst_buf text = MST_BUF_INIT(64);
	unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
	unsigned digest_n = 0;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	bool ok = n > 0 && EVP_Digest(der, (size_t)n, digest, &digest_n,
				      EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	if (ok)
		ok = mst_b64_add(&text,
				 mst_slice((const char *)digest, digest_n));
	if (ok)
		(void)snprintf(out, MST_PIN_SIZE, HEAD "%s", text.p);
	mst_buf_fini(&text);
	return ok;
}
