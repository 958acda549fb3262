/* SPDX-License-Identifier: Apache-2.0
 *
 * The database and its tables: made by the very scripts that a DBA would run,
 * brought up to this version, refused when they are newer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "recver/postgres/private.h"
#include "recver/scripts.h"
#include "recver/upgrade.h"

/* ---- the database -------------------------------------------------------- */

static int make_database(struct mst_pg *c, struct mst_err *err)
{
	struct mst_pg admin = {.conf = c->conf, .database = c->database};
	char state[6];
	int rc = mst_pg_open_any(&admin, state, err);

	if (rc == 0)
		rc = mst_pg_script(&admin,
				   mst_recver_script("postgres", "create"), 0,
				   NULL, NULL, err);
	mst_pg_shut(&admin);
	if (rc == -MST_E_TRANSIENT || rc == 0)
		return rc;
	return mst_err_prefix(
	    err, "the database is not there and cannot be made; "
		 "'muster connection setup' does it as an "
		 "administrator, or a DBA with what 'muster recver script "
		 "CONNECTION' prints");
}

static int open_or_make(struct mst_pg *c, bool create, struct mst_err *err)
{
	char state[6];
	int rc = mst_pg_open(c, c->database, state, err);

	if (rc != -MST_E_NOTFOUND || strcmp(state, MST_PG_NO_DATABASE) != 0)
		return rc;
	if (!mst_recver_may_make_database(c->conf))
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the database '%s' does not exist yet, and "
				   "recver.%s says not to make it: let a DBA "
				   "run what 'muster recver script CONNECTION' "
				   "prints",
				   c->database,
				   c->conf->bypass_setup ? "bypass_setup"
							 : "existing_database");
	if (!create)
		return rc;
	rc = make_database(c, err);
	return rc < 0 ? rc : mst_pg_open(c, c->database, state, err);
}

static int check_encoding(struct mst_pg *c, struct mst_err *err)
{
	const char *is = PQparameterStatus(c->h, "server_encoding");

	if (!is || strcmp(is, "UTF8") == 0)
		return 0;
	return mst_err_set(err, MST_E_UNSUPPORTED,
			   "the database's encoding is %s, not UTF8: let a DBA "
			   "drop it and make it anew with what 'muster recver "
			   "script CONNECTION' prints",
			   is);
}

/* ---- versions ------------------------------------------------------------ */

/* The tables cannot be read: perhaps they are not ours. */
static int not_ours(struct mst_pg *c, int rc, struct mst_err *err)
{
	struct mst_err why = MST_ERR_INIT;

	if (mst_pg_own_schema(c, &why) != -MST_E_INVALID)
		return rc;
	*err = why;
	return -MST_E_INVALID;
}

int mst_pg_version(void *p, unsigned *version_r, struct mst_err *err)
{
	struct mst_pg *c = p;
	struct mst_buf text = MST_BUF_INIT(64);
	bool found = false;
	uint64_t n = 0;
	int rc = mst_pg_meta_get(c, "", "schema", &text, &found, err);

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
	} else if (rc == -MST_E_IO || rc == -MST_E_FORBIDDEN) {
		rc = not_ours(c, rc, err);
	}
	mst_buf_fini(&text);
	return rc;
}

static int make(void *c, struct mst_err *err)
{
	int rc = mst_pg_own_schema(c, err);

	return rc < 0
		   ? rc
		   : mst_pg_script(c, mst_recver_script("postgres", "create"),
				   1, NULL, NULL, err);
}

static int run(void *c, const char *script, struct mst_err *err)
{
	return mst_pg_script(c, script, 1, NULL, NULL, err);
}

static const struct mst_recver_tables tables = {
    .type = "postgres",
    .what = "tables",
    .file = "sql/postgres/create.sql",
    .version = mst_pg_version,
    .make = make,
    .run = run,
};

int mst_pg_upgrade(void *p, struct mst_err *err)
{
	struct mst_pg *c = p;

	return mst_recver_upgrade_tables(&tables, c, c->database, err);
}

int mst_pg_setup(struct mst_pg *c, bool create, struct mst_err *err)
{
	int rc = mst_pg_not_system(c->database, err);

	if (rc == 0)
		rc = open_or_make(c, create, err);
	if (rc == 0)
		rc = check_encoding(c, err);
	if (rc == 0)
		rc = mst_recver_bring_up(&tables, c, c->conf, c->database,
					 create, err);
	return rc;
}
