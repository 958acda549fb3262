/* SPDX-License-Identifier: Apache-2.0
 *
 * Setting RecVer up on PostgreSQL: with an administrator's login the login of
 * muster, the database, its tables, the role with the least rights and the
 * membership in it; without one, what the login itself may make. By the very
 * scripts that a DBA would run. Every step may be done again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "recver/postgres/dba.h"
#include "recver/scripts.h"

/* What there is, and what of it is to be done. */
struct site {
	const struct mst_recver_setup_env *env;
	struct mst_recver_conf conf; /* whoever makes it */
	char *database, *login, *maker;
	struct mst_pg c;  /* to the database, or to another one of the server */
	bool there;	  /* the database, and c leads to it */
	unsigned version; /* of its tables; 0: not all are there */
	char *lost;	  /* tables that were finished once; NULL: none */
	char *others;	  /* what they keep in the database; NULL: nothing */
	struct mst_pg_rights rights; /* of the login */
	bool needs_login, needs_database, needs_tables, needs_role;
};

/* ---- what there is ------------------------------------------------------- */

static int open_site(struct site *s, struct mst_err *err)
{
	char state[6];
	int rc = mst_pg_open(&s->c, s->database, state, err);

	s->there = rc == 0;
	if (strcmp(state, MST_PG_NO_DATABASE) != 0)
		return rc;
	mst_err_clear(err);
	return mst_pg_open_any(&s->c, state, err);
}

static void decide(struct site *s)
{
	const struct mst_recver_conf *conf = s->env->conf;
	const struct mst_pg_rights *r = &s->rights;
	bool admin = s->env->admin;

	if (conf->bypass_setup)
		return;
	s->needs_database = !s->there && mst_recver_may_make_database(conf) &&
			    (admin || r->may_make);
	/* Nothing can be made in a database that is not there. */
	if (!s->there && !s->needs_database)
		return;
	s->needs_login = admin && !r->exists;
	s->needs_tables = (s->there && s->version != mst_recver_schema() &&
			   (admin || (s->version ? r->owns : r->may_add))) ||
			  s->needs_database;
	s->needs_role =
	    admin && (!r->exists || r->lacks || r->bare || s->needs_tables);
	/* It will own what it makes. */
	if (admin && strcmp(s->login, s->maker) == 0)
		s->needs_role = r->lacks || r->bare;
}

static int look_inside(struct site *s, struct mst_err *err)
{
	char *missing = NULL;
	int64_t there;
	int rc = 0;

	if (s->there)
		rc = mst_pg_own_schema(&s->c, err);
	if (rc == 0 && s->there)
		rc = mst_pg_version(&s->c, &s->version, err);
	if (rc == 0 && s->there)
		rc = mst_pg_others(&s->c, &s->others, err);
	if (rc == 0 && s->there)
		rc = mst_pg_missing(&s->c, &there, &missing, err);
	/* A newer muster may have others. */
	if (missing && s->version && s->version <= mst_recver_schema()) {
		s->version = 0;
		s->lost = missing;
		missing = NULL;
	}
	free(missing);
	if (rc == 0 && s->version > mst_recver_schema())
		rc = mst_err_set(err, MST_E_UNSUPPORTED,
				 "the tables of '%s' were made by a newer "
				 "muster (version %u, this one knows %u): "
				 "update muster",
				 s->database, s->version, mst_recver_schema());
	if (rc == 0)
		rc = mst_pg_rights(&s->c, s->env->conf, s->login, s->there,
				   &s->rights, err);
	if (rc == 0 && s->rights.exists && !s->rights.may_log_in)
		rc = mst_err_set(err, MST_E_INVALID,
				 "'%s' is a role that may not log in: name "
				 "another login in recver.user, or let a DBA "
				 "run ALTER ROLE … LOGIN",
				 s->login);
	return rc;
}

static void fini(struct site *s)
{
	mst_pg_rights_fini(&s->rights);
	mst_pg_shut(&s->c);
	free(s->lost);
	free(s->others);
	free(s->database);
	free(s->login);
	free(s->maker);
}

static int look(struct site *s, const struct mst_recver_setup_env *env,
		struct mst_err *err)
{
	int rc;

	*s = (struct site){.env = env};
	s->conf = mst_pg_conf(env->admin ? env->admin : env->conf);
	s->database = mst_recver_database(env->conf, env->source);
	s->login = mst_pg_login(env->conf);
	s->maker = mst_pg_login(&s->conf);
	s->c = (struct mst_pg){.conf = &s->conf,
			       .database = s->database,
			       .admin = env->admin != NULL};
	rc = mst_pg_names(s->database, s->login, false, err);
	if (rc == 0)
		rc = mst_pg_not_system(s->database, err);
	if (rc < 0) {
		fini(s);
		return rc;
	}
	rc = open_site(s, err);
	if (rc == 0)
		rc = look_inside(s, err);
	if (rc == 0)
		decide(s);
	else if (env->admin)
		(void)mst_err_prefix(err, "as '%s'", s->maker);
	if (rc < 0)
		fini(s);
	return rc;
}

/* ---- the plan ------------------------------------------------------------ */

#define HOW_MAX 300

static void how_login(const struct site *s, char how[HOW_MAX])
{
	(void)snprintf(how, HOW_MAX, "make '%.100s', %s", s->login,
		       s->env->conf->password
			   ? "with the connection's password"
			   : "without a password: recver.password is not set");
}

static void how_tables(const struct site *s, char how[HOW_MAX])
{
	if (s->version)
		(void)snprintf(how, HOW_MAX,
			       "bring those of version %u up to version %u",
			       s->version, mst_recver_schema());
	else if (s->lost)
		(void)snprintf(how, HOW_MAX,
			       "make %.100s again, empty: `muster recver "
			       "verify %.100s` then says what to reset",
			       s->lost, s->env->source);
	else
		(void)snprintf(how, HOW_MAX,
			       "make %d in the schema muster, version %u",
			       MST_PG_TABLES_N, mst_recver_schema());
}

static void how_access(const struct site *s, char how[HOW_MAX])
{
	if (s->others)
		(void)snprintf(how, HOW_MAX,
			       "leave that of PUBLIC as it is: others use the "
			       "database, too (%.120s)",
			       s->others);
	else
		(void)snprintf(how, HOW_MAX,
			       "take CONNECT to '%.100s' from PUBLIC: who "
			       "needs it beside muster_agent is to be granted "
			       "it",
			       s->database);
}

static void how_member(const struct site *s, char how[HOW_MAX])
{
	(void)snprintf(how, HOW_MAX,
		       "make '%.100s' a member of muster_agent, which may read "
		       "and write rows of these tables",
		       s->login);
}

int mst_pg_plan(const struct mst_recver_setup_env *env,
		mst_recver_step_fn *step, void *ctx, struct mst_err *err)
{
	char how[HOW_MAX];
	struct site s;
	int rc = look(&s, env, err);

	if (rc < 0)
		return rc;
	if (s.needs_login) {
		how_login(&s, how);
		step(ctx, "login", how);
	}
	if (s.needs_database) {
		(void)snprintf(how, sizeof(how), "make '%.100s', UTF8",
			       s.database);
		step(ctx, "database", how);
	}
	if (s.needs_tables) {
		how_tables(&s, how);
		step(ctx, "tables", how);
	}
	if (s.needs_role) {
		step(ctx, "role",
		     "make muster_agent where it is missing; it may connect "
		     "to the database");
		how_access(&s, how);
		step(ctx, "access", how);
		how_member(&s, how);
		step(ctx, "membership", how);
	}
	fini(&s);
	return 0;
}

/* ---- the login ----------------------------------------------------------- */

/* What the server keeps in place of the password, so that neither its log nor
 * the network sees that. To be freed by PQfreemem; NULL: there is none. */
static int verifier(struct site *s, char **text_r, struct mst_err *err)
{
	struct mst_buf clear = MST_BUF_INIT(65536);
	struct mst_secret *secret = NULL;
	int rc;

	*text_r = NULL;
	if (!s->env->conf->password)
		return 0;
	rc = mst_secret_ref(s->env->conf->password, &secret, err);
	if (rc < 0)
		return mst_err_prefix(err, "recver.password");
	(void)mst_buf_add_slice(&clear, mst_secret_get(secret));
	*text_r =
	    PQencryptPasswordConn(s->c.h, clear.p, s->login, "scram-sha-256");
	mst_buf_wipe_fini(&clear);
	mst_secret_free(&secret);
	if (!*text_r)
		return mst_err_set(err, MST_E_INVALID,
				   "the connection's password cannot be "
				   "prepared for the server");
	return 0;
}

/* Another set-up at the same time was faster. */
static int made_by_another(struct site *s, int rc, struct mst_err *err)
{
	struct mst_err other = MST_ERR_INIT;
	int64_t there = 0;

	if (mst_pg_ask_int(&s->c,
			   "SELECT count(*) FROM pg_catalog.pg_roles"
			   " WHERE rolname = $1",
			   s->login, &there, &other) < 0 ||
	    !there)
		return rc;
	mst_err_clear(err);
	return 0;
}

static int make_login(struct site *s, struct mst_err *err)
{
	struct mst_buf sql = MST_BUF_INIT(65536);
	char *name, *text, *quoted;
	int rc = verifier(s, &text, err);

	if (rc < 0)
		return rc;
	name = PQescapeIdentifier(s->c.h, s->login, strlen(s->login));
	quoted = text ? PQescapeLiteral(s->c.h, text, strlen(text)) : NULL;
	(void)mst_buf_addf(&sql, "CREATE ROLE %s LOGIN%s%s",
			   name ? name : "\"\"", quoted ? " PASSWORD " : "",
			   quoted ? quoted : "");
	rc = mst_pg_do(&s->c, sql.p, NULL, NULL, err);
	mst_buf_wipe_fini(&sql);
	PQfreemem(name);
	PQfreemem(text);
	PQfreemem(quoted);
	return rc < 0 ? made_by_another(s, rc, err) : 0;
}

static void how_made(const struct site *s, char how[HOW_MAX])
{
	(void)snprintf(how, HOW_MAX, "'%.100s' was made%s", s->login,
		       s->env->conf->password
			   ? ""
			   : ", without a password, because recver.password "
			     "is not set");
}

/* One that has more than it needs is somebody's: it is left alone. */
static void tell_more(struct site *s)
{
	struct mst_check c = {.name = "setup:login", .title = "RecVer: login"};

	if (!s->env->admin || !s->rights.exists || !s->rights.more)
		return;
	mst_check_say(&c, MST_CHECK_WARNING,
		      "'%s' was there, may do more than it needs (%.400s), and "
		      "was left alone",
		      s->login, s->rights.more);
	mst_check_remedy(&c, "%.400s", s->rights.take);
	mst_recver_check_report(s->env, &c);
}

/* ---- the steps ----------------------------------------------------------- */

static int make_database(struct site *s, struct mst_err *err)
{
	return mst_pg_script(&s->c, mst_recver_script("postgres", "create"), 0,
			     NULL, NULL, err);
}

/* A run's way of opening them, which upgrades with the lease, so that none is
 * under way meanwhile. Who has the lease, of tables of this version, does what
 * is left. */
static int open_tables(struct site *s, struct mst_err *err)
{
	struct mst_recver *r = NULL;
	struct mst_err other = MST_ERR_INIT;
	unsigned version = 0;
	int rc =
	    mst_recver_postgres.open(&s->conf, s->env->source, true, &r, err);

	if (rc == 0)
		mst_recver_postgres.close(&r);
	if (rc == -MST_E_CONFLICT &&
	    mst_pg_version(&s->c, &version, &other) == 0 &&
	    version == mst_recver_schema()) {
		mst_err_clear(err);
		rc = 0;
	}
	return rc;
}

static int make_tables(struct site *s, struct mst_err *err)
{
	char state[6];
	int rc;

	mst_pg_shut(&s->c);
	rc = mst_pg_open(&s->c, s->database, state, err);
	if (rc == 0 && !s->version)
		rc = mst_pg_script(&s->c,
				   mst_recver_script("postgres", "create"), 1,
				   NULL, NULL, err);
	return rc < 0 ? rc : open_tables(s, err);
}

static int run_role(struct site *s, int part, const char *step,
		    struct mst_err *err)
{
	return mst_pg_script(&s->c, mst_recver_script("postgres", "role"), part,
			     step, s->login, err);
}

/* What others keep is asked anew: the database may be new. To who does not own
 * the database the server says no more than a warning. */
static int make_access(struct site *s, char how[HOW_MAX], struct mst_err *err)
{
	int64_t open = 0;
	int rc;

	free(s->others);
	rc = mst_pg_others(&s->c, &s->others, err);
	if (rc == 0)
		rc = run_role(s, 1, "access", err);
	if (rc == 0)
		rc = mst_pg_ask_int(&s->c,
				    "SELECT has_database_privilege('public',"
				    " current_database(), 'CONNECT')",
				    NULL, &open, err);
	if (rc == 0 && s->others)
		(void)snprintf(how, HOW_MAX,
			       "that of PUBLIC was left as it is: others use "
			       "the database, too (%.120s)",
			       s->others);
	else if (rc == 0 && open)
		(void)snprintf(how, HOW_MAX,
			       "PUBLIC may still connect to '%.100s': '%.100s' "
			       "does not own the database",
			       s->database, s->maker);
	else if (rc == 0)
		(void)snprintf(how, HOW_MAX,
			       "PUBLIC may not connect to '%.100s' any more",
			       s->database);
	return rc;
}

/* What it means for a run is not what it means here. */
static void may_not(const struct site *s, struct mst_err *err)
{
	static const char mark[] = "the server says: ";
	const char *said = strstr(err->msg, mark);
	char *text = mst_strdup(said ? said + sizeof(mark) - 1 : err->msg);

	(void)mst_err_set(err, MST_E_FORBIDDEN,
			  "'%s' may not do this: %.500s; it takes CREATEDB, "
			  "CREATEROLE and what is there already as one's own, "
			  "or a superuser",
			  s->maker, text);
	free(text);
}

static int made(struct site *s, const char *what, const char *how, int rc,
		struct mst_err *err)
{
	if (rc == -MST_E_FORBIDDEN)
		may_not(s, err);
	return mst_recver_made(s->env, what, how, rc, err);
}

static int make_rights(struct site *s, struct mst_err *err)
{
	char how[HOW_MAX];
	int rc = made(s, "role",
		      "muster_agent is there and may connect to the database",
		      run_role(s, 0, NULL, err), err);

	if (rc == 0) {
		rc = make_access(s, how, err);
		rc = made(s, "access", how, rc, err);
	}
	if (rc == 0) {
		(void)snprintf(how, sizeof(how),
			       "'%.100s' is a member of muster_agent",
			       s->login);
		rc = made(s, "membership", how,
			  run_role(s, 1, "membership", err), err);
	}
	return rc;
}

static int make_all(struct site *s, struct mst_err *err)
{
	char how[HOW_MAX];
	int rc = 0;

	tell_more(s);
	if (s->needs_login) {
		how_made(s, how);
		rc = made(s, "login", how, make_login(s, err), err);
	}
	if (rc == 0 && s->needs_database) {
		(void)snprintf(how, sizeof(how), "'%.100s' was made",
			       s->database);
		rc = made(s, "database", how, make_database(s, err), err);
	}
	if (rc == 0 && s->needs_tables) {
		(void)snprintf(
		    how, sizeof(how), "all %d are there, version %u%s%.100s",
		    MST_PG_TABLES_N, mst_recver_schema(),
		    s->lost ? "; without the rows that were in " : "",
		    s->lost ? s->lost : "");
		rc = made(s, "tables", how, make_tables(s, err), err);
	}
	return rc == 0 && s->needs_role ? make_rights(s, err) : rc;
}

int mst_pg_make(const struct mst_recver_setup_env *env, struct mst_err *err)
{
	struct site s;
	int rc = look(&s, env, err);

	if (rc < 0)
		return rc;
	rc = make_all(&s, err);
	fini(&s);
	return rc;
}
