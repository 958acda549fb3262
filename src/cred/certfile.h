/* SPDX-License-Identifier: Apache-2.0
 *
 * What is in a certificate file: PEM (certificates, perhaps a key), DER (one
 * certificate) or PKCS#12. Says nothing of whether it can be used.
 */
#ifndef MST_CRED_CERTFILE_H
#define MST_CRED_CERTFILE_H

#include "base/err.h"
#include "base/secret.h"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */
struct x509_st;	    /* OpenSSL's X509 */

#define MST_CERTFILE_CERTS 16 /* more are not looked at */

struct mst_certfile {
	struct x509_st *certs[MST_CERTFILE_CERTS]; /* as they stand there */
	size_t certs_n;
	struct evp_pkey_st *key; /* NULL: there is none */
};

/* Reads certificates and, when it holds one, the key. password: of the key or
 * the PKCS#12 file, NULL: none was given. MST_E_NOTFOUND when the file is not
 * there; MST_E_AUTH when a password is missing or does not fit; MST_E_INVALID
 * for what is none of these forms; MST_E_FORBIDDEN when the account may not
 * read it. A file whose key others may read or write is MST_E_INVALID. Each
 * says what to do. */
int mst_certfile_read(const char *path, const struct mst_secret *password,
		      struct mst_certfile *f_r, struct mst_err *err);
void mst_certfile_fini(struct mst_certfile *f);

#endif
