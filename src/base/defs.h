/* SPDX-License-Identifier: Apache-2.0
 *
 * The few macros that every file may use.
 */
#ifndef MST_BASE_DEFS_H
#define MST_BASE_DEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MST_LEN(a)	 (sizeof(a) / sizeof((a)[0]))
#define MST_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define MST_UNUSED	 __attribute__((unused))
/* Runs the named clean-up when the variable leaves its scope. */
#define MST_CLEANUP(fn) __attribute__((cleanup(fn)))
#define MST_LIKELY(x)	__builtin_expect(!!(x), 1)
#define MST_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define MST_MIN(a, b)	((a) < (b) ? (a) : (b))
#define MST_MAX(a, b)	((a) > (b) ? (a) : (b))
#define mst_container_of(p, type, member)                                      \
	((type *)((char *)(p)-offsetof(type, member)))

#endif
