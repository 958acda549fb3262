-- SPDX-License-Identifier: Apache-2.0
--
-- Makes a RecVer database on SQL Server 2016 or later, or what is missing of
-- one. It may be run again at any time.
--
--   sqlcmd -S SERVER -b -v recver_database_name=muster_recver_NAME -i create.sql
--
-- muster runs the same text by itself when it may make databases. The first
-- part needs CREATE ANY DATABASE (dbcreator); then the login owns the database.
-- With a database that is there already, membership in db_owner or db_ddladmin.

-- The server's own databases are none for RecVer. NOEXEC keeps what follows
-- from being done by a program that goes on after an error.
IF LOWER(N'$(recver_database_name)') IN (N'master', N'model', N'msdb', N'tempdb', N'distribution', N'rdsadmin')
BEGIN
RAISERROR (N'this is a database of the server itself: RecVer needs one of its own (SET NOEXEC OFF ends this refusal)', 16, 1);
SET NOEXEC ON;
END;
GO

IF DB_ID(N'$(recver_database_name)') IS NULL
CREATE DATABASE [$(recver_database_name)];
GO

USE [$(recver_database_name)];
GO

-- A schema of this name that somebody else made is left alone: a table has
-- another form than below, or there are others and no meta.
IF EXISTS (SELECT 1 WHERE
    (OBJECT_ID(N'muster.meta', N'U') IS NOT NULL AND COL_LENGTH(N'muster.meta', N'value') IS NULL)
    OR (OBJECT_ID(N'muster.record_set', N'U') IS NOT NULL AND COL_LENGTH(N'muster.record_set', N'target') IS NULL)
    OR (OBJECT_ID(N'muster.grp', N'U') IS NOT NULL AND COL_LENGTH(N'muster.grp', N'digest') IS NULL)
    OR (OBJECT_ID(N'muster.members', N'U') IS NOT NULL AND COL_LENGTH(N'muster.members', N'list') IS NULL)
    OR (OBJECT_ID(N'muster.lease', N'U') IS NOT NULL AND COL_LENGTH(N'muster.lease', N'token') IS NULL)
    OR (OBJECT_ID(N'muster.meta', N'U') IS NULL AND EXISTS (SELECT 1 FROM sys.objects
        WHERE schema_id = SCHEMA_ID(N'muster') AND type IN (N'U', N'V'))))
BEGIN
RAISERROR (N'the schema muster is somebody else''s: RecVer needs another database (SET NOEXEC OFF ends this refusal)', 16, 1);
SET NOEXEC ON;
END;
GO

IF SCHEMA_ID(N'muster') IS NULL
EXEC (N'CREATE SCHEMA muster');
GO

-- Small values by name. Target '' is the database itself: seed, hash, schema
-- and source are there.
IF OBJECT_ID(N'muster.meta', N'U') IS NULL
CREATE TABLE muster.meta (
    target nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    name nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    value varbinary(max) NOT NULL,
    CONSTRAINT meta_pk PRIMARY KEY (target, name)
);
GO

-- The record sets of each destination, by number.
IF OBJECT_ID(N'muster.record_set', N'U') IS NULL
CREATE TABLE muster.record_set (
    id bigint NOT NULL,
    target nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    name nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    CONSTRAINT record_set_pk PRIMARY KEY (id)
);
GO

-- A row per group: a device, a package, a CVE. digest is the check sum of what
-- was delivered of it.
IF OBJECT_ID(N'muster.grp', N'U') IS NULL
CREATE TABLE muster.grp (
    set_id bigint NOT NULL,
    [key] varbinary(16) NOT NULL,
    text varbinary(max) NOT NULL,
    digest varbinary(16) NOT NULL,
    members bigint NOT NULL,
    has_list bit NOT NULL,
    remote varbinary(16) NULL,
    first_us bigint NULL,
    changed_us bigint NULL,
    run bigint NOT NULL,
    state smallint NOT NULL,
    CONSTRAINT grp_pk PRIMARY KEY (set_id, [key])
);
GO

-- The check sums of a group's members, packed: 16 or 32 bytes each.
IF OBJECT_ID(N'muster.members', N'U') IS NULL
CREATE TABLE muster.members (
    set_id bigint NOT NULL,
    [key] varbinary(16) NOT NULL,
    list varbinary(max) NOT NULL,
    CONSTRAINT members_pk PRIMARY KEY (set_id, [key])
);
GO

-- The lists lie on pages of their own, so that the index stays small. Servers
-- that are only like SQL Server do not know this option.
IF @@VERSION LIKE N'Microsoft %'
EXEC (N'EXEC sp_tableoption N''muster.members'', ''large value types out of row'', 1');
GO

-- Who may write: one row.
IF OBJECT_ID(N'muster.lease', N'U') IS NULL
CREATE TABLE muster.lease (
    name nvarchar(20) COLLATE Latin1_General_100_BIN2 NOT NULL,
    token nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
    holder nvarchar(200) NOT NULL,
    ends_at datetime2(3) NOT NULL,
    CONSTRAINT lease_pk PRIMARY KEY (name)
);
GO

-- Last, because it says that everything above is there.
IF NOT EXISTS (SELECT 1 FROM muster.meta WHERE target = N'' AND name = N'schema')
INSERT INTO muster.meta (target, name, value) VALUES (N'', N'schema', 0x31);
GO
