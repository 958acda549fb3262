/* SPDX-License-Identifier: Apache-2.0
 *
 * What in a database is not muster's: things that others keep there, a schema
 * of theirs that has RecVer's name. role.sql and create.sql ask the same.
 */
#include <stdlib.h>

#include "recver/postgres/private.h"

/* What an extension brought is not counted: nobody's data is in it. */
int mst_pg_others(struct mst_pg *c, char **text_r, struct mst_err *err)
{
	PGresult *res = NULL;
	int n, rc;

	*text_r = NULL;
	rc = mst_pg_exec(
	    c,
	    "SELECT DISTINCT n.nspname || coalesce('.' || t.name, '')"
	    " FROM (SELECT 'pg_catalog.pg_namespace'::regclass AS class, oid,"
	    " oid AS space, NULL::name AS name FROM pg_catalog.pg_namespace"
	    " WHERE nspname <> 'public' UNION ALL"
	    " SELECT 'pg_catalog.pg_class'::regclass, oid, relnamespace,"
	    " relname FROM pg_catalog.pg_class WHERE relkind <> 'i' UNION ALL"
	    " SELECT 'pg_catalog.pg_proc'::regclass, oid, pronamespace,"
	    " proname FROM pg_catalog.pg_proc) AS t"
	    " JOIN pg_catalog.pg_namespace n ON n.oid = t.space"
	    " WHERE n.nspname NOT IN ('muster', 'information_schema')"
	    " AND n.nspname !~ '^pg_' AND NOT EXISTS (SELECT 1"
	    " FROM pg_catalog.pg_depend d WHERE d.classid = t.class"
	    " AND d.objid = t.oid AND d.deptype = 'e') ORDER BY 1",
	    NULL, &res, err);
	if (rc < 0)
		return rc;
	n = PQntuples(res);
	if (n == 1)
		*text_r = mst_strdup(PQgetvalue(res, 0, 0));
	else if (n > 1)
		*text_r = mst_asprintf("%s and %d more", PQgetvalue(res, 0, 0),
				       n - 1);
	PQclear(res);
	return 0;
}

/* A table of ours is known by a column; beside one of ours, those of other
 * names are a newer muster's, or a DBA's. */
int mst_pg_own_schema(struct mst_pg *c, struct mst_err *err)
{
	PGresult *res = NULL;
	int rc = mst_pg_exec(
	    c,
	    "WITH ours AS (SELECT t.oid FROM pg_catalog.pg_class t"
	    " JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid"
	    " JOIN (VALUES ('meta', 'value'), ('record_set', 'target'),"
	    " ('grp', 'digest'), ('members', 'part'), ('lease', 'token'))"
	    " AS o(name, col) ON o.name = t.relname AND o.col = a.attname"
	    " AND NOT a.attisdropped),"
	    " there AS (SELECT t.oid, t.relname::text AS name"
	    " FROM pg_catalog.pg_class t"
	    " JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace"
	    " WHERE n.nspname = 'muster'"
	    " AND t.relkind IN ('r', 'p', 'v', 'm', 'f'))"
	    " SELECT string_agg(name, ', ' ORDER BY name) FROM there"
	    " WHERE oid NOT IN (SELECT oid FROM ours) AND (name IN ('meta',"
	    " 'record_set', 'grp', 'members', 'lease') OR NOT EXISTS"
	    " (SELECT 1 FROM there JOIN ours USING (oid)))",
	    NULL, &res, err);

	if (rc < 0)
		return rc;
	if (PQntuples(res) == 1 && !PQgetisnull(res, 0, 0))
		rc = mst_err_set(err, MST_E_INVALID,
				 "the schema 'muster' in '%s' is somebody "
				 "else's (it holds %.200s): let "
				 "recver.database name another database",
				 c->database, PQgetvalue(res, 0, 0));
	PQclear(res);
	return rc;
}
