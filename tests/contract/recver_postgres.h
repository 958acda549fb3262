/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the tests of RecVer on PostgreSQL.
 */
#ifndef MST_TESTS_RECVER_POSTGRES_H
#define MST_TESTS_RECVER_POSTGRES_H

/* A server that goes away or refuses; how many tests failed. */
int rv_postgres_faults(void);
/* Rows that were changed by hand. */
int rv_postgres_damages(void);
/* Making it, step by step. */
int rv_postgres_setup(void);

#endif
