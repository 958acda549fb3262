/* SPDX-License-Identifier: Apache-2.0
 *
 * Setting RecVer up on SQL Server: with an administrator's login the login of
 * muster, the database, its tables, the role with the least rights, the user
 * and its membership; without one, what the login itself may make. By the very
 * scripts that a DBA would run. Every step may be done again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/secret.h"
#include "recver/scripts.h"
#include "recver/sqlserver/dba.h"

#define LOGIN MST_MS_TEXT1("0")

/* What there is, and what of it is to be done. */
struct site {
	const struct mst_recver_setup_env *env;
	struct mst_recver_conf conf; /* whoever makes it */
	char *database;
	char *login;	 /* of muster; NULL: not known, it does not get in */
	struct mst_ms c; /* to the database, or to master */
	bool there;	 /* the database, and c leads to it */
	bool may_create;
	bool exists; /* the login */
	unsigned version;
	struct mst_ms_rights rights; /* of the login */
	bool needs_login, needs_database, needs_tables, needs_role;
};

/* ---- what there is ------------------------------------------------------- */

static int open_site(struct site *s, struct mst_err *err)
{
	struct mst_ms_database d;
	int native, rc = mst_ms_open(&s->c, s->database, &native, err);

	s->there = rc == 0;
	if (!mst_ms_is_closed(native))
		return rc;
	mst_err_clear(err);
	rc = mst_ms_open(&s->c, "master", &native, err);
	if (rc == 0)
		rc = mst_ms_find_database(&s->c, &d, err);
	if (rc == 0 && (d.found || d.other[0]))
		rc = mst_ms_closed(&s->c, &d, err);
	s->may_create = rc == 0 && d.may_create;
	return rc;
}

/* What the login itself sees of the database: nothing is lacking. */
static bool is_enough(struct site *s)
{
	struct mst_recver_conf conf = mst_ms_defaults(s->env->conf);
	struct mst_ms own = {.conf = &conf, .database = s->database};
	struct mst_ms_rights r = {0};
	struct mst_err err = MST_ERR_INIT;
	int native;
	bool enough = mst_ms_open(&own, s->database, &native, &err) == 0 &&
		      mst_ms_rights(&own, true, &r, &err) == 0 && !r.lacks;

	mst_ms_rights_fini(&r);
	mst_ms_shut(&own);
	return enough;
}

/* Of integrated security: whom the server takes us for. */
static char *windows_login(struct site *s)
{
	struct mst_recver_conf conf = mst_ms_defaults(s->env->conf);
	struct mst_ms own = {.conf = &conf, .database = s->database};
	struct mst_err err = MST_ERR_INIT;
	static const char *const columns[] = {"SUSER_SNAME()"};
	char *row[1] = {NULL};
	bool found;
	int native;

	if (mst_ms_open(&own, "master", &native, &err) == 0)
		(void)mst_ms_ask(&own, columns, 1, NULL, NULL, row, &found,
				 &err);
	if (row[0] && !row[0][0])
		mst_freep(&row[0]);
	mst_ms_shut(&own);
	return row[0];
}

/* Who makes a database is its owner. */
static bool will_own(const struct site *s)
{
	return s->needs_database && s->conf.user && s->login &&
	       strcasecmp(s->conf.user, s->login) == 0;
}

static void decide(struct site *s)
{
	const struct mst_recver_conf *conf = s->env->conf;
	bool admin = s->env->admin;

	if (conf->bypass_setup)
		return;
	s->needs_database = !s->there && mst_recver_may_make_database(conf) &&
			    (admin || s->may_create);
	/* Nothing can be made in a database that is not there. */
	if (!s->there && !s->needs_database)
		return;
	s->needs_login = admin && !s->exists;
	s->needs_tables =
	    s->needs_database || (s->version != mst_recver_schema() &&
				  (admin || mst_ms_may_add(&s->c)));
	/* With more than it needs it is let in, and only its membership stays
	 * when that is taken away. */
	s->needs_role = admin && !s->rights.is_dbo && !s->rights.sa &&
			!will_own(s) &&
			(!s->exists || s->needs_tables ||
			 (s->rights.owner ? !s->rights.agent : !is_enough(s)));
}

static int look_login(struct site *s, struct mst_err *err)
{
	static const struct mst_ms_flag there[] = {
	    {"login",
	     "CASE WHEN SUSER_ID(" LOGIN ") IS NULL THEN 0 ELSE 1 END"}};
	struct mst_ms_pack p;
	int rc;

	if (!s->login)
		return s->env->admin
			   ? mst_err_set(
				 err, MST_E_AUTH,
				 "which Windows account muster logs in with is "
				 "not known, because the server does not let "
				 "it in: CREATE LOGIN [DOMAIN\\account] FROM "
				 "WINDOWS, see that there is a ticket, and "
				 "then do this again")
			   : 0;
	mst_ms_pack_init(&p);
	mst_ms_add_text(&p, s->login);
	rc = mst_ms_flags(&s->c, there, 1, &p, &s->exists, err);
	mst_ms_pack_fini(&p);
	/* An account that comes in as a member of a group has no login of its
	 * own. */
	s->exists = s->exists || s->env->conf->integrated_security;
	if (rc == 0 && s->exists)
		rc = mst_ms_rights_of(&s->c, s->login, s->there, &s->rights,
				      err);
	return rc;
}

/* Of this name, and another login's that is there: nobody's to take away. */
static int check_user(struct site *s, struct mst_err *err)
{
	static const char *const columns[] = {"COALESCE(SUSER_SNAME(u.sid), "
					      "N'')"};
	char *row[1] = {NULL};
	struct mst_ms_pack p;
	bool found;
	int rc;

	mst_ms_pack_init(&p);
	mst_ms_add_text(&p, s->login);
	rc = mst_ms_ask(&s->c, columns, 1,
			" FROM sys.database_principals AS u WHERE"
			" u.name = " LOGIN " AND (u.type = N'R' OR"
			" SUSER_SNAME(u.sid) IS NOT NULL) AND NOT EXISTS"
			" (SELECT 1 FROM sys.database_principals AS o WHERE"
			" o.sid = SUSER_SID(" LOGIN "))",
			&p, row, &found, err);
	mst_ms_pack_fini(&p);
	if (rc == 0 && found)
		rc = mst_err_set(
		    err, MST_E_INVALID,
		    "'%s' has a %s '%s'%s%.200s%s already: give muster another "
		    "login, or let a DBA rename that (ALTER %s … WITH NAME)",
		    s->database, row[0][0] ? "user" : "role", s->login,
		    row[0][0] ? " of the login '" : "", row[0],
		    row[0][0] ? "'" : "", row[0][0] ? "USER" : "ROLE");
	free(row[0]);
	return rc;
}

static int look_inside(struct site *s, struct mst_err *err)
{
	int rc = s->there ? mst_ms_version(&s->c, &s->version, err) : 0;

	if (rc == 0 && s->there && !s->version)
		rc = mst_ms_own_schema(&s->c, err);
	if (rc == 0 && s->version > mst_recver_schema())
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "the tables of '%s' were made by a newer "
				   "muster (version %u, this one knows %u): "
				   "update muster",
				   s->database, s->version,
				   mst_recver_schema());
	if (rc == 0)
		rc = look_login(s, err);
	if (rc == 0 && s->there && s->login && s->env->admin)
		rc = check_user(s, err);
	return rc;
}

/* What no server would take, or nobody would want. */
static int check_names(const struct site *s, struct mst_err *err)
{
	if (s->login && mst_ms_units(s->login) > MST_MS_NAME_MAX)
		return mst_err_set(err, MST_E_INVALID,
				   "recver.user '%.40s…' is longer than the %d "
				   "characters that SQL Server takes",
				   s->login, MST_MS_NAME_MAX);
	return mst_ms_not_system(s->database, err);
}

/* No login may be made without a password. */
static int check_password(const struct site *s, struct mst_err *err)
{
	if (!s->needs_login || s->env->conf->password)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "the login '%.128s' cannot be made without a "
			   "password: set recver.password",
			   s->login);
}

static void fini(struct site *s)
{
	mst_ms_rights_fini(&s->rights);
	mst_ms_shut(&s->c);
	free(s->database);
	free(s->login);
}

static int look(struct site *s, const struct mst_recver_setup_env *env,
		struct mst_err *err)
{
	int rc;

	*s = (struct site){.env = env};
	s->conf = mst_ms_defaults(env->admin ? env->admin : env->conf);
	s->database = mst_recver_database(env->conf, env->source);
	s->login = env->conf->integrated_security ? windows_login(s)
						  : mst_strdup(env->conf->user);
	s->c = (struct mst_ms){.conf = &s->conf,
			       .database = s->database,
			       .admin = env->admin != NULL};
	rc = check_names(s, err);
	if (rc == 0) {
		rc = open_site(s, err);
		if (rc == 0)
			rc = look_inside(s, err);
		if (rc < 0 && env->admin)
			(void)mst_err_prefix(err, "as '%s'",
					     s->conf.user ? s->conf.user : "");
	}
	if (rc == 0) {
		decide(s);
		rc = check_password(s, err);
	}
	if (rc < 0)
		fini(s);
	return rc;
}

/* ---- the plan ------------------------------------------------------------ */

#define HOW_MAX 300
#define ROLE_HOW                                                               \
	"make muster_agent where it is missing, with SELECT, INSERT, UPDATE "  \
	"and DELETE on the schema muster"

static void how_tables(const struct site *s, char how[HOW_MAX])
{
	if (s->version)
		(void)snprintf(how, HOW_MAX,
			       "bring those of version %u up to version %u",
			       s->version, mst_recver_schema());
	else
		(void)snprintf(how, HOW_MAX,
			       "make %d in the schema muster, version %u",
			       MST_MS_TABLES_N, mst_recver_schema());
}

int mst_ms_plan(const struct mst_recver_setup_env *env,
		mst_recver_step_fn *step, void *ctx, struct mst_err *err)
{
	char how[HOW_MAX];
	struct site s;
	int rc = look(&s, env, err);

	if (rc < 0)
		return rc;
	if (s.needs_login) {
		(void)snprintf(how, sizeof(how),
			       "make '%.100s', with the connection's password",
			       s.login);
		step(ctx, "login", how);
	}
	if (s.needs_database) {
		(void)snprintf(how, sizeof(how), "make '%.100s'", s.database);
		step(ctx, "database", how);
	}
	if (s.needs_tables) {
		how_tables(&s, how);
		step(ctx, "tables", how);
	}
	if (s.needs_role) {
		step(ctx, "role", ROLE_HOW);
		(void)snprintf(how, sizeof(how),
			       "make a user for '%.100s' where it has none",
			       s.login);
		step(ctx, "user", how);
		(void)snprintf(how, sizeof(how),
			       "make it a member of muster_agent");
		step(ctx, "membership", how);
	}
	fini(&s);
	return 0;
}

/* ---- the login ----------------------------------------------------------- */

/* As a statement of its own the server keeps it out of its traces. */
static int create_login(struct site *s, struct mst_slice password,
			struct mst_err *err)
{
	struct mst_buf sql = MST_BUF_INIT(1u << 20);
	int native = 0, rc;
	bool rows;

	/* No copy is left behind by growing. */
	(void)mst_buf_reserve(&sql, 2 * (strlen(s->login) + password.n) + 64);
	(void)mst_buf_adds(&sql, "CREATE LOGIN [");
	mst_ms_add_quoted(&sql, mst_slice_str(s->login), ']');
	(void)mst_buf_adds(&sql, "] WITH PASSWORD = N'");
	mst_ms_add_quoted(&sql, password, '\'');
	(void)mst_buf_adds(&sql, "'");
	rc = mst_ms_exec(&s->c, sql.p, NULL, 0, &rows, &native, err);
	/* By somebody else, who sets the same up at this moment. */
	if (rc < 0 && mst_ms_is_there(native)) {
		mst_err_clear(err);
		rc = 0;
	}
	if (rc < 0 && password.n &&
	    memmem(err->msg, strlen(err->msg), password.p, password.n))
		rc = mst_err_set(
		    err, err->code,
		    "the server refuses the login with its password; its text "
		    "is kept back, because it holds that: does the password "
		    "meet the server's password policy?");
	mst_buf_wipe_fini(&sql);
	return rc;
}

static int make_login(struct site *s, struct mst_err *err)
{
	struct mst_secret *secret = NULL;
	int rc;

	rc = mst_secret_ref(s->env->conf->password, &secret, err);
	if (rc < 0)
		return mst_err_prefix(err, "recver.password");
	rc = create_login(s, mst_secret_get(secret), err);
	mst_secret_free(&secret);
	return rc;
}

/* One that has more than it needs is somebody's: it is left alone. */
static void tell_more(struct site *s)
{
	struct mst_check c = {.name = "setup:login", .title = "RecVer: login"};

	if (!s->env->admin || !s->exists || !s->rights.more)
		return;
	mst_check_say(&c, MST_CHECK_WARNING,
		      "'%s' was there, may do more than it needs (%.400s), and "
		      "was left alone",
		      s->login, s->rights.more);
	if (s->rights.take && !s->rights.sa)
		mst_check_remedy(&c, "%.400s", s->rights.take);
	mst_recver_check_report(s->env, &c);
}

/* ---- the steps ----------------------------------------------------------- */

static int run(struct site *s, const char *script, const char *part,
	       struct mst_err *err)
{
	const struct mst_ms_names names = {.database = s->database,
					   .login = s->login};

	return mst_ms_run(&s->c, mst_recver_script("sqlserver", script), part,
			  &names, err);
}

/* As a run makes and upgrades them: with the lease, so that none is under way
 * meanwhile. Who has the lease, of tables of this version, does what is left.
 */
static int make_tables(struct site *s, struct mst_err *err)
{
	struct mst_recver *r = NULL;
	struct mst_err other = MST_ERR_INIT;
	unsigned version = 0;
	int native, rc;

	mst_ms_shut(&s->c);
	rc = mst_ms_open(&s->c, s->database, &native, err);
	if (rc < 0)
		return rc;
	rc = mst_recver_sqlserver.open(&s->conf, s->env->source, true, &r, err);
	if (rc == 0)
		mst_recver_sqlserver.close(&r);
	if (rc == -MST_E_CONFLICT &&
	    mst_ms_version(&s->c, &version, &other) == 0 &&
	    version == mst_recver_schema()) {
		mst_err_clear(err);
		rc = 0;
	}
	return rc;
}

static int made(struct site *s, const char *what, const char *how, int rc,
		struct mst_err *err)
{
	if (rc == -MST_E_FORBIDDEN && s->env->admin)
		(void)mst_err_prefix(err,
				     "'%s' may not do this, which takes "
				     "sysadmin, or securityadmin and dbcreator "
				     "(db_owner of a database that is there)",
				     s->conf.user ? s->conf.user : "");
	return mst_recver_made(s->env, what, how, rc, err);
}

static int make_role(struct site *s, struct mst_err *err)
{
	char how[HOW_MAX];
	int rc = made(s, "role",
		      "muster_agent is there, and may read and write rows",
		      run(s, "role", "role", err), err);

	if (rc == 0) {
		(void)snprintf(how, sizeof(how),
			       "'%.100s' is a user of the database", s->login);
		rc = made(s, "user", how, run(s, "role", "user", err), err);
	}
	if (rc == 0) {
		(void)snprintf(how, sizeof(how),
			       "'%.100s' is a member of muster_agent",
			       s->login);
		rc = made(s, "membership", how,
			  run(s, "role", "membership", err), err);
	}
	return rc;
}

int mst_ms_make(const struct mst_recver_setup_env *env, struct mst_err *err)
{
	char how[HOW_MAX];
	struct site s;
	int rc = look(&s, env, err);

	if (rc < 0)
		return rc;
	tell_more(&s);
	if (s.needs_login) {
		(void)snprintf(how, sizeof(how), "'%.100s' was made", s.login);
		rc = made(&s, "login", how, make_login(&s, err), err);
	}
	if (rc == 0 && s.needs_database) {
		(void)snprintf(how, sizeof(how), "'%.100s' was made",
			       s.database);
		rc = made(&s, "database", how,
			  run(&s, "create", MST_MS_MASTER, err), err);
	}
	if (rc == 0 && s.needs_tables) {
		(void)snprintf(how, sizeof(how), "all %d are there, version %u",
			       MST_MS_TABLES_N, mst_recver_schema());
		rc = made(&s, "tables", how, make_tables(&s, err), err);
	}
	if (rc == 0 && s.needs_role)
		rc = make_role(&s, err);
	fini(&s);
	return rc;
}
