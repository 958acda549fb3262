/* SPDX-License-Identifier: Apache-2.0
 *
 * What Microsoft knows of an app (appInfo), as lines "name: value".
 */
#ifndef MST_SOURCE_CLOUDAPPS_ATTRIBUTES_H
#define MST_SOURCE_CLOUDAPPS_ATTRIBUTES_H

#include "base/buf.h"
#include "json/json.h"

#define CA_ATTRIBUTES 81
#define CA_OLDER      4

enum ca_attribute_kind { CA_PLAIN, CA_TRUTH, CA_TIME };

struct ca_attribute {
	const char *name;
	enum ca_attribute_kind kind;
};

/* In ordinal order of their names. */
extern const struct ca_attribute ca_attributes[CA_ATTRIBUTES];

/* A name that an attribute once had, and its number. */
struct ca_older {
	const char *name;
	unsigned attribute;
};

extern const struct ca_older ca_older[CA_OLDER];

/* The lines of an app: v is a record of the feed of appInfo. Pure
 * (mst_join.make). */
void ca_make_lines(const struct mst_value *v, struct mst_buf *out);
/* One line, with a line feed in front unless it is the first; a value that says
 * nothing makes none. False: there was no room for it, and nothing was added.
 */
bool ca_add_line(struct mst_buf *out, const char *name,
		 enum ca_attribute_kind kind, const struct mst_value *v);
/* Takes the next line off the lines; false: there is none. */
bool ca_next_line(struct mst_slice *lines, struct mst_slice *line_r);
/* The value of the line of this name; empty: there is none. */
struct mst_slice ca_line_value(struct mst_slice lines, const char *name);
struct mst_value ca_value_of(struct mst_json j);

#endif
