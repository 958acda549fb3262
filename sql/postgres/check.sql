-- SPDX-License-Identifier: Apache-2.0
--
-- Looks at a RecVer database and changes nothing. Every line of the answer
-- should say ok.
--
--   psql -v recver_database_name=muster_recver_NAME \
--        -v recver_login=LOGIN -f check.sql

\set ON_ERROR_STOP on

\connect :"recver_database_name"

SET search_path = pg_catalog, pg_temp;
SET default_transaction_read_only = on;

-- Nothing more can be asked without the tables, or without the login.
SELECT format('DO %L', 'BEGIN RAISE EXCEPTION ''RecVer''''s tables are not all in this database: run create.sql''; END')
WHERE EXISTS (SELECT 1 FROM unnest(ARRAY['meta', 'record_set', 'grp', 'members', 'lease']) AS t WHERE to_regclass('muster.' || t) IS NULL) \gexec

SELECT format('DO %L', 'BEGIN RAISE EXCEPTION ''there is no such login: make it, then run role.sql''; END')
WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = :'recver_login') \gexec

SELECT 'server is PostgreSQL 13 or later' AS what,
    CASE WHEN current_setting('server_version_num')::int >= 130000
        THEN 'ok' ELSE 'too old: ' || current_setting('server_version') END AS is
UNION ALL
SELECT 'encoding is UTF8',
    CASE WHEN current_setting('server_encoding') = 'UTF8'
        THEN 'ok' ELSE 'it is ' || current_setting('server_encoding') END
UNION ALL
SELECT 'server is not a standby',
    CASE WHEN pg_is_in_recovery() THEN 'it is: nothing can be written' ELSE 'ok' END
UNION ALL
SELECT 'tables are version 1',
    coalesce((SELECT CASE WHEN convert_from(value, 'UTF8') = '1' THEN 'ok'
        ELSE 'version ' || convert_from(value, 'UTF8') END
        FROM muster.meta WHERE target = '' AND name = 'schema'),
        'not finished: run create.sql again')
UNION ALL
SELECT 'login may write ' || t,
    CASE WHEN has_table_privilege(:'recver_login', 'muster.' || t, 'SELECT')
        AND has_table_privilege(:'recver_login', 'muster.' || t, 'INSERT')
        AND has_table_privilege(:'recver_login', 'muster.' || t, 'UPDATE')
        AND has_table_privilege(:'recver_login', 'muster.' || t, 'DELETE')
        AND has_schema_privilege(:'recver_login', 'muster', 'USAGE')
        THEN 'ok' ELSE 'no: run role.sql' END
FROM unnest(ARRAY['meta', 'record_set', 'grp', 'members', 'lease']) AS t
UNION ALL
SELECT 'login is no superuser',
    CASE WHEN rolsuper THEN 'it is: give it muster_agent only' ELSE 'ok' END
FROM pg_catalog.pg_roles WHERE rolname = :'recver_login'
UNION ALL
SELECT 'login makes no databases and no roles',
    CASE WHEN rolcreatedb OR rolcreaterole
        THEN 'it may (CREATEDB, CREATEROLE): give it muster_agent only' ELSE 'ok' END
FROM pg_catalog.pg_roles WHERE rolname = :'recver_login'
UNION ALL
SELECT 'PUBLIC may not see RecVer',
    CASE WHEN has_schema_privilege('public', 'muster', 'USAGE')
        THEN 'it may: run role.sql' ELSE 'ok' END
UNION ALL
SELECT 'in use',
    coalesce((SELECT CASE WHEN token = '' THEN 'ok, by nobody'
        WHEN ends_at < now() THEN 'ok, the lease of ' || holder || ' has ended'
        ELSE 'ok, by ' || holder || ' until ' || ends_at END
        FROM muster.lease WHERE name = 'writer'), 'ok, never yet');

SELECT relname AS "table", pg_size_pretty(pg_total_relation_size(c.oid)) AS size
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'muster' AND c.relkind = 'r' ORDER BY 1;
