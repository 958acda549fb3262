/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and self-signed certificates for tests, made when they run.
 */
#ifndef MST_TESTS_PKI_H
#define MST_TESTS_PKI_H

#include <stdbool.h>
#include <stddef.h>

struct t_pki {
	char *cert, *key; /* PEM texts */
};

/* kind: "rsa2048", "rsa1024", "ec". from_s and to_s are seconds from now.
 * passphrase NULL: the key is not protected. host: subject and name, "IP:…"
 * for an address. */
struct t_pki t_pki_make(const char *kind, const char *host, long from_s,
			long to_s, const char *passphrase);
/* All of it: with an organization in the subject, the digest that signs
 * ("sha1"; NULL: "sha256"), and who issues it (NULL: itself). */
struct t_pki_conf {
	const char *kind, *host;
	long from_s, to_s;
	const char *passphrase;
	const char *organization; /* "O" of the subject, NULL: none */
	const char *digest;
	const struct t_pki *issuer;
};
struct t_pki t_pki_make_as(const struct t_pki_conf *conf);
/* The PKCS#12 file of a pair, with `more` (PEM, NULL: none) as further
 * certificates. legacy: encrypted as old Windows did. *n_r bytes; free(). */
char *t_pki_p12(const struct t_pki *p, const char *password, const char *more,
		bool legacy, size_t *n_r);
void t_pki_free(struct t_pki *p);

#endif
