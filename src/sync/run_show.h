/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run did, as 'muster run', 'muster runs' and the API show it.
 */
#ifndef MST_SYNC_RUN_SHOW_H
#define MST_SYNC_RUN_SHOW_H

#include "state/state.h"
#include "json/out.h"

/* Members of an open object: all counts of a record set but how long it took.
 */
void mst_run_counts_json(struct mst_jout *j, const struct mst_run_counts *c);

#endif
