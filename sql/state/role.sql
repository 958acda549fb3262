-- SPDX-License-Identifier: Apache-2.0
--
-- Gives a login that does not own the tables of muster's state store what it
-- needs, and no more: entries of the audit can be added, not changed.
--
--   psql -d DATABASE -v muster_login=muster -f role.sql

\set ON_ERROR_STOP on

GRANT USAGE ON SCHEMA muster_state TO :"muster_login";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA muster_state TO :"muster_login";
REVOKE UPDATE, DELETE, TRUNCATE ON muster_state.audit FROM :"muster_login";
REVOKE INSERT, UPDATE, DELETE ON muster_state.meta FROM :"muster_login";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA muster_state TO :"muster_login";
