/* SPDX-License-Identifier: Apache-2.0
 *
 * The database and its tables: made by the very scripts that a DBA would run,
 * brought up to this version, refused when they are newer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/num.h"
#include "recver/scripts.h"
#include "recver/sqlserver/private.h"
#include "recver/upgrade.h"

/* What a server says of a database that it cannot open; the second one is from
 * servers that are like it. */
bool mst_ms_is_closed(int native)
{
	return native == 4060 || native == 911;
}

/* ---- names --------------------------------------------------------------- */

int mst_ms_not_system(const char *database, struct mst_err *err)
{
	/* The last two are of replication and of a hosted server. */
	static const char *const own[] = {"master", "model",	    "msdb",
					  "tempdb", "distribution", "rdsadmin"};

	for (size_t i = 0; i < MST_LEN(own); i++)
		if (strcasecmp(database, own[i]) == 0)
			return mst_err_set(err, MST_E_INVALID,
					   "'%s' is a database of the server "
					   "itself: set recver.database to one "
					   "for RecVer alone",
					   database);
	return 0;
}

#define IS_ODD(table, column)                                                  \
	"OBJECT_ID(N'muster." table "', N'U') IS NOT NULL AND "                \
	"COL_LENGTH(N'muster." table "', N'" column "') IS NULL"

int mst_ms_own_schema(struct mst_ms *c, struct mst_err *err)
{
	/* As create.sql asks. A login that may not see a table does not take
	 * it for somebody's. */
	static const char
	    sql[] = "SELECT CASE WHEN " IS_ODD("meta", "value") " OR " IS_ODD("record_set", "target") " OR " IS_ODD(
		"grp",
		"digest") " OR " IS_ODD("members",
					"list") " OR " IS_ODD("lease",
							      "token") " OR "
								       "(OBJECT"
								       "_ID(N'"
								       "muster."
								       "meta', "
								       "N'U') "
								       "IS "
								       "NULL "
								       "AND "
								       "EXISTS "
								       "(SELECT"
								       " 1"
								       " FROM "
								       "sys."
								       "objects"
								       " WHERE "
								       "schema_"
								       "id = "
								       "SCHEMA_"
								       "ID(N'"
								       "muster'"
								       ") AND "
								       "type"
								       " IN "
								       "(N'U', "
								       "N'V')))"
								       " THEN "
								       "1 ELSE "
								       "0 END";
	int64_t is = 0;
	bool found;
	int rc = mst_ms_number(c, sql, NULL, 0, &is, &found, err);

	if (rc == 0 && is)
		rc = mst_err_set(err, MST_E_INVALID,
				 "the schema 'muster' in '%s' is somebody "
				 "else's: let recver.database name another "
				 "database",
				 c->database);
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

#define IT     MST_MS_TEXT1("0")
#define IS_NOT "CASE WHEN name = " IT " THEN 0 ELSE 1 END"

int mst_ms_find_database(struct mst_ms *c, struct mst_ms_database *d,
			 struct mst_err *err)
{
	/* The one of exactly this name first: a server may tell upper from
	 * lower case. */
	static const char *const columns[] = {
	    "name", "state_desc", "is_read_only", "user_access_desc", IS_NOT};
	int64_t may = 0;
	struct mst_ms_pack p;
	char *row[5];
	bool found;
	int rc;

	*d = (struct mst_ms_database){0};
	mst_ms_pack_init(&p);
	mst_ms_add_text(&p, c->database);
	rc = mst_ms_ask(c, columns, MST_LEN(columns),
			" FROM sys.databases WHERE LOWER(name) = LOWER(" IT
			") ORDER BY " IS_NOT,
			&p, row, &found, err);
	mst_ms_pack_fini(&p);
	if (rc == 0 && found) {
		d->found = strcmp(row[4], "0") == 0;
		d->online = strcmp(row[1], "ONLINE") == 0;
		d->read_only = strcmp(row[2], "1") == 0;
		d->single_user = strcmp(row[3], "MULTI_USER") != 0;
		(void)snprintf(d->state, sizeof(d->state), "%s", row[1]);
		if (!d->found)
			(void)snprintf(d->other, sizeof(d->other), "%s",
				       row[0]);
	}
	for (size_t i = 0; i < MST_LEN(row); i++)
		free(row[i]);
	if (rc == 0 && !d->found)
		rc = mst_ms_number(c,
				   "SELECT HAS_PERMS_BY_NAME(NULL, NULL,"
				   " N'CREATE ANY DATABASE')",
				   NULL, 0, &may, &found, err);
	d->may_create = may == 1;
	return rc;
}

static int make_database(struct mst_ms *admin, struct mst_err *err)
{
	const struct mst_ms_names names = {.database = admin->database};
	int rc = mst_ms_run(admin, mst_recver_script("sqlserver", "create"),
			    MST_MS_MASTER, &names, err);

	if (rc == -MST_E_TRANSIENT || rc == 0)
		return rc;
	return mst_err_prefix(err,
			      "the database is not there and cannot be made; "
			      "a DBA can, with sql/sqlserver/create.sql and "
			      "role.sql");
}

int mst_ms_closed(struct mst_ms *c, const struct mst_ms_database *d,
		  struct mst_err *err)
{
	if (!d->found)
		return mst_err_set(
		    err, MST_E_NOTFOUND,
		    "the database '%s' does not exist yet, but "
		    "'%s' does, and this server tells upper from "
		    "lower case: write recver.database so",
		    c->database, d->other);
	if (!d->online)
		return mst_err_set(err, MST_E_TRANSIENT,
				   "the database '%s' is not online (%s): see "
				   "sys.databases, column state_desc",
				   c->database, d->state);
	if (d->single_user)
		return mst_err_set(
		    err, MST_E_TRANSIENT,
		    "the database '%s' is set to one user or to "
		    "its owners: ALTER DATABASE … SET MULTI_USER",
		    c->database);
	return mst_err_set(err, MST_E_FORBIDDEN,
			   "the login may not open the database '%s': "
			   "run sql/sqlserver/role.sql for it",
			   c->database);
}

/* The server does not say why a database cannot be opened: master knows. */
static int why(struct mst_ms *c, bool create, struct mst_err *err)
{
	struct mst_ms_database d;
	struct mst_ms admin;
	int rc = to_master(c, &admin, err);

	if (rc == 0)
		rc = mst_ms_find_database(&admin, &d, err);
	if (rc == 0 && (d.found || d.other[0]))
		rc = mst_ms_closed(c, &d, err);
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

	if (!mst_ms_is_closed(native))
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

/* A table of this name and of another form says so in the server's words. */
static int not_ours(struct mst_ms *c, int rc, struct mst_err *err)
{
	struct mst_err mine = MST_ERR_INIT;

	if (rc != -MST_E_TRANSIENT &&
	    mst_ms_own_schema(c, &mine) == -MST_E_INVALID)
		return mst_err_set(err, mine.code, "%s", mine.msg);
	return rc;
}

static int read_version(struct mst_ms *c, struct mst_buf *text, bool *found_r,
			struct mst_err *err)
{
	int rc = mst_ms_meta_get(c, "", "schema", text, found_r, err);

	if (!mst_ms_absent(c, "N'muster.meta', N'U'", rc))
		return rc == 0 ? 0 : not_ours(c, rc, err);
	mst_err_clear(err);
	*found_r = false;
	return 0;
}

int mst_ms_version(void *c, unsigned *version_r, struct mst_err *err)
{
	struct mst_buf text = MST_BUF_INIT(64);
	bool found = false;
	uint64_t n = 0;
	int rc = read_version(c, &text, &found, err);

	*version_r = 0;
	if (rc == 0 && found) {
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

static int run(void *p, const char *script, struct mst_err *err)
{
	struct mst_ms *c = p;
	const struct mst_ms_names names = {.database = c->database};

	return mst_ms_run(c, script, MST_MS_DATABASE, &names, err);
}

static int make(void *c, struct mst_err *err)
{
	int rc = mst_ms_own_schema(c, err);

	return rc < 0 ? rc
		      : run(c, mst_recver_script("sqlserver", "create"), err);
}

static const struct mst_recver_tables tables = {
    .type = "sqlserver",
    .what = "tables",
    .file = "sql/sqlserver/create.sql",
    .version = mst_ms_version,
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
	int rc = mst_ms_not_system(c->database, err);

	if (rc == 0)
		rc = open_or_make(c, create, err);
	if (rc == 0)
		rc = may_write(c, err);
	if (rc == 0)
		rc = mst_recver_bring_up(&tables, c, c->conf, c->database,
					 create, err);
	return rc;
}
