/* SPDX-License-Identifier: Apache-2.0
 *
 * The tests of RecVer on SQL Server: their server, and what only it has.
 */
#ifndef MST_TESTS_RECVER_SQLSERVER_H
#define MST_TESTS_RECVER_SQLSERVER_H

#include "tests/lib/odbc.h"

#include "recver/recver.h"

/* The driver for tests; NULL with a real server. */
extern struct t_odbc *sqlserver_odbc;
const char *sqlserver_fresh(void);
struct mst_recver_conf sqlserver_conf(void);

/* What the driver for tests can be made to do; how many failed. */
int sqlserver_tests(void);
/* Rows that were changed by hand, in the driver for tests. */
int sqlserver_damages(void);
/* Prints every statement of a run, each with a line GO behind it. */
int sqlserver_statements(void);

#endif
