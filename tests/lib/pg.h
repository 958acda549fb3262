/* SPDX-License-Identifier: Apache-2.0
 *
 * A PostgreSQL of the test's own: Debian's programs, a cluster in a temporary
 * folder, reached by a socket there (everybody is let in) and by a free port
 * of loopback (with passwords). It ends with the test program, however that
 * ends.
 */
#ifndef MST_TESTS_PG_H
#define MST_TESTS_PG_H

#include "tests/lib/t.h"

#include <libpq-fe.h>

#define T_PG_USER "muster_test" /* a superuser */

/* Starts it; once for the whole program. Fails the test when it cannot. */
void t_pg_start(void);
/* As recver.server takes it: the socket, and the port. */
const char *t_pg_socket(void);
const char *t_pg_host(void);
int t_pg_port(void);
/* Stops it, as after a power cut when hard; and starts it again. */
void t_pg_stop(bool hard);
void t_pg_again(void);
/* It starts again as a standby that waits for a primary: read-only; or as what
 * it was. */
void t_pg_standby(bool on);
/* What it has logged so far. */
const char *t_pg_log(void);
/* From now on it takes TLS, too, with this certificate (PEM texts). */
void t_pg_tls(const char *cert, const char *key);
/* Runs a statement as T_PG_USER; fails the test when that fails. */
void t_pg_sql(const char *database, const char *fmt, ...) MST_PRINTF(2, 3);
/* The first value of its first row, "" when there is none; until the next. */
const char *t_pg_ask(const char *database, const char *fmt, ...)
    MST_PRINTF(2, 3);

#endif
