-- SPDX-License-Identifier: Apache-2.0
--
-- Makes a RecVer database on PostgreSQL 13 or later, or what is missing of
-- one. It may be run again at any time.
--
--   psql -d postgres -v recver_database_name=muster_recver_NAME -f create.sql
--
-- muster runs the same text by itself when it may make databases. The login
-- needs CREATEDB for the first part; then it owns the database. With a database
-- that is there already, the right to make a schema in it.

\set ON_ERROR_STOP on

-- Nobody's functions are called in the place of the server's.
SET search_path = pg_catalog, pg_temp;

SELECT format('DO %L', 'BEGIN RAISE EXCEPTION ''this is a database of the server itself: RecVer needs one of its own''; END') WHERE :'recver_database_name' IN ('postgres', 'template0', 'template1', 'rdsadmin', 'cloudsqladmin', 'azure_maintenance', 'azure_sys') \gexec

SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8'' LC_COLLATE ''C'' LC_CTYPE ''C''', :'recver_database_name') WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_database WHERE datname = :'recver_database_name') \gexec

\connect :"recver_database_name"

SET search_path = pg_catalog, pg_temp;

-- A schema of this name that somebody else made is left alone: a table has
-- another form than below, or all have other names.
WITH ours AS (
    SELECT t.oid FROM pg_catalog.pg_class t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid
    JOIN (VALUES ('meta', 'value'), ('record_set', 'target'), ('grp', 'digest'), ('members', 'part'), ('lease', 'token')) AS o(name, col)
        ON o.name = t.relname AND o.col = a.attname AND NOT a.attisdropped
), there AS (
    SELECT t.oid, t.relname AS name FROM pg_catalog.pg_class t JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
    WHERE n.nspname = 'muster' AND t.relkind IN ('r', 'p', 'v', 'm', 'f')
)
SELECT format('DO %L', 'BEGIN RAISE EXCEPTION ''the schema muster is somebody else''''s: RecVer needs another database''; END')
WHERE EXISTS (
    SELECT 1 FROM there WHERE oid NOT IN (SELECT oid FROM ours)
        AND (name IN ('meta', 'record_set', 'grp', 'members', 'lease')
            OR NOT EXISTS (SELECT 1 FROM there JOIN ours USING (oid)))
) \gexec

CREATE SCHEMA IF NOT EXISTS muster;

-- Small values by name. Target '' is the database itself: seed, hash, schema
-- and source are there.
CREATE TABLE IF NOT EXISTS muster.meta (
    target text NOT NULL,
    name text NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (target, name)
);

-- The record sets of each destination, by number.
CREATE TABLE IF NOT EXISTS muster.record_set (
    id bigint NOT NULL PRIMARY KEY,
    target text NOT NULL,
    name text NOT NULL
);

-- A row per group: a device, a package, a CVE. digest is the check sum of what
-- was delivered of it.
CREATE TABLE IF NOT EXISTS muster.grp (
    set_id bigint NOT NULL,
    key bytea NOT NULL,
    text bytea NOT NULL,
    digest bytea NOT NULL,
    members bigint NOT NULL,
    has_list boolean NOT NULL,
    remote bytea,
    first_us bigint,
    changed_us bigint,
    run bigint NOT NULL,
    state smallint NOT NULL,
    PRIMARY KEY (set_id, key)
);

-- The check sums of a group's members, packed: 16 or 32 bytes each. Parts of
-- at most 1288 bytes: six of them fill a page, and none goes to TOAST, which
-- would leave a fifth of its pages empty.
CREATE TABLE IF NOT EXISTS muster.members (
    set_id bigint NOT NULL,
    key bytea NOT NULL,
    part integer NOT NULL,
    list bytea NOT NULL,
    PRIMARY KEY (set_id, key, part)
);

-- Who may write: one row.
CREATE TABLE IF NOT EXISTS muster.lease (
    name text NOT NULL PRIMARY KEY,
    token text NOT NULL,
    holder text NOT NULL,
    ends_at timestamptz NOT NULL
);

-- Check sums cannot be compressed, and dead rows should be cleared soon. The
-- index has room for the new rows of lists that change: without it a write
-- spends a third of its time on splitting and clearing full pages.
-- Servers that are only like PostgreSQL may not know these: no harm.
\set ON_ERROR_STOP off
ALTER TABLE muster.members ALTER COLUMN list SET STORAGE EXTERNAL;
ALTER TABLE muster.members SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER INDEX muster.members_pkey SET (fillfactor = 70);
ALTER TABLE muster.grp SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
\set ON_ERROR_STOP on

-- Last, because it says that everything above is there.
INSERT INTO muster.meta (target, name, value) VALUES ('', 'schema', convert_to('1', 'UTF8')) ON CONFLICT (target, name) DO NOTHING;
