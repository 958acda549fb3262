/* SPDX-License-Identifier: Apache-2.0
 *
 * systemd's protocol of services (sd_notify): where it is not the one that
 * started us, all of this does nothing.
 */
#ifndef MST_SERVE_SYSTEMD_H
#define MST_SERVE_SYSTEMD_H

#include "base/defs.h"

/* "READY=1", "STOPPING=1", "STATUS=…": lines. */
void mst_systemd_notify(const char *lines);
/* "RELOADING=1" with the time that it wants. */
void mst_systemd_reloading(void);
/* How often it wants to hear WATCHDOG=1, half of what it allows, in
 * milliseconds; 0: not at all. */
int64_t mst_systemd_watchdog_ms(void);

#endif
