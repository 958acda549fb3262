/* SPDX-License-Identifier: Apache-2.0
 *
 * Files and folders, with bounds and with errors that name the path.
 */
#ifndef MST_BASE_FILE_H
#define MST_BASE_FILE_H

#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"

/* Whole file into out (appended); MST_E_INVALID when over out's maximum,
 * MST_E_NOTFOUND when it is not there. */
int mst_file_read(const char *path, struct mst_buf *out, struct mst_err *err);
/* Writes path.tmp, fsyncs, renames: readers see the old or the new content.
 * mode as in open(2), e.g. 0600. */
int mst_file_write(const char *path, struct mst_slice data, unsigned mode,
		   struct mst_err *err);
/* mkdir -p with mode 0700 for what it creates. */
int mst_dir_make(const char *path, struct mst_err *err);
/* Removes a folder and everything in it; a missing one is fine. Refuses to
 * follow symbolic links. */
int mst_dir_remove(const char *path, struct mst_err *err);
/* Calls fn for every regular file below dir, sorted by path, depth at most
 * 8, at most 100,000 files. `rel` is the path below dir. fn's non-zero return
 * ends the walk and is returned. */
int mst_dir_walk(const char *dir,
		 int (*fn)(void *ctx, const char *path, const char *rel,
			   uint64_t size, struct mst_err *err),
		 void *ctx, struct mst_err *err);
bool mst_file_exists(const char *path);
/* May it be read by more than its owner and group, or changed by more than its
 * owner? What is secret in it is none then. No when it is not there. */
bool mst_file_is_open(const char *path);
/* fopen with "r", "w" or "a", closed on exec; a new file is nobody else's
 * (0600). The caller closes it. NULL: an error that names the path. */
FILE *mst_file_stream(const char *path, const char *mode, struct mst_err *err);

#endif
