-- SPDX-License-Identifier: Apache-2.0
--
-- Looks at a RecVer database and changes nothing. Every line of the answer
-- should say ok. Run it as a member of db_owner.
--
--   sqlcmd -S SERVER -b -W -v recver_database_name=muster_recver_NAME
--          -v recver_login=LOGIN -i check.sql

USE [$(recver_database_name)];
GO

-- Nothing more can be asked without the tables. NOEXEC keeps what follows from
-- being done by a program that goes on after an error.
IF COL_LENGTH(N'muster.meta', N'value') IS NULL OR COL_LENGTH(N'muster.lease', N'ends_at') IS NULL
BEGIN
RAISERROR (N'RecVer''s tables are not in this database: run create.sql (SET NOEXEC OFF ends this refusal)', 16, 1);
SET NOEXEC ON;
END;
GO

SELECT N'server is SQL Server 2016 or later' AS what,
    CASE WHEN CONVERT(int, SERVERPROPERTY(N'ProductMajorVersion')) >= 13
            OR CONVERT(int, SERVERPROPERTY(N'EngineEdition')) IN (5, 8)
        THEN N'ok' ELSE N'too old' END AS answer
UNION ALL
SELECT N'database can be written to',
    CASE WHEN CONVERT(nvarchar(60), DATABASEPROPERTYEX(DB_NAME(), N'Updateability')) = N'READ_WRITE'
        THEN N'ok' ELSE N'it is read-only' END
UNION ALL
SELECT N'tables are version 1',
    COALESCE((SELECT CASE WHEN value = 0x31 THEN N'ok' ELSE N'another version' END
        FROM muster.meta WHERE target = N'' AND name = N'schema'),
        N'not finished: run create.sql again')
UNION ALL
SELECT N'lists are out of row',
    COALESCE((SELECT CASE WHEN t.large_value_types_out_of_row = 1 THEN N'ok'
        WHEN @@VERSION NOT LIKE N'Microsoft %' THEN N'ok, this server decides'
        ELSE N'no: run create.sql again' END
        FROM sys.tables AS t WHERE t.object_id = OBJECT_ID(N'muster.members', N'U')),
        N'no table: run create.sql')
UNION ALL
SELECT N'login is a user of the database',
    CASE WHEN EXISTS (SELECT 1 FROM sys.database_principals
            WHERE sid = SUSER_SID(N'$(recver_login)'))
        THEN N'ok' ELSE N'no: run role.sql' END
UNION ALL
SELECT N'login has muster_agent',
    CASE WHEN EXISTS (SELECT 1 FROM sys.database_role_members AS r
            JOIN sys.database_principals AS u ON u.principal_id = r.member_principal_id
            WHERE r.role_principal_id = DATABASE_PRINCIPAL_ID(N'muster_agent')
            AND u.sid = SUSER_SID(N'$(recver_login)'))
        THEN N'ok' ELSE N'no: run role.sql' END
UNION ALL
SELECT N'login does not own the database',
    CASE WHEN EXISTS (SELECT 1 FROM sys.database_principals
            WHERE name = N'dbo' AND sid = SUSER_SID(N'$(recver_login)'))
        THEN N'it does: give it muster_agent only' ELSE N'ok' END
UNION ALL
SELECT N'login is no sysadmin',
    CASE WHEN IS_SRVROLEMEMBER(N'sysadmin', N'$(recver_login)') = 1
        THEN N'it is: give it muster_agent only' ELSE N'ok' END
UNION ALL
SELECT N'login makes no databases',
    CASE WHEN IS_SRVROLEMEMBER(N'dbcreator', N'$(recver_login)') = 1
        THEN N'it may (dbcreator): give it muster_agent only' ELSE N'ok' END
UNION ALL
SELECT N'in use',
    COALESCE((SELECT CASE WHEN token = N'' THEN N'ok, by nobody'
        WHEN ends_at < SYSUTCDATETIME() THEN N'ok, a lease that has ended'
        ELSE N'ok, by ' + holder END
        FROM muster.lease WHERE name = N'writer'), N'ok, never yet');
GO

SELECT t.name AS table_name, SUM(a.total_pages) * 8 AS kilobytes
FROM sys.tables AS t
JOIN sys.partitions AS p ON p.object_id = t.object_id
JOIN sys.allocation_units AS a
    ON a.container_id = CASE WHEN a.type = 2 THEN p.partition_id ELSE p.hobt_id END
WHERE t.schema_id = SCHEMA_ID(N'muster')
GROUP BY t.name
ORDER BY t.name;
GO
