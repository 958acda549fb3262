/* SPDX-License-Identifier: Apache-2.0
 *
 * The rig with RecVer on any store: a file, PostgreSQL, the server of MongoDB's
 * protocol that MUSTER_TEST_MONGODB names, SQL Server as the ODBC driver for
 * tests has it.
 */
#ifndef MST_TESTS_SYNC_RIG_STORE_H
#define MST_TESTS_SYNC_RIG_STORE_H

#include "tests/lib/sync_rig.h"

#include "model/recver_conf.h"
#include "tests/lib/way.h"

/* After rig_start: from now on the standard configuration has its RecVer there,
 * and a new state folder brings an empty one. type: as recver.type says.
 * Starts what it needs. */
void rig_on(struct rig *r, const char *type);
/* The same, by this way, which the call opens. PostgreSQL and MongoDB. */
void rig_on_way(struct rig *r, const char *type, struct t_way *w);
/* The same, with this in the place of recver.server. MongoDB. */
void rig_on_servers(struct rig *r, const char *servers, const char *set);
/* What leads a test there, past the program. */
struct mst_recver_conf rig_store_conf(void);
/* Somebody of elsewhere takes the lease, whoever has it now; or, with "", gives
 * it back. Not of a file. */
void rig_store_lease(const char *token);

#endif
