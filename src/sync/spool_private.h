/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the spool (spool.c) and folders that somebody made (spool_folder.c).
 */
#ifndef MST_SYNC_SPOOL_PRIVATE_H
#define MST_SYNC_SPOOL_PRIVATE_H

#include "sync/spool.h"

#define MST_SPOOL_MANIFEST "manifest.json"

/* Finds out which feed each file below s->dir holds. Feeds that are whole, as
 * far as anybody can say, are proven when assume_complete says so. */
int mst_spool_folder(struct mst_spool *s, bool assume_complete,
		     struct mst_err *err);
/* Says which files lie beside a manifest that does not name them. */
int mst_spool_strangers(struct mst_spool *s, struct mst_err *err);

#endif
