/* SPDX-License-Identifier: Apache-2.0
 *
 * A look into a RecVer file while no run has it: short, so that a run which
 * begins meanwhile only waits a moment.
 */
#ifndef MST_RECVER_SQLITE_LOOK_H
#define MST_RECVER_SQLITE_LOOK_H

#include <sys/stat.h>

#include "recver/setup.h"
#include "recver/sqlite/private.h"

struct mst_sqllook {
	const struct mst_recver_setup_env *env;
	const char *path;
	char *folder;
	struct stat sb;
	bool there;	   /* a file that has something in it */
	bool held;	   /* by a run */
	struct sqlite3 *h; /* NULL: not opened */
	struct mst_check check;
};

/* Locked like a run locks it, so that no shared-memory file is made; what will
 * be read comes from the disk before that. A file of moderate size is checked
 * page by page. path and sb are set; errors name the file. */
int mst_sqllook_open(struct mst_sqllook *l, struct mst_err *err);
void mst_sqllook_close(struct mst_sqllook *l);
/* A statement whose answer is a number, or none (0). */
int mst_sqllook_ask(struct mst_sqllook *l, const char *sql, int64_t *n_r,
		    struct mst_err *err);
/* False: it cannot be said, or would take too long. */
bool mst_sqllook_count(struct mst_sqllook *l, int64_t *groups_r,
		       int64_t *members_r);

#endif
