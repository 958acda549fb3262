/* SPDX-License-Identifier: Apache-2.0
 *
 * A far end that is known by its public key instead of by who issued its
 * certificate: "sha256//BASE64", the form that curl and browsers write; several
 * with ";" between, any of which will do. What is looked at is the key of the
 * certificate that the far end shows; the TLS hand-shake proves that it has the
 * other half.
 */
#ifndef MST_NET_PIN_H
#define MST_NET_PIN_H

#include <openssl/x509.h>

#include "base/err.h"

#define MST_PIN_SIZE 53 /* "sha256//", 44 characters, NUL */

/* MST_E_INVALID: it is no pin; what it lacks. */
int mst_pin_check(const char *pin, struct mst_err *err);
/* The pin of a certificate. False: it has no key that can be read. */
bool mst_pin_of(const X509 *x, char out[MST_PIN_SIZE]);

#endif
