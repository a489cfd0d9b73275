CREATE TABLE Tenants (
  Id uniqueidentifier NOT NULL CONSTRAINT PK_Tenants PRIMARY KEY,
  Name nvarchar(20) NOT NULL CONSTRAINT UQ_Tenants_Name UNIQUE,
  Tier int NULL CONSTRAINT DF_Tenants_Tier DEFAULT 1,
  CONSTRAINT CK_Tenants_Tier CHECK (Tier BETWEEN 1 AND 3));
CREATE TABLE Tasks (
  Id int IDENTITY(10,5) NOT NULL PRIMARY KEY,
  TenantId uniqueidentifier NOT NULL CONSTRAINT FK_Tasks_Tenants REFERENCES Tenants(Id),
  Title nvarchar(10) NOT NULL, Note nvarchar(max) NULL);

INSERT INTO Tenants (Id, Name) VALUES ('11111111-1111-1111-1111-111111111111', N'Alpha')
-- => count 1

SELECT Tier, OBJECT_ID('Tenants') - OBJECT_ID('dbo.Tenants'), OBJECT_ID('Missing') FROM Tenants
-- => 1 | 0 | NULL

INSERT INTO Tenants (Id, Name) VALUES ('11111111-1111-1111-1111-111111111111', N'Beta')
-- => error 2627 Violation of PRIMARY KEY constraint 'PK_Tenants'. Cannot insert duplicate key in object 'dbo.Tenants'. The duplicate key value is (11111111-1111-1111-1111-111111111111).

INSERT INTO Tenants (Id, Name) VALUES (NEWID(), N'ALPHA ')
-- => error 2627 Violation of UNIQUE KEY constraint 'UQ_Tenants_Name'

INSERT INTO Tenants (Id, Name, Tier) VALUES (NEWID(), N'x', 9)
-- => error 547 CHECK constraint "CK_Tenants_Tier"

INSERT INTO Tenants (Id) VALUES (NEWID())
-- => error 515 Cannot insert the value NULL into column 'Name'

INSERT INTO Tasks (TenantId, Title) VALUES (NEWID(), N'x')
-- => error 547 The INSERT statement conflicted with the FOREIGN KEY constraint "FK_Tasks_Tenants"

INSERT INTO Tasks (TenantId, Title) VALUES ('11111111-1111-1111-1111-111111111111', N'one'), ('11111111-1111-1111-1111-111111111111', N'two')
-- => count 2

SELECT Id, Title FROM Tasks ORDER BY Id
-- => 10 | one
-- => 15 | two

SELECT SCOPE_IDENTITY(), @@IDENTITY
-- => 15 | 15

DELETE FROM Tenants
-- => error 547 The DELETE statement conflicted with the REFERENCE constraint "FK_Tasks_Tenants"

INSERT INTO Tasks (TenantId, Title) VALUES ('11111111-1111-1111-1111-111111111111', N'longer than ten')
-- => error 2628 column 'Title'. Truncated value: 'longer tha'

INSERT INTO Tasks (Id, TenantId, Title) VALUES (1, '11111111-1111-1111-1111-111111111111', N'x')
-- => error 544 IDENTITY_INSERT is set to OFF

ALTER TABLE Tasks ADD Done bit NOT NULL CONSTRAINT DF_Tasks_Done DEFAULT 0, DueDate datetime2 NULL

SELECT Title, Done, DueDate FROM Tasks ORDER BY Id
-- => one | 0 | NULL
-- => two | 0 | NULL

ALTER TABLE Tasks ALTER COLUMN Title nvarchar(50) NULL

ALTER TABLE Tasks ALTER COLUMN Title nvarchar(2) NULL
-- => error 2628 Title

ALTER TABLE Tasks ADD CONSTRAINT CK_Tasks CHECK (Title <> N'two')
-- => error 547 CK_Tasks

ALTER TABLE Tasks DROP COLUMN Done
-- => error 5074 DF_Tasks_Done

ALTER TABLE Tasks DROP CONSTRAINT DF_Tasks_Done; ALTER TABLE Tasks DROP COLUMN Done

SELECT * FROM Tasks WHERE Done = 1
-- => error 207 Invalid column name 'Done'

EXEC sp_rename N'[Tasks].[Note]', N'Remark', N'COLUMN'

EXEC sp_rename N'[Tasks]', N'Jobs'

SELECT Title, Remark FROM Jobs WHERE Id = 10
-- => one | NULL

SELECT * FROM Tasks
-- => error 208 Invalid object name 'Tasks'

CREATE UNIQUE INDEX IX_Jobs_Remark ON Jobs (Remark)
-- => error 1919 Remark

ALTER TABLE Jobs ADD Code nvarchar(10) NULL

CREATE UNIQUE INDEX IX_Jobs_Code ON Jobs (Code)
-- => error 1505 IX_Jobs_Code

CREATE UNIQUE INDEX IX_Jobs_Code ON Jobs (Code) WHERE [Code] IS NOT NULL

UPDATE Jobs SET Code = N'a'
-- => error 2601 IX_Jobs_Code

DROP TABLE Tenants
-- => error 3726 FOREIGN KEY

SELECT name, is_disabled, is_not_trusted FROM sys.foreign_keys
-- => FK_Tasks_Tenants | 0 | 0

ALTER TABLE Jobs NOCHECK CONSTRAINT FK_Tasks_Tenants

INSERT INTO Jobs (TenantId, Title) VALUES ('22222222-2222-2222-2222-222222222222', N'orphan')
-- => count 1

ALTER TABLE Jobs WITH CHECK CHECK CONSTRAINT FK_Tasks_Tenants
-- => error 547 FK_Tasks_Tenants

SELECT is_disabled, is_not_trusted FROM sys.foreign_keys
-- => 1 | 1

DROP TABLE Jobs; DROP TABLE Tenants

DROP TABLE Jobs
-- => error 3701 Cannot drop the table 'Jobs', because it does not exist or you do not have permission.

DROP TABLE IF EXISTS Jobs

SELECT COUNT(*) FROM sys.tables
-- => 0

CREATE TABLE OneNull (A int NULL UNIQUE, B nvarchar(5) NULL)

INSERT INTO OneNull (A) VALUES (NULL)
-- => count 1

INSERT INTO OneNull (A) VALUES (NULL)
-- => error 2627 UNIQUE KEY

CREATE TABLE P (Id int NOT NULL PRIMARY KEY); CREATE TABLE C (Id int NOT NULL PRIMARY KEY, P1 int NULL REFERENCES P(Id) ON DELETE CASCADE)

ALTER TABLE C ADD P2 int NULL CONSTRAINT FK_C_P2 REFERENCES P(Id) ON DELETE CASCADE
-- => error 1785 FK_C_P2

INSERT INTO P VALUES (1); INSERT INTO C VALUES (1, 1); DELETE FROM P

SELECT COUNT(*) FROM C
-- => 0
