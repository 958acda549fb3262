/* SPDX-License-Identifier: Apache-2.0
 *
 * The rig with RecVer on PostgreSQL.
 */
#ifndef MST_TESTS_SYNC_RIG_PG_H
#define MST_TESTS_SYNC_RIG_PG_H

#include "tests/lib/sync_rig.h"

#define RIG_PG_DATABASE "muster_recver_defender"

/* After rig_start: starts PostgreSQL; from now on the standard configuration
 * has its RecVer there, and a new state folder brings an empty one. */
void rig_on_postgres(struct rig *r);

#endif
