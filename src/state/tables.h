/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of the state store with their columns, for what goes through all
 * of it.
 */
#ifndef MST_STATE_TABLES_H
#define MST_STATE_TABLES_H

#include <stdbool.h>

struct mst_table {
	const char *name;
	/* "name:type", separated by blanks: i number, r real, t text, b bytes.
	 * Those of the key come first. */
	const char *columns;
	int keys;
	bool numbered; /* the store gives its ids */
	int page;      /* rows that are read at once; 0: the usual */
};

/* All but those of nodes and leases, which belong to the store where they are;
 * ends with name NULL. */
extern const struct mst_table mst_state_tables[];

#endif
