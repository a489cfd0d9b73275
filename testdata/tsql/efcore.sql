CREATE TABLE [Blogs] (
  [Id] int NOT NULL IDENTITY,
  [Name] nvarchar(50) NOT NULL,
  [Url] nvarchar(200) NULL,
  [Version] rowversion NOT NULL,
  [Label] AS [Name] + N' at ' + COALESCE([Url], N'nowhere'),
  [NameLength] AS LEN([Name]) PERSISTED NOT NULL,
  CONSTRAINT [PK_Blogs] PRIMARY KEY ([Id]),
  CONSTRAINT [CK_Blogs] CHECK ([Name] <> N'bad'));
CREATE UNIQUE INDEX [IX_Blogs_Name] ON [Blogs] ([Name]);
CREATE INDEX [IX_Blogs_NameLength] ON [Blogs] ([NameLength])

SET IMPLICIT_TRANSACTIONS OFF;
SET NOCOUNT ON;
DECLARE @p0 nvarchar(4000) = N'one', @p1 nvarchar(4000) = N'u1', @p2 nvarchar(4000) = N'two', @p3 nvarchar(4000) = NULL;
MERGE [Blogs] USING (
VALUES (@p0, @p1, 0),
(@p2, @p3, 1)) AS i ([Name], [Url], _Position) ON 1=0
WHEN NOT MATCHED THEN
INSERT ([Name], [Url])
VALUES (i.[Name], i.[Url])
OUTPUT INSERTED.[Id], INSERTED.[Label], INSERTED.[NameLength], i._Position;
-- => 1 | one at u1 | 3 | 0
-- => 2 | two at nowhere | 3 | 1

SELECT COUNT(DISTINCT [Version]), DATALENGTH(MIN([Version])) FROM [Blogs]
-- => 2 | 8

SET NOCOUNT ON; INSERT INTO [Blogs] ([Name]) OUTPUT INSERTED.[Id], INSERTED.[Label] VALUES (N'three')
-- => 3 | three at nowhere

DECLARE @v binary(8); SELECT @v = [Version] FROM [Blogs] WHERE [Id] = 1;
SET NOCOUNT OFF;
UPDATE [Blogs] SET [Url] = N'u1b' OUTPUT 1 WHERE [Id] = 1 AND [Version] = @v;
UPDATE [Blogs] SET [Url] = N'u1c' OUTPUT 1 WHERE [Id] = 1 AND [Version] = @v;
DELETE FROM [Blogs] OUTPUT 1 WHERE [Id] = 1 AND [Version] = @v
-- => 1
-- => none
-- => none

UPDATE [Blogs] SET [Url] = N'same'; SELECT COUNT(DISTINCT [Version]) FROM [Blogs]
-- => count 3
-- => 3

INSERT INTO [Blogs] ([Name], [Version]) VALUES (N'x', 0x01)
-- => error 273 timestamp column

UPDATE [Blogs] SET [Version] = 0x01
-- => error 272 Cannot update a timestamp column

UPDATE [Blogs] SET [Label] = N'x'
-- => error 271 The column "Label" cannot be modified

INSERT INTO [Blogs] ([Name], [Label]) VALUES (N'x', N'y')
-- => error 271 Label

MERGE INTO [Blogs] WITH (HOLDLOCK) AS t
USING (VALUES (1, N'one', N'merged'), (9, N'nine', NULL)) AS s ([Id], [Name], [Url]) ON t.[Id] = s.[Id]
WHEN MATCHED AND t.[Url] <> s.[Url] THEN UPDATE SET t.[Url] = s.[Url]
WHEN NOT MATCHED BY TARGET THEN INSERT ([Name], [Url]) VALUES (s.[Name], s.[Url])
OUTPUT $action, INSERTED.[Id], DELETED.[Url], INSERTED.[Url], s.[Id];
-- => UPDATE | 1 | same | merged | 1
-- => INSERT | 4 | NULL | NULL | 9

DECLARE @done TABLE (Verb nvarchar(10), Was nvarchar(50), Became nvarchar(50));
MERGE [Blogs] AS t USING (VALUES (N'nine'), (N'ten')) AS s ([Name]) ON t.[Name] = s.[Name]
WHEN NOT MATCHED THEN INSERT ([Name]) VALUES (s.[Name])
WHEN NOT MATCHED BY SOURCE AND t.[Id] > 1 THEN DELETE
WHEN NOT MATCHED BY SOURCE THEN UPDATE SET [Url] = N'gone'
OUTPUT $action, DELETED.[Name], INSERTED.[Name] INTO @done;
SELECT * FROM @done ORDER BY Verb, Was
-- => count 4
-- => DELETE | three | NULL
-- => DELETE | two | NULL
-- => INSERT | NULL | ten
-- => UPDATE | one | one

SELECT [Id], [Name], [Url] FROM [Blogs] ORDER BY [Id]
-- => 1 | one | gone
-- => 4 | nine | NULL
-- => 5 | ten | NULL

SELECT SCOPE_IDENTITY()
-- => 5

MERGE [Blogs] AS t USING (VALUES (1), (1)) AS s ([Id]) ON t.[Id] = s.[Id] WHEN MATCHED THEN UPDATE SET [Url] = N'twice';
-- => error 8672 the same row more than once

MERGE [Blogs] AS t USING (VALUES (N'ONE')) AS s ([Name]) ON 1=0 WHEN NOT MATCHED THEN INSERT ([Name]) VALUES (s.[Name]);
-- => error 2601 Cannot insert duplicate key row in object 'dbo.Blogs' with unique index 'IX_Blogs_Name'. The duplicate key value is (ONE).

MERGE [Blogs] AS t USING (VALUES (N'bad')) AS s ([Name]) ON 1=0 WHEN NOT MATCHED THEN INSERT ([Name]) VALUES (s.[Name]);
-- => error 547 The MERGE statement conflicted with the CHECK constraint "CK_Blogs"

SELECT COUNT(*) FROM [Blogs]
-- => 3

UPDATE b SET [Url] = s.v OUTPUT DELETED.[Url], INSERTED.[Url], s.v + N'!' FROM [Blogs] AS b JOIN (VALUES (1, N'x'), (4, N'y')) AS s (id, v) ON s.id = b.[Id]
-- => gone | x | x!
-- => NULL | y | y!

DELETE b OUTPUT DELETED.[Name], s.v FROM [Blogs] AS b JOIN (VALUES (4, N'out')) AS s (id, v) ON s.id = b.[Id]
-- => nine | out

SELECT name, is_computed FROM sys.columns WHERE object_id = OBJECT_ID(N'Blogs') AND is_computed = 1 ORDER BY column_id
-- => Label | 1
-- => NameLength | 1

SELECT name, definition, is_persisted FROM sys.computed_columns WHERE name = N'NameLength'
-- => NameLength | (LEN([Name])) | 1

ALTER TABLE [Blogs] DROP COLUMN [Name]
-- => error 5074

ALTER TABLE [Blogs] ADD [Upper] AS UPPER([Name]), [Stamp] rowversion
-- => error 2738 A table can only have one timestamp column

ALTER TABLE [Blogs] ADD [Upper] AS UPPER([Name])

SELECT [Upper] FROM [Blogs] ORDER BY [Id]
-- => ONE
-- => TEN

ALTER TABLE [Blogs] DROP COLUMN [Upper]

CREATE TABLE [Plain] ([Id] int NOT NULL PRIMARY KEY); INSERT INTO [Plain] VALUES (1), (2); ALTER TABLE [Plain] ADD [Version] rowversion; SELECT COUNT(DISTINCT [Version]) FROM [Plain]
-- => count 2
-- => 2

DECLARE @inserted0 TABLE ([Id] int, [_Position] [int]);
MERGE [Blogs] USING (
VALUES (N'a', 0),
(N'b', 1)) AS i ([Name], _Position) ON 1=0
WHEN NOT MATCHED THEN
INSERT ([Name])
VALUES (i.[Name])
OUTPUT INSERTED.[Id], i._Position
INTO @inserted0;
SELECT [t].[Name], [t].[NameLength] FROM [Blogs] t
INNER JOIN @inserted0 i ON ([t].[Id] = [i].[Id])
ORDER BY [i].[_Position];
-- => count 2
-- => a | 1
-- => b | 1

SELECT * FROM @inserted0
-- => error 1087 Must declare the table variable "@inserted0".

DECLARE @i int = 0; WHILE @i < 2 BEGIN DECLARE @t TABLE (n int); INSERT INTO @t VALUES (@i); SET @i += 1; END; SELECT n FROM @t ORDER BY n; EXEC('DECLARE @t TABLE (x int); SELECT COUNT(*) FROM @t')
-- => count 1
-- => count 1
-- => 0
-- => 1
-- => 0

CREATE TABLE #work (Id int IDENTITY PRIMARY KEY, Name nvarchar(10) NOT NULL DEFAULT N'x'); INSERT INTO #work DEFAULT VALUES; INSERT INTO #work (Name) SELECT [Name] FROM [Blogs] WHERE [Name] IN (N'a', N'b') ORDER BY [Name]
-- => count 1
-- => count 2

SELECT w.Id, w.Name FROM #work AS w LEFT JOIN [Blogs] b ON b.[Name] = w.Name ORDER BY w.Id
-- => 1 | x
-- => 2 | a
-- => 3 | b

UPDATE #work SET Name = N'y' WHERE Id = 1; DELETE FROM #work WHERE Id = 2; SELECT COUNT(*) FROM tempdb..#work
-- => count 1
-- => count 1
-- => 2

INSERT INTO #work (Name) VALUES (NULL)
-- => error 515 column 'Name'

BEGIN TRAN; CREATE TABLE #undone (Id int); INSERT INTO #undone VALUES (1); DELETE FROM #work; ROLLBACK; SELECT COUNT(*) FROM #work; SELECT * FROM #undone
-- => error 208 Invalid object name '#undone'

IF OBJECT_ID('tempdb..#work') IS NOT NULL DROP TABLE #work; SELECT OBJECT_ID('tempdb..#work')
-- => NULL

SELECT [Id], [Name], [NameLength] * 2 AS Twice INTO #copied FROM [Blogs] WHERE [Name] = N'a'; SELECT Name, Twice FROM #copied
-- => count 1
-- => a | 2

EXEC(N'CREATE TABLE #inner (Id int); INSERT INTO #inner VALUES (1); SELECT Id FROM #inner'); SELECT Id FROM #inner
-- => error 208 #inner

SELECT [Name] INTO [Copied] FROM [Blogs] WHERE 1 = 0; SELECT COUNT(*) FROM [Copied]; DROP TABLE [Copied]
-- => 0

SELECT COUNT(*) FROM sys.tables WHERE name LIKE N'%#%' OR name LIKE N'@%'
-- => 0

SET FMTONLY ON; SELECT [Id], [Name] FROM [Blogs]; DELETE FROM [Blogs]; SET FMTONLY OFF; SELECT COUNT(*) FROM [Blogs]
-- => none
-- => 4

WITH r AS (SELECT n, x, ROW_NUMBER() OVER (PARTITION BY x ORDER BY n) AS rn FROM (VALUES (1, 'a'), (2, 'a'), (3, 'b')) AS v (n, x)) SELECT n, rn, SUM(n) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING), CAST(CUME_DIST() OVER (ORDER BY x) AS decimal(5,3)), LAG(n, 1, 0) OVER (ORDER BY n) FROM r ORDER BY n
-- => 1 | 1 | 1 | 0.667 | 0
-- => 2 | 2 | 3 | 0.667 | 1
-- => 3 | 1 | 6 | 1.000 | 2

WITH c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 4), d AS (SELECT n * n AS sq FROM c) SELECT SUM(sq), COUNT(*) FROM d
-- => 30 | 4

WITH s AS (SELECT N'cte' AS [Name]) INSERT INTO [Blogs] ([Name]) SELECT [Name] FROM s
-- => count 1

WITH s AS (SELECT N'cte' AS [Name], N'v' AS [Url]) UPDATE b SET [Url] = s.[Url] FROM [Blogs] b JOIN s ON s.[Name] = b.[Name]
-- => count 1
