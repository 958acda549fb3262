/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes muster's update sets as the XML that an instance imports under
 * Retrieved Update Sets. The same input gives the same bytes: identifiers are
 * hashes of names, times are those of the set's version.
 */
#ifndef MST_SERVICENOW_UPDATE_SET_H
#define MST_SERVICENOW_UPDATE_SET_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the update set `name` ("muster-cve": tables, columns, labels,
 * choices, access rules). MST_E_NOTFOUND names the sets that there are. */
int mst_update_set_write(const char *name, struct mst_buf *out,
			 struct mst_err *err);
/* The names of all sets, NULL ended. */
const char *const *mst_update_set_names(void);
/* The payload_hash of a record_update document: Java's String.hashCode over
 * its UTF-16 units, without the elements that differ between instances. */
int32_t mst_update_set_hash(struct mst_slice payload);
/* 32 hex digits and a NUL from a key; the same key gives the same text. */
void mst_update_set_id(const char *key, char out[33]);

#endif
