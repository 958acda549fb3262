/* SPDX-License-Identifier: Apache-2.0
 *
 * See step.h.
 */
#include "sync/step.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/num.h"

#define STOPPED 100

static uint64_t steps, stop_at;
static bool asked;

void mst_step(void)
{
	const char *text;

	if (!asked) {
		asked = true;
		text = getenv("MUSTER_STOP_AT");
		if (text && !mst_num_u64(mst_slice_str(text), &stop_at))
			stop_at = 0;
	}
	steps++;
	if (stop_at && steps >= stop_at)
		_exit(STOPPED);
}

uint64_t mst_steps(void)
{
	return steps;
}
