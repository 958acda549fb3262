/* SPDX-License-Identifier: Apache-2.0
 *
 * Names on a SQL Server that muster does not take. Errors: MST_E_INVALID.
 */
#ifndef MST_RECVER_SQLSERVER_NAMES_H
#define MST_RECVER_SQLSERVER_NAMES_H

#include "base/err.h"

/* Refuses master, tempdb and the others of the server itself: RecVer's database
 * is for RecVer. */
int mst_ms_not_system(const char *database, struct mst_err *err);

#endif
