/* SPDX-License-Identifier: Apache-2.0
 *
 * Is RecVer on PostgreSQL ready for use? One connection as the run's own login,
 * and what it sees from there. Takes no lease.
 */
#include "recver/postgres/dba.h"

#include <stdio.h>
#include <stdlib.h>

#include "recver/postgres/look.h"
#include "recver/scripts.h"

#define OLDEST 130000

/* ---- server -------------------------------------------------------------- */

static void check_server(struct mst_pg_look *l)
{
	struct mst_check *c = mst_pg_look_begin(l, MST_RECVER_CHECK_SERVER);
	const char *version = PQparameterStatus(l->c.h, "server_version");
	struct mst_err err = MST_ERR_INIT;
	int64_t standby = 0;

	if (PQserverVersion(l->c.h) < OLDEST) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "PostgreSQL %s; 13 or later is needed", version);
		mst_check_remedy(c, "name a newer server in recver.server");
		c->code = MST_E_UNSUPPORTED;
	} else if (mst_pg_ask_int(&l->c, "SELECT pg_is_in_recovery()", NULL,
				  &standby, &err) < 0) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "PostgreSQL %s, which does not say whether it is "
			      "a standby: %.400s",
			      version, err.msg);
	} else if (standby) {
		mst_check_say(
		    c, MST_CHECK_FAILED,
		    "PostgreSQL %s, a standby: nothing can be written",
		    version);
		mst_check_remedy(c, "let recver.server name the primary, or "
				    "all servers with commas");
		c->code = MST_E_FORBIDDEN;
	} else {
		mst_check_say(c, MST_CHECK_OK,
			      "a primary, and new enough (13 or later)");
	}
	mst_pg_look_end(l);
}

/* ---- database ------------------------------------------------------------ */

static void say_missing(struct mst_pg_look *l, struct mst_check *c)
{
	const struct mst_recver_conf *conf = l->env->conf;

	if (mst_recver_may_make_database(conf) && l->rights.may_make) {
		mst_check_say(c, MST_CHECK_NOTE,
			      "'%s' does not exist yet: the first run makes it",
			      l->database);
		return;
	}
	c->code = MST_E_NOTFOUND;
	if (mst_recver_may_make_database(conf) && !l->c.h)
		mst_check_say(c, MST_CHECK_FAILED,
			      "'%s' does not exist, and '%s' may not make it "
			      "(no CONNECT to postgres or template1, from "
			      "where that is done)",
			      l->database, l->login);
	else if (mst_recver_may_make_database(conf))
		mst_check_say(c, MST_CHECK_FAILED,
			      "'%s' does not exist, and '%s' may not make it "
			      "(no CREATEDB)",
			      l->database, l->login);
	else
		mst_check_say(c, MST_CHECK_FAILED,
			      "'%s' does not exist, and recver.%s says that a "
			      "DBA makes it",
			      l->database,
			      conf->bypass_setup ? "bypass_setup"
						 : "existing_database");
	mst_recver_check_script(l->env, c);
	if (conf->existing_database && !conf->bypass_setup)
		mst_check_remedy(c,
				 "let a DBA run what `muster recver script "
				 "%.100s` prints, or check recver.database",
				 l->env->source);
}

/* Who said that nothing may be written, by what SHOW calls the source. */
static void say_read_only(struct mst_pg_look *l, struct mst_check *c)
{
	struct mst_err err = MST_ERR_INIT;
	char *source = NULL;
	char *name MST_CLEANUP(mst_freep) = NULL;

	(void)mst_pg_ask(&l->c,
			 "SELECT source FROM pg_catalog.pg_settings"
			 " WHERE name = 'default_transaction_read_only'",
			 NULL, &source, &err);
	mst_check_say(c, MST_CHECK_FAILED,
		      "'%s' is read-only (default_transaction_read_only, set "
		      "by: %s)",
		      l->database, source ? source : "unknown");
	c->code = MST_E_FORBIDDEN;
	if (source && strcmp(source, "database") == 0)
		mst_check_remedy(c,
				 "ALTER DATABASE %s RESET "
				 "default_transaction_read_only",
				 name = mst_pg_quoted(l->database));
	else if (source && strcmp(source, "user") == 0)
		mst_check_remedy(c,
				 "ALTER ROLE %s RESET "
				 "default_transaction_read_only",
				 name = mst_pg_quoted(l->login));
	else
		mst_check_remedy(c, "let the DBA take "
				    "default_transaction_read_only back, or "
				    "let recver.server name the primary");
	free(source);
}

/* Who makes a right that is missing. Being a member again changes nothing for
 * a login that does not inherit. */
static void say_rights(struct mst_pg_look *l, struct mst_check *c)
{
	char *name MST_CLEANUP(mst_freep) = mst_pg_quoted(l->login);
	bool by_grant = PQserverVersion(l->c.h) >= 160000;

	mst_recver_check_script(l->env, c);
	if (l->rights.member && !l->rights.inherits)
		mst_check_remedy(
		    c,
		    "it does not inherit what muster_agent may: "
		    "let a DBA run %s%s%s",
		    by_grant ? "GRANT muster_agent TO " : "ALTER ROLE ", name,
		    by_grant ? " WITH INHERIT TRUE" : " INHERIT");
}

static void check_database(struct mst_pg_look *l)
{
	struct mst_check *c = mst_pg_look_begin(l, MST_RECVER_CHECK_DATABASE);
	const char *encoding =
	    l->there ? PQparameterStatus(l->c.h, "server_encoding") : NULL;
	struct mst_err err = MST_ERR_INIT;
	char *name MST_CLEANUP(mst_freep) = mst_pg_quoted(l->database);
	int64_t read_only = 0;

	if (l->there)
		(void)mst_pg_ask_int(
		    &l->c,
		    "SELECT current_setting('transaction_read_only') = 'on'"
		    " AND NOT pg_is_in_recovery()",
		    NULL, &read_only, &err);
	if (mst_pg_not_system(l->database, &err) < 0) {
		mst_recver_check_fail(c, &err);
	} else if (l->closed) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "'%s' does not let '%s' connect: %s", l->database,
			      l->login, l->why);
		say_rights(l, c);
		if (l->barred)
			mst_check_remedy(c,
					 "let a DBA run: ALTER DATABASE %s "
					 "ALLOW_CONNECTIONS true",
					 name);
		c->code = MST_E_FORBIDDEN;
	} else if (!l->there) {
		say_missing(l, c);
	} else if (encoding && strcmp(encoding, "UTF8") != 0) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "the encoding of '%s' is %s, not UTF8",
			      l->database, encoding);
		mst_check_remedy(c,
				 "let a DBA drop it and make it anew by what "
				 "`muster recver script %.100s` prints",
				 l->env->source);
		c->code = MST_E_UNSUPPORTED;
	} else if (read_only) {
		say_read_only(l, c);
	} else {
		mst_check_say(c, MST_CHECK_OK, "'%s', %s", l->database,
			      encoding ? encoding : "of unknown encoding");
	}
	mst_pg_look_end(l);
}

/* ---- tables -------------------------------------------------------------- */

/* What the first run does by itself is good to know; else somebody must. */
static void say_to_do(struct mst_pg_look *l, struct mst_check *c, bool may,
		      const char *what, const char *by_run)
{
	if (may && !l->env->conf->bypass_setup) {
		mst_check_say(c, MST_CHECK_NOTE, "%s: %s", what, by_run);
		return;
	}
	mst_check_say(c, MST_CHECK_FAILED, "%s%s", what,
		      l->env->conf->bypass_setup
			  ? ", and recver.bypass_setup says that a DBA makes "
			    "them"
			  : ", and the login may not make them");
	c->code = MST_E_NOTFOUND;
	mst_recver_check_script(l->env, c);
}

static void say_older(struct mst_pg_look *l, struct mst_check *c,
		      unsigned version)
{
	char what[120];

	(void)snprintf(what, sizeof(what),
		       "they are of version %u, this muster needs %u", version,
		       mst_recver_schema());
	say_to_do(l, c, l->rights.owns, what, "the next run brings them up");
	if (c->level != MST_CHECK_FAILED)
		return;
	mst_check_remedy(
	    c,
	    "%s%.100s%slet a DBA run what `muster recver script %.100s "
	    "--upgrade-from %u` prints",
	    l->env->conf->bypass_setup ? "" : "`muster connection setup ",
	    l->env->conf->bypass_setup ? "" : l->env->source,
	    l->env->conf->bypass_setup ? ""
				       : " --admin USER` brings them up; or ",
	    l->env->source, version);
}

static void say_version(struct mst_pg_look *l, struct mst_check *c)
{
	struct mst_err err = MST_ERR_INIT;
	unsigned version = 0;
	int rc = mst_pg_version(&l->c, &version, &err);

	l->usable = rc == 0 && version == mst_recver_schema();
	if (rc == -MST_E_FORBIDDEN) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "all there; their version cannot be seen, "
			      "because the login may not read muster.meta");
		l->usable = true;
	} else if (rc < 0) {
		mst_recver_check_fail(c, &err);
	} else if (version > mst_recver_schema()) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "made by a newer muster (version %u, this one "
			      "knows %u)",
			      version, mst_recver_schema());
		mst_check_remedy(c, "update muster; until then nothing is "
				    "written to them");
		c->code = MST_E_UNSUPPORTED;
	} else if (version && version < mst_recver_schema()) {
		say_older(l, c, version);
	} else if (!version) {
		say_to_do(l, c, l->rights.may_add,
			  "all there, but not finished: their version is "
			  "missing",
			  "the next run finishes them");
	} else {
		mst_check_say(c, MST_CHECK_OK, "all %d, version %u",
			      MST_PG_TABLES_N, version);
	}
}

/* A run finishes what was begun, and leaves alone what lost a part. */
static void say_missing_tables(struct mst_pg_look *l, struct mst_check *c,
			       const char *missing)
{
	struct mst_err err = MST_ERR_INIT;
	unsigned version = 0;
	char what[200];

	if (mst_pg_version(&l->c, &version, &err) == 0 &&
	    version > mst_recver_schema()) {
		say_version(l, c);
		return;
	}
	if (!err.code && !version) {
		(void)snprintf(what, sizeof(what),
			       "not finished: %.150s missing", missing);
		say_to_do(l, c, l->rights.may_add, what,
			  "the next run finishes them");
		return;
	}
	mst_check_say(c, MST_CHECK_FAILED, "damaged: %.200s missing", missing);
	mst_recver_check_script(l->env, c);
	c->code = MST_E_CORRUPT;
}

/* Another connection's RecVer is refused by a run, too. */
static void check_source(struct mst_pg_look *l, struct mst_check *c)
{
	struct mst_buf val = MST_BUF_INIT(65536);
	struct mst_err err = MST_ERR_INIT;
	bool begun = false, found = false;

	/* Without a seed nobody has used it yet, and the next run names it. */
	if (mst_pg_meta_get(&l->c, "", "seed", &val, &begun, &err) == 0)
		mst_buf_reset(&val);
	if (begun &&
	    mst_pg_meta_get(&l->c, "", "source", &val, &found, &err) == 0 &&
	    mst_recver_check_source(mst_buf_slice(&val), l->env->source,
				    l->database, &err) < 0) {
		mst_recver_check_fail(c, &err);
		l->usable = false;
	}
	mst_buf_fini(&val);
}

static void check_tables(struct mst_pg_look *l)
{
	struct mst_check *c = mst_pg_look_begin(l, MST_RECVER_CHECK_TABLES);
	struct mst_err err = MST_ERR_INIT;
	char *missing = NULL;
	int64_t there = 0;

	l->foreign = mst_pg_own_schema(&l->c, &err) == -MST_E_INVALID;
	if (err.code || mst_pg_missing(&l->c, &there, &missing, &err) < 0) {
		mst_recver_check_fail(c, &err);
	} else if (!there) {
		say_to_do(l, c, l->rights.may_add, "there are none yet",
			  "the first run makes them");
	} else if (missing) {
		say_missing_tables(l, c, missing);
	} else {
		say_version(l, c);
		if (c->level == MST_CHECK_OK)
			check_source(l, c);
	}
	free(missing);
	mst_pg_look_end(l);
}

/* ---- rights -------------------------------------------------------------- */

static void check_rights(struct mst_pg_look *l)
{
	struct mst_check *c = mst_pg_look_begin(l, MST_RECVER_CHECK_RIGHTS);
	const struct mst_pg_rights *r = &l->rights;

	if (!r->exists) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "what '%s' may do cannot be seen: %.500s",
			      l->login, l->rights_err.msg);
	} else if (r->lacks) {
		mst_check_say(c, MST_CHECK_FAILED, "'%s' lacks %.600s",
			      l->login, r->lacks);
		say_rights(l, c);
		c->code = MST_E_FORBIDDEN;
		l->usable = false;
	} else if (r->more) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "'%s' may do more than it needs: %.600s",
			      l->login, r->more);
		if (r->bare && !r->first)
			mst_check_remedy(c,
					 "first `muster connection setup "
					 "%.100s --admin USER`, or role.sql, "
					 "which gives it muster_agent; then "
					 "%.400s",
					 l->env->source, r->take);
		else
			mst_check_remedy(c, "%.400s", r->take);
	} else {
		mst_check_say(c, MST_CHECK_OK, "'%s' may do what it needs%s%s",
			      l->login, r->member ? ", as a member of " : "",
			      r->member ? r->member : "");
	}
	mst_pg_look_end(l);
}

/* ---- use ----------------------------------------------------------------- */

static void check_use(struct mst_pg_look *l)
{
	struct mst_check *c = mst_pg_look_begin(l, MST_RECVER_CHECK_USE);
	struct mst_recver_stats s = {0};
	struct mst_err err = MST_ERR_INIT;
	struct mst_lease lease = {0};

	if (mst_pg_stats(&l->c, NULL, 0, &s, &err) < 0 ||
	    mst_pg_lease_read(&l->c, &lease, &err) < 0) {
		mst_recver_check_fail(c, &err);
		mst_pg_look_end(l);
		return;
	}
	mst_recver_say_use(c, &lease, &s);
	mst_pg_look_end(l);
}

/* ---- all of it ----------------------------------------------------------- */

static void look_inside(struct mst_pg_look *l)
{
	check_tables(l);
	/* To what is somebody else's no right is missing. */
	if (l->foreign) {
		mst_recver_check_skip_from(l->env, MST_RECVER_CHECK_RIGHTS,
					   MST_RECVER_CHECK_TABLES);
		return;
	}
	check_rights(l);
	if (!l->usable) {
		mst_recver_check_skip_from(l->env, MST_RECVER_CHECK_PROBE,
					   l->rights.lacks
					       ? MST_RECVER_CHECK_RIGHTS
					       : MST_RECVER_CHECK_TABLES);
		return;
	}
	mst_pg_look_probe(l);
	/* What is locked or gone would be waited for once more. */
	if (l->check.code == MST_E_TRANSIENT)
		mst_recver_check_skip_from(l->env, MST_RECVER_CHECK_USE,
					   MST_RECVER_CHECK_PROBE);
	else
		check_use(l);
}

static int pg_check(const struct mst_recver_setup_env *env, struct mst_err *err)
{
	struct mst_pg_look l;

	mst_pg_look_open(&l, env);
	if (!l.c.h && !l.let_in) {
		mst_recver_check_skip_from(l.env, MST_RECVER_CHECK_SERVER,
					   MST_RECVER_CHECK_CONNECT);
	} else {
		bool good = true;

		if (l.c.h) {
			check_server(&l);
			good = l.check.level != MST_CHECK_FAILED;
		}
		check_database(&l);
		if (!l.there || l.check.level == MST_CHECK_FAILED)
			mst_recver_check_skip_from(l.env,
						   MST_RECVER_CHECK_TABLES,
						   MST_RECVER_CHECK_DATABASE);
		else if (!good)
			mst_recver_check_skip_from(l.env,
						   MST_RECVER_CHECK_TABLES,
						   MST_RECVER_CHECK_SERVER);
		else
			look_inside(&l);
	}
	mst_pg_look_close(&l);
	return 0;
}

const struct mst_recver_setup_ops mst_recver_setup_postgres = {
    .type = "postgres",
    .check = pg_check,
    .plan = mst_pg_plan,
    .make = mst_pg_make,
};
