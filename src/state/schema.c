/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of the state store as a SQLite file, and what makes each version
 * of an older one. sql/state/create.sql is the same for PostgreSQL.
 */
#include "schema.h"

#include "db/db.h"

/* Numbers are INTEGER, times microseconds since 1970; a time that is not set is
 * NULL. */

#define TABLE(name, columns) "CREATE TABLE " name "(" columns ") STRICT;"

#define RUN_INDEXES                                                            \
	"CREATE INDEX run_status ON run(status, id);"                          \
	"CREATE INDEX run_job_status ON run(job, status, id);"

#define TASK_TABLES                                                            \
	"CREATE TABLE task(id INTEGER PRIMARY KEY AUTOINCREMENT, kind"         \
	" TEXT NOT NULL, job TEXT NOT NULL, connection TEXT NOT NULL,"         \
	" argv TEXT NOT NULL, files TEXT NOT NULL, state INTEGER NOT"          \
	" NULL, repeat INTEGER NOT NULL, asked_by TEXT NOT NULL,"              \
	" asked_via TEXT NOT NULL, approved_by TEXT NOT NULL, node TEXT"       \
	" NOT NULL, created_us INTEGER NOT NULL, not_before_us INTEGER"        \
	" NOT NULL, started_us INTEGER, ended_us INTEGER, run INTEGER"         \
	" NOT NULL, exit_status INTEGER NOT NULL, cancel INTEGER NOT"          \
	" NULL, error TEXT NOT NULL, progress TEXT NOT NULL, output_n"         \
	" INTEGER NOT NULL) STRICT;"                                           \
	"CREATE INDEX task_state ON task(state, id);"                          \
	"CREATE INDEX task_kind ON task(kind, id);"                            \
	"CREATE INDEX task_job ON task(job, id);"                              \
	"CREATE INDEX task_connection ON task(connection, id);"                \
	"CREATE TABLE task_piece(task INTEGER NOT NULL, log INTEGER NOT"       \
	" NULL, n INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY"              \
	" KEY(task, log, n)) STRICT;"                                          \
	"CREATE TABLE request_key(caller TEXT NOT NULL, key TEXT NOT"          \
	" NULL, body BLOB NOT NULL, at_us INTEGER NOT NULL, first"             \
	" INTEGER NOT NULL, PRIMARY KEY(caller, key)) STRICT;"                 \
	"CREATE INDEX request_key_at ON request_key(at_us);"                   \
	"CREATE TABLE job_plan(job TEXT PRIMARY KEY, next_us INTEGER,"         \
	" basis INTEGER NOT NULL, last_due_us INTEGER, paused INTEGER"         \
	" NOT NULL, paused_by TEXT NOT NULL, paused_why TEXT NOT NULL,"        \
	" paused_us INTEGER) STRICT;"                                          \
	"CREATE TABLE node(name TEXT PRIMARY KEY, incarnation INTEGER"         \
	" NOT NULL, version TEXT NOT NULL, address TEXT NOT NULL,"             \
	" started_us INTEGER NOT NULL, beat_us INTEGER NOT NULL)"              \
	" STRICT;"                                                             \
	"CREATE TABLE budget(connection TEXT PRIMARY KEY, hour_us"             \
	" INTEGER NOT NULL, used INTEGER NOT NULL) STRICT;"                    \
	"CREATE TABLE trend(job TEXT NOT NULL, name TEXT NOT NULL,"            \
	" at_us INTEGER NOT NULL, value REAL NOT NULL, PRIMARY KEY(job,"       \
	" name, at_us)) STRICT;"                                               \
	"CREATE TABLE notice(id INTEGER PRIMARY KEY AUTOINCREMENT, kind"       \
	" TEXT NOT NULL, about TEXT NOT NULL, level TEXT NOT NULL,"            \
	" words TEXT NOT NULL, since_us INTEGER NOT NULL, told_us"             \
	" INTEGER, over_us INTEGER) STRICT;"                                   \
	"CREATE UNIQUE INDEX notice_on ON notice(kind, about) WHERE"           \
	" over_us IS NULL;"

#define ACCESS_TABLES                                                          \
	"CREATE TABLE users(name TEXT PRIMARY KEY, full_name TEXT NOT"         \
	" NULL, role INTEGER NOT NULL, disabled INTEGER NOT NULL,"             \
	" must_change INTEGER NOT NULL, hash TEXT NOT NULL, oidc_issuer"       \
	" TEXT NOT NULL, oidc_subject TEXT NOT NULL, failures INTEGER"         \
	" NOT NULL, locked_us INTEGER, created_us INTEGER NOT NULL,"           \
	" changed_us INTEGER, seen_us INTEGER) STRICT;"                        \
	"CREATE UNIQUE INDEX users_subject ON users(oidc_issuer,"              \
	" oidc_subject) WHERE oidc_subject <> '';"                             \
	"CREATE TABLE session(id BLOB PRIMARY KEY, owner TEXT NOT NULL,"       \
	" csrf TEXT NOT NULL, address TEXT NOT NULL, agent TEXT NOT"           \
	" NULL, created_us INTEGER NOT NULL, seen_us INTEGER NOT NULL,"        \
	" ends_us INTEGER NOT NULL) STRICT;"                                   \
	"CREATE INDEX session_owner ON session(owner);"                        \
	"CREATE TABLE token(id TEXT PRIMARY KEY, name TEXT NOT NULL,"          \
	" owner TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, scopes"              \
	" INTEGER NOT NULL, created_us INTEGER NOT NULL, ends_us"              \
	" INTEGER, seen_us INTEGER, UNIQUE(owner, name)) STRICT;"              \
	"CREATE TABLE approval(id INTEGER PRIMARY KEY AUTOINCREMENT,"          \
	" state TEXT NOT NULL, what TEXT NOT NULL, needs TEXT NOT NULL,"       \
	" request TEXT NOT NULL, asked_by TEXT NOT NULL, decided_by"           \
	" TEXT NOT NULL, why TEXT NOT NULL, task INTEGER NOT NULL,"            \
	" asked_us INTEGER NOT NULL, decided_us INTEGER, ends_us"              \
	" INTEGER) STRICT;"                                                    \
	"CREATE INDEX approval_state ON approval(state, id);"

/* The head is the newest entry. An entry that has its hash is never changed:
 * one of an older version gets it once. */
#define CHAIN                                                                  \
	TABLE("audit_head", "one INTEGER PRIMARY KEY CHECK(one=1),"            \
			    " id INTEGER NOT NULL, hash BLOB NOT NULL")        \
	"INSERT INTO audit_head(one, id, hash) VALUES(1, 0, zeroblob(32));"    \
	"CREATE INDEX audit_name ON audit(kind, name, id);"                    \
	"CREATE INDEX audit_user ON audit(\"user\", id);"                      \
	"CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN"               \
	" SELECT raise(ABORT, 'entries of the audit are never removed');"      \
	" END;"                                                                \
	"CREATE TRIGGER audit_same BEFORE UPDATE ON audit"                     \
	" WHEN OLD.hash IS NOT NULL BEGIN"                                     \
	" SELECT raise(ABORT, 'entries of the audit are never changed');"      \
	" END;"

#define SERVICE                                                                \
	"ALTER TABLE audit ADD COLUMN via TEXT NOT NULL DEFAULT '';"           \
	"ALTER TABLE audit ADD COLUMN address TEXT NOT NULL DEFAULT '';"       \
	"ALTER TABLE audit ADD COLUMN hash BLOB;"                              \
	"ALTER TABLE run ADD COLUMN task INTEGER NOT NULL DEFAULT 0;"          \
	"ALTER TABLE run ADD COLUMN asked_by TEXT NOT NULL DEFAULT "           \
	"'';" RUN_INDEXES TASK_TABLES ACCESS_TABLES CHAIN

#define FIELD_TABLES                                                           \
	"CREATE TABLE run_field(run INTEGER NOT NULL, rset TEXT NOT NULL,"     \
	" column TEXT NOT NULL, seen INTEGER NOT NULL,"                        \
	" writes INTEGER NOT NULL, PRIMARY KEY(run, rset, column))"            \
	" STRICT, WITHOUT ROWID;"                                              \
	"CREATE TABLE sample(job TEXT NOT NULL, rset TEXT NOT NULL,"           \
	" key BLOB NOT NULL, bytes BLOB NOT NULL,"                             \
	" PRIMARY KEY(job, rset, key)) STRICT, WITHOUT ROWID;"

#define SECRET_TABLE                                                           \
	"CREATE TABLE secret(name TEXT PRIMARY KEY, sealed BLOB NOT NULL,"     \
	" changed_us INTEGER NOT NULL) STRICT;"

#define ITEM_CREATED                                                           \
	"ALTER TABLE item ADD COLUMN created_us INTEGER NOT NULL DEFAULT 0;"   \
	"UPDATE item SET created_us=changed_us"

static const char *const upgrades[] = {
    "ALTER TABLE audit ADD COLUMN what TEXT NOT NULL DEFAULT ''",
    FIELD_TABLES,
    SECRET_TABLE,
    ITEM_CREATED,
    SERVICE,
};

const struct mst_db_spec mst_state_spec = {
    .what = "state store",
    .remedy = "put a backup back, or move the file away and apply the "
	      "configuration again; only the history of runs is lost",
    .schema =
	"CREATE TABLE item(kind TEXT NOT NULL, name TEXT NOT NULL,"
	" type TEXT NOT NULL, yaml TEXT NOT NULL, changed_us INTEGER NOT NULL,"
	" created_us INTEGER NOT NULL DEFAULT 0,"
	" PRIMARY KEY(kind, name)) STRICT;"
	"CREATE TABLE audit(id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL,"
	" uid INTEGER NOT NULL, user TEXT NOT NULL, kind TEXT NOT NULL,"
	" name TEXT NOT NULL, before TEXT, after TEXT NOT NULL,"
	" what TEXT NOT NULL DEFAULT '', via TEXT NOT NULL DEFAULT '',"
	" address TEXT NOT NULL DEFAULT '', hash BLOB) STRICT;"
	"CREATE TABLE run(id INTEGER PRIMARY KEY, job TEXT NOT NULL,"
	" started_us INTEGER NOT NULL, ended_us INTEGER,"
	" status INTEGER NOT NULL, error TEXT, read INTEGER, writes INTEGER,"
	" requests INTEGER, proof TEXT, task INTEGER NOT NULL DEFAULT 0,"
	" asked_by TEXT NOT NULL DEFAULT '') STRICT;"
	"CREATE INDEX run_job ON run(job, id);"
	"CREATE TABLE run_set(id INTEGER PRIMARY KEY, run INTEGER NOT NULL,"
	" name TEXT NOT NULL, read INTEGER NOT NULL, new INTEGER NOT NULL,"
	" changed INTEGER NOT NULL, retired INTEGER NOT NULL,"
	" deleted INTEGER NOT NULL, closed INTEGER NOT NULL,"
	" reopened INTEGER NOT NULL, unchanged INTEGER NOT NULL,"
	" refused INTEGER NOT NULL, skipped INTEGER NOT NULL,"
	" requests INTEGER NOT NULL, us INTEGER NOT NULL,"
	" UNIQUE(run, name)) STRICT;"
	"CREATE TABLE run_item(id INTEGER PRIMARY KEY, run INTEGER NOT NULL,"
	" rset TEXT NOT NULL, key TEXT NOT NULL, what TEXT NOT NULL,"
	" reason TEXT NOT NULL, request_id TEXT NOT NULL) STRICT;"
	"CREATE INDEX run_item_run ON run_item(run);"
	"CREATE TABLE job(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"
	" STRICT;"
	"CREATE TABLE write_new(id INTEGER PRIMARY KEY, job INTEGER NOT NULL,"
	" key BLOB NOT NULL, run INTEGER NOT NULL, action INTEGER NOT NULL,"
	" verdict INTEGER NOT NULL, at_us INTEGER NOT NULL,"
	" request_id TEXT NOT NULL, remote BLOB) STRICT;"
	"CREATE TABLE write(job INTEGER NOT NULL, key BLOB NOT NULL,"
	" run INTEGER NOT NULL, action INTEGER NOT NULL,"
	" verdict INTEGER NOT NULL, at_us INTEGER NOT NULL,"
	" request_id TEXT NOT NULL, remote BLOB, PRIMARY KEY(job, key))"
	" STRICT, WITHOUT ROWID;" FIELD_TABLES SECRET_TABLE RUN_INDEXES
	    TASK_TABLES ACCESS_TABLES CHAIN,
    .version = MST_STATE_VERSION,
    .upgrade = upgrades,
    .app_id = 0x4d535354, /* "MSST" */
    .page_bytes = 8192,
    .cache_kib = 8192,
    .log_kib = 8192,
    .exclusive = false,
    .durable = false, /* history; configuration is synced where it is put */
};
