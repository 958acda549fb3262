/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by undo_load.c (what is to be undone) and undo.c (doing it).
 */
#ifndef MST_SYNC_UNDO_PRIVATE_H
#define MST_SYNC_UNDO_PRIVATE_H

#include "sync/undo.h"

struct mst_json_pair {
	const char *name;
	struct mst_slice value;
};

/* The journal into u->items. */
int mst_undo_load(struct mst_undo *u, struct mst_err *err);
/* Sorts them, asks log of writes and destination, and decides on each. */
int mst_undo_look(struct mst_undo *u, struct mst_err *err);
/* A record that the run deleted is to be made again. */
void mst_undo_make(struct mst_undo *u, struct mst_undo_item *it);

#endif
