/* SPDX-License-Identifier: Apache-2.0
 *
 * Folders of sessions: made with a marker, removed only with one. People keep
 * things where there is room, also below the state folder.
 */
#include "sync/session_dir.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define MARKER ".muster-session"

/* "PID-RUN" */
static bool is_name(const char *name)
{
	const char *p = name;

	while (isdigit((unsigned char)*p))
		p++;
	if (p == name || *p++ != '-' || !*p)
		return false;
	while (isdigit((unsigned char)*p))
		p++;
	return !*p;
}

/* Is path the folder dir, or below it? */
static bool within(const char *dir, const char *path)
{
	char *a = realpath(dir, NULL), *b = realpath(path, NULL);
	size_t n = a ? strlen(a) : 0;
	bool yes = a && b && strncmp(a, b, n) == 0 && (b[n] == '/' || !b[n]);

	free(a);
	free(b);
	return yes;
}

static void remove_one(const char *parent, const char *name,
		       const char *read_from)
{
	struct mst_err err = MST_ERR_INIT;
	char *dir MST_CLEANUP(mst_freep) = mst_asprintf("%s/%s", parent, name);
	char *marker MST_CLEANUP(mst_freep) = mst_asprintf("%s/" MARKER, dir);

	if (!is_name(name) || !mst_file_exists(marker) ||
	    (read_from && within(dir, read_from)))
		return;
	if (mst_dir_remove(dir, &err) < 0)
		mst_warn("old spool not removed, ignoring: %s", err.msg);
}

static void remove_old(const char *parent, const char *read_from)
{
	DIR *d = opendir(parent);
	struct dirent *e;

	while (d && (e = readdir(d)))
		remove_one(parent, e->d_name, read_from);
	if (d)
		(void)closedir(d);
}

int mst_session_dir_make(const char *state_dir, const char *job, int64_t run,
			 const char *read_from, char **dir_r,
			 struct mst_err *err)
{
	char *parent MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/spool/%s", state_dir, job);
	char *dir MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/%ld-%lld", parent, (long)getpid(), (long long)run);
	char *marker MST_CLEANUP(mst_freep) = mst_asprintf("%s/" MARKER, dir);

	remove_old(parent, read_from);
	if (mst_dir_make(dir, err) < 0 ||
	    mst_file_write(marker, MST_SLICE_LIT("muster\n"), 0600, err) < 0)
		return -(int)err->code;
	*dir_r = dir;
	dir = NULL;
	return 0;
}
