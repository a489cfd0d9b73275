CREATE TABLE N (I int NOT NULL PRIMARY KEY)

SELECT 1; SELECT 2, 3; SELECT 4 WHERE 1 = 0; SELECT 5
-- => 1
-- => 2 | 3
-- => none
-- => 5

INSERT INTO N VALUES (1), (2); SELECT I FROM N ORDER BY I; UPDATE N SET I = I + 10; DELETE FROM N WHERE I = 11
-- => count 2
-- => 1
-- => 2
-- => count 2
-- => count 1

SET NOCOUNT ON; INSERT INTO N VALUES (1); UPDATE N SET I = 2 WHERE I = 1; SELECT @@ROWCOUNT; SET NOCOUNT OFF
-- => 1

PRINT N'Grüße'
-- => print Grüße

PRINT 'one'; SELECT 1; PRINT 'two'
-- => print one
-- => 1
-- => print two

SELECT 1

SELECT 1
FROM
  Missing
-- => error 208 line 1 Invalid object name 'Missing'.
-- embedded => error 208 line 3 Invalid object name 'Missing'.

DECLARE @i int = 0
SET @i = 1

SELECT 1 AS A,
  2 AS
-- => error 102 line 2

SELECT 'before'; SELECT 1 / 0; SELECT 'after'
-- => before
-- => error 8134 line 1 Divide by zero error encountered.
-- => after

INSERT INTO N VALUES (12); INSERT INTO N VALUES (13)
-- => error 2627 line 1

SELECT I FROM N ORDER BY I
-- => 2
-- => 12
-- => 13

RAISERROR('a notice', 10, 1); SELECT 1
-- => print a notice
-- => 1

RAISERROR('first', 16, 1); RAISERROR('second', 16, 1)
-- => error 50000 line 1 first
-- => error 50000 line 1 second

BEGIN TRANSACTION; DELETE FROM N

ROLLBACK; SELECT COUNT(*) FROM N
-- => 3

SELECT N'tab	here'
-- => tab\there

USE master; SELECT DB_NAME()
-- => master

SELECT NULL, NULL
-- => NULL | NULL
