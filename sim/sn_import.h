/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of the update set importer: sn_import.c reads and keeps
 * the books, sn_preview.c finds problems, sn_commit.c carries out what the
 * system's own handlers do (tables, columns, labels, choices, access rules),
 * sn_commit_ui.c layouts and plain records.
 */
#ifndef MST_SIM_SN_IMPORT_H
#define MST_SIM_SN_IMPORT_H

#include "sim/sn.h"
#include "sim/sn_xml.h"

/* In the order in which they are committed. */
enum sn_upd_kind {
	SN_UPD_TABLE,
	SN_UPD_DICTIONARY,
	SN_UPD_LABEL,
	SN_UPD_CHOICE,
	SN_UPD_ACL,
	SN_UPD_ACL_ROLE,
	SN_UPD_RECORD, /* a record as it is */
	SN_UPD_LAYOUT, /* a record and those that belong to it */
	SN_UPD_IGNORED,
	SN_UPD_UNKNOWN,
	SN_UPD__N
};

struct sn_upd {
	const char *name; /* the identity: "sys_dictionary_u_x_u_y" */
	enum sn_upd_kind kind;
	const struct sn_xml *update; /* the sys_update_xml */
	const struct sn_xml *outer;  /* the payload's first element */
	const struct sn_xml *record; /* the record itself; NULL: none */
	bool skip;		     /* has a problem, is left out */
	struct sn_upd *next;
};

struct sn_import {
	struct sim_sn *sn;
	struct mst_arena arena;
	const struct sn_xml *set;
	const char *set_id;
	char local_id[SN_ID + 1]; /* of the set as one of this instance */
	struct sn_upd *updates;
	struct mst_map ids; /* sys_id → name of the element, of the set */
	struct mst_buf *problems; /* a line each */
};

/* A layout: its record, and the records that belong to it. */
struct sn_layout_kind {
	const char *outer;    /* "sys_ui_related" */
	const char *table;    /* "sys_ui_related_list" */
	const char *elements; /* "sys_ui_related_list_entry" */
	const char *ref;      /* "list_id": of an element to the record */
	const char *column;   /* of an element: what names a column, or NULL */
};

/* NULL when it is none. */
const struct sn_layout_kind *sn_layout_kind_of(struct mst_slice outer);

/* The record that x would be merged into: by sys_id, else by the columns that
 * ServiceNow coalesces on. NULL when it would be new. */
struct sn_row *sn_coalesce(struct sim_sn *sn, const struct sn_xml *x);
/* Is there a record with this sys_id, of any table? */
bool sn_id_taken(struct sim_sn *sn, const char *id);
/* The newest choice of a column, or NULL. */
struct sn_row *sn_newest_choice(struct sim_sn *sn, const char *table,
				const char *element);
/* A row's values from the children of x that are columns. */
void sn_xml_values(struct sim_sn *sn, const struct sn_table *t,
		   const struct sn_xml *x, struct mst_slice *vals);

void sn_preview(struct sn_import *im);
/* Carries out one update. */
void sn_commit_update(struct sn_import *im, const struct sn_upd *u);
void sn_commit_record(struct sn_import *im, const struct sn_upd *u);
void sn_commit_layout(struct sn_import *im, const struct sn_upd *u);

#endif
