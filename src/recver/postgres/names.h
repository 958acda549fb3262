/* SPDX-License-Identifier: Apache-2.0
 *
 * Names on a PostgreSQL that muster does not take. Errors: MST_E_INVALID.
 */
#ifndef MST_RECVER_POSTGRES_NAMES_H
#define MST_RECVER_POSTGRES_NAMES_H

#include "base/err.h"

/* Refuses names that PostgreSQL would cut. login may be NULL; admin: it is the
 * one of --admin. */
int mst_pg_names(const char *database, const char *login, bool admin,
		 struct mst_err *err);
/* Refuses "postgres", templates, what a provider keeps for itself: RecVer's
 * database is for RecVer. */
int mst_pg_not_system(const char *database, struct mst_err *err);

#endif
