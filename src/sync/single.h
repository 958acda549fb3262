/* SPDX-License-Identifier: Apache-2.0
 *
 * Installed software of a device comes from one source: two sources name the
 * same program differently, so that the CMDB would hold it twice.
 */
#ifndef MST_SYNC_SINGLE_H
#define MST_SYNC_SINGLE_H

#include "sync/job.h"

/* Does another job of the configuration write installed software of the same
 * devices into the same instance from another source? MST_E_CONFLICT with both
 * names and what to do; where one of the two jobs allows it
 * (allow_second_software_source), a warning. Jobs that cannot be loaded do
 * not count. */
int mst_single_check(const struct mst_config *c, const struct mst_job *j,
		     struct mst_err *err);

#endif
