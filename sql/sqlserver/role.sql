-- SPDX-License-Identifier: Apache-2.0
--
-- The least rights for muster: the role muster_agent may read and write the
-- rows of RecVer's tables, and nothing else. A login gets them by membership.
-- Run it after create.sql, as a member of db_owner, with the right to see the
-- server's logins:
--
--   sqlcmd -S SERVER -b -v recver_database_name=muster_recver_NAME
--          -v recver_login=LOGIN -i role.sql
--
-- The login must be there: CREATE LOGIN [LOGIN] WITH PASSWORD = '...', or
-- CREATE LOGIN [DOMAIN\account] FROM WINDOWS. It may be run again at any time.

USE [$(recver_database_name)];
GO

IF DATABASE_PRINCIPAL_ID(N'muster_agent') IS NULL
CREATE ROLE muster_agent;
GO

GRANT SELECT, INSERT, UPDATE, DELETE ON SCHEMA::muster TO muster_agent;
GO

IF DATABASE_PRINCIPAL_ID(N'$(recver_login)') IS NULL
CREATE USER [$(recver_login)] FOR LOGIN [$(recver_login)];
GO

ALTER ROLE muster_agent ADD MEMBER [$(recver_login)];
GO
