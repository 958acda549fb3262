/* SPDX-License-Identifier: Apache-2.0
 *
 * What every connection to PostgreSQL needs, whichever store it is for.
 */
#ifndef MST_DB_LIBPQ_H
#define MST_DB_LIBPQ_H

#include <libpq-fe.h>

/* The file with the authorities of this system: $SSL_CERT_FILE, else where
 * distributions have it. NULL: none was found. libpq before 16 does not know
 * the system's own list. */
const char *mst_pq_authorities(void);
/* Notices of the server go to nobody: libpq would print them. */
void mst_pq_quiet(PGconn *h);
/* The length of the first line: texts of libpq end with a newline and may have
 * several. */
int mst_pq_first_line(const char *text);
/* The first SQLSTATE in a text of PQERRORS_VERBOSE, "" when there is none: why
 * a server refuses a connection stands nowhere else, and the text itself may be
 * in any language. */
void mst_pq_state_in(const char *text, char out[6]);

#endif
