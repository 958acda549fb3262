/* SPDX-License-Identifier: Apache-2.0
 *
 * A certificate and its key on a PKCS#11 token (smart card, HSM), named by a
 * URI (RFC 7512). The private key never leaves the token.
 */
#ifndef MST_CRED_PKCS11_H
#define MST_CRED_PKCS11_H

#include "base/buf.h"
#include "base/secret.h"

struct x509_st; /* OpenSSL's X509 */
struct mst_token_key;

bool mst_is_token_uri(const char *text);
/* Opens a session and finds the certificate and its private key (the same id).
 * pin NULL: the token must not need one. A PIN is tried once. The caller frees
 * both results. Each thing that may be wrong (URI, module, token, PIN, several
 * that fit, no certificate, no key) has its message. */
int mst_token_key_open(const char *uri, const struct mst_secret *pin,
		       struct mst_token_key **k_r, struct x509_st **cert_r,
		       struct mst_err *err);
/* As mst_cert_sign (private.h). */
int mst_token_key_sign(struct mst_token_key *k, bool is_pss,
		       struct mst_slice text, struct mst_buf *out,
		       struct mst_err *err);
void mst_token_key_free(struct mst_token_key **k);

#endif
