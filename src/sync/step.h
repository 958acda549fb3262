/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbered steps of a run, for the test that kills the program after every one
 * of them: with MUSTER_STOP_AT=n in the environment the n-th step ends the
 * process at once, without any clean-up (exit status 100). Costs nothing else.
 */
#ifndef MST_SYNC_STEP_H
#define MST_SYNC_STEP_H

#include "base/defs.h"

void mst_step(void);
/* Steps so far; a run prints it at debug level. */
uint64_t mst_steps(void);

#endif
