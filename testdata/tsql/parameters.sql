CREATE TABLE Things (Id int NOT NULL PRIMARY KEY, Name nvarchar(40) NULL, Price decimal(18,2) NULL, Tag uniqueidentifier NULL, Data varbinary(max) NULL, MadeAt datetime2(7) NULL, Note nvarchar(max) NULL)

-- @id int, @name nvarchar(40), @price decimal(18,2)
-- with 1, N'one', 1.50
-- with 2, N'żółć 🚀 ''quoted''', -99999.99
-- with 3, NULL, NULL
INSERT INTO Things (Id, Name, Price) VALUES (@id, @name, @price)
-- => count 1
-- => count 1
-- => count 1

SELECT Id, Name, Price FROM Things ORDER BY Id
-- => 1 | one | 1.50
-- => 2 | żółć 🚀 'quoted' | -99999.99
-- => 3 | NULL | NULL

-- @id int
-- with 2
-- with 7
-- with NULL
SELECT Name FROM Things WHERE Id = @id
-- => żółć 🚀 'quoted'
-- => none
-- => none

-- @name nvarchar(40)
-- with N'ONE  '
SELECT COUNT(*) FROM Things WHERE Name = @name
-- => 1

-- @tag uniqueidentifier, @data varbinary(max), @id int
-- with '6F9619FF-8B86-D011-B42D-00C04FC964FF', 0x00FF10, 1
UPDATE Things SET Tag = @tag, Data = @data WHERE Id = @id
-- => count 1

SELECT Tag, Data FROM Things WHERE Id = 1
-- => 6F9619FF-8B86-D011-B42D-00C04FC964FF | 0x00FF10

-- @note nvarchar(max), @id int
-- with N'first\second', 1
-- with N'', 2
UPDATE Things SET Note = @note WHERE Id = @id
-- => count 1
-- => count 1

SELECT Note, LEN(Note) FROM Things WHERE Id < 3 ORDER BY Id
-- => first\second | 12
-- =>  | 0

-- @flag bit, @tiny tinyint, @small smallint, @big bigint
-- with 1, 255, -32768, 9007199254740991
-- with NULL, NULL, NULL, NULL
SELECT @flag, @tiny, @small, @big
-- => 1 | 255 | -32768 | 9007199254740991
-- => NULL | NULL | NULL | NULL

-- @f float
-- with 0.1
-- with -1.5E300
SELECT @f, @f * 2
-- => 0.1 | 0.2
-- => -1.5e+300 | -3e+300

-- @v varchar(10)
-- with 'abc'
SELECT @v, DATALENGTH(@v), UPPER(@v)
-- => abc | 3 | ABC

-- @d date
-- with '2025-02-28'
SELECT DATEADD(day, 1, CAST(@d AS date))
-- => 2025-03-01

-- @at datetime2(7)
-- with '2025-02-28T23:59:58.1234567'
SELECT CONVERT(varchar(23), CAST(@at AS datetime2(3)), 126)
-- => 2025-02-28T23:59:58.123

-- @id int
-- with 1
INSERT INTO Things (Id) VALUES (@id)
-- => error 2627 line 1 Cannot insert duplicate key in object 'dbo.Things'. The duplicate key value is (1).

-- @a int, @b int
-- with 1, 0
SELECT @a
/ @b
-- => error 8134 Divide by zero

-- @a int
-- with 1
SELECT @a
SELECT 1 FROM Missing
-- => error 208 Invalid object name 'Missing'

-- @a int
-- with 5
-- with 6
SELECT @a; UPDATE Things SET Price = @a WHERE Id = 3; SELECT Price FROM Things WHERE Id = 3
-- => 5
-- => count 1
-- => 5.00
-- => 6
-- => count 1
-- => 6.00
