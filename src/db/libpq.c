/* SPDX-License-Identifier: Apache-2.0
 *
 * See libpq.h.
 */
#include "db/libpq.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

const char *mst_pq_authorities(void)
{
	static const char *const known[] = {
	    "/etc/ssl/certs/ca-certificates.crt",
	    "/etc/pki/tls/certs/ca-bundle.crt",
	    "/etc/ssl/ca-bundle.pem",
	    "/etc/ssl/cert.pem",
	};
	const char *file = getenv("SSL_CERT_FILE");

	if (file && *file)
		return file;
	for (size_t i = 0; i < MST_LEN(known); i++) {
		if (mst_file_exists(known[i]))
			return known[i];
	}
	return NULL;
}

static void no_notice(void *arg, const PGresult *res)
{
}

void mst_pq_quiet(PGconn *h)
{
	(void)PQsetNoticeReceiver(h, no_notice, NULL);
}

int mst_pq_first_line(const char *text)
{
	return (int)strcspn(text, "\r\n");
}

void mst_pq_state_in(const char *text, char out[6])
{
	out[0] = 0;
	for (const char *p = text; (p = strstr(p, ":  ")) != NULL;) {
		size_t n = 0;

		p += 3;
		while (n < 5 && (isdigit((unsigned char)p[n]) ||
				 isupper((unsigned char)p[n])))
			n++;
		if (n == 5 && (p[5] == ':' || p[5] == '\n' || !p[5])) {
			memcpy(out, p, 5);
			out[5] = 0;
			return;
		}
	}
}
