/* SPDX-License-Identifier: Apache-2.0
 *
 * See step.h.
 */
#include "sync/step.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/num.h"

#define STOPPED 100

/* Deliverers of alerts are threads. */
static atomic_uint_fast64_t steps;
static uint64_t stop_at;
static pthread_once_t asked = PTHREAD_ONCE_INIT;

static void ask(void)
{
	const char *text = getenv("MUSTER_STOP_AT");

	if (text && !mst_num_u64(mst_slice_str(text), &stop_at))
		stop_at = 0;
}

void mst_step(void)
{
	uint64_t n;

	(void)pthread_once(&asked, ask);
	n = atomic_fetch_add(&steps, 1) + 1;
	if (stop_at && n >= stop_at)
		_exit(STOPPED);
}

uint64_t mst_steps(void)
{
	return atomic_load(&steps);
}
