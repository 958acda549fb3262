/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the tests of RecVer on PostgreSQL.
 */
#ifndef MST_TESTS_RECVER_POSTGRES_H
#define MST_TESTS_RECVER_POSTGRES_H

#include "recver_suite.h"

/* A server that goes away; how many tests failed. */
int rv_postgres_lost(void);
/* One that refuses. */
int rv_postgres_faults(void);
/* Rows that were changed by hand. */
int rv_postgres_damages(void);
/* Making it, step by step. */
int rv_postgres_setup(void);

/* ---- for them ------------------------------------------------------------ */

/* Who may come by TCP with env:MUSTER_TEST_PG: this test's superuser. */
void pg_give_password(void);
struct mst_recver_conf pg_over_tcp(const char *database);
/* What the commit below begins with. */
void pg_fresh_start(void);
/* One commit into rv.r with all there is in it: put, keep, mark, delete, a new
 * set, values, a reset; and whether all of it is there. */
int pg_whole_commit(struct mst_err *err);
void pg_check_whole(void);

#endif
