/* SPDX-License-Identifier: Apache-2.0
 *
 * muster's own tables in ServiceNow, defined once. The update sets, the
 * simulator's dictionary (through the update set) and the documentation come
 * from these constants, and tests hold everything else that names a column
 * against them, so that they cannot drift apart.
 */
#ifndef MST_SERVICENOW_TABLES_H
#define MST_SERVICENOW_TABLES_H

#include "base/defs.h"

/* The version of the update sets; raise it with every change of them (a test
 * knows what each version's bytes were). It stands in the comments of the
 * dictionary's collection entries, where an instance shows what it has. */
#define MST_UPDATE_SET_VERSION "1.1.0"
/* The date of that version; a collision on import is decided by it. */
#define MST_UPDATE_SET_DATE "2026-11-22 00:00:00"
/* Existing role of the instance that may read and write the tables. */
#define MST_UPDATE_SET_ROLE "asset"
/* The update sets that bring tables. */
#define MST_UPDATE_SET_CVE "muster-cve"
#define MST_UPDATE_SET_OT  "muster-ot"

struct mst_sn_choice {
	const char *value;
	const char *label;
};

/* Who writes a column. */
enum mst_sn_writer {
	MST_SN_MUSTER,
	MST_SN_BOTH,	/* muster, until a person has said something */
	MST_SN_PEOPLE,	/* muster never does */
	MST_SN_INSTANCE /* ServiceNow itself */
};

struct mst_sn_column {
	const char *name;  /* "u_cmdb_ci" */
	const char *label; /* "Configuration item" */
	const char *type;  /* the dictionary's internal type */
	unsigned max_length;
	const char *reference; /* table, or NULL */
	const char *cascade;   /* none clear delete cascade restrict, or NULL */
	const struct mst_sn_choice *choices; /* ends with {NULL, NULL} */
	const char *dflt;		     /* default value, or NULL */
	const char *hint;		     /* help for people */
	enum mst_sn_writer writer;
	bool unique; /* a unique index */
	bool mandatory;
	bool display; /* one column per table */
	bool read_only;
	bool audited; /* where the table is */
};

struct mst_sn_table {
	const char *set; /* the update set that brings it */
	const char *name;
	const char *label;
	const char *plural;
	const char *comment;
	const char *prefix; /* of its numbers, or NULL when it has none */
	bool audited;
	const struct mst_sn_column *columns; /* sorted by name */
	size_t columns_n;
};

/* A table stands behind those of its set that its columns refer to. */
extern const struct mst_sn_table *const mst_sn_tables[];
extern const size_t mst_sn_tables_n;

/* NULL when there is none of that name. */
const struct mst_sn_table *mst_sn_table_find(const char *name);
const struct mst_sn_column *mst_sn_column_find(const struct mst_sn_table *t,
					       const char *name);
/* "muster", "muster, people", "people", "ServiceNow": for the documentation. */
const char *mst_sn_writer_name(enum mst_sn_writer w);

#endif
