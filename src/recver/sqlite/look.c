/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening a RecVer file to look at it, and what is asked of it.
 */
#include "recver/sqlite/look.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"

/* Looking at every page of a larger file would keep a run waiting, and so would
 * counting for longer. */
#define WHOLE_MAX   ((uint64_t)64 << 20)
#define COUNT_US    1000000
#define COUNT_STEPS 10000 /* of SQLite's machine, between two looks */
#define BUSY_MS	    2000
#define CHUNK	    ((size_t)1 << 20)

static int said(struct mst_sqllook *l, int rc, struct mst_err *err)
{
	const char *text = l->h ? sqlite3_errmsg(l->h) : sqlite3_errstr(rc);

	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		mst_oom();
	case SQLITE_FULL:
		errno = ENOSPC;
		return mst_err_os(err, "'%s' cannot be written", l->path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return mst_err_set(err, MST_E_CORRUPT, "'%s' is damaged: %s",
				   l->path, text);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return mst_err_set(err, MST_E_CONFLICT,
				   "'%s' is in use by another process",
				   l->path);
	default:
		return mst_err_set(err, MST_E_IO, "'%s': %s", l->path, text);
	}
}

int mst_sqllook_ask(struct mst_sqllook *l, const char *sql, int64_t *n_r,
		    struct mst_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(l->h, sql, -1, &st, NULL);

	*n_r = 0;
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*n_r = sqlite3_column_int64(st, 0);
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		rc = SQLITE_OK;
	rc = rc == SQLITE_OK ? 0 : said(l, rc, err);
	sqlite3_finalize(st);
	return rc;
}

static int is_whole(struct mst_sqllook *l, struct mst_err *err)
{
	sqlite3_stmt *st = NULL;
	const char *text = "";
	int rc;

	if ((uint64_t)l->sb.st_size > WHOLE_MAX)
		return 0;
	rc = sqlite3_prepare_v2(l->h, "PRAGMA quick_check(1)", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(st, 0);
	if (rc != SQLITE_ROW)
		rc = said(l, rc, err);
	else if (text && strcmp(text, "ok") != 0)
		rc = mst_err_set(err, MST_E_CORRUPT, "'%s' is damaged: %.400s",
				 l->path, text);
	else
		rc = 0;
	sqlite3_finalize(st);
	return rc;
}

/* Brings what will be looked at from the disk to memory before the file is
 * locked: a run that begins waits for the processor then, not for the disk. */
static void warm(const struct mst_sqllook *l)
{
	int fd = open(l->path, O_RDONLY | O_CLOEXEC);
	char *chunk;

	if (fd < 0)
		return;
	chunk = mst_alloc(CHUNK);
	if ((uint64_t)l->sb.st_size <= WHOLE_MAX)
		while (read(fd, chunk, CHUNK) > 0)
			;
	free(chunk);
	(void)close(fd);
}

int mst_sqllook_open(struct mst_sqllook *l, struct mst_err *err)
{
	int64_t n = 0;
	int rc;

	if (mst_db_is_foreign(l->path, MST_SQLSTORE_APP_ID))
		return mst_err_set(err, MST_E_CORRUPT,
				   "'%s' is some other program's database",
				   l->path);
	warm(l);
	rc = sqlite3_open_v2(l->path, &l->h,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		return said(l, rc, err);
	(void)sqlite3_busy_timeout(l->h, BUSY_MS);
	rc = mst_sqllook_ask(l, "PRAGMA locking_mode=EXCLUSIVE", &n, err);
	/* It would quietly open for reading what may not be written. */
	if (rc == 0 && sqlite3_db_readonly(l->h, "main"))
		rc = mst_err_set(err, MST_E_FORBIDDEN,
				 "'%s' may only be read: let the user that "
				 "muster runs as write to it",
				 l->path);
	return rc < 0 ? rc : is_whole(l, err);
}

void mst_sqllook_close(struct mst_sqllook *l)
{
	sqlite3_close(l->h);
	l->h = NULL;
}

static int takes_long(void *until)
{
	return mst_mono_us() > *(int64_t *)until;
}

bool mst_sqllook_count(struct mst_sqllook *l, int64_t *groups_r,
		       int64_t *members_r)
{
	int64_t until = mst_mono_us() + COUNT_US;
	sqlite3_stmt *st = NULL;
	bool counted;

	sqlite3_progress_handler(l->h, COUNT_STEPS, takes_long, &until);
	counted =
	    sqlite3_prepare_v2(l->h, "SELECT count(*), total(members) FROM grp",
			       -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW;
	*groups_r = counted ? sqlite3_column_int64(st, 0) : 0;
	*members_r = counted ? sqlite3_column_int64(st, 1) : 0;
	sqlite3_finalize(st);
	sqlite3_progress_handler(l->h, 0, NULL, NULL);
	return counted;
}
