/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files this process has open through SQLite (head.c).
 */
#ifndef MST_DB_DB_PRIVATE_H
#define MST_DB_DB_PRIVATE_H

#include "db/db.h"

struct open_file;

/* Held while a file is opened or closed, by SQLite or beside it. */
void mst_db_files_lock(void);
void mst_db_files_unlock(void);
/* Lock held. A handle has it open from now on; NULL: it is not there. */
struct open_file *mst_db_files_add(const char *path);
void mst_db_files_del(struct open_file *f);
bool mst_db_head_is_foreign(const char *path, uint32_t app_id);

#endif
