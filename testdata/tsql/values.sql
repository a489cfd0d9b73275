SELECT CAST('abc' AS int)
-- => error 245 Conversion failed when converting the varchar value 'abc' to data type int.

SELECT TRY_CONVERT(int, 'abc'), TRY_CAST('12' AS int), CAST(1.999 AS int), CAST(2.5 AS decimal(5,0))
-- => NULL | 12 | 1 | 3

SELECT 2147483647 + 1
-- => error 8115 Arithmetic overflow error converting expression to data type int.

SELECT CAST(9223372036854775807 AS bigint) + 1
-- => error 8115 bigint

SELECT 1 / 0
-- => error 8134 Divide by zero error encountered.

SELECT 7 / 2, 7 % 2, -7 / 2, 7 / 2.0, 1.10 + 2.2, 3 ^ 1, ~1
-- => 3 | 1 | -3 | 3.500000 | 3.30 | 2 | -2

SELECT CAST(12345.678 AS decimal(5,2))
-- => error 8115 numeric

SELECT LEN(N'abc  '), DATALENGTH(N'abc'), UPPER('aé'), LEFT('abcdef', 2), RIGHT('abcdef', 2), SUBSTRING('abcdef', 2, 3), CHARINDEX('CD', 'abcdef'), REPLACE('aXbx', 'x', '-'), REVERSE('abc')
-- => 3 | 6 | AÉ | ab | ef | bcd | 3 | a-b- | cba

SELECT CONCAT('a', NULL, 1), 'a' + NULL, ISNULL(NULL, 'x'), COALESCE(NULL, 2, 3), NULLIF(1, 1), LTRIM('  a '), TRIM('  a ')
-- => a1 | NULL | x | 2 | NULL | a  | a

SELECT DATEADD(month, 1, CAST('2025-01-31' AS date)), DATEDIFF(day, '2025-01-01', '2025-03-01'), DATEPART(year, '2025-03-01'), DAY('2025-03-09')
-- => 2025-02-28 | 59 | 2025 | 9

SELECT CONVERT(varchar(30), CAST('2025-01-02T03:04:05.1234567' AS datetime2), 126), CONVERT(varchar(10), CAST('2025-01-02' AS date), 112), CAST(CAST('2025-01-02 03:04:05' AS datetime2(0)) AS nvarchar(30))
-- => 2025-01-02T03:04:05.1234567 | 20250102 | 2025-01-02 03:04:05

SELECT CAST('nonsense' AS datetime2)
-- => error 241 Conversion failed when converting date and/or time from character string.

SELECT CAST('x' AS uniqueidentifier)
-- => error 8169 uniqueidentifier

SELECT CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier), CAST(1 AS bit), CAST('true' AS bit), 0x1F2E
-- => 6F9619FF-8B86-D011-B42D-00C04FC964FF | 1 | 1 | 0x1F2E

SELECT HASHBYTES('SHA2_256', 'abc')
-- => 0xBA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD

SELECT CASE WHEN NULL = NULL THEN 1 ELSE 0 END, CASE WHEN 'a' = 'A ' THEN 1 ELSE 0 END, CASE WHEN N'ä' = N'Ä' THEN 1 ELSE 0 END
-- => 0 | 1 | 1

SELECT CAST(GETUTCDATE() AS date) + 1
-- => error 206 incompatible

SELECT FLOOR(2.7), CEILING(2.1), ROUND(2.567, 2), ABS(-3), SIGN(-2)
-- => 2 | 3 | 2.570 | 3 | -1
