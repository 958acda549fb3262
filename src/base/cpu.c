/* SPDX-License-Identifier: Apache-2.0
 *
 * What the processor can do, asked of the compiler's own detection.
 */
#include "base/cpu.h"

static bool forced;

bool mst_cpu_wide(void)
{
#if defined(__x86_64__)
	return !forced && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512vbmi2") &&
	       __builtin_cpu_supports("bmi2");
#else
	return false;
#endif
}

void mst_cpu_narrow(bool narrow)
{
	forced = narrow;
}
