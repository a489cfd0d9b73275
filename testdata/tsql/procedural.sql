CREATE TABLE T (Id int NOT NULL PRIMARY KEY, Name nvarchar(10) NULL)

DECLARE @a int = 1, @b nvarchar(10); SET @b = N'x'; SET @a += 2; SELECT @a, @b
-- => 3 | x

SELECT @missing
-- => error 137 Must declare the scalar variable "@missing".

IF NOT EXISTS (SELECT * FROM T WHERE Id = 1) BEGIN INSERT INTO T VALUES (1, N'one'); END;
IF EXISTS (SELECT * FROM T WHERE Id = 2) SELECT 'yes' ELSE SELECT 'no'
-- => count 1
-- => no

DECLARE @i int = 0; WHILE 1 = 1 BEGIN SET @i = @i + 1; IF @i = 2 CONTINUE; IF @i > 4 BREAK; END; SELECT @i
-- => 5

BEGIN TRY INSERT INTO T VALUES (1, N'again'); END TRY BEGIN CATCH SELECT ERROR_NUMBER(), ERROR_LINE(), ERROR_SEVERITY(), XACT_STATE(); END CATCH
-- => 2627 | 1 | 14 | 0

BEGIN TRY SELECT 1 / 0; END TRY BEGIN CATCH THROW; END CATCH
-- => error 8134 Divide by zero

THROW 50001, N'mine', 3
-- => error 50001 mine

RAISERROR('%s and %d', 16, 1, N'words', 7)
-- => error 50000 words and 7

BEGIN TRANSACTION; INSERT INTO T VALUES (2, N'two'); SELECT @@TRANCOUNT; ROLLBACK; SELECT COUNT(*) FROM T
-- => count 1
-- => 1
-- => 1

BEGIN TRAN; INSERT INTO T VALUES (3, NULL); SAVE TRAN s; INSERT INTO T VALUES (4, NULL); ROLLBACK TRAN s; COMMIT; SELECT COUNT(*), @@TRANCOUNT FROM T
-- => count 1
-- => count 1
-- => 2 | 0

COMMIT
-- => error 3902 no corresponding BEGIN TRANSACTION

SET XACT_ABORT ON; BEGIN TRAN; INSERT INTO T VALUES (9, NULL); INSERT INTO T VALUES (1, NULL); COMMIT
-- => error 2627

SET XACT_ABORT OFF; SELECT @@TRANCOUNT, COUNT(*) FROM T
-- => 0 | 2

BEGIN TRAN; CREATE TABLE New1 (Id int); ALTER TABLE T ADD Extra int NULL; ROLLBACK; SELECT OBJECT_ID('New1'), COL_LENGTH('T', 'Extra')
-- => NULL | NULL

DECLARE @n int; EXEC sp_executesql N'SELECT @out = COUNT(*) FROM T WHERE Id >= @from', N'@from int, @out int OUTPUT', @from = 1, @out = @n OUTPUT; SELECT @n
-- => 2

EXEC('SELECT Name FROM T WHERE Id = 1')
-- => one

DECLARE @x nvarchar(10); SELECT @x = Name FROM T WHERE Id = 1; SELECT @x, @@ROWCOUNT
-- => one | 1

EXEC no_such_procedure
-- => error 2812 Could not find stored procedure 'no_such_procedure'.

INSERT INTO T VALUES (5, N'five'); INSERT INTO T VALUES (1, N'dup'); INSERT INTO T VALUES (6, N'six')
-- => error 2627

SELECT COUNT(*) FROM T
-- => 4

DECLARE @result int; EXEC @result = sp_getapplock @Resource = '__EFMigrationsLock', @LockOwner = 'Session', @LockMode = 'Exclusive'; SELECT @result
-- => 0

DECLARE @result int; EXEC @result = sp_getapplock N'__EFMigrationsLock', N'shared', N'session', 0; SELECT @result
-- => 0

DECLARE @result int; EXEC @result = sp_releaseapplock @Resource = '__EFMigrationsLock', @LockOwner = 'Session'; SELECT @result
-- => 0

DECLARE @result int; EXEC @result = sp_releaseapplock @Resource = '__EFMigrationsLock', @LockOwner = 'Session'; SELECT @result
-- => 0

EXEC sp_releaseapplock @Resource = '__EFMigrationsLock', @LockOwner = 'Session'
-- => error 1223 Resource: '__EFMigrationsLock') because it is not currently held.

DECLARE @result int = 7; BEGIN TRY EXEC @result = sp_releaseapplock N'__efmigrationslock', N'Session' END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH; SELECT @result
-- => 1223
-- => -999

DECLARE @result int; EXEC @result = sp_getapplock N'x', N'bogus', N'Session'; SELECT @result
-- => print Option 'bogus' not recognized for '@LockMode' parameter.
-- => -999

EXEC sp_releaseapplock N'x'
-- => error 3918 must be executed in the context of a user transaction

BEGIN TRAN; DECLARE @got int, @back int; EXEC @got = sp_getapplock N'x', N'Update'; EXEC @back = sp_releaseapplock N'x'; SELECT @got, @back; ROLLBACK
-- => 0 | 0

EXEC sp_getapplock N'x'
-- => error 201 expects parameter '@LockMode'

EXEC sp_getapplock NULL, N'Shared', N'Session'
-- => error 1224 An invalid application lock resource

EXEC sp_getapplock N'x', N'Shared', N'Session', -2
-- => error 1227 An invalid application lock time-out

EXEC sp_getapplock N'x', N'Shared', @LockOwners = N'Session'
-- => error 8145 @LockOwners is not a parameter for procedure sp_getapplock.
