/* SPDX-License-Identifier: Apache-2.0
 *
 * A small XML reader for update sets: elements, attributes, text, CDATA,
 * comments, processing instructions, the five entities and character
 * references. No document types. Depth is bounded.
 */
#ifndef MST_SIM_SN_XML_H
#define MST_SIM_SN_XML_H

#include "base/arena.h"
#include "base/err.h"

struct sn_xml_attr {
	struct mst_slice name, value;
	struct sn_xml_attr *next;
};

struct sn_xml {
	struct mst_slice name;
	struct mst_slice text; /* all of it, entities resolved */
	struct sn_xml_attr *attrs;
	struct sn_xml *child; /* first */
	struct sn_xml *next;  /* sibling */
};

/* The document's element, in the arena; NULL and err with the byte offset. */
struct sn_xml *sn_xml_parse(struct mst_arena *a, struct mst_slice s,
			    struct mst_err *err);
/* First child of that name, or NULL. */
const struct sn_xml *sn_xml_child(const struct sn_xml *x, const char *name);
/* Text of a child, NUL-terminated; "" when it is not there. */
const char *sn_xml_text(const struct sn_xml *x, const char *name);
const char *sn_xml_attr(const struct sn_xml *x, const char *name);

#endif
