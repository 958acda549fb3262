/* SPDX-License-Identifier: Apache-2.0
 *
 * The record_update documents of a table: table, dictionary entries, labels,
 * choice lists, access rules. Between update_set.c and payload.c only.
 */
#ifndef MST_SERVICENOW_PAYLOAD_H
#define MST_SERVICENOW_PAYLOAD_H

#include "base/buf.h"
#include "servicenow/tables.h"

struct mst_update {
	const char *name;   /* update name: its identity */
	const char *type;   /* "Dictionary" */
	const char *table;  /* the table it belongs to */
	const char *target; /* what people see */
	struct mst_slice payload;
};

/* Calls fn for each update of a table, in the order of a real export. The
 * update and its texts die with the call. */
void mst_payloads(const struct mst_sn_table *t, struct mst_buf *scratch,
		  void (*fn)(void *ctx, const struct mst_update *u), void *ctx);

/* <name>escaped text</name>, or <name/> when there is none. */
void mst_xml_el(struct mst_buf *out, const char *name, const char *text);
void mst_xml_text(struct mst_buf *out, const char *text);
void mst_xml_stamp_created(struct mst_buf *out);
void mst_xml_stamp_updated(struct mst_buf *out);

#endif
