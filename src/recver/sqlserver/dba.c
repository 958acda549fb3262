/* SPDX-License-Identifier: Apache-2.0
 *
 * Is RecVer on SQL Server ready for use? One connection as the run's own login,
 * and what it sees from there. Takes no lease.
 */
#include "recver/sqlserver/dba.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "recver/scripts.h"

#define OLDEST 13 /* 2016 */

struct mst_check *mst_ms_begin(struct mst_ms_look *l, const char *name)
{
	l->check = mst_recver_check(name);
	return &l->check;
}

void mst_ms_end(struct mst_ms_look *l)
{
	mst_recver_check_report(l->env, &l->check);
}

int mst_ms_flags(struct mst_ms *c, const struct mst_ms_flag *f, size_t n,
		 struct mst_ms_pack *pack, bool *is_r, struct mst_err *err)
{
	const char *columns[32] = {NULL};
	char *row[32] = {NULL};
	bool found;
	int rc;

	n = MST_MIN(n, MST_LEN(row));
	for (size_t i = 0; i < n; i++)
		columns[i] = f[i].sql;
	rc = mst_ms_ask(c, columns, n, NULL, pack, row, &found, err);
	for (size_t i = 0; i < n; i++) {
		is_r[i] = rc == 0 && strcmp(row[i], "1") == 0;
		free(row[i]);
	}
	return rc;
}

/* ---- server -------------------------------------------------------------- */

/* Editions of the cloud count their versions in another way. */
static bool is_old(const char *version, const char *edition)
{
	struct mst_slice major = mst_slice(version, strcspn(version, "."));
	uint64_t v = 0, e = 0;

	(void)mst_num_u64(major, &v);
	(void)mst_num_u64(mst_slice_str(edition), &e);
	return v < OLDEST && e != 5 && e != 8 && e != 11;
}

static void check_server(struct mst_ms_look *l)
{
	static const char *const columns[] = {
	    "SERVERPROPERTY(N'ProductVersion')",
	    "SERVERPROPERTY(N'EngineEdition')",
	    "SERVERPROPERTY(N'Collation')",
	    "SERVERPROPERTY(N'Edition')",
	};
	struct mst_check *c = mst_ms_begin(l, MST_RECVER_CHECK_SERVER);
	struct mst_err err = MST_ERR_INIT;
	char *row[4];
	bool found;

	if (mst_ms_ask(&l->c, columns, MST_LEN(columns), NULL, NULL, row,
		       &found, &err) < 0) {
		mst_recver_check_fail(c, &err);
	} else if (is_old(row[0], row[1])) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "SQL Server %.60s; 13.0 (2016) or later is "
			      "needed",
			      row[0]);
		mst_check_remedy(c, "name a newer server in recver.server");
		c->code = MST_E_UNSUPPORTED;
	} else {
		mst_check_say(c, MST_CHECK_OK,
			      "SQL Server %.60s, %.100s, collation %.100s",
			      row[0], row[3], row[2]);
	}
	for (size_t i = 0; i < MST_LEN(row); i++)
		free(row[i]);
	mst_ms_end(l);
}

/* ---- database ------------------------------------------------------------ */

static void say_missing(struct mst_ms_look *l, struct mst_check *c,
			const struct mst_ms_database *d)
{
	const struct mst_recver_conf *conf = &l->conf;

	c->code = MST_E_NOTFOUND;
	if (d->other[0]) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "'%s' does not exist, but '%s' does, and this "
			      "server's collation tells upper from lower case",
			      l->database, d->other);
		mst_check_remedy(c, "set recver.database to '%.200s'",
				 d->other);
		return;
	}
	if (!mst_recver_may_make_database(conf)) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "'%s' does not exist, or the login may not see "
			      "it, and recver.%s says that a DBA makes it",
			      l->database,
			      conf->bypass_setup ? "bypass_setup"
						 : "existing_database");
	} else if (d->may_create) {
		mst_check_say(c, MST_CHECK_NOTE,
			      "'%s' does not exist yet: the first run makes it",
			      l->database);
		return;
	} else {
		mst_check_say(c, MST_CHECK_FAILED,
			      "'%s' does not exist, or the login may not see "
			      "it, and it may not make it (no CREATE ANY "
			      "DATABASE)",
			      l->database);
	}
	mst_recver_check_script(l->env, c);
}

static void say_closed(struct mst_ms_look *l, struct mst_check *c,
		       const struct mst_ms_database *d)
{
	char *name MST_CLEANUP(mst_freep) = mst_ms_quoted(l->database);

	c->code =
	    d->online && !d->single_user ? MST_E_FORBIDDEN : MST_E_TRANSIENT;
	if (!d->online) {
		mst_check_say(c, MST_CHECK_FAILED, "'%s' is not online: %s",
			      l->database, d->state);
		mst_check_remedy(c,
				 strcmp(d->state, "OFFLINE") == 0
				     ? "ALTER DATABASE %s SET ONLINE"
				 : strcmp(d->state, "RESTORING") == 0
				     ? "RESTORE DATABASE %s WITH "
				       "RECOVERY; of a secondary, let "
				       "recver.server name the primary"
				     : "let the DBA see why: %s in "
				       "sys.databases and in the server's log",
				 name);
	} else if (d->single_user) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "'%s' is set to one user, or to its owners",
			      l->database);
		mst_check_remedy(c, "ALTER DATABASE %s SET MULTI_USER", name);
	} else {
		mst_check_say(c, MST_CHECK_FAILED,
			      "'%s' is there, but the login is no user of it",
			      l->database);
		mst_recver_check_script(l->env, c);
	}
}

static void check_closed(struct mst_ms_look *l, struct mst_check *c)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_ms_database d;

	if (mst_ms_not_system(l->database, &err) < 0 ||
	    mst_ms_find_database(&l->c, &d, &err) < 0)
		mst_recver_check_fail(c, &err);
	else if (d.found)
		say_closed(l, c, &d);
	else
		say_missing(l, c, &d);
}

static void check_open(struct mst_ms_look *l, struct mst_check *c)
{
	static const char *const columns[] = {
	    "DATABASEPROPERTYEX(DB_NAME(), N'Updateability')",
	    "DATABASEPROPERTYEX(DB_NAME(), N'Collation')",
	};
	char *name MST_CLEANUP(mst_freep) = mst_ms_quoted(l->database);
	struct mst_err err = MST_ERR_INIT;
	char *row[2] = {NULL};
	bool found;

	if (mst_ms_not_system(l->database, &err) < 0) {
		mst_recver_check_fail(c, &err);
		l->usable = false;
	} else if (mst_ms_ask(&l->c, columns, MST_LEN(columns), NULL, NULL, row,
			      &found, &err) < 0) {
		mst_recver_check_fail(c, &err);
	} else if (strcmp(row[0], "READ_ONLY") == 0) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "'%s' is read-only: a secondary, or set so",
			      l->database);
		mst_check_remedy(c,
				 "let recver.server name the primary, or ALTER "
				 "DATABASE %s SET READ_WRITE",
				 name);
		c->code = MST_E_FORBIDDEN;
		l->usable = false;
	} else {
		mst_check_say(c, MST_CHECK_OK,
			      "'%s', online, writable, collation %.100s",
			      l->database, row[1]);
	}
	for (size_t i = 0; i < MST_LEN(row); i++)
		free(row[i]);
}

static void check_database(struct mst_ms_look *l)
{
	struct mst_check *c = mst_ms_begin(l, MST_RECVER_CHECK_DATABASE);

	if (l->in_database)
		check_open(l, c);
	else
		check_closed(l, c);
	mst_ms_end(l);
}

/* ---- tables -------------------------------------------------------------- */

#define IS_TABLE(name)                                                         \
	"CASE WHEN OBJECT_ID(N'muster." name "', N'U') IS NULL THEN 0 ELSE 1 " \
	"END"

/* "grp, lease": those that are not there; "" when all are. */
static int missing_tables(struct mst_ms_look *l, struct mst_buf *out,
			  size_t *there_r, struct mst_err *err)
{
	static const struct mst_ms_flag tables[MST_MS_TABLES_N] = {
	    {"meta", IS_TABLE("meta")},
	    {"record_set", IS_TABLE("record_set")},
	    {"grp", IS_TABLE("grp")},
	    {"members", IS_TABLE("members")},
	    {"lease", IS_TABLE("lease")},
	};
	bool is[MST_MS_TABLES_N];
	int rc = mst_ms_flags(&l->c, tables, MST_LEN(tables), NULL, is, err);

	*there_r = 0;
	(void)mst_buf_adds(out, "");
	for (size_t i = 0; rc == 0 && i < MST_LEN(tables); i++) {
		*there_r += is[i];
		if (!is[i])
			(void)mst_buf_addf(out, "%s%s", out->n ? ", " : "",
					   tables[i].name);
	}
	return rc;
}

bool mst_ms_may_add(struct mst_ms *c)
{
	static const struct mst_ms_flag may[] = {
	    {"CREATE TABLE", "HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), "
			     "N'DATABASE', N'CREATE TABLE')"},
	    {"the schema",
	     "CASE WHEN SCHEMA_ID(N'muster') IS NULL"
	     " THEN HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), N'DATABASE',"
	     " N'CREATE SCHEMA') ELSE HAS_PERMS_BY_NAME("
	     "N'muster', N'SCHEMA', N'ALTER') END"},
	};
	struct mst_err err = MST_ERR_INIT;
	bool is[MST_LEN(may)];

	return mst_ms_flags(c, may, MST_LEN(may), NULL, is, &err) == 0 &&
	       is[0] && is[1];
}

/* What the first run does by itself is good to know; else somebody must. */
static void say_to_do(struct mst_ms_look *l, struct mst_check *c,
		      const char *what, const char *by_run)
{
	l->usable = false;
	if (!l->conf.bypass_setup && mst_ms_may_add(&l->c)) {
		mst_check_say(c, MST_CHECK_NOTE, "%s: %s", what, by_run);
		return;
	}
	mst_check_say(c, MST_CHECK_FAILED, "%s%s", what,
		      l->conf.bypass_setup
			  ? ", and recver.bypass_setup says that a DBA makes "
			    "them"
			  : ", and the login may not make them");
	c->code = MST_E_NOTFOUND;
	mst_recver_check_script(l->env, c);
}

static void say_older(struct mst_ms_look *l, struct mst_check *c,
		      unsigned version)
{
	char what[120];

	(void)snprintf(what, sizeof(what),
		       "they are of version %u, this muster needs %u", version,
		       mst_recver_schema());
	say_to_do(l, c, what, "the next run brings them up");
	if (c->level == MST_CHECK_FAILED)
		mst_check_remedy(c,
				 "let a DBA run what `muster recver script "
				 "--type sqlserver --database %.200s "
				 "--upgrade-from %u` prints",
				 l->database, version);
}

/* Another connection's RecVer is refused by a run, too. */
static void check_source(struct mst_ms_look *l, struct mst_check *c)
{
	struct mst_buf val = MST_BUF_INIT(65536);
	struct mst_err err = MST_ERR_INIT;
	bool begun = false, found = false;

	mst_check_say(c, MST_CHECK_OK, "all %d, version %u", MST_MS_TABLES_N,
		      mst_recver_schema());
	/* Without a seed nobody has used it yet, and the next run names it. */
	if (mst_ms_meta_get(&l->c, "", "seed", &val, &begun, &err) == 0)
		mst_buf_reset(&val);
	if (mst_ms_meta_get(&l->c, "", "source", &val, &found, &err) == 0 &&
	    (begun || found) &&
	    mst_recver_check_source(mst_buf_slice(&val), l->env->source,
				    l->database, &err) < 0) {
		mst_recver_check_fail(c, &err);
		l->usable = false;
	}
	mst_buf_fini(&val);
}

/* The login sees only tables on which it has a right, so what it may read says
 * more than the catalogue. */
static void say_version(struct mst_ms_look *l, struct mst_check *c)
{
	struct mst_buf missing = MST_BUF_INIT(1024);
	struct mst_err err = MST_ERR_INIT;
	unsigned version = 0;
	char what[200];
	size_t there = 0;
	int rc = mst_ms_version(&l->c, &version, &err);

	if (rc == -MST_E_FORBIDDEN) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "there; their version cannot be seen, because "
			      "the login may not read muster.meta");
	} else if (rc < 0 || missing_tables(l, &missing, &there, &err) < 0) {
		mst_recver_check_fail(c, &err);
		l->usable = false;
	} else if (version > mst_recver_schema()) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "made by a newer muster (version %u, this one "
			      "knows %u)",
			      version, mst_recver_schema());
		mst_check_remedy(c, "update muster; until then nothing is "
				    "written to them");
		c->code = MST_E_UNSUPPORTED;
		l->usable = false;
	} else if ((!there || missing.n || !version) &&
		   mst_ms_own_schema(&l->c, &err) < 0) {
		mst_recver_check_fail(c, &err);
		l->tables = false;
		l->usable = false;
	} else if (!there) {
		l->tables = false;
		say_to_do(l, c, "there are none yet",
			  "the first run makes them");
	} else if (missing.n || !version) {
		(void)snprintf(what, sizeof(what),
			       "not finished: %.150s missing",
			       missing.n ? missing.p : "their version");
		say_to_do(l, c, what, "the next run finishes them");
	} else if (version < mst_recver_schema()) {
		say_older(l, c, version);
	} else {
		check_source(l, c);
	}
	mst_buf_fini(&missing);
}

/* ---- all of it ----------------------------------------------------------- */

static void look_inside(struct mst_ms_look *l)
{
	const char *failed = l->usable ? NULL : MST_RECVER_CHECK_DATABASE;

	(void)mst_ms_begin(l, MST_RECVER_CHECK_TABLES);
	l->tables = true;
	say_version(l, &l->check);
	mst_ms_end(l);
	if (!failed && !l->usable)
		failed = MST_RECVER_CHECK_TABLES;
	mst_ms_look_rights(l);
	if (!failed && !l->usable)
		failed = MST_RECVER_CHECK_RIGHTS;
	if (failed) {
		mst_recver_check_skip_from(l->env, MST_RECVER_CHECK_PROBE,
					   failed);
		return;
	}
	mst_ms_look_probe(l);
	mst_ms_look_use(l);
}

static int check(const struct mst_recver_setup_env *env, struct mst_err *err)
{
	struct mst_ms_look l;

	(void)err;
	mst_ms_look_open(&l, env);
	if (!l.c.stmt) {
		mst_recver_check_skip_from(l.env, MST_RECVER_CHECK_SERVER,
					   MST_RECVER_CHECK_CONNECT);
	} else {
		check_server(&l);
		check_database(&l);
		if (l.in_database)
			look_inside(&l);
		else
			mst_recver_check_skip_from(l.env,
						   MST_RECVER_CHECK_TABLES,
						   MST_RECVER_CHECK_DATABASE);
	}
	mst_ms_look_close(&l);
	return 0;
}

const struct mst_recver_setup_ops mst_recver_setup_sqlserver = {
    .type = "sqlserver",
    .check = check,
    .plan = mst_ms_plan,
    .make = mst_ms_make,
};
