/* SPDX-License-Identifier: Apache-2.0
 *
 * Which device of a sensor is which of the console: by what both say of it,
 * and only where there is no other answer. Pure.
 */
#ifndef MST_REKEY_MATCH_H
#define MST_REKEY_MATCH_H

#include "base/slice.h"

#define MST_REKEY_NOBODY SIZE_MAX

struct mst_rekey_device {
	struct mst_slice key, name, site;
	struct mst_slice macs, ips; /* several with "," or blanks between */
	bool taken; /* the caller's: a record has this key already */
	/* Made by the matching: the one on the other side, by its number, or
	 * MST_REKEY_NOBODY; by what ("MAC address"), or why not. */
	size_t other;
	const char *why;
};

struct mst_rekey_match {
	struct mst_rekey_device *old, *now; /* of the sensor, of the console */
	size_t old_n, now_n;
	/* Does the MAC tell one device from others? NULL: any does. */
	bool (*identifies)(void *ctx, struct mst_slice mac);
	void *ctx;
	/* Made by it: the site of the devices that MAC addresses have matched,
	 * when it is one; the search by address and name keeps to it. */
	struct mst_slice site;
};

void mst_rekey_match(struct mst_rekey_match *m);

#endif
