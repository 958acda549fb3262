/* SPDX-License-Identifier: Apache-2.0
 *
 * The ODBC driver for tests: the server's logins, and users and roles of its
 * databases. Without any login everybody may do everything.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "odbc_private.h"

static struct t_odbc_login *find(const char *name)
{
	struct t_odbc *o = t_odbc_get();

	for (size_t i = 0; i < o->logins_n; i++)
		if (strcmp(o->logins[i].name, name) == 0)
			return &o->logins[i];
	return NULL;
}

static bool has(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; (p = strstr(p, word)) != NULL; p += n)
		if ((p == list || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

static bool server_role(const char *login, const char *role)
{
	const struct t_odbc_login *l = find(login);

	return !t_odbc_get()->logins_n ||
	       (l && (has(l->roles, "sysadmin") || has(l->roles, role)));
}

/* The login's user in a database. */
static struct t_odbc_user *user_of(const char *database, const char *login)
{
	struct t_odbc *o = t_odbc_get();

	for (size_t i = 0; i < o->users_n; i++)
		if (strcmp(o->users[i].database, database) == 0 &&
		    strcmp(o->users[i].login, login) == 0)
			return &o->users[i];
	return NULL;
}

static struct t_odbc_user *user_named(const char *database, const char *name)
{
	struct t_odbc *o = t_odbc_get();

	for (size_t i = 0; i < o->users_n; i++)
		if (strcmp(o->users[i].database, database) == 0 &&
		    strcmp(o->users[i].name, name) == 0)
			return &o->users[i];
	return NULL;
}

void t_odbc_add_user(const char *database, const char *name, const char *login)
{
	struct t_odbc *o = t_odbc_get();
	struct t_odbc_user *u = &o->users[o->users_n];

	if (!o->logins_n || o->users_n == T_ODBC_USERS)
		return;
	*u = (struct t_odbc_user){.roles = ""};
	(void)snprintf(u->database, sizeof(u->database), "%s", database);
	(void)snprintf(u->name, sizeof(u->name), "%s", name);
	(void)snprintf(u->login, sizeof(u->login), "%s", login);
	o->users_n++;
}

static bool is_owner(const char *database, const char *login)
{
	const struct t_odbc_user *u = user_of(database, login);

	return server_role(login, "sysadmin") ||
	       (u &&
		(strcmp(u->name, "dbo") == 0 || has(u->roles, "db_owner")));
}

bool t_odbc_may_open(const char *database, const char *login)
{
	return strcmp(database, "master") == 0 ||
	       server_role(login, "sysadmin") || user_of(database, login);
}

static bool may(const struct dbc *c, const char *right)
{
	const struct t_odbc_user *u = user_of(c->name, c->login);

	/* The owner of a database is nobody on the server. */
	if (server_role(c->login, "sysadmin") ||
	    (is_owner(c->name, c->login) && strstr(right, " SERVER") == NULL &&
	     strncmp(right, "ALTER ANY", 9) != 0 &&
	     strncmp(right, "CREATE ANY", 10) != 0))
		return true;
	if (strcmp(right, "CREATE ANY DATABASE") == 0)
		return server_role(c->login, "dbcreator");
	if (strcmp(right, "ALTER ANY LOGIN") == 0)
		return server_role(c->login, "securityadmin");
	if (strncmp(right, "CONTROL", 7) == 0)
		return t_odbc_get()->granted &&
		       strcmp(t_odbc_get()->granted, right) == 0;
	if (strncmp(right, "CREATE", 6) == 0 || strcmp(right, "ALTER") == 0)
		return false;
	return u && has(u->roles, "muster_agent") &&
	       (!t_odbc_get()->revoked ||
		strcmp(t_odbc_get()->revoked, right) != 0);
}

/* ---- logging in ---------------------------------------------------------- */

static SQLRETURN refused(struct dbc *c)
{
	return t_odbc_say(&c->diag, "42000", 18456, "Login failed.");
}

/* FreeTDS is told by a file how to look at a certificate. */
static bool is_trusted(const char *file, enum t_odbc_tls tls)
{
	bool checked = strstr(file, "ca file") != NULL;
	bool name = strstr(file, "check certificate hostname = yes") != NULL;

	if (strstr(file, "encryption = off"))
		return true;
	return tls != T_ODBC_NO_TLS && (tls != T_ODBC_BAD_CHAIN || !checked) &&
	       (tls != T_ODBC_BAD_NAME || !name);
}

static bool tls_fails(void)
{
	const char *path = getenv("FREETDSCONF");
	char file[2000] = "";
	FILE *f = path ? fopen(path, "r") : NULL;

	if (f) {
		(void)fread(file, 1, sizeof(file) - 1, f);
		(void)fclose(f);
	}
	return !is_trusted(file, t_odbc_get()->tls);
}

SQLRETURN t_odbc_log_in(struct dbc *c, const char *string)
{
	bool windows = strstr(string, "Trusted_Connection=yes") != NULL;
	const struct t_odbc *o = t_odbc_get();
	const struct t_odbc_login *l;
	char password[200];

	if (!o->logins_n)
		return SQL_SUCCESS;
	if (o->tls != T_ODBC_TLS && tls_fails())
		return t_odbc_say(&c->diag, "01000", 20002,
				  "Adaptive Server connection failed");
	t_odbc_value_of(string, "UID={", c->login, sizeof(c->login));
	t_odbc_value_of(string, "PWD={", password, sizeof(password));
	if (windows && !o->ticket)
		return t_odbc_say(&c->diag, "01000", 20002,
				  "Adaptive Server connection failed");
	if (windows)
		(void)snprintf(c->login, sizeof(c->login), "%s", o->ticket);
	l = find(c->login);
	if (!l || l->disabled)
		return refused(c);
	return windows || strcmp(l->password, password) == 0 ? SQL_SUCCESS
							     : refused(c);
}

/* ---- statements ---------------------------------------------------------- */

/* "[a]]b]" or "'a''b'" behind `key`: a]b, a'b. */
static bool quoted(const char *sql, const char *key, char *out, size_t n)
{
	const char *p = strstr(sql, key);
	size_t k = 0;
	char end;

	out[0] = 0;
	if (!p)
		return false;
	p += strlen(key);
	end = *p++ == '[' ? ']' : '\'';
	for (; *p && (*p != end || p[1] == end) && k + 1 < n; p++) {
		p += *p == end;
		out[k++] = *p;
	}
	out[k] = 0;
	return *p == end;
}

static SQLRETURN make_login(struct stmt *s, const char *sql)
{
	struct t_odbc *o = t_odbc_get();
	struct t_odbc_login l = {.roles = ""};

	if (!quoted(sql, "CREATE LOGIN ", l.name, sizeof(l.name)) ||
	    !quoted(sql, "PASSWORD = ", l.password, sizeof(l.password)))
		return t_odbc_say(&s->diag, "42000", 102, "Incorrect syntax.");
	if (!server_role(s->dbc->login, "securityadmin"))
		return t_odbc_say(&s->diag, "42000", 15247,
				  "User does not have permission.");
	if (find(l.name))
		return t_odbc_say(&s->diag, "42000", 15025, "It exists.");
	if (strlen(l.password) < 8 || o->logins_n == T_ODBC_LOGINS) {
		char text[300];

		(void)snprintf(
		    text, sizeof(text), "Password validation failed%s%s.",
		    o->echoes ? ": " : "", o->echoes ? l.password : "");
		return t_odbc_say(&s->diag, "42000", 15118, text);
	}
	o->logins[o->logins_n++] = l;
	return SQL_SUCCESS;
}

static SQLRETURN make_user(struct stmt *s, const char *sql)
{
	char name[130], login[130];

	(void)quoted(sql, "CREATE USER ", name, sizeof(name));
	(void)quoted(sql, "FOR LOGIN ", login, sizeof(login));
	if (!find(login))
		return t_odbc_say(&s->diag, "42000", 15007, "No such login.");
	if (user_named(s->dbc->name, name) || user_of(s->dbc->name, login))
		return t_odbc_say(&s->diag, "42000", 15023, "It exists.");
	t_odbc_add_user(s->dbc->name, name, login);
	return SQL_SUCCESS;
}

static SQLRETURN map_user(struct stmt *s, const char *sql)
{
	char name[130], login[130];
	struct t_odbc_user *u;

	(void)quoted(sql, "ALTER USER ", name, sizeof(name));
	(void)quoted(sql, "LOGIN = ", login, sizeof(login));
	u = user_named(s->dbc->name, name);
	if (!u)
		return t_odbc_say(&s->diag, "42000", 15151, "No such user.");
	(void)snprintf(u->login, sizeof(u->login), "%s", login);
	return SQL_SUCCESS;
}

static SQLRETURN add_member(struct stmt *s, const char *sql)
{
	struct t_odbc_user *u;
	char login[130];

	(void)quoted(sql, "SUSER_SID(", login, sizeof(login));
	u = user_of(s->dbc->name, login);
	if (!user_named(s->dbc->name, "muster_agent"))
		return t_odbc_say(&s->diag, "42000", 15151, "No such role.");
	if (u && strcmp(u->name, "dbo") != 0 && !has(u->roles, "muster_agent"))
		(void)strcat(u->roles,
			     *u->roles ? " muster_agent" : "muster_agent");
	return SQL_SUCCESS;
}

static SQLRETURN make_role(struct stmt *s, const char *sql)
{
	if (user_named(s->dbc->name, "muster_agent"))
		return t_odbc_say(&s->diag, "42000", 15023, "It exists.");
	t_odbc_add_user(s->dbc->name, "muster_agent", "");
	return SQL_SUCCESS;
}

static SQLRETURN grant(struct stmt *s, const char *sql)
{
	t_odbc_get()->revoked = NULL;
	return SQL_SUCCESS;
}

bool t_odbc_security(struct stmt *s, const char *sql, SQLRETURN *rc)
{
	static const struct {
		const char *begin;
		bool owner; /* of the database alone */
		SQLRETURN (*fn)(struct stmt *s, const char *sql);
	} all[] = {
	    {"CREATE LOGIN ", false, make_login},
	    {"CREATE USER ", true, make_user},
	    {"ALTER USER ", true, map_user},
	    {"CREATE ROLE ", true, make_role},
	    {"GRANT ", true, grant},
	    {"DECLARE @user ", true, add_member},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strncmp(sql, all[i].begin, strlen(all[i].begin)) != 0)
			continue;
		*rc = all[i].owner && !is_owner(s->dbc->name, s->dbc->login)
			  ? t_odbc_say(&s->diag, "42000", 15247,
				       "User does not have permission.")
			  : all[i].fn(s, sql);
		return true;
	}
	return false;
}

SQLRETURN t_odbc_allows(struct stmt *s, const char *sql)
{
	static const char *const rights[][2] = {
	    {"SELECT ", "SELECT"},
	    {"INSERT INTO muster.", "INSERT"},
	    {"UPDATE ", "UPDATE"},
	    {"DELETE ", "DELETE"},
	};

	if (strncmp(sql, "CREATE TABLE muster.", 20) == 0)
		return may(s->dbc, "CREATE TABLE")
			   ? SQL_SUCCESS
			   : t_odbc_say(&s->diag, "42000", 262,
					"CREATE TABLE permission denied.");
	for (size_t i = 0; i < 4; i++)
		if (strncmp(sql, rights[i][0], strlen(rights[i][0])) == 0 &&
		    strstr(sql, " muster.") && !may(s->dbc, rights[i][1]))
			return t_odbc_say(&s->diag, "42000", 229,
					  "The permission was denied.");
	return SQL_SUCCESS;
}

/* ---- what the server says of them ---------------------------------------- */

void t_odbc_list(struct dbc *c)
{
	const struct t_odbc *o = t_odbc_get();
	char *sql;

	(void)sqlite3_exec(c->db, "DELETE FROM t_users; DELETE FROM t_logins",
			   NULL, NULL, NULL);
	for (size_t i = 0; i < o->logins_n; i++) {
		sql = sqlite3_mprintf("INSERT INTO t_logins VALUES (%Q, %d)",
				      o->logins[i].name, o->logins[i].disabled);
		(void)sqlite3_exec(c->db, sql, NULL, NULL, NULL);
		sqlite3_free(sql);
	}
	for (size_t i = 0; i < o->users_n; i++) {
		if (strcmp(o->users[i].database, c->name) != 0)
			continue;
		sql = sqlite3_mprintf(
		    "INSERT INTO t_users VALUES (%Q, %Q, %Q)", o->users[i].name,
		    *o->users[i].login ? o->users[i].login : NULL,
		    *o->users[i].login ? "S" : "R");
		(void)sqlite3_exec(c->db, sql, NULL, NULL, NULL);
		sqlite3_free(sql);
	}
}

static const char *text_of(sqlite3_value *v)
{
	const char *s = (const char *)sqlite3_value_text(v);

	return s ? s : "";
}

static void suser_name(sqlite3_context *x, int n, sqlite3_value **v)
{
	const struct dbc *c = sqlite3_user_data(x);

	sqlite3_result_text(x, *c->login ? c->login : "agent", -1,
			    SQLITE_TRANSIENT);
}

static void suser_id(sqlite3_context *x, int n, sqlite3_value **v)
{
	if (find(text_of(v[0])))
		sqlite3_result_value(x, v[0]);
}

static void suser_sid(sqlite3_context *x, int n, sqlite3_value **v)
{
	if (strcmp(text_of(v[0]), "sa") == 0)
		sqlite3_result_blob(x, "\1", 1, SQLITE_STATIC);
	else
		suser_id(x, n, v);
}

/* Of a sid, which is a login's name here. */
static void login_of(sqlite3_context *x, int n, sqlite3_value **v)
{
	suser_id(x, n, v);
}

static void user_name(sqlite3_context *x, int n, sqlite3_value **v)
{
	const struct dbc *c = sqlite3_user_data(x);
	const struct t_odbc_user *u = user_of(c->name, c->login);

	sqlite3_result_text(x,
			    server_role(c->login, "sysadmin") ? "dbo"
			    : u				      ? u->name
							      : "guest",
			    -1, SQLITE_TRANSIENT);
}

static void principal(sqlite3_context *x, int n, sqlite3_value **v)
{
	const struct dbc *c = sqlite3_user_data(x);

	if (user_named(c->name, text_of(v[0])))
		sqlite3_result_int(x, 1);
}

static void is_server_role(sqlite3_context *x, int n, sqlite3_value **v)
{
	const struct dbc *c = sqlite3_user_data(x);
	const struct t_odbc_login *l = find(n > 1 ? text_of(v[1]) : c->login);

	sqlite3_result_int(x, l && has(l->roles, text_of(v[0])));
}

static void is_role(sqlite3_context *x, int n, sqlite3_value **v)
{
	const struct dbc *c = sqlite3_user_data(x);
	const struct t_odbc_user *u = n > 1 ? user_named(c->name, text_of(v[1]))
					    : user_of(c->name, c->login);

	sqlite3_result_int(x, u && has(u->roles, text_of(v[0])));
}

static void has_perms(sqlite3_context *x, int n, sqlite3_value **v)
{
	sqlite3_result_int(x, may(sqlite3_user_data(x), text_of(v[2])));
}

static void server_property(sqlite3_context *x, int n, sqlite3_value **v)
{
	const struct t_odbc *o = t_odbc_get();
	const char *name = text_of(v[0]);

	if (strcmp(name, "EngineEdition") == 0)
		sqlite3_result_int(x, 3);
	else if (strcmp(name, "IsIntegratedSecurityOnly") == 0)
		sqlite3_result_int(x, o->windows_only);
	else
		sqlite3_result_text(
		    x,
		    strcmp(name, "ProductVersion") == 0
			? o->version ? o->version : "13.0.7000.253"
		    : strcmp(name, "Collation") == 0
			? o->collation ? o->collation
				       : "SQL_Latin1_General_CP1_CI_AS"
			: "Standard Edition (64-bit)",
		    -1, SQLITE_TRANSIENT);
}

static void login_property(sqlite3_context *x, int n, sqlite3_value **v)
{
	sqlite3_result_int(x, t_odbc_get()->locked &&
				  strcmp(text_of(v[1]), "IsLocked") == 0);
}

/* Of a file, how much of it is used. */
static void file_property(sqlite3_context *x, int n, sqlite3_value **v)
{
	sqlite3_result_int(x, strcmp(text_of(v[0]), "log") == 0
				  ? t_odbc_get()->log_used
				  : 100);
}

void t_odbc_server_functions(struct dbc *c)
{
	static const struct {
		const char *name;
		int args;
		void (*fn)(sqlite3_context *x, int n, sqlite3_value **v);
	} all[] = {{"SUSER_SNAME", 0, suser_name},
		   {"SUSER_SNAME", 1, login_of},
		   {"SUSER_ID", 1, suser_id},
		   {"SUSER_SID", 1, suser_sid},
		   {"USER_NAME", 0, user_name},
		   {"DATABASE_PRINCIPAL_ID", 1, principal},
		   {"IS_SRVROLEMEMBER", -1, is_server_role},
		   {"IS_ROLEMEMBER", -1, is_role},
		   {"HAS_PERMS_BY_NAME", 3, has_perms},
		   {"SERVERPROPERTY", 1, server_property},
		   {"LOGINPROPERTY", 2, login_property},
		   {"FILEPROPERTY", 2, file_property}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		(void)sqlite3_create_function(c->db, all[i].name, all[i].args,
					      SQLITE_UTF8, c, all[i].fn, NULL,
					      NULL);
}
