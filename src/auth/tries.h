/* SPDX-License-Identifier: Apache-2.0
 *
 * Wrong passwords, tokens and sign-ins by address: after some, each further one
 * makes the address wait, twice as long each time. In memory only, and bounded:
 * of many addresses those that were quiet the longest are forgotten. From any
 * thread.
 */
#ifndef MST_AUTH_TRIES_H
#define MST_AUTH_TRIES_H

#include "base/err.h"

struct mst_tries;

#define MST_TRIES_FREE	  10			/* wrong ones without a wait */
#define MST_TRIES_WAIT_US (15 * 60 * 1000000LL) /* the longest */

struct mst_tries *mst_tries_new(void);
void mst_tries_free(struct mst_tries **t);
/* May the address try now? MST_E_THROTTLED with retry_after_ms. IPv6 addresses
 * count by their /64. */
int mst_tries_ask(struct mst_tries *t, const char *address, int64_t now_us,
		  struct mst_err *err);
/* One was wrong. One is forgiven each minute. */
void mst_tries_wrong(struct mst_tries *t, const char *address, int64_t now_us);

#endif
