/* SPDX-License-Identifier: Apache-2.0
 *
 * The database and its tables: made by the very scripts that a DBA would run,
 * brought up to this version, refused when they are newer.
 */
#include <stdlib.h>

#include "base/num.h"
#include "recver/scripts.h"
#include "recver/upgrade.h"
#include "sqlserver_private.h"

#define CANNOT_OPEN 4060

/* ---- scripts ------------------------------------------------------------- */

static void add_line(struct mst_buf *sql, struct mst_slice line,
		     const char *database)
{
	static const char variable[] = "$(recver_database_name)";
	size_t n = sizeof(variable) - 1;

	for (size_t i = 0; i < line.n; i++) {
		if (line.n - i >= n && memcmp(line.p + i, variable, n) == 0) {
			(void)mst_buf_adds(sql, database);
			i += n - 1;
		} else {
			(void)mst_buf_addc(sql, line.p[i]);
		}
	}
	(void)mst_buf_addc(sql, '\n');
}

/* Part 0 goes up to USE, part 1 begins behind it. */
static int run_part(struct mst_ms *c, const char *script, int part,
		    struct mst_err *err)
{
	struct mst_buf sql = MST_BUF_INIT(1u << 20);
	int at = 0, rc = 0;

	for (const char *p = script; *p && rc == 0; p += strcspn(p, "\n") + 1) {
		struct mst_slice line = mst_slice(p, strcspn(p, "\n"));

		if (mst_slice_is(line, "GO")) {
			if (sql.n)
				rc = mst_ms_do(c, sql.p, NULL, 0, err);
			mst_buf_reset(&sql);
		} else if (line.n > 4 && memcmp(p, "USE ", 4) == 0) {
			at++;
		} else if (at == part && line.n && memcmp(p, "--", 2) != 0) {
			add_line(&sql, line, c->database);
		}
	}
	mst_buf_fini(&sql);
	return rc;
}

/* ---- the database -------------------------------------------------------- */

static int to_master(struct mst_ms *c, struct mst_ms *admin,
		     struct mst_err *err)
{
	int native;

	*admin = (struct mst_ms){.conf = c->conf, .database = c->database};
	return mst_ms_open(admin, "master", &native, err);
}

static int absent(struct mst_ms *c, struct mst_err *err)
{
	if (!mst_recver_may_make_database(c->conf))
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the database '%s' does not exist yet, and "
				   "recver.%s says not to make it: run "
				   "sql/sqlserver/create.sql",
				   c->database,
				   c->conf->bypass_setup ? "bypass_setup"
							 : "existing_database");
	return mst_err_set(err, MST_E_NOTFOUND,
			   "the database '%s' does not exist yet: it is made "
			   "by the first run",
			   c->database);
}

/* 0: there is none. 1: it is there and online, 2: and is not. */
static int look_for(struct mst_ms *admin, int64_t *is_r, struct mst_err *err)
{
	struct mst_ms_pack p;
	bool found = false;
	int rc;

	mst_ms_pack_init(&p);
	mst_ms_add_text(&p, admin->database);
	rc =
	    mst_ms_number(admin,
			  "SELECT CASE WHEN state = 0 THEN 1 ELSE 2 END"
			  " FROM sys.databases WHERE name = " MST_MS_TEXT1("0"),
			  &p, 0, is_r, &found, err);
	mst_ms_pack_fini(&p);
	if (!found)
		*is_r = 0;
	return rc;
}

static int make_database(struct mst_ms *admin, struct mst_err *err)
{
	int rc =
	    run_part(admin, mst_recver_script("sqlserver", "create"), 0, err);

	if (rc == -MST_E_TRANSIENT || rc == 0)
		return rc;
	return mst_err_prefix(err,
			      "the database is not there and cannot be made; "
			      "a DBA can, with sql/sqlserver/create.sql and "
			      "role.sql");
}

/* The server does not say why a database cannot be opened: master knows. */
static int why(struct mst_ms *c, bool create, struct mst_err *err)
{
	struct mst_ms admin;
	int64_t is = 0;
	int rc = to_master(c, &admin, err);

	if (rc == 0)
		rc = look_for(&admin, &is, err);
	if (rc == 0 && is == 1)
		rc = mst_err_set(err, MST_E_FORBIDDEN,
				 "the login may not open the database '%s': "
				 "run sql/sqlserver/role.sql for it",
				 c->database);
	else if (rc == 0 && is == 2)
		rc = mst_err_set(err, MST_E_TRANSIENT,
				 "the database '%s' is not online (restoring, "
				 "recovering, suspect or offline): see "
				 "sys.databases, column state_desc",
				 c->database);
	else if (rc == 0 && (!create || !mst_recver_may_make_database(c->conf)))
		rc = absent(c, err);
	else if (rc == 0)
		rc = make_database(&admin, err);
	mst_ms_shut(&admin);
	return rc;
}

static int open_or_make(struct mst_ms *c, bool create, struct mst_err *err)
{
	int native;
	int rc = mst_ms_open(c, c->database, &native, err);

	if (native != CANNOT_OPEN)
		return rc;
	mst_err_clear(err);
	rc = why(c, create, err);
	return rc < 0 ? rc : mst_ms_open(c, c->database, &native, err);
}

/* A secondary and a database that was set read-only look alike. */
static int may_write(struct mst_ms *c, struct mst_err *err)
{
	int64_t read_only = 0;
	bool found;
	int rc = mst_ms_number(c,
			       "SELECT CASE WHEN CONVERT(nvarchar(60),"
			       " DATABASEPROPERTYEX(DB_NAME(),"
			       " N'Updateability')) = N'READ_ONLY'"
			       " THEN 1 ELSE 0 END",
			       NULL, 0, &read_only, &found, err);

	if (rc == 0 && read_only)
		rc = mst_err_set(err, MST_E_FORBIDDEN,
				 "the database is read-only (a secondary, or "
				 "set so): let recver.server name the primary, "
				 "or ALTER DATABASE … SET READ_WRITE");
	return rc;
}

/* ---- versions ------------------------------------------------------------ */

/* 0: there are no tables, or not all of them. */
static int read_version(void *p, unsigned *version_r, struct mst_err *err)
{
	struct mst_ms *c = p;
	struct mst_buf text = MST_BUF_INIT(64);
	bool found = false;
	uint64_t n = 0;
	int rc = mst_ms_meta_get(c, "", "schema", &text, &found, err);

	*version_r = 0;
	if (rc == -MST_E_NOTFOUND) {
		mst_err_clear(err);
		rc = 0;
	} else if (rc == 0 && found) {
		if (mst_num_u64(mst_buf_slice(&text), &n) && n && n < 1000000)
			*version_r = (unsigned)n;
		else
			rc = mst_err_set(err, MST_E_CORRUPT,
					 "the version of its tables is no "
					 "number: put a backup back, or drop "
					 "the database; the next run then "
					 "looks every record up");
	}
	mst_buf_fini(&text);
	return rc;
}

static int make(void *c, struct mst_err *err)
{
	return run_part(c, mst_recver_script("sqlserver", "create"), 1, err);
}

static int run(void *c, const char *script, struct mst_err *err)
{
	return run_part(c, script, 1, err);
}

static const struct mst_recver_tables tables = {
    .type = "sqlserver",
    .what = "tables",
    .file = "sql/sqlserver/create.sql",
    .version = read_version,
    .make = make,
    .run = run,
};

int mst_ms_upgrade(void *p, struct mst_err *err)
{
	struct mst_ms *c = p;

	return mst_recver_upgrade_tables(&tables, c, c->database, err);
}

int mst_ms_setup(struct mst_ms *c, bool create, struct mst_err *err)
{
	int rc = open_or_make(c, create, err);

	if (rc == 0)
		rc = may_write(c, err);
	if (rc == 0)
		rc = mst_recver_bring_up(&tables, c, c->conf, c->database,
					 create, err);
	return rc;
}
