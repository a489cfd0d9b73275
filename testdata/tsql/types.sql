CREATE TABLE Everything (
  Id int NOT NULL PRIMARY KEY, Flag bit NULL, Tiny tinyint NULL, Small smallint NULL, Whole int NULL, Big bigint NULL,
  R real NULL, F float NULL, Price decimal(18,4) NULL, Wide decimal(38,10) NULL, Cash money NULL, Coins smallmoney NULL,
  C char(5) NULL, V varchar(20) NULL, NC nchar(5) NULL, NV nvarchar(20) NULL, VM varchar(max) NULL, NM nvarchar(max) NULL,
  B binary(4) NULL, VB varbinary(8) NULL, BM varbinary(max) NULL, G uniqueidentifier NULL,
  D date NULL, T time(7) NULL, SD smalldatetime NULL, DT datetime NULL, D2 datetime2(7) NULL, Z datetimeoffset(7) NULL)

INSERT INTO Everything (Id) VALUES (1)
-- => count 1

SELECT * FROM Everything
-- => 1 | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL

INSERT INTO Everything (Id, Flag, Tiny, Small, Whole, Big) VALUES (2, 1, 255, -32768, -2147483648, -9223372036854775808), (3, 0, 0, 32767, 2147483647, 9223372036854775807)
-- => count 2

SELECT Flag, Tiny, Small, Whole, CAST(Big AS varchar(20)) FROM Everything WHERE Id IN (2, 3) ORDER BY Id
-- => 1 | 255 | -32768 | -2147483648 | -9223372036854775808
-- => 0 | 0 | 32767 | 2147483647 | 9223372036854775807

SELECT Big FROM Everything WHERE Id = 3
-- => 9223372036854775807

INSERT INTO Everything (Id, Tiny) VALUES (99, 256)
-- => error 220 Arithmetic overflow error for data type tinyint, value = 256.

UPDATE Everything SET R = 0.25, F = -1.5E300, Price = -12345678901234.5678, Cash = -922337203685477.5808, Coins = 214748.3647 WHERE Id = 2
-- => count 1

SELECT R, F, CAST(Price AS varchar(30)), CAST(Coins AS varchar(30)) FROM Everything WHERE Id = 2
-- => 0.25 | -1.5e+300 | -12345678901234.5678 | 214748.36

SELECT Price, Coins FROM Everything WHERE Id = 2
-- => -12345678901234.5678 | 214748.3647

SELECT CONVERT(varchar(30), Cash, 2), CONVERT(varchar(30), Cash, 1), CONVERT(varchar(30), Cash) FROM Everything WHERE Id = 2
-- => -922337203685477.5808 | -922,337,203,685,477.58 | -922337203685477.58

UPDATE Everything SET Wide = 1234567890123456789012345678.0123456789 WHERE Id = 2

SELECT CAST(Wide AS varchar(50)), Wide - 1234567890123456789012345678 FROM Everything WHERE Id = 2
-- => 1234567890123456789012345678.0123456789 | 0.0123456789

UPDATE Everything SET C = 'ab', V = 'v ', NC = N'ä', NV = N'Grüße 🚀', VM = 'plain', NM = N'مرحبا' WHERE Id = 2

SELECT C, DATALENGTH(C), V, NC, DATALENGTH(NC), NV, LEN(NV), DATALENGTH(NV), VM, NM FROM Everything WHERE Id = 2
-- => ab    | 5 | v  | ä     | 10 | Grüße 🚀 | 8 | 16 | plain | مرحبا

SELECT N'', '', CAST(N'' AS nvarchar(max)), DATALENGTH(0x)
-- =>  |  |  | 0

UPDATE Everything SET B = 0x01, VB = 0x00FF, BM = 0xDEADBEEF WHERE Id = 2

SELECT B, VB, BM, DATALENGTH(BM) FROM Everything WHERE Id = 2
-- => 0x01000000 | 0x00FF | 0xDEADBEEF | 4

UPDATE Everything SET G = '6f9619ff-8b86-d011-b42d-00c04fc964ff', D = '0001-01-01', T = '23:59:59.9999999', SD = '2079-06-06T23:59:00', DT = '1753-01-01T00:00:00.003', D2 = '9999-12-31T23:59:59.9999999', Z = '2025-06-01T12:00:00.1234567+05:30' WHERE Id = 2

SELECT G, SD, DT, D2 FROM Everything WHERE Id = 2
-- => 6F9619FF-8B86-D011-B42D-00C04FC964FF | 2079-06-06T23:59:00 | 1753-01-01T00:00:00.003 | 9999-12-31T23:59:59.9999999

SELECT CAST(D AS varchar(10)), CAST(T AS varchar(16)), CAST(D2 AS varchar(30)), CAST(Z AS varchar(34)) FROM Everything WHERE Id = 2
-- => 0001-01-01 | 23:59:59.9999999 | 9999-12-31 23:59:59.9999999 | 2025-06-01 12:00:00.1234567 +05:30

SELECT Z FROM Everything WHERE Id = 2
-- => 2025-06-01T12:00:00.1234567+05:30

SELECT CAST('2025-03-01' AS date), CAST('12:30:00.5' AS time(1)), CAST('2025-03-01T12:30:00.7' AS datetime2(0))
-- => 2025-03-01 | 12:30:00.5 | 2025-03-01T12:30:01

SELECT LEN(REPLICATE(CAST(N'ä' AS nvarchar(max)), 100000)), DATALENGTH(REPLICATE(CAST('x' AS varchar(max)), 1000000))
-- => 100000 | 1000000

UPDATE Everything SET NM = REPLICATE(CAST(N'🚀' AS nvarchar(max)), 100000) WHERE Id = 3

SELECT LEN(NM), DATALENGTH(NM), LEFT(NM, 2), HASHBYTES('SHA2_256', NM) FROM Everything WHERE Id = 3
-- => 200000 | 400000 | 🚀 | 0xCFBA2AA7200F53467B8108DCE4E882226A69501D168E5853820C2736CC3A855D
