/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite with write-ahead log: a commit appends to the log, a checkpoint
 * moves the log into the file. After a crash or a power cut the next opener
 * finds every whole commit in the log and drops the torn one.
 */
#include "db/db_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"

/* How long to wait for another process that commits, in milliseconds. */
#define BUSY_MS 10000

int mst_db_fail(struct mst_db *db, int rc, struct mst_err *err)
{
	const char *what = db->spec->what;
	const char *text = db->h ? sqlite3_errmsg(db->h) : sqlite3_errstr(rc);
	int os = db->h ? sqlite3_system_errno(db->h) : 0;

	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		mst_oom();
	case SQLITE_FULL:
		errno = ENOSPC;
		return mst_err_os(err, "%s '%s' cannot be written", what,
				  db->path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return mst_err_set(err, MST_E_CORRUPT,
				   "%s '%s' is damaged (%s): %s", what,
				   db->path, text, db->spec->remedy);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return mst_err_set(err, MST_E_CONFLICT,
				   "%s '%s' is in use by another process: wait "
				   "for it to end, or stop it",
				   what, db->path);
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		errno = os ? os : EACCES;
		return mst_err_os(err, "%s '%s' cannot be opened for writing",
				  what, db->path);
	case SQLITE_IOERR:
		errno = os ? os : EIO;
		return mst_err_os(err, "%s '%s' cannot be read or written",
				  what, db->path);
	default:
		return mst_err_set(err, MST_E_INTERNAL, "%s '%s': %s (%d)",
				   what, db->path, text, rc);
	}
}

int mst_db_exec(struct mst_db *db, const char *sql, struct mst_err *err)
{
	int rc = sqlite3_exec(db->h, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : mst_db_fail(db, rc, err);
}

int mst_db_number(struct mst_db *db, const char *sql, int64_t *n_r,
		  struct mst_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db->h, sql, -1, &st, NULL);

	if (rc == SQLITE_OK) {
		rc = sqlite3_step(st);
		if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
			*n_r =
			    rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
			rc = SQLITE_OK;
		}
	}
	rc = rc == SQLITE_OK ? 0 : mst_db_fail(db, rc, err);
	sqlite3_finalize(st);
	return rc;
}

/* Makes the file with our mode; SQLite gives its log the same. */
static int make_file(struct mst_db *db, struct mst_err *err)
{
	char *dir = mst_strdup(db->path);
	char *slash = strrchr(dir, '/');
	int rc = 0, fd;

	if (slash && slash != dir) {
		*slash = 0;
		rc = mst_dir_make(dir, err);
	}
	free(dir);
	if (rc < 0)
		return rc;
	fd = open(db->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return mst_err_os(err, "%s '%s' cannot be made", db->spec->what,
				  db->path);
	close(fd);
	return 0;
}

static int look(struct mst_db *db, bool create, struct mst_err *err)
{
	const char *what = db->spec->what;
	struct stat sb;

	if (stat(db->path, &sb) == 0) {
		if (S_ISREG(sb.st_mode))
			return 0;
		return mst_err_set(err, MST_E_INVALID,
				   "%s '%s' is not a file: name a file, or a "
				   "place where one can be made",
				   what, db->path);
	}
	if (errno != ENOENT)
		return mst_err_os(err, "%s '%s' cannot be opened", what,
				  db->path);
	if (create)
		return make_file(db, err);
	return mst_err_set(err, MST_E_NOTFOUND,
			   "%s '%s' does not exist yet: it is made by the "
			   "first run",
			   what, db->path);
}

int mst_db_find(const struct mst_db_spec *spec, const char *path, bool create,
		struct mst_err *err)
{
	struct mst_db db = {.spec = spec, .path = mst_strdup(path)};
	int rc;

	mst_db_files_lock();
	rc = look(&db, create, err);
	mst_db_files_unlock();
	free(db.path);
	return rc;
}

static int not_ours(const struct mst_db *db, struct mst_err *err)
{
	return mst_err_set(err, MST_E_CORRUPT,
			   "'%s' is not a %s but some other database: move it "
			   "away, or name another place",
			   db->path, db->spec->what);
}

static int open_alone(struct mst_db *db, bool create, struct mst_err *err)
{
	int rc = look(db, create, err);

	if (rc < 0)
		return rc;
	if (mst_db_head_is_foreign(db->path, (uint32_t)db->spec->app_id))
		return not_ours(db, err);
	rc = sqlite3_open_v2(db->path, &db->h,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		return mst_db_fail(db, rc, err);
	db->file = mst_db_files_add(db->path);
	sqlite3_extended_result_codes(db->h, 1);
	sqlite3_busy_timeout(db->h, BUSY_MS);
	return 0;
}

static int open_file(struct mst_db *db, bool create, struct mst_err *err)
{
	int rc;

	mst_db_files_lock();
	rc = open_alone(db, create, err);
	mst_db_files_unlock();
	return rc;
}

static int set_up(struct mst_db *db, struct mst_err *err)
{
	char sql[512];

	/* The page size counts only before the first page is written, the lock
	 * mode only before the log is opened. Deleted bytes are check sums;
	 * overwriting them with zeroes (a distribution's default) is waste.
	 * The log keeps its length while the file is open: one that grows
	 * again makes syncs slower. */
	(void)snprintf(sql, sizeof(sql),
		       "PRAGMA page_size=%u; PRAGMA locking_mode=%s;"
		       "PRAGMA auto_vacuum=NONE; PRAGMA secure_delete=OFF;"
		       "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s;"
		       "PRAGMA cache_size=-%u; PRAGMA foreign_keys=OFF;"
		       "PRAGMA journal_size_limit=%u;"
		       "PRAGMA wal_autocheckpoint=%u; PRAGMA temp_store=FILE;"
		       "PRAGMA trusted_schema=OFF;",
		       db->spec->page_bytes,
		       db->spec->exclusive ? "EXCLUSIVE" : "NORMAL",
		       db->spec->durable ? "FULL" : "NORMAL",
		       db->spec->cache_kib, db->spec->log_kib * 2048,
		       db->spec->log_kib * 1024 / db->spec->page_bytes);
	return mst_db_exec(db, sql, err);
}

/* Brings an older file to our version, within the caller's transaction. */
static int upgrade(struct mst_db *db, int64_t version, struct mst_err *err)
{
	char sql[64];
	int rc = 0;

	for (; version < db->spec->version && rc == 0; version++) {
		rc = mst_db_exec(db, db->spec->upgrade[version - 1], err);
		(void)snprintf(sql, sizeof(sql), "PRAGMA user_version=%d",
			       (int)version + 1);
		if (rc == 0)
			rc = mst_db_exec(db, sql, err);
	}
	return rc;
}

static int whose(struct mst_db *db, int64_t *id_r, int64_t *version_r,
		 struct mst_err *err)
{
	int rc = mst_db_number(db, "PRAGMA application_id", id_r, err);

	if (rc == 0)
		rc = mst_db_number(db, "PRAGMA user_version", version_r, err);
	return rc;
}

/* Makes the tables, or makes sure that they are ours and not newer. */
static int check_schema(struct mst_db *db, struct mst_err *err)
{
	const struct mst_db_spec *spec = db->spec;
	int64_t id = 0, version = 0, tables = 0;
	char sql[128];
	int rc;

	/* The usual file is only looked at: who opens it waits for nobody that
	 * writes. What a version is made of is there when it says so. */
	rc = whose(db, &id, &version, err);
	if (rc < 0 || (id == spec->app_id && version == spec->version))
		return rc;
	rc = mst_db_exec(db, "BEGIN IMMEDIATE", err);
	if (rc < 0)
		return rc;
	rc = whose(db, &id, &version, err);
	if (rc == 0)
		rc = mst_db_number(db, "SELECT count(*) FROM sqlite_schema",
				   &tables, err);
	if (rc == 0 && id == 0 && version == 0 && tables == 0) {
		(void)snprintf(sql, sizeof(sql),
			       "PRAGMA application_id=%d;"
			       "PRAGMA user_version=%d",
			       spec->app_id, spec->version);
		rc = mst_db_exec(db, sql, err);
		if (rc == 0)
			rc = mst_db_exec(db, spec->schema, err);
		db->is_new = rc == 0;
	} else if (rc == 0 && (id != spec->app_id || version < 1)) {
		rc = not_ours(db, err);
	} else if (rc == 0 && version > spec->version) {
		rc = mst_err_set(err, MST_E_UNSUPPORTED,
				 "%s '%s' was written by a newer muster "
				 "(schema %lld, this one knows %d): use that "
				 "version or a later one",
				 spec->what, db->path, (long long)version,
				 spec->version);
	} else if (rc == 0) {
		rc = upgrade(db, version, err);
	}
	if (rc == 0)
		return mst_db_exec(db, "COMMIT", err);
	(void)sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

int mst_db_open(struct mst_db *db, const struct mst_db_spec *spec,
		const char *path, bool create, struct mst_err *err)
{
	int rc;

	*db = (struct mst_db){.spec = spec, .path = mst_strdup(path)};
	db->stmts = mst_alloc(spec->sql_n * sizeof(*db->stmts));
	rc = open_file(db, create, err);
	if (rc == 0)
		rc = set_up(db, err);
	if (rc == 0)
		rc = check_schema(db, err);
	if (rc < 0)
		mst_db_close(db);
	return rc;
}

void mst_db_close(struct mst_db *db)
{
	if (db->in_tx)
		mst_db_abort(db);
	for (unsigned i = 0; db->stmts && i < db->spec->sql_n; i++)
		sqlite3_finalize(db->stmts[i]);
	free(db->stmts);
	mst_db_files_lock();
	sqlite3_close(db->h);
	mst_db_files_del(db->file);
	mst_db_files_unlock();
	free(db->path);
	*db = (struct mst_db){0};
}

int mst_db_prepare(struct mst_db *db, const char *sql, sqlite3_stmt **st_r,
		   struct mst_err *err)
{
	int rc = sqlite3_prepare_v3(db->h, sql, -1, SQLITE_PREPARE_PERSISTENT,
				    st_r, NULL);

	return rc == SQLITE_OK ? 0 : mst_db_fail(db, rc, err);
}

int mst_db_stmt(struct mst_db *db, unsigned id, sqlite3_stmt **st_r,
		struct mst_err *err)
{
	if (!db->stmts[id]) {
		int rc =
		    mst_db_prepare(db, db->spec->sql[id], &db->stmts[id], err);

		if (rc < 0)
			return rc;
	}
	sqlite3_reset(db->stmts[id]);
	sqlite3_clear_bindings(db->stmts[id]);
	*st_r = db->stmts[id];
	return 0;
}

int mst_db_step(struct mst_db *db, sqlite3_stmt *st, struct mst_err *err)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE) {
		sqlite3_reset(st);
		return 0;
	}
	rc = mst_db_fail(db, rc, err);
	sqlite3_reset(st);
	/* A full disk and its like undo the whole transaction. */
	if (db->in_tx && sqlite3_get_autocommit(db->h))
		db->tx_broken = true;
	return rc;
}

int mst_db_run(struct mst_db *db, sqlite3_stmt *st, struct mst_err *err)
{
	int rc;

	do
		rc = mst_db_step(db, st, err);
	while (rc > 0);
	return rc;
}

void mst_db_reset(sqlite3_stmt *st)
{
	sqlite3_reset(st);
}

int64_t mst_db_last_id(struct mst_db *db)
{
	return sqlite3_last_insert_rowid(db->h);
}

int64_t mst_db_changes(struct mst_db *db)
{
	return sqlite3_changes64(db->h);
}

int mst_db_begin(struct mst_db *db, struct mst_err *err)
{
	int rc;

	if (db->in_tx)
		return mst_err_set(err, MST_E_INTERNAL,
				   "%s '%s': a transaction is open already",
				   db->spec->what, db->path);
	rc = mst_db_exec(db, "BEGIN IMMEDIATE", err);
	if (rc < 0)
		return rc;
	db->in_tx = true;
	db->tx_broken = false;
	return 0;
}

int mst_db_commit(struct mst_db *db, struct mst_err *err)
{
	int rc;

	if (!db->in_tx)
		return mst_err_set(err, MST_E_INTERNAL,
				   "%s '%s': no transaction is open",
				   db->spec->what, db->path);
	if (db->tx_broken) {
		mst_db_abort(db);
		return mst_err_set(err, MST_E_IO,
				   "%s '%s': nothing was stored, a write of "
				   "the transaction had failed",
				   db->spec->what, db->path);
	}
	rc = mst_db_exec(db, "COMMIT", err);
	if (rc < 0)
		mst_db_abort(db);
	db->in_tx = false;
	return rc;
}

void mst_db_abort(struct mst_db *db)
{
	if (db->in_tx && !sqlite3_get_autocommit(db->h))
		(void)sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
	db->in_tx = false;
	db->tx_broken = false;
}

int mst_db_own_begin(struct mst_db *db, bool *own_r, struct mst_err *err)
{
	*own_r = !db->in_tx;
	return *own_r ? mst_db_begin(db, err) : 0;
}

int mst_db_own_end(struct mst_db *db, bool own, int rc, struct mst_err *err)
{
	if (!own)
		return rc;
	if (rc == 0)
		return mst_db_commit(db, err);
	mst_db_abort(db);
	return rc;
}

int mst_db_compact(struct mst_db *db, uint64_t live_bytes, struct mst_err *err)
{
	int64_t pages = 0, n = 0;
	uint64_t bytes;
	int rc = mst_db_number(db, "PRAGMA page_count", &pages, err);

	if (rc < 0)
		return rc;
	bytes = (uint64_t)pages * db->spec->page_bytes;
	/* A rewrite costs as much as the file is large: for an eighth only. */
	if (bytes > live_bytes + live_bytes / 8 + 8 * db->spec->page_bytes) {
		rc = mst_db_exec(db, "VACUUM", err);
		if (rc == -MST_E_IO)
			return mst_err_prefix(
			    err, "a rewrite needs room beside the file and in "
				 "the folder for temporary files "
				 "(SQLITE_TMPDIR, TMPDIR, else /var/tmp)");
		if (rc < 0)
			return rc;
	}
	/* Gives a row whose first column is 1 when a reader of another process
	 * held it up; the log then goes with a later one. */
	return mst_db_number(db, "PRAGMA wal_checkpoint(TRUNCATE)", &n, err);
}

int mst_db_sync(struct mst_db *db, struct mst_err *err)
{
	int64_t n = 0;

	/* Syncs the log before it looks whether it may move it. */
	return mst_db_number(db, "PRAGMA wal_checkpoint(PASSIVE)", &n, err);
}

uint64_t mst_db_bytes(const struct mst_db *db)
{
	char *log = mst_asprintf("%s-wal", db->path);
	struct stat sb;
	uint64_t n = 0;

	if (stat(db->path, &sb) == 0)
		n += (uint64_t)sb.st_size;
	if (stat(log, &sb) == 0)
		n += (uint64_t)sb.st_size;
	free(log);
	return n;
}

void mst_db_bind_int(sqlite3_stmt *st, int i, int64_t v)
{
	sqlite3_bind_int64(st, i, v);
}

void mst_db_bind_time(sqlite3_stmt *st, int i, int64_t us)
{
	if (us == MST_TIME_NONE)
		sqlite3_bind_null(st, i);
	else
		sqlite3_bind_int64(st, i, us);
}

void mst_db_bind_text(sqlite3_stmt *st, int i, const char *s)
{
	sqlite3_bind_text(st, i, s ? s : "", -1, SQLITE_STATIC);
}

void mst_db_bind_blob(sqlite3_stmt *st, int i, struct mst_slice s)
{
	sqlite3_bind_blob64(st, i, s.n ? s.p : "", s.n, SQLITE_STATIC);
}

int64_t mst_db_int(sqlite3_stmt *st, int col)
{
	return sqlite3_column_int64(st, col);
}

int64_t mst_db_time(sqlite3_stmt *st, int col)
{
	if (sqlite3_column_type(st, col) == SQLITE_NULL)
		return MST_TIME_NONE;
	return sqlite3_column_int64(st, col);
}

const char *mst_db_text(sqlite3_stmt *st, int col)
{
	const unsigned char *s = sqlite3_column_text(st, col);

	return s ? (const char *)s : "";
}

struct mst_slice mst_db_blob(sqlite3_stmt *st, int col)
{
	const char *p = sqlite3_column_blob(st, col);

	return mst_slice(p, p ? (size_t)sqlite3_column_bytes(st, col) : 0);
}
