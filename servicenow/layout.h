/* SPDX-License-Identifier: Apache-2.0
 *
 * What people see of muster's tables, defined once: forms, lists, the menu,
 * and the related lists that go on the forms of other tables.
 */
#ifndef MST_SERVICENOW_LAYOUT_H
#define MST_SERVICENOW_LAYOUT_H

#include "base/defs.h"

/* The element that shows journals and the audited history of a record. */
#define MST_SN_ACTIVITY "activity.xml"

/* Names of columns, each list NULL ended or NULL: two halves side by side,
 * then what takes the whole width. */
struct mst_sn_section {
	const char *caption; /* "" for the first one */
	const char *const *left, *const *right, *const *full;
};

struct mst_sn_layout {
	const char *table;
	const char *const *list; /* columns of the list, NULL ended */
	const struct mst_sn_section *sections;
	size_t sections_n;
	/* Lists below the form, "table.column" each, NULL ended; NULL: the
	 * instance shows what people choose. */
	const char *const *related;
};

/* In the order of mst_sn_tables. */
extern const struct mst_sn_layout *const mst_sn_layouts[];
extern const size_t mst_sn_layouts_n;

struct mst_sn_module {
	const char *title, *table, *filter, *hint;
};

struct mst_sn_menu {
	const char *set; /* the update set that brings it */
	const char *title, *description;
	const struct mst_sn_module *modules;
	size_t modules_n;
};

extern const struct mst_sn_menu *const mst_sn_menus[];
extern const size_t mst_sn_menus_n;

/* On the forms of `table`, which is not ours or not of the same set: the
 * records whose column refers to the one shown. */
struct mst_sn_related {
	const char *table;
	const char *list; /* "u_muster_cve_instance.u_cmdb_ci" */
};

extern const struct mst_sn_related mst_sn_related[];
extern const size_t mst_sn_related_n;

#endif
