/* SPDX-License-Identifier: Apache-2.0
 *
 * Java's properties files: keys and values, a line each, as
 * java.util.Properties reads them. Comments (# or !), lines that go on behind a
 * backslash, escapes, "=", ":" or a blank between key and value. Bytes above
 * 127 are UTF-8 when the whole file is, else ISO 8859-1.
 */
#ifndef MST_CONF_PROPERTIES_H
#define MST_CONF_PROPERTIES_H

#include "base/buf.h"

struct mst_properties {
	const char *p, *end;
	int line; /* of p */
	bool latin1;
	struct mst_buf key, value;
};

struct mst_property {
	struct mst_slice key, value; /* UTF-8; lent until the next one */
	int line;		     /* where it begins, from 1 */
	const char *wrong;	     /* what its escapes are not; NULL: fine */
};

/* text is borrowed; at most MST_MAX_CONF bytes count. */
void mst_properties_init(struct mst_properties *p, struct mst_slice text);
void mst_properties_fini(struct mst_properties *p);
/* False: there are no more. */
bool mst_properties_next(struct mst_properties *p, struct mst_property *out_r);

#endif
