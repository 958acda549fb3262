-- SPDX-License-Identifier: Apache-2.0
--
-- The least rights for muster: the role muster_agent may read and write the
-- rows of RecVer's tables, and nothing else. A login gets them by membership.
-- Run it after create.sql, as the owner of the database, with CREATEROLE:
--
--   psql -d postgres -v recver_database_name=muster_recver_NAME \
--        -v recver_login=LOGIN -f role.sql
--
-- The login must be there: CREATE ROLE login LOGIN PASSWORD '...'. It may be
-- run again at any time.

\set ON_ERROR_STOP on

-- Nobody's functions are called in the place of the server's.
SET search_path = pg_catalog, pg_temp;

SELECT format('DO %L', 'BEGIN RAISE EXCEPTION ''this is a database of the server itself: RecVer needs one of its own''; END') WHERE :'recver_database_name' IN ('postgres', 'template0', 'template1', 'rdsadmin', 'cloudsqladmin', 'azure_maintenance', 'azure_sys') \gexec

SELECT 'CREATE ROLE muster_agent NOLOGIN' WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = 'muster_agent') \gexec

GRANT CONNECT ON DATABASE :"recver_database_name" TO muster_agent;

\connect :"recver_database_name"

SET search_path = pg_catalog, pg_temp;

-- Nothing is taken from anybody in a database that is not RecVer's.
SELECT format('DO %L', 'BEGIN RAISE EXCEPTION ''RecVer''''s tables are not all in this database: run create.sql''; END')
WHERE EXISTS (SELECT 1 FROM unnest(ARRAY['meta', 'record_set', 'grp', 'members', 'lease']) AS t WHERE to_regclass('muster.' || t) IS NULL) \gexec

-- access: where muster alone uses the database, PUBLIC loses CONNECT and
-- temporary tables. Where others keep schemas, tables or functions in it, it
-- stays as it is; what an extension brought does not count.
SELECT what FROM (
    SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) AS what
    UNION ALL
    SELECT 'REVOKE CREATE ON SCHEMA public FROM PUBLIC' FROM pg_catalog.pg_namespace
        WHERE nspname = 'public' AND has_schema_privilege('public', oid, 'CREATE')
) AS access WHERE NOT EXISTS (
    SELECT 1 FROM (
        SELECT 'pg_catalog.pg_namespace'::regclass AS class, oid, oid AS space FROM pg_catalog.pg_namespace WHERE nspname <> 'public'
        UNION ALL
        SELECT 'pg_catalog.pg_class'::regclass, oid, relnamespace FROM pg_catalog.pg_class
        UNION ALL
        SELECT 'pg_catalog.pg_proc'::regclass, oid, pronamespace FROM pg_catalog.pg_proc
    ) AS t JOIN pg_catalog.pg_namespace n ON n.oid = t.space
    WHERE n.nspname NOT IN ('muster', 'information_schema') AND n.nspname !~ '^pg_'
        AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
            WHERE d.classid = t.class AND d.objid = t.oid AND d.deptype = 'e')
) \gexec

-- membership: the rows of RecVer's tables, and who may write them.
REVOKE ALL ON SCHEMA muster FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA muster FROM PUBLIC;
GRANT USAGE ON SCHEMA muster TO muster_agent;
GRANT SELECT, INSERT, UPDATE, DELETE ON muster.meta, muster.record_set, muster.grp, muster.members, muster.lease TO muster_agent;
GRANT muster_agent TO :"recver_login";
