/* SPDX-License-Identifier: Apache-2.0
 *
 * Is RecVer in a SQLite file ready for use, and making it so. A file that is
 * not ours is never opened, one that a run holds is only looked at from
 * outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/num.h"
#include "recver/scripts.h"
#include "recver/sqlite/look.h"

/* Free space that a run should find at least, in bytes. */
#define FREE_MIN ((uint64_t)100 << 20)

#define REMEDY                                                                 \
	"put a backup back, or remove the file; the next run then looks "      \
	"every "                                                               \
	"record up and delivers what differs"

static struct mst_check *begin(struct mst_sqllook *l, const char *name,
			       const char *title)
{
	l->check = mst_recver_check(name);
	l->check.title = title;
	return &l->check;
}

static void end(struct mst_sqllook *l)
{
	mst_recver_check_report(l->env, &l->check);
}

/* ---- the folder ---------------------------------------------------------- */

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mst_strdup(".");
	return slash == path ? mst_strdup("/")
			     : mst_strndup(path, (size_t)(slash - path));
}

/* The nearest folder above that is there: what is missing is made in it. */
static char *standing(const char *folder)
{
	char *at = mst_strdup(folder), *up;
	struct stat sb;

	while (stat(at, &sb) < 0 && errno == ENOENT && strcmp(at, "/") != 0 &&
	       strcmp(at, ".") != 0) {
		up = folder_of(at);
		free(at);
		at = up;
	}
	return at;
}

static void check_folder(struct mst_sqllook *l)
{
	struct mst_check *c =
	    begin(l, MST_RECVER_CHECK_CONNECT, "RecVer folder");
	char *at = standing(l->folder);
	struct stat sb = {.st_mode = 0};
	struct mst_err err = MST_ERR_INIT;

	if (stat(at, &sb) == 0 && !S_ISDIR(sb.st_mode))
		errno = ENOTDIR;
	if (!S_ISDIR(sb.st_mode) ||
	    faccessat(AT_FDCWD, at, R_OK | W_OK | X_OK, AT_EACCESS) < 0) {
		(void)mst_err_os(&err, "nothing can be made in '%s'", at);
		mst_recver_check_fail(c, &err);
		mst_check_remedy(c,
				 "let the user that muster runs as write to "
				 "'%.300s', or name another file in "
				 "recver.path",
				 at);
	} else if (strcmp(at, l->folder) != 0) {
		mst_check_say(c, MST_CHECK_OK, "'%s' is made by the first run",
			      l->folder);
	} else {
		mst_check_say(c, MST_CHECK_OK, "'%s' may be written to",
			      l->folder);
	}
	free(at);
	end(l);
}

/* ---- the file ------------------------------------------------------------ */

static void look_at_lock(struct mst_sqllook *l, struct mst_buf *holder)
{
	char *lock = mst_asprintf("%s.lock", l->path);
	struct mst_err ignored = MST_ERR_INIT;

	(void)mst_lock_peek(lock, &l->held, holder, &ignored);
	free(lock);
}

static void say_file(struct mst_sqllook *l, struct mst_check *c)
{
	struct mst_err err = MST_ERR_INIT;
	char size[40];

	mst_recver_size_text((uint64_t)l->sb.st_size, size, sizeof(size));
	if (mst_sqllook_open(l, &err) == 0) {
		mst_check_say(c, MST_CHECK_OK, "'%s', %s", l->path, size);
		return;
	}
	mst_sqllook_close(l);
	mst_recver_check_fail(c, &err);
	if (err.code == MST_E_CORRUPT)
		mst_check_remedy(c, "%s",
				 strstr(err.msg, "other program")
				     ? "name another file in recver.path"
				     : REMEDY);
}

static void check_file(struct mst_sqllook *l)
{
	struct mst_check *c =
	    begin(l, MST_RECVER_CHECK_DATABASE, "RecVer file");
	struct mst_buf holder = MST_BUF_INIT(256);
	struct mst_err err = MST_ERR_INIT;

	if (stat(l->path, &l->sb) < 0 && errno != ENOENT) {
		(void)mst_err_os(&err, "'%s' cannot be looked at", l->path);
		mst_recver_check_fail(c, &err);
		end(l);
		return;
	}
	look_at_lock(l, &holder);
	l->there = S_ISREG(l->sb.st_mode) && l->sb.st_size > 0;
	if (l->held)
		mst_check_say(
		    c, MST_CHECK_NOTE,
		    "'%s' is in use by %s: not looked at more closely", l->path,
		    holder.n ? holder.p : "a run");
	else if (l->there)
		say_file(l, c);
	else if (l->sb.st_mode && !S_ISREG(l->sb.st_mode)) {
		mst_check_say(c, MST_CHECK_FAILED, "'%s' is not a file",
			      l->path);
		mst_check_remedy(c, "name a file in recver.path");
		c->code = MST_E_INVALID;
	} else {
		mst_check_say(
		    c, MST_CHECK_NOTE, "'%s' %s: the first run makes it",
		    l->path, l->sb.st_mode ? "is empty" : "does not exist yet");
	}
	mst_buf_fini(&holder);
	end(l);
}

/* ---- inside -------------------------------------------------------------- */

static void check_tables(struct mst_sqllook *l)
{
	struct mst_check *c =
	    begin(l, MST_RECVER_CHECK_TABLES, "RecVer tables");
	unsigned ours = mst_recver_schema();
	struct mst_err err = MST_ERR_INIT;
	int64_t version = 0, tables = 0;

	if (mst_sqllook_ask(l, "PRAGMA user_version", &version, &err) < 0 ||
	    mst_sqllook_ask(l,
			    "SELECT count(*) FROM sqlite_schema WHERE name IN"
			    " ('meta', 'sets', 'grp', 'members')",
			    &tables, &err) < 0) {
		mst_recver_check_fail(c, &err);
	} else if (version > (int64_t)ours) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "made by a newer muster (version %" PRId64
			      ", this one knows %u)",
			      version, ours);
		mst_check_remedy(c, "use that version or a later one");
		c->code = MST_E_UNSUPPORTED;
	} else if (tables < 4 || version < 1) {
		mst_check_say(c, MST_CHECK_FAILED, "%" PRId64 " of 4 are there",
			      tables);
		mst_check_remedy(c, REMEDY);
		c->code = MST_E_CORRUPT;
	} else if (version < (int64_t)ours) {
		mst_check_say(c, MST_CHECK_NOTE,
			      "version %" PRId64 "; the next run brings them "
			      "up to version %u",
			      version, ours);
	} else {
		mst_check_say(c, MST_CHECK_OK, "all 4, version %" PRId64,
			      version);
	}
	end(l);
}

/* Rows that no run looks at; written and removed in one transaction. */
static const char *const steps[] = {
    "BEGIN IMMEDIATE",
    "INSERT INTO meta(target, name, value) VALUES('probe', 'probe', x'00')",
    "INSERT INTO sets(target, name, id) VALUES('probe', 'probe', -1)",
    "INSERT INTO grp(set_id, key, text, digest, members, run, state)"
    " VALUES(-1, x'00', x'00', zeroblob(16), 0, 0, 0)",
    "INSERT INTO members(id, list) VALUES(-1, zeroblob(16))",
    NULL,
    "DELETE FROM meta WHERE target='probe'",
    "DELETE FROM sets WHERE target='probe'",
    "DELETE FROM grp WHERE set_id=-1",
    "DELETE FROM members WHERE id=-1",
    "COMMIT",
};

static const char count[] =
    "SELECT (SELECT count(*) FROM meta WHERE target='probe')"
    " + (SELECT count(*) FROM sets WHERE target='probe')"
    " + (SELECT count(*) FROM grp WHERE set_id=-1)"
    " + (SELECT count(*) FROM members WHERE id=-1)";

static int try_rows(struct mst_sqllook *l, struct mst_err *err)
{
	int64_t n = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < MST_LEN(steps); i++) {
		rc = mst_sqllook_ask(l, steps[i] ? steps[i] : count, &n, err);
		if (rc == 0 && !steps[i] && n != 4)
			rc = mst_err_set(err, MST_E_CORRUPT,
					 "%" PRId64 " of 4 rows were read back",
					 n);
	}
	if (rc < 0)
		(void)sqlite3_exec(l->h, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

static void probe(struct mst_sqllook *l)
{
	struct mst_check *c = begin(l, MST_RECVER_CHECK_PROBE, "RecVer probe");
	struct mst_err err = MST_ERR_INIT;

	if (try_rows(l, &err) < 0)
		mst_recver_check_fail(c, &err);
	else
		mst_check_say(c, MST_CHECK_OK,
			      "a row was written into each table, read and "
			      "removed");
	end(l);
}

/* ---- a copy -------------------------------------------------------------- */

static void check_copy(struct mst_sqllook *l)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(l->h,
				    "SELECT value FROM meta WHERE target=''"
				    " AND name='" MST_RECVER_UNFINISHED "'",
				    -1, &st, NULL);

	if (rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		mst_recver_check_copy(l->env, mst_db_blob(st, 0));
	sqlite3_finalize(st);
}

/* ---- use ----------------------------------------------------------------- */

/* A run adds to the log before it moves that into the file, and may rewrite
 * the file: as much again should be free. */
static void check_use(struct mst_sqllook *l)
{
	struct mst_check *c = begin(l, MST_RECVER_CHECK_USE, "RecVer use");
	char *at = standing(l->folder), size[40], holds[120] = "";
	uint64_t need = MST_MAX((uint64_t)l->sb.st_size, FREE_MIN), left;
	int64_t groups = 0, members = 0;
	struct statvfs fs;

	if (l->h && mst_sqllook_count(l, &groups, &members))
		(void)snprintf(holds, sizeof(holds),
			       "%" PRId64 " group%s with %" PRId64 " members; ",
			       groups, groups == 1 ? "" : "s", members);
	if (statvfs(at, &fs) < 0) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "%show much of the disk is free cannot be seen",
			      holds);
		free(at);
		end(l);
		return;
	}
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	mst_recver_size_text(left, size, sizeof(size));
	if (left < need) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "%sonly %s of the disk are free", holds, size);
		mst_recver_size_text(need, size, sizeof(size));
		mst_check_remedy(c,
				 "make room for at least %s, or name a file on "
				 "another disk in recver.path",
				 size);
	} else {
		mst_check_say(c, MST_CHECK_OK, "%s%s of the disk are free",
			      holds, size);
	}
	free(at);
	end(l);
}

/* ---- the table ----------------------------------------------------------- */

static int check(const struct mst_recver_setup_env *env, struct mst_err *err)
{
	struct mst_sqllook l = {.env = env, .path = env->conf->path};
	bool failed;

	l.folder = folder_of(l.path);
	check_folder(&l);
	failed = l.check.level == MST_CHECK_FAILED;
	if (failed)
		mst_recver_check_skip(env, MST_RECVER_CHECK_DATABASE,
				      MST_RECVER_CHECK_CONNECT);
	else
		check_file(&l);
	if (l.h) {
		check_tables(&l);
		if (l.check.level == MST_CHECK_OK) {
			probe(&l);
			check_copy(&l);
		}
	}
	if (!failed)
		check_use(&l);
	mst_sqllook_close(&l);
	free(l.folder);
	return 0;
}

static bool is_missing(const char *path)
{
	struct stat sb;

	return stat(path, &sb) < 0 ? errno == ENOENT
				   : S_ISREG(sb.st_mode) && sb.st_size == 0;
}

static int plan(const struct mst_recver_setup_env *env,
		mst_recver_step_fn *step, void *ctx, struct mst_err *err)
{
	char *how;

	if (!is_missing(env->conf->path))
		return 0;
	how = mst_asprintf("make '%s' with its tables", env->conf->path);
	step(ctx, "file", how);
	free(how);
	return 0;
}

static int make(const struct mst_recver_setup_env *env, struct mst_err *err)
{
	struct mst_recver *r = NULL;
	char *how;
	int rc;

	if (!is_missing(env->conf->path))
		return 0;
	rc = mst_recver_sqlite.open(env->conf, env->source, true, &r, err);
	if (rc == 0)
		mst_recver_sqlite.close(&r);
	how = mst_asprintf("'%s' was made", env->conf->path);
	rc = mst_recver_made(env, "file", how, rc, err);
	free(how);
	return rc;
}

const struct mst_recver_setup_ops mst_recver_setup_sqlite = {
    .type = "sqlite",
    .check = check,
    .plan = plan,
    .make = make,
};
