/* SPDX-License-Identifier: Apache-2.0
 *
 * Is RecVer on MongoDB ready for use? One connection as the run's own user, and
 * what it sees from there. Takes no lease.
 */
#include "recver/mongodb/dba.h"

#include <stdio.h>
#include <stdlib.h>

#include "recver/scripts.h"

#define TIMEOUT_MS 60000

struct look {
	const struct mst_recver_setup_env *env;
	struct mst_recver_conf conf;
	struct mst_mongo c;
	struct mst_mongo_kind kind;
	struct mst_mongo_rights rights;
	struct mst_err rights_err; /* why they cannot be seen */
	const char *failed;	   /* the check that the others need */
	bool usable;		   /* its collections are what a run needs */
	struct mst_check check;
};

struct mst_recver_conf mst_mongo_conf(const struct mst_recver_conf *conf)
{
	struct mst_recver_conf mine = *conf;

	if (mine.timeout_ms <= 0)
		mine.timeout_ms = TIMEOUT_MS;
	return mine;
}

/* "6.0.4", or "" when the server does not say. */
static void ask_version(struct mst_mongo *c, char *out, size_t n)
{
	bson_t *ask = BCON_NEW("buildInfo", BCON_INT32(1)), reply;
	struct mst_err err = MST_ERR_INIT;
	bson_iter_t it;

	out[0] = 0;
	if (mst_mongo_run(c, "admin", ask, &reply, &err) == 0 &&
	    bson_iter_init_find(&it, &reply, "version") &&
	    BSON_ITER_HOLDS_UTF8(&it))
		(void)snprintf(out, n, " %s", bson_iter_utf8(&it, NULL));
	bson_destroy(&reply);
	bson_destroy(ask);
}

/* ---- the check that is made ---------------------------------------------- */

static struct mst_check *begin(struct look *l, const char *name)
{
	l->check = mst_recver_check(name);
	return &l->check;
}

static void end(struct look *l)
{
	if (l->check.level == MST_CHECK_FAILED && !l->failed)
		l->failed = l->check.name;
	mst_recver_check_report(l->env, &l->check);
}

/* True: something that it needs has failed. */
static bool skipped(struct look *l, const char *name)
{
	if (l->failed)
		mst_recver_check_skip(l->env, name, l->failed);
	return l->failed != NULL;
}

/* ---- connection, server -------------------------------------------------- */

static const char *encryption(const struct mst_recver_conf *conf)
{
	const char *how = conf->encrypt ? conf->encrypt : "verify";

	if (strcmp(how, "off") == 0)
		return "not encrypted";
	return strcmp(how, "trust") == 0 ? "TLS, its certificate not verified"
					 : "TLS, its certificate verified";
}

/* The server does not say which of them is wrong; an administrator may. */
static void say_refused(struct look *l, struct mst_check *c)
{
	const char *user = l->conf.user ? l->conf.user : "";
	const char *knows = l->conf.auth_source ? l->conf.auth_source : "admin";
	struct mst_err err = MST_ERR_INIT;
	bool there = false;

	if (!l->env->admin) {
		mst_check_remedy(c,
				 "check recver.user, recver.password and "
				 "recver.auth_source; `muster connection setup "
				 "%.100s --admin USER` tells which of them it "
				 "is, and makes a user that is not there",
				 l->env->source);
	} else if (mst_mongo_knows(l->env->admin, l->c.database, user, knows,
				   &there, &err) < 0) {
		mst_recver_check_script(l->env, c);
	} else if (there) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "the server does not let '%.100s' in, who is "
			      "there: its password is another one",
			      user);
		mst_check_remedy(c, "set recver.password to it, or let a DBA "
				    "set this one: changeUserPassword");
	} else {
		mst_check_say(c, MST_CHECK_FAILED,
			      "the database '%.100s' knows no user '%.100s'",
			      knows, user);
		mst_recver_check_script(l->env, c);
	}
}

static void check_connect(struct look *l)
{
	struct mst_check *c = begin(l, MST_RECVER_CHECK_CONNECT);
	const char *server = l->conf.server ? l->conf.server : "127.0.0.1";
	struct mst_err err = MST_ERR_INIT;
	char version[40];

	if (mst_mongo_dial(&l->c, &l->kind, &err) < 0) {
		(void)mst_err_prefix(&err, "'%.200s'", server);
		mst_recver_check_fail(c, &err);
		if (err.code == MST_E_AUTH)
			say_refused(l, c);
	} else {
		ask_version(&l->c, version, sizeof(version));
		mst_check_say(
		    c, MST_CHECK_OK, "'%.200s', MongoDB%s%s%s%s, %s%s%s%s",
		    server, version,
		    l->kind.set[0]   ? ", replica set '"
		    : l->kind.router ? ", a router"
				     : ", a server alone",
		    l->kind.set, l->kind.set[0] ? "'" : "",
		    encryption(&l->conf),
		    l->conf.user ? ", as '" : ", without a user",
		    l->conf.user ? l->conf.user : "", l->conf.user ? "'" : "");
	}
	end(l);
}

static void check_server(struct look *l)
{
	struct mst_check *c = begin(l, MST_RECVER_CHECK_SERVER);

	if (!l->kind.alone && l->kind.wire < MST_MONGO_WIRE_5_0) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "it is older than MongoDB 5.0");
		mst_check_remedy(c, "update it, or name a newer one in "
				    "recver.server");
		c->code = MST_E_UNSUPPORTED;
	} else if (!l->kind.writable) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "it is not the primary: nothing can be written "
			      "there");
		mst_check_remedy(c,
				 "set recver.replica_set to '%.100s', so that "
				 "the primary is found",
				 l->kind.set);
		if (l->kind.alone)
			mst_check_remedy(c, "let the DBA start it so that it "
					    "takes writes");
		c->code = MST_E_FORBIDDEN;
	} else if (l->kind.alone) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "a server alone: nobody takes over from it, and "
			      "nothing protects RecVer from the loss of its "
			      "disk");
		mst_check_remedy(c, "a replica set, also one of a single "
				    "member, is better for more than a try");
	} else {
		mst_check_say(c, MST_CHECK_OK, "5.0 or later, %s",
			      l->kind.router ? "a router" : "the primary");
	}
	end(l);
}

/* ---- database, collections ----------------------------------------------- */

/* What the first run does by itself is good to know; else somebody must. */
static void say_to_do(struct look *l, struct mst_check *c, const char *what,
		      const char *by_run)
{
	bool may = !l->rights.exists || l->rights.may_make;

	if (may && !l->conf.bypass_setup) {
		mst_check_say(c, MST_CHECK_NOTE, "%s: %s", what, by_run);
		return;
	}
	mst_check_say(c, MST_CHECK_FAILED, "%s, and %s", what,
		      l->conf.bypass_setup
			  ? "recver.bypass_setup says that a DBA makes them"
			  : "the user may not make them");
	c->code = MST_E_NOTFOUND;
	mst_recver_check_script(l->env, c);
}

static void check_database(struct look *l, bool any, const char *missing,
			   int rc, const struct mst_err *why)
{
	struct mst_check *c = begin(l, MST_RECVER_CHECK_DATABASE);
	struct mst_err err = MST_ERR_INIT;

	if (mst_mongo_check_name(l->c.database, &err) < 0)
		mst_recver_check_fail(c, &err);
	else if (rc < 0)
		mst_recver_check_fail(c, why);
	else if (!any)
		mst_check_say(c, MST_CHECK_NOTE,
			      "nothing of RecVer is in '%.100s' yet, or "
			      "nothing that this user may see",
			      l->c.database);
	else
		mst_check_say(c, MST_CHECK_OK, "'%.100s'%s", l->c.database,
			      missing ? "" : ", with all collections");
	end(l);
}

static void say_version(struct look *l, struct mst_check *c)
{
	struct mst_err err = MST_ERR_INIT;
	unsigned version = 0;
	char what[160];

	if (mst_mongo_version(&l->c, &version, &err) < 0) {
		mst_recver_check_fail(c, &err);
		return;
	}
	l->usable = version == mst_recver_schema();
	if (version > mst_recver_schema()) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "made by a newer muster (version %u, this one "
			      "knows %u)",
			      version, mst_recver_schema());
		mst_check_remedy(c, "update muster; until then nothing is "
				    "written to them");
		c->code = MST_E_UNSUPPORTED;
	} else if (version && !l->usable) {
		(void)snprintf(what, sizeof(what),
			       "they are of version %u, this muster needs %u",
			       version, mst_recver_schema());
		say_to_do(l, c, what, "the next run brings them up");
		if (c->level == MST_CHECK_FAILED)
			mst_check_remedy(
			    c,
			    "let a DBA run what `muster recver script --type "
			    "mongodb --database %.200s --upgrade-from %u` "
			    "prints",
			    l->c.database, version);
	} else if (!version) {
		say_to_do(l, c,
			  "all there, but not finished: their version is "
			  "missing",
			  "the next run finishes them");
	} else {
		mst_check_say(c, MST_CHECK_OK,
			      "record_set, grp, parts, lease, meta; version %u",
			      version);
	}
}

/* Another connection's RecVer is refused by a run, too. */
static void check_source(struct look *l, struct mst_check *c)
{
	struct mst_buf val = MST_BUF_INIT(65536);
	struct mst_err err = MST_ERR_INIT;
	bool begun = false, found = false;

	/* Without a seed nobody has used it yet, and the next run names it. */
	if (mst_mongo_meta_get(&l->c, "", "seed", &val, &begun, &err) == 0)
		mst_buf_reset(&val);
	if (mst_mongo_meta_get(&l->c, "", "source", &val, &found, &err) == 0 &&
	    (begun || found) &&
	    mst_recver_check_source(mst_buf_slice(&val), l->env->source,
				    l->c.database, &err) < 0) {
		mst_recver_check_fail(c, &err);
		l->usable = false;
	}
	mst_buf_fini(&val);
}

/* On a router: all of it on one shard works, but is not what shards are for.
 * Where nothing is there yet, nobody has spread it. */
static void check_sharding(struct look *l, struct mst_check *c)
{
	struct mst_err err = MST_ERR_INIT;
	bool sharded = false;
	char *was;

	if (!l->kind.router)
		return;
	was = mst_strdup(c->text);
	if (mst_mongo_sharded(&l->c, &sharded, &err) < 0) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "%.300s; whether grp is spread over the shards "
			      "cannot be seen by this user: %.300s",
			      was, err.msg);
		mst_check_remedy(c, "let a DBA run sql/mongodb/check.js, which "
				    "`muster recver script` prints");
	} else if (!sharded) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "%.300s; grp is on one shard alone", was);
		mst_recver_check_script(l->env, c);
	} else {
		mst_check_say(c, MST_CHECK_OK,
			      "%.300s; grp is spread over the shards", was);
	}
	free(was);
}

/* What is there without a version may be anybody's. */
static int check_owner(struct look *l, bool any, struct mst_err *err)
{
	struct mst_err unread = MST_ERR_INIT;
	unsigned version = 0;

	if (!any || mst_mongo_version(&l->c, &version, &unread) < 0 || version)
		return 0;
	return mst_mongo_own(&l->c, err);
}

static void check_tables(struct look *l, bool any, const char *missing)
{
	struct mst_check *c = begin(l, MST_RECVER_CHECK_TABLES);
	struct mst_err err = MST_ERR_INIT;
	char what[200];

	if (l->rights.exists && !l->rights.may_find) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "which are there cannot be seen, because the "
			      "user may not read them");
	} else if (check_owner(l, any, &err) < 0) {
		mst_recver_check_fail(c, &err);
	} else if (!any) {
		say_to_do(l, c, "there are none yet",
			  "the first run makes them");
	} else if (missing) {
		(void)snprintf(what, sizeof(what),
			       "not finished: %.100s missing, or not to be "
			       "seen by this user",
			       missing);
		say_to_do(l, c, what, "the next run finishes them");
	} else {
		say_version(l, c);
		if (c->level == MST_CHECK_OK)
			check_source(l, c);
		if (c->level == MST_CHECK_OK)
			check_sharding(l, c);
	}
	end(l);
}

/* ---- rights -------------------------------------------------------------- */

/* What takes away what is too much; what is needed comes before. */
static void say_take(struct look *l, struct mst_check *c)
{
	const char *knows = l->conf.auth_source ? l->conf.auth_source : "admin";
	struct mst_buf b = MST_BUF_INIT(4096);

	if (!l->rights.agent)
		(void)mst_buf_addf(
		    &b,
		    "first `muster connection setup %.100s "
		    "--admin USER`, or role.js, which gives it " MST_MONGO_AGENT
		    "; then ",
		    l->env->source);
	(void)mst_buf_adds(&b, "db.getSiblingDB(");
	mst_mongo_add_text(&b, knows);
	(void)mst_buf_adds(&b, ").revokeRolesFromUser(");
	mst_mongo_add_text(&b, l->conf.user ? l->conf.user : "");
	(void)mst_buf_addf(&b, ", [%s])", l->rights.take);
	mst_check_remedy(c, "%s", b.p ? b.p : "");
	mst_buf_fini(&b);
}

static void check_rights(struct look *l)
{
	struct mst_check *c = begin(l, MST_RECVER_CHECK_RIGHTS);
	const struct mst_mongo_rights *r = &l->rights;
	const char *user = l->conf.user ? l->conf.user : "";

	if (l->rights_err.msg[0]) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "what the user may do cannot be seen: %.500s",
			      l->rights_err.msg);
	} else if (!r->exists) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "nobody has logged in: whoever reaches the "
			      "server may read and write, or nobody may");
		mst_check_remedy(c, "set recver.user and recver.password, and "
				    "let the server ask for them");
	} else if (r->lacks) {
		mst_check_say(c, MST_CHECK_FAILED, "'%.100s' lacks %.600s",
			      user, r->lacks);
		mst_recver_check_script(l->env, c);
		c->code = MST_E_FORBIDDEN;
	} else if (r->more) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "'%.100s' may do more than it needs: %.500s",
			      user, r->more);
		say_take(l, c);
	} else {
		mst_check_say(c, MST_CHECK_OK,
			      "'%.100s' may do what it needs%s", user,
			      r->agent ? ", by " MST_MONGO_AGENT : "");
	}
	end(l);
}

/* ---- probe --------------------------------------------------------------- */

static void check_probe(struct look *l)
{
	struct mst_check *c = begin(l, MST_RECVER_CHECK_PROBE);
	struct mst_err err = MST_ERR_INIT;
	bool found = false;

	if (mst_mongo_trial(&l->c, &found, &err) < 0)
		mst_recver_check_fail(c, &err);
	else if (!found)
		mst_check_say(c, MST_CHECK_FAILED,
			      "what was written could not be read again");
	else
		mst_check_say(c, MST_CHECK_OK,
			      "wrote, read and deleted a document, confirmed "
			      "by a majority");
	end(l);
}

/* ---- use ----------------------------------------------------------------- */

static void check_use(struct look *l)
{
	struct mst_check *c = begin(l, MST_RECVER_CHECK_USE);
	struct mst_recver_stats s = {0};
	struct mst_err err = MST_ERR_INIT;
	struct mst_lease lease;

	if (mst_mongo_lease_read(&l->c, &lease, &err) < 0 ||
	    mst_mongo_stats(&l->c, NULL, 0, &s, &err) < 0) {
		mst_recver_check_fail(c, &err);
		end(l);
		return;
	}
	mst_recver_say_use(c, &lease, &s);
	end(l);
}

/* ---- all ----------------------------------------------------------------- */

static void look_inside(struct look *l)
{
	struct mst_err err = MST_ERR_INIT;
	char *missing = NULL;
	bool any = false;
	int rc;

	(void)mst_mongo_rights(&l->c, &l->rights, &l->rights_err);
	rc = mst_mongo_missing(&l->c, &missing, &any, &err);
	check_database(l, any, missing, rc, &err);
	if (!skipped(l, MST_RECVER_CHECK_TABLES))
		check_tables(l, any, missing);
	free(missing);
	/* What cannot be read may be a matter of rights. */
	check_rights(l);
	if (!skipped(l, MST_RECVER_CHECK_PROBE)) {
		if (l->usable)
			check_probe(l);
		else
			mst_recver_check_skip(l->env, MST_RECVER_CHECK_PROBE,
					      MST_RECVER_CHECK_TABLES);
	}
	if (!skipped(l, MST_RECVER_CHECK_USE)) {
		if (l->usable)
			check_use(l);
		else
			mst_recver_check_skip(l->env, MST_RECVER_CHECK_USE,
					      MST_RECVER_CHECK_TABLES);
	}
}

static int mongo_check(const struct mst_recver_setup_env *env,
		       struct mst_err *err)
{
	static const char *const inside[] = {
	    MST_RECVER_CHECK_DATABASE, MST_RECVER_CHECK_TABLES,
	    MST_RECVER_CHECK_RIGHTS, MST_RECVER_CHECK_PROBE,
	    MST_RECVER_CHECK_USE};
	struct look l = {.env = env, .conf = mst_mongo_conf(env->conf)};
	char *database = mst_recver_database(env->conf, env->source);

	l.c = (struct mst_mongo){.conf = &l.conf, .database = database};
	check_connect(&l);
	if (!skipped(&l, MST_RECVER_CHECK_SERVER))
		check_server(&l);
	if (!l.failed) {
		look_inside(&l);
	} else {
		for (size_t i = 0; i < MST_LEN(inside); i++)
			(void)skipped(&l, inside[i]);
	}
	mst_mongo_rights_fini(&l.rights);
	mst_mongo_shut(&l.c);
	free(database);
	return 0;
}

const struct mst_recver_setup_ops mst_recver_setup_mongodb = {
    .type = "mongodb",
    .check = mongo_check,
    .plan = mst_mongo_setup_plan,
    .make = mst_mongo_setup_make,
};
