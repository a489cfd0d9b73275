CREATE TABLE Words (Id int IDENTITY PRIMARY KEY, Word nvarchar(20) NULL, Code char(5) NULL, Tag varchar(10) NULL, CONSTRAINT UQ_Words UNIQUE (Word, Tag));
INSERT INTO Words (Word, Code, Tag) VALUES (N'Straße', 'ab', NULL), (N'alpha ', 'AB ', 'x'), (N'ALPHA', 'cd', 'y'), (NULL, NULL, NULL)

SELECT COUNT(*) FROM Words WHERE Word = N'Alpha'
-- => 2

SELECT COUNT(*) FROM Words WHERE Code = 'AB    '
-- => 2

SELECT COUNT(DISTINCT Word), COUNT(DISTINCT Code) FROM Words
-- => 2 | 2

SELECT COUNT(*) FROM Words GROUP BY Word ORDER BY 1 DESC
-- => 2
-- => 1
-- => 1

SELECT LEN(Word), DATALENGTH(Word), LEN(Code), DATALENGTH(Code) FROM Words WHERE Id = 2
-- => 5 | 12 | 2 | 5

SELECT CASE WHEN N'a' = N'A ' THEN 1 ELSE 0 END, CASE WHEN N'a' LIKE N'A ' THEN 1 ELSE 0 END, CASE WHEN N'a ' LIKE N'A' THEN 1 ELSE 0 END, CASE WHEN N'é' = N'e' THEN 1 ELSE 0 END
-- => 1 | 0 | 1 | 0

INSERT INTO Words (Word, Tag) VALUES (N'aLPHA', 'X ')
-- => error 2627 UQ_Words

INSERT INTO Words (Word, Tag) VALUES (NULL, NULL)
-- => error 2627 The duplicate key value is (<NULL>, <NULL>).

INSERT INTO Words (Word, Tag) VALUES (N'straße', NULL)
-- => error 2627 UQ_Words

INSERT INTO Words (Word, Tag) VALUES (NULL, 'z')
-- => count 1

CREATE UNIQUE INDEX IX_Words_Tag ON Words (Tag) WHERE Tag IS NOT NULL

INSERT INTO Words (Tag) VALUES ('Z')
-- => error 2601 Cannot insert duplicate key row in object 'dbo.Words' with unique index 'IX_Words_Tag'. The duplicate key value is (Z).

INSERT INTO Words (Tag) VALUES ('12345678901')
-- => error 2628 String or binary data would be truncated

INSERT INTO Words (Tag) VALUES ('1234567890    ')
-- => count 1

DECLARE @short varchar(3) = 'longer', @n nvarchar(2); SET @n = N'xyz'; SELECT @short, @n, CAST('abcdef' AS char(4))
-- => lon | xy | abcd

SELECT CAST('12x' AS int)
-- => error 245 Conversion failed when converting the varchar value '12x' to data type int.

SELECT CAST(N'12x' AS decimal(5,2))
-- => error 8114 Error converting data type nvarchar to numeric.

SELECT CAST('2026-13-01' AS date)
-- => error 241

SELECT CAST('not-a-guid' AS uniqueidentifier)
-- => error 8169

SELECT CAST(3000000000 AS int)
-- => error 8115 Arithmetic overflow error converting

SELECT CAST(300 AS tinyint)
-- => error 220 Arithmetic overflow error for data type tinyint, value = 300.

SELECT CAST(1234.5 AS decimal(5,2))
-- => error 8115

SELECT 2147483647 + 1
-- => error 8115 int

SELECT TRY_CAST('x' AS int), TRY_CONVERT(date, '2026-02-30'), ISNULL(TRY_CAST('7' AS int), 0)
-- => NULL | NULL | 7

SELECT NULL + 1, NULL + N'x', CASE WHEN NULL = NULL THEN 1 ELSE 0 END, CASE WHEN NULL IS NULL THEN 1 ELSE 0 END
-- => NULL | NULL | 0 | 1

SELECT COUNT(*) FROM Words WHERE Word NOT IN (SELECT Word FROM Words)
-- => 0

SELECT 7 / 2, 7.0 / 2, 7 % 3, -7 / 2, 1e0 / 2
-- => 3 | 3.500000 | 1 | -3 | 0.5

SELECT AVG(x), SUM(x) FROM (VALUES (1), (2), (NULL)) AS v (x)
-- => 1 | 3

SELECT Word FROM Words WHERE Id = (SELECT Id FROM Words)
-- => error 512 Subquery returned more than 1 value

INSERT INTO Words (Id, Word) VALUES (1, N'x')
-- => error 544

SELECT * FROM nowhere.dbo.T
-- => error 208

SELECT Words.Missing FROM Words
-- => error 207

SELECT w.Id FROM Words
-- => error 4104 The multi-part identifier "w.Id" could not be bound.

SELECT FROM
-- => error 156

SELECT (1
-- => error 102

BACKUP DATABASE master TO DISK = N'/nowhere/at/all/x.bak'
-- => error 3201 Cannot open backup device '/nowhere/at/all/x.bak'

RESTORE DATABASE nowhere FROM DISK = N'/nowhere/at/all/x.bak'
-- => error 3201
