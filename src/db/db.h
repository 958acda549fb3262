/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite behind a small header, for the stores that keep a database file:
 * opening with checks, statements from one const table, transactions, errors
 * as lines that say what to do. And the file lock that dies with its process.
 * One owner, one thread.
 */
#ifndef MST_DB_DB_H
#define MST_DB_DB_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct sqlite3;
struct sqlite3_stmt;
struct open_file;

/* What a store's database is; const data of the store. */
struct mst_db_spec {
	const char *what;   /* "RecVer", "state store": in errors */
	const char *remedy; /* what to do when the file is damaged */
	const char *schema; /* statements that make the tables */
	int version;	    /* of the schema; a newer file is refused */
	/* upgrade[i] makes version i + 2 of version i + 1: version - 1 of
	 * them; NULL when there is only one version. */
	const char *const *upgrade;
	int app_id; /* marks the file as this store's */
	unsigned page_bytes;
	unsigned cache_kib;
	/* The log is moved into the file when it is as large. A larger one
	 * writes fewer pages twice. */
	unsigned log_kib;
	/* One process only: no shared-memory file, locks held until close. */
	bool exclusive;
	/* Every commit is on the disk before it returns. Else a power cut may
	 * take the last ones (a crash of the program never does); the file is
	 * whole either way. */
	bool durable;
	const char *const *sql; /* statements by number */
	unsigned sql_n;
};

/* To be embedded; the members are the module's own. */
struct mst_db {
	const struct mst_db_spec *spec;
	struct sqlite3 *h;
	struct sqlite3_stmt **stmts;
	char *path;
	struct open_file *file; /* among those of this process */
	bool is_new;		/* its tables were made by this open */
	bool in_tx, tx_broken;
};

/* Opens, or makes (mode 0600, folder 0700) when create. MST_E_NOTFOUND when
 * it is not there, MST_E_UNSUPPORTED for a newer schema, MST_E_CORRUPT for a
 * damaged file or another program's, MST_E_CONFLICT when another process
 * keeps it busy. On failure db is closed. */
int mst_db_open(struct mst_db *db, const struct mst_db_spec *spec,
		const char *path, bool create, struct mst_err *err);
void mst_db_close(struct mst_db *db);
/* Is the file another program's SQLite database? Reads its first page alone;
 * false for what is none, or not there. */
bool mst_db_is_foreign(const char *path, uint32_t app_id);
/* The part of opening that looks for the file or makes it, empty: for a store
 * that takes its lock beside the file before it opens it. */
int mst_db_find(const struct mst_db_spec *spec, const char *path, bool create,
		struct mst_err *err);

/* Statement `id` of the table, ready for binding. A loop over its rows must not
 * use the same statement within. */
int mst_db_stmt(struct mst_db *db, unsigned id, struct sqlite3_stmt **st_r,
		struct mst_err *err);
/* One of the caller's own, which it finalizes before the database is closed. */
int mst_db_prepare(struct mst_db *db, const char *sql,
		   struct sqlite3_stmt **st_r, struct mst_err *err);
/* One step. Returns 1 for a row, 0 at the end (and resets), <0 on error. */
int mst_db_step(struct mst_db *db, struct sqlite3_stmt *st,
		struct mst_err *err);
/* Steps to the end of a statement that gives no rows. */
int mst_db_run(struct mst_db *db, struct sqlite3_stmt *st, struct mst_err *err);
/* Ends a statement before its last row. */
void mst_db_reset(struct sqlite3_stmt *st);
/* Runs SQL text without results. */
int mst_db_exec(struct mst_db *db, const char *sql, struct mst_err *err);
/* The number that a query (a pragma, a count) gives. */
int mst_db_number(struct mst_db *db, const char *sql, int64_t *n_r,
		  struct mst_err *err);
/* Of the last statement: the row that an insert made, how many it changed. */
int64_t mst_db_last_id(struct mst_db *db);
int64_t mst_db_changes(struct mst_db *db);
/* Sets err from SQLite's last error. */
int mst_db_fail(struct mst_db *db, int rc, struct mst_err *err);

/* One transaction at a time. When a statement of a transaction failed in a
 * way that undid it (full disk), the commit fails too. A failed commit leaves
 * everything as it was before begin. */
int mst_db_begin(struct mst_db *db, struct mst_err *err);
int mst_db_commit(struct mst_db *db, struct mst_err *err);
void mst_db_abort(struct mst_db *db);
/* For calls that are their own transaction unless one is open: opens one if
 * needed, *own_r says so; the end commits or aborts by rc and returns what the
 * call shall return. */
int mst_db_own_begin(struct mst_db *db, bool *own_r, struct mst_err *err);
int mst_db_own_end(struct mst_db *db, bool own, int rc, struct mst_err *err);

/* Rewrites the file without gaps if it is a good deal larger than live_bytes,
 * and moves the log into it. */
int mst_db_compact(struct mst_db *db, uint64_t live_bytes, struct mst_err *err);
/* What is committed is on the disk when this returns; for stores that are not
 * durable. */
int mst_db_sync(struct mst_db *db, struct mst_err *err);
/* Bytes of file and log. */
uint64_t mst_db_bytes(const struct mst_db *db);

/* Binding and reading. Bound bytes must live until the statement ran. A slice
 * without bytes binds as empty, not as NULL. */
void mst_db_bind_int(struct sqlite3_stmt *st, int i, int64_t v);
void mst_db_bind_time(struct sqlite3_stmt *st, int i, int64_t us);
void mst_db_bind_text(struct sqlite3_stmt *st, int i, const char *s);
void mst_db_bind_blob(struct sqlite3_stmt *st, int i, struct mst_slice s);
int64_t mst_db_int(struct sqlite3_stmt *st, int col);
int64_t mst_db_time(struct sqlite3_stmt *st, int col);	   /* NULL: TIME_NONE */
const char *mst_db_text(struct sqlite3_stmt *st, int col); /* NULL: "" */
struct mst_slice mst_db_blob(struct sqlite3_stmt *st, int col);

/* ---- file lock ----------------------------------------------------------- */

struct mst_lock {
	int fd;
	char *path;
};

#define MST_LOCK_INIT                                                          \
	{                                                                      \
		.fd = -1                                                       \
	}

/* Takes the lock of a file (made when missing, never removed), which dies
 * with the process. A holder's note is in the file. MST_E_CONFLICT when
 * another has it: "<what> is in use by <note>"; what is put into the message
 * as it is. note NULL: "process <pid>". */
int mst_lock_take(struct mst_lock *l, const char *path, const char *what,
		  const char *note, struct mst_err *err);
/* Replaces the note. */
int mst_lock_note(struct mst_lock *l, const char *note, struct mst_err *err);
void mst_lock_drop(struct mst_lock *l);
/* Whether somebody holds it; then the note is appended. A file that is not
 * there is not held. */
int mst_lock_peek(const char *path, bool *held_r, struct mst_buf *note,
		  struct mst_err *err);

#endif
