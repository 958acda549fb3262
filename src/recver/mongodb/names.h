/* SPDX-License-Identifier: Apache-2.0
 *
 * Names on a MongoDB that muster does not take. Errors: MST_E_INVALID.
 */
#ifndef MST_RECVER_MONGODB_NAMES_H
#define MST_RECVER_MONGODB_NAMES_H

#include "base/err.h"

/* Refuses what MongoDB takes as no database, and its own: RecVer's database is
 * for RecVer. */
int mst_mongo_check_name(const char *database, struct mst_err *err);

#endif
