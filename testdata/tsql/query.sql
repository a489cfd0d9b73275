CREATE TABLE T (Id int NOT NULL PRIMARY KEY, Name nvarchar(20) NULL, Grp int NULL, Price decimal(10,2) NULL);
INSERT INTO T VALUES (1, N'anna', 1, 1.10), (2, N'Bert', 1, 2.20), (3, NULL, 2, NULL), (4, N'carl  ', 2, 4.05);

SELECT Id FROM T WHERE Name = N'ANNA ' OR Name = 'carl'
-- => 1
-- => 4

SELECT Id FROM T WHERE Name LIKE N'%R_' ORDER BY Id DESC
-- => 2

SELECT Id FROM T WHERE Name LIKE N'[a-b]%' AND Name NOT LIKE 'x!%' ESCAPE '!'
-- => 1
-- => 2

SELECT Grp, COUNT(*), COUNT(Name), SUM(Price), AVG(Price), MIN(Name), MAX(Id) FROM T GROUP BY Grp HAVING COUNT(*) > 1 ORDER BY Grp
-- => 1 | 2 | 2 | 3.30 | 1.650000 | anna | 2
-- => 2 | 2 | 1 | 4.05 | 4.050000 | carl   | 4

SELECT Name, COUNT(*) FROM T GROUP BY Grp
-- => error 8120 T.Name

SELECT TOP (2) Id FROM T ORDER BY Price DESC
-- => 4
-- => 2

SELECT Id FROM T ORDER BY Id OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY
-- => 2
-- => 3

SELECT Id FROM T WHERE Id > 100
-- => none

SELECT a.Id, b.Id FROM T a LEFT JOIN T AS b ON b.Id = a.Id + 3 ORDER BY a.Id
-- => 1 | 4
-- => 2 | NULL
-- => 3 | NULL
-- => 4 | NULL

SELECT Id FROM T WHERE Id IN (SELECT Grp FROM T) AND EXISTS (SELECT * FROM T x WHERE x.Grp = T.Id)
-- => 1
-- => 2

SELECT CASE WHEN Price IS NULL THEN 'unpriced' WHEN Price > 2 THEN 'much' ELSE 'little' END FROM T ORDER BY Id
-- => little
-- => much
-- => unpriced
-- => much

WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT SUM(i) FROM n
-- => 10

SELECT Id, ROW_NUMBER() OVER (PARTITION BY Grp ORDER BY Id DESC) FROM T ORDER BY Id
-- => 1 | 2
-- => 2 | 1
-- => 3 | 2
-- => 4 | 1

SELECT 1 UNION SELECT 1 UNION ALL SELECT 2
-- => 1
-- => 2

SELECT STRING_AGG(Name, N',') WITHIN GROUP (ORDER BY Id DESC) FROM T WHERE Grp = 1
-- => Bert,anna

SELECT (SELECT Id FROM T)
-- => error 512 Subquery returned more than 1 value

SELECT x.Id FROM T
-- => error 4104 "x.Id" could not be bound

SELECT Id FROM T a, T b
-- => error 209 Ambiguous column name 'Id'

SELEC 1
-- => error 2812 SELEC

SELECT FROM T
-- => error 156 near the keyword 'FROM'

SELECT 'open
-- => error 105 Unclosed quotation mark

SELECT * INTO Other FROM T; DROP TABLE Other
-- => count 4

MERGE T USING T AS s ON 1 = 1 WHEN MATCHED THEN DELETE;
-- => error 8672

UPDATE T SET Price = Price * 2 OUTPUT deleted.Price, inserted.Price WHERE Id = 1
-- => 1.10 | 2.20

UPDATE a SET Name = b.Name FROM T a JOIN T b ON b.Id = a.Id - 1 WHERE a.Id = 3
-- => count 1

DELETE FROM T OUTPUT deleted.Id, deleted.Name WHERE Id = 3
-- => 3 | Bert

INSERT INTO T (Id, Name) OUTPUT inserted.Id, inserted.Name VALUES (7, N'seven'), (8, N'eight')
-- => 7 | seven
-- => 8 | eight

SELECT v.a, v.b FROM (VALUES (1, N'x'), (2, NULL)) AS v(a, b)
-- => 1 | x
-- => 2 | NULL
