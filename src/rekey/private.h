/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by rekey.c (both jobs, who is who), find.c (what is to be
 * written) and write.c (writing it).
 */
#ifndef MST_REKEY_PRIVATE_H
#define MST_REKEY_PRIVATE_H

#include "rekey/rekey.h"

#define MST_REKEY_DEVICES "ot_devices"
#define MST_REKEY_SENSORS "ot_sensors"
#define MST_REKEY_CVE_SET "ot_device_cves"

/* Reads a whole table of the destination; what: for the error, when not all of
 * it is shown. A table that is not there has no rows. */
int mst_rekey_scan(struct mst_rekey *r, struct mst_scan *scan, const char *what,
		   struct mst_err *err);
/* Behind the matching: everything that leads from old keys to new ones. */
int mst_rekey_find(struct mst_rekey *r, struct mst_err *err);
/* The connection that a key begins with? */
bool mst_rekey_is_of(struct mst_slice key, const char *connection);

#endif
