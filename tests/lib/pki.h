/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and self-signed certificates for tests, made when they run.
 */
#ifndef MST_TESTS_PKI_H
#define MST_TESTS_PKI_H

#include <stddef.h>

struct t_pki {
	char *cert, *key; /* PEM texts */
};

/* kind: "rsa2048", "rsa1024", "ec". from_s and to_s are seconds from now.
 * passphrase NULL: the key is not protected. host: subject and name, "IP:…"
 * for an address. */
struct t_pki t_pki_make(const char *kind, const char *host, long from_s,
			long to_s, const char *passphrase);
void t_pki_free(struct t_pki *p);

#endif
