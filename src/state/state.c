/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening the state store: where it is, its tables and all its statements.
 *
 * The file may be open in several processes at once (a run and somebody who
 * looks at it), so it is not locked as RecVer is; jobs have locks instead.
 */
#include "state/state.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "state_private.h"

static const char *const sql[Q__MAX] = {
    [Q_ITEM_GET] = "SELECT yaml, type FROM item WHERE kind=?1 AND name=?2",
    /* When it came to be stays. */
    [Q_ITEM_PUT] = "INSERT INTO item(kind, name, type, yaml, changed_us,"
		   " created_us) VALUES(?1, ?2, ?3, ?4, ?5, ?5)"
		   " ON CONFLICT DO UPDATE SET type=?3, yaml=?4, changed_us=?5",
    [Q_ITEM_DEL] = "DELETE FROM item WHERE kind=?1 AND name=?2",
    [Q_ITEMS] = "SELECT kind, name, type, yaml, created_us FROM item"
		" WHERE ?1 IS NULL OR kind=?1 ORDER BY kind, name",
    [Q_AUDIT_PUT] = "INSERT INTO audit(at_us, uid, user, kind, name, before,"
		    " after, what) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [Q_AUDIT] = "SELECT id, at_us, uid, user, kind, name, before, after, what"
		" FROM audit WHERE ?1=0 OR id<?1 ORDER BY id DESC LIMIT ?2",
    [Q_RUN_ADD] = "INSERT INTO run(job, started_us, status) VALUES(?1, ?2, ?3)",
    [Q_RUN_END] = "UPDATE run SET ended_us=?2, status=?3, error=?4, read=?5,"
		  " writes=?6, requests=?7, proof=?8 WHERE id=?1",
    [Q_RUN_DEAD] = "UPDATE run SET status=?2 WHERE job=?1 AND status=?3",
    /* The newest run that goes: ?2 runs are newer. */
    [Q_RUN_OLDEST] = "SELECT id FROM run WHERE job=?1 ORDER BY id DESC"
		     " LIMIT 1 OFFSET ?2",
    [Q_RUN_TRIM] = "DELETE FROM run WHERE job=?1 AND id<=?2",
    [Q_RUN_TRIM_SETS] = "DELETE FROM run_set WHERE run IN"
			" (SELECT id FROM run WHERE job=?1 AND id<=?2)",
    [Q_RUN_TRIM_ITEMS] = "DELETE FROM run_item WHERE run IN"
			 " (SELECT id FROM run WHERE job=?1 AND id<=?2)",
    [Q_RUN_TRIM_FIELDS] = "DELETE FROM run_field WHERE run IN"
			  " (SELECT id FROM run WHERE job=?1 AND id<=?2)",
    [Q_RUNS] = "SELECT id, job, started_us, ended_us, status, error, read,"
	       " writes, requests, proof FROM run"
	       " WHERE (?1 IS NULL OR job=?1) AND (?2=0 OR id<?2)"
	       " ORDER BY id DESC LIMIT ?3",
    [Q_RUN] = "SELECT id, job, started_us, ended_us, status, error, read,"
	      " writes, requests, proof FROM run WHERE id=?1",
    [Q_SET_PUT] =
	"INSERT INTO run_set(run, name, read, new, changed, retired, deleted,"
	" closed, reopened, unchanged, refused, skipped, requests, us)"
	" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
	" ON CONFLICT DO UPDATE SET read=?3, new=?4, changed=?5, retired=?6,"
	" deleted=?7, closed=?8, reopened=?9, unchanged=?10, refused=?11,"
	" skipped=?12, requests=?13, us=?14",
    [Q_SETS] = "SELECT name, read, new, changed, retired, deleted, closed,"
	       " reopened, unchanged, refused, skipped, requests, us"
	       " FROM run_set WHERE run=?1 ORDER BY id",
    [Q_LOG_COUNT] = "SELECT count(*) FROM run_item WHERE run=?1",
    [Q_LOG_PUT] = "INSERT INTO run_item(run, rset, key, what, reason,"
		  " request_id) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [Q_LOG] = "SELECT rset, key, what, reason, request_id FROM run_item"
	      " WHERE run=?1 ORDER BY id LIMIT ?2",
    [Q_JOB_GET] = "SELECT id FROM job WHERE name=?1",
    [Q_JOB_PUT] = "INSERT INTO job(name) VALUES(?1) RETURNING id",
    [Q_WRITE_PUT] = "INSERT INTO write_new(job, key, run, action, verdict,"
		    " at_us, request_id, remote)"
		    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    /* Numbers start over when it is emptied; count(*) would read it. */
    [Q_WRITE_COUNT] = "SELECT max(id) FROM write_new",
    [Q_WRITE_MERGE] = "INSERT OR REPLACE INTO write(job, key, run, action,"
		      " verdict, at_us, request_id, remote)"
		      " SELECT job, key, run, action, verdict, at_us,"
		      " request_id, remote FROM write_new"
		      " ORDER BY job, key, id",
    [Q_WRITE_EMPTY] = "DELETE FROM write_new",
    [Q_WRITE_NEW] = "SELECT run, action, verdict, at_us, request_id, remote"
		    " FROM write_new WHERE job=?1 AND key=?2"
		    " ORDER BY id DESC LIMIT 1",
    [Q_WRITE_OLD] = "SELECT run, action, verdict, at_us, request_id, remote"
		    " FROM write WHERE job=?1 AND key=?2",
    [Q_FIELD_ADD] = "INSERT INTO run_field(run, rset, column, seen, writes)"
		    " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE"
		    " SET seen=seen+?4, writes=writes+?5",
    /* The newest runs that updated anything. */
    [Q_FIELDS] = "SELECT rset, column, sum(seen), sum(writes), count(*)"
		 " FROM run_field WHERE run IN (SELECT DISTINCT f.run"
		 " FROM run_field f JOIN run r ON r.id=f.run WHERE r.job=?1"
		 " ORDER BY f.run DESC LIMIT ?2)"
		 " GROUP BY rset, column ORDER BY sum(writes) DESC, rset,"
		 " column",
    [Q_SAMPLE] = "SELECT key, bytes FROM sample WHERE job=?1 AND rset=?2",
    [Q_SAMPLE_PUT] = "INSERT OR REPLACE INTO sample(job, rset, key, bytes)"
		     " VALUES(?1, ?2, ?3, ?4)",
    [Q_SAMPLE_DEL] = "DELETE FROM sample WHERE job=?1 AND rset=?2 AND key=?3",
    [Q_SAMPLE_EMPTY] = "DELETE FROM sample WHERE job=?1 AND rset=?2",
    [Q_SECRET_GET] = "SELECT sealed FROM secret WHERE name=?1",
    [Q_SECRET_PUT] = "INSERT OR REPLACE INTO secret(name, sealed, changed_us)"
		     " VALUES(?1, ?2, ?3)",
    [Q_SECRET_DEL] = "DELETE FROM secret WHERE name=?1",
    [Q_SECRETS] = "SELECT name, sealed, changed_us FROM secret ORDER BY name",
};

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
};

static const struct mst_db_spec spec = {
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
	" what TEXT NOT NULL DEFAULT '') STRICT;"
	"CREATE TABLE run(id INTEGER PRIMARY KEY, job TEXT NOT NULL,"
	" started_us INTEGER NOT NULL, ended_us INTEGER,"
	" status INTEGER NOT NULL, error TEXT, read INTEGER, writes INTEGER,"
	" requests INTEGER, proof TEXT) STRICT;"
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
	" STRICT, WITHOUT ROWID;" FIELD_TABLES SECRET_TABLE,
    .version = 5,
    .upgrade = upgrades,
    .app_id = 0x4d535354, /* "MSST" */
    .page_bytes = 8192,
    .cache_kib = 8192,
    .log_kib = 8192,
    .exclusive = false,
    .durable = false, /* history; configuration is synced where it is put */
    .sql = sql,
    .sql_n = Q__MAX,
};

static char *default_dir(void)
{
	const char *v = secure_getenv("MUSTER_STATE");

	if (v && *v)
		return mst_strdup(v);
	v = secure_getenv("STATE_DIRECTORY");
	if (v && *v) /* systemd joins several with a colon */
		return mst_strndup(v, strcspn(v, ":"));
	if (geteuid() == 0)
		return mst_strdup("/var/lib/muster");
	v = secure_getenv("XDG_STATE_HOME");
	if (v && *v == '/')
		return mst_asprintf("%s/muster", v);
	v = secure_getenv("HOME");
	return v && *v ? mst_asprintf("%s/.local/state/muster", v) : NULL;
}

int mst_state_open(const char *dir, struct mst_state **s_r, struct mst_err *err)
{
	struct mst_state *s = mst_alloc(sizeof(*s));
	char *path;
	int rc;

	s->dir = dir ? mst_strdup(dir) : default_dir();
	if (!s->dir) {
		mst_state_close(&s);
		return mst_err_set(err, MST_E_INVALID,
				   "no place for the state folder: set "
				   "MUSTER_STATE to one");
	}
	path = mst_asprintf("%s/state.db", s->dir);
	rc = mst_dir_make(s->dir, err);
	if (rc == 0)
		rc = mst_db_open(&s->db, &spec, path, true, err);
	free(path);
	if (rc < 0)
		mst_state_close(&s);
	else
		mst_state_secrets_offer(*s_r = s);
	return rc;
}

void mst_state_close(struct mst_state **s)
{
	struct mst_state_lock *l;

	if (!*s)
		return;
	mst_secret_vault_drop(*s);
	while ((l = (*s)->locks))
		mst_state_unlock(&l);
	if ((*s)->db.h)
		mst_db_close(&(*s)->db);
	free((*s)->dir);
	free(*s);
	*s = NULL;
}

const char *mst_state_dir(const struct mst_state *s)
{
	return s->dir;
}
