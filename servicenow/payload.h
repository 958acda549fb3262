/* SPDX-License-Identifier: Apache-2.0
 *
 * The record_update documents of an update set, one function per kind of
 * record; between update_set.c and the payload_*.c only. Children are
 * alphabetical and empty ones are written, as an instance exports them.
 */
#ifndef MST_SERVICENOW_PAYLOAD_H
#define MST_SERVICENOW_PAYLOAD_H

#include "base/buf.h"
#include "servicenow/layout.h"
#include "servicenow/tables.h"

struct mst_update {
	const char *name;   /* update name: its identity */
	const char *type;   /* "Dictionary" */
	const char *table;  /* the table it belongs to, or NULL */
	const char *target; /* what people see */
	const char *view;   /* or NULL */
	struct mst_slice payload;
};

/* Where updates go: fn is called for each; the update and its texts die with
 * the call. */
struct mst_updates {
	struct mst_buf buf; /* the payload at hand */
	void (*fn)(void *ctx, const struct mst_update *u);
	void *ctx;
};

/* Table, number, dictionary, labels, choices. */
void mst_upd_table(struct mst_updates *s, const struct mst_sn_table *t);
/* Access rules on the table and on all of its fields. */
void mst_upd_access(struct mst_updates *s, const struct mst_sn_table *t);
/* List, form sections, form, related lists; a formatter when a section shows
 * the activity. */
void mst_upd_layout(struct mst_updates *s, const struct mst_sn_layout *l,
		    const struct mst_sn_table *t);
void mst_upd_menu(struct mst_updates *s, const struct mst_sn_menu *m);
/* Fix scripts that add the related lists and take them away again. */
void mst_upd_related(struct mst_updates *s);

/* ---- payload.c: pieces of all of them ------------------------------------ */

/* 32 hex digits and a NUL from a formatted key; the same key gives the same
 * text. */
void mst_upd_id(char out[33], const char *fmt, ...) MST_PRINTF(2, 3);
/* <?xml…?><record_update ATTRS>, and its end: hands the update on. attrs is
 * "" or starts with a blank. */
void mst_upd_begin(struct mst_updates *s, const char *attrs);
void mst_upd_end(struct mst_updates *s, struct mst_update u);
/* <name>escaped text</name>, or <name/> when there is none. */
void mst_xml_el(struct mst_buf *out, const char *name, const char *text);
void mst_xml_bool(struct mst_buf *out, const char *name, bool v);
void mst_xml_num(struct mst_buf *out, const char *name, unsigned v);
/* <name display_value="shown">id</name>; <name/> when id is NULL. */
void mst_xml_ref(struct mst_buf *out, const char *name, const char *shown,
		 const char *id);
void mst_xml_text(struct mst_buf *out, const char *text);
void mst_xml_created(struct mst_buf *out); /* sys_created_by and _on */
void mst_xml_updated(struct mst_buf *out); /* sys_updated_by and _on */
void mst_xml_domain(struct mst_buf *out);  /* sys_domain and its path */
/* sys_package, sys_policy, sys_scope: global. */
void mst_xml_scope(struct mst_buf *out);
/* sys_class_name to sys_updated_on of a record that has nothing in between. */
void mst_xml_stamp(struct mst_buf *out, const char *class_name, const char *id,
		   const char *sys_name, const char *update);
/* sys_created_by to sys_updated_on of a record without a class or a scope. */
void mst_xml_stamp_short(struct mst_buf *out, const char *id);

#endif
