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

-- NOEXEC keeps what follows from being done by a program that goes on after an
-- error.
IF COL_LENGTH(N'muster.lease', N'ends_at') IS NULL
BEGIN
RAISERROR (N'RecVer''s tables are not in this database: run create.sql (SET NOEXEC OFF ends this refusal)', 16, 1);
SET NOEXEC ON;
END;
GO

-- role: what its members may do.
IF DATABASE_PRINCIPAL_ID(N'muster_agent') IS NULL
CREATE ROLE muster_agent;
GO

GRANT SELECT, INSERT, UPDATE, DELETE ON SCHEMA::muster TO muster_agent;
GO

-- user: of the login in this database, unless it has one. One that belongs to
-- an older login of this name (a restored database) is given to this one; one
-- that another login has is left alone.
IF EXISTS (SELECT 1 FROM sys.database_principals AS u
    WHERE u.name = N'$(recver_login)' AND (u.type = N'R' OR SUSER_SNAME(u.sid) IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM sys.database_principals AS o
        WHERE o.sid = SUSER_SID(N'$(recver_login)')))
BEGIN
RAISERROR (N'a role, or the user of another login, has this name here: rename that, or use another login (SET NOEXEC OFF ends this refusal)', 16, 1);
SET NOEXEC ON;
END;
GO

IF NOT EXISTS (SELECT 1 FROM sys.database_principals
    WHERE name = N'$(recver_login)' OR sid = SUSER_SID(N'$(recver_login)'))
CREATE USER [$(recver_login)] FOR LOGIN [$(recver_login)];
GO

IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE sid = SUSER_SID(N'$(recver_login)'))
ALTER USER [$(recver_login)] WITH LOGIN = [$(recver_login)];
GO

-- membership: of that user, whatever its name is. The owner of the database
-- has all rights in it and can be no member.
DECLARE @user nvarchar(128) = COALESCE((SELECT MAX(name) FROM sys.database_principals
    WHERE sid = SUSER_SID(N'$(recver_login)')), N'$(recver_login)');
DECLARE @add nvarchar(400) = N'ALTER ROLE muster_agent ADD MEMBER ' + QUOTENAME(@user);
IF @user <> N'dbo'
EXEC (@add);
GO
