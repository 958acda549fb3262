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

SELECT 'CREATE ROLE muster_agent NOLOGIN' WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = 'muster_agent') \gexec

REVOKE ALL ON DATABASE :"recver_database_name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"recver_database_name" TO muster_agent;

\connect :"recver_database_name"

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON SCHEMA muster FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA muster FROM PUBLIC;
GRANT USAGE ON SCHEMA muster TO muster_agent;
GRANT SELECT, INSERT, UPDATE, DELETE ON muster.meta, muster.record_set, muster.grp, muster.members, muster.lease TO muster_agent;
GRANT muster_agent TO :"recver_login";
