/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the ODBC driver for tests share.
 */
#ifndef MST_TESTS_ODBC_PRIVATE_H
#define MST_TESTS_ODBC_PRIVATE_H

#include <sqlite3.h>

#include "tests/lib/odbc.h"

/* T-SQL as the program writes it in SQLite's words; to be freed. */
char *t_odbc_translate(const char *sql);
/* The functions of SQL Server that the statements call. */
void t_odbc_functions(sqlite3 *db);

#endif
