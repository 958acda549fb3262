/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes muster's update sets as the XML that an instance imports under
 * Retrieved Update Sets. The same input gives the same bytes: identifiers are
 * hashes of names, times are those of the sets' version.
 */
#ifndef MST_SERVICENOW_UPDATE_SET_H
#define MST_SERVICENOW_UPDATE_SET_H

#include "base/buf.h"
#include "base/err.h"
#include "servicenow/tables.h"

/* Beside those with tables (tables.h): fix scripts that add related lists to
 * forms of other tables. */
#define MST_UPDATE_SET_RELATED "muster-cve-related-lists"

struct mst_update_set {
	const char *name;	 /* "muster-cve" */
	const char *title;	 /* as the instance lists it */
	const char *description; /* what it brings, what to do, how to back
				    it out */
};

extern const struct mst_update_set mst_update_sets[];
extern const size_t mst_update_sets_n;

/* Appends the XML of a set. MST_E_NOTFOUND names the sets that there are. */
int mst_update_set_write(const char *name, struct mst_buf *out,
			 struct mst_err *err);
/* The payload_hash of a record_update document: Java's String.hashCode over
 * its UTF-16 units, without the elements that differ between instances. */
int32_t mst_update_set_hash(struct mst_slice payload);
/* 32 hex digits and a NUL from a key; the same key gives the same text. */
void mst_update_set_id(const char *key, char out[33]);

#endif
