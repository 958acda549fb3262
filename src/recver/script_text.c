/* SPDX-License-Identifier: Apache-2.0
 *
 * The scripts of sql/ with names put in, for the program that runs them.
 */
#include "recver/script_text.h"

#include <stdio.h>

#include "recver/mongodb/names.h"
#include "recver/postgres/names.h"
#include "recver/scripts.h"
#include "recver/sqlserver/names.h"

/* ---- tools ----------------------------------------------------------------
 */

struct tool {
	const char *name, *type;
	const char *comment; /* begins a line of comment */
	void (*head)(const struct mst_recver_script_ask *ask,
		     struct mst_buf *out);
	void (*body)(const struct mst_recver_script_ask *ask, const char *text,
		     struct mst_buf *out);
	const char *foot; /* NULL: none */
	/* How many bytes, or UTF-16 units, a name has at most. */
	size_t max;
	const char *never; /* bytes that no name may have */
	const char *why;
};

static void head_psql(const struct mst_recver_script_ask *ask,
		      struct mst_buf *out);
static void head_sqlcmd(const struct mst_recver_script_ask *ask,
			struct mst_buf *out);
static void head_ssms(const struct mst_recver_script_ask *ask,
		      struct mst_buf *out);
static void head_mongosh(const struct mst_recver_script_ask *ask,
			 struct mst_buf *out);
static void body_as_is(const struct mst_recver_script_ask *ask,
		       const char *text, struct mst_buf *out);
static void body_ssms(const struct mst_recver_script_ask *ask, const char *text,
		      struct mst_buf *out);
static void body_mongosh(const struct mst_recver_script_ask *ask,
			 const char *text, struct mst_buf *out);

static const struct tool tools[] = {
    {"psql", "postgres", "--", head_psql, body_as_is, NULL, 63, "=",
     "psql's \\connect takes it for a connection string"},
    {"sqlcmd", "sqlserver", "--", head_sqlcmd, body_as_is, NULL, 128, "]'\"$",
     "sqlcmd puts variables in as they are; '--for ssms' quotes it"},
    {"ssms", "sqlserver", "--", head_ssms, body_ssms, "\nSET NOEXEC OFF;\nGO\n",
     128, "", ""},
    {"mongosh", "mongodb", "//", head_mongosh, body_mongosh, NULL, 63,
     "/\\. \"$*<>:|?",
     "MongoDB takes none of / \\ . \" $ * < > : | ? and blanks"},
};

static int find_tool(const struct mst_recver_script_ask *ask,
		     const struct tool **t_r, struct mst_err *err)
{
	const struct tool *first = NULL;

	for (size_t i = 0; i < MST_LEN(tools); i++) {
		bool type = strcmp(tools[i].type, ask->type) == 0;

		if (type &&
		    (!ask->tool || strcmp(tools[i].name, ask->tool) == 0)) {
			*t_r = &tools[i];
			return 0;
		}
		if (type && !first)
			first = &tools[i];
	}
	if (!first)
		return mst_err_set(err, MST_E_INVALID,
				   "there are no scripts for '%s': --type is "
				   "postgres, sqlserver or mongodb",
				   ask->type);
	return mst_err_set(err, MST_E_INVALID,
			   "no script for %s can be run with '%s': --for is "
			   "%s",
			   ask->type, ask->tool,
			   strcmp(ask->type, "sqlserver") == 0
			       ? "sqlcmd or ssms"
			       : first->name);
}

/* ---- names ----------------------------------------------------------------
 */

/* UTF-16 units are what SQL Server counts. */
static size_t length(const char *name, bool utf16)
{
	size_t n = 0;

	for (const unsigned char *p = (const unsigned char *)name; *p; p++)
		n += !utf16 || (*p & 0xc0) != 0x80 ? 1 + (utf16 && *p >= 0xf0)
						   : 0;
	return n;
}

static int check_name(const struct tool *t, const char *what, const char *name,
		      const char *never, struct mst_err *err)
{
	size_t at = strcspn(name, never);

	if (!*name)
		return mst_err_set(err, MST_E_INVALID,
				   "the %s has no name: give one", what);
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			return mst_err_set(err, MST_E_INVALID,
					   "the name of the %s has a control "
					   "character in it: no server takes "
					   "that",
					   what);
	/* Ends of lines to JavaScript, also behind its comments. */
	if (strstr(name, "\xe2\x80\xa8") || strstr(name, "\xe2\x80\xa9"))
		return mst_err_set(err, MST_E_INVALID,
				   "the name of the %s has a line separator "
				   "in it: give one without",
				   what);
	if (length(name, t->max == 128) > t->max)
		return mst_err_set(err, MST_E_INVALID,
				   "the name of the %s is longer than the %zu "
				   "%s that it may have",
				   what, t->max,
				   t->max == 128 ? "characters" : "bytes");
	if (name[at])
		return mst_err_set(err, MST_E_INVALID,
				   "the name of the %s, '%s', cannot have '%c' "
				   "in it: %s",
				   what, name, name[at], t->why);
	return 0;
}

static int check_names(const struct mst_recver_script_ask *ask,
		       const struct tool *t, bool login, struct mst_err *err)
{
	/* A login's name may hold more than a database's. */
	bool sqlcmd = strcmp(t->name, "sqlcmd") == 0;
	int rc = check_name(t, "database", ask->database, t->never, err);

	if (rc == 0 && (strncmp(ask->database, "postgres://", 11) == 0 ||
			strncmp(ask->database, "postgresql://", 13) == 0))
		rc = mst_err_set(err, MST_E_INVALID,
				 "the name of the database, '%s', is taken for "
				 "an address by psql's \\connect",
				 ask->database);
	if (rc == 0 && strcmp(ask->type, "postgres") == 0)
		rc = mst_pg_not_system(ask->database, err);
	else if (rc == 0 && strcmp(ask->type, "sqlserver") == 0)
		rc = mst_ms_not_system(ask->database, err);
	else if (rc == 0)
		rc = mst_mongo_check_name(ask->database, err);
	if (rc < 0 || !login)
		return rc;
	if (!ask->login)
		return mst_err_set(
		    err, MST_E_INVALID,
		    "the scripts role and check need --login "
		    "LOGIN, which muster logs in with; '--script "
		    "create' does without");
	return check_name(t, "login", ask->login, sqlcmd ? t->never : "", err);
}

/* ---- heads ----------------------------------------------------------------
 */

/* For psql: in quotes, where a backslash and a quote mean something. */
static void set_psql(struct mst_buf *out, const char *name, const char *value)
{
	(void)mst_buf_addf(out, "\\set %s '", name);
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			(void)mst_buf_addc(out, *value);
		(void)mst_buf_addc(out, *value);
	}
	(void)mst_buf_adds(out, "'\n");
}

static void head_psql(const struct mst_recver_script_ask *ask,
		      struct mst_buf *out)
{
	(void)mst_buf_adds(out, "\\set ON_ERROR_STOP on\n");
	set_psql(out, "recver_database_name", ask->database);
	if (ask->login)
		set_psql(out, "recver_login", ask->login);
}

static void head_sqlcmd(const struct mst_recver_script_ask *ask,
			struct mst_buf *out)
{
	(void)mst_buf_adds(out, ":on error exit\n");
	(void)mst_buf_addf(out, ":setvar recver_database_name \"%s\"\n",
			   ask->database);
	if (ask->login)
		(void)mst_buf_addf(out, ":setvar recver_login \"%s\"\n",
				   ask->login);
	(void)mst_buf_adds(out, "GO\n");
}

static void head_ssms(const struct mst_recver_script_ask *ask,
		      struct mst_buf *out)
{
	(void)mst_buf_adds(out, "SET NOEXEC OFF;\nGO\n");
}

static void set_mongosh(struct mst_buf *out, const char *name,
			const char *value)
{
	(void)mst_buf_addf(out, "var %s = \"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			(void)mst_buf_addc(out, '\\');
		(void)mst_buf_addc(out, *value);
	}
	(void)mst_buf_adds(out, "\";\n");
}

static void head_mongosh(const struct mst_recver_script_ask *ask,
			 struct mst_buf *out)
{
	set_mongosh(out, "recver_database_name", ask->database);
	if (ask->login)
		set_mongosh(out, "recver_user", ask->login);
	if (ask->auth_source)
		set_mongosh(out, "recver_auth_source", ask->auth_source);
}

/* ---- bodies ---------------------------------------------------------------
 */

static void body_as_is(const struct mst_recver_script_ask *ask,
		       const char *text, struct mst_buf *out)
{
	(void)mst_buf_adds(out, text);
}

/* Names of one script must not meet those of the next. */
static void body_mongosh(const struct mst_recver_script_ask *ask,
			 const char *text, struct mst_buf *out)
{
	(void)mst_buf_addf(out, "{\n%s}\n", text);
}

/* Within brackets the closing one is doubled, within quotes the quote. */
static void fill(struct mst_buf *out, const char *value, bool brackets)
{
	for (; *value; value++) {
		if (*value == (brackets ? ']' : '\''))
			(void)mst_buf_addc(out, *value);
		(void)mst_buf_addc(out, *value);
	}
}

static size_t fill_variable(const struct mst_recver_script_ask *ask,
			    const char *text, const char *p,
			    struct mst_buf *out)
{
	const struct {
		const char *name, *value;
	} all[] = {{"$(recver_database_name)", ask->database},
		   {"$(recver_login)", ask->login}};

	for (size_t i = 0; i < MST_LEN(all); i++) {
		size_t n = strlen(all[i].name);

		if (all[i].value && strncmp(p, all[i].name, n) == 0) {
			fill(out, all[i].value, p > text && p[-1] == '[');
			return n;
		}
	}
	return 0;
}

/* Where USE failed, nothing more may be done: SSMS goes on after an error, in
 * whatever database it is. */
static void guard(const struct mst_recver_script_ask *ask, struct mst_buf *out)
{
	(void)mst_buf_adds(out, "GO\n\nIF DB_ID() <> COALESCE(DB_ID(N'");
	fill(out, ask->database, false);
	(void)mst_buf_adds(out, "'), -1)\nSET NOEXEC ON;\n");
}

static void body_ssms(const struct mst_recver_script_ask *ask, const char *text,
		      struct mst_buf *out)
{
	for (const char *p = text; *p;) {
		size_t n = fill_variable(ask, text, p, out);
		bool use =
		    strncmp(p, "USE [", 5) == 0 && (p == text || p[-1] == '\n');

		if (n) {
			p += n;
			continue;
		}
		(void)mst_buf_addc(out, *p++);
		if (!use)
			continue;
		for (; *p && *p != '\n'; p += n ? n : 1) {
			n = fill_variable(ask, text, p, out);
			if (!n)
				(void)mst_buf_addc(out, *p);
		}
		(void)mst_buf_addc(out, '\n');
		guard(ask, out);
		p += *p == '\n';
	}
}

/* ---- what each is ---------------------------------------------------------
 */

static const struct {
	const char *type, *name, *what, *who;
} heads[] = {
    {"postgres", "create", "the database and its tables, or what is missing",
     "a login with CREATEDB; where the database is there, its owner"},
    {"postgres", "role", "the role muster_agent with the least rights",
     "the owner of the database, with CREATEROLE; the login must be there"},
    {"postgres", "check", "looks whether all is there, and changes nothing",
     "the owner of the database"},
    {"postgres", "upgrade", "brings the tables to the next version",
     "the owner of the database"},
    {"sqlserver", "create", "the database and its tables, or what is missing",
     "a login with CREATE ANY DATABASE; where the database is there, db_owner"},
    {"sqlserver", "role", "the role muster_agent with the least rights",
     "db_owner, who may see the server's logins; the login must be there"},
    {"sqlserver", "check", "looks whether all is there, and changes nothing",
     "db_owner"},
    {"sqlserver", "upgrade", "brings the tables to the next version",
     "db_owner"},
    {"mongodb", "create", "the collections, or what is missing",
     "a user with readWrite; on a sharded cluster clusterManager, too"},
    {"mongodb", "role", "the role muster_agent with the least rights",
     "a user with userAdmin; muster's user must be there"},
    {"mongodb", "check", "looks whether all is there, and changes nothing",
     "a user with read, userAdmin and clusterMonitor"},
    {"mongodb", "upgrade", "brings the collections to the next version",
     "a user with readWrite"},
};

static void add_head(const struct mst_recver_script_ask *ask,
		     const struct tool *t, const char *name, unsigned from,
		     struct mst_buf *out)
{
	for (size_t i = 0; i < MST_LEN(heads); i++) {
		if (strcmp(heads[i].type, ask->type) != 0 ||
		    strcmp(heads[i].name, name) != 0)
			continue;
		(void)mst_buf_addf(out, "\n%s ==== %s", t->comment, name);
		if (from)
			(void)mst_buf_addf(out, " from version %u to %u", from,
					   from + 1);
		(void)mst_buf_addf(out,
				   ": %s\n%s run by: %s. It may be run again "
				   "at any time.\n",
				   heads[i].what, t->comment, heads[i].who);
	}
}

static int add_script(const struct mst_recver_script_ask *ask,
		      const struct tool *t, const char *name,
		      struct mst_buf *out, struct mst_err *err)
{
	const char *text = mst_recver_script(ask->type, name);

	if (!text)
		return mst_err_set(err, MST_E_INVALID,
				   "there is no script '%s': --script is "
				   "create, role, check, upgrade or all",
				   name);
	add_head(ask, t, name, 0, out);
	t->body(ask, text, out);
	return 0;
}

/* ---- upgrades -------------------------------------------------------------
 */

static int add_upgrades(const struct mst_recver_script_ask *ask,
			const struct tool *t, struct mst_buf *out,
			struct mst_err *err)
{
	for (unsigned v = ask->from; v < mst_recver_schema(); v++) {
		const char *text = mst_recver_upgrade(ask->type, v);

		if (!text)
			return mst_err_set(err, MST_E_UNSUPPORTED,
					   "there is no way from version %u of "
					   "the tables to version %u",
					   v, v + 1);
		add_head(ask, t, "upgrade", v, out);
		t->body(ask, text, out);
	}
	return 0;
}

static int check_from(unsigned from, struct mst_err *err)
{
	if (from <= mst_recver_schema())
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "version %u is newer than this muster, which knows "
			   "%u: update muster, or take the scripts of the "
			   "muster that made it",
			   from, mst_recver_schema());
}

static bool is_upgrade(const struct mst_recver_script_ask *ask)
{
	return strcmp(ask->which, "upgrade") == 0;
}

int mst_recver_script_text(const struct mst_recver_script_ask *ask,
			   struct mst_buf *out, struct mst_err *err)
{
	static const char *const order[] = {"create", "role", "check"};
	bool all = strcmp(ask->which, "all") == 0;
	bool upgrade = is_upgrade(ask) && ask->from;
	const char *one = is_upgrade(ask) ? "create" : ask->which;
	const struct tool *t = NULL;
	int rc = find_tool(ask, &t, err);

	if (rc == 0)
		rc = check_names(ask, t,
				 all || strcmp(one, "role") == 0 ||
				     strcmp(one, "check") == 0,
				 err);
	if (rc == 0)
		rc = check_from(ask->from, err);
	if (rc < 0)
		return rc;
	(void)mst_buf_addf(out, "%s RecVer database '%s', for %s\n", t->comment,
			   ask->database, t->name);
	if (upgrade && ask->from == mst_recver_schema()) {
		(void)mst_buf_addf(out,
				   "%s version %u is what this muster needs: "
				   "there is nothing to do\n",
				   t->comment, ask->from);
		return 0;
	}
	t->head(ask, out);
	if (upgrade)
		rc = add_upgrades(ask, t, out, err);
	for (size_t i = 0; i < MST_LEN(order) && rc == 0 && all; i++)
		rc = add_script(ask, t, order[i], out, err);
	if (rc == 0 && !all && !upgrade)
		rc = add_script(ask, t, one, out, err);
	if (rc == 0 && t->foot)
		(void)mst_buf_adds(out, t->foot);
	return rc;
}
