/* SPDX-License-Identifier: Apache-2.0
 *
 * What may come from one source only. Installed software of a device: two
 * sources name the same program differently. What a management console and its
 * sensors show: the same things by other ids. Else the CMDB would hold them
 * twice.
 */
#ifndef MST_SYNC_SINGLE_H
#define MST_SYNC_SINGLE_H

#include "sync/job.h"

/* Does another job of the configuration write installed software of the same
 * devices into the same instance from another source? MST_E_CONFLICT with both
 * names and what to do; where one of the two jobs allows it
 * (allow_second_software_source), a warning.
 *
 * Does one of the two read a console and the other a sensor, for the same
 * instance? MST_E_CONFLICT, unless one of them rests ("sync: no"); with run
 * (it is about to be run) only if the other one does.
 *
 * Jobs that cannot be loaded do not count. */
int mst_single_check(const struct mst_config *c, const struct mst_job *j,
		     bool run, struct mst_err *err);
/* Do both deliver to the same instance, though by two connections? */
bool mst_single_instance(const struct mst_job *a, const struct mst_job *b);

#endif
