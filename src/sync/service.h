/* SPDX-License-Identifier: Apache-2.0
 *
 * The section `service` of the configuration, as the daemon and its API use it.
 */
#ifndef MST_SYNC_SERVICE_H
#define MST_SYNC_SERVICE_H

#include "conf/service.h"
#include "sync/config.h"

/* With the defaults where it says nothing, also when there is no such section;
 * texts live in arena, or where the items in front do. What it names must be
 * there: actions of `notify`, of type mail or webhook. Errors name the place in
 * the file. */
int mst_service_section(const struct mst_config *c, struct mst_arena *arena,
			struct mst_service_conf *s_r, struct mst_err *err);

#endif
