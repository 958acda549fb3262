/* SPDX-License-Identifier: Apache-2.0
 *
 * Which build of the few inner loops that are compiled twice does this
 * processor run?
 */
#ifndef MST_BASE_CPU_H
#define MST_BASE_CPU_H

#include <stdbool.h>

/* Does it have AVX-512 with VBMI2, as server processors since Ice Lake and
 * Zen 4? The builds for it are there where MST_HAVE_WIDE is defined. Cheap. */
bool mst_cpu_wide(void);
/* For tests: answer no from now on (true), or as it is (false). */
void mst_cpu_narrow(bool narrow);

#endif
