/* SPDX-License-Identifier: Apache-2.0
 *
 * What a login may do on SQL Server: what a run needs, and what it does not.
 */
#include <stdio.h>
#include <stdlib.h>

#include "recver/sqlserver/dba.h"

#define LOGIN MST_MS_TEXT1("0")
/* The login's user in the database. */
#define USER                                                                   \
	"(SELECT MAX(name) FROM sys.database_principals WHERE sid ="           \
	" SUSER_SID(" LOGIN "))"

/* A right on the schema is one on each of its tables; not every server tells
 * of schemas. */
static const char *const rights[] = {"SELECT", "INSERT", "UPDATE", "DELETE"};
static const char *const tables[MST_MS_TABLES_N] = {"meta", "record_set", "grp",
						    "members", "lease"};
#define NEEDS (MST_LEN(rights) * MST_MS_TABLES_N)

/* The first of each group holds the others. */
#define SERVER_ROLES   8
#define DATABASE_ROLES 7
#define ROLES	       (SERVER_ROLES + DATABASE_ROLES)
static const char *const roles[ROLES] = {
    "sysadmin",	     "securityadmin", "serveradmin",	   "setupadmin",
    "processadmin",  "diskadmin",     "dbcreator",	   "bulkadmin",
    "db_owner",	     "db_ddladmin",   "db_securityadmin",  "db_accessadmin",
    "db_datareader", "db_datawriter", "db_backupoperator",
};

static bool in_server(size_t i)
{
	return i < SERVER_ROLES;
}

/* Who: "" for the connection's own login. */
static int read_roles(struct mst_ms *c, const char *login, bool in_database,
		      bool is[ROLES], struct mst_err *err)
{
	char sql[ROLES][400];
	struct mst_ms_flag f[ROLES];
	struct mst_ms_pack p;
	int rc;

	for (size_t i = 0; i < ROLES; i++) {
		(void)snprintf(sql[i], sizeof(sql[i]), "%s(N'%s'%s%s)",
			       in_server(i) ? "IS_SRVROLEMEMBER"
					    : "IS_ROLEMEMBER",
			       roles[i], login ? ", " : "",
			       !login	      ? ""
			       : in_server(i) ? LOGIN
					      : USER);
		f[i] = (struct mst_ms_flag){roles[i], sql[i]};
		is[i] = false;
	}
	mst_ms_pack_init(&p);
	mst_ms_add_text(&p, login ? login : "");
	rc =
	    mst_ms_flags(c, f, in_database ? ROLES : SERVER_ROLES, &p, is, err);
	mst_ms_pack_fini(&p);
	return rc;
}

static void add(struct mst_buf *b, const char *text)
{
	(void)mst_buf_addf(b, "%s%s", b->n ? ", " : "", text);
}

/* Of a login's user in the database, whatever else it may be. */
static int read_user(struct mst_ms *c, const char *login,
		     struct mst_ms_rights *r, struct mst_err *err)
{
	static const struct mst_ms_flag f[] = {
	    {"dbo", "CASE WHEN " USER " = N'dbo' THEN 1 ELSE 0 END"},
	    {"agent", "IS_ROLEMEMBER(N'muster_agent', " USER ")"},
	    {"sa", "CASE WHEN SUSER_SID(" LOGIN ") = 0x01 THEN 1 ELSE 0 END"},
	};
	bool is[MST_LEN(f)];
	struct mst_ms_pack p;
	int rc;

	mst_ms_pack_init(&p);
	mst_ms_add_text(&p, login);
	rc = mst_ms_flags(c, f, MST_LEN(f), &p, is, err);
	mst_ms_pack_fini(&p);
	r->is_dbo = rc == 0 && is[0];
	r->agent = rc == 0 && is[1];
	r->sa = rc == 0 && is[2];
	return rc;
}

/* Rights that were given without a role. */
static const struct mst_ms_flag grants[] = {
    {"CONTROL SERVER", "HAS_PERMS_BY_NAME(NULL, NULL, N'CONTROL SERVER')"},
    {"ALTER ANY LOGIN", "HAS_PERMS_BY_NAME(NULL, NULL, N'ALTER ANY LOGIN')"},
    {"CREATE ANY DATABASE",
     "HAS_PERMS_BY_NAME(NULL, NULL, N'CREATE ANY DATABASE')"},
    {"CONTROL", "HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), N'DATABASE',"
		" N'CONTROL')"},
};

static bool has_role(const bool is[ROLES], const char *name)
{
	for (size_t i = 0; i < ROLES; i++)
		if (strcmp(roles[i], name) == 0)
			return is[i];
	return false;
}

/* Of the connection's own login; what a role brings is told by its name. */
static int tell_grants(struct mst_ms *c, const bool role[ROLES],
		       const char *login, struct mst_ms_rights *r,
		       struct mst_err *err)
{
	char *name MST_CLEANUP(mst_freep) = mst_ms_quoted(login);
	bool is[MST_LEN(grants)], said[MST_LEN(grants)];
	int rc = mst_ms_flags(c, grants, MST_LEN(grants), NULL, is, err);

	if (rc < 0 || role[0])
		return rc;
	said[0] = false;
	said[1] = is[0] || has_role(role, "securityadmin");
	said[2] = is[0] || has_role(role, "dbcreator");
	said[3] = is[0] || r->owner;
	for (size_t i = 0; i < MST_LEN(grants); i++) {
		char *more = r->more, *take = r->take;

		if (!is[i] || said[i])
			continue;
		r->more = mst_asprintf("%s%s%s", more ? more : "",
				       more ? ", " : "", grants[i].name);
		r->take =
		    mst_asprintf("%s%sREVOKE %s FROM %s", take ? take : "",
				 take ? "; " : "", grants[i].name, name);
		free(more);
		free(take);
	}
	return 0;
}

/* dbo: the login owns the database, or is a sysadmin. */
static void tell(const bool is[ROLES], bool dbo, const char *login,
		 struct mst_ms_rights *r)
{
	struct mst_buf more = MST_BUF_INIT(4096), take = MST_BUF_INIT(4096);
	char *name MST_CLEANUP(mst_freep) = mst_ms_quoted(login);

	for (size_t i = 0; i < ROLES; i++) {
		if (!is[i] || (i > 0 && is[0]) ||
		    (i > SERVER_ROLES && (is[SERVER_ROLES] || dbo)) ||
		    (i == SERVER_ROLES && dbo))
			continue;
		add(&more, roles[i]);
		(void)mst_buf_addf(&take, "%sALTER %sROLE %s DROP MEMBER %s",
				   take.n ? "; " : "",
				   in_server(i) ? "SERVER " : "", roles[i],
				   name);
	}
	if (dbo && !is[0]) {
		add(&more, "owner of the database");
		(void)mst_buf_addf(&take,
				   "%sALTER AUTHORIZATION ON DATABASE::… TO "
				   "[sa], and then role.sql",
				   take.n ? "; " : "");
	}
	r->owner = is[0] || dbo || is[SERVER_ROLES];
	r->more = more.n ? mst_buf_steal(&more) : NULL;
	r->take = take.n ? mst_buf_steal(&take) : NULL;
	mst_buf_fini(&more);
	mst_buf_fini(&take);
}

/* "DELETE", or "DELETE on grp, lease" when it is there on others. */
static void add_lack(struct mst_buf *out, const char *right,
		     const bool is[MST_MS_TABLES_N])
{
	struct mst_buf on = MST_BUF_INIT(4096);
	size_t lacks = 0;

	for (size_t i = 0; i < MST_MS_TABLES_N; i++) {
		lacks += !is[i];
		if (!is[i])
			add(&on, tables[i]);
	}
	if (lacks)
		add(out, right);
	if (lacks && lacks < MST_MS_TABLES_N)
		(void)mst_buf_addf(out, " on %s", on.p);
	mst_buf_fini(&on);
}

static int read_lacks(struct mst_ms *c, struct mst_ms_rights *r,
		      struct mst_err *err)
{
	struct mst_buf lacks = MST_BUF_INIT(4096);
	struct mst_ms_flag f[NEEDS];
	char sql[NEEDS][100];
	bool is[NEEDS];
	int rc;

	for (size_t i = 0; i < NEEDS; i++) {
		(void)snprintf(sql[i], sizeof(sql[i]),
			       "HAS_PERMS_BY_NAME(N'muster.%s', N'OBJECT', "
			       "N'%s')",
			       tables[i % MST_MS_TABLES_N],
			       rights[i / MST_MS_TABLES_N]);
		f[i] =
		    (struct mst_ms_flag){rights[i / MST_MS_TABLES_N], sql[i]};
	}
	rc = mst_ms_flags(c, f, NEEDS, NULL, is, err);
	for (size_t i = 0; rc == 0 && i < MST_LEN(rights); i++)
		add_lack(&lacks, rights[i], is + i * MST_MS_TABLES_N);
	if (lacks.n)
		r->lacks = mst_strndup(lacks.p, lacks.n);
	mst_buf_fini(&lacks);
	return rc;
}

int mst_ms_rights(struct mst_ms *c, bool in_use, struct mst_ms_rights *r,
		  struct mst_err *err)
{
	static const char *const columns[] = {"SUSER_SNAME()", "USER_NAME()"};
	bool is[ROLES], found;
	char *row[2];
	int rc = mst_ms_ask(c, columns, MST_LEN(columns), NULL, NULL, row,
			    &found, err);

	*r = (struct mst_ms_rights){0};
	if (rc == 0)
		rc = read_roles(c, NULL, true, is, err);
	if (rc == 0)
		rc = read_user(c, row[0], r, err);
	if (rc == 0)
		tell(is, strcmp(row[1], "dbo") == 0, row[0], r);
	if (rc == 0)
		rc = tell_grants(c, is, row[0], r, err);
	if (rc == 0 && in_use)
		rc = read_lacks(c, r, err);
	for (size_t i = 0; i < MST_LEN(row); i++)
		free(row[i]);
	return rc;
}

int mst_ms_rights_of(struct mst_ms *c, const char *login, bool in_database,
		     struct mst_ms_rights *r, struct mst_err *err)
{
	bool is[ROLES];
	int rc = read_roles(c, login, in_database, is, err);

	*r = (struct mst_ms_rights){0};
	if (rc == 0)
		rc = read_user(c, login, r, err);
	r->is_dbo &= in_database;
	r->agent &= in_database;
	if (rc == 0)
		tell(is, r->is_dbo, login, r);
	return rc;
}

void mst_ms_rights_fini(struct mst_ms_rights *r)
{
	free(r->lacks);
	free(r->more);
	free(r->take);
	*r = (struct mst_ms_rights){0};
}

void mst_ms_look_rights(struct mst_ms_look *l)
{
	struct mst_check *c = mst_ms_begin(l, MST_RECVER_CHECK_RIGHTS);
	struct mst_err err = MST_ERR_INIT;
	struct mst_ms_rights r;

	if (mst_ms_rights(&l->c, l->tables, &r, &err) < 0) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "what the login may do cannot be seen: %.500s",
			      err.msg);
	} else if (r.lacks) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "the login lacks %.500s on RecVer's tables",
			      r.lacks);
		mst_recver_check_script(l->env, c);
		c->code = MST_E_FORBIDDEN;
		l->usable = false;
	} else if (r.more) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "the login may do more than it needs: %.500s",
			      r.more);
		if (r.sa)
			mst_check_remedy(c,
					 "give muster a login of its own in "
					 "recver.user; `muster connection "
					 "setup %.100s --admin USER` makes it",
					 l->env->source);
		else if (!r.agent && !r.is_dbo)
			mst_check_remedy(c,
					 "first `muster connection setup "
					 "%.100s --admin USER`, or role.sql, "
					 "which makes it a member of "
					 "muster_agent; then %.300s",
					 l->env->source, r.take);
		else
			mst_check_remedy(c, "%.400s", r.take);
	} else {
		mst_check_say(c, MST_CHECK_OK,
			      l->tables ? "the login may do what it needs"
					: "the login may do nothing that it "
					  "does not need");
	}
	mst_ms_rights_fini(&r);
	mst_ms_end(l);
}
