/* SPDX-License-Identifier: Apache-2.0
 *
 * Do the record sets that a job or a run chooses make sense together?
 */
#ifndef MST_SYNC_CHOICE_H
#define MST_SYNC_CHOICE_H

#include "sync/job.h"

/* MST_E_INVALID with the nearest name and all there are. */
int mst_choice_known(const struct mst_job *j, const char *name,
		     struct mst_err *err);
/* part: only some devices are read. MST_E_INVALID names what to select too. */
int mst_choice_check(const struct mst_job *j, bool part, struct mst_err *err);
/* Warns of a choice that is right, but hardly what somebody wanted. */
void mst_choice_advise(const struct mst_job *j);

#endif
