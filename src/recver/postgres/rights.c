/* SPDX-License-Identifier: Apache-2.0
 *
 * What a login may do in PostgreSQL: enough for a run, and not much more.
 * Everything is read from catalogs that everybody may read.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "recver/postgres/dba.h"

/* The login $1 and the roles that it is a member of, also through others.
 * pg_has_role says of a superuser that it is a member of all. */
#define MINE                                                                   \
	"WITH RECURSIVE mine(oid) AS ("                                        \
	"SELECT oid FROM pg_catalog.pg_roles WHERE rolname = $1 UNION "        \
	"SELECT a.roleid FROM pg_catalog.pg_auth_members a"                    \
	" JOIN mine ON a.member = mine.oid) "
/* Those of them with a power of their own, and the server's. */
#define POWERFUL                                                               \
	"m.oid <> r.oid AND m.oid IN (SELECT oid FROM mine) AND (m.rolsuper"   \
	" OR m.rolcreatedb OR m.rolcreaterole OR m.rolreplication"             \
	" OR m.rolbypassrls OR m.rolname ~ '^pg_')"

struct attribute {
	const char *column, *name, *without;
};

static const struct attribute attributes[] = {
    {"rolsuper", "superuser", "NOSUPERUSER"},
    {"rolcreatedb", "CREATEDB", "NOCREATEDB"},
    {"rolcreaterole", "CREATEROLE", "NOCREATEROLE"},
    {"rolreplication", "REPLICATION", "NOREPLICATION"},
    {"rolbypassrls", "BYPASSRLS", "NOBYPASSRLS"},
};

static bool is_true(const PGresult *res, int col)
{
	return mst_pg_value_int(mst_pg_value(res, 0, col), 0) != 0;
}

static void add_word(struct mst_buf *b, const char *mark, const char *fmt, ...)
    MST_PRINTF(3, 4);

static void add_word(struct mst_buf *b, const char *mark, const char *fmt, ...)
{
	char *word = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&word, fmt, ap) < 0)
		mst_oom();
	va_end(ap);
	(void)mst_buf_addf(b, "%s%s", b->n ? mark : "", word);
	free(word);
}

/* ---- more than it needs -------------------------------------------------- */

/* A superuser that loses this keeps the other attributes that it has by name.
 * CREATEDB is needed as long as muster is to make the database. */
static void add_attributes(const PGresult *res, const char *name, bool makes,
			   struct mst_buf *more, struct mst_buf *take)
{
	struct mst_buf words = MST_BUF_INIT(1024);

	for (size_t i = 0; i < MST_LEN(attributes); i++) {
		if (!is_true(res, (int)i) || (i == 1 && makes))
			continue;
		add_word(more, ", ", "%s", attributes[i].name);
		(void)mst_buf_addf(&words, " %s", attributes[i].without);
	}
	if (words.n)
		add_word(take, "; ", "ALTER ROLE %s%s", name, words.p);
	mst_buf_fini(&words);
}

static void add_owner(const char *what, const char *name,
		      const struct mst_recver_conf *conf, struct mst_buf *more,
		      struct mst_buf *take)
{
	/* One that muster made is its own. */
	if (!conf->bypass_setup)
		return;
	add_word(more, ", ", "owner of %s", what);
	add_word(take, "; ", "give %s to another owner than %s", what, name);
}

/* The server keeps its first superuser one. */
static void only_one(struct mst_buf *take)
{
	mst_buf_reset(take);
	add_word(take, "; ",
		 "name a login of muster's own in recver.user: this one is the "
		 "server's first superuser and stays one");
}

enum {
	R_LOGIN = 5, /* the five attributes are in front */
	R_ROLES,
	R_OWNS_DATABASE,
	R_OWNS_TABLES,
	R_FIRST,
	R_INHERITS,
};

static void judge(const PGresult *res, const char *login,
		  const struct mst_recver_conf *conf, bool in_database,
		  struct mst_pg_rights *r)
{
	struct mst_buf more = MST_BUF_INIT(4096), take = MST_BUF_INIT(4096);
	struct mst_pg_value roles = mst_pg_value(res, 0, R_ROLES);
	char *name = mst_pg_quoted(login);

	r->exists = true;
	r->superuser = is_true(res, 0);
	r->may_make = r->superuser || is_true(res, 1);
	r->may_log_in = is_true(res, R_LOGIN);
	r->owns = r->superuser || is_true(res, R_OWNS_TABLES);
	add_attributes(res, name,
		       !in_database && mst_recver_may_make_database(conf),
		       &more, &take);
	if (roles.n > 0) {
		add_word(&more, ", ", "member of %s", roles.p);
		add_word(&take, "; ", "REVOKE %s FROM %s", roles.p, name);
	}
	if (!r->superuser && is_true(res, R_OWNS_DATABASE))
		add_owner("the database", name, conf, &more, &take);
	if (!r->superuser && is_true(res, R_OWNS_TABLES))
		add_owner("its tables", name, conf, &more, &take);
	r->inherits = is_true(res, R_INHERITS);
	r->first = is_true(res, R_FIRST);
	if (r->first)
		only_one(&take);
	r->more = more.n ? mst_buf_steal(&more) : NULL;
	r->take = take.n ? mst_buf_steal(&take) : NULL;
	mst_buf_fini(&more);
	mst_buf_fini(&take);
	free(name);
}

static int attributes_of(struct mst_pg *c, const char *login, PGresult **res_r,
			 struct mst_err *err)
{
	struct mst_pg_params p = {.n = 0};

	mst_pg_text(&p, login);
	mst_pg_text(&p, c->database);
	return mst_pg_exec(
	    c,
	    MINE
	    "SELECT r.rolsuper, r.rolcreatedb, r.rolcreaterole,"
	    " r.rolreplication, r.rolbypassrls, r.rolcanlogin,"
	    " (SELECT string_agg(quote_ident(m.rolname::text), ', ' ORDER BY "
	    "m.rolname::text)"
	    " FROM pg_catalog.pg_roles m WHERE " POWERFUL "),"
	    " EXISTS (SELECT 1 FROM pg_catalog.pg_database d"
	    " WHERE d.datname = $2 AND d.datdba = r.oid),"
	    " EXISTS (SELECT 1 FROM pg_catalog.pg_class t"
	    " JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace"
	    " WHERE n.nspname = 'muster' AND t.relname IN (" MST_PG_TABLES ")"
	    " AND t.relowner = r.oid), r.oid = 10, r.rolinherit"
	    " FROM pg_catalog.pg_roles r WHERE r.rolname = $1",
	    &p, res_r, err);
}

/* ---- enough -------------------------------------------------------------- */

/* "INSERT, DELETE on muster.grp; USAGE of the schema muster" */
static const char lacking[] =
    "SELECT string_agg(what, '; ') FROM ("
    "SELECT 'CONNECT to the database' AS what"
    " WHERE NOT has_database_privilege($1::name, current_database(),"
    " 'CONNECT')"
    " UNION ALL "
    "SELECT 'USAGE of the schema muster' AS what"
    " FROM pg_catalog.pg_namespace n WHERE n.nspname = 'muster'"
    " AND NOT has_schema_privilege($1::name, n.oid, 'USAGE')"
    " UNION ALL "
    "SELECT string_agg(p, ', ') || ' on muster.' || t.relname"
    " FROM pg_catalog.pg_class t"
    " JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace,"
    " unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p"
    " WHERE n.nspname = 'muster' AND t.relname IN (" MST_PG_TABLES ")"
    " AND NOT has_table_privilege($1::name, t.oid, p)"
    " GROUP BY t.relname) AS lacks";

static const char may_add[] =
    "SELECT 1 WHERE has_database_privilege($1::name, current_database(),"
    " 'CREATE') AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace n"
    " WHERE n.nspname = 'muster'"
    " AND NOT has_schema_privilege($1::name, n.oid, 'CREATE'))";

static const char agent[] =
    MINE "SELECT rolname FROM pg_catalog.pg_roles"
	 " WHERE rolname = 'muster_agent' AND oid IN (SELECT oid FROM mine)";

/* Tables that a superuser neither owns nor may use as a member of another
 * role. */
static const char bare[] =
    MINE "SELECT count(*) FROM pg_catalog.pg_class t"
	 " JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace"
	 " WHERE n.nspname = 'muster' AND t.relname IN (" MST_PG_TABLES ")"
	 " AND t.relowner NOT IN (SELECT oid FROM mine)"
	 " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles m"
	 " WHERE m.oid IN (SELECT oid FROM mine) AND NOT m.rolsuper"
	 " AND has_database_privilege(m.oid, current_database(), 'CONNECT')"
	 " AND has_schema_privilege(m.oid, n.oid, 'USAGE')"
	 " AND has_table_privilege(m.oid, t.oid, 'SELECT')"
	 " AND has_table_privilege(m.oid, t.oid, 'INSERT')"
	 " AND has_table_privilege(m.oid, t.oid, 'UPDATE')"
	 " AND has_table_privilege(m.oid, t.oid, 'DELETE'))";

int mst_pg_rights(struct mst_pg *c, const struct mst_recver_conf *conf,
		  const char *login, bool in_database,
		  struct mst_pg_rights *r_r, struct mst_err *err)
{
	struct mst_pg_rights r = {.exists = false};
	PGresult *res = NULL;
	int64_t yes = 0;
	bool there;
	int rc = attributes_of(c, login, &res, err);

	there = rc == 0 && PQntuples(res) == 1;
	if (there && in_database && is_true(res, 0))
		rc = mst_pg_ask_int(c, bare, login, &yes, err);
	r.bare = yes;
	if (rc == 0 && there)
		judge(res, login, conf, in_database, &r);
	PQclear(res);
	yes = 0;
	if (rc == 0 && r.exists)
		rc = mst_pg_ask(c, agent, login, &r.member, err);
	if (rc == 0 && r.exists && in_database)
		rc = mst_pg_ask(c, lacking, login, &r.lacks, err);
	if (rc == 0 && r.exists && in_database)
		rc = mst_pg_ask_int(c, may_add, login, &yes, err);
	r.may_add = yes;
	*r_r = r;
	if (rc < 0)
		mst_pg_rights_fini(r_r);
	return rc;
}

void mst_pg_rights_fini(struct mst_pg_rights *r)
{
	free(r->lacks);
	free(r->more);
	free(r->take);
	free(r->member);
	*r = (struct mst_pg_rights){.exists = false};
}
